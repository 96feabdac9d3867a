/* SPDX-License-Identifier: MIT */
/* What a netlink handle holds, and what its modules share. */
#ifndef LSK_NETLINK_HANDLE_H
#define LSK_NETLINK_HANDLE_H

#include "families/netlink_channel.h"

/* Most that options.dump_sockets may ask for. */
#define NETLINK_DUMP_SOCKETS_MAX 16

struct netlink_loop;
struct netlink_event_stream;

struct lsk_nl {
	struct lsk_nl_options options; /* no zeros left: defaults filled in */
	int protocol;
	uint32_t sequence; /* of the last request on any of the sockets; never 0 */

	struct netlink_channel requests;
	char *reply; /* first message of the last query's answer */
	size_t reply_size;

	struct netlink_channel *dumps[NETLINK_DUMP_SOCKETS_MAX]; /* spare ones */
	unsigned int dumps_spare;
	unsigned int dumps_busy;

	struct netlink_channel events; /* sock is NULL before the first join */
	struct lsk_nl_event event;

	struct netlink_loop *loop;           /* NULL: not attached */
	struct netlink_event_stream *stream; /* NULL: none */
};

/* The next sequence number: not 0, which marks events. */
uint32_t netlink_next_sequence(struct lsk_nl *nl);

/* Open another socket for @nl. */
int netlink_open_channel(struct lsk_nl *nl, struct netlink_channel *channel);

/*
 * As lsk_nl_dump_next(), without a wait: -EAGAIN where nothing is queued, or
 * @datagrams, counted down for each that is received, is 0.
 */
int netlink_dump_try(struct lsk_nl_dump *dump, unsigned int *datagrams,
		     const struct nlmsghdr **ret_msg);

/*
 * Receive the answer to the request @sequence on @channel until it is complete. The
 * first data message is copied to nl->reply if @wants_reply; *ret_has_reply may be
 * NULL. Return: the verdict's code, or -ENOMSG, -ETIME, -ENOBUFS.
 */
int netlink_finish(struct lsk_nl *nl, const struct nlmsghdr *request, bool wants_reply,
		   bool *ret_has_reply, struct lsk_nl_error *ret_error);

#endif
