/* SPDX-License-Identifier: MIT */
/*
 * Netlink: requests, dumps, batches and events, as netlink(7), without its traps.
 *
 *	struct lsk_nl *nl;
 *	struct lsk_nl_error error;
 *
 *	r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);
 *	LSK_NL_MSG(msg, 512);
 *	lsk_nl_msg_start(&msg, RTM_NEWADDR, NLM_F_CREATE, &info, sizeof(info));
 *	lsk_nl_put_u32(&msg, IFA_LOCAL, address);
 *	r = lsk_nl_request(nl, &msg, &error);
 *
 * A handle keeps one socket for requests, one per dump that is under way and one for
 * events, so that none disturbs another. It belongs to one thread at a time. Strict
 * checking, extended acknowledgements and packet information are on.
 *
 * A request is complete when the kernel acknowledged it, not at its first data. The
 * kernel performs a request inside of send(2): when that returned and nothing is
 * queued, no answer will ever come, and the call says -ENOMSG at once instead of
 * waiting for its deadline.
 *
 * Datagrams that other processes send to a handle's sockets are ignored.
 */
#ifndef LINSOCK_NETLINK_H
#define LINSOCK_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/netlink_error.h>
#include <linsock/netlink_msg.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_NL_NSID_NONE - the namespace id of an event from the handle's own namespace */
#define LSK_NL_NSID_NONE (-1)

struct lsk_nl;
struct lsk_nl_dump;
struct lsk_nl_batch;

/**
 * struct lsk_nl_options - how to open a handle; zero is the default everywhere
 * @netns_fd: namespace in which its sockets live, borrowed while the handle lives; 0:
 *	the calling thread's
 * @timeout_ns: of each request and of each step of a dump; 0: 5 s; LSK_BLOCK: none
 * @buffer_size: bytes received at first; grows to what the kernel sends; 0: 32 KiB
 * @event_buffer: SO_RCVBUF of the event socket, forced where the process may; 0: 8 MiB
 * @dump_sockets: dumps that may run at once; 0: 4
 * @dump_retries: times a dump is restarted when the table changed under it; 0: 8
 * @is_lax: leave strict checking off, for kernels and families whose requests fail it
 * @all_nsid: events of all namespaces that have an id here (CAP_NET_BROADCAST)
 */
struct lsk_nl_options {
	int netns_fd;
	int64_t timeout_ns;
	size_t buffer_size;
	int event_buffer;
	unsigned int dump_sockets;
	unsigned int dump_retries;
	bool is_lax;
	bool all_nsid;
};

/**
 * lsk_addr_netlink() - a netlink address
 * @ret_addr: set on success
 * @port_id: of the socket; 0: the kernel, or in bind(2) a free one
 * @groups: mask of the multicast groups 1 … 32
 *
 * As text it is "netlink://PORT-ID" with "?groups=0xMASK".
 *
 * Return: 0 or -EINVAL.
 */
int lsk_addr_netlink(struct lsk_addr *ret_addr, uint32_t port_id, uint32_t groups);

/**
 * lsk_nl_open() - open a handle
 * @ret_nl: set on success; end with lsk_nl_close()
 * @protocol: NETLINK_ROUTE, NETLINK_GENERIC …
 * @options: NULL for the defaults; copied
 *
 * Return: 0, -EPROTONOSUPPORT, -ENOMEM, -EMFILE, or what setns(2) says.
 */
int lsk_nl_open(struct lsk_nl **ret_nl, int protocol,
		const struct lsk_nl_options *options);

/**
 * lsk_nl_close() - close a handle and its sockets
 * @nl: the handle, without dumps or batches; NULL is allowed
 *
 * Return: NULL.
 */
struct lsk_nl *lsk_nl_close(struct lsk_nl *nl);

/** lsk_nl_socket() - the socket of requests, borrowed from @nl; returns it */
struct lsk_socket *lsk_nl_socket(struct lsk_nl *nl);

/** lsk_nl_protocol() - returns NETLINK_* as given to lsk_nl_open() */
int lsk_nl_protocol(const struct lsk_nl *nl);

/**
 * typedef lsk_nl_trace_fn - sees every message
 * @context: as given to lsk_nl_set_trace()
 * @is_sent: to the kernel; false: from it
 * @protocol: NETLINK_*, for lsk_nl_format()
 * @msg: the whole message; borrowed for the call
 */
typedef void (*lsk_nl_trace_fn)(void *context, bool is_sent, int protocol,
				const struct nlmsghdr *msg);

/**
 * lsk_nl_set_trace() - let a function see every message of a handle
 * @nl: the handle
 * @trace: NULL: no more
 * @context: handed to @trace
 */
void lsk_nl_set_trace(struct lsk_nl *nl, lsk_nl_trace_fn trace, void *context);

/**
 * lsk_nl_request() - ask the kernel to do something
 * @nl: the handle
 * @msg: the message; NLM_F_REQUEST, NLM_F_ACK and a sequence number are added
 * @ret_error: the kernel's words, also a warning on success; may be NULL
 *
 * Return: 0; the negative errno that the kernel answered; the fault of @msg;
 * -ENOMSG where the kernel gave no answer at all, -ETIME, -ENOBUFS (it is not known
 * whether the request was performed).
 */
int lsk_nl_request(struct lsk_nl *nl, struct lsk_nl_msg *msg,
		   struct lsk_nl_error *ret_error);

/**
 * lsk_nl_query() - ask the kernel for one object
 * @nl: the handle
 * @msg: as for lsk_nl_request(); not a dump
 * @ret_reply: set on success to the first message of the answer, borrowed until the
 *	next request on @nl
 * @ret_error: as for lsk_nl_request()
 *
 * Return: as lsk_nl_request(); -ENODATA where the kernel acknowledged without data.
 */
int lsk_nl_query(struct lsk_nl *nl, struct lsk_nl_msg *msg,
		 const struct nlmsghdr **ret_reply, struct lsk_nl_error *ret_error);

/**
 * lsk_nl_dump_start() - ask the kernel for a table
 * @nl: the handle
 * @msg: copied; NLM_F_DUMP is added
 * @ret_dump: set on success; end with lsk_nl_dump_end()
 *
 * Requests and other dumps on @nl may run meanwhile.
 *
 * Return: 0; the fault of @msg; -EBUSY where options.dump_sockets dumps run already.
 */
int lsk_nl_dump_start(struct lsk_nl *nl, const struct lsk_nl_msg *msg,
		      struct lsk_nl_dump **ret_dump);

/**
 * lsk_nl_dump_next() - the next message of a dump
 * @dump: the dump
 * @ret_msg: set when 1 is returned; borrowed until the next call on @dump
 *
 * Where the kernel says that the table changed meanwhile (NLM_F_DUMP_INTR: links,
 * addresses, nexthops; never routes, rules, neighbours, sockets) the dump starts over,
 * and lsk_nl_dump_is_restarted() tells: what came before is to be forgotten. A view
 * that is right at the end for every table is a watch's (netlink_watch.h).
 *
 * Return: 1; 0 at the end; the negative errno that the kernel answered, also at the
 * end of the dump; -ESTALE where it changed under every attempt; -ENOMSG, -ETIME.
 */
int lsk_nl_dump_next(struct lsk_nl_dump *dump, const struct nlmsghdr **ret_msg);

/**
 * lsk_nl_dump_is_restarted() - whether a dump has just started over
 * @dump: the dump
 *
 * Return: true where the message that lsk_nl_dump_next() just gave is the first after a
 * restart.
 */
bool lsk_nl_dump_is_restarted(const struct lsk_nl_dump *dump);

/**
 * lsk_nl_dump_is_filtered() - whether the kernel filtered as asked
 * @dump: the dump
 *
 * Return: true where the kernel said so (NLM_F_DUMP_FILTERED); else messages that were
 * not asked for may be among them.
 */
bool lsk_nl_dump_is_filtered(const struct lsk_nl_dump *dump);

/**
 * lsk_nl_dump_end() - end a dump, finished or not
 * @dump: freed; NULL is allowed
 * @ret_error: what the kernel said of the dump; may be NULL
 *
 * A dump that is left early is drained, or its socket is replaced where much is left.
 *
 * Return: 0, or the error that lsk_nl_dump_next() returned.
 */
int lsk_nl_dump_end(struct lsk_nl_dump *dump, struct lsk_nl_error *ret_error);

/**
 * typedef lsk_nl_result_fn - told of each message of a batch, in order
 * @context: as given to lsk_nl_batch_new()
 * @index: of the message, counted from 0 over the life of the batch
 * @error: its verdict; @error->code is 0, the kernel's negative errno, or -ENOBUFS
 *	where the kernel lost the verdict; borrowed for the call
 *
 * May not use the handle.
 */
typedef void (*lsk_nl_result_fn)(void *context, uint64_t index,
				 const struct lsk_nl_error *error);

/**
 * lsk_nl_batch_new() - send many requests with few system calls
 * @nl: the handle; nothing else may be requested on it while messages are pending
 * @on_result: told of each message; NULL: nobody, lsk_nl_batch_flush() counts
 * @context: handed to @on_result
 * @ret_batch: set on success; free with lsk_nl_batch_free()
 *
 * No transaction: later messages are performed after one that failed.
 *
 * Return: 0 or -ENOMEM.
 */
int lsk_nl_batch_new(struct lsk_nl *nl, lsk_nl_result_fn on_result, void *context,
		     struct lsk_nl_batch **ret_batch);

/**
 * lsk_nl_batch_add() - add a message
 * @batch: the batch
 * @msg: copied; not a dump, and no data is returned for it
 *
 * Sends what is pending when a chunk is full: as much as one datagram takes, and as
 * many messages as the receive buffer holds answers for.
 *
 * Return: 0; the fault of @msg, which is not added; -EMSGSIZE; or as lsk_nl_request()
 * for faults of the socket.
 */
int lsk_nl_batch_add(struct lsk_nl_batch *batch, const struct lsk_nl_msg *msg);

/**
 * lsk_nl_batch_flush() - send what is pending and wait for its results
 * @batch: the batch
 * @ret_failed: messages that failed since the batch was made; may be NULL
 *
 * Return: 0, also where messages failed; or as lsk_nl_request() for faults of the
 * socket.
 */
int lsk_nl_batch_flush(struct lsk_nl_batch *batch, uint64_t *ret_failed);

/**
 * lsk_nl_batch_free() - drop a batch and what is pending in it
 * @batch: NULL is allowed
 *
 * Return: NULL.
 */
struct lsk_nl_batch *lsk_nl_batch_free(struct lsk_nl_batch *batch);

/**
 * struct lsk_nl_event - what was broadcast
 * @msg: the message; borrowed until the next call for events on the handle
 * @group: multicast group; 0 where the kernel did not tell
 * @nsid: id of the namespace it came from; LSK_NL_NSID_NONE: the handle's own
 * @port_id: of who caused it, where the kernel tells; 0: the kernel
 */
struct lsk_nl_event {
	const struct nlmsghdr *msg;
	uint32_t group;
	int nsid;
	uint32_t port_id;
};

/**
 * lsk_nl_join() - receive the events of a group from now on
 * @nl: the handle
 * @group: RTNLGRP_LINK …: a number, not a mask
 *
 * Return: 0, -EPERM, -EINVAL (no such group), or what opening the event socket says.
 */
int lsk_nl_join(struct lsk_nl *nl, uint32_t group);

/** lsk_nl_leave() - end lsk_nl_join(); returns 0 or a negative error */
int lsk_nl_leave(struct lsk_nl *nl, uint32_t group);

/**
 * lsk_nl_event_socket() - the socket of events
 * @nl: the handle
 *
 * Return: the socket, borrowed from @nl; NULL before the first lsk_nl_join().
 */
struct lsk_socket *lsk_nl_event_socket(struct lsk_nl *nl);

/**
 * lsk_nl_event_next() - wait for an event
 * @nl: the handle
 * @timeout_ns: 0: do not wait; LSK_BLOCK: without limit
 * @ret_event: set on success
 *
 * Return: 0; -EAGAIN or -ETIME when there is none; -ENOBUFS where events were lost:
 * those that were queued before still come, and what else was told is to be read by a
 * dump (netlink_watch.h does it); -EMSGSIZE where one was lost for its length (the next
 * will fit); -ENOTCONN before the first lsk_nl_join(); -EINTR.
 */
int lsk_nl_event_next(struct lsk_nl *nl, int64_t timeout_ns,
		      struct lsk_nl_event *ret_event);

/**
 * lsk_nl_event_drops() - events that the kernel dropped on the handle's event socket
 * @nl: the handle
 *
 * SO_MEMINFO's count, exact.
 *
 * Return: the count since the socket was made; 0 before the first lsk_nl_join().
 */
uint64_t lsk_nl_event_drops(struct lsk_nl *nl);

LSK_END_DECLS

#endif
