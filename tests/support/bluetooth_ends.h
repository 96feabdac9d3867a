/* SPDX-License-Identifier: MIT */
/* Two ends of a connection between the two controllers of bluetooth_pair.h. */
#ifndef TESTS_BLUETOOTH_ENDS_H
#define TESTS_BLUETOOTH_ENDS_H

#include <criterion/criterion.h>
#include <string.h>

#include <linsock/bluetooth.h>

#include "tests/support/bluetooth_pair.h"

#define SECOND LSK_NSEC_PER_SEC
#define LIMIT  (60 * SECOND)

enum {
	PSM = 0x1001,
	CHANNEL = 7,
};

/* One of the kinds of sockets that connect. */
struct kind {
	int type;
	int protocol;
};

static const struct kind l2cap_messages = {SOCK_SEQPACKET, LSK_BTPROTO_L2CAP};
static const struct kind l2cap_stream = {SOCK_STREAM, LSK_BTPROTO_L2CAP};
static const struct kind rfcomm = {SOCK_STREAM, LSK_BTPROTO_RFCOMM};
static const struct kind voice = {SOCK_SEQPACKET, LSK_BTPROTO_SCO};

/* Controller @which as an address of the kind. */
static inline struct lsk_addr place(const struct bluetooth_pair *pair,
				    const struct kind *kind, int which)
{
	const struct lsk_bdaddr bdaddr = bluetooth_pair_address(pair, which);
	struct lsk_addr addr;
	int r;

	if (kind->protocol == LSK_BTPROTO_L2CAP)
		r = lsk_addr_l2cap(&addr, &bdaddr, which ? PSM : 0, 0, 0);
	else if (kind->protocol == LSK_BTPROTO_RFCOMM)
		r = lsk_addr_rfcomm(&addr, &bdaddr, which ? CHANNEL : 0);
	else
		r = lsk_addr_sco(&addr, &bdaddr);
	cr_assert_eq(r, 0);
	return addr;
}

static inline struct lsk_socket *make(const struct bluetooth_pair *pair,
				      const struct kind *kind, int which)
{
	struct lsk_addr addr = place(pair, kind, which);
	struct lsk_socket *sock;
	int r = lsk_socket_new(&sock, AF_BLUETOOTH, kind->type, kind->protocol);

	if (kind->protocol == LSK_BTPROTO_SCO)
		bluetooth_pair_must_be(pair, "able to carry speech");
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	r = lsk_socket_bind(sock, &addr);
	cr_assert_eq(r, 0, "%d", r);
	if (which)
		cr_assert_eq(lsk_socket_listen(sock, 4), 0);
	return sock;
}

struct ends {
	struct lsk_socket *client, *server, *listener;
};

static inline struct ends connect_ends(const struct bluetooth_pair *pair,
				       const struct kind *kind)
{
	struct lsk_addr there = place(pair, kind, 1), peer;
	const struct lsk_bdaddr from = bluetooth_pair_address(pair, 0);
	struct ends ends = {.listener = make(pair, kind, 1)};
	int r;

	ends.client = make(pair, kind, 0);
	r = lsk_socket_connect(ends.client, &there);
	cr_assert_eq(r, 0, "connect: %d", r);
	r = lsk_socket_accept(ends.listener, &ends.server, &peer);
	cr_assert_eq(r, 0, "accept: %d", r);
	cr_assert_eq(lsk_socket_set_timeout(ends.server, LIMIT), 0);
	/* L2CAP's has the PSM before the device; of the others it comes first. */
	cr_assert_eq(memcmp((const char *)&peer.storage +
				    (kind->protocol == LSK_BTPROTO_L2CAP ? 4 : 2),
			    from.bytes, sizeof(from.bytes)),
		     0);
	return ends;
}

static inline void free_ends(struct ends *ends)
{
	lsk_socket_free(ends->client);
	lsk_socket_free(ends->server);
	lsk_socket_free(ends->listener);
}

#endif
