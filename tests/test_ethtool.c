/* SPDX-License-Identifier: MIT */
/* ethtool's messages, of virtual links that the test makes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/net_tstamp.h>
#include <linux/veth.h>

#include <linsock/ethtool.h>

#include "tests/support/netns.h"

struct fixture {
	struct lsk_nl *nl;
	struct lsk_genl_family family;
};

/* A handle in a namespace with a veth pair "v0" and its peer. */
static void fixture_init(struct fixture *f)
{
	struct lsk_rtnl_link link = {
		.has = LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_KIND),
		.name = "v0",
		.kind = "veth",
	};
	struct lsk_nl *route = netns_handle();
	int r = lsk_rtnl_link_create(route, &link, NULL, NULL, NULL);

	lsk_nl_close(route);
	if (r == -EOPNOTSUPP)
		cr_skip_test("no veth in this kernel");
	cr_assert_eq(r, 0);
	cr_assert_eq(lsk_nl_open(&f->nl, NETLINK_GENERIC, NULL), 0);
	r = lsk_genl_find(f->nl, ETHTOOL_GENL_NAME, &f->family);
	if (r == -ENOENT)
		cr_skip_test("no ethtool family in this kernel");
	cr_assert_eq(r, 0);
}

struct found {
	const char *name;
	uint32_t bit;
	int count;
	bool has;
};

static void look_for(void *context, uint32_t bit, const char *text)
{
	struct found *found = context;

	found->count++;
	if (strcmp(text, found->name) == 0) {
		found->has = true;
		found->bit = bit;
	}
}

Test(ethtool, features_have_names_and_loopback_is_what_it_is)
{
	struct found found = {.name = "loopback"};
	struct lsk_ethtool_features features;
	struct fixture f;
	int r;

	fixture_init(&f);
	r = lsk_ethtool_strings(f.nl, &f.family, ETH_SS_FEATURES, look_for, &found);
	cr_assert_gt(r, 30);
	cr_assert_eq(found.count, r);
	found = (struct found){.name = "netns-local"};
	lsk_ethtool_strings(f.nl, &f.family, ETH_SS_FEATURES, look_for, &found);
	cr_assert_eq(lsk_ethtool_features_get(f.nl, &f.family, "lo", &features, NULL),
		     0);
	cr_assert_geq(features.active.size, (uint32_t)r);
	if (found.has) /* a feature until 6.11 */
		cr_assert(lsk_ethtool_bit(&features.active, found.bit));
	/* What never changes is not among what may be switched. */
	for (unsigned int bit = 0; bit < features.fixed.size; bit++)
		cr_assert(!(lsk_ethtool_bit(&features.fixed, bit) &&
			    lsk_ethtool_bit(&features.hardware, bit)));
	lsk_nl_close(f.nl);
}

Test(ethtool, modes_of_veth_are_ten_gigabit_full_duplex)
{
	struct lsk_ethtool_modes modes;
	struct found found = {.name = "Autoneg"};
	struct fixture f;

	fixture_init(&f);
	cr_assert_eq(lsk_ethtool_modes_get(f.nl, &f.family, "v0", &modes, NULL), 0);
	cr_assert_str_eq(modes.name, "v0");
	cr_assert_eq(modes.speed, 10000);
	cr_assert_eq(modes.duplex, DUPLEX_FULL);
	cr_assert_eq(modes.autoneg, 0);
	cr_assert_neq(modes.has >> LSK_MODES_OURS & 1, 0);
	cr_assert_gt(lsk_ethtool_strings(f.nl, &f.family, ETH_SS_LINK_MODES, look_for,
					 &found),
		     50);
	cr_assert(found.has);
	cr_assert_eq(found.bit, ETHTOOL_LINK_MODE_Autoneg_BIT);
	lsk_nl_close(f.nl);
}

Test(ethtool, time_stamps_of_loopback_are_made_by_software)
{
	struct lsk_ethtool_timestamps stamps;
	struct fixture f;

	fixture_init(&f);
	cr_assert_eq(lsk_ethtool_timestamps_get(f.nl, &f.family, "lo", &stamps, NULL),
		     0);
	cr_assert(lsk_ethtool_bit(&stamps.timestamping, 3)); /* RX_SOFTWARE */
	cr_assert(lsk_ethtool_bit(&stamps.timestamping, 4)); /* SOFTWARE */
	cr_assert(!stamps.has_clock);
	lsk_nl_close(f.nl);
}

Test(ethtool, what_a_driver_does_not_tell_and_what_is_not_there_are_errors)
{
	struct lsk_ethtool_rings rings;
	struct lsk_nl_error error;
	struct fixture f;

	fixture_init(&f);
	cr_assert_eq(lsk_ethtool_rings_get(f.nl, &f.family, "lo", &rings, &error),
		     -EOPNOTSUPP);
	cr_assert_eq(lsk_ethtool_rings_get(f.nl, &f.family, "none", &rings, &error),
		     -ENODEV);
	cr_assert_eq(error.code, -ENODEV);
	cr_assert_lt(lsk_ethtool_strings(f.nl, &f.family, 9999, look_for, NULL), 0);
	lsk_nl_close(f.nl);
}

Test(ethtool_rings, are_parsed_with_device_and_sizes)
{
	const struct genlmsghdr header = {.cmd = ETHTOOL_MSG_RINGS_GET_REPLY};
	struct lsk_ethtool_rings rings;
	LSK_NL_MSG(msg, 256);

	lsk_nl_msg_start(&msg, 21, 0, &header, sizeof(header));
	LSK_NL_NEST(&msg, ETHTOOL_A_RINGS_HEADER)
	{
		lsk_nl_put_u32(&msg, ETHTOOL_A_HEADER_DEV_INDEX, 7);
		lsk_nl_put_string(&msg, ETHTOOL_A_HEADER_DEV_NAME, "eth0");
	}
	lsk_nl_put_u32(&msg, ETHTOOL_A_RINGS_RX_MAX, 4096);
	lsk_nl_put_u32(&msg, ETHTOOL_A_RINGS_RX, 512);
	lsk_nl_put_u8(&msg, ETHTOOL_A_RINGS_TX_PUSH, 1);
	cr_assert_eq(lsk_ethtool_rings_parse(msg.header, &rings), 0);
	cr_assert_eq(rings.index, 7);
	cr_assert_str_eq(rings.name, "eth0");
	cr_assert_eq(rings.rx_max, 4096);
	cr_assert_eq(rings.rx, 512);
	cr_assert_eq(rings.tx_push, 1);
	cr_assert_eq(rings.has, 1U << LSK_RINGS_INDEX | 1U << LSK_RINGS_NAME |
					1U << LSK_RINGS_RX_MAX | 1U << LSK_RINGS_RX |
					1U << LSK_RINGS_TX_PUSH);
}
