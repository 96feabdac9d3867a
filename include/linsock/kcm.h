/* SPDX-License-Identifier: MIT */
/*
 * KCM, the kernel connection multiplexor: messages over TCP connections. A small
 * program tells the kernel how long each message is; sends and receives are of whole
 * messages then, by any of the multiplexor's sockets over any of its connections.
 *
 *	lsk_socket_new(&sock, AF_KCM, SOCK_DGRAM, 0);
 *	program = lsk_kcm_program(0, 2, 2);       16 bits of length, without themselves
 *	lsk_kcm_attach(sock, tcp, program);
 *	lsk_socket_send(sock, message, len, 0);
 *
 * Its sockets have no addresses: "kcm://" is the text of what they are given for one.
 *
 * Linux 4.6; module kcm. Source: linux/kcm.h, Documentation/networking/kcm.rst.
 */
#ifndef LINSOCK_KCM_H
#define LINSOCK_KCM_H

#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * lsk_kcm_program() - a program for messages that begin with their length
 * @offset: where in the message the length stands; it is in network byte order
 * @size: its bytes: 1, 2 or 4
 * @extra: what is added to it for the bytes of the whole message
 *
 * Other forms take a program of one's own, of type BPF_PROG_TYPE_SOCKET_FILTER.
 *
 * Return: a descriptor, for lsk_kcm_attach() any number of times, to be closed by the
 * caller; -EINVAL; -EPERM where bpf(2) is not allowed; -ENOSYS.
 */
int lsk_kcm_program(uint32_t offset, size_t size, uint32_t extra);

/**
 * lsk_kcm_attach() - give a connection to a multiplexor
 * @sock: of AF_KCM
 * @connection: TCP, connected; the multiplexor holds it, and the object may be freed
 * @program: tells the length of messages
 *
 * Return: 0; -EALREADY for one that is attached; -EINVAL, -EOPNOTSUPP for what is not
 * TCP.
 */
int lsk_kcm_attach(struct lsk_socket *sock, const struct lsk_socket *connection,
		   int program);

/**
 * lsk_kcm_detach() - take a connection back
 * @sock: of AF_KCM
 * @connection: attached to its multiplexor
 *
 * Return: 0; -EINVAL for one that is not attached.
 */
int lsk_kcm_detach(struct lsk_socket *sock, const struct lsk_socket *connection);

/**
 * lsk_kcm_clone() - one socket more of the same multiplexor
 * @sock: of AF_KCM
 * @ret_socket: set on success; free with lsk_socket_free()
 *
 * A message comes to one of the sockets, whichever reads first.
 *
 * Return: 0 or a negative error.
 */
int lsk_kcm_clone(const struct lsk_socket *sock, struct lsk_socket **ret_socket);

LSK_END_DECLS

#endif
