/* SPDX-License-Identifier: MIT */
/*
 * Netlink on a loop: many requests in flight, tables listed and mirrored, no wait.
 *
 *	lsk_nl_attach(nl, loop);
 *	lsk_nl_call_start(nl, &msg, &(struct lsk_nl_then){.done = on_done});
 *	lsk_loop_run(loop, LSK_RUN_FOREVER);
 *
 * Requests are performed in the order of their starts, on one socket; those that are
 * started in one pass of the loop leave together, so that a batch needs nothing more.
 * Each completes on its acknowledgement or, where it asks for none, on what the kernel
 * says of a later one: it answers in order. Only reads whose answers were lost or cut
 * are asked for again, and end later than those behind them.
 *
 * The kernel performs a request inside of send(2), which never waits for anything but
 * that. What only reads takes microseconds and is sent by the loop's thread, at most
 * half a millisecond of it per pass. What changes something may take long (removing a
 * link: 20 ms) and is sent by a thread that the handle keeps for it, so that the loop's
 * other sockets are served meanwhile. Only the thread of the loop calls callbacks.
 *
 * A call that starts something never calls back by itself; what was started ends with
 * exactly one terminal callback. From inside a callback everything may be called but
 * lsk_nl_detach() and lsk_nl_close().
 *
 * A handle is detached, and its watches and event streams are stopped, before its loop
 * is freed.
 */
#ifndef LINSOCK_NETLINK_LOOP_H
#define LINSOCK_NETLINK_LOOP_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/loop.h>
#include <linsock/netlink.h>
#include <linsock/netlink_watch.h>

LSK_BEGIN_DECLS

/**
 * struct lsk_nl_call - the name of a request or list: a value, free to copy and forget
 * @id: never used again; 0 in no call's name
 */
struct lsk_nl_call {
	uint64_t id;
};

/**
 * struct lsk_nl_answer - what became of a call
 * @call: its name
 * @result: 1: a message of a list, and more will come; 0: done; or a negative error as
 *	lsk_nl_request() and lsk_nl_dump_next() return it, -ETIME, -ECANCELED (if it had
 *	been sent the kernel may have performed it all the same)
 * @is_restarted: of a list: it starts over, what came before is to be forgotten
 * @msg: of a request: the first message of data, NULL where there was none; of a list:
 *	the message. Borrowed for the callback
 * @error: the kernel's words; NULL with @result 1. Borrowed for the callback
 * @context: as given at the start
 */
struct lsk_nl_answer {
	struct lsk_nl_call call;
	int result;
	bool is_restarted;
	const struct nlmsghdr *msg;
	const struct lsk_nl_error *error;
	void *context;
};

/**
 * typedef lsk_nl_done_fn - told what became of a call
 * @nl: the handle
 * @answer: borrowed for the call
 */
typedef void (*lsk_nl_done_fn)(struct lsk_nl *nl, const struct lsk_nl_answer *answer);

/**
 * enum lsk_nl_then_flags - how a request is made
 * @LSK_NL_QUIET: success without the kernel's words: no acknowledgement of its own is
 *	asked for, which is cheaper in bulk. Errors are told as ever
 * @LSK_NL_INLINE: sent by the loop's thread although it changes something
 */
enum lsk_nl_then_flags {
	LSK_NL_QUIET = 1 << 0,
	LSK_NL_INLINE = 1 << 1,
};

/**
 * struct lsk_nl_then - what happens with a call's answer, and its deadline
 * @done: NULL: nobody is told
 * @context: handed on in every answer
 * @timeout_ns: from the start to the end, the wait in a queue included; 0: as
 *	options.timeout_ns of the handle (of lists: none); LSK_BLOCK: none
 * @flags: enum lsk_nl_then_flags
 * @ret_call: gets the call's name where the start succeeds; may be NULL
 */
struct lsk_nl_then {
	lsk_nl_done_fn done;
	void *context;
	int64_t timeout_ns;
	unsigned int flags;
	struct lsk_nl_call *ret_call;
};

/**
 * lsk_nl_attach() - let a handle make calls on a loop
 * @nl: the handle; its calls that wait may still be used, on sockets of their own
 * @loop: of the calling thread; borrowed until lsk_nl_detach()
 *
 * Return: 0, -EALREADY, -EINVAL, or as lsk_nl_open().
 */
int lsk_nl_attach(struct lsk_nl *nl, struct lsk_loop *loop);

/**
 * lsk_nl_detach() - end all calls of a handle and leave its loop
 * @nl: the handle; not from inside one of its callbacks
 *
 * Calls under way end with -ECANCELED, told from inside this one. Waits for the one
 * change that the kernel may be at. lsk_nl_close() does it too.
 *
 * Return: 0; -ENOTCONN where it is not attached; -EBUSY from inside a callback.
 */
int lsk_nl_detach(struct lsk_nl *nl);

/**
 * lsk_nl_call_start() - ask the kernel for one thing
 * @nl: an attached handle
 * @msg: copied; as for lsk_nl_request()
 * @then: copied; NULL: nobody is told
 *
 * Answers that were lost for want of room (-ENOBUFS) are asked for again where the
 * request only reads.
 *
 * Return: 0; the fault of @msg; -ENOTCONN without lsk_nl_attach(); -ENOMEM.
 */
int lsk_nl_call_start(struct lsk_nl *nl, const struct lsk_nl_msg *msg,
		      const struct lsk_nl_then *then);

/**
 * lsk_nl_list_start() - list a table
 * @nl: an attached handle
 * @msg: copied; as for lsk_nl_dump_start()
 * @then: copied; @done is told each message with result 1, and then the end
 *
 * Lists run side by side on sockets of their own, options.dump_sockets at once; more
 * wait in line. Each receives one datagram per pass of the loop, for which the kernel
 * takes some 200 us.
 *
 * Return: as lsk_nl_call_start().
 */
int lsk_nl_list_start(struct lsk_nl *nl, const struct lsk_nl_msg *msg,
		      const struct lsk_nl_then *then);

/**
 * lsk_nl_call_cancel() - end a call
 * @nl: the handle
 * @call: its name
 *
 * Its terminal answer, -ECANCELED, is told in the next pass. A request that still
 * waited is never sent.
 *
 * Return: 0, or -ENOENT where it has ended.
 */
int lsk_nl_call_cancel(struct lsk_nl *nl, struct lsk_nl_call call);

/**
 * lsk_nl_calls() - requests and lists under way
 * @nl: the handle
 *
 * Return: how many.
 */
unsigned int lsk_nl_calls(const struct lsk_nl *nl);

/**
 * typedef lsk_nl_event_fn - told of each event
 * @nl: the handle
 * @result: 0; -ENOBUFS and -EMSGSIZE where events were lost, and the stream goes on;
 *	any other error ends it
 * @event: NULL where @result is negative; borrowed for the call
 * @context: as given to lsk_nl_events_start()
 */
typedef void (*lsk_nl_event_fn)(struct lsk_nl *nl, int result,
				const struct lsk_nl_event *event, void *context);

/**
 * lsk_nl_events_start() - be told of the events of the joined groups
 * @nl: a handle with a group; need not be attached
 * @loop: borrowed until lsk_nl_events_stop()
 * @on_event: told
 * @context: handed to @on_event
 *
 * Return: 0; -ENOTCONN before the first lsk_nl_join(); -EALREADY; -ENOMEM.
 */
int lsk_nl_events_start(struct lsk_nl *nl, struct lsk_loop *loop,
			lsk_nl_event_fn on_event, void *context);

/**
 * lsk_nl_events_stop() - be told no more
 * @nl: the handle; lsk_nl_close() does it too
 *
 * Return: 0 or -ENOTCONN.
 */
int lsk_nl_events_stop(struct lsk_nl *nl);

/**
 * typedef lsk_nl_watch_fn - told of each step of a mirror
 * @watch: the watch
 * @result: 0; what a listing failed with, which is tried again after a pause
 * @event: NULL where @result is negative; borrowed for the call
 * @context: as given to lsk_nl_watch_start()
 */
typedef void (*lsk_nl_watch_fn)(struct lsk_nl_watch *watch, int result,
				const struct lsk_nl_watch_event *event, void *context);

/**
 * lsk_nl_watch_start() - let a loop run a watch
 * @watch: the watch
 * @loop: borrowed until lsk_nl_watch_stop()
 * @on_event: told
 * @context: handed to @on_event
 *
 * At most half a millisecond of a pass is taken, however much there is to tell.
 *
 * Return: 0; -EALREADY; -ENOMEM.
 */
int lsk_nl_watch_start(struct lsk_nl_watch *watch, struct lsk_loop *loop,
		       lsk_nl_watch_fn on_event, void *context);

/**
 * lsk_nl_watch_stop() - let the loop leave a watch alone
 * @watch: the watch, also from inside its callback; lsk_nl_watch_free() does it too
 *
 * Return: 0 or -ENOTCONN.
 */
int lsk_nl_watch_stop(struct lsk_nl_watch *watch);

LSK_END_DECLS

#endif
