/* SPDX-License-Identifier: MIT */
/*
 * Channels on a real kernel. They want vcan0 and vcan1, up, and root:
 *
 *	channels ---- vcan0		channels ---- vcan1, which goes down and up
 *
 * Where there is no vcan0, every test here is skipped and says so; the scenarios
 * can_socket_*.sh bring them up in a virtual machine.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linsock/can.h>

#include "uring/util.h"

#define MSEC INT64_C(1000000)

static void need_vcan(void)
{
	if (if_nametoindex("vcan0") == 0 || if_nametoindex("vcan1") == 0)
		cr_skip_test("no vcan0 and vcan1 here: scenarios can_socket_*.sh");
}

static struct lsk_can *open_channel(const struct lsk_can_config *config)
{
	struct lsk_can *can = NULL;
	struct lsk_error error = {0};
	int r = lsk_can_open(&can, config, &error);

	cr_assert(r == 0, "open: %d %s", r, error.text);
	lsk_socket_set_timeout(lsk_can_socket(can), 60000 * MSEC);
	return can;
}

static struct lsk_can *open_on(const char *interface)
{
	return open_channel(&(struct lsk_can_config){.interface = interface});
}

static struct lsk_can_frame frame_of(const char *text)
{
	struct lsk_can_frame frame;

	cr_assert_eq(lsk_can_frame_parse(&frame, text, NULL), 0, "%s", text);
	return frame;
}

static void send_text(struct lsk_can *can, const char *text)
{
	struct lsk_can_frame frame = frame_of(text);

	cr_assert_eq(lsk_can_send(can, &frame, 1, NULL), 0, "%s", text);
}

/* Receive one frame and compare its text. */
static struct lsk_can_record expect(struct lsk_can *can, const char *text)
{
	static struct lsk_can_record record;
	char buf[LSK_CAN_TEXT_MAX];
	int r = lsk_can_receive(can, &record, 1);

	cr_assert_eq(r, 1, "%s: %d", text, r);
	lsk_can_frame_format(&record.frame, LSK_CAN_FORMAT_PLAIN, buf, sizeof(buf));
	/* Newer kernels set FDF. */
	if (record.frame.kind == LSK_CAN_FD) {
		struct lsk_can_frame wanted = frame_of(text);

		cr_assert(lsk_can_frame_equal(&record.frame, &wanted), "%s", buf);
	} else {
		cr_assert_str_eq(buf, text);
	}
	return record;
}

static void expect_nothing(struct lsk_can *can)
{
	struct lsk_can_record record;

	lsk_socket_set_timeout(lsk_can_socket(can), 0);
	cr_assert_eq(lsk_can_receive(can, &record, 1), -EAGAIN);
	lsk_socket_set_timeout(lsk_can_socket(can), 60000 * MSEC);
}

static void run(const char *command)
{
	int r = system(command); /* NOLINT(cert-env33-c): a constant, in a test */

	cr_assert_eq(r, 0, "%s: %d", command, r);
}

Test(can_socket, every_kind_of_frame_arrives_as_it_was_sent, .init = need_vcan)
{
	static const char *const texts[] = {
		"123#DEADBEEF",  "1F334455#1122334455667788", "123#",
		"123#R5",        "123#1122334455667788_E",    "123##5112233",
		"1F334455##7AA",
	};
	struct lsk_can *sender = open_on("vcan0"), *receiver = open_on("vcan0");

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct lsk_can_record record;

		send_text(sender, texts[i]);
		record = expect(receiver, texts[i]);
		cr_assert_eq(record.interface, if_nametoindex("vcan0"));
		cr_assert_eq(record.flags, LSK_CAN_LOCAL);
		cr_assert_eq(record.dropped, 0);
		cr_assert_lt(llabs(record.time_ns / LSK_NSEC_PER_SEC - time(NULL)),
			     100);
		cr_assert_str_eq(lsk_can_interface_name(receiver, record.interface),
				 "vcan0");
	}
	expect_nothing(sender);
	lsk_can_free(sender);
	lsk_can_free(receiver);
}

/* Virtual interfaces have no clock: what was asked of theirs is the system's. */
Test(can_socket, time_is_the_systems_and_told_so_without_a_clock_of_hardware,
     .init = need_vcan)
{
	const struct lsk_can_config asked = {.interface = "vcan0",
					     .hardware_time = true};
	struct lsk_can *sender = open_on("vcan0"), *system = open_on("vcan0");
	struct lsk_can *hardware = open_channel(&asked);
	struct timespec now;
	int64_t before_ns;

	clock_gettime(CLOCK_REALTIME, &now);
	before_ns = now.tv_sec * LSK_NSEC_PER_SEC + now.tv_nsec;
	for (int i = 0; i < 3; i++) {
		struct lsk_can_record by_system, by_hardware;

		send_text(sender, "123#11");
		by_system = expect(system, "123#11");
		by_hardware = expect(hardware, "123#11");
		cr_assert_eq(by_system.flags, LSK_CAN_LOCAL);
		cr_assert_eq(by_hardware.flags, LSK_CAN_LOCAL,
			     "no clock of hardware is here to be told");
		cr_assert_geq(by_hardware.time_ns, before_ns);
		cr_assert_eq(by_hardware.time_ns, by_system.time_ns,
			     "it is one frame, and one clock");
		before_ns = by_hardware.time_ns;
	}
	lsk_can_free(sender);
	lsk_can_free(system);
	lsk_can_free(hardware);
}

Test(can_socket, xl_frames_with_their_network_arrive, .init = need_vcan)
{
	struct lsk_can *sender, *receiver;
	struct lsk_can_frame frame = frame_of("45123#81:00:12345678#11223344");
	struct lsk_can_record record;
	int r;

	run("ip link set vcan1 down && ip link set vcan1 mtu 2060 && "
	    "ip link set vcan1 up");
	sender = open_on("vcan1");
	receiver = open_on("vcan1");
	r = lsk_can_send(sender, &frame, 1, NULL);
	if (r == -EINVAL) {
		/* Kernels before 6.9 know no VCID: without one it is 00. */
		frame = frame_of("00123#81:00:12345678#11223344");
		r = lsk_can_send(sender, &frame, 1, NULL);
	}
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_can_receive(receiver, &record, 1), 1);
	cr_assert(lsk_can_frame_equal(&record.frame, &frame));
	lsk_can_free(sender);
	lsk_can_free(receiver);
	run("ip link set vcan1 down && ip link set vcan1 mtu 72 && ip link set vcan1 "
	    "up");
}

Test(can_socket, own_frames_are_marked, .init = need_vcan)
{
	struct lsk_can *can = open_channel(
		&(struct lsk_can_config){.interface = "vcan0", .own_frames = true});
	struct lsk_can_record record;

	send_text(can, "123#01");
	record = expect(can, "123#01");
	cr_assert_eq(record.flags, LSK_CAN_LOCAL | LSK_CAN_OWN);
	lsk_can_free(can);
}

Test(can_socket, without_loopback_no_local_socket_hears, .init = need_vcan)
{
	struct lsk_can *receiver = open_on("vcan0");
	struct lsk_can *sender = open_channel(&(struct lsk_can_config){
		.interface = "vcan0", .without_loopback = true});

	send_text(sender, "123#01");
	expect_nothing(receiver);
	lsk_can_free(sender);
	lsk_can_free(receiver);
}

/* Facts: a filter that is set after bind leaves other frames in the queue. */
Test(can_socket, filters_hold_from_the_first_frame_on, .init = need_vcan)
{
	struct lsk_can_filter filters[] = {{0x123, 0x7FF}, {0x400, 0x700}};
	struct lsk_can *sender = open_on("vcan0");
	struct lsk_can *receiver = open_channel(&(struct lsk_can_config){
		.interface = "vcan0", .filters = filters, .filter_count = 2});

	send_text(sender, "124#");
	send_text(sender, "123#01");
	send_text(sender, "455#02");
	expect(receiver, "123#01");
	expect(receiver, "455#02");
	lsk_can_free(receiver);
	receiver = open_channel(&(struct lsk_can_config){.interface = "vcan0",
							 .receive_nothing = true});
	send_text(sender, "123#01");
	expect_nothing(receiver);
	lsk_can_free(receiver);
	lsk_can_free(sender);
}

Test(can_socket, joined_filters_must_all_pass, .init = need_vcan)
{
	struct lsk_can_filter filters[] = {{0x120, 0x7F0},
					   {0x123 | CAN_INV_FILTER, 0x7FF}};
	struct lsk_can *sender = open_on("vcan0");
	struct lsk_can *receiver =
		open_channel(&(struct lsk_can_config){.interface = "vcan0",
						      .filters = filters,
						      .filter_count = 2,
						      .join_filters = true});

	send_text(sender, "123#01");
	send_text(sender, "130#01");
	send_text(sender, "124#02");
	expect(receiver, "124#02");
	lsk_can_free(sender);
	lsk_can_free(receiver);
}

/* Facts 2.2: the kernel takes 512 filters. */
Test(can_socket, more_filters_than_the_kernel_takes_pass_each_frame_once,
     .init = need_vcan)
{
	struct lsk_can_filter filters[1024];
	struct lsk_can *sender = open_on("vcan0"), *receiver;

	for (uint32_t i = 0; i < 1024; i++)
		filters[i] = (struct lsk_can_filter){2 * i, CAN_EFF_FLAG | 0x7FF};
	filters[7] = (struct lsk_can_filter){0x1F334455 | CAN_EFF_FLAG,
					     CAN_EFF_FLAG | CAN_EFF_MASK};
	receiver = open_channel(&(struct lsk_can_config){
		.interface = "vcan0", .filters = filters, .filter_count = 1024});
	send_text(sender, "123#");
	send_text(sender, "00E#");
	send_text(sender, "1F334456#");
	send_text(sender, "1F334455#");
	send_text(sender, "124#01");
	expect(receiver, "1F334455#");
	expect(receiver, "124#01");
	expect_nothing(receiver);
	lsk_can_free(sender);
	lsk_can_free(receiver);
}

/* @count filters for 11 bits, all of them, and for 29 bits from 0x10000 on. */
static struct lsk_can *open_with_many(size_t count, size_t receive_buffer)
{
	struct lsk_can_filter *filters = calloc(count, sizeof(*filters));
	struct lsk_can *can;

	for (uint32_t i = 0; i < count; i++)
		filters[i] = (struct lsk_can_filter){
			i & 1 ? CAN_EFF_FLAG | (0x10000 + i) : i & LSK_CAN_ID_MAX,
			i & 1 ? CAN_EFF_FLAG | CAN_EFF_MASK
			      : CAN_EFF_FLAG | CAN_SFF_MASK};
	can = open_channel(&(struct lsk_can_config){.interface = "vcan0",
						    .filters = filters,
						    .filter_count = count,
						    .error_mask = CAN_ERR_BUSOFF,
						    .own_frames = true,
						    .receive_buffer = receive_buffer});
	free(filters);
	return can;
}

/* The kernel judges by these, too: what does not pass takes no room. */
Test(can_socket, frames_that_many_filters_refuse_fill_no_queue, .init = need_vcan)
{
	struct lsk_can *receiver = open_with_many(1000, 4096);
	struct lsk_can *sender = open_on("vcan0");
	struct lsk_can_stats stats;

	for (int i = 0; i < 300; i++) {
		send_text(sender, "123#1122");
		send_text(sender, "00010002#1122");
	}
	send_text(sender, "124#01");
	send_text(sender, "000101F1#02");
	cr_assert_eq(expect(receiver, "124#01").dropped, 0);
	expect(receiver, "000101F1#02");
	cr_assert_eq(lsk_can_stats(receiver, &stats), 0);
	cr_assert_eq(stats.dropped, 0);
	cr_assert_eq(stats.received, 2);
	expect_nothing(receiver);
	lsk_can_free(sender);
	lsk_can_free(receiver);
}

/* All that filters do not speak of is as with few. */
static void expect_all_kinds(size_t count)
{
	struct lsk_can *receiver = open_with_many(count, 0);
	struct lsk_can *sender = open_on("vcan0");
	struct lsk_can_record record;

	send_text(sender, "20000040#0000000000000000");
	send_text(sender, "20000004#0000000000000000");
	send_text(sender, "123#01");
	send_text(sender, "124#R3");
	send_text(sender, "126##15566");
	send_text(sender, "00010001##1556677");
	send_text(sender, "00010002#02");
	expect(receiver, "20000040#0000000000000000");
	expect(receiver, "124#R3");
	expect(receiver, "126##15566");
	record = expect(receiver, "00010001##1556677");
	cr_assert_eq(record.flags, LSK_CAN_LOCAL);
	send_text(receiver, "00010003#03");
	record = expect(receiver, "00010003#03");
	cr_assert_eq(record.flags, LSK_CAN_LOCAL | LSK_CAN_OWN);
	cr_assert_gt(record.time_ns, 0);
	expect_nothing(receiver);
	lsk_can_free(sender);
	lsk_can_free(receiver);
}

Test(can_socket, many_filters_let_errors_remote_fd_and_own_frames_through,
     .init = need_vcan)
{
	static const size_t counts[] = {513, 600, 1000, 2000, 4095, 20000};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		expect_all_kinds(counts[i]);
}

/* With room for the half of it, and for nothing. */
Test(can_socket, many_filters_hold_where_the_kernel_has_no_memory_for_them,
     .init = need_vcan)
{
	run("cat /proc/sys/net/core/optmem_max >/tmp/optmem");
	run("echo 6000 >/proc/sys/net/core/optmem_max");
	expect_all_kinds(1000);
	run("echo 1000 >/proc/sys/net/core/optmem_max");
	expect_all_kinds(1000);
	run("cat /tmp/optmem >/proc/sys/net/core/optmem_max");
}

Test(can_socket, error_frames_come_by_their_mask, .init = need_vcan)
{
	struct lsk_can *sender = open_on("vcan0"), *deaf = open_on("vcan0");
	struct lsk_can *receiver = open_channel(&(struct lsk_can_config){
		.interface = "vcan0", .error_mask = CAN_ERR_BUSOFF});
	struct lsk_can_error_report report;
	struct lsk_can_record record;

	send_text(sender, "20000004#0000000000000000");
	send_text(sender, "20000040#0000000000000000");
	record = expect(receiver, "20000040#0000000000000000");
	cr_assert_eq(lsk_can_error_decode(&record.frame, &report), 0);
	cr_assert_eq(report.state, LSK_CAN_STATE_BUS_OFF);
	expect_nothing(deaf);
	lsk_can_free(sender);
	lsk_can_free(receiver);
	lsk_can_free(deaf);
}

/* Fact 8: a queue holds few frames, and the drop counter tells of the others. */
Test(can_socket, received_and_dropped_are_all_that_was_sent, .init = need_vcan)
{
	static struct lsk_can_frame frames[4000];
	static struct lsk_can_record records[4000];
	struct lsk_can *sender = open_on("vcan0");
	struct lsk_can *receiver = open_channel(&(struct lsk_can_config){
		.interface = "vcan0", .receive_buffer = 100000});
	struct lsk_can_stats stats;
	size_t sent = 0, received = 0;
	int r;

	for (size_t i = 0; i < 4000; i++)
		frames[i] = frame_of("123#1122334455667788");
	cr_assert_eq(lsk_can_send(sender, frames, 4000, &sent), 0);
	cr_assert_eq(sent, 4000);
	lsk_socket_set_timeout(lsk_can_socket(receiver), 0);
	while ((r = lsk_can_receive(receiver, records, 4000)) > 0)
		received += (size_t)r;
	cr_assert_eq(r, -EAGAIN);
	cr_assert_eq(lsk_can_stats(receiver, &stats), 0);
	cr_assert_eq(stats.received, received);
	cr_assert_gt(stats.dropped, 0);
	cr_assert_eq(received + stats.dropped, 4000, "%zu + %llu", received,
		     (unsigned long long)stats.dropped);
	/* The next frame tells of them too. */
	send_text(sender, "123#01");
	cr_assert_eq(expect(receiver, "123#01").dropped, stats.dropped);
	lsk_can_free(sender);
	lsk_can_free(receiver);
}

Test(can_socket, a_batch_comes_in_order_with_one_call, .init = need_vcan)
{
	static struct lsk_can_record records[64];
	struct lsk_can *sender = open_on("vcan0"), *receiver = open_on("vcan0");
	struct lsk_can_frame frames[50];

	for (size_t i = 0; i < 50; i++) {
		frames[i] = frame_of("123#00");
		frames[i].data[0] = (uint8_t)i;
	}
	cr_assert_eq(lsk_can_send(sender, frames, 50, NULL), 0);
	cr_assert_eq(lsk_can_receive(receiver, records, 64), 50);
	for (size_t i = 0; i < 50; i++)
		cr_assert_eq(records[i].frame.data[0], i);
	lsk_can_free(sender);
	lsk_can_free(receiver);
}

Test(can_socket, a_receive_ends_at_its_deadline, .init = need_vcan)
{
	struct lsk_can *can = open_on("vcan0");
	struct lsk_can_record record;

	lsk_socket_set_timeout(lsk_can_socket(can), 20 * MSEC);
	cr_assert_eq(lsk_can_receive(can, &record, 1), -ETIME);
	expect_nothing(can);
	cr_assert_eq(lsk_can_receive(can, NULL, 1), -EINVAL);
	cr_assert_eq(lsk_can_receive(can, &record, 0), -EINVAL);
	cr_assert_eq(lsk_can_receive(NULL, &record, 1), -EINVAL);
	lsk_can_free(can);
}

/* Fact 9: RAW survives down and up, with -ENETDOWN told once. */
Test(can_socket, an_interface_that_goes_down_and_up_needs_no_new_channel,
     .init = need_vcan)
{
	struct lsk_can *sender, *receiver = open_on("vcan1");
	struct lsk_can_record record;

	run("ip link set vcan1 down");
	cr_assert_eq(lsk_can_receive(receiver, &record, 1), -ENETDOWN);
	expect_nothing(receiver);
	run("ip link set vcan1 up");
	sender = open_on("vcan1");
	send_text(sender, "123#01");
	expect(receiver, "123#01");
	lsk_can_free(sender);
	lsk_can_free(receiver);
}

/* Fact 10: a channel on all interfaces hears of no interface that goes down. */
Test(can_socket, a_channel_on_any_receives_from_all_and_sends_where_told,
     .init = need_vcan)
{
	struct lsk_can *any = open_on(NULL), *one = open_on("vcan1");
	struct lsk_can_frame frame = frame_of("123#01");

	cr_assert_eq(lsk_can_send(any, &frame, 1, NULL), -ENXIO);
	cr_assert_eq(lsk_can_send_to(any, if_nametoindex("vcan1"), &frame, 1, NULL), 0);
	expect(one, "123#01");
	send_text(one, "124#02");
	cr_assert_eq(expect(any, "124#02").interface, if_nametoindex("vcan1"));
	run("ip link set vcan1 down && ip link set vcan1 up");
	expect_nothing(any);
	lsk_can_free(any);
	lsk_can_free(one);
}

/*
 * Facts 3 and 4: a device's queue that is full answers -ENOBUFS while poll(2) says
 * "writable"; a small send buffer makes it wait instead. The slow bus is a tbf.
 */
Test(can_socket, a_slow_bus_gets_every_frame_in_order, .init = need_vcan, .timeout = 60)
{
	static struct lsk_can_record records[64];
	struct lsk_can *sender, *receiver, *hasty;
	struct lsk_can_frame frames[60];
	size_t sent = 0;

	if (system("tc qdisc add dev vcan1 root tbf rate 64kbit burst 32 limit 160"))
		cr_skip_test("no sch_tbf here");
	sender = open_on("vcan1");
	receiver = open_on("vcan1");
	for (size_t i = 0; i < 60; i++) {
		frames[i] = frame_of("123#0011223344556677");
		frames[i].data[0] = (uint8_t)i;
	}
	lsk_socket_set_timeout(lsk_can_socket(sender), 30000 * MSEC);
	cr_assert_eq(lsk_can_send(sender, frames, 60, &sent), 0);
	cr_assert_eq(sent, 60);
	for (size_t got = 0; got < 60;) {
		int r = lsk_can_receive(receiver, records, 64);

		cr_assert_gt(r, 0, "%d", r);
		for (int i = 0; i < r; i++)
			cr_assert_eq(records[i].frame.data[0], got++);
	}
	/* A large send buffer runs into the full queue. */
	hasty = open_channel(&(struct lsk_can_config){.interface = "vcan1",
						      .send_buffer = 1 << 20,
						      .on_full = LSK_CAN_ON_FULL_FAIL});
	cr_assert_eq(lsk_can_send(hasty, frames, 60, &sent), -ENOBUFS);
	cr_assert_lt(sent, 60);
	lsk_can_free(hasty);
	lsk_can_free(sender);
	lsk_can_free(receiver);
	run("tc qdisc del dev vcan1 root");
}

Test(can_socket, frames_that_are_dropped_are_counted, .init = need_vcan, .timeout = 60)
{
	struct lsk_can_frame frames[60];
	struct lsk_can_stats stats;
	struct lsk_can *sender;
	size_t sent = 0;

	if (system("tc qdisc add dev vcan1 root tbf rate 16kbit burst 32 limit 160"))
		cr_skip_test("no sch_tbf here");
	sender =
		open_channel(&(struct lsk_can_config){.interface = "vcan1",
						      .send_buffer = 1 << 20,
						      .on_full = LSK_CAN_ON_FULL_DROP});
	for (size_t i = 0; i < 60; i++)
		frames[i] = frame_of("123#0011223344556677");
	cr_assert_eq(lsk_can_send(sender, frames, 60, &sent), 0);
	cr_assert_eq(sent, 60);
	cr_assert_eq(lsk_can_stats(sender, &stats), 0);
	cr_assert_gt(stats.refused, 0);
	cr_assert_eq(stats.sent + stats.refused, 60);
	lsk_can_free(sender);
	run("tc qdisc del dev vcan1 root");
}

Test(can_socket, bad_configurations_are_refused, .init = need_vcan)
{
	struct lsk_can_frame broken = {.id = 0x800}, good = frame_of("123#");
	struct lsk_can_frame pair[2] = {good, broken};
	struct lsk_can *can = NULL;
	struct lsk_error error;
	size_t sent = 7;

	cr_assert_eq(lsk_can_open(NULL, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_can_open(&can,
				  &(struct lsk_can_config){.interface = "no-such-if"},
				  &error),
		     -ENODEV);
	cr_assert_not_null(strstr(error.text, "no-such-if"));
	cr_assert_eq(
		lsk_can_open(&can, &(struct lsk_can_config){.filter_count = 1}, NULL),
		-EINVAL);
	cr_assert_eq(lsk_can_open(&can, &(struct lsk_can_config){.batch = 5000}, NULL),
		     -EINVAL);
	can = open_on("vcan0");
	cr_assert_eq(lsk_can_send(can, pair, 2, &sent), LSK_ERR_RANGE);
	cr_assert_eq(sent, 1, "the good one before it went out");
	cr_assert_eq(lsk_can_send(NULL, &good, 1, NULL), -EINVAL);
	cr_assert_eq(lsk_can_send(can, NULL, 1, NULL), -EINVAL);
	cr_assert_eq(lsk_can_stats(NULL, NULL), -EINVAL);
	cr_assert_null(lsk_can_free(can));
	cr_assert_null(lsk_can_free(NULL));
}
