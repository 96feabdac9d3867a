/* SPDX-License-Identifier: MIT */
/* What linsock probe tries of inet and inet6. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

#include "families/probe.h"
#include "uring/util.h"

/* Numbers, since these are younger than the headers of some systems. */
#define PROTOCOL_MPTCP   262
#define PROTOCOL_UDPLITE 136
#define LEVEL_MPTCP      284
#define LEVEL_UDP        17
#define LEVEL_TLS        282

/* A connection to itself is as good as one to another. */
static int tls_attach(int fd)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int r = syscall_result(bind(fd, (struct sockaddr *)&addr, len));

	if (r == 0)
		r = syscall_result(getsockname(fd, (struct sockaddr *)&addr, &len));
	if (r == 0)
		r = syscall_result(connect(fd, (struct sockaddr *)&addr, len));
	if (r == 0)
		r = syscall_result(setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3));
	return r;
}

/* clang-format off */
static const struct family_option_group inet_groups[] = {
	{ .group = "SO", .level = SOL_SOCKET, .sockets = { { SOCK_STREAM, 0 }, { SOCK_DGRAM, 0 } } },
	{ .group = "IP", .level = IPPROTO_IP, .sockets = { { SOCK_DGRAM, 0 }, { SOCK_STREAM, 0 }, { SOCK_RAW, IPPROTO_ICMP } } },
	{ .group = "MCAST", .level = IPPROTO_IP, .sockets = { { SOCK_DGRAM, 0 } } },
	{ .group = "TCP", .level = IPPROTO_TCP, .sockets = { { SOCK_STREAM, 0 } } },
	{ .group = "UDP", .level = LEVEL_UDP, .sockets = { { SOCK_DGRAM, 0 } } },
	{ .group = "UDPLITE", .level = PROTOCOL_UDPLITE, .sockets = { { SOCK_DGRAM, PROTOCOL_UDPLITE } } },
	{ .group = "MPTCP", .level = LEVEL_MPTCP, .sockets = { { SOCK_STREAM, PROTOCOL_MPTCP } } },
	{ .group = "SCTP", .level = IPPROTO_SCTP, .sockets = { { SOCK_STREAM, IPPROTO_SCTP }, { SOCK_SEQPACKET, IPPROTO_SCTP } } },
	{ .group = "TLS_OPTION", .level = LEVEL_TLS, .sockets = { { SOCK_STREAM, 0 } },
	  .prepare = tls_attach, .module_alias = "tcp-ulp-tls" },
	{ .group = NULL },
};

static const struct family_option_group inet6_groups[] = {
	{ .group = "IPV6", .level = IPPROTO_IPV6, .sockets = { { SOCK_DGRAM, 0 }, { SOCK_STREAM, 0 }, { SOCK_RAW, IPPROTO_ICMPV6 } } },
	{ .group = NULL },
};

/* clang-format on */
static const struct family_message inet_messages[] = {
	{.name = "cmsg.timestamp",
	 .summary = "time of receipt, microseconds",
	 .level = SOL_SOCKET,
	 .option = 29,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 29},
	{.name = "cmsg.timestampns",
	 .summary = "time of receipt, nanoseconds",
	 .level = SOL_SOCKET,
	 .option = 35,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 35},
	{.name = "cmsg.timestamp_new",
	 .summary = "time of receipt that outlives 2038",
	 .level = SOL_SOCKET,
	 .option = 63,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 63},
	{.name = "cmsg.timestamping",
	 .summary = "software time stamp of receipt",
	 .level = SOL_SOCKET,
	 .option = 37,
	 .value = 24,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 37},
	{.name = "cmsg.rcvmark",
	 .summary = "the packet's mark",
	 .level = SOL_SOCKET,
	 .option = 75,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 36},
	{.name = "cmsg.rcvpriority",
	 .summary = "the packet's priority",
	 .level = SOL_SOCKET,
	 .option = 82,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 12},
	{.name = "cmsg.mark",
	 .summary = "a mark for one packet",
	 .sent_level = SOL_SOCKET,
	 .sent_type = 36,
	 .sent_size = 4,
	 .sent_value = 1},
	{.name = "cmsg.priority",
	 .summary = "a priority for one packet",
	 .sent_level = SOL_SOCKET,
	 .sent_type = 12,
	 .sent_size = 4,
	 .sent_value = 1},
	{.name = "cmsg.pktinfo",
	 .summary = "where the packet came in",
	 .level = IPPROTO_IP,
	 .option = 8,
	 .value = 1,
	 .expected_level = IPPROTO_IP,
	 .expected_type = 8},
	{.name = "cmsg.ttl",
	 .summary = "time to live, received",
	 .level = IPPROTO_IP,
	 .option = 12,
	 .value = 1,
	 .expected_level = IPPROTO_IP,
	 .expected_type = 2},
	{.name = "cmsg.ttl_sent",
	 .summary = "time to live of one packet",
	 .level = IPPROTO_IP,
	 .option = 12,
	 .value = 1,
	 .expected_level = IPPROTO_IP,
	 .expected_type = 2,
	 .sent_level = IPPROTO_IP,
	 .sent_type = 2,
	 .sent_size = 4,
	 .sent_value = 9},
	{.name = "cmsg.tos",
	 .summary = "type of service, received",
	 .level = IPPROTO_IP,
	 .option = 13,
	 .value = 1,
	 .expected_level = IPPROTO_IP,
	 .expected_type = 1},
	{.name = "cmsg.tos_sent",
	 .summary = "type of service of one packet",
	 .level = IPPROTO_IP,
	 .option = 13,
	 .value = 1,
	 .expected_level = IPPROTO_IP,
	 .expected_type = 1,
	 .sent_level = IPPROTO_IP,
	 .sent_type = 1,
	 .sent_size = 4,
	 .sent_value = 16},
	{.name = "cmsg.origdstaddr",
	 .summary = "address that the packet was sent to",
	 .level = IPPROTO_IP,
	 .option = 20,
	 .value = 1,
	 .expected_level = IPPROTO_IP,
	 .expected_type = 20},
	{.name = "cmsg.udp_segment",
	 .summary = "one send, many datagrams (GSO)",
	 .sent_level = LEVEL_UDP,
	 .sent_type = 103,
	 .sent_size = 2,
	 .sent_value = 500,
	 .datagram_size = 1500},
	{.name = "cmsg.udp_gro",
	 .summary = "many datagrams, one receive (GRO)",
	 .level = LEVEL_UDP,
	 .option = 104,
	 .value = 1,
	 .expected_level = LEVEL_UDP,
	 .expected_type = 104,
	 .sent_level = LEVEL_UDP,
	 .sent_type = 103,
	 .sent_size = 2,
	 .sent_value = 500,
	 .datagram_size = 1500},
	{.name = NULL},
};

static const struct family_message inet6_messages[] = {
	{.name = "cmsg.pktinfo",
	 .summary = "where the packet came in",
	 .level = IPPROTO_IPV6,
	 .option = 49,
	 .value = 1,
	 .expected_level = IPPROTO_IPV6,
	 .expected_type = 50},
	{.name = "cmsg.hoplimit",
	 .summary = "hop limit, received",
	 .level = IPPROTO_IPV6,
	 .option = 51,
	 .value = 1,
	 .expected_level = IPPROTO_IPV6,
	 .expected_type = 52},
	{.name = "cmsg.hoplimit_sent",
	 .summary = "hop limit of one packet",
	 .level = IPPROTO_IPV6,
	 .option = 51,
	 .value = 1,
	 .expected_level = IPPROTO_IPV6,
	 .expected_type = 52,
	 .sent_level = IPPROTO_IPV6,
	 .sent_type = 52,
	 .sent_size = 4,
	 .sent_value = 9},
	{.name = "cmsg.tclass",
	 .summary = "traffic class, received",
	 .level = IPPROTO_IPV6,
	 .option = 66,
	 .value = 1,
	 .expected_level = IPPROTO_IPV6,
	 .expected_type = 67},
	{.name = "cmsg.tclass_sent",
	 .summary = "traffic class of one packet",
	 .level = IPPROTO_IPV6,
	 .option = 66,
	 .value = 1,
	 .expected_level = IPPROTO_IPV6,
	 .expected_type = 67,
	 .sent_level = IPPROTO_IPV6,
	 .sent_type = 67,
	 .sent_size = 4,
	 .sent_value = 16},
	{.name = "cmsg.origdstaddr",
	 .summary = "address that the packet was sent to",
	 .level = IPPROTO_IPV6,
	 .option = 74,
	 .value = 1,
	 .expected_level = IPPROTO_IPV6,
	 .expected_type = 74},
	{.name = "cmsg.udp_segment",
	 .summary = "one send, many datagrams (GSO)",
	 .sent_level = LEVEL_UDP,
	 .sent_type = 103,
	 .sent_size = 2,
	 .sent_value = 500,
	 .datagram_size = 1500},
	{.name = "cmsg.udp_gro",
	 .summary = "many datagrams, one receive (GRO)",
	 .level = LEVEL_UDP,
	 .option = 104,
	 .value = 1,
	 .expected_level = LEVEL_UDP,
	 .expected_type = 104,
	 .sent_level = LEVEL_UDP,
	 .sent_type = 103,
	 .sent_size = 2,
	 .sent_value = 500,
	 .datagram_size = 1500},
	{.name = NULL},
};

/* clang-format off */

static const struct family_ioctl inet_ioctls[] = {
	{ "ioctl.siocinq", "bytes that can be read", 0x541b, { SOCK_DGRAM, 0 } },
	{ "ioctl.siocoutq", "bytes not yet acknowledged", 0x5411, { SOCK_STREAM, 0 } },
	{ "ioctl.siocoutqnsd", "bytes not yet sent", 0x894b, { SOCK_STREAM, 0 } },
	{ "ioctl.siocatmark", "whether urgent data is next", 0x8905, { SOCK_STREAM, 0 } },
	{ "ioctl.siocgstamp", "time of the last packet", 0x8906, { SOCK_DGRAM, 0 } },
	{ "ioctl.siocgifindex", "index of an interface", 0x8933, { SOCK_DGRAM, 0 } },
	{ "ioctl.siocgifflags", "flags of an interface", 0x8913, { SOCK_DGRAM, 0 } },
	{ "ioctl.siocgifmtu", "largest packet of an interface", 0x8921, { SOCK_DGRAM, 0 } },
	{ "ioctl.siocgiftxqlen", "queue length of an interface", 0x8942, { SOCK_DGRAM, 0 } },
	{ "ioctl.siocethtool", "settings of a card", 0x8946, { SOCK_DGRAM, 0 } },
	{ "ioctl.siocghwtstamp", "hardware time stamping of a card", 0x89b1, { SOCK_DGRAM, 0 } },
	{ .name = NULL },
};
/* clang-format on */

const struct family_probe inet_probe = {
	.option_groups = inet_groups,
	.messages = inet_messages,
	.ioctls = inet_ioctls,
};

const struct family_probe inet6_probe = {
	.option_groups = inet6_groups,
	.messages = inet6_messages,
};
