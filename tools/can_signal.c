/* SPDX-License-Identifier: MIT */
/* Lines of decoded frames. Numbers are printed so that they read back as the same. */
#include "tools/can_signal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room that one number, its marks and the line's end take. */
#define NUMBER_ROOM 64
/* All that stands before the signals, names included, and room for its end. */
#define WORDS_MAX   512

/* A line that ends where its room does. */
struct line {
	char *at;
	const char *end;
};

static void put(struct line *line, const char *text)
{
	size_t len = strlen(text);
	size_t room = (size_t)(line->end - line->at);

	if (len > room)
		len = room;
	memcpy(line->at, text, len);
	line->at += len;
}

static void put_number(struct line *line, double number)
{
	char text[NUMBER_ROOM];

	if (fabs(number) < 1e15 && number == (double)(long long)number) {
		snprintf(text, sizeof(text), "%lld", (long long)number);
	} else {
		snprintf(text, sizeof(text), "%.15g", number);
		if (strtod(text, NULL) != number)
			snprintf(text, sizeof(text), "%.17g", number);
	}
	put(line, text);
}

/* The value; of whole numbers all 64 bits, of which a double holds 53. */
static void put_value(struct line *line, const struct lsk_dbc_value *value)
{
	const struct lsk_dbc_signal *signal = value->signal;
	char text[NUMBER_ROOM];

	if (signal->factor != 1 || signal->offset != 0 ||
	    signal->type > LSK_DBC_SIGNED) {
		put_number(line, value->value);
		return;
	}
	if (signal->type == LSK_DBC_SIGNED)
		snprintf(text, sizeof(text), "%lld", (long long)value->raw);
	else
		snprintf(text, sizeof(text), "%llu", (unsigned long long)value->raw);
	put(line, text);
}

static void put_time(struct line *line, int64_t time_ns)
{
	char text[NUMBER_ROOM];

	snprintf(text, sizeof(text), "%010lld.%06d",
		 (long long)(time_ns / LSK_NSEC_PER_SEC),
		 (int)(time_ns % LSK_NSEC_PER_SEC) / 1000);
	put(line, text);
}

/* Whether a signal's name and words surely fit. */
static bool has_room(const struct line *line, const struct lsk_dbc_signal *signal,
		     const char *word)
{
	/* In JSON a byte may become six. */
	size_t wanted = 6 * (strlen(signal->name) + strlen(signal->unit) +
			     (word ? strlen(word) : 0)) +
			4 * (size_t)NUMBER_ROOM;

	return (size_t)(line->end - line->at) > wanted;
}

static void put_frame(struct line *line, const struct lsk_can_frame *frame)
{
	char text[LSK_CAN_TEXT_MAX];

	if (lsk_can_frame_format(frame, LSK_CAN_FORMAT_PLAIN, text, sizeof(text)) >= 0)
		put(line, text);
}

char *can_signal_put_text(char *out, const struct can_signal_line *told)
{
	struct line line = {.at = out, .end = out + CAN_SIGNAL_LINE_MAX - 8};

	put(&line, "(");
	put_time(&line, told->time_ns);
	put(&line, ") ");
	put(&line, told->interface);
	put(&line, " ");
	if (told->message) {
		put(&line, told->message->name);
		put(&line, ":");
	} else {
		put_frame(&line, told->frame);
	}
	for (int i = 0; told->message && i < told->count; i++) {
		const struct lsk_dbc_value *value = &told->values[i];
		const struct lsk_dbc_signal *signal = value->signal;
		const char *word = lsk_dbc_value_name(signal, value->raw);

		if (!has_room(&line, signal, word)) {
			put(&line, " ...");
			break;
		}
		put(&line, " ");
		put(&line, signal->name);
		put(&line, "=");
		put_value(&line, value);
		if (signal->unit[0]) {
			put(&line, " ");
			put(&line, signal->unit);
		}
		if (word) {
			put(&line, " \"");
			put(&line, word);
			put(&line, "\"");
		}
	}
	*line.at++ = '\n';
	return line.at;
}

/* Bytes of a UTF-8 character, or 0 where none stands. */
static size_t utf8_len(const unsigned char *text)
{
	size_t len = text[0] >= 0xF0 && text[0] < 0xF5   ? 4
		     : text[0] >= 0xE0 && text[0] < 0xF0 ? 3
		     : text[0] >= 0xC2 && text[0] < 0xE0 ? 2
							 : 0;

	for (size_t i = 1; i < len; i++)
		if ((text[i] & 0xC0) != 0x80)
			return 0;
	return len;
}

/* A text in quotes. Files are in UTF-8 or in ISO 8859-1; JSON is in UTF-8. */
static void put_quoted(struct line *line, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	char piece[8];

	put(line, "\"");
	while (*at) {
		size_t len = *at >= 0x80 ? utf8_len(at) : 1;

		if (len == 0 || *at < ' ') {
			snprintf(piece, sizeof(piece), "\\u%04x", *at);
			len = 1;
		} else if (*at == '"' || *at == '\\') {
			snprintf(piece, sizeof(piece), "\\%c", *at);
		} else {
			snprintf(piece, sizeof(piece), "%.*s", (int)len,
				 (const char *)at);
		}
		put(line, piece);
		at += len;
	}
	put(line, "\"");
}

static void put_json_signals(struct line *line, const struct can_signal_line *told)
{
	bool has_words = false;
	int shown;

	put(line, ",\"message\":");
	put_quoted(line, told->message->name);
	put(line, ",\"signals\":{");
	for (shown = 0; shown < told->count; shown++) {
		const struct lsk_dbc_value *value = &told->values[shown];
		const char *word = lsk_dbc_value_name(value->signal, value->raw);

		/* The words come in a second list. */
		if (!has_room(line, value->signal, word))
			break;
		has_words = has_words || word;
		put(line, shown ? "," : "");
		put_quoted(line, value->signal->name);
		put(line, ":");
		if (isfinite(value->value))
			put_value(line, value);
		else
			put(line, "null");
	}
	put(line, "}");
	if (shown < told->count)
		put(line, ",\"is_cut\":true");
	else if (has_words)
		put(line, ",\"words\":{");
	for (int i = 0, words = 0; has_words && shown == told->count && i < shown;
	     i++) {
		const struct lsk_dbc_value *value = &told->values[i];
		const char *word = lsk_dbc_value_name(value->signal, value->raw);

		if (!word || !has_room(line, value->signal, word))
			continue;
		put(line, words++ ? "," : "");
		put_quoted(line, value->signal->name);
		put(line, ":");
		put_quoted(line, word);
	}
	if (has_words && shown == told->count)
		put(line, "}");
}

char *can_signal_put_json(char *out, const struct can_signal_line *told)
{
	struct line line = {.at = out, .end = out + CAN_SIGNAL_LINE_MAX - 8};
	char text[NUMBER_ROOM];

	put(&line, "{\"time\":");
	snprintf(text, sizeof(text), "%lld.%06d",
		 (long long)(told->time_ns / LSK_NSEC_PER_SEC),
		 (int)(told->time_ns % LSK_NSEC_PER_SEC) / 1000);
	put(&line, text);
	put(&line, ",\"interface\":");
	put_quoted(&line, told->interface);
	snprintf(text, sizeof(text), ",\"id\":%u,\"is_extended\":%s", told->frame->id,
		 told->frame->is_extended ? "true" : "false");
	put(&line, text);
	put(&line, ",\"frame\":\"");
	put_frame(&line, told->frame);
	put(&line, "\"");
	/* A file's name for a message may be of any length. */
	if (told->message && strlen(told->message->name) < WORDS_MAX)
		put_json_signals(&line, told);
	put(&line, "}");
	*line.at++ = '\n';
	return line.at;
}
