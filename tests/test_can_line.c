/* SPDX-License-Identifier: MIT */
/*
 * Lines of candump, captured from the one of today: those that the distribution's
 * cannot print, so that no virtual machine compares them, and the others too.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/can_line.h"

struct line {
	const char *frame;
	unsigned int view;
	char time; /* a, A, d, z, or 0 */
	bool is_nano;
	bool shows_info;
	int64_t time_us;
	const char *wanted;
};

static struct lsk_can_record record_of(const struct line *line)
{
	struct lsk_can_record record = {.time_ns = line->time_us * 1000,
					.flags = LSK_CAN_LOCAL};
	struct lsk_error error = {0};

	cr_assert_eq(lsk_can_frame_parse(&record.frame, line->frame, &error), 0,
		     "%s: %s", line->frame, error.text);
	return record;
}

static void check_line(const struct line *line, bool is_log)
{
	const struct can_line_style style = {
		.view = line->view, .name_width = 5, .shows_info = line->shows_info};
	struct can_view_clock clock = {.mode = line->time, .is_nano = line->is_nano};
	struct lsk_can_record record = record_of(line);
	char text[CAN_LINE_MAX];
	char *end =
		is_log ? can_line_log(&style, &clock, text, &record, "vcan0")
		       : can_line_console(&style, &clock, text, &record, "vcan0", 0);

	cr_assert_eq(end[-1], '\n');
	end[-1] = '\0';
	cr_assert_str_eq(text, line->wanted);
}

static const struct line console[] = {
	{"123#414243.0102DEADFF", 0, 0, false, false, 0,
	 "  vcan0  123   [8]  41 42 43 01 02 DE AD FF"},
	{"123#414243.0102DEADFF", CAN_VIEW_ASCII, 0, false, false, 0,
	 "  vcan0  123   [8]  41 42 43 01 02 DE AD FF   'ABC.....'"},
	{"123#414243.0102DEADFF", CAN_VIEW_SWAP, 0, false, false, 0,
	 "  vcan0  123   [8]  FF`AD`DE`02`01`43`42`41"},
	{"123#41424301", CAN_VIEW_BINARY, 0, false, false, 0,
	 "  vcan0  123   [4]  01000001 01000010 01000011 00000001"},
	{"123#414243.0102DEADFF", 0, 0, false, true, 0,
	 "  vcan0  TX - -  123   [8]  41 42 43 01 02 DE AD FF"},
	{"123##7AABB", 0, 0, false, true, 0, "  vcan0  TX B E  123  [02]  AA BB"},
	{"45123#83:00:12345678#11", 0, 0, false, true, 0,
	 "  vcan0  TX S R  123 [0001] (45|83:00:12345678) 11"},
	{"123##5AABB", 0, 'a', false, false, 1795170496118339,
	 " (1795170496.118339)  vcan0  123  [02]  AA BB"},
	{"1F334455#1122", CAN_VIEW_DLC, 'a', false, false, 1795170496161244,
	 " (1795170496.161244)  vcan0  1F334455   {2}  11 22"},
	{"5AA#", CAN_VIEW_DLC | CAN_VIEW_INDENT, 'a', false, false, 1795170496196976,
	 " (1795170496.196976)  vcan0       5AA   {0} "},
	{"00000123#R3", CAN_VIEW_DLC | CAN_VIEW_INDENT, 'a', false, false,
	 1795170496284858,
	 " (1795170496.284858)  vcan0  00000123   {3}  remote request"},
	{"123#1122334455667788_E", CAN_VIEW_DLC, 0, false, false, 0,
	 "  vcan0  123   {E}  11 22 33 44 55 66 77 88"},
	{"45123#81:00:12345678#11223344556677", CAN_VIEW_INDENT, 'a', false, false,
	 1795170496323462,
	 " (1795170496.323462)  vcan0       123 [0007] (45|81:00:12345678) "
	 "11 22 33 44 55 66 77"},
	{"20000226#0B20000000008000", CAN_VIEW_DLC | CAN_VIEW_ERROR, 'a', false, false,
	 1795170496400330,
	 " (1795170496.400330)  vcan0  20000226   {8}  0B 20 00 00 00 00 80 00   "
	 "ERRORFRAME\n\tlost-arbitration{at bit 11}\n"
	 "\tcontroller-problem{tx-error-passive}\n\tno-acknowledgement-on-tx\n"
	 "\terror-counter-tx-rx{{128}{0}}"},
	{"123#", 0, 'A', false, false, 1795170497965924,
	 " (2026-11-20 10:28:17.965924)  vcan0  123   [0] "},
	{"123#", 0, 'd', false, false, 1795170497965924,
	 " (000.000000)  vcan0  123   [0] "},
	{"123#", 0, 'z', false, false, 1795170497965924,
	 " (000.000000)  vcan0  123   [0] "},
	{"123#", 0, 'a', true, false, 1795170501388908,
	 " (1795170501.388908000)  vcan0  123   [0] "},
};

Test(can_line, the_console_s_lines_are_candump_s)
{
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof(console) / sizeof(console[0]); i++)
		check_line(&console[i], false);
}

Test(can_line, sixty_four_bytes_of_an_xl_frame_are_shown)
{
	struct lsk_can_record record = {.frame = {.kind = LSK_CAN_XL,
						  .id = 1,
						  .flags = LSK_CANXL_XLF,
						  .len = 65}};
	const struct can_line_style style = {.name_width = 5};
	struct can_view_clock clock = {0};
	char text[CAN_LINE_MAX];
	char *end = can_line_console(&style, &clock, text, &record, "vcan0", 0);

	*end = '\0';
	cr_assert_str_eq(end - 10, "00 00 ...\n");
	cr_assert_not_null(strstr(text, " [0065] (00|80:00:00000000) 00 "));
}

static const struct line log_lines[] = {
	{"123#0011223344556677", 0, 'a', false, false, 1795168076393211,
	 "(1795168076.393211) vcan0 123#0011223344556677"},
	{"123##5112233", 0, 'a', false, true, 1795170494249689,
	 "(1795170494.249689) vcan0 123##5112233 T"},
	{"45123#81:00:12345678#11223344556677", 0, 'a', false, true, 1795170494301999,
	 "(1795170494.301999) vcan0 45123#81:00:12345678#11223344556677 T"},
	{"123#R8_E", 0, 'a', false, true, 1795170494341145,
	 "(1795170494.341145) vcan0 123#R8_E T"},
	{"123#4142430102DEADFF", 0, 'a', true, false, 1795170501388908,
	 "(1795170501.388908000) vcan0 123#4142430102DEADFF"},
	{"123#4142430102DEADFF", 0, 'z', false, false, 1795170501388908,
	 "(000.000000) vcan0 123#4142430102DEADFF"},
};

Test(can_line, the_log_s_lines_are_candump_s)
{
	for (size_t i = 0; i < sizeof(log_lines) / sizeof(log_lines[0]); i++)
		check_line(&log_lines[i], true);
}

Test(can_line, names_stand_at_the_right_of_the_longest)
{
	const struct line line = {.frame = "123#11", .time_us = 1};
	const struct can_line_style style = {.name_width = 7};
	struct can_view_clock clock = {.mode = 'a'};
	struct lsk_can_record record = record_of(&line);
	char text[CAN_LINE_MAX];

	*can_line_log(&style, &clock, text, &record, "can0") = '\0';
	cr_assert_str_eq(text, "(0000000000.000001)    can0 123#11\n");
	*can_line_console(&style, &clock, text, &record, "can0", 0) = '\0';
	cr_assert_str_eq(text, " (0000000000.000001)     can0  123   [1]  11\n");
}

Test(can_line, colours_reach_as_far_as_was_asked)
{
	const struct line line = {.frame = "123#11"};
	struct can_view_clock clock = {0};
	struct lsk_can_record record = record_of(&line);
	const char *const wanted[] = {
		"  can0  123   [1]  11\n",
		"  \33[1m\33[34mcan0\33[0m  123   [1]  11\n",
		"  \33[1m\33[34mcan0  123   [1]  11\33[0m\n",
		" \33[1m\33[34m can0  123   [1]  11\33[0m\n",
	};

	for (unsigned int i = 0; i < 4; i++) {
		const struct can_line_style style = {.color = i, .name_width = 4};
		char text[CAN_LINE_MAX];

		*can_line_console(&style, &clock, text, &record, "can0", 0) = '\0';
		cr_assert_str_eq(text, wanted[i]);
	}
}
