/* SPDX-License-Identifier: MIT */
/* Messages as text, decoded by the tables that parse them: for traces and monitors. */
#include <linsock/netlink_msg.h>

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "families/netlink_table.h"
#include "families/netlink_text.h"
#include "uring/util.h"

#define NEST_MAX 16
/* Bytes of an unknown attribute that are shown. */
#define HEX_MAX  64

static void add_hex(struct text *text, const struct lsk_nl_attr *attr)
{
	const uint8_t *bytes = attr->data;

	for (unsigned int i = 0; i < attr->len && i < HEX_MAX; i++)
		text_add(text, "%02x", bytes[i]);
	if (attr->len > HEX_MAX)
		text_add(text, "...");
}

static void add_hardware(struct text *text, const struct lsk_nl_attr *attr)
{
	const uint8_t *bytes = attr->data;

	for (unsigned int i = 0; i < attr->len && i < HEX_MAX; i++)
		text_add(text, i ? ":%02x" : "%02x", bytes[i]);
}

static void add_inet(struct text *text, const struct lsk_nl_attr *attr)
{
	char buf[INET6_ADDRSTRLEN];
	struct in6_addr addr;

	if (attr->len != 4 && attr->len != 16) {
		add_hex(text, attr);
		return;
	}
	memcpy(&addr, attr->data, attr->len);
	inet_ntop(attr->len == 4 ? AF_INET : AF_INET6, &addr, buf, sizeof(buf));
	text_add(text, "%s", buf);
}

/* Text of the kernel may hold anything: nothing of it reaches a terminal unseen. */
static void add_string(struct text *text, const struct lsk_nl_attr *attr)
{
	const char *bytes = attr->data;
	size_t len = strnlen(bytes, attr->len);

	text_add(text, "\"");
	for (size_t i = 0; i < len; i++)
		if (bytes[i] >= ' ' && bytes[i] < 0x7f && bytes[i] != '"')
			text_add(text, "%c", bytes[i]);
		else
			text_add(text, "\\x%02x", (unsigned char)bytes[i]);
	text_add(text, "\"");
}

static int64_t as_signed(const struct lsk_nl_attr *attr)
{
	unsigned int shift = 64 - 8U * attr->len;

	return shift < 64 ? (int64_t)(lsk_nl_attr_uint(attr) << shift) >> shift : 0;
}

static uint64_t as_network(const struct lsk_nl_attr *attr)
{
	const uint8_t *bytes = attr->data;
	uint64_t value = 0;

	for (unsigned int i = 0; i < attr->len && i < sizeof(value); i++)
		value = value << 8 | bytes[i];
	return value;
}

static int add_attributes(struct text *text, struct lsk_nl_bytes attributes,
			  const struct lsk_nl_table *table, unsigned int depth);

static int add_nest(struct text *text, const struct lsk_nl_attr *attr,
		    const struct lsk_nl_table *table, unsigned int depth)
{
	int r;

	if (depth >= NEST_MAX) {
		add_hex(text, attr);
		return 0;
	}
	text_add(text, "{");
	r = add_attributes(text, netlink_nest(attr, table), table, depth + 1);
	text_add(text, "}");
	return r;
}

/* The value of an attribute that is no nest. */
static void add_value(struct text *text, const struct lsk_nl_attr *attr,
		      const struct lsk_nl_field *field)
{
	bool is_integer =
		attr->len == 1 || attr->len == 2 || attr->len == 4 || attr->len == 8;

	switch (field ? field->kind : LSK_NL_NONE) {
	case LSK_NL_FLAG:
		text_add(text, "true");
		return;
	case LSK_NL_UINT:
		if (is_integer) {
			text_add(text, "%" PRIu64, lsk_nl_attr_uint(attr));
			return;
		}
		break;
	case LSK_NL_SINT:
		if (is_integer) {
			text_add(text, "%" PRId64, as_signed(attr));
			return;
		}
		break;
	case LSK_NL_BE:
		text_add(text, "%" PRIu64, as_network(attr));
		return;
	case LSK_NL_STRING:
		add_string(text, attr);
		return;
	case LSK_NL_HARDWARE:
		add_hardware(text, attr);
		return;
	case LSK_NL_INET:
		add_inet(text, attr);
		return;
	case LSK_NL_NONE:
	case LSK_NL_BYTES:
	case LSK_NL_VIEW:
	case LSK_NL_NESTED:
	case LSK_NL_ARRAY:
	case LSK_NL_KIND__COUNT:
		break;
	}
	add_hex(text, attr);
}

static int add_array(struct text *text, const struct lsk_nl_attr *attr,
		     const struct lsk_nl_table *table, unsigned int depth)
{
	struct lsk_nl_bytes rest = {attr->data, attr->len};
	struct lsk_nl_attr item;
	int r;

	text_add(text, "[");
	while ((r = lsk_nl_attr_next(&rest, &item)) > 0) {
		r = add_nest(text, &item, table, depth);
		if (r < 0)
			break;
		if (rest.len > 0)
			text_add(text, " ");
	}
	text_add(text, "]");
	return r;
}

static int add_attributes(struct text *text, struct lsk_nl_bytes attributes,
			  const struct lsk_nl_table *table, unsigned int depth)
{
	struct lsk_nl_bytes rest = attributes;
	struct lsk_nl_attr attr;
	bool is_first = true;
	int r;

	while ((r = lsk_nl_attr_next(&rest, &attr)) > 0) {
		const struct lsk_nl_field *field = netlink_field(table, attr.type);
		const struct lsk_nl_table *nested =
			netlink_nested(table, attr.type, attributes);

		if (!is_first)
			text_add(text, " ");
		is_first = false;
		if (field && field->name)
			text_add(text, "%s=", field->name);
		else
			text_add(text, "%u=", attr.type);
		if (field && field->kind == LSK_NL_ARRAY && depth < NEST_MAX)
			r = add_array(text, &attr, nested, depth + 1);
		else if (nested || attr.flags & NLA_F_NESTED)
			r = add_nest(text, &attr, nested, depth);
		else
			add_value(text, &attr, field);
		if (r < 0)
			break;
	}
	return r;
}

static void add_head(struct text *text, const struct nlmsghdr *msg,
		     const struct netlink_message *message)
{
	static const char *const control[] = {
		[NLMSG_NOOP] = "noop",
		[NLMSG_ERROR] = "error",
		[NLMSG_DONE] = "done",
		[NLMSG_OVERRUN] = "overrun",
	};

	if (message)
		text_add(text, "%s", message->name);
	else if (msg->nlmsg_type > 0 && msg->nlmsg_type < ARRAY_SIZE(control))
		text_add(text, "%s", control[msg->nlmsg_type]);
	else
		text_add(text, "type %u", msg->nlmsg_type);
	text_add(text, " flags 0x%x seq %u port %u", msg->nlmsg_flags, msg->nlmsg_seq,
		 msg->nlmsg_pid);
}

static void add_verdict(struct text *text, const struct nlmsghdr *msg, int protocol)
{
	struct lsk_nl_error error;
	char verdict[512];

	(void)lsk_nl_error_parse(&error, msg, NULL, protocol);
	lsk_nl_error_format(&error, verdict, sizeof(verdict));
	text_add(text, ": %s", verdict);
}

int lsk_nl_format(int protocol, const struct nlmsghdr *msg, char *buf, size_t size)
{
	const struct netlink_message *message =
		netlink_message_find(protocol, msg->nlmsg_type);
	struct text text = {buf, size, 0};
	size_t header_len = message ? message->table->header_len : 0;
	struct lsk_nl_attr header = {
		.len = (uint16_t)header_len,
		.data = (const char *)msg + NLMSG_HDRLEN,
	};
	int r = 0;

	buf[0] = '\0';
	if (msg->nlmsg_len < NLMSG_HDRLEN)
		return -EBADMSG;
	add_head(&text, msg, message);
	if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE) {
		add_verdict(&text, msg, protocol);
	} else if (message) {
		if (msg->nlmsg_len < NLMSG_HDRLEN + header_len)
			return -EBADMSG;
		text_add(&text, " header ");
		add_hex(&text, &header);
		text_add(&text, " ");
		r = add_attributes(&text, lsk_nl_attributes(msg, header_len),
				   message->table, 0);
	} else if (msg->nlmsg_len > NLMSG_HDRLEN) {
		header.len = (uint16_t)(msg->nlmsg_len - NLMSG_HDRLEN > UINT16_MAX
						? UINT16_MAX
						: msg->nlmsg_len - NLMSG_HDRLEN);
		text_add(&text, " ");
		add_hex(&text, &header);
	}
	return r < 0 ? r : (int)text.len;
}
