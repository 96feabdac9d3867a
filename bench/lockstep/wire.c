/* SPDX-License-Identifier: MIT */
/*
 * The client's sockets: pairs of connected descriptors, listeners, and the plain calls
 * by which the client sends and receives.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cell.h"

#define BACKLOG 4096

/* Longer than any burst; where the limit forbids it the cell says so. */
#define BUFFER_DATAGRAMS (4U << 20)

static const struct {
	const char *server;
	const char *client;
	in_addr_t address; /* of the server, network order is applied on use */
} veth = {"/run/netns/lsk-bench-a", "/run/netns/lsk-bench-b",
	  0x0ac80001 /* 10.200.0.1 */};

int bench_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

static int namespace_enter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (setns(fd, CLONE_NEWNET) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* A socket keeps the namespace in which it was made, so the thread returns at once. */
static int namespace_socket(const char *path, int type, int *ret_fd)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int r;

	if (home < 0)
		return -errno;
	r = namespace_enter(path);
	if (r == 0) {
		*ret_fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
		if (*ret_fd < 0)
			r = -errno;
		if (setns(home, CLONE_NEWNET) < 0 && r == 0)
			r = -errno;
	}
	close(home);
	return r;
}

static int wire_socket(enum transport transport, bool is_server, int *ret_fd)
{
	const int type = transport == TRANSPORT_UDP ? SOCK_DGRAM : SOCK_STREAM;
	const int domain = transport == TRANSPORT_UNIX ? AF_UNIX : AF_INET;

	if (transport == TRANSPORT_VETH)
		return namespace_socket(is_server ? veth.server : veth.client, type,
					ret_fd);
	*ret_fd = socket(domain, type | SOCK_CLOEXEC, 0);
	return *ret_fd < 0 ? -errno : 0;
}

static socklen_t wire_address(enum transport transport,
			      struct sockaddr_storage *address)
{
	struct sockaddr_in *inet = (struct sockaddr_in *)address;

	memset(address, 0, sizeof(*address));
	if (transport == TRANSPORT_UNIX) {
		/* The kernel chooses an abstract name. */
		address->ss_family = AF_UNIX;
		return sizeof(sa_family_t);
	}
	inet->sin_family = AF_INET;
	inet->sin_addr.s_addr =
		htonl(transport == TRANSPORT_VETH ? veth.address : INADDR_LOOPBACK);
	return sizeof(*inet);
}

/* All have it, so that no variant waits for Nagle's algorithm. */
static int no_delay(enum transport transport, int fd)
{
	const int one = 1;

	if (transport != TRANSPORT_TCP && transport != TRANSPORT_VETH)
		return 0;
	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ? -errno : 0;
}

int wire_listen(enum transport transport, int *ret_fd)
{
	struct sockaddr_storage address;
	socklen_t len = wire_address(transport, &address);
	int fd = -1;
	int r = wire_socket(transport, true, &fd);

	if (r < 0)
		return r;
	if (bind(fd, (struct sockaddr *)&address, len) < 0 ||
	    (transport != TRANSPORT_UDP && listen(fd, BACKLOG) < 0)) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int wire_connect(enum transport transport, int listener, int *ret_fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int fd = -1;
	int r;

	if (getsockname(listener, (struct sockaddr *)&address, &len) < 0)
		return -errno;
	r = wire_socket(transport, false, &fd);
	if (r < 0)
		return r;
	if (connect(fd, (struct sockaddr *)&address, len) < 0)
		r = -errno;
	else
		r = no_delay(transport, fd);
	if (r < 0)
		close(fd);
	else
		*ret_fd = fd;
	return r;
}

static int wire_accept(enum transport transport, int listener, int ret_ends[2])
{
	int r = wire_connect(transport, listener, &ret_ends[0]);

	if (r < 0)
		return r;
	ret_ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	r = ret_ends[1] < 0 ? -errno : no_delay(transport, ret_ends[1]);
	if (r < 0)
		close(ret_ends[0]);
	return r;
}

int wire_pair(enum transport transport, int ret_ends[2])
{
	int listener = -1;
	int r;

	if (transport == TRANSPORT_UNIX)
		return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_ends)
			       ? -errno
			       : 0;
	r = wire_listen(transport, &listener);
	if (r < 0)
		return r;
	if (transport == TRANSPORT_UDP) {
		r = wire_connect(transport, listener, &ret_ends[0]);
		if (r < 0)
			close(listener);
		else
			ret_ends[1] = listener;
		return r;
	}
	r = wire_accept(transport, listener, ret_ends);
	close(listener);
	return r;
}

/* Let the kernel cut what is sent (UDP_SEGMENT), or put together (UDP_GRO). */
int wire_segments(int fd, int option, size_t value)
{
	const int size = (int)value;

	return setsockopt(fd, IPPROTO_UDP, option, &size, sizeof(size)) ? -errno : 0;
}

/* A datagram server that answers one partner, as recv() and send() do. */
int wire_mutual(int server, int client)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (getsockname(client, (struct sockaddr *)&address, &len) < 0 ||
	    connect(server, (struct sockaddr *)&address, len) < 0)
		return -errno;
	return 0;
}

/* Makes both buffers of @fd hold @bytes; only root may go past the system's limit. */
int wire_buffer(int fd, size_t bytes)
{
	/* What the kernel accounts for is more than the payload: twice is the habit. */
	const int size = (int)bytes;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) < 0)
		return -errno;
	return 0;
}

static int wire_prepare_datagrams(const struct cell *cell, const int ends[2])
{
	const bool is_sent = cell->plan.service == BENCH_DATAGRAMS_SEND;
	const int sender = ends[is_sent];
	int r = wire_buffer(ends[!is_sent], BUFFER_DATAGRAMS);

	if (r == 0)
		r = wire_buffer(sender, BUFFER_DATAGRAMS);
	if (r == 0 && is_sent)
		r = wire_mutual(ends[1], ends[0]);
	if (r == 0 && cell->plan.is_segmented)
		r = wire_segments(sender, UDP_SEGMENT, cell->plan.message_size);
	if (r == 0 && cell->plan.is_segmented && !is_sent)
		r = wire_segments(ends[1], UDP_GRO, 1);
	return r;
}

static int wire_hand_over(struct cell *cell, const int ends[2])
{
	int r = 0;

	if (cell->transport == TRANSPORT_UDP)
		r = wire_prepare_datagrams(cell, ends);
	else if (cell->burst)
		r = wire_buffer(ends[0], 8 * cell->burst) < 0
			    ? -EPERM
			    : wire_buffer(ends[1], 8 * cell->burst);
	if (r == 0)
		r = cell->adapter->add(cell->server, ends[1]);
	if (r < 0)
		close(ends[1]);
	return r;
}

/* plan.connections pairs: the server's ends are handed to the adapter. */
int wire_connect_all(struct cell *cell)
{
	const bool has_listener =
		cell->transport == TRANSPORT_TCP || cell->transport == TRANSPORT_VETH;
	int listener = -1;
	int r = 0;

	/* One for all: a free port for each would be searched for minutes. */
	if (has_listener)
		r = wire_listen(cell->transport, &listener);
	for (unsigned i = 0; i < cell->plan.connections && r == 0; i++) {
		int ends[2];

		r = has_listener ? wire_accept(cell->transport, listener, ends)
				 : wire_pair(cell->transport, ends);
		if (r < 0)
			break;
		cell->client[i] = ends[0];
		r = wire_hand_over(cell, ends);
	}
	if (listener >= 0)
		close(listener);
	return r;
}

int wire_send_all(int fd, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

int wire_recv_all(int fd, void *buf, size_t len)
{
	uint8_t *bytes = buf;

	while (len > 0) {
		ssize_t n = recv(fd, bytes, len, MSG_WAITALL);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (n == 0)
			return -EPIPE;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* No two connections or rounds send the same, so that a mix-up is seen. */
void wire_fill(uint8_t *data, size_t len, unsigned seed)
{
	uint32_t state = seed * 2654435761U + 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525U + 1013904223U;
		data[i] = (uint8_t)(state >> 24);
	}
}

uint64_t wire_sum(const uint8_t *data, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += data[i];
	return sum;
}
