/* SPDX-License-Identifier: MIT */
/*
 * What TCP can do beyond the stream: the question goes with the first packet, or every
 * segment is signed by a key that both know.
 *
 *	tcp_extras inet://10.0.0.1:4000 - [KEY]         answers everybody
 *	tcp_extras inet://10.0.0.1:4000 TEXT [KEY]      asks, and tells what it took
 *
 * net.ipv4.tcp_fastopen wants bit 0 for the one who asks and bit 1 for the other. MD5
 * (RFC 2385) is what routers of BGP speak; who has another key gets no answer at all.
 */
#include <linux/tcp.h>
#include <string.h>

#include <linsock/option.h>
#include <linsock/tcp.h>

#include "common.h"

#define LIMIT_NS (10 * LSK_NSEC_PER_SEC)
#define QUEUE    16

static void serve(struct lsk_socket *sock, const struct lsk_addr *own, const char *key)
{
	struct lsk_socket *client;

	if (key)
		must("key", lsk_tcp_set_md5_key(sock, own, 0, key, strlen(key)));
	else
		must("fast open", lsk_tcp_set_fastopen(sock, QUEUE));
	must("reuse", lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_REUSEADDR, 1));
	must("bind", lsk_socket_bind(sock, own));
	must("listen", lsk_socket_listen(sock, QUEUE));
	print_place(sock);
	for (;;) {
		must("accept", lsk_socket_accept(sock, &client, NULL));
		echo(client);
		lsk_socket_free(client);
	}
}

static void ask(struct lsk_socket *sock, const struct lsk_addr *peer, const char *text,
		const char *key)
{
	struct tcp_info info;
	char answer[256];
	int64_t sent = 0;

	must("timeout", lsk_socket_set_timeout(sock, LIMIT_NS));
	if (key) {
		must("key", lsk_tcp_set_md5_key(sock, peer, -1, key, strlen(key)));
		must("connect", lsk_socket_connect(sock, peer));
	} else {
		sent = must("connect",
			    lsk_tcp_connect_sending(sock, peer, text, strlen(text)));
	}
	must("send",
	     lsk_socket_sendall(sock, text + sent, strlen(text + sent), 0, NULL));
	sent = must("answer", lsk_socket_recv(sock, answer, sizeof(answer), 0));
	must("info", lsk_socket_tcp_info(sock, &info, sizeof(info)));
	printf("answer: %.*s\n", (int)sent, answer);
	printf("question in the first packet: %s\n",
	       must("info", lsk_tcp_was_fastopen(sock)) ? "yes" : "no");
	printf("round trip of %u us, %u segments sent again\n", info.tcpi_rtt,
	       info.tcpi_total_retrans);
}

int main(int argc, char **argv)
{
	struct lsk_socket *sock;
	struct lsk_addr place;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: tcp_extras PLACE -|TEXT [KEY]\n");
		return 2;
	}
	must("place", lsk_addr_parse(&place, argv[1], NULL));
	must("socket", lsk_socket_new(&sock, lsk_addr_family(&place), SOCK_STREAM, 0));
	if (strcmp(argv[2], "-") == 0)
		serve(sock, &place, argv[3]);
	else
		ask(sock, &place, argv[2], argv[3]);
	lsk_socket_free(sock);
	return 0;
}
