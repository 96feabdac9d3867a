/* SPDX-License-Identifier: MIT */
/*
 * The management interface on emulated controllers, and LE, which it switches on. See
 * tests/support/bluetooth_pair.h; scenarios bluetooth_mgmt*.sh run this.
 *
 *	controller 0: central ==== LE ==== controller 1: peripheral, advertises
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/bluetooth.h>
#include <linsock/error.h>
#include <linsock/hci.h>
#include <linsock/hci_mgmt.h>

#include "tests/support/bluetooth_pair.h"
#include "tests/support/loop_talk.h"

#define SECOND LSK_NSEC_PER_SEC
#define LIMIT  (60 * SECOND)

static struct lsk_socket *open_mgmt(void)
{
	struct lsk_socket *sock;
	int r = lsk_mgmt_open(&sock);

	if (!getenv("LINSOCK_TEST_BLUETOOTH"))
		cr_skip_test(
			"controllers are emulated in the scenarios bluetooth_*.sh");
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	return sock;
}

/* Wait for an event of @kind of controller @index; what it borrows is gone. */
static struct lsk_mgmt_event await(struct lsk_socket *sock, uint16_t index,
				   enum lsk_mgmt_event_kind kind)
{
	uint8_t buf[LSK_MGMT_MESSAGE_MAX];
	struct lsk_mgmt_event event;

	do {
		int r = lsk_mgmt_event_next(sock, buf, sizeof(buf), &event);

		cr_assert_eq(r, 0, "waiting for %d: %d", (int)kind, r);
	} while (event.kind != kind || event.index != index);
	return event;
}

/* A command that must go well. */
static uint32_t set(struct lsk_socket *sock, uint16_t index, uint32_t setting,
		    uint8_t value)
{
	uint32_t settings;
	int r = lsk_mgmt_set(sock, index, setting, value, &settings);

	cr_assert_eq(r, 0, "setting %#x of hci%u: %d", setting, index, r);
	return settings;
}

Test(mgmt, tells_which_controllers_come_and_go, .timeout = 120)
{
	struct lsk_socket *events = open_mgmt(), *sock = open_mgmt();
	struct bluetooth_pair *pair = bluetooth_pair_new(PAIR_DOWN);
	const uint16_t id = bluetooth_pair_id(pair, 1);
	uint16_t indexes[LSK_HCI_DEVICES_MAX], revision;
	uint8_t version;
	int count, found = 0;

	(void)await(events, id, LSK_MGMT_ADDED);
	cr_assert_eq(lsk_mgmt_version(sock, &version, &revision), 0);
	cr_assert_eq(version, 1);
	count = lsk_mgmt_list(sock, indexes, LSK_HCI_DEVICES_MAX);
	for (int i = 0; i < count; i++)
		found += indexes[i] == id;
	cr_assert_eq(found, 1);
	bluetooth_pair_free(pair);
	(void)await(events, id, LSK_MGMT_REMOVED);
	lsk_socket_free(events);
	lsk_socket_free(sock);
}

Test(mgmt, switches_a_controller_on_and_off, .timeout = 120)
{
	struct lsk_socket *events = open_mgmt(), *sock = open_mgmt();
	struct bluetooth_pair *pair = bluetooth_pair_new(PAIR_DOWN);
	const struct lsk_bdaddr own = bluetooth_pair_address(pair, 0);
	const uint16_t id = bluetooth_pair_id(pair, 0);
	struct lsk_mgmt_info info;
	uint32_t settings;

	bluetooth_pair_must_be(pair, "one that speaks no LE");
	(void)await(events, id, LSK_MGMT_ADDED);
	cr_assert_eq(lsk_mgmt_info(sock, id, &info), 0);
	cr_assert_arr_eq(info.bdaddr.bytes, own.bytes, 6);
	cr_assert_eq(info.version, 8);
	cr_assert_eq(info.current & LSK_MGMT_POWERED, 0);
	cr_assert(info.supported & LSK_MGMT_BREDR);
	cr_assert_not(info.supported & LSK_MGMT_LE);
	settings = set(sock, id, LSK_MGMT_POWERED, 1);
	cr_assert(settings & LSK_MGMT_POWERED);
	cr_assert(await(events, id, LSK_MGMT_SETTINGS).settings & LSK_MGMT_POWERED);
	settings = set(sock, id, LSK_MGMT_CONNECTABLE, 1);
	cr_assert(settings & LSK_MGMT_CONNECTABLE);
	settings = set(sock, id, LSK_MGMT_DISCOVERABLE, 1);
	cr_assert(settings & LSK_MGMT_DISCOVERABLE);
	cr_assert_eq(lsk_mgmt_set(sock, id, LSK_MGMT_LE, 1, NULL), -EOPNOTSUPP);
	cr_assert_eq(lsk_mgmt_set(sock, id, LSK_MGMT_CONNECTABLE, 7, NULL), -EINVAL);
	settings = set(sock, id, LSK_MGMT_POWERED, 0);
	cr_assert_eq(settings & LSK_MGMT_POWERED, 0);
	cr_assert_eq(lsk_mgmt_info(sock, 0xfff0, &info), -ENODEV);
	lsk_socket_free(events);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

Test(mgmt, names_this_host, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct lsk_socket *sock = open_mgmt();
	const uint16_t id = bluetooth_pair_id(pair, 0);
	char name[LSK_MGMT_NAME_MAX + 1];
	struct lsk_mgmt_info info;

	cr_assert_eq(lsk_mgmt_set_name(sock, id, "the lab"), 0);
	cr_assert_eq(lsk_mgmt_info(sock, id, &info), 0);
	cr_assert_str_eq(info.name, "the lab");
	memset(name, 'x', sizeof(name));
	name[LSK_MGMT_NAME_MAX] = '\0';
	cr_assert_eq(lsk_mgmt_set_name(sock, id, name), LSK_ERR_LENGTH);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

/* The answer is there before anybody looks: even then nobody waits with a timeout of 0,
 * since the command is given only now. */
Test(mgmt, command_has_a_deadline, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct lsk_socket *sock = open_mgmt();
	const struct lsk_mgmt_message unknown = {0x7ff0, LSK_HCI_DEV_NONE, NULL, 0};
	uint8_t version;
	uint16_t revision;

	cr_assert_eq(lsk_mgmt_command(sock, &unknown, NULL, 0), -EOPNOTSUPP);
	/* Nobody answers an event socket that gives no command. */
	cr_assert_eq(lsk_socket_set_timeout(sock, SECOND / 50), 0);
	for (int r = 0; r != -ETIME;) {
		uint8_t buf[LSK_MGMT_MESSAGE_MAX];
		struct lsk_mgmt_event event;

		r = lsk_mgmt_event_next(sock, buf, sizeof(buf), &event);
		cr_assert(r == 0 || r == -ETIME, "%d", r);
	}
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	cr_assert_eq(lsk_mgmt_version(sock, &version, &revision), 0);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

/* --- LE -------------------------------------------------------------------------- */

struct le {
	struct bluetooth_pair *pair;
	struct lsk_socket *sock, *events;
	uint16_t central, peripheral;
	struct lsk_socket *listener;
	struct lsk_addr there;
};

static struct lsk_socket *le_socket(const struct le *le, int which, uint16_t psm,
				    struct lsk_addr *ret_addr)
{
	const struct lsk_bdaddr bdaddr = bluetooth_pair_address(le->pair, which);
	struct lsk_socket *sock;
	int r;

	cr_assert_eq(lsk_addr_l2cap(ret_addr, &bdaddr, psm, 0, LSK_BDADDR_LE_PUBLIC),
		     0);
	cr_assert_eq(
		lsk_socket_new(&sock, AF_BLUETOOTH, SOCK_SEQPACKET, LSK_BTPROTO_L2CAP),
		0);
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	r = lsk_socket_bind(sock, ret_addr);
	cr_assert_eq(r, 0, "%d", r);
	return sock;
}

/* Two controllers of which one advertises, and a listener at its PSM 0x81. */
static struct le le_begin(void)
{
	struct le le = {.pair = bluetooth_pair_new(PAIR_LE)};

	le.sock = open_mgmt();
	le.events = open_mgmt();
	le.central = bluetooth_pair_id(le.pair, 0);
	le.peripheral = bluetooth_pair_id(le.pair, 1);
	(void)set(le.sock, le.central, LSK_MGMT_LE, 1);
	(void)set(le.sock, le.peripheral, LSK_MGMT_LE, 1);
	le.listener = le_socket(&le, 1, 0x81, &le.there);
	cr_assert_eq(lsk_socket_listen(le.listener, 4), 0);
	(void)set(le.sock, le.peripheral, LSK_MGMT_ADVERTISING, 2);
	return le;
}

static void le_end(struct le *le)
{
	lsk_socket_free(le->listener);
	lsk_socket_free(le->sock);
	lsk_socket_free(le->events);
	bluetooth_pair_free(le->pair);
}

Test(bluetooth_le, channels_with_credits_carry_messages, .timeout = 120)
{
	struct le le = le_begin();
	struct lsk_mgmt_peer peers[4], peer = {.address_type = LSK_BDADDR_LE_PUBLIC};
	struct lsk_socket *client, *server;
	struct lsk_addr own;
	char sent[600], got[600];
	int r;

	client = le_socket(&le, 0, 0, &own);
	r = lsk_socket_connect(client, &le.there);
	cr_assert_eq(r, 0, "connect: %d", r);
	r = lsk_socket_accept(le.listener, &server, NULL);
	cr_assert_eq(r, 0, "accept: %d", r);
	cr_assert_eq(lsk_socket_set_timeout(server, LIMIT), 0);
	/* Longer than a packet of the radio, and more than there are credits for. */
	for (int i = 0; i < 50; i++) {
		memset(sent, i, sizeof(sent));
		cr_assert_eq(lsk_socket_send(client, sent, sizeof(sent), 0),
			     (ssize_t)sizeof(sent));
		cr_assert_eq(lsk_socket_recv(server, got, sizeof(got), 0),
			     (ssize_t)sizeof(got));
		cr_assert_arr_eq(got, sent, sizeof(sent));
	}
	cr_assert_eq(lsk_socket_send(server, "back", 4, 0), 4);
	cr_assert_eq(lsk_socket_recv(client, got, sizeof(got), 0), 4);
	(void)await(le.events, le.central, LSK_MGMT_CONNECTED);
	peer.bdaddr = bluetooth_pair_address(le.pair, 1);
	cr_assert_eq(lsk_mgmt_peers(le.sock, le.central, peers, 4), 1);
	cr_assert_arr_eq(peers[0].bdaddr.bytes, peer.bdaddr.bytes, 6);
	cr_assert_eq(peers[0].address_type, LSK_BDADDR_LE_PUBLIC);
	cr_assert_eq(lsk_mgmt_disconnect(le.sock, le.central, &peer), 0);
	/* By this host; btvirt says to both ends that it was the other. */
	r = await(le.events, le.central, LSK_MGMT_DISCONNECTED).reason;
	cr_assert_eq(r, bluetooth_pair_is_ours(le.pair) ? 2 : 3);
	cr_assert_leq(lsk_socket_recv(client, got, sizeof(got), 0), 0);
	/* Linux 6.12 says the second. */
	r = lsk_mgmt_disconnect(le.sock, le.central, &peer);
	cr_assert(r == -ENOTCONN || r == -ECONNRESET, "%d", r);
	lsk_socket_free(client);
	lsk_socket_free(server);
	le_end(&le);
}

/* Accept, connect, messages there, and the end of the stream, all by the loop. */
Test_on_each_loop(bluetooth_le_loop, channels_connect_and_carry_messages)
{
	struct le le = le_begin();
	static char data[600];
	struct lsk_socket *client;
	struct lsk_addr own;

	memset(data, 'x', sizeof(data));
	client = le_socket(&le, 0, 0, &own);
	talk_on_loop(loop, le.listener, client, &le.there, data, sizeof(data));
	lsk_socket_free(client);
	le_end(&le);
}

/* The channel of attributes, which has a number in place of a PSM. */
Test(bluetooth_le, a_fixed_channel_carries_messages, .timeout = 120)
{
	enum { ATTRIBUTES = 4 };
	struct le le = le_begin();
	const struct lsk_bdaddr near = bluetooth_pair_address(le.pair, 0);
	const struct lsk_bdaddr far = bluetooth_pair_address(le.pair, 1);
	struct lsk_socket *socks[2], *server;
	struct lsk_addr addrs[2];
	char buf[32];
	int r;

	for (int i = 0; i < 2; i++) {
		cr_assert_eq(lsk_addr_l2cap(&addrs[i], i ? &far : &near, 0, ATTRIBUTES,
					    LSK_BDADDR_LE_PUBLIC),
			     0);
		cr_assert_eq(lsk_socket_new(&socks[i], AF_BLUETOOTH, SOCK_SEQPACKET,
					    LSK_BTPROTO_L2CAP),
			     0);
		cr_assert_eq(lsk_socket_set_timeout(socks[i], LIMIT), 0);
		r = lsk_socket_bind(socks[i], &addrs[i]);
		cr_assert_eq(r, 0, "bind: %d", r);
	}
	cr_assert_eq(lsk_socket_listen(socks[1], 4), 0);
	r = lsk_socket_connect(socks[0], &addrs[1]);
	cr_assert_eq(r, 0, "connect: %d", r);
	r = lsk_socket_accept(socks[1], &server, NULL);
	cr_assert_eq(r, 0, "accept: %d", r);
	cr_assert_eq(lsk_socket_set_timeout(server, LIMIT), 0);
	cr_assert_eq(lsk_socket_send(socks[0], "ask", 3, 0), 3);
	cr_assert_eq(lsk_socket_recv(server, buf, sizeof(buf), 0), 3);
	cr_assert_eq(lsk_socket_send(server, "answer", 6, 0), 6);
	cr_assert_eq(lsk_socket_recv(socks[0], buf, sizeof(buf), 0), 6);
	lsk_socket_free(server);
	lsk_socket_free(socks[0]);
	lsk_socket_free(socks[1]);
	le_end(&le);
}

/* A peripheral without an address of a maker's has one of its own choice. */
Test(bluetooth_le, a_random_address_is_connected_to, .timeout = 120)
{
	const struct lsk_bdaddr chosen = {{1, 2, 3, 4, 5, 0xc6}};
	struct le le = {.events = open_mgmt()};
	struct lsk_mgmt_message command = {0x002b, 0, chosen.bytes, 6};
	struct lsk_socket *client, *server;
	struct lsk_addr own;
	ssize_t r;
	char byte;

	le.sock = open_mgmt();
	le.pair = bluetooth_pair_new(PAIR_LE | PAIR_DOWN);
	le.central = bluetooth_pair_id(le.pair, 0);
	le.peripheral = command.index = bluetooth_pair_id(le.pair, 1);
	(void)await(le.events, le.central, LSK_MGMT_ADDED);
	(void)await(le.events, le.peripheral, LSK_MGMT_ADDED);
	for (int i = 0; i < 2; i++)
		(void)set(le.sock, bluetooth_pair_id(le.pair, i), LSK_MGMT_LE, 1);
	(void)set(le.sock, le.central, LSK_MGMT_POWERED, 1);
	(void)set(le.sock, le.peripheral, LSK_MGMT_BREDR, 0);
	r = lsk_mgmt_command(le.sock, &command, NULL, 0); /* Set Static Address */
	cr_assert_geq(r, 0, "static address: %zd", r);
	(void)set(le.sock, le.peripheral, LSK_MGMT_POWERED, 1);
	cr_assert_eq(lsk_addr_l2cap(&le.there, &chosen, 0x81, 0, LSK_BDADDR_LE_RANDOM),
		     0);
	cr_assert_eq(lsk_socket_new(&le.listener, AF_BLUETOOTH, SOCK_SEQPACKET,
				    LSK_BTPROTO_L2CAP),
		     0);
	cr_assert_eq(lsk_socket_set_timeout(le.listener, LIMIT), 0);
	r = lsk_socket_bind(le.listener, &le.there);
	cr_assert_eq(r, 0, "bind: %zd", r);
	cr_assert_eq(lsk_socket_listen(le.listener, 4), 0);
	(void)set(le.sock, le.peripheral, LSK_MGMT_ADVERTISING, 2);
	client = le_socket(&le, 0, 0, &own);
	r = lsk_socket_connect(client, &le.there);
	cr_assert_eq(r, 0, "connect: %zd", r);
	r = lsk_socket_accept(le.listener, &server, NULL);
	cr_assert_eq(r, 0, "accept: %zd", r);
	cr_assert_eq(lsk_socket_set_timeout(server, LIMIT), 0);
	cr_assert_eq(lsk_socket_send(client, "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(server, &byte, 1, 0), 1);
	lsk_socket_free(client);
	lsk_socket_free(server);
	le_end(&le);
}

Test(bluetooth_le, a_discovery_finds_who_advertises, .timeout = 120)
{
	struct le le = le_begin();
	const struct lsk_bdaddr there = bluetooth_pair_address(le.pair, 1);
	struct lsk_mgmt_event event;

	cr_assert_eq(lsk_mgmt_discover(le.sock, le.central, 6, true), 0);
	event = await(le.events, le.central, LSK_MGMT_FOUND);
	cr_assert_arr_eq(event.bdaddr.bytes, there.bytes, 6);
	cr_assert_eq(event.address_type, LSK_BDADDR_LE_PUBLIC);
	cr_assert_eq(event.rssi, bluetooth_pair_is_ours(le.pair) ? -48 : 127);
	le_end(&le);
}
