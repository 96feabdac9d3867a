/* SPDX-License-Identifier: MIT */
/* linsock packet dump: a line for each packet of a device or a file. */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/packet.h"

#define HEX_WIDTH 16

enum time_format {
	TIME_OF_DAY, /* 12:34:56.123456 */
	TIME_NONE,
	TIME_EPOCH, /* 1700000000.123456 */
	TIME_DELTA, /* since the line before */
	TIME_DATE,  /* 2026-11-21 12:34:56.123456 */
};

struct dump {
	struct packet_source source;
	enum time_format time_format;
	bool is_nano;
	bool shows_link;
	bool shows_bytes;
	bool is_line_buffered;
	uint64_t packets_max;
	uint64_t packets;
	int64_t before_ns;
};

static void print_fraction(const struct dump *dump, int64_t time_ns)
{
	int64_t fraction = time_ns % LSK_NSEC_PER_SEC;

	if (dump->is_nano)
		printf(".%09lld ", (long long)fraction);
	else
		printf(".%06lld ", (long long)(fraction / 1000));
}

static void print_time(struct dump *dump, int64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / LSK_NSEC_PER_SEC);
	int64_t delta_ns = dump->packets > 0 ? time_ns - dump->before_ns : 0;
	char text[64] = "";
	struct tm parts;

	dump->before_ns = time_ns;
	switch (dump->time_format) {
	case TIME_NONE:
		return;
	case TIME_EPOCH:
		printf("%lld", (long long)seconds);
		break;
	case TIME_DELTA:
		/* Packets of several devices may be out of order. */
		fputs(delta_ns < 0 ? "-" : " ", stdout);
		time_ns = delta_ns < 0 ? -delta_ns : delta_ns;
		printf("%lld", (long long)(time_ns / LSK_NSEC_PER_SEC));
		break;
	case TIME_OF_DAY:
	case TIME_DATE:
		if (localtime_r(&seconds, &parts))
			strftime(text, sizeof(text),
				 dump->time_format == TIME_DATE ? "%Y-%m-%d %H:%M:%S"
								: "%H:%M:%S",
				 &parts);
		fputs(text, stdout);
	}
	print_fraction(dump, time_ns);
}

/* Where several devices are watched, which one it was. */
static void print_device(const struct dump *dump, const struct lsk_packet *packet)
{
	char name[IF_NAMESIZE];

	if (!dump->source.is_cooked)
		return;
	if (!if_indextoname((unsigned int)packet->interface, name))
		snprintf(name, sizeof(name), "#%d", packet->interface);
	printf("%-6s %-3s ", name, packet->flags & LSK_PACKET_OUTGOING ? "Out" : "In");
}

static void print_link(const struct lsk_packet *packet, int linktype)
{
	const uint8_t *data = packet->data;

	if (linktype != LSK_LINKTYPE_ETHERNET || packet->captured < 14)
		return;
	printf("%02x:%02x:%02x:%02x:%02x:%02x > %02x:%02x:%02x:%02x:%02x:%02x, "
	       "ethertype 0x%02x%02x, length %u: ",
	       data[6], data[7], data[8], data[9], data[10], data[11], data[0], data[1],
	       data[2], data[3], data[4], data[5], data[12], data[13], packet->length);
}

static void print_bytes(const struct lsk_packet *packet)
{
	for (uint32_t at = 0; at < packet->captured; at += HEX_WIDTH) {
		uint32_t left = packet->captured - at;
		uint32_t count = left < HEX_WIDTH ? left : HEX_WIDTH;

		printf("\t0x%04x: ", at);
		for (uint32_t i = 0; i < HEX_WIDTH; i++)
			if (i < count)
				printf(i % 2 ? "%02x" : " %02x", packet->data[at + i]);
			else
				fputs(i % 2 ? "  " : "   ", stdout);
		fputs("  ", stdout);
		for (uint32_t i = 0; i < count; i++) {
			uint8_t byte = packet->data[at + i];

			putchar(byte >= 0x20 && byte < 0x7f ? byte : '.');
		}
		putchar('\n');
	}
}

static void print_packet(struct dump *dump, const struct lsk_packet *packet)
{
	int linktype = packet_source_linktype(&dump->source, packet);
	char text[LSK_PACKET_TEXT_MAX];

	print_time(dump, packet->time_ns);
	print_device(dump, packet);
	if (dump->shows_link)
		print_link(packet, linktype);
	if (lsk_packet_format(packet, linktype, text, sizeof(text)) >= 0)
		puts(text);
	if (dump->shows_bytes)
		print_bytes(packet);
	dump->packets++;
}

/* Return: 0 at a regular end, or a negative error, which is told. */
static int dump_all(struct dump *dump)
{
	struct lsk_packet packets[PACKET_BATCH];

	for (;;) {
		int r;

		if (packet_is_ending())
			packet_source_stop(&dump->source);
		r = packet_source_next(&dump->source, packets, PACKET_BATCH);
		if (r < 0)
			return r == -ENODATA ? 0 : r;
		for (int i = 0; i < r; i++) {
			print_packet(dump, &packets[i]);
			if (dump->packets_max && dump->packets >= dump->packets_max)
				return 0;
		}
		if ((r == 0 || dump->is_line_buffered) && fflush(stdout) != 0)
			return -EPIPE;
		if (ferror(stdout))
			return -EPIPE;
	}
}

static int run(struct dump *dump, char **words, int count)
{
	int status = packet_source_open(&dump->source, words, count);

	if (status == COMMAND_OK) {
		int r = dump_all(dump);

		if (fflush(stdout) != 0 && errno != EPIPE)
			r = -EIO;
		status = r < 0 && r != -EPIPE ? COMMAND_FAILURE : COMMAND_OK;
		if (dump->source.ring && status == COMMAND_OK)
			status = packet_report(&dump->source, dump->packets, 0);
	}
	packet_source_close(&dump->source);
	return status;
}

enum {
	OPTION_NANO = 256,
};

static const struct option options[] = {
	{"interface", required_argument, NULL, 'i'},
	{"read", required_argument, NULL, 'r'},
	{"count", required_argument, NULL, 'c'},
	{"snapshot-length", required_argument, NULL, 's'},
	{"buffer-size", required_argument, NULL, 'B'},
	{"no-promiscuous-mode", no_argument, NULL, 'p'},
	{"in", no_argument, NULL, 'Q'},
	{"link", no_argument, NULL, 'e'},
	{"hex", no_argument, NULL, 'x'},
	{"line-buffered", no_argument, NULL, 'l'},
	{"nano", no_argument, NULL, OPTION_NANO},
	{NULL, 0, NULL, 0},
};

/* Return: COMMAND_OK or what main is to answer. */
static int take_number(struct dump *dump, int option, const char *text)
{
	uint64_t size;

	if (packet_parse_size(text, &size) < 0 || (option == 's' && size > UINT32_MAX))
		return command_usage("\"%s\" is no such number", text);
	if (option == 'c')
		dump->packets_max = size;
	else if (option == 'B')
		dump->source.buffer_size = (size_t)size;
	else
		dump->source.snap_len = (uint32_t)size;
	return COMMAND_OK;
}

static int main_dump(int argc, char **argv)
{
	struct dump dump = {.source = {.is_immediate = true}};
	int option, times = 0;

	while ((option = getopt_long(argc, argv, "+i:r:c:s:B:pQexXlnt", options,
				     NULL)) != -1) {
		switch (option) {
		case 'i':
			dump.source.interface = optarg;
			break;
		case 'r':
			dump.source.file = optarg;
			break;
		case 'p':
			dump.source.is_quiet = true;
			break;
		case 'Q':
			dump.source.ignores_outgoing = true;
			break;
		case 'e':
			dump.shows_link = true;
			break;
		case 'x':
		case 'X':
			dump.shows_bytes = true;
			break;
		case 'l':
			dump.is_line_buffered = true;
			break;
		case 'n': /* numbers are never resolved here */
			break;
		case 't':
			times += times < TIME_DATE;
			dump.time_format = (enum time_format)times;
			break;
		case OPTION_NANO:
			dump.is_nano = true;
			break;
		case '?':
			return command_bad_option();
		default:
			if (take_number(&dump, option, optarg) != COMMAND_OK)
				return COMMAND_USAGE;
		}
	}
	packet_catch_signals();
	return run(&dump, argv + optind, argc - optind);
}

const struct command packet_dump_command = {
	.name = "dump",
	.arguments = "[-i DEVICE | -r FILE] [OPTIONS] [FILTER WORDS]",
	.summary = "a line for each packet of a device or a file",
	.help = "  -i, --interface=DEVICE      (default: any, all of them)\n"
		"  -r, --read=FILE             pcap or pcapng; - is stdin\n"
		"  -c, --count=N               end after N packets\n"
		"  -e, --link                  the link layer's addresses too\n"
		"  -x, --hex                   the bytes too; -X is the same\n"
		"  -t                          no time; -tt: seconds since 1970;\n"
		"                              -ttt: since the line before; -tttt: "
		"date\n"
		"      --nano                  nanoseconds instead of microseconds\n"
		"  -l, --line-buffered         write every line at once\n"
		"  -s, --snapshot-length=N     bytes of each packet that are looked "
		"at\n"
		"  -B, --buffer-size=N         bytes of the kernel's ring (8M)\n"
		"  -p, --no-promiscuous-mode   only what is for this machine\n"
		"  -Q, --in                    not what this machine sends\n"
		"\n"
		"FILTER WORDS are those of tcpdump (pcap-filter(7)) and need libpcap.\n"
		"Addresses and ports are never resolved (-n is accepted). \"linsock\n"
		"packet capture\" writes files.\n"
		"\n"
		"Exit status: 3 where packets were dropped.\n",
	.main = main_dump,
};
