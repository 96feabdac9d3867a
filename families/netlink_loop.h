/* SPDX-License-Identifier: MIT */
/* What an attached handle holds, shared by its requests and its lists. */
#ifndef LSK_NETLINK_LOOP_H
#define LSK_NETLINK_LOOP_H

#include <linsock/netlink_loop.h>

#include "families/netlink_handle.h"
#include "families/netlink_slab.h"
#include "families/netlink_waiter.h"
#include "families/netlink_writer.h"

/* Messages of one datagram at most. */
#define NETLINK_CHUNK_MAX 128

/* One request. */
struct netlink_call {
	uint64_t id;
	struct lsk_nl_then then;      /* without timeout and place for the name */
	int64_t deadline_ns;          /* LSK_BLOCK: none */
	const struct nlmsghdr *reply; /* first message of data; NULL: none yet */
	struct nlmsghdr *copy;        /* of it, where it had to outlive its buffer */
	unsigned int retries;         /* after its answer was lost */
	uint32_t room;                /* bytes of the message that find room here */
	bool is_read;                 /* changes nothing, and may be asked again */
	bool is_inline;
	bool is_cancelled;
	struct netlink_call *grave_next;
	struct nlmsghdr msg; /* the message stands here, padded */
};

struct netlink_list;

/*
 *	 first        settled        sent            next
 *	   │  answered   │  with the   │  not yet sent  │
 *	   └─────────────┴── kernel ───┴────────────────┘
 *
 * Calls stand in @calls by their ids, whose lower halves are the sequence numbers.
 * Where one has ended stands NULL.
 */
struct netlink_loop {
	struct lsk_nl *nl;
	struct netlink_waiter *waiter;
	struct netlink_channel channel;
	struct netlink_slab slab;
	struct netlink_writer *writer; /* NULL before the first change */

	struct netlink_call **calls;
	size_t calls_size; /* a power of two, or 0 */
	uint64_t first;
	uint64_t settled;
	uint64_t sent;
	uint64_t next;
	uint64_t stamped;    /* the first whose deadline is a timeout still */
	uint64_t lists_next; /* id of the next list */
	unsigned int count;  /* requests and lists under way */
	unsigned int reads_max;
	unsigned int changes_max;

	int64_t deadline_ns; /* not later than the nearest one; LSK_BLOCK: none */
	bool is_writing;     /* the chunk is with the writer */
	bool is_lost;        /* answers of the chunk were dropped */
	bool is_turning;
	bool has_cancelled;
	struct netlink_call *graves; /* ended, but the writer still reads them */
	struct netlink_call *spares; /* memory for the next calls */
	unsigned int spares_count;
	struct lsk_nl_error plain; /* of calls that the kernel says nothing of */
	struct iovec iov[NETLINK_CHUNK_MAX];

	struct netlink_list *lists;
};

/* Ids of lists have this bit, those of requests do not. */
#define NETLINK_LIST_BIT (UINT64_C(1) << 63)

/* Where the call of an id stands, of those between @first and @next. */
static inline struct netlink_call **netlink_call_slot(const struct netlink_loop *loop,
						      uint64_t id)
{
	return &loop->calls[id & (loop->calls_size - 1)];
}

/* The call of that name, or NULL. */
struct netlink_call *netlink_call_find(const struct netlink_loop *loop, uint64_t id);

/* The end of a call, which is told. @error may be NULL. */
void netlink_call_finish(struct netlink_loop *loop, struct netlink_call *call,
			 int result, struct lsk_nl_error *error);

/* Free what the writer has let go of. */
void netlink_graves_free(struct netlink_loop *loop);

/* Give the memory of a call back. */
void netlink_call_free(struct netlink_loop *loop, struct netlink_call *call);

/* The waiter's turn: @owner is the struct netlink_loop. */
void netlink_loop_turn(void *owner);

/* A turn in the next pass. */
void netlink_loop_wake(struct netlink_loop *loop);

/* Remember that a call ends at @deadline_ns. */
void netlink_loop_deadline(struct netlink_loop *loop, int64_t deadline_ns);

/* The deadline that @then asks for. */
int64_t netlink_loop_then_deadline(const struct lsk_nl_then *then, int64_t default_ns);

/* netlink_loop_list.c: give each list its share. Return: whether one wants more. */
bool netlink_lists_turn(struct netlink_loop *loop, int64_t now_ns);
int netlink_lists_cancel(struct netlink_loop *loop, uint64_t id);
/* End all of them. */
void netlink_lists_done(struct netlink_loop *loop);

#endif
