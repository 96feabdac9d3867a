/* SPDX-License-Identifier: MIT */
/* Shows frames of a network interface, whoever they are for: sniff INTERFACE COUNT */
#include "common.h"

#include <inttypes.h>

int main(int argc, char **argv)
{
	struct lsk_socket *sock;
	struct lsk_addr addr;
	unsigned long rest;
	char place[64];
	char wish[64];

	if (argc != 3) {
		fprintf(stderr, "usage: sniff INTERFACE COUNT\n");
		return 2;
	}
	snprintf(place, sizeof(place), "packet://%s/all", argv[1]);
	must(place, lsk_addr_parse(&addr, place, NULL));
	must("socket", lsk_socket_new(&sock, AF_PACKET, SOCK_RAW, 0));
	must("bind", lsk_socket_bind(sock, &addr));
	snprintf(wish, sizeof(wish), "ifindex=%" PRId64 " type=PACKET_MR_PROMISC",
		 must("interface", lsk_if_nametoindex(argv[1])));
	must(wish, lsk_option_set(sock, "PACKET_ADD_MEMBERSHIP", wish, NULL));
	printf("listening at %s\n", place);
	fflush(stdout);
	for (rest = strtoul(argv[2], NULL, 10); rest > 0; rest--) {
		unsigned char frame[2048];
		char from[LSK_ADDR_TEXT_MAX];
		int64_t len;

		len = must("receive",
			   lsk_socket_recvfrom(sock, frame, sizeof(frame), 0, &addr));
		must("format", lsk_addr_format(&addr, from, sizeof(from)));
		printf("%" PRId64 " bytes, %s\n", len, from);
	}
	lsk_socket_free(sock);
	return 0;
}
