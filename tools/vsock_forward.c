/* SPDX-License-Identifier: MIT */
/*
 * linsock vsock forward: every connection to one endpoint becomes one to another, both
 * being of any family. On a loop; a side that does not read is not read for.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/listener.h"
#include "tools/vsock.h"

#define LEASES_MAX      4
#define CONNECTIONS     1024
#define CONNECT_TIMEOUT (10 * LSK_NSEC_PER_SEC)

struct forward;
struct connection;

/* One direction: what @from says is sent to @to. */
struct direction {
	struct connection *connection;
	struct lsk_socket *from;
	struct lsk_socket *to;
	bool has_ended;
};

struct connection {
	struct forward *forward;
	struct lsk_socket *sides[2];
	struct direction directions[2];
	int ended;
	int closed;
	bool is_broken;
};

struct forward {
	struct lsk_loop *loop;
	struct lsk_pool *pool;
	struct listener listener;
	struct lsk_endpoint *target;
	const char *target_text;
	unsigned int connections;
	bool is_verbose;
};

static volatile sig_atomic_t is_ending;

static void on_signal(int number)
{
	(void)number;
	is_ending = 1;
}

static void closed(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct connection *connection = event->context;

	(void)loop;
	if (++connection->closed < 2)
		return;
	connection->forward->connections--;
	lsk_socket_free(connection->sides[0]);
	lsk_socket_free(connection->sides[1]);
	free(connection);
}

static void close_sides(struct connection *connection)
{
	const struct lsk_then then = {.done = closed, .context = connection};

	for (int i = 0; i < 2; i++)
		if (lsk_loop_close(connection->forward->loop, connection->sides[i],
				   &then) < 0)
			connection->closed++;
}

/* Both directions have ended: nothing of them is under way any more. */
static void direction_end(struct direction *direction)
{
	if (direction->has_ended)
		return;
	direction->has_ended = true;
	if (++direction->connection->ended == 2)
		close_sides(direction->connection);
}

/* One side is broken: the other has nobody to talk to. */
static void direction_break(struct direction *direction)
{
	struct connection *connection = direction->connection;

	if (!connection->is_broken) {
		connection->is_broken = true;
		for (int i = 0; i < 2; i++) {
			lsk_socket_shutdown(connection->sides[i], SHUT_RDWR);
			lsk_loop_cancel_socket(connection->forward->loop,
					       connection->sides[i]);
		}
	}
	direction_end(direction);
}

static void drained(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct direction *direction = event->context;

	(void)loop;
	if (event->result < 0) {
		direction_break(direction);
		return;
	}
	lsk_socket_shutdown(direction->to, SHUT_WR);
	direction_end(direction);
}

static void sent(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct direction *direction = event->context;

	/* A direction that has ended has its end from its stream. */
	if (event->result < 0 && !direction->connection->is_broken) {
		direction->connection->is_broken = true;
		for (int i = 0; i < 2; i++)
			lsk_loop_cancel_socket(loop, direction->connection->sides[i]);
	}
}

static void received(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct direction *direction = event->context;
	const struct lsk_then then_sent = {.done = sent, .context = direction};
	const struct lsk_then then_drained = {.done = drained, .context = direction};

	if (event->flags & LSK_EVENT_LEASE) {
		if (lsk_loop_send_lease(loop, direction->to, event, &then_sent) < 0)
			lsk_lease_free(event->pool, event->lease);
		return;
	}
	if (event->flags & LSK_EVENT_MORE)
		return;
	/* The end of what one side says is told to the other, behind the bytes. */
	if (event->result < 0 || direction->connection->is_broken ||
	    lsk_loop_drain(loop, direction->to, 0, &then_drained) < 0)
		direction_break(direction);
}

static int start(struct connection *connection)
{
	for (int i = 0; i < 2; i++) {
		struct direction *direction = &connection->directions[i];
		const struct lsk_then then = {.done = received, .context = direction};
		int r;

		direction->connection = connection;
		direction->from = connection->sides[i];
		direction->to = connection->sides[1 - i];
		r = lsk_loop_recv_stream(connection->forward->loop, direction->from,
					 connection->forward->pool, &then);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Reaching the target may take a moment, which the others wait: it is near. */
static int open_connection(struct forward *forward, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	struct lsk_error error = {0};
	int r;

	if (!connection)
		return -ENOMEM;
	connection->forward = forward;
	r = lsk_loop_adopt(forward->loop, forward->listener.sock, fd,
			   &connection->sides[0]);
	if (r == 0) {
		r = lsk_endpoint_connect(forward->target, CONNECT_TIMEOUT,
					 &connection->sides[1], &error);
		if (r < 0)
			command_failure_at(forward->target_text, &error);
	}
	if (r == 0)
		r = start(connection);
	if (r < 0) {
		lsk_socket_free(connection->sides[0]);
		lsk_socket_free(connection->sides[1]);
		free(connection);
		return r;
	}
	forward->connections++;
	return 0;
}

static void accepted(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct forward *forward = event->context;

	(void)loop;
	if (event->result < 0) {
		if (event->result != -ECANCELED)
			command_failure(event->result, "accept");
		is_ending = 1;
		return;
	}
	if (forward->connections >= CONNECTIONS) {
		fprintf(stderr, "%s: too many connections\n",
			program_invocation_short_name);
		close(event->result);
		return;
	}
	if (open_connection(forward, event->result) < 0)
		return;
	if (forward->is_verbose)
		fprintf(stderr, "%u connections\n", forward->connections);
}

static int run(struct forward *forward)
{
	const struct lsk_pool_options options = {.lease_max = LEASES_MAX,
						 .count_max = 1024};
	const struct lsk_then then = {.done = accepted, .context = forward};
	struct lsk_event none;
	int r = lsk_loop_new(&forward->loop, NULL);

	if (r == 0)
		r = lsk_pool_new(forward->loop, &forward->pool, &options);
	if (r == 0)
		r = lsk_loop_accept_stream(forward->loop, forward->listener.sock,
					   &then);
	while (r >= 0 && !is_ending)
		r = lsk_loop_next(forward->loop, &none, 1, LSK_NSEC_PER_SEC / 4);
	lsk_loop_free(forward->loop);
	return r < 0 ? command_failure(r, "the loop") : COMMAND_OK;
}

static const struct option options[] = {
	{"verbose", no_argument, NULL, 'v'},
	{"ready-fd", required_argument, NULL, 'r'},
	{NULL, 0, NULL, 0},
};

static int main_forward(int argc, char **argv)
{
	struct forward forward = {.connections = 0};
	struct sigaction action = {.sa_handler = on_signal};
	struct lsk_error error = {0};
	long ready_fd = -1;
	int option, status;

	while ((option = getopt_long(argc, argv, "v", options, NULL)) != -1) {
		if (option == 'v')
			forward.is_verbose = true;
		else if (option != 'r')
			return command_bad_option();
		else if (command_parse_number(optarg, 0, INT32_MAX, &ready_fd) < 0)
			return command_usage("\"%s\" is no descriptor", optarg);
	}
	if (argc - optind != 2)
		return command_usage("two endpoints: where to listen, and where to go");
	forward.target_text = argv[optind + 1];
	if (lsk_endpoint_new(&forward.target, forward.target_text, &error) < 0)
		return command_failure_at(forward.target_text, &error);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	status = listener_open(&forward.listener, argv[optind], (int)ready_fd);
	if (status == COMMAND_OK && !forward.listener.has_connections)
		status = command_usage("\"%s\" has no connections", argv[optind]);
	if (status == COMMAND_OK)
		status = run(&forward);
	listener_close(&forward.listener);
	lsk_endpoint_free(forward.target);
	return status;
}

const struct command vsock_forward_command = {
	.name = "forward",
	.arguments = "[-v] [--ready-fd=N] LISTEN-ENDPOINT TARGET-ENDPOINT",
	.summary = "make each connection to one endpoint one to another",
	.help = "  -v, --verbose     tell of connections on stderr\n"
		"      --ready-fd=N  write a newline to descriptor N once bound\n"
		"\n"
		"Both endpoints are of any family with connections: from a guest's "
		"port\n"
		"to a server of the host, or the other way round. The end of each\n"
		"direction is passed on by itself. Ends on SIGINT or SIGTERM.\n"
		"\n"
		"  linsock vsock forward vsock://any:5432 tcp://127.0.0.1:5432\n"
		"  linsock vsock forward tcp://127.0.0.1:2222 vsock://42:22\n",
	.main = main_forward,
};
