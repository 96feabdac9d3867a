/* SPDX-License-Identifier: MIT */
/*
 * What linsock probe tries of netlink: generic families, kinds of links and of queueing
 * disciplines. Links and disciplines are made in a network namespace of their own,
 * which ends with the trial.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>

#include <linsock/genl.h>
#include <linsock/netlink.h>
#include <linsock/netlink_msg.h>
#include <linsock/netns.h>
#include <linsock/rtnl.h>

#include "families/probe.h"
#include "src/probe.h"
#include "uring/util.h"

#define MESSAGE_SIZE 512
#define LINK_NAME    "lskprobe0"

/* An alias in the module table, and what trying it there would be. */
static bool may_try(struct lsk_probe *probe, const char *alias_start, const char *name,
		    struct lsk_finding *ret_finding)
{
	enum module_state ignored;
	char alias[96];

	snprintf(alias, sizeof(alias), "%s%s", alias_start, name);
	return probe_may_try(probe, alias, false, &ignored, ret_finding);
}

static void genl_run(struct lsk_probe *probe, const struct probe_row *row,
		     struct lsk_finding *ret_finding)
{
	const struct genlmsghdr header = {.cmd = CTRL_CMD_GETFAMILY, .version = 1};
	const struct nlmsghdr *reply;
	struct lsk_nl *nl;
	LSK_NL_MSG(msg, MESSAGE_SIZE);
	int r;

	if (!may_try(probe, "net-pf-16-proto-16-family-", row->text, ret_finding))
		return;
	r = lsk_nl_open(&nl, NETLINK_GENERIC, NULL);
	if (r == 0) {
		lsk_nl_msg_start(&msg, GENL_ID_CTRL, 0, &header, sizeof(header));
		lsk_nl_put_string(&msg, CTRL_ATTR_FAMILY_NAME, row->text);
		r = lsk_nl_query(nl, &msg, &reply, NULL);
		lsk_nl_close(nl);
	}
	probe_judge(r, "CTRL_CMD_GETFAMILY", ret_finding);
}

/* A group is there if its family lists it, or if rtnetlink lets it be joined. */
static void genl_group_run(struct lsk_probe *probe, const struct probe_row *row,
			   struct lsk_finding *ret_finding)
{
	struct lsk_genl_family family;
	struct lsk_nl *nl;
	int r;

	if (!may_try(probe, "net-pf-16-proto-16-family-", row->data, ret_finding))
		return;
	r = lsk_nl_open(&nl, NETLINK_GENERIC, NULL);
	if (r == 0) {
		r = lsk_genl_find(nl, row->data, &family);
		if (r == 0)
			r = lsk_genl_group(&family, row->text);
		lsk_nl_close(nl);
	}
	probe_judge(r, "CTRL_ATTR_MCAST_GROUPS", ret_finding);
}

static void route_group_run(struct lsk_probe *probe, const struct probe_row *row,
			    struct lsk_finding *ret_finding)
{
	const struct family_socket kind = {SOCK_RAW, NETLINK_ROUTE};
	_cleanup_(closep) int fd = probe_socket(probe, AF_NETLINK, &kind, ret_finding);

	if (fd >= 0)
		probe_judge(syscall_result(
				    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
					       &row->number, sizeof(row->number))),
			    "NETLINK_ADD_MEMBERSHIP", ret_finding);
}

/* A rtnetlink handle in a namespace that lives as long as the handle's socket. */
static int open_scratch(struct lsk_nl **ret_nl)
{
	_cleanup_(closep) int netns_fd = lsk_netns_new();
	struct lsk_nl_options options = {.netns_fd = netns_fd};

	return netns_fd < 0 ? netns_fd : lsk_nl_open(ret_nl, NETLINK_ROUTE, &options);
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
	const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
	struct lsk_nl *nl;
	LSK_NL_MSG(msg, MESSAGE_SIZE);
	int r;

	if (!may_try(probe, "rtnl-link-", row->text, ret_finding))
		return;
	r = open_scratch(&nl);
	if (r < 0) {
		probe_judge(r, "a network namespace to try it in", ret_finding);
		return;
	}
	lsk_nl_msg_start(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header,
			 sizeof(header));
	lsk_nl_put_string(&msg, IFLA_IFNAME, LINK_NAME);
	LSK_NL_NEST(&msg, IFLA_LINKINFO)
	lsk_nl_put_string(&msg, IFLA_INFO_KIND, row->text);
	r = lsk_nl_request(nl, &msg, NULL);
	judge_kind(r, -EOPNOTSUPP, "RTM_NEWLINK", ret_finding);
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
	if (!may_try(probe, "net-sch-", row->text, ret_finding) ||
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
#define GENL(lower, registered, about)                                    \
	{                                                                 \
		.name = "genl." lower, .summary = about, .run = genl_run, \
		.text = registered                                        \
	}
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
#define GENL_GROUP(lower, registered, group)                             \
	{                                                                \
		.name = "genl." lower "." group,                         \
		.summary = "multicast group of generic netlink",         \
		.run = genl_group_run, .text = group, .data = registered \
	}
#define ROUTE_GROUP(lower, constant)                                               \
	{                                                                          \
		.name = "group." lower, .summary = "multicast group of rtnetlink", \
		.run = route_group_run, .number = RTNLGRP_##constant               \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

/* clang-format off */
static const struct probe_row netlink_rows[] = {
	GENL("nlctrl", "nlctrl", "generic netlink's own registry"),
	GENL("ethtool", "ethtool", "settings of cards"),
	GENL("mptcp_pm", "mptcp_pm", "paths of MPTCP"),
	GENL("taskstats", "TASKSTATS", "statistics of tasks"),
	GENL("nl80211", "nl80211", "wireless"),
	GENL("devlink", "devlink", "devices of cards"),
	GENL("netdev", "netdev", "queues and pages of devices"),
	GENL("tcp_metrics", "tcp_metrics", "what TCP remembers of hosts"),
	GENL("vdpa", "vdpa", "virtio data path acceleration"),
	GENL("seg6", "SEG6", "segment routing"),
	GENL("ioam6", "IOAM6", "in-situ measurement"),
	GENL("nlbl_mgmt", "NLBL_MGMT", "network labels"),
	GENL("handshake", "handshake", "TLS handshakes for the kernel"),
	GENL("net-shaper", "net-shaper", "traffic shapers of cards"),
	GENL("psp", "psp", "PSP encryption"),
	GENL("ovpn", "ovpn", "OpenVPN in the kernel"),
	GENL("wireguard", "wireguard", "WireGuard"),
	GENL("tipcv2", "TIPCv2", "TIPC"),
	GENL("smc_gen_netlink", "SMC_GEN_NETLINK", "SMC"),
	GENL("ovs_datapath_0", "OVS_DATAPATH_0", "Open vSwitch"),
	GENL("fou", "fou", "UDP encapsulation of protocols"),
	GENL("gtp", "gtp", "GTP tunnels"),
	GENL("l2tp", "l2tp", "L2TP tunnels"),
	GENL("batadv", "batadv", "B.A.T.M.A.N."),
	GENL("macsec", "MACsec", "link layer encryption"),
	GENL("nfc", "nfc", "near field communication"),
	GENL("team", "team", "teaming of links"),
	GENL("hwsim", "hwsim", "simulated radios"),
	GENL("acpi_event", "acpi_event", "ACPI events"),
	GENL("thermal", "thermal", "thermal zones"),
	GENL("vfs_dquot", "VFS_DQUOT", "disk quotas"),
	GENL("dpll", "dpll", "clocks of cards"),
	GENL("nfsd", "nfsd", "the NFS server"),
	GENL("cifs", "cifs", "the SMB client"),
	GENL_GROUP("nlctrl", "nlctrl", "notify"),
	GENL_GROUP("ethtool", "ethtool", "monitor"),
	GENL_GROUP("mptcp_pm", "mptcp_pm", "mptcp_pm_cmds"),
	GENL_GROUP("mptcp_pm", "mptcp_pm", "mptcp_pm_events"),
	GENL_GROUP("nl80211", "nl80211", "config"),
	GENL_GROUP("nl80211", "nl80211", "scan"),
	GENL_GROUP("nl80211", "nl80211", "regulatory"),
	GENL_GROUP("nl80211", "nl80211", "mlme"),
	GENL_GROUP("nl80211", "nl80211", "vendor"),
	GENL_GROUP("nl80211", "nl80211", "nan"),
	GENL_GROUP("devlink", "devlink", "config"),
	GENL_GROUP("netdev", "netdev", "mgmt"),
	GENL_GROUP("netdev", "netdev", "page-pool"),
	GENL_GROUP("ioam6", "IOAM6", "ioam6_events"),
	GENL_GROUP("handshake", "handshake", "none"),
	GENL_GROUP("handshake", "handshake", "tlshd"),
	GENL_GROUP("psp", "psp", "mgmt"),
	GENL_GROUP("psp", "psp", "use"),
	GENL_GROUP("ovpn", "ovpn", "peers"),
	GENL_GROUP("ovs_datapath_0", "OVS_DATAPATH_0", "ovs_datapath"),
	GENL_GROUP("batadv", "batadv", "config"),
	GENL_GROUP("batadv", "batadv", "tpmeter"),
	GENL_GROUP("team", "team", "change_event"),
	GENL_GROUP("hwsim", "hwsim", "config"),
	GENL_GROUP("nfc", "nfc", "events"),
	GENL_GROUP("acpi_event", "acpi_event", "acpi_mc_group"),
	GENL_GROUP("thermal", "thermal", "sampling"),
	GENL_GROUP("thermal", "thermal", "event"),
	GENL_GROUP("vfs_dquot", "VFS_DQUOT", "events"),
	GENL_GROUP("dpll", "dpll", "monitor"),
	GENL_GROUP("cifs", "cifs", "cifs_mcgrp_swn"),
	ROUTE_GROUP("link", LINK),
	ROUTE_GROUP("notify", NOTIFY),
	ROUTE_GROUP("neigh", NEIGH),
	ROUTE_GROUP("tc", TC),
	ROUTE_GROUP("ipv4_ifaddr", IPV4_IFADDR),
	ROUTE_GROUP("ipv4_mroute", IPV4_MROUTE),
	ROUTE_GROUP("ipv4_route", IPV4_ROUTE),
	ROUTE_GROUP("ipv4_rule", IPV4_RULE),
	ROUTE_GROUP("ipv6_ifaddr", IPV6_IFADDR),
	ROUTE_GROUP("ipv6_mroute", IPV6_MROUTE),
	ROUTE_GROUP("ipv6_route", IPV6_ROUTE),
	ROUTE_GROUP("ipv6_ifinfo", IPV6_IFINFO),
	ROUTE_GROUP("ipv6_prefix", IPV6_PREFIX),
	ROUTE_GROUP("ipv6_rule", IPV6_RULE),
	ROUTE_GROUP("nd_useropt", ND_USEROPT),
	ROUTE_GROUP("phonet_ifaddr", PHONET_IFADDR),
	ROUTE_GROUP("phonet_route", PHONET_ROUTE),
	ROUTE_GROUP("dcb", DCB),
	ROUTE_GROUP("ipv4_netconf", IPV4_NETCONF),
	ROUTE_GROUP("ipv6_netconf", IPV6_NETCONF),
	ROUTE_GROUP("mdb", MDB),
	ROUTE_GROUP("mpls_route", MPLS_ROUTE),
	ROUTE_GROUP("nsid", NSID),
	ROUTE_GROUP("mpls_netconf", MPLS_NETCONF),
	ROUTE_GROUP("ipv4_mroute_r", IPV4_MROUTE_R),
	ROUTE_GROUP("ipv6_mroute_r", IPV6_MROUTE_R),
	ROUTE_GROUP("nexthop", NEXTHOP),
	ROUTE_GROUP("brvlan", BRVLAN),
	ROUTE_GROUP("mctp_ifaddr", MCTP_IFADDR),
	ROUTE_GROUP("tunnel", TUNNEL),
	ROUTE_GROUP("stats", STATS),
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
	QDISC("pfifo"),
	QDISC("bfifo"),
	QDISC("pfifo_head_drop"),
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
	{ .name = NULL },
};
/* clang-format on */

static const struct family_option_group netlink_groups[] = {
	{.group = "NETLINK_OPTION",
	 .level = SOL_NETLINK,
	 .sockets = {{SOCK_RAW, NETLINK_ROUTE}}},
	{.group = NULL},
};

const struct family_probe netlink_probe = {
	.option_groups = netlink_groups,
	.rows = netlink_rows,
};
