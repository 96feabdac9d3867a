/* SPDX-License-Identifier: MIT */
/* linsock cat: what its main thread and those of its two directions share. */
#ifndef TOOLS_CAT_H
#define TOOLS_CAT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/command.h"
#include "tools/listener.h"

/* What the end of stdin means. */
enum cat_eof {
	CAT_EOF_HALF,   /* end our direction, wait for the peer's end */
	CAT_EOF_CLOSE,  /* end everything */
	CAT_EOF_IGNORE, /* go on receiving */
};

struct cat_options {
	enum cat_eof eof;
	bool is_listening;
	bool is_verbose;
	int64_t wait_ns; /* without traffic; LSK_BLOCK for no limit */
	size_t size;     /* of one read, so of one datagram; 0 for the default */
	const char *text;
};

struct cat;

/* One direction. Its thread alone writes here; bytes and calls are read by the main one
 * while it runs, the rest after has_ended. */
struct cat_direction {
	struct cat *cat;
	pthread_t thread;
	bool is_started;
	int error;        /* negative, or 0 */
	const char *what; /* failed: "stdin", "send" … */
	atomic_bool has_ended;
	atomic_bool is_waiting; /* the sender: for stdin */
	atomic_uint_fast64_t bytes;
	atomic_uint_fast64_t calls;
};

struct cat {
	struct cat_options options;
	struct lsk_socket *sock;
	struct listener listener;
	bool has_connections;
	bool has_half_close; /* a connection whose directions end one by one */
	int signal_fd;
	int event_fd; /* a direction has ended */
	atomic_int_fast64_t active_ns;
	struct cat_direction sender;
	struct cat_direction receiver;
};

/* Threads, each with a struct cat_direction: stdin to the socket, and back. */
void *cat_send(void *context);
void *cat_receive(void *context);

#endif
