/* SPDX-License-Identifier: MIT */
/* Signals that end a tool once it has told what it has to tell. */
#ifndef LINSOCK_TOOLS_CAN_STOP_H
#define LINSOCK_TOOLS_CAN_STOP_H

#include <stdint.h>

/*
 * From now on SIGINT, SIGTERM and SIGHUP only set can_stop_signal(), and waiting calls
 * of the library end with -EINTR.
 */
void can_stop_catch(void);

/* The signal that asked the tool to end, or 0. For signal handlers to set, too. */
int can_stop_signal(void);
void can_stop_set(int signal_number);

/* As the field's tools end: 128 and the signal's number. */
int can_stop_status(void);

/*
 * Sleep until @time_ns of CLOCK_MONOTONIC, or a signal that asks to end: without the
 * 50 us by which the kernel else lets timers of a process be late.
 */
void can_sleep_until(int64_t time_ns);

#endif
