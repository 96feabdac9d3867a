/* SPDX-License-Identifier: MIT */
/*
 * Echoes on the loopback of a namespace of the test's own, over the datagram socket and
 * the raw one; errors are made and sent by another raw socket, as a router would.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <linsock/error.h>
#include <linsock/ping.h>

#include "tests/support/netns.h"

#define SECOND LSK_NSEC_PER_SEC

static struct lsk_addr place(const char *host)
{
	struct lsk_addr addr;
	int r = strchr(host, ':') ? lsk_addr_inet6(&addr, host, 0, 0, 0)
				  : lsk_addr_inet(&addr, host, 0);

	cr_assert_eq(r, 0);
	return addr;
}

/* Which groups may have a datagram socket, in this namespace. */
static void allow(const char *range)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ping_group_range", "we");

	if (!file)
		cr_skip_test("net.ipv4.ping_group_range cannot be written here");
	cr_assert_geq(fputs(range, file), 0);
	if (fclose(file) != 0)
		cr_skip_test("net.ipv4.ping_group_range cannot be set here");
}

static struct lsk_ping *open_ping(int family, int type)
{
	struct lsk_ping *ping;

	netns_enter();
	allow(type == SOCK_DGRAM ? "0 2147483647" : "1 0");
	cr_assert_eq(lsk_ping_new(&ping, family), 0);
	cr_assert_eq(lsk_socket_type(lsk_ping_socket(ping)), type);
	cr_assert_eq(lsk_socket_set_timeout(lsk_ping_socket(ping), 60 * SECOND), 0);
	return ping;
}

static void echo(int family, int type)
{
	static uint8_t buf[LSK_PING_BUFFER_SIZE];
	struct lsk_ping *ping = open_ping(family, type);
	struct lsk_addr to = place(family == AF_INET ? "127.0.0.1" : "::1"), other;
	struct lsk_ping_answer answer;

	for (uint16_t i = 65534; i != 2; i++) {
		cr_assert_eq(lsk_ping_send(ping, &to, i, "some data", 9), 0);
		cr_assert_eq(lsk_ping_receive(ping, buf, sizeof(buf), &answer), 0);
		cr_assert_eq(answer.kind, LSK_PING_REPLY);
		cr_assert_eq(answer.sequence, i);
		cr_assert_eq(answer.hop_limit, 64);
		cr_assert_eq(answer.len, 9);
		cr_assert_eq(memcmp(answer.data, "some data", 9), 0);
		cr_assert_eq(answer.error, 0);
		cr_assert(lsk_addr_equal(&answer.from, &to));
	}
	cr_assert_eq(lsk_ping_send(ping, &to, 7, NULL, 0), 0);
	cr_assert_eq(lsk_ping_receive(ping, buf, sizeof(buf), &answer), 0);
	cr_assert_eq(answer.len, 0);
	other = place(family == AF_INET ? "::1" : "127.0.0.1");
	cr_assert_eq(lsk_ping_send(ping, &other, 7, NULL, 0), LSK_ERR_FAMILY);
	cr_assert_eq(lsk_ping_send(ping, &to, 7, buf, 65508), -EMSGSIZE);
	cr_assert_eq(lsk_ping_send(ping, &to, 7, NULL, 5), -EINVAL);
	cr_assert_eq(lsk_socket_set_timeout(lsk_ping_socket(ping), 0), 0);
	cr_assert_eq(lsk_ping_receive(ping, buf, sizeof(buf), &answer), -EAGAIN);
	cr_assert_eq(lsk_socket_set_timeout(lsk_ping_socket(ping), SECOND / 50), 0);
	cr_assert_eq(lsk_ping_receive(ping, buf, sizeof(buf), &answer), -ETIME);
	lsk_ping_free(ping);
}

Test(ping, echoes_come_back_over_a_datagram_socket, .timeout = 60)
{
	echo(AF_INET, SOCK_DGRAM);
}

Test(ping, echoes_come_back_over_a_datagram_socket_of_ipv6, .timeout = 60)
{
	echo(AF_INET6, SOCK_DGRAM);
}

Test(ping, echoes_come_back_over_a_raw_socket, .timeout = 60)
{
	echo(AF_INET, SOCK_RAW);
}

Test(ping, echoes_come_back_over_a_raw_socket_of_ipv6, .timeout = 60)
{
	echo(AF_INET6, SOCK_RAW);
}

/* Two at the same host: neither sees what the other one sent. */
static void two(int type)
{
	static uint8_t buf[LSK_PING_BUFFER_SIZE];
	struct lsk_ping *a = open_ping(AF_INET, type), *b;
	struct lsk_addr to = place("127.0.0.1");
	struct lsk_ping_answer answer;

	cr_assert_eq(lsk_ping_new(&b, AF_INET), 0);
	cr_assert_eq(lsk_socket_set_timeout(lsk_ping_socket(b), 60 * SECOND), 0);
	cr_assert_eq(lsk_ping_send(a, &to, 1, "a", 1), 0);
	cr_assert_eq(lsk_ping_send(b, &to, 2, "b", 1), 0);
	cr_assert_eq(lsk_ping_receive(a, buf, sizeof(buf), &answer), 0);
	cr_assert_eq(answer.sequence, 1);
	cr_assert_eq(lsk_ping_receive(b, buf, sizeof(buf), &answer), 0);
	cr_assert_eq(answer.sequence, 2);
	lsk_ping_free(a);
	lsk_ping_free(b);
}

Test(ping, two_at_once_see_their_own_alone, .timeout = 60)
{
	two(SOCK_DGRAM);
	two(SOCK_RAW);
}

static uint16_t checksum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

struct complaint {
	uint8_t type, code;
	uint16_t check;
	uint16_t unused, info;
	struct {
		uint8_t version, service;
		uint16_t len, id, fragment;
		uint8_t hops, protocol;
		uint16_t check;
		uint32_t from, to;
	} ip;
	struct {
		uint8_t type, code;
		uint16_t check, id, sequence;
	} echo;
};

/* What a router at 127.0.0.1 says of echo @sequence to 127.0.0.9. */
static void complain(uint8_t type, uint8_t code, uint16_t info, uint16_t id,
		     uint16_t sequence)
{
	struct lsk_addr to = place("127.0.0.1");
	struct complaint complaint = {
		.type = type,
		.code = code,
		.info = htons(info),
		.ip = {.version = 0x45,
		       .len = htons(28),
		       .hops = 1,
		       .protocol = IPPROTO_ICMP,
		       .from = htonl(INADDR_LOOPBACK),
		       .to = htonl(INADDR_LOOPBACK + 8)},
		.echo = {.type = ICMP_ECHO,
			 .id = htons(id),
			 .sequence = htons(sequence)},
	};
	struct lsk_socket *router;

	complaint.ip.check = htons(checksum((uint8_t *)&complaint.ip, 20));
	complaint.check = htons(checksum((uint8_t *)&complaint, sizeof(complaint)));
	cr_assert_eq(lsk_socket_new(&router, AF_INET, SOCK_RAW, IPPROTO_ICMP), 0);
	cr_assert_eq(lsk_socket_sendto(router, &complaint, sizeof(complaint), 0, &to),
		     sizeof(complaint));
	lsk_socket_free(router);
}

/* The number of a ping, out of the echo that it sends. */
static uint16_t number_of(struct lsk_ping *ping)
{
	struct lsk_icmp_message message;
	struct lsk_addr to = place("127.0.0.9");
	struct lsk_socket *raw;
	uint8_t buf[256];

	cr_assert_eq(lsk_socket_new(&raw, AF_INET, SOCK_RAW, IPPROTO_ICMP), 0);
	cr_assert_eq(lsk_socket_set_timeout(raw, 60 * SECOND), 0);
	cr_assert_eq(lsk_ping_send(ping, &to, 3, "x", 1), 0);
	do {
		ssize_t len = lsk_socket_recv(raw, buf, sizeof(buf), 0), at;

		cr_assert_gt(len, 0);
		at = lsk_icmp_skip_ip(AF_INET, buf, (size_t)len);
		cr_assert_geq(at, 20);
		cr_assert_eq(lsk_icmp_parse(buf + at, (size_t)(len - at), &message), 0);
	} while (message.type != ICMP_ECHO);
	lsk_socket_free(raw);
	return message.id;
}

static void errors(int type)
{
	static const struct {
		uint8_t type, code;
		uint16_t info;
		int error;
	} rows[] = {
		{ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0, -EHOSTUNREACH},
		{ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0, -EHOSTUNREACH},
		{ICMP_DEST_UNREACH, ICMP_NET_UNREACH, 0, -ENETUNREACH},
	};
	static uint8_t buf[LSK_PING_BUFFER_SIZE];
	struct lsk_ping *ping = open_ping(AF_INET, type);
	struct lsk_addr router = place("127.0.0.1");
	struct lsk_ping_answer answer;
	uint16_t id = number_of(ping);

	cr_assert_eq(lsk_ping_receive(ping, buf, sizeof(buf), &answer), 0);
	cr_assert_eq(answer.kind, LSK_PING_REPLY);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		/* Of another one's echo; ours comes behind it. */
		complain(rows[i].type, rows[i].code, 0, (uint16_t)(id + 1), 1);
		complain(rows[i].type, rows[i].code, rows[i].info, id, 3);
		cr_assert_eq(lsk_ping_receive(ping, buf, sizeof(buf), &answer), 0);
		cr_assert_eq(answer.kind, LSK_PING_ERROR);
		cr_assert_eq(answer.sequence, 3);
		cr_assert_eq(answer.type, rows[i].type);
		cr_assert_eq(answer.code, rows[i].code);
		cr_assert_eq(answer.error, rows[i].error, "%d", answer.error);
		cr_assert(lsk_addr_equal(&answer.from, &router));
	}
	lsk_ping_free(ping);
}

Test(ping, routers_complaints_are_told_over_a_datagram_socket, .timeout = 60)
{
	errors(SOCK_DGRAM);
}

Test(ping, routers_complaints_are_told_over_a_raw_socket, .timeout = 60)
{
	errors(SOCK_RAW);
}

Test(ping_message, is_taken_apart_or_refused)
{
	const uint8_t reply[] = {0, 0, 0xff, 0xff, 0x12, 0x34, 0, 9, 'x'};
	struct lsk_icmp_message message;
	uint8_t ip[60] = {[0] = 0x45, [9] = IPPROTO_ICMP};

	cr_assert_eq(lsk_icmp_parse(reply, sizeof(reply), &message), 0);
	cr_assert_eq(message.id, 0x1234);
	cr_assert_eq(message.sequence, 9);
	cr_assert_eq(message.info, 0x12340009);
	cr_assert_eq(message.len, 1);
	cr_assert_eq(lsk_icmp_parse(reply, 7, &message), -EBADMSG);
	cr_assert_eq(lsk_icmp_parse(NULL, 7, &message), -EINVAL);
	cr_assert_eq(lsk_icmp_skip_ip(AF_INET, ip, sizeof(ip)), 20);
	cr_assert_eq(lsk_icmp_skip_ip(AF_INET, ip, 19), -EBADMSG);
	ip[7] = 1; /* a later fragment */
	cr_assert_eq(lsk_icmp_skip_ip(AF_INET, ip, sizeof(ip)), -ENOMSG);
	ip[7] = 0;
	ip[0] = 0x4f;
	cr_assert_eq(lsk_icmp_skip_ip(AF_INET, ip, 59), -EBADMSG);
	ip[0] = 0x44;
	cr_assert_eq(lsk_icmp_skip_ip(AF_INET, ip, sizeof(ip)), -EBADMSG);
	ip[6] = IPPROTO_ICMPV6;
	cr_assert_eq(lsk_icmp_skip_ip(AF_INET6, ip, sizeof(ip)), 40);
	cr_assert_eq(lsk_icmp_skip_ip(AF_INET6, ip, 39), -EBADMSG);
	ip[6] = IPPROTO_UDP;
	cr_assert_eq(lsk_icmp_skip_ip(AF_INET6, ip, sizeof(ip)), -ENOMSG);
	cr_assert_eq(lsk_icmp_skip_ip(AF_UNIX, ip, sizeof(ip)), LSK_ERR_FAMILY);
}

Test(ping_message, has_a_line_for_people)
{
	cr_assert_str_eq(lsk_icmp_text(AF_INET, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH),
			 "Destination host unreachable");
	cr_assert_str_eq(lsk_icmp_text(AF_INET, ICMP_DEST_UNREACH, 99),
			 "Destination unreachable");
	cr_assert_str_eq(lsk_icmp_text(AF_INET6, ICMPV6_PKT_TOOBIG, 0),
			 "Packet too big");
	cr_assert_null(lsk_icmp_text(AF_INET, 77, 0));
	cr_assert_null(lsk_icmp_text(AF_UNIX, 0, 0));
}

Test(ping_message, free_takes_null_and_new_refuses_others)
{
	struct lsk_ping *ping;

	cr_assert_null(lsk_ping_free(NULL));
	cr_assert_null(lsk_ping_socket(NULL));
	cr_assert_eq(lsk_ping_new(&ping, AF_UNIX), LSK_ERR_FAMILY);
	cr_assert_eq(lsk_ping_new(NULL, AF_INET), -EINVAL);
}
