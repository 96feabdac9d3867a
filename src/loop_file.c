/* SPDX-License-Identifier: MIT */
/* Files and pipes through sockets on a loop. */
#include <linsock/loop.h>

#include "src/loop_socket.h"
#include "src/trace.h"
#include "uring/transfer.h"
#include "uring/util.h"

static int start_transfer(struct lsk_loop *loop, struct lsk_socket *sock,
			  struct lsk_transfer *wanted, enum op_kind kind,
			  const struct lsk_then *then)
{
	struct loop_op what = {0};
	struct channel *channel;
	int r;

	if (!wanted)
		return -EINVAL;
	r = loop_socket_channel(loop, sock, &channel);
	if (r < 0)
		return r;
	if (!(channel->caps & CHANNEL_STREAM))
		return -EINVAL;
	r = transfer_new(loop, kind, wanted, &what.u.transfer);
	if (r < 0)
		return r;
	r = loop_start(loop, channel, kind, &what, then);
	if (r < 0)
		transfer_drop(loop, what.u.transfer);
	return r;
}

int lsk_loop_sendfile(struct lsk_loop *loop, struct lsk_socket *sock,
		      struct lsk_transfer *transfer, const struct lsk_then *then)
{
	return TRACE_START(loop,
			   start_transfer(loop, sock, transfer, OP_SENDFILE, then),
			   .operation = LSK_TRACE_SEND, .sock = sock,
			   .number = transfer ? transfer->range.fd : -1);
}

int lsk_loop_splice(struct lsk_loop *loop, struct lsk_socket *sock,
		    struct lsk_transfer *transfer, const struct lsk_then *then)
{
	return TRACE_START(loop, start_transfer(loop, sock, transfer, OP_SPLICE, then),
			   .operation = LSK_TRACE_RECV, .sock = sock,
			   .number = transfer ? transfer->range.fd : -1);
}
