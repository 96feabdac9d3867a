/* SPDX-License-Identifier: MIT */
/*
 * linsock can sequence: frames whose first byte counts up, and the receiver that tells
 * which are missing; with cansequence's arguments and lines.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/can.h"
#include "tools/can_stop.h"

#define BATCH      64
#define ID_DEFAULT 2
#define COUNT_MASK 0xFFu

struct sequence {
	const char *interface;
	uint32_t id;
	bool is_extended;
	bool is_fd;
	bool has_bitrate_switch;
	bool receives;
	unsigned int verbose;
	unsigned long loops; /* 0: no end */
	unsigned long incidents_max;

	struct lsk_can *can;
	uint32_t number; /* of the next frame */
	unsigned int wraps;
	bool is_begun;
	unsigned long incidents;
	uint32_t overflow; /* frames that the queue dropped, when a gap was told */
};

static int parse_option(struct sequence *sequence, int option, const char *value)
{
	switch (option) {
	case 'e':
		sequence->is_extended = true;
		return COMMAND_OK;
	case 'f':
		sequence->is_fd = true;
		return COMMAND_OK;
	case 'b':
		sequence->is_fd = sequence->has_bitrate_switch = true;
		return COMMAND_OK;
	case 'i':
		sequence->id = (uint32_t)strtoul(value, NULL, 0);
		return COMMAND_OK;
	case 'l':
		sequence->loops = strtoul(value, NULL, 0);
		return COMMAND_OK;
	case 'p':
		return COMMAND_OK; /* a full queue is always waited for */
	case 'q':
		sequence->incidents_max = value ? strtoul(value, NULL, 0) : 1;
		return COMMAND_OK;
	case 'r':
		sequence->receives = true;
		return COMMAND_OK;
	case 'v':
		sequence->verbose++;
		return COMMAND_OK;
	default:
		return command_bad_option();
	}
}

static int parse_options(struct sequence *sequence, int argc, char **argv)
{
	static const struct option longs[] = {
		{"extended", no_argument, NULL, 'e'},
		{"canfd", no_argument, NULL, 'f'},
		{"brs", no_argument, NULL, 'b'},
		{"identifier", required_argument, NULL, 'i'},
		{"loop", required_argument, NULL, 'l'},
		{"poll", no_argument, NULL, 'p'},
		{"quit", optional_argument, NULL, 'q'},
		{"receive", no_argument, NULL, 'r'},
		{"verbose", no_argument, NULL, 'v'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "efbi:pq::rv", longs, NULL)) != -1)
		status = parse_option(sequence, option, optarg);
	if (argv[optind])
		sequence->interface = argv[optind];
	sequence->id &= sequence->is_extended ? CAN_EFF_MASK : CAN_SFF_MASK;
	return status;
}

static int open_channel(struct sequence *sequence)
{
	const struct lsk_can_filter ours = {
		.id = sequence->id | (sequence->is_extended ? CAN_EFF_FLAG : 0),
		.mask = CAN_EFF_FLAG |
			(sequence->is_extended ? CAN_EFF_MASK : CAN_SFF_MASK),
	};
	const struct lsk_can_config config = {
		.interface = sequence->interface,
		.filters = &ours,
		.filter_count = sequence->receives,
		.receive_nothing = !sequence->receives,
		.error_mask = sequence->receives ? CAN_ERR_MASK : 0,
		.without_time = true,
	};
	struct lsk_error error = {0};

	/* Whoever reads cansequence's output expects the kernel's numbers. */
	printf("interface = %s, family = %d, type = %d, proto = %d\n",
	       sequence->interface, AF_CAN, SOCK_RAW, CAN_RAW);
	fflush(stdout);
	if (lsk_can_open(&sequence->can, &config, &error) < 0)
		return command_failure_at(sequence->interface, &error);
	return COMMAND_OK;
}

static void count_up(struct sequence *sequence)
{
	sequence->number++;
	if (sequence->verbose && !(sequence->number & COUNT_MASK))
		printf("sequence wrap around (%u)\n", sequence->wraps++);
}

static void tell_error(const struct sequence *sequence,
		       const struct lsk_can_frame *frame)
{
	fprintf(stderr, "sequence CNT: %6u, ERRORFRAME %7x  ", sequence->number,
		frame->id | CAN_ERR_FLAG);
	for (unsigned int i = 0; i < LSK_CAN_DATA_MAX; i++)
		fprintf(stderr, " %02x", frame->data[i]);
	fputc('\n', stderr);
}

/* Return: whether that was one too many. */
static bool tell_gap(struct sequence *sequence, const struct lsk_can_record *record,
		     uint32_t missing)
{
	uint32_t overflow = (uint32_t)record->dropped;
	uint32_t of_queue = overflow - sequence->overflow;

	sequence->incidents++;
	fprintf(stderr,
		"sequence CNT: %6u, RX: %6u    expected: %3u    missing: %4u    skt "
		"overfl d: %4u a: %4u    delta: %3u    incident: %lu\n",
		sequence->number, record->frame.data[0], sequence->number & COUNT_MASK,
		missing, of_queue, overflow, missing - of_queue, sequence->incidents);
	sequence->number = record->frame.data[0];
	sequence->overflow = overflow;
	return sequence->incidents == sequence->incidents_max;
}

/* Return: whether the next frame is wanted. */
static bool take_record(struct sequence *sequence, const struct lsk_can_record *record)
{
	const struct lsk_can_frame *frame = &record->frame;
	uint32_t missing;

	if (frame->kind == LSK_CAN_ERROR) {
		tell_error(sequence, frame);
		return true;
	}
	if (!sequence->is_begun)
		sequence->number = frame->data[0];
	sequence->is_begun = true;
	missing = (frame->data[0] - sequence->number) & COUNT_MASK;
	if (missing && tell_gap(sequence, record, missing))
		return false;
	if (!missing && sequence->verbose > 1)
		printf("sequence CNT: %6u, RX: %6u\n", sequence->number,
		       frame->data[0]);
	count_up(sequence);
	return true;
}

static int receive(struct sequence *sequence)
{
	struct lsk_can_record *records = calloc(BATCH, sizeof(*records));
	unsigned long seen = 0;
	int r = records ? 0 : -ENOMEM;

	while (r >= 0 && (sequence->loops == 0 || seen < sequence->loops)) {
		/* Where frames are always there, no wait sees the signal. */
		r = can_stop_signal() ? -EINTR
				      : lsk_can_receive(sequence->can, records, BATCH);
		for (int i = 0;
		     i < r && (sequence->loops == 0 || seen < sequence->loops); i++) {
			seen++;
			if (!take_record(sequence, &records[i])) {
				free(records);
				return CAN_STATUS_LOST;
			}
		}
		fflush(stdout);
	}
	free(records);
	if (r == -EINTR)
		return can_stop_status();
	return r < 0 ? command_failure(r, "%s", sequence->interface) : COMMAND_OK;
}

static int send_frames(struct sequence *sequence)
{
	struct lsk_can_frame *frames = calloc(BATCH, sizeof(*frames));
	unsigned long sent = 0;
	int r = frames ? 0 : -ENOMEM;

	while (r == 0 && (sequence->loops == 0 || sent < sequence->loops)) {
		size_t count = 0;

		for (;
		     count < BATCH && (sequence->loops == 0 || sent < sequence->loops);
		     count++, sent++) {
			frames[count] = (struct lsk_can_frame){
				.kind = sequence->is_fd ? LSK_CAN_FD : LSK_CAN_CLASSIC,
				.id = sequence->id,
				.is_extended = sequence->is_extended,
				.flags = sequence->has_bitrate_switch ? LSK_CANFD_BRS
								      : 0,
				.len = 1,
				.data = {(uint8_t)sequence->number},
			};
			if (sequence->verbose > 1)
				printf("sending frame. sequence number: %u\n",
				       sequence->number & COUNT_MASK);
			count_up(sequence);
		}
		r = lsk_can_send(sequence->can, frames, count, NULL);
		fflush(stdout);
		if (r == 0 && can_stop_signal())
			r = -EINTR;
	}
	free(frames);
	if (r == -EINTR)
		return can_stop_status();
	return r < 0 ? command_failure(r, "%s", sequence->interface) : COMMAND_OK;
}

static int can_sequence_main(int argc, char **argv)
{
	struct sequence sequence = {.interface = "can0", .id = ID_DEFAULT};
	int status = parse_options(&sequence, argc, argv);

	if (status != COMMAND_OK)
		return status;
	can_stop_catch();
	status = open_channel(&sequence);
	if (status == COMMAND_OK)
		status =
			sequence.receives ? receive(&sequence) : send_frames(&sequence);
	/* A link of cansequence's name ends as that does. */
	if (status == CAN_STATUS_LOST && !strchr(program_invocation_short_name, ' '))
		status = COMMAND_FAILURE;
	lsk_can_free(sequence.can);
	return status;
}

static const char can_sequence_help[] =
	"Frames whose first byte counts up; the receiver tells which are missing, and "
	"how\n"
	"many of them its own queue dropped. A full queue of the device is waited "
	"for.\n"
	"\n"
	"  -r, --receive       hear what another one sends\n"
	"  -i, --identifier ID  (2); -e, --extended: of 29 bits\n"
	"  -f, --canfd         FD frames; -b, --brs: with the data at the higher "
	"bitrate\n"
	"  --loop COUNT        of frames (no end)\n"
	"  -q, --quit[=COUNT]  end after so many gaps (1), with status 3\n"
	"  -p, --poll          is always so\n"
	"  -v, --verbose       tell each wrap of the counter; twice: each frame\n";

const struct command can_sequence_command = {
	.name = "sequence",
	.arguments = "[options] [IFACE]",
	.summary = "send frames that are counted, or find gaps in them",
	.alias = "cansequence",
	.help = can_sequence_help,
	.main = can_sequence_main,
};
