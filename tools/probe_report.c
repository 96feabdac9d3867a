/* SPDX-License-Identifier: MIT */
/* Making a report, reading one, and writing it as JSON. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "tools/command.h"
#include "tools/probe.h"

const char *report_string(json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static json_t *error_to_json(int error)
{
	const char *name = error < 0 ? lsk_error_name(error) : NULL;

	if (error >= 0)
		return json_null();
	return name ? json_string(name) : json_sprintf("error %d", -error);
}

static json_t *kernel_to_json(void)
{
	struct utsname kernel;

	uname(&kernel);
	return json_pack("{s:s, s:s, s:s}", "release", kernel.release, "version",
			 kernel.version, "machine", kernel.machine);
}

static json_t *backend_to_json(void)
{
	struct lsk_backend_info info;
	int r = lsk_backend_info(&info);

	if (r < 0)
		return json_null();
	return json_pack("{s:s, s:o, s:s}", "name", info.name, "error",
			 error_to_json(info.error), "reason", info.reason);
}

/* A section's name alone means the section. */
static bool matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	return fnmatch(pattern, name, 0) == 0 ||
	       (strncmp(pattern, name, len) == 0 && name[len] == '.');
}

static bool is_wanted(const char *name, char *const *patterns)
{
	if (!patterns[0])
		return true;
	for (; *patterns; patterns++)
		if (matches(*patterns, name))
			return true;
	return false;
}

/* The first pattern that no feature matches, or NULL. */
static const char *find_useless(const struct lsk_probe *probe, char *const *patterns)
{
	for (; *patterns; patterns++) {
		size_t i = 0;

		while (i < lsk_probe_count(probe) &&
		       !matches(*patterns, lsk_probe_feature(probe, i)->name))
			i++;
		if (i == lsk_probe_count(probe))
			return *patterns;
	}
	return NULL;
}

static int probe_feature(struct lsk_probe *probe, size_t index, json_t *features)
{
	const struct lsk_feature *feature = lsk_probe_feature(probe, index);
	struct lsk_finding finding;
	json_t *value;
	int r = lsk_probe_run(probe, index, &finding);

	if (r < 0)
		return r;
	value = json_pack("{s:s, s:o, s:s, s:s}", "verdict",
			  lsk_verdict_name(finding.verdict), "error",
			  error_to_json(finding.error), "evidence", finding.evidence,
			  "summary", feature->summary);
	return json_object_set_new(features, feature->name, value) < 0 ? -ENOMEM : 0;
}

static int probe_all(struct lsk_probe *probe, char *const *patterns, json_t *features)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < lsk_probe_count(probe); i++)
		if (is_wanted(lsk_probe_feature(probe, i)->name, patterns))
			r = probe_feature(probe, i, features);
	return r;
}

int report_make(json_t **ret_report, unsigned int flags, char *const *patterns)
{
	struct lsk_probe *probe;
	json_t *features = json_object();
	const char *useless = NULL;
	int r = lsk_probe_new(&probe, flags);

	if (r == 0) {
		useless = find_useless(probe, patterns);
		if (!useless)
			r = probe_all(probe, patterns, features);
		lsk_probe_free(probe);
	}
	if (useless || r < 0) {
		json_decref(features);
		return useless ? command_usage("no feature has the name \"%s\"",
					       useless)
			       : command_failure(r, "probing");
	}
	*ret_report = json_pack("{s:s, s:o, s:o, s:o}", "linsock", lsk_version(),
				"kernel", kernel_to_json(), "backend",
				backend_to_json(), "features", features);
	return *ret_report ? COMMAND_OK : command_failure(-ENOMEM, "probing");
}

int report_select(json_t *report, char *const *patterns)
{
	json_t *features = json_object_get(report, "features");
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(features, next, name, value)
	{
		if (!is_wanted(name, patterns))
			json_object_del(features, name);
	}
	if (json_object_size(features) == 0)
		return command_usage("no feature has the name \"%s\"",
				     patterns[0] ? patterns[0] : "");
	return COMMAND_OK;
}

static int check_report(json_t **ret_report, json_t *report, const json_error_t *error,
			const char *source)
{
	if (!report) {
		fprintf(stderr, "%s: %s:%d: %s\n", program_invocation_short_name,
			source, error->line, error->text);
		return COMMAND_FAILURE;
	}
	if (!json_is_object(json_object_get(report, "features")) ||
	    (!json_is_object(json_object_get(report, "kernel")) &&
	     !json_is_array(json_object_get(report, "kernels")))) {
		fprintf(stderr, "%s: %s: not what linsock probe --json writes\n",
			program_invocation_short_name, source);
		json_decref(report);
		return COMMAND_FAILURE;
	}
	*ret_report = report;
	return COMMAND_OK;
}

int report_read(json_t **ret_report, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	json_error_t error;
	json_t *report;

	if (!file)
		return command_failure(-errno, "%s", path);
	report = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	if (!is_stdin)
		fclose(file);
	return check_report(ret_report, report, &error, path);
}

int report_parse(json_t **ret_report, const char *text, const char *source)
{
	json_error_t error;
	json_t *report = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	return check_report(ret_report, report, &error, source);
}

int finish_stdout(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return command_failure(-errno, "stdout");
	return COMMAND_OK;
}

int report_print_json(json_t *report)
{
	if (json_dumpf(report, stdout, JSON_INDENT(1)) < 0 || putchar('\n') == EOF)
		return command_failure(-errno, "stdout");
	return finish_stdout();
}
