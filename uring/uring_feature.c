/* SPDX-License-Identifier: MIT */
/*
 * What a ring can do for a loop, found out on the ring itself while nobody uses it yet:
 * a ring of its own would have to be closed, and that lets a later epoll_wait(2) of the
 * thread return EINTR. The first loop of a process finds it out for all.
 */
#include <errno.h>
#include <linsock/loop_feature.h>
#include <stdatomic.h>

#include "uring/trial.h"
#include "uring/uring_loop.h"
#include "uring/util.h"

/* What is known of this kernel. */
enum { VERDICT_KNOWN = 1U << 31 };

/* Those of linsock probe, by their names there. */
static const struct {
	unsigned int feature;
	const char *trial;
} tried[] = {
	{LSK_LOOP_ACCEPT_MULTISHOT, "accept_multishot"},
	{LSK_LOOP_RECV_MULTISHOT, "recv_multishot"},
	{LSK_LOOP_INCREMENTAL, "pbuf_ring_inc"},
	{LSK_LOOP_BUNDLES, "recv_bundle"},
	{LSK_LOOP_DIRECT, "accept_direct"},
};

static _Atomic unsigned int verdict;

/* To the size that it has. */
static bool try_growth(struct io_uring *ring)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE,
		.sq_entries = ring->sq.ring_entries,
		.cq_entries = ring->cq.ring_entries,
	};

	return io_uring_resize_rings(ring, &params) == 0;
}

static unsigned int ask_opcodes(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	unsigned int features = 0;

	if (!probe)
		return 0;
	if (io_uring_opcode_supported(probe, IORING_OP_SEND_ZC))
		features |= LSK_LOOP_ZERO_COPY | LSK_LOOP_BUFFERS;
	if (io_uring_opcode_supported(probe, IORING_OP_MSG_RING))
		features |= LSK_LOOP_MSG_RING;
	if (io_uring_opcode_supported(probe, IORING_OP_SPLICE))
		features |= LSK_LOOP_READ_FILE;
	io_uring_free_probe(probe);
	return features;
}

unsigned int uring_features(struct io_uring *ring)
{
	unsigned int features = atomic_load(&verdict);
	bool is_certain = true;

	if (features & VERDICT_KNOWN)
		return features & ~VERDICT_KNOWN;
	features = ask_opcodes(ring);
	if (try_growth(ring))
		features |= LSK_LOOP_GROWTH;
	for (size_t i = 0; i < ARRAY_SIZE(tried); i++) {
		int r = trial_on(ring, tried[i].trial);

		if (r == 0)
			features |= tried[i].feature;
		/* That may pass: the next loop asks again. */
		if (r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -ETIME)
			is_certain = false;
	}
	if (is_certain)
		atomic_store(&verdict, features | VERDICT_KNOWN);
	return features;
}

/* Registered memory. */

static unsigned int buffer_find(const struct uring_loop *uring, const void *memory)
{
	unsigned int index = 0;

	while (index < URING_BUFFERS_MAX && uring->buffers[index].iov_base != memory)
		index++;
	return index;
}

static int buffers_init(struct uring_loop *uring)
{
	int r;

	if (uring->has_buffers)
		return 0;
	r = io_uring_register_buffers_sparse(&uring->ring, URING_BUFFERS_MAX);
	uring->has_buffers = r == 0;
	return r;
}

/* The kernel looks for a buffer when it takes the request: what it has not taken yet
 * is to do without. */
static void buffer_forget(struct uring_loop *uring, unsigned int index)
{
	const struct io_uring_sq *sq = &uring->ring.sq;

	for (unsigned int head = *sq->khead; head != sq->sqe_tail; head++) {
		struct io_uring_sqe *sqe = &sq->sqes[head & sq->ring_mask];

		if (sqe->opcode != IORING_OP_SEND_ZC || sqe->buf_index != index)
			continue;
		sqe->ioprio &= (uint16_t)~IORING_RECVSEND_FIXED_BUF;
		sqe->buf_index = 0;
	}
}

int uring_loop_add_buffer(struct lsk_loop *loop, void *memory, size_t size)
{
	struct uring_loop *uring = loop->state;
	struct iovec iov = {.iov_base = size > 0 ? memory : NULL, .iov_len = size};
	unsigned int index = buffer_find(uring, memory);
	const unsigned int none = URING_BUFFERS_MAX;
	int r;

	if (size == 0 && index == none)
		return -ENOENT;
	if (size > 0 && index != none)
		return -EEXIST;
	if (size > 0)
		index = buffer_find(uring, NULL);
	if (index == none)
		return -ENOSPC;
	r = buffers_init(uring);
	if (r < 0)
		return r;
	r = io_uring_register_buffers_update_tag(&uring->ring, index, &iov, NULL, 1);
	if (r < 0)
		return r;
	uring->buffers[index] = iov;
	if (size == 0)
		buffer_forget(uring, index);
	return 0;
}

int uring_loop_buffer_of(const struct uring_loop *uring, const char *bytes, size_t len)
{
	if (!uring->has_buffers)
		return -ENOENT;
	for (int i = 0; i < URING_BUFFERS_MAX; i++) {
		const char *begin = uring->buffers[i].iov_base;

		if (begin && bytes >= begin &&
		    bytes + len <= begin + uring->buffers[i].iov_len)
			return i;
	}
	return -ENOENT;
}
