/* SPDX-License-Identifier: MIT */
/*
 * A group of TIPC sockets on a cluster: says hello to all members, and prints who
 * comes, speaks and goes, until COUNT events were seen: tipc_group GROUP MEMBER COUNT
 */
#include <linux/tipc.h>

#include "common.h"

#define LIMIT_NS (20 * LSK_NSEC_PER_SEC)

static const char *const kinds[] = {
	[LSK_TIPC_DATA] = "says",
	[LSK_TIPC_RETURNED] = "was not reached",
	[LSK_TIPC_MEMBER_UP] = "came",
	[LSK_TIPC_MEMBER_DOWN] = "went",
};

static void show_one(struct lsk_socket *sock)
{
	_Alignas(struct cmsghdr) char control[LSK_TIPC_CONTROL_SIZE];
	char text[64] = "", member[LSK_ADDR_TEXT_MAX] = "";
	struct iovec part = {text, sizeof(text) - 1};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = control, .size = sizeof(control)},
	};
	struct lsk_tipc_info info;

	text[must("receive", lsk_socket_recvmsg(sock, &message, 0))] = '\0';
	must("what came", lsk_tipc_message_info(&message, &info));
	lsk_addr_format(&info.member, member, sizeof(member));
	printf("%s %s%s%s\n", member, kinds[info.kind], text[0] ? " " : "", text);
	fflush(stdout);
	if (info.kind == LSK_TIPC_MEMBER_UP)
		must("hello", lsk_socket_sendto(sock, "hello", 5, 0, &info.from));
}

int main(int argc, char **argv)
{
	struct lsk_socket *sock;
	struct lsk_addr member;
	unsigned long count;

	if (argc != 4) {
		fprintf(stderr, "usage: tipc_group GROUP MEMBER COUNT\n");
		return 2;
	}
	must("address",
	     lsk_addr_tipc_service(&member, (uint32_t)strtoul(argv[1], NULL, 10),
				   (uint32_t)strtoul(argv[2], NULL, 10),
				   TIPC_CLUSTER_SCOPE));
	must("socket", lsk_socket_new(&sock, AF_TIPC, SOCK_RDM, 0));
	must("timeout", lsk_socket_set_timeout(sock, LIMIT_NS));
	must("join", lsk_tipc_join(sock, &member, LSK_TIPC_GROUP_EVENTS));
	for (count = strtoul(argv[3], NULL, 10); count > 0; count--)
		show_one(sock);
	lsk_socket_free(sock);
	return 0;
}
