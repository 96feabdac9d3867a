/* SPDX-License-Identifier: MIT */
/* What is tried on a socket of UDP: zero copy, and commands. See trial_socket.c. */
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "uring/trial.h"
#include "uring/util.h"

/* Numbers, since these are younger than the headers of some systems. */
#define SOCKET_COMMAND_GETSOCKNAME 5

/* A UDP socket that is its own peer: loopback must be up. */
static int make_udp(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int fd = syscall_result(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	int r;

	if (fd < 0)
		return fd;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r = syscall_result(bind(fd, (struct sockaddr *)&address, len));
	if (r == 0)
		r = syscall_result(getsockname(fd, (struct sockaddr *)&address, &len));
	if (r == 0)
		r = syscall_result(connect(fd, (struct sockaddr *)&address, len));
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* The data's completion and the notification after it. */
static int take_zero_copy(struct io_uring *ring, bool wants_report)
{
	struct io_uring_cqe sent, told;
	int r = trial_take(ring, &sent);

	if (r < 0)
		return r;
	if (!(sent.flags & IORING_CQE_F_MORE))
		return sent.res < 0 ? sent.res : -EOPNOTSUPP;
	r = trial_take(ring, &told);
	if (r < 0)
		return r;
	if (sent.res < 0)
		return sent.res;
	if (!(told.flags & IORING_CQE_F_NOTIF))
		return -EOPNOTSUPP;
	/* The report is 0, or a number with the highest bit set. */
	return wants_report && told.res > 0 ? -EOPNOTSUPP : 0;
}

static int call_send_zc_udp(struct io_uring *ring)
{
	_cleanup_(closep) int fd = make_udp();

	if (fd < 0)
		return fd;
	io_uring_prep_send_zc(io_uring_get_sqe(ring), fd, "x", 1, 0, 0);
	return take_zero_copy(ring, false);
}

static int call_send_zc_report(struct io_uring *ring)
{
	_cleanup_(closep) int fd = make_udp();

	if (fd < 0)
		return fd;
	io_uring_prep_send_zc(io_uring_get_sqe(ring), fd, "x", 1, 0,
			      IORING_SEND_ZC_REPORT_USAGE);
	return take_zero_copy(ring, true);
}

static int socket_command(struct io_uring *ring, int operation, int level, int option)
{
	_cleanup_(closep) int fd = make_udp();
	struct io_uring_cqe cqe;
	int value = 1;
	int r;

	if (fd < 0)
		return fd;
	io_uring_prep_cmd_sock(io_uring_get_sqe(ring), operation, fd, level, option,
			       &value, sizeof(value));
	r = trial_take(ring, &cqe);
	return r < 0 ? r : cqe.res;
}

static int call_cmd_setsockopt(struct io_uring *ring)
{
	return socket_command(ring, SOCKET_URING_OP_SETSOCKOPT, SOL_SOCKET,
			      SO_KEEPALIVE);
}

static int call_cmd_getsockopt(struct io_uring *ring)
{
	return socket_command(ring, SOCKET_URING_OP_GETSOCKOPT, SOL_SOCKET,
			      SO_KEEPALIVE);
}

static int call_cmd_getsockopt_ip(struct io_uring *ring)
{
	return socket_command(ring, SOCKET_URING_OP_GETSOCKOPT, IPPROTO_IP, IP_TTL);
}

static int call_cmd_siocinq(struct io_uring *ring)
{
	return socket_command(ring, SOCKET_URING_OP_SIOCINQ, 0, 0);
}

static int call_cmd_siocoutq(struct io_uring *ring)
{
	return socket_command(ring, SOCKET_URING_OP_SIOCOUTQ, 0, 0);
}

static int call_cmd_getsockname(struct io_uring *ring)
{
	_cleanup_(closep) int fd = make_udp();
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct sockaddr_storage address;
	struct io_uring_cqe cqe;
	int len = sizeof(address);
	int r;

	if (fd < 0)
		return fd;
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, fd, &address, 0, 0);
	sqe->cmd_op = SOCKET_COMMAND_GETSOCKNAME;
	sqe->addr3 = (uint64_t)(uintptr_t)&len;
	r = trial_take(ring, &cqe);
	return r < 0 ? r : cqe.res;
}

/* clang-format off */
const struct trial trials_of_udp[] = {
	{ "send_zc_udp", "zero-copy send of a datagram, with its notification", trial_on_ring, 0, 0, call_send_zc_udp },
	{ "send_zc_report", "the notification tells whether it was copied", trial_on_ring, 0, 0, call_send_zc_report },
	{ "cmd_setsockopt", "setsockopt(2) as a request", trial_on_ring, 0, 0, call_cmd_setsockopt },
	{ "cmd_getsockopt", "getsockopt(2) of SOL_SOCKET as a request", trial_on_ring, 0, 0, call_cmd_getsockopt },
	{ "cmd_getsockopt_ip", "getsockopt(2) of IPPROTO_IP as a request", trial_on_ring, 0, 0, call_cmd_getsockopt_ip },
	{ "cmd_siocinq", "SIOCINQ as a request", trial_on_ring, 0, 0, call_cmd_siocinq },
	{ "cmd_siocoutq", "SIOCOUTQ as a request", trial_on_ring, 0, 0, call_cmd_siocoutq },
	{ "cmd_getsockname", "getsockname(2) as a request", trial_on_ring, 0, 0, call_cmd_getsockname },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
/* clang-format on */
