/* SPDX-License-Identifier: MIT */
/*
 * Why servers set SO_REUSEADDR: a connection that the server closed first keeps the
 * port for a minute (TIME_WAIT). The first bind without the option fails, the second
 * with it does not.
 */
#include <errno.h>

#include "common.h"

/* Serve one client and close first, which leaves the port in TIME_WAIT. */
static void serve_one(struct lsk_addr *addr)
{
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_socket *server;
	char byte;

	must("socket", lsk_socket_new(&listener, AF_INET, SOCK_STREAM, 0));
	/* Both the old and the new owner of the port have to agree. */
	must("option",
	     lsk_socket_setsockopt_int(listener, SOL_SOCKET, SO_REUSEADDR, 1));
	must("bind", lsk_socket_bind(listener, addr));
	must("listen", lsk_socket_listen(listener, 1));
	must("name", lsk_socket_getsockname(listener, addr));
	must("socket", lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0));
	must("connect", lsk_socket_connect(client, addr));
	must("accept", lsk_socket_accept(listener, &server, NULL));
	lsk_socket_free(server);
	must("recv", lsk_socket_recv(client, &byte, 1, 0));
	lsk_socket_free(client);
	lsk_socket_free(listener);
}

int main(void)
{
	struct lsk_socket *sock;
	struct lsk_addr addr;
	int r;

	must("address", lsk_addr_inet(&addr, "127.0.0.1", 0));
	serve_one(&addr);
	must("socket", lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0));
	r = lsk_socket_bind(sock, &addr);
	printf("without SO_REUSEADDR: %s\n", lsk_strerror(r));
	must("option", lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_REUSEADDR, 1));
	must("bind", lsk_socket_bind(sock, &addr));
	printf("with SO_REUSEADDR: bound\n");
	lsk_socket_free(sock);
	return r == -EADDRINUSE ? 0 : 1;
}
