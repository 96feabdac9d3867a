/* SPDX-License-Identifier: MIT */
/* One line of progress, drawn over itself. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <linsock.h>

#include "tools/progress.h"

static const double mebibyte = 1024.0 * 1024.0;

int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * LSK_NSEC_PER_SEC + now.tv_nsec;
}

void progress_begin_count(struct progress *ret_progress, bool prints)
{
	ret_progress->start_ns = monotonic_ns();
	ret_progress->shown_ns = ret_progress->start_ns;
	ret_progress->is_shown =
		isatty(STDERR_FILENO) && !(prints && isatty(STDOUT_FILENO));
}

void progress_begin(struct progress *ret_progress)
{
	progress_begin_count(ret_progress, true);
}

/* Whether the line is to be drawn now. */
static bool progress_is_due(struct progress *progress)
{
	int64_t now;

	if (!progress->is_shown)
		return false;
	now = monotonic_ns();
	if (now - progress->shown_ns < PROGRESS_PERIOD_MS * INT64_C(1000000))
		return false;
	progress->shown_ns = now;
	return true;
}

void progress_show_count(struct progress *progress, const char *things, uint64_t count,
			 int percent)
{
	if (!progress_is_due(progress))
		return;
	fprintf(stderr, "\r%" PRIu64 " %s, ", count, things);
	if (percent >= 0)
		fprintf(stderr, "%d%%, ", percent);
	fprintf(stderr, "%.0f %s/s\033[K", (double)count / progress_seconds(progress),
		things);
}

void progress_show(struct progress *progress, uint64_t sent, uint64_t received)
{
	if (!progress_is_due(progress))
		return;
	fprintf(stderr, "\r%.1f MiB sent, %.1f MiB received, %.1f MiB/s\033[K",
		(double)sent / mebibyte, (double)received / mebibyte,
		(double)(sent + received) / mebibyte / progress_seconds(progress));
}

void progress_end(struct progress *progress)
{
	if (progress->is_shown && progress->shown_ns != progress->start_ns)
		fputs("\r\033[K", stderr);
}

double progress_seconds(const struct progress *progress)
{
	return (double)(monotonic_ns() - progress->start_ns) / (double)LSK_NSEC_PER_SEC;
}
