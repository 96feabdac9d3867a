/* SPDX-License-Identifier: MIT */
/*
 * Sockets on a loop: what the family's row says of rings becomes what the engine may do
 * with the descriptor; everything else is the engine's.
 */
#include "src/loop_socket.h"

#include <string.h>

#include <linsock/loop.h>

#include "src/socket.h"
#include "src/trace.h"
#include "uring/loop.h"
#include "uring/loop_hot.h"
#include "uring/util.h"

/* Bytes that one operation may move: results are ints. */
#define LOOP_LEN_MAX ((size_t)INT32_MAX)

static unsigned int caps_of(const struct lsk_socket *sock)
{
	const struct lsk_family *family = sock->family;
	unsigned int caps = 0;

	if (sock->type == SOCK_STREAM)
		caps |= CHANNEL_STREAM | CHANNEL_EOF;
	if (sock->type == SOCK_SEQPACKET)
		caps |= CHANNEL_EOF;
	if (!family)
		return caps; /* a family that nobody has measured gets system calls */
	if (family->send == FAMILY_SEND_RING)
		caps |= CHANNEL_RING_SEND;
	else
		caps |= CHANNEL_WRITE_ONLY;
	if (family->refuses_cloexec)
		caps |= CHANNEL_NO_CLOEXEC;
	if (family->ring & FAMILY_RING_ZERO_COPY)
		caps |= CHANNEL_ZERO_COPY;
	/* Where the socket's own ENOBUFS tells of a loss, a multishot receive would
	 * hide it: its completion is that of an empty pool, bit by bit. */
	if (family->ring & FAMILY_RING_RECV_MULTISHOT &&
	    !(family->ring & FAMILY_RING_SAYS_ENOBUFS))
		caps |= CHANNEL_RECV_MULTI;
	if (family->ring & FAMILY_RING_ACCEPT_MULTISHOT)
		caps |= CHANNEL_ACCEPT_MULTI;
	return caps;
}

/* The loop has let go of a socket: because it is closed, or was asked to. */
static void socket_released(void *owner, int fd, bool is_closed)
{
	struct lsk_socket *sock = owner;

	sock->channel = NULL;
	/* Of its loop's table nobody else has a use. */
	if (is_closed || fd_is_direct(fd))
		atomic_store(&sock->fd, SOCKET_CLOSED);
	lsk_socket_free(sock);
}

int loop_socket_bind(struct lsk_loop *loop, struct lsk_socket *sock, unsigned int caps,
		     struct channel **ret_channel)
{
	struct channel *channel;
	int fd;
	int r;

	if (!loop || !sock)
		return -EINVAL;
	if (loop_is_foreign(loop))
		return -ECHILD;
	fd = socket_fd(sock);
	if (fd < 0)
		return fd;
	if (sock->channel && sock->channel->loop != loop)
		return -EBUSY;
	if (sock->channel) {
		*ret_channel = sock->channel;
		return channel_bind_late(sock->channel);
	}
	loop->release = socket_released;
	r = channel_new(loop, &channel, fd, caps_of(sock) | caps, sock);
	if (r < 0)
		return r;
	sock->channel = channel;
	lsk_socket_ref(sock);
	*ret_channel = channel;
	return 0;
}

static int start_now(struct lsk_loop *loop, struct lsk_socket *sock, enum op_kind kind,
		     const struct loop_op *what, const struct lsk_then *then)
{
	struct channel *channel;
	int r;

	r = loop_socket_channel(loop, sock, &channel);
	if (r < 0)
		return r;
	return loop_start(loop, channel, kind, what, then);
}

/* What the hook is told of each kind of operation of a socket. */
static const enum lsk_trace_operation shown_as[OP_KIND__COUNT] = {
	[OP_ACCEPT] = LSK_TRACE_ACCEPT,    [OP_ACCEPT_STREAM] = LSK_TRACE_ACCEPT,
	[OP_RECV] = LSK_TRACE_RECV,        [OP_RECVMSG] = LSK_TRACE_RECV,
	[OP_RECV_STREAM] = LSK_TRACE_RECV, [OP_RECVMSG_STREAM] = LSK_TRACE_RECV,
	[OP_POLL] = LSK_TRACE_WAIT,        [OP_SEND] = LSK_TRACE_SEND,
	[OP_SENDMSG] = LSK_TRACE_SEND,     [OP_DRAIN] = LSK_TRACE_WAIT,
	[OP_CONNECT] = LSK_TRACE_CONNECT,  [OP_EXCHANGE] = LSK_TRACE_SEND,
	[OP_CLOSE] = LSK_TRACE_CLOSE,      [OP_SENDFILE] = LSK_TRACE_SEND,
	[OP_SPLICE] = LSK_TRACE_RECV,      [OP_RECVFROM] = LSK_TRACE_RECV,
	[OP_INSTALL] = LSK_TRACE_WAIT,     [OP_PASS_ON] = LSK_TRACE_WAIT,
};

void show_event(const void *owner, enum op_kind kind, const struct lsk_event *event)
{
	const struct lsk_socket *sock = owner;
	struct lsk_trace_event shown = {
		.operation = shown_as[kind],
		.is_event = true,
		.sock = sock,
		.domain = sock->domain,
		.type = sock->type,
		.protocol = sock->protocol,
		.data = event->result > 0 ? event->data : NULL,
		.len = event->result > 0 && event->data ? (size_t)event->result : 0,
	};

	trace_after(&shown, event->result);
}

int loop_socket_start(struct lsk_loop *loop, struct lsk_socket *sock, enum op_kind kind,
		      const struct loop_op *what, const struct lsk_then *then)
{
	bool has_bytes = kind == OP_SEND && !(what->state & OP_LEASED);

	return TRACE_START(loop, start_now(loop, sock, kind, what, then),
			   .operation = shown_as[kind], .sock = sock,
			   .flags = what->flags,
			   .number = kind == OP_POLL ? what->flags : 0,
			   .len = what->len, .data = has_bytes ? what->u.bytes : NULL);
}

int lsk_loop_accept(struct lsk_loop *loop, struct lsk_socket *sock,
		    const struct lsk_then *then)
{
	const struct loop_op what = {0};

	return loop_socket_start(loop, sock, OP_ACCEPT, &what, then);
}

int lsk_loop_accept_stream(struct lsk_loop *loop, struct lsk_socket *sock,
			   const struct lsk_then *then)
{
	const struct loop_op what = {0};

	return loop_socket_start(loop, sock, OP_ACCEPT_STREAM, &what, then);
}

static int adopt(struct lsk_loop *loop, struct lsk_socket *listener, int fd,
		 struct lsk_socket **ret_socket)
{
	struct lsk_socket *sock;
	struct channel *channel;
	int r;

	r = socket_wrap(&sock, fd, listener->domain, listener->type, listener->protocol,
			LSK_BLOCK);
	if (r < 0)
		return r;
	/* Only its loop can close it. */
	if (fd_is_direct(fd))
		r = loop_socket_bind(loop, sock, 0, &channel);
	if (r < 0) {
		atomic_store(&sock->fd, SOCKET_CLOSED); /* the caller has it still */
		lsk_socket_free(sock);
		return r;
	}
	*ret_socket = sock;
	return 0;
}

int lsk_loop_adopt(struct lsk_loop *loop, struct lsk_socket *listener, int fd,
		   struct lsk_socket **ret_socket)
{
	if (!loop || !listener || !ret_socket)
		return -EINVAL;
	return TRACE(adopt(loop, listener, fd, ret_socket),
		     .operation = LSK_TRACE_ADOPT, .domain = listener->domain,
		     .type = listener->type, .protocol = listener->protocol,
		     .number = fd);
}

/* As loop_socket_channel(), for what does not wait in the channel's name: one that is
 * to be registered late is not yet. */
static int channel_as_it_is(struct lsk_loop *loop, struct lsk_socket *sock,
			    unsigned int caps, struct channel **ret_channel)
{
	if (!sock || !loop_socket_is_bound(loop, sock))
		return loop_socket_bind(loop, sock, caps, ret_channel);
	*ret_channel = sock->channel;
	return 0;
}

static int start_connect(struct lsk_loop *loop, struct lsk_socket *sock,
			 const struct lsk_addr *addr, const struct lsk_then *then)
{
	struct loop_op what = {0};
	struct channel *channel;
	int r;

	if (!loop || !addr)
		return -EINVAL;
	r = channel_as_it_is(loop, sock, CHANNEL_CONNECTS, &channel);
	if (r < 0)
		return r;
	what.u.buf = channel_batch_new(loop);
	if (!what.u.buf)
		return -ENOMEM;
	memcpy(what.u.buf, &addr->storage, sizeof(addr->storage));
	what.len = addr->len;
	what.flags = socket_connect_flags(sock);
	r = loop_start(loop, channel, OP_CONNECT, &what, then);
	if (r < 0)
		channel_batch_free(loop, what.u.buf);
	return r;
}

int lsk_loop_connect(struct lsk_loop *loop, struct lsk_socket *sock,
		     const struct lsk_addr *addr, const struct lsk_then *then)
{
	return TRACE_START(loop, start_connect(loop, sock, addr, then),
			   .operation = LSK_TRACE_CONNECT, .sock = sock, .addr = addr);
}

int lsk_loop_recv(struct lsk_loop *loop, struct lsk_socket *sock, void *buf, size_t len,
		  int flags, const struct lsk_then *then)
{
	const struct loop_op what = {
		.u.buf = buf,
		.len = (uint32_t)(len < LOOP_LEN_MAX ? len : LOOP_LEN_MAX),
		.flags = flags,
	};

	if (!buf && len > 0)
		return -EINVAL;
	return loop_socket_start(loop, sock, OP_RECV, &what, then);
}

int lsk_loop_recvmsg(struct lsk_loop *loop, struct lsk_socket *sock,
		     struct msghdr *message, int flags, const struct lsk_then *then)
{
	const struct loop_op what = {
		.u.message = message,
		.flags = flags | (sock ? sock->message_flags : 0),
	};

	if (!message)
		return -EINVAL;
	return loop_socket_start(loop, sock, OP_RECVMSG, &what, then);
}

static int start_recv_stream(struct lsk_loop *loop, struct lsk_socket *sock,
			     struct lsk_pool *pool, enum op_kind kind,
			     const struct lsk_then *then)
{
	const struct loop_op what = {.u.pool = pool};
	bool is_messages = kind == OP_RECVMSG_STREAM;

	if (!loop || !pool || pool->loop != loop)
		return -EINVAL;
	if (!!(pool->flags & LSK_POOL_MESSAGES) != is_messages)
		return -EINVAL;
	return loop_socket_start(loop, sock, kind, &what, then);
}

int lsk_loop_recv_stream(struct lsk_loop *loop, struct lsk_socket *sock,
			 struct lsk_pool *pool, const struct lsk_then *then)
{
	return start_recv_stream(loop, sock, pool, OP_RECV_STREAM, then);
}

int lsk_loop_recvmsg_stream(struct lsk_loop *loop, struct lsk_socket *sock,
			    struct lsk_pool *pool, const struct lsk_then *then)
{
	return start_recv_stream(loop, sock, pool, OP_RECVMSG_STREAM, then);
}

static int start_send(struct lsk_loop *loop, struct lsk_socket *sock, const void *buf,
		      size_t len, int flags, const struct lsk_then *then)
{
	struct channel *channel;
	struct loop_op *op;
	int r;

	if (!buf && len > 0)
		return -EINVAL;
	if (len > LOOP_LEN_MAX)
		return -EMSGSIZE;
	r = loop_socket_channel(loop, sock, &channel);
	if (r < 0)
		return r;
	r = op_take(loop, channel, OP_SEND, then, &op);
	if (r < 0)
		return r;
	op->u.bytes = buf;
	op->len = (uint32_t)len;
	op->flags = flags;
	send_append(channel, op);
	return 0;
}

int lsk_loop_send(struct lsk_loop *loop, struct lsk_socket *sock, const void *buf,
		  size_t len, int flags, const struct lsk_then *then)
{
	return TRACE_START(loop, start_send(loop, sock, buf, len, flags, then),
			   .operation = LSK_TRACE_SEND, .sock = sock, .data = buf,
			   .len = len, .flags = flags);
}

static int start_send_lease(struct lsk_loop *loop, struct lsk_socket *sock,
			    const struct lsk_event *event, const struct lsk_then *then)
{
	const struct lsk_pool *pool = event->pool;
	struct channel *channel;
	struct loop_op *op;
	const char *buffer;
	int r;

	if (pool->loop != loop)
		return -EINVAL;
	r = loop_socket_channel(loop, sock, &channel);
	if (r < 0)
		return r;
	r = op_take(loop, channel, OP_SEND, then, &op);
	if (r < 0)
		return r;
	buffer = pool->memory + (size_t)(uint16_t)event->lease * pool->buffer_size;
	op->state = OP_LEASED;
	op->u.lease = event->lease;
	op->group = (uint8_t)pool->group;
	op->link = (uint32_t)((const char *)event->data - buffer);
	op->len = (uint32_t)event->result;
	send_append(channel, op);
	return 0;
}

int lsk_loop_send_lease(struct lsk_loop *loop, struct lsk_socket *sock,
			const struct lsk_event *event, const struct lsk_then *then)
{
	if (!event || !(event->flags & LSK_EVENT_LEASE) || event->result < 0)
		return -EINVAL;
	return TRACE_START(loop, start_send_lease(loop, sock, event, then),
			   .operation = LSK_TRACE_SEND, .sock = sock,
			   .data = event->data, .len = (size_t)event->result);
}

int lsk_loop_sendmsg(struct lsk_loop *loop, struct lsk_socket *sock,
		     const struct msghdr *message, int flags,
		     const struct lsk_then *then)
{
	struct loop_op what = {.u.sent = message, .flags = flags};
	size_t len = 0;

	if (!message)
		return -EINVAL;
	for (size_t i = 0; i < message->msg_iovlen; i++)
		len += message->msg_iov[i].iov_len;
	if (len > LOOP_LEN_MAX)
		return -EMSGSIZE;
	what.len = (uint32_t)len;
	return loop_socket_start(loop, sock, OP_SENDMSG, &what, then);
}

int lsk_loop_exchange(struct lsk_loop *loop, struct lsk_socket *sock,
		      struct lsk_exchange *exchange, const struct lsk_then *then)
{
	const struct loop_op what = {.u.exchange = exchange};
	struct channel *channel;
	int r;

	if (!exchange)
		return -EINVAL;
	r = loop_socket_channel(loop, sock, &channel);
	if (r < 0)
		return r;
	if (channel->caps & CHANNEL_STREAM || !(channel->caps & CHANNEL_RING_SEND))
		return -EOPNOTSUPP;
	return TRACE_START(loop, loop_start(loop, channel, OP_EXCHANGE, &what, then),
			   .operation = LSK_TRACE_SEND, .sock = sock);
}

size_t lsk_loop_queued(const struct lsk_loop *loop, const struct lsk_socket *sock)
{
	if (!sock || !sock->channel || sock->channel->loop != loop)
		return 0;
	return sock->channel->queued;
}

int lsk_loop_drain(struct lsk_loop *loop, struct lsk_socket *sock, size_t low,
		   const struct lsk_then *then)
{
	const struct loop_op what = {.u.low = low};

	return loop_socket_start(loop, sock, OP_DRAIN, &what, then);
}

int lsk_loop_poll(struct lsk_loop *loop, struct lsk_socket *sock, int events,
		  const struct lsk_then *then)
{
	const struct loop_op what = {.flags = events};

	return loop_socket_start(loop, sock, OP_POLL, &what, then);
}

static int start_close(struct lsk_loop *loop, struct lsk_socket *sock,
		       const struct lsk_then *then)
{
	struct channel *channel;
	int r;

	r = channel_as_it_is(loop, sock, 0, &channel);
	if (r < 0)
		return r;
	r = channel_close(channel, then);
	if (r < 0)
		return r;
	/* From here on the descriptor is the loop's; every later call gets -EBADF. */
	atomic_store(&sock->fd, SOCKET_CLOSED);
	return 0;
}

int lsk_loop_close(struct lsk_loop *loop, struct lsk_socket *sock,
		   const struct lsk_then *then)
{
	return TRACE_START(loop, start_close(loop, sock, then),
			   .operation = LSK_TRACE_CLOSE, .sock = sock);
}

int lsk_loop_release(struct lsk_loop *loop, struct lsk_socket *sock)
{
	struct channel *channel;

	if (!loop || !sock)
		return -EINVAL;
	if (loop_is_foreign(loop))
		return -ECHILD;
	channel = sock->channel;
	if (!channel)
		return socket_fd(sock) < 0 ? -EBADF : 0;
	if (channel->loop != loop || !channel_is_idle(channel))
		return -EBUSY;
	if (fd_is_direct(channel->fd))
		return -EOPNOTSUPP;
	channel_free(channel, false);
	return 0;
}

int lsk_loop_cancel_socket(struct lsk_loop *loop, struct lsk_socket *sock)
{
	if (!loop || !sock)
		return -EINVAL;
	if (loop_is_foreign(loop))
		return -ECHILD;
	if (!sock->channel || sock->channel->loop != loop)
		return socket_fd(sock) < 0 ? -EBADF : 0;
	channel_cancel(sock->channel, OP_CANCELLED);
	send_stop_all(sock->channel);
	return 0;
}
