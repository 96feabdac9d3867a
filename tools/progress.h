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

/* The same for work that counts things, and @prints on stdout or not. */
void progress_begin_count(struct progress *ret_progress, bool prints);

/* "12345 frames, 43%, 6789 frames/s"; @percent is below 0 where none is known. */
void progress_show_count(struct progress *progress, const char *things, uint64_t count,
			 int percent);

/* Leaves the terminal as if nothing had been drawn. */
void progress_end(struct progress *progress);

double progress_seconds(const struct progress *progress);

#endif
