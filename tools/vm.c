/* SPDX-License-Identifier: MIT */
/*
 * linsock vm: programs in virtual machines with real kernels. The laboratory is a
 * program of its own (vm-tests/vm), which this one finds and becomes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/vm.h"

#define WORDS_MAX 4096

/* Up from the program to a source tree, whose build folder it may stand in. */
static const char *find_beside(struct vm_place *place)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", place->program);
	for (char *slash = strrchr(folder, '/'); slash; slash = strrchr(folder, '/')) {
		*slash = '\0';
		snprintf(place->buf, sizeof(place->buf), "%s/vm-tests/vm", folder);
		if (access(place->buf, X_OK) == 0)
			return place->buf;
	}
	return NULL;
}

int vm_find(struct vm_place *ret_place)
{
	ssize_t len = readlink("/proc/self/exe", ret_place->program,
			       sizeof(ret_place->program) - 1);

	if (len < 0)
		return command_failure(-errno, "/proc/self/exe");
	ret_place->program[len] = '\0';
	ret_place->laboratory = getenv("LINSOCK_VM");
	if (!ret_place->laboratory)
		ret_place->laboratory = find_beside(ret_place);
	if (!ret_place->laboratory)
		ret_place->laboratory = VM_INSTALLED;
	if (access(ret_place->laboratory, X_OK) < 0)
		return command_failure(-errno, "%s (LINSOCK_VM names another)",
				       ret_place->laboratory);
	if (setenv("LINSOCK_PROGRAM", ret_place->program, 0) < 0)
		return command_failure(-errno, "environment");
	return COMMAND_OK;
}

/* Become "vm VERB ARGUMENTS". Returns only where that failed. */
static int become(const char *verb, int argc, char **argv)
{
	const char *words[WORDS_MAX];
	struct vm_place place;
	size_t count = 0;
	int r = vm_find(&place);

	if (r != COMMAND_OK)
		return r;
	if (argc > WORDS_MAX - 3)
		return command_usage("more than %d words", WORDS_MAX - 3);
	words[count++] = place.laboratory;
	words[count++] = verb;
	for (int i = 1; i < argc; i++)
		words[count++] = argv[i];
	words[count] = NULL;
	/* The name under which the laboratory tells its usage and its troubles. */
	setenv("LINSOCK_VM_NAME", "linsock vm", 1);
	execv(place.laboratory, (char *const *)(uintptr_t)words);
	return command_failure(-errno, "%s", place.laboratory);
}

static int run_main(int argc, char **argv)
{
	return become("run", argc, argv);
}

static int kernels_main(int argc, char **argv)
{
	return become("kernels", argc, argv);
}

static const struct command run_command = {
	.name = "run",
	.arguments = "--kernel K... [options] -- COMMAND [ARG...]",
	.summary = "run a program in virtual machines, one for each kernel",
	.main = run_main,
};

static const struct command kernels_command = {
	.name = "kernels",
	.arguments = "[--fetch SERIES...]",
	.summary = "list kernels, or fetch Debian's",
	.main = kernels_main,
};

static const struct command *const children[] = {
	&kernels_command,
	&run_command,
	NULL,
};

const struct command vm_command = {
	.name = "vm",
	.summary = "programs in virtual machines with real kernels",
	.children = children,
};
