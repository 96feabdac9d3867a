/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says of a netlink request, beyond a number: its own words, the
 * attribute at fault as a path through the nests, what was missing, what was allowed.
 */
#ifndef LINSOCK_NETLINK_ERROR_H
#define LINSOCK_NETLINK_ERROR_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/netlink_msg.h>

LSK_BEGIN_DECLS

/** enum lsk_nl_error_bit - which members of struct lsk_nl_error were told */
enum lsk_nl_error_bit {
	LSK_NL_ERROR_MESSAGE,
	LSK_NL_ERROR_OFFSET,
	LSK_NL_ERROR_MISSING_TYPE,
	LSK_NL_ERROR_MISSING_NEST,
	LSK_NL_ERROR_COOKIE,
	LSK_NL_ERROR_POLICY,
	LSK_NL_ERROR__COUNT
};

/**
 * struct lsk_nl_policy - what the kernel accepts for an attribute
 * @has: what was told: 1 << NL_POLICY_TYPE_ATTR_*
 * @type: NL_ATTR_TYPE_*
 * @min_signed, @max_signed: range of a signed integer
 * @min_unsigned, @max_unsigned: range of an unsigned integer
 * @min_length, @max_length: bytes of a string or of binary data
 * @policy_index: of a nested policy, in a policy dump
 * @max_type: highest attribute of that nested policy
 * @mask: bits allowed
 */
struct lsk_nl_policy {
	uint64_t has;
	uint32_t type;
	int64_t min_signed;
	int64_t max_signed;
	uint64_t min_unsigned;
	uint64_t max_unsigned;
	uint32_t min_length;
	uint32_t max_length;
	uint32_t policy_index;
	uint32_t max_type;
	uint64_t mask;
};

/**
 * struct lsk_nl_error - the kernel's verdict on a request
 * @code: 0, or the negative errno
 * @request_type: nlmsg_type of the request
 * @has: 1 << enum lsk_nl_error_bit
 * @offset: byte of the request, from its header on, at which the fault was seen
 * @missing_type: attribute that was not there
 * @missing_nest: byte of the request at which the nest stands that lacks it; without
 *	LSK_NL_ERROR_MISSING_NEST the message's own level
 * @message: the kernel's words; empty: none. With @code 0 they are a warning
 * @path: attribute at @offset, such as ".linkinfo.data.policy"; empty: none
 * @missing: path of what was missing
 * @policy: what would be accepted at @path
 * @cookie_len, @cookie: data of the subsystem
 */
struct lsk_nl_error {
	int code;
	uint16_t request_type;
	uint32_t has;
	uint32_t offset;
	uint32_t missing_type;
	uint32_t missing_nest;
	char message[160];
	char path[128];
	char missing[128];
	struct lsk_nl_policy policy;
	uint8_t cookie_len;
	uint8_t cookie[20];
};

/**
 * lsk_nl_error_parse() - read an acknowledgement
 * @ret_error: zeroed and filled; what is torn is left out
 * @reply: a whole NLMSG_ERROR or NLMSG_DONE message, aligned to 4 bytes
 * @request: the request that it answers, for paths; NULL: none are made
 * @protocol: NETLINK_ROUTE …, for the names in paths
 *
 * NLMSG_DONE carries an error too, without a copy of the request, and may be without
 * payload altogether, which is success.
 *
 * Return: the code that the message carries (0 or a negative errno); -EBADMSG where it
 * is neither type or too short for one.
 */
int lsk_nl_error_parse(struct lsk_nl_error *ret_error, const struct nlmsghdr *reply,
		       const struct nlmsghdr *request, int protocol);

/**
 * lsk_nl_error_format() - the verdict as one line
 * @error: filled by a call of the library
 * @buf: gets the text and a NUL; cut where it does not fit
 * @size: bytes at @buf, at least 1
 *
 * "Invalid argument: Invalid policy (at .linkinfo.data.policy)"; "Success" where
 * nothing is wrong.
 *
 * Return: length of the whole text, as snprintf(3).
 */
int lsk_nl_error_format(const struct lsk_nl_error *error, char *buf, size_t size);

LSK_END_DECLS

#endif
