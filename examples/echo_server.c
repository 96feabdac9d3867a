/* SPDX-License-Identifier: MIT */
/* An echo server on a loop: echo_server inet://127.0.0.1:7777 */
#include <linsock.h>
#include <stdio.h>
#include <stdlib.h>

struct server {
	struct lsk_socket *listener;
	struct lsk_pool *pool;
};

static void check(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, lsk_strerror(r));
	exit(EXIT_FAILURE);
}

static void received(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct lsk_socket *sock = event->context;

	/* The end of the stream, or an error; else what came goes back as it lies. */
	if (!(event->flags & LSK_EVENT_MORE))
		lsk_loop_close(loop, sock, NULL);
	else if (lsk_loop_send_lease(loop, sock, event, NULL) < 0)
		lsk_lease_free(event->pool, event->lease);
}

static void accepted(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct server *server = event->context;
	struct lsk_then then = {.done = received};
	struct lsk_socket *sock = NULL;

	check(event->result, "accept");
	check(lsk_loop_adopt(loop, server->listener, event->result, &sock), "adopt");
	then.context = sock;
	check(lsk_loop_recv_stream(loop, sock, server->pool, &then), "receive");
	lsk_socket_free(sock); /* the loop keeps it until the close */
}

int main(int argc, char **argv)
{
	struct server server;
	const struct lsk_then then = {.done = accepted, .context = &server};
	struct lsk_loop *loop;
	struct lsk_addr addr;

	check(lsk_addr_parse(&addr, argc > 1 ? argv[1] : "", NULL), "address");
	check(lsk_create_server(&server.listener, &addr, NULL, NULL), "listen");
	check(lsk_loop_new(&loop, NULL), "loop");
	check(lsk_pool_new(loop, &server.pool, NULL), "pool");
	check(lsk_loop_accept_stream(loop, server.listener, &then), "accept");
	check(lsk_loop_run(loop, LSK_RUN_FOREVER), "run");
}
