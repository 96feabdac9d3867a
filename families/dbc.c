/* SPDX-License-Identifier: MIT */
/*
 * The compiled form of a DBC file: messages found by hashing, signals read with one
 * load. Eight bytes are loaded from the byte where a signal begins; one that does not
 * begin at a byte's edge may reach into the ninth. A frame's data has room for that.
 */
#include "families/dbc.h"

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/error.h"

#define CHUNK_SIZE (64u << 10)
#define SLOTS_MIN  64
#define LOAD_BITS  64

void *dbc_allocate(struct lsk_dbc *dbc, size_t size)
{
	struct dbc_chunk *chunk = dbc->chunks;
	void *memory;

	size = (size + 15) & ~(size_t)15;
	if (!chunk || chunk->size - chunk->used < size) {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		chunk = calloc(1, sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		chunk->size = room;
		chunk->next = dbc->chunks;
		dbc->chunks = chunk;
	}
	memory = chunk->bytes + chunk->used;
	chunk->used += size;
	return memory;
}

struct lsk_dbc *lsk_dbc_free(struct lsk_dbc *dbc)
{
	if (!dbc)
		return NULL;
	for (size_t i = 0; i < dbc->count; i++) {
		free(dbc->messages[i].signals);
		free(dbc->messages[i].codes);
	}
	while (dbc->chunks) {
		struct dbc_chunk *chunk = dbc->chunks;

		dbc->chunks = chunk->next;
		free(chunk);
	}
	free(dbc->messages);
	free(dbc->slots);
	free(dbc);
	return NULL;
}

/* The slot of an identifier: its own, or the free one where it would be. */
static uint32_t *slot_of(const struct lsk_dbc *dbc, uint32_t id, bool is_extended)
{
	/* Multiplied by 2^32 / phi, neighbours lie far apart. */
	uint32_t hash = (id ^ (uint32_t)is_extended << 31) * 0x9E3779B1u;
	size_t mask = dbc->slot_count - 1;

	for (size_t i = (hash >> 7) & mask;; i = (i + 1) & mask) {
		const struct lsk_dbc_message *told;

		if (dbc->slots[i] == 0)
			return &dbc->slots[i];
		told = &dbc->messages[dbc->slots[i] - 1].told;
		if (told->id == id && told->is_extended == is_extended)
			return &dbc->slots[i];
	}
}

struct dbc_message *dbc_find(const struct lsk_dbc *dbc, uint32_t id, bool is_extended)
{
	uint32_t slot = dbc->slot_count ? *slot_of(dbc, id, is_extended) : 0;

	return slot ? &dbc->messages[slot - 1] : NULL;
}

/* Twice the slots, at most half of which are ever taken. */
static bool grow_slots(struct lsk_dbc *dbc)
{
	size_t count = dbc->slot_count ? 2 * dbc->slot_count : SLOTS_MIN;
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return false;
	free(dbc->slots);
	dbc->slots = slots;
	dbc->slot_count = count;
	for (size_t i = 0; i < dbc->count; i++)
		*slot_of(dbc, dbc->messages[i].told.id,
			 dbc->messages[i].told.is_extended) = (uint32_t)i + 1;
	return true;
}

struct dbc_message *dbc_add_message(struct lsk_dbc *dbc, uint32_t id, bool is_extended)
{
	struct dbc_message *message;

	if (2 * (dbc->count + 1) > dbc->slot_count && !grow_slots(dbc))
		return NULL;
	if (dbc->count == dbc->room) {
		size_t room = dbc->room ? 2 * dbc->room : 32;

		message = reallocarray(dbc->messages, room, sizeof(*message));
		if (!message)
			return NULL;
		dbc->messages = message;
		dbc->room = room;
	}
	message = &dbc->messages[dbc->count];
	memset(message, 0, sizeof(*message));
	message->told.id = id;
	message->told.is_extended = is_extended;
	*slot_of(dbc, id, is_extended) = (uint32_t)++dbc->count;
	return message;
}

struct lsk_dbc_signal *dbc_add_signal(struct dbc_message *message)
{
	size_t count = message->told.signal_count;

	if (count == message->room) {
		size_t room = count ? 2 * count : 8;
		struct lsk_dbc_signal *signals =
			reallocarray(message->signals, room, sizeof(*signals));
		struct dbc_code *codes;

		if (!signals)
			return NULL;
		message->told.signals = message->signals = signals;
		codes = reallocarray(message->codes, room, sizeof(*codes));
		if (!codes)
			return NULL;
		message->codes = codes;
		message->room = room;
	}
	message->told.signal_count++;
	memset(&message->codes[count], 0, sizeof(message->codes[count]));
	memset(&message->signals[count], 0, sizeof(message->signals[count]));
	return &message->signals[count];
}

bool dbc_compile(const struct lsk_dbc_signal *signal, struct dbc_code *ret_code)
{
	unsigned int bit = signal->start % 8u;
	/* Bits before the signal in the first byte that holds some of it. */
	unsigned int before = signal->is_big_endian ? 7 - bit : bit;
	unsigned int bits = before + signal->length;

	ret_code->byte = (uint16_t)(signal->start / 8u);
	ret_code->end = (uint16_t)(ret_code->byte + (bits + 7) / 8);
	ret_code->extra = (uint8_t)(bits > LOAD_BITS ? bits - LOAD_BITS : 0);
	if (signal->is_big_endian)
		ret_code->shift = (uint8_t)(bits > LOAD_BITS ? 0 : LOAD_BITS - bits);
	else
		ret_code->shift = (uint8_t)before;
	ret_code->sign_shift = (uint8_t)(LOAD_BITS - signal->length);
	ret_code->is_big_endian = signal->is_big_endian;
	ret_code->is_plain = signal->multiplexor == LSK_DBC_NONE;
	ret_code->type = (uint8_t)signal->type;
	ret_code->factor = signal->factor;
	ret_code->offset = signal->offset;
	return ret_code->byte + 9u <= LSK_CANXL_DATA_MAX;
}

/* The signal's bits; those above them are 0. */
static inline uint64_t code_raw(const struct dbc_code *code, const uint8_t *data)
{
	uint64_t word;

	memcpy(&word, data + code->byte, sizeof(word));
	if (code->is_big_endian) {
		word = be64toh(word) >> code->shift;
		if (code->extra)
			word = word << code->extra |
			       data[code->byte + 8] >> (8 - code->extra);
	} else {
		word = le64toh(word) >> code->shift;
		if (code->extra)
			word |= (uint64_t)data[code->byte + 8]
				<< (LOAD_BITS - code->shift);
	}
	return word << code->sign_shift >> code->sign_shift;
}

static inline double physical(const struct dbc_code *code, uint64_t bits,
			      int64_t *ret_raw)
{
	uint32_t low = (uint32_t)bits;
	double wide;
	float narrow;

	*ret_raw = (int64_t)bits;
	switch ((enum lsk_dbc_type)code->type) {
	case LSK_DBC_SIGNED:
		*ret_raw = (int64_t)(bits << code->sign_shift) >> code->sign_shift;
		return (double)*ret_raw * code->factor + code->offset;
	case LSK_DBC_FLOAT:
		memcpy(&narrow, &low, sizeof(narrow));
		return (double)narrow * code->factor + code->offset;
	case LSK_DBC_DOUBLE:
		memcpy(&wide, &bits, sizeof(wide));
		return wide * code->factor + code->offset;
	case LSK_DBC_UNSIGNED:
		break;
	}
	return (double)bits * code->factor + code->offset;
}

static bool ranges_hold(const struct lsk_dbc_signal *signal, uint64_t value)
{
	for (size_t i = 0; i < signal->range_count; i++)
		if (value >= signal->ranges[i].first && value <= signal->ranges[i].last)
			return true;
	return false;
}

/* Whether the multiplexors select a signal. The reader has seen to it that none selects
 * itself. */
static bool is_selected(const struct dbc_message *message, size_t index,
			const uint8_t *data, size_t len)
{
	const struct lsk_dbc_signal *signal = &message->signals[index];

	while (signal->multiplexor != LSK_DBC_NONE) {
		const struct dbc_code *code = &message->codes[signal->multiplexor];

		if (code->end > len || !ranges_hold(signal, code_raw(code, data)))
			return false;
		signal = &message->signals[signal->multiplexor];
	}
	return true;
}

int lsk_dbc_decode(const struct lsk_dbc *dbc, const struct lsk_can_frame *frame,
		   struct lsk_dbc_value *ret_values, size_t count,
		   const struct lsk_dbc_message **ret_message)
{
	const struct dbc_message *message;
	size_t held = 0;

	if (!dbc || !frame || (!ret_values && count > 0))
		return -EINVAL;
	message = frame->kind > LSK_CAN_FD || frame->is_remote
			  ? NULL
			  : dbc_find(dbc, frame->id, frame->is_extended);
	if (!message)
		return -ENOENT;
	for (size_t i = 0; i < message->told.signal_count; i++) {
		const struct dbc_code *code = &message->codes[i];
		struct lsk_dbc_value *value;

		if (code->end > frame->len)
			continue;
		if (!code->is_plain &&
		    !is_selected(message, i, frame->data, frame->len))
			continue;
		if (held++ >= count)
			continue;
		value = &ret_values[held - 1];
		value->signal = &message->signals[i];
		value->value = physical(code, code_raw(code, frame->data), &value->raw);
	}
	if (ret_message)
		*ret_message = &message->told;
	return (int)held;
}

const struct lsk_dbc_message *lsk_dbc_message(const struct lsk_dbc *dbc, size_t index)
{
	return dbc && index < dbc->count ? &dbc->messages[index].told : NULL;
}

const struct lsk_dbc_message *lsk_dbc_find(const struct lsk_dbc *dbc, uint32_t id,
					   bool is_extended)
{
	const struct dbc_message *message = dbc ? dbc_find(dbc, id, is_extended) : NULL;

	return message ? &message->told : NULL;
}

const struct lsk_dbc_message *lsk_dbc_find_name(const struct lsk_dbc *dbc,
						const char *name)
{
	for (size_t i = 0; dbc && name && i < dbc->count; i++)
		if (strcmp(dbc->messages[i].told.name, name) == 0)
			return &dbc->messages[i].told;
	return NULL;
}

const char *lsk_dbc_value_name(const struct lsk_dbc_signal *signal, int64_t raw)
{
	size_t first = 0, end = signal ? signal->name_count : 0;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (signal->names[middle].value == raw)
			return signal->names[middle].name;
		if (signal->names[middle].value < raw)
			first = middle + 1;
		else
			end = middle;
	}
	return NULL;
}
