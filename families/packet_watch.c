/* SPDX-License-Identifier: MIT */
/*
 * A receive ring on a loop. The loop only says when to look: one poll of the socket is
 * under way, and is started again after each look. That costs a few microseconds for a
 * block of a thousand packets.
 */
#include "families/packet_ring.h"

#include <errno.h>
#include <poll.h>

#define BATCH       64u
#define BATCHES_MAX 4 /* of an immediate ring in one turn */
#define BLOCKS_MAX  4

static void watch_end(struct lsk_packet_ring *ring, int result)
{
	lsk_packet_fn deliver = ring->deliver;
	struct lsk_loop *loop = ring->loop;

	ring->loop = NULL;
	ring->is_ending = false;
	/* Fails where the program has operations of its own on the socket; then they
	 * keep it bound. */
	(void)lsk_loop_release(loop, ring->sock);
	deliver(ring, NULL, result, ring->context);
}

/* Take this turn's share. */
static void watch_deliver(struct lsk_packet_ring *ring)
{
	struct lsk_packet packets[BATCH];
	int batches = 0, blocks = 0;

	ring->is_delivering = true;
	while (!ring->is_ending && batches < BATCHES_MAX && blocks < BLOCKS_MAX) {
		int count = lsk_packet_ring_next(ring, packets, BATCH);

		if (count <= 0)
			break;
		if (ring->is_immediate)
			batches++;
		else if (ring->left == 0)
			blocks++;
		ring->deliver(ring, packets, count, ring->context);
	}
	ring->is_delivering = false;
}

static void watch_ready(struct lsk_loop *loop, const struct lsk_event *event);

static int watch_start(struct lsk_packet_ring *ring)
{
	const struct lsk_then then = {
		.done = watch_ready,
		.context = ring,
		.ret_op = &ring->op,
	};

	return lsk_loop_poll(ring->loop, ring->sock, POLLIN, &then);
}

static void watch_ready(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct lsk_packet_ring *ring = event->context;
	int r = event->result < 0 ? event->result : 0;

	(void)loop;
	if (r == 0 && event->result & POLLERR)
		r = packet_ring_error(ring);
	/* A device that went down may come back. */
	if (r == 0 || r == -ENETDOWN) {
		watch_deliver(ring);
		r = ring->is_ending ? -ECANCELED : watch_start(ring);
	}
	if (r < 0)
		watch_end(ring, r);
}

int lsk_packet_ring_watch(struct lsk_loop *loop, struct lsk_packet_ring *ring,
			  lsk_packet_fn deliver, void *context)
{
	int r;

	if (!loop || !ring || !deliver)
		return -EINVAL;
	if (ring->loop)
		return -EBUSY;
	ring->loop = loop;
	ring->deliver = deliver;
	ring->context = context;
	r = watch_start(ring);
	if (r < 0)
		ring->loop = NULL;
	return r;
}

int lsk_packet_ring_unwatch(struct lsk_packet_ring *ring)
{
	if (!ring)
		return -EINVAL;
	if (!ring->loop || ring->is_ending)
		return -ENOENT;
	if (!ring->is_delivering)
		return lsk_loop_cancel(ring->loop, ring->op);
	/* The poll has ended, or its event would not be delivered now. */
	ring->is_ending = true;
	return 0;
}
