/* SPDX-License-Identifier: MIT */
/*
 * The traps of io_uring that others have fallen into, one test each; most on a kernel
 * that plays them by a script (support/script.h). Those that a real kernel shows just
 * as well stand in test_loop.c and test_loop_stream.c: a close with a receive pending,
 * a host that watches the ring, every size around a buffer's end, an empty pool, an
 * overflow of completions.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <linsock.h>

#include "src/socket.h"
#include "tests/support/loops.h"
#include "tests/support/script.h"

/* What the kernel answers, how often; then it is good-natured again. */
static struct {
	unsigned int answer;
	unsigned int times;
} plan[SCRIPT_POINT__COUNT];

static unsigned int decide(void *context, enum script_point point, unsigned int count,
			   const struct io_uring_sqe *sqe)
{
	(void)context;
	(void)count;
	(void)sqe;
	if (plan[point].times == 0)
		return 0;
	plan[point].times--;
	return plan[point].answer;
}

static void plan_answer(enum script_point point, unsigned int answer,
			unsigned int times)
{
	plan[point].answer = answer;
	plan[point].times = times;
}

static struct lsk_loop *scripted_loop(const struct lsk_loop_options *options)
{
	struct lsk_loop *loop = NULL;

	memset(plan, 0, sizeof(plan));
	script_begin(decide, NULL);
	cr_assert_eq(loop_new(&loop, options, &loop_backend_uring), 0);
	return loop;
}

static void scripted_end(struct lsk_loop *loop)
{
	lsk_loop_free(loop);
	script_end();
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

/* More than one send of a stream with the kernel could pass each other. */
Test(trap, sends_keep_their_order_however_short_each_is)
{
	struct lsk_loop *loop = scripted_loop(NULL);
	static char bytes[3][200];
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pairs[2][2];
	char got[600];

	for (int i = 0; i < 2; i++)
		pair_new(pairs[i]);
	plan_answer(SCRIPT_AMOUNT, SCRIPT_HALF, 6);
	plan_answer(SCRIPT_MORE, 1, 6);
	for (int i = 0; i < 3; i++) {
		memset(bytes[i], 'a' + i, sizeof(bytes[i]));
		for (int j = 0; j < 2; j++)
			cr_assert_eq(lsk_loop_send(loop, pairs[j][0], bytes[i],
						   sizeof(bytes[i]),
						   i == 1 ? MSG_MORE : 0, &then),
				     0);
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
		cr_assert_leq(script_pending(socket_fd(pairs[0][0])), 1);
	}
	run_until(loop, &outcome.ends, 6);
	cr_assert_eq(outcome.result, 200);
	for (int j = 0; j < 2; j++) {
		cr_assert_eq(lsk_socket_recv(pairs[j][1], got, sizeof(got), 0), 600);
		for (int i = 0; i < 600; i++)
			cr_assert_eq(got[i], 'a' + i / 200);
		pair_free(pairs[j]);
	}
	scripted_end(loop);
}

/* The notification, and not the result, gives the bytes back. */
Test(trap, a_zero_copy_send_ends_with_its_notification)
{
	const struct lsk_loop_options options = {.zero_copy_min = 64};
	struct lsk_loop *loop = scripted_loop(&options);
	static char bytes[128];
	struct outcome sent = {0};
	struct outcome closed = {0};
	struct lsk_then then = then_tell(&sent);
	struct lsk_socket *pair[2];

	pair_new(pair);
	cr_assert_eq(lsk_loop_send(loop, pair[0], "x", 1, 0, NULL), 0);
	pair[0]->channel->caps |= CHANNEL_ZERO_COPY;
	plan_answer(SCRIPT_NOTIFY, 1, 40);
	run_idle(loop);
	cr_assert_eq(lsk_loop_send(loop, pair[0], bytes, sizeof(bytes), 0, &then), 0);
	run_idle(loop);
	cr_assert_eq(sent.ends, 0, "the kernel may look at them still");
	cr_assert_eq(lsk_loop_queued(loop, pair[0]), 0, "but they have left");
	/* A peer that acknowledges nothing must not keep the descriptor. */
	then = then_tell(&closed);
	cr_assert_eq(lsk_loop_close(loop, pair[0], &then), 0);
	run_until(loop, &closed.ends, 1);
	cr_assert_eq(sent.ends, 0);
	plan_answer(SCRIPT_NOTIFY, 0, 0);
	run_until(loop, &sent.ends, 1);
	cr_assert_eq(sent.result, sizeof(bytes));
	pair_free(pair);
	scripted_end(loop);
}

/* AF_UNIX says EOPNOTSUPP, and a notification comes all the same. */
Test(trap, a_zero_copy_send_that_is_refused_is_copied)
{
	const struct lsk_loop_options options = {.zero_copy_min = 64};
	struct lsk_loop *loop = loop_for_test(&options);
	static char bytes[100000];
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];

	pair_new(pair);
	cr_assert_eq(lsk_loop_send(loop, pair[0], "x", 1, 0, &then), 0);
	pair[0]->channel->caps |= CHANNEL_ZERO_COPY;
	cr_assert_eq(lsk_loop_send(loop, pair[0], bytes, sizeof(bytes), 0, &then), 0);
	cr_assert_eq(lsk_loop_send(loop, pair[0], "y", 1, 0, &then), 0);
	run_until(loop, &outcome.ends, 3);
	cr_assert_eq(outcome.result, 1);
	cr_assert_not(pair[0]->channel->caps & CHANNEL_ZERO_COPY);
	pair_free(pair);
	lsk_loop_free(loop);
}

Test(trap, zero_copy_is_given_up_where_the_kernel_copies)
{
	const struct lsk_loop_options options = {.zero_copy_min = 16384};
	struct lsk_loop *loop = loop_for_test(&options);
	struct lsk_socket *listener, *client, *server;
	static char bytes[65536];
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_parse(&addr, "inet://127.0.0.1:0", NULL), 0);
	cr_assert_eq(lsk_socket_new(&listener, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(listener, &addr), 0);
	cr_assert_eq(lsk_socket_listen(listener, 1), 0);
	cr_assert_eq(lsk_socket_getsockname(listener, &addr), 0);
	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_connect(client, &addr), 0);
	cr_assert_eq(lsk_socket_accept(listener, &server, NULL), 0);
	cr_assert_eq(lsk_loop_send(loop, client, bytes, sizeof(bytes), 0, &then), 0);
	/* Loopback copies when it receives. */
	run_idle(loop);
	cr_assert_eq(lsk_socket_recv(server, bytes, sizeof(bytes), MSG_WAITALL),
		     sizeof(bytes));
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, sizeof(bytes));
	cr_assert(outcome.last.flags & LSK_EVENT_COPIED);
	cr_assert_not(client->channel->caps & CHANNEL_ZERO_COPY);
	lsk_socket_free(listener);
	lsk_socket_free(client);
	lsk_socket_free(server);
	lsk_loop_free(loop);
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
