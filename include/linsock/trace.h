/* SPDX-License-Identifier: MIT */
/*
 * One hook that sees every operation on sockets and every name lookup, before and
 * after, and may refuse it. For auditing, logging and sandboxes; costs one predictable
 * branch per call while no hook is set.
 *
 * An operation on a loop is shown when it starts, and may be refused then; what it
 * brings is shown with each of its events, just before the program gets it.
 */
#ifndef LINSOCK_TRACE_H
#define LINSOCK_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

struct lsk_socket;

/**
 * enum lsk_trace_operation - what is being done
 * @LSK_TRACE_SOCKET: a socket is made: domain, type, protocol
 * @LSK_TRACE_PAIR: a pair is made: domain, type, protocol
 * @LSK_TRACE_ADOPT: a descriptor becomes an object; fd is in number
 * @LSK_TRACE_DUP: a second object for the same open socket
 * @LSK_TRACE_CLOSE: the descriptor is closed
 * @LSK_TRACE_DETACH: the descriptor leaves the object
 * @LSK_TRACE_BIND: addr
 * @LSK_TRACE_LISTEN: the backlog is in number
 * @LSK_TRACE_ACCEPT: a connection is taken
 * @LSK_TRACE_CONNECT: addr
 * @LSK_TRACE_SEND: data, len, flags; addr where one is given; for messages of several
 *	parts, len counts the parts, and data is NULL; of a file the descriptor is in
 *	number
 * @LSK_TRACE_RECV: len, flags
 * @LSK_TRACE_SHUTDOWN: the direction is in number
 * @LSK_TRACE_GETSOCKOPT: level, number, len
 * @LSK_TRACE_SETSOCKOPT: level, number, data, len
 * @LSK_TRACE_GETSOCKNAME: the local address is asked for
 * @LSK_TRACE_GETPEERNAME: the peer's address is asked for
 * @LSK_TRACE_IOCTL: the request is in number
 * @LSK_TRACE_WAIT: readiness is waited for; POLL* in number
 * @LSK_TRACE_LOOKUP: a host, service, protocol, interface or address is looked up, or
 *	the own name read or set: name, service, addr, number (a port, an index), as far
 *	as there are. A call that is made of others shows these too (getfqdn)
 * @LSK_TRACE__COUNT: how many there are
 */
enum lsk_trace_operation {
	LSK_TRACE_SOCKET,
	LSK_TRACE_PAIR,
	LSK_TRACE_ADOPT,
	LSK_TRACE_DUP,
	LSK_TRACE_CLOSE,
	LSK_TRACE_DETACH,
	LSK_TRACE_BIND,
	LSK_TRACE_LISTEN,
	LSK_TRACE_ACCEPT,
	LSK_TRACE_CONNECT,
	LSK_TRACE_SEND,
	LSK_TRACE_RECV,
	LSK_TRACE_SHUTDOWN,
	LSK_TRACE_GETSOCKOPT,
	LSK_TRACE_SETSOCKOPT,
	LSK_TRACE_GETSOCKNAME,
	LSK_TRACE_GETPEERNAME,
	LSK_TRACE_IOCTL,
	LSK_TRACE_WAIT,
	LSK_TRACE_LOOKUP,
	LSK_TRACE__COUNT
};

/**
 * struct lsk_trace_event - one operation, before or after
 * @operation: what
 * @is_done: false before the system call, true after it
 * @is_event: an operation of a loop: after its start comes one event with @is_done for
 *	each that the program gets, a stream's many, with @result, @data and @len of
 *	what was received; or one with the error for which it did not start
 * @sock: the socket; NULL where there is none (yet)
 * @domain: AF_*, of the socket or the one to be made
 * @type: SOCK_*, of the socket or the one to be made
 * @protocol: of the socket or the one to be made
 * @number: see the operation
 * @level: of an option
 * @flags: MSG_*
 * @addr: an address, or NULL
 * @data: the bytes that go to the kernel, or that came with an event, or NULL
 * @len: how many, or the room for those that come
 * @name: what is looked up, or NULL
 * @service: the service that is looked up, or NULL
 * @result: after: what the call is going to answer
 *
 * Everything is borrowed for the time of the hook.
 */
struct lsk_trace_event {
	enum lsk_trace_operation operation;
	bool is_done;
	bool is_event;
	const struct lsk_socket *sock;
	int domain;
	int type;
	int protocol;
	int number;
	int level;
	int flags;
	const struct lsk_addr *addr;
	const void *data;
	size_t len;
	const char *name;
	const char *service;
	int64_t result;
};

/**
 * typedef lsk_trace_fn - sees an operation
 * @context: as given to lsk_set_trace_hook()
 * @event: what is done; borrowed
 *
 * Runs in the thread that calls, for events in that of the loop. Operations that the
 * hook starts itself are not traced.
 *
 * Return: before: 0 to let it happen, a negative error to refuse it, which the call
 * then answers. After: no matter.
 */
typedef int (*lsk_trace_fn)(void *context, const struct lsk_trace_event *event);

/**
 * lsk_set_trace_hook() - let the program see every operation
 * @hook: NULL for none
 * @context: handed to @hook
 *
 * For the whole process. Set it before other threads use the library; it may be changed
 * later only while none does.
 */
void lsk_set_trace_hook(lsk_trace_fn hook, void *context);

/**
 * lsk_trace_operation_name() - the word for an operation
 * @operation: the operation
 *
 * Return: "connect", "send" …; NULL for a number that is none.
 */
const char *lsk_trace_operation_name(enum lsk_trace_operation operation);

LSK_END_DECLS

#endif
