/* SPDX-License-Identifier: MIT */
/* linsock netlink route: the routing tables. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/netlink.h"

static const struct netlink_word hop_flags[] = {
	{RTNH_F_DEAD, "dead"},
	{RTNH_F_ONLINK, "onlink"},
	{RTNH_F_PERVASIVE, "pervasive"},
	{RTNH_F_OFFLOAD, "offload"},
	{RTNH_F_TRAP, "trap"},
	{RTM_F_NOTIFY, "notify"},
	{RTNH_F_LINKDOWN, "linkdown"},
	{RTNH_F_UNRESOLVED, "unresolved"},
	{RTM_F_OFFLOAD, "rt_offload"},
	{RTM_F_TRAP, "rt_trap"},
	{RTM_F_OFFLOAD_FAILED, "rt_offload_failed"},
	{0, NULL},
};

const struct netlink_word netlink_route_metrics[] = {
	{RTAX_MTU, "mtu"},
	{RTAX_WINDOW, "window"},
	{RTAX_RTT, "rtt"},
	{RTAX_RTTVAR, "rttvar"},
	{RTAX_SSTHRESH, "ssthresh"},
	{RTAX_CWND, "cwnd"},
	{RTAX_ADVMSS, "advmss"},
	{RTAX_REORDERING, "reordering"},
	{RTAX_HOPLIMIT, "hoplimit"},
	{RTAX_INITCWND, "initcwnd"},
	{RTAX_FEATURES, "features"},
	{RTAX_RTO_MIN, "rto_min"},
	{RTAX_INITRWND, "initrwnd"},
	{RTAX_QUICKACK, "quickack"},
	{0, NULL},
};

static const struct netlink_word preferences[] = {
	{0, "medium"}, {1, "high"}, {3, "low"}, {0, NULL}};

static const struct netlink_word families[] = {
	{AF_INET, "inet"}, {AF_INET6, "inet6"}, {0, NULL}};

static json_t *json_hop_flags(uint32_t flags)
{
	json_t *array = json_array();

	for (const struct netlink_word *row = hop_flags; row->name; row++)
		if (flags & (uint32_t)row->number)
			json_array_append_new(array, json_string(row->name));
	return array;
}

static json_t *json_prefix(const struct lsk_nl_blob *blob, uint8_t len)
{
	json_t *host, *prefix;

	if (blob->len == 0)
		return len ? json_sprintf("0/%u", len) : json_string("default");
	host = netlink_json_inet(blob);
	if (len == blob->len * 8)
		return host;
	prefix = json_sprintf("%s/%u", json_string_value(host), len);
	json_decref(host);
	return prefix;
}

static void json_via(const struct lsk_rtnl_route *route, json_t *object)
{
	struct lsk_nl_blob blob = {.len = 0};
	uint16_t family;

	if (LSK_HAS(route, LSK_ROUTE_GATEWAY))
		json_object_set_new(object, "gateway",
				    netlink_json_inet(&route->gateway));
	if (!LSK_HAS(route, LSK_ROUTE_VIA) || route->via.len < sizeof(family) ||
	    route->via.len > sizeof(family) + 16)
		return;
	memcpy(&family, route->via.data, sizeof(family));
	blob.len = (uint8_t)(route->via.len - sizeof(family));
	memcpy(blob.bytes, (const char *)route->via.data + sizeof(family), blob.len);
	json_object_set_new(object, "via",
			    json_pack("{s:o,s:o}", "family",
				      netlink_json_word(families, family), "host",
				      netlink_json_inet(&blob)));
}

static void json_metrics(const struct lsk_rtnl_route *route, json_t *object)
{
	struct lsk_nl_bytes rest = route->metrics;
	json_t *metrics = json_object();
	struct lsk_nl_attr attr;

	while (lsk_nl_attr_next(&rest, &attr) > 0) {
		const char *name = netlink_word(netlink_route_metrics, attr.type);

		if (name)
			json_object_set_new(
				metrics, name,
				json_integer((json_int_t)lsk_nl_attr_uint(&attr)));
	}
	json_object_set_new(object, "metrics", json_pack("[o]", metrics));
}

static void json_hops(struct netlink_call *call, const struct lsk_rtnl_route *route,
		      json_t *object)
{
	struct lsk_nl_bytes rest = route->multipath;
	struct lsk_rtnl_route hop_route;
	json_t *array = json_array();
	struct rtnexthop hop;

	while (lsk_rtnl_nexthop_route_next(&rest, &hop, &hop_route) > 0) {
		json_t *item = json_object();

		json_via(&hop_route, item);
		json_object_set_new(
			item, "dev",
			json_string(netlink_name(call, (uint32_t)hop.rtnh_ifindex)));
		json_object_set_new(item, "weight", json_integer(hop.rtnh_hops + 1));
		json_object_set_new(item, "flags", json_hop_flags(hop.rtnh_flags));
		json_array_append_new(array, item);
	}
	json_object_set_new(object, "nexthops", array);
}

static json_t *json_route(struct netlink_call *call, const struct lsk_rtnl_route *route,
			  uint32_t shown_table)
{
	json_t *object = json_object();

	if (route->info.rtm_type != RTN_UNICAST)
		json_object_set_new(
			object, "type",
			netlink_json_word(netlink_route_types, route->info.rtm_type));
	json_object_set_new(object, "dst",
			    json_prefix(&route->dst, route->info.rtm_dst_len));
	if (LSK_HAS(route, LSK_ROUTE_SRC))
		json_object_set_new(object, "from",
				    json_prefix(&route->src, route->info.rtm_src_len));
	if (LSK_HAS(route, LSK_ROUTE_NEXTHOP_ID))
		json_object_set_new(object, "nhid", json_integer(route->nexthop_id));
	json_via(route, object);
	if (LSK_HAS(route, LSK_ROUTE_OIF))
		json_object_set_new(object, "dev",
				    json_string(netlink_name(call, route->oif)));
	if (route->table != RT_TABLE_MAIN && shown_table == 0)
		json_object_set_new(object, "table",
				    netlink_json_word(netlink_tables, route->table));
	if (route->info.rtm_protocol != RTPROT_BOOT)
		json_object_set_new(object, "protocol",
				    netlink_json_word(netlink_route_protocols,
						      route->info.rtm_protocol));
	if (route->info.rtm_scope != RT_SCOPE_UNIVERSE)
		json_object_set_new(
			object, "scope",
			netlink_json_word(netlink_scopes, route->info.rtm_scope));
	if (LSK_HAS(route, LSK_ROUTE_PREFSRC))
		json_object_set_new(object, "prefsrc",
				    netlink_json_inet(&route->prefsrc));
	if (LSK_HAS(route, LSK_ROUTE_PRIORITY))
		json_object_set_new(object, "metric", json_integer(route->priority));
	json_object_set_new(object, "flags", json_hop_flags(route->info.rtm_flags));
	if (LSK_HAS(route, LSK_ROUTE_METRICS))
		json_metrics(route, object);
	if (LSK_HAS(route, LSK_ROUTE_CACHE) && route->cache.rta_expires)
		json_object_set_new(object, "expires",
				    json_integer(route->cache.rta_expires / 100));
	if (LSK_HAS(route, LSK_ROUTE_MULTIPATH))
		json_hops(call, route, object);
	if (LSK_HAS(route, LSK_ROUTE_PREF))
		json_object_set_new(object, "pref",
				    netlink_json_word(preferences, route->pref));
	return object;
}

static void print_hop(const json_t *object)
{
	const json_t *via = json_object_get(object, "via");

	netlink_print_key(object, "gateway", "via");
	if (via)
		printf("via %s %s ", netlink_text(via, "family"),
		       netlink_text(via, "host"));
	netlink_print_key(object, "dev", "dev");
}

static void print_flags(const json_t *object)
{
	const json_t *flags = json_object_get(object, "flags");

	netlink_print_list(flags, " ");
	if (json_array_size(flags) > 0)
		putchar(' ');
}

static void print_route(const json_t *object)
{
	const json_t *metrics = json_array_get(json_object_get(object, "metrics"), 0);
	const json_t *item;
	size_t i;

	if (json_object_get(object, "type"))
		printf("%s ", netlink_text(object, "type"));
	printf("%s ", netlink_text(object, "dst"));
	netlink_print_key(object, "from", "from");
	netlink_print_key(object, "nhid", "nhid");
	print_hop(object);
	netlink_print_key(object, "table", "table");
	netlink_print_key(object, "protocol", "proto");
	netlink_print_key(object, "scope", "scope");
	netlink_print_key(object, "prefsrc", "src");
	netlink_print_key(object, "metric", "metric");
	print_flags(object);
	for (const struct netlink_word *row = netlink_route_metrics; row->name; row++)
		netlink_print_key(metrics, row->name, row->name);
	if (json_object_get(object, "expires"))
		printf("expires %" JSON_INTEGER_FORMAT "sec ",
		       json_integer_value(json_object_get(object, "expires")));
	json_array_foreach(json_object_get(object, "nexthops"), i, item)
	{
		printf("\n\tnexthop ");
		print_hop(item);
		netlink_print_key(item, "weight", "weight");
		print_flags(item);
	}
	netlink_print_key(object, "pref", "pref");
	putchar('\n');
}

/* "show table 77", "show table all", "show dev eth0". */
static int show_words(struct netlink_call *call, struct lsk_rtnl_route *filter,
		      uint32_t *ret_table)
{
	char **args = call->args;

	*ret_table = RT_TABLE_MAIN;
	for (; *args; args += 2) {
		if (!args[1])
			return command_usage("%s: wants a value", *args);
		if (strcmp(args[0], "table") == 0) {
			if (strcmp(args[1], "all") == 0)
				*ret_table = 0;
			else if (netlink_word_number(netlink_tables, args[1],
						     ret_table) < 0)
				return command_usage("%s: no such table", args[1]);
		} else if (strcmp(args[0], "dev") == 0) {
			if (netlink_index(call, args[1], &filter->oif) < 0)
				return COMMAND_FAILURE;
			filter->has |= LSK_SET(LSK_ROUTE_OIF);
		} else {
			return command_usage("%s: not understood here", *args);
		}
	}
	if (*ret_table) {
		filter->table = *ret_table;
		filter->has |= LSK_SET(LSK_ROUTE_TABLE);
	}
	return COMMAND_OK;
}

static bool is_wanted(const struct lsk_rtnl_route *route,
		      const struct lsk_rtnl_route *filter)
{
	int family = route->info.rtm_family;

	return (family == AF_INET || family == AF_INET6) &&
	       !(route->info.rtm_flags & RTM_F_CLONED) &&
	       (!LSK_HAS(filter, LSK_ROUTE_TABLE) || route->table == filter->table) &&
	       (!LSK_HAS(filter, LSK_ROUTE_OIF) || route->oif == filter->oif);
}

static int route_show(struct netlink_call *call)
{
	struct lsk_rtnl_route filter = {.has = 0};
	json_t *array = json_array();
	struct lsk_rtnl_route route;
	struct lsk_nl_error error;
	struct lsk_nl_dump *dump;
	uint32_t table;
	int r = show_words(call, &filter, &table);

	if (r != COMMAND_OK) {
		json_decref(array);
		return r;
	}
	filter.info.rtm_family = (uint8_t)call->family;
	/* As ip: without a family it is IPv4's main table. */
	if (call->family == AF_UNSPEC && table != 0)
		filter.info.rtm_family = AF_INET;
	r = lsk_rtnl_dump(call->nl, RTM_GETROUTE, &filter, &dump);
	if (r < 0) {
		json_decref(array);
		return command_failure(r, "routes");
	}
	while (lsk_rtnl_route_next(dump, &route) > 0)
		if (is_wanted(&route, &filter))
			json_array_append_new(array, json_route(call, &route, table));
	r = lsk_nl_dump_end(dump, &error);
	/* A table without any route does not exist. */
	if (r == 0 || r == -ENOENT)
		return netlink_print(call, array, print_route);
	json_decref(array);
	return netlink_result(r, &error);
}

static int route_change(struct netlink_call *call)
{
	bool is_add = strcmp(call->verb, "add") == 0;
	bool is_replace =
		strcmp(call->verb, "replace") == 0 || strcmp(call->verb, "set") == 0;
	struct netlink_route_words words = {
		.route =
			{
				.info = {.rtm_protocol = RTPROT_BOOT},
				.has = LSK_SET(LSK_ROUTE_TABLE),
				.table = RT_TABLE_MAIN,
			},
	};
	unsigned int flags = 0;
	int r = netlink_route_read(call, &words);

	if (r != COMMAND_OK)
		return r;
	if (is_add)
		flags = NLM_F_CREATE | NLM_F_EXCL;
	else if (is_replace)
		flags = NLM_F_CREATE | NLM_F_REPLACE;
	else
		words.route.info.rtm_scope = RT_SCOPE_NOWHERE;
	return netlink_change(call, is_add || is_replace ? RTM_NEWROUTE : RTM_DELROUTE,
			      flags, &words.route);
}

static json_t *route_event(struct netlink_call *call, const struct nlmsghdr *msg)
{
	struct lsk_rtnl_route route;

	if (lsk_rtnl_route_parse(msg, &route) < 0 ||
	    route.info.rtm_flags & RTM_F_CLONED)
		return NULL;
	return json_route(call, &route, 0);
}

static int route_monitor(struct netlink_call *call)
{
	static const struct netlink_group groups[] = {
		{AF_INET, RTNLGRP_IPV4_ROUTE},
		{AF_INET6, RTNLGRP_IPV6_ROUTE},
		{AF_UNSPEC, 0},
	};
	static const struct netlink_object object = {
		.groups = groups,
		.type = RTM_NEWROUTE,
		.json = route_event,
		.print = print_route,
	};

	return netlink_follow(call, &object);
}

static int route_main(int argc, char **argv)
{
	static const struct netlink_verb verbs[] = {
		{"show", route_show},       {"add", route_change},
		{"set", route_change},      {"replace", route_change},
		{"del", route_change},      {"delete", route_change},
		{"monitor", route_monitor}, {NULL, NULL},
	};

	return netlink_main(argc, argv, NETLINK_ROUTE, verbs);
}

const struct command netlink_route_command = {
	.name = "route",
	.arguments = "[-j46] [-n NETNS] [show [table T] [dev NAME] | "
		     "add|set|del [TYPE] PREFIX ... | monitor]",
	.summary = "routes",
	.help = "  -j, --json  as JSON, in the form of \"ip -j\"\n"
		"  -n, --netns  in another namespace: a name of ip netns or a path\n"
		"\n"
		"Words of add, set and del: via [inet6] ADDRESS, dev NAME, src "
		"ADDRESS, "
		"metric N,\n"
		"table T, proto P, scope S, nhid N, onlink, mtu N and other metrics, "
		"then any number\n"
		"of: nexthop via [inet6] ADDRESS dev NAME weight N onlink. A TYPE is "
		"unicast,\n"
		"local, blackhole, unreachable ...\n",
	.main = route_main,
};
