/* SPDX-License-Identifier: MIT */
/* linsock can isotp send and recv: isotpsend's and isotprecv's arguments and output. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <linux/can.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linsock/isotp.h>

#include "tools/can.h"
#include "tools/can_scan.h"
#include "tools/isotp_options.h"
#include "tools/progress.h"

#define MESSAGE_MAX 1100000 /* the kernel's own limit is 1025 KiB */

struct isotp {
	struct isotp_options options;
	size_t fixed_len; /* -D; 0: stdin */
	unsigned long loops;
	bool is_endless;
	long gap_us;
};

static int parse_send_option(struct isotp *isotp, int option, const char *value)
{
	struct lsk_isotp_config *config = &isotp->options.config;
	long number = 0;

	switch (option) {
	case 't':
		return isotp_options_take_flow(&isotp->options, option, value);
	case 'f':
		config->flags |= LSK_ISOTP_FORCE_TX_STMIN;
		return isotp_options_ns(value, &config->tx_stmin_ns);
	case 'S':
		config->flags |= LSK_ISOTP_SF_BROADCAST;
		return COMMAND_OK;
	case 'C':
		config->flags |= LSK_ISOTP_CF_BROADCAST;
		return COMMAND_OK;
	case 'b': /* here a send always waits for its end */
		return COMMAND_OK;
	default:
		break;
	}
	isotp->is_endless = option == 'l' && value[0] == 'i';
	if (isotp->is_endless)
		return COMMAND_OK;
	if (command_parse_number(value, option == 'g' ? 0 : 1, MESSAGE_MAX, &number) <
	    0)
		return command_usage("-%c: \"%s\" is no number that can be", option,
				     value);
	if (option == 'D')
		isotp->fixed_len = (size_t)number;
	else if (option == 'l')
		isotp->loops = (unsigned long)number;
	else
		isotp->gap_us = number;
	return COMMAND_OK;
}

static int parse_receive_option(struct isotp *isotp, int option, const char *value)
{
	struct lsk_isotp_config *config = &isotp->options.config;

	switch (option) {
	case 'b':
	case 'm':
	case 'w':
		return isotp_options_take_flow(&isotp->options, option, value);
	case 'f':
		config->flags |= LSK_ISOTP_FORCE_RX_STMIN;
		return isotp_options_ns(value, &config->rx_stmin_ns);
	case 'F': /* dynamic flow control parameters */
		config->flags |= LSK_ISOTP_DYNAMIC_FC;
		return COMMAND_OK;
	default:
		isotp->is_endless = true;
		return COMMAND_OK;
	}
}

static int parse_options(struct isotp *isotp, int argc, char **argv, bool is_send)
{
	static const struct option longs[] = {
		{"timeout", required_argument, NULL, 'T'},
		{0},
	};
	const char *shorts =
		is_send ? "s:d:x:p:P:t:f:D:l:g:bSCL:" : "s:d:x:p:P:b:m:w:f:lFL:";
	int status = COMMAND_OK;
	int option;

	isotp_options_init(&isotp->options);
	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		status = isotp_options_take(&isotp->options, option, optarg);
		if (status < 0)
			status = is_send ? parse_send_option(isotp, option, optarg)
					 : parse_receive_option(isotp, option, optarg);
	}
	if (status != COMMAND_OK)
		return status;
	return isotp_options_check(&isotp->options, argc - optind, argv + optind);
}

/* A hexadecimal byte of stdin. Return: it, -1 at the end, -2 for what is none. */
static int read_byte(void)
{
	char digits[3] = "";
	const char *at = digits;
	int64_t byte = 0;
	int c;

	do {
		c = getchar();
	} while (isspace(c));
	if (c == EOF)
		return -1;
	for (int i = 0; i < 2 && isxdigit(c); i++, c = getchar())
		digits[i] = (char)c;
	/* "0x1F" is one as well, as for isotpsend. */
	if (digits[0] == '0' && digits[1] == '\0' && tolower(c) == 'x') {
		c = getchar();
		for (int i = 0; i < 2 && isxdigit(c); i++, c = getchar())
			digits[i] = (char)c;
	}
	if (c != EOF)
		ungetc(c, stdin);
	return can_scan_number(&at, 16, 0, UINT8_MAX, &byte) ? (int)byte : -2;
}

static int read_message(uint8_t *message, size_t *ret_len)
{
	size_t len = 0;
	int byte = 0;

	while (len < MESSAGE_MAX && (byte = read_byte()) >= 0)
		message[len++] = (uint8_t)byte;
	if (byte == -2) {
		fprintf(stderr, "%s: stdin: no hexadecimal byte after %zu bytes\n",
			program_invocation_short_name, len);
		return COMMAND_FAILURE;
	}
	*ret_len = len;
	return COMMAND_OK;
}

/* How far one message is, the kernel does not tell: messages are counted. */
static int send_messages(struct isotp *isotp, struct lsk_isotp *socket,
			 const uint8_t *message, size_t len)
{
	struct progress progress;
	struct timespec gap = {.tv_sec = isotp->gap_us / 1000000,
			       .tv_nsec = isotp->gap_us % 1000000 * 1000};
	int r = 0;

	progress_begin_count(&progress, false);
	for (unsigned long i = 0; r >= 0 && (isotp->is_endless || i < isotp->loops);
	     i++) {
		if (isotp->gap_us)
			nanosleep(&gap, NULL);
		r = lsk_isotp_send(socket, message, len);
		progress_show_count(
			&progress, "messages", i + 1,
			isotp->is_endless ? -1 : (int)(100 * (i + 1) / isotp->loops));
	}
	progress_end(&progress);
	if (r == -EINVAL && lsk_isotp_max_message() > 0 &&
	    len > lsk_isotp_max_message())
		return command_failure(
			r, "write: this kernel takes messages of up to %zu bytes",
			lsk_isotp_max_message());
	if (r < 0)
		return command_failure(r, "write");
	return COMMAND_OK;
}

static int isotp_send_main(int argc, char **argv)
{
	struct isotp isotp = {.loops = 1};
	struct lsk_isotp *socket = NULL;
	uint8_t *message;
	size_t len;
	int status = parse_options(&isotp, argc, argv, true);

	if (status != COMMAND_OK)
		return status;
	message = malloc(MESSAGE_MAX);
	if (!message)
		return command_failure(-ENOMEM, "message");
	status = isotp_options_open(&isotp.options, &socket);
	len = isotp.fixed_len;
	for (size_t i = 0; i < len; i++)
		message[i] = (uint8_t)(i % 0xFF + 1);
	if (status == COMMAND_OK && len == 0)
		status = read_message(message, &len);
	if (status == COMMAND_OK)
		status = send_messages(&isotp, socket, message, len);
	lsk_isotp_free(socket);
	free(message);
	return status;
}

static int isotp_recv_main(int argc, char **argv)
{
	struct isotp isotp = {0};
	struct lsk_isotp *socket = NULL;
	uint8_t *message;
	int status = parse_options(&isotp, argc, argv, false);

	if (status != COMMAND_OK)
		return status;
	message = malloc(MESSAGE_MAX);
	if (!message)
		return command_failure(-ENOMEM, "message");
	status = isotp_options_open(&isotp.options, &socket);
	while (status == COMMAND_OK) {
		ssize_t len = lsk_isotp_receive(socket, message, MESSAGE_MAX);

		if (len < 0)
			status = command_failure((int)len, "read");
		for (ssize_t i = 0; i < len; i++)
			printf("%02X ", message[i]);
		if (len >= 0)
			putchar('\n');
		if (fflush(stdout) != 0)
			status = command_failure(-EIO, "stdout");
		/* A message that broke off is told; with -l the next one comes. */
		if (!isotp.is_endless)
			break;
		if (len == -ETIMEDOUT || len == -EILSEQ || len == -EBADMSG)
			status = COMMAND_OK;
	}
	lsk_isotp_free(socket);
	free(message);
	return status;
}

static const char isotp_send_help[] =
	"The message is read from stdin, bytes in hexadecimal. The command ends when "
	"the\n"
	"peer has all of it, or tells why not.\n"
	"\n"
	"  -s ID -d ID   identifiers sent and received; 8 digits for extended ones\n"
	"  -x TX[:RX]    extended addressing\n"
	"  -p [TX]:[RX]  padding bytes; -P l|c|a checks length, content, all\n"
	"  -t NS|ZERO    time of a frame (N_As); -f NS  gap, whatever the peer wants\n"
	"  -D LEN        a message of LEN bytes instead of stdin\n"
	"  -l NUM|i      send it so often; -g US  wait before each\n"
	"  -S, -C        single frames, or long messages, to all without flow control\n"
	"  -L MTU:LEN:FLAGS  72:64:1 for FD frames with BRS\n"
	"  --timeout SECONDS  give up after so long\n";

const struct command isotp_send_command = {
	.name = "send",
	.arguments = "[options] -s ID -d ID IFACE",
	.summary = "send an ISO-TP message",
	.alias = "isotpsend",
	.help = isotp_send_help,
	.main = isotp_send_main,
};

static const char isotp_recv_help[] =
	"  -s ID -d ID   identifiers sent and received; 8 digits for extended ones\n"
	"  -x TX[:RX]    extended addressing\n"
	"  -p [TX]:[RX]  padding bytes; -P l|c|a checks length, content, all\n"
	"  -b BS -m STMIN  block size and gap that the peer shall keep, hexadecimal\n"
	"  -f NS         ignore frames that come sooner\n"
	"  -F            take both anew from each flow control\n"
	"  -l            go on after a message\n"
	"  -L MTU:LEN:FLAGS  72:64:1 for FD frames with BRS\n"
	"  --timeout SECONDS  give up after so long\n";

const struct command isotp_recv_command = {
	.name = "recv",
	.arguments = "[options] -s ID -d ID IFACE",
	.summary = "receive ISO-TP messages",
	.alias = "isotprecv",
	.help = isotp_recv_help,
	.main = isotp_recv_main,
};
