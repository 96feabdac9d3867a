/* SPDX-License-Identifier: MIT */
/* How subcommands speak of what went wrong, and the numbers that they all read. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"

int command_bad_option(void)
{
	fprintf(stderr, "Try \"%s --help\".\n", program_invocation_short_name);
	return COMMAND_USAGE;
}

int command_usage(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return command_bad_option();
}

int command_failure(int error, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, ": %s\n", lsk_strerror(error));
	return COMMAND_FAILURE;
}

int command_failure_at(const char *text, const struct lsk_error *error)
{
	const char *reason = error->text[0] ? error->text : lsk_strerror(error->code);

	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, text, reason);
	/* Faults of a text are in the library's own numbers; errnos are not. */
	if (error->code <= LSK_ERR_SCHEME && error->code > LSK_ERR_EAI(0) &&
	    error->offset <= strlen(text))
		fprintf(stderr, "\t%s\n\t%*s^ at byte %u\n", text, (int)error->offset,
			"", error->offset);
	return COMMAND_FAILURE;
}

int command_parse_options(int argc, char **argv, const char *shorts,
			  const struct option *longs,
			  int (*take)(void *context, int option, const char *value),
			  void *context)
{
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (option != '?' && !strchr(shorts, option))
			return command_usage("-%c has no meaning here", option);
		status = take(context, option, optarg);
	}
	return status;
}

int command_parse_seconds(const char *text, int64_t *ret_ns)
{
	/* A century: what does not fit into nanoseconds is not meant. */
	const double seconds_max = 100.0 * 365 * 86400;
	double seconds;
	char *end;

	if (!isdigit((unsigned char)text[0]) && text[0] != '.')
		return -EINVAL;
	seconds = strtod(text, &end);
	if (end == text || *end || !isfinite(seconds) || seconds > seconds_max)
		return -EINVAL;
	*ret_ns = (int64_t)(seconds * (double)LSK_NSEC_PER_SEC);
	return 0;
}

int command_parse_number(const char *text, long min, long max, long *ret_number)
{
	char *end;
	long number;

	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	number = strtol(text, &end, 0);
	if (end == text || *end)
		return -EINVAL;
	if (errno || number < min || number > max)
		return -ERANGE;
	*ret_number = number;
	return 0;
}
