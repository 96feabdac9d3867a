/* SPDX-License-Identifier: MIT */
/*
 * Echo with the client on another CPU: the server really sleeps and is really woken.
 * Told are the CPU time of the server's thread alone, and how long the client waited.
 * The wall clock is in it, so a busy machine shows; no figure to reach is taken here.
 *
 * Two clients: one sends the next message when the last is answered (a closed loop),
 * the other at times that were fixed before (an open loop). To the second a server that
 * was away for a while is late for all that was due meanwhile, as it is in life.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cell.h"

/* Messages of each connection in one round; of many, fewer. */
#define CROSS_DEPTH      32U
#define CROSS_DEPTH_MANY 4U
#define CROSS_MANY       256U
#define EVENTS_MAX       256

/* Of which the percentiles are told. */
#define SAMPLES_MIN 4096U
#define SAMPLES_MAX 8192U

/* Messages of all connections in one round of the open loop. */
#define OPEN_MESSAGES 256U

struct cross {
	struct cell *cell;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	bool is_started;
	bool is_running; /* a round is to be played */
	bool is_ending;
	int error;
	int (*play)(struct cross *cross);
	uint64_t began_at; /* an open loop's round */
	int epoll;
	size_t *received;    /* of the message under way, for each connection */
	unsigned *remaining; /* messages of the round */
	uint64_t *sent_at;
	uint64_t *samples;
	size_t samples_count;
	size_t samples_max;
};

int cpu_pin_elsewhere(void)
{
	const long count = sysconf(_SC_NPROCESSORS_ONLN);
	const int here = sched_getcpu();
	cpu_set_t set;

	for (int cpu = 0; cpu < count; cpu++) {
		if (cpu == here)
			continue;
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set) == 0)
			return 0;
	}
	return -EOPNOTSUPP;
}

static unsigned cross_depth(const struct bench_plan *plan)
{
	return plan->connections < CROSS_MANY ? CROSS_DEPTH : CROSS_DEPTH_MANY;
}

static int cross_send(struct cross *cross, unsigned index)
{
	struct cell *cell = cross->cell;

	cross->received[index] = 0;
	cross->sent_at[index] = clock_ns(CLOCK_MONOTONIC);
	return wire_send_all(cell->client[index], cell->message,
			     cell->plan.message_size);
}

/* Returns 1 when the connection has played all of its messages. */
static int cross_ready(struct cross *cross, unsigned index)
{
	struct cell *cell = cross->cell;
	const size_t size = cell->plan.message_size;
	ssize_t n = recv(cell->client[index], cell->scratch,
			 size - cross->received[index], MSG_DONTWAIT);

	if (n <= 0)
		return n == 0 ? -EPIPE : errno == EAGAIN ? 0 : -errno;
	if (cell->tally.verify &&
	    memcmp(cell->scratch, cell->message + cross->received[index], (size_t)n) !=
		    0)
		return -EBADMSG;
	cross->received[index] += (size_t)n;
	if (cross->received[index] < size)
		return 0;
	if (cross->samples_count < cross->samples_max)
		cross->samples[cross->samples_count++] =
			clock_ns(CLOCK_MONOTONIC) - cross->sent_at[index];
	if (--cross->remaining[index] == 0)
		return 1;
	return cross_send(cross, index);
}

static int cross_play(struct cross *cross)
{
	const unsigned connections = cross->cell->plan.connections;
	struct epoll_event events[EVENTS_MAX];
	unsigned playing = connections;

	for (unsigned i = 0; i < connections; i++) {
		int r;

		cross->remaining[i] = cross_depth(&cross->cell->plan);
		r = cross_send(cross, i);
		if (r < 0)
			return r;
	}
	while (playing > 0) {
		int count = epoll_wait(cross->epoll, events, EVENTS_MAX, -1);

		for (int i = 0; i < count; i++) {
			int r = cross_ready(cross, events[i].data.u32);

			if (r < 0)
				return r;
			playing -= (unsigned)r;
		}
	}
	return 0;
}

/* When the @message-th of a round is due. */
static uint64_t open_due(const struct cross *cross, uint64_t message)
{
	return cross->began_at + message * 1000000000U / cross->cell->plan.rate;
}

/* Answers of one connection come in the order of its messages: the connections take
 * turns, so that it is known which message is answered. Return: how many were. */
static int open_ready(struct cross *cross, unsigned index)
{
	struct cell *cell = cross->cell;
	const size_t size = cell->plan.message_size;
	const size_t have = cross->received[index];
	ssize_t n = recv(cell->client[index], cell->scratch, size - have, MSG_DONTWAIT);
	uint64_t message;

	if (n <= 0)
		return n == 0 ? -EPIPE : errno == EAGAIN ? 0 : -errno;
	if (cell->tally.verify &&
	    memcmp(cell->scratch, cell->message + have, (size_t)n) != 0)
		return -EBADMSG;
	cross->received[index] = have + (size_t)n;
	if (cross->received[index] < size)
		return 0;
	cross->received[index] = 0;
	message = index + (uint64_t)cross->remaining[index] * cell->plan.connections;
	cross->remaining[index]++;
	if (cross->samples_count < cross->samples_max)
		cross->samples[cross->samples_count++] =
			clock_ns(CLOCK_MONOTONIC) - open_due(cross, message);
	return 1;
}

/* It never sleeps: nobody shall be late by this client. */
static int open_play(struct cross *cross)
{
	struct cell *cell = cross->cell;
	const unsigned connections = cell->plan.connections;
	struct epoll_event events[EVENTS_MAX];
	unsigned sent = 0;
	unsigned answered = 0;

	memset(cross->remaining, 0, connections * sizeof(*cross->remaining));
	memset(cross->received, 0, connections * sizeof(*cross->received));
	cross->began_at = clock_ns(CLOCK_MONOTONIC);
	while (answered < OPEN_MESSAGES) {
		int count;

		while (sent < OPEN_MESSAGES &&
		       clock_ns(CLOCK_MONOTONIC) >= open_due(cross, sent)) {
			int r = wire_send_all(cell->client[sent % connections],
					      cell->message, cell->plan.message_size);

			if (r < 0)
				return r;
			sent++;
		}
		count = epoll_wait(cross->epoll, events, EVENTS_MAX, 0);
		for (int i = 0; i < count; i++) {
			int r = open_ready(cross, events[i].data.u32);

			if (r < 0)
				return r;
			answered += (unsigned)r;
		}
	}
	return 0;
}

static void *cross_run(void *context)
{
	struct cross *cross = context;

	cross->error = cpu_pin_elsewhere();
	pthread_mutex_lock(&cross->lock);
	while (!cross->is_ending) {
		if (cross->is_running) {
			int r;

			pthread_mutex_unlock(&cross->lock);
			r = cross->play(cross);
			pthread_mutex_lock(&cross->lock);
			cross->error = r;
			cross->is_running = false;
			pthread_cond_signal(&cross->change);
		} else {
			pthread_cond_wait(&cross->change, &cross->lock);
		}
	}
	pthread_mutex_unlock(&cross->lock);
	return NULL;
}

static int cross_allocate(struct cross *cross)
{
	const struct bench_plan *plan = &cross->cell->plan;

	cross->samples_max = (size_t)plan->connections * cross_depth(plan) * 64;
	if (cross->samples_max < SAMPLES_MIN)
		cross->samples_max = SAMPLES_MIN;
	if (cross->samples_max > SAMPLES_MAX)
		cross->samples_max = SAMPLES_MAX;
	cross->received = calloc(plan->connections, sizeof(*cross->received));
	cross->remaining = calloc(plan->connections, sizeof(*cross->remaining));
	cross->sent_at = calloc(plan->connections, sizeof(*cross->sent_at));
	cross->samples = calloc(cross->samples_max, sizeof(*cross->samples));
	cross->cell->message = calloc(1, plan->message_size);
	cross->cell->scratch = calloc(1, plan->message_size);
	if (!cross->received || !cross->remaining || !cross->sent_at ||
	    !cross->samples || !cross->cell->message || !cross->cell->scratch)
		return -ENOMEM;
	wire_fill(cross->cell->message, plan->message_size, 1);
	return 0;
}

static int cross_start(struct cell *cell)
{
	struct cross *cross = calloc(1, sizeof(*cross));
	int r;

	cell->private = cross;
	if (!cross)
		return -ENOMEM;
	cross->cell = cell;
	cross->play = cell->workload == &workload_cross_open ? open_play : cross_play;
	if (cell->plan.rate == 0)
		cell->plan.rate = 1000;
	cross->epoll = epoll_create1(EPOLL_CLOEXEC);
	pthread_mutex_init(&cross->lock, NULL);
	pthread_cond_init(&cross->change, NULL);
	r = cross_allocate(cross);
	if (r == 0)
		r = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? wire_connect_all(cell)
						      : -EOPNOTSUPP;
	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

		if (epoll_ctl(cross->epoll, EPOLL_CTL_ADD, cell->client[i], &event) < 0)
			r = -errno;
	}
	if (r == 0)
		r = -pthread_create(&cross->thread, NULL, cross_run, cross);
	cross->is_started = r == 0;
	return r;
}

static uint64_t cross_messages(const struct cell *cell)
{
	if (cell->workload == &workload_cross_open)
		return OPEN_MESSAGES;
	return (uint64_t)cell->plan.connections * cross_depth(&cell->plan);
}

static int cross_round(struct cell *cell)
{
	struct cross *cross = cell->private;
	int r;

	pthread_mutex_lock(&cross->lock);
	cross->is_running = true;
	pthread_cond_signal(&cross->change);
	pthread_mutex_unlock(&cross->lock);
	cell->goal += cell->plan.message_size * cross_messages(cell);
	r = cell_pump(cell);
	if (r < 0)
		return r;
	pthread_mutex_lock(&cross->lock);
	while (cross->is_running)
		pthread_cond_wait(&cross->change, &cross->lock);
	r = cross->error;
	pthread_mutex_unlock(&cross->lock);
	return r;
}

static int cross_check(struct cell *cell)
{
	int r = cross_round(cell);

	if (r == 0 && cell->tally.done != cell->goal)
		r = -EBADMSG;
	return r;
}

static double cross_items(const struct cell *cell)
{
	return (double)cross_messages(cell);
}

static int cross_figures(struct cell *cell)
{
	struct cross *cross = cell->private;
	const uint64_t *samples = cross->samples;
	size_t count;
	int r = 0;

	cross->samples_count = 0;
	while (cross->samples_count < cross->samples_max && r == 0)
		r = cross_round(cell);
	count = cross->samples_count;
	if (r < 0)
		return r;
	qsort(cross->samples, count, sizeof(*samples), compare_ns);
	printf("\"rtt_p50_ns\":%llu,\"rtt_p99_ns\":%llu,\"rtt_p999_ns\":%llu,",
	       (unsigned long long)samples[count / 2],
	       (unsigned long long)samples[count * 99 / 100],
	       (unsigned long long)samples[count * 999 / 1000]);
	return 0;
}

static void cross_stop(struct cell *cell)
{
	struct cross *cross = cell->private;

	if (!cross)
		return;
	if (cross->is_started) {
		pthread_mutex_lock(&cross->lock);
		cross->is_ending = true;
		pthread_cond_signal(&cross->change);
		pthread_mutex_unlock(&cross->lock);
		pthread_join(cross->thread, NULL);
	}
	close(cross->epoll);
	pthread_cond_destroy(&cross->change);
	pthread_mutex_destroy(&cross->lock);
	free(cross->received);
	free(cross->remaining);
	free(cross->sent_at);
	free(cross->samples);
	free(cross);
}

const struct workload workload_cross = {
	.name = "cross",
	.unit = "message",
	.service = BENCH_ECHO,
	.is_phase_timed = true,
	.start = cross_start,
	.round = cross_round,
	.check = cross_check,
	.items = cross_items,
	.figures = cross_figures,
	.stop = cross_stop,
};

const struct workload workload_cross_open = {
	.name = "cross-open",
	.unit = "message",
	.service = BENCH_ECHO,
	.is_phase_timed = true,
	.start = cross_start,
	.round = cross_round,
	.check = cross_check,
	.items = cross_items,
	.figures = cross_figures,
	.stop = cross_stop,
};
