/* SPDX-License-Identifier: MIT */
/* Text as values of options, type by type. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <linsock/constant.h>

#include "src/error.h"
#include "src/option.h"
#include "src/text.h"
#include "uring/util.h"

#define USEC_DIGITS 6

/* Where a value goes, and where reading it has come to. */
struct value_reader {
	const struct lsk_option *option;
	const char *text;
	unsigned char *buf;
	size_t size;
	size_t offset; /* of the fault, in the text */
};

static int give(struct value_reader *reader, const void *value, size_t len)
{
	if (len > reader->size)
		return -ENOSPC;
	if (len > 0)
		memcpy(reader->buf, value, len);
	return (int)len;
}

static int parse_switch(const char *text, int *ret_number)
{
	static const char *const words[2][4] = {
		{"off", "0", "false", "no"},
		{"on", "1", "true", "yes"},
	};

	for (int on = 0; on < 2; on++)
		for (size_t i = 0; i < ARRAY_SIZE(words[on]); i++)
			if (strcasecmp(text, words[on][i]) == 0) {
				*ret_number = on;
				return 0;
			}
	return LSK_ERR_VALUE;
}

static int parse_range(const char *text, int *ret_number)
{
	const char *dash = strchr(text, '-');
	uint64_t low, high;

	if (!dash || text_to_uint(text, (size_t)(dash - text), UINT16_MAX, &low) < 0 ||
	    text_to_uint(dash + 1, strlen(dash + 1), UINT16_MAX, &high) < 0)
		return LSK_ERR_VALUE;
	*ret_number = (int)(uint32_t)(low | high << 16);
	return 0;
}

static int parse_number(struct value_reader *reader)
{
	const enum lsk_option_type type = reader->option->type;
	int64_t wide;
	int number;
	int r;

	if (type == LSK_OPTION_PORT_RANGE) {
		r = parse_range(reader->text, &number);
		return r < 0 ? r : give(reader, &number, sizeof(number));
	}
	if (type == LSK_OPTION_BOOL && parse_switch(reader->text, &number) == 0)
		return give(reader, &number, sizeof(number));
	r = lsk_constant_parse(reader->text, &wide);
	/* Flags are unsigned to people, and int to the system call. */
	if (r < 0 || wide < INT_MIN || wide > UINT_MAX ||
	    (wide > INT_MAX && type != LSK_OPTION_FLAGS))
		return LSK_ERR_VALUE;
	number = (int)wide;
	if (type == LSK_OPTION_INT_BE)
		number = (int)htonl((uint32_t)number);
	return give(reader, &number, sizeof(number));
}

/* "1", "1.5": seconds and at most six digits of a fraction. */
static int parse_time(struct value_reader *reader)
{
	const char *text = reader->text, *point = strchrnul(text, '.');
	struct timeval time = {0};
	uint64_t seconds, fraction = 0;
	size_t digits = *point ? strlen(point + 1) : 0;

	if (text_to_uint(text, (size_t)(point - text), INT64_MAX, &seconds) < 0)
		return LSK_ERR_VALUE;
	if (*point &&
	    (digits > USEC_DIGITS || strspn(point + 1, "0123456789") != digits ||
	     text_to_uint(point + 1, digits, UINT64_MAX, &fraction) < 0))
		return LSK_ERR_VALUE;
	for (; digits < USEC_DIGITS; digits++)
		fraction *= 10;
	time.tv_sec = (time_t)seconds;
	time.tv_usec = (suseconds_t)fraction;
	return give(reader, &time, sizeof(time));
}

static int parse_linger(struct value_reader *reader)
{
	struct linger linger = {.l_onoff = 1};
	uint64_t seconds;

	if (strcasecmp(reader->text, "off") == 0)
		linger.l_onoff = 0;
	else if (text_to_uint(reader->text, strlen(reader->text), INT_MAX, &seconds) <
		 0)
		return LSK_ERR_VALUE;
	else
		linger.l_linger = (int)seconds;
	return give(reader, &linger, sizeof(linger));
}

static int parse_addr(struct value_reader *reader)
{
	struct lsk_error error = {0};
	struct lsk_addr addr;
	int r;

	r = lsk_addr_parse(&addr, reader->text, &error);
	if (r < 0) {
		reader->offset = error.offset;
		return LSK_ERR_VALUE;
	}
	return give(reader, &addr.storage, addr.len);
}

/* The next number of a list, which ends at one of @ends. */
static int parse_item(struct value_reader *reader, const char *ends, uint32_t *ret_item)
{
	const char *item = reader->text + reader->offset;
	const bool is_hex = reader->option->type == LSK_OPTION_PAIRS;
	unsigned long long number;
	char *end;

	if (is_hex ? text_hex_digit(*item) < 0 : *item < '0' || *item > '9')
		return LSK_ERR_VALUE;
	number = strtoull(item, &end, is_hex ? 16 : 10);
	if (number > UINT32_MAX || !strchr(ends, *end))
		return LSK_ERR_VALUE;
	*ret_item = (uint32_t)number;
	reader->offset = (size_t)(end - reader->text);
	return 0;
}

static int parse_list(struct value_reader *reader)
{
	const bool is_pairs = reader->option->type == LSK_OPTION_PAIRS;
	uint32_t items[2];
	size_t used = 0, step = (is_pairs ? 2 : 1) * sizeof(items[0]);
	int r = 0;

	if (reader->text[0] == '\0')
		return 0;
	for (;;) {
		r = parse_item(reader, is_pairs ? ":" : ",", &items[0]);
		if (r == 0 && is_pairs && reader->text[reader->offset] != ':')
			r = LSK_ERR_VALUE;
		if (r == 0 && is_pairs) {
			reader->offset++;
			r = parse_item(reader, ",", &items[1]);
		}
		if (r < 0)
			return r;
		if (used + step > reader->size)
			return -ENOSPC;
		memcpy(reader->buf + used, items, step);
		used += step;
		if (reader->text[reader->offset] == '\0')
			return (int)used;
		reader->offset++;
	}
}

static int parse_hex(struct value_reader *reader)
{
	size_t len = strlen(reader->text);
	int high, low;

	if (len % 2 != 0)
		return LSK_ERR_VALUE;
	if (len / 2 > reader->size)
		return -ENOSPC;
	for (size_t i = 0; i < len / 2; i++) {
		reader->offset = 2 * i;
		high = text_hex_digit(reader->text[2 * i]);
		low = text_hex_digit(reader->text[2 * i + 1]);
		if (high < 0 || low < 0)
			return LSK_ERR_VALUE;
		reader->buf[i] = (unsigned char)(high << 4 | low);
	}
	return (int)(len / 2);
}

static int parse_struct(struct value_reader *reader)
{
	int r;

	r = option_layout_parse(reader->option->fields, reader->text, reader->buf,
				reader->size, &reader->offset);
	return r < 0 ? r : option_layout_size(reader->option->fields);
}

static int parse_u64(struct value_reader *reader)
{
	uint64_t number;

	if (text_to_uint(reader->text, strlen(reader->text), UINT64_MAX, &number) < 0)
		return LSK_ERR_VALUE;
	return give(reader, &number, sizeof(number));
}

static int parse_in_addr(struct value_reader *reader)
{
	struct in_addr addr;

	if (inet_pton(AF_INET, reader->text, &addr) != 1)
		return LSK_ERR_VALUE;
	return give(reader, &addr, sizeof(addr));
}

static int parse_any(struct value_reader *reader)
{
	switch (reader->option->type) {
	case LSK_OPTION_BOOL:
	case LSK_OPTION_INT:
	case LSK_OPTION_INT_BE:
	case LSK_OPTION_ENUM:
	case LSK_OPTION_FLAGS:
	case LSK_OPTION_FD:
	case LSK_OPTION_PORT_RANGE:
		return parse_number(reader);
	case LSK_OPTION_TIMEVAL:
		return parse_time(reader);
	case LSK_OPTION_LINGER:
		return parse_linger(reader);
	case LSK_OPTION_SOCKADDR:
		return parse_addr(reader);
	case LSK_OPTION_LIST:
	case LSK_OPTION_PAIRS:
		return parse_list(reader);
	case LSK_OPTION_STRUCT:
		return parse_struct(reader);
	case LSK_OPTION_BYTES:
		return parse_hex(reader);
	case LSK_OPTION_U64:
		return parse_u64(reader);
	case LSK_OPTION_IN_ADDR:
		return parse_in_addr(reader);
	case LSK_OPTION_STRING:
		return give(reader, reader->text, strlen(reader->text));
	case LSK_OPTION_NONE:
		return reader->text[0] == '\0' ? 0 : LSK_ERR_VALUE;
	case LSK_OPTION_RAW:
	case LSK_OPTION_TYPE__COUNT:
		break;
	}
	return -EOPNOTSUPP;
}

/* What a value of the type looks like, for the message. */
static const char *expectation(enum lsk_option_type type)
{
	static const char *const texts[] = {
		[LSK_OPTION_BOOL] = "on or off",
		[LSK_OPTION_INT] = "a number",
		[LSK_OPTION_INT_BE] = "a number",
		[LSK_OPTION_U64] = "a number",
		[LSK_OPTION_ENUM] = "a number or the name of a constant",
		[LSK_OPTION_FLAGS] = "a number or names of constants joined by |",
		[LSK_OPTION_FD] = "a descriptor",
		[LSK_OPTION_TIMEVAL] = "seconds",
		[LSK_OPTION_LINGER] = "seconds or off",
		[LSK_OPTION_STRING] = "text",
		[LSK_OPTION_IN_ADDR] = "an IPv4 address",
		[LSK_OPTION_SOCKADDR] = "an address such as inet://192.0.2.1:80",
		[LSK_OPTION_PORT_RANGE] = "two ports such as 32768-60999",
		[LSK_OPTION_LIST] = "numbers joined by commas",
		[LSK_OPTION_PAIRS] = "hexadecimal pairs such as 123:7ff,456:7ff",
		[LSK_OPTION_STRUCT] = "fields such as",
		[LSK_OPTION_BYTES] = "bytes in hexadecimal",
		[LSK_OPTION_NONE] = "no value",
		[LSK_OPTION_RAW] = "no text: a program has to set it",
	};

	static_assert(ARRAY_SIZE(texts) == LSK_OPTION_TYPE__COUNT,
		      "every enum lsk_option_type has a text");
	return (size_t)type < ARRAY_SIZE(texts) ? texts[type] : "no text";
}

int lsk_option_parse(const struct lsk_option *option, const char *text, void *buf,
		     size_t size, struct lsk_error *ret_error)
{
	struct value_reader reader = {
		.option = option, .text = text, .buf = buf, .size = size};
	int r;

	if (!option || !text || (!buf && size > 0))
		return -EINVAL;
	r = parse_any(&reader);
	if (r >= 0)
		return r;
	return error_set(ret_error, r, reader.offset, "%s: expected %s%s%.120s",
			 option->name, expectation(option->type),
			 option->fields ? " " : "",
			 option->fields ? option->fields : "");
}
