/* SPDX-License-Identifier: MIT */
/* Turns on a loop: by poll, by time, by post. */
#include "families/netlink_waiter.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "uring/engine.h"
#include "uring/util.h"

struct netlink_waiter {
	struct lsk_loop *loop;
	struct lsk_socket *sock;
	void (*turn)(void *owner);
	void *owner; /* NULL: gone */
	unsigned int
		refs; /* the owner, a post, a poll, a thread; the loop's thread only */
	struct lsk_op op;
	int64_t deadline_ns; /* of the poll under way */
	bool is_armed;
	bool is_posted;
};

int netlink_waiter_new(struct netlink_waiter **ret_waiter, struct lsk_loop *loop,
		       struct lsk_socket *sock, void (*turn)(void *owner), void *owner)
{
	struct netlink_waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter)
		return -ENOMEM;
	*waiter = (struct netlink_waiter){
		.loop = loop,
		.sock = lsk_socket_ref(sock),
		.turn = turn,
		.owner = owner,
		.refs = 1,
		.deadline_ns = LSK_BLOCK,
	};
	*ret_waiter = waiter;
	return 0;
}

struct lsk_loop *netlink_waiter_loop(const struct netlink_waiter *waiter)
{
	return waiter->loop;
}

static void waiter_unref(struct netlink_waiter *waiter)
{
	if (--waiter->refs > 0)
		return;
	/* A socket that no poll has bound is not the loop's. */
	(void)lsk_loop_release(waiter->loop, waiter->sock);
	lsk_socket_free(waiter->sock);
	free(waiter);
}

static void waiter_turn(struct netlink_waiter *waiter)
{
	if (waiter->owner)
		waiter->turn(waiter->owner);
	waiter_unref(waiter);
}

static void on_poll(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct netlink_waiter *waiter = event->context;

	(void)loop;
	waiter->is_armed = false;
	waiter_turn(waiter);
}

static void on_post(struct lsk_loop *loop, void *context)
{
	struct netlink_waiter *waiter = context;

	(void)loop;
	waiter->is_posted = false;
	waiter_turn(waiter);
}

static void on_thread_post(struct lsk_loop *loop, void *context)
{
	(void)loop;
	waiter_turn(context);
}

struct netlink_waiter *netlink_waiter_free(struct netlink_waiter *waiter)
{
	if (!waiter)
		return NULL;
	waiter->owner = NULL;
	netlink_waiter_disarm(waiter);
	waiter_unref(waiter);
	return NULL;
}

int netlink_waiter_wake(struct netlink_waiter *waiter)
{
	int r;

	if (waiter->is_posted)
		return 0;
	r = lsk_loop_post(waiter->loop, on_post, waiter);
	if (r < 0)
		return r;
	waiter->is_posted = true;
	waiter->refs++;
	return 0;
}

void netlink_waiter_hold(struct netlink_waiter *waiter)
{
	waiter->refs++;
}

void netlink_waiter_wake_from_thread(struct netlink_waiter *waiter)
{
	/* The reference may not be dropped here, in the wrong thread; the few bytes of
	 * a post are there in the end, or the machine is lost anyway. */
	while (lsk_loop_post(waiter->loop, on_thread_post, waiter) < 0)
		poll(NULL, 0, 1);
}

int netlink_waiter_arm(struct netlink_waiter *waiter, int64_t deadline_ns)
{
	struct lsk_then then = {
		.done = on_poll,
		.context = waiter,
		.ret_op = &waiter->op,
	};
	int64_t left_ns;
	int r;

	if (waiter->is_armed) {
		if (deadline_ns == LSK_BLOCK || (waiter->deadline_ns != LSK_BLOCK &&
						 waiter->deadline_ns <= deadline_ns))
			return 0;
		/* It waits too long: end it, and the turn that this gives sets it
		 * right.
		 */
		(void)lsk_loop_cancel(waiter->loop, waiter->op);
		return 0;
	}
	if (deadline_ns != LSK_BLOCK) {
		left_ns = deadline_ns - engine_now_ns();
		then.timeout_ns = left_ns > 0 ? left_ns : 1;
	}
	r = lsk_loop_poll(waiter->loop, waiter->sock, POLLIN, &then);
	if (r < 0)
		return r;
	waiter->is_armed = true;
	waiter->deadline_ns = deadline_ns;
	waiter->refs++;
	return 0;
}

void netlink_waiter_disarm(struct netlink_waiter *waiter)
{
	if (waiter->is_armed)
		(void)lsk_loop_cancel(waiter->loop, waiter->op);
}
