/* SPDX-License-Identifier: MIT */
/* Says hello to an echo server: echo_client_inet ADDRESS PORT, both numbers */
#include "common.h"

int main(int argc, char **argv)
{
	static const char hello[] = "Hello, world";
	struct lsk_socket *sock;
	struct lsk_addr addr;
	char buf[1024];
	int64_t count;

	if (argc != 3) {
		fprintf(stderr, "usage: echo_client_inet ADDRESS PORT\n");
		return 2;
	}
	must("socket", lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0));
	must("address",
	     lsk_addr_inet(&addr, argv[1], (unsigned int)strtoul(argv[2], NULL, 10)));
	must("connect", lsk_socket_connect(sock, &addr));
	must("send", lsk_socket_sendall(sock, hello, sizeof(hello) - 1, 0, NULL));
	count = must("recv", lsk_socket_recv(sock, buf, sizeof(buf), 0));
	printf("received '%.*s'\n", (int)count, buf);
	lsk_socket_free(sock);
	return 0;
}
