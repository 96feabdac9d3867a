/* SPDX-License-Identifier: MIT */
/* The answer of a monitor, on any bytes: taken or refused, and what follows stays. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linsock/socket.h>

#include "families/vsock_hybrid.h"

enum { INPUT_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the answer means, read in another way. */
static int judge(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	const size_t len = end ? (size_t)(end - data) : size;
	size_t digits = 0;

	if (size == 0)
		return -ECONNRESET;
	if (!end || len > VSOCK_HYBRID_LINE_MAX || len < 4 || memcmp(data, "OK ", 3))
		return -EPROTO;
	while (data[3 + digits] >= '0' && data[3 + digits] <= '9')
		digits++; /* the newline ends it */
	if (3 + digits != len)
		return -EPROTO;
	for (data += 3; *data == '0'; data++)
		digits--;
	if (digits < 10)
		return 0;
	return digits == 10 && memcmp(data, "4294967295", 10) <= 0 ? 0 : -EPROTO;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char rest[INPUT_MAX];
	struct lsk_socket *sock = NULL;
	struct lsk_error error = {0};
	size_t line;
	int pair[2];
	int r;

	if (size > INPUT_MAX)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
	    lsk_socket_adopt(&sock, pair[0], AF_UNIX, SOCK_STREAM, 0) < 0)
		abort();
	if (size > 0 && send(pair[1], data, size, MSG_NOSIGNAL) != (ssize_t)size)
		abort();
	close(pair[1]);
	r = vsock_hybrid_answer(sock, &error);
	if (r != judge(data, size) || (r < 0 && error.code != r))
		abort();
	if (r == 0) {
		line = (size_t)((const uint8_t *)memchr(data, '\n', size) - data) + 1;
		if (lsk_socket_recv(sock, rest, sizeof(rest), 0) !=
			    (ssize_t)(size - line) ||
		    memcmp(rest, data + line, size - line) != 0)
			abort();
	}
	lsk_socket_free(sock);
	return 0;
}
