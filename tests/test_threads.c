/* SPDX-License-Identifier: MIT */
/* Many threads on one socket; what they may disturb is looked for by ThreadSanitizer.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <linsock/message.h>
#include <linsock/socket.h>

#include "tests/support/sockets.h"

TestSuite(threads, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);

enum {
	ROUNDS = 50,
	READERS = 4,
	BYTES = 20000,
};

/* What the threads of one test share. */
static struct {
	struct lsk_socket *sock;
	atomic_int bytes;
	atomic_int closed;
	atomic_bool is_over;
} shared;

static void start(pthread_t *thread, void *(*function)(void *))
{
	cr_assert_eq(pthread_create(thread, NULL, function, NULL), 0);
}

static void *read_until_closed(void *context)
{
	char buf[16];
	ssize_t count;

	(void)context;
	while ((count = lsk_socket_recv(shared.sock, buf, sizeof(buf), 0)) > 0)
		shared.bytes += (int)count;
	if (count == -EBADF)
		shared.closed++;
	return NULL;
}

Test(threads, readers_share_what_comes)
{
	pthread_t readers[READERS];
	struct lsk_socket *pair[2];

	pair_make(pair);
	shared.sock = pair[0];
	for (int i = 0; i < READERS; i++)
		start(&readers[i], read_until_closed);
	for (int i = 0; i < BYTES / 10; i++)
		cr_assert_eq(lsk_socket_sendall(pair[1], "0123456789", 10, 0, NULL), 0);
	lsk_socket_shutdown(pair[1], SHUT_WR);
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	cr_assert_eq(shared.bytes, BYTES);
	pair_free(pair);
}

Test(threads, close_ends_every_reader_at_any_moment)
{
#ifdef __SANITIZE_THREAD__
	/* As it does on a bare descriptor; what waits is ended in order, which the
	 * other tests show. */
	cr_skip_test("a first system call takes no lock and races with close(2)");
#endif
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t readers[READERS];
		struct lsk_socket *pair[2];

		pair_make(pair);
		shared.sock = pair[0];
		shared.closed = 0;
		for (int i = 0; i < READERS; i++)
			start(&readers[i], read_until_closed);
		/* Sometimes before they wait, sometimes after. */
		for (int i = 0; i < round; i++)
			sched_yield();
		cr_assert_eq(lsk_socket_close(pair[0]), 0);
		for (int i = 0; i < READERS; i++)
			pthread_join(readers[i], NULL);
		cr_assert_eq(shared.closed, READERS);
		pair_free(pair);
	}
}

static void *close_once(void *context)
{
	(void)context;
	if (lsk_socket_close(shared.sock) == 0)
		shared.closed++;
	return NULL;
}

Test(threads, one_close_of_many_wins)
{
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t closers[READERS];
		struct lsk_socket *pair[2];

		pair_make(pair);
		shared.sock = pair[0];
		shared.closed = 0;
		for (int i = 0; i < READERS; i++)
			start(&closers[i], close_once);
		for (int i = 0; i < READERS; i++)
			pthread_join(closers[i], NULL);
		cr_assert_eq(shared.closed, 1);
		pair_free(pair);
	}
}

static void *change_timeouts(void *context)
{
	(void)context;
	while (!shared.is_over) {
		lsk_socket_set_timeout(shared.sock, 1000 * MSEC);
		lsk_socket_set_timeout(shared.sock, LSK_BLOCK);
		lsk_set_default_timeout(LSK_BLOCK);
	}
	return NULL;
}

Test(threads, timeouts_change_under_a_reader)
{
	struct lsk_socket *pair[2];
	pthread_t changer;
	pthread_t reader;

	pair_make(pair);
	shared.sock = pair[0];
	start(&reader, read_until_closed);
	start(&changer, change_timeouts);
	for (int i = 0; i < BYTES / 100; i++)
		cr_assert_eq(lsk_socket_sendall(pair[1], "0123456789", 10, 0, NULL), 0);
	shared.is_over = true;
	pthread_join(changer, NULL);
	lsk_socket_shutdown(pair[1], SHUT_WR);
	pthread_join(reader, NULL);
	cr_assert_eq(shared.bytes, BYTES / 10);
	pair_free(pair);
}

static void *accept_until_closed(void *context)
{
	struct lsk_socket *server;
	int r;

	(void)context;
	while ((r = lsk_socket_accept(shared.sock, &server, NULL)) == 0) {
		shared.bytes++;
		lsk_socket_free(server);
	}
	if (r == -EBADF)
		shared.closed++;
	return NULL;
}

Test(threads, acceptors_share_the_connections)
{
	pthread_t acceptors[READERS];
	struct lsk_addr addr;

	shared.sock = listener_make(&addr);
	/* In blocking mode a thread may sleep in the kernel where another one was
	 * quicker, with the back end that has readiness alone. */
	lsk_socket_set_timeout(shared.sock, 30000 * MSEC);
	for (int i = 0; i < READERS; i++)
		start(&acceptors[i], accept_until_closed);
	for (int i = 0; i < ROUNDS; i++) {
		struct lsk_socket *client;

		cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
		cr_assert_eq(lsk_socket_connect(client, &addr), 0);
		cr_assert_leq(lsk_socket_recv(client, (char[1]){0}, 1, 0), 0);
		lsk_socket_free(client);
	}
	lsk_socket_close(shared.sock);
	for (int i = 0; i < READERS; i++)
		pthread_join(acceptors[i], NULL);
	cr_assert_eq(shared.bytes, ROUNDS);
	cr_assert_eq(shared.closed, READERS);
	lsk_socket_free(shared.sock);
}

static void *take_and_drop(void *context)
{
	(void)context;
	for (int i = 0; i < 1000; i++)
		lsk_socket_free(lsk_socket_ref(shared.sock));
	lsk_socket_free(shared.sock);
	return NULL;
}

Test(threads, last_of_many_references_frees)
{
	pthread_t threads[READERS];
	struct lsk_socket *pair[2];

	pair_make(pair);
	shared.sock = pair[0];
	for (int i = 0; i < READERS; i++)
		lsk_socket_ref(pair[0]);
	for (int i = 0; i < READERS; i++)
		start(&threads[i], take_and_drop);
	lsk_socket_free(pair[0]);
	for (int i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	lsk_socket_free(pair[1]);
}

static void *send_everything(void *context)
{
	char *bytes = calloc(1, BYTES * 50);

	(void)context;
	cr_assert_eq(lsk_socket_sendall(shared.sock, bytes, BYTES * 50, 0, NULL), 0);
	free(bytes);
	return NULL;
}

Test(threads, both_directions_at_once)
{
	struct lsk_socket *pair[2];
	pthread_t reader;
	pthread_t writer;
	char buf[4096];
	int got = 0;

	tcp_pair_make(pair);
	shared.sock = pair[0];
	start(&writer, send_everything);
	start(&reader, read_until_closed);
	while (got < BYTES * 50) {
		ssize_t count = lsk_socket_recv(pair[1], buf, sizeof(buf), 0);

		cr_assert_gt(count, 0);
		got += (int)count;
		cr_assert_eq(lsk_socket_sendall(pair[1], "x", 1, 0, NULL), 0);
	}
	lsk_socket_shutdown(pair[1], SHUT_WR);
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
	cr_assert_gt(shared.bytes, 0);
	pair_free(pair);
}
