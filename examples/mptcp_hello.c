/* SPDX-License-Identifier: MIT */
/*
 * Connect by several paths where both ends can, and tell what became of it:
 * mptcp_hello mptcp://10.0.0.1:4000 TEXT
 */
#include <string.h>

#include <linsock/mptcp.h>

#include "common.h"

#define LIMIT_NS (60 * LSK_NSEC_PER_SEC)

static void show_paths(const struct lsk_socket *sock)
{
	struct lsk_mptcp_subflow paths[LSK_MPTCP_SUBFLOWS_MAX];
	char local[LSK_ADDR_TEXT_MAX], remote[LSK_ADDR_TEXT_MAX];
	int64_t count =
		must("paths", lsk_mptcp_subflows(sock, paths, LSK_MPTCP_SUBFLOWS_MAX));

	for (int64_t i = 0; i < count && i < LSK_MPTCP_SUBFLOWS_MAX; i++) {
		must("path", lsk_addr_format(&paths[i].local, local, sizeof(local)));
		must("path", lsk_addr_format(&paths[i].remote, remote, sizeof(remote)));
		printf("path from %s to %s\n", local, remote);
	}
}

int main(int argc, char **argv)
{
	struct lsk_endpoint *place = NULL;
	struct lsk_mptcp_info info;
	struct lsk_socket *sock;
	char answer[256];
	int64_t count;

	if (argc != 3) {
		fprintf(stderr, "usage: mptcp_hello PLACE TEXT\n");
		return 2;
	}
	must("place", lsk_endpoint_new(&place, argv[1], NULL));
	must("connect", lsk_endpoint_connect(place, LIMIT_NS, &sock, NULL));
	must("timeout", lsk_socket_set_timeout(sock, LIMIT_NS));
	must("send", lsk_socket_sendall(sock, argv[2], strlen(argv[2]), 0, NULL));
	count = must("answer", lsk_socket_recv(sock, answer, sizeof(answer), 0));
	printf("answer: %.*s\n", (int)count, answer);
	must("info", lsk_mptcp_info(sock, &info));
	if (info.is_multipath)
		show_paths(sock);
	else
		printf("plain TCP: the peer or this kernel has no MPTCP\n");
	lsk_socket_free(sock);
	lsk_endpoint_free(place);
	return 0;
}
