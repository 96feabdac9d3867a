/* SPDX-License-Identifier: MIT */
/* What the tests of AF_ALG share. */
#ifndef TESTS_ALG_H
#define TESTS_ALG_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linsock/alg.h>

#include "tests/support/kernel.h"

/* A transform, or a skip where there is no AF_ALG at all. Scenarios refuse skips. */
static inline struct lsk_alg *alg_for_test(const char *type, const char *name)
{
	struct lsk_error error = {0};
	struct lsk_alg *alg = NULL;
	struct lsk_addr addr;
	int r;

	cr_assert_eq(lsk_addr_alg(&addr, type, name, 0, 0), 0);
	r = lsk_alg_open(&alg, &addr, &error);
	if (r == -EAFNOSUPPORT && !getenv("LINSOCK_TEST_ALG"))
		cr_skip_test("%s", error.text);
	cr_assert_eq(r, 0, "%s/%s: %s", type, name, error.text);
	return alg;
}

static inline size_t from_hex(const char *hex, unsigned char *ret_bytes)
{
	size_t len = strlen(hex) / 2;

	for (size_t i = 0; i < len; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		ret_bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	return len;
}

static inline void assert_hex(const unsigned char *bytes, size_t len, const char *hex)
{
	char text[257] = "";

	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	cr_assert_str_eq(text, hex);
}

/* Return: the serial number, or -1. */
static inline long add_user_key(const char *name, const void *bytes, size_t len)
{
	const int process_keyring = -2;

	return syscall(SYS_add_key, "user", name, bytes, len, process_keyring);
}

#endif
