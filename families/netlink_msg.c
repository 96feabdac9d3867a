/* SPDX-License-Identifier: MIT */
/*
 * Building messages. libmnl's checked calls do the layout; what they do not check is
 * checked here: lengths that wrap (nla_len has 16 bits), open nests, stale padding.
 */
#include <linsock/netlink_msg.h>

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <string.h>

#include "families/netlink_table.h"

/* Longest payload of one attribute: nla_len counts its own header too. */
#define ATTRIBUTE_MAX (UINT16_MAX - NETLINK_ATTR_HEADER)

static bool is_writable(const struct lsk_nl_msg *msg)
{
	return msg->error == 0 && msg->header->nlmsg_len >= NLMSG_HDRLEN;
}

static void fail(struct lsk_nl_msg *msg, int error)
{
	if (msg->error == 0)
		msg->error = error;
}

void lsk_nl_msg_init(struct lsk_nl_msg *msg, void *buf, size_t size)
{
	*msg = (struct lsk_nl_msg){
		.header = buf,
		.size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size,
	};
	if (!buf || size < NLMSG_HDRLEN)
		msg->error = -ENOBUFS;
	else
		memset(buf, 0, NLMSG_HDRLEN);
}

void lsk_nl_msg_start(struct lsk_nl_msg *msg, unsigned int type, unsigned int flags,
		      const void *payload, size_t len)
{
	if (!msg->header || msg->size < NLMSG_HDRLEN)
		return;
	msg->error = 0;
	msg->open = 0;
	mnl_nlmsg_put_header(msg->header);
	msg->header->nlmsg_type = (uint16_t)type;
	msg->header->nlmsg_flags = (uint16_t)flags;
	if (len > 0)
		lsk_nl_put_raw(msg, payload, len);
}

int lsk_nl_msg_error(const struct lsk_nl_msg *msg)
{
	if (msg->error != 0)
		return msg->error;
	if (msg->open > 0 || msg->header->nlmsg_len < NLMSG_HDRLEN)
		return -EINVAL;
	return 0;
}

void lsk_nl_put_raw(struct lsk_nl_msg *msg, const void *data, size_t len)
{
	size_t used;

	if (!is_writable(msg))
		return;
	used = msg->header->nlmsg_len;
	if (len > msg->size || NLMSG_ALIGN(len) > msg->size - used) {
		fail(msg, -ENOBUFS);
		return;
	}
	memset((char *)msg->header + used, 0, NLMSG_ALIGN(len));
	memcpy((char *)msg->header + used, data, len);
	msg->header->nlmsg_len += (uint32_t)NLMSG_ALIGN(len);
}

void lsk_nl_put(struct lsk_nl_msg *msg, unsigned int type, const void *data, size_t len)
{
	static const char nothing[1];

	if (!is_writable(msg))
		return;
	if (len > ATTRIBUTE_MAX)
		fail(msg, -EMSGSIZE);
	else if (!mnl_attr_put_check(msg->header, msg->size, (uint16_t)type, len,
				     data ? data : nothing))
		fail(msg, -ENOBUFS);
}

void lsk_nl_put_flag(struct lsk_nl_msg *msg, unsigned int type)
{
	lsk_nl_put(msg, type, NULL, 0);
}

void lsk_nl_put_u8(struct lsk_nl_msg *msg, unsigned int type, uint8_t value)
{
	lsk_nl_put(msg, type, &value, sizeof(value));
}

void lsk_nl_put_u16(struct lsk_nl_msg *msg, unsigned int type, uint16_t value)
{
	lsk_nl_put(msg, type, &value, sizeof(value));
}

void lsk_nl_put_u32(struct lsk_nl_msg *msg, unsigned int type, uint32_t value)
{
	lsk_nl_put(msg, type, &value, sizeof(value));
}

void lsk_nl_put_u64(struct lsk_nl_msg *msg, unsigned int type, uint64_t value)
{
	lsk_nl_put(msg, type, &value, sizeof(value));
}

void lsk_nl_put_uint(struct lsk_nl_msg *msg, unsigned int type, uint64_t value)
{
	if (value <= UINT32_MAX)
		lsk_nl_put_u32(msg, type, (uint32_t)value);
	else
		lsk_nl_put_u64(msg, type, value);
}

void lsk_nl_put_be16(struct lsk_nl_msg *msg, unsigned int type, uint16_t value)
{
	lsk_nl_put_u16(msg, type, htobe16(value));
}

void lsk_nl_put_be32(struct lsk_nl_msg *msg, unsigned int type, uint32_t value)
{
	lsk_nl_put_u32(msg, type, htobe32(value));
}

void lsk_nl_put_be64(struct lsk_nl_msg *msg, unsigned int type, uint64_t value)
{
	lsk_nl_put_u64(msg, type, htobe64(value));
}

void lsk_nl_put_string(struct lsk_nl_msg *msg, unsigned int type, const char *text)
{
	lsk_nl_put(msg, type, text, strlen(text) + 1);
}

uint32_t lsk_nl_nest_begin(struct lsk_nl_msg *msg, unsigned int type)
{
	uint32_t nest;

	if (!is_writable(msg))
		return 0;
	nest = msg->header->nlmsg_len;
	if (!mnl_attr_nest_start_check(msg->header, msg->size, (uint16_t)type)) {
		fail(msg, -ENOBUFS);
		return 0;
	}
	msg->open++;
	return nest;
}

uint32_t lsk_nl_nest_end(struct lsk_nl_msg *msg, uint32_t nest)
{
	if (!is_writable(msg) || nest == 0 || msg->open == 0)
		return 0;
	/* libmnl would let the length wrap, and the kernel would read what is behind it
	 * as attributes of the level above. */
	if (msg->header->nlmsg_len - nest > UINT16_MAX) {
		fail(msg, -EMSGSIZE);
		return 0;
	}
	mnl_attr_nest_end(msg->header,
			  (struct nlattr *)(void *)((char *)msg->header + nest));
	msg->open--;
	return 0;
}
