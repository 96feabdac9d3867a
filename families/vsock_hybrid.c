/* SPDX-License-Identifier: MIT */
/*
 * The hybrid protocol: a monitor lets programs of its host into a guest, by a UNIX
 * socket.
 *
 *	host: CONNECT 1234\n
 *	monitor: OK 1073741824\n	and from there on the guest's bytes
 */
#include "families/vsock_hybrid.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <linsock/vsock.h>

#include "src/error.h"
#include "uring/engine.h"
#include "uring/util.h"

#define PATH_SIZE 108

/* One line, byte by byte: what follows it is the guest's. Return: its length. */
static int read_line(struct lsk_socket *sock, char *line, size_t size)
{
	size_t len = 0;

	while (len + 1 < size) {
		ssize_t r = lsk_socket_recv(sock, line + len, 1, 0);

		if (r < 0)
			return (int)r;
		/* The monitor closes where nobody listens. */
		if (r == 0)
			return len == 0 ? -ECONNRESET : -EPROTO;
		if (line[len] == '\n') {
			line[len] = '\0';
			return (int)len;
		}
		len++;
	}
	return -EPROTO;
}

/* "OK " and a number of 32 bits, which is the port that the monitor connects from. */
static bool is_welcome(const char *line, size_t len)
{
	const char *end = line + len;
	uint64_t port = 0;

	if (strncmp(line, "OK ", 3) != 0 || len == 3)
		return false;
	for (line += 3; *line >= '0' && *line <= '9' && port <= UINT32_MAX; line++)
		port = port * 10 + (uint64_t)(*line - '0');
	return line == end && port <= UINT32_MAX;
}

int vsock_hybrid_answer(struct lsk_socket *sock, struct lsk_error *ret_error)
{
	char line[VSOCK_HYBRID_LINE_MAX + 2]; /* its end, and NUL */
	int r = read_line(sock, line, sizeof(line));

	if (r < 0)
		return error_set_code(ret_error, r, 0, "CONNECT");
	if (!is_welcome(line, (size_t)r))
		return error_set(ret_error, -EPROTO, 0, "it answers \"%s\"", line);
	return 0;
}

/* The rest of the time, as a timeout. Return: 0 or -ETIME. */
static int set_rest(struct lsk_socket *sock, int64_t deadline_ns)
{
	int64_t left_ns = LSK_BLOCK;

	if (deadline_ns >= 0) {
		left_ns = deadline_ns - engine_now_ns();
		if (left_ns <= 0)
			return -ETIME;
	}
	return lsk_socket_set_timeout(sock, left_ns);
}

static int hybrid_handshake(struct lsk_socket *sock, const struct lsk_addr *addr,
			    uint32_t port, int64_t deadline_ns,
			    struct lsk_error *ret_error)
{
	char request[32];
	int len = snprintf(request, sizeof(request), "CONNECT %u\n", port);
	int r = set_rest(sock, deadline_ns);

	if (r == 0)
		r = lsk_socket_connect(sock, addr);
	if (r < 0)
		return error_set_code(ret_error, r, 0, "connect");
	r = lsk_socket_sendall(sock, request, (size_t)len, 0, NULL);
	if (r == 0)
		r = set_rest(sock, deadline_ns);
	if (r < 0)
		return error_set_code(ret_error, r, 0, "CONNECT");
	return vsock_hybrid_answer(sock, ret_error);
}

int lsk_vsock_hybrid_connect(const char *path, uint32_t port, int64_t timeout_ns,
			     struct lsk_socket **ret_socket,
			     struct lsk_error *ret_error)
{
	const int64_t deadline_ns =
		timeout_ns == LSK_BLOCK ? -1 : engine_now_ns() + timeout_ns;
	struct lsk_socket *sock = NULL;
	struct lsk_addr addr;
	int r;

	if (!path || !ret_socket || (timeout_ns <= 0 && timeout_ns != LSK_BLOCK))
		return error_set_code(ret_error, -EINVAL, 0, NULL);
	r = lsk_addr_unix(&addr, path, strlen(path));
	if (r < 0)
		return error_set_code(ret_error, r, 0, path);
	r = lsk_socket_new(&sock, AF_UNIX, SOCK_STREAM, 0);
	if (r < 0)
		return error_set_code(ret_error, r, 0, "socket");
	r = hybrid_handshake(sock, &addr, port, deadline_ns, ret_error);
	if (r == 0)
		r = lsk_socket_set_timeout(sock, lsk_default_timeout());
	if (r < 0) {
		lsk_socket_free(sock);
		return r;
	}
	*ret_socket = sock;
	return 0;
}

int lsk_vsock_hybrid_addr(struct lsk_addr *ret_addr, const char *path, uint32_t port)
{
	char text[PATH_SIZE];
	int len;

	if (!ret_addr || !path)
		return -EINVAL;
	len = snprintf(text, sizeof(text), "%s_%u", path, port);
	if (len < 0 || (size_t)len >= sizeof(text))
		return LSK_ERR_LENGTH;
	return lsk_addr_unix(ret_addr, text, (size_t)len);
}
