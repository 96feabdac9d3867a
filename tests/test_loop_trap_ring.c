/* SPDX-License-Identifier: MIT */
/* Traps of the ring's two queues: what is submitted when, what comes back and how. */
#include <criterion/criterion.h>
#include <errno.h>
#include <liburing.h>
#include <poll.h>

#include <linsock.h>

#include "src/socket.h"
#include "tests/support/paper.h"
#include "uring/uring_loop.h"

/* Each with a receive of one byte, and the byte. */
struct crowd {
	enum { CROWD = 100 } count;
	struct lsk_socket *pairs[CROWD][2];
	struct outcome outcomes[CROWD];
	char bytes[CROWD];
	struct lsk_then then[CROWD];
};

static int crowd_ends(const struct crowd *crowd)
{
	int ends = 0;

	for (int i = 0; i < CROWD; i++)
		ends += crowd->outcomes[i].ends;
	return ends;
}

static struct crowd *crowd_new(struct lsk_loop *loop)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	cr_assert(crowd);
	for (int i = 0; i < CROWD; i++) {
		crowd->then[i] = then_tell(&crowd->outcomes[i]);
		pair_new(crowd->pairs[i]);
		cr_assert_eq(lsk_loop_recv(loop, crowd->pairs[i][0], &crowd->bytes[i],
					   1, 0, &crowd->then[i]),
			     0);
	}
	run_idle(loop);
	for (int i = 0; i < CROWD; i++) {
		const char byte = (char)i;

		cr_assert_eq(lsk_socket_send(crowd->pairs[i][1], &byte, 1, 0), 1);
	}
	return crowd;
}

static void crowd_free(struct crowd *crowd)
{
	for (int i = 0; i < CROWD; i++) {
		cr_assert_eq(crowd->outcomes[i].events, 1);
		cr_assert_eq(crowd->outcomes[i].result, 1);
		cr_assert_eq(crowd->bytes[i], i);
		pair_free(crowd->pairs[i]);
	}
	free(crowd);
}

Test(trap, completions_come_in_any_order)
{
	for (unsigned int first = 0; first < CROWD; first += 11) {
		struct lsk_loop *loop = scripted_loop(NULL);
		struct crowd *crowd = crowd_new(loop);

		plan_answer(SCRIPT_ORDER, first, 1);
		plan_answer(SCRIPT_RUN, 1, first);
		while (crowd_ends(crowd) < CROWD)
			cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
		crowd_free(crowd);
		scripted_end(loop);
	}
}

Test(trap, completions_that_overflow_a_scripted_queue_all_come)
{
	const struct lsk_loop_options options = {.entries = 4, .completions = 8};
	struct lsk_loop *loop = scripted_loop(&options);
	struct crowd *crowd = crowd_new(loop);
	struct lsk_loop_stats stats;

	while (crowd_ends(crowd) < CROWD)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	cr_assert_eq(lsk_loop_stats(loop, &stats), 0);
	cr_assert_gt(stats.overflows, 0);
	crowd_free(crowd);
	scripted_end(loop);
}

/* A kernel may end a wait with few of those that are ready, and no descriptor may say
 * so: whoever hosts the loop is told to come again, or woken. */
Test(trap, a_wait_that_brings_a_small_batch_is_not_the_last)
{
	struct lsk_loop *loop = scripted_loop(NULL);
	struct crowd *crowd = crowd_new(loop);
	const struct lsk_loop_options options = {0};
	struct pollfd watched = {.events = POLLIN};

	for (int i = 0; crowd_ends(crowd) < CROWD; i++) {
		cr_assert_lt(i, 100);
		plan_answer(SCRIPT_RUN, 1,
			    (unsigned int)(CROWD - crowd_ends(crowd)) * 4 / 5);
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	}
	crowd_free(crowd);
	scripted_end(loop);

	/* The same of a real one, as a host has it. */
	loop = loop_for_test(&options);
	watched.fd = lsk_loop_fd(loop);
	cr_assert_geq(watched.fd, 0);
	crowd = crowd_new(loop);
	while (crowd_ends(crowd) < CROWD) {
		if (lsk_loop_timeout(loop) != 0)
			cr_assert_eq(poll(&watched, 1, 60000), 1, "%d of %d came",
				     crowd_ends(crowd), CROWD);
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	}
	crowd_free(crowd);
	lsk_loop_free(loop);
}

/* A talker to itself: each byte that it receives it sends again. */
struct talker {
	struct lsk_socket *pair[2];
	char byte;
	int turns;
	struct lsk_then then;
};

static void talk(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct talker *talker = event->context;

	if (event->result < 0)
		return;
	talker->turns++;
	lsk_socket_send(talker->pair[1], "x", 1, 0);
	lsk_loop_recv(loop, talker->pair[0], &talker->byte, 1, 0, &talker->then);
}

static void talker_start(struct lsk_loop *loop, struct talker *talker)
{
	talker->then = (struct lsk_then){.done = talk, .context = talker};
	pair_new(talker->pair);
	lsk_socket_send(talker->pair[1], "x", 1, 0);
	cr_assert_eq(lsk_loop_recv(loop, talker->pair[0], &talker->byte, 1, 0,
				   &talker->then),
		     0);
}

/* The kernel keeps what found no room, and those it keeps are to come before others
 * take the room again. */
Test(trap, an_overflow_is_emptied_though_each_pass_fills_the_queue_again)
{
	const struct lsk_loop_options options = {.entries = 4, .completions = 8};
	struct lsk_loop *loop = loop_for_test(&options);
	struct uring_loop *uring = loop->state;
	static struct talker talkers[64];
	struct lsk_loop_stats stats;

	uring->is_full_grown = true;
	for (int i = 0; i < 64; i++)
		talker_start(loop, &talkers[i]);
	for (int turns = 0; turns < 64 * 100;) {
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
		turns = 0;
		for (int i = 0; i < 64; i++)
			turns += talkers[i].turns;
	}
	cr_assert_eq(lsk_loop_stats(loop, &stats), 0);
	cr_assert_gt(stats.overflows, 0);
	lsk_loop_free(loop);
	for (int i = 0; i < 64; i++) {
		cr_assert_gt(talkers[i].turns, 10, "one was forgotten");
		pair_free(talkers[i].pair);
	}
}

/* Requests do not wait until the loop has nothing else to do. */
Test(trap, what_is_started_is_submitted_though_completions_keep_coming)
{
	const struct lsk_loop_options options = {.pass_max = 2};
	struct lsk_loop *loop = scripted_loop(&options);
	static struct talker talkers[20];
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	char byte;

	for (int i = 0; i < 20; i++)
		talker_start(loop, &talkers[i]);
	run_idle(loop);
	pair_new(pair);
	lsk_socket_send(pair[1], "x", 1, 0);
	cr_assert_eq(lsk_loop_recv(loop, pair[0], &byte, 1, 0, &then), 0);
	for (int i = 0; i < 30 && outcome.ends == 0; i++)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	cr_assert_eq(outcome.ends, 1);
	cr_assert_gt(talkers[0].turns, 1, "and they did keep coming");
	/* What is under way ends with the loop, and may talk once more. */
	scripted_end(loop);
	pair_free(pair);
	for (int i = 0; i < 20; i++)
		pair_free(talkers[i].pair);
}

/* The other end of each is what the next sends to. */
struct nest {
	struct lsk_socket *pair[2];
	char byte;
	int depth;
	int events;
};

static void nest_in(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct nest *nest = event->context;
	const struct lsk_then then = {.done = nest_in, .context = nest};

	cr_assert_eq(nest->depth++, 0, "a callback inside a callback");
	if (event->result >= 0 && nest->events++ < 1000) {
		lsk_loop_send(loop, nest->pair[1], "x", 1, 0, &then);
		if (event->data)
			lsk_loop_recv(loop, nest->pair[0], &nest->byte, 1, 0, &then);
		lsk_loop_run(loop, LSK_RUN_NOWAIT);
	}
	nest->depth--;
}

Test_on_each_loop(trap_recursion, is_not_what_callbacks_see)
{
	static struct nest nest;
	const struct lsk_then then = {.done = nest_in, .context = &nest};

	memset(&nest, 0, sizeof(nest));
	pair_new(nest.pair);
	cr_assert_eq(lsk_loop_recv(loop, nest.pair[0], &nest.byte, 1, 0, &then), 0);
	cr_assert_eq(lsk_loop_send(loop, nest.pair[1], "x", 1, 0, &then), 0);
	run_until(loop, &nest.events, 1000);
	cr_assert_eq(lsk_loop_cancel_all(loop), 0);
	cr_assert_eq(lsk_loop_run(loop, LSK_RUN_FOREVER), 0);
	pair_free(nest.pair);
}

/* IOSQE_ASYNC costs a worker of the kernel for each request, and a thread that polls
 * the queue keeps the rights that its program has given up. */
Test(trap, no_worker_and_no_thread_of_the_kernel_is_asked_for)
{
	const struct lsk_loop_options none = {0};
	struct lsk_loop *loop = scripted_loop(NULL);
	struct crowd *crowd = crowd_new(loop);
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;

	pair_new(pair);
	cr_assert_eq(lsk_pool_new(loop, &pool, NULL), 0);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	for (int i = 0; i < CROWD; i++)
		cr_assert_eq(lsk_loop_send(loop, crowd->pairs[i][0], "x", 1, 0, NULL),
			     0);
	while (crowd_ends(crowd) < CROWD)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	cr_assert(was_asked_for(IORING_OP_SEND));
	cr_assert(was_asked_for(IORING_OP_RECV));
	cr_assert_not(asked.flags & IOSQE_ASYNC);
	pair_free(pair);
	crowd_free(crowd);
	scripted_end(loop);
	free(outcome);
	loop = loop_for_test(&none);
	cr_assert_not(((struct uring_loop *)loop->state)->ring.flags &
		      (IORING_SETUP_SQPOLL | IORING_SETUP_IOPOLL));
	lsk_loop_free(loop);
}

/* Else a multishot on an empty pool ends at once, with no data to be had. */
Test(trap, a_receive_from_a_pool_waits_for_data_before_it_takes_a_buffer)
{
	const struct lsk_pool_options options = {.count = 2, .flags = LSK_POOL_WHOLE};
	struct lsk_loop *loop = scripted_loop(NULL);
	static struct outcome outcomes[8];
	struct lsk_socket *pairs[8][2];
	struct lsk_loop_stats stats;
	struct lsk_pool *pool;

	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	for (int i = 0; i < 8; i++) {
		struct lsk_then then = then_tell(&outcomes[i]);

		outcomes[i].keeps = i == 0;
		pair_new(pairs[i]);
		cr_assert_eq(lsk_loop_recv_stream(loop, pairs[i][0], pool, &then), 0);
	}
	/* One has all there is; the others have nothing to receive. */
	for (int i = 0; i < 2; i++) {
		lsk_socket_send(pairs[0][1], "x", 1, 0);
		run_until(loop, &outcomes[0].events, i + 1);
	}
	run_idle(loop);
	cr_assert_eq(pool->available, 0);
	cr_assert_eq(lsk_loop_stats(loop, &stats), 0);
	cr_assert_leq(stats.starved, 1, "only who has data is told of the want");
	cr_assert_eq(asked.eager, 0);
	scripted_end(loop);
	for (int i = 0; i < 8; i++)
		pair_free(pairs[i]);
}

Test(trap, a_submission_that_is_refused_is_made_again)
{
	for (unsigned int how = SCRIPT_BUSY; how < SCRIPT_SUBMIT__COUNT; how++) {
		struct lsk_loop *loop = scripted_loop(NULL);
		struct outcome outcome = {0};
		struct lsk_then then = then_tell(&outcome);
		struct lsk_socket *pair[2];
		char buf[16];

		pair_new(pair);
		lsk_socket_send(pair[1], "x", 1, 0);
		plan_answer(SCRIPT_SUBMIT, how, 3);
		cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then),
			     0);
		run_until(loop, &outcome.ends, 1);
		cr_assert_eq(outcome.result, 1, "after refusal %u", how);
		pair_free(pair);
		scripted_end(loop);
	}
}

Test(trap, a_pass_is_bounded_however_much_has_come)
{
	const struct lsk_loop_options options = {.pass_max = 2};
	struct lsk_loop *loop = scripted_loop(&options);
	struct lsk_socket *pairs[20][2];
	static char bufs[20];
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);

	for (int i = 0; i < 20; i++) {
		pair_new(pairs[i]);
		lsk_socket_send(pairs[i][1], "x", 1, 0);
		cr_assert_eq(lsk_loop_recv(loop, pairs[i][0], &bufs[i], 1, 0, &then),
			     0);
	}
	cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	cr_assert_leq(outcome.ends, 2);
	run_until(loop, &outcome.ends, 20);
	for (int i = 0; i < 20; i++)
		pair_free(pairs[i]);
	scripted_end(loop);
}

/* Not submitted yet, a request would be lost while the rings are made larger. */
Test(trap, completions_that_overflow_make_the_ring_grow_and_lose_nothing)
{
	const struct lsk_loop_options options = {.entries = 4, .completions = 8};
	struct lsk_loop *loop = loop_for_test(&options);
	enum { COUNT = 200 };
	static char bufs[COUNT];
	struct lsk_socket *pairs[COUNT][2];
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_loop_stats stats;

	for (int i = 0; i < COUNT; i++) {
		pair_new(pairs[i]);
		cr_assert_eq(lsk_loop_recv(loop, pairs[i][0], &bufs[i], 1, 0, &then),
			     0);
	}
	run_idle(loop);
	for (int i = 0; i < COUNT; i++)
		lsk_socket_send(pairs[i][1], "x", 1, 0);
	run_until(loop, &outcome.ends, COUNT);
	cr_assert_eq(outcome.result, 1);
	cr_assert_eq(lsk_loop_stats(loop, &stats), 0);
	cr_assert_gt(stats.overflows, 0);
	cr_log_info("overflows %d, grown %d", (int)stats.overflows, (int)stats.grown);
	for (int i = 0; i < COUNT; i++)
		pair_free(pairs[i]);
	lsk_loop_free(loop);
}
