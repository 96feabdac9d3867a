/* SPDX-License-Identifier: MIT */
/* Building messages: layout, the sticky fault, bounds, nests. */
#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/netlink_msg.h>

/* The attributes of a message behind a header of @header_len bytes, one by one. */
static struct lsk_nl_attr attr_at(const struct lsk_nl_msg *msg, size_t header_len,
				  unsigned int index)
{
	struct lsk_nl_bytes rest = lsk_nl_attributes(msg->header, header_len);
	struct lsk_nl_attr attr = {.type = UINT16_MAX};

	for (unsigned int i = 0; i <= index; i++)
		cr_assert_eq(lsk_nl_attr_next(&rest, &attr), 1);
	return attr;
}

Test(msg_start, sets_header_and_zeroes_padding_of_payload)
{
	const char payload[5] = {1, 2, 3, 4, 5};
	LSK_NL_MSG(msg, 64);

	memset(msg_storage, 0xff, sizeof(msg_storage));
	lsk_nl_msg_start(&msg, 20, NLM_F_CREATE, payload, sizeof(payload));
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	cr_assert_eq(msg.header->nlmsg_len, 24);
	cr_assert_eq(msg.header->nlmsg_type, 20);
	cr_assert_eq(msg.header->nlmsg_flags, NLM_F_CREATE);
	cr_assert_eq(msg.header->nlmsg_seq, 0);
	cr_assert_arr_eq((char *)msg.header + 16, "\1\2\3\4\5\0\0\0", 8);
}

Test(msg_start, again_forgets_fault_and_content)
{
	LSK_NL_MSG(msg, 32);

	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	lsk_nl_put(&msg, 1, "0123456789abcdef", 16);
	cr_assert_eq(lsk_nl_msg_error(&msg), -ENOBUFS);
	lsk_nl_msg_start(&msg, 2, 0, NULL, 0);
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	cr_assert_eq(msg.header->nlmsg_len, 16);
}

Test(msg_error, of_a_message_never_started_is_einval)
{
	LSK_NL_MSG(msg, 64);

	cr_assert_eq(lsk_nl_msg_error(&msg), -EINVAL);
	lsk_nl_put_u32(&msg, 1, 1);
	cr_assert_eq(lsk_nl_msg_error(&msg), -EINVAL);
}

Test(msg_init, without_room_for_a_header_is_enobufs_for_good)
{
	uint32_t storage[3];
	struct lsk_nl_msg msg;

	lsk_nl_msg_init(&msg, storage, sizeof(storage));
	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	lsk_nl_put_flag(&msg, 1);
	cr_assert_eq(lsk_nl_msg_error(&msg), -ENOBUFS);
	lsk_nl_msg_init(&msg, NULL, 0);
	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	cr_assert_eq(lsk_nl_msg_error(&msg), -ENOBUFS);
}

Test(put, integers_in_host_and_network_order)
{
	LSK_NL_MSG(msg, 256);

	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	lsk_nl_put_u8(&msg, 1, 0x12);
	lsk_nl_put_u16(&msg, 2, 0x1234);
	lsk_nl_put_u32(&msg, 3, 0x12345678);
	lsk_nl_put_u64(&msg, 4, UINT64_C(0x123456789abcdef0));
	lsk_nl_put_be16(&msg, 5, 0x1234);
	lsk_nl_put_be32(&msg, 6, 0x12345678);
	lsk_nl_put_be64(&msg, 7, UINT64_C(0x123456789abcdef0));
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	const uint64_t expected[] = {0x12,
				     0x1234,
				     0x12345678,
				     UINT64_C(0x123456789abcdef0),
				     htobe16(0x1234),
				     htobe32(0x12345678),
				     htobe64(UINT64_C(0x123456789abcdef0))};

	for (unsigned int i = 0; i < 7; i++) {
		struct lsk_nl_attr attr = attr_at(&msg, 0, i);

		cr_expect_eq(attr.type, i + 1);
		cr_expect_eq(lsk_nl_attr_uint(&attr), expected[i], "attribute %u", i);
	}
}

Test(put, uint_takes_four_bytes_where_they_suffice)
{
	LSK_NL_MSG(msg, 64);

	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	lsk_nl_put_uint(&msg, 1, UINT32_MAX);
	lsk_nl_put_uint(&msg, 2, UINT64_C(1) << 32);
	cr_assert_eq(attr_at(&msg, 0, 0).len, 4);
	cr_assert_eq(attr_at(&msg, 0, 1).len, 8);
}

Test(put, string_has_its_nul_and_flag_no_payload)
{
	LSK_NL_MSG(msg, 64);

	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	lsk_nl_put_string(&msg, 1, "vcan0");
	lsk_nl_put_flag(&msg, 2);
	cr_assert_eq(attr_at(&msg, 0, 0).len, 6);
	cr_assert_str_eq(attr_at(&msg, 0, 0).data, "vcan0");
	cr_assert_eq(attr_at(&msg, 0, 1).len, 0);
}

Test(put, every_size_of_buffer_is_full_or_enobufs_and_never_written_past)
{
	for (size_t size = 0; size < 64; size++) {
		char *memory = aligned_alloc(8, 128);
		struct lsk_nl_msg msg;

		memset(memory, 0x5a, 128);
		lsk_nl_msg_init(&msg, memory, size);
		lsk_nl_msg_start(&msg, 1, 0, "1234", 4);
		lsk_nl_put(&msg, 1, "12345", 5);
		LSK_NL_NEST(&msg, 2)
		lsk_nl_put_raw(&msg, "1234", 4);
		/* 16 + 4, 4 + 8, 4 + 4 */
		cr_expect_eq(lsk_nl_msg_error(&msg), size < 40 ? -ENOBUFS : 0,
			     "size %zu", size);
		for (size_t i = size; i < 128; i++)
			cr_assert_eq(memory[i], 0x5a, "byte %zu of size %zu", i, size);
		free(memory);
	}
}

Test(put, fault_sticks_although_later_attributes_would_fit)
{
	LSK_NL_MSG(msg, 32);

	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	lsk_nl_put(&msg, 1, "0123456789abcdef", 16);
	lsk_nl_put_u8(&msg, 2, 1);
	cr_assert_eq(lsk_nl_msg_error(&msg), -ENOBUFS);
	cr_assert_eq(msg.header->nlmsg_len, 16);
}

/* Fact 10: nla_len is a u16. */
Test(put, fact_10_longer_than_65535_bytes_is_emsgsize)
{
	size_t size = 200000;
	void *memory = malloc(size);
	char *data = calloc(1, 70000);
	struct lsk_nl_msg msg;

	lsk_nl_msg_init(&msg, memory, size);
	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	lsk_nl_put(&msg, 1, data, 65531);
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	lsk_nl_put(&msg, 1, data, 65532);
	cr_assert_eq(lsk_nl_msg_error(&msg), -EMSGSIZE);
	free(memory);
	free(data);
}

Test(nest, fact_10_longer_than_65535_bytes_is_emsgsize_instead_of_wrapping)
{
	size_t size = 200000;
	void *memory = malloc(size);
	char *data = calloc(1, 40000);
	struct lsk_nl_msg msg;

	lsk_nl_msg_init(&msg, memory, size);
	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	LSK_NL_NEST(&msg, 1)
	{
		lsk_nl_put(&msg, 1, data, 40000);
		lsk_nl_put(&msg, 1, data, 40000);
	}
	cr_assert_eq(lsk_nl_msg_error(&msg), -EMSGSIZE);
	free(memory);
	free(data);
}

Test(nest, stands_in_nests_with_flag_and_length)
{
	LSK_NL_MSG(msg, 128);
	struct lsk_nl_attr outer;
	struct lsk_nl_attr inner;
	struct lsk_nl_bytes rest;

	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	LSK_NL_NEST(&msg, 18)
	{
		lsk_nl_put_string(&msg, 1, "vxcan");
		LSK_NL_NEST(&msg, 2)
		lsk_nl_put_u32(&msg, 7, 42);
	}
	lsk_nl_put_u32(&msg, 4, 1500);
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	outer = attr_at(&msg, 0, 0);
	cr_assert_eq(outer.type, 18);
	cr_assert_eq(outer.flags, NLA_F_NESTED);
	cr_assert_eq(outer.len, 12 + 4 + 8);
	rest = (struct lsk_nl_bytes){outer.data, outer.len};
	cr_assert_eq(lsk_nl_attr_next(&rest, &inner), 1);
	cr_assert_eq(lsk_nl_attr_next(&rest, &inner), 1);
	cr_assert_eq(inner.flags, NLA_F_NESTED);
	cr_assert_eq(inner.len, 8);
	cr_assert_eq(attr_at(&msg, 0, 1).type, 4);
}

Test(nest, left_by_break_is_einval)
{
	LSK_NL_MSG(msg, 128);

	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	LSK_NL_NEST(&msg, 18)
	{
		lsk_nl_put_u32(&msg, 1, 1);
		break;
	}
	cr_assert_eq(lsk_nl_msg_error(&msg), -EINVAL);
}

Test(nest, end_without_begin_changes_nothing)
{
	LSK_NL_MSG(msg, 128);

	lsk_nl_msg_start(&msg, 1, 0, NULL, 0);
	cr_assert_eq(lsk_nl_nest_end(&msg, 16), 0);
	cr_assert_eq(lsk_nl_nest_end(&msg, 0), 0);
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	cr_assert_eq(msg.header->nlmsg_len, 16);
}
