/* SPDX-License-Identifier: MIT */
/*
 * The buffers of a writer. With a thread they are a queue: the producer fills the
 * buffer at its head, the thread writes those between tail and head. Both counts grow
 * for ever; a buffer is its count modulo the number of buffers. The lock is taken once
 * for each buffer, not for each packet.
 */
#include "families/capture_output.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <linsock/capture.h>

#include "uring/util.h"

#define BUFFER_SIZE     ((size_t)256 << 10)
#define BUFFER_SIZE_MAX ((size_t)1 << 30)
#define BUFFERS_MAX     4096u

struct buffer {
	char *bytes;
	size_t len;
};

struct capture_output {
	int fd;
	size_t size; /* to which a buffer is filled */
	size_t room; /* that it has, for the longest packet */
	unsigned int count;
	struct buffer *buffers;
	uint64_t bytes;
	bool has_thread;
	bool is_full; /* the head has no buffer of its own yet */
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t filled;
	pthread_cond_t emptied;
	uint64_t head;
	uint64_t tail;
	int error;
	bool is_ending;
};

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t r = syscall_count(write(fd, bytes, len));

		if (r == -EINTR)
			continue;
		if (r < 0)
			return (int)r;
		bytes += r;
		len -= (size_t)r;
	}
	return 0;
}

static struct buffer *buffer_at(const struct capture_output *output, uint64_t index)
{
	return &output->buffers[index % output->count];
}

static void *output_thread(void *context)
{
	struct capture_output *output = context;

	pthread_mutex_lock(&output->lock);
	for (;;) {
		struct buffer *buffer;
		int r;

		while (output->tail == output->head && !output->is_ending)
			pthread_cond_wait(&output->filled, &output->lock);
		if (output->is_ending)
			break;
		buffer = buffer_at(output, output->tail);
		pthread_mutex_unlock(&output->lock);
		r = write_all(output->fd, buffer->bytes, buffer->len);
		pthread_mutex_lock(&output->lock);
		buffer->len = 0;
		output->tail++;
		if (r < 0 && output->error == 0)
			output->error = r;
		pthread_cond_signal(&output->emptied);
	}
	pthread_mutex_unlock(&output->lock);
	return NULL;
}

/* Hand the buffer at the head over, or write it. Return: what a write said so far. */
static int pass_on(struct capture_output *output)
{
	struct buffer *buffer = buffer_at(output, output->head);
	int r;

	if (buffer->len == 0)
		return output->error;
	if (!output->has_thread) {
		r = write_all(output->fd, buffer->bytes, buffer->len);
		buffer->len = 0;
		if (r < 0)
			output->error = r;
		return output->error;
	}
	pthread_mutex_lock(&output->lock);
	output->head++;
	output->is_full = output->head - output->tail == output->count;
	r = output->error;
	pthread_cond_signal(&output->filled);
	pthread_mutex_unlock(&output->lock);
	return r;
}

/* Whether the head has a buffer by now. */
static bool find_buffer(struct capture_output *output)
{
	if (!output->is_full)
		return true;
	pthread_mutex_lock(&output->lock);
	output->is_full = output->head - output->tail == output->count;
	pthread_mutex_unlock(&output->lock);
	return !output->is_full;
}

int capture_output_reserve(struct capture_output *output, size_t size, char **ret_room)
{
	struct buffer *buffer;
	int r;

	if (size > output->room)
		return -EMSGSIZE;
	if (!find_buffer(output))
		return -ENOBUFS;
	buffer = buffer_at(output, output->head);
	if (buffer->len > 0 && buffer->len + size > output->size) {
		r = pass_on(output);
		if (r < 0)
			return r;
		if (!find_buffer(output))
			return -ENOBUFS;
		buffer = buffer_at(output, output->head);
	}
	*ret_room = buffer->bytes + buffer->len;
	return 0;
}

void capture_output_commit(struct capture_output *output, size_t size)
{
	buffer_at(output, output->head)->len += size;
	output->bytes += size;
}

int capture_output_push(struct capture_output *output)
{
	return find_buffer(output) ? pass_on(output) : output->error;
}

/* Wait until no more than @left buffers are with the thread. */
static int wait_for(struct capture_output *output, uint64_t left)
{
	int r;

	if (!output->has_thread)
		return output->error;
	pthread_mutex_lock(&output->lock);
	while (output->head - output->tail > left)
		pthread_cond_wait(&output->emptied, &output->lock);
	output->is_full = false;
	r = output->error;
	pthread_mutex_unlock(&output->lock);
	return r;
}

int capture_output_wait(struct capture_output *output)
{
	return wait_for(output, output->count - 1);
}

int capture_output_flush(struct capture_output *output)
{
	int r = capture_output_wait(output);

	if (r == 0)
		r = pass_on(output);
	return r < 0 ? r : wait_for(output, 0);
}

uint64_t capture_output_bytes(const struct capture_output *output)
{
	return output->bytes;
}

/* The program's signals are its own threads' business. */
static int start_thread(struct capture_output *output)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&output->thread, NULL, output_thread, output);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	output->has_thread = r == 0;
	return -r;
}

int capture_output_new(struct capture_output **ret_output, int fd, size_t buffer_size,
		       unsigned int buffers)
{
	/* Room for the longest packet with all that goes around it. */
	const size_t least = LSK_CAPTURE_PACKET_MAX + 4096;
	struct capture_output *output;
	int r = 0;

	if (buffer_size > BUFFER_SIZE_MAX || buffers > BUFFERS_MAX)
		return -EINVAL;
	output = calloc(1, sizeof(*output));
	if (!output)
		return -ENOMEM;
	output->fd = fd;
	output->size = buffer_size ? buffer_size : BUFFER_SIZE;
	output->count = buffers > 1 ? buffers : 1;
	pthread_mutex_init(&output->lock, NULL);
	pthread_cond_init(&output->filled, NULL);
	pthread_cond_init(&output->emptied, NULL);
	output->buffers = calloc(output->count, sizeof(*output->buffers));
	if (!output->buffers)
		r = -ENOMEM;
	/* Only what is touched costs memory. */
	output->room = output->size < least ? least : output->size;
	for (unsigned int i = 0; i < output->count && r == 0; i++) {
		output->buffers[i].bytes = malloc(output->room);
		if (!output->buffers[i].bytes)
			r = -ENOMEM;
	}
	if (r == 0 && output->count > 1)
		r = start_thread(output);
	if (r < 0) {
		capture_output_free(output);
		return r;
	}
	*ret_output = output;
	return 0;
}

void capture_output_free(struct capture_output *output)
{
	if (!output)
		return;
	if (output->has_thread) {
		pthread_mutex_lock(&output->lock);
		output->is_ending = true;
		pthread_cond_signal(&output->filled);
		pthread_mutex_unlock(&output->lock);
		pthread_join(output->thread, NULL);
	}
	for (unsigned int i = 0; i < output->count && output->buffers; i++)
		free(output->buffers[i].bytes);
	free(output->buffers);
	pthread_cond_destroy(&output->emptied);
	pthread_cond_destroy(&output->filled);
	pthread_mutex_destroy(&output->lock);
	free(output);
}
