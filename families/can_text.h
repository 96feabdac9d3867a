/* SPDX-License-Identifier: MIT */
/* The text that the CAN modules share: hexadecimal in and out, and faults with a place.
 */
#ifndef LSK_CAN_TEXT_H
#define LSK_CAN_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include <linsock/error.h>

/* A text that is being read. @at is what comes next, @start is where offsets begin. */
struct can_cursor {
	const char *start;
	const char *at;
	struct lsk_error *error; /* may be NULL */
};

/* Fill @error, which may be NULL. Return: @code. */
int can_fault(struct lsk_error *error, int code, size_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Fill the cursor's error with the place where it stands. Return: @code. */
int can_cursor_fault(const struct can_cursor *cursor, int code, const char *text);

/* The value of a hexadecimal digit, or -1. */
static inline int can_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

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
