/* SPDX-License-Identifier: MIT */
/* Filters: the field's text and the kernel's meaning. */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/can.h>

struct form {
	const char *text;
	uint32_t id;
	uint32_t mask;
	const char *printed;
};

static const struct form forms[] = {
	{"123:7FF", 0x123, 0x7FF, "123:7FF"},
	{"0:0", 0, 0, "000:0"},
	{"0~0", CAN_INV_FILTER, 0, "000~0"},
	{"400~7f0", 0x400 | CAN_INV_FILTER, 0x7F0, "400~7F0"},
	{"12345678:DFFFFFFF", 0x12345678 | CAN_EFF_FLAG, 0xDFFFFFFF,
	 "12345678:DFFFFFFF"},
	{"12345678~DFFFFFFF", 0x12345678 | CAN_EFF_FLAG | CAN_INV_FILTER, 0xDFFFFFFF,
	 "12345678~DFFFFFFF"},
	{"92345678:FFFFFFFF", 0x92345678, 0xDFFFFFFF, "12345678:DFFFFFFF"},
	{"123:C00007FF", 0x123, 0xC00007FF, "123:C00007FF"},
	{"0x123:0x7ff", 0x123, 0x7FF, "123:7FF"},
	{"0x40000123:C00007FF", 0x40000123, 0xC00007FF, "0x40000123:C00007FF"},
	{"00000123:DFFFFFFF", 0x123 | CAN_EFF_FLAG, 0xDFFFFFFF, "00000123:DFFFFFFF"},
};

Test(can_filter, text_is_read_and_printed_back)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct lsk_can_filter filter, again;
		char buf[LSK_CAN_FILTER_TEXT_MAX];

		cr_assert_eq(lsk_can_filter_parse(&filter, forms[i].text, NULL), 0,
			     "%s", forms[i].text);
		cr_assert_eq(filter.id, forms[i].id, "%s: %x", forms[i].text,
			     filter.id);
		cr_assert_eq(filter.mask, forms[i].mask, "%s", forms[i].text);
		cr_assert_gt(lsk_can_filter_format(&filter, buf, sizeof(buf)), 0);
		cr_assert_str_eq(buf, forms[i].printed);
		cr_assert_eq(lsk_can_filter_parse(&again, buf, NULL), 0);
		cr_assert_eq(again.id, filter.id);
		cr_assert_eq(again.mask, filter.mask);
	}
}

struct fault {
	const char *text;
	int code;
	unsigned int offset;
};

static const struct fault faults[] = {
	{"", LSK_ERR_SYNTAX, 0},
	{"123", LSK_ERR_SYNTAX, 3},
	{"123:", LSK_ERR_SYNTAX, 4},
	{":7FF", LSK_ERR_SYNTAX, 0},
	{"123-7FF", LSK_ERR_SYNTAX, 3},
	{"123:7FFx", LSK_ERR_SYNTAX, 7},
	{"123456789:7FF", LSK_ERR_RANGE, 0},
	{"1:123456789", LSK_ERR_RANGE, 2},
};

Test(can_filter, bad_text_is_refused_with_its_place)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct lsk_can_filter filter;
		struct lsk_error error = {0};

		cr_assert_eq(lsk_can_filter_parse(&filter, faults[i].text, &error),
			     faults[i].code, "%s", faults[i].text);
		cr_assert_eq(error.offset, faults[i].offset, "%s: %u", faults[i].text,
			     error.offset);
	}
	cr_assert_eq(lsk_can_filter_parse(NULL, "1:1", NULL), -EINVAL);
	cr_assert_eq(lsk_can_filter_format(NULL, NULL, 0), -EINVAL);
}

Test(can_filter, a_short_buffer_is_refused)
{
	struct lsk_can_filter filter = {.id = 0x123, .mask = 0x7FF};
	char buf[8];

	cr_assert_eq(lsk_can_filter_format(&filter, buf, 7), -ENOSPC);
	cr_assert_eq(lsk_can_filter_format(&filter, buf, 8), 7);
}

Test(can_filter, a_list_holds_filters_error_mask_and_join)
{
	struct lsk_can_filter_list list;

	cr_assert_eq(
		lsk_can_filter_list_parse(&list, "123:7FF,400~700,#000000FF,j", NULL),
		0);
	cr_assert_eq(list.count, 2);
	cr_assert_eq(list.filters[1].id, 0x400 | CAN_INV_FILTER);
	cr_assert_eq(list.error_mask, 0xFF);
	cr_assert(list.join);
	lsk_can_filter_list_done(&list);
	cr_assert_null(list.filters);
	cr_assert_eq(lsk_can_filter_list_parse(&list, "", NULL), 0);
	cr_assert_eq(list.count, 0);
	lsk_can_filter_list_done(&list);
	lsk_can_filter_list_done(NULL);
}

Test(can_filter, a_fault_in_a_list_has_its_place)
{
	struct lsk_can_filter_list list;
	struct lsk_error error;

	cr_assert_eq(lsk_can_filter_list_parse(&list, "123:7FF,x:1", &error),
		     LSK_ERR_SYNTAX);
	cr_assert_eq(error.offset, 8);
	cr_assert_eq(lsk_can_filter_list_parse(&list, "123:7FF,", &error),
		     LSK_ERR_SYNTAX);
	cr_assert_eq(error.offset, 8);
	cr_assert_eq(lsk_can_filter_list_parse(&list, "jj", &error), LSK_ERR_SYNTAX);
	cr_assert_eq(lsk_can_filter_list_parse(&list, "#", &error), LSK_ERR_SYNTAX);
	cr_assert_eq(error.offset, 1);
	cr_assert_eq(lsk_can_filter_list_parse(NULL, "", &error), -EINVAL);
}

static bool passes(const char *filter_text, const char *frame_text)
{
	struct lsk_can_filter filter;
	struct lsk_can_frame frame;

	cr_assert_eq(lsk_can_filter_parse(&filter, filter_text, NULL), 0);
	cr_assert_eq(lsk_can_frame_parse(&frame, frame_text, NULL), 0);
	return lsk_can_filter_match(&filter, &frame);
}

Test(can_filter, frames_pass_as_the_kernel_judges_them)
{
	cr_assert(passes("123:7FF", "123#11"));
	cr_assert(!passes("123:7FF", "124#11"));
	cr_assert(passes("123:7FF", "00000123#"),
		  "a mask of 7FF takes extended ones too");
	cr_assert(passes("123:7FF", "123#R"));
	cr_assert(!passes("123:C00007FF", "00000123#"));
	cr_assert(!passes("123:C00007FF", "123#R"));
	cr_assert(passes("12345678:DFFFFFFF", "12345678#"));
	cr_assert(!passes("12345678:DFFFFFFF", "12345678#R"));
	cr_assert(!passes("123~7FF", "123#"));
	cr_assert(passes("123~7FF", "124#"));
	cr_assert(passes("0:0", "7FF##0"));
	cr_assert(!passes("0~0", "7FF##0"));
	cr_assert(passes("123:7FF", "45123#80:00:00000000#11"));
	cr_assert(!passes("0:0", "20000080#"));
	cr_assert(!lsk_can_filter_match(NULL, NULL));
}
