/* SPDX-License-Identifier: MIT */
/*
 * The table of functions between the engine and what moves the bytes. A row is a back
 * end; whatever differs between io_uring and readiness is behind it.
 */
#ifndef LSK_BACKEND_TABLE_H
#define LSK_BACKEND_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <linsock/backend.h>

#include "uring/engine.h"

struct engine_backend {
	const char *name; /* what LINSOCK_BACKEND and lsk_backend_info() call it */
	enum lsk_backend id;

	/* Make what the calling thread needs to wait. Return: 0 or a negative errno,
	 * upon which nothing is left behind and the thread takes the other back end. */
	int (*init)(struct engine *engine);
	/* Give it back, in the thread that made it, or in a child that was forked by
	 * it: there nothing is said to the kernel about the parent's operations. */
	void (*done)(struct engine *engine);
	int64_t (*run)(struct engine *engine, const struct engine_request *request,
		       const struct engine_wait *wait);
	/* Wait until @fd (-1: nothing) has one of @events, for at most @limit_ns.
	 * Return: the events; 0 when @limit_ns has passed; -ETIME at the deadline of
	 * @wait; what interrupted() said. */
	int (*wait_events)(struct engine *engine, int fd, short events,
			   int64_t limit_ns, const struct engine_wait *wait);
};

/* Longer than any single wait of the kernel has to be; every wait is repeated. */
#define ENGINE_FOREVER_NS (INT64_C(3600) * 1000000000)

/* One thread's engine. */
struct engine {
	const struct engine_backend *backend;
	void *state; /* the back end's own */
	int wake_fd; /* an eventfd that engine_wake() writes */
	unsigned int
		generation;  /* of the process that made it; a fork starts another */
	struct engine *next; /* of another thread */
};

extern const struct engine_backend engine_backend_uring;
extern const struct engine_backend engine_backend_readiness;

/* The back end that this process has chosen; the choice is made by the first call. */
const struct engine_backend *engine_backend_choice(void);

/*
 * Whether this kernel's io_uring is there, allowed, and has what the engine needs: a
 * ring is set up, a NOP makes its round trip, a register call is answered. @ret_step
 * is set to what failed. Return: 0 or a negative errno.
 */
int uring_self_test(const char **ret_step);

/* The same with the ring that @engine has. */
int uring_check(struct engine *engine, const char **ret_step);

/* Make @engine the calling thread's own, unless that has one. Return: 0, -EBUSY. */
int engine_adopt(struct engine *engine);

/* An engine on a back end of the caller's choice, outside of engine_thread(). */
int engine_new(struct engine **ret_engine, const struct engine_backend *backend);
struct engine *engine_free(struct engine *engine);

/* Go on with readiness: the ring is gone, or does not take operations any more. */
void engine_degrade(struct engine *engine);

/* Take back what engine_wake() has written. */
void engine_wake_drain(struct engine *engine);

/* @request as a system call that does not wait: its result. */
int64_t engine_attempt(const struct engine_request *request);

/* The poll(2) events for which @request waits. */
short engine_events(const struct engine_request *request);

/* Wait for readiness, then make the system call, until that does not say EAGAIN. */
int64_t engine_run_ready(struct engine *engine, const struct engine_request *request,
			 const struct engine_wait *wait);

/* The same for ENGINE_CONNECT: the attempt comes first, its end is an event. */
int64_t engine_run_connect(struct engine *engine, const struct engine_request *request,
			   const struct engine_wait *wait);

/* Nanoseconds until @deadline_ns, at least 0, at most @limit_ns; no deadline: that. */
int64_t engine_remaining_ns(int64_t deadline_ns, int64_t limit_ns);

#endif
