/* SPDX-License-Identifier: MIT */
/* TIPC over generic netlink: one table per object, and the few requests that change. */
#include <linsock/tipc_config.h>

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <linux/tipc.h>
#include <linux/tipc_netlink.h>

#include <linsock/genl.h>

#include "families/genl.h"
#include "uring/util.h"

static_assert(LSK_TIPC_BEARER_NAME_MAX == TIPC_MAX_BEARER_NAME,
	      "the header's size is the kernel's");

/* --- tables ------------------------------------------------------------------ */

#define PROPERTY(text, type, member, bit) \
	LSK_NL_FIELD(text, LSK_NL_UINT, type, properties.member, bit)

#define PROPERTIES(type)                                                               \
	{                                                                              \
		[TIPC_NLA_PROP_PRIO] =                                                 \
			PROPERTY("priority", type, priority, LSK_TIPC_PRIORITY),       \
		[TIPC_NLA_PROP_TOL] =                                                  \
			PROPERTY("tolerance", type, tolerance_ms, LSK_TIPC_TOLERANCE), \
		[TIPC_NLA_PROP_WIN] =                                                  \
			PROPERTY("window", type, window, LSK_TIPC_WINDOW),             \
		[TIPC_NLA_PROP_MTU] = PROPERTY("mtu", type, mtu, LSK_TIPC_MTU),        \
	}

#define TABLE(rows, type)                                                          \
	{                                                                          \
		.fields = (rows), .count = ARRAY_SIZE(rows), .size = sizeof(type), \
		.has_offset = offsetof(type, has),                                 \
	}

static const struct lsk_nl_field bearer_property_fields[] =
	PROPERTIES(struct lsk_tipc_bearer);
static const struct lsk_nl_table bearer_properties =
	TABLE(bearer_property_fields, struct lsk_tipc_bearer);
static const struct lsk_nl_field bearer_fields[] = {
	[TIPC_NLA_BEARER_NAME] =
		LSK_NL_FIELD("name", LSK_NL_STRING, struct lsk_tipc_bearer, name,
			     LSK_TIPC_BEARER_NAME),
	[TIPC_NLA_BEARER_PROP] = LSK_NL_INSIDE("prop", &bearer_properties),
	[TIPC_NLA_BEARER_DOMAIN] =
		LSK_NL_FIELD("domain", LSK_NL_UINT, struct lsk_tipc_bearer, domain,
			     LSK_TIPC_BEARER_DOMAIN),
};
static const struct lsk_nl_table bearer_table =
	TABLE(bearer_fields, struct lsk_tipc_bearer);

#define LINK(text, what, member, bit) \
	LSK_NL_FIELD(text, what, struct lsk_tipc_link, member, bit)

static const struct lsk_nl_field link_property_fields[] =
	PROPERTIES(struct lsk_tipc_link);
static const struct lsk_nl_table link_properties =
	TABLE(link_property_fields, struct lsk_tipc_link);
static const struct lsk_nl_field link_fields[] = {
	[TIPC_NLA_LINK_NAME] = LINK("name", LSK_NL_STRING, name, LSK_TIPC_LINK_NAME),
	[TIPC_NLA_LINK_DEST] = LINK("dest", LSK_NL_UINT, node, LSK_TIPC_LINK_NODE),
	[TIPC_NLA_LINK_MTU] = LINK("mtu", LSK_NL_UINT, mtu, LSK_TIPC_LINK_MTU),
	[TIPC_NLA_LINK_BROADCAST] = LINK("broadcast", LSK_NL_FLAG, is_broadcast, 32),
	[TIPC_NLA_LINK_UP] = LINK("up", LSK_NL_FLAG, is_up, 33),
	[TIPC_NLA_LINK_ACTIVE] = LINK("active", LSK_NL_FLAG, is_active, 34),
	[TIPC_NLA_LINK_PROP] = LSK_NL_INSIDE("prop", &link_properties),
	[TIPC_NLA_LINK_RX] = LINK("rx", LSK_NL_UINT, received, LSK_TIPC_LINK_RECEIVED),
	[TIPC_NLA_LINK_TX] = LINK("tx", LSK_NL_UINT, sent, LSK_TIPC_LINK_SENT),
};
static const struct lsk_nl_table link_table = TABLE(link_fields, struct lsk_tipc_link);

static const struct lsk_nl_field node_fields[] = {
	[TIPC_NLA_NODE_ADDR] =
		LSK_NL_FIELD("addr", LSK_NL_UINT, struct lsk_tipc_node, number, 0),
	[TIPC_NLA_NODE_UP] =
		LSK_NL_FIELD("up", LSK_NL_FLAG, struct lsk_tipc_node, is_up, 1),
};
static const struct lsk_nl_table node_table = TABLE(node_fields, struct lsk_tipc_node);

#define PUBLICATION(text, member, bit) \
	LSK_NL_FIELD(text, LSK_NL_UINT, struct lsk_tipc_publication, member, bit)

static const struct lsk_nl_field publication_fields[] = {
	[TIPC_NLA_PUBL_TYPE] = PUBLICATION("type", type, 0),
	[TIPC_NLA_PUBL_LOWER] = PUBLICATION("lower", lower, 1),
	[TIPC_NLA_PUBL_UPPER] = PUBLICATION("upper", upper, 2),
	[TIPC_NLA_PUBL_SCOPE] = PUBLICATION("scope", scope, 3),
	[TIPC_NLA_PUBL_NODE] = PUBLICATION("node", node, 4),
	[TIPC_NLA_PUBL_REF] = PUBLICATION("ref", reference, 5),
	[TIPC_NLA_PUBL_KEY] = PUBLICATION("key", key, 6),
};
static const struct lsk_nl_table publication_table =
	TABLE(publication_fields, struct lsk_tipc_publication);
static const struct lsk_nl_field name_table_fields[] = {
	[TIPC_NLA_NAME_TABLE_PUBL] = LSK_NL_INSIDE("publ", &publication_table),
};
static const struct lsk_nl_table name_table =
	TABLE(name_table_fields, struct lsk_tipc_publication);

#define SOCKET(text, what, member, bit) \
	LSK_NL_FIELD(text, what, struct lsk_tipc_socket, member, bit)

static const struct lsk_nl_field connection_fields[] = {
	[TIPC_NLA_CON_NODE] = SOCKET("node", LSK_NL_UINT, peer_node, 32),
	[TIPC_NLA_CON_SOCK] =
		SOCKET("sock", LSK_NL_UINT, peer_reference, LSK_TIPC_SOCKET_PEER),
	[TIPC_NLA_CON_TYPE] =
		SOCKET("type", LSK_NL_UINT, peer_type, LSK_TIPC_SOCKET_PEER_SERVICE),
	[TIPC_NLA_CON_INST] = SOCKET("inst", LSK_NL_UINT, peer_instance, 33),
};
static const struct lsk_nl_table connection_table =
	TABLE(connection_fields, struct lsk_tipc_socket);
static const struct lsk_nl_field socket_fields[] = {
	[TIPC_NLA_SOCK_ADDR] = SOCKET("addr", LSK_NL_UINT, node, 34),
	[TIPC_NLA_SOCK_REF] = SOCKET("ref", LSK_NL_UINT, reference, 35),
	[TIPC_NLA_SOCK_CON] = LSK_NL_INSIDE("con", &connection_table),
	[TIPC_NLA_SOCK_HAS_PUBL] = SOCKET("has-publ", LSK_NL_FLAG, is_published, 36),
};
static const struct lsk_nl_table socket_table =
	TABLE(socket_fields, struct lsk_tipc_socket);

static const struct lsk_nl_field net_fields[] = {
	[TIPC_NLA_NET_ID] = LSK_NL_FIELD("id", LSK_NL_UINT, struct lsk_tipc_net, id,
					 LSK_TIPC_NET_ID),
	[TIPC_NLA_NET_NODEID] =
		LSK_NL_FIELD("node-id", LSK_NL_UINT, struct lsk_tipc_net, node_id[0],
			     LSK_TIPC_NET_NODE_ID_LOW),
	[TIPC_NLA_NET_NODEID_W1] =
		LSK_NL_FIELD("node-id-w1", LSK_NL_UINT, struct lsk_tipc_net, node_id[1],
			     LSK_TIPC_NET_NODE_ID_HIGH),
};
static const struct lsk_nl_table net_table = TABLE(net_fields, struct lsk_tipc_net);

/* Each message has one object, in an attribute of its own. */
static const struct lsk_nl_field bearer_message[] = {
	[TIPC_NLA_BEARER] = LSK_NL_INSIDE("bearer", &bearer_table),
};
static const struct lsk_nl_field link_message[] = {
	[TIPC_NLA_LINK] = LSK_NL_INSIDE("link", &link_table),
};
static const struct lsk_nl_field node_message[] = {
	[TIPC_NLA_NODE] = LSK_NL_INSIDE("node", &node_table),
};
static const struct lsk_nl_field name_table_message[] = {
	[TIPC_NLA_NAME_TABLE] = LSK_NL_INSIDE("name-table", &name_table),
};
static const struct lsk_nl_field socket_message[] = {
	[TIPC_NLA_SOCK] = LSK_NL_INSIDE("sock", &socket_table),
};
static const struct lsk_nl_field net_message[] = {
	[TIPC_NLA_NET] = LSK_NL_INSIDE("net", &net_table),
};

struct object {
	uint8_t command;
	struct lsk_nl_table table;
};

static const struct object objects[] = {
	[LSK_TIPC_BEARERS] = {TIPC_NL_BEARER_GET,
			      TABLE(bearer_message, struct lsk_tipc_bearer)},
	[LSK_TIPC_LINKS] = {TIPC_NL_LINK_GET,
			    TABLE(link_message, struct lsk_tipc_link)},
	[LSK_TIPC_NODES] = {TIPC_NL_NODE_GET,
			    TABLE(node_message, struct lsk_tipc_node)},
	[LSK_TIPC_PUBLICATIONS] = {TIPC_NL_NAME_TABLE_GET,
				   TABLE(name_table_message,
					 struct lsk_tipc_publication)},
	[LSK_TIPC_SOCKETS] = {TIPC_NL_SOCK_GET,
			      TABLE(socket_message, struct lsk_tipc_socket)},
};

static_assert(ARRAY_SIZE(objects) == LSK_TIPC_TABLE__COUNT, "every table has a row");

/* --- reading ----------------------------------------------------------------- */

int lsk_tipc_parse(const struct nlmsghdr *msg, enum lsk_tipc_table table, void *ret_row)
{
	if ((unsigned int)table >= LSK_TIPC_TABLE__COUNT)
		return -EINVAL;
	return genl_parse_row(msg, &objects[table].table, ret_row);
}

static int dump_start(struct lsk_nl *nl, uint8_t command, struct lsk_nl_dump **ret_dump)
{
	struct lsk_genl_family family;
	LSK_NL_MSG(msg, 64);
	int r = lsk_genl_find(nl, TIPC_GENL_V2_NAME, &family);

	if (r < 0)
		return r;
	lsk_genl_msg_start(&msg, &family, command, 0);
	return lsk_nl_dump_start(nl, &msg, ret_dump);
}

int lsk_tipc_dump(struct lsk_nl *nl, enum lsk_tipc_table table,
		  struct lsk_nl_dump **ret_dump)
{
	if ((unsigned int)table >= LSK_TIPC_TABLE__COUNT)
		return -EINVAL;
	return dump_start(nl, objects[table].command, ret_dump);
}

int lsk_tipc_next(struct lsk_nl_dump *dump, enum lsk_tipc_table table, void *ret_row)
{
	const struct nlmsghdr *msg;
	int r = lsk_nl_dump_next(dump, &msg);

	if (r <= 0)
		return r;
	r = lsk_tipc_parse(msg, table, ret_row);
	return r < 0 ? r : 1;
}

int lsk_tipc_net_get(struct lsk_nl *nl, struct lsk_tipc_net *ret_net)
{
	static const struct lsk_nl_table table =
		TABLE(net_message, struct lsk_tipc_net);
	const struct nlmsghdr *msg;
	struct lsk_nl_dump *dump;
	struct lsk_tipc_net net = {0};
	int r = dump_start(nl, TIPC_NL_NET_GET, &dump);

	if (r < 0)
		return r;
	r = lsk_nl_dump_next(dump, &msg);
	if (r > 0)
		r = genl_parse_row(msg, &table, &net);
	else if (r == 0)
		r = -ENODATA;
	lsk_nl_dump_end(dump, NULL);
	if (r == 0)
		*ret_net = net;
	return r;
}

/* --- changing ---------------------------------------------------------------- */

static int change_start(struct lsk_nl *nl, struct lsk_nl_msg *msg, uint8_t command)
{
	struct lsk_genl_family family;
	int r = lsk_genl_find(nl, TIPC_GENL_V2_NAME, &family);

	if (r == 0)
		lsk_genl_msg_start(msg, &family, command, 0);
	return r;
}

int lsk_tipc_net_set(struct lsk_nl *nl, const struct lsk_tipc_net *net,
		     struct lsk_nl_error *ret_error)
{
	LSK_NL_MSG(msg, 128);
	int r = change_start(nl, &msg, TIPC_NL_NET_SET);

	if (r < 0)
		return r;
	LSK_NL_NEST(&msg, TIPC_NLA_NET)
	lsk_nl_build_attributes(&msg, &net_table, net);
	return lsk_nl_request(nl, &msg, ret_error);
}

static void put_address(struct lsk_nl_msg *msg, unsigned int type,
			const struct lsk_addr *addr)
{
	struct sockaddr_storage storage = {0};

	/* The kernel wants the whole of it, whatever the family. */
	memcpy(&storage, &addr->storage, addr->len);
	lsk_nl_put(msg, type, &storage, sizeof(storage));
}

/* As tipc(8): the group of the cluster; of IPv6 the link's own. */
static int default_remote(struct lsk_nl *nl, const struct lsk_addr *local,
			  struct lsk_addr *ret_remote)
{
	struct lsk_tipc_net net = {0};
	char text[64];
	int r = lsk_tipc_net_get(nl, &net);

	if (r < 0)
		return r;
	if (lsk_addr_family(local) == AF_INET6) {
		snprintf(text, sizeof(text), "ff02::%u", net.id);
		return lsk_addr_inet6(ret_remote, text, LSK_TIPC_UDP_PORT, 0, 0);
	}
	snprintf(text, sizeof(text), "228.0.%u.%u", net.id >> 8 & 0xff, net.id & 0xff);
	return lsk_addr_inet(ret_remote, text, LSK_TIPC_UDP_PORT);
}

static int put_udp(struct lsk_nl *nl, struct lsk_nl_msg *msg,
		   const struct lsk_tipc_bearer *bearer)
{
	struct lsk_addr remote = bearer->remote;

	if (remote.len == 0) {
		int r = default_remote(nl, &bearer->local, &remote);

		if (r < 0)
			return r;
	}
	LSK_NL_NEST(msg, TIPC_NLA_BEARER_UDP_OPTS)
	{
		put_address(msg, TIPC_NLA_UDP_LOCAL, &bearer->local);
		put_address(msg, TIPC_NLA_UDP_REMOTE, &remote);
	}
	return 0;
}

int lsk_tipc_bearer_enable(struct lsk_nl *nl, const struct lsk_tipc_bearer *bearer,
			   struct lsk_nl_error *ret_error)
{
	LSK_NL_MSG(msg, 1024);
	uint32_t nest, inner;
	int r = change_start(nl, &msg, TIPC_NL_BEARER_ENABLE);

	if (r < 0)
		return r;
	nest = lsk_nl_nest_begin(&msg, TIPC_NLA_BEARER);
	lsk_nl_put_string(&msg, TIPC_NLA_BEARER_NAME, bearer->name);
	if (LSK_HAS(bearer, LSK_TIPC_BEARER_DOMAIN))
		lsk_nl_put_u32(&msg, TIPC_NLA_BEARER_DOMAIN, bearer->domain);
	if (bearer->has >> LSK_TIPC_PRIORITY) {
		inner = lsk_nl_nest_begin(&msg, TIPC_NLA_BEARER_PROP);
		lsk_nl_build_attributes(&msg, &bearer_properties, bearer);
		lsk_nl_nest_end(&msg, inner);
	}
	if (strncmp(bearer->name, "udp:", 4) == 0) {
		r = put_udp(nl, &msg, bearer);
		if (r < 0)
			return r;
	}
	lsk_nl_nest_end(&msg, nest);
	return lsk_nl_request(nl, &msg, ret_error);
}

int lsk_tipc_bearer_disable(struct lsk_nl *nl, const char *name,
			    struct lsk_nl_error *ret_error)
{
	LSK_NL_MSG(msg, 128);
	int r = change_start(nl, &msg, TIPC_NL_BEARER_DISABLE);

	if (r < 0)
		return r;
	LSK_NL_NEST(&msg, TIPC_NLA_BEARER)
	lsk_nl_put_string(&msg, TIPC_NLA_BEARER_NAME, name);
	return lsk_nl_request(nl, &msg, ret_error);
}

int lsk_tipc_link_set(struct lsk_nl *nl, const struct lsk_tipc_link *link,
		      struct lsk_nl_error *ret_error)
{
	LSK_NL_MSG(msg, 256);
	uint32_t nest;
	int r = change_start(nl, &msg, TIPC_NL_LINK_SET);

	if (r < 0)
		return r;
	nest = lsk_nl_nest_begin(&msg, TIPC_NLA_LINK);
	lsk_nl_put_string(&msg, TIPC_NLA_LINK_NAME, link->name);
	LSK_NL_NEST(&msg, TIPC_NLA_LINK_PROP)
	lsk_nl_build_attributes(&msg, &link_properties, link);
	lsk_nl_nest_end(&msg, nest);
	return lsk_nl_request(nl, &msg, ret_error);
}
