/* SPDX-License-Identifier: MIT */
/* Questions to a report: is this there, what differs, and as a header for a compiler.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/probe.h"

static bool is_yes(json_t *finding)
{
	return strcmp(report_string(finding, "verdict"), "yes") == 0;
}

/* Bytes until the next comma; those in parentheses belong to a name. */
static int name_len(const char *names)
{
	int depth = 0, len = 0;

	for (; names[len] && (names[len] != ',' || depth > 0); len++)
		depth += (names[len] == '(') - (names[len] == ')');
	return len;
}

char **report_names(char *names)
{
	size_t count = 0, room = 2;
	char **list;

	for (const char *at = names; *at; at++)
		room += *at == ',';
	list = calloc(room, sizeof(*list));
	while (list && *names) {
		int len = name_len(names);

		if (len > 0)
			list[count++] = names;
		names += len;
		if (*names == ',')
			*names++ = '\0';
	}
	return list;
}

int report_require(json_t *report, char *const *names)
{
	json_t *features = json_object_get(report, "features");
	int status = COMMAND_OK;

	for (; *names; names++) {
		json_t *finding = json_object_get(features, *names);

		if (!finding)
			return command_usage("--require: no feature has the name "
					     "\"%s\"",
					     *names);
		if (is_yes(finding))
			continue;
		fprintf(stderr, "missing: %s: %s (%s)\n", *names,
			report_string(finding, "verdict"),
			report_string(finding, "evidence"));
		status = COMMAND_FAILURE;
	}
	return status;
}

int report_print_header(json_t *report)
{
	json_t *kernel = json_object_get(report, "kernel");
	const char *name;
	json_t *value;

	printf("/* linsock probe --header: Linux %s %s. 1: tried, and it works. */\n"
	       "#ifndef LINSOCK_FEATURES_H\n#define LINSOCK_FEATURES_H\n\n",
	       report_string(kernel, "release"), report_string(kernel, "machine"));
	json_object_foreach(json_object_get(report, "features"), name, value)
	{
		fputs("#define LINSOCK_HAS_", stdout);
		for (const char *c = name; *c; c++)
			putchar(isalnum((unsigned char)*c) ? toupper((unsigned char)*c)
							   : '_');
		printf(" %d\n", is_yes(value));
	}
	puts("\n#endif");
	return finish_stdout();
}

static const char *verdict_in(json_t *report, const char *name)
{
	json_t *finding = json_object_get(json_object_get(report, "features"), name);

	return finding ? report_string(finding, "verdict") : "not asked";
}

static unsigned int print_differing(json_t *first, json_t *second, const char *name)
{
	const char *before = verdict_in(first, name), *after = verdict_in(second, name);

	if (strcmp(before, after) == 0)
		return 0;
	printf("%-32s %-10s %s\n", name, before, after);
	return 1;
}

int report_diff(json_t *first, json_t *second)
{
	json_t *ours = json_object_get(first, "features");
	json_t *theirs = json_object_get(second, "features");
	unsigned int differing = 0;
	const char *name;
	json_t *value;

	json_object_foreach(ours, name, value) differing +=
		print_differing(first, second, name);
	json_object_foreach(theirs, name, value) if (!json_object_get(ours, name))
		differing += print_differing(first, second, name);
	if (finish_stdout() != COMMAND_OK)
		return COMMAND_FAILURE;
	return differing ? COMMAND_FAILURE : COMMAND_OK;
}
