/* SPDX-License-Identifier: MIT */
/* Whether another thread of this process sleeps in a call that waits for events.
 *
 * Its state alone does not tell: a thread sleeps for a lock, a page or a moment of
 * somebody else's, too, and what a test does then comes before the call it is meant
 * for.
 */
#ifndef TESTS_ASLEEP_H
#define TESTS_ASLEEP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>

static inline bool waits_by(long number)
{
	switch (number) {
	case SYS_futex: /* for its turn on a socket */
	case SYS_io_uring_enter:
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
	case SYS_ppoll:
#ifdef SYS_poll
	case SYS_epoll_wait:
	case SYS_poll:
#endif
		return true;
	default:
		return false;
	}
}

/* proc_pid_syscall(5) tells the number where the thread is blocked, "running" else. */
static inline bool thread_waits(pid_t tid)
{
	char path[64];
	long number = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%ld", &number) != 1)
		number = -1;
	fclose(file);
	return waits_by(number);
}

#endif
