/* SPDX-License-Identifier: MIT */
/*
 * Sending with word of the end, waited for and on a loop. Each test has a network of
 * its own; where the kernel has no CAN it is skipped and says so, and scenario
 * can_transmit.sh runs it in a virtual machine.
 *
 *	vcan0 ---- noise, channels         channel ---- near (tbf) ==== far ---- channel
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linsock.h>

#include "tests/support/can.h"
#include "tests/support/loops.h"

#define FRAMES 40

TestSuite(can_transmit, .init = make_buses, .timeout = 100);

static struct lsk_can *open_confirming(const char *interface)
{
	return open_channel(
		&(struct lsk_can_config){.interface = interface, .confirms = true});
}

static void number_frames(struct lsk_can_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t data[2] = {(uint8_t)i, (uint8_t)(i >> 8)};

		cr_assert_eq(lsk_can_frame_set(&frames[i], LSK_CAN_CLASSIC,
					       (uint32_t)(i % 0x800), data, 2),
			     0);
	}
}

static void expect_order(struct lsk_can *can, size_t count)
{
	struct lsk_can_record record;

	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
		cr_assert_eq(record.frame.data[0] + (record.frame.data[1] << 8),
			     (int)i);
	}
}

Test(can_transmit, each_frame_is_told_when_it_was_on_the_wire)
{
	static const char *const texts[] = {
		"123#DEADBEEF",  "1F334455#1122334455667788", "123#R5", "123##5112233",
		"1F334455##7AA", "123#1122334455667788_E",    "7FF#",   "123#DEADBEEF",
	};
	enum { COUNT = ARRAY_SIZE(texts) };
	struct lsk_can *can = open_confirming("vcan0"), *other = open_on("vcan0");
	struct lsk_can_confirmation when[COUNT];
	struct lsk_can_frame frames[COUNT];
	struct lsk_can_transmission job = {
		.frames = frames,
		.count = COUNT,
		.level = LSK_CAN_ON_WIRE,
		.confirmations = when,
	};
	struct lsk_can_record record;

	for (size_t i = 0; i < COUNT; i++)
		cr_assert_eq(lsk_can_frame_parse(&frames[i], texts[i], NULL), 0);
	/*
	 * The kernel switches its time stamps on in a worker; until then each socket
	 * reads the clock when it is read.
	 */
	do {
		job.count = 1;
		cr_assert_eq(lsk_can_transmit(can, &job), 0);
		cr_assert_eq(lsk_can_receive(other, &record, 1), 1);
	} while (record.time_ns != when[0].time_ns);
	job.count = COUNT;
	cr_assert_eq(lsk_can_transmit(can, &job), 0);
	expect_confirmed(&job);
	for (size_t i = 0; i < COUNT; i++) {
		cr_assert_eq(lsk_can_receive(other, &record, 1), 1);
		cr_assert(lsk_can_frame_equal(&record.frame, &frames[i]), "%zu", i);
		/* One echo, one time. */
		cr_assert_eq(record.time_ns, when[i].time_ns, "%zu", i);
	}
	/* What it sends meanwhile is for others; it hears of nothing itself. */
	cr_assert_eq(lsk_can_send(can, frames, 1, NULL), 0);
	lsk_socket_set_timeout(lsk_can_socket(can), 0);
	cr_assert_eq(lsk_can_receive(can, &record, 1), -EAGAIN);
	lsk_can_free(can);
	lsk_can_free(other);
}

struct noise {
	struct lsk_can *can;
	const struct lsk_can_frame *frames;
	_Atomic bool is_over;
};

static void *make_noise(void *context)
{
	struct noise *noise = context;

	while (!atomic_load(&noise->is_over))
		if (lsk_can_send(noise->can, noise->frames, FRAMES, NULL) < 0)
			break;
	return NULL;
}

Test(can_transmit, the_same_frames_of_others_confirm_nothing)
{
	static struct lsk_can_frame frames[1200];
	static struct lsk_can_confirmation when[1200];
	struct lsk_can *can = open_confirming("vcan0"), *far;
	struct noise noise = {.can = open_on("vcan0"), .frames = frames};
	struct lsk_can_transmission job = {
		.frames = frames,
		.count = 1200,
		.level = LSK_CAN_ON_WIRE,
		.confirmations = when,
	};
	pthread_t thread;

	number_frames(frames, 1200);
	cr_assert_eq(pthread_create(&thread, NULL, make_noise, &noise), 0);
	/* More identifiers than the kernel has filters, and a few. */
	cr_assert_eq(lsk_can_transmit(can, &job), 0);
	expect_confirmed(&job);
	job.count = FRAMES;
	cr_assert_eq(lsk_can_transmit(can, &job), 0);
	expect_confirmed(&job);
	atomic_store(&noise.is_over, true);
	pthread_join(thread, NULL);
	lsk_can_free(noise.can);
	lsk_can_free(can);

	/* On a slow bus they wait for room, and for their turn. */
	run("tc qdisc add dev near root tbf " RATE " limit 160");
	can = open_channel(&(struct lsk_can_config){
		.interface = "near", .confirms = true, .send_buffer = 1 << 20});
	far = open_on("far");
	cr_assert_eq(lsk_can_transmit(can, &job), 0);
	expect_confirmed(&job);
	expect_order(far, FRAMES);
	lsk_can_free(can);
	lsk_can_free(far);
}

static void count_end(struct lsk_can *can, struct lsk_can_transmission *job, int result,
		      void *context)
{
	int *ends = context;

	(void)can;
	(void)job;
	ends[0]++;
	ends[1] = result;
}

Test_on_each_loop(can_transmit, a_loop_tells_when_frames_were_on_the_wire)
{
	struct lsk_can *can = open_confirming("vcan0");
	struct lsk_can_confirmation when[FRAMES];
	struct lsk_can_frame frames[FRAMES];
	struct lsk_can_transmission job = {
		.frames = frames,
		.count = FRAMES,
		.level = LSK_CAN_ON_WIRE,
		.confirmations = when,
	};
	int ends[2] = {0};
	const struct lsk_can_transmit_then then = {.done = count_end, .context = ends};

	number_frames(frames, FRAMES);
	cr_assert_eq(lsk_can_transmit_start(can, loop, &job, &then), 0);
	cr_assert_eq(ends[0], 0, "no call from inside of the start");
	while (ends[0] == 0)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
	cr_assert_eq(ends[1], 0, "%d", ends[1]);
	expect_confirmed(&job);
	/* The channel is nobody's again. */
	cr_assert_eq(lsk_can_transmit(can, &job), 0);
	lsk_can_free(can);
}

/* The device's queue is full most of the time: no surprise, and no other order. */
Test_on_each_loop(can_transmit, a_loop_sends_in_order_into_a_full_queue)
{
	static const size_t send_buffers[] = {0, 1 << 20};
	struct lsk_can *far = open_on("far");
	struct lsk_can_frame frames[FRAMES];

	run("tc qdisc add dev near root tbf " RATE " limit 160");
	number_frames(frames, FRAMES);
	for (size_t i = 0; i < ARRAY_SIZE(send_buffers); i++) {
		struct lsk_can *near = open_channel(&(struct lsk_can_config){
			.interface = "near", .send_buffer = send_buffers[i]});
		struct lsk_can_transmission job = {.frames = frames, .count = FRAMES};
		int ends[2] = {0};
		const struct lsk_can_transmit_then then = {.done = count_end,
							   .context = ends};

		cr_assert_eq(lsk_can_transmit_start(near, loop, &job, &then), 0);
		cr_assert_eq(lsk_can_transmit_start(near, loop, &job, &then), -EBUSY);
		cr_assert_eq(lsk_can_transmit(near, &job), -EBUSY);
		while (ends[0] == 0)
			cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
		cr_assert_eq(ends[1], 0, "%d", ends[1]);
		cr_assert_eq(job.queued, FRAMES);
		expect_order(far, FRAMES);
		lsk_can_free(near);
	}
	lsk_can_free(far);
}

Test_on_each_loop(can_transmit, a_bus_that_stands_still_ends_by_time_or_by_hand)
{
	struct lsk_can *near = open_on("near");
	struct lsk_can_frame frames[FRAMES];
	struct lsk_can_transmission job = {.frames = frames, .count = FRAMES};
	int ends[2] = {0};
	struct lsk_can_transmit_then then = {
		.done = count_end, .context = ends, .timeout_ns = 30 * MSEC};

	run("tc qdisc add dev near root tbf " RATE_NEVER " limit 160");
	number_frames(frames, FRAMES);
	cr_assert_eq(lsk_can_transmit_start(near, loop, &job, &then), 0);
	while (ends[0] == 0)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
	cr_assert_eq(ends[1], -ETIME, "%d", ends[1]);
	cr_assert_lt(job.queued, FRAMES);
	then.timeout_ns = 0;
	cr_assert_eq(lsk_can_transmit_start(near, loop, &job, &then), 0);
	cr_assert_eq(lsk_can_transmit_stop(near), 0);
	while (ends[0] == 1)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
	cr_assert_eq(ends[1], -ECANCELED, "%d", ends[1]);
	cr_assert_eq(lsk_can_transmit_stop(near), -ENOENT);
	lsk_socket_set_timeout(lsk_can_socket(near), 30 * MSEC);
	cr_assert_eq(lsk_can_transmit(near, &job), -ETIME);
	lsk_can_free(near);
}

Test(can_transmit, an_interface_that_is_down_is_told)
{
	struct lsk_can *can = open_confirming("vcan0");
	struct lsk_can_frame frame;
	struct lsk_can_confirmation when;
	struct lsk_can_transmission job = {
		.frames = &frame,
		.count = 1,
		.level = LSK_CAN_ON_WIRE,
		.confirmations = &when,
	};

	number_frames(&frame, 1);
	run("ip link set vcan0 down");
	cr_assert_eq(lsk_can_transmit(can, &job), -ENETDOWN);
	cr_assert_eq(job.queued, 0);
	cr_assert_eq(when.flags, 0);
	/* The news of it is no matter of the next one. */
	run("ip link set vcan0 up");
	cr_assert_eq(lsk_can_transmit(can, &job), 0);
	expect_confirmed(&job);
	run("ip link set vcan0 down && ip link set vcan0 up");
	cr_assert_eq(lsk_can_transmit(can, &job), 0);
	lsk_can_free(can);
}

Test(can_transmit, what_cannot_be_confirmed_is_refused)
{
	static const struct lsk_can_filter filter = {0x123, 0x7FF};
	const struct lsk_can_config bad[] = {
		{.confirms = true, .without_loopback = true},
		{.confirms = true, .without_time = true},
		{.confirms = true, .error_mask = 1},
		{.confirms = true, .filters = &filter, .filter_count = 1},
	};
	struct lsk_can *can = open_on("vcan0"), *none = NULL;
	struct lsk_can_frame frame = {.id = 0x800};
	struct lsk_can_transmission job = {
		.frames = &frame, .count = 1, .level = LSK_CAN_ON_WIRE};
	struct lsk_can_transmit_then then = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_assert_eq(lsk_can_open(&none, &bad[i], NULL), -EINVAL, "%zu", i);
	cr_assert_eq(lsk_can_transmit(can, &job), -EOPNOTSUPP);
	lsk_can_free(can);
	can = open_confirming("vcan0");
	cr_assert_eq(lsk_can_transmit(can, &job), LSK_ERR_RANGE);
	frame.kind = LSK_CAN_ERROR;
	cr_assert_eq(lsk_can_transmit(can, &job), LSK_ERR_RANGE);
	job.count = 0;
	cr_assert_eq(lsk_can_transmit(can, &job), 0);
	job.frames = NULL;
	job.count = 1;
	cr_assert_eq(lsk_can_transmit(can, &job), -EINVAL);
	cr_assert_eq(lsk_can_transmit(NULL, &job), -EINVAL);
	cr_assert_eq(lsk_can_transmit(can, NULL), -EINVAL);
	cr_assert_eq(lsk_can_transmit_start(can, NULL, &job, &then), -EINVAL);
	cr_assert_eq(lsk_can_transmit_stop(NULL), -EINVAL);
	lsk_can_free(can);
}
