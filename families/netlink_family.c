/* SPDX-License-Identifier: MIT */
/*
 * AF_NETLINK's row and addresses: a port id and a mask of the first 32 groups.
 *
 *	netlink://0            the kernel, or in bind(2) a free port id
 *	netlink://4711/0x11    port id 4711, groups 1 and 5
 *
 * In an endpoint the place is a protocol, and groups have names:
 *
 *	netlink://route?groups=link,ipv4-addr      netlink://generic?groups=3
 *
 * As an address such a place is that of the kernel. See netlink(7).
 */
#include <linsock/netlink.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"
#include "uring/util.h"

struct name {
	const char *name;
	int number;
};

static const struct name protocols[] = {
	{"route", NETLINK_ROUTE},           {"generic", NETLINK_GENERIC},
	{"sock-diag", NETLINK_SOCK_DIAG},   {"netfilter", NETLINK_NETFILTER},
	{"uevent", NETLINK_KOBJECT_UEVENT}, {"connector", NETLINK_CONNECTOR},
	{"audit", NETLINK_AUDIT},           {"xfrm", NETLINK_XFRM},
	{"crypto", NETLINK_CRYPTO},         {"selinux", NETLINK_SELINUX},
	{"fib-lookup", NETLINK_FIB_LOOKUP}, {"rdma", NETLINK_RDMA},
	{"usersock", NETLINK_USERSOCK},
};

/* Groups of NETLINK_ROUTE; other protocols' go by number. */
static const struct name group_names[] = {
	{"link", RTNLGRP_LINK},
	{"neigh", RTNLGRP_NEIGH},
	{"tc", RTNLGRP_TC},
	{"ipv4-addr", RTNLGRP_IPV4_IFADDR},
	{"ipv4-route", RTNLGRP_IPV4_ROUTE},
	{"ipv4-mroute", RTNLGRP_IPV4_MROUTE},
	{"ipv4-rule", RTNLGRP_IPV4_RULE},
	{"ipv4-netconf", RTNLGRP_IPV4_NETCONF},
	{"ipv6-addr", RTNLGRP_IPV6_IFADDR},
	{"ipv6-route", RTNLGRP_IPV6_ROUTE},
	{"ipv6-mroute", RTNLGRP_IPV6_MROUTE},
	{"ipv6-rule", RTNLGRP_IPV6_RULE},
	{"ipv6-netconf", RTNLGRP_IPV6_NETCONF},
	{"ipv6-prefix", RTNLGRP_IPV6_PREFIX},
	{"nsid", RTNLGRP_NSID},
	{"nexthop", RTNLGRP_NEXTHOP},
	{"stats", RTNLGRP_STATS},
};

int lsk_addr_netlink(struct lsk_addr *ret_addr, uint32_t port_id, uint32_t groups)
{
	const struct sockaddr_nl sockaddr = {
		.nl_family = AF_NETLINK,
		.nl_pid = port_id,
		.nl_groups = groups,
	};
	struct lsk_addr addr = {.len = sizeof(sockaddr)};

	if (!ret_addr)
		return -EINVAL;
	memcpy(&addr.storage, &sockaddr, sizeof(sockaddr));
	*ret_addr = addr;
	return 0;
}

static int find_name(const struct name *names, size_t count, const char *text,
		     size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(names[i].name) == len &&
		    memcmp(names[i].name, text, len) == 0)
			return names[i].number;
	return -ENOENT;
}

static int netlink_place_protocol(const char *text)
{
	return find_name(protocols, ARRAY_SIZE(protocols), text, strlen(text));
}

static int netlink_parse(const char *text, struct lsk_addr *ret_addr,
			 struct lsk_error *ret_error)
{
	const char *slash = strchrnul(text, '/');
	uint64_t port_id = 0;
	uint64_t mask = 0;
	int r;

	if (netlink_place_protocol(text) >= 0)
		return lsk_addr_netlink(ret_addr, 0, 0);
	r = text_to_uint(text, (size_t)(slash - text), UINT32_MAX, &port_id);
	if (r < 0)
		return error_set(ret_error, r, 0,
				 "expected a netlink protocol or a port id");
	if (*slash) {
		r = text_to_uint(slash + 1, strlen(slash + 1), UINT32_MAX, &mask);
		if (r < 0)
			return error_set(ret_error, r, (size_t)(slash + 1 - text),
					 "expected a mask of groups, such as 0x11");
	}
	return lsk_addr_netlink(ret_addr, (uint32_t)port_id, (uint32_t)mask);
}

static int netlink_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	struct sockaddr_nl sockaddr;

	if (addr->len != sizeof(sockaddr))
		return -EINVAL;
	memcpy(&sockaddr, &addr->storage, sizeof(sockaddr));
	text_put_format(&writer, "%u", sockaddr.nl_pid);
	if (sockaddr.nl_groups != 0)
		text_put_format(&writer, "/0x%x", sockaddr.nl_groups);
	return text_end(&writer);
}

/* Two bytes of padding do not count. */
static bool netlink_equal(const struct lsk_addr *a, const struct lsk_addr *b)
{
	struct sockaddr_nl left;
	struct sockaddr_nl right;

	if (a->len != sizeof(left) || b->len != sizeof(right))
		return a->len == b->len &&
		       memcmp(&a->storage, &b->storage, a->len) == 0;
	memcpy(&left, &a->storage, sizeof(left));
	memcpy(&right, &b->storage, sizeof(right));
	return left.nl_pid == right.nl_pid && left.nl_groups == right.nl_groups;
}

/* Join "link,ipv4-addr,27": after the bind(2), which would leave the first 32 groups
 * again. */
static int netlink_set_groups(int fd, const char *value, struct lsk_error *ret_error)
{
	const char *at = value;

	while (at) {
		size_t len = strcspn(at, ",");
		size_t offset = (size_t)(at - value);
		uint64_t number = 0;
		int group = find_name(group_names, ARRAY_SIZE(group_names), at, len);
		int r;

		if (group < 0) {
			if (text_to_uint(at, len, INT32_MAX, &number) < 0 ||
			    number == 0)
				return error_set(ret_error, LSK_ERR_VALUE, offset,
						 "no group is called so");
			group = (int)number;
		}
		r = syscall_result(setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
					      &group, sizeof(group)));
		if (r < 0)
			return error_set_code(ret_error, r, offset, NULL);
		at = at[len] ? at + len + 1 : NULL;
	}
	return value ? 0
		     : error_set(ret_error, LSK_ERR_VALUE, 0,
				 "expected names of groups");
}

static const struct family_type netlink_types[] = {
	{"route", SOCK_RAW, NETLINK_ROUTE},
	{"generic", SOCK_RAW, NETLINK_GENERIC},
	{"sock-diag", SOCK_RAW, NETLINK_SOCK_DIAG},
	{"netfilter", SOCK_RAW, NETLINK_NETFILTER},
	{"uevent", SOCK_RAW, NETLINK_KOBJECT_UEVENT},
	{"connector", SOCK_RAW, NETLINK_CONNECTOR},
	{"audit", SOCK_RAW, NETLINK_AUDIT},
	{"xfrm", SOCK_RAW, NETLINK_XFRM},
	{"crypto", SOCK_RAW, NETLINK_CRYPTO},
	{0},
};

static const struct family_option netlink_options[] = {
	{"groups", FAMILY_VALUE_LATE, 0, 0, netlink_set_groups},
	{"pktinfo", FAMILY_VALUE_FLAG, SOL_NETLINK, NETLINK_PKTINFO, NULL},
	{"all-nsid", FAMILY_VALUE_FLAG, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, NULL},
	{"no-enobufs", FAMILY_VALUE_FLAG, SOL_NETLINK, NETLINK_NO_ENOBUFS, NULL},
	{"ext-ack", FAMILY_VALUE_FLAG, SOL_NETLINK, NETLINK_EXT_ACK, NULL},
	{"cap-ack", FAMILY_VALUE_FLAG, SOL_NETLINK, NETLINK_CAP_ACK, NULL},
	{"strict", FAMILY_VALUE_FLAG, SOL_NETLINK, NETLINK_GET_STRICT_CHK, NULL},
	{0},
};

const struct lsk_family lsk_family_netlink = {
	.domain = AF_NETLINK,
	.name = "netlink",
	.summary = "the kernel's tables: links, addresses, routes, sockets",
	.parse = netlink_parse,
	.format = netlink_format,
	.equal = netlink_equal,
	.place_protocol = netlink_place_protocol,
	.options = netlink_options,
	.types = netlink_types,
	.probe = &netlink_probe,
	.send = FAMILY_SEND_RING,
	.ring = FAMILY_RING_RECV_MULTISHOT | FAMILY_RING_SAYS_ENOBUFS,
};
