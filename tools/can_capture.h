/* SPDX-License-Identifier: MIT */
/* Several channels as one source of frames, and the signals that end a tool. */
#ifndef LINSOCK_TOOLS_CAN_CAPTURE_H
#define LINSOCK_TOOLS_CAN_CAPTURE_H

#include <signal.h>
#include <stdbool.h>

#include <linsock.h>

/* Interfaces on one command line, as candump has it. */
#define CAN_SOURCES_MAX 16

/* Records of one round: as many as one system call brings. */
#define CAN_CAPTURE_BATCH 64

struct can_source {
	struct lsk_can *can;
	const char *name; /* as on the command line, up to the first comma */
	size_t name_len;
	uint64_t drops_told;
	bool has_more; /* the last receive filled the batch */
};

struct can_capture {
	struct can_source sources[CAN_SOURCES_MAX];
	size_t count;
	size_t turn; /* whose turn it is: nobody starves */
	struct lsk_can_record *records;
	sigset_t waiting_mask; /* while waiting, signals come through */
	bool takes_hangup;     /* SIGHUP does not end it: see can_capture_next() */
	int terminal; /* the controlling one, while SIGHUP is taken; -1: none */
};

/* Let SIGINT, SIGTERM and SIGHUP end can_capture_next() instead of the process. */
void can_capture_signals(struct can_capture *capture);

/* Before them: SIGHUP asks for another thing, unless the terminal is what hung up. */
void can_capture_take_hangup(struct can_capture *capture);

/*
 * Open "interface[,filter]*" for each of @texts with the options of @config. What fails
 * is told on stderr. Return: 0 or an exit status.
 */
int can_capture_open(struct can_capture *capture, char **texts, size_t count,
		     const struct lsk_can_config *config);
void can_capture_close(struct can_capture *capture);

/*
 * Wait for frames of one source, which @ret_source names on every answer but a timeout.
 * Return: how many are in capture->records; 0 at the end of @timeout_ms; -EINTR where a
 * signal asked to end; -ERESTART after a SIGHUP that is taken; what lsk_can_receive()
 * said.
 */
int can_capture_next(struct can_capture *capture, int timeout_ms,
		     struct can_source **ret_source);

/* Whether the next can_capture_next() would have to wait, as far as is known. */
bool can_capture_is_idle(const struct can_capture *capture);

/* Frames that the kernel dropped, over all sources, up to now. */
uint64_t can_capture_drops(const struct can_capture *capture);

#endif
