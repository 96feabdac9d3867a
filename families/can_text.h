/* SPDX-License-Identifier: MIT */
/* The text that the CAN modules share: hexadecimal in and out, and faults with a place.
 */
#ifndef LSK_CAN_TEXT_H
#define LSK_CAN_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include <linsock/error.h>

#include "src/error.h"
#include "src/text.h"

/* A text that is being read. @at is what comes next, @start is where offsets begin. */
struct can_cursor {
	const char *start;
	const char *at;
	struct lsk_error *error; /* may be NULL */
};

/* Fill the cursor's error with the place where it stands. Return: @code. */
int can_cursor_fault(const struct can_cursor *cursor, int code, const char *text);

/* How many hexadecimal digits stand at @text. */
size_t can_hex_count(const char *text);

/*
 * Read exactly @digits hexadecimal digits. Return: 0, or LSK_ERR_SYNTAX at the first
 * byte that is none.
 */
int can_cursor_hex(struct can_cursor *cursor, unsigned int digits, uint32_t *ret_value);

/* Write @digits upper case digits of @value. Return: the byte after them. */
char *can_put_hex(char *out, uint32_t value, unsigned int digits);

/* Write @len bytes as pairs of digits, with @separator between them if it is not NUL.
 * Return: the byte after them. */
char *can_put_bytes(char *out, const uint8_t *data, size_t len, char separator);

#endif
