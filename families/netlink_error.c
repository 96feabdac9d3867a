/* SPDX-License-Identifier: MIT */
/* Extended acknowledgements: reading them, and finding the attribute that they mean. */
#include <linsock/netlink_error.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linsock/error.h>

#include "families/netlink_policy.h"
#include "families/netlink_table.h"
#include "families/netlink_text.h"
#include "uring/util.h"

/* Nests that a path may show. */
#define PATH_DEPTH_MAX 16

const struct lsk_nl_field *netlink_field(const struct lsk_nl_table *table,
					 uint16_t type)
{
	if (!table || type >= table->count || table->fields[type].kind == LSK_NL_NONE)
		return NULL;
	return &table->fields[type];
}

static void path_add(struct text *path, const struct lsk_nl_table *table, uint16_t type)
{
	const struct lsk_nl_field *field = netlink_field(table, type);

	if (field && field->name)
		text_add(path, ".%s", field->name);
	else
		text_add(path, ".%u", type);
}

const struct lsk_nl_table *netlink_nested(const struct lsk_nl_table *table,
					  uint16_t type, struct lsk_nl_bytes siblings)
{
	const struct lsk_nl_field *field = netlink_field(table, type);

	if (!field)
		return NULL;
	return field->select ? field->select(siblings) : field->nested;
}

void netlink_path(const struct nlmsghdr *request, const struct lsk_nl_table *table,
		  uint32_t offset, uint32_t with_type, char *buf, size_t size)
{
	struct lsk_nl_bytes level =
		lsk_nl_attributes(request, table ? table->header_len : 0);
	const char *target = (const char *)request + offset;
	struct text path = {buf, size, 0};

	buf[0] = '\0';
	for (unsigned int depth = 0; offset > 0 && depth < PATH_DEPTH_MAX; depth++) {
		struct lsk_nl_bytes rest = level;
		struct lsk_nl_attr attr;
		const char *start;

		do {
			if (lsk_nl_attr_next(&rest, &attr) <= 0)
				goto out;
			start = (const char *)attr.data - NETLINK_ATTR_HEADER;
		} while (target >= (const char *)attr.data + attr.len &&
			 target != start);
		if (target < start)
			break;
		path_add(&path, table, attr.type);
		table = netlink_nested(table, attr.type, level);
		/* The offset means the attribute itself, or its value. */
		if (target == start || (!table && !(attr.flags & NLA_F_NESTED)))
			break;
		level = netlink_nest(&attr, table);
	}
out:
	if (with_type > 0)
		path_add(&path, table, (uint16_t)with_type);
}

/* Where the attributes of an acknowledgement start; an empty view: there are none. */
static struct lsk_nl_bytes error_attributes(const struct nlmsghdr *reply)
{
	struct lsk_nl_bytes none = {NULL, 0};
	const struct nlmsgerr *body;
	size_t header_len = sizeof(int);

	if (!(reply->nlmsg_flags & NLM_F_ACK_TLVS))
		return none;
	if (reply->nlmsg_type == NLMSG_ERROR) {
		body = NLMSG_DATA(reply);
		header_len = sizeof(*body);
		/* An error repeats the request's payload unless the socket has
		 * NETLINK_CAP_ACK; a success never does. */
		if (!(reply->nlmsg_flags & NLM_F_CAPPED) && body->error != 0) {
			if (body->msg.nlmsg_len < NLMSG_HDRLEN ||
			    body->msg.nlmsg_len > reply->nlmsg_len)
				return none;
			header_len += body->msg.nlmsg_len - NLMSG_HDRLEN;
		}
	}
	return lsk_nl_attributes(reply, header_len);
}

static void error_attribute(struct lsk_nl_error *error, const struct lsk_nl_attr *attr)
{
	static const uint8_t bits[] = {
		[NLMSGERR_ATTR_MSG] = LSK_NL_ERROR_MESSAGE,
		[NLMSGERR_ATTR_OFFS] = LSK_NL_ERROR_OFFSET,
		[NLMSGERR_ATTR_COOKIE] = LSK_NL_ERROR_COOKIE,
		[NLMSGERR_ATTR_POLICY] = LSK_NL_ERROR_POLICY,
		[NLMSGERR_ATTR_MISS_TYPE] = LSK_NL_ERROR_MISSING_TYPE,
		[NLMSGERR_ATTR_MISS_NEST] = LSK_NL_ERROR_MISSING_NEST,
	};
	size_t len = strnlen(attr->data, attr->len);

	switch (attr->type) {
	case NLMSGERR_ATTR_MSG:
		snprintf(error->message, sizeof(error->message), "%.*s", (int)len,
			 (const char *)attr->data);
		break;
	case NLMSGERR_ATTR_OFFS:
		error->offset = (uint32_t)lsk_nl_attr_uint(attr);
		break;
	case NLMSGERR_ATTR_MISS_TYPE:
		error->missing_type = (uint32_t)lsk_nl_attr_uint(attr);
		break;
	case NLMSGERR_ATTR_MISS_NEST:
		error->missing_nest = (uint32_t)lsk_nl_attr_uint(attr);
		break;
	case NLMSGERR_ATTR_COOKIE:
		error->cookie_len = (uint8_t)(attr->len < sizeof(error->cookie)
						      ? attr->len
						      : sizeof(error->cookie));
		memcpy(error->cookie, attr->data, error->cookie_len);
		break;
	case NLMSGERR_ATTR_POLICY:
		netlink_policy_parse((struct lsk_nl_bytes){attr->data, attr->len},
				     &error->policy);
		break;
	default:
		return;
	}
	error->has |= 1U << bits[attr->type];
}

static void error_paths(struct lsk_nl_error *error, const struct nlmsghdr *request,
			int protocol)
{
	const struct netlink_message *message =
		netlink_message_find(protocol, request->nlmsg_type);
	const struct lsk_nl_table *table = message ? message->table : NULL;

	/* Without a table the length of the family's header, and so the place of the
	 * first attribute, is not known. */
	if (!table)
		return;
	if (error->has & 1U << LSK_NL_ERROR_OFFSET)
		netlink_path(request, table, error->offset, 0, error->path,
			     sizeof(error->path));
	if (error->has & 1U << LSK_NL_ERROR_MISSING_TYPE)
		netlink_path(request, table, error->missing_nest, error->missing_type,
			     error->missing, sizeof(error->missing));
}

int lsk_nl_error_parse(struct lsk_nl_error *ret_error, const struct nlmsghdr *reply,
		       const struct nlmsghdr *request, int protocol)
{
	bool is_done = reply->nlmsg_type == NLMSG_DONE;
	struct lsk_nl_bytes rest;
	struct lsk_nl_attr attr;

	memset(ret_error, 0, sizeof(*ret_error));
	if (request)
		ret_error->request_type = request->nlmsg_type;
	/* devlink and team end a dump by a DONE without its error number. */
	if (is_done && reply->nlmsg_len < NLMSG_LENGTH(sizeof(int)))
		return 0;
	if (!is_done && (reply->nlmsg_type != NLMSG_ERROR ||
			 reply->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr)))) {
		ret_error->code = -EBADMSG;
		return -EBADMSG;
	}
	memcpy(&ret_error->code, NLMSG_DATA(reply), sizeof(int));
	if (ret_error->code > 0) /* no errno: some old protocols count up */
		ret_error->code = 0;
	rest = error_attributes(reply);
	while (lsk_nl_attr_next(&rest, &attr) > 0)
		error_attribute(ret_error, &attr);
	if (request)
		error_paths(ret_error, request, protocol);
	return ret_error->code;
}

int lsk_nl_error_format(const struct lsk_nl_error *error, char *buf, size_t size)
{
	struct text text = {buf, size, 0};

	buf[0] = '\0';
	if (error->code == 0 && error->message[0] == '\0') {
		text_add(&text, "Success");
		return (int)text.len;
	}
	text_add(&text, "%s", error->code == 0 ? "Warning" : lsk_strerror(error->code));
	if (error->message[0] != '\0')
		text_add(&text, ": %s", error->message);
	if (error->path[0] != '\0')
		text_add(&text, " (at %s)", error->path);
	if (error->missing[0] != '\0')
		text_add(&text, " (missing %s)", error->missing);
	if (error->has & 1U << LSK_NL_ERROR_POLICY) {
		text_add(&text, "; accepted: ");
		text.len += (size_t)netlink_policy_format(
			&error->policy, buf + (text.len < size ? text.len : size - 1),
			size - (text.len < size ? text.len : size - 1));
	}
	return (int)text.len;
}
