/* SPDX-License-Identifier: MIT */
/* What the modules of the log formats share. */
#ifndef LSK_CAN_LOG_INTERNAL_H
#define LSK_CAN_LOG_INTERNAL_H

#include <linsock/can_log.h>

#include "families/can_text.h"

#define CAN_LOG_CHANNELS_MAX 256
#define CAN_LOG_STATE_SIZE   8192

/* The channel numbers of formats that have no names. */
struct can_log_channels {
	char names[CAN_LOG_CHANNELS_MAX][LSK_CAN_LOG_NAME_MAX];
	size_t count;
};

struct lsk_can_log_reader {
	const struct can_log_codec *codec;
	lsk_can_log_read_fn read;
	void *context;
	uint8_t *buf;
	size_t size;
	size_t start; /* the bytes that are here and not used up */
	size_t end;
	uint64_t brought; /* by the read function, up to @end */
	bool is_end;      /* the read function has no more */
	int failure;      /* what ended the reading for good */
	unsigned long line;
	/* The format's own; all zero at first. */
	_Alignas(16) unsigned char state[CAN_LOG_STATE_SIZE];
};

struct lsk_can_log_writer {
	const struct can_log_codec *codec;
	struct lsk_can_log_options options;
	lsk_can_log_write_fn write;
	void *context;
	char *buf;
	size_t len;
	int failure;
	bool is_begun;
	int64_t start_ns; /* time of the first frame */
	int64_t last_ns;  /* of the last one */
	unsigned long count;
	uint64_t bytes;    /* handed to the write function */
	uint64_t unpacked; /* what they were before they were packed */
	uint8_t *packed;   /* room for what pack() makes; NULL: nothing is packed */
	size_t packed_size;
	struct can_log_channels channels;
};

/* Bytes that a writer gathers, and those that one entry needs at most. */
#define CAN_LOG_BUFFER_SIZE (64u << 10)
#define CAN_LOG_ENTRY_MAX   (16u << 10)

struct can_log_codec {
	enum lsk_can_log_format format;
	const char *name; /* and ending of a file's name */
	/* Whether a log that starts with these bytes is of the format. */
	bool (*detect)(const uint8_t *bytes, size_t size);
	/* As lsk_can_log_read(). */
	int (*read)(struct lsk_can_log_reader *reader, struct lsk_can_log_entry *entry,
		    struct lsk_error *error);
	/* Optional: what stands before the first entry. Return: bytes at @out. */
	int (*begin)(struct lsk_can_log_writer *writer, char *out,
		     const struct lsk_can_log_entry *entry);
	/* Return: bytes written at @out, at most CAN_LOG_ENTRY_MAX; or an error. */
	int (*write)(struct lsk_can_log_writer *writer, char *out,
		     const struct lsk_can_log_entry *entry);
	/*
	 * Optional: make of what was gathered since the last flush, which is never
	 * nothing, what is to be written, at writer->packed. Return: its bytes, or an
	 * error.
	 */
	ssize_t (*pack)(struct lsk_can_log_writer *writer);
	/* Optional: bytes of writer->packed that do for all that is gathered. */
	size_t (*packed_max)(size_t gathered_max);
	/* Optional: as lsk_can_log_heading(). */
	int (*heading)(const struct lsk_can_log_writer *writer, char *out, size_t size);
	/* Optional: free what a reader's state holds. */
	void (*done)(struct lsk_can_log_reader *reader);
};

extern const struct can_log_codec can_log_blf;
extern const struct can_log_codec can_log_candump;
extern const struct can_log_codec can_log_asc;
extern const struct can_log_codec can_log_trc;
extern const struct can_log_codec can_log_csv;
extern const struct can_log_codec can_log_pcapng;

/*
 * Have at least @want bytes at reader->buf + reader->start. Return: how many are there,
 * fewer at the end only; LSK_ERR_LENGTH for more than a reader holds; what the read
 * function said.
 */
ssize_t can_log_need(struct lsk_can_log_reader *reader, size_t want);

/* Where reader->start is in the log: bytes from its beginning. */
uint64_t can_log_offset(const struct lsk_can_log_reader *reader);

/*
 * The next line without its end, terminated in place. Return: 1, 0 at the end,
 * LSK_ERR_LENGTH for one that is too long (it is stepped over), or a failure.
 */
int can_log_next_line(struct lsk_can_log_reader *reader, char **ret_line);

/* The number of an interface, from 1 on. Return: it, or -ENOSPC. */
int can_log_channel(struct lsk_can_log_writer *writer, const char *name);

/* Name the interface of a format that numbers them: "can0" for 1, "canX" for 0. */
void can_log_name_channel(struct lsk_can_log_entry *entry, uint64_t channel);

/* Step over blanks. */
void can_cursor_blanks(struct can_cursor *cursor);

/* The next word: what is no blank. Return: its length; 0 at the end of the line. */
size_t can_cursor_word(struct can_cursor *cursor, const char **ret_word);

/* Read a decimal number. Return: 0, LSK_ERR_SYNTAX or LSK_ERR_RANGE. */
int can_cursor_decimal(struct can_cursor *cursor, uint64_t max, uint64_t *ret_value);

/* Read "seconds.decimals", of which nine count. Return: as above. */
int can_cursor_time(struct can_cursor *cursor, int64_t *ret_ns);

/* Read "units.decimals" of @unit_ns nanoseconds each. Return: as above. */
int can_cursor_fixed(struct can_cursor *cursor, int64_t unit_ns, int64_t *ret_ns);

/* Add times. Return: 0, or LSK_ERR_RANGE, told. */
int can_log_add_time(const struct can_cursor *cursor, int64_t start_ns, int64_t add_ns,
		     int64_t *ret_ns);

/* Read up to eight hexadecimal digits. Return: as above. */
int can_cursor_hex_number(struct can_cursor *cursor, uint32_t *ret_value);

/* Read @len pairs of hexadecimal digits with blanks between them. */
int can_cursor_bytes(struct can_cursor *cursor, uint8_t *data, size_t len);

/* Set an identifier, extended where it says so. Return: 0 or LSK_ERR_RANGE, told. */
int can_log_set_id(const struct can_cursor *cursor, struct lsk_can_frame *frame,
		   uint32_t id, bool is_extended);

#endif
