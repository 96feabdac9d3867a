/* SPDX-License-Identifier: MIT */
/* What a stranger's program does first; compiled as C and C++. */
#include <stdio.h>
#include <string.h>

#include <linsock.h>

int main(void)
{
	struct lsk_socket *pair[2];
	char got[8] = "";
	int r = lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0);

	if (r < 0) {
		fprintf(stderr, "pair: %s\n", lsk_strerror(r));
		return 1;
	}
	if (lsk_socket_send(pair[0], "linsock", 7, 0) != 7 ||
	    lsk_socket_recv(pair[1], got, sizeof(got), 0) != 7)
		return 1;
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
	printf("%s %s\n", got, lsk_version());
	return strcmp(got, "linsock") != 0;
}
