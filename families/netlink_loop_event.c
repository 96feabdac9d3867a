/* SPDX-License-Identifier: MIT */
/*
 * Events and watches on a loop: the calls that do not wait, a turn's time of them, and
 * a poll when nothing is queued.
 */
#include <errno.h>
#include <stdlib.h>

#include "families/netlink_handle.h"
#include "families/netlink_loop.h"
#include "families/netlink_waiter.h"
#include "families/netlink_watch.h"
#include "uring/engine.h"
#include "uring/util.h"

/* How soon a watch in doubt is looked at, and a listing that failed is tried again. */
#define WATCH_PAUSE_NS  INT64_C(20000000)
#define WATCH_RETRY_NS  INT64_C(100000000)
/* Steps between two looks at the clock. */
#define STEPS_PER_CLOCK 16

struct netlink_event_stream {
	struct lsk_nl *nl;
	struct netlink_waiter *waiter;
	lsk_nl_event_fn on_event;
	void *context;
};

/* One event. Return: 0 to go on, -EAGAIN when none is queued, another at the end. */
static int stream_step(struct netlink_event_stream *stream)
{
	struct lsk_nl *nl = stream->nl;
	struct lsk_nl_event event;
	int r = lsk_nl_event_next(nl, 0, &event);

	if (r == -EAGAIN)
		return r;
	stream->on_event(nl, r, r < 0 ? NULL : &event, stream->context);
	/* The callback may have stopped the stream. */
	if (nl->stream != stream)
		return -ECANCELED;
	return r == -ENOBUFS || r == -EMSGSIZE ? 0 : r;
}

static void stream_turn(void *owner)
{
	struct netlink_event_stream *stream = owner;
	int64_t end_ns = engine_now_ns() + NETLINK_TURN_NS;
	int r;

	for (unsigned int i = 1;; i++) {
		r = stream_step(stream);
		if (r == -ECANCELED)
			return;
		if (r < 0 || (i % STEPS_PER_CLOCK == 0 && engine_now_ns() > end_ns))
			break;
	}
	/* At a turn's end the poll comes back at once, behind the others' events. */
	if (r == 0 || r == -EAGAIN)
		r = netlink_waiter_arm(stream->waiter, LSK_BLOCK);
	if (r < 0)
		(void)lsk_nl_events_stop(stream->nl);
}

int lsk_nl_events_start(struct lsk_nl *nl, struct lsk_loop *loop,
			lsk_nl_event_fn on_event, void *context)
{
	struct netlink_event_stream *stream;
	int r;

	if (!loop || !on_event)
		return -EINVAL;
	if (!nl->events.sock)
		return -ENOTCONN;
	if (nl->stream)
		return -EALREADY;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	stream->nl = nl;
	stream->on_event = on_event;
	stream->context = context;
	r = netlink_waiter_new(&stream->waiter, loop, nl->events.sock, stream_turn,
			       stream);
	if (r == 0)
		r = netlink_waiter_arm(stream->waiter, LSK_BLOCK);
	if (r < 0) {
		netlink_waiter_free(stream->waiter);
		free(stream);
		return r;
	}
	nl->stream = stream;
	return 0;
}

int lsk_nl_events_stop(struct lsk_nl *nl)
{
	struct netlink_event_stream *stream = nl->stream;

	if (!stream)
		return -ENOTCONN;
	nl->stream = NULL;
	netlink_waiter_free(stream->waiter);
	free(stream);
	return 0;
}

struct netlink_watch_run {
	struct lsk_nl_watch *watch;
	struct netlink_waiter *waiter;
	lsk_nl_watch_fn on_event;
	void *context;
};

/* One step. Return: as stream_step(). */
static int watch_step(struct netlink_watch_run *run)
{
	struct lsk_nl_watch *watch = run->watch;
	struct lsk_nl_watch_event event;
	int r = lsk_nl_watch_next(watch, 0, &event);

	if (r == -EAGAIN)
		return r;
	run->on_event(watch, r, r < 0 ? NULL : &event, run->context);
	/* The callback may have stopped it. */
	return *netlink_watch_run(watch) != run ? -ECANCELED : r;
}

static void watch_turn(void *owner)
{
	struct netlink_watch_run *run = owner;
	int64_t end_ns = engine_now_ns() + NETLINK_TURN_NS;
	int64_t deadline_ns = LSK_BLOCK;
	int r;

	for (unsigned int i = 1;; i++) {
		r = watch_step(run);
		if (r == -ECANCELED)
			return;
		if (r < 0 || (i % STEPS_PER_CLOCK == 0 && engine_now_ns() > end_ns))
			break;
	}
	if (r == 0) {
		(void)netlink_waiter_wake(run->waiter);
		return;
	}
	/* In doubt it lists again after a pause of its own. */
	if (r != -EAGAIN)
		deadline_ns = engine_now_ns() + WATCH_RETRY_NS;
	else if (!lsk_nl_watch_is_synced(run->watch))
		deadline_ns = engine_now_ns() + WATCH_PAUSE_NS;
	(void)netlink_waiter_arm(run->waiter, deadline_ns);
}

int lsk_nl_watch_start(struct lsk_nl_watch *watch, struct lsk_loop *loop,
		       lsk_nl_watch_fn on_event, void *context)
{
	struct netlink_watch_run **place = netlink_watch_run(watch);
	struct netlink_watch_run *run;
	int r;

	if (!loop || !on_event)
		return -EINVAL;
	if (*place)
		return -EALREADY;
	run = calloc(1, sizeof(*run));
	if (!run)
		return -ENOMEM;
	run->watch = watch;
	run->on_event = on_event;
	run->context = context;
	r = netlink_waiter_new(&run->waiter, loop, netlink_watch_socket(watch),
			       watch_turn, run);
	if (r == 0)
		r = netlink_waiter_wake(run->waiter);
	if (r < 0) {
		netlink_waiter_free(run->waiter);
		free(run);
		return r;
	}
	*place = run;
	return 0;
}

int lsk_nl_watch_stop(struct lsk_nl_watch *watch)
{
	struct netlink_watch_run **place = netlink_watch_run(watch);
	struct netlink_watch_run *run = *place;

	if (!run)
		return -ENOTCONN;
	*place = NULL;
	netlink_waiter_free(run->waiter);
	free(run);
	return 0;
}
