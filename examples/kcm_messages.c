/* SPDX-License-Identifier: MIT */
/*
 * Messages over one TCP connection, whose bounds the kernel keeps: kcm_messages TEXT…
 *
 * Each begins with 16 bits of length. A program of the kernel reads them, so that a
 * receive brings a whole message and never a part of one, or of two.
 */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include <linsock/kcm.h>

#include "common.h"

#define LIMIT_NS (60 * LSK_NSEC_PER_SEC)

struct message {
	uint16_t len; /* of the text, in network byte order */
	char text[254];
};

/* A multiplexor of its own for one end of the connection. */
static struct lsk_socket *multiplex(const struct lsk_socket *connection, int program)
{
	struct lsk_socket *sock;

	must("socket", lsk_socket_new(&sock, AF_KCM, SOCK_DGRAM, 0));
	must("timeout", lsk_socket_set_timeout(sock, LIMIT_NS));
	must("attach", lsk_kcm_attach(sock, connection, program));
	return sock;
}

static void say(struct lsk_socket *sock, const char *text)
{
	size_t len = strnlen(text, sizeof(((struct message *)NULL)->text));
	struct message message = {.len = htons((uint16_t)len)};

	memcpy(message.text, text, len);
	must("send", lsk_socket_send(sock, &message, sizeof(message.len) + len, 0));
}

static void hear(struct lsk_socket *sock)
{
	struct message message;
	int64_t count =
		must("receive", lsk_socket_recv(sock, &message, sizeof(message), 0));

	printf("%d bytes: %.*s\n", (int)count, ntohs(message.len), message.text);
}

int main(int argc, char **argv)
{
	struct lsk_socket *tcp[2], *here, *there;
	int program;

	must("connection", lsk_socket_pair(tcp, AF_INET, SOCK_STREAM, 0));
	program = (int)must("program",
			    lsk_kcm_program(0, sizeof(uint16_t), sizeof(uint16_t)));
	here = multiplex(tcp[0], program);
	there = multiplex(tcp[1], program);
	close(program);
	for (int i = 1; i < argc; i++)
		say(here, argv[i]);
	for (int i = 1; i < argc; i++)
		hear(there);
	lsk_socket_free(here);
	lsk_socket_free(there);
	lsk_socket_free(tcp[0]);
	lsk_socket_free(tcp[1]);
	return 0;
}
