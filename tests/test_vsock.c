/* SPDX-License-Identifier: MIT */
/*
 * VSOCK over loopback (module vsock_loopback), which a host without it skips; the
 * scenarios vsock_*.sh bring it up in virtual machines.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linsock/endpoint.h>
#include <linsock/message.h>
#include <linsock/vsock.h>

#include "tests/support/kernel.h"
#include "tests/support/loops.h"

#define MSEC INT64_C(1000000)

#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

static struct lsk_socket *make(int type)
{
	struct lsk_socket *sock = NULL;
	int r = lsk_socket_new(&sock, AF_VSOCK, type, 0);

	if (r == -EAFNOSUPPORT || r == -ENODEV || r == -ESOCKTNOSUPPORT)
		cr_skip_test("no such socket here: %s", lsk_strerror(r));
	cr_assert_eq(r, 0);
	lsk_socket_set_timeout(sock, 60000 * MSEC);
	return sock;
}

static struct lsk_socket *listen_on(int type, struct lsk_addr *ret_addr)
{
	struct lsk_socket *sock = make(type);
	struct lsk_addr addr;
	struct sockaddr_vm vm;

	cr_assert_eq(lsk_addr_vsock(&addr, VMADDR_CID_ANY, VMADDR_PORT_ANY, 0), 0);
	cr_assert_eq(lsk_socket_bind(sock, &addr), 0);
	cr_assert_eq(lsk_socket_listen(sock, 16), 0);
	cr_assert_eq(lsk_socket_getsockname(sock, &addr), 0);
	memcpy(&vm, &addr.storage, sizeof(vm));
	cr_assert_eq(lsk_addr_vsock(ret_addr, VMADDR_CID_LOCAL, vm.svm_port, 0), 0);
	return sock;
}

/* Connect over loopback, or skip where there is none. */
static struct lsk_socket *connect_to(const struct lsk_addr *addr, int type)
{
	struct lsk_socket *sock = make(type);
	int r;

	cr_assert_eq(lsk_vsock_set_connect_timeout(sock, 5000 * MSEC), 0);
	r = lsk_socket_connect(sock, addr);
	/* ESOCKTNOSUPPORT: a monitor that takes loopback's place has streams only. */
	if (r == -ENODEV || r == -ETIMEDOUT || r == -ENETUNREACH ||
	    r == -ESOCKTNOSUPPORT)
		cr_skip_test("no loopback of VSOCK here: %s", lsk_strerror(r));
	cr_assert_eq(r, 0, "connect: %d", r);
	return sock;
}

static void make_pair(int type, struct lsk_socket *ret_pair[2])
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listen_on(type, &addr);

	ret_pair[0] = connect_to(&addr, type);
	cr_assert_eq(lsk_socket_accept(listener, &ret_pair[1], NULL), 0);
	lsk_socket_set_timeout(ret_pair[1], 60000 * MSEC);
	lsk_socket_free(listener);
}

static void free_pair(struct lsk_socket *pair[2])
{
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

Test(vsock, a_stream_carries_bytes_both_ways)
{
	struct lsk_socket *pair[2];
	char buf[16];

	make_pair(SOCK_STREAM, pair);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(lsk_socket_send(pair[i], "hello", 5, 0), 5);
		cr_assert_eq(lsk_socket_recv(pair[1 - i], buf, 5, MSG_WAITALL), 5);
		cr_assert_eq(memcmp(buf, "hello", 5), 0);
	}
	free_pair(pair);
}

Test(vsock, a_message_keeps_its_bounds)
{
	struct lsk_socket *pair[2];
	char buf[16];

	make_pair(SOCK_SEQPACKET, pair);
	cr_assert_eq(lsk_socket_send(pair[0], "one", 3, 0), 3);
	cr_assert_eq(lsk_socket_send(pair[0], "three", 5, 0), 5);
	cr_assert_eq(lsk_socket_recv(pair[1], buf, sizeof(buf), 0), 3);
	cr_assert_eq(lsk_socket_recv(pair[1], buf, sizeof(buf), 0), 5);
	free_pair(pair);
}

/* VMCI alone has datagrams. */
Test(vsock, a_datagram_socket_is_refused_by_the_transport)
{
	struct lsk_socket *sock = NULL;
	int r = lsk_socket_new(&sock, AF_VSOCK, SOCK_DGRAM, 0);

	if (r == -EAFNOSUPPORT)
		cr_skip_test("no VSOCK here");
	if (r == 0) {
		lsk_socket_free(sock);
		cr_skip_test("this transport has datagrams");
	}
	cr_assert_eq(r, -ENODEV, "%d", r);
}

Test(vsock, nobody_at_the_port_resets)
{
	struct lsk_socket *pair[2], *sock;
	struct lsk_addr addr;
	struct sockaddr_vm vm;

	make_pair(SOCK_STREAM, pair);
	/* The listener is gone; its port was our peer's. */
	cr_assert_eq(lsk_socket_getpeername(pair[0], &addr), 0);
	memcpy(&vm, &addr.storage, sizeof(vm));
	cr_assert_eq(lsk_addr_vsock(&addr, VMADDR_CID_LOCAL, vm.svm_port, 0), 0);
	sock = make(SOCK_STREAM);
	cr_assert_eq(lsk_socket_connect(sock, &addr), -ECONNRESET);
	lsk_socket_free(sock);
	free_pair(pair);
}

Test(vsock, buffers_are_what_was_asked_for)
{
	struct lsk_socket *sock = make(SOCK_STREAM);
	struct lsk_vsock_buffer buffer;
	struct lsk_endpoint *endpoint = NULL;

	cr_assert_eq(lsk_vsock_buffer(sock, &buffer), 0);
	cr_assert_eq(buffer.size, 262144);
	cr_assert_eq(lsk_vsock_set_buffer(sock, 16 << 20), 0);
	cr_assert_eq(lsk_vsock_buffer(sock, &buffer), 0);
	cr_assert_eq(buffer.size, 16 << 20);
	cr_assert_eq(buffer.max, 16 << 20);
	cr_assert_eq(lsk_vsock_set_buffer(sock, 64), 0);
	cr_assert_eq(lsk_vsock_buffer(sock, &buffer), 0);
	cr_assert_eq(buffer.size, 64);
	cr_assert_eq(buffer.min, 64);
	lsk_socket_free(sock);
	cr_assert_eq(
		lsk_endpoint_new(&endpoint, "vsock://any:any?buffer=1048576", NULL), 0);
	cr_assert_eq(lsk_endpoint_listen(endpoint, &sock, NULL), 0);
	cr_assert_eq(lsk_vsock_buffer(sock, &buffer), 0);
	cr_assert_eq(buffer.size, 1 << 20);
	lsk_socket_free(sock);
	lsk_endpoint_free(endpoint);
}

Test(vsock, the_kernel_tries_as_long_as_it_is_told)
{
	struct lsk_socket *sock = make(SOCK_STREAM);
	int64_t timeout_ns = 0;

	cr_assert_eq(lsk_vsock_connect_timeout(sock, &timeout_ns), 0);
	cr_assert_eq(timeout_ns, 2000 * MSEC);
	cr_assert_eq(lsk_vsock_set_connect_timeout(sock, 1500 * MSEC), 0);
	cr_assert_eq(lsk_vsock_connect_timeout(sock, &timeout_ns), 0);
	cr_assert_eq(timeout_ns, 1500 * MSEC);
	cr_assert_eq(lsk_vsock_set_connect_timeout(sock, 0), -EINVAL);
	cr_assert_eq(lsk_vsock_set_connect_timeout(sock, -1), -EINVAL);
	lsk_socket_free(sock);
}

Test(vsock, endpoints_have_options_of_their_own)
{
	static const char *const bad[] = {
		"vsock://host:1?buffer", "vsock://host:1?buffer=x",
		"vsock://host:1?connect-timeout=0", "vsock://host:1?connect-timeout"};
	struct lsk_endpoint *endpoint = NULL;
	struct lsk_socket *sock = make(SOCK_STREAM);
	struct lsk_error error;

	lsk_socket_free(sock);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int r = lsk_endpoint_new(&endpoint, bad[i], &error);

		if (r == 0)
			r = lsk_endpoint_connect(endpoint, 1000 * MSEC, &sock, &error);
		cr_assert_eq(r, LSK_ERR_VALUE, "%s: %d", bad[i], r);
		endpoint = lsk_endpoint_free(endpoint);
	}
	cr_assert_eq(
		lsk_endpoint_new(&endpoint, "vsock://local:1?type=seqpacket", NULL), 0);
	cr_assert_eq(lsk_endpoint_type(endpoint), SOCK_SEQPACKET);
	lsk_endpoint_free(endpoint);
}

/* What a kernel counts: nothing is left to send once the peer has it to read. */
static void check_queues(int type)
{
	const bool has_unsent = !kernel_before(6, 12),
		   has_unread = !kernel_before(6, 17);
	struct pollfd watched = {.events = POLLIN};
	struct lsk_socket *pair[2];
	char buf[100] = "";

	make_pair(type, pair);
	cr_assert_eq(lsk_vsock_unsent(pair[0]), has_unsent ? 0 : -EOPNOTSUPP);
	cr_assert_eq(lsk_vsock_unread(pair[1]), has_unread ? 0 : -EOPNOTSUPP);
	for (int i = 1; i <= 3; i++)
		cr_assert_eq(lsk_socket_send(pair[0], buf, sizeof(buf), 0),
			     sizeof(buf));
	for (int i = 0; i < 2; i++)
		cr_assert_eq(lsk_socket_recv(pair[1], buf, sizeof(buf), MSG_WAITALL),
			     sizeof(buf));
	watched.fd = lsk_socket_fd(pair[1]);
	cr_assert_eq(poll(&watched, 1, 60000), 1);
	cr_assert_eq(lsk_vsock_unsent(pair[0]), has_unsent ? 0 : -EOPNOTSUPP);
	cr_assert_eq(lsk_vsock_unread(pair[1]),
		     has_unread ? (int)sizeof(buf) : -EOPNOTSUPP);
	cr_assert_eq(lsk_socket_recv(pair[1], buf, sizeof(buf), MSG_WAITALL),
		     sizeof(buf));
	cr_assert_eq(lsk_vsock_unread(pair[1]), has_unread ? 0 : -EOPNOTSUPP);
	free_pair(pair);
}

Test(vsock, queues_of_a_stream_are_told_where_the_kernel_can)
{
	check_queues(SOCK_STREAM);
}

Test(vsock, queues_of_messages_are_told_where_the_kernel_can)
{
	check_queues(SOCK_SEQPACKET);
}

Test(vsock, queues_of_a_listener_are_none)
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listen_on(SOCK_STREAM, &addr);

	/* It has no transport that could be asked. */
	cr_assert_eq(lsk_vsock_unsent(listener), -EOPNOTSUPP);
	cr_assert_eq(lsk_vsock_unread(listener), -EOPNOTSUPP);
	lsk_socket_free(listener);
}

Test(vsock, one_direction_ends_and_the_other_goes_on)
{
	struct lsk_socket *pair[2];
	char buf[16];

	make_pair(SOCK_STREAM, pair);
	cr_assert_eq(lsk_socket_send(pair[0], "last", 4, 0), 4);
	cr_assert_eq(lsk_socket_shutdown(pair[0], SHUT_WR), 0);
	cr_assert_eq(lsk_socket_recv(pair[1], buf, 4, MSG_WAITALL), 4);
	cr_assert_eq(lsk_socket_recv(pair[1], buf, sizeof(buf), 0), 0);
	cr_assert_eq(lsk_socket_send(pair[1], "answer", 6, 0), 6);
	cr_assert_eq(lsk_socket_recv(pair[0], buf, 6, MSG_WAITALL), 6);
	cr_assert_eq(lsk_socket_send(pair[0], "x", 1, 0), -EPIPE);
	free_pair(pair);
}

Test(vsock, a_peer_that_is_gone_is_told)
{
	struct lsk_socket *pair[2];
	char buf[16];
	ssize_t r;

	make_pair(SOCK_STREAM, pair);
	cr_assert_eq(lsk_socket_send(pair[0], "never read", 10, 0), 10);
	pair[1] = lsk_socket_free(pair[1]);
	r = lsk_socket_recv(pair[0], buf, sizeof(buf), 0);
	cr_assert(r == 0 || r == -ECONNRESET, "%zd", r);
	/* No signal, and an error. */
	r = lsk_socket_send(pair[0], "x", 1, 0);
	cr_assert(r == -EPIPE || r == -ECONNRESET || r == -ENOTCONN, "%zd", r);
	free_pair(pair);
}

Test(vsock, a_listener_that_closes_resets_those_who_wait)
{
	struct lsk_addr addr;
	struct lsk_socket *waiting[8];

	for (int round = 0; round < 20; round++) {
		struct lsk_socket *listener = listen_on(SOCK_STREAM, &addr);
		char buf[1];

		for (size_t i = 0; i < 8; i++)
			waiting[i] = connect_to(&addr, SOCK_STREAM);
		lsk_socket_free(listener);
		for (size_t i = 0; i < 8; i++) {
			ssize_t r = lsk_socket_recv(waiting[i], buf, 1, 0);

			/* The reset may have been there before the call. */
			cr_assert(r == 0 || r == -ECONNRESET || r == -ENOTCONN, "%zd",
				  r);
			lsk_socket_free(waiting[i]);
		}
	}
}

Test(vsock, zero_copy_sends_are_told_when_they_are_done)
{
	static char data[256 << 10];
	struct lsk_socket *pair[2];
	_Alignas(struct cmsghdr) char control[128];
	struct lsk_message message = {.control = {control, sizeof(control), 0}};
	struct lsk_control_item item;
	uint32_t first = 99, last = 99;
	bool was_copied;
	size_t offset = 0, got = 0;
	int one = 1, r;

	make_pair(SOCK_STREAM, pair);
	r = lsk_socket_setsockopt(pair[0], SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one));
	if (r == -EOPNOTSUPP || r == -ENOTSUP) {
		free_pair(pair);
		cr_skip_test("this kernel's VSOCK has no zero-copy (Linux 6.7)");
	}
	cr_assert_eq(r, 0);
	cr_assert_eq(lsk_socket_send(pair[0], data, 65536, MSG_ZEROCOPY), 65536);
	while (got < 65536) {
		ssize_t count = lsk_socket_recv(pair[1], data, sizeof(data), 0);

		cr_assert_gt(count, 0);
		got += (size_t)count;
	}
	do {
		struct pollfd watched = {.fd = lsk_socket_fd(pair[0])};

		cr_assert_eq(poll(&watched, 1, 60000), 1);
		r = (int)lsk_socket_recvmsg(pair[0], &message, MSG_ERRQUEUE);
	} while (r == -EAGAIN);
	cr_assert_eq(r, 0);
	cr_assert_eq(lsk_control_next(&message.control, &offset, &item), 1);
	cr_assert_eq(lsk_vsock_get_zero_copy(&item, &first, &last, &was_copied), 0);
	cr_assert_eq(first, 0);
	cr_assert_eq(last, 0);
	item.len = 1;
	cr_assert_eq(lsk_vsock_get_zero_copy(&item, &first, &last, NULL), -EBADMSG);
	item.type++;
	cr_assert_eq(lsk_vsock_get_zero_copy(&item, &first, &last, NULL), -ENOMSG);
	free_pair(pair);
}

/* 2 MiB through the loop, more than the buffers hold: both directions wait. */
static void transfer(struct lsk_loop *loop, int type)
{
	enum { SIZE = 2 << 20, PIECE = 32 << 10 };
	static char data[SIZE];
	struct lsk_socket *pair[2];
	struct lsk_pool *pool = NULL;
	struct outcome sent = {0}, received = {0};
	const struct lsk_then then_sent = then_tell(&sent);
	const struct lsk_then then_received = then_tell(&received);
	struct lsk_event none;

	make_pair(type, pair);
	cr_assert_eq(lsk_pool_new(loop, &pool, NULL), 0);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[1], pool, &then_received), 0);
	for (size_t at = 0; at < SIZE; at += PIECE)
		cr_assert_eq(
			lsk_loop_send(loop, pair[0], data + at, PIECE, 0, &then_sent),
			0);
	run_until(loop, &sent.ends, SIZE / PIECE);
	while (received.bytes < SIZE && received.ends == 0)
		cr_assert_geq(lsk_loop_next(loop, &none, 1, LSK_NSEC_PER_SEC), 0);
	cr_assert_eq(received.bytes, SIZE);
	if (type == SOCK_SEQPACKET)
		cr_assert_eq(received.events, SIZE / PIECE);
	free_pair(pair);
}

Test_on_each_loop(vsock, two_mebibytes_pass_as_a_stream)
{
	transfer(loop, SOCK_STREAM);
}

Test_on_each_loop(vsock, two_mebibytes_pass_as_messages)
{
	transfer(loop, SOCK_SEQPACKET);
}

Test_on_each_loop(vsock, a_loop_accepts_and_connects)
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listen_on(SOCK_STREAM, &addr);
	struct lsk_socket *probe = connect_to(&addr, SOCK_STREAM);
	struct lsk_socket *sock = make(SOCK_STREAM);
	struct outcome accepted = {0}, connected = {0};
	const struct lsk_then then_accepted = then_tell(&accepted);
	const struct lsk_then then_connected = then_tell(&connected);

	cr_assert_eq(lsk_loop_accept_stream(loop, listener, &then_accepted), 0);
	cr_assert_eq(lsk_loop_connect(loop, sock, &addr, &then_connected), 0);
	run_until(loop, &connected.ends, 1);
	run_until(loop, &accepted.events, 2);
	cr_assert_eq(connected.result, 0);
	cr_assert_geq(accepted.result, 0);
	lsk_socket_free(probe);
	lsk_socket_free(sock);
	lsk_socket_free(listener);
}

Test(vsock, the_local_number_is_told)
{
	uint32_t cid = 0;
	int r = lsk_vsock_local_cid(&cid);

	if (r == -ENOENT || r == -EACCES)
		cr_skip_test("/dev/vsock: %s", lsk_strerror(r));
	if (r == 0)
		cr_assert_geq(cid, VMADDR_CID_LOCAL);
	else
		cr_assert_eq(r, -ENODEV);
	cr_assert_eq(lsk_vsock_local_cid(NULL), -EINVAL);
}

/* A monitor that answers as it is told; on a UNIX socket, so that it runs everywhere.
 */
struct monitor {
	pthread_t thread;
	struct lsk_socket *listener;
	const char *answer;
	char request[64];
};

static void *monitor_main(void *context)
{
	struct monitor *monitor = context;
	struct lsk_socket *sock = NULL;
	ssize_t count;

	if (lsk_socket_accept(monitor->listener, &sock, NULL) < 0)
		return NULL;
	count = lsk_socket_recv(sock, monitor->request, sizeof(monitor->request) - 1,
				0);
	monitor->request[count > 0 ? count : 0] = '\0';
	lsk_socket_sendall(sock, monitor->answer, strlen(monitor->answer), 0, NULL);
	lsk_socket_free(sock);
	return NULL;
}

static int ask_monitor(struct monitor *monitor, struct lsk_socket **ret_socket,
		       struct lsk_error *ret_error)
{
	char path[64];
	struct lsk_addr addr;
	int r;

	snprintf(path, sizeof(path), "/tmp/linsock-test-vsock-%d", (int)getpid());
	unlink(path);
	cr_assert_eq(lsk_addr_unix(&addr, path, strlen(path)), 0);
	cr_assert_eq(lsk_socket_new(&monitor->listener, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(monitor->listener, &addr), 0);
	cr_assert_eq(lsk_socket_listen(monitor->listener, 1), 0);
	cr_assert_eq(pthread_create(&monitor->thread, NULL, monitor_main, monitor), 0);
	r = lsk_vsock_hybrid_connect(path, 1234, 60000 * MSEC, ret_socket, ret_error);
	pthread_join(monitor->thread, NULL);
	lsk_socket_free(monitor->listener);
	unlink(path);
	return r;
}

Test(vsock_hybrid, the_handshake_leaves_the_guest_s_bytes)
{
	struct monitor monitor = {.answer = "OK 1073741824\nhello"};
	struct lsk_socket *sock = NULL;
	char buf[16];

	cr_assert_eq(ask_monitor(&monitor, &sock, NULL), 0);
	cr_assert_str_eq(monitor.request, "CONNECT 1234\n");
	cr_assert_eq(lsk_socket_recv(sock, buf, 5, MSG_WAITALL), 5);
	cr_assert_eq(memcmp(buf, "hello", 5), 0);
	lsk_socket_free(sock);
}

Test(vsock_hybrid, other_answers_are_told)
{
	struct monitor silent = {.answer = ""}, rude = {.answer = "NO\n"};
	struct monitor endless = {.answer = "OK 11111111111111111111111111111111111111"
					    "11111111111111111111111111111111111111"};
	struct lsk_socket *sock = NULL;
	struct lsk_error error = {0};
	struct lsk_addr addr;

	cr_assert_eq(ask_monitor(&silent, &sock, NULL), -ECONNRESET);
	cr_assert_eq(ask_monitor(&rude, &sock, &error), -EPROTO);
	cr_assert(strstr(error.text, "NO") != NULL, "%s", error.text);
	cr_assert_eq(ask_monitor(&endless, &sock, NULL), -EPROTO);
	cr_assert_eq(
		lsk_vsock_hybrid_connect("/nonexistent", 1, LSK_BLOCK, &sock, NULL),
		-ENOENT);
	cr_assert_eq(lsk_vsock_hybrid_connect("/x", 1, 0, &sock, NULL), -EINVAL);
	cr_assert_null(sock);
	cr_assert_eq(lsk_vsock_hybrid_addr(&addr, "/run/vm.sock", 52), 0);
}
