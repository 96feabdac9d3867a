/* SPDX-License-Identifier: MIT */
/* linsock can send: cansend's arguments, for one frame or many, in order. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/can.h"
#include "tools/command.h"

struct send {
	struct lsk_can_config config;
	int64_t timeout_ns;
	long repeat;
};

static int parse_on_full(const char *text, enum lsk_can_on_full *ret_on_full)
{
	static const char *const names[] = {
		[LSK_CAN_ON_FULL_WAIT] = "wait",
		[LSK_CAN_ON_FULL_DROP] = "drop",
		[LSK_CAN_ON_FULL_FAIL] = "fail",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0) {
			*ret_on_full = (enum lsk_can_on_full)i;
			return COMMAND_OK;
		}
	return command_usage("--on-full takes wait, drop or fail, not \"%s\"", text);
}

static int parse_options(struct send *send, int argc, char **argv)
{
	static const struct option longs[] = {
		{"on-full", required_argument, NULL, 'F'},
		{"timeout", required_argument, NULL, 'T'},
		{"repeat", required_argument, NULL, 'R'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (option) {
		case 'F':
			status = parse_on_full(optarg, &send->config.on_full);
			break;
		case 'T':
			if (command_parse_seconds(optarg, &send->timeout_ns) < 0)
				status = command_usage("--timeout: \"%s\" are no "
						       "seconds",
						       optarg);
			break;
		case 'R':
			if (command_parse_number(optarg, 1, INT32_MAX, &send->repeat) <
			    0)
				status = command_usage("--repeat: \"%s\" is no number "
						       "from 1 on",
						       optarg);
			break;
		default:
			status = command_bad_option();
			break;
		}
	}
	if (status == COMMAND_OK && argc - optind < 2)
		status = command_usage("an interface and a frame are needed");
	return status;
}

static int read_frames(char **texts, struct lsk_can_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct lsk_error error = {0};

		if (lsk_can_frame_parse(&frames[i], texts[i], &error) < 0) {
			fprintf(stderr, "\nWrong CAN-frame format!\n\n");
			return command_failure_at(texts[i], &error);
		}
	}
	return COMMAND_OK;
}

static int send_failure(int error, const char *interface, char **texts, size_t sent)
{
	if (error == -EMSGSIZE || error == -EINVAL)
		fprintf(stderr,
			"%s: the interface may take no FD or XL frames: see its "
			"MTU\n",
			program_invocation_short_name);
	return command_failure(error, "%s: %s", interface, texts[sent]);
}

static int send_all(const struct send *send, struct lsk_can *can,
		    const struct lsk_can_frame *frames, char **texts, size_t count)
{
	struct lsk_can_stats stats;

	lsk_socket_set_timeout(lsk_can_socket(can), send->timeout_ns);
	for (long i = 0; i < send->repeat; i++) {
		size_t sent = 0;
		int r = lsk_can_send(can, frames, count, &sent);

		if (r < 0)
			return send_failure(r, send->config.interface, texts, sent);
	}
	if (lsk_can_stats(can, &stats) == 0 && stats.refused > 0) {
		fprintf(stderr, "%s: left out %llu frames: the queue was full\n",
			program_invocation_short_name,
			(unsigned long long)stats.refused);
		return CAN_STATUS_LOST;
	}
	return COMMAND_OK;
}

static int can_send_main(int argc, char **argv)
{
	struct send send = {
		.config = {.receive_nothing = true, .without_time = true},
		.timeout_ns = LSK_BLOCK,
		.repeat = 1,
	};
	struct lsk_can_frame *frames;
	struct lsk_can *can = NULL;
	struct lsk_error error = {0};
	size_t count;
	char **texts;
	int status = parse_options(&send, argc, argv);

	if (status != COMMAND_OK)
		return status;
	send.config.interface = argv[optind];
	texts = argv + optind + 1;
	count = (size_t)(argc - optind - 1);
	frames = calloc(count, sizeof(*frames));
	if (!frames)
		return command_failure(-ENOMEM, "frames");
	status = read_frames(texts, frames, count);
	if (status == COMMAND_OK && lsk_can_open(&can, &send.config, &error) < 0)
		status = command_failure_at(send.config.interface, &error);
	if (status == COMMAND_OK)
		status = send_all(&send, can, frames, texts, count);
	lsk_can_free(can);
	free(frames);
	return status;
}

static const char can_send_help[] =
	"Frames are sent in their order, or not at all from the first that fails on.\n"
	"\n"
	"  123#DEADBEEF           classic, 11 bit identifier\n"
	"  1F334455#11.22.33      classic, 29 bit identifier; dots are allowed\n"
	"  123#R5                 remote request, of 5 bytes\n"
	"  123#1122334455667788_E raw DLC 14 with 8 bytes\n"
	"  123##1112233           FD: flags 1 (BRS), then data\n"
	"  45123#81:00:12345678#112233  XL: VCID 45, priority 123, flags:SDT:AF\n"
	"\n"
	"  --on-full wait|drop|fail  what to do when the device's queue is full "
	"(wait)\n"
	"  --timeout SECONDS         for everything together (no limit)\n"
	"  --repeat COUNT            send the frames so often (1)\n";

const struct command can_send_command = {
	.name = "send",
	.arguments = "[options] IFACE FRAME...",
	.summary = "send frames",
	.alias = "cansend",
	.help = can_send_help,
	.main = can_send_main,
};
