/* SPDX-License-Identifier: MIT */
/* The thread that sends. */
#include "families/netlink_writer.h"

#include <errno.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "uring/util.h"

struct netlink_writer {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool is_asked; /* from here on: under the mutex */
	bool is_sent;
	bool is_ending;
	int result;
	struct iovec *iov;
	size_t count;
	int fd;
	void (*done)(void *context);
	void *context;
};

int netlink_send_iov(int fd, struct iovec *iov, size_t count)
{
	/* With an address the kernel checks this process' rights, not the opener's. */
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct msghdr message = {
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = iov,
		.msg_iovlen = count,
	};
	ssize_t n;

	do
		n = syscall_count(sendmsg(fd, &message, MSG_NOSIGNAL));
	while (n == -EINTR);
	return n < 0 ? (int)n : 0;
}

static void *writer_thread(void *context)
{
	struct netlink_writer *writer = context;
	int result;

	pthread_mutex_lock(&writer->mutex);
	for (;;) {
		while (!writer->is_asked && !writer->is_ending)
			pthread_cond_wait(&writer->cond, &writer->mutex);
		/* What was handed over is sent before the end, and told. */
		if (!writer->is_asked)
			break;
		writer->is_asked = false;
		pthread_mutex_unlock(&writer->mutex);
		result = netlink_send_iov(writer->fd, writer->iov, writer->count);
		pthread_mutex_lock(&writer->mutex);
		writer->result = result;
		writer->is_sent = true;
		writer->done(writer->context);
	}
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

int netlink_writer_new(struct netlink_writer **ret_writer, int fd,
		       void (*done)(void *context), void *context)
{
	struct netlink_writer *writer = calloc(1, sizeof(*writer));
	sigset_t all, before;
	int r;

	if (!writer)
		return -ENOMEM;
	writer->fd = fd;
	writer->done = done;
	writer->context = context;
	pthread_mutex_init(&writer->mutex, NULL);
	pthread_cond_init(&writer->cond, NULL);
	/* The program's signals are for the program's threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&writer->thread, NULL, writer_thread, writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r != 0) {
		pthread_cond_destroy(&writer->cond);
		pthread_mutex_destroy(&writer->mutex);
		free(writer);
		return -r;
	}
	*ret_writer = writer;
	return 0;
}

struct netlink_writer *netlink_writer_free(struct netlink_writer *writer)
{
	if (!writer)
		return NULL;
	pthread_mutex_lock(&writer->mutex);
	writer->is_ending = true;
	pthread_cond_signal(&writer->cond);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	pthread_cond_destroy(&writer->cond);
	pthread_mutex_destroy(&writer->mutex);
	free(writer);
	return NULL;
}

void netlink_writer_send(struct netlink_writer *writer, struct iovec *iov, size_t count)
{
	pthread_mutex_lock(&writer->mutex);
	writer->iov = iov;
	writer->count = count;
	writer->is_asked = true;
	pthread_cond_signal(&writer->cond);
	pthread_mutex_unlock(&writer->mutex);
}

bool netlink_writer_collect(struct netlink_writer *writer, int *ret_result)
{
	bool is_sent;

	pthread_mutex_lock(&writer->mutex);
	is_sent = writer->is_sent;
	if (is_sent)
		*ret_result = writer->result;
	writer->is_sent = false;
	pthread_mutex_unlock(&writer->mutex);
	return is_sent;
}
