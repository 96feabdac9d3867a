/* SPDX-License-Identifier: MIT */
/*
 * Inside linsock probe. A report is what one kernel's features were found to be, as
 * JSON in memory, whether it was made here or read from a file:
 *
 *	{ "linsock": "0.1.0",
 *	  "kernel": { "release": "6.12.1", "version": "#1 SMP …", "machine": "x86_64" },
 *	  "backend": { "name": "uring", "error": null, "reason": "…" },
 *	  "features": {
 *	    "can.isotp": { "verdict": "no", "error": "EPROTONOSUPPORT",
 *			   "evidence": "…", "summary": "…" }, … } }
 *
 * A matrix is several of them side by side:
 *
 *	{ "linsock": "0.1.0",
 *	  "kernels": [ { "label": "6.12", "kernel": { … }, "backend": { … } }, … ],
 *	  "features": {
 *	    "can.isotp": { "summary": "…", "findings": [ { "verdict": … } or null, … ]
 *	  }, … } }
 *
 * Functions that return an int return enum command_status, and tell what failed.
 */
#ifndef LINSOCK_TOOLS_PROBE_H
#define LINSOCK_TOOLS_PROBE_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include <linsock.h>

/* Kernels that one matrix may have. */
#define MATRIX_MAX 16

/* Probe this kernel. @patterns: names or shell patterns of features ("can.*"), ended by
 * NULL; none means all. */
int report_make(json_t **ret_report, unsigned int flags, char *const *patterns);

/* Read what --json wrote, a report or a matrix; "-" is stdin. */
int report_read(json_t **ret_report, const char *path);

/* The same of text; @source is what messages call it. */
int report_parse(json_t **ret_report, const char *text, const char *source);

/* Leave only the features that the patterns name. */
int report_select(json_t *report, char *const *patterns);

/* A kernel that is being probed in a virtual machine. */
struct vm_probe {
	const char *label; /* borrowed */
	pid_t pid;
	int fd; /* the report comes from here; -1: there is none */
};

/* Start to probe the kernel with this label; several may run at a time. */
int vm_probe_start(struct vm_probe *ret_run, const char *label);

/* Wait for its end, whatever it is. */
int vm_probe_finish(const struct vm_probe *run, json_t **ret_report);

int report_print_json(json_t *report);
int report_print_text(json_t *report);
int report_print_header(json_t *report);

/*
 * The names of features between commas. The list ends with NULL and is to be freed; the
 * names stay where they are, and @names is cut into them. NULL: no memory.
 */
char **report_names(char *names);

/* COMMAND_OK where the features of the list are all there. */
int report_require(json_t *report, char *const *names);

/* COMMAND_OK where the two do not differ, COMMAND_FAILURE where they do. */
int report_diff(json_t *first, json_t *second);

/* Reports side by side; the labels and reports are borrowed. NULL: no memory. */
json_t *matrix_new(json_t *const *reports, const char *const *labels, size_t count);

/* The report of kernel number @index of a matrix. NULL: no memory. */
json_t *matrix_report(json_t *matrix, size_t index);

int matrix_print_text(json_t *matrix);
int matrix_write_html(json_t *matrix, const char *path);

/* Whether the verdicts of a feature of a matrix are not all one. */
bool matrix_differs(json_t *feature);

/* The string at @key, or "". */
const char *report_string(json_t *object, const char *key);

size_t section_len(const char *name);
bool same_section(const char *a, const char *b);

/* What a verdict looks like in text. */
struct verdict_look {
	const char *word;
	const char *glyph;
	const char *colour; /* an SGR number */
};

const struct verdict_look *verdict_look(const char *word);

/* Whether stdout takes colour: a terminal, and NO_COLOR is not set. */
bool stdout_has_colour(void);

/* Write out what stdout still has. */
int finish_stdout(void);

#endif
