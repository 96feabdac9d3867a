/* SPDX-License-Identifier: MIT */
/*
 * A proxy on a loop, from any family to any: proxy unix:///run/x inet://127.0.0.1:80
 *
 * What comes from one side leaves to the other as the lease that it is, uncopied. A
 * side that does not read holds the other one up: its stream is paused while more than
 * QUEUED_MAX bytes wait, and goes on when they have drained.
 */
#include "common.h"

#define QUEUED_MAX (256U << 10)

struct server {
	struct lsk_socket *listener;
	struct lsk_pool *pool;
	struct lsk_addr target;
};

/* A pair of connections. It lives until both are closed. */
struct tunnel {
	struct server *server;
	struct side {
		struct tunnel *tunnel;
		struct lsk_socket *sock;
		struct side *other;
		struct lsk_op stream;
	} sides[2];
	int open;
};

static void closed(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct side *side = event->context;

	(void)loop;
	lsk_socket_free(side->sock);
	side->sock = NULL;
	if (--side->tunnel->open == 0)
		free(side->tunnel);
}

/* What is queued leaves first; a second call finds the sockets closing, or closed. */
static void shut(struct lsk_loop *loop, struct tunnel *tunnel)
{
	for (int i = 0; i < 2; i++) {
		const struct lsk_then then = {
			.done = closed,
			.context = &tunnel->sides[i],
			.timeout_ns = 10 * LSK_NSEC_PER_SEC,
		};

		if (tunnel->sides[i].sock)
			lsk_loop_close(loop, tunnel->sides[i].sock, &then);
	}
}

static void drained(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct side *side = event->context;

	if (event->result == 0)
		lsk_loop_resume(loop, side->stream);
}

static void received(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct side *side = event->context;
	struct lsk_socket *to = side->other->sock;
	const struct lsk_then then = {.done = drained, .context = side};

	if (!(event->flags & LSK_EVENT_MORE)) {
		shut(loop, side->tunnel);
		return;
	}
	if (lsk_loop_send_lease(loop, to, event, NULL) < 0)
		lsk_lease_free(event->pool, event->lease);
	else if (lsk_loop_queued(loop, to) > QUEUED_MAX &&
		 lsk_loop_drain(loop, to, QUEUED_MAX / 2, &then) == 0)
		lsk_loop_pause(loop, side->stream);
}

static void connected(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct tunnel *tunnel = event->context;

	if (event->result < 0) {
		fprintf(stderr, "connect: %s\n", lsk_strerror(event->result));
		shut(loop, tunnel);
		return;
	}
	for (int i = 0; i < 2; i++) {
		struct side *side = &tunnel->sides[i];
		const struct lsk_then then = {
			.done = received, .context = side, .ret_op = &side->stream};

		if (lsk_loop_recv_stream(loop, side->sock, tunnel->server->pool,
					 &then) < 0)
			shut(loop, tunnel);
	}
}

static void accepted(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct server *server = event->context;
	struct tunnel *tunnel;
	struct lsk_then then = {.done = connected};

	must("accept", event->result);
	tunnel = calloc(1, sizeof(*tunnel));
	must("memory", tunnel ? 0 : -1);
	tunnel->server = server;
	tunnel->open = 2;
	for (int i = 0; i < 2; i++) {
		tunnel->sides[i].tunnel = tunnel;
		tunnel->sides[i].other = &tunnel->sides[!i];
	}
	must("adopt", lsk_loop_adopt(loop, server->listener, event->result,
				     &tunnel->sides[0].sock));
	must("socket",
	     lsk_socket_new(&tunnel->sides[1].sock, server->target.storage.ss_family,
			    SOCK_STREAM, 0));
	then.context = tunnel;
	must("connect",
	     lsk_loop_connect(loop, tunnel->sides[1].sock, &server->target, &then));
}

int main(int argc, char **argv)
{
	struct server server;
	const struct lsk_then then = {.done = accepted, .context = &server};
	struct lsk_loop *loop;
	struct lsk_addr addr;

	must("listen at", lsk_addr_parse(&addr, argc > 2 ? argv[1] : "", NULL));
	must("connect to",
	     lsk_addr_parse(&server.target, argc > 2 ? argv[2] : "", NULL));
	must("socket",
	     lsk_socket_new(&server.listener, addr.storage.ss_family, SOCK_STREAM, 0));
	must("bind", lsk_socket_bind(server.listener, &addr));
	must("listen", lsk_socket_listen(server.listener, LSK_BACKLOG_DEFAULT));
	must("loop", lsk_loop_new(&loop, NULL));
	must("pool", lsk_pool_new(loop, &server.pool, NULL));
	must("accept", lsk_loop_accept_stream(loop, server.listener, &then));
	print_place(server.listener);
	must("run", lsk_loop_run(loop, LSK_RUN_FOREVER));
}
