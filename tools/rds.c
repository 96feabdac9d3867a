/* SPDX-License-Identifier: MIT */
/* linsock rds: what rds-info(1) lists, and rds-ping(1). */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/rds.h>

#include "tools/command.h"
#include "tools/progress.h"
#include "tools/rounds.h"

struct rds {
	struct rounds rounds;
	bool is_json;
	const char *from;
};

static int take_option(void *context, int option, const char *value)
{
	struct rds *command = context;

	switch (option) {
	case 'j':
		command->is_json = true;
		return COMMAND_OK;
	case 'f':
		command->from = value;
		return COMMAND_OK;
	case 'c':
	case 't':
	case 'i':
		return rounds_take_option(&command->rounds, option, value);
	default:
		return command_bad_option();
	}
}

static int parse_options(struct rds *command, int argc, char **argv, const char *shorts)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"from", required_argument, NULL, 'f'},
		{"count", required_argument, NULL, 'c'},
		{"timeout", required_argument, NULL, 't'},
		{"interval", required_argument, NULL, 'i'},
		{0},
	};

	return command_parse_options(argc, argv, shorts, longs, take_option, command);
}

static int open_failed(int r)
{
	return command_failure(
		r, r == -EAFNOSUPPORT ? "no RDS in this kernel (module rds)" : "rds");
}

/* --- tables ------------------------------------------------------------------ */

/* A place without scheme and port: of a connection there is none. */
static void host_text(const struct lsk_addr *addr, char *ret_text)
{
	char text[LSK_ADDR_TEXT_MAX];
	const char *host;
	char *colon;

	if (lsk_addr_format(addr, text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "?");
	colon = strrchr(text, ':');
	host = strstr(text, "://");
	if (colon)
		*colon = '\0';
	snprintf(ret_text, LSK_ADDR_TEXT_MAX, "%s", host ? host + 3 : text);
}

static json_t *counter_row(const void *rows, size_t index, bool is_text)
{
	const struct lsk_rds_counter *row =
		(const struct lsk_rds_counter *)rows + index;

	if (is_text)
		printf("%-32s %20llu\n", row->name, (unsigned long long)row->value);
	return is_text ? NULL
		       : json_pack("{s:s,s:I}", "name", row->name, "value",
				   (json_int_t)row->value);
}

static json_t *connection_row(const void *rows, size_t index, bool is_text)
{
	const struct lsk_rds_connection *row =
		(const struct lsk_rds_connection *)rows + index;
	char local[LSK_ADDR_TEXT_MAX], remote[LSK_ADDR_TEXT_MAX];

	host_text(&row->local, local);
	host_text(&row->remote, remote);
	if (is_text)
		printf("%-28s %-28s %-10s %-5s %10llu %10llu\n", local, remote,
		       row->transport, row->is_up ? "up" : "down",
		       (unsigned long long)row->next_sent,
		       (unsigned long long)row->next_received);
	return is_text ? NULL
		       : json_pack("{s:s,s:s,s:s,s:b,s:I,s:I}", "local", local,
				   "remote", remote, "transport", row->transport, "up",
				   row->is_up, "next_sent", (json_int_t)row->next_sent,
				   "next_received", (json_int_t)row->next_received);
}

static json_t *socket_row(const void *rows, size_t index, bool is_text)
{
	const struct lsk_rds_socket *row = (const struct lsk_rds_socket *)rows + index;
	char bound[LSK_ADDR_TEXT_MAX], peer[LSK_ADDR_TEXT_MAX];

	if (lsk_addr_format(&row->bound, bound, sizeof(bound)) < 0 ||
	    lsk_addr_format(&row->connected, peer, sizeof(peer)) < 0)
		return NULL;
	if (is_text)
		printf("%-34s %-34s %9u %9u %10llu\n", bound, peer, row->send_buffer,
		       row->receive_buffer, (unsigned long long)row->inode);
	return is_text ? NULL
		       : json_pack("{s:s,s:s,s:I,s:I,s:I}", "bound", bound, "peer",
				   peer, "send_buffer", (json_int_t)row->send_buffer,
				   "receive_buffer", (json_int_t)row->receive_buffer,
				   "inode", (json_int_t)row->inode);
}

struct view {
	enum lsk_rds_table table;
	const char *heading;
	json_t *(*row)(const void *rows, size_t index, bool is_text);
};

static int list(const struct view *view, int argc, char **argv)
{
	struct rds command = {.is_json = false};
	struct lsk_socket *sock = NULL;
	int status = parse_options(&command, argc, argv, "j");
	json_t *array = NULL;
	size_t count = 0;
	void *rows = NULL;
	int r;

	if (status != COMMAND_OK)
		return status;
	if (optind != argc)
		return command_usage("unexpected word \"%s\"", argv[optind]);
	r = lsk_socket_new(&sock, AF_RDS, SOCK_SEQPACKET, 0);
	if (r < 0)
		return open_failed(r);
	r = lsk_rds_list(sock, view->table, &rows, &count);
	lsk_socket_free(sock);
	if (r < 0)
		return command_failure(r, "%s", argv[0]);
	if (command.is_json)
		array = json_array();
	else
		puts(view->heading);
	for (size_t i = 0; i < count; i++) {
		json_t *row = view->row(rows, i, !command.is_json);

		if (row)
			json_array_append_new(array, row);
	}
	free(rows);
	if (array) {
		json_dumpf(array, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(array);
	}
	return fflush(stdout) == 0 ? COMMAND_OK : command_failure(-errno, "stdout");
}

static int counters_main(int argc, char **argv)
{
	static const struct view view = {
		LSK_RDS_COUNTERS,
		"counter                                         value", counter_row};

	return list(&view, argc, argv);
}

static int connections_main(int argc, char **argv)
{
	static const struct view view = {
		LSK_RDS_ALL_CONNECTIONS,
		"local                        remote                       transport  "
		"state  next sent  next recv",
		connection_row};

	return list(&view, argc, argv);
}

static int sockets_main(int argc, char **argv)
{
	static const struct view view = {
		LSK_RDS_ALL_SOCKETS,
		"bound                              peer                               "
		"send buf  recv buf      inode",
		socket_row};

	return list(&view, argc, argv);
}

/* --- ping -------------------------------------------------------------------- */

/* From which of our addresses the way to a peer begins: RDS does not look by itself. */
static int find_source(const struct lsk_addr *to, struct lsk_addr *ret_from)
{
	struct lsk_socket *sock = NULL;
	int r = lsk_socket_new(&sock, lsk_addr_family(to), SOCK_DGRAM, 0);

	if (r == 0)
		r = lsk_socket_connect(sock, to);
	if (r == 0)
		r = lsk_socket_getsockname(sock, ret_from);
	lsk_socket_free(sock);
	return r;
}

/* The same address, with another port. */
static int set_port(struct lsk_addr *addr, uint16_t port)
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	if (lsk_addr_family(addr) == AF_INET) {
		memcpy(&sin, &addr->storage, sizeof(sin));
		sin.sin_port = htons(port);
		return lsk_addr_set(addr, &sin, sizeof(sin));
	}
	memcpy(&sin6, &addr->storage, sizeof(sin6));
	sin6.sin6_port = htons(port);
	return lsk_addr_set(addr, &sin6, sizeof(sin6));
}

struct places {
	struct lsk_addr from;
	struct lsk_addr to;
};

/* The kernel answers what comes to port 0, in whose answer nothing is: each ping is of
 * a socket of its own, so that a late answer is nobody else's. */
static int ping(void *context, int64_t timeout_ns, int64_t *ret_ns)
{
	const struct places *places = context;
	struct lsk_socket *sock = NULL;
	int64_t begin = monotonic_ns();
	struct lsk_addr who;
	char byte;
	ssize_t r = lsk_socket_new(&sock, AF_RDS, SOCK_SEQPACKET, 0);

	if (r == 0)
		r = lsk_socket_bind(sock, &places->from);
	if (r == 0)
		r = lsk_socket_set_timeout(sock, timeout_ns);
	if (r == 0)
		r = lsk_rds_send(sock, "", 0, &places->to);
	if (r == 0)
		r = lsk_socket_recvfrom(sock, &byte, sizeof(byte), 0, &who);
	*ret_ns = monotonic_ns() - begin;
	lsk_socket_free(sock);
	return r < 0 ? (int)r : 0;
}

static int parse_places(const struct rds *command, const char *text,
			struct lsk_addr *ret_from, struct lsk_addr *ret_to)
{
	struct lsk_error error = {0};
	int r;

	if (lsk_addr_parse(ret_to, text, &error) < 0)
		return command_failure_at(text, &error);
	if (lsk_addr_family(ret_to) != AF_INET && lsk_addr_family(ret_to) != AF_INET6)
		return command_failure(LSK_ERR_FAMILY, "%s", text);
	if (command->from && lsk_addr_parse(ret_from, command->from, &error) < 0)
		return command_failure_at(command->from, &error);
	/* connect(2) of UDP refuses port 0; any other port finds the same way. */
	r = command->from ? 0 : set_port(ret_to, 1);
	if (r == 0 && !command->from)
		r = find_source(ret_to, ret_from);
	if (r == 0 && lsk_addr_family(ret_from) != lsk_addr_family(ret_to))
		r = LSK_ERR_FAMILY;
	if (r == 0)
		r = set_port(ret_from, 0);
	if (r == 0)
		r = set_port(ret_to, 0);
	return r < 0 ? command_failure(r, "%s", text) : COMMAND_OK;
}

static int rds_ping_main(int argc, char **argv)
{
	struct rds command = {.rounds = rounds_default()};
	int status = parse_options(&command, argc, argv, "c:f:i:t:");
	struct places places;
	long answers;

	if (status != COMMAND_OK)
		return status;
	if (argc - optind != 1)
		return command_usage("an address is wanted, such as rds://10.0.0.2:0");
	status = parse_places(&command, argv[optind], &places.from, &places.to);
	if (status != COMMAND_OK)
		return status;
	answers = rounds_run(&command.rounds, argv[optind], ping, &places, NULL);
	if (answers < 0)
		return open_failed((int)answers);
	return answers > 0 ? COMMAND_OK : COMMAND_FAILURE;
}

static const char list_help[] = "  -j, --json    for programs\n";

static const struct command counters_command = {
	.name = "counters",
	.arguments = "[-j]",
	.summary = "what the kernel has counted since RDS was loaded",
	.help = list_help,
	.main = counters_main,
};

static const struct command connections_command = {
	.name = "connections",
	.arguments = "[-j]",
	.summary = "connections to other hosts, IPv4 and IPv6",
	.help = list_help,
	.main = connections_main,
};

static const struct command sockets_command = {
	.name = "sockets",
	.arguments = "[-j]",
	.summary = "sockets of this host, IPv4 and IPv6",
	.help = list_help,
	.main = sockets_main,
};

static const char ping_help[] =
	"Asks the kernel of another host, which answers by itself.\n"
	"\n"
	"  -c, --count N     so many; 4\n"
	"  -f, --from ADDR   from this address of ours; without, that of the route\n"
	"  -i, --interval S  seconds between them; 1\n"
	"  -t, --timeout S   how long to wait for each; 1\n";

static const struct command rds_ping_command = {
	.name = "ping",
	.arguments = "[-c N] [-f rds://OWN:0] [-i S] [-t S] rds://HOST:0",
	.summary = "how long a datagram takes there and back",
	.help = ping_help,
	.main = rds_ping_main,
};

static const struct command *const rds_commands[] = {
	&connections_command,
	&counters_command,
	&rds_ping_command,
	&sockets_command,
	NULL,
};

const struct command rds_command = {
	.name = "rds",
	.summary = "RDS: connections, sockets, counters, ping",
	.children = rds_commands,
};
