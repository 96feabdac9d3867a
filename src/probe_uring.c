/* SPDX-License-Identifier: MIT */
/*
 * Section "uring": the rows of uring/trial.h as features. Section "loop": what a loop
 * makes of them, or does instead.
 */
#include <errno.h>
#include <linsock/loop_feature.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/probe.h"
#include "uring/trial.h"
#include "uring/util.h"

/* kernel.io_uring_disabled: 0, 1 (a group only), 2 (nobody); 0 where there is none. */
static long read_sysctl(void)
{
	FILE *file = fopen("/proc/sys/kernel/io_uring_disabled", "re");
	char line[32] = "";
	long value = 0;

	if (file) {
		if (fgets(line, sizeof(line), file))
			value = strtol(line, NULL, 10);
		fclose(file);
	}
	return value;
}

static void uring_run(struct lsk_probe *probe, const struct probe_row *row,
		      struct lsk_finding *ret_finding)
{
	const struct trial *trial = row->data;
	int r = trial->run(trial);
	long sysctl = r == -EPERM ? read_sysctl() : 0;

	(void)probe;
	if (sysctl)
		probe_find(ret_finding, LSK_VERDICT_DENIED, r,
			   "EPERM, and kernel.io_uring_disabled is %ld", sysctl);
	else if (r == -ETIME)
		probe_find(ret_finding, LSK_VERDICT_UNKNOWN, r,
			   "no completion within the trial's limit");
	else if (r == -ENETUNREACH || r == -EADDRNOTAVAIL)
		probe_find(ret_finding, LSK_VERDICT_UNKNOWN, r,
			   "loopback is down, so it could not be tried");
	else
		probe_judge(r, trial->call ? "tried on a ring" : "asked of a ring",
			    ret_finding);
}

/* Whether a loop with all options has it. */
static void loop_run(struct lsk_probe *probe, const struct probe_row *row,
		     struct lsk_finding *ret_finding)
{
	const struct lsk_loop_options options = {
		.busy_poll_us = 1,
		.min_wait_us = 1,
		.zero_copy_min = 1,
		.direct_max = 1,
	};
	const struct lsk_loop_feature_info *info = row->data;
	struct lsk_loop *loop;
	int r = lsk_loop_new(&loop, &options);

	(void)probe;
	if (r < 0) {
		probe_judge(r, "no loop", ret_finding);
		return;
	}
	if (lsk_loop_features(loop) & (unsigned int)info->feature)
		probe_find(ret_finding, LSK_VERDICT_YES, 0, "a loop has it");
	else
		probe_find(ret_finding, LSK_VERDICT_NO, -EOPNOTSUPP, "instead: %s",
			   info->instead);
	lsk_loop_free(loop);
}

static int add_loop(struct lsk_probe *probe)
{
	const struct lsk_loop_feature_info *info;
	int r = 0;

	for (unsigned int i = 0; r == 0 && (info = lsk_loop_feature(i)); i++) {
		struct probe_row row = {
			.name = info->name,
			.summary = info->summary,
			.run = loop_run,
			.data = info,
		};

		r = probe_add(probe, "loop", &row);
	}
	return r;
}

int probe_add_uring(struct lsk_probe *probe)
{
	static const struct trial *const tables[] = {
		trials_of_masks,
		trials_of_register,
		trials_of_sockets,
		trials_of_udp,
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct trial *trial = tables[i]; trial->name && r == 0;
		     trial++) {
			struct probe_row row = {
				.name = trial->name,
				.summary = trial->summary,
				.run = uring_run,
				.data = trial,
			};

			r = probe_add(probe, "uring", &row);
		}
	return r < 0 ? r : add_loop(probe);
}
