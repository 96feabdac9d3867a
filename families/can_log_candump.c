/* SPDX-License-Identifier: MIT */
/*
 * candump's log, "(1795168076.393211) vcan0 123#0011 T", and its console output,
 * " (1795168076.393211)  vcan0  TX B -  123   [8]  11 22", with or without times.
 */
#include "families/can_log.h"

#include <linux/can.h>
#include <stdio.h>
#include <string.h>

#define NSEC_PER_USEC 1000

static bool detect(const uint8_t *bytes, size_t size)
{
	/* It has no heading; a text that starts with what a line may start with. */
	return size == 0 || bytes[0] == '(' || bytes[0] == ' ' || bytes[0] == '#' ||
	       bytes[0] == '\n' || (bytes[0] >= 'A' && bytes[0] <= 'z');
}

static bool word_is(const char *word, size_t len, const char *wanted)
{
	return len == strlen(wanted) && memcmp(word, wanted, len) == 0;
}

static int read_interface(struct can_cursor *cursor, struct lsk_can_log_entry *entry)
{
	const char *word;
	size_t len = can_cursor_word(cursor, &word);

	if (len == 0 || len >= sizeof(entry->interface)) {
		cursor->at = word;
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"the name of an interface was expected");
	}
	memcpy(entry->interface, word, len);
	entry->interface[len] = '\0';
	return 0;
}

/* "TX B -" of candump -x, if it stands here. */
static void read_info(struct can_cursor *cursor, struct lsk_can_log_entry *entry)
{
	const char *start = cursor->at, *word;
	size_t len = can_cursor_word(cursor, &word);

	if (!word_is(word, len, "TX") && !word_is(word, len, "RX")) {
		cursor->at = start;
		return;
	}
	entry->has_direction = true;
	entry->is_sent = word[0] == 'T';
	len = can_cursor_word(cursor, &word);
	if (len == 1 && word[0] == 'B')
		entry->frame.flags |= LSK_CANFD_BRS;
	len = can_cursor_word(cursor, &word);
	if (len == 1 && word[0] == 'E')
		entry->frame.flags |= LSK_CANFD_ESI;
}

static int read_console_id(struct can_cursor *cursor, struct lsk_can_frame *frame)
{
	const char *start;
	uint32_t id = 0;
	int r;

	can_cursor_blanks(cursor);
	start = cursor->at;
	r = can_cursor_hex_number(cursor, &id);
	if (r < 0)
		return r;
	if (cursor->at - start == 8 && id & CAN_ERR_FLAG) {
		frame->kind = LSK_CAN_ERROR;
		frame->id = id & LSK_CAN_EXTENDED_ID_MAX;
		return 0;
	}
	return can_log_set_id(cursor, frame, id, cursor->at - start > 3);
}

/* "(45|81:00:12345678)" after the length of an XL frame. */
static int read_console_xl(struct can_cursor *cursor, struct lsk_can_frame *frame)
{
	uint32_t fields[4];
	static const char before[] = "(|::";
	static const unsigned char digits[] = {2, 2, 2, 8};

	can_cursor_blanks(cursor);
	for (size_t i = 0; i < 4; i++) {
		int r;

		if (*cursor->at++ != before[i])
			return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
						"\"(VCID|flags:SDT:AF)\" was expected");
		r = can_cursor_hex(cursor, digits[i], &fields[i]);
		if (r < 0)
			return r;
	}
	if (*cursor->at++ != ')')
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX, "\")\" was expected");
	frame->kind = LSK_CAN_XL;
	frame->vcid = (uint8_t)fields[0];
	frame->flags = (uint8_t)(fields[1] | LSK_CANXL_XLF);
	frame->sdt = (uint8_t)fields[2];
	frame->acceptance = fields[3];
	return 0;
}

/* "[8]", "{E}", "[08]" or "[0007]": its width says which kind of frame it is. */
static int read_console_len(struct can_cursor *cursor, struct lsk_can_frame *frame)
{
	bool is_dlc;
	const char *start;
	uint64_t len = 0;
	int r;

	can_cursor_blanks(cursor);
	is_dlc = *cursor->at == '{';
	if (!is_dlc && *cursor->at != '[')
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"a length in brackets was expected");
	start = ++cursor->at;
	if (is_dlc && text_hex_digit(*cursor->at) > 9) {
		len = (uint64_t)text_hex_digit(*cursor->at++);
		r = 0;
	} else {
		r = can_cursor_decimal(cursor, LSK_CANXL_DATA_MAX, &len);
	}
	if (r < 0)
		return r;
	if (is_dlc && len > LSK_CAN_DATA_MAX) {
		frame->raw_dlc = (uint8_t)len;
		len = LSK_CAN_DATA_MAX;
	}
	frame->len = (uint16_t)len;
	if (cursor->at - start == 2)
		frame->kind = LSK_CAN_FD;
	if (*cursor->at != (is_dlc ? '}' : ']'))
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"the bracket's end was expected");
	cursor->at++;
	return cursor->at - start == 5 ? read_console_xl(cursor, frame) : 0;
}

static int read_console(struct can_cursor *cursor, struct lsk_can_log_entry *entry)
{
	struct lsk_can_frame *frame = &entry->frame;
	int r;

	memset(frame, 0, offsetof(struct lsk_can_frame, data));
	read_info(cursor, entry);
	r = read_console_id(cursor, frame);
	if (r == 0)
		r = read_console_len(cursor, frame);
	if (r < 0)
		return r;
	frame->flags &= frame->kind == LSK_CAN_FD   ? 0x03
			: frame->kind == LSK_CAN_XL ? 0xFF
						    : 0;
	if (frame->kind == LSK_CAN_FD)
		frame->flags |= LSK_CANFD_FDF;
	if (frame->len > LSK_CANFD_DATA_MAX ||
	    (frame->kind != LSK_CAN_FD && frame->kind != LSK_CAN_XL &&
	     frame->len > LSK_CAN_DATA_MAX))
		return can_cursor_fault(cursor, LSK_ERR_LENGTH,
					"the line does not show all of such a frame");
	can_cursor_blanks(cursor);
	if (strncmp(cursor->at, "remote request", 14) == 0) {
		frame->is_remote = true;
		return 0;
	}
	/* What follows (ASCII, ERRORFRAME) is for people. */
	r = can_cursor_bytes(cursor, frame->data, frame->len);
	if (r == 0 && lsk_can_frame_check(frame) < 0)
		r = can_cursor_fault(cursor, LSK_ERR_RANGE, "there is no such frame");
	return r;
}

/* "123#0011", and a " T" or " R" after it. */
static int read_frame_text(struct can_cursor *cursor, struct lsk_can_log_entry *entry,
			   const char *word, size_t len)
{
	struct lsk_error error;
	const char *rest;
	size_t rest_len;
	char after = word[len];
	char *end;
	int r;

	/* The line is ours; the frame's reader wants its end to be the text's. */
	end = (char *)(uintptr_t)(word + len);
	*end = '\0';
	r = lsk_can_frame_parse(&entry->frame, word, &error);
	*end = after;
	if (r < 0)
		return error_set(cursor->error, r,
				 (size_t)(word - cursor->start) + error.offset, "%s",
				 error.text);
	rest_len = can_cursor_word(cursor, &rest);
	if (rest_len == 1 && (rest[0] == 'T' || rest[0] == 'R')) {
		entry->has_direction = true;
		entry->is_sent = rest[0] == 'T';
	}
	return 0;
}

static int read_line(struct can_cursor *cursor, struct lsk_can_log_entry *entry)
{
	const char *before, *word;
	size_t len;
	int r;

	can_cursor_blanks(cursor);
	if (*cursor->at == '(') {
		cursor->at++;
		r = can_cursor_time(cursor, &entry->time_ns);
		if (r < 0)
			return r;
		if (*cursor->at != ')')
			return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
						"\")\" was expected after the time");
		cursor->at++;
	}
	r = read_interface(cursor, entry);
	if (r < 0)
		return r;
	before = cursor->at;
	len = can_cursor_word(cursor, &word);
	if (memchr(word, '#', len))
		return read_frame_text(cursor, entry, word, len);
	cursor->at = before;
	return read_console(cursor, entry);
}

/* Whether a line is a frame's: of a log it starts with "(", of the console with " ". */
static bool is_frame_line(const char *line)
{
	const char *at = line + strspn(line, " ");

	if (*at == '(')
		return true;
	/* candump -e's words are indented by tabs. */
	return line[0] == ' ' && *at && *at != '\t';
}

static int candump_read(struct lsk_can_log_reader *reader,
			struct lsk_can_log_entry *entry, struct lsk_error *error)
{
	struct can_cursor cursor = {.error = error};
	char *line;
	int r;

	do {
		r = can_log_next_line(reader, &line);
		if (r <= 0)
			return r;
	} while (!is_frame_line(line));
	cursor.start = cursor.at = line;
	entry->time_ns = 0;
	entry->has_direction = entry->is_sent = false;
	r = read_line(&cursor, entry);
	return r < 0 ? r : 1;
}

static int candump_write(struct lsk_can_log_writer *writer, char *out,
			 const struct lsk_can_log_entry *entry)
{
	long long seconds = entry->time_ns / LSK_NSEC_PER_SEC;
	int nanos = (int)(entry->time_ns % LSK_NSEC_PER_SEC);
	char *start = out;
	int r;

	if (writer->options.with_nanoseconds)
		out += sprintf(out, "(%010lld.%09d) %s ", seconds, nanos,
			       entry->interface);
	else
		out += sprintf(out, "(%010lld.%06d) %s ", seconds,
			       nanos / NSEC_PER_USEC, entry->interface);
	r = lsk_can_frame_format(&entry->frame, LSK_CAN_FORMAT_PLAIN, out,
				 LSK_CAN_TEXT_MAX);
	if (r < 0)
		return r;
	out += r;
	if (writer->options.with_direction && entry->has_direction) {
		*out++ = ' ';
		*out++ = entry->is_sent ? 'T' : 'R';
	}
	*out++ = '\n';
	return (int)(out - start);
}

const struct can_log_codec can_log_candump = {
	.format = LSK_CAN_LOG_CANDUMP,
	.name = "candump",
	.detect = detect,
	.read = candump_read,
	.write = candump_write,
};
