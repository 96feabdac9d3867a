/* SPDX-License-Identifier: MIT */
/* The table of features, and that looking loads nothing. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linsock/backend.h>
#include <linsock/constant.h>
#include <linsock/probe.h>

#include "src/family.h"
#include "src/probe.h"

/* A folder that stands for "/", with the files that the table of modules is read from.
 */
struct root {
	char path[64];
	char modules[192];
};

static void make_folders(const char *path)
{
	char copy[512];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *slash = strchr(copy + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0700);
		*slash = '/';
	}
}

static void put(const struct root *root, const char *name, const char *text, size_t len)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root->path, name);
	make_folders(path);
	file = fopen(path, "we");
	cr_assert(file, "%s", path);
	cr_assert_eq(fwrite(text, 1, len, file), len);
	fclose(file);
}

static void put_text(const struct root *root, const char *name, const char *text)
{
	put(root, name, text, strlen(text));
}

static void put_module_file(const struct root *root, const char *name, const char *text,
			    size_t len)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", root->modules, name);
	put(root, path, text, len);
}

/* A kernel that can load modules, and has x25, can and rds, each in a state of its own.
 */
static struct root root_new(void)
{
	static const char aliases[] = "# Aliases extracted from modules themselves.\n"
				      "alias net-pf-9 x25\n"
				      "alias net-pf-29 can\n"
				      "alias net-pf-21 rds\n"
				      "alias net-pf-38 af_alg\n";
	static const char builtin[] = "unix.alias=net-pf-1\0unix.license=GPL\0";
	struct root root = {.path = "/tmp/linsock-probe-XXXXXX"};
	struct utsname kernel;

	cr_assert(mkdtemp(root.path));
	uname(&kernel);
	snprintf(root.modules, sizeof(root.modules), "/lib/modules/%s", kernel.release);
	put_text(&root, "/proc/sys/kernel/modprobe", "/sbin/modprobe\n");
	put_text(&root, "/proc/sys/kernel/modules_disabled", "0\n");
	put_text(&root, "/proc/modules", "can 49152 2 - Live 0x0000000000000000\n");
	put_text(&root, "/proc/net/protocols", "protocol  size sockets\nTCP 2000 1\n");
	put_text(&root, "/etc/modprobe.d/rds.conf", "# no RDS\n  blacklist rds\n");
	put_text(&root, "/etc/modprobe.d/alg.conf", "install af-alg /bin/false\n");
	put_text(&root, "/etc/modprobe.d/ignored.txt", "blacklist x25\n");
	put_module_file(&root, "modules.alias", aliases, strlen(aliases));
	put_module_file(&root, "modules.builtin.modinfo", builtin, sizeof(builtin) - 1);
	return root;
}

static void root_remove(const struct root *root)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root->path);
	cr_assert_eq(system(command), 0);
}

static enum module_state state_of(const struct root *root, const char *alias,
				  const char *expected_name)
{
	struct module_table *table;
	enum module_state state;
	char name[64];

	cr_assert_eq(module_table_new(&table, root->path), 0);
	state = module_by_alias(table, alias, name, sizeof(name));
	cr_assert_str_eq(name, expected_name);
	module_table_free(table);
	return state;
}

Test(module_by_alias, tells_the_state_of_a_module)
{
	struct root root = root_new();

	cr_expect_eq(state_of(&root, "net-pf-1", ""), MODULE_HERE);
	cr_expect_eq(state_of(&root, "net-pf-29", "can"), MODULE_HERE);
	cr_expect_eq(state_of(&root, "net-pf-9", "x25"), MODULE_LOADABLE);
	cr_expect_eq(state_of(&root, "net-pf-21", "rds"), MODULE_BLOCKED);
	cr_expect_eq(state_of(&root, "net-pf-38", "af_alg"), MODULE_BLOCKED);
	cr_expect_eq(state_of(&root, "net-pf-12", ""), MODULE_MISSING);
	/* The beginning of another alias is no alias. */
	cr_expect_eq(state_of(&root, "net-pf-2", ""), MODULE_MISSING);
	root_remove(&root);
}

static void link_mounts(const struct root *root, const char *process, const char *to)
{
	char path[256];

	snprintf(path, sizeof(path), "/proc/%s/ns/unused", process);
	put_text(root, path, "");
	snprintf(path, sizeof(path), "%s/proc/%s/ns/mnt", root->path, process);
	cr_assert_eq(symlink(to, path), 0);
}

static void remove_index(const struct root *root)
{
	char path[600];

	snprintf(path, sizeof(path), "%s%s/modules.alias", root->path, root->modules);
	cr_assert_eq(unlink(path), 0);
}

Test(module_by_alias, without_an_index_nothing_can_be_loaded_beside_the_first_process)
{
	struct root root = root_new();

	remove_index(&root);
	cr_expect_eq(state_of(&root, "net-pf-9", ""), MODULE_UNKNOWN);
	link_mounts(&root, "1", "mnt:[1]");
	link_mounts(&root, "self", "mnt:[1]");
	cr_expect_eq(state_of(&root, "net-pf-9", ""), MODULE_HERE);
	root_remove(&root);
}

Test(module_by_alias, in_another_mount_namespace_the_index_may_be_hidden)
{
	struct root root = root_new();

	remove_index(&root);
	link_mounts(&root, "1", "mnt:[1]");
	link_mounts(&root, "self", "mnt:[2]");
	cr_expect_eq(state_of(&root, "net-pf-9", ""), MODULE_UNKNOWN);
	root_remove(&root);
}

static enum module_state state_by_name(const struct root *root, const char *name)
{
	struct module_table *table;
	enum module_state state;

	cr_assert_eq(module_table_new(&table, root->path), 0);
	state = module_by_name(table, name);
	module_table_free(table);
	return state;
}

Test(module_by_name, tells_the_state_of_a_module)
{
	static const char order[] =
		"kernel/net/sched/sch_fq.ko\nkernel/net/rds/rds.ko\n";
	struct root root = root_new();

	put_module_file(&root, "modules.order", order, strlen(order));
	cr_expect_eq(state_by_name(&root, "sch_fq"), MODULE_LOADABLE);
	cr_expect_eq(state_by_name(&root, "rds"), MODULE_BLOCKED);
	cr_expect_eq(state_by_name(&root, "can"), MODULE_HERE);
	cr_expect_eq(state_by_name(&root, "sch"), MODULE_MISSING);
	put_module_file(&root, "modules.alias", "", 0);
	cr_expect_eq(state_by_name(&root, "sch_fq"), MODULE_UNKNOWN);
	root_remove(&root);
}

Test(module_by_alias, finds_a_module_by_its_own_name)
{
	static const char order[] = "kernel/crypto/algif_hash.ko\n"
				    "kernel/crypto/ghash-generic.ko.xz\n"
				    "kernel/net/rds/rds.ko\n";
	struct root root = root_new();

	put_module_file(&root, "modules.order", order, strlen(order));
	cr_expect_eq(state_of(&root, "algif-hash", "algif_hash"), MODULE_LOADABLE);
	cr_expect_eq(state_of(&root, "ghash_generic", "ghash_generic"),
		     MODULE_LOADABLE);
	cr_expect_eq(state_of(&root, "rds", "rds"), MODULE_BLOCKED);
	cr_expect_eq(state_of(&root, "generic", ""), MODULE_MISSING);
	cr_expect_eq(state_of(&root, "algif", ""), MODULE_MISSING);
	root_remove(&root);
}

Test(module_by_alias, prefers_what_wants_no_processor_of_its_own)
{
	static const char aliases[] = "alias crypto-ghash ghash_clmulni_intel\n"
				      "alias crypto-ghash ghash_generic\n"
				      "alias crypto-ghash polyval_clmulni\n";
	struct root root = root_new();

	put_module_file(&root, "modules.alias", aliases, strlen(aliases));
	cr_expect_eq(state_of(&root, "crypto-ghash", "ghash_generic"), MODULE_LOADABLE);
	root_remove(&root);
}

Test(module_by_alias, lets_everything_be_tried_where_nothing_can_be_loaded)
{
	struct root root = root_new();

	put_text(&root, "/proc/sys/kernel/modules_disabled", "1\n");
	cr_expect_eq(state_of(&root, "net-pf-9", ""), MODULE_HERE);
	put_text(&root, "/proc/sys/kernel/modules_disabled", "0\n");
	put_text(&root, "/proc/sys/kernel/modprobe", "\n");
	cr_expect_eq(state_of(&root, "net-pf-9", ""), MODULE_HERE);
	root_remove(&root);
}

Test(module_by_alias, does_not_know_without_the_files_of_the_modules)
{
	struct root root = root_new();

	put_module_file(&root, "modules.alias", "", 0);
	cr_expect_eq(state_of(&root, "net-pf-9", ""), MODULE_UNKNOWN);
	root_remove(&root);
}

static struct lsk_finding find(struct lsk_probe *probe, const char *name)
{
	struct lsk_finding finding = {.verdict = LSK_VERDICT__COUNT};

	for (size_t i = 0; i < lsk_probe_count(probe); i++)
		if (strcmp(lsk_probe_feature(probe, i)->name, name) == 0)
			cr_assert_eq(lsk_probe_run(probe, i, &finding), 0);
	cr_assert_neq(finding.verdict, LSK_VERDICT__COUNT, "no feature %s", name);
	return finding;
}

Test(probe, tries_nothing_that_would_load_a_module)
{
	struct root root = root_new();
	struct lsk_finding finding;
	struct lsk_probe *probe;

	cr_assert_eq(probe_new_at(&probe, 0, root.path), 0);
	finding = find(probe, "family.x25");
	cr_expect_eq(finding.verdict, LSK_VERDICT_LOADABLE);
	cr_expect_str_eq(finding.evidence, "x25");
	finding = find(probe, "family.rds");
	cr_expect_eq(finding.verdict, LSK_VERDICT_DENIED);
	cr_expect(strstr(finding.evidence, "modprobe.d"));
	/* Linux 6.1 lost DECnet: no kernel that we run on has it. */
	finding = find(probe, "family.decnet");
	cr_expect_eq(finding.verdict, LSK_VERDICT_ABSENT);
	cr_expect_eq(finding.error, -EAFNOSUPPORT);
	lsk_probe_free(probe);
	root_remove(&root);
}

Test(probe, knows_what_is_registered_though_no_file_tells_of_modules)
{
	struct root root = root_new();
	struct lsk_probe *probe;

	put_module_file(&root, "modules.alias", "", 0);
	cr_assert_eq(probe_new_at(&probe, 0, root.path), 0);
	cr_expect_eq(find(probe, "family.inet").verdict, LSK_VERDICT_YES);
	cr_expect_eq(find(probe, "family.x25").verdict, LSK_VERDICT_UNKNOWN);
	lsk_probe_free(probe);
	root_remove(&root);
}

Test(probe, tries_with_the_flag_to_load)
{
	struct root root = root_new();
	struct lsk_probe *probe;

	/* As if nothing were known of inet, which is there: trying it loads nothing. */
	put_module_file(&root, "modules.alias", "", 0);
	put_text(&root, "/proc/net/protocols", "protocol  size sockets\n");
	cr_assert_eq(probe_new_at(&probe, 0, root.path), 0);
	cr_expect_eq(find(probe, "family.inet").verdict, LSK_VERDICT_UNKNOWN);
	lsk_probe_free(probe);
	cr_assert_eq(probe_new_at(&probe, LSK_PROBE_LOAD, root.path), 0);
	cr_expect_eq(find(probe, "family.inet").verdict, LSK_VERDICT_YES);
	lsk_probe_free(probe);
	root_remove(&root);
}

Test(probe, names_are_unique_and_have_a_section)
{
	struct lsk_probe *probe;

	cr_assert_eq(lsk_probe_new(&probe, 0), 0);
	cr_assert_gt(lsk_probe_count(probe), 100);
	for (size_t i = 0; i < lsk_probe_count(probe); i++) {
		const struct lsk_feature *feature = lsk_probe_feature(probe, i);

		cr_expect(strchr(feature->name, '.'), "%s", feature->name);
		cr_expect_eq(strspn(feature->name,
				    "abcdefghijklmnopqrstuvwxyz0123456789"
				    "._-(),"),
			     strlen(feature->name), "%s", feature->name);
		cr_expect(feature->summary && *feature->summary, "%s", feature->name);
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(feature->name,
					  lsk_probe_feature(probe, j)->name);
	}
	lsk_probe_free(probe);
}

static bool is_in_group(const char *name, const char *group)
{
	struct lsk_constant constant;

	for (size_t i = 0; lsk_constant_at(i, &constant) == 0; i++)
		if (strcmp(constant.name, name) == 0 &&
		    strcmp(constant.group, group) == 0)
			return true;
	return false;
}

/* Return: how many values the family's options have. */
static size_t check_values(const struct lsk_family *family)
{
	const struct family_option_group *group = family->probe->option_groups;
	size_t count = 0;

	for (; group && group->group; group++)
		for (const struct family_option_value *value = group->values;
		     value && value->name; value++, count++) {
			cr_expect(is_in_group(value->name, group->group), "%s",
				  value->name);
			cr_expect_eq(!value->value, !value->size, "%s", value->name);
		}
	return count;
}

Test(probe, values_are_of_an_option_of_their_group)
{
	size_t count = 0;

	for (size_t i = 0; lsk_families[i]; i++)
		if (lsk_families[i]->probe)
			count += check_values(lsk_families[i]);
	cr_expect_gt(count, 0);
}

static size_t open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

Test(probe, every_finding_has_evidence_and_leaves_no_descriptor)
{
	struct lsk_backend_info info;
	struct lsk_probe *probe;
	size_t before;

	/* The thread's own ring stays with it. */
	cr_assert_eq(lsk_backend_info(&info), 0);
	before = open_descriptors();
	cr_assert_eq(lsk_probe_new(&probe, 0), 0);
	for (size_t i = 0; i < lsk_probe_count(probe); i++) {
		const char *name = lsk_probe_feature(probe, i)->name;
		struct lsk_finding finding;

		cr_assert_eq(lsk_probe_run(probe, i, &finding), 0);
		cr_expect(finding.evidence[0], "%s", name);
		cr_expect(finding.error <= 0, "%s", name);
		if (finding.verdict == LSK_VERDICT_NO)
			cr_expect_lt(finding.error, 0, "%s", name);
		cr_assert_eq(open_descriptors(), before, "%s", name);
	}
	lsk_probe_free(probe);
}

Test(probe, bad_arguments_are_refused)
{
	struct lsk_finding finding;
	struct lsk_probe *probe;

	cr_expect_eq(lsk_probe_new(NULL, 0), -EINVAL);
	cr_expect_eq(lsk_probe_new(&probe, 2), -EINVAL);
	cr_assert_eq(lsk_probe_new(&probe, 0), 0);
	cr_expect_eq(lsk_probe_run(probe, lsk_probe_count(probe), &finding), -EINVAL);
	cr_expect_eq(lsk_probe_run(probe, 0, NULL), -EINVAL);
	cr_expect_eq(lsk_probe_run(NULL, 0, &finding), -EINVAL);
	cr_expect_null(lsk_probe_feature(probe, lsk_probe_count(probe)));
	cr_expect_eq(lsk_probe_count(NULL), 0);
	cr_expect_null(lsk_probe_free(probe));
	cr_expect_null(lsk_probe_free(NULL));
}

Test(verdict_name, is_another_word_for_each)
{
	for (int i = 0; i < LSK_VERDICT__COUNT; i++)
		for (int j = 0; j < i; j++)
			cr_expect_str_neq(lsk_verdict_name((enum lsk_verdict)i),
					  lsk_verdict_name((enum lsk_verdict)j));
	cr_expect_str_eq(lsk_verdict_name(LSK_VERDICT__COUNT), "unknown");
}
