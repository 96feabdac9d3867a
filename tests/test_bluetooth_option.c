/* SPDX-License-Identifier: MIT */
/*
 * Options of L2CAP, RFCOMM and SCO on emulated controllers, see
 * tests/support/bluetooth_pair.h; scenarios bluetooth_option*.sh run this.
 *
 *	client at controller 0 ==== ACL, SCO ==== controller 1, listener
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include <linsock/bluetooth.h>
#include <linsock/hci.h>
#include <linsock/message.h>
#include <linsock/option.h>

#include "tests/support/bluetooth_pair.h"

#define SECOND LSK_NSEC_PER_SEC
#define LIMIT  (60 * SECOND)

enum { PSM = 0x1001, CHANNEL = 7 };

static struct lsk_addr place(const struct bluetooth_pair *pair, int protocol, int which)
{
	const struct lsk_bdaddr bdaddr = bluetooth_pair_address(pair, which);
	struct lsk_addr addr;
	int r;

	if (protocol == LSK_BTPROTO_L2CAP)
		r = lsk_addr_l2cap(&addr, &bdaddr, which ? PSM : 0, 0, 0);
	else if (protocol == LSK_BTPROTO_RFCOMM)
		r = lsk_addr_rfcomm(&addr, &bdaddr, which ? CHANNEL : 0);
	else
		r = lsk_addr_sco(&addr, &bdaddr);
	cr_assert_eq(r, 0);
	return addr;
}

/* Bound to controller @which, and not listening yet. */
static struct lsk_socket *make(const struct bluetooth_pair *pair, int protocol,
			       int which)
{
	int type = protocol == LSK_BTPROTO_RFCOMM ? SOCK_STREAM : SOCK_SEQPACKET;
	struct lsk_addr addr = place(pair, protocol, which);
	struct lsk_socket *sock;

	if (protocol == LSK_BTPROTO_SCO)
		bluetooth_pair_must_be(pair, "able to carry speech");
	cr_assert_eq(lsk_socket_new(&sock, AF_BLUETOOTH, type, protocol), 0);
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	cr_assert_eq(lsk_socket_bind(sock, &addr), 0);
	return sock;
}

struct ends {
	struct lsk_socket *client, *server, *listener;
};

static struct ends make_ends(const struct bluetooth_pair *pair, int protocol)
{
	return (struct ends){.client = make(pair, protocol, 0),
			     .listener = make(pair, protocol, 1)};
}

static void connect_ends(const struct bluetooth_pair *pair, struct ends *ends)
{
	struct lsk_addr there = place(pair, lsk_socket_protocol(ends->client), 1);
	int r;

	cr_assert_eq(lsk_socket_listen(ends->listener, 4), 0);
	r = lsk_socket_connect(ends->client, &there);
	cr_assert_eq(r, 0, "connect: %d", r);
	r = lsk_socket_accept(ends->listener, &ends->server, NULL);
	cr_assert_eq(r, 0, "accept: %d", r);
	cr_assert_eq(lsk_socket_set_timeout(ends->server, LIMIT), 0);
}

static void free_ends(struct ends *ends)
{
	lsk_socket_free(ends->client);
	lsk_socket_free(ends->server);
	lsk_socket_free(ends->listener);
}

Test(bluetooth_option, a_link_is_told_with_its_handle, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct lsk_hci_link links[4];
	uint32_t device_class = 1;
	uint16_t handle = 0;

	for (int protocol = 0; protocol <= LSK_BTPROTO_RFCOMM; protocol++) {
		struct ends ends;
		int count, found = 0;

		if (protocol == LSK_BTPROTO_HCI ||
		    (protocol == LSK_BTPROTO_SCO && !bluetooth_pair_is_ours(pair)))
			continue;
		ends = make_ends(pair, protocol);
		cr_assert_eq(lsk_bt_link(ends.client, &handle, NULL), -ENOTCONN);
		connect_ends(pair, &ends);
		cr_assert_eq(lsk_bt_link(ends.client, &handle, &device_class), 0);
		count = lsk_hci_links(bluetooth_pair_id(pair, 0), links, 4);
		for (int i = 0; i < count; i++)
			found += links[i].handle == handle;
		cr_assert_eq(found, 1, "protocol %d", protocol);
		free_ends(&ends);
	}
	bluetooth_pair_free(pair);
}

Test(bluetooth_option, a_shorter_message_is_agreed_on, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = make_ends(pair, LSK_BTPROTO_L2CAP);
	uint16_t sent, received;
	static const char data[101];

	cr_assert_eq(lsk_bt_set_receive_mtu(ends.listener, 47), -EINVAL);
	cr_assert_eq(lsk_bt_set_receive_mtu(ends.listener, 100), 0);
	connect_ends(pair, &ends);
	cr_assert_eq(lsk_bt_mtu(ends.client, &sent, &received), 0);
	cr_assert_eq(sent, 100);
	cr_assert_eq(received, 672, "the default");
	cr_assert_eq(lsk_socket_send(ends.client, data, 101, 0), -EMSGSIZE);
	cr_assert_eq(lsk_socket_send(ends.client, data, 100, 0), 100);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

Test(bluetooth_option, speech_has_the_controllers_length, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = make_ends(pair, LSK_BTPROTO_SCO);
	struct lsk_hci_device device;
	uint16_t sent, received;

	cr_assert_eq(lsk_hci_device(bluetooth_pair_id(pair, 0), &device), 0);
	cr_assert_eq(lsk_sco_set_voice(ends.client, LSK_SCO_TRANSPARENT), 0);
	cr_assert_eq(lsk_bt_mtu(ends.client, &sent, &received), -ENOTCONN);
	connect_ends(pair, &ends);
	cr_assert_eq(lsk_bt_mtu(ends.client, &sent, &received), 0);
	cr_assert_eq(sent, device.sco_mtu);
	cr_assert_eq(received, device.sco_mtu);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

Test(bluetooth_option, speech_tells_whether_it_came_whole, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = make_ends(pair, LSK_BTPROTO_SCO);
	_Alignas(struct cmsghdr) char room[64];
	struct lsk_control_item item;
	char buf[64];
	struct iovec part = {buf, sizeof(buf)};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = room, .size = sizeof(room)},
	};
	uint8_t status = 77;
	size_t offset = 0;

	connect_ends(pair, &ends);
	cr_assert_eq(lsk_sco_set_status(ends.client, true), 0);
	cr_assert_eq(lsk_socket_send(ends.server, buf, 48, 0), 48);
	cr_assert_eq(lsk_socket_recvmsg(ends.client, &message, 0), 48);
	cr_assert_gt(lsk_control_next(&message.control, &offset, &item), 0);
	cr_assert_eq(lsk_sco_get_status(&item, &status), 0);
	cr_assert_eq(status, 0);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

Test(bluetooth_option, security_is_kept_and_checked, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const int protocols[] = {LSK_BTPROTO_L2CAP, LSK_BTPROTO_RFCOMM};

	for (size_t i = 0; i < 2; i++) {
		struct lsk_socket *sock = make(pair, protocols[i], 0);
		enum lsk_bt_security level;
		uint8_t key_size = 77;

		cr_assert_eq(lsk_bt_security(sock, &level, &key_size), 0);
		cr_assert_eq(level, LSK_BT_SECURITY_LOW);
		cr_assert_eq(key_size, 0);
		cr_assert_eq(lsk_bt_set_security(sock, LSK_BT_SECURITY_HIGH), 0);
		cr_assert_eq(lsk_bt_security(sock, &level, NULL), 0);
		cr_assert_eq(level, LSK_BT_SECURITY_HIGH);
		cr_assert_eq(lsk_bt_set_security(sock, (enum lsk_bt_security)5),
			     -EINVAL);
		lsk_socket_free(sock);
	}
	bluetooth_pair_free(pair);
}

/* Asked for on one side, it holds for the link. */
Test(bluetooth_option, a_secure_connection_is_encrypted, .timeout = 120)
{
	const int protocols[] = {LSK_BTPROTO_L2CAP, LSK_BTPROTO_RFCOMM};

	for (size_t i = 0; i < 2; i++) {
		struct bluetooth_pair *pair = bluetooth_pair_new(0);
		struct ends ends = make_ends(pair, protocols[i]);
		enum lsk_bt_security level;
		uint8_t key_size = 0;
		char byte;

		bluetooth_pair_must_be(pair, "one that asks no host for keys");
		cr_assert_eq(lsk_bt_set_security(ends.client, LSK_BT_SECURITY_MEDIUM),
			     0);
		connect_ends(pair, &ends);
		cr_assert_eq(lsk_bt_security(ends.client, &level, &key_size), 0);
		cr_assert_eq(level, LSK_BT_SECURITY_MEDIUM);
		/* RFCOMM tells of no key before Linux 6.15 or so. */
		if (protocols[i] == LSK_BTPROTO_L2CAP)
			cr_assert_eq(key_size, 16);
		cr_assert_eq(bluetooth_pair_encryptions(pair), 1);
		cr_assert_eq(lsk_socket_send(ends.client, "x", 1, 0), 1);
		cr_assert_eq(lsk_socket_recv(ends.server, &byte, 1, 0), 1);
		free_ends(&ends);
		bluetooth_pair_free(pair);
	}
}

Test(bluetooth_option, a_stranger_is_not_connected_securely, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(PAIR_STRANGERS);
	struct ends ends = make_ends(pair, LSK_BTPROTO_L2CAP);
	struct lsk_addr there = place(pair, LSK_BTPROTO_L2CAP, 1);
	int r;

	cr_assert_eq(lsk_bt_set_security(ends.client, LSK_BT_SECURITY_MEDIUM), 0);
	cr_assert_eq(lsk_socket_listen(ends.listener, 4), 0);
	r = lsk_socket_connect(ends.client, &there);
	cr_assert(r == -ECONNREFUSED || r == -EACCES, "%d", r);
	cr_assert_eq(bluetooth_pair_encryptions(pair), 0);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

Test(bluetooth_option, a_stream_of_messages_keeps_its_order, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = make_ends(pair, LSK_BTPROTO_L2CAP);
	char buf[64];

	cr_assert_eq(lsk_l2cap_set_mode(ends.client, LSK_L2CAP_STREAMING), 0);
	cr_assert_eq(lsk_l2cap_set_mode(ends.listener, LSK_L2CAP_STREAMING), 0);
	connect_ends(pair, &ends);
	cr_assert_eq(lsk_l2cap_mode(ends.client), LSK_L2CAP_STREAMING);
	cr_assert_eq(lsk_l2cap_mode(ends.server), LSK_L2CAP_STREAMING);
	for (int i = 0; i < 20; i++) {
		memset(buf, i, sizeof(buf));
		cr_assert_eq(lsk_socket_send(ends.client, buf, sizeof(buf), 0), 64);
		cr_assert_eq(lsk_socket_recv(ends.server, buf, sizeof(buf), 0), 64);
		cr_assert_eq(buf[63], (char)i);
	}
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

/* The sender is not held back: what it sends waits for the receiver, unlike in basic
 * mode. */
Test(bluetooth_option, retransmission_loses_nothing, .timeout = 240)
{
	enum { MESSAGES = 300, SIZE = 500 };
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = make_ends(pair, LSK_BTPROTO_L2CAP);
	int sent = 0, received = 0;
	char buf[SIZE];

	cr_assert_eq(lsk_l2cap_mode(ends.client), LSK_L2CAP_BASIC);
	cr_assert_eq(lsk_l2cap_set_mode(ends.client, LSK_L2CAP_RETRANSMIT), 0);
	cr_assert_eq(lsk_l2cap_set_mode(ends.listener, LSK_L2CAP_RETRANSMIT), 0);
	cr_assert_eq(lsk_l2cap_set_mode(ends.listener, (enum lsk_l2cap_mode)9),
		     -EINVAL);
	connect_ends(pair, &ends);
	cr_assert_eq(lsk_l2cap_mode(ends.client), LSK_L2CAP_RETRANSMIT);
	cr_assert_eq(lsk_l2cap_mode(ends.server), LSK_L2CAP_RETRANSMIT);
	while (received < MESSAGES) {
		ssize_t r = -EAGAIN;

		if (sent < MESSAGES) {
			memset(buf, sent, SIZE);
			r = lsk_socket_send(ends.client, buf, SIZE, MSG_DONTWAIT);
			cr_assert(r == SIZE || r == -EAGAIN, "%zd", r);
			sent += r == SIZE;
		}
		if (r == SIZE)
			continue;
		r = lsk_socket_recv(ends.server, buf, SIZE, 0);
		cr_assert_eq(r, SIZE, "message %d: %zd", received, r);
		cr_assert_eq(buf[SIZE - 1], (char)received);
		received++;
	}
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

/* A connect that waits until the other side has looked at who it is. */
static void check_deferred(int protocol)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = make_ends(pair, protocol);
	struct lsk_addr there = place(pair, protocol, 1);
	char byte;
	int r;

	cr_assert_eq(lsk_bt_set_deferred(ends.listener, true), 0);
	cr_assert_eq(lsk_socket_listen(ends.listener, 4), 0);
	cr_assert_eq(lsk_socket_set_timeout(ends.client, 0), 0);
	cr_assert_eq(lsk_socket_connect(ends.client, &there), -EINPROGRESS);
	r = lsk_socket_accept(ends.listener, &ends.server, NULL);
	cr_assert_eq(r, 0, "accept: %d", r);
	cr_assert_eq(lsk_socket_wait(ends.client, POLLOUT, SECOND / 50), -ETIME);
	cr_assert_eq(lsk_bt_admit(ends.server), 0);
	cr_assert_gt(lsk_socket_wait(ends.client, POLLOUT, LIMIT), 0);
	cr_assert_gt(lsk_socket_wait(ends.server, POLLOUT, LIMIT), 0);
	cr_assert_eq(lsk_socket_error(ends.client), 0);
	cr_assert_eq(lsk_bt_admit(ends.server), -EAGAIN);
	cr_assert_eq(lsk_socket_set_timeout(ends.server, LIMIT), 0);
	cr_assert_eq(lsk_socket_send(ends.client, "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(ends.server, &byte, 1, 0), 1);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

Test(bluetooth_option, l2cap_is_admitted_later, .timeout = 120)
{
	check_deferred(LSK_BTPROTO_L2CAP);
}

Test(bluetooth_option, rfcomm_is_admitted_later, .timeout = 120)
{
	check_deferred(LSK_BTPROTO_RFCOMM);
}

Test(bluetooth_option, sco_is_admitted_later, .timeout = 120)
{
	check_deferred(LSK_BTPROTO_SCO);
}

Test(bluetooth_option, of_another_protocol_is_refused)
{
	uint16_t value[2];
	uint8_t status = 9;
	struct lsk_control_item item = {
		.level = 274, .type = 3, .data = &status, .len = 1};

	cr_assert_lt(lsk_bt_mtu(NULL, &value[0], &value[1]), 0);
	cr_assert_eq(lsk_bt_mtu(NULL, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_sco_get_status(&item, &status), 0);
	cr_assert_eq(status, 9);
	item.len = 0;
	cr_assert_eq(lsk_sco_get_status(&item, &status), -EBADMSG);
	item.type = 4;
	cr_assert_eq(lsk_sco_get_status(&item, &status), -ENOMSG);
}
