/* SPDX-License-Identifier: MIT */
/*
 * Generic netlink: families by name, their groups, what they accept.
 *
 *	lsk_nl_open(&nl, NETLINK_GENERIC, NULL);
 *	lsk_genl_find(nl, "ethtool", &family);
 *	lsk_genl_msg_start(&msg, &family, ETHTOOL_MSG_RINGS_GET, 0);
 */
#ifndef LINSOCK_GENL_H
#define LINSOCK_GENL_H

#include <linux/genetlink.h>
#include <stdbool.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/netlink.h>

LSK_BEGIN_DECLS

/** LSK_GENL_GROUPS_MAX - groups of a family that are kept; more are counted only */
#define LSK_GENL_GROUPS_MAX 32

/** struct lsk_genl_group - a multicast group: its name and the number for lsk_nl_join()
 */
struct lsk_genl_group {
	char name[GENL_NAMSIZ];
	uint32_t id;
};

/**
 * struct lsk_genl_family - a family of generic netlink
 * @id: nlmsg_type of its messages; another one after its module was loaded again
 * @name: such as "nlctrl"
 * @version: of its protocol
 * @header_size: bytes of its own header behind struct genlmsghdr
 * @attributes_max: its highest attribute
 * @groups_count: groups that it has
 * @groups: the first LSK_GENL_GROUPS_MAX of them
 */
struct lsk_genl_family {
	uint16_t id;
	char name[GENL_NAMSIZ];
	uint32_t version;
	uint32_t header_size;
	uint32_t attributes_max;
	unsigned int groups_count;
	struct lsk_genl_group groups[LSK_GENL_GROUPS_MAX];
};

/**
 * lsk_genl_find() - find a family by name
 * @nl: a NETLINK_GENERIC handle
 * @name: of the family; the kernel may load its module
 * @ret_family: set on success
 *
 * Return: 0, -ENOENT (no such family), -EINVAL (the name is too long), or as
 * lsk_nl_query().
 */
int lsk_genl_find(struct lsk_nl *nl, const char *name,
		  struct lsk_genl_family *ret_family);

/**
 * lsk_genl_dump() - list the families
 * @nl: a NETLINK_GENERIC handle
 * @ret_dump: set on success; end with lsk_nl_dump_end()
 *
 * Return: as lsk_nl_dump_start().
 */
int lsk_genl_dump(struct lsk_nl *nl, struct lsk_nl_dump **ret_dump);

/**
 * lsk_genl_next() - the dump's next family
 * @dump: made by lsk_genl_dump()
 * @ret_family: set when 1 is returned
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_genl_next(struct lsk_nl_dump *dump, struct lsk_genl_family *ret_family);

/**
 * lsk_genl_parse() - read a CTRL_CMD_NEWFAMILY or CTRL_CMD_DELFAMILY message
 * @msg: the whole message, aligned to 4 bytes
 * @ret_family: zeroed and filled
 *
 * The group "notify" of the family "nlctrl" sends them.
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_genl_parse(const struct nlmsghdr *msg, struct lsk_genl_family *ret_family);

/**
 * lsk_genl_group() - number of a group's name
 * @family: the family
 * @name: of the group
 *
 * Return: the number, for lsk_nl_join(); -ENOENT.
 */
int lsk_genl_group(const struct lsk_genl_family *family, const char *name);

/**
 * lsk_genl_msg_start() - begin a message of a family
 * @msg: initialised; starts anew
 * @family: whose message; its own header, where it has one, is zero
 * @command: of the family
 * @flags: NLM_F_*
 */
void lsk_genl_msg_start(struct lsk_nl_msg *msg, const struct lsk_genl_family *family,
			uint8_t command, unsigned int flags);

/**
 * struct lsk_genl_policy - one line of what a family accepts
 * @is_operation: a command and the index of its policies; false: an attribute
 * @command: of an operation
 * @has_do, @has_dump: whether the command may be requested so
 * @do_index, @dump_index: policy that then counts
 * @index: policy that an attribute belongs to
 * @attribute: its type
 * @policy: what it accepts; nested ones name another index
 */
struct lsk_genl_policy {
	bool is_operation;
	uint32_t command;
	bool has_do;
	bool has_dump;
	uint32_t do_index;
	uint32_t dump_index;
	uint32_t index;
	uint32_t attribute;
	struct lsk_nl_policy policy;
};

/**
 * lsk_genl_policy_dump() - list what a family accepts
 * @nl: a NETLINK_GENERIC handle
 * @family: the family
 * @ret_dump: set on success; end with lsk_nl_dump_end()
 *
 * Since Linux 5.7, per operation since 5.10.
 *
 * Return: as lsk_nl_dump_start(); a family without policies ends with -ENODATA.
 */
int lsk_genl_policy_dump(struct lsk_nl *nl, const struct lsk_genl_family *family,
			 struct lsk_nl_dump **ret_dump);

/**
 * lsk_genl_policy_next() - the dump's next line
 * @dump: made by lsk_genl_policy_dump()
 * @ret_policy: set when 1 is returned
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_genl_policy_next(struct lsk_nl_dump *dump, struct lsk_genl_policy *ret_policy);

/**
 * lsk_genl_policy_format() - what an attribute accepts, as text
 * @policy: an attribute's
 * @buf: gets the text and a NUL; cut where it does not fit
 * @size: bytes at @buf, at least 1
 *
 * Return: length of the whole text ("u32 1...100"), as snprintf(3).
 */
int lsk_genl_policy_format(const struct lsk_nl_policy *policy, char *buf, size_t size);

LSK_END_DECLS

#endif
