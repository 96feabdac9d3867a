/* SPDX-License-Identifier: MIT */
/* What the files of sockets on a loop share. */
#ifndef LSK_LOOP_SOCKET_H
#define LSK_LOOP_SOCKET_H

#include "src/socket.h"
#include "uring/loop_hot.h"

/* The first operation on a socket binds it, with CHANNEL_CONNECTS or no @caps beside
 * its own; also tells a caller's mistake. */
int loop_socket_bind(struct lsk_loop *loop, struct lsk_socket *sock, unsigned int caps,
		     struct channel **ret_channel);

static inline bool loop_socket_is_bound(struct lsk_loop *loop,
					const struct lsk_socket *sock)
{
	return sock->channel && sock->channel->loop == loop && socket_fd(sock) >= 0 &&
	       !loop_is_foreign(loop);
}

/* The socket's channel on @loop, made by the first operation. Return: 0, or what every
 * call of <linsock/loop.h> answers. */
static inline int loop_socket_channel(struct lsk_loop *loop, struct lsk_socket *sock,
				      struct channel **ret_channel)
{
	if (LIKELY(sock && loop_socket_is_bound(loop, sock) &&
		   !(sock->channel->state & CHANNEL_LATE))) {
		*ret_channel = sock->channel;
		return 0;
	}
	return loop_socket_bind(loop, sock, 0, ret_channel);
}

/* Start an operation of a socket, which binds it where it is the first. */
int loop_socket_start(struct lsk_loop *loop, struct lsk_socket *sock, enum op_kind kind,
		      const struct loop_op *what, const struct lsk_then *then);

/* Tells the trace hook of an event of a socket: what TRACE_START() sets. */
void show_event(const void *owner, enum op_kind kind, const struct lsk_event *event);

#endif
