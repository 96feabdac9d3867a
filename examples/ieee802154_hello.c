/* SPDX-License-Identifier: MIT */
/*
 * A datagram there and back between two radios of IEEE 802.15.4, whose addresses this
 * program sets:
 *
 *	ieee802154_hello RADIO OWN                answers everybody
 *	ieee802154_hello RADIO OWN PEER TEXT      asks
 *
 * with RADIO as wpan0 and places as ieee802154://0xbeef/0x0001.
 */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linsock/netlink.h>
#include <linsock/rtnl.h>

#include "common.h"

#define TRIES 60

/* A radio takes its address as long as it is down. */
static void set_address(struct lsk_socket *sock, const char *radio,
			const struct lsk_addr *own)
{
	struct ifreq request = {.ifr_ifindex = 0};
	struct lsk_nl *nl;
	int index;

	must("address", own->len > sizeof(request.ifr_ifru) ? -EMSGSIZE : 0);
	strncpy(request.ifr_name, radio, sizeof(request.ifr_name) - 1);
	memcpy(&request.ifr_ifru, &own->storage, own->len);
	must("netlink", lsk_nl_open(&nl, NETLINK_ROUTE, NULL));
	index = (int)must(radio, lsk_rtnl_link_index(nl, radio));
	must("down", lsk_rtnl_link_set_up(nl, index, false, NULL));
	must("set address",
	     ioctl(lsk_socket_fd(sock), SIOCSIFADDR, &request) < 0 ? -errno : 0);
	must("up", lsk_rtnl_link_set_up(nl, index, true, NULL));
	lsk_nl_close(nl);
}

/* What goes by radio may be lost: once a second, until there is an answer. */
static void ask(struct lsk_socket *sock, const struct lsk_addr *peer, const char *text)
{
	struct lsk_addr from;
	char byte;

	must("timeout", lsk_socket_set_timeout(sock, LSK_NSEC_PER_SEC));
	for (int tries = 0; tries < TRIES; tries++) {
		must("ask", lsk_socket_sendto(sock, text, strlen(text), 0, peer));
		if (lsk_socket_recv(sock, &byte, 1, MSG_PEEK) != -ETIME)
			break;
	}
	show_datagram(sock, &from);
}

int main(int argc, char **argv)
{
	struct lsk_addr own, peer;
	struct lsk_socket *sock;

	if (argc != 3 && argc != 5) {
		fprintf(stderr, "usage: ieee802154_hello RADIO OWN [PEER TEXT]\n");
		return 2;
	}
	must("address", lsk_addr_parse(&own, argv[2], NULL));
	must("socket", lsk_socket_new(&sock, AF_IEEE802154, SOCK_DGRAM, 0));
	set_address(sock, argv[1], &own);
	must("bind", lsk_socket_bind(sock, &own));
	if (argc == 3) {
		print_own_place(&own);
		for (;;) {
			show_datagram(sock, &peer);
			must("answer", lsk_socket_sendto(sock, "hello", 5, 0, &peer));
		}
	}
	must("peer", lsk_addr_parse(&peer, argv[3], NULL));
	ask(sock, &peer, argv[4]);
	lsk_socket_free(sock);
	return 0;
}
