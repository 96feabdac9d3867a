/* SPDX-License-Identifier: MIT */
/*
 * The loop on io_uring: one ring, everything that a pass starts submitted with the next
 * wait. user_data is the operation's slot and generation, never a pointer.
 *
 * A send goes to the ring when several channels have something to send, and costs a
 * share of one system call; a single one is tried by send(2) at once, which is the same
 * number of system calls and quicker.
 */
#include <errno.h>
#include <liburing.h>
#include <linsock/loop_feature.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "uring/engine.h"
#include "uring/loop.h"
#include "uring/loop_hot.h"
#include "uring/uring_loop.h"
#include "uring/util.h"

enum {
	URING_ENTRIES_DEFAULT = 64,
	URING_ENTRIES_MIN = 4,
	/* Channels with something to send up to which send(2) is used. */
	URING_INLINE_MAX = 1,
	/* Completions that min_wait_us waits for. */
	URING_MIN_WAIT_MAX = 64,
	/* Seconds after which a wait without a limit begins anew. */
	URING_LONG_WAIT = 3600,
	/* To which the completion queue may grow. */
	URING_COMPLETIONS_MAX = 1 << 15,
};

static int uring_setup(struct io_uring *ring, unsigned int entries,
		       unsigned int completions)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL |
			 IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
		.cq_entries = completions > entries ? completions : entries * 2,
	};

	return io_uring_queue_init_params(entries, ring, &params);
}

static int uring_loop_init(struct lsk_loop *loop,
			   const struct lsk_loop_options *options)
{
	unsigned int entries =
		options->entries ? options->entries : URING_ENTRIES_DEFAULT;
	unsigned int completions =
		options->completions ? options->completions : entries * 8;
	struct uring_loop *uring;
	int r;

	uring = calloc(1, sizeof(*uring));
	if (!uring)
		return -ENOMEM;
	uring->host_fd = -1;
	r = uring_setup(&uring->ring, entries, completions);
	/* Rings are charged to RLIMIT_MEMLOCK: a smaller one may pass. */
	while (r == -ENOMEM && entries / 2 >= URING_ENTRIES_MIN) {
		entries /= 2;
		completions /= 2;
		r = uring_setup(&uring->ring, entries, completions);
	}
	if (r < 0) {
		free(uring);
		return r;
	}
	loop->features = LSK_LOOP_RING | uring_features(&uring->ring);
	uring->is_full_grown = !(loop->features & LSK_LOOP_GROWTH);
	/* Saves looking the descriptor up in each call; it is no loss where refused. */
	if (io_uring_register_ring_fd(&uring->ring) == 1)
		loop->features |= LSK_LOOP_RING_FD;
	if (!(loop->features & LSK_LOOP_ZERO_COPY))
		loop->zero_copy_min = 0;
	if (loop->zero_copy_min == 0)
		loop->features &= ~(unsigned int)LSK_LOOP_ZERO_COPY;
	if (!options->direct_max ||
	    io_uring_register_files_sparse(&uring->ring, options->direct_max) < 0)
		loop->features &= ~(unsigned int)LSK_LOOP_DIRECT;
	if (options->busy_poll_us) {
		struct io_uring_napi napi = {
			.busy_poll_to = options->busy_poll_us,
			.prefer_busy_poll = 1,
		};

		if (io_uring_register_napi(&uring->ring, &napi) == 0)
			loop->features |= LSK_LOOP_BUSY_POLL;
	}
	/* More than one completion, but no more than the queue has room for. */
	if (options->min_wait_us && uring->ring.features & IORING_FEAT_MIN_TIMEOUT) {
		loop->features |= LSK_LOOP_MIN_WAIT;
		uring->min_wait_us = options->min_wait_us;
		uring->min_wait_count = uring->ring.cq.ring_entries / 2;
		if (uring->min_wait_count > URING_MIN_WAIT_MAX)
			uring->min_wait_count = URING_MIN_WAIT_MAX;
	}
	loop->state = uring;
	return 0;
}

static void uring_loop_done(struct lsk_loop *loop)
{
	struct uring_loop *uring = loop->state;

	io_uring_queue_exit(&uring->ring);
	if (uring->host_fd >= 0)
		close(uring->host_fd);
	free(uring);
}

/* Let the kernel say when the head of the queue can be sent. */
static void wait_for_room(struct lsk_loop *loop, struct channel *channel)
{
	struct loop_op *op = &loop->ops[channel->send_head];
	struct io_uring_sqe *sqe = sqe_get(loop);

	if (!sqe) {
		channel_flush_later(channel);
		return;
	}
	io_uring_prep_poll_add(sqe, channel->fd, POLLOUT);
	sqe_settle_file(sqe);
	sqe->user_data = name_of(loop, op);
	op->state |= OP_ARMED | OP_POLLED;
	channel->batch_count = 1;
	channel->state |= CHANNEL_BUSY;
}

static void prepare_zero_copy(struct lsk_loop *loop, struct io_uring_sqe *sqe,
			      const struct loop_op *op, int flags)
{
	const char *bytes = send_bytes(loop, op);
	const size_t len = op->len - op->progress;
	const int index = uring_loop_buffer_of(loop->state, bytes, len);
	const int fd = op->channel->fd;

	if (index >= 0)
		io_uring_prep_send_zc_fixed(sqe, fd, bytes, len, flags,
					    IORING_SEND_ZC_REPORT_USAGE,
					    (unsigned int)index);
	else
		io_uring_prep_send_zc(sqe, fd, bytes, len, flags,
				      IORING_SEND_ZC_REPORT_USAGE);
}

/* Let the ring send the head of the queue, and what can go with it. */
static void send_on_ring(struct lsk_loop *loop, struct channel *channel)
{
	struct loop_op *op = &loop->ops[channel->send_head];
	struct io_uring_sqe *sqe = sqe_get(loop);
	struct msghdr *message = NULL;
	int flags = op->flags | MSG_NOSIGNAL;

	if (!sqe) {
		channel_flush_later(channel);
		return;
	}
	/* The kernel goes on by itself after a short send. */
	if (!(flags & MSG_DONTWAIT))
		flags |= MSG_WAITALL;
	channel->batch_count = 1;
	if (send_wants_zero_copy(channel, op)) {
		prepare_zero_copy(loop, sqe, op, flags);
		sqe_settle_file(sqe);
		sqe->user_data = name_of(loop, op);
		op->state |= OP_ARMED;
		channel->state |= CHANNEL_BUSY;
		return;
	}
	if (op->kind != OP_SEND || op->next != OP_NONE)
		send_prepare(channel, &message);
	if (message)
		io_uring_prep_sendmsg(sqe, channel->fd, message, (unsigned int)flags);
	else
		io_uring_prep_send(sqe, channel->fd, send_bytes(loop, op),
				   op->len - op->progress, flags);
	sqe_settle_file(sqe);
	sqe->user_data = name_of(loop, op);
	op->state |= OP_ARMED;
	channel->state |= CHANNEL_BUSY;
}

static void uring_loop_send(struct lsk_loop *loop, struct channel *channel)
{
	const unsigned int wanted = CHANNEL_RING_SEND | CHANNEL_STREAM;
	const bool is_ring = (channel->caps & wanted) == wanted;
	bool would_block = true;

	if (!is_ring || (loop->flush_round <= URING_INLINE_MAX &&
			 LIKELY(!fd_is_direct(channel->fd)))) {
		send_by_syscall(channel, &would_block);
		if (!would_block || channel->state & CHANNEL_FREE ||
		    channel->send_head == OP_NONE)
			return;
		if (!is_ring) {
			wait_for_room(loop, channel);
			return;
		}
	}
	send_on_ring(loop, channel);
}

static void arm_wake(struct lsk_loop *loop)
{
	struct uring_loop *uring = loop->state;
	struct io_uring_sqe *sqe;

	if (uring->is_wake_armed)
		return;
	sqe = sqe_get(loop);
	if (!sqe)
		return;
	io_uring_prep_poll_add(sqe, loop->wake_fd, POLLIN);
	sqe->user_data = URING_SLOT_WAKE;
	uring->is_wake_armed = true;
}

/* Of what is no operation, or was one. */
static void take_other(struct lsk_loop *loop, uint64_t name)
{
	struct uring_loop *uring = loop->state;

	if ((uint32_t)name == URING_SLOT_WAKE) {
		uring->is_wake_armed = false;
		loop_was_woken(loop);
	} else if ((uint32_t)name != URING_SLOT_NOTHING) {
		loop->stats.stale++;
	}
}

static void take_completion(struct lsk_loop *loop, uint64_t name, int res,
			    unsigned int flags)
{
	const uint32_t slot =
		(uint32_t)name & ~(uint32_t)(URING_SLOT_REQUEST | URING_SLOT_AGAIN);
	struct loop_op *op = &loop->ops[slot];
	struct loop_result result;

	if (slot >= loop->ops_used || op->generation != (uint32_t)(name >> 32) ||
	    op->kind == OP_KIND__COUNT) {
		take_other(loop, name);
		return;
	}
	if (op->kind == OP_SEND) {
		if (flags & IORING_CQE_F_NOTIF) {
			send_notified(loop, op,
				      (unsigned int)res & IORING_NOTIF_USAGE_ZC_COPIED);
			return;
		}
		/* Of a zero-copy send, also of one that failed. */
		if (flags & IORING_CQE_F_MORE)
			op->state |= OP_NOTIFY_DUE;
		send_complete(op->channel, res);
		return;
	}
	if (LIKELY(op->kind == OP_RECV_STREAM && res > 0 && flags & IORING_CQE_F_MORE &&
		   flags & IORING_CQE_F_BUFFER &&
		   (uint32_t)res <= op->u.pool->buffer_size)) {
		const uint16_t buffer = (uint16_t)(flags >> IORING_CQE_BUFFER_SHIFT);
		uint32_t offset;

		/* What an answer needs, both at once where neither is in the cache. */
		__builtin_prefetch(op->channel);
		__builtin_prefetch(op->context);
		offset = pool_received(op->u.pool, buffer, res,
				       flags & IORING_CQE_F_BUF_MORE);
		op_deliver(loop, op, buffer, offset, (uint32_t)res);
		return;
	}
	result = (struct loop_result){
		.result = res,
		.has_more = flags & IORING_CQE_F_MORE,
		.has_buffer = flags & IORING_CQE_F_BUFFER,
		.buffer_goes_on = flags & IORING_CQE_F_BUF_MORE,
		.is_starved = res == -ENOBUFS,
		.buffer = (uint16_t)(flags >> IORING_CQE_BUFFER_SHIFT),
	};
	if (name & URING_SLOT_AGAIN) {
		op->state &= (uint16_t)~OP_STOPPING;
		op_list(loop, op);
		return;
	}
	if (op->state & OP_DIRECT && res >= 0)
		result.result = DIRECT_FIRST + res;
	/* Part of a request has no answer. */
	if (name & URING_SLOT_REQUEST && res >= 0)
		result.result = -EMSGSIZE;
	op_complete(loop, op, &result);
}

/* An operation and its channel are a cache line each, and with many connections they
 * are not in the cache: they are fetched while those before them are at work. */
static void fetch_ahead(const struct lsk_loop *loop, const struct io_uring_cq *cq,
			unsigned int head, unsigned int tail)
{
	const uint32_t mask = LOOP_OPS_MAX - 1;

	if (tail - head > 2)
		__builtin_prefetch(
			&loop->ops[cq->cqes[(head + 2) & cq->ring_mask].user_data &
				   mask]);
	if (tail - head > 1)
		__builtin_prefetch(
			loop->ops[cq->cqes[(head + 1) & cq->ring_mask].user_data & mask]
				.channel);
}

/* Complete what is there, up to the pass' share and the room that is left for events.
 */
static void take_completions(struct lsk_loop *loop)
{
	struct uring_loop *uring = loop->state;
	struct io_uring_cq *cq = &uring->ring.cq;
	unsigned int head = *cq->khead;
	unsigned int tail;

	while (head != (tail = io_uring_smp_load_acquire(cq->ktail))) {
		for (; head != tail; head++) {
			const struct io_uring_cqe *cqe =
				&cq->cqes[head & cq->ring_mask];
			const uint64_t name = cqe->user_data;
			const int res = cqe->res;
			const unsigned int flags = cqe->flags;

			fetch_ahead(loop, cq, head, tail);
			/* Before the callback, which may submit and need the room. */
			io_uring_smp_store_release(cq->khead, head + 1);
			take_completion(loop, name, res, flags);
			if (loop->pass_left <= 0 ||
			    (loop->next_room && loop->next_count == loop->next_room))
				return;
		}
	}
}

static bool kernel_has_work(const struct io_uring *ring)
{
	return IO_URING_READ_ONCE(*ring->sq.kflags) &
	       (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

/* More completions come than there is room for: make more. The kernel has kept them,
 * so that it is no loss where it cannot. */
static void grow(struct lsk_loop *loop)
{
	struct uring_loop *uring = loop->state;
	const unsigned int completions = uring->ring.cq.ring_entries * 2;
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE,
		.sq_entries = uring->ring.sq.ring_entries,
		.cq_entries = completions,
	};

	/* What is not submitted yet would not be moved. */
	if (io_uring_sq_ready(&uring->ring) > 0)
		return;
	uring->wants_growth = false;
	if (completions > URING_COMPLETIONS_MAX ||
	    io_uring_resize_rings(&uring->ring, &params) < 0)
		uring->is_full_grown = true;
	else
		loop->stats.grown++;
}

static int enter(struct lsk_loop *loop, int64_t timeout_ns)
{
	struct uring_loop *uring = loop->state;
	struct io_uring *ring = &uring->ring;
	struct io_uring_cqe *cqe = NULL;
	struct __kernel_timespec time = {
		.tv_sec = timeout_ns / LSK_NSEC_PER_SEC,
		.tv_nsec = timeout_ns % LSK_NSEC_PER_SEC,
	};

	if (IO_URING_READ_ONCE(*ring->sq.kflags) & IORING_SQ_CQ_OVERFLOW) {
		loop->stats.overflows++;
		uring->wants_growth = !uring->is_full_grown;
	}
	if (timeout_ns == 0 || io_uring_cq_ready(ring) > 0) {
		if (io_uring_sq_ready(ring) == 0 && !kernel_has_work(ring))
			return 0;
		return io_uring_submit_and_get_events(ring);
	}
	if (uring->min_wait_us) {
		/* Never without a limit: liburing would wait again for as many, and the
		 * kernel counts only those that come after the first wait. */
		if (timeout_ns < 0)
			time = (struct __kernel_timespec){.tv_sec = URING_LONG_WAIT};
		return io_uring_submit_and_wait_min_timeout(
			ring, &cqe, uring->min_wait_count, &time, uring->min_wait_us,
			NULL);
	}
	if (timeout_ns < 0)
		return io_uring_submit_and_wait(ring, 1);
	return io_uring_submit_and_wait_timeout(ring, &cqe, 1, &time, NULL);
}

static int uring_loop_wait(struct lsk_loop *loop, int64_t timeout_ns)
{
	struct uring_loop *uring = loop->state;
	eventfd_t count;
	int r;

	arm_wake(loop);
	if (uring->host_fd >= 0)
		eventfd_read(uring->host_fd, &count);
	r = enter(loop, timeout_ns);
	if (r == -EBUSY || r == -EAGAIN || r == -ENOMEM) {
		/* Not taken for the moment. Completions make room; without any, a short
		 * rest has to do. */
		loop->stats.busy++;
		if (io_uring_cq_ready(&uring->ring) == 0)
			poll(NULL, 0, 1);
		r = 0;
	}
	if (uring->wants_growth)
		grow(loop);
	take_completions(loop);
	if (r == -ETIME || r > 0)
		r = 0;
	return r;
}

static void uring_loop_submit(struct lsk_loop *loop)
{
	struct uring_loop *uring = loop->state;

	if (io_uring_sq_ready(&uring->ring) > 0 && io_uring_submit(&uring->ring) < 0)
		loop->stats.busy++;
}

static bool uring_loop_has_work(struct lsk_loop *loop)
{
	struct uring_loop *uring = loop->state;

	return io_uring_cq_ready(&uring->ring) > 0 ||
	       (uring->host_fd >= 0 && kernel_has_work(&uring->ring));
}

/* The ring's own descriptor wakes nobody under DEFER_TASKRUN; an eventfd does. */
static int uring_loop_host_fd(struct lsk_loop *loop)
{
	struct uring_loop *uring = loop->state;
	int fd;
	int r;

	if (uring->host_fd >= 0)
		return uring->host_fd;
	fd = syscall_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (fd < 0)
		return fd;
	r = io_uring_register_eventfd(&uring->ring, fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	uring->host_fd = fd;
	arm_wake(loop);
	io_uring_submit(&uring->ring);
	/* What happened before is to be looked at once. */
	eventfd_write(fd, 1);
	return fd;
}

static int uring_loop_bind(struct lsk_loop *loop, struct channel *channel)
{
	(void)loop;
	(void)channel;
	return 0;
}

static void uring_loop_unbind(struct lsk_loop *loop, struct channel *channel)
{
	(void)loop;
	(void)channel;
}

static int uring_loop_ring_fd(const struct lsk_loop *loop)
{
	const struct uring_loop *uring = loop->state;

	return uring->ring.ring_fd;
}

const struct loop_backend loop_backend_uring = {
	.id = LSK_BACKEND_URING,
	.init = uring_loop_init,
	.done = uring_loop_done,
	.arm = uring_loop_arm,
	.cancel = uring_loop_cancel,
	.send = uring_loop_send,
	.await_room = wait_for_room,
	.read_file = uring_loop_read_file,
	.add_buffer = uring_loop_add_buffer,
	.wait = uring_loop_wait,
	.submit = uring_loop_submit,
	.has_work = uring_loop_has_work,
	.host_fd = uring_loop_host_fd,
	.bind = uring_loop_bind,
	.unbind = uring_loop_unbind,
	.close_direct = uring_loop_close_direct,
	.ring_fd = uring_loop_ring_fd,
	.pool_init = uring_pool_init,
	.pool_done = uring_pool_done,
};
