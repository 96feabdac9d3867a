/* SPDX-License-Identifier: MIT */
/*
 * candump's view of a frame, byte for byte:
 *
 *	123   [8]  41 42 43 01 02 DE AD FF   'ABC.....'
 *	1F334455  [02]  AA BB
 *	20000080   [8]  00 00 00 00 00 00 00 00   ERRORFRAME
 */
#include "tools/can_view.h"

#include <linux/can.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SWAP_MARK     '`'
#define XL_SHOWN_MAX  64
#define SHORT_LEN_MAX 8 /* up to here ASCII and the word ERRORFRAME follow the data */

static const char hex_digits[] = "0123456789ABCDEF";

static char *put_hex(char *out, uint32_t value, int digits)
{
	for (int i = digits; i-- > 0; value >>= 4)
		out[i] = hex_digits[value & 0xF];
	return out + digits;
}

static char *put_byte(char *out, uint8_t byte)
{
	out[0] = hex_digits[byte >> 4];
	out[1] = hex_digits[byte & 0xF];
	return out + 2;
}

static char *put_text(char *out, const char *text)
{
	return stpcpy(out, text);
}

static char *put_blanks(char *out, size_t count)
{
	memset(out, ' ', count);
	return out + count;
}

static char *put_id(char *out, const struct lsk_can_frame *frame, unsigned int view)
{
	if (frame->kind == LSK_CAN_ERROR)
		return put_hex(out, frame->id | CAN_ERR_FLAG, 8);
	if (frame->is_extended)
		return put_hex(out, frame->id, 8);
	if (view & CAN_VIEW_INDENT)
		out = put_blanks(out, 5);
	return put_hex(out, frame->id, 3);
}

/* " [0007] (45|81:00:12345678) 11 22", at most 64 bytes. */
static char *put_xl(char *out, const struct lsk_can_frame *frame)
{
	size_t len = frame->len < XL_SHOWN_MAX ? frame->len : XL_SHOWN_MAX;

	out += sprintf(out, " [%04d] (%02X|%02X:%02X:%08X) ", frame->len, frame->vcid,
		       frame->flags, frame->sdt, frame->acceptance);
	for (size_t i = 0; i < len; i++) {
		if (i > 0)
			*out++ = ' ';
		out = put_byte(out, frame->data[i]);
	}
	return frame->len > len ? put_text(out, " ...") : out;
}

static char *put_len(char *out, const struct lsk_can_frame *frame, unsigned int view)
{
	if (frame->kind == LSK_CAN_FD) {
		out = put_text(out, "  [");
		*out++ = (char)('0' + frame->len / 10);
		*out++ = (char)('0' + frame->len % 10);
	} else {
		out = put_text(out, view & CAN_VIEW_DLC ? "   {" : "   [");
		*out++ = hex_digits[view & CAN_VIEW_DLC && frame->raw_dlc
					    ? frame->raw_dlc
					    : frame->len];
	}
	*out++ = view & CAN_VIEW_DLC && frame->kind != LSK_CAN_FD ? '}' : ']';
	*out++ = ' ';
	return out;
}

static char *put_bits(char *out, uint8_t byte)
{
	for (int bit = 7; bit >= 0; bit--)
		*out++ = byte & 1u << bit ? '1' : '0';
	return out;
}

static char *put_data(char *out, const struct lsk_can_frame *frame, unsigned int view)
{
	size_t len = frame->len;

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = frame->data[view & CAN_VIEW_SWAP ? len - 1 - i : i];

		*out++ = view & CAN_VIEW_SWAP && i > 0 ? SWAP_MARK : ' ';
		out = view & CAN_VIEW_BINARY ? put_bits(out, byte)
					     : put_byte(out, byte);
	}
	return out;
}

static char *put_ascii(char *out, const struct lsk_can_frame *frame, unsigned int view)
{
	char mark = view & CAN_VIEW_SWAP ? SWAP_MARK : '\'';

	*out++ = mark;
	for (size_t i = 0; i < frame->len; i++) {
		uint8_t byte =
			frame->data[view & CAN_VIEW_SWAP ? frame->len - 1u - i : i];

		*out++ = (char)(byte > 0x1F && byte < 0x7F ? byte : '.');
	}
	*out++ = mark;
	return out;
}

/* What follows the data at a fixed column. */
static char *put_tail(char *out, const struct lsk_can_frame *frame, unsigned int view)
{
	size_t width = view & CAN_VIEW_BINARY ? 9 : 3;

	if (frame->len > SHORT_LEN_MAX)
		return out;
	if (frame->kind == LSK_CAN_ERROR) {
		out = put_blanks(out, width * (SHORT_LEN_MAX - frame->len) + 3);
		return put_text(out, "ERRORFRAME");
	}
	if (!(view & CAN_VIEW_ASCII))
		return out;
	out = put_blanks(out, width * (SHORT_LEN_MAX - frame->len) + 3);
	return put_ascii(out, frame, view);
}

char *can_view_put(char *out, const struct lsk_can_frame *frame, unsigned int view)
{
	int len;

	out = put_id(out, frame, view);
	if (frame->kind == LSK_CAN_XL)
		return put_xl(out, frame);
	out = put_len(out, frame, view);
	if (frame->is_remote)
		return put_text(out, " remote request");
	out = put_tail(put_data(out, frame, view), frame, view);
	if (frame->kind != LSK_CAN_ERROR || !(view & CAN_VIEW_ERROR))
		return out;
	out = put_text(out, "\n\t");
	len = lsk_can_error_format(frame, "\n\t", out, CAN_VIEW_MAX / 2);
	return len > 0 ? out + len : out;
}

/* Write the second as the mode shows it, once per second. */
static void clock_set_second(struct can_view_clock *clock, int64_t second)
{
	time_t time = (time_t)second;
	struct tm local;

	clock->text_second = second;
	if (clock->mode == 'a') {
		clock->text_len = sprintf(clock->text, "(%010lld.", (long long)second);
	} else if (clock->mode == 'A') {
		localtime_r(&time, &local);
		clock->text_len = (int)strftime(clock->text, sizeof(clock->text),
						"(%Y-%m-%d %H:%M:%S.", &local);
	} else {
		clock->text_len = sprintf(clock->text, "(%03lld.", (long long)second);
	}
}

static char *put_decimals(char *out, uint32_t value, int digits)
{
	for (int i = digits; i-- > 0; value /= 10)
		out[i] = (char)('0' + value % 10);
	return out + digits;
}

/* Time since what the mode counts from; never negative, as clocks step back. */
static int64_t clock_difference(struct can_view_clock *clock, int64_t time_ns)
{
	int64_t unit = clock->is_nano ? 1 : 1000;
	int64_t difference;

	/* candump counts in the unit that it prints. */
	time_ns -= time_ns % unit;
	if (!clock->is_started) {
		clock->is_started = true;
		clock->last_ns = time_ns;
	}
	difference = time_ns - clock->last_ns;
	if (clock->mode == 'd')
		clock->last_ns = time_ns;
	return difference > 0 ? difference : 0;
}

char *can_view_clock_put(struct can_view_clock *clock, char *out, int64_t time_ns)
{
	int64_t second;
	uint32_t nanos;

	if (!clock->mode)
		return out;
	if (clock->mode == 'd' || clock->mode == 'z')
		time_ns = clock_difference(clock, time_ns);
	second = time_ns / LSK_NSEC_PER_SEC;
	nanos = (uint32_t)(time_ns % LSK_NSEC_PER_SEC);
	if (second != clock->text_second || clock->text_len == 0)
		clock_set_second(clock, second);
	memcpy(out, clock->text, CAN_TIME_MAX / 2);
	out += clock->text_len;
	out = clock->is_nano ? put_decimals(out, nanos, 9)
			     : put_decimals(out, nanos / 1000, 6);
	*out++ = ')';
	*out++ = ' ';
	return out;
}
