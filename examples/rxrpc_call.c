/* SPDX-License-Identifier: MIT */
/*
 * A remote call and its answer, over RxRPC:
 *
 *	rxrpc_call rxrpc://10.0.0.1:7001/52            answers every call
 *	rxrpc_call rxrpc://10.0.0.1:7001/52 TEXT       calls
 *
 * Which call a message belongs to stands in a control message: a number that this
 * program chooses, here and there on its own.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/rxrpc.h>

#include <linsock/control.h>
#include <linsock/message.h>
#include <linsock/rxrpc.h>

#include "common.h"

#ifndef SOL_RXRPC
#define SOL_RXRPC 272
#endif

#define LIMIT_NS (60 * LSK_NSEC_PER_SEC)

/* A message with room for its control messages. */
struct words {
	_Alignas(struct cmsghdr) char control[256];
	char text[256];
	struct iovec part;
	struct lsk_message message;
};

static void words_init(struct words *words, size_t len)
{
	words->part = (struct iovec){words->text, len};
	words->message = (struct lsk_message){
		.buffers = &words->part,
		.buffers_count = 1,
		.control = {.data = words->control, .size = sizeof(words->control)},
	};
}

/* Send the words as a message of the call. */
static void words_send(struct lsk_socket *sock, struct words *words, unsigned long call)
{
	must("call", lsk_control_add(&words->message.control, SOL_RXRPC,
				     RXRPC_USER_CALL_ID, &call, sizeof(call)));
	must("send", lsk_socket_sendmsg(sock, &words->message, 0));
}

/* Give the kernel a number for a call that may come. */
static void prepare(struct lsk_socket *sock, unsigned long call)
{
	struct words words;

	words_init(&words, 0);
	must("prepare", lsk_control_add(&words.message.control, SOL_RXRPC,
					RXRPC_CHARGE_ACCEPT, NULL, 0));
	words_send(sock, &words, call);
}

/* Wait for words; what else comes tells that a call begins, ends or fails. */
static unsigned long hear(struct lsk_socket *sock, struct words *words)
{
	struct lsk_control_item item;
	unsigned long call = 0;
	size_t offset;

	do {
		words_init(words, sizeof(words->text));
		must("receive", lsk_socket_recvmsg(sock, &words->message, 0));
		offset = 0;
		while (lsk_control_next(&words->message.control, &offset, &item) > 0) {
			if (item.type == RXRPC_USER_CALL_ID)
				memcpy(&call, item.data, sizeof(call));
			if (item.type == RXRPC_ABORT || item.type == RXRPC_NET_ERROR ||
			    item.type == RXRPC_LOCAL_ERROR)
				must("call", -ECONNABORTED);
		}
	} while (words->message.len == 0);
	return call;
}

static void serve(struct lsk_socket *sock, const struct lsk_addr *own)
{
	struct words words;

	must("bind", lsk_socket_bind(sock, own));
	must("listen", lsk_socket_listen(sock, 8));
	print_own_place(own);
	for (unsigned long call = 1;; call++) {
		prepare(sock, call);
		hear(sock, &words);
		printf("call %lu: %.*s\n", call, (int)words.message.len, words.text);
		fflush(stdout);
		words_init(&words, words.message.len);
		words_send(sock, &words, call);
	}
}

static void ask(struct lsk_socket *sock, const struct lsk_addr *peer, const char *text)
{
	struct words words;

	words_init(&words, strnlen(text, sizeof(words.text)));
	memcpy(words.text, text, words.part.iov_len);
	words.message.addr = *peer;
	words_send(sock, &words, 1);
	must("timeout", lsk_socket_set_timeout(sock, LIMIT_NS));
	hear(sock, &words);
	printf("answer: %.*s\n", (int)words.message.len, words.text);
}

int main(int argc, char **argv)
{
	struct lsk_addr place, transport;
	struct lsk_socket *sock;

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: rxrpc_call PLACE [TEXT]\n");
		return 2;
	}
	must("place", lsk_addr_parse(&place, argv[1], NULL));
	must("transport", lsk_addr_rxrpc_read(&place, &transport, NULL));
	must("socket",
	     lsk_socket_new(&sock, AF_RXRPC, SOCK_DGRAM, lsk_addr_family(&transport)));
	if (argc == 2)
		serve(sock, &place);
	else
		ask(sock, &place, argv[2]);
	lsk_socket_free(sock);
	return 0;
}
