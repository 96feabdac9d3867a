/* SPDX-License-Identifier: MIT */
/*
 * The traps of io_uring that others have fallen into, one test each; most on a kernel
 * that plays them by a script (support/script.h). Those that a real kernel shows just
 * as well stand in test_loop.c and test_loop_stream.c: a close with a receive pending,
 * a host that watches the ring, every size around a buffer's end, an empty pool, an
 * overflow of completions. Those of sends: test_loop_trap_send.c; of the ring's two
 * queues: test_loop_trap_ring.c.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <linsock.h>

#include "src/socket.h"
#include "tests/support/paper.h"

/* A cancel that comes while data is on its way must not swallow the data. */
static void data_wins(unsigned int reason)
{
	struct lsk_loop *loop = scripted_loop(NULL);
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	struct lsk_op op;
	char buf[16];

	pair_new(pair);
	then.ret_op = &op;
	then.timeout_ns = reason == OP_EXPIRED ? 5000000 : 0;
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then), 0);
	run_idle(loop);
	lsk_socket_send(pair[1], "data", 4, 0);
	plan_answer(SCRIPT_CANCEL, 1, 1);
	plan_answer(SCRIPT_RUN, 1, 2);
	if (reason == OP_EXPIRED)
		script_sleep(10000000);
	else
		cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 4);
	run_idle(loop);
	cr_assert_eq(outcome.events, 1);
	pair_free(pair);
	scripted_end(loop);
}

Test(trap, a_cancel_that_is_too_late_gives_the_data)
{
	data_wins(OP_CANCELLED);
}

Test(trap, a_timeout_that_is_too_late_gives_the_data)
{
	data_wins(OP_EXPIRED);
}

Test(trap, a_stale_completion_is_dropped_and_counted)
{
	struct lsk_loop *loop = scripted_loop(NULL);
	struct outcome first = {0};
	struct outcome second = {0};
	struct lsk_then then = then_tell(&first);
	struct lsk_loop_stats stats;
	struct lsk_socket *pair[2];
	struct lsk_op op;
	char buf[16];

	pair_new(pair);
	then.ret_op = &op;
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then), 0);
	lsk_socket_send(pair[1], "x", 1, 0);
	run_until(loop, &first.ends, 1);
	/* The same slot, another operation. */
	then = then_tell(&second);
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then), 0);
	run_idle(loop);
	script_complete((uint64_t)op.generation << 32 | op.slot, 7, 0);
	run_idle(loop);
	cr_assert_eq(first.events, 1);
	cr_assert_eq(second.events, 0);
	cr_assert_eq(lsk_loop_stats(loop, &stats), 0);
	cr_assert_eq(stats.stale, 1);
	pair_free(pair);
	scripted_end(loop);
}

Test(trap, many_timeouts_at_once_find_room_for_their_cancels)
{
	const struct lsk_loop_options options = {.entries = 4, .completions = 8};
	struct lsk_loop *loop = scripted_loop(&options);
	enum { COUNT = 100 };
	static char bufs[COUNT][16];
	struct lsk_socket *pairs[COUNT][2];
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);

	then.timeout_ns = 5000000;
	for (int i = 0; i < COUNT; i++) {
		pair_new(pairs[i]);
		cr_assert_eq(lsk_loop_recv(loop, pairs[i][0], bufs[i], 16, 0, &then),
			     0);
	}
	run_idle(loop);
	script_sleep(10000000);
	plan_answer(SCRIPT_SUBMIT, SCRIPT_BUSY, 5);
	for (int i = 0; i < 200 && outcome.ends < COUNT; i++)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	cr_assert_eq(outcome.ends, COUNT);
	cr_assert_eq(outcome.result, -ETIME);
	for (int i = 0; i < COUNT; i++)
		pair_free(pairs[i]);
	scripted_end(loop);
}

/* Start a stream, let the kernel answer once in its own way, and see what comes. */
static void stream_goes_on(enum script_point point, unsigned int answer)
{
	const struct lsk_pool_options options = {.buffer_size = 64, .count = 4};
	struct lsk_loop *loop = scripted_loop(NULL);
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;

	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	pair_new(pair);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	plan_answer(point, answer, 1);
	for (int i = 0; i < 3; i++) {
		lsk_socket_send(pair[1], "abc", 3, 0);
		run_until(loop, &outcome->events, i + 1);
	}
	cr_assert_eq(outcome->ends, 0);
	cr_assert_eq(memcmp(outcome->data, "abcabcabc", 9), 0);
	pair_free(pair);
	scripted_end(loop);
	cr_assert_eq(outcome->ends, 1);
	free(outcome);
}

/* A frame that was sent wakes who waits for POLLOUT, and the ring looks no more. */
Test(trap, a_wake_is_not_yet_room_to_send)
{
	struct lsk_loop *loop = scripted_loop(NULL);
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	char buf[4096] = "";

	pair_new(pair);
	lsk_socket_set_timeout(pair[0], 0);
	while (lsk_socket_send(pair[0], buf, sizeof(buf), 0) > 0)
		;
	plan_answer(SCRIPT_RESULT, SCRIPT_EARLY, 3);
	cr_assert_eq(lsk_loop_poll(loop, pair[0], POLLOUT, &then), 0);
	run_idle(loop);
	cr_assert_eq(plan[SCRIPT_RESULT].times, 0);
	cr_assert_eq(outcome.ends, 0);
	while (lsk_socket_recv(pair[1], buf, sizeof(buf), 0) > 0)
		;
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, POLLOUT);
	pair_free(pair);
	scripted_end(loop);
}

/* The queue has room for one, and the second goes on trying. */
Test(trap, a_wake_is_not_yet_a_connection)
{
	struct lsk_loop *loop = scripted_loop(NULL);
	struct lsk_socket *listener, *first, *waiting;
	struct pollfd has_come = {.events = POLLIN};
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_addr addr;
	struct lsk_op op;

	then.ret_op = &op;
	listener = loop_listener(0, &addr);
	cr_assert_eq(lsk_socket_new(&first, AF_INET, SOCK_STREAM, 0), 0);
	lsk_socket_set_timeout(first, 0);
	lsk_socket_connect(first, &addr);
	/* Before it has come there is room for the second. */
	has_come.fd = lsk_socket_fd(listener);
	cr_assert_eq(poll(&has_come, 1, 60000), 1);
	cr_assert_eq(lsk_socket_new(&waiting, AF_INET, SOCK_STREAM, 0), 0);
	plan_answer(SCRIPT_RESULT, SCRIPT_EARLY, 3);
	cr_assert_eq(lsk_loop_connect(loop, waiting, &addr, &then), 0);
	run_idle(loop);
	cr_assert_eq(plan[SCRIPT_RESULT].times, 0);
	cr_assert_eq(outcome.ends, 0);
	cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, -ECANCELED);
	lsk_socket_free(first);
	lsk_socket_free(waiting);
	lsk_socket_free(listener);
	scripted_end(loop);
}

Test(trap, enobufs_does_not_end_a_stream)
{
	stream_goes_on(SCRIPT_RESULT, SCRIPT_NO_BUFFERS);
}

Test(trap, eagain_under_an_overflow_does_not_end_a_stream)
{
	stream_goes_on(SCRIPT_RESULT, SCRIPT_WOULD_BLOCK);
}

Test(trap, a_multishot_that_ends_with_data_is_armed_again)
{
	stream_goes_on(SCRIPT_MORE, 1);
}

Test(trap, a_starved_stream_waits_for_a_quarter_of_the_pool)
{
	const struct lsk_pool_options options = {
		.buffer_size = 16, .count = 8, .flags = LSK_POOL_WHOLE};
	struct lsk_loop *loop = scripted_loop(NULL);
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;

	outcome->keeps = true;
	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	pair_new(pair);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	for (int i = 0; i < 20; i++)
		lsk_socket_send(pair[1], "0123456789abcdef", 16, 0);
	run_until(loop, &outcome->events, 8);
	run_idle(loop);
	lsk_lease_free(pool, outcome->leases[0]);
	run_idle(loop);
	cr_assert_eq(outcome->events, 8, "one buffer is too little to begin with");
	lsk_lease_free(pool, outcome->leases[1]);
	run_until(loop, &outcome->events, 10);
	cr_assert_eq(outcome->ends, 0);
	pair_free(pair);
	scripted_end(loop);
	free(outcome);
}

/* Both are charged to RLIMIT_MEMLOCK: the smaller ring does, or none at all. */
Test(trap, a_ring_that_is_too_large_is_halved)
{
	struct lsk_loop *loop = NULL;

	memset(plan, 0, sizeof(plan));
	script_begin(decide, NULL);
	script_refuse_rings(ENOMEM, 3);
	cr_assert_eq(loop_new(&loop, NULL, &loop_backend_uring), 0);
	scripted_end(loop);
	/* The process has chosen rings; the next one is refused all the same. */
	if (engine_backend_choice() != &engine_backend_uring)
		cr_skip_test("no io_uring here");
	script_begin(decide, NULL);
	script_refuse_rings(EPERM, 1);
	cr_assert_eq(lsk_loop_new(&loop, NULL), 0);
	cr_assert_eq(lsk_loop_backend(loop), LSK_BACKEND_EPOLL);
	scripted_end(loop);
}

/* In a child: an unprivileged user with little memory that may be locked. */
static int with_little_memlock(void)
{
	const struct rlimit limit = {65536, 65536};
	const struct lsk_loop_options options = {.entries = 4096};
	const struct lsk_pool_options sizes = {.count = 4096, .buffer_size = 4096};
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;
	struct lsk_loop *loop;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0 || setresuid(65534, 65534, 65534) < 0)
		return 1;
	if (lsk_loop_new(&loop, &options) < 0 || lsk_pool_new(loop, &pool, &sizes) < 0)
		return 2;
	if (lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0) < 0 ||
	    lsk_loop_recv_stream(loop, pair[0], pool, &then) < 0)
		return 3;
	for (int i = 0; i < 1000; i++) {
		if (lsk_socket_send(pair[1], "abc", 3, 0) != 3)
			return 4;
		while (outcome->bytes < (size_t)i * 3 + 3)
			if (lsk_loop_run(loop, LSK_RUN_ONCE) < 0)
				return 5;
	}
	lsk_loop_free(loop);
	return outcome->ends == 1 ? 0 : 6;
}

Test(trap, little_locked_memory_makes_it_smaller_and_not_wrong, .timeout = 60)
{
	int status = -1;
	pid_t child;

	if (geteuid() != 0)
		cr_skip_test("needs root, to become somebody else");
	child = fork();
	if (child == 0)
		_exit(with_little_memlock());
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0, "the child said %#x", (unsigned int)status);
}

/* The rest of a buffer that is filled bit by bit may be too short for the next one. */
Test_on_each_loop(trap_recv_stream, cuts_no_datagram)
{
	const struct lsk_pool_options options = {.buffer_size = 64, .count = 4};
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;
	char bytes[40];

	memset(bytes, 'd', sizeof(bytes));
	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	for (int i = 0; i < 8; i++) {
		lsk_socket_send(pair[1], bytes, sizeof(bytes), 0);
		run_until(loop, &outcome->events, i + 1);
		cr_assert_eq(outcome->result, sizeof(bytes));
	}
	cr_assert_eq(lsk_loop_close(loop, pair[0], NULL), 0);
	run_until(loop, &outcome->ends, 1);
	free(outcome);
	pair_free(pair);
}

/* What the ring cannot do for a family is read by system call. */
Test_on_each_loop(trap_recv_stream, works_where_there_is_no_multishot)
{
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;

	cr_assert_eq(lsk_pool_new(loop, &pool, NULL), 0);
	pair_new(pair);
	cr_assert_eq(lsk_loop_send(loop, pair[0], "x", 1, 0, NULL), 0);
	pair[0]->channel->caps &= (uint8_t)~CHANNEL_RECV_MULTI;
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	for (int i = 0; i < 3; i++) {
		lsk_socket_send(pair[1], "abc", 3, 0);
		run_until(loop, &outcome->events, i + 1);
	}
	cr_assert_eq(memcmp(outcome->data, "abcabcabc", 9), 0);
	cr_assert_eq(lsk_loop_close(loop, pair[0], NULL), 0);
	run_until(loop, &outcome->ends, 1);
	free(outcome);
	pair_free(pair);
}

Test_on_each_loop(trap_pause, gives_out_what_it_held_when_it_is_cancelled)
{
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;
	struct lsk_op op;

	then.ret_op = &op;
	cr_assert_eq(lsk_pool_new(loop, &pool, NULL), 0);
	pair_new(pair);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	lsk_socket_send(pair[1], "one", 3, 0);
	run_until(loop, &outcome->events, 1);
	/* The kernel has these before it hears of the pause. */
	lsk_socket_send(pair[1], "two", 3, 0);
	cr_assert_eq(lsk_loop_pause(loop, op), 0);
	run_idle(loop);
	cr_assert_eq(outcome->bytes, 3);
	cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	run_until(loop, &outcome->ends, 1);
	cr_assert_eq(outcome->result, -ECANCELED);
	lsk_socket_set_timeout(pair[0], 0);
	if (outcome->bytes == 3) /* it was quick enough: the bytes wait in the socket */
		cr_assert_eq(lsk_socket_recv(pair[0], outcome->data + 3, 3, 0), 3);
	cr_assert_eq(memcmp(outcome->data, "onetwo", 6), 0);
	free(outcome);
	pair_free(pair);
}
