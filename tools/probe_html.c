/* SPDX-License-Identifier: MIT */
/*
 * A matrix as one static page. The page's frame, style and script are matrix.html,
 * which is embedded; the tables are written here, so that they can be read without a
 * script.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/probe.h"

#define BODY_MARK "@BODY@"

extern const char matrix_page[];

static void put_escaped(FILE *to, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", to);
			break;
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		default:
			fputc(*text, to);
		}
	}
}

static void put_legend(FILE *to)
{
	static const char *const texts[][2] = {
		{"yes", "tried, and it works"},
		{"no", "tried, and the kernel refused"},
		{"absent", "its module is not there"},
		{"loadable", "its module is there and was not loaded"},
		{"denied", "not for the process that asked"},
		{"unknown", "it could not be tried"},
	};

	fputs("<ul class=\"legend\">\n", to);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		fprintf(to, "<li class=\"%s\">%s %s: %s</li>\n", texts[i][0],
			verdict_look(texts[i][0])->glyph, texts[i][0], texts[i][1]);
	fputs("</ul>\n", to);
}

static void put_head(FILE *to, json_t *matrix)
{
	json_t *kernels = json_object_get(matrix, "kernels"), *kernel;
	size_t i;

	fputs("<h1>What the sockets of these kernels can do</h1>\n<p "
	      "class=\"intro\">Found "
	      "out by trying, by <code>linsock probe</code> ",
	      to);
	put_escaped(to, report_string(matrix, "linsock"));
	fputs(", on ", to);
	json_array_foreach(kernels, i, kernel)
	{
		fputs(i ? ", " : "", to);
		put_escaped(to, report_string(json_object_get(kernel, "kernel"),
					      "release"));
		fprintf(to, " (");
		put_escaped(to,
			    report_string(json_object_get(kernel, "backend"), "name"));
		fprintf(to, ")");
	}
	fputs(". Point at a cell, or go to it with Tab and the arrow keys, to see the "
	      "evidence.</p>\n",
	      to);
	put_legend(to);
	fputs("<div class=\"bar\" role=\"search\">\n"
	      "<input type=\"search\" id=\"search\" placeholder=\"Search: isotp, "
	      "multishot, EPERM …  ( / )\" aria-label=\"Search features\">\n"
	      "<label><input type=\"checkbox\" id=\"differing\"> only "
	      "differences</label>\n"
	      "<button type=\"button\" id=\"theme\">Light or dark</button>\n"
	      "<output id=\"count\" aria-live=\"polite\"></output>\n</div>\n",
	      to);
}

static void put_cell(FILE *to, json_t *kernel, json_t *finding)
{
	const char *word = report_string(finding, "verdict");
	const struct verdict_look *look = verdict_look(word);
	const char *error = report_string(finding, "error");
	const char *evidence = report_string(finding, "evidence");

	if (!*word) {
		fputs("<td>not asked</td>", to);
		return;
	}
	fprintf(to, "<td class=\"v %s\" tabindex=\"0\" aria-label=\"", look->word);
	put_escaped(to, report_string(kernel, "label"));
	fprintf(to, ": %s. ", look->word);
	put_escaped(to, evidence);
	fprintf(to, "\"><span class=\"word\">%s %s%s", look->glyph, look->word,
		*error ? " " : "");
	put_escaped(to, error);
	fputs("</span><span class=\"why\" role=\"tooltip\">", to);
	put_escaped(to, evidence);
	fputs("</span></td>", to);
}

static void put_row(FILE *to, json_t *kernels, const char *name, json_t *feature)
{
	json_t *findings = json_object_get(feature, "findings"), *finding;
	size_t i;

	fputs("<tr data-name=\"", to);
	put_escaped(to, name);
	fprintf(to, "\" data-differs=\"%d\"><th scope=\"row\"><code>",
		matrix_differs(feature));
	put_escaped(to, name);
	fputs("</code><small>", to);
	put_escaped(to, report_string(feature, "summary"));
	fputs("</small></th>", to);
	json_array_foreach(findings, i, finding)
		put_cell(to, json_array_get(kernels, i), finding);
	fputs("</tr>\n", to);
}

static void put_section_head(FILE *to, json_t *kernels, const char *name)
{
	int len = (int)section_len(name);
	json_t *kernel;
	size_t i;

	fprintf(to,
		"<section>\n<h2 id=\"%.*s\">%.*s</h2>\n<div class=\"scroll\"><table>\n"
		"<thead><tr><th scope=\"col\">feature</th>",
		len, name, len, name);
	json_array_foreach(kernels, i, kernel)
	{
		fputs("<th scope=\"col\">", to);
		put_escaped(to, report_string(kernel, "label"));
		fputs("</th>", to);
	}
	fputs("</tr></thead>\n<tbody>\n", to);
}

static void put_navigation(FILE *to, json_t *features)
{
	const char *name, *last = NULL;
	json_t *value;

	fputs("<nav aria-label=\"Sections\">", to);
	json_object_foreach(features, name, value)
	{
		int len = (int)section_len(name);

		if (!last || !same_section(name, last))
			fprintf(to, "<a href=\"#%.*s\">%.*s</a>\n", len, name, len,
				name);
		last = name;
	}
	fputs("</nav>\n", to);
}

static void put_body(FILE *to, json_t *matrix)
{
	json_t *kernels = json_object_get(matrix, "kernels");
	json_t *features = json_object_get(matrix, "features");
	const char *name, *last = NULL;
	json_t *value;

	put_head(to, matrix);
	put_navigation(to, features);
	json_object_foreach(features, name, value)
	{
		if (!last || !same_section(name, last)) {
			fputs(last ? "</tbody></table></div></section>\n" : "", to);
			put_section_head(to, kernels, name);
		}
		put_row(to, kernels, name, value);
		last = name;
	}
	fputs(last ? "</tbody></table></div></section>\n" : "", to);
}

int matrix_write_html(json_t *matrix, const char *path)
{
	const char *mark = strstr(matrix_page, BODY_MARK);
	FILE *file = fopen(path, "we");
	bool has_failed;

	if (!file)
		return command_failure(-errno, "%s", path);
	fwrite(matrix_page, 1, (size_t)(mark - matrix_page), file);
	put_body(file, matrix);
	fputs(mark + strlen(BODY_MARK), file);
	has_failed = ferror(file);
	has_failed |= fclose(file) != 0;
	return has_failed ? command_failure(-errno, "%s", path) : COMMAND_OK;
}
