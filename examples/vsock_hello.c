/* SPDX-License-Identifier: MIT */
/*
 * Between a guest and its host, or over loopback:
 *
 *	vsock_hello listen PORT		answers one client
 *	vsock_hello CID PORT		asks: 2 is the host, 1 this machine
 *	vsock_hello PATH PORT		asks the guest behind a monitor's UNIX socket
 */
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock.h>

static int answer(uint32_t port)
{
	struct lsk_socket *listener = NULL, *sock = NULL;
	struct lsk_addr addr;
	char text[LSK_ADDR_TEXT_MAX];
	int r = lsk_socket_new(&listener, AF_VSOCK, SOCK_STREAM, 0);

	if (r == 0)
		r = lsk_addr_vsock(&addr, VMADDR_CID_ANY, port, 0);
	if (r == 0)
		r = lsk_socket_bind(listener, &addr);
	if (r == 0)
		r = lsk_socket_listen(listener, 1);
	if (r == 0) {
		puts("listening");
		fflush(stdout); /* for who waits for it at the end of a pipe */
		r = lsk_socket_accept(listener, &sock, &addr);
	}
	if (r == 0) {
		lsk_addr_format(&addr, text, sizeof(text));
		printf("%s asks\n", text);
		r = lsk_socket_sendall(sock, "hello\n", 6, 0, NULL);
	}
	lsk_socket_free(sock);
	lsk_socket_free(listener);
	return r;
}

static int connect_to(struct lsk_socket **ret_socket, uint32_t cid, uint32_t port)
{
	struct lsk_addr addr;
	int r = lsk_socket_new(ret_socket, AF_VSOCK, SOCK_STREAM, 0);

	if (r == 0)
		r = lsk_addr_vsock(&addr, cid, port, 0);
	if (r == 0)
		r = lsk_socket_connect(*ret_socket, &addr);
	return r;
}

static int ask(const char *whom, uint32_t port)
{
	struct lsk_socket *sock = NULL;
	char buf[64];
	ssize_t count = 0;
	int r;

	if (strchr(whom, '/'))
		r = lsk_vsock_hybrid_connect(whom, port, LSK_BLOCK, &sock, NULL);
	else
		r = connect_to(&sock, (uint32_t)strtoul(whom, NULL, 0), port);
	while (r == 0 && (count = lsk_socket_recv(sock, buf, sizeof(buf), 0)) > 0)
		fwrite(buf, 1, (size_t)count, stdout);
	lsk_socket_free(sock);
	return r < 0 ? r : (int)count;
}

int main(int argc, char **argv)
{
	uint32_t port;
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: vsock_hello listen|CID|PATH PORT\n");
		return 2;
	}
	port = (uint32_t)strtoul(argv[2], NULL, 0);
	if (strcmp(argv[1], "listen") == 0)
		r = answer(port);
	else
		r = ask(argv[1], port);
	if (r < 0)
		fprintf(stderr, "%s\n", lsk_strerror(r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
