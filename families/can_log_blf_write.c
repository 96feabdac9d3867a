/* SPDX-License-Identifier: MIT */
/*
 * Vector's binary log, written: objects whose sizes are multiples of four, so that none
 * needs padding, in containers of whole objects. Until the log's end is known its
 * heading tells a size of 0.
 */
#include "families/can_log_blf.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#define CAN_BODY   16
#define ERROR_BODY 32
#define FD_BODY    84

static void put16(uint8_t *out, unsigned int value)
{
	uint16_t little = htole16((uint16_t)value);

	memcpy(out, &little, sizeof(little));
}

static void put32(uint8_t *out, uint32_t value)
{
	value = htole32(value);
	memcpy(out, &value, sizeof(value));
}

static void put64(uint8_t *out, uint64_t value)
{
	value = htole64(value);
	memcpy(out, &value, sizeof(value));
}

/* The time as SYSTEMTIME: local, in milliseconds. */
static void put_time(uint8_t *out, int64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / LSK_NSEC_PER_SEC);
	struct tm date;

	localtime_r(&seconds, &date);
	put16(out, (unsigned int)date.tm_year + 1900);
	put16(out + 2, (unsigned int)date.tm_mon + 1);
	put16(out + 4, (unsigned int)date.tm_wday);
	put16(out + 6, (unsigned int)date.tm_mday);
	put16(out + 8, (unsigned int)date.tm_hour);
	put16(out + 10, (unsigned int)date.tm_min);
	put16(out + 12, (unsigned int)date.tm_sec);
	put16(out + 14, (unsigned int)(time_ns % LSK_NSEC_PER_SEC / BLF_NSEC_PER_MSEC));
}

static void put_heading(const struct lsk_can_log_writer *writer, uint8_t *out)
{
	/* Signature, size; application (none), its version; version 2.6.8.1. */
	static const char name[] = {'L', 'O', 'G', 'G'};
	static const uint8_t version[] = {2, 6, 8, 1};

	memset(out, 0, BLF_HEADING_SIZE);
	memcpy(out, name, sizeof(name));
	put32(out + 4, BLF_HEADING_SIZE);
	memcpy(out + 12, version, sizeof(version));
	put64(out + 16, writer->bytes);
	put64(out + 24, writer->unpacked);
	put32(out + 32, (uint32_t)writer->count);
	put_time(out + BLF_HEADING_START, writer->start_ns);
	put_time(out + BLF_HEADING_STOP, writer->last_ns);
}

int can_log_blf_begin(struct lsk_can_log_writer *writer, char *out,
		      const struct lsk_can_log_entry *entry)
{
	(void)entry;
	/* The heading has whole milliseconds, so that is what times count from. */
	writer->start_ns -= writer->start_ns % BLF_NSEC_PER_MSEC;
	put_heading(writer, (uint8_t *)out);
	writer->unpacked = BLF_HEADING_SIZE;
	return BLF_HEADING_SIZE;
}

int can_log_blf_heading(const struct lsk_can_log_writer *writer, char *out, size_t size)
{
	if (size < BLF_HEADING_SIZE)
		return -ENOSPC;
	put_heading(writer, (uint8_t *)out);
	return BLF_HEADING_SIZE;
}

static uint32_t id_of(const struct lsk_can_frame *frame)
{
	return frame->id | (frame->is_extended ? BLF_ID_EXTENDED : 0);
}

static void put_head(uint8_t *out, uint32_t type, size_t size, uint16_t head_size)
{
	memcpy(out, BLF_SIGNATURE, BLF_SIGNATURE_LEN);
	put16(out + 4, head_size);
	put16(out + 6, 1);
	put32(out + 8, (uint32_t)size);
	put32(out + BLF_AT_TYPE, type);
}

/* Channel, flags, DLC and identifier, which classic and FD frames begin with. */
static void put_body_head(uint8_t *body, const struct lsk_can_log_entry *entry,
			  int channel, unsigned int dlc)
{
	put16(body, (unsigned int)channel);
	body[2] = (uint8_t)((entry->is_sent ? BLF_FLAG_SENT : 0) |
			    (entry->frame.is_remote ? BLF_FLAG_REMOTE : 0));
	body[3] = (uint8_t)dlc;
	put32(body + 4, id_of(&entry->frame));
}

static size_t put_classic(uint8_t *body, const struct lsk_can_log_entry *entry,
			  int channel)
{
	const struct lsk_can_frame *frame = &entry->frame;

	put_body_head(body, entry, channel,
		      frame->raw_dlc ? frame->raw_dlc : frame->len);
	if (!frame->is_remote)
		memcpy(body + 8, frame->data, frame->len);
	return CAN_BODY;
}

static size_t put_fd(uint8_t *body, const struct lsk_can_log_entry *entry, int channel)
{
	const struct lsk_can_frame *frame = &entry->frame;

	put_body_head(body, entry, channel, lsk_can_len_to_dlc(frame->len));
	body[13] = (uint8_t)(BLF_FD_IS_FD |
			     (frame->flags & LSK_CANFD_BRS ? BLF_FD_BRS : 0) |
			     (frame->flags & LSK_CANFD_ESI ? BLF_FD_ESI : 0));
	body[14] = (uint8_t)frame->len;
	memcpy(body + 20, frame->data, frame->len);
	return FD_BODY;
}

static size_t put_error(uint8_t *body, const struct lsk_can_frame *frame, int channel)
{
	put16(body, (unsigned int)channel);
	body[10] = (uint8_t)frame->len;
	put32(body + 16, frame->id);
	memcpy(body + 24, frame->data, frame->len);
	return ERROR_BODY;
}

int can_log_blf_write(struct lsk_can_log_writer *writer, char *out,
		      const struct lsk_can_log_entry *entry)
{
	const struct lsk_can_frame *frame = &entry->frame;
	int channel = can_log_channel(writer, entry->interface);
	int64_t time_ns = entry->time_ns - writer->start_ns;
	uint8_t *object = (uint8_t *)out, *body = object + BLF_HEAD_SIZE;
	uint32_t type = BLF_OBJECT_CAN;
	size_t size;

	if (frame->kind == LSK_CAN_XL)
		return -EOPNOTSUPP;
	if (channel < 0)
		return channel;
	memset(object, 0, BLF_HEAD_SIZE + FD_BODY);
	if (frame->kind == LSK_CAN_FD) {
		type = BLF_OBJECT_FD;
		size = put_fd(body, entry, channel);
	} else if (frame->kind == LSK_CAN_ERROR) {
		type = BLF_OBJECT_ERROR_EXT;
		size = put_error(body, frame, channel);
	} else {
		size = put_classic(body, entry, channel);
	}
	size += BLF_HEAD_SIZE;
	put_head(object, type, size, BLF_HEAD_SIZE);
	put32(object + BLF_AT_FLAGS, BLF_TIME_NANOS);
	/* Clocks step back; the format cannot. */
	put64(object + BLF_AT_TIME, time_ns > 0 ? (uint64_t)time_ns : 0);
	return (int)size;
}

size_t can_log_blf_packed_max(size_t gathered_max)
{
	return BLF_BASE_SIZE + BLF_CONTAINER_HEAD + compressBound(gathered_max) + 4;
}

ssize_t can_log_blf_pack(struct lsk_can_log_writer *writer)
{
	uint8_t *out = writer->packed;
	uint8_t *packed = out + BLF_BASE_SIZE + BLF_CONTAINER_HEAD;
	uLongf len = writer->packed_size - BLF_BASE_SIZE - BLF_CONTAINER_HEAD - 4;
	size_t size;

	if (compress2(packed, &len, (const Bytef *)writer->buf, writer->len,
		      Z_DEFAULT_COMPRESSION) != Z_OK)
		return -ENOMEM;
	size = BLF_BASE_SIZE + BLF_CONTAINER_HEAD + len;
	memset(out, 0, BLF_BASE_SIZE + BLF_CONTAINER_HEAD);
	put_head(out, BLF_OBJECT_CONTAINER, size, BLF_BASE_SIZE);
	put16(out + BLF_BASE_SIZE, BLF_METHOD_DEFLATED);
	put32(out + BLF_BASE_SIZE + 8, (uint32_t)writer->len);
	writer->unpacked += BLF_BASE_SIZE + BLF_CONTAINER_HEAD + writer->len;
	memset(out + size, 0, size % 4);
	return (ssize_t)(size + size % 4);
}
