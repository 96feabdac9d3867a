/* SPDX-License-Identifier: MIT */
/* Connections in the loop's own table, and the way out of it. */
#include <linsock/loop_direct.h>
#include <linsock/loop_feature.h>

#include "src/loop_socket.h"

int lsk_loop_accept_direct(struct lsk_loop *loop, struct lsk_socket *sock,
			   const struct lsk_then *then)
{
	const unsigned int wanted = CHANNEL_STREAM | CHANNEL_RING_SEND |
				    CHANNEL_RECV_MULTI | CHANNEL_ACCEPT_MULTI;
	const unsigned int features =
		LSK_LOOP_DIRECT | LSK_LOOP_RECV_MULTISHOT | LSK_LOOP_ACCEPT_MULTISHOT;
	struct loop_op what = {0};
	struct channel *channel;
	int r;

	r = loop_socket_channel(loop, sock, &channel);
	if (r < 0)
		return r;
	/* All that is done by system call is for ordinary descriptors. */
	if ((channel->caps & wanted) == wanted &&
	    (loop->features & features) == features)
		what.state = OP_DIRECT;
	return loop_socket_start(loop, sock, OP_ACCEPT_STREAM, &what, then);
}

int lsk_loop_is_direct(int fd)
{
	return fd_is_direct(fd);
}

int lsk_loop_install(struct lsk_loop *loop, struct lsk_socket *sock,
		     const struct lsk_then *then)
{
	const struct loop_op what = {0};

	if (!then)
		return -EINVAL;
	return loop_socket_start(loop, sock, OP_INSTALL, &what, then);
}
