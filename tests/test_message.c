/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linsock/message.h>

#include "tests/support/sockets.h"

TestSuite(message, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(message_batch, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(message_fds, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(socket_wait, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);

static struct iovec part(const char *text)
{
	return (struct iovec){(void *)(uintptr_t)text, strlen(text)};
}

static void datagram_pair(struct lsk_socket *ret_pair[2])
{
	cr_assert_eq(lsk_socket_pair(ret_pair, AF_UNIX, SOCK_DGRAM, 0), 0);
}

/* The rows "sendmsg" and "recvmsg_into", with the example of the documentation. */
Test(message, parts_are_gathered_and_scattered)
{
	struct iovec out[] = {part("Mary had "), part("a little"), part(" lamb")};
	char first[10] = "-----";
	char second[6] = "-----";
	char rest[20] = "-----";
	struct iovec in[] = {{first, 9}, {second, 5}, {rest, 19}};
	struct lsk_message sent = {.buffers = out, .buffers_count = 3};
	struct lsk_message got = {.buffers = in, .buffers_count = 3};
	struct lsk_socket *pair[2];

	pair_make(pair);
	cr_assert_eq(lsk_socket_sendmsg(pair[0], &sent, 0), 22);
	cr_assert_eq(lsk_socket_recvmsg(pair[1], &got, 0), 22);
	cr_assert_eq(got.len, 22);
	cr_assert_eq(got.full_len, 22);
	cr_assert_eq(got.flags, 0);
	cr_assert_eq(got.addr.len, 0);
	cr_assert_str_eq(first, "Mary had ");
	cr_assert_str_eq(second, "a lit");
	cr_assert_eq(strncmp(rest, "tle lamb", 8), 0);
	pair_free(pair);
}

Test(message, full_length_is_told_and_only_received_bytes_are_counted)
{
	char buf[4] = "....";
	struct iovec in = {buf, 3};
	struct lsk_message got = {.buffers = &in, .buffers_count = 1};
	struct lsk_socket *pair[2];

	datagram_pair(pair);
	for (int i = 0; i < 2; i++)
		lsk_socket_send(pair[0], "0123456789", 10, 0);
	cr_assert_eq(lsk_socket_recvmsg(pair[1], &got, MSG_TRUNC), 3);
	cr_assert_eq(got.len, 3);
	cr_assert_eq(got.full_len, 10);
	cr_assert(got.flags & MSG_TRUNC);
	cr_assert_eq(lsk_socket_recvmsg(pair[1], &got, 0), 3);
	cr_assert_eq(got.full_len, 3);
	cr_assert(got.flags & MSG_TRUNC, "that it was cut is told without asking");
	cr_assert_eq(buf[3], '.');
	pair_free(pair);
}

Test(message, msg_trunc_does_not_throw_away_a_stream)
{
	char buf[10];
	struct iovec in = {buf, 10};
	struct lsk_message got = {.buffers = &in, .buffers_count = 1};
	struct lsk_socket *pair[2];

	tcp_pair_make(pair);
	lsk_socket_send(pair[0], "0123456789", 10, 0);
	cr_assert_eq(lsk_socket_recvmsg(pair[1], &got, MSG_TRUNC), 10);
	cr_assert_arr_eq(buf, "0123456789", 10);
	lsk_socket_send(pair[0], "abcdefghij", 10, 0);
	cr_assert_eq(lsk_socket_recv(pair[1], buf, 10, MSG_TRUNC), 10);
	cr_assert_arr_eq(buf, "abcdefghij", 10);
	pair_free(pair);
}

Test(message, address_goes_along_both_ways)
{
	struct iovec out = part("hello");
	char buf[16];
	struct iovec in = {buf, sizeof(buf)};
	struct lsk_message sent = {.buffers = &out, .buffers_count = 1};
	struct lsk_message got = {.buffers = &in, .buffers_count = 1};
	struct lsk_socket *a;
	struct lsk_socket *b;
	struct lsk_addr addr;

	cr_assert_eq(lsk_socket_new(&a, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&b, AF_INET, SOCK_DGRAM, 0), 0);
	lsk_addr_inet(&addr, "127.0.0.1", 0);
	lsk_socket_bind(a, &addr);
	lsk_socket_bind(b, &addr);
	lsk_socket_getsockname(a, &sent.addr);
	lsk_socket_getsockname(b, &addr);
	cr_assert_eq(lsk_socket_sendmsg(b, &sent, 0), 5);
	cr_assert_eq(lsk_socket_recvmsg(a, &got, 0), 5);
	cr_assert(lsk_addr_equal(&got.addr, &addr));
	got.without_addr = true;
	cr_assert_eq(lsk_socket_sendmsg(b, &sent, 0), 5);
	cr_assert_eq(lsk_socket_recvmsg(a, &got, 0), 5);
	cr_assert_eq(got.addr.len, 0, "nobody asked");
	cr_assert_eq(lsk_socket_sendmsg(b, &sent, 0), 5);
	cr_assert_eq(lsk_socket_recvmmsg(a, &got, 1, 0), 1);
	cr_assert_eq(got.addr.len, 0, "nobody asked");
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(message, modes_and_deadlines_hold)
{
	char buf[4] = "";
	struct iovec in = {buf, 4};
	struct lsk_message message = {.buffers = &in, .buffers_count = 1};
	struct lsk_socket *pair[2];

	pair_make(pair);
	cr_assert_eq(lsk_socket_recvmsg(pair[0], &message, MSG_DONTWAIT), -EAGAIN);
	cr_assert_eq(lsk_socket_recvmsg(pair[0], &message, MSG_ERRQUEUE), -EAGAIN);
	lsk_socket_set_timeout(pair[0], 5 * MSEC);
	cr_assert_eq(lsk_socket_recvmsg(pair[0], &message, 0), -ETIME);
	fill(pair[0]);
	cr_assert_eq(lsk_socket_sendmsg(pair[0], &message, 0), -ETIME);
	lsk_socket_set_timeout(pair[0], 0);
	cr_assert_eq(lsk_socket_recvmsg(pair[0], &message, 0), -EAGAIN);
	cr_assert_eq(lsk_socket_sendmsg(pair[0], &message, 0), -EAGAIN);
	pair_free(pair);
}

static void recv_message(struct sleeper *sleeper)
{
	char buf[16];
	struct iovec in = {buf, sizeof(buf)};
	struct lsk_message message = {.buffers = &in, .buffers_count = 1};

	sleeper->result = sleeper->context
				  ? lsk_socket_recvmmsg(sleeper->sock, &message, 1, 0)
				  : lsk_socket_recvmsg(sleeper->sock, &message, 0);
}

Test(message, waits_for_data_and_is_ended_by_close)
{
	for (int i = 0; i < 4; i++) {
		struct sleeper sleeper = {.function = recv_message};
		struct lsk_socket *pair[2];

		pair_make(pair);
		sleeper.sock = pair[0];
		sleeper.context = i < 2 ? NULL : &sleeper;
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		if (i % 2 == 0) {
			lsk_socket_send(pair[1], "x", 1, 0);
			cr_assert_eq(sleeper_join(&sleeper), 1);
		} else {
			lsk_socket_close(pair[0]);
			cr_assert_eq(sleeper_join(&sleeper), -EBADF);
		}
		pair_free(pair);
	}
}

Test(message, too_many_parts_are_emsgsize)
{
	static struct iovec parts[1025];
	struct lsk_message message = {.buffers = parts, .buffers_count = 1025};
	struct lsk_socket *pair[2];

	pair_make(pair);
	cr_assert_eq(lsk_socket_sendmsg(pair[0], &message, 0), -EMSGSIZE);
	cr_assert_eq(lsk_socket_recvmsg(pair[0], &message, 0), -EMSGSIZE);
	pair_free(pair);
}

Test(message, nonsense_is_refused)
{
	struct lsk_message message = {.buffers_count = 1};
	struct lsk_socket *pair[2];

	pair_make(pair);
	cr_assert_eq(lsk_socket_sendmsg(pair[0], NULL, 0), -EINVAL);
	cr_assert_eq(lsk_socket_sendmsg(pair[0], &message, 0), -EINVAL);
	cr_assert_eq(lsk_socket_recvmsg(pair[0], NULL, 0), -EINVAL);
	cr_assert_eq(lsk_socket_recvmsg(pair[0], &message, 0), -EINVAL);
	cr_assert_eq(lsk_socket_sendmmsg(pair[0], NULL, 1, 0), -EINVAL);
	cr_assert_eq(lsk_socket_recvmmsg(pair[0], NULL, 1, 0), -EINVAL);
	cr_assert_eq(lsk_socket_sendmmsg(pair[0], &message, 1, 0), -EINVAL);
	cr_assert_eq(lsk_socket_recvmmsg(pair[0], &message, 1, 0), -EINVAL);
	cr_assert_eq(lsk_socket_sendmsg(NULL, &message, 0), -EINVAL);
	cr_assert_eq(lsk_socket_recvmsg(NULL, &message, 0), -EINVAL);
	cr_assert_eq(lsk_socket_sendmmsg(NULL, &message, 1, 0), -EINVAL);
	cr_assert_eq(lsk_socket_recvmmsg(NULL, &message, 1, 0), -EINVAL);
	lsk_socket_close(pair[0]);
	message.buffers_count = 0;
	cr_assert_eq(lsk_socket_sendmsg(pair[0], &message, 0), -EBADF);
	cr_assert_eq(lsk_socket_recvmsg(pair[0], &message, 0), -EBADF);
	cr_assert_eq(lsk_socket_sendmmsg(pair[0], &message, 1, 0), -EBADF);
	cr_assert_eq(lsk_socket_recvmmsg(pair[0], &message, 1, 0), -EBADF);
	pair_free(pair);
}

Test(message, credentials_come_with_the_bytes)
{
	_Alignas(struct cmsghdr) char space[LSK_CONTROL_SPACE(64)];
	char buf[4];
	struct iovec in = {buf, 4};
	struct lsk_message got = {
		.buffers = &in,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};
	struct lsk_credentials credentials;
	struct lsk_control_item item;
	struct lsk_socket *pair[2];
	size_t offset = 0;

	pair_make(pair);
	lsk_socket_setsockopt_int(pair[1], SOL_SOCKET, SO_PASSCRED, 1);
	lsk_socket_send(pair[0], "x", 1, 0);
	cr_assert_eq(lsk_socket_recvmsg(pair[1], &got, 0), 1);
	cr_assert_eq(lsk_control_next(&got.control, &offset, &item), 1);
	cr_assert_eq(lsk_control_get_credentials(&item, &credentials), 0);
	cr_assert_eq(credentials.pid, getpid());
	cr_assert_eq(credentials.uid, getuid());
	cr_assert_eq(credentials.gid, getgid());
	pair_free(pair);
}

Test(message, credentials_can_be_claimed_by_who_has_them)
{
	_Alignas(struct cmsghdr) char space[LSK_CONTROL_SPACE(64)];
	struct lsk_credentials own = {getpid(), getuid(), getgid()};
	struct iovec out = part("x");
	struct lsk_message sent = {
		.buffers = &out,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};
	struct lsk_socket *pair[2];

	pair_make(pair);
	cr_assert_eq(lsk_control_add_credentials(&sent.control, &own), 0);
	cr_assert_eq(lsk_socket_sendmsg(pair[0], &sent, 0), 1);
	pair_free(pair);
}

Test(message, pidfd_of_the_sender_is_a_descriptor_of_ours)
{
	_Alignas(struct cmsghdr) char space[LSK_CONTROL_SPACE(64)];
	char buf[4];
	struct iovec in = {buf, 4};
	struct lsk_message got = {
		.buffers = &in,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};
	struct lsk_control_item item;
	struct lsk_socket *pair[2];
	size_t offset = 0;
	int found = 0;
	int r;

	pair_make(pair);
	r = lsk_socket_setsockopt_int(pair[1], SOL_SOCKET, 76, 1);
	if (r < 0) {
		pair_free(pair);
		cr_skip_test("no SO_PASSPIDFD before Linux 6.5: %d", r);
	}
	lsk_socket_send(pair[0], "x", 1, 0);
	cr_assert_eq(lsk_socket_recvmsg(pair[1], &got, 0), 1);
	while (lsk_control_next(&got.control, &offset, &item) > 0) {
		int fd = lsk_control_get_pidfd(&item);

		if (fd < 0)
			continue;
		found++;
		close(fd);
	}
	cr_assert_eq(found, 1);
	pair_free(pair);
}

Test(message, timestamps_come_with_the_bytes)
{
	static const int options[] = {SO_TIMESTAMP, SO_TIMESTAMPNS};

	for (int i = 0; i < 2; i++) {
		_Alignas(struct cmsghdr) char space[LSK_CONTROL_SPACE(64)];
		char buf[4];
		struct iovec in = {buf, 4};
		struct lsk_message got = {
			.buffers = &in,
			.buffers_count = 1,
			.control = {.data = space, .size = sizeof(space)},
		};
		struct lsk_timestamps timestamps;
		struct lsk_control_item item;
		struct timespec now;
		struct lsk_socket *a;
		struct lsk_addr addr;
		size_t offset = 0;

		cr_assert_eq(lsk_socket_new(&a, AF_INET, SOCK_DGRAM, 0), 0);
		lsk_addr_inet(&addr, "127.0.0.1", 0);
		lsk_socket_bind(a, &addr);
		lsk_socket_getsockname(a, &addr);
		lsk_socket_setsockopt_int(a, SOL_SOCKET, options[i], 1);
		lsk_socket_sendto(a, "x", 1, 0, &addr);
		cr_assert_eq(lsk_socket_recvmsg(a, &got, 0), 1);
		cr_assert_eq(lsk_control_next(&got.control, &offset, &item), 1);
		cr_assert_eq(lsk_control_get_timestamps(&item, &timestamps), 0);
		clock_gettime(CLOCK_REALTIME, &now);
		cr_assert_gt(timestamps.software_ns,
			     (now.tv_sec - 100) * LSK_NSEC_PER_SEC);
		cr_assert_leq(timestamps.software_ns,
			      (now.tv_sec + 1) * LSK_NSEC_PER_SEC);
		lsk_socket_free(a);
	}
}

#define BATCH 200

/* The ask "sendmmsg / recvmmsg batch"; more than one system call takes. */
Test(message_batch, many_messages_go_and_come_in_order)
{
	static char texts[BATCH][8];
	static char bufs[BATCH][8];
	static struct iovec out[BATCH];
	static struct iovec in[BATCH];
	static struct lsk_message sent[BATCH];
	static struct lsk_message got[BATCH];
	struct lsk_socket *pair[2];
	ssize_t count = 0;

	/* Every datagram takes room for a whole buffer head. */
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_SEQPACKET, 0), 0);
	lsk_socket_setsockopt_int(pair[0], SOL_SOCKET, SO_SNDBUF, 1 << 20);
	for (int i = 0; i < BATCH; i++) {
		snprintf(texts[i], sizeof(texts[i]), "%d", i);
		out[i] = part(texts[i]);
		in[i] = (struct iovec){bufs[i], sizeof(bufs[i]) - 1};
		sent[i] = (struct lsk_message){.buffers = &out[i], .buffers_count = 1};
		got[i] = (struct lsk_message){.buffers = &in[i], .buffers_count = 1};
	}
	lsk_socket_set_timeout(pair[0], 60000 * MSEC);
	count = lsk_socket_sendmmsg(pair[0], sent, BATCH, 0);
	cr_assert_eq(count, BATCH, "%zd", count);
	cr_assert_eq(sent[BATCH - 1].len, 3);
	cr_assert_eq(lsk_socket_recvmmsg(pair[1], got, BATCH, 0), BATCH);
	for (int i = 0; i < BATCH; i++) {
		cr_assert_str_eq(bufs[i], texts[i]);
		cr_assert_eq(got[i].len, strlen(texts[i]));
	}
	cr_assert_eq(lsk_socket_recvmmsg(pair[1], got, BATCH, MSG_DONTWAIT), -EAGAIN);
	cr_assert_eq(lsk_socket_recvmmsg(pair[1], got, 0, 0), 0);
	cr_assert_eq(lsk_socket_sendmmsg(pair[0], NULL, 0, 0), 0);
	pair_free(pair);
}

static void send_batch(struct sleeper *sleeper)
{
	static struct iovec out[BATCH];
	static struct lsk_message sent[BATCH];

	for (int i = 0; i < BATCH; i++) {
		out[i] = part("0123456789");
		sent[i] = (struct lsk_message){.buffers = &out[i], .buffers_count = 1};
	}
	sleeper->result = lsk_socket_sendmmsg(sleeper->sock, sent, BATCH, 0);
}

Test(message_batch, sending_waits_for_room)
{
	struct sleeper sleeper = {.function = send_batch};
	struct lsk_socket *pair[2];
	char buf[16];

	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_SEQPACKET, 0), 0);
	lsk_socket_setsockopt_int(pair[0], SOL_SOCKET, SO_SNDBUF, 1);
	sleeper.sock = pair[0];
	sleeper_start(&sleeper);
	for (int i = 0; i < BATCH; i++)
		cr_assert_eq(lsk_socket_recv(pair[1], buf, sizeof(buf), 0), 10);
	cr_assert_eq(sleeper_join(&sleeper), BATCH);
	pair_free(pair);
}

Test(message_batch, deadline_tells_how_many_were_sent)
{
	struct sleeper sleeper = {.function = send_batch};
	struct lsk_socket *pair[2];

	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_SEQPACKET, 0), 0);
	lsk_socket_setsockopt_int(pair[0], SOL_SOCKET, SO_SNDBUF, 1);
	lsk_socket_set_timeout(pair[0], 5 * MSEC);
	sleeper.sock = pair[0];
	send_batch(&sleeper);
	cr_assert_gt(sleeper.result, 0);
	cr_assert_lt(sleeper.result, BATCH);
	send_batch(&sleeper);
	cr_assert_eq(sleeper.result, -ETIME);
	pair_free(pair);
}

Test(message_batch, receiving_waits_for_the_first_alone)
{
	char bufs[4][4];
	struct iovec in[4];
	struct lsk_message got[4];
	struct lsk_socket *pair[2];

	datagram_pair(pair);
	for (int i = 0; i < 4; i++) {
		in[i] = (struct iovec){bufs[i], 4};
		got[i] = (struct lsk_message){.buffers = &in[i], .buffers_count = 1};
	}
	lsk_socket_set_timeout(pair[1], 5 * MSEC);
	cr_assert_eq(lsk_socket_recvmmsg(pair[1], got, 4, 0), -ETIME);
	lsk_socket_send(pair[0], "a", 1, 0);
	lsk_socket_send(pair[0], "b", 1, 0);
	cr_assert_eq(lsk_socket_recvmmsg(pair[1], got, 4, 0), 2);
	pair_free(pair);
}

Test(message_batch, end_of_a_stream_is_one_empty_message)
{
	char bufs[4][4];
	struct iovec in[4];
	struct lsk_message got[4];
	struct lsk_socket *pair[2];

	pair_make(pair);
	for (int i = 0; i < 4; i++) {
		in[i] = (struct iovec){bufs[i], 4};
		got[i] = (struct lsk_message){.buffers = &in[i], .buffers_count = 1};
	}
	lsk_socket_shutdown(pair[0], SHUT_WR);
	cr_assert_geq(lsk_socket_recvmmsg(pair[1], got, 4, 0), 1);
	cr_assert_eq(got[0].len, 0);
	pair_free(pair);
}

static int null_open(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* The rows "send_fds" and "recv_fds", whose flags CPython ignores. */
Test(message_fds, descriptors_come_close_on_exec)
{
	struct iovec out = part("hello");
	char buf[8];
	struct iovec in = {buf, 8};
	struct lsk_message sent = {.buffers = &out, .buffers_count = 1};
	struct lsk_message got = {.buffers = &in, .buffers_count = 1};
	int fds[2] = {null_open(), null_open()};
	int room[4];
	struct lsk_received_fds received = {.fds = room, .max = 4};
	struct lsk_socket *pair[2];

	pair_make(pair);
	cr_assert_eq(lsk_socket_send_fds(pair[0], &sent, fds, 2, 0), 5);
	cr_assert_eq(lsk_socket_recv_fds(pair[1], &got, &received, MSG_PEEK), 5,
		     "flags are honoured");
	cr_assert_eq(received.count, 2);
	close(room[0]);
	close(room[1]);
	cr_assert_eq(lsk_socket_recv_fds(pair[1], &got, &received, 0), 5);
	cr_assert_eq(received.count, 2);
	cr_assert_eq(received.surplus, 0);
	cr_assert_not(got.flags & MSG_CTRUNC);
	for (int i = 0; i < 2; i++) {
		cr_assert(fcntl(room[i], F_GETFD) & FD_CLOEXEC);
		close(room[i]);
		close(fds[i]);
	}
	cr_assert_eq(lsk_socket_recv_fds(pair[1], &got, &received, MSG_DONTWAIT),
		     -EAGAIN);
	pair_free(pair);
}

Test(message_fds, surplus_is_closed_and_told)
{
	struct iovec out = part("x");
	char buf[8];
	struct iovec in = {buf, 8};
	struct lsk_message sent = {.buffers = &out, .buffers_count = 1};
	struct lsk_message got = {.buffers = &in, .buffers_count = 1};
	int fd = null_open();
	int fds[LSK_CONTROL_FDS_MAX];
	int room[1];
	struct lsk_received_fds received = {.fds = room, .max = 1};
	struct lsk_socket *pair[2];

	pair_make(pair);
	for (int i = 0; i < LSK_CONTROL_FDS_MAX; i++)
		fds[i] = fd;
	cr_assert_eq(lsk_socket_send_fds(pair[0], &sent, fds, LSK_CONTROL_FDS_MAX, 0),
		     1);
	cr_assert_eq(lsk_socket_recv_fds(pair[1], &got, &received, 0), 1);
	cr_assert_eq(received.count, 1);
	cr_assert_eq(received.surplus, LSK_CONTROL_FDS_MAX - 1);
	cr_assert(got.flags & MSG_CTRUNC);
	close(room[0]);
	close(fd);
	pair_free(pair);
}

Test(message_fds, whole_of_the_maximum_goes_through)
{
	struct iovec out = part("x");
	char buf[8];
	struct iovec in = {buf, 8};
	struct lsk_message sent = {.buffers = &out, .buffers_count = 1};
	struct lsk_message got = {.buffers = &in, .buffers_count = 1};
	int fds[LSK_CONTROL_FDS_MAX];
	int room[LSK_CONTROL_FDS_MAX];
	struct lsk_received_fds received = {.fds = room, .max = LSK_CONTROL_FDS_MAX};
	struct lsk_socket *pair[2];

	pair_make(pair);
	lsk_socket_setsockopt_int(pair[1], SOL_SOCKET, SO_PASSCRED, 1);
	fds[0] = null_open();
	for (int i = 1; i < LSK_CONTROL_FDS_MAX; i++)
		fds[i] = fds[0];
	cr_assert_eq(lsk_socket_send_fds(pair[0], &sent, fds, LSK_CONTROL_FDS_MAX, 0),
		     1);
	cr_assert_eq(lsk_socket_recv_fds(pair[1], &got, &received, 0), 1);
	cr_assert_eq(received.count, LSK_CONTROL_FDS_MAX);
	for (int i = 0; i < LSK_CONTROL_FDS_MAX; i++)
		close(room[i]);
	close(fds[0]);
	pair_free(pair);
}

Test(message_fds, address_is_honoured)
{
	struct iovec out = part("x");
	char buf[8];
	struct iovec in = {buf, 8};
	struct lsk_message sent = {.buffers = &out, .buffers_count = 1};
	struct lsk_message got = {.buffers = &in, .buffers_count = 1};
	int fd = null_open();
	int room[1];
	struct lsk_received_fds received = {.fds = room, .max = 1};
	struct lsk_socket *a;
	struct lsk_socket *b;
	struct lsk_addr name;

	cr_assert_eq(lsk_socket_new(&a, AF_UNIX, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&b, AF_UNIX, SOCK_DGRAM, 0), 0);
	lsk_addr_unix(&name, NULL, 0);
	lsk_socket_bind(a, &name);
	lsk_socket_bind(b, &name);
	lsk_socket_getsockname(a, &sent.addr);
	lsk_socket_getsockname(b, &name);
	cr_assert_eq(lsk_socket_send_fds(b, &sent, &fd, 1, 0), 1);
	cr_assert_eq(lsk_socket_recv_fds(a, &got, &received, 0), 1);
	cr_assert_eq(received.count, 1);
	cr_assert(lsk_addr_equal(&got.addr, &name));
	close(room[0]);
	close(fd);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(message_fds, nonsense_is_refused)
{
	struct lsk_message message = {.buffers_count = 0};
	struct lsk_received_fds received = {.max = 1};
	int fds[300] = {0};
	int closed = 9999;
	struct lsk_socket *pair[2];

	pair_make(pair);
	cr_assert_eq(lsk_socket_send_fds(pair[0], &message, fds, 254, 0),
		     LSK_ERR_RANGE);
	cr_assert_eq(lsk_socket_send_fds(pair[0], &message, fds, 0, 0), -EINVAL);
	cr_assert_eq(lsk_socket_send_fds(pair[0], &message, NULL, 1, 0), -EINVAL);
	cr_assert_eq(lsk_socket_send_fds(pair[0], NULL, fds, 1, 0), -EINVAL);
	cr_assert_eq(lsk_socket_send_fds(pair[0], &message, &closed, 1, 0), -EBADF);
	cr_assert_eq(lsk_socket_recv_fds(pair[0], &message, &received, 0), -EINVAL);
	cr_assert_eq(lsk_socket_recv_fds(pair[0], &message, NULL, 0), -EINVAL);
	cr_assert_eq(lsk_socket_recv_fds(pair[0], NULL, &received, 0), -EINVAL);
	received = (struct lsk_received_fds){.fds = fds, .max = 254};
	cr_assert_eq(lsk_socket_recv_fds(pair[0], &message, &received, 0),
		     LSK_ERR_RANGE);
	pair_free(pair);
}

Test(socket_wait, tells_the_events_within_its_own_time)
{
	struct lsk_socket *pair[2];

	pair_make(pair);
	cr_assert_eq(lsk_socket_wait(pair[0], POLLIN, 0), -ETIME);
	cr_assert_eq(lsk_socket_wait(pair[0], POLLIN, 5 * MSEC), -ETIME);
	cr_assert_eq(lsk_socket_wait(pair[0], POLLIN | POLLOUT, 0), POLLOUT);
	cr_assert_eq(lsk_socket_wait(pair[0], POLLIN | POLLOUT, LSK_BLOCK), POLLOUT);
	lsk_socket_send(pair[1], "x", 1, 0);
	cr_assert_eq(lsk_socket_wait(pair[0], POLLIN, INT64_MAX), POLLIN);
	cr_assert_eq(lsk_socket_wait(pair[0], POLLIN, -2), -EINVAL);
	cr_assert_eq(lsk_socket_wait(NULL, POLLIN, 0), -EINVAL);
	lsk_socket_close(pair[0]);
	cr_assert_eq(lsk_socket_wait(pair[0], POLLIN, 0), -EBADF);
	pair_free(pair);
}

Test(socket_wait, ioctl_is_passed_through)
{
	struct lsk_socket *pair[2];
	int count = 0;

	tcp_pair_make(pair);
	lsk_socket_send(pair[0], "hello", 5, 0);
	cr_assert_eq(lsk_socket_wait(pair[1], POLLIN, LSK_BLOCK), POLLIN);
	cr_assert_eq(lsk_socket_ioctl(pair[1], SIOCINQ, &count), 0);
	cr_assert_eq(count, 5);
	cr_assert_lt(lsk_socket_ioctl(pair[1], 0xffff, NULL), 0);
	cr_assert_eq(lsk_socket_ioctl(NULL, SIOCINQ, &count), -EINVAL);
	pair_free(pair);
}
