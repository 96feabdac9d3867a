/* SPDX-License-Identifier: MIT */
/*
 * What this kernel's sockets can do: a table of features, each found out by trying.
 *
 * A feature has a stable name, whose first word is its section: "family.can",
 * "can.isotp", "uring.send_zc". A finding is one of six verdicts, with the evidence for
 * it. Versions are never compared.
 */
#ifndef LINSOCK_PROBE_H
#define LINSOCK_PROBE_H

#include <stddef.h>

#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * enum lsk_verdict - what was found out about a feature
 * @LSK_VERDICT_UNKNOWN: it could not be tried; the evidence says why
 * @LSK_VERDICT_YES: it was tried and works
 * @LSK_VERDICT_NO: it was tried, and the kernel refused with the finding's error
 * @LSK_VERDICT_ABSENT: it would come from a module that is not installed
 * @LSK_VERDICT_LOADABLE: a module that is installed and not loaded has it; it was not
 *	tried, since trying would load it
 * @LSK_VERDICT_DENIED: the kernel may have it, and this process may not use it: a
 *	seccomp filter, a sysctl, a missing capability, an LSM, or a module that
 *	modprobe.d forbids
 */
enum lsk_verdict {
	LSK_VERDICT_UNKNOWN,
	LSK_VERDICT_YES,
	LSK_VERDICT_NO,
	LSK_VERDICT_ABSENT,
	LSK_VERDICT_LOADABLE,
	LSK_VERDICT_DENIED,
	LSK_VERDICT__COUNT
};

/** LSK_PROBE_LOAD - let the kernel load the modules that trying needs */
#define LSK_PROBE_LOAD 1u

/**
 * struct lsk_feature - one thing that a kernel may have
 * @name: stable, unique, "section.rest"; owned by the probe
 * @summary: one line of documentation; owned by the probe
 */
struct lsk_feature {
	const char *name;
	const char *summary;
};

/**
 * struct lsk_finding - what was found out about one feature
 * @verdict: see there
 * @error: the negative errno that the kernel answered with, or 0
 * @evidence: one line: what was tried, or why it was not
 */
struct lsk_finding {
	enum lsk_verdict verdict;
	int error;
	char evidence[160];
};

struct lsk_probe;

/**
 * lsk_probe_new() - lay out the table of features
 * @ret_probe: set on success; free with lsk_probe_free()
 * @flags: 0 or LSK_PROBE_LOAD
 *
 * Nothing is tried yet. Reads what /proc and /lib/modules say of this kernel's modules.
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
int lsk_probe_new(struct lsk_probe **ret_probe, unsigned int flags);

/** lsk_probe_free() - free a probe; NULL is allowed; returns NULL */
struct lsk_probe *lsk_probe_free(struct lsk_probe *probe);

/** lsk_probe_count() - how many features the table has; returns 0 for NULL */
size_t lsk_probe_count(const struct lsk_probe *probe);

/**
 * lsk_probe_feature() - one feature of the table
 * @probe: the probe
 * @index: below lsk_probe_count(); features of one section follow each other
 *
 * Return: the feature, borrowed from @probe; NULL for an index that is too large.
 */
const struct lsk_feature *lsk_probe_feature(const struct lsk_probe *probe,
					    size_t index);

/**
 * lsk_probe_run() - find out about one feature
 * @probe: the probe; one thread at a time
 * @index: below lsk_probe_count()
 * @ret_finding: set on success
 *
 * Without LSK_PROBE_LOAD nothing is tried that would make the kernel load a module.
 * What is tried leaves the machine as it was; sockets and rings that it makes are
 * closed before it returns, but the thread's own ring, which its first loop makes.
 *
 * Return: 0 for every verdict; -EINVAL for NULL or an index that is too large.
 */
int lsk_probe_run(struct lsk_probe *probe, size_t index,
		  struct lsk_finding *ret_finding);

/**
 * lsk_verdict_name() - the word for a verdict
 * @verdict: any
 *
 * Return: "yes", "no", "absent", "loadable", "denied" or "unknown"; a constant string.
 */
const char *lsk_verdict_name(enum lsk_verdict verdict);

LSK_END_DECLS

#endif
