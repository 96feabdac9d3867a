/* SPDX-License-Identifier: MIT */
/* linsock alg speed: requests a second, one after the other or many on a loop. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/alg.h"
#include "tools/progress.h"

#define DEPTH_MAX 1024

struct speed {
	struct alg_options options;
	struct alg_bytes iv;
	const char *type;
	size_t size;
	long depth; /* 0: one by one, without a loop */
	int64_t duration_ns;
	struct lsk_alg *alg;
	int64_t begin_ns;
	int64_t end_ns;
	uint64_t done;
	int error;
};

/* One of those that are under way at a time. */
struct worker {
	struct speed *speed;
	struct lsk_alg_request request;
	struct iovec in;
	struct iovec out;
};

static void worker_init(struct worker *worker, struct speed *speed,
			unsigned char *memory)
{
	const bool is_rng = strcmp(speed->type, "rng") == 0;

	*worker = (struct worker){
		.speed = speed,
		.in = {memory, is_rng ? 0 : speed->size},
		.out = {memory, speed->size + 64},
	};
	if (is_rng)
		worker->out.iov_len = speed->size;
	worker->request = (struct lsk_alg_request){
		.is_encryption = true,
		.iv = speed->iv.is_set ? speed->iv.data : NULL,
		.iv_len = speed->iv.len,
		.in = &worker->in,
		.in_count = is_rng ? 0 : 1,
		.out = &worker->out,
		.out_count = 1,
	};
}

/* What is made for the first request is not what is measured. */
static void speed_begin(struct speed *speed)
{
	speed->begin_ns = monotonic_ns();
	speed->end_ns = speed->begin_ns + speed->duration_ns;
}

static int run_here(struct speed *speed, unsigned char *memory)
{
	struct worker worker;
	ssize_t r = 0;

	worker_init(&worker, speed, memory);
	speed_begin(speed);
	while (monotonic_ns() < speed->end_ns && r >= 0) {
		/* The clock is not what is measured. */
		for (int i = 0; i < 16 && r >= 0; i++) {
			r = lsk_alg_run(speed->alg, &worker.request);
			speed->done++;
		}
	}
	return r < 0 ? (int)r : 0;
}

static void worker_done(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct worker *worker = event->context;
	struct speed *speed = worker->speed;
	const struct lsk_then then = {.done = worker_done, .context = worker};

	if (event->result < 0)
		speed->error = event->result;
	else
		speed->done++;
	if (speed->error < 0 ||
	    (speed->done % 64 == 0 && monotonic_ns() >= speed->end_ns))
		speed->end_ns = 0;
	if (speed->end_ns > 0)
		speed->error = lsk_alg_start(speed->alg, loop, &worker->request, &then);
}

static int run_loop(struct speed *speed, unsigned char *memory, size_t stride)
{
	const struct lsk_loop_options options = {
		.entries = (unsigned int)(2 * speed->depth)};
	struct worker *workers = calloc((size_t)speed->depth, sizeof(*workers));
	struct lsk_loop *loop = NULL;
	int r = workers ? lsk_loop_new(&loop, &options) : -ENOMEM;

	speed_begin(speed);
	for (long i = 0; i < speed->depth && r >= 0; i++) {
		const struct lsk_then then = {.done = worker_done,
					      .context = &workers[i]};

		worker_init(&workers[i], speed, memory + (size_t)i * stride);
		r = lsk_alg_start(speed->alg, loop, &workers[i].request, &then);
	}
	if (r >= 0)
		r = lsk_loop_run(loop, LSK_RUN_FOREVER);
	lsk_loop_free(loop);
	free(workers);
	return r < 0 ? r : speed->error;
}

static int take_option(struct speed *speed, int option, const char *value)
{
	long number = 0;

	switch (option) {
	case 'v':
		return alg_take_hex(&speed->iv, "--iv", value);
	case 's':
		if (command_parse_number(value, 1, 1 << 24, &number) < 0)
			return command_usage("--size: \"%s\" is no number of bytes",
					     value);
		speed->size = (size_t)number;
		return COMMAND_OK;
	case 'q':
		if (command_parse_number(value, 0, DEPTH_MAX, &speed->depth) < 0)
			return command_usage("--depth: 0 to %d", DEPTH_MAX);
		return COMMAND_OK;
	case 'T':
		if (command_parse_seconds(value, &speed->duration_ns) < 0)
			return command_usage("--seconds: \"%s\" are none", value);
		return COMMAND_OK;
	default:
		return alg_take_option(&speed->options, option, value);
	}
}

static int measure(struct speed *speed)
{
	const size_t stride = (speed->size + 64 + 4095) / 4096 * 4096;
	const size_t count = speed->depth > 0 ? (size_t)speed->depth : 1;
	unsigned char *memory = aligned_alloc(4096, stride * count);
	double seconds;
	int r;

	if (!memory)
		return command_failure(-ENOMEM, "buffers");
	memset(memory, 'x', stride * count);
	r = speed->depth > 0 ? run_loop(speed, memory, stride)
			     : run_here(speed, memory);
	seconds = (double)(monotonic_ns() - speed->begin_ns) / (double)LSK_NSEC_PER_SEC;
	free(memory);
	if (r < 0)
		return alg_failure(r, speed->options.name);
	printf("%s %s size=%zu depth=%ld %.0f op/s %.2f MB/s\n", speed->type,
	       speed->options.name, speed->size, speed->depth,
	       (double)speed->done / seconds,
	       (double)speed->done * (double)speed->size / seconds / 1e6);
	return COMMAND_OK;
}

static int speed_main(int argc, char **argv)
{
	static const struct option longs[] = {
		ALG_LONG_OPTIONS,
		{"iv", required_argument, NULL, 'v'},
		{"size", required_argument, NULL, 's'},
		{"depth", required_argument, NULL, 'q'},
		{"seconds", required_argument, NULL, 'T'},
		{0},
	};
	struct speed speed = {.size = 1024, .duration_ns = LSK_NSEC_PER_SEC};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "s:q:T:", longs, NULL)) != -1)
		status = take_option(&speed, option, optarg);
	if (status != COMMAND_OK)
		return status;
	if (argc - optind != 2)
		return command_usage("a type and an algorithm are wanted: hash sha256");
	speed.type = argv[optind];
	speed.options.name = argv[optind + 1];
	status = alg_open(&speed.options, speed.type, &speed.alg);
	if (status == COMMAND_OK)
		status = measure(&speed);
	lsk_alg_free(speed.alg);
	return status;
}

static const char speed_help[] =
	"Does the same request again and again, and prints how many a second.\n"
	"\n"
	"  -s, --size N      bytes of a request; 1024\n"
	"  -q, --depth N     so many at a time on a loop; 0: one by one, without one\n"
	"  -T, --seconds N   for how long; 1\n"
	"  --key HEX, --key-file FILE, --iv HEX  as for \"linsock alg enc\"\n";

const struct command alg_speed_command = {
	.name = "speed",
	.arguments = "[-s SIZE] [-q DEPTH] [-T SECONDS] TYPE ALGORITHM",
	.summary = "how fast an algorithm is through AF_ALG",
	.help = speed_help,
	.main = speed_main,
};
