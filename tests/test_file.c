/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linsock/error.h>
#include <linsock/file.h>

#include "tests/support/sockets.h"

TestSuite(sendfile, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(makefile, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(reader, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);

/* A file of @len bytes that can be told apart. */
static int file_make(size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	char *bytes = malloc(len ? len : 1);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * 13 + i / 257);
	cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	free(bytes);
	return fd;
}

struct sink {
	size_t start; /* offset of the first byte expected */
	size_t len;
	int is_right;
};

static void sink_read(struct sleeper *sleeper)
{
	struct sink *sink = sleeper->context;
	static char buf[65536];
	size_t at = sink->start;
	ssize_t count;

	sink->is_right = 1;
	while ((count = lsk_socket_recv(sleeper->sock, buf, sizeof(buf), 0)) > 0)
		for (ssize_t i = 0; i < count; i++, at++)
			if (buf[i] != (char)(at * 13 + at / 257))
				sink->is_right = 0;
	sink->len = at - sink->start;
	sleeper->result = count;
}

/* Send @range in the mode of @timeout_ns and compare what arrives. */
static void assert_sends(const struct lsk_file_range *range, int64_t timeout_ns,
			 size_t start, size_t expected)
{
	struct sink sink = {.start = start};
	struct sleeper sleeper = {.function = sink_read, .context = &sink};
	struct lsk_socket *pair[2];
	uint64_t sent = 0;

	tcp_pair_make(pair);
	lsk_socket_set_timeout(pair[0], timeout_ns);
	sleeper.sock = pair[1];
	sleeper_start(&sleeper);
	cr_assert_eq(lsk_socket_sendfile(pair[0], range, &sent), 0);
	cr_assert_eq(sent, expected);
	cr_assert_eq(!!(fcntl(lsk_socket_fd(pair[0]), F_GETFL) & O_NONBLOCK),
		     timeout_ns >= 0, "the mode is left as it was");
	lsk_socket_shutdown(pair[0], SHUT_WR);
	cr_assert_eq(sleeper_join(&sleeper), 0);
	cr_assert_eq(sink.len, expected);
	cr_assert(sink.is_right);
	pair_free(pair);
}

static const int64_t modes[] = {LSK_BLOCK, 20000 * MSEC};

Test(sendfile, whole_file_arrives_in_every_mode)
{
	for (int i = 0; i < 2; i++) {
		int fd = file_make(10 * 1000 * 1000 + 3);

		assert_sends(&(struct lsk_file_range){fd, 0, LSK_FILE_REST}, modes[i],
			     0, 10 * 1000 * 1000 + 3);
		cr_assert_eq(lseek(fd, 0, SEEK_CUR), 0,
			     "an offset leaves the position");
		close(fd);
	}
}

Test(sendfile, offset_and_count_are_kept_to)
{
	int fd = file_make(100000);

	assert_sends(&(struct lsk_file_range){fd, 777, 5000}, LSK_BLOCK, 777, 5000);
	assert_sends(&(struct lsk_file_range){fd, 99000, 5000}, LSK_BLOCK, 99000, 1000);
	assert_sends(&(struct lsk_file_range){fd, 200000, 5000}, LSK_BLOCK, 0, 0);
	assert_sends(&(struct lsk_file_range){fd, 0, 0}, LSK_BLOCK, 0, 0);
	lseek(fd, 500, SEEK_SET);
	assert_sends(&(struct lsk_file_range){fd, LSK_FILE_POSITION, 600}, LSK_BLOCK,
		     500, 600);
	cr_assert_eq(lseek(fd, 0, SEEK_CUR), 1100, "the position moves on");
	close(fd);
}

Test(sendfile, empty_file_sends_nothing)
{
	int fd = file_make(0);

	assert_sends(&(struct lsk_file_range){fd, 0, LSK_FILE_REST}, LSK_BLOCK, 0, 0);
	close(fd);
}

struct pipe_writer {
	int fd;
	size_t len;
};

static void pipe_write(struct sleeper *sleeper)
{
	struct pipe_writer *writer = sleeper->context;
	char byte;

	for (size_t i = 0; i < writer->len;) {
		char chunk[4096];
		size_t some = 0;

		for (; some < sizeof(chunk) && i < writer->len; i++)
			chunk[some++] = (char)(i * 13 + i / 257);
		sleeper->result = write(writer->fd, chunk, some);
	}
	(void)byte;
	close(writer->fd);
}

Test(sendfile, pipes_are_spliced)
{
	struct pipe_writer writer = {.len = 3000000};
	struct sleeper sleeper = {.function = pipe_write, .context = &writer};
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	writer.fd = fds[1];
	sleeper_start(&sleeper);
	assert_sends(&(struct lsk_file_range){fds[0], LSK_FILE_POSITION, LSK_FILE_REST},
		     LSK_BLOCK, 0, 3000000);
	sleeper_join(&sleeper);
	close(fds[0]);
}

Test(sendfile, other_sockets_are_read_and_sent)
{
	struct lsk_socket *source[2];
	struct pipe_writer writer = {.len = 300000};
	struct sleeper sleeper = {.function = pipe_write, .context = &writer};
	int fd;

	pair_make(source);
	writer.fd = lsk_socket_detach(source[0]);
	fd = lsk_socket_fd(source[1]);
	sleeper_start(&sleeper);
	assert_sends(&(struct lsk_file_range){fd, LSK_FILE_POSITION, LSK_FILE_REST},
		     LSK_BLOCK, 0, 300000);
	sleeper_join(&sleeper);
	pair_free(source);
}

Test(sendfile, deadline_tells_the_progress)
{
	int fd = file_make(50 * 1000 * 1000);
	struct lsk_file_range range = {fd, LSK_FILE_POSITION, LSK_FILE_REST};
	struct lsk_socket *pair[2];
	uint64_t sent = 0;

	tcp_pair_make(pair);
	lsk_socket_set_timeout(pair[0], 20 * MSEC);
	cr_assert_eq(lsk_socket_sendfile(pair[0], &range, &sent), -ETIME);
	cr_assert_gt(sent, 0);
	cr_assert_lt(sent, 50 * 1000 * 1000);
	cr_assert_eq(lseek(fd, 0, SEEK_CUR), (off_t)sent);
	close(fd);
	pair_free(pair);
}

Test(sendfile, silent_pipe_ends_with_the_deadline)
{
	struct lsk_socket *pair[2];
	struct lsk_file_range range = {.offset = LSK_FILE_POSITION,
				       .count = LSK_FILE_REST};
	int fds[2];

	cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
	range.fd = fds[0];
	pair_make(pair);
	lsk_socket_set_timeout(pair[0], 5 * MSEC);
	cr_assert_eq(lsk_socket_sendfile(pair[0], &range, NULL), -ETIME);
	close(fds[0]);
	close(fds[1]);
	pair_free(pair);
}

static void send_file(struct sleeper *sleeper)
{
	sleeper->result = lsk_socket_sendfile(sleeper->sock, sleeper->context, NULL);
}

Test(sendfile, close_in_another_thread_ends_it)
{
	for (int i = 0; i < 2; i++) {
		int fd = file_make(50 * 1000 * 1000);
		struct lsk_file_range range = {fd, 0, LSK_FILE_REST};
		struct sleeper sleeper = {.function = send_file, .context = &range};
		struct lsk_socket *pair[2];

		tcp_pair_make(pair);
		lsk_socket_set_timeout(pair[0], modes[i]);
		sleeper.sock = pair[0];
		sleeper_start(&sleeper);
		sleeper_wait_asleep(&sleeper);
		cr_assert_eq(lsk_socket_close(pair[0]), 0);
		cr_assert_eq(sleeper_join(&sleeper), -EBADF);
		close(fd);
		pair_free(pair);
	}
}

Test(sendfile, peer_that_is_gone_is_epipe)
{
	int fd = file_make(1000);
	struct lsk_file_range range = {fd, 0, LSK_FILE_REST};
	struct lsk_socket *pair[2];

	pair_make(pair);
	lsk_socket_close(pair[1]);
	cr_assert_eq(lsk_socket_sendfile(pair[0], &range, NULL), -EPIPE);
	close(fd);
	pair_free(pair);
}

Test(sendfile, nonsense_is_refused)
{
	int fd = file_make(10);
	struct lsk_file_range range = {fd, 0, LSK_FILE_REST};
	struct lsk_socket *pair[2];
	struct lsk_socket *datagram;

	pair_make(pair);
	cr_assert_eq(lsk_socket_sendfile(NULL, &range, NULL), -EINVAL);
	cr_assert_eq(lsk_socket_sendfile(pair[0], NULL, NULL), -EINVAL);
	range.offset = -2;
	cr_assert_eq(lsk_socket_sendfile(pair[0], &range, NULL), -EINVAL);
	range = (struct lsk_file_range){fd, 0, -2};
	cr_assert_eq(lsk_socket_sendfile(pair[0], &range, NULL), -EINVAL);
	range = (struct lsk_file_range){-1, 0, LSK_FILE_REST};
	cr_assert_eq(lsk_socket_sendfile(pair[0], &range, NULL), -EBADF);
	range.fd = fd;
	lsk_socket_set_timeout(pair[0], 0);
	cr_assert_eq(lsk_socket_sendfile(pair[0], &range, NULL), -EINVAL);
	lsk_socket_close(pair[0]);
	cr_assert_eq(lsk_socket_sendfile(pair[0], &range, NULL), -EBADF);
	cr_assert_eq(lsk_socket_new(&datagram, AF_INET, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_socket_sendfile(datagram, &range, NULL), -EINVAL);
	lsk_socket_free(datagram);
	close(fd);
	pair_free(pair);
}

Test(makefile, lines_go_both_ways_over_one_stream)
{
	struct lsk_socket *pair[2];
	char line[64];
	FILE *a;
	FILE *b;

	pair_make(pair);
	cr_assert_eq(lsk_socket_makefile(pair[0], "rw", &a), 0);
	cr_assert_eq(lsk_socket_makefile(pair[1], "rwb", &b), 0);
	for (int i = 0; i < 3; i++) {
		cr_assert_gt(fprintf(a, "question %d\nmore\n", i), 0);
		cr_assert_not_null(fgets(line, sizeof(line), b));
		cr_assert_eq(line[9], '0' + i);
		cr_assert_gt(fprintf(b, "answer %d\n", i), 0);
		cr_assert_not_null(fgets(line, sizeof(line), b), "input is kept");
		cr_assert_str_eq(line, "more\n");
		cr_assert_not_null(fgets(line, sizeof(line), a));
		cr_assert_eq(line[7], '0' + i);
	}
	cr_assert_eq(fclose(a), 0);
	cr_assert_eq(fclose(b), 0);
	pair_free(pair);
}

Test(makefile, one_way_streams_are_buffered)
{
	struct lsk_socket *pair[2];
	char line[64];
	char byte;
	FILE *out;
	FILE *in;

	pair_make(pair);
	cr_assert_eq(lsk_socket_makefile(pair[0], "w", &out), 0);
	cr_assert_eq(lsk_socket_makefile(pair[1], "r", &in), 0);
	fputs("hello\nworld\n", out);
	cr_assert_eq(lsk_socket_recv(pair[1], &byte, 1, MSG_DONTWAIT | MSG_PEEK),
		     -EAGAIN);
	cr_assert_eq(fflush(out), 0);
	cr_assert_not_null(fgets(line, sizeof(line), in));
	cr_assert_str_eq(line, "hello\n");
	cr_assert_eq(fclose(out), 0);
	lsk_socket_close(pair[0]);
	cr_assert_not_null(fgets(line, sizeof(line), in));
	cr_assert_str_eq(line, "world\n");
	cr_assert_null(fgets(line, sizeof(line), in));
	cr_assert(feof(in));
	cr_assert_eq(fclose(in), 0);
	pair_free(pair);
}

/* The row "close()": the descriptor closes when the socket and all files are closed. */
Test(makefile, descriptor_closes_with_the_last_stream)
{
	struct lsk_socket *pair[2];
	FILE *first;
	FILE *second;
	FILE *third;
	int fd;

	pair_make(pair);
	fd = lsk_socket_fd(pair[0]);
	cr_assert_eq(lsk_socket_makefile(pair[0], "r", &first), 0);
	cr_assert_eq(lsk_socket_makefile(pair[0], "w", &second), 0);
	cr_assert_eq(lsk_socket_close(pair[0]), 0);
	cr_assert_eq(lsk_socket_close(pair[0]), -EBADF);
	cr_assert_eq(lsk_socket_fd(pair[0]), fd, "valid until then");
	cr_assert_eq(lsk_socket_makefile(pair[0], "r", &third), -EBADF);
	fputs("x", second);
	cr_assert_eq(fclose(first), 0);
	cr_assert_eq(lsk_socket_fd(pair[0]), fd);
	cr_assert_eq(fclose(second), 0);
	cr_assert_eq(lsk_socket_fd(pair[0]), -EBADF);
	cr_assert_eq(fcntl(fd, F_GETFD), -1);
	pair_free(pair);
}

Test(makefile, stream_outlives_the_callers_reference)
{
	struct lsk_socket *pair[2];
	FILE *file;

	pair_make(pair);
	cr_assert_eq(lsk_socket_makefile(pair[0], "w", &file), 0);
	pair[0] = lsk_socket_free(pair[0]);
	cr_assert_eq(fputs("x", file), 1);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(lsk_socket_recv(pair[1], (char[4]){0}, 4, 0), 1);
	cr_assert_eq(lsk_socket_recv(pair[1], (char[4]){0}, 4, 0), 0);
	pair_free(pair);
}

/* What CPython poisons: gh-80109. */
Test(makefile, reading_goes_on_after_a_timeout)
{
	for (int i = 0; i < 2; i++) {
		struct lsk_socket *pair[2];
		char buf[16] = "";
		FILE *file;

		pair_make(pair);
		lsk_socket_set_timeout(pair[0], 5 * MSEC);
		cr_assert_eq(lsk_socket_makefile(pair[0], i ? "rw" : "r", &file), 0);
		lsk_socket_send(pair[1], "abc", 3, 0);
		cr_assert_eq(fread(buf, 1, 6, file), 3);
		cr_assert_eq(errno, ETIME);
		cr_assert(ferror(file));
		clearerr(file);
		lsk_socket_send(pair[1], "def", 3, 0);
		cr_assert_eq(fread(buf + 3, 1, 3, file), 3);
		cr_assert_str_eq(buf, "abcdef");
		fclose(file);
		pair_free(pair);
	}
}

Test(makefile, writing_to_a_gone_peer_is_an_error)
{
	struct lsk_socket *pair[2];
	FILE *file;

	pair_make(pair);
	cr_assert_eq(lsk_socket_makefile(pair[0], "w", &file), 0);
	lsk_socket_close(pair[1]);
	fputs("x", file);
	cr_assert_eq(fflush(file), EOF);
	cr_assert_eq(errno, EPIPE);
	fclose(file);
	pair_free(pair);
}

Test(makefile, other_modes_are_refused)
{
	static const char *const wrong[] = {"", "b", "a", "r+", "rr", "rwx", "rbb"};
	struct lsk_socket *pair[2];
	FILE *file = NULL;

	pair_make(pair);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_assert_eq(lsk_socket_makefile(pair[0], wrong[i], &file), -EINVAL,
			     "%s", wrong[i]);
	cr_assert_eq(lsk_socket_makefile(pair[0], NULL, &file), -EINVAL);
	cr_assert_eq(lsk_socket_makefile(pair[0], "r", NULL), -EINVAL);
	cr_assert_eq(lsk_socket_makefile(NULL, "r", &file), -EINVAL);
	lsk_socket_close(pair[0]);
	cr_assert_eq(lsk_socket_makefile(pair[0], "r", &file), -EBADF);
	pair_free(pair);
}

Test(reader, lines_come_one_by_one)
{
	struct lsk_socket *pair[2];
	struct lsk_reader *reader;
	const char *line;

	pair_make(pair);
	cr_assert_eq(lsk_reader_new(&reader, pair[0], 64), 0);
	lsk_socket_send(pair[1], "one\ntwo\n\nlast", 13, 0);
	lsk_socket_shutdown(pair[1], SHUT_WR);
	cr_assert_eq(lsk_reader_until(reader, '\n', &line), 4);
	cr_assert_arr_eq(line, "one\n", 4);
	cr_assert_eq(lsk_reader_until(reader, '\n', &line), 4);
	cr_assert_eq(lsk_reader_until(reader, '\n', &line), 1);
	cr_assert_eq(lsk_reader_until(reader, '\n', &line), 4);
	cr_assert_arr_eq(line, "last", 4);
	cr_assert_eq(lsk_reader_until(reader, '\n', &line), 0);
	cr_assert_null(lsk_reader_free(reader));
	pair_free(pair);
}

Test(reader, begun_line_survives_a_timeout)
{
	struct lsk_socket *pair[2];
	struct lsk_reader *reader;
	const char *line;

	pair_make(pair);
	lsk_socket_set_timeout(pair[0], 5 * MSEC);
	cr_assert_eq(lsk_reader_new(&reader, pair[0], 64), 0);
	lsk_socket_send(pair[1], "be", 2, 0);
	cr_assert_eq(lsk_reader_until(reader, '\n', &line), -ETIME);
	cr_assert_eq(lsk_reader_buffered(reader), 2);
	lsk_socket_send(pair[1], "gun\nnext", 8, 0);
	cr_assert_eq(lsk_reader_until(reader, '\n', &line), 6);
	cr_assert_arr_eq(line, "begun\n", 6);
	cr_assert_eq(lsk_reader_buffered(reader), 4);
	lsk_reader_free(reader);
	pair_free(pair);
}

Test(reader, line_longer_than_the_buffer_is_told_and_kept)
{
	struct lsk_socket *pair[2];
	struct lsk_reader *reader;
	const char *line;
	char buf[16] = "";

	pair_make(pair);
	cr_assert_eq(lsk_reader_new(&reader, pair[0], 8), 0);
	lsk_socket_send(pair[1], "0123456789\nx\n", 13, 0);
	cr_assert_eq(lsk_reader_until(reader, '\n', &line), LSK_ERR_LENGTH);
	cr_assert_eq(lsk_reader_until(reader, '\n', &line), LSK_ERR_LENGTH);
	cr_assert_eq(lsk_reader_read(reader, buf, 5), 5);
	cr_assert_str_eq(buf, "01234");
	cr_assert_eq(lsk_reader_until(reader, '\n', &line), 6);
	cr_assert_arr_eq(line, "56789\n", 6);
	cr_assert_eq(lsk_reader_until(reader, 'x', &line), 1);
	cr_assert_eq(lsk_reader_read(reader, buf, 16), 1);
	lsk_reader_free(reader);
	pair_free(pair);
}

Test(reader, nonsense_is_refused)
{
	struct lsk_socket *pair[2];
	struct lsk_reader *reader;
	const char *line;
	char byte;

	pair_make(pair);
	cr_assert_eq(lsk_reader_new(&reader, pair[0], 0), -EINVAL);
	cr_assert_eq(lsk_reader_new(&reader, pair[0], SIZE_MAX), -EINVAL);
	cr_assert_eq(lsk_reader_new(&reader, NULL, 1), -EINVAL);
	cr_assert_eq(lsk_reader_new(NULL, pair[0], 1), -EINVAL);
	cr_assert_eq(lsk_reader_until(NULL, 'x', &line), -EINVAL);
	cr_assert_eq(lsk_reader_read(NULL, &byte, 1), -EINVAL);
	cr_assert_eq(lsk_reader_buffered(NULL), 0);
	cr_assert_null(lsk_reader_free(NULL));
	pair_free(pair);
}
