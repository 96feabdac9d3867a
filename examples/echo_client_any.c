/* SPDX-License-Identifier: MIT */
/* Says hello to an echo server by name: echo_client_any HOST PORT */
#include "common.h"

int main(int argc, char **argv)
{
	/* Five seconds for all of it, and no address holds up the others. */
	const struct lsk_connect_options options = {
		.timeout_ns = 5 * LSK_NSEC_PER_SEC,
		.stagger_ns = LSK_STAGGER_DEFAULT,
	};
	static const char hello[] = "Hello, world";
	struct lsk_socket *sock;
	struct lsk_error error;
	char buf[1024];
	int64_t count;

	if (argc != 3) {
		fprintf(stderr, "usage: echo_client_any HOST PORT\n");
		return 2;
	}
	if (lsk_connect_host(&sock, argv[1], argv[2], &options, NULL, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	must("send", lsk_socket_sendall(sock, hello, sizeof(hello) - 1, 0, NULL));
	count = must("recv", lsk_socket_recv(sock, buf, sizeof(buf), 0));
	printf("received '%.*s'\n", (int)count, buf);
	lsk_socket_free(sock);
	return 0;
}
