/* SPDX-License-Identifier: MIT */
/*
 * Jobs of the broadcast manager, ISO-TP sockets, J1939 sockets and claimed addresses
 * whose interface goes down, is deleted, made again, renamed or moved. Each test has a
 * network of its own; where the kernel has no CAN it is skipped and says so, and
 * scenario can_life_sockets.sh runs it in a virtual machine.
 *
 *	the test's namespace: vcan0 ...        another one, to move to
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
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
	struct lsk_j1939_config config = {
		.interface = "vcan0",
		.local = {.pgn = LSK_J1939_NO_PGN, .address = address},
		.broadcast = true,
	};
	struct lsk_j1939 *j1939 = NULL;
	int r = lsk_j1939_open(&j1939, &config, NULL);

	if (r == -EPROTONOSUPPORT)
		cr_skip_test("no J1939 in this kernel");
	cr_assert_eq(r, 0, "%d", r);
	lsk_socket_set_timeout(lsk_j1939_socket(j1939), LONG);
	return j1939;
}

static void *delete_vcan0(void *context)
{
	struct lsk_nl_options options = {.netns_fd = *(const int *)context};
	struct lsk_nl *own = NULL;

	/* Without a limit: up to Linux 6.12 it ends when no socket is on it. */
	options.timeout_ns = LSK_BLOCK;
	if (lsk_nl_open(&own, NETLINK_ROUTE, &options) == 0)
		lsk_rtnl_link_delete(own, lsk_rtnl_link_index(own, "vcan0"), NULL);
	lsk_nl_close(own);
	return NULL;
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

/* A move that the sockets hold up is done by another thread. */
static void *move_vcan0_away(void *context)
{
	struct journey *journey = context;
	struct lsk_nl_options options = {.netns_fd = journey->here,
					 .timeout_ns = LSK_BLOCK};
	struct lsk_rtnl_link link = {.has = LSK_SET(LSK_LINK_NET_NS_FD),
				     .net_ns_fd = (uint32_t)journey->there};
	struct lsk_nl *own = NULL;

	if (lsk_nl_open(&own, NETLINK_ROUTE, &options) == 0) {
		link.info.ifi_index = lsk_rtnl_link_index(own, "vcan0");
		lsk_rtnl_change(own, RTM_NEWLINK, 0, &link, NULL);
	}
	lsk_nl_close(own);
	return NULL;
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

#define UNIT_NAME 0x1111

struct claimer {
	struct lsk_j1939 *unit;
	sem_t held;
	int result;
};

static void note_claim(void *context, const struct lsk_j1939_claim *claim)
{
	struct claimer *claimer = context;

	if (claim->state == LSK_J1939_CLAIM_HELD)
		sem_post(&claimer->held);
}

static void *hold_claim(void *context)
{
	struct claimer *claimer = context;
	const struct lsk_j1939_claim_options options = {
		.timeout_ns = LSK_BLOCK,
		.changed = note_claim,
		.context = claimer,
	};
	struct lsk_j1939_claim claim;

	claimer->result = lsk_j1939_claim_init(&claim, UNIT_NAME, 0x40, 0x40, 0x50);
	if (claimer->result == 0)
		claimer->result = lsk_j1939_claim_run(&claim, claimer->unit, &options);
	return NULL;
}

/* Whether the kernel knows the name: it refuses to send for one that it does not. */
static void expect_claimed(struct claimer *claimer)
{
	static const struct lsk_j1939_place to = {.pgn = 0x12300, .address = 0x30};
	struct lsk_j1939_config config = {
		.interface = "vcan0",
		.local = {.name = UNIT_NAME,
			  .pgn = LSK_J1939_NO_PGN,
			  .address = LSK_J1939_NO_ADDRESS},
	};
	struct lsk_j1939_message message;
	struct lsk_j1939 *peer, *named = NULL;
	char buf[8];
	int r;

	cr_assert_eq(sem_wait(&claimer->held), 0);
	peer = open_j1939(0x30);
	cr_assert_eq(lsk_j1939_open(&named, &config, NULL), 0);
	lsk_socket_set_timeout(lsk_j1939_socket(named), LONG);
	/*
	 * The kernel's quarter of a second began with the claim's echo, and the kernel
	 * tells nobody when its own timer is late: ask now and then. Asking without a
	 * pause would fill the kernel's log, which costs more time than there is.
	 */
	while ((r = lsk_j1939_send(named, &to, "hello", 5)) == -EADDRNOTAVAIL)
		poll(NULL, 0, 20);
	cr_assert_eq(r, 0, "%d", r);
	do {
		cr_assert_geq(lsk_j1939_receive(peer, buf, sizeof(buf), &message), 5);
	} while (message.from.pgn != to.pgn);
	cr_assert_eq(message.from.address, 0x40);
	cr_assert_eq(message.from.name, UNIT_NAME);
	lsk_j1939_free(named);
	lsk_j1939_free(peer);
}

Test(can_life_sockets, a_claim_survives_down_and_up_and_another_interface,
     .init = need_can, .timeout = 60)
{
	struct lsk_j1939_config config = {
		.interface = "vcan0",
		.local = {.name = UNIT_NAME,
			  .pgn = LSK_J1939_NO_PGN,
			  .address = LSK_J1939_IDLE_ADDRESS},
		.broadcast = true,
	};
	_cleanup_(closep) int here = open("/proc/thread-self/ns/net", O_RDONLY);
	struct claimer claimer = {0};
	pthread_t thread, deleter;
	int r = lsk_j1939_open(&claimer.unit, &config, NULL);

	if (r == -EPROTONOSUPPORT)
		cr_skip_test("no J1939 in this kernel");
	cr_assert_eq(r, 0, "%d", r);
	lsk_socket_set_timeout(lsk_j1939_socket(claimer.unit), LONG);
	cr_assert_eq(sem_init(&claimer.held, 0, 0), 0);
	cr_assert_eq(pthread_create(&thread, NULL, hold_claim, &claimer), 0);
	expect_claimed(&claimer);
	set_up("vcan0", false);
	set_up("vcan0", true);
	expect_claimed(&claimer);
	cr_assert_eq(pthread_create(&deleter, NULL, delete_vcan0, &here), 0);
	pthread_join(deleter, NULL);
	make_vcan("vcan0");
	expect_claimed(&claimer);
	lsk_socket_close(lsk_j1939_socket(claimer.unit));
	pthread_join(thread, NULL);
	cr_assert_eq(claimer.result, -EBADF, "%d", claimer.result);
	lsk_j1939_free(claimer.unit);
	lsk_nl_close(nl);
}
