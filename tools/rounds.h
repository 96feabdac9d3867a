/* SPDX-License-Identifier: MIT */
/* There and back, again and again: "ping" of the families that have one of their own. */
#ifndef LINSOCK_TOOLS_ROUNDS_H
#define LINSOCK_TOOLS_ROUNDS_H

#include <signal.h>
#include <stdint.h>

struct rounds {
	long count;
	int64_t interval_ns;
	int64_t timeout_ns; /* of each */
};

/* Four, a second apart, a second for each. */
struct rounds rounds_default(void);

/* Read -c, -i or -t. Return: enum command_status. */
int rounds_take_option(struct rounds *rounds, int option, const char *value);

/*
 * One round: there and back within @timeout_ns. Return: 0 or a negative error; with
 * -EAFNOSUPPORT there is no use in another one.
 */
typedef int (*round_fn)(void *context, int64_t timeout_ns, int64_t *ret_ns);

/*
 * Run them, tell what each took or why it failed, by the name @place. @is_stopped ends
 * it early; NULL: nothing does. Return: answers, or -EAFNOSUPPORT.
 */
long rounds_run(const struct rounds *rounds, const char *place, round_fn once,
		void *context, const volatile sig_atomic_t *is_stopped);

#endif
