/* SPDX-License-Identifier: MIT */
/*
 * Hand-written liburing, shared by its services: the ring, the pool of provided
 * buffers, and how a completion is named.
 */
#ifndef BENCH_PEERS_LIBURING_H
#define BENCH_PEERS_LIBURING_H

#include <errno.h>
#include <liburing.h>

#include "../lockstep/lockstep.h"

#define SQ_ENTRIES 1024
#define CQ_ENTRIES 4096
#define POOL_GROUP 1

enum variant {
	VARIANT_BEST,    /* sends on the ring, one submit for each pass */
	VARIANT_INLINE,  /* receives on the ring, sends by send(2) at once */
	VARIANT_BUNDLE,  /* one completion for several buffers */
	VARIANT_INC,     /* large buffers consumed bit by bit */
	VARIANT_NO_NAME, /* datagrams without the sender's address */
	VARIANT_ZERO_COPY,
	VARIANT_DIRECT, /* connections in the ring's table */
};

/* What a completion is of: the low byte of user_data. */
enum completion {
	COMPLETION_RECV = 1,
	COMPLETION_SEND,
	COMPLETION_ACCEPT,
	COMPLETION_TIMER,
	COMPLETION_CANCEL,
	COMPLETION_CONNECT,
	COMPLETION_CLOSE,
};

#define BID_NONE UINT16_MAX

struct connection {
	int fd;
	unsigned out; /* the connection that what comes is sent to */
	bool is_sending;
	bool is_starved;
	bool is_fed;         /* has a receive for one buffer */
	uint16_t queue_head; /* buffers that wait for the send in flight */
	uint16_t queue_tail;
	uint32_t sent; /* of the buffer in flight */
};

struct server {
	const struct bench_plan *plan;
	struct bench_tally *tally;
	enum variant variant;
	uint8_t file_flags; /* of what is done with connections */
	struct io_uring ring;

	struct io_uring_buf_ring *pool;
	uint8_t *pool_memory;
	size_t pool_bytes;
	size_t buffer_size;
	unsigned buffers;
	unsigned buffers_back; /* returned, not yet told to the kernel */
	unsigned buffers_free;
	unsigned bundle_head; /* the next buffer in ring order */
	uint32_t *used;       /* of each buffer, when consumed bit by bit */
	uint16_t *next;       /* buffer -> the next of the same queue */
	uint32_t *lengths;

	struct connection *connections;
	unsigned count;
	unsigned starved_first; /* scan position of connections without a receive */
	unsigned starved_count;
	unsigned fed_count; /* of these, given a receive in this pass */
	struct msghdr recvmsg;
	struct __kernel_timespec *delays;
	unsigned cancelled; /* timers, since it was asked for */

	int (*complete)(struct server *server, const struct io_uring_cqe *cqe);
};

static inline uint64_t tag(enum completion kind, unsigned index, unsigned bid)
{
	return (uint64_t)index << 32 | (uint64_t)bid << 8 | (unsigned)kind;
}

static inline enum completion tag_kind(uint64_t data)
{
	return (enum completion)(data & 0xff);
}

static inline unsigned tag_bid(uint64_t data)
{
	return data >> 8 & 0xffff;
}

static inline unsigned tag_index(uint64_t data)
{
	return (unsigned)(data >> 32);
}

static inline uint8_t *pool_buffer(const struct server *server, unsigned bid)
{
	return server->pool_memory + (size_t)bid * server->buffer_size;
}

/* Never NULL: a full queue is submitted first. */
struct io_uring_sqe *sqe_next(struct server *server);

int pool_start(struct server *server, unsigned buffers, size_t size, unsigned flags);
void pool_return(struct server *server, unsigned bid);
void pool_publish(struct server *server);

/* The services; each completion goes to one of these. */
int echo_complete(struct server *server, const struct io_uring_cqe *cqe);
int echo_arm(struct server *server, unsigned index);
void echo_feed_starved(struct server *server);
int sink_complete(struct server *server, const struct io_uring_cqe *cqe);
int sink_arm(struct server *server, unsigned index);
int datagram_complete(struct server *server, const struct io_uring_cqe *cqe);
int datagram_arm(struct server *server, unsigned index);
int accept_complete(struct server *server, const struct io_uring_cqe *cqe);
int accept_arm(struct server *server, unsigned index);
int serve_complete(struct server *server, const struct io_uring_cqe *cqe);
int fanout_complete(struct server *server, const struct io_uring_cqe *cqe);
int fanout_broadcast(void *context, const void *data, size_t len);
int timers_complete(struct server *server, const struct io_uring_cqe *cqe);
int timers_run(void *context, unsigned count);
int timers_arm(void *context);
int timers_disarm(void *context);
int connect_complete(struct server *server, const struct io_uring_cqe *cqe);
int connect_run(void *context, const struct sockaddr *address, socklen_t len,
		unsigned count);
int datagrams_sent(struct server *server, const struct io_uring_cqe *cqe);
int datagrams_broadcast(struct server *server, const void *data, size_t len);
int segments_complete(struct server *server, const struct io_uring_cqe *cqe);

#endif
