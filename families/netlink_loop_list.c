/* SPDX-License-Identifier: MIT */
/*
 * Lists on a loop. The kernel fills the next datagram of a dump inside of the receive
 * of the one before, so there is always one to receive: what is rationed is the time
 * that it takes, a datagram per list and pass.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "families/netlink_loop.h"
#include "uring/engine.h"
#include "uring/util.h"

struct netlink_list {
	struct netlink_list *next;
	uint64_t id;
	struct lsk_nl_then then;
	int64_t deadline_ns; /* LSK_BLOCK: none */
	bool is_cancelled;
	struct lsk_nl_dump *dump; /* NULL: waits in line */
	struct nlmsghdr msg;
};

/* The end of a list, which has left the line. */
static void list_finish(struct netlink_loop *loop, struct netlink_list *list,
			int result)
{
	struct lsk_nl_error error = {.request_type = list->msg.nlmsg_type};
	struct lsk_nl_answer answer = {
		.call = {list->id},
		.result = result,
		.error = &error,
		.context = list->then.context,
	};

	if (list->dump)
		lsk_nl_dump_end(list->dump, &error);
	error.code = result;
	loop->count--;
	if (list->then.done)
		list->then.done(loop->nl, &answer);
	free(list);
}

static int list_begin(struct netlink_loop *loop, struct netlink_list *list)
{
	const struct lsk_nl_msg msg = {
		.header = &list->msg,
		.size = list->msg.nlmsg_len,
	};

	return lsk_nl_dump_start(loop->nl, &msg, &list->dump);
}

/* Return: 1 to go on in the next pass, -EAGAIN to wait, another number at the end. */
static int list_step(struct netlink_loop *loop, struct netlink_list *list,
		     int64_t now_ns)
{
	struct lsk_nl_answer answer = {
		.call = {list->id},
		.result = 1,
		.context = list->then.context,
	};
	unsigned int datagrams = 1;
	int r;

	if (list->is_cancelled)
		return -ECANCELED;
	if (list->deadline_ns != LSK_BLOCK && list->deadline_ns <= now_ns)
		return -ETIME;
	netlink_loop_deadline(loop, list->deadline_ns);
	if (!list->dump) {
		r = list_begin(loop, list);
		if (r < 0)
			return r == -EBUSY ? -EAGAIN : r;
	}
	while ((r = netlink_dump_try(list->dump, &datagrams, &answer.msg)) > 0) {
		answer.is_restarted = lsk_nl_dump_is_restarted(list->dump);
		if (list->then.done)
			list->then.done(loop->nl, &answer);
		if (list->is_cancelled)
			return -ECANCELED;
	}
	return r == -EAGAIN && datagrams == 0 ? 1 : r;
}

bool netlink_lists_turn(struct netlink_loop *loop, int64_t now_ns)
{
	struct netlink_list **place = &loop->lists;
	struct netlink_list *list;
	bool wants_more = false;
	int r;

	while ((list = *place)) {
		r = list_step(loop, list, now_ns);
		wants_more |= r != -EAGAIN;
		if (r == 1 || r == -EAGAIN) {
			place = &list->next;
			continue;
		}
		*place = list->next;
		list_finish(loop, list, r);
	}
	return wants_more;
}

int netlink_lists_cancel(struct netlink_loop *loop, uint64_t id)
{
	struct netlink_list *list = loop->lists;

	while (list && list->id != id)
		list = list->next;
	if (!list || list->is_cancelled)
		return -ENOENT;
	list->is_cancelled = true;
	netlink_loop_wake(loop);
	return 0;
}

void netlink_lists_done(struct netlink_loop *loop)
{
	struct netlink_list *list;

	while ((list = loop->lists)) {
		loop->lists = list->next;
		list_finish(loop, list, -ECANCELED);
	}
}

int lsk_nl_list_start(struct lsk_nl *nl, const struct lsk_nl_msg *msg,
		      const struct lsk_nl_then *then)
{
	struct netlink_loop *loop = nl->loop;
	struct netlink_list **place;
	struct netlink_list *list;
	size_t len;
	int r = lsk_nl_msg_error(msg);

	if (!loop)
		return -ENOTCONN;
	if (r < 0)
		return r;
	len = msg->header->nlmsg_len;
	list = malloc(offsetof(struct netlink_list, msg) + len);
	if (!list)
		return -ENOMEM;
	memset(list, 0, offsetof(struct netlink_list, msg));
	memcpy(&list->msg, msg->header, len);
	if (then)
		list->then = *then;
	r = netlink_waiter_wake(loop->waiter);
	if (r < 0) {
		free(list);
		return r;
	}
	list->id = NETLINK_LIST_BIT | ++loop->lists_next;
	list->deadline_ns = netlink_loop_then_deadline(&list->then, LSK_BLOCK);
	for (place = &loop->lists; *place; place = &(*place)->next)
		;
	*place = list;
	loop->count++;
	if (then && then->ret_call)
		then->ret_call->id = list->id;
	return 0;
}
