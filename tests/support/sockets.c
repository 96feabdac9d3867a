/* SPDX-License-Identifier: MIT */
#include "tests/support/sockets.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linsock/backend.h>

#include "tests/support/asleep.h"

static int descriptors_at_start;

int descriptors_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	cr_assert_not_null(dir);
	while ((entry = readdir(dir))) {
		char target[64] = "";

		if (entry->d_name[0] == '.' ||
		    readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1) <
			    0)
			continue;
		count += strncmp(target, "anon_inode:", 11) != 0;
	}
	closedir(dir);
	return count;
}

int threads_count(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int count = 0;

	cr_assert_not_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

/* Nothing tells of the end of a thread that nobody joins. */
void threads_await(int count)
{
	while (threads_count() > count)
		sched_yield();
}

void descriptors_remember(void)
{
	descriptors_at_start = descriptors_count();
}

void descriptors_forget(void)
{
	descriptors_at_start = -1;
}

void descriptors_check(void)
{
	if (descriptors_at_start >= 0)
		cr_assert_eq(descriptors_count(), descriptors_at_start,
			     "the test leaves descriptors open");
}

void pair_make(struct lsk_socket *ret_pair[2])
{
	cr_assert_eq(lsk_socket_pair(ret_pair, AF_UNIX, SOCK_STREAM, 0), 0);
}

void pair_free(struct lsk_socket *pair[2])
{
	pair[0] = lsk_socket_free(pair[0]);
	pair[1] = lsk_socket_free(pair[1]);
}

struct lsk_socket *listener_make(struct lsk_addr *ret_addr)
{
	struct lsk_socket *listener;
	struct lsk_addr addr;

	cr_assert_eq(lsk_socket_new(&listener, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_addr_inet(&addr, "127.0.0.1", 0), 0);
	cr_assert_eq(lsk_socket_bind(listener, &addr), 0);
	cr_assert_eq(lsk_socket_listen(listener, LSK_BACKLOG_DEFAULT), 0);
	cr_assert_eq(lsk_socket_getsockname(listener, ret_addr), 0);
	return listener;
}

void tcp_pair_make(struct lsk_socket *ret_pair[2])
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listener_make(&addr);

	cr_assert_eq(lsk_socket_new(&ret_pair[0], AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_connect(ret_pair[0], &addr), 0);
	cr_assert_eq(lsk_socket_accept(listener, &ret_pair[1], NULL), 0);
	lsk_socket_free(listener);
}

void fill(struct lsk_socket *sock)
{
	static const char bytes[65536];
	ssize_t count;

	do
		count = lsk_socket_send(sock, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (count > 0);
	cr_assert_eq(count, -EAGAIN);
}

static void *sleeper_main(void *context)
{
	struct sleeper *sleeper = context;

	sleeper->tid = gettid();
	sleeper->function(sleeper);
	return NULL;
}

void sleeper_start(struct sleeper *sleeper)
{
	struct lsk_backend_info info;

	/* The process' first choice of a back end sleeps, too: have it behind us. */
	lsk_backend_info(&info);
	sleeper->tid = 0;
	cr_assert_eq(pthread_create(&sleeper->thread, NULL, sleeper_main, sleeper), 0);
}

void sleeper_wait_asleep(const struct sleeper *sleeper)
{
	while (sleeper->tid == 0)
		sched_yield();
	while (!thread_waits(sleeper->tid))
		sched_yield();
}

int64_t sleeper_join(struct sleeper *sleeper)
{
	cr_assert_eq(pthread_join(sleeper->thread, NULL), 0);
	return sleeper->result;
}

static void ignore(int number)
{
	(void)number;
}

void signal_catch(int number)
{
	struct sigaction action = {.sa_handler = ignore};

	cr_assert_eq(sigaction(number, &action, NULL), 0);
}
