/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait: receive and send where nothing has to be waited for, ping-pong with
 * a partner in another thread on the same CPU, and batches of datagrams.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cell.h"

/* Calls in one round: the two reads of the clock are spread over them. */
#define READY_CALLS 64U

/* Round trips of which the percentiles are told. */
#define PINGPONG_SAMPLES 4000U

/* Sends to and from the server's end go through plain calls on ours. */
static int sync_pair(struct cell *cell, enum transport transport, int *ret_client)
{
	const size_t all = cell->plan.message_size * READY_CALLS;
	int ends[2];
	int r;

	cell->message = calloc(1, all);
	cell->scratch = calloc(1, all);
	if (!cell->message || !cell->scratch)
		return -ENOMEM;
	wire_fill(cell->message, all, 1);
	r = wire_pair(transport, ends);
	if (r < 0)
		return r;
	r = wire_buffer(ends[0], 8 * all + (1U << 20));
	if (r == 0)
		r = wire_buffer(ends[1], 8 * all + (1U << 20));
	if (r == 0 && transport == TRANSPORT_UDP)
		r = wire_mutual(ends[1], ends[0]);
	if (r == 0)
		r = cell->adapter->add(cell->server, ends[1]);
	if (r < 0) {
		close(ends[0]);
		close(ends[1]);
		return r;
	}
	*ret_client = ends[0];
	return 0;
}

static int ready_start(struct cell *cell)
{
	if (!cell->adapter->sync->send || !cell->adapter->sync->recv)
		return -EOPNOTSUPP;
	return sync_pair(cell, cell->transport, &cell->client[0]);
}

static int ready_verify(const struct cell *cell)
{
	const size_t all = cell->plan.message_size * READY_CALLS;

	if (cell->tally.verify && memcmp(cell->message, cell->scratch, all) != 0)
		return -EBADMSG;
	return 0;
}

static int recv_round(struct cell *cell)
{
	const struct bench_sync *sync = cell->adapter->sync;
	const size_t size = cell->plan.message_size;
	int r = 0;

	/* One by one: each call shall find a message of its own. */
	for (unsigned i = 0; i < READY_CALLS && r == 0; i++)
		r = wire_send_all(cell->client[0], cell->message + i * size, size);
	cell_server_enter(cell);
	for (unsigned i = 0; i < READY_CALLS && r == 0; i++) {
		long n = sync->recv(cell->server, cell->scratch + i * size, size);

		if (n != (long)size)
			r = n < 0 ? (int)n : -EIO;
	}
	cell_server_leave(cell);
	return r < 0 ? r : ready_verify(cell);
}

static int send_round(struct cell *cell)
{
	const struct bench_sync *sync = cell->adapter->sync;
	const size_t size = cell->plan.message_size;
	int r = 0;

	cell_server_enter(cell);
	for (unsigned i = 0; i < READY_CALLS && r == 0; i++) {
		long n = sync->send(cell->server, cell->message + i * size, size);

		if (n != (long)size)
			r = n < 0 ? (int)n : -EIO;
	}
	cell_server_leave(cell);
	if (r == 0)
		r = wire_recv_all(cell->client[0], cell->scratch, size * READY_CALLS);
	return r < 0 ? r : ready_verify(cell);
}

static double ready_items(const struct cell *cell)
{
	(void)cell;
	return READY_CALLS;
}

const struct workload workload_sync_recv = {
	.name = "sync-recv",
	.unit = "call",
	.service = BENCH_SYNC,
	.is_phase_timed = true,
	.start = ready_start,
	.round = recv_round,
	.check = recv_round,
	.items = ready_items,
};

const struct workload workload_sync_send = {
	.name = "sync-send",
	.unit = "call",
	.service = BENCH_SYNC,
	.is_phase_timed = true,
	.start = ready_start,
	.round = send_round,
	.check = send_round,
	.items = ready_items,
};

/* Batches: 64 datagrams in one call, each way. */

static int batch_start(struct cell *cell)
{
	if (!cell->adapter->sync->send_batch || !cell->adapter->sync->recv_batch)
		return -EOPNOTSUPP;
	return sync_pair(cell, TRANSPORT_UDP, &cell->client[0]);
}

static int batch_client_send(struct cell *cell)
{
	for (unsigned i = 0; i < READY_CALLS; i++) {
		const size_t size = cell->plan.message_size;
		ssize_t n = send(cell->client[0], cell->message + i * size, size, 0);

		if (n != (ssize_t)size)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

static int batch_client_recv(struct cell *cell)
{
	for (unsigned i = 0; i < READY_CALLS; i++) {
		const size_t size = cell->plan.message_size;
		ssize_t n = recv(cell->client[0], cell->scratch + i * size, size, 0);

		if (n != (ssize_t)size)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

static int batch_result(long count)
{
	if (count == (long)READY_CALLS)
		return 0;
	return count < 0 ? (int)count : -EIO;
}

static int batch_recv_round(struct cell *cell)
{
	int r = batch_client_send(cell);

	if (r < 0)
		return r;
	cell_server_enter(cell);
	r = batch_result(cell->adapter->sync->recv_batch(
		cell->server, cell->scratch, cell->plan.message_size, READY_CALLS));
	cell_server_leave(cell);
	return r < 0 ? r : ready_verify(cell);
}

static int batch_send_round(struct cell *cell)
{
	int r;

	cell_server_enter(cell);
	r = batch_result(cell->adapter->sync->send_batch(
		cell->server, cell->message, cell->plan.message_size, READY_CALLS));
	cell_server_leave(cell);
	if (r == 0)
		r = batch_client_recv(cell);
	return r < 0 ? r : ready_verify(cell);
}

const struct workload workload_sync_recv_batch = {
	.name = "sync-recv-batch",
	.unit = "datagram",
	.service = BENCH_SYNC,
	.is_phase_timed = true,
	.start = batch_start,
	.round = batch_recv_round,
	.check = batch_recv_round,
	.items = ready_items,
};

const struct workload workload_sync_send_batch = {
	.name = "sync-send-batch",
	.unit = "datagram",
	.service = BENCH_SYNC,
	.is_phase_timed = true,
	.start = batch_start,
	.round = batch_send_round,
	.check = batch_send_round,
	.items = ready_items,
};

/* Ping-pong: every receive has to wait for the partner. */

struct partner {
	pthread_t thread;
	int fd;
	size_t size;
	bool is_running;
	bool is_elsewhere; /* on another CPU than we */
};

/* Plain blocking calls, the same for all. */
static void *partner_run(void *context)
{
	struct partner *partner = context;
	uint8_t *buf = malloc(partner->size);

	if (partner->is_elsewhere)
		cpu_pin_elsewhere();
	while (buf && wire_recv_all(partner->fd, buf, partner->size) == 0) {
		if (wire_send_all(partner->fd, buf, partner->size) < 0)
			break;
	}
	free(buf);
	return NULL;
}

static int pingpong_start(struct cell *cell)
{
	struct partner *partner;
	int r;

	if (!cell->adapter->sync->send || !cell->adapter->sync->recv)
		return -EOPNOTSUPP;
	partner = calloc(1, sizeof(*partner));
	cell->private = partner;
	if (!partner)
		return -ENOMEM;
	partner->size = cell->plan.message_size;
	partner->is_elsewhere = cell->workload == &workload_sync_pingpong_cross;
	partner->fd = -1;
	if (partner->is_elsewhere && sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return -EOPNOTSUPP;
	r = sync_pair(cell, cell->transport, &partner->fd);
	if (r == 0)
		r = -pthread_create(&partner->thread, NULL, partner_run, partner);
	partner->is_running = r == 0;
	return r;
}

static int pingpong_round(struct cell *cell)
{
	const struct bench_sync *sync = cell->adapter->sync;
	const size_t size = cell->plan.message_size;
	size_t got = 0;
	long n;

	cell_server_enter(cell);
	n = sync->send(cell->server, cell->message, size);
	while (n > 0 && got < size) {
		n = sync->recv(cell->server, cell->scratch + got, size - got);
		got += n > 0 ? (size_t)n : 0;
	}
	cell_server_leave(cell);
	if (n <= 0)
		return n < 0 ? (int)n : -EPIPE;
	if (cell->tally.verify && memcmp(cell->message, cell->scratch, size) != 0)
		return -EBADMSG;
	return 0;
}

static double pingpong_items(const struct cell *cell)
{
	(void)cell;
	return 1;
}

static int pingpong_figures(struct cell *cell)
{
	uint64_t *samples = calloc(PINGPONG_SAMPLES, sizeof(*samples));
	int r = samples ? 0 : -ENOMEM;

	for (unsigned i = 0; i < PINGPONG_SAMPLES && r == 0; i++) {
		const uint64_t before = clock_ns(CLOCK_MONOTONIC);

		r = pingpong_round(cell);
		samples[i] = clock_ns(CLOCK_MONOTONIC) - before;
	}
	if (r == 0) {
		qsort(samples, PINGPONG_SAMPLES, sizeof(*samples), compare_ns);
		printf("\"rtt_p50_ns\":%llu,\"rtt_p99_ns\":%llu,",
		       (unsigned long long)samples[PINGPONG_SAMPLES / 2],
		       (unsigned long long)samples[PINGPONG_SAMPLES * 99 / 100]);
	}
	free(samples);
	return r;
}

static void pingpong_stop(struct cell *cell)
{
	struct partner *partner = cell->private;

	if (!partner)
		return;
	if (partner->is_running) {
		shutdown(partner->fd, SHUT_RDWR);
		pthread_join(partner->thread, NULL);
	}
	if (partner->fd >= 0)
		close(partner->fd);
	free(partner);
}

const struct workload workload_sync_pingpong = {
	.name = "sync-pingpong",
	.unit = "round trip",
	.service = BENCH_SYNC,
	.start = pingpong_start,
	.round = pingpong_round,
	.check = pingpong_round,
	.items = pingpong_items,
	.figures = pingpong_figures,
	.stop = pingpong_stop,
};

/* The partner on another CPU: both sleep, and each wakes the other. */
const struct workload workload_sync_pingpong_cross = {
	.name = "sync-pingpong-cross",
	.unit = "round trip",
	.service = BENCH_SYNC,
	.is_phase_timed = true,
	.start = pingpong_start,
	.round = pingpong_round,
	.check = pingpong_round,
	.items = pingpong_items,
	.figures = pingpong_figures,
	.stop = pingpong_stop,
};
