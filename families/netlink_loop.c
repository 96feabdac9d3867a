/* SPDX-License-Identifier: MIT */
/* Attaching a handle to a loop, and starting its requests there. */
#include "families/netlink_loop.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "uring/util.h"

#define CALLS_FIRST     64
/* Most requests are shorter. */
#define CALL_ROOM       96
/* Receive buffer that an answer with data takes, and one without. */
#define READ_TRUESIZE   8192
#define CHANGE_TRUESIZE (2 * 832)
#define RECEIVE_BUFFER  (1 << 20)
/* Reads of one chunk: what takes a third of a turn. */
#define READS_MAX       32

static unsigned int bounded(int value, unsigned int divisor, unsigned int max)
{
	unsigned int count = (unsigned int)(value > 0 ? value : 0) / divisor;

	return count < 1 ? 1 : count > max ? max : count;
}

/* Let the kernel refuse what others send, so that nobody has to be asked for his name;
 * what came before that is thrown away. */
static int connect_kernel(struct netlink_loop *loop)
{
	struct lsk_addr kernel;
	int r = lsk_addr_netlink(&kernel, 0, 0);

	if (r == 0)
		r = lsk_socket_connect(loop->channel.sock, &kernel);
	while (r == 0 || r == -ENOBUFS)
		r = netlink_channel_receive(&loop->channel, 0);
	return r == -EAGAIN ? 0 : r;
}

static int loop_open(struct netlink_loop *loop)
{
	int size = RECEIVE_BUFFER;
	int r = netlink_open_channel(loop->nl, &loop->channel);

	if (r < 0)
		return r;
	r = connect_kernel(loop);
	if (r < 0)
		return r;
	/* Without groups there is nothing to tell of them. */
	(void)lsk_socket_setsockopt_int(loop->channel.sock, SOL_NETLINK,
					NETLINK_PKTINFO, 0);
	if (lsk_socket_setsockopt_int(loop->channel.sock, SOL_SOCKET, SO_RCVBUFFORCE,
				      size) < 0)
		(void)lsk_socket_setsockopt_int(loop->channel.sock, SOL_SOCKET,
						SO_RCVBUF, size);
	(void)lsk_socket_getsockopt_int(loop->channel.sock, SOL_SOCKET, SO_RCVBUF,
					&size);
	loop->reads_max = bounded(size, READ_TRUESIZE, READS_MAX);
	loop->changes_max = bounded(size, CHANGE_TRUESIZE, NETLINK_CHUNK_MAX);
	return 0;
}

int lsk_nl_attach(struct lsk_nl *nl, struct lsk_loop *loop)
{
	struct netlink_loop *attached;
	int r;

	if (!nl || !loop)
		return -EINVAL;
	if (nl->loop)
		return -EALREADY;
	attached = calloc(1, sizeof(*attached));
	if (!attached)
		return -ENOMEM;
	attached->nl = nl;
	attached->deadline_ns = LSK_BLOCK;
	/* The sequence of the handle goes on, so that late answers meet nobody. */
	attached->next = netlink_next_sequence(nl);
	attached->first = attached->next;
	attached->settled = attached->next;
	attached->sent = attached->next;
	attached->stamped = attached->next;
	r = loop_open(attached);
	if (r == 0)
		r = netlink_waiter_new(&attached->waiter, loop, attached->channel.sock,
				       netlink_loop_turn, attached);
	if (r < 0) {
		netlink_channel_close(&attached->channel);
		free(attached);
		return r;
	}
	nl->loop = attached;
	return 0;
}

int lsk_nl_detach(struct lsk_nl *nl)
{
	struct netlink_loop *loop = nl ? nl->loop : NULL;
	struct netlink_call *call;

	if (!loop)
		return nl ? -ENOTCONN : -EINVAL;
	if (loop->is_turning)
		return -EBUSY;
	/* What callbacks would start is refused. */
	nl->loop = NULL;
	loop->writer = netlink_writer_free(loop->writer);
	loop->is_writing = false;
	for (uint64_t id = loop->first; id < loop->next; id++) {
		call = *netlink_call_slot(loop, id);
		if (call)
			netlink_call_finish(loop, call, -ECANCELED, NULL);
	}
	netlink_lists_done(loop);
	netlink_graves_free(loop);
	netlink_waiter_free(loop->waiter);
	netlink_channel_close(&loop->channel);
	netlink_slab_done(&loop->slab);
	while ((call = loop->spares)) {
		loop->spares = call->grave_next;
		free(call);
	}
	free(loop->calls);
	free(loop);
	return 0;
}

static int make_room(struct netlink_loop *loop)
{
	size_t size = loop->calls_size ? loop->calls_size * 2 : CALLS_FIRST;
	struct netlink_call **calls;

	if (loop->next - loop->first < loop->calls_size)
		return 0;
	calls = calloc(size, sizeof(struct netlink_call *));
	if (!calls)
		return -ENOMEM;
	for (uint64_t id = loop->first; id < loop->next; id++)
		calls[id & (size - 1)] = *netlink_call_slot(loop, id);
	free(loop->calls);
	loop->calls = calls;
	loop->calls_size = size;
	return 0;
}

/* Whether a message changes nothing, takes microseconds and has one answer. */
static bool is_read(int protocol, unsigned int type)
{
	switch (protocol) {
	case NETLINK_ROUTE:
		return type >= RTM_BASE && (type & 3) == (RTM_GETLINK & 3);
	case NETLINK_SOCK_DIAG:
		return type == SOCK_DIAG_BY_FAMILY;
	case NETLINK_GENERIC:
		return type == GENL_ID_CTRL;
	default:
		return false;
	}
}

/* Memory of a call, from those that have ended where one is large enough. */
static struct netlink_call *call_take(struct netlink_loop *loop, uint32_t len)
{
	uint32_t room = len < CALL_ROOM ? CALL_ROOM : len;
	struct netlink_call *call = loop->spares;

	if (call && call->room >= len) {
		loop->spares = call->grave_next;
		loop->spares_count--;
		room = call->room;
	} else {
		call = malloc(offsetof(struct netlink_call, msg) + room);
	}
	if (!call)
		return NULL;
	memset(call, 0, offsetof(struct netlink_call, msg));
	call->room = room;
	return call;
}

static struct netlink_call *call_new(struct netlink_loop *loop,
				     const struct lsk_nl_msg *msg,
				     const struct lsk_nl_then *then)
{
	uint32_t len = msg->header->nlmsg_len;
	struct netlink_call *call = call_take(loop, NLMSG_ALIGN(len));

	if (!call)
		return NULL;
	memcpy(&call->msg, msg->header, len);
	memset((char *)&call->msg + len, 0, NLMSG_ALIGN(len) - len);
	/* A number of 0 marks events. */
	if ((uint32_t)loop->next == 0)
		*netlink_call_slot(loop, loop->next++) = NULL;
	call->id = loop->next;
	call->msg.nlmsg_seq = (uint32_t)call->id;
	call->msg.nlmsg_pid = 0;
	call->msg.nlmsg_flags |= NLM_F_REQUEST;
	call->msg.nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	if (then)
		call->then = *then;
	call->is_read = is_read(loop->nl->protocol, call->msg.nlmsg_type);
	call->is_inline = call->is_read || call->then.flags & LSK_NL_INLINE;
	return call;
}

int lsk_nl_call_start(struct lsk_nl *nl, const struct lsk_nl_msg *msg,
		      const struct lsk_nl_then *then)
{
	struct netlink_loop *loop = nl->loop;
	struct netlink_call *call;
	int r = lsk_nl_msg_error(msg);

	if (!loop)
		return -ENOTCONN;
	if (r < 0)
		return r;
	r = make_room(loop);
	if (r < 0)
		return r;
	call = call_new(loop, msg, then);
	if (!call)
		return -ENOMEM;
	/* Inside of a turn, what is new is seen at its end. */
	r = loop->is_turning ? 0 : netlink_waiter_wake(loop->waiter);
	if (r < 0) {
		netlink_call_free(loop, call);
		return r;
	}
	/* What it says becomes a moment in the next turn, with one look at the clock
	 * for all that are new. */
	call->deadline_ns =
		call->then.timeout_ns ? call->then.timeout_ns : nl->options.timeout_ns;
	*netlink_call_slot(loop, loop->next++) = call;
	loop->count++;
	if (then && then->ret_call)
		then->ret_call->id = call->id;
	return 0;
}

int lsk_nl_call_cancel(struct lsk_nl *nl, struct lsk_nl_call call)
{
	struct netlink_loop *loop = nl->loop;
	struct netlink_call *found;

	if (!loop)
		return -ENOENT;
	if (call.id & NETLINK_LIST_BIT)
		return netlink_lists_cancel(loop, call.id);
	found = netlink_call_find(loop, call.id);
	if (!found || found->is_cancelled)
		return -ENOENT;
	found->is_cancelled = true;
	loop->has_cancelled = true;
	netlink_loop_wake(loop);
	return 0;
}

unsigned int lsk_nl_calls(const struct lsk_nl *nl)
{
	return nl->loop ? nl->loop->count : 0;
}
