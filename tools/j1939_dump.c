/* SPDX-License-Identifier: MIT */
/* linsock can j1939 dump: messages that come in, as j1939spy prints them. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/can.h"
#include "tools/j1939_place.h"

#define SIZE_DEFAULT 1024

struct dump {
	struct j1939_place place;
	bool is_promiscuous;
	char time; /* a, d, z, A, or 0 */
	long size;
	long count; /* messages; 0: no end */
	int64_t last_ns;
};

static int parse_options(struct dump *dump, int argc, char **argv)
{
	static const struct option longs[] = {
		{"promisc", no_argument, NULL, 'P'},
		{"block", required_argument, NULL, 'b'},
		{"time", optional_argument, NULL, 't'},
		{"count", required_argument, NULL, 'n'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "vPb:t::", longs, NULL)) != -1) {
		switch (option) {
		case 'v':
			break;
		case 'P':
			dump->is_promiscuous = true;
			break;
		case 't':
			dump->time = 'z';
			if (optarg)
				dump->time = optarg[0];
			if (!dump->time || !strchr("adzA", dump->time))
				return command_usage("unknown time option '%c'",
						     dump->time);
			break;
		case 'b':
			if (command_parse_number(optarg, 1, 117440505, &dump->size) < 0)
				return command_usage("-b: \"%s\" is no size", optarg);
			break;
		case 'n':
			if (command_parse_number(optarg, 1, INT32_MAX, &dump->count) <
			    0)
				return command_usage("--count: \"%s\" is no number",
						     optarg);
			break;
		default:
			return command_bad_option();
		}
	}
	return argv[optind] ? j1939_place_parse_hex(&dump->place, argv[optind])
			    : COMMAND_OK;
}

static void print_time(struct dump *dump, int64_t time_ns)
{
	int64_t shown_us = time_ns / 1000;
	time_t second = (time_t)(time_ns / LSK_NSEC_PER_SEC);
	char text[32];
	struct tm tm;

	if (dump->time == 'A') {
		localtime_r(&second, &tm);
		strftime(text, sizeof(text), "%Y%m%dT%H%M%S", &tm);
		printf("(%s.%04lld)", text, (long long)(shown_us % 1000000 / 100));
		return;
	}
	/* From zero: of the first one; the first delta is one from the epoch. */
	if (dump->time == 'z' && dump->last_ns == 0)
		dump->last_ns = time_ns;
	if (dump->time != 'a')
		shown_us -= dump->last_ns / 1000;
	if (dump->time == 'd')
		dump->last_ns = time_ns;
	printf("(%lld.%04lld)", (long long)(shown_us / 1000000),
	       (long long)(shown_us % 1000000 / 100));
}

static void print_message(struct dump *dump, const struct lsk_j1939_message *message,
			  const uint8_t *data, size_t len, bool is_cut)
{
	char text[J1939_PLACE_MAX];

	if (dump->time)
		print_time(dump, message->time_ns);
	printf(" %s ", j1939_place_text(dump->place.interface, &message->from, text));
	if (message->to_name)
		printf("%016llx ", (unsigned long long)message->to_name);
	else if (message->to_address != LSK_J1939_NO_ADDRESS)
		printf("%02x ", message->to_address);
	else
		fputs("- ", stdout);
	printf("!%u [%zu%s]", message->priority, len, is_cut ? "..." : "");
	for (size_t i = 0; i < len; i++)
		printf("%s%02x", i % 4 ? "" : " ", data[i]);
	putchar('\n');
}

static int dump_messages(struct dump *dump, struct lsk_j1939 *j1939)
{
	uint8_t *data = malloc((size_t)dump->size);
	struct lsk_j1939_message message;
	int status = data ? COMMAND_OK : command_failure(-ENOMEM, "message");
	long shown = 0;

	while (data && status == COMMAND_OK &&
	       (dump->count == 0 || shown < dump->count)) {
		ssize_t len =
			lsk_j1939_receive(j1939, data, (size_t)dump->size, &message);

		if (len == -ENETDOWN) {
			command_failure((int)len, "%s", dump->place.interface);
			continue;
		}
		if (len < 0 && len != -EMSGSIZE) {
			status = command_failure((int)len, "%s", dump->place.interface);
			break;
		}
		print_message(dump, &message, data,
			      len < 0 ? (size_t)dump->size : (size_t)len, len < 0);
		shown++;
		if (fflush(stdout) != 0)
			status = command_failure(-EIO, "stdout");
	}
	free(data);
	return status;
}

static int j1939_dump_main(int argc, char **argv)
{
	struct dump dump = {.size = SIZE_DEFAULT};
	struct lsk_j1939_filter filter = {0};
	struct lsk_j1939_config config = {
		.local = {.pgn = LSK_J1939_NO_PGN, .address = LSK_J1939_NO_ADDRESS},
		.filters = &filter,
		.broadcast = true,
	};
	struct lsk_j1939 *j1939 = NULL;
	int status;

	j1939_place_init(&dump.place);
	status = parse_options(&dump, argc, argv);
	if (status != COMMAND_OK)
		return status;
	filter.name = dump.place.place.name;
	filter.name_mask = filter.name ? UINT64_MAX : 0;
	if (dump.place.place.address != LSK_J1939_NO_ADDRESS) {
		filter.address = dump.place.place.address;
		filter.address_mask = UINT8_MAX;
	}
	if (dump.place.place.pgn <= LSK_J1939_PGN_MAX) {
		filter.pgn = dump.place.place.pgn;
		filter.pgn_mask = UINT32_MAX;
	}
	config.interface = dump.place.interface;
	config.filter_count =
		filter.name_mask || filter.address_mask || filter.pgn_mask;
	config.promiscuous = dump.is_promiscuous;
	status = j1939_open(&j1939, &config);
	if (status == COMMAND_OK)
		status = dump_messages(&dump, j1939);
	lsk_j1939_free(j1939);
	return status;
}

static const char j1939_dump_help[] =
	"Each message: sender and group, receiver, priority, length, bytes. What is "
	"sent "
	"to\n"
	"all is heard, too.\n"
	"\n"
	"  IFACE:SA, IFACE:NAME, IFACE:,PGN  of this sender or group only; "
	"hexadecimal\n"
	"  -P, --promisc     also what is sent to others\n"
	"  -b, --block SIZE  bytes shown of a message (1024)\n"
	"  -t[a|d|z|A]       times: absolute, delta, from zero, with date\n"
	"  --count NUMBER    end after so many messages\n";

const struct command j1939_dump_command = {
	.name = "dump",
	.arguments = "[options] IFACE[:[NAME|SA][,PGN]]",
	.summary = "print J1939 messages",
	.alias = "j1939spy",
	.help = j1939_dump_help,
	.main = j1939_dump_main,
};
