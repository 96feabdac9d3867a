/* SPDX-License-Identifier: MIT */
/*
 * Multipath TCP (RFC 8684): what a connection has become, and the kernel's path
 * manager.
 *
 * Whether a connection speaks MPTCP at all, lsk_inet_is_multipath() of inet.h says.
 * Later subflows join at the port of the server, so that one which has closed its
 * listening socket takes none. The
 * path manager is reached by lsk_nl_open(&nl, NETLINK_GENERIC, NULL); it belongs to a
 * network namespace, and changes want CAP_NET_ADMIN. Linux 5.6; the socket's
 * information 5.16. Source: linux/mptcp.h, linux/mptcp_pm.h, ip-mptcp(8).
 */
#ifndef LINSOCK_MPTCP_H
#define LINSOCK_MPTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/netlink.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * struct lsk_mptcp_info - what a connection has become (MPTCP_INFO)
 * @is_multipath: false: it is plain TCP, and the rest is 0
 * @subflows: connections of TCP besides the first
 * @subflows_max: how many there may be
 * @addresses_announced: our own that the peer was told
 * @addresses_accepted: of the peer's that we took
 * @token: names the connection in events
 * @retransmits: data that was sent again (Linux 6.5; else 0)
 * @bytes_sent: over all subflows (Linux 6.5; else 0)
 * @bytes_received: over all subflows (Linux 6.5; else 0)
 * @bytes_retransmitted: over all subflows (Linux 6.5; else 0)
 */
struct lsk_mptcp_info {
	bool is_multipath;
	unsigned int subflows;
	unsigned int subflows_max;
	unsigned int addresses_announced;
	unsigned int addresses_accepted;
	uint32_t token;
	uint32_t retransmits;
	uint64_t bytes_sent;
	uint64_t bytes_received;
	uint64_t bytes_retransmitted;
};

/**
 * lsk_mptcp_info() - what a connection has become
 * @sock: a connected stream socket
 * @ret_info: set on success
 *
 * Return: 0, also for plain TCP; -ENOTCONN; another negated errno of getsockopt(2).
 */
int lsk_mptcp_info(const struct lsk_socket *sock, struct lsk_mptcp_info *ret_info);

/**
 * struct lsk_mptcp_subflow - one connection of TCP
 * @local: our end
 * @remote: the peer's
 */
struct lsk_mptcp_subflow {
	struct lsk_addr local;
	struct lsk_addr remote;
};

/** LSK_MPTCP_SUBFLOWS_MAX - more than the kernel makes */
#define LSK_MPTCP_SUBFLOWS_MAX 16

/**
 * lsk_mptcp_subflows() - the connections of TCP that carry it (MPTCP_SUBFLOW_ADDRS)
 * @sock: a connected stream socket
 * @ret_subflows: gets at most @max of them
 * @max: room; at most LSK_MPTCP_SUBFLOWS_MAX are asked for
 *
 * Return: how many there are, which may be more than @max; 0 for plain TCP; or a
 * negated errno of getsockopt(2).
 */
int lsk_mptcp_subflows(const struct lsk_socket *sock,
		       struct lsk_mptcp_subflow *ret_subflows, size_t max);

/**
 * enum lsk_mptcp_endpoint_flags - what an address is for; MPTCP_PM_ADDR_FLAG_*
 * @LSK_MPTCP_SIGNAL: tell it to peers
 * @LSK_MPTCP_SUBFLOW: connect from it
 * @LSK_MPTCP_BACKUP: only where no other path is left
 * @LSK_MPTCP_FULLMESH: connect from it to each of the peer's
 * @LSK_MPTCP_IMPLICIT: made by the kernel; cannot be set
 */
enum lsk_mptcp_endpoint_flags {
	LSK_MPTCP_SIGNAL = 1,
	LSK_MPTCP_SUBFLOW = 2,
	LSK_MPTCP_BACKUP = 4,
	LSK_MPTCP_FULLMESH = 8,
	LSK_MPTCP_IMPLICIT = 16,
};

/**
 * struct lsk_mptcp_endpoint - an address that the path manager uses
 * @addr: IPv4 or IPv6; a port other than 0 makes the kernel listen there
 * @id: its number on the wire, 1 … 255; 0 when adding: the kernel picks one
 * @flags: enum lsk_mptcp_endpoint_flags
 * @interface: index; 0 for any
 */
struct lsk_mptcp_endpoint {
	struct lsk_addr addr;
	uint8_t id;
	uint32_t flags;
	uint32_t interface;
};

/**
 * lsk_mptcp_endpoint_add() - use one more address
 * @nl: a NETLINK_GENERIC handle
 * @endpoint: copied
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: 0; -EEXIST for one that is there (-EINVAL on 6.1); LSK_ERR_FAMILY for what is
 * no IP address; -ENOENT where the kernel has no MPTCP; or as lsk_nl_request().
 */
int lsk_mptcp_endpoint_add(struct lsk_nl *nl, const struct lsk_mptcp_endpoint *endpoint,
			   struct lsk_nl_error *ret_error);

/**
 * lsk_mptcp_endpoint_remove() - use an address no more; its subflows end
 * @nl: a NETLINK_GENERIC handle
 * @id: of the endpoint
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: 0; -EINVAL where there is none; or as lsk_nl_request().
 */
int lsk_mptcp_endpoint_remove(struct lsk_nl *nl, uint8_t id,
			      struct lsk_nl_error *ret_error);

/**
 * lsk_mptcp_endpoint_set_flags() - make an address a backup, or one for all
 * @nl: a NETLINK_GENERIC handle
 * @id: of the endpoint
 * @flags: LSK_MPTCP_BACKUP and LSK_MPTCP_FULLMESH, set or cleared
 * @ret_error: the kernel's words; may be NULL
 *
 * Linux 5.17 by number.
 *
 * Return: 0; or as lsk_nl_request().
 */
int lsk_mptcp_endpoint_set_flags(struct lsk_nl *nl, uint8_t id, uint32_t flags,
				 struct lsk_nl_error *ret_error);

/**
 * lsk_mptcp_endpoint_flush() - use no address any more
 * @nl: a NETLINK_GENERIC handle
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: as lsk_nl_request().
 */
int lsk_mptcp_endpoint_flush(struct lsk_nl *nl, struct lsk_nl_error *ret_error);

/**
 * lsk_mptcp_endpoint_dump() - list the addresses
 * @nl: a NETLINK_GENERIC handle
 * @ret_dump: set on success; end with lsk_nl_dump_end()
 *
 * Return: 0; -ENOENT where the kernel has no MPTCP; or as lsk_nl_dump_start().
 */
int lsk_mptcp_endpoint_dump(struct lsk_nl *nl, struct lsk_nl_dump **ret_dump);

/**
 * lsk_mptcp_endpoint_parse() - read an answer of MPTCP_PM_CMD_GET_ADDR
 * @msg: the whole message, aligned to 4 bytes
 * @ret_endpoint: set on success
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_mptcp_endpoint_parse(const struct nlmsghdr *msg,
			     struct lsk_mptcp_endpoint *ret_endpoint);

/**
 * lsk_mptcp_endpoint_next() - the dump's next address
 * @dump: made by lsk_mptcp_endpoint_dump()
 * @ret_endpoint: set when 1 is returned
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_mptcp_endpoint_next(struct lsk_nl_dump *dump,
			    struct lsk_mptcp_endpoint *ret_endpoint);

/**
 * struct lsk_mptcp_limits - how much the path manager does; each at most 8
 * @subflows: besides the first, of each connection
 * @addresses_accepted: of the peer's, to which it connects
 */
struct lsk_mptcp_limits {
	uint32_t subflows;
	uint32_t addresses_accepted;
};

/**
 * lsk_mptcp_limits_parse() - read an answer of MPTCP_PM_CMD_GET_LIMITS
 * @msg: the whole message, aligned to 4 bytes
 * @ret_limits: set on success
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_mptcp_limits_parse(const struct nlmsghdr *msg,
			   struct lsk_mptcp_limits *ret_limits);

/**
 * lsk_mptcp_limits_get() - read the limits
 * @nl: a NETLINK_GENERIC handle
 * @ret_limits: set on success
 *
 * Return: 0; -ENOENT where the kernel has no MPTCP; or as lsk_nl_query().
 */
int lsk_mptcp_limits_get(struct lsk_nl *nl, struct lsk_mptcp_limits *ret_limits);

/**
 * lsk_mptcp_limits_set() - set both
 * @nl: a NETLINK_GENERIC handle
 * @limits: copied
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: 0; -EINVAL for more than 8; or as lsk_nl_request().
 */
int lsk_mptcp_limits_set(struct lsk_nl *nl, const struct lsk_mptcp_limits *limits,
			 struct lsk_nl_error *ret_error);

/**
 * enum lsk_mptcp_change - what happened to a connection; MPTCP_EVENT_*
 * @LSK_MPTCP_CREATED: it begins
 * @LSK_MPTCP_ESTABLISHED: subflows may join
 * @LSK_MPTCP_CLOSED: it is over
 * @LSK_MPTCP_ANNOUNCED: the peer told an address
 * @LSK_MPTCP_REMOVED: the peer took one back
 * @LSK_MPTCP_SUBFLOW_ESTABLISHED: a subflow joined
 * @LSK_MPTCP_SUBFLOW_CLOSED: a subflow is gone
 * @LSK_MPTCP_SUBFLOW_PRIORITY: a subflow became a backup, or is none any more
 * @LSK_MPTCP_LISTENER_CREATED: the kernel listens for an announced port
 * @LSK_MPTCP_LISTENER_CLOSED: it does so no more
 */
enum lsk_mptcp_change {
	LSK_MPTCP_CREATED = 1,
	LSK_MPTCP_ESTABLISHED = 2,
	LSK_MPTCP_CLOSED = 3,
	LSK_MPTCP_ANNOUNCED = 6,
	LSK_MPTCP_REMOVED = 7,
	LSK_MPTCP_SUBFLOW_ESTABLISHED = 10,
	LSK_MPTCP_SUBFLOW_CLOSED = 11,
	LSK_MPTCP_SUBFLOW_PRIORITY = 13,
	LSK_MPTCP_LISTENER_CREATED = 15,
	LSK_MPTCP_LISTENER_CLOSED = 16,
};

/**
 * struct lsk_mptcp_event - what happened to a connection
 * @change: see the enum; others may come with newer kernels
 * @token: names the connection
 * @local: our end; a length of 0 where it is not told
 * @remote: the peer's; a length of 0 where it is not told
 * @local_id: number of our address
 * @remote_id: number of the peer's
 * @is_backup: of a subflow
 * @is_server: the peer connected (Linux 6.0)
 * @error: negative errno that ended a subflow; 0 for none
 */
struct lsk_mptcp_event {
	enum lsk_mptcp_change change;
	uint32_t token;
	struct lsk_addr local;
	struct lsk_addr remote;
	uint8_t local_id;
	uint8_t remote_id;
	bool is_backup;
	bool is_server;
	int error;
};

/**
 * lsk_mptcp_watch() - receive the events from now on (group "mptcp_pm_events")
 * @nl: a NETLINK_GENERIC handle; read them with lsk_nl_event_next() and
 *	lsk_mptcp_event_parse()
 *
 * Return: 0; -ENOENT; -EPERM without CAP_NET_ADMIN; or as lsk_nl_join().
 */
int lsk_mptcp_watch(struct lsk_nl *nl);

/**
 * lsk_mptcp_event_parse() - read an event
 * @msg: the whole message, aligned to 4 bytes
 * @ret_event: set on success
 *
 * Return: 0; -EBADMSG.
 */
int lsk_mptcp_event_parse(const struct nlmsghdr *msg,
			  struct lsk_mptcp_event *ret_event);

LSK_END_DECLS

#endif
