/* SPDX-License-Identifier: MIT */
/* Progress of long work, on stderr while that is a terminal; and the clock for it. */
#ifndef LINSOCK_TOOLS_PROGRESS_H
#define LINSOCK_TOOLS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_PERIOD_MS 250

struct progress {
	int64_t start_ns;
	int64_t shown_ns;
	bool is_shown; /* there is a terminal to show it on */
};

/* CLOCK_MONOTONIC. */
int64_t monotonic_ns(void);

/* Shown where stderr is a terminal that stdout does not share. */
void progress_begin(struct progress *ret_progress);

/* Draws the line anew, at most once a period. */
void progress_show(struct progress *progress, uint64_t sent, uint64_t received);

/* Leaves the terminal as if nothing had been drawn. */
void progress_end(struct progress *progress);

double progress_seconds(const struct progress *progress);

#endif
