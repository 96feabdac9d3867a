/* SPDX-License-Identifier: MIT */
/* The one clock of every deadline. */
#include <time.h>

#include <linsock/socket.h>

#include "uring/engine.h"

int64_t engine_now_ns(void)
{
	struct timespec now;

	/* Cannot fail: the clock exists on every kernel with io_uring and before. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * LSK_NSEC_PER_SEC + now.tv_nsec;
}
