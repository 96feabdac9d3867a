/* SPDX-License-Identifier: MIT */
/* Values of options as text, type by type. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linsock/constant.h>

#include "src/error.h"
#include "src/option.h"
#include "src/text.h"
#include "uring/util.h"

/* Longest word of a value that is looked up. */
#define WORD_MAX 1024

/* netfilter (SO_ORIGINAL_DST) fills one of its family, and does not tell its length. */
static size_t address_size(int level)
{
	if (level == IPPROTO_IP)
		return sizeof(struct sockaddr_in);
	return level == IPPROTO_IPV6 ? sizeof(struct sockaddr_in6) : OPTION_VALUE_MAX;
}

size_t option_value_size(const struct lsk_option *option)
{
	switch (option->type) {
	case LSK_OPTION_BOOL:
	case LSK_OPTION_INT:
	case LSK_OPTION_INT_BE:
	case LSK_OPTION_ENUM:
	case LSK_OPTION_FLAGS:
	case LSK_OPTION_FD:
	case LSK_OPTION_PORT_RANGE:
		return sizeof(int);
	case LSK_OPTION_U64:
		return sizeof(uint64_t);
	case LSK_OPTION_TIMEVAL:
		return sizeof(struct timeval);
	case LSK_OPTION_LINGER:
		return sizeof(struct linger);
	case LSK_OPTION_IN_ADDR:
		return sizeof(struct in_addr);
	case LSK_OPTION_STRUCT:
		return (size_t)option_layout_size(option->fields);
	case LSK_OPTION_SOCKADDR:
		return address_size(option->level);
	case LSK_OPTION_NONE:
		return 0;
	case LSK_OPTION_STRING:
	case LSK_OPTION_LIST:
	case LSK_OPTION_PAIRS:
	case LSK_OPTION_BYTES:
	case LSK_OPTION_RAW:
	case LSK_OPTION_TYPE__COUNT:
		break;
	}
	return OPTION_VALUE_MAX;
}

/* Some options of IP answer with one byte where they are offered less than four. */
static int read_int(const void *value, size_t len, int *ret_number)
{
	uint8_t byte;

	if (len >= sizeof(*ret_number)) {
		memcpy(ret_number, value, sizeof(*ret_number));
		return 0;
	}
	if (len != sizeof(byte))
		return LSK_ERR_VALUE;
	memcpy(&byte, value, sizeof(byte));
	*ret_number = byte;
	return 0;
}

static void put_constant(const struct lsk_option *option, int number,
			 struct text_writer *writer)
{
	char text[WORD_MAX];
	const char *name;

	if (option->type == LSK_OPTION_ENUM) {
		name = lsk_constant_name(option->group, number);
		if (name)
			text_put_string(writer, name);
		else
			text_put_format(writer, "%d", number);
	} else {
		lsk_constant_format(option->group, (uint32_t)number, text,
				    sizeof(text));
		text_put_string(writer, text);
	}
}

static int format_int(const struct lsk_option *option, const void *value, size_t len,
		      struct text_writer *writer)
{
	int number;
	int r;

	r = read_int(value, len, &number);
	if (r < 0)
		return r;
	if (option->type == LSK_OPTION_INT_BE)
		number = (int)ntohl((uint32_t)number);
	if (option->type == LSK_OPTION_BOOL && (number == 0 || number == 1))
		text_put_string(writer, number ? "on" : "off");
	else if (option->type == LSK_OPTION_ENUM || option->type == LSK_OPTION_FLAGS)
		put_constant(option, number, writer);
	else if (option->type == LSK_OPTION_PORT_RANGE)
		text_put_format(writer, "%u-%u", number & UINT16_MAX,
				(uint32_t)number >> 16);
	else
		text_put_format(writer, "%d", number);
	return 0;
}

static int format_time(const void *value, size_t len, struct text_writer *writer)
{
	struct timeval time;
	int digits = 6;

	if (len < sizeof(time))
		return LSK_ERR_VALUE;
	memcpy(&time, value, sizeof(time));
	text_put_format(writer, "%" PRId64, (int64_t)time.tv_sec);
	if (time.tv_usec == 0)
		return 0;
	for (; time.tv_usec % 10 == 0; digits--)
		time.tv_usec /= 10;
	text_put_format(writer, ".%0*d", digits, (int)time.tv_usec);
	return 0;
}

static int format_linger(const void *value, size_t len, struct text_writer *writer)
{
	struct linger linger;

	if (len < sizeof(linger))
		return LSK_ERR_VALUE;
	memcpy(&linger, value, sizeof(linger));
	if (linger.l_onoff)
		text_put_format(writer, "%d", linger.l_linger);
	else
		text_put_string(writer, "off");
	return 0;
}

static int format_addr(const void *value, size_t len, struct text_writer *writer)
{
	char text[LSK_ADDR_TEXT_MAX];
	struct lsk_addr addr;
	int r;

	r = lsk_addr_set(&addr, value, len);
	if (r == 0)
		r = lsk_addr_format(&addr, text, sizeof(text));
	if (r < 0)
		return LSK_ERR_VALUE;
	text_put_string(writer, text);
	return 0;
}

static int format_numbers(const struct lsk_option *option, const void *value,
			  size_t len, struct text_writer *writer)
{
	const unsigned char *bytes = value;
	const bool is_pairs = option->type == LSK_OPTION_PAIRS;
	const size_t step = (is_pairs ? 2 : 1) * sizeof(uint32_t);
	uint32_t numbers[2];

	for (size_t i = 0; i + step <= len; i += step) {
		memcpy(numbers, bytes + i, step);
		if (i > 0)
			text_put(writer, ',');
		if (is_pairs)
			text_put_format(writer, "%" PRIx32 ":%" PRIx32, numbers[0],
					numbers[1]);
		else
			text_put_format(writer, "%" PRIu32, numbers[0]);
	}
	return 0;
}

static int format_u64(const void *value, size_t len, struct text_writer *writer)
{
	uint64_t number;

	if (len < sizeof(number))
		return LSK_ERR_VALUE;
	memcpy(&number, value, sizeof(number));
	text_put_format(writer, "%" PRIu64, number);
	return 0;
}

static int format_in_addr(const void *value, size_t len, struct text_writer *writer)
{
	char text[INET_ADDRSTRLEN];

	if (len < sizeof(struct in_addr))
		return LSK_ERR_VALUE;
	text_put_string(writer, inet_ntop(AF_INET, value, text, sizeof(text)));
	return 0;
}

static int format_string(const void *value, size_t len, struct text_writer *writer)
{
	const char *text = value;

	for (size_t i = 0; i < len && text[i] != '\0'; i++)
		text_put(writer, text[i]);
	return 0;
}

static int format_bytes(const void *value, size_t len, struct text_writer *writer)
{
	const unsigned char *bytes = value;

	for (size_t i = 0; i < len; i++)
		text_put_format(writer, "%02x", bytes[i]);
	return 0;
}

static int format_any(const struct lsk_option *option, const void *value, size_t len,
		      struct text_writer *writer)
{
	switch (option->type) {
	case LSK_OPTION_BOOL:
	case LSK_OPTION_INT:
	case LSK_OPTION_INT_BE:
	case LSK_OPTION_ENUM:
	case LSK_OPTION_FLAGS:
	case LSK_OPTION_FD:
	case LSK_OPTION_PORT_RANGE:
		return format_int(option, value, len, writer);
	case LSK_OPTION_TIMEVAL:
		return format_time(value, len, writer);
	case LSK_OPTION_LINGER:
		return format_linger(value, len, writer);
	case LSK_OPTION_SOCKADDR:
		return format_addr(value, len, writer);
	case LSK_OPTION_LIST:
	case LSK_OPTION_PAIRS:
		return format_numbers(option, value, len, writer);
	case LSK_OPTION_STRUCT:
		return option_layout_format(option->fields, value, len, writer);
	case LSK_OPTION_U64:
		return format_u64(value, len, writer);
	case LSK_OPTION_IN_ADDR:
		return format_in_addr(value, len, writer);
	case LSK_OPTION_STRING:
		return format_string(value, len, writer);
	case LSK_OPTION_BYTES:
		return format_bytes(value, len, writer);
	case LSK_OPTION_NONE:
		return 0;
	case LSK_OPTION_RAW:
	case LSK_OPTION_TYPE__COUNT:
		break;
	}
	return -EOPNOTSUPP;
}

int lsk_option_format(const struct lsk_option *option, const void *value, size_t len,
		      char *buf, size_t size)
{
	struct text_writer writer = {.buf = buf, .size = size};
	int r;

	if (!option || !buf || (!value && len > 0))
		return -EINVAL;
	r = format_any(option, value, len, &writer);
	return r < 0 ? r : text_end(&writer);
}
