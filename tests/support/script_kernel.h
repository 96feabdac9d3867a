/* SPDX-License-Identifier: MIT */
/* The inside of the scripted kernel: script.c and script_request.c. */
#ifndef TESTS_SCRIPT_KERNEL_H
#define TESTS_SCRIPT_KERNEL_H

#include <liburing.h>

#include "tests/support/script.h"

enum {
	SCRIPT_REQUESTS_MAX = 1024,
	SCRIPT_OVERFLOW_MAX = 4096,
	SCRIPT_GROUPS_MAX = 64,
	SCRIPT_BUFFERS_MAX = 16,
	SCRIPT_FILES_MAX = 64,
};

/* Of script_post(): keep it where there is no room, though it says "more". */
#define SCRIPT_F_MUST (1U << 15)

struct script_request {
	struct io_uring_sqe sqe;
	uint32_t progress; /* of a send */
	uint32_t sum;      /* of a zero-copy send's bytes */
	bool is_done;
	bool is_doomed;    /* a cancel came while it was "in execution" */
	bool is_notifying; /* sent; the notification is due */
};

struct script_group {
	struct io_uring_buf_ring *ring;
	unsigned int entries;
	uint16_t head;
	bool is_incremental;
};

struct script {
	script_decide_fn decide;
	void *context;
	bool is_on;
	int64_t now_ns;
	int refuse_error;
	unsigned int refuse_count;
	struct io_uring *ring;
	unsigned int words[8]; /* heads, tails, flags */
	struct script_request requests[SCRIPT_REQUESTS_MAX];
	unsigned int requests_count;
	struct io_uring_cqe overflow[SCRIPT_OVERFLOW_MAX];
	unsigned int overflow_count;
	struct script_group groups[SCRIPT_GROUPS_MAX];
	struct iovec buffers[SCRIPT_BUFFERS_MAX]; /* registered */
	int files[SCRIPT_FILES_MAX];              /* the ring's table; 0: free */
	unsigned int files_count;
};

extern struct script script;

void script_fail(const char *text);
unsigned int script_choose(enum script_point point, unsigned int count,
			   const struct io_uring_sqe *sqe);
bool script_post(uint64_t user_data, int result, unsigned int flags);

/* The ring's table. Return: the place, which owns @fd, or -ENFILE; 0 or -EBADF. */
int script_add_file(int fd);
int script_close_file(unsigned int at);

/* script_request.c: an SQE was submitted; a pending request is looked at. */
void script_take(const struct io_uring_sqe *sqe);
void script_run(struct script_request *request);

#endif
