/* SPDX-License-Identifier: MIT */
/*
 * A member of a multicast group: says hello to all members, itself among them, and
 * prints who speaks, until COUNT datagrams came; of SOURCE alone, where it is named:
 * multicast inet://239.1.2.3:5353 eth0 COUNT [inet://10.1.0.2:0]
 */
#include <errno.h>
#include <net/if.h>

#include "common.h"

static void join(struct lsk_socket *sock, const struct lsk_addr *group,
		 unsigned int interface, const char *source)
{
	struct lsk_addr sender;

	if (!source) {
		must("join", lsk_multicast_join(sock, group, interface));
		return;
	}
	must("source", lsk_addr_parse(&sender, source, NULL));
	must("join", lsk_multicast_join_source(sock, group, &sender, interface));
}

int main(int argc, char **argv)
{
	struct lsk_socket *sock;
	struct lsk_addr group, sender;
	unsigned int interface;
	unsigned long count;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: multicast GROUP INTERFACE COUNT [SOURCE]\n");
		return 2;
	}
	must("group", lsk_addr_parse(&group, argv[1], NULL));
	interface = if_nametoindex(argv[2]);
	must("interface", interface ? 0 : -errno);
	must("socket", lsk_socket_new(&sock, lsk_addr_family(&group), SOCK_DGRAM, 0));
	/* Members of one host share the port; each binds to the group, and so gets
	 * nothing else that is sent to the port. */
	must("option", lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_REUSEADDR, 1));
	must("bind", lsk_socket_bind(sock, &group));
	/* What other members of this host joined is not ours: their senders neither. */
	must("own groups", lsk_multicast_set_all(sock, false));
	must("way out", lsk_multicast_set_interface(sock, interface));
	join(sock, &group, interface, argv[4]);
	print_place(sock);
	must("hello", lsk_socket_sendto(sock, "hello", 5, 0, &group));
	for (count = strtoul(argv[3], NULL, 10); count > 0; count--)
		show_datagram(sock, &sender);
	lsk_socket_free(sock);
	return 0;
}
