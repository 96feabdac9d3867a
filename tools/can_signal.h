/* SPDX-License-Identifier: MIT */
/* A decoded frame as a line of text, or of JSON. */
#ifndef LINSOCK_TOOLS_CAN_SIGNAL_H
#define LINSOCK_TOOLS_CAN_SIGNAL_H

#include <linsock.h>

/* As many as an FD frame has bits. */
#define CAN_SIGNALS_MAX 512

/* Bytes of a line; signals past them are left out, and "..." says so. */
#define CAN_SIGNAL_LINE_MAX (64u << 10)

struct can_signal_line {
	int64_t time_ns;
	const char *interface;
	const struct lsk_can_frame *frame;
	const struct lsk_dbc_message *message; /* NULL: only the frame is shown */
	const struct lsk_dbc_value *values;
	int count;
};

/* (1795168076.393211) can0 Motor: Speed=1000 rpm Mode=1 "on"
 * Return: the byte after the line's end. */
char *can_signal_put_text(char *out, const struct can_signal_line *told);

/* {"time":1795168076.393211,"interface":"can0","id":100,...,"signals":{"Speed":1000}}
 */
char *can_signal_put_json(char *out, const struct can_signal_line *told);

#endif
