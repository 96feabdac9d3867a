/* SPDX-License-Identifier: MIT */
#ifndef LSK_READER_H
#define LSK_READER_H

#include <linsock/file.h>

/* Receive more into the buffer. Return: bytes, 0 at the end, LSK_ERR_LENGTH when full.
 */
ssize_t reader_fill(struct lsk_reader *reader);

#endif
