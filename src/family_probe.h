/* SPDX-License-Identifier: MIT */
/* What linsock probe tries of a family beyond its types: data of the family's module.
 */
#ifndef LSK_FAMILY_PROBE_H
#define LSK_FAMILY_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#define FAMILY_SOCKETS_MAX 4

struct lsk_family;
struct probe_row;

/* A kind of socket to try things on. */
struct family_socket {
	int type; /* 0 ends a list that is shorter than its array */
	int protocol;
};

/*
 * What one option is set to where an int of zero would tell nothing of it. A kernel
 * that has the option answers in another way than for a number that nobody has.
 */
struct family_option_value {
	const char *name;  /* "TIPC_GROUP_JOIN" */
	const void *value; /* NULL: none, of no length */
	uint16_t size;
	/* Brings a socket to where it can be set; NULL: each is there. */
	int (*prepare)(int fd);
	const char *module; /* that the kernel would load for it; NULL: none */
};

/* One level of socket options: each option of the group is read and set. */
struct family_option_group {
	const char *group; /* of <linsock/constant.h>: "TCP" */
	int level;
	struct family_socket sockets[FAMILY_SOCKETS_MAX]; /* the best answer counts */
	uint16_t get_size; /* the one length that is read; 0: any that suffices */
	const struct family_option_value *values; /* ends with a NULL name; or NULL */
	/* Brings a socket to where it has these options; NULL: each has them. */
	int (*prepare)(int fd);
	/* Alias of a module that prepare() would load. */
	const char *module_alias;
};

/*
 * One control message: a datagram that a socket sends to itself must bring it. Flags
 * tell what the value of the message that is sent along means.
 */
struct family_message {
	const char *name;
	const char *summary;
	/* Makes a sender and a receiver, which may be one descriptor; NULL: a datagram
	 * socket at the family's loopback, or a pair. */
	int (*open)(int ret_fds[2]);
	/* What must be there for open() to load nothing; type 0: the family is. */
	struct family_socket socket;
	const char *module_alias; /* NULL: open() needs no other module */
	const char *module;       /* by its own name, where nothing has an alias */
	/* An algorithm that open() asks for ("gcm(aes)"), and what precedes each of its
	 * words in the aliases of modules; NULL: none. */
	const char *word_alias;
	const char *words;
	/* How the datagram begins, at least 14 bytes; NULL: with zeros. */
	const char *datagram;
	int level; /* of the option that asks for it */
	int option;
	int value; /* 0: nothing is asked for */
	int expected_level;
	int expected_type; /* 0: it is enough that the datagram can be sent */
	/* What goes along with the datagram; size 0: nothing. */
	int sent_level;
	int sent_type;
	int32_t sent_value;
	const void *sent_bytes; /* instead of that value; NULL: the value */
	uint16_t sent_size;
	/* Of @option's value, the rest of which is zero; 0: that of an int. */
	uint16_t value_size;
	uint16_t datagram_size; /* 0: 1 byte */
	uint16_t sends;         /* datagrams that precede one receive; 0: 1 */
	int send_flags;         /* of sendmsg(2), as MSG_ZEROCOPY */
	/* It is the sender that asks for it, and gets it once the receiver has read. */
	bool is_of_sender;
	/* It comes on the error queue. */
	bool is_error;
	/* A worker of the kernel begins with it some time after. */
	bool is_late;
	/* The receiver has room for little, so that most of what is sent is lost. */
	bool is_narrow;
	/* The sender is not connected: each datagram names the receiver. */
	bool is_addressed;
};

struct family_ioctl {
	const char *name;
	const char *summary;
	unsigned long number;
	struct family_socket socket;
	/* It is asked of this file and not of a socket; NULL: of a socket. */
	const char *device;
	/* Makes what it is asked of, the first, and its other end, which may be the
	 * same; NULL, or where it fails: the socket alone is asked. */
	int (*open)(int ret_fds[2]);
	/* Module that the kernel would load for it; NULL: none. */
	const char *module;
	/* What it is given; NULL: the name of loopback, as a struct ifreq begins. */
	const void *argument;
	uint16_t argument_size; /* at most 256 */
	bool makes_descriptor;  /* what it returns is one, to be closed */
};

/* Something that bind(2) names, and a module may bring. */
struct family_name {
	const char *name;
	const char *summary;
	const char *place; /* as the family's parse() reads it */
	/* Alias of a module that bind(2) would load; NULL: none. */
	const char *module_alias;
	/* It also loads modules for each word of a name such as "hmac(sha256)":
	 * what precedes the word in their aliases ("crypto-"), and the name, as
	 * /proc/crypto lists it. NULL: it does not. */
	const char *word_alias;
	const char *words;
	struct family_socket socket;
};

/* Every pointer may be NULL; tables end with a NULL name or group. */
struct family_probe {
	/* What precedes the protocol's number in the alias of its module
	 * ("can-proto-"); NULL: at most net-pf-…-proto-… */
	const char *protocol_alias;
	const struct family_option_group *option_groups;
	const struct family_message *messages;
	const struct family_ioctl *ioctls;
	const struct family_name *names;
	/* With functions of their own (src/probe.h); tables, ended by NULL. */
	const struct probe_row *const *rows;
};

/*
 * Families whose addresses the library does not know: rows with no more than a domain,
 * a name, types and what is to be tried. Ends with NULL.
 */
extern const struct lsk_family *const probe_families[];

#endif
