/* SPDX-License-Identifier: MIT */
/*
 * linsock can j1939 sr: what stdin brings goes out, each read as one message, and what
 * comes in goes to stdout; with j1939sr's arguments.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/j1939_place.h"

#define SIZE_DEFAULT 1024
#define SIZE_MAX_ETP 117440505

struct exchange {
	struct j1939_place from;
	struct j1939_place to;
	bool has_to;
	long size; /* of a message; 0: as stdin tells */
	long priority;
	uint8_t *data;
	struct lsk_j1939 *j1939;
};

static int parse_options(struct exchange *exchange, int argc, char **argv)
{
	static const struct option longs[] = {
		{"verbose", no_argument, NULL, 'v'},
		{"priority", required_argument, NULL, 'p'},
		{"size", required_argument, NULL, 's'},
		{"serialize", no_argument, NULL, 'S'},
		{0},
	};
	int status = COMMAND_OK;
	int option;

	while ((option = getopt_long(argc, argv, "vp:s:S", longs, NULL)) != -1) {
		switch (option) {
		case 'v':
		case 'S': /* a message always ends before the next one begins */
			break;
		case 'p':
			if (command_parse_number(optarg, 0, 7, &exchange->priority) < 0)
				return command_usage("-p: \"%s\" is no priority",
						     optarg);
			break;
		case 's':
			if (command_parse_number(optarg, 1, SIZE_MAX_ETP,
						 &exchange->size) < 0)
				return command_usage("-s: \"%s\" is no size", optarg);
			break;
		default:
			return command_bad_option();
		}
	}
	if (!argv[optind])
		return command_usage("a source is needed: IFACE:ADDRESS");
	status = j1939_place_parse_hex(&exchange->from, argv[optind]);
	exchange->has_to = argv[optind + 1];
	if (status == COMMAND_OK && exchange->has_to)
		status = j1939_place_parse_hex(&exchange->to, argv[optind + 1]);
	return status;
}

/* Of a file all is one message. */
static int make_room(struct exchange *exchange)
{
	struct stat info;

	if (exchange->size == 0 && fstat(STDIN_FILENO, &info) == 0 &&
	    info.st_size > 0 && info.st_size <= SIZE_MAX_ETP)
		exchange->size = (long)info.st_size;
	if (exchange->size == 0)
		exchange->size = SIZE_DEFAULT;
	exchange->data = malloc((size_t)exchange->size);
	return exchange->data ? COMMAND_OK : command_failure(-ENOMEM, "message");
}

static int open_socket(struct exchange *exchange)
{
	/* Who has a peer hears nobody else. */
	const struct lsk_j1939_filter peer = {
		.name = exchange->to.place.name,
		.name_mask = exchange->to.place.name ? UINT64_MAX : 0,
		.address = exchange->to.place.address,
		.address_mask = exchange->to.place.name ? 0 : UINT8_MAX,
	};
	const struct lsk_j1939_config config = {
		.interface = exchange->from.interface,
		.local = exchange->from.place,
		.filters = &peer,
		.filter_count = exchange->has_to,
		.has_priority = exchange->priority >= 0,
		.priority = (uint8_t)(exchange->priority >= 0 ? exchange->priority : 0),
	};

	return j1939_open(&exchange->j1939, &config);
}

/* Return: 1; 0 at the end; or negative, told. */
static int send_next(struct exchange *exchange)
{
	ssize_t len = read(STDIN_FILENO, exchange->data, (size_t)exchange->size);
	int r;

	if (len < 0 && errno == EINTR)
		return 1;
	if (len < 0) {
		command_failure(-errno, "stdin");
		return -1;
	}
	if (len == 0)
		return 0;
	lsk_socket_set_timeout(lsk_j1939_socket(exchange->j1939), LSK_BLOCK);
	r = lsk_j1939_send(exchange->j1939, &exchange->to.place, exchange->data,
			   (size_t)len);
	if (r == 0)
		return 1;
	if (exchange->to.place.pgn > LSK_J1939_PGN_MAX)
		command_failure(r, "send: the destination needs a group: 90,12300");
	else
		command_failure(r, "send");
	return -1;
}

/* Return: 1 or negative, told. */
static int show_next(struct exchange *exchange)
{
	ssize_t len;

	lsk_socket_set_timeout(lsk_j1939_socket(exchange->j1939), 0);
	len = lsk_j1939_receive(exchange->j1939, exchange->data, (size_t)exchange->size,
				NULL);
	if (len == -EAGAIN || len == -ENETDOWN)
		return 1;
	/* Of a longer one the beginning is there. */
	if (len == -EMSGSIZE)
		len = exchange->size;
	if (len < 0) {
		command_failure((int)len, "receive");
		return -1;
	}
	for (ssize_t done = 0, count; done < len; done += count) {
		count = write(STDOUT_FILENO, exchange->data + done,
			      (size_t)(len - done));
		if (count < 0) {
			command_failure(-errno, "stdout");
			return -1;
		}
	}
	return 1;
}

static int run(struct exchange *exchange)
{
	struct pollfd fds[] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = lsk_socket_fd(lsk_j1939_socket(exchange->j1939)),
		 .events = POLLIN},
	};
	int r = 1;

	while (r > 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return command_failure(-errno, "poll");
		if (fds[0].revents)
			r = send_next(exchange);
		if (r > 0 && fds[1].revents)
			r = show_next(exchange);
	}
	return r < 0 ? COMMAND_FAILURE : COMMAND_OK;
}

static int j1939_sr_main(int argc, char **argv)
{
	struct exchange exchange = {.priority = -1};
	int status;

	j1939_place_init(&exchange.from);
	j1939_place_init(&exchange.to);
	status = parse_options(&exchange, argc, argv);
	if (status == COMMAND_OK)
		status = make_room(&exchange);
	if (status == COMMAND_OK)
		status = open_socket(&exchange);
	if (status == COMMAND_OK)
		status = run(&exchange);
	lsk_j1939_free(exchange.j1939);
	free(exchange.data);
	return status;
}

static const char j1939_sr_help[] =
	"What stdin brings is sent, each read of it as one message, and what comes in "
	"is\n"
	"written to stdout, until stdin ends. Numbers are hexadecimal, two digits are "
	"an\n"
	"address, more a NAME.\n"
	"\n"
	"  SOURCE               [IFACE:][NAME|SA][,PGN]: who we are, what is heard\n"
	"  DEST                 [NAME|SA],PGN: to whom, and the group; only it is "
	"heard\n"
	"  -p, --priority PRIO  0 to 7 (6)\n"
	"  -s, --size SIZE      bytes of a message (all of a file, 1024 of a pipe)\n"
	"  -S, --serialize      is always so\n";

const struct command j1939_sr_command = {
	.name = "sr",
	.arguments = "[options] SOURCE [DEST]",
	.summary = "stdin to J1939 and back",
	.alias = "j1939sr",
	.help = j1939_sr_help,
	.main = j1939_sr_main,
};
