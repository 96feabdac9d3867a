/* SPDX-License-Identifier: MIT */
/* A whole conversation on a loop, for families whose connections take their time. */
#ifndef TESTS_LOOP_TALK_H
#define TESTS_LOOP_TALK_H

#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/support/loops.h"

/*
 * @listener accepts, @client connects to @there and sends the @len bytes at @data five
 * times; its close ends the stream. Both sockets stay their owner's.
 */
static inline void talk_on_loop(struct lsk_loop *loop, struct lsk_socket *listener,
				struct lsk_socket *client, const struct lsk_addr *there,
				const char *data, size_t len)
{
	struct outcome accepted = {0}, connected = {0}, sent = {0};
	struct outcome *received = calloc(1, sizeof(*received));
	const struct lsk_then then_accepted = then_tell(&accepted);
	const struct lsk_then then_connected = then_tell(&connected);
	const struct lsk_then then_sent = then_tell(&sent);
	const struct lsk_then then_received = then_tell(received);
	struct lsk_socket *server;
	struct lsk_pool *pool;
	struct lsk_event none;

	cr_assert(received);
	cr_assert_eq(lsk_pool_new(loop, &pool, NULL), 0);
	cr_assert_eq(lsk_loop_accept(loop, listener, &then_accepted), 0);
	cr_assert_eq(lsk_loop_connect(loop, client, there, &then_connected), 0);
	run_until(loop, &connected.ends, 1);
	cr_assert_eq(connected.result, 0, "connect: %d", connected.result);
	run_until(loop, &accepted.ends, 1);
	cr_assert_geq(accepted.result, 0, "accept: %d", accepted.result);
	cr_assert_eq(lsk_loop_adopt(loop, listener, accepted.result, &server), 0);
	cr_assert_eq(lsk_loop_recv_stream(loop, server, pool, &then_received), 0);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(lsk_loop_send(loop, client, data, len, 0, &then_sent), 0);
	run_until(loop, &sent.ends, 5);
	cr_assert_eq(sent.result, (int)len);
	while (received->bytes < 5 * len && received->ends == 0)
		cr_assert_geq(lsk_loop_next(loop, &none, 1, 60 * LSK_NSEC_PER_SEC), 0);
	cr_assert_eq(received->bytes, 5 * len);
	cr_assert_eq(memcmp(received->data, data, len), 0);
	cr_assert_eq(lsk_loop_close(loop, client, NULL), 0);
	run_until(loop, &received->ends, 1);
	lsk_socket_free(server);
	free(received);
}

#endif
