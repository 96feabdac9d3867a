/* SPDX-License-Identifier: MIT */
/* The lines of candump's console and of its log. */
#include "tools/can_line.h"

#include <string.h>

/* @name at the right end of @width. */
static char *put_name(char *out, const char *name, int width)
{
	int len = (int)strlen(name);

	for (; len < width; width--)
		*out++ = ' ';
	return stpcpy(out, name);
}

/* "  TX B -": direction and the flags of FD (BRS, ESI) or XL (SEC, RRS). */
static char *put_info(char *out, const struct lsk_can_record *record)
{
	static const char *const fd[] = {"- -", "B -", "- E", "B E"};
	static const char *const xl[] = {"- -", "S -", "- R", "S R"};
	unsigned int flags = record->frame.flags & 3;

	out = stpcpy(out, record->flags & LSK_CAN_LOCAL ? "  TX " : "  RX ");
	return stpcpy(out, record->frame.kind == LSK_CAN_XL ? xl[flags] : fd[flags]);
}

char *can_line_log(const struct can_line_style *style, struct can_view_clock *clock,
		   char *out, const struct lsk_can_record *record, const char *name)
{
	int len;

	out = can_view_clock_put(clock, out, record->time_ns);
	out = put_name(out, name, style->name_width);
	*out++ = ' ';
	len = lsk_can_frame_format(&record->frame, LSK_CAN_FORMAT_PLAIN, out,
				   CAN_LINE_MAX - 256);
	out += len > 0 ? len : 0;
	if (style->shows_info)
		out = stpcpy(out, record->flags & LSK_CAN_LOCAL ? " T" : " R");
	*out++ = '\n';
	return out;
}

char *can_line_console(const struct can_line_style *style, struct can_view_clock *clock,
		       char *out, const struct lsk_can_record *record, const char *name,
		       size_t place)
{
	static const char *const colors[] = {
		"\33[1m\33[34m", "\33[1m\33[31m", "\33[1m\33[32m",
		"\33[1m",        "\33[1m\33[35m", "\33[1m\33[36m",
	};
	static const char color_end[] = "\33[0m";
	const char *color = colors[place % (sizeof(colors) / sizeof(colors[0]))];

	*out++ = ' ';
	if (style->color > 2)
		out = stpcpy(out, color);
	out = can_view_clock_put(clock, out, record->time_ns);
	*out++ = ' ';
	if (style->color == 1 || style->color == 2)
		out = stpcpy(out, color);
	out = put_name(out, name, style->name_width);
	if (style->shows_info)
		out = put_info(out, record);
	if (style->color == 1)
		out = stpcpy(out, color_end);
	out = stpcpy(out, "  ");
	out = can_view_put(out, &record->frame, style->view);
	if (style->color > 1)
		out = stpcpy(out, color_end);
	*out++ = '\n';
	return out;
}
