/* SPDX-License-Identifier: MIT */
/*
 * Interfaces of CAN that come, go, move and get new names, and who follows them. Each
 * test has a network of its own; where the kernel has no CAN it is skipped.
 */
#ifndef TESTS_CAN_LIFE_H
#define TESTS_CAN_LIFE_H

#include <criterion/criterion.h>

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include <linsock.h>

#include "tests/support/netns.h"

#define MSEC INT64_C(1000000)
#define LONG (60000 * MSEC)

/* Of the test's namespace. */
static struct lsk_nl *nl;

static inline int make_vcan(const char *name)
{
	struct lsk_nl_error error;
	int index = lsk_rtnl_link_add(nl, "vcan", name, &error);

	cr_assert_gt(index, 0, "%s: %d %s", name, index, error.message);
	return index;
}

static inline void need_can(void)
{
	struct lsk_nl_error error;
	int index;

	nl = netns_handle();
	index = lsk_rtnl_link_add(nl, "vcan", "vcan0", &error);
	if (index == -EOPNOTSUPP)
		cr_skip_test(
			"no vcan in this kernel: the scenario of this test's name");
	cr_assert_gt(index, 0, "%d %s", index, error.message);
}

static inline void delete_link(const char *name)
{
	cr_assert_eq(lsk_rtnl_link_delete(nl, lsk_rtnl_link_index(nl, name), NULL), 0);
}

static inline void set_up(const char *name, bool up)
{
	cr_assert_eq(lsk_rtnl_link_set_up(nl, lsk_rtnl_link_index(nl, name), up, NULL),
		     0);
}

static inline void change_link(const char *name, const char *new_name, int netns_fd)
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

static inline struct lsk_can_life *follow(const char *name)
{
	struct lsk_can_life *life = NULL;

	cr_assert_eq(lsk_can_life_new(&life, name), 0);
	return life;
}

static inline void expect(struct lsk_can_life *life, enum lsk_can_life_kind kind,
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

static inline struct lsk_can *open_channel(const char *name,
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

static inline void send_ids(const char *name, const char *const *texts, size_t count)
{
	struct lsk_can *can = open_channel(name, NULL);

	for (size_t i = 0; i < count; i++) {
		struct lsk_can_frame frame;

		cr_assert_eq(lsk_can_frame_parse(&frame, texts[i], NULL), 0);
		cr_assert_eq(lsk_can_send(can, &frame, 1, NULL), 0);
	}
	lsk_can_free(can);
}

/* Another namespace for vcan0, and the way back. */
struct journey {
	int here;
	int there;
};

static inline void move_away(struct journey *journey)
{
	journey->here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	journey->there = lsk_netns_new();
	cr_assert_geq(journey->here, 0);
	cr_assert_geq(journey->there, 0, "%d", journey->there);
	change_link("vcan0", NULL, journey->there);
}

/* It comes back down. */
static inline void move_back(struct journey *journey)
{
	struct lsk_nl_options options = {.netns_fd = journey->there};
	struct lsk_nl *mine = nl;

	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, &options), 0);
	change_link("vcan0", NULL, journey->here);
	lsk_nl_close(nl);
	nl = mine;
	close(journey->here);
	close(journey->there);
}

static inline struct lsk_j1939 *open_j1939_on(const char *interface, uint8_t address)
{
	struct lsk_j1939_config config = {
		.interface = interface,
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

/* For a thread: J1939 holds the deletion up to Linux 6.12. */
static inline void *delete_vcan0(void *context)
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

/* A move that the sockets hold up is done by another thread. */
static inline void *move_vcan0_away(void *context)
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

#endif
