/* SPDX-License-Identifier: MIT */
/*
 * As much of Criterion as our tests use. For ThreadSanitizer and valgrind, under which
 * Criterion itself does not run: it crashes in the way in which it starts its
 * processes. And for emulated machines, where it is slow: it begins each test by
 * loading a program with 24 libraries, which there takes a quarter of a second. Here
 * each test is a forked child of a program without threads; TAP comes out.
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
	PLAIN_TEXT_MAX = 2000,
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

/* Why a test is skipped or fails: shared between a test and who runs it. */
extern char *plain_text;

/* The options of a suite: those that a test of it does not give itself. */
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

/* The tests are compiled for Criterion as well, with all warnings. */
#pragma GCC diagnostic ignored "-Wsign-compare"

/* Add to what is told of a test that fails. */
void plain_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Tell where and why, and end the test. */
_Noreturn void plain_fail(const char *file, int line, const char *text,
			  const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* End the test as one that is skipped, with the reason. */
_Noreturn void plain_skip(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#define PLAIN_FAIL(text, ...) plain_fail(__FILE__, __LINE__, text, " " __VA_ARGS__)
#define PLAIN_CHECK(condition, text, ...)              \
	do {                                           \
		if (!(condition))                      \
			PLAIN_FAIL(text, __VA_ARGS__); \
	} while (0)
/* Makes a value of a bit field, whose type has no name; evaluated once. */
#define PLAIN_VALUE(a) (1 ? (a) : (a))
#define PLAIN_COMPARE(a, operator, b, ...)                                \
	do {                                                              \
		__auto_type plain_a = PLAIN_VALUE(a);                     \
		__auto_type plain_b = PLAIN_VALUE(b);                     \
		if (!(plain_a operator plain_b)) {                        \
			plain_tell("%lld and %lld: ", (long long)plain_a, \
				   (long long)plain_b);                   \
			PLAIN_FAIL(#a " " #operator" " #b, __VA_ARGS__);  \
		}                                                         \
	} while (0)
#define PLAIN_STRINGS(a, wanted, b, ...)                                     \
	do {                                                                 \
		const char *plain_a = (a), *plain_b = (b);                   \
		if ((strcmp(plain_a, plain_b) == 0) != (wanted)) {           \
			plain_tell("\"%s\" and \"%s\": ", plain_a, plain_b); \
			PLAIN_FAIL(#a ", " #b, __VA_ARGS__);                 \
		}                                                            \
	} while (0)

#define cr_assert(condition, ...) PLAIN_CHECK((condition), #condition, __VA_ARGS__)
#define cr_assert_not(condition, ...) \
	PLAIN_CHECK(!(condition), "not " #condition, __VA_ARGS__)
#define cr_assert_eq(a, b, ...)  PLAIN_COMPARE(a, ==, b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) PLAIN_COMPARE(a, !=, b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...)  PLAIN_COMPARE(a, <, b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) PLAIN_COMPARE(a, <=, b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...)  PLAIN_COMPARE(a, >, b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) PLAIN_COMPARE(a, >=, b, __VA_ARGS__)
#define cr_assert_null(a, ...)   PLAIN_CHECK((a) == NULL, #a " is NULL", __VA_ARGS__)
#define cr_assert_not_null(a, ...) \
	PLAIN_CHECK((a) != NULL, #a " is not NULL", __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)  PLAIN_STRINGS(a, true, b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...) PLAIN_STRINGS(a, false, b, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, len, ...) \
	PLAIN_CHECK(memcmp(a, b, len) == 0, #a " is " #b, __VA_ARGS__)
#define cr_assert_fail(...) PLAIN_FAIL("failed", __VA_ARGS__)
/* A test ends at the first that is not met. */
#define cr_expect_eq        cr_assert_eq
#define cr_skip_test(...)   plain_skip(__VA_ARGS__)

#endif
