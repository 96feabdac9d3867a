/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include <linsock/addr.h>

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

Test(unix_addr, lengths_of_paths_and_names)
{
	char name[109];
	struct lsk_addr addr;

	memset(name, 'n', sizeof(name));
	cr_assert_eq(lsk_addr_unix(&addr, name, 107), 0);
	cr_assert_eq(addr.len, PATH_OFFSET + 108, "a path has its terminator");
	cr_assert_eq(lsk_addr_unix(&addr, name, 108), LSK_ERR_LENGTH);
	name[0] = '\0';
	cr_assert_eq(lsk_addr_unix(&addr, name, 108), 0);
	cr_assert_eq(addr.len, PATH_OFFSET + 108, "an abstract name has none");
	cr_assert_eq(lsk_addr_unix(&addr, name, 109), LSK_ERR_LENGTH);
	cr_assert_eq(lsk_addr_unix(&addr, NULL, 0), 0);
	cr_assert_eq(addr.len, PATH_OFFSET, "autobind");
}

Test(unix_addr, faults_are_told)
{
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_unix(&addr, "a\0b", 3), LSK_ERR_SYNTAX);
	cr_assert_eq(lsk_addr_unix(&addr, NULL, 3), -EINVAL);
	cr_assert_eq(lsk_addr_unix(NULL, "a", 1), -EINVAL);
}

Test(unix_addr, every_byte_value_prints_and_parses)
{
	for (int byte = 0; byte < 256; byte++)
		for (int is_abstract = 0; is_abstract < 2; is_abstract++) {
			char name[3] = {is_abstract ? '\0' : 'x', (char)byte, 'y'};
			char text[LSK_ADDR_TEXT_MAX];
			struct lsk_addr addr;
			struct lsk_addr again;

			if (!is_abstract && byte == 0)
				continue;
			cr_assert_eq(lsk_addr_unix(&addr, name, sizeof(name)), 0);
			cr_assert_gt(lsk_addr_format(&addr, text, sizeof(text)), 0);
			cr_assert_eq(lsk_addr_parse(&again, text, NULL), 0, "%s", text);
			cr_assert_eq(addr.len, again.len);
			cr_assert_arr_eq(&addr.storage, &again.storage, addr.len);
		}
}

Test(unix_addr, longest_names_of_the_worst_bytes_fit_the_promised_text)
{
	char text[LSK_ADDR_TEXT_MAX];
	char name[108];
	struct lsk_addr addr;

	memset(name, 0, sizeof(name));
	cr_assert_eq(lsk_addr_unix(&addr, name, sizeof(name)), 0);
	cr_assert_gt(lsk_addr_format(&addr, text, sizeof(text)), 0);
}

Test(unix_addr, path_of_a_peer_without_terminator_is_read_to_its_end)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char expected[7 + 108 + 1] = "unix://";
	char text[LSK_ADDR_TEXT_MAX];
	struct lsk_addr addr;

	memset(sun.sun_path, 'p', sizeof(sun.sun_path));
	memset(expected + 7, 'p', 108);
	cr_assert_eq(lsk_addr_set(&addr, &sun, sizeof(sun)), 0);
	/* What lies behind it is not part of the address. */
	memset((char *)&addr.storage + sizeof(sun), 'q', 4);
	cr_assert_eq(lsk_addr_format(&addr, text, sizeof(text)), 115);
	cr_assert_str_eq(text, expected);
}

Test(unix_addr, terminator_of_a_path_does_not_count)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = "/x"};
	struct lsk_addr with;
	struct lsk_addr without;
	struct lsk_addr whole;

	lsk_addr_set(&with, &sun, PATH_OFFSET + 3);
	lsk_addr_set(&without, &sun, PATH_OFFSET + 2);
	lsk_addr_set(&whole, &sun, sizeof(sun));
	cr_assert(lsk_addr_equal(&with, &without));
	cr_assert(lsk_addr_equal(&with, &whole));
}

Test(unix_addr, trailing_nul_of_an_abstract_name_counts)
{
	struct lsk_addr a;
	struct lsk_addr b;

	lsk_addr_unix(&a, "\0x", 2);
	lsk_addr_unix(&b, "\0x\0", 3);
	cr_assert_not(lsk_addr_equal(&a, &b));
}
