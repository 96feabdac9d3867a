/* SPDX-License-Identifier: MIT */
/* Section "uring": the rows of uring/trial.h as features. */
#include <errno.h>
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

int probe_add_uring(struct lsk_probe *probe)
{
	static const struct trial *const tables[] = {
		trials_of_masks,
		trials_of_register,
		trials_of_sockets,
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
	return r;
}
