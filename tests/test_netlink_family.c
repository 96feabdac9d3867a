/* SPDX-License-Identifier: MIT */
/* Netlink addresses and endpoints. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <linsock/endpoint.h>
#include <linsock/netlink.h>

#include "tests/support/netns.h"

Test(netlink_addr, reads_and_prints_port_id_and_groups)
{
	static const struct {
		const char *text;
		uint32_t port_id, groups;
		const char *printed;
	} rows[] = {
		{"netlink://0", 0, 0, "netlink://0"},
		{"netlink://route", 0, 0, "netlink://0"},
		{"netlink://4711/0x11", 4711, 0x11, "netlink://4711/0x11"},
		{"netlink://4294967295/4294967295", UINT32_MAX, UINT32_MAX,
		 "netlink://4294967295/0xffffffff"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lsk_addr addr, made;
		char text[LSK_ADDR_TEXT_MAX];

		cr_assert_eq(lsk_addr_parse(&addr, rows[i].text, NULL), 0);
		cr_assert_eq(lsk_addr_netlink(&made, rows[i].port_id, rows[i].groups),
			     0);
		cr_assert(lsk_addr_equal(&addr, &made));
		cr_assert_gt(lsk_addr_format(&addr, text, sizeof(text)), 0);
		cr_assert_str_eq(text, rows[i].printed);
	}
	cr_assert_eq(lsk_addr_netlink(NULL, 0, 0), -EINVAL);
}

Test(netlink_addr, refuses_what_is_neither_number_nor_protocol)
{
	struct lsk_addr addr;
	struct lsk_error error;

	cr_assert_eq(lsk_addr_parse(&addr, "netlink://nonsense", &error),
		     LSK_ERR_SYNTAX);
	cr_assert_eq(error.offset, 10);
	cr_assert_eq(lsk_addr_parse(&addr, "netlink://1/x", &error), LSK_ERR_SYNTAX);
	cr_assert_eq(error.offset, 12);
	cr_assert_eq(lsk_addr_parse(&addr, "netlink://4294967296", &error),
		     LSK_ERR_RANGE);
}

Test(netlink_endpoint, opens_the_protocol_and_joins_groups)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_endpoint *endpoint;
	struct lsk_socket *sock;
	struct nlmsghdr header;

	cr_assert_eq(lsk_endpoint_new(&endpoint, "netlink://route?groups=link,5", NULL),
		     0);
	cr_assert_eq(lsk_endpoint_connect(endpoint, LSK_BLOCK, &sock, NULL), 0);
	netns_bridges(nl, 1);
	cr_assert_geq(lsk_socket_recv(sock, &header, sizeof(header), 0),
		      (ssize_t)sizeof(header));
	cr_assert_eq(header.nlmsg_type, RTM_NEWLINK);
	lsk_socket_free(sock);
	lsk_endpoint_free(endpoint);
	cr_assert_eq(lsk_endpoint_new(&endpoint, "netlink://generic", NULL), 0);
	cr_assert_eq(lsk_endpoint_protocol(endpoint), NETLINK_GENERIC);
	lsk_endpoint_free(endpoint);
	lsk_nl_close(nl);
}

/* bind(2) leaves the groups that were joined before it. */
Test(netlink_endpoint, that_listens_is_in_its_groups)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_endpoint *endpoint;
	struct lsk_socket *sock;
	struct nlmsghdr header;

	cr_assert_eq(lsk_endpoint_new(&endpoint, "netlink://route?groups=link", NULL),
		     0);
	cr_assert_eq(lsk_endpoint_listen(endpoint, &sock, NULL), 0);
	netns_bridges(nl, 1);
	cr_assert_geq(lsk_socket_recv(sock, &header, sizeof(header), 0),
		      (ssize_t)sizeof(header));
	cr_assert_eq(header.nlmsg_type, RTM_NEWLINK);
	lsk_socket_free(sock);
	lsk_endpoint_free(endpoint);
	lsk_nl_close(nl);
}

Test(netlink_endpoint, tells_where_an_unknown_group_stands)
{
	struct lsk_endpoint *endpoint;
	struct lsk_socket *sock;
	struct lsk_error error;

	cr_assert_eq(lsk_endpoint_new(&endpoint, "netlink://route?groups=link,x", NULL),
		     0);
	cr_assert_eq(lsk_endpoint_connect(endpoint, LSK_BLOCK, &sock, &error),
		     LSK_ERR_VALUE);
	cr_assert_eq(error.offset, strlen("netlink://route?groups=link,"));
	lsk_endpoint_free(endpoint);
}
