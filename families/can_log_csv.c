/* SPDX-License-Identifier: MIT */
/*
 * A table for spreadsheets, of which the fourth column alone is the whole frame:
 *
 *	time,interface,direction,frame,type,id,length,data
 *	1795168076.393211000,vcan0,rx,123#0011,classic,0x123,2,00 11
 *
 * python-can's is read as well:
 *
 *	timestamp,arbitration_id,extended,remote,error,dlc,data
 *	1483389946.197,0x00dadada,1,0,0,6,WzQyLCA5XQ==
 */
#include "families/can_log.h"

#include <linux/can/error.h>
#include <stdio.h>
#include <string.h>

struct csv_state {
	bool is_begun;
	bool is_python;
};

static const char heading[] = "time,interface,direction,frame,type,id,length,data";
static const char python_heading[] =
	"timestamp,arbitration_id,extended,remote,error,dlc,data";

static bool detect(const uint8_t *bytes, size_t size)
{
	return (size >= strlen(heading) &&
		memcmp(bytes, heading, strlen(heading)) == 0) ||
	       (size >= strlen(python_heading) &&
		memcmp(bytes, python_heading, strlen(python_heading)) == 0);
}

/* The cell that stands here, terminated in the line, and the cursor past its comma. */
static char *next_cell(struct can_cursor *cursor, char *line)
{
	char *cell = line + (cursor->at - cursor->start);
	size_t len = strcspn(cell, ",");

	cursor->at += len + (cell[len] == ',');
	cell[len] = '\0';
	return cell;
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Return: bytes decoded, or -1. */
static int base64_decode(const char *text, uint8_t *data, size_t size)
{
	uint32_t bits = 0;
	unsigned int count = 0;
	size_t len = 0;

	for (; *text && *text != '='; text++) {
		int value = base64_value(*text);

		if (value < 0)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			if (len == size)
				return -1;
			data[len++] = (uint8_t)(bits >> count);
		}
	}
	return (int)len;
}

static bool is_yes(const char *cell)
{
	return cell[0] == '1' || cell[0] == 'T' || cell[0] == 't';
}

static int read_python(struct can_cursor *cursor, char *line,
		       struct lsk_can_log_entry *entry)
{
	struct lsk_can_frame *frame = &entry->frame;
	const char *id_text = next_cell(cursor, line);
	struct can_cursor id = {.start = cursor->start, .error = cursor->error};
	bool is_extended = is_yes(next_cell(cursor, line));
	uint32_t value = 0;
	uint64_t dlc = 0;
	struct can_cursor dlc_cursor;
	int r, len;

	frame->is_remote = is_yes(next_cell(cursor, line));
	if (is_yes(next_cell(cursor, line)))
		frame->kind = LSK_CAN_ERROR;
	id.at = id_text + (strncmp(id_text, "0x", 2) == 0 ? 2 : 0);
	r = can_cursor_hex_number(&id, &value);
	if (r == 0)
		r = can_log_set_id(&id, frame, value & LSK_CAN_EXTENDED_ID_MAX,
				   is_extended);
	if (r < 0)
		return r;
	if (frame->kind == LSK_CAN_ERROR)
		frame->is_extended = frame->is_remote = false;
	dlc_cursor = *cursor;
	dlc_cursor.at = next_cell(cursor, line);
	r = can_cursor_decimal(&dlc_cursor, LSK_CANFD_DATA_MAX, &dlc);
	if (r < 0)
		return r;
	len = base64_decode(line + (cursor->at - cursor->start), frame->data,
			    LSK_CANFD_DATA_MAX);
	if (len < 0)
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"base64 of up to 64 bytes was expected");
	if (dlc > LSK_CAN_DATA_MAX || len > LSK_CAN_DATA_MAX)
		frame->kind = LSK_CAN_FD;
	frame->len = (uint16_t)(frame->is_remote ? dlc : (uint64_t)len);
	return 0;
}

static int read_ours(struct can_cursor *cursor, char *line,
		     struct lsk_can_log_entry *entry)
{
	const char *interface = next_cell(cursor, line);
	const char *direction = next_cell(cursor, line);
	size_t offset = (size_t)(cursor->at - cursor->start);
	const char *text = next_cell(cursor, line);
	struct lsk_error error;
	int r;

	snprintf(entry->interface, sizeof(entry->interface), "%s", interface);
	entry->has_direction = direction[0] == 't' || direction[0] == 'r';
	entry->is_sent = direction[0] == 't';
	r = lsk_can_frame_parse(&entry->frame, text, &error);
	if (r < 0)
		return error_set(cursor->error, r, offset + error.offset, "%s",
				 error.text);
	return 0;
}

static int csv_read(struct lsk_can_log_reader *reader, struct lsk_can_log_entry *entry,
		    struct lsk_error *error)
{
	struct csv_state *state = (struct csv_state *)(void *)reader->state;
	struct can_cursor cursor = {.error = error};
	char *line;
	int r;

	do {
		r = can_log_next_line(reader, &line);
		if (r <= 0)
			return r;
		if (!state->is_begun)
			state->is_python = strncmp(line, "timestamp,", 10) == 0;
		r = state->is_begun && *line;
		state->is_begun = true;
	} while (!r);
	memset(entry, 0, offsetof(struct lsk_can_log_entry, frame.data));
	snprintf(entry->interface, sizeof(entry->interface), "can0");
	cursor.start = cursor.at = line;
	r = can_cursor_time(&cursor, &entry->time_ns);
	if (r == 0 && *cursor.at++ != ',')
		r = can_cursor_fault(&cursor, LSK_ERR_SYNTAX, "a comma was expected");
	if (r == 0)
		r = state->is_python ? read_python(&cursor, line, entry)
				     : read_ours(&cursor, line, entry);
	if (r == 0 && lsk_can_frame_check(&entry->frame) < 0)
		r = can_cursor_fault(&cursor, LSK_ERR_RANGE, "there is no such frame");
	return r < 0 ? r : 1;
}

static int csv_begin(struct lsk_can_log_writer *writer, char *out,
		     const struct lsk_can_log_entry *entry)
{
	(void)writer;
	(void)entry;
	return sprintf(out, "%s\n", heading);
}

static int csv_write(struct lsk_can_log_writer *writer, char *out,
		     const struct lsk_can_log_entry *entry)
{
	static const char *const kinds[LSK_CAN_KIND__COUNT] = {
		[LSK_CAN_CLASSIC] = "classic",
		[LSK_CAN_FD] = "fd",
		[LSK_CAN_XL] = "xl",
		[LSK_CAN_ERROR] = "error",
	};
	const struct lsk_can_frame *frame = &entry->frame;
	const char *direction = entry->is_sent ? "tx" : "rx";
	char *start = out;
	int r;

	(void)writer;
	out += sprintf(out, "%lld.%09d,%s,%s,",
		       (long long)(entry->time_ns / LSK_NSEC_PER_SEC),
		       (int)(entry->time_ns % LSK_NSEC_PER_SEC), entry->interface,
		       entry->has_direction ? direction : "");
	r = lsk_can_frame_format(frame, LSK_CAN_FORMAT_PLAIN, out, LSK_CAN_TEXT_MAX);
	if (r < 0)
		return r;
	out += r;
	out += sprintf(out, ",%s,0x%X,%u,", kinds[frame->kind], frame->id, frame->len);
	if (!frame->is_remote)
		out = can_put_bytes(out, frame->data, frame->len, ' ');
	*out++ = '\n';
	return (int)(out - start);
}

const struct can_log_codec can_log_csv = {
	.format = LSK_CAN_LOG_CSV,
	.name = "csv",
	.detect = detect,
	.read = csv_read,
	.begin = csv_begin,
	.write = csv_write,
};
