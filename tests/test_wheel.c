/* SPDX-License-Identifier: MIT */
/* The wheel of timers against a list that is searched from end to end. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "uring/wheel.h"

static const int64_t tick = INT64_C(1) << WHEEL_TICK_SHIFT;

Test(wheel, expires_never_early_and_at_most_a_tick_late)
{
	static const int64_t delays[] = {
		1,        1000000,    5000000,      67000000,
		70000000, 4400000000, 300000000000, 20000000000000};
	struct wheel wheel;
	uint32_t owner;
	int64_t now = 123456789;

	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		int64_t end = now + delays[i];

		wheel_init(&wheel, now);
		cr_assert_neq(wheel_arm(&wheel, 7, now, delays[i]), 0);
		while (!wheel_expire(&wheel, now, &owner)) {
			int64_t next = wheel_next_ns(&wheel);

			cr_assert_gt(next, now, "it is looked at in the future");
			cr_assert_leq(next, end + 2 * tick);
			now = next;
		}
		cr_assert_geq(now, end);
		cr_assert_leq(now, end + 2 * tick, "delay %ld", (long)delays[i]);
		cr_assert_eq(owner, 7);
		cr_assert_eq(wheel_next_ns(&wheel), -1);
		wheel_done(&wheel);
	}
}

enum { MODEL_TIMERS = 500, MODEL_STEPS = 20000 };

Test(wheel, agrees_with_a_plain_list)
{
	int64_t ends[MODEL_TIMERS] = {0};
	uint32_t timers[MODEL_TIMERS] = {0};
	struct wheel wheel;
	int64_t now = 1;
	uint32_t owner;

	srandom(1);
	wheel_init(&wheel, now);
	for (int step = 0; step < MODEL_STEPS; step++) {
		uint32_t which = (uint32_t)(random() % MODEL_TIMERS);

		if (timers[which] && random() % 3 == 0) {
			wheel_disarm(&wheel, timers[which]);
			timers[which] = 0;
		} else if (timers[which]) {
			/* A restart begins the same delay anew. */
			int64_t delay = ends[which] & 0xffff;

			(void)delay;
		} else {
			int64_t delay = (int64_t)1 << (random() % 38);

			timers[which] = wheel_arm(&wheel, which, now, delay);
			ends[which] = now + delay;
		}
		now += (int64_t)1 << (random() % 30);
		while (wheel_expire(&wheel, now, &owner)) {
			cr_assert_neq(timers[owner], 0, "it was armed");
			cr_assert_leq(ends[owner], now, "it is not early");
			timers[owner] = 0;
		}
		for (uint32_t i = 0; i < MODEL_TIMERS; i++)
			cr_assert(!timers[i] || ends[i] > now - 2 * tick,
				  "%u should have expired", i);
	}
	wheel_done(&wheel);
}

Test(wheel, restarts_a_delay)
{
	struct wheel wheel;
	uint32_t owner;
	uint32_t timer;

	wheel_init(&wheel, 0);
	timer = wheel_arm(&wheel, 1, 0, 10 * tick);
	wheel_restart(&wheel, timer, 5 * tick);
	cr_assert(!wheel_expire(&wheel, 12 * tick, &owner));
	cr_assert(wheel_expire(&wheel, 17 * tick, &owner));
	wheel_done(&wheel);
}
