/* SPDX-License-Identifier: MIT */
/* Takes frames from a CAN bus and sends them back: can_raw INTERFACE COUNT */
#include <linux/can.h>
#include <linux/can/raw.h>

#include "common.h"

int main(int argc, char **argv)
{
	struct lsk_socket *sock;
	struct lsk_addr addr;
	char place[64];
	unsigned long rest;

	if (argc != 3) {
		fprintf(stderr, "usage: can_raw INTERFACE COUNT\n");
		return 2;
	}
	snprintf(place, sizeof(place), "can://%s", argv[1]);
	must(place, lsk_addr_parse(&addr, place, NULL));
	must("socket", lsk_socket_new(&sock, AF_CAN, SOCK_RAW, CAN_RAW));
	must("bind", lsk_socket_bind(sock, &addr));
	printf("bound to %s\n", place);
	fflush(stdout);
	for (rest = strtoul(argv[2], NULL, 10); rest > 0; rest--) {
		struct can_frame frame;

		must("receive",
		     lsk_socket_recvfrom(sock, &frame, sizeof(frame), 0, NULL));
		printf("received %x with %d bytes\n", frame.can_id, frame.len);
		frame.can_id++;
		must("send", lsk_socket_send(sock, &frame, sizeof(frame), 0));
	}
	lsk_socket_free(sock);
	return 0;
}
