/* SPDX-License-Identifier: MIT */
/*
 * TIPC: Transparent Inter-Process Communication, sockets by service.
 *
 *	tipc://service/18888:17          a service: type, instance
 *	tipc://range/18888:0:99/node     a range of instances, and its scope
 *	tipc://socket/0x1001001:4711     one socket: node, reference
 *
 * The words "name", "nameseq" and "id" of older interfaces are read too. Source:
 * linux/tipc.h, Documentation/networking/tipc.rst.
 *
 * To bind is to publish, and a socket may publish many services. A connect completes
 * only when the peer accepts, so that a server that never does lets it run into its
 * deadline. A peer that closes without lsk_socket_shutdown() resets the connection
 * (-ECONNRESET); one that shuts it down ends it. A send to a service that nobody
 * publishes is -EHOSTUNREACH at once.
 *
 * The functions here are as free of threads as the socket that they are given.
 */
#ifndef LINSOCK_TIPC_H
#define LINSOCK_TIPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/error.h>
#include <linsock/message.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * lsk_addr_tipc_service() - a service by type and instance (the contract's
 * TIPC_ADDR_NAME)
 * @ret_addr: set on success
 * @type: the service's number; below 64 is reserved
 * @instance: which one
 * @scope: TIPC_CLUSTER_SCOPE or TIPC_NODE_SCOPE
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_tipc_service(struct lsk_addr *ret_addr, uint32_t type, uint32_t instance,
			  int8_t scope);

/**
 * lsk_addr_tipc_range() - a range of a service (the contract's TIPC_ADDR_NAMESEQ)
 * @ret_addr: set on success
 * @type: the service's number
 * @lower: first instance
 * @upper: last instance
 * @scope: TIPC_CLUSTER_SCOPE or TIPC_NODE_SCOPE
 *
 * Return: 0; LSK_ERR_RANGE where @upper is below @lower; -EINVAL for NULL.
 */
int lsk_addr_tipc_range(struct lsk_addr *ret_addr, uint32_t type, uint32_t lower,
			uint32_t upper, int8_t scope);

/**
 * lsk_addr_tipc_socket() - one socket (the contract's TIPC_ADDR_ID)
 * @ret_addr: set on success
 * @node: the node's hash number; 0 for this node
 * @reference: the socket's number on its node
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_tipc_socket(struct lsk_addr *ret_addr, uint32_t node, uint32_t reference);

/**
 * lsk_tipc_withdraw() - end what lsk_socket_bind() published
 * @sock: the socket
 * @addr: the same service or range, in the same scope; NULL: everything
 *
 * Return: 0; -EINVAL where @addr is no service or range; -ENOENT, on some kernels
 * -EADDRNOTAVAIL, where it was not published by @sock.
 */
int lsk_tipc_withdraw(struct lsk_socket *sock, const struct lsk_addr *addr);

/**
 * enum lsk_tipc_importance - which messages are dropped last where room is short
 * @LSK_TIPC_LOW: the default
 * @LSK_TIPC_MEDIUM: more
 * @LSK_TIPC_HIGH: still more
 * @LSK_TIPC_CRITICAL: most
 */
enum lsk_tipc_importance {
	LSK_TIPC_LOW,
	LSK_TIPC_MEDIUM,
	LSK_TIPC_HIGH,
	LSK_TIPC_CRITICAL,
};

/**
 * lsk_tipc_set_importance() - of the messages that a socket sends (TIPC_IMPORTANCE)
 * @sock: the socket
 * @importance: see the enum
 *
 * Return: 0; -EINVAL.
 */
int lsk_tipc_set_importance(struct lsk_socket *sock,
			    enum lsk_tipc_importance importance);

/**
 * lsk_tipc_set_connect_timeout() - the kernel's own limit of a connect
 * (TIPC_CONN_TIMEOUT)
 * @sock: the socket
 * @timeout_ns: rounded up to milliseconds; 8 s unless set. The socket's own timeout
 *	counts too: whichever ends first
 *
 * Return: 0; LSK_ERR_RANGE for less than 1 ns or for what 32 bits do not hold.
 */
int lsk_tipc_set_connect_timeout(struct lsk_socket *sock, int64_t timeout_ns);

/**
 * enum lsk_tipc_group_flags - how a socket is a member
 * @LSK_TIPC_GROUP_LOOPBACK: it receives what it sends to the group
 * (TIPC_GROUP_LOOPBACK)
 * @LSK_TIPC_GROUP_EVENTS: it is told who comes and goes (TIPC_GROUP_MEMBER_EVTS)
 */
enum lsk_tipc_group_flags {
	LSK_TIPC_GROUP_LOOPBACK = 1,
	LSK_TIPC_GROUP_EVENTS = 2,
};

/**
 * lsk_tipc_join() - become a member of a group
 * @sock: SOCK_RDM, not bound and not a member of another group
 * @group: lsk_addr_tipc_service(): its type is the group, its instance the member
 *	(several members may share one), its scope how far the group reaches
 * @flags: enum lsk_tipc_group_flags
 *
 * Inside a group messages come in order and none is lost. A send without an address
 * goes to all members; to a service address, to one of its members (anycast); to a
 * range whose ends are equal, to all of its members (multicast); to a socket, to it.
 * Linux 4.15.
 *
 * Return: 0; -EACCES for a reserved type, or where @sock is a member already; -EINVAL
 * where @group is no service.
 */
int lsk_tipc_join(struct lsk_socket *sock, const struct lsk_addr *group,
		  unsigned int flags);

/** lsk_tipc_leave() - end lsk_tipc_join(); returns 0 or a negative error */
int lsk_tipc_leave(struct lsk_socket *sock);

/** LSK_TIPC_CONTROL_SIZE - room for the control messages of one message; returned data
 * is at most 1024 bytes */
#define LSK_TIPC_CONTROL_SIZE 1152

/**
 * enum lsk_tipc_kind - what a received message is
 * @LSK_TIPC_DATA: somebody sent it
 * @LSK_TIPC_RETURNED: ours, which could not be delivered
 * @LSK_TIPC_MEMBER_UP: somebody joined the group
 * @LSK_TIPC_MEMBER_DOWN: somebody left it, or its node was lost
 */
enum lsk_tipc_kind {
	LSK_TIPC_DATA,
	LSK_TIPC_RETURNED,
	LSK_TIPC_MEMBER_UP,
	LSK_TIPC_MEMBER_DOWN,
};

/**
 * struct lsk_tipc_info - what came with a message
 * @kind: see the enum; all but data have a length of 0, though the kernel may have
 *	written into the buffers
 * @from: the socket that sent it; of a returned one, where it should have gone
 * @member: group and instance of a member; a length of 0 outside groups
 * @to: the service or range that was addressed; a length of 0 where it was the socket.
 *	No scope is told, so that it and @member read as the cluster's
 * @error: of a returned one TIPC_ERR_NO_NAME, TIPC_ERR_NO_PORT, TIPC_ERR_NO_NODE,
 *	TIPC_ERR_OVERLOAD; else 0
 * @returned: its first bytes, borrowed from the message's control messages
 * @returned_len: how many
 */
struct lsk_tipc_info {
	enum lsk_tipc_kind kind;
	struct lsk_addr from;
	struct lsk_addr member;
	struct lsk_addr to;
	int error;
	const void *returned;
	size_t returned_len;
};

/**
 * lsk_tipc_message_info() - what a received message is, by its address, flags and
 * control messages
 * @message: received by lsk_socket_recvmsg() or on a loop, with room for
 *	LSK_TIPC_CONTROL_SIZE bytes of control messages
 * @ret_info: set on success
 *
 * Return: 0; -EBADMSG for what is no message of TIPC.
 */
int lsk_tipc_message_info(const struct lsk_message *message,
			  struct lsk_tipc_info *ret_info);

/**
 * struct lsk_tipc_subscription - what is watched
 * @type: of the service; TIPC_NODE_STATE (0) and TIPC_LINK_STATE (2) tell of nodes and
 *	links, whose instance is the node's number
 * @lower: first instance
 * @upper: last instance
 * @timeout_ns: how long, rounded up to milliseconds; LSK_BLOCK for ever
 * @each_port: an event for every socket; false: only for the first that publishes and
 *	the last that withdraws
 * @context: given back with each event
 */
struct lsk_tipc_subscription {
	uint32_t type;
	uint32_t lower;
	uint32_t upper;
	int64_t timeout_ns;
	bool each_port;
	uint64_t context;
};

/**
 * enum lsk_tipc_change - what happened to a service
 * @LSK_TIPC_PUBLISHED: somebody offers it
 * @LSK_TIPC_WITHDRAWN: somebody offers it no more
 * @LSK_TIPC_EXPIRED: the subscription is over
 */
enum lsk_tipc_change {
	LSK_TIPC_PUBLISHED = 1,
	LSK_TIPC_WITHDRAWN = 2,
	LSK_TIPC_EXPIRED = 3,
};

/**
 * struct lsk_tipc_event - what happened to a service
 * @change: see the enum
 * @lower: first instance that it concerns
 * @upper: last instance
 * @node: of the socket
 * @reference: of the socket; of a link its bearer
 * @subscription: by which it is told
 */
struct lsk_tipc_event {
	enum lsk_tipc_change change;
	uint32_t lower;
	uint32_t upper;
	uint32_t node;
	uint32_t reference;
	struct lsk_tipc_subscription subscription;
};

/** LSK_TIPC_EVENT_SIZE - bytes of an event, for receives on a loop */
#define LSK_TIPC_EVENT_SIZE 48

/**
 * lsk_tipc_topology() - connect to the kernel's topology service
 * @ret_socket: set on success; free with lsk_socket_free(), which ends its
 *	subscriptions. SOCK_SEQPACKET; each message is one event
 *
 * Return: 0; -EAFNOSUPPORT without TIPC.
 */
int lsk_tipc_topology(struct lsk_socket **ret_socket);

/**
 * lsk_tipc_subscribe() - watch a service
 * @topology: made by lsk_tipc_topology()
 * @subscription: copied. What is published already is told at once
 *
 * Return: 0; LSK_ERR_RANGE where @upper is below @lower or the timeout does not fit; or
 * as lsk_socket_send().
 */
int lsk_tipc_subscribe(struct lsk_socket *topology,
		       const struct lsk_tipc_subscription *subscription);

/**
 * lsk_tipc_unsubscribe() - end a subscription
 * @topology: as for lsk_tipc_subscribe()
 * @subscription: the same in all its fields
 *
 * Events that are queued already still come.
 *
 * Return: as lsk_tipc_subscribe().
 */
int lsk_tipc_unsubscribe(struct lsk_socket *topology,
			 const struct lsk_tipc_subscription *subscription);

/**
 * lsk_tipc_event_next() - wait for an event, by the socket's timeout
 * @topology: as for lsk_tipc_subscribe()
 * @ret_event: set on success
 *
 * Return: 0; -EBADMSG for what is no event; -ECONNRESET where the service is gone; or
 * as lsk_socket_recv().
 */
int lsk_tipc_event_next(struct lsk_socket *topology, struct lsk_tipc_event *ret_event);

/**
 * lsk_tipc_event_parse() - read an event that was received otherwise, on a loop
 * @buf: the bytes
 * @len: how many
 * @ret_event: set on success
 *
 * Return: 0; -EBADMSG.
 */
int lsk_tipc_event_parse(const void *buf, size_t len, struct lsk_tipc_event *ret_event);

/** LSK_TIPC_NODE_ID_SIZE - bytes of a node's identity */
#define LSK_TIPC_NODE_ID_SIZE 16

/**
 * lsk_tipc_node_id() - the identity of a node (SIOCGETNODEID)
 * @sock: any TIPC socket
 * @node: the node's hash number; 0 for this node
 * @ret_id: gets LSK_TIPC_NODE_ID_SIZE bytes: text ended by zeros, or a binary number
 *
 * Return: 0; -EADDRNOTAVAIL for a node that is not known, or this one before it has an
 * identity. Linux 4.17.
 */
int lsk_tipc_node_id(struct lsk_socket *sock, uint32_t node, uint8_t *ret_id);

/** LSK_TIPC_LINK_NAME_MAX - bytes of a link's name, its NUL counted */
#define LSK_TIPC_LINK_NAME_MAX 68

/**
 * lsk_tipc_link_name() - the name of a link (SIOCGETLINKNAME)
 * @sock: any TIPC socket
 * @node: at its other end
 * @bearer: its number, as an event of TIPC_LINK_STATE tells it
 * @ret_name: gets the name, at most LSK_TIPC_LINK_NAME_MAX bytes
 *
 * Return: 0; -EADDRNOTAVAIL.
 */
int lsk_tipc_link_name(struct lsk_socket *sock, uint32_t node, uint32_t bearer,
		       char *ret_name);

LSK_END_DECLS

#endif
