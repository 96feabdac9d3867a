/* SPDX-License-Identifier: MIT */
/*
 * What a loop has got of what its options and calls ask for. Nothing fails for the want
 * of a feature: something else is used in its place, and here it is told which.
 */
#ifndef LINSOCK_LOOP_FEATURE_H
#define LINSOCK_LOOP_FEATURE_H

#include <linsock/base.h>
#include <linsock/loop.h>

LSK_BEGIN_DECLS

/**
 * enum lsk_loop_feature - what a loop may have
 * @LSK_LOOP_RING: io_uring
 * @LSK_LOOP_RING_FD: the ring's descriptor is registered
 * @LSK_LOOP_GROWTH: the room for completions grows
 * @LSK_LOOP_BUSY_POLL: busy_poll_us of the options
 * @LSK_LOOP_MIN_WAIT: min_wait_us of the options
 * @LSK_LOOP_ZERO_COPY: zero_copy_min of the options
 * @LSK_LOOP_BUFFERS: lsk_loop_add_buffer()
 * @LSK_LOOP_ACCEPT_MULTISHOT: one request accepts all
 * @LSK_LOOP_RECV_MULTISHOT: one request receives all, into buffers that the kernel
 *	takes
 * @LSK_LOOP_INCREMENTAL: a buffer is filled bit by bit
 * @LSK_LOOP_READ_FILE: a disk is waited for by the kernel
 * @LSK_LOOP_BUNDLES: one completion brings several whole buffers of a stream
 * @LSK_LOOP_DIRECT: direct_max of the options
 * @LSK_LOOP_MSG_RING: a direct descriptor goes to another loop from ring to ring
 *
 * Found out by doing each once on the first ring of the process, before it is used;
 * versions are never compared.
 */
enum lsk_loop_feature {
	LSK_LOOP_RING = 1 << 0,
	LSK_LOOP_RING_FD = 1 << 1,
	LSK_LOOP_GROWTH = 1 << 2,
	LSK_LOOP_BUSY_POLL = 1 << 3,
	LSK_LOOP_MIN_WAIT = 1 << 4,
	LSK_LOOP_ZERO_COPY = 1 << 5,
	LSK_LOOP_BUFFERS = 1 << 6,
	LSK_LOOP_ACCEPT_MULTISHOT = 1 << 7,
	LSK_LOOP_RECV_MULTISHOT = 1 << 8,
	LSK_LOOP_INCREMENTAL = 1 << 9,
	LSK_LOOP_READ_FILE = 1 << 10,
	LSK_LOOP_BUNDLES = 1 << 11,
	LSK_LOOP_DIRECT = 1 << 12,
	LSK_LOOP_MSG_RING = 1 << 13,
};

/**
 * struct lsk_loop_feature_info - a feature in words
 * @feature: one of enum lsk_loop_feature
 * @name: stable, as in "loop.zero_copy" of linsock probe
 * @summary: what it is
 * @instead: what a loop without it does
 */
struct lsk_loop_feature_info {
	enum lsk_loop_feature feature;
	const char *name;
	const char *summary;
	const char *instead;
};

/**
 * lsk_loop_features() - what this loop has
 * @loop: the loop
 *
 * Those of an option only where the option was given.
 *
 * Return: enum lsk_loop_feature, as bits; 0 for NULL.
 */
unsigned int lsk_loop_features(const struct lsk_loop *loop);

/**
 * lsk_loop_feature() - a feature in words
 * @index: from 0
 *
 * Return: constant; NULL for an index that is too large.
 */
const struct lsk_loop_feature_info *lsk_loop_feature(unsigned int index);

/**
 * lsk_loop_add_buffer() - register memory that is sent from again and again
 * @loop: the loop
 * @memory: stays in place until it is removed or the loop ends; charged to
 *	RLIMIT_MEMLOCK
 * @size: bytes, at most 1 GiB
 *
 * A zero-copy send (zero_copy_min of the options) of bytes that are all in @memory does
 * not have to look up their pages.
 *
 * Return: 0; -EOPNOTSUPP without LSK_LOOP_BUFFERS: such sends are like all others;
 * -ENOSPC for more than 16; -ENOMEM beyond the limit; -EEXIST.
 */
int lsk_loop_add_buffer(struct lsk_loop *loop, void *memory, size_t size);

/**
 * lsk_loop_remove_buffer() - undo lsk_loop_add_buffer()
 * @loop: the loop
 * @memory: as given there; sends that are under way may end
 *
 * Return: 0, or -ENOENT.
 */
int lsk_loop_remove_buffer(struct lsk_loop *loop, void *memory);

LSK_END_DECLS

#endif
