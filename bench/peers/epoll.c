/* SPDX-License-Identifier: MIT */
/*
 * Bare epoll in C: level-triggered, 512 events a wait, one receive buffer for all
 * connections, send tried at once. What a careful programmer writes without a library.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../lockstep/lockstep.h"

#define EVENTS_MAX    512
#define DATAGRAMS_MAX 64
#define DATAGRAM_SIZE 2048
#define SEGMENTED_MAX 4

enum variant {
	VARIANT_BEST,
	VARIANT_ONE_BY_ONE, /* datagrams */
	VARIANT_BLIND,      /* no wait at all */
};

struct connection {
	int fd;
	struct connection *out; /* of a proxy: where to */
	uint32_t events;
	size_t pending_len; /* what a send did not take */
	uint8_t *pending;
};

struct server {
	const struct bench_plan *plan;
	struct bench_tally *tally;
	int variant;
	int epoll;
	uint8_t *buffer;
	struct connection **connections;
	unsigned count;
	struct connection *dials; /* connections that are being made */
	unsigned datagrams;       /* of one recvmmsg */
	struct mmsghdr messages[DATAGRAMS_MAX];
	struct iovec parts[DATAGRAMS_MAX];
	struct sockaddr_storage sources[DATAGRAMS_MAX];
	char controls[DATAGRAMS_MAX][CMSG_SPACE(sizeof(int))];
	struct epoll_event events[EVENTS_MAX];
};

static const char *epoll_version(void)
{
	static struct utsname name;

	uname(&name);
	return name.release;
}

static void epoll_stop(void *context)
{
	struct server *server = context;

	for (unsigned i = 0; i < server->count; i++) {
		close(server->connections[i]->fd);
		free(server->connections[i]->pending);
		free(server->connections[i]);
	}
	close(server->epoll);
	free(server->connections);
	free(server->dials);
	free(server->buffer);
	free(server);
}

static void datagrams_prepare(struct server *server, size_t size)
{
	for (unsigned i = 0; i < server->datagrams; i++) {
		server->parts[i].iov_base = server->buffer + i * size;
		server->parts[i].iov_len = size;
		server->messages[i].msg_hdr.msg_iov = &server->parts[i];
		server->messages[i].msg_hdr.msg_iovlen = 1;
		server->messages[i].msg_hdr.msg_name = &server->sources[i];
		if (server->plan->is_segmented)
			server->messages[i].msg_hdr.msg_control = server->controls[i];
	}
}

static int epoll_start(const struct bench_start *start, void **ret_server)
{
	const bool is_segmented = start->plan->is_segmented;
	const size_t datagram = is_segmented ? BENCH_SEGMENTS_MAX : DATAGRAM_SIZE;
	struct server *server = calloc(1, sizeof(*server));
	size_t size = start->plan->buffer_size;

	if (!server)
		return -ENOMEM;
	if (is_segmented && start->variant == VARIANT_ONE_BY_ONE) {
		free(server);
		return -EOPNOTSUPP;
	}
	/* What is put together is many: a few will do. */
	server->datagrams = is_segmented ? SEGMENTED_MAX : DATAGRAMS_MAX;
	if (start->plan->service == BENCH_DATAGRAMS)
		size = server->datagrams * datagram;
	server->plan = start->plan;
	server->tally = start->tally;
	server->variant = start->variant;
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->buffer = malloc(size);
	server->connections =
		calloc(start->plan->connections + 1, sizeof(struct connection *));
	if (server->epoll < 0 || !server->buffer || !server->connections) {
		epoll_stop(server);
		return -ENOMEM;
	}
	datagrams_prepare(server, datagram);
	*ret_server = server;
	return 0;
}

static int watch(struct server *server, struct connection *connection, int operation,
		 uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = connection};

	connection->events = events;
	return epoll_ctl(server->epoll, operation, connection->fd, &event) ? -errno : 0;
}

static int epoll_add(void *context, int fd)
{
	struct server *server = context;
	struct connection *connection = calloc(1, sizeof(*connection));
	int r = bench_nonblocking(fd);

	if (!connection || r < 0) {
		free(connection);
		return -ENOMEM;
	}
	connection->fd = fd;
	/* The second of a pair is only sent to. */
	if (server->plan->service == BENCH_PROXY && server->count % 2)
		server->connections[server->count - 1]->out = connection;
	else
		r = watch(server, connection, EPOLL_CTL_ADD, EPOLLIN);
	if (r < 0) {
		free(connection);
		return r;
	}
	server->connections[server->count++] = connection;
	return 0;
}

/* Keeps what could not be sent now, and no longer reads until it is gone. */
static int pending_keep(struct server *server, struct connection *connection,
			const uint8_t *data, size_t len)
{
	connection->pending = malloc(len);
	if (!connection->pending)
		return -ENOMEM;
	memcpy(connection->pending, data, len);
	connection->pending_len = len;
	return watch(server, connection, EPOLL_CTL_MOD, EPOLLOUT);
}

static int pending_send(struct server *server, struct connection *connection)
{
	ssize_t n = send(connection->fd, connection->pending, connection->pending_len,
			 MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	server->tally->done += (uint64_t)n;
	connection->pending_len -= (size_t)n;
	if (connection->pending_len > 0) {
		memmove(connection->pending, connection->pending + n,
			connection->pending_len);
		return 0;
	}
	free(connection->pending);
	connection->pending = NULL;
	return watch(server, connection, EPOLL_CTL_MOD, EPOLLIN);
}

static int echo_ready(struct server *server, struct connection *connection,
		      uint32_t events)
{
	ssize_t got, sent;

	if (events & EPOLLOUT)
		return pending_send(server, connection);
	got = recv(connection->fd, server->buffer, server->plan->buffer_size, 0);
	if (got <= 0)
		return got == 0 || errno == EAGAIN ? 0 : -errno;
	sent = send(connection->fd, server->buffer, (size_t)got, MSG_NOSIGNAL);
	if (sent < 0) {
		if (errno != EAGAIN)
			return -errno;
		sent = 0;
	}
	server->tally->done += (uint64_t)sent;
	if (sent < got)
		return pending_keep(server, connection, server->buffer + sent,
				    (size_t)(got - sent));
	return 0;
}

/* A short read says that the socket is empty: no need to be told by EAGAIN. */
static int sink_ready(struct server *server, struct connection *connection)
{
	const size_t size = server->plan->buffer_size;
	ssize_t got;

	do {
		got = recv(connection->fd, server->buffer, size, 0);
		if (got > 0)
			bench_tally_data(server->tally, server->buffer, (size_t)got,
					 (uint64_t)got);
	} while (got == (ssize_t)size);
	return got < 0 && errno != EAGAIN ? -errno : 0;
}

/* The other side's buffer holds a burst: a short send is an error of the plan. */
static int proxy_ready(struct server *server, struct connection *connection)
{
	const size_t size = server->plan->buffer_size;
	ssize_t got;

	do {
		got = recv(connection->fd, server->buffer, size, 0);
		if (got > 0 && send(connection->out->fd, server->buffer, (size_t)got,
				    MSG_NOSIGNAL) != got)
			return -EMSGSIZE;
		if (got > 0)
			server->tally->done += (uint64_t)got;
	} while (got == (ssize_t)size);
	return got < 0 && errno != EAGAIN ? -errno : 0;
}

/* How many datagrams there are in a message that the kernel put together. */
static uint64_t segments_of(struct msghdr *message, size_t len)
{
	const struct cmsghdr *control;

	for (control = CMSG_FIRSTHDR(message); control;
	     control = CMSG_NXTHDR(message, (struct cmsghdr *)(uintptr_t)control)) {
		if (control->cmsg_level == IPPROTO_UDP &&
		    control->cmsg_type == UDP_GRO) {
			int size;

			memcpy(&size, CMSG_DATA(control), sizeof(size));
			return (len + (size_t)size - 1) / (size_t)size;
		}
	}
	return 1;
}

static int datagrams_ready(struct server *server, struct connection *connection)
{
	int count;

	for (unsigned i = 0; i < server->datagrams; i++) {
		server->messages[i].msg_hdr.msg_namelen = sizeof(server->sources[i]);
		if (server->plan->is_segmented)
			server->messages[i].msg_hdr.msg_controllen =
				sizeof(server->controls[i]);
	}
	count = recvmmsg(connection->fd, server->messages, server->datagrams,
			 MSG_DONTWAIT, NULL);
	if (count < 0)
		return errno == EAGAIN ? 0 : -errno;
	for (int i = 0; i < count; i++)
		bench_tally_data(server->tally, server->parts[i].iov_base,
				 server->messages[i].msg_len,
				 server->plan->is_segmented
					 ? segments_of(&server->messages[i].msg_hdr,
						       server->messages[i].msg_len)
					 : 1);
	return 0;
}

static int datagram_ready(struct server *server, struct connection *connection)
{
	for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
		socklen_t len = sizeof(server->sources[0]);
		ssize_t got = recvfrom(connection->fd, server->buffer, DATAGRAM_SIZE, 0,
				       (struct sockaddr *)&server->sources[0], &len);

		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		bench_tally_data(server->tally, server->buffer, (size_t)got, 1);
	}
	return 0;
}

/* Takes the backlog until it is empty, as a server under a storm does. */
static int accept_ready(struct server *server, struct connection *connection)
{
	for (;;) {
		int fd = accept4(connection->fd, NULL, NULL,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (server->plan->service == BENCH_SERVE) {
			int r = epoll_add(server, fd);

			if (r < 0)
				return r;
			continue;
		}
		close(fd);
		server->tally->done++;
	}
}

static int dial_ready(struct server *server, struct connection *dial)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error)
		return error ? -error : -errno;
	close(dial->fd);
	server->tally->done++;
	return 0;
}

static int dial_begin(struct server *server, struct connection *dial,
		      const struct sockaddr *address, socklen_t len)
{
	dial->fd = socket(address->sa_family,
			  SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (dial->fd < 0)
		return -errno;
	if (connect(dial->fd, address, len) == 0) {
		close(dial->fd);
		server->tally->done++;
		return 0;
	}
	if (errno != EINPROGRESS)
		return -errno;
	return watch(server, dial, EPOLL_CTL_ADD, EPOLLOUT);
}

static int epoll_connect(void *context, const struct sockaddr *address, socklen_t len,
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

static int ready(struct server *server, const struct epoll_event *event)
{
	struct connection *connection = event->data.ptr;

	switch (server->plan->service) {
	case BENCH_SINK:
		return sink_ready(server, connection);
	case BENCH_PROXY:
		return proxy_ready(server, connection);
	case BENCH_CONNECT:
		return dial_ready(server, connection);
	case BENCH_DATAGRAMS:
		return server->variant == VARIANT_ONE_BY_ONE
			       ? datagram_ready(server, connection)
			       : datagrams_ready(server, connection);
	case BENCH_ACCEPT:
		return accept_ready(server, connection);
	case BENCH_SERVE:
		if (connection == server->connections[0])
			return accept_ready(server, connection);
		return echo_ready(server, connection, event->events);
	case BENCH_ECHO:
	case BENCH_FANOUT:
	case BENCH_SOURCE:
		return echo_ready(server, connection, event->events);
	case BENCH_DATAGRAMS_SEND:
	case BENCH_TIMERS:
	case BENCH_SYNC:
	case BENCH_SERVICE__COUNT:
		break;
	}
	return -EINVAL;
}

static int epoll_pump(void *context, uint64_t goal)
{
	struct server *server = context;

	while (server->tally->done < goal) {
		int count = epoll_wait(server->epoll, server->events, EVENTS_MAX, -1);

		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count; i++) {
			int r = ready(server, &server->events[i]);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/*
 * What nobody who makes a call for each message can beat: the driver's habits are
 * known, so that every connection is served in turn and no readiness is asked for.
 */
static int blind_pump(void *context, uint64_t goal)
{
	struct server *server = context;

	while (server->tally->done < goal) {
		for (unsigned i = 0; i < server->count; i++) {
			int r = echo_ready(server, server->connections[i], EPOLLIN);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int datagrams_send(struct server *server, const void *data, size_t len)
{
	const size_t piece = server->plan->piece_size;
	struct mmsghdr messages[BENCH_DATAGRAMS_QUEUED] = {0};
	struct iovec parts[BENCH_DATAGRAMS_QUEUED];
	unsigned count = 0;

	for (size_t at = 0; at < len; at += parts[count++].iov_len) {
		parts[count].iov_base = (char *)(uintptr_t)data + at;
		parts[count].iov_len = len - at < piece ? len - at : piece;
		messages[count].msg_hdr.msg_iov = &parts[count];
		messages[count].msg_hdr.msg_iovlen = 1;
	}
	for (unsigned i = 0; i < server->count; i++) {
		const int fd = server->connections[i]->fd;
		unsigned sent = 0;
		int n = 1;

		while (sent < count && n > 0) {
			if (server->variant == VARIANT_ONE_BY_ONE)
				n = sendmsg(fd, &messages[sent].msg_hdr, 0) < 0 ? -1
										: 1;
			else
				n = sendmmsg(fd, messages + sent, count - sent, 0);
			sent += n > 0 ? (unsigned)n : 0;
		}
		if (n < 0)
			return -errno;
		server->tally->done += len / server->plan->message_size;
	}
	return 0;
}

/* The buffers hold one message at least: a short send is an error of the plan. */
static int epoll_broadcast(void *context, const void *data, size_t len)
{
	struct server *server = context;

	if (server->plan->service == BENCH_DATAGRAMS_SEND)
		return datagrams_send(server, data, len);
	for (unsigned i = 0; i < server->count; i++) {
		ssize_t n = send(server->connections[i]->fd, data, len, MSG_NOSIGNAL);

		if (n != (ssize_t)len)
			return n < 0 ? -errno : -EMSGSIZE;
		server->tally->done++;
	}
	return 0;
}

static const struct bench_adapter epoll_best = {
	.name = "epoll",
	.summary =
		"bare epoll: level-triggered, 512 events, recvmmsg and sendmmsg of 64",
	.services = BENCH_BIT(BENCH_ECHO) | BENCH_BIT(BENCH_SINK) |
		    BENCH_BIT(BENCH_DATAGRAMS) | BENCH_BIT(BENCH_ACCEPT) |
		    BENCH_BIT(BENCH_FANOUT) | BENCH_BIT(BENCH_SOURCE) |
		    BENCH_BIT(BENCH_PROXY) | BENCH_BIT(BENCH_DATAGRAMS_SEND) |
		    BENCH_BIT(BENCH_CONNECT) | BENCH_BIT(BENCH_SERVE),
	.variant = VARIANT_BEST,
	.version = epoll_version,
	.open = epoll_start,
	.add = epoll_add,
	.pump = epoll_pump,
	.broadcast = epoll_broadcast,
	.connect = epoll_connect,
	.close = epoll_stop,
};

static const struct bench_adapter epoll_recvfrom = {
	.name = "epoll-recvfrom",
	.summary = "bare epoll, one call for each datagram",
	.services = BENCH_BIT(BENCH_DATAGRAMS) | BENCH_BIT(BENCH_DATAGRAMS_SEND),
	.variant = VARIANT_ONE_BY_ONE,
	.version = epoll_version,
	.open = epoll_start,
	.add = epoll_add,
	.pump = epoll_pump,
	.broadcast = epoll_broadcast,
	.close = epoll_stop,
};

static const struct bench_adapter blind = {
	.name = "no-loop",
	.summary = "recv and send on each connection in turn: the kernel's part",
	.services = BENCH_BIT(BENCH_ECHO),
	.variant = VARIANT_BLIND,
	.version = epoll_version,
	.open = epoll_start,
	.add = epoll_add,
	.pump = blind_pump,
	.close = epoll_stop,
};

const struct bench_adapter *const bench_adapters[] = {
	&epoll_best,
	&epoll_recvfrom,
	&blind,
	NULL,
};
