/* SPDX-License-Identifier: MIT */
/*
 * What linsock probe tries of netlink's protocols, of the families of generic netlink,
 * and of the multicast groups of both.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/genl.h>
#include <linsock/netlink.h>
#include <linsock/netlink_msg.h>

#include "families/probe.h"
#include "families/probe_netlink.h"
#include "src/probe.h"
#include "uring/util.h"

#define MESSAGE_SIZE 512

/* An alias in the module table, and what trying it there would be. */
bool probe_netlink_may_try(struct lsk_probe *probe, const char *alias_start,
			   const char *name, struct lsk_finding *ret_finding)
{
	enum module_state ignored;
	char alias[96];

	snprintf(alias, sizeof(alias), "%s%s", alias_start, name);
	return probe_may_try(probe, alias, false, &ignored, ret_finding);
}

/* The module of a family that no alias leads to; NULL: an alias does, or none is. */
static const char *genl_module(const char *registered)
{
	for (const struct probe_row *row = probe_netlink_genl; row->name; row++)
		if (strcmp(row->text, registered) == 0)
			return row->data;
	return NULL;
}

/* A family that is not there may come with a module that is not loaded. */
static void genl_judge(struct lsk_probe *probe, const char *registered, int r,
		       const char *tried, struct lsk_finding *ret_finding)
{
	const char *module = genl_module(registered);
	enum module_state state =
		module ? module_by_name(probe_modules(probe), module) : MODULE_HERE;

	probe_judge(r, tried, ret_finding);
	if (r != -ENOENT)
		return;
	if (state == MODULE_LOADABLE)
		probe_find(ret_finding, LSK_VERDICT_LOADABLE, 0, "%s", module);
	else if (state == MODULE_MISSING)
		ret_finding->verdict = LSK_VERDICT_ABSENT;
}

static void genl_run(struct lsk_probe *probe, const struct probe_row *row,
		     struct lsk_finding *ret_finding)
{
	const struct genlmsghdr header = {.cmd = CTRL_CMD_GETFAMILY, .version = 1};
	const struct nlmsghdr *reply;
	struct lsk_nl *nl;
	LSK_NL_MSG(msg, MESSAGE_SIZE);
	int r;

	if (!probe_netlink_may_try(probe, "net-pf-16-proto-16-family-", row->text,
				   ret_finding))
		return;
	r = lsk_nl_open(&nl, NETLINK_GENERIC, NULL);
	if (r == 0) {
		lsk_nl_msg_start(&msg, GENL_ID_CTRL, 0, &header, sizeof(header));
		lsk_nl_put_string(&msg, CTRL_ATTR_FAMILY_NAME, row->text);
		r = lsk_nl_query(nl, &msg, &reply, NULL);
		lsk_nl_close(nl);
	}
	genl_judge(probe, row->text, r, "CTRL_CMD_GETFAMILY", ret_finding);
}

/* A group is there if its family lists it, or if rtnetlink lets it be joined. */
static void genl_group_run(struct lsk_probe *probe, const struct probe_row *row,
			   struct lsk_finding *ret_finding)
{
	struct lsk_genl_family family;
	struct lsk_nl *nl;
	int r;

	if (!probe_netlink_may_try(probe, "net-pf-16-proto-16-family-", row->data,
				   ret_finding))
		return;
	r = lsk_nl_open(&nl, NETLINK_GENERIC, NULL);
	if (r == 0) {
		r = lsk_genl_find(nl, row->data, &family);
		if (r == 0)
			r = lsk_genl_group(&family, row->text);
		lsk_nl_close(nl);
	}
	genl_judge(probe, row->data, r, "CTRL_ATTR_MCAST_GROUPS", ret_finding);
}

/*
 * A group is there if it can be joined. Up to 32 every protocol has them, whether or
 * not anybody sends to them; what joining would load stands in the row's text.
 */
static void group_run(struct lsk_probe *probe, const struct probe_row *row,
		      struct lsk_finding *ret_finding)
{
	const struct family_socket kind = {SOCK_RAW, row->protocol};
	_cleanup_(closep) int fd = -1;

	if (row->text && !probe_netlink_may_try(probe, row->text, "", ret_finding))
		return;
	fd = probe_socket(probe, AF_NETLINK, &kind, ret_finding);
	if (fd >= 0)
		probe_judge(syscall_result(
				    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
					       &row->number, sizeof(row->number))),
			    "NETLINK_ADD_MEMBERSHIP", ret_finding);
}

/* NOLINTBEGIN(bugprone-macro-parentheses): the strings become one */
#define PROTOCOL(lower, of, about)                                                    \
	{                                                                             \
		.name = lower, .summary = about, .run = probe_type_run,               \
		.domain = AF_NETLINK, .type = SOCK_RAW, .protocol = of, .text = lower \
	}
#define GENL(lower, registered, about)                                    \
	{                                                                 \
		.name = "genl." lower, .summary = about, .run = genl_run, \
		.text = registered                                        \
	}
/* No alias leads to its module: asking loads nothing, and an answer needs it loaded. */
#define GENL_OF(lower, registered, about, module)                         \
	{                                                                 \
		.name = "genl." lower, .summary = about, .run = genl_run, \
		.text = registered, .data = module                        \
	}
#define GENL_GROUP(lower, registered, group)                             \
	{                                                                \
		.name = "genl." lower "." group,                         \
		.summary = "multicast group of generic netlink",         \
		.run = genl_group_run, .text = group, .data = registered \
	}
#define GROUP(lower, of, group, alias)                                           \
	{                                                                        \
		.name = "group." lower, .summary = "multicast group",            \
		.run = group_run, .protocol = of, .number = group, .text = alias \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

/* clang-format off */
/* Those that the library has no names for. */
const struct probe_row probe_netlink_protocols[] = {
	PROTOCOL("usersock", 2, "between programs"),
	PROTOCOL("firewall", 3, "the queue of ip_queue, which Linux 3.5 removed"),
	PROTOCOL("nflog", 5, "the log of ULOG, which Linux 3.17 removed"),
	PROTOCOL("selinux", 7, "events of SELinux"),
	PROTOCOL("iscsi", 8, "the iSCSI initiator"),
	PROTOCOL("fib-lookup", 10, "which route an address takes"),
	PROTOCOL("ip6-fw", 13, "the queue of ip6_queue, which Linux 3.5 removed"),
	PROTOCOL("dnrtmsg", 14, "DECnet, which Linux 6.1 removed"),
	PROTOCOL("scsitransport", 18, "events of SCSI transports"),
	PROTOCOL("ecryptfs", 19, "keys of eCryptfs"),
	PROTOCOL("rdma", 20, "RDMA devices"),
	PROTOCOL("smc", 22, "SMC's monitoring"),
	{ .name = NULL },
};

const struct probe_row probe_netlink_genl[] = {
	GENL("nlctrl", "nlctrl", "generic netlink's own registry"),
	GENL("ethtool", "ethtool", "settings of cards"),
	GENL("mptcp_pm", "mptcp_pm", "paths of MPTCP"),
	GENL("taskstats", "TASKSTATS", "statistics of tasks"),
	GENL("nl80211", "nl80211", "wireless"),
	GENL("devlink", "devlink", "devices of cards"),
	GENL("netdev", "netdev", "queues and pages of devices"),
	GENL("tcp_metrics", "tcp_metrics", "what TCP remembers of hosts"),
	GENL_OF("vdpa", "vdpa", "virtio data path acceleration", "vdpa"),
	GENL("seg6", "SEG6", "segment routing"),
	GENL("ioam6", "IOAM6", "in-situ measurement"),
	GENL("nlbl_mgmt", "NLBL_MGMT", "network labels"),
	GENL("handshake", "handshake", "TLS handshakes for the kernel"),
	GENL("net-shaper", "net-shaper", "traffic shapers of cards"),
	GENL("psp", "psp", "PSP encryption"),
	GENL("ovpn", "ovpn", "OpenVPN in the kernel"),
	GENL("wireguard", "wireguard", "WireGuard"),
	GENL("tipcv2", "TIPCv2", "TIPC"),
	GENL_OF("smc_gen_netlink", "SMC_GEN_NETLINK", "SMC", "smc"),
	GENL("ovs_datapath", "ovs_datapath", "Open vSwitch"),
	GENL("fou", "fou", "UDP encapsulation of protocols"),
	GENL("gtp", "gtp", "GTP tunnels"),
	GENL("l2tp", "l2tp", "L2TP tunnels"),
	GENL("batadv", "batadv", "B.A.T.M.A.N."),
	GENL("macsec", "macsec", "link layer encryption"),
	GENL("nfc", "nfc", "near field communication"),
	GENL("team", "team", "teaming of links"),
	GENL_OF("hwsim", "MAC80211_HWSIM", "simulated radios", "mac80211_hwsim"),
	GENL("acpi_event", "acpi_event", "ACPI events"),
	GENL("thermal", "thermal", "thermal zones"),
	GENL("vfs_dquot", "VFS_DQUOT", "disk quotas"),
	GENL("dpll", "dpll", "clocks of cards"),
	GENL_OF("nfsd", "nfsd", "the NFS server", "nfsd"),
	GENL_OF("cifs", "cifs", "the SMB client", "cifs"),
	GENL_OF("ksmbd", "SMBD_GENL", "the SMB server", "ksmbd"),
	GENL_OF("lockd", "lockd", "locks of NFS", "lockd"),
	GENL("net_dm", "NET_DM", "packets that were dropped"),
	GENL_OF("psample", "psample", "samples of packets", "psample"),
	GENL("ipvs", "IPVS", "virtual servers"),
	GENL_OF("hsr", "HSR", "redundant rings", "hsr"),
	GENL_OF("ila", "ila", "identifiers as addresses", "ila"),
	GENL("nlbl_cipsov4", "NLBL_CIPSOv4", "labels of CIPSO"),
	GENL("nlbl_calipso", "NLBL_CALIPSO", "labels of CALIPSO"),
	GENL("nlbl_unlbl", "NLBL_UNLBL", "packets without a label"),
	GENL("ovs_vport", "ovs_vport", "ports of Open vSwitch"),
	GENL("ovs_flow", "ovs_flow", "flows of Open vSwitch"),
	GENL("ovs_packet", "ovs_packet", "packets of Open vSwitch"),
	GENL("ovs_meter", "ovs_meter", "meters of Open vSwitch"),
	GENL("ovs_ct_limit", "ovs_ct_limit", "limits of Open vSwitch"),
	GENL_OF("smc_pnetid", "SMC_PNETID", "networks of SMC", "smc"),
	GENL("ieee802154", "802.15.4 MAC", "low power radio, older"),
	GENL("nl802154", "nl802154", "low power radio"),
	GENL_OF("nbd", "nbd", "network block devices", "nbd"),
	GENL_OF("tcm-user", "TCM-USER", "storage targets in user space", "target_core_user"),
	GENL_OF("drbd", "drbd", "mirrored block devices", "drbd"),
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
	GENL_GROUP("ovs_datapath", "ovs_datapath", "ovs_datapath"),
	GENL_GROUP("batadv", "batadv", "config"),
	GENL_GROUP("batadv", "batadv", "tpmeter"),
	GENL_GROUP("team", "team", "change_event"),
	GENL_GROUP("hwsim", "MAC80211_HWSIM", "config"),
	GENL_GROUP("nfc", "nfc", "events"),
	GENL_GROUP("acpi_event", "acpi_event", "acpi_mc_group"),
	GENL_GROUP("thermal", "thermal", "sampling"),
	GENL_GROUP("thermal", "thermal", "event"),
	GENL_GROUP("vfs_dquot", "VFS_DQUOT", "events"),
	GENL_GROUP("dpll", "dpll", "monitor"),
	GENL_GROUP("cifs", "cifs", "cifs_mcgrp_swn"),
	GENL_GROUP("nl80211", "nl80211", "testmode"),
	GENL_GROUP("l2tp", "l2tp", "l2tp"),
	GENL_GROUP("gtp", "gtp", "gtp"),
	GENL_GROUP("net_dm", "NET_DM", "events"),
	GENL_GROUP("psample", "psample", "config"),
	GENL_GROUP("psample", "psample", "packets"),
	GENL_GROUP("hsr", "HSR", "hsr-network"),
	GENL_GROUP("ovs_vport", "ovs_vport", "ovs_vport"),
	GENL_GROUP("ovs_flow", "ovs_flow", "ovs_flow"),
	GENL_GROUP("ovs_meter", "ovs_meter", "ovs_meter"),
	GENL_GROUP("ovs_ct_limit", "ovs_ct_limit", "ovs_ct_limit"),
	GENL_GROUP("nl802154", "nl802154", "config"),
	GENL_GROUP("ieee802154", "802.15.4 MAC", "coordinator"),
	GENL_GROUP("ieee802154", "802.15.4 MAC", "beacon"),
	GENL_GROUP("nbd", "nbd", "nbd_mc_group"),
	GENL_GROUP("tcm-user", "TCM-USER", "config"),
	GENL_GROUP("drbd", "drbd", "events"),
	{ .name = NULL },
};

#define SUBSYSTEM(number)   "nfnetlink-subsys-" #number
#define DIAGNOSIS(family)   "net-pf-16-proto-4-type-" #family
const struct probe_row probe_netlink_groups[] = {
	GROUP("link", NETLINK_ROUTE, RTNLGRP_LINK, NULL),
	GROUP("notify", NETLINK_ROUTE, RTNLGRP_NOTIFY, NULL),
	GROUP("neigh", NETLINK_ROUTE, RTNLGRP_NEIGH, NULL),
	GROUP("tc", NETLINK_ROUTE, RTNLGRP_TC, NULL),
	GROUP("ipv4_ifaddr", NETLINK_ROUTE, RTNLGRP_IPV4_IFADDR, NULL),
	GROUP("ipv4_mroute", NETLINK_ROUTE, RTNLGRP_IPV4_MROUTE, NULL),
	GROUP("ipv4_route", NETLINK_ROUTE, RTNLGRP_IPV4_ROUTE, NULL),
	GROUP("ipv4_rule", NETLINK_ROUTE, RTNLGRP_IPV4_RULE, NULL),
	GROUP("ipv6_ifaddr", NETLINK_ROUTE, RTNLGRP_IPV6_IFADDR, NULL),
	GROUP("ipv6_mroute", NETLINK_ROUTE, RTNLGRP_IPV6_MROUTE, NULL),
	GROUP("ipv6_route", NETLINK_ROUTE, RTNLGRP_IPV6_ROUTE, NULL),
	GROUP("ipv6_ifinfo", NETLINK_ROUTE, RTNLGRP_IPV6_IFINFO, NULL),
	GROUP("ipv6_prefix", NETLINK_ROUTE, RTNLGRP_IPV6_PREFIX, NULL),
	GROUP("ipv6_rule", NETLINK_ROUTE, RTNLGRP_IPV6_RULE, NULL),
	GROUP("nd_useropt", NETLINK_ROUTE, RTNLGRP_ND_USEROPT, NULL),
	GROUP("phonet_ifaddr", NETLINK_ROUTE, RTNLGRP_PHONET_IFADDR, NULL),
	GROUP("phonet_route", NETLINK_ROUTE, RTNLGRP_PHONET_ROUTE, NULL),
	GROUP("dcb", NETLINK_ROUTE, RTNLGRP_DCB, NULL),
	GROUP("ipv4_netconf", NETLINK_ROUTE, RTNLGRP_IPV4_NETCONF, NULL),
	GROUP("ipv6_netconf", NETLINK_ROUTE, RTNLGRP_IPV6_NETCONF, NULL),
	GROUP("mdb", NETLINK_ROUTE, RTNLGRP_MDB, NULL),
	GROUP("mpls_route", NETLINK_ROUTE, RTNLGRP_MPLS_ROUTE, NULL),
	GROUP("nsid", NETLINK_ROUTE, RTNLGRP_NSID, NULL),
	GROUP("mpls_netconf", NETLINK_ROUTE, RTNLGRP_MPLS_NETCONF, NULL),
	GROUP("ipv4_mroute_r", NETLINK_ROUTE, RTNLGRP_IPV4_MROUTE_R, NULL),
	GROUP("ipv6_mroute_r", NETLINK_ROUTE, RTNLGRP_IPV6_MROUTE_R, NULL),
	GROUP("nexthop", NETLINK_ROUTE, RTNLGRP_NEXTHOP, NULL),
	GROUP("brvlan", NETLINK_ROUTE, RTNLGRP_BRVLAN, NULL),
	GROUP("mctp_ifaddr", NETLINK_ROUTE, RTNLGRP_MCTP_IFADDR, NULL),
	GROUP("tunnel", NETLINK_ROUTE, RTNLGRP_TUNNEL, NULL),
	GROUP("stats", NETLINK_ROUTE, RTNLGRP_STATS, NULL),
	GROUP("ipv4_mcaddr", NETLINK_ROUTE, 37, NULL),
	GROUP("ipv6_mcaddr", NETLINK_ROUTE, 38, NULL),
	GROUP("ipv6_acaddr", NETLINK_ROUTE, 39, NULL),
	GROUP("netfilter.conntrack_new", NETLINK_NETFILTER, 1, SUBSYSTEM(1)),
	GROUP("netfilter.conntrack_update", NETLINK_NETFILTER, 2, SUBSYSTEM(1)),
	GROUP("netfilter.conntrack_destroy", NETLINK_NETFILTER, 3, SUBSYSTEM(1)),
	GROUP("netfilter.conntrack_exp_new", NETLINK_NETFILTER, 4, SUBSYSTEM(2)),
	GROUP("netfilter.conntrack_exp_update", NETLINK_NETFILTER, 5, SUBSYSTEM(2)),
	GROUP("netfilter.conntrack_exp_destroy", NETLINK_NETFILTER, 6, SUBSYSTEM(2)),
	GROUP("netfilter.nftables", NETLINK_NETFILTER, 7, SUBSYSTEM(10)),
	GROUP("netfilter.acct_quota", NETLINK_NETFILTER, 8, SUBSYSTEM(7)),
	GROUP("netfilter.nftrace", NETLINK_NETFILTER, 9, SUBSYSTEM(10)),
	GROUP("sock-diag.inet_tcp_destroy", NETLINK_SOCK_DIAG, 1, DIAGNOSIS(2)),
	GROUP("sock-diag.inet_udp_destroy", NETLINK_SOCK_DIAG, 2, DIAGNOSIS(2)),
	GROUP("sock-diag.inet6_tcp_destroy", NETLINK_SOCK_DIAG, 3, DIAGNOSIS(10)),
	GROUP("sock-diag.inet6_udp_destroy", NETLINK_SOCK_DIAG, 4, DIAGNOSIS(10)),
	GROUP("xfrm.acquire", NETLINK_XFRM, 1, NULL),
	GROUP("xfrm.expire", NETLINK_XFRM, 2, NULL),
	GROUP("xfrm.sa", NETLINK_XFRM, 3, NULL),
	GROUP("xfrm.policy", NETLINK_XFRM, 4, NULL),
	GROUP("xfrm.aevents", NETLINK_XFRM, 5, NULL),
	GROUP("xfrm.report", NETLINK_XFRM, 6, NULL),
	GROUP("xfrm.migrate", NETLINK_XFRM, 7, NULL),
	GROUP("xfrm.mapping", NETLINK_XFRM, 8, NULL),
	GROUP("uevent.kernel", NETLINK_KOBJECT_UEVENT, 1, NULL),
	GROUP("uevent.udev", NETLINK_KOBJECT_UEVENT, 2, NULL),
	GROUP("connector.proc", NETLINK_CONNECTOR, 1, NULL),
	GROUP("audit.readlog", NETLINK_AUDIT, 1, NULL),
	GROUP("selinux.avc", NETLINK_SELINUX, 1, NULL),
	GROUP("rdma.iwpm", NETLINK_RDMA, 2, NULL),
	GROUP("rdma.ls", NETLINK_RDMA, 3, NULL),
	GROUP("rdma.notify", NETLINK_RDMA, 4, NULL),
	{ .name = NULL },
};
/* clang-format on */
