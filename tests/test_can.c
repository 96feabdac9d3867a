/* SPDX-License-Identifier: MIT */
/* The row of AF_CAN: addresses of four protocols, endpoints and their options. */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <net/if.h>
#include <string.h>

#include <linsock.h>

#include "src/family.h"

static struct lsk_addr parsed(const char *text)
{
	struct lsk_addr addr = {0};
	struct lsk_error error = {0};
	int r = lsk_addr_parse(&addr, text, &error);

	cr_assert(r == 0, "%s: %d %s", text, r, error.text);
	return addr;
}

static const char *printed(const struct lsk_addr *addr)
{
	static char buf[LSK_ADDR_TEXT_MAX];

	cr_assert_gt(lsk_addr_format(addr, buf, sizeof(buf)), 0);
	return buf;
}

Test(can, addresses_read_and_print)
{
	static const char *const texts[][2] = {
		{"can://any", "can://any"},
		{"can://lo", "can://lo"},
		{"can://#0", "can://any"},
		{"can://#999999", "can://#999999"},
		{"can://lo/rx=7E8,tx=7E0", "can://lo/rx=7E8,tx=7E0"},
		{"can://lo/tx=7e0,rx=7e8", "can://lo/rx=7E8,tx=7E0"},
		{"can://lo/rx=18DAF110,tx=18DA10F1",
		 "can://lo/rx=18DAF110,tx=18DA10F1"},
		{"can://lo/rx=00000123,tx=000", "can://lo/rx=00000123,tx=000"},
		{"can://lo/addr=0x20", "can://lo/addr=0x20,pgn=0x40000"},
		{"can://lo/addr=32,pgn=0x12300", "can://lo/addr=0x20,pgn=0x12300"},
		{"can://lo/name=0x1122334455667788,pgn=0",
		 "can://lo/addr=0xff,pgn=0x0,name=0x1122334455667788"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct lsk_addr addr = parsed(texts[i][0]), again;

		cr_assert_str_eq(printed(&addr), texts[i][1]);
		again = parsed(texts[i][1]);
		cr_assert(lsk_addr_equal(&addr, &again), "%s", texts[i][0]);
	}
}

Test(can, the_length_says_the_protocol)
{
	cr_assert_eq(parsed("can://any").len, 8);
	cr_assert_eq(parsed("can://lo/rx=1,tx=2").len, 16);
	cr_assert_eq(parsed("can://lo/pgn=1").len, 24);
}

/* Facts 2.1: the kernel answers with 8, 16 or 24 bytes, never with a fixed length. */
Test(can, namelen_is_tolerated)
{
	struct sockaddr_can sa = {.can_family = AF_CAN, .can_ifindex = 1};
	struct lsk_addr plain, full;

	cr_assert_eq(lsk_addr_set(&plain, &sa, 8), 0);
	cr_assert_eq(lsk_addr_set(&full, &sa, 24), 0);
	cr_assert(lsk_addr_equal(&plain, &full), "the rest is empty");
	sa.can_addr.j1939.pgn = 1;
	cr_assert_eq(lsk_addr_set(&full, &sa, 24), 0);
	cr_assert(!lsk_addr_equal(&plain, &full));
	cr_assert_eq(lsk_addr_set(&plain, &sa, 4), 0);
	cr_assert_str_eq(printed(&plain), "raw://29/0000");
}

Test(can, bad_text_is_refused_with_its_place)
{
	static const struct {
		const char *text;
		int code;
		unsigned int offset;
	} faults[] = {
		{"can://", LSK_ERR_SYNTAX, 6},
		{"can://no-such-if0", -ENODEV, 6},
		{"can://a-name-of-16-byte", LSK_ERR_LENGTH, 6},
		{"can://#x", LSK_ERR_SYNTAX, 7},
		{"can://lo/", LSK_ERR_SYNTAX, 9},
		{"can://lo/rx", LSK_ERR_SYNTAX, 9},
		{"can://lo/zz=1", LSK_ERR_SYNTAX, 9},
		{"can://lo/rx=", LSK_ERR_SYNTAX, 12},
		{"can://lo/rx=800", LSK_ERR_RANGE, 12},
		{"can://lo/rx=x", LSK_ERR_SYNTAX, 12},
		{"can://lo/rx=1,addr=1", LSK_ERR_SYNTAX, 14},
		{"can://lo/addr=1,rx=1", LSK_ERR_SYNTAX, 16},
		{"can://lo/addr=256", LSK_ERR_RANGE, 14},
		{"can://lo/pgn=0x40001", LSK_ERR_RANGE, 13},
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct lsk_addr addr;
		struct lsk_error error = {0};
		int r = lsk_addr_parse(&addr, faults[i].text, &error);

		cr_assert_eq(r, faults[i].code, "%s: %d", faults[i].text, r);
		cr_assert_eq(error.offset, faults[i].offset, "%s: %u", faults[i].text,
			     error.offset);
	}
}

Test(can, endpoints_know_type_and_protocol)
{
	static const struct {
		const char *text;
		int type;
		int protocol;
	} endpoints[] = {
		{"can://any?fd&filter=123:7FF,#FF", SOCK_RAW, CAN_RAW},
		{"bcm://lo", SOCK_DGRAM, CAN_BCM},
		{"isotp://lo/rx=7E8,tx=7E0", SOCK_DGRAM, CAN_ISOTP},
		{"j1939://lo/addr=0x20?promisc", SOCK_DGRAM, CAN_J1939},
	};

	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		struct lsk_endpoint *endpoint = NULL;
		struct lsk_error error = {0};

		cr_assert_eq(lsk_endpoint_new(&endpoint, endpoints[i].text, &error), 0,
			     "%s: %s", endpoints[i].text, error.text);
		cr_assert_eq(lsk_endpoint_domain(endpoint), AF_CAN);
		cr_assert_eq(lsk_endpoint_type(endpoint), endpoints[i].type);
		cr_assert_eq(lsk_endpoint_protocol(endpoint), endpoints[i].protocol);
		lsk_endpoint_free(endpoint);
	}
}
