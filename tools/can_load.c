/* SPDX-License-Identifier: MIT */
/* linsock can load: how full buses are, with canbusload's arguments and output. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/can_capture.h"
#include "tools/can_time.h"

#define PERIOD_NS   LSK_NSEC_PER_SEC
#define PERCENT_BAR 5 /* of one mark */
#define BITRATE_MAX 1000000
#define LINE_WINDOW 90 /* periods that -v shows */
#define FIXED_ONE   (1u << 12)
#define RATES_MAX   48

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
	char direction; /* of its frames: R, T, X for both, . for none */

	/* Percents over all periods. */
	unsigned int least, most;
	unsigned int damped[3]; /* over 1, 5, 15 minutes, in parts of FIXED_ONE */
	unsigned int past[LINE_WINDOW];
	unsigned int past_next;
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
	bool has_statistics;
	bool has_window;
	bool has_fd;
	long periods; /* to show; 0: no end */
};

/* "500k", "2M", "83333" */
static int rate_text(char *buf, size_t size, long rate)
{
	if (rate % 1000000 == 0)
		return snprintf(buf, size, "%ldM", rate / 1000000);
	if (rate % 1000 == 0)
		return snprintf(buf, size, "%ldk", rate / 1000);
	return snprintf(buf, size, "%ld", rate);
}

/* The bitrates as the field writes them: alone in full, two in short. */
static void bus_rates(const struct load *load, const struct bus *bus, char *buf,
		      size_t size)
{
	size_t len;

	if (!load->has_fd) {
		snprintf(buf, size, "%ld", bus->bitrate);
		return;
	}
	len = (size_t)rate_text(buf, size, bus->bitrate);
	if (bus->data_bitrate && bus->data_bitrate != bus->bitrate) {
		buf[len++] = '/';
		rate_text(buf + len, size - len, bus->data_bitrate);
	}
}

/* Ask the controller for its bitrates. */
static int ask_rates(struct bus *bus)
{
	struct lsk_rtnl_link link;
	struct lsk_rtnl_can can = {0};
	struct lsk_nl *nl = NULL;
	int r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);

	if (r == 0)
		r = lsk_rtnl_link_get(nl, bus->name, 0, &link);
	if (r == 0)
		r = lsk_rtnl_can_parse(&link, &can);
	lsk_nl_close(nl);
	if (r == -ENODEV)
		return command_failure(r, "%s", bus->name);
	if (r < 0 || can.bittiming.bitrate == 0)
		return command_usage("%s has no bitrate of its own: IFACE@BITRATE",
				     bus->name);
	bus->bitrate = (long)can.bittiming.bitrate;
	bus->data_bitrate = (long)can.data_bittiming.bitrate;
	return COMMAND_OK;
}

static int parse_rates(struct bus *bus, const char *text, const char *at)
{
	char *end;

	bus->bitrate = strtol(at + 1, &end, 10);
	if (*end == ',') {
		bus->data_bitrate = strtol(end + 1, &end, 10);
		if (bus->data_bitrate == 0)
			bus->data_bitrate = -1;
	}
	if (*end || bus->bitrate < 1 || bus->bitrate > BITRATE_MAX ||
	    bus->data_bitrate < 0)
		return command_usage("invalid bitrate for CAN device '%s'!", text);
	return COMMAND_OK;
}

static int parse_bus(struct load *load, const char *text)
{
	struct bus *bus = &load->buses[load->count];
	size_t len = strcspn(text, "@");
	int status;

	if (len >= IF_NAMESIZE)
		return command_usage("name of CAN device '%s' is too long!", text);
	memcpy(bus->name, text, len);
	status = text[len] ? parse_rates(bus, text, text + len) : ask_rates(bus);
	if (status != COMMAND_OK)
		return status;
	if ((int)len > load->name_width)
		load->name_width = (int)len;
	bus->direction = '.';
	bus->least = UINT_MAX;
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
	       (option = getopt_long(argc, argv, "rtbciesv", longs, NULL)) != -1) {
		load->redraws |= option == 'r';
		load->has_time |= option == 't';
		load->has_bar |= option == 'b';
		load->has_statistics |= option == 's';
		load->has_window |= option == 'v';
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
	/* Known only now: one bus with two bitrates changes the form of all. */
	for (size_t i = 0; i < load->count; i++) {
		char rates[RATES_MAX];

		bus_rates(load, &load->buses[i], rates, sizeof(rates));
		if ((int)strlen(rates) > load->bitrate_width)
			load->bitrate_width = (int)strlen(rates);
	}
	return status;
}

static void take_frame(const struct load *load, struct bus *bus,
		       const struct lsk_can_record *record)
{
	const struct lsk_can_frame *frame = &record->frame;
	char direction = record->flags & LSK_CAN_LOCAL ? 'T' : 'R';
	struct lsk_can_bits bits;
	uint32_t all;

	if (lsk_can_frame_bits(frame, &bits) < 0)
		return;
	all = load->mode == 'e'   ? bits.nominal + bits.data
	      : load->mode == 'i' ? bits.plain
				  : bits.worst;
	bus->frames++;
	if (bus->direction != '.' && bus->direction != direction)
		direction = 'X';
	bus->direction = direction;
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

static void print_bar(const struct load *load, const struct bus *bus,
		      unsigned int percent)
{
	fputs(" |", stdout);
	for (unsigned int i = 0; i < 100 / PERCENT_BAR; i++)
		putchar(i >= percent / PERCENT_BAR ? '.'
			: load->has_fd             ? bus->direction
						   : 'X');
	putchar('|');
}

/* Least, most, and averages as the kernel damps its load. */
static void print_statistics(struct bus *bus, unsigned int percent)
{
	/* e to the power of -1/60, -1/300, -1/900, in parts of FIXED_ONE */
	static const unsigned int damping[] = {4028, 4082, 4091};

	if (percent < bus->least)
		bus->least = percent;
	if (percent > bus->most)
		bus->most = percent;
	printf(" min:%3u%%, max:%3u%%, load:", bus->least, bus->most);
	for (size_t i = 0; i < 3; i++) {
		bus->damped[i] = (bus->damped[i] * damping[i] +
				  percent * FIXED_ONE * (FIXED_ONE - damping[i])) /
				 FIXED_ONE;
		printf("%s%3u%%", i ? " " : "",
		       (bus->damped[i] + FIXED_ONE / 2) / FIXED_ONE);
	}
}

/* The last periods side by side, the newest at the right. */
static void print_window(struct bus *bus, unsigned int percent)
{
	bus->past[bus->past_next] = percent;
	bus->past_next = (bus->past_next + 1) % LINE_WINDOW;
	for (unsigned int level = 100; level > 0; level -= PERCENT_BAR) {
		printf("\n%3u%%|", level);
		for (unsigned int i = 0; i < LINE_WINDOW; i++)
			putchar(bus->past[(bus->past_next + i) % LINE_WINDOW] /
							PERCENT_BAR >=
						level / PERCENT_BAR
					? 'X'
					: '.');
	}
	putchar('\n');
}

static void print_bus(const struct load *load, struct bus *bus, bool is_odd)
{
	/* Whole percents of whole bits where there is one bitrate, as ever. */
	unsigned int percent =
		bus->data_bitrate ? (unsigned int)(bus->seconds * 100)
				  : (unsigned int)(bus->bits * 100ull /
						   (unsigned long long)bus->bitrate);
	char rates[RATES_MAX];

	bus_rates(load, bus, rates, sizeof(rates));
	if (load->has_color)
		fputs(is_odd ? CAN_RED : CAN_BLUE, stdout);
	printf(" %*s@%-*s %5u %7u %*u", load->name_width, bus->name,
	       load->bitrate_width, rates, bus->frames, bus->bits, load->has_fd ? 7 : 6,
	       bus->payload);
	if (load->has_fd)
		printf(" %7u", bus->data_bits);
	printf(" %3u%%", percent);
	if (load->has_statistics)
		print_statistics(bus, percent);
	if (percent > 100)
		percent = 100;
	if (load->has_bar)
		print_bar(load, bus, percent);
	if (load->has_window)
		print_window(bus, percent);
	if (load->has_color)
		fputs(CAN_PLAIN, stdout);
	putchar('\n');
}

/* "r" and Enter: count from here. */
static void read_key(struct load *load)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	char keys[64];
	ssize_t count;

	if (!load->has_statistics || !isatty(STDIN_FILENO) || poll(&fd, 1, 0) <= 0)
		return;
	count = read(STDIN_FILENO, keys, sizeof(keys));
	if (count <= 0 || !memchr(keys, 'r', (size_t)count))
		return;
	for (size_t i = 0; i < load->count; i++) {
		load->buses[i].least = UINT_MAX;
		load->buses[i].most = 0;
		memset(load->buses[i].damped, 0, sizeof(load->buses[i].damped));
	}
}

static void print_period(struct load *load)
{
	read_key(load);
	if (load->redraws)
		fputs("\33[H", stdout);
	if (load->has_time)
		print_head(load);
	for (size_t i = 0; i < load->count; i++) {
		struct bus *bus = &load->buses[i];

		print_bus(load, bus, i % 2);
		bus->frames = bus->bits = bus->payload = bus->data_bits = 0;
		bus->seconds = 0;
		bus->direction = '.';
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
				   &capture->records[i]);
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
	"  -s              least, most, averages of 1, 5, 15 minutes; r and Enter: "
	"anew\n"
	"  -v              the last 90 seconds as a picture\n"
	"  -c, -r          in colours, on a terminal; on one screen\n"
	"  --count NUMBER  end after so many seconds\n"
	"\n"
	"Where a data bitrate is given, FD frames count as well, a column tells the "
	"bits\n"
	"that went at that rate, and bars tell the direction: T, R, X for both. An "
	"IFACE\n"
	"alone is asked for its bitrates.\n";

const struct command can_load_command = {
	.name = "load",
	.arguments = "[options] IFACE[@BITRATE[,DATA-BITRATE]]...",
	.summary = "show how full buses are",
	.alias = "canbusload",
	.help = can_load_help,
	.main = can_load_main,
};
