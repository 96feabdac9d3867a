/* SPDX-License-Identifier: MIT */
/* Several loops in several threads, and sockets that go from one to another. */
#include <criterion/criterion.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <linsock.h>

#include "tests/support/sockets.h"

TestSuite(loop_threads, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);

enum {
	WORKERS = 3,
	CLIENTS = 24,
	POSTS = 500,
	WANDERING_BYTES = 60000,
};

struct worker {
	pthread_t thread;
	struct lsk_loop *loop;
	struct lsk_pool *pool;
	struct lsk_socket *listener;
	sem_t is_ready;
	atomic_int served;
	unsigned int turn; /* of the one that accepts for all */
};

static struct worker workers[WORKERS];

static const struct lsk_then *forgotten(void)
{
	static const struct lsk_then then;

	return &then;
}

static void stop(struct lsk_loop *loop, void *context)
{
	(void)context;
	lsk_loop_stop(loop);
}

static void on_end(struct lsk_loop *loop, const struct lsk_event *event)
{
	(void)loop;
	(void)event;
}

static void *work(void *context)
{
	const struct lsk_then then = {.done = on_end};
	struct worker *worker = context;

	cr_assert_eq(lsk_loop_new(&worker->loop, NULL), 0);
	cr_assert_eq(lsk_pool_new(worker->loop, &worker->pool, NULL), 0);
	/* A loop with nothing to wait for is done; this one is not. */
	cr_assert_eq(lsk_loop_timer(worker->loop, 3600 * LSK_NSEC_PER_SEC, &then), 0);
	sem_post(&worker->is_ready);
	cr_assert_geq(lsk_loop_run(worker->loop, LSK_RUN_FOREVER), 0);
	lsk_socket_free(worker->listener);
	lsk_loop_free(worker->loop);
	return NULL;
}

static void workers_start(void)
{
	for (int i = 0; i < WORKERS; i++) {
		sem_init(&workers[i].is_ready, 0, 0);
		cr_assert_eq(
			pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
		while (sem_wait(&workers[i].is_ready) < 0)
			;
	}
}

static void workers_stop(void)
{
	for (int i = 0; i < WORKERS; i++)
		cr_assert_eq(lsk_loop_post(workers[i].loop, stop, NULL), 0);
	for (int i = 0; i < WORKERS; i++)
		cr_assert_eq(pthread_join(workers[i].thread, NULL), 0);
}

static struct worker *worker_of(const struct lsk_loop *loop)
{
	for (int i = 0; i < WORKERS; i++)
		if (workers[i].loop == loop)
			return &workers[i];
	cr_assert_fail("nobody's loop");
	return NULL;
}

/* An echo: the stream's context is the socket. */
static void on_data(struct lsk_loop *loop, const struct lsk_event *event)
{
	const struct lsk_then then = {.done = on_end};
	struct lsk_socket *sock = event->context;

	if (event->flags & LSK_EVENT_LEASE) {
		cr_assert_eq(lsk_loop_send_lease(loop, sock, event, &then), 0);
		return;
	}
	cr_assert_eq(lsk_loop_close(loop, sock, &then), 0);
	lsk_socket_free(sock);
}

static void serve(struct lsk_loop *loop, struct lsk_socket *sock, void *context)
{
	const struct lsk_then then = {.done = on_data, .context = sock};
	struct worker *worker = worker_of(loop);

	(void)context;
	worker->served++;
	cr_assert_eq(lsk_loop_recv_stream(loop, sock, worker->pool, &then), 0);
}

static void on_connection(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct worker *worker = event->context;
	struct lsk_socket *sock;

	if (event->result < 0)
		return;
	cr_assert_eq(lsk_loop_adopt(loop, worker->listener, event->result, &sock), 0);
	serve(loop, sock, NULL);
}

/* Accepts, and lets the others work. */
static void on_connection_for_others(struct lsk_loop *loop,
				     const struct lsk_event *event)
{
	struct worker *worker = event->context;
	struct lsk_socket *sock;

	if (event->result < 0)
		return;
	cr_assert_eq(lsk_loop_adopt(loop, worker->listener, event->result, &sock), 0);
	worker->turn = worker->turn % (WORKERS - 1) + 1;
	cr_assert_eq(
		lsk_loop_hand_over(loop, sock, workers[worker->turn].loop, serve, NULL),
		0);
}

static void listen_on(struct lsk_loop *loop, void *context)
{
	struct worker *worker = worker_of(loop);
	const struct lsk_then then = {.done = context ? on_connection_for_others
						      : on_connection,
				      .context = worker};

	cr_assert_eq(lsk_loop_accept_stream(loop, worker->listener, &then), 0);
	sem_post(&worker->is_ready);
}

/* The second and later ones get the port that the first one has got. */
static void worker_listen(struct worker *worker, struct lsk_addr *addr,
			  bool is_for_others)
{
	const struct lsk_server_options options = {.reuse_port = true};

	cr_assert_eq(lsk_create_server(&worker->listener, addr, &options, NULL), 0);
	cr_assert_eq(lsk_socket_getsockname(worker->listener, addr), 0);
	cr_assert_eq(
		lsk_loop_post(worker->loop, listen_on, is_for_others ? worker : NULL),
		0);
	while (sem_wait(&worker->is_ready) < 0)
		;
}

/* All are connected at once, and each hears its own words. */
static void clients_talk(const struct lsk_addr *addr)
{
	struct lsk_socket *clients[CLIENTS];
	char words[16];
	char echo[16];

	for (int i = 0; i < CLIENTS; i++) {
		cr_assert_eq(lsk_socket_new(&clients[i], AF_INET, SOCK_STREAM, 0), 0);
		cr_assert_eq(lsk_socket_connect(clients[i], addr), 0);
	}
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < CLIENTS; i++) {
			snprintf(words, sizeof(words), "client %02d, %d", i, round);
			cr_assert_eq(lsk_socket_sendall(clients[i], words,
							strlen(words), 0, NULL),
				     0);
		}
		for (int i = 0; i < CLIENTS; i++) {
			memset(echo, 0, sizeof(echo));
			snprintf(words, sizeof(words), "client %02d, %d", i, round);
			cr_assert_eq(lsk_socket_recv(clients[i], echo, strlen(words),
						     MSG_WAITALL),
				     (ssize_t)strlen(words));
			cr_assert_str_eq(echo, words);
		}
	}
	for (int i = 0; i < CLIENTS; i++)
		lsk_socket_free(clients[i]);
}

static int served(void)
{
	int sum = 0;

	for (int i = 0; i < WORKERS; i++)
		sum += workers[i].served;
	return sum;
}

Test(loop_threads, share_a_port_and_serve_what_each_has_got)
{
	struct lsk_addr addr;

	workers_start();
	cr_assert_eq(lsk_addr_parse(&addr, "inet://127.0.0.1:0", NULL), 0);
	for (int i = 0; i < WORKERS; i++)
		worker_listen(&workers[i], &addr, false);
	clients_talk(&addr);
	cr_assert_eq(served(), CLIENTS);
	workers_stop();
}

Test(loop_threads, one_accepts_and_hands_its_connections_over)
{
	struct lsk_addr addr;

	workers_start();
	cr_assert_eq(lsk_addr_parse(&addr, "inet://127.0.0.1:0", NULL), 0);
	worker_listen(&workers[0], &addr, true);
	clients_talk(&addr);
	cr_assert_eq(workers[0].served, 0);
	for (int i = 1; i < WORKERS; i++)
		cr_assert_eq(workers[i].served, CLIENTS / (WORKERS - 1));
	workers_stop();
}

/* A socket that goes from loop to loop while its peer sends. */

static struct {
	size_t received;
	atomic_int hops;
	sem_t has_hopped;
	sem_t is_over;
} wandering;

static void settle(struct lsk_loop *loop, struct lsk_socket *sock, void *context);

static void on_wandering(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct lsk_socket *sock = event->context;
	const uint8_t *bytes = event->data;
	struct worker *next;

	if (event->flags & LSK_EVENT_LEASE) {
		for (int i = 0; i < event->result; i++)
			cr_assert_eq(bytes[i],
				     (uint8_t)(wandering.received + (size_t)i));
		wandering.received += (size_t)event->result;
		lsk_lease_free(event->pool, event->lease);
		(void)lsk_loop_cancel(loop, event->op);
		return;
	}
	if (event->result == 0) {
		lsk_socket_free(sock);
		sem_post(&wandering.is_over);
		return;
	}
	cr_assert_eq(event->result, -ECANCELED);
	if (wandering.hops++ == 0)
		sem_post(&wandering.has_hopped);
	next = &workers[(worker_of(loop) - workers + 1) % WORKERS];
	cr_assert_eq(lsk_loop_hand_over(loop, sock, next->loop, settle, NULL), 0);
}

static void settle(struct lsk_loop *loop, struct lsk_socket *sock, void *context)
{
	const struct lsk_then then = {.done = on_wandering, .context = sock};

	(void)context;
	cr_assert_eq(lsk_loop_recv_stream(loop, sock, worker_of(loop)->pool, &then), 0);
}

Test(loop_threads, a_socket_that_wanders_loses_no_byte)
{
	static uint8_t bytes[100];
	struct lsk_socket *pair[2];

	workers_start();
	sem_init(&wandering.has_hopped, 0, 0);
	sem_init(&wandering.is_over, 0, 0);
	pair_make(pair);
	cr_assert_eq(lsk_loop_hand_over(workers[0].loop, pair[0], workers[1].loop,
					settle, NULL),
		     0);
	for (size_t sent = 0; sent < WANDERING_BYTES; sent += sizeof(bytes)) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(sent + i);
		cr_assert_eq(lsk_socket_sendall(pair[1], bytes, sizeof(bytes), 0, NULL),
			     0);
		/* Whoever sends all at once may have ended before it is received. */
		while (sent == 0 && sem_wait(&wandering.has_hopped) < 0)
			;
	}
	lsk_socket_free(pair[1]);
	while (sem_wait(&wandering.is_over) < 0)
		;
	cr_assert_eq(wandering.received, WANDERING_BYTES);
	cr_assert_gt(wandering.hops, 0);
	workers_stop();
}

static atomic_int posts_run;

static void count_post(struct lsk_loop *loop, void *context)
{
	(void)loop;
	(void)context;
	posts_run++;
}

static void *post_many(void *context)
{
	(void)context;
	for (int i = 0; i < POSTS; i++)
		cr_assert_eq(lsk_loop_post(workers[i % WORKERS].loop, count_post, NULL),
			     0);
	return NULL;
}

Test(loop_threads, posts_of_many_threads_all_run)
{
	pthread_t threads[4];

	workers_start();
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, post_many, NULL), 0);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_join(threads[i], NULL), 0);
	workers_stop();
	cr_assert_eq(posts_run, 4 * POSTS);
}

static void never(struct lsk_loop *loop, struct lsk_socket *sock, void *context)
{
	(void)loop;
	(void)context;
	lsk_socket_free(sock);
}

Test(loop_threads, what_is_under_way_is_not_handed_over)
{
	struct lsk_loop *from, *to;
	struct lsk_socket *pair[2];
	struct lsk_loop_stats stats;
	char byte;

	cr_assert_eq(lsk_loop_new(&from, NULL), 0);
	cr_assert_eq(lsk_loop_new(&to, NULL), 0);
	pair_make(pair);
	cr_assert_eq(lsk_loop_hand_over(from, pair[0], to, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_loop_hand_over(from, pair[0], NULL, never, NULL), -EINVAL);
	cr_assert_eq(lsk_loop_recv(from, pair[0], &byte, 1, 0, forgotten()), 0);
	cr_assert_eq(lsk_loop_hand_over(from, pair[0], to, never, NULL), -EBUSY);
	cr_assert_eq(lsk_loop_cancel_socket(from, pair[0]), 0);
	do {
		struct lsk_event event;

		cr_assert_geq(lsk_loop_next(from, &event, 1, LSK_BLOCK), 0);
		lsk_loop_stats(from, &stats);
	} while (stats.operations > 0);
	cr_assert_eq(lsk_loop_hand_over(from, pair[0], to, never, NULL), 0);
	/* Its end runs what was posted, which frees the socket. */
	lsk_loop_free(from);
	lsk_loop_free(to);
	lsk_socket_free(pair[1]);
}
