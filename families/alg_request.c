/* SPDX-License-Identifier: MIT */
/*
 * Requests: in one piece, here or on a loop. An operation socket answers what was sent
 * to it in the moment of the receive, so a receive before its send is never made, and
 * room beyond the answer is never offered: the kernel would wait for more to come.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "families/alg.h"
#include "src/socket.h"
#include "uring/util.h"

#define PAGE_BYTES 4096

/* A system call moves less than 2 GiB. */
#define HASH_PIECE_MAX ((size_t)1 << 30)

/* What is asked for where a message is larger than the buffers: the kernel gives up to
 * twice net.core.wmem_max. */
static size_t buffer_size(int fd, int option)
{
	socklen_t len = sizeof(int);
	int size = 0;

	if (getsockopt(fd, SOL_SOCKET, option, &size, &len) < 0 || size < 0)
		return 0;
	return (size_t)size;
}

size_t alg_socket_room(int fd, size_t wanted)
{
	const size_t margin = (size_t)2 * PAGE_BYTES; /* pages are counted whole */
	size_t room = 0;

	for (int i = 0; i < 2; i++) {
		const int ask = (int)(wanted < INT32_MAX / 4 ? wanted + margin : 0);
		const size_t sent = buffer_size(fd, SO_SNDBUF);
		const size_t received = buffer_size(fd, SO_RCVBUF);

		room = sent < received ? sent : received;
		room = room > margin ? room / PAGE_BYTES * PAGE_BYTES - margin : 0;
		if (room >= wanted || i > 0)
			break;
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &ask, sizeof(ask));
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &ask, sizeof(ask));
	}
	return room;
}

static bool is_plain(const struct msghdr *message)
{
	return message->msg_iovlen == 1 && message->msg_controllen == 0;
}

ssize_t alg_send(int fd, const struct msghdr *message, int flags)
{
	ssize_t r;

	flags |= MSG_DONTWAIT | MSG_NOSIGNAL;
	do {
		if (is_plain(message))
			r = syscall_count(send(fd, message->msg_iov->iov_base,
					       message->msg_iov->iov_len, flags));
		else
			r = syscall_count(sendmsg(fd, message, flags));
	} while (r == -EINTR);
	return r;
}

ssize_t alg_receive(int fd, struct msghdr *message)
{
	ssize_t r;

	do {
		if (is_plain(message))
			r = syscall_count(recv(fd, message->msg_iov->iov_base,
					       message->msg_iov->iov_len,
					       MSG_DONTWAIT));
		else
			r = syscall_count(recvmsg(fd, message, MSG_DONTWAIT));
	} while (r == -EINTR);
	return r;
}

static int parts_total(const struct iovec *parts, size_t count, size_t *ret_total)
{
	size_t total = 0;

	if (!parts && count > 0)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].iov_len > (size_t)INT64_MAX - total)
			return -EMSGSIZE;
		total += parts[i].iov_len;
	}
	*ret_total = total;
	return 0;
}

/* Copy parts of @len bytes together. Return: how many were written. */
static size_t parts_copy(struct iovec *to, const struct iovec *from, size_t count,
			 size_t len)
{
	size_t written = 0;

	for (size_t i = 0; i < count && len > 0; i++) {
		const size_t share = from[i].iov_len < len ? from[i].iov_len : len;

		if (share == 0)
			continue;
		to[written].iov_base = from[i].iov_base;
		to[written].iov_len = share;
		written++;
		len -= share;
	}
	return written;
}

/* How long the output is. */
static int answer_length(struct lsk_alg *alg, const struct lsk_alg_request *request,
			 size_t in, size_t out, size_t *ret_len)
{
	size_t len = 0;
	int r;

	switch (alg->type) {
	case ALG_HASH:
		r = lsk_alg_digest_size(alg);
		if (r < 0)
			return r;
		len = (size_t)r;
		break;
	case ALG_SKCIPHER:
		len = in;
		break;
	case ALG_AEAD:
		if (!request->is_encryption && in < alg->tag_size)
			return -ENODATA;
		len = request->is_encryption ? in + alg->tag_size : in - alg->tag_size;
		break;
	case ALG_RNG:
		len = out;
		break;
	case ALG_TYPE__COUNT:
		break;
	}
	*ret_len = len;
	return len <= out ? 0 : -ENOSPC;
}

/* Memory for the parts of both messages, and for what comes back uninvited. */
static int flight_reserve(struct alg_flight *flight, size_t parts, size_t assoc)
{
	if (parts > flight->parts_room) {
		struct iovec *grown = malloc(parts * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		if (flight->parts != flight->parts_small)
			free(flight->parts);
		flight->parts = grown;
		flight->parts_room = parts;
	}
	if (assoc > flight->assoc_room) {
		char *grown = realloc(flight->assoc, assoc);

		if (!grown)
			return -ENOMEM;
		flight->assoc = grown;
		flight->assoc_room = assoc;
	}
	return 0;
}

static int check_room(struct alg_flight *flight, size_t len)
{
	const enum alg_type type = flight->alg->type;

	if (type != ALG_SKCIPHER && type != ALG_AEAD)
		return len <= HASH_PIECE_MAX ? 0 : -EMSGSIZE;
	if (len > flight->room)
		flight->room = alg_socket_room(flight->fd, len);
	return len <= flight->room ? 0 : -EMSGSIZE;
}

/* The messages to and from the kernel. */
static int flight_prepare(struct alg_flight *flight,
			  const struct lsk_alg_request *request)
{
	struct lsk_alg *alg = flight->alg;
	const bool is_aead = alg->type == ALG_AEAD;
	const size_t assoc_len = is_aead ? request->assoc_len : 0;
	const struct lsk_afalg what = {
		.op = request->is_encryption ? ALG_OP_ENCRYPT : ALG_OP_DECRYPT,
		.iv = request->iv,
		.iv_len = request->iv_len,
		.assoc_len = is_aead ? (int64_t)assoc_len : -1,
	};
	struct msghdr *sent = &flight->exchange.request;
	struct msghdr *answer = &flight->exchange.answer;
	size_t in = 0, out = 0, len = 0;
	int r = parts_total(request->in, request->in_count, &in);

	if (r == 0)
		r = parts_total(request->out, request->out_count, &out);
	if (r == 0 && !request->assoc && assoc_len > 0)
		r = -EINVAL;
	if (r == 0)
		r = answer_length(alg, request, in, out, &len);
	if (r == 0)
		r = check_room(flight, assoc_len + (in > len ? in : len));
	if (r == 0)
		r = flight_reserve(flight, request->in_count + request->out_count + 3,
				   assoc_len + 1);
	if (r < 0)
		return r;
	*sent = (struct msghdr){.msg_iov = flight->parts};
	if (assoc_len > 0)
		flight->parts[sent->msg_iovlen++] =
			(struct iovec){(void *)(uintptr_t)request->assoc, assoc_len};
	sent->msg_iovlen += parts_copy(flight->parts + sent->msg_iovlen, request->in,
				       request->in_count, in);
	*answer = (struct msghdr){.msg_iov = flight->parts + sent->msg_iovlen};
	/* Of an empty text the tag would not be looked at without a byte of room. */
	if (assoc_len > 0 || len == 0)
		answer->msg_iov[answer->msg_iovlen++] =
			(struct iovec){flight->assoc, assoc_len > 0 ? assoc_len : 1};
	answer->msg_iovlen += parts_copy(answer->msg_iov + answer->msg_iovlen,
					 request->out, request->out_count, len);
	flight->assoc_len = assoc_len;
	flight->send_len = assoc_len + in;
	flight->answer_len = len;
	if (alg->type == ALG_HASH || alg->type == ALG_RNG)
		return 0;
	r = alg_control_fill(&flight->control, &what);
	sent->msg_control = flight->control.bytes;
	sent->msg_controllen = flight->control.len;
	return r;
}

static ssize_t flight_result(const struct alg_flight *flight, ssize_t result)
{
	if (result < 0)
		return result;
	result -= (ssize_t)flight->assoc_len;
	return result < 0 ? -EIO : result;
}

static struct alg_flight *flight_new(struct lsk_alg *alg, int *ret_error)
{
	struct alg_flight *flight = calloc(1, sizeof(*flight));

	if (!flight) {
		*ret_error = -ENOMEM;
		return NULL;
	}
	flight->alg = alg;
	flight->parts = flight->parts_small;
	flight->parts_room = ARRAY_SIZE(flight->parts_small);
	flight->fd = alg_accept(alg);
	if (flight->fd < 0) {
		*ret_error = flight->fd;
		free(flight);
		return NULL;
	}
	return flight;
}

/* What is left in the socket after an error nobody knows: the next one has another. */
static void flight_forget(struct lsk_alg *alg)
{
	if (alg->here->parts != alg->here->parts_small)
		free(alg->here->parts);
	free(alg->here->assoc);
	close(alg->here->fd);
	free(alg->here);
	alg->here = NULL;
}

/* What is too much for one piece: through a stream. */
static ssize_t run_long(struct lsk_alg *alg, const struct lsk_alg_request *request)
{
	struct lsk_alg_stream *stream = NULL;
	const struct iovec *out = request->out;
	ssize_t done = 0;
	ssize_t r;

	/* Pieces of a text cannot be spread over pieces of another. */
	if (request->out_count != 1 ||
	    (request->in_count != 1 && alg->type != ALG_HASH))
		return -EMSGSIZE;
	r = lsk_alg_stream_new(alg, &stream, alg->type == ALG_HASH ? NULL : request);
	if (r < 0)
		return r;
	for (size_t i = 0; i < request->in_count && r >= 0; i++) {
		r = lsk_alg_stream_update(stream, request->in[i].iov_base,
					  request->in[i].iov_len, out->iov_base,
					  out->iov_len);
		done += r;
	}
	if (r >= 0)
		r = lsk_alg_stream_finish(stream, (char *)out->iov_base + done,
					  out->iov_len - (size_t)done);
	lsk_alg_stream_free(stream);
	return r < 0 ? r : done + r;
}

/* A generator gives 128 bytes at a time. */
static ssize_t run_random(struct alg_flight *flight, const struct iovec *parts,
			  size_t count)
{
	ssize_t done = 0;

	for (size_t i = 0; i < count; i++) {
		size_t at = 0;

		while (at < parts[i].iov_len) {
			size_t rest = parts[i].iov_len - at;
			ssize_t r;

			if (rest > LSK_ALG_RNG_MAX)
				rest = LSK_ALG_RNG_MAX;
			r = syscall_count(recv(
				flight->fd, (char *)parts[i].iov_base + at, rest, 0));
			if (r <= 0)
				return r < 0 ? r : -EIO;
			at += (size_t)r;
			done += r;
		}
	}
	return done;
}

static ssize_t flight_run(struct alg_flight *flight,
			  const struct lsk_alg_request *request)
{
	const struct lsk_alg *alg = flight->alg;
	ssize_t r = (ssize_t)flight->send_len;

	if (flight->send_len > 0 || alg->type == ALG_AEAD)
		r = alg_send(flight->fd, &flight->exchange.request, 0);
	if (r < 0)
		return r;
	if ((size_t)r != flight->send_len)
		return -EIO;
	if (alg->type == ALG_RNG)
		return run_random(flight, request->out, request->out_count);
	if (alg->type == ALG_SKCIPHER && flight->answer_len == 0)
		return 0;
	return flight_result(flight, alg_receive(flight->fd, &flight->exchange.answer));
}

ssize_t lsk_alg_run(struct lsk_alg *alg, const struct lsk_alg_request *request)
{
	ssize_t r;
	int error = 0;

	if (!alg || !request)
		return -EINVAL;
	if (!alg->here)
		alg->here = flight_new(alg, &error);
	if (!alg->here)
		return error;
	r = flight_prepare(alg->here, request);
	if (r == -EMSGSIZE && (alg->is_chaining || alg->type == ALG_HASH))
		return run_long(alg, request);
	if (r < 0)
		return r;
	r = flight_run(alg->here, request);
	if (r < 0)
		flight_forget(alg);
	return r;
}

static void flight_done(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct alg_flight *flight = event->context;
	struct lsk_alg *alg = flight->alg;
	const lsk_done_fn done = flight->done;
	struct lsk_event told = *event;

	told.context = flight->context;
	told.data = NULL;
	told.result = (int)flight_result(flight, event->result);
	alg->flying--;
	if (event->result < 0) {
		/* Its socket may still hold what was sent. */
		lsk_loop_close(loop, flight->sock, NULL);
		lsk_socket_free(flight->sock);
		if (flight->parts != flight->parts_small)
			free(flight->parts);
		free(flight->assoc);
		free(flight);
	} else {
		flight->next = alg->idle;
		alg->idle = flight;
	}
	done(loop, &told);
}

/* A flight for the loop: one that is back, or a new one. */
static int flight_take(struct lsk_alg *alg, struct alg_flight **ret_flight)
{
	struct alg_flight *flight = alg->idle;
	int r = 0;

	if (flight) {
		alg->idle = flight->next;
		*ret_flight = flight;
		return 0;
	}
	flight = flight_new(alg, &r);
	if (!flight)
		return r;
	r = socket_wrap_new(&flight->sock, flight->fd, AF_ALG, SOCK_SEQPACKET, 0,
			    LSK_BLOCK);
	if (r < 0) {
		close(flight->fd);
		free(flight);
		return r;
	}
	*ret_flight = flight;
	return 0;
}

static int flight_start(struct alg_flight *flight, struct lsk_loop *loop,
			const struct lsk_then *then)
{
	struct lsk_then own = *then;

	own.done = flight_done;
	own.context = flight;
	flight->done = then->done;
	flight->context = then->context;
	return lsk_loop_exchange(loop, flight->sock, &flight->exchange, &own);
}

int lsk_alg_start(struct lsk_alg *alg, struct lsk_loop *loop,
		  const struct lsk_alg_request *request, const struct lsk_then *then)
{
	struct alg_flight *flight;
	int r;

	if (!alg || !loop || !request || !then || !then->done)
		return -EINVAL;
	if (alg->loop && alg->loop != loop)
		return -EBUSY;
	r = flight_take(alg, &flight);
	if (r < 0)
		return r;
	alg->loop = loop;
	r = flight_prepare(flight, request);
	if (r == 0)
		r = flight_start(flight, loop, then);
	if (r < 0) {
		flight->next = alg->idle;
		alg->idle = flight;
		return r;
	}
	alg->flying++;
	return 0;
}

ssize_t lsk_alg_digest(struct lsk_alg *alg, const void *data, size_t len,
		       void *ret_digest, size_t size)
{
	const struct iovec in = {(void *)(uintptr_t)data, len};
	const struct iovec out = {ret_digest, size};
	const struct lsk_alg_request request = {
		.in = &in, .in_count = 1, .out = &out, .out_count = 1};

	if (!alg || (!data && len > 0) || !ret_digest)
		return -EINVAL;
	return alg->type == ALG_HASH ? lsk_alg_run(alg, &request) : -EOPNOTSUPP;
}

int lsk_alg_random(struct lsk_alg *alg, void *ret_bytes, size_t len)
{
	const struct iovec out = {ret_bytes, len};
	const struct lsk_alg_request request = {.out = &out, .out_count = 1};
	ssize_t r;

	if (!alg || (!ret_bytes && len > 0))
		return -EINVAL;
	if (alg->type != ALG_RNG)
		return -EOPNOTSUPP;
	r = lsk_alg_run(alg, &request);
	return r < 0 ? (int)r : 0;
}
