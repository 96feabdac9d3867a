/* SPDX-License-Identifier: MIT */
/*
 * A datagram there and back, over any family that has them: the text of the endpoint is
 * all that differs.
 *
 *	datagram_hello OWN                  answers everybody
 *	datagram_hello OWN PEER TEXT        asks
 *
 *	udplite://10.0.0.1:4000?UDPLITE_SEND_CSCOV=8   UDP-Lite, a header guarded
 *	llc://02:00:00:00:00:0b/0x42?type=dgram        LLC
 *	tipc://service/4711:1/node?type=rdm            TIPC
 *	unix://@hello?type=dgram                       UNIX
 */
#include <string.h>

#include "common.h"

#define LIMIT_NS (60 * LSK_NSEC_PER_SEC)

static struct lsk_socket *open_at(const char *text)
{
	struct lsk_endpoint *place = NULL;
	struct lsk_socket *sock;

	must(text, lsk_endpoint_new(&place, text, NULL));
	must(text, lsk_endpoint_listen(place, &sock, NULL));
	lsk_endpoint_free(place);
	return sock;
}

int main(int argc, char **argv)
{
	struct lsk_socket *sock;
	struct lsk_addr peer;

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: datagram_hello OWN [PEER TEXT]\n");
		return 2;
	}
	sock = open_at(argv[1]);
	if (argc == 2) {
		print_place(sock);
		for (;;) {
			show_datagram(sock, &peer);
			must("answer", lsk_socket_sendto(sock, "hello", 5, 0, &peer));
		}
	}
	must("timeout", lsk_socket_set_timeout(sock, LIMIT_NS));
	must("peer", lsk_addr_parse(&peer, argv[2], NULL));
	must("ask", lsk_socket_sendto(sock, argv[3], strlen(argv[3]), 0, &peer));
	show_datagram(sock, &peer);
	lsk_socket_free(sock);
	return 0;
}
