/* SPDX-License-Identifier: MIT */
/* Files and pipes through sockets on a loop, on both back ends. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <linsock.h>

#include "src/socket.h"
#include "tests/support/loops.h"
#include "tests/support/script.h"

enum { FILE_SIZE = 1000003 };

static const int64_t msec = LSK_NSEC_PER_SEC / 1000;

static char byte_at(size_t at)
{
	return (char)(at * 7 + (at >> 8) * 3 + (at >> 16));
}

static int file_new(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	char *bytes = malloc(FILE_SIZE);

	for (size_t i = 0; i < FILE_SIZE; i++)
		bytes[i] = byte_at(i);
	cr_assert_eq(write(fd, bytes, FILE_SIZE), FILE_SIZE);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	free(bytes);
	return fd;
}

static void pair_new(struct lsk_socket *pair[2])
{
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_STREAM, 0), 0);
}

static void pair_free(struct lsk_socket *pair[2])
{
	lsk_socket_free(pair[0]);
	lsk_socket_free(pair[1]);
}

/* Both sides of a TCP connection, which has splice(2) of its own. */
static void tcp_new(struct lsk_socket *pair[2])
{
	struct lsk_socket *listener;
	struct lsk_addr addr;

	listener = loop_listener(1, &addr);
	cr_assert_eq(lsk_socket_new(&pair[0], AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_connect(pair[0], &addr), 0);
	cr_assert_eq(lsk_socket_accept(listener, &pair[1], NULL), 0);
	lsk_socket_free(listener);
}

/* Receive on the loop until the end, or for @goal bytes, and compare with the file. */
static void expect_bytes(struct lsk_loop *loop, struct lsk_socket *sock, size_t begin,
			 size_t goal)
{
	static char buf[65536];
	size_t got = 0;

	while (got < goal) {
		struct outcome outcome = {0};
		struct lsk_then then = then_tell(&outcome);
		size_t left = goal - got;

		cr_assert_eq(lsk_loop_recv(loop, sock, buf,
					   left < sizeof(buf) ? left : sizeof(buf), 0,
					   &then),
			     0);
		run_until(loop, &outcome.ends, 1);
		cr_assert_gt(outcome.result, 0, "%zu of %zu bytes came, then %d", got,
			     goal, outcome.result);
		for (int i = 0; i < outcome.result; i++)
			cr_assert_eq(buf[i], byte_at(begin + got + (size_t)i),
				     "byte %zu", got + (size_t)i);
		got += (size_t)outcome.result;
	}
}

static void send_whole(struct lsk_loop *loop, struct lsk_socket *pair[2])
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer transfer = {
		.range = {file_new(), LSK_FILE_POSITION, LSK_FILE_REST},
		.moved = 4711,
	};

	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	cr_assert_eq(outcome.events, 0, "starting does not call back");
	cr_assert_eq(transfer.moved, 0);
	expect_bytes(loop, pair[1], 0, FILE_SIZE);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 0);
	cr_assert_eq(transfer.moved, FILE_SIZE);
	cr_assert_eq(lseek(transfer.range.fd, 0, SEEK_CUR), FILE_SIZE);
	close(transfer.range.fd);
	pair_free(pair);
}

Test_on_each_loop(loop_sendfile, sends_a_whole_file_through_unix)
{
	struct lsk_socket *pair[2];

	pair_new(pair);
	send_whole(loop, pair);
}

Test_on_each_loop(loop_sendfile, sends_a_whole_file_through_tcp)
{
	struct lsk_socket *pair[2];

	tcp_new(pair);
	send_whole(loop, pair);
}

Test_on_each_loop(loop_sendfile, keeps_its_turn_its_offset_and_its_count)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer transfer = {.range = {file_new(), 1000, 70000}};
	struct lsk_socket *pair[2];
	char word[5];

	pair_new(pair);
	cr_assert_eq(lsk_loop_send(loop, pair[0], "first", 5, 0, &then), 0);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	cr_assert_eq(lsk_loop_send(loop, pair[0], "last!", 5, 0, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(lsk_socket_recv(pair[1], word, 5, MSG_WAITALL), 5);
	cr_assert_eq(memcmp(word, "first", 5), 0);
	expect_bytes(loop, pair[1], 1000, 70000);
	run_until(loop, &outcome.ends, 3);
	cr_assert_eq(outcome.result, 5);
	cr_assert_eq(lsk_loop_release(loop, pair[1]), 0);
	cr_assert_eq(lsk_socket_recv(pair[1], word, 5, MSG_WAITALL), 5);
	cr_assert_eq(memcmp(word, "last!", 5), 0);
	cr_assert_eq(transfer.moved, 70000);
	cr_assert_eq(lseek(transfer.range.fd, 0, SEEK_CUR), 0, "its own stays");
	close(transfer.range.fd);
	pair_free(pair);
}

Test_on_each_loop(loop_sendfile, ends_where_the_file_ends)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer transfer = {.range = {file_new(), FILE_SIZE - 10, 1000}};
	struct lsk_socket *pair[2];

	pair_new(pair);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 0);
	cr_assert_eq(transfer.moved, 10);
	close(transfer.range.fd);
	pair_free(pair);
}

/* A peer that does not read: what has left is told, and what is behind goes on. */
static void stopped(struct lsk_loop *loop, bool is_timeout)
{
	struct outcome outcome = {0};
	struct outcome behind = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer transfer = {.range = {file_new(), 0, LSK_FILE_REST}};
	struct lsk_socket *pair[2];
	struct lsk_op op;
	char last;

	pair_new(pair);
	then.timeout_ns = is_timeout ? 30 * msec : 0;
	then.ret_op = &op;
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	then = then_tell(&behind);
	cr_assert_eq(lsk_loop_send(loop, pair[0], "\x55", 1, 0, &then), 0);
	run_idle(loop);
	if (!is_timeout)
		cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, is_timeout ? -ETIME : -ECANCELED);
	cr_assert_gt(transfer.moved, 0);
	cr_assert_lt(transfer.moved, FILE_SIZE);
	expect_bytes(loop, pair[1], 0, transfer.moved);
	run_until(loop, &behind.ends, 1);
	cr_assert_eq(behind.result, 1);
	cr_assert_eq(lsk_loop_release(loop, pair[1]), 0);
	cr_assert_eq(lsk_socket_recv(pair[1], &last, 1, 0), 1);
	cr_assert_eq(last, 0x55);
	cr_assert_eq(outcome.events, 1);
	close(transfer.range.fd);
	pair_free(pair);
}

Test_on_each_loop(loop_sendfile, tells_its_progress_at_its_deadline)
{
	stopped(loop, true);
}

Test_on_each_loop(loop_sendfile, tells_its_progress_when_it_is_cancelled)
{
	stopped(loop, false);
}

Test_on_each_loop(loop_sendfile, says_epipe_without_a_signal_and_tells_its_progress)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer transfer = {.range = {file_new(), 0, LSK_FILE_REST}};
	struct lsk_socket *pair[2];

	pair_new(pair);
	signal(SIGPIPE, SIG_DFL);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	run_idle(loop);
	cr_assert_eq(outcome.events, 0);
	lsk_socket_close(pair[1]);
	run_until(loop, &outcome.ends, 1);
	cr_assert(outcome.result == -EPIPE || outcome.result == -ECONNRESET, "%d",
		  outcome.result);
	cr_assert_gt(transfer.moved, 0);
	close(transfer.range.fd);
	pair_free(pair);
}

Test_on_each_loop(loop_sendfile, waits_for_a_pipe_and_for_its_end)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer transfer = {
		.range = {-1, LSK_FILE_POSITION, LSK_FILE_REST}};
	struct lsk_socket *pair[2];
	char buf[8];
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	transfer.range.fd = fds[0];
	pair_new(pair);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	for (int i = 0; i < 3; i++) {
		struct outcome got = {0};
		struct lsk_then told = then_tell(&got);

		run_idle(loop);
		cr_assert_eq(write(fds[1], "piped", 5), 5);
		cr_assert_eq(lsk_loop_recv(loop, pair[1], buf, 5, MSG_WAITALL, &told),
			     0);
		run_until(loop, &got.ends, 1);
		cr_assert_eq(got.result, 5);
		cr_assert_eq(outcome.ends, 0);
	}
	close(fds[1]);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 0);
	cr_assert_eq(transfer.moved, 15);
	close(fds[0]);
	pair_free(pair);
}

Test_on_each_loop(loop_sendfile, is_cancelled_while_it_waits_for_a_pipe)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer transfer = {.range = {-1, LSK_FILE_POSITION, 100}};
	struct lsk_loop_stats stats;
	struct lsk_socket *pair[2];
	struct lsk_op op;
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	transfer.range.fd = fds[0];
	pair_new(pair);
	then.ret_op = &op;
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	run_idle(loop);
	cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, -ECANCELED);
	run_idle(loop);
	cr_assert_eq(lsk_loop_stats(loop, &stats), 0);
	cr_assert_eq(stats.operations, 0, "nothing waits for the pipe any more");
	cr_assert_eq(stats.sockets, 1);
	close(fds[0]);
	close(fds[1]);
	pair_free(pair);
}

/* There is no sendfile(2) of what is written by whoever reads it. */
Test_on_each_loop(loop_sendfile, copies_what_the_kernel_cannot)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct lsk_transfer transfer = {
		.range = {fd, LSK_FILE_POSITION, LSK_FILE_REST}};
	static char wanted[65536];
	static char got[65536];
	struct lsk_socket *pair[2];
	ssize_t len = pread(fd, wanted, sizeof(wanted), 0);

	pair_new(pair);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 0);
	cr_assert_geq(transfer.moved, (uint64_t)len);
	cr_assert_eq(lsk_socket_recv(pair[1], got, (size_t)len, MSG_WAITALL), len);
	cr_assert_eq(memcmp(got, wanted, (size_t)len), 0);
	close(fd);
	pair_free(pair);
}

Test_on_each_loop(loop_sendfile, refuses_nonsense)
{
	struct lsk_transfer transfer = {.range = {-1, 0, 1}};
	struct lsk_socket *pair[2];
	int fds[2];

	pair_new(pair);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, NULL), -EBADF);
	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	transfer.range.fd = fds[0];
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, NULL), -ESPIPE);
	transfer.range.offset = -2;
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, NULL), -EINVAL);
	pair_free(pair);
	cr_assert_eq(lsk_socket_pair(pair, AF_UNIX, SOCK_DGRAM, 0), 0);
	transfer.range.offset = LSK_FILE_POSITION;
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, NULL), -EINVAL);
	cr_assert_eq(lsk_loop_splice(loop, pair[0], &transfer, NULL), -EINVAL);
	close(fds[0]);
	close(fds[1]);
	pair_free(pair);
}

/* A socket in blocking mode is one again when the loop lets go of it. */
Test_on_each_loop(loop_sendfile, leaves_the_descriptors_mode_as_it_was)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer transfer = {.range = {file_new(), 0, 10}};
	struct lsk_socket *pair[2];
	int mode;

	pair_new(pair);
	mode = fcntl(socket_fd(pair[0]), F_GETFL);
	cr_assert_not(mode & O_NONBLOCK);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(lsk_loop_release(loop, pair[0]), 0);
	cr_assert_eq(fcntl(socket_fd(pair[0]), F_GETFL), mode);
	close(transfer.range.fd);
	pair_free(pair);
}

Test_on_each_loop(loop_close, sends_the_file_first)
{
	struct outcome sent = {0};
	struct outcome closed = {0};
	struct lsk_then then = then_tell(&sent);
	struct lsk_transfer transfer = {.range = {file_new(), 0, LSK_FILE_REST}};
	struct lsk_socket *pair[2];

	pair_new(pair);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	then = then_tell(&closed);
	cr_assert_eq(lsk_loop_close(loop, pair[0], &then), 0);
	expect_bytes(loop, pair[1], 0, FILE_SIZE);
	run_until(loop, &closed.ends, 1);
	cr_assert_eq(sent.ends, 1);
	cr_assert_eq(transfer.moved, FILE_SIZE);
	close(transfer.range.fd);
	pair_free(pair);
}

Test_on_each_loop(loop_splice, receives_into_a_file)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	int fd = memfd_create("test", MFD_CLOEXEC);
	struct lsk_transfer in = {.range = {fd, 100, LSK_FILE_REST}};
	struct lsk_transfer out = {.range = {file_new(), 0, LSK_FILE_REST}};
	struct lsk_socket *pair[2];
	char *got = malloc(FILE_SIZE);

	tcp_new(pair);
	cr_assert_eq(lsk_loop_splice(loop, pair[1], &in, &then), 0);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &out, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(lsk_loop_close(loop, pair[0], NULL), 0);
	run_until(loop, &outcome.ends, 2);
	cr_assert_eq(outcome.result, 0);
	cr_assert_eq(in.moved, FILE_SIZE);
	cr_assert_eq(pread(fd, got, FILE_SIZE, 100), FILE_SIZE);
	for (size_t i = 0; i < FILE_SIZE; i++)
		cr_assert_eq(got[i], byte_at(i));
	free(got);
	close(fd);
	close(out.range.fd);
	pair_free(pair);
}

/* From socket to socket: each end of the pipe waits for the other. */
Test_on_each_loop(loop_splice, relays_to_another_socket_through_a_pipe)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer source = {.range = {file_new(), 0, LSK_FILE_REST}};
	struct lsk_transfer in = {.range = {-1, LSK_FILE_POSITION, FILE_SIZE}};
	struct lsk_transfer out = {.range = {-1, LSK_FILE_POSITION, LSK_FILE_REST}};
	struct lsk_socket *from[2];
	struct lsk_socket *to[2];
	int fds[2];

	tcp_new(from);
	pair_new(to);
	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	in.range.fd = fds[1];
	out.range.fd = fds[0];
	cr_assert_eq(lsk_loop_sendfile(loop, from[0], &source, &then), 0);
	cr_assert_eq(lsk_loop_splice(loop, from[1], &in, &then), 0);
	cr_assert_eq(lsk_loop_sendfile(loop, to[0], &out, &then), 0);
	run_idle(loop);
	expect_bytes(loop, to[1], 0, FILE_SIZE);
	run_until(loop, &outcome.ends, 2);
	cr_assert_eq(in.moved, FILE_SIZE);
	close(fds[1]);
	run_until(loop, &outcome.ends, 3);
	cr_assert_eq(outcome.result, 0);
	cr_assert_eq(out.moved, FILE_SIZE);
	close(fds[0]);
	close(source.range.fd);
	pair_free(from);
	pair_free(to);
}

Test_on_each_loop(loop_splice, times_out_while_its_pipe_is_full)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer transfer = {
		.range = {-1, LSK_FILE_POSITION, LSK_FILE_REST}};
	struct lsk_loop_stats stats;
	struct lsk_socket *pair[2];
	static char bytes[65536];
	int fds[2];

	pair_new(pair);
	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	cr_assert_gt(fcntl(fds[0], F_SETPIPE_SZ, 4096), 0);
	transfer.range.fd = fds[1];
	then.timeout_ns = 30 * msec;
	cr_assert_eq(lsk_socket_send(pair[1], bytes, sizeof(bytes), 0), sizeof(bytes));
	cr_assert_eq(lsk_loop_splice(loop, pair[0], &transfer, &then), 0);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, -ETIME);
	cr_assert_gt(transfer.moved, 0);
	cr_assert_lt(transfer.moved, sizeof(bytes));
	run_idle(loop);
	cr_assert_eq(lsk_loop_stats(loop, &stats), 0);
	cr_assert_eq(stats.operations, 0);
	close(fds[0]);
	close(fds[1]);
	pair_free(pair);
}

/* The parts of a file that are not in memory are read by the kernel's worker. */

static unsigned int decide(void *context, enum script_point point, unsigned int count,
			   const struct io_uring_sqe *sqe)
{
	unsigned int *times = context;

	(void)count;
	(void)sqe;
	if (point != SCRIPT_CACHED)
		return 0;
	++*times;
	return 1;
}

Test(loop_sendfile, leaves_the_disk_to_the_ring)
{
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer transfer = {
		.range = {file_new(), LSK_FILE_POSITION, 300000}};
	struct lsk_loop *loop = NULL;
	struct lsk_socket *pair[2];
	unsigned int times = 0;
	struct lsk_op op;

	script_begin(decide, &times);
	cr_assert_eq(loop_new(&loop, NULL, &loop_backend_uring), 0);
	pair_new(pair);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	expect_bytes(loop, pair[1], 0, 300000);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 0);
	cr_assert_geq(times, 2);
	cr_assert_eq(lseek(transfer.range.fd, 0, SEEK_CUR), 300000);
	/* What is in the pipe when it is stopped has not been sent. */
	transfer.range.count = LSK_FILE_REST;
	then.ret_op = &op;
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	run_idle(loop);
	cr_assert_eq(lsk_loop_cancel(loop, op), 0);
	run_until(loop, &outcome.ends, 2);
	cr_assert_eq(outcome.result, -ECANCELED);
	cr_assert_eq(lseek(transfer.range.fd, 0, SEEK_CUR),
		     300000 + (off_t)transfer.moved);
	expect_bytes(loop, pair[1], 300000, transfer.moved);
	close(transfer.range.fd);
	pair_free(pair);
	lsk_loop_free(loop);
	script_end();
}

/* The same of a real kernel, as far as the file system gives its pages back. */
Test(loop_sendfile, reads_what_is_on_the_disk_alone)
{
	const struct lsk_loop_options options = {0};
	struct lsk_loop *loop = loop_for_test(&options);
	char path[] = "/var/tmp/linsock-test-XXXXXX";
	struct outcome outcome = {0};
	struct lsk_then then = then_tell(&outcome);
	struct lsk_transfer transfer = {.range = {-1, 0, LSK_FILE_REST}};
	struct lsk_socket *pair[2];
	int from = file_new();
	off_t offset = 0;

	transfer.range.fd = mkstemp(path);
	cr_assert_geq(transfer.range.fd, 0);
	unlink(path);
	/* In parts, where something interrupts it. */
	while (offset < FILE_SIZE)
		cr_assert_gt(sendfile(transfer.range.fd, from, &offset,
				      (size_t)(FILE_SIZE - offset)),
			     0);
	fsync(transfer.range.fd);
	posix_fadvise(transfer.range.fd, 0, 0, POSIX_FADV_DONTNEED);
	tcp_new(pair);
	cr_assert_eq(lsk_loop_sendfile(loop, pair[0], &transfer, &then), 0);
	expect_bytes(loop, pair[1], 0, FILE_SIZE);
	run_until(loop, &outcome.ends, 1);
	cr_assert_eq(outcome.result, 0);
	cr_assert_eq(transfer.moved, FILE_SIZE);
	close(from);
	close(transfer.range.fd);
	pair_free(pair);
	lsk_loop_free(loop);
}
