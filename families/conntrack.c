/* SPDX-License-Identifier: MIT */
/* Netfilter's connections: nests in nests, all in network byte order. */
#include <linsock/conntrack.h>

#include <errno.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "families/netfilter.h"
#include "families/netlink_table.h"
#include "uring/util.h"

#define REQUEST_SIZE 512

#define CT(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_conntrack, member, LSK_CONNTRACK_##number)
#define NESTED(fields_)                                            \
	{                                                          \
		.fields = (fields_), .count = ARRAY_SIZE(fields_), \
	}

static const struct lsk_nl_field ip_fields[] = {
	[CTA_IP_V4_SRC] = CT("v4-src", LSK_NL_INET, src, SRC),
	[CTA_IP_V4_DST] = CT("v4-dst", LSK_NL_INET, dst, DST),
	[CTA_IP_V6_SRC] = CT("v6-src", LSK_NL_INET, src, SRC),
	[CTA_IP_V6_DST] = CT("v6-dst", LSK_NL_INET, dst, DST),
};
static const struct lsk_nl_table ip_table = NESTED(ip_fields);

static const struct lsk_nl_field reply_ip_fields[] = {
	[CTA_IP_V4_SRC] = CT("v4-src", LSK_NL_INET, reply_src, REPLY_SRC),
	[CTA_IP_V4_DST] = CT("v4-dst", LSK_NL_INET, reply_dst, REPLY_DST),
	[CTA_IP_V6_SRC] = CT("v6-src", LSK_NL_INET, reply_src, REPLY_SRC),
	[CTA_IP_V6_DST] = CT("v6-dst", LSK_NL_INET, reply_dst, REPLY_DST),
};
static const struct lsk_nl_table reply_ip_table = NESTED(reply_ip_fields);

static const struct lsk_nl_field proto_fields[] = {
	[CTA_PROTO_NUM] = CT("num", LSK_NL_UINT, protocol, PROTOCOL),
	[CTA_PROTO_SRC_PORT] = CT("src-port", LSK_NL_BE, sport, SPORT),
	[CTA_PROTO_DST_PORT] = CT("dst-port", LSK_NL_BE, dport, DPORT),
	[CTA_PROTO_ICMP_ID] = CT("icmp-id", LSK_NL_BE, icmp_id, ICMP_ID),
	[CTA_PROTO_ICMP_TYPE] = CT("icmp-type", LSK_NL_UINT, icmp_type, ICMP_TYPE),
	[CTA_PROTO_ICMP_CODE] = CT("icmp-code", LSK_NL_UINT, icmp_code, ICMP_CODE),
	[CTA_PROTO_ICMPV6_ID] = CT("icmpv6-id", LSK_NL_BE, icmp_id, ICMP_ID),
	[CTA_PROTO_ICMPV6_TYPE] = CT("icmpv6-type", LSK_NL_UINT, icmp_type, ICMP_TYPE),
	[CTA_PROTO_ICMPV6_CODE] = CT("icmpv6-code", LSK_NL_UINT, icmp_code, ICMP_CODE),
};
static const struct lsk_nl_table proto_table = NESTED(proto_fields);

static const struct lsk_nl_field reply_proto_fields[] = {
	[CTA_PROTO_NUM] = LSK_NL_NAMED("num", LSK_NL_UINT),
	[CTA_PROTO_SRC_PORT] = CT("src-port", LSK_NL_BE, reply_sport, REPLY_SPORT),
	[CTA_PROTO_DST_PORT] = CT("dst-port", LSK_NL_BE, reply_dport, REPLY_DPORT),
};
static const struct lsk_nl_table reply_proto_table = NESTED(reply_proto_fields);

static const struct lsk_nl_field tuple_fields[] = {
	[CTA_TUPLE_IP] = LSK_NL_INSIDE("ip", &ip_table),
	[CTA_TUPLE_PROTO] = LSK_NL_INSIDE("proto", &proto_table),
};
static const struct lsk_nl_table tuple_table = NESTED(tuple_fields);

static const struct lsk_nl_field reply_tuple_fields[] = {
	[CTA_TUPLE_IP] = LSK_NL_INSIDE("ip", &reply_ip_table),
	[CTA_TUPLE_PROTO] = LSK_NL_INSIDE("proto", &reply_proto_table),
};
static const struct lsk_nl_table reply_tuple_table = NESTED(reply_tuple_fields);

static const struct lsk_nl_field tcp_fields[] = {
	[CTA_PROTOINFO_TCP_STATE] = CT("state", LSK_NL_UINT, tcp_state, TCP_STATE),
};
static const struct lsk_nl_table tcp_table = NESTED(tcp_fields);

static const struct lsk_nl_field info_fields[] = {
	[CTA_PROTOINFO_TCP] = LSK_NL_INSIDE("tcp", &tcp_table),
};
static const struct lsk_nl_table info_table = NESTED(info_fields);

static const struct lsk_nl_field counter_fields[] = {
	[CTA_COUNTERS_PACKETS] = CT("packets", LSK_NL_BE, packets, PACKETS),
	[CTA_COUNTERS_BYTES] = CT("bytes", LSK_NL_BE, bytes, BYTES),
};
static const struct lsk_nl_table counter_table = NESTED(counter_fields);

static const struct lsk_nl_field reply_counter_fields[] = {
	[CTA_COUNTERS_PACKETS] = CT("packets", LSK_NL_BE, reply_packets, REPLY_PACKETS),
	[CTA_COUNTERS_BYTES] = CT("bytes", LSK_NL_BE, reply_bytes, REPLY_BYTES),
};
static const struct lsk_nl_table reply_counter_table = NESTED(reply_counter_fields);

static const struct lsk_nl_field help_fields[] = {
	[CTA_HELP_NAME] = CT("name", LSK_NL_STRING, helper, HELPER),
};
static const struct lsk_nl_table help_table = NESTED(help_fields);

static const struct lsk_nl_field time_fields[] = {
	[CTA_TIMESTAMP_START] = CT("start", LSK_NL_BE, start, START),
	[CTA_TIMESTAMP_STOP] = CT("stop", LSK_NL_BE, stop, STOP),
};
static const struct lsk_nl_table time_table = NESTED(time_fields);

static const struct lsk_nl_field conntrack_fields[] = {
	[CTA_TUPLE_ORIG] = LSK_NL_INSIDE("tuple-orig", &tuple_table),
	[CTA_TUPLE_REPLY] = LSK_NL_INSIDE("tuple-reply", &reply_tuple_table),
	[CTA_STATUS] = CT("status", LSK_NL_BE, status, STATUS),
	[CTA_PROTOINFO] = LSK_NL_INSIDE("protoinfo", &info_table),
	[CTA_HELP] = LSK_NL_INSIDE("help", &help_table),
	[CTA_TIMEOUT] = CT("timeout", LSK_NL_BE, timeout, TIMEOUT),
	[CTA_MARK] = CT("mark", LSK_NL_BE, mark, MARK),
	[CTA_COUNTERS_ORIG] = LSK_NL_INSIDE("counters-orig", &counter_table),
	[CTA_COUNTERS_REPLY] = LSK_NL_INSIDE("counters-reply", &reply_counter_table),
	[CTA_USE] = CT("use", LSK_NL_BE, use, USE),
	[CTA_ID] = CT("id", LSK_NL_BE, id, ID),
	[CTA_ZONE] = CT("zone", LSK_NL_BE, zone, ZONE),
	[CTA_TIMESTAMP] = LSK_NL_INSIDE("timestamp", &time_table),
};

static const struct lsk_nl_table conntrack_table = {
	.fields = conntrack_fields,
	.count = ARRAY_SIZE(conntrack_fields),
	.size = sizeof(struct lsk_conntrack),
	.header_offset = offsetof(struct lsk_conntrack, info),
	.header_len = sizeof(struct nfgenmsg),
	.has_offset = offsetof(struct lsk_conntrack, has),
};

#define TYPE(message) (NFNL_SUBSYS_CTNETLINK << 8 | (message))

const struct netlink_message *conntrack_message_find(uint16_t type)
{
	static const struct netlink_message messages[] = {
		{TYPE(IPCTNL_MSG_CT_NEW), "ct-new", &conntrack_table},
		{TYPE(IPCTNL_MSG_CT_GET), "ct-get", &conntrack_table},
		{TYPE(IPCTNL_MSG_CT_DELETE), "ct-delete", &conntrack_table},
	};

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		if (messages[i].type == type)
			return &messages[i];
	return NULL;
}

static void start(struct lsk_nl_msg *msg, unsigned int message, int family)
{
	const struct nfgenmsg header = {
		.nfgen_family = (uint8_t)family,
		/* Version 1 flushes one family, version 0 always all. */
		.version = family == AF_UNSPEC ? NFNETLINK_V0 : 1,
	};

	lsk_nl_msg_start(msg, TYPE(message), 0, &header, sizeof(header));
}

int lsk_conntrack_dump(struct lsk_nl *nl, int family, struct lsk_nl_dump **ret_dump)
{
	LSK_NL_MSG(msg, REQUEST_SIZE);

	start(&msg, IPCTNL_MSG_CT_GET, family);
	return lsk_nl_dump_start(nl, &msg, ret_dump);
}

int lsk_conntrack_parse(const struct nlmsghdr *msg,
			struct lsk_conntrack *ret_connection)
{
	if (NFNL_SUBSYS_ID(msg->nlmsg_type) != NFNL_SUBSYS_CTNETLINK)
		return -ENOMSG;
	return lsk_nl_parse(msg, &conntrack_table, ret_connection);
}

int lsk_conntrack_next(struct lsk_nl_dump *dump, struct lsk_conntrack *ret_connection)
{
	const struct nlmsghdr *msg;
	int r = lsk_nl_dump_next(dump, &msg);

	if (r <= 0)
		return r;
	r = lsk_conntrack_parse(msg, ret_connection);
	return r < 0 ? r : 1;
}

int lsk_conntrack_flush(struct lsk_nl *nl, int family, struct lsk_nl_error *ret_error)
{
	LSK_NL_MSG(msg, REQUEST_SIZE);

	start(&msg, IPCTNL_MSG_CT_DELETE, family);
	return lsk_nl_request(nl, &msg, ret_error);
}

int lsk_conntrack_delete(struct lsk_nl *nl, const struct lsk_conntrack *connection,
			 struct lsk_nl_error *ret_error)
{
	bool is_inet = connection->info.nfgen_family == AF_INET;
	LSK_NL_MSG(msg, REQUEST_SIZE);

	start(&msg, IPCTNL_MSG_CT_DELETE, connection->info.nfgen_family);
	/* By its first packet's addresses, and its id, lest one that came after it with
	 * the same is meant. */
	LSK_NL_NEST(&msg, CTA_TUPLE_ORIG)
	{
		LSK_NL_NEST(&msg, CTA_TUPLE_IP)
		{
			lsk_nl_put(&msg, is_inet ? CTA_IP_V4_SRC : CTA_IP_V6_SRC,
				   connection->src.bytes, connection->src.len);
			lsk_nl_put(&msg, is_inet ? CTA_IP_V4_DST : CTA_IP_V6_DST,
				   connection->dst.bytes, connection->dst.len);
		}
		LSK_NL_NEST(&msg, CTA_TUPLE_PROTO)
		{
			uint64_t ports = UINT64_C(1) << LSK_CONNTRACK_SPORT |
					 UINT64_C(1) << LSK_CONNTRACK_DPORT;
			struct lsk_conntrack rest = *connection;

			/* Of ICMPv6 the attributes have other numbers. */
			if (connection->protocol == IPPROTO_ICMPV6) {
				rest.has &= ports;
				lsk_nl_put_be16(&msg, CTA_PROTO_ICMPV6_ID,
						rest.icmp_id);
				lsk_nl_put_u8(&msg, CTA_PROTO_ICMPV6_TYPE,
					      rest.icmp_type);
				lsk_nl_put_u8(&msg, CTA_PROTO_ICMPV6_CODE,
					      rest.icmp_code);
			}
			lsk_nl_put_u8(&msg, CTA_PROTO_NUM, connection->protocol);
			if (rest.has >> LSK_CONNTRACK_SPORT & 1)
				lsk_nl_put_be16(&msg, CTA_PROTO_SRC_PORT, rest.sport);
			if (rest.has >> LSK_CONNTRACK_DPORT & 1)
				lsk_nl_put_be16(&msg, CTA_PROTO_DST_PORT, rest.dport);
			if (rest.has >> LSK_CONNTRACK_ICMP_ID & 1) {
				lsk_nl_put_be16(&msg, CTA_PROTO_ICMP_ID, rest.icmp_id);
				lsk_nl_put_u8(&msg, CTA_PROTO_ICMP_TYPE,
					      rest.icmp_type);
				lsk_nl_put_u8(&msg, CTA_PROTO_ICMP_CODE,
					      rest.icmp_code);
			}
		}
	}
	if (connection->has >> LSK_CONNTRACK_ID & 1)
		lsk_nl_put_be32(&msg, CTA_ID, connection->id);
	return lsk_nl_request(nl, &msg, ret_error);
}
