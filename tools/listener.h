/* SPDX-License-Identifier: MIT */
/* A bound endpoint as a server's subcommand holds it: announced, and cleaned up after.
 */
#ifndef LINSOCK_TOOLS_LISTENER_H
#define LINSOCK_TOOLS_LISTENER_H

#include <stdbool.h>

#include <linsock.h>

struct listener {
	struct lsk_socket *sock;
	bool has_connections;    /* accept() is how peers come */
	struct lsk_addr address; /* what it is bound to */
};

/*
 * Bind the endpoint of this text, say "listening on ..." on stderr, and, where
 * @ready_fd is not negative, write a newline to it and close it. Tells what fails by
 * itself. Return: enum command_status.
 */
int listener_open(struct listener *ret_listener, const char *text, int ready_fd);

/* Close, and remove the UNIX path that the bind made. Safe on one that never opened. */
void listener_close(struct listener *listener);

/* Whether peers of a socket of this type connect. */
bool type_has_connections(int type);

#endif
