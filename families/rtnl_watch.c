/* SPDX-License-Identifier: MIT */
/*
 * What can be mirrored of rtnetlink: the identity of each kind of object, and what may
 * change a table in silence.
 */
#include <linsock/netlink_watch.h>

#include <string.h>

#include "families/rtnl.h"
#include "uring/util.h"

#define PASSING(type) (UINT64_C(1) << (type))

static void key_put(struct lsk_nl_key *key, const void *data, size_t len)
{
	if (len > sizeof(key->bytes) - key->len)
		len = sizeof(key->bytes) - key->len;
	memcpy(key->bytes + key->len, data, len);
	key->len = (uint16_t)(key->len + len);
}

static void key_put_number(struct lsk_nl_key *key, uint32_t number)
{
	key_put(key, &number, sizeof(number));
}

static void key_put_blob(struct lsk_nl_key *key, const struct lsk_nl_blob *blob)
{
	key_put(key, &blob->len, 1);
	key_put(key, blob->bytes, blob->len);
}

static void key_end_base(struct lsk_nl_key *key)
{
	key->base_len = key->len;
}

static bool link_key(const struct nlmsghdr *msg, struct lsk_nl_key *ret_key)
{
	const struct ifinfomsg *info = NLMSG_DATA(msg);

	/* A bridge tells of its ports by messages of the same type. */
	if (info->ifi_family != AF_UNSPEC)
		return false;
	ret_key->len = 0;
	key_put_number(ret_key, (uint32_t)info->ifi_index);
	key_end_base(ret_key);
	return true;
}

static bool address_key(const struct nlmsghdr *msg, struct lsk_nl_key *ret_key)
{
	struct lsk_rtnl_address address;

	if (lsk_rtnl_address_parse(msg, &address) < 0)
		return false;
	ret_key->len = 0;
	key_put_number(ret_key, address.info.ifa_family);
	key_put_number(ret_key, address.info.ifa_index);
	key_put_number(ret_key, address.info.ifa_prefixlen);
	key_put_blob(ret_key, &address.local);
	key_put_blob(ret_key, &address.address);
	key_end_base(ret_key);
	return true;
}

/* Where a route leads: what tells routes of one prefix and metric apart. Flags of hops
 * change with their links, and are no identity. */
static void key_put_hops(struct lsk_nl_key *key, const struct lsk_rtnl_route *route)
{
	struct lsk_nl_bytes rest = route->multipath;
	struct lsk_rtnl_route hop_route;
	struct rtnexthop hop;

	key_put_number(key, route->oif);
	key_put_blob(key, &route->gateway);
	if (route->via.data)
		key_put(key, route->via.data, route->via.len);
	key_put_number(key, route->nexthop_id);
	while (lsk_rtnl_nexthop_route_next(&rest, &hop, &hop_route) > 0) {
		key_put_number(key, (uint32_t)hop.rtnh_ifindex);
		key_put_blob(key, &hop_route.gateway);
	}
}

static bool route_key(const struct nlmsghdr *msg, struct lsk_nl_key *ret_key)
{
	struct lsk_rtnl_route route;

	if (lsk_rtnl_route_parse(msg, &route) < 0)
		return false;
	/* Multicast routes have families of their own; clones are a cache. */
	if ((route.info.rtm_family != AF_INET && route.info.rtm_family != AF_INET6) ||
	    route.info.rtm_flags & RTM_F_CLONED)
		return false;
	ret_key->len = 0;
	key_put_number(ret_key, route.info.rtm_family);
	key_put_number(ret_key, LSK_HAS(&route, LSK_ROUTE_TABLE)
					? route.table
					: route.info.rtm_table);
	key_put_number(ret_key, (uint32_t)route.info.rtm_dst_len << 16 |
					(uint32_t)route.info.rtm_src_len << 8 |
					route.info.rtm_tos);
	key_put_number(ret_key, route.priority);
	key_put_blob(ret_key, &route.dst);
	key_put_blob(ret_key, &route.src);
	key_end_base(ret_key);
	key_put_number(ret_key, route.info.rtm_type);
	key_put_number(ret_key, route.info.rtm_scope);
	key_put_number(ret_key, route.info.rtm_protocol);
	key_put_hops(ret_key, &route);
	return true;
}

/* A rule has no identity but all that it says. */
static bool rule_key(const struct nlmsghdr *msg, struct lsk_nl_key *ret_key)
{
	ret_key->len = 0;
	key_put(ret_key, NLMSG_DATA(msg), msg->nlmsg_len - NLMSG_HDRLEN);
	key_end_base(ret_key);
	return true;
}

static bool neighbour_key(const struct nlmsghdr *msg, struct lsk_nl_key *ret_key)
{
	struct lsk_rtnl_neighbour neighbour;

	if (lsk_rtnl_neighbour_parse(msg, &neighbour) < 0)
		return false;
	/* Bridges tell of what they learn by the same messages; proxies are not listed.
	 */
	if ((neighbour.info.ndm_family != AF_INET &&
	     neighbour.info.ndm_family != AF_INET6) ||
	    neighbour.info.ndm_flags & NTF_PROXY)
		return false;
	ret_key->len = 0;
	key_put_number(ret_key, neighbour.info.ndm_family);
	key_put_number(ret_key, (uint32_t)neighbour.info.ndm_ifindex);
	key_put_blob(ret_key, &neighbour.dst);
	key_end_base(ret_key);
	return true;
}

/* The kernel takes IPv4 routes away with their link or address, or marks them, and says
 * nothing of them. */
static bool route_doubt(const struct nlmsghdr *msg)
{
	switch (msg->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_DELADDR:
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		return true;
	default:
		return false;
	}
}

static const uint32_t link_groups[] = {RTNLGRP_LINK, 0};
static const uint32_t address_groups[] = {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0};
static const uint32_t route_groups[] = {
	RTNLGRP_IPV4_ROUTE,
	RTNLGRP_IPV6_ROUTE,
	RTNLGRP_LINK,
	RTNLGRP_IPV4_IFADDR,
	RTNLGRP_IPV6_IFADDR,
	RTNLGRP_NEXTHOP,
	0,
};
static const uint32_t rule_groups[] = {RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, 0};
static const uint32_t neighbour_groups[] = {RTNLGRP_NEIGH, 0};

static const struct lsk_nl_watched watched[] = {
	{
		.dump_type = RTM_GETLINK,
		.add_type = RTM_NEWLINK,
		.remove_type = RTM_DELLINK,
		.header_len = sizeof(struct ifinfomsg),
		.groups = link_groups,
		.passing = PASSING(IFLA_STATS) | PASSING(IFLA_STATS64) |
			   PASSING(IFLA_AF_SPEC) | PASSING(IFLA_EVENT),
		.key = link_key,
	},
	{
		.dump_type = RTM_GETADDR,
		.add_type = RTM_NEWADDR,
		.remove_type = RTM_DELADDR,
		.header_len = sizeof(struct ifaddrmsg),
		.groups = address_groups,
		.passing = PASSING(IFA_CACHEINFO),
		.key = address_key,
	},
	{
		.dump_type = RTM_GETROUTE,
		.add_type = RTM_NEWROUTE,
		.remove_type = RTM_DELROUTE,
		.header_len = sizeof(struct rtmsg),
		.groups = route_groups,
		.passing = PASSING(RTA_CACHEINFO) | PASSING(RTA_EXPIRES),
		.is_torn = true,
		.key = route_key,
		.is_doubt = route_doubt,
	},
	{
		.dump_type = RTM_GETRULE,
		.add_type = RTM_NEWRULE,
		.remove_type = RTM_DELRULE,
		.header_len = sizeof(struct fib_rule_hdr),
		.groups = rule_groups,
		.is_torn = true,
		.key = rule_key,
	},
	{
		.dump_type = RTM_GETNEIGH,
		.add_type = RTM_NEWNEIGH,
		.remove_type = RTM_DELNEIGH,
		.header_len = sizeof(struct ndmsg),
		.groups = neighbour_groups,
		.passing = PASSING(NDA_CACHEINFO) | PASSING(NDA_PROBES),
		.is_torn = true,
		.key = neighbour_key,
	},
};

const struct lsk_nl_watched *lsk_rtnl_watched(unsigned int dump_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		if (watched[i].dump_type == dump_type)
			return &watched[i];
	return NULL;
}
