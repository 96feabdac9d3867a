/* SPDX-License-Identifier: MIT */
/*
 * One netlink socket and the datagram that was received last: what a handle has for
 * requests, for each dump and for events.
 */
#ifndef LSK_NETLINK_CHANNEL_H
#define LSK_NETLINK_CHANNEL_H

#include <linsock/netlink.h>

/* libmnl 1.0.4 has no name for it; the kernel fills at most 32 KiB of a dump at once.
 */
#define NETLINK_BUFFER_SIZE 32768
/* What one datagram may grow to: a link with many virtual functions has megabytes. */
#define NETLINK_BUFFER_MAX  (32 << 20)

struct netlink_channel {
	struct lsk_socket *sock;
	int protocol;
	uint32_t port_id; /* our own */
	bool is_exact;    /* ask for each datagram's length first: none is cut */

	char *buf;
	size_t size;
	struct lsk_nl_bytes rest; /* of the datagram, not yet taken */
	uint32_t group;           /* of the datagram */
	int nsid;                 /* of the datagram */

	lsk_nl_trace_fn trace;
	void *trace_context;
};

/* Make the socket in the options' namespace, set its options, bind it. */
int netlink_channel_open(struct netlink_channel *channel, int protocol,
			 const struct lsk_nl_options *options);

void netlink_channel_close(struct netlink_channel *channel);

/* Send messages to the kernel, which performs them before this returns. */
int netlink_channel_send(struct netlink_channel *channel, const void *data, size_t len);

/*
 * Receive the kernel's next datagram; those of others are dropped. @deadline_ns as in
 * struct engine_wait, 0: do not wait. Return: 0, -EAGAIN (nothing queued, and @deadline
 * is 0), -ETIME, -EMSGSIZE (it was cut; the buffer has grown), -ENOBUFS …
 */
int netlink_channel_receive(struct netlink_channel *channel, int64_t deadline_ns);

/* Take the next message off the datagram; NULL: none is left, or the rest is torn. */
const struct nlmsghdr *netlink_channel_message(struct netlink_channel *channel);

/* Show one message to the handle's trace, if it has one. */
void netlink_channel_trace(const struct netlink_channel *channel, bool is_sent,
			   const struct nlmsghdr *msg);

/* Whether the kernel's side of @protocol answers inside of send(2), always. */
bool netlink_is_synchronous(int protocol);

/* The moment @timeout_ns from now; negative: never. */
int64_t netlink_deadline(int64_t timeout_ns);

#endif
