/* SPDX-License-Identifier: MIT */
/*
 * Requests on a loop. A turn sends what is queued, chunk by chunk, and tells what the
 * kernel answered; where the kernel answers inside of send(2) a chunk of reads is over
 * when its send is, and no poll is needed for it. Chunks of changes go to the writer,
 * and the socket is polled meanwhile.
 */
#include "families/netlink_loop.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>

#include "src/socket.h"
#include "uring/engine.h"
#include "uring/util.h"

#define CALLS_FIRST      64
#define CHUNK_BYTES      (32 << 10)
/* Receive buffer that an answer with data takes, and one without. */
#define READ_TRUESIZE    8192
#define CHANGE_TRUESIZE  (2 * 832)
#define RECEIVE_BUFFER   (1 << 20)
/* Reads of one chunk: what takes a third of a turn. */
#define READS_MAX        32
#define READ_RETRIES_MAX 3

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

static struct netlink_call **slot(const struct netlink_loop *loop, uint64_t id)
{
	return &loop->calls[id & (loop->calls_size - 1)];
}

static struct netlink_call *find(const struct netlink_loop *loop, uint64_t id)
{
	return id >= loop->first && id < loop->next ? *slot(loop, id) : NULL;
}

static void call_free(struct netlink_call *call)
{
	free(call->reply);
	free(call);
}

/* The end of a call, which is told. */
static void call_finish(struct netlink_loop *loop, struct netlink_call *call,
			int result, struct lsk_nl_error *error)
{
	struct lsk_nl_error plain;
	struct lsk_nl_answer answer = {
		.call = {call->id},
		.result = result,
		.msg = result == 0 ? call->reply : NULL,
		.error = error,
		.context = call->then.context,
	};

	if (!error) {
		memset(&plain, 0, sizeof(plain));
		plain.request_type = call->msg.nlmsg_type;
		answer.error = &plain;
		error = &plain;
	}
	error->code = result;
	*slot(loop, call->id) = NULL;
	loop->count--;
	if (call->then.done)
		call->then.done(loop->nl, &answer);
	if (loop->is_writing && call->id < loop->sent) {
		call->grave_next = loop->graves;
		loop->graves = call;
	} else {
		call_free(call);
	}
}

static void graves_free(struct netlink_loop *loop)
{
	struct netlink_call *call;

	while ((call = loop->graves)) {
		loop->graves = call->grave_next;
		call_free(call);
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
	call_finish(loop, call, result, NULL);
}

/* Settle what was sent before @end. */
static void settle_until(struct netlink_loop *loop, uint64_t end)
{
	struct netlink_call *call;

	while (loop->settled < end) {
		call = *slot(loop, loop->settled++);
		if (call)
			call_settle(loop, call);
	}
}

static int keep_reply(struct netlink_call *call, const struct nlmsghdr *msg)
{
	call->reply = malloc(msg->nlmsg_len);
	if (!call->reply)
		return -ENOMEM;
	memcpy(call->reply, msg, msg->nlmsg_len);
	return 0;
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
	call = find(loop, id);
	if (!call)
		return;
	if (msg->nlmsg_type == NLMSG_ERROR) {
		r = lsk_nl_error_parse(&error, msg, &call->msg, loop->nl->protocol);
		call_finish(loop, call, r, &error);
	} else if (msg->nlmsg_type >= NLMSG_MIN_TYPE && !call->reply) {
		r = keep_reply(call, msg);
		if (r < 0)
			call_finish(loop, call, r, NULL);
	}
}

/* Fail all that is with the kernel. */
static void fail_sent(struct netlink_loop *loop, int result)
{
	struct netlink_call *call;

	while (loop->settled < loop->sent) {
		call = *slot(loop, loop->settled++);
		if (call)
			call_finish(loop, call, result, NULL);
	}
}

/* Take all answers that there are. */
static void drain(struct netlink_loop *loop)
{
	const struct nlmsghdr *msg;
	int r;

	while (loop->settled < loop->sent) {
		r = netlink_channel_receive(&loop->channel, 0);
		if (r == -EAGAIN)
			return;
		if (r == -ENOBUFS || r == -EMSGSIZE) {
			/* A long answer was cut, and the buffer has grown. */
			loop->is_lost = true;
			continue;
		}
		if (r < 0) {
			fail_sent(loop, r);
			return;
		}
		while ((msg = netlink_channel_message(&loop->channel)))
			take_answer(loop, msg);
		while (loop->settled < loop->sent && !*slot(loop, loop->settled))
			loop->settled++;
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
		while (loop->settled < loop->sent && !*slot(loop, loop->settled))
			loop->settled++;
		loop->first = loop->settled;
		return;
	}
	settle_until(loop, loop->sent);
	/* What was lost and may be asked again is sent again, in its old place. */
	while (loop->first < loop->sent && !*slot(loop, loop->first))
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
		call = *slot(loop, loop->sent);
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
	for (size_t i = 0; loop->channel.trace && i < count; i++)
		loop->channel.trace(loop->channel.trace_context, true,
				    loop->channel.protocol, loop->iov[i].iov_base);
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
		graves_free(loop);
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
		call = *slot(loop, id);
		if (!call)
			continue;
		if (call->deadline_ns == 0)
			call_finish(loop, call, -ECANCELED, NULL);
		else if (call->deadline_ns != LSK_BLOCK && call->deadline_ns <= now_ns)
			call_finish(loop, call, -ETIME, NULL);
		else
			netlink_loop_deadline(loop, call->deadline_ns);
	}
}

static void loop_turn(void *owner)
{
	struct netlink_loop *loop = owner;
	int64_t now_ns = engine_now_ns();
	int64_t end_ns = now_ns + NETLINK_TURN_NS;
	bool wants_more = true;

	loop->is_turning = true;
	while (wants_more && now_ns < end_ns) {
		wants_more = requests_step(loop);
		now_ns = engine_now_ns();
	}
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

static unsigned int bounded(int value, unsigned int divisor, unsigned int max)
{
	unsigned int count = (unsigned int)(value > 0 ? value : 0) / divisor;

	return count < 1 ? 1 : count > max ? max : count;
}

static int loop_open(struct netlink_loop *loop)
{
	int size = RECEIVE_BUFFER;
	int r = netlink_open_channel(loop->nl, &loop->channel);

	if (r < 0)
		return r;
	/* Answers that are cut are asked for again, which is rare; asking for the
	 * length of each first would cost a call for all. */
	loop->channel.is_exact = false;
	if (lsk_socket_setsockopt_int(loop->channel.sock, SOL_SOCKET, SO_RCVBUFFORCE,
				      size) < 0)
		(void)lsk_socket_setsockopt_int(loop->channel.sock, SOL_SOCKET,
						SO_RCVBUF, size);
	(void)lsk_socket_getsockopt_int(loop->channel.sock, SOL_SOCKET, SO_RCVBUF,
					&size);
	loop->reads_max = bounded(size, READ_TRUESIZE, READS_MAX);
	loop->changes_max = bounded(size, CHANGE_TRUESIZE, NETLINK_CHUNK_MAX);
	return 0;
}

int lsk_nl_attach(struct lsk_nl *nl, struct lsk_loop *loop)
{
	struct netlink_loop *attached;
	int r;

	if (!nl || !loop)
		return -EINVAL;
	if (nl->loop)
		return -EALREADY;
	attached = calloc(1, sizeof(*attached));
	if (!attached)
		return -ENOMEM;
	attached->nl = nl;
	attached->deadline_ns = LSK_BLOCK;
	/* The sequence of the handle goes on, so that late answers meet nobody. */
	attached->next = netlink_next_sequence(nl);
	attached->first = attached->next;
	attached->settled = attached->next;
	attached->sent = attached->next;
	r = loop_open(attached);
	if (r == 0)
		r = netlink_waiter_new(&attached->waiter, loop, attached->channel.sock,
				       loop_turn, attached);
	if (r < 0) {
		netlink_channel_close(&attached->channel);
		free(attached);
		return r;
	}
	nl->loop = attached;
	return 0;
}

int lsk_nl_detach(struct lsk_nl *nl)
{
	struct netlink_loop *loop = nl ? nl->loop : NULL;
	struct netlink_call *call;

	if (!loop)
		return nl ? -ENOTCONN : -EINVAL;
	if (loop->is_turning)
		return -EBUSY;
	/* What callbacks would start is refused. */
	nl->loop = NULL;
	loop->writer = netlink_writer_free(loop->writer);
	loop->is_writing = false;
	for (uint64_t id = loop->first; id < loop->next; id++) {
		call = *slot(loop, id);
		if (call)
			call_finish(loop, call, -ECANCELED, NULL);
	}
	netlink_lists_done(loop);
	graves_free(loop);
	netlink_waiter_free(loop->waiter);
	netlink_channel_close(&loop->channel);
	free(loop->calls);
	free(loop);
	return 0;
}

static int make_room(struct netlink_loop *loop)
{
	size_t size = loop->calls_size ? loop->calls_size * 2 : CALLS_FIRST;
	struct netlink_call **calls;

	if (loop->next - loop->first < loop->calls_size)
		return 0;
	calls = calloc(size, sizeof(struct netlink_call *));
	if (!calls)
		return -ENOMEM;
	for (uint64_t id = loop->first; id < loop->next; id++)
		calls[id & (size - 1)] = *slot(loop, id);
	free(loop->calls);
	loop->calls = calls;
	loop->calls_size = size;
	return 0;
}

/* Whether a message changes nothing, takes microseconds and has one answer. */
static bool is_read(int protocol, unsigned int type)
{
	switch (protocol) {
	case NETLINK_ROUTE:
		return type >= RTM_BASE && (type & 3) == (RTM_GETLINK & 3);
	case NETLINK_SOCK_DIAG:
		return type == SOCK_DIAG_BY_FAMILY;
	case NETLINK_GENERIC:
		return type == GENL_ID_CTRL;
	default:
		return false;
	}
}

static struct netlink_call *call_new(struct netlink_loop *loop,
				     const struct lsk_nl_msg *msg,
				     const struct lsk_nl_then *then)
{
	size_t len = msg->header->nlmsg_len;
	struct netlink_call *call =
		malloc(offsetof(struct netlink_call, msg) + NLMSG_ALIGN(len));

	if (!call)
		return NULL;
	memset(call, 0, offsetof(struct netlink_call, msg));
	memcpy(&call->msg, msg->header, len);
	memset((char *)&call->msg + len, 0, NLMSG_ALIGN(len) - len);
	/* A number of 0 marks events. */
	if ((uint32_t)loop->next == 0)
		*slot(loop, loop->next++) = NULL;
	call->id = loop->next;
	call->msg.nlmsg_seq = (uint32_t)call->id;
	call->msg.nlmsg_pid = 0;
	call->msg.nlmsg_flags |= NLM_F_REQUEST;
	call->msg.nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	if (then)
		call->then = *then;
	call->is_read = is_read(loop->nl->protocol, call->msg.nlmsg_type);
	call->is_inline = call->is_read || call->then.flags & LSK_NL_INLINE;
	return call;
}

int lsk_nl_call_start(struct lsk_nl *nl, const struct lsk_nl_msg *msg,
		      const struct lsk_nl_then *then)
{
	struct netlink_loop *loop = nl->loop;
	struct netlink_call *call;
	int r = lsk_nl_msg_error(msg);

	if (!loop)
		return -ENOTCONN;
	if (r < 0)
		return r;
	r = make_room(loop);
	if (r < 0)
		return r;
	call = call_new(loop, msg, then);
	if (!call)
		return -ENOMEM;
	/* Inside of a turn, what is new is seen at its end. */
	r = loop->is_turning ? 0 : netlink_waiter_wake(loop->waiter);
	if (r < 0) {
		free(call);
		return r;
	}
	call->deadline_ns =
		netlink_loop_then_deadline(&call->then, nl->options.timeout_ns);
	netlink_loop_deadline(loop, call->deadline_ns);
	*slot(loop, loop->next++) = call;
	loop->count++;
	if (then && then->ret_call)
		then->ret_call->id = call->id;
	return 0;
}

int lsk_nl_call_cancel(struct lsk_nl *nl, struct lsk_nl_call call)
{
	struct netlink_loop *loop = nl->loop;
	struct netlink_call *found;

	if (!loop)
		return -ENOENT;
	if (call.id & NETLINK_LIST_BIT)
		return netlink_lists_cancel(loop, call.id);
	found = find(loop, call.id);
	if (!found || found->deadline_ns == 0)
		return -ENOENT;
	found->deadline_ns = 0;
	loop->has_cancelled = true;
	netlink_loop_wake(loop);
	return 0;
}

unsigned int lsk_nl_calls(const struct lsk_nl *nl)
{
	return nl->loop ? nl->loop->count : 0;
}
