/* SPDX-License-Identifier: MIT */
/* linsock netlink link: interfaces. */
#include <errno.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/netlink.h"

/* In the order in which ip shows them. */
static const struct netlink_word link_flags[] = {
	{IFF_LOOPBACK, "LOOPBACK"},
	{IFF_BROADCAST, "BROADCAST"},
	{IFF_POINTOPOINT, "POINTOPOINT"},
	{IFF_MULTICAST, "MULTICAST"},
	{IFF_NOARP, "NOARP"},
	{IFF_ALLMULTI, "ALLMULTI"},
	{IFF_PROMISC, "PROMISC"},
	{IFF_MASTER, "MASTER"},
	{IFF_SLAVE, "SLAVE"},
	{IFF_DEBUG, "DEBUG"},
	{IFF_DYNAMIC, "DYNAMIC"},
	{IFF_AUTOMEDIA, "AUTOMEDIA"},
	{IFF_PORTSEL, "PORTSEL"},
	{IFF_NOTRAILERS, "NOTRAILERS"},
	{IFF_UP, "UP"},
	{IFF_LOWER_UP, "LOWER_UP"},
	{IFF_DORMANT, "DORMANT"},
	{IFF_ECHO, "ECHO"},
	{0, NULL},
};

static const struct netlink_word operstates[] = {
	{IF_OPER_UNKNOWN, "UNKNOWN"}, {IF_OPER_NOTPRESENT, "NOTPRESENT"},
	{IF_OPER_DOWN, "DOWN"},       {IF_OPER_LOWERLAYERDOWN, "LOWERLAYERDOWN"},
	{IF_OPER_TESTING, "TESTING"}, {IF_OPER_DORMANT, "DORMANT"},
	{IF_OPER_UP, "UP"},           {0, NULL},
};

static const struct netlink_word link_modes[] = {
	{0, "DEFAULT"}, {1, "DORMANT"}, {2, "TESTING"}, {0, NULL}};

static const struct netlink_word link_groups[] = {{0, "default"}, {0, NULL}};

static json_t *json_flags(uint32_t flags, bool is_lower_down)
{
	json_t *array = json_array();

	if (flags & IFF_UP && !(flags & IFF_RUNNING))
		json_array_append_new(array, json_string("NO-CARRIER"));
	flags &= ~(uint32_t)IFF_RUNNING;
	for (const struct netlink_word *row = link_flags; row->name; row++)
		if (flags & (uint32_t)row->number) {
			json_array_append_new(array, json_string(row->name));
			flags &= ~(uint32_t)row->number;
		}
	if (flags)
		json_array_append_new(array, json_sprintf("%x", flags));
	if (is_lower_down)
		json_array_append_new(array, json_string("M-DOWN"));
	return array;
}

/* The interface under this one; of another namespace only its number is known. */
static void json_lower(struct netlink_call *call, const struct lsk_rtnl_link *link,
		       json_t *object)
{
	if (!LSK_HAS(link, LSK_LINK_LINK))
		return;
	if (link->link == 0)
		json_object_set_new(object, "link", json_null());
	else if (LSK_HAS(link, LSK_LINK_LINK_NETNSID))
		json_object_set_new(object, "link_index", json_integer(link->link));
	else
		json_object_set_new(object, "link",
				    json_string(netlink_name(call, link->link)));
}

static void json_altnames(const struct lsk_rtnl_link *link, json_t *object)
{
	struct lsk_nl_bytes rest = link->properties;
	json_t *names = json_array();
	struct lsk_nl_attr attr;

	while (lsk_nl_attr_next(&rest, &attr) > 0)
		if (attr.type == IFLA_ALT_IFNAME && attr.len > 0)
			json_array_append_new(
				names,
				json_stringn(attr.data, strnlen(attr.data, attr.len)));
	if (json_array_size(names) > 0)
		json_object_set_new(object, "altnames", names);
	else
		json_decref(names);
}

static void json_hardware(const struct lsk_rtnl_link *link, json_t *object)
{
	json_object_set_new(object, "link_type",
			    netlink_json_link_type(link->info.ifi_type));
	if (LSK_HAS(link, LSK_LINK_ADDRESS))
		json_object_set_new(object, "address",
				    netlink_json_hardware(&link->address));
	if (LSK_HAS(link, LSK_LINK_BROADCAST))
		json_object_set_new(object,
				    link->info.ifi_flags & IFF_POINTOPOINT
					    ? "link_pointtopoint"
					    : "broadcast",
				    netlink_json_hardware(&link->broadcast));
	if (LSK_HAS(link, LSK_LINK_PERMANENT_ADDRESS) &&
	    memcmp(&link->permanent_address, &link->address, sizeof(link->address)) !=
		    0)
		json_object_set_new(object, "permaddr",
				    netlink_json_hardware(&link->permanent_address));
}

json_t *netlink_json_link(struct netlink_call *call, const struct lsk_rtnl_link *link,
			  bool is_addr)
{
	/* ip asks IPv6 itself for its links then, which knows of none of these. */
	bool is_plain = is_addr && call->family == AF_INET6;
	json_t *object = json_object();

	json_object_set_new(object, "ifindex", json_integer(link->info.ifi_index));
	json_lower(call, link, object);
	json_object_set_new(object, "ifname", json_string(link->name));
	json_object_set_new(object, "flags",
			    json_flags(link->info.ifi_flags,
				       json_object_get(object, "link") &&
					       netlink_is_down(call, link->link)));
	json_object_set_new(object, "mtu", json_integer(link->mtu));
	if (!is_plain)
		json_object_set_new(object, "qdisc", json_string(link->qdisc));
	if (LSK_HAS(link, LSK_LINK_MASTER) && !is_plain)
		json_object_set_new(object, "master",
				    json_string(netlink_name(call, link->master)));
	json_object_set_new(object, "operstate",
			    netlink_json_word(operstates, link->operstate));
	if (!is_addr)
		json_object_set_new(object, "linkmode",
				    netlink_json_word(link_modes, link->mode));
	if (!is_plain)
		json_object_set_new(object, "group",
				    netlink_json_word(link_groups, link->group));
	if (link->queue_len > 0)
		json_object_set_new(object, "txqlen", json_integer(link->queue_len));
	/* As ip: one version of IP leaves the hardware out. */
	if (!is_addr || call->family == AF_UNSPEC || call->has_details)
		json_hardware(link, object);
	if (is_plain)
		json_object_del(object, "broadcast");
	if (LSK_HAS(link, LSK_LINK_LINK_NETNSID) && link->link_netnsid >= 0)
		json_object_set_new(object, "link_netnsid",
				    json_integer(link->link_netnsid));
	if (link->proto_down)
		json_object_set_new(object, "proto_down", json_true());
	if (call->has_details && !is_plain)
		netlink_json_detail(call, link, is_addr, object);
	if (LSK_HAS(link, LSK_LINK_ALIAS) && (!is_addr || call->has_details))
		json_object_set_new(object, "ifalias", json_string(link->alias));
	if (call->has_stats)
		json_object_set_new(object, "stats64",
				    netlink_json_statistics(&link->stats));
	json_altnames(link, object);
	return object;
}

void netlink_print_link(const json_t *object)
{
	const json_t *lower = json_object_get(object, "link");
	const json_t *index = json_object_get(object, "link_index");
	const json_t *name;
	size_t i;

	printf("%" JSON_INTEGER_FORMAT ": %s",
	       json_integer_value(json_object_get(object, "ifindex")),
	       netlink_text(object, "ifname"));
	if (index)
		printf("@if%" JSON_INTEGER_FORMAT, json_integer_value(index));
	else if (lower)
		printf("@%s",
		       json_is_string(lower) ? json_string_value(lower) : "NONE");
	printf(": <");
	netlink_print_list(json_object_get(object, "flags"), ",");
	printf("> ");
	netlink_print_key(object, "mtu", "mtu");
	netlink_print_key(object, "qdisc", "qdisc");
	netlink_print_key(object, "master", "master");
	netlink_print_key(object, "operstate", "state");
	netlink_print_key(object, "linkmode", "mode");
	netlink_print_key(object, "group", "group");
	netlink_print_key(object, "txqlen", "qlen");
	if (json_object_get(object, "link_type"))
		printf("\n    link/%s %s ", netlink_text(object, "link_type"),
		       netlink_text(object, "address"));
	netlink_print_key(object, "broadcast", "brd");
	netlink_print_key(object, "link_pointtopoint", "peer");
	netlink_print_key(object, "permaddr", "permaddr");
	netlink_print_key(object, "link_netnsid", "link-netnsid");
	if (json_object_get(object, "proto_down"))
		printf("protodown on ");
	netlink_print_detail(object);
	if (json_object_get(object, "ifalias"))
		printf("\n    alias %s", netlink_text(object, "ifalias"));
	json_array_foreach(json_object_get(object, "altnames"), i, name)
		printf("\n    altname %s", json_string_value(name));
	putchar('\n');
}

static int link_show(struct netlink_call *call)
{
	json_t *array = json_array();
	struct lsk_rtnl_link link;
	struct lsk_nl_dump *dump;
	struct lsk_nl_error error;
	int r;

	if (call->args[0] && strcmp(call->args[0], "dev") == 0)
		call->args++;
	if (call->args[0]) {
		r = lsk_rtnl_link_get(call->nl, call->args[0], 0, &link);
		if (r < 0) {
			json_decref(array);
			return command_failure(r, "%s", call->args[0]);
		}
		json_array_append_new(array, netlink_json_link(call, &link, false));
		return netlink_print(call, array, netlink_print_link);
	}
	r = lsk_rtnl_dump(call->nl, RTM_GETLINK, NULL, &dump);
	if (r < 0) {
		json_decref(array);
		return command_failure(r, "links");
	}
	while (lsk_rtnl_link_next(dump, &link) > 0) {
		if (lsk_nl_dump_is_restarted(dump))
			json_array_clear(array);
		json_array_append_new(array, netlink_json_link(call, &link, false));
	}
	r = lsk_nl_dump_end(dump, &error);
	if (r < 0) {
		json_decref(array);
		return netlink_result(r, &error);
	}
	return netlink_print(call, array, netlink_print_link);
}

/* "name v0 type veth peer name v1", "v0 up mtu 9000 master br0" … */
struct link_words {
	struct lsk_rtnl_link link;
	struct lsk_rtnl_link_data data;
	struct lsk_rtnl_link peer;
	bool has_peer;
	uint32_t tun_type; /* 0: not one that the driver's ioctl makes */
};

static int number_word(const char *text, long max, uint32_t *ret_number)
{
	long number;

	if (!text || command_parse_number(text, 0, max, &number) < 0)
		return -EINVAL;
	*ret_number = (uint32_t)number;
	return 0;
}

/* One word with its value. Return: words taken, or negative. */
static int link_word(struct netlink_call *call, char **args, struct lsk_rtnl_link *link)
{
	uint32_t number = 0;
	int r = 0;

	if (strcmp(args[0], "up") == 0 || strcmp(args[0], "down") == 0) {
		link->info.ifi_change |= IFF_UP;
		link->info.ifi_flags |= args[0][0] == 'u' ? IFF_UP : 0;
		return 1;
	}
	if (strcmp(args[0], "nomaster") == 0) {
		link->has |= LSK_SET(LSK_LINK_MASTER);
		return 1;
	}
	if (!args[1])
		return -EINVAL;
	if (strcmp(args[0], "mtu") == 0) {
		r = number_word(args[1], INT32_MAX, &link->mtu);
		link->has |= LSK_SET(LSK_LINK_MTU);
	} else if (strcmp(args[0], "txqueuelen") == 0) {
		r = number_word(args[1], INT32_MAX, &link->queue_len);
		link->has |= LSK_SET(LSK_LINK_QUEUE_LEN);
	} else if (strcmp(args[0], "master") == 0) {
		r = netlink_index(call, args[1], &link->master);
		link->has |= LSK_SET(LSK_LINK_MASTER);
	} else if (strcmp(args[0], "link") == 0) {
		r = netlink_index(call, args[1], &link->link);
		link->has |= LSK_SET(LSK_LINK_LINK);
	} else if (strcmp(args[0], "address") == 0) {
		r = netlink_parse_hardware(args[1], &link->address);
		link->has |= LSK_SET(LSK_LINK_ADDRESS);
	} else if (strcmp(args[0], "alias") == 0) {
		snprintf(link->alias, sizeof(link->alias), "%s", args[1]);
		link->has |= LSK_SET(LSK_LINK_ALIAS);
	} else if (strcmp(args[0], "netns") == 0) {
		r = number_word(args[1], INT32_MAX, &number);
		if (r == 0) {
			link->net_ns_pid = number;
			link->has |= LSK_SET(LSK_LINK_NET_NS_PID);
			return 2;
		}
		r = lsk_netns_open(args[1]);
		link->net_ns_fd = (uint32_t)r;
		link->has |= LSK_SET(LSK_LINK_NET_NS_FD);
		r = r < 0 ? r : 0;
	} else if (strcmp(args[0], "name") == 0 || strcmp(args[0], "dev") == 0) {
		if (strlen(args[1]) >= sizeof(link->name))
			return -EINVAL;
		memcpy(link->name, args[1], strlen(args[1]) + 1);
		link->has |= LSK_SET(LSK_LINK_NAME);
	} else {
		return -ENOENT;
	}
	return r < 0 ? r : 2;
}

/* "mode tun|tap", as of ip tuntap. Return: words taken, or negative. */
static int tun_word(char **args, struct link_words *words)
{
	static const struct netlink_word modes[] = {
		{IFF_TUN, "tun"}, {IFF_TAP, "tap"}, {0, NULL}};

	if (strcmp(args[0], "mode") != 0)
		return -ENOENT;
	if (!args[1] || netlink_word_number(modes, args[1], &words->tun_type) < 0)
		return -EINVAL;
	return words->tun_type == IFF_TUN || words->tun_type == IFF_TAP ? 2 : -EINVAL;
}

/* What follows "type KIND". Return: words taken, or negative. */
static int data_word(struct netlink_call *call, char **args, struct link_words *words)
{
	struct lsk_rtnl_link_data *data = &words->data;
	bool is_netkit = strcmp(words->link.kind, "netkit") == 0;
	uint32_t number = 0;
	int r;

	if (strcmp(args[0], "peer") == 0) {
		words->has_peer = true;
		return 1;
	}
	if (words->has_peer)
		return link_word(call, args, &words->peer);
	if (words->tun_type)
		return tun_word(args, words);
	if (!args[1])
		return -EINVAL;
	if (strcmp(args[0], "id") == 0) {
		r = number_word(args[1], 4094, &number);
		data->vlan_id = (uint16_t)number;
		data->has |= LSK_SET(LSK_LINK_DATA_VLAN_ID);
	} else if (strcmp(args[0], "table") == 0) {
		r = netlink_word_number(netlink_tables, args[1], &data->vrf_table);
		data->has |= LSK_SET(LSK_LINK_DATA_VRF_TABLE);
	} else if (strcmp(args[0], "mode") == 0 && is_netkit) {
		r = netlink_word_number(netlink_netkit_modes, args[1],
					&data->netkit_mode);
		data->has |= LSK_SET(LSK_LINK_DATA_NETKIT_MODE);
	} else if (strcmp(args[0], "mode") == 0) {
		r = netlink_word_number(netlink_macvlan_modes, args[1],
					&data->macvlan_mode);
		data->has |= LSK_SET(LSK_LINK_DATA_MACVLAN_MODE);
	} else if (strcmp(args[0], "stp_state") == 0) {
		r = number_word(args[1], 2, &data->bridge_stp_state);
		data->has |= LSK_SET(LSK_LINK_DATA_BRIDGE_STP_STATE);
	} else if (strcmp(args[0], "vlan_filtering") == 0) {
		r = number_word(args[1], 1, &number);
		data->bridge_vlan_filtering = (uint8_t)number;
		data->has |= LSK_SET(LSK_LINK_DATA_BRIDGE_VLAN_FILTERING);
	} else {
		return -ENOENT;
	}
	return r < 0 ? r : 2;
}

static int link_words(struct netlink_call *call, struct link_words *words)
{
	char **args = call->args;
	bool has_kind = false;
	int r;

	while (*args) {
		if (strcmp(*args, "type") == 0 && args[1] && !has_kind) {
			snprintf(words->link.kind, sizeof(words->link.kind), "%s",
				 args[1]);
			words->link.has |= LSK_SET(LSK_LINK_KIND);
			words->tun_type = strcmp(args[1], "tun") == 0   ? IFF_TUN
					  : strcmp(args[1], "tap") == 0 ? IFF_TAP
									: 0;
			has_kind = true;
			args += 2;
			continue;
		}
		r = has_kind ? data_word(call, args, words)
			     : link_word(call, args, &words->link);
		/* The first word alone is the name. */
		if (r == -ENOENT && !has_kind &&
		    !LSK_HAS(&words->link, LSK_LINK_NAME) &&
		    strlen(*args) < sizeof(words->link.name)) {
			memcpy(words->link.name, *args, strlen(*args) + 1);
			words->link.has |= LSK_SET(LSK_LINK_NAME);
			r = 1;
		}
		if (r == -ENOENT)
			return command_usage("%s: not understood here", *args);
		if (r == -EINVAL)
			return command_usage("%s: wants another value", *args);
		if (r < 0)
			return COMMAND_FAILURE;
		args += r;
	}
	if (!LSK_HAS(&words->link, LSK_LINK_NAME))
		return command_usage("a link needs a name");
	return COMMAND_OK;
}

static int tun_create(void *context)
{
	const struct link_words *words = context;

	return lsk_rtnl_tun_create(words->link.name, words->tun_type == IFF_TAP);
}

/* rtnetlink makes none; what else was asked for is set once it is there. */
static int tun_add(struct netlink_call *call, struct link_words *words)
{
	struct lsk_nl_error error;
	uint32_t index;
	int r = call->netns > 0 ? lsk_netns_call(call->netns, tun_create, words)
				: tun_create(words);

	if (r < 0)
		return command_failure(r, "%s", words->link.name);
	if (netlink_index(call, words->link.name, &index) < 0)
		return COMMAND_FAILURE;
	words->link.info.ifi_index = (int)index;
	words->link.has &= ~(LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_KIND));
	if (!words->link.has && !words->link.info.ifi_change)
		return COMMAND_OK;
	r = lsk_rtnl_change(call->nl, RTM_NEWLINK, 0, &words->link, &error);
	return netlink_result(r, &error);
}

static int link_add(struct netlink_call *call)
{
	struct link_words words = {.has_peer = false};
	struct lsk_nl_error error;
	int r = link_words(call, &words);

	if (r != COMMAND_OK)
		return r;
	if (!LSK_HAS(&words.link, LSK_LINK_KIND))
		return command_usage("a link needs a type");
	if (words.tun_type)
		return tun_add(call, &words);
	r = lsk_rtnl_link_create(call->nl, &words.link,
				 words.data.has ? &words.data : NULL,
				 words.has_peer ? &words.peer : NULL, &error);
	return netlink_result(r, &error);
}

static int link_set(struct netlink_call *call)
{
	struct link_words words = {.has_peer = false};
	struct lsk_nl_error error;
	uint32_t index;
	int r = link_words(call, &words);

	if (r != COMMAND_OK)
		return r;
	if (netlink_index(call, words.link.name, &index) < 0)
		return COMMAND_FAILURE;
	words.link.info.ifi_index = (int)index;
	words.link.has &= ~LSK_SET(LSK_LINK_NAME);
	r = lsk_rtnl_change(call->nl, RTM_NEWLINK, 0, &words.link, &error);
	return netlink_result(r, &error);
}

static int link_del(struct netlink_call *call)
{
	struct lsk_nl_error error;
	uint32_t index;
	int r;

	if (call->args[0] && strcmp(call->args[0], "dev") == 0)
		call->args++;
	if (!call->args[0] || call->args[1])
		return command_usage("del wants one name");
	if (netlink_index(call, call->args[0], &index) < 0)
		return COMMAND_FAILURE;
	r = lsk_rtnl_link_delete(call->nl, (int)index, &error);
	return netlink_result(r, &error);
}

static json_t *json_event(struct netlink_call *call, const struct nlmsghdr *msg)
{
	struct lsk_rtnl_link link;
	json_t *object;

	/* Bridges and IPv6 tell of their own share in a link. */
	if (lsk_rtnl_link_parse(msg, &link) < 0 || link.info.ifi_family != AF_UNSPEC)
		return NULL;
	if (msg->nlmsg_type == RTM_NEWLINK)
		netlink_name_set(call, &link);
	object = netlink_json_link(call, &link, false);
	/* As ip monitor: what only a list of links tells. */
	json_object_del(object, "ifalias");
	json_object_del(object, "linkmode");
	json_object_del(object, "txqlen");
	return object;
}

static int link_monitor(struct netlink_call *call)
{
	static const struct netlink_group groups[] = {{AF_UNSPEC, RTNLGRP_LINK},
						      {AF_UNSPEC, 0}};
	static const struct netlink_object object = {
		.groups = groups,
		.type = RTM_NEWLINK,
		.json = json_event,
		.print = netlink_print_link,
	};

	return netlink_follow(call, &object);
}

static int link_main(int argc, char **argv)
{
	static const struct netlink_verb verbs[] = {
		{"show", link_show}, {"add", link_add},    {"set", link_set},
		{"del", link_del},   {"delete", link_del}, {"monitor", link_monitor},
		{NULL, NULL},
	};

	return netlink_main(argc, argv, NETLINK_ROUTE, verbs);
}

const struct command netlink_link_command = {
	.name = "link",
	.arguments = "[-jsd] [-n NETNS] [show [NAME] | add NAME ... type KIND ... | "
		     "set NAME ... | del NAME | monitor]",
	.summary = "network interfaces",
	.help = "  -j, --json  as JSON, in the form of \"ip -j\"\n"
		"  -s, --statistics  with statistics\n"
		"  -d, --details  limits, and what only one kind of link has\n"
		"  -n, --netns  in another namespace: a name of ip netns or a path\n"
		"\n"
		"Words of add and set: up, down, mtu N, txqueuelen N, address MAC, "
		"master NAME,\n"
		"nomaster, link NAME, alias TEXT, netns NAME|PID. Kinds: what the "
		"kernel has;\n"
		"vlan id N, vrf table N, macvlan mode M, netkit mode M, bridge "
		"stp_state N,\n"
		"veth|vxcan|netkit peer name NAME ..., tun, tap.\n",
	.main = link_main,
};
