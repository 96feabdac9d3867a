/* SPDX-License-Identifier: MIT */
/*
 * A socket as a stdio stream. In one direction stdio buffers; in both it cannot, since
 * it has one buffer and would have to seek between reading and writing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/file.h>

#include "src/reader.h"
#include "src/socket.h"

#define BUFFER_SIZE 8192

struct stream {
	struct lsk_socket *sock;
	struct lsk_reader *reader; /* streams for both directions only */
};

/* Into stdio's convention, whose errors are positive and in errno. */
static ssize_t stdio_result(ssize_t result)
{
	if (result >= 0)
		return result;
	errno = result > -4096 ? (int)-result : EIO;
	return -1;
}

static ssize_t stream_read(void *cookie, char *buf, size_t len)
{
	struct stream *stream = cookie;

	if (stream->reader) {
		/* stdio asks for one byte at a time: let the buffer fill up. */
		if (lsk_reader_buffered(stream->reader) == 0) {
			ssize_t count = reader_fill(stream->reader);

			if (count <= 0)
				return stdio_result(count);
		}
		return stdio_result(lsk_reader_read(stream->reader, buf, len));
	}
	return stdio_result(lsk_socket_recv(stream->sock, buf, len, 0));
}

static ssize_t stream_write(void *cookie, const char *buf, size_t len)
{
	struct stream *stream = cookie;
	size_t sent;
	int r;

	r = lsk_socket_sendall(stream->sock, buf, len, 0, &sent);
	/* What went out is told, the error with the next call. 0 is stdio's failure. */
	if (sent > 0)
		return (ssize_t)sent;
	if (r == 0)
		return 0;
	stdio_result(r);
	return 0;
}

static int stream_close(void *cookie)
{
	struct stream *stream = cookie;
	int r;

	r = socket_release(stream->sock);
	lsk_reader_free(stream->reader);
	lsk_socket_free(stream->sock);
	free(stream);
	return (int)stdio_result(r);
}

/* "r", "w", "rw", each with a "b" anywhere. Return: the mode of fopencookie(3). */
static const char *stdio_mode(const char *mode)
{
	bool can_read = strchr(mode, 'r') != NULL;
	bool can_write = strchr(mode, 'w') != NULL;

	if (mode[strspn(mode, "rwb")] != '\0' ||
	    strlen(mode) > (size_t)can_read + can_write + (strchr(mode, 'b') != NULL))
		return NULL;
	if (can_read && can_write)
		return "r+";
	return can_read ? "r" : can_write ? "w" : NULL;
}

static int stream_open(struct stream *stream, const char *mode, FILE **ret_file)
{
	const cookie_io_functions_t functions = {
		.read = stream_read,
		.write = stream_write,
		.close = stream_close,
	};
	bool is_both = mode[1] == '+';
	FILE *file;
	int r;

	if (is_both) {
		r = lsk_reader_new(&stream->reader, stream->sock, BUFFER_SIZE);
		if (r < 0)
			return r;
	}
	file = fopencookie(stream, mode, functions);
	if (!file) {
		lsk_reader_free(stream->reader);
		return -ENOMEM;
	}
	if (is_both)
		setvbuf(file, NULL, _IONBF, 0);
	*ret_file = file;
	return 0;
}

int lsk_socket_makefile(struct lsk_socket *sock, const char *mode, FILE **ret_file)
{
	const char *wanted = mode ? stdio_mode(mode) : NULL;
	struct stream *stream;
	int r;

	if (!sock || !wanted || !ret_file)
		return -EINVAL;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	r = socket_hold(sock);
	if (r < 0) {
		free(stream);
		return r;
	}
	stream->sock = lsk_socket_ref(sock);
	r = stream_open(stream, wanted, ret_file);
	if (r < 0) {
		socket_release(sock);
		lsk_socket_free(sock);
		free(stream);
	}
	return r;
}
