/* SPDX-License-Identifier: MIT */
/* Traps of io_uring that sends fall into: order, short counts, zero copy. */
#include <criterion/criterion.h>
#include <errno.h>
#include <liburing.h>

#include <linsock.h>

#include "src/socket.h"
#include "tests/support/paper.h"

/* With nothing before it, a send is a system call, which costs less than a request. */
Test(trap, a_single_send_leaves_at_once_and_what_finds_no_room_waits_in_the_ring)
{
	struct lsk_loop *loop = scripted_loop(NULL);
	static char bytes[1 << 20];
	static char got[1 << 20];
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	size_t at = 0;

	pair_new(pair);
	cr_assert_eq(lsk_loop_send(loop, pair[0], "abc", 3, 0, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_not(was_asked_for(IORING_OP_SEND));
	cr_assert_eq(lsk_socket_recv(pair[1], got, sizeof(got), 0), 3);
	cr_assert_eq(lsk_loop_send(loop, pair[0], bytes, sizeof(bytes), 0, &then), 0);
	run_idle(loop);
	cr_assert_eq(outcome.ends, 1, "no socket has a megabyte of room");
	cr_assert(was_asked_for(IORING_OP_SEND));
	while (outcome.ends < 2 || at < sizeof(bytes)) {
		ssize_t r = lsk_socket_recv(pair[1], got, sizeof(got), 0);

		at += r > 0 ? (size_t)r : 0;
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	}
	cr_assert_eq(outcome.result, sizeof(bytes));
	cr_assert_eq(at, sizeof(bytes));
	pair_free(pair);
	scripted_end(loop);
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

	listener = loop_listener(1, &addr);
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

/* Two channels with something to send, so that the ring sends. */
struct two {
	struct lsk_socket *pairs[2][2];
	struct outcome outcome;
	struct lsk_then then;
};

static void two_begin(struct two *two, struct lsk_loop *loop)
{
	memset(two, 0, sizeof(*two));
	two->then = then_tell(&two->outcome);
	for (int i = 0; i < 2; i++) {
		pair_new(two->pairs[i]);
		cr_assert_eq(lsk_loop_send(loop, two->pairs[i][0], "", 0, 0, NULL), 0);
		run_idle(loop);
		two->pairs[i][0]->channel->caps |= CHANNEL_ZERO_COPY;
	}
	memset(&asked, 0, sizeof(asked));
}

static void two_end(struct two *two, const char *expected)
{
	const size_t len = strlen(expected);
	char got[1000];

	for (int i = 0; i < 2; i++) {
		cr_assert_eq(lsk_socket_recv(two->pairs[i][1], got, sizeof(got), 0),
			     len);
		cr_assert_eq(memcmp(got, expected, len), 0);
		pair_free(two->pairs[i]);
	}
}

/* A page costs what it costs, however many small parts make a message large. */
Test(trap, zero_copy_is_judged_by_the_length_of_each_buffer)
{
	const struct lsk_loop_options options = {.zero_copy_min = 64};
	struct lsk_loop *loop = scripted_loop(&options);
	char small[] = "0123456789abcdefghij";
	char large[101];
	char whole[200];
	struct iovec parts[8];
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 8};
	struct two two;

	for (int i = 0; i < 8; i++)
		parts[i] = (struct iovec){small, 1};
	for (int i = 0; i < 8; i++)
		parts[i].iov_len = 16;
	two_begin(&two, loop);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(
			lsk_loop_sendmsg(loop, two.pairs[i][0], &message, 0, &two.then),
			0);
	run_until(loop, &two.outcome.ends, 2);
	cr_assert_eq(two.outcome.result, 128);
	cr_assert(was_asked_for(IORING_OP_SENDMSG));
	cr_assert_not(was_asked_for(IORING_OP_SENDMSG_ZC));
	memset(whole, 0, sizeof(whole));
	for (int i = 0; i < 8; i++)
		strcat(whole, "0123456789abcdef");
	two_end(&two, whole);

	/* Those that leave together stay copied beside one that is worth it. */
	two_begin(&two, loop);
	memset(large, 'L', sizeof(large));
	large[100] = 0;
	for (int i = 0; i < 2; i++) {
		const char *texts[] = {small, small, large, small, small};

		for (int j = 0; j < 5; j++)
			cr_assert_eq(lsk_loop_send(loop, two.pairs[i][0], texts[j],
						   strlen(texts[j]), 0, &two.then),
				     0);
	}
	run_until(loop, &two.outcome.ends, 10);
	cr_assert(was_asked_for(IORING_OP_SEND_ZC));
	cr_assert_eq(asked.len_of[IORING_OP_SEND_ZC], 100);
	snprintf(whole, sizeof(whole), "%s%s%s%s%s", small, small, large, small, small);
	two_end(&two, whole);
	scripted_end(loop);
}

/* A result and a notification each: twice as many completions as there are sends. */
Test(trap, notifications_find_room_in_a_small_completion_queue)
{
	const struct lsk_loop_options options = {
		.entries = 4, .completions = 8, .zero_copy_min = 64};
	struct lsk_loop *loop = scripted_loop(&options);
	enum { COUNT = 30 };
	struct lsk_socket *pairs[COUNT][2];
	static char bytes[COUNT][100];
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_loop_stats stats;
	char got[200];

	for (int i = 0; i < COUNT; i++) {
		pair_new(pairs[i]);
		cr_assert_eq(lsk_loop_send(loop, pairs[i][0], "", 0, 0, NULL), 0);
		run_idle(loop);
		pairs[i][0]->channel->caps |= CHANNEL_ZERO_COPY;
		memset(bytes[i], 'a' + i % 26, sizeof(bytes[i]));
	}
	plan_answer(SCRIPT_NOTIFY, 1, 100);
	for (int i = 0; i < COUNT; i++)
		cr_assert_eq(lsk_loop_send(loop, pairs[i][0], bytes[i], 100, 0, &then),
			     0);
	run_until(loop, &outcome.ends, COUNT);
	run_idle(loop);
	cr_assert_eq(outcome.events, COUNT);
	cr_assert_eq(outcome.result, 100);
	cr_assert_eq(lsk_loop_stats(loop, &stats), 0);
	cr_assert_gt(stats.overflows, 0);
	cr_assert_eq(stats.zero_copied, COUNT);
	cr_assert_eq(stats.operations, 0);
	for (int i = 0; i < COUNT; i++) {
		cr_assert_eq(lsk_socket_recv(pairs[i][1], got, sizeof(got), 0), 100);
		cr_assert_eq(memcmp(got, bytes[i], 100), 0);
		pair_free(pairs[i]);
	}
	scripted_end(loop);
}
