/* SPDX-License-Identifier: MIT */
/* How candump shows a frame and its time: the same bytes, written without stdio. */
#ifndef LINSOCK_TOOLS_CAN_VIEW_H
#define LINSOCK_TOOLS_CAN_VIEW_H

#include <linsock.h>

enum can_view_flags {
	CAN_VIEW_ASCII = 1 << 0,
	CAN_VIEW_BINARY = 1 << 1,
	CAN_VIEW_SWAP = 1 << 2,   /* last byte first, marked by ` */
	CAN_VIEW_ERROR = 1 << 3,  /* error frames in words */
	CAN_VIEW_INDENT = 1 << 4, /* 11 bit identifiers below 29 bit ones */
	CAN_VIEW_DLC = 1 << 5,    /* the raw DLC in {} */
};

/* Bytes that hold every frame in every view, and every time. */
#define CAN_VIEW_MAX 2048
#define CAN_TIME_MAX 64

/* Write @frame as candump shows it. Return: the byte after it. */
char *can_view_put(char *out, const struct lsk_can_frame *frame, unsigned int view);

/* How times are shown, and what was shown before. */
struct can_view_clock {
	char mode;    /* a, A, d, z, or 0 for none */
	bool is_nano; /* nine decimals */
	bool is_started;
	int64_t last_ns; /* d: of the frame before; z: of the first one */
	int64_t text_second;
	int text_len;
	char text[CAN_TIME_MAX]; /* "(" and @text_second as the mode shows it */
};

/* Write "(time) ", or nothing where the mode is none. Return: the byte after it. */
char *can_view_clock_put(struct can_view_clock *clock, char *out, int64_t time_ns);

#endif
