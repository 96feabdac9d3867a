/* SPDX-License-Identifier: MIT */
/*
 * UDP in segments, and UDP-Lite's coverage. Linux 7.1 has removed UDP-Lite: there the
 * tests say so, after the library has; scenario inet_socket.sh has kernels of both
 * kinds.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/error.h>
#include <linsock/udp.h>

#include "tests/support/netns.h"

#define SECOND           LSK_NSEC_PER_SEC
#define PROTOCOL_UDPLITE 136

static struct lsk_addr loopback(int family)
{
	struct lsk_addr addr;

	cr_assert_eq(family == AF_INET ? lsk_addr_inet(&addr, "127.0.0.1", 0)
				       : lsk_addr_inet6(&addr, "::1", 0, 0, 0),
		     0);
	return addr;
}

static struct lsk_socket *bound(int family, int protocol, struct lsk_addr *ret_addr)
{
	struct lsk_socket *sock;
	int size = 1 << 22;

	cr_assert_eq(lsk_socket_new(&sock, family, SOCK_DGRAM, protocol), 0);
	*ret_addr = loopback(family);
	cr_assert_eq(lsk_socket_bind(sock, ret_addr), 0);
	cr_assert_eq(lsk_socket_getsockname(sock, ret_addr), 0);
	cr_assert_eq(lsk_socket_set_timeout(sock, 60 * SECOND), 0);
	(void)lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_RCVBUFFORCE, size);
	return sock;
}

/* Datagram @index of those that are sent has its number in every byte. */
static void fill_numbered(uint8_t *bytes, size_t len, size_t size)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i / size);
}

/* Receive @len bytes of datagrams of @size; return the receives that it took. */
static size_t take_numbered(struct lsk_socket *sock, size_t len, size_t size,
			    const struct lsk_addr *from)
{
	static uint8_t buf[LSK_UDP_RECEIVE_MAX];
	size_t index = 0, receives = 0;

	while (len > 0) {
		struct lsk_udp_segments segments;
		ssize_t count =
			lsk_udp_recv_segments(sock, buf, sizeof(buf), &segments);
		const void *data;
		size_t part;

		cr_assert_gt(count, 0, "%zd", count);
		cr_assert(lsk_addr_equal(&segments.from, from));
		cr_assert_eq(segments.flags & MSG_TRUNC, 0);
		receives++;
		while (lsk_udp_next_segment(&segments, &data, &part) == 1) {
			cr_assert_eq(part, len < size ? len : size);
			for (size_t i = 0; i < part; i++)
				cr_assert_eq(((const uint8_t *)data)[i],
					     (uint8_t)index);
			len -= part;
			index++;
			count--;
		}
		cr_assert_eq(count, 0);
	}
	return receives;
}

static void exchange(int family, size_t len, size_t size, bool together)
{
	struct lsk_addr from, to;
	struct lsk_socket *a = bound(family, 0, &from), *b = bound(family, 0, &to);
	uint8_t *bytes = malloc(len);
	size_t receives, count = (len + size - 1) / size;

	cr_assert(bytes);
	fill_numbered(bytes, len, size);
	cr_assert_eq(lsk_udp_set_receive_segments(b, together), 0);
	cr_assert_eq(lsk_udp_send_segments(a, bytes, len, size, &to), (ssize_t)len);
	receives = take_numbered(b, len, size, &from);
	if (together)
		cr_assert_lt(receives, count);
	else
		cr_assert_eq(receives, count);
	free(bytes);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(udp_segments, come_together_and_are_taken_apart, .timeout = 60)
{
	exchange(AF_INET, 100000, 1200, true);
	exchange(AF_INET6, 100001, 1200, true);
}

Test(udp_segments, come_one_by_one_where_nobody_asked, .timeout = 60)
{
	exchange(AF_INET, 30000, 1400, false);
	exchange(AF_INET6, 30007, 1400, false);
}

/* 65536 bytes of MTU on loopback: fragments are made, and nothing is cut. */
Test(udp_segments, larger_than_the_mtu_go_by_themselves, .timeout = 60)
{
	struct lsk_addr from, to;
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link link = {.has = LSK_SET(LSK_LINK_MTU), .mtu = 1500};
	uint8_t bytes[9001];
	struct lsk_socket *a, *b;

	link.info.ifi_index = 1;
	cr_assert_eq(lsk_rtnl_change(nl, RTM_NEWLINK, 0, &link, NULL), 0);
	lsk_nl_close(nl);
	a = bound(AF_INET, 0, &from);
	b = bound(AF_INET, 0, &to);
	fill_numbered(bytes, sizeof(bytes), 3000);
	cr_assert_eq(lsk_udp_send_segments(a, bytes, sizeof(bytes), 3000, &to), 9001);
	cr_assert_eq(take_numbered(b, sizeof(bytes), 3000, &from), 4);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(udp_segments, size_of_every_send_can_be_set, .timeout = 60)
{
	struct lsk_addr from, to;
	struct lsk_socket *a = bound(AF_INET, 0, &from), *b = bound(AF_INET, 0, &to);
	uint8_t bytes[2500];

	fill_numbered(bytes, sizeof(bytes), 1000);
	cr_assert_eq(lsk_udp_segment_size(a), 0);
	cr_assert_eq(lsk_udp_set_segment_size(a, 1000), 0);
	cr_assert_eq(lsk_udp_segment_size(a), 1000);
	cr_assert_eq(lsk_socket_sendto(a, bytes, sizeof(bytes), 0, &to), 2500);
	cr_assert_eq(take_numbered(b, sizeof(bytes), 1000, &from), 3);
	cr_assert_eq(lsk_udp_set_segment_size(a, 65536), LSK_ERR_RANGE);
	cr_assert_eq(lsk_udp_set_segment_size(a, -1), LSK_ERR_RANGE);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(udp_segments, empty_cut_and_nonsense_are_told, .timeout = 60)
{
	struct lsk_addr from, to;
	struct lsk_socket *a = bound(AF_INET, 0, &from), *b = bound(AF_INET, 0, &to);
	struct lsk_udp_segments segments;
	uint8_t bytes[8] = "1234567";
	const void *data;
	size_t len;

	cr_assert_eq(lsk_udp_send_segments(a, bytes, 0, 100, &to), 0);
	cr_assert_eq(lsk_udp_recv_segments(b, bytes, sizeof(bytes), &segments), 1);
	cr_assert_eq(segments.len, 0);
	cr_assert_eq(lsk_udp_next_segment(&segments, &data, &len), 0);
	cr_assert_eq(lsk_udp_send_segments(a, bytes, 8, 100, &to), 8);
	cr_assert_eq(lsk_udp_recv_segments(b, bytes, 4, &segments), 1);
	cr_assert_eq(segments.len, 4);
	cr_assert(segments.flags & MSG_TRUNC);
	cr_assert_eq(lsk_udp_send_segments(a, bytes, 8, 0, &to), LSK_ERR_RANGE);
	cr_assert_eq(lsk_udp_send_segments(a, bytes, 8, 65536, &to), LSK_ERR_RANGE);
	cr_assert_eq(lsk_udp_send_segments(a, NULL, 8, 8, &to), -EINVAL);
	cr_assert_eq(lsk_udp_send_segments(a, bytes, 8, 8, NULL), -EDESTADDRREQ);
	cr_assert_eq(lsk_udp_recv_segments(b, NULL, 8, &segments), -EINVAL);
	cr_assert_eq(lsk_udp_message_segments(NULL, &segments), -EINVAL);
	cr_assert_eq(lsk_udp_next_segment(NULL, &data, &len), -EINVAL);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

/* --- UDP-Lite ---------------------------------------------------------------- */

/* The kernel has it, or says that it has it no more, which a caller can tell. */
static void need_udplite(void)
{
	struct lsk_socket *sock;
	int r = lsk_udplite_open(&sock, AF_INET);

	if (r == -EPROTONOSUPPORT)
		cr_skip_test("this kernel has no UDP-Lite, which Linux 7.1 removed");
	cr_assert_eq(r, 0, "%d", r);
	lsk_socket_free(sock);
}

static uint16_t checksum(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

struct packet {
	uint16_t source;
	uint16_t destination;
	uint16_t coverage;
	uint16_t check;
	char guarded[8];
	char open[8];
} __attribute__((packed));

/* A datagram to @to whose checksum covers the header and @guarded; damage comes
 * afterwards, where a bad line would do it. */
static void inject(const struct lsk_addr *to, size_t damaged)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&to->storage;
	struct packet packet = {
		.source = htons(9),
		.destination = sin->sin_port,
		.coverage = htons(16),
		.guarded = "guarded",
		.open = "openend",
	};
	/* Of the pseudo header: both addresses, protocol, length. */
	uint32_t sum = 2 * (0x7f00 + 1) + PROTOCOL_UDPLITE + sizeof(packet);
	struct lsk_addr raw_to = *to;
	struct lsk_socket *raw;

	packet.check = htons(checksum((uint8_t *)&packet, 16, sum));
	((uint8_t *)&packet)[damaged] ^= 0x20;
	((struct sockaddr_in *)&raw_to.storage)->sin_port = 0;
	cr_assert_eq(lsk_socket_new(&raw, AF_INET, SOCK_RAW, PROTOCOL_UDPLITE), 0);
	cr_assert_eq(lsk_socket_sendto(raw, &packet, sizeof(packet), 0, &raw_to),
		     sizeof(packet));
	lsk_socket_free(raw);
}

/* "UdpLite: InDatagrams NoPorts InErrors RcvbufErrors SndbufErrors InCsumErrors" */
static long bad_checksums(void)
{
	FILE *file = fopen("/proc/net/snmp", "re");
	char names[512], line[512];
	long count = -1;

	cr_assert(file);
	while (count < 0 && fgets(names, sizeof(names), file))
		if (strncmp(names, "UdpLite:", 8) == 0) {
			char *name = names, *value = line, *name_at, *value_at;

			cr_assert(fgets(line, sizeof(line), file));
			name = strtok_r(name, " \n", &name_at);
			value = strtok_r(value, " \n", &value_at);
			while (name && strcmp(name, "InCsumErrors") != 0) {
				name = strtok_r(NULL, " \n", &name_at);
				value = strtok_r(NULL, " \n", &value_at);
			}
			cr_assert(value);
			count = strtol(value, NULL, 10);
		}
	fclose(file);
	return count;
}

Test(udplite, damage_outside_of_the_coverage_is_delivered, .timeout = 60)
{
	struct lsk_addr addr;
	struct lsk_socket *sock;
	char buf[64];
	long bad;

	need_udplite();
	netns_enter();
	sock = bound(AF_INET, PROTOCOL_UDPLITE, &addr);
	bad = bad_checksums();
	inject(&addr, offsetof(struct packet, open) + 1);
	cr_assert_eq(lsk_socket_recv(sock, buf, sizeof(buf), 0), 16);
	cr_assert_str_eq(buf, "guarded");
	cr_assert_str_eq(buf + 8, "oPenend");
	cr_assert_eq(bad_checksums(), bad);
	/* Over loopback it is dropped before the send returns. */
	inject(&addr, offsetof(struct packet, guarded) + 1);
	cr_assert_eq(lsk_socket_recv(sock, buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN);
	cr_assert_eq(bad_checksums(), bad + 1);
	lsk_socket_free(sock);
}

Test(udplite, too_little_coverage_is_dropped, .timeout = 60)
{
	struct lsk_addr from, to;
	struct lsk_socket *a, *b;
	int send = -1, receive = -1;
	char buf[64];

	need_udplite();
	a = bound(AF_INET, PROTOCOL_UDPLITE, &from);
	b = bound(AF_INET, PROTOCOL_UDPLITE, &to);
	cr_assert_eq(lsk_udplite_coverage(a, &send, &receive), 0);
	cr_assert_eq(send, 0);
	cr_assert_eq(receive, 0);
	cr_assert_eq(lsk_udplite_set_coverage(a, 3, 0), 0);
	cr_assert_eq(lsk_udplite_set_coverage(b, 0, 20), 0);
	cr_assert_eq(lsk_udplite_coverage(a, &send, &receive), 0);
	cr_assert_eq(send, 8);
	cr_assert_eq(lsk_udplite_coverage(b, &send, &receive), 0);
	cr_assert_eq(receive, 20);
	cr_assert_eq(lsk_socket_sendto(a, "header alone", 12, 0, &to), 12);
	cr_assert_eq(lsk_udplite_set_coverage(a, 20, 0), 0);
	cr_assert_eq(lsk_socket_sendto(a, "enough of it", 12, 0, &to), 12);
	cr_assert_eq(lsk_socket_recv(b, buf, sizeof(buf), 0), 12);
	cr_assert_eq(memcmp(buf, "enough", 6), 0);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(udplite, others_have_no_coverage)
{
	struct lsk_addr addr;
	struct lsk_socket *sock = bound(AF_INET, 0, &addr);
	int send, receive;

	cr_assert_eq(lsk_udplite_coverage(sock, &send, &receive), -ENOPROTOOPT);
	cr_assert_eq(lsk_udplite_set_coverage(sock, 8, 8), -ENOPROTOOPT);
	cr_assert_eq(lsk_udplite_set_coverage(sock, -1, 8), LSK_ERR_RANGE);
	cr_assert_eq(lsk_udplite_set_coverage(sock, 0, 65536), LSK_ERR_RANGE);
	lsk_socket_free(sock);
	cr_assert_eq(lsk_udplite_open(&sock, AF_UNIX), LSK_ERR_FAMILY);
}
