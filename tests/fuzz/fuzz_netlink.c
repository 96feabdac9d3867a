/* SPDX-License-Identifier: MIT */
/*
 * Every reader of the kernel's messages, on any bytes: parse tables, error decoding,
 * traces. The unit test "netlink_corpus" feeds it messages of the running kernel too.
 */
#include <stdlib.h>
#include <string.h>

#include <linsock/audit.h>
#include <linsock/conntrack.h>
#include <linsock/diag.h>
#include <linsock/ethtool.h>
#include <linsock/genl.h>
#include <linsock/nft.h>
#include <linsock/proc_event.h>
#include <linsock/rtnl.h>
#include <linsock/rtnl_can.h>
#include <linsock/uevent.h>

#include "families/netlink_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_route(const struct nlmsghdr *msg)
{
	const int protocols[] = {NETLINK_ROUTE, NETLINK_GENERIC, NETLINK_NETFILTER};
	struct lsk_rtnl_link_data link_data;
	struct lsk_rtnl_route route, hop_route;
	struct lsk_rtnl_link link;
	struct lsk_rtnl_can can;
	struct rtnexthop hop;
	char text[2048];

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		(void)lsk_nl_format(protocols[i], msg, text, sizeof(text));
	for (int i = 0; i < LSK_RTNL__COUNT; i++) {
		const struct lsk_nl_table *table = lsk_rtnl_table(i);
		void *object = malloc(table->size);

		(void)lsk_nl_parse(msg, table, object);
		free(object);
	}
	if (lsk_rtnl_link_parse(msg, &link) == 0) {
		(void)lsk_rtnl_link_data_parse(&link, &link_data);
		memcpy(link.kind, "can", 4);
		(void)lsk_rtnl_can_parse(&link, &can);
	}
	if (lsk_rtnl_route_parse(msg, &route) == 0)
		while (lsk_rtnl_nexthop_route_next(&route.multipath, &hop, &hop_route) >
		       0)
			;
}

static void read_others(const struct nlmsghdr *msg)
{
	struct lsk_genl_family family;
	struct lsk_diag_socket sock;
	struct lsk_nl_error error;
	char text[512];

	(void)lsk_genl_parse(msg, &family);
	(void)lsk_diag_parse(msg, &sock);
	(void)lsk_nl_error_parse(&error, msg, msg, NETLINK_ROUTE);
	lsk_nl_error_format(&error, text, sizeof(text));
}

static void read_modules(const struct nlmsghdr *msg)
{
	struct lsk_ethtool_timestamps timestamps;
	struct lsk_ethtool_features features;
	struct lsk_conntrack connection;
	struct lsk_audit_record record;
	struct lsk_ethtool_rings rings;
	struct lsk_ethtool_modes modes;
	struct lsk_proc_event process;
	struct lsk_nft_object object;
	struct lsk_uevent uevent;
	struct lsk_nl_bytes data;
	char name[32];

	(void)lsk_conntrack_parse(msg, &connection);
	if (lsk_nft_parse(msg, &object) == 0)
		while (lsk_nft_expression_next(&object.expressions, name, &data) > 0)
			;
	(void)lsk_ethtool_rings_parse(msg, &rings);
	(void)lsk_ethtool_modes_parse(msg, &modes);
	(void)lsk_ethtool_features_parse(msg, &features);
	(void)lsk_ethtool_timestamps_parse(msg, &timestamps);
	(void)lsk_proc_parse(msg, &process);
	(void)lsk_audit_parse(msg, &record);
	(void)lsk_audit_parse_datagram(msg, msg->nlmsg_len, &record);
	(void)lsk_uevent_parse(NLMSG_DATA(msg), msg->nlmsg_len - NLMSG_HDRLEN, &uevent);
}

/* Of every subsystem that has a table of its own, whatever type the bytes say. */
static void read_netfilter(struct nlmsghdr *msg)
{
	uint16_t type = msg->nlmsg_type;

	msg->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | (type & 3);
	read_modules(msg);
	msg->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type % 16);
	read_modules(msg);
	msg->nlmsg_type = type;
}

/* Both as an answer and as the request that a path is looked for in. */
static void read_path(const struct nlmsghdr *msg)
{
	char text[128];

	for (uint32_t offset = 0; offset < 64 && offset < msg->nlmsg_len; offset += 4)
		netlink_path(msg, lsk_rtnl_table(LSK_RTNL_LINK), offset, offset & 7,
			     text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nlmsghdr *msg;

	if (size < sizeof(*msg) || size > 1 << 16)
		return 0;
	/* Memory that ends with the message: the sanitizer sees one byte too far. */
	msg = malloc(size);
	if (!msg)
		return 0;
	memcpy(msg, data, size);
	msg->nlmsg_len = (uint32_t)size;
	read_route(msg);
	read_others(msg);
	read_netfilter(msg);
	read_path(msg);
	free(msg);
	return 0;
}
