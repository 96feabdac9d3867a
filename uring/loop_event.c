/* SPDX-License-Identifier: MIT */
/* Events of operations without a callback, kept until lsk_loop_next() fetches them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "uring/loop.h"
#include "uring/loop_hot.h"

/* Room for the event that an operation without a callback will end with. */
int event_reserve(struct lsk_loop *loop)
{
	size_t wanted = loop->stats.operations + LOOP_POOLS_MAX;
	struct lsk_event *spill;

	if (loop->spill_capacity >= wanted)
		return 0;
	spill = reallocarray(loop->spill, wanted * 2, sizeof(*spill));
	if (!spill)
		return -ENOMEM;
	loop->spill = spill;
	loop->spill_capacity = wanted * 2;
	return 0;
}

/* Nobody will hear of @event. Leases go with their pool. */
static void event_drop(struct lsk_loop *loop, const struct lsk_event *event)
{
	if (event->flags & EVENT_DESCRIPTOR)
		loop_close_fd(loop, event->result);
}

/* The loop ends with events that lsk_loop_next() has not fetched. */
void event_drop_kept(struct lsk_loop *loop)
{
	while (loop->spill_begin < loop->spill_count)
		event_drop(loop, &loop->spill[loop->spill_begin++]);
}

void event_keep(struct lsk_loop *loop, enum op_kind kind, const struct lsk_event *event)
{
	struct lsk_event kept = *event;

	if (loop->next_count < loop->next_room) {
		loop->next_events[loop->next_count++] = *event;
		return;
	}
	if (event->result >= 0 &&
	    (kind == OP_ACCEPT || kind == OP_ACCEPT_STREAM || kind == OP_INSTALL))
		kept.flags |= EVENT_DESCRIPTOR;
	if (loop->is_ending) {
		event_drop(loop, &kept);
		return;
	}
	/* op_new() has made room for one event of each operation; what streams bring
	 * beyond that makes room for itself. */
	if (loop->spill_count == loop->spill_capacity) {
		size_t capacity = loop->spill_capacity * 2;
		struct lsk_event *spill;

		spill = reallocarray(loop->spill, capacity, sizeof(*spill));
		if (!spill) {
			event_drop(loop, &kept);
			return;
		}
		loop->spill = spill;
		loop->spill_capacity = capacity;
	}
	loop->spill[loop->spill_count++] = kept;
}

unsigned int event_take(struct lsk_loop *loop, struct lsk_event *ret_events,
			unsigned int count)
{
	size_t waiting = loop->spill_count - loop->spill_begin;
	unsigned int taken = waiting < count ? (unsigned int)waiting : count;

	if (taken == 0)
		return 0;
	memcpy(ret_events, loop->spill + loop->spill_begin,
	       taken * sizeof(*ret_events));
	for (unsigned int i = 0; i < taken; i++)
		ret_events[i].flags &= ~EVENT_DESCRIPTOR;
	loop->spill_begin += taken;
	if (loop->spill_begin == loop->spill_count) {
		loop->spill_begin = 0;
		loop->spill_count = 0;
	}
	return taken;
}
