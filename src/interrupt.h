/* SPDX-License-Identifier: MIT */
/* The program's say in whether an interrupted call goes on (PEP 475). */
#ifndef LSK_INTERRUPT_H
#define LSK_INTERRUPT_H

/*
 * Ask the calling thread's hook, if there is one. Fits struct engine_wait's
 * interrupted(); @context is not used. Return: 0 to go on, or -EINTR.
 */
int interrupt_ask(void *context);

#endif
