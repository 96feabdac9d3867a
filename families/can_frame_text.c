/* SPDX-License-Identifier: MIT */
/* The text of a frame, read and written. */
#include <linsock/can.h>

#include <errno.h>
#include <linux/can.h>
#include <string.h>

#include "families/can_text.h"

#define XL_HEADER_TEXT_LEN 14 /* "80:00:12345678" */

static int expect(struct can_cursor *cursor, char wanted, const char *text)
{
	if (*cursor->at != wanted)
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX, text);
	cursor->at++;
	return 0;
}

/* "_9" to "_F" after eight bytes or "R8". */
static int parse_raw_dlc(struct can_cursor *cursor, struct lsk_can_frame *frame)
{
	int dlc;

	if (*cursor->at != '_')
		return 0;
	cursor->at++;
	if (frame->len != LSK_CAN_DATA_MAX)
		return can_cursor_fault(cursor, LSK_ERR_RANGE,
					"a raw DLC needs a length of 8");
	dlc = text_hex_digit(*cursor->at);
	if (dlc <= LSK_CAN_DATA_MAX)
		return can_cursor_fault(cursor, LSK_ERR_RANGE, "a raw DLC is 9 to F");
	frame->raw_dlc = (uint8_t)dlc;
	cursor->at++;
	return 0;
}

static int parse_remote(struct can_cursor *cursor, struct lsk_can_frame *frame)
{
	int len;

	if (frame->kind == LSK_CAN_ERROR)
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"an error frame is no remote request");
	cursor->at++;
	frame->is_remote = true;
	memset(frame->data, 0, LSK_CAN_DATA_MAX);
	if (!*cursor->at)
		return 0;
	len = text_hex_digit(*cursor->at);
	if (len < 0)
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"a length of 0 to 8 was expected");
	if (len > LSK_CAN_DATA_MAX)
		return can_cursor_fault(cursor, LSK_ERR_RANGE,
					"a remote request asks for 0 to 8 bytes");
	frame->len = (uint16_t)len;
	cursor->at++;
	return parse_raw_dlc(cursor, frame);
}

static int parse_data(struct can_cursor *cursor, struct lsk_can_frame *frame,
		      size_t max)
{
	while (*cursor->at && *cursor->at != '_') {
		uint32_t byte;
		int r;

		/* One separator is skipped, also a last one, as the field's tools do.
		 */
		if (*cursor->at == '.')
			cursor->at++;
		if (!*cursor->at)
			break;
		if (frame->len == max)
			return can_cursor_fault(cursor, LSK_ERR_LENGTH,
						"more data than the frame can hold");
		r = can_cursor_hex(cursor, 2, &byte);
		if (r < 0)
			return r;
		frame->data[frame->len++] = (uint8_t)byte;
	}
	return 0;
}

static int parse_fd(struct can_cursor *cursor, struct lsk_can_frame *frame)
{
	uint32_t flags;
	size_t padded;
	int r;

	if (frame->kind == LSK_CAN_ERROR)
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"an error frame is a classic one");
	cursor->at++;
	frame->kind = LSK_CAN_FD;
	r = can_cursor_hex(cursor, 1, &flags);
	if (r < 0)
		return r;
	frame->flags = (uint8_t)flags;
	r = parse_data(cursor, frame, LSK_CANFD_DATA_MAX);
	if (r < 0)
		return r;
	padded = lsk_can_dlc_to_len(lsk_can_len_to_dlc(frame->len));
	memset(frame->data + frame->len, 0, padded - frame->len);
	frame->len = (uint16_t)padded;
	return 0;
}

static int parse_xl(struct can_cursor *cursor, struct lsk_can_frame *frame)
{
	uint32_t flags = 0, sdt = 0;
	int r;

	frame->kind = LSK_CAN_XL;
	r = can_cursor_hex(cursor, 2, &flags);
	if (r == 0)
		r = expect(cursor, ':', "\":\" and the SDT were expected");
	if (r == 0)
		r = can_cursor_hex(cursor, 2, &sdt);
	if (r == 0)
		r = expect(cursor, ':', "\":\" and the acceptance field were expected");
	if (r == 0)
		r = can_cursor_hex(cursor, 8, &frame->acceptance);
	if (r == 0)
		r = expect(cursor, '#', "\"#\" and data were expected");
	if (r < 0)
		return r;
	frame->flags = (uint8_t)(flags | LSK_CANXL_XLF);
	frame->sdt = (uint8_t)sdt;
	r = parse_data(cursor, frame, LSK_CANXL_DATA_MAX);
	if (r < 0)
		return r;
	if (frame->len == 0)
		return can_cursor_fault(cursor, LSK_ERR_LENGTH,
					"an XL frame has at least one byte");
	return 0;
}

/* The part before "#": its number of digits says what it is. */
static int parse_id(struct can_cursor *cursor, struct lsk_can_frame *frame)
{
	size_t digits = can_hex_count(cursor->at);
	uint32_t id = 0;

	if (cursor->at[digits] != '#' || (digits != 3 && digits != 5 && digits != 8)) {
		cursor->at += digits;
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"3, 8 or (XL) 5 hexadecimal digits and \"#\" "
					"were expected");
	}
	can_cursor_hex(cursor, (unsigned int)digits, &id);
	if (digits == 5) {
		frame->kind = LSK_CAN_XL;
		frame->vcid = (uint8_t)(id >> 12);
		id &= 0xFFF;
	} else if (digits == 8 && id & CAN_ERR_FLAG) {
		frame->kind = LSK_CAN_ERROR;
		id &= ~CAN_ERR_FLAG;
	} else {
		frame->is_extended = digits == 8;
	}
	if (id > (digits == 8 ? LSK_CAN_EXTENDED_ID_MAX : LSK_CAN_ID_MAX)) {
		cursor->at = cursor->start;
		return can_cursor_fault(cursor, LSK_ERR_RANGE,
					digits == 8 ? "the identifier exceeds 1FFFFFFF"
						    : "the identifier exceeds 7FF");
	}
	frame->id = id;
	cursor->at++; /* the "#" that was seen above */
	return 0;
}

static int parse_body(struct can_cursor *cursor, struct lsk_can_frame *frame)
{
	int r;

	if (frame->kind == LSK_CAN_XL)
		return parse_xl(cursor, frame);
	if (*cursor->at == '#')
		return parse_fd(cursor, frame);
	if (*cursor->at == 'R' || *cursor->at == 'r')
		return parse_remote(cursor, frame);
	r = parse_data(cursor, frame, LSK_CAN_DATA_MAX);
	if (r < 0)
		return r;
	return frame->kind == LSK_CAN_CLASSIC ? parse_raw_dlc(cursor, frame) : 0;
}

int lsk_can_frame_parse(struct lsk_can_frame *ret_frame, const char *text,
			struct lsk_error *ret_error)
{
	struct can_cursor cursor = {.start = text, .at = text, .error = ret_error};
	struct lsk_can_frame frame;
	int r;

	if (!ret_frame || !text)
		return error_set(ret_error, -EINVAL, 0, "no frame text");
	memset(&frame, 0, offsetof(struct lsk_can_frame, data));
	r = parse_id(&cursor, &frame);
	if (r == 0)
		r = parse_body(&cursor, &frame);
	if (r < 0)
		return r;
	if (*cursor.at)
		return can_cursor_fault(&cursor, LSK_ERR_SYNTAX,
					"the frame should end here");
	memcpy(ret_frame, &frame, offsetof(struct lsk_can_frame, data));
	memcpy(ret_frame->data, frame.data, frame.len);
	return 0;
}

/* What is needed to print a frame; what came from a bus may break the finer rules. */
static int printable_check(const struct lsk_can_frame *frame)
{
	static const uint16_t len_max[LSK_CAN_KIND__COUNT] = {
		[LSK_CAN_CLASSIC] = LSK_CAN_DATA_MAX,
		[LSK_CAN_FD] = LSK_CANFD_DATA_MAX,
		[LSK_CAN_XL] = LSK_CANXL_DATA_MAX,
		[LSK_CAN_ERROR] = LSK_CAN_DATA_MAX,
	};

	if (!frame || frame->kind >= LSK_CAN_KIND__COUNT)
		return -EINVAL;
	return frame->len > len_max[frame->kind] ? LSK_ERR_LENGTH : 0;
}

/* The longest text of @frame and its NUL. */
static size_t text_size(const struct lsk_can_frame *frame)
{
	return sizeof("20000000##_F") + XL_HEADER_TEXT_LEN + 3 * (size_t)frame->len;
}

static char *put_head(char *out, const struct lsk_can_frame *frame)
{
	switch (frame->kind) {
	case LSK_CAN_XL:
		out = can_put_hex(out, frame->vcid, 2);
		out = can_put_hex(out, frame->id, 3);
		*out++ = '#';
		out = can_put_hex(out, frame->flags, 2);
		*out++ = ':';
		out = can_put_hex(out, frame->sdt, 2);
		*out++ = ':';
		out = can_put_hex(out, frame->acceptance, 8);
		break;
	case LSK_CAN_ERROR:
		out = can_put_hex(out, frame->id | CAN_ERR_FLAG, 8);
		break;
	default:
		out = can_put_hex(out, frame->id, frame->is_extended ? 8 : 3);
		break;
	}
	*out++ = '#';
	return out;
}

static char *put_body(char *out, const struct lsk_can_frame *frame, bool dots)
{
	if (frame->is_remote) {
		*out++ = 'R';
		if (frame->len > 0)
			out = can_put_hex(out, frame->len, 1);
	} else {
		if (frame->kind == LSK_CAN_FD) {
			*out++ = '#';
			out = can_put_hex(out, frame->flags, 1);
			if (dots && frame->len > 0)
				*out++ = '.';
		}
		out = can_put_bytes(out, frame->data, frame->len, dots ? '.' : '\0');
	}
	if (frame->raw_dlc) {
		*out++ = '_';
		out = can_put_hex(out, frame->raw_dlc, 1);
	}
	return out;
}

int lsk_can_frame_format(const struct lsk_can_frame *frame, enum lsk_can_format format,
			 char *buf, size_t size)
{
	char small[LSK_CAN_TEXT_MAX];
	bool is_roomy;
	char *out, *end;
	int r = printable_check(frame);

	if (r < 0)
		return r;
	if (!buf)
		return -EINVAL;
	/* Written where it belongs if any text fits, else measured aside. */
	is_roomy = size >= text_size(frame);
	out = is_roomy ? buf : small;
	end = put_body(put_head(out, frame), frame, format == LSK_CAN_FORMAT_DOTS);
	*end = '\0';
	if (!is_roomy) {
		if ((size_t)(end - out) >= size) {
			if (size > 0)
				buf[0] = '\0';
			return -ENOSPC;
		}
		memcpy(buf, out, (size_t)(end - out) + 1);
	}
	return (int)(end - out);
}
