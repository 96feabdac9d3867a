/* SPDX-License-Identifier: MIT */
/*
 * nftables and conntrack, in a namespace of the test's own. The rules that let the
 * kernel track connections are made here, message by message.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linsock/conntrack.h>
#include <linsock/nft.h>

#include "families/netlink_handle.h"
#include "tests/support/netns.h"

/* One transaction: messages that leave in one datagram. */
struct transaction {
	char buf[4096];
	size_t len;
	uint32_t sequence;
};

static void transaction_add(struct transaction *transaction, struct lsk_nl_msg *msg)
{
	cr_assert_eq(lsk_nl_msg_error(msg), 0);
	msg->header->nlmsg_seq = ++transaction->sequence;
	msg->header->nlmsg_flags |= NLM_F_REQUEST;
	memcpy(transaction->buf + transaction->len, msg->header,
	       msg->header->nlmsg_len);
	transaction->len += NLMSG_ALIGN((size_t)msg->header->nlmsg_len);
}

static void transaction_mark(struct transaction *transaction, uint16_t type)
{
	const struct nfgenmsg header = {.res_id = htons(NFNL_SUBSYS_NFTABLES)};
	LSK_NL_MSG(msg, 64);

	lsk_nl_msg_start(&msg, type, 0, &header, sizeof(header));
	transaction_add(transaction, &msg);
}

static void nft_start(struct lsk_nl_msg *msg, unsigned int message, unsigned int flags)
{
	const struct nfgenmsg header = {.nfgen_family = NFPROTO_INET};

	lsk_nl_msg_start(msg, NFNL_SUBSYS_NFTABLES << 8 | message, flags, &header,
			 sizeof(header));
}

static void add_table(struct transaction *transaction, const char *name,
		      unsigned int flags)
{
	LSK_NL_MSG(msg, 256);

	nft_start(&msg, NFT_MSG_NEWTABLE, NLM_F_CREATE | flags);
	lsk_nl_put_string(&msg, NFTA_TABLE_NAME, name);
	transaction_add(transaction, &msg);
}

static void add_chain(struct transaction *transaction, const char *table)
{
	LSK_NL_MSG(msg, 256);

	nft_start(&msg, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK);
	lsk_nl_put_string(&msg, NFTA_CHAIN_TABLE, table);
	lsk_nl_put_string(&msg, NFTA_CHAIN_NAME, "out");
	LSK_NL_NEST(&msg, NFTA_CHAIN_HOOK)
	{
		lsk_nl_put_be32(&msg, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
		lsk_nl_put_be32(&msg, NFTA_HOOK_PRIORITY, (uint32_t)-5);
	}
	lsk_nl_put_string(&msg, NFTA_CHAIN_TYPE, "filter");
	transaction_add(transaction, &msg);
}

/* "ct state" is asked for, and nothing made of it: the kernel begins to track. */
static void add_rule(struct transaction *transaction, const char *table)
{
	LSK_NL_MSG(msg, 512);

	nft_start(&msg, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK);
	lsk_nl_put_string(&msg, NFTA_RULE_TABLE, table);
	lsk_nl_put_string(&msg, NFTA_RULE_CHAIN, "out");
	LSK_NL_NEST(&msg, NFTA_RULE_EXPRESSIONS)
	{
		LSK_NL_NEST(&msg, NFTA_LIST_ELEM)
		{
			lsk_nl_put_string(&msg, NFTA_EXPR_NAME, "ct");
			LSK_NL_NEST(&msg, NFTA_EXPR_DATA)
			{
				lsk_nl_put_be32(&msg, NFTA_CT_DREG, NFT_REG_1);
				lsk_nl_put_be32(&msg, NFTA_CT_KEY, NFT_CT_STATE);
			}
		}
	}
	transaction_add(transaction, &msg);
}

/* Send it. Return: the first error, or 0. */
static int commit(struct lsk_nl *nl, struct transaction *transaction)
{
	const struct nlmsghdr *msg;
	struct lsk_nl_error error;
	int result = 0;

	transaction_mark(transaction, NFNL_MSG_BATCH_END);
	cr_assert_eq(
		netlink_channel_send(&nl->requests, transaction->buf, transaction->len),
		0);
	while (netlink_channel_receive(&nl->requests, 0) == 0)
		while ((msg = netlink_channel_message(&nl->requests)))
			if (msg->nlmsg_type == NLMSG_ERROR && result == 0)
				result = lsk_nl_error_parse(&error, msg, NULL,
							    NETLINK_NETFILTER);
	return result;
}

static void begin(struct transaction *transaction)
{
	*transaction = (struct transaction){.sequence = 100};
	transaction_mark(transaction, NFNL_MSG_BATCH_BEGIN);
}

/* A handle in a namespace where connections are tracked, or skip. */
static struct lsk_nl *tracking_handle(void)
{
	struct transaction transaction;
	struct lsk_nl *nl;
	int r;

	netns_enter();
	r = lsk_nl_open(&nl, NETLINK_NETFILTER, NULL);
	if (r < 0)
		cr_skip_test("no netfilter netlink: %d", r);
	begin(&transaction);
	add_table(&transaction, "lsk", NLM_F_ACK);
	add_chain(&transaction, "lsk");
	add_rule(&transaction, "lsk");
	r = commit(nl, &transaction);
	if (r == -EOPNOTSUPP || r == -ENOENT || r == -EINVAL || r == -EPERM)
		cr_skip_test("no nftables that track: %d", r);
	cr_assert_eq(r, 0);
	return nl;
}

static int count(struct lsk_nl *nl, enum lsk_nft_kind kind,
		 struct lsk_nft_object *ret_last)
{
	struct lsk_nl_dump *dump;
	int found = 0;
	int r;

	cr_assert_eq(lsk_nft_dump(nl, kind, NFPROTO_INET, &dump), 0);
	while ((r = lsk_nft_next(dump, ret_last)) > 0)
		found++;
	cr_assert_eq(r, 0);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	return found;
}

Test(nft, lists_table_chain_and_rule)
{
	struct lsk_nl *nl = tracking_handle();
	struct lsk_nft_object object;

	cr_assert_eq(count(nl, LSK_NFT_TABLE, &object), 1);
	cr_assert_str_eq(object.table, "lsk");
	cr_assert_eq(object.use, 1);
	cr_assert_eq(object.info.nfgen_family, NFPROTO_INET);
	cr_assert_eq(count(nl, LSK_NFT_CHAIN, &object), 1);
	cr_assert_str_eq(object.name, "out");
	cr_assert_str_eq(object.type, "filter");
	cr_assert_eq(object.hook, NF_INET_LOCAL_OUT);
	cr_assert_eq(object.priority, -5);
	cr_assert_eq(object.policy, NF_ACCEPT);
	cr_assert_eq(count(nl, LSK_NFT_RULE, &object), 1);
	cr_assert_gt(object.handle, 0);
	cr_assert_eq(count(nl, LSK_NFT_SET, &object), 0);
	lsk_nl_close(nl);
}

Test(nft, tells_the_expressions_of_a_rule)
{
	struct lsk_nl *nl = tracking_handle();
	struct lsk_nft_object rule;
	struct lsk_nl_dump *dump;
	struct lsk_nl_bytes data;
	char name[32];

	cr_assert_eq(lsk_nft_dump(nl, LSK_NFT_RULE, NFPROTO_UNSPEC, &dump), 0);
	cr_assert_eq(lsk_nft_next(dump, &rule), 1);
	cr_assert_eq(lsk_nft_expression_next(&rule.expressions, name, &data), 1);
	cr_assert_str_eq(name, "ct");
	cr_assert_gt(data.len, 0);
	cr_assert_eq(lsk_nft_expression_next(&rule.expressions, name, &data), 0);
	lsk_nl_dump_end(dump, NULL);
	cr_assert_eq(lsk_nft_dump(nl, LSK_NFT_GENERATION, 0, &dump), -EINVAL);
	lsk_nl_close(nl);
}

Test(nft, fact_35_a_batch_is_one_transaction_and_its_events_say_who)
{
	struct lsk_nl *nl = tracking_handle();
	struct transaction transaction;
	struct lsk_nft_object object;
	struct lsk_nl_event event;
	bool has_table = false;

	cr_assert_eq(lsk_nl_join(nl, NFNLGRP_NFTABLES), 0);
	/* The second table is there already: the first is not made either. */
	begin(&transaction);
	add_table(&transaction, "other", NLM_F_ACK);
	add_table(&transaction, "lsk", NLM_F_EXCL | NLM_F_ACK);
	cr_assert_eq(commit(nl, &transaction), -EEXIST);
	cr_assert_eq(count(nl, LSK_NFT_TABLE, &object), 1);
	cr_assert_eq(lsk_nl_event_next(nl, 0, &event), -EAGAIN);
	begin(&transaction);
	add_table(&transaction, "other", NLM_F_ACK);
	cr_assert_eq(commit(nl, &transaction), 0);
	do {
		cr_assert_eq(lsk_nl_event_next(nl, 60 * LSK_NSEC_PER_SEC, &event), 0);
		cr_assert_eq(lsk_nft_parse(event.msg, &object), 0);
		if (object.kind == LSK_NFT_TABLE) {
			has_table = true;
			cr_assert(!object.is_removed);
			cr_assert_str_eq(object.table, "other");
		}
	} while (object.kind != LSK_NFT_GENERATION);
	cr_assert(has_table);
	cr_assert_eq(object.pid, (uint32_t)getpid());
	lsk_nl_close(nl);
}

/* A UDP socket that has sent something to @port of itself. */
static int talk(uint16_t port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = {htonl(INADDR_LOOPBACK)},
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	cr_assert_eq(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	return fd;
}

/* The connection of @port. Return: whether it is there. */
static bool find(struct lsk_nl *nl, uint16_t port, struct lsk_conntrack *ret_connection)
{
	struct lsk_conntrack connection;
	struct lsk_nl_dump *dump;
	bool has = false;
	int r;

	cr_assert_eq(lsk_conntrack_dump(nl, AF_INET, &dump), 0);
	while ((r = lsk_conntrack_next(dump, &connection)) > 0)
		if (connection.dport == port) {
			has = true;
			*ret_connection = connection;
		}
	cr_assert_eq(r, 0);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	return has;
}

Test(conntrack, lists_follows_deletes_and_flushes)
{
	struct lsk_nl *nl = tracking_handle();
	struct lsk_conntrack connection;
	struct lsk_nl_event event;
	int first, second;
	int r;

	r = lsk_nl_join(nl, NFNLGRP_CONNTRACK_NEW);
	if (r == 0)
		r = lsk_nl_join(nl, NFNLGRP_CONNTRACK_DESTROY);
	if (r < 0)
		cr_skip_test("no conntrack events: %d", r);
	first = talk(7001);
	if (!find(nl, 7001, &connection))
		cr_skip_test("the kernel does not track");
	cr_assert_eq(connection.protocol, IPPROTO_UDP);
	cr_assert_eq(connection.sport, 7001);
	cr_assert_eq(connection.reply_sport, 7001);
	cr_assert_eq(connection.src.len, 4);
	cr_assert_eq(memcmp(connection.src.bytes, "\x7f\0\0\1", 4), 0);
	cr_assert_gt(connection.timeout, 0);
	cr_assert(connection.status & IPS_CONFIRMED);
	second = talk(7002);
	cr_assert(find(nl, 7002, &connection));
	cr_assert_eq(lsk_conntrack_delete(nl, &connection, NULL), 0);
	cr_assert_eq(lsk_conntrack_delete(nl, &connection, NULL), -ENOENT);
	cr_assert(!find(nl, 7002, &connection));
	cr_assert(find(nl, 7001, &connection));
	cr_assert_eq(lsk_conntrack_flush(nl, AF_UNSPEC, NULL), 0);
	cr_assert(!find(nl, 7001, &connection));
	/* Both came, and both went. */
	for (int seen = 0; seen != 15;) {
		bool is_end;

		r = lsk_nl_event_next(nl, (seen ? 60 : 5) * LSK_NSEC_PER_SEC, &event);
		if (r == -ETIME && seen == 0)
			cr_skip_test("a kernel without conntrack events");
		cr_assert_eq(r, 0);
		cr_assert_eq(lsk_conntrack_parse(event.msg, &connection), 0);
		is_end = NFNL_MSG_TYPE(event.msg->nlmsg_type) == IPCTNL_MSG_CT_DELETE;
		if (connection.dport == 7001 || connection.dport == 7002)
			seen |= 1 << ((connection.dport == 7002) * 2 + is_end);
	}
	close(first);
	close(second);
	lsk_nl_close(nl);
}

Test(conntrack, of_another_subsystem_is_enomsg)
{
	struct lsk_conntrack connection;
	struct lsk_nft_object object;
	LSK_NL_MSG(msg, 64);

	nft_start(&msg, NFT_MSG_NEWTABLE, 0);
	cr_assert_eq(lsk_conntrack_parse(msg.header, &connection), -ENOMSG);
	cr_assert_eq(lsk_nft_parse(msg.header, &object), 0);
	cr_assert_eq(object.kind, LSK_NFT_TABLE);
	msg.header->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8;
	cr_assert_eq(lsk_nft_parse(msg.header, &object), -ENOMSG);
}
