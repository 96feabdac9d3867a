/* SPDX-License-Identifier: MIT */
/*
 * The threads that call the C library's resolver. A thread is started for a lookup and
 * ends when no other waits, so there is never an idle one. The pool below is the
 * process' own and therefore one of the few things here that is not an object.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <time.h>

#include <linsock/socket.h>

#include "src/interrupt.h"
#include "src/name.h"
#include "uring/util.h"

static struct {
	pthread_mutex_t mutex;
	struct name_job *first;
	unsigned int running;
	atomic_uint forks;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void pool_before_fork(void)
{
	pthread_mutex_lock(&pool.mutex);
}

static void pool_in_parent(void)
{
	pthread_mutex_unlock(&pool.mutex);
}

/* The threads stayed with the parent, and so did whoever waits for what is queued. */
static void pool_in_child(void)
{
	pool.first = NULL;
	pool.running = 0;
	atomic_fetch_add(&pool.forks, 1);
	pthread_mutex_unlock(&pool.mutex);
}

static void pool_watch_forks(void)
{
	pthread_atfork(pool_before_fork, pool_in_parent, pool_in_child);
}

static void job_unref(struct name_job *job)
{
	if (atomic_fetch_sub(&job->references, 1) != 1)
		return;
	closep(&job->event_fd);
	job->free(job);
}

static void job_wake(struct name_job *job)
{
	uint64_t one = 1;
	ssize_t count;

	/* A counter that is full is readable as well. */
	count = write(job->event_fd, &one, sizeof(one));
	(void)count;
}

/* The pool's queue is short: its jobs leave it at their own deadlines. */
static void queue_append(struct name_job *job)
{
	struct name_job **last = &pool.first;

	while (*last)
		last = &(*last)->next;
	job->next = NULL;
	*last = job;
}

static bool queue_remove(struct name_job *job)
{
	for (struct name_job **at = &pool.first; *at; at = &(*at)->next)
		if (*at == job) {
			*at = job->next;
			return true;
		}
	return false;
}

static struct name_job *queue_next(void)
{
	struct name_job *job;

	pthread_mutex_lock(&pool.mutex);
	job = pool.first;
	if (job)
		pool.first = job->next;
	else
		pool.running--;
	pthread_mutex_unlock(&pool.mutex);
	return job;
}

void name_job_finish(struct name_job *job)
{
	atomic_store(&job->is_done, true);
	job_wake(job);
}

static void *worker_main(void *argument)
{
	struct name_job *job = argument;

	for (; job; job = queue_next()) {
		job->run(job);
		name_job_finish(job);
		job_unref(job);
	}
	return NULL;
}

/* Signals are the program's own: none is delivered to a worker. */
static int worker_start(struct name_job *job)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	pthread_t thread;
	int r;

	r = pthread_attr_init(&attributes);
	if (r != 0)
		return -r;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, &attributes, worker_main, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -r;
}

int name_job_init(struct name_job *job, void (*run)(struct name_job *job),
		  void (*free)(struct name_job *job))
{
	int fd;

	fd = syscall_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (fd < 0)
		return fd;
	*job = (struct name_job){.run = run, .free = free, .event_fd = fd};
	atomic_init(&job->references, 1);
	return 0;
}

int name_job_start(struct name_job *job)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int r = -EAGAIN;

	pthread_once(&once, pool_watch_forks);
	atomic_fetch_add(&job->references, 1);
	pthread_mutex_lock(&pool.mutex);
	job->forks = atomic_load(&pool.forks);
	if (pool.running < NAME_WORKERS_MAX)
		r = worker_start(job);
	if (r == 0) {
		pool.running++;
	} else if (pool.running > 0) {
		/* Some worker will come to it. */
		queue_append(job);
		r = 0;
	}
	pthread_mutex_unlock(&pool.mutex);
	if (r < 0) {
		atomic_fetch_sub(&job->references, 1);
		return -ENOMEM;
	}
	return 0;
}

/* Why @job need not be waited for any more, or -EINPROGRESS. */
static int job_state(struct name_job *job)
{
	if (atomic_load(&job->is_done))
		return 0;
	if (atomic_load(&job->is_canceled))
		return -ECANCELED;
	if (job->forks != atomic_load(&pool.forks))
		return -ECANCELED;
	return -EINPROGRESS;
}

/* Sleep until @event_fd is readable, @deadline_ns has come, or a signal was handled. */
static int event_wait(int event_fd, int64_t deadline_ns)
{
	struct pollfd event = {.fd = event_fd, .events = POLLIN};
	struct timespec left, *timeout = NULL;
	int64_t left_ns;

	if (deadline_ns == 0)
		return -EAGAIN;
	if (deadline_ns > 0) {
		left_ns = deadline_ns - engine_now_ns();
		if (left_ns <= 0)
			return -ETIME;
		left.tv_sec = left_ns / LSK_NSEC_PER_SEC;
		left.tv_nsec = left_ns % LSK_NSEC_PER_SEC;
		timeout = &left;
	}
	return syscall_result(ppoll(&event, 1, timeout, NULL));
}

int name_job_wait(struct name_job *job, const struct engine_wait *wait)
{
	int state, r;

	for (;;) {
		state = job_state(job);
		if (state != -EINPROGRESS)
			return state;
		r = event_wait(job->event_fd, wait->deadline_ns);
		if (r == -EINTR)
			r = wait->interrupted ? wait->interrupted(wait->context) : 0;
		if (r >= 0)
			continue;
		/* The result may have come since; it is worth more than the error. */
		state = job_state(job);
		return state == -EINPROGRESS ? r : state;
	}
}

void name_job_cancel(struct name_job *job)
{
	atomic_store(&job->is_canceled, true);
	job_wake(job);
}

void name_job_abandon(struct name_job *job)
{
	bool was_queued;

	pthread_mutex_lock(&pool.mutex);
	was_queued = queue_remove(job);
	pthread_mutex_unlock(&pool.mutex);
	if (was_queued)
		job_unref(job);
	job_unref(job);
}

int name_job_perform(struct name_job *job, const struct engine_wait *wait)
{
	int r;

	if (wait->deadline_ns == 0)
		r = -EAGAIN;
	else
		r = name_job_start(job);
	if (r == 0)
		r = name_job_wait(job, wait);
	if (r < 0)
		name_job_abandon(job);
	return r;
}

unsigned int name_workers(void)
{
	unsigned int running;

	pthread_mutex_lock(&pool.mutex);
	running = pool.running;
	pthread_mutex_unlock(&pool.mutex);
	return running;
}

void name_wait_init(struct engine_wait *wait, int64_t timeout_ns)
{
	int64_t now_ns;

	*wait = (struct engine_wait){
		.deadline_ns = timeout_ns,
		.interrupted = interrupt_ask,
	};
	if (timeout_ns <= 0)
		return;
	now_ns = engine_now_ns();
	wait->deadline_ns =
		timeout_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + timeout_ns;
}
