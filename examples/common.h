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

/* The same for families whose sockets do not tell where they are bound. */
static inline void print_own_place(const struct lsk_addr *addr)
{
	char text[LSK_ADDR_TEXT_MAX];

	must("place", lsk_addr_format(addr, text, sizeof(text)));
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

/* Receive one datagram, and print it with its sender. */
static inline void show_datagram(struct lsk_socket *sock, struct lsk_addr *ret_from)
{
	char text[256], place[LSK_ADDR_TEXT_MAX];
	int64_t count = must(
		"receive", lsk_socket_recvfrom(sock, text, sizeof(text), 0, ret_from));

	must("place", lsk_addr_format(ret_from, place, sizeof(place)));
	printf("%s says %.*s\n", place, (int)count, text);
	fflush(stdout);
}

#endif
