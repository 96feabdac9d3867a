/* SPDX-License-Identifier: MIT */
/*
 * Text that leaves through a thread of its own, so that a slow disk or pipe never holds
 * up who writes it: the writer fills chunks, the thread empties them, and between them
 * stands a queue with a bound. What does not fit is refused, for the writer to count.
 */
#ifndef LINSOCK_TOOLS_CAN_OUTPUT_H
#define LINSOCK_TOOLS_CAN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct can_output;

/*
 * Start writing to @fd, of which at most @bound bytes wait. Return: 0 or a negative
 * errno. @fd stays the caller's.
 */
int can_output_new(struct can_output **ret_output, int fd, size_t bound);

/*
 * Room for @size bytes (at most 64 KiB) in one piece, or NULL where the bound is
 * reached. What was written into it counts after can_output_commit().
 */
char *can_output_reserve(struct can_output *output, size_t size);
void can_output_commit(struct can_output *output, const char *end);

/*
 * What is committed from now on goes into the next file, of which @open_next, called on
 * the thread that writes, tells the descriptor (or a negative errno). Until then the
 * one before is written. can_output_flush() begins the file though it has nothing yet.
 */
typedef int (*can_output_next_fn)(void *context);
void can_output_begin_file(struct can_output *output, can_output_next_fn open_next,
			   void *context);

/* Let the thread have what was committed, as nothing more comes for now. */
void can_output_flush(struct can_output *output);

/* Wait until less than half of the bound is taken, for who need not lose anything. */
void can_output_wait(struct can_output *output);

/* The negative errno with which a write failed, or 0. What follows it is discarded. */
int can_output_error(struct can_output *output);

/* Write out all that waits and end. Return: 0 or the negative errno of a write. */
int can_output_free(struct can_output *output);

#endif
