/* SPDX-License-Identifier: MIT */
/*
 * linsock can fdtest: both directions of a bus at full load, with canfdtest's arguments
 * and lines. One end sends "pings" with rising bytes; the other answers each one by a
 * "pong" with all bytes one higher; the first compares.
 *
 *	linsock can fdtest -g can0  ---- bus ----  linsock can fdtest can1
 */
#include <errno.h>
#include <getopt.h>
#include <linux/can.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/can.h"
#include "tools/can_stop.h"
#include "tools/can_time.h"

#define BATCH       64
#define ID_PING     0x77
#define FLIGHT      50
#define FLIGHT_MAX  10000
#define PAUSE_AFTER 27 /* answers, so that both ends' frames mix */
#define MSEC        (LSK_NSEC_PER_SEC / 1000)

struct fdtest {
	const char *interface;
	uint32_t ping;
	uint32_t pong;
	bool has_pong;
	bool is_extended;
	bool is_fd;
	bool has_bitrate_switch;
	bool generates;
	bool is_filtered;
	unsigned int verbose;
	long flight;
	long loops; /* 0: no end */
	long len;

	struct lsk_can *can;
	struct lsk_can_record *records;
	int record_count;
	int record_next;
	bool has_failed;
};

static int parse_number(char option, const char *text, long max, long *number)
{
	if (command_parse_number(text, 1, max, number) < 0)
		return command_usage("-%c: \"%s\" is no number from 1 to %ld", option,
				     text, max);
	return COMMAND_OK;
}

static int parse_option(struct fdtest *test, int option, const char *value)
{
	switch (option) {
	case 'b':
		test->has_bitrate_switch = true;
		return COMMAND_OK;
	case 'd':
		test->is_fd = true;
		return COMMAND_OK;
	case 'e':
		test->is_extended = true;
		return COMMAND_OK;
	case 'f':
		return parse_number('f', value, FLIGHT_MAX, &test->flight);
	case 'g':
		test->generates = true;
		return COMMAND_OK;
	case 'i':
		test->ping = (uint32_t)strtoul(value, NULL, 16);
		return COMMAND_OK;
	case 'l':
		return parse_number('l', value, INT32_MAX, &test->loops);
	case 'o':
		test->pong = (uint32_t)strtoul(value, NULL, 16);
		test->has_pong = true;
		return COMMAND_OK;
	case 's':
		return parse_number('s', value, LSK_CANFD_DATA_MAX, &test->len);
	case 'v':
		test->verbose++;
		return COMMAND_OK;
	case 'x':
		test->is_filtered = true;
		return COMMAND_OK;
	default:
		return command_bad_option();
	}
}

static int parse_options(struct fdtest *test, int argc, char **argv)
{
	uint32_t mask;
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt(argc, argv, "bdef:gi:l:o:s:vx")) != -1)
		status = parse_option(test, option, optarg);
	if (status != COMMAND_OK)
		return status;
	if (argc - optind != 1)
		return command_usage("an interface is needed");
	if (test->has_bitrate_switch && !test->is_fd) {
		printf("Bit rate switch (-b) needs CAN FD (-d) to be enabled\n");
		return COMMAND_FAILURE;
	}
	if (!test->is_fd && test->len > LSK_CAN_DATA_MAX) {
		printf("Message length must be <= %d bytes for CAN 2.0B\n",
		       LSK_CAN_DATA_MAX);
		return COMMAND_FAILURE;
	}
	test->interface = argv[optind];
	mask = test->is_extended ? CAN_EFF_MASK : CAN_SFF_MASK;
	test->ping &= mask;
	test->pong = (test->has_pong ? test->pong : test->ping + 1) & mask;
	return COMMAND_OK;
}

static int open_channel(struct fdtest *test)
{
	const uint32_t extended = test->is_extended ? CAN_EFF_FLAG : 0;
	const uint32_t mask = CAN_EFF_FLAG | CAN_RTR_FLAG |
			      (test->is_extended ? CAN_EFF_MASK : CAN_SFF_MASK);
	const struct lsk_can_filter filters[] = {
		{test->ping | extended, mask},
		{test->pong | extended, mask},
	};
	const struct lsk_can_config config = {
		.interface = test->interface,
		.filters = filters,
		.filter_count = test->is_filtered ? 1u + test->generates : 0,
		.classic_only = !test->is_fd,
		.without_xl = true,
		.own_frames = test->generates,
		.without_time = true,
	};
	struct lsk_error error = {0};

	printf("interface = %s, family = %d, type = %d, proto = %d\n", test->interface,
	       AF_CAN, SOCK_RAW, CAN_RAW);
	fflush(stdout);
	if (lsk_can_open(&test->can, &config, &error) < 0)
		return command_failure_at(test->interface, &error);
	test->records = calloc(BATCH, sizeof(*test->records));
	return test->records ? COMMAND_OK : command_failure(-ENOMEM, "frames");
}

static uint32_t kernel_id(const struct lsk_can_frame *frame)
{
	return frame->id | (frame->is_extended ? CAN_EFF_FLAG : 0) |
	       (frame->is_remote ? CAN_RTR_FLAG : 0);
}

/* @add: to each byte. */
static void print_frame(const struct lsk_can_frame *frame, unsigned int add)
{
	printf("%04x: ", kernel_id(frame));
	if (frame->is_remote)
		fputs("remote request", stdout);
	else
		printf("[%d]", frame->len);
	for (unsigned int i = 0; !frame->is_remote && i < frame->len; i++)
		printf(" %02x", (uint8_t)(frame->data[i] + add));
	putchar('\n');
}

static void show_progress(uint8_t byte)
{
	if (byte == UINT8_MAX) {
		putchar('.');
		fflush(stdout);
	}
}

/* The next frame. Return: it, or NULL with @ret_error. */
static const struct lsk_can_frame *next_frame(struct fdtest *test, int *ret_error)
{
	if (test->record_next == test->record_count) {
		int r;

		fflush(stdout);
		r = can_stop_signal()
			    ? -EINTR
			    : lsk_can_receive(test->can, test->records, BATCH);
		if (r < 0) {
			*ret_error = r;
			return NULL;
		}
		test->record_next = 0;
		test->record_count = r;
	}
	return &test->records[test->record_next++].frame;
}

/* What an end that answers expects of a ping. */
static bool is_ping(const struct fdtest *test, const struct lsk_can_frame *frame)
{
	bool is_good = true;

	if (frame->id != test->ping || frame->is_extended != test->is_extended) {
		printf("Unexpected Message ID 0x%04x!\n", kernel_id(frame));
		is_good = false;
	}
	if (frame->len != test->len) {
		printf("Unexpected Message length %d!\n", frame->len);
		is_good = false;
	}
	for (unsigned int i = 1; i < frame->len; i++) {
		if (frame->data[i] == (uint8_t)(frame->data[i - 1] + 1))
			continue;
		printf("Frame inconsistent!\n");
		print_frame(frame, 0);
		return false;
	}
	return is_good;
}

/* Answer every frame. Return: 0 or negative. */
static int answer(struct fdtest *test)
{
	unsigned int count = 0;
	int r = 0;

	while (r == 0) {
		const struct lsk_can_frame *frame = next_frame(test, &r);
		struct lsk_can_frame pong;

		if (!frame)
			return r;
		if (test->verbose == 1)
			show_progress(frame->data[0]);
		else if (test->verbose > 1)
			print_frame(frame, 0);
		test->has_failed |= !is_ping(test, frame);
		pong = *frame;
		pong.id = test->has_pong ? test->pong : pong.id + 1;
		pong.id &= pong.is_extended ? CAN_EFF_MASK : CAN_SFF_MASK;
		if (test->has_bitrate_switch)
			pong.flags |= LSK_CANFD_BRS;
		for (unsigned int i = 0; i < pong.len; i++)
			pong.data[i]++;
		r = lsk_can_send(test->can, &pong, 1, NULL);
		if (++count == PAUSE_AFTER) {
			count = 0;
			can_sleep_until(can_now_ns() + 3 * MSEC);
		}
	}
	return r;
}

/* The frames in flight: a ring, in which own frames and answers come back in order. */
struct flight {
	struct lsk_can_frame *pings;
	bool *is_seen; /* the ping came back to its sender */
	long send;
	long own;
	long answered;
	long unanswered;
	uint8_t counter;
};

static bool is_same(const struct fdtest *test, const struct lsk_can_frame *ping,
		    const struct lsk_can_frame *seen, unsigned int add)
{
	struct lsk_can_frame wanted = *ping;
	const char *what = NULL;
	char text[32];

	wanted.id = add ? test->pong : test->ping;
	if (kernel_id(&wanted) != kernel_id(seen))
		what = "Message ID mismatch!";
	else if (wanted.len != seen->len)
		what = "Message length mismatch!";
	for (unsigned int i = 0; !what && i < seen->len; i++) {
		if (seen->data[i] == (uint8_t)(wanted.data[i] + add))
			continue;
		snprintf(text, sizeof(text), "Databyte %x mismatch!", i);
		what = text;
	}
	if (!what)
		return true;
	printf("%s\nexpected: ", what);
	print_frame(&wanted, add);
	fputs("received: ", stdout);
	print_frame(seen, 0);
	return false;
}

static int send_ping(struct fdtest *test, struct flight *flight)
{
	struct lsk_can_frame *ping = &flight->pings[flight->send];
	int r;

	*ping = (struct lsk_can_frame){
		.kind = test->is_fd ? LSK_CAN_FD : LSK_CAN_CLASSIC,
		.id = test->ping,
		.is_extended = test->is_extended,
		.flags = test->has_bitrate_switch ? LSK_CANFD_BRS : 0,
		.len = (uint16_t)test->len,
	};
	for (long i = 0; i < test->len; i++)
		ping->data[i] = (uint8_t)(flight->counter + i);
	flight->is_seen[flight->send] = false;
	r = lsk_can_send(test->can, ping, 1, NULL);
	flight->send = (flight->send + 1) % test->flight;
	flight->unanswered++;
	if (test->verbose == 1)
		show_progress(flight->counter);
	flight->counter++;
	can_sleep_until(can_now_ns() + (flight->counter % 33 ? 1 : 3) * MSEC);
	return r;
}

/* Return: 1 for an answer, 0 for what was sent, or negative. */
static int take_frame(struct fdtest *test, struct flight *flight)
{
	int r = 0;
	const struct lsk_can_frame *frame = next_frame(test, &r);

	if (!frame)
		return r;
	if (test->verbose > 1)
		print_frame(frame, 0);
	if (frame->id == test->ping) {
		test->has_failed |=
			!is_same(test, &flight->pings[flight->own], frame, 0);
		flight->is_seen[flight->own] = true;
		flight->own = (flight->own + 1) % test->flight;
		return 0;
	}
	if (!flight->is_seen[flight->answered]) {
		printf("RX before TX!\n");
		print_frame(frame, 0);
		test->has_failed = true;
	}
	test->has_failed |= !is_same(test, &flight->pings[flight->answered], frame, 1);
	flight->answered = (flight->answered + 1) % test->flight;
	return 1;
}

/* Send pings and compare what comes back. Return: 0 or negative. */
static int generate(struct fdtest *test)
{
	struct flight flight = {
		.pings = calloc((size_t)test->flight, sizeof(*flight.pings)),
		.is_seen = calloc((size_t)test->flight, sizeof(*flight.is_seen)),
	};
	int r = flight.pings && flight.is_seen ? 0 : -ENOMEM;
	long answers = 0;

	while (r >= 0 && !test->has_failed && !can_stop_signal()) {
		if (flight.unanswered < test->flight) {
			r = send_ping(test, &flight);
			continue;
		}
		r = take_frame(test, &flight);
		if (r <= 0)
			continue;
		answers++;
		if (answers == test->loops)
			break;
		flight.unanswered--;
	}
	if (r >= 0)
		printf("\nTest messages sent and received: %ld\n", answers);
	free(flight.pings);
	free(flight.is_seen);
	return r < 0 ? r : 0;
}

static int can_fdtest_main(int argc, char **argv)
{
	struct fdtest test = {
		.ping = ID_PING, .flight = FLIGHT, .len = LSK_CAN_DATA_MAX};
	int status = parse_options(&test, argc, argv);
	int r;

	if (status != COMMAND_OK)
		return status;
	can_stop_catch();
	status = open_channel(&test);
	if (status == COMMAND_OK) {
		r = test.generates ? generate(&test) : answer(&test);
		if (test.verbose)
			printf("Exiting...\n");
		if (can_stop_signal())
			status = can_stop_status();
		else if (r < 0)
			status = command_failure(r, "%s", test.interface);
		else if (test.has_failed)
			status = COMMAND_FAILURE;
	}
	lsk_can_free(test.can);
	free(test.records);
	return status;
}

static const char can_fdtest_help[] =
	"Without -g each frame is sent back, its identifier and all bytes one higher. "
	"With\n"
	"-g frames are sent, and what comes back is compared; the first difference "
	"ends it.\n"
	"\n"
	"  -g          generate\n"
	"  -l COUNT    answers (no end)\n"
	"  -f COUNT    frames in flight (50)\n"
	"  -s SIZE     bytes of a frame (8)\n"
	"  -i ID       of what is generated (77); -o ID of answers (one higher); "
	"hexadecimal\n"
	"  -e          identifiers of 29 bits\n"
	"  -d          FD frames; -b with the data at the higher bitrate\n"
	"  -x          no other frames on the bus count\n"
	"  -v          a dot for 256 frames; twice: each frame\n";

const struct command can_fdtest_command = {
	.name = "fdtest",
	.arguments = "[options] IFACE",
	.summary = "both directions at full load, compared",
	.alias = "canfdtest",
	.help = can_fdtest_help,
	.main = can_fdtest_main,
};
