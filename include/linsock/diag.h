/* SPDX-License-Identifier: MIT */
/*
 * The sockets of this network namespace, as ss(8) shows them: sock_diag(7).
 *
 *	lsk_nl_open(&nl, NETLINK_SOCK_DIAG, NULL);
 *	struct lsk_diag_request request = {
 *		.family = AF_INET, .protocol = IPPROTO_TCP, .show = LSK_DIAG_SHOW_INFO,
 *	};
 *	lsk_diag_dump(nl, &request, &dump);
 *	while (lsk_diag_next(dump, &sock) > 0)
 *		…
 *
 * One struct serves all families: inet and inet6 (TCP, UDP, UDP-Lite, RAW, SCTP, DCCP,
 * MPTCP), unix, netlink, packet, vsock, xdp. A family without its diag module is
 * -ENOENT or -EINVAL at the first lsk_diag_next().
 */
#ifndef LINSOCK_DIAG_H
#define LINSOCK_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/netlink.h>

LSK_BEGIN_DECLS

/** enum lsk_diag_show - what is to be told besides addresses, state and queues
 * @LSK_DIAG_SHOW_MEMORY: @memory
 * @LSK_DIAG_SHOW_INFO: @info: struct tcp_info, mptcp_info, packet_diag_info,
 *	xdp_diag_info
 * @LSK_DIAG_SHOW_CONGESTION: @congestion, the name of TCP's algorithm
 * @LSK_DIAG_SHOW_TOS: @tos
 * @LSK_DIAG_SHOW_GROUPS: @groups of netlink sockets
 * @LSK_DIAG_SHOW_RINGS: packet and xdp: rings, fanout, umem, drops, in
 *	@attributes
 */
enum lsk_diag_show {
	LSK_DIAG_SHOW_MEMORY = 1 << 0,
	LSK_DIAG_SHOW_INFO = 1 << 1,
	LSK_DIAG_SHOW_CONGESTION = 1 << 2,
	LSK_DIAG_SHOW_TOS = 1 << 3,
	LSK_DIAG_SHOW_GROUPS = 1 << 4,
	LSK_DIAG_SHOW_RINGS = 1 << 5,
};

/** LSK_DIAG_MEMORY_MAX - numbers of struct lsk_diag_socket's @memory: SK_MEMINFO_* */
#define LSK_DIAG_MEMORY_MAX 9

/** LSK_DIAG_FILTER_MAX - bytes of a filter */
#define LSK_DIAG_FILTER_MAX 1024

/**
 * struct lsk_diag_filter - an expression that decides about sockets; run by the kernel
 * @len: bytes of @code; 0: every socket is let through
 * @error: the first fault, which sticks; told by lsk_diag_dump()
 * @code: INET_DIAG_BC_*; inet and inet6 only
 *
 * Starts as zeros. A condition that is added must hold together with what is there;
 * other expressions are made of two filters:
 *
 *	struct lsk_diag_filter filter = {0}, other = {0};
 *
 *	lsk_diag_filter_port(&filter, false, LSK_DIAG_EQUAL, 80);
 *	lsk_diag_filter_port(&other, true, LSK_DIAG_EQUAL, 80);
 *	lsk_diag_filter_or(&filter, &other);
 */
struct lsk_diag_filter {
	uint16_t len;
	int error;
	uint32_t code[LSK_DIAG_FILTER_MAX / 4];
};

/** enum lsk_diag_compare - how a port is compared */
enum lsk_diag_compare {
	LSK_DIAG_EQUAL,
	LSK_DIAG_AT_LEAST,
	LSK_DIAG_AT_MOST,
};

/**
 * lsk_diag_filter_port() - let a port decide
 * @filter: one more condition
 * @is_peer: the peer's port; false: the local one
 * @compare: how
 * @port: host byte order
 */
void lsk_diag_filter_port(struct lsk_diag_filter *filter, bool is_peer,
			  enum lsk_diag_compare compare, uint16_t port);

/**
 * lsk_diag_filter_host() - let an address decide
 * @filter: one more condition
 * @is_peer: the peer's address; false: the local one
 * @addr: inet or inet6; its port decides too unless it is 0
 * @prefix_len: leading bits that must be equal; 0: the port alone
 */
void lsk_diag_filter_host(struct lsk_diag_filter *filter, bool is_peer,
			  const struct lsk_addr *addr, uint8_t prefix_len);

/**
 * lsk_diag_filter_interface() - let the interface that a socket is bound to decide
 * @filter: one more condition
 * @index: of the interface
 */
void lsk_diag_filter_interface(struct lsk_diag_filter *filter, uint32_t index);

/**
 * lsk_diag_filter_mark() - let SO_MARK decide
 * @filter: one more condition
 * @mark: what the bits of @mask must be
 * @mask: the others do not matter
 *
 * Needs CAP_NET_ADMIN; else the dump ends with -EPERM.
 */
void lsk_diag_filter_mark(struct lsk_diag_filter *filter, uint32_t mark, uint32_t mask);

/**
 * lsk_diag_filter_cgroup() - let the cgroup of a socket decide
 * @filter: one more condition
 * @id: of the cgroup: what a file handle of its folder holds
 */
void lsk_diag_filter_cgroup(struct lsk_diag_filter *filter, uint64_t id);

/**
 * lsk_diag_filter_autobound() - let through whose port the kernel has chosen
 * @filter: one more condition
 */
void lsk_diag_filter_autobound(struct lsk_diag_filter *filter);

/**
 * lsk_diag_filter_and() - let through what both do
 * @filter: becomes the whole
 * @other: the second half; copied
 */
void lsk_diag_filter_and(struct lsk_diag_filter *filter,
			 const struct lsk_diag_filter *other);

/**
 * lsk_diag_filter_or() - let through what one of two does
 * @filter: becomes the whole
 * @other: the second half; copied
 */
void lsk_diag_filter_or(struct lsk_diag_filter *filter,
			const struct lsk_diag_filter *other);

/**
 * lsk_diag_filter_not() - let through what @filter did not
 * @filter: becomes its opposite
 */
void lsk_diag_filter_not(struct lsk_diag_filter *filter);

/**
 * struct lsk_diag_request - which sockets, and what of them
 * @family: AF_INET, AF_INET6, AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK, AF_XDP
 * @protocol: IPPROTO_TCP …; NETLINK_* plus 1, 0 for all of them; else 0
 * @states: 1 << TCP_*; 0: all
 * @show: bits of enum lsk_diag_show
 * @filter: NULL: none; borrowed for the call
 */
struct lsk_diag_request {
	uint8_t family;
	uint16_t protocol;
	uint32_t states;
	uint32_t show;
	const struct lsk_diag_filter *filter;
};

/** enum lsk_diag_bit - presence bits of struct lsk_diag_socket */
enum lsk_diag_bit {
	LSK_DIAG_MEMORY,
	LSK_DIAG_INFO,
	LSK_DIAG_CONGESTION,
	LSK_DIAG_TOS,
	LSK_DIAG_TCLASS,
	LSK_DIAG_SHUTDOWN,
	LSK_DIAG_MARK,
	LSK_DIAG_CGROUP,
	LSK_DIAG_V6ONLY,
	LSK_DIAG_PROTOCOL,
	LSK_DIAG_UID,
	LSK_DIAG_QUEUES,
	LSK_DIAG_NAME,
	LSK_DIAG_FILE,
	LSK_DIAG_PEER_INODE,
	LSK_DIAG_PENDING,
	LSK_DIAG_GROUPS,
	LSK_DIAG_FANOUT,
	LSK_DIAG_ULP,
	LSK_DIAG_SOCKOPT,
	LSK_DIAG_CONGESTION_INFO,
	LSK_DIAG__COUNT
};

/**
 * struct lsk_diag_socket - a socket
 * @has: bits of enum lsk_diag_bit
 * @family: AF_*
 * @type: SOCK_*; 0 where the family does not tell (inet)
 * @protocol: IPPROTO_*, NETLINK_*, or of packet sockets ETH_P_* in host byte order
 * @state: TCP_ESTABLISHED …, for all families
 * @timer: of TCP: 0 none, 1 retransmission, 2 keepalive, 3 TIME_WAIT, 4 probe
 * @retransmits: of that timer
 * @timer_ms: until it runs out
 * @shutdown: bits: 1 receiving, 2 sending
 * @local, @peer: of length 0 where the family has none
 * @interface: index that it is bound to; 0: none
 * @queue: xdp: of that interface
 * @receive_queue: bytes that wait; of a listener connections that wait
 * @send_queue: bytes that wait; of a listener how many may wait
 * @uid: of the owner
 * @inode: as /proc/PID/fd shows it; 0: no file any more
 * @cookie: of this socket and of no other, ever
 * @mark: SO_MARK
 * @cgroup: id of its cgroup
 * @tos, @tclass, @v6only: inet
 * @memory: SK_MEMINFO_*, bytes; the last counts drops
 * @congestion: of TCP
 * @congestion_info: of that algorithm, with LSK_DIAG_SHOW_INFO: struct tcp_bbr_info,
 *	tcp_dctcp_info, tcpvegas_info; a view
 * @peer_inode: unix: the other end
 * @file_inode, @file_device: unix: of the path
 * @info: see LSK_DIAG_SHOW_INFO; a view
 * @groups: netlink: joined groups, 32 bits per word; a view
 * @pending: unix: inodes of connections that wait, 32 bits each; a view
 * @attributes: all that the kernel sent, for what has no field; a view, read with
 *	lsk_nl_attr_next()
 */
struct lsk_diag_socket {
	uint64_t has;
	uint8_t family;
	uint8_t type;
	uint16_t protocol;
	uint8_t state;
	uint8_t timer;
	uint8_t retransmits;
	uint8_t shutdown;
	uint32_t timer_ms;
	uint32_t interface;
	uint32_t queue;
	uint32_t receive_queue;
	uint32_t send_queue;
	uint32_t uid;
	uint32_t inode;
	uint64_t cookie;
	uint32_t mark;
	uint64_t cgroup;
	uint8_t tos;
	uint8_t tclass;
	uint8_t v6only;
	uint32_t peer_inode;
	uint32_t file_inode;
	uint32_t file_device;
	uint32_t memory[LSK_DIAG_MEMORY_MAX];
	char congestion[16];
	struct lsk_nl_bytes info;
	struct lsk_nl_bytes congestion_info;
	struct lsk_nl_bytes groups;
	struct lsk_nl_bytes pending;
	struct lsk_nl_bytes attributes;
	struct lsk_addr local;
	struct lsk_addr peer;
};

/**
 * lsk_diag_dump() - list sockets
 * @nl: a NETLINK_SOCK_DIAG handle
 * @request: which
 * @ret_dump: set on success; end with lsk_nl_dump_end()
 *
 * The kernel never marks such a list as torn: sockets that come and go meanwhile may be
 * in it or not.
 *
 * Return: 0, -EAFNOSUPPORT, the fault of the filter, or as lsk_nl_dump_start().
 */
int lsk_diag_dump(struct lsk_nl *nl, const struct lsk_diag_request *request,
		  struct lsk_nl_dump **ret_dump);

/**
 * lsk_diag_next() - the dump's next socket
 * @dump: made by lsk_diag_dump()
 * @ret_socket: set when 1 is returned; its views live until the next call on @dump
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_diag_next(struct lsk_nl_dump *dump, struct lsk_diag_socket *ret_socket);

/**
 * lsk_diag_parse() - read a SOCK_DIAG_BY_FAMILY message
 * @msg: the whole message, aligned to 4 bytes
 * @ret_socket: zeroed and filled
 *
 * The groups SKNLGRP_INET_TCP_DESTROY … send them for sockets that end.
 *
 * Return: 0, -EBADMSG, -EAFNOSUPPORT.
 */
int lsk_diag_parse(const struct nlmsghdr *msg, struct lsk_diag_socket *ret_socket);

/**
 * lsk_diag_unix() - ask for one UNIX socket
 * @nl: a NETLINK_SOCK_DIAG handle, of the socket's network namespace
 * @inode: as /proc/PID/fd shows it
 * @show: bits of enum lsk_diag_show
 * @ret_socket: set on success; its views live until the next request on @nl
 *
 * Return: 0; -ENOENT (gone, or module unix_diag is not there); -EINVAL; or as
 * lsk_nl_query().
 */
int lsk_diag_unix(struct lsk_nl *nl, uint32_t inode, uint32_t show,
		  struct lsk_diag_socket *ret_socket);

/**
 * lsk_diag_unix_peer() - the other end of a connected UNIX socket
 * @nl: as for lsk_diag_unix()
 * @sock: a UNIX socket of ours
 * @show: bits of enum lsk_diag_show
 * @ret_peer: set on success: its name, owner, queues, and the inode that says whose it
 *	is; its views live until the next request on @nl
 *
 * Return: 0; -ENOTCONN where there is no peer, or one that nobody has accepted yet;
 * -ENOENT where it went meanwhile; LSK_ERR_FAMILY for another family; or as
 * lsk_diag_unix().
 */
int lsk_diag_unix_peer(struct lsk_nl *nl, const struct lsk_socket *sock, uint32_t show,
		       struct lsk_diag_socket *ret_peer);

/**
 * lsk_diag_destroy() - abort a socket, whoever has it
 * @nl: a NETLINK_SOCK_DIAG handle
 * @sock: inet or inet6, as a dump gave it: that very socket, by its cookie
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 * @ret_error: what the kernel says; may be NULL
 *
 * Its owner's calls end with -ECONNABORTED. Needs CAP_NET_ADMIN.
 *
 * Return: 0, -ENOENT (gone already), -EOPNOTSUPP (a kernel without
 * CONFIG_INET_DIAG_DESTROY), -EPERM, -EAFNOSUPPORT.
 */
int lsk_diag_destroy(struct lsk_nl *nl, const struct lsk_diag_socket *sock,
		     uint8_t protocol, struct lsk_nl_error *ret_error);

LSK_END_DECLS

#endif
