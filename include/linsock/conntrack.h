/* SPDX-License-Identifier: MIT */
/*
 * Connections that netfilter tracks: listed, followed, forgotten.
 *
 *	lsk_nl_open(&nl, NETLINK_NETFILTER, NULL);
 *	lsk_conntrack_dump(nl, AF_UNSPEC, &dump);
 *	while (lsk_conntrack_next(dump, &connection) > 0)
 *		...
 *
 * Events come by lsk_nl_join() with NFNLGRP_CONNTRACK_NEW, _UPDATE, _DESTROY and
 * lsk_nl_event_next(); what they say is read by lsk_conntrack_parse(). Nothing is
 * tracked before something asks for it: a rule of nftables that looks at the state of
 * connections, in the namespace in question.
 */
#ifndef LINSOCK_CONNTRACK_H
#define LINSOCK_CONNTRACK_H

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/netlink.h>

LSK_BEGIN_DECLS

/** enum lsk_conntrack_bit - presence bits of struct lsk_conntrack */
enum lsk_conntrack_bit {
	LSK_CONNTRACK_SRC,
	LSK_CONNTRACK_DST,
	LSK_CONNTRACK_PROTOCOL,
	LSK_CONNTRACK_SPORT,
	LSK_CONNTRACK_DPORT,
	LSK_CONNTRACK_ICMP_ID,
	LSK_CONNTRACK_ICMP_TYPE,
	LSK_CONNTRACK_ICMP_CODE,
	LSK_CONNTRACK_REPLY_SRC,
	LSK_CONNTRACK_REPLY_DST,
	LSK_CONNTRACK_REPLY_SPORT,
	LSK_CONNTRACK_REPLY_DPORT,
	LSK_CONNTRACK_STATUS,
	LSK_CONNTRACK_TIMEOUT,
	LSK_CONNTRACK_MARK,
	LSK_CONNTRACK_USE,
	LSK_CONNTRACK_ID,
	LSK_CONNTRACK_ZONE,
	LSK_CONNTRACK_PACKETS,
	LSK_CONNTRACK_BYTES,
	LSK_CONNTRACK_REPLY_PACKETS,
	LSK_CONNTRACK_REPLY_BYTES,
	LSK_CONNTRACK_TCP_STATE,
	LSK_CONNTRACK_HELPER,
	LSK_CONNTRACK_START,
	LSK_CONNTRACK_STOP,
	LSK_CONNTRACK__COUNT
};

/**
 * struct lsk_conntrack - a connection; all in host byte order
 * @info: nfgen_family is AF_INET or AF_INET6
 * @has: bits of enum lsk_conntrack_bit
 * @src, @dst, @sport, @dport: as the first packet had them
 * @reply_src, @reply_dst, @reply_sport, @reply_dport: as answers have them, which
 *	address translation changes
 * @protocol: IPPROTO_*
 * @icmp_id, @icmp_type, @icmp_code: of ICMP and ICMPv6
 * @status: IPS_*
 * @timeout: seconds that are left
 * @zone: of the connection
 * @packets, @bytes, @reply_packets, @reply_bytes: where accounting is on
 *	(net.netfilter.nf_conntrack_acct)
 * @tcp_state: TCP_CONNTRACK_*
 * @helper: such as "ftp"
 * @start, @stop: nanoseconds since 1970, where net.netfilter.nf_conntrack_timestamp is
 *	on
 */
struct lsk_conntrack {
	struct nfgenmsg info;
	uint64_t has;
	struct lsk_nl_blob src;
	struct lsk_nl_blob dst;
	struct lsk_nl_blob reply_src;
	struct lsk_nl_blob reply_dst;
	uint16_t sport;
	uint16_t dport;
	uint16_t reply_sport;
	uint16_t reply_dport;
	uint16_t icmp_id;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint8_t protocol;
	uint8_t tcp_state;
	uint16_t zone;
	uint32_t status;
	uint32_t timeout;
	uint32_t mark;
	uint32_t use;
	uint32_t id;
	uint64_t packets;
	uint64_t bytes;
	uint64_t reply_packets;
	uint64_t reply_bytes;
	uint64_t start;
	uint64_t stop;
	char helper[32];
};

/**
 * lsk_conntrack_dump() - list connections
 * @nl: a NETLINK_NETFILTER handle
 * @family: AF_INET, AF_INET6; AF_UNSPEC for both
 * @ret_dump: set on success; end with lsk_nl_dump_end()
 *
 * The kernel never marks such a list as torn.
 *
 * Return: as lsk_nl_dump_start().
 */
int lsk_conntrack_dump(struct lsk_nl *nl, int family, struct lsk_nl_dump **ret_dump);

/**
 * lsk_conntrack_next() - the dump's next connection
 * @dump: made by lsk_conntrack_dump()
 * @ret_connection: filled
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_conntrack_next(struct lsk_nl_dump *dump, struct lsk_conntrack *ret_connection);

/**
 * lsk_conntrack_parse() - read a message of the conntrack subsystem
 * @msg: the whole message, aligned to 4 bytes
 * @ret_connection: zeroed and filled
 *
 * NFNL_MSG_TYPE(msg->nlmsg_type) is IPCTNL_MSG_CT_NEW for new connections (with
 * NLM_F_CREATE) and changed ones, IPCTNL_MSG_CT_DELETE for those that ended.
 *
 * Return: 0; -EBADMSG; -ENOMSG for a message of another subsystem.
 */
int lsk_conntrack_parse(const struct nlmsghdr *msg,
			struct lsk_conntrack *ret_connection);

/**
 * lsk_conntrack_flush() - forget all connections
 * @nl: a NETLINK_NETFILTER handle
 * @family: AF_INET, AF_INET6; AF_UNSPEC for both (Linux 5.2; before that, always both)
 * @ret_error: the kernel's words; may be NULL
 *
 * Needs CAP_NET_ADMIN.
 *
 * Return: 0 or as lsk_nl_request().
 */
int lsk_conntrack_flush(struct lsk_nl *nl, int family, struct lsk_nl_error *ret_error);

/**
 * lsk_conntrack_delete() - forget one connection
 * @nl: a NETLINK_NETFILTER handle
 * @connection: as a list gave it
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: 0, -ENOENT (it has ended), or as lsk_nl_request().
 */
int lsk_conntrack_delete(struct lsk_nl *nl, const struct lsk_conntrack *connection,
			 struct lsk_nl_error *ret_error);

LSK_END_DECLS

#endif
