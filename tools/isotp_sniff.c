/* SPDX-License-Identifier: MIT */
/* linsock can isotp sniff: whole messages of two others, as isotpsniffer shows them. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <linux/can.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/can_scan.h"
#include "tools/can_time.h"
#include "tools/isotp_listen.h"

#define MESSAGE_MAX 1100000

enum sniff_format { SNIFF_HEX = 1, SNIFF_ASCII = 2 };

struct sniff {
	struct isotp_listen listen;
	struct isotp_clock clock;
	struct lsk_isotp_config config;
	unsigned int format;
	long head;
	bool has_color;
	bool ignores_errors;
	uint8_t *message;
};

static int parse_link(struct lsk_isotp_config *config, const char *text)
{
	const char *at = text;
	int64_t mtu = 0, len = 0, flags = 0;

	if (!can_scan_field(&at, 10, LSK_CAN_MTU, LSK_CANFD_MTU, ':', &mtu) ||
	    !can_scan_field(&at, 10, 0, LSK_CANFD_DATA_MAX, ':', &len) ||
	    !can_scan_field(&at, 10, 0, UINT8_MAX, '\0', &flags) ||
	    (mtu != LSK_CAN_MTU && mtu != LSK_CANFD_MTU))
		return command_usage("unknown link layer options '%s'.", text);
	config->is_fd = mtu == LSK_CANFD_MTU;
	config->tx_len = (uint8_t)len;
	config->fd_flags = (uint8_t)flags;
	return COMMAND_OK;
}

static int parse_own_option(struct sniff *sniff, int option, const char *value)
{
	switch (option) {
	case 'f':
		sniff->format = (unsigned int)strtoul(value, NULL, 10) &
				(SNIFF_HEX | SNIFF_ASCII);
		return COMMAND_OK;
	case 'L':
		return parse_link(&sniff->config, value);
	case 'h':
		if (command_parse_number(value, 0, INT32_MAX, &sniff->head) < 0)
			return command_usage("-h: \"%s\" is no length", value);
		return COMMAND_OK;
	case 'c':
		sniff->has_color = can_shows_color();
		return COMMAND_OK;
	case 'i':
		sniff->ignores_errors = true;
		return COMMAND_OK;
	default:
		isotp_clock_set(&sniff->clock, value);
		return COMMAND_OK;
	}
}

static int parse_options(struct sniff *sniff, int argc, char **argv)
{
	int status = COMMAND_OK;
	int option;

	while (status == COMMAND_OK &&
	       (option = getopt(argc, argv, "s:d:x:X:h:ct:f:L:i")) != -1) {
		status = isotp_listen_option(&sniff->listen, option, optarg);
		if (status < 0)
			status = parse_own_option(sniff, option, optarg);
	}
	if (status != COMMAND_OK)
		return status;
	return isotp_listen_check(&sniff->listen, argc - optind, argv + optind);
}

/* A socket that hears what goes from @rx_id to @tx_id. */
static int open_one(const struct sniff *sniff, bool is_reverse,
		    struct lsk_isotp **ret_isotp)
{
	const struct isotp_listen *listen = &sniff->listen;
	struct lsk_isotp_config config = sniff->config;
	struct lsk_error error = {0};

	config.interface = listen->interface;
	config.tx_id = is_reverse ? listen->destination : listen->source;
	config.rx_id = is_reverse ? listen->source : listen->destination;
	config.flags = LSK_ISOTP_LISTEN;
	if (listen->extension.is_set) {
		config.flags |= LSK_ISOTP_EXTENDED;
		config.tx_address = listen->extension.address;
	}
	if (listen->rx_extension.is_set) {
		config.flags |= LSK_ISOTP_RX_EXTENDED;
		config.rx_address = listen->rx_extension.address;
		if (is_reverse) {
			config.tx_address = listen->rx_extension.address;
			config.rx_address = listen->extension.address;
		}
	}
	if (lsk_isotp_open(ret_isotp, &config, &error) < 0)
		return command_failure_at(listen->interface, &error);
	lsk_socket_set_timeout(lsk_isotp_socket(*ret_isotp), 0);
	return COMMAND_OK;
}

static void print_message(struct sniff *sniff, uint32_t id, size_t len)
{
	size_t shown =
		sniff->head && (size_t)sniff->head < len ? (size_t)sniff->head : len;
	/* The dots come also where the message ends exactly at the head. */
	bool has_dots = sniff->head && (size_t)sniff->head <= len;

	if (sniff->has_color)
		fputs(id == sniff->listen.source ? CAN_RED : CAN_BLUE, stdout);
	isotp_clock_print(&sniff->clock, can_clock_ns(CLOCK_REALTIME));
	printf(" %s  %03X  [%zu]  ", sniff->listen.interface, id & CAN_EFF_MASK, len);
	if (sniff->format & SNIFF_HEX) {
		for (size_t i = 0; i < shown; i++)
			printf("%02X ", sniff->message[i]);
		fputs(has_dots ? "... " : "", stdout);
		fputs(sniff->format & SNIFF_ASCII ? " - " : "", stdout);
	}
	if (sniff->format & SNIFF_ASCII) {
		putchar('\'');
		for (size_t i = 0; i < shown; i++)
			putchar(isprint(sniff->message[i]) ? sniff->message[i] : '.');
		putchar('\'');
		fputs(has_dots ? " ... " : "", stdout);
	}
	if (sniff->has_color)
		fputs(CAN_PLAIN, stdout);
	putchar('\n');
	fflush(stdout);
}

/* All messages that are there. Return: an exit status. */
static int take_messages(struct sniff *sniff, struct lsk_isotp *isotp, uint32_t id)
{
	for (;;) {
		ssize_t len = lsk_isotp_receive(isotp, sniff->message, MESSAGE_MAX);

		if (len == -EAGAIN)
			return COMMAND_OK;
		if (len >= 0)
			print_message(sniff, id, (size_t)len);
		else if (command_failure((int)len, "%03X", id & CAN_EFF_MASK) &&
			 !sniff->ignores_errors)
			return COMMAND_FAILURE;
	}
}

static int sniff_messages(struct sniff *sniff, struct lsk_isotp *const *pair)
{
	struct pollfd fds[] = {
		{.fd = lsk_socket_fd(lsk_isotp_socket(pair[0])), .events = POLLIN},
		{.fd = lsk_socket_fd(lsk_isotp_socket(pair[1])), .events = POLLIN},
		{.fd = STDIN_FILENO, .events = POLLIN},
	};
	int status = COMMAND_OK;

	while (status == COMMAND_OK) {
		if (poll(fds, 3, -1) < 0)
			return command_failure(-errno, "poll");
		if (fds[0].revents)
			status = take_messages(sniff, pair[0],
					       sniff->listen.destination);
		if (status == COMMAND_OK && fds[1].revents)
			status = take_messages(sniff, pair[1], sniff->listen.source);
		if (fds[2].revents) {
			puts("quit due to keyboard input.");
			break;
		}
	}
	return fflush(stdout) == 0 ? status : command_failure(-EIO, "stdout");
}

static int isotp_sniff_main(int argc, char **argv)
{
	struct sniff sniff = {
		.listen = {.source = ISOTP_NO_ID, .destination = ISOTP_NO_ID},
		.format = SNIFF_HEX | SNIFF_ASCII,
	};
	struct lsk_isotp *pair[2] = {NULL, NULL};
	int status = parse_options(&sniff, argc, argv);

	if (status != COMMAND_OK)
		return status;
	sniff.message = malloc(MESSAGE_MAX);
	if (!sniff.message)
		return command_failure(-ENOMEM, "message");
	for (size_t i = 0; i < 2 && status == COMMAND_OK; i++)
		status = open_one(&sniff, i == 1, &pair[i]);
	if (status == COMMAND_OK)
		status = sniff_messages(&sniff, pair);
	lsk_isotp_free(pair[0]);
	lsk_isotp_free(pair[1]);
	free(sniff.message);
	return status;
}

static const char isotp_sniff_help[] =
	"Nothing is sent: both directions are put together from what the two send. "
	"Input\n"
	"on stdin ends it.\n"
	"\n"
	"  -s ID -d ID      identifiers of the two; 8 digits for extended ones\n"
	"  -x ADDR, -X ADDR extended addressing, of each\n"
	"  -c               in colours, on a terminal\n"
	"  -t a|d|z|A       times: absolute, delta, from zero, with date\n"
	"  -f 1|2|3         as bytes, as text, as both (3)\n"
	"  -h LEN           the first bytes only\n"
	"  -L MTU:LEN:FLAGS 72:64:1 for FD frames with BRS\n"
	"  -i               go on after messages that broke off\n";

const struct command isotp_sniff_command = {
	.name = "sniff",
	.arguments = "[options] -s ID -d ID IFACE",
	.summary = "show the ISO-TP messages of two others",
	.alias = "isotpsniffer",
	.help = isotp_sniff_help,
	.main = isotp_sniff_main,
};
