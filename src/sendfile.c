/* SPDX-License-Identifier: MIT */
/* A part of a file through a stream socket, without copying where the kernel can. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <linsock/file.h>

#include "src/interrupt.h"
#include "src/socket.h"
#include "src/trace.h"
#include "uring/sigpipe.h"
#include "uring/util.h"

/* One system call moves at most so much, so that a deadline is looked at now and then.
 */
#define CHUNK_MAX (INT64_C(1) << 30)

/* Read and sent in pieces of this where the kernel cannot do it itself. */
#define COPY_SIZE 65536

/* One sendfile that is under way. */
struct transfer {
	struct lsk_socket *sock;
	int out_fd; /* in non-blocking mode */
	int in_fd;
	int64_t offset;      /* LSK_FILE_POSITION: the file's own */
	int64_t rest;        /* bytes still to go; LSK_FILE_REST: unknown */
	int64_t deadline_ns; /* the clock starts with the first wait */
	bool has_deadline;
	uint64_t sent;
};

/* How one way of moving bytes moves up to @len. Return: bytes, 0 at the end, or error.
 */
typedef ssize_t (*move_fn)(struct transfer *transfer, size_t len);

static int64_t transfer_deadline(struct transfer *transfer)
{
	if (!transfer->has_deadline)
		transfer->deadline_ns = socket_deadline(transfer->sock);
	transfer->has_deadline = true;
	return transfer->deadline_ns;
}

static void transfer_count(struct transfer *transfer, ssize_t count)
{
	transfer->sent += (uint64_t)count;
	if (transfer->offset >= 0)
		transfer->offset += count;
	if (transfer->rest >= 0)
		transfer->rest -= count;
}

static ssize_t move_sendfile(struct transfer *transfer, size_t len)
{
	off_t offset = transfer->offset;

	return syscall_count(sendfile(transfer->out_fd, transfer->in_fd,
				      transfer->offset >= 0 ? &offset : NULL, len));
}

/* Wait until the pipe has bytes, or its writers are gone. */
static int wait_source(struct transfer *transfer)
{
	struct engine_request request = {
		.opcode = ENGINE_POLL,
		.fd = transfer->in_fd,
		.flags = POLLIN,
	};
	struct engine_wait wait = {
		.deadline_ns = transfer_deadline(transfer),
		.interrupted = interrupt_ask,
	};
	struct engine *engine;
	int r;

	r = engine_thread(&engine);
	return r < 0 ? r : (int)engine_run(engine, &request, &wait);
}

static ssize_t move_splice(struct transfer *transfer, size_t len)
{
	int r = wait_source(transfer);

	if (r < 0)
		return r;
	return syscall_count(splice(transfer->in_fd, NULL, transfer->out_fd, NULL, len,
				    SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
}

/* Return: bytes that all went out; those that did are counted here, even on failure. */
static ssize_t move_copy(struct transfer *transfer, size_t len)
{
	char buf[COPY_SIZE];
	ssize_t count;
	size_t sent = 0;
	int r = 0;

	if (len > sizeof(buf))
		len = sizeof(buf);
	count = syscall_count(transfer->offset >= 0 ? pread(transfer->in_fd, buf, len,
							    transfer->offset)
						    : read(transfer->in_fd, buf, len));
	if (count <= 0)
		return count;
	while (r >= 0 && sent < (size_t)count) {
		ssize_t some = syscall_count(
			send(transfer->out_fd, buf + sent, (size_t)count - sent,
			     MSG_DONTWAIT | transfer->sock->send_flags));

		if (some == -EAGAIN)
			r = socket_poll(transfer->sock, POLLOUT,
					transfer_deadline(transfer));
		else if (some < 0)
			r = (int)some;
		else
			sent += (size_t)some;
	}
	transfer_count(transfer, (ssize_t)sent);
	/* The file's own position is where sending stopped, as with sendfile(2). */
	if (r < 0 && transfer->offset < 0)
		lseek(transfer->in_fd, (off_t)sent - count, SEEK_CUR);
	return r < 0 ? r : count;
}

static int move_all(struct transfer *transfer, move_fn move)
{
	while (transfer->rest != 0) {
		int64_t len = transfer->rest > 0 && transfer->rest < CHUNK_MAX
				      ? transfer->rest
				      : CHUNK_MAX;
		ssize_t count = move(transfer, (size_t)len);
		int r;

		if (count == -EINTR && interrupt_ask(NULL) == 0)
			continue;
		if (count == -EAGAIN) {
			r = socket_poll(transfer->sock, POLLOUT,
					transfer_deadline(transfer));
			if (r < 0)
				return r;
			continue;
		}
		if (count < 0)
			return (int)count;
		if (count == 0)
			return 0;
		if (move != move_copy)
			transfer_count(transfer, count);
		/* Closed by another thread, whose copy of the descriptor is ours. */
		if (socket_fd(transfer->sock) < 0)
			return -EBADF;
	}
	return 0;
}

static bool is_pipe(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

static int transfer_move(struct transfer *transfer)
{
	int r;

	if (is_pipe(transfer->in_fd) && transfer->offset < 0)
		return move_all(transfer, move_splice);
	r = move_all(transfer, move_sendfile);
	/* Not a kind of file that it can read, and nothing has gone out yet. */
	if (transfer->sent == 0 && (r == -EINVAL || r == -ENOSYS || r == -EOPNOTSUPP))
		r = move_all(transfer, move_copy);
	return r;
}

static int transfer_run(struct transfer *transfer)
{
	struct sigpipe hold;
	int r;

	sigpipe_hold(&hold);
	r = transfer_move(transfer);
	sigpipe_let_go(&hold, r == -EPIPE);
	return r;
}

static int send_file(struct lsk_socket *sock, const struct lsk_file_range *range,
		     uint64_t *ret_sent)
{
	_cleanup_(closep) int out_fd = -1;
	struct transfer transfer = {.sock = sock};
	int fd = socket_fd(sock);
	bool is_blocking;
	int r;

	if (ret_sent)
		*ret_sent = 0;
	if (fd < 0 || !range || range->offset < LSK_FILE_POSITION ||
	    range->count < LSK_FILE_REST)
		return fd < 0 ? fd : -EINVAL;
	if (sock->type != SOCK_STREAM || socket_timeout(sock) == 0)
		return -EINVAL;
	/* These system calls wait where the descriptor is in blocking mode. A duplicate
	 * lets the mode be put back even if the socket is closed in the meantime. */
	out_fd = syscall_result(fcntl(fd, F_DUPFD_CLOEXEC, 0));
	if (out_fd < 0)
		return out_fd;
	is_blocking = socket_timeout(sock) < 0;
	if (is_blocking) {
		r = socket_set_nonblock(out_fd, true);
		if (r < 0)
			return r;
	}
	transfer.out_fd = out_fd;
	transfer.in_fd = range->fd;
	transfer.offset = range->offset;
	transfer.rest = range->count;
	r = transfer_run(&transfer);
	if (is_blocking && socket_timeout(sock) < 0)
		socket_set_nonblock(out_fd, false);
	if (ret_sent)
		*ret_sent = transfer.sent;
	return r;
}

int lsk_socket_sendfile(struct lsk_socket *sock, const struct lsk_file_range *range,
			uint64_t *ret_sent)
{
	return TRACE(send_file(sock, range, ret_sent), .operation = LSK_TRACE_SEND,
		     .sock = sock, .number = range ? range->fd : -1);
}
