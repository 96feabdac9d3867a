/* SPDX-License-Identifier: MIT */
/*
 * Netlink messages: built on the stack, read by tables. Pure code, no socket.
 *
 * Building never fails half way: the first fault (no room, a nest that is too long)
 * sticks, later calls do nothing, and whoever sends the message gets the fault:
 *
 *	LSK_NL_MSG(msg, 512);
 *	lsk_nl_msg_start(&msg, RTM_NEWLINK, NLM_F_CREATE, &info, sizeof(info));
 *	lsk_nl_put_string(&msg, IFLA_IFNAME, "vcan0");
 *	LSK_NL_NEST(&msg, IFLA_LINKINFO)
 *		lsk_nl_put_string(&msg, IFLA_INFO_KIND, "vcan");
 *
 * Reading is declared: a table says which attribute goes into which field of the
 * caller's struct. Attributes that are unknown are skipped, longer ones cut, shorter
 * ones zero-filled, and of two the last counts, as in the kernel; so that a newer or an
 * older kernel breaks nothing. A bit per field says what was there.
 */
#ifndef LINSOCK_NETLINK_MSG_H
#define LINSOCK_NETLINK_MSG_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * struct lsk_nl_msg - a message under construction
 * @header: the message, as sendmsg(2) takes it; borrowed memory
 * @size: bytes at @header that may be used
 * @open: nests that were begun and not ended
 * @error: 0, or the first fault, which sticks
 *
 * Plain memory without ownership: nothing to free.
 */
struct lsk_nl_msg {
	struct nlmsghdr *header;
	uint32_t size;
	unsigned int open;
	int error;
};

/** LSK_NL_MSG() - declare a message @name with room for @bytes on the stack */
#define LSK_NL_MSG(name, bytes)                     \
	uint32_t name##_storage[((bytes) + 3) / 4]; \
	struct lsk_nl_msg name;                     \
	lsk_nl_msg_init(&(name), name##_storage, sizeof(name##_storage))

/** LSK_NL_NEST() - the attributes that the next statement puts stand in a nest; the
 * statement may not be left by break, goto or return (the message would be -EINVAL) */
#define LSK_NL_NEST(msg, type) LSK_NL_NEST_AT((msg), (type), __LINE__)

/* A name per line, since nests stand in nests. */
#define LSK_NL_NEST_AT(msg, type, line) LSK_NL_NEST_AS(msg, type, line)
#define LSK_NL_NEST_AS(msg, type, line)                               \
	for (uint32_t lsk_nest_##line = lsk_nl_nest_begin(msg, type); \
	     lsk_nest_##line != 0;                                    \
	     lsk_nest_##line = lsk_nl_nest_end(msg, lsk_nest_##line))

/**
 * lsk_nl_msg_init() - take memory for a message
 * @msg: written
 * @buf: borrowed as long as the message is used; aligned to 4 bytes
 * @size: bytes at @buf
 *
 * A @buf of less than a header's 16 bytes makes the sticky fault -ENOBUFS.
 */
void lsk_nl_msg_init(struct lsk_nl_msg *msg, void *buf, size_t size);

/**
 * lsk_nl_msg_start() - begin (again) with the fixed part of the message
 * @msg: initialised; what it held is gone, also its fault
 * @type: nlmsg_type
 * @flags: NLM_F_*; NLM_F_REQUEST and NLM_F_ACK are added by those who send
 * @payload: the family's own header (struct ifinfomsg …); copied; may be NULL
 * @len: bytes at @payload; padding to 4 bytes is zeroed, as strict checking wants
 */
void lsk_nl_msg_start(struct lsk_nl_msg *msg, unsigned int type, unsigned int flags,
		      const void *payload, size_t len);

/**
 * lsk_nl_msg_error() - whether the message can be sent
 * @msg: the message
 *
 * Return: 0; -ENOBUFS (no room), -EMSGSIZE (an attribute longer than 65535 bytes),
 * -EINVAL (a nest is open, or nothing was started).
 */
int lsk_nl_msg_error(const struct lsk_nl_msg *msg);

/**
 * lsk_nl_put() - add an attribute from bytes
 * @msg: the message
 * @type: attribute type, flags included (NLA_F_NET_BYTEORDER)
 * @data: copied; may be NULL where @len is 0
 * @len: bytes at @data
 */
void lsk_nl_put(struct lsk_nl_msg *msg, unsigned int type, const void *data,
		size_t len);

/** lsk_nl_put_flag() - add an attribute without payload */
void lsk_nl_put_flag(struct lsk_nl_msg *msg, unsigned int type);
/** lsk_nl_put_u8() - add 8 bits */
void lsk_nl_put_u8(struct lsk_nl_msg *msg, unsigned int type, uint8_t value);
/** lsk_nl_put_u16() - add 16 bits, host order */
void lsk_nl_put_u16(struct lsk_nl_msg *msg, unsigned int type, uint16_t value);
/** lsk_nl_put_u32() - add 32 bits, host order; also for signed values */
void lsk_nl_put_u32(struct lsk_nl_msg *msg, unsigned int type, uint32_t value);
/** lsk_nl_put_u64() - add 64 bits, host order; also for signed values */
void lsk_nl_put_u64(struct lsk_nl_msg *msg, unsigned int type, uint64_t value);
/** lsk_nl_put_uint() - add what the kernel calls NLA_UINT: 4 bytes if it fits, else 8
 */
void lsk_nl_put_uint(struct lsk_nl_msg *msg, unsigned int type, uint64_t value);
/** lsk_nl_put_be16() - add 16 bits in network order; @value is in host order */
void lsk_nl_put_be16(struct lsk_nl_msg *msg, unsigned int type, uint16_t value);
/** lsk_nl_put_be32() - add 32 bits in network order; @value is in host order */
void lsk_nl_put_be32(struct lsk_nl_msg *msg, unsigned int type, uint32_t value);
/** lsk_nl_put_be64() - add 64 bits in network order; @value is in host order */
void lsk_nl_put_be64(struct lsk_nl_msg *msg, unsigned int type, uint64_t value);
/** lsk_nl_put_string() - add text with its NUL */
void lsk_nl_put_string(struct lsk_nl_msg *msg, unsigned int type, const char *text);

/**
 * lsk_nl_put_raw() - add bytes that are no attribute, padded to 4
 * @msg: the message
 * @data: copied
 * @len: bytes at @data
 *
 * For headers inside of attributes (struct ifinfomsg in VETH_INFO_PEER).
 */
void lsk_nl_put_raw(struct lsk_nl_msg *msg, const void *data, size_t len);

/**
 * lsk_nl_nest_begin() - begin an attribute that holds attributes
 * @msg: the message
 * @type: attribute type; NLA_F_NESTED is added
 *
 * Return: what lsk_nl_nest_end() wants; 0 when the message is at fault already.
 */
uint32_t lsk_nl_nest_begin(struct lsk_nl_msg *msg, unsigned int type);

/**
 * lsk_nl_nest_end() - end a nest
 * @msg: the message
 * @nest: as lsk_nl_nest_begin() returned it; the innermost open one
 *
 * A nest of more than 65535 bytes, whose length would wrap, is the fault -EMSGSIZE.
 *
 * Return: 0, always, which ends the loop of LSK_NL_NEST().
 */
uint32_t lsk_nl_nest_end(struct lsk_nl_msg *msg, uint32_t nest);

/**
 * struct lsk_nl_bytes - a view into somebody else's bytes
 * @data: borrowed
 * @len: how many
 */
struct lsk_nl_bytes {
	const void *data;
	size_t len;
};

/**
 * struct lsk_nl_blob - a short value that has a length: hardware and IP addresses
 * @len: bytes that count
 * @bytes: the value; the rest is zero
 */
struct lsk_nl_blob {
	uint8_t len;
	uint8_t bytes[32];
};

/**
 * struct lsk_nl_attr - one attribute as it stands in a message
 * @type: without flags
 * @flags: NLA_F_NESTED, NLA_F_NET_BYTEORDER
 * @len: bytes at @data
 * @data: borrowed; aligned to nothing
 */
struct lsk_nl_attr {
	uint16_t type;
	uint16_t flags;
	uint16_t len;
	const void *data;
};

/**
 * lsk_nl_attr_next() - take the first attribute off a sequence
 * @rest: the sequence; moved behind the attribute
 * @ret_attr: set when 1 is returned
 *
 * Return: 1; 0 at the end; -EBADMSG where a length leaves the sequence, which then is
 * empty. Fewer than 4 bytes at the end are padding, not a fault.
 */
int lsk_nl_attr_next(struct lsk_nl_bytes *rest, struct lsk_nl_attr *ret_attr);

/**
 * lsk_nl_attr_uint() - the value of an integer attribute
 * @attr: of 1, 2, 4 or 8 bytes in host order
 *
 * Return: the value; 0 for any other length.
 */
uint64_t lsk_nl_attr_uint(const struct lsk_nl_attr *attr);

/**
 * lsk_nl_attributes() - the attributes of a message
 * @msg: a whole message, aligned to 4 bytes
 * @header_len: bytes of the family's own header
 *
 * Return: the view; empty where the message is shorter than its header.
 */
struct lsk_nl_bytes lsk_nl_attributes(const struct nlmsghdr *msg, size_t header_len);

/**
 * enum lsk_nl_kind - what an attribute holds, and what the field must be
 * @LSK_NL_NONE: no row
 * @LSK_NL_FLAG: bool: it was there
 * @LSK_NL_UINT: uint8_t … uint64_t from 1, 2, 4 or 8 bytes in host order; a value that
 *	is too large for the field loses its upper bits
 * @LSK_NL_SINT: int8_t … int64_t, the sign extended
 * @LSK_NL_BE: unsigned from network order; the field is in host order
 * @LSK_NL_STRING: char[]; cut to fit, ended by a NUL
 * @LSK_NL_BYTES: a struct of the kernel; cut or zero-filled to fit
 * @LSK_NL_VIEW: struct lsk_nl_bytes: where it stands in the message
 * @LSK_NL_HARDWARE: struct lsk_nl_blob: a hardware address
 * @LSK_NL_INET: struct lsk_nl_blob: an IPv4 (4 bytes) or IPv6 (16) address
 * @LSK_NL_NESTED: attributes; goes on with the row's table and the same struct
 * @LSK_NL_ARRAY: attributes whose types count 0, 1, 2 …, each holding what the row's
 *	table says; parsed as a view
 */
enum lsk_nl_kind {
	LSK_NL_NONE,
	LSK_NL_FLAG,
	LSK_NL_UINT,
	LSK_NL_SINT,
	LSK_NL_BE,
	LSK_NL_STRING,
	LSK_NL_BYTES,
	LSK_NL_VIEW,
	LSK_NL_HARDWARE,
	LSK_NL_INET,
	LSK_NL_NESTED,
	LSK_NL_ARRAY,
	LSK_NL_KIND__COUNT
};

struct lsk_nl_table;

/**
 * struct lsk_nl_field - one attribute of a table
 * @name: as error paths and traces show it; NULL: its number
 * @kind: what it holds
 * @bit: number of its bit in the table's presence word, 0 … 63
 * @offset: of the field in the caller's struct
 * @size: of that field; 0: known by name only, not stored
 * @nested: LSK_NL_NESTED, LSK_NL_ARRAY: the table of what is inside; else NULL
 * @select: instead of @nested where the table depends on a sibling (IFLA_INFO_KIND):
 *	gets the sequence in which the attribute stands; may return NULL. Used for names
 *	and traces, not by lsk_nl_parse(). NULL: @nested counts
 */
struct lsk_nl_field {
	const char *name;
	enum lsk_nl_kind kind;
	uint8_t bit;
	uint16_t offset;
	uint16_t size;
	const struct lsk_nl_table *nested;
	const struct lsk_nl_table *(*select)(struct lsk_nl_bytes siblings);
};

/**
 * struct lsk_nl_table - how a message becomes a struct
 * @fields: indexed by attribute type; holes are rows of zeros
 * @count: rows in @fields
 * @size: of the caller's struct, which lsk_nl_parse() zeroes
 * @header_offset: where the family's header goes in the struct
 * @header_len: its length; 0: the attributes follow at once
 * @has_offset: of the struct's uint64_t of presence bits; nested tables share that of
 *	the outermost one
 */
struct lsk_nl_table {
	const struct lsk_nl_field *fields;
	uint16_t count;
	uint16_t size;
	uint16_t header_offset;
	uint16_t header_len;
	uint16_t has_offset;
};

/** LSK_NL_FIELD() - a row that stores into @member of @type and sets @bit_number */
#define LSK_NL_FIELD(text, what, type, member, bit_number)           \
	{                                                            \
		.name = (text), .kind = (what), .bit = (bit_number), \
		.offset = (uint16_t)offsetof(type, member),          \
		.size = (uint16_t)sizeof(((type *)NULL)->member),    \
	}

/** LSK_NL_NAMED() - a row that has a name and a kind, and is not stored */
#define LSK_NL_NAMED(text, what)                \
	{                                       \
		.name = (text), .kind = (what), \
	}

/** LSK_NL_INSIDE() - a row whose attributes the table at @pointer reads */
#define LSK_NL_INSIDE(text, pointer)                                        \
	{                                                                   \
		.name = (text), .kind = LSK_NL_NESTED, .nested = (pointer), \
	}

/** LSK_HAS() - whether field @what (LSK_LINK_MTU …) of a struct that a
 * table filled is there */
#define LSK_HAS(object, what) (((object)->has >> (what)) & 1)

/** LSK_SET() - the presence bit of field @what, to be or-ed into has */
#define LSK_SET(what) (UINT64_C(1) << (what))

/**
 * lsk_nl_parse() - read a message by a table
 * @msg: a whole message, aligned to 4 bytes; views point into it
 * @table: how
 * @ret_struct: zeroed and filled, @table->size bytes; after a failure it holds what
 *	stood before the fault
 *
 * Return: 0; -EBADMSG where a length leaves the message or its header is cut.
 */
int lsk_nl_parse(const struct nlmsghdr *msg, const struct lsk_nl_table *table,
		 void *ret_struct);

/**
 * lsk_nl_parse_attributes() - read a sequence of attributes by a table
 * @attributes: the sequence; views point into it
 * @table: how; its header does not count
 * @ret_struct: filled where attributes say so, not zeroed
 *
 * Return: 0 or -EBADMSG, also for nests that go deeper than 16.
 */
int lsk_nl_parse_attributes(struct lsk_nl_bytes attributes,
			    const struct lsk_nl_table *table, void *ret_struct);

/**
 * lsk_nl_build() - write a message by a table: lsk_nl_parse() backwards
 * @msg: initialised; starts anew
 * @type: nlmsg_type
 * @flags: NLM_F_*
 * @table: how
 * @from: the struct; its header is copied, and the fields whose presence bits are set
 *	become attributes of exactly the field's size, in the order of their types
 */
void lsk_nl_build(struct lsk_nl_msg *msg, unsigned int type, unsigned int flags,
		  const struct lsk_nl_table *table, const void *from);

/**
 * lsk_nl_build_attributes() - add attributes by a table
 * @msg: a message that was started
 * @table: how; its header does not count
 * @from: the struct whose presence bits say which fields
 */
void lsk_nl_build_attributes(struct lsk_nl_msg *msg, const struct lsk_nl_table *table,
			     const void *from);

/**
 * lsk_nl_format() - a message as one line of text, decoded by its tables
 * @protocol: NETLINK_ROUTE …, which says how to read it
 * @msg: a whole message, aligned to 4 bytes
 * @buf: gets the text and a NUL; cut where it does not fit
 * @size: bytes at @buf, at least 1
 *
 * Attributes without a table stand as numbers and hexadecimal bytes. For traces and
 * logs: the form may change.
 *
 * Return: length of the whole text, as snprintf(3); -EBADMSG for a torn message, of
 * which @buf then holds the sound part.
 */
int lsk_nl_format(int protocol, const struct nlmsghdr *msg, char *buf, size_t size);

LSK_END_DECLS

#endif
