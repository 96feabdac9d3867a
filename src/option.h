/* SPDX-License-Identifier: MIT */
/* The table of socket options, and values as text. */
#ifndef LSK_OPTION_INTERNAL_H
#define LSK_OPTION_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include <linsock/option.h>

#include "src/text.h"

/* Room for every value that is not the caller's: lists, filters, keys. */
#define OPTION_VALUE_MAX 4096

/* What can be done with an option; a row without either stands for a name that is
 * only a control message's, or that no kernel has ever implemented. */
enum {
	NO = 0,
	RO = LSK_OPTION_GET,
	WO = LSK_OPTION_SET,
	RW = LSK_OPTION_GET | LSK_OPTION_SET,
};

struct option_row {
	const char *name;
	enum lsk_option_type type;
	unsigned int access;
	/* FLAGS and ENUM: group of constants; STRUCT: its fields; else the unit or NULL
	 */
	const char *detail;
	const char *summary;
};

#define ROW(name, type, access, detail, summary)                 \
	{                                                        \
		name, LSK_OPTION_##type, access, detail, summary \
	}

/* The options of one level. Its numbers are those of the constants of these names. */
struct option_level {
	const char *name;         /* "SOL_TCP" */
	const char *prefix;       /* what short names leave out: "TCP_" */
	const char *domains[2];   /* "AF_INET"; NULL: every family */
	const char *protocols[2]; /* "IPPROTO_TCP"; NULL: every protocol of those */
	const struct option_row *rows; /* ends with a NULL name */
};

/* Ends with a NULL name; what is asked for first comes first. */
extern const struct option_level option_levels[];

extern const struct option_row option_rows_socket[];
extern const struct option_row option_rows_ip[];
extern const struct option_row option_rows_ipv6[];
extern const struct option_row option_rows_icmp[];
extern const struct option_row option_rows_icmpv6[];
extern const struct option_row option_rows_tcp[];
extern const struct option_row option_rows_udp[];
extern const struct option_row option_rows_udplite[];
extern const struct option_row option_rows_mptcp[];
extern const struct option_row option_rows_sctp[];
extern const struct option_row option_rows_tls[];
extern const struct option_row option_rows_packet[];
extern const struct option_row option_rows_xdp[];
extern const struct option_row option_rows_can_raw[];
extern const struct option_row option_rows_can_isotp[];
extern const struct option_row option_rows_can_j1939[];
extern const struct option_row option_rows_netlink[];
extern const struct option_row option_rows_vsock[];
extern const struct option_row option_rows_tipc[];
extern const struct option_row option_rows_rds[];
extern const struct option_row option_rows_alg[];
extern const struct option_row option_rows_bluetooth[];
extern const struct option_row option_rows_hci[];
extern const struct option_row option_rows_l2cap[];
extern const struct option_row option_rows_rfcomm[];
extern const struct option_row option_rows_sco[];
extern const struct option_row option_rows_kcm[];
extern const struct option_row option_rows_smc[];
extern const struct option_row option_rows_mctp[];
extern const struct option_row option_rows_llc[];
extern const struct option_row option_rows_wpan[];
extern const struct option_row option_rows_dccp[];
extern const struct option_row option_rows_x25[];
extern const struct option_row option_rows_ax25[];
extern const struct option_row option_rows_netrom[];
extern const struct option_row option_rows_rose[];
extern const struct option_row option_rows_rxrpc[];
extern const struct option_row option_rows_pnpipe[];
extern const struct option_row option_rows_caif[];
extern const struct option_row option_rows_pppol2tp[];
extern const struct option_row option_rows_nfc[];
extern const struct option_row option_rows_iucv[];
extern const struct option_row option_rows_atm[];

/*
 * The fields of a structure, in the order of memory and without holes that are not
 * told: "state:u8:TCP_STATE -:1 rto:u32/us". A field is name, kind, and either a group
 * of constants or a unit:
 *
 *	u8 u16 u32 u64 i32	numbers; h8 h16 h32 the same in hexadecimal
 *	n16 n32			numbers in network order
 *	b1 … b7			bits of a byte, the lowest first
 *	in4 in6			addresses
 *	xN sN			N bytes in hexadecimal, or of a text
 *	-:N			N bytes that mean nothing
 */

/* Bytes of the structure, or -EINVAL for a layout that cannot be read. */
int option_layout_size(const char *layout);

/* Write the fields that @len bytes hold as "state=TCP_LISTEN rto=200us". */
int option_layout_format(const char *layout, const void *value, size_t len,
			 struct text_writer *writer);

/*
 * Read such text, in any order; fields that are not named are 0. Return: 0;
 * LSK_ERR_VALUE, where @ret_offset is the place; -ENOSPC where @size does not do.
 */
int option_layout_parse(const char *layout, const char *text, void *value, size_t size,
			size_t *ret_offset);

/* A protocol that is not known: the options of every protocol of the family fit. */
#define OPTION_ANY_PROTOCOL (-1)

/*
 * The option that @name, full or short, means for a socket of AF_* @domain and
 * @protocol: its own levels first. Return: 0 or -ENOENT.
 */
int option_find_named(int domain, int protocol, const char *name,
		      struct lsk_option *ret_option);

/* Bytes to offer getsockopt(2) for a value of the option. */
size_t option_value_size(const struct lsk_option *option);

#endif
