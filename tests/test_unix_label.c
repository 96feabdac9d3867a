/* SPDX-License-Identifier: MIT */
/*
 * Security labels of a UNIX peer, as a real kernel with a security module tells them.
 * Where there is none the tests are skipped and say so; scenario unix_label.sh runs
 * them in virtual machines.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/control.h>
#include <linsock/message.h>
#include <linsock/option.h>

static void open_pair(struct lsk_socket *ret_pair[2])
{
	cr_assert_eq(lsk_socket_pair(ret_pair, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_set_timeout(ret_pair[0], 60 * LSK_NSEC_PER_SEC), 0);
	cr_assert_eq(lsk_socket_set_timeout(ret_pair[1], 60 * LSK_NSEC_PER_SEC), 0);
}

static void free_pair(struct lsk_socket *pair[2])
{
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

Test(unix_label, of_a_sender_comes_with_its_message, .timeout = 60)
{
	_Alignas(struct cmsghdr) char room[512];
	char byte;
	struct iovec part = {&byte, 1};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = room, .size = sizeof(room)},
	};
	struct lsk_control_item item;
	struct lsk_socket *pair[2];
	const char *label = NULL;
	size_t offset = 0, len = 0;

	open_pair(pair);
	cr_assert_eq(lsk_socket_setsockopt_int(pair[1], SOL_SOCKET, SO_PASSSEC, 1), 0);
	cr_assert_eq(lsk_socket_send(pair[0], "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_recvmsg(pair[1], &message, 0), 1);
	while (lsk_control_next(&message.control, &offset, &item) > 0)
		if (lsk_control_get_security(&item, &label, &len) == 0)
			break;
	free_pair(pair);
	if (!label)
		cr_skip_test("no security module here labels messages");
	cr_assert_gt(len, 0);
	cr_assert(label >= room && label + len <= room + sizeof(room));
}

Test(unix_label, of_a_peer_is_an_option, .timeout = 60)
{
	struct lsk_socket *pair[2];
	char label[256] = "", cut[2];
	int r;

	open_pair(pair);
	r = lsk_socket_peersec(pair[0], label, sizeof(label));
	if (r == -ENOPROTOOPT) {
		free_pair(pair);
		cr_skip_test("no security module here labels peers");
	}
	cr_assert_gt(r, 0, "%d", r);
	cr_assert_eq(strlen(label), (size_t)r);
	cr_assert_lt(lsk_socket_peersec(pair[0], cut, sizeof(cut)), 0, "too small");
	free_pair(pair);
}
