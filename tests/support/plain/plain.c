/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <sys/mman.h>

/* Where a suite says nothing. */
static const unsigned int seconds_max = 60;

/* Tools that watch a program make it slower, as an emulated machine does. */
static const unsigned int patience = 5;

static struct {
	const char *name;
	struct plain_options options;
} suites[PLAIN_TESTS_MAX];
static int suites_count;

struct plain_test plain_tests[PLAIN_TESTS_MAX];
int plain_count;
char *plain_text;

void plain_suite(const char *suite, struct plain_options options)
{
	suites[suites_count].name = suite;
	suites[suites_count++].options = options;
}

void plain_add(struct plain_test test)
{
	for (int i = 0; i < suites_count; i++) {
		const struct plain_options *usual = &suites[i].options;

		if (strcmp(suites[i].name, test.suite) != 0)
			continue;
		if (!test.options.init)
			test.options.init = usual->init;
		if (!test.options.fini)
			test.options.fini = usual->fini;
		if (test.options.timeout <= 0)
			test.options.timeout = usual->timeout;
	}
	if (plain_count == PLAIN_TESTS_MAX)
		abort();
	plain_tests[plain_count++] = test;
}

static void tell(const char *format, va_list arguments)
{
	size_t len = strlen(plain_text);

	vsnprintf(plain_text + len, PLAIN_TEXT_MAX - len, format, arguments);
}

void plain_tell(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell(format, arguments);
	va_end(arguments);
}

void plain_fail(const char *file, int line, const char *text, const char *format, ...)
{
	va_list arguments;

	plain_tell("%s:%d: %s:", file, line, text);
	va_start(arguments, format);
	tell(format, arguments);
	va_end(arguments);
	_exit(1);
}

void plain_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell(format, arguments);
	va_end(arguments);
	_exit(PLAIN_SKIPPED);
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

static bool is_skipped(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == PLAIN_SKIPPED;
}

/* Return: whether it failed. */
static bool report(int number, const struct plain_test *test, int status)
{
	bool is_good = status == 0 || is_skipped(status);

	printf("%s %d - %s::%s%s%s\n", is_good ? "ok" : "not ok", number, test->suite,
	       test->name, is_skipped(status) ? " # SKIP " : "",
	       is_skipped(status) ? plain_text : "");
	if (WIFSIGNALED(status))
		printf("# ended by signal %d\n", WTERMSIG(status));
	if (!is_good && *plain_text)
		printf("# %s\n", plain_text);
	*plain_text = '\0';
	return !is_good;
}

/* Leave the tests whose SUITE/NAME the pattern matches. */
static void choose(const char *pattern)
{
	int kept = 0;

	for (int i = 0; i < plain_count; i++) {
		char name[256];

		snprintf(name, sizeof(name), "%s/%s", plain_tests[i].suite,
			 plain_tests[i].name);
		if (fnmatch(pattern, name, 0) == 0)
			plain_tests[kept++] = plain_tests[i];
	}
	plain_count = kept;
}

/* The one option of Criterion's that is needed: --filter PATTERN. */
int main(int argc, char **argv)
{
	int failed = 0;

	if (argc == 3 && strcmp(argv[1], "--filter") == 0)
		choose(argv[2]);

	plain_text = mmap(NULL, PLAIN_TEXT_MAX, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (plain_text == MAP_FAILED)
		return 1;
	printf("1..%d\n", plain_count);
	for (int i = 0; i < plain_count; i++) {
		int status = -1;
		pid_t child;

		fflush(stdout);
		child = fork();
		if (child == 0)
			run(&plain_tests[i]);
		waitpid(child, &status, 0);
		failed += report(i + 1, &plain_tests[i], status);
	}
	return failed > 0;
}
