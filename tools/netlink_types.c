/* SPDX-License-Identifier: MIT */
/* What kinds of interfaces there are and how they work, by ip's names. */
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <stdio.h>

#include "tools/netlink.h"

static const struct netlink_word link_types[] = {
	{ARPHRD_NETROM, "netrom"},
	{ARPHRD_ETHER, "ether"},
	{ARPHRD_EETHER, "eether"},
	{ARPHRD_AX25, "ax25"},
	{ARPHRD_PRONET, "pronet"},
	{ARPHRD_CHAOS, "chaos"},
	{ARPHRD_IEEE802, "ieee802"},
	{ARPHRD_ARCNET, "arcnet"},
	{ARPHRD_APPLETLK, "atalk"},
	{ARPHRD_DLCI, "dlci"},
	{ARPHRD_ATM, "atm"},
	{ARPHRD_METRICOM, "metricom"},
	{ARPHRD_IEEE1394, "ieee1394"},
	{ARPHRD_INFINIBAND, "infiniband"},
	{ARPHRD_SLIP, "slip"},
	{ARPHRD_CSLIP, "cslip"},
	{ARPHRD_SLIP6, "slip6"},
	{ARPHRD_CSLIP6, "cslip6"},
	{ARPHRD_RSRVD, "rsrvd"},
	{ARPHRD_ADAPT, "adapt"},
	{ARPHRD_ROSE, "rose"},
	{ARPHRD_X25, "x25"},
	{ARPHRD_HWX25, "hwx25"},
	{ARPHRD_CAN, "can"},
	{ARPHRD_PPP, "ppp"},
	{ARPHRD_HDLC, "hdlc"},
	{ARPHRD_LAPB, "lapb"},
	{ARPHRD_DDCMP, "ddcmp"},
	{ARPHRD_RAWHDLC, "rawhdlc"},
	{ARPHRD_TUNNEL, "ipip"},
	{ARPHRD_TUNNEL6, "tunnel6"},
	{ARPHRD_FRAD, "frad"},
	{ARPHRD_SKIP, "skip"},
	{ARPHRD_LOOPBACK, "loopback"},
	{ARPHRD_LOCALTLK, "ltalk"},
	{ARPHRD_FDDI, "fddi"},
	{ARPHRD_BIF, "bif"},
	{ARPHRD_SIT, "sit"},
	{ARPHRD_IPDDP, "ip/ddp"},
	{ARPHRD_IPGRE, "gre"},
	{ARPHRD_PIMREG, "pimreg"},
	{ARPHRD_HIPPI, "hippi"},
	{ARPHRD_ASH, "ash"},
	{ARPHRD_ECONET, "econet"},
	{ARPHRD_IRDA, "irda"},
	{ARPHRD_FCPP, "fcpp"},
	{ARPHRD_FCAL, "fcal"},
	{ARPHRD_FCPL, "fcpl"},
	{ARPHRD_IEEE802_TR, "tr"},
	{ARPHRD_IEEE80211, "ieee802.11"},
	{ARPHRD_IEEE80211_PRISM, "ieee802.11/prism"},
	{ARPHRD_IEEE80211_RADIOTAP, "ieee802.11/radiotap"},
	{ARPHRD_IEEE802154, "ieee802.15.4"},
	{ARPHRD_IEEE802154_MONITOR, "ieee802.15.4/monitor"},
	{ARPHRD_PHONET, "phonet"},
	{ARPHRD_PHONET_PIPE, "phonet_pipe"},
	{ARPHRD_CAIF, "caif"},
	{ARPHRD_IP6GRE, "gre6"},
	{ARPHRD_NETLINK, "netlink"},
	{ARPHRD_6LOWPAN, "6lowpan"},
	{ARPHRD_VOID, "void"},
	{ARPHRD_NONE, "none"},
	{0, NULL},
};

const struct netlink_word netlink_macvlan_modes[] = {
	{MACVLAN_MODE_PRIVATE, "private"}, {MACVLAN_MODE_VEPA, "vepa"},
	{MACVLAN_MODE_BRIDGE, "bridge"},   {MACVLAN_MODE_PASSTHRU, "passthru"},
	{MACVLAN_MODE_SOURCE, "source"},   {0, NULL},
};

const struct netlink_word netlink_netkit_modes[] = {{0, "l2"}, {1, "l3"}, {0, NULL}};

json_t *netlink_json_link_type(unsigned int type)
{
	const char *name = netlink_word(link_types, type);
	char text[32];

	if (name)
		return json_string(name);
	if (type >= ARPHRD_FCFABRIC && type < ARPHRD_FCFABRIC + 13)
		snprintf(text, sizeof(text), "fcfb%u", type - ARPHRD_FCFABRIC);
	else
		snprintf(text, sizeof(text), "[%u]", type);
	return json_string(text);
}
