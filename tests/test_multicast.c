/* SPDX-License-Identifier: MIT */
/*
 * Multicast on an interface without a carrier, in a namespace of the test's own: what
 * this host's members hear is copied before the interface sends it, or cannot.
 *
 *	10.1.0.1, 10.1.0.2 ---- 239.1.2.3 ---- member
 *	fd00::1, fd00::2   ---- ff12::77  ---- member
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linsock/error.h>
#include <linsock/multicast.h>

#include "tests/support/netns.h"
#include "tests/support/wire.h"

#define SECOND LSK_NSEC_PER_SEC
#define PORT   5353

static struct lsk_addr place(const char *host, unsigned int port)
{
	struct lsk_addr addr;
	int r = strchr(host, ':') ? lsk_addr_inet6(&addr, host, port, 0, 0)
				  : lsk_addr_inet(&addr, host, port);

	cr_assert_eq(r, 0, "%s: %d", host, r);
	return addr;
}

/* What differs between the two families. */
struct world {
	const char *group, *first, *second;
	struct lsk_socket *member, *senders[2];
	struct lsk_addr to;
	unsigned int interface;
};

/* The kernel adds it when there is a carrier. */
static void route_groups(struct lsk_nl *nl, int interface)
{
	struct lsk_rtnl_route route = {
		.info = {.rtm_family = AF_INET6,
			 .rtm_dst_len = 8,
			 .rtm_table = RT_TABLE_LOCAL,
			 .rtm_type = RTN_MULTICAST},
		.has = LSK_SET(LSK_ROUTE_DST) | LSK_SET(LSK_ROUTE_OIF),
		.oif = (uint32_t)interface,
		.dst = {16, {0xff}},
	};

	cr_assert_eq(lsk_rtnl_change(nl, RTM_NEWROUTE, NLM_F_CREATE, &route, NULL), 0);
}

static void make_world(struct world *world)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_addr any;
	int family, interface;

	wire_pin();
	interface = lsk_rtnl_link_add(nl, "veth", "v0", NULL);
	if (interface == -EOPNOTSUPP)
		cr_skip_test("no veth in this kernel");
	cr_assert_gt(interface, 0);
	world->interface = (unsigned int)interface;
	world->to = place(world->group, PORT);
	family = lsk_addr_family(&world->to);
	netns_address(nl, interface, world->first, family == AF_INET ? 32 : 128);
	netns_address(nl, interface, world->second, family == AF_INET ? 32 : 128);
	if (family == AF_INET6)
		route_groups(nl, interface);
	lsk_nl_close(nl);
	any = place(family == AF_INET ? "0.0.0.0" : "::", PORT);
	cr_assert_eq(lsk_socket_new(&world->member, family, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(world->member, &any), 0);
	cr_assert_eq(lsk_socket_set_timeout(world->member, 60 * SECOND), 0);
	for (int i = 0; i < 2; i++) {
		struct lsk_addr own = place(i == 0 ? world->first : world->second, 0);
		struct lsk_socket **sender = &world->senders[i];

		cr_assert_eq(lsk_socket_new(sender, family, SOCK_DGRAM, 0), 0);
		cr_assert_eq(lsk_socket_bind(*sender, &own), 0);
		cr_assert_eq(lsk_multicast_set_interface(*sender, world->interface), 0);
	}
}

static void free_world(struct world *world)
{
	lsk_socket_free(world->member);
	lsk_socket_free(world->senders[0]);
	lsk_socket_free(world->senders[1]);
}

/* Both senders send, then a datagram to the member alone marks the end: over loopback
 * they arrive in order. Return: bits of those who were heard. */
static unsigned int heard(struct world *world)
{
	/* Not an address of ours: the kernel adds routes to those of IPv6 later. */
	struct lsk_addr alone =
		place(strchr(world->group, ':') ? "::1" : "127.0.0.1", PORT);
	unsigned int bits = 0;
	char byte;

	for (int i = 0; i < 2; i++)
		cr_assert_eq(lsk_socket_sendto(world->senders[i], &"12"[i], 1, 0,
					       &world -> to),
			     1);
	cr_assert_eq(lsk_socket_sendto(world->senders[0], "3", 1, 0, &alone), 1);
	for (;;) {
		cr_assert_eq(lsk_socket_recv(world->member, &byte, 1, 0), 1);
		if (byte == '3')
			return bits;
		bits |= 1u << (byte - '1');
	}
}

static void join_and_leave(const char *group, const char *first, const char *second)
{
	struct world world = {.group = group, .first = first, .second = second};
	struct lsk_addr one, two;
	struct lsk_socket *sock;
	unsigned int at;

	make_world(&world);
	at = world.interface;
	sock = world.member;
	one = place(first, 0);
	two = place(second, 0);
	cr_assert_eq(heard(&world), 0);
	cr_assert_eq(lsk_multicast_leave(sock, &world.to, at), -EADDRNOTAVAIL);
	cr_assert_eq(lsk_multicast_join(sock, &world.to, at), 0);
	cr_assert_eq(lsk_multicast_join(sock, &world.to, at), -EADDRINUSE);
	cr_assert_eq(heard(&world), 3);
	cr_assert_eq(lsk_multicast_block(sock, &world.to, &two, at), 0);
	cr_assert_eq(heard(&world), 1);
	cr_assert_eq(lsk_multicast_unblock(sock, &world.to, &two, at), 0);
	cr_assert_eq(heard(&world), 3);
	cr_assert_eq(lsk_multicast_leave(sock, &world.to, at), 0);
	cr_assert_eq(heard(&world), 0);
	/* One sender only, then the other one too. */
	cr_assert_eq(lsk_multicast_join_source(sock, &world.to, &two, at), 0);
	cr_assert_eq(heard(&world), 2);
	cr_assert_eq(lsk_multicast_join_source(sock, &world.to, &one, at), 0);
	cr_assert_eq(heard(&world), 3);
	cr_assert_eq(lsk_multicast_leave_source(sock, &world.to, &two, at), 0);
	cr_assert_eq(heard(&world), 1);
	cr_assert_eq(lsk_multicast_leave_source(sock, &world.to, &one, at), 0);
	cr_assert_eq(heard(&world), 0);
	/* What the sender says of itself. */
	cr_assert_eq(lsk_multicast_join(sock, &world.to, at), 0);
	cr_assert_eq(lsk_multicast_set_hops(world.senders[0], 0), 0);
	cr_assert_eq(lsk_multicast_set_hops(world.senders[1], 255), 0);
	cr_assert_eq(lsk_multicast_set_hops(world.senders[1], 256), LSK_ERR_RANGE);
	cr_assert_eq(lsk_multicast_set_hops(world.senders[1], -1), LSK_ERR_RANGE);
	free_world(&world);
}

Test(multicast, groups_of_ipv4_are_joined_by_source_and_left, .timeout = 60)
{
	join_and_leave("239.1.2.3", "10.1.0.1", "10.1.0.2");
}

Test(multicast, groups_of_ipv6_are_joined_by_source_and_left, .timeout = 60)
{
	join_and_leave("ff12::77", "fd00::1", "fd00::2");
}

/* Another socket of the host joined: the kernel tells everybody, unless told not to. */
static void only_its_own(const char *group, const char *first, const char *second)
{
	struct world world = {.group = group, .first = first, .second = second};
	struct lsk_socket *other;

	make_world(&world);
	cr_assert_eq(lsk_socket_new(&other, lsk_addr_family(&world.to), SOCK_DGRAM, 0),
		     0);
	cr_assert_eq(lsk_multicast_join(other, &world.to, world.interface), 0);
	cr_assert_eq(lsk_multicast_set_all(world.member, true), 0);
	cr_assert_eq(heard(&world), 3);
	cr_assert_eq(lsk_multicast_set_all(world.member, false), 0);
	cr_assert_eq(heard(&world), 0);
	lsk_socket_free(other);
	free_world(&world);
}

Test(multicast, what_others_joined_can_be_left_out, .timeout = 60)
{
	only_its_own("239.1.2.3", "10.1.0.1", "10.1.0.2");
}

Test(multicast, what_others_joined_can_be_left_out_of_ipv6, .timeout = 60)
{
	only_its_own("ff12::77", "fd00::1", "fd00::2");
}

Test(multicast, nonsense_is_refused)
{
	struct lsk_addr group = place("239.1.2.3", 0), group6 = place("ff12::77", 0);
	struct lsk_addr alone = place("127.0.0.1", 0);
	struct lsk_socket *sock, *local;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&local, AF_UNIX, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_multicast_join(sock, &group6, 1), LSK_ERR_FAMILY);
	cr_assert_eq(lsk_multicast_join_source(sock, &group, &group6, 1),
		     LSK_ERR_FAMILY);
	cr_assert_eq(lsk_multicast_join(sock, &alone, 1), -EINVAL);
	cr_assert_eq(lsk_multicast_join(sock, &group, 999999), -ENODEV);
	cr_assert_eq(lsk_multicast_join(sock, NULL, 1), -EINVAL);
	cr_assert_eq(lsk_multicast_join(NULL, &group, 1), -EINVAL);
	cr_assert_eq(lsk_multicast_set_interface(local, 1), LSK_ERR_FAMILY);
	cr_assert_eq(lsk_multicast_set_loop(local, true), LSK_ERR_FAMILY);
	cr_assert_eq(lsk_multicast_set_loop(sock, false), 0);
	lsk_socket_free(sock);
	lsk_socket_free(local);
}
