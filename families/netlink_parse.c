/* SPDX-License-Identifier: MIT */
/*
 * Reading messages by tables. Every length is checked against what is left, nothing is
 * read through a pointer that may be misaligned, and what the table does not know is
 * skipped.
 */
#include <linsock/netlink_msg.h>

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "families/netlink_table.h"

/* The kernel's own tables nest less deep; the limit keeps a hostile message off the
 * stack. */
#define NEST_MAX 16

/* Once for each attribute of each message: to be inlined into the loop of a table. */
static inline int attr_take(struct lsk_nl_bytes *rest, struct lsk_nl_attr *ret_attr)
{
	const char *data = rest->data;
	struct nlattr header;
	size_t step;

	if (rest->len < sizeof(header)) {
		rest->len = 0;
		return 0;
	}
	memcpy(&header, data, sizeof(header));
	if (header.nla_len < sizeof(header) || header.nla_len > rest->len) {
		rest->len = 0;
		return -EBADMSG;
	}
	*ret_attr = (struct lsk_nl_attr){
		.type = (uint16_t)(header.nla_type & NLA_TYPE_MASK),
		.flags = header.nla_type &
			 (uint16_t)(NLA_F_NESTED | NLA_F_NET_BYTEORDER),
		.len = (uint16_t)(header.nla_len - NETLINK_ATTR_HEADER),
		.data = data + NETLINK_ATTR_HEADER,
	};
	/* The last one may lack its padding. */
	step = netlink_align(header.nla_len);
	if (step > rest->len)
		step = rest->len;
	rest->data = data + step;
	rest->len -= step;
	return 1;
}

int lsk_nl_attr_next(struct lsk_nl_bytes *rest, struct lsk_nl_attr *ret_attr)
{
	return attr_take(rest, ret_attr);
}

struct lsk_nl_bytes lsk_nl_attributes(const struct nlmsghdr *msg, size_t header_len)
{
	size_t start = NLMSG_HDRLEN + NLMSG_ALIGN(header_len);

	if (msg->nlmsg_len < start)
		return (struct lsk_nl_bytes){(const char *)msg + NLMSG_HDRLEN, 0};
	return (struct lsk_nl_bytes){(const char *)msg + start, msg->nlmsg_len - start};
}

uint64_t lsk_nl_attr_uint(const struct lsk_nl_attr *attr)
{
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;

	switch (attr->len) {
	case 1:
		return *(const uint8_t *)attr->data;
	case 2:
		memcpy(&u16, attr->data, sizeof(u16));
		return u16;
	case 4:
		memcpy(&u32, attr->data, sizeof(u32));
		return u32;
	case 8:
		memcpy(&u64, attr->data, sizeof(u64));
		return u64;
	default:
		return 0;
	}
}

static bool is_integer(const struct lsk_nl_attr *attr)
{
	return attr->len == 1 || attr->len == 2 || attr->len == 4 || attr->len == 8;
}

static uint64_t sign_extend(uint64_t value, uint16_t len)
{
	unsigned int shift = 64 - 8U * len;

	return (uint64_t)((int64_t)(value << shift) >> shift);
}

static uint64_t from_network(uint64_t value, uint16_t len)
{
	switch (len) {
	case 2:
		return be16toh((uint16_t)value);
	case 4:
		return be32toh((uint32_t)value);
	case 8:
		return be64toh(value);
	default:
		return value;
	}
}

static void store_integer(void *to, uint16_t size, uint64_t value)
{
	uint32_t u32 = (uint32_t)value;
	uint16_t u16 = (uint16_t)value;

	switch (size) {
	case 1:
		*(uint8_t *)to = (uint8_t)value;
		break;
	case 2:
		memcpy(to, &u16, sizeof(u16));
		break;
	case 4:
		memcpy(to, &u32, sizeof(u32));
		break;
	default:
		memcpy(to, &value, sizeof(value));
		break;
	}
}

static void store_bytes(void *to, size_t size, const struct lsk_nl_attr *attr)
{
	size_t len = attr->len < size ? attr->len : size;

	memcpy(to, attr->data, len);
	memset((char *)to + len, 0, size - len);
}

static void store_string(char *to, size_t size, const struct lsk_nl_attr *attr)
{
	size_t len = strnlen(attr->data, attr->len);

	if (len > size - 1)
		len = size - 1;
	memcpy(to, attr->data, len);
	memset(to + len, 0, size - len);
}

static void store_blob(struct lsk_nl_blob *to, const struct lsk_nl_attr *attr)
{
	store_bytes(to->bytes, sizeof(to->bytes), attr);
	to->len = (uint8_t)(attr->len < sizeof(to->bytes) ? attr->len
							  : sizeof(to->bytes));
}

/* Whether the attribute was of its kind's form and is stored. */
static bool store(const struct lsk_nl_field *field, const struct lsk_nl_attr *attr,
		  void *ret_struct)
{
	void *to = (char *)ret_struct + field->offset;
	uint64_t value;

	switch (field->kind) {
	case LSK_NL_FLAG:
		*(bool *)to = true;
		return true;
	case LSK_NL_UINT:
		/* Most are of this kind. */
		if (attr->len == 4 && field->size == 4) {
			memcpy(to, attr->data, 4);
			return true;
		}
		/* fall through */
	case LSK_NL_SINT:
	case LSK_NL_BE:
		if (!is_integer(attr))
			return false;
		value = lsk_nl_attr_uint(attr);
		if (field->kind == LSK_NL_SINT)
			value = sign_extend(value, attr->len);
		else if (field->kind == LSK_NL_BE)
			value = from_network(value, attr->len);
		store_integer(to, field->size, value);
		return true;
	case LSK_NL_STRING:
		store_string(to, field->size, attr);
		return true;
	case LSK_NL_BYTES:
		store_bytes(to, field->size, attr);
		return true;
	case LSK_NL_VIEW:
	case LSK_NL_ARRAY:
	case LSK_NL_NESTED:
		*(struct lsk_nl_bytes *)to =
			(struct lsk_nl_bytes){attr->data, attr->len};
		return true;
	case LSK_NL_HARDWARE:
	case LSK_NL_INET:
		store_blob(to, attr);
		return true;
	case LSK_NL_NONE:
	case LSK_NL_KIND__COUNT:
		break;
	}
	return false;
}

struct lsk_nl_bytes netlink_nest(const struct lsk_nl_attr *attr,
				 const struct lsk_nl_table *table)
{
	size_t header_len = table ? netlink_align(table->header_len) : 0;

	if (header_len > attr->len)
		header_len = attr->len;
	return (struct lsk_nl_bytes){(const char *)attr->data + header_len,
				     attr->len - header_len};
}

/* The presence bits of nested tables stand in the word of the outermost one. */
static int parse_attributes(struct lsk_nl_bytes rest, const struct lsk_nl_table *table,
			    void *ret_struct, uint64_t *has, unsigned int depth)
{
	struct lsk_nl_attr attr;
	int r;

	if (depth > NEST_MAX)
		return -EBADMSG;
	while ((r = attr_take(&rest, &attr)) > 0) {
		const struct lsk_nl_field *field;

		if (attr.type >= table->count)
			continue;
		field = &table->fields[attr.type];
		if (field->kind == LSK_NL_NONE)
			continue;
		if (field->size > 0 && store(field, &attr, ret_struct))
			*has |= UINT64_C(1) << (field->bit & 63);
		if (field->kind == LSK_NL_NESTED && field->nested) {
			r = parse_attributes(netlink_nest(&attr, field->nested),
					     field->nested, ret_struct, has, depth + 1);
			if (r < 0)
				return r;
		}
	}
	return r;
}

static uint64_t *presence(const struct lsk_nl_table *table, void *ret_struct)
{
	return (uint64_t *)(void *)((char *)ret_struct + table->has_offset);
}

int lsk_nl_parse_attributes(struct lsk_nl_bytes attributes,
			    const struct lsk_nl_table *table, void *ret_struct)
{
	return parse_attributes(attributes, table, ret_struct,
				presence(table, ret_struct), 0);
}

/* The rule of store(), backwards. */
static void build_field(struct lsk_nl_msg *msg, unsigned int type,
			const struct lsk_nl_field *field, const void *from)
{
	const struct lsk_nl_bytes *view = from;
	const struct lsk_nl_blob *blob = from;
	struct lsk_nl_attr value = {.len = field->size, .data = from};

	switch (field->kind) {
	case LSK_NL_FLAG:
		if (*(const bool *)from)
			lsk_nl_put_flag(msg, type);
		break;
	case LSK_NL_UINT:
	case LSK_NL_SINT:
	case LSK_NL_BYTES:
		lsk_nl_put(msg, type, from, field->size);
		break;
	case LSK_NL_BE:
		if (field->size == 2)
			lsk_nl_put_be16(msg, type, (uint16_t)lsk_nl_attr_uint(&value));
		else if (field->size == 4)
			lsk_nl_put_be32(msg, type, (uint32_t)lsk_nl_attr_uint(&value));
		else if (field->size == 8)
			lsk_nl_put_be64(msg, type, lsk_nl_attr_uint(&value));
		else
			lsk_nl_put(msg, type, from, field->size);
		break;
	case LSK_NL_STRING:
		lsk_nl_put_string(msg, type, from);
		break;
	case LSK_NL_VIEW:
		lsk_nl_put(msg, type, view->data, view->len);
		break;
	case LSK_NL_ARRAY:
	case LSK_NL_NESTED:
		lsk_nl_put(msg, type | NLA_F_NESTED, view->data, view->len);
		break;
	case LSK_NL_HARDWARE:
	case LSK_NL_INET:
		lsk_nl_put(msg, type, blob->bytes, blob->len);
		break;
	case LSK_NL_NONE:
	case LSK_NL_KIND__COUNT:
		break;
	}
}

static bool wants_nest(const struct lsk_nl_table *table, const void *from, uint64_t has,
		       unsigned int depth)
{
	for (unsigned int type = 0; type < table->count; type++) {
		const struct lsk_nl_field *field = &table->fields[type];

		if (field->kind != LSK_NL_NONE && field->size > 0 &&
		    has >> (field->bit & 63) & 1)
			return true;
		if (field->kind == LSK_NL_NESTED && field->nested && depth < NEST_MAX &&
		    wants_nest(field->nested, from, has, depth + 1))
			return true;
	}
	return false;
}

static void build_attributes(struct lsk_nl_msg *msg, const struct lsk_nl_table *table,
			     const void *from, uint64_t has, unsigned int depth)
{
	for (unsigned int type = 0; type < table->count; type++) {
		const struct lsk_nl_field *field = &table->fields[type];
		const char *member = (const char *)from + field->offset;

		if (field->size > 0 && has >> (field->bit & 63) & 1)
			build_field(msg, type, field, member);
		else if (field->kind == LSK_NL_NESTED && field->nested &&
			 depth < NEST_MAX &&
			 wants_nest(field->nested, from, has, depth))
			LSK_NL_NEST(msg, type)
		build_attributes(msg, field->nested, from, has, depth + 1);
	}
}

void lsk_nl_build_attributes(struct lsk_nl_msg *msg, const struct lsk_nl_table *table,
			     const void *from)
{
	uint64_t has;

	memcpy(&has, (const char *)from + table->has_offset, sizeof(has));
	build_attributes(msg, table, from, has, 0);
}

void lsk_nl_build(struct lsk_nl_msg *msg, unsigned int type, unsigned int flags,
		  const struct lsk_nl_table *table, const void *from)
{
	lsk_nl_msg_start(msg, type, flags, (const char *)from + table->header_offset,
			 table->header_len);
	lsk_nl_build_attributes(msg, table, from);
}

int lsk_nl_parse(const struct nlmsghdr *msg, const struct lsk_nl_table *table,
		 void *ret_struct)
{
	memset(ret_struct, 0, table->size);
	if (msg->nlmsg_len < NLMSG_HDRLEN + (size_t)table->header_len)
		return -EBADMSG;
	memcpy((char *)ret_struct + table->header_offset,
	       (const char *)msg + NLMSG_HDRLEN, table->header_len);
	return parse_attributes(lsk_nl_attributes(msg, table->header_len), table,
				ret_struct, presence(table, ret_struct), 0);
}
