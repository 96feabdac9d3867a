/* SPDX-License-Identifier: MIT */
/*
 * pcapng with link type 227 (LINKTYPE_CAN_SOCKETCAN): one section, a description block
 * per interface with its name and nanoseconds, a packet block per frame with its
 * direction. Identifiers are big-endian in it, the fields of XL little-endian.
 */
#include "families/can_log.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/can.h>
#include <stdio.h>
#include <string.h>

#include "families/pcapng.h"

#define LINKTYPE_CAN 227
#define SNAP_MAX     65536

#define INTERFACES_MAX 64

struct pcapng_interface {
	char name[LSK_CAN_LOG_NAME_MAX];
	bool is_can;
	uint64_t units_per_second; /* of its times */
};

struct pcapng_state {
	bool is_swapped;
	uint64_t block; /* where the block begins in the log */
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

/* @code: -EBADMSG where nothing can be read behind it, else LSK_ERR_SYNTAX. */
static int fault(const struct lsk_can_log_reader *reader, struct lsk_error *error,
		 int code, const char *what)
{
	const struct pcapng_state *state =
		(const struct pcapng_state *)(const void *)reader->state;

	return error_set(error, code, 0, "block %lu at byte %" PRIu64 ": %s",
			 reader->line, state->block, what);
}

static void take_interface(struct pcapng_state *state, const uint8_t *body, size_t size)
{
	struct pcapng_interface *interface = &state->interfaces[state->count];
	const uint8_t *name, *resolution;
	uint16_t len = 0, ignored;

	if (size < 8)
		return;
	name = pcapng_find_option(state->is_swapped, body + 8, size - 8,
				  PCAPNG_OPTION_NAME, &len);
	resolution = pcapng_find_option(state->is_swapped, body + 8, size - 8,
					PCAPNG_OPTION_TSRESOL, &ignored);
	interface->is_can = pcapng_read16(state->is_swapped, body) == LINKTYPE_CAN;
	interface->units_per_second = pcapng_units(resolution);
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
	index = pcapng_read32(state->is_swapped, body);
	len = pcapng_read32(state->is_swapped, body + 12);
	if (index >= state->count || len > size - 20)
		return -EBADMSG;
	interface = &state->interfaces[index];
	if (!interface->is_can)
		return 0;
	time = (uint64_t)pcapng_read32(state->is_swapped, body + 4) << 32 |
	       pcapng_read32(state->is_swapped, body + 8);
	if (pcapng_time(time, interface->units_per_second, &entry->time_ns) < 0)
		return -EBADMSG;
	memcpy(entry->interface, interface->name, sizeof(entry->interface));
	flags = PCAPNG_PADDED(len) <= size - 20
			? pcapng_find_option(state->is_swapped,
					     body + 20 + PCAPNG_PADDED(len),
					     size - 20 - PCAPNG_PADDED(len),
					     PCAPNG_OPTION_NAME, &flags_len)
			: NULL;
	entry->has_direction =
		flags && flags_len == 4 && pcapng_read32(state->is_swapped, flags) & 3;
	entry->is_sent =
		entry->has_direction &&
		(pcapng_read32(state->is_swapped, flags) & 3) == PCAPNG_DIRECTION_OUT;
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
		state->block = can_log_offset(reader);
		block = reader->buf + reader->start;
		if (count < 12)
			return fault(reader, error, -EBADMSG, "it is cut");
		type = pcapng_read32(state->is_swapped, block);
		if (type == PCAPNG_SECTION) {
			uint32_t magic;

			memcpy(&magic, block + 8, sizeof(magic));
			if (magic != PCAPNG_MAGIC && magic != PCAPNG_SWAPPED)
				return fault(reader, error, -EBADMSG,
					     "it is no section");
			state->is_swapped = magic == PCAPNG_SWAPPED;
			state->count = 0;
		}
		total = pcapng_read32(state->is_swapped, block + 4);
		if (total < 12 || total % 4 != 0)
			return fault(reader, error, -EBADMSG, "its length cannot be");
		count = can_log_need(reader, total);
		if (count < 0 || (size_t)count < total)
			return fault(reader, error, -EBADMSG, "it is cut or too long");
		block = reader->buf + reader->start;
		if (pcapng_read32(state->is_swapped, block + total - 4) != total)
			return fault(reader, error, -EBADMSG,
				     "its length at the end is another one");
		if (type == PCAPNG_INTERFACE && state->count == INTERFACES_MAX)
			return fault(reader, error, -EBADMSG, "too many interfaces");
		if (type == PCAPNG_INTERFACE)
			take_interface(state, block + 8, total - 12);
		else if (type == PCAPNG_PACKET)
			r = take_packet(state, block + 8, total - 12, entry);
		reader->start += total;
		if (r < 0)
			/* Its end is known, so what comes behind it is read. */
			return fault(reader, error, LSK_ERR_SYNTAX,
				     "its packet cannot be");
		if (r > 0)
			return 1;
	}
}

static int pcapng_begin(struct lsk_can_log_writer *writer, char *start,
			const struct lsk_can_log_entry *entry)
{
	(void)writer;
	(void)entry;
	return (int)(pcapng_put_section(start) - start);
}

static char *put_interface(char *start, const char *name)
{
	uint8_t resolution = PCAPNG_NANOSECONDS;
	char *out = pcapng_put32(pcapng_put32(start, PCAPNG_INTERFACE), 0);

	out = pcapng_put32(out, LINKTYPE_CAN);
	out = pcapng_put32(out, SNAP_MAX);
	out = pcapng_put_option(out, PCAPNG_OPTION_NAME, name, (uint16_t)strlen(name));
	out = pcapng_put_option(out, PCAPNG_OPTION_TSRESOL, &resolution, 1);
	out = pcapng_put_option(out, PCAPNG_OPTION_END, "", 0);
	return pcapng_end_block(start, out);
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
	uint32_t direction =
		entry->is_sent ? PCAPNG_DIRECTION_OUT : PCAPNG_DIRECTION_IN;
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
	out = pcapng_put32(pcapng_put32(out, PCAPNG_PACKET), 0);
	out = pcapng_put32(out, (uint32_t)channel - 1);
	out = pcapng_put32(pcapng_put32(out, (uint32_t)(time >> 32)), (uint32_t)time);
	memset(out + 8, 0, PCAPNG_PADDED(LSK_CANXL_MTU));
	len = frame_to_packet(&entry->frame, (uint8_t *)out + 8);
	if (len < 0)
		return len;
	pcapng_put32(out, (uint32_t)len);
	pcapng_put32(out + 4, (uint32_t)len);
	out += 8 + PCAPNG_PADDED((size_t)len);
	if (entry->has_direction) {
		out = pcapng_put_option(out, PCAPNG_OPTION_NAME, &direction,
					sizeof(direction));
		out = pcapng_put_option(out, PCAPNG_OPTION_END, "", 0);
	}
	return (int)(pcapng_end_block(block, out) - start);
}

const struct can_log_codec can_log_pcapng = {
	.format = LSK_CAN_LOG_PCAPNG,
	.name = "pcapng",
	.detect = detect,
	.read = pcapng_read,
	.begin = pcapng_begin,
	.write = pcapng_write,
};
