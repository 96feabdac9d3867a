/* SPDX-License-Identifier: MIT */
/* The wheel of timers. Index 0 names no timer and ends every list. */
#include "uring/wheel.h"

#include <stdlib.h>
#include <string.h>

enum {
	WHEEL_LEVEL_SHIFT = 6,
	WHEEL_WHERE_EXPIRED = WHEEL_LEVELS * WHEEL_SLOTS,
};

struct wheel_timer {
	uint64_t tick;
	int64_t delay_ns;
	uint32_t next;
	uint32_t prev;
	uint32_t owner;
	uint32_t where; /* level * WHEEL_SLOTS + slot, or WHEEL_WHERE_EXPIRED */
};

void wheel_init(struct wheel *wheel, int64_t now_ns)
{
	memset(wheel, 0, sizeof(*wheel));
	wheel->tick = (uint64_t)now_ns >> WHEEL_TICK_SHIFT;
}

void wheel_done(struct wheel *wheel)
{
	free(wheel->timers);
	wheel->timers = NULL;
}

static bool wheel_grow(struct wheel *wheel)
{
	uint32_t capacity = wheel->capacity ? wheel->capacity * 2 : 64;
	struct wheel_timer *timers;

	timers = reallocarray(wheel->timers, capacity, sizeof(*timers));
	if (!timers)
		return false;
	wheel->timers = timers;
	for (uint32_t i = capacity - 1; i >= wheel->capacity && i > 0; i--) {
		timers[i].next = wheel->free;
		wheel->free = i;
	}
	wheel->capacity = capacity;
	return true;
}

static uint32_t *wheel_head(struct wheel *wheel, uint32_t where)
{
	if (where == WHEEL_WHERE_EXPIRED)
		return &wheel->expired;
	return &wheel->slots[where / WHEEL_SLOTS][where % WHEEL_SLOTS];
}

static void wheel_link(struct wheel *wheel, uint32_t index, uint32_t where)
{
	struct wheel_timer *timer = &wheel->timers[index];
	uint32_t *head = wheel_head(wheel, where);

	timer->where = where;
	timer->prev = 0;
	timer->next = *head;
	if (*head)
		wheel->timers[*head].prev = index;
	*head = index;
	if (where != WHEEL_WHERE_EXPIRED)
		wheel->occupied[where / WHEEL_SLOTS] |= UINT64_C(1)
							<< (where % WHEEL_SLOTS);
}

static void wheel_unlink(struct wheel *wheel, uint32_t index)
{
	struct wheel_timer *timer = &wheel->timers[index];
	uint32_t *head = wheel_head(wheel, timer->where);

	if (timer->next)
		wheel->timers[timer->next].prev = timer->prev;
	if (timer->prev)
		wheel->timers[timer->prev].next = timer->next;
	else
		*head = timer->next;
	if (*head == 0 && timer->where != WHEEL_WHERE_EXPIRED)
		wheel->occupied[timer->where / WHEEL_SLOTS] &=
			~(UINT64_C(1) << (timer->where % WHEEL_SLOTS));
}

/* Where a timer belongs follows from how far away it is. */
static void wheel_place(struct wheel *wheel, uint32_t index)
{
	const uint64_t limit = (UINT64_C(1) << (WHEEL_LEVEL_SHIFT * WHEEL_LEVELS)) - 1;
	const uint64_t tick = wheel->timers[index].tick;
	uint64_t distance;
	uint64_t place;
	unsigned int level;

	if (tick <= wheel->tick) {
		wheel_link(wheel, index, WHEEL_WHERE_EXPIRED);
		return;
	}
	/* What is too far away for the wheel is looked at again on its way. */
	distance = tick - wheel->tick < limit ? tick - wheel->tick : limit;
	level = (63U - (unsigned int)__builtin_clzll(distance)) / WHEEL_LEVEL_SHIFT;
	place = ((wheel->tick + distance) >> (WHEEL_LEVEL_SHIFT * level)) % WHEEL_SLOTS;
	wheel_link(wheel, index, level * WHEEL_SLOTS + (uint32_t)place);
}

static void wheel_begin(struct wheel *wheel, uint32_t index, int64_t now_ns)
{
	const int64_t round_up = (INT64_C(1) << WHEEL_TICK_SHIFT) - 1;
	struct wheel_timer *timer = &wheel->timers[index];

	timer->tick =
		(uint64_t)(now_ns + timer->delay_ns + round_up) >> WHEEL_TICK_SHIFT;
	if (timer->tick <= wheel->tick)
		timer->tick = wheel->tick + 1;
	wheel_place(wheel, index);
}

uint32_t wheel_arm(struct wheel *wheel, uint32_t owner, int64_t now_ns,
		   int64_t delay_ns)
{
	uint32_t index;

	if (!wheel->free && !wheel_grow(wheel))
		return 0;
	/* With nothing armed the wheel was not turned. */
	if (wheel->count == 0)
		wheel->tick = (uint64_t)now_ns >> WHEEL_TICK_SHIFT;
	index = wheel->free;
	wheel->free = wheel->timers[index].next;
	wheel->timers[index].owner = owner;
	/* Hundreds of years are as good as for ever, and overflow nothing. */
	wheel->timers[index].delay_ns =
		delay_ns < INT64_MAX / 4 ? delay_ns : INT64_MAX / 4;
	wheel->count++;
	wheel_begin(wheel, index, now_ns);
	return index;
}

void wheel_restart(struct wheel *wheel, uint32_t index, int64_t now_ns)
{
	wheel_unlink(wheel, index);
	wheel_begin(wheel, index, now_ns);
}

void wheel_disarm(struct wheel *wheel, uint32_t index)
{
	wheel_unlink(wheel, index);
	wheel->timers[index].next = wheel->free;
	wheel->free = index;
	wheel->count--;
}

/* Empty one slot: each timer in it has expired or moves to a finer level. */
static void wheel_cascade(struct wheel *wheel, unsigned int level, unsigned int slot)
{
	uint32_t index = wheel->slots[level][slot];
	uint32_t next;

	wheel->slots[level][slot] = 0;
	wheel->occupied[level] &= ~(UINT64_C(1) << slot);
	for (; index; index = next) {
		next = wheel->timers[index].next;
		wheel_place(wheel, index);
	}
}

static void wheel_turn(struct wheel *wheel, uint64_t tick)
{
	const uint64_t old = wheel->tick;

	wheel->tick = tick;
	for (unsigned int level = 0; level < WHEEL_LEVELS; level++) {
		const unsigned int shift = WHEEL_LEVEL_SHIFT * level;
		uint64_t steps = (tick >> shift) - (old >> shift);
		uint64_t slot = old >> shift;

		if (steps == 0)
			break;
		if (steps > WHEEL_SLOTS)
			steps = WHEEL_SLOTS;
		while (steps-- > 0 && wheel->occupied[level]) {
			slot++;
			if (wheel->occupied[level] >> (slot % WHEEL_SLOTS) & 1)
				wheel_cascade(wheel, level, slot % WHEEL_SLOTS);
		}
	}
}

bool wheel_expire(struct wheel *wheel, int64_t now_ns, uint32_t *ret_owner)
{
	const uint64_t tick = (uint64_t)now_ns >> WHEEL_TICK_SHIFT;
	uint32_t index;

	if (wheel->count == 0)
		return false;
	if (!wheel->expired && tick > wheel->tick)
		wheel_turn(wheel, tick);
	index = wheel->expired;
	if (!index)
		return false;
	*ret_owner = wheel->timers[index].owner;
	wheel_disarm(wheel, index);
	return true;
}

int64_t wheel_next_ns(const struct wheel *wheel)
{
	uint64_t nearest = UINT64_MAX;

	if (wheel->count == 0)
		return -1;
	if (wheel->expired)
		return (int64_t)(wheel->tick << WHEEL_TICK_SHIFT);
	for (unsigned int level = 0; level < WHEEL_LEVELS; level++) {
		const unsigned int shift = WHEEL_LEVEL_SHIFT * level;
		const uint64_t now = wheel->tick >> shift;
		const unsigned int turn = (unsigned int)((now + 1) % WHEEL_SLOTS);
		uint64_t ahead = wheel->occupied[level];
		uint64_t tick;

		if (!ahead)
			continue;
		if (turn)
			ahead = ahead >> turn | ahead << (WHEEL_SLOTS - turn);
		tick = (now + 1 + (uint64_t)__builtin_ctzll(ahead)) << shift;
		if (tick < nearest)
			nearest = tick;
	}
	return (int64_t)(nearest << WHEEL_TICK_SHIFT);
}
