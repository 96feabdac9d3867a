/* SPDX-License-Identifier: MIT */
/*
 * Every reader of logs, on any bytes. The first byte picks the format (0: let the
 * reader judge) and whether the bytes come in small bites. Frames that were read are
 * written in every format, and read from there again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/can_log.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENTRIES_MAX 64
#define LOG_MAX     (512u << 10)

struct bytes {
	const uint8_t *data;
	size_t size;
	size_t at;
	size_t bite;
};

struct log {
	uint8_t data[LOG_MAX];
	size_t size;
};

static ssize_t bring(void *context, void *buf, size_t size)
{
	struct bytes *bytes = context;
	size_t count = bytes->size - bytes->at;

	if (count > size)
		count = size;
	if (bytes->bite && count > bytes->bite)
		count = bytes->bite;
	memcpy(buf, bytes->data + bytes->at, count);
	bytes->at += count;
	return (ssize_t)count;
}

static int take(void *context, const void *buf, size_t size)
{
	struct log *log = context;

	if (size > LOG_MAX - log->size)
		abort();
	memcpy(log->data + log->size, buf, size);
	log->size += size;
	return 0;
}

/* Read a log. Return: how many frames of it are at @entries. */
static size_t read_log(struct bytes *bytes, enum lsk_can_log_format format,
		       struct lsk_can_log_entry *entries, int *ret_last)
{
	struct lsk_can_log_reader *reader = NULL;
	struct lsk_can_log_entry entry;
	struct lsk_error error;
	size_t count = 0, calls = 0;
	int r;

	*ret_last = 0;
	if (lsk_can_log_reader_new(&reader, format, bring, bytes, NULL) < 0)
		return 0;
	do {
		memset(&error, 0, sizeof(error));
		r = lsk_can_log_read(reader, &entry, &error);
		if (r < 0 && !error.text[0])
			abort();
		if (r == 1 && count < ENTRIES_MAX)
			entries[count++] = entry;
		/* Each call uses up at least a byte, or a packed one. */
		if (++calls > 2000 * (bytes->size + 16))
			abort();
		*ret_last = r < 0 ? r : *ret_last;
	} while (r == 1 || (r < 0 && r <= LSK_ERR_SCHEME));
	lsk_can_log_reader_free(reader);
	return count;
}

/* Write the frames in @format, and read as many. */
static void write_log(const struct lsk_can_log_entry *entries, size_t count,
		      enum lsk_can_log_format format)
{
	struct lsk_can_log_entry *again = malloc(ENTRIES_MAX * sizeof(*again));
	struct lsk_can_log_writer *writer = NULL;
	struct log *log = calloc(1, sizeof(*log));
	struct bytes bytes;
	size_t wanted = 0;
	char heading[256];
	int last;

	if (!again || !log ||
	    lsk_can_log_writer_new(&writer, format, NULL, take, log) < 0)
		abort();
	for (size_t i = 0; i < count; i++)
		wanted += lsk_can_frame_check(&entries[i].frame) == 0 &&
			  entries[i].time_ns >= 0 &&
			  lsk_can_log_write(writer, &entries[i]) == 0;
	if (lsk_can_log_flush(writer) < 0 ||
	    lsk_can_log_heading(writer, heading, sizeof(heading)) < 0)
		abort();
	lsk_can_log_writer_free(writer);
	bytes = (struct bytes){.data = log->data, .size = log->size};
	if (read_log(&bytes, format, again, &last) != wanted || last < 0)
		abort();
	free(log);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {.data = data + 1, .size = size - 1};
	struct lsk_can_log_entry *entries;
	enum lsk_can_log_format format;
	size_t count;
	int last;

	if (size < 1)
		return 0;
	entries = malloc(ENTRIES_MAX * sizeof(*entries));
	if (!entries)
		return 0;
	bytes.bite = data[0] >= 128 ? 7 : 0;
	format = (enum lsk_can_log_format)(data[0] % LSK_CAN_LOG__COUNT);
	count = read_log(&bytes, format, entries, &last);
	for (int i = 1; count > 0 && i < LSK_CAN_LOG__COUNT; i++)
		write_log(entries, count, (enum lsk_can_log_format)i);
	free(entries);
	return 0;
}
