/* SPDX-License-Identifier: MIT */
/*
 * MPTCP over loopback, in a namespace of the test's own: what a connection has become,
 * the path manager's addresses and limits, and events.
 *
 *	client 127.0.0.1, 127.0.0.2 ==== two subflows ==== 127.0.0.1 server
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linsock/inet.h>
#include <linsock/mptcp.h>

#include "tests/support/netns.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define SECOND LSK_NSEC_PER_SEC

static struct lsk_addr inet(const char *host, unsigned int port)
{
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_inet(&addr, host, port), 0);
	return addr;
}

static struct lsk_nl *open_path_manager(void)
{
	struct lsk_mptcp_limits limits;
	struct lsk_nl *nl;
	int r;

	netns_enter();
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_GENERIC, NULL), 0);
	r = lsk_mptcp_limits_get(nl, &limits);
	if (r == -ENOENT)
		cr_skip_test("no MPTCP in this kernel: scenario mptcp_paths.sh");
	cr_assert_eq(r, 0, "%d", r);
	return nl;
}

struct pair {
	struct lsk_socket *listener; /* takes the subflows that join later, too */
	struct lsk_socket *client;
	struct lsk_socket *server;
};

/* The kernel accepts by itself, so that one thread does both ends. */
static struct pair connect_pair(int client_protocol, int server_protocol)
{
	struct lsk_addr any = inet("127.0.0.1", 0), place;
	struct pair pair;

	cr_assert_eq(
		lsk_socket_new(&pair.listener, AF_INET, SOCK_STREAM, server_protocol),
		0);
	cr_assert_eq(lsk_socket_bind(pair.listener, &any), 0);
	cr_assert_eq(lsk_socket_listen(pair.listener, 4), 0);
	cr_assert_eq(lsk_socket_getsockname(pair.listener, &place), 0);
	cr_assert_eq(
		lsk_socket_new(&pair.client, AF_INET, SOCK_STREAM, client_protocol), 0);
	cr_assert_eq(lsk_socket_connect(pair.client, &place), 0);
	cr_assert_eq(lsk_socket_accept(pair.listener, &pair.server, NULL), 0);
	cr_assert_eq(lsk_socket_set_timeout(pair.client, 60 * SECOND), 0);
	cr_assert_eq(lsk_socket_set_timeout(pair.server, 60 * SECOND), 0);
	return pair;
}

static void free_pair(struct pair *pair)
{
	lsk_socket_free(pair->client);
	lsk_socket_free(pair->server);
	lsk_socket_free(pair->listener);
}

static void say(struct lsk_socket *from, struct lsk_socket *to)
{
	char buf[16];

	cr_assert_eq(lsk_socket_send(from, "words", 5, 0), 5);
	cr_assert_eq(lsk_socket_recv(to, buf, sizeof(buf), 0), 5);
}

Test(mptcp_info, tells_plain_tcp_from_multipath, .timeout = 60)
{
	struct lsk_mptcp_subflow subflows[2];
	struct lsk_mptcp_info info;
	struct pair pair;

	lsk_nl_close(open_path_manager());
	pair = connect_pair(IPPROTO_MPTCP, IPPROTO_MPTCP);
	say(pair.client, pair.server);
	cr_assert_eq(lsk_mptcp_info(pair.client, &info), 0);
	cr_assert(info.is_multipath);
	cr_assert_eq(info.subflows, 0, "none besides the first");
	cr_assert_neq(info.token, 0);
	cr_assert_eq(lsk_mptcp_subflows(pair.client, subflows, 2), 1);
	cr_assert_eq(lsk_addr_family(&subflows[0].remote), AF_INET);
	free_pair(&pair);
	/* Either end alone makes it TCP. */
	pair = connect_pair(IPPROTO_MPTCP, IPPROTO_TCP);
	say(pair.client, pair.server);
	cr_assert_eq(lsk_mptcp_info(pair.client, &info), 0);
	cr_assert_not(info.is_multipath);
	cr_assert_eq(info.token, 0);
	cr_assert_eq(lsk_mptcp_subflows(pair.client, subflows, 2), 0);
	free_pair(&pair);
	pair = connect_pair(IPPROTO_TCP, IPPROTO_MPTCP);
	cr_assert_eq(lsk_mptcp_info(pair.server, &info), 0);
	cr_assert_not(info.is_multipath);
	free_pair(&pair);
}

Test(mptcp_endpoints, are_added_listed_changed_and_removed, .timeout = 60)
{
	struct lsk_mptcp_endpoint endpoint = {.flags = LSK_MPTCP_SUBFLOW,
					      .interface = 1};
	struct lsk_nl *nl = open_path_manager();
	struct lsk_mptcp_endpoint found;
	struct lsk_nl_error error = {0};
	struct lsk_nl_dump *dump;
	int r;

	endpoint.addr = inet("127.0.0.2", 0);
	r = lsk_mptcp_endpoint_add(nl, &endpoint, &error);
	cr_assert_eq(r, 0, "%d %s", r, error.message);
	r = lsk_mptcp_endpoint_add(nl, &endpoint, NULL);
	cr_assert(r == -EEXIST || r == -EINVAL, "twice: %d", r);
	endpoint = (struct lsk_mptcp_endpoint){.id = 77, .flags = LSK_MPTCP_SIGNAL};
	cr_assert_eq(lsk_addr_inet6(&endpoint.addr, "fd00::1", 4711, 0, 0), 0);
	r = lsk_mptcp_endpoint_add(nl, &endpoint, &error);
	/* The port makes the kernel listen there, which wants the address to exist. */
	cr_assert(r == 0 || r == -EADDRNOTAVAIL, "%d %s", r, error.message);
	cr_assert_eq(lsk_mptcp_endpoint_dump(nl, &dump), 0);
	cr_assert_eq(lsk_mptcp_endpoint_next(dump, &found), 1);
	cr_assert_eq(found.flags, LSK_MPTCP_SUBFLOW);
	cr_assert_eq(found.interface, 1);
	cr_assert_neq(found.id, 0);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	r = lsk_mptcp_endpoint_set_flags(nl, found.id, LSK_MPTCP_BACKUP, &error);
	cr_assert_eq(r, 0, "%d %s", r, error.message);
	cr_assert_eq(lsk_mptcp_endpoint_dump(nl, &dump), 0);
	cr_assert_eq(lsk_mptcp_endpoint_next(dump, &found), 1);
	cr_assert_eq(found.flags, LSK_MPTCP_SUBFLOW | LSK_MPTCP_BACKUP);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	cr_assert_eq(lsk_mptcp_endpoint_remove(nl, found.id, NULL), 0);
	cr_assert_lt(lsk_mptcp_endpoint_remove(nl, found.id, NULL), 0, "none any more");
	cr_assert_eq(lsk_mptcp_endpoint_flush(nl, NULL), 0);
	cr_assert_eq(lsk_mptcp_endpoint_dump(nl, &dump), 0);
	cr_assert_eq(lsk_mptcp_endpoint_next(dump, &found), 0);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	cr_assert_eq(lsk_addr_unix(&endpoint.addr, "/x", 2), 0);
	cr_assert_eq(lsk_mptcp_endpoint_add(nl, &endpoint, NULL), LSK_ERR_FAMILY);
	lsk_nl_close(nl);
}

Test(mptcp_limits, are_set_and_bounded, .timeout = 60)
{
	struct lsk_mptcp_limits limits = {.subflows = 3, .addresses_accepted = 2},
				found;
	struct lsk_nl *nl = open_path_manager();

	cr_assert_eq(lsk_mptcp_limits_set(nl, &limits, NULL), 0);
	cr_assert_eq(lsk_mptcp_limits_get(nl, &found), 0);
	cr_assert_eq(found.subflows, 3);
	cr_assert_eq(found.addresses_accepted, 2);
	limits.subflows = 1000;
	cr_assert_eq(lsk_mptcp_limits_set(nl, &limits, NULL), -EINVAL);
	lsk_nl_close(nl);
}

/* The token of the connection whose event of kind @change comes next. */
static uint32_t wait_for(struct lsk_nl *nl, enum lsk_mptcp_change change,
			 struct lsk_mptcp_event *ret_event)
{
	struct lsk_nl_event event;

	do {
		int r = lsk_nl_event_next(nl, 60 * SECOND, &event);

		cr_assert_eq(r, 0, "%d while waiting for %d", r, change);
		cr_assert_eq(lsk_mptcp_event_parse(event.msg, ret_event), 0);
	} while (ret_event->change != change);
	return ret_event->token;
}

Test(mptcp_subflow, joins_by_a_second_address_and_is_told, .timeout = 60)
{
	struct lsk_mptcp_endpoint endpoint = {.flags = LSK_MPTCP_SUBFLOW};
	struct lsk_mptcp_limits limits = {.subflows = 2, .addresses_accepted = 2};
	struct lsk_nl *nl = open_path_manager();
	struct lsk_mptcp_subflow subflows[4];
	struct lsk_addr second = inet("127.0.0.2", 0);
	struct lsk_mptcp_event event;
	struct lsk_mptcp_info info;
	struct pair pair;
	char text[LSK_ADDR_TEXT_MAX];

	endpoint.addr = second;
	cr_assert_eq(lsk_mptcp_limits_set(nl, &limits, NULL), 0);
	cr_assert_eq(lsk_mptcp_endpoint_add(nl, &endpoint, NULL), 0);
	cr_assert_eq(lsk_mptcp_watch(nl), 0);
	pair = connect_pair(IPPROTO_MPTCP, IPPROTO_MPTCP);
	say(pair.client, pair.server);
	say(pair.server, pair.client);
	cr_assert_eq(lsk_mptcp_info(pair.client, &info), 0);
	while (wait_for(nl, LSK_MPTCP_SUBFLOW_ESTABLISHED, &event) != info.token)
		;
	lsk_addr_format(&event.local, text, sizeof(text));
	cr_assert(strncmp(text, "inet://127.0.0.2:", 17) == 0, "%s", text);
	cr_assert_eq(event.error, 0);
	cr_assert_eq(lsk_mptcp_info(pair.client, &info), 0);
	cr_assert_eq(info.subflows, 1);
	cr_assert_eq(lsk_mptcp_subflows(pair.client, subflows, 4), 2);
	cr_assert_eq(lsk_mptcp_subflows(pair.client, subflows, 1), 2, "more than room");
	say(pair.client, pair.server);
	free_pair(&pair);
	(void)wait_for(nl, LSK_MPTCP_CLOSED, &event);
	lsk_nl_close(nl);
}

Test(mptcp_event, that_is_torn_is_refused)
{
	struct nlmsghdr msg = {.nlmsg_len = sizeof(msg)};
	struct lsk_mptcp_event event;

	cr_assert_eq(lsk_mptcp_event_parse(&msg, &event), -EBADMSG);
}
