/* SPDX-License-Identifier: MIT */
/*
 * Writing pcap and pcapng. Records are made in buffers (families/capture_output.h);
 * what finds none is counted, and costs nothing but its count.
 */
#include <linsock/capture.h>

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>

#include "families/capture_output.h"
#include "families/pcapng.h"
#include "uring/util.h"

#define SNAP_LEN       262144u
#define INTERFACES_MAX 4096u

#define PCAP_MAGIC_NANO  0xA1B23C4Du
#define PCAP_MAGIC_MICRO 0xA1B2C3D4u
#define PCAP_VERSION     0x00040002u /* two numbers of 16 bits: 2 and 4 */
#define PCAP_HEADER      24
#define PCAP_RECORD      16

/* An interface block with the longest name; a statistics block. */
#define INTERFACE_MAX   128
#define STATISTICS_MAX  64
/* A packet block without its bytes: header, padding, flags, end, length again. */
#define PACKET_OVERHEAD 48

#define OPTION_STARTED  2
#define OPTION_RECEIVED 4
#define OPTION_DROPPED  5

#define SLL2_LEN      20u
#define SLL2_ADDR_LEN 8

struct lsk_capture_writer {
	struct capture_output *output;
	enum lsk_capture_format format;
	uint32_t snap_len;
	unsigned int interfaces;
	int *linktypes; /* of each interface */
	uint64_t *lost; /* of each interface */
	struct lsk_capture_stats stats;
	uint64_t first_bytes;
};

/* Bytes of the header that stands for any other, where the packet has none. */
static unsigned int cooked_len(int linktype)
{
	return linktype == LSK_LINKTYPE_LINUX_SLL2 ? SLL2_LEN : 0;
}

static void put_be16(uint8_t *out, unsigned int value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
}

static void put_sll2(uint8_t *out, const struct lsk_packet *packet)
{
	uint32_t index = (uint32_t)packet->interface;

	put_be16(out, packet->protocol);
	put_be16(out + 2, 0);
	put_be16(out + 4, index >> 16);
	put_be16(out + 6, index & 0xffff);
	put_be16(out + 8, packet->hardware_type);
	out[10] = packet->kind;
	out[11] = packet->hardware_len;
	memcpy(out + 12, packet->hardware, SLL2_ADDR_LEN);
}

/* The header, where there is one, and the bytes of the packet. */
static char *put_bytes(char *out, const struct lsk_packet *packet, unsigned int cooked)
{
	if (cooked > 0)
		put_sll2((uint8_t *)out, packet);
	memcpy(out + cooked, packet->data, packet->captured);
	return out + cooked + packet->captured;
}

static size_t put_pcap(const struct lsk_capture_writer *writer, char *start,
		       const struct lsk_packet *packet, unsigned int cooked)
{
	uint32_t record[4] = {
		(uint32_t)(packet->time_ns / LSK_NSEC_PER_SEC),
		(uint32_t)(packet->time_ns % LSK_NSEC_PER_SEC),
		packet->captured + cooked,
		packet->length + cooked,
	};

	if (writer->format == LSK_CAPTURE_PCAP_MICRO)
		record[1] /= 1000;
	memcpy(start, record, sizeof(record));
	return (size_t)(put_bytes(start + PCAP_RECORD, packet, cooked) - start);
}

static size_t put_pcapng(char *start, const struct lsk_packet *packet,
			 unsigned int interface, unsigned int cooked)
{
	const uint64_t time = (uint64_t)packet->time_ns;
	const uint32_t captured = packet->captured + cooked;
	const size_t padded = PCAPNG_PADDED(captured);
	uint32_t block[7] = {
		PCAPNG_PACKET,
		0,
		interface,
		(uint32_t)(time >> 32),
		(uint32_t)time,
		captured,
		packet->length + cooked,
	};
	uint32_t direction = packet->flags & LSK_PACKET_OUTGOING ? PCAPNG_DIRECTION_OUT
								 : PCAPNG_DIRECTION_IN;
	/* What each block ends with, as one piece: it is written for every packet. */
	uint32_t end[4] = {PCAPNG_OPTION_NAME | sizeof(direction) << 16, direction,
			   PCAPNG_OPTION_END, 0};
	const uint32_t total = (uint32_t)(sizeof(block) + padded + sizeof(end));
	char *out;

	block[1] = total;
	end[3] = total;
	memcpy(start, block, sizeof(block));
	out = put_bytes(start + sizeof(block), packet, cooked);
	memset(out, 0, padded - captured);
	memcpy(out + (padded - captured), end, sizeof(end));
	return total;
}

/* Packets that files have no place for are damage of the caller's. */
static bool is_writable(const struct lsk_packet *packet)
{
	return packet->time_ns >= 0 && packet->captured <= LSK_CAPTURE_PACKET_MAX &&
	       packet->captured <= packet->length;
}

/* Where the next records go: a piece of a buffer, which many packets share. */
struct window {
	char *start;
	size_t used;
	size_t size;
};

/* What is in the window counts; have another one with room for @need bytes. */
static int window_next(struct lsk_capture_writer *writer, struct window *window,
		       size_t need)
{
	int r;

	if (window->used > 0)
		capture_output_commit(writer->output, window->used);
	window->used = 0;
	window->size = 0;
	r = capture_output_reserve(writer->output, need, &window->start);
	if (r == 0)
		window->size = capture_output_left(writer->output, need);
	return r;
}

int lsk_capture_write(struct lsk_capture_writer *writer, unsigned int interface,
		      const struct lsk_packet *packets, unsigned int count)
{
	struct window window = {NULL, 0, 0};
	unsigned int cooked;
	int r = 0;

	if (!writer || (!packets && count > 0) || interface >= writer->interfaces)
		return -EINVAL;
	cooked = cooked_len(writer->linktypes[interface]);
	for (unsigned int i = 0; i < count; i++) {
		size_t need = (size_t)packets[i].captured + cooked + PACKET_OVERHEAD;
		char *room;

		if (!is_writable(&packets[i])) {
			r = -EINVAL;
			break;
		}
		writer->stats.packets++;
		if (need > window.size - window.used)
			r = window_next(writer, &window, need);
		if (r == -ENOBUFS) {
			writer->stats.lost++;
			writer->lost[interface]++;
			r = 0;
			continue;
		}
		if (r < 0)
			break;
		room = window.start + window.used;
		window.used +=
			writer->format == LSK_CAPTURE_PCAPNG
				? put_pcapng(room, &packets[i], interface, cooked)
				: put_pcap(writer, room, &packets[i], cooked);
	}
	if (window.used > 0)
		capture_output_commit(writer->output, window.used);
	return r;
}

static char *put_interface(char *start, const char *name, int linktype,
			   uint32_t snap_len)
{
	const uint8_t resolution = PCAPNG_NANOSECONDS;
	const uint16_t type = (uint16_t)linktype;
	char *out = pcapng_put32(pcapng_put32(start, PCAPNG_INTERFACE), 0);

	out = pcapng_put32(out, 0);
	memcpy(out - 4, &type, sizeof(type));
	out = pcapng_put32(out, snap_len);
	if (name && *name) {
		size_t len = strnlen(name, LSK_CAPTURE_NAME_MAX - 1);

		out = pcapng_put_option(out, PCAPNG_OPTION_NAME, name, (uint16_t)len);
	}
	out = pcapng_put_option(out, PCAPNG_OPTION_TSRESOL, &resolution, 1);
	out = pcapng_put_option(out, PCAPNG_OPTION_END, "", 0);
	return pcapng_end_block(start, out);
}

/* Remember an interface's link type. Return: its number, or -ENOMEM. */
static int keep_interface(struct lsk_capture_writer *writer, int linktype)
{
	const size_t count = (size_t)writer->interfaces + 1;
	int *linktypes = realloc(writer->linktypes, count * sizeof(*linktypes));
	uint64_t *lost;

	if (!linktypes)
		return -ENOMEM;
	writer->linktypes = linktypes;
	lost = realloc(writer->lost, count * sizeof(*lost));
	if (!lost)
		return -ENOMEM;
	writer->lost = lost;
	linktypes[writer->interfaces] = linktype;
	lost[writer->interfaces] = 0;
	return (int)writer->interfaces++;
}

int lsk_capture_writer_add_interface(struct lsk_capture_writer *writer,
				     const char *name, int linktype, uint32_t snap_len)
{
	char *room;
	int r;

	if (!writer || linktype < 0 || linktype > UINT16_MAX)
		return -EINVAL;
	if (writer->format != LSK_CAPTURE_PCAPNG)
		return -EOPNOTSUPP;
	if (writer->interfaces >= INTERFACES_MAX)
		return -ENOSPC;
	r = capture_output_reserve(writer->output, INTERFACE_MAX, &room);
	if (r < 0)
		return r;
	r = keep_interface(writer, linktype);
	if (r < 0)
		return r;
	capture_output_commit(writer->output,
			      (size_t)(put_interface(room, name, linktype,
						     snap_len ? snap_len : SNAP_LEN) -
				       room));
	return r;
}

int lsk_capture_write_stats(struct lsk_capture_writer *writer, unsigned int interface,
			    const struct lsk_packet_stats *stats)
{
	uint64_t received, dropped;
	char *room = NULL, *out;
	int r;

	if (!writer || !stats || interface >= writer->interfaces)
		return -EINVAL;
	if (writer->format != LSK_CAPTURE_PCAPNG)
		return -EOPNOTSUPP;
	/* What is told last must not be lost: this once the disk is waited for. */
	r = capture_output_wait(writer->output);
	if (r == 0)
		r = capture_output_reserve(writer->output, STATISTICS_MAX, &room);
	if (r < 0)
		return r;
	received = stats->received + stats->dropped;
	dropped = stats->dropped + writer->lost[interface];
	out = pcapng_put32(pcapng_put32(room, PCAPNG_STATISTICS), 0);
	out = pcapng_put32(out, interface);
	out = pcapng_put32(pcapng_put32(out, 0), 0); /* when: not told */
	out = pcapng_put_option(out, OPTION_RECEIVED, &received, sizeof(received));
	out = pcapng_put_option(out, OPTION_DROPPED, &dropped, sizeof(dropped));
	out = pcapng_put_option(out, PCAPNG_OPTION_END, "", 0);
	capture_output_commit(writer->output,
			      (size_t)(pcapng_end_block(room, out) - room));
	return 0;
}

/* What a file begins with. */
static int put_start(struct lsk_capture_writer *writer,
		     const struct lsk_capture_options *options)
{
	const uint32_t header[PCAP_HEADER / 4] = {
		options->format == LSK_CAPTURE_PCAP_MICRO ? PCAP_MAGIC_MICRO
							  : PCAP_MAGIC_NANO,
		PCAP_VERSION,
		0,
		0,
		options->snap_len ? options->snap_len : SNAP_LEN,
		(uint32_t)options->linktype,
	};
	char *room = NULL;
	int r;

	r = capture_output_reserve(writer->output, PCAP_HEADER + INTERFACE_MAX, &room);
	if (r < 0)
		return r;
	if (options->format != LSK_CAPTURE_PCAPNG) {
		memcpy(room, header, sizeof(header));
		capture_output_commit(writer->output, sizeof(header));
		return keep_interface(writer, options->linktype);
	}
	capture_output_commit(writer->output,
			      (size_t)(pcapng_put_section(room) - room));
	return lsk_capture_writer_add_interface(writer, options->interface,
						options->linktype, options->snap_len);
}

int lsk_capture_writer_new(struct lsk_capture_writer **ret_writer, int fd,
			   const struct lsk_capture_options *options)
{
	static const struct lsk_capture_options defaults;
	struct lsk_capture_writer *writer;
	int r;

	if (!options)
		options = &defaults;
	if (!ret_writer || fd < 0 || options->format > LSK_CAPTURE_PCAP_MICRO ||
	    options->linktype < 0 || options->linktype > UINT16_MAX)
		return -EINVAL;
	writer = calloc(1, sizeof(*writer));
	if (!writer)
		return -ENOMEM;
	writer->format = options->format;
	writer->first_bytes = options->first_bytes;
	r = capture_output_new(&writer->output, fd, options->buffer_size,
			       options->buffers);
	if (r == 0)
		r = put_start(writer, options);
	if (r < 0) {
		lsk_capture_writer_free(writer);
		return r;
	}
	*ret_writer = writer;
	return 0;
}

int lsk_capture_writer_push(struct lsk_capture_writer *writer)
{
	return writer ? capture_output_push(writer->output) : -EINVAL;
}

int lsk_capture_writer_flush(struct lsk_capture_writer *writer)
{
	return writer ? capture_output_flush(writer->output) : -EINVAL;
}

int lsk_capture_writer_stats(const struct lsk_capture_writer *writer,
			     struct lsk_capture_stats *ret_stats)
{
	if (!writer || !ret_stats)
		return -EINVAL;
	*ret_stats = writer->stats;
	ret_stats->bytes = writer->first_bytes + capture_output_bytes(writer->output);
	return 0;
}

struct lsk_capture_writer *lsk_capture_writer_free(struct lsk_capture_writer *writer)
{
	if (!writer)
		return NULL;
	capture_output_free(writer->output);
	free(writer->linktypes);
	free(writer->lost);
	free(writer);
	return NULL;
}
