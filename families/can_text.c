/* SPDX-License-Identifier: MIT */
/* Hexadecimal in and out, and faults with a place, for every module of the family. */
#include "families/can_text.h"

int can_cursor_fault(const struct can_cursor *cursor, int code, const char *text)
{
	return error_set(cursor->error, code, (size_t)(cursor->at - cursor->start),
			 "%s", text);
}

size_t can_hex_count(const char *text)
{
	size_t count = 0;

	while (text_hex_digit(text[count]) >= 0)
		count++;
	return count;
}

int can_cursor_hex(struct can_cursor *cursor, unsigned int digits, uint32_t *ret_value)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < digits; i++) {
		int digit = text_hex_digit(*cursor->at);

		if (digit < 0)
			return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
						"a hexadecimal digit was expected");
		value = value << 4 | (uint32_t)digit;
		cursor->at++;
	}
	*ret_value = value;
	return 0;
}

static const char hex_digits[] = "0123456789ABCDEF";

char *can_put_hex(char *out, uint32_t value, unsigned int digits)
{
	for (unsigned int i = digits; i-- > 0; value >>= 4)
		out[i] = hex_digits[value & 0xF];
	return out + digits;
}

char *can_put_bytes(char *out, const uint8_t *data, size_t len, char separator)
{
	for (size_t i = 0; i < len; i++) {
		if (separator && i > 0)
			*out++ = separator;
		*out++ = hex_digits[data[i] >> 4];
		*out++ = hex_digits[data[i] & 0xF];
	}
	return out;
}
