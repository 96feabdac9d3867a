/* SPDX-License-Identifier: MIT */
/* Many streams and few buffers: who waits, who has a turn, and how long it is. */
#include <criterion/criterion.h>
#include <errno.h>

#include <linsock.h>

#include "tests/support/loops.h"
#include "tests/support/script.h"

enum { TALKERS = 16, DEPTH = 8, SIZE = 64, BUFFERS = 4 };

static struct lsk_pool *pool_new(struct lsk_loop *loop)
{
	const struct lsk_pool_options options = {
		.buffer_size = SIZE,
		.count = BUFFERS,
		.flags = LSK_POOL_WHOLE,
	};
	struct lsk_pool *pool = NULL;

	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	return pool;
}

static void pair_new(struct lsk_socket *pair[2])
{
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0), 0);
	lsk_socket_set_timeout(pair[1], 0);
}

static void pair_free(struct lsk_socket *pair[2])
{
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

static void return_leases(struct lsk_pool *pool, struct outcome *outcome)
{
	while (outcome->leases_count > 0)
		lsk_lease_free(pool, outcome->leases[--outcome->leases_count]);
}

/* One pass, after which every lease comes back. Return: bytes received so far. */
static size_t pass(struct lsk_loop *loop, struct lsk_pool *pool,
		   struct outcome *outcomes)
{
	size_t total = 0;

	cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	for (int i = 0; i < TALKERS; i++) {
		return_leases(pool, &outcomes[i]);
		total += outcomes[i].bytes;
	}
	return total;
}

static struct outcome *talk(struct lsk_loop *loop, struct lsk_pool *pool,
			    struct lsk_socket *pairs[TALKERS][2])
{
	static const char data[SIZE * DEPTH];
	struct outcome *outcomes = calloc(TALKERS, sizeof(*outcomes));

	for (int i = 0; i < TALKERS; i++) {
		struct lsk_then then = then_tell(&outcomes[i]);

		pair_new(pairs[i]);
		outcomes[i].keeps = true;
		cr_assert_eq(lsk_loop_recv_stream(loop, pairs[i][0], pool, &then), 0);
		cr_assert_eq(lsk_socket_send(pairs[i][1], data, sizeof(data), 0),
			     sizeof(data));
	}
	return outcomes;
}

/* The first to come may have the whole pool once; then it is one buffer for each in
 * turn, so that with half of all received nobody has less than half of its own, but
 * for what the first had before and the round that is not over. */
static void check_fair(struct lsk_loop *loop)
{
	const int64_t end = engine_now_ns() + 60 * LSK_NSEC_PER_SEC;
	struct lsk_pool *pool = pool_new(loop);
	struct lsk_socket *pairs[TALKERS][2];
	struct outcome *outcomes = talk(loop, pool, pairs);
	const size_t all = (size_t)SIZE * DEPTH * TALKERS;
	size_t total = 0;

	while (total < all / 2 && engine_now_ns() < end)
		total = pass(loop, pool, outcomes);
	cr_assert_geq(total, all / 2);
	for (int i = 0; i < TALKERS; i++)
		cr_assert_geq(outcomes[i].bytes, (size_t)SIZE * (DEPTH / 2 - 1),
			      "talker %d has %zu bytes", i, outcomes[i].bytes);
	while (total < all && engine_now_ns() < end)
		total = pass(loop, pool, outcomes);
	cr_assert_eq(total, all);
	cr_assert_eq(pool->available, pool->count);
	for (int i = 0; i < TALKERS; i++) {
		cr_assert_eq(outcomes[i].ends, 0);
		cr_assert_eq(lsk_loop_close(loop, pairs[i][0], NULL), 0);
	}
	cr_assert_eq(lsk_loop_run(loop, LSK_RUN_FOREVER), 0);
	for (int i = 0; i < TALKERS; i++)
		pair_free(pairs[i]);
	free(outcomes);
}

Test_on_each_loop(few_buffers, go_round_among_all_talkers)
{
	check_fair(loop);
}

Test(few_buffers, go_round_among_all_talkers_on_a_scripted_kernel)
{
	struct lsk_loop *loop = NULL;

	script_begin(NULL, NULL);
	cr_assert_eq(loop_new(&loop, NULL, &loop_backend_uring), 0);
	check_fair(loop);
	lsk_loop_free(loop);
	script_end();
}

/* Let one stream have all buffers. Those that start now stand in line at once. */
static struct outcome *take_all(struct lsk_loop *loop, struct lsk_pool *pool,
				struct lsk_socket *pair[2])
{
	static const char data[SIZE * BUFFERS];
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);

	pair_new(pair);
	outcome->keeps = true;
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	cr_assert_eq(lsk_socket_send(pair[1], data, sizeof(data), 0), sizeof(data));
	run_until(loop, &outcome->events, BUFFERS);
	cr_assert_eq(pool->available, 0);
	return outcome;
}

/* Each is armed, has nothing to receive and keeps its turn; the buffer that came back
 * is there for whom it was meant, without a sleep on the way. */
static void check_idle(struct lsk_loop *loop)
{
	struct lsk_pool *pool = pool_new(loop);
	struct lsk_socket *first[2];
	struct lsk_socket *pairs[TALKERS][2];
	struct outcome *holder = take_all(loop, pool, first);
	struct outcome *idle = calloc(1, sizeof(*idle));
	struct outcome *last = calloc(1, sizeof(*last));

	for (int i = 0; i < TALKERS; i++) {
		struct lsk_then then = then_tell(i < TALKERS - 1 ? idle : last);

		pair_new(pairs[i]);
		cr_assert_eq(lsk_loop_recv_stream(loop, pairs[i][0], pool, &then), 0);
	}
	cr_assert_eq(lsk_socket_send(pairs[TALKERS - 1][1], "x", 1, 0), 1);
	run_idle(loop);
	cr_assert_eq(last->events, 0, "there is no buffer");
	lsk_lease_free(pool, holder->leases[--holder->leases_count]);
	for (int i = 0; i <= TALKERS && pool->starved_head != OP_NONE; i++) {
		cr_assert_eq(lsk_loop_timeout(loop), 0, "some stand in line still");
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	}
	cr_assert_eq(pool->starved_head, OP_NONE);
	run_until(loop, &last->events, 1);
	cr_assert_eq(last->result, 1);
	/* Those that were passed by are served when they have something. */
	for (int i = 0; i < TALKERS - 1; i++) {
		cr_assert_eq(lsk_socket_send(pairs[i][1], "y", 1, 0), 1);
		run_until(loop, &idle->events, i + 1);
	}
	cr_assert_eq(idle->ends, 0);
	return_leases(pool, holder);
	cr_assert_eq(pool->available, pool->count);
	lsk_loop_cancel_all(loop);
	cr_assert_eq(lsk_loop_run(loop, LSK_RUN_FOREVER), 0);
	for (int i = 0; i < TALKERS; i++)
		pair_free(pairs[i]);
	pair_free(first);
	free(holder);
	free(idle);
	free(last);
}

Test_on_each_loop(few_buffers, are_not_held_up_by_idle_streams)
{
	check_idle(loop);
}

Test(few_buffers, are_not_held_up_by_idle_streams_on_a_scripted_kernel)
{
	struct lsk_loop *loop = NULL;

	script_begin(NULL, NULL);
	cr_assert_eq(loop_new(&loop, NULL, &loop_backend_uring), 0);
	check_idle(loop);
	lsk_loop_free(loop);
	script_end();
}

/* In line it is with nobody: its end must not wait for a buffer. */
Test_on_each_loop(few_buffers, are_not_needed_to_leave_the_line)
{
	struct lsk_pool *pool = pool_new(loop);
	struct lsk_socket *first[2];
	struct lsk_socket *pairs[3][2];
	struct outcome *holder = take_all(loop, pool, first);
	struct outcome *outcome = calloc(3, sizeof(*outcome));
	struct lsk_op names[3];

	for (int i = 0; i < 3; i++) {
		struct lsk_then then = then_tell(&outcome[i]);

		then.ret_op = &names[i];
		pair_new(pairs[i]);
		cr_assert_eq(lsk_loop_recv_stream(loop, pairs[i][0], pool, &then), 0);
		cr_assert_eq(lsk_socket_send(pairs[i][1], "x", 1, 0), 1);
	}
	run_idle(loop);
	cr_assert_eq(lsk_loop_cancel(loop, names[1]), 0);
	run_until(loop, &outcome[1].ends, 1);
	cr_assert_eq(outcome[1].result, -ECANCELED);
	cr_assert_eq(lsk_loop_close(loop, pairs[2][0], NULL), 0);
	run_until(loop, &outcome[2].ends, 1);
	return_leases(pool, holder);
	run_until(loop, &outcome[0].events, 1);
	cr_assert_eq(outcome[0].result, 1);
	lsk_loop_cancel_all(loop);
	cr_assert_eq(lsk_loop_run(loop, LSK_RUN_FOREVER), 0);
	cr_assert_eq(pool->available, pool->count);
	for (int i = 0; i < 3; i++)
		pair_free(pairs[i]);
	pair_free(first);
	free(holder);
	free(outcome);
}

/* Where there is plenty again, a stream is as quick as before: one request for all. */
Test(few_buffers, are_forgotten_when_there_are_many_again)
{
	struct lsk_loop *loop = NULL;
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;
	struct outcome *outcome;

	script_begin(NULL, NULL);
	cr_assert_eq(loop_new(&loop, NULL, &loop_backend_uring), 0);
	pool = pool_new(loop);
	outcome = take_all(loop, pool, pair);
	cr_assert_eq(lsk_socket_send(pair[1], "x", 1, 0), 1);
	run_idle(loop);
	cr_assert(pool->is_tight);
	return_leases(pool, outcome);
	outcome->keeps = false;
	run_until(loop, &outcome->events, BUFFERS + 1);
	for (int i = 2; i <= 4; i++) {
		cr_assert_eq(lsk_socket_send(pair[1], "x", 1, 0), 1);
		run_until(loop, &outcome->events, BUFFERS + i);
	}
	cr_assert_not(pool->is_tight);
	cr_assert_eq(outcome->ends, 0);
	pair_free(pair);
	lsk_loop_free(loop);
	script_end();
	free(outcome);
}
