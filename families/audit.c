/* SPDX-License-Identifier: MIT */
/* Audit records: "audit(1364481363.243:24287): " and words. */
#include <linsock/audit.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "families/netlink_handle.h"
#include "src/text.h"
#include "uring/util.h"

/* Take a decimal number and the mark behind it off a text. */
static bool take_number(struct lsk_nl_bytes *text, char mark, uint64_t *ret_value)
{
	const char *start = text->data;
	const char *end = text->len > 0 ? memchr(start, mark, text->len) : NULL;
	size_t len = end ? (size_t)(end - start) : 0;

	if (len == 0 || *start < '0' || *start > '9' ||
	    text_to_uint(start, len, UINT64_MAX, ret_value) < 0)
		return false;
	text->data = end + 1;
	text->len -= len + 1;
	return true;
}

static bool take_text(struct lsk_nl_bytes *text, const char *expected)
{
	size_t len = strlen(expected);

	if (text->len < len || memcmp(text->data, expected, len) != 0)
		return false;
	text->data = (const char *)text->data + len;
	text->len -= len;
	return true;
}

static int text_parse(uint16_t type, struct lsk_nl_bytes text,
		      struct lsk_audit_record *ret_record)
{
	uint64_t seconds, milliseconds, serial;

	if (!take_text(&text, "audit(") || !take_number(&text, '.', &seconds) ||
	    !take_number(&text, ':', &milliseconds) ||
	    !take_number(&text, ')', &serial) || !take_text(&text, ":"))
		return -EBADMSG;
	(void)take_text(&text, " ");
	text.len = strnlen(text.data, text.len);
	*ret_record = (struct lsk_audit_record){
		.type = type,
		.time_ms = seconds * 1000 + milliseconds,
		.serial = serial,
		.text = text,
	};
	return 0;
}

int lsk_audit_parse(const struct nlmsghdr *msg, struct lsk_audit_record *ret_record)
{
	if (msg->nlmsg_len < NLMSG_HDRLEN)
		return -EBADMSG;
	return text_parse(msg->nlmsg_type, lsk_nl_attributes(msg, 0), ret_record);
}

int lsk_audit_parse_datagram(const void *data, size_t len,
			     struct lsk_audit_record *ret_record)
{
	const struct nlmsghdr *msg = data;

	if (len < NLMSG_HDRLEN)
		return -EBADMSG;
	return text_parse(msg->nlmsg_type,
			  (struct lsk_nl_bytes){(const char *)data + NLMSG_HDRLEN,
						len - NLMSG_HDRLEN},
			  ret_record);
}

int lsk_audit_status(struct lsk_nl *nl, struct audit_status *ret_status)
{
	struct netlink_channel *channel = &nl->requests;
	int64_t deadline_ns = netlink_deadline(nl->options.timeout_ns);
	const struct nlmsghdr *reply;
	struct lsk_nl_error error;
	size_t len;
	LSK_NL_MSG(msg, 64);
	int r;

	lsk_nl_msg_start(&msg, AUDIT_GET, NLM_F_REQUEST | NLM_F_ACK, NULL, 0);
	msg.header->nlmsg_seq = netlink_next_sequence(nl);
	r = netlink_channel_send(channel, msg.header, msg.header->nlmsg_len);
	/* A thread of the kernel's own answers, before or behind the acknowledgement.
	 */
	while (r == 0) {
		r = netlink_channel_receive(channel, deadline_ns);
		while (r == 0 && (reply = netlink_channel_message(channel))) {
			if (reply->nlmsg_seq != msg.header->nlmsg_seq)
				continue;
			if (reply->nlmsg_type == NLMSG_ERROR) {
				r = lsk_nl_error_parse(&error, reply, msg.header,
						       NETLINK_AUDIT);
				continue;
			}
			if (reply->nlmsg_type != AUDIT_GET)
				continue;
			len = reply->nlmsg_len - NLMSG_HDRLEN;
			memset(ret_status, 0, sizeof(*ret_status));
			memcpy(ret_status, NLMSG_DATA(reply),
			       len < sizeof(*ret_status) ? len : sizeof(*ret_status));
			return 0;
		}
	}
	return r;
}
