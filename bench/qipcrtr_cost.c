/* SPDX-License-Identifier: MIT */
/*
 * What a message over QIPCRTR costs within a node:
 *
 *	qipcrtr-cost hand|connected|library|events|unix ROUNDS
 *
 * Two sockets of one process throw 64 bytes to and fro, so that nothing ever waits:
 * "hand" by sendto(2) and recvfrom(2), "connected" by write(2), "library" by the calls
 * of linsock, "events" by lsk_qipcrtr_receive(), which tells the name service's events
 * apart; "unix" are datagrams of AF_UNIX by hand. Prints nanoseconds a round trip.
 */
#include <linux/qrtr.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linsock.h>

#define SIZE 64

struct ends {
	struct lsk_socket *sock[2];
	struct lsk_addr addr[2];
	int fd[2];
};

static int64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int open_one(struct ends *ends, int i, int is_unix)
{
	int r;

	if (is_unix) {
		char name[32];
		int len = snprintf(name, sizeof(name), "%cqipcrtr-cost-%d", 0, i);

		r = lsk_socket_new(&ends->sock[i], AF_UNIX, SOCK_DGRAM, 0);
		if (r == 0)
			r = lsk_addr_unix(&ends->addr[i], name, (size_t)len);
		if (r == 0)
			r = lsk_socket_bind(ends->sock[i], &ends->addr[i]);
	} else {
		r = lsk_qipcrtr_open(&ends->sock[i], 0);
		if (r == 0)
			r = lsk_socket_getsockname(ends->sock[i], &ends->addr[i]);
	}
	ends->fd[i] = lsk_socket_fd(ends->sock[i]);
	return r;
}

/* One message from the end @i to the other. Return: whether all of it arrived. */
static int pass(const struct ends *ends, int i, const char *how)
{
	const struct lsk_addr *to = &ends->addr[1 - i];
	struct lsk_qipcrtr_event event;
	struct sockaddr_storage name;
	socklen_t name_len = sizeof(name);
	struct lsk_addr from;
	char buf[SIZE] = "";

	switch (how[0]) {
	case 'l':
		return lsk_socket_sendto(ends->sock[i], buf, SIZE, 0, to) == SIZE &&
		       lsk_socket_recvfrom(ends->sock[1 - i], buf, SIZE, 0, &from) ==
			       SIZE;
	case 'e':
		return lsk_socket_sendto(ends->sock[i], buf, SIZE, 0, to) == SIZE &&
		       lsk_qipcrtr_receive(ends->sock[1 - i], buf, SIZE, &from,
					   &event) == SIZE;
	case 'c':
		return write(ends->fd[i], buf, SIZE) == SIZE &&
		       recv(ends->fd[1 - i], buf, SIZE, 0) == SIZE;
	default:
		return sendto(ends->fd[i], buf, SIZE, 0,
			      (const struct sockaddr *)&to->storage, to->len) == SIZE &&
		       recvfrom(ends->fd[1 - i], buf, SIZE, 0, (struct sockaddr *)&name,
				&name_len) == SIZE;
	}
}

int main(int argc, char **argv)
{
	const char *how = argc == 3 ? argv[1] : "";
	const long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	struct ends ends;
	int64_t begun;
	int r = 0;

	if (!*how || !strchr("hcleu", *how) || rounds < 1) {
		fprintf(stderr, "usage: see the head of bench/qipcrtr_cost.c\n");
		return 2;
	}
	for (int i = 0; i < 2 && r == 0; i++)
		r = open_one(&ends, i, *how == 'u');
	for (int i = 0; i < 2 && r == 0 && *how == 'c'; i++)
		r = lsk_socket_connect(ends.sock[i], &ends.addr[1 - i]);
	if (r < 0) {
		fprintf(stderr, "%s\n", lsk_strerror(r));
		return 1;
	}
	begun = now_ns();
	for (long i = 0; i < rounds; i++) {
		if (!pass(&ends, 0, how) || !pass(&ends, 1, how)) {
			perror("a message was lost");
			return 1;
		}
	}
	printf("%.3f\n", (double)(now_ns() - begun) / (double)rounds);
	lsk_socket_free(ends.sock[0]);
	lsk_socket_free(ends.sock[1]);
	return 0;
}
