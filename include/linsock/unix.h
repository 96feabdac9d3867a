/* SPDX-License-Identifier: MIT */
/*
 * UNIX sockets whose path does not fit into an address (unix(7): 107 bytes). The folder
 * is opened, and the address names it by its descriptor in /proc, which must be
 * mounted. And what a UNIX socket accepts from its peers.
 */
#ifndef LINSOCK_UNIX_H
#define LINSOCK_UNIX_H

#include <stdbool.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * lsk_addr_unix_at() - the address of a socket in an open folder
 * @ret_addr: set on success
 * @folder: its descriptor, O_PATH suffices; the address is good in this process for as
 *	long as it is open
 * @name: a path from there; copied
 *
 * Safe where the folder's own path may be renamed or replaced by others.
 *
 * Linux 2.6.39 for O_PATH.
 *
 * Return: 0, -EBADF, LSK_ERR_LENGTH for more than some 80 bytes, LSK_ERR_SYNTAX for a
 * name that is empty or begins with "/", -EINVAL.
 */
int lsk_addr_unix_at(struct lsk_addr *ret_addr, int folder, const char *name);

/**
 * lsk_unix_bind() - lsk_socket_bind() to a path of any length
 * @sock: a UNIX socket
 * @path: where the socket's file is made; its last part has at most some 80 bytes where
 *	the whole has more than 107
 *
 * Of a path that is too long for an address, lsk_socket_getsockname() and the peer's
 * lsk_socket_getpeername() tell the name in /proc that was bound, not @path.
 *
 * Return: as lsk_socket_bind(); LSK_ERR_LENGTH for the last part; LSK_ERR_SYNTAX for an
 * empty path; or the negated errno of open(2) for the folder.
 */
int lsk_unix_bind(struct lsk_socket *sock, const char *path);

/**
 * lsk_unix_connect() - lsk_socket_connect() to a path of any length
 * @sock: a UNIX socket
 * @path: the socket's file, as for lsk_unix_bind()
 *
 * Return: as lsk_socket_connect(), or as lsk_unix_bind() for the path.
 */
int lsk_unix_connect(struct lsk_socket *sock, const char *path);

/**
 * lsk_unix_set_descriptors() - accept descriptors from peers, or not (SO_PASSRIGHTS)
 * @sock: a UNIX socket; what is accepted of a listener has the listener's setting
 * @enabled: true is what a socket begins with
 *
 * Who sends descriptors to a socket that accepts none gets -EPERM, and nothing is sent:
 * a server that wants none is not to be filled with those of strangers, which stay open
 * until they are received or the socket is closed. What was queued before stays.
 *
 * Linux 6.16. Source: net/core/sock.c, SO_PASSRIGHTS.
 *
 * Return: 0; -ENOPROTOOPT before Linux 6.16, where every socket accepts them;
 * -EOPNOTSUPP for another family; -EINVAL.
 */
int lsk_unix_set_descriptors(struct lsk_socket *sock, bool enabled);

LSK_END_DECLS

#endif
