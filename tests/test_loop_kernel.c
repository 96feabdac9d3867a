/* SPDX-License-Identifier: MIT */
/*
 * Traps that a kernel of paper cannot show: processes and threads, descriptors'
 * numbers, clocks, and rings that are refused while others run. See test_loop_trap.c.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linsock.h>

#include "src/socket.h"
#include "tests/support/loops.h"
#include "uring/engine.h"
#include "uring/uring_loop.h"

static const int64_t msec = LSK_NSEC_PER_SEC / 1000;

static void pair_new(struct lsk_socket *pair[2])
{
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0), 0);
}

static void pair_free(struct lsk_socket *pair[2])
{
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

static void tcp_pair_new(struct lsk_socket *pair[2])
{
	struct lsk_socket *listener;
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_parse(&addr, "inet://127.0.0.1:0", NULL), 0);
	cr_assert_eq(lsk_create_server(&listener, &addr, NULL, NULL), 0);
	cr_assert_eq(lsk_socket_getsockname(listener, &addr), 0);
	cr_assert_eq(lsk_socket_new(&pair[0], AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_connect(pair[0], &addr), 0);
	cr_assert_eq(lsk_socket_accept(listener, &pair[1], NULL), 0);
	lsk_socket_free(listener);
}

/* In the child: nothing of the parent's may be touched, and a loop of its own works. */
static int child_of_a_fork(struct lsk_loop *loop, struct lsk_socket *bound,
			   struct lsk_op name, struct lsk_socket *unbound)
{
	const struct lsk_loop_options options = {
		.force_epoll = lsk_loop_backend(loop) == LSK_BACKEND_EPOLL,
	};
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);
	struct lsk_event event;
	struct lsk_socket *pair[2];
	struct lsk_loop *own;
	char byte;

	if (lsk_loop_run(loop, LSK_RUN_NOWAIT) != -ECHILD ||
	    lsk_loop_next(loop, &event, 1, 0) != -ECHILD ||
	    lsk_loop_recv(loop, unbound, &byte, 1, 0, &then) != -ECHILD)
		return 1;
	if (lsk_loop_recv(loop, bound, &byte, 1, 0, &then) != -ECHILD ||
	    lsk_loop_send(loop, bound, "x", 1, 0, &then) != -ECHILD ||
	    lsk_loop_timer(loop, msec, &then) != -ECHILD ||
	    lsk_loop_cancel(loop, name) != -ECHILD ||
	    lsk_loop_cancel_socket(loop, bound) != -ECHILD ||
	    lsk_loop_cancel_all(loop) != -ECHILD ||
	    lsk_loop_pause(loop, name) != -ECHILD ||
	    lsk_loop_resume(loop, name) != -ECHILD ||
	    lsk_loop_close(loop, bound, &then) != -ECHILD ||
	    lsk_loop_release(loop, bound) != -ECHILD)
		return 6;
	lsk_loop_free(loop);
	if (outcome->events != 0 || lsk_loop_new(&own, &options) < 0 ||
	    lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0) < 0)
		return 2;
	if (lsk_loop_recv(own, pair[0], &byte, 1, 0, &then) < 0 ||
	    lsk_socket_send(pair[1], "x", 1, 0) != 1)
		return 3;
	while (outcome->ends == 0)
		if (lsk_loop_run(own, LSK_RUN_ONCE) < 0)
			return 4;
	lsk_loop_free(own);
	return outcome->result == 1 ? 0 : 5;
}

Test_on_each_loop(trap_fork, leaves_the_parents_loop_alone)
{
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;
	struct lsk_op name;
	int status = -1;
	pid_t child;

	then.ret_op = &name;
	cr_assert_eq(lsk_pool_new(loop, &pool, NULL), 0);
	pair_new(pair);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	run_idle(loop);
	child = fork();
	if (child == 0)
		_exit(child_of_a_fork(loop, pair[0], name, pair[1]));
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0, "the child said %#x", (unsigned int)status);
	cr_assert_eq(outcome->events, 0);
	for (int i = 1; i <= 3; i++) {
		cr_assert_eq(lsk_socket_send(pair[1], "abc", 3, 0), 3);
		run_until(loop, &outcome->events, i);
	}
	cr_assert_eq(memcmp(outcome->data, "abcabcabc", 9), 0);
	lsk_socket_close(pair[1]);
	run_until(loop, &outcome->ends, 1);
	cr_assert_eq(outcome->result, 0);
	free(outcome);
	pair_free(pair);
}

/* The kernel's late work on a ring that was closed makes an epoll_wait(2) of the thread
 * return EINTR: no loop may take that for an end. */
Test(trap_queue_exit, interrupts_no_wait_of_another_loop)
{
	const struct lsk_loop_options by_ring = {0};
	const struct lsk_loop_options by_epoll = {.force_epoll = 1};
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);

	for (int i = 1; i <= 30; i++) {
		struct lsk_loop *ring = loop_for_test(&by_ring);
		struct lsk_loop *loop = loop_for_test(&by_epoll);

		lsk_loop_free(ring);
		cr_assert_eq(lsk_loop_timer(loop, 20 * msec, &then), 0);
		cr_assert_eq(lsk_loop_run(loop, LSK_RUN_FOREVER), 0);
		cr_assert_eq(outcome.ends, i);
		lsk_loop_free(loop);
	}
}

/* Descriptors are looked up when a request is submitted, and by then a number may be
 * another's. */
Test_on_each_loop(trap_reused_number, gets_nothing_of_the_socket_before)
{
	struct outcome old = {0};
	struct outcome closed = {0};
	struct lsk_then then = then_tell(&old);
	struct lsk_socket *first[2];
	struct lsk_socket *second[2];
	char taken[8] = "";
	char byte = 0;
	int number;

	pair_new(first);
	number = socket_fd(first[0]);
	/* Not submitted yet. */
	cr_assert_eq(lsk_loop_recv(loop, first[0], taken, sizeof(taken), 0, &then), 0);
	then = then_tell(&closed);
	cr_assert_eq(lsk_loop_close(loop, first[0], &then), 0);
	run_until(loop, &closed.ends, 1);
	cr_assert_eq(old.ends, 1);
	cr_assert_eq(old.result, -ECANCELED);
	pair_new(second);
	cr_assert_eq(socket_fd(second[0]), number, "the lowest that is free");
	cr_assert_eq(lsk_socket_send(second[1], "x", 1, 0), 1);
	run_idle(loop);
	cr_assert_eq(taken[0], 0);
	cr_assert_eq(lsk_socket_recv(second[0], &byte, 1, 0), 1);
	cr_assert_eq(byte, 'x');
	pair_free(first);
	pair_free(second);
}

/* Nobody has a name for it any more but its events: the loop keeps it, with the
 * buffers that the kernel writes to, and ends it with itself. */
Test_on_each_loop(trap_dropped, a_socket_goes_on_until_its_loop_ends)
{
	const struct lsk_loop_options options = {
		.force_epoll = lsk_loop_backend(loop) == LSK_BACKEND_EPOLL,
	};
	struct lsk_loop *own = loop_for_test(&options);
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;
	char byte;

	cr_assert_eq(lsk_pool_new(own, &pool, NULL), 0);
	pair_new(pair);
	cr_assert_eq(lsk_loop_recv_stream(own, pair[0], pool, &then), 0);
	lsk_socket_free(pair[0]);
	for (int i = 1; i <= 3; i++) {
		cr_assert_eq(lsk_socket_send(pair[1], "abc", 3, 0), 3);
		run_until(own, &outcome->events, i);
	}
	cr_assert_eq(memcmp(outcome->data, "abcabcabc", 9), 0);
	cr_assert_eq(outcome->ends, 0);
	lsk_loop_free(own);
	cr_assert_eq(outcome->ends, 1);
	cr_assert_eq(outcome->result, -ECANCELED);
	cr_assert_eq(lsk_socket_recv(pair[1], &byte, 1, 0), 0, "the peer was told");
	lsk_socket_free(pair[1]);
	free(outcome);
}

/* A cancel goes to the ring that has the request, so that a socket has one loop. */
Test_on_each_loop(trap_two_loops, do_not_share_a_socket)
{
	const struct lsk_loop_options options = {
		.force_epoll = lsk_loop_backend(loop) == LSK_BACKEND_EPOLL,
	};
	struct lsk_loop *other = loop_for_test(&options);
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	char byte;

	pair_new(pair);
	cr_assert_eq(lsk_loop_recv(loop, pair[0], &byte, 1, 0, &then), 0);
	cr_assert_eq(lsk_loop_recv(other, pair[0], &byte, 1, 0, &then), -EBUSY);
	cr_assert_eq(lsk_loop_cancel_socket(loop, pair[0]), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(lsk_loop_release(loop, pair[0]), 0);
	cr_assert_eq(lsk_loop_recv(other, pair[0], &byte, 1, 0, &then), 0);
	lsk_socket_send(pair[1], "x", 1, 0);
	run_until(other, &outcome.ends, 2);
	cr_assert_eq(outcome.result, 1);
	lsk_loop_free(other);
	pair_free(pair);
}

/* One completion alone does not wait for those that never come. */
Test(trap_min_wait, gathers_completions_and_holds_none_back)
{
	const struct lsk_loop_options options = {.min_wait_us = 50000};
	struct lsk_loop *loop = loop_for_test(&options);
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	char byte;

	if (!(lsk_loop_features(loop) & LSK_LOOP_MIN_WAIT))
		cr_skip_test("no least wait here");
	pair_new(pair);
	cr_assert_eq(lsk_loop_recv(loop, pair[0], &byte, 1, 0, &then), 0);
	run_idle(loop);
	lsk_socket_send(pair[1], "x", 1, 0);
	while (outcome.ends == 0)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
	cr_assert_eq(outcome.result, 1);
	/* Nor does it keep a timer from its time, or a wake. */
	cr_assert_eq(lsk_loop_timer(loop, 5 * msec, &then), 0);
	run_until(loop, &outcome.ends, 2);
	lsk_loop_wake(loop);
	cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
	pair_free(pair);
	lsk_loop_free(loop);
}

/* Nothing else changes: loopback has no queue to look at. */
Test(trap_busy_poll, is_taken_where_the_kernel_can_and_loses_nothing)
{
	const struct lsk_loop_options options = {.busy_poll_us = 20};
	struct lsk_loop *loop = loop_for_test(&options);
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct uring_loop *uring = loop->state;
	struct io_uring_napi napi = {0};
	struct lsk_socket *pair[2];
	char byte;

	if (!(lsk_loop_features(loop) & LSK_LOOP_BUSY_POLL))
		cr_skip_test("no busy polling here");
	tcp_pair_new(pair);
	for (int i = 1; i <= 100; i++) {
		cr_assert_eq(lsk_loop_recv(loop, pair[0], &byte, 1, 0, &then), 0);
		run_idle(loop);
		cr_assert_eq(lsk_socket_send(pair[1], "x", 1, 0), 1);
		run_until(loop, &outcome.ends, i);
		cr_assert_eq(outcome.result, 1);
	}
	/* The kernel says what it was told. */
	cr_assert_eq(io_uring_unregister_napi(&uring->ring, &napi), 0);
	cr_assert_eq(napi.busy_poll_to, 20);
	cr_assert_eq(napi.prefer_busy_poll, 1);
	lsk_loop_free(loop);
	pair_free(pair);
}

/* As containers have it, from here on. */
static int forbid_rings(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

/* Rings that are there go on; where the next is refused readiness does its work. */
Test(trap_refused, in_the_middle_of_a_run_no_byte_is_lost)
{
	const struct lsk_loop_options options = {0};
	struct lsk_loop *loops[2] = {loop_for_test(&options), NULL};
	struct outcome *outcomes = calloc(2, sizeof(*outcomes));
	struct lsk_socket *pair[2];

	/* The process has made its choice, and it was a ring. */
	if (engine_backend_choice() != &engine_backend_uring)
		cr_skip_test("no io_uring here");
	if (forbid_rings() < 0)
		cr_skip_test("no filter of system calls here");
	cr_assert_eq(lsk_loop_new(&loops[1], NULL), 0);
	cr_assert_eq(lsk_loop_backend(loops[0]), LSK_BACKEND_URING);
	cr_assert_eq(lsk_loop_backend(loops[1]), LSK_BACKEND_EPOLL);
	pair_new(pair);
	for (int i = 0; i < 2; i++) {
		struct lsk_then then = then_tell(&outcomes[i]);
		struct lsk_pool *pool;

		cr_assert_eq(lsk_pool_new(loops[i], &pool, NULL), 0);
		cr_assert_eq(lsk_loop_recv_stream(loops[i], pair[i], pool, &then), 0);
	}
	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < 100; j++)
			cr_assert_eq(
				lsk_loop_send(loops[i], pair[i], "abc", 3, 0, NULL), 0);
		cr_assert_geq(lsk_loop_run(loops[i], LSK_RUN_NOWAIT), 0);
	}
	for (int i = 0; i < 2; i++)
		while (outcomes[i].bytes < 300)
			cr_assert_geq(lsk_loop_run(loops[i], LSK_RUN_ONCE), 0);
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 300; j++)
			cr_assert_eq(outcomes[i].data[j], "abc"[j % 3]);
	lsk_loop_free(loops[0]);
	lsk_loop_free(loops[1]);
	free(outcomes);
	pair_free(pair);
}
