/* SPDX-License-Identifier: MIT */
/* Where the laboratory of virtual machines is, for the subcommands that use it. */
#ifndef LINSOCK_TOOLS_VM_H
#define LINSOCK_TOOLS_VM_H

#include <limits.h>

/* What the laboratory is told of the program that started it. */
struct vm_place {
	char program[PATH_MAX]; /* this very executable */
	char buf[PATH_MAX + 16];
	const char *laboratory; /* named, beside the build folder, or installed */
};

/*
 * Find the laboratory, and set LINSOCK_PROGRAM, by which it ships this program into its
 * guests. Return: COMMAND_OK, or what was told went wrong.
 */
int vm_find(struct vm_place *ret_place);

#endif
