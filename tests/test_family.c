/* SPDX-License-Identifier: MIT */
/* Walks the table: a new row is tested by being listed. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/socket.h>

#include "src/family.h"

Test(family_table, rows_are_complete)
{
	cr_assert_not_null(lsk_families[0]);
	for (size_t i = 0; lsk_families[i]; i++) {
		const struct lsk_family *row = lsk_families[i];

		cr_assert_gt(row->domain, 0);
		cr_assert_gt(strlen(row->name), 0);
		cr_assert_gt(strlen(row->summary), 0, "%s", row->name);
		cr_assert_not_null(row->parse, "%s", row->name);
		cr_assert_not_null(row->format, "%s", row->name);
		cr_assert_not_null(row->types, "%s", row->name);
		cr_assert_not_null(row->types[0].name, "%s", row->name);
	}
}

Test(family_table, domains_and_names_are_unique)
{
	for (size_t i = 0; lsk_families[i]; i++) {
		const struct lsk_family *row = lsk_families[i];

		cr_assert_eq(family_by_domain(row->domain), row, "%s", row->name);
		cr_assert_eq(family_by_name(row->name, strlen(row->name)), row);
		cr_assert_str_neq(row->name, "raw");
		cr_assert_eq(strspn(row->name, "abcdefghijklmnopqrstuvwxyz0123456789"),
			     strlen(row->name));
	}
}

Test(family_table, a_scheme_is_no_other_familys_name)
{
	for (size_t i = 0; lsk_families[i]; i++) {
		const struct lsk_family *row = lsk_families[i];

		for (const struct family_scheme *scheme = row->schemes;
		     scheme && scheme->name; scheme++) {
			size_t len = strlen(scheme->name);
			const struct lsk_family *named =
				family_by_name(scheme->name, len);

			cr_assert(!named || named == row, "%s", scheme->name);
			cr_assert_eq(family_scheme(row, scheme->name, len), scheme,
				     "%s is twice in %s", scheme->name, row->name);
		}
	}
}

Test(family_table, options_and_types_are_unique)
{
	for (size_t i = 0; lsk_families[i]; i++) {
		const struct lsk_family *row = lsk_families[i];

		for (const struct family_option *a = row->options; a && a->name; a++) {
			bool is_set_by_row = a->value == FAMILY_VALUE_CUSTOM ||
					     a->value == FAMILY_VALUE_LATE;

			cr_assert_eq(is_set_by_row, a->set != NULL, "%s", a->name);
			for (const struct family_option *b = a + 1; b->name; b++)
				cr_assert_str_neq(a->name, b->name);
		}
		for (const struct family_type *a = row->types; a->name; a++)
			for (const struct family_type *b = a + 1; b->name; b++)
				cr_assert_str_neq(a->name, b->name);
	}
}

Test(family_table, loopback_addresses_can_be_read)
{
	for (size_t i = 0; lsk_families[i]; i++) {
		const struct lsk_family *row = lsk_families[i];
		struct lsk_error error;
		struct lsk_addr addr;

		if (row->loopback)
			cr_assert_eq(row->parse(row->loopback, &addr, &error), 0);
	}
}

Test(family_table, nonsense_is_refused_with_a_line)
{
	static const char *const nonsense[] = {
		"%", "[", "]:", ":::::", "\x01\x02", "@@@%G0", "999999999999999999999",
	};

	for (size_t i = 0; lsk_families[i]; i++)
		for (size_t j = 0; j < sizeof(nonsense) / sizeof(nonsense[0]); j++) {
			const struct lsk_family *row = lsk_families[i];
			struct lsk_error error = {0};
			struct lsk_addr addr;
			int r = row->parse(nonsense[j], &addr, &error);

			if (r == 0)
				continue;
			cr_assert_lt(r, 0);
			cr_assert_eq(error.code, r, "%s %s", row->name, nonsense[j]);
			cr_assert_gt(strlen(error.text), 0);
			cr_assert_leq(error.offset, strlen(nonsense[j]));
		}
}

Test(family, unknown_domains_and_names_have_no_row)
{
	cr_assert_null(family_by_domain(12345));
	cr_assert_null(family_by_name("inet", 3));
	cr_assert_null(family_by_name("inet66", 6));
	cr_assert_null(family_scheme(lsk_families[0], "", 0));
}

/* What the kernel does of it is shown by the scenario cat_families. */
Test(family, half_close_goes_by_family_and_protocol)
{
	struct lsk_socket *sock = NULL;

	cr_assert(lsk_socket_has_half_close(NULL));
	cr_assert_eq(lsk_socket_new(&sock, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert(lsk_socket_has_half_close(sock));
	lsk_socket_free(sock);
	for (int domain = 0; domain < 2; domain++) {
		const struct lsk_family *row =
			family_by_domain(domain ? AF_INET6 : AF_INET);

		cr_assert(row->has_half_close(0));
		cr_assert(row->has_half_close(IPPROTO_TCP));
		cr_assert_not(row->has_half_close(IPPROTO_SCTP));
	}
	cr_assert_not(family_by_domain(AF_TIPC)->has_half_close(0));
	cr_assert_not(family_by_domain(AF_LLC)->has_half_close(0));
	cr_assert_not(family_by_domain(AF_BLUETOOTH)->has_half_close(0));
}
