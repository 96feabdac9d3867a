/* SPDX-License-Identifier: MIT */
/* What the tests of the object layer share. */
#ifndef TEST_SUPPORT_SOCKETS_H
#define TEST_SUPPORT_SOCKETS_H

#include <linsock/socket.h>
#include <pthread.h>
#include <sys/types.h>

#define MSEC INT64_C(1000000)

/*
 * For .init and .fini of a suite: the test may not leave a descriptor open. Those of
 * the thread's engine (anonymous inodes) do not count.
 */
void descriptors_remember(void);
void descriptors_check(void);
/* For a test that leaves a thread of the resolver behind, which opens and closes. */
void descriptors_forget(void);

/* How many descriptors are open, without anonymous inodes. */
int descriptors_count(void);

/* How many threads the process has; and wait until it has no more than @count: the
 * resolver's goes on after its caller has given up. */
int threads_count(void);
void threads_await(int count);

/* A UNIX stream pair. */
void pair_make(struct lsk_socket *ret_pair[2]);
void pair_free(struct lsk_socket *pair[2]);

/* A TCP socket that listens on 127.0.0.1, and its address. */
struct lsk_socket *listener_make(struct lsk_addr *ret_addr);

/* A TCP pair made by connect and accept. */
void tcp_pair_make(struct lsk_socket *ret_pair[2]);

/* Fill the send buffer of @sock, so that the next send would block. */
void fill(struct lsk_socket *sock);

/* A thread that runs @function and can be seen to sleep. */
struct sleeper {
	pthread_t thread;
	_Atomic pid_t tid;
	void (*function)(struct sleeper *sleeper);
	struct lsk_socket *sock;
	int64_t result;
	void *context;
};

void sleeper_start(struct sleeper *sleeper);

/* Return once the thread sleeps in the kernel. */
void sleeper_wait_asleep(const struct sleeper *sleeper);

/* Wait for its end. Return: its result. */
int64_t sleeper_join(struct sleeper *sleeper);

/* Install a handler that does nothing, without SA_RESTART. */
void signal_catch(int number);

#endif
