/* SPDX-License-Identifier: MIT */
/*
 * Make the Nth call of a function fail, once or from then on. Tests that are listed in
 * fault_tests of tests/meson.build are linked with --wrap for each function below; what
 * the library calls goes through here first.
 */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

#include <stdbool.h>

/* name, whether the error goes to errno (1) or is the negative result itself (0);
 * pthread_create() returns a positive one: arm it with -EAGAIN */
#define FAULT_CALLS(X)                         \
	X(calloc, 1)                           \
	X(malloc, 1)                           \
	X(realloc, 1)                          \
	X(strdup, 1)                           \
	X(pthread_create, 0)                   \
	X(mmap, 1)                             \
	X(eventfd, 1)                          \
	X(ppoll, 1)                            \
	X(fcntl, 1)                            \
	X(socket, 1)                           \
	X(socketpair, 1)                       \
	X(bind, 1)                             \
	X(listen, 1)                           \
	X(connect, 1)                          \
	X(accept4, 1)                          \
	X(recv, 1)                             \
	X(recvmmsg, 1)                         \
	X(recvmsg, 1)                          \
	X(send, 1)                             \
	X(sendmsg, 1)                          \
	X(sendto, 1)                           \
	X(getsockopt, 1)                       \
	X(setsockopt, 1)                       \
	X(getsockname, 1)                      \
	X(getpeername, 1)                      \
	X(shutdown, 1)                         \
	X(epoll_create1, 1)                    \
	X(epoll_ctl, 1)                        \
	X(epoll_pwait2, 1)                     \
	X(io_uring_queue_init_params, 0)       \
	X(io_uring_submit, 0)                  \
	X(io_uring_submit_and_wait_timeout, 0) \
	X(io_uring_register_probe, 0)          \
	X(io_uring_register_buf_ring, 0)       \
	X(io_uring_register_eventfd, 0)        \
	X(io_uring_register_ring_fd, 0)

enum fault_call {
#define FAULT_MEMBER(name, sets_errno) FAULT_##name,
	FAULT_CALLS(FAULT_MEMBER)
#undef FAULT_MEMBER
		FAULT__COUNT
};

/* The @nth call from now on (1: the next) fails with @error (EMFILE, …); those after
 * it too where @is_lasting. */
void fault_arm(enum fault_call call, unsigned int nth, int error, bool is_lasting);
void fault_disarm(enum fault_call call);

/* How many calls failed since fault_arm(). */
unsigned int fault_hits(enum fault_call call);

/*
 * Let the Nth call of @call fail with @error for every N that @step reaches, then let
 * it be. No descriptor is left by any of them. A step that answers 0 though something
 * failed has a way around it; @other (0: none) is what else it may say, positive as
 * @error is. Return: the positions that there were.
 */
unsigned int fault_each(enum fault_call call, int error, int other, int (*step)(void));

#endif
