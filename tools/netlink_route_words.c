/* SPDX-License-Identifier: MIT */
/* A route in the words of ip route add: its prefix, and what follows it. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "tools/netlink.h"

/* Of an IPv4 route whose next hop is IPv6: struct rtvia, with room for the address. */
struct via {
	uint16_t family;
	uint8_t address[16];
};

static_assert(sizeof(struct via) <= sizeof(((struct netlink_route_words *)NULL)->via),
	      "a gateway of another family fits its place");

/* "via [inet6] ADDRESS". Return: words taken, or negative. */
static int via_words(char **args, struct lsk_rtnl_route *route, void *via_place)
{
	bool is_named = strcmp(args[1], "inet") == 0 || strcmp(args[1], "inet6") == 0;
	int named = strcmp(args[1], "inet6") == 0 ? AF_INET6 : AF_INET;
	int family = is_named ? named : route->info.rtm_family;
	struct lsk_nl_blob address = {.len = 0};
	struct via via = {.family = (uint16_t)named};
	uint8_t len;

	if (is_named && !args[2])
		return -EINVAL;
	if (netlink_parse_prefix(args[is_named ? 2 : 1], &family, &address, &len) < 0 ||
	    address.len == 0)
		return -EINVAL;
	route->info.rtm_scope = RT_SCOPE_UNIVERSE;
	if (!is_named || route->info.rtm_family == family ||
	    route->info.rtm_family == AF_UNSPEC) {
		route->info.rtm_family = (uint8_t)family;
		route->gateway = address;
		route->has |= LSK_SET(LSK_ROUTE_GATEWAY);
		return is_named ? 3 : 2;
	}
	memcpy(via.address, address.bytes, address.len);
	memcpy(via_place, &via, sizeof(via));
	route->via = (struct lsk_nl_bytes){via_place, sizeof(via.family) + address.len};
	route->has |= LSK_SET(LSK_ROUTE_VIA);
	return 3;
}

/* "mtu 1400". Return: 0, -ENOENT where it is no metric, -EINVAL. */
static int metric_word(char **args, struct netlink_route_words *words)
{
	const struct netlink_word *metric = netlink_route_metrics;
	struct lsk_rtnl_route *route = &words->route;
	long number;

	while (metric->name && strcmp(metric->name, args[0]) != 0)
		metric++;
	if (!metric->name)
		return -ENOENT;
	if (command_parse_number(args[1], 0, INT32_MAX, &number) < 0)
		return -EINVAL;
	if (!LSK_HAS(route, LSK_ROUTE_METRICS))
		lsk_nl_msg_start(&words->metrics, 0, 0, NULL, 0);
	lsk_nl_put_u32(&words->metrics, (unsigned int)metric->number, (uint32_t)number);
	route->metrics = lsk_nl_attributes(words->metrics.header, 0);
	route->has |= LSK_SET(LSK_ROUTE_METRICS);
	return lsk_nl_msg_error(&words->metrics);
}

/* A word of one value. Return: 0 or negative. */
static int value_word(struct netlink_call *call, char **args,
		      struct lsk_rtnl_route *route)
{
	int family = route->info.rtm_family;
	uint32_t number = 0;
	uint8_t len;
	int r = 0;

	if (strcmp(args[0], "dev") == 0) {
		route->has |= LSK_SET(LSK_ROUTE_OIF);
		r = netlink_index(call, args[1], &route->oif) < 0 ? -ENODEV : 0;
	} else if (strcmp(args[0], "src") == 0) {
		route->has |= LSK_SET(LSK_ROUTE_PREFSRC);
		r = netlink_parse_prefix(args[1], &family, &route->prefsrc, &len);
	} else if (strcmp(args[0], "metric") == 0) {
		route->has |= LSK_SET(LSK_ROUTE_PRIORITY);
		r = netlink_word_number(netlink_tables, args[1], &route->priority);
	} else if (strcmp(args[0], "table") == 0) {
		r = netlink_word_number(netlink_tables, args[1], &route->table);
	} else if (strcmp(args[0], "proto") == 0) {
		r = netlink_word_number(netlink_route_protocols, args[1], &number);
		route->info.rtm_protocol = (uint8_t)number;
	} else if (strcmp(args[0], "scope") == 0) {
		r = netlink_word_number(netlink_scopes, args[1], &number);
		route->info.rtm_scope = (uint8_t)number;
	} else if (strcmp(args[0], "nhid") == 0) {
		route->has |= LSK_SET(LSK_ROUTE_NEXTHOP_ID);
		r = netlink_word_number(netlink_tables, args[1], &route->nexthop_id);
		route->info.rtm_scope = RT_SCOPE_UNIVERSE;
	} else {
		r = -ENOENT;
	}
	return r;
}

/* Return: words taken, or negative. */
static int route_word(struct netlink_call *call, char **args,
		      struct netlink_route_words *words)
{
	int r;

	if (strcmp(args[0], "onlink") == 0) {
		words->route.info.rtm_flags |= RTNH_F_ONLINK;
		return 1;
	}
	if (!args[1])
		return -EINVAL;
	if (strcmp(args[0], "via") == 0)
		return via_words(args, &words->route, words->via);
	r = metric_word(args, words);
	if (r == -ENOENT)
		r = value_word(call, args, &words->route);
	return r < 0 ? r : 2;
}

/* One of "nexthop via ADDRESS dev NAME weight N onlink …" Return: words taken, or
 * negative. */
static int hop_word(struct netlink_call *call, char **args, struct rtnexthop *hop,
		    struct lsk_rtnl_route *route, struct via *via)
{
	uint32_t index = 0;
	long weight;
	int r;

	if (strcmp(args[0], "onlink") == 0 || strcmp(args[0], "pervasive") == 0) {
		hop->rtnh_flags |= args[0][0] == 'o' ? RTNH_F_ONLINK : RTNH_F_PERVASIVE;
		return 1;
	}
	if (!args[1])
		return -EINVAL;
	if (strcmp(args[0], "dev") == 0) {
		r = netlink_index(call, args[1], &index) < 0 ? -ENODEV : 0;
		hop->rtnh_ifindex = (int)index;
	} else if (strcmp(args[0], "weight") == 0) {
		r = command_parse_number(args[1], 1, 256, &weight);
		hop->rtnh_hops = (uint8_t)(weight - 1);
	} else if (strcmp(args[0], "via") == 0) {
		return via_words(args, route, via);
	} else {
		r = -ENOENT;
	}
	return r < 0 ? r : 2;
}

/* What follows "nexthop", up to the next one. Return: words taken, or negative. */
static int hop_words(struct netlink_call *call, char **args, struct lsk_nl_msg *hops,
		     struct lsk_rtnl_route *route)
{
	/* Only what belongs to the hop; the gateway's family is the route's. */
	struct lsk_rtnl_route gateway = {.info = route->info};
	struct rtnexthop hop = {.rtnh_len = sizeof(hop)};
	struct lsk_nl_bytes place = {.len = 0};
	char **start = args;
	struct via via;

	for (args++; *args && strcmp(*args, "nexthop") != 0;) {
		int r = hop_word(call, args, &hop, &gateway, &via);

		if (r < 0)
			return r;
		args += r;
	}
	route->info.rtm_family = gateway.info.rtm_family;
	route->info.rtm_scope = RT_SCOPE_UNIVERSE;
	if (LSK_HAS(&gateway, LSK_ROUTE_GATEWAY))
		place = (struct lsk_nl_bytes){gateway.gateway.bytes,
					      gateway.gateway.len};
	else if (LSK_HAS(&gateway, LSK_ROUTE_VIA))
		place = gateway.via;
	if (place.len > 0)
		hop.rtnh_len = (uint16_t)(hop.rtnh_len + sizeof(struct nlattr) +
					  (place.len + 3) / 4 * 4);
	lsk_nl_put_raw(hops, &hop, sizeof(hop));
	if (place.len > 0)
		lsk_nl_put(hops,
			   LSK_HAS(&gateway, LSK_ROUTE_VIA) ? RTA_VIA : RTA_GATEWAY,
			   place.data, place.len);
	return (int)(args - start);
}

/* All the hops, which come last. */
static int multipath_words(struct netlink_call *call, char **args,
			   struct lsk_nl_msg *hops, struct lsk_rtnl_route *route)
{
	lsk_nl_msg_start(hops, 0, 0, NULL, 0);
	while (*args) {
		int r = hop_words(call, args, hops, route);

		if (r == -ENODEV)
			return COMMAND_FAILURE;
		if (r < 0)
			return command_usage("nexthop wants via ADDRESS, dev NAME, "
					     "weight N, onlink");
		args += r;
	}
	if (lsk_nl_msg_error(hops) < 0)
		return command_usage("too many nexthops");
	route->multipath = lsk_nl_attributes(hops->header, 0);
	route->has |= LSK_SET(LSK_ROUTE_MULTIPATH);
	return COMMAND_OK;
}

/* "[TYPE] PREFIX". Return: words taken, or negative. */
static int prefix_words(struct netlink_call *call, char **args,
			struct lsk_rtnl_route *route)
{
	uint32_t type = RTN_UNICAST;
	int family = call->family;
	int count = 0;

	if (args[0] && (*args[0] < '0' || *args[0] > '9') &&
	    netlink_word_number(netlink_route_types, args[0], &type) == 0)
		count++;
	route->info.rtm_type = (uint8_t)type;
	route->info.rtm_scope = type == RTN_LOCAL     ? RT_SCOPE_HOST
				: type == RTN_UNICAST ? RT_SCOPE_LINK
						      : RT_SCOPE_UNIVERSE;
	if (!args[count] || netlink_parse_prefix(args[count], &family, &route->dst,
						 &route->info.rtm_dst_len) < 0)
		return -EINVAL;
	route->info.rtm_family = (uint8_t)family;
	if (route->dst.len > 0)
		route->has |= LSK_SET(LSK_ROUTE_DST);
	return count + 1;
}

int netlink_route_read(struct netlink_call *call, struct netlink_route_words *words)
{
	struct lsk_rtnl_route *route = &words->route;
	char **args = call->args;
	int r = prefix_words(call, args, route);

	if (r < 0)
		return command_usage("%s wants a prefix such as 10.0.0.0/8",
				     call->verb);
	lsk_nl_msg_init(&words->hops, words->hops_room, sizeof(words->hops_room));
	lsk_nl_msg_init(&words->metrics, words->metrics_room,
			sizeof(words->metrics_room));
	for (args += r; *args && strcmp(*args, "nexthop") != 0; args += r) {
		r = route_word(call, args, words);
		if (r == -ENODEV)
			return COMMAND_FAILURE;
		if (r < 0 && !args[1])
			return command_usage("%s: wants a value", *args);
		if (r < 0)
			return command_usage("%s %s: not understood here", args[0],
					     args[1]);
	}
	if (*args) {
		r = multipath_words(call, args, &words->hops, route);
		if (r != COMMAND_OK)
			return r;
	}
	if (route->info.rtm_family == AF_UNSPEC)
		route->info.rtm_family = AF_INET;
	if (route->info.rtm_family == AF_INET6)
		route->info.rtm_scope = RT_SCOPE_UNIVERSE;
	return COMMAND_OK;
}
