/* SPDX-License-Identifier: MIT */
/* Reports of several kernels side by side, and the text of that. */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/probe.h"

#define COLUMN 26

static json_t *finding_of(json_t *value)
{
	if (!value)
		return json_null();
	return json_pack("{s:O, s:O, s:O}", "verdict",
			 json_object_get(value, "verdict"), "error",
			 json_object_get(value, "error"), "evidence",
			 json_object_get(value, "evidence"));
}

/* The row of one feature, unless an earlier report had it already. */
static int add_feature(json_t *features, const char *name, json_t *const *reports,
		       size_t count)
{
	json_t *findings = json_array();
	const char *summary = "";

	if (json_object_get(features, name)) {
		json_decref(findings);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		json_t *value =
			json_object_get(json_object_get(reports[i], "features"), name);

		if (value)
			summary = report_string(value, "summary");
		if (json_array_append_new(findings, finding_of(value)) < 0)
			return -1;
	}
	return json_object_set_new(
		features, name,
		json_pack("{s:s, s:o}", "summary", summary, "findings", findings));
}

json_t *matrix_new(json_t *const *reports, const char *const *labels, size_t count)
{
	json_t *kernels = json_array(), *features = json_object();
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		const char *name;
		json_t *value;

		r |= json_array_append_new(
			kernels,
			json_pack("{s:s, s:O, s:O}", "label", labels[i], "kernel",
				  json_object_get(reports[i], "kernel"), "backend",
				  json_object_get(reports[i], "backend")));
		json_object_foreach(json_object_get(reports[i], "features"), name,
				    value) r |=
			add_feature(features, name, reports, count);
	}
	if (r != 0) {
		json_decref(kernels);
		json_decref(features);
		return NULL;
	}
	return json_pack("{s:s, s:o, s:o}", "linsock", lsk_version(), "kernels",
			 kernels, "features", features);
}

json_t *matrix_report(json_t *matrix, size_t index)
{
	json_t *kernel = json_array_get(json_object_get(matrix, "kernels"), index);
	json_t *features = json_object(), *feature;
	const char *name;

	json_object_foreach(json_object_get(matrix, "features"), name, feature)
	{
		json_t *finding =
			json_array_get(json_object_get(feature, "findings"), index);
		json_t *value = json_is_object(finding) ? json_copy(finding) : NULL;

		if (!value)
			continue;
		json_object_set(value, "summary", json_object_get(feature, "summary"));
		json_object_set_new(features, name, value);
	}
	return json_pack("{s:s, s:s, s:O, s:O, s:o}", "linsock",
			 report_string(matrix, "linsock"), "label",
			 report_string(kernel, "label"), "kernel",
			 json_object_get(kernel, "kernel"), "backend",
			 json_object_get(kernel, "backend"), "features", features);
}

bool matrix_differs(json_t *feature)
{
	json_t *findings = json_object_get(feature, "findings"), *finding;
	const char *first = report_string(json_array_get(findings, 0), "verdict");
	size_t i;

	json_array_foreach(findings, i,
			   finding) if (strcmp(report_string(finding, "verdict"),
					       first) != 0) return true;
	return false;
}

static void print_finding(json_t *finding)
{
	const char *word = report_string(finding, "verdict");
	const struct verdict_look *look = verdict_look(word);
	const char *error = report_string(finding, "error");
	char text[64];

	snprintf(text, sizeof(text), "%s%s%s", *word ? look->word : "not asked",
		 *error ? " " : "", error);
	if (stdout_has_colour())
		printf(" \033[%sm%s %-*.*s\033[0m", look->colour, look->glyph,
		       COLUMN - 3, COLUMN - 3, text);
	else
		printf(" %s %-*.*s", look->glyph, COLUMN - 3, COLUMN - 3, text);
}

int matrix_print_text(json_t *matrix)
{
	json_t *kernels = json_object_get(matrix, "kernels");
	const char *name, *last = NULL;
	json_t *value, *kernel;
	size_t i;

	json_array_foreach(kernels, i, kernel)
		printf("%s: Linux %s\n", report_string(kernel, "label"),
		       report_string(json_object_get(kernel, "kernel"), "release"));
	json_object_foreach(json_object_get(matrix, "features"), name, value)
	{
		json_t *findings = json_object_get(value, "findings"), *finding;

		if (!last || !same_section(name, last)) {
			printf("\n%-34.*s", (int)section_len(name), name);
			json_array_foreach(kernels, i, kernel) printf(
				" %-*s", COLUMN - 1, report_string(kernel, "label"));
			putchar('\n');
		}
		printf("%c %-32s", matrix_differs(value) ? '*' : ' ', name);
		json_array_foreach(findings, i, finding) print_finding(finding);
		putchar('\n');
		last = name;
	}
	return finish_stdout();
}
