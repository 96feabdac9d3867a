/* SPDX-License-Identifier: MIT */
/*
 * io_uring for a thread that waits: one small ring per thread, one operation per wait,
 * the deadline in the wait itself.
 *
 * The ring is made with DEFER_TASKRUN or not at all: without it the kernel interrupts
 * the thread's own blocking system calls to run completions, and epoll_wait(2) and
 * connect(2) of the program would return EINTR. Linux 6.1 has it, and with it the other
 * flags that are asked for.
 *
 * Sends wait for readiness on the ring and are then made by system call. The ring's own
 * sends are no good for messages: where a UNIX datagram socket's peer is full, the
 * kernel (6.18) has taken the bytes from the iterator when it says EAGAIN, and its
 * second attempt sends an empty datagram. They also add MSG_NOSIGNAL, which some
 * families refuse.
 *
 * What is in flight at one time is the operation, the poll on the wake-up eventfd, a
 * cancel, and one operation more for each hook that waits for something itself: the
 * completion queue cannot overflow in practice, and if it did the kernel keeps what
 * does not fit (IORING_FEAT_NODROP) until the next wait.
 */
#include <liburing.h>
#include <poll.h>
#include <string.h>

#include <linsock/socket.h>

#include "uring/backend_table.h"
#include "uring/util.h"

/* The first users of user_data; operations have the numbers from URING_ID_FIRST on. */
enum {
	URING_ID_WAKE = 1,
	URING_ID_CANCEL = 2,
	URING_ID_FIRST = 16,
};

enum {
	URING_SQ_ENTRIES = 8,
	URING_CQ_ENTRIES = 16,
	URING_SUBMIT_TRIES_MAX = 64,
};

/* One engine_run() that is under way. A hook may start another one inside of it. */
struct uring_frame {
	struct uring_frame *outer;
	uint64_t id;
	int result;
	bool is_done;
};

struct uring {
	struct io_uring ring;
	struct uring_frame *frames; /* the innermost first */
	uint64_t id_last;
	unsigned int wakes;   /* how often engine_wake() was seen */
	unsigned int cancels; /* in flight */
	bool is_wake_armed;
};

/* Between two cancels of one operation. */
static const int64_t cancel_pause_min_ns = LSK_NSEC_PER_SEC / 1000;
static const int64_t cancel_pause_max_ns = LSK_NSEC_PER_SEC;

static int uring_queue_init(struct io_uring *ring)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL |
			 IORING_SETUP_CQSIZE,
		.cq_entries = URING_CQ_ENTRIES,
	};

	return io_uring_queue_init_params(URING_SQ_ENTRIES, ring, &params);
}

static int uring_nop_round_trip(struct io_uring *ring)
{
	struct __kernel_timespec second = {.tv_sec = 1};
	struct io_uring_cqe *cqe = NULL;
	struct io_uring_sqe *sqe;
	int r;

	sqe = io_uring_get_sqe(ring);
	if (!sqe)
		return -EBUSY;
	io_uring_prep_nop(sqe);
	r = io_uring_submit_and_wait_timeout(ring, &cqe, 1, &second, NULL);
	if (!cqe)
		return r < 0 ? r : -EINTR;
	r = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return r;
}

static int uring_probe_opcodes(struct io_uring *ring)
{
	static const int needed[] = {
		IORING_OP_NOP,     IORING_OP_ACCEPT,  IORING_OP_CONNECT,
		IORING_OP_RECV,    IORING_OP_SEND,    IORING_OP_RECVMSG,
		IORING_OP_SENDMSG, IORING_OP_WRITE,   IORING_OP_POLL_ADD,
		IORING_OP_READ,    IORING_OP_TIMEOUT, IORING_OP_ASYNC_CANCEL,
	};
	struct io_uring_probe *probe;
	const unsigned int count = 256;
	int r;

	probe = calloc(1, sizeof(*probe) + count * sizeof(probe->ops[0]));
	if (!probe)
		return -ENOMEM;
	r = io_uring_register_probe(ring, probe, count);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(needed); i++)
		if (!io_uring_opcode_supported(probe, needed[i]))
			r = -EOPNOTSUPP;
	free(probe);
	return r;
}

static int uring_check_ring(struct io_uring *ring, const char **ret_step)
{
	int r;

	*ret_step = "io_uring_setup";
	if (!(ring->features & IORING_FEAT_EXT_ARG) ||
	    !(ring->features & IORING_FEAT_NODROP))
		return -EOPNOTSUPP;
	/* A filter may let one of the three system calls through and not the others. */
	*ret_step = "io_uring_enter";
	r = uring_nop_round_trip(ring);
	if (r < 0)
		return r;
	*ret_step = "io_uring_register";
	return uring_probe_opcodes(ring);
}

int uring_self_test(const char **ret_step)
{
	struct io_uring ring;
	int r;

	*ret_step = "io_uring_setup";
	r = uring_queue_init(&ring);
	if (r < 0)
		return r;
	r = uring_check_ring(&ring, ret_step);
	io_uring_queue_exit(&ring);
	return r;
}

int uring_check(struct engine *engine, const char **ret_step)
{
	struct uring *uring = engine->state;

	return uring_check_ring(&uring->ring, ret_step);
}

static int uring_init(struct engine *engine)
{
	struct uring *uring;
	int r;

	uring = calloc(1, sizeof(*uring));
	if (!uring)
		return -ENOMEM;
	r = uring_queue_init(&uring->ring);
	if (r < 0) {
		free(uring);
		return r;
	}
	uring->id_last = URING_ID_FIRST;
	engine->state = uring;
	return 0;
}

/* In a forked child this unmaps and closes the child's copies and does no more: the
 * ring belongs to the parent, which has it open still. */
static void uring_done(struct engine *engine)
{
	struct uring *uring = engine->state;

	io_uring_queue_exit(&uring->ring);
	free(uring);
	engine->state = NULL;
}

static void uring_prepare(struct io_uring_sqe *sqe,
			  const struct engine_request *request)
{
	const int fd = request->fd;
	const unsigned int flags = (unsigned int)request->flags;

	switch (request->opcode) {
	case ENGINE_ACCEPT:
		/* No POLL_FIRST: kernels before 6.10 refuse it, and the attempt is
		 * cheaper than asking. */
		io_uring_prep_accept(sqe, fd, request->addr, request->addr_len,
				     request->flags | SOCK_CLOEXEC);
		return;
	case ENGINE_RECV:
		io_uring_prep_recv(sqe, fd, request->buf, request->len, request->flags);
		break;
	case ENGINE_RECVMSG:
		io_uring_prep_recvmsg(sqe, fd, request->message, flags);
		break;
	case ENGINE_POLL:
		io_uring_prep_poll_add(sqe, fd, flags);
		return;
	case ENGINE_CONNECT:
	case ENGINE_SEND:
	case ENGINE_SENDMSG:
	case ENGINE_WRITE:
	case ENGINE_OPCODE__COUNT:
		return;
	}
	/* The caller has just seen EAGAIN. */
	sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
}

/* Take every completion that is there. */
static void uring_reap(struct engine *engine)
{
	struct uring *uring = engine->state;
	struct uring_frame *frame;
	struct io_uring_cqe *cqe;
	unsigned int count = 0;
	unsigned int head;

	io_uring_for_each_cqe(&uring->ring, head, cqe)
	{
		count++;
		if (cqe->user_data == URING_ID_WAKE) {
			uring->is_wake_armed = false;
			uring->wakes++;
			engine_wake_drain(engine);
			continue;
		}
		if (cqe->user_data == URING_ID_CANCEL) {
			uring->cancels--;
			continue;
		}
		for (frame = uring->frames; frame; frame = frame->outer)
			if (frame->id == cqe->user_data)
				break;
		if (frame) {
			frame->result = cqe->res;
			frame->is_done = true;
		}
	}
	io_uring_cq_advance(&uring->ring, count);
}

static void uring_arm_wake(struct engine *engine)
{
	struct uring *uring = engine->state;
	struct io_uring_sqe *sqe;

	if (uring->is_wake_armed)
		return;
	sqe = io_uring_get_sqe(&uring->ring);
	if (!sqe)
		return;
	io_uring_prep_poll_add(sqe, engine->wake_fd, POLLIN);
	sqe->user_data = URING_ID_WAKE;
	uring->is_wake_armed = true;
}

/* Submit what is queued and wait for a completion; all that came are reaped. */
static int uring_enter(struct engine *engine, int64_t timeout_ns)
{
	struct uring *uring = engine->state;
	/* Always with a time: without one liburing waits again by itself after a signal
	 * that came when the submission was done already. */
	struct __kernel_timespec time = {
		.tv_sec = timeout_ns / LSK_NSEC_PER_SEC,
		.tv_nsec = timeout_ns % LSK_NSEC_PER_SEC,
	};
	struct io_uring_cqe *cqe = NULL;
	int r;

	r = io_uring_submit_and_wait_timeout(&uring->ring, &cqe, 1, &time, NULL);
	uring_reap(engine);
	return r;
}

static bool uring_is_busy(int error)
{
	return error == -EBUSY || error == -EAGAIN || error == -ENOMEM;
}

/*
 * Wait for the end of @frame's operation. Return: 0 when it is done; else why it is to
 * be given up: -ETIME, what interrupted() said, or, with the ring unusable, its error.
 */
static int uring_wait(struct engine *engine, struct uring_frame *frame,
		      const struct engine_wait *wait, bool *ret_is_broken)
{
	struct uring *uring = engine->state;
	unsigned int wakes = uring->wakes;
	int tries = 0;
	int r;

	while (!frame->is_done) {
		uring_arm_wake(engine);
		r = uring_enter(engine, engine_remaining_ns(wait->deadline_ns,
							    ENGINE_FOREVER_NS));
		if (frame->is_done)
			break;
		if (uring_is_busy(r) && ++tries < URING_SUBMIT_TRIES_MAX) {
			poll(NULL, 0, 1);
		} else if (r < 0 && r != -ETIME && r != -EINTR) {
			*ret_is_broken = true;
			return r;
		}
		if ((r != -ETIME || wakes != uring->wakes) && wait->interrupted) {
			wakes = uring->wakes;
			r = wait->interrupted(wait->context);
			if (r < 0)
				return r;
		}
		if (engine_remaining_ns(wait->deadline_ns, 1) == 0)
			return -ETIME;
	}
	return 0;
}

/* The enter call is refused with the operation in flight: the kernel is told by the
 * register call not to touch the buffer any more. */
static void uring_abandon(struct uring *uring, const struct uring_frame *frame)
{
	struct io_uring_sync_cancel_reg cancel = {
		.addr = frame->id,
		.timeout = {.tv_sec = -1, .tv_nsec = -1},
	};

	io_uring_register_sync_cancel(&uring->ring, &cancel);
}

static int uring_queue_cancel(struct uring *uring, const struct uring_frame *frame)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_cancel64(sqe, frame->id, 0);
	sqe->user_data = URING_ID_CANCEL;
	uring->cancels++;
	return 0;
}

/*
 * Cancel @frame's operation and wait until it has ended, whichever way. A kernel worker
 * hears of it by a signal, which is lost where the worker is just about to sleep (seen
 * with connect(2) to a full UNIX queue on 6.18), so it is told again and again.
 */
static int uring_cancel(struct engine *engine, struct uring_frame *frame)
{
	struct uring *uring = engine->state;
	int64_t pause_ns = cancel_pause_min_ns;
	int tries = 0;
	int r;

	r = uring_queue_cancel(uring, frame);
	if (r < 0)
		return r;
	while (!frame->is_done || uring->cancels > 0) {
		r = uring_enter(engine, pause_ns);
		if (uring_is_busy(r) && ++tries < URING_SUBMIT_TRIES_MAX)
			poll(NULL, 0, 1);
		else if (r < 0 && r != -ETIME && r != -EINTR)
			return r;
		/* Time has passed since the last one was heard: r is not its own. */
		if (r == -ETIME && !frame->is_done && uring->cancels == 0) {
			uring_queue_cancel(uring, frame);
			if (pause_ns < cancel_pause_max_ns)
				pause_ns *= 2;
		}
	}
	return 0;
}

static bool uring_is_cancelled(int result)
{
	/* -EINTR: it was with a kernel worker, which is told by a signal. */
	return result == -ECANCELED || result == -EINTR;
}

/* The ring takes nothing more. What it holds unsubmitted is dropped with it. */
static int64_t uring_give_up(struct engine *engine,
			     const struct engine_request *request,
			     const struct engine_wait *wait, struct uring_frame *frame)
{
	struct uring *uring = engine->state;
	bool was_submitted = io_uring_sq_ready(&uring->ring) == 0;

	if (was_submitted)
		uring_abandon(uring, frame);
	if (uring->frames)
		return -EIO; /* an outer wait still has the ring */
	engine_degrade(engine);
	return was_submitted ? -EIO : engine->backend->run(engine, request, wait);
}

/* Perform @request on the ring. */
static int64_t uring_operate(struct engine *engine,
			     const struct engine_request *request,
			     const struct engine_wait *wait)
{
	struct uring *uring = engine->state;
	struct uring_frame frame = {.id = ++uring->id_last, .outer = uring->frames};
	bool is_broken = false;
	struct io_uring_sqe *sqe;
	int stop;

	sqe = io_uring_get_sqe(&uring->ring);
	if (!sqe)
		return -EAGAIN;
	uring_prepare(sqe, request);
	sqe->user_data = frame.id;
	uring->frames = &frame;
	stop = uring_wait(engine, &frame, wait, &is_broken);
	if (stop < 0 && !is_broken && !frame.is_done)
		is_broken = uring_cancel(engine, &frame) < 0;
	uring->frames = frame.outer;
	if (!frame.is_done && is_broken)
		return uring_give_up(engine, request, wait, &frame);
	if (stop < 0 && uring_is_cancelled(frame.result))
		return stop;
	return frame.result;
}

/*
 * Wait for events of a descriptor. The kernel ends a poll of the ring by what a wake
 * says, without another look: the driver of a virtual socket has sent the packet that
 * asks for a connection, and POLLOUT seems to say that there is one (6.18). poll(2)
 * looks.
 */
static int64_t uring_poll(struct engine *engine, const struct engine_request *request,
			  const struct engine_wait *wait)
{
	struct pollfd watched = {
		.fd = request->fd,
		.events = (short)request->flags,
	};
	int64_t r;

	do {
		r = uring_operate(engine, request, wait);
	} while (r > 0 && poll(&watched, 1, 0) == 0);
	return r;
}

static int uring_wait_events(struct engine *engine, int fd, short events,
			     int64_t limit_ns, const struct engine_wait *wait)
{
	const struct engine_request request = {
		.opcode = ENGINE_POLL,
		/* The wake-up descriptor never becomes writable by a wake, nor is it
		 * ever full: POLLPRI on it is an event that never comes. */
		.fd = fd < 0 ? engine->wake_fd : fd,
		.flags = fd < 0 ? POLLPRI : events,
	};
	struct engine_wait limited = *wait;
	int64_t until = engine_now_ns() + limit_ns;
	int64_t r;

	if (limited.deadline_ns < 0 || limited.deadline_ns > until)
		limited.deadline_ns = until;
	r = uring_poll(engine, &request, &limited);
	if (r == -ETIME && engine_remaining_ns(wait->deadline_ns, 1) > 0)
		return 0;
	return (int)r;
}

static int64_t uring_run(struct engine *engine, const struct engine_request *request,
			 const struct engine_wait *wait)
{
	switch (request->opcode) {
	case ENGINE_SEND:
	case ENGINE_SENDMSG:
	case ENGINE_WRITE:
		return engine_run_ready(engine, request, wait);
	case ENGINE_CONNECT:
		/* The ring's own connect is misled by the wake that uring_poll() tells
		 * of: its second attempt says EALREADY. */
		return engine_run_connect(engine, request, wait);
	case ENGINE_ACCEPT:
	case ENGINE_RECV:
	case ENGINE_RECVMSG:
		return uring_operate(engine, request, wait);
	case ENGINE_POLL:
		return uring_poll(engine, request, wait);
	case ENGINE_OPCODE__COUNT:
		break;
	}
	return -EINVAL;
}

const struct engine_backend engine_backend_uring = {
	.name = "uring",
	.id = LSK_BACKEND_URING,
	.init = uring_init,
	.done = uring_done,
	.run = uring_run,
	.wait_events = uring_wait_events,
};
