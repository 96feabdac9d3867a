/* SPDX-License-Identifier: MIT */
/*
 * Workloads that are not "read a stream": datagrams, accept, timers, fan-out, source.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cell.h"

/* Queued before the server's turn. */
#define DATAGRAMS_QUEUED 64U

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

/* Datagrams: 64 are queued on each socket, then taken. */

static int datagrams_start(struct cell *cell)
{
	int r = message_new(cell, cell->plan.message_size);

	return r < 0 ? r : wire_connect_all(cell);
}

static int datagrams_round(struct cell *cell)
{
	struct mmsghdr messages[DATAGRAMS_QUEUED] = {0};
	struct iovec part = {cell->message, cell->plan.message_size};

	for (unsigned i = 0; i < DATAGRAMS_QUEUED; i++) {
		messages[i].msg_hdr.msg_iov = &part;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (unsigned i = 0; i < cell->plan.connections; i++) {
		int n = sendmmsg(cell->client[i], messages, DATAGRAMS_QUEUED, 0);

		if (n != (int)DATAGRAMS_QUEUED)
			return n < 0 ? -errno : -EIO;
	}
	cell->goal += (uint64_t)DATAGRAMS_QUEUED * cell->plan.connections;
	return cell_pump(cell);
}

static int datagrams_check(struct cell *cell)
{
	const uint64_t sum = wire_sum(cell->message, cell->plan.message_size);
	int r;

	cell->tally.sum = 0;
	r = datagrams_round(cell);
	if (r == 0 &&
	    (cell->tally.done != cell->goal ||
	     cell->tally.sum != sum * DATAGRAMS_QUEUED * cell->plan.connections))
		r = -EBADMSG;
	return r;
}

static double datagrams_items(const struct cell *cell)
{
	return (double)DATAGRAMS_QUEUED * cell->plan.connections;
}

const struct workload workload_datagrams = {
	.name = "datagrams",
	.unit = "datagram",
	.service = BENCH_DATAGRAMS,
	.is_phase_timed = true,
	.start = datagrams_start,
	.round = datagrams_round,
	.check = datagrams_check,
	.items = datagrams_items,
};

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
