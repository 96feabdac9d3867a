/* SPDX-License-Identifier: MIT */
/*
 * A word there and back over SMC, which is TCP where the hosts' cards share no memory:
 *
 *	smc_hello smc://10.0.0.1:7000            answers everybody
 *	smc_hello smc://10.0.0.1:7000 TEXT       asks
 */
#include <string.h>

#include "common.h"

#define LIMIT_NS (60 * LSK_NSEC_PER_SEC)

static void serve(const struct lsk_endpoint *place)
{
	struct lsk_socket *listener, *client;

	must("listen", lsk_endpoint_listen(place, &listener, NULL));
	print_place(listener);
	for (;;) {
		must("accept", lsk_socket_accept(listener, &client, NULL));
		echo(client);
		lsk_socket_free(client);
	}
}

static void ask(const struct lsk_endpoint *place, const char *text)
{
	struct lsk_socket *sock;
	char answer[1024];
	int64_t count;

	must("connect", lsk_endpoint_connect(place, LIMIT_NS, &sock, NULL));
	must("timeout", lsk_socket_set_timeout(sock, LIMIT_NS));
	must("send", lsk_socket_sendall(sock, text, strlen(text), 0, NULL));
	must("end", lsk_socket_shutdown(sock, SHUT_WR));
	while ((count = must("answer",
			     lsk_socket_recv(sock, answer, sizeof(answer), 0))) > 0)
		printf("%.*s", (int)count, answer);
	printf("\n");
	lsk_socket_free(sock);
}

int main(int argc, char **argv)
{
	struct lsk_endpoint *place = NULL;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: smc_hello PLACE [TEXT]\n");
		return 2;
	}
	must("place", lsk_endpoint_new(&place, argv[1], NULL));
	if (argc == 2)
		serve(place);
	else
		ask(place, argv[2]);
	lsk_endpoint_free(place);
	return 0;
}
