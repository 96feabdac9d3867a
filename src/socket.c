/* SPDX-License-Identifier: MIT */
/* The life of a socket object: how it comes, who owns it, how it goes. */
#include "src/socket.h"
#include "src/trace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "uring/util.h"

#define TYPE_FLAGS (SOCK_CLOEXEC | SOCK_NONBLOCK)

/* The one mutable thing of the process, because PEP-like programs expect it. */
static _Atomic int64_t default_timeout_ns = LSK_BLOCK;

int lsk_set_default_timeout(int64_t timeout_ns)
{
	if (timeout_ns < LSK_BLOCK)
		return -EINVAL;
	atomic_store_explicit(&default_timeout_ns, timeout_ns, memory_order_relaxed);
	return 0;
}

int64_t lsk_default_timeout(void)
{
	return atomic_load_explicit(&default_timeout_ns, memory_order_relaxed);
}

int socket_wrap(struct lsk_socket **ret_socket, int fd, int domain, int type,
		int protocol, int64_t timeout_ns)
{
	struct lsk_socket *sock;

	sock = calloc(1, sizeof(*sock));
	if (!sock)
		return -ENOMEM;
	sock->family = family_by_domain(domain);
	sock->domain = domain;
	sock->type = type & ~TYPE_FLAGS;
	sock->protocol = protocol;
	/* Families that send by system call or write alone refuse every flag. */
	if (!sock->family || sock->family->send == FAMILY_SEND_RING)
		sock->send_flags = MSG_NOSIGNAL;
	if (!sock->family || !sock->family->refuses_cloexec)
		sock->message_flags = MSG_CMSG_CLOEXEC;
	atomic_init(&sock->fd, fd);
	atomic_init(&sock->timeout_ns, timeout_ns);
	atomic_init(&sock->references, 1);
	*ret_socket = sock;
	return 0;
}

int64_t socket_initial_timeout(int type, int *ret_flags)
{
	int64_t timeout_ns = type & SOCK_NONBLOCK ? 0 : lsk_default_timeout();

	*ret_flags = SOCK_CLOEXEC | (timeout_ns >= 0 ? SOCK_NONBLOCK : 0);
	return timeout_ns;
}

int socket_wrap_new(struct lsk_socket **ret_socket, int fd, int domain, int type,
		    int protocol, int64_t timeout_ns)
{
	const struct lsk_family *family = family_by_domain(domain);
	int r;

	if (family && family->prepare) {
		r = family->prepare(fd);
		if (r < 0)
			return r;
	}
	return socket_wrap(ret_socket, fd, domain, type, protocol, timeout_ns);
}

static int make(struct lsk_socket **ret_socket, int domain, int type, int protocol)
{
	_cleanup_(closep) int fd = -1;
	int64_t timeout_ns;
	int flags;
	int r;

	if (!ret_socket)
		return -EINVAL;
	timeout_ns = socket_initial_timeout(type, &flags);
	fd = syscall_result(socket(domain, type | flags, protocol));
	if (fd < 0)
		return fd;
	r = socket_wrap_new(ret_socket, fd, domain, type, protocol, timeout_ns);
	if (r == 0)
		take_fd(&fd);
	return r;
}

int lsk_socket_new(struct lsk_socket **ret_socket, int domain, int type, int protocol)
{
	return TRACE(make(ret_socket, domain, type, protocol),
		     .operation = LSK_TRACE_SOCKET, .domain = domain, .type = type,
		     .protocol = protocol);
}

int socket_new_or_fallback(struct lsk_socket **ret_socket, int domain, int type,
			   int protocol)
{
	const struct lsk_family *family = family_by_domain(domain);
	int fallback = -1;
	int r;

	r = lsk_socket_new(ret_socket, domain, type, protocol);
	/* Not built, or switched off. */
	if (r != -EPROTONOSUPPORT && r != -ENOPROTOOPT)
		return r;
	if (family && family->fallback_protocol)
		fallback = family->fallback_protocol(protocol);
	return fallback < 0 ? r : lsk_socket_new(ret_socket, domain, type, fallback);
}

static int ask_int(int fd, int option, int *ret_value)
{
	socklen_t len = sizeof(*ret_value);

	return syscall_result(getsockopt(fd, SOL_SOCKET, option, ret_value, &len));
}

static int adopt(struct lsk_socket **ret_socket, int fd, int domain, int type,
		 int protocol)
{
	int64_t timeout_ns = lsk_default_timeout();
	int kernel_type;
	int flags;
	int r;

	if (!ret_socket || domain < -1 || type < -1 || protocol < -1)
		return -EINVAL;
	if (fd < 0)
		return -EBADF;
	/* Asked even where everything is given: it tells a socket from a file. */
	r = ask_int(fd, SO_TYPE, &kernel_type);
	if (r == 0 && domain < 0)
		r = ask_int(fd, SO_DOMAIN, &domain);
	if (r == 0 && protocol < 0)
		r = ask_int(fd, SO_PROTOCOL, &protocol);
	if (r < 0)
		return r;
	if (type < 0)
		type = kernel_type;

	flags = syscall_result(fcntl(fd, F_GETFL));
	if (flags < 0)
		return flags;
	if (flags & O_NONBLOCK)
		timeout_ns = 0;
	else if (timeout_ns >= 0)
		r = socket_set_nonblock(fd, true);
	if (r == 0)
		r = socket_wrap(ret_socket, fd, domain, type, protocol, timeout_ns);
	if (r < 0 && !(flags & O_NONBLOCK) && timeout_ns >= 0)
		socket_set_nonblock(fd, false);
	return r;
}

int lsk_socket_adopt(struct lsk_socket **ret_socket, int fd, int domain, int type,
		     int protocol)
{
	return TRACE(adopt(ret_socket, fd, domain, type, protocol),
		     .operation = LSK_TRACE_ADOPT, .domain = domain, .type = type,
		     .protocol = protocol, .number = fd);
}

int lsk_socket_from_fd(struct lsk_socket **ret_socket, int fd, int domain, int type,
		       int protocol)
{
	_cleanup_(closep) int copy = -1;
	int r;

	if (fd < 0)
		return -EBADF;
	copy = syscall_result(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	if (copy < 0)
		return copy;
	r = lsk_socket_adopt(ret_socket, copy, domain, type, protocol);
	if (r == 0)
		take_fd(&copy);
	return r;
}

static int duplicate(struct lsk_socket *sock, struct lsk_socket **ret_socket)
{
	_cleanup_(closep) int copy = -1;
	int fd = socket_fd(sock);
	int r;

	if (fd < 0 || !ret_socket)
		return fd < 0 ? fd : -EINVAL;
	copy = syscall_result(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	if (copy < 0)
		return copy;
	r = socket_wrap(ret_socket, copy, sock->domain, sock->type, sock->protocol,
			socket_timeout(sock));
	if (r == 0)
		take_fd(&copy);
	return r;
}

int lsk_socket_dup(struct lsk_socket *sock, struct lsk_socket **ret_socket)
{
	return TRACE(duplicate(sock, ret_socket), .operation = LSK_TRACE_DUP,
		     .sock = sock);
}

struct lsk_socket *lsk_socket_ref(struct lsk_socket *sock)
{
	if (sock)
		atomic_fetch_add_explicit(&sock->references, 1, memory_order_relaxed);
	return sock;
}

struct lsk_socket *lsk_socket_free(struct lsk_socket *sock)
{
	int fd;

	if (!sock ||
	    atomic_fetch_sub_explicit(&sock->references, 1, memory_order_acq_rel) > 1)
		return NULL;
	fd = socket_fd(sock);
	closep(&fd);
	free(sock);
	return NULL;
}

void lsk_socket_freep(struct lsk_socket **sock)
{
	*sock = lsk_socket_free(*sock);
}

/* Take the descriptor out of the object, once, after the last waiting call has left.
 * Under the lock. */
static int take_descriptor(struct lsk_socket *sock)
{
	int fd = socket_fd(sock);

	if (fd < 0)
		return fd;
	if (sock->channel)
		return -EBUSY; /* its loop closes it, or lets it go */
	if (socket_waits_here(sock))
		return -EDEADLK;
	atomic_store_explicit(&sock->fd, SOCKET_CLOSED, memory_order_relaxed);
	socket_end_waits(sock);
	return fd;
}

static int close_descriptor(int fd)
{
	int r = syscall_result(close(fd));

	/* The peer's reset is no news to who closes. */
	return r == -ECONNRESET ? 0 : r;
}

static int close_now(struct lsk_socket *sock)
{
	bool is_held = false;
	int fd;

	if (!sock)
		return -EINVAL;
	lock_take(&sock->lock);
	if (sock->is_close_pending) {
		fd = -EBADF;
	} else if (sock->holds > 0 && socket_fd(sock) >= 0) {
		fd = 0;
		is_held = true;
		sock->is_close_pending = true;
	} else {
		fd = take_descriptor(sock);
	}
	lock_give(&sock->lock);
	return fd < 0 || is_held ? fd : close_descriptor(fd);
}

static int detach(struct lsk_socket *sock)
{
	int fd;

	if (!sock)
		return -EINVAL;
	lock_take(&sock->lock);
	fd = take_descriptor(sock);
	lock_give(&sock->lock);
	return fd;
}

int socket_hold(struct lsk_socket *sock)
{
	int r;

	lock_take(&sock->lock);
	r = socket_fd(sock) < 0 || sock->is_close_pending ? -EBADF : 0;
	if (r == 0)
		sock->holds++;
	lock_give(&sock->lock);
	return r;
}

int socket_release(struct lsk_socket *sock)
{
	int fd = -EBADF;

	lock_take(&sock->lock);
	sock->holds--;
	if (sock->holds == 0 && sock->is_close_pending)
		fd = take_descriptor(sock);
	lock_give(&sock->lock);
	return fd >= 0 ? close_descriptor(fd) : 0;
}

int lsk_socket_close(struct lsk_socket *sock)
{
	return TRACE(close_now(sock), .operation = LSK_TRACE_CLOSE, .sock = sock);
}

static int close_bare(int fd)
{
	return fd < 0 ? -EBADF : close_descriptor(fd);
}

int lsk_fd_close(int fd)
{
	return TRACE(close_bare(fd), .operation = LSK_TRACE_CLOSE, .number = fd);
}

static int duplicate_bare(int fd)
{
	return syscall_result(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

int lsk_fd_dup(int fd)
{
	return TRACE(duplicate_bare(fd), .operation = LSK_TRACE_DUP, .number = fd);
}

int lsk_socket_detach(struct lsk_socket *sock)
{
	return TRACE(detach(sock), .operation = LSK_TRACE_DETACH, .sock = sock);
}

int lsk_socket_fd(const struct lsk_socket *sock)
{
	return socket_fd(sock);
}
