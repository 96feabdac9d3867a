/* SPDX-License-Identifier: MIT */
/* Operations as system calls, for descriptors that are ready, or may be. */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <string.h>

#include "uring/backend_table.h"
#include "uring/engine.h"
#include "uring/loop.h"
#include "uring/transfer.h"
#include "uring/util.h"

static int attempt_accept(int fd)
{
	int mode = syscall_result(fcntl(fd, F_GETFL));

	/* accept4(2) has no flag that says "do not wait". */
	if (mode >= 0 && !(mode & O_NONBLOCK))
		fcntl(fd, F_SETFL, mode | O_NONBLOCK);
	return syscall_result(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
}

/* The first attempt connects; the later ones ask what became of it. */
static int attempt_connect(struct loop_op *op)
{
	struct pollfd watched = {.fd = op->channel->fd, .events = POLLOUT};
	socklen_t len = (socklen_t)op->len;
	struct sockaddr_storage addr;
	struct engine_request request = {
		.opcode = ENGINE_CONNECT,
		.fd = op->channel->fd,
		.addr = (struct sockaddr *)&addr,
		.addr_len = &len,
	};
	int error = 0;
	int r;

	if (op->progress == 0) {
		memcpy(&addr, op->u.buf, sizeof(addr));
		r = (int)engine_attempt(&request);
		if (r != -EINPROGRESS && r != -EINTR)
			return r;
		op->progress = 1;
	}
	r = syscall_result(poll(&watched, 1, 0));
	if (r <= 0)
		return -EINPROGRESS;
	len = sizeof(error);
	r = syscall_result(
		getsockopt(op->channel->fd, SOL_SOCKET, SO_ERROR, &error, &len));
	return r < 0 ? r : -error;
}

static int attempt_poll(const struct loop_op *op)
{
	struct pollfd watched = {
		.fd = op->channel->fd,
		.events = (short)op->flags,
	};
	int r = syscall_result(poll(&watched, 1, 0));

	if (r <= 0)
		return r < 0 ? r : -EAGAIN;
	return watched.revents;
}

static int attempt_exchange(struct loop_op *op)
{
	const int fd = op->channel->fd;
	ssize_t r = 0;

	if (op->progress == 0 && exchange_has_request(op->u.exchange)) {
		do {
			r = syscall_count(sendmsg(fd, &op->u.exchange->request,
						  MSG_DONTWAIT | MSG_NOSIGNAL));
		} while (r == -EINTR);
		if (r < 0)
			return (int)r;
	}
	op->progress = 1;
	do {
		r = syscall_count(
			recvmsg(fd, &op->u.exchange->answer,
				MSG_DONTWAIT | channel_message_flags(op->channel)));
	} while (r == -EINTR);
	return (int)r;
}

/*
 * Make the system call of an operation that is no stream. Return: its result; -EAGAIN
 * where it has to wait for readiness, -EINPROGRESS for a connection that is being made,
 * or a transfer that others interrupt, -EALREADY where the operation will be listed.
 */
int loop_attempt(struct loop_op *op)
{
	const int fd = op->channel->fd;
	ssize_t r;

	if (op->kind == OP_POLL)
		return attempt_poll(op);
	if (op->kind == OP_CONNECT)
		return attempt_connect(op);
	if (op->kind == OP_EXCHANGE)
		return attempt_exchange(op);
	if (op->kind == OP_ACCEPT)
		return attempt_accept(fd);
	if (op->kind == OP_SPLICE)
		return transfer_receive(op);
	do {
		if (op->kind == OP_RECVMSG)
			r = syscall_count(
				recvmsg(fd, op->u.message, op->flags | MSG_DONTWAIT));
		else
			r = syscall_count(
				recv(fd, op->u.buf, op->len, op->flags | MSG_DONTWAIT));
	} while (r == -EINTR);
	return (int)r;
}

/* A datagram in the shape in which a ring delivers it. Return: header and payload. */
static ssize_t read_message(struct loop_op *op, char *memory, uint32_t room)
{
	struct lsk_pool *pool = op->u.pool;
	struct io_uring_recvmsg_out *out =
		(struct io_uring_recvmsg_out *)(void *)memory;
	char *name = (char *)(out + 1);
	char *control = name + sizeof(struct sockaddr_storage);
	char *payload = control + pool->control_size;
	struct iovec iov = {
		.iov_base = payload,
		.iov_len = room - (size_t)(payload - memory),
	};
	struct msghdr message = {
		.msg_name = name,
		.msg_namelen = sizeof(struct sockaddr_storage),
		.msg_control = control,
		.msg_controllen = pool->control_size,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	ssize_t r;

	r = syscall_count(recvmsg(op->channel->fd, &message,
				  MSG_DONTWAIT | channel_message_flags(op->channel)));
	if (r < 0)
		return r;
	out->namelen = message.msg_namelen;
	out->controllen = (uint32_t)message.msg_controllen;
	out->payloadlen = (uint32_t)r;
	out->flags = (uint32_t)message.msg_flags;
	return r + (payload - memory);
}

static int read_once(struct lsk_loop *loop, struct loop_op *op, bool *ret_is_short)
{
	struct loop_result result = {.has_more = true, .result = 0};
	struct lsk_pool *pool = op->u.pool;
	uint32_t offset;
	uint16_t buffer;
	uint32_t room;
	ssize_t r;

	if (pool_take(pool, &buffer, &offset, &room) < 0) {
		result.result = -ENOBUFS;
		result.is_starved = true;
		result.has_more = false;
		op_complete(loop, op, &result);
		return -ENOBUFS;
	}
	do {
		char *memory =
			pool->memory + (size_t)buffer * pool->buffer_size + offset;

		if (op->kind == OP_RECVMSG_STREAM)
			r = read_message(op, memory, room);
		else
			r = syscall_count(
				recv(op->channel->fd, memory, room, MSG_DONTWAIT));
	} while (r == -EINTR);
	*ret_is_short = r < (ssize_t)room;
	if (r == -EAGAIN)
		return -EAGAIN;
	if (r > 0) {
		pool_taken(pool, buffer, (uint32_t)r);
		op_deliver(loop, op, buffer, offset, (uint32_t)r);
		return 1;
	}
	result.result = (int)r;
	result.has_more = false;
	op_complete(loop, op, &result);
	return 0;
}

/*
 * Receive for a stream whose descriptor is ready, at most @budget times. Return: 1 when
 * there may be more; -EAGAIN when there is not; 0 when the stream is not to be read on,
 * or has ended.
 */
int loop_read_stream(struct lsk_loop *loop, struct loop_op *op, unsigned int budget)
{
	const uint32_t generation = op->generation;
	struct loop_result result = {.has_more = true};
	bool is_short = false;
	int r;

	while (budget-- > 0) {
		if (op->kind == OP_ACCEPT_STREAM) {
			r = attempt_accept(op->channel->fd);
			if (r == -EAGAIN)
				return r;
			result.result = r;
			result.has_more = r >= 0;
			op_complete(loop, op, &result);
			r = r >= 0;
		} else {
			r = read_once(loop, op, &is_short);
		}
		if (r <= 0)
			return r == -EAGAIN ? r : 0;
		if (op->generation != generation ||
		    op->state & (OP_CANCELLED | OP_EXPIRED | OP_PAUSED | OP_FULL))
			return 0;
		/* A stream that gave less than there was room for is empty: what comes
		 * later is an edge of its own. The end may have come before. */
		if (is_short && op->channel->caps & CHANNEL_STREAM &&
		    !(op->channel->state & CHANNEL_HANGUP))
			return -EAGAIN;
	}
	return 1;
}
