/* SPDX-License-Identifier: MIT */
/*
 * The engine knows descriptors, bytes and time; it never hears of a family or a socket
 * object. Here stands what a synchronous call needs of it: perform one operation and
 * wait for its end on the calling thread's own back end.
 */
#ifndef LSK_ENGINE_H
#define LSK_ENGINE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum engine_opcode {
	ENGINE_ACCEPT,  /* addr, addr_len or NULL; flags: SOCK_*; result: the fd */
	ENGINE_CONNECT, /* addr, *addr_len; flags: enum engine_connect */
	ENGINE_RECV,    /* buf, len; flags: MSG_* */
	ENGINE_SEND,    /* buf, len; flags: MSG_* */
	ENGINE_RECVMSG, /* message; flags: MSG_* */
	ENGINE_SENDMSG, /* message; flags: MSG_* */
	ENGINE_WRITE,   /* buf, len: where SEND is refused */
	ENGINE_POLL,    /* flags: POLL*; result: the events that are there */
	ENGINE_OPCODE__COUNT
};

enum engine_connect {
	/* A connect(2) that does not wait says 0 while the attempt is under way, and
	 * SO_ERROR never hears that it failed (LLC). */
	ENGINE_CONNECT_EARLY = 1 << 0,
};

/* One operation. Buffers are borrowed until it has ended. */
struct engine_request {
	enum engine_opcode opcode;
	int fd;
	int flags;
	void *buf;
	size_t len;
	struct msghdr *message;
	struct sockaddr *addr;
	socklen_t *addr_len;
};

/* What ends a wait besides the operation itself. */
struct engine_wait {
	int64_t deadline_ns; /* CLOCK_MONOTONIC; negative: none */

	/* Optional. Called in the waiting thread after a signal or engine_wake(); a
	 * negative answer stops the operation and becomes the call's result, unless the
	 * operation was done already: data wins. */
	int (*interrupted)(void *context);
	void *context;
};

struct engine;

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t engine_now_ns(void);

/* Never 0. Differs between a process and each of its forked children. */
unsigned int engine_process(void);
/* Where engine_process() is read from, and what a fork(2) makes 0 in the child. NULL:
 * this kernel knows no such memory. */
const atomic_uint *engine_process_mark(void);

/*
 * The calling thread's engine, made on first use; ended with the thread; made anew in a
 * forked child. Return: 0, -ENOMEM, -EMFILE and what else epoll or eventfd may say (a
 * ring that is refused falls back by itself).
 */
int engine_thread(struct engine **ret_engine);

/*
 * Perform @request and wait for it. The caller has seen that it would block, so the
 * descriptor is waited for first; ENGINE_CONNECT makes its attempt itself. Return: the
 * operation's result, as the system call's count or negated errno; -ETIME when the
 * deadline came first; what interrupted() said. An operation that is given up is
 * cancelled and reaped before the call returns, and if it had done its work after all,
 * that result is returned instead. A connection attempt that is given up goes on in the
 * kernel, as with connect(2). The hook may wait for something else with this engine.
 */
int64_t engine_run(struct engine *engine, const struct engine_request *request,
		   const struct engine_wait *wait);

/*
 * What became of a connection attempt on @fd that has ended; @flags: enum
 * engine_connect. Return: 0, or why the connection was not made.
 */
int engine_connect_result(int fd, int flags);

/*
 * Make the engine_run() that is under way in @engine's thread, or the next one, ask its
 * interrupted() hook: a wake is never lost, and may come once too often. Safe from any
 * thread while the engine lives, and from a signal handler.
 */
void engine_wake(struct engine *engine);

#endif
