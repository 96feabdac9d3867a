/* SPDX-License-Identifier: MIT */
/* An echo server for whatever family this host has: echo_server_any PORT */
#include <netdb.h>

#include "common.h"

/* Bind and listen at one of the addresses. Return: the socket, or NULL. */
static struct lsk_socket *listen_at(const struct lsk_addrinfo *info)
{
	struct lsk_socket *sock;

	if (lsk_socket_new(&sock, info->family, info->type, info->protocol) < 0)
		return NULL;
	if (lsk_socket_bind(sock, &info->addr) < 0 || lsk_socket_listen(sock, 1) < 0)
		return lsk_socket_free(sock);
	return sock;
}

int main(int argc, char **argv)
{
	const struct lsk_addrinfo_hints hints = {
		.flags = AI_PASSIVE,
		.type = SOCK_STREAM,
	};
	struct lsk_socket *listener = NULL;
	struct lsk_socket *client;
	struct lsk_addrinfo *list;

	must("addresses", lsk_getaddrinfo(NULL, argc > 1 ? argv[1] : "50007", &hints,
					  LSK_BLOCK, &list, NULL));
	for (const struct lsk_addrinfo *info = list; info && !listener;
	     info = info->next)
		listener = listen_at(info);
	lsk_addrinfo_free(list);
	if (!listener) {
		fprintf(stderr, "could not open a socket\n");
		return 1;
	}
	print_place(listener);
	must("accept", lsk_socket_accept(listener, &client, NULL));
	echo(client);
	lsk_socket_free(client);
	lsk_socket_free(listener);
	return 0;
}
