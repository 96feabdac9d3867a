/* SPDX-License-Identifier: MIT */
/*
 * Bytes on their way to a descriptor: buffers that are filled one after the other, and
 * written by the caller when one is full, or by a thread.
 */
#ifndef LSK_CAPTURE_OUTPUT_H
#define LSK_CAPTURE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

struct capture_output;

/*
 * @buffers above 1: with a thread. Sizes of 0 are chosen. Return: 0, -EINVAL, -ENOMEM,
 * -EAGAIN.
 */
int capture_output_new(struct capture_output **ret_output, int fd, size_t buffer_size,
		       unsigned int buffers);

/* Throw away what was not written, end the thread. NULL is allowed. */
void capture_output_free(struct capture_output *output);

/*
 * Room for @size bytes. Return: 0; with a thread, -ENOBUFS where all buffers are full;
 * what a write said, from then on.
 */
int capture_output_reserve(struct capture_output *output, size_t size, char **ret_room);

/*
 * How many bytes may be written where @size were reserved: no fewer, and more up to
 * where the buffer is to be passed on.
 */
size_t capture_output_left(const struct capture_output *output, size_t size);

/* @size bytes of what was reserved are written. */
void capture_output_commit(struct capture_output *output, size_t size);

/* Let what is buffered be written now, without a wait where there is a thread. */
int capture_output_push(struct capture_output *output);

/* Wait until a buffer is free. Return: 0 or what a write said. */
int capture_output_wait(struct capture_output *output);

/* Wait until everything is written. Return: 0 or what a write said. */
int capture_output_flush(struct capture_output *output);

/* Bytes that were committed. */
uint64_t capture_output_bytes(const struct capture_output *output);

#endif
