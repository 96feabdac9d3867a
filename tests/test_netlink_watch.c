/* SPDX-License-Identifier: MIT */
/*
 * Mirrors: whatever happens meanwhile, after LSK_NL_SYNCED the mirror is what a fresh
 * dump shows. The comparison is by the tables' own identity and bytes.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include <linsock/netlink_watch.h>

#include "families/netlink_mirror.h"
#include "tests/support/netns.h"

static struct lsk_nl *small_buffer_handle(void)
{
	struct lsk_nl_options options = {.event_buffer = 4096};
	struct lsk_nl *nl;

	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, &options), 0);
	return nl;
}

static struct lsk_nl_watch *watch_new(struct lsk_nl *nl, unsigned int type)
{
	struct lsk_nl_watch *watch;

	cr_assert_eq(lsk_nl_watch_new(nl, lsk_rtnl_watched(type), &watch), 0);
	return watch;
}

struct seen {
	int count[LSK_NL_CHANGE__COUNT];
};

/* Read events until the mirror is right and nothing is queued. */
static struct seen sync_watch(struct lsk_nl_watch *watch)
{
	struct seen seen = {0};
	struct lsk_nl_watch_event event;
	int r;

	do {
		r = lsk_nl_watch_next(watch, LSK_NSEC_PER_SEC / 5, &event);
		if (r == 0)
			seen.count[event.kind]++;
		cr_assert(r == 0 || r == -ETIME, "%d", r);
		/* On a busy machine a doubt may outlast one wait. */
	} while (r == 0 || !lsk_nl_watch_is_synced(watch));
	return seen;
}

/* The mirror has what a dump shows, and nothing else. */
static void check_mirror(struct lsk_nl_watch *watch, unsigned int type)
{
	const struct lsk_nl_watched *watched = lsk_rtnl_watched(type);
	struct mirror mirror = {.count = 0};
	struct mirror_entry *entry;
	const void *position = NULL;
	const struct nlmsghdr *msg;
	struct lsk_nl_dump *dump;
	struct lsk_nl_key key;
	size_t count = 0;
	struct lsk_nl *nl;

	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, NULL), 0);
	while ((msg = lsk_nl_watch_object(watch, &position))) {
		cr_assert(watched->key(msg, &key));
		cr_assert_null(mirror_find(&mirror, &key), "an object twice");
		cr_assert_eq(mirror_add(&mirror, &key, msg, &entry), 0);
	}
	cr_assert_eq(lsk_rtnl_dump(nl, type, NULL, &dump), 0);
	while (lsk_nl_dump_next(dump, &msg) > 0) {
		if (!watched->key(msg, &key))
			continue;
		count++;
		cr_assert_not_null(mirror_find(&mirror, &key),
				   "object %zu of type %u "
				   "is missing",
				   count, type);
	}
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	cr_assert_eq(mirror.count, count);
	cr_assert_eq(lsk_nl_watch_count(watch), count);
	mirror_done(&mirror);
	lsk_nl_close(nl);
}

Test(watch, starts_with_what_is_there_and_synced)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_watch *watch;
	struct seen seen;

	netns_bridges(nl, 3);
	watch = watch_new(nl, RTM_GETLINK);
	cr_assert(!lsk_nl_watch_is_synced(watch));
	seen = sync_watch(watch);
	cr_assert_eq(seen.count[LSK_NL_ADD], 4);
	cr_assert_eq(seen.count[LSK_NL_SYNCED], 1);
	check_mirror(watch, RTM_GETLINK);
	cr_assert_null(lsk_nl_watch_free(watch));
	cr_assert_null(lsk_nl_watch_free(NULL));
	lsk_nl_close(nl);
}

Test(watch, tells_addition_change_and_removal_of_a_link)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_watch *watch = watch_new(nl, RTM_GETLINK);
	struct lsk_nl_watch_event event;
	struct lsk_rtnl_link link;

	sync_watch(watch);
	netns_bridges(nl, 1);
	cr_assert_eq(lsk_nl_watch_next(watch, 0, &event), 0);
	cr_assert_eq(event.kind, LSK_NL_ADD);
	cr_assert_eq(event.group, RTNLGRP_LINK);
	cr_assert_eq(lsk_rtnl_link_parse(event.msg, &link), 0);
	cr_assert_str_eq(link.name, "br0");
	cr_assert_eq(lsk_rtnl_link_set_up(nl, link.info.ifi_index, true, NULL), 0);
	cr_assert_eq(lsk_nl_watch_next(watch, 0, &event), 0);
	cr_assert_eq(event.kind, LSK_NL_CHANGE);
	cr_assert_eq(lsk_rtnl_link_parse(event.old, &link), 0);
	cr_assert(!(link.info.ifi_flags & IFF_UP));
	cr_assert_eq(lsk_rtnl_link_parse(event.msg, &link), 0);
	cr_assert(link.info.ifi_flags & IFF_UP);
	cr_assert_eq(lsk_rtnl_link_delete(nl, link.info.ifi_index, NULL), 0);
	do
		cr_assert_eq(lsk_nl_watch_next(watch, 0, &event), 0);
	while (event.kind == LSK_NL_CHANGE);
	cr_assert_eq(event.kind, LSK_NL_DELETE);
	cr_assert_eq(lsk_rtnl_link_parse(event.msg, &link), 0);
	cr_assert_str_eq(link.name, "br0");
	sync_watch(watch);
	check_mirror(watch, RTM_GETLINK);
	lsk_nl_watch_free(watch);
	lsk_nl_close(nl);
}

/* Facts 2 and 19: the queue runs over at every position of a stream of changes. */
Test(watch, fact_19_is_right_after_loss_at_any_place)
{
	struct lsk_nl *writer = netns_handle();
	struct lsk_nl *nl = small_buffer_handle();
	struct lsk_nl_watch *watch = watch_new(nl, RTM_GETROUTE);
	int losses = 0;

	sync_watch(watch);
	for (uint32_t round = 0; round < 12; round++) {
		struct seen seen;

		netns_routes(writer, round * 1000, 3 + round * 20, 200);
		seen = sync_watch(watch);
		losses += seen.count[LSK_NL_LOST];
		check_mirror(watch, RTM_GETROUTE);
	}
	cr_assert_gt(losses, 5);
	lsk_nl_watch_free(watch);
	lsk_nl_close(nl);
	lsk_nl_close(writer);
}

Test(watch, follows_replacement_of_routes)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl *writer;
	struct lsk_nl_watch *watch = watch_new(nl, RTM_GETROUTE);
	struct lsk_rtnl_route route = netns_route(5, RT_TABLE_MAIN);

	cr_assert_eq(lsk_nl_open(&writer, NETLINK_ROUTE, NULL), 0);
	netns_routes(writer, 0, 10, RT_TABLE_MAIN);
	sync_watch(watch);
	/* From unicast by way of lo to a black hole: another identity, one prefix. */
	route.info.rtm_type = RTN_BLACKHOLE;
	route.info.rtm_scope = RT_SCOPE_UNIVERSE;
	route.has &= ~LSK_SET(LSK_ROUTE_OIF);
	cr_assert_eq(lsk_rtnl_change(writer, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
				     &route, NULL),
		     0);
	struct seen seen = sync_watch(watch);

	cr_assert_eq(seen.count[LSK_NL_CHANGE], 1);
	cr_assert_eq(seen.count[LSK_NL_DELETE], 0);
	check_mirror(watch, RTM_GETROUTE);
	lsk_nl_watch_free(watch);
	lsk_nl_close(writer);
	lsk_nl_close(nl);
}

Test(watch, notices_routes_that_vanish_with_their_link_in_silence)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl *writer;
	struct lsk_nl_watch *watch = watch_new(nl, RTM_GETROUTE);

	cr_assert_eq(lsk_nl_open(&writer, NETLINK_ROUTE, NULL), 0);
	netns_routes(writer, 0, 100, RT_TABLE_MAIN);
	sync_watch(watch);
	cr_assert_geq(lsk_nl_watch_count(watch), 100);
	cr_assert_eq(lsk_rtnl_link_set_up(writer, 1, false, NULL), 0);
	sync_watch(watch);
	cr_assert_lt(lsk_nl_watch_count(watch), 100);
	check_mirror(watch, RTM_GETROUTE);
	lsk_nl_watch_free(watch);
	lsk_nl_close(writer);
	lsk_nl_close(nl);
}

Test(watch, of_addresses_rules_and_neighbours_is_right)
{
	const unsigned int types[] = {RTM_GETADDR, RTM_GETRULE, RTM_GETNEIGH};
	struct lsk_nl *writer = netns_handle();
	struct lsk_rtnl_address address = {
		.info = {.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 1},
		.has = LSK_SET(LSK_ADDRESS_LOCAL),
		.local = {4, {10, 9, 8, 7}},
	};
	struct lsk_rtnl_rule rule = {
		.info = {.family = AF_INET, .action = FR_ACT_TO_TBL},
		.has = LSK_SET(LSK_RULE_TABLE) | LSK_SET(LSK_RULE_PRIORITY),
		.table = 99,
		.priority = 5,
	};
	struct lsk_nl_watch *watches[3];
	struct lsk_nl *handles[3];

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(lsk_nl_open(&handles[i], NETLINK_ROUTE, NULL), 0);
		watches[i] = watch_new(handles[i], types[i]);
		sync_watch(watches[i]);
	}
	cr_assert_eq(lsk_rtnl_change(writer, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
				     &address, NULL),
		     0);
	cr_assert_eq(lsk_rtnl_change(writer, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL,
				     &rule, NULL),
		     0);
	for (int i = 0; i < 3; i++) {
		struct seen seen = sync_watch(watches[i]);

		cr_assert_eq(seen.count[LSK_NL_ADD], i < 2, "type %u", types[i]);
		check_mirror(watches[i], types[i]);
	}
	cr_assert_eq(lsk_rtnl_change(writer, RTM_DELADDR, 0, &address, NULL), 0);
	cr_assert_eq(lsk_rtnl_change(writer, RTM_DELRULE, 0, &rule, NULL), 0);
	for (int i = 0; i < 3; i++) {
		struct seen seen = sync_watch(watches[i]);

		cr_assert_eq(seen.count[LSK_NL_DELETE], i < 2, "type %u", types[i]);
		check_mirror(watches[i], types[i]);
		lsk_nl_watch_free(watches[i]);
		lsk_nl_close(handles[i]);
	}
	lsk_nl_close(writer);
}

struct churn {
	_Atomic uint32_t rounds; /* Changes made so far. */
	_Atomic bool is_done;
};

enum { UNREAD_CHANGES = 2000 }; /* More than the small buffer holds, by far. */

/* Add and remove routes and rules while a watch reads; end with odd ones left. */
static void *churn_routes(void *context)
{
	struct churn *churn = context;
	struct lsk_nl *nl;

	if (lsk_nl_open(&nl, NETLINK_ROUTE, NULL) < 0)
		return NULL;
	for (uint32_t i = 0; i < 40000; i++) {
		struct lsk_rtnl_route route = netns_route(i % 5000, 300);
		bool add = i / 5000 % 2 == 0;

		(void)lsk_rtnl_change(nl, add ? RTM_NEWROUTE : RTM_DELROUTE,
				      add ? NLM_F_CREATE : 0, &route, NULL);
		if (i % 7 == 0) {
			route = netns_route(i % 5000, 301);
			(void)lsk_rtnl_change(nl, RTM_NEWROUTE, NLM_F_CREATE, &route,
					      NULL);
		}
		atomic_store(&churn->rounds, i + 1);
	}
	lsk_nl_close(nl);
	atomic_store(&churn->is_done, true);
	return NULL;
}

Test(watch, is_right_after_a_storm_with_a_small_buffer, .timeout = 60)
{
	struct churn churn = {.rounds = 0, .is_done = false};
	struct lsk_nl_watch_event event;
	struct lsk_nl_watch *watch;
	pthread_t thread;
	struct lsk_nl *nl;
	int losses = 0;

	netns_enter();
	nl = small_buffer_handle();
	watch = watch_new(nl, RTM_GETROUTE);
	sync_watch(watch);
	cr_assert_eq(pthread_create(&thread, NULL, churn_routes, &churn), 0);
	/* A reader on another processor may keep up: let the buffer overflow first. */
	while (!atomic_load(&churn.is_done) &&
	       atomic_load(&churn.rounds) < UNREAD_CHANGES)
		sched_yield();
	while (!atomic_load(&churn.is_done))
		if (lsk_nl_watch_next(watch, LSK_NSEC_PER_SEC / 100, &event) == 0)
			losses += event.kind == LSK_NL_LOST;
	pthread_join(thread, NULL);
	losses += sync_watch(watch).count[LSK_NL_LOST];
	cr_assert_gt(losses, 0);
	check_mirror(watch, RTM_GETROUTE);
	cr_assert_geq(lsk_nl_watch_count(watch), 5000);
	lsk_nl_watch_free(watch);
	lsk_nl_close(nl);
}

Test(watch, of_no_known_table_is_refused)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_watch *watch;

	cr_assert_null(lsk_rtnl_watched(RTM_GETSTATS));
	cr_assert_eq(lsk_nl_watch_new(nl, NULL, &watch), -EINVAL);
	lsk_nl_close(nl);
}
