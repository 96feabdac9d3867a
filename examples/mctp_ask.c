/* SPDX-License-Identifier: MIT */
/*
 * Ask a device of the management network who it is: mctp_ask mctp://1:8/0/owner
 *
 * Type 0 is MCTP's own; the command is "Get Endpoint ID" (DMTF DSP0236, 12.4).
 */
#include <linsock/mctp.h>

#include <linux/mctp.h>

#include "common.h"

#define LIMIT_NS        (10 * LSK_NSEC_PER_SEC)
#define REQUEST         0x80
#define GET_ENDPOINT_ID 0x02

int main(int argc, char **argv)
{
	const uint8_t question[] = {REQUEST, GET_ENDPOINT_ID};
	uint8_t answer[64] = {0};
	struct lsk_socket *sock;
	struct lsk_addr device;
	int64_t count;

	if (argc != 2) {
		fprintf(stderr, "usage: mctp_ask mctp://NETWORK:ENDPOINT/0/owner\n");
		return 2;
	}
	must("device", lsk_addr_parse(&device, argv[1], NULL));
	must("socket", lsk_socket_new(&sock, AF_MCTP, SOCK_DGRAM, 0));
	must("timeout", lsk_socket_set_timeout(sock, LIMIT_NS));
	must("ask", lsk_socket_sendto(sock, question, sizeof(question), 0, &device));
	/* The kernel brings the answer to the socket that owns the tag. */
	count = must("answer",
		     lsk_socket_recvfrom(sock, answer, sizeof(answer), 0, &device));
	if (count < 4 || answer[1] != GET_ENDPOINT_ID || answer[2] != 0) {
		fprintf(stderr, "the device refuses\n");
		return 1;
	}
	printf("endpoint %u\n", answer[3]);
	lsk_socket_free(sock);
	return 0;
}
