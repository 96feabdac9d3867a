/* SPDX-License-Identifier: MIT */
/*
 * Digests of many texts at once by the kernel's cryptography, on a loop.
 *
 *	alg_digest sha256 TEXT...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock.h>

struct job {
	struct lsk_alg_request request;
	struct iovec text;
	struct iovec room;
	unsigned char digest[LSK_ALG_DIGEST_MAX];
};

static void job_done(struct lsk_loop *loop, const struct lsk_event *event)
{
	const struct job *job = event->context;

	(void)loop;
	if (event->result < 0) {
		fprintf(stderr, "%s\n", lsk_strerror(event->result));
		return;
	}
	for (int i = 0; i < event->result; i++)
		printf("%02x", job->digest[i]);
	printf("  %.*s\n", (int)job->text.iov_len, (const char *)job->text.iov_base);
}

static int run(struct lsk_alg *alg, struct lsk_loop *loop, int count, char **texts)
{
	struct job *jobs = calloc((size_t)count, sizeof(*jobs));
	int r = jobs ? 0 : -1;

	for (int i = 0; i < count && r == 0; i++) {
		struct job *job = &jobs[i];
		const struct lsk_then then = {.done = job_done, .context = job};

		job->text = (struct iovec){texts[i], strlen(texts[i])};
		job->room = (struct iovec){job->digest, sizeof(job->digest)};
		job->request.in = &job->text;
		job->request.in_count = 1;
		job->request.out = &job->room;
		job->request.out_count = 1;
		/* Nothing is done yet: all of it leaves with the loop's next pass. */
		r = lsk_alg_start(alg, loop, &job->request, &then);
	}
	if (r == 0)
		r = lsk_loop_run(loop, LSK_RUN_FOREVER);
	free(jobs);
	return r < 0;
}

int main(int argc, char **argv)
{
	struct lsk_error error = {0};
	struct lsk_loop *loop = NULL;
	struct lsk_alg *alg = NULL;
	struct lsk_addr addr;
	int status = 1;

	if (argc < 3) {
		fprintf(stderr, "usage: %s ALGORITHM TEXT...\n", argv[0]);
		return 2;
	}
	if (lsk_addr_alg(&addr, "hash", argv[1], 0, 0) < 0 ||
	    lsk_alg_open(&alg, &addr, &error) < 0)
		fprintf(stderr, "%s: %s\n", argv[1], error.text);
	else if (lsk_loop_new(&loop, NULL) == 0)
		status = run(alg, loop, argc - 2, argv + 2);
	lsk_alg_free(alg);
	lsk_loop_free(loop);
	return status;
}
