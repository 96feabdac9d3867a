/* SPDX-License-Identifier: MIT */
/*
 * Every reader of the kernel's messages, on any bytes: parse tables, error decoding,
 * traces. The unit test "netlink_corpus" feeds it messages of the running kernel too.
 */
#include <stdlib.h>
#include <string.h>

#include <linsock/diag.h>
#include <linsock/genl.h>
#include <linsock/rtnl.h>
#include <linsock/rtnl_can.h>

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
	read_path(msg);
	free(msg);
	return 0;
}
