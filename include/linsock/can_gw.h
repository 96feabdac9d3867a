/* SPDX-License-Identifier: MIT */
/*
 * The kernel's CAN gateway: rules that send frames of one interface on by another one,
 * changed on the way, without a program in between.
 *
 *	struct lsk_can_gw_rule rule = {
 *		.info = { .flags = CGW_FLAGS_CAN_ECHO },
 *		.has = LSK_SET(LSK_CAN_GW_SOURCE) | LSK_SET(LSK_CAN_GW_DESTINATION) |
 *		       LSK_SET(LSK_CAN_GW_SET),
 *		.source = vcan0, .destination = vcan1,
 *		.set = { .cf = { .can_id = 0x333 }, .modtype = CGW_MOD_ID },
 *	};
 *	lsk_can_gw_add(nl, &rule, &error);
 *
 * Changes are made in the order and, or, xor, set, then the checksums. CAN XL frames do
 * not pass. All of it needs CAP_NET_ADMIN, and module can-gw.
 */
#ifndef LINSOCK_CAN_GW_H
#define LINSOCK_CAN_GW_H

#include <linux/can.h>
#include <linux/can/gw.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/netlink.h>
#include <linsock/netlink_msg.h>

LSK_BEGIN_DECLS

/** enum lsk_can_gw_bit - presence bits of struct lsk_can_gw_rule */
enum lsk_can_gw_bit {
	LSK_CAN_GW_AND,
	LSK_CAN_GW_OR,
	LSK_CAN_GW_XOR,
	LSK_CAN_GW_SET,
	LSK_CAN_GW_CHECKSUM_XOR,
	LSK_CAN_GW_CHECKSUM_CRC8,
	LSK_CAN_GW_HANDLED,
	LSK_CAN_GW_DROPPED,
	LSK_CAN_GW_SOURCE,
	LSK_CAN_GW_DESTINATION,
	LSK_CAN_GW_FILTER,
	LSK_CAN_GW_DELETED,
	LSK_CAN_GW_HOPS,
	LSK_CAN_GW_UID,
	LSK_CAN_GW_FD_AND,
	LSK_CAN_GW_FD_OR,
	LSK_CAN_GW_FD_XOR,
	LSK_CAN_GW_FD_SET,
	LSK_CAN_GW__COUNT
};

/**
 * struct lsk_can_gw_rule - one rule of the gateway
 * @info: flags: CGW_FLAGS_CAN_ECHO (local programs see what it sends: wanted on
 *	virtual interfaces), _SRC_TSTAMP, _IIF_TX_OK (back to where it came from), _FD
 *	(frames are FD ones, and so are the changes); the rest is set here
 * @has: bits of enum lsk_can_gw_bit
 * @and_mask, @or_mask, @xor_mask, @set: changes of classic frames; modtype says of what
 *	(CGW_MOD_ID, _DLC, _DATA)
 * @fd_and_mask, @fd_or_mask, @fd_xor_mask, @fd_set: of FD frames; CGW_MOD_FLAGS too
 * @checksum_xor: of data bytes; an index below 0 counts from the end
 * @checksum_crc8: the same, with a table
 * @source: index of the interface whose frames it takes
 * @destination: index of the interface that it sends them by
 * @filter: frames that it takes; all without
 * @hops: how often a frame may pass gateways
 * @uid: names the rule: adding one with the uid of another changes that in place
 * @handled: frames sent on; read only
 * @dropped: frames that the other interface did not take; read only
 * @deleted: frames that had made too many hops; read only
 */
struct lsk_can_gw_rule {
	struct rtcanmsg info;
	uint64_t has;
	struct cgw_frame_mod and_mask;
	struct cgw_frame_mod or_mask;
	struct cgw_frame_mod xor_mask;
	struct cgw_frame_mod set;
	struct cgw_fdframe_mod fd_and_mask;
	struct cgw_fdframe_mod fd_or_mask;
	struct cgw_fdframe_mod fd_xor_mask;
	struct cgw_fdframe_mod fd_set;
	struct cgw_csum_xor checksum_xor;
	struct cgw_csum_crc8 checksum_crc8;
	uint32_t source;
	uint32_t destination;
	struct can_filter filter;
	uint8_t hops;
	uint32_t uid;
	uint32_t handled;
	uint32_t dropped;
	uint32_t deleted;
};

/**
 * lsk_can_gw_add() - add a rule
 * @nl: a NETLINK_ROUTE handle
 * @rule: borrowed for the call
 * @ret_error: what the kernel says; may be NULL
 *
 * Return: 0; -EOPNOTSUPP where the kernel has no gateway; -ENODEV (no CAN interface of
 * that index), -EINVAL (changes that cannot be), -EPERM; or as lsk_nl_request().
 */
int lsk_can_gw_add(struct lsk_nl *nl, const struct lsk_can_gw_rule *rule,
		   struct lsk_nl_error *ret_error);

/**
 * lsk_can_gw_delete() - remove the rule that is the same in everything that can be set
 * @nl: a NETLINK_ROUTE handle
 * @rule: as it was added, or listed
 * @ret_error: what the kernel says; may be NULL
 *
 * Return: 0, -EINVAL where there is none, or as lsk_can_gw_add().
 */
int lsk_can_gw_delete(struct lsk_nl *nl, const struct lsk_can_gw_rule *rule,
		      struct lsk_nl_error *ret_error);

/**
 * lsk_can_gw_flush() - remove all rules of the namespace
 * @nl: a NETLINK_ROUTE handle
 * @ret_error: what the kernel says; may be NULL
 *
 * Return: 0 or as lsk_can_gw_add().
 */
int lsk_can_gw_flush(struct lsk_nl *nl, struct lsk_nl_error *ret_error);

/**
 * lsk_can_gw_dump() - begin to list the rules
 * @nl: a NETLINK_ROUTE handle
 * @ret_dump: set on success; end with lsk_nl_dump_end()
 *
 * Return: 0 or as lsk_nl_dump_start().
 */
int lsk_can_gw_dump(struct lsk_nl *nl, struct lsk_nl_dump **ret_dump);

/**
 * lsk_can_gw_parse() - read an RTM_NEWROUTE of the family AF_CAN
 * @msg: the whole message, aligned to 4 bytes
 * @ret_rule: zeroed and filled
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_can_gw_parse(const struct nlmsghdr *msg, struct lsk_can_gw_rule *ret_rule);

/**
 * lsk_can_gw_next() - the next rule of a list
 * @dump: from lsk_can_gw_dump()
 * @ret_rule: zeroed and filled
 *
 * Return: 1, 0 at the end, -EBADMSG, or as lsk_nl_dump_next().
 */
int lsk_can_gw_next(struct lsk_nl_dump *dump, struct lsk_can_gw_rule *ret_rule);

LSK_END_DECLS

#endif
