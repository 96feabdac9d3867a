/* SPDX-License-Identifier: MIT */
/*
 * libuv as its guide writes it: one loop, handles, uv_try_write() before a request is
 * made, one static receive buffer, the firehose stopped by nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "../lockstep/lockstep.h"

#define DATAGRAM_SIZE   2048
/* libuv asks recvmmsg(2) for at most 20, in slices of 64 KiB each. */
#define DATAGRAM_BUFFER (20 * 65536)

union handle {
	uv_handle_t any;
	uv_stream_t stream;
	uv_tcp_t tcp;
	uv_pipe_t pipe;
	uv_udp_t udp;
	uv_timer_t timer;
};

struct server {
	uv_loop_t loop;
	const struct bench_plan *plan;
	struct bench_tally *tally;
	uint64_t goal;
	int error;
	char *buffer;
	size_t buffer_size;
	union handle **handles;
	unsigned count;
	union handle *spare; /* accepted handles whose close has ended; a list */
	uv_timer_t *timers;
	union request *dials;
	struct relay *relays;
};

/* A connection that is being made. */
union request {
	uv_connect_t any;
	struct {
		uv_connect_t request;
		union handle handle;
	} dial;
};

/* The first of a pair, whose handle knows this instead of the server. */
struct relay {
	struct server *server;
	uv_stream_t *out;
};

/* A write that uv_try_write() did not take whole. */
struct remainder {
	uv_write_t request;
	struct server *server;
	size_t len;
	char data[];
};

static void fail(struct server *server, int error)
{
	server->error = error;
	uv_stop(&server->loop);
}

static void advance(struct server *server, uint64_t done)
{
	server->tally->done += done;
	if (server->tally->done >= server->goal)
		uv_stop(&server->loop);
}

static void remainder_sent(uv_write_t *request, int status)
{
	struct remainder *remainder = (struct remainder *)request;

	if (status == 0)
		advance(remainder->server, remainder->len);
	else if (status != UV_ECANCELED)
		fail(remainder->server, status);
	free(remainder);
}

static int write_all(struct server *server, uv_stream_t *stream, const char *data,
		     size_t len)
{
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)data, (unsigned)len);
	struct remainder *remainder;
	int sent = uv_try_write(stream, &buf, 1);

	if (sent == UV_EAGAIN)
		sent = 0;
	if (sent < 0)
		return sent;
	if ((size_t)sent == len)
		return 0;
	remainder = malloc(sizeof(*remainder) + len);
	if (!remainder)
		return UV_ENOMEM;
	remainder->server = server;
	/* All of it counts when its end has gone. */
	remainder->len = len;
	memcpy(remainder->data, data + sent, len - (size_t)sent);
	buf = uv_buf_init(remainder->data, (unsigned)(len - (size_t)sent));
	sent = uv_write(&remainder->request, stream, &buf, 1, remainder_sent);
	return sent < 0 ? sent : 1;
}

static void buffer_give(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
	struct server *server = handle->data;

	(void)suggested;
	*ret_buf = uv_buf_init(server->buffer, (unsigned)server->buffer_size);
}

static void echo_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	struct server *server = stream->data;
	int r;

	if (got <= 0) {
		if (got < 0)
			uv_read_stop(stream);
		return;
	}
	r = write_all(server, stream, buf->base, (size_t)got);
	if (r < 0)
		fail(server, r);
	else if (r == 0)
		advance(server, (uint64_t)got);
}

static void sink_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	struct server *server = stream->data;

	if (got <= 0) {
		if (got < 0)
			uv_read_stop(stream);
		return;
	}
	bench_tally_data(server->tally, buf->base, (size_t)got, 0);
	advance(server, (uint64_t)got);
}

static void relay_give(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
	struct relay *relay = handle->data;

	(void)suggested;
	*ret_buf = uv_buf_init(relay->server->buffer,
			       (unsigned)relay->server->buffer_size);
}

static void relay_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
	struct relay *relay = stream->data;
	int r;

	if (got <= 0) {
		if (got < 0)
			uv_read_stop(stream);
		return;
	}
	r = write_all(relay->server, relay->out, buf->base, (size_t)got);
	if (r < 0)
		fail(relay->server, r);
	else if (r == 0)
		advance(relay->server, (uint64_t)got);
}

static void datagram_read(uv_udp_t *udp, ssize_t got, const uv_buf_t *buf,
			  const struct sockaddr *source, unsigned flags)
{
	struct server *server = udp->data;

	(void)flags;
	if (got < 0) {
		fail(server, (int)got);
		return;
	}
	if (!source) /* nothing more, or the whole buffer is free again */
		return;
	bench_tally_data(server->tally, buf->base, (size_t)got, 0);
	advance(server, 1);
}

static void accepted_closed(uv_handle_t *handle)
{
	struct server *server = handle->data;

	handle->data = server->spare;
	server->spare = (union handle *)handle;
	advance(server, 1);
}

static int stream_init(struct server *server, union handle *handle, int family)
{
	int r = family == AF_UNIX ? uv_pipe_init(&server->loop, &handle->pipe, 0)
				  : uv_tcp_init(&server->loop, &handle->tcp);

	handle->any.data = server;
	return r;
}

static void accept_ready(uv_stream_t *listener, int status)
{
	struct server *server = listener->data;
	union handle *handle = server->spare;
	const int family = listener->type == UV_NAMED_PIPE ? AF_UNIX : AF_INET;

	if (handle)
		server->spare = handle->any.data;
	else
		handle = malloc(sizeof(*handle));
	if (status < 0 || !handle) {
		free(handle);
		fail(server, status < 0 ? status : UV_ENOMEM);
		return;
	}
	status = stream_init(server, handle, family);
	if (status == 0)
		status = uv_accept(listener, &handle->stream);
	if (status < 0)
		fail(server, status);
	uv_close(&handle->any, accepted_closed);
}

static const char *libuv_version(void)
{
	return uv_version_string();
}

static void handle_close(uv_handle_t *handle, void *context)
{
	(void)context;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void libuv_close(void *context)
{
	struct server *server = context;

	server->goal = UINT64_MAX;
	uv_walk(&server->loop, handle_close, NULL);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	uv_loop_close(&server->loop);
	for (unsigned i = 0; i < server->count; i++)
		free(server->handles[i]);
	while (server->spare) {
		union handle *handle = server->spare;

		server->spare = handle->any.data;
		free(handle);
	}
	free(server->handles);
	free(server->buffer);
	free(server->timers);
	free(server->dials);
	free(server->relays);
	free(server);
}

static int libuv_open(const struct bench_start *start, void **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));

	/* libuv has no room for the control messages that tell the sizes. */
	if (start->plan->is_segmented && start->plan->service == BENCH_DATAGRAMS) {
		free(server);
		return -EOPNOTSUPP;
	}
	if (!server)
		return -ENOMEM;
	server->plan = start->plan;
	server->tally = start->tally;
	server->buffer_size = start->plan->service == BENCH_DATAGRAMS
				      ? DATAGRAM_BUFFER
				      : start->plan->buffer_size;
	server->buffer = malloc(server->buffer_size);
	server->handles = calloc(start->plan->connections + 1, sizeof(union handle *));
	if (!server->buffer || !server->handles || uv_loop_init(&server->loop) < 0)
		return -ENOMEM;
	*ret_server = server;
	return 0;
}

static int family_of(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	return domain;
}

static int datagram_add(struct server *server, union handle *handle, int fd)
{
	int r = uv_udp_init_ex(&server->loop, &handle->udp,
			       AF_UNSPEC | UV_UDP_RECVMMSG);

	handle->any.data = server;
	if (r == 0)
		r = uv_udp_open(&handle->udp, fd);
	if (server->plan->service == BENCH_DATAGRAMS_SEND)
		return r;
	return r ? r : uv_udp_recv_start(&handle->udp, buffer_give, datagram_read);
}

/* The second of a pair has come: the first is read. */
static int relay_add(struct server *server, union handle *handle)
{
	const unsigned index = server->count / 2 - 1;
	uv_stream_t *in = &server->handles[server->count - 2]->stream;
	struct relay *relay;

	if (!server->relays)
		server->relays =
			calloc(server->plan->connections / 2, sizeof(*server->relays));
	if (!server->relays)
		return UV_ENOMEM;
	relay = &server->relays[index];
	*relay = (struct relay){server, &handle->stream};
	in->data = relay;
	return uv_read_start(in, relay_give, relay_read);
}

static int libuv_add(void *context, int fd)
{
	struct server *server = context;
	const enum bench_service service = server->plan->service;
	const int family = family_of(fd);
	const bool is_datagram =
		service == BENCH_DATAGRAMS || service == BENCH_DATAGRAMS_SEND;
	const size_t size = is_datagram         ? sizeof(uv_udp_t)
			    : family == AF_UNIX ? sizeof(uv_pipe_t)
						: sizeof(uv_tcp_t);
	union handle *handle = malloc(size);
	int r;

	if (!handle)
		return -ENOMEM;
	server->handles[server->count++] = handle;
	if (is_datagram)
		return datagram_add(server, handle, fd);
	r = stream_init(server, handle, family);
	if (r == 0)
		r = family == AF_UNIX ? uv_pipe_open(&handle->pipe, fd)
				      : uv_tcp_open(&handle->tcp, fd);
	if (r < 0)
		return r;
	if (service == BENCH_ACCEPT)
		return uv_listen(&handle->stream, 4096, accept_ready);
	if (service == BENCH_ECHO)
		return uv_read_start(&handle->stream, buffer_give, echo_read);
	if (service == BENCH_SINK)
		return uv_read_start(&handle->stream, buffer_give, sink_read);
	if (service == BENCH_PROXY && server->count % 2 == 0)
		return relay_add(server, handle);
	return 0;
}

static int libuv_pump(void *context, uint64_t goal)
{
	struct server *server = context;

	server->goal = goal;
	if (server->tally->done < goal)
		uv_run(&server->loop, UV_RUN_DEFAULT);
	return server->error;
}

static int datagrams_send(struct server *server, const char *data, size_t len)
{
	const size_t piece = server->plan->piece_size;

	for (unsigned i = 0; i < server->count; i++) {
		for (size_t at = 0; at < len; at += piece) {
			uv_buf_t buf = uv_buf_init(
				(char *)(uintptr_t)data + at,
				(unsigned)(len - at < piece ? len - at : piece));
			int r = uv_udp_try_send(&server->handles[i]->udp, &buf, 1,
						NULL);

			if (r < 0)
				return r;
		}
		server->tally->done += len / server->plan->message_size;
	}
	return 0;
}

static void dial_closed(uv_handle_t *handle)
{
	advance(handle->data, 1);
}

static void dial_connected(uv_connect_t *request, int status)
{
	union request *dial = (union request *)request;
	struct server *server = dial->dial.handle.any.data;

	if (status < 0)
		fail(server, status);
	else
		uv_close(&dial->dial.handle.any, dial_closed);
}

/* uv_pipe_connect() takes paths, and not the names that the driver's listeners have. */
static int libuv_connect(void *context, const struct sockaddr *address, socklen_t len,
			 unsigned count)
{
	struct server *server = context;
	int r = 0;

	(void)len;
	if (address->sa_family == AF_UNIX)
		return -EOPNOTSUPP;
	if (!server->dials)
		server->dials = calloc(count, sizeof(*server->dials));
	if (!server->dials)
		return -ENOMEM;
	for (unsigned i = 0; i < count && r == 0; i++) {
		union request *dial = &server->dials[i];

		r = stream_init(server, &dial->dial.handle, AF_INET);
		if (r == 0)
			r = uv_tcp_connect(&dial->any, &dial->dial.handle.tcp, address,
					   dial_connected);
	}
	return r;
}

static int libuv_broadcast(void *context, const void *data, size_t len)
{
	struct server *server = context;

	if (server->plan->service == BENCH_DATAGRAMS_SEND)
		return datagrams_send(server, data, len);
	for (unsigned i = 0; i < server->count; i++) {
		int r = write_all(server, &server->handles[i]->stream, data, len);

		if (r != 0)
			return r < 0 ? r : -EMSGSIZE;
		server->tally->done++;
	}
	return 0;
}

static void timer_fired(uv_timer_t *timer)
{
	(void)timer;
}

static void timer_expired(uv_timer_t *timer)
{
	advance(timer->data, 1);
}

static int libuv_arm(void *context)
{
	struct server *server = context;
	const unsigned count = server->plan->connections;

	if (!server->timers) {
		server->timers = calloc(count, sizeof(*server->timers));
		if (!server->timers)
			return -ENOMEM;
		for (unsigned i = 0; i < count; i++) {
			uv_timer_init(&server->loop, &server->timers[i]);
			server->timers[i].data = server;
		}
	}
	/* Delays count from the time that the loop knows. */
	uv_update_time(&server->loop);
	for (unsigned i = 0; i < count; i++)
		uv_timer_start(&server->timers[i], timer_expired,
			       bench_timer_ms(server->plan, i), 0);
	return 0;
}

static int libuv_disarm(void *context)
{
	struct server *server = context;

	for (unsigned i = 0; i < server->plan->connections; i++)
		uv_timer_stop(&server->timers[i]);
	return 0;
}

static int libuv_timers(void *context, unsigned count)
{
	struct server *server = context;

	if (!server->timers) {
		server->timers = calloc(count, sizeof(*server->timers));
		if (!server->timers)
			return -ENOMEM;
		for (unsigned i = 0; i < count; i++)
			uv_timer_init(&server->loop, &server->timers[i]);
	}
	for (unsigned i = 0; i < count; i++)
		uv_timer_start(&server->timers[i], timer_fired, bench_timer_delay_ms(i),
			       0);
	for (unsigned i = 0; i < count; i++)
		uv_timer_stop(&server->timers[i]);
	return 0;
}

static const struct bench_adapter libuv = {
	.name = "libuv",
	.summary = "uv_tcp, uv_pipe, uv_udp with recvmmsg; uv_try_write first",
	.services = BENCH_BIT(BENCH_ECHO) | BENCH_BIT(BENCH_SINK) |
		    BENCH_BIT(BENCH_DATAGRAMS) | BENCH_BIT(BENCH_ACCEPT) |
		    BENCH_BIT(BENCH_FANOUT) | BENCH_BIT(BENCH_TIMERS) |
		    BENCH_BIT(BENCH_PROXY) | BENCH_BIT(BENCH_SOURCE) |
		    BENCH_BIT(BENCH_DATAGRAMS_SEND) | BENCH_BIT(BENCH_CONNECT),
	.version = libuv_version,
	.open = libuv_open,
	.add = libuv_add,
	.pump = libuv_pump,
	.broadcast = libuv_broadcast,
	.connect = libuv_connect,
	.timers = libuv_timers,
	.arm = libuv_arm,
	.disarm = libuv_disarm,
	.close = libuv_close,
};

const struct bench_adapter *const bench_adapters[] = {&libuv, NULL};
