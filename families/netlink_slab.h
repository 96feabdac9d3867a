/* SPDX-License-Identifier: MIT */
/* Buffers for many datagrams, received by one system call. */
#ifndef LSK_NETLINK_SLAB_H
#define LSK_NETLINK_SLAB_H

#include <stddef.h>
#include <sys/socket.h>

/* The answers of a chunk of reads, and its acknowledgement. */
#define NETLINK_SLAB_MAX 33

/* Zero is empty. */
struct netlink_slab {
	char *memory; /* NULL before the first receive */
	size_t each;
	size_t wanted; /* bytes of the longest datagram that was cut */
	unsigned int room;
	struct mmsghdr headers[NETLINK_SLAB_MAX];
	struct iovec iov[NETLINK_SLAB_MAX];
};

/* Receive what is queued on a socket that is connected to the kernel, so that nobody
 * else sends to it; what was received before is gone. Return: datagrams; -EAGAIN,
 * -ENOBUFS, -ENOMEM … */
int netlink_slab_receive(struct netlink_slab *slab, int fd);

/*
 * The bytes of the @at-th datagram. Return: their number; 0 where it is longer than any
 * may be; -EMSGSIZE where it was cut: the next of its length will fit.
 */
int netlink_slab_datagram(struct netlink_slab *slab, unsigned int at,
			  const void **ret_data);

void netlink_slab_done(struct netlink_slab *slab);

#endif
