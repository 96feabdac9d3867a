/* SPDX-License-Identifier: MIT */
#include "tools/rounds.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

#include <linsock/base.h>

#include "tools/command.h"

struct rounds rounds_default(void)
{
	return (struct rounds){.count = 4,
			       .interval_ns = LSK_NSEC_PER_SEC,
			       .timeout_ns = LSK_NSEC_PER_SEC};
}

int rounds_take_option(struct rounds *rounds, int option, const char *value)
{
	bool is_interval = option == 'i';

	if (option == 'c') {
		if (command_parse_number(value, 1, INT_MAX, &rounds->count) < 0)
			return command_usage("--count: \"%s\" is no number", value);
	} else if (command_parse_seconds(value, is_interval
							? &rounds->interval_ns
							: &rounds->timeout_ns) < 0) {
		return command_usage("--%s: \"%s\" are no seconds",
				     is_interval ? "interval" : "timeout", value);
	}
	return COMMAND_OK;
}

long rounds_run(const struct rounds *rounds, const char *place, round_fn once,
		void *context, const volatile sig_atomic_t *is_stopped)
{
	const struct timespec rest = {.tv_sec = rounds->interval_ns / LSK_NSEC_PER_SEC,
				      .tv_nsec =
					      rounds->interval_ns % LSK_NSEC_PER_SEC};
	long answers = 0;

	for (long i = 0; i < rounds->count; i++) {
		int64_t ns = 0;
		int r;

		if (i > 0)
			nanosleep(&rest, NULL);
		if (is_stopped && *is_stopped)
			break;
		r = once(context, rounds->timeout_ns, &ns);
		if (r == -EAFNOSUPPORT)
			return r;
		if (r == 0)
			printf("%s: %.3f ms\n", place, (double)ns / 1e6);
		else
			command_failure(r, "%s", place);
		answers += r == 0;
		fflush(stdout);
	}
	return answers;
}
