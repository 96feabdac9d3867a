/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <sys/mman.h>

/* Where a suite says nothing. */
static const unsigned int seconds_max = 60;

/* ThreadSanitizer makes everything slower. */
static const unsigned int patience = 5;

static struct {
	const char *name;
	struct plain_options options;
} suites[PLAIN_TESTS_MAX];
static int suites_count;

struct plain_test plain_tests[PLAIN_TESTS_MAX];
int plain_count;
char *plain_reason;

void plain_suite(const char *suite, struct plain_options options)
{
	suites[suites_count].name = suite;
	suites[suites_count++].options = options;
}

void plain_add(struct plain_test test)
{
	for (int i = 0; i < suites_count; i++)
		if (strcmp(suites[i].name, test.suite) == 0)
			test.options = suites[i].options;
	if (plain_count == PLAIN_TESTS_MAX)
		abort();
	plain_tests[plain_count++] = test;
}

static void run(const struct plain_test *test)
{
	unsigned int seconds = (unsigned int)test->options.timeout;

	alarm(patience * (seconds ? seconds : seconds_max));
	if (test->options.init)
		test->options.init();
	test->function();
	if (test->options.fini)
		test->options.fini();
	/* Through exit(3), where ThreadSanitizer tells what it has seen. */
	exit(0);
}

static const char *verdict(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return "ok";
	return WIFEXITED(status) && WEXITSTATUS(status) == PLAIN_SKIPPED ? "ok"
									 : "not ok";
}

int main(void)
{
	int failed = 0;

	plain_reason = mmap(NULL, PLAIN_REASON_MAX, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (plain_reason == MAP_FAILED)
		return 1;
	printf("1..%d\n", plain_count);
	for (int i = 0; i < plain_count; i++) {
		const struct plain_test *test = &plain_tests[i];
		int status = -1;
		pid_t child;

		fflush(stdout);
		child = fork();
		if (child == 0)
			run(test);
		waitpid(child, &status, 0);
		if (status != 0)
			printf("# status %#x\n", (unsigned int)status);
		printf("%s %d - %s::%s%s%s\n", verdict(status), i + 1, test->suite,
		       test->name, *plain_reason ? " # SKIP " : "", plain_reason);
		*plain_reason = '\0';
		failed += strcmp(verdict(status), "ok") != 0;
	}
	return failed > 0;
}
