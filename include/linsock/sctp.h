/* SPDX-License-Identifier: MIT */
/*
 * SCTP: messages in order within their stream, between hosts with several addresses.
 *
 *	sctp://127.0.0.1:4000                    one-to-one, as TCP (SOCK_STREAM)
 *	sctp://127.0.0.1:4000?type=seqpacket     one-to-many: one socket, many peers
 *
 * Addresses are those of inet and inet6. Connecting, accepting and plain sending are
 * the socket's own calls; this is the rest. An association is named by a number on a
 * one-to-many socket; on a one-to-one socket the number is 0.
 *
 * Linux 2.6, module sctp. Source: linux/sctp.h, RFC 6458, sctp(7).
 */
#ifndef LINSOCK_SCTP_H
#define LINSOCK_SCTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/message.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_SCTP_ADDRS_MAX - addresses that one call takes */
#define LSK_SCTP_ADDRS_MAX 64

/**
 * lsk_sctp_bind_add() - be reachable at more addresses (SCTP_SOCKOPT_BINDX_ADD)
 * @sock: the socket; the first addresses bind it, all with one port
 * @addrs: IPv4 and, on a socket of IPv6, both
 * @count: 1 … LSK_SCTP_ADDRS_MAX
 *
 * Peers of associations that are there are told only where net.sctp.addip_enable is on.
 *
 * Return: 0; LSK_ERR_RANGE, LSK_ERR_FAMILY; -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL.
 */
int lsk_sctp_bind_add(struct lsk_socket *sock, const struct lsk_addr *addrs,
		      size_t count);

/**
 * lsk_sctp_bind_remove() - be reachable there no more (SCTP_SOCKOPT_BINDX_REM)
 * @sock: the socket
 * @addrs: as they were bound; one must be left
 * @count: 1 … LSK_SCTP_ADDRS_MAX
 *
 * Return: 0; -EBUSY for the last one; or as lsk_sctp_bind_add().
 */
int lsk_sctp_bind_remove(struct lsk_socket *sock, const struct lsk_addr *addrs,
			 size_t count);

/**
 * lsk_sctp_connect() - connect to a host by several of its addresses
 * (SCTP_SOCKOPT_CONNECTX3)
 * @sock: the socket
 * @addrs: of one host, all with one port
 * @count: 1 … LSK_SCTP_ADDRS_MAX
 * @ret_association: set on success; may be NULL
 *
 * A one-to-one socket waits as lsk_socket_connect() does. A one-to-many socket with a
 * timeout does not: LSK_SCTP_UP tells when it is there.
 *
 * Return: 0; -EISCONN, -ECONNREFUSED, -ETIME; or as lsk_sctp_bind_add().
 */
int lsk_sctp_connect(struct lsk_socket *sock, const struct lsk_addr *addrs,
		     size_t count, int32_t *ret_association);

/**
 * lsk_sctp_peer_addrs() - the peer's addresses (SCTP_GET_PEER_ADDRS)
 * @sock: the socket
 * @association: its number; 0 on a one-to-one socket
 * @ret_addrs: room for @max
 * @max: 1 … LSK_SCTP_ADDRS_MAX
 *
 * Return: how many; -ENOMEM where there are more than @max; -ENOTCONN or -EINVAL
 * without such an association.
 */
int lsk_sctp_peer_addrs(const struct lsk_socket *sock, int32_t association,
			struct lsk_addr *ret_addrs, size_t max);

/**
 * lsk_sctp_local_addrs() - our addresses (SCTP_GET_LOCAL_ADDRS)
 * @sock: the socket
 * @association: its number; 0: those that the socket is bound to
 * @ret_addrs: room for @max
 * @max: 1 … LSK_SCTP_ADDRS_MAX
 *
 * Return: as lsk_sctp_peer_addrs().
 */
int lsk_sctp_local_addrs(const struct lsk_socket *sock, int32_t association,
			 struct lsk_addr *ret_addrs, size_t max);

/**
 * lsk_sctp_set_primary() - which of the peer's addresses is sent to
 * (SCTP_PRIMARY_ADDR)
 * @sock: the socket
 * @association: its number; 0 on a one-to-one socket
 * @addr: one of lsk_sctp_peer_addrs()
 *
 * Return: 0, -EINVAL.
 */
int lsk_sctp_set_primary(struct lsk_socket *sock, int32_t association,
			 const struct lsk_addr *addr);

/**
 * lsk_sctp_set_streams() - how many streams to ask for (SCTP_INITMSG)
 * @sock: before it connects, or a listener
 * @outbound: at most 65535; 0 keeps the kernel's 10
 * @inbound: the most that the peer may ask for; 0 keeps the kernel's 65535
 *
 * Return: 0, -EINVAL.
 */
int lsk_sctp_set_streams(struct lsk_socket *sock, uint16_t outbound, uint16_t inbound);

/**
 * struct lsk_sctp_status - an association (SCTP_STATUS)
 * @association: its number
 * @state: SCTP_ESTABLISHED … of linux/sctp.h
 * @window: bytes that the peer has room for
 * @unacknowledged: chunks sent and not acknowledged
 * @pending: chunks not yet read
 * @inbound: streams from the peer
 * @outbound: streams to the peer
 * @primary: the peer's address that is sent to
 */
struct lsk_sctp_status {
	int32_t association;
	int state;
	uint32_t window;
	uint16_t unacknowledged;
	uint16_t pending;
	uint16_t inbound;
	uint16_t outbound;
	struct lsk_addr primary;
};

/**
 * lsk_sctp_status() - how an association is (SCTP_STATUS)
 * @sock: the socket
 * @association: its number; 0 on a one-to-one socket
 * @ret_status: set on success
 *
 * Return: 0; -EINVAL without such an association.
 */
int lsk_sctp_status(const struct lsk_socket *sock, int32_t association,
		    struct lsk_sctp_status *ret_status);

/**
 * lsk_sctp_peel_off() - give one association a socket of its own
 * (SCTP_SOCKOPT_PEELOFF_FLAGS)
 * @sock: one-to-many
 * @association: its number
 * @ret_socket: set on success: one-to-one, close-on-exec; free with lsk_socket_free()
 *
 * Linux 4.13.
 *
 * Return: 0; -EINVAL without such an association; -ENOMEM.
 */
int lsk_sctp_peel_off(struct lsk_socket *sock, int32_t association,
		      struct lsk_socket **ret_socket);

/* Flags of struct lsk_sctp_send. The two that end an association are for one-to-many
 * sockets (-EINVAL on others, which have lsk_socket_shutdown() and
 * lsk_socket_set_linger()). */
#define LSK_SCTP_UNORDERED 1   /* may overtake those before it in its stream */
#define LSK_SCTP_ABORT     4   /* end the association at once; the bytes say why */
#define LSK_SCTP_END       512 /* end it when all is sent; no bytes of its own */

/**
 * struct lsk_sctp_send - how a message goes
 * @stream: which, from 0
 * @flags: LSK_SCTP_*
 * @protocol_id: handed to the peer as it is, in the caller's byte order
 * @context: comes back with the events of this message
 * @association: its number; 0 on a one-to-one socket, and where @to is given
 * @to: a one-to-many socket: whom, connecting where there is no association yet; NULL:
 *	by @association
 */
struct lsk_sctp_send {
	uint16_t stream;
	unsigned int flags;
	uint32_t protocol_id;
	uint32_t context;
	int32_t association;
	const struct lsk_addr *to;
};

/**
 * lsk_sctp_send() - send a message (SCTP_SNDINFO)
 * @sock: the socket
 * @buf: the bytes
 * @len: how many, at most SO_SNDBUF; 0 only with a flag that ends the association
 * @how: see the struct; NULL: stream 0
 *
 * Return: @len, or 0 where it ends the association; -EINVAL (no such stream);
 * -EMSGSIZE; or as lsk_socket_sendmsg().
 */
ssize_t lsk_sctp_send(struct lsk_socket *sock, const void *buf, size_t len,
		      const struct lsk_sctp_send *how);

/**
 * lsk_sctp_set_events() - be told of what happens, between messages
 * @sock: the socket
 * @enabled: associations, addresses, errors, shutdowns, failed sends; or nothing
 *
 * Also lets received messages say their stream; without it lsk_sctp_recv() tells 0.
 *
 * Return: 0, -ENOPROTOOPT.
 */
int lsk_sctp_set_events(struct lsk_socket *sock, bool enabled);

/**
 * enum lsk_sctp_kind - what was received
 * @LSK_SCTP_DATA: bytes of a message
 * @LSK_SCTP_UP: an association is there
 * @LSK_SCTP_LOST: it is gone without a farewell
 * @LSK_SCTP_RESTARTED: the peer has begun anew
 * @LSK_SCTP_ENDED: it has ended as it should
 * @LSK_SCTP_FAILED: it could not be made
 * @LSK_SCTP_ADDRESS: of an address of the peer: see address_state
 * @LSK_SCTP_SEND_FAILED: a message was not delivered
 * @LSK_SCTP_PEER_ERROR: the peer complains
 * @LSK_SCTP_SHUTDOWN: the peer will send no more
 * @LSK_SCTP_OTHER: another event of linux/sctp.h
 */
enum lsk_sctp_kind {
	LSK_SCTP_DATA,
	LSK_SCTP_UP,
	LSK_SCTP_LOST,
	LSK_SCTP_RESTARTED,
	LSK_SCTP_ENDED,
	LSK_SCTP_FAILED,
	LSK_SCTP_ADDRESS,
	LSK_SCTP_SEND_FAILED,
	LSK_SCTP_PEER_ERROR,
	LSK_SCTP_SHUTDOWN,
	LSK_SCTP_OTHER,
};

/**
 * struct lsk_sctp_received - what one receive brought
 * @kind: see the enum
 * @association: its number
 * @from: data: who sent it; LSK_SCTP_ADDRESS: the address that it is about
 * @stream: data: its stream
 * @flags: data: LSK_SCTP_UNORDERED
 * @protocol_id: data: as the peer gave it
 * @is_end: data: the message ends here; else the next receive goes on
 * @error: UP, LOST, FAILED: the SCTP cause; SEND_FAILED: why; PEER_ERROR: the cause
 * @context: SEND_FAILED: of the message
 * @inbound: UP: streams from the peer
 * @outbound: UP: streams to the peer
 * @address_state: LSK_SCTP_ADDRESS: SCTP_ADDR_* of linux/sctp.h
 */
struct lsk_sctp_received {
	enum lsk_sctp_kind kind;
	int32_t association;
	struct lsk_addr from;
	uint16_t stream;
	unsigned int flags;
	uint32_t protocol_id;
	bool is_end;
	unsigned int error;
	uint32_t context;
	uint16_t inbound;
	uint16_t outbound;
	int address_state;
};

/** LSK_SCTP_CONTROL_SIZE - bytes of control messages that one receive brings */
#define LSK_SCTP_CONTROL_SIZE 128

/**
 * lsk_sctp_recv() - receive a message, a part of one, or an event
 * @sock: the socket
 * @buf: gets the bytes; of an event too
 * @len: room in @buf; 256 hold every event
 * @ret_received: set on success
 *
 * Return: bytes of data; 0 at the end (one-to-one) and for an event, which
 * @ret_received tells apart: the end is data of nobody's; -EBADMSG for a torn event; or
 * as lsk_socket_recvmsg().
 */
ssize_t lsk_sctp_recv(struct lsk_socket *sock, void *buf, size_t len,
		      struct lsk_sctp_received *ret_received);

/**
 * lsk_sctp_message_parse() - the same of a message received by other means
 * @message: as lsk_socket_recvmsg() or a loop left it, with one buffer
 * @ret_received: set on success
 *
 * Return: 0; -EBADMSG for a torn event; -EINVAL.
 */
int lsk_sctp_message_parse(const struct lsk_message *message,
			   struct lsk_sctp_received *ret_received);

LSK_END_DECLS

#endif
