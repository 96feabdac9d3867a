/* SPDX-License-Identifier: MIT */
/* Frames as values: text forms of the field, the kernel's layouts, and what is refused.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/can.h>

static struct lsk_can_frame parsed(const char *text)
{
	struct lsk_can_frame frame = {0};
	struct lsk_error error = {0};
	int r = lsk_can_frame_parse(&frame, text, &error);

	cr_assert(r == 0, "\"%s\": %d %s at %u", text, r, error.text, error.offset);
	return frame;
}

static const char *formatted(const struct lsk_can_frame *frame)
{
	static char buf[LSK_CAN_TEXT_MAX];
	int len = lsk_can_frame_format(frame, LSK_CAN_FORMAT_PLAIN, buf, sizeof(buf));

	cr_assert(len == (int)strlen(buf), "format: %d", len);
	return buf;
}

/* A text of the field and how it is printed back. */
struct form {
	const char *text;
	const char *plain;
	enum lsk_can_kind kind;
	unsigned int len;
};

static const struct form forms[] = {
	{"123#DEADBEEF", "123#DEADBEEF", LSK_CAN_CLASSIC, 4},
	{"5AA#", "5AA#", LSK_CAN_CLASSIC, 0},
	{"5aa#.", "5AA#", LSK_CAN_CLASSIC, 0},
	{"123#11.2233.44556677.88", "123#1122334455667788", LSK_CAN_CLASSIC, 8},
	{"123#11.", "123#11", LSK_CAN_CLASSIC, 1},
	{"1F334455#1122334455667788", "1F334455#1122334455667788", LSK_CAN_CLASSIC, 8},
	{"123#R", "123#R", LSK_CAN_CLASSIC, 0},
	{"123#R0", "123#R", LSK_CAN_CLASSIC, 0},
	{"00000123#R3", "00000123#R3", LSK_CAN_CLASSIC, 3},
	{"7A1#r", "7A1#R", LSK_CAN_CLASSIC, 0},
	{"123#1122334455667788_E", "123#1122334455667788_E", LSK_CAN_CLASSIC, 8},
	{"123#1122334455667788_9", "123#1122334455667788_9", LSK_CAN_CLASSIC, 8},
	{"333#R8_E", "333#R8_E", LSK_CAN_CLASSIC, 8},
	{"333#R8_f", "333#R8_F", LSK_CAN_CLASSIC, 8},
	{"123##1112233", "123##1112233", LSK_CAN_FD, 3},
	{"213##311223344", "213##311223344", LSK_CAN_FD, 4},
	{"123##1", "123##1", LSK_CAN_FD, 0},
	{"1F334455##0AA", "1F334455##0AA", LSK_CAN_FD, 1},
	{"123##0112233445566778899", "123##0112233445566778899000000", LSK_CAN_FD, 12},
	{"45123#81:00:12345678#11223344.556677", "45123#81:00:12345678#11223344556677",
	 LSK_CAN_XL, 7},
	{"00000#80:ff:00000000#aa", "00000#80:FF:00000000#AA", LSK_CAN_XL, 1},
	{"20000080#0000000000000000", "20000080#0000000000000000", LSK_CAN_ERROR, 8},
};

Test(can_frame, every_text_form_of_the_field_is_read_and_printed_back)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct lsk_can_frame frame = parsed(forms[i].text), again;

		cr_assert_eq(frame.kind, forms[i].kind, "%s", forms[i].text);
		cr_assert_eq(frame.len, forms[i].len, "%s", forms[i].text);
		cr_assert_eq(lsk_can_frame_check(&frame), 0, "%s", forms[i].text);
		cr_assert_str_eq(formatted(&frame), forms[i].plain);
		again = parsed(forms[i].plain);
		cr_assert(lsk_can_frame_equal(&frame, &again), "%s", forms[i].text);
	}
}

Test(can_frame, the_parts_of_an_xl_frame_are_told_apart)
{
	struct lsk_can_frame frame = parsed("45123#81:7A:12345678#11223344");

	cr_assert_eq(frame.vcid, 0x45);
	cr_assert_eq(frame.id, 0x123);
	cr_assert_eq(frame.flags, LSK_CANXL_XLF | LSK_CANXL_SEC);
	cr_assert_eq(frame.sdt, 0x7A);
	cr_assert_eq(frame.acceptance, 0x12345678);
	cr_assert_eq(frame.data[3], 0x44);
}

Test(can_frame, dots_are_printed_where_asked_for)
{
	struct lsk_can_frame classic = parsed("123#112233"), fd = parsed("123##51122");
	char buf[64];

	lsk_can_frame_format(&classic, LSK_CAN_FORMAT_DOTS, buf, sizeof(buf));
	cr_assert_str_eq(buf, "123#11.22.33");
	lsk_can_frame_format(&fd, LSK_CAN_FORMAT_DOTS, buf, sizeof(buf));
	cr_assert_str_eq(buf, "123##5.11.22");
}

/* A text that is no frame, and the byte at which that shows. */
struct fault {
	const char *text;
	int code;
	unsigned int offset;
};

static const struct fault faults[] = {
	{"", LSK_ERR_SYNTAX, 0},
	{"#", LSK_ERR_SYNTAX, 0},
	{"12#11", LSK_ERR_SYNTAX, 2},
	{"1234#11", LSK_ERR_SYNTAX, 4},
	{"12x#11", LSK_ERR_SYNTAX, 2},
	{"123456789#11", LSK_ERR_SYNTAX, 9},
	{"123", LSK_ERR_SYNTAX, 3},
	{"800#11", LSK_ERR_RANGE, 0},
	{"45800#80:00:00000000#11", LSK_ERR_RANGE, 0},
	{"40000000#", LSK_ERR_RANGE, 0},
	{"92345678#11", LSK_ERR_RANGE, 0},
	{"123#1", LSK_ERR_SYNTAX, 5},
	{"123#1G", LSK_ERR_SYNTAX, 5},
	{"123#11..22", LSK_ERR_SYNTAX, 7},
	{"123#112233445566778899", LSK_ERR_LENGTH, 20},
	{"123#1122334455667788_8", LSK_ERR_RANGE, 21},
	{"123#1122334455667788_", LSK_ERR_RANGE, 21},
	{"123#11_E", LSK_ERR_RANGE, 7},
	{"123#1122334455667788_E0", LSK_ERR_SYNTAX, 22},
	{"123#R9", LSK_ERR_RANGE, 5},
	{"123#Rx", LSK_ERR_SYNTAX, 5},
	{"123#R3_E", LSK_ERR_RANGE, 7},
	{"123#R811", LSK_ERR_SYNTAX, 6},
	{"123##", LSK_ERR_SYNTAX, 5},
	{"123##G", LSK_ERR_SYNTAX, 5},
	{"123##1123", LSK_ERR_SYNTAX, 9},
	{"123##1_9", LSK_ERR_SYNTAX, 6},
	{"45123#81:00:12345678#", LSK_ERR_LENGTH, 21},
	{"45123#81-00:12345678#11", LSK_ERR_SYNTAX, 8},
	{"45123#81:00:1234567#11", LSK_ERR_SYNTAX, 19},
	{"45123#11", LSK_ERR_SYNTAX, 8},
	{"20000080#R", LSK_ERR_SYNTAX, 9},
	{"20000080##1", LSK_ERR_SYNTAX, 9},
	{"20000080#0000000000000000_9", LSK_ERR_SYNTAX, 25},
	{" 123#11", LSK_ERR_SYNTAX, 0},
	{"123#11 ", LSK_ERR_SYNTAX, 6},
};

Test(can_frame, bad_text_is_refused_with_its_place)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct lsk_can_frame frame = {.id = 77};
		struct lsk_error error = {0};
		int r = lsk_can_frame_parse(&frame, faults[i].text, &error);

		cr_assert_eq(r, faults[i].code, "\"%s\" gave %d", faults[i].text, r);
		cr_assert_eq(error.code, faults[i].code);
		cr_assert_eq(error.offset, faults[i].offset, "\"%s\": %u",
			     faults[i].text, error.offset);
		cr_assert_gt(strlen(error.text), 0);
		cr_assert_eq(frame.id, 77, "a failure leaves the output alone");
	}
}

Test(can_frame, fd_and_xl_hold_their_most_and_no_byte_more)
{
	char text[2 * LSK_CANXL_DATA_MAX + 64];
	struct lsk_can_frame frame;
	int head;

	head = sprintf(text, "123##0");
	memset(text + head, 'A', 2 * LSK_CANFD_DATA_MAX + 2);
	text[head + 2 * LSK_CANFD_DATA_MAX] = '\0';
	cr_assert_eq(parsed(text).len, LSK_CANFD_DATA_MAX);
	text[head + 2 * LSK_CANFD_DATA_MAX] = 'A';
	text[head + 2 * LSK_CANFD_DATA_MAX + 2] = '\0';
	cr_assert_eq(lsk_can_frame_parse(&frame, text, NULL), LSK_ERR_LENGTH);

	head = sprintf(text, "00123#80:00:00000000#");
	memset(text + head, 'B', 2 * LSK_CANXL_DATA_MAX + 2);
	text[head + 2 * LSK_CANXL_DATA_MAX] = '\0';
	frame = parsed(text);
	cr_assert_eq(frame.len, LSK_CANXL_DATA_MAX);
	cr_assert_str_eq(formatted(&frame), text);
	text[head + 2 * LSK_CANXL_DATA_MAX] = 'B';
	text[head + 2 * LSK_CANXL_DATA_MAX + 2] = '\0';
	cr_assert_eq(lsk_can_frame_parse(&frame, text, NULL), LSK_ERR_LENGTH);
}

Test(can_frame, a_short_buffer_is_refused_and_left_empty)
{
	struct lsk_can_frame frame = parsed("123#1122");
	char buf[9] = "x";

	cr_assert_eq(lsk_can_frame_format(&frame, LSK_CAN_FORMAT_PLAIN, buf, 8),
		     -ENOSPC);
	cr_assert_str_eq(buf, "");
	cr_assert_eq(lsk_can_frame_format(&frame, LSK_CAN_FORMAT_PLAIN, buf, 9), 8);
	cr_assert_str_eq(buf, "123#1122");
	cr_assert_eq(lsk_can_frame_format(&frame, LSK_CAN_FORMAT_PLAIN, buf, 0),
		     -ENOSPC);
}

Test(can_frame, null_is_refused)
{
	struct lsk_can_frame frame = {0};
	char buf[16];

	cr_assert_eq(lsk_can_frame_parse(NULL, "123#", NULL), -EINVAL);
	cr_assert_eq(lsk_can_frame_parse(&frame, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_can_frame_format(NULL, LSK_CAN_FORMAT_PLAIN, buf, 16),
		     -EINVAL);
	cr_assert_eq(lsk_can_frame_format(&frame, LSK_CAN_FORMAT_PLAIN, NULL, 16),
		     -EINVAL);
	cr_assert_eq(lsk_can_frame_check(NULL), -EINVAL);
	cr_assert_eq(lsk_can_frame_from_kernel(&frame, NULL, 16), -EINVAL);
	cr_assert_eq(lsk_can_frame_to_kernel(&frame, NULL, 16), -EINVAL);
	cr_assert(!lsk_can_frame_equal(&frame, NULL));
}

/* Any frame of @kind that can be. */
static struct lsk_can_frame random_frame(enum lsk_can_kind kind)
{
	struct lsk_can_frame frame = {.kind = (uint8_t)kind};

	switch (kind) {
	case LSK_CAN_CLASSIC:
		frame.is_extended = random() & 1;
		frame.is_remote = random() % 4 == 0;
		frame.len = (uint16_t)(random() % 9);
		if (frame.len == 8 && random() & 1)
			frame.raw_dlc = (uint8_t)(9 + random() % 7);
		break;
	case LSK_CAN_FD:
		frame.is_extended = random() & 1;
		frame.flags = (uint8_t)(LSK_CANFD_FDF | (random() & 3));
		frame.len = (uint16_t)lsk_can_dlc_to_len((unsigned int)random());
		break;
	case LSK_CAN_XL:
		frame.flags = (uint8_t)(LSK_CANXL_XLF | (random() & 3));
		frame.sdt = (uint8_t)random();
		frame.vcid = (uint8_t)random();
		frame.acceptance = (uint32_t)random() << 1;
		frame.len = (uint16_t)(1 + random() % LSK_CANXL_DATA_MAX);
		break;
	case LSK_CAN_ERROR:
		frame.len = 8;
		break;
	case LSK_CAN_KIND__COUNT:
		break;
	}
	frame.id = (uint32_t)random() &
		   (frame.is_extended || kind == LSK_CAN_ERROR ? LSK_CAN_EXTENDED_ID_MAX
							       : LSK_CAN_ID_MAX);
	for (size_t i = 0; i < frame.len && !frame.is_remote; i++)
		frame.data[i] = (uint8_t)random();
	return frame;
}

Test(can_frame, text_and_kernel_form_lose_nothing)
{
	uint8_t wire[LSK_CANXL_MTU];

	srandom(20261120);
	for (int i = 0; i < 20000; i++) {
		struct lsk_can_frame frame =
			random_frame((enum lsk_can_kind)(i % LSK_CAN_KIND__COUNT));
		struct lsk_can_frame again;
		int size;

		cr_assert_eq(lsk_can_frame_check(&frame), 0);
		again = parsed(formatted(&frame));
		cr_assert(lsk_can_frame_equal(&frame, &again), "%s", formatted(&frame));
		size = lsk_can_frame_to_kernel(&frame, wire, sizeof(wire));
		cr_assert_gt(size, 0);
		cr_assert_eq(lsk_can_frame_from_kernel(&again, wire, (size_t)size), 0);
		cr_assert(lsk_can_frame_equal(&frame, &again), "%s", formatted(&frame));
		cr_assert_eq(lsk_can_frame_to_kernel(&frame, wire, (size_t)size - 1),
			     -ENOSPC);
	}
}

Test(can_frame, any_text_is_read_or_refused_within_its_bounds)
{
	static const char alphabet[] = "0123456789abcdefABCDEF##..RrxX_:: ~";

	srandom(7);
	for (int i = 0; i < 200000; i++) {
		char text[40];
		size_t len = (size_t)random() % (sizeof(text) - 1);
		struct lsk_can_frame frame;
		struct lsk_error error;

		for (size_t k = 0; k < len; k++)
			text[k] = alphabet[(size_t)random() % (sizeof(alphabet) - 1)];
		text[len] = '\0';
		if (random() & 1 && len > 4)
			text[3] = '#';
		if (lsk_can_frame_parse(&frame, text, &error) == 0)
			cr_assert_eq(lsk_can_frame_check(&frame), 0, "%s", text);
		else
			cr_assert_leq(error.offset, len, "%s", text);
	}
}

Test(can_frame, the_kernel_s_bytes_are_read_as_it_lays_them_out)
{
	struct can_frame classic = {.can_id = 0x123, .can_dlc = 2, .data = {1, 2}};
	struct canfd_frame fd = {
		.can_id = CAN_EFF_FLAG | 0x1F334455, .len = 12, .flags = CANFD_BRS};
	struct lsk_can_frame frame;

	cr_assert_eq(lsk_can_frame_from_kernel(&frame, &classic, sizeof(classic)), 0);
	cr_assert_str_eq(formatted(&frame), "123#0102");
	cr_assert_eq(lsk_can_frame_from_kernel(&frame, &fd, sizeof(fd)), 0);
	cr_assert_str_eq(formatted(&frame), "1F334455##1000000000000000000000000");
	classic.can_id = CAN_ERR_FLAG | CAN_ERR_BUSOFF;
	classic.can_dlc = 8;
	cr_assert_eq(lsk_can_frame_from_kernel(&frame, &classic, sizeof(classic)), 0);
	cr_assert_str_eq(formatted(&frame), "20000040#0102000000000000");
}

Test(can_frame, bytes_that_are_no_frame_are_refused)
{
	uint8_t bytes[LSK_CANXL_MTU] = {0};
	struct lsk_can_frame frame;

	for (size_t size = 0; size <= sizeof(bytes); size++)
		if (size != LSK_CAN_MTU && size != LSK_CANFD_MTU)
			cr_assert_eq(lsk_can_frame_from_kernel(&frame, bytes, size),
				     -EBADMSG, "%zu", size);
	bytes[4] = LSK_CANXL_XLF;
	bytes[6] = 100; /* the length says 100 bytes */
	cr_assert_eq(lsk_can_frame_from_kernel(&frame, bytes, 111), -EBADMSG);
	cr_assert_eq(lsk_can_frame_from_kernel(&frame, bytes, 112), 0);
	bytes[6] = 0;
	cr_assert_eq(lsk_can_frame_from_kernel(&frame, bytes, 112), -EBADMSG);
	/* Lengths past the end of a classic or FD frame are cut, as candump does. */
	bytes[4] = 0x7F;
	cr_assert_eq(lsk_can_frame_from_kernel(&frame, bytes, LSK_CAN_MTU), 0);
	cr_assert_eq(frame.len, LSK_CAN_DATA_MAX);
	cr_assert_eq(lsk_can_frame_from_kernel(&frame, bytes, LSK_CANFD_MTU), 0);
	cr_assert_eq(frame.len, LSK_CANFD_DATA_MAX);
}

Test(can_frame, what_cannot_be_is_refused_by_the_check)
{
	struct lsk_can_frame frame = {.id = 0x800};

	cr_assert_eq(lsk_can_frame_check(&frame), LSK_ERR_RANGE);
	frame = (struct lsk_can_frame){.len = 9};
	cr_assert_eq(lsk_can_frame_check(&frame), LSK_ERR_LENGTH);
	frame = (struct lsk_can_frame){.len = 7, .raw_dlc = 9};
	cr_assert_eq(lsk_can_frame_check(&frame), LSK_ERR_RANGE);
	frame = (struct lsk_can_frame){.flags = 1};
	cr_assert_eq(lsk_can_frame_check(&frame), LSK_ERR_RANGE);
	frame = (struct lsk_can_frame){.kind = LSK_CAN_FD, .len = 9};
	cr_assert_eq(lsk_can_frame_check(&frame), LSK_ERR_LENGTH);
	frame = (struct lsk_can_frame){.kind = LSK_CAN_FD, .is_remote = true};
	cr_assert_eq(lsk_can_frame_check(&frame), LSK_ERR_RANGE);
	frame = (struct lsk_can_frame){.kind = LSK_CAN_XL, .flags = LSK_CANXL_XLF};
	cr_assert_eq(lsk_can_frame_check(&frame), LSK_ERR_LENGTH);
	frame = (struct lsk_can_frame){.kind = LSK_CAN_XL, .len = 1};
	cr_assert_eq(lsk_can_frame_check(&frame), LSK_ERR_RANGE);
	frame = (struct lsk_can_frame){.kind = LSK_CAN_ERROR, .len = 9};
	cr_assert_eq(lsk_can_frame_check(&frame), LSK_ERR_LENGTH);
	frame = (struct lsk_can_frame){.kind = LSK_CAN_KIND__COUNT};
	cr_assert_eq(lsk_can_frame_check(&frame), -EINVAL);
}

Test(can_frame, a_frame_is_made_of_its_parts)
{
	struct lsk_can_frame frame;

	cr_assert_eq(lsk_can_frame_set(&frame, LSK_CAN_CLASSIC, 0x123, "AB", 2), 0);
	cr_assert_str_eq(formatted(&frame), "123#4142");
	cr_assert_eq(lsk_can_frame_set(&frame, LSK_CAN_CLASSIC,
				       CAN_EFF_FLAG | CAN_RTR_FLAG | 0x123, NULL, 5),
		     0);
	cr_assert_str_eq(formatted(&frame), "00000123#R5");
	cr_assert_eq(lsk_can_frame_set(&frame, LSK_CAN_FD, 1, "123456789", 9), 0);
	cr_assert_eq(frame.len, 12);
	cr_assert_eq(lsk_can_frame_set(&frame, LSK_CAN_CLASSIC, 0x800, NULL, 0),
		     LSK_ERR_RANGE);
	cr_assert_eq(lsk_can_frame_set(&frame, LSK_CAN_CLASSIC, 1, "123456789", 9),
		     LSK_ERR_LENGTH);
	cr_assert_eq(lsk_can_frame_set(&frame, LSK_CAN_CLASSIC, 1, NULL, 1), -EINVAL);
	cr_assert_eq(lsk_can_frame_set(&frame, LSK_CAN_FD, CAN_RTR_FLAG, NULL, 0),
		     -EINVAL);
	cr_assert_eq(lsk_can_frame_set(&frame, LSK_CAN_XL, 1, "1", 1), -EINVAL);
	cr_assert_eq(lsk_can_frame_set(NULL, LSK_CAN_CLASSIC, 1, "1", 1), -EINVAL);
}

Test(can_frame, length_codes_of_fd_round_up)
{
	cr_assert_eq(lsk_can_len_to_dlc(0), 0);
	cr_assert_eq(lsk_can_len_to_dlc(8), 8);
	cr_assert_eq(lsk_can_len_to_dlc(9), 9);
	cr_assert_eq(lsk_can_len_to_dlc(48), 14);
	cr_assert_eq(lsk_can_len_to_dlc(49), 15);
	cr_assert_eq(lsk_can_len_to_dlc(1000), 15);
	for (unsigned int dlc = 0; dlc < 16; dlc++)
		cr_assert_eq(lsk_can_len_to_dlc(lsk_can_dlc_to_len(dlc)), dlc);
}
