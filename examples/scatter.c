/* SPDX-License-Identifier: MIT */
/* One message into several buffers. */
#include <string.h>

#include "common.h"

int main(void)
{
	static const char line[] = "Mary had a little lamb";
	char first[5] = "----";
	char second[11] = "0123456789";
	char third[15] = "--------------";
	struct iovec parts[] = {{first, 4}, {second, 10}, {third, 14}};
	struct lsk_message message = {.buffers = parts, .buffers_count = 3};
	struct lsk_socket *pair[2];
	int64_t count;

	must("pair", lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0));
	must("send", lsk_socket_sendall(pair[0], line, strlen(line), 0, NULL));
	count = must("receive", lsk_socket_recvmsg(pair[1], &message, 0));
	printf("%d bytes: '%s' '%s' '%s'\n", (int)count, first, second, third);
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
	return 0;
}
