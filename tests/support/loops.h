/* SPDX-License-Identifier: MIT */
/* One test body, two tests: it runs on a loop of each back end. */
#ifndef TESTS_LOOPS_H
#define TESTS_LOOPS_H

#include <criterion/criterion.h>
#include <string.h>

#include <linsock/loop.h>

#include "uring/backend_table.h"
#include "uring/loop.h"

static inline struct lsk_loop *loop_for_test(const struct lsk_loop_options *options)
{
	struct lsk_loop *loop = NULL;
	const char *step = "";
	int r;

	if (!options->force_epoll) {
		r = uring_self_test(&step);
		if (r < 0)
			cr_skip_test("no io_uring here: %s says %d", step, r);
	}
	cr_assert_eq(loop_new(&loop, options,
			      options->force_epoll ? &loop_backend_epoll
						   : &loop_backend_uring),
		     0);
	return loop;
}

/* Test_on_each_loop(subject, behaviour) { … the body, with a "loop" … } */
#define Test_on_each_loop(subject, behaviour)                               \
	static void subject##_##behaviour(struct lsk_loop *loop);           \
	Test(subject, behaviour##_on_uring)                                 \
	{                                                                   \
		const struct lsk_loop_options options = {0};                \
		struct lsk_loop *loop = loop_for_test(&options);            \
		subject##_##behaviour(loop);                                \
		lsk_loop_free(loop);                                        \
	}                                                                   \
	Test(subject, behaviour##_on_epoll)                                 \
	{                                                                   \
		const struct lsk_loop_options options = {.force_epoll = 1}; \
		struct lsk_loop *loop = loop_for_test(&options);            \
		subject##_##behaviour(loop);                                \
		lsk_loop_free(loop);                                        \
	}                                                                   \
	static void subject##_##behaviour(struct lsk_loop *loop)

/* What became of an operation, for tests that look at it afterwards. */
struct outcome {
	int ends;   /* terminal events */
	int events; /* all events */
	int result; /* of the last one */
	size_t bytes;
	char data[65536];
	struct lsk_event last;
	bool keeps; /* leases are not returned */
	uint64_t leases[64];
	int leases_count;
};

static inline void outcome_done(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct outcome *outcome = event->context;

	(void)loop;
	outcome->events++;
	outcome->ends += !(event->flags & LSK_EVENT_MORE);
	outcome->result = event->result;
	outcome->last = *event;
	if (!(event->flags & LSK_EVENT_LEASE))
		return;
	if (outcome->bytes + (size_t)event->result <= sizeof(outcome->data))
		memcpy(outcome->data + outcome->bytes, event->data,
		       (size_t)event->result);
	outcome->bytes += (size_t)event->result;
	if (outcome->keeps)
		outcome->leases[outcome->leases_count++ % 64] = event->lease;
	else
		lsk_lease_free(event->pool, event->lease);
}

static inline struct lsk_then then_tell(struct outcome *outcome)
{
	return (struct lsk_then){.done = outcome_done, .context = outcome};
}

/* A TCP socket that listens on 127.0.0.1, and its address. */
static inline struct lsk_socket *loop_listener(int backlog, struct lsk_addr *ret_addr)
{
	struct lsk_socket *listener;
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_parse(&addr, "inet://127.0.0.1:0", NULL), 0);
	cr_assert_eq(lsk_socket_new(&listener, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(listener, &addr), 0);
	cr_assert_eq(lsk_socket_listen(listener, backlog), 0);
	cr_assert_eq(lsk_socket_getsockname(listener, ret_addr), 0);
	return listener;
}

/* Run until *@count reaches @goal; a minute is what a machine at a standstill takes. */
static inline void run_until(struct lsk_loop *loop, const int *count, int goal)
{
	const int64_t end = engine_now_ns() + 60 * LSK_NSEC_PER_SEC;
	struct lsk_event none;

	while (*count < goal && engine_now_ns() < end)
		cr_assert_geq(lsk_loop_next(loop, &none, 1, LSK_NSEC_PER_SEC / 10), 0);
	cr_assert_geq(*count, goal, "%d of %d events came", *count, goal);
}

/* Let the loop do all that it can do without an event from outside. */
static inline void run_idle(struct lsk_loop *loop)
{
	for (int i = 0; i < 5; i++)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
}

#endif
