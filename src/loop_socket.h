/* SPDX-License-Identifier: MIT */
/* What the files of sockets on a loop share. */
#ifndef LSK_LOOP_SOCKET_H
#define LSK_LOOP_SOCKET_H

struct channel;
struct lsk_loop;
struct lsk_socket;

/* The socket's channel on @loop, made by the first operation. Return: 0, or what every
 * call of <linsock/loop.h> answers. */
int loop_socket_channel(struct lsk_loop *loop, struct lsk_socket *sock,
			struct channel **ret_channel);

#endif
