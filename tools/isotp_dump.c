/* SPDX-License-Identifier: MIT */
/* linsock can isotp dump: frames of ISO-TP explained, as isotpdump does. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/can.h"
#include "tools/isotp_listen.h"

struct dump {
	struct isotp_listen listen;
	struct isotp_clock clock;
	bool has_color;
	bool has_ascii;
	long count; /* frames to show; 0: no end */
	long shown;
};

static int parse_options(struct dump *dump, int argc, char **argv)
{
	static const struct option longs[] = {
		{"count", required_argument, NULL, 'n'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "s:d:ax:X:ct:", longs, NULL)) != -1) {
		status = isotp_listen_option(&dump->listen, option, optarg);
		if (status >= 0)
			continue;
		status = COMMAND_OK;
		if (option == 'a')
			dump->has_ascii = true;
		else if (option == 'c')
			dump->has_color = can_shows_color();
		else if (option == 't')
			isotp_clock_set(&dump->clock, optarg);
		else if (command_parse_number(optarg, 1, INT32_MAX, &dump->count) < 0)
			status = command_usage("--count: \"%s\" is no number", optarg);
	}
	if (status != COMMAND_OK)
		return status;
	return isotp_listen_check(&dump->listen, argc - optind, argv + optind);
}

/* Whether the frame's first byte is of another address than is listened to. */
static bool is_for_others(const struct isotp_listen *listen,
			  const struct isotp_frame *frame)
{
	const struct isotp_extension *extension = frame->id == listen->source
							  ? &listen->extension
							  : &listen->rx_extension;

	return extension->is_set && !extension->is_any &&
	       extension->address != frame->data[0];
}

static void print_flow_control(const uint8_t *pci)
{
	static const char *const names[] = {"CTS", "WT", "OVFLW", "reserved"};
	unsigned int status = pci[0] & 0x0F;

	printf("[FC] FC: %u = %s # ", status, names[status > 3 ? 3 : status]);
	printf("BS: %d %s# STmin: 0x%02X = ", pci[1], pci[1] ? "" : "= off ", pci[2]);
	if (pci[2] < 0x80)
		printf("%d ms", pci[2]);
	else if (pci[2] > 0xF0 && pci[2] < 0xFA)
		printf("%d us", (pci[2] & 0x0F) * 100);
	else
		printf("reserved");
}

/* Tell what a frame is. Return: where its data begins, or 0 for none. */
static unsigned int print_pci(const struct isotp_frame *frame, unsigned int at)
{
	const uint8_t *pci = frame->data + at;
	unsigned long len;

	switch (pci[0] & 0xF0) {
	case 0x00:
		printf("[SF] ln: %-4d data:", pci[0] & 0x0F ? pci[0] & 0x0F : pci[1]);
		return at + (pci[0] & 0x0F ? 1 : 2);
	case 0x10:
		len = (pci[0] & 0x0Ful) << 8 | pci[1];
		if (len) {
			printf("[FF] ln: %-4lu data:", len);
			return at + 2;
		}
		len = (unsigned long)pci[2] << 24 | (unsigned long)pci[3] << 16 |
		      (unsigned long)pci[4] << 8 | pci[5];
		printf("[FF] ln: %-4lu data:", len);
		return at + 6;
	case 0x20:
		printf("[CF] sn: %X    data:", pci[0] & 0x0F);
		return at + 1;
	case 0x30:
		print_flow_control(pci);
		return 0;
	default:
		printf("[??]");
		return 0;
	}
}

static void print_data(const struct dump *dump, const struct isotp_frame *frame,
		       unsigned int from)
{
	int rest = 7 - (int)dump->listen.extension.is_set - (int)(frame->len - from);

	putchar(' ');
	for (unsigned int i = from; i < frame->len; i++)
		printf("%02X ", frame->data[i]);
	if (!dump->has_ascii)
		return;
	printf("%*s", rest * 3 + 5, "-  '");
	for (unsigned int i = from; i < frame->len; i++)
		putchar(frame->data[i] > 0x1F && frame->data[i] < 0x7F ? frame->data[i]
								       : '.');
	putchar('\'');
}

static void print_frame(struct dump *dump, const struct isotp_frame *frame)
{
	unsigned int at = dump->listen.extension.is_set ? 1 : 0;
	unsigned int from;

	if (dump->has_color)
		fputs(frame->id == dump->listen.source ? CAN_RED : CAN_BLUE, stdout);
	isotp_clock_print(&dump->clock, frame->time_ns);
	printf(" %s  %*X", dump->listen.interface, frame->id & CAN_EFF_FLAG ? 8 : 3,
	       frame->id & CAN_EFF_MASK);
	if (at)
		printf("{%02X}", frame->data[0]);
	printf(frame->is_fd ? " [%02d]  " : "  [%d]  ", frame->len);
	from = print_pci(frame, at);
	if (from && frame->len > from)
		print_data(dump, frame, from);
	if (dump->has_color)
		fputs(CAN_PLAIN, stdout);
	putchar('\n');
}

static bool take_frame(void *context, const struct isotp_frame *frame)
{
	struct dump *dump = context;

	if (is_for_others(&dump->listen, frame))
		return true;
	print_frame(dump, frame);
	return ++dump->shown != dump->count;
}

static int isotp_dump_main(int argc, char **argv)
{
	struct dump dump = {
		.listen = {.source = ISOTP_NO_ID, .destination = ISOTP_NO_ID},
	};
	const struct isotp_watcher watcher = {.take = take_frame, .context = &dump};
	int status = parse_options(&dump, argc, argv);

	return status == COMMAND_OK ? isotp_listen_run(&dump.listen, &watcher) : status;
}

static const char isotp_dump_help[] =
	"  -s ID -d ID      identifiers of the two; 8 digits for extended ones\n"
	"  -x ADDR, -X ADDR extended addressing, of each; \"any\" for all\n"
	"  -a               data as text as well\n"
	"  -c               in colours, on a terminal\n"
	"  -t a|d|z|A       times: absolute, delta, from zero, with date\n"
	"  --count NUMBER   end after so many frames\n";

const struct command isotp_dump_command = {
	.name = "dump",
	.arguments = "[options] -s ID -d ID IFACE",
	.summary = "explain the frames of ISO-TP messages",
	.alias = "isotpdump",
	.help = isotp_dump_help,
	.main = isotp_dump_main,
};
