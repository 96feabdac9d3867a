/* SPDX-License-Identifier: MIT */
/* See script.h. What a request does: script_request.c. */
#include "tests/support/script.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "tests/support/script_kernel.h"
#include "uring/cached.h"
#include "uring/engine.h"

struct script script;

int __real_close(int fd);

enum {
	SCRIPT_RING_FD = 1 << 20, /* no descriptor is so large */
};

void script_fail(const char *text)
{
	fprintf(stderr, "script: %s\n", text);
	abort();
}

unsigned int script_choose(enum script_point point, unsigned int count,
			   const struct io_uring_sqe *sqe)
{
	unsigned int answer;

	if (!script.decide || count < 2)
		return 0;
	answer = script.decide(script.context, point, count, sqe);
	return answer < count ? answer : 0;
}

void script_begin(script_decide_fn decide, void *context)
{
	memset(&script, 0, sizeof(script));
	script.decide = decide;
	script.context = context;
	script.is_on = true;
	script.now_ns = 1000000000;
}

void script_end(void)
{
	if (script.ring)
		script_fail("the ring is there still");
	script.is_on = false;
}

bool script_is_on(void)
{
	return script.is_on;
}

void script_sleep(int64_t ns)
{
	script.now_ns += ns > 0 ? ns : 0;
}

void script_refuse_rings(int error, unsigned int count)
{
	script.refuse_error = error;
	script.refuse_count = count;
}

/* Instead of uring/clock.c. */
int64_t engine_now_ns(void)
{
	struct timespec now;

	if (script.is_on)
		return script.now_ns += 100;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Instead of uring/cached.c. */
bool file_is_cached(int fd, uint64_t offset, uint64_t len)
{
	(void)fd;
	(void)offset;
	(void)len;
	return script_choose(SCRIPT_CACHED, 2, NULL) == 0;
}

unsigned int script_pending(int fd)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < script.requests_count; i++) {
		const struct script_request *request = &script.requests[i];

		count += request->sqe.fd == fd && !request->is_done &&
			 !request->is_notifying;
	}
	return count;
}

/* The completion queue. */

static bool cq_fill(uint64_t user_data, int result, unsigned int flags)
{
	struct io_uring_cq *cq = &script.ring->cq;

	if (*cq->ktail - *cq->khead == cq->ring_entries)
		return false;
	cq->cqes[*cq->ktail & cq->ring_mask] = (struct io_uring_cqe){
		.user_data = user_data,
		.res = result,
		.flags = flags,
	};
	++*cq->ktail;
	return true;
}

/* Return: false where a completion that says "more" finds no room: then the request
 * has to end instead. All others are kept until there is room. */
bool script_post(uint64_t user_data, int result, unsigned int flags)
{
	if (script.overflow_count == 0 && cq_fill(user_data, result, flags))
		return true;
	if (flags & IORING_CQE_F_MORE && !(flags & IORING_CQE_F_NOTIF) &&
	    !(flags & SCRIPT_F_MUST))
		return false;
	if (script.overflow_count == SCRIPT_OVERFLOW_MAX)
		script_fail("more completions than a program can have asked for");
	script.overflow[script.overflow_count++] = (struct io_uring_cqe){
		.user_data = user_data,
		.res = result,
		.flags = flags & ~SCRIPT_F_MUST,
	};
	*script.ring->sq.kflags |= IORING_SQ_CQ_OVERFLOW;
	return true;
}

static void cq_flush(void)
{
	unsigned int done = 0;

	while (done < script.overflow_count &&
	       cq_fill(script.overflow[done].user_data, script.overflow[done].res,
		       script.overflow[done].flags))
		done++;
	script.overflow_count -= done;
	memmove(script.overflow, script.overflow + done,
		script.overflow_count * sizeof(script.overflow[0]));
	if (script.overflow_count == 0)
		*script.ring->sq.kflags &= ~(unsigned int)IORING_SQ_CQ_OVERFLOW;
}

void script_complete(uint64_t user_data, int result, unsigned int flags)
{
	script_post(user_data, result, flags);
}

/* The table of files. */

int script_add_file(int fd)
{
	for (unsigned int i = 0; i < script.files_count; i++) {
		if (script.files[i] == 0) {
			script.files[i] = fd;
			return (int)i;
		}
	}
	__real_close(fd);
	return -ENFILE;
}

int script_close_file(unsigned int at)
{
	int fd = 0;

	if (at < script.files_count)
		fd = script.files[at];
	if (fd == 0)
		return -EBADF;
	if (script_pending(fd) > 0)
		script_fail("close of a file of the ring with a pending request");
	script.files[at] = 0;
	__real_close(fd);
	return 0;
}

static void script_drop_files(void)
{
	for (unsigned int i = 0; i < script.files_count; i++)
		if (script.files[i] > 0)
			__real_close(script.files[i]);
	memset(script.files, 0, sizeof(script.files));
	script.files_count = 0;
}

/* Submitting. */

static int submit_refusal(void)
{
	switch (script_choose(SCRIPT_SUBMIT, SCRIPT_SUBMIT__COUNT, NULL)) {
	case SCRIPT_TAKES_ONE:
		return 1;
	case SCRIPT_BUSY:
		return -EBUSY;
	case SCRIPT_AGAIN:
		return -EAGAIN;
	case SCRIPT_INTERRUPTED:
		return -EINTR;
	case SCRIPT_NO_MEMORY:
		return -ENOMEM;
	default:
		return 0;
	}
}

static int submit(struct io_uring *ring)
{
	unsigned int left = ring->sq.sqe_tail - *ring->sq.khead;
	int taken = 0;
	int r = left > 0 ? submit_refusal() : 0;

	if (r < 0)
		return r;
	if (r > 0)
		left = 1;
	for (; left > 0; left--, taken++) {
		const struct io_uring_sqe *sqe =
			&ring->sq.sqes[*ring->sq.khead & ring->sq.ring_mask];

		if (script.requests_count == SCRIPT_REQUESTS_MAX)
			return -EBUSY;
		script_take(sqe);
		++*ring->sq.khead;
	}
	/* Whether a request can go on is found out when it is looked at. */
	if (script.requests_count > 0)
		*ring->sq.kflags |= IORING_SQ_TASKRUN;
	return taken;
}

/* Every pending request gets its chance, in the order that the script wants. */
static void run(void)
{
	unsigned int count = script.requests_count;
	unsigned int first;

	cq_flush();
	first = script_choose(SCRIPT_ORDER, count, NULL);
	for (unsigned int i = 0; i < count; i++) {
		struct script_request *request = &script.requests[(first + i) % count];

		if (!request->is_done &&
		    script_choose(SCRIPT_RUN, 2, &request->sqe) == 0)
			script_run(request);
	}
	count = 0;
	for (unsigned int i = 0; i < script.requests_count; i++)
		if (!script.requests[i].is_done)
			script.requests[count++] = script.requests[i];
	script.requests_count = count;
	if (count == 0)
		*script.ring->sq.kflags &= ~(unsigned int)IORING_SQ_TASKRUN;
}

/* The functions of liburing. */

#define REAL(result, name, ...)            \
	result __real_##name(__VA_ARGS__); \
	result __wrap_##name(__VA_ARGS__); \
	result __wrap_##name(__VA_ARGS__)

static unsigned int power_of_two(unsigned int at_least)
{
	unsigned int power = 1;

	while (power < at_least)
		power *= 2;
	return power;
}

REAL(int, io_uring_queue_init_params, unsigned int entries, struct io_uring *ring,
     struct io_uring_params *params)
{
	const unsigned int sq = power_of_two(entries);
	const unsigned int cq = power_of_two(params->cq_entries);

	if (!script.is_on)
		return __real_io_uring_queue_init_params(entries, ring, params);
	if (script.refuse_count > 0) {
		script.refuse_count--;
		return -script.refuse_error;
	}
	if (script.ring)
		script_fail("two rings");
	memset(ring, 0, sizeof(*ring));
	memset(script.words, 0, sizeof(script.words));
	ring->ring_fd = SCRIPT_RING_FD;
	ring->flags = params->flags;
	ring->features = ~0U;
	ring->sq.khead = &script.words[0];
	ring->sq.ktail = &script.words[1];
	ring->sq.kflags = &script.words[2];
	ring->sq.ring_entries = sq;
	ring->sq.ring_mask = sq - 1;
	ring->sq.sqes = calloc(sq, sizeof(struct io_uring_sqe));
	ring->cq.khead = &script.words[3];
	ring->cq.ktail = &script.words[4];
	ring->cq.kflags = &script.words[5];
	ring->cq.ring_entries = cq;
	ring->cq.ring_mask = cq - 1;
	ring->cq.cqes = calloc(cq, sizeof(struct io_uring_cqe));
	script.ring = ring;
	return 0;
}

REAL(void, io_uring_queue_exit, struct io_uring *ring)
{
	if (ring != script.ring) {
		__real_io_uring_queue_exit(ring);
		return;
	}
	for (unsigned int i = 0; i < script.requests_count; i++)
		if (script.requests[i].sqe.opcode != IORING_OP_POLL_ADD &&
		    !script.requests[i].is_done)
			script_fail("the kernel has a request still");
	script.requests_count = 0;
	script.overflow_count = 0;
	script_drop_files();
	free(ring->sq.sqes);
	free(ring->cq.cqes);
	script.ring = NULL;
}

REAL(int, io_uring_submit, struct io_uring *ring)
{
	if (ring != script.ring)
		return __real_io_uring_submit(ring);
	return submit(ring);
}

REAL(int, io_uring_submit_and_get_events, struct io_uring *ring)
{
	int r;

	if (ring != script.ring)
		return __real_io_uring_submit_and_get_events(ring);
	r = submit(ring);
	if (r >= 0)
		run();
	return r;
}

static int wait_for(struct io_uring *ring, int64_t timeout_ns)
{
	int r = submit(ring);

	if (r < 0)
		return r;
	run();
	if (io_uring_cq_ready(ring) > 0)
		return r;
	/* Nothing else will happen: nobody is there but this thread. */
	script_sleep(timeout_ns);
	return timeout_ns < 0 ? -EINTR : -ETIME;
}

REAL(int, io_uring_submit_and_wait, struct io_uring *ring, unsigned int wait_nr)
{
	if (ring != script.ring)
		return __real_io_uring_submit_and_wait(ring, wait_nr);
	return wait_for(ring, -1);
}

REAL(int, io_uring_submit_and_wait_timeout, struct io_uring *ring,
     struct io_uring_cqe **cqe, unsigned int wait_nr, struct __kernel_timespec *time,
     sigset_t *signals)
{
	if (ring != script.ring)
		return __real_io_uring_submit_and_wait_timeout(ring, cqe, wait_nr, time,
							       signals);
	return wait_for(ring, time->tv_sec * INT64_C(1000000000) + time->tv_nsec);
}

/* Every opcode is there. */
REAL(struct io_uring_probe *, io_uring_get_probe_ring, struct io_uring *ring)
{
	struct io_uring_probe *probe;

	if (ring != script.ring)
		return __real_io_uring_get_probe_ring(ring);
	probe = calloc(1, sizeof(*probe) + IORING_OP_LAST * sizeof(probe->ops[0]));
	probe->last_op = IORING_OP_LAST - 1;
	probe->ops_len = IORING_OP_LAST;
	for (unsigned int i = 0; i < IORING_OP_LAST; i++)
		probe->ops[i].flags = IO_URING_OP_SUPPORTED;
	return probe;
}

REAL(int, io_uring_register_buffers_sparse, struct io_uring *ring, unsigned int count)
{
	if (ring != script.ring)
		return __real_io_uring_register_buffers_sparse(ring, count);
	return 0;
}

REAL(int, io_uring_register_buffers_update_tag, struct io_uring *ring,
     unsigned int index, const struct iovec *iov, const __u64 *tags, unsigned int count)
{
	if (ring != script.ring)
		return __real_io_uring_register_buffers_update_tag(ring, index, iov,
								   tags, count);
	if (index + count > SCRIPT_BUFFERS_MAX)
		return -EINVAL;
	memcpy(script.buffers + index, iov, count * sizeof(*iov));
	return (int)count;
}

REAL(int, io_uring_register_files_sparse, struct io_uring *ring, unsigned int count)
{
	if (ring != script.ring)
		return __real_io_uring_register_files_sparse(ring, count);
	if (script.files_count > 0)
		return -EBUSY;
	script.files_count = count < SCRIPT_FILES_MAX ? count : SCRIPT_FILES_MAX;
	return 0;
}

REAL(int, io_uring_unregister_files, struct io_uring *ring)
{
	if (ring != script.ring)
		return __real_io_uring_unregister_files(ring);
	script_drop_files();
	return 0;
}

REAL(int, io_uring_register_files_update, struct io_uring *ring, unsigned int at,
     const int *fds, unsigned int count)
{
	if (ring != script.ring)
		return __real_io_uring_register_files_update(ring, at, fds, count);
	script_close_file(at);
	return (int)count;
}

REAL(int, io_uring_register_ring_fd, struct io_uring *ring)
{
	return ring == script.ring ? 1 : __real_io_uring_register_ring_fd(ring);
}

REAL(int, io_uring_register_buf_ring, struct io_uring *ring,
     struct io_uring_buf_reg *reg, unsigned int flags)
{
	struct script_group *group;

	if (ring != script.ring)
		return __real_io_uring_register_buf_ring(ring, reg, flags);
	if (reg->bgid >= SCRIPT_GROUPS_MAX)
		return -EINVAL;
	group = &script.groups[reg->bgid];
	if (group->ring)
		return -EEXIST;
	*group = (struct script_group){
		.ring = (struct io_uring_buf_ring *)(uintptr_t)reg->ring_addr,
		.entries = reg->ring_entries,
		.is_incremental = reg->flags & IOU_PBUF_RING_INC,
	};
	return 0;
}

REAL(int, io_uring_unregister_buf_ring, struct io_uring *ring, int bgid)
{
	if (ring != script.ring)
		return __real_io_uring_unregister_buf_ring(ring, bgid);
	script.groups[bgid].ring = NULL;
	return 0;
}

/* The epoll back end and its waits, by the script's clock. */

REAL(int, epoll_wait, int epfd, struct epoll_event *events, int maxevents, int timeout)
{
	int r;

	if (!script.is_on)
		return __real_epoll_wait(epfd, events, maxevents, timeout);
	r = __real_epoll_wait(epfd, events, maxevents, 0);
	if (r == 0 && timeout > 0)
		script_sleep(timeout * INT64_C(1000000));
	return r;
}

REAL(int, poll, struct pollfd *fds, nfds_t count, int timeout)
{
	if (!script.is_on || count > 0)
		return __real_poll(fds, count, timeout);
	script_sleep(timeout * INT64_C(1000000));
	return 0;
}

/* A number that the kernel is asked to give back while a request refers to it is the
 * worst that a program can do. */
REAL(int, close, int fd)
{
	if (script.is_on && script.ring && script_pending(fd) > 0)
		script_fail("close(2) of a descriptor with a pending request");
	return __real_close(fd);
}
