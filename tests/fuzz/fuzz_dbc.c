/* SPDX-License-Identifier: MIT */
/*
 * DBC files, and frames decoded by what they say. Places of faults lie inside the text;
 * whole values that a frame gave can be encoded, and give themselves again.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/dbc.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VALUES_MAX 64

static void note(void *context, unsigned long line, const struct lsk_error *error)
{
	const size_t *size = context;

	if (line < 1 || line > *size + 1 || error->offset > *size || !error->text[0])
		abort();
}

static void encode_back(const struct lsk_dbc *dbc,
			const struct lsk_dbc_message *message,
			const struct lsk_dbc_value *value)
{
	struct lsk_dbc_setting setting = {.name = value->signal->name,
					  .value = value->value};
	struct lsk_dbc_value again[VALUES_MAX];
	struct lsk_can_frame frame;
	int count;

	/* Scaled numbers lose bits; those of multiplexed signals need others set. */
	if (value->signal->factor != 1 || value->signal->offset != 0 ||
	    value->signal->multiplexor != LSK_DBC_NONE || message->len > 64 ||
	    value->signal->type > LSK_DBC_SIGNED || fabs(value->value) > 0x1p52)
		return;
	if (lsk_dbc_encode(message, &setting, 1, &frame, NULL) < 0)
		abort();
	count = lsk_dbc_decode(dbc, &frame, again, VALUES_MAX, NULL);
	for (int i = 0; i < count && i < VALUES_MAX; i++)
		if (again[i].signal == value->signal) {
			if (again[i].raw != value->raw)
				abort();
			return;
		}
	if (count <= VALUES_MAX)
		abort();
}

static void decode_all(const struct lsk_dbc *dbc, const uint8_t *data, size_t size)
{
	const struct lsk_dbc_message *message, *found;
	struct lsk_dbc_value values[VALUES_MAX];
	struct lsk_can_frame frame = {0};

	for (size_t i = 0; i < size; i++)
		frame.data[i % LSK_CANFD_DATA_MAX] ^= data[i];
	for (size_t i = 0; (message = lsk_dbc_message(dbc, i)); i++) {
		int count;

		if (lsk_dbc_find(dbc, message->id, message->is_extended) != message)
			abort();
		frame.id = message->id;
		frame.is_extended = message->is_extended;
		frame.kind = LSK_CAN_FD;
		frame.len = message->len <= 64 ? message->len : 64;
		count = lsk_dbc_decode(dbc, &frame, values, VALUES_MAX, &found);
		if (count < 0 || found != message)
			abort();
		for (int j = 0; j < count && j < VALUES_MAX; j++) {
			(void)lsk_dbc_value_name(values[j].signal, values[j].raw);
			encode_back(dbc, message, &values[j]);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lsk_dbc *dbc = NULL;
	char *text = malloc(size ? size : 1);

	if (!text)
		return 0;
	/* Its own memory, without a NUL: reading past the end is seen. */
	memcpy(text, data, size);
	if (lsk_dbc_parse(&dbc, text, size, note, &size) >= 0)
		decode_all(dbc, data, size);
	lsk_dbc_free(dbc);
	free(text);
	return 0;
}
