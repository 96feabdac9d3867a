/* SPDX-License-Identifier: MIT */
/*
 * Links, addresses, routes, rules, neighbours, queues: rtnetlink(7) as plain structs.
 *
 * Every struct has the kernel's own header (@info), a word of presence bits (@has) and
 * the attributes that matter. What the kernel sends is read into it; what you set, with
 * its bit, is sent. To see all links:
 *
 *	struct lsk_rtnl_link link;
 *	struct lsk_nl_dump *dump;
 *
 *	lsk_rtnl_dump(nl, RTM_GETLINK, NULL, &dump);
 *	while ((r = lsk_rtnl_link_next(dump, &link)) > 0)
 *		puts(link.name);
 *	lsk_nl_dump_end(dump, &error);
 *
 * Views (struct lsk_nl_bytes) point into the message and live as long as it does: until
 * the next call on the cursor, or on the handle where no cursor is at hand.
 */
#ifndef LINSOCK_RTNL_H
#define LINSOCK_RTNL_H

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/netlink.h>
#include <linsock/netlink_msg.h>

LSK_BEGIN_DECLS

/** enum lsk_link_bit - presence bits of struct lsk_rtnl_link */
enum lsk_link_bit {
	LSK_LINK_NAME,
	LSK_LINK_MTU,
	LSK_LINK_MIN_MTU,
	LSK_LINK_MAX_MTU,
	LSK_LINK_QUEUE_LEN,
	LSK_LINK_GROUP,
	LSK_LINK_PROMISCUITY,
	LSK_LINK_ALLMULTI,
	LSK_LINK_TX_QUEUES,
	LSK_LINK_RX_QUEUES,
	LSK_LINK_GSO_MAX_SIZE,
	LSK_LINK_GSO_MAX_SEGS,
	LSK_LINK_TSO_MAX_SIZE,
	LSK_LINK_TSO_MAX_SEGS,
	LSK_LINK_GRO_MAX_SIZE,
	LSK_LINK_LINK,
	LSK_LINK_LINK_NETNSID,
	LSK_LINK_MASTER,
	LSK_LINK_NET_NS_FD,
	LSK_LINK_NET_NS_PID,
	LSK_LINK_NEW_IFINDEX,
	LSK_LINK_CARRIER_CHANGES,
	LSK_LINK_CARRIER_UP,
	LSK_LINK_CARRIER_DOWN,
	LSK_LINK_CARRIER,
	LSK_LINK_OPERSTATE,
	LSK_LINK_MODE,
	LSK_LINK_PROTO_DOWN,
	LSK_LINK_EVENT,
	LSK_LINK_ADDRESS,
	LSK_LINK_BROADCAST,
	LSK_LINK_PERMANENT_ADDRESS,
	LSK_LINK_QDISC,
	LSK_LINK_ALIAS,
	LSK_LINK_PHYS_PORT_NAME,
	LSK_LINK_PHYS_PORT_ID,
	LSK_LINK_PHYS_SWITCH_ID,
	LSK_LINK_PARENT_NAME,
	LSK_LINK_PARENT_BUS,
	LSK_LINK_STATS,
	LSK_LINK_KIND,
	LSK_LINK_SLAVE_KIND,
	LSK_LINK_DATA,
	LSK_LINK_SLAVE_DATA,
	LSK_LINK_XSTATS,
	LSK_LINK_PROPERTIES,
	LSK_LINK_AF_SPEC,
	LSK_LINK_XDP,
	LSK_LINK_EXT_MASK,
	LSK_LINK__COUNT
};

/**
 * struct lsk_rtnl_link - a network interface
 * @info: ifi_index, ifi_flags, ifi_type …
 * @has: bits of enum lsk_link_bit
 * @name: IFLA_IFNAME
 * @link: interface under this one (of a VLAN), or the peer of a pair
 * @link_netnsid: namespace of @link, where it is another one
 * @master: bridge, bond or VRF that this is a port of
 * @net_ns_fd: namespace to move to, as a descriptor; set only
 * @net_ns_pid: the same, as a process; set only
 * @operstate: IF_OPER_*, as RFC 2863
 * @kind: "vcan", "veth" …; empty: none, a device with a driver
 * @data: IFLA_INFO_DATA; read it by lsk_rtnl_link_data_parse()
 * @slave_data: IFLA_INFO_SLAVE_DATA
 * @xstats: IFLA_INFO_XSTATS
 * @properties: IFLA_PROP_LIST: alternative names
 * @af_spec: IFLA_AF_SPEC
 * @ext_mask: RTEXT_FILTER_*, in requests
 *
 * The rest are the IFLA_* of the same name; see rtnetlink(7) and linux/if_link.h.
 */
struct lsk_rtnl_link {
	struct ifinfomsg info;
	uint64_t has;
	char name[16];
	uint32_t mtu;
	uint32_t min_mtu;
	uint32_t max_mtu;
	uint32_t queue_len;
	uint32_t group;
	uint32_t promiscuity;
	uint32_t allmulti;
	uint32_t tx_queues;
	uint32_t rx_queues;
	uint32_t gso_max_size;
	uint32_t gso_max_segs;
	uint32_t tso_max_size;
	uint32_t tso_max_segs;
	uint32_t gro_max_size;
	uint32_t link;
	int32_t link_netnsid;
	uint32_t master;
	uint32_t net_ns_fd;
	uint32_t net_ns_pid;
	int32_t new_ifindex;
	uint32_t carrier_changes;
	uint32_t carrier_up;
	uint32_t carrier_down;
	uint32_t event;
	uint32_t ext_mask;
	uint8_t carrier;
	uint8_t operstate;
	uint8_t mode;
	uint8_t proto_down;
	struct lsk_nl_blob address;
	struct lsk_nl_blob broadcast;
	struct lsk_nl_blob permanent_address;
	struct lsk_nl_blob phys_port_id;
	struct lsk_nl_blob phys_switch_id;
	char qdisc[16];
	char alias[256];
	char phys_port_name[32];
	char parent_name[64];
	char parent_bus[32];
	char kind[16];
	char slave_kind[16];
	struct lsk_nl_bytes data;
	struct lsk_nl_bytes slave_data;
	struct lsk_nl_bytes xstats;
	struct lsk_nl_bytes properties;
	struct lsk_nl_bytes af_spec;
	struct lsk_nl_bytes xdp;
	struct rtnl_link_stats64 stats;
};

/** enum lsk_link_data_bit - presence bits of struct lsk_rtnl_link_data */
enum lsk_link_data_bit {
	LSK_LINK_DATA_VLAN_ID,
	LSK_LINK_DATA_VLAN_PROTOCOL,
	LSK_LINK_DATA_MACVLAN_MODE,
	LSK_LINK_DATA_VRF_TABLE,
	LSK_LINK_DATA_NETKIT_MODE,
	LSK_LINK_DATA_NETKIT_POLICY,
	LSK_LINK_DATA_NETKIT_PEER_POLICY,
	LSK_LINK_DATA_BRIDGE_FORWARD_DELAY,
	LSK_LINK_DATA_BRIDGE_HELLO_TIME,
	LSK_LINK_DATA_BRIDGE_MAX_AGE,
	LSK_LINK_DATA_BRIDGE_AGEING_TIME,
	LSK_LINK_DATA_BRIDGE_STP_STATE,
	LSK_LINK_DATA_BRIDGE_PRIORITY,
	LSK_LINK_DATA_BRIDGE_VLAN_FILTERING,
	LSK_LINK_DATA_TUN_TYPE,
	LSK_LINK_DATA_TUN_OWNER,
	LSK_LINK_DATA_TUN_GROUP,
	LSK_LINK_DATA_PEER,
	LSK_LINK_DATA__COUNT
};

/**
 * struct lsk_rtnl_link_data - what only one kind of link has
 * @has: bits of enum lsk_link_data_bit
 * @vlan_id: 0 … 4094
 * @vlan_protocol: ETH_P_8021Q or ETH_P_8021AD, host byte order
 * @macvlan_mode: MACVLAN_MODE_*
 * @vrf_table: routing table of the VRF
 * @netkit_mode, @netkit_policy, @netkit_peer_policy: NETKIT_L3 …, NETKIT_PASS …
 * @bridge_forward_delay, @bridge_hello_time, @bridge_max_age, @bridge_ageing_time: in
 *	hundredths of a second (USER_HZ)
 * @bridge_stp_state: 0 off, 1 kernel, 2 user space
 * @bridge_priority: 0 … 65535
 * @bridge_vlan_filtering: 0 or 1
 * @tun_type: 1 tun, 2 tap; read only, since tun is made by ioctl
 * @tun_owner, @tun_group: ids that may attach
 * @peer: the other end's ifinfomsg and attributes, of veth, vxcan, netkit
 */
struct lsk_rtnl_link_data {
	uint64_t has;
	uint16_t vlan_id;
	uint16_t vlan_protocol;
	uint32_t macvlan_mode;
	uint32_t vrf_table;
	uint32_t netkit_mode;
	uint32_t netkit_policy;
	uint32_t netkit_peer_policy;
	uint32_t bridge_forward_delay;
	uint32_t bridge_hello_time;
	uint32_t bridge_max_age;
	uint32_t bridge_ageing_time;
	uint32_t bridge_stp_state;
	uint16_t bridge_priority;
	uint8_t bridge_vlan_filtering;
	uint8_t tun_type;
	uint32_t tun_owner;
	uint32_t tun_group;
	struct lsk_nl_bytes peer;
};

/** enum lsk_address_bit - presence bits of struct lsk_rtnl_address */
enum lsk_address_bit {
	LSK_ADDRESS_ADDRESS,
	LSK_ADDRESS_LOCAL,
	LSK_ADDRESS_BROADCAST,
	LSK_ADDRESS_ANYCAST,
	LSK_ADDRESS_LABEL,
	LSK_ADDRESS_CACHE,
	LSK_ADDRESS_FLAGS,
	LSK_ADDRESS_PRIORITY,
	LSK_ADDRESS_PROTOCOL,
	LSK_ADDRESS__COUNT
};

/**
 * struct lsk_rtnl_address - an address of an interface
 * @info: ifa_family, ifa_prefixlen, ifa_scope, ifa_index
 * @has: bits of enum lsk_address_bit
 * @flags: IFA_F_*, all 32 bits (ifa_flags has 8)
 * @priority: metric of the prefix's route
 * @address: the prefix' address, or the peer's on a point-to-point link
 * @local: the interface's own, where it differs (IPv4 always has both)
 * @broadcast, @anycast: IFA_BROADCAST, IFA_ANYCAST
 * @label: IPv4 only
 * @cache: lifetimes in seconds; 0xffffffff: for ever
 * @protocol: IFAPROT_*
 */
struct lsk_rtnl_address {
	struct ifaddrmsg info;
	uint64_t has;
	uint32_t flags;
	uint32_t priority;
	struct lsk_nl_blob address;
	struct lsk_nl_blob local;
	struct lsk_nl_blob broadcast;
	struct lsk_nl_blob anycast;
	char label[16];
	struct ifa_cacheinfo cache;
	uint8_t protocol;
};

/** enum lsk_route_bit - presence bits of struct lsk_rtnl_route */
enum lsk_route_bit {
	LSK_ROUTE_DST,
	LSK_ROUTE_SRC,
	LSK_ROUTE_IIF,
	LSK_ROUTE_OIF,
	LSK_ROUTE_GATEWAY,
	LSK_ROUTE_PRIORITY,
	LSK_ROUTE_PREFSRC,
	LSK_ROUTE_METRICS,
	LSK_ROUTE_MULTIPATH,
	LSK_ROUTE_FLOW,
	LSK_ROUTE_CACHE,
	LSK_ROUTE_TABLE,
	LSK_ROUTE_MARK,
	LSK_ROUTE_VIA,
	LSK_ROUTE_PREF,
	LSK_ROUTE_ENCAP_TYPE,
	LSK_ROUTE_ENCAP,
	LSK_ROUTE_EXPIRES,
	LSK_ROUTE_UID,
	LSK_ROUTE_NEXTHOP_ID,
	LSK_ROUTE__COUNT
};

/**
 * struct lsk_rtnl_route - a route
 * @info: rtm_family, rtm_dst_len, rtm_type, rtm_protocol, rtm_scope …
 * @has: bits of enum lsk_route_bit
 * @table: all 32 bits (rtm_table has 8)
 * @metrics: RTAX_* attributes
 * @multipath: struct rtnexthop each, with attributes; see lsk_rtnl_nexthop_next()
 * @via: gateway of another family: 2 bytes of family, then the address
 * @nexthop_id: id of a nexthop object
 */
struct lsk_rtnl_route {
	struct rtmsg info;
	uint64_t has;
	uint32_t table;
	uint32_t priority;
	uint32_t oif;
	uint32_t iif;
	uint32_t flow;
	uint32_t mark;
	uint32_t uid;
	uint32_t nexthop_id;
	uint32_t expires;
	uint16_t encap_type;
	uint8_t pref;
	struct lsk_nl_blob dst;
	struct lsk_nl_blob src;
	struct lsk_nl_blob gateway;
	struct lsk_nl_blob prefsrc;
	struct lsk_nl_bytes metrics;
	struct lsk_nl_bytes multipath;
	struct lsk_nl_bytes via;
	struct lsk_nl_bytes encap;
	struct rta_cacheinfo cache;
};

/** enum lsk_rule_bit - presence bits of struct lsk_rtnl_rule */
enum lsk_rule_bit {
	LSK_RULE_DST,
	LSK_RULE_SRC,
	LSK_RULE_IIF,
	LSK_RULE_OIF,
	LSK_RULE_GOTO,
	LSK_RULE_PRIORITY,
	LSK_RULE_FWMARK,
	LSK_RULE_FWMASK,
	LSK_RULE_TABLE,
	LSK_RULE_SUPPRESS_PREFIX,
	LSK_RULE_SUPPRESS_GROUP,
	LSK_RULE_L3MDEV,
	LSK_RULE_UID_RANGE,
	LSK_RULE_PROTOCOL,
	LSK_RULE_IP_PROTOCOL,
	LSK_RULE_SPORT_RANGE,
	LSK_RULE_DPORT_RANGE,
	LSK_RULE__COUNT
};

/** struct lsk_rtnl_rule - a rule of the routing policy; FRA_* of the same names */
struct lsk_rtnl_rule {
	struct fib_rule_hdr info;
	uint64_t has;
	uint32_t table;
	uint32_t priority;
	uint32_t goto_priority;
	uint32_t fwmark;
	uint32_t fwmask;
	uint32_t suppress_prefix;
	uint32_t suppress_group;
	uint8_t l3mdev;
	uint8_t protocol;
	uint8_t ip_protocol;
	struct lsk_nl_blob dst;
	struct lsk_nl_blob src;
	char iif[16];
	char oif[16];
	struct fib_rule_uid_range uid_range;
	struct fib_rule_port_range sport_range;
	struct fib_rule_port_range dport_range;
};

/** enum lsk_neighbour_bit - presence bits of struct lsk_rtnl_neighbour */
enum lsk_neighbour_bit {
	LSK_NEIGHBOUR_DST,
	LSK_NEIGHBOUR_ADDRESS,
	LSK_NEIGHBOUR_CACHE,
	LSK_NEIGHBOUR_PROBES,
	LSK_NEIGHBOUR_VLAN,
	LSK_NEIGHBOUR_MASTER,
	LSK_NEIGHBOUR_PROTOCOL,
	LSK_NEIGHBOUR_FLAGS,
	LSK_NEIGHBOUR__COUNT
};

/** struct lsk_rtnl_neighbour - an entry of the ARP or ND table; NDA_*, where @address
 * is the hardware address and @flags the extended ones */
struct lsk_rtnl_neighbour {
	struct ndmsg info;
	uint64_t has;
	uint32_t probes;
	uint32_t master;
	uint32_t flags;
	uint16_t vlan;
	uint8_t protocol;
	struct lsk_nl_blob dst;
	struct lsk_nl_blob address;
	struct nda_cacheinfo cache;
};

/** enum lsk_queue_bit - presence bits of struct lsk_rtnl_queue */
enum lsk_queue_bit {
	LSK_QUEUE_KIND,
	LSK_QUEUE_OPTIONS,
	LSK_QUEUE_STATS,
	LSK_QUEUE_STATS2,
	LSK_QUEUE_CHAIN,
	LSK_QUEUE_INGRESS_BLOCK,
	LSK_QUEUE_EGRESS_BLOCK,
	LSK_QUEUE_OFFLOAD,
	LSK_QUEUE__COUNT
};

/** struct lsk_rtnl_queue - a queueing discipline, class or filter; TCA_* */
struct lsk_rtnl_queue {
	struct tcmsg info;
	uint64_t has;
	uint32_t chain;
	uint32_t ingress_block;
	uint32_t egress_block;
	uint8_t offload;
	char kind[32];
	struct lsk_nl_bytes options;
	struct lsk_nl_bytes stats;
	struct lsk_nl_bytes stats2;
};

/** enum lsk_nexthop_bit - presence bits of struct lsk_rtnl_nexthop */
enum lsk_nexthop_bit {
	LSK_NEXTHOP_ID,
	LSK_NEXTHOP_GROUP,
	LSK_NEXTHOP_GROUP_TYPE,
	LSK_NEXTHOP_BLACKHOLE,
	LSK_NEXTHOP_OIF,
	LSK_NEXTHOP_GATEWAY,
	LSK_NEXTHOP_ENCAP_TYPE,
	LSK_NEXTHOP_ENCAP,
	LSK_NEXTHOP_FDB,
	LSK_NEXTHOP__COUNT
};

/** struct lsk_rtnl_nexthop - a nexthop object; NHA_* */
struct lsk_rtnl_nexthop {
	struct nhmsg info;
	uint64_t has;
	uint32_t id;
	uint32_t oif;
	uint16_t group_type;
	uint16_t encap_type;
	bool blackhole;
	bool fdb;
	struct lsk_nl_blob gateway;
	struct lsk_nl_bytes group;
	struct lsk_nl_bytes encap;
};

/** enum lsk_rtnl_object - the structs above */
enum lsk_rtnl_object {
	LSK_RTNL_LINK,
	LSK_RTNL_ADDRESS,
	LSK_RTNL_ROUTE,
	LSK_RTNL_RULE,
	LSK_RTNL_NEIGHBOUR,
	LSK_RTNL_QUEUE,
	LSK_RTNL_NEXTHOP,
	LSK_RTNL__COUNT
};

/**
 * lsk_rtnl_table() - the table that reads and writes an object
 * @object: which; struct lsk_rtnl_link for LSK_RTNL_LINK and so on
 *
 * Return: a constant table, for lsk_nl_parse() and lsk_nl_build(); NULL for a number
 * that is none.
 */
const struct lsk_nl_table *lsk_rtnl_table(enum lsk_rtnl_object object);

/**
 * lsk_rtnl_link_parse() - read an RTM_NEWLINK or DELLINK
 * @msg: the whole message, aligned to 4 bytes
 * @ret_link: filled; views in it point into the message
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_rtnl_link_parse(const struct nlmsghdr *msg, struct lsk_rtnl_link *ret_link);
/**
 * lsk_rtnl_address_parse() - read an RTM_NEWADDR or DELADDR
 * @msg: the whole message, aligned to 4 bytes
 * @ret_address: filled; views in it point into the message
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_rtnl_address_parse(const struct nlmsghdr *msg,
			   struct lsk_rtnl_address *ret_address);
/**
 * lsk_rtnl_route_parse() - read an RTM_NEWROUTE or DELROUTE
 * @msg: the whole message, aligned to 4 bytes
 * @ret_route: filled; views in it point into the message
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_rtnl_route_parse(const struct nlmsghdr *msg, struct lsk_rtnl_route *ret_route);
/**
 * lsk_rtnl_rule_parse() - read an RTM_NEWRULE or DELRULE
 * @msg: the whole message, aligned to 4 bytes
 * @ret_rule: filled; views in it point into the message
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_rtnl_rule_parse(const struct nlmsghdr *msg, struct lsk_rtnl_rule *ret_rule);
/**
 * lsk_rtnl_neighbour_parse() - read an RTM_NEWNEIGH or DELNEIGH
 * @msg: the whole message, aligned to 4 bytes
 * @ret_neighbour: filled; views in it point into the message
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_rtnl_neighbour_parse(const struct nlmsghdr *msg,
			     struct lsk_rtnl_neighbour *ret_neighbour);
/**
 * lsk_rtnl_queue_parse() - read an RTM_*QDISC, TCLASS or TFILTER
 * @msg: the whole message, aligned to 4 bytes
 * @ret_queue: filled; views in it point into the message
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_rtnl_queue_parse(const struct nlmsghdr *msg, struct lsk_rtnl_queue *ret_queue);
/**
 * lsk_rtnl_nexthop_parse() - read an RTM_NEWNEXTHOP
 * @msg: the whole message, aligned to 4 bytes
 * @ret_nexthop: filled; views in it point into the message
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_rtnl_nexthop_parse(const struct nlmsghdr *msg,
			   struct lsk_rtnl_nexthop *ret_nexthop);

/**
 * lsk_rtnl_dump() - list objects
 * @nl: a NETLINK_ROUTE handle
 * @type: RTM_GETLINK, RTM_GETROUTE …
 * @filter: the struct of that type, whose header and present fields the kernel is asked
 *	to filter by (rtm_family, LSK_ROUTE_TABLE, LSK_LINK_MASTER …); NULL: everything
 * @ret_dump: set on success; end with lsk_nl_dump_end()
 *
 * The kernel takes: links by master and kind; addresses by index and family; routes by
 * table, protocol, type and oif; neighbours by master and index; queues by index.
 * Strict checking refuses others with -EINVAL at the first lsk_nl_dump_next().
 *
 * Return: 0, -EINVAL for a type without a struct, or as lsk_nl_dump_start().
 */
int lsk_rtnl_dump(struct lsk_nl *nl, unsigned int type, const void *filter,
		  struct lsk_nl_dump **ret_dump);

/**
 * lsk_rtnl_link_next() - the dump's next link
 * @dump: made by lsk_rtnl_dump()
 * @ret_link: filled; views in it point into the message
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_rtnl_link_next(struct lsk_nl_dump *dump, struct lsk_rtnl_link *ret_link);
/**
 * lsk_rtnl_address_next() - the dump's next address
 * @dump: made by lsk_rtnl_dump()
 * @ret_address: filled; views in it point into the message
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_rtnl_address_next(struct lsk_nl_dump *dump,
			  struct lsk_rtnl_address *ret_address);
/**
 * lsk_rtnl_route_next() - the dump's next route
 * @dump: made by lsk_rtnl_dump()
 * @ret_route: filled; views in it point into the message
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_rtnl_route_next(struct lsk_nl_dump *dump, struct lsk_rtnl_route *ret_route);
/**
 * lsk_rtnl_rule_next() - the dump's next rule
 * @dump: made by lsk_rtnl_dump()
 * @ret_rule: filled; views in it point into the message
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_rtnl_rule_next(struct lsk_nl_dump *dump, struct lsk_rtnl_rule *ret_rule);
/**
 * lsk_rtnl_neighbour_next() - the dump's next neighbour
 * @dump: made by lsk_rtnl_dump()
 * @ret_neighbour: filled; views in it point into the message
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_rtnl_neighbour_next(struct lsk_nl_dump *dump,
			    struct lsk_rtnl_neighbour *ret_neighbour);
/**
 * lsk_rtnl_queue_next() - the dump's next queue
 * @dump: made by lsk_rtnl_dump()
 * @ret_queue: filled; views in it point into the message
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_rtnl_queue_next(struct lsk_nl_dump *dump, struct lsk_rtnl_queue *ret_queue);
/**
 * lsk_rtnl_nexthop_next() - the dump's next nexthop object
 * @dump: made by lsk_rtnl_dump()
 * @ret_nexthop: filled; views in it point into the message
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_rtnl_nexthop_next(struct lsk_nl_dump *dump,
			  struct lsk_rtnl_nexthop *ret_nexthop);

/**
 * lsk_rtnl_change() - add, change or remove an object
 * @nl: a NETLINK_ROUTE handle
 * @type: RTM_NEWROUTE, RTM_DELADDR …
 * @flags: NLM_F_CREATE | NLM_F_EXCL to add, NLM_F_CREATE | NLM_F_REPLACE to set …
 * @object: the struct of that type
 * @ret_error: what the kernel says; may be NULL
 *
 * Return: 0; -EINVAL for a type without a struct; or as lsk_nl_request().
 */
int lsk_rtnl_change(struct lsk_nl *nl, unsigned int type, unsigned int flags,
		    const void *object, struct lsk_nl_error *ret_error);

/**
 * lsk_rtnl_link_get() - one link by name or index
 * @nl: a NETLINK_ROUTE handle
 * @name: of the interface, alternative names too; NULL: by @index
 * @index: of the interface
 * @ret_link: set on success; its views live until the next call on @nl
 *
 * Return: 0, -ENODEV, or as lsk_nl_query().
 */
int lsk_rtnl_link_get(struct lsk_nl *nl, const char *name, int index,
		      struct lsk_rtnl_link *ret_link);

/**
 * lsk_rtnl_link_index() - index of a link's name
 * @nl: a NETLINK_ROUTE handle, in whose namespace the name is looked up
 * @name: of the interface
 *
 * Return: the index, which is positive; or as lsk_rtnl_link_get().
 */
int lsk_rtnl_link_index(struct lsk_nl *nl, const char *name);

/**
 * lsk_rtnl_link_create() - make a virtual link
 * @nl: a NETLINK_ROUTE handle
 * @link: kind and name at least; IFF_UP in both ifi_flags and ifi_change brings it up
 * @data: what the kind wants; NULL: nothing. LSK_LINK_DATA_PEER is @peer's
 * @peer: the other end of veth, vxcan and netkit: its name, and LSK_LINK_NET_NS_FD or
 *	_PID where it lives elsewhere; NULL: the kernel's choice
 * @ret_error: what the kernel says; may be NULL
 *
 * tun and tap are made by lsk_rtnl_tun_create().
 *
 * Return: 0, -EEXIST, -EOPNOTSUPP (no such kind in this kernel), or as
 * lsk_nl_request().
 */
int lsk_rtnl_link_create(struct lsk_nl *nl, const struct lsk_rtnl_link *link,
			 const struct lsk_rtnl_link_data *data,
			 const struct lsk_rtnl_link *peer,
			 struct lsk_nl_error *ret_error);

/**
 * lsk_rtnl_link_add() - make a virtual link that needs no data, and set it up
 * @nl: a NETLINK_ROUTE handle
 * @kind: "vcan", "dummy", "bridge" …
 * @name: of the interface
 * @ret_error: what the kernel says; may be NULL
 *
 * Return: the index of the new interface, or as lsk_rtnl_link_create().
 */
int lsk_rtnl_link_add(struct lsk_nl *nl, const char *kind, const char *name,
		      struct lsk_nl_error *ret_error);

/**
 * lsk_rtnl_link_set_up() - bring an interface up or down
 * @nl: a NETLINK_ROUTE handle
 * @index: of the interface
 * @up: false: down
 * @ret_error: what the kernel says; may be NULL
 *
 * Return: 0 or as lsk_nl_request().
 */
int lsk_rtnl_link_set_up(struct lsk_nl *nl, int index, bool up,
			 struct lsk_nl_error *ret_error);

/**
 * lsk_rtnl_link_delete() - remove an interface
 * @nl: a NETLINK_ROUTE handle
 * @index: of the interface
 * @ret_error: what the kernel says; may be NULL
 *
 * Return: 0, -ENODEV, -EOPNOTSUPP (not a virtual one), or as lsk_nl_request().
 */
int lsk_rtnl_link_delete(struct lsk_nl *nl, int index, struct lsk_nl_error *ret_error);

/**
 * lsk_rtnl_link_data_parse() - read what only the link's kind has
 * @link: as the kernel sent it; @data must still point to its message
 * @ret_data: zeroed and filled
 *
 * Return: 0; -EOPNOTSUPP for a kind without a table; -EBADMSG.
 */
int lsk_rtnl_link_data_parse(const struct lsk_rtnl_link *link,
			     struct lsk_rtnl_link_data *ret_data);

/**
 * lsk_rtnl_nexthop_route_next() - take the first nexthop off a multipath route
 * @multipath: of the route; moved behind the nexthop
 * @ret_hop: the kernel's header of it
 * @ret_route: its gateway, via, flow and encapsulation, as a route's
 *
 * Return: 1, 0 at the end, -EBADMSG.
 */
int lsk_rtnl_nexthop_route_next(struct lsk_nl_bytes *multipath,
				struct rtnexthop *ret_hop,
				struct lsk_rtnl_route *ret_route);

/**
 * lsk_rtnl_tun_create() - make a tun or tap interface that stays
 * @name: of the interface, in the calling thread's namespace
 * @tap: Ethernet frames (tap) instead of IP packets (tun)
 *
 * By ioctl on /dev/net/tun: rtnetlink cannot. Removed as any link.
 *
 * Return: 0, -EBUSY (the name is taken), -ENODEV or -ENOENT (no tun driver), -EPERM.
 */
int lsk_rtnl_tun_create(const char *name, bool tap);

LSK_END_DECLS

#endif
