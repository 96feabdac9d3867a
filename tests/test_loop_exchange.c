/* SPDX-License-Identifier: MIT */
/* A message and its answer as one operation of a loop, on both back ends. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linsock.h>

#include "tests/support/loops.h"
#include "uring/util.h"

static const int64_t msec = LSK_NSEC_PER_SEC / 1000;

/* One exchange with room of its own. */
struct trade {
	struct lsk_exchange exchange;
	struct iovec request;
	struct iovec answer;
	struct outcome outcome;
	char heard[64];
};

static void trade_init(struct trade *trade, const char *text)
{
	*trade = (struct trade){
		.request = {.iov_base = (void *)(uintptr_t)text,
			    .iov_len = strlen(text)},
	};
	trade->answer = (struct iovec){trade->heard, sizeof(trade->heard)};
	trade->exchange.request.msg_iov = &trade->request;
	trade->exchange.request.msg_iovlen = 1;
	trade->exchange.answer.msg_iov = &trade->answer;
	trade->exchange.answer.msg_iovlen = 1;
}

static int trade_start(struct lsk_loop *loop, struct lsk_socket *sock,
		       struct trade *trade, int64_t timeout_ns)
{
	struct lsk_then then = then_tell(&trade->outcome);

	then.timeout_ns = timeout_ns;
	return lsk_loop_exchange(loop, sock, &trade->exchange, &then);
}

static void pair_new(struct lsk_socket *pair[2])
{
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_SEQPACKET, 0), 0);
}

static void pair_free(struct lsk_socket *pair[2])
{
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

Test_on_each_loop(loop_exchange, sends_and_brings_the_answer)
{
	struct lsk_socket *pair[2];
	struct trade trade;
	char heard[8] = "";

	pair_new(pair);
	trade_init(&trade, "ask");
	cr_assert_eq(trade_start(loop, pair[0], &trade, 0), 0);
	cr_assert_eq(trade.outcome.events, 0, "starting does not call back");
	run_idle(loop);
	cr_assert_eq(trade.outcome.events, 0, "there is no answer yet");
	cr_assert_eq(lsk_socket_recv(pair[1], heard, sizeof(heard), 0), 3);
	cr_assert_str_eq(heard, "ask");
	lsk_socket_send(pair[1], "told", 4, 0);
	run_until(loop, &trade.outcome.ends, 1);
	cr_assert_eq(trade.outcome.result, 4);
	cr_assert_str_eq(trade.heard, "told");
	run_idle(loop);
	cr_assert_eq(trade.outcome.events, 1);
	pair_free(pair);
}

Test_on_each_loop(loop_exchange, takes_an_answer_that_was_there_before)
{
	struct lsk_socket *pair[2];
	struct trade trade;

	pair_new(pair);
	trade_init(&trade, "ask");
	lsk_socket_send(pair[1], "early", 5, 0);
	cr_assert_eq(trade_start(loop, pair[0], &trade, 0), 0);
	run_until(loop, &trade.outcome.ends, 1);
	cr_assert_eq(trade.outcome.result, 5);
	pair_free(pair);
}

Test_on_each_loop(loop_exchange, without_a_request_receives_at_once)
{
	struct lsk_socket *pair[2];
	struct trade trade;

	pair_new(pair);
	trade_init(&trade, "");
	trade.exchange.request.msg_iovlen = 0;
	lsk_socket_send(pair[1], "there", 5, 0);
	cr_assert_eq(trade_start(loop, pair[0], &trade, 0), 0);
	run_until(loop, &trade.outcome.ends, 1);
	cr_assert_eq(trade.outcome.result, 5);
	cr_assert_eq(trade_start(loop, pair[0], &trade, 0), 0);
	run_idle(loop);
	cr_assert_eq(lsk_loop_cancel_socket(loop, pair[0]), 0);
	run_until(loop, &trade.outcome.ends, 2);
	cr_assert_eq(trade.outcome.result, -ECANCELED);
	pair_free(pair);
}

Test_on_each_loop(loop_exchange, carries_control_messages_both_ways)
{
	struct lsk_socket *pair[2];
	struct trade trade;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} sent = {0}, heard = {0};
	const struct cmsghdr *item;

	pair_new(pair);
	trade_init(&trade, "fd");
	sent.align = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memset(CMSG_DATA(&sent.align), 0, sizeof(int));
	trade.exchange.request.msg_control = &sent;
	trade.exchange.request.msg_controllen = sizeof(sent);
	trade.exchange.answer.msg_control = &heard;
	trade.exchange.answer.msg_controllen = sizeof(heard);
	cr_assert_eq(trade_start(loop, pair[0], &trade, 0), 0);
	run_idle(loop);
	/* What was sent is sent back as it is: the descriptor too. */
	{
		char byte[8];
		struct iovec iov = {byte, sizeof(byte)};
		struct msghdr message = {.msg_iov = &iov,
					 .msg_iovlen = 1,
					 .msg_control = &sent,
					 .msg_controllen = sizeof(sent)};
		int fd = lsk_socket_fd(pair[1]);

		cr_assert_eq(recvmsg(fd, &message, 0), 2);
		iov.iov_len = 2;
		cr_assert_eq(sendmsg(fd, &message, 0), 2);
	}
	run_until(loop, &trade.outcome.ends, 1);
	item = CMSG_FIRSTHDR(&trade.exchange.answer);
	cr_assert_not_null(item);
	cr_assert_eq(item->cmsg_type, SCM_RIGHTS);
	pair_free(pair);
}

Test_on_each_loop(loop_exchange, tells_once_why_a_request_failed)
{
	struct lsk_socket *pair[2];
	struct trade trade;

	pair_new(pair);
	trade_init(&trade, "ask");
	lsk_socket_close(pair[1]);
	cr_assert_eq(trade_start(loop, pair[0], &trade, 0), 0);
	run_until(loop, &trade.outcome.ends, 1);
	cr_assert_eq(trade.outcome.result, -EPIPE);
	run_idle(loop);
	cr_assert_eq(trade.outcome.events, 1);
	pair_free(pair);
}

Test_on_each_loop(loop_exchange, is_cancelled_at_every_step)
{
	for (int passes = 0; passes < 4; passes++) {
		struct lsk_socket *pair[2];
		struct trade trade;

		pair_new(pair);
		trade_init(&trade, "ask");
		cr_assert_eq(trade_start(loop, pair[0], &trade, 0), 0);
		for (int i = 0; i < passes; i++)
			lsk_loop_run(loop, LSK_RUN_NOWAIT);
		cr_assert_eq(lsk_loop_cancel_socket(loop, pair[0]), 0);
		run_until(loop, &trade.outcome.ends, 1);
		cr_assert_eq(trade.outcome.result, -ECANCELED, "after %d passes",
			     passes);
		cr_assert_eq(lsk_loop_release(loop, pair[0]), 0);
		pair_free(pair);
	}
}

Test_on_each_loop(loop_exchange, expires_while_its_request_waits_for_room)
{
	struct lsk_socket *pair[2];
	struct trade trade;
	char block[512] = "";

	pair_new(pair);
	while (send(lsk_socket_fd(pair[0]), block, sizeof(block), MSG_DONTWAIT) > 0)
		;
	trade_init(&trade, "ask");
	cr_assert_eq(trade_start(loop, pair[0], &trade, 20 * msec), 0);
	run_until(loop, &trade.outcome.ends, 1);
	cr_assert_eq(trade.outcome.result, -ETIME);
	pair_free(pair);
}

/* More than the ring has entries: a link is never torn in two. */
Test_on_each_loop(loop_exchange, stands_in_hundreds_at_once)
{
	enum { COUNT = 300 };
	struct trade *trades = calloc(COUNT, sizeof(*trades));
	struct lsk_socket *(*pairs)[2] = calloc(COUNT, sizeof(*pairs));
	struct outcome odd = {0};
	struct lsk_then then = then_tell(&odd);
	char byte;

	cr_assert(trades && pairs);
	/* One operation besides leaves an odd number of entries. */
	pair_new(pairs[0]);
	cr_assert_eq(lsk_loop_recv(loop, pairs[0][1], &byte, 1, 0, &then), 0);
	for (int i = 1; i < COUNT; i++) {
		pair_new(pairs[i]);
		trade_init(&trades[i], "ask");
		lsk_socket_send(pairs[i][1], "told", 4, 0);
		cr_assert_eq(trade_start(loop, pairs[i][0], &trades[i], 0), 0);
	}
	for (int i = 1; i < COUNT; i++) {
		run_until(loop, &trades[i].outcome.ends, 1);
		cr_assert_eq(trades[i].outcome.result, 4);
		pair_free(pairs[i]);
	}
	lsk_loop_cancel_all(loop);
	run_until(loop, &odd.ends, 1);
	pair_free(pairs[0]);
	free(pairs);
	free(trades);
}

Test_on_each_loop(loop_exchange, is_not_for_streams)
{
	struct lsk_socket *pair[2];
	struct trade trade;

	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0), 0);
	trade_init(&trade, "ask");
	cr_assert_eq(trade_start(loop, pair[0], &trade, 0), -EOPNOTSUPP);
	cr_assert_eq(lsk_loop_exchange(loop, pair[0], NULL, NULL), -EINVAL);
	lsk_loop_release(loop, pair[0]);
	pair_free(pair);
}
