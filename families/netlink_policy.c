/* SPDX-License-Identifier: MIT */
/* Attribute policies: reading and printing. */
#include "families/netlink_policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "uring/util.h"

#define ROW(text, what, member, number) \
	[number] = LSK_NL_FIELD(text, what, struct lsk_nl_policy, member, number)

static const struct lsk_nl_field policy_fields[] = {
	ROW("type", LSK_NL_UINT, type, NL_POLICY_TYPE_ATTR_TYPE),
	ROW("min-signed", LSK_NL_SINT, min_signed, NL_POLICY_TYPE_ATTR_MIN_VALUE_S),
	ROW("max-signed", LSK_NL_SINT, max_signed, NL_POLICY_TYPE_ATTR_MAX_VALUE_S),
	ROW("min", LSK_NL_UINT, min_unsigned, NL_POLICY_TYPE_ATTR_MIN_VALUE_U),
	ROW("max", LSK_NL_UINT, max_unsigned, NL_POLICY_TYPE_ATTR_MAX_VALUE_U),
	ROW("min-length", LSK_NL_UINT, min_length, NL_POLICY_TYPE_ATTR_MIN_LENGTH),
	ROW("max-length", LSK_NL_UINT, max_length, NL_POLICY_TYPE_ATTR_MAX_LENGTH),
	ROW("policy", LSK_NL_UINT, policy_index, NL_POLICY_TYPE_ATTR_POLICY_IDX),
	ROW("max-type", LSK_NL_UINT, max_type, NL_POLICY_TYPE_ATTR_POLICY_MAXTYPE),
	ROW("bitfield-mask", LSK_NL_UINT, mask, NL_POLICY_TYPE_ATTR_BITFIELD32_MASK),
	ROW("mask", LSK_NL_UINT, mask, NL_POLICY_TYPE_ATTR_MASK),
};

static const struct lsk_nl_table policy_table = {
	.fields = policy_fields,
	.count = ARRAY_SIZE(policy_fields),
	.size = sizeof(struct lsk_nl_policy),
	.has_offset = offsetof(struct lsk_nl_policy, has),
};

static const char *const type_names[] = {
	[NL_ATTR_TYPE_INVALID] = "nothing",
	[NL_ATTR_TYPE_FLAG] = "flag",
	[NL_ATTR_TYPE_U8] = "u8",
	[NL_ATTR_TYPE_U16] = "u16",
	[NL_ATTR_TYPE_U32] = "u32",
	[NL_ATTR_TYPE_U64] = "u64",
	[NL_ATTR_TYPE_S8] = "s8",
	[NL_ATTR_TYPE_S16] = "s16",
	[NL_ATTR_TYPE_S32] = "s32",
	[NL_ATTR_TYPE_S64] = "s64",
	[NL_ATTR_TYPE_BINARY] = "binary",
	[NL_ATTR_TYPE_STRING] = "string",
	[NL_ATTR_TYPE_NUL_STRING] = "string",
	[NL_ATTR_TYPE_NESTED] = "nested",
	[NL_ATTR_TYPE_NESTED_ARRAY] = "array",
	[NL_ATTR_TYPE_BITFIELD32] = "bitfield32",
	[NL_ATTR_TYPE_SINT] = "sint",
	[NL_ATTR_TYPE_UINT] = "uint",
};

void netlink_policy_parse(struct lsk_nl_bytes attributes,
			  struct lsk_nl_policy *ret_policy)
{
	memset(ret_policy, 0, sizeof(*ret_policy));
	(void)lsk_nl_parse_attributes(attributes, &policy_table, ret_policy);
}

static bool has(const struct lsk_nl_policy *policy, unsigned int bit)
{
	return policy->has >> bit & 1;
}

int netlink_policy_format(const struct lsk_nl_policy *policy, char *buf, size_t size)
{
	const char *name = policy->type < ARRAY_SIZE(type_names)
				   ? type_names[policy->type]
				   : "unknown";

	if (has(policy, NL_POLICY_TYPE_ATTR_MIN_VALUE_U) ||
	    has(policy, NL_POLICY_TYPE_ATTR_MAX_VALUE_U))
		return snprintf(buf, size, "%s %" PRIu64 "...%" PRIu64, name,
				policy->min_unsigned, policy->max_unsigned);
	if (has(policy, NL_POLICY_TYPE_ATTR_MIN_VALUE_S) ||
	    has(policy, NL_POLICY_TYPE_ATTR_MAX_VALUE_S))
		return snprintf(buf, size, "%s %" PRId64 "...%" PRId64, name,
				policy->min_signed, policy->max_signed);
	if (has(policy, NL_POLICY_TYPE_ATTR_MAX_LENGTH) ||
	    has(policy, NL_POLICY_TYPE_ATTR_MIN_LENGTH))
		return snprintf(buf, size, "%s of %u...%u bytes", name,
				policy->min_length, policy->max_length);
	if (has(policy, NL_POLICY_TYPE_ATTR_MASK) ||
	    has(policy, NL_POLICY_TYPE_ATTR_BITFIELD32_MASK))
		return snprintf(buf, size, "%s with bits 0x%" PRIx64, name,
				policy->mask);
	return snprintf(buf, size, "%s", name);
}
