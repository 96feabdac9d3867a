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
	{"NETLINK_OPTION", SOL_NETLINK, {{SOCK_RAW, NETLINK_ROUTE}}},
	{.group = NULL},
};

const struct family_probe netlink_probe = {
	.option_groups = netlink_groups,
	.rows = netlink_rows,
};
