/* SPDX-License-Identifier: MIT */
/*
 * linsock's loop, as a program would use it: streams with leases, sends that borrow
 * them, one callback each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linsock/addr.h>
#include <linsock/control.h>
#include <linsock/inet.h>
#include <linsock/loop.h>
#include <linsock/loop_direct.h>
#include <linsock/loop_feature.h>
#include <linsock/version.h>

#include "lockstep/lockstep.h"

/* A pool that is used round and round is the better the less cache it takes, and the
 * kernel fills some 20 buffers in one pass. */
#define ECHO_BUFFERS_MAX 512U
#define ECHO_BYTES_MAX   (1U << 20)
#define SINK_BYTES       (512U << 10)

enum variant {
	VARIANT_URING,
	VARIANT_EPOLL,
	VARIANT_DIRECT, /* connections in the ring's table */
	VARIANT_BUNDLE, /* whole buffers, several with one completion */
};

struct connection {
	struct server *server;
	struct lsk_socket *sock;
	struct lsk_socket *out; /* where what comes is sent to */
};

struct server {
	const struct bench_plan *plan;
	struct bench_tally *tally;
	enum variant variant;
	struct lsk_loop *loop;
	struct lsk_pool *pool;
	struct connection *connections;
	unsigned int count;
	uint64_t goal;
	struct lsk_op *ops;
};

/* Pools, by what the program does with them. */
static void pool_choose(const struct bench_plan *plan, enum variant variant,
			struct lsk_pool_options *pool)
{
	if (plan->service == BENCH_DATAGRAMS) {
		pool->flags = LSK_POOL_MESSAGES;
		pool->count = plan->is_segmented ? 4 : 128;
		if (plan->is_segmented)
			pool->buffer_size = BENCH_SEGMENTS_MAX + 1024;
	} else if (variant == VARIANT_BUNDLE) {
		/* As liburing.c has them. */
		pool->flags = LSK_POOL_WHOLE;
		pool->buffer_size = (unsigned int)plan->buffer_size;
		pool->count = SINK_BYTES / (unsigned int)plan->buffer_size;
	} else if (plan->service == BENCH_SINK || plan->service == BENCH_PROXY) {
		pool->count = 8;
	} else {
		/* As liburing.c has it: buffers for messages of the size that comes, as
		 * many as are in flight. With epoll it is one, for anything. */
		pool->flags = LSK_POOL_WHOLE;
		pool->buffer_size =
			(unsigned int)(variant == VARIANT_EPOLL ? plan->buffer_size
								: plan->message_size);
		pool->count = 16;
		while (pool->count < plan->connections &&
		       pool->count < ECHO_BUFFERS_MAX &&
		       pool->count * plan->message_size < ECHO_BYTES_MAX)
			pool->count *= 2;
	}
	if (plan->buffers_max)
		pool->count = plan->buffers_max;
}

/* What the variant is named after, or nothing: without it the loop would do with what
 * the others do. */
static bool has_what_it_needs(const struct lsk_loop *loop, enum variant variant)
{
	const unsigned int features = lsk_loop_features(loop);

	if (variant == VARIANT_DIRECT)
		return features & LSK_LOOP_DIRECT;
	return variant != VARIANT_BUNDLE || features & LSK_LOOP_BUNDLES;
}

static int loop_open(const struct bench_start *start, void **ret_server)
{
	const struct bench_plan *plan = start->plan;
	const enum variant variant = (enum variant)start->variant;
	struct lsk_loop_options options = {.force_epoll = variant == VARIANT_EPOLL};
	struct lsk_pool_options pool = {0};
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->plan = plan;
	server->tally = start->tally;
	server->variant = variant;
	server->connections =
		calloc(plan->connections + 1, sizeof(*server->connections));
	if (!server->connections) {
		free(server);
		return -ENOMEM;
	}
	/* All that one pass may start, submitted at once. */
	options.entries = 1024;
	options.completions = 4096;
	options.zero_copy_min = plan->zero_copy_min;
	if (variant == VARIANT_DIRECT)
		options.direct_max = plan->connections;
	r = lsk_loop_new(&server->loop, &options);
	if (r == 0 && !has_what_it_needs(server->loop, variant)) {
		server->loop = lsk_loop_free(server->loop);
		r = -EOPNOTSUPP;
	}
	if (r < 0) {
		free(server->connections);
		free(server);
		return r;
	}
	pool_choose(plan, variant, &pool);
	r = lsk_pool_new(server->loop, &server->pool, &pool);
	if (r < 0) {
		lsk_loop_free(server->loop);
		free(server->connections);
		free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

static void count(struct server *server, uint64_t done)
{
	server->tally->done += done;
	if (server->tally->done >= server->goal)
		lsk_loop_stop(server->loop);
}

static void sent(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct server *server = event->context;

	(void)loop;
	count(server, event->result > 0 ? (uint64_t)event->result : 0);
}

static void echo(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct connection *connection = event->context;
	struct server *server = connection->server;
	const struct lsk_then then = {.done = sent, .context = server};

	if (!(event->flags & LSK_EVENT_MORE)) {
		lsk_loop_close(loop, connection->sock, NULL);
		return;
	}
	bench_tally_data(server->tally, event->data, (size_t)event->result, 0);
	lsk_loop_send_lease(loop, connection->out, event, &then);
}

static void sink(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct connection *connection = event->context;
	struct server *server = connection->server;

	if (!(event->flags & LSK_EVENT_MORE)) {
		lsk_loop_close(loop, connection->sock, NULL);
		return;
	}
	bench_tally_data(server->tally, event->data, (size_t)event->result, 0);
	lsk_lease_free(event->pool, event->lease);
	count(server,
	      server->plan->service == BENCH_DATAGRAMS ? 1 : (uint64_t)event->result);
}

/* Datagrams that the kernel has put together: it says how long each was. */
static void segments(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct connection *connection = event->context;
	struct server *server = connection->server;
	struct lsk_control control;
	struct lsk_control_item item;
	size_t offset = 0;
	struct msghdr message;
	int size = -ENOMSG;

	if (!(event->flags & LSK_EVENT_MORE)) {
		lsk_loop_close(loop, connection->sock, NULL);
		return;
	}
	lsk_lease_message(event->pool, event->lease, &message);
	control = (struct lsk_control){message.msg_control, message.msg_controllen,
				       message.msg_controllen};
	while (size < 0 && lsk_control_next(&control, &offset, &item) > 0)
		size = lsk_inet_get_segment_size(&item);
	if (size <= 0)
		size = event->result;
	bench_tally_data(server->tally, event->data, (size_t)event->result, 0);
	lsk_lease_free(event->pool, event->lease);
	count(server, (uint64_t)((event->result + size - 1) / size));
}

static void accepted(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct connection *connection = event->context;

	(void)loop;
	if (event->result < 0)
		return;
	close(event->result);
	count(connection->server, 1);
}

/* The first is the listener; from there on as if it had been added. */
static void serve(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct connection *listener = event->context;
	struct server *server = listener->server;
	struct connection *connection = &server->connections[server->count];
	const struct lsk_then then = {.done = echo, .context = connection};

	if (event->result < 0)
		return;
	connection->server = server;
	if (lsk_loop_adopt(loop, listener->sock, event->result, &connection->sock) < 0)
		return;
	connection->out = connection->sock;
	server->count++;
	lsk_loop_recv_stream(loop, connection->sock, server->pool, &then);
}

static int loop_add(void *context, int fd)
{
	struct server *server = context;
	struct connection *connection = &server->connections[server->count];
	struct lsk_then then = {.context = connection};
	int r;

	connection->server = server;
	r = lsk_socket_adopt(&connection->sock, fd, -1, -1, -1);
	if (r < 0)
		return r;
	connection->out = connection->sock;
	server->count++;
	switch (server->plan->service) {
	case BENCH_ECHO:
		then.done = echo;
		return lsk_loop_recv_stream(server->loop, connection->sock,
					    server->pool, &then);
	case BENCH_SINK:
		then.done = sink;
		return lsk_loop_recv_stream(server->loop, connection->sock,
					    server->pool, &then);
	case BENCH_PROXY:
		then.done = echo;
		if (server->count % 2)
			return 0;
		connection[-1].out = connection->sock;
		then.context = connection - 1;
		return lsk_loop_recv_stream(server->loop, connection[-1].sock,
					    server->pool, &then);
	case BENCH_DATAGRAMS:
		then.done = server->plan->is_segmented ? segments : sink;
		return lsk_loop_recvmsg_stream(server->loop, connection->sock,
					       server->pool, &then);
	case BENCH_ACCEPT:
		then.done = accepted;
		return lsk_loop_accept_stream(server->loop, connection->sock, &then);
	case BENCH_SERVE:
		then.done = serve;
		/* Without a table, and on epoll, it brings ordinary descriptors. */
		return lsk_loop_accept_direct(server->loop, connection->sock, &then);
	case BENCH_DATAGRAMS_SEND:
	case BENCH_FANOUT:
	case BENCH_SOURCE:
		return 0;
	case BENCH_CONNECT:
	case BENCH_TIMERS:
	case BENCH_SYNC:
	case BENCH_SERVICE__COUNT:
		break;
	}
	return -EINVAL;
}

static int loop_pump(void *context, uint64_t goal)
{
	struct server *server = context;
	struct lsk_loop_stats stats;
	int r = 0;

	server->goal = goal;
	while (server->tally->done < goal && r >= 0)
		r = lsk_loop_run(server->loop, LSK_RUN_FOREVER);
	if (server->plan->buffers_max || server->plan->service == BENCH_SINK ||
	    server->plan->service == BENCH_PROXY) {
		lsk_loop_stats(server->loop, &stats);
		server->tally->starved = stats.starved;
		server->tally->events = stats.events;
	}
	return r < 0 ? r : 0;
}

static void sent_one(struct lsk_loop *loop, const struct lsk_event *event)
{
	(void)loop;
	count(event->context, event->result > 0);
}

static void sent_piece(struct lsk_loop *loop, const struct lsk_event *event)
{
	const struct server *server = event->context;

	(void)loop;
	count(event->context,
	      event->result > 0 ? (uint64_t)event->result / server->plan->message_size
				: 0);
}

static int datagrams_send(struct server *server, const char *data, size_t len)
{
	const struct lsk_then then = {.done = sent_piece, .context = server};
	const size_t piece = server->plan->piece_size;
	int r = 0;

	for (unsigned int i = 0; i < server->count; i++) {
		for (size_t at = 0; at < len && r == 0; at += piece)
			r = lsk_loop_send(
				server->loop, server->connections[i].sock, data + at,
				len - at < piece ? len - at : piece, 0, &then);
	}
	return r;
}

static int loop_broadcast(void *context, const void *data, size_t len)
{
	struct server *server = context;
	const struct lsk_then then = {.done = sent_one, .context = server};
	int r = 0;

	if (server->plan->service == BENCH_DATAGRAMS_SEND)
		return datagrams_send(server, data, len);
	for (unsigned int i = 0; i < server->count && r == 0; i++)
		r = lsk_loop_send(server->loop, server->connections[i].sock, data, len,
				  0, &then);
	return r;
}

static void connected(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct connection *connection = event->context;

	lsk_loop_close(loop, connection->sock, NULL);
	connection->sock = lsk_socket_free(connection->sock);
	count(connection->server, event->result == 0);
}

static int loop_connect(void *context, const struct sockaddr *address, socklen_t len,
			unsigned int connections)
{
	struct server *server = context;
	struct lsk_addr addr;
	int r = lsk_addr_set(&addr, address, len);

	for (unsigned int i = 0; i < connections && r == 0; i++) {
		struct connection *connection = &server->connections[i];
		const struct lsk_then then = {
			.done = connected,
			.context = connection,
		};

		connection->server = server;
		/* Nonblocking from the start, as a loop's sockets are. */
		r = lsk_socket_new(&connection->sock, address->sa_family,
				   SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (r == 0)
			r = lsk_loop_connect(server->loop, connection->sock, &addr,
					     &then);
	}
	return r;
}

static void fired(struct lsk_loop *loop, const struct lsk_event *event)
{
	(void)loop;
	if (event->result == 0)
		count(event->context, 1);
}

static int loop_arm(void *context)
{
	struct server *server = context;
	struct lsk_then then = {.done = fired, .context = server};
	const struct bench_plan *plan = server->plan;
	int r = 0;

	if (!server->ops)
		server->ops = calloc(plan->connections, sizeof(*server->ops));
	if (!server->ops)
		return -ENOMEM;
	for (unsigned int i = 0; i < plan->connections && r == 0; i++) {
		then.ret_op = &server->ops[i];
		r = lsk_loop_timer(server->loop,
				   (int64_t)bench_timer_ms(plan, i) * 1000000, &then);
	}
	return r;
}

static int loop_disarm(void *context)
{
	struct server *server = context;
	int r = 0;

	for (unsigned int i = 0; i < server->plan->connections && r == 0; i++) {
		if (!bench_timer_fires(server->plan, i))
			r = lsk_loop_cancel(server->loop, server->ops[i]);
	}
	if (r == 0)
		r = lsk_loop_run(server->loop, LSK_RUN_NOWAIT);
	return r < 0 ? r : 0;
}

static void cancelled(struct lsk_loop *loop, const struct lsk_event *event)
{
	(void)loop;
	count(event->context, 1);
}

static int loop_timers(void *context, unsigned int timers)
{
	struct server *server = context;
	struct lsk_then then = {.done = cancelled, .context = server};
	int r = 0;

	if (!server->ops)
		server->ops = calloc(timers, sizeof(*server->ops));
	if (!server->ops)
		return -ENOMEM;
	for (unsigned int i = 0; i < timers && r == 0; i++) {
		then.ret_op = &server->ops[i];
		r = lsk_loop_timer(server->loop,
				   (int64_t)bench_timer_delay_ms(i) * 1000000, &then);
	}
	for (unsigned int i = 0; i < timers && r == 0; i++)
		r = lsk_loop_cancel(server->loop, server->ops[i]);
	if (r == 0)
		r = lsk_loop_run(server->loop, LSK_RUN_NOWAIT);
	return r < 0 ? r : 0;
}

static void loop_close(void *context)
{
	struct server *server = context;

	lsk_loop_free(server->loop);
	for (unsigned int i = 0; i < server->count; i++)
		lsk_socket_free(server->connections[i].sock);
	free(server->connections);
	free(server->ops);
	free(server);
}

#define LOOP_SERVICES                                                                 \
	(BENCH_BIT(BENCH_ECHO) | BENCH_BIT(BENCH_SINK) | BENCH_BIT(BENCH_DATAGRAMS) | \
	 BENCH_BIT(BENCH_ACCEPT) | BENCH_BIT(BENCH_SERVE) | BENCH_BIT(BENCH_FANOUT) | \
	 BENCH_BIT(BENCH_SOURCE) | BENCH_BIT(BENCH_TIMERS) | BENCH_BIT(BENCH_PROXY) | \
	 BENCH_BIT(BENCH_DATAGRAMS_SEND) | BENCH_BIT(BENCH_CONNECT))

#define ADAPTER(adapter_name, text, mask, which)                                 \
	{                                                                        \
		.name = adapter_name, .summary = text, .services = mask,         \
		.variant = which, .version = lsk_version, .open = loop_open,     \
		.add = loop_add, .pump = loop_pump, .broadcast = loop_broadcast, \
		.connect = loop_connect, .timers = loop_timers, .arm = loop_arm, \
		.disarm = loop_disarm, .close = loop_close,                      \
	}

static const struct bench_adapter adapters[] = {
	ADAPTER("linsock", "lsk_loop on io_uring: streams, leases sent back",
		LOOP_SERVICES, VARIANT_URING),
	ADAPTER("linsock-epoll", "lsk_loop on epoll: the same program", LOOP_SERVICES,
		VARIANT_EPOLL),
	ADAPTER("linsock-direct", "lsk_loop, connections in the ring's table",
		BENCH_BIT(BENCH_SERVE), VARIANT_DIRECT),
	ADAPTER("linsock-bundle", "lsk_loop, whole buffers in bundles",
		BENCH_BIT(BENCH_SINK), VARIANT_BUNDLE),
};

const struct bench_adapter *const bench_adapters[] = {
	&adapters[0], &adapters[1], &adapters[2], &adapters[3], NULL,
};
