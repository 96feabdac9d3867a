/* SPDX-License-Identifier: MIT */
/*
 * One socket for many peers, and messages in streams that do not wait for each other:
 *
 *	sctp_streams inet://10.0.0.1:4000             tells what comes
 *	sctp_streams inet://10.0.0.1:4000 TEXT…       sends each TEXT in its own stream
 */
#include <netinet/in.h>
#include <string.h>

#include <linsock/sctp.h>

#include "common.h"

#define LIMIT_NS (60 * LSK_NSEC_PER_SEC)

/* The next message or event. */
static enum lsk_sctp_kind show_one(struct lsk_socket *sock)
{
	struct lsk_sctp_received got;
	char text[256];
	int64_t count = must("receive", lsk_sctp_recv(sock, text, sizeof(text), &got));

	if (got.kind == LSK_SCTP_DATA)
		printf("stream %u: %.*s\n", got.stream, (int)count, text);
	else if (got.kind == LSK_SCTP_UP)
		printf("a peer with %u streams to us\n", got.inbound);
	else if (got.kind == LSK_SCTP_ENDED)
		printf("it has ended\n");
	else if (got.kind == LSK_SCTP_LOST || got.kind == LSK_SCTP_FAILED)
		printf("it is lost\n");
	fflush(stdout);
	return got.kind;
}

static void serve(struct lsk_socket *sock, const struct lsk_addr *own)
{
	must("bind", lsk_socket_bind(sock, own));
	must("listen", lsk_socket_listen(sock, 8));
	print_place(sock);
	for (;;)
		show_one(sock);
}

/* Return: how the association ended. */
static enum lsk_sctp_kind send_all(struct lsk_socket *sock, const struct lsk_addr *peer,
				   char **texts, int count)
{
	struct lsk_sctp_send how = {.stream = 0};
	enum lsk_sctp_kind kind;

	must("timeout", lsk_socket_set_timeout(sock, LIMIT_NS));
	must("streams", lsk_sctp_set_streams(sock, (uint16_t)count, 0));
	must("connect", lsk_sctp_connect(sock, peer, 1, &how.association));
	for (int i = 0; i < count; i++) {
		how.stream = (uint16_t)i;
		must("send", lsk_sctp_send(sock, texts[i], strlen(texts[i]), &how));
	}
	how = (struct lsk_sctp_send){.association = how.association,
				     .flags = LSK_SCTP_END};
	must("end", lsk_sctp_send(sock, NULL, 0, &how));
	/* Not before all has arrived. */
	do
		kind = show_one(sock);
	while (kind != LSK_SCTP_ENDED && kind != LSK_SCTP_LOST &&
	       kind != LSK_SCTP_FAILED);
	return kind;
}

int main(int argc, char **argv)
{
	enum lsk_sctp_kind end = LSK_SCTP_ENDED;
	struct lsk_socket *sock;
	struct lsk_addr place;

	if (argc < 2) {
		fprintf(stderr, "usage: sctp_streams PLACE [TEXT...]\n");
		return 2;
	}
	must("place", lsk_addr_parse(&place, argv[1], NULL));
	must("socket", lsk_socket_new(&sock, lsk_addr_family(&place), SOCK_SEQPACKET,
				      IPPROTO_SCTP));
	must("events", lsk_sctp_set_events(sock, true));
	if (argc == 2)
		serve(sock, &place);
	else
		end = send_all(sock, &place, argv + 2, argc - 2);
	lsk_socket_free(sock);
	return end == LSK_SCTP_ENDED ? 0 : 1;
}
