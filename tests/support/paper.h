/* SPDX-License-Identifier: MIT */
/* Loops on the scripted kernel (script.h) that answers by a plan. */
#ifndef TESTS_PAPER_H
#define TESTS_PAPER_H

#include <liburing.h>

#include "tests/support/loops.h"
#include "tests/support/script.h"

/* What the kernel answers, how often; then it is good-natured again. */
static struct {
	unsigned int answer;
	unsigned int times;
} plan[SCRIPT_POINT__COUNT];

/* What it was asked for since scripted_loop(). */
static struct {
	uint64_t opcodes; /* bits */
	unsigned int flags;
	unsigned int eager;  /* receives into a pool that do not wait for data first */
	uint32_t len_of[64]; /* by opcode, of the last one */
} asked;

static inline bool was_asked_for(unsigned int opcode)
{
	return asked.opcodes & UINT64_C(1) << opcode;
}

static inline unsigned int decide(void *context, enum script_point point,
				  unsigned int count, const struct io_uring_sqe *sqe)
{
	(void)context;
	(void)count;
	if (point == SCRIPT_RUN) {
		asked.opcodes |= UINT64_C(1) << sqe->opcode;
		asked.flags |= sqe->flags;
		asked.len_of[sqe->opcode] = sqe->len;
		asked.eager += sqe->flags & IOSQE_BUFFER_SELECT &&
			       !(sqe->ioprio & IORING_RECVSEND_POLL_FIRST);
	}
	if (plan[point].times == 0)
		return 0;
	plan[point].times--;
	return plan[point].answer;
}

static inline void plan_answer(enum script_point point, unsigned int answer,
			       unsigned int times)
{
	plan[point].answer = answer;
	plan[point].times = times;
}

static inline struct lsk_loop *scripted_loop(const struct lsk_loop_options *options)
{
	struct lsk_loop *loop = NULL;

	memset(plan, 0, sizeof(plan));
	script_begin(decide, NULL);
	cr_assert_eq(loop_new(&loop, options, &loop_backend_uring), 0);
	/* Without what the first loop tries out. */
	memset(&asked, 0, sizeof(asked));
	return loop;
}

static inline void scripted_end(struct lsk_loop *loop)
{
	lsk_loop_free(loop);
	script_end();
}

static inline void pair_new(struct lsk_socket *pair[2])
{
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0), 0);
	lsk_socket_set_timeout(pair[1], 0);
}

static inline void pair_free(struct lsk_socket *pair[2])
{
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

#endif
