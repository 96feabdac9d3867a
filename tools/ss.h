/* SPDX-License-Identifier: MIT */
/* What "linsock ss" collects (ss.c) and how it shows it (ss_show.c). */
#ifndef LINSOCK_TOOLS_SS_H
#define LINSOCK_TOOLS_SS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include <linsock.h>

enum ss_families {
	SS_TCP = 1 << 0,
	SS_UDP = 1 << 1,
	SS_RAW = 1 << 2,
	SS_UNIX = 1 << 3,
	SS_PACKET = 1 << 4,
	SS_NETLINK = 1 << 5,
	SS_VSOCK = 1 << 6,
	SS_XDP = 1 << 7,
	SS_MPTCP = 1 << 8,
	SS_ALL = SS_TCP | SS_UDP | SS_RAW | SS_UNIX | SS_PACKET | SS_NETLINK |
		 SS_VSOCK | SS_XDP,
};

/* One list of the kernel. */
struct ss_table {
	const char *name;
	uint8_t family;
	uint16_t protocol;
	unsigned int bit;
};

enum ss_column {
	SS_COLUMN_NETID,
	SS_COLUMN_STATE,
	SS_COLUMN_RECEIVE,
	SS_COLUMN_SEND,
	SS_COLUMN_LOCAL,
	SS_COLUMN_PEER,
	SS_COLUMN_MORE,
	SS_COLUMN__COUNT
};

struct ss_call {
	struct lsk_nl *nl;
	unsigned int families; /* enum ss_families */
	int inet;              /* AF_INET or AF_INET6 alone; 0: both */
	uint32_t states;
	uint32_t show;
	bool is_extended;
	bool has_no_header;
	struct lsk_diag_filter filter;
	json_t *json; /* NULL: text */

	/* Text of the rows, NUL after each field, since widths are known at the end. */
	char *text;
	size_t text_len;
	size_t text_size;
	size_t widths[SS_COLUMN__COUNT];
};

const char *ss_state_name(unsigned int state);

/* Take a socket in. Return: 1 or -ENOMEM. */
int ss_show(struct ss_call *call, const struct ss_table *table,
	    const struct lsk_diag_socket *sock);

/* Print all and free. Return: the exit status. */
int ss_finish(struct ss_call *call);

#endif
