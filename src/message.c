/* SPDX-License-Identifier: MIT */
/* Messages of several parts, one by one and in batches. */
#include <linsock/message.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "src/socket.h"
#include "src/trace.h"
#include "uring/util.h"

/* Headers of a batch are made on the stack, so many at a time. */
#define BATCH_MAX 64

/* The kernel only reads what is sent, whatever the types say. */
static void header_to_send(const struct lsk_message *message, struct msghdr *ret_header)
{
	*ret_header = (struct msghdr){
		.msg_name = message->addr.len
				    ? (void *)(uintptr_t)&message->addr.storage
				    : NULL,
		.msg_namelen = message->addr.len,
		.msg_iov = (struct iovec *)(uintptr_t)message->buffers,
		.msg_iovlen = message->buffers_count,
		.msg_control = message->control.len ? message->control.data : NULL,
		.msg_controllen = message->control.len,
	};
}

static void header_to_receive(struct lsk_message *message, struct msghdr *ret_header)
{
	bool has_addr = !message->without_addr;

	*ret_header = (struct msghdr){
		.msg_name = has_addr ? &message->addr.storage : NULL,
		.msg_namelen = has_addr ? sizeof(message->addr.storage) : 0,
		.msg_iov = (struct iovec *)(uintptr_t)message->buffers,
		.msg_iovlen = message->buffers_count,
		.msg_control = message->control.size ? message->control.data : NULL,
		.msg_controllen = message->control.size,
	};
}

static size_t buffers_len(const struct lsk_message *message)
{
	size_t len = 0;

	for (size_t i = 0; i < message->buffers_count; i++)
		len += message->buffers[i].iov_len;
	return len;
}

/* Tell in @message what came. Return: bytes in its buffers. */
static ssize_t take_header(struct lsk_message *message, const struct msghdr *header,
			   size_t count)
{
	message->full_len = count;
	message->len = count;
	/* Only with MSG_TRUNC does the kernel count what is not here. */
	if (header->msg_flags & MSG_TRUNC) {
		size_t room = buffers_len(message);

		message->len = count < room ? count : room;
	}
	message->flags = header->msg_flags & ~MSG_CMSG_CLOEXEC;
	message->addr.len = header->msg_namelen;
	socket_clamp_addr(&message->addr);
	message->control.len = header->msg_controllen;
	return (ssize_t)message->len;
}

static bool is_usable(const struct lsk_message *message)
{
	return message && (message->buffers || message->buffers_count == 0) &&
	       (message->control.data || message->control.size == 0) &&
	       message->addr.len <= sizeof(message->addr.storage);
}

static ssize_t send_message(struct lsk_socket *sock, const struct lsk_message *message,
			    int flags)
{
	int fd = socket_fd(sock);
	struct msghdr header;
	ssize_t count;

	if (fd < 0 || !is_usable(message) || message->control.len > INT_MAX)
		return fd < 0 ? fd : -EINVAL;
	header_to_send(message, &header);
	count = syscall_count(
		sendmsg(fd, &header, flags | sock->send_flags | MSG_DONTWAIT));
	if (socket_must_wait(sock, count, flags))
		count = socket_send_wait(sock, &header, flags, socket_deadline(sock));
	return count;
}

ssize_t lsk_socket_sendmsg(struct lsk_socket *sock, const struct lsk_message *message,
			   int flags)
{
	return TRACE(send_message(sock, message, flags), .operation = LSK_TRACE_SEND,
		     .sock = sock, .flags = flags,
		     .len = message ? message->buffers_count : 0,
		     .addr = message && message->addr.len ? &message->addr : NULL);
}

static ssize_t receive_message(struct lsk_socket *sock, struct lsk_message *message,
			       int flags)
{
	int fd = socket_fd(sock);
	struct engine_request request = {.opcode = ENGINE_RECVMSG};
	struct msghdr header;
	ssize_t count;

	if (fd < 0 || !message)
		return fd < 0 ? fd : -EINVAL;
	message->addr.len = 0;
	if (!is_usable(message))
		return -EINVAL;
	flags = socket_recv_flags(sock, flags) | sock->message_flags;
	header_to_receive(message, &header);
	count = syscall_count(recvmsg(fd, &header, flags | MSG_DONTWAIT));
	if (socket_must_wait(sock, count, flags)) {
		/* The failed attempt may have left its marks. */
		header_to_receive(message, &header);
		request.message = &header;
		request.flags = flags;
		count = (ssize_t)socket_run(sock, &request, socket_deadline(sock));
	}
	if (count < 0) {
		message->control.len = 0;
		return count;
	}
	return take_header(message, &header, (size_t)count);
}

ssize_t lsk_socket_recvmsg(struct lsk_socket *sock, struct lsk_message *message,
			   int flags)
{
	return TRACE(receive_message(sock, message, flags), .operation = LSK_TRACE_RECV,
		     .sock = sock, .flags = flags,
		     .len = message ? message->buffers_count : 0);
}

/* One system call for up to BATCH_MAX messages. Return: how many were sent, or why
 * none.
 */
static int send_some(struct lsk_socket *sock, struct lsk_message *messages,
		     size_t count, int flags)
{
	struct mmsghdr headers[BATCH_MAX];
	unsigned int some = count < BATCH_MAX ? (unsigned int)count : BATCH_MAX;
	int fd = socket_fd(sock);
	int sent;

	if (fd < 0)
		return fd;
	for (unsigned int i = 0; i < some; i++)
		header_to_send(&messages[i], &headers[i].msg_hdr);
	sent = syscall_result(
		sendmmsg(fd, headers, some, flags | sock->send_flags | MSG_DONTWAIT));
	for (int i = 0; i < sent; i++)
		messages[i].len = headers[i].msg_len;
	return sent;
}

static ssize_t send_messages(struct lsk_socket *sock, struct lsk_message *messages,
			     size_t count, int flags)
{
	int64_t deadline_ns = LSK_BLOCK;
	bool has_deadline = false;
	size_t sent = 0;
	int r = 0;

	if (!messages && count > 0)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (!is_usable(&messages[i]))
			return -EINVAL;
	if (socket_fd(sock) < 0)
		return socket_fd(sock);
	while (sent < count) {
		r = send_some(sock, messages + sent, count - sent, flags);
		if (r > 0) {
			sent += (size_t)r;
			continue;
		}
		if (!socket_must_wait(sock, r, flags))
			break;
		if (!has_deadline)
			deadline_ns = socket_deadline(sock);
		has_deadline = true;
		r = socket_poll(sock, POLLOUT, deadline_ns);
		if (r < 0)
			break;
	}
	return sent > 0 ? (ssize_t)sent : r;
}

ssize_t lsk_socket_sendmmsg(struct lsk_socket *sock, struct lsk_message *messages,
			    size_t count, int flags)
{
	return TRACE(send_messages(sock, messages, count, flags),
		     .operation = LSK_TRACE_SEND, .sock = sock, .len = count,
		     .flags = flags);
}

/* One system call for up to BATCH_MAX messages. Return: how many came, or why none. */
static int receive_some(struct lsk_socket *sock, struct lsk_message *messages,
			size_t count, int flags)
{
	struct mmsghdr headers[BATCH_MAX];
	unsigned int some = count < BATCH_MAX ? (unsigned int)count : BATCH_MAX;
	int fd = socket_fd(sock);
	int came;

	if (fd < 0)
		return fd;
	for (unsigned int i = 0; i < some; i++)
		header_to_receive(&messages[i], &headers[i].msg_hdr);
	came = syscall_result(recvmmsg(fd, headers, some, flags | MSG_DONTWAIT, NULL));
	for (int i = 0; i < came; i++)
		take_header(&messages[i], &headers[i].msg_hdr, headers[i].msg_len);
	return came;
}

static ssize_t receive_messages(struct lsk_socket *sock, struct lsk_message *messages,
				size_t count, int flags)
{
	size_t received = 0;
	int r;

	if (socket_fd(sock) < 0 || count == 0)
		return socket_fd(sock) < 0 ? socket_fd(sock) : 0;
	if (!messages)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		messages[i].addr.len = 0;
		if (!is_usable(&messages[i]))
			return -EINVAL;
	}
	flags = socket_recv_flags(sock, flags) | sock->message_flags;
	r = receive_some(sock, messages, count, flags);
	if (socket_must_wait(sock, r, flags)) {
		/* The first alone may wait: what else has come by then is taken too. */
		ssize_t first = receive_message(sock, messages, flags);

		if (first < 0)
			return first;
		r = 1;
	}
	while (r > 0) {
		received += (size_t)r;
		if (received == count)
			break;
		/* A stream at its end would say so again and again. */
		if (messages[received - 1].full_len == 0 && sock->type == SOCK_STREAM)
			break;
		r = receive_some(sock, messages + received, count - received, flags);
	}
	/* An error after the first is the kernel's to tell again. */
	return received > 0 ? (ssize_t)received : r;
}

ssize_t lsk_socket_recvmmsg(struct lsk_socket *sock, struct lsk_message *messages,
			    size_t count, int flags)
{
	return TRACE(receive_messages(sock, messages, count, flags),
		     .operation = LSK_TRACE_RECV, .sock = sock, .len = count,
		     .flags = flags);
}

static int wait_for(struct lsk_socket *sock, int events, int64_t timeout_ns)
{
	int64_t deadline_ns = LSK_BLOCK;
	int fd = socket_fd(sock);
	int64_t now_ns;
	int r;

	if (fd < 0 || timeout_ns < LSK_BLOCK)
		return fd < 0 ? fd : -EINVAL;
	if (timeout_ns == 0) {
		struct pollfd watched = {.fd = fd, .events = (short)events};

		r = syscall_result(poll(&watched, 1, 0));
		return r > 0 ? watched.revents : r < 0 ? r : -ETIME;
	}
	now_ns = engine_now_ns();
	if (timeout_ns > 0 && timeout_ns <= INT64_MAX - now_ns)
		deadline_ns = now_ns + timeout_ns;
	return socket_poll(sock, events, deadline_ns);
}

int lsk_socket_wait(struct lsk_socket *sock, int events, int64_t timeout_ns)
{
	return TRACE(wait_for(sock, events, timeout_ns), .operation = LSK_TRACE_WAIT,
		     .sock = sock, .number = events);
}

static int control_device(struct lsk_socket *sock, unsigned long request,
			  void *argument)
{
	int fd = socket_fd(sock);

	return fd < 0 ? fd : syscall_result(ioctl(fd, request, argument));
}

int lsk_socket_ioctl(struct lsk_socket *sock, unsigned long request, void *argument)
{
	return TRACE(control_device(sock, request, argument),
		     .operation = LSK_TRACE_IOCTL, .sock = sock,
		     .number = (int)request);
}
