/* SPDX-License-Identifier: MIT */
/*
 * Files of packets: pcap and pcapng, read and written as streams, with times in
 * nanoseconds. tcpdump and Wireshark read what is written here, and the other way
 * round; files of the other byte order and pcap's microseconds are read too.
 *
 * A writer can have a thread that writes, and then never waits for a slow disk: what
 * finds all buffers full is counted, and told in the file's statistics.
 *
 * A reader or a writer belongs to one thread at a time.
 */
#ifndef LINSOCK_CAPTURE_H
#define LINSOCK_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/error.h>
#include <linsock/packet_ring.h>

LSK_BEGIN_DECLS

/** LSK_CAPTURE_NAME_MAX - bytes of an interface's name in a file, with its NUL */
#define LSK_CAPTURE_NAME_MAX 64

/** LSK_CAPTURE_PACKET_MAX - bytes of a packet that a reader takes: more is damage */
#define LSK_CAPTURE_PACKET_MAX (1u << 20)

/**
 * enum lsk_capture_format - kinds of files
 * @LSK_CAPTURE_PCAPNG: with interfaces, directions and drop counts
 * @LSK_CAPTURE_PCAP: one link type, times in nanoseconds
 * @LSK_CAPTURE_PCAP_MICRO: the same in microseconds, for old programs
 */
enum lsk_capture_format {
	LSK_CAPTURE_PCAPNG,
	LSK_CAPTURE_PCAP,
	LSK_CAPTURE_PCAP_MICRO,
};

struct lsk_capture_reader;
struct lsk_capture_writer;

/**
 * struct lsk_capture_interface - where packets of a file came from
 * @name: "" where the file does not say
 * @linktype: LSK_LINKTYPE_*, or another number
 * @snap_len: bytes of a packet that were kept; 0: not told
 * @has_stats: the file says the following
 * @received: packets that the interface's socket got
 * @dropped: packets that there was no room for
 */
struct lsk_capture_interface {
	char name[LSK_CAPTURE_NAME_MAX];
	int linktype;
	uint32_t snap_len;
	bool has_stats;
	uint64_t received;
	uint64_t dropped;
};

/**
 * typedef lsk_capture_read_fn - where bytes come from
 * @context: as given to lsk_capture_reader_new()
 * @buf: gets up to @size bytes
 * @size: more than 0
 *
 * Return: how many; 0 at the end; a negative error.
 */
typedef ssize_t (*lsk_capture_read_fn)(void *context, void *buf, size_t size);

/**
 * lsk_capture_reader_new() - read a file
 * @ret_reader: set on success; free with lsk_capture_reader_free()
 * @read: NULL: read(2) of the descriptor that @context points to, an int
 * @context: handed to @read; borrowed until the free
 * @ret_error: what the file is not; may be NULL
 *
 * Return: 0; -EBADMSG for bytes that are neither format; -ENODATA for none at all; what
 * @read said; -ENOMEM.
 */
int lsk_capture_reader_new(struct lsk_capture_reader **ret_reader,
			   lsk_capture_read_fn read, void *context,
			   struct lsk_error *ret_error);

/** lsk_capture_reader_free() - NULL is allowed; Return: NULL */
struct lsk_capture_reader *lsk_capture_reader_free(struct lsk_capture_reader *reader);

/** lsk_capture_reader_format() - which one the file has; Return: it, or -EINVAL */
int lsk_capture_reader_format(const struct lsk_capture_reader *reader);

/**
 * lsk_capture_read() - the next packet
 * @reader: the reader
 * @ret_packet: set where there is one; @data is valid until the next call, @interface
 *	is the number for lsk_capture_reader_interface()
 * @ret_error: where the file is damaged; may be NULL
 *
 * What is in the file besides packets is stepped over. Times before 1970 or after 2262
 * are damage.
 *
 * Return: 1; 0 at the end; -EBADMSG for a damaged or cut file, and from then on; what
 * the read function said.
 */
int lsk_capture_read(struct lsk_capture_reader *reader, struct lsk_packet *ret_packet,
		     struct lsk_error *ret_error);

/**
 * lsk_capture_reader_interface() - what is known of an interface
 * @reader: the reader
 * @index: number in the present section of the file, from 0 on
 *
 * Return: borrowed until the next lsk_capture_read(); NULL where there is none.
 */
const struct lsk_capture_interface *
lsk_capture_reader_interface(const struct lsk_capture_reader *reader,
			     unsigned int index);

/**
 * struct lsk_capture_options - zero members have defaults
 * @format: enum lsk_capture_format; pcapng
 * @linktype: LSK_LINKTYPE_*; required for the first interface, 0 is LSK_LINKTYPE_NULL
 * @snap_len: told in the file; 262144
 * @interface: name of the first interface; NULL for none
 * @buffer_size: bytes of one buffer; 256 KiB, at most 1 GiB
 * @buffers: more than 1: a thread of its own writes, and lsk_capture_write() never
 *	waits; 0 and 1: it writes itself when the buffer is full
 * @first_bytes: bytes that the file has already; for counting
 */
struct lsk_capture_options {
	enum lsk_capture_format format;
	int linktype;
	uint32_t snap_len;
	const char *interface;
	size_t buffer_size;
	unsigned int buffers;
	uint64_t first_bytes;
};

/**
 * struct lsk_capture_stats - what became of the packets
 * @packets: handed to the writer
 * @lost: found no room since the disk was slow; they are among @packets
 * @bytes: of the file, as far as it is buffered or written
 */
struct lsk_capture_stats {
	uint64_t packets;
	uint64_t lost;
	uint64_t bytes;
};

/**
 * lsk_capture_writer_new() - write a file
 * @ret_writer: set on success; free with lsk_capture_writer_free()
 * @fd: where to; borrowed until the free; a pipe does too
 * @options: copied; NULL for the defaults
 *
 * Return: 0, -ENOMEM, -EAGAIN (no thread to be had), -EINVAL.
 */
int lsk_capture_writer_new(struct lsk_capture_writer **ret_writer, int fd,
			   const struct lsk_capture_options *options);

/**
 * lsk_capture_writer_add_interface() - one more interface
 * @writer: a writer of pcapng
 * @name: copied; cut to LSK_CAPTURE_NAME_MAX - 1 bytes
 * @linktype: LSK_LINKTYPE_*
 * @snap_len: bytes of a packet that are kept; 0: 262144
 *
 * Return: its number; -EOPNOTSUPP with pcap; -ENOSPC above 4096; -ENOBUFS where all
 * buffers are full.
 */
int lsk_capture_writer_add_interface(struct lsk_capture_writer *writer,
				     const char *name, int linktype, uint32_t snap_len);

/**
 * lsk_capture_write() - add packets to the file
 * @writer: the writer
 * @interface: number of the interface that they are of; 0 is that of the options
 * @packets: what; copied; @interface of each is not looked at
 * @count: how many
 *
 * For LSK_LINKTYPE_LINUX_SLL2 the header of 20 bytes is made of what is known of each
 * packet (is_cooked).
 *
 * Return: 0, also where packets were lost: lsk_capture_writer_stats() counts them; what
 * write(2) said, and then nothing more is written: -ENOSPC, -EPIPE, …
 */
int lsk_capture_write(struct lsk_capture_writer *writer, unsigned int interface,
		      const struct lsk_packet *packets, unsigned int count);

/**
 * lsk_capture_write_stats() - tell counters in the file
 * @writer: the writer
 * @interface: number of the interface
 * @stats: of the interface's socket; what the writer itself lost is added
 *
 * Return: 0; -EOPNOTSUPP with pcap, which has no place for them; as
 * lsk_capture_write().
 */
int lsk_capture_write_stats(struct lsk_capture_writer *writer, unsigned int interface,
			    const struct lsk_packet_stats *stats);

/**
 * lsk_capture_writer_push() - let what is buffered be written now
 * @writer: the writer
 *
 * For readers at the other end of a pipe, when nothing comes for a while. A writer with
 * a thread does not wait for it.
 *
 * Return: 0 or what write(2) said so far.
 */
int lsk_capture_writer_push(struct lsk_capture_writer *writer);

/**
 * lsk_capture_writer_flush() - wait until everything is written
 * @writer: the writer
 *
 * Not to the disk: fsync(2) does that.
 *
 * Return: 0 or what write(2) said.
 */
int lsk_capture_writer_flush(struct lsk_capture_writer *writer);

/** lsk_capture_writer_stats() - counters since the writer was made; 0 or -EINVAL;
 * Return: 0 */
int lsk_capture_writer_stats(const struct lsk_capture_writer *writer,
			     struct lsk_capture_stats *ret_stats);

/**
 * lsk_capture_writer_free() - end it; what was not flushed is gone; NULL is allowed
 * @writer: the writer
 *
 * Return: NULL.
 */
struct lsk_capture_writer *lsk_capture_writer_free(struct lsk_capture_writer *writer);

/** LSK_PACKET_TEXT_MAX - bytes that hold every line of lsk_packet_format() */
#define LSK_PACKET_TEXT_MAX 512

/**
 * lsk_packet_format() - a packet in one line
 * @packet: the packet
 * @linktype: LSK_LINKTYPE_*
 * @buf: gets the text and a NUL
 * @size: bytes in @buf; LSK_PACKET_TEXT_MAX always suffice
 *
 * "IP 10.0.0.1.4711 > 10.0.0.2.53: UDP, length 29", near to what tcpdump -n says:
 * Ethernet, VLAN, ARP, IPv4, IPv6, ICMP, ICMPv6, TCP, UDP. What is cut says so
 * ("[|tcp]").
 *
 * Return: length of the text; -ENOSPC; -EINVAL.
 */
int lsk_packet_format(const struct lsk_packet *packet, int linktype, char *buf,
		      size_t size);

LSK_END_DECLS

#endif
