/* SPDX-License-Identifier: MIT */
/* A report as text for a person: sections, one line a feature, glyph and colour. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/probe.h"

/* The first is what an unknown word looks like. */
static const struct verdict_look looks[] = {
	{"unknown", "?", "35"}, {"yes", "✔", "32"},      {"no", "✘", "31"},
	{"absent", "∅", "90"},  {"loadable", "○", "36"}, {"denied", "⊘", "33"},
};

const struct verdict_look *verdict_look(const char *word)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (strcmp(looks[i].word, word) == 0)
			return &looks[i];
	return &looks[0];
}

bool stdout_has_colour(void)
{
	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

size_t section_len(const char *name)
{
	return strcspn(name, ".");
}

bool same_section(const char *a, const char *b)
{
	return section_len(a) == section_len(b) && strncmp(a, b, section_len(a)) == 0;
}

static void print_section(json_t *features, const char *first)
{
	unsigned int yes = 0, all = 0;
	const char *name;
	json_t *value;

	json_object_foreach(features, name, value)
	{
		if (!same_section(name, first))
			continue;
		all++;
		yes += strcmp(report_string(value, "verdict"), "yes") == 0;
	}
	printf("\n%.*s: %u of %u\n", (int)section_len(first), first, yes, all);
}

/* Bytes of @text that a line still shows, never in the middle of a character. */
static int shown_len(const char *text, size_t columns)
{
	size_t len = strlen(text);

	if (len <= columns)
		return (int)len;
	while (columns > 0 && ((unsigned char)text[columns] & 0xc0) == 0x80)
		columns--;
	return (int)columns;
}

static void print_feature(const char *name, json_t *value, int width)
{
	const struct verdict_look *look = verdict_look(report_string(value, "verdict"));
	bool is_yes = strcmp(look->word, "yes") == 0;
	const char *more = report_string(value, is_yes ? "summary" : "evidence");
	bool has_colour = stdout_has_colour();

	printf("  %s%s%s%s %-*s %-8s  %.*s\n", has_colour ? "\033[" : "",
	       has_colour ? look->colour : "", has_colour ? "m" : "", look->glyph,
	       width, name + section_len(name) + 1, look->word, shown_len(more, 400),
	       more);
	if (has_colour)
		fputs("\033[0m", stdout);
}

static int name_width(json_t *features)
{
	size_t width = 0;
	const char *name;
	json_t *value;

	json_object_foreach(features, name, value)
	{
		size_t len = strlen(name) - section_len(name);

		if (len > width)
			width = len;
	}
	return (int)width;
}

int report_print_text(json_t *report)
{
	json_t *features = json_object_get(report, "features");
	json_t *kernel = json_object_get(report, "kernel");
	json_t *backend = json_object_get(report, "backend");
	int width = name_width(features);
	const char *name, *last = NULL;
	json_t *value;

	printf("Linux %s %s, linsock %s\n", report_string(kernel, "release"),
	       report_string(kernel, "machine"), report_string(report, "linsock"));
	printf("back end: %s (%s)\n", report_string(backend, "name"),
	       report_string(backend, "reason"));
	json_object_foreach(features, name, value)
	{
		if (!last || !same_section(name, last))
			print_section(features, name);
		print_feature(name, value, width);
		last = name;
	}
	return finish_stdout();
}
