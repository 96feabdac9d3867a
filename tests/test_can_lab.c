/* SPDX-License-Identifier: MIT */
/*
 * Two controllers of module can-lab (vm-tests/modules): all that a controller can be
 * told and asked by netlink, and what happens on a bus that goes wrong. Where they are
 * not there every test is skipped and says so; scenario can_lab.sh runs them in a
 * virtual machine.
 *
 *	channels ---- can0 (can-lab) ==== can1 (can-lab) ---- channels
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can/error.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <linsock.h>

#include "tests/support/can.h"
#include "uring/util.h"

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

static void set(const char *name, const struct lsk_rtnl_can *can)
{
	struct lsk_nl_error error;
	int r = lsk_rtnl_can_set(nl, index_of(name), can, &error);

	cr_assert_eq(r, 0, "%s: %d %s", name, r, error.message);
}

static struct lsk_rtnl_link link_of;

static struct lsk_rtnl_can what_is(const char *name)
{
	struct lsk_rtnl_can can;

	cr_assert_eq(lsk_rtnl_link_get(nl, name, 0, &link_of), 0);
	cr_assert_eq(lsk_rtnl_can_parse(&link_of, &can), 0);
	return can;
}

/* Both down, classic, at 500 kbit/s, started again by hand only. */
static void setup(void)
{
	static const char *const names[] = {"can0", "can1"};
	const struct lsk_rtnl_can start = {
		.has = LSK_SET(LSK_CAN_BITTIMING) | LSK_SET(LSK_CAN_RESTART_MS) |
		       LSK_SET(LSK_CAN_CONTROL_MODE),
		.bittiming = {.bitrate = 500000, .sample_point = 875},
		.control_mode = {.mask = CAN_CTRLMODE_FD},
	};

	if (index_of("can0") == 0 || index_of("can1") == 0)
		cr_skip_test("no can0 and can1 here: scenario can_lab.sh");
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, NULL), 0);
	if (strcmp(what_is("can0").bittiming_const.name, "can-lab") != 0)
		cr_skip_test("can0 is no controller of can-lab: scenario can_lab.sh");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		set_up(names[i], false);
		set(names[i], &start);
	}
}

static void teardown(void)
{
	nl = lsk_nl_close(nl);
}

TestSuite(can_lab, .init = setup, .fini = teardown, .timeout = 100);

static const struct lsk_rtnl_can fd_rates = {
	.has = LSK_SET(LSK_CAN_BITTIMING) | LSK_SET(LSK_CAN_DATA_BITTIMING) |
	       LSK_SET(LSK_CAN_CONTROL_MODE),
	.bittiming = {.bitrate = 500000, .sample_point = 800},
	.data_bittiming = {.bitrate = 2000000, .sample_point = 750},
	.control_mode = {.mask = CAN_CTRLMODE_FD, .flags = CAN_CTRLMODE_FD},
};

Test(can_lab, two_bitrates_and_sample_points_are_set_and_read_and_fd_frames_pass)
{
	struct lsk_can_frame frame;
	struct lsk_can_record record;
	struct lsk_rtnl_can can;
	struct lsk_can *near, *far;

	set("can0", &fd_rates);
	set("can1", &fd_rates);
	can = what_is("can0");
	cr_assert_eq(can.bittiming.bitrate, 500000);
	cr_assert_eq(can.bittiming.sample_point, 800);
	cr_assert_eq(can.data_bittiming.bitrate, 2000000);
	cr_assert_eq(can.data_bittiming.sample_point, 750);
	cr_assert(can.control_mode.flags & CAN_CTRLMODE_FD);
	cr_assert_eq(can.clock.freq, 80000000);
	cr_assert_eq(can.bitrate_max, 8000000);
	cr_assert_str_eq(can.data_bittiming_const.name, "can-lab");
	cr_assert_eq(can.data_bittiming_const.brp_max, 32);
	cr_assert(can.mode_supported & CAN_CTRLMODE_FD);
	set_up("can0", true);
	set_up("can1", true);
	near = open_on("can0");
	far = open_on("can1");
	cr_assert_eq(
		lsk_can_frame_parse(&frame, "123##1112233445566778899AABBCC", NULL), 0);
	cr_assert_eq(lsk_can_send(near, &frame, 1, NULL), 0);
	cr_assert_eq(lsk_can_receive(far, &record, 1), 1);
	cr_assert(lsk_can_frame_equal(&record.frame, &frame));
	lsk_can_free(near);
	lsk_can_free(far);
}

Test(can_lab, the_delay_of_a_transceiver_is_set_by_hand_or_measured)
{
	struct lsk_rtnl_can can = fd_rates;

	can.has |= LSK_SET(LSK_CAN_TDC_VALUE) | LSK_SET(LSK_CAN_TDC_OFFSET) |
		   LSK_SET(LSK_CAN_TDC_FILTER);
	can.control_mode.mask |= CAN_CTRLMODE_TDC_MANUAL | CAN_CTRLMODE_TDC_AUTO;
	can.control_mode.flags |= CAN_CTRLMODE_TDC_MANUAL;
	can.tdc_value = 5;
	can.tdc_offset = 11;
	can.tdc_filter = 2;
	set("can0", &can);
	can = what_is("can0");
	cr_assert(can.control_mode.flags & CAN_CTRLMODE_TDC_MANUAL);
	cr_assert_eq(can.tdc_value, 5, "%u", can.tdc_value);
	cr_assert_eq(can.tdc_offset, 11);
	cr_assert_eq(can.tdc_filter, 2);
	/* The kernel asks the controller, which must be up. */
	can = fd_rates;
	can.has |= LSK_SET(LSK_CAN_TDC_OFFSET);
	can.control_mode.mask |= CAN_CTRLMODE_TDC_MANUAL | CAN_CTRLMODE_TDC_AUTO;
	can.control_mode.flags |= CAN_CTRLMODE_TDC_AUTO;
	can.tdc_offset = 9;
	set("can0", &can);
	set_up("can0", true);
	can = what_is("can0");
	cr_assert(can.control_mode.flags & CAN_CTRLMODE_TDC_AUTO);
	cr_assert_eq(can.tdc_offset, 9);
	cr_assert_eq(can.tdc_value, 3, "%u", can.tdc_value);
}

Test(can_lab, a_termination_is_one_of_those_that_there_are)
{
	struct lsk_rtnl_can can = {.has = LSK_SET(LSK_CAN_TERMINATION),
				   .termination = 120};
	struct lsk_nl_error error;
	uint16_t ohms[2];

	set("can0", &can);
	can = what_is("can0");
	cr_assert_eq(can.termination, 120);
	cr_assert_eq(can.termination_const.len, sizeof(ohms));
	memcpy(ohms, can.termination_const.data, sizeof(ohms));
	cr_assert_eq(ohms[0], 0);
	cr_assert_eq(ohms[1], 120);
	can.has = LSK_SET(LSK_CAN_TERMINATION);
	can.termination = 50;
	cr_assert_eq(lsk_rtnl_can_set(nl, index_of("can0"), &can, &error), -EINVAL);
	can.termination = 0;
	set("can0", &can);
	cr_assert_eq(what_is("can0").termination, 0);
}

/* Let the bus of a controller go wrong, so that it counts so many errors. */
static void count_errors(unsigned int number, unsigned int tx, unsigned int rx)
{
	FILE *file = fopen("/sys/module/can_lab/parameters/counters", "we");

	cr_assert_not_null(file);
	cr_assert_gt(fprintf(file, "%u %u %u", number, tx, rx), 0);
	cr_assert_eq(fclose(file), 0);
}

static struct can_device_stats device_stats(const char *name)
{
	struct can_device_stats stats;

	what_is(name);
	cr_assert(LSK_HAS(&link_of, LSK_LINK_XSTATS));
	cr_assert_geq(link_of.xstats.len, sizeof(stats));
	memcpy(&stats, link_of.xstats.data, sizeof(stats));
	return stats;
}

static struct lsk_can *open_errors(void)
{
	return open_channel(&(struct lsk_can_config){.interface = "can0",
						     .error_mask = CAN_ERR_MASK,
						     .receive_nothing = true});
}

static struct lsk_can_error_report next_report(struct lsk_can *can)
{
	struct lsk_can_error_report report;
	struct lsk_can_record record;

	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.kind, LSK_CAN_ERROR);
	cr_assert_eq(lsk_can_error_decode(&record.frame, &report), 0);
	return report;
}

/* Counters, what follows from them, and how often it happened so far. */
struct state {
	unsigned int tx, rx;
	uint32_t told;
	enum lsk_can_state reported;
};

Test(can_lab, bus_states_and_error_counters_are_told_in_three_ways)
{
	static const struct state states[] = {
		{97, 0, CAN_STATE_ERROR_WARNING, LSK_CAN_STATE_WARNING},
		{3, 130, CAN_STATE_ERROR_PASSIVE, LSK_CAN_STATE_PASSIVE},
		{4, 5, CAN_STATE_ERROR_ACTIVE, LSK_CAN_STATE_ACTIVE},
	};
	struct can_device_stats before, after;
	struct lsk_can *can;

	set_up("can0", true);
	can = open_errors();
	before = device_stats("can0");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		const struct state *state = &states[i];
		struct lsk_can_error_report report;
		struct lsk_rtnl_can seen;

		count_errors(0, state->tx, state->rx);
		report = next_report(can);
		cr_assert_eq(report.state, state->reported, "%zu: %u", i, report.state);
		cr_assert(report.has_counters);
		cr_assert_eq(report.tx_errors, state->tx);
		cr_assert_eq(report.rx_errors, state->rx);
		seen = what_is("can0");
		cr_assert_eq(seen.state, state->told, "%zu: %u", i, seen.state);
		cr_assert_eq(seen.error_counter.txerr, state->tx);
		cr_assert_eq(seen.error_counter.rxerr, state->rx);
	}
	after = device_stats("can0");
	cr_assert_eq(after.error_warning, before.error_warning + 1);
	cr_assert_eq(after.error_passive, before.error_passive + 1);
	cr_assert_eq(after.bus_off, before.bus_off);
	lsk_can_free(can);
}

static const struct lsk_rtnl_can restart_now = {.has = LSK_SET(LSK_CAN_RESTART),
						.restart = 1};

Test(can_lab, a_controller_that_is_off_the_bus_is_started_again_by_hand)
{
	struct can_device_stats before, after;
	struct lsk_nl_error error;
	struct lsk_can *can;

	set_up("can0", true);
	can = open_errors();
	before = device_stats("can0");
	cr_assert_eq(lsk_rtnl_can_set(nl, index_of("can0"), &restart_now, &error),
		     -EBUSY, "it is on the bus");
	count_errors(0, 256, 0);
	cr_assert_eq(next_report(can).state, LSK_CAN_STATE_BUS_OFF);
	cr_assert_eq(what_is("can0").state, CAN_STATE_BUS_OFF);
	set("can0", &restart_now);
	cr_assert(next_report(can).classes & CAN_ERR_RESTARTED);
	cr_assert_eq(what_is("can0").state, CAN_STATE_ERROR_ACTIVE);
	after = device_stats("can0");
	cr_assert_eq(after.bus_off, before.bus_off + 1);
	cr_assert_eq(after.restarts, before.restarts + 1);
	lsk_can_free(can);
}

Test(can_lab, a_controller_that_is_off_the_bus_comes_back_by_itself)
{
	const struct lsk_rtnl_can soon = {.has = LSK_SET(LSK_CAN_RESTART_MS),
					  .restart_ms = 50};
	struct lsk_can *can;
	struct lsk_can_frame frame;

	set("can0", &soon);
	cr_assert_eq(what_is("can0").restart_ms, 50);
	set_up("can0", true);
	can = open_errors();
	count_errors(0, 256, 0);
	cr_assert_eq(next_report(can).state, LSK_CAN_STATE_BUS_OFF);
	cr_assert(next_report(can).classes & CAN_ERR_RESTARTED);
	cr_assert_eq(what_is("can0").state, CAN_STATE_ERROR_ACTIVE);
	cr_assert_eq(lsk_can_frame_parse(&frame, "123#01", NULL), 0);
	cr_assert_eq(lsk_can_send(can, &frame, 1, NULL), 0);
	lsk_can_free(can);
}

/* What cannot be set, how that is refused, and the words of kernels that have any. */
struct refusal {
	const char *what;
	struct lsk_rtnl_can can;
	int code;
	int old_code; /* up to Linux 6.2 */
	const char *words;
	const char *path;
};

Test(can_lab, a_refusal_has_the_kernels_words_and_the_attribute_that_they_mean)
{
	static const struct refusal refusals[] = {
		{"a bitrate above the transceiver's",
		 {.has = LSK_SET(LSK_CAN_BITTIMING), .bittiming = {.bitrate = 9000000}},
		 -EINVAL,
		 -EINVAL,
		 "bps surpasses transceiver capabilities of 8000000",
		 ".linkinfo.data.bittiming"},
		{"a bitrate that the clock cannot make",
		 {.has = LSK_SET(LSK_CAN_BITTIMING), .bittiming = {.bitrate = 10}},
		 -EINVAL,
		 -EDOM,
		 "bitrate error",
		 ".linkinfo.data.bittiming"},
		{"segments that the controller does not have",
		 {.has = LSK_SET(LSK_CAN_BITTIMING),
		  .bittiming = {.tq = 100,
				.prop_seg = 1,
				.phase_seg1 = 1,
				.phase_seg2 = 200,
				.sjw = 1}},
		 -EINVAL,
		 -ERANGE,
		 "phase-seg2: 200 greater than tseg2-max: 128",
		 ".linkinfo.data.bittiming"},
		{"FD without its bitrate",
		 {.has = LSK_SET(LSK_CAN_CONTROL_MODE),
		  .control_mode = {.mask = CAN_CTRLMODE_FD, .flags = CAN_CTRLMODE_FD}},
		 -EOPNOTSUPP,
		 -EOPNOTSUPP,
		 "Provide both nominal and FD data bittiming",
		 ".linkinfo.data.ctrlmode"},
		{"a mode that it does not have",
		 {.has = LSK_SET(LSK_CAN_CONTROL_MODE),
		  .control_mode = {.mask = CAN_CTRLMODE_3_SAMPLES,
				   .flags = CAN_CTRLMODE_3_SAMPLES}},
		 -EOPNOTSUPP,
		 -EOPNOTSUPP,
		 "TRIPLE-SAMPLING not supported",
		 ".linkinfo.data.ctrlmode"},
		{"a delay, of a classic controller",
		 {.has = LSK_SET(LSK_CAN_TDC_OFFSET), .tdc_offset = 5},
		 -EOPNOTSUPP,
		 -EOPNOTSUPP,
		 "",
		 ".linkinfo.data.tdc"},
	};
	unsigned int with_words = 0;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *refusal = &refusals[i];
		struct lsk_nl_error error = {0};
		int r = lsk_rtnl_can_set(nl, index_of("can0"), &refusal->can, &error);

		cr_assert(r == refusal->code || r == refusal->old_code, "%s: %d",
			  refusal->what, r);
		cr_assert_str_eq(error.path, refusal->path, "%s: \"%s\"", refusal->what,
				 error.path);
		if (!error.message[0])
			continue;
		with_words++;
		cr_assert_not_null(strstr(error.message, refusal->words), "%s: \"%s\"",
				   refusal->what, error.message);
	}
	printf("# %u of %zu with words of the kernel\n", with_words,
	       ARRAY_SIZE(refusals));
}

/* What the kernel cannot even read, it names itself. */
Test(can_lab, an_attribute_that_is_too_short_is_named_by_the_kernel)
{
	const struct ifinfomsg info = {.ifi_index = index_of("can0")};
	const uint32_t half = 500000;
	struct lsk_nl_error error;
	LSK_NL_MSG(msg, 256);

	lsk_nl_msg_start(&msg, RTM_NEWLINK, 0, &info, sizeof(info));
	LSK_NL_NEST(&msg, IFLA_LINKINFO)
	{
		lsk_nl_put_string(&msg, IFLA_INFO_KIND, "can");
		LSK_NL_NEST(&msg, IFLA_INFO_DATA)
		lsk_nl_put(&msg, IFLA_CAN_BITTIMING, &half, sizeof(half));
	}
	cr_assert_eq(lsk_nl_request(nl, &msg, &error), -ERANGE);
	cr_assert_neq(error.message[0], '\0');
	cr_assert(error.has & 1u << LSK_NL_ERROR_OFFSET);
	cr_assert_str_eq(error.path, ".linkinfo.data.bittiming", "\"%s\"", error.path);
}

static void expect_same(const struct can_bittiming *ours,
			const struct can_bittiming *kernels, const char *what)
{
	cr_assert_eq(ours->bitrate, kernels->bitrate, "%s: %u, not %u", what,
		     ours->bitrate, kernels->bitrate);
	cr_assert_eq(ours->sample_point, kernels->sample_point, "%s: %u, not %u", what,
		     ours->sample_point, kernels->sample_point);
	cr_assert_eq(ours->tq, kernels->tq, "%s: %u, not %u", what, ours->tq,
		     kernels->tq);
	cr_assert_eq(ours->prop_seg, kernels->prop_seg, "%s: %u, not %u", what,
		     ours->prop_seg, kernels->prop_seg);
	cr_assert_eq(ours->phase_seg1, kernels->phase_seg1, "%s: %u, not %u", what,
		     ours->phase_seg1, kernels->phase_seg1);
	cr_assert_eq(ours->phase_seg2, kernels->phase_seg2, "%s: %u, not %u", what,
		     ours->phase_seg2, kernels->phase_seg2);
	cr_assert_eq(ours->brp, kernels->brp, "%s: %u, not %u", what, ours->brp,
		     kernels->brp);
}

/* As ip(8) sets it: by the kernel, to the last segment. */
Test(can_lab, bit_timing_is_what_ip_and_the_kernel_make_of_it)
{
	static const uint32_t rates[] = {20000,  33333,  83333,  125000,
					 250000, 500000, 800000, 1000000};
	static const uint32_t points[] = {0, 500, 750, 800, 875, 900};
	static const uint32_t data_rates[] = {1000000, 2000000, 4000000, 5000000,
					      8000000};

	for (size_t i = 0; i < ARRAY_SIZE(rates) * ARRAY_SIZE(points); i++) {
		uint32_t rate = rates[i / ARRAY_SIZE(points)];
		uint32_t point = points[i % ARRAY_SIZE(points)];
		uint32_t data_rate = data_rates[i % ARRAY_SIZE(data_rates)];
		struct can_bittiming ours;
		struct lsk_rtnl_can seen;
		char command[200], at[40];

		snprintf(at, sizeof(at), point ? "sample-point 0.%03u" : "", point);
		snprintf(command, sizeof(command),
			 "ip link set can0 type can bitrate %u %s dbitrate %u %c%s fd "
			 "on",
			 rate, at, data_rate, point ? 'd' : ' ', at);
		run(command);
		seen = what_is("can0");
		cr_assert_eq(lsk_can_timing(&seen.bittiming_const, seen.clock.freq,
					    rate, point, &ours),
			     0, "%s", command);
		expect_same(&ours, &seen.bittiming, command);
		cr_assert_eq(lsk_can_timing(&seen.data_bittiming_const, seen.clock.freq,
					    data_rate, point, &ours),
			     0, "%s", command);
		expect_same(&ours, &seen.data_bittiming, command);
	}
}
