/* SPDX-License-Identifier: MIT */
/*
 * Two controllers on one bus, as QEMU has them. Where there is no can0, every test is
 * skipped and says so; scenario can_bus.sh runs them in a virtual machine. What the
 * controllers cannot do, lose no frame of a burst, is asked of them nowhere.
 *
 *	channels ---- can0 (sja1000) ==== bus ==== can1 (sja1000) ---- channels
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can/error.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <linsock.h>

#include "tests/support/can.h"
#include "tests/support/loops.h"
#include "uring/util.h"

#define FRAMES 20

/* IFF_ECHO; the kernel's header of it collides with <net/if.h>. */
#define LINK_ECHO 0x40000u

static struct lsk_nl *nl;

static int index_of(const char *name)
{
	return (int)if_nametoindex(name);
}

static void set_up(const char *name, bool up)
{
	struct lsk_nl_error error;
	int r = lsk_rtnl_link_set_up(nl, index_of(name), up, &error);

	cr_assert_eq(r, 0, "%s: %d %s", name, r, error.message);
}

static void setup(void)
{
	static const char *const names[] = {"can0", "can1"};
	const struct lsk_rtnl_can can = {
		.has = LSK_SET(LSK_CAN_BITTIMING) | LSK_SET(LSK_CAN_RESTART_MS),
		.bittiming = {.bitrate = 500000, .sample_point = 875},
		.restart_ms = 100,
	};

	if (index_of("can0") == 0 || index_of("can1") == 0)
		cr_skip_test("no can0 and can1 here: scenario can_bus.sh");
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct lsk_nl_error error;
		int r;

		set_up(names[i], false);
		r = lsk_rtnl_can_set(nl, index_of(names[i]), &can, &error);
		cr_assert_eq(r, 0, "%s: %d %s", names[i], r, error.message);
		set_up(names[i], true);
	}
}

static void teardown(void)
{
	nl = lsk_nl_close(nl);
}

TestSuite(can_bus, .init = setup, .fini = teardown, .timeout = 100);

static struct lsk_rtnl_can what_is(const char *name, struct lsk_rtnl_link *ret_link)
{
	struct lsk_rtnl_can can;

	cr_assert_eq(lsk_rtnl_link_get(nl, name, 0, ret_link), 0);
	cr_assert_eq(lsk_rtnl_can_parse(ret_link, &can), 0);
	return can;
}

static void number_frames(struct lsk_can_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t data[2] = {(uint8_t)i, (uint8_t)(i >> 8)};

		cr_assert_eq(
			lsk_can_frame_set(&frames[i], LSK_CAN_CLASSIC, 0x123, data, 2),
			0);
	}
}

/* What nobody needs hardware for. */
Test(can_bus, fact_15_two_emulated_controllers_have_all_that_real_ones_have)
{
	static const char *const names[] = {"can0", "can1"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct lsk_rtnl_link link;
		struct lsk_rtnl_can can = what_is(names[i], &link);

		cr_assert_str_eq(link.kind, "can");
		cr_assert(link.info.ifi_flags & LINK_ECHO);
		cr_assert(LSK_HAS(&link, LSK_LINK_QUEUE_LEN));
		cr_assert_eq(link.queue_len, 10, "%u", link.queue_len);
		cr_assert_eq(can.bittiming.bitrate, 500000);
		cr_assert_eq(can.bittiming.sample_point, 875);
		cr_assert_str_eq(can.bittiming_const.name, "sja1000");
		cr_assert_eq(can.restart_ms, 100);
		cr_assert(LSK_HAS(&can, LSK_CAN_ERROR_COUNTER));
		cr_assert(LSK_HAS(&link, LSK_LINK_XSTATS));
		cr_assert_geq(link.xstats.len, sizeof(struct can_device_stats));
	}
}

Test(can_bus, bit_timing_is_what_the_kernel_computes_too)
{
	static const uint32_t bitrates[] = {10000, 125000, 250000, 500000, 1000000};
	struct lsk_rtnl_link link;

	set_up("can0", false);
	for (size_t i = 0; i < ARRAY_SIZE(bitrates); i++) {
		struct lsk_rtnl_can can = {.has = LSK_SET(LSK_CAN_BITTIMING),
					   .bittiming = {.bitrate = bitrates[i]}};
		struct can_bittiming ours;

		cr_assert_eq(lsk_rtnl_can_set(nl, index_of("can0"), &can, NULL), 0);
		can = what_is("can0", &link);
		cr_assert_eq(lsk_can_timing(&can.bittiming_const, can.clock.freq,
					    bitrates[i], 0, &ours),
			     0);
		cr_assert_eq(ours.bitrate, can.bittiming.bitrate, "%u", bitrates[i]);
		cr_assert_eq(ours.sample_point, can.bittiming.sample_point, "%u",
			     bitrates[i]);
		cr_assert_eq(ours.brp, can.bittiming.brp, "%u", bitrates[i]);
		/* And taken as it is. */
		can = (struct lsk_rtnl_can){.has = LSK_SET(LSK_CAN_BITTIMING),
					    .bittiming = ours};
		cr_assert_eq(lsk_rtnl_can_set(nl, index_of("can0"), &can, NULL), 0);
	}
}

Test(can_bus, states_and_refusals_are_told)
{
	const struct lsk_rtnl_can restart = {.has = LSK_SET(LSK_CAN_RESTART),
					     .restart = 1};
	const struct lsk_rtnl_can bitrate = {.has = LSK_SET(LSK_CAN_BITTIMING),
					     .bittiming = {.bitrate = 250000}};
	const struct lsk_rtnl_can too_fast = {.has = LSK_SET(LSK_CAN_BITTIMING),
					      .bittiming = {.bitrate = 900000000}};
	const struct lsk_rtnl_can listen = {
		.has = LSK_SET(LSK_CAN_CONTROL_MODE),
		.control_mode = {.mask = CAN_CTRLMODE_LISTENONLY,
				 .flags = CAN_CTRLMODE_LISTENONLY}};
	const struct lsk_rtnl_can xl = {
		.has = LSK_SET(LSK_CAN_CONTROL_MODE) |
		       LSK_SET(LSK_CAN_XL_DATA_BITTIMING),
		.control_mode = {.mask = LSK_CAN_MODE_XL, .flags = LSK_CAN_MODE_XL},
		.xl_data_bittiming = {.bitrate = 10000000}};
	const struct lsk_rtnl_can no_listen = {
		.has = LSK_SET(LSK_CAN_CONTROL_MODE),
		.control_mode = {.mask = CAN_CTRLMODE_LISTENONLY}};
	int can0 = index_of("can0");
	struct lsk_rtnl_link link;
	struct lsk_nl_error error;

	cr_assert_eq(what_is("can0", &link).state, CAN_STATE_ERROR_ACTIVE);
	/* It is up, and not off the bus. */
	cr_assert_eq(lsk_rtnl_can_set(nl, can0, &bitrate, &error), -EBUSY);
	cr_assert_eq(lsk_rtnl_can_set(nl, can0, &restart, &error), -EINVAL,
		     "by hand only where restart-ms is 0");
	set_up("can0", false);
	cr_assert_eq(what_is("can0", &link).state, CAN_STATE_STOPPED);
	cr_assert_lt(lsk_rtnl_can_set(nl, can0, &too_fast, &error), 0);
	cr_assert_eq(lsk_rtnl_can_set(nl, can0, &xl, &error), -EOPNOTSUPP,
		     "it is a controller of classic frames");
	cr_assert_eq(lsk_rtnl_can_set(nl, can0, &listen, &error), 0, "%s",
		     error.message);
	cr_assert(what_is("can0", &link).control_mode.flags & CAN_CTRLMODE_LISTENONLY);
	cr_assert_eq(lsk_rtnl_can_set(nl, can0, &no_listen, &error), 0);
	cr_assert_eq(
		what_is("can0", &link).control_mode.flags & CAN_CTRLMODE_LISTENONLY, 0);
}

/* The echo comes when the frame was sent: the other side has it by then. */
Test(can_bus, each_frame_is_told_when_it_was_on_the_wire)
{
	struct lsk_can *can = open_channel(
		&(struct lsk_can_config){.interface = "can0", .confirms = true});
	struct lsk_can *other =
		open_channel(&(struct lsk_can_config){.interface = "can1"});
	struct lsk_can_confirmation when[FRAMES];
	struct lsk_can_frame frames[FRAMES];
	struct lsk_can_transmission job = {
		.frames = frames,
		.count = FRAMES,
		.level = LSK_CAN_ON_WIRE,
		.confirmations = when,
	};
	struct lsk_can_record record;

	number_frames(frames, FRAMES);
	cr_assert_eq(lsk_can_transmit(can, &job), 0);
	expect_confirmed(&job);
	cr_assert_geq(lsk_can_receive(other, &record, 1), 1);
	cr_assert_eq(record.flags, 0, "it came over the wire");
	lsk_can_free(can);
	lsk_can_free(other);
}

static void note_end(struct lsk_can *can, struct lsk_can_transmission *job, int result,
		     void *context)
{
	(void)can;
	(void)job;
	*(int *)context = result;
}

Test_on_each_loop(can_bus_loop, a_loop_is_told_when_frames_were_on_the_wire)
{
	struct lsk_can_confirmation when[FRAMES];
	struct lsk_can_frame frames[FRAMES];
	struct lsk_can_transmission job = {
		.frames = frames,
		.count = FRAMES,
		.level = LSK_CAN_ON_WIRE,
		.confirmations = when,
	};
	int result = 1;
	const struct lsk_can_transmit_then then = {.done = note_end,
						   .context = &result};
	struct lsk_can *can;

	setup();
	can = open_channel(
		&(struct lsk_can_config){.interface = "can0", .confirms = true});
	number_frames(frames, FRAMES);
	cr_assert_eq(lsk_can_transmit_start(can, loop, &job, &then), 0);
	while (result == 1)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
	cr_assert_eq(result, 0, "%d", result);
	for (size_t i = 0; i < FRAMES; i++)
		cr_assert(when[i].flags & LSK_CAN_OWN, "%zu", i);
	lsk_can_free(can);
	teardown();
}

/* The queue of a controller holds ten frames; a large send buffer goes past it. */
Test(can_bus, fact_4_a_channel_alone_never_fills_the_queue)
{
	enum { COUNT = 400 };
	static struct lsk_can_frame frames[COUNT];
	struct lsk_can *careful = open_channel(&(struct lsk_can_config){
		.interface = "can0", .on_full = LSK_CAN_ON_FULL_FAIL});
	struct lsk_can *hasty =
		open_channel(&(struct lsk_can_config){.interface = "can0",
						      .send_buffer = 1 << 20,
						      .on_full = LSK_CAN_ON_FULL_FAIL});
	size_t sent = 0;

	number_frames(frames, COUNT);
	cr_assert_eq(lsk_can_send(careful, frames, COUNT, &sent), 0);
	cr_assert_eq(sent, COUNT);
	/* QEMU's bus takes no time: one that does, with room for ten frames. */
	if (system("tc qdisc add dev can0 root tbf rate 8bit burst 16 limit 160"))
		cr_skip_test("no sch_tbf here");
	lsk_socket_set_timeout(lsk_can_socket(careful), 0);
	cr_assert_eq(lsk_can_send(careful, frames, COUNT, &sent), -EAGAIN);
	cr_assert_lt(sent, 10);
	cr_assert_eq(lsk_can_send(hasty, frames, COUNT, &sent), -ENOBUFS);
	cr_assert_eq(system("tc qdisc del dev can0 root"), 0);
	cr_assert_lt(sent, COUNT);
	lsk_can_free(careful);
	lsk_can_free(hasty);
}

Test(can_bus, each_side_counts_what_it_sent)
{
	struct lsk_can *can =
		open_channel(&(struct lsk_can_config){.interface = "can0"});
	struct lsk_can *other =
		open_channel(&(struct lsk_can_config){.interface = "can1"});
	struct lsk_rtnl_link link;
	struct lsk_can_record record;
	struct lsk_can_frame frame;
	uint64_t before;

	what_is("can0", &link);
	before = link.stats.tx_packets;
	number_frames(&frame, 1);
	cr_assert_eq(lsk_can_send(can, &frame, 1, NULL), 0);
	cr_assert_eq(lsk_can_receive(other, &record, 1), 1);
	do {
		what_is("can0", &link);
	} while (link.stats.tx_packets == before);
	cr_assert_eq(link.stats.tx_packets, before + 1);
	lsk_can_free(can);
	lsk_can_free(other);
}
