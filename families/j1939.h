/* SPDX-License-Identifier: MIT */
/* What the modules of J1939 share. */
#ifndef LSK_J1939_INTERNAL_H
#define LSK_J1939_INTERNAL_H

#include <linsock/j1939.h>

/* Change name, address and group of the socket. Return: 0 or bind(2)'s negated errno.
 */
int j1939_bind(struct lsk_j1939 *j1939, const struct lsk_j1939_place *local);

/* As lsk_j1939_receive(), until CLOCK_MONOTONIC @deadline_ns; negative: for ever. */
ssize_t j1939_receive_until(struct lsk_j1939 *j1939, void *buf, size_t size,
			    struct lsk_j1939_message *ret_message, int64_t deadline_ns);

#endif
