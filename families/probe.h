/* SPDX-License-Identifier: MIT */
/* What linsock probe tries of each family; the rows of the families point here. */
#ifndef LSK_FAMILIES_PROBE_H
#define LSK_FAMILIES_PROBE_H

#include <sys/socket.h>

#include "src/family_probe.h"

extern const struct family_probe inet_probe;
extern const struct family_probe inet6_probe;
extern const struct family_probe unix_probe;
extern const struct family_probe netlink_probe;
extern const struct family_probe can_probe;
extern const struct family_probe vsock_probe;
extern const struct family_probe packet_probe;
extern const struct family_probe alg_probe;
extern const struct family_probe tipc_probe;
extern const struct family_probe rds_probe;
extern const struct family_probe bluetooth_probe;
extern const struct family_probe xdp_probe;
extern const struct family_probe qipcrtr_probe;
extern const struct family_probe smc_probe;
extern const struct family_probe kcm_probe;
extern const struct family_probe mctp_probe;
extern const struct family_probe ieee802154_probe;
extern const struct family_probe rxrpc_probe;
extern const struct family_probe llc_probe;

/*
 * Make a connection within this host, to the place that bind(2) gives of @addr.
 * @ret_fds: the end that connected, and the one that was accepted; the caller's.
 * Return: 0, or the negated errno of whatever failed.
 */
int probe_connection(int type, int protocol, struct sockaddr *addr, socklen_t len,
		     int ret_fds[2]);

#endif
