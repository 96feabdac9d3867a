/* SPDX-License-Identifier: MIT */
/*
 * Direct descriptors: connections that stand in a table of the ring and not in that of
 * the process. The kernel takes them with less work, and they use up no number. Asked
 * for by direct_max of the loop's options; where that was refused, or the family
 * cannot, and on epoll, the same calls bring ordinary descriptors, and all else goes on
 * alike.
 */
#ifndef LINSOCK_LOOP_DIRECT_H
#define LINSOCK_LOOP_DIRECT_H

#include <linsock/base.h>
#include <linsock/loop.h>

LSK_BEGIN_DECLS

/**
 * lsk_loop_accept_direct() - accept every connection into the loop's own table
 * @loop: the loop
 * @sock: a listening socket of SOCK_STREAM
 * @then: as for lsk_loop_accept_stream(). The result is for lsk_loop_adopt(), and
 *	means nothing to the kernel's own calls; -ENFILE ends the stream when the table
 *	is full
 *
 * What lsk_loop_adopt() makes of it receives, sends and polls on this loop, and is
 * closed with lsk_loop_close(). -EOPNOTSUPP: accept, connect, transfers of files,
 * exchanges, lsk_loop_release() (but not lsk_loop_hand_over()) and, for want of locked
 * memory, streams from a pool that the kernel has no room for. Calls that wait, and
 * options, say -EBADF: see lsk_loop_install().
 *
 * Return: 0.
 */
int lsk_loop_accept_direct(struct lsk_loop *loop, struct lsk_socket *sock,
			   const struct lsk_then *then);

/**
 * lsk_loop_is_direct() - whether an accepted descriptor is of a loop's own table
 * @fd: from the event
 *
 * Return: 1 or 0.
 */
int lsk_loop_is_direct(int fd);

/**
 * lsk_loop_install() - get an ordinary descriptor of a socket
 * @loop: the loop
 * @sock: the socket, direct or not, which stays as it is
 * @then: result: another, close-on-exec descriptor of the same connection, owned by the
 *	receiver of the event; or -EINVAL of a direct one where the kernel has no
 *	FIXED_FD_INSTALL (Linux 6.8). Not NULL
 *
 * To set options, or to go on elsewhere: lsk_socket_adopt() it, and lsk_loop_close()
 * @sock.
 *
 * Return: 0.
 */
int lsk_loop_install(struct lsk_loop *loop, struct lsk_socket *sock,
		     const struct lsk_then *then);

LSK_END_DECLS

#endif
