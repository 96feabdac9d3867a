/* SPDX-License-Identifier: MIT */
/*
 * RDS on this host, over the loop transport and over TCP, which alone knows congestion.
 * Where the kernel has none, every test that needs it is skipped and says so; scenario
 * rds_socket.sh runs them in virtual machines.
 *
 *	127.0.0.1:4000 ---- 127.0.0.1:4001
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/rds.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/message.h>
#include <linsock/rds.h>

#define SECOND       LSK_NSEC_PER_SEC
#define BLOCK_SIZE   4096
#define SENT_AT_MOST 4096

static struct lsk_addr place(unsigned int port)
{
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_inet(&addr, "127.0.0.1", port), 0);
	return addr;
}

static struct lsk_socket *open_rds(unsigned int port)
{
	struct lsk_addr addr = place(port);
	struct lsk_socket *sock;
	int r = lsk_socket_new(&sock, AF_RDS, SOCK_SEQPACKET, 0);

	if (r == -EAFNOSUPPORT)
		cr_skip_test("no RDS in this kernel: scenario rds_socket.sh");
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_socket_set_timeout(sock, 60 * SECOND), 0);
	if (port > 0)
		cr_assert_eq(lsk_socket_bind(sock, &addr), 0);
	return sock;
}

/* The same, of TCP. */
static struct lsk_socket *open_over_tcp(unsigned int port)
{
	struct lsk_socket *sock = open_rds(0);
	struct lsk_addr addr = place(port);

	cr_assert_eq(lsk_rds_set_transport(sock, LSK_RDS_TCP), 0);
	cr_assert_eq(lsk_socket_bind(sock, &addr), 0);
	return sock;
}

Test(rds, datagrams_come_in_order_with_their_sender, .timeout = 60)
{
	struct lsk_socket *a = open_rds(4000), *b = open_rds(4001);
	struct lsk_addr to = place(4001), from, own = place(4000);
	char buf[64];

	for (int i = 0; i < 50; i++) {
		int len = snprintf(buf, sizeof(buf), "number %d", i);

		cr_assert_eq(lsk_rds_send(a, buf, (size_t)len, &to), len);
	}
	for (int i = 0; i < 50; i++) {
		char wanted[64];
		int len = snprintf(wanted, sizeof(wanted), "number %d", i);

		cr_assert_eq(lsk_socket_recvfrom(b, buf, sizeof(buf), 0, &from), len);
		cr_assert_eq(memcmp(buf, wanted, (size_t)len), 0);
		cr_assert(lsk_addr_equal(&from, &own));
	}
	lsk_socket_free(a);
	lsk_socket_free(b);
}

/* The kernel refuses every flag but MSG_DONTWAIT: ours must add none. */
Test(rds, plain_sends_work_too, .timeout = 60)
{
	struct lsk_socket *a = open_rds(4000), *b = open_rds(4001);
	struct lsk_addr to = place(4001);
	struct iovec part = {(char[]){"gathered"}, 8};
	struct lsk_message message = {.buffers = &part, .buffers_count = 1, .addr = to};
	char buf[16];

	cr_assert_eq(lsk_socket_sendto(a, "to", 2, 0, &to), 2);
	cr_assert_eq(lsk_socket_recv(b, buf, sizeof(buf), 0), 2);
	cr_assert_eq(lsk_socket_sendmsg(a, &message, 0), 8);
	cr_assert_eq(lsk_socket_recv(b, buf, sizeof(buf), 0), 8);
	cr_assert_eq(lsk_socket_connect(a, &to), 0);
	cr_assert_eq(lsk_socket_send(a, "peer", 4, 0), 4);
	cr_assert_eq(lsk_socket_recv(b, buf, sizeof(buf), 0), 4);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(rds, a_socket_that_is_not_bound_cannot_send)
{
	struct lsk_socket *sock = open_rds(0);
	struct lsk_addr to = place(4001);

	cr_assert_eq(lsk_rds_send(sock, "x", 1, &to), -ENOTCONN);
	lsk_socket_free(sock);
}

/* Return: datagrams that were sent until the destination was congested. In between the
 * own queue fills, until what is in it has been acknowledged. */
static int congest(struct lsk_socket *from, const struct lsk_addr *to)
{
	static const char block[BLOCK_SIZE];
	int count = 0;
	ssize_t r;

	cr_assert_eq(lsk_socket_set_timeout(from, 0), 0);
	for (;;) {
		r = lsk_rds_send(from, block, sizeof(block), to);
		if (r == -EAGAIN) {
			cr_assert_gt(lsk_socket_wait(from, POLLOUT, 60 * SECOND), 0);
			continue;
		}
		if (r < 0 || ++count == SENT_AT_MOST)
			break;
	}
	cr_assert_eq(r, -ENOBUFS, "%zd after %d", r, count);
	return count;
}

/* Take @count datagrams. */
static void take(struct lsk_socket *sock, int count)
{
	static char block[BLOCK_SIZE];

	while (count-- > 0)
		cr_assert_eq(lsk_socket_recv(sock, block, sizeof(block), 0),
			     BLOCK_SIZE);
}

static void *send_one(void *context)
{
	static const char block[BLOCK_SIZE];
	struct lsk_addr to = place(4003);

	return (void *)(intptr_t)lsk_rds_send(context, block, sizeof(block), &to);
}

Test(rds, a_congested_destination_is_waited_for, .timeout = 60)
{
	struct lsk_socket *a = open_over_tcp(4002), *b = open_over_tcp(4003);
	static const char block[BLOCK_SIZE];
	struct lsk_addr to = place(4003);
	pthread_t thread;
	void *result;
	int sent;

	cr_assert_eq(lsk_socket_setsockopt_int(b, SOL_SOCKET, SO_RCVBUF, 65536), 0);
	sent = congest(a, &to);
	cr_assert_eq(lsk_socket_set_timeout(a, SECOND / 20), 0);
	cr_assert_eq(lsk_rds_send(a, block, sizeof(block), &to), -ETIME);
	cr_assert_eq(lsk_socket_set_timeout(a, 60 * SECOND), 0);
	cr_assert_eq(pthread_create(&thread, NULL, send_one, a), 0);
	take(b, sent + 1);
	pthread_join(thread, &result);
	cr_assert_eq((intptr_t)result, BLOCK_SIZE);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(rds, watched_ports_are_told_when_they_clear, .timeout = 60)
{
	struct lsk_socket *a = open_over_tcp(4002), *b = open_over_tcp(4003);
	_Alignas(struct cmsghdr) char room[128];
	struct lsk_addr to = place(4003);
	char byte;
	struct iovec part = {&byte, 1};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = room, .size = sizeof(room)},
	};
	struct lsk_control_item item;
	uint64_t ports = 0;
	size_t offset = 0;

	cr_assert_eq(lsk_rds_watch_congestion(a, true), 0);
	cr_assert_eq(lsk_socket_setsockopt_int(b, SOL_SOCKET, SO_RCVBUF, 65536), 0);
	take(b, congest(a, &to));
	cr_assert_eq(lsk_socket_set_timeout(a, 60 * SECOND), 0);
	cr_assert_eq(lsk_socket_recvmsg(a, &message, 0), 0);
	while (lsk_control_next(&message.control, &offset, &item) > 0)
		if (lsk_rds_get_congestion(&item, &ports) == 0)
			break;
	cr_assert(ports & LSK_RDS_PORT_BIT(4003));
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(rds, transport_is_chosen_once)
{
	struct lsk_socket *sock = open_rds(0);

	cr_assert_eq(lsk_rds_set_transport(sock, LSK_RDS_TCP), 0);
	cr_assert_eq(lsk_rds_set_transport(sock, LSK_RDS_TCP), -EOPNOTSUPP);
	lsk_socket_free(sock);
}

/* Over TCP, from this host to itself. */
Test(rds, datagrams_go_over_tcp, .timeout = 60)
{
	struct lsk_socket *a = open_over_tcp(4002), *b = open_over_tcp(4003);
	struct lsk_addr to = place(4003);
	char buf[8];

	cr_assert_eq(lsk_rds_send(a, "tcp", 3, &to), 3);
	cr_assert_eq(lsk_socket_recv(b, buf, sizeof(buf), 0), 3);
	cr_assert_eq(lsk_rds_cancel(a, &to), 0);
	cr_assert_eq(lsk_rds_cancel(a, NULL), -EINVAL);
	cr_assert_eq(lsk_addr_unix(&to, "/x", 2), 0);
	cr_assert_eq(lsk_rds_cancel(a, &to), LSK_ERR_FAMILY);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(rds, datagrams_go_between_addresses_of_ipv6, .timeout = 60)
{
	struct lsk_addr at, to, from;
	struct lsk_socket *a = open_rds(0), *b = open_rds(0);
	char buf[8];

	cr_assert_eq(lsk_addr_inet6(&at, "::1", 4004, 0, 0), 0);
	cr_assert_eq(lsk_addr_inet6(&to, "::1", 4005, 0, 0), 0);
	cr_assert_eq(lsk_socket_bind(a, &at), 0);
	cr_assert_eq(lsk_socket_bind(b, &to), 0);
	cr_assert_eq(lsk_rds_send(a, "six", 3, &to), 3);
	cr_assert_eq(lsk_socket_recvfrom(b, buf, sizeof(buf), 0, &from), 3);
	cr_assert(lsk_addr_equal(&from, &at));
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(rds, sockets_connections_and_counters_are_listed, .timeout = 60)
{
	struct lsk_socket *a = open_rds(4000), *b = open_rds(4001);
	struct lsk_addr own = place(4001), to = own;
	struct lsk_rds_connection *connections;
	struct lsk_rds_counter *counters;
	struct lsk_rds_socket *socks;
	size_t count, found = 0;
	void *rows;
	char byte;

	cr_assert_eq(lsk_rds_send(a, "x", 1, &to), 1);
	cr_assert_eq(lsk_socket_recv(b, &byte, 1, 0), 1);
	cr_assert_eq(lsk_rds_list(a, LSK_RDS_SOCKETS, &rows, &count), 0);
	socks = rows;
	for (size_t i = 0; i < count; i++)
		found += lsk_addr_equal(&socks[i].bound, &own);
	cr_assert_eq(found, 1);
	free(rows);
	cr_assert_eq(lsk_rds_list(a, LSK_RDS_CONNECTIONS, &rows, &count), 0);
	connections = rows;
	cr_assert_geq(count, 1);
	cr_assert_gt(strlen(connections[0].transport), 0);
	free(rows);
	cr_assert_eq(lsk_rds_list(a, LSK_RDS_COUNTERS, &rows, &count), 0);
	counters = rows;
	cr_assert_gt(count, 10);
	found = 0;
	for (size_t i = 0; i < count; i++)
		found += strcmp(counters[i].name, "send_queued") == 0 &&
			 counters[i].value > 0;
	cr_assert_eq(found, 1);
	free(rows);
	cr_assert_eq(lsk_rds_list(a, LSK_RDS_TABLE__COUNT, &rows, &count), -EINVAL);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(rds_congestion, of_another_kind_or_torn_is_refused)
{
	uint64_t mask = 5, ports;
	struct lsk_control_item item = {
		.level = SOL_RDS,
		.type = RDS_CMSG_CONG_UPDATE,
		.data = &mask,
		.len = sizeof(mask),
	};

	cr_assert_eq(lsk_rds_get_congestion(&item, &ports), 0);
	cr_assert_eq(ports, 5);
	item.len = 7;
	cr_assert_eq(lsk_rds_get_congestion(&item, &ports), -EBADMSG);
	item.type = RDS_CMSG_RDMA_ARGS;
	cr_assert_eq(lsk_rds_get_congestion(&item, &ports), -ENOMSG);
}

/* In the tables of both families IPv4 is IPv4 again. */
Test(rds, sockets_and_connections_of_both_families_are_listed, .timeout = 60)
{
	struct lsk_socket *four = open_rds(4010), *a = open_rds(0), *b = open_rds(0);
	struct lsk_addr own = place(4010), at, to;
	struct lsk_rds_connection *connections;
	struct lsk_rds_socket *socks;
	size_t count, found = 0;
	char text[LSK_ADDR_TEXT_MAX];
	void *rows;
	char byte;

	cr_assert_eq(lsk_addr_inet6(&at, "::1", 4011, 0, 0), 0);
	cr_assert_eq(lsk_addr_inet6(&to, "::1", 4012, 0, 0), 0);
	cr_assert_eq(lsk_socket_bind(a, &at), 0);
	cr_assert_eq(lsk_socket_bind(b, &to), 0);
	cr_assert_eq(lsk_rds_send(a, "x", 1, &to), 1);
	cr_assert_eq(lsk_socket_recv(b, &byte, 1, 0), 1);
	cr_assert_eq(lsk_rds_list(a, LSK_RDS_ALL_SOCKETS, &rows, &count), 0);
	socks = rows;
	for (size_t i = 0; i < count; i++)
		found += lsk_addr_equal(&socks[i].bound, &own) ||
			 lsk_addr_equal(&socks[i].bound, &at) ||
			 lsk_addr_equal(&socks[i].bound, &to);
	cr_assert_eq(found, 3, "%zu", found);
	free(rows);
	cr_assert_eq(lsk_rds_list(a, LSK_RDS_ALL_CONNECTIONS, &rows, &count), 0);
	connections = rows;
	found = 0;
	for (size_t i = 0; i < count; i++) {
		cr_assert_gt(
			lsk_addr_format(&connections[i].remote, text, sizeof(text)), 0);
		found += strcmp(text, "inet6://[::1]:0") == 0 &&
			 connections[i].transport[0] != '\0';
	}
	cr_assert_gt(found, 0);
	free(rows);
	lsk_socket_free(four);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(rds_parse, rows_may_be_longer_and_not_shorter_than_ours)
{
	struct {
		struct rds_info_counter counter;
		char newer[8];
	} __attribute__((packed)) wire[2] = {
		{.counter = {.name = "one", .value = 1}},
		{.counter = {.name = "two", .value = 2}},
	};
	struct lsk_rds_counter *counters;
	void *rows = wire;
	size_t count;

	cr_assert_eq(lsk_rds_parse(LSK_RDS_COUNTERS, wire, sizeof(wire) - 1,
				   sizeof(struct rds_info_counter) - 1, &rows, &count),
		     -EBADMSG);
	cr_assert_eq(rows, wire);
	cr_assert_eq(lsk_rds_parse(LSK_RDS_COUNTERS, wire, sizeof(wire),
				   sizeof(wire[0]), &rows, &count),
		     0);
	counters = rows;
	cr_assert_eq(count, 2);
	cr_assert_str_eq(counters[1].name, "two");
	cr_assert_eq(counters[1].value, 2);
	free(rows);
	cr_assert_eq(lsk_rds_parse(LSK_RDS_COUNTERS, wire, sizeof(wire) - 1,
				   sizeof(wire[0]), &rows, &count),
		     0);
	cr_assert_eq(count, 1, "the torn one is passed over");
	free(rows);
	cr_assert_eq(lsk_rds_parse(LSK_RDS_TABLE__COUNT, wire, 1, 1, &rows, &count),
		     -EINVAL);
}
