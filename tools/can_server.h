/* SPDX-License-Identifier: MIT */
/*
 * Servers that speak "<...>" over TCP on the one side and CAN on the other: each client
 * has a CAN socket of its own.
 */
#ifndef LINSOCK_TOOLS_CAN_SERVER_H
#define LINSOCK_TOOLS_CAN_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include <linsock.h>

#include "tools/can_bracket.h"

struct can_client {
	struct lsk_socket *sock;
	void *can;  /* what open() made */
	int can_fd; /* polled for input */
	struct can_bracket bracket;
	char *pending; /* what it did not take yet */
	size_t pending_len;
};

struct can_server {
	size_t text_max; /* longer ones are thrown away */
	void *context;
	/* Make a client's CAN socket: @can and @can_fd. Return: 0 or negative, told. */
	int (*open)(void *context, struct can_client *client);
	void (*close)(struct can_client *client);
	/* One whole "<...>", ended by a NUL. Return: 0, or negative to end the client.
	 */
	int (*text)(void *context, struct can_client *client, const char *text);
	/* The CAN socket has something. Return: as text(). */
	int (*ready)(void *context, struct can_client *client);
};

/*
 * Send to a client, or keep for it what it does not take now: one that does not read
 * holds up no other. Return: 0; negative where it is to go, as it went or is too far
 * behind, which was told.
 */
int can_client_say(struct can_client *client, const void *bytes, size_t len);

/* Serve "tcp://..." until a signal ends the process. Return: an exit status. */
int can_server_run(const struct can_server *server, const char *endpoint);

#endif
