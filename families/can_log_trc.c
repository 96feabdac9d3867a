/* SPDX-License-Identifier: MIT */
/*
 * PEAK's trace. Written as version 2.1; read from 1.0 to 2.1, whose columns are:
 *
 *	1.1	     1)      1059.900  Rx         0300  7  00 00 00 00 04 00 00
 *	1.3	     1)      1059.900 1  Rx        0300 -  7    00 00 ...
 *	2.0, 2.1     told by ";$COLUMNS=N,O,T,B,I,d,R,L,D"
 *
 * Times are milliseconds since a start that is told in days since 1899-12-30 (UTC
 * here).
 */
#include "families/can_log.h"

#include <errno.h>
#include <linux/can.h>
#include <stdio.h>
#include <string.h>

#include "uring/util.h"

#define DAY_NS           (86400 * LSK_NSEC_PER_SEC)
#define DAYS_BEFORE_1970 25569
#define COLUMNS_MAX      16
#define NSEC_PER_MSEC    1000000
#define NSEC_PER_USEC    1000

struct trc_state {
	int64_t start_ns;
	char columns[COLUMNS_MAX]; /* letters as in $COLUMNS; "" before they are known
				    */
};

static bool detect(const uint8_t *bytes, size_t size)
{
	return size > 2 &&
	       (memcmp(bytes, ";$", 2) == 0 || memcmp(bytes, ";##", 3) == 0);
}

/* "46346.123456789" days, in whole nanoseconds. */
static int64_t read_start(const char *text)
{
	struct can_cursor cursor = {.start = text, .at = text};
	uint64_t days = 0;
	int64_t nanos = 0, unit = DAY_NS;

	/* Nanoseconds since 1970 end in the year 2262. */
	if (can_cursor_decimal(&cursor, DAYS_BEFORE_1970 + 106000, &days) < 0 ||
	    days < DAYS_BEFORE_1970)
		return 0;
	if (*cursor.at == '.')
		for (cursor.at++; *cursor.at >= '0' && *cursor.at <= '9'; cursor.at++) {
			/* Each digit of what one day leaves, rounded at the end. */
			nanos += unit * (*cursor.at - '0') / 10;
			unit /= 10;
		}
	nanos = (nanos + NSEC_PER_USEC / 2) / NSEC_PER_USEC * NSEC_PER_USEC;
	return ((int64_t)days - DAYS_BEFORE_1970) * DAY_NS + nanos;
}

static void take_heading(struct trc_state *state, const char *line)
{
	static const char version[] = ";$FILEVERSION=";
	static const char start[] = ";$STARTTIME=";
	static const char columns[] = ";$COLUMNS=";
	size_t count = 0;

	if (strncmp(line, version, strlen(version)) == 0) {
		/* What the versions without $COLUMNS have; ')' stands for "1)". */
		const char *number = line + strlen(version);

		static const char *const by_version[][2] = {
			{"1.0", "NOILD"},
			{"1.1", "NOdILD"},
			{"1.2", "NOBdILD"},
			{"1.3", "NOBdIRLD"},
		};

		for (size_t i = 0; i < ARRAY_SIZE(by_version); i++)
			if (strncmp(number, by_version[i][0], 3) == 0)
				snprintf(state->columns, sizeof(state->columns), "%s",
					 by_version[i][1]);
	} else if (strncmp(line, start, strlen(start)) == 0) {
		state->start_ns = read_start(line + strlen(start));
	} else if (strncmp(line, columns, strlen(columns)) == 0) {
		for (const char *c = line + strlen(columns); *c; c++)
			if (*c != ',' && count + 1 < COLUMNS_MAX)
				state->columns[count++] = *c;
		state->columns[count] = '\0';
	}
}

/* "DT", "FB", "RR" …. Return: 1 for a frame, 0 for an event that is none. */
static int read_type(struct can_cursor *cursor, struct lsk_can_frame *frame)
{
	const char *word;
	size_t len = can_cursor_word(cursor, &word);

	if (len != 2)
		return 0;
	if (memcmp(word, "DT", 2) == 0)
		return 1;
	if (memcmp(word, "RR", 2) == 0) {
		frame->is_remote = true;
		return 1;
	}
	if (word[0] != 'F' && word[0] != 'B')
		return 0;
	frame->kind = LSK_CAN_FD;
	frame->flags = LSK_CANFD_FDF;
	if (memcmp(word, "FB", 2) == 0 || memcmp(word, "BI", 2) == 0)
		frame->flags |= LSK_CANFD_BRS;
	if (memcmp(word, "FE", 2) == 0 || memcmp(word, "BI", 2) == 0)
		frame->flags |= LSK_CANFD_ESI;
	return 1;
}

/* A length in bytes, or with 'l' a code. */
static int read_len(struct can_cursor *cursor, struct lsk_can_frame *frame, bool is_dlc)
{
	uint64_t len = 0;
	int r;

	can_cursor_blanks(cursor);
	r = can_cursor_decimal(cursor, LSK_CANFD_DATA_MAX, &len);
	if (r < 0)
		return r;
	if (frame->kind == LSK_CAN_FD) {
		frame->len = (uint16_t)(is_dlc ? lsk_can_dlc_to_len((unsigned int)len)
					       : len);
		return 0;
	}
	if (len > 15)
		return can_cursor_fault(cursor, LSK_ERR_LENGTH,
					"a classic frame has up to 8 bytes");
	frame->len = (uint16_t)(len > LSK_CAN_DATA_MAX ? LSK_CAN_DATA_MAX : len);
	frame->raw_dlc = len > LSK_CAN_DATA_MAX ? (uint8_t)len : 0;
	return 0;
}

static int read_id(struct can_cursor *cursor, struct lsk_can_frame *frame)
{
	const char *start;
	uint32_t id = 0;
	int r;

	can_cursor_blanks(cursor);
	start = cursor->at;
	r = can_cursor_hex_number(cursor, &id);
	if (r < 0)
		return r;
	return can_log_set_id(cursor, frame, id, cursor->at - start > 4);
}

static int read_bus(struct can_cursor *cursor, struct lsk_can_log_entry *entry)
{
	uint64_t bus = 0;
	int r;

	can_cursor_blanks(cursor);
	r = can_cursor_decimal(cursor, 255, &bus);
	if (r < 0)
		return r;
	snprintf(entry->interface, sizeof(entry->interface), "can%u",
		 bus > 0 ? (unsigned int)bus - 1 : 0);
	return 0;
}

static int read_time(struct can_cursor *cursor, const struct trc_state *state,
		     struct lsk_can_log_entry *entry)
{
	int64_t nanos = 0;
	int r;

	can_cursor_blanks(cursor);
	r = can_cursor_fixed(cursor, NSEC_PER_MSEC, &nanos);
	if (r < 0)
		return r;
	return can_log_add_time(cursor, state->start_ns, nanos, &entry->time_ns);
}

/* One column. Return: 1 to go on, 0 for a line that is no frame, or a fault. */
static int read_column(struct can_cursor *cursor, const struct trc_state *state,
		       char column, struct lsk_can_log_entry *entry)
{
	struct lsk_can_frame *frame = &entry->frame;
	const char *word;
	size_t len;
	int r = 0;

	switch (column) {
	case 'O':
		r = read_time(cursor, state, entry);
		break;
	case 'T':
		return read_type(cursor, frame);
	case 'B':
		r = read_bus(cursor, entry);
		break;
	case 'I':
		r = read_id(cursor, frame);
		break;
	case 'd':
		len = can_cursor_word(cursor, &word);
		entry->has_direction = len == 2;
		entry->is_sent = len > 0 && word[0] == 'T';
		/* "Warng", "Error" of version 1. */
		return len == 2;
	case 'L':
	case 'l':
		r = read_len(cursor, frame, column == 'l');
		break;
	case 'D':
		can_cursor_blanks(cursor);
		if (strncmp(cursor->at, "RTR", 3) == 0)
			frame->is_remote = true;
		if (!frame->is_remote)
			r = can_cursor_bytes(cursor, frame->data, frame->len);
		break;
	default: /* N, R and what newer versions add */
		can_cursor_word(cursor, &word);
		break;
	}
	/* "0XYZ" is no 0 with a column after it. */
	if (r >= 0 && (unsigned char)*cursor->at > ' ')
		r = can_cursor_fault(cursor, LSK_ERR_SYNTAX, "a blank was expected");
	return r < 0 ? r : 1;
}

static int trc_read(struct lsk_can_log_reader *reader, struct lsk_can_log_entry *entry,
		    struct lsk_error *error)
{
	struct trc_state *state = (struct trc_state *)(void *)reader->state;

	for (;;) {
		struct can_cursor cursor = {.error = error};
		char *line;
		int r = can_log_next_line(reader, &line);

		if (r <= 0)
			return r;
		cursor.start = cursor.at = line;
		can_cursor_blanks(&cursor);
		if (*cursor.at == ';' || !*cursor.at) {
			take_heading(state, cursor.at);
			continue;
		}
		if (!state->columns[0])
			snprintf(state->columns, sizeof(state->columns), "NOILD");
		memset(entry, 0, offsetof(struct lsk_can_log_entry, frame.data));
		snprintf(entry->interface, sizeof(entry->interface), "can0");
		r = 1;
		for (const char *c = state->columns; *c && r > 0; c++)
			r = read_column(&cursor, state, *c, entry);
		if (r > 0 && lsk_can_frame_check(&entry->frame) < 0)
			r = can_cursor_fault(&cursor, LSK_ERR_RANGE,
					     "there is no such frame");
		if (r != 0)
			return r;
	}
}

static int trc_begin(struct lsk_can_log_writer *writer, char *out,
		     const struct lsk_can_log_entry *entry)
{
	const int64_t day_ns = DAY_NS;
	int64_t days = entry->time_ns / day_ns + DAYS_BEFORE_1970;
	__extension__ unsigned __int128 rest =
		(unsigned __int128)(entry->time_ns % day_ns) * 1000000000000000u /
		(unsigned __int128)day_ns;

	(void)writer;
	return sprintf(
		out,
		";$FILEVERSION=2.1\n;$STARTTIME=%lld.%015llu\n"
		";$COLUMNS=N,O,T,B,I,d,R,L,D\n;\n"
		";   Message   Time    Type Bus ID    Rx/Tx Reserved Length Data\n"
		";   Number    Offset                 [hex]\n"
		";---+-- ------+------ +- +- --+----- +- +- +- +- -- -- --\n",
		(long long)days, (unsigned long long)rest);
}

static const char *type_of(const struct lsk_can_frame *frame)
{
	static const char *const fd[] = {"FD", "FB", "FE", "BI"};

	if (frame->kind == LSK_CAN_FD)
		return fd[frame->flags & (LSK_CANFD_BRS | LSK_CANFD_ESI)];
	return frame->is_remote ? "RR" : "DT";
}

static int trc_write(struct lsk_can_log_writer *writer, char *out,
		     const struct lsk_can_log_entry *entry)
{
	const struct lsk_can_frame *frame = &entry->frame;
	int channel = can_log_channel(writer, entry->interface);
	int64_t micros = (entry->time_ns - writer->start_ns) / NSEC_PER_USEC;
	char *start = out;

	if (frame->kind == LSK_CAN_XL || frame->kind == LSK_CAN_ERROR)
		return -EOPNOTSUPP;
	if (channel < 0)
		return channel;
	if (micros < 0)
		micros = 0;
	out += sprintf(out, "%7lu %9lld.%03lld %s %2d ", writer->count + 1,
		       (long long)(micros / 1000), (long long)(micros % 1000),
		       type_of(frame), channel);
	out += sprintf(out, frame->is_extended ? "%08X" : "    %04X", frame->id);
	out += sprintf(out, " %s -  %-2d   ", entry->is_sent ? "Tx" : "Rx",
		       frame->raw_dlc ? frame->raw_dlc : frame->len);
	for (size_t i = 0; i < frame->len && !frame->is_remote; i++)
		out += sprintf(out, " %02X", frame->data[i]);
	*out++ = '\n';
	return (int)(out - start);
}

const struct can_log_codec can_log_trc = {
	.format = LSK_CAN_LOG_TRC,
	.name = "trc",
	.detect = detect,
	.read = trc_read,
	.begin = trc_begin,
	.write = trc_write,
};
