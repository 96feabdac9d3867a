/* SPDX-License-Identifier: MIT */
/* Parts of what linsock probe tries of netlink. */
#ifndef LSK_FAMILIES_PROBE_NETLINK_H
#define LSK_FAMILIES_PROBE_NETLINK_H

#include <stdbool.h>

#include "src/probe.h"

/* Whether what needs the module of the alias @alias_start and @name may be tried; if
 * not, @ret_finding says why. */
bool probe_netlink_may_try(struct lsk_probe *probe, const char *alias_start,
			   const char *name, struct lsk_finding *ret_finding);

extern const struct probe_row probe_netlink_protocols[];
extern const struct probe_row probe_netlink_genl[];
extern const struct probe_row probe_netlink_groups[];

#endif
