/* SPDX-License-Identifier: MIT */
/*
 * The kernel's traps that docs/netlink.md counts, where no other test holds them: how
 * much is in a datagram, what fits into a buffer, what other libraries see of a handle.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "families/netlink_handle.h"
#include "tests/support/netns.h"

/* The longest datagram of a dump: MSG_TRUNC tells it whatever the room. */
struct lengths {
	ssize_t first;
	ssize_t longest;
};

static struct lengths dump_lengths(size_t room)
{
	const struct {
		struct nlmsghdr header;
		struct rtmsg body;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETROUTE,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.rtm_family = AF_INET},
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct lengths lengths = {.first = 0};
	_Alignas(struct nlmsghdr) static char buf[1 << 16];
	const struct nlmsghdr *msg = (const void *)buf;

	cr_assert_geq(fd, 0);
	cr_assert_eq(send(fd, &request, sizeof(request), 0), sizeof(request));
	do {
		ssize_t n = recv(fd, buf, room, MSG_TRUNC);

		cr_assert_gt(n, 0);
		if (lengths.first == 0)
			lengths.first = n;
		if (n > lengths.longest)
			lengths.longest = n;
	} while (msg->nlmsg_type != NLMSG_DONE);
	close(fd);
	return lengths;
}

Test(dump, fact_16_a_datagram_grows_with_what_was_received_up_to_32_kibibytes)
{
	struct lsk_nl *nl = netns_handle();
	struct lengths small, large;

	netns_routes(nl, 0, 5000, RT_TABLE_MAIN);
	small = dump_lengths(4096);
	cr_assert_leq(small.longest, 4096);
	large = dump_lengths(1 << 16);
	/* The first is made inside of send(2), before anything was received. */
	cr_assert_leq(large.first, 4096);
	cr_assert_gt(large.longest, 8192);
	cr_assert_leq(large.longest, NETLINK_BUFFER_SIZE);
	lsk_nl_close(nl);
}

Test(buffer, fact_17_is_larger_than_libmnl_says)
{
	struct lsk_nl *nl = netns_handle();

	cr_assert_lt(MNL_SOCKET_BUFFER_SIZE, NETLINK_BUFFER_SIZE);
	cr_assert_eq(nl->requests.size, NETLINK_BUFFER_SIZE);
	lsk_nl_close(nl);
}

/* Read all that is queued. Return: the events. */
static unsigned int take_events(struct lsk_nl *nl, unsigned int *ret_losses)
{
	struct lsk_nl_event event;
	unsigned int count = 0;
	int r;

	*ret_losses = 0;
	for (;;) {
		r = lsk_nl_event_next(nl, 0, &event);
		if (r == -EAGAIN)
			return count;
		cr_assert(r == 0 || r == -ENOBUFS, "%d", r);
		*ret_losses += r == -ENOBUFS;
		count += r == 0;
	}
}

Test(event, fact_20_default_buffer_holds_thousands)
{
	struct lsk_nl *writer = netns_handle();
	unsigned int losses;
	struct lsk_nl *nl;
	int size = 0;

	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, NULL), 0);
	cr_assert_eq(lsk_nl_join(nl, RTNLGRP_IPV4_ROUTE), 0);
	cr_assert_eq(lsk_socket_getsockopt_int(lsk_nl_event_socket(nl), SOL_SOCKET,
					       SO_RCVBUF, &size),
		     0);
	if (size < 8 << 20)
		cr_skip_test("SO_RCVBUFFORCE is not ours here: %d bytes", size);
	netns_routes(writer, 0, 5000, RT_TABLE_MAIN);
	cr_assert_eq(take_events(nl, &losses), 5000);
	cr_assert_eq(losses, 0);
	cr_assert_eq(lsk_nl_event_drops(nl), 0);
	lsk_nl_close(nl);
	lsk_nl_close(writer);
}

Test(event, fact_22_drops_are_counted_exactly)
{
	const struct lsk_nl_options options = {.event_buffer = 8192};
	struct lsk_nl *writer = netns_handle();
	unsigned int sent = 0, seen = 0, losses, told = 0;
	struct lsk_nl *nl;

	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, &options), 0);
	cr_assert_eq(lsk_nl_join(nl, RTNLGRP_IPV4_ROUTE), 0);
	for (unsigned int count = 1; count < 600; count += count) {
		netns_routes(writer, sent, count, RT_TABLE_MAIN);
		sent += count;
		seen += take_events(nl, &losses);
		told += losses;
		cr_assert_eq(seen + lsk_nl_event_drops(nl), sent);
	}
	cr_assert_gt(lsk_nl_event_drops(nl), 0);
	cr_assert_gt(told, 0);
	lsk_nl_close(nl);
	lsk_nl_close(writer);
}

/* mnl_socket_close() closes what it was given, so it is given a duplicate. */
Test(handle, fact_32_is_lent_to_libmnl_by_a_duplicate)
{
	const struct {
		struct nlmsghdr header;
		struct ifinfomsg body;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETLINK,
			   .nlmsg_flags = NLM_F_REQUEST,
			   .nlmsg_seq = 4711},
		.body = {.ifi_index = 1},
	};
	_Alignas(struct nlmsghdr) char buf[NETLINK_BUFFER_SIZE];
	struct lsk_nl *nl = netns_handle();
	struct mnl_socket *mnl =
		mnl_socket_fdopen(dup(lsk_socket_fd(lsk_nl_socket(nl))));
	ssize_t n;

	cr_assert_not_null(mnl);
	cr_assert_eq(mnl_socket_get_portid(mnl), nl->requests.port_id);
	cr_assert_eq(mnl_socket_sendto(mnl, &request, sizeof(request)),
		     sizeof(request));
	n = mnl_socket_recvfrom(mnl, buf, sizeof(buf));
	cr_assert_gt(n, 0);
	cr_assert_eq(((const struct nlmsghdr *)(const void *)buf)->nlmsg_seq, 4711);
	cr_assert_eq(mnl_socket_close(mnl), 0);
	/* The handle is as it was. */
	cr_assert_eq(lsk_rtnl_link_index(nl, "lo"), 1);
	lsk_nl_close(nl);
}

/* What libmnl, and so libnftnl, puts into a message goes with it. */
Test(request, fact_32_takes_what_libmnl_built)
{
	struct lsk_nl *nl = netns_handle();
	const struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	const struct nlmsghdr *reply;
	struct lsk_nl_error error;
	struct lsk_rtnl_link link;
	LSK_NL_MSG(msg, 512);

	lsk_nl_msg_start(&msg, RTM_GETLINK, 0, &info, sizeof(info));
	cr_assert(mnl_attr_put_strz_check(msg.header, sizeof(msg_storage), IFLA_IFNAME,
					  "lo"));
	cr_assert_eq(lsk_nl_query(nl, &msg, &reply, &error), 0, "%s", error.message);
	/* And what the handle gives is one for libmnl's readers. */
	cr_assert(mnl_nlmsg_ok(reply, (int)reply->nlmsg_len));
	cr_assert_eq(lsk_rtnl_link_parse(reply, &link), 0);
	cr_assert_eq(link.info.ifi_index, 1);
	lsk_nl_close(nl);
}

static int option_of(const struct lsk_nl *nl, int option)
{
	int value = 0;

	return lsk_socket_getsockopt_int(nl->requests.sock, SOL_NETLINK, option,
					 &value) == 0
		       ? value
		       : 0;
}

/* All of these are older than any kernel that is supported (6.1). */
Test(handle, fact_33_has_every_option_that_makes_the_kernel_talk)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_options lax = {.is_lax = true};
	struct lsk_nl *other;

	cr_assert_eq(option_of(nl, NETLINK_EXT_ACK), 1);
	cr_assert_eq(option_of(nl, NETLINK_CAP_ACK), 1);
	cr_assert_eq(option_of(nl, NETLINK_PKTINFO), 1);
	cr_assert_eq(option_of(nl, NETLINK_GET_STRICT_CHK), 1);
	cr_assert_eq(lsk_nl_open(&other, NETLINK_ROUTE, &lax), 0);
	cr_assert_eq(option_of(other, NETLINK_GET_STRICT_CHK), 0);
	lsk_nl_close(other);
	lsk_nl_close(nl);
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

struct cursor {
	struct lsk_nl_dump *dump; /* NULL: none under way */
	bool is_route;
	unsigned int count;
};

enum { CURSORS = 4, ROUTES = 2500, BRIDGES = 40 };

/* Take some messages, or leave the rest. Return: whether a whole table was seen. */
static bool cursor_step(struct lsk_nl *nl, struct cursor *cursor, uint32_t random)
{
	const struct nlmsghdr *msg;
	int r = 1;

	if (!cursor->dump) {
		cursor->is_route = random & 1;
		cursor->count = 0;
		cr_assert_eq(
			lsk_rtnl_dump(nl, cursor->is_route ? RTM_GETROUTE : RTM_GETLINK,
				      NULL, &cursor->dump),
			0);
		return false;
	}
	for (uint32_t left = random % 500; r > 0 && left > 0; left--) {
		r = lsk_nl_dump_next(cursor->dump, &msg);
		cr_assert_geq(r, 0, "%d", r);
		if (r == 0)
			break;
		cr_assert_eq(msg->nlmsg_type,
			     cursor->is_route ? RTM_NEWROUTE : RTM_NEWLINK);
		cursor->count++;
	}
	if (r > 0 && random >> 16 & 15)
		return false;
	/* Whole, or one in sixteen left early. */
	if (r == 0 && cursor->is_route)
		cr_assert_geq(cursor->count, ROUTES);
	else if (r == 0)
		cr_assert_eq(cursor->count, 1 + BRIDGES);
	cr_assert_eq(lsk_nl_dump_end(cursor->dump, NULL), 0);
	cursor->dump = NULL;
	return r == 0;
}

Test(dump, fact_1_torture_of_dumps_requests_and_batches, .timeout = 100)
{
	struct lsk_nl *nl = netns_handle();
	struct cursor cursors[CURSORS] = {{.dump = NULL}};
	unsigned int whole = 0;
	uint32_t random = 4711, routes = 0;

	netns_bridges(nl, BRIDGES);
	netns_routes(nl, 0, ROUTES, RT_TABLE_MAIN);
	for (int step = 0; step < 4000; step++) {
		uint32_t choice = next_random(&random);

		whole += cursor_step(nl, &cursors[choice % CURSORS],
				     next_random(&random));
		if (choice >> 8 & 1)
			cr_assert_eq(lsk_rtnl_link_index(nl, "br7"), 2 + 7);
		if ((choice >> 9 & 15) == 0) {
			netns_routes(nl, 100000 + routes, 10, 100);
			routes += 10;
		}
	}
	cr_assert_gt(whole, 50);
	for (int i = 0; i < CURSORS; i++)
		lsk_nl_dump_end(cursors[i].dump, NULL);
	lsk_nl_close(nl);
}
