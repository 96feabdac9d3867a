/* SPDX-License-Identifier: MIT */
/* linsock xdp: frames of a device's queue, past the network stack. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/capture.h>
#include <linsock/xdp.h>

#include "tools/packet.h"
#include "tools/progress.h"

#define FRAME_MAX 4096
#define BATCH     64
/* How often a receiver looks whether it was told to end. */
#define WAIT_NS   (LSK_NSEC_PER_SEC / 4)

struct xdp {
	long count; /* 0: no end */
	int64_t timeout_ns;
	unsigned int flags;
	unsigned int program_flags;
	bool is_quiet;

	const char *device;
	struct lsk_xdp *xdp;
	struct lsk_xdp_program *program;
	uint64_t frames;
	uint64_t bytes;
};

static int take_option(void *context, int option, const char *value)
{
	struct xdp *command = context;

	switch (option) {
	case 'c':
		if (command_parse_number(value, 1, 1L << 40, &command->count) < 0)
			return command_usage("--count=%s: expected a number", value);
		return COMMAND_OK;
	case 't':
		if (command_parse_seconds(value, &command->timeout_ns) < 0)
			return command_usage("--timeout=%s: expected seconds", value);
		return COMMAND_OK;
	case 'z':
		command->flags = LSK_XDP_ZERO_COPY;
		return COMMAND_OK;
	case 'g':
		command->flags = LSK_XDP_COPY;
		command->program_flags = LSK_XDP_GENERIC;
		return COMMAND_OK;
	case 'q':
		command->is_quiet = true;
		return COMMAND_OK;
	default:
		return command_bad_option();
	}
}

static int parse_options(struct xdp *command, int argc, char **argv, const char *shorts)
{
	static const struct option longs[] = {
		{"count", required_argument, NULL, 'c'},
		{"timeout", required_argument, NULL, 't'},
		{"zero-copy", no_argument, NULL, 'z'},
		{"generic", no_argument, NULL, 'g'},
		{"quiet", no_argument, NULL, 'q'},
		{0},
	};

	return command_parse_options(argc, argv, shorts, longs, take_option, command);
}

/* "eth0" or "eth0/3", with or without "xdp://" before it. */
static int parse_place(const char *text, struct lsk_xdp_options *options)
{
	char whole[LSK_ADDR_TEXT_MAX];
	struct lsk_error error = {0};
	struct lsk_addr addr;
	int r;

	if ((size_t)snprintf(whole, sizeof(whole), "%s%s",
			     strstr(text, "://") ? "" : "xdp://",
			     text) >= sizeof(whole))
		return command_usage("%s: no device has such a name", text);
	if (lsk_addr_parse(&addr, whole, &error) < 0)
		return command_failure_at(whole, &error);
	r = lsk_addr_xdp_read(&addr, &options->interface, &options->queue);
	return r < 0 ? command_failure(r, "%s", text) : COMMAND_OK;
}

static int open_xdp(struct xdp *command)
{
	struct lsk_xdp_options options = {.flags = command->flags};
	int status = parse_place(command->device, &options);
	int r;

	if (status != COMMAND_OK)
		return status;
	r = lsk_xdp_new(&command->xdp, &options);
	if (r == -EAFNOSUPPORT)
		return command_failure(r, "no AF_XDP in this kernel");
	if (r < 0)
		return command_failure(r, "%s", command->device);
	r = lsk_socket_set_timeout(lsk_xdp_socket(command->xdp), WAIT_NS);
	return r < 0 ? command_failure(r, "%s", command->device) : COMMAND_OK;
}

/* --- receive ----------------------------------------------------------------- */

static int attach(struct xdp *command)
{
	struct lsk_xdp_options place = {.flags = 0};
	int status = parse_place(command->device, &place);
	int r;

	if (status != COMMAND_OK)
		return status;
	r = lsk_xdp_program_new(&command->program, place.interface,
				command->program_flags);
	if (r == 0)
		r = lsk_xdp_program_add(command->program, command->xdp);
	return r < 0 ? command_failure(r, "%s: program", command->device) : COMMAND_OK;
}

static void show(const struct xdp *command, const struct lsk_xdp_frame *frame)
{
	const struct lsk_packet packet = {
		.data = frame->data,
		.captured = (uint32_t)frame->len,
		.length = (uint32_t)frame->len,
	};
	char line[LSK_PACKET_TEXT_MAX];

	if (command->is_quiet)
		return;
	if (lsk_packet_format(&packet, LSK_LINKTYPE_ETHERNET, line, sizeof(line)) < 0)
		snprintf(line, sizeof(line), "%zu bytes", frame->len);
	puts(line);
}

/* Return: 0, -ETIME where the deadline came first, or another error. */
static int receive_frames(struct xdp *command)
{
	int64_t begin = monotonic_ns();
	struct lsk_xdp_frame frames[BATCH];

	while (!packet_is_ending()) {
		uint64_t left = command->count
					? (uint64_t)command->count - command->frames
					: BATCH;
		ssize_t count = lsk_xdp_receive(command->xdp, frames,
						left < BATCH ? (size_t)left : BATCH);

		if (count < 0 && count != -ETIME && count != -EINTR)
			return (int)count;
		for (ssize_t i = 0; i < count; i++) {
			show(command, &frames[i]);
			command->bytes += frames[i].len;
			command->frames++;
		}
		if (count > 0)
			lsk_xdp_release(command->xdp, frames, (size_t)count);
		if (fflush(stdout) != 0)
			return -EIO;
		if (command->count && command->frames == (uint64_t)command->count)
			return 0;
		if (command->timeout_ns &&
		    monotonic_ns() - begin >= command->timeout_ns)
			return command->count ? -ETIME : 0;
	}
	return 0;
}

static int tell_received(const struct xdp *command, int r)
{
	struct lsk_xdp_statistics lost = {0};

	(void)lsk_xdp_statistics(command->xdp, &lost);
	fprintf(stderr,
		"%llu frames, %llu bytes received by %s; lost: %llu with the ring "
		"full, "
		"%llu without a frame, %llu otherwise\n",
		(unsigned long long)command->frames, (unsigned long long)command->bytes,
		lsk_xdp_is_zero_copy(command->xdp) > 0 ? "zero-copy" : "copying",
		(unsigned long long)lost.ring_full, (unsigned long long)lost.no_frame,
		(unsigned long long)lost.dropped);
	return r < 0 ? command_failure(r, "%s", command->device) : COMMAND_OK;
}

static int xdp_receive_main(int argc, char **argv)
{
	struct xdp command = {.count = 0};
	int status = parse_options(&command, argc, argv, "c:t:zgq");

	if (status != COMMAND_OK)
		return status;
	if (argc - optind != 1)
		return command_usage("one device is wanted, such as eth0 or eth0/3");
	command.device = argv[optind];
	packet_catch_signals();
	status = open_xdp(&command);
	if (status == COMMAND_OK)
		status = attach(&command);
	if (status == COMMAND_OK) {
		fprintf(stderr, "receiving from %s\n", command.device);
		status = tell_received(&command, receive_frames(&command));
	}
	lsk_xdp_program_free(command.program);
	lsk_xdp_free(command.xdp);
	return status;
}

/* --- send -------------------------------------------------------------------- */

/* "02 00 …", with blanks and colons. Return: bytes, or -EINVAL. */
static int parse_hex(const char *text, uint8_t *frame)
{
	int len = 0;

	for (; *text; text++) {
		char pair[3] = {text[0], text[1], '\0'};

		if (isspace((unsigned char)*text) || *text == ':')
			continue;
		if (!isxdigit((unsigned char)text[0]) ||
		    !isxdigit((unsigned char)text[1]) || len == FRAME_MAX)
			return -EINVAL;
		frame[len++] = (uint8_t)strtoul(pair, NULL, 16);
		text++;
	}
	return len > 0 ? len : -EINVAL;
}

static int send_frames(struct xdp *command, const uint8_t *frame, size_t len)
{
	struct iovec parts[BATCH];
	int r;

	for (size_t i = 0; i < BATCH; i++)
		parts[i] = (struct iovec){(void *)(uintptr_t)frame, len};
	while (command->frames < (uint64_t)command->count && !packet_is_ending()) {
		uint64_t left = (uint64_t)command->count - command->frames;
		ssize_t count = lsk_xdp_send(command->xdp, parts,
					     left < BATCH ? (size_t)left : BATCH);

		if (count < 0 && count != -ETIME && count != -EINTR)
			return (int)count;
		if (count > 0)
			command->frames += (uint64_t)count;
	}
	do {
		r = lsk_xdp_flush(command->xdp);
	} while ((r == -ETIME || r == -EINTR) && !packet_is_ending());
	return r;
}

static int xdp_send_main(int argc, char **argv)
{
	struct xdp command = {.count = 1};
	int status = parse_options(&command, argc, argv, "c:z");
	uint8_t frame[FRAME_MAX];
	int len, r;

	if (status != COMMAND_OK)
		return status;
	if (argc - optind != 2)
		return command_usage("a device and a frame in hexadecimal are wanted");
	command.device = argv[optind];
	len = parse_hex(argv[optind + 1], frame);
	if (len < 0)
		return command_usage("%s: no frame of 1 to %d bytes in hexadecimal",
				     argv[optind + 1], FRAME_MAX);
	packet_catch_signals();
	status = open_xdp(&command);
	if (status == COMMAND_OK) {
		r = send_frames(&command, frame, (size_t)len);
		status = r < 0 ? command_failure(r, "%s", command.device) : COMMAND_OK;
		fprintf(stderr, "%llu frames sent by %s\n",
			(unsigned long long)command.frames,
			lsk_xdp_is_zero_copy(command.xdp) > 0 ? "zero-copy"
							      : "copying");
	}
	lsk_xdp_free(command.xdp);
	return status;
}

static const char receive_help[] =
	"A line for each frame, which the network stack does not see then; what was\n"
	"lost is told at the end.\n"
	"\n"
	"  -c, --count N    so many frames; without, until a signal\n"
	"  -g, --generic    behind the driver, by copying: works with every device\n"
	"  -q, --quiet      no lines, the numbers alone\n"
	"  -t, --timeout S  end after so many seconds; a failure where -c wants more\n"
	"  -z, --zero-copy  without copying, or not at all\n";

static const struct command receive_command = {
	.name = "receive",
	.arguments = "[-c N] [-t S] [-gqz] DEVICE[/QUEUE]",
	.summary = "show the frames of a queue",
	.help = receive_help,
	.main = xdp_receive_main,
};

static const char send_help[] =
	"HEX is a whole Ethernet frame: 'ffffffffffff 020000000001 88b5 00'.\n"
	"\n"
	"  -c, --count N    so many times; 1\n"
	"  -z, --zero-copy  without copying, or not at all\n";

static const struct command send_command = {
	.name = "send",
	.arguments = "[-c N] [-z] DEVICE[/QUEUE] HEX",
	.summary = "send a frame through a queue",
	.help = send_help,
	.main = xdp_send_main,
};

static const struct command *const xdp_commands[] = {
	&receive_command,
	&send_command,
	NULL,
};

const struct command xdp_command = {
	.name = "xdp",
	.summary = "AF_XDP: frames of a device's queue, past the network stack",
	.children = xdp_commands,
};
