/* SPDX-License-Identifier: MIT */
/*
 * Endpoints: text that says which socket to make as well as where it goes.
 *
 *	tcp://localhost:80?nodelay        udp://[::1]:53
 *	unix:///run/x?type=seqpacket      can://vcan0?fd&filter=123:7ff
 *
 * "scheme://place?option&option=value". The scheme fixes family, type and protocol; the
 * place is read by the family, and may be a name where the family has names; options
 * are words of the family ("filter") and all of <linsock/option.h> by their full or
 * short names ("TCP_NODELAY=on", "nodelay"), set on the socket in the order in which
 * they stand.
 */
#ifndef LINSOCK_ENDPOINT_H
#define LINSOCK_ENDPOINT_H

#include <stddef.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/error.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

struct lsk_endpoint;

/**
 * lsk_endpoint_new() - read an endpoint's text
 * @ret_endpoint: set on success; free with lsk_endpoint_free()
 * @text: "scheme://place?options"; copied
 * @ret_error: where and what the fault is; may be NULL
 *
 * Touches no resolver: a host name is kept as it stands until an open call.
 *
 * Return: 0, -ENOMEM, or as lsk_addr_parse(); LSK_ERR_OPTION, LSK_ERR_VALUE.
 */
int lsk_endpoint_new(struct lsk_endpoint **ret_endpoint, const char *text,
		     struct lsk_error *ret_error);

/** lsk_endpoint_free() - free an endpoint; NULL is allowed; returns NULL */
struct lsk_endpoint *lsk_endpoint_free(struct lsk_endpoint *endpoint);

/** lsk_endpoint_domain() - AF_*; AF_UNSPEC where the place is a host name; -EINVAL */
int lsk_endpoint_domain(const struct lsk_endpoint *endpoint);

/** lsk_endpoint_type() - SOCK_* that the scheme (or ?type=) says */
int lsk_endpoint_type(const struct lsk_endpoint *endpoint);

/** lsk_endpoint_protocol() - protocol that the scheme says */
int lsk_endpoint_protocol(const struct lsk_endpoint *endpoint);

/**
 * lsk_endpoint_text() - the endpoint as it was given
 * @endpoint: the endpoint
 *
 * Return: the text, borrowed from @endpoint.
 */
const char *lsk_endpoint_text(const struct lsk_endpoint *endpoint);

/**
 * lsk_endpoint_connect() - make the socket and reach the peer
 * @endpoint: the endpoint
 * @timeout_ns: for everything together, names included; LSK_BLOCK for no limit
 * @ret_socket: set on success; free with lsk_socket_free()
 * @ret_error: which address or option failed and how; may be NULL
 *
 * For families where a client binds (CAN, PACKET) it binds; of NETLINK it connects to
 * the kernel, and joins the groups behind that. Where a name has several addresses they
 * are tried in turn. The socket's timeout is the default one.
 * Where the kernel has no MPTCP, mptcp:// is TCP.
 *
 * Return: 0, -ETIME, or what the step that failed says; -EINVAL for a timeout of 0.
 */
int lsk_endpoint_connect(const struct lsk_endpoint *endpoint, int64_t timeout_ns,
			 struct lsk_socket **ret_socket, struct lsk_error *ret_error);

/**
 * lsk_endpoint_listen() - make the socket and wait for peers at it
 * @endpoint: the endpoint
 * @ret_socket: set on success; free with lsk_socket_free()
 * @ret_error: which address or option failed and how; may be NULL
 *
 * Binds, and listens where the type has connections. SO_REUSEADDR is set for TCP. A
 * stale UNIX path is not removed: -EADDRINUSE tells.
 *
 * Return: 0, or what the step that failed says.
 */
int lsk_endpoint_listen(const struct lsk_endpoint *endpoint,
			struct lsk_socket **ret_socket, struct lsk_error *ret_error);

/**
 * lsk_endpoint_format_socket() - the text of the endpoint that a socket is bound to
 * @sock: a bound socket
 * @buf: gets the text and a NUL
 * @size: bytes in @buf; LSK_ADDR_TEXT_MAX always suffices
 *
 * "tcp://127.0.0.1:4711": with the scheme of the socket's family, type and protocol,
 * or the plain address where no scheme fits.
 *
 * Return: length of the text, or a negative error.
 */
int lsk_endpoint_format_socket(const struct lsk_socket *sock, char *buf, size_t size);

LSK_END_DECLS

#endif
