/* SPDX-License-Identifier: MIT */
/* How a socket finds its place and its peer: bind, listen, accept, connect. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "src/socket.h"
#include "src/trace.h"
#include "uring/util.h"

/* listen(2) lowers it to net.core.somaxconn by itself. */
#define BACKLOG_DEFAULT 128

static bool is_usable(const struct lsk_addr *addr)
{
	return addr && addr->len <= sizeof(addr->storage);
}

static int bind_to(struct lsk_socket *sock, const struct lsk_addr *addr)
{
	int fd = socket_fd(sock);

	if (fd < 0 || !is_usable(addr))
		return fd < 0 ? fd : -EINVAL;
	return syscall_result(bind(fd, &addr->sa, addr->len));
}

int lsk_socket_bind(struct lsk_socket *sock, const struct lsk_addr *addr)
{
	return TRACE(bind_to(sock, addr), .operation = LSK_TRACE_BIND, .sock = sock,
		     .addr = addr);
}

static int listen_for(struct lsk_socket *sock, int backlog)
{
	int fd = socket_fd(sock);

	if (fd < 0)
		return fd;
	if (backlog == LSK_BACKLOG_DEFAULT)
		backlog = BACKLOG_DEFAULT;
	/* The kernel would read a negative number as a huge one. */
	return syscall_result(listen(fd, backlog < 0 ? 0 : backlog));
}

int lsk_socket_listen(struct lsk_socket *sock, int backlog)
{
	return TRACE(listen_for(sock, backlog), .operation = LSK_TRACE_LISTEN,
		     .sock = sock, .number = backlog);
}

/* Whether connections are waited for, by connect(2) and by accept(2). */
static bool has_handshake(const struct lsk_socket *sock)
{
	return sock->type == SOCK_STREAM || sock->type == SOCK_SEQPACKET;
}

/*
 * Whether accept4(2) returns at once: in non-blocking mode, and where there are no
 * connections to wait for. On a descriptor that blocks, accept4 after a poll could
 * still wait for ever, when another process was quicker.
 */
static bool may_accept_directly(const struct lsk_socket *sock)
{
	return socket_timeout(sock) >= 0 || !has_handshake(sock) ||
	       (sock->family && sock->family->accepts_at_once);
}

static int accept_fd(struct lsk_socket *sock, int flags, struct lsk_addr *peer)
{
	int64_t timeout_ns = socket_timeout(sock);
	struct engine_request request = {
		.opcode = ENGINE_ACCEPT,
		.flags = flags,
		.addr = peer ? &peer->sa : NULL,
		.addr_len = peer ? &peer->len : NULL,
	};
	int fd = socket_fd(sock);
	int r = -EAGAIN;

	if (fd < 0)
		return fd;
	if (may_accept_directly(sock))
		r = syscall_result(accept4(fd, request.addr, request.addr_len, flags));
	if (r == -EAGAIN && timeout_ns != 0) {
		if (peer)
			peer->len = sizeof(peer->storage);
		r = (int)socket_run(sock, &request, socket_deadline(sock));
	}
	return r;
}

static int accept_one(struct lsk_socket *sock, struct lsk_socket **ret_socket,
		      struct lsk_addr *ret_peer)
{
	struct lsk_addr peer = {.len = sizeof(peer.storage)};
	_cleanup_(closep) int fd = -1;
	int64_t timeout_ns;
	int flags;
	int r;

	if (!sock || !ret_socket)
		return -EINVAL;
	timeout_ns = socket_initial_timeout(sock->type, &flags);
	fd = accept_fd(sock, flags, ret_peer ? &peer : NULL);
	if (fd < 0)
		return fd;
	r = socket_wrap_new(ret_socket, fd, sock->domain, sock->type, sock->protocol,
			    timeout_ns);
	if (r < 0)
		return r;
	take_fd(&fd);
	if (ret_peer) {
		socket_clamp_addr(&peer);
		*ret_peer = peer;
	}
	return 0;
}

int lsk_socket_accept(struct lsk_socket *sock, struct lsk_socket **ret_socket,
		      struct lsk_addr *ret_peer)
{
	return TRACE(accept_one(sock, ret_socket, ret_peer),
		     .operation = LSK_TRACE_ACCEPT, .sock = sock);
}

/* An attempt is under way: wait for its end and ask how it went. */
static int connect_finish(struct lsk_socket *sock, int64_t deadline_ns)
{
	int r = socket_poll(sock, POLLOUT, deadline_ns);
	int fd = socket_fd(sock);

	if (r < 0 || fd < 0)
		return r < 0 ? r : fd;
	return engine_connect_result(fd, socket_connect_flags(sock));
}

int socket_connect_flags(const struct lsk_socket *sock)
{
	const bool early = sock->family && sock->family->connects_early;

	return early && has_handshake(sock) ? ENGINE_CONNECT_EARLY : 0;
}

static int connect_engine(struct lsk_socket *sock, const struct lsk_addr *addr)
{
	struct lsk_addr to = *addr;
	struct engine_request request = {
		.opcode = ENGINE_CONNECT,
		.flags = socket_connect_flags(sock),
		.addr = &to.sa,
		.addr_len = &to.len,
	};

	if (socket_timeout(sock) < 0)
		return (int)socket_run(sock, &request, LSK_BLOCK);
	return (int)socket_run_blocking(sock, &request, socket_deadline(sock));
}

static int connect_to(struct lsk_socket *sock, const struct lsk_addr *addr)
{
	int fd = socket_fd(sock);
	int64_t timeout_ns;
	int r;

	if (fd < 0 || !is_usable(addr))
		return fd < 0 ? fd : -EINVAL;
	timeout_ns = socket_timeout(sock);
	/* A system call that blocks could not be ended by close. */
	if (timeout_ns < 0 && has_handshake(sock))
		return connect_engine(sock, addr);

	r = syscall_result(connect(fd, &addr->sa, addr->len));
	if (r == 0 && socket_connect_flags(sock) & ENGINE_CONNECT_EARLY)
		r = -EINPROGRESS;
	if (timeout_ns == 0)
		return r;
	if (r == -EINPROGRESS)
		return connect_finish(sock, socket_deadline(sock));
	/* A UNIX listener's queue is full, and no event will tell of room in it. */
	if (r == -EAGAIN)
		return connect_engine(sock, addr);
	return r;
}

int lsk_socket_connect(struct lsk_socket *sock, const struct lsk_addr *addr)
{
	return TRACE(connect_to(sock, addr), .operation = LSK_TRACE_CONNECT,
		     .sock = sock, .addr = addr);
}

int lsk_socket_connect_ex(struct lsk_socket *sock, const struct lsk_addr *addr)
{
	int fd = socket_fd(sock);
	int r;

	if (fd < 0 || !is_usable(addr))
		return fd < 0 ? fd : -EINVAL;
	r = lsk_socket_connect(sock, addr);
	return r == -ETIME ? EAGAIN : -r;
}
