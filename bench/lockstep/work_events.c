/* SPDX-License-Identifier: MIT */
/*
 * Workloads that are not "read a stream": accept, connect, timers, fan-out, source.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cell.h"

/* Rounds of timers of which the lateness is told. */
#define EXPIRY_SAMPLES 31U

static int message_new(struct cell *cell, size_t size)
{
	cell->message = malloc(size);
	cell->scratch = malloc(size);
	if (!cell->message || !cell->scratch)
		return -ENOMEM;
	wire_fill(cell->message, size, 1);
	memset(cell->scratch, 0, size);
	return 0;
}

/* Accept: plan.connections wait in the backlog; the server accepts and closes. */

static int accept_start(struct cell *cell)
{
	int listener = -1;
	int r = wire_listen(cell->transport, &listener);

	if (r < 0)
		return r;
	/* Ours keeps the name alive; the server's is closed by the server. */
	cell->listener_copy = dup(listener);
	r = cell->listener_copy < 0 ? -errno
				    : cell->adapter->add(cell->server, listener);
	if (r < 0)
		close(listener);
	return r;
}

static int accept_round(struct cell *cell)
{
	/* A reset leaves no TIME_WAIT behind that would use up the ports. */
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	const unsigned count = cell->plan.connections;
	unsigned made = 0;
	int r = 0;

	for (; made < count && r == 0; made++)
		r = wire_connect(cell->transport, cell->listener_copy,
				 &cell->client[made]);
	cell->goal += count;
	if (r == 0)
		r = cell_pump(cell);
	for (unsigned i = 0; i < made; i++) {
		char byte;

		if (cell->client[i] < 0)
			continue;
		/* Closed by the server means end of file, and nothing sent before. */
		if (cell->tally.verify && r == 0 &&
		    recv(cell->client[i], &byte, 1, MSG_DONTWAIT) != 0)
			r = -EBADMSG;
		setsockopt(cell->client[i], SOL_SOCKET, SO_LINGER, &reset,
			   sizeof(reset));
		close(cell->client[i]);
		cell->client[i] = -1;
	}
	return r;
}

static double accept_items(const struct cell *cell)
{
	return cell->plan.connections;
}

static void accept_stop(struct cell *cell)
{
	if (cell->listener_copy > 0)
		close(cell->listener_copy);
}

const struct workload workload_accept = {
	.name = "accept",
	.unit = "connection",
	.service = BENCH_ACCEPT,
	.is_phase_timed = true,
	.start = accept_start,
	.round = accept_round,
	.check = accept_round,
	.items = accept_items,
	.stop = accept_stop,
};

/* Connect: plan.connections at once, to a listener of ours. */

static int connect_start(struct cell *cell)
{
	int r;

	if (!cell->adapter->connect)
		return -EOPNOTSUPP;
	r = wire_listen(cell->transport, &cell->listener_copy);
	return r;
}

static int connect_round(struct cell *cell)
{
	/* The other side has closed first: a reset leaves it no TIME_WAIT. */
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	const unsigned count = cell->plan.connections;
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int r = 0;

	if (getsockname(cell->listener_copy, (struct sockaddr *)&address, &len) < 0)
		return -errno;
	cell->goal += count;
	cell_server_enter(cell);
	r = cell->adapter->connect(cell->server, (struct sockaddr *)&address, len,
				   count);
	if (r == 0)
		r = cell->adapter->pump(cell->server, cell->goal);
	cell_server_leave(cell);
	for (unsigned i = 0; i < count && r == 0; i++) {
		int fd = accept4(cell->listener_copy, NULL, NULL, SOCK_CLOEXEC);
		char byte;

		if (fd < 0)
			return -errno;
		/* Made, and closed without a word. */
		if (cell->tally.verify && recv(fd, &byte, 1, 0) != 0)
			r = -EBADMSG;
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	return r;
}

const struct workload workload_connect = {
	.name = "connect",
	.unit = "connection",
	.service = BENCH_CONNECT,
	.is_phase_timed = true,
	.start = connect_start,
	.round = connect_round,
	.check = connect_round,
	.items = accept_items,
	.stop = accept_stop,
};

/* Timers: plan.connections of them are armed, then cancelled. */

static int timers_start(struct cell *cell)
{
	return cell->adapter->timers ? 0 : -EOPNOTSUPP;
}

static int timers_round(struct cell *cell)
{
	int r;

	cell_server_enter(cell);
	r = cell->adapter->timers(cell->server, cell->plan.connections);
	cell_server_leave(cell);
	return r;
}

const struct workload workload_timers = {
	.name = "timers",
	.unit = "timer",
	.service = BENCH_TIMERS,
	.start = timers_start,
	.round = timers_round,
	.check = timers_round,
	.items = accept_items,
};

/* Expiry: of plan.connections timers plan.firing expire; the others are cancelled. */

static int expiry_start(struct cell *cell)
{
	return cell->adapter->arm && cell->adapter->disarm ? 0 : -EOPNOTSUPP;
}

/* Return: 0; @ret_late_ns: how long after the last one's time all had been told. */
static int expiry_once(struct cell *cell, uint64_t *ret_late_ns)
{
	uint64_t due;
	uint64_t now;
	int r;

	cell->goal += cell->plan.firing;
	cell_server_enter(cell);
	r = cell->adapter->arm(cell->server);
	due = clock_ns(CLOCK_MONOTONIC) + BENCH_TIMER_SOON_MS * 1000000U;
	if (r == 0)
		r = cell->adapter->pump(cell->server, cell->goal);
	now = clock_ns(CLOCK_MONOTONIC);
	if (r == 0)
		r = cell->adapter->disarm(cell->server);
	cell_server_leave(cell);
	/* Nobody may be early: what is told of armed timers has been waited for. */
	if (r == 0 && cell->tally.done != cell->goal)
		r = -EBADMSG;
	*ret_late_ns = now > due ? now - due : 0;
	return r;
}

static int expiry_round(struct cell *cell)
{
	uint64_t late;

	return expiry_once(cell, &late);
}

static int expiry_figures(struct cell *cell)
{
	uint64_t samples[EXPIRY_SAMPLES];
	int r = 0;

	for (unsigned i = 0; i < EXPIRY_SAMPLES && r == 0; i++)
		r = expiry_once(cell, &samples[i]);
	if (r < 0)
		return r;
	qsort(samples, EXPIRY_SAMPLES, sizeof(samples[0]), compare_ns);
	printf("\"last_late_median_us\":%.1f,\"last_late_max_us\":%.1f,",
	       (double)samples[EXPIRY_SAMPLES / 2] / 1000,
	       (double)samples[EXPIRY_SAMPLES - 1] / 1000);
	return 0;
}

const struct workload workload_expiry = {
	.name = "expiry",
	.unit = "timer",
	.service = BENCH_TIMERS,
	.start = expiry_start,
	.round = expiry_round,
	.check = expiry_round,
	.items = accept_items,
	.figures = expiry_figures,
};

/* Fan-out: one message of the server's to every connection. */

static int fanout_start(struct cell *cell)
{
	int r = message_new(cell, cell->plan.message_size);

	if (!cell->adapter->broadcast)
		return -EOPNOTSUPP;
	return r < 0 ? r : wire_connect_all(cell);
}

static int broadcast_pump(struct cell *cell)
{
	int r;

	cell_server_enter(cell);
	r = cell->adapter->broadcast(cell->server, cell->message,
				     cell->plan.message_size);
	if (r == 0)
		r = cell->adapter->pump(cell->server, cell->goal);
	cell_server_leave(cell);
	return r;
}

static int fanout_round(struct cell *cell)
{
	const size_t size = cell->plan.message_size;
	int r;

	cell->goal += cell->plan.connections;
	r = broadcast_pump(cell);
	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++) {
		r = wire_recv_all(cell->client[i], cell->scratch, size);
		if (r == 0 && cell->tally.verify &&
		    memcmp(cell->message, cell->scratch, size) != 0)
			r = -EBADMSG;
	}
	return r;
}

const struct workload workload_fanout = {
	.name = "fanout",
	.unit = "send",
	.service = BENCH_FANOUT,
	.is_phase_timed = true,
	.start = fanout_start,
	.round = fanout_round,
	.check = fanout_round,
	.items = accept_items,
};

/* Source: one large message at a time, which the client takes whole. */

static int source_start(struct cell *cell)
{
	/* Room for the whole message in the socket buffers. */
	cell->burst = cell->plan.message_size;
	return fanout_start(cell);
}

const struct workload workload_source = {
	.name = "source",
	.unit = "send",
	.service = BENCH_SOURCE,
	.is_phase_timed = true,
	.start = source_start,
	.round = fanout_round,
	.check = fanout_round,
	.items = accept_items,
};
