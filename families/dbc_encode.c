/* SPDX-License-Identifier: MIT */
/* Frames made of values, by what a DBC file says. */
#include <linsock/dbc.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "src/error.h"

/* The next bit of a signal towards its most significant one. */
static unsigned int next_bit(const struct lsk_dbc_signal *signal, unsigned int bit)
{
	if (!signal->is_big_endian)
		return bit + 1;
	/* In Motorola order significance rises to a byte's bit 7, then in the byte
	 * before from its bit 0 on. */
	return bit % 8 == 7 ? bit - 15 : bit + 1;
}

/* Where a signal's least significant bit stands. */
static unsigned int first_bit(const struct lsk_dbc_signal *signal)
{
	unsigned int from_top;

	if (!signal->is_big_endian)
		return signal->start;
	from_top = signal->start / 8u * 8 + (7 - signal->start % 8u);
	from_top += signal->length - 1u;
	return from_top / 8 * 8 + (7 - from_top % 8);
}

static void put_raw(const struct lsk_dbc_signal *signal, uint8_t *data, uint64_t raw)
{
	unsigned int bit = first_bit(signal);

	for (unsigned int i = 0; i < signal->length; i++) {
		uint8_t mask = (uint8_t)(1u << bit % 8);

		if (raw >> i & 1)
			data[bit / 8] |= mask;
		else
			data[bit / 8] &= (uint8_t)~mask;
		if (i + 1u < signal->length)
			bit = next_bit(signal, bit);
	}
}

static uint64_t get_raw(const struct lsk_dbc_signal *signal, const uint8_t *data)
{
	unsigned int bit = first_bit(signal);
	uint64_t raw = 0;

	for (unsigned int i = 0; i < signal->length; i++) {
		raw |= (uint64_t)(data[bit / 8] >> bit % 8 & 1) << i;
		if (i + 1u < signal->length)
			bit = next_bit(signal, bit);
	}
	return raw;
}

/* The bits of a whole number, if the signal has so many. */
static int whole_to_raw(const struct lsk_dbc_signal *signal, double whole,
			uint64_t *ret_raw)
{
	bool is_signed = signal->type == LSK_DBC_SIGNED;
	double end = ldexp(1.0, signal->length - (is_signed ? 1 : 0));

	if (!(whole < end) || whole < (is_signed ? -end : 0.0))
		return LSK_ERR_RANGE;
	*ret_raw = whole < 0 ? (uint64_t)(int64_t)whole : (uint64_t)whole;
	return 0;
}

/* The nearest whole number. From 2^52 on there are no others. */
static double rounded(double value)
{
	if (!(fabs(value) < 0x1p52))
		return value;
	return (double)(int64_t)(value + (value < 0 ? -0.5 : 0.5));
}

static int value_to_raw(const struct lsk_dbc_signal *signal, double value,
			uint64_t *ret_raw)
{
	double scaled = (value - signal->offset) / signal->factor;
	float narrow = (float)scaled;
	uint32_t bits;

	if (signal->type == LSK_DBC_FLOAT) {
		memcpy(&bits, &narrow, sizeof(bits));
		*ret_raw = bits;
		return isfinite(scaled) && !isfinite(narrow) ? LSK_ERR_RANGE : 0;
	}
	if (signal->type == LSK_DBC_DOUBLE) {
		memcpy(ret_raw, &scaled, sizeof(scaled));
		return 0;
	}
	return whole_to_raw(signal, rounded(scaled), ret_raw);
}

static int word_to_raw(const struct lsk_dbc_signal *signal, const char *word,
		       uint64_t *ret_raw)
{
	for (size_t i = 0; i < signal->name_count; i++)
		if (strcmp(signal->names[i].name, word) == 0) {
			*ret_raw = (uint64_t)signal->names[i].value;
			return 0;
		}
	return -ENOENT;
}

static const struct lsk_dbc_signal *find_signal(const struct lsk_dbc_message *message,
						const char *name)
{
	for (size_t i = 0; name && i < message->signal_count; i++)
		if (strcmp(message->signals[i].name, name) == 0)
			return &message->signals[i];
	return NULL;
}

static int put_setting(const struct lsk_dbc_signal *signal,
		       const struct lsk_dbc_setting *setting, uint8_t *data,
		       struct lsk_error *error, size_t index)
{
	uint64_t raw = 0;
	int r;

	r = setting->word ? word_to_raw(signal, setting->word, &raw)
			  : value_to_raw(signal, setting->value, &raw);
	if (r == -ENOENT)
		return error_set(error, r, index, "%s has no value \"%s\"",
				 signal->name, setting->word);
	if (r < 0)
		return error_set(error, r, index, "%g does not fit the %u bits of %s",
				 setting->value, signal->length, signal->name);
	put_raw(signal, data, raw);
	return 0;
}

/* Whether the multiplexors, as they are set in @data, select a signal. */
static bool is_selected(const struct lsk_dbc_message *message,
			const struct lsk_dbc_signal *signal, const uint8_t *data)
{
	while (signal->multiplexor != LSK_DBC_NONE) {
		const struct lsk_dbc_signal *by =
			&message->signals[signal->multiplexor];
		uint64_t raw = get_raw(by, data);
		bool is_held = false;

		for (size_t i = 0; i < signal->range_count && !is_held; i++)
			is_held = raw >= signal->ranges[i].first &&
				  raw <= signal->ranges[i].last;
		if (!is_held)
			return false;
		signal = by;
	}
	return true;
}

int lsk_dbc_encode(const struct lsk_dbc_message *message,
		   const struct lsk_dbc_setting *settings, size_t count,
		   struct lsk_can_frame *ret_frame, struct lsk_error *ret_error)
{
	uint8_t data[LSK_CANFD_DATA_MAX] = {0};
	bool is_fd;

	if (!message || (!settings && count > 0) || !ret_frame)
		return error_set(ret_error, -EINVAL, 0, "no message or no place");
	is_fd = message->is_fd || message->len > LSK_CAN_DATA_MAX;
	if (message->len > LSK_CANFD_DATA_MAX)
		return error_set(ret_error, LSK_ERR_LENGTH, 0,
				 "%s is longer than a frame", message->name);
	/* Multiplexors first: whether others may be set depends on them. */
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < count; i++) {
			const struct lsk_dbc_signal *signal =
				find_signal(message, settings[i].name);
			int r;

			if (!signal)
				return error_set(ret_error, -ENOENT, i,
						 "%s has no signal %s", message->name,
						 settings[i].name ? settings[i].name
								  : "");
			if (signal->is_multiplexor == (round == 1))
				continue;
			r = put_setting(signal, &settings[i], data, ret_error, i);
			if (r < 0)
				return r;
			if (round == 1 && !is_selected(message, signal, data))
				return error_set(ret_error, LSK_ERR_VALUE, i,
						 "the multiplexor does not select %s",
						 signal->name);
		}
	return lsk_can_frame_set(ret_frame, is_fd ? LSK_CAN_FD : LSK_CAN_CLASSIC,
				 message->id | (message->is_extended ? 0x80000000u : 0),
				 data, message->len);
}
