/* SPDX-License-Identifier: MIT */
/* What generic netlink tells the registry of tables, and shares with its families. */
#ifndef LSK_GENL_H
#define LSK_GENL_H

#include <stdint.h>

#include <linsock/netlink_msg.h>

struct netlink_message;

/* The row of a message type whose number is fixed, or NULL. */
const struct netlink_message *genl_message_find(uint16_t type);

/* Read the attributes behind the generic header, which no field of @table wants; all of
 * @ret_row is zeroed first. Return: 0 or -EBADMSG. */
int genl_parse_row(const struct nlmsghdr *msg, const struct lsk_nl_table *table,
		   void *ret_row);

#endif
