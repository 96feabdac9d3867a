/* SPDX-License-Identifier: MIT */
/*
 * The loop on epoll. A descriptor is registered once, edge-triggered; what is known of
 * its readiness is kept with the channel, so that the usual operation costs its own
 * system call and nothing else. EPOLLOUT is asked for only while something waits for
 * room: a UNIX socket reports it whenever its peer reads.
 *
 * An operation is "armed" when it waits in its channel's list. Starting one puts the
 * channel on the list of those to try where it may be ready.
 */
#include <fcntl.h>
#include <linsock/loop_feature.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "uring/engine.h"
#include "uring/loop.h"
#include "uring/loop_hot.h"
#include "uring/util.h"

enum {
	EPOLL_EVENTS_MAX = 512,
	/* Reads of one stream, messages of one socket, before others have their turn.
	 */
	EPOLL_READS_MAX = 16,
	EPOLL_MESSAGES_MAX = 64,
};

struct epoll {
	int fd;
	uint32_t ready; /* channels to try without having heard of an edge */
	uint32_t ready_tail;
	struct epoll_event events[EPOLL_EVENTS_MAX];
};

static int epoll_loop_init(struct lsk_loop *loop,
			   const struct lsk_loop_options *options)
{
	struct epoll_event wake = {.events = EPOLLIN, .data = {.ptr = NULL}};
	struct epoll *epoll;
	int r;

	(void)options;
	loop->zero_copy_min = 0;
	loop->features = LSK_LOOP_INCREMENTAL;
	epoll = calloc(1, sizeof(*epoll));
	if (!epoll)
		return -ENOMEM;
	epoll->ready = OP_NONE;
	epoll->fd = syscall_result(epoll_create1(EPOLL_CLOEXEC));
	if (epoll->fd < 0) {
		r = epoll->fd;
		free(epoll);
		return r;
	}
	r = syscall_result(epoll_ctl(epoll->fd, EPOLL_CTL_ADD, loop->wake_fd, &wake));
	if (r < 0) {
		close(epoll->fd);
		free(epoll);
		return r;
	}
	loop->state = epoll;
	return 0;
}

static void epoll_loop_done(struct lsk_loop *loop)
{
	struct epoll *epoll = loop->state;

	close(epoll->fd);
	free(epoll);
}

static int channel_register(struct lsk_loop *loop, struct channel *channel, int how)
{
	struct epoll *epoll = loop->state;
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET,
		.data = {.ptr = channel},
	};

	if (channel->state & CHANNEL_WANT_OUT)
		event.events |= EPOLLOUT;
	return syscall_result(epoll_ctl(epoll->fd, how, channel->fd, &event));
}

static int epoll_loop_bind(struct lsk_loop *loop, struct channel *channel)
{
	int r;

	r = channel_register(loop, channel, EPOLL_CTL_ADD);
	/* A file that cannot be waited for is always ready. */
	if (r == -EPERM)
		return 0;
	if (r == 0)
		channel->state |= CHANNEL_REGISTERED;
	return r;
}

static void epoll_loop_unbind(struct lsk_loop *loop, struct channel *channel)
{
	struct epoll *epoll = loop->state;

	/* close(2) would not do: a duplicate keeps the registration alive. */
	if (channel->state & CHANNEL_REGISTERED)
		epoll_ctl(epoll->fd, EPOLL_CTL_DEL, channel->fd, NULL);
}

static void channel_want_out(struct channel *channel, bool is_wanted)
{
	if (is_wanted == !!(channel->state & CHANNEL_WANT_OUT))
		return;
	channel->state ^= CHANNEL_WANT_OUT;
	if (channel->state & CHANNEL_REGISTERED)
		channel_register(channel->loop, channel, EPOLL_CTL_MOD);
}

static void channel_ready_later(struct lsk_loop *loop, struct channel *channel)
{
	struct epoll *epoll = loop->state;

	if (channel->state & CHANNEL_READY)
		return;
	channel->state |= CHANNEL_READY;
	channel->ready_next = OP_NONE;
	if (epoll->ready == OP_NONE)
		epoll->ready = channel_index(channel);
	else
		loop->channels[epoll->ready_tail].ready_next = channel_index(channel);
	epoll->ready_tail = channel_index(channel);
}

static bool waits_for_out(const struct loop_op *op)
{
	return op->kind == OP_CONNECT || (op->kind == OP_EXCHANGE && op->progress == 0);
}

/* A connection that is under way ends with room to send. */
static void await_connection(struct lsk_loop *loop, struct loop_op *op)
{
	struct loop_result result = {0};
	struct channel *channel = op->channel;

	if (!(channel->state & CHANNEL_LATE)) {
		channel_want_out(channel, true);
		return;
	}
	channel->state |= CHANNEL_WANT_OUT;
	result.result = channel_bind_late(channel);
	if (result.result < 0) {
		channel->state &= (uint16_t)~CHANNEL_WANT_OUT;
		op_complete(loop, op, &result);
	}
}

static void epoll_loop_arm(struct lsk_loop *loop, struct loop_op *op)
{
	struct channel *channel = op->channel;

	op->state |= OP_ARMED;
	/* A poll may ask for what is no edge. */
	if (op->kind == OP_CONNECT)
		await_connection(loop, op);
	else if (channel->state & CHANNEL_READABLE || op->kind == OP_POLL ||
		 op->kind == OP_EXCHANGE || !(channel->state & CHANNEL_REGISTERED))
		channel_ready_later(loop, channel);
}

static void epoll_loop_cancel(struct lsk_loop *loop, struct loop_op *op)
{
	op->state &= (uint16_t)~OP_ARMED;
	if (op->state & (OP_CANCELLED | OP_EXPIRED))
		op_list(loop, op);
}

static void epoll_loop_send(struct lsk_loop *loop, struct channel *channel)
{
	bool would_block;

	send_by_syscall(channel, &would_block);
	if (channel->state & CHANNEL_FREE)
		return;
	if (would_block) {
		/* A poll may say "room" of a UNIX peer that has none. */
		if (!(channel->caps & CHANNEL_STREAM)) {
			loop->has_naps = true;
			channel_ready_later(loop, channel);
		}
		channel_want_out(channel, true);
	}
}

static void epoll_loop_await_room(struct lsk_loop *loop, struct channel *channel)
{
	(void)loop;
	channel_want_out(channel, true);
}

static bool epoll_loop_has_work(struct lsk_loop *loop)
{
	const struct epoll *epoll = loop->state;

	return epoll->ready != OP_NONE && !loop->has_naps;
}

static int epoll_loop_host_fd(struct lsk_loop *loop)
{
	return ((struct epoll *)loop->state)->fd;
}

static void epoll_loop_submit(struct lsk_loop *loop)
{
	(void)loop;
}

/*
 * Receive for a stream. Where others wait for buffers, one buffer is its share, and it
 * stands behind them. Return: -EAGAIN where there is nothing more to receive.
 */
static int read_stream(struct lsk_loop *loop, struct loop_op *op)
{
	const unsigned int budget =
		op->kind == OP_RECVMSG_STREAM ? EPOLL_MESSAGES_MAX : EPOLL_READS_MAX;
	const uint32_t generation = op->generation;
	const bool is_tight = op->kind != OP_ACCEPT_STREAM && pool_is_tight(op->u.pool);
	const int r = loop_read_stream(loop, op, is_tight ? 1 : budget);

	if (UNLIKELY(is_tight) && r > 0 && op->generation == generation &&
	    op->state & OP_ARMED) {
		op->state &= (uint16_t)~OP_ARMED;
		op_rearm_behind(loop, op);
	}
	return r;
}

/* Try one operation. Return: whether the descriptor may have more for others. */
static bool try_op(struct lsk_loop *loop, struct loop_op *op)
{
	struct loop_result result = {0};
	int r;

	if (op->kind == OP_RECV_STREAM || op->kind == OP_RECVMSG_STREAM ||
	    op->kind == OP_ACCEPT_STREAM) {
		r = read_stream(loop, op);
		return r != -EAGAIN;
	}
	r = loop_attempt(op);
	if (r == -EALREADY) {
		op->state &= (uint16_t)~OP_ARMED;
		return true;
	}
	if (r == -EINPROGRESS && op->kind == OP_SPLICE)
		return true;
	if (r == -EINPROGRESS) {
		channel_want_out(op->channel, true);
		return true;
	}
	if (r == -EAGAIN && waits_for_out(op)) {
		channel_want_out(op->channel, true);
		return true;
	}
	if (r == -EAGAIN) {
		if (op->kind == OP_POLL && op->flags & ~EPOLLIN)
			channel_want_out(op->channel, true);
		return op->kind == OP_POLL;
	}
	result.result = r;
	op_complete(loop, op, &result);
	return true;
}

/* Try what waits on a channel, oldest or newest first makes no difference: one reader
 * and one connection are what a socket has. */
static void try_channel(struct lsk_loop *loop, struct channel *channel)
{
	uint32_t slot = channel->others;
	bool is_readable = channel->state & CHANNEL_READABLE ||
			   !(channel->state & CHANNEL_REGISTERED);

	while (slot != OP_NONE && !(channel->state & CHANNEL_FREE)) {
		struct loop_op *op = &loop->ops[slot];
		const uint32_t generation = op->generation;
		const uint32_t next = op->next;

		if (!(op->state & OP_ARMED) || op->kind == OP_DRAIN) {
			slot = next;
			continue;
		}
		if (is_readable || waits_for_out(op) || op->kind == OP_POLL) {
			bool has_more = try_op(loop, op);

			if (!has_more) {
				is_readable = false;
				channel->state &= (uint16_t)~CHANNEL_READABLE;
			}
			/* The callback may have changed the list. */
			if (op->generation != generation) {
				slot = channel->others;
				continue;
			}
			if (has_more && op->state & OP_ARMED && is_readable &&
			    !waits_for_out(op) && op->kind != OP_POLL)
				channel_ready_later(loop, channel);
		}
		slot = next;
	}
}

/* The same for a channel with one stream and nothing else. */
static void try_stream(struct lsk_loop *loop, struct loop_op *op)
{
	struct channel *channel = op->channel;
	const uint32_t generation = op->generation;
	int r;

	/* The callback's, while the kernel is asked: of many connections neither is in
	 * the cache. */
	__builtin_prefetch(op->context);
	__builtin_prefetch(channel->owner);
	r = read_stream(loop, op);
	if (r == -EAGAIN)
		channel->state &= (uint16_t)~CHANNEL_READABLE;
	else if (op->generation == generation && op->state & OP_ARMED &&
		 channel->state & CHANNEL_READABLE)
		channel_ready_later(loop, channel);
}

static void handle_event(struct lsk_loop *loop, const struct epoll_event *event)
{
	struct channel *channel = event->data.ptr;
	const uint32_t in = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;
	struct loop_op *op;

	if (!channel) {
		loop_was_woken(loop);
		return;
	}
	if (channel->state & CHANNEL_FREE)
		return;
	if (event->events & in)
		channel->state |= CHANNEL_READABLE;
	if (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		channel->state |= CHANNEL_HANGUP;
	if (event->events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
		/* A new connection asks for it until that is told again: it may be
		 * closed before. */
		if (channel->others == OP_NONE ||
		    loop->ops[channel->others].kind != OP_CONNECT)
			channel_want_out(channel, false);
		if (channel->send_head != OP_NONE)
			channel_flush_later(channel);
	}
	if (channel->others == OP_NONE)
		return;
	op = &loop->ops[channel->others];
	/* The kernel looked at the socket when the events were fetched, and connections
	 * begin before that. */
	if (op->kind == OP_CONNECT && op->progress == CONNECT_BEGUN &&
	    event->events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		op->progress = CONNECT_ENDED;
	if (op->kind == OP_RECV_STREAM && op->next == OP_NONE && op->state & OP_ARMED)
		try_stream(loop, op); /* as most channels have it */
	else
		try_channel(loop, channel);
}

static void try_ready(struct lsk_loop *loop)
{
	struct epoll *epoll = loop->state;
	uint32_t next = epoll->ready;

	epoll->ready = OP_NONE;
	while (next != OP_NONE) {
		struct channel *channel = &loop->channels[next];

		next = channel->ready_next;
		channel->state &= (uint16_t)~CHANNEL_READY;
		if (channel->state & CHANNEL_FREE)
			continue;
		if (channel->send_head != OP_NONE && !(channel->caps & CHANNEL_STREAM))
			channel_flush_later(channel);
		try_channel(loop, channel);
	}
}

static int epoll_loop_wait(struct lsk_loop *loop, int64_t timeout_ns)
{
	struct epoll *epoll = loop->state;
	int count;
	int ms = -1;

	if (epoll->ready != OP_NONE) {
		try_ready(loop);
		/* What that has brought is handed out before anybody sleeps. */
		timeout_ns = loop->has_naps && timeout_ns > 0 ? timeout_ns : 0;
	}
	if (timeout_ns >= 0 && timeout_ns < INT64_C(1000000) * INT32_MAX)
		ms = (int)((timeout_ns + 999999) / 1000000);
	count = syscall_result(
		epoll_wait(epoll->fd, epoll->events,
			   loop->pass_left < EPOLL_EVENTS_MAX && loop->pass_left > 0
				   ? loop->pass_left
				   : EPOLL_EVENTS_MAX,
			   ms));
	for (int i = 0; i < count; i++) {
		handle_event(loop, &epoll->events[i]);
		/* What a callback wants to send leaves while it is in the cache. */
		if (loop->flush_head != OP_NONE)
			channel_flush_all(loop);
	}
	return count < 0 ? count : 0;
}

static int epoll_pool_init(struct lsk_pool *pool)
{
	pool->is_incremental = pool->flags == 0;
	return pool_stack_init(pool);
}

static void epoll_pool_done(struct lsk_pool *pool)
{
	(void)pool; /* its stack is not of this back end alone */
}

const struct loop_backend loop_backend_epoll = {
	.id = LSK_BACKEND_EPOLL,
	.init = epoll_loop_init,
	.done = epoll_loop_done,
	.arm = epoll_loop_arm,
	.cancel = epoll_loop_cancel,
	.send = epoll_loop_send,
	.await_room = epoll_loop_await_room,
	.wait = epoll_loop_wait,
	.submit = epoll_loop_submit,
	.has_work = epoll_loop_has_work,
	.host_fd = epoll_loop_host_fd,
	.bind = epoll_loop_bind,
	.unbind = epoll_loop_unbind,
	.pool_init = epoll_pool_init,
	.pool_done = epoll_pool_done,
};
