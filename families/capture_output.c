/* SPDX-License-Identifier: MIT */
/*
 * The buffers of a writer. With a thread there are three places for them: the producer
 * fills one, filled ones are in a queue for the thread, empty ones are on a stack, so
 * that the one used last, which is still in the cache, is used next. They are made when
 * they are needed. The lock is taken twice for a buffer, not for each packet.
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
	struct buffer *next;
	size_t len;
	char bytes[];
};

struct capture_output {
	int fd;
	size_t size;        /* to which a buffer is filled */
	size_t room;        /* that it has, for the longest packet */
	unsigned int count; /* of buffers, at the most */
	unsigned int made;
	struct buffer *current; /* the producer's; NULL: there was none to be had */
	uint64_t bytes;
	bool has_thread;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t filled;
	pthread_cond_t emptied;
	struct buffer *empty;
	struct buffer *first; /* filled */
	struct buffer *last;
	unsigned int pending; /* filled, or being written */
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

static void *output_thread(void *context)
{
	struct capture_output *output = context;

	pthread_mutex_lock(&output->lock);
	for (;;) {
		struct buffer *buffer;
		int r;

		while (!output->first && !output->is_ending)
			pthread_cond_wait(&output->filled, &output->lock);
		if (output->is_ending)
			break;
		buffer = output->first;
		output->first = buffer->next;
		pthread_mutex_unlock(&output->lock);
		r = write_all(output->fd, buffer->bytes, buffer->len);
		pthread_mutex_lock(&output->lock);
		buffer->len = 0;
		buffer->next = output->empty;
		output->empty = buffer;
		output->pending--;
		if (r < 0 && output->error == 0)
			output->error = r;
		pthread_cond_signal(&output->emptied);
	}
	if (output->first) /* what was not written is thrown away with the rest */
		output->last->next = output->empty;
	if (output->first)
		output->empty = output->first;
	pthread_mutex_unlock(&output->lock);
	return NULL;
}

/* Hand the producer's buffer over, or write it. Return: what a write said so far. */
static int pass_on(struct capture_output *output)
{
	struct buffer *buffer = output->current;
	int r;

	if (!buffer || buffer->len == 0)
		return output->error;
	if (!output->has_thread) {
		r = write_all(output->fd, buffer->bytes, buffer->len);
		buffer->len = 0;
		if (r < 0)
			output->error = r;
		return output->error;
	}
	output->current = NULL;
	buffer->next = NULL;
	pthread_mutex_lock(&output->lock);
	if (output->first)
		output->last->next = buffer;
	else
		output->first = buffer;
	output->last = buffer;
	output->pending++;
	r = output->error;
	pthread_cond_signal(&output->filled);
	pthread_mutex_unlock(&output->lock);
	return r;
}

/* Whether the producer has a buffer, by now. */
static bool find_buffer(struct capture_output *output)
{
	if (output->current)
		return true;
	pthread_mutex_lock(&output->lock);
	output->current = output->empty;
	if (output->current)
		output->empty = output->current->next;
	pthread_mutex_unlock(&output->lock);
	if (!output->current && output->made < output->count) {
		output->current = malloc(sizeof(struct buffer) + output->room);
		if (output->current) {
			output->current->len = 0;
			output->made++;
		}
	}
	return output->current;
}

int capture_output_reserve(struct capture_output *output, size_t size, char **ret_room)
{
	int r;

	if (size > output->room)
		return -EMSGSIZE;
	if (output->current && output->current->len > 0 &&
	    output->current->len + size > output->size) {
		r = pass_on(output);
		if (r < 0)
			return r;
	}
	if (!find_buffer(output))
		return -ENOBUFS;
	*ret_room = output->current->bytes + output->current->len;
	return 0;
}

size_t capture_output_left(const struct capture_output *output, size_t size)
{
	const size_t len = output->current->len;
	const size_t left = len < output->size ? output->size - len : 0;

	return left > size ? left : size;
}

void capture_output_commit(struct capture_output *output, size_t size)
{
	output->current->len += size;
	output->bytes += size;
}

int capture_output_push(struct capture_output *output)
{
	return pass_on(output);
}

int capture_output_wait(struct capture_output *output)
{
	int r;

	if (!output->has_thread)
		return output->error;
	pthread_mutex_lock(&output->lock);
	while (!output->current && !output->empty && output->made == output->count)
		pthread_cond_wait(&output->emptied, &output->lock);
	r = output->error;
	pthread_mutex_unlock(&output->lock);
	return r;
}

int capture_output_flush(struct capture_output *output)
{
	int r = pass_on(output);

	if (r < 0 || !output->has_thread)
		return r;
	pthread_mutex_lock(&output->lock);
	while (output->pending > 0)
		pthread_cond_wait(&output->emptied, &output->lock);
	r = output->error;
	pthread_mutex_unlock(&output->lock);
	return r;
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
	/* Only what is touched costs memory. */
	output->room = output->size < least ? least : output->size;
	if (!find_buffer(output))
		r = -ENOMEM;
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
	free(output->current);
	while (output->empty) {
		struct buffer *next = output->empty->next;

		free(output->empty);
		output->empty = next;
	}
	pthread_cond_destroy(&output->emptied);
	pthread_cond_destroy(&output->filled);
	pthread_mutex_destroy(&output->lock);
	free(output);
}
