/* SPDX-License-Identifier: MIT */
/* Bits on the wire, against frames that were written out and stuffed the plain way. */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can/netlink.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/can.h>
#include <linsock/rtnl_can.h>

#include "families/rtnl.h"

/* A frame as a string of '0' and '1'. */
struct wire {
	char bits[1024];
	size_t count;
};

static void put(struct wire *wire, uint32_t value, int count)
{
	while (count-- > 0)
		wire->bits[wire->count++] = value >> count & 1 ? '1' : '0';
}

static unsigned int crc15(const struct wire *wire)
{
	unsigned int crc = 0;

	for (size_t i = 0; i < wire->count; i++) {
		bool carry = (crc >> 14 & 1) != (unsigned int)(wire->bits[i] - '0');

		crc = crc << 1 & 0x7FFF;
		if (carry)
			crc ^= 0x4599;
	}
	return crc;
}

/* Bits of the stuffed form: after "00000" comes '1', after "11111" comes '0'. */
static size_t stuffed_length(const struct wire *wire)
{
	char out[2048] = "";
	size_t count = 0;

	for (size_t i = 0; i < wire->count; i++) {
		out[count++] = wire->bits[i];
		if (count >= 5 && memcmp(out + count - 5, "00000", 5) == 0)
			out[count++] = '1';
		else if (count >= 5 && memcmp(out + count - 5, "11111", 5) == 0)
			out[count++] = '0';
	}
	return count;
}

static size_t plain_way(const struct lsk_can_frame *frame)
{
	struct wire wire = {.count = 0};

	put(&wire, 0, 1);
	if (frame->is_extended) {
		put(&wire, frame->id >> 18, 11);
		put(&wire, 3, 2);
		put(&wire, frame->id & 0x3FFFF, 18);
		put(&wire, frame->is_remote, 1);
		put(&wire, 0, 2);
	} else {
		put(&wire, frame->id, 11);
		put(&wire, frame->is_remote, 1);
		put(&wire, 0, 2);
	}
	put(&wire, frame->len, 4);
	for (int i = 0; i < frame->len && !frame->is_remote; i++)
		put(&wire, frame->data[i], 8);
	put(&wire, crc15(&wire), 15);
	return stuffed_length(&wire) + 13;
}

Test(can_bits, every_classic_frame_has_the_bits_of_its_stuffed_form)
{
	struct lsk_can_frame *frame = calloc(1, sizeof(*frame));
	struct lsk_can_bits bits;
	unsigned int seed = 1;

	for (int round = 0; round < 20000; round++) {
		int pattern = rand_r(&seed) % 4;

		frame->is_extended = rand_r(&seed) & 1;
		frame->is_remote = rand_r(&seed) % 8 == 0;
		frame->id = (uint32_t)rand_r(&seed) &
			    (frame->is_extended ? 0x1FFFFFFF : 0x7FF);
		frame->len = (uint16_t)(rand_r(&seed) % 9);
		for (int i = 0; i < 8; i++)
			frame->data[i] = pattern == 0   ? 0
					 : pattern == 1 ? 0xFF
					 : pattern == 2 ? 0xF8
							: (uint8_t)rand_r(&seed);
		cr_assert_eq(lsk_can_frame_bits(frame, &bits), 0);
		cr_assert_eq(bits.nominal, plain_way(frame), "round %d", round);
		cr_assert_eq(bits.data, 0);
		cr_assert_leq(bits.plain, bits.nominal);
		cr_assert_leq(bits.nominal, bits.worst);
	}
	free(frame);
}

Test(can_bits, fd_splits_at_the_bit_rate_switch)
{
	struct lsk_can_frame frame;
	struct lsk_can_bits slow, fast;

	/* Alternating bits need no stuffing past the identifier. */
	cr_assert_eq(lsk_can_frame_parse(&frame, "555##0AA55AA55", NULL), 0);
	cr_assert_eq(lsk_can_frame_bits(&frame, &slow), 0);
	cr_assert_eq(slow.data, 0);
	frame.flags |= LSK_CANFD_BRS;
	cr_assert_eq(lsk_can_frame_bits(&frame, &fast), 0);
	/* ESI, DLC, 4 bytes, the CRC field of 27. */
	cr_assert_eq(fast.data, 1 + 4 + 32 + 27);
	cr_assert_eq(fast.plain, 17 + 1 + 4 + 32 + 27 + 13);
	cr_assert_eq(lsk_can_frame_parse(&frame,
					 "555##1AA55AA55AA55AA55AA55AA55AA55AA55"
					 "AA55AA55",
					 NULL),
		     0);
	cr_assert_eq(lsk_can_frame_bits(&frame, &fast), 0);
	cr_assert_eq(fast.data, 1 + 4 + 160 + 32, "21 bits of CRC from 20 bytes on");
}

Test(can_bits, other_kinds_are_refused)
{
	struct lsk_can_frame *frame = calloc(1, sizeof(*frame));
	struct lsk_can_bits bits;

	frame->kind = LSK_CAN_ERROR;
	cr_assert_eq(lsk_can_frame_bits(frame, &bits), -EOPNOTSUPP);
	frame->kind = LSK_CAN_CLASSIC;
	frame->len = 9;
	cr_assert_eq(lsk_can_frame_bits(frame, &bits), LSK_ERR_LENGTH);
	cr_assert_eq(lsk_can_frame_bits(NULL, &bits), -EINVAL);
	free(frame);
}

/* The limits of the SJA1000, as its driver has them. */
static const struct can_bittiming_const sja1000 = {
	.tseg1_min = 1,
	.tseg1_max = 16,
	.tseg2_min = 1,
	.tseg2_max = 8,
	.sjw_max = 4,
	.brp_min = 1,
	.brp_max = 64,
	.brp_inc = 1,
};

Test(can_timing, the_field_s_rates_are_exact)
{
	/* Rate and point as the kernel chooses them for 8 MHz. */
	static const struct {
		uint32_t bitrate, point;
	} rates[] = {
		{1000000, 750}, {500000, 875}, {250000, 875},
		{125000, 875},  {100000, 875}, {50000, 875},
	};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct can_bittiming timing;
		uint32_t quanta;

		cr_assert_eq(
			lsk_can_timing(&sja1000, 8000000, rates[i].bitrate, 0, &timing),
			0);
		quanta = 1 + timing.prop_seg + timing.phase_seg1 + timing.phase_seg2;
		cr_assert_eq(timing.bitrate, rates[i].bitrate);
		cr_assert_eq(8000000 / (timing.brp * quanta), rates[i].bitrate);
		cr_assert_eq(timing.sample_point, rates[i].point, "%u: %u",
			     rates[i].bitrate, timing.sample_point);
	}
}

Test(can_timing, what_comes_out_is_within_the_limits)
{
	unsigned int seed = 7;
	int found = 0;

	for (int round = 0; round < 5000; round++) {
		uint32_t clock = 1000000 + (uint32_t)rand_r(&seed) % 79000000;
		uint32_t bitrate = 10000 + (uint32_t)rand_r(&seed) % 990000;
		uint32_t point = 500 + (uint32_t)rand_r(&seed) % 400;
		struct can_bittiming timing;
		int r = lsk_can_timing(&sja1000, clock, bitrate, point, &timing);
		uint32_t tseg1, quanta;

		if (r == -EDOM)
			continue;
		cr_assert_eq(r, 0);
		found++;
		tseg1 = timing.prop_seg + timing.phase_seg1;
		quanta = 1 + tseg1 + timing.phase_seg2;
		cr_assert(tseg1 >= 1 && tseg1 <= 16);
		cr_assert(timing.phase_seg2 >= 1 && timing.phase_seg2 <= 8);
		cr_assert(timing.brp >= 1 && timing.brp <= 64);
		cr_assert(timing.sjw >= 1 && timing.sjw <= 4 &&
			  timing.sjw <= timing.phase_seg2);
		cr_assert_eq(timing.bitrate, clock / (timing.brp * quanta));
		cr_assert_leq(abs((int)timing.bitrate - (int)bitrate),
			      (int)(bitrate / 20 + 1));
	}
	cr_assert_gt(found, 2500);
}

Test(can_timing, what_cannot_be_is_refused)
{
	struct can_bittiming timing;

	cr_assert_eq(lsk_can_timing(&sja1000, 8000000, 5000000, 0, &timing), -EDOM);
	cr_assert_eq(lsk_can_timing(&sja1000, 0, 500000, 0, &timing), -EINVAL);
	cr_assert_eq(lsk_can_timing(&sja1000, 8000000, 500000, 1000, &timing), -EINVAL);
	cr_assert_eq(lsk_can_timing(NULL, 8000000, 500000, 0, &timing), -EINVAL);
}

/* An attribute of the kernel's numbers, as uapi/linux/can/netlink.h of 7.2 has them. */
static const struct nlattr *find(const void *bytes, size_t len, unsigned int type)
{
	const char *at = bytes;

	while (len >= sizeof(struct nlattr)) {
		const struct nlattr *attribute = (const void *)at;
		size_t step = NLA_ALIGN(attribute->nla_len);

		if ((attribute->nla_type & NLA_TYPE_MASK) == type)
			return attribute;
		if (step == 0 || step > len)
			break;
		at += step;
		len -= step;
	}
	cr_assert(false, "no attribute %u", type);
	return NULL;
}

/* No driver of a distribution has XL yet, so what is built is looked at itself. */
Test(can_link, what_is_set_for_xl_goes_by_the_kernels_numbers_and_comes_back)
{
	const struct lsk_rtnl_can can = {
		.has = LSK_SET(LSK_CAN_XL_DATA_BITTIMING) |
		       LSK_SET(LSK_CAN_XL_TDC_OFFSET) | LSK_SET(LSK_CAN_XL_PWM_SHORT) |
		       LSK_SET(LSK_CAN_XL_PWM_LONG) | LSK_SET(LSK_CAN_XL_PWM_OFFSET) |
		       LSK_SET(LSK_CAN_CONTROL_MODE),
		.xl_data_bittiming = {.bitrate = 10000000, .sample_point = 750},
		.xl_tdc_offset = 7,
		.xl_pwm_short = 3,
		.xl_pwm_long = 5,
		.xl_pwm_offset = 1,
		.control_mode = {.mask = LSK_CAN_MODE_XL | LSK_CAN_MODE_XL_TMS,
				 .flags = LSK_CAN_MODE_XL},
	};
	struct lsk_rtnl_can seen = {0};
	struct lsk_nl_bytes bytes;
	const struct nlattr *attribute;
	uint32_t number;
	LSK_NL_MSG(msg, 1024);

	lsk_nl_msg_start(&msg, RTM_NEWLINK, 0, NULL, 0);
	lsk_nl_build_attributes(&msg, &rtnl_can_table, &can);
	bytes.data = msg.header + 1;
	bytes.len = msg.header->nlmsg_len - sizeof(*msg.header);
	attribute = find(bytes.data, bytes.len, 18);
	cr_assert_eq(memcmp(attribute + 1, &can.xl_data_bittiming,
			    sizeof(can.xl_data_bittiming)),
		     0);
	attribute = find(bytes.data, bytes.len, 22);
	attribute = find(attribute + 1, attribute->nla_len - sizeof(*attribute), 8);
	memcpy(&number, attribute + 1, sizeof(number));
	cr_assert_eq(number, 5, "PWML");
	attribute = find(bytes.data, bytes.len, 21);
	attribute = find(attribute + 1, attribute->nla_len - sizeof(*attribute), 8);
	memcpy(&number, attribute + 1, sizeof(number));
	cr_assert_eq(number, 7, "TDCO");
	cr_assert_eq(lsk_nl_parse_attributes(bytes, &rtnl_can_table, &seen), 0);
	cr_assert_eq(seen.has, can.has);
	cr_assert_eq(memcmp(&seen, &can, sizeof(can)), 0);
}
