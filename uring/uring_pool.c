/* SPDX-License-Identifier: MIT */
/* Pools of receive buffers as rings that the kernel takes from. */
#include <errno.h>
#include <liburing.h>
#include <linsock/loop_feature.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "uring/loop.h"
#include "uring/uring_loop.h"

/* Incremental buffers carry many small receptions each, and big ones in one piece. */
static int register_buffers(struct uring_loop *uring, struct lsk_pool *pool,
			    unsigned int flags)
{
	struct io_uring_buf_reg reg = {
		.ring_addr = (uint64_t)(uintptr_t)pool->ring,
		.ring_entries = pool->count_max,
		.bgid = pool->group,
		.flags = (uint16_t)flags,
	};

	return io_uring_register_buf_ring(&uring->ring, &reg, 0);
}

int uring_pool_init(struct lsk_pool *pool)
{
	struct uring_loop *uring = pool->loop->state;
	const unsigned int features = pool->loop->features;
	int r = -EINVAL;

	if (!(features & LSK_LOOP_RECV_MULTISHOT))
		return -EOPNOTSUPP;
	pool->ring_size = pool->count_max * sizeof(struct io_uring_buf);
	pool->ring = mmap(NULL, pool->ring_size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pool->ring == MAP_FAILED) {
		pool->ring = NULL;
		return -ENOMEM;
	}
	io_uring_buf_ring_init(pool->ring);
	if (pool->flags == 0 && features & LSK_LOOP_INCREMENTAL) {
		r = register_buffers(uring, pool, IOU_PBUF_RING_INC);
		pool->is_incremental = r == 0;
	}
	if (r < 0)
		r = register_buffers(uring, pool, 0);
	if (r == 0 && features & LSK_LOOP_BUNDLES && !pool->is_incremental &&
	    !(pool->flags & LSK_POOL_MESSAGES) && !pool->lease_max) {
		/* Without this memory a completion for each buffer does. */
		pool->places = calloc(pool->count_max, sizeof(*pool->places));
	}
	if (r < 0) {
		munmap(pool->ring, pool->ring_size);
		pool->ring = NULL;
		pool->is_incremental = false;
	}
	return r;
}

void uring_pool_done(struct lsk_pool *pool)
{
	struct uring_loop *uring = pool->loop->state;

	io_uring_unregister_buf_ring(&uring->ring, pool->group);
	munmap(pool->ring, pool->ring_size);
}
