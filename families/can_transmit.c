/* SPDX-License-Identifier: MIT */
/*
 * Sending with word of the end. One step sends what there is room for and takes the
 * echoes that came; who called it then waits, by poll(2) or on a loop, for what the
 * step asked for.
 */
#include <linsock/can_transmit.h>

#include <errno.h>
#include <linux/can.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "families/can_channel.h"
#include "src/socket.h"
#include "uring/util.h"

/* Frames without an echo at one time: they fit into the channel's receive queue. */
#define UNCONFIRMED_MAX 512

#define ECHO_BATCH 16

struct can_transmit {
	struct lsk_can *can;
	struct lsk_can_transmission *job;
	size_t next; /* the first frame that has neither an echo nor been passed by */
	bool is_lossy;
	int events; /* what to wait for; 0: only time */
	int64_t back_off_ns;
	int64_t wait_ns; /* how long at most; LSK_BLOCK: as long as it takes */
	int64_t deadline_ns;
	/* On a loop. */
	struct lsk_loop *loop;
	struct lsk_can_transmit_then then;
	struct lsk_op op;
};

/* The filter that the echo of a frame passes. */
static struct lsk_can_filter filter_of(const struct lsk_can_frame *frame)
{
	struct lsk_can_filter filter = {.id = frame->id, .mask = LSK_CAN_ID_MAX};

	if (frame->kind == LSK_CAN_XL)
		return filter;
	filter.mask = CAN_EFF_FLAG | CAN_RTR_FLAG | CAN_EFF_MASK;
	if (frame->is_extended)
		filter.id |= CAN_EFF_FLAG;
	if (frame->is_remote)
		filter.id |= CAN_RTR_FLAG;
	return filter;
}

static int compare_filters(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct lsk_can_filter));
}

/* Let echoes of the job's frames in, and as little else as can be. */
static int open_filters(struct lsk_can *can, const struct lsk_can_transmission *job)
{
	static const struct lsk_can_filter everything = {0, 0};
	struct lsk_can_filter *filters = calloc(job->count, sizeof(*filters));
	size_t distinct = 0;
	int r;

	if (!filters)
		return -ENOMEM;
	for (size_t i = 0; i < job->count; i++)
		filters[i] = filter_of(&job->frames[i]);
	qsort(filters, job->count, sizeof(*filters), compare_filters);
	for (size_t i = 0; i < job->count; i++)
		if (i == 0 || compare_filters(&filters[i - 1], &filters[i]) != 0)
			filters[distinct++] = filters[i];
	r = distinct <= CAN_KERNEL_FILTERS_MAX
		    ? can_change_filters(can, filters, distinct)
		    : can_change_filters(can, &everything, 1);
	free(filters);
	return r;
}

/* Throw away what came before, the news of an interface that was down included. */
static void drain(struct lsk_can *can)
{
	struct lsk_can_record record;
	int r;

	do {
		r = can_receive_ready(can, &record, 1);
	} while (r > 0 || r == -ENETDOWN);
}

/* The echo of one of ours, in its order. */
static void take_echo(struct can_transmit *transmit,
		      const struct lsk_can_record *record)
{
	struct lsk_can_transmission *job = transmit->job;
	size_t i = transmit->next;

	if (!(record->flags & LSK_CAN_OWN))
		return;
	while (i < job->queued && !lsk_can_frame_equal(&job->frames[i], &record->frame))
		i++;
	if (i == job->queued)
		return;
	/* A controller sends in order: those that were passed by never went out. */
	transmit->is_lossy |= i != transmit->next;
	transmit->next = i + 1;
	job->confirmed++;
	if (!job->confirmations)
		return;
	job->confirmations[i] = (struct lsk_can_confirmation){
		.time_ns = record->time_ns,
		.flags = record->flags & (LSK_CAN_OWN | LSK_CAN_HARDWARE_TIME),
	};
}

/* Return: 1 where some came, 0 where none is there, or what became of the interface. */
static int take_echoes(struct can_transmit *transmit)
{
	struct lsk_can_record records[ECHO_BATCH];
	int r = can_receive_ready(transmit->can, records, ECHO_BATCH);

	for (int i = 0; i < r; i++)
		take_echo(transmit, &records[i]);
	return r == -EAGAIN ? 0 : r < 0 ? r : 1;
}

/* Return: 1 where some went out, 0 where there is no room, or why not. */
static int send_some(struct can_transmit *transmit)
{
	struct lsk_can_transmission *job = transmit->job;
	size_t count = job->count - job->queued;
	size_t sent = 0;
	int r;

	if (job->level == LSK_CAN_ON_WIRE &&
	    count > UNCONFIRMED_MAX - (job->queued - transmit->next))
		count = UNCONFIRMED_MAX - (job->queued - transmit->next);
	if (count == 0)
		return 0;
	r = can_send_ready(transmit->can, job->interface, job->frames + job->queued,
			   count, &sent);
	job->queued += sent;
	if (sent > 0)
		transmit->back_off_ns = CAN_BACK_OFF_MIN_NS;
	if (r == -EAGAIN) {
		transmit->events |= POLLOUT;
	} else if (r == -ENOBUFS && transmit->can->on_full != LSK_CAN_ON_FULL_FAIL) {
		/* poll(2) would say "writable": only the clock helps. */
		transmit->wait_ns = transmit->back_off_ns;
		transmit->back_off_ns *= 2;
		if (transmit->back_off_ns > CAN_BACK_OFF_MAX_NS)
			transmit->back_off_ns = CAN_BACK_OFF_MAX_NS;
	} else if (r < 0) {
		return r;
	}
	return sent > 0;
}

static bool is_through(const struct can_transmit *transmit)
{
	const struct lsk_can_transmission *job = transmit->job;

	if (job->level == LSK_CAN_ON_WIRE)
		return transmit->next == job->count;
	return job->queued == job->count;
}

/* Do all that needs no waiting. Return: 1 when it is through, 0, or why it ends. */
static int step(struct can_transmit *transmit)
{
	bool is_waiting_for_wire = transmit->job->level == LSK_CAN_ON_WIRE;
	int r;

	do {
		int echoes = 0;

		transmit->events = is_waiting_for_wire ? POLLIN : 0;
		transmit->wait_ns = LSK_BLOCK;
		r = send_some(transmit);
		if (is_waiting_for_wire && r >= 0)
			echoes = take_echoes(transmit);
		if (echoes != 0)
			r = echoes;
	} while (r > 0 && !is_through(transmit));
	if (r < 0 || !is_through(transmit))
		return r;
	return transmit->is_lossy ? -ECOMM : 1;
}

static int begin(struct can_transmit *transmit, struct lsk_can *can,
		 struct lsk_can_transmission *job)
{
	*transmit = (struct can_transmit){
		.can = can,
		.job = job,
		.back_off_ns = CAN_BACK_OFF_MIN_NS,
	};
	job->queued = job->confirmed = 0;
	if (job->level != LSK_CAN_ON_WIRE)
		return 0;
	if (!can->confirms)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < job->count; i++)
		if (job->frames[i].kind == LSK_CAN_ERROR)
			return LSK_ERR_RANGE;
	if (job->confirmations)
		memset(job->confirmations, 0, job->count * sizeof(*job->confirmations));
	if (job->count == 0)
		return 0;
	drain(can);
	return open_filters(can, job);
}

static void end(const struct can_transmit *transmit)
{
	if (transmit->job->level == LSK_CAN_ON_WIRE && transmit->can->confirms)
		(void)can_change_filters(transmit->can, NULL, 0);
}

static bool is_job(const struct lsk_can_transmission *job)
{
	return job && (job->frames || job->count == 0) && job->level <= LSK_CAN_ON_WIRE;
}

/* Until the next step makes sense. Return: 0, -ETIME at the deadline, -EINTR, -EBADF.
 */
static int wait_turn(const struct can_transmit *transmit)
{
	int64_t until_ns = transmit->deadline_ns;
	int r;

	if (transmit->wait_ns >= 0) {
		int64_t turn_ns = engine_now_ns() + transmit->wait_ns;

		if (until_ns < 0 || turn_ns < until_ns)
			until_ns = turn_ns;
	}
	r = socket_poll(transmit->can->sock, transmit->events, until_ns);
	if (r == -ETIME && until_ns != transmit->deadline_ns)
		return 0;
	return r < 0 ? r : 0;
}

int lsk_can_transmit(struct lsk_can *can, struct lsk_can_transmission *transmission)
{
	struct can_transmit transmit;
	int r;

	if (!can || !is_job(transmission))
		return -EINVAL;
	if (can->transmit)
		return -EBUSY;
	r = begin(&transmit, can, transmission);
	transmit.deadline_ns = socket_deadline(can->sock);
	while (r == 0) {
		r = step(&transmit);
		if (r == 0)
			r = socket_timeout(can->sock) == 0 ? -EAGAIN
							   : wait_turn(&transmit);
	}
	end(&transmit);
	return r < 0 ? r : 0;
}

static void finish(struct can_transmit *transmit, int result)
{
	const struct lsk_can_transmit_then then = transmit->then;
	struct lsk_can_transmission *job = transmit->job;
	struct lsk_can *can = transmit->can;

	end(transmit);
	can->transmit = NULL;
	/* Fails where the program has operations of its own on the socket; then they
	 * keep it bound. */
	(void)lsk_loop_release(transmit->loop, can->sock);
	free(transmit);
	then.done(can, job, result, then.context);
}

static void on_turn(struct lsk_loop *loop, const struct lsk_event *event);

/* Have the loop come back. Return: 0, or why it cannot. */
static int await_turn(struct can_transmit *transmit)
{
	struct lsk_then then = {
		.done = on_turn,
		.context = transmit,
		.ret_op = &transmit->op,
	};
	int64_t rest_ns = transmit->wait_ns;

	if (transmit->deadline_ns >= 0) {
		int64_t left_ns = transmit->deadline_ns - engine_now_ns();

		if (left_ns <= 0)
			return -ETIME;
		if (rest_ns < 0 || left_ns < rest_ns)
			rest_ns = left_ns;
	}
	if (transmit->events == 0)
		return lsk_loop_timer(transmit->loop, rest_ns, &then);
	then.timeout_ns = rest_ns < 0 ? 0 : rest_ns;
	return lsk_loop_poll(transmit->loop, transmit->can->sock, transmit->events,
			     &then);
}

static void on_turn(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct can_transmit *transmit = event->context;
	int r = 0;

	(void)loop;
	if (event->result < 0 && event->result != -ETIME)
		r = event->result;
	else
		r = step(transmit);
	if (r == 0)
		r = await_turn(transmit);
	if (r != 0)
		finish(transmit, r < 0 ? r : 0);
}

int lsk_can_transmit_start(struct lsk_can *can, struct lsk_loop *loop,
			   struct lsk_can_transmission *transmission,
			   const struct lsk_can_transmit_then *then)
{
	struct can_transmit *transmit;
	int r;

	if (!can || !loop || !is_job(transmission) || !then || !then->done ||
	    then->timeout_ns < 0)
		return -EINVAL;
	if (can->transmit)
		return -EBUSY;
	transmit = malloc(sizeof(*transmit));
	if (!transmit)
		return -ENOMEM;
	r = begin(transmit, can, transmission);
	transmit->loop = loop;
	transmit->then = *then;
	transmit->deadline_ns =
		then->timeout_ns > 0 ? engine_now_ns() + then->timeout_ns : LSK_BLOCK;
	if (r == 0)
		r = step(transmit);
	/* No callback comes from here: the loop tells that it was quick. */
	if (r > 0 || r == -ECOMM) {
		transmit->events = 0;
		transmit->wait_ns = 0;
		r = 0;
	}
	if (r == 0)
		r = await_turn(transmit);
	if (r < 0) {
		end(transmit);
		free(transmit);
		return r;
	}
	can->transmit = transmit;
	return 0;
}

int lsk_can_transmit_stop(struct lsk_can *can)
{
	if (!can)
		return -EINVAL;
	if (!can->transmit)
		return -ENOENT;
	return lsk_loop_cancel(can->transmit->loop, can->transmit->op);
}
