/* SPDX-License-Identifier: MIT */
/* See sigpipe.h. */
#include "uring/sigpipe.h"

#include <time.h>

#include "uring/util.h"

void sigpipe_hold(struct sigpipe *hold)
{
	sigset_t pending;
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	hold->was_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &hold->saved);
}

void sigpipe_let_go(const struct sigpipe *hold, bool is_raised)
{
	const struct timespec no_time = {0};
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if (is_raised && !hold->was_pending)
		while (syscall_result(sigtimedwait(&pipe, NULL, &no_time)) == -EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &hold->saved, NULL);
}
