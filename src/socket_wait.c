/* SPDX-License-Identifier: MIT */
/* The slow path of every call: wait on the thread's engine until something ends it. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "src/interrupt.h"
#include "src/socket.h"

/* One call that waits; it lives on the waiting thread's stack. */
struct socket_waiter {
	struct lsk_socket *sock;
	struct engine *engine;
	struct socket_waiter *next;
	pthread_t thread;
	pid_t process; /* a fork copies the list, but not the threads that wait */
};

static int waiter_interrupted(void *context)
{
	const struct socket_waiter *waiter = context;

	if (socket_fd(waiter->sock) < 0)
		return -EBADF;
	return interrupt_ask(NULL);
}

/* Join the list. Return: the descriptor, or -EBADF where close was first. */
static int waiter_add(struct socket_waiter *waiter)
{
	struct lsk_socket *sock = waiter->sock;
	int fd;

	lock_take(&sock->lock);
	fd = socket_fd(sock);
	if (fd >= 0) {
		waiter->next = sock->waiters;
		sock->waiters = waiter;
	}
	lock_give(&sock->lock);
	return fd;
}

static void waiter_remove(struct socket_waiter *waiter)
{
	struct lsk_socket *sock = waiter->sock;
	struct socket_waiter **link;

	lock_take(&sock->lock);
	for (link = &sock->waiters; *link != waiter; link = &(*link)->next)
		;
	*link = waiter->next;
	if (sock->is_ending_waits)
		lock_ring(&sock->unwaited);
	lock_give(&sock->lock);
}

/* Take waiters of the parent out of a forked child's copy: nobody else will. */
static void drop_foreign(struct lsk_socket *sock)
{
	struct socket_waiter **link = &sock->waiters;
	pid_t process = getpid();

	while (*link)
		if ((*link)->process != process)
			*link = (*link)->next;
		else
			link = &(*link)->next;
}

bool socket_waits_here(struct lsk_socket *sock)
{
	drop_foreign(sock);
	for (struct socket_waiter *waiter = sock->waiters; waiter;
	     waiter = waiter->next)
		if (pthread_equal(waiter->thread, pthread_self()))
			return true;
	return false;
}

void socket_end_waits(struct lsk_socket *sock)
{
	for (struct socket_waiter *waiter = sock->waiters; waiter;
	     waiter = waiter->next)
		engine_wake(waiter->engine);
	sock->is_ending_waits = true;
	while (sock->waiters)
		lock_await(&sock->lock, &sock->unwaited);
	sock->is_ending_waits = false;
}

bool socket_must_wait(const struct lsk_socket *sock, ssize_t result, int flags)
{
	if (flags & (MSG_DONTWAIT | MSG_ERRQUEUE) || socket_timeout(sock) == 0)
		return false;
	/* Some families sleep a little all the same, and a signal wakes them. */
	return result == -EAGAIN || (result == -EINTR && interrupt_ask(NULL) == 0);
}

int64_t socket_deadline(const struct lsk_socket *sock)
{
	int64_t timeout_ns = socket_timeout(sock);
	int64_t now_ns;

	if (timeout_ns < 0)
		return LSK_BLOCK;
	now_ns = engine_now_ns();
	/* Later than time itself is never. */
	return timeout_ns > INT64_MAX - now_ns ? LSK_BLOCK : now_ns + timeout_ns;
}

static int64_t run(struct lsk_socket *sock, struct engine_request *request,
		   int64_t deadline_ns, bool in_blocking_mode)
{
	struct socket_waiter waiter = {
		.sock = sock,
		.thread = pthread_self(),
		.process = getpid(),
	};
	struct engine_wait wait = {
		.deadline_ns = deadline_ns,
		.interrupted = waiter_interrupted,
		.context = &waiter,
	};
	int64_t result;
	int r;

	r = engine_thread(&waiter.engine);
	if (r < 0)
		return r;
	request->fd = waiter_add(&waiter);
	if (request->fd < 0)
		return request->fd;
	/* Until the waiter leaves nobody closes the descriptor. */
	if (in_blocking_mode)
		socket_set_nonblock(request->fd, false);
	result = engine_run(waiter.engine, request, &wait);
	if (in_blocking_mode)
		socket_set_nonblock(request->fd, true);
	waiter_remove(&waiter);
	return result;
}

int64_t socket_run(struct lsk_socket *sock, struct engine_request *request,
		   int64_t deadline_ns)
{
	return run(sock, request, deadline_ns, false);
}

int64_t socket_run_blocking(struct lsk_socket *sock, struct engine_request *request,
			    int64_t deadline_ns)
{
	return run(sock, request, deadline_ns, true);
}

int socket_poll(struct lsk_socket *sock, int events, int64_t deadline_ns)
{
	struct engine_request request = {.opcode = ENGINE_POLL, .flags = events};

	return (int)socket_run(sock, &request, deadline_ns);
}
