/* SPDX-License-Identifier: MIT */
/*
 * Jobs of the broadcast manager, ISO-TP sockets and J1939 sockets whose interface goes
 * down, is deleted, made again, renamed or moved. Each test has a network of its own;
 * where the kernel has no CAN it is skipped and says so, and scenario
 * can_life_sockets.sh runs it in a virtual machine.
 *
 *	the test's namespace: vcan0 ...        another one, to move to
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "tests/support/can_life.h"

static struct lsk_can_frame frame_of(const char *text)
{
	struct lsk_can_frame frame;

	cr_assert_eq(lsk_can_frame_parse(&frame, text, NULL), 0, "%s", text);
	return frame;
}

/* A socket that sends 123 every 20 ms, and watches 555. */
static struct lsk_bcm *open_jobs(const char *interface)
{
	const struct lsk_can_frame frame = frame_of("123#11");
	const struct lsk_bcm_cycle cycle = {
		.frames = &frame, .frame_count = 1, .then_ns = 20 * MSEC};
	const struct lsk_bcm_watch watch = {.can_id = 0x555, .flags = LSK_BCM_WATCH_ID};
	struct lsk_bcm *bcm = NULL;
	int r = lsk_bcm_open(&bcm, interface, NULL);

	if (r == -EPROTONOSUPPORT)
		cr_skip_test("no BCM in this kernel");
	cr_assert_eq(r, 0);
	lsk_socket_set_timeout(lsk_bcm_socket(bcm), LONG);
	if (strcmp(interface, LSK_CAN_ANY) != 0)
		cr_assert_eq(lsk_bcm_send_cycle(bcm, &cycle), 0);
	cr_assert_eq(lsk_bcm_watch(bcm, &watch), 0);
	return bcm;
}

/* The cycle goes on on an interface, and what is watched is told. */
static void expect_jobs(struct lsk_bcm *bcm, const char *interface)
{
	static const char *const texts[] = {"555#99"};
	struct lsk_can *can = open_channel(interface, NULL);
	struct lsk_can_record record;
	struct lsk_bcm_event event;

	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x123);
	cr_assert_eq(record.frame.data[0], 0x11);
	send_ids(interface, texts, 1);
	cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	cr_assert_eq(event.kind, LSK_BCM_CHANGED);
	cr_assert_eq(event.can_id, 0x555);
	cr_assert_eq(event.interface, if_nametoindex(interface));
	lsk_can_free(can);
}

Test(can_life_sockets, jobs_go_on_after_down_and_up_and_by_a_new_name, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow("vcan0");
	struct lsk_bcm *bcm = open_jobs("vcan0");
	struct lsk_bcm_job job = {.can_id = 0x123};
	struct lsk_bcm_event event;

	expect_jobs(bcm, "vcan0");
	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	set_up("vcan0", false);
	expect(life, LSK_CAN_LIFE_DOWN, "vcan0");
	/* Asking for a job does not take away the word that it is down. */
	cr_assert_eq(lsk_bcm_read(bcm, &job, NULL, 0), 0);
	cr_assert_eq(lsk_bcm_next(bcm, &event), -ENETDOWN);
	set_up("vcan0", true);
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	cr_assert_eq(lsk_bcm_restore(bcm), 0);
	expect_jobs(bcm, "vcan0");

	set_up("vcan0", false);
	change_link("vcan0", "kitchen", -1);
	set_up("kitchen", true);
	expect(life, LSK_CAN_LIFE_DOWN, "vcan0");
	expect(life, LSK_CAN_LIFE_RENAMED, "kitchen");
	expect(life, LSK_CAN_LIFE_UP, "kitchen");
	cr_assert_eq(lsk_bcm_next(bcm, &event), -ENETDOWN);
	cr_assert_eq(lsk_bcm_restore(bcm), 0);
	expect_jobs(bcm, "kitchen");
	lsk_bcm_free(bcm);
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life_sockets, jobs_of_an_interface_that_was_away_start_anew, .init = need_can,
     .timeout = 60)
{
	struct lsk_bcm *bcm = open_jobs("vcan0");
	struct journey journey;

	move_away(&journey);
	cr_assert_eq(lsk_bcm_restore(bcm), -ENODEV);
	move_back(&journey);
	set_up("vcan0", true);
	cr_assert_eq(lsk_bcm_restore(bcm), 1);
	expect_jobs(bcm, "vcan0");
	lsk_bcm_free(bcm);
	lsk_nl_close(nl);
}

/* What is told next of a socket on all interfaces. */
static void expect_watched(struct lsk_bcm *bcm, const char *interface, const char *text)
{
	struct lsk_bcm_event event;

	send_ids(interface, &text, 1);
	cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	cr_assert_eq(event.kind, LSK_BCM_CHANGED);
	cr_assert_eq(event.interface, if_nametoindex(interface), "%s of %s", text,
		     interface);
}

/* With a silence that is told, and without: nothing sticks to one that is gone. */
Test(can_life_sockets, watches_of_all_interfaces_outlive_each, .init = need_can,
     .timeout = 60)
{
	struct lsk_bcm *bcm = open_jobs(LSK_CAN_ANY);
	const struct lsk_bcm_watch timed = {
		.can_id = 0x556, .flags = LSK_BCM_WATCH_ID, .timeout_ns = LONG};

	cr_assert_eq(lsk_bcm_watch(bcm, &timed), 0);
	expect_watched(bcm, "vcan0", "555#01");
	expect_watched(bcm, "vcan0", "556#01");
	delete_link("vcan0");
	make_vcan("vcan1");
	cr_assert_geq(lsk_bcm_restore(bcm), 0);
	expect_watched(bcm, "vcan1", "555#02");
	expect_watched(bcm, "vcan1", "556#02");
	make_vcan("vcan0");
	expect_watched(bcm, "vcan0", "555#03");
	expect_watched(bcm, "vcan1", "556#03");
	lsk_bcm_free(bcm);
	lsk_nl_close(nl);
}

/* What is told up to the mark (555), of a watch of 556: bytes of the frames. */
static size_t told_until_mark(struct lsk_bcm *bcm, const char *mark_on, uint8_t told[4])
{
	static const char *const mark[] = {"555#FF"};
	struct lsk_bcm_event event;
	size_t count = 0;

	send_ids(mark_on, mark, 1);
	for (;;) {
		cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
		if (event.can_id == 0x555)
			return count;
		if (event.kind != LSK_BCM_CHANGED)
			continue;
		cr_assert_lt(count, 4);
		told[count++] = event.frame.data[0];
	}
}

/* One processor queues in order; frames of two could overtake each other. */
static void stay_on_one_processor(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* Two interfaces talk at the same time; frames 01 and 03 by vcan0, 02 by vcan1. */
static void send_on_both(void)
{
	static const char *const texts[] = {"556#01", "556#02", "556#03"};

	for (size_t i = 0; i < 3; i++)
		send_ids(i % 2 == 0 ? "vcan0" : "vcan1", &texts[i], 1);
}

/*
 * Facts 2.3: a kernel may keep a timed watch of all interfaces to the first one that it
 * heard; which of both it does it tells nobody. What is promised: the first one's
 * frames, and of a watch without a timeout, or on an interface of its own, all.
 */
Test(can_life_sockets, a_timed_watch_of_all_interfaces_tells_of_the_first,
     .init = need_can, .timeout = 60)
{
	const struct lsk_bcm_watch timed = {
		.can_id = 0x556, .flags = LSK_BCM_WATCH_ID, .timeout_ns = LONG};
	const struct lsk_bcm_watch untimed = {.can_id = 0x556,
					      .flags = LSK_BCM_WATCH_ID};
	struct lsk_bcm *bcm = open_jobs(LSK_CAN_ANY), *own[2];
	uint8_t told[4];
	size_t count;

	stay_on_one_processor();
	make_vcan("vcan1");
	cr_assert_eq(lsk_bcm_watch(bcm, &timed), 0);
	send_on_both();
	count = told_until_mark(bcm, "vcan1", told);
	cr_assert(count == 3 || count == 2, "%zu", count);
	cr_assert_eq(told[0], 0x01);
	cr_assert_eq(told[count - 1], 0x03);

	cr_assert_eq(lsk_bcm_unwatch(bcm, 0x556, false), 0);
	cr_assert_eq(lsk_bcm_watch(bcm, &untimed), 0);
	send_on_both();
	cr_assert_eq(told_until_mark(bcm, "vcan0", told), 3);
	lsk_bcm_free(bcm);

	for (size_t i = 0; i < 2; i++) {
		own[i] = open_jobs(i == 0 ? "vcan0" : "vcan1");
		cr_assert_eq(lsk_bcm_watch(own[i], &timed), 0);
	}
	send_on_both();
	cr_assert_eq(told_until_mark(own[0], "vcan0", told), 2);
	cr_assert_eq(told_until_mark(own[1], "vcan1", told), 1);
	cr_assert_eq(told[0], 0x02);
	lsk_bcm_free(own[0]);
	lsk_bcm_free(own[1]);
	lsk_nl_close(nl);
}

/* And where the first one goes silent: a watch that is asked for anew is of nobody. */
Test(can_life_sockets, a_timed_watch_after_its_silence, .init = need_can, .timeout = 60)
{
	const struct lsk_bcm_watch timed = {
		.can_id = 0x556, .flags = LSK_BCM_WATCH_ID, .timeout_ns = 50 * MSEC};
	static const char *const texts[] = {"556#01", "556#02", "556#03"};
	struct lsk_bcm *bcm = open_jobs(LSK_CAN_ANY);
	struct lsk_bcm_event event;
	uint8_t told[4];

	stay_on_one_processor();
	make_vcan("vcan1");
	cr_assert_eq(lsk_bcm_watch(bcm, &timed), 0);
	send_ids("vcan0", &texts[0], 1);
	do {
		cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	} while (event.kind != LSK_BCM_SILENT);
	cr_assert_eq(event.can_id, 0x556);
	send_ids("vcan1", &texts[1], 1);
	/* Whether this one is told is the kernel's affair. */
	told_until_mark(bcm, "vcan1", told);
	cr_assert_eq(lsk_bcm_unwatch(bcm, 0x556, false), 0);
	cr_assert_eq(lsk_bcm_watch(bcm, &timed), 0);
	send_ids("vcan1", &texts[2], 1);
	cr_assert_eq(told_until_mark(bcm, "vcan1", told), 1);
	cr_assert_eq(told[0], 0x03);
	lsk_bcm_free(bcm);
	lsk_nl_close(nl);
}

Test(can_life_sockets, jobs_of_the_broadcast_manager_start_anew, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_frame frame, changed;
	struct lsk_bcm_cycle cycle = {
		.frames = &frame, .frame_count = 1, .then_ns = 20 * MSEC};
	struct lsk_bcm_watch watch = {.can_id = 0x555, .flags = LSK_BCM_WATCH_ID};
	static const char *const texts[] = {"555#99"};
	struct lsk_bcm_event event;
	struct lsk_can_record record;
	struct lsk_bcm *bcm = NULL;
	struct lsk_can *can;
	int r = lsk_bcm_open(&bcm, "vcan0", NULL);

	if (r == -EPROTONOSUPPORT)
		cr_skip_test("no BCM in this kernel");
	cr_assert_eq(r, 0);
	lsk_socket_set_timeout(lsk_bcm_socket(bcm), LONG);
	cr_assert_eq(lsk_can_frame_parse(&frame, "123#11", NULL), 0);
	cr_assert_eq(lsk_can_frame_parse(&changed, "123#22", NULL), 0);
	cr_assert_eq(lsk_bcm_send_cycle(bcm, &cycle), 0);
	cr_assert_eq(lsk_bcm_update(bcm, &changed, 1, false), 0);
	cr_assert_eq(lsk_bcm_watch(bcm, &watch), 0);
	cr_assert_eq(lsk_bcm_restore(bcm), 0, "it is where it was");

	delete_link("vcan0");
	cr_assert_eq(lsk_bcm_restore(bcm), -ENODEV);
	make_vcan("vcan0");
	can = open_channel("vcan0", NULL);
	r = lsk_bcm_restore(bcm);
	cr_assert_eq(r, 1, "%d", r);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x123);
	cr_assert_eq(record.frame.data[0], 0x22, "the data of the last update");
	send_ids("vcan0", texts, 1);
	cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	cr_assert_eq(event.kind, LSK_BCM_CHANGED);
	cr_assert_eq(event.can_id, 0x555);
	lsk_can_free(can);
	lsk_bcm_free(bcm);
	lsk_nl_close(nl);
}

static struct lsk_isotp *open_isotp(uint32_t tx_id, uint32_t rx_id)
{
	struct lsk_isotp_config config = {.interface = "vcan0",
					  .tx_id = tx_id,
					  .rx_id = rx_id,
					  .flags = LSK_ISOTP_TX_PADDING,
					  .tx_padding = 0xAA};
	struct lsk_isotp *isotp = NULL;
	int r = lsk_isotp_open(&isotp, &config, NULL);

	if (r == -EPROTONOSUPPORT)
		cr_skip_test("no ISO-TP in this kernel");
	cr_assert_eq(r, 0, "%d", r);
	lsk_socket_set_timeout(lsk_isotp_socket(isotp), LONG);
	return isotp;
}

Test(can_life_sockets, iso_tp_keeps_its_options, .init = need_can, .timeout = 60)
{
	struct lsk_isotp *a = open_isotp(0x7E0, 0x7E8), *b = open_isotp(0x7E8, 0x7E0);
	struct lsk_can_record record;
	struct lsk_can *can;
	char buf[64];

	delete_link("vcan0");
	cr_assert_eq(lsk_isotp_restore(a), -ENODEV);
	make_vcan("vcan0");
	can = open_channel("vcan0", NULL);
	cr_assert_eq(lsk_isotp_restore(a), 1);
	cr_assert_eq(lsk_isotp_restore(b), 1);
	cr_assert_eq(lsk_isotp_restore(b), 0);
	cr_assert_eq(lsk_isotp_send(a, "0123456789", 10), 0);
	cr_assert_eq(lsk_isotp_receive(b, buf, sizeof(buf)), 10);
	/* FF, FC, CF: the last one is filled up. */
	for (int i = 0; i < 3; i++)
		cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.len, 8);
	cr_assert_eq(record.frame.data[7], 0xAA);
	lsk_can_free(can);
	lsk_isotp_free(a);
	lsk_isotp_free(b);
	lsk_nl_close(nl);
}

/* A message of several frames passes, and its result is its own. */
static void expect_message(struct lsk_isotp *a, struct lsk_isotp *b)
{
	char buf[64];
	int r = lsk_isotp_send(a, "0123456789", 10);

	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_isotp_receive(b, buf, sizeof(buf)), 10);
}

Test(can_life_sockets, iso_tp_goes_on_after_down_and_up_and_by_a_new_name,
     .init = need_can, .timeout = 60)
{
	struct lsk_isotp *a = open_isotp(0x7E0, 0x7E8), *b = open_isotp(0x7E8, 0x7E0);
	char buf[64];

	expect_message(a, b);
	set_up("vcan0", false);
	cr_assert_eq(lsk_isotp_receive(b, buf, sizeof(buf)), -ENETDOWN);
	cr_assert_eq(lsk_isotp_send(b, "0123456789", 10), -ENETDOWN);
	set_up("vcan0", true);
	/* Nobody told the first one: its next message does not fail for it. */
	expect_message(a, b);
	set_up("vcan0", false);
	change_link("vcan0", "kitchen", -1);
	set_up("kitchen", true);
	cr_assert_eq(lsk_isotp_restore(a), 0);
	cr_assert_eq(lsk_isotp_restore(b), 0);
	cr_assert_eq(lsk_isotp_receive(b, buf, sizeof(buf)), -ENETDOWN);
	expect_message(a, b);
	/* What its sends met is told to its receive. */
	cr_assert_eq(lsk_isotp_receive(a, buf, sizeof(buf)), -ENETDOWN);
	expect_message(b, a);
	lsk_isotp_free(a);
	lsk_isotp_free(b);
	lsk_nl_close(nl);
}

Test(can_life_sockets, a_message_that_is_under_way_ends_with_its_interface,
     .init = need_can, .timeout = 60)
{
	struct lsk_isotp *a = open_isotp(0x7E0, 0x7E8), *b;
	char buf[64];
	int r;

	lsk_socket_set_timeout(lsk_isotp_socket(a), 0);
	cr_assert_eq(lsk_isotp_send(a, "0123456789", 10), 0);
	set_up("vcan0", false);
	lsk_socket_set_timeout(lsk_isotp_socket(a), LONG);
	/* The word of it; or that nobody answered, where the kernel lost it. */
	r = lsk_isotp_finish(a);
	cr_assert(r == -ENETDOWN || r == -ECOMM, "%d", r);
	set_up("vcan0", true);
	b = open_isotp(0x7E8, 0x7E0);
	lsk_socket_set_timeout(lsk_isotp_socket(a), 0);
	cr_assert_eq(lsk_isotp_receive(a, buf, sizeof(buf)), -EAGAIN);
	lsk_socket_set_timeout(lsk_isotp_socket(a), LONG);
	expect_message(a, b);
	lsk_isotp_free(a);
	lsk_isotp_free(b);
	lsk_nl_close(nl);
}

Test(can_life_sockets, iso_tp_of_an_interface_that_was_away_comes_back,
     .init = need_can, .timeout = 60)
{
	struct lsk_isotp *a = open_isotp(0x7E0, 0x7E8), *b = open_isotp(0x7E8, 0x7E0);
	struct journey journey;

	move_away(&journey);
	cr_assert_eq(lsk_isotp_restore(a), -ENODEV);
	move_back(&journey);
	set_up("vcan0", true);
	cr_assert_eq(lsk_isotp_restore(a), 1);
	cr_assert_eq(lsk_isotp_restore(b), 1);
	expect_message(a, b);
	lsk_isotp_free(a);
	lsk_isotp_free(b);
	lsk_nl_close(nl);
}

static struct lsk_j1939 *open_j1939(uint8_t address)
{
	return open_j1939_on("vcan0", address);
}

Test(can_life_sockets, fact_7_j1939_lets_go_and_comes_back, .init = need_can,
     .timeout = 60)
{
	static const struct lsk_j1939_place to = {.pgn = 0x12300, .address = 0x30};
	struct lsk_j1939 *a = open_j1939(0x20), *b = open_j1939(0x30);
	struct lsk_can_life *life = follow("vcan0");
	_cleanup_(closep) int here = open("/proc/thread-self/ns/net", O_RDONLY);
	pthread_t deleter;
	char buf[64];

	cr_assert_eq(lsk_j1939_restore(a), 0);
	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	cr_assert_eq(pthread_create(&deleter, NULL, delete_vcan0, &here), 0);
	expect(life, LSK_CAN_LIFE_DOWN, "vcan0");
	expect(life, LSK_CAN_LIFE_GONE, "vcan0");
	cr_assert_eq(lsk_j1939_restore(a), -ENODEV);
	cr_assert_eq(lsk_j1939_restore(b), -ENODEV);
	pthread_join(deleter, NULL);
	make_vcan("vcan0");
	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	cr_assert_eq(lsk_j1939_restore(a), 1);
	cr_assert_eq(lsk_j1939_restore(b), 1);
	cr_assert_eq(lsk_j1939_send(a, &to, "hello", 5), 0);
	cr_assert_eq(lsk_j1939_receive(b, buf, sizeof(buf), NULL), 5);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

/* Hello passes, and nothing of the time before. */
static void expect_hello(struct lsk_j1939 *a, struct lsk_j1939 *b)
{
	static const struct lsk_j1939_place to = {.pgn = 0x12300, .address = 0x30};
	char buf[64];
	int r = lsk_j1939_send(a, &to, "hello", 5);

	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_j1939_receive(b, buf, sizeof(buf), NULL), 5);
}

Test(can_life_sockets, j1939_goes_on_after_down_and_up_and_by_a_new_name,
     .init = need_can, .timeout = 60)
{
	static const struct lsk_j1939_place to = {.pgn = 0x12300, .address = 0x30};
	struct lsk_j1939 *a = open_j1939(0x20), *b = open_j1939(0x30);
	char buf[64];

	expect_hello(a, b);
	set_up("vcan0", false);
	cr_assert_eq(lsk_j1939_receive(b, buf, sizeof(buf), NULL), -ENETDOWN);
	cr_assert_eq(lsk_j1939_send(b, &to, "hello", 5), -ENETDOWN);
	set_up("vcan0", true);
	/* Nobody told the first one: its next message does not fail for it. */
	expect_hello(a, b);
	cr_assert_eq(lsk_j1939_receive(a, buf, sizeof(buf), NULL), -ENETDOWN);
	set_up("vcan0", false);
	change_link("vcan0", "kitchen", -1);
	set_up("kitchen", true);
	cr_assert_eq(lsk_j1939_restore(a), 0);
	cr_assert_eq(lsk_j1939_restore(b), 0);
	expect_hello(a, b);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
	lsk_nl_close(nl);
}

Test(can_life_sockets, j1939_of_an_interface_that_was_away_comes_back, .init = need_can,
     .timeout = 60)
{
	struct lsk_j1939 *a = open_j1939(0x20), *b = open_j1939(0x30);
	struct lsk_can_life *life = follow("vcan0");
	struct journey journey = {
		.here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC),
		.there = lsk_netns_new(),
	};
	pthread_t mover;

	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	cr_assert_eq(pthread_create(&mover, NULL, move_vcan0_away, &journey), 0);
	expect(life, LSK_CAN_LIFE_DOWN, "vcan0");
	expect(life, LSK_CAN_LIFE_GONE, "vcan0");
	cr_assert_eq(lsk_j1939_restore(a), -ENODEV);
	cr_assert_eq(lsk_j1939_restore(b), -ENODEV);
	pthread_join(mover, NULL);
	move_back(&journey);
	set_up("vcan0", true);
	cr_assert_eq(lsk_j1939_restore(a), 1);
	cr_assert_eq(lsk_j1939_restore(b), 1);
	expect_hello(a, b);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}
