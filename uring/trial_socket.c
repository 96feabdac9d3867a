/* SPDX-License-Identifier: MIT */
/*
 * What no mask shows: each is done once on sockets of our own, and what came of it is
 * looked at.
 */
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "uring/trial.h"
#include "uring/util.h"

#define ENTRIES  8
#define GROUP    1
#define BUF_SIZE 64
#define WAIT_SEC 2

/* Numbers, since these are younger than the headers of some systems. */
#define SOCKET_COMMAND_GETSOCKNAME 5

/* A ring of ENTRIES buffers of BUF_SIZE bytes. */
struct buffers {
	struct io_uring_buf_ring *ring;
	char *bytes;
};

static void close_pair(int pair[2])
{
	closep(&pair[0]);
	closep(&pair[1]);
}

static int make_pair(int ret_pair[2])
{
	ret_pair[0] = ret_pair[1] = -1;
	return syscall_result(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_pair));
}

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

/* Submit what was prepared and take one completion; a wait without end is a refusal. */
static int take(struct io_uring *ring, struct io_uring_cqe *ret_cqe)
{
	struct __kernel_timespec limit = {.tv_sec = WAIT_SEC};
	struct io_uring_cqe *cqe;
	int r = io_uring_submit_and_wait_timeout(ring, &cqe, 1, &limit, NULL);

	if (r < 0)
		return r;
	*ret_cqe = *cqe;
	io_uring_cqe_seen(ring, cqe);
	return 0;
}

/* The result of the one request that was prepared. */
static int result(struct io_uring *ring)
{
	struct io_uring_cqe cqe;
	int r = take(ring, &cqe);

	return r < 0 ? r : cqe.res;
}

/* One completion of a multishot request: it must say that more will come. */
static int take_more(struct io_uring *ring)
{
	struct io_uring_cqe cqe;
	int r = take(ring, &cqe);

	if (r < 0)
		return r;
	if (cqe.res < 0)
		return cqe.res;
	return cqe.flags & IORING_CQE_F_MORE ? 0 : -EOPNOTSUPP;
}

static int buffers_add(struct io_uring *ring, unsigned int flags,
		       struct buffers *ret_buffers)
{
	int r = 0;

	ret_buffers->bytes = calloc(ENTRIES, BUF_SIZE);
	if (!ret_buffers->bytes)
		return -ENOMEM;
	ret_buffers->ring = io_uring_setup_buf_ring(ring, ENTRIES, GROUP, flags, &r);
	if (!ret_buffers->ring) {
		free(ret_buffers->bytes);
		return r < 0 ? r : -ENOMEM;
	}
	for (int i = 0; i < ENTRIES; i++)
		io_uring_buf_ring_add(ret_buffers->ring,
				      ret_buffers->bytes + (size_t)i * BUF_SIZE,
				      BUF_SIZE, (unsigned short)i,
				      io_uring_buf_ring_mask(ENTRIES), i);
	io_uring_buf_ring_advance(ret_buffers->ring, ENTRIES);
	return 0;
}

static void buffers_remove(struct io_uring *ring, struct buffers *buffers)
{
	io_uring_free_buf_ring(ring, buffers->ring, ENTRIES, GROUP);
	free(buffers->bytes);
}

static void select_buffer(struct io_uring_sqe *sqe)
{
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
}

/* Two bytes, one after the other, must each find the request still there. */
static int receive_twice(struct io_uring *ring, int peer)
{
	int r = 0;

	for (int i = 0; i < 2 && r == 0; i++) {
		r = syscall_result((int)send(peer, "x", 1, MSG_NOSIGNAL));
		r = r < 0 ? r : take_more(ring);
	}
	return r;
}

static int call_recv_multishot(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct buffers buffers;
	int pair[2], r;

	r = buffers_add(ring, 0, &buffers);
	if (r < 0)
		return r;
	r = make_pair(pair);
	if (r == 0) {
		io_uring_prep_recv_multishot(sqe, pair[0], NULL, 0, 0);
		select_buffer(sqe);
		r = receive_twice(ring, pair[1]);
	}
	close_pair(pair);
	buffers_remove(ring, &buffers);
	return r;
}

static int call_recvmsg_multishot(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct msghdr message = {.msg_controllen = 0};
	struct buffers buffers;
	int pair[2], r;

	r = buffers_add(ring, 0, &buffers);
	if (r < 0)
		return r;
	r = make_pair(pair);
	if (r == 0) {
		io_uring_prep_recvmsg_multishot(sqe, pair[0], &message, 0);
		select_buffer(sqe);
		r = receive_twice(ring, pair[1]);
	}
	close_pair(pair);
	buffers_remove(ring, &buffers);
	return r;
}

static int call_poll_multishot(struct io_uring *ring)
{
	int pair[2], r = make_pair(pair);

	if (r == 0) {
		io_uring_prep_poll_multishot(io_uring_get_sqe(ring), pair[0], POLLIN);
		r = receive_twice(ring, pair[1]);
	}
	close_pair(pair);
	return r;
}

/* A listener with a name that the kernel chose, and one client of it. */
static int connect_client(int listener)
{
	struct sockaddr_un name;
	socklen_t len = sizeof(name);
	int fd = syscall_result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int r = fd < 0 ? fd
		       : syscall_result(
				 getsockname(listener, (struct sockaddr *)&name, &len));

	if (r == 0)
		r = syscall_result(connect(fd, (struct sockaddr *)&name, len));
	if (r < 0)
		closep(&fd);
	return r < 0 ? r : fd;
}

static int make_listener(void)
{
	struct sockaddr_un any = {.sun_family = AF_UNIX};
	int fd = syscall_result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
	int r = fd < 0 ? fd
		       : syscall_result(bind(fd, (struct sockaddr *)&any,
					     sizeof(sa_family_t)));

	if (r == 0)
		r = syscall_result(listen(fd, ENTRIES));
	if (r < 0)
		closep(&fd);
	return r < 0 ? r : fd;
}

/* Both clients are taken by one request; their descriptors come in the completions. */
static int accept_twice(struct io_uring *ring, int listener, bool is_direct)
{
	int r = 0;

	for (int i = 0; i < 2 && r == 0; i++) {
		_cleanup_(closep) int client = connect_client(listener);
		struct io_uring_cqe cqe;

		r = client < 0 ? client : take(ring, &cqe);
		if (r < 0)
			break;
		r = cqe.res < 0                     ? cqe.res
		    : cqe.flags & IORING_CQE_F_MORE ? 0
						    : -EOPNOTSUPP;
		if (cqe.res >= 0 && !is_direct)
			close(cqe.res);
	}
	return r;
}

static int call_accept_multishot(struct io_uring *ring)
{
	_cleanup_(closep) int listener = make_listener();

	if (listener < 0)
		return listener;
	io_uring_prep_multishot_accept(io_uring_get_sqe(ring), listener, NULL, NULL, 0);
	return accept_twice(ring, listener, false);
}

static int call_accept_direct(struct io_uring *ring)
{
	_cleanup_(closep) int listener = make_listener();
	int r = listener < 0 ? listener : io_uring_register_files_sparse(ring, ENTRIES);

	if (r < 0)
		return r;
	io_uring_prep_multishot_accept_direct(io_uring_get_sqe(ring), listener, NULL,
					      NULL, 0);
	return accept_twice(ring, listener, true);
}

/* More than one buffer's worth must come in one completion. */
static int call_recv_bundle(struct io_uring *ring)
{
	char bytes[BUF_SIZE + 1] = "";
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct buffers buffers;
	int pair[2], r;

	r = buffers_add(ring, 0, &buffers);
	if (r < 0)
		return r;
	r = make_pair(pair);
	if (r == 0)
		r = syscall_result((int)send(pair[1], bytes, sizeof(bytes), 0));
	if (r > 0) {
		io_uring_prep_recv(sqe, pair[0], NULL, (size_t)ENTRIES * BUF_SIZE, 0);
		sqe->ioprio |= IORING_RECVSEND_BUNDLE;
		select_buffer(sqe);
		r = result(ring);
		r = r >= 0 && r != sizeof(bytes) ? -EOPNOTSUPP : r;
	}
	close_pair(pair);
	buffers_remove(ring, &buffers);
	return r;
}

static int call_send_bundle(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct buffers buffers;
	int pair[2], r;

	r = buffers_add(ring, 0, &buffers);
	if (r < 0)
		return r;
	r = make_pair(pair);
	if (r == 0) {
		io_uring_prep_send_bundle(sqe, pair[0], 0, 0);
		select_buffer(sqe);
		r = result(ring);
		r = r >= 0 && r != ENTRIES * BUF_SIZE ? -EOPNOTSUPP : r;
	}
	close_pair(pair);
	buffers_remove(ring, &buffers);
	return r;
}

/* The first byte must leave the rest of its buffer to the second. */
static int call_pbuf_ring_inc(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct io_uring_cqe cqe = {.res = 0};
	struct buffers buffers;
	int pair[2], r;

	r = buffers_add(ring, IOU_PBUF_RING_INC, &buffers);
	if (r < 0)
		return r;
	r = make_pair(pair);
	if (r == 0)
		r = syscall_result((int)send(pair[1], "x", 1, 0));
	if (r > 0) {
		io_uring_prep_recv(sqe, pair[0], NULL, 0, 0);
		select_buffer(sqe);
		r = take(ring, &cqe);
	}
	if (r == 0)
		r = cqe.res;
	if (r > 0 && !(cqe.flags & IORING_CQE_F_BUF_MORE))
		r = -EOPNOTSUPP;
	close_pair(pair);
	buffers_remove(ring, &buffers);
	return r;
}

/* The data's completion and the notification after it. */
static int take_zero_copy(struct io_uring *ring, bool wants_report)
{
	struct io_uring_cqe sent, told;
	int r = take(ring, &sent);

	if (r < 0)
		return r;
	if (!(sent.flags & IORING_CQE_F_MORE))
		return sent.res < 0 ? sent.res : -EOPNOTSUPP;
	r = take(ring, &told);
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
	int value = 1;

	if (fd < 0)
		return fd;
	io_uring_prep_cmd_sock(io_uring_get_sqe(ring), operation, fd, level, option,
			       &value, sizeof(value));
	return result(ring);
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
	int len = sizeof(address);

	if (fd < 0)
		return fd;
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, fd, &address, 0, 0);
	sqe->cmd_op = SOCKET_COMMAND_GETSOCKNAME;
	sqe->addr3 = (uint64_t)(uintptr_t)&len;
	return result(ring);
}

static int call_timeout_multishot(struct io_uring *ring)
{
	struct __kernel_timespec soon = {.tv_nsec = 1000};
	struct io_uring_cqe cqe;
	int r;

	io_uring_prep_timeout(io_uring_get_sqe(ring), &soon, 0,
			      IORING_TIMEOUT_MULTISHOT);
	r = take(ring, &cqe);
	if (r < 0)
		return r;
	if (cqe.res != -ETIME)
		return cqe.res < 0 ? cqe.res : -EOPNOTSUPP;
	return cqe.flags & IORING_CQE_F_MORE ? 0 : -EOPNOTSUPP;
}

static int call_cancel_fd(struct io_uring *ring)
{
	struct io_uring_cqe first, second;
	char byte;
	int pair[2], r = make_pair(pair);

	if (r == 0) {
		io_uring_prep_recv(io_uring_get_sqe(ring), pair[0], &byte, 1, 0);
		r = io_uring_submit(ring);
	}
	if (r > 0) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

		io_uring_prep_cancel_fd(sqe, pair[0], IORING_ASYNC_CANCEL_ALL);
		sqe->user_data = 1;
		r = take(ring, &first);
	}
	if (r == 0)
		r = first.user_data == 1 && first.res < 0 ? first.res
							  : take(ring, &second);
	close_pair(pair);
	return r;
}

static int call_poll_first(struct io_uring *ring)
{
	char byte;
	int pair[2], r = make_pair(pair);

	if (r == 0)
		r = syscall_result((int)send(pair[1], "x", 1, 0));
	if (r > 0) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

		io_uring_prep_recv(sqe, pair[0], &byte, 1, 0);
		sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
		r = result(ring);
	}
	close_pair(pair);
	return r;
}

static int call_cqe_skip(struct io_uring *ring)
{
	struct io_uring_sqe *quiet = io_uring_get_sqe(ring), *heard;
	struct io_uring_cqe cqe;
	int r;

	io_uring_prep_nop(quiet);
	quiet->flags |= IOSQE_CQE_SKIP_SUCCESS;
	quiet->user_data = 1;
	heard = io_uring_get_sqe(ring);
	io_uring_prep_nop(heard);
	heard->user_data = 2;
	r = take(ring, &cqe);
	if (r < 0)
		return r;
	return cqe.user_data == 2 ? cqe.res : -EOPNOTSUPP;
}

/* clang-format off */
const struct trial trials_of_sockets[] = {
	{ "recv_multishot", "recv again and again into provided buffers", trial_on_ring, 0, 0, call_recv_multishot },
	{ "recvmsg_multishot", "recvmsg again and again into provided buffers", trial_on_ring, 0, 0, call_recvmsg_multishot },
	{ "accept_multishot", "accept again and again", trial_on_ring, 0, 0, call_accept_multishot },
	{ "accept_direct", "accept again and again into a table of files", trial_on_ring, 0, 0, call_accept_direct },
	{ "poll_multishot", "readiness told again and again", trial_on_ring, 0, 0, call_poll_multishot },
	{ "timeout_multishot", "a time told again and again", trial_on_ring, 0, 0, call_timeout_multishot },
	{ "recv_bundle", "one receive over many buffers", trial_on_ring, 0, 0, call_recv_bundle },
	{ "send_bundle", "one send of many buffers", trial_on_ring, 0, 0, call_send_bundle },
	{ "pbuf_ring_inc", "buffers that are used up piece by piece", trial_on_ring, 0, 0, call_pbuf_ring_inc },
	{ "poll_first", "wait for readiness before the first try", trial_on_ring, 0, 0, call_poll_first },
	{ "send_zc_udp", "zero-copy send of a datagram, with its notification", trial_on_ring, 0, 0, call_send_zc_udp },
	{ "send_zc_report", "the notification tells whether it was copied", trial_on_ring, 0, 0, call_send_zc_report },
	{ "cancel_fd", "cancel all requests of a descriptor", trial_on_ring, 0, 0, call_cancel_fd },
	{ "cqe_skip", "no completion for a success", trial_on_ring, 0, 0, call_cqe_skip },
	{ "cmd_setsockopt", "setsockopt(2) as a request", trial_on_ring, 0, 0, call_cmd_setsockopt },
	{ "cmd_getsockopt", "getsockopt(2) of SOL_SOCKET as a request", trial_on_ring, 0, 0, call_cmd_getsockopt },
	{ "cmd_getsockopt_ip", "getsockopt(2) of IPPROTO_IP as a request", trial_on_ring, 0, 0, call_cmd_getsockopt_ip },
	{ "cmd_siocinq", "SIOCINQ as a request", trial_on_ring, 0, 0, call_cmd_siocinq },
	{ "cmd_siocoutq", "SIOCOUTQ as a request", trial_on_ring, 0, 0, call_cmd_siocoutq },
	{ "cmd_getsockname", "getsockname(2) as a request", trial_on_ring, 0, 0, call_cmd_getsockname },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
/* clang-format on */
