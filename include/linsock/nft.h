/* SPDX-License-Identifier: MIT */
/*
 * What nftables holds: tables, chains, rules, sets, listed and followed. Read only;
 * what a rule's expressions mean is for libnftnl, to which the view of them can be
 * given.
 *
 *	lsk_nl_open(&nl, NETLINK_NETFILTER, NULL);
 *	lsk_nft_dump(nl, LSK_NFT_RULE, AF_UNSPEC, &dump);
 *	while (lsk_nft_next(dump, &object) > 0)
 *		...
 *
 * Changes come by lsk_nl_join(nl, NFNLGRP_NFTABLES) and lsk_nl_event_next(); each
 * transaction ends with an LSK_NFT_GENERATION. A dump over which a transaction came
 * starts over (lsk_nl_dump_is_restarted()).
 */
#ifndef LINSOCK_NFT_H
#define LINSOCK_NFT_H

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdbool.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/netlink.h>

LSK_BEGIN_DECLS

/** enum lsk_nft_kind - what an object is */
enum lsk_nft_kind {
	LSK_NFT_TABLE,
	LSK_NFT_CHAIN,
	LSK_NFT_RULE,
	LSK_NFT_SET,
	LSK_NFT_GENERATION,
	LSK_NFT_KIND__COUNT
};

/** enum lsk_nft_bit - presence bits of struct lsk_nft_object */
enum lsk_nft_bit {
	LSK_NFT_HAS_TABLE,
	LSK_NFT_HAS_NAME,
	LSK_NFT_HAS_HANDLE,
	LSK_NFT_HAS_FLAGS,
	LSK_NFT_HAS_USE,
	LSK_NFT_HAS_TYPE,
	LSK_NFT_HAS_POLICY,
	LSK_NFT_HAS_HOOK,
	LSK_NFT_HAS_PRIORITY,
	LSK_NFT_HAS_POSITION,
	LSK_NFT_HAS_EXPRESSIONS,
	LSK_NFT_HAS_KEY_TYPE,
	LSK_NFT_HAS_KEY_LEN,
	LSK_NFT_HAS_GENERATION,
	LSK_NFT_HAS_PID,
	LSK_NFT_HAS_PROCESS,
	LSK_NFT_HAS_USERDATA,
	LSK_NFT_HAS__COUNT
};

/**
 * struct lsk_nft_object - a table, chain, rule, set, or the end of a transaction
 * @info: nfgen_family is NFPROTO_*
 * @has: bits of enum lsk_nft_bit
 * @kind: what it is
 * @is_removed: the message tells of its end
 * @table: that it is in; of a table its own name
 * @name: of a chain or set; of a rule its chain's
 * @handle: number that stays the same while it lives
 * @flags: NFT_TABLE_F_*, NFT_CHAIN_*, NFT_SET_*
 * @use: of a table or chain: what is in it or refers to it
 * @type: of a base chain: "filter", "nat", "route"
 * @policy: of a base chain: NF_ACCEPT, NF_DROP
 * @hook, @priority: of a base chain
 * @position: of a rule: handle of the rule before it
 * @expressions: of a rule: attributes NFTA_LIST_ELEM; a view
 * @key_type, @key_len: of a set
 * @generation: of GENERATION: number of the ruleset
 * @pid, @process: of GENERATION: who changed it
 * @userdata: of whoever made it (comments); a view
 */
struct lsk_nft_object {
	struct nfgenmsg info;
	uint64_t has;
	enum lsk_nft_kind kind;
	bool is_removed;
	char table[64];
	char name[64];
	uint64_t handle;
	uint32_t flags;
	uint32_t use;
	char type[16];
	uint32_t policy;
	uint32_t hook;
	int32_t priority;
	uint64_t position;
	struct lsk_nl_bytes expressions;
	uint32_t key_type;
	uint32_t key_len;
	uint32_t generation;
	uint32_t pid;
	char process[16];
	struct lsk_nl_bytes userdata;
};

/**
 * lsk_nft_dump() - list objects of a kind
 * @nl: a NETLINK_NETFILTER handle
 * @kind: LSK_NFT_TABLE, _CHAIN, _RULE or _SET
 * @family: NFPROTO_*; NFPROTO_UNSPEC for all
 * @ret_dump: set on success; end with lsk_nl_dump_end()
 *
 * Needs CAP_NET_ADMIN.
 *
 * Return: 0, -EINVAL, or as lsk_nl_dump_start().
 */
int lsk_nft_dump(struct lsk_nl *nl, enum lsk_nft_kind kind, int family,
		 struct lsk_nl_dump **ret_dump);

/**
 * lsk_nft_next() - the dump's next object
 * @dump: made by lsk_nft_dump()
 * @ret_object: filled; its views live until the next call on @dump
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_nft_next(struct lsk_nl_dump *dump, struct lsk_nft_object *ret_object);

/**
 * lsk_nft_parse() - read a message of nftables
 * @msg: the whole message, aligned to 4 bytes
 * @ret_object: zeroed and filled
 *
 * Return: 0; -EBADMSG; -ENOMSG for another subsystem, or objects of no kind above.
 */
int lsk_nft_parse(const struct nlmsghdr *msg, struct lsk_nft_object *ret_object);

/**
 * lsk_nft_expression_next() - the next expression of a rule
 * @expressions: of the rule; moved behind the expression
 * @ret_name: gets "meta", "cmp", "immediate" …, cut to 32 bytes
 * @ret_data: its attributes; a view
 *
 * Return: 1; 0 at the end; -EBADMSG.
 */
int lsk_nft_expression_next(struct lsk_nl_bytes *expressions, char ret_name[32],
			    struct lsk_nl_bytes *ret_data);

LSK_END_DECLS

#endif
