/* SPDX-License-Identifier: MIT */
/* linsock netlink addr and neigh: addresses of interfaces and of neighbours. */
#include <errno.h>
#include <linux/if.h>
#include <stdio.h>
#include <string.h>

#include "tools/netlink.h"

static const struct netlink_word families[] = {
	{AF_INET, "inet"}, {AF_INET6, "inet6"}, {0, NULL}};

/* In the order in which ip shows them; each becomes a key of its own. */
static const struct netlink_word address_flags[] = {
	{IFA_F_SECONDARY, "secondary"},
	{IFA_F_TENTATIVE, "tentative"},
	{IFA_F_DEPRECATED, "deprecated"},
	{IFA_F_HOMEADDRESS, "home"},
	{IFA_F_NODAD, "nodad"},
	{IFA_F_MANAGETEMPADDR, "mngtmpaddr"},
	{IFA_F_NOPREFIXROUTE, "noprefixroute"},
	{IFA_F_MCAUTOJOIN, "autojoin"},
	{IFA_F_DADFAILED, "dadfailed"},
	{IFA_F_OPTIMISTIC, "optimistic"},
	{0, NULL},
};

static json_t *json_address(const struct lsk_rtnl_address *address)
{
	uint32_t flags = LSK_HAS(address, LSK_ADDRESS_FLAGS) ? address->flags
							     : address->info.ifa_flags;
	bool has_local = LSK_HAS(address, LSK_ADDRESS_LOCAL);
	const struct lsk_nl_blob *local =
		has_local ? &address->local : &address->address;
	json_t *object = json_object();

	json_object_set_new(object, "family",
			    netlink_json_word(families, address->info.ifa_family));
	json_object_set_new(object, "local", netlink_json_inet(local));
	if (has_local && memcmp(local, &address->address, sizeof(*local)) != 0)
		json_object_set_new(object, "address",
				    netlink_json_inet(&address->address));
	json_object_set_new(object, "prefixlen",
			    json_integer(address->info.ifa_prefixlen));
	if (LSK_HAS(address, LSK_ADDRESS_PRIORITY))
		json_object_set_new(object, "metric", json_integer(address->priority));
	if (LSK_HAS(address, LSK_ADDRESS_BROADCAST))
		json_object_set_new(object, "broadcast",
				    netlink_json_inet(&address->broadcast));
	json_object_set_new(object, "scope",
			    netlink_json_word(netlink_scopes, address->info.ifa_scope));
	for (const struct netlink_word *row = address_flags; row->name; row++) {
		/* One bit with two names. */
		const char *name = row->number == IFA_F_SECONDARY &&
						   address->info.ifa_family == AF_INET6
					   ? "temporary"
					   : row->name;

		if (flags & (uint32_t)row->number)
			json_object_set_new(object, name, json_true());
	}
	if (!(flags & IFA_F_PERMANENT))
		json_object_set_new(object, "dynamic", json_true());
	if (LSK_HAS(address, LSK_ADDRESS_LABEL))
		json_object_set_new(object, "label", json_string(address->label));
	if (LSK_HAS(address, LSK_ADDRESS_CACHE)) {
		json_object_set_new(object, "valid_life_time",
				    json_integer(address->cache.ifa_valid));
		json_object_set_new(object, "preferred_life_time",
				    json_integer(address->cache.ifa_prefered));
	}
	return object;
}

static void print_lifetime(const char *name, const json_t *value)
{
	if (json_integer_value(value) == UINT32_MAX)
		printf("%s forever ", name);
	else
		printf("%s %" JSON_INTEGER_FORMAT "sec ", name,
		       json_integer_value(value));
}

static void print_address(const json_t *object)
{
	printf("    %s %s", netlink_text(object, "family"),
	       netlink_text(object, "local"));
	if (json_object_get(object, "address"))
		printf(" peer %s", netlink_text(object, "address"));
	printf("/%" JSON_INTEGER_FORMAT " ",
	       json_integer_value(json_object_get(object, "prefixlen")));
	netlink_print_key(object, "metric", "metric");
	netlink_print_key(object, "broadcast", "brd");
	netlink_print_key(object, "scope", "scope");
	netlink_print_key(object, "temporary", "temporary");
	for (const struct netlink_word *row = address_flags; row->name; row++)
		netlink_print_key(object, row->name, row->name);
	netlink_print_key(object, "dynamic", "dynamic");
	printf("%s\n       ", netlink_text(object, "label"));
	print_lifetime("valid_lft", json_object_get(object, "valid_life_time"));
	print_lifetime("preferred_lft", json_object_get(object, "preferred_life_time"));
	putchar('\n');
}

static void print_link_addresses(const json_t *object)
{
	const json_t *address;
	size_t i;

	netlink_print_link(object);
	json_array_foreach(json_object_get(object, "addr_info"), i, address)
		print_address(address);
}

/* The addresses of each link, in the array of links. */
static int add_addresses(struct netlink_call *call, json_t *links)
{
	struct lsk_rtnl_address address;
	struct lsk_nl_error error = {.code = 0};
	struct lsk_nl_dump *dump;
	json_t *link;
	size_t i;
	int r;

	json_array_foreach(links, i, link)
		json_object_set_new(link, "addr_info", json_array());
	r = lsk_rtnl_dump(call->nl, RTM_GETADDR, NULL, &dump);
	if (r < 0)
		return command_failure(r, "addresses");
	while (lsk_rtnl_address_next(dump, &address) > 0) {
		if (lsk_nl_dump_is_restarted(dump))
			json_array_foreach(links, i, link)
				json_array_clear(json_object_get(link, "addr_info"));
		if (call->family != AF_UNSPEC &&
		    call->family != address.info.ifa_family)
			continue;
		json_array_foreach(
			links, i,
			link) if (json_integer_value(json_object_get(link,
								     "ifindex")) ==
				  address.info.ifa_index)
			json_array_append_new(json_object_get(link, "addr_info"),
					      json_address(&address));
	}
	r = lsk_nl_dump_end(dump, &error);
	return r < 0 ? netlink_result(r, &error) : COMMAND_OK;
}

/* As ip: with one version of IP, links that have none of it are not shown. */
static void drop_empty(json_t *links)
{
	size_t i = json_array_size(links);

	while (i-- > 0)
		if (json_array_size(json_object_get(json_array_get(links, i),
						    "addr_info")) == 0)
			json_array_remove(links, i);
}

static int addr_show(struct netlink_call *call)
{
	const char *name = call->args[0];
	json_t *links = json_array();
	struct lsk_rtnl_link link;
	struct lsk_nl_dump *dump;
	int r;

	if (name && strcmp(name, "dev") == 0)
		name = call->args[1];
	r = lsk_rtnl_dump(call->nl, RTM_GETLINK, NULL, &dump);
	while (r >= 0 && (r = lsk_rtnl_link_next(dump, &link)) > 0) {
		if (lsk_nl_dump_is_restarted(dump))
			json_array_clear(links);
		if (!name || strcmp(name, link.name) == 0)
			json_array_append_new(links,
					      netlink_json_link(call, &link, true));
	}
	if (r < 0) {
		json_decref(links);
		return command_failure(r, "links");
	}
	lsk_nl_dump_end(dump, NULL);
	if (name && json_array_size(links) == 0) {
		json_decref(links);
		return command_failure(-ENODEV, "%s", name);
	}
	r = add_addresses(call, links);
	if (call->family != AF_UNSPEC)
		drop_empty(links);
	if (r == COMMAND_OK)
		return netlink_print(call, links, print_link_addresses);
	json_decref(links);
	return r;
}

/* The address that ends a subnet. */
static void set_broadcast(struct lsk_rtnl_address *address)
{
	struct lsk_nl_blob blob = address->local;

	for (unsigned int bit = address->info.ifa_prefixlen; bit < 32; bit++)
		blob.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	address->broadcast = blob;
	address->has |= LSK_SET(LSK_ADDRESS_BROADCAST);
}

static int addr_word(struct netlink_call *call, char **args,
		     struct lsk_rtnl_address *address)
{
	int family = address->info.ifa_family;
	uint32_t number = 0;
	uint8_t len;

	if (strcmp(args[0], "dev") == 0) {
		if (netlink_index(call, args[1], &number) < 0)
			return -ENODEV;
		address->info.ifa_index = number;
	} else if (strcmp(args[0], "brd") == 0 || strcmp(args[0], "broadcast") == 0) {
		if (strcmp(args[1], "+") == 0) {
			set_broadcast(address);
			return 0;
		}
		address->has |= LSK_SET(LSK_ADDRESS_BROADCAST);
		return netlink_parse_prefix(args[1], &family, &address->broadcast,
					    &len);
	} else if (strcmp(args[0], "peer") == 0) {
		address->has |= LSK_SET(LSK_ADDRESS_ADDRESS);
		return netlink_parse_prefix(args[1], &family, &address->address,
					    &address->info.ifa_prefixlen);
	} else if (strcmp(args[0], "label") == 0) {
		snprintf(address->label, sizeof(address->label), "%s", args[1]);
		address->has |= LSK_SET(LSK_ADDRESS_LABEL);
	} else if (strcmp(args[0], "scope") == 0) {
		if (netlink_word_number(netlink_scopes, args[1], &number) < 0)
			return -EINVAL;
		address->info.ifa_scope = (uint8_t)number;
	} else {
		return -ENOENT;
	}
	return 0;
}

static bool is_removal(const struct netlink_call *call)
{
	return strncmp(call->verb, "del", 3) == 0;
}

/* What add, set and del ask of the kernel. */
static unsigned int change_flags(const struct netlink_call *call)
{
	if (is_removal(call))
		return 0;
	return NLM_F_CREATE |
	       (strcmp(call->verb, "add") == 0 ? NLM_F_EXCL : NLM_F_REPLACE);
}

static int addr_change(struct netlink_call *call)
{
	struct lsk_rtnl_address address = {.has = LSK_SET(LSK_ADDRESS_LOCAL)};
	int family = call->family;
	char **args = call->args;
	int r;

	if (!args[0] || netlink_parse_prefix(args[0], &family, &address.local,
					     &address.info.ifa_prefixlen) < 0)
		return command_usage("%s wants an address such as 10.0.0.1/24",
				     call->verb);
	address.info.ifa_family = (uint8_t)family;
	for (args++; *args; args += 2) {
		if (!args[1])
			return command_usage("%s: wants a value", *args);
		r = addr_word(call, args, &address);
		if (r == -ENODEV)
			return COMMAND_FAILURE;
		if (r < 0)
			return command_usage("%s %s: not understood here", args[0],
					     args[1]);
	}
	if (address.info.ifa_index == 0)
		return command_usage("%s wants dev NAME", call->verb);
	return netlink_change(call, is_removal(call) ? RTM_DELADDR : RTM_NEWADDR,
			      change_flags(call), &address);
}

static json_t *addr_event(struct netlink_call *call, const struct nlmsghdr *msg)
{
	struct lsk_rtnl_address address;
	json_t *object;

	if (lsk_rtnl_address_parse(msg, &address) < 0)
		return NULL;
	object = json_address(&address);
	json_object_set_new(object, "ifindex", json_integer(address.info.ifa_index));
	json_object_set_new(object, "dev",
			    json_string(netlink_name(call, address.info.ifa_index)));
	return object;
}

static void print_addr_event(const json_t *object)
{
	printf("%" JSON_INTEGER_FORMAT ": %s",
	       json_integer_value(json_object_get(object, "ifindex")),
	       netlink_text(object, "dev"));
	print_address(object);
}

static int addr_monitor(struct netlink_call *call)
{
	static const struct netlink_group groups[] = {
		{AF_INET, RTNLGRP_IPV4_IFADDR},
		{AF_INET6, RTNLGRP_IPV6_IFADDR},
		{AF_UNSPEC, 0},
	};
	static const struct netlink_object object = {
		.groups = groups,
		.type = RTM_NEWADDR,
		.json = addr_event,
		.print = print_addr_event,
	};

	return netlink_follow(call, &object);
}

static int addr_main(int argc, char **argv)
{
	static const struct netlink_verb verbs[] = {
		{"show", addr_show},       {"add", addr_change},
		{"set", addr_change},      {"replace", addr_change},
		{"del", addr_change},      {"delete", addr_change},
		{"monitor", addr_monitor}, {NULL, NULL},
	};

	return netlink_main(argc, argv, NETLINK_ROUTE, verbs);
}

const struct command netlink_addr_command = {
	.name = "addr",
	.arguments = "[-j46] [-n NETNS] [show [NAME] | add|set|del ADDRESS/LEN dev "
		     "NAME ... | monitor]",
	.summary = "addresses of interfaces",
	.help = "  -j, --json  as JSON, in the form of \"ip -j\"\n"
		"  -n, --netns  in another namespace: a name of ip netns or a path\n"
		"\n"
		"Words of add, set and del: dev NAME, peer ADDRESS, brd ADDRESS|+, "
		"label "
		"TEXT, scope S.\n",
	.main = addr_main,
};

static const struct netlink_word neighbour_states[] = {
	{NUD_INCOMPLETE, "INCOMPLETE"},
	{NUD_REACHABLE, "REACHABLE"},
	{NUD_STALE, "STALE"},
	{NUD_DELAY, "DELAY"},
	{NUD_PROBE, "PROBE"},
	{NUD_FAILED, "FAILED"},
	{NUD_NOARP, "NOARP"},
	{NUD_PERMANENT, "PERMANENT"},
	{0, NULL},
};

static json_t *json_neighbour(struct netlink_call *call,
			      const struct lsk_rtnl_neighbour *neighbour)
{
	json_t *object = json_object();
	json_t *states = json_array();

	if (LSK_HAS(neighbour, LSK_NEIGHBOUR_DST))
		json_object_set_new(object, "dst", netlink_json_inet(&neighbour->dst));
	json_object_set_new(
		object, "dev",
		json_string(netlink_name(call, (uint32_t)neighbour->info.ndm_ifindex)));
	if (LSK_HAS(neighbour, LSK_NEIGHBOUR_ADDRESS))
		json_object_set_new(object, "lladdr",
				    netlink_json_hardware(&neighbour->address));
	if (neighbour->info.ndm_flags & NTF_ROUTER)
		json_object_set_new(object, "router", json_null());
	if (neighbour->info.ndm_flags & NTF_EXT_LEARNED)
		json_object_set_new(object, "extern_learn", json_null());
	for (const struct netlink_word *row = neighbour_states; row->name; row++)
		if (neighbour->info.ndm_state & row->number)
			json_array_append_new(states, json_string(row->name));
	json_object_set_new(object, "state", states);
	return object;
}

static void print_neighbour(const json_t *object)
{
	printf("%s ", netlink_text(object, "dst"));
	netlink_print_key(object, "dev", "dev");
	netlink_print_key(object, "lladdr", "lladdr");
	netlink_print_key(object, "router", "router");
	netlink_print_key(object, "extern_learn", "extern_learn");
	netlink_print_list(json_object_get(object, "state"), ",");
	printf(" \n");
}

static int neigh_show(struct netlink_call *call)
{
	struct lsk_rtnl_neighbour neighbour;
	json_t *array = json_array();
	struct lsk_nl_error error;
	struct lsk_nl_dump *dump;
	int r;

	r = lsk_rtnl_dump(call->nl, RTM_GETNEIGH, NULL, &dump);
	if (r < 0) {
		json_decref(array);
		return command_failure(r, "neighbours");
	}
	while (lsk_rtnl_neighbour_next(dump, &neighbour) > 0) {
		int family = neighbour.info.ndm_family;

		/* As ip: what needs no resolution is no neighbour. */
		if ((family != AF_INET && family != AF_INET6) ||
		    (call->family != AF_UNSPEC && call->family != family) ||
		    neighbour.info.ndm_state == NUD_NOARP || !neighbour.info.ndm_state)
			continue;
		json_array_append_new(array, json_neighbour(call, &neighbour));
	}
	r = lsk_nl_dump_end(dump, &error);
	if (r == 0)
		return netlink_print(call, array, print_neighbour);
	json_decref(array);
	return netlink_result(r, &error);
}

static int neigh_change(struct netlink_call *call)
{
	struct lsk_rtnl_neighbour neighbour = {
		.info = {.ndm_state = NUD_PERMANENT},
		.has = LSK_SET(LSK_NEIGHBOUR_DST),
	};
	int family = call->family;
	char **args = call->args;
	uint32_t index = 0;
	uint8_t len;

	if (!args[0] ||
	    netlink_parse_prefix(args[0], &family, &neighbour.dst, &len) < 0)
		return command_usage("%s wants an address", call->verb);
	for (args++; *args && args[1]; args += 2) {
		if (strcmp(args[0], "dev") == 0) {
			if (netlink_index(call, args[1], &index) < 0)
				return COMMAND_FAILURE;
		} else if (strcmp(args[0], "lladdr") == 0 &&
			   netlink_parse_hardware(args[1], &neighbour.address) == 0) {
			neighbour.has |= LSK_SET(LSK_NEIGHBOUR_ADDRESS);
		} else {
			break;
		}
	}
	if (*args || index == 0)
		return command_usage("%s wants dev NAME and lladdr MAC", call->verb);
	neighbour.info.ndm_family = (uint8_t)family;
	neighbour.info.ndm_ifindex = (int)index;
	return netlink_change(call, is_removal(call) ? RTM_DELNEIGH : RTM_NEWNEIGH,
			      change_flags(call), &neighbour);
}

static json_t *neigh_event(struct netlink_call *call, const struct nlmsghdr *msg)
{
	struct lsk_rtnl_neighbour neighbour;

	/* Bridges tell of what they have learned here too. */
	if (lsk_rtnl_neighbour_parse(msg, &neighbour) < 0 ||
	    (neighbour.info.ndm_family != AF_INET &&
	     neighbour.info.ndm_family != AF_INET6) ||
	    (call->family != AF_UNSPEC && call->family != neighbour.info.ndm_family))
		return NULL;
	return json_neighbour(call, &neighbour);
}

static int neigh_monitor(struct netlink_call *call)
{
	static const struct netlink_group groups[] = {{AF_UNSPEC, RTNLGRP_NEIGH},
						      {AF_UNSPEC, 0}};
	static const struct netlink_object object = {
		.groups = groups,
		.type = RTM_NEWNEIGH,
		.json = neigh_event,
		.print = print_neighbour,
	};

	return netlink_follow(call, &object);
}

static int neigh_main(int argc, char **argv)
{
	static const struct netlink_verb verbs[] = {
		{"show", neigh_show},       {"add", neigh_change},
		{"set", neigh_change},      {"replace", neigh_change},
		{"del", neigh_change},      {"delete", neigh_change},
		{"monitor", neigh_monitor}, {NULL, NULL},
	};

	return netlink_main(argc, argv, NETLINK_ROUTE, verbs);
}

const struct command netlink_neigh_command = {
	.name = "neigh",
	.arguments =
		"[-j46] [-n NETNS] [show | add|set|del ADDRESS dev NAME [lladdr MAC] | "
		"monitor]",
	.summary = "neighbours: the ARP and ND tables",
	.help = "  -j, --json  as JSON, in the form of \"ip -j\"\n"
		"  -n, --netns  in another namespace: a name of ip netns or a path\n",
	.main = neigh_main,
};
