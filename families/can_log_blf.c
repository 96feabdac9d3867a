/* SPDX-License-Identifier: MIT */
/*
 * Vector's binary log: a heading of 144 bytes ("LOGG"), then containers ("LOBJ", type
 * 10) whose packed bytes, one after the other, are a stream of objects ("LOBJ" again).
 * An object may begin in one container and end in the next. All is little-endian; an
 * object is followed by as many bytes of padding as its size leaves over from a
 * multiple of four. Channels are numbers; "can0" stands for channel 1.
 */
#include "families/can_log_blf.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#define OBJECT_SIZE_MAX 4096 /* of an object that holds a frame */
#define UNPACKED_SIZE   (64u << 10)
#define PADDING_MAX     8 /* what other writers leave between objects */

struct blf_state {
	bool has_heading;
	bool is_open;     /* a container is being read */
	bool is_deflated; /* with zlib; else its bytes are the objects' */
	bool is_lost;     /* after damage: look for an object's signature */
	int64_t start_ns;
	uint64_t container;   /* where it begins in the log */
	uint64_t packed_left; /* bytes of the container that were not read yet */
	uint64_t skip;        /* bytes of an object that is no frame */
	z_stream zlib;
	bool has_zlib;
	uint8_t *unpacked;
	size_t start; /* the bytes in @unpacked that were not used up */
	size_t end;
};

_Static_assert(sizeof(struct blf_state) <= CAN_LOG_STATE_SIZE,
	       "a reader has room for the state of its format");

static struct blf_state *state_of(struct lsk_can_log_reader *reader)
{
	return (struct blf_state *)(void *)reader->state;
}

static uint16_t get16(const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return le16toh(value);
}

static uint32_t get32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static uint64_t get64(const uint8_t *bytes)
{
	return (uint64_t)get32(bytes + 4) << 32 | get32(bytes);
}

static bool detect(const uint8_t *bytes, size_t size)
{
	return size >= 4 && memcmp(bytes, "LOGG", 4) == 0;
}

/* A fault in the object that was begun last. Return: @code. */
static int fault(struct lsk_can_log_reader *reader, struct lsk_error *error, int code,
		 const char *what)
{
	const struct blf_state *state = state_of(reader);

	if (!state->has_heading)
		return error_set(error, code, 0, "heading at byte 0: %s", what);
	return error_set(error, code, 0,
			 "object %lu, container at byte %" PRIu64 ": %s", reader->line,
			 state->container, what);
}

/* Nothing can be read behind it. */
static int broken(struct lsk_can_log_reader *reader, struct lsk_error *error,
		  const char *what)
{
	return fault(reader, error, -EBADMSG, what);
}

/* A fault that other objects survive. */
static int damaged(struct lsk_can_log_reader *reader, struct lsk_error *error,
		   const char *what)
{
	return fault(reader, error, LSK_ERR_SYNTAX, what);
}

static int64_t time_of(const uint8_t *words)
{
	struct tm date = {
		.tm_year = get16(words) - 1900,
		.tm_mon = get16(words + 2) - 1,
		.tm_mday = get16(words + 6),
		.tm_hour = get16(words + 8),
		.tm_min = get16(words + 10),
		.tm_sec = get16(words + 12),
		.tm_isdst = -1,
	};
	int64_t ns;

	/* Months and days that no calendar has may add up to any year. */
	if (get16(words) < 1970 ||
	    __builtin_mul_overflow((int64_t)mktime(&date), LSK_NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, (int64_t)get16(words + 14) * BLF_NSEC_PER_MSEC,
				   &ns))
		return 0;
	return ns;
}

/* Return: 1, 0 for a log without a byte, or a fault. */
static int read_heading(struct lsk_can_log_reader *reader, struct lsk_error *error)
{
	struct blf_state *state = state_of(reader);
	ssize_t count = can_log_need(reader, BLF_HEADING_SIZE);
	const uint8_t *heading = reader->buf + reader->start;
	uint32_t size;

	if (count <= 0)
		return (int)count;
	if (count < 72 || memcmp(heading, "LOGG", 4) != 0)
		return broken(reader, error, "it is cut or none");
	size = get32(heading + 4);
	state->start_ns = time_of(heading + BLF_HEADING_START);
	if (size < 72 || can_log_need(reader, size) < (ssize_t)size)
		return broken(reader, error, "it is cut");
	reader->start += size;
	state->has_heading = true;
	state->unpacked = malloc(UNPACKED_SIZE);
	return state->unpacked ? 1 : -ENOMEM;
}

/*
 * Begin with the next container, or with an object that stands in none. Return: 1, 0 at
 * the log's end, or a fault.
 */
static int open_container(struct lsk_can_log_reader *reader, struct lsk_error *error)
{
	struct blf_state *state = state_of(reader);
	const uint8_t *head;
	ssize_t count;
	size_t size, head_size;

	do {
		count = can_log_need(reader, BLF_BASE_SIZE + BLF_CONTAINER_HEAD);
		if (count < 0)
			return (int)count;
		head = reader->buf + reader->start;
		if (count < BLF_BASE_SIZE)
			return 0; /* padding */
		if (memcmp(head, BLF_SIGNATURE, BLF_SIGNATURE_LEN) == 0)
			break;
		reader->start++;
	} while (true);
	state->container = can_log_offset(reader);
	head_size = get16(head + 4);
	size = get32(head + 8);
	if (size < BLF_BASE_SIZE || head_size < BLF_BASE_SIZE)
		return broken(reader, error, "its size cannot be");
	state->is_open = true;
	state->is_deflated = false;
	state->packed_left = size;
	if (get32(head + BLF_AT_TYPE) != BLF_OBJECT_CONTAINER)
		return 1;
	if (count < BLF_BASE_SIZE + BLF_CONTAINER_HEAD ||
	    size < head_size + BLF_CONTAINER_HEAD ||
	    can_log_need(reader, head_size + BLF_CONTAINER_HEAD) <
		    (ssize_t)(head_size + BLF_CONTAINER_HEAD))
		return broken(reader, error, "the container is cut");
	head = reader->buf + reader->start + head_size;
	state->is_deflated = get16(head) == BLF_METHOD_DEFLATED;
	if (!state->is_deflated && get16(head) != BLF_METHOD_STORED)
		return broken(reader, error, "it is packed in an unknown way");
	reader->start += head_size + BLF_CONTAINER_HEAD;
	state->packed_left -= head_size + BLF_CONTAINER_HEAD;
	if (!state->is_deflated)
		return 1;
	if (state->has_zlib)
		return inflateReset(&state->zlib) == Z_OK ? 1 : -EINVAL;
	state->has_zlib = inflateInit(&state->zlib) == Z_OK;
	return state->has_zlib ? 1 : -ENOMEM;
}

/* Step over what is left of the container. Return: 0 or what the read function said. */
static int close_container(struct lsk_can_log_reader *reader)
{
	struct blf_state *state = state_of(reader);

	while (state->packed_left > 0) {
		ssize_t count = can_log_need(reader, 1);

		if (count < 0)
			return (int)count;
		if (count == 0)
			break;
		if ((uint64_t)count > state->packed_left)
			count = (ssize_t)state->packed_left;
		reader->start += (size_t)count;
		state->packed_left -= (uint64_t)count;
	}
	state->packed_left = 0;
	state->is_open = false;
	return 0;
}

/* The container is damaged: its rest is left out, and the next one is looked at. */
static int give_up_container(struct lsk_can_log_reader *reader, struct lsk_error *error,
			     const char *what)
{
	struct blf_state *state = state_of(reader);
	int r = close_container(reader);

	state->start = state->end = 0;
	state->skip = 0;
	state->is_lost = true;
	return r < 0 ? r : damaged(reader, error, what);
}

/* Unpack more of the container behind state->end. Return: 0 or a fault. */
static int unpack(struct lsk_can_log_reader *reader, struct lsk_error *error)
{
	struct blf_state *state = state_of(reader);
	size_t room = UNPACKED_SIZE - state->end, used, made;
	ssize_t count = state->packed_left > 0 ? can_log_need(reader, 1) : 0;
	int r = Z_OK;

	if (count < 0)
		return (int)count;
	if (count == 0 && state->packed_left > 0)
		return broken(reader, error, "the log is cut");
	used = (uint64_t)count < state->packed_left ? (size_t)count
						    : (size_t)state->packed_left;
	if (!state->is_deflated) {
		made = used = used < room ? used : room;
		memcpy(state->unpacked + state->end, reader->buf + reader->start, used);
	} else {
		state->zlib.next_in = reader->buf + reader->start;
		state->zlib.avail_in = (uInt)used;
		state->zlib.next_out = state->unpacked + state->end;
		state->zlib.avail_out = (uInt)room;
		r = inflate(&state->zlib, Z_NO_FLUSH);
		used -= state->zlib.avail_in;
		made = room - state->zlib.avail_out;
	}
	reader->start += used;
	state->packed_left -= used;
	state->end += made;
	if (r == Z_STREAM_END || (!state->is_deflated && state->packed_left == 0))
		return close_container(reader);
	if ((r != Z_OK && r != Z_BUF_ERROR) || (used == 0 && made == 0))
		return give_up_container(reader, error, "it cannot be unpacked");
	return 0;
}

/*
 * Have @want bytes, at most UNPACKED_SIZE, at state->unpacked + state->start. Return:
 * how many there are, fewer at the end only; or a fault.
 */
static ssize_t need_unpacked(struct lsk_can_log_reader *reader, size_t want,
			     struct lsk_error *error)
{
	struct blf_state *state = state_of(reader);

	while (state->end - state->start < want) {
		int r;

		memmove(state->unpacked, state->unpacked + state->start,
			state->end - state->start);
		state->end -= state->start;
		state->start = 0;
		if (!state->is_open) {
			r = open_container(reader, error);
			if (r < 0)
				return r;
			if (r == 0)
				break;
		}
		r = unpack(reader, error);
		if (r < 0)
			return r;
	}
	return (ssize_t)(state->end - state->start);
}

/* Nanoseconds since 1970 of an object's time, or -1 where they do not fit. */
static int64_t object_time(const struct blf_state *state, const uint8_t *object)
{
	uint64_t time = get64(object + BLF_AT_TIME);
	int64_t ns;

	if (get32(object + BLF_AT_FLAGS) == BLF_TIME_TEN_MICROS) {
		if (time > INT64_MAX / 10000)
			return -1;
		time *= 10000;
	}
	if (time > INT64_MAX)
		return -1;
	return __builtin_add_overflow((int64_t)time, state->start_ns, &ns) ? -1 : ns;
}

/* Copy up to @len of the @size bytes that are there; what is missing is 0. */
static void take_data(struct lsk_can_frame *frame, const uint8_t *data, size_t size,
		      size_t len)
{
	memset(frame->data, 0, LSK_CANFD_DATA_MAX);
	if (len > frame->len)
		len = frame->len;
	memcpy(frame->data, data, len < size ? len : size);
}

static void take_id(struct lsk_can_frame *frame, uint32_t id)
{
	frame->is_extended = id & BLF_ID_EXTENDED;
	frame->id = id & ~BLF_ID_EXTENDED;
}

static void take_dlc(struct lsk_can_frame *frame, uint8_t dlc)
{
	frame->len = dlc > LSK_CAN_DATA_MAX ? LSK_CAN_DATA_MAX : dlc;
	frame->raw_dlc = dlc > LSK_CAN_DATA_MAX && !frame->is_remote ? dlc & 0xF : 0;
}

/* channel, flags, DLC, identifier, data */
static bool take_classic(struct lsk_can_log_entry *entry, const uint8_t *body,
			 size_t size)
{
	struct lsk_can_frame *frame = &entry->frame;

	if (size < 8)
		return false;
	entry->has_direction = true;
	entry->is_sent = body[2] & BLF_FLAG_SENT;
	frame->is_remote = body[2] & BLF_FLAG_REMOTE;
	take_id(frame, get32(body + 4));
	take_dlc(frame, body[3]);
	take_data(frame, body + 8, size - 8, frame->len);
	return true;
}

/*
 * Error frames. Other tools than Vector's keep the kernel's classes in the identifier,
 * and leave the fields for Vector's own words empty.
 */
static bool take_error(struct lsk_can_log_entry *entry, const uint8_t *body,
		       size_t size, bool has_details)
{
	struct lsk_can_frame *frame = &entry->frame;

	if (size < 4)
		return false;
	frame->kind = LSK_CAN_ERROR;
	frame->id = CAN_ERR_BUSERROR;
	frame->len = LSK_CAN_DATA_MAX;
	memset(frame->data, 0, LSK_CAN_DATA_MAX);
	if (!has_details || size < 32 || get32(body + 4) != 0 || body[8] != 0 ||
	    get32(body + 16) == 0)
		return true;
	frame->id = get32(body + 16) & LSK_CAN_EXTENDED_ID_MAX;
	memcpy(frame->data, body + 24, LSK_CAN_DATA_MAX);
	return true;
}

static void take_fd_head(struct lsk_can_frame *frame, uint8_t dlc, bool is_fd)
{
	if (!is_fd) {
		take_dlc(frame, dlc);
		return;
	}
	frame->kind = LSK_CAN_FD;
	frame->is_remote = false;
	frame->flags |= LSK_CANFD_FDF;
	frame->len = (uint16_t)lsk_can_dlc_to_len(dlc & 0xFu);
}

/* channel, flags, DLC, identifier, lengths in bits, FD flags, valid bytes, data */
static bool take_fd(struct lsk_can_log_entry *entry, const uint8_t *body, size_t size)
{
	struct lsk_can_frame *frame = &entry->frame;

	if (size < 20)
		return false;
	entry->has_direction = true;
	entry->is_sent = body[2] & BLF_FLAG_SENT;
	frame->is_remote = body[2] & BLF_FLAG_REMOTE;
	take_id(frame, get32(body + 4));
	if (body[13] & BLF_FD_IS_FD)
		frame->flags = (uint8_t)((body[13] & BLF_FD_BRS ? LSK_CANFD_BRS : 0) |
					 (body[13] & BLF_FD_ESI ? LSK_CANFD_ESI : 0));
	take_fd_head(frame, body[3], body[13] & BLF_FD_IS_FD);
	take_data(frame, body + 20, size - 20, body[14]);
	return true;
}

/* channel, DLC, valid bytes, …, identifier at 4, flags at 12, direction at 34 */
static bool take_fd64(struct lsk_can_log_entry *entry, const uint8_t *body, size_t size)
{
	struct lsk_can_frame *frame = &entry->frame;
	uint32_t flags;

	if (size < BLF_FD64_DATA)
		return false;
	flags = get32(body + 12);
	entry->has_direction = true;
	entry->is_sent = body[34] == 1;
	frame->is_remote = flags & BLF_FD64_REMOTE;
	take_id(frame, get32(body + 4));
	if (flags & BLF_FD64_IS_FD)
		frame->flags = (uint8_t)((flags & BLF_FD64_BRS ? LSK_CANFD_BRS : 0) |
					 (flags & BLF_FD64_ESI ? LSK_CANFD_ESI : 0));
	take_fd_head(frame, body[1], flags & BLF_FD64_IS_FD);
	take_data(frame, body + BLF_FD64_DATA, size - BLF_FD64_DATA, body[2]);
	return true;
}

static bool is_frame(uint32_t type)
{
	return type == BLF_OBJECT_CAN || type == BLF_OBJECT_CAN2 ||
	       type == BLF_OBJECT_ERROR || type == BLF_OBJECT_ERROR_EXT ||
	       type == BLF_OBJECT_FD || type == BLF_OBJECT_FD64;
}

/* An object of @size bytes that is all there. Return: 1 or a fault. */
static int take_object(struct lsk_can_log_reader *reader,
		       struct lsk_can_log_entry *entry, size_t size,
		       struct lsk_error *error)
{
	struct blf_state *state = state_of(reader);
	const uint8_t *object = state->unpacked + state->start;
	uint32_t type = get32(object + BLF_AT_TYPE);
	size_t head_size = get16(object + 4);
	const uint8_t *body = object + head_size;
	bool is_whole;

	if (head_size < BLF_HEAD_SIZE || head_size + 2 > size)
		return damaged(reader, error, "its head cannot be");
	memset(entry, 0, offsetof(struct lsk_can_log_entry, frame.data));
	entry->time_ns = object_time(state, object);
	if (type == BLF_OBJECT_FD64)
		can_log_name_channel(entry, body[0]);
	else
		can_log_name_channel(entry, get16(body));
	size -= head_size;
	if (type == BLF_OBJECT_CAN || type == BLF_OBJECT_CAN2)
		is_whole = take_classic(entry, body, size);
	else if (type == BLF_OBJECT_FD)
		is_whole = take_fd(entry, body, size);
	else if (type == BLF_OBJECT_FD64)
		is_whole = take_fd64(entry, body, size);
	else
		is_whole = take_error(entry, body, size, type == BLF_OBJECT_ERROR_EXT);
	if (!is_whole)
		return damaged(reader, error, "it is too short");
	if (entry->time_ns < 0 || lsk_can_frame_check(&entry->frame) < 0)
		return fault(reader, error, LSK_ERR_RANGE, "there is no such frame");
	return 1;
}

/*
 * Go to where the next object's first @BLF_BASE_SIZE bytes are. Return: 1, 0 at the
 * end, or a fault.
 */
static int find_object(struct lsk_can_log_reader *reader, struct lsk_error *error)
{
	struct blf_state *state = state_of(reader);

	for (unsigned int gap = 0;;) {
		ssize_t count =
			need_unpacked(reader, state->skip ? 1 : BLF_BASE_SIZE, error);

		if (count < 0)
			return (int)count;
		if (state->skip > 0 && count > 0) {
			if ((uint64_t)count > state->skip)
				count = (ssize_t)state->skip;
			state->start += (size_t)count;
			state->skip -= (uint64_t)count;
			continue;
		}
		if (count < BLF_BASE_SIZE)
			return 0;
		if (memcmp(state->unpacked + state->start, BLF_SIGNATURE,
			   BLF_SIGNATURE_LEN) == 0) {
			state->is_lost = false;
			return 1;
		}
		state->start++;
		if (!state->is_lost && ++gap > PADDING_MAX) {
			state->is_lost = true;
			return damaged(reader, error, "no object follows it");
		}
	}
}

static int blf_read(struct lsk_can_log_reader *reader, struct lsk_can_log_entry *entry,
		    struct lsk_error *error)
{
	struct blf_state *state = state_of(reader);
	int r = state->has_heading ? 1 : read_heading(reader, error);

	if (r <= 0)
		return r;
	do {
		const uint8_t *object;
		ssize_t count;
		uint32_t size;

		r = find_object(reader, error);
		if (r <= 0)
			return r;
		reader->line++;
		object = state->unpacked + state->start;
		size = get32(object + 8);
		if (size < BLF_BASE_SIZE) {
			state->skip = BLF_SIGNATURE_LEN;
			state->is_lost = true;
			return damaged(reader, error, "its size cannot be");
		}
		r = 0;
		state->skip = size;
		if (!is_frame(get32(object + BLF_AT_TYPE)))
			continue;
		if (size < BLF_HEAD_SIZE || size > OBJECT_SIZE_MAX)
			return damaged(reader, error, "its size cannot be");
		state->skip = 0;
		count = need_unpacked(reader, size, error);
		if (count < 0)
			return (int)count;
		if ((size_t)count < size)
			return broken(reader, error, "it is cut");
		r = take_object(reader, entry, size, error);
		state->start += size;
	} while (r == 0);
	return r;
}

static void blf_done(struct lsk_can_log_reader *reader)
{
	struct blf_state *state = state_of(reader);

	if (state->has_zlib)
		inflateEnd(&state->zlib);
	free(state->unpacked);
}

const struct can_log_codec can_log_blf = {
	.format = LSK_CAN_LOG_BLF,
	.name = "blf",
	.detect = detect,
	.read = blf_read,
	.done = blf_done,
	.begin = can_log_blf_begin,
	.write = can_log_blf_write,
	.packed_max = can_log_blf_packed_max,
	.pack = can_log_blf_pack,
	.heading = can_log_blf_heading,
};
