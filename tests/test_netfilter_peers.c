/* SPDX-License-Identifier: MIT */
/*
 * Messages exchanged with libnftnl and libnetfilter_conntrack, which speak in struct
 * nlmsghdr as this library does: what they build is read here, what is built here is
 * read by them, and their requests travel through the engine.
 */
/* Before libnetfilter_conntrack, whose copy of it ends before nftables. */
#include <linux/netfilter/nfnetlink.h>

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <string.h>

#include <linsock/conntrack.h>
#include <linsock/nft.h>

#include "tests/support/netns.h"

#define MESSAGE_SIZE 4096

/* Room for a message, and its header where it stands. */
struct room {
	uint32_t words[MESSAGE_SIZE / 4];
};

/* Of this library. */
static struct lsk_nl_msg start(struct room *room, unsigned int type, int family)
{
	const struct nfgenmsg header = {.nfgen_family = (uint8_t)family};
	struct lsk_nl_msg msg;

	lsk_nl_msg_init(&msg, room->words, sizeof(room->words));
	lsk_nl_msg_start(&msg, type, 0, &header, sizeof(header));
	return msg;
}

Test(peers, a_table_of_libnftnl_is_read)
{
	struct nftnl_table *table = nftnl_table_alloc();
	struct lsk_nft_object object;
	struct nlmsghdr *header;
	struct room room;

	nftnl_table_set_str(table, NFTNL_TABLE_NAME, "filter");
	nftnl_table_set_u32(table, NFTNL_TABLE_FLAGS, NFT_TABLE_F_DORMANT);
	header = nftnl_nlmsg_build_hdr((char *)room.words, NFT_MSG_NEWTABLE,
				       NFPROTO_IPV6, NLM_F_CREATE, 7);
	nftnl_table_nlmsg_build_payload(header, table);
	cr_assert_eq(lsk_nft_parse(header, &object), 0);
	cr_assert_eq(object.kind, LSK_NFT_TABLE);
	cr_assert_eq(object.info.nfgen_family, NFPROTO_IPV6);
	cr_assert_str_eq(object.table, "filter");
	cr_assert_eq(object.flags, NFT_TABLE_F_DORMANT);
	nftnl_table_free(table);
}

Test(peers, a_chain_of_libnftnl_is_read)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct lsk_nft_object object;
	struct nlmsghdr *header;
	struct room room;

	nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, "filter");
	nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, "in");
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "route");
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, NF_INET_LOCAL_IN);
	nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, -150);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_DROP);
	header = nftnl_nlmsg_build_hdr((char *)room.words, NFT_MSG_NEWCHAIN,
				       NFPROTO_INET, NLM_F_CREATE, 7);
	nftnl_chain_nlmsg_build_payload(header, chain);
	cr_assert_eq(lsk_nft_parse(header, &object), 0);
	cr_assert_eq(object.kind, LSK_NFT_CHAIN);
	cr_assert_str_eq(object.table, "filter");
	cr_assert_str_eq(object.name, "in");
	cr_assert_str_eq(object.type, "route");
	cr_assert_eq(object.hook, NF_INET_LOCAL_IN);
	cr_assert_eq(object.priority, -150);
	cr_assert_eq(object.policy, NF_DROP);
	nftnl_chain_free(chain);
}

Test(peers, the_expressions_of_a_rule_of_libnftnl_are_read)
{
	struct nftnl_expr *counter = nftnl_expr_alloc("counter");
	struct nftnl_expr *meta = nftnl_expr_alloc("meta");
	struct nftnl_rule *rule = nftnl_rule_alloc();
	struct lsk_nft_object object;
	struct lsk_nl_bytes data;
	struct nlmsghdr *header;
	struct room room;
	char name[32];

	nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, "filter");
	nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, "in");
	nftnl_rule_set_u64(rule, NFTNL_RULE_POSITION, UINT64_C(0x123456789));
	nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, NFT_META_OIF);
	nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, NFT_REG_1);
	nftnl_rule_add_expr(rule, meta);
	nftnl_expr_set_u64(counter, NFTNL_EXPR_CTR_PACKETS, 3);
	nftnl_rule_add_expr(rule, counter);
	header = nftnl_nlmsg_build_hdr((char *)room.words, NFT_MSG_NEWRULE,
				       NFPROTO_INET, NLM_F_CREATE, 7);
	nftnl_rule_nlmsg_build_payload(header, rule);
	cr_assert_eq(lsk_nft_parse(header, &object), 0);
	cr_assert_eq(object.kind, LSK_NFT_RULE);
	cr_assert_str_eq(object.name, "in");
	cr_assert_eq(object.position, UINT64_C(0x123456789));
	cr_assert_eq(lsk_nft_expression_next(&object.expressions, name, &data), 1);
	cr_assert_str_eq(name, "meta");
	cr_assert_eq(lsk_nft_expression_next(&object.expressions, name, &data), 1);
	cr_assert_str_eq(name, "counter");
	cr_assert_eq(lsk_nft_expression_next(&object.expressions, name, &data), 0);
	nftnl_rule_free(rule);
}

Test(peers, libnftnl_reads_what_is_built_here)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();
	struct nftnl_table *table = nftnl_table_alloc();
	struct room room;
	struct lsk_nl_msg msg = start(
		&room, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NFPROTO_IPV4);

	lsk_nl_put_string(&msg, NFTA_TABLE_NAME, "nat");
	lsk_nl_put_be32(&msg, NFTA_TABLE_USE, 4);
	lsk_nl_put_be64(&msg, NFTA_TABLE_HANDLE, UINT64_C(0x1122334455));
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	cr_assert_eq(nftnl_table_nlmsg_parse(msg.header, table), 0);
	cr_assert_str_eq(nftnl_table_get_str(table, NFTNL_TABLE_NAME), "nat");
	cr_assert_eq(nftnl_table_get_u32(table, NFTNL_TABLE_USE), 4);
	cr_assert_eq(nftnl_table_get_u64(table, NFTNL_TABLE_HANDLE),
		     UINT64_C(0x1122334455));
	nftnl_table_free(table);

	msg = start(&room, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, NFPROTO_IPV4);
	lsk_nl_put_string(&msg, NFTA_CHAIN_TABLE, "nat");
	lsk_nl_put_string(&msg, NFTA_CHAIN_NAME, "post");
	LSK_NL_NEST(&msg, NFTA_CHAIN_HOOK)
	{
		lsk_nl_put_be32(&msg, NFTA_HOOK_HOOKNUM, NF_INET_POST_ROUTING);
		lsk_nl_put_be32(&msg, NFTA_HOOK_PRIORITY, (uint32_t)-100);
	}
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	cr_assert_eq(nftnl_chain_nlmsg_parse(msg.header, chain), 0);
	cr_assert_str_eq(nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME), "post");
	cr_assert_eq(nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM),
		     NF_INET_POST_ROUTING);
	cr_assert_eq(nftnl_chain_get_s32(chain, NFTNL_CHAIN_PRIO), -100);
	nftnl_chain_free(chain);
}

/* A connection in both directions, as conntrack -I makes it. */
static struct nf_conntrack *connection(void)
{
	struct nf_conntrack *ct = nfct_new();

	nfct_set_attr_u8(ct, ATTR_L3PROTO, AF_INET);
	nfct_set_attr_u32(ct, ATTR_IPV4_SRC, inet_addr("10.0.0.1"));
	nfct_set_attr_u32(ct, ATTR_IPV4_DST, inet_addr("10.0.0.2"));
	nfct_set_attr_u8(ct, ATTR_L4PROTO, IPPROTO_TCP);
	nfct_set_attr_u16(ct, ATTR_PORT_SRC, htons(1234));
	nfct_set_attr_u16(ct, ATTR_PORT_DST, htons(80));
	nfct_setobjopt(ct, NFCT_SOPT_SETUP_REPLY);
	nfct_set_attr_u8(ct, ATTR_TCP_STATE, TCP_CONNTRACK_ESTABLISHED);
	nfct_set_attr_u32(ct, ATTR_TIMEOUT, 600);
	nfct_set_attr_u32(ct, ATTR_MARK, 0x55aa);
	nfct_set_attr_u32(ct, ATTR_STATUS, IPS_ASSURED | IPS_SEEN_REPLY);
	return ct;
}

static void build_connection(struct nlmsghdr *header, const struct nf_conntrack *ct)
{
	struct nfgenmsg *family;

	header = mnl_nlmsg_put_header(header);
	header->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	family = mnl_nlmsg_put_extra_header(header, sizeof(*family));
	family->nfgen_family = AF_INET;
	cr_assert_eq(nfct_nlmsg_build(header, ct), 0);
}

static void assert_connection(const struct lsk_conntrack *read)
{
	const uint8_t source[] = {10, 0, 0, 1};

	cr_assert_eq(read->protocol, IPPROTO_TCP);
	cr_assert_arr_eq(read->src.bytes, source, sizeof(source));
	cr_assert_arr_eq(read->reply_dst.bytes, source, sizeof(source));
	cr_assert_eq(read->sport, 1234);
	cr_assert_eq(read->dport, 80);
	cr_assert_eq(read->reply_sport, 80);
	cr_assert_eq(read->tcp_state, TCP_CONNTRACK_ESTABLISHED);
	cr_assert_leq(read->timeout, 600);
	cr_assert_eq(read->mark, 0x55aa);
}

Test(peers, a_connection_of_libnetfilter_conntrack_is_read)
{
	struct nf_conntrack *ct = connection();
	struct lsk_conntrack read;
	struct room room;

	build_connection((void *)room.words, ct);
	cr_assert_eq(lsk_conntrack_parse((void *)room.words, &read), 0);
	assert_connection(&read);
	cr_assert_eq(read.timeout, 600);
	nfct_destroy(ct);
}

static void put_tuple(struct lsk_nl_msg *msg, unsigned int type, const char *from,
		      const char *to)
{
	const struct in_addr source = {inet_addr(from)}, target = {inet_addr(to)};

	LSK_NL_NEST(msg, type)
	{
		LSK_NL_NEST(msg, CTA_TUPLE_IP)
		{
			lsk_nl_put(msg, CTA_IP_V4_SRC, &source, sizeof(source));
			lsk_nl_put(msg, CTA_IP_V4_DST, &target, sizeof(target));
		}
		LSK_NL_NEST(msg, CTA_TUPLE_PROTO)
		{
			lsk_nl_put_u8(msg, CTA_PROTO_NUM, IPPROTO_UDP);
			lsk_nl_put_be16(msg, CTA_PROTO_SRC_PORT, 4000);
			lsk_nl_put_be16(msg, CTA_PROTO_DST_PORT, 53);
		}
	}
}

Test(peers, libnetfilter_conntrack_reads_what_is_built_here)
{
	struct nf_conntrack *ct = nfct_new();
	struct room room;
	struct lsk_nl_msg msg =
		start(&room, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, AF_INET);

	put_tuple(&msg, CTA_TUPLE_ORIG, "10.0.0.1", "10.0.0.2");
	put_tuple(&msg, CTA_TUPLE_REPLY, "10.0.0.2", "10.0.0.1");
	lsk_nl_put_be32(&msg, CTA_MARK, 77);
	lsk_nl_put_be32(&msg, CTA_TIMEOUT, 30);
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	cr_assert_eq(nfct_nlmsg_parse(msg.header, ct), 0);
	cr_assert_eq(nfct_get_attr_u32(ct, ATTR_IPV4_SRC), inet_addr("10.0.0.1"));
	cr_assert_eq(nfct_get_attr_u32(ct, ATTR_REPL_IPV4_SRC), inet_addr("10.0.0.2"));
	cr_assert_eq(nfct_get_attr_u8(ct, ATTR_L4PROTO), IPPROTO_UDP);
	cr_assert_eq(nfct_get_attr_u16(ct, ATTR_PORT_DST), htons(53));
	cr_assert_eq(nfct_get_attr_u32(ct, ATTR_MARK), 77);
	cr_assert_eq(nfct_get_attr_u32(ct, ATTR_TIMEOUT), 30);
	nfct_destroy(ct);
}

/* Whole messages of others go through a handle, and whole messages come back. */
Test(peers, their_connection_travels_through_the_engine_and_back)
{
	struct nf_conntrack *ct = connection(), *back = nfct_new();
	struct lsk_conntrack read;
	struct lsk_nl_error error;
	struct lsk_nl_dump *dump;
	const struct nlmsghdr *header;
	struct lsk_nl_msg msg;
	struct lsk_nl *nl;
	struct room room;
	int count = 0;
	int r;

	netns_enter();
	r = lsk_nl_open(&nl, NETLINK_NETFILTER, NULL);
	if (r < 0)
		cr_skip_test("no netfilter netlink: %d", r);
	lsk_nl_msg_init(&msg, room.words, sizeof(room.words));
	build_connection(msg.header, ct);
	r = lsk_nl_request(nl, &msg, &error);
	if (r == -EINVAL || r == -EOPNOTSUPP)
		cr_skip_test("no nf_conntrack_netlink: %d", r);
	cr_assert_eq(r, 0, "%d: %s", r, error.message);
	cr_assert_eq(lsk_conntrack_dump(nl, AF_INET, &dump), 0);
	while (lsk_nl_dump_next(dump, &header) > 0) {
		cr_assert_eq(lsk_conntrack_parse(header, &read), 0);
		assert_connection(&read);
		cr_assert_eq(nfct_nlmsg_parse(header, back), 0);
		cr_assert(nfct_cmp(ct, back, NFCT_CMP_ORIG | NFCT_CMP_REPL));
		count++;
	}
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	cr_assert_eq(count, 1);
	lsk_nl_close(nl);
	nfct_destroy(back);
	nfct_destroy(ct);
}
