/* SPDX-License-Identifier: MIT */
/*
 * What only IPv4 and IPv6 have: connections to a host by name, servers for both
 * families, and the control messages of IP.
 */
#ifndef LINSOCK_INET_H
#define LINSOCK_INET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/control.h>
#include <linsock/error.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_STAGGER_DEFAULT - RFC 8305's delay between attempts: 250 ms */
#define LSK_STAGGER_DEFAULT (LSK_NSEC_PER_SEC / 4)

/**
 * struct lsk_connect_options - how lsk_connect_host() goes about it
 * @timeout_ns: for everything together, the name lookup included; 0 for no limit
 * @attempt_timeout_ns: for each address; 0 for no limit
 * @stagger_ns: 0 tries one address after the other; more starts the next attempt when
 *	the earlier ones have not been decided for so long (RFC 8305, "happy eyeballs")
 * @source: local address to bind to; addresses of the other family are then not tried;
 *	borrowed; NULL for any
 * @family: AF_INET, AF_INET6, or 0 for both
 * @protocol: IPPROTO_TCP, IPPROTO_MPTCP …; 0 for TCP. Where the kernel has no MPTCP it
 *	becomes TCP, as lsk_socket_protocol() then says
 *
 * All zero, or NULL instead of it, is a plain attempt at each address without a limit.
 */
struct lsk_connect_options {
	int64_t timeout_ns;
	int64_t attempt_timeout_ns;
	int64_t stagger_ns;
	const struct lsk_addr *source;
	int family;
	int protocol;
};

/**
 * struct lsk_connect_attempt - what became of one address
 * @addr: the address
 * @error: 0 for the one that is connected; the negative error of one that failed;
 *	-EINPROGRESS of one that was given up undecided
 */
struct lsk_connect_attempt {
	struct lsk_addr addr;
	int error;
};

/**
 * struct lsk_connect_report - where the attempts are told
 * @attempts: room for @max, the caller's
 * @max: see @attempts
 * @count: set: how many attempts there were, which may be more than @max
 */
struct lsk_connect_report {
	struct lsk_connect_attempt *attempts;
	size_t max;
	size_t count;
};

/**
 * lsk_connect_host() - connect a stream to a host, whichever of its addresses answers
 * @ret_socket: set on success; free with lsk_socket_free(); its timeout is the default
 * @host: a name or a number
 * @service: a name or a port number
 * @options: NULL for the defaults; borrowed
 * @report: told on success and on failure, from the first attempt on; may be NULL
 * @ret_error: which address failed last and how; may be NULL
 *
 * Return: 0; -ETIME; LSK_ERR_EAI() of a name that cannot be resolved; LSK_ERR_EMPTY
 * where no address was left to try; else the error of the last attempt.
 */
int lsk_connect_host(struct lsk_socket **ret_socket, const char *host,
		     const char *service, const struct lsk_connect_options *options,
		     struct lsk_connect_report *report, struct lsk_error *ret_error);

/**
 * struct lsk_server_options - how lsk_create_server() goes about it
 * @backlog: 0 for the default; else as lsk_socket_listen()
 * @reuse_port: several sockets share the port (SO_REUSEPORT)
 * @dual_stack: an IPv6 socket takes IPv4 too, whose peers read as ::ffff:1.2.3.4; else
 *	IPv6 alone, whatever net.ipv6.bindv6only says
 * @protocol: as in struct lsk_connect_options. A server of MPTCP serves peers with
 *	plain TCP too
 */
struct lsk_server_options {
	int backlog;
	bool reuse_port;
	bool dual_stack;
	int protocol;
};

/**
 * lsk_create_server() - a stream socket that listens
 * @ret_socket: set on success; free with lsk_socket_free()
 * @addr: where, IPv4 or IPv6
 * @options: NULL for the defaults; borrowed
 * @ret_error: which step failed, at which address; may be NULL
 *
 * SO_REUSEADDR is set, so that a server that is started again gets its port.
 *
 * Return: 0; LSK_ERR_FAMILY for another family, and for dual_stack without IPv6;
 * -EADDRINUSE, -EACCES, -EADDRNOTAVAIL …
 */
int lsk_create_server(struct lsk_socket **ret_socket, const struct lsk_addr *addr,
		      const struct lsk_server_options *options,
		      struct lsk_error *ret_error);

/**
 * lsk_inet_is_multipath() - whether a connection speaks MPTCP
 * @sock: a connected stream socket
 *
 * A socket that was made for MPTCP speaks TCP where its peer or a box on the way knows
 * nothing else; the kernel's own words for it differ (MPTCP_INFO: -EOPNOTSUPP,
 * -ENOPROTOOPT, or a flag), and are read here.
 *
 * Return: 1, or 0 for plain TCP; -ENOTCONN where there is no connection; another
 * negated errno of getsockopt(2).
 */
int lsk_inet_is_multipath(const struct lsk_socket *sock);

/** lsk_has_ipv6() - whether this kernel makes IPv6 sockets; tried now */
bool lsk_has_ipv6(void);

/** lsk_has_dual_stack() - whether one IPv6 socket can take IPv4 too; tried now */
bool lsk_has_dual_stack(void);

/**
 * struct lsk_inet_packet_info - how a packet came, or shall go
 * @local: the address that it was sent to, or shall come from, with port 0; a length
 *	of 0 lets the kernel choose
 * @interface: index; 0 lets the kernel choose
 */
struct lsk_inet_packet_info {
	struct lsk_addr local;
	unsigned int interface;
};

/**
 * lsk_inet_get_packet_info() - where it was sent to (IP_PKTINFO, IPV6_RECVPKTINFO)
 * @item: the item
 * @ret_info: set on success
 *
 * Return: 0, -ENOMSG, -EBADMSG.
 */
int lsk_inet_get_packet_info(const struct lsk_control_item *item,
			     struct lsk_inet_packet_info *ret_info);

/**
 * lsk_inet_add_packet_info() - choose source address and interface of a datagram
 * @control: where to
 * @family: AF_INET or AF_INET6, of the socket
 * @info: copied
 *
 * Return: 0, -ENOSPC, LSK_ERR_FAMILY, -EINVAL.
 */
int lsk_inet_add_packet_info(struct lsk_control *control, int family,
			     const struct lsk_inet_packet_info *info);

/**
 * lsk_inet_get_hop_limit() - TTL or hop limit (IP_RECVTTL, IPV6_RECVHOPLIMIT)
 * @item: the item
 *
 * Return: 0 … 255, -ENOMSG, -EBADMSG.
 */
int lsk_inet_get_hop_limit(const struct lsk_control_item *item);

/**
 * lsk_inet_add_hop_limit() - set the TTL or hop limit of one datagram
 * @control: where to
 * @family: AF_INET or AF_INET6, of the socket
 * @hops: 0 … 255
 *
 * Return: 0, -ENOSPC, LSK_ERR_RANGE, LSK_ERR_FAMILY.
 */
int lsk_inet_add_hop_limit(struct lsk_control *control, int family, int hops);

/**
 * lsk_inet_get_traffic_class() - TOS or traffic class (IP_RECVTOS, IPV6_RECVTCLASS)
 * @item: the item
 *
 * Return: 0 … 255, -ENOMSG, -EBADMSG.
 */
int lsk_inet_get_traffic_class(const struct lsk_control_item *item);

/**
 * lsk_inet_add_traffic_class() - set the TOS or traffic class of one datagram
 * @control: where to
 * @family: AF_INET or AF_INET6, of the socket
 * @value: 0 … 255
 *
 * Return: 0, -ENOSPC, LSK_ERR_RANGE, LSK_ERR_FAMILY.
 */
int lsk_inet_add_traffic_class(struct lsk_control *control, int family, int value);

/**
 * lsk_inet_get_segment_size() - length of the datagrams that were put together
 * (UDP_GRO)
 * @item: the item
 *
 * Return: bytes of each but the last, -ENOMSG, -EBADMSG.
 */
int lsk_inet_get_segment_size(const struct lsk_control_item *item);

/**
 * lsk_inet_add_segment_size() - let the kernel cut a message into datagrams
 * (UDP_SEGMENT)
 * @control: where to
 * @size: bytes of each but the last, at most 65535
 *
 * Return: 0, -ENOSPC, LSK_ERR_RANGE.
 */
int lsk_inet_add_segment_size(struct lsk_control *control, int size);

/**
 * struct lsk_inet_error - one entry of the error queue (struct sock_extended_err)
 * @error: the negative errno; 0 for what is no error
 * @origin: SO_EE_ORIGIN_* of linux/errqueue.h
 * @type: ICMP type
 * @code: ICMP code; SO_EE_CODE_*
 * @info: MTU of an -EMSGSIZE; of a time stamp SCM_TSTAMP_*; of zero-copy sends the
 *	first of those that are done
 * @data: of a time stamp the number of the packet (SOF_TIMESTAMPING_OPT_ID); of
 *	zero-copy sends the last
 * @offender: who reported it; a length of 0 where that is not known
 */
struct lsk_inet_error {
	int error;
	unsigned int origin;
	unsigned int type;
	unsigned int code;
	uint32_t info;
	uint32_t data;
	struct lsk_addr offender;
};

/**
 * lsk_inet_get_error() - what the error queue says (IP_RECVERR, IPV6_RECVERR)
 * @item: an item of a message received with MSG_ERRQUEUE
 * @ret_error: set on success
 *
 * Return: 0, -ENOMSG, -EBADMSG.
 */
int lsk_inet_get_error(const struct lsk_control_item *item,
		       struct lsk_inet_error *ret_error);

LSK_END_DECLS

#endif
