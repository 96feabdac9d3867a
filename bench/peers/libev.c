/* SPDX-License-Identifier: MIT */
/*
 * libev on its epoll back end: a watcher for each descriptor, plain recv and send.
 */
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lockstep/lockstep.h"

struct server;

struct connection {
	ev_io watcher;
	struct server *server;
	struct connection *out; /* of a proxy: where to */
	size_t pending_len;     /* what a send did not take */
	uint8_t *pending;
};

struct server {
	struct ev_loop *loop;
	const struct bench_plan *plan;
	struct bench_tally *tally;
	uint64_t goal;
	int error;
	uint8_t *buffer;
	struct connection **connections;
	unsigned count;
	ev_timer *timers;
	struct connection *dials;
};

static void advance(struct server *server, uint64_t done)
{
	server->tally->done += done;
	if (server->tally->done >= server->goal)
		ev_break(server->loop, EVBREAK_ONE);
}

static void fail(struct server *server, int error)
{
	server->error = error;
	ev_break(server->loop, EVBREAK_ONE);
}

static void interest_set(struct connection *connection, int events)
{
	struct ev_loop *loop = connection->server->loop;

	ev_io_stop(loop, &connection->watcher);
	ev_io_set(&connection->watcher, connection->watcher.fd, events);
	ev_io_start(loop, &connection->watcher);
}

static void pending_send(struct connection *connection)
{
	struct server *server = connection->server;
	ssize_t n = send(connection->watcher.fd, connection->pending,
			 connection->pending_len, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN)
			fail(server, -errno);
		return;
	}
	connection->pending_len -= (size_t)n;
	memmove(connection->pending, connection->pending + n, connection->pending_len);
	if (connection->pending_len == 0) {
		free(connection->pending);
		connection->pending = NULL;
		interest_set(connection, EV_READ);
	}
	advance(server, (uint64_t)n);
}

static void pending_keep(struct connection *connection, const uint8_t *data, size_t len)
{
	connection->pending = malloc(len);
	if (!connection->pending) {
		fail(connection->server, -ENOMEM);
		return;
	}
	memcpy(connection->pending, data, len);
	connection->pending_len = len;
	interest_set(connection, EV_WRITE);
}

static void echo_ready(EV_P_ ev_io *watcher, int events)
{
	struct connection *connection = (struct connection *)watcher;
	struct server *server = connection->server;
	ssize_t got, sent;

	(void)loop;
	if (events & EV_WRITE) {
		pending_send(connection);
		return;
	}
	got = recv(watcher->fd, server->buffer, server->plan->buffer_size, 0);
	if (got <= 0) {
		if (got < 0 && errno != EAGAIN)
			fail(server, -errno);
		return;
	}
	sent = send(watcher->fd, server->buffer, (size_t)got, MSG_NOSIGNAL);
	if (sent < 0) {
		if (errno != EAGAIN) {
			fail(server, -errno);
			return;
		}
		sent = 0;
	}
	if (sent < got)
		pending_keep(connection, server->buffer + sent, (size_t)(got - sent));
	advance(server, (uint64_t)sent);
}

static void sink_ready(EV_P_ ev_io *watcher, int events)
{
	struct server *server = ((struct connection *)watcher)->server;
	const size_t size = server->plan->buffer_size;
	ssize_t got;

	(void)loop;
	(void)events;
	do {
		got = recv(watcher->fd, server->buffer, size, 0);
		if (got > 0)
			bench_tally_data(server->tally, server->buffer, (size_t)got,
					 (uint64_t)got);
	} while (got == (ssize_t)size);
	if (got < 0 && errno != EAGAIN)
		fail(server, -errno);
	advance(server, 0);
}

/* The other side's buffer holds a burst: a short send is an error of the plan. */
static void proxy_ready(EV_P_ ev_io *watcher, int events)
{
	struct connection *connection = (struct connection *)watcher;
	struct server *server = connection->server;
	const size_t size = server->plan->buffer_size;
	uint64_t moved = 0;
	ssize_t got;

	(void)loop;
	(void)events;
	do {
		got = recv(watcher->fd, server->buffer, size, 0);
		if (got > 0 && send(connection->out->watcher.fd, server->buffer,
				    (size_t)got, MSG_NOSIGNAL) != got)
			fail(server, -EMSGSIZE);
		if (got > 0)
			moved += (uint64_t)got;
	} while (got == (ssize_t)size);
	if (got < 0 && errno != EAGAIN)
		fail(server, -errno);
	advance(server, moved);
}

static void dial_ready(EV_P_ ev_io *watcher, int events)
{
	struct server *server = ((struct connection *)watcher)->server;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)events;
	getsockopt(watcher->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	ev_io_stop(loop, watcher);
	close(watcher->fd);
	if (error)
		fail(server, -error);
	advance(server, 1);
}

static void accept_ready(EV_P_ ev_io *watcher, int events)
{
	struct server *server = ((struct connection *)watcher)->server;
	uint64_t count = 0;

	(void)loop;
	(void)events;
	for (;;) {
		int fd = accept4(watcher->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno != EAGAIN)
				fail(server, -errno);
			break;
		}
		close(fd);
		count++;
	}
	advance(server, count);
}

static const char *libev_version(void)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d.%d", ev_version_major(), ev_version_minor());
	return text;
}

static void libev_close(void *context)
{
	struct server *server = context;

	for (unsigned i = 0; i < server->count; i++) {
		struct connection *connection = server->connections[i];

		ev_io_stop(server->loop, &connection->watcher);
		close(connection->watcher.fd);
		free(connection->pending);
		free(connection);
	}
	ev_loop_destroy(server->loop);
	free(server->connections);
	free(server->buffer);
	free(server->timers);
	free(server->dials);
	free(server);
}

static int libev_open(const struct bench_start *start, void **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	server->plan = start->plan;
	server->tally = start->tally;
	server->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	server->buffer = malloc(start->plan->buffer_size);
	server->connections =
		calloc(start->plan->connections + 1, sizeof(struct connection *));
	if (!server->loop || !server->buffer || !server->connections)
		return -ENOMEM;
	*ret_server = server;
	return 0;
}

static int libev_add(void *context, int fd)
{
	struct server *server = context;
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection || bench_nonblocking(fd) < 0) {
		free(connection);
		return -ENOMEM;
	}
	connection->server = server;
	ev_io_init(&connection->watcher,
		   server->plan->service == BENCH_ACCEPT  ? accept_ready
		   : server->plan->service == BENCH_SINK  ? sink_ready
		   : server->plan->service == BENCH_PROXY ? proxy_ready
							  : echo_ready,
		   fd, EV_READ);
	/* The second of a pair is only sent to. */
	if (server->plan->service == BENCH_PROXY && server->count % 2)
		server->connections[server->count - 1]->out = connection;
	else
		ev_io_start(server->loop, &connection->watcher);
	server->connections[server->count++] = connection;
	return 0;
}

static int libev_pump(void *context, uint64_t goal)
{
	struct server *server = context;

	server->goal = goal;
	while (server->tally->done < goal && !server->error)
		ev_run(server->loop, 0);
	return server->error;
}

/* libev has no sends of its own; the buffers hold a message. */
static int libev_broadcast(void *context, const void *data, size_t len)
{
	struct server *server = context;

	for (unsigned i = 0; i < server->count; i++) {
		ssize_t n = send(server->connections[i]->watcher.fd, data, len,
				 MSG_NOSIGNAL);

		if (n != (ssize_t)len)
			return n < 0 ? -errno : -EMSGSIZE;
		server->tally->done++;
	}
	return 0;
}

static int dial_begin(struct server *server, struct connection *dial,
		      const struct sockaddr *address, socklen_t len)
{
	const int fd = socket(address->sa_family,
			      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, address, len) == 0) {
		close(fd);
		server->tally->done++;
		return 0;
	}
	if (errno != EINPROGRESS)
		return -errno;
	dial->server = server;
	ev_io_init(&dial->watcher, dial_ready, fd, EV_WRITE);
	ev_io_start(server->loop, &dial->watcher);
	return 0;
}

static int libev_connect(void *context, const struct sockaddr *address, socklen_t len,
			 unsigned count)
{
	struct server *server = context;
	int r = 0;

	if (!server->dials)
		server->dials = calloc(count, sizeof(*server->dials));
	if (!server->dials)
		return -ENOMEM;
	for (unsigned i = 0; i < count && r == 0; i++)
		r = dial_begin(server, &server->dials[i], address, len);
	return r;
}

static void timer_expired(EV_P_ ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	advance(timer->data, 1);
}

static int libev_arm(void *context)
{
	struct server *server = context;
	const unsigned count = server->plan->connections;

	if (!server->timers) {
		server->timers = calloc(count, sizeof(*server->timers));
		if (!server->timers)
			return -ENOMEM;
		for (unsigned i = 0; i < count; i++) {
			ev_init(&server->timers[i], timer_expired);
			server->timers[i].data = server;
		}
	}
	/* Delays count from the time that the loop knows. */
	ev_now_update(server->loop);
	for (unsigned i = 0; i < count; i++) {
		ev_timer_set(&server->timers[i],
			     bench_timer_ms(server->plan, i) / 1000.0, 0.);
		ev_timer_start(server->loop, &server->timers[i]);
	}
	return 0;
}

static int libev_disarm(void *context)
{
	struct server *server = context;

	for (unsigned i = 0; i < server->plan->connections; i++)
		ev_timer_stop(server->loop, &server->timers[i]);
	return 0;
}

static void timer_fired(EV_P_ ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
}

static int libev_timers(void *context, unsigned count)
{
	struct server *server = context;

	if (!server->timers) {
		server->timers = calloc(count, sizeof(*server->timers));
		if (!server->timers)
			return -ENOMEM;
		for (unsigned i = 0; i < count; i++)
			ev_init(&server->timers[i], timer_fired);
	}
	for (unsigned i = 0; i < count; i++) {
		ev_timer_set(&server->timers[i], bench_timer_delay_ms(i) / 1000.0, 0.);
		ev_timer_start(server->loop, &server->timers[i]);
	}
	for (unsigned i = 0; i < count; i++)
		ev_timer_stop(server->loop, &server->timers[i]);
	return 0;
}

static const struct bench_adapter libev = {
	.name = "libev",
	.summary = "ev_io watchers on the epoll back end, plain recv and send",
	.services = BENCH_BIT(BENCH_ECHO) | BENCH_BIT(BENCH_SINK) |
		    BENCH_BIT(BENCH_ACCEPT) | BENCH_BIT(BENCH_TIMERS) |
		    BENCH_BIT(BENCH_PROXY) | BENCH_BIT(BENCH_CONNECT) |
		    BENCH_BIT(BENCH_FANOUT) | BENCH_BIT(BENCH_SOURCE),
	.version = libev_version,
	.open = libev_open,
	.add = libev_add,
	.pump = libev_pump,
	.broadcast = libev_broadcast,
	.connect = libev_connect,
	.timers = libev_timers,
	.arm = libev_arm,
	.disarm = libev_disarm,
	.close = libev_close,
};

const struct bench_adapter *const bench_adapters[] = {&libev, NULL};
