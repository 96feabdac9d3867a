/* SPDX-License-Identifier: MIT */
/* linsock cat: the two directions, each a thread that blocks. */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cat.h"
#include "tools/progress.h"

#define STREAM_SIZE   ((size_t)128 * 1024)
#define MESSAGE_SIZE  ((size_t)64 * 1024)
/* A UNIX socket's messages may be as long as its buffer. */
#define MESSAGE_ROOM  ((size_t)256 * 1024)
#define SENDFILE_SIZE ((size_t)64 * 1024)

#define WINDOW_SIZE ((size_t)2 * 1024 * 1024)

static void direction_count(struct cat_direction *direction, size_t bytes)
{
	atomic_fetch_add_explicit(&direction->bytes, bytes, memory_order_relaxed);
	atomic_fetch_add_explicit(&direction->calls, 1, memory_order_relaxed);
	atomic_store_explicit(&direction->cat->active_ns, monotonic_ns(),
			      memory_order_relaxed);
}

static void *direction_end(struct cat_direction *direction, int error, const char *what)
{
	direction->error = error;
	direction->what = what;
	atomic_store(&direction->has_ended, true);
	/* Cannot fail: the counter is far from its limit. */
	eventfd_write(direction->cat->event_fd, 1);
	return NULL;
}

static bool is_stream(const struct cat *cat)
{
	return lsk_socket_type(cat->sock) == SOCK_STREAM;
}

static size_t read_size(const struct cat *cat)
{
	if (cat->options.size > 0)
		return cat->options.size;
	return is_stream(cat) ? STREAM_SIZE : MESSAGE_SIZE;
}

static ssize_t read_stdin(struct cat_direction *direction, void *buf, size_t len)
{
	ssize_t count;

	atomic_store(&direction->cat->active_ns, monotonic_ns());
	atomic_store(&direction->is_waiting, true);
	do
		count = read(STDIN_FILENO, buf, len);
	while (count < 0 && errno == EINTR);
	atomic_store(&direction->is_waiting, false);
	return count < 0 ? -errno : count;
}

static int write_stdout(const unsigned char *buf, size_t len)
{
	while (len > 0) {
		ssize_t count = write(STDOUT_FILENO, buf, len);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0) {
			buf += count;
			len -= (size_t)count;
		}
	}
	return 0;
}

static bool is_file_for_stream(const struct cat *cat, off_t *ret_size)
{
	struct stat status;

	if (!is_stream(cat) || fstat(STDIN_FILENO, &status) < 0 ||
	    !S_ISREG(status.st_mode))
		return false;
	*ret_size = status.st_size;
	return true;
}

/* From the present position to the end. Return: 0, or why it stopped. */
static int send_file(struct cat_direction *direction)
{
	const struct lsk_file_range range = {
		.fd = STDIN_FILENO,
		.offset = LSK_FILE_POSITION,
		.count = (int64_t)read_size(direction->cat),
	};
	uint64_t sent = 0;
	int r;

	do {
		r = lsk_socket_sendfile(direction->cat->sock, &range, &sent);
		if (sent > 0)
			direction_count(direction, sent);
	} while (r == 0 && sent > 0);
	return r;
}

/* Send what is mapped. Return: 0; -EFAULT where the file has become shorter. */
static int send_window(struct cat_direction *direction, const unsigned char *bytes,
		       size_t len, size_t *ret_sent)
{
	const struct cat *cat = direction->cat;
	const size_t piece = read_size(cat);
	size_t done = 0;
	int r = 0;

	while (r == 0 && done < len) {
		const size_t left = len - done;
		size_t sent = 0;

		r = lsk_socket_sendall(cat->sock, bytes + done,
				       left < piece ? left : piece, 0, &sent);
		done += sent;
		if (sent > 0)
			direction_count(direction, sent);
	}
	*ret_sent = done;
	return r;
}

/*
 * From the present position to @size, as far as it can be mapped; the position is then
 * where it stopped, so that what is left is read. Return: 0, or why a send failed.
 */
static int send_mapped(struct cat_direction *direction, off_t size)
{
	const off_t page = sysconf(_SC_PAGESIZE);
	off_t at = lseek(STDIN_FILENO, 0, SEEK_CUR);
	int r = 0;

	while (r == 0 && at >= 0 && at < size) {
		const size_t skipped = (size_t)(at % page);
		const off_t rest = size - at + (off_t)skipped;
		const size_t len =
			rest < (off_t)WINDOW_SIZE ? (size_t)rest : WINDOW_SIZE;
		size_t sent;
		unsigned char *window = mmap(NULL, len, PROT_READ, MAP_SHARED,
					     STDIN_FILENO, at - (off_t)skipped);

		if (window == MAP_FAILED)
			break;
		r = send_window(direction, window + skipped, len - skipped, &sent);
		munmap(window, len);
		at += (off_t)sent;
	}
	if (at >= 0)
		lseek(STDIN_FILENO, at, SEEK_SET);
	return r == -EFAULT ? 0 : r;
}

/* Return: 0; negative, and what failed. */
static int send_stdin(struct cat_direction *direction, const char **ret_what)
{
	size_t size = read_size(direction->cat);
	unsigned char *buf = malloc(size);
	ssize_t count = buf ? read_stdin(direction, buf, size) : -ENOMEM;
	int r = 0;

	for (; count > 0; count = read_stdin(direction, buf, size)) {
		r = lsk_socket_sendall(direction->cat->sock, buf, (size_t)count, 0,
				       NULL);
		if (r < 0)
			break;
		direction_count(direction, (size_t)count);
	}
	free(buf);
	if (count < 0) {
		*ret_what = "stdin";
		return (int)count;
	}
	return r;
}

void *cat_send(void *context)
{
	struct cat_direction *direction = context;
	struct cat *cat = direction->cat;
	const char *what = "send";
	off_t size = 0;
	const bool is_file = is_file_for_stream(cat, &size);
	int r = 0;

	/* It passes the file by this process; about small pieces it does more than a
	 * copy costs, so those are sent from where the file is mapped. */
	if (is_file && read_size(cat) >= SENDFILE_SIZE) {
		r = send_file(direction);
	} else {
		if (is_file)
			r = send_mapped(direction, size);
		if (r == 0)
			r = send_stdin(direction, &what);
	}
	if (r == 0 && cat->options.eof == CAT_EOF_HALF && cat->has_half_close) {
		what = "shutdown";
		r = lsk_socket_shutdown(cat->sock, SHUT_WR);
		/* The peer was faster: nothing is left to be ended. */
		r = r == -ENOTCONN ? 0 : r;
	}
	return direction_end(direction, r, what);
}

void *cat_receive(void *context)
{
	struct cat_direction *direction = context;
	struct cat *cat = direction->cat;
	/* Room for any message, whatever size ours have. */
	size_t size = is_stream(cat) ? read_size(cat) : MESSAGE_ROOM;
	unsigned char *buf = malloc(size);
	const char *what = "receive";
	int r = buf ? 0 : -ENOMEM;

	while (r == 0) {
		ssize_t count = lsk_socket_recv(cat->sock, buf, size, 0);

		if (count < 0) {
			r = (int)count;
			break;
		}
		if (count == 0 && cat->has_connections)
			break;
		direction_count(direction, (size_t)count);
		r = write_stdout(buf, (size_t)count);
		if (r < 0)
			what = "stdout";
	}
	free(buf);
	return direction_end(direction, r, what);
}
