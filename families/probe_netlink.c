/* SPDX-License-Identifier: MIT */
/*
 * What linsock probe tries of netlink: kinds of links and of queueing disciplines, and
 * messages. Links and disciplines are made in a network namespace of their own,
 * which ends with the trial.
 */
#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/netlink.h>
#include <linsock/netlink_msg.h>
#include <linsock/netns.h>
#include <linsock/rtnl.h>

#include "families/probe.h"
#include "families/probe_netlink.h"
#include "src/probe.h"
#include "uring/util.h"

#define MESSAGE_SIZE        512
#define LINK_NAME           "lskprobe0"
#define KIND_NOBODY_HAS     "lskprobe"
/* The number of a neighbouring namespace, and a group of both. */
#define NEIGHBOUR           0
#define GROUP_OF_NEIGHBOURS 1
#define HEARER              0x80000001

/* A rtnetlink handle in a namespace that lives as long as the handle's socket. */
static int open_scratch(struct lsk_nl **ret_nl)
{
	_cleanup_(closep) int netns_fd = lsk_netns_new();
	struct lsk_nl_options options = {.netns_fd = netns_fd};

	return netns_fd < 0 ? netns_fd : lsk_nl_open(ret_nl, NETLINK_ROUTE, &options);
}

/* Ask for a link of a kind, in a namespace of its own. */
static int link_make(struct lsk_nl *nl, const char *kind,
		     struct lsk_nl_error *ret_error)
{
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	LSK_NL_MSG(msg, MESSAGE_SIZE);

	lsk_nl_msg_start(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header,
			 sizeof(header));
	lsk_nl_put_string(&msg, IFLA_IFNAME, LINK_NAME);
	LSK_NL_NEST(&msg, IFLA_LINKINFO)
	lsk_nl_put_string(&msg, IFLA_INFO_KIND, kind);
	return lsk_nl_request(nl, &msg, ret_error);
}

/* Refused for want of data, or of a lower device: the kind itself is known. */
static void judge_kind(int r, int unknown, const char *tried,
		       struct lsk_finding *ret_finding)
{
	char name[32];

	if (r >= 0 || r == unknown || r == -EPERM || r == -EACCES)
		probe_judge(r, tried, ret_finding);
	else
		probe_find(ret_finding, LSK_VERDICT_YES, 0,
			   "%s: %s without further data, so the kind is known", tried,
			   probe_error_name(r, name, sizeof(name)));
}

static void link_run(struct lsk_probe *probe, const struct probe_row *row,
		     struct lsk_finding *ret_finding)
{
	struct lsk_nl_error error = {0}, unknown = {0};
	struct lsk_nl *nl;
	int r;

	if (!probe_netlink_may_try(probe, "rtnl-link-", row->text, ret_finding))
		return;
	r = open_scratch(&nl);
	if (r < 0) {
		probe_judge(r, "a network namespace to try it in", ret_finding);
		return;
	}
	r = link_make(nl, row->text, &error);
	judge_kind(r, -EOPNOTSUPP, "RTM_NEWLINK", ret_finding);
	/* Some kinds are never made in this way, which is refused in other words. */
	if (r == -EOPNOTSUPP &&
	    link_make(nl, KIND_NOBODY_HAS, &unknown) == -EOPNOTSUPP &&
	    strcmp(error.message, unknown.message) != 0)
		probe_find(ret_finding, LSK_VERDICT_YES, 0,
			   "RTM_NEWLINK: EOPNOTSUPP, in other words than an unknown "
			   "kind gets: links of it are made in another way");
	lsk_nl_close(nl);
}

static void qdisc_run(struct lsk_probe *probe, const struct probe_row *row,
		      struct lsk_finding *ret_finding)
{
	/* Loopback is the first link of every namespace. */
	const struct tcmsg header = {
		.tcm_ifindex = 1, .tcm_parent = TC_H_ROOT, .tcm_handle = 0x10000};
	char module[64];
	struct lsk_nl *nl;
	LSK_NL_MSG(msg, MESSAGE_SIZE);
	int r;

	/* Kernels before 6.9 ask for the module's own name. */
	snprintf(module, sizeof(module), "sch_%s", row->text);
	if (!probe_netlink_may_try(probe, "net-sch-", row->text, ret_finding) ||
	    !probe_may_try_module(probe, module, ret_finding))
		return;
	r = open_scratch(&nl);
	if (r < 0) {
		probe_judge(r, "a network namespace to try it in", ret_finding);
		return;
	}
	lsk_nl_msg_start(&msg, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &header,
			 sizeof(header));
	lsk_nl_put_string(&msg, TCA_KIND, row->text);
	r = lsk_nl_request(nl, &msg, NULL);
	judge_kind(r, -ENOENT, "RTM_NEWQDISC", ret_finding);
	lsk_nl_close(nl);
}

/* NOLINTBEGIN(bugprone-macro-parentheses): the strings become one */
#define LINK(kind)                                                                  \
	{                                                                           \
		.name = "link." kind, .summary = "kind of a link", .run = link_run, \
		.text = kind                                                        \
	}
#define QDISC(kind)                                                      \
	{                                                                \
		.name = "qdisc." kind, .summary = "queueing discipline", \
		.run = qdisc_run, .text = kind                           \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

/* clang-format off */
static const struct probe_row netlink_rows[] = {
	LINK("vcan"),
	LINK("vxcan"),
	LINK("can"),
	LINK("veth"),
	LINK("dummy"),
	LINK("ifb"),
	LINK("bridge"),
	LINK("bond"),
	LINK("team"),
	LINK("vlan"),
	LINK("macvlan"),
	LINK("macvtap"),
	LINK("ipvlan"),
	LINK("ipvtap"),
	LINK("macsec"),
	LINK("vrf"),
	LINK("vxlan"),
	LINK("geneve"),
	LINK("gre"),
	LINK("gretap"),
	LINK("ip6gre"),
	LINK("ip6gretap"),
	LINK("erspan"),
	LINK("ip6erspan"),
	LINK("ipip"),
	LINK("sit"),
	LINK("ip6tnl"),
	LINK("vti"),
	LINK("vti6"),
	LINK("xfrm"),
	LINK("wireguard"),
	LINK("nlmon"),
	LINK("vsockmon"),
	LINK("netdevsim"),
	LINK("netkit"),
	LINK("tun"),
	LINK("lowpan"),
	LINK("rmnet"),
	LINK("hsr"),
	LINK("amt"),
	LINK("bareudp"),
	LINK("gtp"),
	LINK("ovpn"),
	LINK("batadv"),
	LINK("wwan"),
	LINK("virt_wifi"),
	LINK("ppp"),
	LINK("ipoib"),
	LINK("pfcp"),
	LINK("dsa"),
	LINK("caif"),
	LINK("openvswitch"),
	QDISC("pfifo"),
	QDISC("bfifo"),
	QDISC("pfifo_head_drop"),
	QDISC("pfifo_fast"),
	QDISC("noqueue"),
	QDISC("mq"),
	QDISC("fq"),
	QDISC("fq_codel"),
	QDISC("codel"),
	QDISC("cake"),
	QDISC("fq_pie"),
	QDISC("pie"),
	QDISC("dualpi2"),
	QDISC("sfq"),
	QDISC("sfb"),
	QDISC("red"),
	QDISC("gred"),
	QDISC("choke"),
	QDISC("tbf"),
	QDISC("htb"),
	QDISC("hfsc"),
	QDISC("drr"),
	QDISC("qfq"),
	QDISC("ets"),
	QDISC("prio"),
	QDISC("multiq"),
	QDISC("mqprio"),
	QDISC("taprio"),
	QDISC("etf"),
	QDISC("cbs"),
	QDISC("skbprio"),
	QDISC("netem"),
	QDISC("plug"),
	QDISC("ingress"),
	QDISC("clsact"),
	QDISC("teql0"),
	QDISC("hhf"),
	QDISC("blackhole"),
	QDISC("atm"),
	QDISC("cbq"),
	QDISC("dsmark"),
	{ .name = NULL },
};
/* clang-format on */

static const struct family_option_group netlink_groups[] = {
	{.group = "NETLINK_OPTION",
	 .level = SOL_NETLINK,
	 .sockets = {{SOCK_RAW, NETLINK_ROUTE}}},
	{.group = NULL},
};

/* A socket between programs, which sends to itself. */
static int usersock_open(int ret_fds[2])
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK};
	socklen_t len = sizeof(addr);
	_cleanup_(closep) int fd = syscall_result(
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK));
	int r = fd < 0 ? fd : syscall_result(bind(fd, (struct sockaddr *)&addr, len));

	if (r == 0)
		r = syscall_result(getsockname(fd, (struct sockaddr *)&addr, &len));
	if (r == 0)
		r = syscall_result(connect(fd, (struct sockaddr *)&addr, len));
	if (r < 0)
		return r;
	ret_fds[0] = ret_fds[1] = take_fd(&fd);
	return 0;
}

/* Two namespaces: the first knows the second, and hears of a group there too. */
struct neighbours {
	int netns_fd; /* of the second */
	int fd;
};

static int name_neighbour(int netns_fd)
{
	const struct rtgenmsg header = {.rtgen_family = AF_UNSPEC};
	struct lsk_nl *nl;
	LSK_NL_MSG(msg, MESSAGE_SIZE);
	int r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);

	if (r < 0)
		return r;
	lsk_nl_msg_start(&msg, RTM_NEWNSID, 0, &header, sizeof(header));
	lsk_nl_put_u32(&msg, NETNSA_FD, (uint32_t)netns_fd);
	lsk_nl_put_u32(&msg, NETNSA_NSID, NEIGHBOUR);
	r = lsk_nl_request(nl, &msg, NULL);
	lsk_nl_close(nl);
	return r;
}

/* Runs in the first. */
static int hearer_open(void *context)
{
	struct neighbours *neighbours = context;
	/* A broadcast leaves out the number of the one socket that it is also for. */
	const struct sockaddr_nl addr = {.nl_family = AF_NETLINK,
					 .nl_pid = HEARER,
					 .nl_groups = GROUP_OF_NEIGHBOURS};
	int r = name_neighbour(neighbours->netns_fd);

	if (r == 0)
		r = syscall_result(
			socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK));
	if (r < 0)
		return r;
	neighbours->fd = r;
	return syscall_result(bind(r, (const struct sockaddr *)&addr, sizeof(addr)));
}

/* Runs in the second. What is for a group is also for one socket: the sender. */
static int teller_open(void *context)
{
	struct neighbours *neighbours = context;
	int fds[2];
	struct sockaddr_nl addr;
	socklen_t len = sizeof(addr);
	int r = usersock_open(fds);

	if (r < 0)
		return r;
	neighbours->fd = fds[0];
	r = syscall_result(getsockname(fds[0], (struct sockaddr *)&addr, &len));
	addr.nl_groups = GROUP_OF_NEIGHBOURS;
	return r < 0 ? r
		     : syscall_result(connect(fds[0], (struct sockaddr *)&addr, len));
}

static int neighbours_open(int ret_fds[2])
{
	_cleanup_(closep) int first = lsk_netns_new();
	_cleanup_(closep) int second = lsk_netns_new();
	struct neighbours hearer = {.netns_fd = second, .fd = -1};
	struct neighbours teller = {.netns_fd = second, .fd = -1};
	int r = first < 0 ? first : second;

	if (r >= 0)
		r = lsk_netns_call(first, hearer_open, &hearer);
	if (r >= 0)
		r = lsk_netns_call(second, teller_open, &teller);
	if (r < 0) {
		closep(&hearer.fd);
		closep(&teller.fd);
		return r;
	}
	ret_fds[0] = teller.fd;
	ret_fds[1] = hearer.fd;
	return 0;
}

static const struct family_message netlink_messages[] = {
	{.name = "cmsg.pktinfo",
	 .summary = "the group that a message was sent to",
	 .open = usersock_open,
	 .socket = {SOCK_RAW, NETLINK_USERSOCK},
	 .level = SOL_NETLINK,
	 .option = NETLINK_PKTINFO,
	 .value = 1,
	 .expected_level = SOL_NETLINK,
	 .expected_type = NETLINK_PKTINFO},
	{.name = "cmsg.credentials",
	 .summary = "the sender's process and user",
	 .open = usersock_open,
	 .socket = {SOCK_RAW, NETLINK_USERSOCK},
	 .level = SOL_SOCKET,
	 .option = SO_PASSCRED,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = SCM_CREDENTIALS},
	{.name = "cmsg.listen_all_nsid",
	 .summary = "the namespace that a message came from",
	 .open = neighbours_open,
	 .socket = {SOCK_RAW, NETLINK_USERSOCK},
	 .level = SOL_NETLINK,
	 .option = NETLINK_LISTEN_ALL_NSID,
	 .value = 1,
	 .expected_level = SOL_NETLINK,
	 .expected_type = NETLINK_LISTEN_ALL_NSID},
	{.name = NULL},
};

static const struct family_ioctl netlink_ioctls[] = {
	{.name = "ioctl.siocinq",
	 .summary = "bytes that can be read",
	 .number = 0x541b,
	 .socket = {SOCK_RAW, NETLINK_ROUTE}},
	{.name = "ioctl.siocgifindex",
	 .summary = "index of an interface",
	 .number = 0x8933,
	 .socket = {SOCK_RAW, NETLINK_ROUTE}},
	{.name = NULL},
};

static const struct probe_row *const netlink_tables[] = {
	probe_netlink_protocols,
	probe_netlink_genl,
	probe_netlink_groups,
	netlink_rows,
	NULL,
};

const struct family_probe netlink_probe = {
	.option_groups = netlink_groups,
	.messages = netlink_messages,
	.ioctls = netlink_ioctls,
	.rows = netlink_tables,
};
