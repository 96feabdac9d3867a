/* SPDX-License-Identifier: MIT */
/* MPTCP: the socket's information, and the path manager over generic netlink. */
#include <linsock/mptcp.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/mptcp.h>

#include <linsock/genl.h>
#include <linsock/inet.h>
#include <linsock/option.h>

#include "families/genl.h"
#include "uring/util.h"

/* SOL_MPTCP, which is younger than the headers of some systems. */
#define LEVEL_MPTCP 284

/* --- the socket -------------------------------------------------------------- */

int lsk_mptcp_info(const struct lsk_socket *sock, struct lsk_mptcp_info *ret_info)
{
	/* Zeroed first: older kernels fill less of it. */
	struct mptcp_info info = {0};
	socklen_t len = sizeof(info);
	int r = lsk_inet_is_multipath(sock);

	if (r > 0)
		r = lsk_socket_getsockopt(sock, LEVEL_MPTCP, MPTCP_INFO, &info, &len);
	else if (r == 0) {
		*ret_info = (struct lsk_mptcp_info){.is_multipath = false};
		return 0;
	}
	if (r < 0)
		return r;
	*ret_info = (struct lsk_mptcp_info){
		.is_multipath = true,
		.subflows = info.mptcpi_subflows,
		.subflows_max = info.mptcpi_subflows_max,
		.addresses_announced = info.mptcpi_add_addr_signal,
		.addresses_accepted = info.mptcpi_add_addr_accepted,
		.token = info.mptcpi_token,
		.retransmits = info.mptcpi_retransmits,
		.bytes_sent = info.mptcpi_bytes_sent,
		.bytes_received = info.mptcpi_bytes_received,
		.bytes_retransmitted = info.mptcpi_bytes_retrans,
	};
	return 0;
}

static int from_storage(const void *storage, struct lsk_addr *ret_addr)
{
	sa_family_t family;

	memcpy(&family, storage, sizeof(family));
	return lsk_addr_set(ret_addr, storage,
			    family == AF_INET ? sizeof(struct sockaddr_in)
					      : sizeof(struct sockaddr_in6));
}

int lsk_mptcp_subflows(const struct lsk_socket *sock,
		       struct lsk_mptcp_subflow *ret_subflows, size_t max)
{
	struct {
		struct mptcp_subflow_data head;
		struct mptcp_subflow_addrs addrs[LSK_MPTCP_SUBFLOWS_MAX];
	} all = {.head = {.size_subflow_data = sizeof(all.head),
			  .size_user = sizeof(all.addrs[0])}};
	socklen_t len = sizeof(all);
	int r = lsk_inet_is_multipath(sock);

	if (r <= 0)
		return r;
	r = lsk_socket_getsockopt(sock, LEVEL_MPTCP, MPTCP_SUBFLOW_ADDRS, &all, &len);
	if (r < 0)
		return r;
	for (size_t i = 0;
	     i < max && i < all.head.num_subflows && i < LSK_MPTCP_SUBFLOWS_MAX; i++) {
		r = from_storage(&all.addrs[i].ss_local, &ret_subflows[i].local);
		if (r == 0)
			r = from_storage(&all.addrs[i].ss_remote,
					 &ret_subflows[i].remote);
		if (r < 0)
			return r;
	}
	return (int)all.head.num_subflows;
}

/* --- messages of the path manager -------------------------------------------- */

/* An endpoint as the wire has it. */
struct address {
	uint64_t has;
	uint16_t family;
	uint8_t id;
	struct in_addr in4;
	struct in6_addr in6;
	uint16_t port;
	uint32_t flags;
	uint32_t interface;
};

enum { HAS_FAMILY, HAS_ID, HAS_IN4, HAS_IN6, HAS_PORT, HAS_FLAGS, HAS_INTERFACE };

#define ADDRESS(text, what, member, bit) \
	LSK_NL_FIELD(text, what, struct address, member, bit)

static const struct lsk_nl_field address_fields[] = {
	[MPTCP_PM_ADDR_ATTR_FAMILY] =
		ADDRESS("family", LSK_NL_UINT, family, HAS_FAMILY),
	[MPTCP_PM_ADDR_ATTR_ID] = ADDRESS("id", LSK_NL_UINT, id, HAS_ID),
	[MPTCP_PM_ADDR_ATTR_ADDR4] = ADDRESS("addr4", LSK_NL_BYTES, in4, HAS_IN4),
	[MPTCP_PM_ADDR_ATTR_ADDR6] = ADDRESS("addr6", LSK_NL_BYTES, in6, HAS_IN6),
	[MPTCP_PM_ADDR_ATTR_PORT] = ADDRESS("port", LSK_NL_UINT, port, HAS_PORT),
	[MPTCP_PM_ADDR_ATTR_FLAGS] = ADDRESS("flags", LSK_NL_UINT, flags, HAS_FLAGS),
	[MPTCP_PM_ADDR_ATTR_IF_IDX] =
		ADDRESS("if-idx", LSK_NL_UINT, interface, HAS_INTERFACE),
};

#define TABLE(rows, type)                                                          \
	{                                                                          \
		.fields = (rows), .count = ARRAY_SIZE(rows), .size = sizeof(type), \
		.has_offset = offsetof(type, has),                                 \
	}

static const struct lsk_nl_table address_table = TABLE(address_fields, struct address);

static const struct lsk_nl_field address_message_fields[] = {
	[MPTCP_PM_ATTR_ADDR] = LSK_NL_INSIDE("addr", &address_table),
};
static const struct lsk_nl_table address_message =
	TABLE(address_message_fields, struct address);

struct limits {
	uint64_t has;
	uint32_t subflows;
	uint32_t accepted;
};

static const struct lsk_nl_field limits_fields[] = {
	[MPTCP_PM_ATTR_RCV_ADD_ADDRS] =
		LSK_NL_FIELD("rcv-add-addrs", LSK_NL_UINT, struct limits, accepted, 0),
	[MPTCP_PM_ATTR_SUBFLOWS] =
		LSK_NL_FIELD("subflows", LSK_NL_UINT, struct limits, subflows, 1),
};
static const struct lsk_nl_table limits_table = TABLE(limits_fields, struct limits);

struct event {
	uint64_t has;
	uint32_t token;
	uint16_t family;
	uint8_t local_id;
	uint8_t remote_id;
	struct in_addr local4;
	struct in6_addr local6;
	struct in_addr remote4;
	struct in6_addr remote6;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t backup;
	uint8_t error;
	uint8_t server_side;
};

enum { HAS_LOCAL4, HAS_LOCAL6, HAS_REMOTE4, HAS_REMOTE6 };

#define EVENT(text, what, member, bit) \
	LSK_NL_FIELD(text, what, struct event, member, bit)

/* The ports are in network order here, and in host order above. */
static const struct lsk_nl_field event_fields[] = {
	[MPTCP_ATTR_TOKEN] = EVENT("token", LSK_NL_UINT, token, 8),
	[MPTCP_ATTR_FAMILY] = EVENT("family", LSK_NL_UINT, family, 9),
	[MPTCP_ATTR_LOC_ID] = EVENT("loc-id", LSK_NL_UINT, local_id, 10),
	[MPTCP_ATTR_REM_ID] = EVENT("rem-id", LSK_NL_UINT, remote_id, 11),
	[MPTCP_ATTR_SADDR4] = EVENT("saddr4", LSK_NL_BYTES, local4, HAS_LOCAL4),
	[MPTCP_ATTR_SADDR6] = EVENT("saddr6", LSK_NL_BYTES, local6, HAS_LOCAL6),
	[MPTCP_ATTR_DADDR4] = EVENT("daddr4", LSK_NL_BYTES, remote4, HAS_REMOTE4),
	[MPTCP_ATTR_DADDR6] = EVENT("daddr6", LSK_NL_BYTES, remote6, HAS_REMOTE6),
	[MPTCP_ATTR_SPORT] = EVENT("sport", LSK_NL_BE, local_port, 12),
	[MPTCP_ATTR_DPORT] = EVENT("dport", LSK_NL_BE, remote_port, 13),
	[MPTCP_ATTR_BACKUP] = EVENT("backup", LSK_NL_UINT, backup, 14),
	[MPTCP_ATTR_ERROR] = EVENT("error", LSK_NL_UINT, error, 15),
	[MPTCP_ATTR_SERVER_SIDE] = EVENT("server-side", LSK_NL_UINT, server_side, 16),
};
static const struct lsk_nl_table event_table = TABLE(event_fields, struct event);

/* @port in host order; neither address: nothing is known. */
static void join(struct lsk_addr *ret_addr, const struct in_addr *in4,
		 const struct in6_addr *in6, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	*ret_addr = (struct lsk_addr){.len = 0};
	if (in4) {
		sin.sin_addr = *in4;
		(void)lsk_addr_set(ret_addr, &sin, sizeof(sin));
	} else if (in6) {
		sin6.sin6_addr = *in6;
		(void)lsk_addr_set(ret_addr, &sin6, sizeof(sin6));
	}
}

static int split(const struct lsk_mptcp_endpoint *endpoint, struct address *ret_address)
{
	struct address address = {
		.has = LSK_SET(HAS_FAMILY) | LSK_SET(HAS_FLAGS),
		.id = endpoint->id,
		.flags = endpoint->flags,
		.interface = endpoint->interface,
	};
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	address.family = (uint16_t)lsk_addr_family(&endpoint->addr);
	if (address.family == AF_INET) {
		memcpy(&sin, &endpoint->addr.storage, sizeof(sin));
		address.in4 = sin.sin_addr;
		address.port = ntohs(sin.sin_port);
		address.has |= LSK_SET(HAS_IN4);
	} else if (address.family == AF_INET6) {
		memcpy(&sin6, &endpoint->addr.storage, sizeof(sin6));
		address.in6 = sin6.sin6_addr;
		address.port = ntohs(sin6.sin6_port);
		address.has |= LSK_SET(HAS_IN6);
	} else {
		return LSK_ERR_FAMILY;
	}
	if (address.port != 0)
		address.has |= LSK_SET(HAS_PORT);
	if (address.id != 0)
		address.has |= LSK_SET(HAS_ID);
	if (address.interface != 0)
		address.has |= LSK_SET(HAS_INTERFACE);
	*ret_address = address;
	return 0;
}

static int start(struct lsk_nl *nl, struct lsk_nl_msg *msg, uint8_t command)
{
	struct lsk_genl_family family;
	int r = lsk_genl_find(nl, MPTCP_PM_NAME, &family);

	if (r == 0)
		lsk_genl_msg_start(msg, &family, command, 0);
	return r;
}

static int request(struct lsk_nl *nl, uint8_t command, const struct address *address,
		   struct lsk_nl_error *ret_error)
{
	LSK_NL_MSG(msg, 256);
	int r = start(nl, &msg, command);

	if (r < 0)
		return r;
	LSK_NL_NEST(&msg, MPTCP_PM_ATTR_ADDR)
	lsk_nl_build_attributes(&msg, &address_table, address);
	return lsk_nl_request(nl, &msg, ret_error);
}

int lsk_mptcp_endpoint_add(struct lsk_nl *nl, const struct lsk_mptcp_endpoint *endpoint,
			   struct lsk_nl_error *ret_error)
{
	struct address address;
	int r = split(endpoint, &address);

	return r < 0 ? r : request(nl, MPTCP_PM_CMD_ADD_ADDR, &address, ret_error);
}

int lsk_mptcp_endpoint_remove(struct lsk_nl *nl, uint8_t id,
			      struct lsk_nl_error *ret_error)
{
	struct address address = {.has = LSK_SET(HAS_ID), .id = id};

	return request(nl, MPTCP_PM_CMD_DEL_ADDR, &address, ret_error);
}

int lsk_mptcp_endpoint_set_flags(struct lsk_nl *nl, uint8_t id, uint32_t flags,
				 struct lsk_nl_error *ret_error)
{
	struct address address = {
		.has = LSK_SET(HAS_ID) | LSK_SET(HAS_FLAGS),
		.id = id,
		.flags = flags,
	};

	return request(nl, MPTCP_PM_CMD_SET_FLAGS, &address, ret_error);
}

int lsk_mptcp_endpoint_flush(struct lsk_nl *nl, struct lsk_nl_error *ret_error)
{
	LSK_NL_MSG(msg, 64);
	int r = start(nl, &msg, MPTCP_PM_CMD_FLUSH_ADDRS);

	return r < 0 ? r : lsk_nl_request(nl, &msg, ret_error);
}

int lsk_mptcp_endpoint_dump(struct lsk_nl *nl, struct lsk_nl_dump **ret_dump)
{
	LSK_NL_MSG(msg, 64);
	int r = start(nl, &msg, MPTCP_PM_CMD_GET_ADDR);

	return r < 0 ? r : lsk_nl_dump_start(nl, &msg, ret_dump);
}

int lsk_mptcp_endpoint_parse(const struct nlmsghdr *msg,
			     struct lsk_mptcp_endpoint *ret_endpoint)
{
	struct lsk_mptcp_endpoint endpoint;
	struct address address = {0};
	int r = genl_parse_row(msg, &address_message, &address);

	if (r < 0)
		return r;
	join(&endpoint.addr, LSK_HAS(&address, HAS_IN4) ? &address.in4 : NULL,
	     LSK_HAS(&address, HAS_IN6) ? &address.in6 : NULL, address.port);
	endpoint.id = address.id;
	endpoint.flags = address.flags;
	endpoint.interface = address.interface;
	*ret_endpoint = endpoint;
	return 0;
}

int lsk_mptcp_endpoint_next(struct lsk_nl_dump *dump,
			    struct lsk_mptcp_endpoint *ret_endpoint)
{
	const struct nlmsghdr *msg;
	int r = lsk_nl_dump_next(dump, &msg);

	if (r <= 0)
		return r;
	r = lsk_mptcp_endpoint_parse(msg, ret_endpoint);
	return r < 0 ? r : 1;
}

int lsk_mptcp_limits_parse(const struct nlmsghdr *msg,
			   struct lsk_mptcp_limits *ret_limits)
{
	struct limits limits = {0};
	int r = genl_parse_row(msg, &limits_table, &limits);

	if (r < 0)
		return r;
	ret_limits->subflows = limits.subflows;
	ret_limits->addresses_accepted = limits.accepted;
	return 0;
}

int lsk_mptcp_limits_get(struct lsk_nl *nl, struct lsk_mptcp_limits *ret_limits)
{
	const struct nlmsghdr *reply = NULL;
	LSK_NL_MSG(msg, 64);
	int r = start(nl, &msg, MPTCP_PM_CMD_GET_LIMITS);

	if (r == 0)
		r = lsk_nl_query(nl, &msg, &reply, NULL);
	return r < 0 ? r : lsk_mptcp_limits_parse(reply, ret_limits);
}

int lsk_mptcp_limits_set(struct lsk_nl *nl, const struct lsk_mptcp_limits *limits,
			 struct lsk_nl_error *ret_error)
{
	LSK_NL_MSG(msg, 64);
	int r = start(nl, &msg, MPTCP_PM_CMD_SET_LIMITS);

	if (r < 0)
		return r;
	lsk_nl_put_u32(&msg, MPTCP_PM_ATTR_RCV_ADD_ADDRS, limits->addresses_accepted);
	lsk_nl_put_u32(&msg, MPTCP_PM_ATTR_SUBFLOWS, limits->subflows);
	return lsk_nl_request(nl, &msg, ret_error);
}

int lsk_mptcp_watch(struct lsk_nl *nl)
{
	struct lsk_genl_family family;
	int r = lsk_genl_find(nl, MPTCP_PM_NAME, &family);

	if (r == 0)
		r = lsk_genl_group(&family, MPTCP_PM_EV_GRP_NAME);
	return r < 0 ? r : lsk_nl_join(nl, (uint32_t)r);
}

int lsk_mptcp_event_parse(const struct nlmsghdr *msg, struct lsk_mptcp_event *ret_event)
{
	struct genlmsghdr header;
	struct event event = {0};
	int r = genl_parse_row(msg, &event_table, &event);

	if (r < 0)
		return r;
	memcpy(&header, NLMSG_DATA(msg), sizeof(header));
	*ret_event = (struct lsk_mptcp_event){
		.change = (enum lsk_mptcp_change)header.cmd,
		.token = event.token,
		.local_id = event.local_id,
		.remote_id = event.remote_id,
		.is_backup = event.backup,
		.is_server = event.server_side,
		.error = -(int)event.error,
	};
	join(&ret_event->local, LSK_HAS(&event, HAS_LOCAL4) ? &event.local4 : NULL,
	     LSK_HAS(&event, HAS_LOCAL6) ? &event.local6 : NULL, event.local_port);
	join(&ret_event->remote, LSK_HAS(&event, HAS_REMOTE4) ? &event.remote4 : NULL,
	     LSK_HAS(&event, HAS_REMOTE6) ? &event.remote6 : NULL, event.remote_port);
	return 0;
}
