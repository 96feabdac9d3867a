/* SPDX-License-Identifier: MIT */
/* linsock can test: numbered frames from one bus to another: loss, order, latency. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/can.h"
#include "tools/can_time.h"

#define BATCH     64
#define BURST     16 /* frames per system call without a gap */
#define COUNT_MAX 10000000
#define ID        0x155

struct test {
	const char *from;
	const char *to;
	long count;
	double gap_ms;
	int64_t silence_ns; /* how long the last ones are waited for */
	bool is_fd;
	struct lsk_can *sender;
	struct lsk_can *receiver;
	struct lsk_can_record *records;
	int64_t *sent_ns;    /* by number */
	int64_t *latency_ns; /* by number; -1: not seen yet */
	long received;
	long doubled;
	long late; /* came after one with a greater number */
	long strange;
	long greatest;
};

static int parse_options(struct test *test, int argc, char **argv)
{
	static const struct option longs[] = {
		{"count", required_argument, NULL, 'n'},
		{"gap", required_argument, NULL, 'g'},
		{"wait", required_argument, NULL, 'w'},
		{"fd", no_argument, NULL, 'f'},
		{0},
	};
	int status = COMMAND_OK;
	char *end;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "n:g:f", longs, NULL)) != -1) {
		switch (option) {
		case 'n':
			if (command_parse_number(optarg, 1, COUNT_MAX, &test->count) <
			    0)
				status = command_usage("-n: \"%s\" is no number",
						       optarg);
			break;
		case 'g':
			test->gap_ms = strtod(optarg, &end);
			if (end == optarg || *end || test->gap_ms < 0)
				status = command_usage("-g: \"%s\" are no milliseconds",
						       optarg);
			break;
		case 'w':
			if (command_parse_seconds(optarg, &test->silence_ns) < 0)
				status = command_usage("--wait: \"%s\" are no seconds",
						       optarg);
			break;
		case 'f':
			test->is_fd = true;
			break;
		default:
			status = command_bad_option();
			break;
		}
	}
	if (status == COMMAND_OK && argc - optind != 2)
		status = command_usage("the interface to send by and the one to "
				       "receive by are needed");
	test->from = argv[optind];
	test->to = status == COMMAND_OK ? argv[optind + 1] : NULL;
	return status;
}

static int open_channels(struct test *test)
{
	const struct lsk_can_filter ours = {.id = ID, .mask = 0xC00007FF};
	struct lsk_can_config sender = {.interface = test->from,
					.receive_nothing = true};
	struct lsk_can_config receiver = {.interface = test->to,
					  .filters = &ours,
					  .filter_count = 1,
					  .without_time = true};
	struct lsk_error error = {0};

	if (lsk_can_open(&test->receiver, &receiver, &error) < 0)
		return command_failure_at(test->to, &error);
	if (lsk_can_open(&test->sender, &sender, &error) < 0)
		return command_failure_at(test->from, &error);
	test->records = calloc(BATCH, sizeof(*test->records));
	test->sent_ns = calloc((size_t)test->count, sizeof(*test->sent_ns));
	test->latency_ns = calloc((size_t)test->count, sizeof(*test->latency_ns));
	if (!test->records || !test->sent_ns || !test->latency_ns)
		return command_failure(-ENOMEM, "numbers");
	for (long i = 0; i < test->count; i++)
		test->latency_ns[i] = -1;
	return COMMAND_OK;
}

static void take_record(struct test *test, const struct lsk_can_frame *frame,
			int64_t time_ns)
{
	uint32_t number = 0;

	if (frame->len < sizeof(number)) {
		test->strange++;
		return;
	}
	memcpy(&number, frame->data, sizeof(number));
	if (number >= (unsigned long)test->count || test->sent_ns[number] == 0) {
		test->strange++;
		return;
	}
	if (test->latency_ns[number] >= 0) {
		test->doubled++;
		return;
	}
	test->latency_ns[number] = time_ns - test->sent_ns[number];
	test->received++;
	if ((long)number < test->greatest)
		test->late++;
	else
		test->greatest = (long)number;
}

/* Take what comes until @deadline_ns, or all that is there for 0. */
static int receive_until(struct test *test, int64_t deadline_ns)
{
	for (;;) {
		int64_t rest_ns = deadline_ns ? deadline_ns - can_now_ns() : 0;
		int64_t time_ns;
		int r;

		if (rest_ns < 0 || test->received == test->count)
			return 0;
		lsk_socket_set_timeout(lsk_can_socket(test->receiver), rest_ns);
		r = lsk_can_receive(test->receiver, test->records, BATCH);
		time_ns = can_now_ns();
		if (r == -EAGAIN || r == -ETIME)
			return 0;
		if (r < 0)
			return r;
		for (int i = 0; i < r; i++)
			take_record(test, &test->records[i].frame, time_ns);
	}
}

static int send_burst(struct test *test, struct lsk_can_frame *frames, long first,
		      long count)
{
	for (long i = 0; i < count; i++) {
		uint32_t number = (uint32_t)(first + i);

		frames[i].id = ID;
		frames[i].kind = test->is_fd ? LSK_CAN_FD : LSK_CAN_CLASSIC;
		frames[i].len = test->is_fd ? LSK_CANFD_DATA_MAX : LSK_CAN_DATA_MAX;
		memcpy(frames[i].data, &number, sizeof(number));
		test->sent_ns[number] = can_now_ns();
	}
	return lsk_can_send(test->sender, frames, (size_t)count, NULL);
}

static int run(struct test *test)
{
	struct lsk_can_frame *frames = calloc(BURST, sizeof(*frames));
	int64_t next_ns = can_now_ns();
	int64_t last_ns;
	long seen;
	int r = frames ? 0 : -ENOMEM;

	for (long sent = 0; r == 0 && sent < test->count;) {
		long burst = test->gap_ms > 0 ? 1 : BURST;

		if (burst > test->count - sent)
			burst = test->count - sent;
		r = send_burst(test, frames, sent, burst);
		sent += burst;
		/* Absolute times: a late frame does not move those after it. */
		next_ns += (int64_t)(test->gap_ms * 1e6);
		if (r == 0)
			r = receive_until(test, test->gap_ms > 0 ? next_ns : 0);
	}
	/* The last ones, as long as some come. */
	last_ns = can_now_ns();
	do {
		seen = test->received;
		if (r == 0)
			r = receive_until(test, last_ns + test->silence_ns);
		last_ns = can_now_ns();
	} while (r == 0 && test->received > seen && test->received < test->count);
	free(frames);
	return r;
}

static double microseconds(const int64_t *times, long number)
{
	return (double)times[number] / 1e3;
}

static int report(struct test *test, double seconds)
{
	const long lost = test->count - test->received;
	const int64_t *seen;
	struct lsk_can_stats stats = {0};

	lsk_can_stats(test->receiver, &stats);
	printf("sent %ld, received %ld, lost %ld (%llu in our own queue), doubled %ld, "
	       "out of order %ld, strange %ld\n",
	       test->count, test->received, lost, (unsigned long long)stats.dropped,
	       test->doubled, test->late, test->strange);
	printf("%.0f frames/s", seconds > 0 ? (double)test->received / seconds : 0);
	if (test->received > 0) {
		/* Those that were lost sort to the front. */
		qsort(test->latency_ns, (size_t)test->count, sizeof(*test->latency_ns),
		      can_compare_ns);
		seen = test->latency_ns + lost;
		printf(", latency p50 %.1f us, p99 %.1f us, max %.1f us",
		       microseconds(seen, test->received / 2),
		       microseconds(seen, test->received * 99 / 100),
		       microseconds(seen, test->received - 1));
	}
	putchar('\n');
	if (fflush(stdout) != 0)
		return command_failure(-EIO, "stdout");
	return lost || test->doubled || test->late ? CAN_STATUS_LOST : COMMAND_OK;
}

static int can_test_main(int argc, char **argv)
{
	struct test test = {.count = 1000, .silence_ns = LSK_NSEC_PER_SEC};
	int status = parse_options(&test, argc, argv);
	int64_t start_ns;
	int r;

	if (status == COMMAND_OK)
		status = open_channels(&test);
	if (status == COMMAND_OK) {
		start_ns = can_now_ns();
		r = run(&test);
		status = r < 0 ? command_failure(r, "%s to %s", test.from, test.to)
			       : report(&test, (double)(can_now_ns() - start_ns) / 1e9);
	}
	lsk_can_free(test.sender);
	lsk_can_free(test.receiver);
	free(test.records);
	free(test.sent_ns);
	free(test.latency_ns);
	return status;
}

static const char can_test_help[] =
	"Numbered frames go out by the first interface and have to come in by the "
	"second,\n"
	"which may be the same one on a virtual bus. Times are taken in this process: "
	"from\n"
	"before the system call that sends to after the one that receives.\n"
	"\n"
	"  -n, --count NUMBER  of frames (1000)\n"
	"  -g, --gap MS        between frames (0: as fast as they go)\n"
	"  -f, --fd            FD frames of 64 bytes\n"
	"  --wait SECONDS      for the last ones (1)\n"
	"\n"
	"Exit status 3: frames were lost, doubled or out of order.\n";

const struct command can_test_command = {
	.name = "test",
	.arguments = "[options] SENDER RECEIVER",
	.summary = "measure loss, order and latency",
	.help = can_test_help,
	.main = can_test_main,
};
