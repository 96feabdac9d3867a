/* SPDX-License-Identifier: MIT */
/*
 * Batches: many requests in one datagram. Errors are always answered, so only the last
 * message of a chunk asks for an acknowledgement; what is not answered by then went
 * well. Answers queue in the receive buffer, which limits how many may be at stake.
 */
#include <linsock/netlink.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "families/netlink_handle.h"
#include "uring/util.h"

/* What the kernel keeps of the send buffer for itself. */
#define SEND_RESERVE       32
#define CHUNK_BYTES_MAX    (128 << 10)
#define CHUNK_MESSAGES_MAX 1024
/* Receive buffer that one answer takes, extended acknowledgement included, with as much
 * again to spare. */
#define ANSWER_TRUESIZE    (2 * 832)

struct lsk_nl_batch {
	struct lsk_nl *nl;
	lsk_nl_result_fn on_result;
	void *context;
	uint64_t index;  /* of the chunk's first message */
	uint64_t failed; /* messages, ever */

	char *buf;
	size_t size;
	size_t len;
	size_t last; /* where the last message starts */
	unsigned int count;
	unsigned int count_max;
	uint32_t sequence; /* of the chunk's first message */
};

int lsk_nl_batch_new(struct lsk_nl *nl, lsk_nl_result_fn on_result, void *context,
		     struct lsk_nl_batch **ret_batch)
{
	struct lsk_nl_batch *batch = calloc(1, sizeof(*batch));
	int send_buffer = 0;
	int receive_buffer = 0;

	if (!batch)
		return -ENOMEM;
	batch->nl = nl;
	batch->on_result = on_result;
	batch->context = context;
	(void)lsk_socket_getsockopt_int(nl->requests.sock, SOL_SOCKET, SO_SNDBUF,
					&send_buffer);
	(void)lsk_socket_getsockopt_int(nl->requests.sock, SOL_SOCKET, SO_RCVBUF,
					&receive_buffer);
	batch->size = send_buffer > 4096 ? (size_t)send_buffer - SEND_RESERVE : 4096;
	if (batch->size > CHUNK_BYTES_MAX)
		batch->size = CHUNK_BYTES_MAX;
	batch->count_max = (unsigned int)receive_buffer / ANSWER_TRUESIZE;
	if (batch->count_max < 1)
		batch->count_max = 1;
	if (batch->count_max > CHUNK_MESSAGES_MAX)
		batch->count_max = CHUNK_MESSAGES_MAX;
	batch->buf = malloc(batch->size);
	if (!batch->buf) {
		free(batch);
		return -ENOMEM;
	}
	*ret_batch = batch;
	return 0;
}

struct lsk_nl_batch *lsk_nl_batch_free(struct lsk_nl_batch *batch)
{
	if (!batch)
		return NULL;
	free(batch->buf);
	free(batch);
	return NULL;
}

/* The n-th message from where @from points; messages stand in the order of their
 * sequence numbers. */
static const struct nlmsghdr *chunk_step(const char **from)
{
	const struct nlmsghdr *msg = (const void *)*from;

	*from += NLMSG_ALIGN((size_t)msg->nlmsg_len);
	return msg;
}

static void tell(struct lsk_nl_batch *batch, unsigned int number,
		 const struct lsk_nl_error *error)
{
	if (error->code < 0)
		batch->failed++;
	if (batch->on_result)
		batch->on_result(batch->context, batch->index + number, error);
}

/* Tell of messages @first … @end - 1 without an answer of their own. */
static void tell_range(struct lsk_nl_batch *batch, unsigned int first, unsigned int end,
		       int code)
{
	struct lsk_nl_error error = {.code = code};

	for (unsigned int i = first; i < end; i++)
		tell(batch, i, &error);
}

/* One answer. Return: the number of the message after the one that it is about, or 0
 * where it is about none of this chunk. */
static unsigned int chunk_answer(struct lsk_nl_batch *batch, const struct nlmsghdr *msg,
				 unsigned int told, const char **position, int silent)
{
	unsigned int number = msg->nlmsg_seq - batch->sequence;
	const struct nlmsghdr *request = NULL;
	struct lsk_nl_error error;

	if (number >= batch->count || number < told || msg->nlmsg_type != NLMSG_ERROR)
		return 0;
	for (unsigned int i = told; i <= number; i++)
		request = chunk_step(position);
	tell_range(batch, told, number, silent);
	error.code = lsk_nl_error_parse(&error, msg, request, batch->nl->protocol);
	tell(batch, number, &error);
	return number + 1;
}

static int chunk_results(struct lsk_nl_batch *batch)
{
	struct lsk_nl *nl = batch->nl;
	const char *position = batch->buf;
	const struct nlmsghdr *msg;
	unsigned int told = 0;
	unsigned int next;
	int silent = 0; /* what silence about a message means */
	int r = 0;

	while (told < batch->count) {
		r = netlink_channel_receive(&nl->requests, 0);
		if (r == -EAGAIN && !netlink_is_synchronous(nl->protocol))
			r = netlink_channel_receive(
				&nl->requests,
				netlink_deadline(nl->options.timeout_ns));
		if (r == -ENOBUFS) {
			/* Some answers are gone: silence says nothing any more. */
			silent = -ENOBUFS;
			continue;
		}
		if (r < 0)
			break;
		while ((msg = netlink_channel_message(&nl->requests))) {
			next = chunk_answer(batch, msg, told, &position, silent);
			if (next > 0)
				told = next;
		}
	}
	if (told == batch->count)
		return 0;
	/* Without the last acknowledgement nothing is known of the rest. */
	if (r == -EAGAIN)
		r = silent < 0 ? silent : -ENOMSG;
	tell_range(batch, told, batch->count, r);
	return silent < 0 ? 0 : r;
}

static int chunk_flush(struct lsk_nl_batch *batch)
{
	struct nlmsghdr *last = (void *)(batch->buf + batch->last);
	int r;

	if (batch->count == 0)
		return 0;
	last->nlmsg_flags |= NLM_F_ACK;
	r = netlink_channel_send(&batch->nl->requests, batch->buf, batch->len);
	if (r == 0)
		r = chunk_results(batch);
	else
		tell_range(batch, 0, batch->count, r);
	batch->index += batch->count;
	batch->count = 0;
	batch->len = 0;
	return r;
}

int lsk_nl_batch_add(struct lsk_nl_batch *batch, const struct lsk_nl_msg *msg)
{
	struct nlmsghdr *copy;
	uint32_t sequence;
	size_t len;
	int r = lsk_nl_msg_error(msg);

	if (r < 0)
		return r;
	len = NLMSG_ALIGN((size_t)msg->header->nlmsg_len);
	if (len > batch->size)
		return -EMSGSIZE;
	if (batch->count >= batch->count_max || len > batch->size - batch->len) {
		r = chunk_flush(batch);
		if (r < 0)
			return r;
	}
	sequence = netlink_next_sequence(batch->nl);
	/* The numbers of a chunk are consecutive; where they wrap, a new one starts. */
	if (batch->count > 0 && sequence != batch->sequence + batch->count) {
		r = chunk_flush(batch);
		if (r < 0)
			return r;
	}
	if (batch->count == 0)
		batch->sequence = sequence;
	copy = (void *)(batch->buf + batch->len);
	memcpy(copy, msg->header, msg->header->nlmsg_len);
	memset((char *)copy + msg->header->nlmsg_len, 0, len - msg->header->nlmsg_len);
	copy->nlmsg_flags |= NLM_F_REQUEST;
	copy->nlmsg_flags &= (uint16_t)~NLM_F_ACK;
	copy->nlmsg_seq = sequence;
	copy->nlmsg_pid = 0;
	batch->last = batch->len;
	batch->len += len;
	batch->count++;
	return 0;
}

int lsk_nl_batch_flush(struct lsk_nl_batch *batch, uint64_t *ret_failed)
{
	int r = chunk_flush(batch);

	if (r == 0 && ret_failed)
		*ret_failed = batch->failed;
	return r;
}
