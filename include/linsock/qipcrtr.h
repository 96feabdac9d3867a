/* SPDX-License-Identifier: MIT */
/*
 * QIPCRTR (QRTR): the Qualcomm IPC router, datagrams between processors of a SoC, and
 * the name service that says which port of which node offers what.
 *
 *	qipcrtr://1:15     qipcrtr://broadcast:control
 *
 * Sending to another node: the kernel lets ten messages to a port go unacknowledged.
 * The eleventh send waits, whatever O_NONBLOCK and MSG_DONTWAIT say, and while it
 * does every other call on the same socket waits too, beyond the reach of signals;
 * poll(2) says "writable" all the time. So what goes to another node goes by a sender
 * (below): a thread and a socket of their own, with a deadline that holds. What goes
 * to the own node never waits: a full receiver is -ENOSPC.
 *
 * Errors that mean more here than elsewhere: -ENODEV, no such port on this node;
 * -ECONNRESET, no such node; -ENOSPC, the receiver is full; -ENETRESET, from a receive:
 * the name service began anew, and everything published is to be published again;
 * -EACCES, a port below 0x4000 without CAP_NET_ADMIN; -EAFNOSUPPORT, outside of the
 * first network namespace.
 *
 * Threads: as for sockets; a sender may be used by several threads.
 *
 * Source: linux/qrtr.h, net/qrtr/.
 */
#ifndef LINSOCK_QIPCRTR_H
#define LINSOCK_QIPCRTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/loop.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_QIPCRTR_MESSAGE_MAX - bytes that a message may have */
#define LSK_QIPCRTR_MESSAGE_MAX 65535

/** LSK_QIPCRTR_CONTROL_SIZE - bytes of a control packet */
#define LSK_QIPCRTR_CONTROL_SIZE 20

/**
 * lsk_addr_qipcrtr() - a QIPCRTR address from its parts
 * @ret_addr: set on success
 * @node: number of the processor; QRTR_NODE_BCAST (0xffffffff) for all
 * @port: number of the port; QRTR_PORT_CTRL (0xfffffffe) for the control port; 0 lets
 *	bind(2) choose
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_qipcrtr(struct lsk_addr *ret_addr, uint32_t node, uint32_t port);

/**
 * lsk_addr_qipcrtr_read() - the parts of a QIPCRTR address
 * @addr: the address
 * @ret_node: set on success; may be NULL
 * @ret_port: set on success; may be NULL
 *
 * Return: 0; LSK_ERR_FAMILY for another address; -EINVAL for NULL.
 */
int lsk_addr_qipcrtr_read(const struct lsk_addr *addr, uint32_t *ret_node,
			  uint32_t *ret_port);

/**
 * enum lsk_qipcrtr_type - what a control packet says: the kernel's own numbers
 * @LSK_QIPCRTR_HELLO: a node is there
 * @LSK_QIPCRTR_BYE: a node has gone, with all its ports
 * @LSK_QIPCRTR_NEW_SERVER: a service is offered
 * @LSK_QIPCRTR_DEL_SERVER: it is offered no more
 * @LSK_QIPCRTR_DEL_CLIENT: a port is gone
 * @LSK_QIPCRTR_RESUME_TX: sending to a port may go on
 * @LSK_QIPCRTR_EXIT: not used by the kernel
 * @LSK_QIPCRTR_PING: not answered by the kernel
 * @LSK_QIPCRTR_NEW_LOOKUP: a watch begins
 * @LSK_QIPCRTR_DEL_LOOKUP: a watch ends
 */
enum lsk_qipcrtr_type {
	LSK_QIPCRTR_HELLO = 2,
	LSK_QIPCRTR_BYE = 3,
	LSK_QIPCRTR_NEW_SERVER = 4,
	LSK_QIPCRTR_DEL_SERVER = 5,
	LSK_QIPCRTR_DEL_CLIENT = 6,
	LSK_QIPCRTR_RESUME_TX = 7,
	LSK_QIPCRTR_EXIT = 8,
	LSK_QIPCRTR_PING = 9,
	LSK_QIPCRTR_NEW_LOOKUP = 10,
	LSK_QIPCRTR_DEL_LOOKUP = 11,
};

/**
 * struct lsk_qipcrtr_service - which service
 * @service: its number; 0 in a lookup: any
 * @version: of its interface, 8 bits
 * @instance: which one of several, 24 bits; @version and @instance 0 in a lookup: any
 */
struct lsk_qipcrtr_service {
	uint32_t service;
	uint8_t version;
	uint32_t instance;
};

/**
 * struct lsk_qipcrtr_event - a control packet
 * @type: enum lsk_qipcrtr_type, or a number that nobody knows yet
 * @service: NEW_SERVER, DEL_SERVER, NEW_LOOKUP, DEL_LOOKUP
 * @node: of the server or client
 * @port: of the server or client
 * @is_end: a NEW_SERVER of nothing: what was there when the watch began has been told
 */
struct lsk_qipcrtr_event {
	uint32_t type;
	struct lsk_qipcrtr_service service;
	uint32_t node;
	uint32_t port;
	bool is_end;
};

/**
 * lsk_qipcrtr_parse() - read a control packet
 * @data: the bytes
 * @len: how many
 * @ret_event: set on success
 *
 * Return: 0; -EBADMSG for fewer than LSK_QIPCRTR_CONTROL_SIZE bytes; -EINVAL.
 */
int lsk_qipcrtr_parse(const void *data, size_t len,
		      struct lsk_qipcrtr_event *ret_event);

/**
 * lsk_qipcrtr_build() - write a control packet
 * @event: what it says
 * @ret_data: LSK_QIPCRTR_CONTROL_SIZE bytes; set on success
 *
 * Return: 0; LSK_ERR_RANGE for an instance of more than 24 bits; -EINVAL.
 */
int lsk_qipcrtr_build(const struct lsk_qipcrtr_event *event, void *ret_data);

/** lsk_qipcrtr_type_name() - "new-server" …; NULL for a number that nobody knows */
const char *lsk_qipcrtr_type_name(uint32_t type);

/**
 * lsk_qipcrtr_open() - make a bound socket
 * @ret_socket: set on success; free with lsk_socket_free()
 * @port: 0 lets the kernel choose, from 0x4000 on
 *
 * Return: 0, -EAFNOSUPPORT, -EADDRINUSE, -EACCES.
 */
int lsk_qipcrtr_open(struct lsk_socket **ret_socket, uint32_t port);

/**
 * lsk_qipcrtr_publish() - offer a service on a socket's port
 * @sock: the socket, bound
 * @service: which
 *
 * A port offers one service: the next one replaces it. The close of the socket, and
 * lsk_qipcrtr_withdraw(), end the offer.
 *
 * Return: 0; LSK_ERR_RANGE; or as lsk_socket_sendto(). Whether the name service had
 * room (256 services of a node) it does not say.
 */
int lsk_qipcrtr_publish(struct lsk_socket *sock,
			const struct lsk_qipcrtr_service *service);

/** lsk_qipcrtr_withdraw() - end the offer of lsk_qipcrtr_publish(); returns as that */
int lsk_qipcrtr_withdraw(struct lsk_socket *sock,
			 const struct lsk_qipcrtr_service *service);

/**
 * lsk_qipcrtr_watch() - be told of services that come and go
 * @sock: the socket, bound; lsk_qipcrtr_receive() and lsk_qipcrtr_event() tell
 * @service: which, with 0 for any
 *
 * First come those that are there, then an event with is_end, then what changes.
 *
 * Return: as lsk_qipcrtr_publish().
 */
int lsk_qipcrtr_watch(struct lsk_socket *sock,
		      const struct lsk_qipcrtr_service *service);

/** lsk_qipcrtr_unwatch() - end lsk_qipcrtr_watch(); returns as that */
int lsk_qipcrtr_unwatch(struct lsk_socket *sock,
			const struct lsk_qipcrtr_service *service);

/**
 * lsk_qipcrtr_event() - the event that a received message is, if it is one
 * @from: the message's sender
 * @data: the message
 * @len: bytes in @data
 * @ret_event: set on success
 *
 * For messages of lsk_loop_recvmsg_stream() and the like.
 *
 * Return: 0; -ENOMSG for a message of another port than the control port; -EBADMSG.
 */
int lsk_qipcrtr_event(const struct lsk_addr *from, const void *data, size_t len,
		      struct lsk_qipcrtr_event *ret_event);

/**
 * lsk_qipcrtr_receive() - receive a message, or an event of the name service
 * @sock: the socket; its timeout holds
 * @buf: gets the message, or the control packet
 * @size: room in @buf; LSK_QIPCRTR_MESSAGE_MAX always suffices
 * @ret_from: the sender
 * @ret_event: set where it was an event, type 0 otherwise
 *
 * Return: bytes of a message; 0 with an event; -EMSGSIZE for a message that was longer
 * (the rest is gone); -EBADMSG for a control packet that is none; -ENETRESET; or as
 * lsk_socket_recvfrom().
 */
ssize_t lsk_qipcrtr_receive(struct lsk_socket *sock, void *buf, size_t size,
			    struct lsk_addr *ret_from,
			    struct lsk_qipcrtr_event *ret_event);

/**
 * lsk_qipcrtr_find() - which services are there now
 * @service: which, with 0 for any
 * @ret_servers: gets them, events of type LSK_QIPCRTR_NEW_SERVER
 * @servers_max: room in @ret_servers
 * @timeout_ns: for all of it
 *
 * Asks again where the name service begins anew meanwhile (-ENETRESET).
 *
 * Return: how many there are, perhaps more than @servers_max; -ETIME; or as
 * lsk_qipcrtr_open().
 */
int lsk_qipcrtr_find(const struct lsk_qipcrtr_service *service,
		     struct lsk_qipcrtr_event *ret_servers, size_t servers_max,
		     int64_t timeout_ns);

struct lsk_qipcrtr_sender;

/**
 * lsk_qipcrtr_sender_new() - make a sender: a socket of its own, and a thread
 * @ret_sender: set on success; free with lsk_qipcrtr_sender_free()
 *
 * The thread begins with the first message.
 *
 * Return: as lsk_qipcrtr_open().
 */
int lsk_qipcrtr_sender_new(struct lsk_qipcrtr_sender **ret_sender);

/**
 * lsk_qipcrtr_sender_free() - end a sender
 * @sender: NULL is allowed; no call of it is going on
 *
 * What is under way is given up; callbacks of its messages are called with -ECANCELED,
 * in the loop's next pass. Its loop must still be there.
 *
 * Return: NULL.
 */
struct lsk_qipcrtr_sender *lsk_qipcrtr_sender_free(struct lsk_qipcrtr_sender *sender);

/**
 * lsk_qipcrtr_sender_socket() - the socket, for answers that come to its port
 * @sender: keeps owning it
 *
 * Its calls wait while a message waits for its node to acknowledge others; so receive
 * elsewhere, where the protocol lets you say where.
 *
 * Return: the socket, borrowed; NULL for NULL.
 */
struct lsk_socket *lsk_qipcrtr_sender_socket(const struct lsk_qipcrtr_sender *sender);

/**
 * lsk_qipcrtr_send() - send a message, and wait until it is on its way
 * @sender: the sender
 * @to: any node's port
 * @buf: the message; copied
 * @len: bytes in @buf
 * @timeout_ns: LSK_BLOCK waits until the node acknowledges or is gone
 *
 * Messages of one sender leave one behind the other.
 *
 * Return: 0; -ETIME, and the message is given up; -EMSGSIZE; -ECONNRESET; -EPIPE where
 * the node went while the message waited; or what else sendto(2) says.
 */
int lsk_qipcrtr_send(struct lsk_qipcrtr_sender *sender, const struct lsk_addr *to,
		     const void *buf, size_t len, int64_t timeout_ns);

/**
 * struct lsk_qipcrtr_message - what lsk_qipcrtr_start() sends
 * @to: any node's port
 * @data: the message
 * @len: bytes in @data
 */
struct lsk_qipcrtr_message {
	struct lsk_addr to;
	const void *data;
	size_t len;
};

/**
 * lsk_qipcrtr_start() - send a message from a loop, which never waits for it
 * @sender: the sender
 * @loop: the loop
 * @message: copied
 * @then: result: as lsk_qipcrtr_send(); its done is needed, its ret_op is not set
 *
 * Return: 0; -EMSGSIZE; -EINVAL for a missing callback.
 */
int lsk_qipcrtr_start(struct lsk_qipcrtr_sender *sender, struct lsk_loop *loop,
		      const struct lsk_qipcrtr_message *message,
		      const struct lsk_then *then);

LSK_END_DECLS

#endif
