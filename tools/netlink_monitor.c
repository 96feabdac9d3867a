/* SPDX-License-Identifier: MIT */
/* linsock netlink monitor: what the kernel broadcasts, of every protocol that does. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_arp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/sock_diag.h>
#include <linux/xfrm.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/netlink.h"

#define PCAP_MAGIC_NS 0xa1b23c4d
#define PCAP_NETLINK  253
#define SOURCES_MAX   8
#define FAIR_SHARE    64 /* events of one source before the others have their turn */

/* The groups by name; those of one protocol stand together. */
static const struct group {
	const char *name;
	int protocol;
	uint32_t number; /* 0: found by asking */
} groups[] = {
	{"link", NETLINK_ROUTE, RTNLGRP_LINK},
	{"neigh", NETLINK_ROUTE, RTNLGRP_NEIGH},
	{"tc", NETLINK_ROUTE, RTNLGRP_TC},
	{"ipv4-addr", NETLINK_ROUTE, RTNLGRP_IPV4_IFADDR},
	{"ipv4-route", NETLINK_ROUTE, RTNLGRP_IPV4_ROUTE},
	{"ipv4-rule", NETLINK_ROUTE, RTNLGRP_IPV4_RULE},
	{"ipv4-netconf", NETLINK_ROUTE, RTNLGRP_IPV4_NETCONF},
	{"ipv6-addr", NETLINK_ROUTE, RTNLGRP_IPV6_IFADDR},
	{"ipv6-route", NETLINK_ROUTE, RTNLGRP_IPV6_ROUTE},
	{"ipv6-rule", NETLINK_ROUTE, RTNLGRP_IPV6_RULE},
	{"ipv6-netconf", NETLINK_ROUTE, RTNLGRP_IPV6_NETCONF},
	{"ipv6-prefix", NETLINK_ROUTE, RTNLGRP_IPV6_PREFIX},
	{"mdb", NETLINK_ROUTE, RTNLGRP_MDB},
	{"nsid", NETLINK_ROUTE, RTNLGRP_NSID},
	{"nexthop", NETLINK_ROUTE, RTNLGRP_NEXTHOP},
	{"genl", NETLINK_GENERIC, 0},
	{"conntrack-new", NETLINK_NETFILTER, NFNLGRP_CONNTRACK_NEW},
	{"conntrack-update", NETLINK_NETFILTER, NFNLGRP_CONNTRACK_UPDATE},
	{"conntrack-destroy", NETLINK_NETFILTER, NFNLGRP_CONNTRACK_DESTROY},
	{"nftables", NETLINK_NETFILTER, NFNLGRP_NFTABLES},
	{"tcp-destroy", NETLINK_SOCK_DIAG, SKNLGRP_INET_TCP_DESTROY},
	{"udp-destroy", NETLINK_SOCK_DIAG, SKNLGRP_INET_UDP_DESTROY},
	{"tcp6-destroy", NETLINK_SOCK_DIAG, SKNLGRP_INET6_TCP_DESTROY},
	{"udp6-destroy", NETLINK_SOCK_DIAG, SKNLGRP_INET6_UDP_DESTROY},
	{"xfrm-acquire", NETLINK_XFRM, XFRMNLGRP_ACQUIRE},
	{"xfrm-expire", NETLINK_XFRM, XFRMNLGRP_EXPIRE},
	{"xfrm-sa", NETLINK_XFRM, XFRMNLGRP_SA},
	{"xfrm-policy", NETLINK_XFRM, XFRMNLGRP_POLICY},
	{"audit", NETLINK_AUDIT, AUDIT_NLGRP_READLOG},
	{"uevent", NETLINK_KOBJECT_UEVENT, 1},
};

#define GROUPS_COUNT (sizeof(groups) / sizeof(groups[0]))

/* One protocol: a handle, or for uevents, which are no messages, a socket. */
struct source {
	int protocol;
	struct lsk_nl *nl;
	struct lsk_socket *uevents;
};

struct monitor {
	struct source sources[SOURCES_MAX];
	unsigned int sources_count;
	struct lsk_nl_options options;
	FILE *pcap; /* NULL: text on stdout */
	long count; /* 0: without end */
	long seen;
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

static void pcap_write(FILE *file, int protocol, const void *data, size_t len)
{
	const struct {
		uint16_t type, hardware;
		uint8_t unused[10];
		uint16_t protocol;
	} cooked = {0, htons(ARPHRD_NETLINK), {0}, htons((uint16_t)protocol)};
	uint32_t length = (uint32_t)(sizeof(cooked) + len);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	const uint32_t record[] = {(uint32_t)now.tv_sec, (uint32_t)now.tv_nsec, length,
				   length};

	fwrite(record, sizeof(record), 1, file);
	fwrite(&cooked, sizeof(cooked), 1, file);
	fwrite(data, len, 1, file);
	fflush(file);
}

static const char *group_name(int protocol, uint32_t number)
{
	for (size_t i = 0; i < GROUPS_COUNT; i++)
		if (groups[i].protocol == protocol &&
		    (groups[i].number == number || groups[i].number == 0))
			return groups[i].name;
	return "?";
}

static void print_socket(const struct lsk_diag_socket *sock)
{
	char local[LSK_ADDR_TEXT_MAX] = "", peer[LSK_ADDR_TEXT_MAX] = "";

	(void)lsk_addr_format(&sock->local, local, sizeof(local));
	(void)lsk_addr_format(&sock->peer, peer, sizeof(peer));
	printf("destroyed %s %s uid %u inode %u cookie %#llx", local, peer, sock->uid,
	       sock->inode, (unsigned long long)sock->cookie);
}

/* Bytes of other programs' making do not reach the terminal as they are. */
static void print_bytes(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] >= ' ' && bytes[i] < 0x7f)
			putchar(bytes[i]);
		else
			printf("\\x%02x", (unsigned char)bytes[i]);
}

static void print_event(int protocol, const struct lsk_nl_event *event)
{
	static char text[1 << 16];
	struct lsk_audit_record record;
	struct lsk_diag_socket sock;

	if (event->nsid != LSK_NL_NSID_NONE)
		printf("[nsid %d] ", event->nsid);
	printf("%s: ", group_name(protocol, event->group));
	if (protocol == NETLINK_SOCK_DIAG && lsk_diag_parse(event->msg, &sock) == 0) {
		print_socket(&sock);
	} else if (protocol == NETLINK_AUDIT &&
		   lsk_audit_parse(event->msg, &record) == 0) {
		printf("type %u time %llu.%03llu serial %llu ", record.type,
		       (unsigned long long)record.time_ms / 1000,
		       (unsigned long long)record.time_ms % 1000,
		       (unsigned long long)record.serial);
		print_bytes(record.text.data, record.text.len);
	} else {
		lsk_nl_format(protocol, event->msg, text, sizeof(text));
		fputs(text, stdout);
	}
	putchar('\n');
	fflush(stdout);
}

static void print_uevent(const struct lsk_uevent *event)
{
	printf("uevent: ");
	print_bytes(event->action, strlen(event->action));
	putchar(' ');
	print_bytes(event->path, strlen(event->path));
	printf(" subsystem ");
	print_bytes(event->subsystem, strlen(event->subsystem));
	printf(" sequence %llu\n", (unsigned long long)event->sequence);
	fflush(stdout);
}

static int source_fd(const struct source *source)
{
	return lsk_socket_fd(source->uevents ? source->uevents
					     : lsk_nl_event_socket(source->nl));
}

/* Wait for an event or the end. Return: whether to go on. */
static bool wait_event(const struct monitor *monitor, int stop)
{
	struct pollfd ready[1 + SOURCES_MAX] = {{.fd = stop, .events = POLLIN}};

	for (unsigned int i = 0; i < monitor->sources_count; i++)
		ready[1 + i] = (struct pollfd){.fd = source_fd(&monitor->sources[i]),
					       .events = POLLIN};
	return poll(ready, 1 + monitor->sources_count, -1) >= 0 &&
	       ready[0].revents == 0;
}

/* Return: 0 with an event told, or the error of that step. */
static int take_uevent(struct monitor *monitor, const struct source *source)
{
	char buf[LSK_UEVENT_SIZE];
	struct lsk_uevent event;
	int r = lsk_uevent_next(source->uevents, buf, sizeof(buf), 0, &event);
	const char *end;

	if (r < 0)
		return r;
	end = (const char *)event.properties.data + event.properties.len;
	if (monitor->pcap)
		pcap_write(monitor->pcap, source->protocol, buf, (size_t)(end - buf));
	else
		print_uevent(&event);
	return 0;
}

static int take_event(struct monitor *monitor, const struct source *source)
{
	struct lsk_nl_event event;
	int r;

	if (source->uevents)
		return take_uevent(monitor, source);
	r = lsk_nl_event_next(source->nl, 0, &event);
	if (r < 0)
		return r;
	if (monitor->pcap)
		pcap_write(monitor->pcap, source->protocol, event.msg,
			   event.msg->nlmsg_len);
	else
		print_event(source->protocol, &event);
	return 0;
}

static bool is_done(const struct monitor *monitor)
{
	return monitor->count > 0 && monitor->seen >= monitor->count;
}

/* What one source has, up to its share. Return: 0, or what ends it all. */
static int serve(struct monitor *monitor, const struct source *source)
{
	for (int i = 0; i < FAIR_SHARE && !is_done(monitor); i++) {
		int r = take_event(monitor, source);

		if (r == -EAGAIN)
			return 0;
		if (r == -ENOBUFS || r == -EMSGSIZE)
			fprintf(stderr, "%s: events were lost\n",
				program_invocation_short_name);
		else if (r < 0)
			return r;
		else
			monitor->seen++;
	}
	return 0;
}

static int monitor_run(struct monitor *monitor)
{
	int stop = netlink_stop_fd();
	int r = 0;

	/* Who waits for the first event may make it now. */
	fprintf(stderr, "monitoring\n");
	while (r == 0 && !is_done(monitor) && wait_event(monitor, stop))
		for (unsigned int i = 0; r == 0 && i < monitor->sources_count; i++)
			r = serve(monitor, &monitor->sources[i]);
	close(stop);
	return r < 0 ? command_failure(r, "netlink") : COMMAND_OK;
}

/* The source of a protocol, opened by the first who asks. */
static int source_open(struct monitor *monitor, int protocol,
		       struct source **ret_source)
{
	struct source *source = monitor->sources;
	int r;

	for (unsigned int i = 0; i < monitor->sources_count; i++, source++)
		if (source->protocol == protocol) {
			*ret_source = source;
			return 0;
		}
	*source = (struct source){.protocol = protocol};
	r = protocol == NETLINK_KOBJECT_UEVENT
		    ? lsk_uevent_open(&source->uevents, NULL)
		    : lsk_nl_open(&source->nl, protocol, &monitor->options);
	if (r < 0)
		return r;
	monitor->sources_count++;
	*ret_source = source;
	return 0;
}

/* The controller of generic netlink tells of families that come and go. */
static int join_controller(struct lsk_nl *nl)
{
	struct lsk_genl_family family;
	int r = lsk_genl_find(nl, "nlctrl", &family);

	if (r == 0)
		r = lsk_genl_group(&family, "notify");
	return r < 0 ? r : lsk_nl_join(nl, (uint32_t)r);
}

static int join(struct monitor *monitor, const struct group *group)
{
	struct source *source;
	int r = source_open(monitor, group->protocol, &source);

	if (r < 0 || source->uevents)
		return r;
	r = group->number ? lsk_nl_join(source->nl, group->number)
			  : join_controller(source->nl);
	/* Without a single group there is no socket to wait at. */
	if (r < 0 && !lsk_nl_event_socket(source->nl)) {
		lsk_nl_close(source->nl);
		monitor->sources_count--;
	}
	return r;
}

static int join_named(struct monitor *monitor, char **names)
{
	for (; *names; names++) {
		struct group group = {.protocol = NETLINK_ROUTE};
		long number;
		int r;

		for (size_t i = 0; i < GROUPS_COUNT && !group.name; i++)
			if (strcmp(groups[i].name, *names) == 0)
				group = groups[i];
		if (!group.name) {
			if (command_parse_number(*names, 1, INT32_MAX, &number) < 0)
				return command_usage("%s: no such group", *names);
			group.number = (uint32_t)number;
		}
		r = join(monitor, &group);
		if (r < 0)
			return command_failure(r, "%s", *names);
	}
	return COMMAND_OK;
}

static int join_all(struct monitor *monitor, bool is_every_protocol)
{
	/* A group that this kernel lacks, or that takes more rights, is no reason to
	 * see none. */
	for (size_t i = 0; i < GROUPS_COUNT; i++)
		if (is_every_protocol || groups[i].protocol == NETLINK_ROUTE)
			(void)join(monitor, &groups[i]);
	return monitor->sources_count > 0 ? COMMAND_OK
					  : command_failure(-EPERM, "groups");
}

static void monitor_close(struct monitor *monitor)
{
	for (unsigned int i = 0; i < monitor->sources_count; i++) {
		lsk_nl_close(monitor->sources[i].nl);
		lsk_socket_free(monitor->sources[i].uevents);
	}
}

static int pcap_open(struct monitor *monitor, const char *path)
{
	if (!path)
		return COMMAND_OK;
	monitor->pcap = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	if (!monitor->pcap)
		return command_failure(-errno, "%s", path);
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
	struct monitor monitor = {.count = 0};
	const char *pcap_path = NULL;
	bool is_all = false;
	int option, r;

	while ((option = getopt_long(argc, argv, "ac:w:", long_options, NULL)) != -1) {
		switch (option) {
		case 'a':
			is_all = true;
			break;
		case 'A':
			monitor.options.all_nsid = true;
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
	r = pcap_open(&monitor, pcap_path);
	if (r == COMMAND_OK)
		r = argv[optind] ? join_named(&monitor, argv + optind)
				 : join_all(&monitor, is_all);
	if (r == COMMAND_OK)
		r = monitor_run(&monitor);
	if (monitor.pcap && fclose(monitor.pcap) != 0 && r == COMMAND_OK)
		r = command_failure(-errno, "%s", pcap_path);
	monitor_close(&monitor);
	return r;
}

const struct command netlink_monitor_command = {
	.name = "monitor",
	.arguments = "[--all] [--all-netns] [-c COUNT] [--pcap FILE] [GROUP...]",
	.summary =
		"what the kernel broadcasts: links, routes, connections, devices ...",
	.help = "  -a, --all        of every protocol; without it and without GROUP "
		"all of\n"
		"                   links, addresses, routes, rules, neighbours, "
		"queues\n"
		"      --all-netns  of all namespaces that have an id here\n"
		"  -c, --count N    end after N events\n"
		"  -w, --pcap FILE  write a capture (LINKTYPE_NETLINK) instead of "
		"text\n"
		"\n"
		"A GROUP is link, neigh, tc, ipv4-addr, ipv4-route ..., genl, "
		"conntrack-new,\n"
		"conntrack-update, conntrack-destroy, nftables, tcp-destroy, "
		"udp-destroy, xfrm-sa,\n"
		"audit, uevent, or the number of one of rtnetlink's. \"monitoring\" on "
		"stderr says\n"
		"that from now on nothing is missed.\n",
	.main = monitor_main,
};
