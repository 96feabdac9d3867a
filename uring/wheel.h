/* SPDX-License-Identifier: MIT */
/*
 * A wheel of timers: six levels of 64 slots, each level 64 times as coarse as the one
 * below. To arm and to disarm is to link and to unlink. Timers are named by an index;
 * those that wait cost 32 bytes each, and nothing is allocated once the array is large
 * enough.
 */
#ifndef LSK_WHEEL_H
#define LSK_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

enum {
	WHEEL_LEVELS = 6,
	WHEEL_SLOTS = 64,
	WHEEL_TICK_SHIFT = 20, /* a tick is 2^20 ns: 1.05 ms */
};

struct wheel_timer;

struct wheel {
	uint64_t tick; /* up to here everything has expired */
	uint64_t occupied[WHEEL_LEVELS];
	uint32_t slots[WHEEL_LEVELS][WHEEL_SLOTS];
	struct wheel_timer *timers;
	uint32_t capacity;
	uint32_t free;
	uint32_t expired; /* list */
	uint32_t count;
};

void wheel_init(struct wheel *wheel, int64_t now_ns);
void wheel_done(struct wheel *wheel);

/* Arm a timer that names @owner when it expires. Return: its index, or 0 without
 * memory. */
uint32_t wheel_arm(struct wheel *wheel, uint32_t owner, int64_t now_ns,
		   int64_t delay_ns);

/* Disarm and forget the timer @index, which has not expired. */
void wheel_disarm(struct wheel *wheel, uint32_t index);

/* Let the delay of the timer @index begin anew. */
void wheel_restart(struct wheel *wheel, uint32_t index, int64_t now_ns);

/* Take one timer that has expired at @now_ns. Return: whether there was one. */
bool wheel_expire(struct wheel *wheel, int64_t now_ns, uint32_t *ret_owner);

/* When to look again at the latest, in nanoseconds of the clock; -1: never. */
int64_t wheel_next_ns(const struct wheel *wheel);

#endif
