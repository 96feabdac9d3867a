/* SPDX-License-Identifier: MIT */
/* Bytes: modes, deadlines, signals, peers that go, threads that close. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linsock/socket.h>

#include "tests/support/sockets.h"

TestSuite(socket_recv, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(socket_send, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(socket_signal, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);

static const int64_t waiting_modes[] = {LSK_BLOCK, 10000 * MSEC};

Test(socket_recv, ready_data_comes_in_every_mode)
{
	static const int64_t modes[] = {LSK_BLOCK, 0, 1000 * MSEC};

	for (int i = 0; i < 3; i++) {
		struct lsk_socket *pair[2];
		char buf[8] = "";

		pair_make(pair);
		lsk_socket_set_timeout(pair[1], modes[i]);
		cr_assert_eq(lsk_socket_send(pair[0], "hello", 5, 0), 5);
		cr_assert_eq(lsk_socket_recv(pair[1], buf, sizeof(buf), 0), 5);
		cr_assert_str_eq(buf, "hello");
		pair_free(pair);
	}
}

Test(socket_recv, end_of_stream_is_zero)
{
	struct lsk_socket *pair[2];
	char byte;

	pair_make(pair);
	cr_assert_eq(lsk_socket_shutdown(pair[0], SHUT_WR), 0);
	cr_assert_eq(lsk_socket_recv(pair[1], &byte, 1, 0), 0);
	pair_free(pair);
}

Test(socket_recv, zero_length_makes_no_system_call)
{
	struct lsk_socket *pair[2];

	tcp_pair_make(pair);
	/* A call would see the error of a listener that does not exist; nothing does.
	 */
	cr_assert_eq(lsk_socket_recv(pair[0], NULL, 0, 0), 0);
	pair_free(pair);
}

Test(socket_recv, non_blocking_is_eagain)
{
	struct lsk_socket *pair[2];
	struct lsk_addr from;
	char byte;

	pair_make(pair);
	cr_assert_eq(lsk_socket_recv(pair[0], &byte, 1, MSG_DONTWAIT), -EAGAIN);
	lsk_socket_set_timeout(pair[0], 0);
	cr_assert_eq(lsk_socket_recv(pair[0], &byte, 1, 0), -EAGAIN);
	cr_assert_eq(lsk_socket_recvfrom(pair[0], &byte, 1, 0, &from), -EAGAIN);
	pair_free(pair);
}

Test(socket_recv, deadline_is_etime_and_loses_nothing)
{
	struct lsk_socket *pair[2];
	struct lsk_addr from;
	char byte = 0;

	pair_make(pair);
	lsk_socket_set_timeout(pair[1], 5 * MSEC);
	cr_assert_eq(lsk_socket_recv(pair[1], &byte, 1, 0), -ETIME);
	cr_assert_eq(lsk_socket_recvfrom(pair[1], &byte, 1, 0, &from), -ETIME);
	lsk_socket_set_timeout(pair[1], 1);
	cr_assert_eq(lsk_socket_recv(pair[1], &byte, 1, 0), -ETIME);
	cr_assert_eq(lsk_socket_send(pair[0], "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(pair[1], &byte, 1, 0), 1);
	cr_assert_eq(byte, 'x');
	pair_free(pair);
}

Test(socket_recv, longest_timeout_is_no_deadline_in_the_past)
{
	struct lsk_socket *pair[2];
	char byte;

	pair_make(pair);
	lsk_socket_set_timeout(pair[0], INT64_MAX);
	lsk_socket_shutdown(pair[1], SHUT_WR);
	cr_assert_eq(lsk_socket_recv(pair[0], &byte, 1, 0), 0);
	pair_free(pair);
}

static void recv_one(struct sleeper *sleeper)
{
	char buf[16];

	sleeper->result = lsk_socket_recv(sleeper->sock, buf, sizeof(buf), 0);
}

static void recvfrom_one(struct sleeper *sleeper)
{
	struct lsk_addr from;
	char buf[16];

	sleeper->result =
		lsk_socket_recvfrom(sleeper->sock, buf, sizeof(buf), 0, &from);
}

Test(socket_recv, waits_for_data)
{
	static void (*const functions[])(struct sleeper *) = {recv_one, recvfrom_one};

	for (int i = 0; i < 4; i++) {
		struct sleeper sleeper = {.function = functions[i / 2]};
		struct lsk_socket *pair[2];

		pair_make(pair);
		sleeper.sock = pair[0];
		lsk_socket_set_timeout(pair[0], waiting_modes[i % 2]);
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		cr_assert_eq(lsk_socket_send(pair[1], "hello", 5, 0), 5);
		cr_assert_eq(sleeper_join(&sleeper), 5);
		pair_free(pair);
	}
}

Test(socket_recv, close_in_another_thread_ends_the_wait)
{
	static void (*const functions[])(struct sleeper *) = {recv_one, recvfrom_one};

	for (int i = 0; i < 4; i++) {
		struct sleeper sleeper = {.function = functions[i / 2]};
		struct lsk_socket *pair[2];

		pair_make(pair);
		sleeper.sock = pair[0];
		lsk_socket_set_timeout(pair[0], waiting_modes[i % 2]);
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		cr_assert_eq(lsk_socket_close(pair[0]), 0);
		cr_assert_eq(sleeper_join(&sleeper), -EBADF);
		pair_free(pair);
	}
}

Test(socket_recv, detach_ends_the_waits_of_all_threads)
{
	struct sleeper sleepers[4];
	struct lsk_socket *pair[2];
	int fd;

	pair_make(pair);
	for (int i = 0; i < 4; i++) {
		sleepers[i] = (struct sleeper){.function = recv_one, .sock = pair[0]};
		sleeper_start(&sleepers[i]);
		sleeper_wait_asleep(&sleepers[i]);
	}
	fd = lsk_socket_detach(pair[0]);
	cr_assert_geq(fd, 0);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(sleeper_join(&sleepers[i]), -EBADF);
	close(fd);
	pair_free(pair);
}

Test(socket_recv, msg_trunc_never_counts_bytes_that_are_not_here)
{
	struct lsk_socket *pair[2];
	struct lsk_addr from;
	char buf[4];

	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_DGRAM, 0), 0);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(lsk_socket_send(pair[0], "0123456789", 10, 0), 10);
	cr_assert_eq(lsk_socket_recv(pair[1], buf, 4, MSG_TRUNC), 4);
	cr_assert_eq(lsk_socket_recvfrom(pair[1], buf, 4, MSG_TRUNC, &from), 4);
	pair_free(pair);
}

static void recv_all(struct sleeper *sleeper)
{
	char *buf = sleeper->context;

	sleeper->result = lsk_socket_recv(sleeper->sock, buf, 10, MSG_WAITALL);
}

Test(socket_recv, msg_waitall_waits_for_all)
{
	for (int i = 0; i < 2; i++) {
		char buf[16] = "";
		struct sleeper sleeper = {.function = recv_all, .context = buf};
		struct lsk_socket *pair[2];

		tcp_pair_make(pair);
		sleeper.sock = pair[0];
		lsk_socket_set_timeout(pair[0], waiting_modes[i]);
		cr_assert_eq(lsk_socket_send(pair[1], "01234", 5, 0), 5);
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		cr_assert_eq(lsk_socket_send(pair[1], "56789", 5, 0), 5);
		cr_assert_eq(sleeper_join(&sleeper), 10);
		cr_assert_str_eq(buf, "0123456789");
		pair_free(pair);
	}
}

Test(socket_recv, msg_waitall_tells_what_came_before_the_deadline)
{
	struct lsk_socket *pair[2];
	char buf[16];

	tcp_pair_make(pair);
	lsk_socket_set_timeout(pair[0], 5 * MSEC);
	cr_assert_eq(lsk_socket_recv(pair[0], buf, 10, MSG_WAITALL), -ETIME);
	cr_assert_eq(lsk_socket_send(pair[1], "01234", 5, 0), 5);
	cr_assert_eq(lsk_socket_recv(pair[0], buf, 10, MSG_WAITALL), 5);
	cr_assert_eq(lsk_socket_recv(pair[0], buf, 10, MSG_WAITALL | MSG_DONTWAIT),
		     -EAGAIN);
	pair_free(pair);
}

Test(socket_recv, recvfrom_tells_the_sender_of_datagrams_only)
{
	struct lsk_socket *pair[2];
	struct lsk_socket *a;
	struct lsk_socket *b;
	struct lsk_addr addr;
	struct lsk_addr from;
	char byte;

	tcp_pair_make(pair);
	lsk_socket_send(pair[0], "x", 1, 0);
	cr_assert_eq(lsk_socket_recvfrom(pair[1], &byte, 1, 0, &from), 1);
	cr_assert_eq(from.len, 0, "a connected stream names nobody");
	pair_free(pair);

	cr_assert_eq(lsk_socket_new(&a, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&b, AF_INET, SOCK_DGRAM, 0), 0);
	lsk_addr_inet(&addr, "127.0.0.1", 0);
	cr_assert_eq(lsk_socket_bind(a, &addr), 0);
	cr_assert_eq(lsk_socket_bind(b, &addr), 0);
	lsk_socket_getsockname(a, &addr);
	cr_assert_eq(lsk_socket_sendto(b, "", 0, 0, &addr), 0);
	cr_assert_eq(lsk_socket_sendto(b, "xy", 2, 0, &addr), 2);
	cr_assert_eq(lsk_socket_recvfrom(a, NULL, 0, 0, &from), 0, "an empty datagram");
	cr_assert_eq(lsk_socket_recvfrom(a, &byte, 1, 0, NULL), 1);
	lsk_socket_getsockname(b, &addr);
	cr_assert(lsk_addr_equal(&from, &addr));
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(socket_recv, recvfrom_that_waited_tells_the_sender)
{
	struct lsk_socket *a;
	struct lsk_socket *b;
	struct lsk_addr addr;
	struct lsk_addr from = {0};
	struct sleeper sleeper = {.function = recvfrom_one};

	cr_assert_eq(lsk_socket_new(&a, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_new(&b, AF_INET, SOCK_DGRAM, 0), 0);
	lsk_addr_inet(&addr, "127.0.0.1", 0);
	cr_assert_eq(lsk_socket_bind(a, &addr), 0);
	lsk_socket_getsockname(a, &addr);
	sleeper.sock = a;
	sleeper_start(&sleeper);
	sleeper_wait_asleep(&sleeper);
	cr_assert_eq(lsk_socket_sendto(b, "abc", 3, 0, &addr), 3);
	cr_assert_eq(sleeper_join(&sleeper), 3);
	(void)from;
	lsk_socket_free(a);
	lsk_socket_free(b);
}

Test(socket_recv, error_queue_never_waits)
{
	struct lsk_socket *sock;
	char byte;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_recv(sock, &byte, 1, MSG_ERRQUEUE), -EAGAIN);
	lsk_socket_free(sock);
}

Test(socket_send, closed_peer_is_epipe_without_a_signal)
{
	struct lsk_socket *pair[2];
	struct lsk_addr addr;

	pair_make(pair);
	lsk_socket_close(pair[1]);
	cr_assert_eq(lsk_socket_send(pair[0], "x", 1, 0), -EPIPE);
	cr_assert_eq(lsk_socket_sendall(pair[0], "x", 1, 0, NULL), -EPIPE);
	lsk_addr_unix(&addr, NULL, 0);
	cr_assert_lt(lsk_socket_sendto(pair[0], "x", 1, 0, &addr), 0);
	pair_free(pair);
}

Test(socket_send, full_buffer_is_eagain_or_etime)
{
	struct lsk_socket *pair[2];
	size_t sent = 99;

	pair_make(pair);
	fill(pair[0]);
	cr_assert_eq(lsk_socket_send(pair[0], "x", 1, MSG_DONTWAIT), -EAGAIN);
	lsk_socket_set_timeout(pair[0], 5 * MSEC);
	cr_assert_eq(lsk_socket_send(pair[0], "x", 1, 0), -ETIME);
	cr_assert_eq(lsk_socket_sendall(pair[0], "x", 1, 0, &sent), -ETIME);
	cr_assert_eq(sent, 0);
	lsk_socket_set_timeout(pair[0], 0);
	cr_assert_eq(lsk_socket_send(pair[0], "x", 1, 0), -EAGAIN);
	pair_free(pair);
}

static void send_one(struct sleeper *sleeper)
{
	sleeper->result = lsk_socket_send(sleeper->sock, "x", 1, 0);
}

Test(socket_send, waits_for_room)
{
	for (int i = 0; i < 2; i++) {
		struct sleeper sleeper = {.function = send_one};
		static char sink[1 << 20];
		struct lsk_socket *pair[2];

		pair_make(pair);
		fill(pair[0]);
		sleeper.sock = pair[0];
		lsk_socket_set_timeout(pair[0], waiting_modes[i]);
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		while (lsk_socket_recv(pair[1], sink, sizeof(sink), MSG_DONTWAIT) > 0)
			;
		cr_assert_eq(sleeper_join(&sleeper), 1);
		pair_free(pair);
	}
}

Test(socket_send, close_in_another_thread_ends_the_wait)
{
	for (int i = 0; i < 2; i++) {
		struct sleeper sleeper = {.function = send_one};
		struct lsk_socket *pair[2];

		pair_make(pair);
		fill(pair[0]);
		sleeper.sock = pair[0];
		lsk_socket_set_timeout(pair[0], waiting_modes[i]);
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		cr_assert_eq(lsk_socket_close(pair[0]), 0);
		cr_assert_eq(sleeper_join(&sleeper), -EBADF);
		pair_free(pair);
	}
}

struct transfer {
	size_t sent;
	int64_t result;
	char *bytes;
	size_t len;
};

static void send_all(struct sleeper *sleeper)
{
	struct transfer *transfer = sleeper->context;

	sleeper->result = lsk_socket_sendall(sleeper->sock, transfer->bytes,
					     transfer->len, 0, &transfer->sent);
}

Test(socket_send, sendall_sends_everything_in_order)
{
	const size_t len = 5 * 1000 * 1000 + 7;
	struct transfer transfer = {.len = len};
	struct sleeper sleeper = {.function = send_all, .context = &transfer};
	struct lsk_socket *pair[2];
	char *received = malloc(len);

	transfer.bytes = malloc(len);
	for (size_t i = 0; i < len; i++)
		transfer.bytes[i] = (char)(i * 7 + i / 251);
	tcp_pair_make(pair);
	sleeper.sock = pair[0];
	sleeper_start(&sleeper);
	for (size_t got = 0; got < len;) {
		ssize_t count = lsk_socket_recv(pair[1], received + got, len - got, 0);

		cr_assert_gt(count, 0);
		got += (size_t)count;
	}
	cr_assert_eq(sleeper_join(&sleeper), 0);
	cr_assert_eq(transfer.sent, len);
	cr_assert_eq(memcmp(received, transfer.bytes, len), 0);
	free(received);
	free(transfer.bytes);
	pair_free(pair);
}

/* The row "sendall": one deadline for all of it, progress told. */
Test(socket_send, sendall_has_one_deadline_though_the_peer_drips)
{
	const size_t len = 64 * 1024 * 1024;
	struct transfer transfer = {.len = len, .bytes = calloc(1, len)};
	struct sleeper sleeper = {.function = send_all, .context = &transfer};
	struct lsk_socket *pair[2];
	struct pollfd watch;
	char sink[8192];

	pair_make(pair);
	lsk_socket_set_timeout(pair[0], 60 * MSEC);
	sleeper.sock = pair[0];
	sleeper_start(&sleeper);
	/* Reads a little now and then, so that no single wait is as long. */
	watch = (struct pollfd){.fd = -1};
	while (lsk_socket_recv(pair[1], sink, sizeof(sink), MSG_DONTWAIT) != 0) {
		poll(&watch, 1, 5);
		if (__atomic_load_n(&transfer.result, __ATOMIC_RELAXED))
			break;
		if (pthread_tryjoin_np(sleeper.thread, NULL) == 0)
			break;
	}
	cr_assert_eq(sleeper.result, -ETIME);
	cr_assert_gt(transfer.sent, 0);
	cr_assert_lt(transfer.sent, len);
	free(transfer.bytes);
	pair_free(pair);
}

Test(socket_send, sendall_of_nothing_makes_one_call)
{
	struct lsk_socket *pair[2];
	size_t sent = 9;
	char byte;

	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_sendall(pair[0], NULL, 0, 0, &sent), 0);
	cr_assert_eq(sent, 0);
	cr_assert_eq(lsk_socket_recvfrom(pair[1], &byte, 1, MSG_DONTWAIT, NULL), 0);
	pair_free(pair);
}

Test(socket_send, sendto_needs_a_place)
{
	struct lsk_socket *sock;
	struct lsk_socket *pair[2];
	struct lsk_addr addr;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_sendto(sock, "x", 1, 0, NULL), -EDESTADDRREQ);
	lsk_socket_free(sock);
	tcp_pair_make(pair);
	cr_assert_eq(lsk_socket_sendto(pair[0], "x", 1, 0, NULL), 1);
	pair_free(pair);
	pair_make(pair);
	lsk_addr_unix(&addr, "\0x", 2);
	cr_assert_eq(lsk_socket_sendto(pair[0], "x", 1, 0, &addr), -EISCONN);
	pair_free(pair);
}

Test(socket_send, too_long_a_datagram_is_emsgsize)
{
	static char big[70000];
	struct lsk_socket *sock;
	struct lsk_addr addr;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, 0), 0);
	lsk_addr_inet(&addr, "127.0.0.1", 9);
	cr_assert_eq(lsk_socket_sendto(sock, big, sizeof(big), 0, &addr), -EMSGSIZE);
	lsk_socket_free(sock);
}

static int stop(void *context)
{
	int *calls = context;

	(*calls)++;
	return 1;
}

static int go_on(void *context)
{
	_Atomic int *calls = context;

	(*calls)++;
	return 0;
}

static void recv_interruptible(struct sleeper *sleeper)
{
	char buf[16];

	lsk_set_interrupt_hook(sleeper->context ? stop : NULL, sleeper->context);
	sleeper->result = lsk_socket_recv(sleeper->sock, buf, sizeof(buf), 0);
}

Test(socket_signal, hook_that_says_stop_is_eintr)
{
	for (int i = 0; i < 2; i++) {
		int calls = 0;
		struct sleeper sleeper = {
			.function = recv_interruptible,
			.context = &calls,
		};
		struct lsk_socket *pair[2];

		signal_catch(SIGUSR1);
		pair_make(pair);
		sleeper.sock = pair[0];
		lsk_socket_set_timeout(pair[0], waiting_modes[i]);
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		pthread_kill(sleeper.thread, SIGUSR1);
		cr_assert_eq(sleeper_join(&sleeper), -EINTR);
		cr_assert_eq(calls, 1);
		/* Nothing was taken, nothing is left behind. */
		cr_assert_eq(lsk_socket_send(pair[1], "x", 1, 0), 1);
		cr_assert_eq(lsk_socket_recv(pair[0], &(char){0}, 1, 0), 1);
		pair_free(pair);
	}
}

static void recv_patiently(struct sleeper *sleeper)
{
	char buf[16];

	lsk_set_interrupt_hook(go_on, sleeper->context);
	sleeper->result = lsk_socket_recv(sleeper->sock, buf, sizeof(buf), 0);
}

/* The row "PEP 475". */
Test(socket_signal, call_goes_on_after_a_signal)
{
	for (int i = 0; i < 4; i++) {
		_Atomic int calls = 0;
		struct sleeper sleeper = {
			.function = i < 2 ? recv_patiently : recv_one,
			.context = &calls,
		};
		struct lsk_socket *pair[2];

		signal_catch(SIGUSR1);
		pair_make(pair);
		sleeper.sock = pair[0];
		lsk_socket_set_timeout(pair[0], waiting_modes[i % 2]);
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		pthread_kill(sleeper.thread, SIGUSR1);
		while (i < 2 && calls == 0)
			;
		sleeper_wait_asleep(&sleeper);
		cr_assert_eq(lsk_socket_send(pair[1], "hello", 5, 0), 5);
		cr_assert_eq(sleeper_join(&sleeper), 5);
		pair_free(pair);
	}
}

static int close_it(void *context)
{
	cr_assert_eq(lsk_socket_close(context), -EDEADLK);
	return 1;
}

static void recv_and_close(struct sleeper *sleeper)
{
	char byte;

	lsk_set_interrupt_hook(close_it, sleeper->sock);
	sleeper->result = lsk_socket_recv(sleeper->sock, &byte, 1, 0);
}

Test(socket_signal, hook_that_closes_its_own_socket_is_told)
{
	struct sleeper sleeper = {.function = recv_and_close};
	struct lsk_socket *pair[2];

	signal_catch(SIGUSR1);
	pair_make(pair);
	sleeper.sock = pair[0];
	sleeper_start(&sleeper);
	sleeper_wait_asleep(&sleeper);
	pthread_kill(sleeper.thread, SIGUSR1);
	cr_assert_eq(sleeper_join(&sleeper), -EINTR);
	pair_free(pair);
}

/* Every engine has one; the test's own runner may have more. */
static int eventfds_count(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	while ((entry = readdir(folder))) {
		char target[64] = "";

		if (readlinkat(dirfd(folder), entry->d_name, target,
			       sizeof(target) - 1) > 0)
			count += strcmp(target, "anon_inode:[eventfd]") == 0;
	}
	closedir(folder);
	return count;
}

Test(socket_signal, forked_child_uses_its_copies_alone)
{
	struct sleeper sleeper = {.function = recv_one};
	struct lsk_socket *pair[2];
	int count = eventfds_count();
	int status;
	pid_t child;

	pair_make(pair);
	sleeper.sock = pair[0];
	sleeper_start(&sleeper);
	sleeper_wait_asleep(&sleeper);
	child = fork();
	if (child == 0) {
		struct lsk_socket *own[2];
		char byte;

		/* The parent's thread waits there, and is not here to be waited for. */
		if (lsk_socket_close(pair[0]) != 0)
			_exit(1);
		if (lsk_socket_pair(own, AF_UNIX, SOCK_STREAM, 0) < 0)
			_exit(2);
		lsk_socket_set_timeout(own[0], 5 * MSEC);
		if (lsk_socket_recv(own[0], &byte, 1, 0) != -ETIME)
			_exit(3);
		/* An engine of one's own takes the place of those of the parent. */
		if (eventfds_count() != count + 1)
			_exit(4);
		pair_free(own);
		pair_free(pair);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0, "%x", status);
	cr_assert_eq(lsk_socket_send(pair[1], "hello", 5, 0), 5);
	cr_assert_eq(sleeper_join(&sleeper), 5);
	pair_free(pair);
}
