/* SPDX-License-Identifier: MIT */
/* linsock can isotp perf: how fast messages go by, as isotpperf shows it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/can.h"
#include "tools/isotp_listen.h"

#define PERCENT_BAR 2 /* of one mark */
#define LEN_MAX     (UINT32_MAX / 1000)
#define SILENCE_NS  LSK_NSEC_PER_SEC

struct perf {
	struct isotp_listen listen;
	long count; /* messages to tell; 0: no end */
	long told;
	/* The message under way; @got is 0 where there is none. */
	unsigned long len;
	unsigned long got;
	uint8_t number; /* of the last consecutive frame */
	bool is_fd;
	bool has_brs;
	uint8_t frame_len;
	int64_t start_ns;
	/* What the receiver last asked for. */
	uint8_t block_size;
	uint8_t stmin;
};

static int parse_options(struct perf *perf, int argc, char **argv)
{
	static const struct option longs[] = {
		{"count", required_argument, NULL, 'n'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "s:d:x:X:", longs, NULL)) != -1) {
		status = isotp_listen_option(&perf->listen, option, optarg);
		if (status < 0)
			status = command_parse_number(optarg, 1, INT32_MAX,
						      &perf->count) < 0
					 ? command_usage("--count: \"%s\" is no number",
							 optarg)
					 : COMMAND_OK;
	}
	if (status != COMMAND_OK)
		return status;
	return isotp_listen_check(&perf->listen, argc - optind, argv + optind);
}

static void begin(struct perf *perf, const struct isotp_frame *frame, unsigned long len,
		  unsigned long got)
{
	perf->len = len;
	perf->got = got;
	perf->number = 0;
	perf->is_fd = frame->is_fd;
	perf->has_brs = frame->flags & LSK_CANFD_BRS;
	perf->frame_len = frame->len < 8 ? 8 : frame->len;
	perf->start_ns = frame->time_ns;
}

static void take_single(struct perf *perf, const struct isotp_frame *frame,
			unsigned int at)
{
	const uint8_t *pci = frame->data + at;
	unsigned int from = at + (pci[0] & 0x0F ? 1 : 2);
	unsigned long len = pci[0] & 0x0F ? pci[0] & 0x0F : pci[1];

	begin(perf, frame, len, frame->len < len + from ? 0 : len);
}

static void take_first(struct perf *perf, const struct isotp_frame *frame,
		       unsigned int at)
{
	const uint8_t *pci = frame->data + at;
	unsigned long len = (pci[0] & 0x0Ful) << 8 | pci[1];
	unsigned int from = at + 2;

	if (len == 0) {
		len = (unsigned long)pci[2] << 24 | (unsigned long)pci[3] << 16 |
		      (unsigned long)pci[4] << 8 | pci[5];
		from = at + 6;
	}
	if (len >= LEN_MAX) {
		printf("fflen %lu is more than ~4.2 MB - ignoring PDU\n", len);
		perf->got = 0;
		return;
	}
	begin(perf, frame, len, frame->len > from ? frame->len - from : 0);
}

static void take_consecutive(struct perf *perf, const struct isotp_frame *frame,
			     unsigned int at)
{
	uint8_t number = frame->data[at] & 0x0F;

	if (perf->got == 0 || number != ((perf->number + 1) & 0x0F) || frame->len <= at)
		return;
	perf->number = number;
	perf->got += frame->len - at - 1;
}

static int digits_of(unsigned long value)
{
	int digits = 1;

	for (; value > 9; value /= 10)
		digits++;
	return digits;
}

static void print_progress(const struct perf *perf)
{
	unsigned long percent = perf->len ? perf->got * 100 / perf->len : 100;

	printf("\r %3lu%% |", percent);
	for (unsigned long i = 0; i < 100 / PERCENT_BAR; i++)
		putchar(i < percent / PERCENT_BAR ? 'X' : '.');
	printf("| %*lu/%lu ", digits_of(perf->len), perf->got, perf->len);
}

static void print_end(const struct perf *perf, int64_t end_ns)
{
	long long us = (long long)(end_ns / 1000 - perf->start_ns / 1000);

	printf("\r%s %02d%c (BS:%2hhu # ", perf->is_fd ? "CAN-FD" : "CAN2.0",
	       perf->frame_len, perf->has_brs ? '*' : ' ', perf->block_size);
	if (perf->stmin < 0x80)
		printf("STmin:%3hhu msec)", perf->stmin);
	else if (perf->stmin > 0xF0 && perf->stmin < 0xFA)
		printf("STmin:%3d usec)", (perf->stmin & 0x0F) * 100);
	else
		printf("STmin: invalid   )");
	printf(" : %lu byte in ", perf->len);
	if (us >= 1000)
		printf("%lld.%06llds => %llu byte/s", us / 1000000, us % 1000000,
		       (unsigned long long)perf->len * 1000 /
			       (unsigned long long)(us / 1000));
	else
		printf("(no time available)     ");
	putchar('\n');
}

static void take_frame(struct perf *perf, const struct isotp_frame *frame)
{
	const struct isotp_listen *listen = &perf->listen;
	unsigned int at = listen->extension.is_set ? 1 : 0;

	/* A message is of one kind of frames. */
	if (perf->got && perf->is_fd != frame->is_fd)
		return;
	if (frame->id == listen->destination) {
		unsigned int rx_at = listen->rx_extension.is_set ? 1 : 0;

		if (rx_at && frame->data[0] != listen->rx_extension.address)
			return;
		if ((frame->data[rx_at] & 0xF0) != 0x30)
			return;
		perf->block_size = frame->data[rx_at + 1];
		perf->stmin = frame->data[rx_at + 2];
		/* The field's tool shows how far it is again. */
		if (perf->got)
			print_progress(perf);
		return;
	}
	if (at && frame->data[0] != listen->extension.address)
		return;
	switch (frame->data[at] & 0xF0) {
	case 0x00:
		take_single(perf, frame, at);
		break;
	case 0x10:
		take_first(perf, frame, at);
		break;
	case 0x20:
		take_consecutive(perf, frame, at);
		break;
	default:
		break;
	}
	if (perf->got == 0)
		return;
	if (perf->got > perf->len)
		perf->got = perf->len;
	print_progress(perf);
	if (perf->got < perf->len)
		return;
	print_end(perf, frame->time_ns);
	perf->told++;
	perf->got = 0;
}

static bool take(void *context, const struct isotp_frame *frame)
{
	struct perf *perf = context;

	take_frame(perf, frame);
	return perf->told == 0 || perf->told != perf->count;
}

/* A message that is under way has to go on. */
static int64_t silence_ns(void *context)
{
	const struct perf *perf = context;

	return perf->got ? SILENCE_NS : LSK_BLOCK;
}

static void end_message(void *context)
{
	struct perf *perf = context;

	printf("\r%-*s", 78, " (transmission timed out)");
	perf->got = 0;
}

static int isotp_perf_main(int argc, char **argv)
{
	struct perf perf = {
		.listen = {.source = ISOTP_NO_ID, .destination = ISOTP_NO_ID},
	};
	const struct isotp_watcher watcher = {.take = take,
					      .silence_ns = silence_ns,
					      .silent = end_message,
					      .context = &perf};
	int status = parse_options(&perf, argc, argv);

	return status == COMMAND_OK ? isotp_listen_run(&perf.listen, &watcher) : status;
}

static const char isotp_perf_help[] =
	"Each message from the one to the other: kind and length of its frames (* for\n"
	"BRS), what the receiver asks for, bytes and bytes per second.\n"
	"\n"
	"  -s ID -d ID      identifiers of the two; 8 digits for extended ones\n"
	"  -x ADDR, -X ADDR extended addressing, of each\n"
	"  --count NUMBER   end after so many messages\n";

const struct command isotp_perf_command = {
	.name = "perf",
	.arguments = "[options] -s ID -d ID IFACE",
	.summary = "show how fast ISO-TP messages go by",
	.alias = "isotpperf",
	.help = isotp_perf_help,
	.main = isotp_perf_main,
};
