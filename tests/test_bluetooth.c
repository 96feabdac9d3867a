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

#include "tests/support/bluetooth_pair.h"
#include "tests/support/loops.h"

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
static struct lsk_addr place(const struct bluetooth_pair *pair, const struct kind *kind,
			     int which)
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

static struct lsk_socket *make(const struct bluetooth_pair *pair,
			       const struct kind *kind, int which)
{
	struct lsk_addr addr = place(pair, kind, which);
	struct lsk_socket *sock;
	int r = lsk_socket_new(&sock, AF_BLUETOOTH, kind->type, kind->protocol);

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

static struct ends connect_ends(const struct bluetooth_pair *pair,
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

static void free_ends(struct ends *ends)
{
	lsk_socket_free(ends->client);
	lsk_socket_free(ends->server);
	lsk_socket_free(ends->listener);
}

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
	static const char speech[65];

	cr_assert_eq(lsk_socket_send(ends.client, speech, 65, 0), -EINVAL);
	cr_assert_eq(lsk_socket_send(ends.client, speech, 64, 0), 64);
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
		struct ends ends = connect_ends(pair, kinds[i]);

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

static void run_long(struct lsk_loop *loop, const int *count, int goal)
{
	const int64_t end = engine_now_ns() + LIMIT;
	struct lsk_event none;

	while (*count < goal && engine_now_ns() < end)
		cr_assert_geq(lsk_loop_next(loop, &none, 1, SECOND / 10), 0);
	cr_assert_geq(*count, goal, "%d of %d events came", *count, goal);
}

/* Accept, connect, and five pieces there; the last one ends the stream. */
static void loop_over(struct lsk_loop *loop, const struct kind *kind, size_t piece)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct lsk_socket *listener = make(pair, kind, 1), *server;
	struct lsk_socket *client = make(pair, kind, 0);
	struct lsk_addr there = place(pair, kind, 1);
	struct outcome accepted = {0}, connected = {0}, sent = {0};
	struct outcome *received = calloc(1, sizeof(*received));
	const struct lsk_then then_accepted = then_tell(&accepted);
	const struct lsk_then then_connected = then_tell(&connected);
	const struct lsk_then then_sent = then_tell(&sent);
	const struct lsk_then then_received = then_tell(received);
	static const char data[1024] = "the first piece";
	struct lsk_event none;
	struct lsk_pool *pool;

	cr_assert(received);
	cr_assert_eq(lsk_pool_new(loop, &pool, NULL), 0);
	cr_assert_eq(lsk_loop_accept(loop, listener, &then_accepted), 0);
	cr_assert_eq(lsk_loop_connect(loop, client, &there, &then_connected), 0);
	run_long(loop, &connected.ends, 1);
	cr_assert_eq(connected.result, 0, "connect: %d", connected.result);
	run_long(loop, &accepted.ends, 1);
	cr_assert_geq(accepted.result, 0, "accept: %d", accepted.result);
	cr_assert_eq(lsk_loop_adopt(loop, listener, accepted.result, &server), 0);
	cr_assert_eq(lsk_loop_recv_stream(loop, server, pool, &then_received), 0);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(lsk_loop_send(loop, client, data, piece, 0, &then_sent),
			     0);
	run_long(loop, &sent.ends, 5);
	cr_assert_eq(sent.result, (int)piece);
	while (received->bytes < 5 * piece && received->ends == 0)
		cr_assert_geq(lsk_loop_next(loop, &none, 1, LIMIT), 0);
	cr_assert_eq(received->bytes, 5 * piece);
	cr_assert_eq(memcmp(received->data, data, piece), 0);
	cr_assert_eq(lsk_loop_close(loop, client, NULL), 0);
	run_long(loop, &received->ends, 1);
	lsk_socket_free(client);
	lsk_socket_free(server);
	lsk_socket_free(listener);
	bluetooth_pair_free(pair);
	free(received);
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

/* --- controllers ----------------------------------------------------------------- */

Test(hci_device, is_listed_with_its_state, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const struct lsk_bdaddr own = bluetooth_pair_address(pair, 1);
	const uint16_t id = bluetooth_pair_id(pair, 1);
	uint16_t ids[LSK_HCI_DEVICES_MAX];
	struct lsk_hci_device device;
	int count = lsk_hci_list(ids, LSK_HCI_DEVICES_MAX), found = 0;

	cr_assert_geq(count, 2);
	for (int i = 0; i < count; i++)
		found += ids[i] == id;
	cr_assert_eq(found, 1);
	cr_assert_eq(lsk_hci_list(ids, 1), 1);
	cr_assert_eq(lsk_hci_device(id, &device), 0);
	cr_assert_arr_eq(device.bdaddr.bytes, own.bytes, 6);
	cr_assert_eq(device.flags & (LSK_HCI_UP | LSK_HCI_PAGE_SCAN),
		     LSK_HCI_UP | LSK_HCI_PAGE_SCAN);
	cr_assert_eq(device.acl_mtu, 1021);
	cr_assert_eq(strncmp(device.name, "hci", 3), 0);
	cr_assert_gt(device.commands, 5);
	cr_assert_eq(lsk_hci_down(id), 0);
	cr_assert_eq(lsk_hci_device(id, &device), 0);
	cr_assert_eq(device.flags & LSK_HCI_UP, 0);
	cr_assert_eq(lsk_hci_up(id), 0);
	cr_assert_eq(lsk_hci_up(id), 0, "it is up already");
	cr_assert_eq(lsk_hci_device(0xfff0, &device), -ENODEV);
	bluetooth_pair_free(pair);
}

Test(hci_device, lists_its_links, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const struct lsk_bdaddr peer = bluetooth_pair_address(pair, 1);
	struct ends ends = connect_ends(pair, &l2cap_messages);
	struct lsk_hci_link links[4];

	cr_assert_eq(lsk_hci_links(bluetooth_pair_id(pair, 0), links, 4), 1);
	cr_assert_arr_eq(links[0].peer.bytes, peer.bytes, 6);
	cr_assert_eq(links[0].type, 1);
	cr_assert(links[0].is_outgoing);
	cr_assert_eq(lsk_hci_links(bluetooth_pair_id(pair, 1), links, 4), 1);
	cr_assert_not(links[0].is_outgoing);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

Test(hci_device, is_shown_by_the_example_with_its_links, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = connect_ends(pair, &l2cap_messages);
	bool has_device = false, has_link = false;
	char line[128];
	FILE *output = popen("\"$LINSOCK_BUILD/examples/bluetooth_list\"", "r");

	cr_assert(output);
	while (fgets(line, sizeof(line), output)) {
		has_device |= strstr(line, " 00:aa:c0:ff:ee:01 up\n") != NULL;
		has_link |= strcmp(line, "  00:aa:c0:ff:ee:02 handle 1\n") == 0;
	}
	cr_assert_eq(pclose(output), 0);
	cr_assert(has_device && has_link);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

Test(hci_command, is_answered, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const struct lsk_bdaddr own = bluetooth_pair_address(pair, 0);
	struct lsk_hci_command command = {.opcode = 0x1009};
	struct lsk_hci_filter filter = {.packets = 1 << LSK_HCI_ACL, .events = 77};
	struct lsk_hci_filter after;
	struct lsk_socket *sock;
	uint8_t answer[16];

	cr_assert_eq(
		lsk_hci_open(&sock, bluetooth_pair_id(pair, 0), LSK_HCI_CHANNEL_RAW),
		0);
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	cr_assert_eq(lsk_hci_set_filter(sock, &filter), 0);
	cr_assert_eq(lsk_hci_command(sock, &command, answer, sizeof(answer)), 7);
	cr_assert_eq(answer[0], 0);
	cr_assert_arr_eq(answer + 1, own.bytes, 6);
	/* One byte is room enough for the status. */
	cr_assert_eq(lsk_hci_command(sock, &command, answer, 1), 7);
	/* A command that the controller does not know. */
	command.opcode = 0x1ffe;
	cr_assert_eq(lsk_hci_command(sock, &command, answer, sizeof(answer)), -EBADRQC);
	cr_assert_eq(answer[0], 0x01);
	/* One that is only begun: a link that is not there. */
	command = (struct lsk_hci_command){0x0406, "\x23\x01\x13", 3};
	cr_assert_eq(lsk_hci_command(sock, &command, answer, sizeof(answer)),
		     -ENOTCONN);
	cr_assert_eq(answer[0], 0x02);
	cr_assert_eq(lsk_hci_get_filter(sock, &after), 0);
	cr_assert_eq(after.packets, filter.packets);
	cr_assert_eq(after.events, filter.events);
	command.len = 256;
	cr_assert_eq(lsk_hci_command(sock, &command, NULL, 0), LSK_ERR_RANGE);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

Test(hci_monitor, sees_what_passes_and_raw_sockets_tell_its_direction, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const struct lsk_hci_filter filter = {.packets = 1 << LSK_HCI_EVENT,
					      .events = ~UINT64_C(0)};
	struct lsk_socket *watch, *sock, *monitor;
	_Alignas(struct cmsghdr) char room[128];
	uint8_t buf[LSK_HCI_EVENT_MAX];
	struct iovec part = {buf, sizeof(buf)};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = room, .size = sizeof(room)},
	};
	struct lsk_hci_details details;
	struct lsk_hci_packet packet;
	const uint16_t id = bluetooth_pair_id(pair, 0);
	ssize_t len;

	cr_assert_eq(lsk_hci_open(&watch, id, LSK_HCI_CHANNEL_RAW), 0);
	cr_assert_eq(lsk_hci_open(&sock, id, LSK_HCI_CHANNEL_RAW), 0);
	cr_assert_eq(lsk_hci_open(&monitor, LSK_HCI_DEV_NONE, LSK_HCI_CHANNEL_MONITOR),
		     0);
	cr_assert_eq(lsk_socket_set_timeout(watch, LIMIT), 0);
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	cr_assert_eq(lsk_socket_set_timeout(monitor, LIMIT), 0);
	cr_assert_eq(lsk_hci_set_filter(watch, &filter), 0);
	cr_assert_eq(lsk_hci_set_details(watch, true), 0);
	cr_assert_eq(lsk_hci_set_filter(monitor, &filter), -EBADFD);
	cr_assert_eq(lsk_hci_command(sock, &(struct lsk_hci_command){.opcode = 0x1009},
				     NULL, 0),
		     7);
	len = lsk_socket_recvmsg(watch, &message, 0);
	cr_assert_gt(len, 0);
	cr_assert_eq(lsk_hci_packet_parse(buf, (size_t)len, &packet), 0);
	cr_assert_eq(packet.kind, LSK_HCI_EVENT);
	cr_assert_eq(lsk_hci_get_details(&message.control, &details), 0);
	cr_assert(details.has_direction && details.is_incoming);
	cr_assert_gt(details.time_ns, 0);
	cr_assert_gt(lsk_socket_recv(monitor, buf, sizeof(buf), 0), 6);
	lsk_socket_free(monitor);
	lsk_socket_free(watch);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

Test(hci_log, comes_between_what_a_monitor_sees, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	/* Kind, no controller, length; priority, length of the name. */
	static const uint8_t head[] = {13, 0, 0xff, 0xff, 14, 0, 6, 5};
	struct lsk_socket *monitor, *sock;
	uint8_t buf[1024];
	ssize_t len;

	cr_assert_eq(lsk_hci_open(&sock, LSK_HCI_DEV_NONE, LSK_HCI_CHANNEL_LOGGING), 0);
	cr_assert_eq(lsk_hci_open(&monitor, LSK_HCI_DEV_NONE, LSK_HCI_CHANNEL_MONITOR),
		     0);
	cr_assert_eq(lsk_socket_set_timeout(monitor, LIMIT), 0);
	cr_assert_eq(lsk_hci_log(sock, 6, "test", "a line"), 0);
	/* Before it stands what the controllers do. */
	do {
		len = lsk_socket_recv(monitor, buf, sizeof(buf), 0);
		cr_assert_geq(len, 6, "%zd", len);
	} while (buf[0] != 13);
	cr_assert_eq(len, (ssize_t)sizeof(head) + 12);
	cr_assert_arr_eq(buf, head, sizeof(head));
	cr_assert_arr_eq(buf + sizeof(head), "test\0a line", 12);
	cr_assert_eq(lsk_hci_log(sock, 8, "test", "a line"), LSK_ERR_RANGE);
	memset(buf, 'x', sizeof(buf));
	buf[sizeof(buf) - 1] = '\0';
	cr_assert_eq(lsk_hci_log(sock, 0, (const char *)buf, ""), LSK_ERR_LENGTH);
	cr_assert_eq(lsk_hci_log(NULL, 0, "test", ""), -EINVAL);
	lsk_socket_free(monitor);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

Test(hci_user_channel, has_the_controller_to_itself, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const uint16_t id = bluetooth_pair_id(pair, 0);
	struct lsk_hci_command reset = {.opcode = 0x0c03}, address = {.opcode = 0x1009};
	struct lsk_socket *sock, *other;
	uint8_t answer[16];

	cr_assert_eq(lsk_hci_open(&sock, id, LSK_HCI_CHANNEL_USER), -EBUSY);
	cr_assert_eq(lsk_hci_down(id), 0);
	cr_assert_eq(lsk_hci_open(&sock, id, LSK_HCI_CHANNEL_USER), 0);
	cr_assert_eq(lsk_hci_open(&other, id, LSK_HCI_CHANNEL_USER), -EBUSY);
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	cr_assert_eq(lsk_hci_command(sock, &reset, NULL, 0), 1);
	cr_assert_eq(lsk_hci_command(sock, &address, answer, sizeof(answer)), 7);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}
