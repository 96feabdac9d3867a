/* SPDX-License-Identifier: MIT */
/* What a watch shows to those that run it on a loop. */
#ifndef LSK_NETLINK_WATCH_H
#define LSK_NETLINK_WATCH_H

#include <linsock/netlink_watch.h>

struct netlink_watch_run;

/* Where the watch keeps its run on a loop; NULL there: none. */
struct netlink_watch_run **netlink_watch_run(struct lsk_nl_watch *watch);

/* The socket of its events. */
struct lsk_socket *netlink_watch_socket(const struct lsk_nl_watch *watch);

#endif
