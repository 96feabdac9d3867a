/* SPDX-License-Identifier: MIT */
/*
 * What this kernel's io_uring can do, one row each. Opcodes, set-up flags and feature
 * bits are asked for; what no mask shows (multishot, bundles, incremental buffers, zero
 * copy, commands of a socket) is found out by doing it once on sockets of its own.
 */
#ifndef LSK_TRIAL_H
#define LSK_TRIAL_H

struct io_uring;
struct io_uring_cqe;
struct trial;

/* Return: 0 for "it works", or the negative errno that it was refused with. */
typedef int (*trial_fn)(const struct trial *trial);

struct trial {
	const char *name; /* NULL ends a table */
	const char *summary;
	trial_fn run;
	unsigned int number; /* opcode, flag or bit */
	unsigned int more;   /* set-up flags that this one asks for */
	/* trial_on_ring() only: what is done on a ring with the set-up flags @number.
	 */
	int (*call)(struct io_uring *ring);
};

int trial_on_ring(const struct trial *trial);

/* Submit what was prepared and take one completion; a wait without end is a refusal. */
int trial_take(struct io_uring *ring, struct io_uring_cqe *ret_cqe);

/* Make the trial with this name of trials_of_sockets on @ring, which nobody uses.
 * Return: as the trial. */
int trial_on(struct io_uring *ring, const char *name);

/* Opcodes, set-up flags and feature bits; calls of register; what is done once. */
extern const struct trial trials_of_masks[];
extern const struct trial trials_of_register[];
extern const struct trial trials_of_sockets[];
extern const struct trial trials_of_udp[];

#endif
