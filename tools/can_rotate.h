/* SPDX-License-Identifier: MIT */
/* When a log goes on in a new file, and how that one is called. */
#ifndef LINSOCK_TOOLS_CAN_ROTATE_H
#define LINSOCK_TOOLS_CAN_ROTATE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct can_rotation {
	uint64_t size_max;   /* bytes; 0: no limit */
	int64_t time_max_ns; /* between the first frame and the last one; 0: no limit */
	unsigned long number; /* of the file that is written, from 1 on */
	bool is_begun;        /* @start_ns is set */
	int64_t start_ns;     /* of the file's first frame */
};

/* Read "100k", "64M", "2G", or bytes. Return: 0 or an exit status, told. */
int can_rotation_parse_size(struct can_rotation *rotation, const char *text);

/* Read seconds. Return: 0 or an exit status, told. */
int can_rotation_parse_time(struct can_rotation *rotation, const char *text);

/* Whether files follow one another at all. */
bool can_rotation_is_on(const struct can_rotation *rotation);

/*
 * Whether the frame of @time_ns belongs into the next file, as this one has @bytes. If
 * so, that one has begun when the call returns.
 */
bool can_rotation_is_due(struct can_rotation *rotation, uint64_t bytes,
			 int64_t time_ns);

/* The name of file @number: "bus.log" is "bus-0001.log". */
void can_rotation_name(char buf[PATH_MAX], const char *name, unsigned long number);

#endif
