/* SPDX-License-Identifier: MIT */
/*
 * A datagram there and back, over RDS:
 *
 *	rds_hello rds://10.0.0.2:4000                               answers everybody
 *	rds_hello rds://10.0.0.1:4001 rds://10.0.0.2:4000 TEXT      asks
 */
#include <string.h>

#include "common.h"

#define LIMIT_NS (60 * LSK_NSEC_PER_SEC)

int main(int argc, char **argv)
{
	struct lsk_addr own, peer;
	struct lsk_socket *sock;

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: rds_hello OWN [PEER TEXT]\n");
		return 2;
	}
	must("address", lsk_addr_parse(&own, argv[1], NULL));
	must("socket", lsk_socket_new(&sock, AF_RDS, SOCK_SEQPACKET, 0));
	must("bind", lsk_socket_bind(sock, &own));
	if (argc == 2) {
		printf("waiting\n");
		fflush(stdout);
		/* For ever: closing would forget answers that are on their way. */
		for (;;) {
			show_datagram(sock, &peer);
			must("answer", lsk_rds_send(sock, "hello", 5, &peer));
		}
	}
	must("timeout", lsk_socket_set_timeout(sock, LIMIT_NS));
	must("peer", lsk_addr_parse(&peer, argv[2], NULL));
	must("ask", lsk_rds_send(sock, argv[3], strlen(argv[3]), &peer));
	show_datagram(sock, &own);
	lsk_socket_free(sock);
	return 0;
}
