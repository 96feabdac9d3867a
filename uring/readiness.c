/* SPDX-License-Identifier: MIT */
/*
 * Readiness for a thread that waits: poll(2), then the system call, again while that
 * would block. The same semantics as the ring, without one.
 */
#include <poll.h>
#include <time.h>

#include <linsock/socket.h>

#include "uring/backend_table.h"
#include "uring/util.h"

static int readiness_init(struct engine *engine)
{
	engine->state = NULL;
	return 0;
}

static void readiness_done(struct engine *engine)
{
	(void)engine;
}

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){
		.tv_sec = ns / LSK_NSEC_PER_SEC,
		.tv_nsec = ns % LSK_NSEC_PER_SEC,
	};
}

static int readiness_wait_events(struct engine *engine, int fd, short events,
				 int64_t limit_ns, const struct engine_wait *wait)
{
	int64_t until = engine_now_ns() + limit_ns;

	for (;;) {
		struct pollfd watched[] = {
			{.fd = engine->wake_fd, .events = POLLIN},
			{.fd = fd, .events = events},
		};
		int64_t rest = engine_remaining_ns(until, limit_ns);
		int64_t left = engine_remaining_ns(wait->deadline_ns, rest);
		struct timespec time = timespec_of(left);
		int r;

		r = syscall_result(ppoll(watched, ARRAY_SIZE(watched), &time, NULL));
		if (r > 0 && watched[1].revents)
			return watched[1].revents;
		if (r < 0 && r != -EINTR)
			return r;
		if (r == 0) {
			if (engine_remaining_ns(wait->deadline_ns, 1) == 0)
				return -ETIME;
			if (engine_remaining_ns(until, 1) == 0)
				return 0;
			continue;
		}
		if (r > 0)
			engine_wake_drain(engine);
		if (!wait->interrupted)
			continue;
		r = wait->interrupted(wait->context);
		if (r < 0)
			return r;
	}
}

static int64_t run_poll(struct engine *engine, const struct engine_request *request,
			const struct engine_wait *wait)
{
	int events;

	do {
		events = readiness_wait_events(engine, request->fd,
					       (short)request->flags, ENGINE_FOREVER_NS,
					       wait);
	} while (events == 0);
	if (events > 0 && events & POLLNVAL)
		return -EBADF;
	return events;
}

static int64_t readiness_run(struct engine *engine,
			     const struct engine_request *request,
			     const struct engine_wait *wait)
{
	switch (request->opcode) {
	case ENGINE_CONNECT:
		return engine_run_connect(engine, request, wait);
	case ENGINE_POLL:
		return run_poll(engine, request, wait);
	case ENGINE_ACCEPT:
	case ENGINE_RECV:
	case ENGINE_SEND:
	case ENGINE_RECVMSG:
	case ENGINE_SENDMSG:
	case ENGINE_WRITE:
		return engine_run_ready(engine, request, wait);
	case ENGINE_OPCODE__COUNT:
		break;
	}
	return -EINVAL;
}

const struct engine_backend engine_backend_readiness = {
	.name = "epoll",
	.id = LSK_BACKEND_EPOLL,
	.init = readiness_init,
	.done = readiness_done,
	.run = readiness_run,
	.wait_events = readiness_wait_events,
};
