/* SPDX-License-Identifier: MIT */
/* linsock alg list: what /proc/crypto or NETLINK_CRYPTO says, and what the kernel says
 * when asked. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/alg_netlink.h>

#include "tools/alg.h"

struct list {
	const char *type; /* NULL: all */
	bool is_json;
	bool is_trial;
	bool is_netlink;
};

static void print_entry(const struct lsk_alg_entry *entry)
{
	char sizes[80] = "";
	size_t len = 0;

	if (entry->key_max > 0)
		len += (size_t)snprintf(sizes + len, sizeof(sizes) - len, " key=%u-%u",
					entry->key_min, entry->key_max);
	if (entry->iv_size > 0)
		len += (size_t)snprintf(sizes + len, sizeof(sizes) - len, " iv=%u",
					entry->iv_size);
	if (entry->tag_size_max > 0)
		len += (size_t)snprintf(sizes + len, sizeof(sizes) - len, " tag=%u",
					entry->tag_size_max);
	if (entry->digest_size > 0)
		snprintf(sizes + len, sizeof(sizes) - len, " digest=%u",
			 entry->digest_size);
	printf("%-8s  %-36s %-36s %5d%s%s%s\n", entry->type, entry->name, entry->driver,
	       entry->priority, sizes, entry->is_async ? " async" : "",
	       entry->is_tested ? "" : " untested");
}

static json_t *entry_json(const struct lsk_alg_entry *entry)
{
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:i,s:b,s:b,s:I,s:I,s:I,s:I,s:I,s:I}", "type",
		entry->type, "name", entry->name, "driver", entry->driver, "module",
		entry->module, "priority", entry->priority, "async", entry->is_async,
		"selftest", entry->is_tested, "blocksize",
		(json_int_t)entry->block_size, "digestsize",
		(json_int_t)entry->digest_size, "ivsize", (json_int_t)entry->iv_size,
		"maxauthsize", (json_int_t)entry->tag_size_max, "minkeysize",
		(json_int_t)entry->key_min, "maxkeysize", (json_int_t)entry->key_max);
}

static int print_json(json_t *array)
{
	int r = json_dumpf(array, stdout, JSON_INDENT(2));

	putchar('\n');
	json_decref(array);
	return r == 0 && fflush(stdout) == 0 ? COMMAND_OK
					     : command_failure(-EIO, "stdout");
}

/* What only other algorithms of the kernel may use is left out. */
static void list_entry(const struct list *list, const struct lsk_alg_entry *entry,
		       json_t *array)
{
	if (entry->is_internal || entry->type[0] == '\0' ||
	    (list->type && strcmp(list->type, entry->type) != 0))
		return;
	if (list->is_json)
		json_array_append_new(array, entry_json(entry));
	else
		print_entry(entry);
}

static int list_proc(const struct list *list, json_t *array)
{
	struct lsk_alg_entry *entries = NULL;
	size_t count = 0;
	int r = lsk_alg_list(&entries, &count);

	if (r < 0)
		return command_failure(r, "/proc/crypto");
	for (size_t i = 0; i < count; i++)
		list_entry(list, &entries[i], array);
	free(entries);
	return COMMAND_OK;
}

static int list_netlink(const struct list *list, json_t *array)
{
	struct lsk_nl_dump *dump = NULL;
	struct lsk_alg_entry entry;
	struct lsk_nl *nl = NULL;
	int r = lsk_nl_open(&nl, NETLINK_CRYPTO, NULL);

	if (r == 0)
		r = lsk_alg_dump(nl, &dump);
	if (r == 0) {
		while ((r = lsk_alg_next(dump, &entry)) > 0)
			list_entry(list, &entry, array);
		lsk_nl_dump_end(dump, NULL);
	}
	lsk_nl_close(nl);
	return r < 0 ? command_failure(r, "NETLINK_CRYPTO (module crypto_user)")
		     : COMMAND_OK;
}

/* What the kernel has loaded. */
static int list_loaded(const struct list *list)
{
	json_t *array = json_array();
	int status =
		list->is_netlink ? list_netlink(list, array) : list_proc(list, array);

	if (list->is_json && status == COMMAND_OK)
		return print_json(array);
	json_decref(array);
	if (status != COMMAND_OK)
		return status;
	return fflush(stdout) == 0 ? COMMAND_OK : command_failure(-errno, "stdout");
}

/* "alg.hash.sha256" as type and name. Return: whether it is one that is asked for. */
static bool split_feature(const struct list *list, const char *feature, char type[14],
			  const char **ret_name)
{
	/* The other features of the family are options and control messages. */
	static const char *const types[] = {"hash", "skcipher", "aead", "rng"};

	if (strncmp(feature, "alg.", 4) != 0)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t len = strlen(types[i]);

		if (strncmp(feature + 4, types[i], len) != 0 || feature[4 + len] != '.')
			continue;
		memcpy(type, types[i], len + 1);
		*ret_name = feature + 4 + len + 1;
		return !list->type || strcmp(list->type, type) == 0;
	}
	return false;
}

/* Ask for each name that linsock probe knows: the kernel loads what it has. */
static int list_by_trial(const struct list *list)
{
	struct lsk_probe *probe = NULL;
	json_t *array = json_array();
	int r = lsk_probe_new(&probe, LSK_PROBE_LOAD);

	if (r < 0) {
		json_decref(array);
		return command_failure(r, "probe");
	}
	for (size_t i = 0; i < lsk_probe_count(probe); i++) {
		const char *feature = lsk_probe_feature(probe, i)->name;
		const char *name = NULL;
		struct lsk_finding finding;
		char type[14];

		if (!split_feature(list, feature, type, &name))
			continue;
		lsk_probe_run(probe, i, &finding);
		if (list->is_json)
			json_array_append_new(
				array, json_pack("{s:s,s:s,s:s,s:s}", "type", type,
						 "name", name, "verdict",
						 lsk_verdict_name(finding.verdict),
						 "evidence", finding.evidence));
		else
			printf("%-8s  %-36s %-8s %s\n", type, name,
			       lsk_verdict_name(finding.verdict), finding.evidence);
	}
	lsk_probe_free(probe);
	if (list->is_json)
		return print_json(array);
	json_decref(array);
	return fflush(stdout) == 0 ? COMMAND_OK : command_failure(-errno, "stdout");
}

static int list_main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"netlink", no_argument, NULL, 'n'},
		{"try", no_argument, NULL, 't'},
		{0},
	};
	struct list list = {.type = NULL};
	int option;

	while ((option = getopt_long(argc, argv, "jnt", longs, NULL)) != -1) {
		if (option == '?')
			return command_bad_option();
		list.is_json |= option == 'j';
		list.is_netlink |= option == 'n';
		list.is_trial |= option == 't';
	}
	if (argc - optind > 1)
		return command_usage("one type at most: hash, skcipher, aead or rng");
	list.type = argv[optind];
	if (list.is_trial && list.is_netlink)
		return command_usage("--try and --netlink are two ways");
	return list.is_trial ? list_by_trial(&list) : list_loaded(&list);
}

static const char list_help[] =
	"Lists what the kernel has loaded (/proc/crypto): type, name, driver, "
	"priority,\n"
	"sizes in bytes. Asking for an algorithm loads it.\n"
	"\n"
	"  -t, --try     ask for each of some eighty known names instead\n"
	"  -n, --netlink ask NETLINK_CRYPTO, and not /proc/crypto, which may be "
	"hidden\n"
	"  -j, --json    for programs\n";

const struct command alg_list_command = {
	.name = "list",
	.arguments = "[-jnt] [hash|skcipher|aead|rng]",
	.summary = "which algorithms there are",
	.help = list_help,
	.main = list_main,
};
