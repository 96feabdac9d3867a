/* SPDX-License-Identifier: MIT */
/* Generic netlink's controller: families, groups and policies. */
#include <linsock/genl.h>

#include <errno.h>
#include <string.h>

#include "families/genl.h"
#include "families/netlink_policy.h"
#include "families/netlink_table.h"
#include "uring/util.h"

struct controller {
	struct genlmsghdr header;
	uint64_t has;
	uint16_t id;
	char name[GENL_NAMSIZ];
	uint32_t version;
	uint32_t header_size;
	uint32_t attributes_max;
	struct lsk_nl_bytes groups;
	struct lsk_nl_bytes policy;
	struct lsk_nl_bytes operation;
};

struct group {
	uint64_t has;
	char name[GENL_NAMSIZ];
	uint32_t id;
};

struct operation {
	uint64_t has;
	uint32_t do_index;
	uint32_t dump_index;
};

enum { HAS_DO, HAS_DUMP };

#define CONTROLLER(text, what, member) \
	LSK_NL_FIELD(text, what, struct controller, member, 0)

static const struct lsk_nl_field group_fields[] = {
	[CTRL_ATTR_MCAST_GRP_NAME] =
		LSK_NL_FIELD("name", LSK_NL_STRING, struct group, name, 0),
	[CTRL_ATTR_MCAST_GRP_ID] = LSK_NL_FIELD("id", LSK_NL_UINT, struct group, id, 1),
};

static const struct lsk_nl_table group_table = {
	.fields = group_fields,
	.count = ARRAY_SIZE(group_fields),
	.has_offset = offsetof(struct group, has),
};

static const struct lsk_nl_field operation_fields[] = {
	[CTRL_ATTR_POLICY_DO] =
		LSK_NL_FIELD("do", LSK_NL_UINT, struct operation, do_index, HAS_DO),
	[CTRL_ATTR_POLICY_DUMP] = LSK_NL_FIELD("dump", LSK_NL_UINT, struct operation,
					       dump_index, HAS_DUMP),
};

static const struct lsk_nl_table operation_table = {
	.fields = operation_fields,
	.count = ARRAY_SIZE(operation_fields),
	.has_offset = offsetof(struct operation, has),
};

static const struct lsk_nl_field controller_fields[] = {
	[CTRL_ATTR_FAMILY_ID] = CONTROLLER("family-id", LSK_NL_UINT, id),
	[CTRL_ATTR_FAMILY_NAME] = CONTROLLER("family-name", LSK_NL_STRING, name),
	[CTRL_ATTR_VERSION] = CONTROLLER("version", LSK_NL_UINT, version),
	[CTRL_ATTR_HDRSIZE] = CONTROLLER("hdrsize", LSK_NL_UINT, header_size),
	[CTRL_ATTR_MAXATTR] = CONTROLLER("maxattr", LSK_NL_UINT, attributes_max),
	[CTRL_ATTR_OPS] = LSK_NL_NAMED("ops", LSK_NL_NESTED),
	[CTRL_ATTR_MCAST_GROUPS] =
		{
			.name = "mcast-groups",
			.kind = LSK_NL_ARRAY,
			.bit = 1,
			.offset = offsetof(struct controller, groups),
			.size = sizeof(struct lsk_nl_bytes),
			.nested = &group_table,
		},
	[CTRL_ATTR_POLICY] = CONTROLLER("policy", LSK_NL_NESTED, policy),
	[CTRL_ATTR_OP_POLICY] = CONTROLLER("op-policy", LSK_NL_NESTED, operation),
	[CTRL_ATTR_OP] = LSK_NL_NAMED("op", LSK_NL_UINT),
};

static const struct lsk_nl_table controller_table = {
	.fields = controller_fields,
	.count = ARRAY_SIZE(controller_fields),
	.size = sizeof(struct controller),
	.header_offset = offsetof(struct controller, header),
	.header_len = sizeof(struct genlmsghdr),
	.has_offset = offsetof(struct controller, has),
};

const struct netlink_message *genl_message_find(uint16_t type)
{
	static const struct netlink_message controller = {GENL_ID_CTRL, "nlctrl",
							  &controller_table};

	return type == GENL_ID_CTRL ? &controller : NULL;
}

int genl_parse_row(const struct nlmsghdr *msg, const struct lsk_nl_table *table,
		   void *ret_row)
{
	if (msg->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EBADMSG;
	memset(ret_row, 0, table->size);
	return lsk_nl_parse_attributes(lsk_nl_attributes(msg, GENL_HDRLEN), table,
				       ret_row);
}

int lsk_genl_parse(const struct nlmsghdr *msg, struct lsk_genl_family *ret_family)
{
	struct controller controller;
	struct lsk_nl_attr item;
	int r = lsk_nl_parse(msg, &controller_table, &controller);

	memset(ret_family, 0, sizeof(*ret_family));
	if (r < 0)
		return r;
	ret_family->id = controller.id;
	ret_family->version = controller.version;
	ret_family->header_size = controller.header_size;
	ret_family->attributes_max = controller.attributes_max;
	memcpy(ret_family->name, controller.name, sizeof(ret_family->name));
	while ((r = lsk_nl_attr_next(&controller.groups, &item)) > 0) {
		unsigned int at = ret_family->groups_count++;
		struct group group = {.has = 0};

		r = lsk_nl_parse_attributes((struct lsk_nl_bytes){item.data, item.len},
					    &group_table, &group);
		if (r < 0)
			break;
		if (at >= LSK_GENL_GROUPS_MAX)
			continue;
		memcpy(ret_family->groups[at].name, group.name, sizeof(group.name));
		ret_family->groups[at].id = group.id;
	}
	return r;
}

int lsk_genl_find(struct lsk_nl *nl, const char *name,
		  struct lsk_genl_family *ret_family)
{
	const struct genlmsghdr header = {.cmd = CTRL_CMD_GETFAMILY, .version = 1};
	const struct nlmsghdr *reply;
	LSK_NL_MSG(msg, 64);
	int r;

	if (strlen(name) >= GENL_NAMSIZ)
		return -EINVAL;
	lsk_nl_msg_start(&msg, GENL_ID_CTRL, 0, &header, sizeof(header));
	lsk_nl_put_string(&msg, CTRL_ATTR_FAMILY_NAME, name);
	r = lsk_nl_query(nl, &msg, &reply, NULL);
	return r < 0 ? r : lsk_genl_parse(reply, ret_family);
}

int lsk_genl_dump(struct lsk_nl *nl, struct lsk_nl_dump **ret_dump)
{
	const struct genlmsghdr header = {.cmd = CTRL_CMD_GETFAMILY, .version = 1};
	LSK_NL_MSG(msg, 64);

	lsk_nl_msg_start(&msg, GENL_ID_CTRL, 0, &header, sizeof(header));
	return lsk_nl_dump_start(nl, &msg, ret_dump);
}

int lsk_genl_next(struct lsk_nl_dump *dump, struct lsk_genl_family *ret_family)
{
	const struct nlmsghdr *msg;
	int r = lsk_nl_dump_next(dump, &msg);

	if (r <= 0)
		return r;
	r = lsk_genl_parse(msg, ret_family);
	return r < 0 ? r : 1;
}

int lsk_genl_group(const struct lsk_genl_family *family, const char *name)
{
	for (unsigned int i = 0; i < family->groups_count && i < LSK_GENL_GROUPS_MAX;
	     i++)
		if (strcmp(family->groups[i].name, name) == 0)
			return (int)family->groups[i].id;
	return -ENOENT;
}

void lsk_genl_msg_start(struct lsk_nl_msg *msg, const struct lsk_genl_family *family,
			uint8_t command, unsigned int flags)
{
	const struct genlmsghdr header = {
		.cmd = command,
		.version = (uint8_t)family->version,
	};
	static const char nothing[64];
	size_t own = family->header_size;

	lsk_nl_msg_start(msg, family->id, flags, &header, sizeof(header));
	if (own > 0)
		lsk_nl_put_raw(msg, nothing, own < sizeof(nothing) ? own : 64);
}

int lsk_genl_policy_dump(struct lsk_nl *nl, const struct lsk_genl_family *family,
			 struct lsk_nl_dump **ret_dump)
{
	const struct genlmsghdr header = {.cmd = CTRL_CMD_GETPOLICY, .version = 1};
	LSK_NL_MSG(msg, 64);

	lsk_nl_msg_start(&msg, GENL_ID_CTRL, 0, &header, sizeof(header));
	lsk_nl_put_u16(&msg, CTRL_ATTR_FAMILY_ID, family->id);
	return lsk_nl_dump_start(nl, &msg, ret_dump);
}

/* Each message has one operation, or one attribute of one policy. */
static int read_policy(const struct controller *controller,
		       struct lsk_genl_policy *ret_policy)
{
	struct lsk_nl_bytes rest = controller->operation;
	struct operation operation = {.has = 0};
	struct lsk_nl_attr attr;
	int r;

	memset(ret_policy, 0, sizeof(*ret_policy));
	if (lsk_nl_attr_next(&rest, &attr) > 0) {
		ret_policy->is_operation = true;
		ret_policy->command = attr.type;
		r = lsk_nl_parse_attributes((struct lsk_nl_bytes){attr.data, attr.len},
					    &operation_table, &operation);
		ret_policy->has_do = operation.has >> HAS_DO & 1;
		ret_policy->has_dump = operation.has >> HAS_DUMP & 1;
		ret_policy->do_index = operation.do_index;
		ret_policy->dump_index = operation.dump_index;
		return r;
	}
	rest = controller->policy;
	if (lsk_nl_attr_next(&rest, &attr) <= 0)
		return -EBADMSG;
	ret_policy->index = attr.type;
	rest = (struct lsk_nl_bytes){attr.data, attr.len};
	if (lsk_nl_attr_next(&rest, &attr) <= 0)
		return -EBADMSG;
	ret_policy->attribute = attr.type;
	netlink_policy_parse((struct lsk_nl_bytes){attr.data, attr.len},
			     &ret_policy->policy);
	return 0;
}

int lsk_genl_policy_next(struct lsk_nl_dump *dump, struct lsk_genl_policy *ret_policy)
{
	struct controller controller;
	const struct nlmsghdr *msg;
	int r = lsk_nl_dump_next(dump, &msg);

	if (r <= 0)
		return r;
	r = lsk_nl_parse(msg, &controller_table, &controller);
	if (r == 0)
		r = read_policy(&controller, ret_policy);
	return r < 0 ? r : 1;
}

int lsk_genl_policy_format(const struct lsk_nl_policy *policy, char *buf, size_t size)
{
	return netlink_policy_format(policy, buf, size);
}
