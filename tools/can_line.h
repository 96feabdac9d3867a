/* SPDX-License-Identifier: MIT */
/*
 * The lines of candump's console and of its log, byte for byte:
 *
 *	 (1795170496.118339)  vcan0  TX B -  123  [02]  AA BB
 *	(1795170494.249689) vcan0 123##5112233 T
 */
#ifndef LINSOCK_TOOLS_CAN_LINE_H
#define LINSOCK_TOOLS_CAN_LINE_H

#include "tools/can_view.h"

/* Room for one frame's line in every form: an XL frame in a log is the longest. */
#define CAN_LINE_MAX 8192

struct can_line_style {
	unsigned int view;  /* enum can_view_flags */
	unsigned int color; /* 0: none; 1: the name; 2: all but the time; 3: all */
	bool shows_info;    /* direction, and flags of FD and XL */
	int name_width;     /* of the longest name */
};

/*
 * Write a line of the console; @place of the interface in the order of sight picks its
 * colour. Return: the byte after the newline.
 */
char *can_line_console(const struct can_line_style *style, struct can_view_clock *clock,
		       char *out, const struct lsk_can_record *record, const char *name,
		       size_t place);

/* Write a line of the log. Return: the same. */
char *can_line_log(const struct can_line_style *style, struct can_view_clock *clock,
		   char *out, const struct lsk_can_record *record, const char *name);

#endif
