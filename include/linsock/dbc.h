/* SPDX-License-Identifier: MIT */
/*
 * DBC: what the bytes of CAN frames mean, as the files of that name tell it.
 *
 * A file is read once into a compiled form, which does not change: any number of
 * threads may decode with it. A statement that is faulty is told with its place and
 * left out, and the rest of the file is read.
 */
#ifndef LINSOCK_DBC_H
#define LINSOCK_DBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/can.h>
#include <linsock/error.h>

LSK_BEGIN_DECLS

/** LSK_DBC_NONE - index of a signal that is not there */
#define LSK_DBC_NONE SIZE_MAX

/**
 * enum lsk_dbc_type - what the bits of a signal are
 * @LSK_DBC_UNSIGNED: an unsigned integer
 * @LSK_DBC_SIGNED: an integer in two's complement
 * @LSK_DBC_FLOAT: an IEEE 754 number of 32 bits
 * @LSK_DBC_DOUBLE: one of 64 bits
 */
enum lsk_dbc_type {
	LSK_DBC_UNSIGNED,
	LSK_DBC_SIGNED,
	LSK_DBC_FLOAT,
	LSK_DBC_DOUBLE,
};

/**
 * struct lsk_dbc_name - the word for a value
 * @value: the raw value
 * @name: the word
 */
struct lsk_dbc_name {
	int64_t value;
	const char *name;
};

/**
 * struct lsk_dbc_range - values of a multiplexor
 * @first: the least
 * @last: the greatest
 */
struct lsk_dbc_range {
	uint64_t first;
	uint64_t last;
};

/**
 * struct lsk_dbc_signal - a signal of a message
 * @name: its name
 * @unit: "" for none
 * @comment: NULL for none
 * @type: enum lsk_dbc_type
 * @start: the start bit as the file tells it: the least significant bit, or with
 *	@is_big_endian the most significant one; bit 0 of byte N is 8 N
 * @length: bits, 1 to 64
 * @is_big_endian: "Motorola" order
 * @is_multiplexor: its value says which other signals are there
 * @factor: value = raw * factor + offset
 * @offset: see @factor
 * @minimum: as told; 0 with @maximum 0 for none. Decoding does not judge by it
 * @maximum: as told
 * @multiplexor: index of the signal that says whether this one is there, or
 *	LSK_DBC_NONE
 * @ranges: the values of @multiplexor with which it is
 * @range_count: how many
 * @names: words for raw values, sorted by value
 * @name_count: how many
 */
struct lsk_dbc_signal {
	const char *name;
	const char *unit;
	const char *comment;
	enum lsk_dbc_type type;
	uint16_t start;
	uint8_t length;
	bool is_big_endian;
	bool is_multiplexor;
	double factor;
	double offset;
	double minimum;
	double maximum;
	size_t multiplexor;
	const struct lsk_dbc_range *ranges;
	size_t range_count;
	const struct lsk_dbc_name *names;
	size_t name_count;
};

/**
 * struct lsk_dbc_message - a message: frames of one identifier
 * @name: its name
 * @sender: the node that sends it; "Vector__XXX" for nobody in particular
 * @comment: NULL for none
 * @id: identifier of 11 or 29 bits
 * @is_extended: @id has 29 bits
 * @is_fd: an FD frame
 * @len: bytes of data
 * @signals: its signals, in the order of the file
 * @signal_count: how many
 */
struct lsk_dbc_message {
	const char *name;
	const char *sender;
	const char *comment;
	uint32_t id;
	bool is_extended;
	bool is_fd;
	uint16_t len;
	const struct lsk_dbc_signal *signals;
	size_t signal_count;
};

struct lsk_dbc;

/**
 * typedef lsk_dbc_fault_fn - be told of a faulty statement
 * @context: as given to lsk_dbc_parse()
 * @line: line of the file, from 1 on
 * @error: what it is; its offset is the column, from 0 on; borrowed for the call
 */
typedef void (*lsk_dbc_fault_fn)(void *context, unsigned long line,
				 const struct lsk_error *error);

/**
 * lsk_dbc_parse() - read a file's text
 * @ret_dbc: set unless the call fails; free with lsk_dbc_free()
 * @text: the text; copied where it is kept; ISO 8859-1 or UTF-8, which is not looked at
 * @size: bytes in @text
 * @fault: told of each faulty statement, which is left out; may be NULL
 * @context: handed to @fault
 *
 * Return: how many statements were faulty, 0 at best; -ENOMEM; -EINVAL for NULL.
 */
int lsk_dbc_parse(struct lsk_dbc **ret_dbc, const char *text, size_t size,
		  lsk_dbc_fault_fn fault, void *context);

/** lsk_dbc_free() - free it; NULL is allowed; returns NULL */
struct lsk_dbc *lsk_dbc_free(struct lsk_dbc *dbc);

/**
 * lsk_dbc_message() - a message by its place in the file
 * @dbc: the compiled file
 * @index: from 0 on
 *
 * Return: the message, borrowed from @dbc; NULL past the last one.
 */
const struct lsk_dbc_message *lsk_dbc_message(const struct lsk_dbc *dbc, size_t index);

/**
 * lsk_dbc_find() - the message of an identifier
 * @dbc: the compiled file
 * @id: identifier of 11 or 29 bits
 * @is_extended: it has 29
 *
 * Return: the message, borrowed from @dbc; NULL for none.
 */
const struct lsk_dbc_message *lsk_dbc_find(const struct lsk_dbc *dbc, uint32_t id,
					   bool is_extended);

/** lsk_dbc_find_name() - the message of a name; borrowed from @dbc; NULL for none */
const struct lsk_dbc_message *lsk_dbc_find_name(const struct lsk_dbc *dbc,
						const char *name);

/**
 * struct lsk_dbc_value - a signal's value in a frame
 * @signal: the signal; borrowed from the compiled file
 * @raw: its bits: sign-extended for LSK_DBC_SIGNED, of IEEE 754 for numbers that float
 * @value: the physical value
 */
struct lsk_dbc_value {
	const struct lsk_dbc_signal *signal;
	int64_t raw;
	double value;
};

/**
 * lsk_dbc_decode() - what a frame says
 * @dbc: the compiled file
 * @frame: a classic or FD frame
 * @ret_values: gets the values of the signals that the frame holds: those that its
 *	multiplexors select, and that lie within its length
 * @count: room in @ret_values
 * @ret_message: set to the frame's message on success; may be NULL
 *
 * Return: how many values the frame holds, of which the first @count are in
 * @ret_values; -ENOENT where the file has no message of the frame's identifier, and for
 * remote requests, error and XL frames; -EINVAL for NULL.
 */
int lsk_dbc_decode(const struct lsk_dbc *dbc, const struct lsk_can_frame *frame,
		   struct lsk_dbc_value *ret_values, size_t count,
		   const struct lsk_dbc_message **ret_message);

/**
 * lsk_dbc_value_name() - the word for a value
 * @signal: the signal
 * @raw: the raw value
 *
 * Return: the word, borrowed from the compiled file; NULL for none.
 */
const char *lsk_dbc_value_name(const struct lsk_dbc_signal *signal, int64_t raw);

/**
 * struct lsk_dbc_setting - a value to be sent
 * @name: the signal's name
 * @value: the physical value; ignored with @word
 * @word: the word for the value, or NULL
 */
struct lsk_dbc_setting {
	const char *name;
	double value;
	const char *word;
};

/**
 * lsk_dbc_encode() - make a frame of values
 * @message: the message, of a file that was read
 * @settings: values of some of its signals; the bits of the others are 0
 * @count: how many
 * @ret_frame: set on success
 * @ret_error: which setting is at fault (its index is the offset), and why; may be NULL
 *
 * Values are rounded to what the signal can express.
 *
 * Return: 0; -ENOENT for a signal or word that the message does not have; LSK_ERR_RANGE
 * for a value that does not fit the signal's bits; LSK_ERR_VALUE for a signal that the
 * multiplexors, as they are set, do not select; LSK_ERR_LENGTH for a message longer
 * than a frame; -EINVAL for NULL.
 */
int lsk_dbc_encode(const struct lsk_dbc_message *message,
		   const struct lsk_dbc_setting *settings, size_t count,
		   struct lsk_can_frame *ret_frame, struct lsk_error *ret_error);

LSK_END_DECLS

#endif
