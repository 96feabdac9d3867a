/* SPDX-License-Identifier: MIT */
#include "src/interrupt.h"

#include <errno.h>

#include <linsock/socket.h>

static _Thread_local struct {
	lsk_interrupt_fn hook;
	void *context;
} interrupt;

void lsk_set_interrupt_hook(lsk_interrupt_fn hook, void *context)
{
	interrupt.hook = hook;
	interrupt.context = context;
}

int interrupt_ask(void *context)
{
	(void)context;
	return interrupt.hook && interrupt.hook(interrupt.context) != 0 ? -EINTR : 0;
}
