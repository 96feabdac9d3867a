/* SPDX-License-Identifier: MIT */
/* What the modules of J1939 share. */
#ifndef LSK_J1939_INTERNAL_H
#define LSK_J1939_INTERNAL_H

#include <linux/net_tstamp.h>
#include <net/if.h>
#include <stdatomic.h>

#include <linsock/j1939.h>

/* Which ends of a message come on the error queue. */
#define J1939_TOLD                                             \
	(SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_ACK | \
	 SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_CMSG | \
	 SOF_TIMESTAMPING_OPT_TSONLY)

struct lsk_j1939 {
	struct lsk_socket *sock;
	char name[IF_NAMESIZE];
	int interface; /* 0: its interface is gone, and the socket is on none */
	/* To do it all again when the interface was gone; filters are a copy. */
	struct lsk_j1939_config config;
	struct lsk_j1939_filter *filters; /* what @config.filters is */
	struct lsk_j1939_place peer;      /* of lsk_j1939_connect() */
	bool is_connected;
	lsk_j1939_progress_fn progress; /* may be NULL */
	void *progress_context;
	size_t sending; /* bytes of the message that is sent now */
	struct lsk_j1939_progress
		receiving;       /* the last that was told of what comes in */
	_Atomic bool is_aborted; /* by lsk_j1939_abort(), since a send began */
	_Atomic int told;        /* an error for the next receive, which a send met */
};

/* Why a message is broken off, by SAE J1939-21. */
enum j1939_abort_reason {
	J1939_REASON_RESOURCES = 2,
	J1939_REASON_TIMEOUT = 3,
};

/* As lsk_j1939_abort(), with a reason. */
int j1939_abort(struct lsk_j1939 *j1939, const struct lsk_j1939_place *peer, size_t len,
		enum j1939_abort_reason reason);

/* Read all words of the error queue. Return: 1 where a message is through, a negative
 * errno where it broke off or the socket is closed, else 0. */
int j1939_take_words(struct lsk_j1939 *j1939);

/* Change name, address and group of the socket. Return: 0 or bind(2)'s negated errno.
 */
int j1939_bind(struct lsk_j1939 *j1939, const struct lsk_j1939_place *local);

/* As lsk_j1939_receive(), without waiting: -EAGAIN for nothing. */
ssize_t j1939_receive_ready(struct lsk_j1939 *j1939, void *buf, size_t size,
			    struct lsk_j1939_message *message);

#endif
