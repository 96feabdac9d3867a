/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include <linsock/addr.h>

#include "src/family.h"

static void assert_parses(const char *text)
{
	char printed[LSK_ADDR_TEXT_MAX];
	struct lsk_error error = {0};
	struct lsk_addr addr;
	struct lsk_addr again;
	int r;

	r = lsk_addr_parse(&addr, text, &error);
	cr_assert_eq(r, 0, "%s: %s", text, error.text);
	cr_assert_eq(lsk_addr_format(&addr, printed, sizeof(printed)),
		     (int)strlen(printed));
	cr_assert_eq(lsk_addr_parse(&again, printed, NULL), 0, "%s", printed);
	cr_assert(lsk_addr_equal(&addr, &again), "%s", printed);
	cr_assert_eq(addr.len, again.len);
	cr_assert_arr_eq(&addr.storage, &again.storage, addr.len);
}

static void assert_prints_back(const char *text)
{
	char printed[LSK_ADDR_TEXT_MAX];
	struct lsk_addr addr;

	assert_parses(text);
	lsk_addr_parse(&addr, text, NULL);
	lsk_addr_format(&addr, printed, sizeof(printed));
	cr_assert_str_eq(printed, text);
}

static void assert_refused(const char *text, int code, unsigned int offset)
{
	struct lsk_error error = {.offset = 999};
	struct lsk_addr addr = {.len = 77};
	int r;

	r = lsk_addr_parse(&addr, text, &error);
	cr_assert_eq(r, code, "%s: %d %s", text, r, error.text);
	cr_assert_eq(error.code, code);
	cr_assert_eq(error.offset, offset, "%s: offset %u", text, error.offset);
	cr_assert_gt(strlen(error.text), 0);
	cr_assert_eq(addr.len, 77, "written on failure");
	cr_assert_eq(lsk_addr_parse(&addr, text, NULL), code);
}

Test(addr_parse, inet_prints_back)
{
	assert_prints_back("inet://127.0.0.1:80");
	assert_prints_back("inet://255.255.255.255:65535");
	assert_prints_back("inet://0.0.0.0:0");
	assert_parses("inet://:80");
}

Test(addr_parse, inet6_prints_back)
{
	assert_prints_back("inet6://[::1]:80");
	assert_prints_back("inet6://[::ffff:1.2.3.4]:1");
	assert_prints_back("inet6://[fe80::1%lo]:65535");
	assert_prints_back("inet6://[::1]:80;flow=0x12345");
	assert_parses("inet6://[fe80::1%4711]:1");
	assert_parses("inet6://:80");
}

Test(addr_parse, unix_prints_back)
{
	assert_prints_back("unix:///run/x");
	assert_prints_back("unix://relative/path");
	assert_prints_back("unix://@name");
	assert_prints_back("unix://@%00%00");
	assert_prints_back("unix://@");
	assert_prints_back("unix://");
	assert_prints_back("unix://%40path");
	assert_prints_back("unix:///with%20blank%3Fand%25");
}

Test(addr_parse, raw_prints_back)
{
	assert_prints_back("raw://44/0102ff");
	assert_prints_back("raw://65535/");
	/* A row exists, but its family would never make these bytes. */
	assert_prints_back("raw://2/0102");
	assert_prints_back("raw://10/00");
}

Test(addr_parse, faults_tell_their_place)
{
	assert_refused("", LSK_ERR_SCHEME, 0);
	assert_refused("inet", LSK_ERR_SCHEME, 0);
	assert_refused("://x", LSK_ERR_SCHEME, 0);
	assert_refused("127.0.0.1:80", LSK_ERR_SCHEME, 0);
	assert_refused("nonsense://x", LSK_ERR_SCHEME, 0);
	assert_refused("/a://b", LSK_ERR_SCHEME, 0);
	assert_refused("tcp://127.0.0.1:80", LSK_ERR_SCHEME, 0);
	assert_refused("inet://127.0.0.1:80?nodelay", LSK_ERR_SYNTAX, 19);
}

Test(addr_parse, inet_faults)
{
	assert_refused("inet://localhost:80", LSK_ERR_HOST, 7);
	assert_refused("inet://127.1:80", LSK_ERR_HOST, 7);
	assert_refused("inet://1.2.3.4.5:80", LSK_ERR_HOST, 7);
	assert_refused("inet://255.255.255.2555:80", LSK_ERR_HOST, 7);
	assert_refused("inet://255.255.255.25555555:80", LSK_ERR_HOST, 7);
	assert_refused("inet://[::1]:80", LSK_ERR_HOST, 7);
	assert_refused("inet://127.0.0.1", LSK_ERR_PORT, 16);
	assert_refused("inet://127.0.0.1:", LSK_ERR_PORT, 17);
	assert_refused("inet://127.0.0.1:70000", LSK_ERR_PORT, 17);
	assert_refused("inet://127.0.0.1:-1", LSK_ERR_PORT, 17);
	assert_refused("inet://127.0.0.1:80x", LSK_ERR_PORT, 17);
	assert_refused("inet://127.0.0.1:99999999999999999999999", LSK_ERR_PORT, 17);
	assert_refused("inet://127.0.0.1: 80", LSK_ERR_PORT, 17);
}

Test(addr_parse, inet6_faults)
{
	assert_refused("inet6://::1:80", LSK_ERR_PORT, 9);
	assert_refused("inet6://127.0.0.1:80", LSK_ERR_HOST, 8);
	assert_refused("inet6://[::1", LSK_ERR_SYNTAX, 12);
	assert_refused("inet6://[::1]", LSK_ERR_PORT, 13);
	assert_refused("inet6://[::1]80", LSK_ERR_PORT, 15);
	assert_refused("inet6://[::1]:70000", LSK_ERR_PORT, 14);
	assert_refused("inet6://[::1]:80;flaw=1", LSK_ERR_SYNTAX, 16);
	assert_refused("inet6://[::1]:80;flow=x", LSK_ERR_SYNTAX, 22);
	assert_refused("inet6://[::1]:80;flow=0x100000000", LSK_ERR_RANGE, 22);
	assert_refused("inet6://[::g]:80", LSK_ERR_HOST, 9);
	assert_refused("inet6://[fe80::1%]:80", LSK_ERR_HOST, 9);
	assert_refused("inet6://[fe80::1%nosuchif]:80", -ENODEV, 17);
	assert_refused(
		"inet6://[0000000000000000000000000000000000000000000000000000000"
		"00000000000000000000000000]:80",
		LSK_ERR_HOST, 9);
}

Test(addr_parse, unix_faults)
{
	char text[200];

	assert_refused("unix://%4", LSK_ERR_SYNTAX, 7);
	assert_refused("unix://a%zz", LSK_ERR_SYNTAX, 8);
	assert_refused("unix://a%00b", LSK_ERR_SYNTAX, 7);
	assert_refused("unix://%00b", LSK_ERR_SYNTAX, 7);
	memset(text, 'p', sizeof(text));
	memcpy(text, "unix://", 7);
	text[7 + 108] = '\0';
	assert_refused(text, LSK_ERR_LENGTH, 7);
	text[7 + 107] = '\0';
	assert_prints_back(text);
	memset(text, 'p', sizeof(text));
	memcpy(text, "unix://@", 8);
	text[8 + 108] = '\0';
	assert_refused(text, LSK_ERR_LENGTH, 8);
	text[8 + 107] = '\0';
	assert_prints_back(text);
}

Test(addr_parse, raw_faults)
{
	char text[400];

	assert_refused("raw://", LSK_ERR_SYNTAX, 6);
	assert_refused("raw://x/00", LSK_ERR_SYNTAX, 6);
	assert_refused("raw://65536/00", LSK_ERR_RANGE, 6);
	assert_refused("raw://44/0", LSK_ERR_SYNTAX, 9);
	assert_refused("raw://44/0g", LSK_ERR_SYNTAX, 9);
	memset(text, '0', sizeof(text));
	memcpy(text, "raw://44/", 9);
	text[9 + 2 * 127] = '\0';
	assert_refused(text, LSK_ERR_LENGTH, 9);
	text[9 + 2 * 126] = '\0';
	assert_prints_back(text);
}

Test(addr_parse, null_is_refused)
{
	struct lsk_error error;
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_parse(NULL, "inet://127.0.0.1:1", NULL), -EINVAL);
	cr_assert_eq(lsk_addr_parse(&addr, NULL, &error), -EINVAL);
	cr_assert_eq(error.code, -EINVAL);
}

Test(addr_format, small_buffers_stay_empty)
{
	char buf[LSK_ADDR_TEXT_MAX];
	struct lsk_addr addr;
	int len;

	lsk_addr_parse(&addr, "inet6://[fe80::1%lo]:65535", NULL);
	len = lsk_addr_format(&addr, buf, sizeof(buf));
	for (size_t size = 1; size <= (size_t)len; size++) {
		memset(buf, 'x', sizeof(buf));
		cr_assert_eq(lsk_addr_format(&addr, buf, size), -ENOSPC);
		cr_assert_eq(buf[0], '\0');
		cr_assert_eq(buf[size], 'x');
	}
	cr_assert_eq(lsk_addr_format(&addr, buf, (size_t)len + 1), len);
	cr_assert_eq(lsk_addr_format(&addr, NULL, 0), -ENOSPC);
	lsk_addr_parse(&addr, "raw://44/0102", NULL);
	cr_assert_eq(lsk_addr_format(&addr, buf, 3), -ENOSPC);
}

Test(addr_format, impossible_addresses_are_refused)
{
	char buf[LSK_ADDR_TEXT_MAX];
	struct lsk_addr addr = {0};

	cr_assert_eq(lsk_addr_format(NULL, buf, sizeof(buf)), -EINVAL);
	cr_assert_eq(lsk_addr_format(&addr, buf, sizeof(buf)), -EINVAL);
	addr.len = 1;
	cr_assert_eq(lsk_addr_format(&addr, buf, sizeof(buf)), -EINVAL);
	addr.len = sizeof(addr.storage) + 1;
	cr_assert_eq(lsk_addr_format(&addr, buf, sizeof(buf)), -EINVAL);
	addr.len = 2;
	cr_assert_eq(lsk_addr_format(&addr, NULL, 10), -EINVAL);
}

Test(addr_format, every_length_of_every_family_prints_and_parses)
{
	for (size_t i = 0; lsk_families[i]; i++)
		for (socklen_t len = 2; len <= sizeof(struct sockaddr_storage); len++) {
			char text[LSK_ADDR_TEXT_MAX];
			struct lsk_addr addr = {.len = len};
			struct lsk_addr again;
			int r;

			addr.storage.ss_family = (sa_family_t)lsk_families[i]->domain;
			r = lsk_addr_format(&addr, text, sizeof(text));
			cr_assert_geq(r, 0, "%s %u", lsk_families[i]->name, len);
			cr_assert_eq(lsk_addr_parse(&again, text, NULL), 0, "%s", text);
			cr_assert(lsk_addr_equal(&addr, &again), "%s", text);
		}
}

Test(addr_set, bytes_of_an_unknown_family_go_in_and_out)
{
	struct sockaddr_storage bytes = {.ss_family = 44};
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_set(&addr, &bytes, 16), 0);
	cr_assert_eq(lsk_addr_family(&addr), 44);
	cr_assert_eq(addr.len, 16);
	cr_assert_eq(lsk_addr_set(&addr, &bytes, 1), -EINVAL);
	cr_assert_eq(lsk_addr_set(&addr, &bytes, sizeof(bytes)), 0);
	cr_assert_eq(lsk_addr_set(&addr, &bytes, sizeof(bytes) + 1), -EINVAL);
	cr_assert_eq(lsk_addr_set(&addr, NULL, 16), -EINVAL);
	cr_assert_eq(lsk_addr_set(NULL, &bytes, 16), -EINVAL);
}

Test(addr_family, empty_and_null_are_unspecified)
{
	struct lsk_addr addr = {0};

	cr_assert_eq(lsk_addr_family(NULL), AF_UNSPEC);
	cr_assert_eq(lsk_addr_family(&addr), AF_UNSPEC);
}

Test(addr_equal, padding_does_not_count)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct lsk_addr a;
	struct lsk_addr b;

	lsk_addr_set(&a, &sin, sizeof(sin));
	memset(sin.sin_zero, 1, sizeof(sin.sin_zero));
	lsk_addr_set(&b, &sin, sizeof(sin));
	cr_assert(lsk_addr_equal(&a, &b));
	sin.sin_port = htons(81);
	lsk_addr_set(&b, &sin, sizeof(sin));
	cr_assert_not(lsk_addr_equal(&a, &b));
}

Test(addr_equal, families_and_empty_addresses)
{
	struct lsk_addr empty = {0};
	struct lsk_addr a;
	struct lsk_addr b;

	lsk_addr_parse(&a, "inet://127.0.0.1:1", NULL);
	lsk_addr_parse(&b, "unix://@x", NULL);
	cr_assert_not(lsk_addr_equal(&a, &b));
	cr_assert_not(lsk_addr_equal(&a, &empty));
	cr_assert_not(lsk_addr_equal(&a, NULL));
	cr_assert(lsk_addr_equal(&empty, &empty));
	cr_assert(lsk_addr_equal(NULL, NULL));
	lsk_addr_parse(&a, "raw://44/00", NULL);
	lsk_addr_parse(&b, "raw://44/01", NULL);
	cr_assert(lsk_addr_equal(&a, &a));
	cr_assert_not(lsk_addr_equal(&a, &b));
}

Test(addr_inet, host_forms_of_the_contract)
{
	struct lsk_addr addr;
	struct sockaddr_in *sin = (struct sockaddr_in *)&addr.storage;

	cr_assert_eq(lsk_addr_inet(&addr, NULL, 80), 0);
	cr_assert_eq(sin->sin_addr.s_addr, htonl(INADDR_ANY));
	cr_assert_eq(lsk_addr_inet(&addr, "", 80), 0);
	cr_assert_eq(sin->sin_addr.s_addr, htonl(INADDR_ANY));
	cr_assert_eq(sin->sin_port, htons(80));
	cr_assert_eq(lsk_addr_inet(&addr, "<broadcast>", 80), 0);
	cr_assert_eq(sin->sin_addr.s_addr, htonl(INADDR_BROADCAST));
	cr_assert_eq(lsk_addr_inet(&addr, "255.255.255.255", 80), 0);
	cr_assert_eq(sin->sin_addr.s_addr, htonl(INADDR_BROADCAST));
	cr_assert_eq(lsk_addr_inet(&addr, "name", 80), LSK_ERR_HOST);
	cr_assert_eq(lsk_addr_inet(&addr, "::1", 80), LSK_ERR_HOST);
	cr_assert_eq(lsk_addr_inet(&addr, "1.2.3.4", 65535), 0);
	cr_assert_eq(lsk_addr_inet(&addr, "1.2.3.4", 65536), LSK_ERR_PORT);
	cr_assert_eq(lsk_addr_inet(NULL, "1.2.3.4", 1), -EINVAL);
}

Test(addr_inet6, zone_is_kept_where_no_scope_is_given)
{
	struct lsk_addr addr;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&addr.storage;

	cr_assert_eq(lsk_addr_inet6(&addr, "fe80::1%lo", 1, 0, 0), 0);
	cr_assert_eq(sin6->sin6_scope_id, if_nametoindex("lo"));
	cr_assert_eq(lsk_addr_inet6(&addr, "fe80::1%lo", 1, 0, 7), 0);
	cr_assert_eq(sin6->sin6_scope_id, 7);
	cr_assert_eq(lsk_addr_inet6(&addr, "fe80::1%9", 1, 0xfffff, 0), 0);
	cr_assert_eq(sin6->sin6_scope_id, 9);
	cr_assert_eq(sin6->sin6_flowinfo, htonl(0xfffff));
	cr_assert_eq(lsk_addr_inet6(&addr, NULL, 1, 0, 0), 0);
	cr_assert(IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr));
}

Test(addr_inet6, faults_are_told)
{
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_inet6(&addr, "::1", 1, 0x100000, 0), LSK_ERR_RANGE);
	cr_assert_eq(lsk_addr_inet6(&addr, "::1", 65536, 0, 0), LSK_ERR_PORT);
	cr_assert_eq(lsk_addr_inet6(&addr, "1.2.3.4", 1, 0, 0), LSK_ERR_HOST);
	cr_assert_eq(lsk_addr_inet6(&addr, "<broadcast>", 1, 0, 0), LSK_ERR_HOST);
	cr_assert_eq(lsk_addr_inet6(&addr, "fe80::1%nosuchif", 1, 0, 0), -ENODEV);
	cr_assert_eq(lsk_addr_inet6(&addr, "fe80::1%", 1, 0, 0), LSK_ERR_HOST);
	cr_assert_eq(lsk_addr_inet6(NULL, "::1", 1, 0, 0), -EINVAL);
}
