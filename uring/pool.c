/* SPDX-License-Identifier: MIT */
/*
 * Pools of receive buffers, and the leases on them. A buffer has one reference while
 * the kernel (or, on epoll, the next receive) may write to it and one for each lease,
 * so that an incremental buffer, which is filled bit by bit, comes back when its last
 * lease does.
 *
 * Streams that find the pool empty wait in line until a quarter of the pool is there,
 * lest each single buffer costs a system call. From then on each pass gives as many of
 * them a turn as there are buffers. A turn is one buffer, and who has had it stands
 * behind the others: a multishot receive would take all that its socket has, and the
 * pool with it. A stream that has nothing to receive keeps its turn but takes no
 * buffer, and the next pass goes on behind it.
 */
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "uring/loop.h"
#include "uring/loop_hot.h"
#include "uring/util.h"

enum {
	POOL_NAME_SIZE = sizeof(struct sockaddr_storage),
	POOL_COUNT_MAX = 32768,
};

static char *pool_address(const struct lsk_pool *pool, uint16_t buffer)
{
	return pool->memory + (size_t)buffer * pool->buffer_size;
}

/* Where the payload of a message begins. */
static size_t pool_header_size(const struct lsk_pool *pool)
{
	if (!(pool->flags & LSK_POOL_MESSAGES))
		return 0;
	return sizeof(struct io_uring_recvmsg_out) + POOL_NAME_SIZE +
	       pool->control_size;
}

int pool_stack_init(struct lsk_pool *pool)
{
	pool->stack = calloc(pool->count_max, sizeof(*pool->stack));
	return pool->stack ? 0 : -ENOMEM;
}

static void pool_grow(struct lsk_pool *pool, uint32_t count)
{
	if (count > pool->count_max)
		count = pool->count_max;
	while (pool->count < count) {
		const uint16_t index = (uint16_t)pool->count++;

		pool->buffers[index].refs = 1;
		pool->buffers[index].offset = 0;
		pool_give(pool, index);
	}
}

static int pool_settle_options(const struct lsk_pool_options *options,
			       struct lsk_pool_options *ret_options)
{
	struct lsk_pool_options set = options ? *options : (struct lsk_pool_options){0};
	unsigned int power = 1;

	if (set.flags & ~(unsigned int)(LSK_POOL_MESSAGES | LSK_POOL_WHOLE))
		return -EINVAL;
	if (!set.count)
		set.count = set.flags ? 256 : 16;
	if (!set.buffer_size)
		set.buffer_size = set.flags & LSK_POOL_MESSAGES ? 2048
				  : set.flags                   ? 4096
								: 65536;
	if (!set.control_size)
		set.control_size = 128;
	if (!set.count_max)
		set.count_max = set.count;
	if (set.count_max > POOL_COUNT_MAX || set.count > set.count_max)
		return -EINVAL;
	while (power < set.count_max)
		power *= 2;
	set.count_max = power;
	if (set.buffer_size > 1U << 30 || set.control_size > 65536)
		return -EINVAL;
	/* The kernel looks at the header as a struct. */
	set.control_size = (set.control_size + 15U) & ~15U;
	set.buffer_size = (set.buffer_size + 15U) & ~15U;
	*ret_options = set;
	return 0;
}

static int pool_init(struct lsk_pool *pool, const struct lsk_pool_options *options)
{
	int r;

	pool->buffer_size = options->buffer_size;
	pool->count_max = options->count_max;
	pool->control_size = options->control_size;
	pool->lease_max = options->lease_max;
	pool->flags = options->flags;
	pool->starved_head = OP_NONE;
	pool->starved_tail = OP_NONE;
	pool->current = POOL_HELD_END;
	pool->header_size = (uint32_t)pool_header_size(pool);
	if (pool_header_size(pool) >= pool->buffer_size)
		return -EINVAL;
	pool->buffers = calloc(pool->count_max, sizeof(*pool->buffers));
	if (!pool->buffers)
		return -ENOMEM;
	/* Pages that are not touched are not there: a pool costs what it has used. */
	pool->memory_size = (size_t)pool->buffer_size * pool->count_max;
	pool->memory = mmap(NULL, pool->memory_size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (pool->memory == MAP_FAILED) {
		pool->memory = NULL;
		return -ENOMEM;
	}
	if (!pool->is_plain && pool->loop->backend->pool_init(pool) < 0)
		pool->is_plain =
			true; /* no room for it in the kernel: by system call */
	if (pool->is_plain) {
		r = pool_stack_init(pool);
		if (r < 0)
			return r;
	}
	pool_grow(pool, options->count);
	return 0;
}

void pool_release_memory(struct lsk_pool *pool)
{
	if (pool->memory)
		munmap(pool->memory, pool->memory_size);
	free(pool->buffers);
	free(pool->places);
	free(pool->stack);
	free(pool);
}

/* @options are settled. */
static int pool_new(struct lsk_loop *loop, struct lsk_pool **ret_pool,
		    const struct lsk_pool_options *options, bool is_plain)
{
	struct lsk_pool *pool;
	int r;

	if (loop->pools_count == LOOP_POOLS_MAX)
		return -ENOSPC;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pool->loop = loop;
	pool->group = (uint16_t)loop->pools_count;
	pool->is_plain = is_plain;
	r = pool_init(pool, options);
	if (r < 0) {
		pool_release_memory(pool);
		return r;
	}
	loop->pools[loop->pools_count++] = pool;
	*ret_pool = pool;
	return 0;
}

int lsk_pool_new(struct lsk_loop *loop, struct lsk_pool **ret_pool,
		 const struct lsk_pool_options *options)
{
	struct lsk_pool_options settled;
	int r;

	if (!loop || !ret_pool)
		return -EINVAL;
	r = pool_settle_options(options, &settled);
	if (r < 0)
		return r;
	return pool_new(loop, ret_pool, &settled, false);
}

/* The pool from which a stream of @channel is served in place of @pool. */
int pool_for(struct lsk_pool *pool, const struct channel *channel,
	     struct lsk_pool **ret_pool)
{
	const struct lsk_pool_options options = {
		.buffer_size = pool->buffer_size,
		.count = pool->count,
		.count_max = pool->count_max,
		.control_size = pool->control_size,
		.lease_max = pool->lease_max,
		.flags = pool->flags | (pool->flags ? 0 : LSK_POOL_WHOLE),
	};
	enum pool_twin twin;
	int r;

	if (!(channel->caps & CHANNEL_RECV_MULTI) && !pool->stack)
		twin = POOL_TWIN_PLAIN;
	else if (!(channel->caps & CHANNEL_STREAM) && pool->is_incremental)
		twin = POOL_TWIN_WHOLE;
	else
		twin = POOL_TWIN__COUNT;
	*ret_pool = twin == POOL_TWIN__COUNT ? pool : pool->twins[twin];
	if (*ret_pool)
		return 0;
	r = pool_new(pool->loop, &pool->twins[twin], &options, twin == POOL_TWIN_PLAIN);
	if (r == 0)
		*ret_pool = pool->twins[twin];
	return r;
}

void pool_free(struct lsk_pool *pool)
{
	if (!pool->is_plain)
		pool->loop->backend->pool_done(pool);
	pool_release_memory(pool);
}

static void pool_feed_later(struct lsk_pool *pool)
{
	pool->is_feeding = true;
	pool->loop->is_feeding = true;
}

void pool_starve(struct lsk_pool *pool, struct loop_op *op)
{
	struct lsk_loop *loop = pool->loop;
	const uint32_t slot = op_slot(loop, op);

	/* First let the pool grow, if it may. */
	if (pool->count < pool->count_max) {
		pool_grow(pool, pool->count * 2);
		loop->backend->arm(loop, op);
		return;
	}
	op->state |= OP_STARVED;
	op->link = OP_NONE;
	if (pool->starved_head == OP_NONE)
		pool->starved_head = slot;
	else
		loop->ops[pool->starved_tail].link = slot;
	pool->starved_tail = slot;
	pool->is_tight = true;
	/* It may be that nobody has a lease whose return would move the line on. */
	if (pool->available > 0)
		pool_feed_later(pool);
}

void pool_unstarve(struct lsk_pool *pool, struct loop_op *op)
{
	struct lsk_loop *loop = pool->loop;
	const uint32_t slot = op_slot(loop, op);
	uint32_t *place = &pool->starved_head;
	uint32_t last = OP_NONE;

	while (*place != OP_NONE && *place != slot) {
		last = *place;
		place = &loop->ops[*place].link;
	}
	if (*place == slot) {
		*place = op->link;
		if (pool->starved_tail == slot)
			pool->starved_tail = last;
	}
	op->state &= (uint16_t)~OP_STARVED;
}

/* Buffers have come back that streams wait for. */
void pool_feed(struct lsk_pool *pool)
{
	if (pool->available >= (pool->count + 3) / 4)
		pool_feed_later(pool);
}

/* A turn for as many as there are buffers. */
static void pool_give_turns(struct lsk_pool *pool)
{
	struct lsk_loop *loop = pool->loop;

	pool->is_feeding = false;
	for (uint32_t i = 0; i < pool->available; i++) {
		if (pool->starved_head == OP_NONE)
			break;
		/* Off this list and on the other, which this pass works on. */
		op_list(loop, &loop->ops[pool->starved_head]);
	}
	if (pool->available > 0 && pool->starved_head != OP_NONE)
		pool_feed_later(pool);
}

void pool_feed_all(struct lsk_loop *loop)
{
	loop->is_feeding = false;
	for (unsigned int i = 0; i < loop->pools_count; i++)
		if (loop->pools[i]->is_feeding)
			pool_give_turns(loop->pools[i]);
}

/* Whether a stream is to take one buffer and no more. */
bool pool_is_tight(struct lsk_pool *pool)
{
	if (pool->is_tight && pool->starved_head == OP_NONE &&
	    pool->available >= pool->count - pool->count / 4)
		pool->is_tight = false;
	return pool->is_tight;
}

/* epoll: take a buffer into use. Return: 0, or -ENOBUFS. */
int pool_refill(struct lsk_pool *pool)
{
	return pool_pop(pool, &pool->current, 1) == 1 ? 0 : -ENOBUFS;
}

/* epoll: take up to @count buffers. Return: how many there were. */
unsigned int pool_pop(struct lsk_pool *pool, uint16_t *ret_buffers, unsigned int count)
{
	if (pool->stack_count == 0)
		pool_grow(pool, pool->count * 2);
	if (count > pool->stack_count)
		count = pool->stack_count;
	for (unsigned int i = 0; i < count; i++)
		ret_buffers[i] = pool->stack[--pool->stack_count];
	return count;
}

/* Of the stream that has the lease, as long as it lives. */
void pool_count_back(struct lsk_pool *pool, uint64_t lease)
{
	struct lsk_loop *loop = pool->loop;
	struct loop_op *op = &loop->ops[lease >> 32];

	if ((op->generation & 0xffff) != ((lease >> 16) & 0xffff) || op->len == 0)
		return;
	op->len--;
	if (op->state & OP_FULL && op->len <= pool->lease_max * 3 / 4) {
		op->state &= (uint16_t)~OP_FULL;
		op_list(loop, op);
	}
}

void lsk_lease_free(struct lsk_pool *pool, uint64_t lease)
{
	if (pool && (uint16_t)lease < pool->count)
		pool_lease_back(pool, lease);
}

int lsk_lease_message(struct lsk_pool *pool, uint64_t lease, struct msghdr *ret_message)
{
	struct io_uring_recvmsg_out *header;
	char *name;

	if (!pool || !ret_message || !(pool->flags & LSK_POOL_MESSAGES))
		return -EINVAL;
	if ((uint16_t)lease >= pool->count)
		return -EINVAL;
	header = (struct io_uring_recvmsg_out *)(void *)pool_address(pool,
								     (uint16_t)lease);
	name = (char *)(header + 1);
	*ret_message = (struct msghdr){
		.msg_name = name,
		.msg_namelen = header->namelen < POOL_NAME_SIZE ? header->namelen
								: POOL_NAME_SIZE,
		.msg_control = name + POOL_NAME_SIZE,
		.msg_controllen = header->controllen < pool->control_size
					  ? header->controllen
					  : pool->control_size,
		.msg_flags = (int)header->flags,
	};
	return 0;
}

static bool held_grow(struct lsk_loop *loop)
{
	uint32_t capacity = loop->held_capacity ? loop->held_capacity * 2 : 64;
	struct pool_held *held;

	held = reallocarray(loop->held, capacity, sizeof(*held));
	if (!held)
		return false;
	loop->held = held;
	for (uint32_t i = capacity - 1; i >= loop->held_capacity && i > 0; i--) {
		held[i].next = loop->held_free;
		loop->held_free = i;
	}
	loop->held_capacity = capacity;
	return true;
}

/* Keep an event of a paused stream. Return: false without memory. */
bool pool_hold(struct lsk_loop *loop, struct loop_op *op, uint16_t buffer,
	       uint32_t offset, uint32_t len)
{
	struct pool_held *held;
	uint32_t index;

	if (!loop->held_free && !held_grow(loop))
		return false;
	index = loop->held_free;
	held = &loop->held[index];
	loop->held_free = held->next;
	held->buffer = buffer;
	held->offset = offset;
	held->len = len;
	held->next = 0;
	if (op->flags)
		loop->held[op->progress].next = index;
	else
		op->flags = (int32_t)index;
	op->progress = index;
	return true;
}

static struct pool_held held_pop(struct lsk_loop *loop, struct loop_op *op)
{
	const uint32_t index = (uint32_t)op->flags;
	struct pool_held held = loop->held[index];

	op->flags = (int32_t)held.next;
	loop->held[index].next = loop->held_free;
	loop->held_free = index;
	return held;
}

/* The stream was resumed: its events go out, until it is paused again. */
void pool_deliver_held(struct lsk_loop *loop, struct loop_op *op)
{
	const uint32_t generation = op->generation;

	while (op->generation == generation && op->flags && !(op->state & OP_PAUSED)) {
		const struct pool_held held = held_pop(loop, op);

		if (held.buffer == POOL_HELD_END)
			op_finish(loop, op, (int)held.len, 0);
		else
			op_emit(loop, op, held.buffer, held.offset, held.len);
	}
}

/* The stream ends with events held back: buffers return, descriptors are closed. */
void pool_drop_held(struct lsk_loop *loop, struct loop_op *op)
{
	while (op->flags) {
		const struct pool_held held = held_pop(loop, op);

		if (held.buffer == POOL_HELD_ACCEPT)
			loop_close_fd(loop, (int)held.len);
		else if (held.buffer != POOL_HELD_END)
			pool_unref(op->u.pool, held.buffer);
	}
}
