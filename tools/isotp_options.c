/* SPDX-License-Identifier: MIT */
/* The options of can-utils' ISO-TP tools that make a socket. */
#include "tools/isotp_options.h"

#include <ctype.h>
#include <linux/can.h>
#include <stdlib.h>
#include <string.h>

#include "tools/can.h"

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

/* "AA", "AA:", "AA:BB" or ":BB". Return: bit 0 and 1 for what is there; -1 for neither.
 */
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
	if (*text == ':' && *++text) {
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

	if (which <= 0)
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

int isotp_options_ns(const char *text, uint32_t *ret_ns)
{
	long ns = 0;

	if (command_parse_number(text, 0, UINT32_MAX - 1L, &ns) < 0)
		return command_usage("\"%s\" are no nanoseconds", text);
	*ret_ns = (uint32_t)ns;
	return COMMAND_OK;
}

void isotp_options_init(struct isotp_options *options)
{
	*options = (struct isotp_options){
		.config = {.tx_id = ISOTP_NO_ID, .rx_id = ISOTP_NO_ID},
		.timeout_ns = LSK_BLOCK,
	};
}

int isotp_options_take(struct isotp_options *options, int option, const char *value)
{
	struct lsk_isotp_config *config = &options->config;

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
		if (command_parse_seconds(value, &options->timeout_ns) < 0)
			return command_usage("--timeout: \"%s\" are no seconds", value);
		return COMMAND_OK;
	case '?':
		return command_bad_option();
	default:
		return -1;
	}
}

int isotp_options_take_flow(struct isotp_options *options, int option,
			    const char *value)
{
	struct lsk_isotp_config *config = &options->config;
	uint8_t ignored;

	switch (option) {
	case 'b':
		return parse_hex_byte(value, &config->block_size);
	case 'm':
		return parse_hex_byte(value, &config->stmin);
	case 'w': /* the kernel sends no wait frames */
		return parse_hex_byte(value, &ignored);
	case 't':
		config->frame_time_ns = LSK_ISOTP_TXTIME_ZERO;
		return strcmp(value, "ZERO") == 0
			       ? COMMAND_OK
			       : isotp_options_ns(value, &config->frame_time_ns);
	default:
		return -1;
	}
}

int isotp_options_check(struct isotp_options *options, int argc, char **argv)
{
	const unsigned int broadcast = LSK_ISOTP_SF_BROADCAST | LSK_ISOTP_CF_BROADCAST;
	struct lsk_isotp_config *config = &options->config;

	if (argc != 1)
		return command_usage("one CAN interface is wanted");
	if (config->tx_id == ISOTP_NO_ID)
		return command_usage("-s, the identifier to send, is needed");
	if (config->rx_id == ISOTP_NO_ID && !(config->flags & broadcast))
		return command_usage("-d, the identifier to receive, is needed");
	if ((config->flags & broadcast) == broadcast)
		return command_usage("-S and -C exclude each other");
	if (config->rx_id == ISOTP_NO_ID)
		config->rx_id = 0;
	config->interface = argv[0];
	return COMMAND_OK;
}

int isotp_options_open(const struct isotp_options *options,
		       struct lsk_isotp **ret_isotp)
{
	struct lsk_error error = {0};

	if (lsk_isotp_open(ret_isotp, &options->config, &error) < 0)
		return command_failure_at(options->config.interface, &error);
	lsk_socket_set_timeout(lsk_isotp_socket(*ret_isotp), options->timeout_ns);
	return COMMAND_OK;
}
