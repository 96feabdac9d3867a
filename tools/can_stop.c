/* SPDX-License-Identifier: MIT */
/* Signals that end a tool once it has told what it has to tell. */
#include "tools/can_stop.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <time.h>

#include <linsock.h>

static volatile sig_atomic_t stop_signal;

void can_stop_set(int signal_number)
{
	stop_signal = signal_number;
}

int can_stop_signal(void)
{
	return stop_signal;
}

int can_stop_status(void)
{
	return 128 + stop_signal;
}

static int on_interrupt(void *context)
{
	(void)context;
	return stop_signal;
}

void can_stop_catch(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction action = {.sa_handler = can_stop_set};

	lsk_set_interrupt_hook(on_interrupt, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

void can_sleep_until(int64_t time_ns)
{
	const struct timespec until = {.tv_sec = time_ns / LSK_NSEC_PER_SEC,
				       .tv_nsec = time_ns % LSK_NSEC_PER_SEC};
	/* Of this thread; set once, as it costs a system call. */
	static bool is_exact;

	if (!is_exact)
		is_exact = prctl(PR_SET_TIMERSLACK, 1) == 0;
	while (!stop_signal &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}
