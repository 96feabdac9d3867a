/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linsock/option.h>

#include "tests/support/sockets.h"

static int option_int(const struct lsk_socket *sock, int level, int option)
{
	int value = -1;

	cr_assert(lsk_socket_getsockopt_int(sock, level, option, &value) == 0);
	return value;
}

static struct lsk_socket *tcp_make(void)
{
	struct lsk_socket *sock;

	cr_assert(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0) == 0);
	return sock;
}

Test(socket_error, is_taken_once)
{
	struct lsk_socket *listener, *sock = tcp_make();
	struct lsk_addr addr;

	listener = listener_make(&addr);
	lsk_socket_free(listener);
	cr_assert(lsk_socket_set_timeout(sock, 0) == 0);
	cr_assert(lsk_socket_error(sock) == 0);
	/* Refused at once on loopback, or in a moment. */
	if (lsk_socket_connect(sock, &addr) == -EINPROGRESS) {
		while (lsk_socket_connect(sock, &addr) == -EALREADY)
			;
		cr_assert(lsk_socket_error(sock) == 0);
	}
	cr_assert(lsk_socket_error(NULL) == -EINVAL);
	lsk_socket_free(sock);
}

Test(socket_linger, is_off_or_seconds)
{
	struct lsk_socket *sock = tcp_make();
	int seconds;

	cr_assert(lsk_socket_linger(sock, &seconds) == 0 && seconds == -1);
	cr_assert(lsk_socket_set_linger(sock, 0) == 0);
	cr_assert(lsk_socket_linger(sock, &seconds) == 0 && seconds == 0);
	cr_assert(lsk_socket_set_linger(sock, 9) == 0);
	cr_assert(lsk_socket_linger(sock, &seconds) == 0 && seconds == 9);
	cr_assert(lsk_socket_set_linger(sock, -1) == 0);
	cr_assert(lsk_socket_linger(sock, &seconds) == 0 && seconds == -1);
	cr_assert(lsk_socket_linger(sock, NULL) == -EINVAL);
	lsk_socket_free(sock);
}

Test(socket_linger, of_zero_resets_the_connection)
{
	struct lsk_socket *pair[2];
	char byte;

	tcp_pair_make(pair);
	cr_assert(lsk_socket_set_linger(pair[0], 0) == 0);
	lsk_socket_free(pair[0]);
	cr_assert(lsk_socket_recv(pair[1], &byte, 1, 0) == -ECONNRESET);
	lsk_socket_free(pair[1]);
}

Test(socket_set_keepalive, sets_all_four)
{
	struct lsk_socket *sock = tcp_make();

	cr_assert(lsk_socket_set_keepalive(sock, 30, 5, 4) == 0);
	cr_assert(option_int(sock, SOL_SOCKET, SO_KEEPALIVE) == 1);
	cr_assert(option_int(sock, IPPROTO_TCP, TCP_KEEPIDLE) == 30);
	cr_assert(option_int(sock, IPPROTO_TCP, TCP_KEEPINTVL) == 5);
	cr_assert(option_int(sock, IPPROTO_TCP, TCP_KEEPCNT) == 4);
	cr_assert(lsk_socket_set_keepalive(sock, 40, 0, 0) == 0);
	cr_assert(option_int(sock, IPPROTO_TCP, TCP_KEEPIDLE) == 40);
	cr_assert(option_int(sock, IPPROTO_TCP, TCP_KEEPINTVL) == 5);
	cr_assert(lsk_socket_set_keepalive(sock, 0, 0, 0) == 0);
	cr_assert(option_int(sock, SOL_SOCKET, SO_KEEPALIVE) == 0);
	cr_assert(lsk_socket_set_keepalive(sock, -1, 0, 0) == -EINVAL);
	cr_assert(lsk_socket_set_keepalive(sock, 40000, 0, 0) == -EINVAL);
	lsk_socket_free(sock);
}

Test(socket_peercred, is_the_process_that_connected)
{
	struct lsk_socket *pair[2], *lone, *tcp[2];
	struct lsk_peercred cred;

	pair_make(pair);
	cr_assert(lsk_socket_peercred(pair[0], &cred) == 0);
	cr_assert(cred.pid == getpid() && cred.uid == getuid() && cred.gid == getgid());
	cr_assert(lsk_socket_peercred(pair[0], NULL) == -EINVAL);
	pair_free(pair);
	cr_assert(lsk_socket_new(&lone, AF_UNIX, SOCK_STREAM, 0) == 0);
	cr_assert(lsk_socket_peercred(lone, &cred) == -ENODATA);
	lsk_socket_free(lone);
	tcp_pair_make(tcp);
	cr_assert(lsk_socket_peercred(tcp[0], &cred) == -ENODATA);
	lsk_socket_free(tcp[0]);
	lsk_socket_free(tcp[1]);
}

Test(socket_peerpidfd, is_a_close_on_exec_descriptor)
{
	struct lsk_socket *pair[2];
	int fd;

	pair_make(pair);
	fd = lsk_socket_peerpidfd(pair[0]);
	if (fd == -ENOPROTOOPT)
		cr_skip_test("SO_PEERPIDFD is of Linux 6.5");
	cr_assert(fd >= 0, "%d", fd);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	pair_free(pair);
}

Test(socket_peerpidfd, of_a_peer_that_has_exited_is_old_or_none)
{
	struct lsk_socket *listener, *sock;
	struct lsk_addr addr;
	pid_t child;
	int fd, status;

	cr_assert(lsk_socket_new(&listener, AF_UNIX, SOCK_STREAM, 0) == 0);
	cr_assert(lsk_socket_peerpidfd(listener) == -ENODATA ||
		  lsk_socket_peerpidfd(listener) == -ENOPROTOOPT);
	cr_assert(lsk_addr_unix(&addr, "", 0) == 0);
	cr_assert(lsk_socket_bind(listener, &addr) == 0);
	cr_assert(lsk_socket_listen(listener, 1) == 0);
	cr_assert(lsk_socket_getsockname(listener, &addr) == 0);
	child = fork();
	if (child == 0) {
		if (lsk_socket_new(&sock, AF_UNIX, SOCK_STREAM, 0) < 0)
			_exit(1);
		status = lsk_socket_connect(sock, &addr) != 0;
		lsk_socket_free(sock);
		lsk_socket_free(listener);
		_exit(status);
	}
	cr_assert(lsk_socket_accept(listener, &sock, NULL) == 0);
	cr_assert(waitpid(child, &status, 0) == child && status == 0);
	fd = lsk_socket_peerpidfd(sock);
	cr_assert(fd >= 0 || fd == -EINVAL || fd == -ENOPROTOOPT, "%d", fd);
	if (fd >= 0)
		close(fd);
	lsk_socket_free(sock);
	lsk_socket_free(listener);
}

/* Tell the number of a socket of one's own, and keep it until the other has done. */
static int tell_number(const struct lsk_addr *to)
{
	struct lsk_socket *sock, *own;
	struct lsk_addr any;
	ssize_t r;
	int fd;

	if (lsk_socket_new(&sock, AF_UNIX, SOCK_STREAM, 0) < 0 ||
	    lsk_socket_connect(sock, to) < 0 ||
	    lsk_socket_new(&own, AF_INET, SOCK_DGRAM, 0) < 0 ||
	    lsk_addr_inet(&any, "127.0.0.1", 0) < 0 || lsk_socket_bind(own, &any) < 0)
		return 1;
	fd = lsk_socket_fd(own);
	if (lsk_socket_send(sock, &fd, sizeof(fd), 0) != sizeof(fd))
		return 1;
	r = lsk_socket_recv(sock, &fd, sizeof(fd), 0);
	lsk_socket_free(own);
	lsk_socket_free(sock);
	return r != 0;
}

/* What other platforms call sharing a socket, see docs/other-platforms.md. */
Test(socket_peerpidfd, leads_to_the_sockets_of_the_peer, .timeout = 60)
{
	struct lsk_socket *listener, *sock, *theirs;
	int number = -1, process, fd, status;
	struct lsk_addr addr;
	pid_t child;

	cr_assert(lsk_addr_unix(&addr, "", 0) == 0);
	cr_assert(lsk_socket_new(&listener, AF_UNIX, SOCK_STREAM, 0) == 0);
	cr_assert(lsk_socket_bind(listener, &addr) == 0);
	cr_assert(lsk_socket_listen(listener, 1) == 0);
	cr_assert(lsk_socket_getsockname(listener, &addr) == 0);
	child = fork();
	if (child == 0) {
		lsk_socket_free(listener);
		_exit(tell_number(&addr));
	}
	cr_assert(lsk_socket_accept(listener, &sock, NULL) == 0);
	cr_assert(lsk_socket_recv(sock, &number, sizeof(number), 0) == sizeof(number));
	process = lsk_socket_peerpidfd(sock);
	if (process == -ENOPROTOOPT)
		cr_skip_test("SO_PEERPIDFD is of Linux 6.5");
	fd = (int)syscall(SYS_pidfd_getfd, process, number, 0);
	if (fd < 0)
		fd = -errno;
	/* Valgrind 3.19 does not know it. */
	if (fd == -EPERM || fd == -ENOSYS) {
		lsk_socket_free(sock);
		lsk_socket_free(listener);
		close(process);
		waitpid(child, NULL, 0);
		cr_skip_test("pidfd_getfd(2) is not to be had here");
	}
	cr_assert(fd >= 0, "%d", fd);
	cr_assert(lsk_socket_adopt(&theirs, fd, -1, -1, -1) == 0);
	cr_assert(lsk_socket_type(theirs) == SOCK_DGRAM);
	cr_assert(lsk_socket_inheritable(theirs) == 0);
	cr_assert(lsk_socket_getsockname(theirs, &addr) == 0);
	lsk_socket_free(sock);
	cr_assert(waitpid(child, &status, 0) == child && status == 0);
	/* It outlives the process that it came from. */
	cr_assert(lsk_socket_sendto(theirs, "x", 1, 0, &addr) == 1);
	cr_assert(lsk_socket_recv(theirs, &number, sizeof(number), 0) == 1);
	lsk_socket_free(theirs);
	lsk_socket_free(listener);
	close(process);
}

Test(socket_peergroups, are_as_many_as_the_peer_has)
{
	gid_t mine[100], *theirs;
	struct lsk_socket *pair[2];
	size_t count;

	for (unsigned int i = 0; i < 100; i++)
		mine[i] = 5000 + i;
	if (setgroups(100, mine) < 0)
		cr_skip_test("setgroups: %m");
	pair_make(pair);
	cr_assert(lsk_socket_peergroups(pair[0], &theirs, &count) == 0);
	cr_assert(count == 100);
	cr_assert(memcmp(mine, theirs, sizeof(mine)) == 0);
	free(theirs);
	cr_assert(lsk_socket_peergroups(pair[0], NULL, &count) == -EINVAL);
	pair_free(pair);
}

Test(socket_peersec, is_a_context_or_enoprotoopt)
{
	struct lsk_socket *pair[2];
	char text[256] = "?";
	int r;

	pair_make(pair);
	r = lsk_socket_peersec(pair[0], text, sizeof(text));
	cr_assert(r == -ENOPROTOOPT || r == (int)strlen(text), "%d", r);
	cr_assert(lsk_socket_peersec(pair[0], text, 0) == -EINVAL);
	pair_free(pair);
}

Test(socket_tcp_info, takes_a_structure_of_any_length)
{
	struct lsk_socket *pair[2];
	unsigned char info[1024];
	int r;

	tcp_pair_make(pair);
	memset(info, 0xff, sizeof(info));
	r = lsk_socket_tcp_info(pair[0], info, sizeof(info));
	cr_assert(r >= 104 && r < 1024, "%d", r);
	cr_assert(info[0] == TCP_ESTABLISHED);
	for (size_t i = (size_t)r; i < sizeof(info); i++)
		cr_assert(info[i] == 0);
	memset(info, 0xff, sizeof(info));
	cr_assert(lsk_socket_tcp_info(pair[0], info, 8) == 8);
	cr_assert(info[7] != 0xff && info[8] == 0xff);
	cr_assert(lsk_socket_tcp_info(pair[0], NULL, 8) == -EINVAL);
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

Test(socket_set_timestamping, sets_the_flags)
{
	struct lsk_socket *sock = tcp_make();
	const int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;

	cr_assert(lsk_socket_set_timestamping(sock, (unsigned int)flags) == 0);
	cr_assert(option_int(sock, SOL_SOCKET, SO_TIMESTAMPING) == flags);
	cr_assert(lsk_socket_set_timestamping(sock, 1u << 31) == -EINVAL);
	lsk_socket_free(sock);
}

Test(socket_device, is_the_interface_that_was_set)
{
	struct lsk_socket *sock = tcp_make();
	char name[16] = "?";

	cr_assert(lsk_socket_device(sock, name) == 0);
	cr_assert_str_eq(name, "");
	cr_assert(lsk_socket_set_device(sock, "lo") == 0);
	cr_assert(lsk_socket_device(sock, name) == 2);
	cr_assert_str_eq(name, "lo");
	cr_assert(lsk_socket_set_device(sock, NULL) == 0);
	cr_assert(lsk_socket_device(sock, name) == 0);
	cr_assert(lsk_socket_set_device(sock, "no-such-if") == -ENODEV);
	cr_assert(lsk_socket_device(sock, NULL) == -EINVAL);
	lsk_socket_free(sock);
}

Test(socket_set_mark, needs_the_capability)
{
	struct lsk_socket *sock = tcp_make();
	pid_t child;
	int status;

	if (geteuid() == 0) {
		cr_assert(lsk_socket_set_mark(sock, 0xffffffff) == 0);
		cr_assert(option_int(sock, SOL_SOCKET, SO_MARK) == -1);
	}
	child = fork();
	if (child == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(2);
		status = lsk_socket_set_mark(sock, 1) != -EPERM;
		lsk_socket_free(sock);
		_exit(status);
	}
	cr_assert(waitpid(child, &status, 0) == child && status == 0, "%x", status);
	lsk_socket_free(sock);
}

Test(socket_set_priority, sets_the_priority)
{
	struct lsk_socket *sock = tcp_make();

	cr_assert(lsk_socket_set_priority(sock, 5) == 0);
	cr_assert(option_int(sock, SOL_SOCKET, SO_PRIORITY) == 5);
	lsk_socket_free(sock);
}

Test(socket_cookie, is_the_same_for_the_same_socket_only)
{
	struct lsk_socket *one = tcp_make(), *other = tcp_make(), *same;
	uint64_t cookie, again, different;

	cr_assert(lsk_socket_dup(one, &same) == 0);
	cr_assert(lsk_socket_cookie(one, &cookie) == 0 && cookie != 0);
	cr_assert(lsk_socket_cookie(same, &again) == 0 && again == cookie);
	cr_assert(lsk_socket_cookie(other, &different) == 0 && different != cookie);
	cr_assert(lsk_socket_cookie(one, NULL) == -EINVAL);
	lsk_socket_free(one);
	lsk_socket_free(other);
	lsk_socket_free(same);
}
