/* SPDX-License-Identifier: MIT */
/* The line that says what a packet is. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include <linsock/capture.h>

static const char udp4[] =
	"\2\0\0\0\0\2\2\0\0\0\0\1\x08\x00"
	"\x45\x00\x00\x1f\x00\x00\x40\x00\x40\x11\x00\x00\x0a\0\0\1\x0a\0\0\2"
	"\x12\x67\x00\x35\x00\x0b\x00\x00xyz";

static const char *format_as(int linktype, const void *data, size_t len)
{
	static char buf[LSK_PACKET_TEXT_MAX];
	const struct lsk_packet packet = {
		.data = data, .captured = (uint32_t)len, .length = (uint32_t)len};

	cr_assert_geq(lsk_packet_format(&packet, linktype, buf, sizeof(buf)), 0);
	return buf;
}

#define ETHERNET(bytes) format_as(LSK_LINKTYPE_ETHERNET, bytes, sizeof(bytes) - 1)
#define RAW(bytes)      format_as(LSK_LINKTYPE_RAW, bytes, sizeof(bytes) - 1)

Test(packet_format, udp_over_ipv4)
{
	cr_assert_str_eq(ETHERNET(udp4),
			 "IP 10.0.0.1.4711 > 10.0.0.2.53: UDP, length 3");
	cr_assert_str_eq(format_as(LSK_LINKTYPE_RAW, udp4 + 14, sizeof(udp4) - 15),
			 "IP 10.0.0.1.4711 > 10.0.0.2.53: UDP, length 3");
}

Test(packet_format, tcp_has_its_flags_numbers_and_length)
{
	cr_assert_str_eq(
		RAW("\x45\0\0\x28\0\0\0\0\x40\x06\0\0\x7f\0\0\1\x7f\0\0\1"
		    "\0\x50\x30\x39\0\0\0\x0a\0\0\0\x14\x50\x12\x01\x00\0\0\0\0"),
		"IP 127.0.0.1.80 > 127.0.0.1.12345: Flags [S.], seq 10, ack 20, win "
		"256, length 0");
	cr_assert_str_eq(
		RAW("\x45\0\0\x2c\0\0\0\0\x40\x06\0\0\x7f\0\0\1\x7f\0\0\1"
		    "\0\x50\x30\x39\0\0\0\x0a\0\0\0\x14\x50\x18\x01\x00\0\0\0\0"
		    "data"),
		"IP 127.0.0.1.80 > 127.0.0.1.12345: Flags [P.], seq 10:14, ack 20, "
		"win 256, length 4");
	cr_assert_str_eq(
		RAW("\x45\0\0\x28\0\0\0\0\x40\x06\0\0\x7f\0\0\1\x7f\0\0\1"
		    "\0\x50\x30\x39\0\0\0\x0a\0\0\0\x14\xf0\x00\x01\x00\0\0\0\0"),
		"IP 127.0.0.1.80 > 127.0.0.1.12345: Flags [none] [bad header length "
		"60]");
}

Test(packet_format, icmp_of_both_versions)
{
	cr_assert_str_eq(RAW("\x45\0\0\x1c\0\0\0\0\x40\x01\0\0\x0a\0\0\1\x0a\0\0\2"
			     "\x08\0\0\0\x12\x34\0\x07"),
			 "IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 4660, seq 7, "
			 "length 8");
	cr_assert_str_eq(RAW("\x45\0\0\x1c\0\0\0\0\x40\x01\0\0\x0a\0\0\1\x0a\0\0\2"
			     "\x03\x03\0\0\0\0\0\0"),
			 "IP 10.0.0.1 > 10.0.0.2: ICMP unreachable, code 3, length 8");
	cr_assert_str_eq(RAW("\x60\0\0\0\0\x08\x3a\xff"
			     "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
			     "\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\2"
			     "\x85\0\0\0\0\0\0\0"),
			 "IP6 fe80::1 > ff02::2: ICMP6 router solicitation, length 8");
}

Test(packet_format, ipv6_headers_are_stepped_over)
{
	/* Hop-by-hop options, then a first fragment of UDP. */
	cr_assert_str_eq(RAW("\x60\0\0\0\0\x18\0\xff"
			     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
			     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"
			     "\x2c\0\1\4\0\0\0\0"
			     "\x11\0\0\1\0\0\0\1"
			     "\0\1\0\2\0\x10\0\0"),
			 "IP6 ::1.1 > ::2.2: UDP, length 8");
	cr_assert_str_eq(RAW("\x60\0\0\0\0\x0c\x2c\xff"
			     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
			     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"
			     "\x11\0\0\x09\0\0\0\1"
			     "rest"),
			 "IP6 ::1 > ::2: ip-proto-17, a later fragment, length 4");
}

Test(packet_format, arp_asks_and_answers)
{
	cr_assert_str_eq(ETHERNET("\xff\xff\xff\xff\xff\xff\2\0\0\0\0\1\x08\x06"
				  "\0\1\x08\0\6\4\0\1\2\0\0\0\0\1\x0a\0\0\1"
				  "\0\0\0\0\0\0\x0a\0\0\2"),
			 "ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28");
	cr_assert_str_eq(ETHERNET("\2\0\0\0\0\1\2\0\0\0\0\2\x08\x06"
				  "\0\1\x08\0\6\4\0\2\2\0\0\0\0\2\x0a\0\0\2"
				  "\2\0\0\0\0\1\x0a\0\0\1"),
			 "ARP, Reply 10.0.0.2 is-at 02:00:00:00:00:02, length 28");
}

Test(packet_format, tags_are_told_in_the_frame_and_beside_it)
{
	char buf[LSK_PACKET_TEXT_MAX];
	struct lsk_packet packet = {
		.data = (const uint8_t *)udp4,
		.captured = sizeof(udp4) - 1,
		.length = sizeof(udp4) - 1,
		.flags = LSK_PACKET_HAS_VLAN,
		.vlan_tci = 0x6005,
	};

	cr_assert_gt(
		lsk_packet_format(&packet, LSK_LINKTYPE_ETHERNET, buf, sizeof(buf)), 0);
	cr_assert_str_eq(buf, "vlan 5, p 3, IP 10.0.0.1.4711 > 10.0.0.2.53: UDP, "
			      "length 3");
	cr_assert_str_eq(ETHERNET("\xff\xff\xff\xff\xff\xff\2\0\0\0\0\1"
				  "\x81\0\x60\5\x08\x06"
				  "\0\1\x08\0\6\4\0\1\2\0\0\0\0\1\x0a\0\0\1"
				  "\0\0\0\0\0\0\x0a\0\0\2"),
			 "vlan 5, p 3, ARP, Request who-has 10.0.0.2 tell 10.0.0.1, "
			 "length 28");
}

Test(packet_format, what_is_unknown_has_its_addresses_and_type)
{
	cr_assert_str_eq(ETHERNET("\2\0\0\0\0\2\2\0\0\0\0\1\x88\xb5hello"),
			 "02:00:00:00:00:01 > 02:00:00:00:00:02, ethertype 0x88b5, "
			 "length 19");
	cr_assert_str_eq(ETHERNET("\2\0\0\0\0\2\2\0\0\0\0\1\0\5hello"),
			 "02:00:00:00:00:01 > 02:00:00:00:00:02, 802.3, length 5");
	cr_assert_str_eq(RAW("\x45\0\0\x18\0\0\0\0\x40\x2f\0\0\x0a\0\0\1\x0a\0\0\2"
			     "abcd"),
			 "IP 10.0.0.1 > 10.0.0.2: GREv0, length 4");
	cr_assert_str_eq(format_as(147, "x", 1), "link type 147, length 1");
}

Test(packet_format, every_cut_is_told_and_nothing_is_read_beyond)
{
	/* The address sanitizer sees a byte too many: each copy has its own size. */
	for (size_t len = 0; len < sizeof(udp4) - 4; len++) {
		char *copy = malloc(len + 1);

		memcpy(copy, udp4, len);
		cr_assert(strstr(format_as(LSK_LINKTYPE_ETHERNET, copy, len), "[|") !=
				  NULL,
			  "%zu", len);
		free(copy);
	}
}

Test(packet_format, cooked_packets_have_their_type_beside_them_or_before_them)
{
	char buf[LSK_PACKET_TEXT_MAX];
	struct lsk_packet packet = {
		.data = (const uint8_t *)udp4 + 14,
		.captured = sizeof(udp4) - 15,
		.length = sizeof(udp4) - 15,
		.protocol = 0x0800,
	};
	char sll2[20 + sizeof(udp4)] = {0x08, 0x00};

	cr_assert_gt(
		lsk_packet_format(&packet, LSK_LINKTYPE_LINUX_SLL2, buf, sizeof(buf)),
		0);
	cr_assert_str_eq(buf, "IP 10.0.0.1.4711 > 10.0.0.2.53: UDP, length 3");
	memcpy(sll2 + 20, udp4 + 14, sizeof(udp4) - 15);
	cr_assert_str_eq(
		format_as(LSK_LINKTYPE_LINUX_SLL2, sll2, 20 + sizeof(udp4) - 15),
		"IP 10.0.0.1.4711 > 10.0.0.2.53: UDP, length 3");
}

Test(packet_format, a_buffer_that_is_too_small_is_told)
{
	const struct lsk_packet packet = {
		.data = (const uint8_t *)udp4,
		.captured = sizeof(udp4) - 1,
		.length = sizeof(udp4) - 1,
	};
	char buf[10] = "unchanged";

	cr_assert_eq(lsk_packet_format(&packet, 1, buf, sizeof(buf)), -ENOSPC);
	cr_assert_str_eq(buf, "");
	cr_assert_eq(lsk_packet_format(NULL, 1, buf, sizeof(buf)), -EINVAL);
}
