/* SPDX-License-Identifier: MIT */
/* The table of features, and how an answer of the kernel becomes a verdict. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/error.h>

#include "src/probe.h"
#include "uring/util.h"

/* Numbers of linux/capability.h that sockets ask for. */
#define CAPABILITY_NET_ADMIN 12
#define CAPABILITY_NET_RAW   13

struct entry {
	struct lsk_feature feature;
	char *name;
	struct probe_row row;
};

struct lsk_probe {
	unsigned int flags;
	struct module_table *modules;
	struct entry *entries;
	size_t entries_len;
	size_t entries_max;
};

const struct module_table *probe_modules(const struct lsk_probe *probe)
{
	return probe->modules;
}

const char *probe_error_name(int error, char *buf, size_t size)
{
	const char *name = lsk_error_name(error);

	if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "error %d", -error);
	return buf;
}

void probe_find(struct lsk_finding *ret_finding, enum lsk_verdict verdict, int error,
		const char *format, ...)
{
	va_list arguments;

	ret_finding->verdict = verdict;
	ret_finding->error = error;
	va_start(arguments, format);
	vsnprintf(ret_finding->evidence, sizeof(ret_finding->evidence), format,
		  arguments);
	va_end(arguments);
}

/* The number of a line of /proc/self/status, in the base that it is written in. */
static uint64_t self_status(const char *key, int base)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	uint64_t value = 0;

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
			value = strtoull(line + strlen(key) + 1, NULL, base);
	if (file)
		fclose(file);
	return value;
}

/* The first user namespace maps all numbers to themselves: "0 0 4294967295". */
static bool is_first_user_namespace(void)
{
	FILE *file = fopen("/proc/self/uid_map", "re");
	char line[128] = "";
	char *end;
	unsigned long inside, outside, count;

	if (!file)
		return true;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	inside = strtoul(line, &end, 10);
	outside = strtoul(end, &end, 10);
	count = strtoul(end, &end, 10);
	return inside == 0 && outside == 0 && count == UINT32_MAX;
}

bool probe_is_privileged(void)
{
	const uint64_t wanted =
		UINT64_C(1) << CAPABILITY_NET_ADMIN | UINT64_C(1) << CAPABILITY_NET_RAW;

	return (self_status("CapEff", 16) & wanted) == wanted &&
	       is_first_user_namespace();
}

/* Who it may be that says no; several may be at work, and only one is seen. */
static const char *denial_reason(void)
{
	uint64_t capabilities = self_status("CapEff", 16);
	bool has_raw = capabilities >> CAPABILITY_NET_RAW & 1;
	bool has_admin = capabilities >> CAPABILITY_NET_ADMIN & 1;

	if (!has_raw && !has_admin)
		return "without CAP_NET_RAW and CAP_NET_ADMIN";
	if (!has_raw)
		return "without CAP_NET_RAW";
	if (!has_admin)
		return "without CAP_NET_ADMIN";
	if (self_status("Seccomp", 10) == 2)
		return "with all capabilities for networks: a seccomp filter";
	if (!is_first_user_namespace())
		return "capabilities of this user namespace do not suffice";
	return "with all capabilities for networks: a sysctl, an LSM or a policy";
}

void probe_judge(int result, const char *tried, struct lsk_finding *ret_finding)
{
	char name[32];

	if (result >= 0) {
		probe_find(ret_finding, LSK_VERDICT_YES, 0, "%s", tried);
		return;
	}
	probe_error_name(result, name, sizeof(name));
	if (result == -EPERM || result == -EACCES)
		probe_find(ret_finding, LSK_VERDICT_DENIED, result, "%s: %s, %s", tried,
			   name, denial_reason());
	else if (result == -EMFILE || result == -ENFILE || result == -ENOMEM ||
		 result == -ENOBUFS)
		probe_find(ret_finding, LSK_VERDICT_UNKNOWN, result, "%s: %s", tried,
			   name);
	else
		probe_find(ret_finding, LSK_VERDICT_NO, result, "%s: %s", tried, name);
}

/* What a state that does not allow trying means. */
static bool may_try(struct lsk_probe *probe, enum module_state state,
		    const char *module, const char *alias,
		    struct lsk_finding *ret_finding)
{
	if (state == MODULE_HERE || state == MODULE_MISSING)
		return true;
	if (state == MODULE_BLOCKED) {
		probe_find(ret_finding, LSK_VERDICT_DENIED, 0,
			   "module %s is forbidden by modprobe.d", module);
		return false;
	}
	if (probe->flags & LSK_PROBE_LOAD)
		return true;
	if (state == MODULE_LOADABLE)
		probe_find(ret_finding, LSK_VERDICT_LOADABLE, 0, "%s", module);
	else
		probe_find(ret_finding, LSK_VERDICT_UNKNOWN, 0,
			   "trying might load a module (%s), and /lib/modules of this "
			   "kernel is not here to tell which",
			   alias);
	return false;
}

bool probe_may_try(struct lsk_probe *probe, const char *alias, bool is_registered,
		   enum module_state *ret_state, struct lsk_finding *ret_finding)
{
	char module[96];

	*ret_state = module_by_alias(probe->modules, alias, module, sizeof(module));
	if (is_registered && *ret_state != MODULE_MISSING)
		*ret_state = MODULE_HERE;
	return may_try(probe, *ret_state, module, alias, ret_finding);
}

bool probe_may_try_module(struct lsk_probe *probe, const char *name,
			  struct lsk_finding *ret_finding)
{
	return may_try(probe, module_by_name(probe->modules, name), name, name,
		       ret_finding);
}

static struct entry *new_entry(struct lsk_probe *probe)
{
	if (probe->entries_len == probe->entries_max) {
		size_t max = probe->entries_max ? 2 * probe->entries_max : 256;
		struct entry *entries =
			reallocarray(probe->entries, max, sizeof(*entries));

		if (!entries)
			return NULL;
		probe->entries = entries;
		probe->entries_max = max;
	}
	return &probe->entries[probe->entries_len];
}

int probe_add(struct lsk_probe *probe, const char *section, const struct probe_row *row)
{
	struct entry *entry = new_entry(probe);

	if (!entry)
		return -ENOMEM;
	*entry = (struct entry){.row = *row};
	if (asprintf(&entry->name, "%s.%s", section, row->name) < 0)
		return -ENOMEM;
	/* A name's parts are told apart by dots alone, whatever the table wrote. */
	for (char *c = entry->name; *c; c++)
		if (*c == '/')
			*c = '.';
	entry->feature.name = entry->name;
	entry->feature.summary = row->summary;
	probe->entries_len++;
	return 0;
}

int probe_new_at(struct lsk_probe **ret_probe, unsigned int flags, const char *root)
{
	struct lsk_probe *probe;
	int r;

	probe = calloc(1, sizeof(*probe));
	if (!probe)
		return -ENOMEM;
	probe->flags = flags;
	r = module_table_new(&probe->modules, root);
	if (r == 0)
		r = probe_add_families(probe);
	if (r == 0)
		r = probe_add_uring(probe);
	if (r < 0) {
		lsk_probe_free(probe);
		return r;
	}
	*ret_probe = probe;
	return 0;
}

int lsk_probe_new(struct lsk_probe **ret_probe, unsigned int flags)
{
	if (!ret_probe || (flags & ~LSK_PROBE_LOAD))
		return -EINVAL;
	return probe_new_at(ret_probe, flags, "");
}

struct lsk_probe *lsk_probe_free(struct lsk_probe *probe)
{
	if (probe) {
		for (size_t i = 0; i < probe->entries_len; i++)
			free(probe->entries[i].name);
		free(probe->entries);
		module_table_free(probe->modules);
		free(probe);
	}
	return NULL;
}

size_t lsk_probe_count(const struct lsk_probe *probe)
{
	return probe ? probe->entries_len : 0;
}

const struct lsk_feature *lsk_probe_feature(const struct lsk_probe *probe, size_t index)
{
	return index < lsk_probe_count(probe) ? &probe->entries[index].feature : NULL;
}

int lsk_probe_run(struct lsk_probe *probe, size_t index,
		  struct lsk_finding *ret_finding)
{
	const struct probe_row *row;

	if (!ret_finding || index >= lsk_probe_count(probe))
		return -EINVAL;
	row = &probe->entries[index].row;
	probe_find(ret_finding, LSK_VERDICT_UNKNOWN, 0, "it was not tried");
	row->run(probe, row, ret_finding);
	return 0;
}

const char *lsk_verdict_name(enum lsk_verdict verdict)
{
	static const char *const names[] = {
		[LSK_VERDICT_UNKNOWN] = "unknown",
		[LSK_VERDICT_YES] = "yes",
		[LSK_VERDICT_NO] = "no",
		[LSK_VERDICT_ABSENT] = "absent",
		[LSK_VERDICT_LOADABLE] = "loadable",
		[LSK_VERDICT_DENIED] = "denied",
	};

	static_assert(ARRAY_SIZE(names) == LSK_VERDICT__COUNT,
		      "every verdict has a word");
	return (unsigned int)verdict < LSK_VERDICT__COUNT ? names[verdict] : "unknown";
}
