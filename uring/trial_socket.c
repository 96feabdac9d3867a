/* SPDX-License-Identifier: MIT */
/*
 * What no mask shows: each is done once on sockets of our own, and what came of it is
 * looked at.
 */
#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "uring/trial.h"
#include "uring/util.h"

#define ENTRIES  8
#define GROUP    1
#define BUF_SIZE 64
#define WAIT_SEC 2

#define BUF_RING_SIZE (ENTRIES * sizeof(struct io_uring_buf))

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

/* Submit what was prepared and take one completion; a wait without end is a refusal. */
int trial_take(struct io_uring *ring, struct io_uring_cqe *ret_cqe)
{
	struct __kernel_timespec limit = {.tv_sec = WAIT_SEC};
	struct io_uring_cqe *cqe;
	int r = io_uring_submit_and_wait_timeout(ring, &cqe, 1, &limit, NULL);

	if (r >= 0)
		r = io_uring_peek_cqe(ring, &cqe);
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
	int r = trial_take(ring, &cqe);

	return r < 0 ? r : cqe.res;
}

/* One completion of a multishot request: it must say that more will come. */
static int take_more(struct io_uring *ring)
{
	struct io_uring_cqe cqe;
	int r = trial_take(ring, &cqe);

	if (r < 0)
		return r;
	if (cqe.res < 0)
		return cqe.res;
	return cqe.flags & IORING_CQE_F_MORE ? 0 : -EOPNOTSUPP;
}

static int buffers_add(struct io_uring *ring, unsigned int flags,
		       struct buffers *ret_buffers)
{
	struct io_uring_buf_reg reg = {
		.ring_entries = ENTRIES,
		.bgid = GROUP,
		.flags = (uint16_t)flags,
	};
	int r;

	ret_buffers->bytes = calloc(ENTRIES, BUF_SIZE);
	if (!ret_buffers->bytes)
		return -ENOMEM;
	ret_buffers->ring = mmap(NULL, BUF_RING_SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ret_buffers->ring == MAP_FAILED) {
		free(ret_buffers->bytes);
		return -ENOMEM;
	}
	io_uring_buf_ring_init(ret_buffers->ring);
	reg.ring_addr = (uint64_t)(uintptr_t)ret_buffers->ring;
	r = io_uring_register_buf_ring(ring, &reg, 0);
	if (r < 0) {
		munmap(ret_buffers->ring, BUF_RING_SIZE);
		free(ret_buffers->bytes);
		return r;
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
	io_uring_unregister_buf_ring(ring, GROUP);
	munmap(buffers->ring, BUF_RING_SIZE);
	free(buffers->bytes);
}

static void select_buffer(struct io_uring_sqe *sqe)
{
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
}

/* End the multishot request, which would hold its socket for ever where the ring goes
 * on. */
static void clear(struct io_uring *ring)
{
	const uint64_t mark = UINT64_MAX;
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct io_uring_cqe cqe = {.user_data = 0};
	bool is_over = false;

	io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ALL);
	sqe->user_data = mark;
	while (!is_over && trial_take(ring, &cqe) == 0)
		is_over = cqe.user_data == mark;
	/* The cancelled one says so itself, before or after. */
	io_uring_submit_and_get_events(ring);
	io_uring_cq_advance(ring, io_uring_cq_ready(ring));
}

/* Two bytes, one after the other, must each find the request still there. */
static int receive_twice(struct io_uring *ring, int peer)
{
	int r = 0;

	for (int i = 0; i < 2 && r == 0; i++) {
		r = syscall_result((int)send(peer, "x", 1, MSG_NOSIGNAL));
		r = r < 0 ? r : take_more(ring);
	}
	clear(ring);
	return r;
}

static int call_recv_multishot(struct io_uring *ring)
{
	struct io_uring_sqe *sqe;
	struct buffers buffers;
	int pair[2], r;

	r = buffers_add(ring, 0, &buffers);
	if (r < 0)
		return r;
	r = make_pair(pair);
	if (r == 0) {
		sqe = io_uring_get_sqe(ring);
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
	struct io_uring_sqe *sqe;
	struct msghdr message = {.msg_controllen = 0};
	struct buffers buffers;
	int pair[2], r;

	r = buffers_add(ring, 0, &buffers);
	if (r < 0)
		return r;
	r = make_pair(pair);
	if (r == 0) {
		sqe = io_uring_get_sqe(ring);
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

		r = client < 0 ? client : trial_take(ring, &cqe);
		if (r < 0)
			break;
		r = cqe.res < 0                     ? cqe.res
		    : cqe.flags & IORING_CQE_F_MORE ? 0
						    : -EOPNOTSUPP;
		if (cqe.res >= 0 && !is_direct)
			close(cqe.res);
	}
	clear(ring);
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
	r = accept_twice(ring, listener, true);
	io_uring_unregister_files(ring);
	return r;
}

/*
 * Take bundles until @len bytes are there: each begins at the buffer after the last one
 * that was used, if only by a byte, and has what was sent, in order. Linux 6.13.11 to
 * 6.14.8 filled others (axboe/liburing#1409, #1411).
 */
static int take_bundles(struct io_uring *ring, const struct buffers *buffers,
			const char *expected, size_t len)
{
	size_t largest = 0;
	size_t next = 0;
	size_t at = 0;

	while (at < len) {
		struct io_uring_cqe cqe;
		int r = trial_take(ring, &cqe);
		const size_t got = r < 0 || cqe.res <= 0 ? 0 : (size_t)cqe.res;

		if (r < 0 || cqe.res < 0)
			return r < 0 ? r : cqe.res;
		if (got == 0 || at + got > len || !(cqe.flags & IORING_CQE_F_MORE) ||
		    cqe.flags >> IORING_CQE_BUFFER_SHIFT != next ||
		    memcmp(buffers->bytes + next * BUF_SIZE, expected + at, got) != 0)
			return -EOPNOTSUPP;
		largest = got > largest ? got : largest;
		next += (got + BUF_SIZE - 1) / BUF_SIZE;
		at += got;
	}
	return largest > BUF_SIZE ? 0 : -EOPNOTSUPP;
}

/* More than one buffer's worth at once, and then pieces that are none. */
static int send_pieces(int peer, const char *bytes)
{
	static const size_t pieces[] = {BUF_SIZE + 1, 40, 40, 40, 40};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pieces) && r >= 0; i++) {
		r = syscall_result((int)send(peer, bytes, pieces[i], MSG_NOSIGNAL));
		bytes += pieces[i];
	}
	return r < 0 ? r : 0;
}

static int call_recv_bundle(struct io_uring *ring)
{
	char bytes[BUF_SIZE + 161];
	struct io_uring_sqe *sqe;
	struct buffers buffers;
	int pair[2], r;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + 1);
	r = buffers_add(ring, 0, &buffers);
	if (r < 0)
		return r;
	r = make_pair(pair);
	if (r == 0)
		r = send_pieces(pair[1], bytes);
	if (r == 0) {
		sqe = io_uring_get_sqe(ring);
		io_uring_prep_recv_multishot(sqe, pair[0], NULL, 0, 0);
		sqe->ioprio |= IORING_RECVSEND_BUNDLE;
		select_buffer(sqe);
		r = take_bundles(ring, &buffers, bytes, sizeof(bytes));
		clear(ring);
	}
	close_pair(pair);
	buffers_remove(ring, &buffers);
	return r;
}

static int call_send_bundle(struct io_uring *ring)
{
	struct io_uring_sqe *sqe;
	struct buffers buffers;
	int pair[2], r;

	r = buffers_add(ring, 0, &buffers);
	if (r < 0)
		return r;
	r = make_pair(pair);
	if (r == 0) {
		sqe = io_uring_get_sqe(ring);
		io_uring_prep_send_bundle(sqe, pair[0], 0, 0);
		select_buffer(sqe);
		r = result(ring);
		r = r >= 0 && r != ENTRIES * BUF_SIZE ? -EOPNOTSUPP : r;
	}
	close_pair(pair);
	buffers_remove(ring, &buffers);
	return r;
}

/* Send @len bytes and receive what one completion brings of them. */
static int receive_selected(struct io_uring *ring, const int pair[2], size_t len,
			    struct io_uring_cqe *ret_cqe)
{
	static const char bytes[BUF_SIZE] = "incremental buffers are filled bit by bit";
	struct io_uring_sqe *sqe;
	int r = syscall_result((int)send(pair[1], bytes, len, 0));

	if (r < 0)
		return r;
	sqe = io_uring_get_sqe(ring);
	io_uring_prep_recv(sqe, pair[0], NULL, 0, 0);
	select_buffer(sqe);
	r = trial_take(ring, ret_cqe);
	return r < 0 ? r : ret_cqe->res;
}

/* A byte must leave the rest of its buffer to what follows, in its place; the last
 * piece uses the buffer up, and the next is another's. */
static int fill_bit_by_bit(struct io_uring *ring, const int pair[2],
			   const struct buffers *buffers)
{
	static const size_t sizes[] = {1, 20, BUF_SIZE - 21, 7};
	static const bool goes_on[] = {true, true, false, true};
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct io_uring_cqe cqe;
		int r = receive_selected(ring, pair, sizes[i], &cqe);

		if (r < 0)
			return r;
		if ((size_t)r != sizes[i] ||
		    !!(cqe.flags & IORING_CQE_F_BUF_MORE) != goes_on[i] ||
		    cqe.flags >> IORING_CQE_BUFFER_SHIFT != at / BUF_SIZE ||
		    buffers->bytes[at] != 'i')
			return -EOPNOTSUPP;
		at += sizes[i];
	}
	return 0;
}

static int call_pbuf_ring_inc(struct io_uring *ring)
{
	struct buffers buffers;
	int pair[2], r;

	r = buffers_add(ring, IOU_PBUF_RING_INC, &buffers);
	if (r < 0)
		return r;
	r = make_pair(pair);
	if (r == 0)
		r = fill_bit_by_bit(ring, pair, &buffers);
	close_pair(pair);
	buffers_remove(ring, &buffers);
	return r;
}

static int call_timeout_multishot(struct io_uring *ring)
{
	struct __kernel_timespec soon = {.tv_nsec = 1000};
	struct io_uring_cqe cqe;
	int r;

	io_uring_prep_timeout(io_uring_get_sqe(ring), &soon, 0,
			      IORING_TIMEOUT_MULTISHOT);
	r = trial_take(ring, &cqe);
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
		r = trial_take(ring, &first);
	}
	if (r == 0)
		r = first.user_data == 1 && first.res < 0 ? first.res
							  : trial_take(ring, &second);
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
	r = trial_take(ring, &cqe);
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
	{ "cancel_fd", "cancel all requests of a descriptor", trial_on_ring, 0, 0, call_cancel_fd },
	{ "cqe_skip", "no completion for a success", trial_on_ring, 0, 0, call_cqe_skip },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
/* clang-format on */

int trial_on(struct io_uring *ring, const char *name)
{
	const struct trial *trial = trials_of_sockets;

	while (trial->name && strcmp(trial->name, name) != 0)
		trial++;
	if (!trial->name)
		return -ENOENT;
	return trial->call(ring);
}
