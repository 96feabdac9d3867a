/* SPDX-License-Identifier: MIT */
/*
 * Vector's ASCII log:
 *
 *	date Fri Nov 20 10:28:17 2026
 *	base hex  timestamps absolute
 *	no internal events logged
 *	   0.000000 1  123             Rx   d 8 00 11 22 33 44 55 66 77
 *	   0.000100 CANFD   1 Rx        123   1 0 8  8 00 11 22 33 44 55 66 77 ...
 *
 * Times count from the date. Channels are numbers; "can0" stands for channel 1.
 */
#include "families/can_log.h"

#include <errno.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define NSEC_PER_USEC 1000

/* Of the field "flags" at the end of a CANFD line. */
#define ASC_RTR 0x0010u
#define ASC_FDF 0x1000u
#define ASC_BRS 0x2000u
#define ASC_ESI 0x4000u

struct asc_state {
	int64_t date_ns;
	int64_t last_ns;
	bool is_decimal;
	bool is_relative;
};

static bool starts_with(const char *text, const char *start)
{
	return strncasecmp(text, start, strlen(start)) == 0;
}

static bool detect(const uint8_t *bytes, size_t size)
{
	const char *text = (const char *)bytes;

	return size > 8 &&
	       (memcmp(text, "date ", 5) == 0 || memcmp(text, "base ", 5) == 0);
}

static int month_of(const char *word)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	static const char *const german[] = {"mae", "m\303\244", "mai", "okt", "dez"};
	static const int german_months[] = {2, 2, 4, 9, 11};

	for (int i = 0; i < 12; i++)
		if (strncasecmp(word, &names[(size_t)3 * (size_t)i], 3) == 0)
			return i;
	for (size_t i = 0; i < 5; i++)
		if (strncasecmp(word, german[i], strlen(german[i])) == 0)
			return german_months[i];
	return -1;
}

/* "Fri Nov 20 10:28:17.118 pm 2026"; what cannot be read leaves the date at 0. */
static int64_t read_date(const char *text)
{
	struct can_cursor cursor = {.start = text, .at = text};
	struct tm date = {.tm_isdst = -1};
	uint64_t day, hour, minute, year = 0;
	int64_t second_ns = 0;
	bool is_afternoon = false, is_morning = false;
	const char *word;
	size_t len;

	can_cursor_word(&cursor, &word); /* the day of the week */
	can_cursor_word(&cursor, &word);
	date.tm_mon = month_of(word);
	can_cursor_blanks(&cursor);
	if (date.tm_mon < 0 || can_cursor_decimal(&cursor, 31, &day) < 0)
		return 0;
	can_cursor_blanks(&cursor);
	if (can_cursor_decimal(&cursor, 23, &hour) < 0 || *cursor.at++ != ':' ||
	    can_cursor_decimal(&cursor, 59, &minute) < 0 || *cursor.at++ != ':' ||
	    can_cursor_time(&cursor, &second_ns) < 0)
		return 0;
	len = can_cursor_word(&cursor, &word);
	if (len == 2 && (word[1] == 'm' || word[1] == 'M')) {
		is_afternoon = word[0] == 'p' || word[0] == 'P';
		is_morning = !is_afternoon;
		can_cursor_word(&cursor, &word);
	}
	cursor.at = word;
	if (can_cursor_decimal(&cursor, 2261, &year) < 0 || year < 1970)
		return 0;
	if (is_afternoon && hour < 12)
		hour += 12;
	if (is_morning && hour == 12)
		hour = 0;
	date.tm_year = (int)year - 1900;
	date.tm_mday = (int)day;
	date.tm_hour = (int)hour;
	date.tm_min = (int)minute;
	return mktime(&date) * LSK_NSEC_PER_SEC + second_ns;
}

/* Whether the line is part of the heading, or an event that is no frame. */
static bool take_heading(struct asc_state *state, const char *line)
{
	const char *word;

	if (starts_with(line, "date ")) {
		state->date_ns = read_date(line + 5);
		return true;
	}
	if (starts_with(line, "base ")) {
		state->is_decimal = starts_with(line + 5, "dec");
		word = strstr(line, "timestamps ");
		state->is_relative = word && starts_with(word + 11, "rel");
		return true;
	}
	return line[0] != ' ' && (line[0] < '0' || line[0] > '9');
}

/* "123x": an x at the end makes it extended. */
static int read_id(struct can_cursor *cursor, const struct asc_state *state,
		   struct lsk_can_frame *frame)
{
	const char *start;
	uint64_t decimal = 0;
	uint32_t id = 0;
	bool is_extended;
	int r;

	can_cursor_blanks(cursor);
	start = cursor->at;
	if (state->is_decimal) {
		r = can_cursor_decimal(cursor, LSK_CAN_EXTENDED_ID_MAX, &decimal);
		id = (uint32_t)decimal;
	} else {
		r = can_cursor_hex_number(cursor, &id);
	}
	if (r < 0)
		return r;
	is_extended = *cursor->at == 'x' || *cursor->at == 'X';
	if (is_extended)
		cursor->at++;
	if (*cursor->at && *cursor->at != ' ' && *cursor->at != '\t') {
		cursor->at = start;
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"an identifier was expected");
	}
	return can_log_set_id(cursor, frame, id, is_extended);
}

static int read_direction(struct can_cursor *cursor, struct lsk_can_log_entry *entry)
{
	const char *word;
	size_t len = can_cursor_word(cursor, &word);

	if (len != 2 || (!starts_with(word, "Rx") && !starts_with(word, "Tx"))) {
		cursor->at = word;
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"Rx or Tx was expected");
	}
	entry->has_direction = true;
	entry->is_sent = word[0] == 'T' || word[0] == 't';
	return 0;
}

static int read_data(struct can_cursor *cursor, const struct asc_state *state,
		     struct lsk_can_frame *frame)
{
	if (!state->is_decimal || frame->kind == LSK_CAN_FD)
		return can_cursor_bytes(cursor, frame->data, frame->len);
	for (size_t i = 0; i < frame->len; i++) {
		uint64_t byte = 0;
		int r;

		can_cursor_blanks(cursor);
		r = can_cursor_decimal(cursor, UINT8_MAX, &byte);
		if (r < 0)
			return r;
		frame->data[i] = (uint8_t)byte;
	}
	return 0;
}

static void set_dlc(struct lsk_can_frame *frame, uint32_t dlc)
{
	frame->len = (uint16_t)(dlc > LSK_CAN_DATA_MAX ? LSK_CAN_DATA_MAX : dlc);
	frame->raw_dlc = dlc > LSK_CAN_DATA_MAX ? (uint8_t)dlc : 0;
}

/* "1  123             Rx   d 8 00 11 ..." after the time. */
static int read_classic(struct can_cursor *cursor, const struct asc_state *state,
			struct lsk_can_log_entry *entry)
{
	struct lsk_can_frame *frame = &entry->frame;
	const char *word;
	uint32_t dlc = 0;
	size_t len;
	int r;

	can_cursor_blanks(cursor);
	if (starts_with(cursor->at, "ErrorFrame")) {
		frame->kind = LSK_CAN_ERROR;
		frame->id = CAN_ERR_BUSERROR;
		frame->len = LSK_CAN_DATA_MAX;
		memset(frame->data, 0, LSK_CAN_DATA_MAX);
		return 0;
	}
	r = read_id(cursor, state, frame);
	if (r == 0)
		r = read_direction(cursor, entry);
	if (r < 0)
		return r;
	len = can_cursor_word(cursor, &word);
	if (len != 1 || (word[0] != 'd' && word[0] != 'r')) {
		cursor->at = word;
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX, "d or r was expected");
	}
	frame->is_remote = word[0] == 'r';
	can_cursor_blanks(cursor);
	/* Older tools leave out the length of a remote request. */
	if (frame->is_remote && text_hex_digit(*cursor->at) < 0)
		return 0;
	r = can_cursor_hex(cursor, 1, &dlc);
	if (r < 0)
		return r;
	set_dlc(frame, dlc);
	return frame->is_remote ? 0 : read_data(cursor, state, frame);
}

/* Whether "brs esi dlc len" stands at the cursor; then it has read them. */
static bool read_fd_head(struct can_cursor *cursor, uint32_t head[4])
{
	struct can_cursor probe = *cursor;

	probe.error = NULL;
	for (size_t i = 0; i < 4; i++) {
		uint64_t len = 0;

		can_cursor_blanks(&probe);
		if (i < 3 ? can_cursor_hex_number(&probe, &head[i]) < 0
			  : can_cursor_decimal(&probe, LSK_CANFD_DATA_MAX, &len) < 0)
			return false;
		if (i == 3)
			head[3] = (uint32_t)len;
		if (*probe.at && *probe.at != ' ' && *probe.at != '\t')
			return false;
	}
	if (head[0] > 1 || head[1] > 1 || head[2] > 15)
		return false;
	cursor->at = probe.at;
	return true;
}

/* Some tools write lengths that FD does not have; the code says what was on the bus. */
static void fill_fd(struct lsk_can_frame *frame, uint32_t dlc)
{
	unsigned int len = lsk_can_dlc_to_len(dlc);

	if (len <= frame->len)
		return;
	memset(frame->data + frame->len, 0, len - frame->len);
	frame->len = (uint16_t)len;
}

/* "1 Rx        123  [name]  1 0 8  8 00 11 ... duration length flags" */
static int read_fd(struct can_cursor *cursor, const struct asc_state *state,
		   struct lsk_can_log_entry *entry)
{
	struct lsk_can_frame *frame = &entry->frame;
	uint32_t head[4], flags = ASC_FDF;
	uint64_t channel = 0;
	const char *word;
	int r;

	can_cursor_blanks(cursor);
	r = can_cursor_decimal(cursor, 255, &channel);
	if (r == 0)
		r = read_direction(cursor, entry);
	if (r == 0)
		r = read_id(cursor, &(struct asc_state){0}, frame);
	if (r < 0)
		return r;
	can_log_name_channel(entry, channel);
	if (!read_fd_head(cursor, head)) {
		can_cursor_word(cursor, &word); /* the symbolic name */
		if (!read_fd_head(cursor, head))
			return can_cursor_fault(
				cursor, LSK_ERR_SYNTAX,
				"BRS, ESI, DLC and length were expected");
	}
	frame->kind = LSK_CAN_FD;
	frame->len = (uint16_t)head[3];
	r = read_data(cursor, state, frame);
	if (r < 0)
		return r;
	fill_fd(frame, head[2]);
	frame->flags = (uint8_t)(LSK_CANFD_FDF | (head[0] ? LSK_CANFD_BRS : 0) |
				 (head[1] ? LSK_CANFD_ESI : 0));
	/* The flags stand after a duration and a length, and may be missing. */
	can_cursor_word(cursor, &word);
	can_cursor_word(cursor, &word);
	can_cursor_blanks(cursor);
	cursor->error = NULL;
	if (can_cursor_hex_number(cursor, &flags) == 0 && !(flags & ASC_FDF)) {
		frame->kind = LSK_CAN_CLASSIC;
		frame->flags = 0;
		frame->is_remote = flags & ASC_RTR;
		set_dlc(frame, head[2]);
	}
	return 0;
}

static int read_line(struct asc_state *state, struct can_cursor *cursor,
		     struct lsk_can_log_entry *entry)
{
	struct lsk_error *error = cursor->error;
	uint64_t channel = 0;
	int64_t time_ns = 0;
	int r;

	can_cursor_blanks(cursor);
	r = can_cursor_time(cursor, &time_ns);
	if (r < 0)
		return r;
	if (state->is_relative)
		r = can_log_add_time(cursor, time_ns, state->last_ns, &time_ns);
	if (r == 0)
		r = can_log_add_time(cursor, state->date_ns, time_ns, &entry->time_ns);
	if (r < 0)
		return r;
	state->last_ns = time_ns;
	can_cursor_blanks(cursor);
	if (starts_with(cursor->at, "CANFD")) {
		cursor->at += strlen("CANFD");
		r = read_fd(cursor, state, entry);
		cursor->error = error;
	} else {
		/* Statistics, triggers and other buses are no frames of CAN. */
		if (*cursor->at < '0' || *cursor->at > '9')
			return 0;
		r = can_cursor_decimal(cursor, 255, &channel);
		if (r < 0)
			return r;
		can_log_name_channel(entry, channel);
		can_cursor_blanks(cursor);
		if (starts_with(cursor->at, "Statistic"))
			return 0;
		r = read_classic(cursor, state, entry);
	}
	if (r == 0 && lsk_can_frame_check(&entry->frame) < 0)
		r = can_cursor_fault(cursor, LSK_ERR_RANGE, "there is no such frame");
	return r < 0 ? r : 1;
}

static int asc_read(struct lsk_can_log_reader *reader, struct lsk_can_log_entry *entry,
		    struct lsk_error *error)
{
	struct asc_state *state = (struct asc_state *)(void *)reader->state;
	char *line;
	int r;

	for (;;) {
		struct can_cursor cursor = {.error = error};

		r = can_log_next_line(reader, &line);
		if (r <= 0)
			return r;
		if (take_heading(state, line))
			continue;
		cursor.start = cursor.at = line;
		can_cursor_blanks(&cursor);
		if (!*cursor.at)
			continue;
		memset(entry, 0, offsetof(struct lsk_can_log_entry, frame.data));
		r = read_line(state, &cursor, entry);
		if (r != 0)
			return r;
	}
}

static const char *line_end(const struct lsk_can_log_writer *writer)
{
	return writer->options.asc_flags & LSK_CAN_LOG_ASC_CRLF ? "\r\n" : "\n";
}

static int asc_begin(struct lsk_can_log_writer *writer, char *out,
		     const struct lsk_can_log_entry *entry)
{
	bool is_bare = writer->options.asc_flags & LSK_CAN_LOG_ASC_BARE;
	int64_t start_ns = is_bare && writer->options.start_ns
				   ? writer->options.start_ns
				   : entry->time_ns;
	time_t start = (time_t)(start_ns / LSK_NSEC_PER_SEC);
	const char *end = line_end(writer);
	char date[64];
	struct tm local;
	int len;

	/* The date has whole seconds, so that is what times count from. */
	writer->start_ns = is_bare ? start_ns : start * LSK_NSEC_PER_SEC;
	localtime_r(&start, &local);
	strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &local);
	len = sprintf(out,
		      "date %s%sbase hex  timestamps absolute%s"
		      "no internal events logged%s",
		      date, end, end, end);
	if (!is_bare)
		len += sprintf(out + len, "// version 18.2.0%s", end);
	return len;
}

/* The form of FD; a classic frame is in it by the flags at its end. */
static char *put_fd(char *out, const struct lsk_can_log_entry *entry, int channel)
{
	const struct lsk_can_frame *frame = &entry->frame;
	bool is_fd = frame->kind == LSK_CAN_FD;
	unsigned int flags = (is_fd ? ASC_FDF : 0) |
			     (frame->flags & LSK_CANFD_BRS ? ASC_BRS : 0) |
			     (frame->flags & LSK_CANFD_ESI ? ASC_ESI : 0) |
			     (frame->is_remote ? ASC_RTR : 0);
	unsigned int dlc =
		frame->raw_dlc ? frame->raw_dlc : lsk_can_len_to_dlc(frame->len);
	int len = frame->is_remote ? 0 : frame->len;
	char id[16];

	sprintf(id, "%X%c", frame->id, frame->is_extended ? 'x' : ' ');
	out += sprintf(out, "CANFD %3d %s %11s%34s%d %d %x %2d", channel,
		       entry->is_sent ? "Tx" : "Rx", id, "",
		       !!(frame->flags & LSK_CANFD_BRS),
		       !!(frame->flags & LSK_CANFD_ESI), dlc, len);
	for (int i = 0; i < len; i++)
		out += sprintf(out, " %02X", frame->data[i]);
	return out + sprintf(out, " %8d %4d %8X 0 0 0 0 0", 130000, 130, flags);
}

static char *put_classic(char *out, const struct lsk_can_log_entry *entry, int channel,
			 bool has_remote_len)
{
	const struct lsk_can_frame *frame = &entry->frame;
	char id[16];

	out += sprintf(out, "%-2d ", channel);
	if (frame->kind == LSK_CAN_ERROR)
		return out + sprintf(out, "ErrorFrame");
	sprintf(id, "%X%c", frame->id, frame->is_extended ? 'x' : ' ');
	out += sprintf(out, "%-15s %s   %c", id, entry->is_sent ? "Tx" : "Rx",
		       frame->is_remote ? 'r' : 'd');
	if (!frame->is_remote || has_remote_len)
		out += sprintf(out, " %X",
			       frame->raw_dlc ? frame->raw_dlc : frame->len);
	for (size_t i = 0; i < frame->len && !frame->is_remote; i++)
		out += sprintf(out, " %02X", frame->data[i]);
	return out;
}

static int asc_write(struct lsk_can_log_writer *writer, char *out,
		     const struct lsk_can_log_entry *entry)
{
	unsigned int flags = writer->options.asc_flags;
	int channel = can_log_channel(writer, entry->interface);
	int64_t time_ns = entry->time_ns - writer->start_ns;
	char *start = out;
	int micros;

	if (entry->frame.kind == LSK_CAN_XL)
		return -EOPNOTSUPP;
	if (channel < 0)
		return channel;
	/* Clocks step back; the format cannot. */
	if (time_ns < 0)
		time_ns = 0;
	micros = (int)(time_ns % LSK_NSEC_PER_SEC) / NSEC_PER_USEC;
	out += sprintf(out, "%4lld.", (long long)(time_ns / LSK_NSEC_PER_SEC));
	if (flags & LSK_CAN_LOG_ASC_FOUR_DECIMALS)
		out += sprintf(out, "%04d ", micros / 100);
	else
		out += sprintf(out, "%06d ", micros);
	if (entry->frame.kind == LSK_CAN_FD ||
	    (flags & LSK_CAN_LOG_ASC_ALL_FD && entry->frame.kind == LSK_CAN_CLASSIC))
		out = put_fd(out, entry, channel);
	else
		out = put_classic(out, entry, channel,
				  !(flags & LSK_CAN_LOG_ASC_NO_REMOTE_LEN));
	out += sprintf(out, "%s", line_end(writer));
	return (int)(out - start);
}

const struct can_log_codec can_log_asc = {
	.format = LSK_CAN_LOG_ASC,
	.name = "asc",
	.detect = detect,
	.read = asc_read,
	.begin = asc_begin,
	.write = asc_write,
};
