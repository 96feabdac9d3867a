/* SPDX-License-Identifier: MIT */
/* Bind, listen, accept, connect. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/un.h>
#include <unistd.h>

#include <linsock/socket.h>

#include "tests/support/sockets.h"

TestSuite(socket_accept, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(socket_connect, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(socket_bind, .init = descriptors_remember, .fini = descriptors_check);

Test(socket_accept, tells_the_peer_and_is_close_on_exec)
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listener_make(&addr);
	struct lsk_socket *client;
	struct lsk_socket *server;
	struct lsk_addr peer;
	struct lsk_addr name;

	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_connect(client, &addr), 0);
	cr_assert_eq(lsk_socket_accept(listener, &server, &peer), 0);
	cr_assert_eq(lsk_socket_getsockname(client, &name), 0);
	cr_assert(lsk_addr_equal(&name, &peer));
	cr_assert_eq(lsk_socket_inheritable(server), 0);
	cr_assert_eq(lsk_socket_type(server), SOCK_STREAM);
	cr_assert_eq(lsk_socket_timeout(server), LSK_BLOCK);
	lsk_socket_free(server);
	lsk_socket_free(client);
	lsk_socket_free(listener);
}

Test(socket_accept, non_blocking_is_eagain)
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listener_make(&addr);
	struct lsk_socket *server = NULL;

	lsk_socket_set_timeout(listener, 0);
	cr_assert_eq(lsk_socket_accept(listener, &server, NULL), -EAGAIN);
	cr_assert_null(server);
	lsk_socket_free(listener);
}

Test(socket_accept, deadline_is_etime)
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listener_make(&addr);
	struct lsk_socket *server = NULL;

	lsk_socket_set_timeout(listener, 5 * MSEC);
	cr_assert_eq(lsk_socket_accept(listener, &server, NULL), -ETIME);
	cr_assert_null(server);
	lsk_socket_free(listener);
}

/* The rows "accept()" and "accept inheritance" of the contract. */
Test(socket_accept, timeout_of_the_listener_is_not_inherited)
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listener_make(&addr);
	static const int64_t timeouts[] = {0, 1000 * MSEC, LSK_BLOCK};

	for (int i = 0; i < 3; i++) {
		struct lsk_socket *client;
		struct lsk_socket *server;

		lsk_socket_set_timeout(listener, timeouts[i]);
		cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
		cr_assert_eq(lsk_socket_connect(client, &addr), 0);
		cr_assert_eq(lsk_socket_accept(listener, &server, NULL), 0);
		cr_assert_eq(lsk_socket_timeout(server), LSK_BLOCK);
		cr_assert_not(fcntl(lsk_socket_fd(server), F_GETFL) & O_NONBLOCK);
		lsk_socket_free(server);
		lsk_socket_free(client);
	}
	lsk_socket_free(listener);
}

Test(socket_accept, default_timeout_is_taken)
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listener_make(&addr);
	struct lsk_socket *client;
	struct lsk_socket *server;

	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_connect(client, &addr), 0);
	lsk_set_default_timeout(3 * MSEC);
	cr_assert_eq(lsk_socket_accept(listener, &server, NULL), 0);
	cr_assert_eq(lsk_socket_timeout(server), 3 * MSEC);
	cr_assert(fcntl(lsk_socket_fd(server), F_GETFL) & O_NONBLOCK);
	lsk_socket_free(server);
	lsk_socket_free(client);
	lsk_socket_free(listener);
}

static void accept_one(struct sleeper *sleeper)
{
	struct lsk_socket *server = NULL;
	struct lsk_addr peer = {0};

	sleeper->result = lsk_socket_accept(sleeper->sock, &server, &peer);
	if (sleeper->result == 0)
		sleeper->result = lsk_addr_family(&peer);
	lsk_socket_free(server);
}

Test(socket_accept, waits_for_a_connection)
{
	static const int64_t timeouts[] = {LSK_BLOCK, 10000 * MSEC};

	for (int i = 0; i < 2; i++) {
		struct lsk_addr addr;
		struct sleeper sleeper = {.function = accept_one};
		struct lsk_socket *client;

		sleeper.sock = listener_make(&addr);
		lsk_socket_set_timeout(sleeper.sock, timeouts[i]);
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
		cr_assert_eq(lsk_socket_connect(client, &addr), 0);
		cr_assert_eq(sleeper_join(&sleeper), AF_INET);
		lsk_socket_free(client);
		lsk_socket_free(sleeper.sock);
	}
}

Test(socket_accept, close_in_another_thread_ends_the_wait)
{
	static const int64_t timeouts[] = {LSK_BLOCK, 10000 * MSEC};

	for (int i = 0; i < 2; i++) {
		struct lsk_addr addr;
		struct sleeper sleeper = {.function = accept_one};

		sleeper.sock = listener_make(&addr);
		lsk_socket_set_timeout(sleeper.sock, timeouts[i]);
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		cr_assert_eq(lsk_socket_close(sleeper.sock), 0);
		cr_assert_eq(sleeper_join(&sleeper), -EBADF);
		lsk_socket_free(sleeper.sock);
	}
}

Test(socket_accept, not_listening_is_einval)
{
	struct lsk_socket *sock;
	struct lsk_socket *server;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_accept(sock, &server, NULL), -EINVAL);
	lsk_socket_set_timeout(sock, 0);
	cr_assert_eq(lsk_socket_accept(sock, &server, NULL), -EINVAL);
	lsk_socket_free(sock);
}

static const int64_t all_modes[] = {LSK_BLOCK, 10000 * MSEC};

Test(socket_connect, refused_is_told_in_every_mode)
{
	for (int i = 0; i < 2; i++) {
		struct lsk_addr addr;
		struct lsk_socket *sock;

		/* A port that was just free and that nobody listens at. */
		lsk_socket_free(listener_make(&addr));
		cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
		lsk_socket_set_timeout(sock, all_modes[i]);
		cr_assert_eq(lsk_socket_connect(sock, &addr), -ECONNREFUSED);
		lsk_socket_free(sock);
		cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
		lsk_socket_set_timeout(sock, all_modes[i]);
		cr_assert_eq(lsk_socket_connect_ex(sock, &addr), ECONNREFUSED);
		lsk_socket_free(sock);
	}
}

Test(socket_connect, refused_can_be_tried_again_in_every_mode)
{
	for (int i = 0; i < 2; i++) {
		struct lsk_socket *listener, *sock;
		struct lsk_addr nobody, there;

		lsk_socket_free(listener_make(&nobody));
		listener = listener_make(&there);
		/* The same port again, by chance. */
		if (lsk_addr_equal(&nobody, &there)) {
			struct lsk_socket *other = listener_make(&there);

			lsk_socket_free(listener);
			listener = other;
		}
		cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
		lsk_socket_set_timeout(sock, all_modes[i]);
		cr_assert_eq(lsk_socket_connect(sock, &nobody), -ECONNREFUSED);
		cr_assert_eq(lsk_socket_connect(sock, &there), 0);
		lsk_socket_free(sock);
		lsk_socket_free(listener);
	}
}

Test(socket_connect, non_blocking_is_einprogress_and_is_found_done)
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listener_make(&addr);
	struct lsk_socket *client;
	struct lsk_socket *server;
	int r;

	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
		     0);
	r = lsk_socket_connect(client, &addr);
	cr_assert(r == -EINPROGRESS || r == 0);
	cr_assert_eq(lsk_socket_accept(listener, &server, NULL), 0);
	r = lsk_socket_connect_ex(client, &addr);
	cr_assert(r == 0 || r == EISCONN, "%d", r);
	lsk_socket_free(server);
	lsk_socket_free(client);
	lsk_socket_free(listener);
}

Test(socket_connect, finds_its_peer_in_every_mode)
{
	for (int i = 0; i < 2; i++) {
		struct lsk_addr addr;
		struct lsk_socket *listener = listener_make(&addr);
		struct lsk_socket *client;

		cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
		lsk_socket_set_timeout(client, all_modes[i]);
		cr_assert_eq(lsk_socket_connect(client, &addr), 0);
		cr_assert_eq(lsk_socket_send(client, "x", 1, 0), 1);
		lsk_socket_free(client);
		cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
		lsk_socket_set_timeout(client, all_modes[i]);
		cr_assert_eq(lsk_socket_connect_ex(client, &addr), 0);
		lsk_socket_free(client);
		lsk_socket_free(listener);
	}
}

/* A UNIX listener whose queue is full makes connect wait, without an event to come. */
static struct lsk_socket *full_listener(struct lsk_socket *ret_clients[2],
					struct lsk_addr *ret_addr)
{
	struct lsk_socket *listener;

	cr_assert_eq(lsk_addr_unix(ret_addr, NULL, 0), 0);
	cr_assert_eq(lsk_socket_new(&listener, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(listener, ret_addr), 0);
	cr_assert_eq(lsk_socket_listen(listener, 0), 0);
	cr_assert_eq(lsk_socket_getsockname(listener, ret_addr), 0);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(lsk_socket_new(&ret_clients[i], AF_UNIX, SOCK_STREAM, 0),
			     0);
	lsk_socket_set_timeout(ret_clients[0], 0);
	cr_assert_eq(lsk_socket_connect(ret_clients[0], ret_addr), 0);
	return listener;
}

Test(socket_connect, full_queue_is_eagain_or_etime)
{
	struct lsk_socket *clients[2];
	struct lsk_addr addr;
	struct lsk_socket *listener = full_listener(clients, &addr);

	lsk_socket_set_timeout(clients[1], 0);
	cr_assert_eq(lsk_socket_connect(clients[1], &addr), -EAGAIN);
	lsk_socket_set_timeout(clients[1], 20 * MSEC);
	cr_assert_eq(lsk_socket_connect(clients[1], &addr), -ETIME);
	cr_assert_eq(lsk_socket_connect_ex(clients[1], &addr), EAGAIN);
	pair_free(clients);
	lsk_socket_free(listener);
}

static void connect_it(struct sleeper *sleeper)
{
	sleeper->result = lsk_socket_connect(sleeper->sock, sleeper->context);
}

Test(socket_connect, waits_for_room_in_a_full_queue)
{
	for (int i = 0; i < 2; i++) {
		struct lsk_socket *clients[2];
		struct lsk_addr addr;
		struct lsk_socket *listener = full_listener(clients, &addr);
		struct sleeper sleeper = {
			.function = connect_it,
			.sock = clients[1],
			.context = &addr,
		};
		struct lsk_socket *server;

		lsk_socket_set_timeout(clients[1], all_modes[i]);
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		cr_assert_eq(lsk_socket_accept(listener, &server, NULL), 0);
		cr_assert_eq(sleeper_join(&sleeper), 0);
		lsk_socket_free(server);
		pair_free(clients);
		lsk_socket_free(listener);
	}
}

Test(socket_connect, close_in_another_thread_ends_the_wait)
{
	for (int i = 0; i < 2; i++) {
		struct lsk_socket *clients[2];
		struct lsk_addr addr;
		struct lsk_socket *listener = full_listener(clients, &addr);
		struct sleeper sleeper = {
			.function = connect_it,
			.sock = clients[1],
			.context = &addr,
		};

		lsk_socket_set_timeout(clients[1], all_modes[i]);
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		cr_assert_eq(lsk_socket_close(clients[1]), 0);
		cr_assert_eq(sleeper_join(&sleeper), -EBADF);
		pair_free(clients);
		lsk_socket_free(listener);
	}
}

Test(socket_connect, datagram_gets_a_default_peer)
{
	struct lsk_socket *a;
	struct lsk_socket *b;
	struct lsk_addr addr;
	char byte = 0;

	cr_assert_eq(lsk_socket_new(&a, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&b, AF_INET, SOCK_DGRAM, 0), 0);
	lsk_addr_inet(&addr, "127.0.0.1", 0);
	cr_assert_eq(lsk_socket_bind(a, &addr), 0);
	cr_assert_eq(lsk_socket_getsockname(a, &addr), 0);
	cr_assert_eq(lsk_socket_connect(b, &addr), 0);
	cr_assert_eq(lsk_socket_send(b, "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(a, &byte, 1, 0), 1);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(socket_connect, address_of_another_family_is_told)
{
	struct lsk_socket *sock;
	struct lsk_addr addr;

	lsk_addr_unix(&addr, "\0nobody", 7);
	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_lt(lsk_socket_connect(sock, &addr), 0);
	addr.len = sizeof(addr.storage) + 1;
	cr_assert_eq(lsk_socket_connect(sock, &addr), -EINVAL);
	cr_assert_eq(lsk_socket_bind(sock, &addr), -EINVAL);
	lsk_socket_free(sock);
}

Test(socket_bind, address_in_use_is_told)
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listener_make(&addr);
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(sock, &addr), -EADDRINUSE);
	lsk_socket_free(sock);
	lsk_socket_free(listener);
}

Test(socket_bind, unix_autobind_picks_an_abstract_name)
{
	struct lsk_socket *sock;
	struct lsk_addr addr;

	lsk_addr_unix(&addr, NULL, 0);
	cr_assert_eq(lsk_socket_new(&sock, AF_UNIX, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(sock, &addr), 0);
	cr_assert_eq(lsk_socket_getsockname(sock, &addr), 0);
	cr_assert_eq(addr.len, 2 + 6);
	cr_assert_eq(((struct sockaddr_un *)&addr.storage)->sun_path[0], '\0');
	lsk_socket_free(sock);
}

Test(socket_bind, backlog_of_any_number_is_taken)
{
	static const int backlogs[] = {LSK_BACKLOG_DEFAULT, -1000, 0, 1, 1 << 30};

	for (int i = 0; i < 5; i++) {
		struct lsk_socket *sock;

		cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
		cr_assert_eq(lsk_socket_listen(sock, backlogs[i]), 0);
		lsk_socket_free(sock);
	}
}

Test(socket_bind, datagrams_do_not_listen)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_listen(sock, 1), -EOPNOTSUPP);
	lsk_socket_free(sock);
}
