/* SPDX-License-Identifier: MIT */
/* The frames that cangen would make. */
#include <string.h>

#include "tools/can_gen.h"

#define XL_FLAGS  (LSK_CANXL_SEC | LSK_CANXL_RRS)
#define XL_FILLER 0xCC /* the data of an XL frame whose length was to be 0 */

/* xorshift64*: three instructions where random(3) takes a lock. */
static uint32_t next_random(struct can_gen *gen)
{
	gen->seed ^= gen->seed >> 12;
	gen->seed ^= gen->seed << 25;
	gen->seed ^= gen->seed >> 27;
	return (uint32_t)(gen->seed * UINT64_C(0x2545F4914F6CDD1D) >> 32);
}

void can_gen_make_id(struct can_gen *gen, struct lsk_can_frame *frame)
{
	struct can_gen_field *id = &gen->id;
	/* An XL frame's priority has 11 bits. */
	bool is_extended = gen->is_extended && !gen->is_xl;
	uint32_t mask = is_extended ? LSK_CAN_EXTENDED_ID_MAX : LSK_CAN_ID_MAX;

	if (id->mode == CAN_GEN_RANDOM)
		id->value = next_random(gen);
	else if (id->mode == CAN_GEN_EVEN)
		id->value = next_random(gen) & ~1u;
	else if (id->mode == CAN_GEN_ODD)
		id->value = next_random(gen) | 1;
	frame->id = id->value & mask;
	frame->is_extended = is_extended;
	if (id->mode == CAN_GEN_INCREMENT)
		id->value++;
}

static void choose_len(struct can_gen *gen, struct lsk_can_frame *frame)
{
	bool is_fixed = gen->len.mode == CAN_GEN_FIXED;
	bool is_random = gen->len.mode == CAN_GEN_RANDOM;
	uint32_t code = gen->len.value;

	if (is_random)
		code = next_random(gen) & (gen->is_xl ? 0x3F : 0xF);
	if (gen->is_xl) {
		frame->len = (uint16_t)(is_random  ? code + 1
					: is_fixed ? code
						   : lsk_can_dlc_to_len(code));
	} else if (gen->is_fd) {
		frame->len = (uint16_t)(is_fixed ? lsk_can_dlc_to_len(
							   lsk_can_len_to_dlc(code))
						 : lsk_can_dlc_to_len(code));
	} else {
		frame->len = (uint16_t)(code > 8 ? 8 : code);
		frame->raw_dlc =
			gen->has_raw_dlc && code > 8 && code < 16 ? (uint8_t)code : 0;
	}
	if (gen->len.mode == CAN_GEN_INCREMENT) {
		bool has_codes = gen->has_raw_dlc ||
				 ((gen->is_fd || gen->is_xl) && !gen->is_mixed);

		gen->len.value = (gen->len.value + 1) % (has_codes ? 16 : 9);
	}
	if (gen->data_mode == CAN_GEN_INCREMENT && frame->len == 0)
		frame->len = 1;
}

static void choose_data(struct can_gen *gen, struct lsk_can_frame *frame)
{
	uint32_t words[2];

	if (gen->data_mode == CAN_GEN_INCREMENT) {
		memset(frame->data, 0, LSK_CANFD_DATA_MAX);
		for (size_t i = 0; i < 8; i++)
			frame->data[i] = (uint8_t)(gen->counter >> 8 * i);
		gen->counter++;
		return;
	}
	if (gen->data_mode == CAN_GEN_RANDOM) {
		words[0] = next_random(gen);
		words[1] = next_random(gen);
		/* Longer data repeats the first eight bytes, as cangen's does. */
		for (size_t i = 0; i < frame->len; i += sizeof(words))
			memcpy(frame->data + i, words, sizeof(words));
		return;
	}
	for (size_t i = 0; i < frame->len; i++)
		frame->data[i] =
			gen->data[i] |
			(gen->random_mask[i]
				 ? (uint8_t)(next_random(gen) & gen->random_mask[i])
				 : 0);
}

/* One that is incremented begins with 1, as cangen's do. */
static uint32_t choose_field(struct can_gen_field *field, uint32_t chance)
{
	if (field->mode == CAN_GEN_INCREMENT)
		return ++field->value;
	return field->mode == CAN_GEN_FIXED ? field->value : chance;
}

static void choose_xl(struct can_gen *gen, struct lsk_can_frame *frame)
{
	uint32_t chance = next_random(gen);

	if (frame->len == 0) {
		frame->len = 1;
		frame->data[0] = XL_FILLER;
	}
	frame->flags = (uint8_t)(LSK_CANXL_XLF |
				 (choose_field(&gen->xl_flags, chance) & XL_FLAGS));
	frame->sdt = (uint8_t)choose_field(&gen->xl_sdt, chance);
	frame->acceptance = choose_field(&gen->xl_acceptance, chance);
	frame->vcid = (uint8_t)choose_field(&gen->xl_vcid, chance >> 16);
}

/* After each frame: what the next one shall be. */
static void mix(struct can_gen *gen)
{
	uint32_t chance = next_random(gen);

	gen->is_extended = chance & 1;
	gen->is_fd = chance & 2;
	if (gen->is_fd)
		gen->fd_flags = (uint8_t)((chance & 4 ? LSK_CANFD_BRS : 0) |
					  (chance & 8 ? LSK_CANFD_ESI : 0));
	gen->is_xl = gen->mixes_xl && (chance & 96) == 96;
	gen->is_remote = (chance & 24) == 24;
}

bool can_gen_is_constant(const struct can_gen *gen)
{
	static const uint8_t none[LSK_CANFD_DATA_MAX];

	return gen->len.mode == CAN_GEN_FIXED && gen->data_mode == CAN_GEN_FIXED &&
	       !gen->is_mixed && !gen->is_xl &&
	       memcmp(gen->random_mask, none, sizeof(none)) == 0;
}

void can_gen_make(struct can_gen *gen, struct lsk_can_frame *frame)
{
	memset(frame, 0, offsetof(struct lsk_can_frame, data));
	frame->kind = gen->is_xl   ? LSK_CAN_XL
		      : gen->is_fd ? LSK_CAN_FD
				   : LSK_CAN_CLASSIC;
	frame->flags = gen->is_fd ? gen->fd_flags : 0;
	frame->is_remote = gen->is_remote && !gen->is_fd && !gen->is_xl;
	can_gen_make_id(gen, frame);
	choose_len(gen, frame);
	choose_data(gen, frame);
	if (gen->is_xl)
		choose_xl(gen, frame);
	if (gen->is_mixed)
		mix(gen);
}
