/* SPDX-License-Identifier: MIT */
/* QIPCRTR: control packets, and sockets with the kernel's own name service. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/qrtr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <linsock.h>

#include "tests/support/loops.h"
#include "uring/util.h"

static const int64_t seconds = LSK_NSEC_PER_SEC;

static struct lsk_socket *socket_for_test(uint32_t port)
{
	struct lsk_socket *sock = NULL;
	int r = lsk_qipcrtr_open(&sock, port);

	if (r == -EAFNOSUPPORT && !getenv("LINSOCK_TEST_QRTR"))
		cr_skip_test("no AF_QIPCRTR here");
	cr_assert_eq(r, 0, "%s", lsk_strerror(r));
	lsk_socket_set_timeout(sock, 60 * seconds);
	return sock;
}

static struct lsk_addr address_of(struct lsk_socket *sock)
{
	struct lsk_addr addr;

	cr_assert_eq(lsk_socket_getsockname(sock, &addr), 0);
	return addr;
}

Test(qipcrtr_packet, is_read_as_it_was_built)
{
	static const struct lsk_qipcrtr_event events[] = {
		{.type = LSK_QIPCRTR_HELLO, .node = 5},
		{.type = LSK_QIPCRTR_BYE, .node = 5},
		{.type = LSK_QIPCRTR_NEW_SERVER,
		 .service = {15, 1, 0xabcdef},
		 .node = 5,
		 .port = 0x4001},
		{.type = LSK_QIPCRTR_DEL_SERVER, .service = {15, 255, 0}, .node = 1},
		{.type = LSK_QIPCRTR_DEL_CLIENT, .node = 1, .port = 0x4002},
		{.type = LSK_QIPCRTR_RESUME_TX, .node = 1, .port = 7},
		{.type = LSK_QIPCRTR_NEW_LOOKUP, .service = {0, 0, 0}},
		{.type = 4711, .node = 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		unsigned char packet[LSK_QIPCRTR_CONTROL_SIZE + 1];
		struct lsk_qipcrtr_event event;

		cr_assert_eq(lsk_qipcrtr_build(&events[i], packet), 0);
		cr_assert_eq(lsk_qipcrtr_parse(packet, 20, &event), 0);
		cr_assert_eq(event.type, events[i].type);
		cr_assert_eq(event.service.service, events[i].service.service);
		cr_assert_eq(event.service.version, events[i].service.version);
		cr_assert_eq(event.service.instance, events[i].service.instance);
		cr_assert_eq(event.node, events[i].node);
		cr_assert_eq(event.port, events[i].port);
		cr_assert_not(event.is_end);
		cr_assert_eq(lsk_qipcrtr_parse(packet, 21, &event), 0);
		cr_assert_eq(lsk_qipcrtr_parse(packet, 19, &event), -EBADMSG);
	}
}

Test(qipcrtr_packet, has_the_bytes_of_the_kernel)
{
	static const unsigned char wanted[] = {4, 0, 0, 0, 15, 0, 0, 0,  1, 2,
					       0, 0, 5, 0, 0,  0, 1, 64, 0, 0};
	const struct lsk_qipcrtr_event event = {.type = LSK_QIPCRTR_NEW_SERVER,
						.service = {15, 1, 2},
						.node = 5,
						.port = 0x4001};
	unsigned char packet[LSK_QIPCRTR_CONTROL_SIZE];

	cr_assert_eq(lsk_qipcrtr_build(&event, packet), 0);
	cr_assert_eq(memcmp(packet, wanted, sizeof(wanted)), 0);
}

Test(qipcrtr_packet, of_nothing_is_the_end)
{
	unsigned char packet[LSK_QIPCRTR_CONTROL_SIZE] = {LSK_QIPCRTR_NEW_SERVER};
	struct lsk_qipcrtr_event event;

	cr_assert_eq(lsk_qipcrtr_parse(packet, sizeof(packet), &event), 0);
	cr_assert(event.is_end);
	packet[0] = LSK_QIPCRTR_DEL_SERVER;
	cr_assert_eq(lsk_qipcrtr_parse(packet, sizeof(packet), &event), 0);
	cr_assert_not(event.is_end);
}

Test(qipcrtr_packet, refuses_what_does_not_fit)
{
	const struct lsk_qipcrtr_event event = {.type = LSK_QIPCRTR_NEW_SERVER,
						.service = {15, 1, 1 << 24}};
	unsigned char packet[LSK_QIPCRTR_CONTROL_SIZE];
	struct lsk_addr addr;

	cr_assert_eq(lsk_qipcrtr_build(&event, packet), LSK_ERR_RANGE);
	cr_assert_eq(lsk_qipcrtr_build(NULL, packet), -EINVAL);
	cr_assert_str_eq(lsk_qipcrtr_type_name(LSK_QIPCRTR_BYE), "bye");
	cr_assert_null(lsk_qipcrtr_type_name(0));
	cr_assert_null(lsk_qipcrtr_type_name(12));
	cr_assert_eq(lsk_addr_parse(&addr, "unix://@x", NULL), 0);
	cr_assert_eq(lsk_addr_qipcrtr_read(&addr, NULL, NULL), LSK_ERR_FAMILY);
}

Test(qipcrtr_socket, is_bound_by_the_kernel_or_by_number)
{
	struct lsk_socket *sock = socket_for_test(0), *other = NULL;
	struct lsk_addr addr = address_of(sock);
	uint32_t node = 0, port = 0;

	cr_assert_eq(lsk_addr_qipcrtr_read(&addr, &node, &port), 0);
	cr_assert_eq(node, 1);
	cr_assert_geq(port, 0x4000);
	cr_assert_eq(lsk_qipcrtr_open(&other, port), -EADDRINUSE);
	cr_assert_eq(lsk_qipcrtr_open(&other, 99), 0, "root may take low ports");
	lsk_socket_free(other);
	lsk_socket_free(sock);
}

Test(qipcrtr_socket, sends_and_receives_on_its_node)
{
	struct lsk_socket *a = socket_for_test(0), *b = socket_for_test(0);
	struct lsk_addr to = address_of(b), from;
	struct lsk_qipcrtr_event event;
	char buf[16] = "";

	cr_assert_eq(lsk_socket_sendto(a, "hello", 5, 0, &to), 5);
	cr_assert_eq(lsk_qipcrtr_receive(b, buf, sizeof(buf), &from, &event), 5);
	cr_assert_eq(event.type, 0);
	cr_assert_str_eq(buf, "hello");
	to = address_of(a);
	cr_assert(lsk_addr_equal(&from, &to));
	/* Connected, by write. */
	cr_assert_eq(lsk_socket_connect(b, &to), 0);
	cr_assert_eq(lsk_socket_send(b, "and back", 8, 0), 8);
	cr_assert_eq(lsk_qipcrtr_receive(a, buf, 3, &from, &event), -EMSGSIZE);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(qipcrtr_socket, tells_why_a_send_failed)
{
	struct lsk_socket *sock = socket_for_test(0), *full = socket_for_test(0);
	struct lsk_addr to, mine = address_of(sock);
	static char big[LSK_QIPCRTR_MESSAGE_MAX + 1];
	uint32_t port;
	ssize_t r = 0;

	lsk_addr_qipcrtr_read(&mine, NULL, &port);
	lsk_addr_qipcrtr(&to, 1, 0x7ffe);
	cr_assert_eq(lsk_socket_sendto(sock, "x", 1, 0, &to), -ENODEV, "no such port");
	lsk_addr_qipcrtr(&to, 1, port);
	cr_assert_eq(lsk_socket_sendto(sock, "x", 1, 0, &to), -ENODEV, "to itself");
	lsk_addr_qipcrtr(&to, 99, 5);
	cr_assert_eq(lsk_socket_sendto(sock, "x", 1, 0, &to), -ECONNRESET,
		     "no such node");
	to = address_of(full);
	cr_assert_eq(lsk_socket_sendto(sock, big, sizeof(big), 0, &to), -EMSGSIZE);
	for (int i = 0; i < 100 && r >= 0; i++)
		r = lsk_socket_sendto(sock, big, 60000, 0, &to);
	cr_assert_eq(r, -ENOSPC, "the receiver is full");
	lsk_socket_free(sock);
	lsk_socket_free(full);
}

Test(qipcrtr_names, come_and_go)
{
	const struct lsk_qipcrtr_service wanted = {.service = 4711};
	const struct lsk_qipcrtr_service offered = {4711, 2, 9};
	struct lsk_socket *watcher = socket_for_test(0), *server = socket_for_test(0);
	struct lsk_addr at = address_of(server), from;
	struct lsk_qipcrtr_event event, found[4];
	unsigned char buf[64];
	uint32_t port;

	lsk_addr_qipcrtr_read(&at, NULL, &port);
	cr_assert_eq(lsk_qipcrtr_find(&wanted, found, 4, 60 * seconds), 0);
	cr_assert_eq(lsk_qipcrtr_watch(watcher, &wanted), 0);
	cr_assert_eq(lsk_qipcrtr_receive(watcher, buf, sizeof(buf), &from, &event), 0);
	cr_assert(event.is_end, "there was nothing");
	cr_assert_eq(lsk_qipcrtr_publish(server, &offered), 0);
	cr_assert_eq(lsk_qipcrtr_receive(watcher, buf, sizeof(buf), &from, &event), 0);
	cr_assert_eq(event.type, LSK_QIPCRTR_NEW_SERVER);
	cr_assert_eq(event.service.version, 2);
	cr_assert_eq(event.service.instance, 9);
	cr_assert_eq(event.port, port);
	cr_assert_eq(lsk_qipcrtr_find(&wanted, found, 4, 60 * seconds), 1);
	cr_assert_eq(found[0].port, port);
	cr_assert_eq(lsk_qipcrtr_find(&wanted, NULL, 0, 60 * seconds), 1);
	cr_assert_eq(lsk_qipcrtr_find(&(struct lsk_qipcrtr_service){4711, 3, 9}, found,
				      4, 60 * seconds),
		     0, "another version");
	cr_assert_eq(lsk_qipcrtr_withdraw(server, &offered), 0);
	cr_assert_eq(lsk_qipcrtr_receive(watcher, buf, sizeof(buf), &from, &event), 0);
	cr_assert_eq(event.type, LSK_QIPCRTR_DEL_SERVER);
	/* A port that is closed takes its service along. */
	cr_assert_eq(lsk_qipcrtr_publish(server, &offered), 0);
	cr_assert_eq(lsk_qipcrtr_receive(watcher, buf, sizeof(buf), &from, &event), 0);
	lsk_socket_free(server);
	cr_assert_eq(lsk_qipcrtr_receive(watcher, buf, sizeof(buf), &from, &event), 0);
	cr_assert_eq(event.type, LSK_QIPCRTR_DEL_SERVER);
	cr_assert_eq(event.port, port);
	/* No more is told after the end of the watch. */
	cr_assert_eq(lsk_qipcrtr_unwatch(watcher, &wanted), 0);
	server = socket_for_test(0);
	cr_assert_eq(lsk_qipcrtr_publish(server, &offered), 0);
	lsk_qipcrtr_find(&wanted, found, 4, 60 * seconds);
	lsk_socket_set_timeout(watcher, 0);
	do {
		event.type = 0;
	} while (lsk_qipcrtr_receive(watcher, buf, sizeof(buf), &from, &event) == 0 &&
		 event.type == LSK_QIPCRTR_DEL_CLIENT);
	cr_assert_neq(event.type, LSK_QIPCRTR_NEW_SERVER);
	lsk_socket_free(server);
	lsk_socket_free(watcher);
}

Test_on_each_loop(qipcrtr_loop, streams_messages_and_events)
{
	const struct lsk_pool_options options = {.flags = LSK_POOL_MESSAGES};
	const struct lsk_qipcrtr_service service = {4712, 1, 1};
	struct lsk_socket *sock = socket_for_test(0), *peer = socket_for_test(0);
	struct lsk_addr to = address_of(sock), from;
	struct outcome *outcome = calloc(1, sizeof(*outcome));
	struct outcome *sent = calloc(1, sizeof(*sent));
	struct lsk_then then = then_tell(outcome), told = then_tell(sent);
	struct lsk_qipcrtr_event event;
	struct lsk_pool *pool = NULL;
	struct msghdr message;

	outcome->keeps = true;
	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	cr_assert_eq(lsk_loop_recvmsg_stream(loop, sock, pool, &then), 0);
	cr_assert_eq(lsk_qipcrtr_watch(sock, &service), 0);
	run_until(loop, &outcome->events, 1);
	cr_assert_eq(lsk_lease_message(pool, outcome->last.lease, &message), 0);
	cr_assert_eq(lsk_addr_set(&from, message.msg_name, message.msg_namelen), 0);
	cr_assert_eq(lsk_qipcrtr_event(&from, outcome->last.data,
				       (size_t)outcome->last.result, &event),
		     0);
	cr_assert(event.is_end);
	cr_assert_eq(lsk_socket_connect(peer, &to), 0);
	cr_assert_eq(lsk_loop_send(loop, peer, "ping", 4, 0, &told), 0);
	run_until(loop, &outcome->events, 2);
	cr_assert_eq(outcome->last.result, 4);
	cr_assert_eq(lsk_lease_message(pool, outcome->last.lease, &message), 0);
	lsk_addr_set(&from, message.msg_name, message.msg_namelen);
	cr_assert_eq(lsk_qipcrtr_event(&from, outcome->last.data, 4, &event), -ENOMSG);
	run_until(loop, &sent->ends, 1);
	cr_assert_eq(sent->result, 4);
	lsk_loop_close(loop, sock, NULL);
	lsk_loop_close(loop, peer, NULL);
	run_until(loop, &outcome->ends, 1);
	free(outcome);
	free(sent);
	lsk_socket_free(sock);
	lsk_socket_free(peer);
}

Test(qipcrtr_sender, takes_messages_to_its_own_node_too)
{
	struct lsk_socket *sock = socket_for_test(0);
	struct lsk_qipcrtr_sender *sender = NULL;
	struct lsk_addr to = address_of(sock), from, mine;
	struct lsk_qipcrtr_event event;
	char buf[8];

	cr_assert_eq(lsk_qipcrtr_sender_new(&sender), 0);
	cr_assert_eq(lsk_qipcrtr_send(sender, &to, "a", 1, 60 * seconds), 0);
	cr_assert_eq(lsk_qipcrtr_receive(sock, buf, 8, &from, &event), 1);
	mine = address_of(lsk_qipcrtr_sender_socket(sender));
	cr_assert(lsk_addr_equal(&from, &mine));
	lsk_addr_qipcrtr(&to, 99, 1);
	cr_assert_eq(lsk_qipcrtr_send(sender, &to, "a", 1, LSK_BLOCK), -ECONNRESET);
	cr_assert_eq(lsk_qipcrtr_send(sender, &to, buf, 65536, 0), -EMSGSIZE);
	lsk_qipcrtr_sender_free(sender);
	lsk_socket_free(sock);
}
