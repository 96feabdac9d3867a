/* SPDX-License-Identifier: MIT */
/* Requests of AF_ALG on a loop, many at a time, on both back ends. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include <linsock.h>

#include "tests/support/alg.h"
#include "tests/support/loops.h"
#include "uring/util.h"

/* One request with room of its own. */
struct job {
	struct lsk_alg_request request;
	struct iovec in;
	struct iovec out;
	unsigned char text[128];
	unsigned char result[128];
	struct outcome *outcome;
};

static void job_init(struct job *job, struct outcome *outcome, size_t in, size_t out)
{
	*job = (struct job){.outcome = outcome};
	job->in = (struct iovec){job->text, in};
	job->out = (struct iovec){job->result, out};
	job->request.in = &job->in;
	job->request.in_count = 1;
	job->request.out = &job->out;
	job->request.out_count = 1;
}

static int job_start(struct lsk_alg *alg, struct lsk_loop *loop, struct job *job)
{
	struct lsk_then then = then_tell(job->outcome);

	return lsk_alg_start(alg, loop, &job->request, &then);
}

Test_on_each_loop(alg_loop, hashes_hundreds_at_once)
{
	enum { COUNT = 200 };
	struct lsk_alg *alg = alg_for_test("hash", "sha256");
	struct job *jobs = calloc(COUNT, sizeof(*jobs));
	struct outcome *outcome = calloc(1, sizeof(*outcome));

	cr_assert(jobs && outcome);
	/* The second round uses the sockets of the first one. */
	for (int round = 0; round < 2; round++) {
		outcome->ends = 0;
		for (int i = 0; i < COUNT; i++) {
			job_init(&jobs[i], outcome, (size_t)i % 100, 32);
			memset(jobs[i].text, i, 100);
			cr_assert_eq(job_start(alg, loop, &jobs[i]), 0);
		}
		cr_assert_eq(outcome->events, round * COUNT);
		run_until(loop, &outcome->ends, COUNT);
		cr_assert_eq(outcome->result, 32);
		for (int i = 0; i < COUNT; i++) {
			unsigned char digest[32];

			cr_assert_eq(lsk_alg_digest(alg, jobs[i].text, (size_t)i % 100,
						    digest, 32),
				     32);
			cr_assert_eq(memcmp(digest, jobs[i].result, 32), 0, "job %d",
				     i);
		}
	}
	free(jobs);
	free(outcome);
	lsk_alg_free(alg);
}

Test_on_each_loop(alg_loop, seals_and_opens)
{
	struct lsk_alg *alg = alg_for_test("aead", "gcm(aes)");
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct job seal, unseal;

	cr_assert_eq(lsk_alg_set_key(alg, "0123456789abcdef", 16), 0);
	job_init(&seal, outcome, 20, sizeof(seal.result));
	memset(seal.text, 'x', 20);
	seal.request.is_encryption = true;
	seal.request.iv = "abcdefghijkl";
	seal.request.iv_len = 12;
	seal.request.assoc = "about";
	seal.request.assoc_len = 5;
	cr_assert_eq(job_start(alg, loop, &seal), 0);
	cr_assert_eq(lsk_alg_set_tag_size(alg, 12), -EBUSY, "while one is under way");
	run_until(loop, &outcome->ends, 1);
	cr_assert_eq(outcome->result, 36);

	job_init(&unseal, outcome, 36, sizeof(unseal.result));
	memcpy(unseal.text, seal.result, 36);
	unseal.request.iv = "abcdefghijkl";
	unseal.request.iv_len = 12;
	unseal.request.assoc = "about";
	unseal.request.assoc_len = 5;
	cr_assert_eq(job_start(alg, loop, &unseal), 0);
	run_until(loop, &outcome->ends, 2);
	cr_assert_eq(outcome->result, 20);
	cr_assert_eq(memcmp(unseal.result, seal.text, 20), 0);

	unseal.text[0] ^= 1;
	cr_assert_eq(job_start(alg, loop, &unseal), 0);
	run_until(loop, &outcome->ends, 3);
	cr_assert_eq(outcome->result, -EBADMSG);
	unseal.text[0] ^= 1;
	cr_assert_eq(job_start(alg, loop, &unseal), 0);
	run_until(loop, &outcome->ends, 4);
	cr_assert_eq(outcome->result, 20);
	free(outcome);
	lsk_alg_free(alg);
}

Test_on_each_loop(alg_loop, tells_what_the_kernel_refuses)
{
	struct lsk_alg *alg = alg_for_test("skcipher", "cbc(aes)");
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct job job;

	lsk_alg_set_key(alg, "0123456789abcdef", 16);
	job_init(&job, outcome, 32, 32);
	job.request.iv = "too short";
	job.request.iv_len = 9;
	cr_assert_eq(job_start(alg, loop, &job), 0);
	run_until(loop, &outcome->ends, 1);
	cr_assert_eq(outcome->result, -EINVAL);
	job.request.iv = "as long as it is";
	job.request.iv_len = 16;
	job.in.iov_len = job.out.iov_len = 31;
	cr_assert_eq(job_start(alg, loop, &job), 0);
	run_until(loop, &outcome->ends, 2);
	cr_assert_eq(outcome->result, -EINVAL);
	run_idle(loop);
	cr_assert_eq(outcome->events, 2);
	job.out.iov_len = 30;
	cr_assert_eq(job_start(alg, loop, &job), -ENOSPC);
	cr_assert_eq(lsk_alg_start(alg, loop, &job.request, NULL), -EINVAL);
	free(outcome);
	lsk_alg_free(alg);
}

Test_on_each_loop(alg_loop, gives_random_bytes)
{
	struct lsk_alg *alg = alg_for_test("rng", "jitterentropy_rng");
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct job job;

	job_init(&job, outcome, 0, 128);
	job.request.in_count = 0;
	cr_assert_eq(job_start(alg, loop, &job), 0);
	run_until(loop, &outcome->ends, 1);
	cr_assert_eq(outcome->result, 128);
	free(outcome);
	lsk_alg_free(alg);
}

/* The transform outlives its loop, and ends in good order. */
Test_on_each_loop(alg_loop, may_be_freed_before_the_transform)
{
	const struct lsk_loop_options options = {
		.force_epoll = lsk_loop_backend(loop) == LSK_BACKEND_EPOLL};
	struct lsk_loop *inner = loop_for_test(&options);
	struct lsk_alg *alg = alg_for_test("hash", "sha256");
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct job job;

	job_init(&job, outcome, 3, 32);
	cr_assert_eq(job_start(alg, inner, &job), 0);
	cr_assert_eq(job_start(alg, loop, &job), -EBUSY,
		     "it belongs to the first loop");
	run_until(inner, &outcome->ends, 1);
	cr_assert_eq(job_start(alg, inner, &job), 0);
	lsk_loop_free(inner);
	cr_assert_eq(outcome->ends, 2, "what was under way has ended");
	free(outcome);
	lsk_alg_free(alg);
}
