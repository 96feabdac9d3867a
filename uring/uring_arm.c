/* SPDX-License-Identifier: MIT */
/* Operations as requests of a ring: how each is asked for, and taken back. */
#include <errno.h>
#include <liburing.h>
#include <linsock/loop_feature.h>
#include <poll.h>

#include "uring/loop.h"
#include "uring/loop_hot.h"
#include "uring/uring_loop.h"
#include "uring/util.h"

/* The queue is full: make room. */
struct io_uring_sqe *sqe_make(struct lsk_loop *loop)
{
	struct uring_loop *uring = loop->state;

	if (io_uring_submit(&uring->ring) < 0)
		loop->stats.busy++;
	return io_uring_get_sqe(&uring->ring);
}

static void prepare_stream(struct lsk_loop *loop, struct io_uring_sqe *sqe,
			   struct loop_op *op)
{
	struct uring_loop *uring = loop->state;
	const int fd = op->channel->fd;

	if (op->kind == OP_RECVMSG_STREAM) {
		uring->message_shape.msg_namelen = sizeof(struct sockaddr_storage);
		uring->message_shape.msg_controllen = op->u.pool->control_size;
		io_uring_prep_recvmsg_multishot(
			sqe, fd, &uring->message_shape,
			(unsigned int)channel_message_flags(op->channel));
	} else if (pool_is_tight(op->u.pool)) {
		io_uring_prep_recv(sqe, fd, NULL, 0, 0);
	} else {
		io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
		if (op->u.pool->places && op->channel->caps & CHANNEL_STREAM)
			sqe->ioprio |= IORING_RECVSEND_BUNDLE;
	}
	/* On an empty pool, a multishot that does not wait for data first says ENOBUFS
	 * at once. */
	sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = op->u.pool->group;
}

/* What the ring cannot do for this family is a poll, and a system call after it. */
static bool is_polled(const struct loop_op *op)
{
	const struct lsk_loop *loop = op->channel->loop;
	const unsigned int caps = op->channel->caps;

	if (op->kind == OP_CONNECT || op->kind == OP_SPLICE)
		return true;
	/* A wake may tell of a POLLOUT that is not there: polled_complete(). */
	if (op->kind == OP_POLL)
		return op->flags & POLLOUT;
	if (op->kind == OP_ACCEPT_STREAM)
		return !(caps & CHANNEL_ACCEPT_MULTI) ||
		       !(loop->features & LSK_LOOP_ACCEPT_MULTISHOT);
	if (op->kind == OP_RECV_STREAM || op->kind == OP_RECVMSG_STREAM)
		return !(caps & CHANNEL_RECV_MULTI) || !op->u.pool->ring;
	return false;
}

static unsigned int polled_events(const struct loop_op *op)
{
	if (op->kind == OP_POLL)
		return (unsigned int)op->flags;
	return op->kind == OP_CONNECT ? POLLOUT : POLLIN;
}

static void prepare(struct lsk_loop *loop, struct io_uring_sqe *sqe, struct loop_op *op)
{
	const int fd = op->channel->fd;

	switch ((enum op_kind)op->kind) {
	case OP_ACCEPT:
		io_uring_prep_accept(sqe, fd, NULL, NULL, SOCK_CLOEXEC);
		break;
	case OP_ACCEPT_STREAM:
		if (op->state & OP_DIRECT)
			io_uring_prep_multishot_accept_direct(sqe, fd, NULL, NULL, 0);
		else
			io_uring_prep_multishot_accept(sqe, fd, NULL, NULL,
						       SOCK_CLOEXEC);
		break;
	case OP_RECV:
		io_uring_prep_recv(sqe, fd, op->u.buf, op->len, op->flags);
		break;
	case OP_RECVMSG:
	case OP_RECVFROM:
		io_uring_prep_recvmsg(sqe, fd, op->u.message, (unsigned int)op->flags);
		break;
	case OP_RECV_STREAM:
	case OP_RECVMSG_STREAM:
		prepare_stream(loop, sqe, op);
		break;
	case OP_POLL:
		io_uring_prep_poll_add(sqe, fd, (unsigned int)op->flags);
		break;
	case OP_INSTALL:
		io_uring_prep_fixed_fd_install(sqe, fd - DIRECT_FIRST, 0);
		break;
	case OP_PASS_ON:
		io_uring_prep_msg_ring_fd_alloc(sqe, op->flags, fd - DIRECT_FIRST, 0,
						IORING_MSG_RING_CQE_SKIP);
		break;
	case OP_CONNECT:
	case OP_EXCHANGE:
	case OP_SEND:
	case OP_SENDMSG:
	case OP_SENDFILE:
	case OP_SPLICE:
	case OP_DRAIN:
	case OP_TIMER:
	case OP_CLOSE:
	case OP_KIND__COUNT:
		break;
	}
}

static bool is_plain(const struct msghdr *message)
{
	return !message->msg_name && !message->msg_control && message->msg_iovlen == 1;
}

static void prepare_request(struct lsk_loop *loop, const struct loop_op *op,
			    struct io_uring_sqe *sqe)
{
	const struct msghdr *request = &op->u.exchange->request;
	const int fd = op->channel->fd;

	if (is_plain(request))
		io_uring_prep_send(sqe, fd, request->msg_iov->iov_base,
				   request->msg_iov->iov_len,
				   MSG_NOSIGNAL | MSG_WAITALL);
	else
		io_uring_prep_sendmsg(sqe, fd, request, MSG_NOSIGNAL | MSG_WAITALL);
	sqe->flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
	sqe->user_data = name_of(loop, op) | URING_SLOT_REQUEST;
}

/*
 * Send, and linked to it receive. A request that fails breaks the link, and then its
 * completion is the only one; of one that succeeds nothing is heard.
 */
static bool arm_exchange(struct lsk_loop *loop, struct loop_op *op)
{
	struct uring_loop *uring = loop->state;
	struct msghdr *answer = &op->u.exchange->answer;
	const int fd = op->channel->fd;
	struct io_uring_sqe *sqe;

	/* A link ends with the submission: both, or none. */
	if (io_uring_sq_space_left(&uring->ring) < 2 &&
	    (io_uring_submit(&uring->ring) < 0 ||
	     io_uring_sq_space_left(&uring->ring) < 2))
		return false;
	if (exchange_has_request(op->u.exchange))
		prepare_request(loop, op, io_uring_get_sqe(&uring->ring));
	sqe = io_uring_get_sqe(&uring->ring);
	if (is_plain(answer))
		io_uring_prep_recv(sqe, fd, answer->msg_iov->iov_base,
				   answer->msg_iov->iov_len, 0);
	else
		io_uring_prep_recvmsg(sqe, fd, answer,
				      (unsigned int)channel_message_flags(op->channel));
	sqe->user_data = name_of(loop, op);
	op->state |= OP_ARMED;
	return true;
}

void uring_loop_arm(struct lsk_loop *loop, struct loop_op *op)
{
	struct io_uring_sqe *sqe;

	if (op->kind == OP_EXCHANGE) {
		if (!arm_exchange(loop, op))
			op_list(loop, op);
		return;
	}
	sqe = sqe_get(loop);
	if (!sqe) {
		op_list(loop, op);
		return;
	}
	if (is_polled(op)) {
		io_uring_prep_poll_add(sqe, op->channel->fd, polled_events(op));
		op->state |= OP_POLLED;
	} else {
		prepare(loop, sqe, op);
	}
	sqe_settle_file(sqe);
	sqe->user_data = name_of(loop, op);
	op->state |= OP_ARMED;
}

/* What refers to it has ended: the close may come when it comes. */
void uring_loop_close_direct(struct lsk_loop *loop, int fd)
{
	struct uring_loop *uring = loop->state;
	const unsigned int index = (unsigned int)(fd - DIRECT_FIRST);
	struct io_uring_sqe *sqe = sqe_get(loop);
	const int none = -1;

	if (!sqe) {
		io_uring_register_files_update(&uring->ring, index, &none, 1);
		return;
	}
	io_uring_prep_close_direct(sqe, index);
	sqe->user_data = URING_SLOT_NOTHING;
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

/* A worker of the kernel may wait for the disk. */
bool uring_loop_read_file(struct lsk_loop *loop, struct loop_op *op,
			  const struct loop_reading *reading)
{
	struct io_uring_sqe *sqe = sqe_get(loop);

	if (!sqe)
		return false;
	io_uring_prep_splice(sqe, reading->from, reading->offset, reading->to, -1,
			     reading->len, SPLICE_F_MOVE);
	sqe->user_data = name_of(loop, op);
	return true;
}

/*
 * Of an exchange: whichever of the two waits. Between them, the one done and the other
 * not begun, neither is found, and the completion of this cancel says so.
 */
static void cancel_request(struct lsk_loop *loop, struct loop_op *op)
{
	struct io_uring_sqe *sqe = sqe_get(loop);

	if (!sqe) {
		op->state &= (uint16_t)~OP_STOPPING;
		op_list(loop, op);
		return;
	}
	io_uring_prep_cancel64(sqe, name_of(loop, op) | URING_SLOT_REQUEST, 0);
	sqe->user_data = name_of(loop, op) | URING_SLOT_AGAIN;
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

void uring_loop_cancel(struct lsk_loop *loop, struct loop_op *op)
{
	struct io_uring_sqe *sqe = sqe_get(loop);

	if (!sqe) {
		/* A send is not on that list: its queue is looked at again. */
		if (op_is_send(op))
			channel_flush_later(op->channel);
		else
			op_list(loop, op);
		return;
	}
	io_uring_prep_cancel64(sqe, name_of(loop, op), 0);
	sqe->user_data = URING_SLOT_NOTHING;
	sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	op->state |= OP_STOPPING;
	if (op->kind == OP_EXCHANGE)
		cancel_request(loop, op);
}
