/* SPDX-License-Identifier: MIT */
/* What a socket is and how it is set: attributes, modes, names, options. */
#include <errno.h>
#include <fcntl.h>

#include "src/socket.h"
#include "src/trace.h"
#include "uring/util.h"

int lsk_socket_domain(const struct lsk_socket *sock)
{
	return sock ? sock->domain : -EINVAL;
}

int lsk_socket_type(const struct lsk_socket *sock)
{
	return sock ? sock->type : -EINVAL;
}

int lsk_socket_protocol(const struct lsk_socket *sock)
{
	return sock ? sock->protocol : -EINVAL;
}

int socket_set_nonblock(int fd, bool is_nonblock)
{
	int flags = syscall_result(fcntl(fd, F_GETFL));
	int wanted;

	if (flags < 0)
		return flags;
	wanted = is_nonblock ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return wanted == flags ? 0 : syscall_result(fcntl(fd, F_SETFL, wanted));
}

int lsk_socket_set_timeout(struct lsk_socket *sock, int64_t timeout_ns)
{
	int fd;
	int r;

	if (!sock || timeout_ns < LSK_BLOCK)
		return -EINVAL;
	/* Two threads that set it leave flag and number of the same one. */
	lock_take(&sock->lock);
	fd = socket_fd(sock);
	r = fd < 0 ? fd : socket_set_nonblock(fd, timeout_ns >= 0);
	if (r == 0)
		atomic_store_explicit(&sock->timeout_ns, timeout_ns,
				      memory_order_relaxed);
	lock_give(&sock->lock);
	return r;
}

int64_t lsk_socket_timeout(const struct lsk_socket *sock)
{
	return sock ? socket_timeout(sock) : LSK_BLOCK;
}

int lsk_socket_set_blocking(struct lsk_socket *sock, bool blocking)
{
	return lsk_socket_set_timeout(sock, blocking ? LSK_BLOCK : 0);
}

bool lsk_socket_blocking(const struct lsk_socket *sock)
{
	return lsk_socket_timeout(sock) != 0;
}

int lsk_socket_set_inheritable(struct lsk_socket *sock, bool inheritable)
{
	int fd = socket_fd(sock);
	int flags = fd < 0 ? fd : syscall_result(fcntl(fd, F_GETFD));

	if (flags < 0)
		return flags;
	flags = inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC;
	return syscall_result(fcntl(fd, F_SETFD, flags));
}

int lsk_socket_inheritable(const struct lsk_socket *sock)
{
	int fd = socket_fd(sock);
	int flags = fd < 0 ? fd : syscall_result(fcntl(fd, F_GETFD));

	return flags < 0 ? flags : !(flags & FD_CLOEXEC);
}

static int local_address(const struct lsk_socket *sock, struct lsk_addr *ret_addr)
{
	struct lsk_addr addr = {.len = sizeof(addr.storage)};
	int fd = socket_fd(sock);
	int r;

	if (fd < 0 || !ret_addr)
		return fd < 0 ? fd : -EINVAL;
	r = syscall_result(getsockname(fd, &addr.sa, &addr.len));
	if (r < 0)
		return r;
	socket_clamp_addr(&addr);
	*ret_addr = addr;
	return 0;
}

int lsk_socket_getsockname(const struct lsk_socket *sock, struct lsk_addr *ret_addr)
{
	return TRACE(local_address(sock, ret_addr), .operation = LSK_TRACE_GETSOCKNAME,
		     .sock = sock);
}

static int peer_address(const struct lsk_socket *sock, struct lsk_addr *ret_addr)
{
	struct lsk_addr addr = {.len = sizeof(addr.storage)};
	int fd = socket_fd(sock);
	int r;

	if (fd < 0 || !ret_addr)
		return fd < 0 ? fd : -EINVAL;
	r = syscall_result(getpeername(fd, &addr.sa, &addr.len));
	if (r < 0)
		return r;
	socket_clamp_addr(&addr);
	*ret_addr = addr;
	return 0;
}

int lsk_socket_getpeername(const struct lsk_socket *sock, struct lsk_addr *ret_addr)
{
	return TRACE(peer_address(sock, ret_addr), .operation = LSK_TRACE_GETPEERNAME,
		     .sock = sock);
}

static int get_option(const struct lsk_socket *sock, int level, int option, void *buf,
		      socklen_t *len)
{
	int fd = socket_fd(sock);

	if (fd < 0 || !len || (!buf && *len > 0))
		return fd < 0 ? fd : -EINVAL;
	return syscall_result(getsockopt(fd, level, option, buf, len));
}

int lsk_socket_getsockopt(const struct lsk_socket *sock, int level, int option,
			  void *buf, socklen_t *len)
{
	return TRACE(get_option(sock, level, option, buf, len),
		     .operation = LSK_TRACE_GETSOCKOPT, .sock = sock, .level = level,
		     .number = option, .len = len ? *len : 0);
}

static int set_option(struct lsk_socket *sock, int level, int option, const void *buf,
		      socklen_t len)
{
	int fd = socket_fd(sock);
	int r;

	if (fd < 0)
		return fd;
	r = syscall_result(setsockopt(fd, level, option, buf, len));
	return r < 0 ? r : 0;
}

int lsk_socket_setsockopt(struct lsk_socket *sock, int level, int option,
			  const void *buf, socklen_t len)
{
	return TRACE(set_option(sock, level, option, buf, len),
		     .operation = LSK_TRACE_SETSOCKOPT, .sock = sock, .level = level,
		     .number = option, .data = buf, .len = len);
}

int lsk_socket_getsockopt_int(const struct lsk_socket *sock, int level, int option,
			      int *ret_value)
{
	socklen_t len = sizeof(int);
	int value = 0;
	int r;

	if (!ret_value)
		return -EINVAL;
	r = lsk_socket_getsockopt(sock, level, option, &value, &len);
	if (r == 0)
		*ret_value = value;
	return r;
}

int lsk_socket_setsockopt_int(struct lsk_socket *sock, int level, int option, int value)
{
	return lsk_socket_setsockopt(sock, level, option, &value, sizeof(value));
}
