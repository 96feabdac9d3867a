/* SPDX-License-Identifier: MIT */
/* Connections of a loop: made, waited for, refused, accepted and fetched by nobody. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linsock.h>

#include "tests/support/loops.h"
#include "uring/util.h"

static const int64_t msec = LSK_NSEC_PER_SEC / 1000;

Test_on_each_loop(loop_accept, takes_a_connection_that_loop_connect_makes)
{
	struct outcome accepted = {0};
	struct outcome connected = {0};
	struct lsk_then then = then_tell(&accepted);
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_socket *server;
	struct lsk_addr addr;

	listener = loop_listener(16, &addr);
	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_loop_accept(loop, listener, &then), 0);
	then = then_tell(&connected);
	cr_assert_eq(lsk_loop_connect(loop, client, &addr, &then), 0);
	run_until(loop, &connected.ends, 1);
	run_until(loop, &accepted.ends, 1);
	cr_assert_eq(connected.result, 0);
	cr_assert_geq(accepted.result, 0);
	cr_assert(fcntl(accepted.result, F_GETFD) & FD_CLOEXEC);
	cr_assert_eq(lsk_loop_adopt(loop, listener, accepted.result, &server), 0);
	cr_assert_eq(lsk_socket_domain(server), AF_INET);
	lsk_socket_free(server);
	lsk_socket_free(client);
	lsk_socket_free(listener);
}

Test_on_each_loop(loop_connect, tells_that_it_is_refused)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_addr addr;

	listener = loop_listener(16, &addr);
	lsk_socket_free(listener);
	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_loop_connect(loop, client, &addr, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, -ECONNREFUSED);
	lsk_socket_free(client);
}

Test_on_each_loop(loop_connect, waits_for_room_in_a_full_unix_backlog)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *listener;
	struct lsk_socket *filler;
	struct lsk_socket *client;
	struct lsk_addr addr;

	cr_assert_eq(lsk_socket_new(&listener, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&filler, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&client, AF_UNIX, SOCK_STREAM, 0), 0);
	memset(&addr, 0, sizeof(addr));
	addr.len = sizeof(sa_family_t);
	addr.storage.ss_family = AF_UNIX;
	cr_assert_eq(lsk_socket_bind(listener, &addr), 0);
	cr_assert_eq(lsk_socket_listen(listener, 0), 0);
	cr_assert_eq(lsk_socket_getsockname(listener, &addr), 0);
	cr_assert_eq(lsk_socket_connect(filler, &addr), 0);

	then.timeout_ns = 20 * msec;
	cr_assert_eq(lsk_loop_connect(loop, client, &addr, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, -ETIME);
	then.timeout_ns = 0;
	cr_assert_eq(lsk_loop_connect(loop, client, &addr, &then), 0);
	run_idle(loop);
	cr_assert_eq(outcome.ends, 1);
	close(accept(lsk_socket_fd(listener), NULL, NULL));
	run_until(loop, &outcome.ends, 2);
	cr_assert_eq(outcome.result, 0);
	lsk_socket_free(client);
	lsk_socket_free(filler);
	lsk_socket_free(listener);
}

/* A listener of an abstract name that the kernel chooses. */
static void unix_listener(struct lsk_socket **ret_listener, struct lsk_addr *ret_addr)
{
	struct lsk_addr addr = {.len = sizeof(sa_family_t)};

	addr.storage.ss_family = AF_UNIX;
	cr_assert_eq(lsk_socket_new(ret_listener, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(*ret_listener, &addr), 0);
	cr_assert_eq(lsk_socket_listen(*ret_listener, 16), 0);
	cr_assert_eq(lsk_socket_getsockname(*ret_listener, ret_addr), 0);
}

/* Nothing of the loop need have waited for the descriptor until the receive does. */
Test_on_each_loop(loop_connect, made_at_once_receives_and_sends_like_any_other)
{
	struct outcome connected = {0};
	struct outcome received = {0};
	struct outcome sent = {0};
	struct lsk_then then = then_tell(&connected);
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_addr addr;
	char buf[16] = "";
	int server;

	unix_listener(&listener, &addr);
	cr_assert_eq(lsk_socket_new(&client, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_loop_connect(loop, client, &addr, &then), 0);
	run_until(loop, &connected.ends, 1);
	cr_assert_eq(connected.result, 0);
	server = accept(lsk_socket_fd(listener), NULL, NULL);
	cr_assert_geq(server, 0);

	then = then_tell(&received);
	cr_assert_eq(lsk_loop_recv(loop, client, buf, sizeof(buf), 0, &then), 0);
	run_idle(loop);
	cr_assert_eq(received.ends, 0);
	then = then_tell(&sent);
	cr_assert_eq(lsk_loop_send(loop, client, "to", 2, 0, &then), 0);
	run_until(loop, &sent.ends, 1);
	cr_assert_eq(sent.result, 2);
	cr_assert_eq(send(server, "from", 4, 0), 4);
	run_until(loop, &received.ends, 1);
	cr_assert_eq(received.result, 4);
	close(server);
	lsk_socket_free(client);
	lsk_socket_free(listener);
}

/* Where the queue is full the listener drops what asks for a connection, which asks
 * again a second later. */
Test_on_each_loop(loop_connect, waits_for_room_in_a_full_tcp_backlog)
{
	struct outcome late = {0};
	struct outcome connected = {0};
	struct lsk_then then = then_tell(&late);
	struct lsk_socket *listener;
	struct lsk_socket *filler;
	struct lsk_socket *clients[2];
	struct lsk_addr addr;

	listener = loop_listener(16, &addr);
	cr_assert_eq(lsk_socket_listen(listener, 0), 0);
	cr_assert_eq(lsk_socket_new(&filler, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_connect(filler, &addr), 0);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(lsk_socket_new(&clients[i], AF_INET, SOCK_STREAM, 0), 0);
	then.timeout_ns = 20 * msec;
	cr_assert_eq(lsk_loop_connect(loop, clients[0], &addr, &then), 0);
	then = then_tell(&connected);
	cr_assert_eq(lsk_loop_connect(loop, clients[1], &addr, &then), 0);
	run_until(loop, &late.ends, 1);
	cr_assert_eq(late.result, -ETIME);
	cr_assert_eq(connected.ends, 0);
	/* It goes on asking until it is closed, and would take the other's place. */
	then = then_tell(&late);
	cr_assert_eq(lsk_loop_close(loop, clients[0], &then), 0);
	run_until(loop, &late.ends, 2);
	lsk_socket_free(clients[0]);
	close(accept(lsk_socket_fd(listener), NULL, NULL));
	run_until(loop, &connected.ends, 1);
	cr_assert_eq(connected.result, 0);
	lsk_socket_free(clients[1]);
	lsk_socket_free(filler);
	lsk_socket_free(listener);
}

Test_on_each_loop(loop_connect, is_closed_before_it_has_begun)
{
	struct outcome connected = {0};
	struct outcome closed = {0};
	struct lsk_then then = then_tell(&connected);
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_addr addr;

	unix_listener(&listener, &addr);
	cr_assert_eq(lsk_socket_new(&client, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_loop_connect(loop, client, &addr, &then), 0);
	then = then_tell(&closed);
	cr_assert_eq(lsk_loop_close(loop, client, &then), 0);
	run_until(loop, &closed.ends, 1);
	cr_assert_eq(closed.result, 0);
	cr_assert_eq(connected.ends, 1);
	cr_assert_eq(connected.result, -ECANCELED);
	lsk_socket_free(client);
	lsk_socket_free(listener);
}

Test_on_each_loop(loop_connect, that_had_to_wait_tells_the_end_of_the_peer)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_addr addr;
	char buf[4];

	listener = loop_listener(16, &addr);
	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_loop_connect(loop, client, &addr, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 0);
	cr_assert_eq(lsk_loop_recv(loop, client, buf, sizeof(buf), 0, &then), 0);
	run_idle(loop);
	cr_assert_eq(outcome.ends, 1);
	close(accept(lsk_socket_fd(listener), NULL, NULL));
	run_until(loop, &outcome.ends, 2);
	cr_assert_eq(outcome.result, 0);
	lsk_socket_free(client);
	lsk_socket_free(listener);
}

/* A number that nobody else gets and nobody listens on yet. */
static void deaf_socket(struct lsk_socket **ret_deaf, struct lsk_addr *ret_addr)
{
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_parse(&addr, "inet://127.0.0.1:0", NULL), 0);
	cr_assert_eq(lsk_socket_new(ret_deaf, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(*ret_deaf, &addr), 0);
	cr_assert_eq(lsk_socket_getsockname(*ret_deaf, ret_addr), 0);
}

/* connect(2) would say ECONNABORTED once to who has asked for SO_ERROR. */
Test_on_each_loop(loop_connect, that_was_refused_can_be_made_again_on_the_same_socket)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_addr addr;
	int server;

	deaf_socket(&listener, &addr);
	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
	for (int i = 1; i <= 2; i++) {
		cr_assert_eq(lsk_loop_connect(loop, client, &addr, &then), 0);
		run_until(loop, &outcome.ends, i);
		cr_assert_eq(outcome.result, -ECONNREFUSED, "attempt %d: %d", i,
			     outcome.result);
	}
	cr_assert_eq(lsk_socket_listen(listener, 1), 0);
	cr_assert_eq(lsk_loop_connect(loop, client, &addr, &then), 0);
	run_until(loop, &outcome.ends, 3);
	cr_assert_eq(outcome.result, 0);
	server = accept(lsk_socket_fd(listener), NULL, NULL);
	cr_assert_geq(server, 0);
	cr_assert_eq(lsk_loop_send(loop, client, "to", 2, 0, &then), 0);
	run_until(loop, &outcome.ends, 4);
	cr_assert_eq(outcome.result, 2);
	close(server);
	lsk_socket_free(client);
	lsk_socket_free(listener);
}

enum { CLIENTS = 8 };

/* Each peer hears of the end: nobody has its connection any more. */
static void check_ended(const int *clients, int count)
{
	for (int i = 0; i < count; i++) {
		struct pollfd watched = {.fd = clients[i], .events = POLLRDHUP};

		cr_assert_eq(poll(&watched, 1, 60000), 1, "connection %d is open", i);
		close(clients[i]);
	}
}

/* Some wait in the loop for who fetches events, and some perhaps with the kernel. */
static void free_with_connections(struct lsk_loop *loop, bool is_stream)
{
	const struct lsk_loop_options options = {
		.force_epoll = lsk_loop_backend(loop) == LSK_BACKEND_EPOLL,
	};
	const struct lsk_then nobody = {0};
	struct lsk_socket *listener;
	struct lsk_loop *other;
	struct lsk_event event;
	struct lsk_addr addr;
	int clients[CLIENTS];
	int count;

	cr_assert_eq(lsk_loop_new(&other, &options), 0);
	listener = loop_listener(16, &addr);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		cr_assert_eq(connect(clients[i], &addr.sa, addr.len), 0);
	}
	for (int i = 0; i < (is_stream ? 1 : CLIENTS); i++)
		cr_assert_eq(is_stream
				     ? lsk_loop_accept_stream(other, listener, &nobody)
				     : lsk_loop_accept(other, listener, &nobody),
			     0);
	/* The first is the caller's. */
	do {
		count = lsk_loop_next(other, &event, 1, 60 * LSK_NSEC_PER_SEC);
	} while (count == 0);
	cr_assert_eq(count, 1);
	cr_assert_geq(event.result, 0);
	cr_assert_eq(event.flags, is_stream ? (unsigned int)LSK_EVENT_MORE : 0);
	lsk_loop_free(other);
	cr_assert_eq(close(event.result), 0);
	/* With it ends what is in its queue still. */
	lsk_socket_free(listener);
	check_ended(clients, CLIENTS);
}

Test_on_each_loop(loop_free, closes_what_a_stream_has_accepted_for_nobody)
{
	free_with_connections(loop, true);
}

Test_on_each_loop(loop_free, closes_what_was_accepted_one_by_one_for_nobody)
{
	free_with_connections(loop, false);
}

/* Events that had to wait are given out as those that had not. */
Test_on_each_loop(loop_next, gives_out_connections_that_had_to_wait)
{
	const struct lsk_then then = {.context = loop};
	struct lsk_socket *listener;
	struct lsk_event event;
	struct lsk_addr addr;
	int clients[CLIENTS];

	listener = loop_listener(16, &addr);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		cr_assert_eq(connect(clients[i], &addr.sa, addr.len), 0);
	}
	cr_assert_eq(lsk_loop_accept_stream(loop, listener, &then), 0);
	for (int i = 0; i < CLIENTS; i++) {
		int count;

		do {
			count = lsk_loop_next(loop, &event, 1, 60 * LSK_NSEC_PER_SEC);
		} while (count == 0);
		cr_assert_eq(count, 1);
		cr_assert_eq(event.flags, LSK_EVENT_MORE);
		cr_assert_eq(event.context, loop);
		cr_assert_eq(close(event.result), 0);
	}
	check_ended(clients, CLIENTS);
	lsk_socket_free(listener);
}
