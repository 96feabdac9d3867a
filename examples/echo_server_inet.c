/* SPDX-License-Identifier: MIT */
/* An echo server for IPv4 and one client: echo_server_inet PORT */
#include "common.h"

int main(int argc, char **argv)
{
	unsigned int port = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 50007;
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_addr addr;
	char text[LSK_ADDR_TEXT_MAX];

	must("socket", lsk_socket_new(&listener, AF_INET, SOCK_STREAM, 0));
	must("address", lsk_addr_inet(&addr, "", port));
	must("bind", lsk_socket_bind(listener, &addr));
	must("listen", lsk_socket_listen(listener, 1));
	print_place(listener);
	must("accept", lsk_socket_accept(listener, &client, &addr));
	must("address", lsk_addr_format(&addr, text, sizeof(text)));
	printf("connected by %s\n", text);
	echo(client);
	lsk_socket_free(client);
	lsk_socket_free(listener);
	return 0;
}
