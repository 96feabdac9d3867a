/* SPDX-License-Identifier: MIT */
/* What linsock probe tries of inet and inet6. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

#include "families/probe.h"
#include "src/probe.h"
#include "uring/util.h"

/* Numbers, since these are younger than the headers of some systems. */
#define PROTOCOL_MPTCP   262
#define PROTOCOL_UDPLITE 136
#define PROTOCOL_SMC     256
#define PROTOCOL_L2TP    115
#define LEVEL_MPTCP      284
#define LEVEL_UDP        17
#define LEVEL_TLS        282

/* A connection to itself is as good as one to another. */
static int tcp_connect(int fd)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int r = syscall_result(bind(fd, (struct sockaddr *)&addr, len));

	if (r == 0)
		r = syscall_result(getsockname(fd, (struct sockaddr *)&addr, &len));
	if (r == 0)
		r = syscall_result(connect(fd, (struct sockaddr *)&addr, len));
	return r;
}

static int tcp_open(int ret_fds[2])
{
	_cleanup_(closep) int fd =
		syscall_result(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int r = fd < 0 ? fd : tcp_connect(fd);

	if (r < 0)
		return r;
	ret_fds[0] = ret_fds[1] = take_fd(&fd);
	return 0;
}

static int tls_attach(int fd)
{
	int r = tcp_connect(fd);

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
	{.name = "cmsg.timestampns_new",
	 .summary = "the same in nanoseconds",
	 .level = SOL_SOCKET,
	 .option = 64,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 64},
	{.name = "cmsg.timestamping_new",
	 .summary = "software time stamp that outlives 2038",
	 .level = SOL_SOCKET,
	 .option = 65,
	 .value = 24,
	 .is_late = true,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 65},
	{.name = "cmsg.txtime",
	 .summary = "when one packet is to leave",
	 .level = SOL_SOCKET,
	 .option = 61,
	 .value = CLOCK_MONOTONIC,
	 .value_size = 8,
	 .sent_level = SOL_SOCKET,
	 .sent_type = 61,
	 .sent_size = 8,
	 .sent_value = 1},
	{.name = "cmsg.passsec",
	 .summary = "the packet's security label",
	 .level = IPPROTO_IP,
	 .option = 18,
	 .value = 1,
	 .expected_level = IPPROTO_IP,
	 .expected_type = 3},
	{.name = "cmsg.tcp_inq",
	 .summary = "bytes that are still to be read",
	 .level = IPPROTO_TCP,
	 .option = 36,
	 .value = 1,
	 .open = tcp_open,
	 .expected_level = IPPROTO_TCP,
	 .expected_type = 36},
	{.name = "cmsg.timestamping",
	 .summary = "software time stamp of receipt",
	 .level = SOL_SOCKET,
	 .option = 37,
	 .value = 24,
	 .is_late = true,
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
	{.name = "cmsg.2292pktinfo",
	 .summary = "the same by the older number",
	 .level = IPPROTO_IPV6,
	 .option = 2,
	 .value = 1,
	 .expected_level = IPPROTO_IPV6,
	 .expected_type = 2},
	{.name = "cmsg.2292hoplimit",
	 .summary = "hop limit by the older number",
	 .level = IPPROTO_IPV6,
	 .option = 8,
	 .value = 1,
	 .expected_level = IPPROTO_IPV6,
	 .expected_type = 8},
	{.name = "cmsg.dontfrag_sent",
	 .summary = "one packet that may not be split",
	 .sent_level = IPPROTO_IPV6,
	 .sent_type = 62,
	 .sent_size = 4,
	 .sent_value = 1},
	{.name = "cmsg.timestamp",
	 .summary = "time of receipt, microseconds",
	 .level = SOL_SOCKET,
	 .option = 29,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 29},
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
	{ .name = "ioctl.siocinq", .summary = "bytes that can be read", .number = 0x541b, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocoutq", .summary = "bytes not yet acknowledged", .number = 0x5411, .socket = { SOCK_STREAM, 0 } },
	{ .name = "ioctl.siocoutqnsd", .summary = "bytes not yet sent", .number = 0x894b, .socket = { SOCK_STREAM, 0 } },
	{ .name = "ioctl.siocatmark", .summary = "whether urgent data is next", .number = 0x8905, .socket = { SOCK_STREAM, 0 } },
	{ .name = "ioctl.siocgstamp", .summary = "time of the last packet", .number = 0x8906, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifindex", .summary = "index of an interface", .number = 0x8933, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifflags", .summary = "flags of an interface", .number = 0x8913, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifmtu", .summary = "largest packet of an interface", .number = 0x8921, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgiftxqlen", .summary = "queue length of an interface", .number = 0x8942, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocethtool", .summary = "settings of a card", .number = 0x8946, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocghwtstamp", .summary = "hardware time stamping of a card", .number = 0x89b1, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgstampns", .summary = "time of the last packet, in nanoseconds", .number = 0x8907, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgstamp_new", .summary = "time of the last packet that outlives 2038", .number = 0x80108906, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgstampns_new", .summary = "the same in nanoseconds", .number = 0x80108907, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifconf", .summary = "all interfaces with an address", .number = 0x8912, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifname", .summary = "name of an interface", .number = 0x8910, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifaddr", .summary = "address of an interface", .number = 0x8915, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifdstaddr", .summary = "the other end of an interface", .number = 0x8917, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifbrdaddr", .summary = "broadcast address of an interface", .number = 0x8919, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifnetmask", .summary = "network mask of an interface", .number = 0x891b, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifmetric", .summary = "metric of an interface", .number = 0x891d, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifhwaddr", .summary = "link layer address of an interface", .number = 0x8927, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifmap", .summary = "resources of a card", .number = 0x8970, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifpflags", .summary = "extended flags of an interface", .number = 0x8935, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgmiiphy", .summary = "address of a card's transceiver", .number = 0x8947, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgmiireg", .summary = "register of a card's transceiver", .number = 0x8948, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocbondinfoquery", .summary = "state of a bond", .number = 0x8994, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifbr", .summary = "bridges", .number = 0x8940, .socket = { SOCK_DGRAM, 0 }, .module = "bridge" },
	{ .name = "ioctl.siocgifvlan", .summary = "VLANs", .number = 0x8982, .socket = { SOCK_DGRAM, 0 }, .module = "8021q" },
	{ .name = "ioctl.siocgarp", .summary = "entry of the ARP table", .number = 0x8954, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgskns", .summary = "the socket's network namespace", .number = 0x894c, .socket = { SOCK_DGRAM, 0 }, .makes_descriptor = true },
	{ .name = "ioctl.siocgetvifcnt", .summary = "packets of a multicast interface", .number = 0x89e0, .socket = { SOCK_RAW, IPPROTO_ICMP } },
	{ .name = "ioctl.siocgetsgcnt", .summary = "packets of a multicast route", .number = 0x89e1, .socket = { SOCK_RAW, IPPROTO_ICMP } },
	{ .name = "mptcp.ioctl.siocinq", .summary = "bytes that can be read", .number = 0x541b, .socket = { SOCK_STREAM, PROTOCOL_MPTCP } },
	{ .name = "mptcp.ioctl.siocoutq", .summary = "bytes not yet acknowledged", .number = 0x5411, .socket = { SOCK_STREAM, PROTOCOL_MPTCP } },
	{ .name = "mptcp.ioctl.siocoutqnsd", .summary = "bytes not yet sent", .number = 0x894b, .socket = { SOCK_STREAM, PROTOCOL_MPTCP } },
	{ .name = "sctp.ioctl.siocinq", .summary = "bytes that can be read", .number = 0x541b, .socket = { SOCK_STREAM, IPPROTO_SCTP } },
	{ .name = NULL },
};

static const struct family_ioctl inet6_ioctls[] = {
	{ .name = "ioctl.siocinq", .summary = "bytes that can be read", .number = 0x541b, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocoutq", .summary = "bytes not yet acknowledged", .number = 0x5411, .socket = { SOCK_STREAM, 0 } },
	{ .name = "ioctl.siocatmark", .summary = "whether urgent data is next", .number = 0x8905, .socket = { SOCK_STREAM, 0 } },
	{ .name = "ioctl.siocgstamp", .summary = "time of the last packet", .number = 0x8906, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgetmifcnt", .summary = "packets of a multicast interface", .number = 0x89e0, .socket = { SOCK_RAW, IPPROTO_ICMPV6 } },
	{ .name = "ioctl.siocgetsgcnt", .summary = "packets of a multicast route", .number = 0x89e1, .socket = { SOCK_RAW, IPPROTO_ICMPV6 } },
	{ .name = NULL },
};

/* Protocols that the library makes no addresses or options for. */
/* clang-format on */
/* NOLINTBEGIN(bugprone-macro-parentheses): the strings become one */
#define KIND(kind, text_of, about, type_of, protocol_of, domain_of)            \
	{                                                                      \
		.name = kind, .summary = about, .run = probe_type_run,         \
		.domain = domain_of, .type = type_of, .protocol = protocol_of, \
		.text = text_of                                                \
	}
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format off */
static const struct probe_row inet_rows[] = {
	KIND("stream.smc", "smc", "shared memory behind TCP", SOCK_STREAM, PROTOCOL_SMC, AF_INET),
	KIND("dgram.l2tp", "l2tp", "L2TP over IP", SOCK_DGRAM, PROTOCOL_L2TP, AF_INET),
	KIND("dccp.dccp", "dccp", "DCCP, which Linux 6.16 removed", SOCK_DCCP, IPPROTO_DCCP, AF_INET),
	{ .name = NULL },
};
static const struct probe_row inet6_rows[] = {
	KIND("stream.smc", "smc6", "shared memory behind TCP", SOCK_STREAM, PROTOCOL_SMC, AF_INET6),
	KIND("dgram.l2tp", "l2tpv6", "L2TP over IP", SOCK_DGRAM, PROTOCOL_L2TP, AF_INET6),
	KIND("dccp.dccp", "dccpv6", "DCCP, which Linux 6.16 removed", SOCK_DCCP, IPPROTO_DCCP, AF_INET6),
	{ .name = NULL },
};
/* clang-format on */
static const struct probe_row *const inet_tables[] = {inet_rows, NULL};
static const struct probe_row *const inet6_tables[] = {inet6_rows, NULL};

const struct family_probe inet_probe = {
	.option_groups = inet_groups,
	.messages = inet_messages,
	.ioctls = inet_ioctls,
	.rows = inet_tables,
};

const struct family_probe inet6_probe = {
	.option_groups = inet6_groups,
	.messages = inet6_messages,
	.ioctls = inet6_ioctls,
	.rows = inet6_tables,
};
