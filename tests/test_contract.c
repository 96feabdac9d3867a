/* SPDX-License-Identifier: MIT */
/* Rows of docs/contract.md that are of no module alone. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linsock/inet.h>
#include <linsock/message.h>
#include <linsock/option.h>
#include <linsock/trace.h>

#include "tests/support/names.h"
#include "tests/support/sockets.h"

/* Younger than the headers of some systems. */
#define OPTION_PASSRIGHTS 83
#define FLAG_ZEROCOPY     0x4000000

TestSuite(contract, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);

Test(contract, close_of_a_descriptor_is_one_system_call)
{
	int fds[2];
	int copy;

	cr_assert_eq(pipe(fds), 0);
	copy = lsk_fd_dup(fds[0]);
	cr_assert_geq(copy, 0);
	cr_assert(fcntl(copy, F_GETFD) & FD_CLOEXEC);
	cr_assert_eq(lsk_fd_close(copy), 0);
	cr_assert_eq(lsk_fd_close(copy), -EBADF);
	cr_assert_eq(lsk_fd_dup(copy), -EBADF);
	cr_assert_eq(lsk_fd_close(-1), -EBADF);
	close(fds[0]);
	close(fds[1]);
}

/* Connects to where the pair is about to, a moment before it does. */
static int intrude(void *context, const struct lsk_trace_event *event)
{
	int *stranger = context;

	if (event->operation != LSK_TRACE_CONNECT || event->is_done)
		return 0;
	*stranger = socket(event->domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(*stranger, &event->addr->sa, event->addr->len), 0);
	return 0;
}

Test(contract, socketpair_over_loopback_refuses_a_stranger)
{
	static const int domains[] = {AF_INET, AF_INET6};
	struct lsk_socket *pair[2] = {NULL, NULL};
	int stranger = -1;

	for (int i = 0; i < 2; i++) {
		lsk_set_trace_hook(intrude, &stranger);
		cr_assert_eq(lsk_socket_pair(pair, domains[i], SOCK_STREAM, 0),
			     -ECONNABORTED);
		lsk_set_trace_hook(NULL, NULL);
		cr_assert_null(pair[0]);
		cr_assert_geq(stranger, 0);
		close(stranger);
	}
}

Test(contract, create_connection_deadline_covers_the_name_lookup)
{
	struct lsk_connect_options options = {.timeout_ns = 50 * MSEC};
	struct lsk_connect_attempt attempt;
	struct lsk_connect_report report = {&attempt, 1, 99};
	struct lsk_socket *sock = NULL;
	int server;

	names_enter();
	server = names_server();
	cr_assert_eq(lsk_connect_host(&sock, "silent.example", "80", &options, &report,
				      NULL),
		     -ETIME);
	cr_assert_null(sock);
	cr_assert_eq(report.count, 0);
	close(server);
	descriptors_forget();
}

Test(contract, time_wait_does_not_keep_a_server_from_its_port)
{
	struct lsk_socket *server, *client, *peer, *plain;
	struct lsk_addr addr;
	char byte;

	lsk_addr_inet(&addr, "127.0.0.1", 0);
	cr_assert_eq(lsk_create_server(&server, &addr, NULL, NULL), 0);
	lsk_socket_getsockname(server, &addr);
	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_connect(client, &addr), 0);
	cr_assert_eq(lsk_socket_accept(server, &peer, NULL), 0);
	/* Who closes first waits: the server's end. */
	lsk_socket_free(peer);
	cr_assert_eq(lsk_socket_recv(client, &byte, 1, 0), 0);
	lsk_socket_free(client);
	lsk_socket_free(server);
	cr_assert_eq(lsk_socket_new(&plain, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(plain, &addr), -EADDRINUSE);
	lsk_socket_free(plain);
	cr_assert_eq(lsk_create_server(&server, &addr, NULL, NULL), 0);
	lsk_socket_free(server);
}

Test(contract, shutdown_is_an_end_and_close_over_unread_data_a_reset)
{
	struct lsk_socket *pair[2];
	char byte;

	tcp_pair_make(pair);
	cr_assert_eq(lsk_socket_shutdown(pair[0], SHUT_WR), 0);
	cr_assert_eq(lsk_socket_recv(pair[1], &byte, 1, 0), 0);
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
	tcp_pair_make(pair);
	cr_assert_eq(lsk_socket_send(pair[1], "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_wait(pair[0], POLLIN, LSK_BLOCK), POLLIN);
	lsk_socket_close(pair[0]);
	cr_assert_eq(lsk_socket_recv(pair[1], &byte, 1, 0), -ECONNRESET);
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

Test(contract, setsockopt_without_a_value_is_passed_on)
{
	struct lsk_socket *sock;
	char name[16];

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_set_device(sock, "lo"), 0);
	cr_assert_eq(lsk_socket_setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, NULL, 0),
		     0);
	cr_assert_eq(lsk_socket_device(sock, name), 0, "it is bound to none");
	lsk_socket_free(sock);
}

/* CPython reads every option of a VSOCK socket as 64 bits: no SO_LINGER for it. */
Test(contract, vsock_options_are_of_64_bits_at_their_own_level_alone)
{
	struct lsk_socket *sock;
	char text[64];
	int seconds;

	if (lsk_socket_new(&sock, AF_VSOCK, SOCK_STREAM, 0) < 0)
		cr_skip_test("this kernel has no VSOCK");
	cr_assert_eq(lsk_socket_set_linger(sock, 3), 0);
	cr_assert_eq(lsk_socket_linger(sock, &seconds), 0);
	cr_assert_eq(seconds, 3);
	cr_assert_eq(lsk_option_set(sock, "SO_VM_SOCKETS_BUFFER_SIZE", "65536", NULL),
		     0);
	cr_assert_gt(
		lsk_option_get(sock, "SO_VM_SOCKETS_BUFFER_SIZE", text, sizeof(text)),
		0);
	cr_assert_str_eq(text, "65536");
	lsk_socket_free(sock);
}

Test(contract, passrights_switched_off_refuses_descriptors)
{
	struct lsk_socket *pair[2];
	char byte = 'x';
	struct iovec part = {&byte, 1};
	struct lsk_message message = {.buffers = &part, .buffers_count = 1};
	int fd;
	int r;

	pair_make(pair);
	fd = lsk_socket_fd(pair[0]);
	r = lsk_socket_setsockopt_int(pair[1], SOL_SOCKET, OPTION_PASSRIGHTS, 0);
	if (r < 0) {
		pair_free(pair);
		cr_skip_test("SO_PASSRIGHTS is of Linux 6.16");
	}
	cr_assert_eq(lsk_socket_send_fds(pair[0], &message, &fd, 1, 0), -EPERM);
	cr_assert_eq(lsk_socket_sendmsg(pair[0], &message, 0), 1);
	pair_free(pair);
}

/* A datagram and what came with it. */
struct arrival {
	char byte[16];
	_Alignas(struct cmsghdr) char space[256];
	struct iovec part;
	struct lsk_message message;
};

static void receive(struct lsk_socket *sock, struct arrival *arrival, int flags)
{
	arrival->part = (struct iovec){arrival->byte, sizeof(arrival->byte)};
	arrival->message = (struct lsk_message){
		.buffers = &arrival->part,
		.buffers_count = 1,
		.control = {.data = arrival->space, .size = sizeof(arrival->space)},
	};
	cr_assert_geq(lsk_socket_recvmsg(sock, &arrival->message, flags), 0);
}

Test(contract, rxq_ovfl_counts_what_was_dropped)
{
	struct lsk_socket *sock;
	struct lsk_control_item item;
	struct arrival arrival;
	struct lsk_addr addr;
	uint32_t drops = 0;
	size_t offset = 0;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, 0), 0);
	lsk_addr_inet(&addr, "127.0.0.1", 0);
	cr_assert_eq(lsk_socket_bind(sock, &addr), 0);
	lsk_socket_getsockname(sock, &addr);
	cr_assert_eq(lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_RXQ_OVFL, 1), 0);
	cr_assert_eq(lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_RCVBUF, 1), 0);
	for (int i = 0; i < 100; i++)
		cr_assert_eq(lsk_socket_sendto(sock, "x", 1, 0, &addr), 1);
	while (lsk_socket_recv(sock, arrival.byte, 1, MSG_DONTWAIT) > 0)
		;
	/* The one that comes next tells of those before it. */
	cr_assert_eq(lsk_socket_sendto(sock, "y", 1, 0, &addr), 1);
	receive(sock, &arrival, 0);
	while (lsk_control_next(&arrival.message.control, &offset, &item) > 0)
		lsk_control_get_drops(&item, &drops);
	cr_assert(drops > 0 && drops < 100, "%u", drops);
	lsk_socket_free(sock);
}

Test(contract, error_queue_tells_which_zero_copy_sends_are_done)
{
	static char bytes[65536];
	struct lsk_socket *pair[2];
	struct lsk_inet_error error = {.data = 99};
	struct lsk_control_item item;
	struct arrival arrival;
	size_t offset = 0;

	tcp_pair_make(pair);
	cr_assert_eq(lsk_socket_setsockopt_int(pair[0], SOL_SOCKET, SO_ZEROCOPY, 1), 0);
	cr_assert_gt(lsk_socket_send(pair[0], bytes, sizeof(bytes), FLAG_ZEROCOPY), 0);
	cr_assert_gt(lsk_socket_recv(pair[1], bytes, sizeof(bytes), 0), 0);
	while (!(lsk_socket_wait(pair[0], 0, LSK_BLOCK) & POLLERR))
		;
	receive(pair[0], &arrival, MSG_ERRQUEUE);
	while (lsk_control_next(&arrival.message.control, &offset, &item) > 0)
		lsk_inet_get_error(&item, &error);
	cr_assert_eq(error.origin, SO_EE_ORIGIN_ZEROCOPY);
	cr_assert_eq(error.error, 0);
	cr_assert_eq(error.info, 0, "the first of those that are done");
	cr_assert_eq(error.data, 0, "the last");
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}
