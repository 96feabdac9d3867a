/* SPDX-License-Identifier: MIT */
/* Tables of attributes that become JSON in the form of ip, and text. */
#ifndef LINSOCK_TOOLS_NETLINK_ROWS_H
#define LINSOCK_TOOLS_NETLINK_ROWS_H

#include "tools/netlink.h"

/* How an attribute becomes JSON, and that a text. */
enum netlink_row_form {
	ROW_NUMBER,  /* 7 */
	ROW_ON_OFF,  /* true: on */
	ROW_SWITCH,  /* true: the label alone; false: nothing */
	ROW_SECONDS, /* hundredths: 0.07 */
	ROW_HEX,     /* "0x7" */
	ROW_WORD,    /* one of @words */
	ROW_BIT,     /* one bit of the number: 1 */
	ROW_FLAG,    /* bits of the number: true and the label, or nothing */
	ROW_FLAGS,   /* bits of a struct with a mask: ["REORDER_HDR"], <REORDER_HDR> */
	ROW_ETHER_TYPE, /* big endian: "802.1Q" */
	ROW_BRIDGE_ID,  /* "8000.2:0:0:0:0:1" */
	ROW_HARDWARE,   /* "02:00:00:00:00:01" */
	ROW_GROUPS,     /* "stp,lacp" */
	ROW_INTERFACE,  /* "eth0" */
	ROW_USER,       /* "root" */
	ROW_GROUP,      /* "wheel" */
	ROW_QOS,        /* [{"from": 1, "to": 2}], { 1:2 } */
};

/* Ended by a row without key. */
struct netlink_row {
	uint16_t type;
	enum netlink_row_form form;
	const char *key;
	const char *label; /* NULL: the key */
	const struct netlink_word *words;
	uint32_t bit;
};

/* The last attribute of a type, which is the one that counts. */
bool netlink_find_attr(struct lsk_nl_bytes rest, uint16_t type,
		       struct lsk_nl_attr *ret_attr);

/* An object with those of the rows that are there. */
json_t *netlink_json_rows(struct netlink_call *call, const struct netlink_row *row,
			  struct lsk_nl_bytes data);

/* The same as text, in the order of the rows, which may be NULL. */
void netlink_print_rows(const json_t *object, const struct netlink_row *row);

#endif
