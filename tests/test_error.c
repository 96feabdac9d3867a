/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <string.h>

#include <linsock/error.h>

#include "src/error.h"

Test(error, every_errno_has_a_name_and_a_text)
{
	int named = 0;

	for (int error = 1; error < 4096; error++) {
		const char *name = lsk_error_name(-error);

		cr_assert_not_null(lsk_strerror(-error));
		/* The C library knows which numbers are errors on this machine. */
		cr_assert_eq(name != NULL, strerrorname_np(error) != NULL, "%d", error);
		if (!name)
			continue;
		named++;
		cr_assert_str_neq(lsk_strerror(-error), "Unknown error", "%s", name);
	}
	cr_assert_gt(named, 130);
}

Test(error, names_are_those_of_the_c_library)
{
	for (int error = 1; error < 4096; error++)
		if (lsk_error_name(-error))
			cr_assert_str_eq(lsk_error_name(-error),
					 strerrorname_np(error));
}

Test(error, deadline_of_the_library_says_timed_out)
{
	cr_assert_str_eq(lsk_error_name(-ETIME), "ETIME");
	cr_assert_str_eq(lsk_strerror(-ETIME), "Timed out");
	cr_assert_str_eq(lsk_strerror(-ETIMEDOUT), "Connection timed out");
}

Test(error, library_faults_have_names_and_texts)
{
	for (int error = LSK_ERR_SCHEME; error >= LSK_ERR_EMPTY; error--) {
		cr_assert_not_null(lsk_error_name(error), "%d", error);
		cr_assert(strncmp(lsk_error_name(error), "LSK_ERR_", 8) == 0);
		cr_assert_str_neq(lsk_strerror(error), "Unknown error");
	}
}

Test(error, resolver_codes_have_names_and_texts)
{
	cr_assert_str_eq(lsk_error_name(LSK_ERR_EAI(EAI_NONAME)), "EAI_NONAME");
	cr_assert_str_eq(lsk_error_name(LSK_ERR_EAI(EAI_IDN_ENCODE)), "EAI_IDN_ENCODE");
	cr_assert_str_eq(lsk_strerror(LSK_ERR_EAI(EAI_AGAIN)),
			 "Temporary failure in name resolution");
	cr_assert_str_eq(lsk_error_name(LSK_ERR_HOST_LOOKUP(HOST_NOT_FOUND)),
			 "HOST_NOT_FOUND");
	cr_assert_str_eq(lsk_strerror(LSK_ERR_HOST_LOOKUP(HOST_NOT_FOUND)),
			 "Unknown host");
}

Test(error, number_spaces_do_not_meet)
{
	cr_assert_lt(LSK_ERR_SCHEME, -4095);
	cr_assert_lt(LSK_ERR_EAI(-1), LSK_ERR_EMPTY);
	cr_assert_lt(LSK_ERR_HOST_LOOKUP(1), LSK_ERR_EAI(EAI_IDN_ENCODE));
}

Test(error, numbers_without_meaning_are_unknown)
{
	static const int strange[] = {1,     134,   -134,      -4096,
				      -4107, -5000, INT32_MIN, INT32_MAX};

	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		cr_assert_null(lsk_error_name(strange[i]), "%d", strange[i]);
		cr_assert_str_eq(lsk_strerror(strange[i]), "Unknown error");
	}
	cr_assert_str_eq(lsk_strerror(0), "Success");
}

Test(error_set, long_lines_are_cut_and_ended)
{
	struct lsk_error error;
	char line[1000];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	cr_assert_eq(error_set(&error, -EIO, 7, "%s", line), -EIO);
	cr_assert_eq(error.code, -EIO);
	cr_assert_eq(error.offset, 7);
	cr_assert_eq(strlen(error.text), sizeof(error.text) - 1);
}

Test(error_set, null_is_ignored)
{
	cr_assert_eq(error_set(NULL, -EIO, 0, "nothing"), -EIO);
	cr_assert_eq(error_set_code(NULL, -EIO, 0, NULL), -EIO);
}
