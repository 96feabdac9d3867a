/* SPDX-License-Identifier: MIT */
/*
 * Moving bytes. Each call makes the bare non-blocking system call first; everything
 * that costs more, a clock read, a lock, a ring, comes after the kernel has said that
 * it would block.
 */
#include <errno.h>
#include <poll.h>

#include "src/socket.h"
#include "src/trace.h"
#include "uring/util.h"

#define LIKELY(condition) __builtin_expect(!!(condition), 1)

int socket_recv_flags(const struct lsk_socket *sock, int flags)
{
	/* On a stream it throws bytes away and counts them as received. */
	return sock->type == SOCK_STREAM ? flags & ~MSG_TRUNC : flags;
}

/* MSG_TRUNC makes the kernel tell a datagram's length, which may not all be here. */
static ssize_t received(ssize_t result, size_t len)
{
	return result > 0 && (size_t)result > len ? (ssize_t)len : result;
}

static ssize_t recv_wait(struct lsk_socket *sock, void *buf, size_t len, int flags,
			 int64_t deadline_ns)
{
	struct engine_request request = {
		.opcode = ENGINE_RECV,
		.buf = buf,
		.len = len,
		.flags = flags,
	};

	return (ssize_t)socket_run(sock, &request, deadline_ns);
}

/* MSG_WAITALL on a stream: the rest, within one deadline. @count bytes are here. */
static ssize_t recv_rest(struct lsk_socket *sock, char *buf, size_t len, int flags,
			 ssize_t count)
{
	int64_t deadline_ns = socket_deadline(sock);
	ssize_t total = count > 0 ? count : 0;

	while ((size_t)total < len) {
		count = recv_wait(sock, buf + total, len - (size_t)total,
				  flags & ~MSG_WAITALL, deadline_ns);
		if (count <= 0)
			break;
		total += count;
	}
	/* What was taken from the stream is told before what went wrong after it. */
	return total > 0 ? total : count;
}

static bool wants_rest(const struct lsk_socket *sock, size_t len, int flags,
		       ssize_t count)
{
	return (flags & MSG_WAITALL) && !(flags & (MSG_PEEK | MSG_DONTWAIT)) &&
	       sock->type == SOCK_STREAM && count > 0 && (size_t)count < len &&
	       socket_timeout(sock) != 0;
}

/* Everything that is not a plain receive, and what a plain one does when it fails. */
static ssize_t recv_slow(struct lsk_socket *sock, void *buf, size_t len, int flags,
			 ssize_t result)
{
	if (socket_must_wait(sock, result, flags))
		result = recv_wait(sock, buf, len, flags & ~MSG_WAITALL,
				   socket_deadline(sock));
	if (wants_rest(sock, len, flags, result))
		result = recv_rest(sock, buf, len, flags, result);
	return received(result, len);
}

static ssize_t recv_special(struct lsk_socket *sock, int fd, void *buf, size_t len,
			    int flags)
{
	ssize_t count;

	if (fd < 0)
		return fd;
	if (len == 0)
		return 0;
	if (!buf)
		return -EINVAL;
	flags = socket_recv_flags(sock, flags);
	count = syscall_count(recv(fd, buf, len, flags | MSG_DONTWAIT));
	return recv_slow(sock, buf, len, flags, count);
}

static ssize_t recv_bytes(struct lsk_socket *sock, void *buf, size_t len, int flags)
{
	int fd = socket_fd(sock);
	ssize_t count;

	if (!LIKELY(fd >= 0 && buf && len > 0 && !(flags & (MSG_TRUNC | MSG_WAITALL))))
		return recv_special(sock, fd, buf, len, flags);
	count = recv(fd, buf, len, flags | MSG_DONTWAIT);
	if (LIKELY(count >= 0))
		return count;
	return recv_slow(sock, buf, len, flags, neg_errno());
}

ssize_t lsk_socket_recv(struct lsk_socket *sock, void *buf, size_t len, int flags)
{
	return TRACE(recv_bytes(sock, buf, len, flags), .operation = LSK_TRACE_RECV,
		     .sock = sock, .len = len, .flags = flags);
}

static ssize_t recv_from(struct lsk_socket *sock, void *buf, size_t len, int flags,
			 struct lsk_addr *ret_from)
{
	struct lsk_addr from = {.len = sizeof(from.storage)};
	struct iovec iov = {.iov_base = buf, .iov_len = len};
	struct msghdr message = {
		.msg_name = &from.storage,
		.msg_namelen = sizeof(from.storage),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	struct engine_request request = {
		.opcode = ENGINE_RECVMSG,
		.message = &message,
	};
	int fd = socket_fd(sock);
	ssize_t count;

	if (fd < 0 || (!buf && len > 0))
		return fd < 0 ? fd : -EINVAL;
	flags = socket_recv_flags(sock, flags);
	request.flags = flags;
	count = syscall_count(
		recvfrom(fd, buf, len, flags | MSG_DONTWAIT, &from.sa, &from.len));
	if (socket_must_wait(sock, count, flags)) {
		count = (ssize_t)socket_run(sock, &request, socket_deadline(sock));
		from.len = message.msg_namelen;
	}
	if (count >= 0 && ret_from) {
		socket_clamp_addr(&from);
		*ret_from = from;
	}
	return received(count, len);
}

ssize_t lsk_socket_recvfrom(struct lsk_socket *sock, void *buf, size_t len, int flags,
			    struct lsk_addr *ret_from)
{
	return TRACE(recv_from(sock, buf, len, flags, ret_from),
		     .operation = LSK_TRACE_RECV, .sock = sock, .len = len,
		     .flags = flags);
}

/* For families whose sends a ring would spoil: wait until writable, try, again. */
static ssize_t send_polled(struct lsk_socket *sock, const struct msghdr *message,
			   int flags, int64_t deadline_ns)
{
	for (;;) {
		int r = socket_poll(sock, POLLOUT, deadline_ns);
		int fd = socket_fd(sock);
		ssize_t count;

		if (r < 0 || fd < 0)
			return r < 0 ? r : fd;
		count = syscall_count(sendmsg(fd, message, flags | MSG_DONTWAIT));
		if (count != -EAGAIN)
			return count;
	}
}

ssize_t socket_send_wait(struct lsk_socket *sock, struct msghdr *message, int flags,
			 int64_t deadline_ns)
{
	struct engine_request request = {
		.opcode = ENGINE_SENDMSG,
		.message = message,
		.flags = flags | sock->send_flags,
	};

	if (sock->family && sock->family->send != FAMILY_SEND_RING)
		return send_polled(sock, message, request.flags, deadline_ns);
	return (ssize_t)socket_run(sock, &request, deadline_ns);
}

static ssize_t send_wait(struct lsk_socket *sock, const void *buf, size_t len,
			 int flags, int64_t deadline_ns)
{
	/* The kernel reads from these, so that nothing const is written. */
	struct iovec iov = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	return socket_send_wait(sock, &message, flags, deadline_ns);
}

static ssize_t send_bytes(struct lsk_socket *sock, const void *buf, size_t len,
			  int flags)
{
	int fd = socket_fd(sock);
	ssize_t count;

	if (!LIKELY(fd >= 0 && (buf || len == 0)))
		return fd < 0 ? fd : -EINVAL;
	count = send(fd, buf, len, flags | sock->send_flags | MSG_DONTWAIT);
	if (LIKELY(count >= 0))
		return count;
	count = syscall_count(count);
	if (socket_must_wait(sock, count, flags))
		count = send_wait(sock, buf, len, flags, socket_deadline(sock));
	return count;
}

ssize_t lsk_socket_send(struct lsk_socket *sock, const void *buf, size_t len, int flags)
{
	return TRACE(send_bytes(sock, buf, len, flags), .operation = LSK_TRACE_SEND,
		     .sock = sock, .data = buf, .len = len, .flags = flags);
}

static ssize_t send_to(struct lsk_socket *sock, const void *buf, size_t len, int flags,
		       const struct lsk_addr *addr)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
	int fd = socket_fd(sock);
	struct lsk_addr to;
	ssize_t count;

	if (!addr)
		return send_bytes(sock, buf, len, flags);
	if (fd < 0 || (!buf && len > 0))
		return fd < 0 ? fd : -EINVAL;
	count = syscall_count(sendto(fd, buf, len,
				     flags | sock->send_flags | MSG_DONTWAIT, &addr->sa,
				     addr->len));
	if (socket_must_wait(sock, count, flags)) {
		to = *addr;
		message.msg_name = &to.storage;
		message.msg_namelen = to.len;
		count = socket_send_wait(sock, &message, flags, socket_deadline(sock));
	}
	return count;
}

ssize_t lsk_socket_sendto(struct lsk_socket *sock, const void *buf, size_t len,
			  int flags, const struct lsk_addr *addr)
{
	return TRACE(send_to(sock, buf, len, flags, addr), .operation = LSK_TRACE_SEND,
		     .sock = sock, .data = buf, .len = len, .flags = flags,
		     .addr = addr);
}

static int send_all(struct lsk_socket *sock, const void *buf, size_t len, int flags,
		    size_t *ret_sent)
{
	const char *bytes = buf;
	int64_t deadline_ns = LSK_BLOCK;
	bool has_deadline = false;
	size_t sent = 0;
	ssize_t count;

	do {
		int fd = socket_fd(sock);

		if (fd < 0 || (!buf && len > 0)) {
			count = fd < 0 ? fd : -EINVAL;
			break;
		}
		count = syscall_count(send(fd, bytes + sent, len - sent,
					   flags | sock->send_flags | MSG_DONTWAIT));
		if (socket_must_wait(sock, count, flags)) {
			/* The clock starts with the first wait, and runs on. */
			if (!has_deadline)
				deadline_ns = socket_deadline(sock);
			has_deadline = true;
			count = send_wait(sock, bytes + sent, len - sent, flags,
					  deadline_ns);
		}
		if (count > 0)
			sent += (size_t)count;
	} while (count >= 0 && sent < len);

	if (ret_sent)
		*ret_sent = sent;
	return count < 0 ? (int)count : 0;
}

int lsk_socket_sendall(struct lsk_socket *sock, const void *buf, size_t len, int flags,
		       size_t *ret_sent)
{
	return TRACE(send_all(sock, buf, len, flags, ret_sent),
		     .operation = LSK_TRACE_SEND, .sock = sock, .data = buf, .len = len,
		     .flags = flags);
}

bool lsk_socket_has_half_close(const struct lsk_socket *sock)
{
	return !sock || !sock->family || !sock->family->has_half_close ||
	       sock->family->has_half_close(sock->protocol);
}

static int shut_down(struct lsk_socket *sock, int how)
{
	int fd = socket_fd(sock);

	return fd < 0 ? fd : syscall_result(shutdown(fd, how));
}

int lsk_socket_shutdown(struct lsk_socket *sock, int how)
{
	return TRACE(shut_down(sock, how), .operation = LSK_TRACE_SHUTDOWN,
		     .sock = sock, .number = how);
}
