/* SPDX-License-Identifier: MIT */
/* Bound endpoints: announcing them, and leaving no UNIX path behind. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/command.h"
#include "tools/listener.h"

bool type_has_connections(int type)
{
	return type == SOCK_STREAM || type == SOCK_SEQPACKET;
}

static void announce(const struct listener *listener, int ready_fd)
{
	char text[LSK_ADDR_TEXT_MAX];

	if (lsk_endpoint_format_socket(listener->sock, text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "an address that has no text");
	fprintf(stderr, "listening on %s\n", text);
	if (ready_fd >= 0) {
		if (write(ready_fd, "\n", 1) != 1)
			command_failure(-errno, "--ready-fd %d", ready_fd);
		close(ready_fd);
	}
}

int listener_open(struct listener *ret_listener, const char *text, int ready_fd)
{
	struct lsk_endpoint *endpoint;
	struct lsk_error error = {.code = 0};
	int r;

	ret_listener->sock = NULL;
	ret_listener->address.len = 0;
	r = lsk_endpoint_new(&endpoint, text, &error);
	if (r < 0)
		return command_failure_at(text, &error);
	r = lsk_endpoint_listen(endpoint, &ret_listener->sock, &error);
	lsk_endpoint_free(endpoint);
	if (r < 0)
		return command_failure_at(text, &error);
	ret_listener->has_connections =
		type_has_connections(lsk_socket_type(ret_listener->sock));
	if (lsk_socket_getsockname(ret_listener->sock, &ret_listener->address) < 0)
		ret_listener->address.len = 0;
	announce(ret_listener, ready_fd);
	return COMMAND_OK;
}

/* A path that bind(2) made is a socket; whatever else stands there now is not ours. */
static void remove_path(const struct lsk_addr *address)
{
	const size_t before = offsetof(struct sockaddr_un, sun_path);
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1] = "";
	struct stat status;

	if (lsk_addr_family(address) != AF_UNIX || address->len <= before)
		return;
	memcpy(path, (const char *)&address->storage + before, address->len - before);
	if (path[0] && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		unlink(path);
}

void listener_close(struct listener *listener)
{
	if (!listener->sock)
		return;
	remove_path(&listener->address);
	listener->sock = lsk_socket_free(listener->sock);
}
