/* SPDX-License-Identifier: MIT */
/* linsock probe: what this kernel's sockets can do, found out by trying. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/probe.h"

#define KERNELS_AT_A_TIME 2

enum shape {
	SHAPE_TEXT,
	SHAPE_JSON,
	SHAPE_HEADER,
	SHAPE_NAMES,
	SHAPE_DIFF,
};

struct request {
	enum shape shape;
	unsigned int flags;
	char **required;  /* ends with NULL; NULL: nothing is */
	const char *html; /* NULL: no page */
	char *kernels;    /* NULL: this one, unless there are files */
	char **patterns;

	/* What was found: one report for each kernel or file. */
	json_t *reports[MATRIX_MAX];
	const char *labels[MATRIX_MAX];
	size_t count;
};

static const char *report_release(json_t *report)
{
	return report_string(json_object_get(report, "kernel"), "release");
}

/* @report is handed over. It is known by its label, else by the kernel's release. */
static int add_report(struct request *request, json_t *report)
{
	const char *label = report_string(report, "label");

	if (request->count == MATRIX_MAX) {
		json_decref(report);
		return command_usage("more than %d kernels", MATRIX_MAX);
	}
	request->reports[request->count] = report;
	request->labels[request->count++] = *label ? label : report_release(report);
	return COMMAND_OK;
}

/* A file holds one report, or a matrix, which is several. */
static int add_file(struct request *request, const char *path)
{
	json_t *file;
	size_t count;
	int r = report_read(&file, path);

	if (r != COMMAND_OK)
		return r;
	count = json_array_size(json_object_get(file, "kernels"));
	if (count == 0)
		return add_report(request, file);
	for (size_t i = 0; i < count && r == COMMAND_OK; i++) {
		json_t *report = matrix_report(file, i);

		r = report ? add_report(request, report)
			   : command_failure(-ENOMEM, "%s", path);
	}
	json_decref(file);
	return r;
}

/* What was started is waited for, whatever became of the others. */
static int finish_kernel(struct request *request, const struct vm_probe *run,
			 int so_far)
{
	json_t *report = NULL;
	int r = vm_probe_finish(run, &report);

	if (r == COMMAND_OK)
		json_object_set_new(report, "label", json_string(run->label));
	if (r == COMMAND_OK && so_far == COMMAND_OK && request->patterns[0])
		r = report_select(report, request->patterns);
	if (r == COMMAND_OK && so_far == COMMAND_OK)
		return add_report(request, report);
	json_decref(report);
	return so_far == COMMAND_OK ? r : so_far;
}

/* Two at a time: most of their time is the emulator's. */
static int add_kernels(struct request *request)
{
	struct vm_probe runs[KERNELS_AT_A_TIME];
	size_t started = 0, finished = 0;
	int r = COMMAND_OK;
	char *rest = NULL;

	for (char *label = strtok_r(request->kernels, ",", &rest);
	     label && r == COMMAND_OK; label = strtok_r(NULL, ",", &rest)) {
		if (started - finished == KERNELS_AT_A_TIME)
			r = finish_kernel(request,
					  &runs[finished++ % KERNELS_AT_A_TIME], r);
		if (r == COMMAND_OK)
			r = vm_probe_start(&runs[started % KERNELS_AT_A_TIME], label);
		if (r == COMMAND_OK)
			started++;
	}
	while (finished < started)
		r = finish_kernel(request, &runs[finished++ % KERNELS_AT_A_TIME], r);
	return r;
}

/* Nothing is tried. */
static int print_names(void)
{
	struct lsk_probe *probe;
	int r = lsk_probe_new(&probe, 0);

	if (r < 0)
		return command_failure(r, "probing");
	for (size_t i = 0; i < lsk_probe_count(probe); i++)
		puts(lsk_probe_feature(probe, i)->name);
	lsk_probe_free(probe);
	return finish_stdout();
}

static int print_matrix(struct request *request)
{
	json_t *matrix = matrix_new(request->reports, request->labels, request->count);
	int r = COMMAND_OK;

	if (!matrix)
		return command_failure(-ENOMEM, "probing");
	if (request->html)
		r = matrix_write_html(matrix, request->html);
	else if (request->shape == SHAPE_JSON)
		r = report_print_json(matrix);
	else
		r = matrix_print_text(matrix);
	json_decref(matrix);
	return r;
}

static int print_one(struct request *request)
{
	json_t *report = request->reports[0];

	if (request->required)
		return report_require(report, request->required);
	if (request->html)
		return print_matrix(request);
	switch (request->shape) {
	case SHAPE_JSON:
		return report_print_json(report);
	case SHAPE_HEADER:
		return report_print_header(report);
	case SHAPE_TEXT:
	case SHAPE_NAMES:
	case SHAPE_DIFF:
		break;
	}
	return report_print_text(report);
}

static int answer(struct request *request)
{
	if (request->shape == SHAPE_DIFF)
		return report_diff(request->reports[0], request->reports[1]);
	if (request->count == 1)
		return print_one(request);
	if (request->required || request->shape == SHAPE_HEADER)
		return command_usage("--require and --header are for one kernel");
	return print_matrix(request);
}

/* The names are files with --diff, features else. */
static int fill(struct request *request, size_t names)
{
	int r;

	if (request->shape == SHAPE_DIFF) {
		if (names != 2 || request->count > 0)
			return command_usage("--diff wants two files");
		r = add_file(request, request->patterns[0]);
		if (r == COMMAND_OK)
			r = add_file(request, request->patterns[1]);
		if (r == COMMAND_OK && request->count != 2)
			r = command_usage("--diff wants files of one kernel each");
		return r;
	}
	if (request->kernels) {
		r = add_kernels(request);
		if (r == COMMAND_OK && request->count == 0)
			r = command_usage("--kernels names none");
		return r;
	}
	if (request->count == 0) {
		/* To tell of a few features only those need be tried. */
		char *const *wanted = request->required && names == 0
					      ? request->required
					      : request->patterns;
		json_t *report;

		r = report_make(&report, request->flags, wanted);
		return r == COMMAND_OK ? add_report(request, report) : r;
	}
	r = COMMAND_OK;
	for (size_t i = 0; names > 0 && i < request->count && r == COMMAND_OK; i++)
		r = report_select(request->reports[i], request->patterns);
	return r;
}

enum {
	OPTION_DIFF = 256,
	OPTION_HEADER,
	OPTION_HTML,
	OPTION_KERNELS,
	OPTION_LOAD,
	OPTION_NAMES
};

static int parse_option(struct request *request, int option, char *value)
{
	switch (option) {
	case OPTION_DIFF:
		request->shape = SHAPE_DIFF;
		return COMMAND_OK;
	case 'f':
		return add_file(request, value);
	case OPTION_HEADER:
		request->shape = SHAPE_HEADER;
		return COMMAND_OK;
	case OPTION_HTML:
		request->html = value;
		return COMMAND_OK;
	case 'j':
		request->shape = SHAPE_JSON;
		return COMMAND_OK;
	case OPTION_KERNELS:
		request->kernels = value;
		return COMMAND_OK;
	case OPTION_LOAD:
		request->flags |= LSK_PROBE_LOAD;
		return COMMAND_OK;
	case OPTION_NAMES:
		request->shape = SHAPE_NAMES;
		return COMMAND_OK;
	case 'r':
		free(request->required);
		request->required = report_names(value);
		return request->required ? COMMAND_OK
					 : command_failure(-ENOMEM, "probing");
	default:
		return command_bad_option();
	}
}

static int probe_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"diff", no_argument, NULL, OPTION_DIFF},
		{"from", required_argument, NULL, 'f'},
		{"header", no_argument, NULL, OPTION_HEADER},
		{"html", required_argument, NULL, OPTION_HTML},
		{"json", no_argument, NULL, 'j'},
		{"kernels", required_argument, NULL, OPTION_KERNELS},
		{"load", no_argument, NULL, OPTION_LOAD},
		{"names", no_argument, NULL, OPTION_NAMES},
		{"require", required_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	struct request request = {.shape = SHAPE_TEXT};
	int option, r = COMMAND_OK;

	while (r == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "f:jr:", options, NULL)) != -1)
		r = parse_option(&request, option, optarg);
	request.patterns = argv + optind;
	if (r == COMMAND_OK && request.shape == SHAPE_NAMES)
		r = print_names();
	else if (r == COMMAND_OK)
		r = fill(&request, (size_t)(argc - optind));
	if (r == COMMAND_OK && request.shape != SHAPE_NAMES)
		r = answer(&request);
	for (size_t i = 0; i < request.count; i++)
		json_decref(request.reports[i]);
	free(request.required);
	return r;
}

static const char probe_help[] =
	"  -j, --json          as JSON\n"
	"      --header        as #defines for a compiler, LINSOCK_HAS_... 1 or 0\n"
	"  -r, --require=A,B   nothing is written; success if all of these are "
	"\"yes\",\n"
	"                      else the missing ones are named on stderr; only\n"
	"                      they are tried\n"
	"      --names         the names of all features; nothing is tried\n"
	"      --load          let the kernel load the modules that trying needs\n"
	"  -f, --from=FILE     do not try, read what --json wrote (- for stdin); "
	"given\n"
	"                      several times, the kernels stand side by side\n"
	"      --kernels=K,K   probe these kernels in virtual machines, side by side\n"
	"      --html=FILE     write one static page instead of text\n"
	"      --diff A B      what differs between two files that --json wrote; "
	"success\n"
	"                      if nothing does\n"
	"\n"
	"A FEATURE is a name (can.isotp), a section (can) or a shell pattern "
	"(uring.*).\n"
	"Each one is found to be\n"
	"\n"
	"  yes       tried, and it works\n"
	"  no        tried, and the kernel refused\n"
	"  absent    its module is not installed\n"
	"  loadable  its module is installed and not loaded, so it was not tried\n"
	"  denied    not for this process: seccomp, sysctl, capability, LSM, "
	"modprobe.d\n"
	"  unknown   it could not be tried\n"
	"\n"
	"with the evidence. Without --load nothing is tried that would load a module.\n"
	"\n"
	"  linsock probe can uring.recv_*\n"
	"  linsock probe --require can.isotp,uring.send_zc || exit 77\n"
	"  linsock probe --kernels 6.1,6.12,7 --html matrix.html\n";

const struct command probe_command = {
	.name = "probe",
	.arguments = "[options] [FEATURE...]",
	.summary = "what this kernel's sockets can do, by trying",
	.help = probe_help,
	.main = probe_main,
};
