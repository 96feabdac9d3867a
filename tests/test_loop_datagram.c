/* SPDX-License-Identifier: MIT */
/* Bytes with an address: lsk_loop_recvfrom() and lsk_loop_sendto() on each loop. */
#include <criterion/criterion.h>
#include <errno.h>

#include <linsock.h>

#include "tests/support/loops.h"

static struct lsk_socket *bound(const char *text, struct lsk_addr *ret_addr)
{
	struct lsk_socket *sock;
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_parse(&addr, text, NULL), 0);
	cr_assert_eq(lsk_socket_new(&sock, addr.sa.sa_family, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(sock, &addr), 0);
	cr_assert_eq(lsk_socket_getsockname(sock, ret_addr), 0);
	return sock;
}

Test_on_each_loop(loop_recvfrom, tells_who_had_sent_with_sendto)
{
	struct outcome in = {0};
	struct outcome out = {0};
	const struct lsk_then received = then_tell(&in);
	const struct lsk_then sent = then_tell(&out);
	struct lsk_addr addrs[2];
	struct lsk_socket *socks[2] = {bound("inet://127.0.0.1:0", &addrs[0]),
				       bound("inet://127.0.0.1:0", &addrs[1])};
	char buf[16];
	char text[] = "a letter";

	for (int i = 1; i <= 20; i++) {
		const int from = i % 2;
		struct lsk_datagram letter = {
			.bytes = text, .len = (size_t)(i % 8), .addr = addrs[!from]};
		struct lsk_datagram room = {.data = buf, .len = sizeof(buf)};

		/* At times it is there already. */
		if (i % 3 == 0)
			cr_assert_eq(
				lsk_loop_sendto(loop, socks[from], &letter, 0, &sent),
				0);
		cr_assert_eq(lsk_loop_recvfrom(loop, socks[!from], &room, 0, &received),
			     0);
		if (i % 3 != 0)
			cr_assert_eq(
				lsk_loop_sendto(loop, socks[from], &letter, 0, &sent),
				0);
		run_until(loop, &out.ends, i);
		run_until(loop, &in.ends, i);
		cr_assert_eq(out.result, i % 8);
		cr_assert_eq(in.result, i % 8);
		cr_assert_eq(in.last.data, buf);
		cr_assert_eq(memcmp(buf, text, (size_t)(i % 8)), 0);
		cr_assert(lsk_addr_equal(&room.addr, &addrs[from]));
	}
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(lsk_loop_release(loop, socks[i]), 0);
		lsk_socket_free(socks[i]);
	}
}

Test_on_each_loop(loop_recvfrom, has_no_address_where_there_is_none)
{
	struct outcome outcome = {0};
	const struct lsk_then then = then_tell(&outcome);
	struct lsk_socket *pair[2];
	char buf[4];
	struct lsk_datagram room = {
		.data = buf, .len = sizeof(buf), .addr = {.len = 99}};
	struct lsk_datagram letter = {.bytes = "letters", .len = 7};
	struct lsk_then late = then;

	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_DGRAM, 0), 0);
	/* Without an address it goes to who is connected; what is too long is cut. */
	cr_assert_eq(lsk_loop_recvfrom(loop, pair[0], &room, 0, &then), 0);
	cr_assert_eq(lsk_loop_sendto(loop, pair[1], &letter, 0, NULL), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 4);
	cr_assert_eq(room.addr.len, 0);
	cr_assert_eq(memcmp(buf, "lett", 4), 0);
	/* Nor has one that ends without a message. */
	room.addr.len = 99;
	late.timeout_ns = 1000000;
	cr_assert_eq(lsk_loop_recvfrom(loop, pair[0], &room, 0, &late), 0);
	run_until(loop, &outcome.ends, 2);
	cr_assert_eq(outcome.result, -ETIME);
	cr_assert_eq(room.addr.len, 0);
	cr_assert_eq(lsk_loop_close(loop, pair[0], NULL), 0);
	cr_assert_eq(lsk_loop_close(loop, pair[1], NULL), 0);
	cr_assert_eq(lsk_loop_run(loop, LSK_RUN_FOREVER), 0);
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

Test_on_each_loop(loop_sendto, says_why_it_cannot)
{
	struct outcome outcome = {0};
	const struct lsk_then then = then_tell(&outcome);
	struct lsk_addr addr;
	struct lsk_socket *sock = bound("inet://127.0.0.1:0", &addr);
	struct lsk_datagram letter = {.bytes = "x", .len = 1};

	cr_assert_eq(lsk_loop_sendto(loop, sock, NULL, 0, &then), -EINVAL);
	cr_assert_eq(lsk_loop_recvfrom(loop, sock, NULL, 0, &then), -EINVAL);
	letter.data = NULL;
	cr_assert_eq(lsk_loop_sendto(loop, sock, &letter, 0, &then), -EINVAL);
	cr_assert_eq(lsk_loop_recvfrom(loop, sock, &letter, 0, &then), -EINVAL);
	letter.bytes = "x";
	cr_assert_eq(lsk_loop_sendto(loop, sock, &letter, 0, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, -EDESTADDRREQ);
	cr_assert_eq(lsk_loop_release(loop, sock), 0);
	lsk_socket_free(sock);
}

/* More than the loop asks for at one time, and fewer. */
Test_on_each_loop(recvmsg_stream, brings_every_datagram_of_bursts_of_any_length)
{
	const struct lsk_pool_options options = {
		.buffer_size = 1024, .count = 128, .flags = LSK_POOL_MESSAGES};
	static const int bursts[] = {1, 2, 3, 4, 5, 16, 17, 1, 63, 64, 65, 3, 100, 1};
	static struct outcome outcome; /* the loop's end tells it, too */
	const struct lsk_then then = then_tell(&outcome);
	struct lsk_addr addrs[2];
	struct lsk_socket *socks[2] = {bound("inet://127.0.0.1:0", &addrs[0]),
				       bound("inet://127.0.0.1:0", &addrs[1])};
	struct lsk_pool *pool;
	int sent = 0;

	outcome = (struct outcome){0};
	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	cr_assert_eq(lsk_loop_recvmsg_stream(loop, socks[0], pool, &then), 0);
	for (size_t i = 0; i < sizeof(bursts) / sizeof(bursts[0]); i++) {
		for (int j = 0; j < bursts[i]; j++)
			cr_assert_eq(lsk_socket_sendto(socks[1], "x", 1, 0, &addrs[0]),
				     1);
		sent += bursts[i];
		run_until(loop, &outcome.events, sent);
		run_idle(loop);
		cr_assert_eq(outcome.events, sent);
	}
	lsk_socket_free(socks[0]);
	lsk_socket_free(socks[1]);
}

struct asker {
	struct lsk_socket *sock;
	int events;
	int end;
	int ends;
};

/* Each datagram is answered, to a port that is gone: the kernel says so at once. */
static void answer(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct asker *asker = event->context;

	(void)loop;
	asker->events++;
	if (event->flags & LSK_EVENT_MORE) {
		lsk_lease_free(event->pool, event->lease);
		cr_assert_eq(send(lsk_socket_fd(asker->sock), "x", 1, 0), 1);
	} else {
		asker->ends++;
		asker->end = event->result;
	}
}

/* The error comes after the last datagram was received, and before the loop has heard
 * that there is no more. */
Test_on_each_loop(recvmsg_stream, hears_of_an_error_that_comes_behind_its_datagrams)
{
	const struct lsk_pool_options options = {
		.buffer_size = 1024, .count = 16, .flags = LSK_POOL_MESSAGES};
	struct asker asker = {0};
	const struct lsk_then then = {.done = answer, .context = &asker};
	struct lsk_addr addrs[2];
	struct lsk_socket *socks[2] = {bound("inet://127.0.0.1:0", &addrs[0]),
				       bound("inet://127.0.0.1:0", &addrs[1])};
	struct lsk_pool *pool;

	asker.sock = socks[0];
	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	cr_assert_eq(lsk_socket_connect(socks[0], &addrs[1]), 0);
	cr_assert_eq(lsk_socket_sendto(socks[1], "x", 1, 0, &addrs[0]), 1);
	lsk_socket_free(socks[1]);
	cr_assert_eq(lsk_loop_recvmsg_stream(loop, socks[0], pool, &then), 0);
	run_until(loop, &asker.ends, 1);
	cr_assert_eq(asker.end, -ECONNREFUSED);
	cr_assert_eq(asker.events, 2);
	lsk_socket_free(socks[0]);
}
