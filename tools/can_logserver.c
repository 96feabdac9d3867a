/* SPDX-License-Identifier: MIT */
/*
 * linsock can logserver: what a bus carries, as lines of candump's log, to whoever
 * connects; with canlogserver's arguments. Each client has channels of its own, and
 * what it does not take is kept for it to a bound: one that does not read costs the
 * others nothing.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/can.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tools/can.h"
#include "tools/can_line.h"
#include "tools/can_server.h"

#define BUSES_MAX 6 /* as canlogserver has it */
#define BATCH     16
#define PORT      28700
#define WORDS_MAX 16 /* what clients say is thrown away */

struct bus {
	const char *name;
	struct lsk_can_filter filter;
	bool has_filter;
	uint32_t error_mask;
};

struct logserver {
	struct bus buses[BUSES_MAX];
	size_t count;
	int name_width;
	char endpoint[64];
};

/* A client's channels. */
struct session {
	const struct logserver *server;
	struct lsk_can *cans[BUSES_MAX];
	struct can_line_style style;
	struct can_view_clock clock;
	struct lsk_can_record records[BATCH];
	char lines[BATCH * CAN_LINE_MAX];
};

static int session_fail(struct can_client *client)
{
	struct session *session = client->can;

	for (size_t i = 0; session && i < BUSES_MAX; i++)
		lsk_can_free(session->cans[i]);
	free(session);
	if (client->can_fd >= 0)
		close(client->can_fd);
	client->can = NULL;
	return -1;
}

static void session_close(struct can_client *client)
{
	session_fail(client);
}

static int open_bus(struct session *session, size_t index, int epoll_fd)
{
	const struct bus *bus = &session->server->buses[index];
	const struct lsk_can_config config = {
		.interface = bus->name,
		.filters = bus->has_filter ? &bus->filter : NULL,
		.filter_count = bus->has_filter,
		.error_mask = bus->error_mask,
		.without_xl = true,
	};
	struct epoll_event event = {.events = EPOLLIN};
	struct lsk_error error = {0};

	if (bus->has_filter) {
		printf("CAN ID filter[%zu] for %s set to mask = %08X, value = %08X "
		       "%s\n",
		       index, bus->name, bus->filter.mask,
		       bus->filter.id & ~CAN_INV_FILTER,
		       bus->filter.id & CAN_INV_FILTER ? "(inv_filter)" : "");
		fflush(stdout);
	}
	if (lsk_can_open(&session->cans[index], &config, &error) < 0)
		return command_failure_at(bus->name, &error);
	lsk_socket_set_timeout(lsk_can_socket(session->cans[index]), 0);
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD,
		      lsk_socket_fd(lsk_can_socket(session->cans[index])), &event) < 0)
		return command_failure(-errno, "%s", bus->name);
	return COMMAND_OK;
}

static int session_open(void *context, struct can_client *client)
{
	const struct logserver *server = context;
	struct session *session = calloc(1, sizeof(*session));

	client->can = session;
	client->can_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!session || client->can_fd < 0) {
		command_failure(-errno, "a client was sent away");
		return session_fail(client);
	}
	session->server = server;
	session->style.name_width = server->name_width;
	session->clock.mode = 'a';
	for (size_t i = 0; i < server->count; i++)
		if (open_bus(session, i, client->can_fd) != COMMAND_OK)
			return session_fail(client);
	return 0;
}

static int ignore_text(void *context, struct can_client *client, const char *text)
{
	(void)context;
	(void)client;
	(void)text;
	return 0;
}

/* Send a batch of one channel. Return: 0, or negative where the client is to go. */
static int tell_frames(struct session *session, struct lsk_can *can,
		       struct can_client *to, int count)
{
	char *out = session->lines;

	for (int i = 0; i < count; i++) {
		const struct lsk_can_record *record = &session->records[i];
		const char *name = lsk_can_interface_name(can, record->interface);

		/* Of "any" it is seen late how long the names are. */
		if ((int)strlen(name) > session->style.name_width)
			session->style.name_width = (int)strlen(name);
		out = can_line_log(&session->style, &session->clock, out, record, name);
	}
	return can_client_say(to, session->lines, (size_t)(out - session->lines)) < 0
		       ? -EPIPE
		       : 0;
}

static int session_ready(void *context, struct can_client *client)
{
	struct session *session = client->can;

	(void)context;
	for (size_t i = 0; i < session->server->count; i++) {
		struct lsk_can *can = session->cans[i];
		int r = lsk_can_receive(can, session->records, BATCH);

		if (r > 0)
			r = tell_frames(session, can, client, r);
		/* An interface that goes down comes up again. */
		if (r < 0 && r != -EAGAIN && r != -ENETDOWN)
			return r;
	}
	return 0;
}

/* Numbers with commas between them. Return: how many, or -EINVAL. */
static int parse_list(const char *text, int base, uint32_t *ret_values)
{
	for (int i = 0; i < BUSES_MAX; i++) {
		char *end;
		unsigned long value = strtoul(text, &end, base);

		if (end == text || value > UINT32_MAX || (*end && *end != ','))
			return -EINVAL;
		ret_values[i] = (uint32_t)value;
		if (!*end)
			return i + 1;
		text = end + 1;
	}
	return -EINVAL;
}

/* The lists of the options, which have an element per interface. */
struct lists {
	uint32_t masks[BUSES_MAX];
	uint32_t values[BUSES_MAX];
	uint32_t inverted[BUSES_MAX];
	uint32_t error_masks[BUSES_MAX];
	int longest;
};

static int parse_option(struct logserver *server, struct lists *lists, int option,
			const char *value)
{
	uint32_t *const list = option == 'm'   ? lists->masks
			       : option == 'v' ? lists->values
			       : option == 'i' ? lists->inverted
					       : lists->error_masks;
	long port = 0;
	int r;

	switch (option) {
	case 'm':
	case 'v':
	case 'i':
	case 'e':
		r = parse_list(value, option == 'i' ? 10 : 16, list);
		if (r < 0)
			return command_usage("-%c: \"%s\" are no numbers, up to %d, "
					     "with commas between them",
					     option, value, BUSES_MAX);
		if (r > lists->longest)
			lists->longest = r;
		return COMMAND_OK;
	case 'p':
		if (command_parse_number(value, 0, UINT16_MAX, &port) < 0)
			return command_usage("-p: \"%s\" is no port", value);
		snprintf(server->endpoint, sizeof(server->endpoint),
			 "tcp://0.0.0.0:%ld", port);
		return COMMAND_OK;
	case 'l':
		if (snprintf(server->endpoint, sizeof(server->endpoint), "%s", value) >=
		    (int)sizeof(server->endpoint))
			return command_usage("--listen: \"%s\" is too long", value);
		return COMMAND_OK;
	default:
		return command_bad_option();
	}
}

static int take_buses(struct logserver *server, const struct lists *lists, char **names,
		      int count)
{
	if (count == 0)
		return command_usage("an interface is needed");
	if (lists->longest > count) {
		printf("low count of CAN devices!\n");
		return COMMAND_FAILURE;
	}
	if (count > BUSES_MAX) {
		printf("More than %d CAN devices!\n", BUSES_MAX);
		return COMMAND_FAILURE;
	}
	for (int i = 0; i < count; i++) {
		const uint32_t invert = lists->inverted[i] ? CAN_INV_FILTER : 0;

		server->buses[i] = (struct bus){
			.name = names[i],
			.filter = {lists->values[i] | invert, lists->masks[i]},
			.has_filter = lists->masks[i] || lists->values[i],
			.error_mask = lists->error_masks[i],
		};
		if ((int)strlen(names[i]) > server->name_width)
			server->name_width = (int)strlen(names[i]);
	}
	server->count = (size_t)count;
	return COMMAND_OK;
}

static int can_logserver_main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"listen", required_argument, NULL, 'l'},
		{0},
	};
	struct logserver logserver = {0};
	struct lists lists = {.longest = 1};
	const struct can_server server = {
		.text_max = WORDS_MAX,
		.context = &logserver,
		.open = session_open,
		.close = session_close,
		.text = ignore_text,
		.ready = session_ready,
	};
	int status = COMMAND_OK;
	int option;

	snprintf(logserver.endpoint, sizeof(logserver.endpoint), "tcp://0.0.0.0:%d",
		 PORT);
	while (status == COMMAND_OK &&
	       (option = getopt_long(argc, argv, "m:v:i:e:p:", longs, NULL)) != -1)
		status = parse_option(&logserver, &lists, option, optarg);
	if (status == COMMAND_OK)
		status = take_buses(&logserver, &lists, argv + optind, argc - optind);
	return status == COMMAND_OK ? can_server_run(&server, logserver.endpoint)
				    : status;
}

static const char can_logserver_help[] =
	"Who connects gets what the interfaces carry, as lines of candump's log. Up to "
	"6\n"
	"interfaces, \"any\" for all; -m, -v, -i and -e have an element for each of "
	"them,\n"
	"with commas between.\n"
	"\n"
	"  -m MASKS    bits of the identifier that count (hexadecimal)\n"
	"  -v VALUES   what they are to be\n"
	"  -i 0|1,...  the frames that do not match\n"
	"  -e MASKS    classes of error frames\n"
	"  -p PORT     instead of 28700\n"
	"  --listen ENDPOINT  instead of tcp://0.0.0.0:28700; without a password: mind "
	"who\n"
	"              may connect\n"
	"\nA client that does not read is sent away when it is 1 MiB behind, which is "
	"told.\n";

const struct command can_logserver_command = {
	.name = "logserver",
	.arguments = "[options] IFACE...",
	.summary = "serve candump's log over TCP",
	.alias = "canlogserver",
	.help = can_logserver_help,
	.main = can_logserver_main,
};
