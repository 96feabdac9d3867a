/* SPDX-License-Identifier: MIT */
/* Filter words, and the machine that runs their programs here and in the kernel. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include <linsock/packet.h>

#include "tests/support/wire.h"

static const char udp4[] =
	"\2\0\0\0\0\2\2\0\0\0\0\1\x08\x00"
	"\x45\x00\x00\x1f\x00\x00\x40\x00\x40\x11\x00\x00\x0a\0\0\1\x0a\0\0\2"
	"\x12\x67\x00\x35\x00\x0b\x00\x00xyz";

/* Compile or skip: libpcap is a companion that may not be there. */
static struct lsk_packet_filter compile(const char *words, int linktype,
					const char *interface)
{
	struct lsk_packet_filter filter = {NULL, 0};
	struct lsk_error error = {0};
	int r = lsk_packet_filter_compile(&filter, words, linktype, interface, &error);

	if (r == -EOPNOTSUPP && strstr(error.text, "not installed"))
		cr_skip_test("%s", error.text);
	cr_assert_eq(r, 0, "%s: %d %s", words, r, error.text);
	cr_assert_eq(lsk_packet_filter_check(&filter), 0, "%s", words);
	return filter;
}

static bool matches(const char *words)
{
	struct lsk_packet_filter filter = compile(words, LSK_LINKTYPE_ETHERNET, NULL);
	uint32_t r = lsk_packet_filter_run(&filter, udp4, sizeof(udp4) - 1,
					   sizeof(udp4) - 1);

	lsk_packet_filter_done(&filter);
	return r > 0;
}

Test(packet_filter, words_choose_frames)
{
	static const char *const yes[] = {
		"",
		"udp",
		"udp port 53",
		"src host 10.0.0.1 and dst net 10.0.0.0/8",
		"ether src 02:00:00:00:00:01",
		"ip[8] = 64 and udp[4:2] - 8 = 3",
		"len <= 45 and not tcp",
		"udp[8] = 0x78 and (ip[0] & 0xf) * 4 = 20",
	};
	static const char *const no[] = {
		"tcp",         "udp port 54", "src host 10.0.0.2", "ip6", "greater 46",
		"arp or icmp", "vlan 5",      "udp[100] = 1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		cr_assert(matches(yes[i]), "%s", yes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		cr_assert_not(matches(no[i]), "%s", no[i]);
}

Test(packet_filter, words_that_make_no_sense_are_told)
{
	struct lsk_packet_filter filter = compile("", LSK_LINKTYPE_ETHERNET, NULL);
	struct lsk_error error = {0};

	lsk_packet_filter_done(&filter);
	cr_assert_eq(
		lsk_packet_filter_compile(&filter, "udp port port", 1, NULL, &error),
		LSK_ERR_SYNTAX);
	cr_assert(error.text[0]);
	cr_assert_eq(lsk_packet_filter_compile(&filter, NULL, 1, NULL, NULL), -EINVAL);
}

Test(packet_filter, programs_that_could_do_harm_are_refused)
{
	const struct sock_filter bad[][2] = {
		{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_LD | BPF_IMM, 1)},
		{BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_RET | BPF_K, 0)},
		{BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		 BPF_STMT(BPF_RET | BPF_K, 0)},
		{BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0)},
		{BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), BPF_STMT(BPF_RET | BPF_K, 0)},
		{BPF_STMT(BPF_ST, BPF_MEMWORDS), BPF_STMT(BPF_RET | BPF_K, 0)},
		{BPF_STMT(BPF_LD | BPF_MEM, BPF_MEMWORDS),
		 BPF_STMT(BPF_RET | BPF_K, 0)},
		{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_X, 0)},
		{BPF_STMT(BPF_LD | 0xe0, 0), BPF_STMT(BPF_RET | BPF_K, 0)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct sock_filter code[2];
		struct lsk_packet_filter filter = {code, 2};

		memcpy(code, bad[i], sizeof(code));
		cr_assert_eq(lsk_packet_filter_check(&filter), -EINVAL, "%zu", i);
	}
	cr_assert_eq(lsk_packet_filter_check(NULL), -EINVAL);
	cr_assert_eq(lsk_packet_filter_check(&(struct lsk_packet_filter){NULL, 0}), 0);
}

Test(packet_filter, what_cannot_be_loaded_or_divided_does_not_match)
{
	struct sock_filter load[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 42),
				     BPF_STMT(BPF_RET | BPF_K, 1)};
	struct sock_filter divide[] = {BPF_STMT(BPF_LD | BPF_IMM, 7),
				       BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
				       BPF_STMT(BPF_RET | BPF_K, 1)};
	struct sock_filter kernel[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF),
		BPF_STMT(BPF_RET | BPF_K, 1)};

	cr_assert_eq(lsk_packet_filter_run(&(struct lsk_packet_filter){load, 2}, udp4,
					   45, 45),
		     0);
	load[0].k = 41;
	cr_assert_eq(lsk_packet_filter_run(&(struct lsk_packet_filter){load, 2}, udp4,
					   45, 45),
		     1);
	cr_assert_eq(lsk_packet_filter_run(&(struct lsk_packet_filter){divide, 3}, udp4,
					   45, 45),
		     0);
	cr_assert_eq(lsk_packet_filter_run(&(struct lsk_packet_filter){kernel, 2}, udp4,
					   45, 45),
		     0);
}

static int count_matches(struct lsk_packet_ring *ring)
{
	struct lsk_packet packets[16];
	struct lsk_packet_stats stats;
	int taken = 0;

	cr_assert_eq(lsk_packet_ring_stop(ring), 0);
	cr_assert_eq(lsk_packet_ring_stats(ring, &stats), 0);
	while (taken < (int)stats.received) {
		int count = lsk_packet_ring_next(ring, packets, 16);

		taken += count;
		if (count == 0)
			cr_assert_eq(lsk_packet_ring_wait(ring, 60 * LSK_NSEC_PER_SEC),
				     0);
	}
	return taken;
}

/* The kernel agrees, on one device and on all of them (cooked). */
Test(packet_filter, the_kernel_runs_the_same_words, .init = wire_make)
{
	const char *words = "ether proto 0x88b5";
	struct lsk_packet_filter one = compile(words, LSK_LINKTYPE_ETHERNET, "vb");
	struct lsk_packet_filter all = compile(words, LSK_LINKTYPE_LINUX_SLL2, "any");
	struct lsk_packet_filter not_ours =
		compile("not ether proto 0x88b5 and not ether proto 0x88b6 and "
			"not ip6 and not arp",
			LSK_LINKTYPE_LINUX_SLL2, "any");
	struct lsk_packet_config config = {.interface = "vb", .filter = &one};
	struct lsk_packet_ring *rings[3];

	cr_assert_eq(lsk_packet_ring_open(&rings[0], &config, NULL, NULL), 0);
	config = (struct lsk_packet_config){.is_cooked = true, .filter = &all};
	cr_assert_eq(lsk_packet_ring_open(&rings[1], &config, NULL, NULL), 0);
	config.filter = &not_ours;
	cr_assert_eq(lsk_packet_ring_open(&rings[2], &config, NULL, NULL), 0);
	wire_send("va", 0, 30);
	cr_assert_eq(count_matches(rings[0]), 30);
	cr_assert_eq(count_matches(rings[1]), 60, "out of va and into vb");
	cr_assert_eq(count_matches(rings[2]), 0);
	for (int i = 0; i < 3; i++)
		lsk_packet_ring_free(rings[i]);
	lsk_packet_filter_done(&one);
	lsk_packet_filter_done(&all);
	lsk_packet_filter_done(&not_ours);
}

/* On a device the tag stands beside the frame, and libpcap is told so. */
Test(packet_filter, a_tag_that_the_device_took_off_is_found, .init = wire_make)
{
	struct lsk_packet_filter filter =
		compile("vlan 5", LSK_LINKTYPE_ETHERNET, "vb");
	const struct lsk_packet_config config = {.interface = "vb", .filter = &filter};
	struct lsk_packet_ring *ring = NULL;
	struct lsk_socket *sender = NULL;
	uint8_t frame[ETH_ZLEN + 4];

	cr_assert_eq(lsk_packet_ring_open(&ring, &config, NULL, NULL), 0);
	cr_assert_eq(lsk_packet_open(&sender, wire_config("va"), NULL), 0);
	wire_frame(frame, 1);
	memmove(frame + 16, frame + 12, ETH_ZLEN - 12);
	memcpy(frame + 12, (const uint8_t[]){0x81, 0, 0, 5}, 4);
	cr_assert_eq(lsk_socket_send(sender, frame, sizeof(frame), 0), sizeof(frame));
	frame[15] = 6;
	cr_assert_eq(lsk_socket_send(sender, frame, sizeof(frame), 0), sizeof(frame));
	cr_assert_eq(count_matches(ring), 1);
	lsk_socket_free(sender);
	lsk_packet_ring_free(ring);
	lsk_packet_filter_done(&filter);
}
