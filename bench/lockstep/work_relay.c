/* SPDX-License-Identifier: MIT */
/*
 * Workloads on streams of bytes: the server takes them, makes them, or sends on what it
 * takes. One turn is a burst on each connection.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cell.h"

/* Many application buffers long, as a busy stream is. */
#define BURST (256U << 10)

static int relay_start(struct cell *cell)
{
	cell->message = malloc(BURST);
	cell->scratch = malloc(BURST);
	if (!cell->message || !cell->scratch)
		return -ENOMEM;
	wire_fill(cell->message, BURST, 1);
	cell->burst = BURST;
	return wire_connect_all(cell);
}

/* The whole burst must fit, or the one thread would wait for itself. */
static int burst_send(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN ? -ENOBUFS : -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int burst_receive(struct cell *cell, int fd)
{
	int r = wire_recv_all(fd, cell->scratch, cell->burst);

	if (r == 0 && cell->tally.verify &&
	    memcmp(cell->message, cell->scratch, cell->burst) != 0)
		r = -EBADMSG;
	return r;
}

/* What the loop is told of a MiB. */
static int relay_figures(struct cell *cell)
{
	const uint64_t before = cell->tally.events;
	int r = cell->workload->round(cell);

	if (r == 0 && cell->tally.events > before)
		printf("\"events_per_mib\":%.1f,",
		       (double)(cell->tally.events - before) * 1024 /
			       cell->workload->items(cell));
	return r;
}

/* Sink: a burst is queued, then the server takes it through buffers of a given size. */

static int sink_round(struct cell *cell)
{
	int r = 0;

	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++)
		r = burst_send(cell->client[i], cell->message, cell->burst);
	cell->goal += cell->burst * cell->plan.connections;
	return r < 0 ? r : cell_pump(cell);
}

static int sink_check(struct cell *cell)
{
	uint64_t expected =
		wire_sum(cell->message, cell->burst) * cell->plan.connections;
	int r;

	cell->tally.sum = 0;
	r = sink_round(cell);
	if (r == 0 && (cell->tally.sum != expected || cell->tally.done != cell->goal))
		r = -EBADMSG;
	return r;
}

static double relay_items(const struct cell *cell)
{
	return (double)cell->burst * cell->plan.connections / 1024.0;
}

const struct workload workload_sink = {
	.name = "sink",
	.unit = "KiB",
	.service = BENCH_SINK,
	.is_phase_timed = true,
	.start = relay_start,
	.round = sink_round,
	.check = sink_check,
	.items = relay_items,
	.figures = relay_figures,
};

/* Source: the server makes bursts in pieces of its buffer's size. */

static int stream_source_start(struct cell *cell)
{
	if (!cell->adapter->broadcast)
		return -EOPNOTSUPP;
	return relay_start(cell);
}

static int stream_source_round(struct cell *cell)
{
	const size_t size = cell->plan.message_size;
	int r = 0;

	cell->goal += (uint64_t)cell->plan.connections * (cell->burst / size);
	cell_server_enter(cell);
	for (size_t at = 0; at < cell->burst && r == 0; at += size)
		r = cell->adapter->broadcast(cell->server, cell->message + at, size);
	if (r == 0)
		r = cell->adapter->pump(cell->server, cell->goal);
	cell_server_leave(cell);
	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++)
		r = burst_receive(cell, cell->client[i]);
	return r;
}

const struct workload workload_stream_source = {
	.name = "stream-source",
	.unit = "KiB",
	.service = BENCH_SOURCE,
	.is_phase_timed = true,
	.start = stream_source_start,
	.round = stream_source_round,
	.check = stream_source_round,
	.items = relay_items,
	.figures = relay_figures,
};

/* Proxy: connections are pairs; what goes into the first comes out of the second. */

static int proxy_round(struct cell *cell)
{
	int r = 0;

	for (unsigned i = 0; i < cell->plan.connections && r == 0; i += 2)
		r = burst_send(cell->client[i], cell->message, cell->burst);
	cell->goal += cell->burst * (cell->plan.connections / 2);
	if (r == 0)
		r = cell_pump(cell);
	for (unsigned i = 1; i < cell->plan.connections && r == 0; i += 2)
		r = burst_receive(cell, cell->client[i]);
	return r;
}

static double proxy_items(const struct cell *cell)
{
	return relay_items(cell) / 2;
}

const struct workload workload_proxy = {
	.name = "proxy",
	.unit = "KiB",
	.service = BENCH_PROXY,
	.is_phase_timed = true,
	.start = relay_start,
	.round = proxy_round,
	.check = proxy_round,
	.items = proxy_items,
	.figures = relay_figures,
};
