/* SPDX-License-Identifier: MIT */
/* What linsock probe tries of inet and inet6. */
#include <linux/if_vlan.h>
#include <linux/pfkeyv2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

#include "families/probe.h"
#include "families/probe_inet.h"
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
/* Of linux/ipsec.h. */
#define POLICY_BYPASS    4
#define POLICY_OUT       2

int probe_tcp_connect(int fd)
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

int probe_tls_attach(int fd)
{
	int r = probe_tcp_connect(fd);

	if (r == 0)
		r = syscall_result(setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3));
	return r;
}

/* Of the bridges: the version, which takes no other arguments. */
static const unsigned long bridge_version[3];
/* Of a link that is no VLAN. */
static const struct vlan_ioctl_args vlan_device = {
	.cmd = GET_VLAN_REALDEV_NAME_CMD,
	.device1 = "lo",
};

/* To send without IPsec, which is what a socket does anyway. */
static const struct sadb_x_policy no_ipsec = {
	.sadb_x_policy_len = sizeof(struct sadb_x_policy) / 8,
	.sadb_x_policy_exttype = SADB_X_EXT_POLICY,
	.sadb_x_policy_type = POLICY_BYPASS,
	.sadb_x_policy_dir = POLICY_OUT,
};
static const struct family_option_value ip_values[] = {
	{.name = "IP_IPSEC_POLICY", .value = &no_ipsec, .size = sizeof(no_ipsec)},
	{.name = NULL},
};
static const struct family_option_value ipv6_values[] = {
	{.name = "IPV6_IPSEC_POLICY", .value = &no_ipsec, .size = sizeof(no_ipsec)},
	{.name = NULL},
};

/* clang-format off */
static const struct family_option_group inet_groups[] = {
	{ .group = "SO", .level = SOL_SOCKET, .sockets = { { SOCK_STREAM, 0 }, { SOCK_DGRAM, 0 } } },
	{ .group = "IP", .level = IPPROTO_IP, .sockets = { { SOCK_DGRAM, 0 }, { SOCK_STREAM, 0 }, { SOCK_RAW, IPPROTO_ICMP } }, .values = ip_values },
	{ .group = "MCAST", .level = IPPROTO_IP, .sockets = { { SOCK_DGRAM, 0 } } },
	{ .group = "TCP", .level = IPPROTO_TCP, .sockets = { { SOCK_STREAM, 0 } } },
	{ .group = "UDP", .level = LEVEL_UDP, .sockets = { { SOCK_DGRAM, 0 } } },
	{ .group = "UDPLITE", .level = PROTOCOL_UDPLITE, .sockets = { { SOCK_DGRAM, PROTOCOL_UDPLITE } } },
	{ .group = "MPTCP", .level = LEVEL_MPTCP, .sockets = { { SOCK_STREAM, PROTOCOL_MPTCP } } },
	{ .group = "SCTP", .level = IPPROTO_SCTP, .sockets = { { SOCK_STREAM, IPPROTO_SCTP }, { SOCK_SEQPACKET, IPPROTO_SCTP } } },
	{ .group = "TLS_OPTION", .level = LEVEL_TLS, .sockets = { { SOCK_STREAM, 0 } },
	  .prepare = probe_tls_attach, .module_alias = "tcp-ulp-tls" },
	{ .group = NULL },
};

static const struct family_option_group inet6_groups[] = {
	{ .group = "IPV6", .level = IPPROTO_IPV6, .sockets = { { SOCK_DGRAM, 0 }, { SOCK_STREAM, 0 }, { SOCK_RAW, IPPROTO_ICMPV6 }, { SOCK_RAW, IPPROTO_RAW } }, .values = ipv6_values },
	{ .group = NULL },
};

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
	{ .name = "ioctl.siocgifbr", .summary = "bridges", .number = 0x8940, .socket = { SOCK_DGRAM, 0 }, .module = "bridge", .argument = bridge_version, .argument_size = sizeof(bridge_version) },
	{ .name = "ioctl.siocgifvlan", .summary = "VLANs", .number = 0x8982, .socket = { SOCK_DGRAM, 0 }, .module = "8021q", .argument = &vlan_device, .argument_size = sizeof(vlan_device) },
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
	.messages = probe_inet_messages,
	.ioctls = inet_ioctls,
	.rows = inet_tables,
};

const struct family_probe inet6_probe = {
	.option_groups = inet6_groups,
	.messages = probe_inet6_messages,
	.ioctls = inet6_ioctls,
	.rows = inet6_tables,
};
