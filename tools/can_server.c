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
#define PENDING_MAX (1 << 20) /* who is behind by so much gets no more */

struct clients {
	const struct can_server *server;
	struct can_client *all[CLIENTS_MAX];
	size_t count;
};

/* Send what the client takes. Return: 0 or a negative error. */
static int send_some(struct can_client *client, const char *bytes, size_t len,
		     size_t *ret_sent)
{
	int r = lsk_socket_sendall(client->sock, bytes, len, 0, ret_sent);

	return r == -EAGAIN ? 0 : r;
}

int can_client_say(struct can_client *client, const void *bytes, size_t len)
{
	size_t sent = 0;
	char *pending;

	if (client->pending_len == 0) {
		int r = send_some(client, bytes, len, &sent);

		if (r < 0 || sent == len)
			return r;
	}
	if (client->pending_len >= PENDING_MAX) {
		command_failure(-ENOBUFS, "a client that does not read was sent away");
		return -ENOBUFS;
	}
	pending = realloc(client->pending, client->pending_len + len - sent);
	if (!pending) {
		command_failure(-ENOMEM, "a client was sent away");
		return -ENOMEM;
	}
	memcpy(pending + client->pending_len, (const char *)bytes + sent, len - sent);
	client->pending = pending;
	client->pending_len += len - sent;
	return 0;
}

/* The client takes bytes again. Return: 0 or a negative error. */
static int client_flush(struct can_client *client)
{
	size_t sent = 0;
	int r = send_some(client, client->pending, client->pending_len, &sent);

	if (r < 0)
		return r;
	client->pending_len -= sent;
	memmove(client->pending, client->pending + sent, client->pending_len);
	return 0;
}

static void client_free(const struct can_server *server, struct can_client *client)
{
	if (client->can)
		server->close(client);
	lsk_socket_free(client->sock);
	free(client->bracket.text);
	free(client->pending);
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
		client->bracket = (struct can_bracket){
			.text = malloc(server->text_max + 1), .max = server->text_max};
	if (!client || !client->bracket.text || clients->count == CLIENTS_MAX) {
		command_failure(-ENOMEM, "a client was sent away");
		lsk_socket_free(sock);
		free(client ? client->bracket.text : NULL);
		free(client);
		return;
	}
	client->sock = sock;
	/* One that does not read is not waited for. */
	lsk_socket_set_timeout(sock, 0);
	if (server->open(server->context, client) < 0)
		client_free(server, client);
	else
		clients->all[clients->count++] = client;
}

/* Return: 0, or negative where the client is to go. */
static int client_serve(const struct can_server *server, struct can_client *client,
			const struct pollfd *fds)
{
	char bytes[4096];
	const char *at = bytes, *text;
	ssize_t count;
	int r = 0;

	if (fds[0].revents & POLLOUT)
		r = client_flush(client);
	if (r == 0 && fds[1].revents)
		r = server->ready(server->context, client);
	if (r < 0 || !(fds[0].revents & ~POLLOUT))
		return r;
	count = lsk_socket_recv(client->sock, bytes, sizeof(bytes), 0);
	if (count == -EAGAIN)
		return 0;
	if (count <= 0)
		return count == 0 ? -EPIPE : (int)count;
	while (r >= 0 &&
	       (text = can_bracket_take(&client->bracket, &at, bytes + count)))
		r = server->text(server->context, client, text);
	return r < 0 ? r : 0;
}

static int serve(struct clients *clients, struct lsk_socket *listener)
{
	struct pollfd fds[1 + 2 * CLIENTS_MAX];

	for (;;) {
		size_t count = clients->count;

		fds[0] = (struct pollfd){.fd = lsk_socket_fd(listener),
					 .events = POLLIN};
		for (size_t i = 0; i < count; i++) {
			const struct can_client *client = clients->all[i];

			fds[1 + 2 * i] = (struct pollfd){
				.fd = lsk_socket_fd(client->sock),
				.events = POLLIN | (client->pending_len ? POLLOUT : 0)};
			fds[2 + 2 * i] =
				(struct pollfd){.fd = client->can_fd, .events = POLLIN};
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
