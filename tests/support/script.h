/* SPDX-License-Identifier: MIT */
/*
 * The scripted back end: a kernel made of paper under the ring back end. What it is
 * handed it does by system call on real sockets, but when, in which order, how much of
 * it, and what the completion says is decided by a script: completions come late or
 * short, a multishot ends with its data, the pool is said to be empty, a cancel comes
 * too late, the completion queue overflows, a submission is refused. The clock is the
 * script's too. So every path of the engine is driven in one thread, the same each
 * time.
 *
 * It stands below uring/uring_loop.c and not beside it, so that what a completion
 * becomes is tested with the rest. Programs that use it are linked with SCRIPT_WRAPS
 * (tests/meson.build).
 */
#ifndef TESTS_SCRIPT_H
#define TESTS_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

struct io_uring_sqe;

/* What is to be decided. The answer 0 is what a good-natured kernel does. */
enum script_point {
	SCRIPT_SUBMIT, /* enum script_submit */
	SCRIPT_RUN,    /* 1: not now */
	SCRIPT_ORDER,  /* which of the pending ones is the first in this pass */
	SCRIPT_AMOUNT, /* enum script_amount */
	SCRIPT_MORE,   /* 1: a multishot ends with this completion */
	SCRIPT_RESULT, /* enum script_result, instead of doing it */
	SCRIPT_CANCEL, /* 1: the request is in execution: -EALREADY */
	SCRIPT_NOTIFY, /* 1: the zero-copy notification comes later */
	SCRIPT_CACHED, /* 1: a file's part is on the disk alone */
	SCRIPT_POINT__COUNT
};

enum script_submit {
	SCRIPT_TAKES_ALL,
	SCRIPT_TAKES_ONE,
	SCRIPT_BUSY,
	SCRIPT_AGAIN,
	SCRIPT_INTERRUPTED,
	SCRIPT_NO_MEMORY,
	SCRIPT_SUBMIT__COUNT
};

enum script_amount { SCRIPT_WHOLE, SCRIPT_ONE_BYTE, SCRIPT_HALF, SCRIPT_AMOUNT__COUNT };

enum script_result {
	SCRIPT_TRUE,
	SCRIPT_NO_BUFFERS, /* receives into a pool */
	SCRIPT_WOULD_BLOCK,
	SCRIPT_SIGNAL, /* -EINTR */
	SCRIPT_EARLY,  /* of a poll: POLLOUT, as a wake says, that is not there */
	SCRIPT_RESULT__COUNT
};

/* Return: a number below @count. @sqe is what it is about, where there is one. */
typedef unsigned int (*script_decide_fn)(void *context, enum script_point point,
					 unsigned int count,
					 const struct io_uring_sqe *sqe);

/* Rings that are made from here on are of paper; @decide NULL: always 0. */
void script_begin(script_decide_fn decide, void *context);
/* No more; what the kernel still has of a ring that is gone is a failure. */
void script_end(void);
bool script_is_on(void);

/* The clock, which engine_now_ns() reads, and which waits move on. */
void script_sleep(int64_t ns);

/* Let io_uring_queue_init_params() fail with @error this often. */
void script_refuse_rings(int error, unsigned int count);

/* How many requests on @fd the kernel has. */
unsigned int script_pending(int fd);

/* Put a completion into the queue that no request asked for. */
void script_complete(uint64_t user_data, int result, unsigned int flags);

#endif
