/* SPDX-License-Identifier: MIT */
/* What every example does when something fails. */
#ifndef EXAMPLE_COMMON_H
#define EXAMPLE_COMMON_H

#include <linsock.h>

#include <stdio.h>
#include <stdlib.h>

/* Say what failed and end the program; a call that went well passes through. */
static inline int64_t must(const char *what, int64_t result)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", what, lsk_strerror((int)result));
		exit(1);
	}
	return result;
}

/* Print where a socket is bound, so that a client can be told. */
static inline void print_place(const struct lsk_socket *sock)
{
	char text[LSK_ADDR_TEXT_MAX];

	must("place", lsk_endpoint_format_socket(sock, text, sizeof(text)));
	printf("listening at %s\n", text);
	fflush(stdout);
}

/* Send back what comes, until the peer has no more to say. */
static inline void echo(struct lsk_socket *sock)
{
	char buf[1024];
	int64_t count;

	while ((count = must("recv", lsk_socket_recv(sock, buf, sizeof(buf), 0))) > 0)
		must("send", lsk_socket_sendall(sock, buf, (size_t)count, 0, NULL));
}

#endif
