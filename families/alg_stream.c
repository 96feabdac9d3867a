/* SPDX-License-Identifier: MIT */
/*
 * Streams: an operation socket that is told of more to come (MSG_MORE). A cipher's
 * gives whole blocks back and keeps the rest; a receive that would have to wait for a
 * block says EAGAIN.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "families/alg.h"
#include "uring/util.h"

/* Bytes that are with the kernel at one time. */
#define STREAM_PIECE 65536

struct lsk_alg_stream {
	struct lsk_alg *alg;
	int fd;
	bool is_begun;  /* the kernel has direction and IV */
	size_t pending; /* a cipher's bytes that have not come back */
	struct alg_control control;
};

static int stream_make(struct lsk_alg *alg, int fd, struct lsk_alg_stream **ret_stream)
{
	struct lsk_alg_stream *stream;

	if (fd < 0)
		return fd;
	stream = calloc(1, sizeof(*stream));
	if (!stream) {
		close(fd);
		return -ENOMEM;
	}
	stream->alg = alg;
	stream->fd = fd;
	alg->flying++;
	*ret_stream = stream;
	return 0;
}

int lsk_alg_stream_new(struct lsk_alg *alg, struct lsk_alg_stream **ret_stream,
		       const struct lsk_alg_request *start)
{
	struct lsk_alg_stream *stream;
	int r;

	if (!alg || !ret_stream || (alg->type == ALG_SKCIPHER && !start))
		return -EINVAL;
	if (alg->type != ALG_HASH && !alg->is_chaining)
		return -EOPNOTSUPP;
	r = stream_make(alg, alg_accept(alg), &stream);
	if (r < 0)
		return r;
	if (start) {
		const struct lsk_afalg what = {
			.op = start->is_encryption ? ALG_OP_ENCRYPT : ALG_OP_DECRYPT,
			.iv = start->iv,
			.iv_len = start->iv_len,
			.assoc_len = -1,
		};

		r = alg_control_fill(&stream->control, &what);
	}
	if (r < 0)
		lsk_alg_stream_free(stream);
	else
		*ret_stream = stream;
	return r;
}

struct lsk_alg_stream *lsk_alg_stream_free(struct lsk_alg_stream *stream)
{
	if (!stream)
		return NULL;
	close(stream->fd);
	stream->alg->flying--;
	free(stream);
	return NULL;
}

int lsk_alg_stream_clone(struct lsk_alg_stream *stream,
			 struct lsk_alg_stream **ret_stream)
{
	int fd;

	if (!stream || !ret_stream)
		return -EINVAL;
	if (stream->alg->type != ALG_HASH)
		return -EOPNOTSUPP;
	fd = syscall_result(accept4(stream->fd, NULL, NULL, SOCK_CLOEXEC));
	return stream_make(stream->alg, fd, ret_stream);
}

static ssize_t stream_send(struct lsk_alg_stream *stream, const void *in, size_t len,
			   int flags)
{
	struct iovec part = {(void *)(uintptr_t)in, len};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t r;

	if (!stream->is_begun && stream->control.len > 0) {
		message.msg_control = stream->control.bytes;
		message.msg_controllen = stream->control.len;
	}
	r = alg_send(stream->fd, &message, flags);
	if (r < 0)
		return r;
	stream->is_begun = true;
	return (size_t)r == len ? r : -EIO;
}

/* Take back what is done. Return: bytes, 0 where no whole block is there. */
static ssize_t stream_take(struct lsk_alg_stream *stream, void *out)
{
	struct iovec part = {out, stream->pending};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t r;

	if (stream->pending == 0)
		return 0;
	r = alg_receive(stream->fd, &message);
	if (r == -EAGAIN)
		return 0;
	if (r > 0)
		stream->pending -= (size_t)r;
	return r;
}

ssize_t lsk_alg_stream_update(struct lsk_alg_stream *stream, const void *in, size_t len,
			      void *out, size_t size)
{
	const bool is_hash = stream && stream->alg->type == ALG_HASH;
	size_t at = 0;
	ssize_t done = 0;

	if (!stream || (!in && len > 0) || (!is_hash && !out && len > 0))
		return -EINVAL;
	if (!is_hash && size < stream->pending + len)
		return -ENOSPC;
	while (at < len) {
		const size_t rest = len - at;
		const size_t piece = rest < STREAM_PIECE ? rest : STREAM_PIECE;
		ssize_t r = stream_send(stream, (const char *)in + at, piece, MSG_MORE);

		if (r < 0)
			return r;
		at += piece;
		if (is_hash)
			continue;
		stream->pending += piece;
		r = stream_take(stream, (char *)out + done);
		if (r < 0)
			return r;
		done += r;
	}
	return done;
}

static ssize_t finish_hash(struct lsk_alg_stream *stream, void *out, size_t size)
{
	struct iovec part = {out, 0};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	int digest_size = lsk_alg_digest_size(stream->alg);

	if (digest_size < 0)
		return digest_size;
	part.iov_len = (size_t)digest_size;
	return part.iov_len <= size ? alg_receive(stream->fd, &message) : -ENOSPC;
}

ssize_t lsk_alg_stream_finish(struct lsk_alg_stream *stream, void *out, size_t size)
{
	size_t pending;
	ssize_t r;

	if (!stream || (!out && size > 0))
		return -EINVAL;
	if (stream->alg->type == ALG_HASH)
		return finish_hash(stream, out, size);
	pending = stream->pending;
	if (pending == 0)
		return 0;
	if (size < pending)
		return -ENOSPC;
	/* Nothing more: what is left is the end. */
	r = stream_send(stream, NULL, 0, 0);
	if (r == 0)
		r = stream_take(stream, out);
	return r >= 0 && (size_t)r != pending ? -EINVAL : r;
}

/* Where splice(2) is of no use. */
static int64_t hash_by_read(struct lsk_alg_stream *stream, int fd, int64_t len)
{
	char *buf = malloc(STREAM_PIECE);
	int64_t done = 0;
	ssize_t r = 1;

	if (!buf)
		return -ENOMEM;
	while (done < len && r > 0) {
		const int64_t rest = len - done;

		r = syscall_count(read(
			fd, buf, rest < STREAM_PIECE ? (size_t)rest : STREAM_PIECE));
		if (r == -EINTR) {
			r = 1;
			continue;
		}
		if (r > 0) {
			ssize_t sent =
				lsk_alg_stream_update(stream, buf, (size_t)r, NULL, 0);

			done += r;
			r = sent < 0 ? sent : r;
		}
	}
	free(buf);
	return r < 0 ? r : done;
}

/* What is in the pipe goes to the kernel; there is always more to come. */
static ssize_t drain(struct lsk_alg_stream *stream, int pipe_fd, size_t len)
{
	while (len > 0) {
		ssize_t r = syscall_count(
			splice(pipe_fd, NULL, stream->fd, NULL, len, SPLICE_F_MORE));

		if (r == -EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? r : -EIO;
		len -= (size_t)r;
	}
	return 0;
}

static int64_t hash_by_splice(struct lsk_alg_stream *stream, const int pipes[2], int fd,
			      int64_t len)
{
	int64_t done = 0;

	while (done < len) {
		const int64_t rest = len - done;
		const size_t piece = rest < STREAM_PIECE ? (size_t)rest : STREAM_PIECE;
		ssize_t r = syscall_count(splice(fd, NULL, pipes[1], NULL, piece, 0));
		ssize_t drained;

		if (r == -EINTR)
			continue;
		if (r == 0)
			break;
		if (r < 0)
			return done > 0 && r == -EINVAL ? -EIO : r;
		drained = drain(stream, pipes[0], (size_t)r);
		if (drained < 0)
			return drained == -EINVAL ? -EIO : drained;
		done += r;
	}
	return done;
}

int64_t lsk_alg_stream_file(struct lsk_alg_stream *stream, int fd, int64_t len)
{
	int pipes[2];
	int64_t r;

	if (!stream || len < 0)
		return -EINVAL;
	if (stream->alg->type != ALG_HASH)
		return -EOPNOTSUPP;
	r = syscall_result(pipe2(pipes, O_CLOEXEC));
	if (r < 0)
		return r;
	r = hash_by_splice(stream, pipes, fd, len);
	close(pipes[0]);
	close(pipes[1]);
	/* Terminals, some files of /proc: nothing was taken from them yet. */
	return r == -EINVAL ? hash_by_read(stream, fd, len) : r;
}
