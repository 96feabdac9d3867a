/* SPDX-License-Identifier: MIT */
/*
 * Names inside the library: jobs that may block run in threads of their own, so that a
 * caller's deadline holds whatever the C library's resolver does.
 */
#ifndef LSK_NAME_H
#define LSK_NAME_H

#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <linsock/error.h>
#include <linsock/name.h>

#include "uring/engine.h"

/* More lookups than this wait for their turn, within their own deadlines. */
#define NAME_WORKERS_MAX 32

/*
 * One call into the C library's name databases. It belongs to its caller and to its
 * worker; whoever leaves last frees it, so that neither ever waits for the other.
 */
struct name_job {
	void (*run)(struct name_job *job);  /* in a worker thread; sets the result */
	void (*free)(struct name_job *job); /* the job and its result */
	struct name_job *next;              /* in the queue */
	atomic_uint references;
	atomic_bool is_done;
	atomic_bool is_canceled;
	unsigned int forks; /* of the process when the job was started */
	int event_fd;       /* readable from the end or the cancelling on */
};

/* Ready @job for name_job_start(). Return: 0, -EMFILE, -ENFILE, -ENOMEM. */
int name_job_init(struct name_job *job, void (*run)(struct name_job *job),
		  void (*free)(struct name_job *job));

/* Queue @job, or give it a new thread. Return: 0, or -ENOMEM: no thread to be had. */
int name_job_start(struct name_job *job);

/* Make @job one that has ended; for a result that is known without a worker. */
void name_job_finish(struct name_job *job);

/*
 * Wait for @job to end. Return: 0: it has, and its result may be read; -ETIME;
 * -ECANCELED; what interrupted() said. A job that ended in the meantime wins.
 */
int name_job_wait(struct name_job *job, const struct engine_wait *wait);

/* Make every name_job_wait() for @job, now and later, answer -ECANCELED. */
void name_job_cancel(struct name_job *job);

/* The caller's last word: a job that has not begun will not. */
void name_job_abandon(struct name_job *job);

/* Start, wait, and on failure abandon: 0 leaves @job the caller's, with its result. */
int name_job_perform(struct name_job *job, const struct engine_wait *wait);

/* How many worker threads there are; never more than NAME_WORKERS_MAX. */
unsigned int name_workers(void);

/* A public call's timeout as a wait that asks the thread's interrupt hook. */
void name_wait_init(struct engine_wait *wait, int64_t timeout_ns);

/* The library's number of what getaddrinfo(3) and getnameinfo(3) return. */
int name_eai_result(int eai);

/* getaddrinfo(3) as it is, its list made ours in the same order. Blocks. */
int name_list_get(const char *host, const char *service, const struct addrinfo *hints,
		  struct lsk_addrinfo **ret_list);

/*
 * getaddrinfo(3) with a wait that always holds. Numbers touch no resolver and no
 * thread, and names do not where @wait's deadline is 0: -EAGAIN. Free the list with
 * lsk_addrinfo_free(). Return: as lsk_getaddrinfo().
 */
int name_resolve(const char *host, const char *service,
		 const struct lsk_addrinfo_hints *hints, const struct engine_wait *wait,
		 struct lsk_addrinfo **ret_list, struct lsk_error *ret_error);

#endif
