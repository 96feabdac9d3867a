/* SPDX-License-Identifier: MIT */
/* The life of an operation: a slot, a start, completions, one end. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uring/engine.h"
#include "uring/loop.h"
#include "uring/loop_hot.h"
#include "uring/transfer.h"
#include "uring/util.h"

static struct loop_op *slot_take(struct lsk_loop *loop)
{
	struct loop_op *op;

	if (loop->ops_free != OP_NONE) {
		op = &loop->ops[loop->ops_free];
		loop->ops_free = op->next;
		return op;
	}
	if (loop->ops_used == LOOP_OPS_MAX)
		return NULL;
	op = &loop->ops[loop->ops_used++];
	op->generation = 1;
	return op;
}

static void slot_give(struct lsk_loop *loop, struct loop_op *op)
{
	op->kind = OP_KIND__COUNT;
	op->next = loop->ops_free;
	loop->ops_free = op_slot(loop, op);
}

/* Stands for "nobody wants to know". */
static void tell_nobody(struct lsk_loop *loop, const struct lsk_event *event)
{
	(void)loop;
	(void)event;
}

/* What few operations have: a timeout, or no callback. */
static __attribute__((noinline)) int
op_prepare(struct lsk_loop *loop, struct loop_op *op, const struct lsk_then *then)
{
	if (then->timeout_ns < 0)
		return -EINVAL;
	if (!then->done && event_reserve(loop) < 0)
		return -ENOMEM;
	if (then->timeout_ns == 0)
		return 0;
	op->timer = wheel_arm(&loop->wheel, op_slot(loop, op), engine_now_ns(),
			      then->timeout_ns);
	return op->timer ? 0 : -ENOMEM;
}

int op_new(struct lsk_loop *loop, struct channel *channel, enum op_kind kind,
	   const struct lsk_then *then, struct loop_op **ret_op)
{
	static const struct lsk_then nothing = {.done = tell_nobody};
	struct loop_op *op = slot_take(loop);
	int r;

	if (!op)
		return -ENOMEM;
	if (!then)
		then = &nothing;
	op->timer = 0;
	if (then->timeout_ns != 0 || !then->done) {
		r = op_prepare(loop, op, then);
		if (r < 0) {
			slot_give(loop, op);
			return r;
		}
	}
	op->kind = (uint8_t)kind;
	op->group = 0;
	op->state = 0;
	op->channel = channel;
	op->done = then->done;
	op->context = then->context;
	op->u.buf = NULL;
	op->len = 0;
	op->progress = 0;
	op->flags = 0;
	op->next = OP_NONE;
	op->link = OP_NONE;
	loop->stats.operations++;
	if (then->ret_op)
		*then->ret_op = (struct lsk_op){op_slot(loop, op), op->generation};
	*ret_op = op;
	return 0;
}

struct loop_op *op_find(struct lsk_loop *loop, struct lsk_op name)
{
	struct loop_op *op;

	if (name.slot >= loop->ops_used)
		return NULL;
	op = &loop->ops[name.slot];
	if (op->generation != name.generation || op->kind == OP_KIND__COUNT)
		return NULL;
	return op;
}

void loop_close_fd(struct lsk_loop *loop, int fd)
{
	if (fd_is_direct(fd))
		loop->backend->close_direct(loop, fd);
	else
		close(fd);
}

/* Put @op on the list of what is looked at in the next pass. */
void op_list(struct lsk_loop *loop, struct loop_op *op)
{
	const uint32_t slot = op_slot(loop, op);

	if (op->state & OP_LISTED)
		return;
	if (op->state & OP_STARVED)
		pool_unstarve(op->u.pool, op);
	op->state |= OP_LISTED;
	op->link = OP_NONE;
	if (loop->work_head == OP_NONE)
		loop->work_head = slot;
	else
		loop->ops[loop->work_tail].link = slot;
	loop->work_tail = slot;
}

static void others_remove(struct lsk_loop *loop, struct loop_op *op)
{
	const uint32_t slot = op_slot(loop, op);
	uint32_t *place = &op->channel->others;

	while (*place != OP_NONE && *place != slot)
		place = &loop->ops[*place].next;
	if (*place == slot)
		*place = op->next;
}

/* The sender's address has its length. Return: the bytes. */
static void *datagram_settle(const struct loop_op *op, int result)
{
	struct lsk_datagram *datagram =
		(void *)((char *)op->u.message -
			 offsetof(struct lsk_datagram, message));

	datagram->addr.len = 0;
	if (result >= 0)
		datagram->addr.len = datagram->message.msg_namelen;
	if (datagram->addr.len > sizeof(datagram->addr.storage))
		datagram->addr.len = sizeof(datagram->addr.storage);
	return datagram->data;
}

/* The end of @op, whose event goes out. Nothing of @op is valid afterwards. */
void op_finish(struct lsk_loop *loop, struct loop_op *op, int result,
	       unsigned int flags)
{
	const enum op_kind kind = (enum op_kind)op->kind;
	const lsk_done_fn done = op->done;
	struct channel *channel = op->channel;
	struct lsk_event event = {
		.op = {op_slot(loop, op), op->generation},
		.result = result,
		.flags = flags,
		.context = op->context,
	};

	if (op->timer)
		wheel_disarm(&loop->wheel, op->timer);
	if (op->kind == OP_RECV)
		event.data = op->u.buf;
	else if (op->kind == OP_RECVFROM)
		event.data = datagram_settle(op, result);
	else if (op->kind == OP_CONNECT)
		channel_batch_free(loop, op->u.buf);
	else if (op_is_stream(op))
		pool_drop_held(loop, op);
	else if (op->state & OP_LEASED)
		pool_lease_back(loop->pools[op->group], op->u.lease);
	else if (op->kind == OP_SENDFILE || op->kind == OP_SPLICE)
		transfer_end(loop, op);
	if (op->state & OP_STARVED)
		pool_unstarve(op->u.pool, op);
	if (channel && !op_is_send(op) && op->kind != OP_CLOSE)
		others_remove(loop, op);
	event_show(loop, op, &event);
	slot_retire(loop, op);
	event_emit(loop, kind, done, &event);
	if (channel && channel->state & CHANNEL_CLOSING)
		channel_check_close(channel);
}

static int stop_reason(const struct loop_op *op)
{
	return op->state & OP_EXPIRED ? -ETIME : -ECANCELED;
}

/* The end of an operation that was with the kernel: data wins over a cancel. */
static void op_end(struct lsk_loop *loop, struct loop_op *op, int result)
{
	bool is_closing = op->channel && op->channel->state & CHANNEL_CLOSING;

	if (op_is_stopped(op) &&
	    (result == -ECANCELED || result == -EINTR || (is_closing && result <= 0)))
		result = stop_reason(op);
	/* A stream that is paused keeps its end for later, as it does its data. What
	 * was held back when it was stopped comes before its end. */
	if (op_is_stream(op) && !is_closing &&
	    (op->flags || (op->state & OP_PAUSED && !op_is_stopped(op))) &&
	    pool_hold(loop, op, POOL_HELD_END, 0, (uint32_t)result)) {
		if (op_is_stopped(op))
			op_list(loop, op);
		return;
	}
	op_finish(loop, op, result, 0);
}

/* A stream that has as many leases as it may is stopped until some come back. */
void op_count_lease(struct lsk_loop *loop, struct loop_op *op)
{
	op->len++;
	if (op->len < op->u.pool->lease_max || op->state & OP_FULL)
		return;
	op->state |= OP_FULL;
	if (op->state & OP_ARMED && !(op->state & OP_STOPPING))
		loop->backend->cancel(loop, op);
}

/* Hand a stream to the kernel again, unless something speaks against it. */
void op_rearm(struct lsk_loop *loop, struct loop_op *op)
{
	if (op->state & (OP_ARMED | OP_LISTED | OP_STARVED))
		return;
	if (op_is_stopped(op)) {
		op_end(loop, op, -ECANCELED);
		return;
	}
	if (op->state & (OP_PAUSED | OP_FULL))
		return;
	if (op->kind != OP_ACCEPT_STREAM && op->u.pool->available == 0) {
		pool_starve(op->u.pool, op);
		return;
	}
	loop->backend->arm(loop, op);
}

/* The same for a receive that has had its turn: those that wait for buffers come first.
 */
void op_rearm_behind(struct lsk_loop *loop, struct loop_op *op)
{
	const unsigned int otherwise = OP_ARMED | OP_LISTED | OP_STARVED | OP_PAUSED |
				       OP_FULL | OP_CANCELLED | OP_EXPIRED;

	if (op->kind != OP_ACCEPT_STREAM && op->u.pool->starved_head != OP_NONE &&
	    !(op->state & otherwise))
		pool_starve(op->u.pool, op);
	else
		op_rearm(loop, op);
}

static void accept_complete(struct lsk_loop *loop, struct loop_op *op,
			    const struct loop_result *result)
{
	const uint32_t generation = op->generation;
	const int r = result->result;

	if (!result->has_more)
		op->state &= (uint16_t) ~(OP_ARMED | OP_STOPPING);
	if (r >= 0)
		op_deliver(loop, op, POOL_HELD_ACCEPT, 0, (uint32_t)r);
	if (result->has_more || op->generation != generation)
		return;
	if (r >= 0 || r == -ECONNABORTED || r == -EAGAIN || r == -EINTR ||
	    (r == -ECANCELED && !op_is_stopped(op)))
		op_rearm(loop, op);
	else
		op_end(loop, op, r);
}

/*
 * More than a buffer has room for: whole ones, in the order in which the kernel was
 * given them, which is not that of their numbers. The ring says it still: what has been
 * given since stands behind. All are accounted for before anybody hears of the first.
 */
static void bundle_deliver(struct lsk_loop *loop, struct loop_op *op, uint16_t first,
			   uint32_t len)
{
	struct lsk_pool *pool = op->u.pool;
	const struct io_uring_buf_ring *ring = pool->ring;
	const uint32_t generation = op->generation;
	const uint16_t place = pool->places[first];
	const uint32_t count = (len + pool->buffer_size - 1) / pool->buffer_size;

	loop->stats.bundles++;
	for (uint32_t i = 0; i < count; i++)
		pool_received(pool, pool_at(pool, ring, place + i), 1, false);
	for (uint32_t i = 0; i < count; i++) {
		const uint16_t buffer = pool_at(pool, ring, place + i);
		const uint32_t part = len < pool->buffer_size ? len : pool->buffer_size;

		len -= part;
		if (op->generation == generation)
			op_deliver(loop, op, buffer, 0, part);
		else
			pool_unref(pool, buffer);
	}
}

static void data_deliver(struct lsk_loop *loop, struct loop_op *op,
			 const struct loop_result *result, int r)
{
	struct lsk_pool *pool = op->u.pool;
	uint32_t offset = 0;

	if (r > 0 && (uint32_t)r > pool->buffer_size) {
		bundle_deliver(loop, op, result->buffer, (uint32_t)r);
		return;
	}
	if (result->has_buffer)
		offset = pool_received(pool, result->buffer, r, result->buffer_goes_on);
	if (r > 0)
		op_deliver(loop, op, result->buffer, offset, (uint32_t)r);
}

static void recv_complete(struct lsk_loop *loop, struct loop_op *op,
			  const struct loop_result *result)
{
	const uint32_t generation = op->generation;
	const int r = message_is_end(op, result->result) ? 0 : result->result;

	if (!result->has_more)
		op->state &= (uint16_t) ~(OP_ARMED | OP_STOPPING);
	data_deliver(loop, op, result, r);
	if (result->has_more || op->generation != generation)
		return;
	if (result->is_starved) {
		loop->stats.starved++;
		op_rearm_behind(loop, op);
	} else if (r > 0 || r == -EAGAIN || r == -EINTR ||
		   (r == -ECANCELED && !op_is_stopped(op)) ||
		   (r == 0 && !(op->channel->caps & CHANNEL_EOF))) {
		/* Also where the kernel's own room for completions was short: that
		 * ends a multishot operation and loses nothing. */
		op_rearm_behind(loop, op);
	} else {
		op_end(loop, op, r);
	}
}

/* The descriptor is ready, and the system call is ours to make. */
static void polled_complete(struct lsk_loop *loop, struct loop_op *op, int events)
{
	const uint32_t generation = op->generation;
	int r;

	op->state &= (uint16_t) ~(OP_ARMED | OP_STOPPING | OP_POLLED);
	if (events < 0) {
		if (events == -ECANCELED && !op_is_stopped(op) && op_is_stream(op))
			op_rearm(loop, op);
		else
			op_end(loop, op, events);
		return;
	}
	if (op_is_stopped(op)) {
		op_end(loop, op, -ECANCELED);
		return;
	}
	if (op_is_stream(op)) {
		loop_read_stream(loop, op, 1);
		if (op->generation == generation)
			op_rearm_behind(loop, op);
		return;
	}
	/* Also asked of a connection and of POLLOUT: the ring ends a poll by what a
	 * wake says, and the wake of a frame that has been sent says POLLOUT where
	 * there is no answer yet (VSOCK, LLC). */
	r = loop_attempt(op);
	if (r == -EAGAIN || r == -EINPROGRESS)
		loop->backend->arm(loop, op);
	else if (r != -EALREADY)
		op_end(loop, op, r);
}

/*
 * Begin a connection by connect(2); its end is an event. Not the ring's CONNECT: where
 * a UNIX peer's queue is full that takes a kernel worker, which may be deaf to a
 * cancel.
 */
static void op_connect(struct lsk_loop *loop, struct loop_op *op)
{
	const int r = loop_attempt(op);

	if (r == -EINPROGRESS) {
		loop->backend->arm(loop, op);
	} else if (r == -EAGAIN) {
		/* There is no event for a full queue. */
		loop->has_naps = true;
		op_list(loop, op);
	} else {
		op_end(loop, op, r);
	}
}

/* Of a direct descriptor the kernel makes an ordinary one; of that another. */
static void op_install(struct lsk_loop *loop, struct loop_op *op)
{
	const int fd = op->channel->fd;

	if (fd_is_direct(fd))
		loop->backend->arm(loop, op);
	else
		op_end(loop, op, syscall_result(fcntl(fd, F_DUPFD_CLOEXEC, 0)));
}

/* What the kernel says of an operation that it had. */
void op_complete(struct lsk_loop *loop, struct loop_op *op,
		 const struct loop_result *result)
{
	if (op->kind == OP_SENDFILE) {
		transfer_complete(op, result->result);
		return;
	}
	if (op_is_send(op)) {
		send_complete(op->channel, result->result);
		return;
	}
	if (op->state & OP_POLLED) {
		polled_complete(loop, op, result->result);
		return;
	}
	if (op->kind == OP_RECV_STREAM || op->kind == OP_RECVMSG_STREAM) {
		recv_complete(loop, op, result);
	} else if (op->kind == OP_ACCEPT_STREAM) {
		accept_complete(loop, op, result);
	} else {
		op->state &= (uint16_t) ~(OP_ARMED | OP_STOPPING);
		op_end(loop, op, result->result);
	}
}

/* Begin: from here on there will be an end. */
void op_start(struct lsk_loop *loop, struct loop_op *op)
{
	struct channel *channel = op->channel;

	if (op_is_send(op)) {
		send_append(channel, op);
		return;
	}
	if (channel && op->kind != OP_CLOSE) {
		op->next = channel->others;
		channel->others = op_slot(loop, op);
	}
	if (channel && op->kind == OP_DRAIN)
		channel->state |= CHANNEL_DRAINS;
	if (op->kind == OP_DRAIN || op->kind == OP_CONNECT || op->kind == OP_INSTALL)
		op_list(loop, op);
	else if (op_is_stream(op))
		op_rearm(loop, op);
	else if (op->kind != OP_TIMER && op->kind != OP_CLOSE)
		loop->backend->arm(loop, op);
}

/* End @op for @reason, OP_CANCELLED or OP_EXPIRED. Its event comes in a pass. */
void op_stop(struct lsk_loop *loop, struct loop_op *op, unsigned int reason)
{
	if (op->state & (OP_CANCELLED | OP_EXPIRED | OP_SENT))
		return;
	op->state |= (uint16_t)reason;
	if (op_is_send(op)) {
		send_stop(op->channel, op);
		return;
	}
	if (!(op->state & OP_ARMED))
		op_list(loop, op);
	else if (!(op->state & OP_STOPPING))
		loop->backend->cancel(loop, op);
}

void op_expire(struct lsk_loop *loop, uint32_t slot)
{
	struct loop_op *op = &loop->ops[slot];

	op->timer = 0;
	if (op->kind == OP_TIMER)
		op_finish(loop, op, 0, 0);
	else
		op_stop(loop, op, OP_EXPIRED);
}

/* Look at an operation again: which step it waits for follows from its state. */
static void op_work_on(struct lsk_loop *loop, struct loop_op *op)
{
	const uint32_t generation = op->generation;

	if (op->kind == OP_CLOSE) {
		if (op_is_stopped(op))
			send_stop_all(op->channel);
		channel_check_close(op->channel);
		return;
	}
	if (op->state & OP_ARMED) {
		bool is_unwanted =
			op_is_stopped(op) || op->state & (OP_PAUSED | OP_FULL);

		if (is_unwanted && !(op->state & OP_STOPPING))
			loop->backend->cancel(loop, op);
	}
	if (op_is_stream(op) && op->flags &&
	    (op_is_stopped(op) ? !(op->channel->state & CHANNEL_CLOSING)
			       : !(op->state & OP_PAUSED))) {
		/* A cancel ends the pause, too. */
		if (op_is_stopped(op))
			op->state &= (uint16_t)~OP_PAUSED;
		pool_deliver_held(loop, op);
		if (op->generation != generation)
			return;
	}
	if (op->state & OP_ARMED)
		return;
	if (op_is_stopped(op))
		op_finish(loop, op, stop_reason(op), 0);
	else if (op->kind == OP_DRAIN)
		send_check_drain(op->channel);
	else if (op->kind == OP_CONNECT)
		op_connect(loop, op);
	else if (op->kind == OP_INSTALL)
		op_install(loop, op);
	else if (op_is_stream(op))
		op_rearm(loop, op);
	else if (op->kind != OP_TIMER)
		loop->backend->arm(loop, op);
}

/* One round over the list: what lists itself meanwhile is for the next pass. */
void op_work(struct lsk_loop *loop)
{
	uint32_t slot = loop->work_head;

	loop->work_head = OP_NONE;
	loop->work_tail = OP_NONE;
	while (slot != OP_NONE) {
		struct loop_op *op = &loop->ops[slot];

		slot = op->link;
		op->state &= (uint16_t)~OP_LISTED;
		if (op->kind == OP_KIND__COUNT)
			slot_give(loop, op);
		else
			op_work_on(loop, op);
	}
}
