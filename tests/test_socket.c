/* SPDX-License-Identifier: MIT */
/* The life of the object, its attributes and modes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linsock/socket.h>

#include "tests/support/sockets.h"

TestSuite(socket_new, .init = descriptors_remember, .fini = descriptors_check);
TestSuite(socket_adopt, .init = descriptors_remember, .fini = descriptors_check);
TestSuite(socket_close, .init = descriptors_remember, .fini = descriptors_check);
TestSuite(socket_mode, .init = descriptors_remember, .fini = descriptors_check);
TestSuite(socket_option, .init = descriptors_remember, .fini = descriptors_check);
TestSuite(socket_name, .init = descriptors_remember, .fini = descriptors_check);

static bool is_nonblock(const struct lsk_socket *sock)
{
	return fcntl(lsk_socket_fd(sock), F_GETFL) & O_NONBLOCK;
}

static bool is_cloexec(const struct lsk_socket *sock)
{
	return fcntl(lsk_socket_fd(sock), F_GETFD) & FD_CLOEXEC;
}

Test(socket_new, makes_a_close_on_exec_socket_that_blocks)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_geq(lsk_socket_fd(sock), 0);
	cr_assert(is_cloexec(sock));
	cr_assert_not(is_nonblock(sock));
	cr_assert_eq(lsk_socket_domain(sock), AF_INET);
	cr_assert_eq(lsk_socket_type(sock), SOCK_STREAM);
	cr_assert_eq(lsk_socket_protocol(sock), 0);
	cr_assert_eq(lsk_socket_timeout(sock), LSK_BLOCK);
	cr_assert_null(lsk_socket_free(sock));
}

Test(socket_new, type_flags_set_the_timeout_and_are_stripped)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), 0);
	cr_assert_eq(lsk_socket_type(sock), SOCK_DGRAM);
	cr_assert_eq(lsk_socket_timeout(sock), 0);
	cr_assert(is_nonblock(sock));
	lsk_socket_free(sock);
	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), 0);
	cr_assert_eq(lsk_socket_type(sock), SOCK_DGRAM);
	cr_assert(is_cloexec(sock));
	lsk_socket_free(sock);
}

Test(socket_new, default_timeout_is_taken)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_default_timeout(), LSK_BLOCK);
	cr_assert_eq(lsk_set_default_timeout(5 * MSEC), 0);
	cr_assert_eq(lsk_default_timeout(), 5 * MSEC);
	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_timeout(sock), 5 * MSEC);
	cr_assert(is_nonblock(sock));
	lsk_socket_free(sock);
	cr_assert_eq(lsk_set_default_timeout(-2), -EINVAL);
	cr_assert_eq(lsk_set_default_timeout(INT64_MIN), -EINVAL);
	cr_assert_eq(lsk_default_timeout(), 5 * MSEC);
}

Test(socket_new, what_the_kernel_refuses_is_told)
{
	struct lsk_socket *sock = NULL;

	cr_assert_eq(lsk_socket_new(&sock, 12345, SOCK_STREAM, 0), -EAFNOSUPPORT);
	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, IPPROTO_UDP),
		     -EPROTONOSUPPORT);
	cr_assert_eq(lsk_socket_new(&sock, AF_INET, 15, 0), -EINVAL);
	cr_assert_eq(lsk_socket_new(NULL, AF_INET, SOCK_STREAM, 0), -EINVAL);
	cr_assert_null(sock);
}

Test(socket_adopt, kernel_tells_what_the_descriptor_is)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_adopt(&sock, fd, -1, -1, -1), 0);
	cr_assert_eq(lsk_socket_fd(sock), fd);
	cr_assert_eq(lsk_socket_domain(sock), AF_INET6);
	cr_assert_eq(lsk_socket_type(sock), SOCK_DGRAM);
	cr_assert_eq(lsk_socket_protocol(sock), IPPROTO_UDP);
	cr_assert_eq(lsk_socket_timeout(sock), LSK_BLOCK);
	cr_assert_not(is_cloexec(sock), "the flag is left as it is");
	lsk_socket_free(sock);
}

Test(socket_adopt, non_blocking_mode_is_read)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_adopt(&sock, fd, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_timeout(sock), 0);
	cr_assert(is_nonblock(sock));
	lsk_socket_free(sock);
}

Test(socket_adopt, default_timeout_sets_the_mode)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct lsk_socket *sock;

	lsk_set_default_timeout(7 * MSEC);
	cr_assert_eq(lsk_socket_adopt(&sock, fd, -1, -1, -1), 0);
	cr_assert_eq(lsk_socket_timeout(sock), 7 * MSEC);
	cr_assert(is_nonblock(sock));
	lsk_socket_free(sock);
}

Test(socket_adopt, what_is_no_socket_stays_the_callers)
{
	struct lsk_socket *sock = NULL;
	int fd = open("/dev/null", O_RDONLY);

	cr_assert_eq(lsk_socket_adopt(&sock, fd, -1, -1, -1), -ENOTSOCK);
	cr_assert_eq(lsk_socket_adopt(&sock, fd, AF_INET, SOCK_STREAM, 0), -ENOTSOCK);
	cr_assert_eq(close(fd), 0);
	cr_assert_eq(lsk_socket_adopt(&sock, fd, AF_INET, SOCK_STREAM, 0), -EBADF);
	cr_assert_eq(lsk_socket_adopt(&sock, -1, -1, -1, -1), -EBADF);
	cr_assert_eq(lsk_socket_adopt(NULL, 0, -1, -1, -1), -EINVAL);
	cr_assert_eq(lsk_socket_adopt(&sock, 0, -2, -1, -1), -EINVAL);
	cr_assert_null(sock);
}

Test(socket_adopt, from_fd_leaves_the_descriptor_to_the_caller)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_from_fd(&sock, fd, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_neq(lsk_socket_fd(sock), fd);
	cr_assert(is_cloexec(sock));
	lsk_socket_free(sock);
	cr_assert_eq(close(fd), 0);
	cr_assert_eq(lsk_socket_from_fd(&sock, fd, -1, -1, -1), -EBADF);
	cr_assert_eq(lsk_socket_from_fd(&sock, -5, -1, -1, -1), -EBADF);
	cr_assert_eq(lsk_socket_from_fd(NULL, 0, -1, -1, -1), -EINVAL);
}

Test(socket_adopt, dup_has_the_same_attributes_and_timeout)
{
	struct lsk_socket *sock;
	struct lsk_socket *copy;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	lsk_socket_set_timeout(sock, 9 * MSEC);
	cr_assert_eq(lsk_socket_dup(sock, &copy), 0);
	cr_assert_neq(lsk_socket_fd(copy), lsk_socket_fd(sock));
	cr_assert(is_cloexec(copy));
	cr_assert_eq(lsk_socket_timeout(copy), 9 * MSEC);
	cr_assert_eq(lsk_socket_type(copy), SOCK_STREAM);
	cr_assert_eq(lsk_socket_dup(sock, NULL), -EINVAL);
	lsk_socket_close(sock);
	cr_assert_eq(lsk_socket_dup(sock, &copy), -EBADF);
	lsk_socket_free(sock);
	lsk_socket_free(copy);
	cr_assert_eq(lsk_socket_dup(NULL, &copy), -EINVAL);
}

Test(socket_close, second_close_touches_no_descriptor)
{
	struct lsk_socket *sock;
	int other;
	int fd;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	fd = lsk_socket_fd(sock);
	cr_assert_eq(lsk_socket_close(sock), 0);
	other = open("/dev/null", O_RDONLY);
	cr_assert_eq(other, fd, "the number is used again");
	cr_assert_eq(lsk_socket_close(sock), -EBADF);
	cr_assert_neq(fcntl(other, F_GETFD), -1);
	cr_assert_eq(lsk_socket_detach(sock), -EBADF);
	lsk_socket_free(sock);
	cr_assert_neq(fcntl(other, F_GETFD), -1);
	close(other);
}

Test(socket_close, every_call_on_a_closed_socket_is_ebadf)
{
	struct lsk_socket *sock;
	struct lsk_socket *other;
	struct lsk_addr addr;
	socklen_t len = 4;
	char buf[4] = "";
	int value;

	lsk_addr_inet(&addr, "127.0.0.1", 1);
	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	lsk_socket_close(sock);
	cr_assert_eq(lsk_socket_fd(sock), -EBADF);
	cr_assert_eq(lsk_socket_bind(sock, &addr), -EBADF);
	cr_assert_eq(lsk_socket_listen(sock, 1), -EBADF);
	cr_assert_eq(lsk_socket_accept(sock, &other, &addr), -EBADF);
	cr_assert_eq(lsk_socket_connect(sock, &addr), -EBADF);
	cr_assert_eq(lsk_socket_connect_ex(sock, &addr), -EBADF);
	cr_assert_eq(lsk_socket_send(sock, buf, 1, 0), -EBADF);
	cr_assert_eq(lsk_socket_sendall(sock, buf, 1, 0, NULL), -EBADF);
	cr_assert_eq(lsk_socket_sendto(sock, buf, 1, 0, &addr), -EBADF);
	cr_assert_eq(lsk_socket_recv(sock, buf, 1, 0), -EBADF);
	cr_assert_eq(lsk_socket_recv(sock, buf, 0, 0), -EBADF);
	cr_assert_eq(lsk_socket_recvfrom(sock, buf, 1, 0, &addr), -EBADF);
	cr_assert_eq(lsk_socket_shutdown(sock, SHUT_RD), -EBADF);
	cr_assert_eq(lsk_socket_getsockname(sock, &addr), -EBADF);
	cr_assert_eq(lsk_socket_getpeername(sock, &addr), -EBADF);
	cr_assert_eq(lsk_socket_getsockopt(sock, SOL_SOCKET, SO_TYPE, buf, &len),
		     -EBADF);
	cr_assert_eq(lsk_socket_setsockopt(sock, SOL_SOCKET, SO_MARK, buf, 4), -EBADF);
	cr_assert_eq(lsk_socket_getsockopt_int(sock, SOL_SOCKET, SO_TYPE, &value),
		     -EBADF);
	cr_assert_eq(lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_MARK, 1), -EBADF);
	cr_assert_eq(lsk_socket_set_timeout(sock, 0), -EBADF);
	cr_assert_eq(lsk_socket_set_blocking(sock, true), -EBADF);
	cr_assert_eq(lsk_socket_inheritable(sock), -EBADF);
	cr_assert_eq(lsk_socket_set_inheritable(sock, true), -EBADF);
	cr_assert_eq(lsk_socket_type(sock), SOCK_STREAM, "attributes stay");
	cr_assert_eq(lsk_socket_domain(sock), AF_INET);
	lsk_socket_free(sock);
}

Test(socket_close, every_call_on_null_is_einval)
{
	struct lsk_socket *other;
	struct lsk_addr addr;
	socklen_t len = 4;
	char buf[4] = "";
	int value;

	lsk_addr_inet(&addr, "127.0.0.1", 1);
	cr_assert_eq(lsk_socket_fd(NULL), -EINVAL);
	cr_assert_eq(lsk_socket_close(NULL), -EINVAL);
	cr_assert_eq(lsk_socket_detach(NULL), -EINVAL);
	cr_assert_eq(lsk_socket_bind(NULL, &addr), -EINVAL);
	cr_assert_eq(lsk_socket_listen(NULL, 1), -EINVAL);
	cr_assert_eq(lsk_socket_accept(NULL, &other, &addr), -EINVAL);
	cr_assert_eq(lsk_socket_connect(NULL, &addr), -EINVAL);
	cr_assert_eq(lsk_socket_connect_ex(NULL, &addr), -EINVAL);
	cr_assert_eq(lsk_socket_send(NULL, buf, 1, 0), -EINVAL);
	cr_assert_eq(lsk_socket_sendall(NULL, buf, 1, 0, NULL), -EINVAL);
	cr_assert_eq(lsk_socket_sendto(NULL, buf, 1, 0, &addr), -EINVAL);
	cr_assert_eq(lsk_socket_recv(NULL, buf, 1, 0), -EINVAL);
	cr_assert_eq(lsk_socket_recvfrom(NULL, buf, 1, 0, &addr), -EINVAL);
	cr_assert_eq(lsk_socket_shutdown(NULL, SHUT_RD), -EINVAL);
	cr_assert_eq(lsk_socket_getsockname(NULL, &addr), -EINVAL);
	cr_assert_eq(lsk_socket_getpeername(NULL, &addr), -EINVAL);
	cr_assert_eq(lsk_socket_getsockopt(NULL, SOL_SOCKET, SO_TYPE, buf, &len),
		     -EINVAL);
	cr_assert_eq(lsk_socket_setsockopt(NULL, SOL_SOCKET, SO_MARK, buf, 4), -EINVAL);
	cr_assert_eq(lsk_socket_getsockopt_int(NULL, SOL_SOCKET, SO_TYPE, &value),
		     -EINVAL);
	cr_assert_eq(lsk_socket_setsockopt_int(NULL, SOL_SOCKET, SO_MARK, 1), -EINVAL);
	cr_assert_eq(lsk_socket_set_timeout(NULL, 0), -EINVAL);
	cr_assert_eq(lsk_socket_inheritable(NULL), -EINVAL);
	cr_assert_eq(lsk_socket_set_inheritable(NULL, true), -EINVAL);
	cr_assert_eq(lsk_socket_domain(NULL), -EINVAL);
	cr_assert_eq(lsk_socket_type(NULL), -EINVAL);
	cr_assert_eq(lsk_socket_protocol(NULL), -EINVAL);
	cr_assert_eq(lsk_socket_timeout(NULL), LSK_BLOCK);
	cr_assert_null(lsk_socket_free(NULL));
	cr_assert_null(lsk_socket_ref(NULL));
}

Test(socket_close, null_arguments_are_einval)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_bind(sock, NULL), -EINVAL);
	cr_assert_eq(lsk_socket_accept(sock, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_socket_connect(sock, NULL), -EINVAL);
	cr_assert_eq(lsk_socket_connect_ex(sock, NULL), -EINVAL);
	cr_assert_eq(lsk_socket_send(sock, NULL, 1, 0), -EINVAL);
	cr_assert_eq(lsk_socket_sendall(sock, NULL, 1, 0, NULL), -EINVAL);
	cr_assert_eq(lsk_socket_recv(sock, NULL, 1, 0), -EINVAL);
	cr_assert_eq(lsk_socket_recvfrom(sock, NULL, 1, 0, NULL), -EINVAL);
	cr_assert_eq(lsk_socket_getsockname(sock, NULL), -EINVAL);
	cr_assert_eq(lsk_socket_getpeername(sock, NULL), -EINVAL);
	cr_assert_eq(lsk_socket_getsockopt(sock, SOL_SOCKET, SO_TYPE, NULL, NULL),
		     -EINVAL);
	cr_assert_eq(lsk_socket_getsockopt_int(sock, SOL_SOCKET, SO_TYPE, NULL),
		     -EINVAL);
	lsk_socket_free(sock);
}

Test(socket_close, last_reference_closes)
{
	struct lsk_socket *sock;
	int fd;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	fd = lsk_socket_fd(sock);
	cr_assert_eq(lsk_socket_ref(sock), sock);
	cr_assert_null(lsk_socket_free(sock));
	cr_assert_neq(fcntl(fd, F_GETFD), -1);
	cr_assert_null(lsk_socket_free(sock));
	cr_assert_eq(fcntl(fd, F_GETFD), -1);
}

Test(socket_close, detach_hands_the_descriptor_over_once)
{
	struct lsk_socket *sock;
	int fd;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	fd = lsk_socket_detach(sock);
	cr_assert_geq(fd, 0);
	cr_assert_eq(lsk_socket_fd(sock), -EBADF);
	cr_assert_eq(lsk_socket_detach(sock), -EBADF);
	lsk_socket_free(sock);
	cr_assert_eq(close(fd), 0);
}

Test(socket_mode, o_nonblock_is_set_exactly_when_a_timeout_is)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_set_timeout(sock, 0), 0);
	cr_assert(is_nonblock(sock));
	cr_assert_not(lsk_socket_blocking(sock));
	cr_assert_eq(lsk_socket_set_timeout(sock, 1), 0);
	cr_assert(is_nonblock(sock));
	cr_assert(lsk_socket_blocking(sock));
	cr_assert_eq(lsk_socket_set_timeout(sock, LSK_BLOCK), 0);
	cr_assert_not(is_nonblock(sock));
	cr_assert(lsk_socket_blocking(sock));
	cr_assert_eq(lsk_socket_set_blocking(sock, false), 0);
	cr_assert(is_nonblock(sock));
	cr_assert_eq(lsk_socket_timeout(sock), 0);
	cr_assert_eq(lsk_socket_set_blocking(sock, true), 0);
	cr_assert_not(is_nonblock(sock));
	cr_assert_eq(lsk_socket_timeout(sock), LSK_BLOCK);
	lsk_socket_free(sock);
}

Test(socket_mode, negative_timeout_other_than_block_is_refused)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_set_timeout(sock, 5 * MSEC), 0);
	cr_assert_eq(lsk_socket_set_timeout(sock, -2), -EINVAL);
	cr_assert_eq(lsk_socket_set_timeout(sock, INT64_MIN), -EINVAL);
	cr_assert_eq(lsk_socket_timeout(sock), 5 * MSEC);
	lsk_socket_free(sock);
}

Test(socket_mode, inheritance_is_close_on_exec)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_inheritable(sock), 0);
	cr_assert_eq(lsk_socket_set_inheritable(sock, true), 0);
	cr_assert_eq(lsk_socket_inheritable(sock), 1);
	cr_assert_not(is_cloexec(sock));
	cr_assert_eq(lsk_socket_set_inheritable(sock, false), 0);
	cr_assert(is_cloexec(sock));
	lsk_socket_free(sock);
}

Test(socket_option, ints_and_bytes_go_in_and_out)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 7};
	struct linger back = {0};
	socklen_t len = sizeof(back);
	struct lsk_socket *sock;
	int value = 0;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_setsockopt_int(sock, IPPROTO_TCP, TCP_NODELAY, 1), 0);
	cr_assert_eq(lsk_socket_getsockopt_int(sock, IPPROTO_TCP, TCP_NODELAY, &value),
		     0);
	cr_assert_eq(value, 1);
	cr_assert_eq(lsk_socket_setsockopt(sock, SOL_SOCKET, SO_LINGER, &linger,
					   sizeof(linger)),
		     0);
	cr_assert_eq(lsk_socket_getsockopt(sock, SOL_SOCKET, SO_LINGER, &back, &len),
		     0);
	cr_assert_eq(len, sizeof(back));
	cr_assert_eq(back.l_linger, 7);
	cr_assert_eq(lsk_socket_getsockopt_int(sock, SOL_SOCKET, 9999, &value),
		     -ENOPROTOOPT);
	cr_assert_eq(lsk_socket_setsockopt_int(sock, SOL_SOCKET, 9999, 1),
		     -ENOPROTOOPT);
	lsk_socket_free(sock);
}

Test(socket_option, values_longer_than_a_kilobyte_are_read)
{
	char info[4096];
	socklen_t len = sizeof(info);
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_getsockopt(sock, IPPROTO_TCP, TCP_INFO, info, &len), 0);
	cr_assert_gt(len, 100);
	lsk_socket_free(sock);
}

Test(socket_name, both_ends_tell_each_other)
{
	struct lsk_socket *pair[2];
	struct lsk_addr local;
	struct lsk_addr peer;

	tcp_pair_make(pair);
	cr_assert_eq(lsk_socket_getsockname(pair[0], &local), 0);
	cr_assert_eq(lsk_socket_getpeername(pair[1], &peer), 0);
	cr_assert(lsk_addr_equal(&local, &peer));
	pair_free(pair);
}

Test(socket_name, unconnected_has_no_peer)
{
	struct lsk_socket *sock;
	struct lsk_addr addr;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_getpeername(sock, &addr), -ENOTCONN);
	cr_assert_eq(lsk_socket_shutdown(sock, SHUT_RDWR), -ENOTCONN);
	cr_assert_eq(lsk_socket_shutdown(sock, 77), -EINVAL);
	lsk_socket_free(sock);
}

Test(socket_new, pair_is_connected_both_ways)
{
	static const struct {
		int domain;
		int type;
	} kinds[] = {
		{AF_UNIX, SOCK_STREAM},    {AF_UNIX, SOCK_DGRAM},
		{AF_UNIX, SOCK_SEQPACKET}, {AF_INET, SOCK_STREAM},
		{AF_INET6, SOCK_STREAM},   {AF_INET, SOCK_STREAM | SOCK_NONBLOCK},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct lsk_socket *pair[2];
		char byte = 0;

		cr_assert_eq(lsk_socket_pair(pair, kinds[i].domain, kinds[i].type, 0),
			     0, "%zu", i);
		for (int j = 0; j < 2; j++) {
			cr_assert(is_cloexec(pair[j]));
			cr_assert_eq(is_nonblock(pair[j]),
				     (kinds[i].type & SOCK_NONBLOCK) != 0);
			cr_assert_eq(lsk_socket_domain(pair[j]), kinds[i].domain);
			lsk_socket_set_timeout(pair[j], LSK_BLOCK);
			cr_assert_eq(lsk_socket_send(pair[j], "x", 1, 0), 1);
			cr_assert_eq(lsk_socket_recv(pair[!j], &byte, 1, 0), 1);
			cr_assert_eq(byte, 'x');
		}
		pair_free(pair);
	}
}

Test(socket_new, pair_takes_the_default_timeout)
{
	struct lsk_socket *pair[2];

	lsk_set_default_timeout(1000 * MSEC);
	for (int domain = AF_UNIX; domain <= AF_INET; domain++) {
		cr_assert_eq(lsk_socket_pair(pair, domain, SOCK_STREAM, 0), 0);
		for (int i = 0; i < 2; i++) {
			cr_assert_eq(lsk_socket_timeout(pair[i]), 1000 * MSEC);
			cr_assert(is_nonblock(pair[i]));
		}
		pair_free(pair);
	}
}

Test(socket_new, pair_faults_leave_nothing)
{
	struct lsk_socket *pair[2] = {NULL, NULL};

	cr_assert_eq(lsk_socket_pair(NULL, AF_UNIX, SOCK_STREAM, 0), -EINVAL);
	cr_assert_eq(lsk_socket_pair(pair, AF_INET, SOCK_DGRAM, 0), -EOPNOTSUPP);
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, 99, 0), -EINVAL);
	cr_assert_null(pair[0]);
}

Test(socket_new, raw_family_without_a_row_makes_a_socket)
{
	struct lsk_socket *sock;
	struct lsk_addr addr;
	int r;

	/* AF_KEY (15) and AF_XDP (44) will never be rows by accident of this test. */
	r = lsk_socket_new(&sock, 44, SOCK_RAW, 0);
	if (r < 0)
		cr_skip_test("AF_XDP is not to be had: %d", r);
	cr_assert_eq(
		lsk_addr_parse(&addr, "raw://44/0000000000000000000000000000", NULL),
		0);
	cr_assert_lt(lsk_socket_bind(sock, &addr), 0);
	lsk_socket_free(sock);
}

/* The rows "repr" and "with". */
Test(socket_new, socket_says_what_it_is)
{
	__attribute__((cleanup(lsk_socket_freep))) struct lsk_socket *sock = NULL;
	char text[2 * LSK_ADDR_TEXT_MAX];
	char expected[100];
	struct lsk_addr addr;
	int len;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, IPPROTO_UDP), 0);
	lsk_addr_inet(&addr, "127.0.0.1", 0);
	lsk_socket_bind(sock, &addr);
	lsk_socket_getsockname(sock, &addr);
	lsk_socket_connect(sock, &addr);
	len = lsk_socket_format(sock, text, sizeof(text));
	cr_assert_eq(len, (int)strlen(text));
	snprintf(expected, sizeof(expected),
		 "socket fd=%d family=inet type=dgram protocol=17 "
		 "local=inet://127.0.0.1:",
		 lsk_socket_fd(sock));
	cr_assert_eq(strncmp(text, expected, strlen(expected)), 0, "%s", text);
	cr_assert_not_null(strstr(text, " peer=inet://127.0.0.1:"));
	cr_assert_eq(lsk_socket_format(sock, text, (size_t)len), -ENOSPC);
	cr_assert_eq(lsk_socket_format(NULL, text, sizeof(text)), -EINVAL);
	lsk_socket_close(sock);
	cr_assert_gt(lsk_socket_format(sock, text, sizeof(text)), 0);
	cr_assert_str_eq(text, "closed socket family=inet type=dgram protocol=17");
}
