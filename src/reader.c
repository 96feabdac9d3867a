/* SPDX-License-Identifier: MIT */
/* A bounded buffer in front of a socket; what is in it survives every error. */
#include "src/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/error.h>

struct lsk_reader {
	struct lsk_socket *sock;
	size_t size;
	size_t start; /* of what is not taken yet */
	size_t end;
	size_t seen; /* bytes from start on that hold no delimiter */
	char delimiter;
	char buf[];
};

int lsk_reader_new(struct lsk_reader **ret_reader, struct lsk_socket *sock, size_t size)
{
	struct lsk_reader *reader;

	if (!ret_reader || !sock || size == 0 || size > SIZE_MAX / 2)
		return -EINVAL;
	reader = calloc(1, sizeof(*reader) + size);
	if (!reader)
		return -ENOMEM;
	reader->sock = lsk_socket_ref(sock);
	reader->size = size;
	*ret_reader = reader;
	return 0;
}

struct lsk_reader *lsk_reader_free(struct lsk_reader *reader)
{
	if (!reader)
		return NULL;
	lsk_socket_free(reader->sock);
	free(reader);
	return NULL;
}

size_t lsk_reader_buffered(const struct lsk_reader *reader)
{
	return reader ? reader->end - reader->start : 0;
}

static size_t take(struct lsk_reader *reader, size_t len)
{
	reader->start += len;
	reader->seen = 0;
	return len;
}

ssize_t reader_fill(struct lsk_reader *reader)
{
	ssize_t count;

	if (reader->start > 0) {
		reader->end -= reader->start;
		memmove(reader->buf, reader->buf + reader->start, reader->end);
		reader->start = 0;
	}
	if (reader->end == reader->size)
		return LSK_ERR_LENGTH;
	count = lsk_socket_recv(reader->sock, reader->buf + reader->end,
				reader->size - reader->end, 0);
	if (count > 0)
		reader->end += (size_t)count;
	return count;
}

ssize_t lsk_reader_until(struct lsk_reader *reader, char delimiter,
			 const char **ret_record)
{
	ssize_t count = 1;

	if (!reader || !ret_record)
		return -EINVAL;
	if (reader->delimiter != delimiter)
		reader->seen = 0;
	reader->delimiter = delimiter;
	while (count > 0) {
		size_t len = lsk_reader_buffered(reader);
		const char *start = reader->buf + reader->start;
		const char *found =
			memchr(start + reader->seen, delimiter, len - reader->seen);

		if (found) {
			*ret_record = start;
			return (ssize_t)take(reader, (size_t)(found - start) + 1);
		}
		/* A long line is not searched again from its beginning. */
		reader->seen = len;
		count = reader_fill(reader);
	}
	if (count == 0 && lsk_reader_buffered(reader) > 0) {
		*ret_record = reader->buf + reader->start;
		return (ssize_t)take(reader, lsk_reader_buffered(reader));
	}
	return count;
}

ssize_t lsk_reader_read(struct lsk_reader *reader, void *buf, size_t len)
{
	size_t here = lsk_reader_buffered(reader);

	if (!reader || !buf)
		return -EINVAL;
	if (here == 0)
		return lsk_socket_recv(reader->sock, buf, len, 0);
	if (len > here)
		len = here;
	memcpy(buf, reader->buf + reader->start, len);
	return (ssize_t)take(reader, len);
}
