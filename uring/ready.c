/* SPDX-License-Identifier: MIT */
/* Operations as system calls, for descriptors that are ready, or may be. */
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <string.h>

#include "uring/backend_table.h"
#include "uring/engine.h"
#include "uring/loop.h"
#include "uring/loop_hot.h"
#include "uring/transfer.h"
#include "uring/util.h"

/* One recvmmsg(2) takes as many: their headers are 5 KiB of stack. */
enum { MESSAGES_MAX = 64 };

/* accept4(2) has no flag that says "do not wait". */
static void accept_prepare(int fd)
{
	const int mode = syscall_result(fcntl(fd, F_GETFL));

	if (mode >= 0 && !(mode & O_NONBLOCK))
		fcntl(fd, F_SETFL, mode | O_NONBLOCK);
}

static int accept_now(int fd)
{
	return syscall_result(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
}

/* The first attempt connects; the later ones ask what became of it. Whether it has
 * ended its result alone does not tell. */
static int attempt_connect(struct loop_op *op)
{
	struct pollfd watched = {.fd = op->channel->fd, .events = POLLOUT};
	socklen_t len = (socklen_t)op->len;
	struct sockaddr_storage addr;
	struct engine_request request = {
		.opcode = ENGINE_CONNECT,
		.fd = op->channel->fd,
		.flags = op->flags,
		.addr = (struct sockaddr *)&addr,
		.addr_len = &len,
	};
	int r;

	if (op->progress == CONNECT_NOT_BEGUN) {
		memcpy(&addr, op->u.buf, sizeof(addr));
		r = (int)engine_attempt(&request);
		if (r != -EINPROGRESS && r != -EINTR)
			return r;
		op->progress = CONNECT_BEGUN;
	}
	if (op->progress != CONNECT_ENDED && poll(&watched, 1, 0) <= 0)
		return -EINPROGRESS;
	return engine_connect_result(op->channel->fd, op->flags);
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
	if (op->kind == OP_ACCEPT) {
		accept_prepare(fd);
		return accept_now(fd);
	}
	if (op->kind == OP_SPLICE)
		return transfer_receive(op);
	do {
		if (op->kind == OP_RECVMSG || op->kind == OP_RECVFROM)
			r = syscall_count(
				recvmsg(fd, op->u.message, op->flags | MSG_DONTWAIT));
		else
			r = syscall_count(
				recv(fd, op->u.buf, op->len, op->flags | MSG_DONTWAIT));
	} while (r == -EINTR);
	return (int)r;
}

/* What one recvmmsg(2) fills. */
struct messages {
	struct mmsghdr headers[MESSAGES_MAX];
	struct iovec parts[MESSAGES_MAX];
	uint16_t buffers[MESSAGES_MAX];
};

/* The place of a datagram in the shape in which a ring delivers it: the sizes, the
 * sender, control messages, payload. */
static void message_prepare(const struct lsk_pool *pool, struct messages *messages,
			    unsigned int i)
{
	char *memory = pool->memory + (size_t)messages->buffers[i] * pool->buffer_size;
	char *name = memory + sizeof(struct io_uring_recvmsg_out);

	messages->parts[i] = (struct iovec){
		.iov_base = memory + pool->header_size,
		.iov_len = pool->buffer_size - pool->header_size,
	};
	messages->headers[i].msg_hdr = (struct msghdr){
		.msg_name = name,
		.msg_namelen = sizeof(struct sockaddr_storage),
		.msg_control = name + sizeof(struct sockaddr_storage),
		.msg_controllen = pool->control_size,
		.msg_iov = &messages->parts[i],
		.msg_iovlen = 1,
	};
}

/* Write the sizes. Return: header and payload. */
static uint32_t message_settle(const struct lsk_pool *pool,
			       const struct messages *messages, unsigned int i)
{
	const struct mmsghdr *header = &messages->headers[i];
	struct io_uring_recvmsg_out *out =
		(struct io_uring_recvmsg_out *)(void *)(pool->memory +
							(size_t)messages->buffers[i] *
								pool->buffer_size);

	out->namelen = header->msg_hdr.msg_namelen;
	out->controllen = (uint32_t)header->msg_hdr.msg_controllen;
	out->payloadlen = header->msg_len;
	out->flags = (uint32_t)header->msg_hdr.msg_flags;
	return pool->header_size + header->msg_len;
}

/* As many as came with the last calls, and a few more: what is prepared for nothing
 * costs, too. */
static unsigned int messages_wanted(const struct loop_op *op, unsigned int budget)
{
	const struct lsk_pool *pool = op->u.pool;
	unsigned int wanted = pool->messages_next ? pool->messages_next : 1;

	if (wanted > budget)
		wanted = budget;
	if (pool->lease_max && pool->lease_max > op->len &&
	    wanted > pool->lease_max - op->len)
		wanted = pool->lease_max - op->len;
	return wanted;
}

static void messages_learn(struct lsk_pool *pool, unsigned int wanted, unsigned int got)
{
	if (got == wanted && wanted >= pool->messages_next)
		pool->messages_next =
			wanted * 4 < MESSAGES_MAX ? wanted * 4 : MESSAGES_MAX;
	else if (got > 0 && got < wanted / 4)
		pool->messages_next = wanted / 2;
}

/* Receive up to @budget messages at once; fewer than were asked for are short. Return:
 * how many; -EAGAIN; or 0 where the stream has ended or found no buffer. */
static int read_messages(struct lsk_loop *loop, struct loop_op *op, unsigned int budget,
			 bool *ret_is_short)
{
	const uint32_t generation = op->generation;
	struct loop_result result = {.has_more = false};
	struct lsk_pool *pool = op->u.pool;
	struct messages messages;
	unsigned int wanted;
	int count = 0;

	wanted = pool_pop(pool, messages.buffers, messages_wanted(op, budget));
	for (unsigned int i = 0; i < wanted; i++)
		message_prepare(pool, &messages, i);
	if (wanted == 0)
		count = -ENOBUFS;
	else
		count = syscall_result(recvmmsg(
			op->channel->fd, messages.headers, wanted,
			MSG_DONTWAIT | channel_message_flags(op->channel), NULL));
	for (unsigned int i = wanted; i > (count > 0 ? (unsigned int)count : 0); i--)
		pool->stack[pool->stack_count++] = messages.buffers[i - 1];
	if (count == -EAGAIN || count == -EINTR)
		return count == -EAGAIN ? count : 1;
	if (count <= 0) {
		result.result = count;
		result.is_starved = wanted == 0;
		op_complete(loop, op, &result);
		return 0;
	}
	messages_learn(pool, wanted, (unsigned int)count);
	*ret_is_short = (unsigned int)count < wanted;
	for (unsigned int i = 0; i < (unsigned int)count; i++) {
		const uint32_t len = message_settle(pool, &messages, i);

		if (message_is_end(op, (int)len)) {
			/* recvmmsg(2) fills every message with the end. */
			while ((unsigned int)count > i)
				pool->stack[pool->stack_count++] =
					messages.buffers[--count];
			op_complete(loop, op, &result);
			return 0;
		}
		pool_received(pool, messages.buffers[i], (int)len, false);
		/* Those that came with the last one are lost with their stream. */
		if (op->generation == generation)
			op_deliver(loop, op, messages.buffers[i], 0, len);
		else
			pool_unref(pool, messages.buffers[i]);
	}
	return count;
}

/* Receive once; of a message, its length tells of no other. Return: 1, -EAGAIN, or 0 as
 * above. */
static int read_bytes(struct lsk_loop *loop, struct loop_op *op, bool *ret_is_short)
{
	struct loop_result result = {.has_more = false};
	struct lsk_pool *pool = op->u.pool;
	uint32_t offset;
	uint16_t buffer;
	uint32_t room;
	ssize_t r;

	if (pool_take(pool, &buffer, &offset, &room) < 0) {
		result.result = -ENOBUFS;
		result.is_starved = true;
		op_complete(loop, op, &result);
		return 0;
	}
	do {
		char *memory =
			pool->memory + (size_t)buffer * pool->buffer_size + offset;

		r = syscall_count(recv(op->channel->fd, memory, room, MSG_DONTWAIT));
	} while (r == -EINTR);
	*ret_is_short = r < (ssize_t)room && op->channel->caps & CHANNEL_STREAM;
	if (r == -EAGAIN)
		return -EAGAIN;
	if (LIKELY(r > 0)) {
		pool_taken(pool, buffer, (uint32_t)r);
		op_deliver(loop, op, buffer, offset, (uint32_t)r);
		return 1;
	}
	result.result = (int)r;
	op_complete(loop, op, &result);
	return 0;
}

static int read_connection(struct lsk_loop *loop, struct loop_op *op)
{
	struct loop_result result = {.result = accept_now(op->channel->fd)};

	if (result.result == -EAGAIN)
		return -EAGAIN;
	result.has_more = result.result >= 0;
	op_complete(loop, op, &result);
	return result.has_more;
}

/*
 * Receive for a stream whose descriptor is ready, at most @budget times. Return: 1 when
 * there may be more; -EAGAIN when there is not; 0 when the stream is not to be read on,
 * or has ended.
 */
int loop_read_stream(struct lsk_loop *loop, struct loop_op *op, unsigned int budget)
{
	const uint32_t generation = op->generation;
	bool is_short = false;
	int r;

	if (op->kind == OP_ACCEPT_STREAM)
		accept_prepare(op->channel->fd);
	while (budget > 0) {
		if (op->kind == OP_RECV_STREAM)
			r = read_bytes(loop, op, &is_short);
		else if (op->kind == OP_RECVMSG_STREAM)
			r = read_messages(loop, op, budget, &is_short);
		else
			r = read_connection(loop, op);
		if (r <= 0)
			return r;
		if (op->generation != generation ||
		    op->state & (OP_CANCELLED | OP_EXPIRED | OP_PAUSED | OP_FULL))
			return 0;
		/* What gave less than was asked for is empty: what comes later is an
		 * edge of its own, and so is the error that ended a recvmmsg(2), which
		 * the kernel keeps. The end may have come before. */
		if (is_short && !(op->channel->state & CHANNEL_HANGUP))
			return -EAGAIN;
		budget -= (unsigned int)r;
	}
	return 1;
}
