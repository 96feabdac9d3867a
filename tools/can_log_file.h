/* SPDX-License-Identifier: MIT */
/*
 * The file, or row of files, that a tool logs into while frames come: opened, changed
 * and written by a thread of its own, so that no disk holds up who receives.
 */
#ifndef LINSOCK_TOOLS_CAN_LOG_FILE_H
#define LINSOCK_TOOLS_CAN_LOG_FILE_H

#include "tools/can_output.h"
#include "tools/can_rotate.h"

struct can_log_file {
	const char *name; /* NULL: candump-DATE_TIME.log */
	struct can_rotation rotation;
	struct can_output *output;
	uint64_t bytes; /* that the file will have */

	/* The writing thread's, from can_log_file_open() on. */
	int fd;
	char dated[64];       /* the name where none is given */
	char path[PATH_MAX];  /* of the file that is written */
	unsigned long number; /* its number in the row */
	bool is_again;        /* there was a file before */
};

/*
 * Create the first file, and start the thread; at most @bound bytes wait for it.
 * Return: 0 or a negative errno; @path names the file in any case.
 */
int can_log_file_open(struct can_log_file *file, size_t bound);

/* Change the file where the frame of @time_ns belongs into the next one of the row. */
void can_log_file_rotate(struct can_log_file *file, int64_t time_ns);

/*
 * Open the file of that name again, as it was moved away; a log that is named by the
 * date goes on in one of this date, a row in its next file. All that was committed goes
 * into the one before.
 */
void can_log_file_reopen(struct can_log_file *file);

/* Write what waits and close. Return: 0, or the negative errno of the first failure. */
int can_log_file_close(struct can_log_file *file);

#endif
