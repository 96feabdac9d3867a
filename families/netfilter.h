/* SPDX-License-Identifier: MIT */
/* What netfilter's modules tell the registry of tables. */
#ifndef LSK_NETFILTER_H
#define LSK_NETFILTER_H

#include <stdint.h>

struct netlink_message;

/* The row of a message type (subsystem << 8 | message), or NULL. */
const struct netlink_message *conntrack_message_find(uint16_t type);
const struct netlink_message *nft_message_find(uint16_t type);

#endif
