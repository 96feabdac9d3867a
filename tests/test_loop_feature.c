/* SPDX-License-Identifier: MIT */
/* What a loop tells of itself, and what it does without a feature. */
#include <criterion/criterion.h>
#include <errno.h>
#include <liburing.h>
#include <sys/mman.h>

#include <linsock.h>

#include "src/socket.h"
#include "tests/support/loops.h"
#include "tests/support/script.h"

enum { MEMORY_SIZE = 1 << 16 };

static const struct lsk_loop_options all = {
	.busy_poll_us = 1,
	.min_wait_us = 1,
	.zero_copy_min = 64,
	.direct_max = 8,
};

static void pair_new(struct lsk_socket *pair[2])
{
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0), 0);
}

static void pair_free(struct lsk_socket *pair[2])
{
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

Test(loop_feature, each_has_words_of_its_own)
{
	const struct lsk_loop_feature_info *info;
	unsigned int seen = 0;
	unsigned int count = 0;

	for (; (info = lsk_loop_feature(count)); count++) {
		cr_assert_not(seen & info->feature, "%s stands twice", info->name);
		seen |= info->feature;
		cr_assert_gt(strlen(info->name), 0);
		cr_assert_gt(strlen(info->summary), 0);
		cr_assert_gt(strlen(info->instead), 0);
	}
	cr_assert_eq(seen, (1U << count) - 1, "no bit is without words");
	cr_assert_eq(seen, LSK_LOOP_MSG_RING * 2U - 1, "nor is the last one");
}

Test(loop_feature, of_epoll_are_those_that_need_no_ring)
{
	struct lsk_loop_options options = all;
	struct lsk_loop *loop;

	options.force_epoll = 1;
	loop = loop_for_test(&options);
	cr_assert_eq(lsk_loop_features(loop), LSK_LOOP_INCREMENTAL);
	cr_assert_eq(lsk_loop_features(NULL), 0);
	lsk_loop_free(loop);
}

Test(loop_feature, of_an_option_is_there_only_with_the_option)
{
	const unsigned int asked = LSK_LOOP_BUSY_POLL | LSK_LOOP_MIN_WAIT |
				   LSK_LOOP_ZERO_COPY | LSK_LOOP_DIRECT;
	const struct lsk_loop_options none = {0};
	struct lsk_loop *loop = loop_for_test(&none);
	unsigned int features = lsk_loop_features(loop);

	cr_assert(features & LSK_LOOP_RING);
	cr_assert_not(features & asked);
	lsk_loop_free(loop);
	/* The second loop of a process asks nothing again, and says the same. */
	loop = loop_for_test(&all);
	cr_assert_eq(lsk_loop_features(loop) & ~asked, features);
	lsk_loop_free(loop);
}

/* What was tried on the ring has left nothing behind. */
Test(loop_feature, is_found_out_without_a_trace)
{
	struct lsk_loop *loop = loop_for_test(&all);
	struct lsk_loop_stats stats;

	run_idle(loop);
	cr_assert_eq(lsk_loop_stats(loop, &stats), 0);
	cr_assert_eq(stats.stale, 0);
	cr_assert_eq(stats.events, 0);
	lsk_loop_free(loop);
}

/* A stream of 300 bytes comes whole, whatever the loop lacks. */
static void stream_without(unsigned int feature)
{
	const struct lsk_loop_options none = {0};
	struct lsk_loop *loop = loop_for_test(&none);
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;

	loop->features &= ~feature;
	cr_assert_eq(lsk_pool_new(loop, &pool, NULL), 0);
	cr_assert_not(feature & LSK_LOOP_INCREMENTAL && pool->is_incremental);
	cr_assert_not(feature & LSK_LOOP_BUNDLES && pool->places);
	cr_assert_not(feature == LSK_LOOP_RECV_MULTISHOT && pool->ring);
	pair_new(pair);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(lsk_socket_send(pair[1], "abc", 3, 0), 3);
		if (i % 10 == 9)
			run_until(loop, &outcome->events, 1);
	}
	lsk_socket_close(pair[1]);
	run_until(loop, &outcome->ends, 1);
	cr_assert_eq(outcome->result, 0);
	cr_assert_eq(outcome->bytes, 300);
	for (int i = 0; i < 300; i++)
		cr_assert_eq(outcome->data[i], "abc"[i % 3]);
	free(outcome);
	pair_free(pair);
	lsk_loop_free(loop);
}

Test(loop_feature, recv_multishot_is_replaced)
{
	stream_without(LSK_LOOP_RECV_MULTISHOT);
}

Test(loop_feature, incremental_buffers_are_replaced)
{
	stream_without(LSK_LOOP_INCREMENTAL);
}

Test(loop_feature, bundles_are_replaced)
{
	stream_without(LSK_LOOP_BUNDLES | LSK_LOOP_INCREMENTAL);
}

Test(loop_feature, accept_multishot_is_replaced)
{
	const struct lsk_loop_options none = {0};
	struct lsk_loop *loop = loop_for_test(&none);
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *listener, *client;
	struct lsk_addr addr;

	loop->features &= ~(unsigned int)LSK_LOOP_ACCEPT_MULTISHOT;
	cr_assert_eq(lsk_addr_parse(&addr, "inet://127.0.0.1:0", NULL), 0);
	cr_assert_eq(lsk_create_server(&listener, &addr, NULL, NULL), 0);
	cr_assert_eq(lsk_socket_getsockname(listener, &addr), 0);
	cr_assert_eq(lsk_loop_accept_stream(loop, listener, &then), 0);
	for (int i = 1; i <= 3; i++) {
		cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
		cr_assert_eq(lsk_socket_connect(client, &addr), 0);
		run_until(loop, &outcome.events, i);
		cr_assert_geq(outcome.result, 0);
		close(outcome.result);
		lsk_socket_free(client);
	}
	cr_assert_eq(lsk_loop_cancel_all(loop), 0);
	run_until(loop, &outcome.ends, 1);
	lsk_socket_free(listener);
	lsk_loop_free(loop);
}

Test(loop_buffer, is_there_once_and_up_to_sixteen_times)
{
	struct lsk_loop *loop = loop_for_test(&all);
	static char memory[17][4096];

	if (!(lsk_loop_features(loop) & LSK_LOOP_BUFFERS))
		cr_skip_test("no registered buffers here");
	cr_assert_eq(lsk_loop_add_buffer(loop, NULL, 1), -EINVAL);
	cr_assert_eq(lsk_loop_add_buffer(loop, memory, 0), -EINVAL);
	cr_assert_eq(lsk_loop_remove_buffer(loop, memory), -ENOENT);
	for (int i = 0; i < 16; i++)
		cr_assert_eq(lsk_loop_add_buffer(loop, memory[i], 4096), 0);
	cr_assert_eq(lsk_loop_add_buffer(loop, memory[3], 4096), -EEXIST);
	cr_assert_eq(lsk_loop_add_buffer(loop, memory[16], 4096), -ENOSPC);
	cr_assert_eq(lsk_loop_remove_buffer(loop, memory[3]), 0);
	cr_assert_eq(lsk_loop_remove_buffer(loop, memory[3]), -ENOENT);
	cr_assert_eq(lsk_loop_add_buffer(loop, memory[16], 4096), 0);
	lsk_loop_free(loop);
}

Test(loop_buffer, is_refused_where_it_would_be_ignored)
{
	const struct lsk_loop_options options = {.force_epoll = 1};
	struct lsk_loop *loop = loop_for_test(&options);
	char memory[16];

	cr_assert_eq(lsk_loop_add_buffer(loop, memory, sizeof(memory)), -EOPNOTSUPP);
	cr_assert_eq(lsk_loop_remove_buffer(loop, memory), -ENOENT);
	lsk_loop_free(loop);
}

/* The last send that the ring was handed. */
static struct {
	unsigned int opcode;
	unsigned int is_fixed;
	unsigned int index;
	unsigned int refusals; /* of submissions, that are to come */
} seen;

static unsigned int decide(void *context, enum script_point point, unsigned int count,
			   const struct io_uring_sqe *sqe)
{
	(void)context;
	(void)count;
	if (point == SCRIPT_RUN && sqe->opcode == IORING_OP_SEND_ZC) {
		seen.opcode = sqe->opcode;
		seen.is_fixed = sqe->ioprio & IORING_RECVSEND_FIXED_BUF;
		seen.index = sqe->buf_index;
	}
	if (point == SCRIPT_SUBMIT && seen.refusals > 0) {
		seen.refusals--;
		return SCRIPT_BUSY;
	}
	return 0;
}

static void send_and_see(struct lsk_loop *loop, struct lsk_socket *sock,
			 const char *bytes)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);

	memset(&seen, 0, sizeof(seen));
	cr_assert_eq(lsk_loop_send(loop, sock, "x", 1, 0, &then), 0);
	run_until(loop, &outcome.ends, 1);
	sock->channel->caps |= CHANNEL_ZERO_COPY;
	cr_assert_eq(lsk_loop_send(loop, sock, bytes, 100, 0, &then), 0);
	run_until(loop, &outcome.ends, 2);
	cr_assert_eq(outcome.result, 100);
	cr_assert_eq(seen.opcode, IORING_OP_SEND_ZC);
}

Test(loop_buffer, is_named_by_the_sends_that_are_all_in_it)
{
	const struct lsk_loop_options options = {.zero_copy_min = 64};
	struct lsk_loop *loop = NULL;
	static char memory[3][200];
	struct lsk_socket *pair[2];

	script_begin(decide, NULL);
	cr_assert_eq(loop_new(&loop, &options, &loop_backend_uring), 0);
	pair_new(pair);
	cr_assert_eq(lsk_loop_add_buffer(loop, memory[2], 200), 0);
	cr_assert_eq(lsk_loop_add_buffer(loop, memory[1], 150), 0);
	send_and_see(loop, pair[0], memory[1] + 50);
	cr_assert(seen.is_fixed);
	cr_assert_eq(seen.index, 1);
	send_and_see(loop, pair[0], memory[1] + 51);
	cr_assert_not(seen.is_fixed, "its last byte is outside");
	send_and_see(loop, pair[0], memory[0]);
	cr_assert_not(seen.is_fixed);
	cr_assert_eq(lsk_loop_remove_buffer(loop, memory[1]), 0);
	send_and_see(loop, pair[0], memory[1]);
	cr_assert_not(seen.is_fixed);
	send_and_see(loop, pair[0], memory[2]);
	cr_assert(seen.is_fixed);
	cr_assert_eq(seen.index, 0);
	pair_free(pair);
	lsk_loop_free(loop);
	script_end();
}

/* The kernel looks for the buffer when it takes the request, and that may be later. */
Test(loop_buffer, is_forgotten_by_the_sends_that_the_kernel_has_not_taken)
{
	const struct lsk_loop_options options = {.zero_copy_min = 64};
	struct lsk_loop *loop = NULL;
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pairs[2][2];
	static char memory[200];

	script_begin(decide, NULL);
	cr_assert_eq(loop_new(&loop, &options, &loop_backend_uring), 0);
	cr_assert_eq(lsk_loop_add_buffer(loop, memory, sizeof(memory)), 0);
	memset(&seen, 0, sizeof(seen));
	/* Two, since a single one is not worth a request. */
	for (int i = 0; i < 2; i++) {
		pair_new(pairs[i]);
		cr_assert_eq(lsk_loop_send(loop, pairs[i][0], "x", 1, 0, NULL), 0);
		run_idle(loop);
		pairs[i][0]->channel->caps |= CHANNEL_ZERO_COPY;
	}
	for (int i = 0; i < 2; i++)
		cr_assert_eq(lsk_loop_send(loop, pairs[i][0], memory, 100, 0, &then),
			     0);
	seen.refusals = 3;
	cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	cr_assert_eq(seen.opcode, 0, "the kernel has seen none");
	cr_assert_eq(lsk_loop_remove_buffer(loop, memory), 0);
	run_until(loop, &outcome.ends, 2);
	cr_assert_eq(outcome.result, 100);
	cr_assert_eq(seen.opcode, IORING_OP_SEND_ZC);
	cr_assert_not(seen.is_fixed);
	for (int i = 0; i < 2; i++)
		pair_free(pairs[i]);
	lsk_loop_free(loop);
	script_end();
}

/* Through a real kernel, which copies on loopback and sends the right bytes. */
Test(loop_buffer, sends_the_bytes_that_are_in_it)
{
	struct lsk_loop *loop = loop_for_test(&all);
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *listener, *client, *server;
	static char memory[MEMORY_SIZE];
	static char got[MEMORY_SIZE];
	struct lsk_addr addr;

	if (!(lsk_loop_features(loop) & LSK_LOOP_BUFFERS))
		cr_skip_test("no registered buffers here");
	for (int i = 0; i < MEMORY_SIZE; i++)
		memory[i] = (char)(i * 7 + (i >> 8));
	cr_assert_eq(lsk_addr_parse(&addr, "inet://127.0.0.1:0", NULL), 0);
	cr_assert_eq(lsk_create_server(&listener, &addr, NULL, NULL), 0);
	cr_assert_eq(lsk_socket_getsockname(listener, &addr), 0);
	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_connect(client, &addr), 0);
	cr_assert_eq(lsk_socket_accept(listener, &server, NULL), 0);
	cr_assert_eq(lsk_loop_add_buffer(loop, memory, sizeof(memory)), 0);
	cr_assert_eq(lsk_loop_send(loop, client, memory + 1000, 30000, 0, &then), 0);
	run_idle(loop);
	cr_assert_eq(lsk_socket_recv(server, got, 30000, MSG_WAITALL), 30000);
	cr_assert_eq(memcmp(got, memory + 1000, 30000), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 30000);
	cr_assert_eq(lsk_loop_remove_buffer(loop, memory), 0);
	lsk_socket_free(listener);
	lsk_socket_free(client);
	lsk_socket_free(server);
	lsk_loop_free(loop);
}
