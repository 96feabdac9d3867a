/* SPDX-License-Identifier: MIT */
/*
 * Datagrams, received and sent: 64 on each socket in one turn. Where the plan says so
 * the kernel cuts what is sent, and puts together what is received (GSO, GRO). A turn
 * that loses one has failed: the buffers hold them all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cell.h"

/* Of one send that is cut; the kernel takes 64 segments and 65507 bytes. */
#define SEGMENTS_BYTES_MAX 65000U

static int buffers_new(struct cell *cell)
{
	const size_t all = cell->plan.message_size * BENCH_DATAGRAMS_QUEUED;

	cell->message = malloc(all);
	cell->scratch = malloc(all);
	if (!cell->message || !cell->scratch)
		return -ENOMEM;
	wire_fill(cell->message, all, 1);
	return 0;
}

static size_t piece_size(const struct cell *cell)
{
	const size_t size = cell->plan.message_size;

	if (!cell->plan.is_segmented)
		return size;
	if (size * BENCH_DATAGRAMS_QUEUED <= SEGMENTS_BYTES_MAX)
		return size * BENCH_DATAGRAMS_QUEUED;
	return SEGMENTS_BYTES_MAX / size * size;
}

static int datagrams_start(struct cell *cell)
{
	int r = buffers_new(cell);

	cell->plan.piece_size = piece_size(cell);
	return r < 0 ? r : wire_connect_all(cell);
}

/* The client's 64, in as few calls as can be. */
static int client_send(const struct cell *cell, int fd)
{
	const size_t all = cell->plan.message_size * BENCH_DATAGRAMS_QUEUED;
	struct mmsghdr messages[BENCH_DATAGRAMS_QUEUED] = {0};
	struct iovec parts[BENCH_DATAGRAMS_QUEUED];
	unsigned count = 0;
	int n;

	for (size_t at = 0; at < all; at += parts[count++].iov_len) {
		const size_t left = all - at;

		parts[count].iov_base = cell->message + at;
		parts[count].iov_len =
			left < cell->plan.piece_size ? left : cell->plan.piece_size;
		messages[count].msg_hdr.msg_iov = &parts[count];
		messages[count].msg_hdr.msg_iovlen = 1;
	}
	n = sendmmsg(fd, messages, count, 0);
	if (n != (int)count)
		return n < 0 ? -errno : -EIO;
	return 0;
}

static int datagrams_round(struct cell *cell)
{
	int r = 0;

	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++)
		r = client_send(cell, cell->client[i]);
	cell->goal += (uint64_t)BENCH_DATAGRAMS_QUEUED * cell->plan.connections;
	return r < 0 ? r : cell_pump(cell);
}

static int datagrams_check(struct cell *cell)
{
	const uint64_t sum = wire_sum(cell->message,
				      cell->plan.message_size * BENCH_DATAGRAMS_QUEUED);
	int r;

	cell->tally.sum = 0;
	r = datagrams_round(cell);
	if (r == 0 && (cell->tally.done != cell->goal ||
		       cell->tally.sum != sum * cell->plan.connections))
		r = -EBADMSG;
	return r;
}

static double datagrams_items(const struct cell *cell)
{
	return (double)BENCH_DATAGRAMS_QUEUED * cell->plan.connections;
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

/* The client takes 64, each of its own; more or fewer is an error. */
static int client_receive(struct cell *cell, int fd)
{
	const size_t size = cell->plan.message_size;
	struct mmsghdr messages[BENCH_DATAGRAMS_QUEUED + 1] = {0};
	struct iovec parts[BENCH_DATAGRAMS_QUEUED + 1];
	int n;

	for (unsigned i = 0; i <= BENCH_DATAGRAMS_QUEUED; i++) {
		/* The last is for one too many: there is none. */
		parts[i].iov_base = cell->scratch + i % BENCH_DATAGRAMS_QUEUED * size;
		parts[i].iov_len = size;
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(fd, messages, BENCH_DATAGRAMS_QUEUED + 1, MSG_DONTWAIT, NULL);
	if (n != (int)BENCH_DATAGRAMS_QUEUED)
		return n < 0 ? -errno : -EBADMSG;
	for (int i = 0; i < n; i++) {
		if (messages[i].msg_len != size)
			return -EBADMSG;
	}
	return 0;
}

static int datagrams_send_round(struct cell *cell)
{
	const size_t all = cell->plan.message_size * BENCH_DATAGRAMS_QUEUED;
	int r;

	cell->goal += (uint64_t)BENCH_DATAGRAMS_QUEUED * cell->plan.connections;
	cell_server_enter(cell);
	r = cell->adapter->broadcast(cell->server, cell->message, all);
	if (r == 0)
		r = cell->adapter->pump(cell->server, cell->goal);
	cell_server_leave(cell);
	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++) {
		r = client_receive(cell, cell->client[i]);
		if (r == 0 && cell->tally.verify &&
		    wire_sum(cell->scratch, all) != wire_sum(cell->message, all))
			r = -EBADMSG;
	}
	return r;
}

const struct workload workload_datagrams_send = {
	.name = "datagrams-send",
	.unit = "datagram",
	.service = BENCH_DATAGRAMS_SEND,
	.is_phase_timed = true,
	.start = datagrams_start,
	.round = datagrams_send_round,
	.check = datagrams_send_round,
	.items = datagrams_items,
};
