/* SPDX-License-Identifier: MIT */
/* What the tools that look at ISO-TP from outside share: who is heard, and times. */
#ifndef LINSOCK_TOOLS_ISOTP_LISTEN_H
#define LINSOCK_TOOLS_ISOTP_LISTEN_H

#include <stdbool.h>

#include <linsock.h>

#include "tools/isotp_options.h"

/* One byte of extended addressing, given or any. */
struct isotp_extension {
	bool is_set;
	bool is_any;
	uint8_t address;
};

/* A pair of identifiers that is listened to. */
struct isotp_listen {
	const char *interface;
	uint32_t source;
	uint32_t destination;
	struct isotp_extension extension;    /* of what the source sends */
	struct isotp_extension rx_extension; /* of the destination */
};

/* A classic or FD frame with zeros past its length, as the kernel gives it. */
struct isotp_frame {
	uint32_t id; /* in the kernel's notation */
	bool is_fd;
	uint8_t flags;
	uint8_t len;
	int64_t time_ns;
	uint8_t data[LSK_CANFD_DATA_MAX + 8]; /* readers look a few bytes ahead */
};

/* An identifier as can-utils read it. Return: false for what is none. */
bool isotp_parse_id(const char *text, uint32_t *ret_id);

/* -s, -d, -x and -X. Return: an exit status, or -1 for another option. */
int isotp_listen_option(struct isotp_listen *listen, int option, const char *value);

/* Whether all that is needed is there. Return: an exit status. */
int isotp_listen_check(struct isotp_listen *listen, int argc, char **argv);

/* Who is told of what is heard. */
struct isotp_watcher {
	/* A frame came. Return: whether the next one is wanted. */
	bool (*take)(void *context, const struct isotp_frame *frame);
	/* How long silence may last until silent() is called; NULL: for ever. */
	int64_t (*silence_ns)(void *context);
	void (*silent)(void *context);
	void *context;
};

/* Hear both identifiers until take() has enough. Return: an exit status. */
int isotp_listen_run(const struct isotp_listen *listen,
		     const struct isotp_watcher *watcher);

/* How times are shown: a, A, d, z, or 0 for none. */
struct isotp_clock {
	char mode;
	int64_t last_ns;
};

/* Set the mode by an option's value; one that is unknown is told and ignored. */
void isotp_clock_set(struct isotp_clock *clock, const char *value);

/* Print "(time) ", or nothing where the mode is none. */
void isotp_clock_print(struct isotp_clock *clock, int64_t time_ns);

#endif
