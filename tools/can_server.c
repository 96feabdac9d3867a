/* SPDX-License-Identifier: MIT */
/* Servers that speak "<...>" over TCP on the one side and CAN on the other. */
#include "tools/can_server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/command.h"
#include "tools/listener.h"

#define CLIENTS_MAX 64

struct clients {
	const struct can_server *server;
	struct can_client *all[CLIENTS_MAX];
	size_t count;
};

static void client_free(const struct can_server *server, struct can_client *client)
{
	if (client->can)
		server->close(client);
	lsk_socket_free(client->sock);
	free(client->text);
	free(client);
}

static void client_accept(struct clients *clients, struct lsk_socket *listener)
{
	const struct can_server *server = clients->server;
	struct can_client *client;
	struct lsk_socket *sock = NULL;

	if (lsk_socket_accept(listener, &sock, NULL) < 0)
		return;
	client = calloc(1, sizeof(*client));
	if (client)
		client->text = malloc(server->text_max + 1);
	if (!client || !client->text || clients->count == CLIENTS_MAX) {
		command_failure(-ENOMEM, "a client was sent away");
		lsk_socket_free(sock);
		free(client ? client->text : NULL);
		free(client);
		return;
	}
	client->sock = sock;
	/* One that does not read is not waited for. */
	lsk_socket_set_timeout(sock, 5 * LSK_NSEC_PER_SEC);
	if (server->open(server->context, client) < 0)
		client_free(server, client);
	else
		clients->all[clients->count++] = client;
}

/* What a client sent, byte by byte: "<" begins a text, ">" ends it. */
static int client_take(const struct can_server *server, struct can_client *client,
		       const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int r;

		if (client->len == 0 && bytes[i] != '<')
			continue;
		if (client->len >= server->text_max) {
			client->len = 0;
			continue;
		}
		client->text[client->len++] = bytes[i];
		if (bytes[i] != '>')
			continue;
		client->text[client->len] = '\0';
		client->len = 0;
		r = server->text(server->context, client, client->text);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Return: 0, or negative where the client is to go. */
static int client_serve(const struct can_server *server, struct can_client *client,
			const struct pollfd *fds)
{
	char bytes[4096];
	ssize_t count;
	int r = 0;

	if (fds[1].revents)
		r = server->ready(server->context, client);
	if (r < 0 || !fds[0].revents)
		return r;
	count = lsk_socket_recv(client->sock, bytes, sizeof(bytes), 0);
	if (count <= 0)
		return count == 0 ? -EPIPE : (int)count;
	return client_take(server, client, bytes, (size_t)count);
}

static int serve(struct clients *clients, struct lsk_socket *listener)
{
	struct pollfd fds[1 + 2 * CLIENTS_MAX];

	for (;;) {
		size_t count = clients->count;

		fds[0] = (struct pollfd){.fd = lsk_socket_fd(listener),
					 .events = POLLIN};
		for (size_t i = 0; i < count; i++) {
			fds[1 + 2 * i] = (struct pollfd){
				.fd = lsk_socket_fd(clients->all[i]->sock),
				.events = POLLIN};
			fds[2 + 2 * i] = (struct pollfd){.fd = clients->all[i]->can_fd,
							 .events = POLLIN};
		}
		if (poll(fds, 1 + 2 * count, -1) < 0)
			return command_failure(-errno, "poll");
		/* From the last on, as one that goes is replaced by the last. */
		for (size_t i = count; i-- > 0;) {
			if (client_serve(clients->server, clients->all[i],
					 &fds[1 + 2 * i]) == 0)
				continue;
			client_free(clients->server, clients->all[i]);
			clients->all[i] = clients->all[--clients->count];
		}
		if (fds[0].revents)
			client_accept(clients, listener);
	}
}

int can_server_run(const struct can_server *server, const char *endpoint)
{
	struct clients clients = {.server = server};
	struct listener listener;
	int status = listener_open(&listener, endpoint, -1);

	if (status == COMMAND_OK)
		status = serve(&clients, listener.sock);
	while (clients.count > 0)
		client_free(server, clients.all[--clients.count]);
	listener_close(&listener);
	return status;
}
