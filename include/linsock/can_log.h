/* SPDX-License-Identifier: MIT */
/*
 * Logs of CAN traffic in the formats of the field, read and written as streams: a frame
 * at a time, in bounded memory, from and to wherever the caller's functions lead.
 *
 * Writers are strict: what they write is what the format's other tools read. Readers
 * are liberal: they take the variants that those tools write. A line that is no frame
 * is told with its place, and the next call goes on after it.
 */
#ifndef LINSOCK_CAN_LOG_H
#define LINSOCK_CAN_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/base.h>
#include <linsock/can.h>
#include <linsock/error.h>

LSK_BEGIN_DECLS

/**
 * enum lsk_can_log_format - the formats
 * @LSK_CAN_LOG_AUTO: reading only: judge by the first bytes
 * @LSK_CAN_LOG_CANDUMP: candump's log, "(1795168076.393211) vcan0 123#0011"; its
 *	console output is read too
 * @LSK_CAN_LOG_ASC: Vector's ASCII, as log2asc writes it
 * @LSK_CAN_LOG_TRC: PEAK's trace, 2.1 when written; 1.1 to 2.1 when read
 * @LSK_CAN_LOG_CSV: a table with a heading; python-can's is read too
 * @LSK_CAN_LOG_PCAPNG: packet capture of link type 227, for Wireshark
 * @LSK_CAN_LOG_BLF: Vector's binary log, its objects packed by zlib
 * @LSK_CAN_LOG__COUNT: number of formats
 */
enum lsk_can_log_format {
	LSK_CAN_LOG_AUTO,
	LSK_CAN_LOG_CANDUMP,
	LSK_CAN_LOG_ASC,
	LSK_CAN_LOG_TRC,
	LSK_CAN_LOG_CSV,
	LSK_CAN_LOG_PCAPNG,
	LSK_CAN_LOG_BLF,
	LSK_CAN_LOG__COUNT
};

/** LSK_CAN_LOG_NAME_MAX - bytes of an interface's name in a log, and its NUL */
#define LSK_CAN_LOG_NAME_MAX 32

/** LSK_CAN_LOG_LINE_MAX - bytes of the longest line that a reader takes */
#define LSK_CAN_LOG_LINE_MAX 65536

/**
 * struct lsk_can_log_entry - a frame of a log
 * @time_ns: nanoseconds since 1970, or since the log's start where it tells no date
 * @has_direction: the log says whether the frame was sent or received
 * @is_sent: it was sent on the host that logged it
 * @interface: name; "can0" for channel 1 of formats that number them
 * @frame: the frame
 */
struct lsk_can_log_entry {
	int64_t time_ns;
	bool has_direction;
	bool is_sent;
	char interface[LSK_CAN_LOG_NAME_MAX];
	struct lsk_can_frame frame;
};

/**
 * lsk_can_log_format_by_name() - the format of a name or of a file's ending
 * @name: "candump", "asc", "trc", "csv", "pcapng", "blf", or a file name that ends in
 *	one of these or in ".log"
 *
 * Return: the format, or LSK_CAN_LOG_AUTO for a name that tells none.
 */
enum lsk_can_log_format lsk_can_log_format_by_name(const char *name);

/** lsk_can_log_format_name() - the name of a format; a constant; NULL for none */
const char *lsk_can_log_format_name(enum lsk_can_log_format format);

/**
 * typedef lsk_can_log_read_fn - bring more of a log
 * @context: as given to lsk_can_log_reader_new()
 * @buf: gets the bytes
 * @size: room in @buf
 *
 * Return: bytes brought, 0 at the end, or a negative errno, which ends the reading.
 */
typedef ssize_t (*lsk_can_log_read_fn)(void *context, void *buf, size_t size);

/**
 * typedef lsk_can_log_write_fn - take more of a log
 * @context: as given to lsk_can_log_writer_new()
 * @buf: the bytes; borrowed for the call
 * @size: how many; all of them are to be taken
 *
 * Return: 0, or a negative errno, which ends the writing.
 */
typedef int (*lsk_can_log_write_fn)(void *context, const void *buf, size_t size);

struct lsk_can_log_reader;
struct lsk_can_log_writer;

/**
 * lsk_can_log_reader_new() - start to read a log
 * @ret_reader: set on success; free with lsk_can_log_reader_free()
 * @format: the format, or LSK_CAN_LOG_AUTO
 * @read: brings the bytes
 * @context: handed to @read; borrowed until the reader is freed
 * @ret_error: what the fault is; may be NULL
 *
 * Return: 0; LSK_ERR_SYNTAX where the start is none of the formats; -ENOMEM; -EINVAL;
 * or what @read said.
 */
int lsk_can_log_reader_new(struct lsk_can_log_reader **ret_reader,
			   enum lsk_can_log_format format, lsk_can_log_read_fn read,
			   void *context, struct lsk_error *ret_error);

/** lsk_can_log_reader_free() - end reading; NULL is allowed; returns NULL */
struct lsk_can_log_reader *lsk_can_log_reader_free(struct lsk_can_log_reader *reader);

/**
 * lsk_can_log_read() - the next frame
 * @reader: the reader
 * @ret_entry: set on success
 * @ret_error: what the fault is, with the column (from 0) as its offset; of binary
 *	formats its text names the place: the number of the block or object, and the
 *	byte of the log at which the block, or the object's container, begins; may be
 *	NULL
 *
 * Lines that are comments, and events that are no frames, are stepped over.
 *
 * Return: 1 for a frame, 0 at the end; LSK_ERR_SYNTAX, LSK_ERR_RANGE or LSK_ERR_LENGTH
 * for a line or object that is no frame, after which reading goes on; -EBADMSG for a
 * binary log that is broken here, after which nothing can be read; or what the read
 * function said.
 */
int lsk_can_log_read(struct lsk_can_log_reader *reader,
		     struct lsk_can_log_entry *ret_entry, struct lsk_error *ret_error);

/**
 * lsk_can_log_line() - where the reader is
 * @reader: the reader
 *
 * Return: the number of the line that was read last, from 1 on; of the block for binary
 * formats.
 */
unsigned long lsk_can_log_line(const struct lsk_can_log_reader *reader);

/** lsk_can_log_reader_format() - the format that is read, LSK_CAN_LOG_AUTO judged */
enum lsk_can_log_format
lsk_can_log_reader_format(const struct lsk_can_log_reader *reader);

/**
 * enum lsk_can_log_asc_flags - variants of ASC, for writing
 * @LSK_CAN_LOG_ASC_BARE: as log2asc of can-utils up to 2023 has it: times count from
 *	the first frame instead of its second, and no version is told
 * @LSK_CAN_LOG_ASC_FOUR_DECIMALS: times in units of 100 microseconds
 * @LSK_CAN_LOG_ASC_CRLF: lines end with CR LF
 * @LSK_CAN_LOG_ASC_ALL_FD: classic frames in the form of FD ones
 * @LSK_CAN_LOG_ASC_NO_REMOTE_LEN: remote requests without their length
 */
enum lsk_can_log_asc_flags {
	LSK_CAN_LOG_ASC_BARE = 1 << 0,
	LSK_CAN_LOG_ASC_FOUR_DECIMALS = 1 << 1,
	LSK_CAN_LOG_ASC_CRLF = 1 << 2,
	LSK_CAN_LOG_ASC_ALL_FD = 1 << 3,
	LSK_CAN_LOG_ASC_NO_REMOTE_LEN = 1 << 4,
};

/**
 * struct lsk_can_log_options - how a log is written; all zero is what others read best
 * @with_direction: candump's log: add " T" or " R", which some readers stumble over
 * @with_nanoseconds: candump's log: nine decimals
 * @asc_flags: ASC: enum lsk_can_log_asc_flags
 * @start_ns: ASC with LSK_CAN_LOG_ASC_BARE: what times count from; 0 for the first
 *	frame
 * @interfaces: ASC, TRC: names in the order of their channel numbers; others follow in
 *	the order in which they come; borrowed until the writer is freed
 * @interface_count: how many
 */
struct lsk_can_log_options {
	bool with_direction;
	bool with_nanoseconds;
	unsigned int asc_flags;
	int64_t start_ns;
	const char *const *interfaces;
	size_t interface_count;
};

/**
 * lsk_can_log_writer_new() - start to write a log
 * @ret_writer: set on success; free with lsk_can_log_writer_free()
 * @format: the format
 * @options: NULL is all zero; copied
 * @write: takes the bytes
 * @context: handed to @write; borrowed until the writer is freed
 *
 * Return: 0, -ENOMEM, or -EINVAL.
 */
int lsk_can_log_writer_new(struct lsk_can_log_writer **ret_writer,
			   enum lsk_can_log_format format,
			   const struct lsk_can_log_options *options,
			   lsk_can_log_write_fn write, void *context);

/**
 * lsk_can_log_write() - write a frame
 * @writer: the writer
 * @entry: the frame
 *
 * Bytes are gathered; lsk_can_log_flush() lets them go.
 *
 * Return: 0; -EOPNOTSUPP for a frame that the format cannot hold (XL in ASC, TRC, BLF);
 * -ENOSPC for more interfaces than the format or the writer counts; -EINVAL for an
 * interface without a name, or with blanks, commas or quotes in it; or what the write
 * function said.
 */
int lsk_can_log_write(struct lsk_can_log_writer *writer,
		      const struct lsk_can_log_entry *entry);

/**
 * lsk_can_log_flush() - hand what was gathered to the write function
 * @writer: the writer
 *
 * Return: 0 or what the write function said.
 */
int lsk_can_log_flush(struct lsk_can_log_writer *writer);

/**
 * lsk_can_log_size() - how long the log is up to now
 * @writer: the writer
 *
 * Return: bytes, those included that are gathered (and not packed yet); 0 for NULL.
 */
uint64_t lsk_can_log_size(const struct lsk_can_log_writer *writer);

/**
 * lsk_can_log_heading() - what the log should begin with, now that its end is known
 * @writer: the writer, flushed
 * @buf: gets the bytes, which replace as many at the start of what was written
 * @size: bytes in @buf; 256 suffice for every format
 *
 * BLF's heading tells the log's size, and the time of its last frame. Readers do
 * without when the log cannot be rewound: they take 0 for "not known".
 *
 * Return: how many bytes; 0 for formats whose heading is right from the start, and for
 * a log without a frame; -ENOSPC; -EINVAL for NULL.
 */
int lsk_can_log_heading(const struct lsk_can_log_writer *writer, void *buf,
			size_t size);

/**
 * lsk_can_log_writer_free() - end writing
 * @writer: the writer; NULL is allowed. What is still gathered is dropped: call
 *	lsk_can_log_flush() first
 *
 * Return: NULL.
 */
struct lsk_can_log_writer *lsk_can_log_writer_free(struct lsk_can_log_writer *writer);

LSK_END_DECLS

#endif
