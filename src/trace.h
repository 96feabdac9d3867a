/* SPDX-License-Identifier: MIT */
/* The one branch that tracing costs. */
#ifndef LSK_TRACE_INTERNAL_H
#define LSK_TRACE_INTERNAL_H

#include <stdatomic.h>

#include <linsock/trace.h>

/* Set by lsk_set_trace_hook() alone. */
extern _Atomic(lsk_trace_fn) trace_hook;

/* Ask the hook. Return: 0, or why the operation is refused. */
int64_t trace_before(struct lsk_trace_event *event);

/* Tell the hook. Return: @result. */
int64_t trace_after(struct lsk_trace_event *event, int64_t result);

/*
 * The result of @call, with the hook asked before and told after. The rest initializes
 * the struct lsk_trace_event.
 */
#define TRACE(call, ...)                                                               \
	(__builtin_expect(!atomic_load_explicit(&trace_hook, memory_order_acquire), 1) \
		 ? (call)                                                              \
		 : __extension__({                                                     \
			   struct lsk_trace_event trace_event = {__VA_ARGS__};         \
			   int64_t trace_result = trace_before(&trace_event);          \
			   (__typeof__(call))(trace_result < 0                         \
						      ? trace_result                   \
						      : trace_after(&trace_event,      \
								    call));            \
		   }))

/*
 * The same of a call that starts an operation on @loop: what comes after are its
 * events, which show_event() is to tell, unless it does not start.
 */
#define TRACE_START(loop_or_null, call, ...)                                           \
	(__builtin_expect(!atomic_load_explicit(&trace_hook, memory_order_acquire), 1) \
		 ? (call)                                                              \
		 : __extension__({                                                     \
			   struct lsk_trace_event trace_event = {__VA_ARGS__};         \
			   int64_t trace_result;                                       \
			   trace_event.is_event = true;                                \
			   trace_result = trace_before(&trace_event);                  \
			   if (trace_result == 0) {                                    \
				   if (loop_or_null)                                   \
					   (loop_or_null)->show = show_event;          \
				   trace_result = call;                                \
				   if (trace_result < 0)                               \
					   trace_after(&trace_event, trace_result);    \
			   }                                                           \
			   (__typeof__(call))trace_result;                             \
		   }))

#endif
