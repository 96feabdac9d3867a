/* SPDX-License-Identifier: MIT */
/* The object layer where a call of its own fails: nothing leaks, the error is told. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linsock/endpoint.h>
#include <linsock/file.h>
#include <linsock/inet.h>
#include <linsock/message.h>
#include <linsock/socket.h>

#include "tests/support/fault.h"
#include "tests/support/sockets.h"

TestSuite(object_fault, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);

/* More calls than any step here makes. */
static int step_new(void)
{
	struct lsk_socket *sock = NULL;
	int r = lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0);

	lsk_socket_free(sock);
	return r;
}

static int step_pair(void)
{
	struct lsk_socket *pair[2] = {NULL, NULL};
	int r = lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0);

	pair_free(pair);
	return r;
}

static int step_loopback_pair(void)
{
	struct lsk_socket *pair[2] = {NULL, NULL};
	int r = lsk_socket_pair(pair, AF_INET, SOCK_STREAM, 0);

	pair_free(pair);
	return r;
}

static int step_adopt(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct lsk_socket *sock = NULL;
	int r;

	if (fd < 0)
		return -errno;
	r = lsk_socket_adopt(&sock, fd, -1, -1, -1);
	if (r < 0)
		close(fd);
	lsk_socket_free(sock);
	return r;
}

static struct lsk_socket *existing[2];

static int step_dup(void)
{
	struct lsk_socket *sock = NULL;
	int r = lsk_socket_dup(existing[0], &sock);

	lsk_socket_free(sock);
	return r;
}

static int step_endpoint(void)
{
	struct lsk_endpoint *endpoint = NULL;
	struct lsk_socket *sock = NULL;
	int r;

	r = lsk_endpoint_new(&endpoint, "tcp://127.0.0.1:0?keepalive&rcvbuf=4096",
			     NULL);
	if (r == 0)
		r = lsk_endpoint_listen(endpoint, &sock, NULL);
	lsk_socket_free(sock);
	lsk_endpoint_free(endpoint);
	return r;
}

static int step_server(void)
{
	struct lsk_socket *sock = NULL;
	struct lsk_addr addr;
	int r;

	lsk_addr_inet6(&addr, "::1", 0, 0, 0);
	r = lsk_create_server(&sock, &addr, NULL, NULL);
	lsk_socket_free(sock);
	return r;
}

static int step_makefile(void)
{
	FILE *file = NULL;
	int r = lsk_socket_makefile(existing[0], "rw", &file);

	if (file)
		fclose(file);
	return r;
}

static int step_fds(void)
{
	char byte = 'x';
	struct iovec part = {&byte, 1};
	struct lsk_message message = {.buffers = &part, .buffers_count = 1};
	int room[1] = {-1};
	struct lsk_received_fds received = {.fds = room, .max = 1};
	ssize_t count;
	int fd = dup(0);

	count = lsk_socket_send_fds(existing[0], &message, &fd, 1, 0);
	close(fd);
	if (count > 0) {
		ssize_t got = lsk_socket_recv_fds(existing[1], &message, &received, 0);

		if (got < 0)
			cr_assert_eq(lsk_socket_recv_fds(existing[1], &message,
							 &received, 0),
				     1);
		close(room[0]);
		count = got;
	}
	return count < 0 ? (int)count : 0;
}

Test(object_fault, memory_runs_short)
{
	pair_make(existing);
	fault_each(FAULT_calloc, ENOMEM, 0, step_new);
	fault_each(FAULT_calloc, ENOMEM, 0, step_pair);
	fault_each(FAULT_calloc, ENOMEM, 0, step_loopback_pair);
	fault_each(FAULT_calloc, ENOMEM, 0, step_adopt);
	fault_each(FAULT_calloc, ENOMEM, 0, step_dup);
	fault_each(FAULT_calloc, ENOMEM, 0, step_endpoint);
	fault_each(FAULT_malloc, ENOMEM, 0, step_endpoint);
	fault_each(FAULT_calloc, ENOMEM, 0, step_server);
	fault_each(FAULT_calloc, ENOMEM, 0, step_makefile);
	fault_each(FAULT_malloc, ENOMEM, 0, step_fds);
	pair_free(existing);
}

Test(object_fault, descriptors_run_short)
{
	pair_make(existing);
	fault_each(FAULT_socket, EMFILE, 0, step_new);
	fault_each(FAULT_socketpair, EMFILE, 0, step_pair);
	fault_each(FAULT_socket, EMFILE, 0, step_loopback_pair);
	fault_each(FAULT_socket, EMFILE, 0, step_endpoint);
	fault_each(FAULT_fcntl, EMFILE, 0, step_dup);
	pair_free(existing);
}

Test(object_fault, kernel_refuses_a_step)
{
	pair_make(existing);
	fault_each(FAULT_bind, EACCES, 0, step_endpoint);
	fault_each(FAULT_listen, EADDRINUSE, 0, step_endpoint);
	fault_each(FAULT_setsockopt, EPERM, 0, step_endpoint);
	fault_each(FAULT_bind, EACCES, 0, step_server);
	fault_each(FAULT_listen, EADDRINUSE, 0, step_server);
	fault_each(FAULT_setsockopt, EPERM, 0, step_server);
	fault_each(FAULT_bind, EACCES, 0, step_loopback_pair);
	fault_each(FAULT_listen, EACCES, 0, step_loopback_pair);
	fault_each(FAULT_getsockname, ENOBUFS, 0, step_loopback_pair);
	fault_each(FAULT_getpeername, ENOTCONN, 0, step_loopback_pair);
	fault_each(FAULT_getsockopt, ENOTSOCK, 0, step_adopt);
	fault_each(FAULT_fcntl, EBADF, 0, step_adopt);
	fault_each(FAULT_sendmsg, EPERM, 0, step_fds);
	fault_each(FAULT_recvmsg, ENOMEM, 0, step_fds);
	pair_free(existing);
}

Test(object_fault, interrupted_non_blocking_calls_go_on)
{
	char buf[4];

	pair_make(existing);
	fault_arm(FAULT_send, 1, EINTR, false);
	cr_assert_eq(lsk_socket_send(existing[0], "abc", 3, 0), 3);
	cr_assert_eq(fault_hits(FAULT_send), 1);
	fault_disarm(FAULT_send);
	fault_arm(FAULT_recv, 1, EINTR, false);
	cr_assert_eq(lsk_socket_recv(existing[1], buf, 4, 0), 3);
	cr_assert_eq(fault_hits(FAULT_recv), 1);
	fault_disarm(FAULT_recv);
	pair_free(existing);
}
