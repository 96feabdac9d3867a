/* SPDX-License-Identifier: MIT */
/*
 * libevent with bufferevents: no locks, input moved to output without a copy.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../lockstep/lockstep.h"

#define DATAGRAM_SIZE 2048
#define DATAGRAMS_MAX 64

enum variant {
	VARIANT_BUFFEREVENT,
	VARIANT_CHANGELIST, /* changes of interest are collected between waits */
};

struct server {
	struct event_base *base;
	const struct bench_plan *plan;
	struct bench_tally *tally;
	uint64_t goal;
	int error;
	unsigned count;
	struct bufferevent **connections;
	struct evconnlistener *listener;
	struct event **datagrams;
	unsigned datagrams_count;
	uint64_t bytes_sent;
	struct event **timers;
	unsigned timer_count;
};

static void advance(struct server *server, uint64_t done)
{
	server->tally->done += done;
	if (server->tally->done >= server->goal)
		event_base_loopbreak(server->base);
}

static void fail(struct server *server, int error)
{
	server->error = error;
	event_base_loopbreak(server->base);
}

/* Bytes count when the kernel has taken them: as the buffer drains. */
static void output_changed(struct evbuffer *output, const struct evbuffer_cb_info *info,
			   void *context)
{
	(void)output;
	if (info->n_deleted)
		advance(context, info->n_deleted);
}

/* The same in messages, of which several may leave at once. */
static void source_changed(struct evbuffer *output, const struct evbuffer_cb_info *info,
			   void *context)
{
	struct server *server = context;
	const size_t size = server->plan->message_size;

	(void)output;
	if (!info->n_deleted)
		return;
	server->bytes_sent += info->n_deleted;
	advance(server, server->bytes_sent / size);
	server->bytes_sent %= size;
}

static void message_sent(struct bufferevent *connection, void *context)
{
	(void)connection;
	advance(context, 1);
}

static void echo_read(struct bufferevent *connection, void *context)
{
	(void)context;
	evbuffer_add_buffer(bufferevent_get_output(connection),
			    bufferevent_get_input(connection));
}

static void sink_read(struct bufferevent *connection, void *context)
{
	struct evbuffer *input = bufferevent_get_input(connection);
	struct server *server = context;
	const size_t len = evbuffer_get_length(input);

	if (server->tally->verify)
		bench_tally_data(server->tally, evbuffer_pullup(input, -1), len, 0);
	evbuffer_drain(input, len);
	advance(server, len);
}

/* Moved, not copied, into the output of the other side. */
static void proxy_read(struct bufferevent *connection, void *context)
{
	struct bufferevent *out = context;

	evbuffer_add_buffer(bufferevent_get_output(out),
			    bufferevent_get_input(connection));
}

static void connection_event(struct bufferevent *connection, short what, void *context)
{
	(void)context;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		bufferevent_disable(connection, EV_READ | EV_WRITE);
}

/* libevent has no datagram buffers: an event and recvmmsg, as its authors advise. */
static void datagrams_ready(evutil_socket_t fd, short what, void *context)
{
	static uint8_t memory[DATAGRAMS_MAX][DATAGRAM_SIZE];
	struct mmsghdr messages[DATAGRAMS_MAX] = {0};
	struct sockaddr_storage sources[DATAGRAMS_MAX];
	struct iovec parts[DATAGRAMS_MAX];
	struct server *server = context;
	int count;

	(void)what;
	for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
		parts[i] = (struct iovec){memory[i], DATAGRAM_SIZE};
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		messages[i].msg_hdr.msg_name = &sources[i];
		messages[i].msg_hdr.msg_namelen = sizeof(sources[i]);
	}
	count = recvmmsg(fd, messages, DATAGRAMS_MAX, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++)
		bench_tally_data(server->tally, memory[i], messages[i].msg_len, 1);
	advance(server, 0);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd,
		     struct sockaddr *address, int len, void *context)
{
	(void)listener;
	(void)address;
	(void)len;
	evutil_closesocket(fd);
	advance(context, 1);
}

static const char *libevent_version(void)
{
	return event_get_version();
}

static void libevent_close(void *context)
{
	struct server *server = context;

	for (unsigned i = 0; i < server->count; i++)
		bufferevent_free(server->connections[i]);
	for (unsigned i = 0; i < server->timer_count; i++)
		event_free(server->timers[i]);
	if (server->listener)
		evconnlistener_free(server->listener);
	for (unsigned i = 0; i < server->datagrams_count; i++) {
		close(event_get_fd(server->datagrams[i]));
		event_free(server->datagrams[i]);
	}
	free(server->datagrams);
	event_base_free(server->base);
	free(server->connections);
	free(server->timers);
	free(server);
}

static int libevent_open(const struct bench_start *start, void **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	struct event_config *config = event_config_new();

	/* Nothing of the library's tells the sizes of what the kernel put together. */
	if (start->plan->is_segmented) {
		event_config_free(config);
		free(server);
		return -EOPNOTSUPP;
	}
	if (!server || !config)
		return -ENOMEM;
	server->plan = start->plan;
	server->tally = start->tally;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	if (start->variant == VARIANT_CHANGELIST)
		event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	server->base = event_base_new_with_config(config);
	event_config_free(config);
	server->connections =
		calloc(start->plan->connections + 1, sizeof(struct bufferevent *));
	if (!server->base || !server->connections)
		return -ENOMEM;
	*ret_server = server;
	return 0;
}

static void dial_event(struct bufferevent *dial, short what, void *context)
{
	/* Closed here: bufferevent_free() leaves it to a later pass. */
	bufferevent_disable(dial, EV_READ | EV_WRITE);
	close(bufferevent_getfd(dial));
	bufferevent_free(dial);
	if (what & BEV_EVENT_CONNECTED)
		advance(context, 1);
	else
		fail(context, -ECONNREFUSED);
}

static int libevent_connect(void *context, const struct sockaddr *address,
			    socklen_t len, unsigned count)
{
	struct server *server = context;

	for (unsigned i = 0; i < count; i++) {
		struct bufferevent *dial = bufferevent_socket_new(server->base, -1, 0);

		if (!dial)
			return -ENOMEM;
		bufferevent_setcb(dial, NULL, NULL, dial_event, server);
		if (bufferevent_socket_connect(
			    dial, (struct sockaddr *)(uintptr_t)address, (int)len) < 0)
			return -errno;
	}
	return 0;
}

static void timer_expired(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	advance(context, 1);
}

static int libevent_arm(void *context)
{
	struct server *server = context;
	const unsigned count = server->plan->connections;

	if (!server->timers) {
		server->timers = calloc(count, sizeof(struct event *));
		if (!server->timers)
			return -ENOMEM;
		for (unsigned i = 0; i < count; i++)
			server->timers[i] =
				evtimer_new(server->base, timer_expired, server);
		server->timer_count = count;
	}
	for (unsigned i = 0; i < count; i++) {
		const uint32_t delay = bench_timer_ms(server->plan, i);
		const struct timeval timeout = {
			.tv_sec = delay / 1000,
			.tv_usec = (long)(delay % 1000) * 1000,
		};

		evtimer_add(server->timers[i], &timeout);
	}
	return 0;
}

static int libevent_disarm(void *context)
{
	struct server *server = context;

	for (unsigned i = 0; i < server->plan->connections; i++)
		evtimer_del(server->timers[i]);
	return 0;
}

/* The second of a pair has come: the first is read. */
static void proxy_add(struct server *server)
{
	struct bufferevent *in = server->connections[server->count - 2];
	struct bufferevent *out = server->connections[server->count - 1];

	bufferevent_setcb(in, proxy_read, NULL, connection_event, out);
	evbuffer_add_cb(bufferevent_get_output(out), output_changed, server);
}

static int connection_add(struct server *server, int fd)
{
	const enum bench_service service = server->plan->service;
	struct bufferevent *connection =
		bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);

	if (!connection)
		return -ENOMEM;
	server->connections[server->count++] = connection;
	if (service == BENCH_ECHO)
		evbuffer_add_cb(bufferevent_get_output(connection), output_changed,
				server);
	if (service == BENCH_SOURCE)
		evbuffer_add_cb(bufferevent_get_output(connection), source_changed,
				server);
	bufferevent_setcb(connection,
			  service == BENCH_ECHO   ? echo_read
			  : service == BENCH_SINK ? sink_read
						  : NULL,
			  service == BENCH_FANOUT ? message_sent : NULL,
			  connection_event, server);
	if (service == BENCH_PROXY && server->count % 2 == 0)
		proxy_add(server);
	bufferevent_set_max_single_read(connection, server->plan->buffer_size);
	return bufferevent_enable(connection, EV_READ | EV_WRITE) ? -EIO : 0;
}

static int datagrams_add(struct server *server, int fd)
{
	struct event *event = event_new(server->base, fd, EV_READ | EV_PERSIST,
					datagrams_ready, server);

	if (!server->datagrams)
		server->datagrams =
			calloc(server->plan->connections, sizeof(struct event *));
	if (!event || !server->datagrams)
		return -ENOMEM;
	server->datagrams[server->datagrams_count++] = event;
	return event_add(event, NULL) ? -EIO : 0;
}

static int libevent_add(void *context, int fd)
{
	struct server *server = context;

	evutil_make_socket_nonblocking(fd);
	switch (server->plan->service) {
	case BENCH_ECHO:
	case BENCH_SINK:
	case BENCH_FANOUT:
	case BENCH_PROXY:
	case BENCH_SOURCE:
		return connection_add(server, fd);
	case BENCH_DATAGRAMS:
		return datagrams_add(server, fd);
	case BENCH_ACCEPT:
		server->listener = evconnlistener_new(
			server->base, accepted, server,
			LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
		return server->listener ? 0 : -ENOMEM;
	case BENCH_CONNECT:
	case BENCH_DATAGRAMS_SEND:
	case BENCH_TIMERS:
	case BENCH_SERVE:
	case BENCH_SYNC:
	case BENCH_SERVICE__COUNT:
		break;
	}
	return -EINVAL;
}

static int libevent_pump(void *context, uint64_t goal)
{
	struct server *server = context;

	server->goal = goal;
	while (server->tally->done < goal && !server->error) {
		if (event_base_dispatch(server->base) != 0)
			fail(server, -EIO);
	}
	return server->error;
}

static int libevent_broadcast(void *context, const void *data, size_t len)
{
	struct server *server = context;

	for (unsigned i = 0; i < server->count; i++) {
		if (bufferevent_write(server->connections[i], data, len) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void timer_fired(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
}

static int libevent_timers(void *context, unsigned count)
{
	struct server *server = context;

	if (!server->timers) {
		server->timers = calloc(count, sizeof(struct event *));
		if (!server->timers)
			return -ENOMEM;
		for (unsigned i = 0; i < count; i++)
			server->timers[i] =
				evtimer_new(server->base, timer_fired, NULL);
		server->timer_count = count;
	}
	for (unsigned i = 0; i < count; i++) {
		const uint32_t delay = bench_timer_delay_ms(i);
		const struct timeval timeout = {
			.tv_sec = delay / 1000,
			.tv_usec = (long)(delay % 1000) * 1000,
		};

		evtimer_add(server->timers[i], &timeout);
	}
	for (unsigned i = 0; i < count; i++)
		evtimer_del(server->timers[i]);
	return 0;
}

static const struct bench_adapter bufferevents = {
	.name = "libevent",
	.summary = "bufferevents, no locks, input moved to output without a copy",
	.services = BENCH_BIT(BENCH_ECHO) | BENCH_BIT(BENCH_SINK) |
		    BENCH_BIT(BENCH_DATAGRAMS) | BENCH_BIT(BENCH_ACCEPT) |
		    BENCH_BIT(BENCH_FANOUT) | BENCH_BIT(BENCH_TIMERS) |
		    BENCH_BIT(BENCH_PROXY) | BENCH_BIT(BENCH_SOURCE) |
		    BENCH_BIT(BENCH_CONNECT),
	.variant = VARIANT_BUFFEREVENT,
	.version = libevent_version,
	.open = libevent_open,
	.add = libevent_add,
	.pump = libevent_pump,
	.broadcast = libevent_broadcast,
	.connect = libevent_connect,
	.timers = libevent_timers,
	.arm = libevent_arm,
	.disarm = libevent_disarm,
	.close = libevent_close,
};

static const struct bench_adapter changelist = {
	.name = "libevent-changelist",
	.summary = "bufferevents with EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST",
	.services = BENCH_BIT(BENCH_ECHO),
	.variant = VARIANT_CHANGELIST,
	.version = libevent_version,
	.open = libevent_open,
	.add = libevent_add,
	.pump = libevent_pump,
	.close = libevent_close,
};

const struct bench_adapter *const bench_adapters[] = {
	&bufferevents,
	&changelist,
	NULL,
};
