/* SPDX-License-Identifier: MIT */
/* linsock netlink qdisc and class: the queues of interfaces, in the words of tc. */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/netlink_queue.h"

#define HANDLE_CLSACT 0xffff0000U
#define OPTIONS_SIZE  512

/* "1:10", "1:", "root" … Return: 0 or -EINVAL. */
static int read_handle(const char *text, uint32_t *ret_handle)
{
	unsigned long major, minor = 0;
	char *end;

	if (strcmp(text, "root") == 0) {
		*ret_handle = TC_H_ROOT;
		return 0;
	}
	major = strtoul(text, &end, 16);
	if (end == text || *end != ':' || *text == '-')
		return -EINVAL;
	if (end[1])
		minor = strtoul(end + 1, &end, 16);
	else
		end++;
	if (*end || major > UINT16_MAX || minor > UINT16_MAX)
		return -EINVAL;
	*ret_handle = (uint32_t)(major << 16 | minor);
	return 0;
}

static json_t *json_handle(uint32_t handle)
{
	if (handle & 0xffff)
		return json_sprintf("%x:%x", handle >> 16, handle & 0xffff);
	return json_sprintf("%x:", handle >> 16);
}

static void json_place(json_t *object, uint32_t parent)
{
	if (parent == TC_H_ROOT)
		json_object_set_new(object, "root", json_true());
	else if (parent)
		json_object_set_new(object, "parent", json_handle(parent));
}

static void json_options(json_t *object, const struct lsk_rtnl_queue *queue,
			 bool is_class)
{
	const struct netlink_queue_kind *kind =
		netlink_queue_kind(queue->kind, is_class);

	if (kind)
		json_object_set_new(object, "options", kind->json(queue->options));
}

static void json_statistics(json_t *object, const struct lsk_rtnl_queue *queue)
{
	struct lsk_nl_bytes rest = queue->stats2;
	struct gnet_stats_queue waiting = {.qlen = 0};
	struct gnet_stats_basic basic = {.bytes = 0};
	struct lsk_nl_attr attr;

	while (lsk_nl_attr_next(&rest, &attr) > 0)
		if (attr.type == TCA_STATS_BASIC && attr.len >= sizeof(basic.bytes) + 4)
			memcpy(&basic, attr.data,
			       attr.len < sizeof(basic) ? attr.len : sizeof(basic));
		else if (attr.type == TCA_STATS_QUEUE && attr.len >= sizeof(waiting))
			memcpy(&waiting, attr.data, sizeof(waiting));
	json_object_set_new(object, "bytes", json_integer((json_int_t)basic.bytes));
	json_object_set_new(object, "packets", json_integer(basic.packets));
	json_object_set_new(object, "drops", json_integer(waiting.drops));
	json_object_set_new(object, "overlimits", json_integer(waiting.overlimits));
	json_object_set_new(object, "requeues", json_integer(waiting.requeues));
	json_object_set_new(object, "backlog", json_integer(waiting.backlog));
	json_object_set_new(object, "qlen", json_integer(waiting.qlen));
}

static json_t *json_queue(struct netlink_call *call, const struct lsk_rtnl_queue *queue)
{
	json_t *object = json_object();

	json_object_set_new(object, "kind", json_string(queue->kind));
	json_object_set_new(object, "handle", json_handle(queue->info.tcm_handle));
	json_object_set_new(
		object, "dev",
		json_string(netlink_name(call, (uint32_t)queue->info.tcm_ifindex)));
	json_place(object, queue->info.tcm_parent);
	if (queue->info.tcm_info != 1)
		json_object_set_new(object, "refcnt",
				    json_integer(queue->info.tcm_info));
	json_options(object, queue, false);
	if (call->has_stats)
		json_statistics(object, queue);
	return object;
}

static json_t *json_class(struct netlink_call *call, const struct lsk_rtnl_queue *queue)
{
	json_t *object = json_object();

	json_object_set_new(object, "class", json_string(queue->kind));
	json_object_set_new(object, "handle", json_handle(queue->info.tcm_handle));
	json_place(object, queue->info.tcm_parent);
	if (queue->info.tcm_info)
		json_object_set_new(object, "leaf", json_handle(queue->info.tcm_info));
	json_options(object, queue, true);
	if (call->has_stats)
		json_statistics(object, queue);
	return object;
}

static void print_options(const json_t *object, const char *kind_name, bool is_class)
{
	const struct netlink_queue_kind *kind = netlink_queue_kind(kind_name, is_class);
	const json_t *options = json_object_get(object, "options");

	if (kind && options)
		kind->print(options);
	putchar('\n');
}

static void print_statistics(const json_t *object)
{
	static const char *const keys[] = {"bytes",    "packets", "drops", "overlimits",
					   "requeues", "backlog", "qlen"};
	json_int_t n[sizeof(keys) / sizeof(keys[0])];

	if (!json_object_get(object, "bytes"))
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		n[i] = json_integer_value(json_object_get(object, keys[i]));
	printf(" Sent %lld bytes %lld pkt (dropped %lld, overlimits %lld requeues "
	       "%lld)\n backlog %lldb %lldp requeues %lld\n",
	       n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[4]);
}

static void print_queue(const json_t *object)
{
	printf("qdisc %s %s ", netlink_text(object, "kind"),
	       netlink_text(object, "handle"));
	netlink_print_key(object, "dev", "dev");
	netlink_print_key(object, "root", "root");
	netlink_print_key(object, "parent", "parent");
	netlink_print_key(object, "refcnt", "refcnt");
	print_options(object, netlink_text(object, "kind"), false);
	print_statistics(object);
}

static void print_class(const json_t *object)
{
	printf("class %s %s ", netlink_text(object, "class"),
	       netlink_text(object, "handle"));
	netlink_print_key(object, "dev", "dev");
	netlink_print_key(object, "root", "root");
	netlink_print_key(object, "parent", "parent");
	netlink_print_key(object, "leaf", "leaf");
	print_options(object, netlink_text(object, "class"), true);
	print_statistics(object);
}

/* "show [dev NAME]"; classes are those of one interface. */
static int queue_show(struct netlink_call *call, bool is_class)
{
	struct lsk_rtnl_queue filter = {.has = 0}, queue;
	json_t *array;
	struct lsk_nl_error error;
	struct lsk_nl_dump *dump;
	uint32_t index = 0;
	int r;

	if (call->args[0] &&
	    (strcmp(call->args[0], "dev") != 0 || !call->args[1] || call->args[2]))
		return command_usage("show takes dev NAME");
	if (is_class && !call->args[0])
		return command_usage("show wants dev NAME");
	if (call->args[0] && netlink_index(call, call->args[1], &index) < 0)
		return COMMAND_FAILURE;
	filter.info.tcm_ifindex = (int)index;
	r = lsk_rtnl_dump(call->nl, is_class ? RTM_GETTCLASS : RTM_GETQDISC, &filter,
			  &dump);
	if (r < 0)
		return command_failure(r, "queues");
	array = json_array();
	while (lsk_rtnl_queue_next(dump, &queue) > 0)
		/* Of queueing disciplines the kernel gives all, whatever is asked. */
		if (index == 0 || queue.info.tcm_ifindex == (int)index)
			json_array_append_new(array,
					      is_class ? json_class(call, &queue)
						       : json_queue(call, &queue));
	r = lsk_nl_dump_end(dump, &error);
	if (r == 0)
		return netlink_print(call, array, is_class ? print_class : print_queue);
	json_decref(array);
	return netlink_result(r, &error);
}

/* One word of where a queue stands. Return: words taken, 0: a kind; or negative. */
static int place_word(struct netlink_call *call, char **args, bool is_class,
		      struct lsk_rtnl_queue *queue)
{
	bool is_dev = strcmp(args[0], "dev") == 0;
	bool is_parent = strcmp(args[0], "parent") == 0;
	bool is_handle = strcmp(args[0], is_class ? "classid" : "handle") == 0;
	uint32_t number;

	if (strcmp(args[0], "root") == 0) {
		queue->info.tcm_parent = TC_H_ROOT;
		return 1;
	}
	if (!is_dev && !is_parent && !is_handle)
		return 0;
	if (!args[1])
		return -EINVAL;
	if (is_dev) {
		if (netlink_index(call, args[1], &number) < 0)
			return -ENODEV;
		queue->info.tcm_ifindex = (int)number;
		return 2;
	}
	if (read_handle(args[1], &number) < 0)
		return -EINVAL;
	if (is_parent)
		queue->info.tcm_parent = number;
	else
		queue->info.tcm_handle = number;
	return 2;
}

/* "KIND [OPTION...]" */
static int kind_words(char **args, bool is_class, struct lsk_rtnl_queue *queue,
		      struct lsk_nl_msg *options)
{
	const struct netlink_queue_kind *kind = netlink_queue_kind(args[0], is_class);

	if (strlen(args[0]) >= sizeof(queue->kind))
		return command_usage("%s: no such kind", args[0]);
	snprintf(queue->kind, sizeof(queue->kind), "%s", args[0]);
	queue->has |= LSK_SET(LSK_QUEUE_KIND);
	/* These have a place of their own. */
	if (strcmp(args[0], "clsact") == 0 || strcmp(args[0], "ingress") == 0) {
		queue->info.tcm_parent = TC_H_CLSACT;
		queue->info.tcm_handle = HANDLE_CLSACT;
	}
	if (!kind || !kind->read)
		return args[1] ? command_usage("%s takes no words here", args[0])
			       : COMMAND_OK;
	lsk_nl_msg_start(options, 0, 0, NULL, 0);
	if (kind->read(args + 1, options) < 0 || lsk_nl_msg_error(options) < 0)
		return command_usage("%s takes %s", args[0], kind->words);
	queue->options = lsk_nl_attributes(options->header, 0);
	if (queue->options.len > 0)
		queue->has |= LSK_SET(LSK_QUEUE_OPTIONS);
	return COMMAND_OK;
}

/* "dev NAME root|parent CLASS [handle H|classid C] [KIND [OPTION...]]" */
static int queue_words(struct netlink_call *call, bool is_class,
		       struct lsk_rtnl_queue *queue, struct lsk_nl_msg *options)
{
	char **args = call->args;
	int r = 1;

	while (*args && r > 0) {
		r = place_word(call, args, is_class, queue);
		if (r == -ENODEV)
			return COMMAND_FAILURE;
		if (r < 0)
			return command_usage("%s: wants another value", *args);
		args += r;
	}
	if (*args) {
		r = kind_words(args, is_class, queue, options);
		if (r != COMMAND_OK)
			return r;
	}
	if (!queue->info.tcm_ifindex)
		return command_usage("%s wants dev NAME", call->verb);
	if (strncmp(call->verb, "del", 3) != 0 && !LSK_HAS(queue, LSK_QUEUE_KIND))
		return command_usage("%s wants a kind", call->verb);
	if (is_class ? !queue->info.tcm_handle : !queue->info.tcm_parent)
		return command_usage(is_class ? "%s wants classid CLASS"
					      : "%s wants root or parent CLASS",
				     call->verb);
	return COMMAND_OK;
}

static int queue_change(struct netlink_call *call, bool is_class)
{
	bool is_add = strcmp(call->verb, "add") == 0;
	bool is_removal = strncmp(call->verb, "del", 3) == 0;
	struct lsk_rtnl_queue queue = {.has = 0};
	LSK_NL_MSG(options, OPTIONS_SIZE);
	unsigned int type = is_class ? RTM_NEWTCLASS : RTM_NEWQDISC;
	unsigned int flags = NLM_F_CREATE | (is_add ? NLM_F_EXCL : NLM_F_REPLACE);
	int r = queue_words(call, is_class, &queue, &options);

	if (r != COMMAND_OK)
		return r;
	return netlink_change(call, is_removal ? type + 1 : type,
			      is_removal ? 0 : flags, &queue);
}

static json_t *qdisc_event(struct netlink_call *call, const struct nlmsghdr *msg)
{
	struct lsk_rtnl_queue queue;

	return lsk_rtnl_queue_parse(msg, &queue) < 0 ? NULL : json_queue(call, &queue);
}

static json_t *class_event(struct netlink_call *call, const struct nlmsghdr *msg)
{
	struct lsk_rtnl_queue queue;
	json_t *object;

	if (lsk_rtnl_queue_parse(msg, &queue) < 0)
		return NULL;
	object = json_class(call, &queue);
	/* A list is of one interface; changes are of all. */
	json_object_set_new(
		object, "dev",
		json_string(netlink_name(call, (uint32_t)queue.info.tcm_ifindex)));
	return object;
}

static int queue_monitor(struct netlink_call *call, bool is_class)
{
	static const struct netlink_group groups[] = {{AF_UNSPEC, RTNLGRP_TC},
						      {AF_UNSPEC, 0}};
	static const struct netlink_object objects[] = {
		{groups, RTM_NEWQDISC, qdisc_event, print_queue},
		{groups, RTM_NEWTCLASS, class_event, print_class},
	};

	return netlink_follow(call, &objects[is_class]);
}

static int qdisc_show(struct netlink_call *call)
{
	return queue_show(call, false);
}

static int qdisc_change(struct netlink_call *call)
{
	return queue_change(call, false);
}

static int qdisc_monitor(struct netlink_call *call)
{
	return queue_monitor(call, false);
}

static int qdisc_main(int argc, char **argv)
{
	static const struct netlink_verb verbs[] = {
		{"show", qdisc_show},       {"add", qdisc_change},
		{"set", qdisc_change},      {"replace", qdisc_change},
		{"del", qdisc_change},      {"delete", qdisc_change},
		{"monitor", qdisc_monitor}, {NULL, NULL},
	};

	return netlink_main(argc, argv, NETLINK_ROUTE, verbs);
}

static int class_show(struct netlink_call *call)
{
	return queue_show(call, true);
}

static int class_change(struct netlink_call *call)
{
	return queue_change(call, true);
}

static int class_monitor(struct netlink_call *call)
{
	return queue_monitor(call, true);
}

static int class_main(int argc, char **argv)
{
	static const struct netlink_verb verbs[] = {
		{"show", class_show},       {"add", class_change},
		{"set", class_change},      {"replace", class_change},
		{"del", class_change},      {"delete", class_change},
		{"monitor", class_monitor}, {NULL, NULL},
	};

	return netlink_main(argc, argv, NETLINK_ROUTE, verbs);
}

const struct command netlink_qdisc_command = {
	.name = "qdisc",
	.arguments = "[-js] [-n NETNS] [show [dev NAME] | add|set|del dev NAME "
		     "root|parent CLASS [handle H] KIND ... | monitor]",
	.summary = "queueing disciplines",
	.help = "  -j, --json  as JSON, in the form of \"tc -j\"\n"
		"  -s, --statistics  with statistics\n"
		"  -n, --netns  in another namespace: a name of ip netns or a path\n"
		"\n"
		"Words of kinds: pfifo|bfifo|pfifo_head_drop limit N, tbf rate RATE "
		"burst SIZE\n"
		"latency TIME|limit SIZE, htb default CLASS r2q N, fq_codel limit N "
		"target TIME\n"
		"interval TIME ... Others take none; clsact and ingress need no "
		"root.\n",
	.main = qdisc_main,
};

const struct command netlink_class_command = {
	.name = "class",
	.arguments = "[-js] [-n NETNS] [show dev NAME | add|set|del dev NAME parent "
		     "CLASS classid CLASS htb ... | monitor]",
	.summary = "classes of a queueing discipline",
	.help = "  -j  as JSON\n"
		"  -s, --statistics  with statistics\n"
		"  -n, --netns  in another namespace: a name of ip netns or a path\n"
		"\n"
		"Words of htb: rate RATE, ceil RATE, burst SIZE, cburst SIZE, prio N, "
		"quantum N.\n",
	.main = class_main,
};
