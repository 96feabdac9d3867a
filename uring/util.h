/* SPDX-License-Identifier: MIT */
/* The few helpers that every layer shares; they live in the lowest one. */
#ifndef LSK_UTIL_H
#define LSK_UTIL_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Runs @function on the variable's address when it leaves its scope. */
#define _cleanup_(function) __attribute__((cleanup(function)))

/* errno is read in these two helpers and nowhere else. */
static inline int neg_errno(void)
{
	return errno > 0 ? -errno : -EIO;
}

static inline int syscall_result(int result)
{
	return result < 0 ? neg_errno() : result;
}

static inline ssize_t syscall_count(ssize_t result)
{
	return result < 0 ? neg_errno() : result;
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void freep(void *pointer)
{
	void *memory = *(void **)pointer;

	free(memory);
}

/* Hand a descriptor over: the scope that owned it owns it no more. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
