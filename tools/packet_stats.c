/* SPDX-License-Identifier: MIT */
/* linsock packet stats: how much of what a device or a file has. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/packet.h"
#include "tools/progress.h"

#define KINDS_MAX 64
#define NAME_SIZE 48

/* One row: "IP UDP". */
struct kind {
	char name[NAME_SIZE];
	uint64_t packets;
	uint64_t bytes;
};

struct stats {
	struct packet_source source;
	int64_t interval_ns;
	int64_t time_ns;
	bool is_json;
	struct kind total;
	struct kind before; /* at the last line */
	uint64_t dropped_before;
	struct kind kinds[KINDS_MAX];
	unsigned int count;
	int64_t start_ns;
	int64_t shown_ns;
};

/*
 * What a packet is, from its line: "vlan 5, p 3, IP 10.0.0.1.1 > 10.0.0.2.2: UDP, …".
 */
static void name_kind(char *line, char *name)
{
	const char *network = line, *detail = "", *colon;
	unsigned int network_len, detail_len;

	while (strncmp(network, "vlan ", 5) == 0) {
		const char *comma = strstr(network + 5, ", p ");

		comma = comma ? strstr(comma + 4, ", ") : NULL;
		if (!comma)
			break;
		network = comma + 2;
	}
	network_len = (unsigned int)strcspn(network, " ,");
	if (strncmp(network, "IP", 2) == 0) {
		/* An address may have ": " behind it only after " > ". */
		colon = strstr(network, " > ");
		colon = colon ? strstr(colon + 3, ": ") : NULL;
		detail = colon ? colon + 2 : "";
		if (strncmp(detail, "Flags ", 6) == 0)
			detail = "TCP";
	} else if (strncmp(network, "ARP", 3) != 0) {
		const char *type = strstr(network, "ethertype ");

		network = type ? type : "other";
		network_len = (unsigned int)strcspn(network, ",");
	}
	detail_len = (unsigned int)strcspn(detail, " ,");
	snprintf(name, NAME_SIZE, "%.*s%s%.*s", (int)network_len, network,
		 detail_len ? " " : "", (int)detail_len, detail);
}

static void count_kind(struct stats *stats, const char *name, uint32_t length)
{
	struct kind *kind = stats->kinds;
	unsigned int i;

	for (i = 0; i < stats->count && strcmp(kind[i].name, name) != 0; i++)
		;
	/* The last row is for all that has no row of its own. */
	if (i == stats->count && i < KINDS_MAX) {
		stats->count++;
		snprintf(kind[i].name, NAME_SIZE, "%s",
			 i == KINDS_MAX - 1 ? "others" : name);
	}
	if (i == KINDS_MAX)
		i--;
	kind[i].packets++;
	kind[i].bytes += length;
}

static void count_packet(struct stats *stats, const struct lsk_packet *packet)
{
	char line[LSK_PACKET_TEXT_MAX], name[NAME_SIZE];

	stats->total.packets++;
	stats->total.bytes += packet->length;
	if (lsk_packet_format(packet, packet_source_linktype(&stats->source, packet),
			      line, sizeof(line)) < 0)
		return;
	name_kind(line, name);
	count_kind(stats, name, packet->length);
}

static void show_interval(struct stats *stats, int64_t now_ns)
{
	struct lsk_packet_stats kernel = packet_source_stats(&stats->source);
	const double seconds = (double)(now_ns - stats->shown_ns) / 1e9;
	const uint64_t packets = stats->total.packets - stats->before.packets;
	const uint64_t bytes = stats->total.bytes - stats->before.bytes;
	const uint64_t dropped = kernel.dropped - stats->dropped_before;

	if (stats->is_json)
		printf("{\"seconds\":%.3f,\"packets\":%llu,\"bytes\":%llu,"
		       "\"dropped\":%llu}\n",
		       seconds, (unsigned long long)packets, (unsigned long long)bytes,
		       (unsigned long long)dropped);
	else
		printf("%10.0f packets/s %12.3f Mbit/s %10llu dropped\n",
		       (double)packets / seconds, (double)bytes * 8e-6 / seconds,
		       (unsigned long long)dropped);
	fflush(stdout);
	stats->before = stats->total;
	stats->dropped_before = kernel.dropped;
	stats->shown_ns = now_ns;
}

static int compare_kinds(const void *left, const void *right)
{
	const struct kind *a = left, *b = right;

	return a->packets < b->packets ? 1 : a->packets > b->packets ? -1 : 0;
}

static void show_json(const struct stats *stats, const struct lsk_packet_stats *kernel)
{
	printf("{\"packets\":%llu,\"bytes\":%llu,\"dropped\":%llu,\"kinds\":[",
	       (unsigned long long)stats->total.packets,
	       (unsigned long long)stats->total.bytes,
	       (unsigned long long)kernel->dropped);
	for (unsigned int i = 0; i < stats->count; i++)
		printf("%s{\"kind\":\"%s\",\"packets\":%llu,\"bytes\":%llu}",
		       i > 0 ? "," : "", stats->kinds[i].name,
		       (unsigned long long)stats->kinds[i].packets,
		       (unsigned long long)stats->kinds[i].bytes);
	puts("]}");
}

static void show_total(struct stats *stats)
{
	struct lsk_packet_stats kernel = packet_source_stats(&stats->source);

	qsort(stats->kinds, stats->count, sizeof(stats->kinds[0]), compare_kinds);
	if (stats->is_json) {
		show_json(stats, &kernel);
		return;
	}
	printf("%-32s %14s %16s\n", "", "packets", "bytes");
	for (unsigned int i = 0; i < stats->count; i++)
		printf("%-32s %14llu %16llu\n", stats->kinds[i].name,
		       (unsigned long long)stats->kinds[i].packets,
		       (unsigned long long)stats->kinds[i].bytes);
	printf("%-32s %14llu %16llu\n", "total",
	       (unsigned long long)stats->total.packets,
	       (unsigned long long)stats->total.bytes);
	if (stats->source.ring)
		printf("%-32s %14llu\n", "dropped by the kernel",
		       (unsigned long long)kernel.dropped);
}

static int count_all(struct stats *stats)
{
	struct lsk_packet packets[PACKET_BATCH];

	for (;;) {
		int64_t now_ns = monotonic_ns();
		int r;

		if (stats->interval_ns &&
		    now_ns - stats->shown_ns >= stats->interval_ns)
			show_interval(stats, now_ns);
		if (packet_is_ending() ||
		    (stats->time_ns && now_ns - stats->start_ns >= stats->time_ns))
			packet_source_stop(&stats->source);
		r = packet_source_next(&stats->source, packets, PACKET_BATCH);
		if (r < 0)
			return r == -ENODATA ? 0 : r;
		for (int i = 0; i < r; i++)
			count_packet(stats, &packets[i]);
	}
}

static int run(struct stats *stats, char **words, int count)
{
	int status = packet_source_open(&stats->source, words, count);

	if (status == COMMAND_OK) {
		stats->start_ns = stats->shown_ns = monotonic_ns();
		if (count_all(stats) < 0)
			status = COMMAND_FAILURE;
		show_total(stats);
		if (packet_source_stats(&stats->source).dropped > 0)
			status = PACKET_STATUS_LOST;
	}
	packet_source_close(&stats->source);
	return status;
}

static const struct option options[] = {
	{"interface", required_argument, NULL, 'i'},
	{"read", required_argument, NULL, 'r'},
	{"interval", required_argument, NULL, 'n'},
	{"seconds", required_argument, NULL, 'd'},
	{"json", no_argument, NULL, 'j'},
	{"no-promiscuous-mode", no_argument, NULL, 'p'},
	{"in", no_argument, NULL, 'Q'},
	{NULL, 0, NULL, 0},
};

static int main_stats(int argc, char **argv)
{
	/* The heads are enough. */
	struct stats stats = {.source = {.snap_len = 128}};
	int option;

	while ((option = getopt_long(argc, argv, "+i:r:n:d:jpQ", options, NULL)) !=
	       -1) {
		switch (option) {
		case 'i':
			stats.source.interface = optarg;
			break;
		case 'r':
			stats.source.file = optarg;
			break;
		case 'n':
		case 'd':
			if (command_parse_seconds(optarg, option == 'n'
								  ? &stats.interval_ns
								  : &stats.time_ns) < 0)
				return command_usage("\"%s\" is no time", optarg);
			break;
		case 'j':
			stats.is_json = true;
			break;
		case 'p':
			stats.source.is_quiet = true;
			break;
		case 'Q':
			stats.source.ignores_outgoing = true;
			break;
		default:
			return command_bad_option();
		}
	}
	packet_catch_signals();
	return run(&stats, argv + optind, argc - optind);
}

const struct command packet_stats_command = {
	.name = "stats",
	.arguments = "[-i DEVICE | -r FILE] [OPTIONS] [FILTER WORDS]",
	.summary = "count the packets of a device or a file, by protocol",
	.help = "  -i, --interface=DEVICE      (default: any, all of them)\n"
		"  -r, --read=FILE             pcap or pcapng; - is stdin\n"
		"  -n, --interval=S            a line with the rate every S seconds\n"
		"  -d, --seconds=S             end after this time\n"
		"  -j, --json                  one object a line\n"
		"  -p, --no-promiscuous-mode   only what is for this machine\n"
		"  -Q, --in                    not what this machine sends\n"
		"\n"
		"A device is counted until SIGINT. FILTER WORDS are those of tcpdump\n"
		"(pcap-filter(7)) and need libpcap.\n"
		"\n"
		"Exit status: 3 where packets were dropped.\n",
	.main = main_stats,
};
