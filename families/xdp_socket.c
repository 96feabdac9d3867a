/* SPDX-License-Identifier: MIT */
/*
 * The memory and the four rings of an AF_XDP socket. A ring is an array with two
 * counters that only grow; each side writes one of them and publishes with it what it
 * has put into the array, so that a store of ours releases and a load acquires.
 *
 *	fill        free places, from us          receive     frames, from the kernel
 *	transmit    frames, from us               completion  places sent, its
 */
#include <linsock/xdp.h>

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/if_xdp.h>

#include "src/socket.h"
#include "uring/engine.h"
#include "uring/util.h"

#define FRAMES_DEFAULT 2048
#define FRAMES_MAX     65536
#define FRAME_SIZE     4096
#define FRAME_SIZE_MIN 2048

/* The kernel says of a completion by no event: how long until the next look. */
#define LOOK_NS INT64_C(1000000)

struct ring {
	_Atomic uint32_t *producer;
	_Atomic uint32_t *consumer;
	_Atomic uint32_t *flags;
	void *entries; /* uint64_t places, or struct xdp_desc */
	uint32_t mask;
	void *mapping;
	size_t mapping_len;
};

struct lsk_xdp {
	struct lsk_socket *sock;
	uint8_t *memory;
	size_t memory_len;
	uint32_t queue;
	uint32_t frame_size;
	uint32_t half;         /* frames of each direction, and entries of each ring */
	uint64_t *free_places; /* for sending */
	uint32_t free_count;
	struct ring fill, completion, receive, transmit;
};

/* --- setting up -------------------------------------------------------------- */

static int set_size(struct lsk_xdp *xdp, int option, uint32_t entries)
{
	return lsk_socket_setsockopt(xdp->sock, SOL_XDP, option, &entries,
				     sizeof(entries));
}

static int map_ring(struct lsk_xdp *xdp, struct ring *ring,
		    const struct xdp_ring_offset *offset, size_t entry_size, off_t page)
{
	size_t len = offset->desc + (size_t)xdp->half * entry_size;
	char *base = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			  lsk_socket_fd(xdp->sock), page);

	if (base == MAP_FAILED)
		return neg_errno();
	*ring = (struct ring){
		.producer = (void *)(base + offset->producer),
		.consumer = (void *)(base + offset->consumer),
		.flags = (void *)(base + offset->flags),
		.entries = base + offset->desc,
		.mask = xdp->half - 1,
		.mapping = base,
		.mapping_len = len,
	};
	return 0;
}

static int map_rings(struct lsk_xdp *xdp)
{
	struct xdp_mmap_offsets offsets;
	socklen_t len = sizeof(offsets);
	int r;

	memset(&offsets, 0, sizeof(offsets));
	r = lsk_socket_getsockopt(xdp->sock, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &len);
	/* Before Linux 5.4 the rings had no flags, and a shorter answer. */
	if (r == 0 && len != sizeof(offsets))
		r = -EOPNOTSUPP;
	if (r == 0)
		r = map_ring(xdp, &xdp->fill, &offsets.fr, sizeof(uint64_t),
			     (off_t)XDP_UMEM_PGOFF_FILL_RING);
	if (r == 0)
		r = map_ring(xdp, &xdp->completion, &offsets.cr, sizeof(uint64_t),
			     (off_t)XDP_UMEM_PGOFF_COMPLETION_RING);
	if (r == 0)
		r = map_ring(xdp, &xdp->receive, &offsets.rx, sizeof(struct xdp_desc),
			     XDP_PGOFF_RX_RING);
	if (r == 0)
		r = map_ring(xdp, &xdp->transmit, &offsets.tx, sizeof(struct xdp_desc),
			     XDP_PGOFF_TX_RING);
	return r;
}

static int make_memory(struct lsk_xdp *xdp)
{
	struct xdp_umem_reg registration = {.chunk_size = xdp->frame_size};
	void *memory;

	xdp->memory_len = (size_t)xdp->half * 2 * xdp->frame_size;
	memory = mmap(NULL, xdp->memory_len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return neg_errno();
	xdp->memory = memory;
	registration.addr = (uintptr_t)memory;
	registration.len = xdp->memory_len;
	xdp->free_places = calloc(xdp->half, sizeof(*xdp->free_places));
	if (!xdp->free_places)
		return -ENOMEM;
	/* The first half receives, the second sends. */
	for (uint32_t i = 0; i < xdp->half; i++)
		xdp->free_places[i] = (uint64_t)(xdp->half + i) * xdp->frame_size;
	xdp->free_count = xdp->half;
	return lsk_socket_setsockopt(xdp->sock, SOL_XDP, XDP_UMEM_REG, &registration,
				     sizeof(registration));
}

static int bind_queue(struct lsk_xdp *xdp, const struct lsk_xdp_options *options)
{
	struct lsk_addr addr;
	int r = lsk_addr_xdp(&addr, options->interface, options->queue);

	if (r < 0)
		return r;
	((struct sockaddr_xdp *)&addr.storage)->sxdp_flags =
		(uint16_t)((options->flags & LSK_XDP_COPY ? XDP_COPY : 0) |
			   (options->flags & LSK_XDP_ZERO_COPY ? XDP_ZEROCOPY : 0) |
			   XDP_USE_NEED_WAKEUP);
	return lsk_socket_bind(xdp->sock, &addr);
}

/* Places that are free again, for frames to come. */
static void give_places(struct lsk_xdp *xdp, const uint64_t *places, uint32_t count)
{
	uint32_t at = atomic_load_explicit(xdp->fill.producer, memory_order_relaxed);

	for (uint32_t i = 0; i < count; i++)
		((uint64_t *)xdp->fill.entries)[(at + i) & xdp->fill.mask] = places[i];
	atomic_store_explicit(xdp->fill.producer, at + count, memory_order_release);
}

static int set_up(struct lsk_xdp *xdp, const struct lsk_xdp_options *options)
{
	int r = lsk_socket_new(&xdp->sock, AF_XDP, SOCK_RAW, 0);

	if (r == 0)
		r = make_memory(xdp);
	if (r == 0)
		r = set_size(xdp, XDP_UMEM_FILL_RING, xdp->half);
	if (r == 0)
		r = set_size(xdp, XDP_UMEM_COMPLETION_RING, xdp->half);
	if (r == 0)
		r = set_size(xdp, XDP_RX_RING, xdp->half);
	if (r == 0)
		r = set_size(xdp, XDP_TX_RING, xdp->half);
	if (r == 0)
		r = map_rings(xdp);
	for (uint32_t i = 0; r == 0 && i < xdp->half; i++)
		give_places(xdp, &(uint64_t){(uint64_t)i * xdp->frame_size}, 1);
	return r < 0 ? r : bind_queue(xdp, options);
}

int lsk_xdp_new(struct lsk_xdp **ret_xdp, const struct lsk_xdp_options *options)
{
	struct lsk_xdp *xdp;
	uint32_t frames;
	int r;

	if (!ret_xdp || !options)
		return -EINVAL;
	frames = options->frames ? options->frames : FRAMES_DEFAULT;
	if (frames < 2 || frames > FRAMES_MAX || (frames & (frames - 1)) != 0)
		return -EINVAL;
	xdp = calloc(1, sizeof(*xdp));
	if (!xdp)
		return -ENOMEM;
	xdp->half = frames / 2;
	xdp->queue = options->queue;
	xdp->frame_size = options->frame_size ? options->frame_size : FRAME_SIZE;
	if (xdp->frame_size != FRAME_SIZE && xdp->frame_size != FRAME_SIZE_MIN) {
		free(xdp);
		return -EINVAL;
	}
	r = set_up(xdp, options);
	if (r < 0) {
		lsk_xdp_free(xdp);
		return r;
	}
	*ret_xdp = xdp;
	return 0;
}

struct lsk_xdp *lsk_xdp_free(struct lsk_xdp *xdp)
{
	struct ring *rings[4];

	if (!xdp)
		return NULL;
	lsk_socket_free(xdp->sock);
	rings[0] = &xdp->fill;
	rings[1] = &xdp->completion;
	rings[2] = &xdp->receive;
	rings[3] = &xdp->transmit;
	for (size_t i = 0; i < ARRAY_SIZE(rings); i++)
		if (rings[i]->mapping)
			munmap(rings[i]->mapping, rings[i]->mapping_len);
	if (xdp->memory)
		munmap(xdp->memory, xdp->memory_len);
	free(xdp->free_places);
	free(xdp);
	return NULL;
}

struct lsk_socket *lsk_xdp_socket(const struct lsk_xdp *xdp)
{
	return xdp ? xdp->sock : NULL;
}

int64_t lsk_xdp_queue(const struct lsk_xdp *xdp)
{
	return xdp ? (int64_t)xdp->queue : -EINVAL;
}

/* --- receiving --------------------------------------------------------------- */

/* How many entries the kernel has put into a ring that we have not taken. */
static uint32_t available(const struct ring *ring, uint32_t *ret_at)
{
	uint32_t end = atomic_load_explicit(ring->producer, memory_order_acquire);

	*ret_at = atomic_load_explicit(ring->consumer, memory_order_relaxed);
	return end - *ret_at;
}

static size_t take_frames(struct lsk_xdp *xdp, struct lsk_xdp_frame *frames, size_t max)
{
	const struct xdp_desc *entries = xdp->receive.entries;
	uint32_t at, count = available(&xdp->receive, &at);

	if (count > max)
		count = (uint32_t)max;
	for (uint32_t i = 0; i < count; i++) {
		const struct xdp_desc *entry = &entries[(at + i) & xdp->receive.mask];

		frames[i] = (struct lsk_xdp_frame){
			.data = xdp->memory + entry->addr,
			.len = entry->len,
			.place = entry->addr - entry->addr % xdp->frame_size,
		};
	}
	atomic_store_explicit(xdp->receive.consumer, at + count, memory_order_release);
	return count;
}

ssize_t lsk_xdp_receive(struct lsk_xdp *xdp, struct lsk_xdp_frame *frames, size_t max)
{
	int64_t deadline_ns;

	if (!xdp || !frames || max == 0)
		return -EINVAL;
	deadline_ns = socket_deadline(xdp->sock);
	for (;;) {
		size_t count = take_frames(xdp, frames, max);
		int r;

		if (count > 0)
			return (ssize_t)count;
		if (socket_timeout(xdp->sock) == 0)
			return -EAGAIN;
		r = socket_poll(xdp->sock, POLLIN, deadline_ns);
		if (r < 0)
			return r;
	}
}

void lsk_xdp_release(struct lsk_xdp *xdp, const struct lsk_xdp_frame *frames,
		     size_t count)
{
	if (!xdp || !frames)
		return;
	for (size_t i = 0; i < count; i++)
		give_places(xdp, &frames[i].place, 1);
}

/* --- sending ----------------------------------------------------------------- */

/* Take back the places whose frames are sent. */
static void reclaim(struct lsk_xdp *xdp)
{
	const uint64_t *entries = xdp->completion.entries;
	uint32_t at, count = available(&xdp->completion, &at);

	for (uint32_t i = 0; i < count && xdp->free_count < xdp->half; i++)
		xdp->free_places[xdp->free_count++] =
			entries[(at + i) & xdp->completion.mask];
	atomic_store_explicit(xdp->completion.consumer, at + count,
			      memory_order_release);
}

/* Let the kernel look at the ring. What it could not do now is done at the next look.
 */
static int kick(struct lsk_xdp *xdp)
{
	int r;

	if (!(atomic_load_explicit(xdp->transmit.flags, memory_order_acquire) &
	      XDP_RING_NEED_WAKEUP))
		return 0;
	r = syscall_result(
		(int)sendto(lsk_socket_fd(xdp->sock), NULL, 0, MSG_DONTWAIT, NULL, 0));
	return r == -EAGAIN || r == -EBUSY || r == -ENOBUFS ? 0 : r;
}

/* Kick, and reclaim; where that brings nothing, wait a little. */
static int wait_for_places(struct lsk_xdp *xdp, uint32_t wanted, int64_t deadline_ns)
{
	for (;;) {
		int64_t until;
		int r = kick(xdp);

		if (r < 0)
			return r;
		reclaim(xdp);
		if (xdp->free_count >= wanted)
			return 0;
		if (socket_timeout(xdp->sock) == 0)
			return -EAGAIN;
		until = engine_now_ns();
		if (deadline_ns >= 0 && until >= deadline_ns)
			return -ETIME;
		until += LOOK_NS;
		r = socket_poll(xdp->sock, 0,
				deadline_ns >= 0 && until > deadline_ns ? deadline_ns
									: until);
		if (r < 0 && r != -ETIME)
			return r;
	}
}

static void put_frame(struct lsk_xdp *xdp, const struct iovec *frame)
{
	struct xdp_desc *entries = xdp->transmit.entries;
	uint32_t at =
		atomic_load_explicit(xdp->transmit.producer, memory_order_relaxed);
	uint64_t place = xdp->free_places[--xdp->free_count];

	memcpy(xdp->memory + place, frame->iov_base, frame->iov_len);
	entries[at & xdp->transmit.mask] = (struct xdp_desc){
		.addr = place,
		.len = (uint32_t)frame->iov_len,
	};
	atomic_store_explicit(xdp->transmit.producer, at + 1, memory_order_release);
}

ssize_t lsk_xdp_send(struct lsk_xdp *xdp, const struct iovec *frames, size_t count)
{
	int64_t deadline_ns;
	size_t sent = 0;
	int r = 0;

	if (!xdp || (!frames && count > 0))
		return -EINVAL;
	deadline_ns = socket_deadline(xdp->sock);
	while (sent < count) {
		if (frames[sent].iov_len > xdp->frame_size) {
			r = -EMSGSIZE;
			break;
		}
		reclaim(xdp);
		if (xdp->free_count == 0)
			r = wait_for_places(xdp, 1, deadline_ns);
		if (r < 0)
			break;
		put_frame(xdp, &frames[sent++]);
	}
	if (sent == 0)
		return r;
	r = kick(xdp);
	return r < 0 ? r : (ssize_t)sent;
}

int lsk_xdp_flush(struct lsk_xdp *xdp)
{
	if (!xdp)
		return -EINVAL;
	return wait_for_places(xdp, xdp->half, socket_deadline(xdp->sock));
}

/* --- what the kernel tells --------------------------------------------------- */

int lsk_xdp_statistics(const struct lsk_xdp *xdp,
		       struct lsk_xdp_statistics *ret_statistics)
{
	struct xdp_statistics statistics;
	socklen_t len = sizeof(statistics);
	int r;

	if (!xdp || !ret_statistics)
		return -EINVAL;
	memset(&statistics, 0, sizeof(statistics));
	r = lsk_socket_getsockopt(xdp->sock, SOL_XDP, XDP_STATISTICS, &statistics,
				  &len);
	if (r < 0)
		return r;
	*ret_statistics = (struct lsk_xdp_statistics){
		.dropped = statistics.rx_dropped,
		.ring_full = statistics.rx_ring_full,
		.no_frame = statistics.rx_fill_ring_empty_descs,
		.bad_receive = statistics.rx_invalid_descs,
		.bad_send = statistics.tx_invalid_descs,
		.ring_empty = statistics.tx_ring_empty_descs,
	};
	return 0;
}

int lsk_xdp_is_zero_copy(const struct lsk_xdp *xdp)
{
	struct xdp_options options = {.flags = 0};
	socklen_t len = sizeof(options);
	int r;

	if (!xdp)
		return -EINVAL;
	r = lsk_socket_getsockopt(xdp->sock, SOL_XDP, XDP_OPTIONS, &options, &len);
	return r < 0 ? r : (options.flags & XDP_OPTIONS_ZEROCOPY) != 0;
}
