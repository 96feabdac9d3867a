/* SPDX-License-Identifier: MIT */
/* Structures as text, by a line that names their fields. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/constant.h>

#include "src/option.h"
#include "src/text.h"
#include "uring/util.h"

/* Names of groups and units in a layout, and one value as text. */
#define WORD_MAX       32
#define VALUE_TEXT_MAX 512

enum field_kind {
	FIELD_UNSIGNED,
	FIELD_SIGNED,
	FIELD_HEX,
	FIELD_NETWORK,
	FIELD_BITS,
	FIELD_ADDRESS,
	FIELD_BYTES,
	FIELD_TEXT,
	FIELD_PADDING,
};

/* Starts as zeros; each step makes it the next field of the layout. */
struct field {
	const char *name;
	size_t name_len;
	enum field_kind kind;
	size_t offset;
	size_t size; /* bytes; 1 for bits */
	unsigned int bits;
	unsigned int shift; /* of the lowest bit */
	char group[WORD_MAX];
	char unit[WORD_MAX];
};

/* Where the bits of a C bit field are that begins at @shift. */
static unsigned int bit_position(const struct field *field)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return field->shift;
#else
	return 8 - field->shift - field->bits;
#endif
}

static int parse_kind(struct field *field, const char *kind, size_t *ret_len)
{
	static const struct {
		const char *text;
		enum field_kind kind;
		unsigned int per_byte; /* what the number counts, per byte */
	} kinds[] = {
		{"in", FIELD_ADDRESS, 0}, {"u", FIELD_UNSIGNED, 8},
		{"i", FIELD_SIGNED, 8},   {"h", FIELD_HEX, 8},
		{"n", FIELD_NETWORK, 8},  {"b", FIELD_BITS, 0},
		{"x", FIELD_BYTES, 1},    {"s", FIELD_TEXT, 1},
		{"", FIELD_PADDING, 1},
	};
	unsigned long number;
	size_t i = 0;
	char *end;

	while (strncmp(kind, kinds[i].text, strlen(kinds[i].text)) != 0)
		i++;
	field->kind = kinds[i].kind;
	number = strtoul(kind + strlen(kinds[i].text), &end, 10);
	*ret_len = (size_t)(end - kind);
	field->bits = 0;
	if (number == 0 || number > 256)
		return -EINVAL;
	if (field->kind == FIELD_BITS) {
		field->bits = (unsigned int)number;
		field->size = 1;
		return field->shift + field->bits <= 8 ? 0 : -EINVAL;
	}
	if (field->kind == FIELD_ADDRESS)
		field->size = number == 4 ? 4 : 16;
	else
		field->size = number / kinds[i].per_byte;
	return 0;
}

/* Move past the field before, whole bytes or some bits of one. */
static void field_advance(struct field *field)
{
	if (field->kind == FIELD_BITS && field->bits > 0) {
		field->shift += field->bits;
		if (field->shift < 8)
			return;
	}
	field->shift = 0;
	field->offset += field->size;
}

/* Return: 1 for a field, 0 at the end, -EINVAL for a layout that is wrong. */
static int field_next(struct field *field, const char **at)
{
	const char *word;
	size_t len;
	char *detail;

	field_advance(field);
	word = *at + strspn(*at, " ");
	if (*word == '\0')
		return field->shift == 0 ? 0 : -EINVAL;
	field->name = word;
	field->name_len = strcspn(word, ":");
	if (word[field->name_len] != ':')
		return -EINVAL;
	word += field->name_len + 1;
	/* Padding of bits ends a byte. */
	if (parse_kind(field, word, &len) < 0)
		return -EINVAL;
	if (field->shift != 0 && field->kind != FIELD_BITS)
		return -EINVAL;
	word += len;
	field->group[0] = '\0';
	field->unit[0] = '\0';
	len = strcspn(word, " ");
	if (len > 0) {
		detail = *word == '/' ? field->unit : field->group;
		if (len >= WORD_MAX || (*word != '/' && *word != ':'))
			return -EINVAL;
		memcpy(detail, word + 1, len - 1);
		detail[len - 1] = '\0';
	}
	*at = word + len;
	return 1;
}

static bool is_padding(const struct field *field)
{
	return field->name_len == 1 && field->name[0] == '-';
}

int option_layout_size(const char *layout)
{
	struct field field = {0};
	int r;

	do
		r = field_next(&field, &layout);
	while (r == 1);
	return r < 0 ? r : (int)field.offset;
}

static uint64_t number_read(const struct field *field, const unsigned char *bytes)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	bool is_network = field->kind == FIELD_NETWORK;

	switch (field->size) {
	case 1:
		memcpy(&u8, bytes, sizeof(u8));
		if (field->kind == FIELD_BITS)
			return ((unsigned int)u8 >> bit_position(field)) &
			       ((1u << field->bits) - 1);
		return u8;
	case 2:
		memcpy(&u16, bytes, sizeof(u16));
		return is_network ? ntohs(u16) : u16;
	case 4:
		memcpy(&u32, bytes, sizeof(u32));
		if (field->kind == FIELD_SIGNED)
			return (uint64_t)(int64_t)(int32_t)u32;
		return is_network ? ntohl(u32) : u32;
	default:
		memcpy(&u64, bytes, sizeof(u64));
		return u64;
	}
}

static void number_write(const struct field *field, unsigned char *bytes,
			 uint64_t value)
{
	bool is_network = field->kind == FIELD_NETWORK;
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	switch (field->size) {
	case 1:
		if (field->kind == FIELD_BITS)
			u8 = (uint8_t)(*bytes | value << bit_position(field));
		memcpy(bytes, &u8, sizeof(u8));
		break;
	case 2:
		u16 = is_network ? htons(u16) : u16;
		memcpy(bytes, &u16, sizeof(u16));
		break;
	case 4:
		u32 = is_network ? htonl(u32) : u32;
		memcpy(bytes, &u32, sizeof(u32));
		break;
	default:
		memcpy(bytes, &value, sizeof(value));
		break;
	}
}

static void format_value(const struct field *field, const unsigned char *bytes,
			 struct text_writer *writer)
{
	char text[VALUE_TEXT_MAX];

	switch (field->kind) {
	case FIELD_ADDRESS:
		inet_ntop(field->size == 4 ? AF_INET : AF_INET6, bytes, text,
			  sizeof(text));
		text_put_string(writer, text);
		break;
	case FIELD_BYTES:
		for (size_t i = 0; i < field->size; i++)
			text_put_format(writer, "%02x", bytes[i]);
		break;
	case FIELD_TEXT:
		for (size_t i = 0; i < field->size && bytes[i] != '\0'; i++)
			text_put(writer, (char)bytes[i]);
		break;
	case FIELD_SIGNED:
		text_put_format(writer, "%" PRId64, (int64_t)number_read(field, bytes));
		break;
	case FIELD_HEX:
		text_put_format(writer, "0x%" PRIx64, number_read(field, bytes));
		break;
	case FIELD_UNSIGNED:
	case FIELD_NETWORK:
	case FIELD_BITS:
	case FIELD_PADDING:
		if (field->group[0] != '\0' &&
		    lsk_constant_format(field->group,
					(int64_t)number_read(field, bytes), text,
					sizeof(text)) >= 0)
			text_put_string(writer, text);
		else
			text_put_format(writer, "%" PRIu64, number_read(field, bytes));
		break;
	}
	text_put_string(writer, field->unit);
}

int option_layout_format(const char *layout, const void *value, size_t len,
			 struct text_writer *writer)
{
	const unsigned char *bytes = value;
	struct field field = {0};
	bool is_first = true;
	int r;

	for (;;) {
		r = field_next(&field, &layout);
		/* An older kernel's structure ends earlier. */
		if (r <= 0 || field.offset + field.size > len)
			break;
		if (is_padding(&field))
			continue;
		if (!is_first)
			text_put(writer, ' ');
		is_first = false;
		text_put_format(writer, "%.*s=", (int)field.name_len, field.name);
		format_value(&field, bytes + field.offset, writer);
	}
	return r < 0 ? r : 0;
}

static int parse_bytes(const struct field *field, const char *text,
		       unsigned char *bytes)
{
	int high, low;

	if (strlen(text) != 2 * field->size)
		return LSK_ERR_VALUE;
	for (size_t i = 0; i < field->size; i++) {
		high = text_hex_digit(text[2 * i]);
		low = text_hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return LSK_ERR_VALUE;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

static int parse_number(const struct field *field, char *text, unsigned char *bytes)
{
	size_t len = strlen(text), unit_len = strlen(field->unit);
	unsigned int width =
		field->kind == FIELD_BITS ? field->bits : 8 * (unsigned int)field->size;
	uint64_t max = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
	uint64_t value;
	int64_t number;

	if (unit_len > 0 && len > unit_len &&
	    strcmp(text + len - unit_len, field->unit) == 0)
		text[len - unit_len] = '\0';
	if (text_to_uint(text, strlen(text), max, &value) == 0) {
		number_write(field, bytes, value);
		return 0;
	}
	if (lsk_constant_parse(text, &number) < 0)
		return LSK_ERR_VALUE;
	if (number < 0 ? field->kind != FIELD_SIGNED || number < INT32_MIN
		       : (uint64_t)number > max)
		return LSK_ERR_VALUE;
	number_write(field, bytes, (uint64_t)number);
	return 0;
}

static int parse_value(const struct field *field, char *text, unsigned char *bytes)
{
	switch (field->kind) {
	case FIELD_ADDRESS:
		return inet_pton(field->size == 4 ? AF_INET : AF_INET6, text, bytes) ==
				       1
			       ? 0
			       : LSK_ERR_VALUE;
	case FIELD_BYTES:
		return parse_bytes(field, text, bytes);
	case FIELD_TEXT:
		if (strlen(text) > field->size)
			return LSK_ERR_VALUE;
		for (size_t i = 0; text[i] != '\0'; i++)
			bytes[i] = (unsigned char)text[i];
		return 0;
	case FIELD_UNSIGNED:
	case FIELD_SIGNED:
	case FIELD_HEX:
	case FIELD_NETWORK:
	case FIELD_BITS:
	case FIELD_PADDING:
		return parse_number(field, text, bytes);
	}
	return LSK_ERR_VALUE;
}

/* One "name=value" of @len bytes. */
static int parse_word(const char *layout, const char *word, size_t len,
		      unsigned char *bytes)
{
	struct field field = {0};
	char value[VALUE_TEXT_MAX];
	size_t name_len = strcspn(word, "= ");

	if (name_len >= len || word[name_len] != '=' || len - name_len > sizeof(value))
		return LSK_ERR_VALUE;
	memcpy(value, word + name_len + 1, len - name_len - 1);
	value[len - name_len - 1] = '\0';
	while (field_next(&field, &layout) == 1)
		if (!is_padding(&field) && field.name_len == name_len &&
		    memcmp(field.name, word, name_len) == 0)
			return parse_value(&field, value, bytes + field.offset);
	return LSK_ERR_VALUE;
}

int option_layout_parse(const char *layout, const char *text, void *value, size_t size,
			size_t *ret_offset)
{
	const int needed = option_layout_size(layout);
	const char *word = text;
	size_t len;
	int r;

	if (needed < 0)
		return needed;
	if (size < (size_t)needed)
		return -ENOSPC;
	memset(value, 0, (size_t)needed);
	for (;;) {
		word += strspn(word, " ");
		if (*word == '\0')
			return 0;
		len = strcspn(word, " ");
		r = parse_word(layout, word, len, value);
		if (r < 0) {
			*ret_offset = (size_t)(word - text);
			return r;
		}
		word += len;
	}
}
