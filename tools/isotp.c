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

#define MESSAGE_MAX 1100000 /* the kernel's own limit is 1025 KiB */
#define NO_ID       UINT32_MAX

struct isotp {
	struct lsk_isotp_config config;
	size_t fixed_len; /* -D; 0: stdin */
	unsigned long loops;
	bool is_endless;
	long gap_us;
	int64_t timeout_ns;
};

static int parse_id(const char *text, uint32_t *ret_id)
{
	char *end;
	unsigned long id = strtoul(text, &end, 16);

	if (end == text || *end || id > CAN_EFF_MASK)
		return command_usage("\"%s\" is no CAN identifier", text);
	*ret_id = (uint32_t)id | (strlen(text) > 7 ? CAN_EFF_FLAG : 0);
	return COMMAND_OK;
}

/* Read a number of @base up to @max at *@text, which moves on. */
static bool read_number(const char **text, int base, unsigned long max,
			unsigned long *ret_number)
{
	char *end;

	if (!isxdigit((unsigned char)**text))
		return false;
	*ret_number = strtoul(*text, &end, base);
	*text = end;
	return *ret_number <= max;
}

/* "AA", "AA:BB" or ":BB". Return: bit 0 and 1 for what is there; -1 for neither. */
static int parse_pair(const char *text, uint8_t *ret_first, uint8_t *ret_second)
{
	unsigned long byte = 0;
	int which = 0;

	if (*text != ':') {
		if (!read_number(&text, 16, UINT8_MAX, &byte))
			return -1;
		*ret_first = (uint8_t)byte;
		which |= 1;
	}
	if (*text == ':') {
		text++;
		if (!read_number(&text, 16, UINT8_MAX, &byte))
			return -1;
		*ret_second = (uint8_t)byte;
		which |= 2;
	}
	return *text ? -1 : which;
}

static int parse_addresses(struct lsk_isotp_config *config, const char *text)
{
	int which = parse_pair(text, &config->tx_address, &config->rx_address);

	if (which != 1 && which != 3)
		return command_usage("incorrect extended addr values '%s'.", text);
	config->flags |= LSK_ISOTP_EXTENDED | (which == 3 ? LSK_ISOTP_RX_EXTENDED : 0u);
	return COMMAND_OK;
}

static int parse_padding(struct lsk_isotp_config *config, const char *text)
{
	int which = parse_pair(text, &config->tx_padding, &config->rx_padding);

	if (which < 0)
		return command_usage("incorrect padding values '%s'.", text);
	config->flags |= (which & 1 ? LSK_ISOTP_TX_PADDING : 0u) |
			 (which & 2 ? LSK_ISOTP_RX_PADDING : 0u);
	return COMMAND_OK;
}

static int parse_padding_check(struct lsk_isotp_config *config, const char *text)
{
	if (strcmp(text, "l") != 0 && strcmp(text, "c") != 0 && strcmp(text, "a") != 0)
		return command_usage("unknown padding check option '%s'.", text);
	config->flags |= (text[0] != 'c' ? LSK_ISOTP_CHECK_LENGTH : 0u) |
			 (text[0] != 'l' ? LSK_ISOTP_CHECK_DATA : 0u);
	return COMMAND_OK;
}

static int parse_link(struct lsk_isotp_config *config, const char *text)
{
	const char *at = text;
	unsigned long mtu = 0, len = 0, flags = 0;

	if (!read_number(&at, 10, CANFD_MTU, &mtu) || *at++ != ':' ||
	    !read_number(&at, 10, CANFD_MAX_DLEN, &len) || *at++ != ':' ||
	    !read_number(&at, 10, UINT8_MAX, &flags) || *at ||
	    (mtu != CAN_MTU && mtu != CANFD_MTU))
		return command_usage("unknown link layer options '%s'.", text);
	config->is_fd = mtu == CANFD_MTU;
	config->tx_len = (uint8_t)len;
	config->fd_flags = (uint8_t)flags;
	return COMMAND_OK;
}

static int parse_hex_byte(const char *text, uint8_t *ret_byte)
{
	char *end;
	unsigned long byte = strtoul(text, &end, 16);

	if (end == text || *end || byte > UINT8_MAX)
		return command_usage("\"%s\" is no byte in hexadecimal", text);
	*ret_byte = (uint8_t)byte;
	return COMMAND_OK;
}

static int parse_ns(const char *text, uint32_t *ret_ns)
{
	long ns = 0;

	if (command_parse_number(text, 0, UINT32_MAX - 1L, &ns) < 0)
		return command_usage("\"%s\" are no nanoseconds", text);
	*ret_ns = (uint32_t)ns;
	return COMMAND_OK;
}

/* The options that both have. Return: an exit status, or -1 for another option. */
static int parse_common(struct isotp *isotp, int option, const char *value)
{
	struct lsk_isotp_config *config = &isotp->config;

	switch (option) {
	case 's':
		return parse_id(value, &config->tx_id);
	case 'd':
		return parse_id(value, &config->rx_id);
	case 'x':
		return parse_addresses(config, value);
	case 'p':
		return parse_padding(config, value);
	case 'P':
		return parse_padding_check(config, value);
	case 'L':
		return parse_link(config, value);
	case 'T':
		if (command_parse_seconds(value, &isotp->timeout_ns) < 0)
			return command_usage("--timeout: \"%s\" are no seconds", value);
		return COMMAND_OK;
	case '?':
		return command_bad_option();
	default:
		return -1;
	}
}

static int parse_send_option(struct isotp *isotp, int option, const char *value)
{
	struct lsk_isotp_config *config = &isotp->config;
	long number = 0;

	switch (option) {
	case 't':
		config->frame_time_ns = LSK_ISOTP_TXTIME_ZERO;
		return strcmp(value, "ZERO") == 0
			       ? COMMAND_OK
			       : parse_ns(value, &config->frame_time_ns);
	case 'f':
		config->flags |= LSK_ISOTP_FORCE_TX_STMIN;
		return parse_ns(value, &config->tx_stmin_ns);
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
	struct lsk_isotp_config *config = &isotp->config;
	uint8_t ignored;

	switch (option) {
	case 'b':
		return parse_hex_byte(value, &config->block_size);
	case 'm':
		return parse_hex_byte(value, &config->stmin);
	case 'w': /* the kernel sends no wait frames */
		return parse_hex_byte(value, &ignored);
	case 'f':
		config->flags |= LSK_ISOTP_FORCE_RX_STMIN;
		return parse_ns(value, &config->rx_stmin_ns);
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
	const unsigned int broadcast = LSK_ISOTP_SF_BROADCAST | LSK_ISOTP_CF_BROADCAST;
	struct lsk_isotp_config *config = &isotp->config;
	int status = COMMAND_OK;
	int option;

	config->tx_id = config->rx_id = NO_ID;
	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		status = parse_common(isotp, option, optarg);
		if (status < 0)
			status = is_send ? parse_send_option(isotp, option, optarg)
					 : parse_receive_option(isotp, option, optarg);
	}
	if (status != COMMAND_OK)
		return status;
	if (argc - optind != 1)
		return command_usage("one CAN interface is wanted");
	if (config->tx_id == NO_ID)
		return command_usage("-s, the identifier to send, is needed");
	if (config->rx_id == NO_ID && !(config->flags & broadcast))
		return command_usage("-d, the identifier to receive, is needed");
	if ((config->flags & broadcast) == broadcast)
		return command_usage("-S and -C exclude each other");
	if (config->rx_id == NO_ID)
		config->rx_id = 0;
	config->interface = argv[optind];
	return COMMAND_OK;
}

/* A hexadecimal byte of stdin. Return: it, -1 at the end, -2 for what is none. */
static int read_byte(void)
{
	char digits[3] = "";
	const char *at = digits;
	unsigned long byte = 0;
	int c;

	do {
		c = getchar();
	} while (isspace(c));
	if (c == EOF)
		return -1;
	for (int i = 0; i < 2 && isxdigit(c); i++, c = getchar())
		digits[i] = (char)c;
	if (c != EOF)
		ungetc(c, stdin);
	return read_number(&at, 16, UINT8_MAX, &byte) ? (int)byte : -2;
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

static int send_messages(struct isotp *isotp, struct lsk_isotp *socket,
			 const uint8_t *message, size_t len)
{
	struct timespec gap = {.tv_sec = isotp->gap_us / 1000000,
			       .tv_nsec = isotp->gap_us % 1000000 * 1000};
	int r;

	for (unsigned long i = 0; isotp->is_endless || i < isotp->loops; i++) {
		if (isotp->gap_us)
			nanosleep(&gap, NULL);
		r = lsk_isotp_send(socket, message, len);
		if (r == -EINVAL && lsk_isotp_max_message() > 0 &&
		    len > lsk_isotp_max_message())
			return command_failure(
				r,
				"write: this kernel takes messages of up to %zu bytes",
				lsk_isotp_max_message());
		if (r < 0)
			return command_failure(r, "write");
	}
	return COMMAND_OK;
}

static int open_socket(const struct isotp *isotp, struct lsk_isotp **ret_socket)
{
	struct lsk_error error = {0};

	if (lsk_isotp_open(ret_socket, &isotp->config, &error) < 0)
		return command_failure_at(isotp->config.interface, &error);
	lsk_socket_set_timeout(lsk_isotp_socket(*ret_socket), isotp->timeout_ns);
	return COMMAND_OK;
}

static int isotp_send_main(int argc, char **argv)
{
	struct isotp isotp = {.loops = 1, .timeout_ns = LSK_BLOCK};
	struct lsk_isotp *socket = NULL;
	uint8_t *message;
	size_t len;
	int status = parse_options(&isotp, argc, argv, true);

	if (status != COMMAND_OK)
		return status;
	message = malloc(MESSAGE_MAX);
	if (!message)
		return command_failure(-ENOMEM, "message");
	status = open_socket(&isotp, &socket);
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
	struct isotp isotp = {.timeout_ns = LSK_BLOCK};
	struct lsk_isotp *socket = NULL;
	uint8_t *message;
	int status = parse_options(&isotp, argc, argv, false);

	if (status != COMMAND_OK)
		return status;
	message = malloc(MESSAGE_MAX);
	if (!message)
		return command_failure(-ENOMEM, "message");
	status = open_socket(&isotp, &socket);
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
