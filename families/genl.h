/* SPDX-License-Identifier: MIT */
/* What generic netlink tells the registry of tables. */
#ifndef LSK_GENL_H
#define LSK_GENL_H

#include <stdint.h>

struct netlink_message;

/* The row of a message type whose number is fixed, or NULL. */
const struct netlink_message *genl_message_find(uint16_t type);

#endif
