/* SPDX-License-Identifier: MIT */
/* Reading and writing the small texts that addresses and options are made of. */
#ifndef LSK_TEXT_H
#define LSK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What ends the scheme of an address or endpoint. */
#define TEXT_SCHEME_END "://"

/* What follows "scheme://" in @text, or NULL where @text has no such start. */
const char *text_place(const char *text);

/*
 * Read the @len bytes at @text as a number, decimal or hexadecimal after "0x", without
 * sign or blanks. Return: 0, LSK_ERR_SYNTAX (no number), LSK_ERR_RANGE (above @max).
 */
int text_to_uint(const char *text, size_t len, uint64_t max, uint64_t *ret_value);

/* The same with an optional "-", between INT32_MIN and INT32_MAX. */
int text_to_int(const char *text, size_t len, int *ret_value);

/*
 * Undo percent-encoding of the @len bytes at @text, into at most @size bytes at @buf.
 * Return: bytes written; LSK_ERR_SYNTAX for a "%" without two hexadecimal digits;
 * LSK_ERR_LENGTH where @size does not do. @ret_offset is then where it stopped.
 */
int text_percent_decode(const char *text, size_t len, char *buf, size_t size,
			size_t *ret_offset);

/* 0 … 15, or -1 where @c is no hexadecimal digit. */
int text_hex_digit(char c);

/* A growing text in the caller's memory; too much is remembered, not written. */
struct text_writer {
	char *buf;
	size_t size;
	size_t len; /* what it would be with room enough */
};

void text_put(struct text_writer *writer, char c);
void text_put_string(struct text_writer *writer, const char *string);
void text_put_format(struct text_writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The @len bytes at @data; those outside the set that is safe in a URL as "%XX". */
void text_put_percent(struct text_writer *writer, const char *data, size_t len);

/*
 * End the text with a NUL. Return: its length, or -ENOSPC, and then the text is empty.
 */
int text_end(struct text_writer *writer);

#endif
