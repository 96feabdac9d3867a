/* SPDX-License-Identifier: MIT */
/*
 * A bounded list of chunks: the last one is being filled, the first one written. A
 * chunk may be both: the thread writes what was published of it so far. That way many
 * small flushes in front of a slow disk still fill whole chunks.
 */
#include "tools/can_output.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK_SIZE  (256u << 10)
#define RESERVE_MAX (64u << 10)

struct chunk {
	struct chunk *next;
	size_t published; /* under lock: bytes that may be written */
	size_t written;   /* the thread's */
	bool is_sealed;   /* under lock: no more bytes will come */
	bool begins_file; /* under lock: the file before is to be changed for it */
	size_t len;       /* the filler's */
	char bytes[CHUNK_SIZE];
};

struct can_output {
	int fd;
	size_t chunks_max;
	_Atomic int error;
	pthread_t thread;

	struct chunk *filling; /* the filler's: the last of the list; NULL: none */
	bool begins_file;      /* the next chunk does */
	can_output_next_fn open_next;
	void *context;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_cond_t has_room; /* for who waits for it */
	struct chunk *first;     /* under lock from here on */
	struct chunk **last;
	struct chunk *spare;
	size_t chunks;
	bool is_idle; /* the thread waits */
	bool is_ending;
};

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t count = write(fd, bytes, len);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0) {
			bytes += count;
			len -= (size_t)count;
		}
	}
	return 0;
}

/* Take the first chunk, which is written, off the list. Under the lock. */
static void drop_first(struct can_output *output)
{
	struct chunk *chunk = output->first;

	output->first = chunk->next;
	if (!output->first)
		output->last = &output->first;
	output->chunks--;
	pthread_cond_signal(&output->has_room);
	/* One is kept for the next; a burst's memory goes back. */
	if (output->spare)
		free(chunk);
	else
		output->spare = chunk;
}

/* The chunk with bytes to write, or NULL at the end. Under the lock. */
static struct chunk *next_work(struct can_output *output)
{
	for (;;) {
		struct chunk *chunk = output->first;

		if (chunk && (chunk->published > chunk->written || chunk->begins_file))
			return chunk;
		if (chunk && chunk->is_sealed) {
			drop_first(output);
			continue;
		}
		if (output->is_ending)
			return NULL;
		output->is_idle = true;
		pthread_cond_wait(&output->wake, &output->lock);
		output->is_idle = false;
	}
}

/* Have the descriptor of the next file. */
static int begin_file(struct can_output *output)
{
	int fd = output->open_next(output->context);

	if (fd < 0)
		return fd;
	output->fd = fd;
	return 0;
}

static void *output_thread(void *context)
{
	struct can_output *output = context;
	struct chunk *chunk;

	pthread_mutex_lock(&output->lock);
	while ((chunk = next_work(output))) {
		bool begins_file = chunk->begins_file;
		size_t end = chunk->published;
		int r = 0;

		chunk->begins_file = false;
		pthread_mutex_unlock(&output->lock);
		if (begins_file)
			r = begin_file(output);
		if (r == 0 && atomic_load(&output->error) == 0)
			r = write_all(output->fd, chunk->bytes + chunk->written,
				      end - chunk->written);
		chunk->written = end;
		if (r < 0)
			atomic_store(&output->error, r);
		pthread_mutex_lock(&output->lock);
	}
	pthread_mutex_unlock(&output->lock);
	return NULL;
}

int can_output_new(struct can_output **ret_output, int fd, size_t bound)
{
	struct can_output *output = calloc(1, sizeof(*output));
	int r;

	if (!output)
		return -ENOMEM;
	output->fd = fd;
	output->chunks_max = bound / CHUNK_SIZE + 2;
	output->last = &output->first;
	pthread_mutex_init(&output->lock, NULL);
	pthread_cond_init(&output->wake, NULL);
	pthread_cond_init(&output->has_room, NULL);
	r = pthread_create(&output->thread, NULL, output_thread, output);
	if (r != 0) {
		free(output);
		return -r;
	}
	*ret_output = output;
	return 0;
}

/* Put an empty chunk at the end of the list, unless the bound or memory is reached. */
static void add_chunk(struct can_output *output)
{
	struct chunk *chunk;

	pthread_mutex_lock(&output->lock);
	if (output->chunks == output->chunks_max) {
		pthread_mutex_unlock(&output->lock);
		return;
	}
	chunk = output->spare;
	output->spare = NULL;
	pthread_mutex_unlock(&output->lock);
	if (!chunk)
		chunk = malloc(sizeof(*chunk));
	if (!chunk)
		return;
	chunk->next = NULL;
	chunk->published = chunk->written = chunk->len = 0;
	chunk->is_sealed = false;
	chunk->begins_file = output->begins_file;
	output->begins_file = false;
	pthread_mutex_lock(&output->lock);
	*output->last = chunk;
	output->last = &chunk->next;
	output->chunks++;
	pthread_mutex_unlock(&output->lock);
	output->filling = chunk;
}

/* Let the thread have what is in the chunk; all of it for good if it @is_sealed. */
static void publish(struct can_output *output, bool is_sealed)
{
	struct chunk *chunk = output->filling;

	pthread_mutex_lock(&output->lock);
	chunk->published = chunk->len;
	chunk->is_sealed = is_sealed;
	if (output->is_idle)
		pthread_cond_signal(&output->wake);
	pthread_mutex_unlock(&output->lock);
	/* A sealed chunk is the thread's, which may have freed it by now. */
	if (is_sealed)
		output->filling = NULL;
}

char *can_output_reserve(struct can_output *output, size_t size)
{
	if (output->filling && CHUNK_SIZE - output->filling->len < size)
		publish(output, true);
	if (!output->filling)
		add_chunk(output);
	return output->filling ? output->filling->bytes + output->filling->len : NULL;
}

void can_output_commit(struct can_output *output, const char *end)
{
	output->filling->len = (size_t)(end - output->filling->bytes);
}

void can_output_begin_file(struct can_output *output, can_output_next_fn open_next,
			   void *context)
{
	if (output->filling)
		publish(output, true);
	output->open_next = open_next;
	output->context = context;
	output->begins_file = true;
}

void can_output_flush(struct can_output *output)
{
	bool is_begun = output->begins_file;

	/* Where there is no room, the file begins with what comes next. */
	if (is_begun)
		add_chunk(output);
	/* Only this thread publishes, so it may look at what it published. */
	if (output->filling &&
	    (is_begun || output->filling->len > output->filling->published))
		publish(output, false);
}

void can_output_wait(struct can_output *output)
{
	/* A chunk that has room needs no other one. */
	if (output->filling && CHUNK_SIZE - output->filling->len >= RESERVE_MAX)
		return;
	pthread_mutex_lock(&output->lock);
	while (output->chunks > output->chunks_max / 2)
		pthread_cond_wait(&output->has_room, &output->lock);
	pthread_mutex_unlock(&output->lock);
}

int can_output_error(struct can_output *output)
{
	return atomic_load_explicit(&output->error, memory_order_relaxed);
}

int can_output_free(struct can_output *output)
{
	int r;

	if (!output)
		return 0;
	if (output->filling)
		publish(output, true);
	pthread_mutex_lock(&output->lock);
	output->is_ending = true;
	pthread_cond_signal(&output->wake);
	pthread_mutex_unlock(&output->lock);
	pthread_join(output->thread, NULL);
	r = can_output_error(output);
	free(output->spare);
	pthread_cond_destroy(&output->wake);
	pthread_cond_destroy(&output->has_room);
	pthread_mutex_destroy(&output->lock);
	free(output);
	return r;
}
