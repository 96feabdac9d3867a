/* SPDX-License-Identifier: MIT */
/*
 * QIPCRTR when the name service begins anew. The kernels of the matrix never do that
 * while a socket is open, which holds the module: what its sockets would be told then,
 * ENETRESET once, is put in front of the real one. In the scenario qipcrtr_socket.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include <linsock.h>

#include "tests/support/fault.h"

static const int64_t limit_ns = 60 * LSK_NSEC_PER_SEC;
static const struct lsk_qipcrtr_service offered = {4713, 2, 9};

static struct lsk_socket *socket_for_test(void)
{
	struct lsk_socket *sock = NULL;
	int r = lsk_qipcrtr_open(&sock, 0);

	if (r == -EAFNOSUPPORT && !getenv("LINSOCK_TEST_QRTR"))
		cr_skip_test("no AF_QIPCRTR here: scenario qipcrtr_socket");
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_socket_set_timeout(sock, limit_ns), 0);
	return sock;
}

static struct lsk_qipcrtr_event event_of(struct lsk_socket *sock)
{
	unsigned char packet[LSK_QIPCRTR_CONTROL_SIZE];
	struct lsk_qipcrtr_event event;
	struct lsk_addr from;
	ssize_t r = lsk_qipcrtr_receive(sock, packet, sizeof(packet), &from, &event);

	cr_assert_eq(r, 0, "%zd", r);
	return event;
}

/* It is told once, loses nothing of what comes, and a new watch goes on from there. */
Test(qipcrtr_reset, is_told_to_a_watcher_who_watches_again)
{
	struct lsk_socket *watcher = socket_for_test(), *server = socket_for_test();
	unsigned char packet[LSK_QIPCRTR_CONTROL_SIZE];
	struct lsk_qipcrtr_event event;
	struct lsk_addr from;

	cr_assert_eq(lsk_qipcrtr_watch(watcher, &offered), 0);
	cr_assert(event_of(watcher).is_end);
	fault_arm(FAULT_recvmsg, 1, ENETRESET, false);
	cr_assert_eq(
		lsk_qipcrtr_receive(watcher, packet, sizeof(packet), &from, &event),
		-ENETRESET);
	cr_assert_eq(fault_hits(FAULT_recvmsg), 1);
	cr_assert_eq(lsk_qipcrtr_publish(server, &offered), 0);
	cr_assert_eq(lsk_qipcrtr_watch(watcher, &offered), 0);
	cr_assert_eq(event_of(watcher).type, LSK_QIPCRTR_NEW_SERVER);
	lsk_socket_free(server);
	lsk_socket_free(watcher);
}

Test(qipcrtr_reset, makes_a_lookup_ask_again)
{
	struct lsk_socket *server = socket_for_test();
	struct lsk_qipcrtr_event found[2];

	cr_assert_eq(lsk_qipcrtr_publish(server, &offered), 0);
	/* Before the first server is told, and behind it. */
	for (unsigned int nth = 1; nth <= 2; nth++) {
		fault_arm(FAULT_recvmsg, nth, ENETRESET, false);
		cr_assert_eq(lsk_qipcrtr_find(&offered, found, 2, limit_ns), 1);
		cr_assert_eq(fault_hits(FAULT_recvmsg), 1);
		cr_assert_eq(found[0].service.instance, offered.instance);
	}
	lsk_socket_free(server);
}
