/* SPDX-License-Identifier: MIT */
#include "src/trace.h"

#include <assert.h>

#include "src/socket.h"
#include "uring/util.h"

_Atomic(lsk_trace_fn) trace_hook;

static void *_Atomic trace_context;

/* The hook's own operations are not shown to it, or it would never come to an end. */
static _Thread_local bool is_in_hook;

static const char *const operation_names[] = {
	[LSK_TRACE_SOCKET] = "socket",
	[LSK_TRACE_PAIR] = "pair",
	[LSK_TRACE_ADOPT] = "adopt",
	[LSK_TRACE_DUP] = "dup",
	[LSK_TRACE_CLOSE] = "close",
	[LSK_TRACE_DETACH] = "detach",
	[LSK_TRACE_BIND] = "bind",
	[LSK_TRACE_LISTEN] = "listen",
	[LSK_TRACE_ACCEPT] = "accept",
	[LSK_TRACE_CONNECT] = "connect",
	[LSK_TRACE_SEND] = "send",
	[LSK_TRACE_RECV] = "recv",
	[LSK_TRACE_SHUTDOWN] = "shutdown",
	[LSK_TRACE_GETSOCKOPT] = "getsockopt",
	[LSK_TRACE_SETSOCKOPT] = "setsockopt",
	[LSK_TRACE_GETSOCKNAME] = "getsockname",
	[LSK_TRACE_GETPEERNAME] = "getpeername",
	[LSK_TRACE_IOCTL] = "ioctl",
	[LSK_TRACE_WAIT] = "wait",
	[LSK_TRACE_LOOKUP] = "lookup",
};

static_assert(ARRAY_SIZE(operation_names) == LSK_TRACE__COUNT,
	      "every enum lsk_trace_operation has a name");

void lsk_set_trace_hook(lsk_trace_fn hook, void *context)
{
	atomic_store_explicit(&trace_context, context, memory_order_relaxed);
	atomic_store_explicit(&trace_hook, hook, memory_order_release);
}

const char *lsk_trace_operation_name(enum lsk_trace_operation operation)
{
	return (unsigned int)operation < LSK_TRACE__COUNT ? operation_names[operation]
							  : NULL;
}

static int64_t ask(struct lsk_trace_event *event)
{
	lsk_trace_fn hook = atomic_load_explicit(&trace_hook, memory_order_acquire);
	int r;

	if (!hook || is_in_hook)
		return 0;
	is_in_hook = true;
	r = hook(atomic_load_explicit(&trace_context, memory_order_relaxed), event);
	is_in_hook = false;
	return r < 0 ? r : 0;
}

int64_t trace_before(struct lsk_trace_event *event)
{
	if (event->sock) {
		event->domain = event->sock->domain;
		event->type = event->sock->type;
		event->protocol = event->sock->protocol;
	}
	return ask(event);
}

int64_t trace_after(struct lsk_trace_event *event, int64_t result)
{
	event->is_done = true;
	event->result = result;
	ask(event);
	return result;
}
