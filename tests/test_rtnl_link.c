/* SPDX-License-Identifier: MIT */
/*
 * Links of every virtual kind: made, read back with what only their kind has, removed.
 * A kind that this kernel lacks is skipped here and tried in a virtual machine.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_ether.h>

#include <linsock/netns.h>
#include <linsock/rtnl_can.h>

#include "tests/support/netns.h"

static struct lsk_rtnl_link named(const char *kind, const char *name)
{
	struct lsk_rtnl_link link = {
		.has = LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_KIND),
	};

	snprintf(link.kind, sizeof(link.kind), "%s", kind);
	snprintf(link.name, sizeof(link.name), "%s", name);
	return link;
}

/* Make the link or skip; then read it back. */
static struct lsk_rtnl_link create(struct lsk_nl *nl, const struct lsk_rtnl_link *link,
				   const struct lsk_rtnl_link_data *data,
				   const struct lsk_rtnl_link *peer)
{
	struct lsk_rtnl_link made;
	struct lsk_nl_error error;
	int r = lsk_rtnl_link_create(nl, link, data, peer, &error);

	if (r == -EOPNOTSUPP && strcmp(error.message, "Unknown device type") == 0)
		cr_skip_test("no %s in this kernel", link->kind);
	cr_assert_eq(r, 0, "%s: %d %s%s", link->kind, r, error.message, error.path);
	cr_assert_eq(lsk_rtnl_link_get(nl, link->name, 0, &made), 0);
	cr_assert_str_eq(made.kind, link->kind);
	return made;
}

static void check_add_and_delete(const char *kind)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_error error;
	struct lsk_rtnl_link link;
	int index = lsk_rtnl_link_add(nl, kind, "x0", &error);

	if (index == -EOPNOTSUPP)
		cr_skip_test("no %s in this kernel", kind);
	cr_assert_gt(index, 1, "%d %s", index, error.message);
	cr_assert_eq(lsk_rtnl_link_get(nl, NULL, index, &link), 0);
	cr_assert_str_eq(link.kind, kind);
	cr_assert(link.info.ifi_flags & IFF_UP);
	cr_assert_eq(lsk_rtnl_link_delete(nl, index, NULL), 0);
	cr_assert_eq(lsk_rtnl_link_index(nl, "x0"), -ENODEV);
	lsk_nl_close(nl);
}

Test(link_add, dummy_is_up)
{
	check_add_and_delete("dummy");
}

Test(link_add, bridge_is_up)
{
	check_add_and_delete("bridge");
}

Test(link_add, vcan_is_up)
{
	check_add_and_delete("vcan");
}

Test(link_add, of_a_name_that_is_taken_is_eexist)
{
	struct lsk_nl *nl = netns_handle();

	cr_assert_eq(lsk_rtnl_link_add(nl, "veth", "lo", NULL), -EEXIST);
	cr_assert_eq(lsk_rtnl_link_add(nl, "veth", "a name too long for it", NULL),
		     -EINVAL);
	lsk_nl_close(nl);
}

/* A pair with one end in another namespace, named by both sides. */
static void check_pair(const char *kind, uint64_t data_has)
{
	struct lsk_nl *nl = netns_handle();
	int fd = lsk_netns_new();
	struct lsk_nl_options options = {.netns_fd = fd};
	struct lsk_rtnl_link link = named(kind, "a0");
	struct lsk_rtnl_link peer = named(kind, "b0");
	struct lsk_rtnl_link_data data = {.has = data_has, .netkit_mode = 0};
	struct lsk_rtnl_link made;
	struct lsk_nl *other;

	cr_assert_geq(fd, 0);
	peer.has = LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_NET_NS_FD);
	peer.net_ns_fd = (uint32_t)fd;
	link.info.ifi_flags = IFF_UP;
	link.info.ifi_change = IFF_UP;
	made = create(nl, &link, data_has ? &data : NULL, &peer);
	cr_assert(made.info.ifi_flags & IFF_UP);
	cr_assert(LSK_HAS(&made, LSK_LINK_LINK_NETNSID));
	cr_assert_eq(lsk_rtnl_link_index(nl, "b0"), -ENODEV);
	cr_assert_eq(lsk_nl_open(&other, NETLINK_ROUTE, &options), 0);
	cr_assert_eq((uint32_t)lsk_rtnl_link_index(other, "b0"), made.link);
	lsk_nl_close(other);
	close(fd);
	lsk_nl_close(nl);
}

Test(link_create, veth_with_its_peer_in_another_namespace)
{
	check_pair("veth", 0);
}

Test(link_create, vxcan_with_its_peer_in_another_namespace)
{
	check_pair("vxcan", 0);
}

Test(link_create, netkit_with_its_peer_in_another_namespace)
{
	check_pair("netkit", LSK_SET(LSK_LINK_DATA_NETKIT_MODE));
}

Test(link_create, vlan_with_id_and_protocol)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link link = named("vlan", "v5");
	struct lsk_rtnl_link_data data = {
		.has = LSK_SET(LSK_LINK_DATA_VLAN_ID) |
		       LSK_SET(LSK_LINK_DATA_VLAN_PROTOCOL),
		.vlan_id = 5,
		.vlan_protocol = ETH_P_8021AD,
	};
	struct lsk_rtnl_link_data read;

	netns_bridges(nl, 1);
	link.has |= LSK_SET(LSK_LINK_LINK);
	link.link = (uint32_t)lsk_rtnl_link_index(nl, "br0");
	link = create(nl, &link, &data, NULL);
	cr_assert_eq(lsk_rtnl_link_data_parse(&link, &read), 0);
	cr_assert_eq(read.vlan_id, 5);
	cr_assert_eq(read.vlan_protocol, ETH_P_8021AD);
	lsk_nl_close(nl);
}

Test(link_create, macvlan_with_mode)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link link = named("macvlan", "m0");
	struct lsk_rtnl_link_data data = {
		.has = LSK_SET(LSK_LINK_DATA_MACVLAN_MODE),
		.macvlan_mode = MACVLAN_MODE_BRIDGE,
	};
	struct lsk_rtnl_link_data read;

	netns_bridges(nl, 1);
	link.has |= LSK_SET(LSK_LINK_LINK);
	link.link = (uint32_t)lsk_rtnl_link_index(nl, "br0");
	link = create(nl, &link, &data, NULL);
	cr_assert_eq(lsk_rtnl_link_data_parse(&link, &read), 0);
	cr_assert_eq(read.macvlan_mode, MACVLAN_MODE_BRIDGE);
	lsk_nl_close(nl);
}

Test(link_create, vrf_with_table)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link link = named("vrf", "red");
	struct lsk_rtnl_link_data data = {.has = LSK_SET(LSK_LINK_DATA_VRF_TABLE),
					  .vrf_table = 77};
	struct lsk_rtnl_link_data read;

	link = create(nl, &link, &data, NULL);
	cr_assert_eq(lsk_rtnl_link_data_parse(&link, &read), 0);
	cr_assert_eq(read.vrf_table, 77);
	lsk_nl_close(nl);
}

Test(link_create, bridge_with_priority_and_ports)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link link = named("bridge", "br");
	struct lsk_rtnl_link_data data = {
		.has = LSK_SET(LSK_LINK_DATA_BRIDGE_PRIORITY) |
		       LSK_SET(LSK_LINK_DATA_BRIDGE_AGEING_TIME),
		.bridge_priority = 4096,
		.bridge_ageing_time = 1000,
	};
	struct lsk_rtnl_link port = named("veth", "p0");
	struct lsk_rtnl_link_data read;

	link = create(nl, &link, &data, NULL);
	cr_assert_eq(lsk_rtnl_link_data_parse(&link, &read), 0);
	cr_assert_eq(read.bridge_priority, 4096);
	cr_assert_eq(read.bridge_ageing_time, 1000);
	port.has |= LSK_SET(LSK_LINK_MASTER);
	port.master = (uint32_t)link.info.ifi_index;
	port = create(nl, &port, NULL, NULL);
	cr_assert_eq(port.master, (uint32_t)link.info.ifi_index);
	cr_assert_str_eq(port.slave_kind, "bridge");
	lsk_nl_close(nl);
}

Test(link_create, without_a_kind_is_einval)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link link = {.has = LSK_SET(LSK_LINK_NAME), .name = "x"};

	cr_assert_eq(lsk_rtnl_link_create(nl, &link, NULL, NULL, NULL), -EINVAL);
	lsk_nl_close(nl);
}

Test(link_data_parse, of_a_kind_without_table_is_eopnotsupp)
{
	struct lsk_rtnl_link link = named("dummy", "x");
	struct lsk_rtnl_link_data data;

	cr_assert_eq(lsk_rtnl_link_data_parse(&link, &data), -EOPNOTSUPP);
}

Test(tun_create, makes_an_interface_that_stays)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link_data data;
	struct lsk_rtnl_link link;
	int r = lsk_rtnl_tun_create("tap7", true);

	if (r == -ENOENT || r == -ENODEV)
		cr_skip_test("no tun driver: %d", r);
	cr_assert_eq(r, 0);
	cr_assert_eq(lsk_rtnl_link_get(nl, "tap7", 0, &link), 0);
	cr_assert_str_eq(link.kind, "tun");
	cr_assert_eq(lsk_rtnl_link_data_parse(&link, &data), 0);
	cr_assert_eq(data.tun_type, 2);
	cr_assert_eq(lsk_rtnl_link_delete(nl, link.info.ifi_index, NULL), 0);
	cr_assert_eq(lsk_rtnl_tun_create("a name too long for it", true), -EINVAL);
	lsk_nl_close(nl);
}

static uint32_t first_length(struct lsk_nl *nl, const struct lsk_rtnl_link *filter)
{
	const struct nlmsghdr *msg;
	struct lsk_nl_dump *dump;
	uint32_t length;

	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETLINK, filter, &dump), 0);
	cr_assert_eq(lsk_nl_dump_next(dump, &msg), 1);
	length = msg->nlmsg_len;
	lsk_nl_dump_end(dump, NULL);
	return length;
}

/* Fact 10: messages may get too long; what is not wanted need not be in them. */
Test(link_dump, fact_10_is_shorter_without_statistics)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link filter = {.has = LSK_SET(LSK_LINK_EXT_MASK),
				       .ext_mask = RTEXT_FILTER_SKIP_STATS};

	cr_assert_lt(first_length(nl, &filter), first_length(nl, NULL));
	lsk_nl_close(nl);
}

/* Fact 41: virtual ones take no IFLA_CAN_*. */
Test(can_set, fact_41_on_a_link_of_another_kind_is_refused)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_can can = {.has = LSK_SET(LSK_CAN_RESTART_MS)};
	struct lsk_rtnl_link link;

	netns_bridges(nl, 1);
	cr_assert_eq(lsk_rtnl_link_get(nl, "br0", 0, &link), 0);
	cr_assert_eq(lsk_rtnl_can_parse(&link, &can), -EOPNOTSUPP);
	cr_assert_eq(lsk_rtnl_can_set(nl, link.info.ifi_index, &can, NULL),
		     -EOPNOTSUPP);
	lsk_nl_close(nl);
}

/* What a controller's driver would send, through both directions of the table. */
Test(can_parse, reads_bit_timing_delay_compensation_and_modes)
{
	struct ifinfomsg info = {.ifi_index = 3};
	struct can_bittiming timing = {.bitrate = 500000, .sample_point = 875};
	struct lsk_rtnl_link link;
	struct lsk_rtnl_can can;
	LSK_NL_MSG(msg, 512);

	lsk_nl_msg_start(&msg, RTM_NEWLINK, 0, &info, sizeof(info));
	LSK_NL_NEST(&msg, IFLA_LINKINFO)
	{
		lsk_nl_put_string(&msg, IFLA_INFO_KIND, "can");
		LSK_NL_NEST(&msg, IFLA_INFO_DATA)
		{
			lsk_nl_put(&msg, IFLA_CAN_BITTIMING, &timing, sizeof(timing));
			LSK_NL_NEST(&msg, IFLA_CAN_TDC)
			lsk_nl_put_u32(&msg, IFLA_CAN_TDC_TDCO, 11);
			LSK_NL_NEST(&msg, IFLA_CAN_CTRLMODE_EXT)
			lsk_nl_put_u32(&msg, IFLA_CAN_CTRLMODE_SUPPORTED, 0x21);
		}
	}
	cr_assert_eq(lsk_rtnl_link_parse(msg.header, &link), 0);
	cr_assert_eq(lsk_rtnl_can_parse(&link, &can), 0);
	cr_assert_eq(can.has, LSK_SET(LSK_CAN_BITTIMING) | LSK_SET(LSK_CAN_TDC_OFFSET) |
				      LSK_SET(LSK_CAN_MODE_SUPPORTED));
	cr_assert_eq(can.bittiming.bitrate, 500000);
	cr_assert_eq(can.tdc_offset, 11);
	cr_assert_eq(can.mode_supported, 0x21);
}
