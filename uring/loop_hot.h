/* SPDX-License-Identifier: MIT */
/*
 * The few lines that every message passes, inlined into the files that the back ends
 * call: events, slots, references of buffers and the end of a send. A message costs the
 * kernel a microsecond, and what is here some 50 ns of it, half of which were calls
 * from one file to another.
 */
#ifndef LSK_LOOP_HOT_H
#define LSK_LOOP_HOT_H

#include <errno.h>
#include <linux/io_uring.h>

#include "uring/engine.h"
#include "uring/loop.h"

#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* Put by the event that has no callback. */
void event_keep(struct lsk_loop *loop, enum op_kind kind,
		const struct lsk_event *event);

static inline void event_emit(struct lsk_loop *loop, enum op_kind kind,
			      lsk_done_fn done, const struct lsk_event *event)
{
	loop->stats.events++;
	loop->pass_left--;
	if (LIKELY(done != NULL))
		done(loop, event);
	else
		event_keep(loop, kind, event);
}

/* Whoever watches the library's operations hears first, while the slot is there. */
static inline void event_show(const struct lsk_loop *loop, const struct loop_op *op,
			      const struct lsk_event *event)
{
	if (__builtin_expect(loop->show == NULL, 1))
		return;
	if (op->channel && op->channel->owner)
		loop->show(op->channel->owner, (enum op_kind)op->kind, event);
}

/* The slot is free from here on: its name names nothing. */
static inline void slot_retire(struct lsk_loop *loop, struct loop_op *op)
{
	op->timer = 0;
	op->generation = op->generation == UINT32_MAX ? 1 : op->generation + 1;
	op->kind = OP_KIND__COUNT;
	loop->stats.operations--;
	/* A listed slot is freed when the list comes to it. */
	if (op->state & OP_LISTED)
		return;
	op->next = loop->ops_free;
	loop->ops_free = op_slot(loop, op);
}

/* Whether @len bytes in a buffer are the end of what a stream of messages brings: on
 * sockets that have an end, a message of nothing. */
static inline bool message_is_end(const struct loop_op *op, int len)
{
	return op->kind == OP_RECVMSG_STREAM && len > 0 &&
	       (uint32_t)len == op->u.pool->header_size &&
	       op->channel->caps & CHANNEL_EOF;
}

static inline bool op_is_stopped(const struct loop_op *op)
{
	return op->state & (OP_CANCELLED | OP_EXPIRED);
}

/* A slot with an operation in it, as most are: with a callback and without a timeout.
 * Return: 0, or -ENOMEM or -EINVAL. */
static inline int op_take(struct lsk_loop *loop, struct channel *channel,
			  enum op_kind kind, const struct lsk_then *then,
			  struct loop_op **ret_op)
{
	const uint32_t slot = loop->ops_free;
	struct loop_op *op;

	if (UNLIKELY(slot == OP_NONE || !then || !then->done || then->timeout_ns))
		return op_new(loop, channel, kind, then, ret_op);
	op = &loop->ops[slot];
	loop->ops_free = op->next;
	*op = (struct loop_op){
		.generation = op->generation,
		.kind = (uint8_t)kind,
		.channel = channel,
		.done = then->done,
		.context = then->context,
		.next = OP_NONE,
		.link = OP_NONE,
	};
	loop->stats.operations++;
	if (UNLIKELY(then->ret_op))
		*then->ret_op = (struct lsk_op){slot, op->generation};
	*ret_op = op;
	return 0;
}

/* Nothing is under way. */
static inline bool channel_is_idle(const struct channel *channel)
{
	return channel->others == OP_NONE && channel->send_head == OP_NONE &&
	       !(channel->state & CHANNEL_CLOSING);
}

/* Something of the channel's queue is to be sent before the kernel is waited for. */
static inline void channel_flush_later(struct channel *channel)
{
	struct lsk_loop *loop = channel->loop;
	const uint32_t index = channel_index(channel);

	if (channel->state & CHANNEL_FLUSHING)
		return;
	channel->state |= CHANNEL_FLUSHING;
	channel->flush_next = OP_NONE;
	if (loop->flush_head == OP_NONE)
		loop->flush_head = index;
	else
		loop->channels[loop->flush_tail].flush_next = index;
	loop->flush_tail = index;
	loop->flush_count++;
}

/* Put a send, whose link says that it is the last, at the end of its queue. */
static inline void send_append(struct channel *channel, struct loop_op *op)
{
	struct lsk_loop *loop = channel->loop;
	const uint32_t slot = op_slot(loop, op);

	if (channel->send_head == OP_NONE)
		channel->send_head = slot;
	else
		loop->ops[channel->send_tail].next = slot;
	channel->send_tail = slot;
	channel->queued += op->len;
	if (!(channel->state & CHANNEL_BUSY))
		channel_flush_later(channel);
}

/* The kernel may write to buffer @index of a pool with a ring. */
static inline void pool_ring_give(struct lsk_pool *pool, uint16_t index)
{
	struct io_uring_buf_ring *ring = pool->ring;
	const uint16_t tail = ring->tail;
	struct io_uring_buf *buf = &ring->bufs[tail & (pool->count_max - 1)];

	/* Not by assignment of the whole: the first one's spare field is the tail. */
	buf->addr =
		(uint64_t)(uintptr_t)pool->memory + (uint64_t)index * pool->buffer_size;
	buf->len = pool->buffer_size;
	buf->bid = index;
	if (UNLIKELY(pool->places != NULL))
		pool->places[index] = tail;
	__atomic_store_n(&ring->tail, (uint16_t)(tail + 1), __ATOMIC_RELEASE);
}

/* The buffer that was put into the ring at @place. */
static inline uint16_t pool_at(const struct lsk_pool *pool,
			       const struct io_uring_buf_ring *ring, uint32_t place)
{
	return ring->bufs[place & (pool->count_max - 1)].bid;
}

/* Buffer @index is nobody's: the kernel, or the next receive, may have it. */
static inline void pool_give(struct lsk_pool *pool, uint16_t index)
{
	pool->available++;
	if (pool->stack)
		pool->stack[pool->stack_count++] = index;
	else
		pool_ring_give(pool, index);
}

/* One reference less; with the last the buffer goes back. */
static inline void pool_unref(struct lsk_pool *pool, uint16_t index)
{
	struct pool_buffer *buffer = &pool->buffers[index];

	if (--buffer->refs > 0)
		return;
	buffer->refs = 1;
	buffer->offset = 0;
	pool_give(pool, index);
	if (UNLIKELY(pool->starved_head != OP_NONE))
		pool_feed(pool);
}

/*
 * Account for @len bytes that were written to a buffer. What the kernel keeps of it has
 * a reference, and so has the lease; where the kernel keeps nothing, its reference
 * becomes the lease's. Return: where the bytes are.
 */
static inline uint32_t pool_received(struct lsk_pool *pool, uint16_t index, int len,
				     bool goes_on)
{
	struct pool_buffer *buffer = &pool->buffers[index];
	const uint32_t offset = buffer->offset;

	if (goes_on) {
		if (len > 0) {
			buffer->refs++;
			buffer->offset = offset + (uint32_t)len;
		}
		return offset;
	}
	pool->available--;
	if (len <= 0)
		pool_unref(pool, index);
	return offset;
}

/* epoll: where the next bytes may go. Return: 0, or -ENOBUFS. */
static inline int pool_take(struct lsk_pool *pool, uint16_t *ret_buffer,
			    uint32_t *ret_offset, uint32_t *ret_len)
{
	if (pool->current == POOL_HELD_END) {
		if (UNLIKELY(pool->stack_count == 0)) {
			if (pool_refill(pool) < 0)
				return -ENOBUFS;
		} else {
			pool->current = pool->stack[--pool->stack_count];
		}
	}
	*ret_buffer = pool->current;
	*ret_offset = pool->buffers[pool->current].offset;
	*ret_len = pool->buffer_size - *ret_offset;
	return 0;
}

/* epoll: @len bytes were written to what pool_take() gave. */
static inline void pool_taken(struct lsk_pool *pool, uint16_t index, uint32_t len)
{
	const bool goes_on = pool->is_incremental &&
			     pool->buffers[index].offset + len < pool->buffer_size;

	if (!goes_on)
		pool->current = POOL_HELD_END;
	pool_received(pool, index, (int)len, goes_on);
}

/* The lease of the stream in @slot on a buffer comes back. */
static inline void pool_lease_back(struct lsk_pool *pool, uint64_t lease)
{
	if (pool->lease_max)
		pool_count_back(pool, lease);
	pool_unref(pool, (uint16_t)lease);
}

/* An event of a stream that goes on, of @len bytes (or a descriptor). */
static inline void op_emit(struct lsk_loop *loop, struct loop_op *op, uint16_t buffer,
			   uint32_t offset, uint32_t len)
{
	const uint32_t slot = op_slot(loop, op);
	struct lsk_event event = {
		.op = {slot, op->generation},
		.result = (int)len,
		.flags = LSK_EVENT_MORE,
		.context = op->context,
	};

	if (LIKELY(op->kind != OP_ACCEPT_STREAM)) {
		struct lsk_pool *pool = op->u.pool;

		event.flags = LSK_EVENT_MORE | LSK_EVENT_LEASE;
		event.result = (int)(len - pool->header_size);
		event.pool = pool;
		/* The stream's slot, the low bits of its generation, the buffer. */
		event.lease = (uint64_t)slot << 32 | op->generation << 16 | buffer;
		event.data = pool->memory + (size_t)buffer * pool->buffer_size +
			     offset + pool->header_size;
		if (UNLIKELY(pool->lease_max))
			op_count_lease(loop, op);
	}
	/* A stream's timeout counts from its last event. */
	if (UNLIKELY(op->timer))
		wheel_restart(&loop->wheel, op->timer, engine_now_ns());
	event_show(loop, op, &event);
	event_emit(loop, (enum op_kind)op->kind, op->done, &event);
}

/* The same, unless the stream is paused, or older events wait for their turn. */
static inline void op_deliver(struct lsk_loop *loop, struct loop_op *op,
			      uint16_t buffer, uint32_t offset, uint32_t len)
{
	if (UNLIKELY(op->state & OP_PAUSED || op->flags) &&
	    pool_hold(loop, op, buffer, offset, len))
		return;
	op_emit(loop, op, buffer, offset, len);
}

/* The end of the first send of the queue, and its event. */
static inline void send_finish_head(struct channel *channel, int result)
{
	struct lsk_loop *loop = channel->loop;
	struct loop_op *op = &loop->ops[channel->send_head];
	const lsk_done_fn done = op->done;
	const struct lsk_event event = {
		.op = {channel->send_head, op->generation},
		.result = result,
		.context = op->context,
	};

	channel->send_head = op->next;
	channel->queued -= op->len;
	if (UNLIKELY(op->state & OP_NOTIFY_DUE)) {
		send_await_notification(loop, op, result);
	} else {
		if (UNLIKELY(op->timer))
			wheel_disarm(&loop->wheel, op->timer);
		if (op->state & OP_LEASED)
			pool_lease_back(loop->pools[op->group], op->u.lease);
		event_show(loop, op, &event);
		slot_retire(loop, op);
		event_emit(loop, OP_SEND, done, &event);
	}
	if (UNLIKELY(channel->state & CHANNEL_DRAINS &&
		     !(channel->state & CHANNEL_FREE)))
		send_check_drain(channel);
}

/* The kernel has come back with the head of the queue: with all of it, as it mostly
 * does, or with something to look at. */
static inline void send_complete(struct channel *channel, int result)
{
	const struct loop_op *op = &channel->loop->ops[channel->send_head];
	const bool is_whole = result == (int)op->len && channel->batch_count == 1 &&
			      op->progress == 0 && !(op->state & OP_POLLED);

	channel->state = (channel->state & (uint16_t)~CHANNEL_BUSY) | CHANNEL_SENDING;
	if (LIKELY(is_whole)) {
		channel->batch_count = 0;
		send_finish_head(channel, result);
	} else {
		send_complete_part(channel, result);
	}
	channel->state &= (uint16_t)~CHANNEL_SENDING;
	if (channel->send_head != OP_NONE || channel->state & CHANNEL_STOPPED)
		channel_flush_later(channel);
	else if (UNLIKELY(channel->state & CHANNEL_CLOSING))
		channel_check_close(channel);
}

/* What is left to send of an operation that is no message. */
static inline char *send_bytes(const struct lsk_loop *loop, const struct loop_op *op)
{
	const struct lsk_pool *pool;

	if (!(op->state & OP_LEASED))
		return (char *)op->u.buf + op->progress;
	pool = loop->pools[op->group];
	return pool->memory + (size_t)(uint16_t)op->u.lease * pool->buffer_size +
	       op->link + op->progress;
}

/* By the length of each buffer: of many small ones the pages are not worth it. */
static inline bool send_wants_zero_copy(const struct channel *channel,
					const struct loop_op *op)
{
	const size_t min = channel->loop->zero_copy_min;

	return min && op->kind == OP_SEND && op->len - op->progress >= min &&
	       channel->caps & CHANNEL_ZERO_COPY && !(op->state & OP_COPYING);
}

#endif
