/* SPDX-License-Identifier: MIT */
/* linsock tipc node, bearer and link: who we are, and our ways to the others. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/tipc.h"

static int no_more(struct tipc_call *call)
{
	if (!*call->args)
		return COMMAND_OK;
	return command_usage("unexpected word \"%s\"", *call->args);
}

static int result(int r, const struct lsk_nl_error *error)
{
	return r < 0 ? tipc_failure(r, error) : COMMAND_OK;
}

/* --- node -------------------------------------------------------------------- */

static json_t *node_json(struct tipc_call *call, const union tipc_row *row)
{
	const struct lsk_tipc_node *node = &row->node;
	char id[TIPC_ID_TEXT_MAX], hash[16];

	tipc_node_text(call, node->number, id);
	snprintf(hash, sizeof(hash), "%08x", node->number);
	return json_pack("{s:s, s:s, s:s}", "identity", id, "hash", hash, "state",
			 node->is_up ? "up" : "down");
}

static void node_print(struct tipc_call *call, const union tipc_row *row)
{
	const struct lsk_tipc_node *node = &row->node;
	char id[TIPC_ID_TEXT_MAX];

	tipc_node_text(call, node->number, id);
	printf("%-32s %08x %s\n", id, node->number, node->is_up ? "up" : "down");
}

static int node_get(struct tipc_call *call)
{
	struct lsk_tipc_net net = {0};
	char text[TIPC_ID_TEXT_MAX];
	int r = lsk_tipc_net_get(call->nl, &net);

	if (r < 0)
		return tipc_failure(r, NULL);
	if (tipc_word(call, "netid")) {
		printf("%u\n", net.id);
	} else if (tipc_word(call, "identity")) {
		tipc_id_text((const uint8_t *)net.node_id, text);
		printf("%s\n", text);
	} else {
		return command_usage("expected \"get netid\" or \"get identity\"");
	}
	return no_more(call);
}

static int node_set(struct tipc_call *call)
{
	const char *id = tipc_value(call, "identity");
	const char *number = id ? NULL : tipc_value(call, "netid");
	struct lsk_nl_error error = {0};
	struct lsk_tipc_net net = {0};
	long cluster;
	int status;

	if (id) {
		if (*id == '\0' || strlen(id) > LSK_TIPC_NODE_ID_SIZE)
			return command_usage("an identity has 1 to %d bytes",
					     LSK_TIPC_NODE_ID_SIZE);
		memcpy(net.node_id, id, strlen(id));
		net.has = LSK_SET(LSK_TIPC_NET_NODE_ID_LOW) |
			  LSK_SET(LSK_TIPC_NET_NODE_ID_HIGH);
	} else if (number) {
		if (command_parse_number(number, 1, 9999, &cluster) < 0)
			return command_usage("a cluster's number is 1 to 9999, not %s",
					     number);
		net.id = (uint32_t)cluster;
		net.has = LSK_SET(LSK_TIPC_NET_ID);
	} else {
		return command_usage("expected \"set netid N\" or \"set identity ID\"");
	}
	status = no_more(call);
	if (status != COMMAND_OK)
		return status;
	return result(lsk_tipc_net_set(call->nl, &net, &error), &error);
}

static int node_main(int argc, char **argv)
{
	static const struct tipc_view view = {
		.heading = "Node Identity                    Hash     State",
		.to_json = node_json,
		.print = node_print,
	};
	struct tipc_call call = {.is_json = false};
	int status;

	if (!tipc_open(&call, argc, argv, &status,
		       "usage: linsock tipc node [-j] [list]\n"
		       "       linsock tipc node get netid|identity\n"
		       "       linsock tipc node set netid N|identity ID\n\n"
		       "  -j, --json    as JSON\n\n"
		       "Lists the nodes of the cluster; shows and sets who this one "
		       "is.\n"))
		return status;
	if (tipc_word(&call, "get"))
		status = node_get(&call);
	else if (tipc_word(&call, "set"))
		status = node_set(&call);
	else
		status = tipc_list(&call, LSK_TIPC_NODES, &view);
	return tipc_close(&call, status);
}

const struct command tipc_node_command = {
	.name = "node",
	.summary = "nodes of the cluster, and who this one is",
	.main = node_main,
};

/* --- bearer ------------------------------------------------------------------ */

static json_t *bearer_json(struct tipc_call *call, const union tipc_row *row)
{
	(void)call;
	return json_pack("{s:s}", "name", row->bearer.name);
}

static void bearer_print(struct tipc_call *call, const union tipc_row *row)
{
	(void)call;
	puts(row->bearer.name);
}

/* "media eth device veth0" or "media udp name N" becomes "eth:veth0" or "udp:N". */
static int read_name(struct tipc_call *call, struct lsk_tipc_bearer *bearer)
{
	const char *media = tipc_value(call, "media");
	const char *name;

	if (!media || (strcmp(media, "eth") != 0 && strcmp(media, "udp") != 0))
		return command_usage("expected \"media eth\" or \"media udp\"");
	name = tipc_value(call, strcmp(media, "eth") == 0 ? "device" : "name");
	if (!name)
		return command_usage("media %s wants its %s", media,
				     strcmp(media, "eth") == 0 ? "device" : "name");
	if ((size_t)snprintf(bearer->name, sizeof(bearer->name), "%s:%s", media,
			     name) >= sizeof(bearer->name))
		return command_usage("the name \"%s\" is too long", name);
	return COMMAND_OK;
}

static int read_ip(const char *text, struct lsk_addr *ret_addr)
{
	int r = strchr(text, ':')
			? lsk_addr_inet6(ret_addr, text, LSK_TIPC_UDP_PORT, 0, 0)
			: lsk_addr_inet(ret_addr, text, LSK_TIPC_UDP_PORT);

	return r < 0 ? command_usage("\"%s\" is no IP address", text) : COMMAND_OK;
}

static int bearer_change(struct tipc_call *call, bool enable)
{
	struct lsk_tipc_bearer bearer = {.has = 0};
	struct lsk_nl_error error = {0};
	const char *text;
	int status = read_name(call, &bearer);

	if (status == COMMAND_OK && enable && (text = tipc_value(call, "localip")))
		status = read_ip(text, &bearer.local);
	if (status == COMMAND_OK && enable && (text = tipc_value(call, "remoteip")))
		status = read_ip(text, &bearer.remote);
	if (status == COMMAND_OK)
		status = no_more(call);
	if (status != COMMAND_OK)
		return status;
	if (!enable)
		return result(lsk_tipc_bearer_disable(call->nl, bearer.name, &error),
			      &error);
	if (strncmp(bearer.name, "udp:", 4) == 0 && bearer.local.len == 0)
		return command_usage("media udp wants localip");
	return result(lsk_tipc_bearer_enable(call->nl, &bearer, &error), &error);
}

static int bearer_main(int argc, char **argv)
{
	static const struct tipc_view view = {
		.to_json = bearer_json,
		.print = bearer_print,
	};
	struct tipc_call call = {.is_json = false};
	int status;

	if (!tipc_open(
		    &call, argc, argv, &status,
		    "usage: linsock tipc bearer [-j] [list]\n"
		    "       linsock tipc bearer enable|disable media eth device "
		    "DEVICE\n"
		    "       linsock tipc bearer enable media udp name NAME localip IP "
		    "[remoteip IP]\n"
		    "       linsock tipc bearer disable media udp name NAME\n\n"
		    "  -j, --json    as JSON\n\n"
		    "Lists, begins and ends ways to other nodes.\n"))
		return status;
	if (tipc_word(&call, "enable"))
		status = bearer_change(&call, true);
	else if (tipc_word(&call, "disable"))
		status = bearer_change(&call, false);
	else
		status = tipc_list(&call, LSK_TIPC_BEARERS, &view);
	return tipc_close(&call, status);
}

const struct command tipc_bearer_command = {
	.name = "bearer",
	.summary = "ways to other nodes: Ethernet, UDP",
	.main = bearer_main,
};

/* --- link -------------------------------------------------------------------- */

static json_t *link_json(struct tipc_call *call, const union tipc_row *row)
{
	const struct lsk_tipc_link *link = &row->link;

	(void)call;
	return json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I}", "name",
			 link->name, "state", link->is_up ? "up" : "down", "active",
			 link->is_active, "mtu", (json_int_t)link->mtu, "priority",
			 (json_int_t)link->properties.priority, "tolerance_ms",
			 (json_int_t)link->properties.tolerance_ms, "window",
			 (json_int_t)link->properties.window, "received",
			 (json_int_t)link->received, "sent", (json_int_t)link->sent);
}

static void link_print(struct tipc_call *call, const union tipc_row *row)
{
	(void)call;
	printf("%s: %s\n", row->link.name, row->link.is_up ? "up" : "down");
}

static int link_set(struct tipc_call *call)
{
	struct lsk_tipc_link link = {.has = 0};
	struct lsk_nl_error error = {0};
	const char *text, *name;
	long number;
	int status;

	if ((text = tipc_value(call, "priority")))
		link.has = LSK_SET(LSK_TIPC_PRIORITY);
	else if ((text = tipc_value(call, "tolerance")))
		link.has = LSK_SET(LSK_TIPC_TOLERANCE);
	else if ((text = tipc_value(call, "window")))
		link.has = LSK_SET(LSK_TIPC_WINDOW);
	else
		return command_usage("expected priority, tolerance or window");
	if (command_parse_number(text, 0, UINT32_MAX, &number) < 0)
		return command_usage("bad number \"%s\"", text);
	link.properties.priority = (uint32_t)number;
	link.properties.tolerance_ms = (uint32_t)number;
	link.properties.window = (uint32_t)number;
	name = tipc_value(call, "link");
	if (!name || strlen(name) >= sizeof(link.name))
		return command_usage("expected \"link NAME\"");
	memcpy(link.name, name, strlen(name) + 1);
	status = no_more(call);
	if (status != COMMAND_OK)
		return status;
	return result(lsk_tipc_link_set(call->nl, &link, &error), &error);
}

static int link_main(int argc, char **argv)
{
	static const struct tipc_view view = {
		.to_json = link_json,
		.print = link_print,
	};
	struct tipc_call call = {.is_json = false};
	int status;

	if (!tipc_open(&call, argc, argv, &status,
		       "usage: linsock tipc link [-j] [list]\n"
		       "       linsock tipc link set priority|tolerance|window N link "
		       "LINK\n\n"
		       "  -j, --json    as JSON, with counters and properties\n\n"
		       "Lists and changes the links to other nodes; tolerance is in "
		       "ms.\n"))
		return status;
	if (tipc_word(&call, "set"))
		status = link_set(&call);
	else
		status = tipc_list(&call, LSK_TIPC_LINKS, &view);
	return tipc_close(&call, status);
}

const struct command tipc_link_command = {
	.name = "link",
	.summary = "links to other nodes",
	.main = link_main,
};
