/* SPDX-License-Identifier: MIT */
/*
 * The queue of sends of a channel. At most one send of a stream is with the kernel: two
 * could pass each other where the first has to wait for room. What queues up behind it,
 * or in the same pass, leaves together.
 *
 * Messages (datagrams) never go to a ring's SEND: where a UNIX peer is full, the kernel
 * has taken the bytes when it says EAGAIN, and its second attempt sends an empty
 * message (6.18; tests/test_loop_send.c). They are sent by system call, and the ring
 * waits.
 */
#include <string.h>

#include "uring/loop.h"
#include "uring/loop_hot.h"
#include "uring/transfer.h"
#include "uring/util.h"

static struct loop_op *send_head(const struct channel *channel)
{
	if (channel->send_head == OP_NONE)
		return NULL;
	return &channel->loop->ops[channel->send_head];
}

static int send_stop_reason(const struct loop_op *op)
{
	if (op->progress > 0)
		return (int)op->progress;
	return op->state & OP_EXPIRED ? -ETIME : -ECANCELED;
}

struct send_batch *channel_batch_new(struct lsk_loop *loop)
{
	struct send_batch *batch = loop->batches;

	if (batch)
		loop->batches = batch->next;
	else
		batch = malloc(sizeof(*batch));
	return batch;
}

void channel_batch_free(struct lsk_loop *loop, void *memory)
{
	struct send_batch *batch = memory;

	if (!batch)
		return;
	batch->next = loop->batches;
	loop->batches = batch;
}

/* What left together is one by one again. */
static void send_unbatch(struct channel *channel)
{
	if (channel->batch) {
		channel_batch_free(channel->loop, channel->batch);
		channel->batch = NULL;
	}
	channel->batch_count = 0;
}

/* A cancel had found no room on the way to the kernel. */
static void send_cancel_again(struct channel *channel)
{
	struct loop_op *head = send_head(channel);

	if (op_is_stopped(head) && !(head->state & OP_STOPPING))
		channel->loop->backend->cancel(channel->loop, head);
}

/* Of many channels none is in the cache: the next is fetched while one is sent from. */
static inline void fetch_next(const struct lsk_loop *loop, uint32_t next)
{
	const struct channel *channel = &loop->channels[next];

	if (next == OP_NONE)
		return;
	/* It was fetched when it was the next but one. */
	if (channel->send_head != OP_NONE)
		__builtin_prefetch(&loop->ops[channel->send_head]);
	if (channel->flush_next != OP_NONE)
		__builtin_prefetch(&loop->channels[channel->flush_next]);
}

void channel_flush_all(struct lsk_loop *loop)
{
	uint32_t next = loop->flush_head;

	/* Whatever the callbacks queue meanwhile is for the next round. */
	loop->flush_head = OP_NONE;
	loop->flush_round = loop->flush_count;
	loop->flush_count = 0;
	while (next != OP_NONE) {
		struct channel *channel = &loop->channels[next];

		next = channel->flush_next;
		fetch_next(loop, next);
		channel->state &= (uint16_t)~CHANNEL_FLUSHING;
		if (channel->state & CHANNEL_FREE)
			continue;
		if (channel->state & CHANNEL_BUSY) {
			send_cancel_again(channel);
			continue;
		}
		if (channel->state & CHANNEL_STOPPED)
			send_drop_stopped(channel);
		if (channel->state & CHANNEL_FREE || channel->send_head == OP_NONE)
			continue;
		if (send_head(channel)->kind == OP_SENDFILE)
			transfer_send(channel);
		else
			loop->backend->send(loop, channel);
	}
}

void send_check_drain(struct channel *channel)
{
	struct lsk_loop *loop = channel->loop;
	uint32_t slot = channel->others;
	bool is_waited_for = false;

	while (slot != OP_NONE) {
		struct loop_op *op = &loop->ops[slot];

		slot = op->next;
		if (op->kind != OP_DRAIN)
			continue;
		if (channel->queued > op->u.low) {
			is_waited_for = true;
			continue;
		}
		op_finish(loop, op, 0, 0);
		if (channel->state & CHANNEL_FREE)
			return;
		slot = channel->others; /* the callback may have changed it */
		is_waited_for = false;
	}
	if (!is_waited_for)
		channel->state &= (uint16_t)~CHANNEL_DRAINS;
}

/* @op is out of the queue, but its bytes are the kernel's until the notification. */
void send_await_notification(struct lsk_loop *loop, struct loop_op *op, int result)
{
	if (op->timer)
		wheel_disarm(&loop->wheel, op->timer);
	op->timer = 0;
	op->state |= OP_SENT;
	op->flags = result;
}

/* The end of a first send that is neither batched nor with the kernel. */
void send_finish_first(struct channel *channel, int result)
{
	struct loop_op *op = send_head(channel);

	channel->send_head = op->next;
	channel->queued -= op->len;
	op_finish(channel->loop, op, result, 0);
	if (channel->state & CHANNEL_DRAINS && !(channel->state & CHANNEL_FREE))
		send_check_drain(channel);
}

/* Take those that were stopped out of a queue of which nothing is with the kernel. */
void send_drop_stopped(struct channel *channel)
{
	struct lsk_loop *loop = channel->loop;
	uint32_t *place = &channel->send_head;
	uint32_t last = OP_NONE;

	if (!(channel->state & CHANNEL_STOPPED))
		return;
	channel->state &= (uint16_t)~CHANNEL_STOPPED;
	channel->state |= CHANNEL_SENDING;
	while (*place != OP_NONE) {
		struct loop_op *op = &loop->ops[*place];

		if (!op_is_stopped(op)) {
			last = *place;
			place = &op->next;
			continue;
		}
		*place = op->next;
		if (op->next == OP_NONE)
			channel->send_tail = last;
		channel->queued -= op->len;
		if (op->state & OP_NOTIFY_DUE)
			send_await_notification(loop, op, send_stop_reason(op));
		else
			op_finish(loop, op, send_stop_reason(op), 0);
	}
	channel->state &= (uint16_t)~CHANNEL_SENDING;
	if (channel->state & CHANNEL_DRAINS)
		send_check_drain(channel);
	if (channel->state & CHANNEL_CLOSING)
		channel_check_close(channel);
}

/* A send is to end early. One that is with the kernel is cancelled there. */
void send_stop(struct channel *channel, struct loop_op *op)
{
	struct lsk_loop *loop = channel->loop;
	struct loop_op *head = send_head(channel);
	uint32_t slot = channel->send_head;

	channel->state |= CHANNEL_STOPPED;
	if (!(channel->state & CHANNEL_BUSY)) {
		channel_flush_later(channel);
		return;
	}
	for (unsigned int i = 0; i < channel->batch_count && slot != OP_NONE; i++) {
		if (&loop->ops[slot] == op && !(head->state & OP_STOPPING))
			loop->backend->cancel(loop, head);
		slot = loop->ops[slot].next;
	}
	/* The others are dropped when the one with the kernel has come back. */
}

void send_stop_all(struct channel *channel)
{
	struct lsk_loop *loop = channel->loop;
	uint32_t slot = channel->send_head;
	uint32_t next;

	for (; slot != OP_NONE; slot = next) {
		next = loop->ops[slot].next;
		op_stop(loop, &loop->ops[slot], OP_CANCELLED);
	}
}

/*
 * What leaves next: the head alone, or with it what queued up behind. Return: how many
 * operations that are; @ret_message is set where it is more than one, or a message.
 */
uint32_t send_prepare(struct channel *channel, struct msghdr **ret_message)
{
	struct lsk_loop *loop = channel->loop;
	struct loop_op *op = send_head(channel);
	struct send_batch *batch;
	uint32_t count = 0;
	uint32_t slot;

	*ret_message = NULL;
	channel->batch_count = 1;
	if (op->kind == OP_SENDMSG) {
		*ret_message = op->u.message;
		return 1;
	}
	if (!(channel->caps & CHANNEL_STREAM) || op->next == OP_NONE ||
	    loop->ops[op->next].kind != OP_SEND ||
	    loop->ops[op->next].flags != op->flags ||
	    send_wants_zero_copy(channel, &loop->ops[op->next]))
		return 1;
	batch = channel_batch_new(loop);
	if (!batch)
		return 1;
	for (slot = channel->send_head; slot != OP_NONE && count < SEND_BATCH_MAX;
	     slot = loop->ops[slot].next) {
		struct loop_op *next = &loop->ops[slot];

		if (next->kind != OP_SEND || next->flags != op->flags ||
		    send_wants_zero_copy(channel, next))
			break;
		batch->iov[count].iov_base = send_bytes(loop, next);
		batch->iov[count].iov_len = next->len - next->progress;
		count++;
	}
	batch->message = (struct msghdr){
		.msg_iov = batch->iov,
		.msg_iovlen = count,
	};
	channel->batch = batch;
	channel->batch_count = (uint8_t)count;
	loop->stats.coalesced += count - 1;
	*ret_message = &batch->message;
	return count;
}

/* The kernel no longer looks at the bytes of a zero-copy send. */
void send_notified(struct lsk_loop *loop, struct loop_op *op, bool was_copied)
{
	const lsk_done_fn done = op->done;
	const struct lsk_event event = {
		.op = {op_slot(loop, op), op->generation},
		.result = op->flags,
		.flags = was_copied ? LSK_EVENT_COPIED : 0,
		.context = op->context,
	};

	op->state &= (uint16_t)~OP_NOTIFY_DUE;
	loop->stats.zero_copied += !was_copied;
	/* On this way it costs and brings nothing. */
	if (was_copied)
		op->channel->caps &= (uint8_t)~CHANNEL_ZERO_COPY;
	if (!(op->state & OP_SENT))
		return;
	if (op->state & OP_LEASED)
		pool_lease_back(loop->pools[op->group], op->u.lease);
	event_show(loop, op, &event);
	slot_retire(loop, op);
	event_emit(loop, OP_SEND, done, &event);
}

/* Spread @result over the operations that left together, and end those that are done.
 */
static void send_account(struct channel *channel, int result)
{
	unsigned int count = channel->batch_count;
	struct loop_op *op = send_head(channel);

	send_unbatch(channel);
	op->state &= (uint16_t) ~(OP_ARMED | OP_STOPPING | OP_POLLED);
	if (op->state & OP_NOTIFY_DUE) {
		/* The rest of it, if any, or all where it was refused, is copied. */
		op->state |= OP_COPYING;
		if (result == -EOPNOTSUPP || result == -EINVAL) {
			channel->caps &= (uint8_t)~CHANNEL_ZERO_COPY;
			return;
		}
	}
	if (result < 0) {
		if (op_is_stopped(op) && (result == -ECANCELED || result == -EINTR))
			result = send_stop_reason(op);
		else if (op->progress > 0 && op_is_stopped(op))
			result = (int)op->progress;
		else if (result == -ECANCELED || result == -EINTR)
			return; /* a neighbour was cancelled: again, without it */
		send_finish_head(channel, result);
		return;
	}
	if (op->kind == OP_SENDMSG || !(channel->caps & CHANNEL_STREAM)) {
		send_finish_head(channel, result);
		return;
	}
	while (count-- > 0) {
		uint32_t rest;

		op = send_head(channel);
		rest = op->len - op->progress;
		if ((uint32_t)result < rest) {
			op->progress += (uint32_t)result;
			return;
		}
		result -= (int)rest;
		send_finish_head(channel, (int)op->len);
	}
}

/* What send_complete() has to look at: part of it, an error, several, a poll. */
void send_complete_part(struct channel *channel, int result)
{
	struct loop_op *op = send_head(channel);

	if (op->state & OP_POLLED && result >= 0)
		op->state &= (uint16_t) ~(OP_ARMED | OP_STOPPING | OP_POLLED);
	else
		send_account(channel, result);
}

static int send_once(struct channel *channel, struct msghdr *message)
{
	const struct loop_op *op = send_head(channel);
	int flags = op->flags | MSG_DONTWAIT;
	ssize_t r;

	if (!(channel->caps & CHANNEL_WRITE_ONLY))
		flags |= MSG_NOSIGNAL;
	do {
		if (message)
			r = syscall_count(sendmsg(channel->fd, message, flags));
		else
			r = syscall_count(send(channel->fd,
					       send_bytes(channel->loop, op),
					       op->len - op->progress, flags));
	} while (r == -EINTR);
	return (int)r;
}

/* Send until the queue is empty or the kernel has no room. */
void send_by_syscall(struct channel *channel, bool *ret_would_block)
{
	struct msghdr *message;
	int r;

	*ret_would_block = false;
	channel->state |= CHANNEL_SENDING;
	while (channel->send_head != OP_NONE) {
		const struct loop_op *op = send_head(channel);

		/* A system call would copy: that is for the ring. */
		if (send_wants_zero_copy(channel, op)) {
			*ret_would_block = true;
			break;
		}
		message = NULL;
		channel->batch_count = 1;
		/* Messages do not leave together. */
		if (op->kind != OP_SEND ||
		    (op->next != OP_NONE && channel->caps & CHANNEL_STREAM)) {
			if (op->kind == OP_SENDFILE) {
				channel_flush_later(channel);
				break;
			}
			send_prepare(channel, &message);
		}
		r = send_once(channel, message);
		if (r == -EAGAIN) {
			send_unbatch(channel);
			*ret_would_block = true;
			break;
		}
		if (!message && r == (int)op->len && op->progress == 0) {
			channel->batch_count = 0;
			send_finish_head(channel, r); /* as most do */
		} else {
			send_account(channel, r);
		}
	}
	channel->state &= (uint16_t)~CHANNEL_SENDING;
	if (channel->state & CHANNEL_CLOSING && channel->send_head == OP_NONE)
		channel_check_close(channel);
}
