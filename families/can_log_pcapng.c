/* SPDX-License-Identifier: MIT */
/*
 * pcapng with link type 227 (LINKTYPE_CAN_SOCKETCAN): one section, a description block
 * per interface with its name and nanoseconds, a packet block per frame with its
 * direction. Identifiers are big-endian in it, the fields of XL little-endian.
 */
#include "families/can_log.h"

#include <endian.h>
#include <errno.h>
#include <linux/can.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_SECTION   0x0A0D0D0Au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET    6u
#define MAGIC           0x1A2B3C4Du
#define MAGIC_SWAPPED   0x4D3C2B1Au
#define LINKTYPE_CAN    227
#define SNAP_MAX        65536

#define OPTION_END     0
#define OPTION_NAME    2 /* of an interface; of a packet: its flags */
#define OPTION_TSRESOL 9
#define DIRECTION_IN   1
#define DIRECTION_OUT  2
#define NANOSECONDS    9

/* A block is padded to four bytes. */
#define PADDED(len) (((len) + 3u) & ~(size_t)3u)

#define INTERFACES_MAX 64

struct pcapng_interface {
	char name[LSK_CAN_LOG_NAME_MAX];
	bool is_can;
	uint64_t units_per_second; /* of its times */
};

struct pcapng_state {
	bool is_swapped;
	uint32_t count;
	struct pcapng_interface interfaces[INTERFACES_MAX];
};

_Static_assert(sizeof(struct pcapng_state) <= CAN_LOG_STATE_SIZE,
	       "a reader has room for the state of its format");

static bool detect(const uint8_t *bytes, size_t size)
{
	static const uint8_t start[] = {0x0A, 0x0D, 0x0D, 0x0A};

	return size >= sizeof(start) && memcmp(bytes, start, sizeof(start)) == 0;
}

static uint32_t read32(const struct pcapng_state *state, const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return state->is_swapped ? __builtin_bswap32(value) : value;
}

static uint16_t read16(const struct pcapng_state *state, const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return state->is_swapped ? __builtin_bswap16(value) : value;
}

static int broken(const struct lsk_can_log_reader *reader, struct lsk_error *error,
		  const char *what)
{
	return error_set(error, -EBADMSG, 0, "block %lu: %s", reader->line, what);
}

/* The value of option @code among @size bytes of options, or NULL. */
static const uint8_t *find_option(const struct pcapng_state *state,
				  const uint8_t *bytes, size_t size, uint16_t code,
				  uint16_t *ret_len)
{
	while (size >= 4) {
		uint16_t this_code = read16(state, bytes);
		uint16_t len = read16(state, bytes + 2);

		if (this_code == OPTION_END || PADDED(len) > size - 4)
			return NULL;
		if (this_code == code) {
			*ret_len = len;
			return bytes + 4;
		}
		bytes += 4 + PADDED(len);
		size -= 4 + PADDED(len);
	}
	return NULL;
}

static uint64_t units_of(const uint8_t *resolution)
{
	uint64_t units = 1;
	unsigned int power = resolution ? *resolution & 0x7F : 6;

	if (resolution && *resolution & 0x80)
		return power < 63 ? UINT64_C(1) << power : UINT64_C(1) << 62;
	while (power-- > 0 && units < UINT64_MAX / 10)
		units *= 10;
	return units;
}

static void take_interface(struct pcapng_state *state, const uint8_t *body, size_t size)
{
	struct pcapng_interface *interface = &state->interfaces[state->count];
	const uint8_t *name, *resolution;
	uint16_t len = 0, ignored;

	if (size < 8)
		return;
	name = find_option(state, body + 8, size - 8, OPTION_NAME, &len);
	resolution = find_option(state, body + 8, size - 8, OPTION_TSRESOL, &ignored);
	interface->is_can = read16(state, body) == LINKTYPE_CAN;
	interface->units_per_second = units_of(resolution);
	if (name)
		snprintf(interface->name, sizeof(interface->name), "%.*s", len,
			 (const char *)name);
	else
		snprintf(interface->name, sizeof(interface->name), "can%u",
			 state->count);
	state->count++;
}

/* The bytes of link type 227 as the kernel lays them out. Return: as frame_from_kernel.
 */
static int frame_from_packet(struct lsk_can_frame *frame, const uint8_t *packet,
			     size_t len)
{
	uint8_t kernel[LSK_CANXL_MTU] = {0};
	bool is_xl = len > 12 && packet[4] & LSK_CANXL_XLF;
	bool is_fd = !is_xl && len >= 8 && (packet[5] & LSK_CANFD_FDF || len == 72);
	uint32_t id;

	if (len < 8 || len > sizeof(kernel))
		return -EBADMSG;
	/* Padding at the end may have been cut. */
	memcpy(kernel, packet, len);
	memcpy(&id, packet, sizeof(id));
	id = be32toh(id);
	memcpy(kernel, &id, sizeof(id));
	if (is_xl) {
		uint16_t xl_len;
		uint32_t acceptance;

		memcpy(&xl_len, packet + 6, sizeof(xl_len));
		memcpy(&acceptance, packet + 8, sizeof(acceptance));
		xl_len = le16toh(xl_len);
		acceptance = le32toh(acceptance);
		memcpy(kernel + 6, &xl_len, sizeof(xl_len));
		memcpy(kernel + 8, &acceptance, sizeof(acceptance));
		return lsk_can_frame_from_kernel(frame, kernel, len);
	}
	if (len > (is_fd ? LSK_CANFD_MTU : LSK_CAN_MTU))
		return -EBADMSG;
	if (!is_fd)
		kernel[5] = 0;
	return lsk_can_frame_from_kernel(frame, kernel,
					 is_fd ? LSK_CANFD_MTU : LSK_CAN_MTU);
}

/* Return: 1 for a frame, 0 for a packet of another link type, -EBADMSG. */
static int take_packet(struct pcapng_state *state, const uint8_t *body, size_t size,
		       struct lsk_can_log_entry *entry)
{
	const struct pcapng_interface *interface;
	const uint8_t *flags;
	uint32_t index, len;
	uint64_t time;
	uint16_t flags_len = 0;

	if (size < 20)
		return -EBADMSG;
	index = read32(state, body);
	len = read32(state, body + 12);
	if (index >= state->count || len > size - 20)
		return -EBADMSG;
	interface = &state->interfaces[index];
	if (!interface->is_can)
		return 0;
	time = (uint64_t)read32(state, body + 4) << 32 | read32(state, body + 8);
	/* After the year 2262 nanoseconds do not fit, and it is no time but damage. */
	if (time / interface->units_per_second >= INT64_MAX / LSK_NSEC_PER_SEC)
		return -EBADMSG;
	entry->time_ns =
		(int64_t)(time / interface->units_per_second) * LSK_NSEC_PER_SEC;
	__extension__ entry->time_ns +=
		(int64_t)((unsigned __int128)(time % interface->units_per_second) *
			  (uint64_t)LSK_NSEC_PER_SEC / interface->units_per_second);
	memcpy(entry->interface, interface->name, sizeof(entry->interface));
	flags = PADDED(len) <= size - 20
			? find_option(state, body + 20 + PADDED(len),
				      size - 20 - PADDED(len), OPTION_NAME, &flags_len)
			: NULL;
	entry->has_direction = flags && flags_len == 4 && read32(state, flags) & 3;
	entry->is_sent =
		entry->has_direction && (read32(state, flags) & 3) == DIRECTION_OUT;
	return frame_from_packet(&entry->frame, body + 20, len) < 0 ? -EBADMSG : 1;
}

static int pcapng_read(struct lsk_can_log_reader *reader,
		       struct lsk_can_log_entry *entry, struct lsk_error *error)
{
	struct pcapng_state *state = (struct pcapng_state *)(void *)reader->state;

	for (;;) {
		const uint8_t *block;
		ssize_t count = can_log_need(reader, 12);
		uint32_t type, total;
		int r = 0;

		if (count <= 0)
			return (int)count;
		reader->line++;
		block = reader->buf + reader->start;
		if (count < 12)
			return broken(reader, error, "it is cut");
		type = read32(state, block);
		if (type == BLOCK_SECTION) {
			uint32_t magic;

			memcpy(&magic, block + 8, sizeof(magic));
			if (magic != MAGIC && magic != MAGIC_SWAPPED)
				return broken(reader, error, "it is no section");
			state->is_swapped = magic == MAGIC_SWAPPED;
			state->count = 0;
		}
		total = read32(state, block + 4);
		if (total < 12 || total % 4 != 0)
			return broken(reader, error, "its length cannot be");
		count = can_log_need(reader, total);
		if (count < 0 || (size_t)count < total)
			return broken(reader, error, "it is cut or too long");
		block = reader->buf + reader->start;
		if (type == BLOCK_INTERFACE && state->count == INTERFACES_MAX)
			return broken(reader, error, "too many interfaces");
		if (type == BLOCK_INTERFACE)
			take_interface(state, block + 8, total - 12);
		else if (type == BLOCK_PACKET)
			r = take_packet(state, block + 8, total - 12, entry);
		reader->start += total;
		if (r < 0)
			return broken(reader, error, "its packet cannot be");
		if (r > 0)
			return 1;
	}
}

static char *put32(char *out, uint32_t value)
{
	memcpy(out, &value, sizeof(value));
	return out + sizeof(value);
}

static char *put_option(char *out, uint16_t code, const void *value, uint16_t len)
{
	memcpy(out, &code, sizeof(code));
	memcpy(out + 2, &len, sizeof(len));
	memset(out + 4, 0, PADDED(len));
	memcpy(out + 4, value, len);
	return out + 4 + PADDED(len);
}

/* Set the length of the block that starts at @start. Return: the byte after it. */
static char *end_block(char *start, char *out)
{
	uint32_t total = (uint32_t)(out - start) + 4;

	put32(start + 4, total);
	return put32(out, total);
}

static int pcapng_begin(struct lsk_can_log_writer *writer, char *start,
			const struct lsk_can_log_entry *entry)
{
	char *out = put32(start, BLOCK_SECTION);
	uint16_t version[2] = {1, 0};

	(void)writer;
	(void)entry;
	out = put32(put32(out, 0), MAGIC);
	memcpy(out, version, sizeof(version));
	out = put32(put32(out + 4, UINT32_MAX), UINT32_MAX); /* length: not told */
	return (int)(end_block(start, out) - start);
}

static char *put_interface(char *start, const char *name)
{
	uint8_t resolution = NANOSECONDS;
	char *out = put32(put32(start, BLOCK_INTERFACE), 0);

	out = put32(out, LINKTYPE_CAN);
	out = put32(out, SNAP_MAX);
	out = put_option(out, OPTION_NAME, name, (uint16_t)strlen(name));
	out = put_option(out, OPTION_TSRESOL, &resolution, 1);
	out = put_option(out, OPTION_END, "", 0);
	return end_block(start, out);
}

/* Return: bytes of the frame in link type 227, or an error. */
static int frame_to_packet(const struct lsk_can_frame *frame, uint8_t *packet)
{
	int len = lsk_can_frame_to_kernel(frame, packet, LSK_CANXL_MTU);
	uint32_t id;

	if (len < 0)
		return len;
	memcpy(&id, packet, sizeof(id));
	id = htobe32(id);
	memcpy(packet, &id, sizeof(id));
	if (frame->kind == LSK_CAN_XL) {
		uint16_t xl_len = htole16(frame->len);
		uint32_t acceptance = htole32(frame->acceptance);

		memcpy(packet + 6, &xl_len, sizeof(xl_len));
		memcpy(packet + 8, &acceptance, sizeof(acceptance));
	} else if (frame->kind == LSK_CAN_FD) {
		packet[5] |= LSK_CANFD_FDF;
	}
	return len;
}

static int pcapng_write(struct lsk_can_log_writer *writer, char *out,
			const struct lsk_can_log_entry *entry)
{
	size_t known = writer->channels.count;
	int channel = can_log_channel(writer, entry->interface);
	uint64_t time = (uint64_t)entry->time_ns;
	uint32_t direction = entry->is_sent ? DIRECTION_OUT : DIRECTION_IN;
	char *start = out, *block;
	int len;

	if (channel < 0)
		return channel;
	/* Names that were given beforehand are told with the first frame. */
	if (writer->count == 0)
		known = 0;
	for (size_t i = known; i < writer->channels.count; i++)
		out = put_interface(out, writer->channels.names[i]);
	block = out;
	out = put32(put32(out, BLOCK_PACKET), 0);
	out = put32(out, (uint32_t)channel - 1);
	out = put32(put32(out, (uint32_t)(time >> 32)), (uint32_t)time);
	memset(out + 8, 0, PADDED(LSK_CANXL_MTU));
	len = frame_to_packet(&entry->frame, (uint8_t *)out + 8);
	if (len < 0)
		return len;
	put32(out, (uint32_t)len);
	put32(out + 4, (uint32_t)len);
	out += 8 + PADDED((size_t)len);
	if (entry->has_direction) {
		out = put_option(out, OPTION_NAME, &direction, sizeof(direction));
		out = put_option(out, OPTION_END, "", 0);
	}
	return (int)(end_block(block, out) - start);
}

const struct can_log_codec can_log_pcapng = {
	.format = LSK_CAN_LOG_PCAPNG,
	.name = "pcapng",
	.detect = detect,
	.read = pcapng_read,
	.begin = pcapng_begin,
	.write = pcapng_write,
};
