/* SPDX-License-Identifier: MIT */
/* The options of queueing disciplines and classes: netlink_queue.c reads their words
 * and makes JSON of them, netlink_qdisc.c has the commands. */
#ifndef LINSOCK_TOOLS_NETLINK_QUEUE_H
#define LINSOCK_TOOLS_NETLINK_QUEUE_H

#include "tools/netlink.h"

struct netlink_queue_kind {
	const char *name;
	/* Read all words of @args into the attribute TCA_OPTIONS, whose payload
	 * @options collects. NULL: the kind takes none. Return: 0, or -EINVAL. */
	int (*read)(char **args, struct lsk_nl_msg *options);
	json_t *(*json)(struct lsk_nl_bytes options);
	void (*print)(const json_t *options);
	const char *words; /* for who wrote others */
};

/* NULL: a kind whose options are not known here. */
const struct netlink_queue_kind *netlink_queue_kind(const char *name, bool is_class);

#endif
