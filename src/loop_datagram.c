/* SPDX-License-Identifier: MIT */
/* Bytes with an address, on a loop: messages that the loop fills in itself. */
#include <linsock/loop.h>

#include "src/loop_socket.h"

static struct msghdr message_of(struct lsk_datagram *datagram)
{
	datagram->part = (struct iovec){datagram->data, datagram->len};
	return (struct msghdr){.msg_iov = &datagram->part, .msg_iovlen = 1};
}

int lsk_loop_recvfrom(struct lsk_loop *loop, struct lsk_socket *sock,
		      struct lsk_datagram *datagram, int flags,
		      const struct lsk_then *then)
{
	struct loop_op what = {.flags = flags};

	if (!datagram || (!datagram->data && datagram->len > 0))
		return -EINVAL;
	datagram->message = message_of(datagram);
	datagram->message.msg_name = &datagram->addr.storage;
	datagram->message.msg_namelen = sizeof(datagram->addr.storage);
	datagram->addr.len = 0;
	what.u.message = &datagram->message;
	return loop_socket_start(loop, sock, OP_RECVFROM, &what, then);
}

int lsk_loop_sendto(struct lsk_loop *loop, struct lsk_socket *sock,
		    struct lsk_datagram *datagram, int flags,
		    const struct lsk_then *then)
{
	if (!datagram || (!datagram->data && datagram->len > 0))
		return -EINVAL;
	datagram->message = message_of(datagram);
	if (datagram->addr.len > 0) {
		datagram->message.msg_name = &datagram->addr.storage;
		datagram->message.msg_namelen = datagram->addr.len;
	}
	return lsk_loop_sendmsg(loop, sock, &datagram->message, flags, then);
}
