/* SPDX-License-Identifier: MIT */
/*
 * The few lines that every message passes, inlined into the files that the back ends
 * call: events, slots and references of buffers.
 */
#ifndef LSK_LOOP_HOT_H
#define LSK_LOOP_HOT_H

#include "uring/loop.h"

/* Put by the event that has no callback. */
void event_keep(struct lsk_loop *loop, const struct lsk_event *event);

static inline void event_emit(struct lsk_loop *loop, lsk_done_fn done,
			      const struct lsk_event *event)
{
	loop->stats.events++;
	loop->pass_left--;
	if (__builtin_expect(done != NULL, 1))
		done(loop, event);
	else
		event_keep(loop, event);
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

static inline bool op_is_stopped(const struct loop_op *op)
{
	return op->state & (OP_CANCELLED | OP_EXPIRED);
}

/* One reference less; with the last the buffer goes back. */
static inline void pool_unref(struct lsk_pool *pool, uint16_t index)
{
	if (--pool->buffers[index].refs == 0)
		pool_return(pool, index);
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

/* The lease of the stream in @slot on a buffer comes back. */
static inline void pool_lease_back(struct lsk_pool *pool, uint64_t lease)
{
	if (pool->lease_max)
		pool_count_back(pool, lease);
	pool_unref(pool, (uint16_t)lease);
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
