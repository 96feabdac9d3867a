/* SPDX-License-Identifier: MIT */
/* Attribute policies as the kernel tells them, in errors and in policy dumps. */
#ifndef LSK_NETLINK_POLICY_H
#define LSK_NETLINK_POLICY_H

#include <linsock/netlink_error.h>

/* Read NL_POLICY_TYPE_ATTR_*; what is torn is left out. */
void netlink_policy_parse(struct lsk_nl_bytes attributes,
			  struct lsk_nl_policy *ret_policy);

/* "u32 1…100"; answers as snprintf(3). */
int netlink_policy_format(const struct lsk_nl_policy *policy, char *buf, size_t size);

#endif
