/* SPDX-License-Identifier: MIT */
/* What the files of the loop's io_uring back end share. */
#ifndef LSK_URING_LOOP_H
#define LSK_URING_LOOP_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "uring/loop.h"

enum { URING_BUFFERS_MAX = 16 };

struct uring_loop {
	struct io_uring ring;
	struct msghdr message_shape; /* room for names and control, for all streams */
	int host_fd;
	unsigned int min_wait_us; /* 0: not asked for, or not to be had */
	unsigned int min_wait_count;
	/* Registered, in the places of their indices. */
	struct iovec buffers[URING_BUFFERS_MAX];
	bool has_buffers;
	bool is_full_grown;
	bool wants_growth;
	bool is_wake_armed;
};

enum {
	/* Slots that no operation has: what their completions mean. */
	URING_SLOT_WAKE = LOOP_OPS_MAX,
	URING_SLOT_NOTHING = LOOP_OPS_MAX + 1,
	/* Beside the slot of an exchange: its request, which speaks only of failure. */
	URING_SLOT_REQUEST = 1 << 30,
	/* Beside it: a cancel that found no request. */
	URING_SLOT_AGAIN = 1 << 29,
};

static inline uint64_t name_of(const struct lsk_loop *loop, const struct loop_op *op)
{
	return (uint64_t)op->generation << 32 | op_slot(loop, op);
}

/* uring_arm.c */
struct io_uring_sqe *sqe_make(struct lsk_loop *loop);
void uring_loop_arm(struct lsk_loop *loop, struct loop_op *op);
void uring_loop_cancel(struct lsk_loop *loop, struct loop_op *op);
void uring_loop_close_direct(struct lsk_loop *loop, int fd);
bool uring_loop_read_file(struct lsk_loop *loop, struct loop_op *op,
			  const struct loop_reading *reading);

/* NULL where the kernel takes nothing for the moment: the caller comes back. */
static inline struct io_uring_sqe *sqe_get(struct lsk_loop *loop)
{
	struct uring_loop *uring = loop->state;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);

	return sqe ? sqe : sqe_make(loop);
}

/* A descriptor of the ring's own table goes by its place there. */
static inline void sqe_settle_file(struct io_uring_sqe *sqe)
{
	if (__builtin_expect(fd_is_direct(sqe->fd), 0)) {
		sqe->fd -= DIRECT_FIRST;
		sqe->flags |= IOSQE_FIXED_FILE;
	}
}

/* uring_feature.c */
unsigned int uring_features(struct io_uring *ring);
int uring_loop_add_buffer(struct lsk_loop *loop, void *memory, size_t size);
/* The registered buffer that has all of these bytes. Return: its index, or -ENOENT. */
int uring_loop_buffer_of(const struct uring_loop *uring, const char *bytes, size_t len);

/* uring_pool.c */
int uring_pool_init(struct lsk_pool *pool);
void uring_pool_done(struct lsk_pool *pool);

#endif
