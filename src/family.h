/* SPDX-License-Identifier: MIT */
/*
 * What the object layer knows of a family: one constant row. The core declares the
 * table, families/table.c defines it, and a unit test can define another.
 */
#ifndef LSK_FAMILY_H
#define LSK_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/error.h>

#include "src/family_probe.h"

/* How bytes leave a socket of the family on a ring: measured, they differ. */
enum family_send {
	FAMILY_SEND_RING,    /* SEND and SENDMSG work */
	FAMILY_SEND_WRITE,   /* WRITE when connected: SEND adds MSG_NOSIGNAL */
	FAMILY_SEND_SYSCALL, /* sendmsg(2) with the ring for readiness */
};

/* What else a ring may do with a socket of the family. */
enum family_ring {
	FAMILY_RING_ZERO_COPY = 1 << 0,
	FAMILY_RING_RECV_MULTISHOT = 1 << 1,
	FAMILY_RING_ACCEPT_MULTISHOT = 1 << 2,
	/* Its receive(2) says ENOBUFS of itself, as a ring does of an empty pool. */
	FAMILY_RING_SAYS_ENOBUFS = 1 << 3,
};

/* What a client does with the address of an endpoint of this scheme. */
enum family_attach {
	FAMILY_ATTACH_CONNECT,
	FAMILY_ATTACH_BIND, /* CAN_RAW, PACKET, NETLINK: there is no connect(2) */
};

/*
 * One scheme of endpoint text: "tcp" is inet's SOCK_STREAM, IPPROTO_TCP. Families may
 * share a scheme: the first in the table that can read the place takes it. A scheme
 * with the name of its own family says what plain "name://" makes.
 */
struct family_scheme {
	const char *name; /* unique in its family */
	int type;
	int protocol;
	enum family_attach attach;
};

/* How the text of an endpoint option becomes a socket option. */
enum family_value {
	FAMILY_VALUE_FLAG,   /* "?nodelay": int 1; "=0" and "=1" are read too */
	FAMILY_VALUE_INT,    /* decimal or 0x hexadecimal */
	FAMILY_VALUE_STRING, /* bytes as they stand */
	FAMILY_VALUE_CUSTOM, /* the option's own set() */
	FAMILY_VALUE_LATE,   /* the same, after bind(2) or connect(2), which undo it */
};

struct family_option {
	const char *name;
	enum family_value value;
	int level;
	int number;
	/* FAMILY_VALUE_CUSTOM and _LATE only. @value is NULL where the text has no "=".
	 * The offset of @ret_error counts from the start of @value. */
	int (*set)(int fd, const char *value, struct lsk_error *ret_error);
};

/* One kind of socket that the family may offer; linsock probe tries each. */
struct family_type {
	const char *name; /* "stream", "raw/can", …: the row's name in the matrix */
	int type;
	int protocol;
};

struct lsk_family {
	int domain;          /* AF_*; unique in the table */
	const char *name;    /* text prefix of an address; unique */
	const char *summary; /* one line for linsock(1) */

	/* Required. @text is what follows "name://", without a query; the offset of
	 * @ret_error, which is never NULL here, counts from its start. */
	int (*parse)(const char *text, struct lsk_addr *ret_addr,
		     struct lsk_error *ret_error);
	/* Required. Writes what follows "name://"; answers as lsk_addr_format(). */
	int (*format)(const struct lsk_addr *addr, char *buf, size_t size);

	/* Optional; NULL: equal length and bytes are equal addresses. */
	bool (*equal)(const struct lsk_addr *a, const struct lsk_addr *b);
	/* Optional; NULL: nothing to prepare. Runs once on each new descriptor. */
	int (*prepare)(int fd);
	/* Optional; NULL: places of this family have no names to resolve. Whether @text
	 * is "host:port" with a name where parse() wants a number. */
	bool (*has_host)(const char *text);

	/* Optional; NULL: only socketpair(2) makes pairs. The text of an address, as
	 * parse() reads it, that strangers cannot reach from outside. */
	const char *loopback;

	/* Optional; NULL: the scheme says it. The protocol that a place which parse()
	 * accepted names ("netlink://route"); negative: none, the scheme's holds. */
	int (*place_protocol)(const char *text);
	/* Optional; NULL: none. What does nearly the same as @protocol where the kernel
	 * lacks it (MPTCP, TCP); negative: nothing does. */
	int (*fallback_protocol)(int protocol);
	/* Optional; NULL: it can. Whether one direction of a connection can end alone,
	 * and its peer hears of that. */
	bool (*has_half_close)(int protocol);

	const struct family_scheme *schemes; /* ends with a NULL name; NULL: none */
	const struct family_option *options; /* ends with a NULL name; NULL: none */
	const struct family_type *types;     /* ends with a NULL name; never NULL */
	/* Optional; NULL: linsock probe tries the types alone. */
	const struct family_probe *probe;

	enum family_send send;
	unsigned int ring; /* enum family_ring */
	/* recvmsg(2) refuses MSG_CMSG_CLOEXEC (PACKET): no descriptors come anyway. */
	bool refuses_cloexec;
	/* accept(2) makes a new socket out of nothing (ALG): there is nothing to wait
	 * for, and poll(2) would never say that it has come. */
	bool accepts_at_once;
	/* connect(2) that does not wait says 0 before the peer has answered (LLC). */
	bool connects_early;
};

/* Ended by NULL; defined by families/table.c. */
extern const struct lsk_family *const lsk_families[];

/* The row of AF_* @domain, or NULL. */
const struct lsk_family *family_by_domain(int domain);

/* The row whose name is the @len bytes at @name, or NULL. */
const struct lsk_family *family_by_name(const char *name, size_t len);

/* The scheme of @family named by the @len bytes at @name, or NULL. */
const struct family_scheme *family_scheme(const struct lsk_family *family,
					  const char *name, size_t len);

#endif
