/* SPDX-License-Identifier: MIT */
/*
 * The fuzzer's target on messages of this kernel and on mutations of them: cut, with
 * lengths that lie, with bits that flipped. What it must not do, the sanitizers see.
 */
#include <criterion/criterion.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include <linsock/netlink.h>
#include <linsock/rtnl.h>

#include "tests/support/netns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* The message itself, each of its cuts, and @count mutations. */
static void feed(const struct nlmsghdr *msg, unsigned int count, uint32_t *random)
{
	size_t len = msg->nlmsg_len;
	uint8_t *copy = malloc(len);

	for (size_t cut = 0; cut <= len; cut++)
		LLVMFuzzerTestOneInput((const uint8_t *)msg, cut);
	for (unsigned int i = 0; i < count; i++) {
		unsigned int flips = 1 + next_random(random) % 4;

		memcpy(copy, msg, len);
		while (flips-- > 0)
			copy[16 + next_random(random) % (len - 16)] =
				(uint8_t)next_random(random);
		LLVMFuzzerTestOneInput(copy, len);
	}
	free(copy);
}

Test(netlink_corpus, of_this_kernel_and_its_mutations_is_read_in_bounds, .timeout = 60)
{
	const unsigned int types[] = {RTM_GETLINK, RTM_GETADDR,  RTM_GETROUTE,
				      RTM_GETRULE, RTM_GETQDISC, RTM_GETNEIGH};
	struct lsk_nl *nl = netns_handle();
	const struct nlmsghdr *msg;
	struct lsk_nl_dump *dump;
	uint32_t random = 4711;
	int fed = 0;

	netns_bridges(nl, 1);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		cr_assert_eq(lsk_rtnl_dump(nl, types[i], NULL, &dump), 0);
		while (lsk_nl_dump_next(dump, &msg) > 0) {
			feed(msg, 500, &random);
			fed++;
		}
		lsk_nl_dump_end(dump, NULL);
	}
	cr_assert_gt(fed, 8);
	lsk_nl_close(nl);
}

/* An acknowledgement and a link that were made by hand: what the kernel seldom sends.
 */
Test(netlink_corpus, of_rare_messages_is_read_in_bounds, .timeout = 60)
{
	struct nlmsgerr body = {.error = -22, .msg = {.nlmsg_len = 16}};
	uint32_t random = 815;
	LSK_NL_MSG(msg, 512);

	lsk_nl_msg_start(&msg, NLMSG_ERROR, NLM_F_ACK_TLVS, &body, sizeof(body));
	lsk_nl_put_string(&msg, NLMSGERR_ATTR_MSG, "words");
	lsk_nl_put_u32(&msg, NLMSGERR_ATTR_OFFS, 20);
	LSK_NL_NEST(&msg, NLMSGERR_ATTR_POLICY)
	lsk_nl_put_u32(&msg, NL_POLICY_TYPE_ATTR_TYPE, 3);
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	feed(msg.header, 20000, &random);
}
