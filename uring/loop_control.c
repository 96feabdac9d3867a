/* SPDX-License-Identifier: MIT */
/* What a program says to operations: start, cancel, pause, resume. */
#include "uring/loop.h"
#include "uring/util.h"

int lsk_loop_cancel(struct lsk_loop *loop, struct lsk_op op)
{
	struct loop_op *found;

	if (!loop)
		return -EINVAL;
	if (loop_is_foreign(loop))
		return -ECHILD;
	found = op_find(loop, op);
	if (!found)
		return -ENOENT;
	op_stop(loop, found, OP_CANCELLED);
	return 0;
}

int lsk_loop_cancel_all(struct lsk_loop *loop)
{
	if (!loop)
		return -EINVAL;
	if (loop_is_foreign(loop))
		return -ECHILD;
	for (uint32_t slot = 0; slot < loop->ops_used; slot++) {
		struct loop_op *op = &loop->ops[slot];

		if (op->kind != OP_KIND__COUNT && op->kind != OP_CLOSE)
			op_stop(loop, op, OP_CANCELLED);
	}
	return 0;
}

int lsk_loop_pause(struct lsk_loop *loop, struct lsk_op op)
{
	struct loop_op *found;

	if (!loop)
		return -EINVAL;
	if (loop_is_foreign(loop))
		return -ECHILD;
	found = op_find(loop, op);
	if (!found || !op_is_stream(found))
		return -ENOENT;
	found->state |= OP_PAUSED;
	if (found->state & OP_ARMED && !(found->state & OP_STOPPING))
		loop->backend->cancel(loop, found);
	return 0;
}

int lsk_loop_resume(struct lsk_loop *loop, struct lsk_op op)
{
	struct loop_op *found;

	if (!loop)
		return -EINVAL;
	if (loop_is_foreign(loop))
		return -ECHILD;
	found = op_find(loop, op);
	if (!found || !op_is_stream(found))
		return -ENOENT;
	if (found->state & OP_PAUSED) {
		found->state &= (uint16_t)~OP_PAUSED;
		op_list(loop, found);
	}
	return 0;
}

/* What a descriptor of the ring's own table cannot: it is done by system calls. */
static bool is_for_process(enum op_kind kind, const struct lsk_pool *pool)
{
	const unsigned int kinds = 1U << OP_ACCEPT | 1U << OP_ACCEPT_STREAM |
				   1U << OP_CONNECT | 1U << OP_EXCHANGE |
				   1U << OP_SENDFILE | 1U << OP_SPLICE;

	return kinds & 1U << kind || (pool && !pool->ring);
}

int loop_start(struct lsk_loop *loop, struct channel *channel, enum op_kind kind,
	       const struct loop_op *what, const struct lsk_then *then)
{
	struct lsk_pool *pool = NULL;
	struct loop_op *op;
	int r;

	if (kind == OP_RECV_STREAM || kind == OP_RECVMSG_STREAM) {
		r = pool_for(what->u.pool, channel, &pool);
		if (r < 0)
			return r;
	}
	if (fd_is_direct(channel->fd) && is_for_process(kind, pool))
		return -EOPNOTSUPP;
	r = op_new(loop, channel, kind, then, &op);
	if (r < 0)
		return r;
	op->u = what->u;
	if (pool)
		op->u.pool = pool;
	op->state = what->state;
	op->group = what->group;
	op->link = what->link;
	op->len = what->len;
	op->flags = what->flags;
	op_start(loop, op);
	return 0;
}

int lsk_loop_timer(struct lsk_loop *loop, int64_t delay_ns, const struct lsk_then *then)
{
	struct lsk_then timed = then ? *then : (struct lsk_then){0};
	struct loop_op *op;

	if (!loop || delay_ns < 0)
		return -EINVAL;
	if (loop_is_foreign(loop))
		return -ECHILD;
	timed.timeout_ns = delay_ns > 0 ? delay_ns : 1;
	return op_new(loop, NULL, OP_TIMER, &timed, &op);
}
