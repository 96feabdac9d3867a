/* SPDX-License-Identifier: MIT */
/*
 * What becomes of sockets when their interface goes down, is deleted, made again,
 * renamed or moved. Each test has a network of its own; where the kernel has no CAN it
 * is skipped and says so, and scenario can_life.sh runs it in a virtual machine.
 *
 *	the test's namespace: vcan0, vcan1 ...        another one, to move to
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include <linsock.h>

#include "tests/support/netns.h"

#define MSEC INT64_C(1000000)
#define LONG (60000 * MSEC)

static struct lsk_nl *nl;

static int make_vcan(const char *name)
{
	struct lsk_nl_error error;
	int index = lsk_rtnl_link_add(nl, "vcan", name, &error);

	cr_assert_gt(index, 0, "%s: %d %s", name, index, error.message);
	return index;
}

static void need_can(void)
{
	struct lsk_nl_error error;
	int index;

	nl = netns_handle();
	index = lsk_rtnl_link_add(nl, "vcan", "vcan0", &error);
	if (index == -EOPNOTSUPP)
		cr_skip_test("no vcan in this kernel: scenario can_life.sh");
	cr_assert_gt(index, 0, "%d %s", index, error.message);
}

static void delete_link(const char *name)
{
	cr_assert_eq(lsk_rtnl_link_delete(nl, lsk_rtnl_link_index(nl, name), NULL), 0);
}

static void set_up(const char *name, bool up)
{
	cr_assert_eq(lsk_rtnl_link_set_up(nl, lsk_rtnl_link_index(nl, name), up, NULL),
		     0);
}

static void change_link(const char *name, const char *new_name, int netns_fd)
{
	struct lsk_rtnl_link link = {
		.info = {.ifi_index = lsk_rtnl_link_index(nl, name)},
	};
	struct lsk_nl_error error;
	int r;

	if (new_name) {
		link.has |= LSK_SET(LSK_LINK_NAME);
		snprintf(link.name, sizeof(link.name), "%s", new_name);
	}
	if (netns_fd >= 0) {
		link.has |= LSK_SET(LSK_LINK_NET_NS_FD);
		link.net_ns_fd = (uint32_t)netns_fd;
	}
	r = lsk_rtnl_change(nl, RTM_NEWLINK, 0, &link, &error);
	cr_assert_eq(r, 0, "%d %s", r, error.message);
}

static struct lsk_can_life *follow(const char *name)
{
	struct lsk_can_life *life = NULL;

	cr_assert_eq(lsk_can_life_new(&life, name), 0);
	return life;
}

static void expect(struct lsk_can_life *life, enum lsk_can_life_kind kind,
		   const char *name)
{
	struct lsk_can_life_event event = {0};
	int r = lsk_can_life_next(life, LONG, &event);

	cr_assert_eq(r, 0, "waited for %s: %d", lsk_can_life_text(kind), r);
	cr_assert_eq(event.kind, kind, "wanted %s of %s, got %s of %s",
		     lsk_can_life_text(kind), name, lsk_can_life_text(event.kind),
		     event.name);
	cr_assert_str_eq(event.name, name);
}

static struct lsk_can *open_channel(const char *name,
				    const struct lsk_can_filter *filter)
{
	struct lsk_can_config config = {
		.interface = name,
		.filters = filter,
		.filter_count = filter ? 1 : 0,
		.receive_buffer = 1 << 16,
	};
	struct lsk_can *can = NULL;
	struct lsk_error error = {0};
	int r = lsk_can_open(&can, &config, &error);

	cr_assert_eq(r, 0, "%d %s", r, error.text);
	lsk_socket_set_timeout(lsk_can_socket(can), LONG);
	return can;
}

static void send_ids(const char *name, const char *const *texts, size_t count)
{
	struct lsk_can *can = open_channel(name, NULL);

	for (size_t i = 0; i < count; i++) {
		struct lsk_can_frame frame;

		cr_assert_eq(lsk_can_frame_parse(&frame, texts[i], NULL), 0);
		cr_assert_eq(lsk_can_send(can, &frame, 1, NULL), 0);
	}
	lsk_can_free(can);
}

Test(can_life, an_interface_is_told_from_coming_to_going, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow("vcan0");

	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	set_up("vcan0", false);
	expect(life, LSK_CAN_LIFE_DOWN, "vcan0");
	change_link("vcan0", "kitchen", -1);
	expect(life, LSK_CAN_LIFE_RENAMED, "kitchen");
	set_up("kitchen", true);
	expect(life, LSK_CAN_LIFE_UP, "kitchen");
	delete_link("kitchen");
	expect(life, LSK_CAN_LIFE_DOWN, "kitchen");
	expect(life, LSK_CAN_LIFE_GONE, "kitchen");
	make_vcan("vcan9"); /* of no concern */
	make_vcan("vcan0");
	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life, moving_away_and_back_is_going_and_coming, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow("vcan0");
	_cleanup_(closep) int here = -1, there = -1;
	struct lsk_nl_options options = {0};
	struct lsk_nl *mine = nl;

	here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	there = lsk_netns_new();
	cr_assert_geq(here, 0);
	cr_assert_geq(there, 0, "%d", there);
	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	change_link("vcan0", NULL, there);
	expect(life, LSK_CAN_LIFE_DOWN, "vcan0");
	expect(life, LSK_CAN_LIFE_GONE, "vcan0");
	options.netns_fd = there;
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, &options), 0);
	change_link("vcan0", NULL, here);
	lsk_nl_close(nl);
	nl = mine;
	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life, another_of_the_name_takes_the_place_at_once, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow("vcan0");

	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	set_up("vcan0", false); /* Linux 6.1 renames no interface that is up */
	expect(life, LSK_CAN_LIFE_DOWN, "vcan0");
	change_link("vcan0", "old", -1);
	expect(life, LSK_CAN_LIFE_RENAMED, "old");
	make_vcan("vcan0");
	delete_link("old");
	expect(life, LSK_CAN_LIFE_GONE, "old");
	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life, fact_10_a_socket_on_any_hears_of_its_interfaces_here, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow(LSK_CAN_ANY);
	struct lsk_can *can = open_channel(LSK_CAN_ANY, NULL);
	struct lsk_can_life_event event;
	struct lsk_can_record record;

	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	set_up("vcan0", false);
	/* The kernel says nothing to the socket. */
	lsk_socket_set_timeout(lsk_can_socket(can), 0);
	cr_assert_eq(lsk_can_receive(can, &record, 1), -EAGAIN);
	lsk_socket_set_timeout(lsk_can_socket(can), LONG);
	cr_assert_eq(lsk_can_life_receive(life, can, &record, 1, &event), 0);
	cr_assert_eq(event.kind, LSK_CAN_LIFE_DOWN);
	make_vcan("vcan1");
	cr_assert_eq(lsk_can_life_receive(life, can, &record, 1, &event), 0);
	cr_assert_eq(event.kind, LSK_CAN_LIFE_CAME);
	cr_assert_str_eq(event.name, "vcan1");
	lsk_can_free(can);
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life, fact_9_down_and_up_needs_no_new_bind, .init = need_can, .timeout = 60)
{
	static const char *const texts[] = {"123#01"};
	struct lsk_can *can = open_channel("vcan0", NULL);
	struct lsk_can_record record;

	set_up("vcan0", false);
	cr_assert_eq(lsk_can_receive(can, &record, 1), -ENETDOWN);
	set_up("vcan0", true);
	cr_assert_eq(lsk_can_restore(can), 0);
	send_ids("vcan0", texts, 1);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x123);
	lsk_can_free(can);
	lsk_nl_close(nl);
}

Test(can_life, fact_9_a_new_interface_gets_the_old_filters, .init = need_can,
     .timeout = 60)
{
	static const struct lsk_can_filter only_300 = {0x300, 0x700};
	static const char *const texts[] = {"123#01", "312#02", "7FF#03", "3FF#04"};
	struct lsk_can_life *life = follow("vcan0");
	struct lsk_can *can = open_channel("vcan0", &only_300);
	struct lsk_can_life_event event;
	struct lsk_can_record record;
	int restored = 0;

	delete_link("vcan0");
	cr_assert_eq(lsk_can_restore(can), -ENODEV);
	make_vcan("vcan0");
	/* Until the channel is where it was. */
	while (restored == 0) {
		cr_assert_eq(lsk_can_life_receive(life, can, &record, 1, &event), 0);
		restored = event.restored;
	}
	cr_assert_eq(restored, 1);
	send_ids("vcan0", texts, 4);
	for (unsigned int id = 0x312; id != 0;) {
		int r = lsk_can_life_receive(life, can, &record, 1, &event);

		if (r == 0)
			continue;
		cr_assert_eq(r, 1, "%d", r);
		cr_assert_eq(record.frame.id, id);
		id = id == 0x312 ? 0x3FF : 0;
	}
	lsk_can_free(can);
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

/* Past the kernel's own filters: what it was given stays with the socket. */
Test(can_life, fact_9_a_new_interface_gets_many_old_filters, .init = need_can,
     .timeout = 240)
{
	static const char *const texts[] = {"00010001#01", "00010002#02", "124#03",
					    "00010004#04"};
	enum { COUNT = 600 };
	struct lsk_can_filter filters[COUNT];
	struct lsk_can_config config = {
		.interface = "vcan0", .filters = filters, .filter_count = COUNT};
	struct lsk_can_record record;
	struct lsk_can *can = NULL;

	for (uint32_t i = 0; i < COUNT; i++)
		filters[i] = (struct lsk_can_filter){CAN_EFF_FLAG | (0x10000 + 2 * i),
						     CAN_EFF_FLAG | CAN_EFF_MASK};
	cr_assert_eq(lsk_can_open(&can, &config, NULL), 0);
	lsk_socket_set_timeout(lsk_can_socket(can), LONG);
	delete_link("vcan0");
	cr_assert_eq(lsk_can_restore(can), -ENODEV);
	make_vcan("vcan0");
	cr_assert_eq(lsk_can_restore(can), 1);
	send_ids("vcan0", texts, 4);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x10002);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x10004);
	lsk_can_free(can);
	lsk_nl_close(nl);
}

Test(can_life, a_renamed_interface_keeps_its_channel, .init = need_can, .timeout = 240)
{
	static const struct lsk_can_filter only_300 = {0x300, 0x700};
	static const char *const texts[] = {"123#01", "312#02"};
	struct lsk_can *can = open_channel("vcan0", &only_300);
	struct lsk_can_record record;

	set_up("vcan0", false);
	change_link("vcan0", "kitchen", -1);
	set_up("kitchen", true);
	cr_assert_eq(lsk_can_receive(can, &record, 1), -ENETDOWN);
	cr_assert_eq(lsk_can_restore(can), 0);
	send_ids("kitchen", texts, 2);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x312);
	cr_assert_str_eq(lsk_can_interface_name(can, record.interface), "kitchen");
	lsk_can_free(can);
	lsk_nl_close(nl);
}

/* To another namespace and back: gone, and there again. */
Test(can_life, an_interface_that_was_away_gets_its_channel_back, .init = need_can,
     .timeout = 240)
{
	static const struct lsk_can_filter only_300 = {0x300, 0x700};
	static const char *const texts[] = {"123#01", "312#02"};
	struct lsk_can *can = open_channel("vcan0", &only_300);
	_cleanup_(closep) int here = -1, there = -1;
	struct lsk_nl_options options = {0};
	struct lsk_can_record record;
	struct lsk_nl *mine = nl;

	here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	there = lsk_netns_new();
	cr_assert_geq(here, 0);
	cr_assert_geq(there, 0, "%d", there);
	change_link("vcan0", NULL, there);
	cr_assert_eq(lsk_can_restore(can), -ENODEV);
	options.netns_fd = there;
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, &options), 0);
	change_link("vcan0", NULL, here);
	lsk_nl_close(nl);
	nl = mine;
	set_up("vcan0", true);
	cr_assert_eq(lsk_can_restore(can), 1);
	send_ids("vcan0", texts, 2);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x312);
	lsk_can_free(can);
	lsk_nl_close(nl);
}

Test(can_life, frames_and_events_both_come_on_a_full_bus, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow("vcan0");
	struct lsk_can *can = open_channel("vcan0", NULL);
	struct lsk_can *sender = open_channel("vcan0", NULL);
	struct lsk_can_life_event event;
	struct lsk_can_record record;
	struct lsk_can_frame frame;
	unsigned int frames = 0, events = 0;

	cr_assert_eq(lsk_can_frame_parse(&frame, "111#22", NULL), 0);
	while (frames < 20 || events < 2) {
		int r;

		cr_assert_eq(lsk_can_send(sender, &frame, 1, NULL), 0);
		r = lsk_can_life_receive(life, can, &record, 1, &event);
		cr_assert_geq(r, 0, "%d", r);
		frames += r == 1;
		events += r == 0;
	}
	lsk_can_free(sender);
	lsk_can_free(can);
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life, without_an_interface_there_is_nothing_to_tell, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow("nowhere");
	struct lsk_can_life_event event;

	cr_assert_eq(lsk_can_life_next(life, 0, &event), -EAGAIN);
	cr_assert_eq(lsk_can_life_next(life, 20 * MSEC, &event), -ETIME);
	cr_assert_eq(lsk_can_life_new(&life, "a_name_of_sixteen"), -EINVAL);
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life, jobs_of_the_broadcast_manager_start_anew, .init = need_can,
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

Test(can_life, iso_tp_keeps_its_options, .init = need_can, .timeout = 60)
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

Test(can_life, fact_7_j1939_lets_go_and_comes_back, .init = need_can, .timeout = 60)
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

Test(can_life, a_claim_survives_down_and_up_and_another_interface, .init = need_can,
     .timeout = 60)
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
