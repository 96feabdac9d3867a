/* SPDX-License-Identifier: MIT */
/* What the rtnetlink modules share. */
#ifndef LSK_RTNL_H
#define LSK_RTNL_H

#include <linsock/rtnl.h>

struct netlink_message;

/* The table of IFLA_INFO_DATA of a kind of link, or NULL. */
const struct lsk_nl_table *rtnl_link_kind_table(const char *kind);

/* IFLA_INFO_DATA of CAN controllers. */
extern const struct lsk_nl_table rtnl_can_table;

/* The row of an RTM_* type, or NULL. */
const struct netlink_message *rtnl_message_find(uint16_t type);

#endif
