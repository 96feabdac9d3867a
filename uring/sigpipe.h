/* SPDX-License-Identifier: MIT */
/*
 * sendfile(2) and splice(2) know no MSG_NOSIGNAL. A SIGPIPE that comes of them is held
 * back and taken away; one that was there before stays.
 */
#ifndef LSK_SIGPIPE_H
#define LSK_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

struct sigpipe {
	sigset_t saved;
	bool was_pending;
};

/* In one thread, around the calls; @is_raised: one of them has said EPIPE. */
void sigpipe_hold(struct sigpipe *hold);
void sigpipe_let_go(const struct sigpipe *hold, bool is_raised);

#endif
