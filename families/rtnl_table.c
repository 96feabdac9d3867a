/* SPDX-License-Identifier: MIT */
/*
 * The tables of rtnetlink: which attribute is which field. They parse, they build, and
 * they name what stands in errors and traces.
 */
#include <linsock/rtnl.h>

#include <assert.h>
#include <linux/if_bridge.h>
#include <linux/if_tun.h>
#include <linux/veth.h>
#include <string.h>

#include "families/netlink_table.h"
#include "families/rtnl.h"
#include "uring/util.h"

#define LINK(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_rtnl_link, member, LSK_LINK_##number)
#define DATA(text, what, member, number)                            \
	LSK_NL_FIELD(text, what, struct lsk_rtnl_link_data, member, \
		     LSK_LINK_DATA_##number)
#define ADDRESS(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_rtnl_address, member, LSK_ADDRESS_##number)
#define ROUTE(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_rtnl_route, member, LSK_ROUTE_##number)
#define RULE(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_rtnl_rule, member, LSK_RULE_##number)
#define NEIGHBOUR(text, what, member, number)                       \
	LSK_NL_FIELD(text, what, struct lsk_rtnl_neighbour, member, \
		     LSK_NEIGHBOUR_##number)
#define QUEUE(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_rtnl_queue, member, LSK_QUEUE_##number)
#define NEXTHOP(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_rtnl_nexthop, member, LSK_NEXTHOP_##number)

static const struct lsk_nl_field vlan_fields[] = {
	[IFLA_VLAN_ID] = DATA("id", LSK_NL_UINT, vlan_id, VLAN_ID),
	[IFLA_VLAN_FLAGS] = LSK_NL_NAMED("flags", LSK_NL_VIEW),
	[IFLA_VLAN_PROTOCOL] =
		DATA("protocol", LSK_NL_BE, vlan_protocol, VLAN_PROTOCOL),
};

static const struct lsk_nl_field macvlan_fields[] = {
	[IFLA_MACVLAN_MODE] = DATA("mode", LSK_NL_UINT, macvlan_mode, MACVLAN_MODE),
	[IFLA_MACVLAN_FLAGS] = LSK_NL_NAMED("flags", LSK_NL_UINT),
};

static const struct lsk_nl_field vrf_fields[] = {
	[IFLA_VRF_TABLE] = DATA("table", LSK_NL_UINT, vrf_table, VRF_TABLE),
};

/* Inside of a peer stands a link. */
static const struct lsk_nl_table *peer_table(struct lsk_nl_bytes siblings)
{
	(void)siblings;
	return lsk_rtnl_table(LSK_RTNL_LINK);
}

#define PEER(text)                                                                \
	{                                                                         \
		.name = (text), .kind = LSK_NL_NESTED, .bit = LSK_LINK_DATA_PEER, \
		.offset = offsetof(struct lsk_rtnl_link_data, peer),              \
		.size = sizeof(struct lsk_nl_bytes), .select = peer_table,        \
	}

static const struct lsk_nl_field netkit_fields[] = {
	[IFLA_NETKIT_PEER_INFO] = PEER("peer-info"),
	[IFLA_NETKIT_PRIMARY] = LSK_NL_NAMED("primary", LSK_NL_UINT),
	[IFLA_NETKIT_POLICY] =
		DATA("policy", LSK_NL_UINT, netkit_policy, NETKIT_POLICY),
	[IFLA_NETKIT_PEER_POLICY] = DATA("peer-policy", LSK_NL_UINT, netkit_peer_policy,
					 NETKIT_PEER_POLICY),
	[IFLA_NETKIT_MODE] = DATA("mode", LSK_NL_UINT, netkit_mode, NETKIT_MODE),
};

static const struct lsk_nl_field bridge_fields[] = {
	[IFLA_BR_FORWARD_DELAY] = DATA("forward-delay", LSK_NL_UINT,
				       bridge_forward_delay, BRIDGE_FORWARD_DELAY),
	[IFLA_BR_HELLO_TIME] =
		DATA("hello-time", LSK_NL_UINT, bridge_hello_time, BRIDGE_HELLO_TIME),
	[IFLA_BR_MAX_AGE] =
		DATA("max-age", LSK_NL_UINT, bridge_max_age, BRIDGE_MAX_AGE),
	[IFLA_BR_AGEING_TIME] = DATA("ageing-time", LSK_NL_UINT, bridge_ageing_time,
				     BRIDGE_AGEING_TIME),
	[IFLA_BR_STP_STATE] =
		DATA("stp-state", LSK_NL_UINT, bridge_stp_state, BRIDGE_STP_STATE),
	[IFLA_BR_PRIORITY] =
		DATA("priority", LSK_NL_UINT, bridge_priority, BRIDGE_PRIORITY),
	[IFLA_BR_VLAN_FILTERING] = DATA("vlan-filtering", LSK_NL_UINT,
					bridge_vlan_filtering, BRIDGE_VLAN_FILTERING),
};

static const struct lsk_nl_field tun_fields[] = {
	[IFLA_TUN_OWNER] = DATA("owner", LSK_NL_UINT, tun_owner, TUN_OWNER),
	[IFLA_TUN_GROUP] = DATA("group", LSK_NL_UINT, tun_group, TUN_GROUP),
	[IFLA_TUN_TYPE] = DATA("type", LSK_NL_UINT, tun_type, TUN_TYPE),
};

/* VXCAN_INFO_PEER has the same number, as it was made to. */
static const struct lsk_nl_field pair_fields[] = {
	[VETH_INFO_PEER] = PEER("peer"),
};

#define KIND(fields_)                                                   \
	{                                                               \
		.fields = (fields_), .count = ARRAY_SIZE(fields_),      \
		.size = sizeof(struct lsk_rtnl_link_data),              \
		.has_offset = offsetof(struct lsk_rtnl_link_data, has), \
	}

static const struct {
	const char *kind;
	struct lsk_nl_table table;
} kinds[] = {
	{"vlan", KIND(vlan_fields)},       {"macvlan", KIND(macvlan_fields)},
	{"macvtap", KIND(macvlan_fields)}, {"vrf", KIND(vrf_fields)},
	{"netkit", KIND(netkit_fields)},   {"bridge", KIND(bridge_fields)},
	{"tun", KIND(tun_fields)},         {"veth", KIND(pair_fields)},
	{"vxcan", KIND(pair_fields)},
};

const struct lsk_nl_table *rtnl_link_kind_table(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return &kinds[i].table;
	return NULL;
}

static const struct lsk_nl_table *linkinfo_data_table(struct lsk_nl_bytes siblings)
{
	struct lsk_nl_attr attr;
	char kind[16];

	while (lsk_nl_attr_next(&siblings, &attr) > 0) {
		if (attr.type != IFLA_INFO_KIND || attr.len >= sizeof(kind))
			continue;
		memcpy(kind, attr.data, attr.len);
		kind[attr.len] = '\0';
		return strcmp(kind, "can") == 0 ? &rtnl_can_table
						: rtnl_link_kind_table(kind);
	}
	return NULL;
}

static const struct lsk_nl_field linkinfo_fields[] = {
	[IFLA_INFO_KIND] = LINK("kind", LSK_NL_STRING, kind, KIND),
	[IFLA_INFO_DATA] =
		{
			.name = "data",
			.kind = LSK_NL_NESTED,
			.bit = LSK_LINK_DATA,
			.offset = offsetof(struct lsk_rtnl_link, data),
			.size = sizeof(struct lsk_nl_bytes),
			.select = linkinfo_data_table,
		},
	[IFLA_INFO_XSTATS] = LINK("xstats", LSK_NL_VIEW, xstats, XSTATS),
	[IFLA_INFO_SLAVE_KIND] =
		LINK("slave-kind", LSK_NL_STRING, slave_kind, SLAVE_KIND),
	[IFLA_INFO_SLAVE_DATA] =
		LINK("slave-data", LSK_NL_NESTED, slave_data, SLAVE_DATA),
};

static const struct lsk_nl_table linkinfo_table = {
	.fields = linkinfo_fields,
	.count = ARRAY_SIZE(linkinfo_fields),
};

static const struct lsk_nl_field link_fields[] = {
	[IFLA_ADDRESS] = LINK("address", LSK_NL_HARDWARE, address, ADDRESS),
	[IFLA_BROADCAST] = LINK("broadcast", LSK_NL_HARDWARE, broadcast, BROADCAST),
	[IFLA_IFNAME] = LINK("ifname", LSK_NL_STRING, name, NAME),
	[IFLA_MTU] = LINK("mtu", LSK_NL_UINT, mtu, MTU),
	[IFLA_LINK] = LINK("link", LSK_NL_UINT, link, LINK),
	[IFLA_QDISC] = LINK("qdisc", LSK_NL_STRING, qdisc, QDISC),
	[IFLA_STATS] = LSK_NL_NAMED("stats", LSK_NL_VIEW),
	[IFLA_MASTER] = LINK("master", LSK_NL_UINT, master, MASTER),
	[IFLA_PROTINFO] = LSK_NL_NAMED("protinfo", LSK_NL_VIEW),
	[IFLA_TXQLEN] = LINK("txqlen", LSK_NL_UINT, queue_len, QUEUE_LEN),
	[IFLA_MAP] = LSK_NL_NAMED("map", LSK_NL_VIEW),
	[IFLA_OPERSTATE] = LINK("operstate", LSK_NL_UINT, operstate, OPERSTATE),
	[IFLA_LINKMODE] = LINK("linkmode", LSK_NL_UINT, mode, MODE),
	[IFLA_LINKINFO] = LSK_NL_INSIDE("linkinfo", &linkinfo_table),
	[IFLA_NET_NS_PID] = LINK("net-ns-pid", LSK_NL_UINT, net_ns_pid, NET_NS_PID),
	[IFLA_IFALIAS] = LINK("ifalias", LSK_NL_STRING, alias, ALIAS),
	[IFLA_NUM_VF] = LSK_NL_NAMED("num-vf", LSK_NL_UINT),
	[IFLA_STATS64] = LINK("stats64", LSK_NL_BYTES, stats, STATS),
	[IFLA_AF_SPEC] = LINK("af-spec", LSK_NL_NESTED, af_spec, AF_SPEC),
	[IFLA_GROUP] = LINK("group", LSK_NL_UINT, group, GROUP),
	[IFLA_NET_NS_FD] = LINK("net-ns-fd", LSK_NL_UINT, net_ns_fd, NET_NS_FD),
	[IFLA_EXT_MASK] = LINK("ext-mask", LSK_NL_UINT, ext_mask, EXT_MASK),
	[IFLA_PROMISCUITY] = LINK("promiscuity", LSK_NL_UINT, promiscuity, PROMISCUITY),
	[IFLA_NUM_TX_QUEUES] = LINK("num-tx-queues", LSK_NL_UINT, tx_queues, TX_QUEUES),
	[IFLA_NUM_RX_QUEUES] = LINK("num-rx-queues", LSK_NL_UINT, rx_queues, RX_QUEUES),
	[IFLA_CARRIER] = LINK("carrier", LSK_NL_UINT, carrier, CARRIER),
	[IFLA_CARRIER_CHANGES] =
		LINK("carrier-changes", LSK_NL_UINT, carrier_changes, CARRIER_CHANGES),
	[IFLA_LINK_NETNSID] =
		LINK("link-netnsid", LSK_NL_SINT, link_netnsid, LINK_NETNSID),
	[IFLA_PHYS_PORT_NAME] =
		LINK("phys-port-name", LSK_NL_STRING, phys_port_name, PHYS_PORT_NAME),
	[IFLA_PHYS_PORT_ID] =
		LINK("phys-port-id", LSK_NL_HARDWARE, phys_port_id, PHYS_PORT_ID),
	[IFLA_PHYS_SWITCH_ID] =
		LINK("phys-switch-id", LSK_NL_HARDWARE, phys_switch_id, PHYS_SWITCH_ID),
	[IFLA_PROTO_DOWN] = LINK("proto-down", LSK_NL_UINT, proto_down, PROTO_DOWN),
	[IFLA_GSO_MAX_SEGS] =
		LINK("gso-max-segs", LSK_NL_UINT, gso_max_segs, GSO_MAX_SEGS),
	[IFLA_GSO_MAX_SIZE] =
		LINK("gso-max-size", LSK_NL_UINT, gso_max_size, GSO_MAX_SIZE),
	[IFLA_XDP] = LINK("xdp", LSK_NL_NESTED, xdp, XDP),
	[IFLA_EVENT] = LINK("event", LSK_NL_UINT, event, EVENT),
	[IFLA_CARRIER_UP_COUNT] =
		LINK("carrier-up-count", LSK_NL_UINT, carrier_up, CARRIER_UP),
	[IFLA_CARRIER_DOWN_COUNT] =
		LINK("carrier-down-count", LSK_NL_UINT, carrier_down, CARRIER_DOWN),
	[IFLA_NEW_IFINDEX] = LINK("new-ifindex", LSK_NL_SINT, new_ifindex, NEW_IFINDEX),
	[IFLA_MIN_MTU] = LINK("min-mtu", LSK_NL_UINT, min_mtu, MIN_MTU),
	[IFLA_MAX_MTU] = LINK("max-mtu", LSK_NL_UINT, max_mtu, MAX_MTU),
	[IFLA_PROP_LIST] = LINK("prop-list", LSK_NL_NESTED, properties, PROPERTIES),
	[IFLA_ALT_IFNAME] = LSK_NL_NAMED("alt-ifname", LSK_NL_STRING),
	[IFLA_PERM_ADDRESS] = LINK("perm-address", LSK_NL_HARDWARE, permanent_address,
				   PERMANENT_ADDRESS),
	[IFLA_PARENT_DEV_NAME] =
		LINK("parent-dev-name", LSK_NL_STRING, parent_name, PARENT_NAME),
	[IFLA_PARENT_DEV_BUS_NAME] =
		LINK("parent-dev-bus-name", LSK_NL_STRING, parent_bus, PARENT_BUS),
	[IFLA_TSO_MAX_SIZE] =
		LINK("tso-max-size", LSK_NL_UINT, tso_max_size, TSO_MAX_SIZE),
	[IFLA_TSO_MAX_SEGS] =
		LINK("tso-max-segs", LSK_NL_UINT, tso_max_segs, TSO_MAX_SEGS),
	[IFLA_GRO_MAX_SIZE] =
		LINK("gro-max-size", LSK_NL_UINT, gro_max_size, GRO_MAX_SIZE),
	[IFLA_ALLMULTI] = LINK("allmulti", LSK_NL_UINT, allmulti, ALLMULTI),
};

static const struct lsk_nl_field address_fields[] = {
	[IFA_ADDRESS] = ADDRESS("address", LSK_NL_INET, address, ADDRESS),
	[IFA_LOCAL] = ADDRESS("local", LSK_NL_INET, local, LOCAL),
	[IFA_LABEL] = ADDRESS("label", LSK_NL_STRING, label, LABEL),
	[IFA_BROADCAST] = ADDRESS("broadcast", LSK_NL_INET, broadcast, BROADCAST),
	[IFA_ANYCAST] = ADDRESS("anycast", LSK_NL_INET, anycast, ANYCAST),
	[IFA_CACHEINFO] = ADDRESS("cacheinfo", LSK_NL_BYTES, cache, CACHE),
	[IFA_FLAGS] = ADDRESS("flags", LSK_NL_UINT, flags, FLAGS),
	[IFA_RT_PRIORITY] = ADDRESS("rt-priority", LSK_NL_UINT, priority, PRIORITY),
	[IFA_PROTO] = ADDRESS("proto", LSK_NL_UINT, protocol, PROTOCOL),
};

static const struct lsk_nl_field route_fields[] = {
	[RTA_DST] = ROUTE("dst", LSK_NL_INET, dst, DST),
	[RTA_SRC] = ROUTE("src", LSK_NL_INET, src, SRC),
	[RTA_IIF] = ROUTE("iif", LSK_NL_UINT, iif, IIF),
	[RTA_OIF] = ROUTE("oif", LSK_NL_UINT, oif, OIF),
	[RTA_GATEWAY] = ROUTE("gateway", LSK_NL_INET, gateway, GATEWAY),
	[RTA_PRIORITY] = ROUTE("priority", LSK_NL_UINT, priority, PRIORITY),
	[RTA_PREFSRC] = ROUTE("prefsrc", LSK_NL_INET, prefsrc, PREFSRC),
	[RTA_METRICS] = ROUTE("metrics", LSK_NL_NESTED, metrics, METRICS),
	[RTA_MULTIPATH] = ROUTE("multipath", LSK_NL_VIEW, multipath, MULTIPATH),
	[RTA_FLOW] = ROUTE("flow", LSK_NL_UINT, flow, FLOW),
	[RTA_CACHEINFO] = ROUTE("cacheinfo", LSK_NL_BYTES, cache, CACHE),
	[RTA_TABLE] = ROUTE("table", LSK_NL_UINT, table, TABLE),
	[RTA_MARK] = ROUTE("mark", LSK_NL_UINT, mark, MARK),
	[RTA_VIA] = ROUTE("via", LSK_NL_VIEW, via, VIA),
	[RTA_PREF] = ROUTE("pref", LSK_NL_UINT, pref, PREF),
	[RTA_ENCAP_TYPE] = ROUTE("encap-type", LSK_NL_UINT, encap_type, ENCAP_TYPE),
	[RTA_ENCAP] = ROUTE("encap", LSK_NL_NESTED, encap, ENCAP),
	[RTA_EXPIRES] = ROUTE("expires", LSK_NL_UINT, expires, EXPIRES),
	[RTA_UID] = ROUTE("uid", LSK_NL_UINT, uid, UID),
	[RTA_NH_ID] = ROUTE("nh-id", LSK_NL_UINT, nexthop_id, NEXTHOP_ID),
};

static const struct lsk_nl_field rule_fields[] = {
	[FRA_DST] = RULE("dst", LSK_NL_INET, dst, DST),
	[FRA_SRC] = RULE("src", LSK_NL_INET, src, SRC),
	[FRA_IIFNAME] = RULE("iifname", LSK_NL_STRING, iif, IIF),
	[FRA_GOTO] = RULE("goto", LSK_NL_UINT, goto_priority, GOTO),
	[FRA_PRIORITY] = RULE("priority", LSK_NL_UINT, priority, PRIORITY),
	[FRA_FWMARK] = RULE("fwmark", LSK_NL_UINT, fwmark, FWMARK),
	[FRA_SUPPRESS_IFGROUP] =
		RULE("suppress-ifgroup", LSK_NL_UINT, suppress_group, SUPPRESS_GROUP),
	[FRA_SUPPRESS_PREFIXLEN] = RULE("suppress-prefixlen", LSK_NL_UINT,
					suppress_prefix, SUPPRESS_PREFIX),
	[FRA_TABLE] = RULE("table", LSK_NL_UINT, table, TABLE),
	[FRA_FWMASK] = RULE("fwmask", LSK_NL_UINT, fwmask, FWMASK),
	[FRA_OIFNAME] = RULE("oifname", LSK_NL_STRING, oif, OIF),
	[FRA_L3MDEV] = RULE("l3mdev", LSK_NL_UINT, l3mdev, L3MDEV),
	[FRA_UID_RANGE] = RULE("uid-range", LSK_NL_BYTES, uid_range, UID_RANGE),
	[FRA_PROTOCOL] = RULE("protocol", LSK_NL_UINT, protocol, PROTOCOL),
	[FRA_IP_PROTO] = RULE("ip-proto", LSK_NL_UINT, ip_protocol, IP_PROTOCOL),
	[FRA_SPORT_RANGE] = RULE("sport-range", LSK_NL_BYTES, sport_range, SPORT_RANGE),
	[FRA_DPORT_RANGE] = RULE("dport-range", LSK_NL_BYTES, dport_range, DPORT_RANGE),
};

static const struct lsk_nl_field neighbour_fields[] = {
	[NDA_DST] = NEIGHBOUR("dst", LSK_NL_INET, dst, DST),
	[NDA_LLADDR] = NEIGHBOUR("lladdr", LSK_NL_HARDWARE, address, ADDRESS),
	[NDA_CACHEINFO] = NEIGHBOUR("cacheinfo", LSK_NL_BYTES, cache, CACHE),
	[NDA_PROBES] = NEIGHBOUR("probes", LSK_NL_UINT, probes, PROBES),
	[NDA_VLAN] = NEIGHBOUR("vlan", LSK_NL_UINT, vlan, VLAN),
	[NDA_MASTER] = NEIGHBOUR("master", LSK_NL_UINT, master, MASTER),
	[NDA_PROTOCOL] = NEIGHBOUR("protocol", LSK_NL_UINT, protocol, PROTOCOL),
	[NDA_FLAGS_EXT] = NEIGHBOUR("flags-ext", LSK_NL_UINT, flags, FLAGS),
};

static const struct lsk_nl_field queue_fields[] = {
	[TCA_KIND] = QUEUE("kind", LSK_NL_STRING, kind, KIND),
	[TCA_OPTIONS] = QUEUE("options", LSK_NL_NESTED, options, OPTIONS),
	[TCA_STATS] = QUEUE("stats", LSK_NL_VIEW, stats, STATS),
	[TCA_STATS2] = QUEUE("stats2", LSK_NL_NESTED, stats2, STATS2),
	[TCA_CHAIN] = QUEUE("chain", LSK_NL_UINT, chain, CHAIN),
	[TCA_HW_OFFLOAD] = QUEUE("hw-offload", LSK_NL_UINT, offload, OFFLOAD),
	[TCA_INGRESS_BLOCK] =
		QUEUE("ingress-block", LSK_NL_UINT, ingress_block, INGRESS_BLOCK),
	[TCA_EGRESS_BLOCK] =
		QUEUE("egress-block", LSK_NL_UINT, egress_block, EGRESS_BLOCK),
};

static const struct lsk_nl_field nexthop_fields[] = {
	[NHA_ID] = NEXTHOP("id", LSK_NL_UINT, id, ID),
	[NHA_GROUP] = NEXTHOP("group", LSK_NL_VIEW, group, GROUP),
	[NHA_GROUP_TYPE] = NEXTHOP("group-type", LSK_NL_UINT, group_type, GROUP_TYPE),
	[NHA_BLACKHOLE] = NEXTHOP("blackhole", LSK_NL_FLAG, blackhole, BLACKHOLE),
	[NHA_OIF] = NEXTHOP("oif", LSK_NL_UINT, oif, OIF),
	[NHA_GATEWAY] = NEXTHOP("gateway", LSK_NL_INET, gateway, GATEWAY),
	[NHA_ENCAP_TYPE] = NEXTHOP("encap-type", LSK_NL_UINT, encap_type, ENCAP_TYPE),
	[NHA_ENCAP] = NEXTHOP("encap", LSK_NL_NESTED, encap, ENCAP),
	[NHA_FDB] = NEXTHOP("fdb", LSK_NL_FLAG, fdb, FDB),
};

#define TABLE(type, fields_)                                       \
	{                                                          \
		.fields = (fields_), .count = ARRAY_SIZE(fields_), \
		.size = sizeof(struct type),                       \
		.header_offset = offsetof(struct type, info),      \
		.header_len = sizeof(((struct type *)NULL)->info), \
		.has_offset = offsetof(struct type, has),          \
	}

static const struct lsk_nl_table tables[] = {
	[LSK_RTNL_LINK] = TABLE(lsk_rtnl_link, link_fields),
	[LSK_RTNL_ADDRESS] = TABLE(lsk_rtnl_address, address_fields),
	[LSK_RTNL_ROUTE] = TABLE(lsk_rtnl_route, route_fields),
	[LSK_RTNL_RULE] = TABLE(lsk_rtnl_rule, rule_fields),
	[LSK_RTNL_NEIGHBOUR] = TABLE(lsk_rtnl_neighbour, neighbour_fields),
	[LSK_RTNL_QUEUE] = TABLE(lsk_rtnl_queue, queue_fields),
	[LSK_RTNL_NEXTHOP] = TABLE(lsk_rtnl_nexthop, nexthop_fields),
};

static_assert(ARRAY_SIZE(tables) == LSK_RTNL__COUNT, "every object has a table");
static_assert(LSK_LINK__COUNT <= 64, "presence bits fit their word");

const struct lsk_nl_table *lsk_rtnl_table(enum lsk_rtnl_object object)
{
	return object < LSK_RTNL__COUNT ? &tables[object] : NULL;
}

#define MESSAGES(name_, upper, object)                          \
	{RTM_NEW##upper, "new" name_, &tables[object]},         \
		{RTM_DEL##upper, "del" name_, &tables[object]}, \
	{                                                       \
		RTM_GET##upper, "get" name_, &tables[object]    \
	}

static const struct netlink_message messages[] = {
	MESSAGES("link", LINK, LSK_RTNL_LINK),
	{RTM_SETLINK, "setlink", &tables[LSK_RTNL_LINK]},
	MESSAGES("addr", ADDR, LSK_RTNL_ADDRESS),
	MESSAGES("route", ROUTE, LSK_RTNL_ROUTE),
	MESSAGES("rule", RULE, LSK_RTNL_RULE),
	MESSAGES("neigh", NEIGH, LSK_RTNL_NEIGHBOUR),
	MESSAGES("qdisc", QDISC, LSK_RTNL_QUEUE),
	MESSAGES("tclass", TCLASS, LSK_RTNL_QUEUE),
	MESSAGES("tfilter", TFILTER, LSK_RTNL_QUEUE),
	MESSAGES("nexthop", NEXTHOP, LSK_RTNL_NEXTHOP),
};

const struct netlink_message *rtnl_message_find(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		if (messages[i].type == type)
			return &messages[i];
	return NULL;
}
