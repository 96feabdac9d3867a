/* SPDX-License-Identifier: MIT */
/* The features of a loop in words: the one place that says what is used instead. */
#include <linsock/loop_feature.h>

#include "uring/loop.h"
#include "uring/util.h"

/* clang-format off */
static const struct lsk_loop_feature_info features[] = {
	{ LSK_LOOP_RING, "ring", "operations are handed to io_uring, many at a time",
	  "readiness by epoll, and a system call for each" },
	{ LSK_LOOP_RING_FD, "ring_fd", "the ring's descriptor is registered",
	  "the kernel looks it up in each call" },
	{ LSK_LOOP_GROWTH, "growth", "the room for completions grows when it is short",
	  "the kernel keeps those that find no room" },
	{ LSK_LOOP_BUSY_POLL, "busy_poll", "a wait polls the card before it sleeps",
	  "a wait sleeps at once" },
	{ LSK_LOOP_MIN_WAIT, "min_wait", "a wait gathers completions for a least time",
	  "a wait ends with the first completion" },
	{ LSK_LOOP_ZERO_COPY, "zero_copy", "large sends are not copied",
	  "they are copied" },
	{ LSK_LOOP_BUFFERS, "buffers", "memory to send from is registered",
	  "its pages are looked up by each zero-copy send" },
	{ LSK_LOOP_ACCEPT_MULTISHOT, "accept_multishot", "one request accepts all",
	  "a poll, and accept4(2) for each" },
	{ LSK_LOOP_RECV_MULTISHOT, "recv_multishot",
	  "one request receives all, into buffers that the kernel takes",
	  "a poll, and recv(2) for each" },
	{ LSK_LOOP_INCREMENTAL, "incremental", "a buffer is filled bit by bit",
	  "a buffer for each arrival, however short" },
	{ LSK_LOOP_READ_FILE, "read_file", "the kernel waits for a file's disk",
	  "the loop's thread does" },
	{ LSK_LOOP_BUNDLES, "bundles", "one completion brings several buffers of a stream",
	  "a completion for each buffer" },
	{ LSK_LOOP_DIRECT, "direct", "connections stand in a table of the ring",
	  "they are descriptors of the process" },
	{ LSK_LOOP_MSG_RING, "msg_ring", "a direct connection goes from ring to ring",
	  "as a descriptor of the process" },
};
/* clang-format on */

unsigned int lsk_loop_features(const struct lsk_loop *loop)
{
	return loop ? loop->features : 0;
}

const struct lsk_loop_feature_info *lsk_loop_feature(unsigned int index)
{
	return index < ARRAY_SIZE(features) ? &features[index] : NULL;
}

int lsk_loop_add_buffer(struct lsk_loop *loop, void *memory, size_t size)
{
	if (!loop || !memory || size == 0 || size > 1U << 30)
		return -EINVAL;
	if (!(loop->features & LSK_LOOP_BUFFERS))
		return -EOPNOTSUPP;
	return loop->backend->add_buffer(loop, memory, size);
}

int lsk_loop_remove_buffer(struct lsk_loop *loop, void *memory)
{
	if (!loop || !memory)
		return -EINVAL;
	if (!(loop->features & LSK_LOOP_BUFFERS))
		return -ENOENT;
	return loop->backend->add_buffer(loop, memory, 0);
}
