/* SPDX-License-Identifier: MIT */
/* The engine where a call of its own fails: the Nth one, once or from then on. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>

#include <linsock/socket.h>

#include "tests/support/engines.h"
#include "tests/support/fault.h"
#include "uring/util.h"

static int64_t recv_within(struct engine *engine, int fd, int64_t ns)
{
	char buf[8];
	const struct engine_request request = {
		.opcode = ENGINE_RECV,
		.fd = fd,
		.buf = buf,
		.len = sizeof(buf),
	};
	const struct engine_wait wait = {.deadline_ns = engine_now_ns() + ns};

	return engine_run(engine, &request, &wait);
}

/* Data comes through whatever the Nth submission says, and nothing is left behind that
 * would take the data of the next call. */
static void submission_fails(int error, bool is_lasting)
{
	for (unsigned int nth = 1; nth <= 3; nth++) {
		struct engine *engine = engine_for_test(&engine_backend_uring);
		int pair[2];

		cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		fault_arm(FAULT_io_uring_submit_and_wait_timeout, nth, error,
			  is_lasting);
		for (int i = 0; i < 3; i++) {
			cr_assert_eq(send(pair[1], "abc", 3, 0), 3);
			cr_expect_eq(
				recv_within(engine, pair[0], 60 * LSK_NSEC_PER_SEC), 3,
				"error %d in call %u, round %d", error, nth, i);
		}
		cr_expect_gt(fault_hits(FAULT_io_uring_submit_and_wait_timeout), 0);
		fault_disarm(FAULT_io_uring_submit_and_wait_timeout);
		close(pair[0]);
		close(pair[1]);
		engine_free(engine);
	}
}

Test(engine_run, submits_again_after_ebusy)
{
	submission_fails(EBUSY, false);
}

Test(engine_run, submits_again_after_eagain)
{
	submission_fails(EAGAIN, false);
}

Test(engine_run, submits_again_after_eintr)
{
	submission_fails(EINTR, false);
}

Test(engine_run, goes_on_with_readiness_when_the_ring_takes_nothing_more)
{
	submission_fails(EBUSY, true);
	submission_fails(EPERM, true);
	submission_fails(ENOSYS, true);
}

Test(engine_run, keeps_the_deadline_when_submissions_fail)
{
	struct engine *engine = engine_for_test(&engine_backend_uring);
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fault_arm(FAULT_io_uring_submit_and_wait_timeout, 1, EAGAIN, true);
	cr_expect_eq(recv_within(engine, pair[0], LSK_NSEC_PER_SEC / 50), -ETIME);
	fault_disarm(FAULT_io_uring_submit_and_wait_timeout);
	send(pair[1], "abc", 3, 0);
	cr_expect_eq(recv_within(engine, pair[0], 60 * LSK_NSEC_PER_SEC), 3);
	engine_free(engine);
}

Test(engine_thread, takes_readiness_when_its_ring_is_refused)
{
	static const int errors[] = {ENOMEM, EMFILE, EPERM, ENOSYS, EINVAL};

	engine_free(engine_for_test(&engine_backend_uring));
	choose_in_another_thread();
	cr_assert_eq(engine_backend_choice(), &engine_backend_uring);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct engine *engine = NULL;

		fault_arm(FAULT_io_uring_queue_init_params, 1, errors[i], false);
		cr_expect_eq(engine_new(&engine, &engine_backend_uring), -errors[i]);
		cr_expect_null(engine, "nothing is written on failure");
	}
	fault_arm(FAULT_io_uring_queue_init_params, 1, ENOMEM, false);

	struct engine *own = NULL;

	cr_assert_eq(engine_thread(&own), 0);
	cr_assert_eq(own->backend, &engine_backend_readiness);
}

Test(engine_thread, says_what_eventfd_said)
{
	struct engine *engine = NULL;

	fault_arm(FAULT_eventfd, 1, EMFILE, true);
	cr_assert_eq(engine_thread(&engine), -EMFILE);
	fault_disarm(FAULT_eventfd);
	cr_assert_eq(engine_thread(&engine), 0);
}

Test(engine_thread, says_enomem)
{
	struct engine *engine = NULL;

	choose_in_another_thread();
	fault_arm(FAULT_calloc, 1, ENOMEM, true);
	cr_assert_eq(engine_thread(&engine), -ENOMEM);
	fault_disarm(FAULT_calloc);
	cr_assert_eq(engine_thread(&engine), 0);
}
