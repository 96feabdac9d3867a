/* SPDX-License-Identifier: MIT */
/*
 * Connections in the loop's own table: on a ring that has one, on epoll, which gives
 * ordinary descriptors, and on a scripted kernel.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include <linsock.h>

#include "src/socket.h"
#include "tests/support/paper.h"

enum { CLIENTS_MAX = 8 };

/* One connection of an echo server. */
struct guest {
	struct server *server;
	struct lsk_socket *sock;
	struct lsk_socket *client; /* the other end, outside */
	int fd;                    /* as it was accepted */
	int ends;
};

struct server {
	struct lsk_loop *loop;
	struct lsk_socket *listener;
	struct lsk_addr addr;
	struct lsk_pool *pool;
	struct lsk_op op;
	struct guest guests[CLIENTS_MAX];
	int count;
	int ends; /* of accepting */
	int result;
	/* Of one in another thread. */
	atomic_bool is_ready;
	atomic_bool is_over;
};

static void echo(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct guest *guest = event->context;

	if (event->flags & LSK_EVENT_LEASE) {
		cr_assert_eq(lsk_loop_send_lease(loop, guest->sock, event, NULL), 0);
		return;
	}
	guest->ends++;
}

static void guest_came(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct server *server = event->context;
	struct guest *guest = &server->guests[server->count];
	const struct lsk_then then = {.done = echo, .context = guest};

	if (!(event->flags & LSK_EVENT_MORE)) {
		server->ends++;
		server->result = event->result;
		return;
	}
	server->count++;
	guest->server = server;
	guest->fd = event->result;
	guest->ends = 0;
	cr_assert_eq(!!lsk_loop_is_direct(guest->fd),
		     !!(lsk_loop_features(loop) & LSK_LOOP_DIRECT));
	cr_assert_eq(lsk_loop_adopt(loop, server->listener, guest->fd, &guest->sock),
		     0);
	cr_assert_eq(lsk_loop_recv_stream(loop, guest->sock, server->pool, &then), 0);
}

static void server_start(struct server *server, struct lsk_loop *loop)
{
	const struct lsk_then then = {
		.done = guest_came, .context = server, .ret_op = &server->op};

	memset(server, 0, sizeof(*server));
	server->loop = loop;
	cr_assert_eq(lsk_addr_parse(&server->addr, "inet://127.0.0.1:0", NULL), 0);
	cr_assert_eq(lsk_create_server(&server->listener, &server->addr, NULL, NULL),
		     0);
	cr_assert_eq(lsk_socket_getsockname(server->listener, &server->addr), 0);
	cr_assert_eq(lsk_pool_new(loop, &server->pool, NULL), 0);
	cr_assert_eq(lsk_loop_accept_direct(loop, server->listener, &then), 0);
}

static struct lsk_socket *client_new(const struct server *server)
{
	struct lsk_socket *client;
	int r;

	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
	/* Without a wait, for which the thread would have a ring of its own. */
	lsk_socket_set_timeout(client, 0);
	r = lsk_socket_connect(client, &server->addr);
	cr_assert(r == 0 || r == -EINPROGRESS, "%d", r);
	return client;
}

static struct guest *guest_new(struct server *server)
{
	struct guest *guest = &server->guests[server->count];

	guest->client = client_new(server);
	run_until(server->loop, &server->count, server->count + 1);
	return guest;
}

static void guest_close(struct guest *guest)
{
	struct outcome closed = {0};
	const struct lsk_then then = then_tell(&closed);

	cr_assert_eq(lsk_loop_close(guest->server->loop, guest->sock, &then), 0);
	run_until(guest->server->loop, &closed.ends, 1);
	cr_assert_eq(closed.result, 0);
	cr_assert_eq(guest->ends, 1);
	lsk_socket_free(guest->sock);
	guest->sock = NULL;
}

/* To the server and back. */
static void talk(struct guest *guest, const char *text)
{
	const ssize_t len = (ssize_t)strlen(text);
	char got[64];
	ssize_t at = 0;

	cr_assert_eq(lsk_socket_send(guest->client, text, (size_t)len, 0), len);
	while (at < len) {
		const ssize_t r = lsk_socket_recv(guest->client, got + at,
						  sizeof(got) - (size_t)at, 0);

		at += r > 0 ? r : 0;
		cr_assert_geq(lsk_loop_run(guest->server->loop, LSK_RUN_NOWAIT), 0);
	}
	cr_assert_eq(memcmp(got, text, (size_t)len), 0);
}

/* The peer is told of the end, and of nothing else. */
static void expect_end(struct guest *guest)
{
	char byte;
	ssize_t r;

	do {
		r = lsk_socket_recv(guest->client, &byte, 1, 0);
		if (r == -EAGAIN)
			cr_assert_geq(lsk_loop_run(guest->server->loop, LSK_RUN_NOWAIT),
				      0);
	} while (r == -EAGAIN);
	cr_assert_eq(r, 0);
	lsk_socket_free(guest->client);
}

static void server_stop(struct server *server)
{
	cr_assert_eq(lsk_loop_close(server->loop, server->listener, NULL), 0);
	cr_assert_eq(lsk_loop_run(server->loop, LSK_RUN_FOREVER), 0);
	cr_assert_eq(server->ends, 1);
	lsk_socket_free(server->listener);
}

static struct lsk_loop *loop_with_table(unsigned int direct_max, int force_epoll)
{
	const struct lsk_loop_options options = {
		.direct_max = direct_max,
		.force_epoll = force_epoll,
	};

	return loop_for_test(&options);
}

/* One body on a ring with a table and on epoll. */
#define Test_on_each_table(subject, behaviour)                      \
	static void subject##_##behaviour(struct lsk_loop *loop);   \
	Test(subject, behaviour##_on_uring)                         \
	{                                                           \
		struct lsk_loop *loop = loop_with_table(4, 0);      \
		if (!(lsk_loop_features(loop) & LSK_LOOP_DIRECT))   \
			cr_skip_test("no direct descriptors here"); \
		subject##_##behaviour(loop);                        \
		lsk_loop_free(loop);                                \
	}                                                           \
	Test(subject, behaviour##_on_epoll)                         \
	{                                                           \
		struct lsk_loop *loop = loop_with_table(4, 1);      \
		subject##_##behaviour(loop);                        \
		lsk_loop_free(loop);                                \
	}                                                           \
	static void subject##_##behaviour(struct lsk_loop *loop)

Test_on_each_table(accept_direct, serves_more_than_the_table_has_room_for_in_turn)
{
	struct server server;

	server_start(&server, loop);
	for (int i = 0; i < 20; i++) {
		struct guest *first = guest_new(&server);
		struct guest *second = guest_new(&server);

		talk(first, "one");
		talk(second, "two and more");
		talk(first, "three");
		/* A receive is pending: the peer hears of the end all the same. */
		guest_close(first);
		expect_end(first);
		lsk_socket_free(second->client);
		run_until(loop, &second->ends, 1);
		guest_close(second);
		server.count = 0;
	}
	server_stop(&server);
}

Test_on_each_table(loop_install, gives_another_descriptor_that_outlives_the_first)
{
	struct outcome installed = {0};
	const struct lsk_then then = then_tell(&installed);
	struct lsk_socket *other;
	struct server server;
	struct guest *guest;
	char byte = 0;

	server_start(&server, loop);
	guest = guest_new(&server);
	talk(guest, "before");
	cr_assert_eq(lsk_loop_install(loop, guest->sock, NULL), -EINVAL);
	cr_assert_eq(lsk_loop_install(loop, guest->sock, &then), 0);
	cr_assert_eq(installed.ends, 0, "starting never calls back");
	run_until(loop, &installed.ends, 1);
	if (installed.result == -EINVAL)
		cr_skip_test("no FIXED_FD_INSTALL here");
	cr_assert_geq(installed.result, 0);
	cr_assert_not(lsk_loop_is_direct(installed.result));
	cr_assert_eq(fcntl(installed.result, F_GETFD), FD_CLOEXEC);
	talk(guest, "after");
	cr_assert_eq(lsk_loop_cancel_socket(loop, guest->sock), 0);
	run_until(loop, &guest->ends, 1);
	cr_assert_eq(lsk_socket_adopt(&other, installed.result, -1, -1, -1), 0);
	cr_assert_eq(lsk_socket_set_timeout(other, LSK_BLOCK), 0);
	cr_assert_eq(lsk_socket_send(guest->client, "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(other, &byte, 1, 0), 1);
	cr_assert_eq(byte, 'x');
	lsk_socket_free(other);
	guest_close(guest);
	expect_end(guest);
	server_stop(&server);
}

Test_on_each_table(accept_direct, goes_with_its_loop)
{
	struct lsk_loop *own =
		loop_with_table(4, lsk_loop_backend(loop) == LSK_BACKEND_EPOLL);
	struct server server;
	struct guest *guest;
	char byte;

	server_start(&server, own);
	guest = guest_new(&server);
	talk(guest, "hello");
	/* One that the program has, and one that nobody has. */
	lsk_socket_free(guest_new(&server)->sock);
	lsk_loop_free(own);
	cr_assert_eq(server.ends, 1);
	if (lsk_loop_is_direct(guest->fd))
		cr_assert_eq(lsk_socket_recv(guest->sock, &byte, 1, 0), -EBADF);
	lsk_socket_free(guest->sock);
	for (int i = 0; i < 2; i++) {
		lsk_socket_set_timeout(server.guests[i].client, LSK_BLOCK);
		cr_assert_eq(lsk_socket_recv(server.guests[i].client, &byte, 1, 0), 0);
		lsk_socket_free(server.guests[i].client);
	}
	lsk_socket_free(server.listener);
}

Test(accept_direct, says_enfile_when_the_table_is_full)
{
	struct lsk_loop *loop = loop_with_table(2, 0);
	struct lsk_socket *late[2];
	struct server server;

	if (!(lsk_loop_features(loop) & LSK_LOOP_DIRECT))
		cr_skip_test("no direct descriptors here");
	server_start(&server, loop);
	for (int i = 0; i < 2; i++)
		talk(guest_new(&server), "hello");
	late[0] = client_new(&server);
	run_until(loop, &server.ends, 1);
	cr_assert_eq(server.result, -ENFILE);
	/* Room again, and accepting goes on. */
	for (int i = 0; i < 2; i++) {
		guest_close(&server.guests[i]);
		expect_end(&server.guests[i]);
	}
	server.count = 0;
	server.ends = 0;
	cr_assert_eq(lsk_loop_accept_direct(loop, server.listener,
					    &(struct lsk_then){.done = guest_came,
							       .context = &server}),
		     0);
	talk(guest_new(&server), "hello again");
	lsk_socket_free(late[0]);
	lsk_socket_free(server.guests[0].client);
	run_until(loop, &server.guests[0].ends, 1);
	guest_close(&server.guests[0]);
	server_stop(&server);
	lsk_loop_free(loop);
}

Test(accept_direct, refuses_what_is_done_by_system_call)
{
	struct lsk_loop *loop = loop_with_table(2, 0);
	struct lsk_loop *other = loop_with_table(0, 1);
	struct lsk_transfer transfer = {.range = {.fd = 0, .offset = 0, .count = 1}};
	struct server server;
	struct guest *guest;
	char byte;
	FILE *file = tmpfile();

	if (!(lsk_loop_features(loop) & LSK_LOOP_DIRECT))
		cr_skip_test("no direct descriptors here");
	cr_assert_not_null(file);
	transfer.range.fd = fileno(file);
	server_start(&server, loop);
	guest = guest_new(&server);
	cr_assert_eq(lsk_loop_sendfile(loop, guest->sock, &transfer, NULL),
		     -EOPNOTSUPP);
	cr_assert_eq(lsk_loop_splice(loop, guest->sock, &transfer, NULL), -EOPNOTSUPP);
	cr_assert_eq(lsk_loop_connect(loop, guest->sock, &server.addr, NULL),
		     -EOPNOTSUPP);
	cr_assert_eq(lsk_loop_accept(loop, guest->sock, NULL), -EOPNOTSUPP);
	cr_assert_eq(lsk_socket_recv(guest->sock, &byte, 1, 0), -EBADF);
	cr_assert_eq(lsk_loop_recv(other, guest->sock, &byte, 1, 0, NULL), -EBUSY);
	cr_assert_eq(lsk_loop_cancel_socket(loop, guest->sock), 0);
	run_until(loop, &guest->ends, 1);
	cr_assert_eq(lsk_loop_release(loop, guest->sock), -EOPNOTSUPP);
	/* All of which has done it no harm. */
	cr_assert_eq(lsk_loop_send(loop, guest->sock, "x", 1, 0, NULL), 0);
	lsk_socket_set_timeout(guest->client, LSK_BLOCK);
	run_idle(loop);
	cr_assert_eq(lsk_socket_recv(guest->client, &byte, 1, 0), 1);
	guest_close(guest);
	expect_end(guest);
	server_stop(&server);
	fclose(file);
	lsk_loop_free(other);
	lsk_loop_free(loop);
}

/* From loop to loop. */

struct arrival {
	struct server *server; /* in whose loop it arrives */
	struct guest guest;
	int count;
};

static void arrived(struct lsk_loop *loop, struct lsk_socket *sock, void *context)
{
	struct arrival *arrival = context;
	struct guest *guest = &arrival->guest;
	const struct lsk_then then = {.done = echo, .context = guest};

	cr_assert_eq(loop, arrival->server->loop);
	arrival->count++;
	guest->sock = sock;
	guest->server = arrival->server;
	guest->fd = socket_fd(sock);
	guest->ends = 0;
	if (guest->fd >= 0)
		cr_assert_eq(
			lsk_loop_recv_stream(loop, sock, arrival->server->pool, &then),
			0);
}

/* A guest of @server moves to @arrival->server's loop. */
static void move(struct server *server, struct arrival *arrival)
{
	struct guest *guest = guest_new(server);

	talk(guest, "here");
	arrival->guest.client = guest->client;
	cr_assert_eq(lsk_loop_hand_over(server->loop, guest->sock,
					arrival->server->loop, arrived, arrival),
		     -EBUSY);
	cr_assert_eq(lsk_loop_cancel_socket(server->loop, guest->sock), 0);
	run_until(server->loop, &guest->ends, 1);
	cr_assert_eq(lsk_loop_hand_over(server->loop, guest->sock,
					arrival->server->loop, arrived, arrival),
		     0);
	cr_assert_eq(lsk_socket_send(guest->client, "on the way", 10, 0), 10);
}

static void move_to(const struct lsk_loop_options *options, bool is_direct)
{
	struct lsk_loop *loop = loop_with_table(1, 0);
	struct lsk_loop *other = loop_for_test(options);
	struct server server, target = {.loop = other};
	char got[16];

	if (!(lsk_loop_features(loop) & LSK_LOOP_MSG_RING))
		cr_skip_test("no MSG_RING here");
	if (!(lsk_loop_features(loop) & LSK_LOOP_DIRECT))
		cr_skip_test("no direct descriptors here");
	server_start(&server, loop);
	cr_assert_eq(lsk_pool_new(other, &target.pool, NULL), 0);
	/* The table of the first has room for one: each leaves its place. */
	for (int i = 0; i < 5; i++) {
		struct arrival arrival = {.server = &target};
		struct lsk_socket *client;
		ssize_t r = 0;

		move(&server, &arrival);
		while (arrival.count == 0) {
			cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
			cr_assert_geq(lsk_loop_run(other, LSK_RUN_NOWAIT), 0);
		}
		cr_assert_geq(arrival.guest.fd, 0);
		if (arrival.guest.fd < 0)
			cr_skip_test("no FIXED_FD_INSTALL here");
		cr_assert_eq(lsk_loop_is_direct(arrival.guest.fd), is_direct);
		client = arrival.guest.client;
		while (r < 10) {
			const ssize_t got_now = lsk_socket_recv(
				client, got + r, sizeof(got) - (size_t)r, 0);

			r += got_now > 0 ? got_now : 0;
			cr_assert_geq(lsk_loop_run(other, LSK_RUN_NOWAIT), 0);
		}
		cr_assert_eq(memcmp(got, "on the way", 10), 0);
		talk(&arrival.guest, "there");
		guest_close(&arrival.guest);
		expect_end(&arrival.guest);
		server.count = 0;
		run_idle(loop);
	}
	server_stop(&server);
	lsk_loop_free(loop);
	lsk_loop_free(other);
}

Test(hand_over_direct, goes_from_ring_to_ring)
{
	move_to(&(const struct lsk_loop_options){.direct_max = 1}, true);
}

Test(hand_over_direct, becomes_an_ordinary_one_for_a_ring_without_a_table)
{
	move_to(&(const struct lsk_loop_options){0}, false);
}

Test(hand_over_direct, becomes_an_ordinary_one_for_epoll)
{
	move_to(&(const struct lsk_loop_options){.force_epoll = 1}, false);
}

Test(hand_over_direct, becomes_an_ordinary_one_where_the_other_table_is_full)
{
	struct lsk_loop *loop = loop_with_table(2, 0);
	struct lsk_loop *other = loop_with_table(1, 0);
	struct server server, target = {.loop = other};
	struct arrival arrivals[2] = {{.server = &target}, {.server = &target}};

	if (!(lsk_loop_features(loop) & LSK_LOOP_DIRECT))
		cr_skip_test("no direct descriptors here");
	server_start(&server, loop);
	cr_assert_eq(lsk_pool_new(other, &target.pool, NULL), 0);
	for (int i = 0; i < 2; i++)
		move(&server, &arrivals[i]);
	while (arrivals[0].count + arrivals[1].count < 2) {
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
		cr_assert_geq(lsk_loop_run(other, LSK_RUN_NOWAIT), 0);
	}
	cr_assert_neq(!lsk_loop_is_direct(arrivals[0].guest.fd),
		      !lsk_loop_is_direct(arrivals[1].guest.fd));
	for (int i = 0; i < 2; i++)
		lsk_socket_free(arrivals[i].guest.client);
	for (int i = 0; i < 2; i++) {
		run_until(other, &arrivals[i].guest.ends, 1);
		guest_close(&arrivals[i].guest);
	}
	server_stop(&server);
	lsk_loop_free(loop);
	lsk_loop_free(other);
}

/* It arrives once, whatever has become of it. */
Test(hand_over_direct, arrives_though_its_loop_ends_meanwhile)
{
	struct lsk_loop *loop = loop_with_table(1, 0);
	struct lsk_loop *other = loop_with_table(1, 0);
	struct server server, target = {.loop = other};
	struct arrival arrival = {.server = &target};
	char got[16];
	ssize_t r;

	if (!(lsk_loop_features(loop) & LSK_LOOP_DIRECT))
		cr_skip_test("no direct descriptors here");
	server_start(&server, loop);
	cr_assert_eq(lsk_pool_new(other, &target.pool, NULL), 0);
	move(&server, &arrival);
	lsk_loop_free(loop);
	cr_assert_eq(arrival.count, 0);
	run_until(other, &arrival.count, 1);
	if (arrival.guest.fd >= 0)
		guest_close(&arrival.guest);
	else
		lsk_socket_free(arrival.guest.sock);
	/* An answer, the end, or that its bytes were not read. */
	do {
		r = lsk_socket_recv(arrival.guest.client, got, sizeof(got), 0);
		cr_assert_geq(lsk_loop_run(other, LSK_RUN_NOWAIT), 0);
	} while (r > 0 || r == -EAGAIN);
	cr_assert(r == 0 || r == -ECONNRESET, "%d", (int)r);
	lsk_socket_free(arrival.guest.client);
	lsk_socket_free(server.listener);
	lsk_loop_free(other);
}

static void *run_other(void *context)
{
	struct server *target = context;

	target->loop = loop_with_table(1, 0);
	cr_assert_eq(lsk_pool_new(target->loop, &target->pool, NULL), 0);
	atomic_store(&target->is_ready, true);
	while (!atomic_load(&target->is_over))
		cr_assert_geq(lsk_loop_run(target->loop, LSK_RUN_ONCE), 0);
	lsk_loop_free(target->loop);
	return NULL;
}

/* The other end closes: so does the guest. */
static void serve_in_thread(struct lsk_loop *loop, struct lsk_socket *sock,
			    void *context)
{
	struct arrival *arrival = context;

	arrived(loop, sock, arrival);
	cr_assert(lsk_loop_is_direct(arrival->guest.fd));
}

/* Its thread sleeps in its ring, which the other ring wakes. */
Test(hand_over_direct, goes_to_the_loop_of_another_thread)
{
	struct lsk_loop *loop = loop_with_table(1, 0);
	struct server server, target = {0};
	struct arrival arrival = {.server = &target};
	pthread_t thread;
	struct guest *guest;
	char got[6];

	if (!(lsk_loop_features(loop) & LSK_LOOP_DIRECT))
		cr_skip_test("no direct descriptors here");
	server_start(&server, loop);
	cr_assert_eq(pthread_create(&thread, NULL, run_other, &target), 0);
	guest = guest_new(&server);
	talk(guest, "here");
	arrival.guest.client = guest->client;
	cr_assert_eq(lsk_loop_cancel_socket(loop, guest->sock), 0);
	run_until(loop, &guest->ends, 1);
	while (!atomic_load(&target.is_ready))
		sched_yield();
	cr_assert_eq(lsk_loop_hand_over(loop, guest->sock, target.loop, serve_in_thread,
					&arrival),
		     0);
	/* All that is under way here, the acceptance apart. */
	while (lsk_loop_run(loop, LSK_RUN_NOWAIT) > 1)
		;
	lsk_socket_set_timeout(guest->client, 60 * LSK_NSEC_PER_SEC);
	cr_assert_eq(lsk_socket_send(guest->client, "there", 5, 0), 5);
	for (ssize_t at = 0; at < 5;) {
		ssize_t r = lsk_socket_recv(guest->client, got + at, 5 - (size_t)at, 0);

		cr_assert_gt(r, 0);
		at += r;
	}
	cr_assert_eq(memcmp(got, "there", 5), 0);
	atomic_store(&target.is_over, true);
	lsk_loop_wake(target.loop);
	cr_assert_eq(pthread_join(thread, NULL), 0);
	cr_assert_eq(arrival.count, 1);
	cr_assert_eq(arrival.guest.ends, 1);
	lsk_socket_free(arrival.guest.sock);
	cr_assert_eq(lsk_socket_recv(guest->client, got, 1, 0), 0);
	lsk_socket_free(guest->client);
	server_stop(&server);
	lsk_loop_free(loop);
}

/* Without the option the same call brings ordinary descriptors. */
Test(accept_direct, is_an_ordinary_accept_without_a_table)
{
	struct lsk_loop *loop = loop_with_table(0, 0);
	struct server server;
	struct guest *guest;

	cr_assert_not(lsk_loop_features(loop) & LSK_LOOP_DIRECT);
	server_start(&server, loop);
	guest = guest_new(&server);
	cr_assert_geq(fcntl(guest->fd, F_GETFD), 0);
	talk(guest, "hello");
	guest_close(guest);
	expect_end(guest);
	server_stop(&server);
	lsk_loop_free(loop);
}

/* The table is the kernel's of paper here, which fails the test when a place is given
 * back while a request refers to it. */
static struct lsk_loop *scripted_table(unsigned int entries)
{
	const struct lsk_loop_options options = {.entries = entries, .direct_max = 8};
	struct lsk_loop *loop = scripted_loop(&options);

	cr_assert(lsk_loop_features(loop) & LSK_LOOP_DIRECT);
	return loop;
}

Test(accept_direct, closes_what_was_held_back_when_it_ends)
{
	struct lsk_loop *loop = scripted_table(64);
	struct lsk_socket *clients[3];
	struct server server;
	char byte;

	server_start(&server, loop);
	run_idle(loop);
	/* The kernel has these before it hears of the pause. */
	for (int i = 0; i < 3; i++)
		clients[i] = client_new(&server);
	plan_answer(SCRIPT_CANCEL, 1, 1);
	cr_assert_eq(lsk_loop_pause(loop, server.op), 0);
	run_idle(loop);
	cr_assert_eq(server.count, 0);
	server_stop(&server);
	for (int i = 0; i < 3; i++) {
		/* Closed by the loop, or by the listener's end. */
		ssize_t r;

		do {
			r = lsk_socket_recv(clients[i], &byte, 1, 0);
		} while (r == -EAGAIN);
		cr_assert(r == 0 || r == -ECONNRESET, "%d", (int)r);
		lsk_socket_free(clients[i]);
	}
	scripted_end(loop);
}

Test(accept_direct, finds_a_way_to_close_where_the_queue_is_full)
{
	struct lsk_loop *loop = scripted_table(4);
	struct server server;

	server_start(&server, loop);
	for (int i = 0; i < 8; i++)
		talk(guest_new(&server), "hello");
	for (int i = 0; i < 8; i++)
		cr_assert_eq(lsk_loop_close(loop, server.guests[i].sock, NULL), 0);
	plan_answer(SCRIPT_SUBMIT, SCRIPT_BUSY, 20);
	run_idle(loop);
	for (int i = 0; i < 8; i++) {
		run_until(loop, &server.guests[i].ends, 1);
		expect_end(&server.guests[i]);
		lsk_socket_free(server.guests[i].sock);
	}
	server_stop(&server);
	scripted_end(loop);
}
