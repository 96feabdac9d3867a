/* SPDX-License-Identifier: MIT */
/* The fields of which can-utils' arguments are made. */
#include "tools/can_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

bool can_scan_number(const char **text, int base, int64_t min, int64_t max,
		     int64_t *number)
{
	char *end;
	long long value;

	if (!isxdigit((unsigned char)**text) && **text != '-')
		return false;
	errno = 0;
	value = strtoll(*text, &end, base);
	if (end == *text || errno || value < min || value > max)
		return false;
	*text = end;
	*number = value;
	return true;
}

bool can_scan_field(const char **text, int base, int64_t min, int64_t max, char end,
		    int64_t *number)
{
	if (!can_scan_number(text, base, min, max, number) || **text != end)
		return false;
	*text += end != '\0';
	return true;
}

static int digit_value(char digit)
{
	if (!isxdigit((unsigned char)digit))
		return -1;
	return isdigit((unsigned char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

bool can_scan_bytes(const char **text, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int high = digit_value(**text);
		int low = high < 0 ? -1 : digit_value((*text)[1]);

		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
		*text += 2;
	}
	return true;
}
