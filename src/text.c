/* SPDX-License-Identifier: MIT */
#include "src/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <linsock/error.h>

const char *text_place(const char *text)
{
	const char *end = strstr(text, TEXT_SCHEME_END);

	/* A scheme is a plain word: the "://" of a path is not its end. */
	if (!end || end == text || strcspn(text, "/?%@[") < (size_t)(end - text))
		return NULL;
	return end + strlen(TEXT_SCHEME_END);
}

int text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int text_to_uint(const char *text, size_t len, uint64_t max, uint64_t *ret_value)
{
	unsigned int base = 10;
	uint64_t value = 0;

	if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
		len -= 2;
	}
	if (len == 0)
		return LSK_ERR_SYNTAX;
	for (size_t i = 0; i < len; i++) {
		int digit = text_hex_digit(text[i]);

		if (digit < 0 || (unsigned int)digit >= base)
			return LSK_ERR_SYNTAX;
	}
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)text_hex_digit(text[i]);

		if (value > (UINT64_MAX - digit) / base)
			return LSK_ERR_RANGE;
		value = value * base + digit;
	}
	if (value > max)
		return LSK_ERR_RANGE;
	*ret_value = value;
	return 0;
}

int text_to_int(const char *text, size_t len, int *ret_value)
{
	bool is_negative = len > 0 && text[0] == '-';
	uint64_t max = is_negative ? (uint64_t)INT32_MAX + 1 : INT32_MAX;
	uint64_t value;
	int r;

	r = text_to_uint(text + is_negative, len - is_negative, max, &value);
	if (r < 0)
		return r;
	*ret_value = (int)(is_negative ? -(int64_t)value : (int64_t)value);
	return 0;
}

int text_percent_decode(const char *text, size_t len, char *buf, size_t size,
			size_t *ret_offset)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)text[i];

		*ret_offset = i;
		if (c == '%') {
			int high = i + 1 < len ? text_hex_digit(text[i + 1]) : -1;
			int low = i + 2 < len ? text_hex_digit(text[i + 2]) : -1;

			if (high < 0 || low < 0)
				return LSK_ERR_SYNTAX;
			c = high * 16 + low;
			i += 2;
		}
		if (used == size)
			return LSK_ERR_LENGTH;
		buf[used++] = (char)c;
	}
	return (int)used;
}

void text_put(struct text_writer *writer, char c)
{
	if (writer->len < writer->size)
		writer->buf[writer->len] = c;
	writer->len++;
}

void text_put_string(struct text_writer *writer, const char *string)
{
	while (*string)
		text_put(writer, *string++);
}

void text_put_format(struct text_writer *writer, const char *format, ...)
{
	size_t room = writer->len < writer->size ? writer->size - writer->len : 0;
	va_list values;
	int len;

	va_start(values, format);
	len = vsnprintf(room ? writer->buf + writer->len : NULL, room, format, values);
	va_end(values);
	if (len > 0)
		writer->len += (size_t)len;
}

static bool is_safe(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c != '\0' && strchr("-._~/:+,=", c);
}

void text_put_percent(struct text_writer *writer, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (is_safe(data[i]))
			text_put(writer, data[i]);
		else
			text_put_format(writer, "%%%02X", (unsigned char)data[i]);
}

int text_end(struct text_writer *writer)
{
	if (writer->len >= writer->size) {
		if (writer->size > 0)
			writer->buf[0] = '\0';
		return -ENOSPC;
	}
	writer->buf[writer->len] = '\0';
	return (int)writer->len;
}
