/* SPDX-License-Identifier: MIT */
/*
 * Files and pipes through sockets. What can be told not to wait is done by system call:
 * sendfile(2) of what is in memory, splice(2) between a socket and a pipe. Reading from
 * a disk cannot be told, so a ring does that in a worker of the kernel, which moves the
 * pages into a pipe of ours; from there they leave by splice(2). On epoll the loop's
 * own thread waits for the disk.
 *
 * Not by a ring's SPLICE into the socket: there is no MSG_NOSIGNAL for it, and a worker
 * that waits for a peer's window is one less for everybody else.
 */
#include "uring/transfer.h"

#include <fcntl.h>
#include <linsock/loop_feature.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "uring/cached.h"
#include "uring/loop_hot.h"
#include "uring/sigpipe.h"
#include "uring/util.h"

enum {
	/* Moved by one call. */
	TRANSFER_PIECE = 1 << 18,
	/* Calls for one socket before others have their turn. */
	TRANSFER_CALLS_MAX = 8,
	/* Where the kernel can do neither. */
	TRANSFER_COPY_SIZE = 1 << 16,
	/* Kept for the next, with their pipes. */
	TRANSFER_KEPT_MAX = 4,
};

struct transfer {
	struct lsk_loop *loop;
	struct transfer *next;
	struct lsk_transfer *wanted; /* NULL: its operation has ended */
	uint32_t slot;
	uint32_t in_pipe; /* bytes in the pipe of ours */
	int pipe[2];      /* -1: there is none yet */
	int64_t begin;    /* where the file's own position was; -1: it does not count */
	int64_t offset;   /* of the next byte; -1: a pipe */
	int64_t rest;     /* LSK_FILE_REST: up to the end */
	int64_t size;     /* of the file, as far as is known */
	char *copy;
	uint32_t copy_begin;
	uint32_t copy_end;
	struct channel *other; /* of a pipe that is waited for */
	struct lsk_op wait;    /* ... by this */
	bool is_waiting;
	bool is_receiving;
	bool is_copying;  /* by reading and sending */
	bool is_ringless; /* the ring does not read this file */
};

static struct transfer *transfer_take(struct lsk_loop *loop)
{
	struct transfer *transfer = loop->transfers;

	if (transfer) {
		loop->transfers = transfer->next;
		loop->transfers_count--;
		return transfer;
	}
	transfer = calloc(1, sizeof(*transfer));
	if (transfer) {
		transfer->pipe[0] = -1;
		transfer->pipe[1] = -1;
	}
	return transfer;
}

static void transfer_close_pipe(struct transfer *transfer)
{
	closep(&transfer->pipe[0]);
	closep(&transfer->pipe[1]);
	transfer->pipe[0] = -1;
	transfer->pipe[1] = -1;
	transfer->in_pipe = 0;
}

void transfer_drop(struct lsk_loop *loop, struct transfer *transfer)
{
	free(transfer->copy);
	transfer->copy = NULL;
	if (transfer->in_pipe > 0)
		transfer_close_pipe(transfer);
	if (loop->transfers_count == TRANSFER_KEPT_MAX) {
		transfer_close_pipe(transfer);
		free(transfer);
		return;
	}
	loop->transfers_count++;
	transfer->next = loop->transfers;
	loop->transfers = transfer;
}

void transfer_free_all(struct lsk_loop *loop)
{
	struct transfer *next;

	for (struct transfer *transfer = loop->transfers; transfer; transfer = next) {
		next = transfer->next;
		transfer_close_pipe(transfer);
		free(transfer);
	}
	loop->transfers = NULL;
}

/* What is at the end that is no socket. */
static int transfer_look(struct transfer *transfer, const struct lsk_file_range *range)
{
	struct stat status;
	int64_t position;
	int r = syscall_result(fstat(range->fd, &status));

	if (r < 0)
		return r;
	transfer->begin = -1;
	transfer->offset = -1;
	transfer->size = S_ISREG(status.st_mode) ? status.st_size : 0;
	if (S_ISFIFO(status.st_mode))
		return range->offset == LSK_FILE_POSITION ? 0 : -ESPIPE;
	position = syscall_count(lseek(range->fd, 0, SEEK_CUR));
	if (position < 0)
		return (int)position;
	if (range->offset == LSK_FILE_POSITION)
		transfer->begin = position;
	transfer->offset = range->offset >= 0 ? range->offset : position;
	return 0;
}

int transfer_new(struct lsk_loop *loop, enum op_kind kind, struct lsk_transfer *wanted,
		 struct transfer **ret_transfer)
{
	struct transfer *transfer;
	int r;

	if (wanted->range.offset < LSK_FILE_POSITION ||
	    wanted->range.count < LSK_FILE_REST)
		return -EINVAL;
	transfer = transfer_take(loop);
	if (!transfer)
		return -ENOMEM;
	transfer->loop = loop;
	transfer->wanted = wanted;
	transfer->rest = wanted->range.count;
	transfer->other = NULL;
	transfer->is_waiting = false;
	transfer->is_receiving = kind == OP_SPLICE;
	transfer->is_copying = false;
	transfer->is_ringless = !(loop->features & LSK_LOOP_READ_FILE);
	r = transfer_look(transfer, &wanted->range);
	if (r < 0) {
		transfer_drop(loop, transfer);
		return r;
	}
	wanted->moved = 0;
	*ret_transfer = transfer;
	return 0;
}

/* None of these calls can be told not to wait: the descriptor is. */
static void channel_forbid_waits(struct channel *channel)
{
	int mode = syscall_result(fcntl(channel->fd, F_GETFL));

	if (mode < 0 || mode & O_NONBLOCK)
		return;
	fcntl(channel->fd, F_SETFL, mode | O_NONBLOCK);
	channel->state |= CHANNEL_WAS_BLOCKING;
}

static int transfer_make_pipe(struct transfer *transfer)
{
	int r;

	if (transfer->pipe[0] >= 0)
		return 0;
	r = syscall_result(pipe2(transfer->pipe, O_CLOEXEC | O_NONBLOCK));
	/* Where that is refused the usual size has to do. */
	if (r == 0)
		fcntl(transfer->pipe[0], F_SETPIPE_SZ, TRANSFER_PIECE);
	return r;
}

static size_t transfer_piece(const struct transfer *transfer)
{
	return transfer->rest >= 0 && transfer->rest < TRANSFER_PIECE
		       ? (size_t)transfer->rest
		       : TRANSFER_PIECE;
}

/* @count bytes have left the file, or reached it. */
static void transfer_count(struct transfer *transfer, ssize_t count)
{
	if (transfer->offset >= 0)
		transfer->offset += count;
	if (transfer->rest >= 0)
		transfer->rest -= count;
}

/* The pipe that was waited for is ready, or the wait was given up. */
static void other_ready(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct transfer *transfer = event->context;
	struct loop_op *op;

	transfer->is_waiting = false;
	if (!transfer->wanted) {
		channel_free(transfer->other, true);
		transfer_drop(loop, transfer);
		return;
	}
	op = &loop->ops[transfer->slot];
	if (transfer->is_receiving)
		op_list(loop, op);
	else
		channel_flush_later(op->channel);
}

/* Be told when the pipe at the other end is ready. A duplicate of it is watched: one
 * number can be registered with an epoll once. */
static int transfer_await(struct transfer *transfer, int events)
{
	struct lsk_loop *loop = transfer->loop;
	const struct lsk_then then = {
		.done = other_ready,
		.context = transfer,
		.ret_op = &transfer->wait,
	};
	const struct loop_op what = {.flags = events};
	int r;

	if (transfer->is_waiting)
		return 0;
	if (!transfer->other) {
		_cleanup_(closep) int fd = syscall_result(
			fcntl(transfer->wanted->range.fd, F_DUPFD_CLOEXEC, 0));

		if (fd < 0)
			return fd;
		r = channel_new(loop, &transfer->other, fd, 0, NULL);
		if (r < 0)
			return r;
		take_fd(&fd);
	}
	r = loop_start(loop, transfer->other, OP_POLL, &what, &then);
	transfer->is_waiting = r == 0;
	return r;
}

static bool is_ready(int fd, short events)
{
	struct pollfd watched = {.fd = fd, .events = events};

	return poll(&watched, 1, 0) > 0;
}

void transfer_end(struct lsk_loop *loop, struct loop_op *op)
{
	struct transfer *transfer = op->u.transfer;
	const struct lsk_transfer *wanted = transfer->wanted;

	/* Where the sending stopped, as with sendfile(2), and not the reading. */
	if (transfer->begin >= 0)
		lseek(wanted->range.fd, transfer->begin + (off_t)wanted->moved,
		      SEEK_SET);
	transfer->wanted = NULL;
	if (transfer->is_waiting) {
		lsk_loop_cancel(loop, transfer->wait);
		return;
	}
	if (transfer->other)
		channel_free(transfer->other, true);
	transfer_drop(loop, transfer);
}

/* Sending. Each step says how many bytes have gone into the socket; 0 at the end,
 * -EAGAIN where it has no room, -EINPROGRESS where something else is waited for. */

static ssize_t step_from_pipe(struct transfer *transfer, int fd)
{
	const int in = transfer->wanted->range.fd;
	ssize_t count;
	int r;

	count = syscall_count(splice(in, NULL, fd, NULL, transfer_piece(transfer),
				     SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
	if (count != -EAGAIN || is_ready(in, POLLIN)) {
		transfer_count(transfer, count > 0 ? count : 0);
		return count;
	}
	r = transfer_await(transfer, POLLIN);
	return r < 0 ? r : -EINPROGRESS;
}

static ssize_t step_from_our_pipe(struct transfer *transfer, int fd)
{
	ssize_t count = syscall_count(splice(transfer->pipe[0], NULL, fd, NULL,
					     transfer->in_pipe,
					     SPLICE_F_MOVE | SPLICE_F_NONBLOCK));

	if (count > 0)
		transfer->in_pipe -= (uint32_t)count;
	return count;
}

static ssize_t step_copy(struct transfer *transfer, const struct channel *channel)
{
	const int no_signal = channel->caps & CHANNEL_WRITE_ONLY ? 0 : MSG_NOSIGNAL;
	ssize_t count;

	if (!transfer->copy)
		transfer->copy = malloc(TRANSFER_COPY_SIZE);
	if (!transfer->copy)
		return -ENOMEM;
	if (transfer->copy_begin == transfer->copy_end) {
		size_t len = transfer_piece(transfer);

		count = syscall_count(
			pread(transfer->wanted->range.fd, transfer->copy,
			      len < TRANSFER_COPY_SIZE ? len : TRANSFER_COPY_SIZE,
			      transfer->offset));
		if (count <= 0)
			return count;
		transfer->copy_begin = 0;
		transfer->copy_end = (uint32_t)count;
		transfer_count(transfer, count);
	}
	count = syscall_count(send(channel->fd, transfer->copy + transfer->copy_begin,
				   transfer->copy_end - transfer->copy_begin,
				   MSG_DONTWAIT | no_signal));
	if (count > 0)
		transfer->copy_begin += (uint32_t)count;
	return count;
}

static ssize_t step_from_file(struct transfer *transfer, const struct channel *channel)
{
	const size_t len = transfer_piece(transfer);
	off_t offset = transfer->offset;
	ssize_t count;

	count = syscall_count(
		sendfile(channel->fd, transfer->wanted->range.fd, &offset, len));
	if (transfer->wanted->moved == 0 &&
	    (count == -EINVAL || count == -ENOSYS || count == -EOPNOTSUPP)) {
		/* Not a kind of file that it can read. */
		transfer->is_copying = true;
		transfer->copy_begin = 0;
		transfer->copy_end = 0;
		return step_copy(transfer, channel);
	}
	transfer_count(transfer, count > 0 ? count : 0);
	return count;
}

/* Whether reading the next piece may have to wait for a disk. */
static bool may_wait_for_disk(const struct transfer *transfer)
{
	const int64_t left = transfer->size - transfer->offset;
	const int64_t piece = (int64_t)transfer_piece(transfer);

	if (transfer->is_ringless || left <= 0)
		return false;
	return !file_is_cached(transfer->wanted->range.fd, (uint64_t)transfer->offset,
			       (uint64_t)(left < piece ? left : piece));
}

static ssize_t step_read_file(struct channel *channel, struct loop_op *op)
{
	struct lsk_loop *loop = channel->loop;
	struct transfer *transfer = op->u.transfer;
	const struct loop_reading reading = {
		.from = transfer->wanted->range.fd,
		.offset = transfer->offset,
		.to = transfer->pipe[1],
		.len = (uint32_t)transfer_piece(transfer),
	};

	if (loop->backend->read_file(loop, op, &reading)) {
		op->state |= OP_ARMED;
		channel->state |= CHANNEL_BUSY;
		channel->batch_count = 1;
	} else {
		channel_flush_later(channel);
	}
	return -EINPROGRESS;
}

static ssize_t transfer_step(struct channel *channel, struct loop_op *op)
{
	struct transfer *transfer = op->u.transfer;

	if (transfer->in_pipe > 0)
		return step_from_our_pipe(transfer, channel->fd);
	if (transfer->is_copying && transfer->copy_begin < transfer->copy_end)
		return step_copy(transfer, channel);
	if (transfer->rest == 0)
		return 0;
	if (transfer->is_copying)
		return step_copy(transfer, channel);
	if (transfer->offset < 0)
		return step_from_pipe(transfer, channel->fd);
	if (may_wait_for_disk(transfer) && transfer_make_pipe(transfer) == 0)
		return step_read_file(channel, op);
	return step_from_file(transfer, channel);
}

/* Some steps of one transfer. Return: as the last of them; 1 where there may be more.
 */
static ssize_t transfer_steps(struct channel *channel, struct loop_op *op)
{
	struct transfer *transfer = op->u.transfer;
	struct sigpipe hold;
	ssize_t r = 1;

	sigpipe_hold(&hold);
	for (int i = 0; i < TRANSFER_CALLS_MAX && (r > 0 || r == -EINTR); i++) {
		r = transfer_step(channel, op);
		if (r > 0)
			transfer->wanted->moved += (uint64_t)r;
	}
	sigpipe_let_go(&hold, r == -EPIPE);
	return r == -EINTR ? 1 : r;
}

void transfer_send(struct channel *channel)
{
	struct lsk_loop *loop = channel->loop;
	struct loop_op *op = &loop->ops[channel->send_head];
	ssize_t r;

	op->u.transfer->slot = op_slot(loop, op);
	if (op->u.transfer->is_waiting)
		return;
	channel_forbid_waits(channel);
	r = transfer_steps(channel, op);
	if (r == -EINPROGRESS)
		return;
	if (r > 0) {
		channel_flush_later(channel);
		return;
	}
	if (r == -EAGAIN) {
		loop->backend->await_room(loop, channel);
		return;
	}
	channel->state |= CHANNEL_SENDING;
	send_finish_first(channel, (int)r);
	channel->state &= (uint16_t)~CHANNEL_SENDING;
	if (channel->state & CHANNEL_FREE)
		return;
	if (channel->send_head != OP_NONE)
		channel_flush_later(channel);
	else if (channel->state & CHANNEL_CLOSING)
		channel_check_close(channel);
}

void transfer_complete(struct loop_op *op, int result)
{
	struct transfer *transfer = op->u.transfer;
	struct channel *channel = op->channel;
	const bool was_polled = op->state & OP_POLLED;

	op->state &= (uint16_t) ~(OP_ARMED | OP_STOPPING | OP_POLLED);
	channel->state &= (uint16_t)~CHANNEL_BUSY;
	/* Whoever stopped it finds it in the queue; a failure is told by the call that
	 * is made instead. */
	channel_flush_later(channel);
	if (was_polled)
		return;
	if (result > 0) {
		transfer->in_pipe = (uint32_t)result;
		transfer_count(transfer, result);
	} else if (result != -ECANCELED && result != -EINTR) {
		transfer->is_ringless = true;
	}
}

/* Receiving. */

static ssize_t receive_into_pipe(struct transfer *transfer, int fd)
{
	const int out = transfer->wanted->range.fd;
	ssize_t count;
	int r;

	count = syscall_count(splice(fd, NULL, out, NULL, transfer_piece(transfer),
				     SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
	if (count != -EAGAIN || is_ready(out, POLLOUT)) {
		transfer_count(transfer, count > 0 ? count : 0);
		return count;
	}
	r = transfer_await(transfer, POLLOUT);
	return r < 0 ? r : -EALREADY;
}

static ssize_t receive_into_file(struct transfer *transfer, int fd)
{
	loff_t offset = transfer->offset;
	ssize_t count = transfer_make_pipe(transfer);
	ssize_t moved = 0;

	if (count < 0)
		return count;
	count = syscall_count(splice(fd, NULL, transfer->pipe[1], NULL,
				     transfer_piece(transfer),
				     SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
	if (count <= 0)
		return count;
	transfer->in_pipe = (uint32_t)count;
	while (transfer->in_pipe > 0) {
		count = syscall_count(splice(transfer->pipe[0], NULL,
					     transfer->wanted->range.fd, &offset,
					     transfer->in_pipe, SPLICE_F_MOVE));
		if (count == -EINTR)
			continue;
		if (count <= 0)
			break;
		transfer->in_pipe -= (uint32_t)count;
		moved += count;
	}
	transfer_count(transfer, moved);
	/* What could not be written is counted by nobody; why is what matters. */
	if (transfer->in_pipe > 0) {
		transfer->wanted->moved += (uint64_t)moved;
		return count < 0 ? count : -EIO;
	}
	return moved;
}

int transfer_receive(struct loop_op *op)
{
	struct transfer *transfer = op->u.transfer;
	struct channel *channel = op->channel;
	ssize_t r = 1;

	transfer->slot = op_slot(channel->loop, op);
	if (transfer->is_waiting)
		return -EALREADY;
	channel_forbid_waits(channel);
	for (int i = 0; i < TRANSFER_CALLS_MAX && (r > 0 || r == -EINTR); i++) {
		if (transfer->rest == 0)
			return 0;
		if (transfer->offset < 0)
			r = receive_into_pipe(transfer, channel->fd);
		else
			r = receive_into_file(transfer, channel->fd);
		if (r > 0)
			transfer->wanted->moved += (uint64_t)r;
	}
	return r > 0 || r == -EINTR ? -EINPROGRESS : (int)r;
}
