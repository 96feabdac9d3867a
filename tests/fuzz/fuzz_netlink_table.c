/* SPDX-License-Identifier: MIT */
/*
 * One parse table each: the first byte picks the reader, which makes a message of the
 * rest as it wants one. What each was given and what it accepted is told at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/cryptouser.h>
#include <linux/ethtool_netlink.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <linsock/alg_netlink.h>
#include <linsock/can_gw.h>
#include <linsock/conntrack.h>
#include <linsock/diag.h>
#include <linsock/ethtool.h>
#include <linsock/genl.h>
#include <linsock/mptcp.h>
#include <linsock/nft.h>
#include <linsock/rtnl.h>
#include <linsock/rtnl_can.h>

#include "uring/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_rtnl(const struct nlmsghdr *msg, int object)
{
	const struct lsk_nl_table *table = lsk_rtnl_table((enum lsk_rtnl_object)object);
	void *value = malloc(table->size);
	int r = value ? lsk_nl_parse(msg, table, value) : -1;

	free(value);
	return r;
}

/* The kinds that have a table of their own. */
static const char *const kinds[] = {"vlan", "macvlan", "vrf",   "netkit", "bridge",
				    "tun",  "veth",    "vxcan", "can"};

/* What follows is IFLA_INFO_DATA. */
static int read_link_data(const struct nlmsghdr *msg, int kind)
{
	struct lsk_rtnl_link link = {.has = LSK_SET(LSK_LINK_KIND) |
					    LSK_SET(LSK_LINK_DATA)};
	struct lsk_rtnl_link_data data;
	struct lsk_rtnl_can can;

	snprintf(link.kind, sizeof(link.kind), "%s", kinds[kind]);
	link.data =
		(struct lsk_nl_bytes){NLMSG_DATA(msg), msg->nlmsg_len - NLMSG_HDRLEN};
	if (strcmp(link.kind, "can") == 0)
		return lsk_rtnl_can_parse(&link, &can);
	return lsk_rtnl_link_data_parse(&link, &data);
}

static int read_diag(const struct nlmsghdr *msg, int family)
{
	struct lsk_diag_socket sock;

	if (msg->nlmsg_len > NLMSG_HDRLEN)
		*(uint8_t *)NLMSG_DATA(msg) = (uint8_t)family;
	return lsk_diag_parse(msg, &sock);
}

static int read_genl(const struct nlmsghdr *msg, int unused)
{
	struct lsk_genl_family family;

	(void)unused;
	return lsk_genl_parse(msg, &family);
}

static int read_rings(const struct nlmsghdr *msg, int unused)
{
	struct lsk_ethtool_rings rings;

	(void)unused;
	return lsk_ethtool_rings_parse(msg, &rings);
}

static int read_modes(const struct nlmsghdr *msg, int unused)
{
	struct lsk_ethtool_modes modes;

	(void)unused;
	return lsk_ethtool_modes_parse(msg, &modes);
}

static int read_features(const struct nlmsghdr *msg, int unused)
{
	struct lsk_ethtool_features features;

	(void)unused;
	return lsk_ethtool_features_parse(msg, &features);
}

static int read_timestamps(const struct nlmsghdr *msg, int unused)
{
	struct lsk_ethtool_timestamps timestamps;

	(void)unused;
	return lsk_ethtool_timestamps_parse(msg, &timestamps);
}

static int read_conntrack(const struct nlmsghdr *msg, int unused)
{
	struct lsk_conntrack connection;

	(void)unused;
	return lsk_conntrack_parse(msg, &connection);
}

static int read_alg(const struct nlmsghdr *msg, int unused)
{
	struct lsk_alg_entry entry;
	int r = lsk_alg_parse(msg, &entry);

	(void)unused;
	if (r == 0 &&
	    (entry.name[0] == '\0' || !memchr(entry.kind, '\0', sizeof(entry.kind)) ||
	     !memchr(entry.module, '\0', sizeof(entry.module))))
		abort();
	return r;
}

static int read_nft(const struct nlmsghdr *msg, int unused)
{
	struct lsk_nft_object object;
	struct lsk_nl_bytes data;
	char name[32];
	int r = lsk_nft_parse(msg, &object);

	(void)unused;
	while (r == 0 && lsk_nft_expression_next(&object.expressions, name, &data) > 0)
		;
	return r;
}

static int read_error(const struct nlmsghdr *msg, int protocol)
{
	struct lsk_nl_error error;
	char text[512];
	int r = lsk_nl_error_parse(&error, msg, msg, protocol);

	lsk_nl_error_format(&error, text, sizeof(text));
	return r == -EBADMSG ? r : 0;
}

static int read_mptcp_endpoint(const struct nlmsghdr *msg, int unused)
{
	struct lsk_mptcp_endpoint endpoint;

	(void)unused;
	return lsk_mptcp_endpoint_parse(msg, &endpoint);
}

static int read_mptcp_limits(const struct nlmsghdr *msg, int unused)
{
	struct lsk_mptcp_limits limits;

	(void)unused;
	return lsk_mptcp_limits_parse(msg, &limits);
}

static int read_mptcp_event(const struct nlmsghdr *msg, int unused)
{
	struct lsk_mptcp_event event;

	(void)unused;
	return lsk_mptcp_event_parse(msg, &event);
}

static int read_can_gw(const struct nlmsghdr *msg, int unused)
{
	struct lsk_can_gw_rule rule;

	(void)unused;
	return lsk_can_gw_parse(msg, &rule);
}

#define NFT(type) (NFNL_SUBSYS_NFTABLES << 8 | (type))
#define CT(type)  (NFNL_SUBSYS_CTNETLINK << 8 | (type))

static struct reader {
	const char *name;
	uint16_t type;
	int argument;
	int (*read)(const struct nlmsghdr *msg, int argument);
	unsigned long given, accepted;
} readers[] = {
	{"link", RTM_NEWLINK, LSK_RTNL_LINK, read_rtnl, 0, 0},
	{"address", RTM_NEWADDR, LSK_RTNL_ADDRESS, read_rtnl, 0, 0},
	{"route", RTM_NEWROUTE, LSK_RTNL_ROUTE, read_rtnl, 0, 0},
	{"rule", RTM_NEWRULE, LSK_RTNL_RULE, read_rtnl, 0, 0},
	{"neighbour", RTM_NEWNEIGH, LSK_RTNL_NEIGHBOUR, read_rtnl, 0, 0},
	{"queue", RTM_NEWQDISC, LSK_RTNL_QUEUE, read_rtnl, 0, 0},
	{"nexthop", RTM_NEWNEXTHOP, LSK_RTNL_NEXTHOP, read_rtnl, 0, 0},
	{"data-vlan", RTM_NEWLINK, 0, read_link_data, 0, 0},
	{"data-macvlan", RTM_NEWLINK, 1, read_link_data, 0, 0},
	{"data-vrf", RTM_NEWLINK, 2, read_link_data, 0, 0},
	{"data-netkit", RTM_NEWLINK, 3, read_link_data, 0, 0},
	{"data-bridge", RTM_NEWLINK, 4, read_link_data, 0, 0},
	{"data-tun", RTM_NEWLINK, 5, read_link_data, 0, 0},
	{"data-veth", RTM_NEWLINK, 6, read_link_data, 0, 0},
	{"data-vxcan", RTM_NEWLINK, 7, read_link_data, 0, 0},
	{"data-can", RTM_NEWLINK, 8, read_link_data, 0, 0},
	{"diag-inet", 20, AF_INET, read_diag, 0, 0},
	{"diag-inet6", 20, AF_INET6, read_diag, 0, 0},
	{"diag-unix", 20, AF_UNIX, read_diag, 0, 0},
	{"diag-netlink", 20, AF_NETLINK, read_diag, 0, 0},
	{"diag-packet", 20, AF_PACKET, read_diag, 0, 0},
	{"diag-vsock", 20, AF_VSOCK, read_diag, 0, 0},
	{"diag-xdp", 20, AF_XDP, read_diag, 0, 0},
	{"genl", GENL_ID_CTRL, 0, read_genl, 0, 0},
	{"ethtool-rings", ETHTOOL_MSG_RINGS_GET_REPLY, 0, read_rings, 0, 0},
	{"ethtool-modes", ETHTOOL_MSG_LINKMODES_GET_REPLY, 0, read_modes, 0, 0},
	{"ethtool-features", ETHTOOL_MSG_FEATURES_GET_REPLY, 0, read_features, 0, 0},
	{"ethtool-timestamps", ETHTOOL_MSG_TSINFO_GET_REPLY, 0, read_timestamps, 0, 0},
	{"conntrack", CT(IPCTNL_MSG_CT_NEW), 0, read_conntrack, 0, 0},
	{"nft-table", NFT(NFT_MSG_NEWTABLE), 0, read_nft, 0, 0},
	{"nft-chain", NFT(NFT_MSG_NEWCHAIN), 0, read_nft, 0, 0},
	{"nft-rule", NFT(NFT_MSG_NEWRULE), 0, read_nft, 0, 0},
	{"nft-set", NFT(NFT_MSG_NEWSET), 0, read_nft, 0, 0},
	{"nft-generation", NFT(NFT_MSG_NEWGEN), 0, read_nft, 0, 0},
	{"error-route", NLMSG_ERROR, NETLINK_ROUTE, read_error, 0, 0},
	{"error-generic", NLMSG_ERROR, NETLINK_GENERIC, read_error, 0, 0},
	{"error-netfilter", NLMSG_ERROR, NETLINK_NETFILTER, read_error, 0, 0},
	{"done", NLMSG_DONE, NETLINK_ROUTE, read_error, 0, 0},
	{"alg", CRYPTO_MSG_GETALG, 0, read_alg, 0, 0},
	{"mptcp-endpoint", GENL_MIN_ID, 0, read_mptcp_endpoint, 0, 0},
	{"mptcp-limits", GENL_MIN_ID, 0, read_mptcp_limits, 0, 0},
	{"mptcp-event", GENL_MIN_ID, 0, read_mptcp_event, 0, 0},
	{"can-gw", RTM_NEWROUTE, 0, read_can_gw, 0, 0},
};

static void tell(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		printf("# %s: %lu given, %lu accepted\n", readers[i].name,
		       readers[i].given, readers[i].accepted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int protocols[] = {NETLINK_ROUTE, NETLINK_GENERIC,
					NETLINK_NETFILTER, NETLINK_SOCK_DIAG,
					NETLINK_CRYPTO};
	static bool is_told;
	struct reader *reader;
	struct nlmsghdr *msg;
	char text[1024];

	if (!is_told)
		is_told = atexit(tell) == 0;
	if (size < 1 || size > 1 << 16)
		return 0;
	reader = &readers[data[0] % ARRAY_SIZE(readers)];
	/* Memory that ends with the message: the sanitizer sees one byte too far. */
	msg = malloc(NLMSG_HDRLEN + size - 1);
	if (!msg)
		return 0;
	*msg = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size - 1),
		.nlmsg_type = reader->type,
		.nlmsg_flags = data[0] & 1 ? NLM_F_ACK_TLVS : 0,
	};
	memcpy(NLMSG_DATA(msg), data + 1, size - 1);
	reader->given++;
	reader->accepted += reader->read(msg, reader->argument) == 0;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		(void)lsk_nl_format(protocols[i], msg, text, sizeof(text));
	free(msg);
	return 0;
}
