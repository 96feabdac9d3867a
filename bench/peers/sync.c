/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait, bare: recv(2) and send(2), and the same after poll(2) with a time
 * limit, which is how C programs have given a receive a deadline.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../lockstep/lockstep.h"

#define BATCH_MAX  64
#define TIMEOUT_MS 5000

struct server {
	int fd;
	struct mmsghdr messages[BATCH_MAX];
	struct iovec parts[BATCH_MAX];
	struct sockaddr_storage sources[BATCH_MAX];
};

static const char *sync_version(void)
{
	static struct utsname name;

	uname(&name);
	return name.release;
}

static int sync_open(const struct bench_start *start, void **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));

	(void)start;
	if (!server)
		return -ENOMEM;
	server->fd = -1;
	*ret_server = server;
	return 0;
}

static int sync_add(void *context, int fd)
{
	struct server *server = context;

	server->fd = fd;
	return 0;
}

static void sync_close(void *context)
{
	struct server *server = context;

	if (server->fd >= 0)
		close(server->fd);
	free(server);
}

static long plain_send(void *context, const void *data, size_t len)
{
	struct server *server = context;
	ssize_t n = send(server->fd, data, len, MSG_NOSIGNAL);

	return n < 0 ? -errno : n;
}

static long plain_recv(void *context, void *buf, size_t len)
{
	struct server *server = context;
	ssize_t n = recv(server->fd, buf, len, 0);

	return n < 0 ? -errno : n;
}

static long poll_recv(void *context, void *buf, size_t len)
{
	struct server *server = context;
	struct pollfd wait = {.fd = server->fd, .events = POLLIN};
	int r = poll(&wait, 1, TIMEOUT_MS);
	ssize_t n;

	if (r <= 0)
		return r < 0 ? -errno : -ETIME;
	n = recv(server->fd, buf, len, 0);
	return n < 0 ? -errno : n;
}

static long poll_send(void *context, const void *data, size_t len)
{
	struct server *server = context;
	struct pollfd wait = {.fd = server->fd, .events = POLLOUT};
	int r = poll(&wait, 1, TIMEOUT_MS);
	ssize_t n;

	if (r <= 0)
		return r < 0 ? -errno : -ETIME;
	n = send(server->fd, data, len, MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static void batch_point(struct server *server, const void *data, size_t len,
			unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		server->parts[i].iov_base = (uint8_t *)(uintptr_t)data + i * len;
		server->parts[i].iov_len = len;
		server->messages[i].msg_hdr.msg_iov = &server->parts[i];
		server->messages[i].msg_hdr.msg_iovlen = 1;
		server->messages[i].msg_hdr.msg_name = NULL;
		server->messages[i].msg_hdr.msg_namelen = 0;
	}
}

static long batch_send(void *context, const void *data, size_t len, unsigned count)
{
	struct server *server = context;
	int n;

	batch_point(server, data, len, count);
	n = sendmmsg(server->fd, server->messages, count, MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static long batch_recv_nameless(void *context, void *data, size_t len, unsigned count)
{
	struct server *server = context;
	int n;

	batch_point(server, data, len, count);
	n = recvmmsg(server->fd, server->messages, count, MSG_WAITFORONE, NULL);
	return n < 0 ? -errno : n;
}

/* The same job as lsk_socket_recvmmsg(): it tells who sent each. */
static long batch_recv(void *context, void *data, size_t len, unsigned count)
{
	struct server *server = context;
	int n;

	batch_point(server, data, len, count);
	for (unsigned i = 0; i < count; i++) {
		server->messages[i].msg_hdr.msg_name = &server->sources[i];
		server->messages[i].msg_hdr.msg_namelen = sizeof(server->sources[i]);
	}
	n = recvmmsg(server->fd, server->messages, count, MSG_WAITFORONE, NULL);
	return n < 0 ? -errno : n;
}

static const struct bench_sync plain_calls = {
	.send = plain_send,
	.recv = plain_recv,
	.send_batch = batch_send,
	.recv_batch = batch_recv,
};

static const struct bench_sync nameless_calls = {
	.send_batch = batch_send,
	.recv_batch = batch_recv_nameless,
};

static const struct bench_sync poll_calls = {
	.send = poll_send,
	.recv = poll_recv,
};

static const struct bench_adapter plain = {
	.name = "bare",
	.summary = "recv(2), send(2), recvmmsg(2), sendmmsg(2)",
	.services = BENCH_BIT(BENCH_SYNC),
	.version = sync_version,
	.open = sync_open,
	.add = sync_add,
	.close = sync_close,
	.sync = &plain_calls,
};

static const struct bench_adapter polled = {
	.name = "bare-poll",
	.summary = "poll(2) with a time limit before each call",
	.services = BENCH_BIT(BENCH_SYNC),
	.version = sync_version,
	.open = sync_open,
	.add = sync_add,
	.close = sync_close,
	.sync = &poll_calls,
};

static const struct bench_adapter nameless = {
	.name = "bare-noname",
	.summary = "recvmmsg(2) that does not ask who sent",
	.services = BENCH_BIT(BENCH_SYNC),
	.version = sync_version,
	.open = sync_open,
	.add = sync_add,
	.close = sync_close,
	.sync = &nameless_calls,
};

const struct bench_adapter *const bench_adapters[] = {&plain, &polled, &nameless, NULL};
