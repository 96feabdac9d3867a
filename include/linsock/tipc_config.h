/* SPDX-License-Identifier: MIT */
/*
 * TIPC's configuration and tables, over generic netlink (family "TIPCv2"): what the
 * tool tipc(8) shows and sets. A handle is lsk_nl_open(&nl, NETLINK_GENERIC, NULL);
 * changes want CAP_NET_ADMIN. Each namespace is a node of its own.
 *
 *	struct lsk_tipc_bearer bearer = {.name = "eth:veth0"};
 *
 *	lsk_tipc_net_set(nl, &net, &error);
 *	lsk_tipc_bearer_enable(nl, &bearer, &error);
 *
 * Source: linux/tipc_netlink.h, net/tipc/netlink.c.
 */
#ifndef LINSOCK_TIPC_CONFIG_H
#define LINSOCK_TIPC_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/netlink.h>
#include <linsock/tipc.h>

LSK_BEGIN_DECLS

/** LSK_TIPC_BEARER_NAME_MAX - bytes of a bearer's name, its NUL counted */
#define LSK_TIPC_BEARER_NAME_MAX 32

/** LSK_TIPC_UDP_PORT - the port of bearers on UDP by habit */
#define LSK_TIPC_UDP_PORT 6118

/** enum lsk_tipc_net_field - bits of struct lsk_tipc_net's @has, for LSK_HAS() */
enum lsk_tipc_net_field {
	LSK_TIPC_NET_ID,
	LSK_TIPC_NET_NODE_ID_LOW,
	LSK_TIPC_NET_NODE_ID_HIGH,
};

/**
 * struct lsk_tipc_net - this namespace as a node
 * @has: which fields are there, or are to be set
 * @id: number of the cluster; nodes of different ones do not see each other
 * @node_id: identity, two halves; text ended by zeros, or a binary number
 */
struct lsk_tipc_net {
	uint64_t has;
	uint32_t id;
	uint64_t node_id[2];
};

/**
 * lsk_tipc_net_get() - this namespace's cluster and identity
 * @nl: a NETLINK_GENERIC handle
 * @ret_net: set on success
 *
 * Return: 0; -ENOENT where the kernel has no TIPC; or as lsk_nl_dump_next().
 */
int lsk_tipc_net_get(struct lsk_nl *nl, struct lsk_tipc_net *ret_net);

/**
 * lsk_tipc_net_set() - set the cluster or the identity
 * @nl: a NETLINK_GENERIC handle
 * @net: the fields whose bits are set; once only, and before the first bearer
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: 0; -EPERM, where it was set before too; or as lsk_nl_request().
 */
int lsk_tipc_net_set(struct lsk_nl *nl, const struct lsk_tipc_net *net,
		     struct lsk_nl_error *ret_error);

/** enum lsk_tipc_property_field - bits of the properties in the @has of a bearer or a
 * link */
enum lsk_tipc_property_field {
	LSK_TIPC_PRIORITY = 16,
	LSK_TIPC_TOLERANCE,
	LSK_TIPC_WINDOW,
	LSK_TIPC_MTU,
};

/**
 * struct lsk_tipc_properties - of a bearer or a link
 * @priority: 0 … 31; of parallel links only the highest are used
 * @tolerance_ms: silence after which a link is down, 50 … 30000 ms
 * @window: packets in flight
 * @mtu: bytes; of bearers on UDP
 */
struct lsk_tipc_properties {
	uint32_t priority;
	uint32_t tolerance_ms;
	uint32_t window;
	uint32_t mtu;
};

/** enum lsk_tipc_bearer_field - bits of struct lsk_tipc_bearer's @has */
enum lsk_tipc_bearer_field {
	LSK_TIPC_BEARER_NAME,
	LSK_TIPC_BEARER_DOMAIN,
};

/**
 * struct lsk_tipc_bearer - a way to other nodes
 * @has: which fields are there, or are to be set; the name always is
 * @name: "eth:" and an interface, or "udp:" and any name
 * @domain: which nodes are looked for; 0: all
 * @properties: see there
 * @local: of a bearer on UDP: our address; a length of 0 for none
 * @remote: of a bearer on UDP: a multicast group, or one peer; a length of 0 for the
 *	group that tipc(8) takes, 228.0.0.0 plus the cluster's low 16 bits
 */
struct lsk_tipc_bearer {
	uint64_t has;
	char name[LSK_TIPC_BEARER_NAME_MAX];
	uint32_t domain;
	struct lsk_tipc_properties properties;
	struct lsk_addr local;
	struct lsk_addr remote;
};

/**
 * lsk_tipc_bearer_enable() - look for nodes through an interface or over UDP
 * @nl: a NETLINK_GENERIC handle
 * @bearer: copied
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: 0; -EINVAL for a name without a medium or for an interface that does not
 * exist; -EEXIST, -EPROTONOSUPPORT (no such medium); or as lsk_nl_request().
 */
int lsk_tipc_bearer_enable(struct lsk_nl *nl, const struct lsk_tipc_bearer *bearer,
			   struct lsk_nl_error *ret_error);

/**
 * lsk_tipc_bearer_disable() - end a bearer and its links
 * @nl: a NETLINK_GENERIC handle
 * @name: of the bearer
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: 0; -EINVAL where there is none; or as lsk_nl_request().
 */
int lsk_tipc_bearer_disable(struct lsk_nl *nl, const char *name,
			    struct lsk_nl_error *ret_error);

/** enum lsk_tipc_link_field - bits of struct lsk_tipc_link's @has */
enum lsk_tipc_link_field {
	LSK_TIPC_LINK_NAME,
	LSK_TIPC_LINK_NODE,
	LSK_TIPC_LINK_MTU,
	LSK_TIPC_LINK_RECEIVED,
	LSK_TIPC_LINK_SENT,
};

/**
 * struct lsk_tipc_link - a link to another node
 * @has: which fields are there
 * @name: "node:interface-node:interface", or "broadcast-link"
 * @node: hash number of the node at its other end
 * @mtu: bytes
 * @is_broadcast: to all nodes
 * @is_up: the other end answers
 * @is_active: it is used, and does not only stand by
 * @received: packets
 * @sent: packets
 * @properties: see there
 */
struct lsk_tipc_link {
	uint64_t has;
	char name[LSK_TIPC_LINK_NAME_MAX];
	uint32_t node;
	uint32_t mtu;
	bool is_broadcast;
	bool is_up;
	bool is_active;
	uint32_t received;
	uint32_t sent;
	struct lsk_tipc_properties properties;
};

/**
 * lsk_tipc_link_set() - change a link
 * @nl: a NETLINK_GENERIC handle
 * @link: its name, and the properties whose bits are set
 * @ret_error: the kernel's words; may be NULL
 *
 * Return: 0; -EINVAL where there is none, or for a value out of bounds; or as
 * lsk_nl_request().
 */
int lsk_tipc_link_set(struct lsk_nl *nl, const struct lsk_tipc_link *link,
		      struct lsk_nl_error *ret_error);

/**
 * struct lsk_tipc_node - a node that is or was known, our own not among them
 * @has: not used
 * @number: hash number, for lsk_tipc_node_id()
 * @is_up: it can be reached
 */
struct lsk_tipc_node {
	uint64_t has;
	uint32_t number;
	bool is_up;
};

/**
 * struct lsk_tipc_publication - a line of the name table
 * @has: not used
 * @type: of the service
 * @lower: first instance
 * @upper: last instance
 * @scope: TIPC_CLUSTER_SCOPE or TIPC_NODE_SCOPE
 * @node: of the socket that published it
 * @reference: of that socket
 * @key: which of its publications
 */
struct lsk_tipc_publication {
	uint64_t has;
	uint32_t type;
	uint32_t lower;
	uint32_t upper;
	uint32_t scope;
	uint32_t node;
	uint32_t reference;
	uint32_t key;
};

/** enum lsk_tipc_socket_field - bits of struct lsk_tipc_socket's @has */
enum lsk_tipc_socket_field {
	LSK_TIPC_SOCKET_PEER,
	LSK_TIPC_SOCKET_PEER_SERVICE,
};

/**
 * struct lsk_tipc_socket - a socket of this namespace
 * @has: which fields are there
 * @reference: its number
 * @node: our own number
 * @is_published: it has published something
 * @peer_reference: of the socket at the other end of its connection
 * @peer_node: see @peer_reference
 * @peer_type: service by which it was connected
 * @peer_instance: see @peer_type
 */
struct lsk_tipc_socket {
	uint64_t has;
	uint32_t reference;
	uint32_t node;
	bool is_published;
	uint32_t peer_reference;
	uint32_t peer_node;
	uint32_t peer_type;
	uint32_t peer_instance;
};

/**
 * enum lsk_tipc_table - what can be listed
 * @LSK_TIPC_BEARERS: struct lsk_tipc_bearer, names only
 * @LSK_TIPC_LINKS: struct lsk_tipc_link
 * @LSK_TIPC_NODES: struct lsk_tipc_node
 * @LSK_TIPC_PUBLICATIONS: struct lsk_tipc_publication: the name table
 * @LSK_TIPC_SOCKETS: struct lsk_tipc_socket
 */
enum lsk_tipc_table {
	LSK_TIPC_BEARERS,
	LSK_TIPC_LINKS,
	LSK_TIPC_NODES,
	LSK_TIPC_PUBLICATIONS,
	LSK_TIPC_SOCKETS,
	LSK_TIPC_TABLE__COUNT,
};

/**
 * lsk_tipc_dump() - list a table
 * @nl: a NETLINK_GENERIC handle
 * @table: which
 * @ret_dump: set on success; end with lsk_nl_dump_end()
 *
 * Return: 0; -ENOENT where the kernel has no TIPC; or as lsk_nl_dump_start().
 */
int lsk_tipc_dump(struct lsk_nl *nl, enum lsk_tipc_table table,
		  struct lsk_nl_dump **ret_dump);

/**
 * lsk_tipc_next() - the dump's next row
 * @dump: made by lsk_tipc_dump()
 * @table: the same
 * @ret_row: the struct of the table; zeroed and filled when 1 is returned
 *
 * Return: as lsk_nl_dump_next(), or -EBADMSG.
 */
int lsk_tipc_next(struct lsk_nl_dump *dump, enum lsk_tipc_table table, void *ret_row);

/**
 * lsk_tipc_parse() - read a message of a dump
 * @msg: the whole message, aligned to 4 bytes
 * @table: of which table it is a row
 * @ret_row: the struct of the table; zeroed and filled
 *
 * Return: 0; -EBADMSG; -EINVAL for a table that does not exist.
 */
int lsk_tipc_parse(const struct nlmsghdr *msg, enum lsk_tipc_table table,
		   void *ret_row);

LSK_END_DECLS

#endif
