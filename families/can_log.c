/* SPDX-License-Identifier: MIT */
/* Logs: the table of formats, the bytes that come and go, and the words of a line. */
#include "families/can_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "uring/util.h"

#define READ_SIZE  ((size_t)2 * LSK_CAN_LOG_LINE_MAX)
/* Bytes that a format is judged by: binary ones have a short signature. */
#define DETECT_MIN 16
#define DETECT_MAX 4096

/* In the order of detection: candump's log, which has no heading, is the last. */
static const struct can_log_codec *const codecs[] = {
	&can_log_pcapng, &can_log_blf, &can_log_trc,
	&can_log_asc,    &can_log_csv, &can_log_candump,
};

static const struct can_log_codec *codec_of(enum lsk_can_log_format format)
{
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (codecs[i]->format == format)
			return codecs[i];
	return NULL;
}

const char *lsk_can_log_format_name(enum lsk_can_log_format format)
{
	const struct can_log_codec *codec = codec_of(format);

	return codec ? codec->name : NULL;
}

enum lsk_can_log_format lsk_can_log_format_by_name(const char *name)
{
	const char *dot = name ? strrchr(name, '.') : NULL;
	const char *ending = dot ? dot + 1 : name;

	if (!ending)
		return LSK_CAN_LOG_AUTO;
	if (strcasecmp(ending, "log") == 0)
		return LSK_CAN_LOG_CANDUMP;
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++)
		if (strcasecmp(ending, codecs[i]->name) == 0)
			return codecs[i]->format;
	return LSK_CAN_LOG_AUTO;
}

ssize_t can_log_need(struct lsk_can_log_reader *reader, size_t want)
{
	if (want > reader->size)
		return LSK_ERR_LENGTH;
	while (reader->end - reader->start < want && !reader->is_end) {
		ssize_t count;

		if (reader->start > 0) {
			memmove(reader->buf, reader->buf + reader->start,
				reader->end - reader->start);
			reader->end -= reader->start;
			reader->start = 0;
		}
		count = reader->read(reader->context, reader->buf + reader->end,
				     reader->size - reader->end);
		if (count < 0)
			return count;
		reader->is_end = count == 0;
		reader->end += (size_t)count;
		reader->brought += (uint64_t)count;
	}
	return (ssize_t)(reader->end - reader->start);
}

uint64_t can_log_offset(const struct lsk_can_log_reader *reader)
{
	return reader->brought - (reader->end - reader->start);
}

/* Step over the rest of a line that no buffer holds. */
static int skip_line(struct lsk_can_log_reader *reader)
{
	for (;;) {
		ssize_t count = can_log_need(reader, 1);
		uint8_t *end;

		if (count <= 0)
			return count < 0 ? (int)count : LSK_ERR_LENGTH;
		end = memchr(reader->buf + reader->start, '\n', (size_t)count);
		if (end) {
			reader->start = (size_t)(end + 1 - reader->buf);
			return LSK_ERR_LENGTH;
		}
		reader->start = reader->end;
	}
}

int can_log_next_line(struct lsk_can_log_reader *reader, char **ret_line)
{
	size_t want = 1;

	reader->line++;
	for (;;) {
		ssize_t count = can_log_need(reader, want);
		uint8_t *line = reader->buf + reader->start;
		uint8_t *end;
		size_t len;

		if (count <= 0)
			return (int)count;
		end = memchr(line, '\n', (size_t)count);
		if (!end && (size_t)count >= LSK_CAN_LOG_LINE_MAX)
			return skip_line(reader);
		if (!end && !reader->is_end) {
			want = (size_t)count + 1;
			continue;
		}
		/* The last line may lack its end; there is room for a NUL then. */
		len = end ? (size_t)(end - line) : (size_t)count;
		reader->start += end ? len + 1 : len;
		while (len > 0 && line[len - 1] == '\r')
			len--;
		line[len] = '\0';
		*ret_line = (char *)line;
		return 1;
	}
}

static int choose_codec(struct lsk_can_log_reader *reader,
			enum lsk_can_log_format format)
{
	ssize_t count = 0;

	reader->codec = codec_of(format);
	if (reader->codec)
		return 0;
	/* The first line tells; a pipe may bring the next one much later. */
	do {
		ssize_t seen = count;

		count = can_log_need(reader, (size_t)seen + 1);
		if (count < 0)
			return (int)count;
		if (count == seen)
			break;
	} while (count < DETECT_MIN ||
		 (count < DETECT_MAX &&
		  !memchr(reader->buf + reader->start, '\n', (size_t)count)));
	for (size_t i = 0; i < ARRAY_SIZE(codecs) && !reader->codec; i++)
		if (codecs[i]->detect(reader->buf + reader->start, (size_t)count))
			reader->codec = codecs[i];
	return reader->codec ? 0 : LSK_ERR_SYNTAX;
}

int lsk_can_log_reader_new(struct lsk_can_log_reader **ret_reader,
			   enum lsk_can_log_format format, lsk_can_log_read_fn read,
			   void *context, struct lsk_error *ret_error)
{
	struct lsk_can_log_reader *reader;
	int r;

	if (!ret_reader || !read || format >= LSK_CAN_LOG__COUNT)
		return error_set(ret_error, -EINVAL, 0,
				 "no reader can be made of this");
	reader = calloc(1, sizeof(*reader));
	if (reader)
		reader->buf = malloc(READ_SIZE + 1);
	if (!reader || !reader->buf) {
		free(reader);
		return error_set(ret_error, -ENOMEM, 0, "no memory for a reader");
	}
	reader->size = READ_SIZE;
	reader->read = read;
	reader->context = context;
	r = choose_codec(reader, format);
	if (r < 0) {
		lsk_can_log_reader_free(reader);
		return error_set(ret_error, r, 0, "%s",
				 r == LSK_ERR_SYNTAX ? "no format of a log starts so"
						     : lsk_strerror(r));
	}
	*ret_reader = reader;
	return 0;
}

struct lsk_can_log_reader *lsk_can_log_reader_free(struct lsk_can_log_reader *reader)
{
	if (reader && reader->codec && reader->codec->done)
		reader->codec->done(reader);
	if (reader)
		free(reader->buf);
	free(reader);
	return NULL;
}

/* What ends a name in the formats that are text. */
static bool ends_name(char c)
{
	return (unsigned char)c <= ' ' || c == ',' || c == '"' || c == '\177';
}

/* No interface is called so, but a log may say it. */
static void mend_name(char *name)
{
	if (!*name)
		memcpy(name, "canX", sizeof("canX"));
	for (; *name; name++)
		if (ends_name(*name))
			*name = '_';
}

int lsk_can_log_read(struct lsk_can_log_reader *reader,
		     struct lsk_can_log_entry *ret_entry, struct lsk_error *ret_error)
{
	int r;

	if (!reader || !ret_entry)
		return error_set(ret_error, -EINVAL, 0, "no reader or no place");
	if (reader->failure)
		return error_set(ret_error, reader->failure, 0,
				 "reading ended at an earlier fault");
	r = reader->codec->read(reader, ret_entry, ret_error);
	if (r == 1)
		mend_name(ret_entry->interface);
	/* Faults of a line have the library's numbers; those of errno end it all. */
	if (r < 0 && r > LSK_ERR_SCHEME) {
		reader->failure = r;
		if (r != -EBADMSG)
			error_set(ret_error, r, 0, "%s", lsk_strerror(r));
	} else if (r == LSK_ERR_LENGTH && ret_error && ret_error->code != r) {
		error_set(ret_error, r, 0, "the line is too long");
	}
	return r;
}

unsigned long lsk_can_log_line(const struct lsk_can_log_reader *reader)
{
	return reader ? reader->line : 0;
}

enum lsk_can_log_format
lsk_can_log_reader_format(const struct lsk_can_log_reader *reader)
{
	return reader ? reader->codec->format : LSK_CAN_LOG_AUTO;
}

int can_log_channel(struct lsk_can_log_writer *writer, const char *name)
{
	struct can_log_channels *channels = &writer->channels;

	for (size_t i = 0; i < channels->count; i++)
		if (strcmp(channels->names[i], name) == 0)
			return (int)i + 1;
	if (channels->count == CAN_LOG_CHANNELS_MAX)
		return -ENOSPC;
	snprintf(channels->names[channels->count], LSK_CAN_LOG_NAME_MAX, "%s", name);
	return (int)++channels->count;
}

void can_log_name_channel(struct lsk_can_log_entry *entry, uint64_t channel)
{
	if (channel > 0)
		snprintf(entry->interface, sizeof(entry->interface), "can%u",
			 (unsigned int)channel - 1);
	else
		snprintf(entry->interface, sizeof(entry->interface), "canX");
}

/* Room for what is gathered, and for what it is packed into. */
static int writer_allocate(struct lsk_can_log_writer *writer)
{
	writer->buf = malloc(CAN_LOG_BUFFER_SIZE);
	if (!writer->buf)
		return -ENOMEM;
	if (!writer->codec->packed_max)
		return 0;
	writer->packed_size = writer->codec->packed_max(CAN_LOG_BUFFER_SIZE);
	writer->packed = malloc(writer->packed_size);
	return writer->packed ? 0 : -ENOMEM;
}

int lsk_can_log_writer_new(struct lsk_can_log_writer **ret_writer,
			   enum lsk_can_log_format format,
			   const struct lsk_can_log_options *options,
			   lsk_can_log_write_fn write, void *context)
{
	struct lsk_can_log_writer *writer;
	int r;

	if (!ret_writer || !write || !codec_of(format))
		return -EINVAL;
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		return -ENOMEM;
	writer->codec = codec_of(format);
	r = writer_allocate(writer);
	writer->write = write;
	writer->context = context;
	if (options)
		writer->options = *options;
	for (size_t i = 0; i < writer->options.interface_count && r >= 0; i++)
		r = can_log_channel(writer, writer->options.interfaces[i]);
	if (r < 0) {
		lsk_can_log_writer_free(writer);
		return r;
	}
	*ret_writer = writer;
	return 0;
}

/* Hand @size bytes over. */
static void hand_over(struct lsk_can_log_writer *writer, const void *bytes, size_t size)
{
	writer->failure = writer->write(writer->context, bytes, size);
	writer->bytes += size;
}

int lsk_can_log_flush(struct lsk_can_log_writer *writer)
{
	ssize_t packed;

	if (!writer)
		return -EINVAL;
	if (writer->failure == 0 && writer->len > 0) {
		if (!writer->codec->pack) {
			hand_over(writer, writer->buf, writer->len);
		} else {
			packed = writer->codec->pack(writer);
			if (packed < 0)
				writer->failure = (int)packed;
			else
				hand_over(writer, writer->packed, (size_t)packed);
		}
	}
	writer->len = 0;
	return writer->failure;
}

uint64_t lsk_can_log_size(const struct lsk_can_log_writer *writer)
{
	return writer ? writer->bytes + writer->len : 0;
}

int lsk_can_log_heading(const struct lsk_can_log_writer *writer, void *buf, size_t size)
{
	if (!writer || (!buf && size > 0))
		return -EINVAL;
	if (!writer->codec->heading || !writer->is_begun)
		return 0;
	return writer->codec->heading(writer, buf, size);
}

/* What stands before the first entry, which nothing packs. */
static int begin(struct lsk_can_log_writer *writer,
		 const struct lsk_can_log_entry *entry)
{
	writer->is_begun = true;
	writer->start_ns = writer->last_ns = entry->time_ns;
	if (writer->codec->begin) {
		int len = writer->codec->begin(writer, writer->buf, entry);

		if (len < 0)
			return len;
		hand_over(writer, writer->buf, (size_t)len);
	}
	return writer->failure;
}

int lsk_can_log_write(struct lsk_can_log_writer *writer,
		      const struct lsk_can_log_entry *entry)
{
	const char *name = entry ? entry->interface : "";
	int r;

	if (!writer || !*name)
		return -EINVAL;
	for (; *name; name++)
		if (ends_name(*name))
			return -EINVAL;
	if (CAN_LOG_BUFFER_SIZE - writer->len < CAN_LOG_ENTRY_MAX)
		lsk_can_log_flush(writer);
	if (writer->failure)
		return writer->failure;
	if (!writer->is_begun) {
		r = begin(writer, entry);
		if (r < 0)
			return r;
	}
	r = writer->codec->write(writer, writer->buf + writer->len, entry);
	if (r < 0)
		return r;
	writer->len += (size_t)r;
	writer->last_ns = entry->time_ns;
	writer->count++;
	return 0;
}

struct lsk_can_log_writer *lsk_can_log_writer_free(struct lsk_can_log_writer *writer)
{
	if (writer) {
		free(writer->buf);
		free(writer->packed);
	}
	free(writer);
	return NULL;
}

void can_cursor_blanks(struct can_cursor *cursor)
{
	while (*cursor->at == ' ' || *cursor->at == '\t')
		cursor->at++;
}

size_t can_cursor_word(struct can_cursor *cursor, const char **ret_word)
{
	can_cursor_blanks(cursor);
	*ret_word = cursor->at;
	while (*cursor->at && *cursor->at != ' ' && *cursor->at != '\t')
		cursor->at++;
	return (size_t)(cursor->at - *ret_word);
}

int can_cursor_decimal(struct can_cursor *cursor, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (*cursor->at < '0' || *cursor->at > '9')
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"a number was expected");
	while (*cursor->at >= '0' && *cursor->at <= '9') {
		uint64_t digit = (uint64_t)(*cursor->at - '0');

		if (value > (max - digit) / 10)
			return can_cursor_fault(cursor, LSK_ERR_RANGE,
						"the number is too large");
		value = value * 10 + digit;
		cursor->at++;
	}
	*ret_value = value;
	return 0;
}

int can_cursor_fixed(struct can_cursor *cursor, int64_t unit_ns, int64_t *ret_ns)
{
	int64_t rest = 0, digit_ns = unit_ns;
	uint64_t whole = 0;
	int r = can_cursor_decimal(cursor, (uint64_t)(INT64_MAX / unit_ns - 1), &whole);

	if (r < 0)
		return r;
	if (*cursor->at == '.' || *cursor->at == ',') {
		cursor->at++;
		while (*cursor->at >= '0' && *cursor->at <= '9') {
			digit_ns /= 10;
			rest += digit_ns * (*cursor->at++ - '0');
		}
	}
	*ret_ns = (int64_t)whole * unit_ns + rest;
	return 0;
}

int can_cursor_time(struct can_cursor *cursor, int64_t *ret_ns)
{
	return can_cursor_fixed(cursor, LSK_NSEC_PER_SEC, ret_ns);
}

int can_log_add_time(const struct can_cursor *cursor, int64_t start_ns, int64_t add_ns,
		     int64_t *ret_ns)
{
	if (__builtin_add_overflow(start_ns, add_ns, ret_ns))
		return can_cursor_fault(cursor, LSK_ERR_RANGE,
					"the time is past the year 2262");
	return 0;
}

int can_cursor_hex_number(struct can_cursor *cursor, uint32_t *ret_value)
{
	size_t digits = can_hex_count(cursor->at);

	if (digits == 0)
		return can_cursor_fault(cursor, LSK_ERR_SYNTAX,
					"a hexadecimal number was expected");
	if (digits > 8)
		return can_cursor_fault(cursor, LSK_ERR_RANGE,
					"the number has more than 32 bits");
	return can_cursor_hex(cursor, (unsigned int)digits, ret_value);
}

int can_cursor_bytes(struct can_cursor *cursor, uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t byte = 0;
		int r;

		can_cursor_blanks(cursor);
		r = can_cursor_hex(cursor, 2, &byte);
		if (r < 0)
			return r;
		data[i] = (uint8_t)byte;
	}
	return 0;
}

int can_log_set_id(const struct can_cursor *cursor, struct lsk_can_frame *frame,
		   uint32_t id, bool is_extended)
{
	if (id > (is_extended ? LSK_CAN_EXTENDED_ID_MAX : LSK_CAN_ID_MAX))
		return can_cursor_fault(cursor, LSK_ERR_RANGE,
					"the identifier exceeds its bits");
	frame->id = id;
	frame->is_extended = is_extended;
	return 0;
}
