/* SPDX-License-Identifier: MIT */
/*
 * Receiving without a copy. One call of the kernel maps whole pages of the queue and
 * copies what follows them into a buffer; both parts are in the order of the stream.
 */
#include <linsock/tcp.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "src/socket.h"
#include "uring/util.h"

#define OPTION_ZEROCOPY_RECEIVE 35

/* As much is copied at most in one call; less than this is never mapped. */
#define REST_SIZE 32768

/* struct tcp_zerocopy_receive as it grew; kernels take any length of it. */
struct request {
	uint64_t address;
	uint32_t length;
	uint32_t skip_hint;
	uint32_t queued;
	int32_t error;
	uint64_t copy_address;
	int32_t copy_len;
	uint32_t flags;
};

struct lsk_tcp_map {
	struct lsk_socket *sock;
	void *pages;
	size_t size;
	size_t mapped; /* bytes that the call before brought */
	uint8_t rest[REST_SIZE];
};

int lsk_tcp_map_new(struct lsk_tcp_map **ret_map, struct lsk_socket *sock, size_t size)
{
	struct lsk_tcp_map *map;
	int fd;

	if (!ret_map || size == 0 || size % (size_t)sysconf(_SC_PAGESIZE) != 0 ||
	    size > UINT32_MAX)
		return -EINVAL;
	fd = socket_fd(sock);
	if (fd < 0)
		return fd;
	if (lsk_socket_protocol(sock) != IPPROTO_TCP &&
	    !(lsk_socket_protocol(sock) == 0 && lsk_socket_type(sock) == SOCK_STREAM))
		return -EOPNOTSUPP;
	map = calloc(1, sizeof(*map));
	if (!map)
		return -ENOMEM;
	map->sock = sock;
	map->size = size;
	map->pages = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map->pages == MAP_FAILED) {
		int r = neg_errno();

		free(map);
		return r;
	}
	*ret_map = map;
	return 0;
}

struct lsk_tcp_map *lsk_tcp_map_free(struct lsk_tcp_map *map)
{
	if (map)
		munmap(map->pages, map->size);
	free(map);
	return NULL;
}

/* Give the pages of the call before back to the kernel. */
static int release(struct lsk_tcp_map *map)
{
	size_t mapped = map->mapped;

	map->mapped = 0;
	if (mapped == 0)
		return 0;
	return syscall_result(madvise(map->pages, mapped, MADV_DONTNEED));
}

/* Take what is there. Return: bytes; 0 at the end; -EAGAIN. */
static ssize_t take(struct lsk_tcp_map *map, struct lsk_tcp_mapped *ret_mapped)
{
	struct request request = {
		.address = (uintptr_t)map->pages,
		.length = (uint32_t)map->size,
		.copy_address = (uintptr_t)map->rest,
		.copy_len = REST_SIZE,
	};
	socklen_t len = sizeof(request);
	ssize_t rest;
	int r;

	r = lsk_socket_getsockopt(map->sock, IPPROTO_TCP, OPTION_ZEROCOPY_RECEIVE,
				  &request, &len);
	/* The end of the stream has this name here. */
	if (r == -EIO)
		return 0;
	if (r < 0)
		return r;
	/* A kernel before 5.11 does not answer so far and has copied nothing. */
	rest = len >= sizeof(request) ? request.copy_len : 0;
	if (rest <= 0 && request.skip_hint > 0) {
		size_t room =
			request.skip_hint < REST_SIZE ? request.skip_hint : REST_SIZE;

		rest = lsk_socket_recv(map->sock, map->rest, room, MSG_DONTWAIT);
		if (rest < 0 && request.length == 0)
			return rest;
	}
	if (rest < 0)
		rest = 0;
	if (request.length == 0 && rest == 0)
		return request.error ? request.error : -EAGAIN;
	map->mapped = request.length;
	*ret_mapped = (struct lsk_tcp_mapped){
		.pages = request.length > 0 ? map->pages : NULL,
		.pages_len = request.length,
		.rest = rest > 0 ? map->rest : NULL,
		.rest_len = (size_t)rest,
	};
	return (ssize_t)request.length + rest;
}

ssize_t lsk_tcp_map_receive(struct lsk_tcp_map *map, struct lsk_tcp_mapped *ret_mapped)
{
	int64_t deadline_ns;
	ssize_t r;

	if (!map || !ret_mapped)
		return -EINVAL;
	r = release(map);
	if (r < 0)
		return r;
	*ret_mapped = (struct lsk_tcp_mapped){.pages = NULL};
	deadline_ns = socket_deadline(map->sock);
	for (;;) {
		char byte;

		r = take(map, ret_mapped);
		if (r != -EAGAIN)
			return r;
		/* Nothing, or an end that the kernel does not tell of here. */
		r = lsk_socket_recv(map->sock, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
		if (r == 0 || (r < 0 && r != -EAGAIN))
			return r;
		if (r < 0 && socket_timeout(map->sock) == 0)
			return r;
		r = socket_poll(map->sock, POLLIN, deadline_ns);
		if (r < 0)
			return r;
	}
}
