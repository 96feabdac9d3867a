/* SPDX-License-Identifier: MIT */
/*
 * Offer a service, and be told of all services of that number until one goes.
 *
 *	qipcrtr_watch SERVICE
 */
#include <stdio.h>
#include <stdlib.h>

#include <linsock.h>

/* Print events up to the first service that is gone. */
static int watch(struct lsk_socket *sock, struct lsk_socket *server,
		 const struct lsk_qipcrtr_service *service)
{
	struct lsk_qipcrtr_event event;
	struct lsk_addr from;
	char buf[64];

	for (;;) {
		ssize_t r = lsk_qipcrtr_receive(sock, buf, sizeof(buf), &from, &event);

		if (r < 0)
			return (int)r;
		if (event.is_end) {
			/* All that there was has been told: now ours comes. */
			puts("listed");
			lsk_qipcrtr_publish(server, service);
		} else if (event.type == LSK_QIPCRTR_NEW_SERVER) {
			printf("%u:%u:%u is there\n", event.service.service,
			       event.service.version, event.service.instance);
			lsk_qipcrtr_withdraw(server, service);
		} else if (event.type == LSK_QIPCRTR_DEL_SERVER) {
			printf("%u has gone\n", event.service.service);
			return 0;
		}
	}
}

int main(int argc, char **argv)
{
	struct lsk_qipcrtr_service offered = {.version = 1, .instance = 7};
	struct lsk_qipcrtr_service wanted = {0};
	struct lsk_socket *sock = NULL, *server = NULL;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: %s SERVICE\n", argv[0]);
		return 2;
	}
	offered.service = wanted.service = (uint32_t)strtoul(argv[1], NULL, 0);
	r = lsk_qipcrtr_open(&sock, 0);
	if (r == 0)
		r = lsk_qipcrtr_open(&server, 0);
	if (r == 0)
		r = lsk_qipcrtr_watch(sock, &wanted);
	if (r == 0)
		r = watch(sock, server, &offered);
	if (r < 0)
		fprintf(stderr, "%s\n", lsk_strerror(r));
	lsk_socket_free(server);
	lsk_socket_free(sock);
	return r < 0;
}
