/* SPDX-License-Identifier: MIT */
/*
 * QIPCRTR with another node, which the test plays byte by byte over qrtr-tun: flow
 * control, a node that never acknowledges, malformed packets, a node that says bye.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linsock.h>

#include "tests/support/loops.h"
#include "tests/support/qrtr_node.h"
#include "uring/engine.h"
#include "uring/util.h"

/* Messages that the kernel lets go before one is acknowledged. */
#define FLOW_MAX 10

static const int64_t msec = LSK_NSEC_PER_SEC / 1000;
static const struct lsk_qipcrtr_service remote_service = {77, 1, 3};

static struct lsk_addr remote_address(void)
{
	struct lsk_addr addr;

	lsk_addr_qipcrtr(&addr, NODE_REMOTE, 4242);
	return addr;
}

/* Wait until the name service knows the remote node's service. */
static void await_service(void)
{
	struct lsk_qipcrtr_event found;

	for (int i = 0; i < 100; i++) {
		if (lsk_qipcrtr_find(&remote_service, &found, 1, 60000 * msec) == 1)
			return;
	}
	cr_assert_fail("the remote service was not told");
}

/* The remote node acknowledges what came from @port. */
static void acknowledge(int tun, uint32_t port)
{
	struct qrtr_packet packet = {
		.version = 1,
		.type = LSK_QIPCRTR_RESUME_TX,
		.src_node = NODE_REMOTE,
		.src_port = 4242,
		.size = LSK_QIPCRTR_CONTROL_SIZE,
		.dst_node = NODE_LOCAL,
		.dst_port = port,
	};
	const struct lsk_qipcrtr_event resume = {
		.type = LSK_QIPCRTR_RESUME_TX, .node = NODE_REMOTE, .port = 4242};

	cr_assert_eq(lsk_qipcrtr_build(&resume, packet.payload), 0);
	cr_assert_eq(packet_write(tun, &packet), 0);
}

Test(qipcrtr_remote, is_found_and_watched)
{
	int tun = node_start();
	struct lsk_qipcrtr_event found[2];

	await_service();
	cr_assert_eq(lsk_qipcrtr_find(&remote_service, found, 2, 60000 * msec), 1);
	cr_assert_eq(found[0].node, NODE_REMOTE);
	cr_assert_eq(found[0].port, 4242);
	close(tun);
}

Test(qipcrtr_remote, gets_and_sends_messages)
{
	int tun = node_start();
	struct lsk_addr to = remote_address(), from, mine;
	struct lsk_qipcrtr_sender *sender = NULL;
	struct lsk_qipcrtr_event event;
	struct qrtr_packet packet;
	uint32_t node, port;
	char buf[16] = "";

	cr_assert_eq(lsk_qipcrtr_sender_new(&sender), 0);
	lsk_socket_getsockname(lsk_qipcrtr_sender_socket(sender), &mine);
	lsk_addr_qipcrtr_read(&mine, NULL, &port);
	cr_assert_eq(lsk_qipcrtr_send(sender, &to, "question", 8, 60000 * msec), 0);
	packet_await(tun, 1, &packet);
	cr_assert_eq(packet.src_node, NODE_LOCAL);
	cr_assert_eq(packet.src_port, port);
	cr_assert_eq(packet.dst_node, NODE_REMOTE);
	cr_assert_eq(packet.dst_port, 4242);
	cr_assert_eq(packet.size, 8);
	cr_assert_eq(memcmp(packet.payload, "question", 8), 0);

	/* The answer asks to be acknowledged when it is read. */
	packet = (struct qrtr_packet){.version = 1,
				      .type = 1,
				      .src_node = NODE_REMOTE,
				      .src_port = 4242,
				      .confirm_rx = 1,
				      .size = 6,
				      .dst_node = NODE_LOCAL,
				      .dst_port = port,
				      .payload = "answer"};
	cr_assert_eq(packet_write(tun, &packet), 0);
	cr_assert_eq(lsk_qipcrtr_receive(lsk_qipcrtr_sender_socket(sender), buf,
					 sizeof(buf), &from, &event),
		     6);
	cr_assert_str_eq(buf, "answer");
	lsk_addr_qipcrtr_read(&from, &node, NULL);
	cr_assert_eq(node, NODE_REMOTE);
	packet_await(tun, LSK_QIPCRTR_RESUME_TX, &packet);
	cr_assert_eq(packet.dst_node, NODE_REMOTE);
	lsk_qipcrtr_sender_free(sender);
	close(tun);
}

/* Every fifth message asks for an acknowledgement; the eleventh waits for it. */
Test(qipcrtr_remote, holds_a_sender_up_until_it_acknowledges)
{
	int tun = node_start();
	struct lsk_addr to = remote_address(), mine;
	struct lsk_qipcrtr_sender *sender = NULL;
	struct qrtr_packet packet;
	int64_t begin;
	uint32_t port;

	cr_assert_eq(lsk_qipcrtr_sender_new(&sender), 0);
	lsk_socket_getsockname(lsk_qipcrtr_sender_socket(sender), &mine);
	lsk_addr_qipcrtr_read(&mine, NULL, &port);
	for (int i = 0; i < FLOW_MAX; i++) {
		cr_assert_eq(lsk_qipcrtr_send(sender, &to, "x", 1, 60000 * msec), 0);
		packet_await(tun, 1, &packet);
		cr_assert_eq(packet.confirm_rx, i == 4 ? 1 : 0, "message %d", i);
	}
	begin = engine_now_ns();
	cr_assert_eq(lsk_qipcrtr_send(sender, &to, "late", 4, 50 * msec), -ETIME);
	cr_assert_geq(engine_now_ns() - begin, 50 * msec);
	cr_assert_not(packet_waits(tun), "what was given up was not sent");
	/* And again: the next one has a thread of its own. */
	cr_assert_eq(lsk_qipcrtr_send(sender, &to, "late", 4, 50 * msec), -ETIME);
	acknowledge(tun, port);
	cr_assert_eq(lsk_qipcrtr_send(sender, &to, "now", 3, 60000 * msec), 0);
	packet_await(tun, 1, &packet);
	cr_assert_eq(packet.size, 3);
	lsk_qipcrtr_sender_free(sender);
	close(tun);
}

/* A loop goes on while messages wait for a node that never acknowledges. */
Test_on_each_loop(qipcrtr_remote, never_holds_up_a_loop)
{
	enum { COUNT = FLOW_MAX + 3 };
	int tun = node_start();
	struct lsk_qipcrtr_sender *sender = NULL;
	const struct lsk_qipcrtr_message message = {remote_address(), "x", 1};
	struct outcome *outcomes = calloc(COUNT, sizeof(*outcomes));
	struct outcome *tick = calloc(1, sizeof(*tick));
	struct lsk_then then = then_tell(tick);

	cr_assert_eq(lsk_qipcrtr_sender_new(&sender), 0);
	for (int i = 0; i < COUNT; i++) {
		then = then_tell(&outcomes[i]);
		then.timeout_ns = i < FLOW_MAX ? 0 : 200 * msec;
		cr_assert_eq(lsk_qipcrtr_start(sender, loop, &message, &then), 0);
		cr_assert_eq(outcomes[i].events, 0);
	}
	for (int i = 0; i < FLOW_MAX; i++) {
		run_until(loop, &outcomes[i].ends, 1);
		cr_assert_eq(outcomes[i].result, 0);
	}
	then = then_tell(tick);
	cr_assert_eq(lsk_loop_timer(loop, 20 * msec, &then), 0);
	run_until(loop, &tick->ends, 1);
	for (int i = FLOW_MAX; i < COUNT; i++) {
		run_until(loop, &outcomes[i].ends, 1);
		cr_assert_eq(outcomes[i].result, -ETIME, "message %d: %d", i,
			     outcomes[i].result);
	}
	/* What is under way when the sender ends is told of, once. */
	tick->ends = 0;
	then = then_tell(tick);
	cr_assert_eq(lsk_qipcrtr_start(sender, loop, &message, &then), 0);
	lsk_qipcrtr_sender_free(sender);
	cr_assert_eq(tick->ends, 0);
	run_until(loop, &tick->ends, 1);
	cr_assert_eq(tick->result, -ECANCELED);
	run_idle(loop);
	close(tun);
	free(outcomes);
	free(tick);
}

Test(qipcrtr_remote, that_goes_lets_a_waiting_send_fail)
{
	int tun = node_start();
	struct lsk_addr to = remote_address();
	struct lsk_qipcrtr_sender *sender = NULL;

	cr_assert_eq(lsk_qipcrtr_sender_new(&sender), 0);
	for (int i = 0; i < FLOW_MAX; i++)
		cr_assert_eq(lsk_qipcrtr_send(sender, &to, "x", 1, 60000 * msec), 0);
	close(tun);
	cr_assert_eq(lsk_qipcrtr_send(sender, &to, "x", 1, 60000 * msec), -ECONNRESET);
	lsk_qipcrtr_sender_free(sender);
}

Test(qipcrtr_remote, that_says_bye_takes_its_services_along)
{
	const struct lsk_qipcrtr_event bye = {.type = LSK_QIPCRTR_BYE,
					      .node = NODE_REMOTE};
	int tun = node_start();
	struct lsk_socket *watcher = NULL;
	struct lsk_qipcrtr_event event = {0};
	struct lsk_addr from;
	char buf[64];

	await_service();
	cr_assert_eq(lsk_qipcrtr_open(&watcher, 0), 0);
	lsk_socket_set_timeout(watcher, 60000 * msec);
	cr_assert_eq(lsk_qipcrtr_watch(watcher, &remote_service), 0);
	do {
		cr_assert_eq(lsk_qipcrtr_receive(watcher, buf, 64, &from, &event), 0);
	} while (!event.is_end);
	control_write(tun, &bye);
	cr_assert_eq(lsk_qipcrtr_receive(watcher, buf, 64, &from, &event), 0);
	cr_assert_eq(event.type, LSK_QIPCRTR_DEL_SERVER);
	cr_assert_eq(event.node, NODE_REMOTE);
	cr_assert_eq(lsk_qipcrtr_find(&remote_service, NULL, 0, 60000 * msec), 0);
	lsk_socket_free(watcher);
	close(tun);
}

Test(qipcrtr_remote, that_sends_nonsense_does_no_harm)
{
	int tun = node_start();
	struct qrtr_packet packet = {.version = 1,
				     .type = 1,
				     .src_node = NODE_REMOTE,
				     .src_port = 4242,
				     .size = 4,
				     .dst_node = NODE_LOCAL,
				     .dst_port = 0x7ffe};
	struct lsk_socket *sock = NULL;
	struct lsk_qipcrtr_event event;
	struct lsk_addr mine, from;
	char buf[64];
	uint32_t port;

	cr_assert_eq(lsk_qipcrtr_open(&sock, 0), 0);
	lsk_socket_set_timeout(sock, 60000 * msec);
	lsk_socket_getsockname(sock, &mine);
	lsk_addr_qipcrtr_read(&mine, NULL, &port);
	cr_assert_eq(packet_write(tun, &packet), -EINVAL, "to no port");
	cr_assert_lt(write(tun, "abc", 3), 0, "not of whole words");
	packet.dst_port = port;
	packet.version = 9;
	cr_assert_eq(packet_write(tun, &packet), -EINVAL, "of no version");
	packet.version = 1;
	packet.type = LSK_QIPCRTR_BYE;
	cr_assert_eq(packet_write(tun, &packet), -EINVAL, "control to a client");
	packet.type = 1;
	packet.size = 0;
	cr_assert_eq(packet_write(tun, &packet), -EINVAL, "of no bytes");
	/* A control packet that is cut, from a control port, by way of data. */
	packet.size = 8;
	packet.src_port = QRTR_PORT_CTRL;
	cr_assert_eq(packet_write(tun, &packet), 0);
	cr_assert_eq(lsk_qipcrtr_receive(sock, buf, 64, &from, &event), -EBADMSG);
	/* And the socket is as good as before. */
	packet.src_port = 4242;
	cr_assert_eq(packet_write(tun, &packet), 0);
	cr_assert_eq(lsk_qipcrtr_receive(sock, buf, 64, &from, &event), 8);
	lsk_socket_free(sock);
	close(tun);
}
