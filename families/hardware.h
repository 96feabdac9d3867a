/* SPDX-License-Identifier: MIT */
/* Hardware addresses as text: "00:11:22:33:44:55". */
#ifndef LSK_HARDWARE_H
#define LSK_HARDWARE_H

#include <stddef.h>
#include <stdint.h>

struct text_writer;

/*
 * Read the @len bytes at @text as @count hexadecimal numbers of one or two digits with
 * colons between them. Return: 0 or LSK_ERR_SYNTAX.
 */
int hardware_read(uint8_t *bytes, size_t count, const char *text, size_t len);

/* Write @count bytes with two digits each. */
void hardware_put(struct text_writer *writer, const uint8_t *bytes, size_t count);

#endif
