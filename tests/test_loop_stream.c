/* SPDX-License-Identifier: MIT */
/* Streams and pools, on both back ends. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <linsock.h>

#include "tests/support/loops.h"
#include "uring/util.h"

static void pair_new(struct lsk_socket *pair[2], int type)
{
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, type, 0), 0);
}

static void pair_free(struct lsk_socket *pair[2])
{
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

static struct lsk_pool *pool_new(struct lsk_loop *loop, unsigned int size,
				 unsigned int count, unsigned int flags)
{
	const struct lsk_pool_options options = {
		.buffer_size = size,
		.count = count,
		.flags = flags,
	};
	struct lsk_pool *pool = NULL;

	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	return pool;
}

/* Every size around the edges of a buffer, whole and in order, then the end. */
static void sizes_round_trip(struct lsk_loop *loop, unsigned int flags)
{
	struct lsk_pool *pool = pool_new(loop, 256, 4, flags);
	static char pattern[2000];
	struct lsk_socket *pair[2];
	static struct outcome kept; /* the loop's end tells it, too */
	struct outcome *outcome = &kept;
	struct lsk_then then = then_tell(outcome);
	size_t sent = 0;

	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (char)(i * 7 + (i >> 8));
	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	for (size_t size = 1; size < sizeof(pattern); size += size < 520 ? 1 : 97) {
		int64_t end = engine_now_ns() + 60 * LSK_NSEC_PER_SEC;

		outcome->bytes = 0;
		cr_assert_eq(lsk_socket_send(pair[1], pattern, size, 0), size);
		while (outcome->bytes < size && engine_now_ns() < end)
			cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
		cr_assert_eq(outcome->bytes, size, "%zu of %zu", outcome->bytes, size);
		cr_assert_eq(memcmp(outcome->data, pattern, size), 0, "size %zu", size);
		sent += size;
	}
	cr_assert_eq(outcome->ends, 0);
	lsk_socket_close(pair[1]);
	run_until(loop, &outcome->ends, 1);
	cr_assert_eq(outcome->result, 0);
	cr_assert_eq(pool->available, pool->count, "no lease is lost");
	pair_free(pair);
}

Test_on_each_loop(recv_stream, keeps_every_size_whole_with_buffers_filled_bit_by_bit)
{
	sizes_round_trip(loop, 0);
}

Test_on_each_loop(recv_stream, keeps_every_size_whole_with_whole_buffers)
{
	sizes_round_trip(loop, LSK_POOL_WHOLE);
}

Test_on_each_loop(recv_stream, waits_for_leases_when_its_pool_is_empty)
{
	struct lsk_pool *pool = pool_new(loop, 64, 4, LSK_POOL_WHOLE);
	static struct outcome kept; /* the loop's end tells it, too */
	struct outcome *outcome = &kept;
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	static char data[64 * 12];

	outcome->keeps = true;
	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	memset(data, 'd', sizeof(data));
	cr_assert_eq(lsk_socket_send(pair[1], data, sizeof(data), 0), sizeof(data));
	run_until(loop, &outcome->events, 4);
	run_idle(loop);
	cr_assert_eq(outcome->events, 4, "the pool has four");
	cr_assert_eq(outcome->ends, 0, "an empty pool is no end");
	for (int round = 1; round <= 2; round++) {
		for (int i = 0; i < 4; i++)
			lsk_lease_free(pool,
				       outcome->leases[outcome->leases_count - 4 + i]);
		run_until(loop, &outcome->events, 4 + 4 * round);
		run_idle(loop);
		cr_assert_eq(outcome->events, 4 + 4 * round);
	}
	cr_assert_eq(outcome->bytes, sizeof(data));
	pair_free(pair);
}

Test_on_each_loop(recv_stream, several_starve_and_all_go_on)
{
	struct lsk_pool *pool = pool_new(loop, 64, 8, LSK_POOL_WHOLE);
	enum { STREAMS = 16 };
	static struct outcome outcomes[STREAMS];
	struct lsk_socket *pairs[STREAMS][2];
	size_t total = 0;
	static char data[640];
	int64_t end = engine_now_ns() + 60 * LSK_NSEC_PER_SEC;

	for (int i = 0; i < STREAMS; i++) {
		struct lsk_then then = then_tell(&outcomes[i]);

		pair_new(pairs[i], SOCK_STREAM);
		outcomes[i].keeps = true;
		cr_assert_eq(lsk_loop_recv_stream(loop, pairs[i][0], pool, &then), 0);
		cr_assert_eq(lsk_socket_send(pairs[i][1], data, sizeof(data), 0),
			     sizeof(data));
	}
	while (total < sizeof(data) * STREAMS && engine_now_ns() < end) {
		total = 0;
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
		for (int i = 0; i < STREAMS; i++) {
			while (outcomes[i].leases_count > 0)
				lsk_lease_free(
					pool,
					outcomes[i].leases[--outcomes[i].leases_count]);
			total += outcomes[i].bytes;
		}
	}
	cr_assert_eq(total, sizeof(data) * STREAMS);
	cr_assert_eq(pool->available, pool->count);
	for (int i = 0; i < STREAMS; i++)
		pair_free(pairs[i]);
}

Test_on_each_loop(pool, grows_up_to_its_limit_before_anybody_waits)
{
	const struct lsk_pool_options options = {
		.buffer_size = 64,
		.count = 2,
		.count_max = 16,
		.flags = LSK_POOL_WHOLE,
	};
	static struct outcome kept; /* the loop's end tells it, too */
	struct outcome *outcome = &kept;
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;
	static char data[64 * 20];

	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	outcome->keeps = true;
	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	cr_assert_eq(lsk_socket_send(pair[1], data, sizeof(data), 0), sizeof(data));
	run_until(loop, &outcome->events, 16);
	run_idle(loop);
	cr_assert_eq(outcome->events, 16);
	cr_assert_eq(pool->count, 16);
	pair_free(pair);
}

Test_on_each_loop(pool, limits_the_leases_of_one_stream)
{
	const struct lsk_pool_options options = {
		.buffer_size = 64,
		.count = 64,
		.lease_max = 4,
		.flags = LSK_POOL_WHOLE,
	};
	static struct outcome kept; /* the loop's end tells it, too */
	struct outcome *outcome = &kept;
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;
	int before;

	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	outcome->keeps = true;
	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	for (int i = 0; i < 12; i++) {
		cr_assert_eq(lsk_socket_send(pair[1], "x", 1, 0), 1);
		run_idle(loop);
	}
	cr_assert_eq(outcome->events, 4, "%d", outcome->events);
	before = outcome->events;
	while (outcome->leases_count > 0)
		lsk_lease_free(pool, outcome->leases[--outcome->leases_count]);
	run_until(loop, &outcome->events, before + 1);
	cr_assert_eq(outcome->bytes, 12, "all of it came");
	pair_free(pair);
}

Test_on_each_loop(pause, holds_events_back_and_loses_none)
{
	struct lsk_pool *pool = pool_new(loop, 256, 16, 0);
	static struct outcome kept; /* the loop's end tells it, too */
	struct outcome *outcome = &kept;
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_op op;

	then.ret_op = &op;
	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	lsk_socket_send(pair[1], "one", 3, 0);
	run_until(loop, &outcome->events, 1);
	for (int round = 0; round < 5; round++) {
		int before = outcome->events;

		cr_assert_eq(lsk_loop_pause(loop, op), 0);
		lsk_socket_send(pair[1], "two", 3, 0);
		run_idle(loop);
		lsk_socket_send(pair[1], "three", 5, 0);
		run_idle(loop);
		cr_assert_eq(outcome->events, before, "it is paused");
		cr_assert_eq(lsk_loop_resume(loop, op), 0);
		cr_assert_eq(outcome->events, before, "resuming does not call back");
		run_until(loop, &outcome->events, before + 1);
		run_idle(loop);
	}
	cr_assert_eq(outcome->bytes, 3 + 5 * 8);
	cr_assert_eq(memcmp(outcome->data, "onetwothreetwothree", 19), 0);
	/* The end of a paused stream waits as its data does. */
	cr_assert_eq(lsk_loop_pause(loop, op), 0);
	lsk_socket_close(pair[1]);
	run_idle(loop);
	cr_assert_eq(outcome->ends, 0);
	cr_assert_eq(lsk_loop_resume(loop, op), 0);
	run_until(loop, &outcome->ends, 1);
	cr_assert_eq(outcome->result, 0);
	cr_assert_eq(lsk_loop_resume(loop, op), -ENOENT);
	pair_free(pair);
}

Test_on_each_loop(pause, cancelled_while_paused_it_ends)
{
	struct lsk_pool *pool = pool_new(loop, 256, 16, 0);
	static struct outcome kept; /* the loop's end tells it, too */
	struct outcome *outcome = &kept;
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	struct lsk_op op;

	then.ret_op = &op;
	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	cr_assert_eq(lsk_loop_pause(loop, op), 0);
	lsk_socket_send(pair[1], "held", 4, 0);
	run_idle(loop);
	cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	run_until(loop, &outcome->ends, 1);
	cr_assert_eq(outcome->result, -ECANCELED);
	cr_assert_eq(pool->available, pool->count, "what was held is back");
	pair_free(pair);
}

/* A byte each third of the time that the stream may be idle; true if five came. */
static bool trickle(struct lsk_loop *loop, struct lsk_pool *pool, int64_t idle_ns)
{
	static struct outcome kept; /* the loop's end tells it, too */
	struct outcome *outcome = &kept;
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *pair[2];
	int64_t last_ns = engine_now_ns();

	kept = (struct outcome){0};
	then.timeout_ns = idle_ns;
	pair_new(pair, SOCK_STREAM);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &then), 0);
	for (size_t sent = 1; sent <= 5 && !outcome->ends; sent++) {
		struct outcome pause = {0};
		struct lsk_then wait = then_tell(&pause);
		int64_t sent_ns;

		cr_assert_eq(lsk_loop_timer(loop, idle_ns / 3, &wait), 0);
		run_until(loop, &pause.ends, 1);
		if (outcome->ends)
			break;
		sent_ns = engine_now_ns();
		lsk_socket_send(pair[1], "x", 1, 0);
		run_until(loop, &outcome->events, (int)sent);
		if (outcome->bytes == sent)
			last_ns = sent_ns;
	}
	run_until(loop, &outcome->ends, 1);
	cr_assert_eq(outcome->result, -ETIME);
	cr_assert_geq(engine_now_ns() - last_ns, idle_ns);
	pair_free(pair);
	return outcome->bytes == 5;
}

/* A machine that is busy elsewhere lets a byte come too late: then with more time. */
Test_on_each_loop(recv_stream, times_out_only_when_it_is_idle)
{
	struct lsk_pool *pool = pool_new(loop, 256, 16, 0);
	int64_t idle_ns = LSK_NSEC_PER_SEC * 6 / 100;

	while (!trickle(loop, pool, idle_ns)) {
		idle_ns *= 2;
		cr_assert_lt(idle_ns, 10 * LSK_NSEC_PER_SEC);
	}
}

Test_on_each_loop(recvmsg_stream, brings_datagrams_with_their_senders)
{
	struct lsk_pool *pool = pool_new(loop, 2048, 16, LSK_POOL_MESSAGES);
	static struct outcome kept; /* the loop's end tells it, too */
	struct outcome *outcome = &kept;
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *server;
	struct lsk_socket *client;
	struct msghdr message;
	struct lsk_addr addr;
	struct lsk_addr from;

	outcome->keeps = true;
	cr_assert_eq(lsk_addr_parse(&addr, "inet://127.0.0.1:0", NULL), 0);
	cr_assert_eq(lsk_socket_new(&server, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(server, &addr), 0);
	cr_assert_eq(lsk_socket_bind(client, &addr), 0);
	cr_assert_eq(lsk_socket_getsockname(server, &addr), 0);
	cr_assert_eq(lsk_socket_getsockname(client, &from), 0);
	cr_assert_eq(lsk_loop_recv_stream(loop, server, pool, &then), -EINVAL);
	cr_assert_eq(lsk_loop_recvmsg_stream(loop, server, pool, &then), 0);
	for (int i = 1; i <= 8; i++) {
		size_t len = (size_t)(i - 1) * 50; /* an empty one is one, too */
		char data[400];

		memset(data, i, sizeof(data));
		cr_assert_eq(lsk_socket_sendto(client, data, len, 0, &addr), len);
		run_until(loop, &outcome->events, i);
		cr_assert_eq(outcome->result, (int)len);
		cr_assert(outcome->last.flags & LSK_EVENT_MORE);
		cr_assert_eq(lsk_lease_message(pool, outcome->last.lease, &message), 0);
		cr_assert_eq(message.msg_namelen, from.len);
		cr_assert_eq(memcmp(message.msg_name, &from.storage, 8), 0);
		if (len > 0)
			cr_assert_eq(((char *)outcome->last.data)[len - 1], (char)i);
		lsk_lease_free(pool, outcome->last.lease);
	}
	cr_assert_eq(pool->available, pool->count);
	lsk_socket_free(server);
	lsk_socket_free(client);
}

static void check_end(struct lsk_loop *loop, int type)
{
	struct lsk_pool *pool = pool_new(loop, 2048, 16, LSK_POOL_MESSAGES);
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];

	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, type, 0), 0);
	cr_assert_eq(lsk_loop_recvmsg_stream(loop, pair[0], pool, &then), 0);
	cr_assert_eq(lsk_socket_send(pair[1], "abc", 3, 0), 3);
	run_until(loop, &outcome.events, 1);
	cr_assert_eq(outcome.result, 3);
	lsk_socket_free(pair[1]);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 0);
	cr_assert_eq(outcome.events, 2);
	cr_assert_eq(pool->available, pool->count);
	lsk_socket_free(pair[0]);
}

Test_on_each_loop(recvmsg_stream, ends_when_the_peer_of_a_connection_does)
{
	check_end(loop, SOCK_STREAM);
	check_end(loop, SOCK_SEQPACKET);
}

Test_on_each_loop(accept_stream, accepts_until_it_is_cancelled)
{
	static struct outcome kept; /* the loop's end tells it, too */
	struct outcome *outcome = &kept;
	struct lsk_then then = then_tell(outcome);
	struct lsk_socket *listener;
	struct lsk_addr addr;
	struct lsk_op op;

	then.ret_op = &op;
	listener = loop_listener(64, &addr);
	cr_assert_eq(lsk_loop_accept_stream(loop, listener, &then), 0);
	for (int i = 1; i <= 20; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		cr_assert_eq(connect(fd, (struct sockaddr *)&addr.storage, addr.len),
			     0);
		if (i == 10)
			cr_assert_eq(lsk_loop_pause(loop, op), 0);
		if (i == 15) {
			run_idle(loop);
			cr_assert_eq(outcome->events, 9);
			cr_assert_eq(lsk_loop_resume(loop, op), 0);
		}
		if (i < 10 || i > 15) {
			run_until(loop, &outcome->events, i);
			cr_assert_geq(outcome->result, 0);
			cr_assert(fcntl(outcome->result, F_GETFD) & FD_CLOEXEC);
			close(outcome->result);
		}
		close(fd);
	}
	cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	run_until(loop, &outcome->ends, 1);
	cr_assert_eq(outcome->result, -ECANCELED);
	cr_assert_eq(outcome->events, 21);
	lsk_socket_free(listener);
}

/* What an echo server does: the lease is sent from, and returned when that has ended.
 */
struct echo {
	struct lsk_socket *sock;
	size_t echoed;
	int ends;
	int bad;
};

static void echo_sent(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct lsk_event *received = event->context;
	struct echo *echo = received->context;

	(void)loop;
	echo->bad += event->result != received->result;
	echo->echoed += (size_t)event->result;
	lsk_lease_free(received->pool, received->lease);
	free(received);
}

static void echo_received(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct echo *echo = event->context;
	struct lsk_event *copy;
	struct lsk_then then = {.done = echo_sent};

	if (!(event->flags & LSK_EVENT_MORE)) {
		echo->ends++;
		lsk_loop_close(loop, echo->sock, NULL);
		return;
	}
	copy = malloc(sizeof(*copy));
	*copy = *event;
	then.context = copy;
	cr_assert_eq(lsk_loop_send(loop, echo->sock, event->data, (size_t)event->result,
				   0, &then),
		     0);
}

Test_on_each_loop(echo, serves_many_connections)
{
	enum { CONNECTIONS = 100, ROUNDS = 20 };
	const struct lsk_pool_options options = {.buffer_size = 4096, .count = 8};
	static struct echo echoes[CONNECTIONS];
	struct lsk_socket *pairs[CONNECTIONS][2];
	struct lsk_loop_stats stats;
	struct lsk_pool *pool;
	int ended = 0;

	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	for (int i = 0; i < CONNECTIONS; i++) {
		struct lsk_then then = {.done = echo_received, .context = &echoes[i]};

		pair_new(pairs[i], SOCK_STREAM);
		lsk_socket_set_timeout(pairs[i][1], 0);
		echoes[i] = (struct echo){.sock = pairs[i][0]};
		cr_assert_eq(lsk_loop_recv_stream(loop, pairs[i][0], pool, &then), 0);
	}
	for (int round = 0; round < ROUNDS; round++) {
		char data[700];
		char got[700];

		memset(data, round, sizeof(data));
		for (int i = 0; i < CONNECTIONS; i++)
			cr_assert_eq(
				lsk_socket_send(pairs[i][1], data, sizeof(data), 0),
				sizeof(data));
		for (int i = 0; i < CONNECTIONS; i++) {
			size_t have = 0;

			while (have < sizeof(got)) {
				ssize_t r = lsk_socket_recv(pairs[i][1], got + have,
							    sizeof(got) - have, 0);
				if (r > 0)
					have += (size_t)r;
				else
					cr_assert_geq(
						lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
			}
			cr_assert_arr_eq(got, data, sizeof(got));
		}
	}
	for (int i = 0; i < CONNECTIONS; i++)
		lsk_socket_close(pairs[i][1]);
	ended = lsk_loop_run(loop, LSK_RUN_FOREVER);
	cr_assert_eq(ended, 0, "all is closed, not %d", ended);
	for (int i = 0; i < CONNECTIONS; i++) {
		ended += echoes[i].ends;
		cr_assert_eq(echoes[i].echoed, 700 * ROUNDS);
		cr_assert_eq(echoes[i].bad, 0);
		pair_free(pairs[i]);
	}
	cr_assert_eq(ended, CONNECTIONS);
	cr_assert_eq(pool->available, pool->count);
	cr_assert_eq(lsk_loop_stats(loop, &stats), 0);
	cr_assert_eq(stats.operations, 0);
	cr_assert_eq(stats.sockets, 0);
}

/* Few entries and fewer completions: the kernel's own room runs out again and again. */
Test(recv_stream, survives_an_overflow_of_completions)
{
	const struct lsk_loop_options options = {.entries = 4, .completions = 8};
	struct lsk_loop *loop = loop_for_test(&options);
	struct lsk_pool *pool = pool_new(loop, 64, 256, LSK_POOL_WHOLE);
	enum { STREAMS = 40 };
	static struct outcome outcomes[STREAMS];
	struct lsk_socket *pairs[STREAMS][2];
	int64_t end = engine_now_ns() + 60 * LSK_NSEC_PER_SEC;
	size_t total = 0;

	for (int i = 0; i < STREAMS; i++) {
		struct lsk_then then = then_tell(&outcomes[i]);

		pair_new(pairs[i], SOCK_STREAM);
		cr_assert_eq(lsk_loop_recv_stream(loop, pairs[i][0], pool, &then), 0);
	}
	run_idle(loop);
	for (int i = 0; i < STREAMS; i++)
		for (int j = 0; j < 20; j++)
			cr_assert_eq(lsk_socket_send(pairs[i][1], "abc", 3, 0), 3);
	while (total < STREAMS * 60 && engine_now_ns() < end) {
		total = 0;
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_NOWAIT), 0);
		for (int i = 0; i < STREAMS; i++)
			total += outcomes[i].bytes;
	}
	cr_assert_eq(total, STREAMS * 60);
	for (int i = 0; i < STREAMS; i++)
		cr_assert_eq(outcomes[i].ends, 0);
	lsk_loop_free(loop);
	for (int i = 0; i < STREAMS; i++)
		pair_free(pairs[i]);
}
