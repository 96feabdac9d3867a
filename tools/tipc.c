/* SPDX-License-Identifier: MIT */
/*
 * The group "linsock tipc": what tipc(8) of iproute2 shows and sets, in its words, and
 * services as they come and go. Each row becomes JSON first; text is made of that.
 */
#include "tools/tipc.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <linux/tipc.h>
#include <stdio.h>
#include <string.h>

static const struct command *const tipc_commands[] = {
	&tipc_bearer_command,
	&tipc_link_command,
	&tipc_nametable_command,
	&tipc_node_command,
	&tipc_socket_command,
	&tipc_watch_command,
	NULL,
};

const struct command tipc_command = {
	.name = "tipc",
	.summary = "TIPC: name table, links, bearers, nodes, sockets, events",
	.children = tipc_commands,
};

bool tipc_word(struct tipc_call *call, const char *word)
{
	if (!*call->args || strcmp(*call->args, word) != 0)
		return false;
	call->args++;
	return true;
}

const char *tipc_value(struct tipc_call *call, const char *word)
{
	if (!call->args[0] || !call->args[1] || strcmp(call->args[0], word) != 0)
		return NULL;
	call->args += 2;
	return call->args[-1];
}

bool tipc_open(struct tipc_call *call, int argc, char **argv, int *ret_status,
	       const char *usage)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option, r;

	while ((option = getopt_long(argc, argv, "+jh", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			*ret_status = COMMAND_OK;
			return false;
		}
		if (option == '?') {
			*ret_status = command_bad_option();
			return false;
		}
		call->is_json = true;
	}
	call->args = argv + optind;
	r = lsk_nl_open(&call->nl, NETLINK_GENERIC, NULL);
	if (r < 0) {
		*ret_status = command_failure(r, "generic netlink");
		return false;
	}
	/* Names of nodes are asked of a socket; without one they stand as numbers. */
	if (lsk_socket_new(&call->sock, AF_TIPC, SOCK_RDM, 0) < 0)
		call->sock = NULL;
	return true;
}

int tipc_close(struct tipc_call *call, int status)
{
	lsk_socket_free(call->sock);
	lsk_nl_close(call->nl);
	return status;
}

int tipc_failure(int r, const struct lsk_nl_error *error)
{
	char text[256];

	if (r == -ENOENT || r == -EAFNOSUPPORT) {
		fputs("linsock tipc: this kernel has no TIPC loaded (modprobe tipc)\n",
		      stderr);
		return COMMAND_FAILURE;
	}
	if (!error || error->code == 0)
		return command_failure(r, "tipc");
	lsk_nl_error_format(error, text, sizeof(text));
	fprintf(stderr, "linsock tipc: %s\n", text);
	return COMMAND_FAILURE;
}

/* Text where every byte may stand in one, else hexadecimal, as tipc(8) has it. */
void tipc_id_text(const uint8_t *id, char *ret_text)
{
	size_t len = strnlen((const char *)id, LSK_TIPC_NODE_ID_SIZE);
	bool is_text = len > 0;

	for (size_t i = 0; i < LSK_TIPC_NODE_ID_SIZE; i++)
		is_text = is_text && (i < len ? isalnum(id[i]) || strchr("-_.:@", id[i])
					      : id[i] == 0);
	if (is_text) {
		memcpy(ret_text, id, len);
		ret_text[len] = '\0';
		return;
	}
	for (size_t i = 0; i < LSK_TIPC_NODE_ID_SIZE; i++)
		sprintf(ret_text + 2 * i, "%02x", id[i]);
	for (size_t i = 31; i > 0 && ret_text[i] == '0'; i--)
		ret_text[i] = '\0';
}

void tipc_node_text(struct tipc_call *call, uint32_t node, char *ret_text)
{
	uint8_t id[LSK_TIPC_NODE_ID_SIZE];

	if (call->sock && lsk_tipc_node_id(call->sock, node, id) == 0)
		tipc_id_text(id, ret_text);
	else
		sprintf(ret_text, "%x", node);
}

int tipc_list(struct tipc_call *call, enum lsk_tipc_table table,
	      const struct tipc_view *view)
{
	json_t *array = call->is_json ? json_array() : NULL;
	union tipc_row row;
	struct lsk_nl_dump *dump;
	int r;

	if (*call->args && !tipc_word(call, "list") && !tipc_word(call, "show"))
		return command_usage("unknown word \"%s\"", *call->args);
	if (*call->args)
		return command_usage("unexpected word \"%s\"", *call->args);
	r = lsk_tipc_dump(call->nl, table, &dump);
	if (r < 0)
		return tipc_failure(r, NULL);
	if (!array && view->heading)
		puts(view->heading);
	while ((r = lsk_tipc_next(dump, table, &row)) > 0)
		if (array)
			json_array_append_new(array, view->to_json(call, &row));
		else
			view->print(call, &row);
	lsk_nl_dump_end(dump, NULL);
	if (array) {
		json_dumpf(array, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(array);
	}
	if (r < 0)
		return tipc_failure(r, NULL);
	return fflush(stdout) == EOF ? command_failure(-EIO, "standard output")
				     : COMMAND_OK;
}

/* --- name table -------------------------------------------------------------- */

static const char *scope_text(uint32_t scope)
{
	static const char *const texts[] = {"", "zone", "cluster", "node"};

	return scope < sizeof(texts) / sizeof(texts[0]) ? texts[scope] : "";
}

static json_t *publication_json(struct tipc_call *call, const union tipc_row *row)
{
	const struct lsk_tipc_publication *publication = &row->publication;
	char node[TIPC_ID_TEXT_MAX];

	tipc_node_text(call, publication->node, node);
	return json_pack(
		"{s:I, s:I, s:I, s:s, s:I, s:s}", "type", (json_int_t)publication->type,
		"lower", (json_int_t)publication->lower, "upper",
		(json_int_t)publication->upper, "scope", scope_text(publication->scope),
		"port", (json_int_t)publication->reference, "node", node);
}

static void publication_print(struct tipc_call *call, const union tipc_row *row)
{
	const struct lsk_tipc_publication *publication = &row->publication;
	char node[TIPC_ID_TEXT_MAX];

	tipc_node_text(call, publication->node, node);
	printf("%-10u %-10u %-10u %-8s %-10u %s\n", publication->type,
	       publication->lower, publication->upper, scope_text(publication->scope),
	       publication->reference, node);
}

static int nametable_main(int argc, char **argv)
{
	static const struct tipc_view view = {
		.heading = "Type       Lower      Upper      Scope    Port       "
			   "Node                             ",
		.to_json = publication_json,
		.print = publication_print,
	};
	struct tipc_call call = {.is_json = false};
	int status;

	if (!tipc_open(&call, argc, argv, &status,
		       "usage: linsock tipc nametable [-j] [show]\n\n"
		       "  -j, --json    as JSON\n\n"
		       "Lists the services that are published, and where.\n"))
		return status;
	return tipc_close(&call, tipc_list(&call, LSK_TIPC_PUBLICATIONS, &view));
}

const struct command tipc_nametable_command = {
	.name = "nametable",
	.summary = "services that are published, and where",
	.main = nametable_main,
};

/* --- sockets ----------------------------------------------------------------- */

static json_t *socket_json(struct tipc_call *call, const union tipc_row *row)
{
	const struct lsk_tipc_socket *sock = &row->sock;
	json_t *object = json_pack("{s:I, s:b}", "socket", (json_int_t)sock->reference,
				   "published", sock->is_published);
	char node[TIPC_ID_TEXT_MAX];

	if (LSK_HAS(sock, LSK_TIPC_SOCKET_PEER)) {
		tipc_node_text(call, sock->peer_node, node);
		json_object_set_new(object, "peer_node", json_string(node));
		json_object_set_new(object, "peer_socket",
				    json_integer(sock->peer_reference));
	}
	if (LSK_HAS(sock, LSK_TIPC_SOCKET_PEER_SERVICE)) {
		json_object_set_new(object, "peer_type", json_integer(sock->peer_type));
		json_object_set_new(object, "peer_instance",
				    json_integer(sock->peer_instance));
	}
	return object;
}

static void socket_print(struct tipc_call *call, const union tipc_row *row)
{
	const struct lsk_tipc_socket *sock = &row->sock;

	(void)call;
	printf("socket %u%s", sock->reference, sock->is_published ? " published" : "");
	if (LSK_HAS(sock, LSK_TIPC_SOCKET_PEER))
		printf(" connected to %x:%u", sock->peer_node, sock->peer_reference);
	if (LSK_HAS(sock, LSK_TIPC_SOCKET_PEER_SERVICE))
		printf(" via {%u,%u}", sock->peer_type, sock->peer_instance);
	putchar('\n');
}

static int socket_main(int argc, char **argv)
{
	static const struct tipc_view view = {
		.to_json = socket_json,
		.print = socket_print,
	};
	struct tipc_call call = {.is_json = false};
	int status;

	if (!tipc_open(&call, argc, argv, &status,
		       "usage: linsock tipc socket [-j] [list]\n\n"
		       "  -j, --json    as JSON\n\n"
		       "Lists the sockets of this namespace.\n"))
		return status;
	return tipc_close(&call, tipc_list(&call, LSK_TIPC_SOCKETS, &view));
}

const struct command tipc_socket_command = {
	.name = "socket",
	.summary = "sockets of this namespace",
	.main = socket_main,
};

/* --- events ------------------------------------------------------------------ */

static void print_event(const struct lsk_tipc_event *event, bool is_json)
{
	static const char *const changes[] = {
		[LSK_TIPC_PUBLISHED] = "published",
		[LSK_TIPC_WITHDRAWN] = "withdrawn",
		[LSK_TIPC_EXPIRED] = "expired",
	};

	printf(is_json ? "{\"event\": \"%s\", \"type\": %u, \"lower\": %u, \"upper\": "
			 "%u, \"node\": \"%x\", \"port\": %u}\n"
		       : "%s %u:%u:%u by %x:%u\n",
	       changes[event->change], event->subscription.type, event->lower,
	       event->upper, event->node, event->reference);
	fflush(stdout);
}

static int watch(struct tipc_call *call, struct lsk_tipc_subscription *subscription,
		 long count)
{
	struct lsk_tipc_event event;
	struct lsk_socket *topology;
	int r = lsk_tipc_topology(&topology);

	if (r < 0)
		return tipc_failure(r, NULL);
	r = lsk_tipc_subscribe(topology, subscription);
	while (r == 0) {
		r = lsk_tipc_event_next(topology, &event);
		if (r < 0)
			break;
		print_event(&event, call->is_json);
		if (event.change == LSK_TIPC_EXPIRED || --count == 0)
			break;
	}
	lsk_socket_free(topology);
	return r < 0 ? tipc_failure(r, NULL) : COMMAND_OK;
}

static int watch_main(int argc, char **argv)
{
	struct lsk_tipc_subscription subscription = {
		.upper = UINT32_MAX,
		.timeout_ns = LSK_BLOCK,
		.each_port = true,
	};
	struct tipc_call call = {.is_json = false};
	const char *seconds;
	long number[3] = {0, 0, UINT32_MAX}, count = 0;
	int status;

	if (!tipc_open(
		    &call, argc, argv, &status,
		    "usage: linsock tipc watch [-j] [for SECONDS] [count N] TYPE "
		    "[LOWER [UPPER]]\n\n"
		    "  -j, --json    a JSON object a line\n\n"
		    "Tells when services are published and withdrawn, beginning with\n"
		    "what is there; type 0 is nodes, 2 links. Ends after SECONDS, or\n"
		    "after N events.\n"))
		return status;
	seconds = tipc_value(&call, "for");
	if (seconds && (command_parse_seconds(seconds, &subscription.timeout_ns) < 0 ||
			subscription.timeout_ns == 0))
		return tipc_close(&call, command_usage("bad time \"%s\"", seconds));
	seconds = tipc_value(&call, "count");
	if (seconds && command_parse_number(seconds, 1, INT32_MAX, &count) < 0)
		return tipc_close(&call, command_usage("bad count \"%s\"", seconds));
	if (!*call.args)
		return tipc_close(&call, command_usage("no service type given"));
	for (size_t i = 0; i < 3 && *call.args; i++, call.args++)
		if (command_parse_number(*call.args, 0, UINT32_MAX, &number[i]) < 0)
			return tipc_close(
				&call, command_usage("bad number \"%s\"", *call.args));
	if (*call.args || number[2] < number[1])
		return tipc_close(&call,
				  command_usage("expected TYPE [LOWER [UPPER]]"));
	subscription.type = (uint32_t)number[0];
	subscription.lower = (uint32_t)number[1];
	subscription.upper = (uint32_t)number[2];
	return tipc_close(&call, watch(&call, &subscription, count));
}

const struct command tipc_watch_command = {
	.name = "watch",
	.summary = "tell when services, nodes and links come and go",
	.main = watch_main,
};
