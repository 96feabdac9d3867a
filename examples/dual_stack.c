/* SPDX-License-Identifier: MIT */
/* One server for IPv4 and IPv6, where this kernel has that: dual_stack PORT CLIENTS */
#include "common.h"

int main(int argc, char **argv)
{
	unsigned int port = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : 50007;
	unsigned long clients = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	struct lsk_server_options options = {.dual_stack = lsk_has_dual_stack()};
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_error error;
	struct lsk_addr addr;
	char text[LSK_ADDR_TEXT_MAX];

	if (options.dual_stack)
		must("address", lsk_addr_inet6(&addr, "", port, 0, 0));
	else
		must("address", lsk_addr_inet(&addr, "", port));
	if (lsk_create_server(&listener, &addr, &options, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	print_place(listener);
	for (unsigned long i = 0; i < clients; i++) {
		must("accept", lsk_socket_accept(listener, &client, &addr));
		must("address", lsk_addr_format(&addr, text, sizeof(text)));
		printf("connected by %s\n", text);
		echo(client);
		lsk_socket_free(client);
	}
	lsk_socket_free(listener);
	return 0;
}
