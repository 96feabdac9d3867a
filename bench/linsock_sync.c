/* SPDX-License-Identifier: MIT */
/*
 * linsock's calls that wait, with a time limit, as a program would use them.
 */
#include <errno.h>
#include <stdlib.h>

#include <linsock/message.h>
#include <linsock/socket.h>
#include <linsock/version.h>

#include "lockstep/lockstep.h"

#define BATCH_MAX  64
#define TIMEOUT_NS (INT64_C(5) * 1000 * 1000 * 1000)

struct server {
	struct lsk_socket *sock;
	struct lsk_message sent[BATCH_MAX];
	struct lsk_message received[BATCH_MAX];
	struct iovec parts[BATCH_MAX];
};

static int sync_open(const struct bench_start *start, void **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));

	(void)start;
	if (!server)
		return -ENOMEM;
	*ret_server = server;
	return 0;
}

static int sync_add(void *context, int fd)
{
	struct server *server = context;
	int r = lsk_socket_adopt(&server->sock, fd, -1, -1, -1);

	return r < 0 ? r : lsk_socket_set_timeout(server->sock, TIMEOUT_NS);
}

static void sync_close(void *context)
{
	struct server *server = context;

	lsk_socket_free(server->sock);
	free(server);
}

static long sync_send(void *context, const void *data, size_t len)
{
	struct server *server = context;

	return lsk_socket_send(server->sock, data, len, 0);
}

static long sync_recv(void *context, void *buf, size_t len)
{
	struct server *server = context;

	return lsk_socket_recv(server->sock, buf, len, 0);
}

static void batch_point(struct lsk_message *messages, struct iovec *parts,
			const void *data, size_t len, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		parts[i].iov_base = (uint8_t *)(uintptr_t)data + i * len;
		parts[i].iov_len = len;
		messages[i].buffers = &parts[i];
		messages[i].buffers_count = 1;
	}
}

static long batch_send(void *context, const void *data, size_t len, unsigned count)
{
	struct server *server = context;

	batch_point(server->sent, server->parts, data, len, count);
	return lsk_socket_sendmmsg(server->sock, server->sent, count, 0);
}

static long batch_recv(void *context, void *data, size_t len, unsigned count)
{
	struct server *server = context;

	batch_point(server->received, server->parts, data, len, count);
	return lsk_socket_recvmmsg(server->sock, server->received, count, 0);
}

static long batch_recv_nameless(void *context, void *data, size_t len, unsigned count)
{
	struct server *server = context;

	for (unsigned i = 0; i < count; i++)
		server->received[i].without_addr = true;
	return batch_recv(context, data, len, count);
}

static const struct bench_sync calls = {
	.send = sync_send,
	.recv = sync_recv,
	.send_batch = batch_send,
	.recv_batch = batch_recv,
};

static const struct bench_sync nameless_calls = {
	.send_batch = batch_send,
	.recv_batch = batch_recv_nameless,
};

static const struct bench_adapter linsock_sync = {
	.name = "linsock-sync",
	.summary = "lsk_socket_send() and lsk_socket_recv() with a timeout of 5 s",
	.services = BENCH_BIT(BENCH_SYNC),
	.version = lsk_version,
	.open = sync_open,
	.add = sync_add,
	.close = sync_close,
	.sync = &calls,
};

static const struct bench_adapter nameless = {
	.name = "linsock-noname",
	.summary = "lsk_socket_recvmmsg() that does not ask who sent",
	.services = BENCH_BIT(BENCH_SYNC),
	.version = lsk_version,
	.open = sync_open,
	.add = sync_add,
	.close = sync_close,
	.sync = &nameless_calls,
};

const struct bench_adapter *const bench_adapters[] = {&linsock_sync, &nameless, NULL};
