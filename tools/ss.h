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

/* A field's text while it grows. */
struct ss_text {
	char *at;
	size_t size;
	size_t len;
};

void ss_text_add(struct ss_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ss_info.c: what TCP tells of a connection; @has_options: those it has agreed on too.
 */
void ss_tcp_text(struct ss_text *text, const struct lsk_diag_socket *sock,
		 bool has_options);

/* ss_process.c: which descriptors of which processes are sockets. */
struct ss_holders {
	struct ss_holder *all;
	size_t count;
	size_t room;
};

/* @has_context: with the security label of each process. */
int ss_holders_read(struct ss_holders *holders, bool has_context);
void ss_holders_done(struct ss_holders *holders);
/* Write " users:((…))", or nothing. Return: its length. */
size_t ss_holders_text(const struct ss_holders *holders, uint32_t inode, char *text,
		       size_t size);

/* ss_filter.c: a filter expression. */
struct ss_filter;

/* Read the words of an expression; *ret_filter is NULL where there are none. What the
 * kernel can decide is put into @kernel too. Return: an exit status. */
int ss_filter_new(struct ss_filter **ret_filter, char **args,
		  struct lsk_diag_filter *kernel);
struct ss_filter *ss_filter_free(struct ss_filter *filter);
/* Whether a socket meets @filter, which may be NULL. @name: of a UNIX socket. */
bool ss_filter_holds(const struct ss_filter *filter, const struct lsk_diag_socket *sock,
		     const char *name);

/* ss_summary.c: counts instead of sockets. Return: the exit status. */
int ss_summary(void);

/* ss_ring.c: how a packet or XDP socket is set up. */
void ss_ring_text(struct ss_text *text, const struct lsk_diag_socket *sock,
		  bool is_one_line);

struct ss_call {
	struct lsk_nl *nl;
	unsigned int families; /* enum ss_families */
	int inet;              /* AF_INET or AF_INET6 alone; 0: both */
	uint32_t states;
	uint32_t show;
	bool is_extended;
	bool has_no_header;
	bool has_timer;
	bool has_processes;
	bool has_context; /* security labels */
	bool has_names;   /* of hosts */
	bool is_one_line;
	bool is_kill;
	bool is_follow;
	bool is_summary;
	struct lsk_diag_filter filter;
	struct ss_filter *expression; /* NULL: everything */
	struct ss_holders holders;
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

/* Print what was taken in so far, and the head before the first. */
void ss_flush(struct ss_call *call);

/* Print all and free. Return: the exit status. */
int ss_finish(struct ss_call *call);

#endif
