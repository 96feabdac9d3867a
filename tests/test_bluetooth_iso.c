/* SPDX-License-Identifier: MIT */
/*
 * Isochronous channels between two emulated controllers, see
 * tests/support/bluetooth_pair.h; scenarios bluetooth_iso*.sh run this.
 *
 *	controller 0: central ==== LE, streams ==== controller 1: peripheral, listens
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/bluetooth.h>
#include <linsock/bluetooth_iso.h>
#include <linsock/endpoint.h>
#include <linsock/hci.h>
#include <linsock/hci_mgmt.h>
#include <linsock/message.h>
#include <linsock/option.h>

#include "tests/support/bluetooth_pair.h"
#include "tests/support/loop_talk.h"

#define SECOND LSK_NSEC_PER_SEC
#define LIMIT  (60 * SECOND)

enum { SDU = 120, LONG_SDU = 600, GROUP = 3, STREAM = 5 };

struct iso {
	struct bluetooth_pair *pair;
	struct lsk_socket *mgmt, *listener;
	struct lsk_addr there;
};

static struct lsk_addr iso_place(const struct bluetooth_pair *pair, int which)
{
	const struct lsk_bdaddr bdaddr = bluetooth_pair_address(pair, which);
	struct lsk_addr addr;

	cr_assert_eq(lsk_addr_iso(&addr, &bdaddr, LSK_BDADDR_LE_PUBLIC), 0);
	return addr;
}

/* Bound to controller @which. */
static struct lsk_socket *iso_socket(const struct bluetooth_pair *pair, int which)
{
	struct lsk_addr addr = iso_place(pair, which);
	struct lsk_socket *sock;
	int r = lsk_socket_new(&sock, AF_BLUETOOTH, SOCK_SEQPACKET, LSK_BTPROTO_ISO);

	cr_assert_eq(r, 0, "socket: %d", r);
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	r = lsk_socket_bind(sock, &addr);
	cr_assert_eq(r, 0, "bind: %d", r);
	return sock;
}

static void iso_set(struct iso *iso, int which, uint32_t setting, uint8_t value)
{
	const uint16_t id = bluetooth_pair_id(iso->pair, which);
	int r = lsk_mgmt_set(iso->mgmt, id, setting, value, NULL);

	cr_assert_eq(r, 0, "setting %#x of hci%u: %d", setting, id, r);
}

/* Two controllers of LE, the kernel's ISO sockets switched on, one of them bound. */
static struct iso iso_begin(void)
{
	struct iso iso = {.pair = bluetooth_pair_new(PAIR_LE | PAIR_ISO)};
	int r;

	cr_assert_eq(lsk_mgmt_open(&iso.mgmt), 0);
	cr_assert_eq(lsk_socket_set_timeout(iso.mgmt, LIMIT), 0);
	r = lsk_mgmt_set_iso(iso.mgmt, true);
	cr_assert(r == 0 || r == -EALREADY, "ISO sockets: %d", r);
	iso_set(&iso, 0, LSK_MGMT_LE, 1);
	iso_set(&iso, 1, LSK_MGMT_LE, 1);
	iso.there = iso_place(iso.pair, 1);
	iso.listener = iso_socket(iso.pair, 1);
	return iso;
}

/* The peripheral listens, and lets itself be found. */
static void iso_listen(struct iso *iso)
{
	cr_assert_eq(lsk_socket_listen(iso->listener, 4), 0);
	iso_set(iso, 1, LSK_MGMT_ADVERTISING, 2);
}

static void iso_end(struct iso *iso)
{
	lsk_socket_free(iso->listener);
	(void)lsk_mgmt_set_iso(iso->mgmt, false);
	lsk_socket_free(iso->mgmt);
	bluetooth_pair_free(iso->pair);
}

/* Both ways alike. */
static struct lsk_iso_qos terms(uint16_t sdu_max)
{
	const struct lsk_iso_way way = {
		.interval_us = 10000,
		.latency_ms = 20,
		.sdu_max = sdu_max,
		.phys = LSK_ISO_PHY_2M,
		.retransmissions = 3,
	};

	return (struct lsk_iso_qos){
		.group = GROUP, .stream = STREAM, .receive = way, .send = way};
}

static struct lsk_socket *iso_client(const struct iso *iso,
				     const struct lsk_iso_qos *qos)
{
	struct lsk_socket *client = iso_socket(iso->pair, 0);
	int r = lsk_iso_set_qos(client, qos);

	cr_assert_eq(r, 0, "qos: %d", r);
	return client;
}

static struct lsk_socket *iso_accept(const struct iso *iso)
{
	struct lsk_socket *server;
	int r = lsk_socket_accept(iso->listener, &server, NULL);

	cr_assert_eq(r, 0, "accept: %d", r);
	cr_assert_eq(lsk_socket_set_timeout(server, LIMIT), 0);
	return server;
}

/* One SDU there; what came before it or after it would be told by its bytes. */
static void check_sdu(struct lsk_socket *from, struct lsk_socket *to, uint8_t mark,
		      size_t len)
{
	uint8_t sent[LONG_SDU], got[LONG_SDU + 1];
	ssize_t r;

	for (size_t i = 0; i < len; i++)
		sent[i] = (uint8_t)(mark + i * 7);
	r = lsk_socket_send(from, sent, len, 0);
	cr_assert_eq(r, (ssize_t)len, "send: %zd", r);
	r = lsk_socket_recv(to, got, sizeof(got), 0);
	cr_assert_eq(r, (ssize_t)len, "receive: %zd", r);
	cr_assert_arr_eq(got, sent, len);
}

static void check_stream(uint16_t sdu_max)
{
	struct iso iso = iso_begin();
	const struct lsk_iso_qos qos = terms(sdu_max);
	struct lsk_socket *client = iso_client(&iso, &qos), *server;
	int r;

	iso_listen(&iso);
	r = lsk_socket_connect(client, &iso.there);
	cr_assert_eq(r, 0, "connect: %d", r);
	server = iso_accept(&iso);
	for (uint8_t i = 0; i < 20; i++) {
		check_sdu(client, server, i, sdu_max);
		check_sdu(server, client, (uint8_t)~i, sdu_max - i);
	}
	lsk_socket_free(client);
	lsk_socket_free(server);
	iso_end(&iso);
}

Test(bluetooth_iso, sockets_are_made_once_they_are_switched_on, .timeout = 120)
{
	struct iso iso = iso_begin();
	struct lsk_socket *sock;
	struct lsk_iso_qos qos;
	int r;

	r = lsk_iso_qos(iso.listener, &qos);
	cr_assert_eq(r, 0, "BT_ISO_QOS: %d", r);
	cr_assert_eq(qos.send.interval_us, 10000);
	cr_assert_eq(qos.send.sdu_max, 40);
	cr_assert_eq(lsk_iso_qos(iso.listener, NULL), -EINVAL);
	cr_assert_eq(lsk_iso_set_qos(iso.listener, NULL), -EINVAL);
	cr_assert_lt(lsk_iso_qos(iso.mgmt, &qos), 0);
	iso.listener = lsk_socket_free(iso.listener);
	cr_assert_eq(lsk_mgmt_set_iso(iso.mgmt, false), 0);
	cr_assert_eq(
		lsk_socket_new(&sock, AF_BLUETOOTH, SOCK_SEQPACKET, LSK_BTPROTO_ISO),
		-EPROTONOSUPPORT);
	iso_end(&iso);
}

Test(bluetooth_iso, a_stream_carries_sdus_there_and_back, .timeout = 120)
{
	check_stream(SDU);
}

Test(bluetooth_iso, sdus_longer_than_a_packet_come_whole, .timeout = 120)
{
	check_stream(LONG_SDU);
}

/* The central's terms, seen from the other side. */
Test(bluetooth_iso, the_terms_hold_on_both_sides, .timeout = 120)
{
	struct iso iso = iso_begin();
	struct lsk_iso_qos qos = terms(SDU), held;
	struct lsk_socket *client, *server;
	uint8_t data[SDU + 1] = {0};

	qos.receive.sdu_max = 60;
	client = iso_client(&iso, &qos);
	iso_listen(&iso);
	cr_assert_eq(lsk_socket_connect(client, &iso.there), 0);
	server = iso_accept(&iso);
	cr_assert_eq(lsk_iso_qos(client, &held), 0);
	cr_assert_eq(held.group, GROUP);
	cr_assert_eq(held.stream, STREAM);
	cr_assert_eq(held.send.sdu_max, SDU);
	cr_assert_eq(held.send.interval_us, 10000);
	cr_assert_eq(lsk_iso_qos(server, &held), 0);
	cr_assert_eq(held.group, GROUP);
	cr_assert_eq(held.stream, STREAM);
	cr_assert_eq(held.receive.sdu_max, SDU);
	cr_assert_eq(held.send.sdu_max, 60);
	cr_assert_eq(held.send.phys, LSK_ISO_PHY_2M);
	cr_assert_eq(lsk_socket_send(client, data, SDU + 1, 0), -EMSGSIZE);
	cr_assert_eq(lsk_socket_send(server, data, 61, 0), -EMSGSIZE);
	cr_assert_eq(lsk_iso_set_qos(client, &qos), -EINVAL, "it is connected");
	check_sdu(client, server, 1, SDU);
	check_sdu(server, client, 2, 60);
	lsk_socket_free(client);
	lsk_socket_free(server);
	iso_end(&iso);
}

Test(bluetooth_iso, a_stream_may_have_one_way_alone, .timeout = 120)
{
	struct iso iso = iso_begin();
	struct lsk_iso_qos qos = terms(SDU);
	struct lsk_socket *client, *server;

	qos.receive.sdu_max = 0;
	qos.receive.phys = 0;
	client = iso_client(&iso, &qos);
	iso_listen(&iso);
	cr_assert_eq(lsk_socket_connect(client, &iso.there), 0);
	server = iso_accept(&iso);
	cr_assert_eq(lsk_iso_qos(server, &qos), 0);
	cr_assert_eq(qos.send.sdu_max, 0);
	check_sdu(client, server, 1, SDU);
	lsk_socket_free(client);
	lsk_socket_free(server);
	iso_end(&iso);
}

/* A group is set up as a whole, so that its sockets wait for each other: connect(2) of
 * a deferred one only tells the kernel of it. */
Test(bluetooth_iso, streams_of_a_group_come_about_together, .timeout = 120)
{
	struct iso iso = iso_begin();
	struct lsk_iso_qos qos = terms(SDU), held;
	struct lsk_socket *clients[2], *servers[2];
	int r;

	iso_listen(&iso);
	for (uint8_t i = 0; i < 2; i++) {
		qos.stream = STREAM + i;
		clients[i] = iso_client(&iso, &qos);
		cr_assert_eq(lsk_bt_set_deferred(clients[i], true), 0);
		r = lsk_socket_connect(clients[i], &iso.there);
		if (i > 0 && r == -EBUSY)
			cr_skip_test("this kernel has one stream with each peer");
		cr_assert_eq(r, 0, "connect: %d", r);
	}
	for (int i = 0; i < 2; i++)
		cr_assert_eq(lsk_bt_admit(clients[i]), 0);
	for (int i = 0; i < 2; i++) {
		struct lsk_socket *server = iso_accept(&iso);

		cr_assert_eq(lsk_iso_qos(server, &held), 0);
		cr_assert(held.stream == STREAM || held.stream == STREAM + 1);
		servers[held.stream - STREAM] = server;
		cr_assert_gt(lsk_socket_wait(clients[i], POLLOUT, LIMIT), 0);
	}
	/* They are apart: what one carries does not come out of the other. */
	for (uint8_t i = 0; i < 10; i++)
		for (uint8_t at = 0; at < 2; at++) {
			check_sdu(clients[at], servers[at], at + i, SDU);
			check_sdu(servers[at], clients[at], at + i + 100, SDU);
		}
	for (int i = 0; i < 2; i++) {
		lsk_socket_free(clients[i]);
		lsk_socket_free(servers[i]);
	}
	iso_end(&iso);
}

Test(bluetooth_iso, a_stream_is_admitted_later, .timeout = 120)
{
	struct iso iso = iso_begin();
	const struct lsk_iso_qos qos = terms(SDU);
	struct lsk_socket *client = iso_client(&iso, &qos), *server;

	cr_assert_eq(lsk_bt_set_deferred(iso.listener, true), 0);
	iso_listen(&iso);
	cr_assert_eq(lsk_socket_set_timeout(client, 0), 0);
	cr_assert_eq(lsk_socket_connect(client, &iso.there), -EINPROGRESS);
	server = iso_accept(&iso);
	cr_assert_eq(lsk_socket_wait(client, POLLOUT, SECOND / 50), -ETIME);
	cr_assert_eq(lsk_bt_admit(server), 0);
	cr_assert_gt(lsk_socket_wait(client, POLLOUT, LIMIT), 0);
	cr_assert_gt(lsk_socket_wait(server, POLLOUT, LIMIT), 0);
	cr_assert_eq(lsk_socket_error(client), 0);
	cr_assert_eq(lsk_socket_set_timeout(client, LIMIT), 0);
	check_sdu(client, server, 1, SDU);
	check_sdu(server, client, 2, SDU);
	lsk_socket_free(client);
	lsk_socket_free(server);
	iso_end(&iso);
}

Test(bluetooth_iso, a_device_where_nobody_listens_refuses, .timeout = 120)
{
	struct iso iso = iso_begin();
	const struct lsk_iso_qos qos = terms(SDU);
	struct lsk_socket *client = iso_client(&iso, &qos);
	int r;

	iso_set(&iso, 1, LSK_MGMT_ADVERTISING, 2);
	r = lsk_socket_connect(client, &iso.there);
	cr_assert_eq(r, -ECONNREFUSED, "%d", r);
	lsk_socket_free(client);
	iso_end(&iso);
}

Test(bluetooth_iso, a_link_that_is_lost_ends_its_streams, .timeout = 120)
{
	struct iso iso = iso_begin();
	const struct lsk_iso_qos qos = terms(SDU);
	struct lsk_socket *client = iso_client(&iso, &qos), *server;
	char byte;
	ssize_t r;

	iso_listen(&iso);
	cr_assert_eq(lsk_socket_connect(client, &iso.there), 0);
	server = iso_accept(&iso);
	bluetooth_pair_cut(iso.pair);
	r = lsk_socket_recv(client, &byte, 1, 0);
	cr_assert_eq(r, -ETIMEDOUT, "%zd", r);
	r = lsk_socket_recv(server, &byte, 1, 0);
	cr_assert_eq(r, -ETIMEDOUT, "%zd", r);
	lsk_socket_free(client);
	lsk_socket_free(server);
	iso_end(&iso);
}

Test(bluetooth_iso, a_receive_ends_at_its_deadline, .timeout = 120)
{
	struct iso iso = iso_begin();
	const struct lsk_iso_qos qos = terms(SDU);
	struct lsk_socket *client = iso_client(&iso, &qos), *server;
	char byte;

	iso_listen(&iso);
	cr_assert_eq(lsk_socket_connect(client, &iso.there), 0);
	server = iso_accept(&iso);
	cr_assert_eq(lsk_socket_set_timeout(server, SECOND / 50), 0);
	cr_assert_eq(lsk_socket_recv(server, &byte, 1, 0), -ETIME);
	lsk_socket_free(client);
	lsk_socket_free(server);
	iso_end(&iso);
}

/* What the tools are given: on the kernel's own terms. */
Test(bluetooth_iso, endpoints_reach_each_other, .timeout = 120)
{
	struct iso iso = iso_begin();
	struct lsk_endpoint *endpoint;
	struct lsk_socket *client, *server;
	char text[LSK_ADDR_TEXT_MAX];
	const struct lsk_bdaddr there = bluetooth_pair_address(iso.pair, 1);
	int r;

	snprintf(text, sizeof(text), "bluetooth://iso/00:aa:c0:ff:ee:%02x/le-public",
		 there.bytes[0]);
	iso_listen(&iso);
	cr_assert_eq(lsk_endpoint_new(&endpoint, text, NULL), 0);
	r = lsk_endpoint_connect(endpoint, LIMIT, &client, NULL);
	cr_assert_eq(r, 0, "connect to %s: %d", text, r);
	server = iso_accept(&iso);
	check_sdu(client, server, 1, 40);
	lsk_socket_free(client);
	lsk_socket_free(server);
	lsk_endpoint_free(endpoint);
	iso_end(&iso);
}

Test_on_each_loop(bluetooth_iso_loop, a_stream_connects_and_carries_sdus)
{
	struct iso iso = iso_begin();
	const struct lsk_iso_qos qos = terms(SDU);
	struct lsk_socket *client = iso_client(&iso, &qos);
	static const char data[SDU] = "one SDU";

	iso_listen(&iso);
	talk_on_loop(loop, iso.listener, client, &iso.there, data, sizeof(data));
	lsk_socket_free(client);
	iso_end(&iso);
}
