/* SPDX-License-Identifier: MIT */
/*
 * The loop's inside: operations in slots, descriptors as channels, pools of buffers,
 * and the table of functions behind which io_uring, epoll and the tests' scripted back
 * end differ.
 *
 * An operation is in the kernel (OP_ARMED) or not, and ends in op_finish() and nowhere
 * else. A channel is what the loop knows of one descriptor: its operations, its queue
 * of sends, and how far its closing has come.
 */
#ifndef LSK_LOOP_H
#define LSK_LOOP_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linsock/loop.h>

#include "uring/wheel.h"

/* Ends every list of slots. */
#define OP_NONE UINT32_MAX

enum op_kind {
	OP_ACCEPT,
	OP_ACCEPT_STREAM,
	OP_CONNECT,
	OP_RECV,
	OP_RECVMSG,
	OP_RECVFROM,
	OP_RECV_STREAM,
	OP_RECVMSG_STREAM,
	OP_POLL,
	OP_EXCHANGE,
	OP_SEND,
	OP_SENDMSG,
	OP_SENDFILE,
	OP_SPLICE,
	OP_INSTALL,
	OP_PASS_ON,
	OP_DRAIN,
	OP_TIMER,
	OP_CLOSE,
	OP_KIND__COUNT
};

enum op_state {
	OP_ARMED = 1 << 0,       /* the kernel has it and will say when it ends */
	OP_CANCELLED = 1 << 1,   /* end with -ECANCELED */
	OP_EXPIRED = 1 << 2,     /* end with -ETIME */
	OP_LISTED = 1 << 3,      /* on the loop's list of work, by link */
	OP_STARVED = 1 << 4,     /* on its pool's list, by link */
	OP_PAUSED = 1 << 5,      /* by the user */
	OP_FULL = 1 << 6,        /* its leases have reached the pool's limit */
	OP_POLLED = 1 << 7,      /* armed as a poll; the system call follows */
	OP_STOPPING = 1 << 8,    /* a cancel is under way to the kernel */
	OP_LEASED = 1 << 9,      /* a send of a lease, which it returns */
	OP_COPYING = 1 << 10,    /* a send that is to be copied, however long it is */
	OP_NOTIFY_DUE = 1 << 11, /* zero copy: the kernel looks at the bytes still */
	OP_SENT = 1 << 12,       /* and that is all it waits for; flags: the result */
	OP_DIRECT = 1 << 13,     /* accepts into the ring's table */
};

/* How far a connection has come, in its operation's progress. */
enum connect_progress {
	CONNECT_NOT_BEGUN,
	CONNECT_BEGUN,
	CONNECT_ENDED, /* as an event of epoll says that came after it had begun */
};

struct loop_op {
	uint32_t generation;
	uint8_t kind;
	uint8_t group; /* of the pool, where OP_LEASED */
	uint16_t state;
	struct channel *channel; /* NULL: OP_TIMER */
	lsk_done_fn done;
	void *context;
	union {
		void *buf;
		const void *bytes; /* of a send */
		struct msghdr *message;
		const struct msghdr *sent; /* of a send */
		struct lsk_exchange *exchange;
		struct lsk_pool *pool;
		struct transfer *transfer;
		size_t low;
		uint64_t lease; /* of a send, where OP_LEASED */
	} u;
	uint32_t len;      /* bytes; streams: leases that are out */
	uint32_t progress; /* bytes done; streams: the last that is held back;
			    * enum connect_progress; exchanges by system call: begun */
	int32_t flags;  /* MSG_*, POLL*; streams: the first that is held back, or 0 */
	uint32_t next;  /* in the channel's queue of sends or list of others; free */
	uint32_t link;  /* in the loop's list of work or the pool's of the starved */
	uint32_t timer; /* of the wheel; 0: none */
};

static_assert(sizeof(struct loop_op) == 64, "an operation fills one cache line");

/* Descriptors of the ring's own table have numbers that no process can have, so that a
 * system call that is made with one does no harm. */
enum { DIRECT_FIRST = 1 << 30 };

static inline bool fd_is_direct(int fd)
{
	return fd >= DIRECT_FIRST;
}

enum channel_state {
	CHANNEL_BUSY = 1 << 0,     /* the head of the queue is with the kernel */
	CHANNEL_FLUSHING = 1 << 1, /* on the loop's list of channels to send */
	CHANNEL_CLOSING = 1 << 2,
	CHANNEL_SHUT = 1 << 3,        /* closing, and the queue has been drained */
	CHANNEL_READABLE = 1 << 4,    /* epoll: as far as is known */
	CHANNEL_LATE = 1 << 5,        /* bound once something waits */
	CHANNEL_HANGUP = 1 << 6,      /* epoll: a short read does not mean "drained" */
	CHANNEL_WANT_OUT = 1 << 7,    /* epoll: registered for EPOLLOUT */
	CHANNEL_READY = 1 << 8,       /* epoll: on the list of channels to try */
	CHANNEL_SENDING = 1 << 9,     /* the queue is being worked on, further up */
	CHANNEL_FREE = 1 << 10,       /* unbound; its memory is reused after the pass */
	CHANNEL_REGISTERED = 1 << 11, /* epoll */
	CHANNEL_STOPPED = 1 << 12,    /* sends of the queue were stopped */
	CHANNEL_DRAINS = 1 << 13,     /* somebody waits for a short queue */
	CHANNEL_WAS_BLOCKING = 1 << 14, /* the descriptor, before a file came */
};

/* What a socket of this family may do on a ring: from the family's row. */
enum channel_caps {
	CHANNEL_STREAM = 1 << 0,     /* bytes, not messages */
	CHANNEL_RING_SEND = 1 << 1,  /* SEND and SENDMSG on the ring */
	CHANNEL_WRITE_ONLY = 1 << 2, /* no MSG_NOSIGNAL */
	CHANNEL_ZERO_COPY = 1 << 3,
	CHANNEL_RECV_MULTI = 1 << 4,
	CHANNEL_ACCEPT_MULTI = 1 << 5,
	CHANNEL_EOF = 1 << 6,        /* nothing received means the end */
	CHANNEL_NO_CLOEXEC = 1 << 7, /* MSG_CMSG_CLOEXEC is refused */
	CHANNEL_CONNECTS = 1 << 8,   /* of channel_new() alone: that comes first */
};

struct channel {
	struct lsk_loop *loop;
	union {
		void *owner;           /* NULL: nobody's */
		uint32_t leaving_next; /* once it is free */
	};
	struct send_batch *batch; /* several sends that left as one */
	size_t queued;            /* bytes of sends that have not ended */
	int fd;
	uint32_t send_head;
	uint32_t send_tail;
	uint32_t others;     /* operations that are not sends */
	uint32_t close_op;   /* OP_NONE, or what gets the event */
	uint32_t flush_next; /* links are indices, OP_NONE ends */
	uint32_t ready_next; /* also the list of free channels */
	uint16_t state;
	uint8_t caps;
	uint8_t batch_count;
};

static_assert(sizeof(struct channel) == 64, "a channel fills one cache line");

/* In the flags of an event that lsk_loop_next() has not fetched: it hands a descriptor
 * over, which is nobody's until then. */
#define EVENT_DESCRIPTOR (1U << 31)

/* In place of a buffer's index in what is held back. */
enum {
	POOL_HELD_END = UINT16_MAX,
	POOL_HELD_ACCEPT = UINT16_MAX - 1,
};

enum {
	SEND_BATCH_MAX = 64,
	LOOP_POOLS_MAX = 64,
	LOOP_OPS_MAX = 1 << 20,
};

struct send_batch {
	struct send_batch *next;
	struct msghdr message;
	struct iovec iov[SEND_BATCH_MAX];
};

/* One buffer of a pool. */
struct pool_buffer {
	uint32_t refs;   /* leases, and 1 while the kernel may write to it */
	uint32_t offset; /* where the next bytes go */
};

/* Data that came while its stream was paused. */
struct pool_held {
	uint32_t offset;
	uint32_t len; /* or a descriptor, or the stream's result */
	uint32_t next;
	uint16_t buffer;
};

enum pool_twin { POOL_TWIN_WHOLE, POOL_TWIN_PLAIN, POOL_TWIN__COUNT };

struct lsk_pool {
	struct lsk_loop *loop;
	char *memory;
	size_t memory_size;
	struct pool_buffer *buffers;
	uint16_t *stack; /* free buffers of a pool without a ring */
	uint32_t stack_count;
	void *ring;       /* io_uring: the kernel's ring of buffers */
	uint16_t *places; /* of bundles: where in the ring each buffer was put */
	size_t ring_size;
	uint32_t buffer_size;
	uint32_t count;     /* handed out so far, grows up to count_max */
	uint32_t count_max; /* a power of two */
	uint32_t available; /* with the kernel, or free */
	uint32_t control_size;
	uint32_t lease_max;
	uint32_t flags;
	uint32_t starved_head;
	uint32_t starved_tail;
	uint16_t group;
	uint16_t current;       /* epoll: the buffer in use, or POOL_HELD_END */
	uint32_t messages_next; /* epoll: how many to ask for in one call */
	uint32_t header_size;   /* before the payload of a message */
	bool is_incremental;
	bool is_plain;   /* read into by system call, whatever the back end */
	bool is_tight;   /* streams starve, or did lately: one buffer at a time */
	bool is_feeding; /* those in line get their turns with the next pass */
	/* In its place where the pool cannot serve: for messages, which the rest of a
	 * buffer may be too short for, and for descriptors without multishot. */
	struct lsk_pool *twins[POOL_TWIN__COUNT];
};

/* A part of a file, to be moved into a pipe. */
struct loop_reading {
	int from;
	int to;
	int64_t offset;
	uint32_t len;
};

/* What came with a completion. */
struct loop_result {
	int result;
	bool has_more;
	bool has_buffer;
	bool buffer_goes_on; /* incremental: the kernel keeps the rest of it */
	bool is_starved;     /* -ENOBUFS is the pool's, not the socket's */
	uint16_t buffer;
};

struct loop_backend {
	enum lsk_backend id;

	int (*init)(struct lsk_loop *loop, const struct lsk_loop_options *options);
	void (*done)(struct lsk_loop *loop);

	/* Hand an operation to the kernel; what cannot be queued now is listed as work
	 * and comes again. */
	void (*arm)(struct lsk_loop *loop, struct loop_op *op);
	/* Let an armed operation end. */
	void (*cancel)(struct lsk_loop *loop, struct loop_op *op);
	/* Send from the channel's queue what can be sent. */
	void (*send)(struct lsk_loop *loop, struct channel *channel);
	/* Look at the queue again when there is room. */
	void (*await_room)(struct lsk_loop *loop, struct channel *channel);
	/* With LSK_LOOP_READ_FILE. Read a file in the kernel's time, as what @op waits
	 * for. Return: false where it is to be asked again. */
	bool (*read_file)(struct lsk_loop *loop, struct loop_op *op,
			  const struct loop_reading *reading);
	/* With LSK_LOOP_BUFFERS. @size 0: remove it. */
	int (*add_buffer)(struct lsk_loop *loop, void *memory, size_t size);
	/* Submit, wait at most @timeout_ns (negative: no limit), complete operations.
	 */
	int (*wait)(struct lsk_loop *loop, int64_t timeout_ns);
	/* Submit and do not wait. */
	void (*submit)(struct lsk_loop *loop);
	/* Whether there is work that no descriptor would tell a host of. */
	bool (*has_work)(struct lsk_loop *loop);
	int (*host_fd)(struct lsk_loop *loop);

	int (*bind)(struct lsk_loop *loop, struct channel *channel);
	void (*unbind)(struct lsk_loop *loop, struct channel *channel);
	/* With LSK_LOOP_DIRECT. */
	void (*close_direct)(struct lsk_loop *loop, int fd);
	/* By which another ring reaches this one; from any thread. */
	int (*ring_fd)(const struct lsk_loop *loop);

	/* Make the pool's stack, or its ring. */
	int (*pool_init)(struct lsk_pool *pool);
	void (*pool_done)(struct lsk_pool *pool);
};

extern const struct loop_backend loop_backend_uring;
extern const struct loop_backend loop_backend_epoll;

struct loop_post;

struct lsk_loop {
	/* What every message needs stands together. */
	const struct loop_backend *backend;
	void *state; /* the back end's */
	struct loop_op *ops;
	struct channel *channels;
	const atomic_uint *process_mark; /* differs from process in a forked child */
	atomic_uint process;             /* that made it: engine_process() */
	uint32_t ops_free;
	uint32_t ops_used;   /* slots that were in use at any time */
	uint32_t flush_head; /* channels with something to send */
	uint32_t flush_tail;
	unsigned int flush_count;
	unsigned int flush_round; /* channels in the present round */
	unsigned int pass_max;
	int pass_left; /* events until this pass ends; below 0 where one has overdone */
	struct lsk_loop_stats stats;
	/* Told of every event of a channel with an owner; NULL: nobody wants to know.
	 */
	void (*show)(const void *owner, enum op_kind kind,
		     const struct lsk_event *event);
	size_t zero_copy_min;
	bool is_running;
	bool is_stopped;
	bool was_woken;
	bool is_ending;
	bool has_naps;   /* something is to be tried again soon that has no event */
	bool is_feeding; /* a pool is */
	int wake_fd;
	uint32_t work_head; /* operations with something to do next pass */
	uint32_t work_tail;
	_Atomic(struct loop_post *) posts;

	/* Where events without a callback go. */
	struct lsk_event *next_events;
	unsigned int next_count;
	unsigned int next_room;
	struct lsk_event *spill;
	size_t spill_count;
	size_t spill_begin;
	size_t spill_capacity;

	uint32_t channels_used; /* that were in use at any time */
	uint32_t channels_free;
	uint32_t channels_leaving; /* free after this pass */
	uint32_t held_capacity;
	uint32_t held_free;
	unsigned int features; /* enum lsk_loop_feature */
	unsigned int pools_count;
	unsigned int transfers_count;
	struct pool_held *held;
	struct send_batch *batches;
	struct transfer *transfers;
	/* Called when a channel is unbound. @fd was closed where @is_closed. */
	void (*release)(void *owner, int fd, bool is_closed);
	struct lsk_pool *pools[LOOP_POOLS_MAX];
	struct wheel wheel;
};

/* loop.c */
struct loop_post *loop_post_new(lsk_post_fn call, void *context);
void loop_post_put(struct lsk_loop *loop, struct loop_post *post);
int loop_new(struct lsk_loop **ret_loop, const struct lsk_loop_options *options,
	     const struct loop_backend *backend);
void loop_was_woken(struct lsk_loop *loop);

/* loop_event.c */
int event_reserve(struct lsk_loop *loop);
unsigned int event_take(struct lsk_loop *loop, struct lsk_event *ret_events,
			unsigned int count);
void event_drop_kept(struct lsk_loop *loop);

/* loop_op.c */
void loop_close_fd(struct lsk_loop *loop, int fd);
int op_new(struct lsk_loop *loop, struct channel *channel, enum op_kind kind,
	   const struct lsk_then *then, struct loop_op **ret_op);
struct loop_op *op_find(struct lsk_loop *loop, struct lsk_op name);
void op_start(struct lsk_loop *loop, struct loop_op *op);
void op_finish(struct lsk_loop *loop, struct loop_op *op, int result,
	       unsigned int flags);
void op_complete(struct lsk_loop *loop, struct loop_op *op,
		 const struct loop_result *result);
void op_stop(struct lsk_loop *loop, struct loop_op *op, unsigned int reason);
void op_list(struct lsk_loop *loop, struct loop_op *op);
void op_expire(struct lsk_loop *loop, uint32_t slot);
void op_work(struct lsk_loop *loop);
void op_count_lease(struct lsk_loop *loop, struct loop_op *op);
void op_rearm(struct lsk_loop *loop, struct loop_op *op);
void op_rearm_behind(struct lsk_loop *loop, struct loop_op *op);

/* Whether it is a forked child's copy: its ring is the parent's. */
static inline bool loop_is_foreign(const struct lsk_loop *loop)
{
	return atomic_load_explicit(loop->process_mark, memory_order_relaxed) !=
	       atomic_load_explicit(&loop->process, memory_order_relaxed);
}

/* MSG_* that every recvmsg(2) of the channel has. */
static inline int channel_message_flags(const struct channel *channel)
{
	return channel->caps & CHANNEL_NO_CLOEXEC ? 0 : MSG_CMSG_CLOEXEC;
}

static inline uint32_t op_slot(const struct lsk_loop *loop, const struct loop_op *op)
{
	return (uint32_t)(op - loop->ops);
}

static inline bool exchange_has_request(const struct lsk_exchange *exchange)
{
	return exchange->request.msg_iovlen > 0 || exchange->request.msg_control;
}

static inline uint32_t channel_index(const struct channel *channel)
{
	return (uint32_t)(channel - channel->loop->channels);
}

/* Whether it stands in its channel's queue of sends. */
static inline bool op_is_send(const struct loop_op *op)
{
	return op->kind == OP_SEND || op->kind == OP_SENDMSG || op->kind == OP_SENDFILE;
}

static inline bool op_is_stream(const struct loop_op *op)
{
	return op->kind == OP_RECV_STREAM || op->kind == OP_RECVMSG_STREAM ||
	       op->kind == OP_ACCEPT_STREAM;
}

/* channel.c */
int channel_new(struct lsk_loop *loop, struct channel **ret_channel, int fd,
		unsigned int caps, void *owner);
int channel_bind_late(struct channel *channel);
void channel_free(struct channel *channel, bool is_closed);
int channel_close(struct channel *channel, const struct lsk_then *then);
void channel_check_close(struct channel *channel);
void channel_cancel(struct channel *channel, unsigned int reason);
void channel_flush_all(struct lsk_loop *loop);
void channel_reclaim(struct lsk_loop *loop);
struct send_batch *channel_batch_new(struct lsk_loop *loop);
void channel_batch_free(struct lsk_loop *loop, void *memory);

/* send.c: the queue of sends */
void send_finish_first(struct channel *channel, int result);
void send_complete_part(struct channel *channel, int result);
void send_await_notification(struct lsk_loop *loop, struct loop_op *op, int result);
void send_notified(struct lsk_loop *loop, struct loop_op *op, bool was_copied);
void send_by_syscall(struct channel *channel, bool *ret_would_block);
void send_drop_stopped(struct channel *channel);
void send_stop(struct channel *channel, struct loop_op *op);
void send_stop_all(struct channel *channel);
void send_check_drain(struct channel *channel);
uint32_t send_prepare(struct channel *channel, struct msghdr **ret_message);

/* pool.c */
int pool_for(struct lsk_pool *pool, const struct channel *channel,
	     struct lsk_pool **ret_pool);
int pool_stack_init(struct lsk_pool *pool);
void pool_free(struct lsk_pool *pool);
void pool_release_memory(struct lsk_pool *pool);
void pool_starve(struct lsk_pool *pool, struct loop_op *op);
void pool_unstarve(struct lsk_pool *pool, struct loop_op *op);
int pool_refill(struct lsk_pool *pool);
unsigned int pool_pop(struct lsk_pool *pool, uint16_t *ret_buffers, unsigned int count);
bool pool_hold(struct lsk_loop *loop, struct loop_op *op, uint16_t buffer,
	       uint32_t offset, uint32_t len);
void pool_deliver_held(struct lsk_loop *loop, struct loop_op *op);
void pool_drop_held(struct lsk_loop *loop, struct loop_op *op);
void pool_feed(struct lsk_pool *pool);
void pool_feed_all(struct lsk_loop *loop);
bool pool_is_tight(struct lsk_pool *pool);
void pool_count_back(struct lsk_pool *pool, uint64_t lease);

/* attempt.c: operations as system calls, for descriptors that are ready */
int loop_attempt(struct loop_op *op);
int loop_read_stream(struct lsk_loop *loop, struct loop_op *op, unsigned int budget);

/* What the object layer starts; see <linsock/loop.h>. */
int loop_start(struct lsk_loop *loop, struct channel *channel, enum op_kind kind,
	       const struct loop_op *what, const struct lsk_then *then);

#endif
