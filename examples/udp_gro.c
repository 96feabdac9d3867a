/* SPDX-License-Identifier: MIT */
/*
 * A UDP echo server that takes and gives many datagrams as one: udp_gro
 * inet://127.0.0.1:7777
 *
 * With UDP_GRO the kernel hands over datagrams of one sender in one piece and says how
 * long each was; with UDP_SEGMENT the answer leaves in one piece and is cut the same
 * way. A lease holds the piece, its sender and the length until the answer has left.
 */
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "common.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define PIECE_MAX 65535

struct answer {
	struct msghdr message;
	struct iovec bytes;
	struct lsk_pool *pool;
	uint64_t lease;
	union {
		char buf[CMSG_SPACE(sizeof(uint16_t))];
		struct cmsghdr align;
	} control;
};

/* How long each datagram of the piece was; 0: it is one. */
static int segment_of(const struct msghdr *message)
{
	struct msghdr headers = *message;
	struct cmsghdr *cmsg;
	int size;

	for (cmsg = CMSG_FIRSTHDR(&headers); cmsg; cmsg = CMSG_NXTHDR(&headers, cmsg))
		if (cmsg->cmsg_level == IPPROTO_UDP && cmsg->cmsg_type == UDP_GRO) {
			memcpy(&size, CMSG_DATA(cmsg), sizeof(size));
			return size;
		}
	return 0;
}

static void cut_into(struct answer *answer, uint16_t segment)
{
	struct cmsghdr *cmsg;

	answer->message.msg_control = answer->control.buf;
	answer->message.msg_controllen = sizeof(answer->control.buf);
	cmsg = CMSG_FIRSTHDR(&answer->message);
	cmsg->cmsg_level = IPPROTO_UDP;
	cmsg->cmsg_type = UDP_SEGMENT;
	cmsg->cmsg_len = CMSG_LEN(sizeof(segment));
	memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
}

static void sent(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct answer *answer = event->context;

	(void)loop;
	if (event->result < 0)
		fprintf(stderr, "send: %s\n", lsk_strerror(event->result));
	lsk_lease_free(answer->pool, answer->lease);
	free(answer);
}

static void received(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct lsk_socket *sock = event->context;
	struct answer *answer;
	struct lsk_then then = {.done = sent};
	int segment;

	must("receive", event->result);
	answer = calloc(1, sizeof(*answer));
	must("memory", answer ? 0 : -1);
	must("message", lsk_lease_message(event->pool, event->lease, &answer->message));
	segment = segment_of(&answer->message);
	printf("%d bytes, in datagrams of %d\n", event->result,
	       segment ? segment : event->result);
	fflush(stdout);
	answer->message.msg_control = NULL;
	answer->message.msg_controllen = 0;
	answer->message.msg_flags = 0;
	answer->bytes = (struct iovec){event->data, (size_t)event->result};
	answer->message.msg_iov = &answer->bytes;
	answer->message.msg_iovlen = 1;
	answer->pool = event->pool;
	answer->lease = event->lease;
	if (segment > 0 && segment < event->result)
		cut_into(answer, (uint16_t)segment);
	then.context = answer;
	must("send", lsk_loop_sendmsg(loop, sock, &answer->message, 0, &then));
}

int main(int argc, char **argv)
{
	/* Room for the longest piece behind the sender's name and the control part. */
	const struct lsk_pool_options options = {
		.flags = LSK_POOL_MESSAGES,
		.buffer_size = PIECE_MAX + 1024,
		.count = 64,
	};
	struct lsk_then then = {.done = received};
	struct lsk_socket *sock;
	struct lsk_pool *pool;
	struct lsk_loop *loop;
	struct lsk_addr addr;

	must("address", lsk_addr_parse(&addr, argc > 1 ? argv[1] : "", NULL));
	must("socket", lsk_socket_new(&sock, addr.storage.ss_family, SOCK_DGRAM, 0));
	must("bind", lsk_socket_bind(sock, &addr));
	must("UDP_GRO", lsk_socket_setsockopt_int(sock, IPPROTO_UDP, UDP_GRO, 1));
	must("loop", lsk_loop_new(&loop, NULL));
	must("pool", lsk_pool_new(loop, &pool, &options));
	then.context = sock;
	must("receive", lsk_loop_recvmsg_stream(loop, sock, pool, &then));
	print_place(sock);
	must("run", lsk_loop_run(loop, LSK_RUN_FOREVER));
}
