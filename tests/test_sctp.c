/* SPDX-License-Identifier: MIT */
/*
 * SCTP on the loopback of a namespace of the test's own. Where the kernel has none the
 * tests say so; scenario inet_sctp.sh runs them in virtual machines.
 *
 *	client 127.0.0.1, 127.0.0.2 ==== association ==== 127.0.0.3, 127.0.0.4 server
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

/* After sys/socket.h, which it needs and does not include. */
#include <linux/sctp.h>

#include <linsock/error.h>
#include <linsock/sctp.h>

#include "tests/support/netns.h"

#define SECOND LSK_NSEC_PER_SEC
#define PORT   4000

static struct lsk_addr place(const char *host, unsigned int port)
{
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_inet(&addr, host, port), 0);
	return addr;
}

static struct lsk_socket *open_sctp(int type)
{
	struct lsk_socket *sock;
	int r = lsk_socket_new(&sock, AF_INET, type, IPPROTO_SCTP);

	if (r == -EPROTONOSUPPORT || r == -ESOCKTNOSUPPORT)
		cr_skip_test("no SCTP in this kernel: scenario inet_sctp.sh");
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_socket_set_timeout(sock, 60 * SECOND), 0);
	return sock;
}

/* The next event or message; events of addresses, which come on their own, only where
 * they are asked for. */
static ssize_t receive(struct lsk_socket *sock, char buf[512],
		       struct lsk_sctp_received *received)
{
	ssize_t r;

	do {
		r = lsk_sctp_recv(sock, buf, 512, received);
		cr_assert_geq(r, 0, "%zd", r);
	} while (received->kind == LSK_SCTP_ADDRESS);
	return r;
}

static void expect(struct lsk_socket *sock, enum lsk_sctp_kind kind,
		   struct lsk_sctp_received *received)
{
	char buf[512];

	(void)receive(sock, buf, received);
	cr_assert_eq(received->kind, kind, "%d, not %d", (int)received->kind,
		     (int)kind);
}

struct pair {
	struct lsk_socket *client, *server;
};

/* One to one, each end with two addresses. */
static struct pair connect_pair(uint16_t outbound)
{
	const struct lsk_addr ours[] = {place("127.0.0.1", 0), place("127.0.0.2", 0)};
	const struct lsk_addr theirs[] = {place("127.0.0.3", PORT),
					  place("127.0.0.4", PORT)};
	struct pair pair = {.client = open_sctp(SOCK_STREAM)};
	struct lsk_socket *listener = open_sctp(SOCK_STREAM);

	cr_assert_eq(lsk_sctp_bind_add(listener, theirs, 2), 0);
	cr_assert_eq(lsk_socket_listen(listener, 4), 0);
	cr_assert_eq(lsk_sctp_set_streams(pair.client, outbound, 0), 0);
	cr_assert_eq(lsk_sctp_bind_add(pair.client, ours, 2), 0);
	cr_assert_eq(lsk_sctp_connect(pair.client, theirs, 2, NULL), 0);
	cr_assert_eq(lsk_socket_accept(listener, &pair.server, NULL), 0);
	cr_assert_eq(lsk_socket_set_timeout(pair.server, 60 * SECOND), 0);
	cr_assert_eq(lsk_sctp_set_events(pair.server, true), 0);
	lsk_socket_free(listener);
	return pair;
}

static void free_pair(struct pair *pair)
{
	lsk_socket_free(pair->client);
	lsk_socket_free(pair->server);
}

Test(sctp, hosts_with_several_addresses_know_each_others, .timeout = 60)
{
	struct lsk_addr addrs[LSK_SCTP_ADDRS_MAX], second = place("127.0.0.4", PORT);
	struct lsk_sctp_status status;
	struct pair pair;

	netns_enter();
	pair = connect_pair(10);
	cr_assert_eq(lsk_sctp_peer_addrs(pair.client, 0, addrs, 8), 2);
	cr_assert_eq(lsk_sctp_peer_addrs(pair.client, 0, addrs, 1), -ENOMEM);
	cr_assert_eq(lsk_sctp_local_addrs(pair.client, 0, addrs, 8), 2);
	cr_assert_eq(lsk_sctp_peer_addrs(pair.server, 0, addrs, 8), 2);
	cr_assert_eq(lsk_sctp_set_primary(pair.client, 0, &second), 0);
	cr_assert_eq(lsk_sctp_status(pair.client, 0, &status), 0);
	cr_assert_eq(status.state, SCTP_ESTABLISHED);
	cr_assert(lsk_addr_equal(&status.primary, &second));
	free_pair(&pair);
}

Test(sctp, messages_keep_their_stream_and_bounds, .timeout = 60)
{
	struct lsk_sctp_send how = {.stream = 29, .protocol_id = 0xabcd};
	struct lsk_sctp_received received;
	struct lsk_sctp_status status;
	struct pair pair;
	char buf[512];

	netns_enter();
	pair = connect_pair(30);
	cr_assert_eq(lsk_sctp_status(pair.client, 0, &status), 0);
	cr_assert_eq(status.outbound, 30);
	cr_assert_eq(lsk_sctp_send(pair.client, "one", 3, &how), 3);
	how = (struct lsk_sctp_send){.flags = LSK_SCTP_UNORDERED};
	cr_assert_eq(lsk_sctp_send(pair.client, "second", 6, &how), 6);
	cr_assert_eq(receive(pair.server, buf, &received), 3);
	cr_assert_eq(received.kind, LSK_SCTP_DATA);
	cr_assert_eq(received.stream, 29);
	cr_assert_eq(received.protocol_id, 0xabcd);
	cr_assert_eq(received.flags, 0);
	cr_assert(received.is_end);
	/* In two parts, since the room is too small. */
	cr_assert_eq(lsk_sctp_recv(pair.server, buf, 4, &received), 4);
	cr_assert_eq(received.flags, LSK_SCTP_UNORDERED);
	cr_assert_not(received.is_end);
	cr_assert_eq(lsk_sctp_recv(pair.server, buf, 4, &received), 2);
	cr_assert(received.is_end);
	how = (struct lsk_sctp_send){.stream = 30};
	cr_assert_eq(lsk_sctp_send(pair.client, "x", 1, &how), -EINVAL);
	cr_assert_eq(lsk_sctp_send(pair.client, "plain", 5, NULL), 5);
	cr_assert_eq(receive(pair.server, buf, &received), 5);
	cr_assert_eq(received.stream, 0);
	free_pair(&pair);
}

/* An association to @to, of which the server was told. */
static int32_t associate(struct lsk_socket *client, struct lsk_socket *server,
			 const struct lsk_addr *to)
{
	struct lsk_sctp_received received;
	int32_t association = 0;

	cr_assert_eq(lsk_sctp_connect(client, to, 1, &association), 0);
	cr_assert_gt(association, 0);
	expect(server, LSK_SCTP_UP, &received);
	return association;
}

Test(sctp, end_and_abort_are_told, .timeout = 60)
{
	struct lsk_sctp_send end = {.flags = LSK_SCTP_END};
	struct lsk_sctp_send abort = {.flags = LSK_SCTP_ABORT};
	struct lsk_addr to = place("127.0.0.1", PORT);
	struct lsk_sctp_received received;
	struct lsk_socket *server, *client;
	struct pair pair;

	netns_enter();
	server = open_sctp(SOCK_SEQPACKET);
	client = open_sctp(SOCK_SEQPACKET);
	cr_assert_eq(lsk_socket_bind(server, &to), 0);
	cr_assert_eq(lsk_socket_listen(server, 4), 0);
	cr_assert_eq(lsk_sctp_set_events(server, true), 0);
	end.association = associate(client, server, &to);
	cr_assert_eq(lsk_sctp_send(client, NULL, 0, &end), 0);
	expect(server, LSK_SCTP_SHUTDOWN, &received);
	expect(server, LSK_SCTP_ENDED, &received);
	lsk_socket_free(client);
	client = open_sctp(SOCK_SEQPACKET);
	abort.association = associate(client, server, &to);
	cr_assert_eq(lsk_sctp_send(client, "why", 3, &abort), 0);
	expect(server, LSK_SCTP_LOST, &received);
	lsk_socket_free(client);
	lsk_socket_free(server);
	/* One-to-one sockets have calls of their own for it. */
	pair = connect_pair(10);
	cr_assert_eq(lsk_sctp_send(pair.client, NULL, 0, &end), -EINVAL);
	cr_assert_eq(lsk_socket_shutdown(pair.client, SHUT_WR), 0);
	expect(pair.server, LSK_SCTP_SHUTDOWN, &received);
	free_pair(&pair);
}

Test(sctp, one_socket_serves_many_and_gives_one_away, .timeout = 60)
{
	struct lsk_socket *server, *clients[2], *own;
	struct lsk_addr to = place("127.0.0.1", PORT), from[2];
	struct lsk_sctp_received received;
	int32_t first = 0;
	char buf[512];

	netns_enter();
	server = open_sctp(SOCK_SEQPACKET);
	cr_assert_eq(lsk_socket_bind(server, &to), 0);
	cr_assert_eq(lsk_socket_listen(server, 4), 0);
	cr_assert_eq(lsk_sctp_set_events(server, true), 0);
	for (int i = 0; i < 2; i++) {
		const struct lsk_sctp_send how = {.to = &to, .stream = 1};

		clients[i] = open_sctp(SOCK_SEQPACKET);
		/* Sending connects. */
		cr_assert_eq(lsk_sctp_send(clients[i], &"ab"[i], 1, &how), 1);
		expect(server, LSK_SCTP_UP, &received);
		cr_assert_gt(received.outbound, 0);
		cr_assert_eq(receive(server, buf, &received), 1);
		cr_assert_eq(buf[0], "ab"[i]);
		from[i] = received.from;
		cr_assert_gt(received.association, first);
		if (i == 0)
			first = received.association;
	}
	cr_assert_not(lsk_addr_equal(&from[0], &from[1]));
	/* By number, then by a socket of its own. */
	cr_assert_eq(lsk_sctp_send(server, "to a", 4,
				   &(struct lsk_sctp_send){.association = first}),
		     4);
	cr_assert_eq(lsk_socket_recv(clients[0], buf, sizeof(buf), 0), 4);
	cr_assert_eq(lsk_sctp_peel_off(server, first, &own), 0);
	cr_assert_eq(lsk_socket_inheritable(own), 0);
	cr_assert_eq(lsk_socket_send(own, "peeled", 6, 0), 6);
	cr_assert_eq(lsk_socket_recv(clients[0], buf, sizeof(buf), 0), 6);
	cr_assert_eq(lsk_sctp_peel_off(server, first, &own), -EINVAL);
	lsk_socket_free(own);
	lsk_socket_free(clients[0]);
	lsk_socket_free(clients[1]);
	expect(server, LSK_SCTP_SHUTDOWN, &received);
	expect(server, LSK_SCTP_ENDED, &received);
	lsk_socket_free(server);
}

Test(sctp, connecting_to_nobody_fails, .timeout = 60)
{
	struct lsk_addr to = place("127.0.0.1", PORT);
	struct lsk_socket *sock;

	netns_enter();
	sock = open_sctp(SOCK_STREAM);
	cr_assert_eq(lsk_sctp_connect(sock, &to, 1, NULL), -ECONNREFUSED);
	lsk_socket_free(sock);
}

Test(sctp, addresses_come_and_go_before_it_is_bound_away, .timeout = 60)
{
	const struct lsk_addr addrs[] = {place("127.0.0.1", PORT),
					 place("127.0.0.2", PORT)};
	struct lsk_addr found[4];
	struct lsk_socket *sock;

	netns_enter();
	sock = open_sctp(SOCK_STREAM);
	cr_assert_eq(lsk_sctp_bind_add(sock, addrs, 1), 0);
	cr_assert_eq(lsk_sctp_bind_add(sock, addrs + 1, 1), 0);
	cr_assert_eq(lsk_sctp_local_addrs(sock, 0, found, 4), 2);
	cr_assert_eq(lsk_sctp_bind_remove(sock, addrs, 1), 0);
	cr_assert_eq(lsk_sctp_local_addrs(sock, 0, found, 4), 1);
	cr_assert(lsk_addr_equal(&found[0], &addrs[1]));
	cr_assert_eq(lsk_sctp_bind_remove(sock, addrs + 1, 1), -EBUSY);
	lsk_socket_free(sock);
}

Test(sctp_message, nonsense_is_refused)
{
	struct lsk_addr local, addrs[LSK_SCTP_ADDRS_MAX + 1];
	struct lsk_sctp_received received;
	char bytes[4] = "\1\x80";
	struct iovec part = {bytes, sizeof(bytes)};
	struct lsk_message message = {
		.buffers = &part, .buffers_count = 1, .len = 4, .flags = 0x8000};

	cr_assert_eq(lsk_addr_unix(&local, "/x", 2), 0);
	cr_assert_eq(lsk_sctp_bind_add(NULL, &local, 1), LSK_ERR_FAMILY);
	cr_assert_eq(lsk_sctp_bind_add(NULL, addrs, 0), LSK_ERR_RANGE);
	cr_assert_eq(lsk_sctp_bind_add(NULL, addrs, LSK_SCTP_ADDRS_MAX + 1),
		     LSK_ERR_RANGE);
	cr_assert_eq(lsk_sctp_bind_add(NULL, NULL, 1), -EINVAL);
	cr_assert_eq(lsk_sctp_send(NULL, NULL, 1, NULL), -EINVAL);
	cr_assert_eq(lsk_sctp_message_parse(&message, &received), -EBADMSG);
	message.len = 1;
	cr_assert_eq(lsk_sctp_message_parse(&message, &received), -EBADMSG);
	cr_assert_eq(lsk_sctp_message_parse(NULL, &received), -EINVAL);
	cr_assert_eq(lsk_sctp_peer_addrs(NULL, 0, NULL, 1), -EINVAL);
}
