/* SPDX-License-Identifier: MIT */
/*
 * Workloads of messages on stream connections: echo, idle, starve.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cell.h"

/* Messages that each talker of the starvation workload has queued. */
#define STARVE_DEPTH 8U

static int buffers_new(struct cell *cell, size_t message, size_t scratch)
{
	cell->message = malloc(message);
	cell->scratch = malloc(scratch);
	if (!cell->message || !cell->scratch)
		return -ENOMEM;
	wire_fill(cell->message, message, 1);
	memset(cell->scratch, 0, scratch);
	return 0;
}

/* Echo: one message is in flight on each connection. */

static int echo_start(struct cell *cell)
{
	int r = buffers_new(cell, cell->plan.message_size, cell->plan.message_size);

	return r < 0 ? r : wire_connect_all(cell);
}

static int echo_round(struct cell *cell)
{
	const size_t size = cell->plan.message_size;
	int r = 0;

	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++)
		r = wire_send_all(cell->client[i], cell->message, size);
	cell->goal += size * cell->plan.connections;
	if (r == 0)
		r = cell_pump(cell);
	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++)
		r = wire_recv_all(cell->client[i], cell->scratch, size);
	return r;
}

static int echo_check_once(struct cell *cell, unsigned seed)
{
	const size_t size = cell->plan.message_size;
	int r = 0;

	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++) {
		wire_fill(cell->message, size, seed + i);
		r = wire_send_all(cell->client[i], cell->message, size);
	}
	cell->goal += size * cell->plan.connections;
	if (r == 0)
		r = cell_pump(cell);
	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++) {
		wire_fill(cell->message, size, seed + i);
		r = wire_recv_all(cell->client[i], cell->scratch, size);
		if (r == 0 && memcmp(cell->message, cell->scratch, size) != 0)
			r = -EBADMSG;
		/* Nothing more may have come than was sent. */
		if (r == 0 &&
		    recv(cell->client[i], cell->scratch, size, MSG_DONTWAIT) >= 0)
			r = -EBADMSG;
	}
	return r;
}

static int echo_check(struct cell *cell)
{
	for (unsigned seed = 1; seed <= 3; seed++) {
		int r = echo_check_once(cell, seed * 10007);

		if (r < 0)
			return r;
	}
	return 0;
}

static double echo_items(const struct cell *cell)
{
	return cell->plan.connections;
}

const struct workload workload_echo = {
	.name = "echo",
	.unit = "message",
	.service = BENCH_ECHO,
	.start = echo_start,
	.round = echo_round,
	.check = echo_check,
	.items = echo_items,
};

/* Serve: the same over connections that the server has accepted itself. */

static int serve_start(struct cell *cell)
{
	int listener = -1;
	int r = buffers_new(cell, cell->plan.message_size, cell->plan.message_size);

	if (r == 0)
		r = wire_listen(cell->transport, &listener);
	if (r < 0)
		return r;
	cell->listener_copy = dup(listener);
	r = cell->listener_copy < 0 ? -errno
				    : cell->adapter->add(cell->server, listener);
	if (r < 0)
		close(listener);
	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++)
		r = wire_connect(cell->transport, cell->listener_copy,
				 &cell->client[i]);
	return r;
}

static void serve_stop(struct cell *cell)
{
	if (cell->listener_copy > 0)
		close(cell->listener_copy);
}

const struct workload workload_serve = {
	.name = "serve",
	.unit = "message",
	.service = BENCH_SERVE,
	.start = serve_start,
	.round = echo_round,
	.check = echo_check,
	.items = echo_items,
	.stop = serve_stop,
};

/* Idle: connections that spoke once and now wait; what does each hold? */

struct idle {
	uint64_t rss_before;
	uint64_t heap_before;
	uint64_t kernel_before;
};

static uint64_t memory_rss(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "RssAnon: %llu kB", &kib) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kib * 1024;
}

/* What the kernel's caches hold, of this process and of all others. */
static uint64_t memory_kernel(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Slab: %llu kB", &kib) == 1)
			break;
	}
	if (file)
		fclose(file);
	return kib * 1024;
}

static uint64_t memory_heap(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static int idle_talk(struct cell *cell, unsigned index)
{
	const size_t size = cell->plan.message_size;
	int r = wire_send_all(cell->client[index], cell->message, size);

	cell->goal += size;
	if (r == 0)
		r = cell_pump(cell);
	if (r == 0)
		r = wire_recv_all(cell->client[index], cell->scratch, size);
	return r;
}

static int idle_start(struct cell *cell)
{
	const unsigned connections = cell->plan.connections;
	struct idle *idle = calloc(1, sizeof(*idle));
	int r = buffers_new(cell, cell->plan.message_size, cell->plan.message_size);

	cell->private = idle;
	if (!idle || r < 0)
		return -ENOMEM;
	/* The first one brings what is shared: rings, pools, caches. */
	cell->plan.connections = 1;
	r = wire_connect_all(cell);
	cell->plan.connections = connections;
	if (r == 0)
		r = idle_talk(cell, 0);
	idle->rss_before = memory_rss();
	idle->heap_before = memory_heap();
	idle->kernel_before = memory_kernel();
	for (unsigned i = 1; i < connections && r == 0; i++) {
		int ends[2];

		r = wire_pair(cell->transport, ends);
		if (r < 0)
			break;
		cell->client[i] = ends[0];
		r = cell->adapter->add(cell->server, ends[1]);
		if (r == 0)
			r = idle_talk(cell, i);
	}
	return r;
}

/* One of the many speaks, each in its turn. */
static int idle_round(struct cell *cell)
{
	cell->burst = (cell->burst + 7919) % cell->plan.connections;
	return idle_talk(cell, (unsigned)cell->burst);
}

static double idle_items(const struct cell *cell)
{
	(void)cell;
	return 1;
}

static int idle_figures(struct cell *cell)
{
	const struct idle *idle = cell->private;
	const double count = cell->plan.connections - 1;

	printf("\"rss_bytes_per_connection\":%.1f,\"heap_bytes_per_connection\":%.1f,"
	       "\"rss_shared_bytes\":%llu,",
	       ((double)memory_rss() - (double)idle->rss_before) / count,
	       ((double)memory_heap() - (double)idle->heap_before) / count,
	       (unsigned long long)idle->rss_before);
	if (memory_kernel() > idle->kernel_before)
		printf("\"kernel_bytes_per_connection\":%.1f,",
		       (double)(memory_kernel() - idle->kernel_before) / count);
	return 0;
}

static int idle_check(struct cell *cell)
{
	int r = idle_round(cell);

	if (r == 0 &&
	    memcmp(cell->message, cell->scratch, cell->plan.message_size) != 0)
		r = -EBADMSG;
	return r;
}

static void private_free(struct cell *cell)
{
	free(cell->private);
}

const struct workload workload_idle = {
	.name = "idle",
	.unit = "message",
	.service = BENCH_ECHO,
	.start = idle_start,
	.round = idle_round,
	.check = idle_check,
	.items = idle_items,
	.figures = idle_figures,
	.stop = private_free,
};

/* Starve: many talkers, a pool of few buffers; nobody may be forgotten. */

static int starve_start(struct cell *cell)
{
	const size_t size = cell->plan.message_size;
	int r = buffers_new(cell, size, size * STARVE_DEPTH);

	cell->private = calloc(cell->plan.connections, sizeof(size_t));
	if (!cell->private)
		return -ENOMEM;
	return r < 0 ? r : wire_connect_all(cell);
}

static void starve_message(struct cell *cell, unsigned connection, unsigned turn)
{
	wire_fill(cell->message, cell->plan.message_size,
		  connection * STARVE_DEPTH + turn);
}

/* Takes what has arrived; with verify every byte must be the one that was sent. */
static int starve_drain(struct cell *cell, bool is_end)
{
	const size_t size = cell->plan.message_size;
	size_t *received = cell->private;

	for (unsigned i = 0; i < cell->plan.connections; i++) {
		const int flags = is_end ? MSG_WAITALL : MSG_DONTWAIT;
		const size_t want = size * STARVE_DEPTH - received[i];
		ssize_t n =
			want ? recv(cell->client[i], cell->scratch, want, flags) : 0;

		if (n < 0)
			n = 0;
		for (ssize_t at = 0; cell->tally.verify && at < n; at++) {
			const size_t offset = received[i] + (size_t)at;

			if (at == 0 || offset % size == 0)
				starve_message(cell, i, (unsigned)(offset / size));
			if (cell->scratch[at] != cell->message[offset % size])
				return -EBADMSG;
		}
		received[i] += (size_t)n;
		if (is_end && received[i] != size * STARVE_DEPTH)
			return -EBADMSG;
	}
	return 0;
}

static int starve_send(struct cell *cell)
{
	memset(cell->private, 0, cell->plan.connections * sizeof(size_t));
	for (unsigned turn = 0; turn < STARVE_DEPTH; turn++) {
		for (unsigned i = 0; i < cell->plan.connections; i++) {
			int r;

			if (cell->tally.verify)
				starve_message(cell, i, turn);
			r = wire_send_all(cell->client[i], cell->message,
					  cell->plan.message_size);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static uint64_t starve_total(const struct cell *cell)
{
	return (uint64_t)cell->plan.message_size * STARVE_DEPTH *
	       cell->plan.connections;
}

static int starve_round(struct cell *cell)
{
	int r = starve_send(cell);

	cell->goal += starve_total(cell);
	if (r == 0)
		r = cell_pump(cell);
	return r < 0 ? r : starve_drain(cell, true);
}

static double starve_items(const struct cell *cell)
{
	return (double)cell->plan.connections * STARVE_DEPTH;
}

/* Jain's index of what each had got when half was served: 1 is fair, 1/n is one only.
 */
static int starve_figures(struct cell *cell)
{
	const size_t *received = cell->private;
	double sum = 0, squares = 0;
	unsigned silent = 0;
	uint64_t starved = cell->tally.starved;
	int r = starve_send(cell);

	cell->goal += starve_total(cell) / 2;
	if (r == 0)
		r = cell_pump(cell);
	if (r == 0)
		r = starve_drain(cell, false);
	for (unsigned i = 0; i < cell->plan.connections; i++) {
		sum += (double)received[i];
		squares += (double)received[i] * (double)received[i];
		silent += received[i] == 0;
	}
	cell->goal += starve_total(cell) / 2;
	if (r == 0)
		r = cell_pump(cell);
	if (r == 0)
		r = starve_drain(cell, true);
	printf("\"jain_at_half\":%.4f,\"silent_at_half\":%u,\"starved\":%llu,",
	       squares > 0 ? sum * sum / (cell->plan.connections * squares) : 0.0,
	       silent, (unsigned long long)(cell->tally.starved - starved));
	return r;
}

const struct workload workload_starve = {
	.name = "starve",
	.unit = "message",
	.service = BENCH_ECHO,
	.start = starve_start,
	.round = starve_round,
	.check = starve_round,
	.items = starve_items,
	.figures = starve_figures,
	.stop = private_free,
};
