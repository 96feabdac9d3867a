/* SPDX-License-Identifier: MIT */
/* Tests that need a network of their own make one; Criterion runs each in a process. */
#ifndef TESTS_NETNS_H
#define TESTS_NETNS_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <linsock/netlink.h>
#include <linsock/rtnl.h>

#include "uring/util.h"

/* Enter a new namespace with loopback up, or skip. */
static inline void netns_enter(void)
{
	struct lsk_nl *nl;
	int r = syscall_result(unshare(CLONE_NEWNET));

	if (r < 0)
		cr_skip_test("no network namespace: unshare says %d", r);
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, NULL), 0);
	cr_assert_eq(lsk_rtnl_link_set_up(nl, 1, true, NULL), 0);
	lsk_nl_close(nl);
}

/* A handle in a new namespace. */
static inline struct lsk_nl *netns_handle(void)
{
	struct lsk_nl *nl;

	netns_enter();
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, NULL), 0);
	return nl;
}

/* Give an interface one address more, "10.1.0.1" or "fd00::1", of a whole prefix. */
static inline void netns_address(struct lsk_nl *nl, int index, const char *text,
				 uint8_t prefix)
{
	struct lsk_rtnl_address address = {
		.info = {.ifa_family = strchr(text, ':') ? AF_INET6 : AF_INET,
			 .ifa_prefixlen = prefix,
			 .ifa_flags = strchr(text, ':') ? IFA_F_NODAD : 0,
			 .ifa_index = (uint32_t)index},
		.has = LSK_SET(LSK_ADDRESS_LOCAL) | LSK_SET(LSK_ADDRESS_ADDRESS),
	};

	cr_assert_eq(inet_pton(address.info.ifa_family, text, address.local.bytes), 1);
	address.local.len = address.info.ifa_family == AF_INET ? 4 : 16;
	address.address = address.local;
	cr_assert_eq(lsk_rtnl_change(nl, RTM_NEWADDR, NLM_F_CREATE, &address, NULL), 0);
}

/* Make @count bridges "br0" …, down; many links cost little this way. */
static inline void netns_bridges(struct lsk_nl *nl, int count)
{
	struct lsk_rtnl_link link = {
		.has = LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_KIND),
		.kind = "bridge",
	};
	struct lsk_nl_error error;

	for (int i = 0; i < count; i++) {
		snprintf(link.name, sizeof(link.name), "br%d", i);
		int r = lsk_rtnl_link_create(nl, &link, NULL, NULL, &error);

		if (r == -EOPNOTSUPP)
			cr_skip_test("no bridge in this kernel");
		cr_assert_eq(r, 0, "%s: %d %s", link.name, r, error.message);
	}
}

/* The IPv4 route to 10.x.y.z/32 over loopback in @table. */
static inline struct lsk_rtnl_route netns_route(uint32_t number, uint32_t table)
{
	struct lsk_rtnl_route route = {
		.info = {.rtm_family = AF_INET,
			 .rtm_dst_len = 32,
			 .rtm_protocol = RTPROT_STATIC,
			 .rtm_scope = RT_SCOPE_LINK,
			 .rtm_type = RTN_UNICAST},
		.has = LSK_SET(LSK_ROUTE_DST) | LSK_SET(LSK_ROUTE_OIF) |
		       LSK_SET(LSK_ROUTE_TABLE),
		.oif = 1,
		.table = table,
		.dst = {4,
			{10, (uint8_t)(number >> 16), (uint8_t)(number >> 8),
			 (uint8_t)number}},
	};

	return route;
}

/* Add routes first … first + count - 1 by a batch. */
static inline void netns_routes(struct lsk_nl *nl, uint32_t first, uint32_t count,
				uint32_t table)
{
	struct lsk_nl_batch *batch;
	uint64_t failed = 1;
	LSK_NL_MSG(msg, 512);

	cr_assert_eq(lsk_nl_batch_new(nl, NULL, NULL, &batch), 0);
	for (uint32_t i = first; i < first + count; i++) {
		struct lsk_rtnl_route route = netns_route(i, table);

		lsk_nl_build(&msg, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
			     lsk_rtnl_table(LSK_RTNL_ROUTE), &route);
		cr_assert_eq(lsk_nl_batch_add(batch, &msg), 0);
	}
	cr_assert_eq(lsk_nl_batch_flush(batch, &failed), 0);
	cr_assert_eq(failed, 0);
	lsk_nl_batch_free(batch);
}

#endif
