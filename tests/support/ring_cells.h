/* SPDX-License-Identifier: MIT */
/* What a ring says of one socket: the cells that a family's row claims. */
#ifndef TESTS_RING_CELLS_H
#define TESTS_RING_CELLS_H

#include <criterion/criterion.h>
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>

#include "src/family.h"
#include "uring/backend_table.h"
#include "uring/util.h"

enum ring_cell {
	CELL_ONE = 1,
	CELL_CANCEL,
};

/* A completion that was seen. */
struct cell_answer {
	uint64_t user_data;
	int res;
	unsigned int flags;
};

static inline struct io_uring ring_for_test(void)
{
	struct io_uring ring;
	const char *step = "";
	int r = uring_self_test(&step);

	if (r < 0 && !getenv("LINSOCK_TEST_RING"))
		cr_skip_test("no io_uring here: %s says %d", step, r);
	cr_assert_eq(r, 0);
	cr_assert_eq(io_uring_queue_init(64, &ring, 0), 0);
	return ring;
}

/* Submit what was prepared and take its first completion. */
static inline struct cell_answer answer_of(struct io_uring *ring)
{
	struct __kernel_timespec time = {.tv_sec = 60};
	struct io_uring_cqe *cqe = NULL;
	struct cell_answer copy;
	int r = io_uring_submit_and_wait_timeout(ring, &cqe, 1, &time, NULL);

	cr_assert_geq(r, 0, "no completion: %d", r);
	copy = (struct cell_answer){cqe->user_data, cqe->res, cqe->flags};
	io_uring_cqe_seen(ring, cqe);
	return copy;
}

static inline int answer(struct io_uring *ring, unsigned int *ret_flags)
{
	struct cell_answer cqe = answer_of(ring);

	if (ret_flags)
		*ret_flags = cqe.flags;
	return cqe.res;
}

static inline int ring_send(struct io_uring *ring, int fd, const void *data, size_t len)
{
	io_uring_prep_send(io_uring_get_sqe(ring), fd, data, len, 0);
	return answer(ring, NULL);
}

static inline int ring_write(struct io_uring *ring, int fd, const void *data,
			     size_t len)
{
	io_uring_prep_write(io_uring_get_sqe(ring), fd, data, (unsigned int)len, 0);
	return answer(ring, NULL);
}

/* Whether a notification is still to come stands in the flags; without @ret_flags it
 * has been taken. */
static inline int ring_send_zero_copy(struct io_uring *ring, int fd, const void *data,
				      size_t len, unsigned int *ret_flags)
{
	struct cell_answer cell;

	io_uring_prep_send_zc(io_uring_get_sqe(ring), fd, data, len, 0, 0);
	cell = answer_of(ring);
	if (ret_flags)
		*ret_flags = cell.flags;
	else if (cell.flags & IORING_CQE_F_MORE)
		answer_of(ring);
	return cell.res;
}

/* End a multishot operation on @fd: the answer to the cancel, and its own last one. */
static inline void ring_end_multishot(struct io_uring *ring, int fd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	int left = 2;

	io_uring_prep_cancel_fd(sqe, fd, 0);
	io_uring_sqe_set_data64(sqe, CELL_CANCEL);
	while (left > 0) {
		struct cell_answer cqe = answer_of(ring);

		if (cqe.user_data == CELL_CANCEL || !(cqe.flags & IORING_CQE_F_MORE))
			left--;
	}
}

/* A multishot receive. Return: bytes of what came first, or why there is none such. */
static inline int ring_recv_multishot(struct io_uring *ring, int fd)
{
	static char memory[4][256];
	struct io_uring_buf_ring *buffers;
	struct io_uring_sqe *sqe;
	unsigned int flags = 0;
	int r = 0;

	buffers = io_uring_setup_buf_ring(ring, 4, 0, 0, &r);
	cr_assert_not_null(buffers, "%d", r);
	for (int i = 0; i < 4; i++)
		io_uring_buf_ring_add(buffers, memory[i], 256, (unsigned short)i, 3, i);
	io_uring_buf_ring_advance(buffers, 4);
	sqe = io_uring_get_sqe(ring);
	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	io_uring_sqe_set_data64(sqe, CELL_ONE);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	r = answer(ring, &flags);
	if (flags & IORING_CQE_F_MORE)
		ring_end_multishot(ring, fd);
	io_uring_free_buf_ring(ring, buffers, 4, 0);
	return flags & IORING_CQE_F_MORE ? r : r < 0 ? r : -EOPNOTSUPP;
}

static inline enum family_send send_kind(int send_result, int write_result)
{
	if (send_result >= 0)
		return FAMILY_SEND_RING;
	return write_result >= 0 ? FAMILY_SEND_WRITE : FAMILY_SEND_SYSCALL;
}

#endif
