/* SPDX-License-Identifier: MIT */
/* linsock netlink monitor and genl: what is broadcast, and generic netlink's families.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_arp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#include "tools/netlink.h"

#define PCAP_MAGIC_NS 0xa1b23c4d
#define PCAP_NETLINK  253

static const struct netlink_word groups[] = {
	{RTNLGRP_LINK, "link"},
	{RTNLGRP_NEIGH, "neigh"},
	{RTNLGRP_TC, "tc"},
	{RTNLGRP_IPV4_IFADDR, "ipv4-addr"},
	{RTNLGRP_IPV4_ROUTE, "ipv4-route"},
	{RTNLGRP_IPV4_RULE, "ipv4-rule"},
	{RTNLGRP_IPV4_NETCONF, "ipv4-netconf"},
	{RTNLGRP_IPV6_IFADDR, "ipv6-addr"},
	{RTNLGRP_IPV6_ROUTE, "ipv6-route"},
	{RTNLGRP_IPV6_RULE, "ipv6-rule"},
	{RTNLGRP_IPV6_NETCONF, "ipv6-netconf"},
	{RTNLGRP_IPV6_PREFIX, "ipv6-prefix"},
	{RTNLGRP_MDB, "mdb"},
	{RTNLGRP_NSID, "nsid"},
	{RTNLGRP_NEXTHOP, "nexthop"},
	{0, NULL},
};

struct monitor {
	struct lsk_nl *nl;
	FILE *pcap; /* NULL: text on stdout */
	long count; /* 0: without end */
};

static void pcap_start(FILE *file)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, length, link_type;
	} header = {PCAP_MAGIC_NS, 2, 4, 0, 0, 1 << 18, PCAP_NETLINK};

	fwrite(&header, sizeof(header), 1, file);
}

static void pcap_write(FILE *file, const struct nlmsghdr *msg)
{
	const struct {
		uint16_t type, hardware;
		uint8_t unused[10];
		uint16_t protocol;
	} cooked = {0, htons(ARPHRD_NETLINK), {0}, htons(NETLINK_ROUTE)};
	uint32_t length = (uint32_t)sizeof(cooked) + msg->nlmsg_len;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	const uint32_t record[] = {(uint32_t)now.tv_sec, (uint32_t)now.tv_nsec, length,
				   length};

	fwrite(record, sizeof(record), 1, file);
	fwrite(&cooked, sizeof(cooked), 1, file);
	fwrite(msg, msg->nlmsg_len, 1, file);
	fflush(file);
}

static void print_event(const struct lsk_nl_event *event)
{
	static char text[1 << 16];
	const char *group = netlink_word(groups, event->group);

	lsk_nl_format(NETLINK_ROUTE, event->msg, text, sizeof(text));
	if (event->nsid != LSK_NL_NSID_NONE)
		printf("[nsid %d] ", event->nsid);
	printf("%s: %s\n", group ? group : "?", text);
	fflush(stdout);
}

/* A descriptor that is readable once the program is asked to end. */
static int stop_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

/* Wait for an event or the end. Return: whether to go on. */
static bool wait_event(struct monitor *monitor, int stop)
{
	struct pollfd ready[] = {
		{.fd = stop, .events = POLLIN},
		{.fd = lsk_socket_fd(lsk_nl_event_socket(monitor->nl)),
		 .events = POLLIN},
	};

	return poll(ready, 2, -1) >= 0 && ready[0].revents == 0;
}

static int monitor_run(struct monitor *monitor)
{
	int stop = stop_signals();
	struct lsk_nl_event event;
	int r;

	/* Who waits for the first event may make it now. */
	fprintf(stderr, "monitoring\n");
	for (long seen = 0; monitor->count == 0 || seen < monitor->count;) {
		r = lsk_nl_event_next(monitor->nl, 0, &event);
		if (r == -EAGAIN) {
			if (!wait_event(monitor, stop))
				break;
			continue;
		}
		if (r == -ENOBUFS || r == -EMSGSIZE) {
			fprintf(stderr, "%s: events were lost\n",
				program_invocation_short_name);
			continue;
		}
		if (r < 0)
			return command_failure(r, "netlink");
		if (monitor->pcap)
			pcap_write(monitor->pcap, event.msg);
		else
			print_event(&event);
		seen++;
	}
	return COMMAND_OK;
}

static int join_groups(struct monitor *monitor, char **names)
{
	uint32_t group;
	int r;

	for (; *names; names++) {
		if (netlink_word_number(groups, *names, &group) < 0)
			return command_usage("%s: no such group", *names);
		r = lsk_nl_join(monitor->nl, group);
		if (r < 0)
			return command_failure(r, "%s", *names);
	}
	return COMMAND_OK;
}

static int join_all(struct monitor *monitor)
{
	bool has_one = false;

	/* A group that this kernel lacks is no reason to see none. */
	for (const struct netlink_word *row = groups; row->name; row++)
		has_one |= lsk_nl_join(monitor->nl, (uint32_t)row->number) == 0;
	return has_one ? COMMAND_OK : command_failure(-EPERM, "groups");
}

static int monitor_open(struct monitor *monitor, const struct lsk_nl_options *options,
			const char *pcap_path)
{
	int r = lsk_nl_open(&monitor->nl, NETLINK_ROUTE, options);

	if (r < 0)
		return command_failure(r, "netlink");
	if (!pcap_path)
		return COMMAND_OK;
	monitor->pcap = strcmp(pcap_path, "-") == 0 ? stdout : fopen(pcap_path, "we");
	if (!monitor->pcap)
		return command_failure(-errno, "%s", pcap_path);
	pcap_start(monitor->pcap);
	return COMMAND_OK;
}

static int monitor_main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"all", no_argument, NULL, 'a'},
		{"all-netns", no_argument, NULL, 'A'},
		{"pcap", required_argument, NULL, 'w'},
		{"count", required_argument, NULL, 'c'},
		{NULL, 0, NULL, 0},
	};
	struct lsk_nl_options options = {.netns_fd = 0};
	struct monitor monitor = {.count = 0};
	const char *pcap_path = NULL;
	int option, r;

	while ((option = getopt_long(argc, argv, "ac:w:", long_options, NULL)) != -1) {
		switch (option) {
		case 'a':
			break;
		case 'A':
			options.all_nsid = true;
			break;
		case 'w':
			pcap_path = optarg;
			break;
		case 'c':
			if (command_parse_number(optarg, 1, INT32_MAX, &monitor.count) <
			    0)
				return command_usage("%s: not a number", optarg);
			break;
		default:
			return command_bad_option();
		}
	}
	r = monitor_open(&monitor, &options, pcap_path);
	if (r == COMMAND_OK)
		r = argv[optind] ? join_groups(&monitor, argv + optind)
				 : join_all(&monitor);
	if (r == COMMAND_OK)
		r = monitor_run(&monitor);
	if (monitor.pcap && fclose(monitor.pcap) != 0 && r == COMMAND_OK)
		r = command_failure(-errno, "%s", pcap_path);
	lsk_nl_close(monitor.nl);
	return r;
}

const struct command netlink_monitor_command = {
	.name = "monitor",
	.arguments = "[--all] [--all-netns] [-c COUNT] [--pcap FILE] [GROUP...]",
	.summary = "what the kernel broadcasts of links, addresses, routes ...",
	.help = "  -a, --all        all groups: the default without GROUP\n"
		"      --all-netns  of all namespaces that have an id here\n"
		"  -c, --count N    end after N events\n"
		"  -w, --pcap FILE  write a capture (LINKTYPE_NETLINK) instead of "
		"text\n"
		"\n"
		"A GROUP is link, neigh, tc, ipv4-addr, ipv4-route ... or a number. "
		"\"monitoring\" on\n"
		"stderr says that from now on nothing is missed.\n",
	.main = monitor_main,
};

static json_t *json_family(const struct lsk_genl_family *family)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < family->groups_count && i < LSK_GENL_GROUPS_MAX;
	     i++)
		json_array_append_new(array, json_pack("{s:s,s:i}", "name",
						       family->groups[i].name, "id",
						       (int)family->groups[i].id));
	return json_pack("{s:s,s:i,s:i,s:i,s:i,s:o}", "name", family->name, "id",
			 (int)family->id, "version", (int)family->version, "hdrsize",
			 (int)family->header_size, "maxattr",
			 (int)family->attributes_max, "groups", array);
}

static void print_family(const json_t *object)
{
	const json_t *group;
	size_t i;

	netlink_print_key(object, "name", "name");
	netlink_print_key(object, "id", "id");
	netlink_print_key(object, "version", "version");
	netlink_print_key(object, "hdrsize", "hdrsize");
	netlink_print_key(object, "maxattr", "maxattr");
	json_array_foreach(json_object_get(object, "groups"), i, group)
	{
		printf("\n\tgroup ");
		netlink_print_key(group, "name", "");
		netlink_print_key(group, "id", "id");
	}
	putchar('\n');
}

static int genl_list(struct netlink_call *call)
{
	struct lsk_genl_family family;
	json_t *array = json_array();
	struct lsk_nl_dump *dump;
	struct lsk_nl_error error;
	int r = lsk_genl_dump(call->nl, &dump);

	if (r < 0) {
		json_decref(array);
		return command_failure(r, "families");
	}
	while (lsk_genl_next(dump, &family) > 0)
		json_array_append_new(array, json_family(&family));
	r = lsk_nl_dump_end(dump, &error);
	if (r == 0)
		return netlink_print(call, array, print_family);
	json_decref(array);
	return netlink_result(r, &error);
}

static json_t *json_policy(const struct lsk_genl_policy *policy)
{
	json_t *object = json_object();
	char text[128];

	if (policy->is_operation) {
		json_object_set_new(object, "op", json_integer(policy->command));
		if (policy->has_do)
			json_object_set_new(object, "do",
					    json_integer(policy->do_index));
		if (policy->has_dump)
			json_object_set_new(object, "dump",
					    json_integer(policy->dump_index));
		return object;
	}
	lsk_genl_policy_format(&policy->policy, text, sizeof(text));
	json_object_set_new(object, "policy", json_integer(policy->index));
	json_object_set_new(object, "attr", json_integer(policy->attribute));
	json_object_set_new(object, "type", json_string(text));
	return object;
}

static void print_policy(const json_t *object)
{
	netlink_print_key(object, "op", "op");
	netlink_print_key(object, "do", "do");
	netlink_print_key(object, "dump", "dump");
	netlink_print_key(object, "policy", "policy");
	netlink_print_key(object, "attr", "attr");
	netlink_print_key(object, "type", "type");
	putchar('\n');
}

static int genl_policy(struct netlink_call *call)
{
	struct lsk_genl_family family;
	struct lsk_genl_policy policy;
	struct lsk_nl_dump *dump = NULL;
	struct lsk_nl_error error;
	json_t *array;
	int r;

	if (!call->args[0])
		return command_usage("policy wants the name of a family");
	r = lsk_genl_find(call->nl, call->args[0], &family);
	if (r == 0)
		r = lsk_genl_policy_dump(call->nl, &family, &dump);
	if (r < 0)
		return command_failure(r, "%s", call->args[0]);
	array = json_array();
	while (lsk_genl_policy_next(dump, &policy) > 0)
		json_array_append_new(array, json_policy(&policy));
	r = lsk_nl_dump_end(dump, &error);
	if (r == 0)
		return netlink_print(call, array, print_policy);
	json_decref(array);
	return netlink_result(r, &error);
}

static int genl_main(int argc, char **argv)
{
	static const struct netlink_verb verbs[] = {
		{"show", genl_list}, {"policy", genl_policy}, {NULL, NULL}};

	return netlink_main(argc, argv, NETLINK_GENERIC, verbs);
}

const struct command netlink_genl_command = {
	.name = "genl",
	.arguments = "[-j] [list | policy FAMILY]",
	.summary = "families of generic netlink and what they accept",
	.help = "  -j  as JSON\n",
	.main = genl_main,
};
