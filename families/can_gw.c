/* SPDX-License-Identifier: MIT */
/* Rules of the CAN gateway: routes of rtnetlink in the family AF_CAN. */
#include <linsock/can_gw.h>

#include <assert.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "uring/util.h"

#define REQUEST_SIZE 2048

static_assert(sizeof(struct cgw_frame_mod) == 17 &&
		      sizeof(struct cgw_fdframe_mod) == 73 &&
		      sizeof(struct cgw_csum_crc8) == 282,
	      "the kernel takes attributes of exactly these lengths");

#define GW(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_can_gw_rule, member, LSK_CAN_GW_##number)

static const struct lsk_nl_field gw_fields[] = {
	[CGW_MOD_AND] = GW("and", LSK_NL_BYTES, and_mask, AND),
	[CGW_MOD_OR] = GW("or", LSK_NL_BYTES, or_mask, OR),
	[CGW_MOD_XOR] = GW("xor", LSK_NL_BYTES, xor_mask, XOR),
	[CGW_MOD_SET] = GW("set", LSK_NL_BYTES, set, SET),
	[CGW_CS_XOR] = GW("checksum-xor", LSK_NL_BYTES, checksum_xor, CHECKSUM_XOR),
	[CGW_CS_CRC8] = GW("checksum-crc8", LSK_NL_BYTES, checksum_crc8, CHECKSUM_CRC8),
	[CGW_HANDLED] = GW("handled", LSK_NL_UINT, handled, HANDLED),
	[CGW_DROPPED] = GW("dropped", LSK_NL_UINT, dropped, DROPPED),
	[CGW_SRC_IF] = GW("source", LSK_NL_UINT, source, SOURCE),
	[CGW_DST_IF] = GW("destination", LSK_NL_UINT, destination, DESTINATION),
	[CGW_FILTER] = GW("filter", LSK_NL_BYTES, filter, FILTER),
	[CGW_DELETED] = GW("deleted", LSK_NL_UINT, deleted, DELETED),
	[CGW_LIM_HOPS] = GW("hops", LSK_NL_UINT, hops, HOPS),
	[CGW_MOD_UID] = GW("uid", LSK_NL_UINT, uid, UID),
	[CGW_FDMOD_AND] = GW("fd-and", LSK_NL_BYTES, fd_and_mask, FD_AND),
	[CGW_FDMOD_OR] = GW("fd-or", LSK_NL_BYTES, fd_or_mask, FD_OR),
	[CGW_FDMOD_XOR] = GW("fd-xor", LSK_NL_BYTES, fd_xor_mask, FD_XOR),
	[CGW_FDMOD_SET] = GW("fd-set", LSK_NL_BYTES, fd_set, FD_SET),
};

static const struct lsk_nl_table gw_table = {
	.fields = gw_fields,
	.count = ARRAY_SIZE(gw_fields),
	.size = sizeof(struct lsk_can_gw_rule),
	.header_offset = offsetof(struct lsk_can_gw_rule, info),
	.header_len = sizeof(struct rtcanmsg),
	.has_offset = offsetof(struct lsk_can_gw_rule, has),
};

/* What only the kernel tells; it refuses none of it, but compares nothing either. */
#define READ_ONLY                                                    \
	(LSK_SET(LSK_CAN_GW_HANDLED) | LSK_SET(LSK_CAN_GW_DROPPED) | \
	 LSK_SET(LSK_CAN_GW_DELETED))

static int change(struct lsk_nl *nl, unsigned int type,
		  const struct lsk_can_gw_rule *rule, struct lsk_nl_error *error)
{
	struct lsk_can_gw_rule sent;
	LSK_NL_MSG(msg, REQUEST_SIZE);

	if (!nl || !rule)
		return -EINVAL;
	sent = *rule;
	sent.info.can_family = AF_CAN;
	sent.info.gwtype = CGW_TYPE_CAN_CAN;
	sent.has &= ~READ_ONLY;
	lsk_nl_build(&msg, type, 0, &gw_table, &sent);
	return lsk_nl_request(nl, &msg, error);
}

int lsk_can_gw_add(struct lsk_nl *nl, const struct lsk_can_gw_rule *rule,
		   struct lsk_nl_error *ret_error)
{
	return change(nl, RTM_NEWROUTE, rule, ret_error);
}

int lsk_can_gw_delete(struct lsk_nl *nl, const struct lsk_can_gw_rule *rule,
		      struct lsk_nl_error *ret_error)
{
	/* Without interfaces the kernel would remove all rules. */
	if (!rule || rule->source == 0 || rule->destination == 0)
		return -EINVAL;
	return change(nl, RTM_DELROUTE, rule, ret_error);
}

int lsk_can_gw_flush(struct lsk_nl *nl, struct lsk_nl_error *ret_error)
{
	static const struct lsk_can_gw_rule all = {
		.has = LSK_SET(LSK_CAN_GW_SOURCE) | LSK_SET(LSK_CAN_GW_DESTINATION),
	};

	return change(nl, RTM_DELROUTE, &all, ret_error);
}

int lsk_can_gw_dump(struct lsk_nl *nl, struct lsk_nl_dump **ret_dump)
{
	const struct rtcanmsg info = {.can_family = AF_CAN, .gwtype = CGW_TYPE_CAN_CAN};
	LSK_NL_MSG(msg, 256);

	if (!nl || !ret_dump)
		return -EINVAL;
	lsk_nl_msg_start(&msg, RTM_GETROUTE, 0, &info, sizeof(info));
	return lsk_nl_dump_start(nl, &msg, ret_dump);
}

int lsk_can_gw_parse(const struct nlmsghdr *msg, struct lsk_can_gw_rule *ret_rule)
{
	return lsk_nl_parse(msg, &gw_table, ret_rule);
}

int lsk_can_gw_next(struct lsk_nl_dump *dump, struct lsk_can_gw_rule *ret_rule)
{
	const struct nlmsghdr *msg;
	int r = lsk_nl_dump_next(dump, &msg);

	if (r <= 0)
		return r;
	r = lsk_can_gw_parse(msg, ret_rule);
	return r < 0 ? r : 1;
}
