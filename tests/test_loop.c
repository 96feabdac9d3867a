/* SPDX-License-Identifier: MIT */
/* Operations of a loop that are no streams, on both back ends. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <linsock.h>

#include "tests/support/loops.h"
#include "uring/util.h"

static const int64_t msec = LSK_NSEC_PER_SEC / 1000;

static void pair_new(struct lsk_socket *pair[2], int type)
{
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, type, 0), 0);
}

static void pair_free(struct lsk_socket *pair[2])
{
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

Test_on_each_loop(loop_recv, takes_what_is_there_and_what_comes_later)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	char buf[16] = "";

	pair_new(pair, SOCK_STREAM);
	lsk_socket_send(pair[1], "now", 3, 0);
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then), 0);
	cr_assert_eq(outcome.events, 0, "starting does not call back");
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 3);
	cr_assert_eq(outcome.last.data, buf);

	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then), 0);
	run_idle(loop);
	cr_assert_eq(outcome.ends, 1);
	lsk_socket_send(pair[1], "later", 5, 0);
	run_until(loop, &outcome.ends, 2);
	cr_assert_eq(outcome.result, 5);
	cr_assert_str_eq(buf, "later");

	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then), 0);
	lsk_socket_close(pair[1]);
	run_until(loop, &outcome.ends, 3);
	cr_assert_eq(outcome.result, 0);
	pair_free(pair);
}

Test_on_each_loop(loop_recv, says_etime_and_takes_no_data_afterwards)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	int64_t begin = engine_now_ns();
	struct lsk_socket *pair[2];
	char buf[16];

	pair_new(pair, SOCK_STREAM);
	then.timeout_ns = 20 * msec;
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, -ETIME);
	cr_assert_geq(engine_now_ns() - begin, 20 * msec);
	lsk_socket_send(pair[1], "x", 1, 0);
	run_idle(loop);
	cr_assert_eq(lsk_loop_release(loop, pair[0]), 0);
	cr_assert_eq(lsk_socket_recv(pair[0], buf, 1, 0), 1);
	pair_free(pair);
}

Test_on_each_loop(loop_cancel, ends_an_operation_once)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	struct lsk_op op;
	char buf[16];

	pair_new(pair, SOCK_STREAM);
	then.ret_op = &op;
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then), 0);
	run_idle(loop);
	cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	cr_assert_eq(lsk_loop_cancel(loop, op), 0, "twice is as good as once");
	cr_assert_eq(outcome.events, 0, "cancelling does not call back");
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, -ECANCELED);
	run_idle(loop);
	cr_assert_eq(outcome.events, 1);
	cr_assert_eq(lsk_loop_cancel(loop, op), -ENOENT, "its name is out of use");
	pair_free(pair);
}

Test_on_each_loop(loop_cancel, before_the_submission)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	struct lsk_op op;
	char buf[16];

	pair_new(pair, SOCK_STREAM);
	then.ret_op = &op;
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then), 0);
	cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, -ECANCELED);
	pair_free(pair);
}

Test_on_each_loop(loop_next, gives_out_events_without_a_callback)
{
	struct lsk_event events[4];
	struct lsk_socket *pair[2];
	struct lsk_op ops[8];
	int seen = 0;

	pair_new(pair, SOCK_STREAM);
	for (int i = 0; i < 8; i++) {
		struct lsk_then then = {.context = &ops[i], .ret_op = &ops[i]};

		cr_assert_eq(lsk_loop_timer(loop, msec, &then), 0);
	}
	while (seen < 8) {
		int count = lsk_loop_next(loop, events, 4, LSK_NSEC_PER_SEC);

		cr_assert_geq(count, 0);
		for (int i = 0; i < count; i++) {
			const struct lsk_op *op = events[i].context;

			cr_assert_eq(events[i].result, 0);
			cr_assert_eq(events[i].op.slot, op->slot);
			cr_assert_eq(events[i].op.generation, op->generation);
		}
		seen += count;
	}
	cr_assert_eq(lsk_loop_next(loop, events, 4, 0), 0);
	pair_free(pair);
}

Test_on_each_loop(loop_send, sends_in_order_and_coalesces)
{
	static char letters[300];
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	char got[sizeof(letters)];

	pair_new(pair, SOCK_STREAM);
	for (size_t i = 0; i < sizeof(letters); i++)
		letters[i] = (char)('a' + i % 26);
	for (size_t i = 0; i < sizeof(letters); i += 3)
		cr_assert_eq(lsk_loop_send(loop, pair[0], letters + i, 3, 0, &then), 0);
	cr_assert_eq(lsk_loop_queued(loop, pair[0]), sizeof(letters));
	run_until(loop, &outcome.ends, 100);
	cr_assert_eq(outcome.result, 3);
	cr_assert_eq(lsk_loop_queued(loop, pair[0]), 0);
	cr_assert_eq(lsk_socket_recv(pair[1], got, sizeof(got), MSG_WAITALL),
		     sizeof(got));
	cr_assert_arr_eq(got, letters, sizeof(got));
	pair_free(pair);
}

Test_on_each_loop(loop_send, sends_more_than_the_peer_has_room_for)
{
	static char big[3 << 20];
	static char got[sizeof(big)];
	struct outcome outcome = {0};
	struct outcome drained = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_then drain = then_tell(&drained);
	struct lsk_socket *pair[2];
	size_t have = 0;

	pair_new(pair, SOCK_STREAM);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 31 >> 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(lsk_loop_send(loop, pair[0], big + (i << 20), 1 << 20, 0,
					   &then),
			     0);
	cr_assert_eq(lsk_loop_drain(loop, pair[0], 1 << 20, &drain), 0);
	run_idle(loop);
	cr_assert_eq(outcome.ends, 0);
	cr_assert_eq(drained.ends, 0);
	lsk_socket_set_timeout(pair[1], 0);
	while (have < sizeof(got)) {
		ssize_t r = lsk_socket_recv(pair[1], got + have, sizeof(got) - have, 0);

		if (r > 0)
			have += (size_t)r;
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	}
	run_until(loop, &outcome.ends, 3);
	cr_assert_eq(outcome.result, 1 << 20);
	cr_assert_eq(drained.ends, 1);
	cr_assert_eq(memcmp(got, big, sizeof(big)), 0);
	pair_free(pair);
}

Test_on_each_loop(loop_send, cancelled_ones_leave_the_queue)
{
	static char big[1 << 20];
	struct outcome first = {0};
	struct outcome second = {0};
	struct outcome third = {0};
	struct lsk_then then = then_tell(&first);
	struct lsk_socket *pair[2];
	struct lsk_op op;
	char last = 0;

	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_send(loop, pair[0], big, sizeof(big), 0, &then), 0);
	then = then_tell(&second);
	then.ret_op = &op;
	cr_assert_eq(lsk_loop_send(loop, pair[0], "second", 6, 0, &then), 0);
	then = then_tell(&third);
	cr_assert_eq(lsk_loop_send(loop, pair[0], "3", 1, 0, &then), 0);
	run_idle(loop);
	cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	lsk_socket_set_timeout(pair[1], 0);
	while (third.ends == 0 || last != '3') {
		static char sink[1 << 20];
		ssize_t r = lsk_socket_recv(pair[1], sink, sizeof(sink), 0);

		if (r > 0)
			last = sink[r - 1];
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	}
	cr_assert_eq(first.result, sizeof(big));
	/* It may have left already, in one piece with the first. */
	cr_assert(second.result == -ECANCELED || second.result == 6, "%d",
		  second.result);
	cr_assert_eq(second.ends, 1);
	cr_assert_eq(third.result, 1);
	pair_free(pair);
}

Test_on_each_loop(loop_send, times_out_without_losing_order)
{
	static char big[4 << 20];
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];

	pair_new(pair, SOCK_STREAM);
	then.timeout_ns = 20 * msec;
	cr_assert_eq(lsk_loop_send(loop, pair[0], big, sizeof(big), 0, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert(outcome.result == -ETIME ||
			  (outcome.result > 0 && outcome.result < (int)sizeof(big)),
		  "%d", outcome.result);
	cr_assert_eq(lsk_loop_queued(loop, pair[0]), 0);
	pair_free(pair);
}

/* The ring's own second attempt would send an empty datagram. */
Test_on_each_loop(loop_send, waits_for_room_at_a_datagram_peer_and_sends_no_empty_one)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	char buf[16];
	int count = 0;
	ssize_t r;

	pair_new(pair, SOCK_DGRAM);
	lsk_socket_set_timeout(pair[0], 0);
	lsk_socket_set_timeout(pair[1], 0);
	while (lsk_socket_send(pair[0], "fill", 4, 0) == 4)
		count++;
	for (int i = 0; i < 5; i++)
		cr_assert_eq(lsk_loop_send(loop, pair[0], "later", 5, 0, &then), 0);
	run_idle(loop);
	cr_assert_eq(outcome.ends, 0);
	count = -count;
	while (outcome.ends < 5 || count < 5) {
		r = lsk_socket_recv(pair[1], buf, sizeof(buf), 0);
		if (r >= 0) {
			cr_assert_eq(r, count < 0 ? 4 : 5, "got %zd", r);
			count++;
		}
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	}
	cr_assert_eq(outcome.result, 5);
	pair_free(pair);
}

Test_on_each_loop(loop_send, says_epipe_without_a_signal)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];

	pair_new(pair, SOCK_STREAM);
	lsk_socket_close(pair[1]);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(lsk_loop_send(loop, pair[0], "x", 1, 0, &then), 0);
	run_until(loop, &outcome.ends, 3);
	cr_assert_eq(outcome.result, -EPIPE);
	pair_free(pair);
}

Test_on_each_loop(loop_poll, tells_what_is_there)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];

	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_poll(loop, pair[0], POLLOUT, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, POLLOUT);
	cr_assert_eq(lsk_loop_poll(loop, pair[0], POLLIN, &then), 0);
	run_idle(loop);
	cr_assert_eq(outcome.ends, 1);
	lsk_socket_send(pair[1], "x", 1, 0);
	run_until(loop, &outcome.ends, 2);
	cr_assert_eq(outcome.result, POLLIN);
	pair_free(pair);
}

Test_on_each_loop(loop_recvmsg, brings_addresses_and_descriptors)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	char control[CMSG_SPACE(sizeof(int))] = "";
	char byte = 'd';
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);
	struct lsk_socket *pair[2];
	int fd = 0;

	pair_new(pair, SOCK_STREAM);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	cr_assert_eq(lsk_loop_sendmsg(loop, pair[1], &message, 0, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 1);

	memset(control, 0, sizeof(control));
	cr_assert_eq(lsk_loop_recvmsg(loop, pair[0], &message, 0, &then), 0);
	run_until(loop, &outcome.ends, 2);
	cr_assert_eq(outcome.result, 1);
	cmsg = CMSG_FIRSTHDR(&message);
	cr_assert_not_null(cmsg);
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	pair_free(pair);
}

/* close(2) alone would neither end the receive nor tell the peer. */
Test_on_each_loop(loop_close, ends_pending_operations_and_tells_the_peer)
{
	struct outcome received = {0};
	struct outcome closed = {0};
	struct lsk_then then = then_tell(&received);
	struct lsk_socket *pair[2];
	char buf[16];

	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then), 0);
	run_idle(loop);
	cr_assert_eq(lsk_socket_close(pair[0]), -EBUSY, "that is for the loop to do");
	then = then_tell(&closed);
	cr_assert_eq(lsk_loop_close(loop, pair[0], &then), 0);
	cr_assert_eq(lsk_loop_close(loop, pair[0], &then), -EBADF);
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, 1, 0, &then), -EBADF);
	run_until(loop, &closed.ends, 1);
	cr_assert_eq(closed.result, 0);
	cr_assert_eq(received.ends, 1, "it ended before");
	cr_assert_eq(received.result, -ECANCELED);
	cr_assert_eq(lsk_socket_recv(pair[1], buf, sizeof(buf), 0), 0,
		     "the peer knows");
	cr_assert_eq(closed.ends, 1);
	pair_free(pair);
}

Test_on_each_loop(loop_close, sends_what_was_queued_first)
{
	static char big[2 << 20];
	static char sink[1 << 16];
	struct outcome sent = {0};
	struct outcome closed = {0};
	struct lsk_then then = then_tell(&sent);
	struct lsk_socket *pair[2];
	size_t have = 0;
	ssize_t r;

	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_send(loop, pair[0], big, sizeof(big), 0, &then), 0);
	then = then_tell(&closed);
	cr_assert_eq(lsk_loop_close(loop, pair[0], &then), 0);
	pair[0] = lsk_socket_free(pair[0]);
	lsk_socket_set_timeout(pair[1], 0);
	while ((r = lsk_socket_recv(pair[1], sink, sizeof(sink), 0)) != 0) {
		have += r > 0 ? (size_t)r : 0;
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
	}
	cr_assert_eq(have, sizeof(big));
	run_until(loop, &closed.ends, 1);
	cr_assert_eq(sent.result, sizeof(big));
	pair_free(pair);
}

Test_on_each_loop(loop_close, gives_queued_sends_up_at_its_timeout)
{
	static char big[4 << 20];
	struct outcome sent = {0};
	struct outcome closed = {0};
	struct lsk_then then = then_tell(&sent);
	struct lsk_socket *pair[2];

	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_send(loop, pair[0], big, sizeof(big), 0, &then), 0);
	then = then_tell(&closed);
	then.timeout_ns = 20 * msec;
	cr_assert_eq(lsk_loop_close(loop, pair[0], &then), 0);
	run_until(loop, &closed.ends, 1);
	cr_assert_eq(sent.ends, 1);
	cr_assert_lt(sent.result, (int)sizeof(big));
	pair_free(pair);
}

Test_on_each_loop(loop_timer, expires_in_order_and_can_be_cancelled)
{
	static const int64_t after_ns[] = {10 * msec, 3600 * LSK_NSEC_PER_SEC,
					   30 * msec};
	struct outcome outcomes[3] = {0};
	struct lsk_op op;
	int64_t begin = engine_now_ns();

	for (int i = 0; i < 3; i++) {
		struct lsk_then then = then_tell(&outcomes[i]);

		if (i == 1)
			then.ret_op = &op;
		cr_assert_eq(lsk_loop_timer(loop, after_ns[i], &then), 0);
	}
	cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	run_until(loop, &outcomes[1].ends, 1);
	cr_assert_eq(outcomes[1].result, -ECANCELED);
	run_until(loop, &outcomes[2].ends, 1);
	cr_assert_eq(outcomes[0].ends, 1);
	cr_assert_eq(outcomes[2].result, 0);
	cr_assert_geq(engine_now_ns() - begin, 30 * msec);
	cr_assert_eq(lsk_loop_run(loop, LSK_RUN_FOREVER), 0, "nothing is left");
}

static void *wake_from_thread(void *context)
{
	lsk_loop_wake(context);
	return NULL;
}

Test_on_each_loop(loop_wake, ends_a_wait)
{
	struct lsk_event event;
	pthread_t thread;

	for (int i = 0; i < 3; i++) {
		pthread_create(&thread, NULL, wake_from_thread, loop);
		cr_assert_eq(lsk_loop_next(loop, &event, 1, LSK_BLOCK), 0);
		pthread_join(thread, NULL);
		run_idle(loop);
	}
}

struct posts {
	struct lsk_loop *loop;
	int last;
	int out_of_order;
};

struct post {
	struct posts *posts;
	int number;
};

static void post_count(struct lsk_loop *loop, void *context)
{
	struct post *post = context;

	(void)loop;
	post->posts->out_of_order += post->number != post->posts->last + 1;
	post->posts->last = post->number;
	free(post);
}

static void *post_from_thread(void *context)
{
	struct posts *posts = context;

	for (int i = 1; i <= 1000; i++) {
		struct post *post = malloc(sizeof(*post));

		*post = (struct post){posts, i};
		lsk_loop_post(posts->loop, post_count, post);
	}
	return NULL;
}

static void post_set(struct lsk_loop *loop, void *context)
{
	(void)loop;
	*(bool *)context = true;
}

Test_on_each_loop(loop_post, is_an_event_that_ends_the_wait_of_run_once)
{
	const struct lsk_then hour = {.timeout_ns = 0};
	bool has_run = false;

	cr_assert_eq(lsk_loop_timer(loop, 3600 * LSK_NSEC_PER_SEC, &hour), 0);
	cr_assert_eq(lsk_loop_post(loop, post_set, &has_run), 0);
	cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
	cr_assert(has_run);
}

Test(loop_free, runs_the_posts_that_are_left)
{
	struct lsk_loop *loop;
	bool has_run = false;

	cr_assert_eq(lsk_loop_new(&loop, NULL), 0);
	cr_assert_eq(lsk_loop_post(loop, post_set, &has_run), 0);
	lsk_loop_free(loop);
	cr_assert(has_run);
}

Test_on_each_loop(loop_post, runs_in_order_in_the_loops_thread)
{
	struct posts posts = {.loop = loop};
	pthread_t thread;

	pthread_create(&thread, NULL, post_from_thread, &posts);
	run_until(loop, &posts.last, 1000);
	pthread_join(thread, NULL);
	cr_assert_eq(posts.out_of_order, 0);
}

/* A foreign loop watches the descriptor with poll(2). */
Test_on_each_loop(loop_fd, tells_a_host_when_to_run)
{
	static struct outcome outcome; /* the loop's end tells it, too */
	struct lsk_then then = then_tell(&outcome);
	struct pollfd host = {.events = POLLIN};
	struct lsk_socket *pair[2];
	char buf[16];
	pthread_t thread;

	host.fd = lsk_loop_fd(loop);
	cr_assert_geq(host.fd, 0);
	cr_assert_eq(lsk_loop_fd(loop), host.fd);
	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, sizeof(buf), 0, &then), 0);
	run_idle(loop);
	cr_assert_eq(poll(&host, 1, 0), 0, "nothing to do");
	cr_assert_eq(lsk_loop_timeout(loop), LSK_BLOCK);
	for (int i = 1; i <= 3; i++) {
		lsk_socket_send(pair[1], "x", 1, 0);
		cr_assert_eq(poll(&host, 1, 60000), 1);
		while (outcome.ends < i && poll(&host, 1, 60000) == 1)
			cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
		cr_assert_eq(outcome.ends, i);
		cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, 1, 0, &then), 0);
		run_idle(loop);
	}
	cr_assert_eq(poll(&host, 1, 0), 0);
	pthread_create(&thread, NULL, wake_from_thread, loop);
	cr_assert_eq(poll(&host, 1, 60000), 1, "a wake is told too");
	pthread_join(thread, NULL);
	run_idle(loop);
	cr_assert_eq(poll(&host, 1, 0), 0);

	cr_assert_eq(lsk_loop_timer(loop, 100 * LSK_NSEC_PER_SEC, &then), 0);
	cr_assert_leq(lsk_loop_timeout(loop), 101 * LSK_NSEC_PER_SEC);
	cr_assert_gt(lsk_loop_timeout(loop), 0);
	pair_free(pair);
}

static void restart_in_callback(struct lsk_loop *loop, const struct lsk_event *event)
{
	int *left = event->context;
	struct lsk_then then = {.done = restart_in_callback, .context = left};
	struct lsk_event events[1];

	cr_assert_eq(lsk_loop_run(loop, LSK_RUN_NOWAIT), -EBUSY);
	cr_assert_eq(lsk_loop_next(loop, events, 1, 0), -EBUSY);
	if (--*left > 0)
		cr_assert_eq(lsk_loop_timer(loop, 1, &then), 0);
	else
		lsk_loop_stop(loop);
}

Test_on_each_loop(loop_run, goes_on_until_it_is_stopped)
{
	static struct outcome pending; /* the loop's end tells it, too */
	struct lsk_then then = then_tell(&pending);
	struct lsk_socket *pair[2];
	char buf[1];
	int left = 5;

	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, 1, 0, &then), 0);
	then = (struct lsk_then){.done = restart_in_callback, .context = &left};
	cr_assert_eq(lsk_loop_timer(loop, 1, &then), 0);
	cr_assert_eq(lsk_loop_run(loop, LSK_RUN_FOREVER), 1, "the receive is left");
	cr_assert_eq(left, 0);
	pair_free(pair);
}

static void stop_in_callback(struct lsk_loop *loop, const struct lsk_event *event)
{
	*(int *)event->context += event->result;
	lsk_loop_stop(loop);
}

/* A single send ends before the kernel is waited for. */
Test_on_each_loop(loop_run, does_not_sleep_when_it_is_stopped_before_the_wait)
{
	static struct outcome pending; /* the loop's end tells it, too */
	struct lsk_then then = then_tell(&pending);
	struct lsk_socket *pair[2];
	char buf[1];
	int sent = 0;

	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, 1, 0, &then), 0);
	run_idle(loop);
	then = (struct lsk_then){.done = stop_in_callback, .context = &sent};
	cr_assert_eq(lsk_loop_send(loop, pair[0], "xy", 2, 0, &then), 0);
	cr_assert_eq(lsk_loop_run(loop, LSK_RUN_FOREVER), 1);
	cr_assert_eq(sent, 2);
	pair_free(pair);
}

Test_on_each_loop(loop_free, ends_everything)
{
	struct outcome outcomes[20] = {0};
	struct lsk_loop *other = NULL;
	const struct lsk_loop_options options = {
		.force_epoll = lsk_loop_backend(loop) == LSK_BACKEND_EPOLL,
	};
	static char big[1 << 22];
	struct lsk_socket *pair[2];
	char buf[16];

	cr_assert_eq(lsk_loop_new(&other, &options), 0);
	pair_new(pair, SOCK_STREAM);
	for (int i = 0; i < 20; i++) {
		struct lsk_then then = then_tell(&outcomes[i]);
		int r;

		if (i % 3 == 0)
			r = lsk_loop_recv(other, pair[0], buf, 1, 0, &then);
		else if (i % 3 == 1)
			r = lsk_loop_timer(other, LSK_NSEC_PER_SEC, &then);
		else
			r = lsk_loop_send(other, pair[1], big, sizeof(big), 0, &then);
		cr_assert_eq(r, 0);
	}
	cr_assert_eq(lsk_loop_recv(loop, pair[0], buf, 1, 0, NULL), -EBUSY,
		     "it is bound to the other loop");
	lsk_loop_free(other);
	for (int i = 0; i < 20; i++)
		cr_expect_eq(outcomes[i].ends, 1, "operation %d ended %d times", i,
			     outcomes[i].ends);
	cr_assert_eq(lsk_socket_fd(pair[0]) >= 0, true, "the caller's reference");
	pair_free(pair);
}

static void stop_at_end(struct lsk_loop *loop, const struct lsk_event *event)
{
	*(int *)event->context = event->result;
	lsk_loop_stop(loop);
}

/* A stop is for the run that it ends; the end of a loop is not to be hurried by it. */
Test_on_each_loop(loop_free, ends_everything_of_a_loop_that_was_stopped)
{
	const struct lsk_loop_options options = {
		.force_epoll = lsk_loop_backend(loop) == LSK_BACKEND_EPOLL,
	};
	struct lsk_loop *other = NULL;
	struct lsk_socket *pair[2];
	int results[2] = {0};
	struct lsk_then then;
	int left = 1;
	char buf[2];

	cr_assert_eq(lsk_loop_new(&other, &options), 0);
	pair_new(pair, SOCK_STREAM);
	for (int i = 0; i < 2; i++) {
		then = (struct lsk_then){.done = stop_at_end, .context = &results[i]};
		cr_assert_eq(lsk_loop_recv(other, pair[i], &buf[i], 1, 0, &then), 0);
	}
	then = (struct lsk_then){.done = restart_in_callback, .context = &left};
	cr_assert_eq(lsk_loop_timer(other, 1, &then), 0);
	cr_assert_eq(lsk_loop_run(other, LSK_RUN_FOREVER), 2, "the receives are left");
	lsk_loop_free(other);
	cr_assert_eq(results[0], -ECANCELED);
	cr_assert_eq(results[1], -ECANCELED);
	pair_free(pair);
}

Test(loop, refuses_null)
{
	struct lsk_event event;

	cr_assert_eq(lsk_loop_new(NULL, NULL), -EINVAL);
	cr_assert_null(lsk_loop_free(NULL));
	cr_assert_eq(lsk_loop_run(NULL, LSK_RUN_ONCE), -EINVAL);
	cr_assert_eq(lsk_loop_next(NULL, &event, 1, 0), -EINVAL);
	cr_assert_eq(lsk_loop_timer(NULL, 1, NULL), -EINVAL);
	cr_assert_eq(lsk_loop_fd(NULL), -EINVAL);
	cr_assert_eq(lsk_loop_post(NULL, post_count, NULL), -EINVAL);
	cr_assert_eq(lsk_loop_recv(NULL, NULL, NULL, 0, 0, NULL), -EINVAL);
	cr_assert_eq(lsk_loop_close(NULL, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_loop_cancel_all(NULL), -EINVAL);
}
