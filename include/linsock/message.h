/* SPDX-License-Identifier: MIT */
/*
 * Messages: several buffers, an address and control messages in one call, one by one or
 * in batches. The rules of <linsock/socket.h> about errors, threads, waiting and
 * signals hold here too.
 */
#ifndef LINSOCK_MESSAGE_H
#define LINSOCK_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/control.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * struct lsk_message - what goes or comes in one call
 * @buffers: the parts, gathered when sending, scattered into when receiving; borrowed
 * @buffers_count: how many, at most IOV_MAX (1024)
 * @addr: sending: where to, a length of 0 for the connected peer. Received: from whom,
 *	a length of 0 where the protocol names nobody
 * @control: sending: what the builder made. Receiving: data and size are the room, len
 *	is set to what came
 * @len: received: bytes in the buffers. Batches: also set for each message sent
 * @full_len: received with MSG_TRUNC: the datagram's own length, even where the buffers
 *	were too small; else equal to @len
 * @without_addr: receiving: do not ask from whom, which takes the kernel a sixth of the
 *	time of a small datagram; addr gets a length of 0
 * @flags: received: MSG_TRUNC (a datagram was cut), MSG_CTRUNC (control messages did
 *	not fit), MSG_EOR, MSG_OOB, MSG_ERRQUEUE
 */
struct lsk_message {
	const struct iovec *buffers;
	size_t buffers_count;
	struct lsk_addr addr;
	struct lsk_control control;
	size_t len;
	size_t full_len;
	bool without_addr;
	int flags;
};

/**
 * lsk_socket_sendmsg() - send a message
 * @sock: the socket
 * @message: what; only read
 * @flags: MSG_*; MSG_NOSIGNAL is implied
 *
 * Return: bytes taken, or as lsk_socket_send(); -EMSGSIZE for more than IOV_MAX
 * buffers.
 */
ssize_t lsk_socket_sendmsg(struct lsk_socket *sock, const struct lsk_message *message,
			   int flags);

/**
 * lsk_socket_recvmsg() - receive a message
 * @sock: the socket
 * @message: where to; what came is told in it
 * @flags: MSG_*; MSG_CMSG_CLOEXEC is implied. MSG_TRUNC asks for full_len
 *
 * Descriptors that come are the caller's: take them out of the control messages, or
 * close them with lsk_control_close_fds(). With MSG_CTRUNC some may be missing; the
 * kernel closed those.
 *
 * With MSG_ERRQUEUE the call never waits: -EAGAIN says that the queue is empty, and
 * lsk_socket_wait() with POLLERR waits for more.
 *
 * Return: bytes in the buffers, never more; or as lsk_socket_recv().
 */
ssize_t lsk_socket_recvmsg(struct lsk_socket *sock, struct lsk_message *message,
			   int flags);

/**
 * lsk_socket_sendmmsg() - send many messages with few system calls
 * @sock: the socket
 * @messages: what; len is set for those that were sent
 * @count: how many
 * @flags: MSG_*; MSG_NOSIGNAL is implied
 *
 * Waits, within one deadline, until all are sent.
 *
 * Return: messages sent, which are fewer than @count where an error or the deadline
 * came in between (the next call tells it); the error where none was sent; 0 for a
 * @count of 0.
 */
ssize_t lsk_socket_sendmmsg(struct lsk_socket *sock, struct lsk_message *messages,
			    size_t count, int flags);

/**
 * lsk_socket_recvmmsg() - receive as many messages as are there
 * @sock: the socket
 * @messages: where to; what came is told in each
 * @count: how many at most
 * @flags: as for lsk_socket_recvmsg()
 *
 * Waits only for the first one.
 *
 * Return: messages received; or as lsk_socket_recv(); 0 for a @count of 0. On a stream
 * the end is a message with a length of 0.
 */
ssize_t lsk_socket_recvmmsg(struct lsk_socket *sock, struct lsk_message *messages,
			    size_t count, int flags);

/**
 * lsk_socket_send_fds() - send bytes and descriptors
 * @sock: a UNIX socket
 * @message: buffers and address; its control messages, if any, go first
 * @fds: the descriptors; borrowed
 * @count: 1 … LSK_CONTROL_FDS_MAX
 * @flags: MSG_*, honoured
 *
 * At least one byte must go along on a stream.
 *
 * Return: bytes sent; LSK_ERR_RANGE for too many descriptors; or as
 * lsk_socket_sendmsg(); -ETOOMANYREFS where more are on their way than the process may
 * have open.
 */
ssize_t lsk_socket_send_fds(struct lsk_socket *sock, const struct lsk_message *message,
			    const int *fds, size_t count, int flags);

/**
 * struct lsk_received_fds - where received descriptors go
 * @fds: room for @max, the caller's; gets the descriptors, close-on-exec
 * @max: how many may come, at most LSK_CONTROL_FDS_MAX
 * @count: set: how many came
 * @surplus: set: at least how many more were sent and are closed
 */
struct lsk_received_fds {
	int *fds;
	size_t max;
	size_t count;
	size_t surplus;
};

/**
 * lsk_socket_recv_fds() - receive bytes and descriptors
 * @sock: a UNIX socket
 * @message: buffers; address, lengths and flags are told; control is not used
 * @fds: where the descriptors go, written on success
 * @flags: MSG_*, honoured
 *
 * Descriptors that do not fit are closed, never leaked; message->flags has MSG_CTRUNC
 * then.
 *
 * Return: bytes received, 0 at the end of a stream; or as lsk_socket_recvmsg().
 */
ssize_t lsk_socket_recv_fds(struct lsk_socket *sock, struct lsk_message *message,
			    struct lsk_received_fds *fds, int flags);

/**
 * lsk_socket_wait() - wait until the socket is ready
 * @sock: the socket
 * @events: POLL* of poll(2); POLLERR and POLLHUP are always looked for
 * @timeout_ns: how long, whatever the socket's own timeout is; LSK_BLOCK for ever; 0
 *	only looks
 *
 * Return: the events that are there; -ETIME; -EINTR.
 */
int lsk_socket_wait(struct lsk_socket *sock, int events, int64_t timeout_ns);

/**
 * lsk_socket_ioctl() - ioctl(2) on the descriptor
 * @sock: the socket
 * @request: SIOCINQ, SIOCOUTQ, SIOCGSTAMP …
 * @argument: as the request wants it; borrowed
 *
 * Return: what ioctl(2) answers, or its negated errno.
 */
int lsk_socket_ioctl(struct lsk_socket *sock, unsigned long request, void *argument);

LSK_END_DECLS

#endif
