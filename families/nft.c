/* SPDX-License-Identifier: MIT */
/* nftables' objects, read by tables; all in network byte order. */
#include <linsock/nft.h>

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "families/netfilter.h"
#include "families/netlink_table.h"
#include "uring/util.h"

#define NFT(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_nft_object, member, LSK_NFT_HAS_##number)

static const struct lsk_nl_field table_fields[] = {
	[NFTA_TABLE_NAME] = NFT("name", LSK_NL_STRING, table, TABLE),
	[NFTA_TABLE_FLAGS] = NFT("flags", LSK_NL_BE, flags, FLAGS),
	[NFTA_TABLE_USE] = NFT("use", LSK_NL_BE, use, USE),
	[NFTA_TABLE_HANDLE] = NFT("handle", LSK_NL_BE, handle, HANDLE),
	[NFTA_TABLE_USERDATA] = NFT("userdata", LSK_NL_VIEW, userdata, USERDATA),
};

static const struct lsk_nl_field hook_fields[] = {
	[NFTA_HOOK_HOOKNUM] = NFT("hooknum", LSK_NL_BE, hook, HOOK),
	[NFTA_HOOK_PRIORITY] = NFT("priority", LSK_NL_BE, priority, PRIORITY),
	[NFTA_HOOK_DEV] = LSK_NL_NAMED("dev", LSK_NL_STRING),
};
static const struct lsk_nl_table hook_table = {
	.fields = hook_fields,
	.count = ARRAY_SIZE(hook_fields),
};

static const struct lsk_nl_field chain_fields[] = {
	[NFTA_CHAIN_TABLE] = NFT("table", LSK_NL_STRING, table, TABLE),
	[NFTA_CHAIN_HANDLE] = NFT("handle", LSK_NL_BE, handle, HANDLE),
	[NFTA_CHAIN_NAME] = NFT("name", LSK_NL_STRING, name, NAME),
	[NFTA_CHAIN_HOOK] = LSK_NL_INSIDE("hook", &hook_table),
	[NFTA_CHAIN_POLICY] = NFT("policy", LSK_NL_BE, policy, POLICY),
	[NFTA_CHAIN_USE] = NFT("use", LSK_NL_BE, use, USE),
	[NFTA_CHAIN_TYPE] = NFT("type", LSK_NL_STRING, type, TYPE),
	[NFTA_CHAIN_FLAGS] = NFT("flags", LSK_NL_BE, flags, FLAGS),
	[NFTA_CHAIN_USERDATA] = NFT("userdata", LSK_NL_VIEW, userdata, USERDATA),
};

static const struct lsk_nl_field rule_fields[] = {
	[NFTA_RULE_TABLE] = NFT("table", LSK_NL_STRING, table, TABLE),
	[NFTA_RULE_CHAIN] = NFT("chain", LSK_NL_STRING, name, NAME),
	[NFTA_RULE_HANDLE] = NFT("handle", LSK_NL_BE, handle, HANDLE),
	[NFTA_RULE_EXPRESSIONS] =
		NFT("expressions", LSK_NL_NESTED, expressions, EXPRESSIONS),
	[NFTA_RULE_POSITION] = NFT("position", LSK_NL_BE, position, POSITION),
	[NFTA_RULE_USERDATA] = NFT("userdata", LSK_NL_VIEW, userdata, USERDATA),
};

static const struct lsk_nl_field set_fields[] = {
	[NFTA_SET_TABLE] = NFT("table", LSK_NL_STRING, table, TABLE),
	[NFTA_SET_NAME] = NFT("name", LSK_NL_STRING, name, NAME),
	[NFTA_SET_FLAGS] = NFT("flags", LSK_NL_BE, flags, FLAGS),
	[NFTA_SET_KEY_TYPE] = NFT("key-type", LSK_NL_BE, key_type, KEY_TYPE),
	[NFTA_SET_KEY_LEN] = NFT("key-len", LSK_NL_BE, key_len, KEY_LEN),
	[NFTA_SET_HANDLE] = NFT("handle", LSK_NL_BE, handle, HANDLE),
	[NFTA_SET_USERDATA] = NFT("userdata", LSK_NL_VIEW, userdata, USERDATA),
};

static const struct lsk_nl_field generation_fields[] = {
	[NFTA_GEN_ID] = NFT("id", LSK_NL_BE, generation, GENERATION),
	[NFTA_GEN_PROC_PID] = NFT("proc-pid", LSK_NL_BE, pid, PID),
	[NFTA_GEN_PROC_NAME] = NFT("proc-name", LSK_NL_STRING, process, PROCESS),
};

#define TABLE(fields_)                                                  \
	{                                                               \
		.fields = (fields_), .count = ARRAY_SIZE(fields_),      \
		.size = sizeof(struct lsk_nft_object),                  \
		.header_offset = offsetof(struct lsk_nft_object, info), \
		.header_len = sizeof(struct nfgenmsg),                  \
		.has_offset = offsetof(struct lsk_nft_object, has),     \
	}

static const struct lsk_nl_table tables[] = {
	[LSK_NFT_TABLE] = TABLE(table_fields),
	[LSK_NFT_CHAIN] = TABLE(chain_fields),
	[LSK_NFT_RULE] = TABLE(rule_fields),
	[LSK_NFT_SET] = TABLE(set_fields),
	[LSK_NFT_GENERATION] = TABLE(generation_fields),
};

#define TYPE(message) (NFNL_SUBSYS_NFTABLES << 8 | (message))

static const struct netlink_message messages[] = {
	{TYPE(NFT_MSG_NEWTABLE), "nft-newtable", &tables[LSK_NFT_TABLE]},
	{TYPE(NFT_MSG_GETTABLE), "nft-gettable", &tables[LSK_NFT_TABLE]},
	{TYPE(NFT_MSG_DELTABLE), "nft-deltable", &tables[LSK_NFT_TABLE]},
	{TYPE(NFT_MSG_NEWCHAIN), "nft-newchain", &tables[LSK_NFT_CHAIN]},
	{TYPE(NFT_MSG_GETCHAIN), "nft-getchain", &tables[LSK_NFT_CHAIN]},
	{TYPE(NFT_MSG_DELCHAIN), "nft-delchain", &tables[LSK_NFT_CHAIN]},
	{TYPE(NFT_MSG_NEWRULE), "nft-newrule", &tables[LSK_NFT_RULE]},
	{TYPE(NFT_MSG_GETRULE), "nft-getrule", &tables[LSK_NFT_RULE]},
	{TYPE(NFT_MSG_DELRULE), "nft-delrule", &tables[LSK_NFT_RULE]},
	{TYPE(NFT_MSG_NEWSET), "nft-newset", &tables[LSK_NFT_SET]},
	{TYPE(NFT_MSG_GETSET), "nft-getset", &tables[LSK_NFT_SET]},
	{TYPE(NFT_MSG_DELSET), "nft-delset", &tables[LSK_NFT_SET]},
	{TYPE(NFT_MSG_NEWGEN), "nft-newgen", &tables[LSK_NFT_GENERATION]},
};

const struct netlink_message *nft_message_find(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		if (messages[i].type == type)
			return &messages[i];
	return NULL;
}

int lsk_nft_dump(struct lsk_nl *nl, enum lsk_nft_kind kind, int family,
		 struct lsk_nl_dump **ret_dump)
{
	static const uint16_t types[] = {
		[LSK_NFT_TABLE] = TYPE(NFT_MSG_GETTABLE),
		[LSK_NFT_CHAIN] = TYPE(NFT_MSG_GETCHAIN),
		[LSK_NFT_RULE] = TYPE(NFT_MSG_GETRULE),
		[LSK_NFT_SET] = TYPE(NFT_MSG_GETSET),
	};
	const struct nfgenmsg header = {.nfgen_family = (uint8_t)family};
	LSK_NL_MSG(msg, 64);

	if (kind >= ARRAY_SIZE(types))
		return -EINVAL;
	lsk_nl_msg_start(&msg, types[kind], 0, &header, sizeof(header));
	return lsk_nl_dump_start(nl, &msg, ret_dump);
}

int lsk_nft_parse(const struct nlmsghdr *msg, struct lsk_nft_object *ret_object)
{
	const struct netlink_message *message = nft_message_find(msg->nlmsg_type);
	int r;

	if (!message)
		return -ENOMSG;
	r = lsk_nl_parse(msg, message->table, ret_object);
	ret_object->kind = (enum lsk_nft_kind)(message->table - tables);
	ret_object->is_removed = strncmp(message->name, "nft-del", 7) == 0;
	return r;
}

int lsk_nft_next(struct lsk_nl_dump *dump, struct lsk_nft_object *ret_object)
{
	const struct nlmsghdr *msg;
	int r = lsk_nl_dump_next(dump, &msg);

	if (r <= 0)
		return r;
	r = lsk_nft_parse(msg, ret_object);
	return r < 0 ? r : 1;
}

int lsk_nft_expression_next(struct lsk_nl_bytes *expressions, char ret_name[32],
			    struct lsk_nl_bytes *ret_data)
{
	struct lsk_nl_attr attr, inner;
	struct lsk_nl_bytes rest;
	int r = lsk_nl_attr_next(expressions, &attr);

	if (r <= 0)
		return r;
	memset(ret_name, 0, 32);
	*ret_data = (struct lsk_nl_bytes){NULL, 0};
	rest = (struct lsk_nl_bytes){attr.data, attr.len};
	while ((r = lsk_nl_attr_next(&rest, &inner)) > 0) {
		if (inner.type == NFTA_EXPR_NAME)
			memcpy(ret_name, inner.data,
			       strnlen(inner.data, inner.len < 31 ? inner.len : 31));
		else if (inner.type == NFTA_EXPR_DATA)
			*ret_data = (struct lsk_nl_bytes){inner.data, inner.len};
	}
	return r < 0 ? r : 1;
}
