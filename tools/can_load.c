/* SPDX-License-Identifier: MIT */
/* linsock can load: how full buses are, with canbusload's arguments and output. */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/can.h"
#include "tools/can_capture.h"
#include "tools/can_time.h"

#define PERIOD_NS   LSK_NSEC_PER_SEC
#define PERCENT_BAR 5 /* of one mark */
#define BITRATE_MAX 1000000

/* What went by on one bus in a period. */
struct bus {
	char name[IF_NAMESIZE];
	long bitrate;
	long data_bitrate; /* 0: FD frames are not heard */
	unsigned int frames;
	unsigned int bits;
	unsigned int payload;
	unsigned int data_bits;
	double seconds; /* that its frames took */
};

struct load {
	struct bus buses[CAN_SOURCES_MAX];
	size_t count;
	int name_width;
	int bitrate_width;
	char mode; /* i: no stuffing, e: exact, 0: the most there can be */
	bool has_time;
	bool has_color;
	bool has_bar;
	bool redraws;
	bool has_fd;
	long periods; /* to show; 0: no end */
};

static int parse_bus(struct load *load, const char *text)
{
	struct bus *bus = &load->buses[load->count];
	const char *at = strchr(text, '@');
	char *end;
	int width;

	if (!at)
		return command_usage("%s: the bitrate is needed: IFACE@BITRATE", text);
	if (at - text >= IF_NAMESIZE)
		return command_usage("name of CAN device '%s' is too long!", text);
	memcpy(bus->name, text, (size_t)(at - text));
	bus->bitrate = strtol(at + 1, &end, 10);
	width = (int)(end - at - 1);
	if (*end == ',')
		bus->data_bitrate = strtol(end + 1, &end, 10);
	if (*end || bus->bitrate < 1 || bus->bitrate > BITRATE_MAX ||
	    bus->data_bitrate < 0 || (strchr(at, ',') && bus->data_bitrate == 0))
		return command_usage("invalid bitrate for CAN device '%s'!", text);
	if (at - text > load->name_width)
		load->name_width = (int)(at - text);
	if (width > load->bitrate_width)
		load->bitrate_width = width;
	load->has_fd |= bus->data_bitrate > 0;
	load->count++;
	return COMMAND_OK;
}

static int parse_options(struct load *load, int argc, char **argv)
{
	static const struct option longs[] = {
		{"count", required_argument, NULL, 'n'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "rtbcie", longs, NULL)) != -1) {
		load->redraws |= option == 'r';
		load->has_time |= option == 't';
		load->has_bar |= option == 'b';
		load->has_color |= option == 'c' && can_shows_color();
		if (option == 'i' || option == 'e')
			load->mode = (char)option;
		else if (option == '?')
			status = command_bad_option();
		else if (option == 'n' &&
			 command_parse_number(optarg, 1, INT32_MAX, &load->periods) < 0)
			status = command_usage("--count: \"%s\" is no number", optarg);
	}
	if (status == COMMAND_OK && optind == argc)
		status = command_usage("an interface is needed: IFACE@BITRATE");
	if (status == COMMAND_OK && argc - optind > CAN_SOURCES_MAX)
		status = command_usage("More than %d CAN devices given on commandline!",
				       CAN_SOURCES_MAX);
	for (int i = optind; i < argc && status == COMMAND_OK; i++)
		status = parse_bus(load, argv[i]);
	return status;
}

static void take_frame(const struct load *load, struct bus *bus,
		       const struct lsk_can_frame *frame)
{
	struct lsk_can_bits bits;
	uint32_t all;

	if (lsk_can_frame_bits(frame, &bits) < 0)
		return;
	all = load->mode == 'e'   ? bits.nominal + bits.data
	      : load->mode == 'i' ? bits.plain
				  : bits.worst;
	bus->frames++;
	bus->bits += all;
	bus->payload += 8u * frame->len;
	bus->data_bits += bits.data;
	/* Of the estimates, the data phase has its share. */
	if (bits.data && bus->data_bitrate) {
		double data = all * ((double)bits.data / (bits.nominal + bits.data));

		bus->seconds += data / (double)bus->data_bitrate +
				(all - data) / (double)bus->bitrate;
	} else {
		bus->seconds += all / (double)bus->bitrate;
	}
}

static void print_head(const struct load *load)
{
	time_t now = time(NULL);
	char text[32];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%s %s (%s bitstuffing)\n", program_invocation_short_name, text,
	       load->mode == 'e'   ? "exact"
	       : load->mode == 'i' ? "ignore"
				   : "worst case");
}

static void print_bar(int percent)
{
	fputs(" |", stdout);
	for (int i = 0; i < 100 / PERCENT_BAR; i++)
		putchar(i < percent / PERCENT_BAR ? 'X' : '.');
	putchar('|');
}

static void print_bus(const struct load *load, const struct bus *bus, bool is_odd)
{
	/* Whole percents of whole bits where there is one bitrate, as ever. */
	int percent =
		bus->data_bitrate
			? (int)(bus->seconds * 100)
			: (int)(bus->bits * 100ull / (unsigned long long)bus->bitrate);

	if (load->has_color)
		fputs(is_odd ? CAN_RED : CAN_BLUE, stdout);
	printf(" %*s@%-*ld", load->name_width, bus->name, load->bitrate_width,
	       bus->bitrate);
	if (bus->data_bitrate)
		printf(",%ld", bus->data_bitrate);
	printf(" %5u %7u %6u", bus->frames, bus->bits, bus->payload);
	if (load->has_fd)
		printf(" %7u", bus->data_bits);
	printf(" %3d%%", percent);
	if (load->has_bar)
		print_bar(percent);
	if (load->has_color)
		fputs(CAN_PLAIN, stdout);
	putchar('\n');
}

static void print_period(struct load *load)
{
	if (load->redraws)
		fputs("\33[H", stdout);
	if (load->has_time)
		print_head(load);
	for (size_t i = 0; i < load->count; i++) {
		struct bus *bus = &load->buses[i];

		print_bus(load, bus, i % 2);
		bus->frames = bus->bits = bus->payload = bus->data_bits = 0;
		bus->seconds = 0;
	}
	putchar('\n');
	fflush(stdout);
}

static int measure(struct load *load, struct can_capture *capture)
{
	int64_t next_ns = can_now_ns() + PERIOD_NS;
	long shown = 0;
	int r = 0;

	if (load->redraws)
		fputs("\33[2J", stdout);
	while (r >= 0 && (load->periods == 0 || shown < load->periods)) {
		struct can_source *source = NULL;
		int64_t rest_ns = next_ns - can_now_ns();

		if (rest_ns <= 0) {
			print_period(load);
			next_ns += PERIOD_NS;
			shown++;
			continue;
		}
		r = can_capture_next(capture, (int)(rest_ns / 1000000 + 1), &source);
		if (r == -ENETDOWN)
			r = 0; /* a bus that is down is an empty one */
		for (int i = 0; i < r; i++)
			take_frame(load, &load->buses[source - capture->sources],
				   &capture->records[i].frame);
	}
	if (r < 0 && r != -EINTR)
		return command_failure(r, "read");
	if (can_capture_drops(capture) == 0)
		return COMMAND_OK;
	fprintf(stderr, "%s: lost %llu frames: the load was higher than shown\n",
		program_invocation_short_name,
		(unsigned long long)can_capture_drops(capture));
	return CAN_STATUS_LOST;
}

static int can_load_main(int argc, char **argv)
{
	struct load load = {0};
	struct can_capture capture = {0};
	struct lsk_can_config config = {.without_xl = true, .without_time = true};
	char *names[CAN_SOURCES_MAX];
	int status = parse_options(&load, argc, argv);

	if (status != COMMAND_OK)
		return status;
	config.classic_only = !load.has_fd;
	for (size_t i = 0; i < load.count; i++)
		names[i] = load.buses[i].name;
	can_capture_signals(&capture);
	status = can_capture_open(&capture, names, load.count, &config);
	if (status == COMMAND_OK)
		status = measure(&load, &capture);
	can_capture_close(&capture);
	return status;
}

static const char can_load_help[] =
	"Each second one line per bus: frames, bits, bits of data, load in percent. "
	"Bits\n"
	"are counted with as many stuffed ones as can be, unless:\n"
	"\n"
	"  -e              stuffed bits as they are, from each frame's bits and CRC\n"
	"  -i              without stuffed bits\n"
	"  -t              the time first\n"
	"  -b              a bar, one mark for 5%\n"
	"  -c, -r          in colours; on one screen\n"
	"  --count NUMBER  end after so many seconds\n"
	"\n"
	"Where a data bitrate is given, FD frames count as well, and a column tells "
	"the\n"
	"bits that went at that rate.\n";

const struct command can_load_command = {
	.name = "load",
	.arguments = "[options] IFACE@BITRATE[,DATA-BITRATE]...",
	.summary = "show how full buses are",
	.alias = "canbusload",
	.help = can_load_help,
	.main = can_load_main,
};
