/* SPDX-License-Identifier: MIT */
/* Reading pcap and pcapng as a stream, in either byte order. */
#include <linsock/capture.h>

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>

#include "families/pcapng.h"
#include "src/error.h"
#include "uring/util.h"

#define BUFFER_SIZE    ((size_t)256 << 10)
#define INTERFACES_MAX 65536u
/* A block that has a packet, with generous options. */
#define BLOCK_MAX      (LSK_CAPTURE_PACKET_MAX + (64u << 10))

#define PCAP_HEADER     24u
#define PCAP_RECORD     16u
#define MAGIC_NANO      0xA1B23C4Du
#define MAGIC_MICRO     0xA1B2C3D4u
#define LINKTYPE_MASK   0x03FFFFFFu /* above it: bytes of a frame check sequence */
#define PCAPNG_OBSOLETE 2u          /* the packet block of the first drafts */

#define OPTION_RECEIVED 4
#define OPTION_DROPPED  5
#define OPTION_TSOFFSET 14
#define OPTION_FLAGS    2

struct interface {
	struct lsk_capture_interface known;
	uint64_t units_per_second;
	int64_t offset_ns;
};

struct lsk_capture_reader {
	lsk_capture_read_fn read;
	void *context;
	uint8_t *buf;
	size_t size;
	size_t start;
	size_t end;
	bool is_swapped;
	bool is_at_end; /* the read function has said so */
	int error;      /* it is damaged from here on */
	enum lsk_capture_format format;
	uint64_t blocks; /* counted for messages */
	struct interface *interfaces;
	unsigned int count;
};

static ssize_t read_descriptor(void *context, void *buf, size_t size)
{
	const int *fd = context;
	ssize_t r;

	do {
		r = syscall_count(read(*fd, buf, size));
	} while (r == -EINTR);
	return r;
}

/* Have @want bytes at the start. Return: how many there are, fewer at the end only. */
static ssize_t need(struct lsk_capture_reader *reader, size_t want)
{
	if (want > reader->size - reader->start) {
		memmove(reader->buf, reader->buf + reader->start,
			reader->end - reader->start);
		reader->end -= reader->start;
		reader->start = 0;
	}
	if (want > reader->size) {
		uint8_t *larger = realloc(reader->buf, want);

		if (!larger)
			return -ENOMEM;
		reader->buf = larger;
		reader->size = want;
	}
	while (reader->end - reader->start < want && !reader->is_at_end) {
		ssize_t r = reader->read(reader->context, reader->buf + reader->end,
					 reader->size - reader->end);

		if (r < 0)
			return r;
		reader->is_at_end = r == 0;
		reader->end += (size_t)r;
	}
	return (ssize_t)(reader->end - reader->start);
}

/* Step over @count bytes, which need not fit into the buffer. Return: 0 or an error. */
static int skip(struct lsk_capture_reader *reader, uint64_t count)
{
	while (count > 0) {
		size_t here = reader->end - reader->start;
		ssize_t r;

		if (here > count)
			here = (size_t)count;
		reader->start += here;
		count -= here;
		if (count == 0)
			break;
		r = need(reader, 1);
		if (r <= 0)
			return r < 0 ? (int)r : -EBADMSG;
	}
	return 0;
}

static uint32_t read32(const struct lsk_capture_reader *reader, const uint8_t *bytes)
{
	return pcapng_read32(reader->is_swapped, bytes);
}

static int damaged(struct lsk_capture_reader *reader, struct lsk_error *ret_error,
		   const char *what)
{
	reader->error =
		error_set(ret_error, -EBADMSG, 0, "%s %llu: %s",
			  reader->format == LSK_CAPTURE_PCAPNG ? "block" : "record",
			  (unsigned long long)reader->blocks, what);
	return reader->error;
}

/* One more interface, empty. Return: NULL for too many or no memory. */
static struct interface *add_interface(struct lsk_capture_reader *reader)
{
	struct interface *larger;

	if (reader->count == INTERFACES_MAX)
		return NULL;
	larger = realloc(reader->interfaces, (reader->count + 1) * sizeof(*larger));
	if (!larger)
		return NULL;
	reader->interfaces = larger;
	larger[reader->count] = (struct interface){.units_per_second = 1};
	return &larger[reader->count++];
}

static int begin_pcap(struct lsk_capture_reader *reader, uint32_t magic)
{
	struct interface *interface;
	ssize_t count = need(reader, PCAP_HEADER);
	const uint8_t *header = reader->buf + reader->start;

	if (count < (ssize_t)PCAP_HEADER)
		return count < 0 ? (int)count : -EBADMSG;
	reader->format =
		magic == MAGIC_NANO ? LSK_CAPTURE_PCAP : LSK_CAPTURE_PCAP_MICRO;
	interface = add_interface(reader);
	if (!interface)
		return -ENOMEM;
	interface->known.snap_len = read32(reader, header + 16);
	interface->known.linktype = (int)(read32(reader, header + 20) & LINKTYPE_MASK);
	interface->units_per_second = magic == MAGIC_NANO ? 1000000000 : 1000000;
	reader->start += PCAP_HEADER;
	return 0;
}

/* Look at the first bytes. Return: 0, -EBADMSG, -ENODATA or an error. */
static int begin(struct lsk_capture_reader *reader)
{
	ssize_t count = need(reader, 4);
	uint32_t magic;

	if (count < 4)
		return count < 0 ? (int)count : count == 0 ? -ENODATA : -EBADMSG;
	memcpy(&magic, reader->buf + reader->start, sizeof(magic));
	if (magic == PCAPNG_SECTION) {
		reader->format = LSK_CAPTURE_PCAPNG;
		return 0;
	}
	if (magic != MAGIC_NANO && magic != MAGIC_MICRO) {
		magic = __builtin_bswap32(magic);
		reader->is_swapped = true;
	}
	if (magic != MAGIC_NANO && magic != MAGIC_MICRO)
		return -EBADMSG;
	return begin_pcap(reader, magic);
}

int lsk_capture_reader_new(struct lsk_capture_reader **ret_reader,
			   lsk_capture_read_fn read, void *context,
			   struct lsk_error *ret_error)
{
	struct lsk_capture_reader *reader;
	int r;

	if (!ret_reader || (!read && !context))
		return -EINVAL;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return error_set_code(ret_error, -ENOMEM, 0, NULL);
	reader->read = read ? read : read_descriptor;
	reader->context = context;
	reader->size = BUFFER_SIZE;
	reader->buf = malloc(reader->size);
	r = reader->buf ? begin(reader) : -ENOMEM;
	if (r < 0) {
		lsk_capture_reader_free(reader);
		if (r == -EBADMSG)
			return error_set(ret_error, r, 0,
					 "it is neither pcap nor pcapng");
		return error_set_code(ret_error, r, 0, NULL);
	}
	*ret_reader = reader;
	return 0;
}

struct lsk_capture_reader *lsk_capture_reader_free(struct lsk_capture_reader *reader)
{
	if (!reader)
		return NULL;
	free(reader->interfaces);
	free(reader->buf);
	free(reader);
	return NULL;
}

int lsk_capture_reader_format(const struct lsk_capture_reader *reader)
{
	return reader ? (int)reader->format : -EINVAL;
}

const struct lsk_capture_interface *
lsk_capture_reader_interface(const struct lsk_capture_reader *reader,
			     unsigned int index)
{
	return reader && index < reader->count ? &reader->interfaces[index].known
					       : NULL;
}

static void fill(struct lsk_packet *packet, const uint8_t *data, uint32_t captured,
		 uint32_t length)
{
	*packet = (struct lsk_packet){
		.data = data,
		.captured = captured,
		.length = length < captured ? captured : length,
	};
}

static int read_pcap(struct lsk_capture_reader *reader, struct lsk_packet *packet,
		     struct lsk_error *ret_error)
{
	const uint64_t units = reader->interfaces[0].units_per_second;
	ssize_t count = need(reader, PCAP_RECORD);
	const uint8_t *record = reader->buf + reader->start;
	uint32_t seconds, fraction, captured, length;

	if (count <= 0)
		return (int)count;
	reader->blocks++;
	if (count < (ssize_t)PCAP_RECORD)
		return damaged(reader, ret_error, "it is cut");
	seconds = read32(reader, record);
	fraction = read32(reader, record + 4);
	captured = read32(reader, record + 8);
	length = read32(reader, record + 12);
	if (captured > LSK_CAPTURE_PACKET_MAX)
		return damaged(reader, ret_error, "its length cannot be");
	count = need(reader, PCAP_RECORD + captured);
	if (count < 0)
		return (int)count;
	if ((size_t)count < PCAP_RECORD + captured)
		return damaged(reader, ret_error, "it is cut");
	fill(packet, reader->buf + reader->start + PCAP_RECORD, captured, length);
	packet->time_ns = (int64_t)seconds * LSK_NSEC_PER_SEC +
			  (int64_t)(fraction * (uint64_t)(LSK_NSEC_PER_SEC) / units);
	reader->start += PCAP_RECORD + captured;
	return 1;
}

/* Return: 0, or -EBADMSG. */
static int take_interface(struct lsk_capture_reader *reader, const uint8_t *body,
			  size_t size)
{
	const bool is_swapped = reader->is_swapped;
	const uint8_t *name, *resolution, *offset;
	struct interface *interface;
	uint16_t name_len = 0, offset_len = 0, ignored;

	if (size < 8)
		return -EBADMSG;
	interface = add_interface(reader);
	if (!interface)
		return -ENOMEM;
	interface->known.linktype = pcapng_read16(is_swapped, body);
	interface->known.snap_len = read32(reader, body + 4);
	name = pcapng_find_option(is_swapped, body + 8, size - 8, PCAPNG_OPTION_NAME,
				  &name_len);
	if (name) {
		size_t len = name_len < LSK_CAPTURE_NAME_MAX ? name_len
							     : LSK_CAPTURE_NAME_MAX - 1;

		memcpy(interface->known.name, name, len);
	}
	resolution = pcapng_find_option(is_swapped, body + 8, size - 8,
					PCAPNG_OPTION_TSRESOL, &ignored);
	interface->units_per_second = pcapng_units(resolution);
	offset = pcapng_find_option(is_swapped, body + 8, size - 8, OPTION_TSOFFSET,
				    &offset_len);
	if (offset && offset_len == 8) {
		uint32_t low = read32(reader, offset + (is_swapped ? 4 : 0));

		/* Whole seconds; more than 31 bits of them are no time of a packet. */
		interface->offset_ns = (int64_t)(int32_t)low * LSK_NSEC_PER_SEC;
	}
	return 0;
}

static uint64_t read64(const struct lsk_capture_reader *reader, const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return reader->is_swapped ? __builtin_bswap64(value) : value;
}

static void take_statistics(struct lsk_capture_reader *reader, const uint8_t *body,
			    size_t size)
{
	const uint8_t *received, *dropped;
	struct lsk_capture_interface *known;
	uint16_t received_len = 0, dropped_len = 0;
	uint32_t index;

	if (size < 12)
		return;
	index = read32(reader, body);
	if (index >= reader->count)
		return;
	known = &reader->interfaces[index].known;
	received = pcapng_find_option(reader->is_swapped, body + 12, size - 12,
				      OPTION_RECEIVED, &received_len);
	dropped = pcapng_find_option(reader->is_swapped, body + 12, size - 12,
				     OPTION_DROPPED, &dropped_len);
	if (received && received_len == 8)
		known->received = read64(reader, received);
	if (dropped && dropped_len == 8)
		known->dropped = read64(reader, dropped);
	known->has_stats = received || dropped;
}

static int set_time(const struct lsk_capture_reader *reader, struct lsk_packet *packet,
		    const uint8_t *stamp)
{
	const struct interface *interface = &reader->interfaces[packet->interface];
	uint64_t time =
		(uint64_t)read32(reader, stamp) << 32 | read32(reader, stamp + 4);
	int r = pcapng_time(time, interface->units_per_second, &packet->time_ns);

	if (r < 0 || __builtin_add_overflow(packet->time_ns, interface->offset_ns,
					    &packet->time_ns))
		return -EBADMSG;
	return packet->time_ns < 0 ? -EBADMSG : 0;
}

/* An enhanced packet block, or the one that was before it. Return: 0 or -EBADMSG. */
static int take_packet(struct lsk_capture_reader *reader, uint32_t type,
		       const uint8_t *body, size_t size, struct lsk_packet *packet)
{
	uint32_t index, captured;
	const uint8_t *flags;
	uint16_t flags_len = 0;

	if (size < 20)
		return -EBADMSG;
	index = type == PCAPNG_PACKET ? read32(reader, body)
				      : pcapng_read16(reader->is_swapped, body);
	captured = read32(reader, body + 12);
	if (index >= reader->count || captured > size - 20 ||
	    captured > LSK_CAPTURE_PACKET_MAX)
		return -EBADMSG;
	fill(packet, body + 20, captured, read32(reader, body + 16));
	packet->interface = (int32_t)index;
	if (PCAPNG_PADDED(captured) <= size - 20) {
		size_t before = 20 + PCAPNG_PADDED(captured);

		flags = pcapng_find_option(reader->is_swapped, body + before,
					   size - before, OPTION_FLAGS, &flags_len);
		if (flags && flags_len == 4 &&
		    (read32(reader, flags) & 3) == PCAPNG_DIRECTION_OUT) {
			packet->flags = LSK_PACKET_OUTGOING;
			packet->kind = PACKET_OUTGOING;
		}
	}
	return set_time(reader, packet, body + 4);
}

/* A packet and its length, of the first interface, without a time. */
static int take_simple(struct lsk_capture_reader *reader, const uint8_t *body,
		       size_t size, struct lsk_packet *packet)
{
	uint32_t length, captured, snap_len;

	if (size < 4 || reader->count == 0)
		return -EBADMSG;
	length = read32(reader, body);
	snap_len = reader->interfaces[0].known.snap_len;
	captured = snap_len > 0 && length > snap_len ? snap_len : length;
	if (captured > size - 4 || captured > LSK_CAPTURE_PACKET_MAX)
		return -EBADMSG;
	fill(packet, body + 4, captured, length);
	return 0;
}

/* Return: 1 for a packet, 0 for something else, or an error. */
static int take_block(struct lsk_capture_reader *reader, uint32_t type,
		      const uint8_t *body, size_t size, struct lsk_packet *packet)
{
	int r = 0;

	switch (type) {
	case PCAPNG_SECTION:
		reader->count = 0;
		return 0;
	case PCAPNG_INTERFACE:
		return take_interface(reader, body, size);
	case PCAPNG_STATISTICS:
		take_statistics(reader, body, size);
		return 0;
	case PCAPNG_PACKET:
	case PCAPNG_OBSOLETE:
		r = take_packet(reader, type, body, size, packet);
		break;
	case PCAPNG_SIMPLE:
		r = take_simple(reader, body, size, packet);
		break;
	default:
		return 0;
	}
	return r < 0 ? r : 1;
}

/* Whether the section that begins here can be read; its byte order counts from now. */
static bool begin_section(struct lsk_capture_reader *reader, const uint8_t *block)
{
	uint32_t magic;

	memcpy(&magic, block + 8, sizeof(magic));
	reader->is_swapped = magic == PCAPNG_SWAPPED;
	return magic == PCAPNG_MAGIC || magic == PCAPNG_SWAPPED;
}

static bool is_read(uint32_t type)
{
	return type == PCAPNG_SECTION || type == PCAPNG_INTERFACE ||
	       type == PCAPNG_STATISTICS || type == PCAPNG_PACKET ||
	       type == PCAPNG_OBSOLETE || type == PCAPNG_SIMPLE;
}

/* Return: as take_block(); -ENODATA at the end. */
static int read_block(struct lsk_capture_reader *reader, struct lsk_packet *packet,
		      struct lsk_error *ret_error)
{
	ssize_t count = need(reader, PCAPNG_BLOCK_MIN);
	const uint8_t *block = reader->buf + reader->start;
	uint32_t type, total;
	int r;

	if (count <= 0)
		return count < 0 ? (int)count : -ENODATA;
	reader->blocks++;
	if (count < (ssize_t)PCAPNG_BLOCK_MIN)
		return damaged(reader, ret_error, "it is cut");
	type = read32(reader, block);
	if (type == PCAPNG_SECTION && !begin_section(reader, block))
		return damaged(reader, ret_error, "it is no section");
	total = read32(reader, block + 4);
	if (total < PCAPNG_BLOCK_MIN || total % 4 != 0)
		return damaged(reader, ret_error, "its length cannot be");
	if (!is_read(type)) {
		r = skip(reader, total);
		return r == -EBADMSG ? damaged(reader, ret_error, "it is cut") : r;
	}
	if (total > BLOCK_MAX)
		return damaged(reader, ret_error, "it is too long");
	count = need(reader, total);
	if (count < 0)
		return (int)count;
	if ((size_t)count < total)
		return damaged(reader, ret_error, "it is cut");
	block = reader->buf + reader->start;
	if (read32(reader, block + total - 4) != total)
		return damaged(reader, ret_error, "its two lengths differ");
	r = take_block(reader, type, block + 8, total - PCAPNG_BLOCK_MIN, packet);
	reader->start += total;
	return r == -EBADMSG ? damaged(reader, ret_error, "what it says cannot be") : r;
}

int lsk_capture_read(struct lsk_capture_reader *reader, struct lsk_packet *ret_packet,
		     struct lsk_error *ret_error)
{
	int r;

	if (!reader || !ret_packet)
		return -EINVAL;
	if (reader->error < 0)
		return error_set_code(ret_error, reader->error, 0, NULL);
	if (reader->format != LSK_CAPTURE_PCAPNG)
		return read_pcap(reader, ret_packet, ret_error);
	do {
		r = read_block(reader, ret_packet, ret_error);
	} while (r == 0);
	return r == -ENODATA ? 0 : r;
}
