/* SPDX-License-Identifier: MIT */
/* What the files of the loop's io_uring back end share. */
#ifndef LSK_URING_LOOP_H
#define LSK_URING_LOOP_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "uring/loop.h"

struct uring_loop {
	struct io_uring ring;
	struct msghdr message_shape; /* room for names and control, for all streams */
	int host_fd;
	bool is_wake_armed;
};

int uring_pool_init(struct lsk_pool *pool);
void uring_pool_done(struct lsk_pool *pool);
void uring_pool_give(struct lsk_pool *pool, uint16_t index);

#endif
