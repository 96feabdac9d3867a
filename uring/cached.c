/* SPDX-License-Identifier: MIT */
/* See cached.h. */
#include "uring/cached.h"

#include <sys/syscall.h>
#include <unistd.h>

/* The C library has no wrapper, and its headers may be older than the call, whose
 * number is the same on all machines but alpha. */
#ifndef __NR_cachestat
#define __NR_cachestat 451
#endif

bool file_is_cached(int fd, uint64_t offset, uint64_t len)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t pages = (offset + len + page - 1) / page - offset / page;
	/* struct cachestat_range, struct cachestat of linux/mman.h */
	uint64_t range[2] = {offset, len};
	uint64_t counts[5] = {0};

	return syscall(__NR_cachestat, fd, range, counts, 0) == 0 && counts[0] >= pages;
}
