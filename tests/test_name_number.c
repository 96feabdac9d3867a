/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/name.h>

Test(inet_aton, is_lenient_as_the_c_library_unless_strict)
{
	struct in_addr addr;

	cr_assert(lsk_inet_aton("127.1", false, &addr) == 0);
	cr_assert(addr.s_addr == htonl(INADDR_LOOPBACK));
	cr_assert(lsk_inet_aton("1.2.3.4 x", false, &addr) == 0);
	cr_assert(lsk_inet_aton("127.1", true, &addr) == LSK_ERR_HOST);
	cr_assert(lsk_inet_aton("1.2.3.4 x", true, &addr) == LSK_ERR_HOST);
	cr_assert(lsk_inet_aton("1.2.3.4", true, &addr) == 0);
	cr_assert(addr.s_addr == htonl(0x01020304));
	cr_assert(lsk_inet_aton("1.2.3.256", false, &addr) == LSK_ERR_HOST);
	cr_assert(lsk_inet_aton(NULL, false, &addr) == -EINVAL);
}

Test(inet_ntoa, writes_four_numbers)
{
	struct in_addr addr = {.s_addr = htonl(0xc0000201)};
	char text[INET_ADDRSTRLEN];

	cr_assert(lsk_inet_ntoa(addr, text, sizeof(text)) == 9);
	cr_assert_str_eq(text, "192.0.2.1");
	cr_assert(lsk_inet_ntoa(addr, text, 9) == -ENOSPC);
	cr_assert(lsk_inet_ntoa(addr, NULL, 9) == -EINVAL);
}

Test(inet_pton, reads_both_families_and_refuses_others)
{
	unsigned char bytes[16];

	cr_assert(lsk_inet_pton(AF_INET, "1.2.3.4", bytes, NULL) == 4);
	cr_assert(memcmp(bytes, "\1\2\3\4", 4) == 0);
	cr_assert(lsk_inet_pton(AF_INET6, "::1", bytes, NULL) == 16);
	cr_assert(bytes[15] == 1);
	cr_assert(lsk_inet_pton(AF_INET, "1.2.3", bytes, NULL) == LSK_ERR_HOST);
	cr_assert(lsk_inet_pton(AF_INET6, "1.2.3.4", bytes, NULL) == LSK_ERR_HOST);
	cr_assert(lsk_inet_pton(AF_UNIX, "x", bytes, NULL) == -EAFNOSUPPORT);
	cr_assert(lsk_inet_pton(AF_INET, NULL, bytes, NULL) == -EINVAL);
}

Test(inet_pton, reads_a_zone_by_name_and_by_number)
{
	unsigned char bytes[16];
	uint32_t scope;

	cr_assert(lsk_inet_pton(AF_INET6, "fe80::1%lo", bytes, &scope) == 16);
	cr_assert(scope == if_nametoindex("lo"));
	cr_assert(lsk_inet_pton(AF_INET6, "fe80::1%77", bytes, &scope) == 16);
	cr_assert(scope == 77);
	cr_assert(lsk_inet_pton(AF_INET6, "fe80::1", bytes, &scope) == 16);
	cr_assert(scope == 0);
	cr_assert(lsk_inet_pton(AF_INET6, "fe80::1%nowhere", bytes, &scope) == -ENODEV);
	cr_assert(lsk_inet_pton(AF_INET6, "fe80::1%", bytes, &scope) == -ENODEV);
	cr_assert(lsk_inet_pton(AF_INET6, "fe80::1%lo", bytes, NULL) == LSK_ERR_HOST);
	cr_assert(lsk_inet_pton(AF_INET, "1.2.3.4%lo", bytes, &scope) == LSK_ERR_HOST);
}

Test(inet_ntop, writes_what_pton_reads)
{
	static const char *const texts[] = {"::", "fe80::1%lo", "2001:db8::7%77",
					    "ff02::1:ff00:1%lo"};
	unsigned char bytes[16];
	char text[LSK_INET_TEXT_MAX];
	uint32_t scope;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		cr_assert(lsk_inet_pton(AF_INET6, texts[i], bytes, &scope) == 16);
		cr_assert(lsk_inet_ntop(AF_INET6, bytes, scope, text, sizeof(text)) ==
			  (int)strlen(texts[i]));
		cr_assert_str_eq(text, texts[i]);
	}
	cr_assert(lsk_inet_ntop(AF_INET6, bytes, scope, text, 5) == -ENOSPC);
	cr_assert(lsk_inet_ntop(AF_UNIX, bytes, 0, text, 50) == -EAFNOSUPPORT);
	cr_assert(lsk_inet_ntop(AF_INET, bytes, 1, text, 50) == -EINVAL);
	cr_assert(lsk_inet_ntop(AF_INET, NULL, 0, text, 50) == -EINVAL);
}

Test(byte_order, is_checked_for_range)
{
	uint16_t net16;
	uint32_t net32;

	cr_assert(lsk_htons(0x1234, &net16) == 0 && net16 == htons(0x1234));
	cr_assert(lsk_ntohs(net16, &net16) == 0 && net16 == 0x1234);
	cr_assert(lsk_htonl(0xffffffff, &net32) == 0 && net32 == 0xffffffff);
	cr_assert(lsk_htonl(1, &net32) == 0 && net32 == htonl(1));
	cr_assert(lsk_ntohl(net32, &net32) == 0 && net32 == 1);
	cr_assert(lsk_htons(65536, &net16) == LSK_ERR_RANGE);
	cr_assert(lsk_htons(-1, &net16) == LSK_ERR_RANGE);
	cr_assert(lsk_ntohs(65536, &net16) == LSK_ERR_RANGE);
	cr_assert(lsk_htonl(INT64_C(1) << 32, &net32) == LSK_ERR_RANGE);
	cr_assert(lsk_ntohl(-1, &net32) == LSK_ERR_RANGE);
	cr_assert(lsk_htons(1, NULL) == -EINVAL);
}

Test(cmsg_len, is_the_macro_within_its_range)
{
	for (size_t length = 0; length < 64; length++)
		cr_assert(lsk_cmsg_len(length) == (int64_t)CMSG_LEN(length));
	cr_assert(lsk_cmsg_len(INT_MAX - CMSG_LEN(0)) == INT_MAX);
	cr_assert(lsk_cmsg_len(INT_MAX - CMSG_LEN(0) + 1) == LSK_ERR_RANGE);
	cr_assert(lsk_cmsg_len(SIZE_MAX) == LSK_ERR_RANGE);
}

Test(cmsg_space, is_the_macro_within_its_range)
{
	for (size_t length = 0; length < 64; length++)
		cr_assert(lsk_cmsg_space(length) == (int64_t)CMSG_SPACE(length));
	cr_assert(lsk_cmsg_space(INT_MAX - CMSG_SPACE(1)) > 0);
	cr_assert(lsk_cmsg_space(INT_MAX - CMSG_SPACE(1) + 1) == LSK_ERR_RANGE);
	cr_assert(lsk_cmsg_space(SIZE_MAX) == LSK_ERR_RANGE);
}

Test(if_nameindex, lists_interfaces_that_translate_both_ways)
{
	struct lsk_interface *list;
	char name[LSK_IF_NAME_MAX];
	size_t count;

	cr_assert(lsk_if_nameindex(&list, &count) == 0);
	cr_assert(count > 0);
	for (size_t i = 0; i < count; i++) {
		cr_assert(lsk_if_nametoindex(list[i].name) == (int)list[i].index);
		cr_assert(lsk_if_indextoname(list[i].index, name) == 0);
		cr_assert_str_eq(name, list[i].name);
	}
	cr_assert(lsk_if_freenameindex(list) == NULL);
	cr_assert(lsk_if_nameindex(NULL, &count) == -EINVAL);
}

Test(if_nametoindex, of_a_stranger_is_enodev)
{
	char name[LSK_IF_NAME_MAX];

	cr_assert(lsk_if_nametoindex("no-such-if") == -ENODEV);
	cr_assert(lsk_if_nametoindex("a-name-that-is-far-too-long") == -ENODEV);
	cr_assert(lsk_if_nametoindex(NULL) == -EINVAL);
	cr_assert(lsk_if_indextoname(0x7fffffff, name) == -ENXIO);
	cr_assert(lsk_if_indextoname(1, NULL) == -EINVAL);
}
