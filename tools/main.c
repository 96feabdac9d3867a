/* SPDX-License-Identifier: MIT */
/* linsock: one command, whose subcommands stand in one table. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/command.h"

#define NAME_MAX_LEN 64

/* One a line, so that two additions do not meet. */
/* clang-format off */
static const struct command *const commands[] = {
	&alg_command, &can_command,
	&cat_command,
	&echo_command,
	&listen_command,
	&netlink_command,
	&opt_command,
	&packet_command,
	&ping_command,
	&probe_command, &qipcrtr_command,
	&rds_command,
	&ss_command,
	&tipc_command,
	&vm_command,
	&vsock_command,
	&xdp_command,
	NULL,
};
/* clang-format on */

static const struct command root = {
	.name = "linsock",
	.summary = "every socket family of Linux through one command",
	.children = commands,
};

static const struct command *command_find(const struct command *group, const char *name)
{
	for (size_t i = 0; group->children[i]; i++)
		if (strcmp(group->children[i]->name, name) == 0)
			return group->children[i];
	return NULL;
}

/* The subcommand that a link of this name calls. */
static const struct command *command_by_alias(const struct command *const *rows,
					      const char *name)
{
	for (; *rows; rows++) {
		const struct command *found = NULL;

		if ((*rows)->alias && strcmp((*rows)->alias, name) == 0)
			return *rows;
		if ((*rows)->children)
			found = command_by_alias((*rows)->children, name);
		if (found)
			return found;
	}
	return NULL;
}

/* Edits (insert, remove, replace) between two names, for "did you mean". */
static unsigned int edit_distance(const char *a, const char *b)
{
	size_t len = strlen(b);
	unsigned int row[NAME_MAX_LEN + 1];

	if (strlen(a) > NAME_MAX_LEN || len > NAME_MAX_LEN)
		return NAME_MAX_LEN;
	for (size_t j = 0; j <= len; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= len; j++) {
			unsigned int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[len];
}

static const char *closest_name(const struct command *group, const char *name)
{
	const char *closest = NULL;
	unsigned int least = 3; /* more than two edits is another word */

	for (size_t i = 0; group->children[i]; i++) {
		const char *candidate = group->children[i]->name;
		unsigned int distance = edit_distance(name, candidate);

		if (distance < least) {
			least = distance;
			closest = candidate;
		}
	}
	return closest;
}

static int unknown_command(const struct command *group, const char *name)
{
	const char *closest = closest_name(group, name);

	if (closest)
		return command_usage("unknown command \"%s\"; did you mean \"%s\"?",
				     name, closest);
	return command_usage("unknown command \"%s\"", name);
}

static void print_group_help(const struct command *group, FILE *to)
{
	fprintf(to, "usage: %s COMMAND [arguments]\n\n%s\n\n",
		program_invocation_short_name, group->summary);
	for (size_t i = 0; group->children[i]; i++)
		fprintf(to, "  %-10s %s\n", group->children[i]->name,
			group->children[i]->summary);
	fprintf(to, "\n\"%s help COMMAND\" tells more of one of them.\n",
		program_invocation_short_name);
	if (group == &root)
		fputs("\n"
		      "An ENDPOINT is text such as tcp://127.0.0.1:7, udp://[::1]:7,\n"
		      "unix:///run/x?type=seqpacket, unix://@abstract, can://vcan0.\n"
		      "LINSOCK_BACKEND=uring|epoll in the environment picks what "
		      "moves\n"
		      "the bytes; \"linsock --version\" tells which one is used and "
		      "why.\n"
		      "\n"
		      "Exit status: 0 success, 1 failure, 2 arguments that make no "
		      "sense.\n",
		      to);
}

static int print_help(const struct command *row)
{
	char name[] = "", option[] = "--help";
	char *arguments[] = {name, option, NULL};

	if (row->children)
		print_group_help(row, stdout);
	else if (!row->help)
		return row->main(2, arguments);
	else
		printf("usage: %s %s\n\n%s\n\n%s", program_invocation_short_name,
		       row->arguments, row->summary, row->help);
	return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILURE;
}

static int print_version(void)
{
	struct lsk_backend_info info;

	printf("linsock %s\n", lsk_version());
	if (lsk_backend_info(&info) == 0)
		printf("back end: %s (%s)\n", info.name, info.reason);
	return fflush(stdout) == 0 ? COMMAND_OK : COMMAND_FAILURE;
}

/* What warn(3), getopt_long(3) and we call the program: "linsock can dump". */
static void name_extend(const char *word)
{
	/* The process has one name, so it may live here. */
	static char name[2 * NAME_MAX_LEN];
	size_t len = strlen(name);

	snprintf(name + len, sizeof(name) - len, "%s%s", len > 0 ? " " : "", word);
	program_invocation_short_name = name;
}

/* "help can dump" walks down the names. */
static int run_help(const struct command *group, int argc, char **argv)
{
	for (int i = 1; i < argc && group->children; i++) {
		const struct command *row = command_find(group, argv[i]);

		if (!row)
			return unknown_command(group, argv[i]);
		name_extend(row->name);
		group = row;
	}
	return print_help(group);
}

static int run_leaf(const struct command *row, int argc, char **argv)
{
	for (int i = 1; row->help && i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return print_help(row);
	argv[0] = program_invocation_short_name;
	return row->main(argc, argv);
}

static int run(const struct command *row, int argc, char **argv)
{
	while (row->children) {
		const struct command *child;

		if (argc < 2) {
			print_group_help(row, stderr);
			return COMMAND_USAGE;
		}
		if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
			return print_help(row);
		if (strcmp(argv[1], "help") == 0)
			return run_help(row, argc - 1, argv + 1);
		if (row == &root &&
		    (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0))
			return print_version();
		if (argv[1][0] == '-')
			return command_usage("unknown option \"%s\"", argv[1]);
		child = command_find(row, argv[1]);
		if (!child)
			return unknown_command(row, argv[1]);
		name_extend(child->name);
		row = child;
		argc--;
		argv++;
	}
	return run_leaf(row, argc, argv);
}

int main(int argc, char **argv)
{
	const char *called = argc > 0 ? argv[0] : root.name;
	const char *slash = strrchr(called, '/');
	const struct command *row;

	called = slash ? slash + 1 : called;
	row = command_by_alias(root.children, called);
	name_extend(row ? row->alias : root.name);
	/* The tools whose names these are have no long options. */
	if (row && argc == 2 && strcmp(argv[1], "-h") == 0)
		return print_help(row);
	return run(row ? row : &root, argc, argv);
}
