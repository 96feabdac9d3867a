/* SPDX-License-Identifier: MIT */
/*
 * Dumps as cursors. A socket runs one dump at a time, so each dump borrows a socket of
 * its own from the handle, which keeps a few.
 */
#include <linsock/netlink.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "families/netlink_handle.h"
#include "families/netlink_loop.h"
#include "uring/util.h"

/* Datagrams that an abandoned dump is drained of; with more left the socket is closed,
 * which is cheaper than to let the kernel fill them. */
#define DRAIN_MAX 4

struct lsk_nl_dump {
	struct lsk_nl *nl;
	struct netlink_channel *channel;
	struct nlmsghdr *request;
	struct lsk_nl_error error;
	unsigned int retries;
	int result;
	bool is_running; /* the kernel has more, or a DONE to send */
	bool is_ended;
	bool is_interrupted;
	bool is_filtered;
	bool restart_pending; /* to be told with the next message */
	bool is_restarted;
};

static int channel_take(struct lsk_nl *nl, struct netlink_channel **ret_channel)
{
	struct netlink_channel *channel;
	int r;

	if (nl->dumps_busy >= nl->options.dump_sockets)
		return -EBUSY;
	if (nl->dumps_spare > 0) {
		*ret_channel = nl->dumps[--nl->dumps_spare];
		nl->dumps_busy++;
		return 0;
	}
	channel = calloc(1, sizeof(*channel));
	if (!channel)
		return -ENOMEM;
	r = netlink_open_channel(nl, channel);
	if (r < 0) {
		free(channel);
		return r;
	}
	nl->dumps_busy++;
	*ret_channel = channel;
	return 0;
}

static void channel_give(struct lsk_nl *nl, struct netlink_channel *channel,
			 bool is_clean)
{
	nl->dumps_busy--;
	if (nl->loop)
		netlink_loop_wake(nl->loop);
	if (is_clean) {
		nl->dumps[nl->dumps_spare++] = channel;
		return;
	}
	netlink_channel_close(channel);
	free(channel);
}

static int dump_send(struct lsk_nl_dump *dump)
{
	int r;

	dump->request->nlmsg_seq = netlink_next_sequence(dump->nl);
	dump->is_interrupted = false;
	r = netlink_channel_send(dump->channel, dump->request,
				 dump->request->nlmsg_len);
	if (r == 0)
		dump->is_running = true;
	return r;
}

int lsk_nl_dump_start(struct lsk_nl *nl, const struct lsk_nl_msg *msg,
		      struct lsk_nl_dump **ret_dump)
{
	struct lsk_nl_dump *dump;
	int r = lsk_nl_msg_error(msg);

	if (r < 0)
		return r;
	dump = calloc(1, sizeof(*dump));
	if (!dump)
		return -ENOMEM;
	dump->nl = nl;
	dump->retries = nl->options.dump_retries;
	dump->request = malloc(msg->header->nlmsg_len);
	r = dump->request ? channel_take(nl, &dump->channel) : -ENOMEM;
	if (r < 0)
		goto free_dump;
	memcpy(dump->request, msg->header, msg->header->nlmsg_len);
	dump->request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_DUMP;
	dump->request->nlmsg_pid = 0;
	r = dump_send(dump);
	if (r < 0)
		goto give_channel;
	*ret_dump = dump;
	return 0;

give_channel:
	channel_give(nl, dump->channel, true);
free_dump:
	free(dump->request);
	free(dump);
	return r;
}

/* The end of a dump is a DONE of a series: connectors use that type for data. */
static bool is_done(const struct lsk_nl_dump *dump, const struct nlmsghdr *msg)
{
	return msg->nlmsg_type == NLMSG_DONE && msg->nlmsg_flags & NLM_F_MULTI &&
	       dump->nl->protocol != NETLINK_CONNECTOR;
}

/* Let the kernel finish what nobody wants. Return: whether the socket is clean. */
static bool dump_drain(struct lsk_nl_dump *dump)
{
	const struct nlmsghdr *msg;

	for (unsigned int i = 0; dump->is_running; i++) {
		while (dump->is_running &&
		       (msg = netlink_channel_message(dump->channel)))
			if (msg->nlmsg_seq == dump->request->nlmsg_seq &&
			    (is_done(dump, msg) || msg->nlmsg_type == NLMSG_ERROR))
				dump->is_running = false;
		if (dump->is_running &&
		    (i >= DRAIN_MAX || netlink_channel_receive(dump->channel, 0) < 0))
			return false;
	}
	return true;
}

/* Begin again on a clean socket. */
static int dump_restart(struct lsk_nl_dump *dump)
{
	int r;

	if (dump->retries == 0)
		return -ESTALE;
	dump->retries--;
	if (!dump_drain(dump)) {
		channel_give(dump->nl, dump->channel, false);
		dump->channel = NULL;
		r = channel_take(dump->nl, &dump->channel);
		if (r < 0)
			return r;
	}
	dump->restart_pending = true;
	return dump_send(dump);
}

static int dump_finish(struct lsk_nl_dump *dump, int result)
{
	dump->is_ended = true;
	dump->result = result;
	dump->error.code = result;
	return result;
}

/* Return: 1 with a message for the caller, 0 to go on, negative to end; the end itself
 * sets is_ended. */
static int dump_message(struct lsk_nl_dump *dump, const struct nlmsghdr *msg)
{
	int r;

	if (msg->nlmsg_seq != dump->request->nlmsg_seq)
		return 0;
	if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
		dump->is_interrupted = true;
	if (msg->nlmsg_type == NLMSG_ERROR || is_done(dump, msg)) {
		dump->is_running = false;
		r = lsk_nl_error_parse(&dump->error, msg, dump->request,
				       dump->nl->protocol);
		if (r < 0 || !dump->is_interrupted)
			return dump_finish(dump, r);
	}
	if (dump->is_interrupted)
		return dump_restart(dump);
	if (msg->nlmsg_flags & NLM_F_DUMP_FILTERED)
		dump->is_filtered = true;
	if (msg->nlmsg_type < NLMSG_MIN_TYPE && dump->nl->protocol != NETLINK_CONNECTOR)
		return 0;
	dump->is_restarted = dump->restart_pending;
	dump->restart_pending = false;
	return 1;
}

static int dump_receive(struct lsk_nl_dump *dump)
{
	int64_t deadline_ns;
	int r = netlink_channel_receive(dump->channel, 0);

	if (r != -EAGAIN)
		return r;
	/* Each receive makes the kernel queue what comes next. */
	if (netlink_is_synchronous(dump->nl->protocol))
		return -ENOMSG;
	deadline_ns = netlink_deadline(dump->nl->options.timeout_ns);
	return netlink_channel_receive(dump->channel, deadline_ns);
}

/* Return: 1 with a message; 0 where another datagram has to be received. */
static int dump_take(struct lsk_nl_dump *dump, const struct nlmsghdr **ret_msg)
{
	const struct nlmsghdr *msg;
	int r = 0;

	while (r == 0 && (msg = netlink_channel_message(dump->channel))) {
		r = dump_message(dump, msg);
		if (r > 0)
			*ret_msg = msg;
		else if (dump->is_ended)
			return r;
	}
	return r < 0 && !dump->is_ended ? dump_finish(dump, r) : r;
}

int lsk_nl_dump_next(struct lsk_nl_dump *dump, const struct nlmsghdr **ret_msg)
{
	int r;

	while (!dump->is_ended) {
		r = dump_take(dump, ret_msg);
		if (r > 0)
			return 1;
		if (dump->is_ended)
			break;
		r = dump_receive(dump);
		if (r < 0)
			return dump_finish(dump, r);
	}
	return dump->result;
}

int netlink_dump_try(struct lsk_nl_dump *dump, unsigned int *datagrams,
		     const struct nlmsghdr **ret_msg)
{
	int r;

	while (!dump->is_ended) {
		r = dump_take(dump, ret_msg);
		if (r > 0)
			return 1;
		if (dump->is_ended)
			break;
		if (*datagrams == 0)
			return -EAGAIN;
		(*datagrams)--;
		r = netlink_channel_receive(dump->channel, 0);
		if (r == -EAGAIN && !netlink_is_synchronous(dump->nl->protocol))
			return r;
		if (r < 0)
			return dump_finish(dump, r == -EAGAIN ? -ENOMSG : r);
	}
	return dump->result;
}

bool lsk_nl_dump_is_restarted(const struct lsk_nl_dump *dump)
{
	return dump->is_restarted;
}

bool lsk_nl_dump_is_filtered(const struct lsk_nl_dump *dump)
{
	return dump->is_filtered;
}

int lsk_nl_dump_end(struct lsk_nl_dump *dump, struct lsk_nl_error *ret_error)
{
	int result;

	if (!dump)
		return 0;
	result = dump->result;
	if (ret_error)
		*ret_error = dump->error;
	if (dump->channel)
		channel_give(dump->nl, dump->channel, dump_drain(dump));
	free(dump->request);
	free(dump);
	return result;
}
