/* SPDX-License-Identifier: MIT */
/* Many datagrams by one recvmmsg(2). */
#include "families/netlink_slab.h"

#include <errno.h>
#include <stdlib.h>

#include "families/netlink_channel.h"
#include "uring/util.h"

/* A link has some 1,500 bytes. */
#define EACH_FIRST  8192
#define MEMORY_SIZE ((size_t)NETLINK_SLAB_MAX * EACH_FIRST)

/* Longer buffers, and then fewer of them. */
static int slab_grow(struct netlink_slab *slab)
{
	size_t each = slab->each ? slab->each : EACH_FIRST;
	size_t room;
	char *memory;

	if (slab->memory && slab->wanted <= each)
		return 0;
	while (each < slab->wanted)
		each *= 2;
	room = each < MEMORY_SIZE ? MEMORY_SIZE / each : 1;
	memory = malloc(room * each);
	if (!memory)
		return -ENOMEM;
	free(slab->memory);
	slab->memory = memory;
	slab->each = each;
	slab->room = (unsigned int)room;
	return 0;
}

int netlink_slab_receive(struct netlink_slab *slab, int fd)
{
	int r = slab_grow(slab);

	if (r < 0)
		return r;
	for (unsigned int i = 0; i < slab->room; i++) {
		slab->iov[i] = (struct iovec){
			slab->memory + i * slab->each,
			slab->each,
		};
		slab->headers[i].msg_hdr = (struct msghdr){
			.msg_iov = &slab->iov[i],
			.msg_iovlen = 1,
		};
	}
	do
		r = syscall_result(recvmmsg(fd, slab->headers, slab->room,
					    MSG_DONTWAIT | MSG_TRUNC, NULL));
	while (r == -EINTR);
	return r;
}

int netlink_slab_datagram(struct netlink_slab *slab, unsigned int at,
			  const void **ret_data)
{
	const struct mmsghdr *header = &slab->headers[at];

	if (header->msg_len > slab->each) {
		if (header->msg_len > NETLINK_BUFFER_MAX)
			return 0;
		slab->wanted = header->msg_len;
		return -EMSGSIZE;
	}
	*ret_data = slab->iov[at].iov_base;
	return (int)header->msg_len;
}

void netlink_slab_done(struct netlink_slab *slab)
{
	free(slab->memory);
	slab->memory = NULL;
}
