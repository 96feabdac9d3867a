/* SPDX-License-Identifier: MIT */
/*
 * Requests on a loop. A turn sends what is queued, chunk by chunk, and tells what the
 * kernel answered; where the kernel answers inside of send(2) a chunk of reads is over
 * when its send is, and no poll is needed for it. Chunks of changes go to the writer,
 * and the socket is polled meanwhile.
 */
#include "families/netlink_loop.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "src/socket.h"
#include "uring/engine.h"
#include "uring/util.h"

#define CHUNK_BYTES      (32 << 10)
#define READ_RETRIES_MAX 3
#define SPARES_MAX       64

void netlink_loop_wake(struct netlink_loop *loop)
{
	/* Without memory the turn comes late: with the next poll or deadline. */
	if (netlink_waiter_wake(loop->waiter) < 0)
		(void)netlink_waiter_arm(loop->waiter, engine_now_ns());
}

void netlink_loop_deadline(struct netlink_loop *loop, int64_t deadline_ns)
{
	if (deadline_ns != LSK_BLOCK &&
	    (loop->deadline_ns == LSK_BLOCK || deadline_ns < loop->deadline_ns))
		loop->deadline_ns = deadline_ns;
}

int64_t netlink_loop_then_deadline(const struct lsk_nl_then *then, int64_t default_ns)
{
	return netlink_deadline(then->timeout_ns ? then->timeout_ns : default_ns);
}

struct netlink_call *netlink_call_find(const struct netlink_loop *loop, uint64_t id)
{
	return id >= loop->first && id < loop->next ? *netlink_call_slot(loop, id)
						    : NULL;
}

void netlink_call_free(struct netlink_loop *loop, struct netlink_call *call)
{
	free(call->copy);
	if (loop->spares_count >= SPARES_MAX) {
		free(call);
		return;
	}
	call->grave_next = loop->spares;
	loop->spares = call;
	loop->spares_count++;
}

/* The end of a call, which is told. */
void netlink_call_finish(struct netlink_loop *loop, struct netlink_call *call,
			 int result, struct lsk_nl_error *error)
{
	struct lsk_nl_answer answer = {
		.call = {call->id},
		.result = result,
		.msg = result == 0 ? call->reply : NULL,
		.error = error,
		.context = call->then.context,
	};

	if (!error) {
		error = &loop->plain;
		error->request_type = call->msg.nlmsg_type;
		answer.error = error;
	}
	error->code = result;
	*netlink_call_slot(loop, call->id) = NULL;
	loop->count--;
	if (call->then.done)
		call->then.done(loop->nl, &answer);
	if (loop->is_writing && call->id < loop->sent) {
		call->grave_next = loop->graves;
		loop->graves = call;
	} else {
		netlink_call_free(loop, call);
	}
}

void netlink_graves_free(struct netlink_loop *loop)
{
	struct netlink_call *call;

	while ((call = loop->graves)) {
		loop->graves = call->grave_next;
		netlink_call_free(loop, call);
	}
}

/* What it means that the kernel went on to later requests without another word. */
static void call_settle(struct netlink_loop *loop, struct netlink_call *call)
{
	bool is_answered = call->reply && (call->is_read || !loop->is_lost);
	bool may_be_silent = !(call->msg.nlmsg_flags & NLM_F_ACK) && !call->is_read;
	int result = 0;

	if (loop->is_lost && !is_answered) {
		/* It stays where it is, to be sent again. */
		if (call->is_read && call->retries++ < READ_RETRIES_MAX)
			return;
		result = -ENOBUFS;
	} else if (!is_answered && !may_be_silent) {
		result = -ENOMSG;
	}
	netlink_call_finish(loop, call, result, NULL);
}

/* Settle what was sent before @end. */
static void settle_until(struct netlink_loop *loop, uint64_t end)
{
	struct netlink_call *call;

	while (loop->settled < end) {
		call = *netlink_call_slot(loop, loop->settled++);
		if (call)
			call_settle(loop, call);
	}
}

/* The buffers are wanted again: data of calls that have not ended are copied. */
static void keep_replies(struct netlink_loop *loop)
{
	for (uint64_t id = loop->settled; id < loop->sent; id++) {
		struct netlink_call *call = *netlink_call_slot(loop, id);

		if (!call || !call->reply || call->copy)
			continue;
		call->copy = malloc(call->reply->nlmsg_len);
		if (!call->copy) {
			call->reply = NULL;
			netlink_call_finish(loop, call, -ENOMEM, NULL);
			continue;
		}
		memcpy(call->copy, call->reply, call->reply->nlmsg_len);
		call->reply = call->copy;
	}
}

static void take_answer(struct netlink_loop *loop, const struct nlmsghdr *msg)
{
	uint64_t id = loop->settled + (msg->nlmsg_seq - (uint32_t)loop->settled);
	bool is_ordered = netlink_is_synchronous(loop->nl->protocol);
	struct netlink_call *call;
	struct lsk_nl_error error;
	int r;

	/* To something that was given up: not ours any more. */
	if (id >= loop->sent)
		return;
	if (is_ordered)
		settle_until(loop, id);
	call = netlink_call_find(loop, id);
	if (!call)
		return;
	if (msg->nlmsg_type == NLMSG_ERROR) {
		r = lsk_nl_error_parse(&error, msg, &call->msg, loop->nl->protocol);
		netlink_call_finish(loop, call, r, &error);
	} else if (msg->nlmsg_type >= NLMSG_MIN_TYPE && !call->reply) {
		call->reply = msg;
	}
}

/* Fail all that is with the kernel. */
static void fail_sent(struct netlink_loop *loop, int result)
{
	struct netlink_call *call;

	while (loop->settled < loop->sent) {
		call = *netlink_call_slot(loop, loop->settled++);
		if (call)
			netlink_call_finish(loop, call, result, NULL);
	}
}

static void take_datagram(struct netlink_loop *loop, unsigned int at)
{
	struct netlink_channel *channel = &loop->channel;
	const struct nlmsghdr *msg;
	const void *data;
	int len = netlink_slab_datagram(&loop->slab, at, &data);

	if (len < 0)
		loop->is_lost = true; /* as good as lost; the next will fit */
	if (len <= 0)
		return;
	channel->rest = (struct lsk_nl_bytes){data, (size_t)len};
	while ((msg = netlink_channel_message(channel))) {
		netlink_channel_trace(channel, false, msg);
		take_answer(loop, msg);
	}
}

/* Take all answers that there are. */
static void drain(struct netlink_loop *loop)
{
	int fd = socket_fd(loop->channel.sock);
	int r;

	while (loop->settled < loop->sent) {
		r = netlink_slab_receive(&loop->slab, fd);
		if (r == -EAGAIN)
			return;
		if (r == -ENOBUFS) {
			loop->is_lost = true;
			continue;
		}
		if (r < 0) {
			fail_sent(loop, r);
			return;
		}
		for (int i = 0; i < r; i++)
			take_datagram(loop, (unsigned int)i);
		while (loop->settled < loop->sent &&
		       !*netlink_call_slot(loop, loop->settled))
			loop->settled++;
		keep_replies(loop);
	}
}

/* The chunk's send has ended and its answers were taken. */
static void chunk_end(struct netlink_loop *loop)
{
	if (!netlink_is_synchronous(loop->nl->protocol)) {
		/* Answers come when they come. */
		if (loop->is_lost)
			fail_sent(loop, -ENOBUFS);
		loop->is_lost = false;
		while (loop->settled < loop->sent &&
		       !*netlink_call_slot(loop, loop->settled))
			loop->settled++;
		loop->first = loop->settled;
		return;
	}
	settle_until(loop, loop->sent);
	/* What was lost and may be asked again is sent again, in its old place. */
	while (loop->first < loop->sent && !*netlink_call_slot(loop, loop->first))
		loop->first++;
	loop->settled = loop->first;
	loop->sent = loop->first;
	loop->is_lost = false;
}

static void writer_done(void *context)
{
	netlink_waiter_wake_from_thread(context);
}

static int writer_send(struct netlink_loop *loop, size_t count)
{
	int r;

	if (!loop->writer) {
		r = netlink_writer_new(&loop->writer, socket_fd(loop->channel.sock),
				       writer_done, loop->waiter);
		if (r < 0)
			return r;
	}
	netlink_waiter_hold(loop->waiter);
	loop->is_writing = true;
	netlink_writer_send(loop->writer, loop->iov, count);
	return 0;
}

static bool needs_ack(const struct netlink_loop *loop, const struct netlink_call *call)
{
	if (!netlink_is_synchronous(loop->nl->protocol))
		return true;
	return !call->is_read && !(call->then.flags & LSK_NL_QUIET);
}

/* Gather what leaves together: of one kind, and no more than answers find room for.
 * Return: how many; the last asks for an acknowledgement, which settles all. */
static size_t chunk_gather(struct netlink_loop *loop)
{
	struct netlink_call *last = NULL;
	struct netlink_call *call;
	size_t bytes = 0;
	size_t count = 0;

	for (; loop->sent < loop->next; loop->sent++) {
		call = *netlink_call_slot(loop, loop->sent);
		if (call && call->is_cancelled) {
			netlink_call_finish(loop, call, -ECANCELED, NULL);
			call = NULL;
		}
		if (!call)
			continue;
		if (last &&
		    (call->is_inline != last->is_inline || call->retries ||
		     last->retries || bytes + call->msg.nlmsg_len > CHUNK_BYTES ||
		     count >= (call->is_read ? loop->reads_max : loop->changes_max)))
			break;
		if (needs_ack(loop, call))
			call->msg.nlmsg_flags |= NLM_F_ACK;
		loop->iov[count++] = (struct iovec){
			&call->msg,
			NLMSG_ALIGN((size_t)call->msg.nlmsg_len),
		};
		bytes += NLMSG_ALIGN((size_t)call->msg.nlmsg_len);
		last = call;
	}
	if (last)
		last->msg.nlmsg_flags |= NLM_F_ACK;
	return count;
}

/* Send the next chunk. Return: whether there was one. */
static bool chunk_send(struct netlink_loop *loop)
{
	const struct netlink_call *first;
	size_t count = chunk_gather(loop);
	int r;

	if (count == 0)
		return false;
	for (size_t i = 0; i < count; i++)
		netlink_channel_trace(&loop->channel, true, loop->iov[i].iov_base);
	first = (const void *)((const char *)loop->iov[0].iov_base -
			       offsetof(struct netlink_call, msg));
	if (!first->is_inline)
		r = writer_send(loop, count);
	else
		r = netlink_send_iov(socket_fd(loop->channel.sock), loop->iov, count);
	if (r < 0)
		fail_sent(loop, r);
	return true;
}

/* Return: whether there may be more to send. */
static bool requests_step(struct netlink_loop *loop)
{
	int r;

	if (loop->is_writing && netlink_writer_collect(loop->writer, &r)) {
		loop->is_writing = false;
		if (r < 0)
			fail_sent(loop, r);
		drain(loop);
		chunk_end(loop);
		netlink_graves_free(loop);
	}
	if (loop->is_writing) {
		drain(loop);
		return false;
	}
	if (!chunk_send(loop)) {
		drain(loop);
		chunk_end(loop);
		return false;
	}
	if (loop->is_writing)
		return false;
	drain(loop);
	chunk_end(loop);
	return loop->sent < loop->next;
}

/* Turn the timeouts of new calls into moments. */
static void stamp(struct netlink_loop *loop, int64_t now_ns)
{
	for (; loop->stamped < loop->next; loop->stamped++) {
		struct netlink_call *call = *netlink_call_slot(loop, loop->stamped);

		if (!call || call->deadline_ns < 0)
			continue;
		call->deadline_ns = call->deadline_ns > INT64_MAX - now_ns
					    ? LSK_BLOCK
					    : now_ns + call->deadline_ns;
		netlink_loop_deadline(loop, call->deadline_ns);
	}
}

/* End what was cancelled or has run out of time, and find the nearest deadline. */
static void expire(struct netlink_loop *loop, int64_t now_ns)
{
	struct netlink_call *call;

	if (!loop->has_cancelled &&
	    (loop->deadline_ns == LSK_BLOCK || now_ns < loop->deadline_ns))
		return;
	loop->has_cancelled = false;
	loop->deadline_ns = LSK_BLOCK;
	for (uint64_t id = loop->first; id < loop->next; id++) {
		call = *netlink_call_slot(loop, id);
		if (!call)
			continue;
		if (call->is_cancelled)
			netlink_call_finish(loop, call, -ECANCELED, NULL);
		else if (call->deadline_ns != LSK_BLOCK && call->deadline_ns <= now_ns)
			netlink_call_finish(loop, call, -ETIME, NULL);
		else
			netlink_loop_deadline(loop, call->deadline_ns);
	}
}

void netlink_loop_turn(void *owner)
{
	struct netlink_loop *loop = owner;
	int64_t now_ns = engine_now_ns();
	int64_t end_ns = now_ns + NETLINK_TURN_NS;
	bool wants_more = true;

	loop->is_turning = true;
	stamp(loop, now_ns);
	while (wants_more && now_ns < end_ns) {
		wants_more = requests_step(loop);
		now_ns = engine_now_ns();
	}
	stamp(loop, now_ns);
	expire(loop, now_ns);
	wants_more |= netlink_lists_turn(loop, now_ns);
	loop->is_turning = false;
	/* Also what callbacks have started. */
	if (!loop->is_writing && loop->sent < loop->next)
		wants_more = true;
	if (wants_more || loop->has_cancelled)
		netlink_loop_wake(loop);
	if (loop->count > 0)
		(void)netlink_waiter_arm(loop->waiter, loop->deadline_ns);
	else
		netlink_waiter_disarm(loop->waiter);
}
