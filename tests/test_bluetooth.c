/* SPDX-License-Identifier: MIT */
/*
 * Bluetooth between two emulated controllers of one kernel, which tests/support/
 * bluetooth_pair.h plays. Scenarios bluetooth_*.sh run them in virtual machines; where
 * they are not told so, the tests are skipped.
 *
 *	client at controller 0 ==== ACL, SCO ==== controller 1, listener
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linsock/bluetooth.h>
#include <linsock/endpoint.h>
#include <linsock/hci.h>
#include <linsock/message.h>

#include "tests/support/bluetooth_ends.h"
#include "tests/support/loop_talk.h"

/* Send @size bytes in pieces of @piece, and have them sent back. */
static void check_echo(const struct ends *ends, size_t size, size_t piece)
{
	uint8_t sent[1024], back[1024];

	for (size_t at = 0; at < size; at += piece) {
		size_t got = 0;

		for (size_t i = 0; i < piece; i++)
			sent[i] = (uint8_t)(at + i * 7);
		cr_assert_eq(lsk_socket_sendall(ends->client, sent, piece, 0, NULL), 0);
		while (got < piece) {
			ssize_t r = lsk_socket_recv(ends->server, back + got,
						    piece - got, 0);

			cr_assert_gt(r, 0, "%zd", r);
			got += (size_t)r;
		}
		cr_assert_arr_eq(back, sent, piece);
		cr_assert_eq(lsk_socket_sendall(ends->server, back, piece, 0, NULL), 0);
		memset(back, 0, piece);
		for (got = 0; got < piece;) {
			ssize_t r = lsk_socket_recv(ends->client, back + got,
						    piece - got, 0);

			cr_assert_gt(r, 0, "%zd", r);
			got += (size_t)r;
		}
		cr_assert_arr_eq(back, sent, piece);
	}
}

static void echo_over(const struct kind *kind, size_t size, size_t piece)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = connect_ends(pair, kind);

	check_echo(&ends, size, piece);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

Test(bluetooth, l2cap_carries_messages_there_and_back, .timeout = 120)
{
	echo_over(&l2cap_messages, 20 * 600, 600);
}

Test(bluetooth, l2cap_carries_a_stream_there_and_back, .timeout = 120)
{
	echo_over(&l2cap_stream, 20 * 600, 600);
}

Test(bluetooth, rfcomm_carries_a_stream_there_and_back, .timeout = 120)
{
	echo_over(&rfcomm, 20 * 1000, 1000);
}

Test(bluetooth, sco_carries_speech_there_and_back, .timeout = 120)
{
	echo_over(&voice, 20 * 48, 48);
}

Test(bluetooth, speech_that_is_longer_than_a_packet_is_refused, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = connect_ends(pair, &voice);
	static const char speech[256];
	struct lsk_hci_device device;

	cr_assert_eq(lsk_hci_device(bluetooth_pair_id(pair, 0), &device), 0);
	cr_assert_lt(device.sco_mtu, sizeof(speech));
	cr_assert_eq(lsk_socket_send(ends.client, speech, device.sco_mtu + 1u, 0),
		     -EINVAL);
	cr_assert_eq(lsk_socket_send(ends.client, speech, device.sco_mtu, 0),
		     device.sco_mtu);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

Test(bluetooth, messages_of_l2cap_keep_their_bounds, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = connect_ends(pair, &l2cap_messages);
	char buf[64];

	cr_assert_eq(lsk_socket_send(ends.client, "one", 3, 0), 3);
	cr_assert_eq(lsk_socket_send(ends.client, "second", 6, 0), 6);
	cr_assert_eq(lsk_socket_recv(ends.server, buf, sizeof(buf), 0), 3);
	cr_assert_eq(lsk_socket_recv(ends.server, buf, sizeof(buf), 0), 6);
	cr_assert_eq(memcmp(buf, "second", 6), 0);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

/* Without a connection of L2CAP: where the PSM is bound they arrive. */
Test(bluetooth, l2cap_carries_datagrams, .timeout = 120)
{
	static const struct kind datagrams = {SOCK_DGRAM, LSK_BTPROTO_L2CAP};
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const struct lsk_bdaddr near = bluetooth_pair_address(pair, 0);
	struct lsk_socket *client, *server;
	struct lsk_addr here, there = place(pair, &datagrams, 1);
	char buf[64];
	int r;

	cr_assert_eq(lsk_socket_new(&server, AF_BLUETOOTH, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_set_timeout(server, LIMIT), 0);
	cr_assert_eq(lsk_socket_bind(server, &there), 0);
	cr_assert_eq(lsk_addr_l2cap(&here, &near, 0, 0, LSK_BDADDR_BREDR), 0);
	cr_assert_eq(lsk_socket_new(&client, AF_BLUETOOTH, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_set_timeout(client, LIMIT), 0);
	cr_assert_eq(lsk_socket_bind(client, &here), 0);
	r = lsk_socket_connect(client, &there);
	cr_assert_eq(r, 0, "connect: %d", r);
	cr_assert_eq(lsk_socket_send(client, "one", 3, 0), 3);
	cr_assert_eq(lsk_socket_send(client, "second", 6, 0), 6);
	cr_assert_eq(lsk_socket_recv(server, buf, sizeof(buf), 0), 3);
	cr_assert_eq(lsk_socket_recv(server, buf, sizeof(buf), 0), 6);
	cr_assert_eq(memcmp(buf, "second", 6), 0);
	lsk_socket_free(client);
	lsk_socket_free(server);
	bluetooth_pair_free(pair);
}

Test(bluetooth, a_peer_that_closes_ends_the_other_side, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = connect_ends(pair, &rfcomm);
	char byte;

	ends.server = lsk_socket_free(ends.server);
	cr_assert_leq(lsk_socket_recv(ends.client, &byte, 1, 0), 0);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

Test(bluetooth, a_port_that_nobody_listens_at_refuses, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct lsk_socket *sock = make(pair, &l2cap_messages, 0);
	struct lsk_addr there = place(pair, &l2cap_messages, 1);
	int r = lsk_socket_connect(sock, &there);

	cr_assert_eq(r, -ECONNREFUSED, "%d", r);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

Test(bluetooth, a_device_that_does_not_answer_is_down, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct lsk_socket *sock = make(pair, &rfcomm, 0);
	struct lsk_addr there = place(pair, &rfcomm, 1);
	int r;

	cr_assert_eq(lsk_hci_set_scan(bluetooth_pair_id(pair, 1), 0), 0);
	r = lsk_socket_connect(sock, &there);
	cr_assert_eq(r, -EHOSTDOWN, "%d", r);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

/* The link comes up, and what asks for the channel is swallowed. */
Test(bluetooth, a_connect_that_nobody_answers_ends_at_its_deadline, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct lsk_socket *sock = make(pair, &l2cap_messages, 0);
	struct lsk_socket *listener = make(pair, &l2cap_messages, 1);
	struct lsk_addr there = place(pair, &l2cap_messages, 1);
	int r;

	bluetooth_pair_drop(pair);
	cr_assert_eq(lsk_socket_set_timeout(sock, SECOND / 2), 0);
	r = lsk_socket_connect(sock, &there);
	cr_assert_eq(r, -ETIME, "%d", r);
	lsk_socket_free(listener);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

Test(bluetooth, a_receive_ends_at_its_deadline, .timeout = 120)
{
	const struct kind *const kinds[] = {&l2cap_messages, &rfcomm, &voice};
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	char byte;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct ends ends;

		if (kinds[i] == &voice && !bluetooth_pair_is_ours(pair))
			continue;
		ends = connect_ends(pair, kinds[i]);
		cr_assert_eq(lsk_socket_set_timeout(ends.client, SECOND / 50), 0);
		cr_assert_eq(lsk_socket_recv(ends.client, &byte, 1, 0), -ETIME);
		cr_assert_eq(lsk_socket_set_timeout(ends.listener, SECOND / 50), 0);
		lsk_socket_free(ends.server);
		cr_assert_eq(lsk_socket_accept(ends.listener, &ends.server, NULL),
			     -ETIME);
		ends.server = NULL;
		free_ends(&ends);
	}
	bluetooth_pair_free(pair);
}

Test(bluetooth, a_link_that_is_lost_ends_what_is_above_it, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = connect_ends(pair, &l2cap_messages);
	char byte;
	ssize_t r;

	bluetooth_pair_cut(pair);
	r = lsk_socket_recv(ends.client, &byte, 1, 0);
	cr_assert_eq(r, -ETIMEDOUT, "%zd", r);
	r = lsk_socket_recv(ends.server, &byte, 1, 0);
	cr_assert_eq(r, -ETIMEDOUT, "%zd", r);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

/* What the tools are given: the place alone says which socket is made. */
Test(bluetooth, endpoints_reach_each_other, .timeout = 120)
{
	const struct kind *const kinds[] = {&l2cap_messages, &rfcomm, &voice};
	struct bluetooth_pair *pair = bluetooth_pair_new(0);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct lsk_addr there = place(pair, kinds[i], 1);
		struct lsk_endpoint *endpoint;
		char text[LSK_ADDR_TEXT_MAX];
		struct ends ends;
		int r;

		if (kinds[i] == &voice && !bluetooth_pair_is_ours(pair))
			continue;
		cr_assert_geq(lsk_addr_format(&there, text, sizeof(text)), 0);
		cr_assert_eq(lsk_endpoint_new(&endpoint, text, NULL), 0);
		r = lsk_endpoint_listen(endpoint, &ends.listener, NULL);
		cr_assert_eq(r, 0, "listen at %s: %d", text, r);
		cr_assert_eq(lsk_socket_set_timeout(ends.listener, LIMIT), 0);
		r = lsk_endpoint_connect(endpoint, LIMIT, &ends.client, NULL);
		cr_assert_eq(r, 0, "connect to %s: %d", text, r);
		r = lsk_socket_accept(ends.listener, &ends.server, NULL);
		cr_assert_eq(r, 0, "accept at %s: %d", text, r);
		cr_assert_eq(lsk_socket_protocol(ends.client), kinds[i]->protocol);
		check_echo(&ends, 48, 48);
		lsk_endpoint_free(endpoint);
		free_ends(&ends);
	}
	bluetooth_pair_free(pair);
}

/* --- on a loop ------------------------------------------------------------------- */

/* Accept, connect, and five pieces there; the close ends the stream. */
static void loop_over(struct lsk_loop *loop, const struct kind *kind, size_t piece)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct lsk_socket *listener = make(pair, kind, 1);
	struct lsk_socket *client = make(pair, kind, 0);
	struct lsk_addr there = place(pair, kind, 1);
	static const char data[1024] = "the first piece";

	talk_on_loop(loop, listener, client, &there, data, piece);
	lsk_socket_free(client);
	lsk_socket_free(listener);
	bluetooth_pair_free(pair);
}

Test_on_each_loop(bluetooth_loop, l2cap_connects_and_carries_messages)
{
	loop_over(loop, &l2cap_messages, 600);
}

Test_on_each_loop(bluetooth_loop, rfcomm_connects_and_carries_a_stream)
{
	loop_over(loop, &rfcomm, 900);
}

Test_on_each_loop(bluetooth_loop, sco_connects_and_carries_speech)
{
	loop_over(loop, &voice, 48);
}
