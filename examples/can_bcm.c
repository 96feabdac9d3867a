/* SPDX-License-Identifier: MIT */
/*
 * Lets the kernel's broadcast manager send a frame at regular times, and waits until it
 * says that it has: can_bcm INTERFACE COUNT MILLISECONDS
 */
#include <linux/can.h>
#include <linux/can/bcm.h>
#include <string.h>

#include "common.h"

/* A job of the broadcast manager with its one frame. */
struct job {
	struct bcm_msg_head head;
	struct can_frame frame;
};

int main(int argc, char **argv)
{
	struct lsk_endpoint *endpoint;
	struct lsk_socket *sock;
	struct lsk_error error;
	struct job job;
	char place[64];

	if (argc != 4) {
		fprintf(stderr, "usage: can_bcm INTERFACE COUNT MILLISECONDS\n");
		return 2;
	}
	snprintf(place, sizeof(place), "bcm://%s", argv[1]);
	if (lsk_endpoint_new(&endpoint, place, &error) < 0 ||
	    lsk_endpoint_connect(endpoint, LSK_BLOCK, &sock, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	memset(&job, 0, sizeof(job));
	job.head.opcode = TX_SETUP;
	job.head.flags = SETTIMER | STARTTIMER | TX_COUNTEVT;
	job.head.count = (unsigned int)strtoul(argv[2], NULL, 10);
	job.head.ival1.tv_usec = strtol(argv[3], NULL, 10) * 1000;
	job.head.can_id = 0x42;
	job.head.nframes = 1;
	job.frame.can_id = 0x42;
	job.frame.len = 3;
	memcpy(job.frame.data, "bcm", 3);
	must("set up", lsk_socket_send(sock, &job, sizeof(job), 0));
	must("wait", lsk_socket_recv(sock, &job, sizeof(job), 0));
	printf("%s\n",
	       job.head.opcode == TX_EXPIRED ? "all are sent" : "something else");
	lsk_socket_free(sock);
	lsk_endpoint_free(endpoint);
	return 0;
}
