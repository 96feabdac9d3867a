/* SPDX-License-Identifier: MIT */
/* Hardware addresses as text. */
#include "families/hardware.h"

#include <linsock/error.h>

#include "src/text.h"

int hardware_read(uint8_t *bytes, size_t count, const char *text, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		int value = -1;

		for (int digits = 0; digits < 2 && at < len; digits++) {
			int digit = text_hex_digit(text[at]);

			if (digit < 0)
				break;
			value = (value < 0 ? 0 : value * 16) + digit;
			at++;
		}
		if (value < 0)
			return LSK_ERR_SYNTAX;
		bytes[i] = (uint8_t)value;
		if (i + 1 < count && (at == len || text[at++] != ':'))
			return LSK_ERR_SYNTAX;
	}
	return at == len ? 0 : LSK_ERR_SYNTAX;
}

void hardware_put(struct text_writer *writer, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text_put_format(writer, "%s%02x", i ? ":" : "", bytes[i]);
}
