/* SPDX-License-Identifier: MIT */
/*
 * The netlink benchmarks' peers that are libraries: a bare loop with libmnl, as its
 * examples are written, and libnl's route cache. One piece of work per run.
 */
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/route/route.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "bench/netlink_work.h"

#define BUFFER_SIZE 32768

struct routes {
	uint64_t count;
	uint64_t sum;
};

static struct mnl_socket *mnl_open(unsigned int *ret_port)
{
	struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		check(-errno, "mnl_socket");
	*ret_port = mnl_socket_get_portid(socket);
	return socket;
}

static int route_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **table = data;
	int type = mnl_attr_get_type(attr);

	if (mnl_attr_type_valid(attr, RTA_MAX) < 0)
		return MNL_CB_OK;
	switch (type) {
	case RTA_TABLE:
	case RTA_DST:
	case RTA_SRC:
	case RTA_OIF:
	case RTA_FLOW:
	case RTA_PREFSRC:
	case RTA_GATEWAY:
	case RTA_PRIORITY:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
			return MNL_CB_ERROR;
		break;
	default:
		break;
	}
	table[type] = attr;
	return MNL_CB_OK;
}

static int route_message(const struct nlmsghdr *msg, void *data)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(msg);
	const struct nlattr *table[RTA_MAX + 1] = {NULL};
	struct routes *routes = data;
	uint32_t dst = 0;

	mnl_attr_parse(msg, sizeof(*header), route_attribute, table);
	if (table[RTA_DST])
		dst = mnl_attr_get_u32(table[RTA_DST]);
	routes->count++;
	routes->sum +=
		route_sum(&dst, header->rtm_dst_len,
			  table[RTA_OIF] ? mnl_attr_get_u32(table[RTA_OIF]) : 0,
			  table[RTA_TABLE] ? mnl_attr_get_u32(table[RTA_TABLE]) : 0);
	return MNL_CB_OK;
}

static int mnl_dump(char **args)
{
	static char buf[BUFFER_SIZE];
	struct routes routes = {0, 0};
	unsigned int port;
	struct mnl_socket *socket = mnl_open(&port);
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct rtmsg *header;
	struct span span;
	ssize_t len;
	int r = 1;

	(void)args;
	msg->nlmsg_type = RTM_GETROUTE;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	msg->nlmsg_seq = 1;
	header = mnl_nlmsg_put_extra_header(msg, sizeof(*header));
	header->rtm_family = AF_INET;
	span_start(&span);
	if (mnl_socket_sendto(socket, msg, msg->nlmsg_len) < 0)
		check(-errno, "sendto");
	while (r > MNL_CB_STOP) {
		len = mnl_socket_recvfrom(socket, buf, sizeof(buf));
		if (len < 0)
			check(-errno, "recvfrom");
		r = mnl_cb_run(buf, (size_t)len, 1, port, route_message, &routes);
	}
	if (r < 0)
		check(-errno, "mnl_cb_run");
	span_print(&span, "\"count\":%" PRIu64 ",\"sum\":%" PRIu64, routes.count,
		   routes.sum);
	mnl_socket_close(socket);
	return 0;
}

static int link_attribute(const struct nlattr *attr, void *data)
{
	const struct nlattr **table = data;

	if (mnl_attr_type_valid(attr, IFLA_MAX) >= 0)
		table[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static int link_message(const struct nlmsghdr *msg, void *data)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(msg);
	const struct nlattr *table[IFLA_MAX + 1] = {NULL};

	mnl_attr_parse(msg, sizeof(*header), link_attribute, table);
	*(uint64_t *)data += (uint64_t)header->ifi_index;
	return MNL_CB_OK;
}

/* One link at a time: send, receive its data, receive the acknowledgement. */
static int mnl_single(char **args)
{
	static char buf[BUFFER_SIZE];
	uint32_t count = number(args[0]);
	unsigned int port;
	struct mnl_socket *socket = mnl_open(&port);
	uint64_t sum = 0;
	struct span span;

	span_start(&span);
	for (uint32_t i = 1; i <= count; i++) {
		struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
		struct ifinfomsg *header;
		ssize_t len;
		int r = 1;

		msg->nlmsg_type = RTM_GETLINK;
		msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
		msg->nlmsg_seq = i;
		header = mnl_nlmsg_put_extra_header(msg, sizeof(*header));
		header->ifi_index = 1;
		mnl_attr_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		if (mnl_socket_sendto(socket, msg, msg->nlmsg_len) < 0)
			check(-errno, "sendto");
		while (r > MNL_CB_STOP) {
			len = mnl_socket_recvfrom(socket, buf, sizeof(buf));
			if (len < 0)
				check(-errno, "recvfrom");
			r = mnl_cb_run(buf, (size_t)len, i, port, link_message, &sum);
		}
		if (r < 0)
			check(-errno, "mnl_cb_run");
	}
	span_print(&span, "\"sum\":%" PRIu64, sum);
	mnl_socket_close(socket);
	return 0;
}

static int libnl_cache(char **args)
{
	struct nl_sock *socket = nl_socket_alloc();
	struct nl_cache *cache;
	struct span span;

	(void)args;
	if (nl_connect(socket, NETLINK_ROUTE) < 0)
		check(-EIO, "nl_connect");
	span_start(&span);
	if (rtnl_route_alloc_cache(socket, AF_INET, 0, &cache) < 0)
		check(-EIO, "rtnl_route_alloc_cache");
	span_print(&span, "\"count\":%d", nl_cache_nitems(cache));
	nl_cache_free(cache);
	nl_socket_free(socket);
	return 0;
}

static const struct work works[] = {
	{"mnl-dump", 0, mnl_dump},
	{"mnl-single", 1, mnl_single},
	{"libnl-cache", 0, libnl_cache},
	{NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return work_main(works, argc, argv);
}
