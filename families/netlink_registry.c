/* SPDX-License-Identifier: MIT */
/* Which table reads which message, over all protocols. */
#include <linux/netfilter/nfnetlink.h>

#include "families/alg.h"
#include "families/genl.h"
#include "families/netfilter.h"
#include "families/netlink_table.h"
#include "families/rtnl.h"

const struct netlink_message *netlink_message_find(int protocol, uint16_t type)
{
	if (protocol == NETLINK_ROUTE)
		return rtnl_message_find(type);
	if (protocol == NETLINK_GENERIC)
		return genl_message_find(type);
	if (protocol == NETLINK_NETFILTER)
		return type >> 8 == NFNL_SUBSYS_NFTABLES ? nft_message_find(type)
							 : conntrack_message_find(type);
	if (protocol == NETLINK_CRYPTO)
		return alg_message_find(type);
	return NULL;
}
