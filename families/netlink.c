/* SPDX-License-Identifier: MIT */
/* The netlink handle: opening it, requests that end with their acknowledgement. */
#include <linsock/netlink.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "families/netlink_handle.h"
#include "families/netlink_loop.h"
#include "uring/engine.h"
#include "uring/util.h"

#define TIMEOUT_DEFAULT_NS   (5 * LSK_NSEC_PER_SEC)
#define DUMP_SOCKETS_DEFAULT 4
#define DUMP_RETRIES_DEFAULT 8
#define EVENT_BUFFER_DEFAULT (8 << 20)

uint32_t netlink_next_sequence(struct lsk_nl *nl)
{
	if (++nl->sequence == 0)
		nl->sequence = 1;
	return nl->sequence;
}

static void fill_defaults(struct lsk_nl_options *options)
{
	if (options->timeout_ns == 0)
		options->timeout_ns = TIMEOUT_DEFAULT_NS;
	if (options->buffer_size < NLMSG_HDRLEN)
		options->buffer_size = NETLINK_BUFFER_SIZE;
	if (options->event_buffer == 0)
		options->event_buffer = EVENT_BUFFER_DEFAULT;
	if (options->dump_sockets == 0)
		options->dump_sockets = DUMP_SOCKETS_DEFAULT;
	if (options->dump_sockets > NETLINK_DUMP_SOCKETS_MAX)
		options->dump_sockets = NETLINK_DUMP_SOCKETS_MAX;
	if (options->dump_retries == 0)
		options->dump_retries = DUMP_RETRIES_DEFAULT;
}

int netlink_open_channel(struct lsk_nl *nl, struct netlink_channel *channel)
{
	int r = netlink_channel_open(channel, nl->protocol, &nl->options);

	if (r < 0)
		return r;
	channel->trace = nl->requests.trace;
	channel->trace_context = nl->requests.trace_context;
	return 0;
}

int lsk_nl_open(struct lsk_nl **ret_nl, int protocol,
		const struct lsk_nl_options *options)
{
	struct lsk_nl *nl = calloc(1, sizeof(*nl));
	int r;

	if (!nl)
		return -ENOMEM;
	if (options)
		nl->options = *options;
	fill_defaults(&nl->options);
	nl->protocol = protocol;
	/* A start that cannot be guessed tells late answers of an earlier socket with
	 * our port id apart; where there is no randomness yet, the clock will do. */
	if (getrandom(&nl->sequence, sizeof(nl->sequence), GRND_NONBLOCK) !=
	    sizeof(nl->sequence))
		nl->sequence = (uint32_t)engine_now_ns();
	r = netlink_channel_open(&nl->requests, protocol, &nl->options);
	if (r < 0) {
		free(nl);
		return r;
	}
	*ret_nl = nl;
	return 0;
}

struct lsk_nl *lsk_nl_close(struct lsk_nl *nl)
{
	if (!nl)
		return NULL;
	(void)lsk_nl_events_stop(nl);
	(void)lsk_nl_detach(nl);
	while (nl->dumps_spare > 0) {
		struct netlink_channel *channel = nl->dumps[--nl->dumps_spare];

		netlink_channel_close(channel);
		free(channel);
	}
	netlink_channel_close(&nl->requests);
	netlink_channel_close(&nl->events);
	free(nl->reply);
	free(nl);
	return NULL;
}

struct lsk_socket *lsk_nl_socket(struct lsk_nl *nl)
{
	return nl->requests.sock;
}

int lsk_nl_protocol(const struct lsk_nl *nl)
{
	return nl->protocol;
}

void lsk_nl_set_trace(struct lsk_nl *nl, lsk_nl_trace_fn trace, void *context)
{
	nl->requests.trace = trace;
	nl->requests.trace_context = context;
	nl->events.trace = trace;
	nl->events.trace_context = context;
	if (nl->loop) {
		nl->loop->channel.trace = trace;
		nl->loop->channel.trace_context = context;
	}
	for (unsigned int i = 0; i < nl->dumps_spare; i++) {
		nl->dumps[i]->trace = trace;
		nl->dumps[i]->trace_context = context;
	}
}

static int keep_reply(struct lsk_nl *nl, const struct nlmsghdr *msg)
{
	if (msg->nlmsg_len > nl->reply_size) {
		char *reply = realloc(nl->reply, msg->nlmsg_len);

		if (!reply)
			return -ENOMEM;
		nl->reply = reply;
		nl->reply_size = msg->nlmsg_len;
	}
	memcpy(nl->reply, msg, msg->nlmsg_len);
	return 0;
}

int netlink_finish(struct lsk_nl *nl, const struct nlmsghdr *request, bool wants_reply,
		   bool *ret_has_reply, struct lsk_nl_error *ret_error)
{
	struct netlink_channel *channel = &nl->requests;
	int64_t deadline_ns = netlink_deadline(nl->options.timeout_ns);
	const struct nlmsghdr *msg;
	bool is_lost = false;
	int r;

	for (;;) {
		r = netlink_channel_receive(channel, 0);
		if (r == -EAGAIN) {
			/* The kernel has done with the request, and its answer was
			 * dropped, or there is none. */
			if (is_lost)
				return -ENOBUFS;
			if (netlink_is_synchronous(nl->protocol))
				return -ENOMSG;
			r = netlink_channel_receive(channel, deadline_ns);
		}
		if (r == -ENOBUFS)
			is_lost = true;
		else if (r < 0)
			return r;
		while ((msg = netlink_channel_message(channel))) {
			/* An answer to an earlier request, which was given up. */
			if (msg->nlmsg_seq != request->nlmsg_seq)
				continue;
			if (msg->nlmsg_type == NLMSG_ERROR)
				return lsk_nl_error_parse(ret_error, msg, request,
							  nl->protocol);
			if (!wants_reply || *ret_has_reply ||
			    msg->nlmsg_type < NLMSG_MIN_TYPE)
				continue;
			r = keep_reply(nl, msg);
			if (r < 0)
				return r;
			*ret_has_reply = true;
		}
	}
}

static int perform(struct lsk_nl *nl, struct lsk_nl_msg *msg, bool wants_reply,
		   bool *ret_has_reply, struct lsk_nl_error *ret_error)
{
	struct lsk_nl_error unwanted;
	int r;

	if (!ret_error)
		ret_error = &unwanted;
	memset(ret_error, 0, sizeof(*ret_error));
	r = lsk_nl_msg_error(msg);
	if (r == 0) {
		msg->header->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
		msg->header->nlmsg_seq = netlink_next_sequence(nl);
		msg->header->nlmsg_pid = 0;
		r = netlink_channel_send(&nl->requests, msg->header,
					 msg->header->nlmsg_len);
	}
	if (r == 0)
		r = netlink_finish(nl, msg->header, wants_reply, ret_has_reply,
				   ret_error);
	ret_error->code = r;
	return r;
}

int lsk_nl_request(struct lsk_nl *nl, struct lsk_nl_msg *msg,
		   struct lsk_nl_error *ret_error)
{
	return perform(nl, msg, false, NULL, ret_error);
}

int lsk_nl_query(struct lsk_nl *nl, struct lsk_nl_msg *msg,
		 const struct nlmsghdr **ret_reply, struct lsk_nl_error *ret_error)
{
	bool has_reply = false;
	int r = perform(nl, msg, true, &has_reply, ret_error);

	if (r < 0)
		return r;
	if (!has_reply)
		return -ENODATA;
	*ret_reply = (const struct nlmsghdr *)(const void *)nl->reply;
	return 0;
}
