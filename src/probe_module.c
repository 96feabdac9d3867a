/* SPDX-License-Identifier: MIT */
/*
 * What the running kernel's modules are, so that nothing is loaded by looking.
 *
 * socket(2) of a family that is not there makes the kernel run modprobe(8), whoever
 * asks. Which modules there are stands in text files, which are kept whole and
 * searched: modules.alias has lines "alias net-pf-29 can", modules.builtin.modinfo has
 * strings "can.alias=net-pf-29".
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "src/probe.h"
#include "uring/util.h"

#define FILE_MAX  ((size_t)64 * 1024 * 1024)
#define PATH_SIZE 512

struct text {
	char *bytes; /* ends with a NUL that does not count; NULL: no such file */
	size_t len;
};

struct module_table {
	bool can_load; /* the kernel would run modprobe(8) */
	bool is_known; /* the files of /lib/modules are there */
	struct text aliases;
	struct text files;   /* modules.order: the path of each that is not built in */
	struct text builtin; /* modules.builtin.modinfo */
	struct text loaded;  /* /proc/modules */
	struct text blocked; /* lines "blacklist X" and "install X ..." of modprobe.d */
	struct text protocols; /* /proc/net/protocols */
};

static void text_done(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}

/* Append what can be read of the file; one that is not there adds nothing. */
static int text_append_file(struct text *text, const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count = 1;

	while (fd >= 0 && count > 0 && text->len < FILE_MAX) {
		size_t room = text->len < 65536 ? 65536 : text->len;
		char *bytes = realloc(text->bytes, text->len + room + 1);

		if (!bytes)
			return -ENOMEM;
		text->bytes = bytes;
		count = read(fd, bytes + text->len, room);
		if (count > 0)
			text->len += (size_t)count;
		bytes[text->len] = '\0';
	}
	return 0;
}

static int text_append(struct text *text, const char *root, const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s%s", root, name);
	return text_append_file(text, path);
}

static int append_modprobe_dir(struct text *text, const char *root, const char *name)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *dir;
	int r = 0;

	snprintf(path, sizeof(path), "%s%s", root, name);
	dir = opendir(path);
	while (dir && r == 0 && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');
		char file[PATH_SIZE + sizeof(entry->d_name)];

		if (!dot || strcmp(dot, ".conf") != 0)
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		r = text_append_file(text, file);
	}
	if (dir)
		closedir(dir);
	return r;
}

/* Whether the kernel has a modprobe to run and may still load modules. */
static bool kernel_can_load(const char *root)
{
	struct text helper = {0}, disabled = {0};
	bool can_load;

	text_append(&helper, root, "/proc/sys/kernel/modprobe");
	text_append(&disabled, root, "/proc/sys/kernel/modules_disabled");
	can_load = helper.len > 1 && helper.bytes[0] == '/' &&
		   !(disabled.len > 0 && disabled.bytes[0] == '1');
	text_done(&helper);
	text_done(&disabled);
	return can_load;
}

static int read_module_files(struct module_table *table, const char *root)
{
	struct utsname kernel;
	char path[sizeof(kernel.release) + 64];
	int r;

	if (uname(&kernel) < 0)
		return 0;
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.alias", kernel.release);
	r = text_append(&table->aliases, root, path);
	if (r < 0)
		return r;
	table->is_known = table->aliases.len > 0;
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin.modinfo",
		 kernel.release);
	if (r == 0)
		r = text_append(&table->builtin, root, path);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.order", kernel.release);
	return r == 0 ? text_append(&table->files, root, path) : r;
}

/* Whether modprobe(8), which the kernel runs beside the first process, sees our files.
 */
static bool shares_first_mounts(const char *root)
{
	static const char *const names[] = {"/proc/1/ns/mnt", "/proc/self/ns/mnt"};
	char path[PATH_SIZE], found[2][64];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ssize_t len;

		snprintf(path, sizeof(path), "%s%s", root, names[i]);
		len = readlink(path, found[i], sizeof(found[i]) - 1);
		if (len < 0)
			return false;
		found[i][len] = '\0';
	}
	return strcmp(found[0], found[1]) == 0;
}

static int module_table_read(struct module_table *table, const char *root)
{
	static const char *const modprobe_dirs[] = {
		"/etc/modprobe.d",
		"/run/modprobe.d",
		"/usr/lib/modprobe.d",
	};
	int r = 0;

	table->can_load = kernel_can_load(root);
	for (size_t i = 0; i < ARRAY_SIZE(modprobe_dirs) && r == 0; i++)
		r = append_modprobe_dir(&table->blocked, root, modprobe_dirs[i]);
	if (r == 0)
		r = text_append(&table->loaded, root, "/proc/modules");
	if (r == 0)
		r = text_append(&table->protocols, root, "/proc/net/protocols");
	if (r == 0)
		r = read_module_files(table, root);
	/* Without an index modprobe(8) finds nothing either, so that trying is safe. */
	if (!table->is_known && shares_first_mounts(root))
		table->can_load = false;
	return r;
}

int module_table_new(struct module_table **ret_table, const char *root)
{
	struct module_table *table = calloc(1, sizeof(*table));
	int r;

	if (!table)
		return -ENOMEM;
	r = module_table_read(table, root);
	if (r < 0) {
		module_table_free(table);
		return r;
	}
	*ret_table = table;
	return 0;
}

struct module_table *module_table_free(struct module_table *table)
{
	if (table) {
		text_done(&table->aliases);
		text_done(&table->builtin);
		text_done(&table->files);
		text_done(&table->loaded);
		text_done(&table->blocked);
		text_done(&table->protocols);
		free(table);
	}
	return NULL;
}

/* The two spellings of a module's name are one. */
static char plain(char c)
{
	if (c == '-')
		c = '_';
	return c;
}

static bool word_is(const char *word, const char *name)
{
	for (; *name; word++, name++)
		if (plain(*word) != plain(*name))
			return false;
	return *word == '\0' || isspace((unsigned char)*word);
}

/* What follows @name in the line that starts with it, or with @keyword and it. */
static const char *line_after(const struct text *text, const char *keyword,
			      const char *name)
{
	const char *line = text->bytes;

	while (line && *line) {
		const char *word = line + strspn(line, " \t");
		bool is_candidate = !keyword || word_is(word, keyword);

		if (keyword && is_candidate) {
			word += strlen(keyword);
			word += strspn(word, " \t");
		}
		if (is_candidate && word_is(word, name))
			return word + strlen(name);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

/* "blacklist X" hides the aliases of X; "install X /bin/false" runs that instead. */
static bool is_blocked(const struct text *text, const char *name)
{
	const char *command = line_after(text, "install", name);

	if (line_after(text, "blacklist", name))
		return true;
	if (!command)
		return false;
	command += strspn(command, " \t");
	for (const char *slash = command; *slash && !isspace((unsigned char)*slash);
	     slash++)
		if (*slash == '/')
			command = slash + 1;
	return word_is(command, "false") || word_is(command, "true");
}

static bool is_portable(const char *module, size_t len)
{
	static const char suffix[] = "_generic";
	const size_t suffix_len = sizeof(suffix) - 1;

	return len >= suffix_len &&
	       memcmp(module + len - suffix_len, suffix, suffix_len) == 0;
}

/*
 * The module whose line in modules.alias has this very alias. Of several, which is so
 * with algorithms, the first, or the one that wants no processor of its own.
 */
static bool find_alias(const struct text *aliases, const char *alias, char *ret_name,
		       size_t size)
{
	const char *at = aliases->bytes;
	bool is_found = false;
	char needle[128];
	int len;

	len = snprintf(needle, sizeof(needle), "alias %s ", alias);
	if (len < 0 || (size_t)len >= sizeof(needle) || !at)
		return false;
	while ((at = memmem(at, aliases->len - (size_t)(at - aliases->bytes), needle,
			    (size_t)len))) {
		size_t name_len;

		at += len;
		name_len = strcspn(at, "\n");
		if (!is_found || is_portable(at, name_len))
			snprintf(ret_name, size, "%.*s", (int)name_len, at);
		is_found = true;
	}
	return is_found;
}

static bool is_builtin(const struct module_table *table, const char *alias)
{
	char needle[128];

	snprintf(needle, sizeof(needle), ".alias=%s", alias);
	/* Strings there end with a NUL, which belongs to the match. */
	return table->builtin.bytes && memmem(table->builtin.bytes, table->builtin.len,
					      needle, strlen(needle) + 1);
}

/* "/sch_fq.ko" ends a path, or a suffix of compression follows. */
static bool is_installed(const struct text *files, const char *name)
{
	const size_t len = strlen(name);
	const char *at = files->bytes;

	while (at && (at = strchr(at, '/'))) {
		size_t i = 0;

		at++;
		while (i < len && plain(at[i]) == plain(name[i]))
			i++;
		if (i == len && strncmp(at + len, ".ko", 3) == 0)
			return true;
	}
	return false;
}

/* modprobe(8) finds a module by its own name as well: "algif-hash" is one, no alias. */
static bool find_module(const struct module_table *table, const char *alias,
			char *ret_name, size_t size)
{
	if (find_alias(&table->aliases, alias, ret_name, size))
		return true;
	if (!is_installed(&table->files, alias))
		return false;
	snprintf(ret_name, size, "%s", alias);
	for (char *c = ret_name; *c; c++)
		*c = plain(*c);
	return true;
}

enum module_state module_by_alias(const struct module_table *table, const char *alias,
				  char *ret_name, size_t size)
{
	snprintf(ret_name, size, "%s", "");
	if (!table->can_load)
		return MODULE_HERE;
	if (!table->is_known)
		return MODULE_UNKNOWN;
	if (is_builtin(table, alias))
		return MODULE_HERE;
	if (!find_module(table, alias, ret_name, size))
		return MODULE_MISSING;
	if (line_after(&table->loaded, NULL, ret_name))
		return MODULE_HERE;
	if (is_blocked(&table->blocked, ret_name) || is_blocked(&table->blocked, alias))
		return MODULE_BLOCKED;
	return MODULE_LOADABLE;
}

enum module_state module_by_name(const struct module_table *table, const char *name)
{
	if (!table->can_load || line_after(&table->loaded, NULL, name))
		return MODULE_HERE;
	if (!table->is_known)
		return MODULE_UNKNOWN;
	if (!is_installed(&table->files, name))
		return MODULE_MISSING;
	return is_blocked(&table->blocked, name) ? MODULE_BLOCKED : MODULE_LOADABLE;
}

bool module_protocol_is_registered(const struct module_table *table, const char *name)
{
	return line_after(&table->protocols, NULL, name) != NULL;
}
