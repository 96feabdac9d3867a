/* SPDX-License-Identifier: MIT */
/* Reading messages by tables: every kind, every form of a broken or foreign message. */
#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/netlink_msg.h>
#include <linsock/rtnl.h>

#include "uring/util.h"

enum {
	HAS_FLAG,
	HAS_U8,
	HAS_U32,
	HAS_U64,
	HAS_S32,
	HAS_BE,
	HAS_TEXT,
	HAS_BYTES,
	HAS_VIEW,
	HAS_BLOB,
	HAS_INNER,
	HAS_S64
};

struct head {
	uint32_t index;
};

struct object {
	struct head head;
	uint64_t has;
	bool flag;
	uint8_t u8;
	uint32_t u32;
	uint64_t u64;
	int32_t s32;
	int64_t s64;
	uint16_t be;
	char text[8];
	struct {
		uint32_t a, b;
	} bytes;
	struct lsk_nl_bytes view;
	struct lsk_nl_blob blob;
	uint32_t inner;
};

#define ROW(what, member, number) \
	LSK_NL_FIELD(#member, what, struct object, member, number)

static const struct lsk_nl_field inner_fields[] = {
	[1] = ROW(LSK_NL_UINT, inner, HAS_INNER),
};

static const struct lsk_nl_table inner_table = {
	.fields = inner_fields,
	.count = ARRAY_SIZE(inner_fields),
};

static const struct lsk_nl_field fields[] = {
	[1] = ROW(LSK_NL_FLAG, flag, HAS_FLAG),
	[2] = ROW(LSK_NL_UINT, u8, HAS_U8),
	[3] = ROW(LSK_NL_UINT, u32, HAS_U32),
	[4] = ROW(LSK_NL_UINT, u64, HAS_U64),
	[5] = ROW(LSK_NL_SINT, s32, HAS_S32),
	[6] = ROW(LSK_NL_BE, be, HAS_BE),
	[7] = ROW(LSK_NL_STRING, text, HAS_TEXT),
	[8] = ROW(LSK_NL_BYTES, bytes, HAS_BYTES),
	[9] = ROW(LSK_NL_VIEW, view, HAS_VIEW),
	[10] = ROW(LSK_NL_HARDWARE, blob, HAS_BLOB),
	[12] = LSK_NL_INSIDE("nest", &inner_table),
	[13] = ROW(LSK_NL_SINT, s64, HAS_S64),
};

static const struct lsk_nl_table table = {
	.fields = fields,
	.count = ARRAY_SIZE(fields),
	.size = sizeof(struct object),
	.header_offset = offsetof(struct object, head),
	.header_len = sizeof(struct head),
	.has_offset = offsetof(struct object, has),
};

#define START(msg) \
	lsk_nl_msg_start(&(msg), 1, 0, &(struct head){7}, sizeof(struct head))

static struct object parsed(const struct lsk_nl_msg *msg)
{
	struct object object;

	cr_assert_eq(lsk_nl_msg_error(msg), 0);
	cr_assert_eq(lsk_nl_parse(msg->header, &table, &object), 0);
	return object;
}

Test(parse, of_each_kind_fills_field_and_bit)
{
	LSK_NL_MSG(msg, 512);
	struct object object;

	START(msg);
	lsk_nl_put_flag(&msg, 1);
	lsk_nl_put_u8(&msg, 2, 8);
	lsk_nl_put_u32(&msg, 3, 32);
	lsk_nl_put_u64(&msg, 4, UINT64_MAX);
	lsk_nl_put_u32(&msg, 5, (uint32_t)-5);
	lsk_nl_put_be16(&msg, 6, 0x8100);
	lsk_nl_put_string(&msg, 7, "eth0");
	lsk_nl_put(&msg, 8, "\1\0\0\0\2\0\0\0", 8);
	lsk_nl_put(&msg, 9, "view", 4);
	lsk_nl_put(&msg, 10, "\1\2\3\4\5\6", 6);
	LSK_NL_NEST(&msg, 12)
	lsk_nl_put_u32(&msg, 1, 99);
	object = parsed(&msg);
	cr_assert_eq(object.head.index, 7);
	cr_assert_eq(object.has, (1 << HAS_S64) - 1);
	cr_assert(object.flag);
	cr_assert_eq(object.u8, 8);
	cr_assert_eq(object.u32, 32);
	cr_assert_eq(object.u64, UINT64_MAX);
	cr_assert_eq(object.s32, -5);
	cr_assert_eq(object.be, 0x8100);
	cr_assert_str_eq(object.text, "eth0");
	cr_assert_eq(le32toh(object.bytes.b), 2);
	cr_assert_eq(object.view.len, 4);
	cr_assert_arr_eq(object.view.data, "view", 4);
	cr_assert_eq(object.blob.len, 6);
	cr_assert_eq(object.blob.bytes[5], 6);
	cr_assert_eq(object.inner, 99);
}

Test(parse, of_no_attributes_leaves_zeros)
{
	LSK_NL_MSG(msg, 64);
	struct object object;

	START(msg);
	object = parsed(&msg);
	cr_assert_eq(object.has, 0);
	cr_assert_eq(object.u32, 0);
}

/* Fact 11: flags are no part of the type. */
Test(parse, fact_11_masks_flags_off_the_type)
{
	LSK_NL_MSG(msg, 64);

	START(msg);
	lsk_nl_put_u32(&msg, 3 | NLA_F_NET_BYTEORDER, 5);
	lsk_nl_put_u8(&msg, 2 | NLA_F_NESTED, 6);
	cr_assert_eq(parsed(&msg).u32, 5);
	cr_assert_eq(parsed(&msg).u8, 6);
}

Test(parse, fact_11_cuts_longer_and_zero_fills_shorter_structs)
{
	LSK_NL_MSG(msg, 128);
	struct object object;

	START(msg);
	lsk_nl_put(&msg, 8, "\1\0\0\0\2\0\0\0\3\0\0\0", 12);
	cr_assert_eq(le32toh(parsed(&msg).bytes.b), 2);
	START(msg);
	lsk_nl_put(&msg, 8, "\1\0\0\0\2", 5);
	object = parsed(&msg);
	cr_assert_eq(le32toh(object.bytes.a), 1);
	cr_assert_eq(le32toh(object.bytes.b), 2);
	START(msg);
	lsk_nl_put(&msg, 8, NULL, 0);
	object = parsed(&msg);
	cr_assert_eq(object.bytes.a, 0);
	cr_assert(object.has & 1 << HAS_BYTES);
}

Test(parse, fact_11_skips_unknown_attributes_inside_and_beyond_the_table)
{
	LSK_NL_MSG(msg, 128);

	START(msg);
	lsk_nl_put_u32(&msg, 11, 1);
	lsk_nl_put_u32(&msg, 0, 1);
	lsk_nl_put_u32(&msg, 14, 1);
	lsk_nl_put_u32(&msg, NLA_TYPE_MASK, 1);
	lsk_nl_put_u32(&msg, 3, 3);
	cr_assert_eq(parsed(&msg).has, 1 << HAS_U32);
}

Test(parse, fact_11_of_two_takes_the_last)
{
	LSK_NL_MSG(msg, 128);

	START(msg);
	lsk_nl_put_u32(&msg, 3, 1);
	lsk_nl_put_u32(&msg, 3, 2);
	cr_assert_eq(parsed(&msg).u32, 2);
}

/* Fact 12: NLA_UINT has 4 or 8 bytes, and a u64 stands where 4 divides the address. */
Test(parse, fact_12_takes_integers_of_any_width)
{
	LSK_NL_MSG(msg, 256);
	struct object object;

	START(msg);
	lsk_nl_put_u32(&msg, 4, 4);
	lsk_nl_put_u64(&msg, 3, (UINT64_C(1) << 32) + 3);
	lsk_nl_put_u32(&msg, 2, 2);
	lsk_nl_put_u8(&msg, 5, (uint8_t)-5);
	lsk_nl_put_u16(&msg, 13, (uint16_t)-13);
	object = parsed(&msg);
	cr_assert_eq(object.u64, 4);
	cr_assert_eq(object.u32, 3);
	cr_assert_eq(object.u8, 2);
	cr_assert_eq(object.s32, -5);
	cr_assert_eq(object.s64, -13);
}

Test(parse, fact_12_reads_u64_at_every_alignment)
{
	uint64_t value = UINT64_C(0x1122334455667788);
	char memory[64];

	for (size_t shift = 0; shift < 8; shift++) {
		struct nlattr header = {.nla_len = 12, .nla_type = 4};
		struct lsk_nl_bytes view = {memory + shift, 12};
		struct object object = {.has = 0};

		memcpy(memory + shift, &header, sizeof(header));
		memcpy(memory + shift + 4, &value, sizeof(value));
		cr_assert_eq(lsk_nl_parse_attributes(view, &table, &object), 0);
		cr_assert_eq(object.u64, value, "shift %zu", shift);
	}
}

Test(parse, of_an_integer_of_odd_width_leaves_it_absent)
{
	LSK_NL_MSG(msg, 128);

	START(msg);
	lsk_nl_put(&msg, 3, "123", 3);
	lsk_nl_put(&msg, 4, NULL, 0);
	lsk_nl_put(&msg, 5, "0123456789abcdef", 16);
	cr_assert_eq(parsed(&msg).has, 0);
}

Test(parse, of_text_without_nul_or_too_long_ends_it_inside_the_field)
{
	LSK_NL_MSG(msg, 128);

	START(msg);
	lsk_nl_put(&msg, 7, "abc", 3);
	cr_assert_str_eq(parsed(&msg).text, "abc");
	START(msg);
	lsk_nl_put(&msg, 7, "0123456789", 10);
	cr_assert_str_eq(parsed(&msg).text, "0123456");
	START(msg);
	lsk_nl_put(&msg, 7, NULL, 0);
	cr_assert_str_eq(parsed(&msg).text, "");
}

Test(parse, of_a_long_hardware_address_keeps_32_bytes)
{
	char address[40];
	LSK_NL_MSG(msg, 128);

	memset(address, 1, sizeof(address));
	START(msg);
	lsk_nl_put(&msg, 10, address, sizeof(address));
	cr_assert_eq(parsed(&msg).blob.len, 32);
}

Test(parse, of_a_message_without_its_header_is_ebadmsg)
{
	LSK_NL_MSG(msg, 64);
	struct object object;

	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	cr_assert_eq(lsk_nl_parse(msg.header, &table, &object), -EBADMSG);
}

Test(parse, of_a_length_that_leaves_the_message_is_ebadmsg)
{
	const uint16_t lengths[] = {0, 1, 3, 9, 12, UINT16_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		LSK_NL_MSG(msg, 64);
		struct object object;
		struct nlattr *attr = (void *)((char *)msg.header + 20);

		START(msg);
		lsk_nl_put_u32(&msg, 3, 3);
		attr->nla_len = lengths[i];
		cr_expect_eq(lsk_nl_parse(msg.header, &table, &object), -EBADMSG,
			     "length %u", lengths[i]);
	}
}

Test(parse, of_an_inner_length_that_leaves_its_nest_is_ebadmsg)
{
	LSK_NL_MSG(msg, 128);
	struct object object;
	struct nlattr *inner = (void *)((char *)msg.header + 24);

	START(msg);
	LSK_NL_NEST(&msg, 12)
	lsk_nl_put_u32(&msg, 1, 3);
	lsk_nl_put_u32(&msg, 3, 3);
	inner->nla_len = 12; /* overlaps what follows the nest */
	cr_assert_eq(lsk_nl_parse(msg.header, &table, &object), -EBADMSG);
}

Test(parse, of_a_last_attribute_without_padding_is_sound)
{
	LSK_NL_MSG(msg, 64);

	START(msg);
	lsk_nl_put_u8(&msg, 2, 9);
	msg.header->nlmsg_len -= 3;
	cr_assert_eq(parsed(&msg).u8, 9);
}

Test(parse, of_stray_bytes_at_the_end_ignores_them)
{
	LSK_NL_MSG(msg, 64);

	START(msg);
	lsk_nl_put_u8(&msg, 2, 9);
	lsk_nl_put_raw(&msg, "\xff\xff\xff", 3);
	msg.header->nlmsg_len -= 1;
	cr_assert_eq(parsed(&msg).u8, 9);
}

/* The same message, cut after each byte, in memory that ends there. */
Test(parse, of_a_message_cut_anywhere_reads_nothing_behind_the_cut)
{
	LSK_NL_MSG(msg, 256);
	size_t len;

	START(msg);
	lsk_nl_put_string(&msg, 7, "eth0");
	LSK_NL_NEST(&msg, 12)
	lsk_nl_put_u32(&msg, 1, 99);
	lsk_nl_put_u64(&msg, 4, 1);
	len = msg.header->nlmsg_len;
	for (size_t cut = NLMSG_HDRLEN; cut <= len; cut++) {
		struct nlmsghdr *copy = malloc(cut);
		struct object object;
		int r;

		memcpy(copy, msg.header, cut);
		copy->nlmsg_len = (uint32_t)cut;
		r = lsk_nl_parse(copy, &table, &object);
		cr_expect(r == 0 || r == -EBADMSG, "cut at %zu: %d", cut, r);
		cr_expect_eq(r == 0 && object.u64 == 1, cut == len);
		free(copy);
	}
}

static const struct lsk_nl_table endless_table;
static const struct lsk_nl_field endless_fields[] = {
	[1] = LSK_NL_INSIDE("more", &endless_table),
};
static const struct lsk_nl_table endless_table = {
	.fields = endless_fields,
	.count = ARRAY_SIZE(endless_fields),
};

Test(parse, of_nests_without_end_is_ebadmsg)
{
	LSK_NL_MSG(msg, 512);
	uint32_t nests[40];
	uint64_t unused;

	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	for (unsigned int i = 0; i < 40; i++)
		nests[i] = lsk_nl_nest_begin(&msg, 1);
	for (unsigned int i = 40; i-- > 0;)
		lsk_nl_nest_end(&msg, nests[i]);
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	cr_assert_eq(lsk_nl_parse_attributes(lsk_nl_attributes(msg.header, 0),
					     &endless_table, &unused),
		     -EBADMSG);
}

Test(build, is_parse_backwards)
{
	static const struct object object = {
		.head = {7},
		.has = (1 << (HAS_S64 + 1)) - 1,
		.flag = true,
		.u8 = 1,
		.u32 = 2,
		.u64 = UINT64_MAX - 1,
		.s32 = -3,
		.s64 = -4,
		.be = 0x88a8,
		.text = "name",
		.bytes = {1, 2},
		.view = {"abc", 3},
		.blob = {6, {1, 2, 3, 4, 5, 6}},
		.inner = 17,
	};
	struct object again;
	LSK_NL_MSG(msg, 512);

	lsk_nl_build(&msg, 1, NLM_F_CREATE, &table, &object);
	again = parsed(&msg);
	cr_assert_eq(again.view.len, 3);
	cr_assert_arr_eq(again.view.data, "abc", 3);
	again.view = object.view;
	cr_assert_arr_eq(&again, &object, sizeof(object));
	cr_assert_eq(msg.header->nlmsg_flags, NLM_F_CREATE);
}

Test(build, of_absent_fields_puts_no_attribute_and_no_empty_nest)
{
	struct object object = {.head = {7}};
	LSK_NL_MSG(msg, 64);

	lsk_nl_build(&msg, 1, 0, &table, &object);
	cr_assert_eq(msg.header->nlmsg_len, NLMSG_HDRLEN + sizeof(struct head));
}

/* Every object of rtnetlink: build with all bits set, parse, compare. */
Test(rtnl_tables, build_and_parse_every_field)
{
	for (int which = 0; which < LSK_RTNL__COUNT; which++) {
		const struct lsk_nl_table *each = lsk_rtnl_table(which);
		char *object = calloc(1, each->size);
		char *again = calloc(1, each->size);
		uint64_t has = 0;
		uint64_t got;
		LSK_NL_MSG(msg, 8192);

		for (unsigned int i = 0; i < each->count; i++)
			if (each->fields[i].size > 0) {
				uint64_t bit = UINT64_C(1) << each->fields[i].bit;

				cr_expect_eq(has & bit, 0, "object %d: bit %u twice",
					     which, each->fields[i].bit);
				has |= bit;
				if (each->fields[i].kind == LSK_NL_FLAG)
					object[each->fields[i].offset] = 1;
			}
		memset(object + each->header_offset, 0x11, each->header_len);
		memcpy(object + each->has_offset, &has, sizeof(has));
		lsk_nl_build(&msg, 1, 0, each, object);
		cr_assert_eq(lsk_nl_msg_error(&msg), 0);
		cr_assert_eq(lsk_nl_parse(msg.header, each, again), 0);
		memcpy(&got, again + each->has_offset, sizeof(got));
		cr_expect_arr_eq(again + each->header_offset,
				 object + each->header_offset, each->header_len);
		cr_expect_eq(got, has, "object %d: %#lx of %#lx", which,
			     (unsigned long)got, (unsigned long)has);
		free(object);
		free(again);
	}
	cr_assert_null(lsk_rtnl_table(LSK_RTNL__COUNT));
}

Test(format, prints_link_with_names_and_nests)
{
	struct ifinfomsg info = {.ifi_index = 3};
	char text[512];
	LSK_NL_MSG(msg, 256);

	lsk_nl_msg_start(&msg, RTM_NEWLINK, 0, &info, sizeof(info));
	lsk_nl_put_string(&msg, IFLA_IFNAME, "v\n0");
	lsk_nl_put(&msg, IFLA_ADDRESS, "\2\0\0\0\0\1", 6);
	LSK_NL_NEST(&msg, IFLA_LINKINFO)
	{
		lsk_nl_put_string(&msg, IFLA_INFO_KIND, "vlan");
		LSK_NL_NEST(&msg, IFLA_INFO_DATA)
		lsk_nl_put_u16(&msg, IFLA_VLAN_ID, 5);
	}
	lsk_nl_put_u32(&msg, 1000, 1);
	cr_assert_gt(lsk_nl_format(NETLINK_ROUTE, msg.header, text, sizeof(text)), 0);
	cr_assert_not_null(strstr(text, "newlink flags 0x0"), "%s", text);
	cr_assert_not_null(strstr(text, "ifname=\"v\\x0a0\" "), "%s", text);
	cr_assert_not_null(strstr(text, "address=02:00:00:00:00:01"), "%s", text);
	cr_assert_not_null(strstr(text, "linkinfo={kind=\"vlan\" data={id=5}}"), "%s",
			   text);
	cr_assert_not_null(strstr(text, "1000=01000000"), "%s", text);
}

Test(format, cuts_at_every_size_and_tells_the_whole_length)
{
	struct ifinfomsg info = {.ifi_index = 3};
	char whole[512];
	LSK_NL_MSG(msg, 256);
	int len;

	lsk_nl_msg_start(&msg, RTM_NEWLINK, 0, &info, sizeof(info));
	lsk_nl_put_string(&msg, IFLA_IFNAME, "eth0");
	len = lsk_nl_format(NETLINK_ROUTE, msg.header, whole, sizeof(whole));
	cr_assert_eq(len, (int)strlen(whole));
	for (int size = 1; size <= len; size++) {
		char *text = malloc((size_t)size);

		cr_assert_eq(
			lsk_nl_format(NETLINK_ROUTE, msg.header, text, (size_t)size),
			len);
		cr_assert_eq(strlen(text), (size_t)size - 1);
		cr_assert_eq(strncmp(text, whole, (size_t)size - 1), 0);
		free(text);
	}
}
