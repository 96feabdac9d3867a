/* SPDX-License-Identifier: MIT */
/*
 * RDS: reliable datagrams between IP addresses, in order and once.
 *
 *	rds://10.0.0.1:4000              addresses are those of inet and inet6
 *
 * A socket is bound to an address of this host before it sends. A destination whose
 * receiver is slow is congested: lsk_socket_sendto() says -ENOBUFS then, whatever the
 * socket's timeout, and lsk_rds_send() waits. Over the loop transport, which carries
 * what stays on this host unless another one is chosen, nothing is ever congested: the
 * receiver's queue grows. A datagram to a port that nobody is bound to is lost in
 * silence. At most min(SO_SNDBUF, 1 MiB) bytes, else -EMSGSIZE.
 *
 * Linux 2.6.30, IPv6 4.19; modules rds and rds_tcp. Source: linux/rds.h,
 * Documentation/networking/rds.rst, rds(7).
 */
#ifndef LINSOCK_RDS_H
#define LINSOCK_RDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/control.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * enum lsk_rds_transport - what carries the datagrams (SO_RDS_TRANSPORT)
 * @LSK_RDS_INFINIBAND: RDMA
 * @LSK_RDS_TCP: TCP, port 16385
 */
enum lsk_rds_transport {
	LSK_RDS_INFINIBAND = 0,
	LSK_RDS_TCP = 2,
};

/**
 * lsk_rds_set_transport() - choose what carries the datagrams
 * @sock: not yet bound; once only. Else the address that it is bound to decides
 * @transport: see the enum
 *
 * Return: 0; -EOPNOTSUPP the second time; -EINVAL; -ENOPROTOOPT where its module is not
 * there.
 */
int lsk_rds_set_transport(struct lsk_socket *sock, enum lsk_rds_transport transport);

/**
 * lsk_rds_send() - send a datagram, and wait while its destination is congested
 * @sock: bound
 * @buf: the bytes
 * @len: how many
 * @to: where to; NULL for the connected peer
 *
 * Waits within the socket's timeout; with a timeout of 0 it does not.
 *
 * Return: @len; -ENOBUFS (congested) or -EAGAIN (own queue full) with a timeout of 0;
 * -ETIME; -ENOTCONN for a socket that is not bound, or @to NULL without a peer; or as
 * lsk_socket_sendto().
 */
ssize_t lsk_rds_send(struct lsk_socket *sock, const void *buf, size_t len,
		     const struct lsk_addr *to);

/**
 * lsk_rds_cancel() - forget what was sent and not acknowledged (RDS_CANCEL_SENT_TO)
 * @sock: bound
 * @to: to this destination; IPv4 or IPv6
 *
 * What is on its way may arrive nevertheless.
 *
 * Return: 0; LSK_ERR_FAMILY for what is no IP address; -EINVAL; -ENOTCONN.
 */
int lsk_rds_cancel(struct lsk_socket *sock, const struct lsk_addr *to);

/** LSK_RDS_PORT_BIT() - the bit of a port, which others share, in what is told */
#define LSK_RDS_PORT_BIT(port) (UINT64_C(1) << ((port) % 64))

/**
 * lsk_rds_watch_congestion() - be told when ports are congested no more
 * (RDS_CONG_MONITOR)
 * @sock: bound
 * @enabled: of those for which a send has said -ENOBUFS from now on; or no more
 *
 * What clears is then told by a message of 0 bytes with a control message,
 * lsk_rds_get_congestion(). Without it every update wakes those that poll.
 *
 * Return: 0, or the negated errno of setsockopt(2).
 */
int lsk_rds_watch_congestion(struct lsk_socket *sock, bool enabled);

/**
 * lsk_rds_get_congestion() - which ports are congested no more (RDS_CMSG_CONG_UPDATE)
 * @item: of a received message
 * @ret_ports: set on success; LSK_RDS_PORT_BIT() of each
 *
 * Return: 0, -ENOMSG, -EBADMSG.
 */
int lsk_rds_get_congestion(const struct lsk_control_item *item, uint64_t *ret_ports);

/**
 * struct lsk_rds_counter - a counter of the whole kernel (RDS_INFO_COUNTERS)
 * @name: such as "send_queued"
 * @value: since the module was loaded
 */
struct lsk_rds_counter {
	char name[33];
	uint64_t value;
};

/**
 * struct lsk_rds_connection - between two hosts (RDS_INFO_CONNECTIONS)
 * @local: our address, port 0
 * @remote: the other host's, port 0
 * @transport: "tcp", "loop", "infiniband"
 * @next_sent: number of the next datagram to send
 * @next_received: number of the next datagram that is expected
 * @is_up: it can carry
 */
struct lsk_rds_connection {
	struct lsk_addr local;
	struct lsk_addr remote;
	char transport[17];
	uint64_t next_sent;
	uint64_t next_received;
	bool is_up;
};

/**
 * struct lsk_rds_socket - an RDS socket of this host (RDS_INFO_SOCKETS)
 * @bound: its address
 * @connected: its peer; 0.0.0.0, of LSK_RDS_ALL_SOCKETS [::], for none
 * @send_buffer: bytes
 * @receive_buffer: bytes
 * @inode: as in /proc/PID/fd
 */
struct lsk_rds_socket {
	struct lsk_addr bound;
	struct lsk_addr connected;
	uint32_t send_buffer;
	uint32_t receive_buffer;
	uint64_t inode;
};

/**
 * enum lsk_rds_table - what can be listed
 * @LSK_RDS_COUNTERS: struct lsk_rds_counter
 * @LSK_RDS_CONNECTIONS: struct lsk_rds_connection, IPv4
 * @LSK_RDS_SOCKETS: struct lsk_rds_socket, IPv4
 * @LSK_RDS_ALL_CONNECTIONS: struct lsk_rds_connection, IPv6 and IPv4; Linux 4.19
 * @LSK_RDS_ALL_SOCKETS: struct lsk_rds_socket, IPv6 and IPv4; Linux 4.19
 */
enum lsk_rds_table {
	LSK_RDS_COUNTERS,
	LSK_RDS_CONNECTIONS,
	LSK_RDS_SOCKETS,
	LSK_RDS_ALL_CONNECTIONS,
	LSK_RDS_ALL_SOCKETS,
	LSK_RDS_TABLE__COUNT,
};

/**
 * lsk_rds_list() - list a table
 * @sock: any RDS socket
 * @table: which
 * @ret_rows: set to an array of the table's struct; free with free(); NULL for none
 * @ret_count: set: how many
 *
 * Return: 0; -ENOMEM; -EINVAL; -EBADMSG; -ENOPROTOOPT for a table that the kernel does
 * not have; or the negated errno of getsockopt(2).
 */
int lsk_rds_list(const struct lsk_socket *sock, enum lsk_rds_table table,
		 void **ret_rows, size_t *ret_count);

/**
 * lsk_rds_parse() - read what getsockopt(2) gave for a table
 * @table: which
 * @bytes: what it wrote
 * @len: how much of it
 * @step: bytes of a row, which it returned
 * @ret_rows: as for lsk_rds_list()
 * @ret_count: set: how many
 *
 * What is behind the last whole row is passed over.
 *
 * Return: 0; -ENOMEM; -EINVAL; -EBADMSG for rows that are too short.
 */
int lsk_rds_parse(enum lsk_rds_table table, const void *bytes, size_t len, size_t step,
		  void **ret_rows, size_t *ret_count);

LSK_END_DECLS

#endif
