/* SPDX-License-Identifier: MIT */
/* linsock netlink rule: the routing policy. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/netlink.h"

#define RULES_MAX 64 /* of one priority */

static const struct netlink_word ip_protocols[] = {
	{IPPROTO_ICMP, "icmp"},        {IPPROTO_TCP, "tcp"},   {IPPROTO_UDP, "udp"},
	{IPPROTO_DCCP, "dccp"},        {IPPROTO_GRE, "gre"},   {IPPROTO_ESP, "esp"},
	{IPPROTO_ICMPV6, "ipv6-icmp"}, {IPPROTO_SCTP, "sctp"}, {0, NULL},
};

/* Actions have the numbers of route types where both exist. */
static const struct netlink_word rule_actions[] = {
	{FR_ACT_NOP, "nop"},
	{FR_ACT_BLACKHOLE, "blackhole"},
	{FR_ACT_UNREACHABLE, "unreachable"},
	{FR_ACT_PROHIBIT, "prohibit"},
	{0, NULL},
};

static void json_selector(json_t *object, const char *key, const char *len_key,
			  const struct lsk_nl_blob *blob, uint8_t len)
{
	json_object_set_new(object, key, netlink_json_inet(blob));
	if (len != blob->len * 8)
		json_object_set_new(object, len_key, json_integer(len));
}

static void json_ports(json_t *object, const char *name,
		       const struct fib_rule_port_range *range)
{
	char key[16];

	if (range->start == range->end) {
		json_object_set_new(object, name, json_integer(range->start));
		return;
	}
	snprintf(key, sizeof(key), "%s_start", name);
	json_object_set_new(object, key, json_integer(range->start));
	snprintf(key, sizeof(key), "%s_end", name);
	json_object_set_new(object, key, json_integer(range->end));
}

static void json_selectors(const struct lsk_rtnl_rule *rule, json_t *object)
{
	if (rule->info.flags & FIB_RULE_INVERT)
		json_object_set_new(object, "not", json_null());
	if (LSK_HAS(rule, LSK_RULE_SRC))
		json_selector(object, "src", "srclen", &rule->src, rule->info.src_len);
	else
		json_object_set_new(object, "src", json_string("all"));
	if (LSK_HAS(rule, LSK_RULE_DST))
		json_selector(object, "dst", "dstlen", &rule->dst, rule->info.dst_len);
	if (rule->info.tos)
		json_object_set_new(object, "tos", json_sprintf("%#x", rule->info.tos));
	if (LSK_HAS(rule, LSK_RULE_FWMARK) || LSK_HAS(rule, LSK_RULE_FWMASK)) {
		if (rule->fwmark || rule->fwmask)
			json_object_set_new(object, "fwmark",
					    json_sprintf("%#x", rule->fwmark));
		if (rule->fwmask && rule->fwmask != UINT32_MAX)
			json_object_set_new(object, "fwmask",
					    json_sprintf("%#x", rule->fwmask));
	}
	if (LSK_HAS(rule, LSK_RULE_IIF))
		json_object_set_new(object, "iif", json_string(rule->iif));
	if (LSK_HAS(rule, LSK_RULE_OIF))
		json_object_set_new(object, "oif", json_string(rule->oif));
	if (rule->l3mdev)
		json_object_set_new(object, "l3mdev", json_null());
	if (LSK_HAS(rule, LSK_RULE_UID_RANGE)) {
		json_object_set_new(object, "uid_start",
				    json_integer(rule->uid_range.start));
		json_object_set_new(object, "uid_end",
				    json_integer(rule->uid_range.end));
	}
	if (LSK_HAS(rule, LSK_RULE_IP_PROTOCOL))
		json_object_set_new(object, "ipproto",
				    netlink_json_word(ip_protocols, rule->ip_protocol));
	if (LSK_HAS(rule, LSK_RULE_SPORT_RANGE))
		json_ports(object, "sport", &rule->sport_range);
	if (LSK_HAS(rule, LSK_RULE_DPORT_RANGE))
		json_ports(object, "dport", &rule->dport_range);
}

static json_t *json_rule(const struct lsk_rtnl_rule *rule)
{
	json_t *object = json_object();

	json_object_set_new(object, "priority", json_integer(rule->priority));
	json_selectors(rule, object);
	if (rule->table)
		json_object_set_new(object, "table",
				    netlink_json_word(netlink_tables, rule->table));
	if (rule->table && LSK_HAS(rule, LSK_RULE_SUPPRESS_PREFIX) &&
	    rule->suppress_prefix != UINT32_MAX)
		json_object_set_new(object, "suppress_prefixlen",
				    json_integer(rule->suppress_prefix));
	if (rule->info.action == FR_ACT_GOTO)
		json_object_set_new(object, "goto", json_integer(rule->goto_priority));
	else if (rule->info.action != FR_ACT_TO_TBL)
		json_object_set_new(object, "action",
				    netlink_json_word(rule_actions, rule->info.action));
	if (rule->protocol && rule->protocol != RTPROT_KERNEL)
		json_object_set_new(
			object, "protocol",
			netlink_json_word(netlink_route_protocols, rule->protocol));
	return object;
}

static void print_selector(const json_t *object, const char *key, const char *len_key,
			   const char *name)
{
	const json_t *len = json_object_get(object, len_key);

	if (!json_object_get(object, key))
		return;
	printf("%s %s", name, netlink_text(object, key));
	if (len)
		printf("/%" JSON_INTEGER_FORMAT, json_integer_value(len));
	putchar(' ');
}

static void print_range(const json_t *object, const char *start_key,
			const char *end_key, const char *name)
{
	const json_t *start = json_object_get(object, start_key);

	if (start)
		printf("%s %" JSON_INTEGER_FORMAT "-%" JSON_INTEGER_FORMAT " ", name,
		       json_integer_value(start),
		       json_integer_value(json_object_get(object, end_key)));
}

static void print_rule(const json_t *object)
{
	printf("%" JSON_INTEGER_FORMAT ":\t",
	       json_integer_value(json_object_get(object, "priority")));
	netlink_print_key(object, "not", "not");
	print_selector(object, "src", "srclen", "from");
	print_selector(object, "dst", "dstlen", "to");
	netlink_print_key(object, "tos", "tos");
	if (json_object_get(object, "fwmark")) {
		printf("fwmark %s", netlink_text(object, "fwmark"));
		if (json_object_get(object, "fwmask"))
			printf("/%s", netlink_text(object, "fwmask"));
		putchar(' ');
	}
	netlink_print_key(object, "iif", "iif");
	netlink_print_key(object, "oif", "oif");
	netlink_print_key(object, "l3mdev", "lookup [l3mdev-table]");
	print_range(object, "uid_start", "uid_end", "uidrange");
	netlink_print_key(object, "ipproto", "ipproto");
	netlink_print_key(object, "sport", "sport");
	print_range(object, "sport_start", "sport_end", "sport");
	netlink_print_key(object, "dport", "dport");
	print_range(object, "dport_start", "dport_end", "dport");
	netlink_print_key(object, "table", "lookup");
	netlink_print_key(object, "suppress_prefixlen", "suppress_prefixlength");
	netlink_print_key(object, "goto", "goto");
	if (json_object_get(object, "action"))
		printf("%s ", netlink_text(object, "action"));
	netlink_print_key(object, "protocol", "proto");
	putchar('\n');
}

static int rule_show(struct netlink_call *call)
{
	struct lsk_rtnl_rule filter = {.info = {.family = AF_INET}};
	json_t *array = json_array();
	struct lsk_rtnl_rule rule;
	struct lsk_nl_error error;
	struct lsk_nl_dump *dump;
	int r;

	if (call->family != AF_UNSPEC)
		filter.info.family = (uint8_t)call->family;
	r = lsk_rtnl_dump(call->nl, RTM_GETRULE, &filter, &dump);
	if (r < 0) {
		json_decref(array);
		return command_failure(r, "rules");
	}
	while (lsk_rtnl_rule_next(dump, &rule) > 0)
		json_array_append_new(array, json_rule(&rule));
	r = lsk_nl_dump_end(dump, &error);
	if (r == 0)
		return netlink_print(call, array, print_rule);
	json_decref(array);
	return netlink_result(r, &error);
}

static int rule_word(char **args, struct lsk_rtnl_rule *rule)
{
	int family = rule->info.family;
	int r = 0;

	if (strcmp(args[0], "from") == 0 || strcmp(args[0], "to") == 0) {
		bool is_from = args[0][0] == 'f';
		struct lsk_nl_blob *blob = is_from ? &rule->src : &rule->dst;

		r = netlink_parse_prefix(args[1], &family, blob,
					 is_from ? &rule->info.src_len
						 : &rule->info.dst_len);
		rule->info.family = (uint8_t)family;
		if (blob->len > 0)
			rule->has |= LSK_SET(is_from ? LSK_RULE_SRC : LSK_RULE_DST);
	} else if (strcmp(args[0], "lookup") == 0 || strcmp(args[0], "table") == 0) {
		rule->has |= LSK_SET(LSK_RULE_TABLE);
		rule->info.action = FR_ACT_TO_TBL;
		r = netlink_word_number(netlink_tables, args[1], &rule->table);
	} else if (strcmp(args[0], "priority") == 0 || strcmp(args[0], "pref") == 0) {
		rule->has |= LSK_SET(LSK_RULE_PRIORITY);
		r = netlink_word_number(netlink_tables, args[1], &rule->priority);
	} else if (strcmp(args[0], "fwmark") == 0) {
		rule->has |= LSK_SET(LSK_RULE_FWMARK);
		r = netlink_word_number(netlink_tables, args[1], &rule->fwmark);
	} else if (strcmp(args[0], "iif") == 0) {
		rule->has |= LSK_SET(LSK_RULE_IIF);
		snprintf(rule->iif, sizeof(rule->iif), "%s", args[1]);
	} else if (strcmp(args[0], "oif") == 0) {
		rule->has |= LSK_SET(LSK_RULE_OIF);
		snprintf(rule->oif, sizeof(rule->oif), "%s", args[1]);
	} else {
		r = -ENOENT;
	}
	return r;
}

/* "from 10.0.0.0/8 lookup 77 pref 100" … Return: an exit status. */
static int rule_words(struct netlink_call *call, struct lsk_rtnl_rule *rule)
{
	for (char **args = call->args; *args; args += 2) {
		uint32_t action;

		if (netlink_word_number(rule_actions, *args, &action) == 0) {
			rule->info.action = (uint8_t)action;
			args--;
			continue;
		}
		if (!args[1])
			return command_usage("%s: wants a value", *args);
		if (rule_word(args, rule) < 0)
			return command_usage("%s %s: not understood here", args[0],
					     args[1]);
	}
	if (rule->info.family == AF_UNSPEC)
		rule->info.family = AF_INET;
	if (strncmp(call->verb, "del", 3) != 0 && rule->info.action == FR_ACT_UNSPEC)
		return command_usage("%s wants lookup TABLE or an action", call->verb);
	return COMMAND_OK;
}

static int rule_change(struct netlink_call *call)
{
	bool is_add = strcmp(call->verb, "add") == 0;
	struct lsk_rtnl_rule rule = {.info = {.family = (uint8_t)call->family}};
	int r = rule_words(call, &rule);

	if (r != COMMAND_OK)
		return r;
	return netlink_change(call, is_add ? RTM_NEWRULE : RTM_DELRULE,
			      is_add ? NLM_F_CREATE | NLM_F_EXCL : 0, &rule);
}

/* The rules of a family at a priority. Return: how many, at most @max, or negative. */
static int rules_at(struct netlink_call *call, const struct lsk_rtnl_rule *like,
		    struct lsk_rtnl_rule *ret_rules, int max)
{
	const struct lsk_rtnl_rule filter = {.info = {.family = like->info.family}};
	struct lsk_rtnl_rule rule;
	struct lsk_nl_dump *dump;
	int count = 0;
	int r = lsk_rtnl_dump(call->nl, RTM_GETRULE, &filter, &dump);

	if (r < 0)
		return r;
	while (lsk_rtnl_rule_next(dump, &rule) > 0)
		if (rule.priority == like->priority && count++ < max)
			ret_rules[count - 1] = rule;
	r = lsk_nl_dump_end(dump, NULL);
	if (r == 0 && count > max)
		r = -E2BIG;
	return r < 0 ? r : count;
}

/*
 * Make this the rule of its priority. The kernel replaces none, but puts a new one
 * behind those of the same priority: so the old ones go last, and at no time is there
 * no rule.
 */
static int rule_set(struct netlink_call *call)
{
	struct lsk_rtnl_rule rule = {.info = {.family = (uint8_t)call->family}};
	struct lsk_nl_error error = {.code = 0};
	struct lsk_rtnl_rule *old;
	int r = rule_words(call, &rule);
	int count;

	if (r != COMMAND_OK)
		return r;
	if (!LSK_HAS(&rule, LSK_RULE_PRIORITY))
		return command_usage("set wants pref N: the rule that is to be this");
	old = calloc(RULES_MAX, sizeof(*old));
	count = old ? rules_at(call, &rule, old, RULES_MAX) : -ENOMEM;
	if (count < 0) {
		free(old);
		return command_failure(count, "rules of priority %u", rule.priority);
	}
	r = lsk_rtnl_change(call->nl, RTM_NEWRULE, NLM_F_CREATE, &rule, &error);
	for (int i = 0; r == 0 && i < count; i++)
		r = lsk_rtnl_change(call->nl, RTM_DELRULE, 0, &old[i], &error);
	free(old);
	return netlink_result(r, &error);
}

static json_t *rule_event(struct netlink_call *call, const struct nlmsghdr *msg)
{
	struct lsk_rtnl_rule rule;

	(void)call;
	return lsk_rtnl_rule_parse(msg, &rule) < 0 ? NULL : json_rule(&rule);
}

static int rule_monitor(struct netlink_call *call)
{
	static const struct netlink_group groups[] = {
		{AF_INET, RTNLGRP_IPV4_RULE},
		{AF_INET6, RTNLGRP_IPV6_RULE},
		{AF_UNSPEC, 0},
	};
	static const struct netlink_object object = {
		.groups = groups,
		.type = RTM_NEWRULE,
		.json = rule_event,
		.print = print_rule,
	};

	return netlink_follow(call, &object);
}

static int rule_main(int argc, char **argv)
{
	static const struct netlink_verb verbs[] = {
		{"show", rule_show},
		{"add", rule_change},
		{"set", rule_set},
		{"del", rule_change},
		{"delete", rule_change},
		{"monitor", rule_monitor},
		{NULL, NULL},
	};

	return netlink_main(argc, argv, NETLINK_ROUTE, verbs);
}

const struct command netlink_rule_command = {
	.name = "rule",
	.arguments = "[-j46] [-n NETNS] [show | add|set|del WORD... | monitor]",
	.summary = "rules that choose a routing table",
	.help = "  -j, --json  as JSON, in the form of \"ip -j\"\n"
		"  -n, --netns  in another namespace: a name of ip netns or a path\n"
		"\n"
		"Words of add, set and del: from PREFIX, to PREFIX, fwmark N, iif "
		"NAME, oif "
		"NAME,\n"
		"pref N, lookup TABLE, blackhole, unreachable, prohibit. set makes "
		"that "
		"the only rule\n"
		"of its pref.\n",
	.main = rule_main,
};
