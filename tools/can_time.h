/* SPDX-License-Identifier: MIT */
/* The clock of the tools that measure. */
#ifndef LINSOCK_TOOLS_CAN_TIME_H
#define LINSOCK_TOOLS_CAN_TIME_H

#include <stdint.h>
#include <time.h>

#include <linsock.h>

static inline int64_t can_clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * LSK_NSEC_PER_SEC + now.tv_nsec;
}

/* Nanoseconds of CLOCK_MONOTONIC. */
static inline int64_t can_now_ns(void)
{
	return can_clock_ns(CLOCK_MONOTONIC);
}

/* For qsort(3) of int64_t. */
static inline int can_compare_ns(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

#endif
