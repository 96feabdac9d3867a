/* SPDX-License-Identifier: MIT */
/*
 * UDP and UDP-Lite beyond the datagram: many datagrams in one call, both ways, and
 * checksums that cover a part.
 *
 * Addresses are those of inet and inet6. The control messages of each single datagram
 * are in <linsock/inet.h>.
 */
#ifndef LINSOCK_UDP_H
#define LINSOCK_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/message.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_UDP_RECEIVE_MAX - bytes that hold whatever one receive brings */
#define LSK_UDP_RECEIVE_MAX 65535

/**
 * lsk_udp_set_segment_size() - cut every send into datagrams (UDP_SEGMENT)
 * @sock: a UDP socket
 * @size: bytes of each datagram but the last of a send; 0 ends it
 *
 * One send is then at most 64 datagrams, each smaller than the MTU, else -EINVAL or
 * -EMSGSIZE. lsk_udp_send_segments() knows no such limits.
 *
 * Linux 4.18.
 *
 * Return: 0, LSK_ERR_RANGE for more than 65535, -ENOPROTOOPT, or another negated errno.
 */
int lsk_udp_set_segment_size(struct lsk_socket *sock, int size);

/** lsk_udp_segment_size() - what was set; 0 where nothing is cut; or a negated errno */
int lsk_udp_segment_size(const struct lsk_socket *sock);

/**
 * lsk_udp_send_segments() - send bytes as datagrams of one size
 * @sock: a UDP socket
 * @buf: the bytes
 * @len: how many
 * @size: of each datagram but the last, 1 … 65535
 * @to: where to; NULL for the connected peer
 *
 * As many datagrams go into one system call as the kernel takes. Where it cannot cut
 * (before Linux 4.18, datagrams larger than the MTU, a device without checksums), each
 * is sent by itself.
 *
 * Return: bytes sent: whole datagrams, fewer than @len where an error or the deadline
 * came in between (the next call tells it); the error where nothing was sent;
 * LSK_ERR_RANGE for @size; or as lsk_socket_sendto().
 */
ssize_t lsk_udp_send_segments(struct lsk_socket *sock, const void *buf, size_t len,
			      size_t size, const struct lsk_addr *to);

/**
 * lsk_udp_set_receive_segments() - let the kernel put datagrams together (UDP_GRO)
 * @sock: a UDP socket; read it with lsk_udp_recv_segments() from now on
 * @enabled: or end it
 *
 * Only datagrams of one sender, in order and of one size, the last may be shorter.
 *
 * Linux 5.0.
 *
 * Return: 0, -ENOPROTOOPT, or another negated errno of setsockopt(2).
 */
int lsk_udp_set_receive_segments(struct lsk_socket *sock, bool enabled);

/**
 * struct lsk_udp_segments - datagrams that came in one receive
 * @data: all of them, one behind the other; borrowed from the caller's buffer
 * @len: bytes
 * @size: of each but the last; @len where it is a single one
 * @offset: where lsk_udp_next_segment() goes on
 * @from: who sent them
 * @flags: MSG_TRUNC where @data is not all: the buffer was too small
 */
struct lsk_udp_segments {
	const uint8_t *data;
	size_t len;
	size_t size;
	size_t offset;
	struct lsk_addr from;
	int flags;
};

/**
 * lsk_udp_recv_segments() - receive what has been put together
 * @sock: a UDP socket
 * @buf: gets the bytes; LSK_UDP_RECEIVE_MAX always suffice
 * @size: bytes in @buf
 * @ret_segments: set on success
 *
 * Without lsk_udp_set_receive_segments() it is always a single datagram.
 *
 * Return: how many datagrams there are, 1 or more (an empty one counts); or as
 * lsk_socket_recv().
 */
ssize_t lsk_udp_recv_segments(struct lsk_socket *sock, void *buf, size_t size,
			      struct lsk_udp_segments *ret_segments);

/**
 * lsk_udp_message_segments() - the same of a message received by other means
 * @message: as lsk_socket_recvmsg() or a loop left it, with one buffer
 * @ret_segments: set on success
 *
 * For loops and batches. What the control messages say is not believed beyond the
 * message's length.
 *
 * Return: how many datagrams there are; -EINVAL for NULL or several buffers.
 */
ssize_t lsk_udp_message_segments(const struct lsk_message *message,
				 struct lsk_udp_segments *ret_segments);

/**
 * lsk_udp_next_segment() - take one datagram after the other
 * @segments: as received
 * @ret_data: set where there is one: borrowed from the buffer
 * @ret_len: set where there is one: its bytes
 *
 * A single empty datagram is none here: there is nothing to take.
 *
 * Return: 1, or 0 at the end; -EINVAL for NULL.
 */
int lsk_udp_next_segment(struct lsk_udp_segments *segments, const void **ret_data,
			 size_t *ret_len);

/**
 * lsk_udplite_open() - make a UDP-Lite socket
 * @ret_socket: set on success; free with lsk_socket_free()
 * @family: AF_INET or AF_INET6
 *
 * Linux 2.6.20 to 7.0: removed in 7.1.
 *
 * Return: 0; -EPROTONOSUPPORT where the kernel has it no more; LSK_ERR_FAMILY; or as
 * lsk_socket_new().
 */
int lsk_udplite_open(struct lsk_socket **ret_socket, int family);

/**
 * lsk_udplite_set_coverage() - how much of each datagram is guarded by its checksum
 * @sock: a UDP-Lite socket
 * @send: bytes of our datagrams, the header's 8 included; 0: all
 * @receive: bytes that a peer's checksum must cover at least; what covers less is
 *	dropped; 0: any coverage will do
 *
 * Numbers from 1 to 7 become 8, as the header is always covered.
 *
 * Return: 0; LSK_ERR_RANGE outside of 0 … 65535; -ENOPROTOOPT for other sockets.
 */
int lsk_udplite_set_coverage(struct lsk_socket *sock, int send, int receive);

/**
 * lsk_udplite_coverage() - what was set
 * @sock: a UDP-Lite socket
 * @ret_send: set on success; 0: all
 * @ret_receive: set on success
 *
 * Return: 0, -ENOPROTOOPT.
 */
int lsk_udplite_coverage(const struct lsk_socket *sock, int *ret_send,
			 int *ret_receive);

LSK_END_DECLS

#endif
