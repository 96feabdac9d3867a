/* SPDX-License-Identifier: MIT */
/*
 * How what belongs to netlink gets its turns on a loop: because a socket is readable,
 * because a time has come, or because it asked for a turn. The loop may still hold a
 * poll or a post when its owner has gone; a waiter outlives the owner until they have
 * come back.
 */
#ifndef LSK_NETLINK_WAITER_H
#define LSK_NETLINK_WAITER_H

#include <linsock/loop.h>

/* Time of one pass that one owner takes before others get their turn. */
#define NETLINK_TURN_NS INT64_C(500000)

struct netlink_waiter;

/* Make one for @sock, which it holds on to. @turn gets @owner. */
int netlink_waiter_new(struct netlink_waiter **ret_waiter, struct lsk_loop *loop,
		       struct lsk_socket *sock, void (*turn)(void *owner), void *owner);

/* No turn comes any more. NULL is allowed. Returns NULL. */
struct netlink_waiter *netlink_waiter_free(struct netlink_waiter *waiter);

struct lsk_loop *netlink_waiter_loop(const struct netlink_waiter *waiter);

/* Give a turn in the next pass. Return: 0 or -ENOMEM. */
int netlink_waiter_wake(struct netlink_waiter *waiter);

/* The same from another thread, which has a reference by netlink_waiter_hold(); it is
 * handed over. Where memory is short the turn comes with the next poll. */
void netlink_waiter_hold(struct netlink_waiter *waiter);
void netlink_waiter_wake_from_thread(struct netlink_waiter *waiter);

/* Give a turn when the socket is readable, or at the moment @deadline_ns (LSK_BLOCK:
 * none), whichever is first. Return: 0 or a negative error. */
int netlink_waiter_arm(struct netlink_waiter *waiter, int64_t deadline_ns);

/* Wait for nothing, so that the loop may end. */
void netlink_waiter_disarm(struct netlink_waiter *waiter);

#endif
