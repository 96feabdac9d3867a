/* SPDX-License-Identifier: MIT */
/* The fields of which can-utils' arguments are made: "0:6:7:FF", "333.4.1122". */
#ifndef LINSOCK_TOOLS_CAN_SCAN_H
#define LINSOCK_TOOLS_CAN_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read a number from @min to @max at *@text, which moves behind it. */
bool can_scan_number(const char **text, int base, int64_t min, int64_t max,
		     int64_t *number);

/* The same, and then @end, which may be NUL for the end of the text. */
bool can_scan_field(const char **text, int base, int64_t min, int64_t max, char end,
		    int64_t *number);

/* Read @len bytes as pairs of hexadecimal digits. */
bool can_scan_bytes(const char **text, uint8_t *bytes, size_t len);

#endif
