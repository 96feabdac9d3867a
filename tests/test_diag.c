/* SPDX-License-Identifier: MIT */
/* sock_diag: sockets that the test makes are found, with what it knows of them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <linsock/diag.h>

#include "tests/support/netns.h"

static struct lsk_nl *diag(void)
{
	struct lsk_nl *nl;

	cr_assert_eq(lsk_nl_open(&nl, NETLINK_SOCK_DIAG, NULL), 0);
	return nl;
}

static uint32_t inode_of(int fd)
{
	struct stat info;

	cr_assert_eq(fstat(fd, &info), 0);
	return (uint32_t)info.st_ino;
}

/* Find the socket of @fd in what @request lists; counts all. Skips without module. */
static struct lsk_diag_socket find(const struct lsk_diag_request *request, int fd,
				   int *ret_count)
{
	struct lsk_nl *nl = diag();
	uint32_t inode = fd < 0 ? 0 : inode_of(fd);
	struct lsk_diag_socket sock, found = {.family = 0};
	struct lsk_nl_dump *dump;
	int count = 0;
	int r;

	cr_assert_eq(lsk_diag_dump(nl, request, &dump), 0);
	while ((r = lsk_diag_next(dump, &sock)) > 0) {
		count++;
		if (sock.inode == inode && inode)
			found = sock;
	}
	if (r == -ENOENT || r == -EOPNOTSUPP || r == -EINVAL)
		cr_skip_test("no diag module for family %u protocol %u: %d",
			     request->family, request->protocol, r);
	cr_assert_eq(r, 0, "%d", r);
	lsk_nl_dump_end(dump, NULL);
	lsk_nl_close(nl);
	if (ret_count)
		*ret_count = count;
	/* Views died with the dump. */
	found.info.data = NULL;
	return found;
}

struct tcp {
	int listener;
	int client;
	int server;
	struct sockaddr_in addr;
};

static struct tcp tcp_make(void)
{
	struct tcp tcp = {
		.addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}}};
	socklen_t len = sizeof(tcp.addr);

	tcp.listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(tcp.listener, (void *)&tcp.addr, len), 0);
	cr_assert_eq(listen(tcp.listener, 7), 0);
	cr_assert_eq(getsockname(tcp.listener, (void *)&tcp.addr, &len), 0);
	tcp.client = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(connect(tcp.client, (void *)&tcp.addr, len), 0);
	tcp.server = accept(tcp.listener, NULL, NULL);
	cr_assert_geq(tcp.server, 0);
	return tcp;
}

Test(diag_inet, finds_listener_and_connection_with_queues_and_info)
{
	struct lsk_diag_request request = {
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
		.show = LSK_DIAG_SHOW_INFO | LSK_DIAG_SHOW_CONGESTION |
			LSK_DIAG_SHOW_MEMORY,
	};
	struct lsk_diag_socket sock;
	struct lsk_addr expected;
	struct tcp tcp;

	netns_enter();
	tcp = tcp_make();
	cr_assert_eq(send(tcp.client, "hello", 5, 0), 5);
	sock = find(&request, tcp.listener, NULL);
	cr_assert_eq(sock.state, TCP_LISTEN);
	cr_assert_eq(sock.send_queue, 7);
	lsk_addr_set(&expected, &tcp.addr, sizeof(tcp.addr));
	cr_assert(lsk_addr_equal(&sock.local, &expected));
	sock = find(&request, tcp.server, NULL);
	cr_assert_eq(sock.state, TCP_ESTABLISHED);
	cr_assert_eq(sock.receive_queue, 5);
	cr_assert_eq(sock.uid, 0);
	cr_assert(sock.has & 1 << LSK_DIAG_MEMORY);
	cr_assert_gt(sock.memory[1], 0);
	cr_assert_gt(strlen(sock.congestion), 2);
	cr_assert(sock.has & 1 << LSK_DIAG_INFO);
	cr_assert_geq(sock.info.len, sizeof(struct tcp_info) / 2);
}

Test(diag_inet, filters_by_state_in_the_kernel)
{
	struct lsk_diag_request request = {
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
		.states = 1 << TCP_LISTEN,
	};
	struct tcp tcp;
	int count;

	netns_enter();
	tcp = tcp_make();
	find(&request, tcp.listener, &count);
	cr_assert_eq(count, 1);
	request.states = 1 << TCP_ESTABLISHED;
	find(&request, -1, &count);
	cr_assert_eq(count, 2);
}

Test(diag_inet, filters_by_bytecode_in_the_kernel)
{
	struct lsk_diag_filter filter = {.len = 0};
	struct lsk_diag_request request = {
		.family = AF_INET, .protocol = IPPROTO_TCP, .filter = &filter};
	struct lsk_addr host, other;
	struct tcp tcp;
	int count;

	netns_enter();
	tcp = tcp_make();
	lsk_diag_filter_port(&filter, true, LSK_DIAG_EQUAL, ntohs(tcp.addr.sin_port));
	cr_assert_eq(find(&request, tcp.client, &count).state, TCP_ESTABLISHED);
	cr_assert_eq(count, 1);
	/* And more conditions that hold. */
	lsk_addr_inet(&host, "127.0.0.0", 0);
	lsk_diag_filter_host(&filter, false, &host, 8);
	lsk_diag_filter_port(&filter, true, LSK_DIAG_AT_LEAST, 1);
	lsk_diag_filter_port(&filter, true, LSK_DIAG_AT_MOST, 65535);
	find(&request, -1, &count);
	cr_assert_eq(count, 1);
	/* And one that does not. */
	lsk_addr_inet(&other, "10.0.0.0", 0);
	lsk_diag_filter_host(&filter, true, &other, 8);
	find(&request, -1, &count);
	cr_assert_eq(count, 0);
}

Test(diag_filter, of_what_does_not_fit_or_is_no_inet_address_is_a_fault)
{
	struct lsk_diag_filter filter = {.len = 0};
	struct lsk_diag_request request = {
		.family = AF_INET, .protocol = IPPROTO_TCP, .filter = &filter};
	struct lsk_nl *nl = diag();
	struct lsk_nl_dump *dump;
	struct lsk_addr addr;

	for (int i = 0; i < 33; i++)
		lsk_diag_filter_port(&filter, true, LSK_DIAG_EQUAL, 1);
	cr_assert_eq(lsk_diag_dump(nl, &request, &dump), -ENOBUFS);
	memset(&filter, 0, sizeof(filter));
	lsk_addr_unix(&addr, "/x", 2);
	lsk_diag_filter_host(&filter, true, &addr, 8);
	cr_assert_eq(lsk_diag_dump(nl, &request, &dump), -EINVAL);
	lsk_nl_close(nl);
}

Test(diag_inet, destroys_that_very_socket)
{
	struct lsk_diag_request request = {.family = AF_INET, .protocol = IPPROTO_TCP};
	struct lsk_diag_socket sock;
	struct lsk_nl *nl;
	struct tcp tcp;
	char byte;
	int r;

	netns_enter();
	tcp = tcp_make();
	nl = diag();
	sock = find(&request, tcp.server, NULL);
	r = lsk_diag_destroy(nl, &sock, IPPROTO_TCP, NULL);
	if (r == -EOPNOTSUPP)
		cr_skip_test("a kernel without CONFIG_INET_DIAG_DESTROY");
	cr_assert_eq(r, 0);
	cr_assert_eq(syscall_count(recv(tcp.server, &byte, 1, MSG_DONTWAIT)),
		     -ECONNABORTED);
	cr_assert_lt(lsk_diag_destroy(nl, &sock, IPPROTO_TCP, NULL), 0);
	lsk_nl_close(nl);
}

Test(diag_inet6, finds_a_udp_socket)
{
	struct lsk_diag_request request = {.family = AF_INET6, .protocol = IPPROTO_UDP};
	struct sockaddr_in6 addr = {.sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT,
				    .sin6_port = htons(4711)};
	struct lsk_diag_socket sock;
	struct lsk_addr expected;
	int fd;

	netns_enter();
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	cr_assert_eq(bind(fd, (void *)&addr, sizeof(addr)), 0);
	lsk_addr_set(&expected, &addr, sizeof(addr));
	sock = find(&request, fd, NULL);
	cr_assert(lsk_addr_equal(&sock.local, &expected));
}

Test(diag_mptcp, asks_by_the_long_number)
{
	struct lsk_diag_request request = {.family = AF_INET, .protocol = 262};
	int count;

	netns_enter();
	find(&request, -1, &count);
	cr_assert_eq(count, 0);
}

Test(diag_unix, finds_name_peer_and_queues)
{
	struct lsk_diag_request request = {.family = AF_UNIX};
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "\0lsk-diag"};
	struct lsk_diag_socket sock;
	struct lsk_addr expected;
	int pair[2];
	int fd;

	netns_enter();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(fd, (void *)&addr, 2 + 9), 0);
	cr_assert_eq(listen(fd, 3), 0);
	sock = find(&request, fd, NULL);
	lsk_addr_unix(&expected, addr.sun_path, 9);
	cr_assert(lsk_addr_equal(&sock.local, &expected));
	cr_assert_eq(sock.type, SOCK_STREAM);
	cr_assert_eq(sock.state, TCP_LISTEN);
	cr_assert_eq(sock.send_queue, 3);
	sock = find(&request, pair[0], NULL);
	cr_assert_eq(sock.state, TCP_ESTABLISHED);
	cr_assert_eq(sock.peer_inode, inode_of(pair[1]));
}

Test(diag_netlink, finds_port_id_protocol_and_groups)
{
	struct lsk_diag_request request = {.family = AF_NETLINK,
					   .show = LSK_DIAG_SHOW_GROUPS};
	struct lsk_nl *nl = netns_handle();
	struct lsk_diag_socket sock;
	struct lsk_addr expected;

	cr_assert_eq(lsk_nl_join(nl, RTNLGRP_LINK), 0);
	sock = find(&request, lsk_socket_fd(lsk_nl_event_socket(nl)), NULL);
	lsk_socket_getsockname(lsk_nl_event_socket(nl), &expected);
	((struct sockaddr_nl *)&expected.storage)->nl_groups = 0;
	cr_assert(lsk_addr_equal(&sock.local, &expected));
	cr_assert_eq(sock.protocol, NETLINK_ROUTE);
	cr_assert(sock.has & 1 << LSK_DIAG_GROUPS);
	lsk_nl_close(nl);
}

Test(diag_packet, finds_protocol_and_interface)
{
	struct lsk_diag_request request = {.family = AF_PACKET};
	int fd;

	netns_enter();
	fd = socket(AF_PACKET, SOCK_DGRAM, htons(0x0800));
	cr_assert_geq(fd, 0);
	cr_assert_eq(find(&request, fd, NULL).protocol, 0x0800);
}

Test(diag, of_a_family_without_diag_is_refused)
{
	struct lsk_diag_request request = {.family = AF_ALG};
	struct lsk_nl *nl = diag();
	struct lsk_nl_dump *dump;
	struct lsk_diag_socket sock;
	LSK_NL_MSG(msg, 64);

	cr_assert_eq(lsk_diag_dump(nl, &request, &dump), -EAFNOSUPPORT);
	lsk_nl_msg_start(&msg, 20, 0, NULL, 0);
	cr_assert_eq(lsk_diag_parse(msg.header, &sock), -EBADMSG);
	lsk_nl_msg_start(&msg, 20, 0, "\x26", 1);
	cr_assert_eq(lsk_diag_parse(msg.header, &sock), -EAFNOSUPPORT);
	lsk_nl_msg_start(&msg, 20, 0, "\x02\0\0\0", 4);
	cr_assert_eq(lsk_diag_parse(msg.header, &sock), -EBADMSG);
	lsk_nl_close(nl);
}
