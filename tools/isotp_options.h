/* SPDX-License-Identifier: MIT */
/* The options of can-utils' ISO-TP tools that make a socket. */
#ifndef LINSOCK_TOOLS_ISOTP_OPTIONS_H
#define LINSOCK_TOOLS_ISOTP_OPTIONS_H

#include <linsock.h>

#define ISOTP_NO_ID UINT32_MAX

struct isotp_options {
	struct lsk_isotp_config config;
	int64_t timeout_ns;
};

/* No identifiers, no limit of time. */
void isotp_options_init(struct isotp_options *options);

/* -s, -d, -x, -p, -P, -L, and 'T' for --timeout. Return: an exit status, or -1 for
 * another option. */
int isotp_options_take(struct isotp_options *options, int option, const char *value);

/* -b, -m and -w of a receiver, -t of a sender: the same. */
int isotp_options_take_flow(struct isotp_options *options, int option,
			    const char *value);

/* Nanoseconds that the kernel takes. Return: an exit status. */
int isotp_options_ns(const char *text, uint32_t *ret_ns);

/* Whether identifiers and one interface are there. Return: an exit status. */
int isotp_options_check(struct isotp_options *options, int argc, char **argv);

/* Open the socket. Return: an exit status. */
int isotp_options_open(const struct isotp_options *options,
		       struct lsk_isotp **ret_isotp);

#endif
