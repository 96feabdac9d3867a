/* SPDX-License-Identifier: MIT */
/*
 * How many bits a frame takes on the wire, to the last stuffed one.
 *
 *	classic: start to CRC are stuffed: after five equal bits comes the opposite one
 *	FD:      start to data are; in the CRC field every fifth bit is a stuffed one
 *
 * After both come delimiter, acknowledge (2), end (7) and the pause between frames (3).
 */
#include <linsock/can.h>

#include <errno.h>
#include <string.h>

#include "uring/util.h"

#define TAIL_BITS 13 /* CRC delimiter, ACK, its delimiter, EOF, pause */
#define CRC15     0x4599u
#define CRC15_LEN 15

/* The CRC field of FD: stuff count (4), CRC (17 or 21), fixed stuffed bits (6 or 7). */
#define FD_CRC_SHORT   27
#define FD_CRC_LONG    32
#define FD_SHORT_BYTES 16 /* data that the short CRC covers */

/* Bits that are stuffed, as they come. */
struct stuffing {
	unsigned int bits;
	unsigned int stuffed;
	unsigned int run; /* equal bits up to now, stuffed ones included */
	unsigned int last;
	unsigned int crc;
};

static void put_bits(struct stuffing *out, uint32_t value, unsigned int count)
{
	while (count-- > 0) {
		unsigned int bit = value >> count & 1;
		unsigned int carry = (out->crc >> (CRC15_LEN - 1) & 1) ^ bit;

		out->crc = (out->crc << 1 ^ (carry ? CRC15 : 0)) & 0x7FFF;
		/* The bit that five equal ones call for stands before this one. */
		if (out->run == 5) {
			out->stuffed++;
			out->last = !out->last;
			out->run = 1;
		}
		out->run = bit == out->last ? out->run + 1 : 1;
		out->last = bit;
		out->bits++;
	}
}

static void put_data(struct stuffing *out, const struct lsk_can_frame *frame)
{
	for (unsigned int i = 0; i < frame->len && !frame->is_remote; i++)
		put_bits(out, frame->data[i], 8);
}

/* Start, and identifier up to IDE or the bit after it. */
static void put_identifier(struct stuffing *out, const struct lsk_can_frame *frame)
{
	*out = (struct stuffing){.last = 1, .run = 0};
	put_bits(out, 0, 1);
	if (!frame->is_extended) {
		put_bits(out, frame->id, 11);
		return;
	}
	put_bits(out, frame->id >> 18, 11);
	put_bits(out, 3, 2); /* SRR, IDE */
	put_bits(out, frame->id & 0x3FFFF, 18);
}

static void classic_bits(const struct lsk_can_frame *frame, struct lsk_can_bits *bits)
{
	unsigned int data = frame->is_remote ? 0 : 8u * frame->len;
	struct stuffing out;

	bits->plain = (frame->is_extended ? 67 : 47) + data;
	/* One more for every four, from the second group on; the tail has none. */
	bits->worst = bits->plain + (frame->is_extended ? 13 : 8) + data / 4;
	put_identifier(&out, frame);
	put_bits(&out, frame->is_remote, 1);
	put_bits(&out, 0, 2); /* IDE and r0, or r1 and r0 */
	put_bits(&out, frame->raw_dlc ? frame->raw_dlc : frame->len, 4);
	put_data(&out, frame);
	put_bits(&out, out.crc, CRC15_LEN);
	/* The last bit of the CRC may call for one more. */
	out.stuffed += out.run == 5;
	bits->nominal = out.bits + out.stuffed + TAIL_BITS;
}

static void fd_bits(const struct lsk_can_frame *frame, struct lsk_can_bits *bits)
{
	unsigned int crc = frame->len > FD_SHORT_BYTES ? FD_CRC_LONG : FD_CRC_SHORT;
	bool has_brs = frame->flags & LSK_CANFD_BRS;
	unsigned int arbitration, all;
	struct stuffing out;

	put_identifier(&out, frame);
	put_bits(&out, 0, 1); /* RRS */
	if (!frame->is_extended)
		put_bits(&out, 0, 1); /* IDE */
	put_bits(&out, 2, 2);         /* FDF, res */
	put_bits(&out, has_brs, 1);
	arbitration = out.bits + out.stuffed;
	put_bits(&out, !!(frame->flags & LSK_CANFD_ESI), 1);
	put_bits(&out, lsk_can_len_to_dlc(frame->len), 4);
	put_data(&out, frame);
	bits->plain = out.bits + crc + TAIL_BITS;
	bits->worst = out.bits + out.bits / 4 + crc + TAIL_BITS;
	all = out.bits + out.stuffed + crc + TAIL_BITS;
	bits->nominal = has_brs ? arbitration + TAIL_BITS : all;
	bits->data = all - bits->nominal;
}

int lsk_can_frame_bits(const struct lsk_can_frame *frame, struct lsk_can_bits *ret_bits)
{
	if (!frame || !ret_bits)
		return -EINVAL;
	if (frame->kind != LSK_CAN_CLASSIC && frame->kind != LSK_CAN_FD)
		return -EOPNOTSUPP;
	if (frame->len >
	    (frame->kind == LSK_CAN_FD ? LSK_CANFD_DATA_MAX : LSK_CAN_DATA_MAX))
		return LSK_ERR_LENGTH;
	*ret_bits = (struct lsk_can_bits){0};
	if (frame->kind == LSK_CAN_FD)
		fd_bits(frame, ret_bits);
	else
		classic_bits(frame, ret_bits);
	return 0;
}
