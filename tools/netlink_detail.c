/* SPDX-License-Identifier: MIT */
/*
 * What "-d" and "-s" add to a link, as ip 6.1 has it: the driver's limits, what only its
 * kind has, and counts. One row per attribute, in ip's order.
 */
#include <linux/if_bridge.h>
#include <linux/if_tun.h>
#include <linux/if_vlan.h>
#include <stdio.h>
#include <string.h>

#include "tools/netlink_rows.h"

static const struct netlink_word port_states[] = {
	{BR_STATE_DISABLED, "disabled"}, {BR_STATE_LISTENING, "listening"},
	{BR_STATE_LEARNING, "learning"}, {BR_STATE_FORWARDING, "forwarding"},
	{BR_STATE_BLOCKING, "blocking"}, {0, NULL},
};

static const struct netlink_word netkit_ends[] = {
	{0, "peer"}, {1, "primary"}, {0, NULL}};
static const struct netlink_word netkit_policies[] = {
	{0, "forward"}, {2, "blackhole"}, {0, NULL}};

static const struct netlink_word tun_types[] = {
	{IFF_TUN, "tun"}, {IFF_TAP, "tap"}, {0, NULL}};

static const struct netlink_word vlan_flags[] = {
	{VLAN_FLAG_REORDER_HDR, "REORDER_HDR"},
	{VLAN_FLAG_GVRP, "GVRP"},
	{VLAN_FLAG_MVRP, "MVRP"},
	{VLAN_FLAG_LOOSE_BINDING, "LOOSE_BINDING"},
	{VLAN_FLAG_BRIDGE_BINDING, "BRIDGE_BINDING"},
	{0, NULL},
};

/* Of frames to 01:80:c2:00:00:0X, which bridges keep to themselves. */
static const struct netlink_word forward_groups[] = {
	{0, "stp"}, {2, "lacp"}, {14, "lldp"}, {0, NULL}};

static const struct netlink_word address_modes[] = {
	{IN6_ADDR_GEN_MODE_EUI64, "eui64"},
	{IN6_ADDR_GEN_MODE_NONE, "none"},
	{IN6_ADDR_GEN_MODE_STABLE_PRIVACY, "stable_secret"},
	{IN6_ADDR_GEN_MODE_RANDOM, "random"},
	{0, NULL},
};

static const struct netlink_row bridge_rows[] = {
	{IFLA_BR_FORWARD_DELAY, ROW_NUMBER, "forward_delay", NULL, NULL, 0},
	{IFLA_BR_HELLO_TIME, ROW_NUMBER, "hello_time", NULL, NULL, 0},
	{IFLA_BR_MAX_AGE, ROW_NUMBER, "max_age", NULL, NULL, 0},
	{IFLA_BR_AGEING_TIME, ROW_NUMBER, "ageing_time", NULL, NULL, 0},
	{IFLA_BR_STP_STATE, ROW_NUMBER, "stp_state", NULL, NULL, 0},
	{IFLA_BR_PRIORITY, ROW_NUMBER, "priority", NULL, NULL, 0},
	{IFLA_BR_VLAN_FILTERING, ROW_NUMBER, "vlan_filtering", NULL, NULL, 0},
	{IFLA_BR_VLAN_PROTOCOL, ROW_ETHER_TYPE, "vlan_protocol", NULL, NULL, 0},
	{IFLA_BR_BRIDGE_ID, ROW_BRIDGE_ID, "bridge_id", NULL, NULL, 0},
	{IFLA_BR_ROOT_ID, ROW_BRIDGE_ID, "root_id", "designated_root", NULL, 0},
	{IFLA_BR_ROOT_PORT, ROW_NUMBER, "root_port", NULL, NULL, 0},
	{IFLA_BR_ROOT_PATH_COST, ROW_NUMBER, "root_path_cost", NULL, NULL, 0},
	{IFLA_BR_TOPOLOGY_CHANGE, ROW_NUMBER, "topology_change", NULL, NULL, 0},
	{IFLA_BR_TOPOLOGY_CHANGE_DETECTED, ROW_NUMBER, "topology_change_detected", NULL,
	 NULL, 0},
	{IFLA_BR_HELLO_TIMER, ROW_SECONDS, "hello_timer", NULL, NULL, 0},
	{IFLA_BR_TCN_TIMER, ROW_SECONDS, "tcn_timer", NULL, NULL, 0},
	{IFLA_BR_TOPOLOGY_CHANGE_TIMER, ROW_SECONDS, "topology_change_timer", NULL,
	 NULL, 0},
	{IFLA_BR_GC_TIMER, ROW_SECONDS, "gc_timer", NULL, NULL, 0},
	{IFLA_BR_VLAN_DEFAULT_PVID, ROW_NUMBER, "vlan_default_pvid", NULL, NULL, 0},
	{IFLA_BR_VLAN_STATS_ENABLED, ROW_NUMBER, "vlan_stats_enabled", NULL, NULL, 0},
	{IFLA_BR_VLAN_STATS_PER_PORT, ROW_NUMBER, "vlan_stats_per_port", NULL, NULL, 0},
	{IFLA_BR_GROUP_FWD_MASK, ROW_HEX, "group_fwd_mask", NULL, NULL, 0},
	{IFLA_BR_GROUP_ADDR, ROW_HARDWARE, "group_addr", "group_address", NULL, 0},
	{IFLA_BR_MCAST_SNOOPING, ROW_NUMBER, "mcast_snooping", NULL, NULL, 0},
	{IFLA_BR_MULTI_BOOLOPT, ROW_BIT, "no_linklocal_learn", NULL, NULL,
	 BR_BOOLOPT_NO_LL_LEARN},
	{IFLA_BR_MULTI_BOOLOPT, ROW_BIT, "mcast_vlan_snooping", NULL, NULL,
	 BR_BOOLOPT_MCAST_VLAN_SNOOPING},
	{IFLA_BR_MCAST_ROUTER, ROW_NUMBER, "mcast_router", NULL, NULL, 0},
	{IFLA_BR_MCAST_QUERY_USE_IFADDR, ROW_NUMBER, "mcast_query_use_ifaddr", NULL,
	 NULL, 0},
	{IFLA_BR_MCAST_QUERIER, ROW_NUMBER, "mcast_querier", NULL, NULL, 0},
	{IFLA_BR_MCAST_HASH_ELASTICITY, ROW_NUMBER, "mcast_hash_elasticity", NULL, NULL,
	 0},
	{IFLA_BR_MCAST_HASH_MAX, ROW_NUMBER, "mcast_hash_max", NULL, NULL, 0},
	{IFLA_BR_MCAST_LAST_MEMBER_CNT, ROW_NUMBER, "mcast_last_member_cnt",
	 "mcast_last_member_count", NULL, 0},
	{IFLA_BR_MCAST_STARTUP_QUERY_CNT, ROW_NUMBER, "mcast_startup_query_cnt",
	 "mcast_startup_query_count", NULL, 0},
	{IFLA_BR_MCAST_LAST_MEMBER_INTVL, ROW_NUMBER, "mcast_last_member_intvl",
	 "mcast_last_member_interval", NULL, 0},
	{IFLA_BR_MCAST_MEMBERSHIP_INTVL, ROW_NUMBER, "mcast_membership_intvl",
	 "mcast_membership_interval", NULL, 0},
	{IFLA_BR_MCAST_QUERIER_INTVL, ROW_NUMBER, "mcast_querier_intvl",
	 "mcast_querier_interval", NULL, 0},
	{IFLA_BR_MCAST_QUERY_INTVL, ROW_NUMBER, "mcast_query_intvl",
	 "mcast_query_interval", NULL, 0},
	{IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, ROW_NUMBER, "mcast_query_response_intvl",
	 "mcast_query_response_interval", NULL, 0},
	{IFLA_BR_MCAST_STARTUP_QUERY_INTVL, ROW_NUMBER, "mcast_startup_query_intvl",
	 "mcast_startup_query_interval", NULL, 0},
	{IFLA_BR_MCAST_STATS_ENABLED, ROW_NUMBER, "mcast_stats_enabled", NULL, NULL, 0},
	{IFLA_BR_MCAST_IGMP_VERSION, ROW_NUMBER, "mcast_igmp_version", NULL, NULL, 0},
	{IFLA_BR_MCAST_MLD_VERSION, ROW_NUMBER, "mcast_mld_version", NULL, NULL, 0},
	{IFLA_BR_NF_CALL_IPTABLES, ROW_NUMBER, "nf_call_iptables", NULL, NULL, 0},
	{IFLA_BR_NF_CALL_IP6TABLES, ROW_NUMBER, "nf_call_ip6tables", NULL, NULL, 0},
	{IFLA_BR_NF_CALL_ARPTABLES, ROW_NUMBER, "nf_call_arptables", NULL, NULL, 0},
	{0, ROW_NUMBER, NULL, NULL, NULL, 0},
};

static const struct netlink_row bridge_port_rows[] = {
	{IFLA_BRPORT_STATE, ROW_WORD, "state", NULL, port_states, 0},
	{IFLA_BRPORT_PRIORITY, ROW_NUMBER, "priority", NULL, NULL, 0},
	{IFLA_BRPORT_COST, ROW_NUMBER, "cost", NULL, NULL, 0},
	{IFLA_BRPORT_MODE, ROW_ON_OFF, "hairpin", NULL, NULL, 0},
	{IFLA_BRPORT_GUARD, ROW_ON_OFF, "guard", NULL, NULL, 0},
	{IFLA_BRPORT_PROTECT, ROW_ON_OFF, "root_block", NULL, NULL, 0},
	{IFLA_BRPORT_FAST_LEAVE, ROW_ON_OFF, "fastleave", NULL, NULL, 0},
	{IFLA_BRPORT_LEARNING, ROW_ON_OFF, "learning", NULL, NULL, 0},
	{IFLA_BRPORT_UNICAST_FLOOD, ROW_ON_OFF, "flood", NULL, NULL, 0},
	{IFLA_BRPORT_ID, ROW_HEX, "id", "port_id", NULL, 0},
	{IFLA_BRPORT_NO, ROW_HEX, "no", "port_no", NULL, 0},
	{IFLA_BRPORT_DESIGNATED_PORT, ROW_NUMBER, "designated_port", NULL, NULL, 0},
	{IFLA_BRPORT_DESIGNATED_COST, ROW_NUMBER, "designated_cost", NULL, NULL, 0},
	{IFLA_BRPORT_BRIDGE_ID, ROW_BRIDGE_ID, "bridge_id", "designated_bridge", NULL,
	 0},
	{IFLA_BRPORT_ROOT_ID, ROW_BRIDGE_ID, "root_id", "designated_root", NULL, 0},
	{IFLA_BRPORT_HOLD_TIMER, ROW_SECONDS, "hold_timer", NULL, NULL, 0},
	{IFLA_BRPORT_MESSAGE_AGE_TIMER, ROW_SECONDS, "message_age_timer", NULL, NULL,
	 0},
	{IFLA_BRPORT_FORWARD_DELAY_TIMER, ROW_SECONDS, "forward_delay_timer", NULL,
	 NULL, 0},
	{IFLA_BRPORT_TOPOLOGY_CHANGE_ACK, ROW_NUMBER, "topology_change_ack", NULL, NULL,
	 0},
	{IFLA_BRPORT_CONFIG_PENDING, ROW_NUMBER, "config_pending", NULL, NULL, 0},
	{IFLA_BRPORT_PROXYARP, ROW_ON_OFF, "proxy_arp", NULL, NULL, 0},
	{IFLA_BRPORT_PROXYARP_WIFI, ROW_ON_OFF, "proxy_arp_wifi", NULL, NULL, 0},
	{IFLA_BRPORT_MULTICAST_ROUTER, ROW_NUMBER, "multicast_router", "mcast_router",
	 NULL, 0},
	/* ip's text has it twice, under two names. */
	{IFLA_BRPORT_FAST_LEAVE, ROW_ON_OFF, "fastleave", "mcast_fast_leave", NULL, 0},
	{IFLA_BRPORT_MCAST_FLOOD, ROW_ON_OFF, "mcast_flood", NULL, NULL, 0},
	{IFLA_BRPORT_BCAST_FLOOD, ROW_ON_OFF, "bcast_flood", NULL, NULL, 0},
	{IFLA_BRPORT_MCAST_TO_UCAST, ROW_ON_OFF, "mcast_to_unicast", NULL, NULL, 0},
	{IFLA_BRPORT_NEIGH_SUPPRESS, ROW_ON_OFF, "neigh_suppress", NULL, NULL, 0},
	{IFLA_BRPORT_GROUP_FWD_MASK, ROW_HEX, "group_fwd_mask", NULL, NULL, 0},
	{IFLA_BRPORT_GROUP_FWD_MASK, ROW_GROUPS, "group_fwd_mask_str", NULL,
	 forward_groups, 0},
	{IFLA_BRPORT_VLAN_TUNNEL, ROW_ON_OFF, "vlan_tunnel", NULL, NULL, 0},
	{IFLA_BRPORT_ISOLATED, ROW_ON_OFF, "isolated", NULL, NULL, 0},
	{IFLA_BRPORT_LOCKED, ROW_ON_OFF, "locked", NULL, NULL, 0},
	{IFLA_BRPORT_BACKUP_PORT, ROW_INTERFACE, "backup_port", NULL, NULL, 0},
	{0, ROW_NUMBER, NULL, NULL, NULL, 0},
};

static const struct netlink_row vlan_rows[] = {
	{IFLA_VLAN_PROTOCOL, ROW_ETHER_TYPE, "protocol", NULL, NULL, 0},
	{IFLA_VLAN_ID, ROW_NUMBER, "id", NULL, NULL, 0},
	{IFLA_VLAN_FLAGS, ROW_FLAGS, "flags", NULL, vlan_flags, 0},
	{IFLA_VLAN_INGRESS_QOS, ROW_QOS, "ingress_qos", "ingress-qos-map", NULL, 0},
	{IFLA_VLAN_EGRESS_QOS, ROW_QOS, "egress_qos", "egress-qos-map", NULL, 0},
	{0, ROW_NUMBER, NULL, NULL, NULL, 0},
};

static const struct netlink_row macvlan_rows[] = {
	{IFLA_MACVLAN_MODE, ROW_WORD, "mode", NULL, netlink_macvlan_modes, 0},
	{IFLA_MACVLAN_FLAGS, ROW_FLAG, "nopromisc", NULL, NULL, MACVLAN_FLAG_NOPROMISC},
	{IFLA_MACVLAN_FLAGS, ROW_FLAG, "nodst", NULL, NULL, MACVLAN_FLAG_NODST},
	{IFLA_MACVLAN_BC_QUEUE_LEN, ROW_NUMBER, "bcqueuelen", NULL, NULL, 0},
	{IFLA_MACVLAN_BC_QUEUE_LEN_USED, ROW_NUMBER, "usedbcqueuelen", NULL, NULL, 0},
	{0, ROW_NUMBER, NULL, NULL, NULL, 0},
};

static const struct netlink_row vrf_rows[] = {
	{IFLA_VRF_TABLE, ROW_NUMBER, "table", NULL, NULL, 0},
	{0, ROW_NUMBER, NULL, NULL, NULL, 0},
};

static const struct netlink_row netkit_rows[] = {
	{IFLA_NETKIT_MODE, ROW_WORD, "mode", NULL, netlink_netkit_modes, 0},
	{IFLA_NETKIT_PRIMARY, ROW_WORD, "type", NULL, netkit_ends, 0},
	{IFLA_NETKIT_POLICY, ROW_WORD, "policy", NULL, netkit_policies, 0},
	{IFLA_NETKIT_PEER_POLICY, ROW_WORD, "peer_policy", "peer policy",
	 netkit_policies, 0},
	{0, ROW_NUMBER, NULL, NULL, NULL, 0},
};

static const struct netlink_row tun_rows[] = {
	{IFLA_TUN_TYPE, ROW_WORD, "type", NULL, tun_types, 0},
	{IFLA_TUN_PI, ROW_ON_OFF, "pi", NULL, NULL, 0},
	{IFLA_TUN_VNET_HDR, ROW_ON_OFF, "vnet_hdr", NULL, NULL, 0},
	{IFLA_TUN_MULTI_QUEUE, ROW_SWITCH, "multi_queue", NULL, NULL, 0},
	{IFLA_TUN_NUM_QUEUES, ROW_NUMBER, "numqueues", NULL, NULL, 0},
	{IFLA_TUN_NUM_DISABLED_QUEUES, ROW_NUMBER, "numdisabled", NULL, NULL, 0},
	{IFLA_TUN_PERSIST, ROW_ON_OFF, "persist", NULL, NULL, 0},
	{IFLA_TUN_OWNER, ROW_USER, "user", NULL, NULL, 0},
	{IFLA_TUN_GROUP, ROW_GROUP, "group", NULL, NULL, 0},
	{0, ROW_NUMBER, NULL, NULL, NULL, 0},
};

static const struct {
	const char *kind;
	const struct netlink_row *rows;
} kinds[] = {
	{"bridge", bridge_rows},   {"vlan", vlan_rows}, {"macvlan", macvlan_rows},
	{"macvtap", macvlan_rows}, {"vrf", vrf_rows},   {"netkit", netkit_rows},
	{"tun", tun_rows},
};

/* What every link has; numbers of its own, since these come parsed. */
static const struct netlink_row link_rows_before[] = {
	{0, ROW_NUMBER, "promiscuity", NULL, NULL, 0},
	{0, ROW_NUMBER, "allmulti", NULL, NULL, 0},
	{0, ROW_NUMBER, "min_mtu", "minmtu", NULL, 0},
	{0, ROW_NUMBER, "max_mtu", "maxmtu", NULL, 0},
	{0, ROW_NUMBER, NULL, NULL, NULL, 0},
};

static const struct netlink_row link_rows_after[] = {
	{0, ROW_WORD, "inet6_addr_gen_mode", "addrgenmode", NULL, 0},
	{0, ROW_NUMBER, "num_tx_queues", "numtxqueues", NULL, 0},
	{0, ROW_NUMBER, "num_rx_queues", "numrxqueues", NULL, 0},
	{0, ROW_NUMBER, "gso_max_size", NULL, NULL, 0},
	{0, ROW_NUMBER, "gso_max_segs", NULL, NULL, 0},
	{0, ROW_NUMBER, "tso_max_size", NULL, NULL, 0},
	{0, ROW_NUMBER, "tso_max_segs", NULL, NULL, 0},
	{0, ROW_NUMBER, "gro_max_size", NULL, NULL, 0},
	{0, ROW_WORD, "phys_port_name", "portname", NULL, 0},
	{0, ROW_WORD, "phys_port_id", "portid", NULL, 0},
	{0, ROW_WORD, "phys_switch_id", "switchid", NULL, 0},
	{0, ROW_WORD, "parentbus", NULL, NULL, 0},
	{0, ROW_WORD, "parentdev", NULL, NULL, 0},
	{0, ROW_NUMBER, NULL, NULL, NULL, 0},
};

static const struct netlink_row *rows_of(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].rows;
	return NULL;
}

static const struct netlink_row *port_rows_of(const char *kind)
{
	if (strcmp(kind, "bridge") == 0)
		return bridge_port_rows;
	return strcmp(kind, "vrf") == 0 ? vrf_rows : NULL;
}

static json_t *json_kind(struct netlink_call *call, const struct lsk_rtnl_link *link)
{
	const struct netlink_row *rows = rows_of(link->kind);
	const struct netlink_row *port_rows = port_rows_of(link->slave_kind);
	json_t *info = json_object();

	if (LSK_HAS(link, LSK_LINK_KIND))
		json_object_set_new(info, "info_kind", json_string(link->kind));
	if (LSK_HAS(link, LSK_LINK_KIND) && rows)
		json_object_set_new(info, "info_data",
				    netlink_json_rows(call, rows, link->data));
	if (LSK_HAS(link, LSK_LINK_SLAVE_KIND))
		json_object_set_new(info, "info_slave_kind",
				    json_string(link->slave_kind));
	if (LSK_HAS(link, LSK_LINK_SLAVE_KIND) && port_rows)
		json_object_set_new(
			info, "info_slave_data",
			netlink_json_rows(call, port_rows, link->slave_data));
	return info;
}

/* How IPv6 makes addresses of a link. */
static json_t *json_address_mode(const struct lsk_rtnl_link *link)
{
	struct lsk_nl_attr inet6, mode;

	if (!netlink_find_attr(link->af_spec, AF_INET6, &inet6) ||
	    !netlink_find_attr((struct lsk_nl_bytes){inet6.data, inet6.len},
			       IFLA_INET6_ADDR_GEN_MODE, &mode))
		return NULL;
	return netlink_json_word(address_modes, (int64_t)lsk_nl_attr_uint(&mode));
}

static json_t *json_id(const struct lsk_nl_blob *blob)
{
	char text[2 * sizeof(blob->bytes) + 1] = "";

	for (unsigned int i = 0; i < blob->len; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%02x",
			 blob->bytes[i]);
	return json_string(text);
}

json_t *netlink_json_statistics(const struct rtnl_link_stats64 *stats)
{
	return json_pack(
		"{s:{s:I,s:I,s:I,s:I,s:I,s:I},s:{s:I,s:I,s:I,s:I,s:I,s:I}}", "rx",
		"bytes", (json_int_t)stats->rx_bytes, "packets",
		(json_int_t)stats->rx_packets, "errors", (json_int_t)stats->rx_errors,
		"dropped", (json_int_t)stats->rx_dropped, "over_errors",
		(json_int_t)stats->rx_over_errors, "multicast",
		(json_int_t)stats->multicast, "tx", "bytes",
		(json_int_t)stats->tx_bytes, "packets", (json_int_t)stats->tx_packets,
		"errors", (json_int_t)stats->tx_errors, "dropped",
		(json_int_t)stats->tx_dropped, "carrier_errors",
		(json_int_t)stats->tx_carrier_errors, "collisions",
		(json_int_t)stats->collisions);
}

void netlink_json_detail(struct netlink_call *call, const struct lsk_rtnl_link *link,
			 bool is_addr, json_t *object)
{
	const struct {
		enum lsk_link_bit bit;
		const char *key;
		json_int_t value;
	} numbers[] = {
		{LSK_LINK_PROMISCUITY, "promiscuity", link->promiscuity},
		{LSK_LINK_ALLMULTI, "allmulti", link->allmulti},
		{LSK_LINK_MIN_MTU, "min_mtu", link->min_mtu},
		{LSK_LINK_MAX_MTU, "max_mtu", link->max_mtu},
		{LSK_LINK_TX_QUEUES, "num_tx_queues", link->tx_queues},
		{LSK_LINK_RX_QUEUES, "num_rx_queues", link->rx_queues},
		{LSK_LINK_GSO_MAX_SIZE, "gso_max_size", link->gso_max_size},
		{LSK_LINK_GSO_MAX_SEGS, "gso_max_segs", link->gso_max_segs},
		{LSK_LINK_TSO_MAX_SIZE, "tso_max_size", link->tso_max_size},
		{LSK_LINK_TSO_MAX_SEGS, "tso_max_segs", link->tso_max_segs},
		{LSK_LINK_GRO_MAX_SIZE, "gro_max_size", link->gro_max_size},
	};
	const struct {
		enum lsk_link_bit bit;
		const char *key;
		const char *value;
	} texts[] = {
		{LSK_LINK_PHYS_PORT_NAME, "phys_port_name", link->phys_port_name},
		{LSK_LINK_PARENT_BUS, "parentbus", link->parent_bus},
		{LSK_LINK_PARENT_NAME, "parentdev", link->parent_name},
	};
	json_t *mode = is_addr ? NULL : json_address_mode(link);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (LSK_HAS(link, numbers[i].bit))
			json_object_set_new(object, numbers[i].key,
					    json_integer(numbers[i].value));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (LSK_HAS(link, texts[i].bit))
			json_object_set_new(object, texts[i].key,
					    json_string(texts[i].value));
	if (LSK_HAS(link, LSK_LINK_PHYS_PORT_ID))
		json_object_set_new(object, "phys_port_id",
				    json_id(&link->phys_port_id));
	if (LSK_HAS(link, LSK_LINK_PHYS_SWITCH_ID))
		json_object_set_new(object, "phys_switch_id",
				    json_id(&link->phys_switch_id));
	if (LSK_HAS(link, LSK_LINK_KIND) || LSK_HAS(link, LSK_LINK_SLAVE_KIND))
		json_object_set_new(object, "linkinfo", json_kind(call, link));
	if (mode)
		json_object_set_new(object, "inet6_addr_gen_mode", mode);
}

void netlink_print_detail(const json_t *object)
{
	const json_t *info = json_object_get(object, "linkinfo");
	const char *kind = netlink_text(info, "info_kind");
	const char *port_kind = netlink_text(info, "info_slave_kind");

	netlink_print_rows(object, link_rows_before);
	if (*kind)
		printf("\n    %s ", kind);
	netlink_print_rows(json_object_get(info, "info_data"), rows_of(kind));
	if (*port_kind)
		printf("\n    %s_slave ", port_kind);
	netlink_print_rows(json_object_get(info, "info_slave_data"),
			   port_rows_of(port_kind));
	netlink_print_rows(object, link_rows_after);
}
