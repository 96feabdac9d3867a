/* SPDX-License-Identifier: MIT */
/*
 * As much of Criterion as the tests of the object layer use, for ThreadSanitizer and
 * valgrind, under which Criterion itself does not run: it crashes in the way in which
 * it starts its processes. Each test is a forked child of a program without threads;
 * TAP comes out.
 */
#ifndef TEST_PLAIN_CRITERION_H
#define TEST_PLAIN_CRITERION_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PLAIN_TESTS_MAX = 100,
	PLAIN_SKIPPED = 77,
	PLAIN_REASON_MAX = 200,
};

struct plain_options {
	void (*init)(void);
	void (*fini)(void);
	double timeout;
};

struct plain_test {
	const char *suite;
	const char *name;
	void (*function)(void);
	struct plain_options options;
};

extern struct plain_test plain_tests[PLAIN_TESTS_MAX];
extern int plain_count;

/* Why a test is skipped: shared between a test and who runs it. */
extern char *plain_reason;

/* The options of a suite, which its tests take over. */
void plain_suite(const char *suite, struct plain_options options);
void plain_add(struct plain_test test);

#define TestSuite(suite, ...)                                                   \
	__attribute__((constructor(200))) static void plain_suite_##suite(void) \
	{                                                                       \
		plain_suite(#suite, (struct plain_options){__VA_ARGS__});       \
	}                                                                       \
	struct plain_options

#define Test(suite_, name_, ...)                                                    \
	static void suite_##_##name_(void);                                         \
	__attribute__((constructor(300))) static void plain_add_##suite_##_##name_( \
		void)                                                               \
	{                                                                           \
		plain_add((struct plain_test){                                      \
			#suite_, #name_, suite_##_##name_, {__VA_ARGS__}});         \
	}                                                                           \
	static void suite_##_##name_(void)

#define PLAIN_FAIL(text)                                           \
	do {                                                       \
		printf("# %s:%d: %s\n", __FILE__, __LINE__, text); \
		fflush(stdout);                                    \
		_exit(1);                                          \
	} while (0)
#define PLAIN_CHECK(condition, text)      \
	do {                              \
		if (!(condition))         \
			PLAIN_FAIL(text); \
	} while (0)

#define cr_assert(condition, ...)     PLAIN_CHECK((condition), #condition)
#define cr_assert_not(condition, ...) PLAIN_CHECK(!(condition), "not " #condition)
#define cr_assert_eq(a, b, ...)       PLAIN_CHECK((a) == (b), #a " == " #b)
#define cr_assert_neq(a, b, ...)      PLAIN_CHECK((a) != (b), #a " != " #b)
#define cr_assert_lt(a, b, ...)       PLAIN_CHECK((a) < (b), #a " < " #b)
#define cr_assert_leq(a, b, ...)      PLAIN_CHECK((a) <= (b), #a " <= " #b)
#define cr_assert_gt(a, b, ...)       PLAIN_CHECK((a) > (b), #a " > " #b)
#define cr_assert_geq(a, b, ...)      PLAIN_CHECK((a) >= (b), #a " >= " #b)
#define cr_assert_null(a, ...)        PLAIN_CHECK((a) == NULL, #a " is NULL")
#define cr_assert_not_null(a, ...)    PLAIN_CHECK((a) != NULL, #a " is not NULL")
#define cr_assert_str_eq(a, b, ...)   PLAIN_CHECK(strcmp(a, b) == 0, #a " is " #b)
#define cr_assert_arr_eq(a, b, len, ...) \
	PLAIN_CHECK(memcmp(a, b, len) == 0, #a " is " #b)
#define cr_assert_fail(...) PLAIN_FAIL("failed")
#define cr_skip_test(...)                                              \
	do {                                                           \
		snprintf(plain_reason, PLAIN_REASON_MAX, __VA_ARGS__); \
		_exit(PLAIN_SKIPPED);                                  \
	} while (0)

#endif
