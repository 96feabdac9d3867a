/* SPDX-License-Identifier: MIT */
/*
 * ICMP echo (ping) of IPv4 and IPv6, over a datagram socket where
 * net.ipv4.ping_group_range allows it, else over a raw one (CAP_NET_RAW).
 *
 *	lsk_ping_new(&ping, AF_INET);
 *	lsk_ping_send(ping, &host, 1, "hello", 5);
 *	lsk_ping_receive(ping, buf, sizeof(buf), &answer);
 *
 * Addresses are those of inet and inet6; their port does not matter. Not thread-safe:
 * one thread at a time.
 */
#ifndef LINSOCK_PING_H
#define LINSOCK_PING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_PING_DATA_MAX - bytes that an echo carries at most over IPv4 */
#define LSK_PING_DATA_MAX 65507

/** LSK_PING_BUFFER_SIZE - bytes that hold every answer with its headers */
#define LSK_PING_BUFFER_SIZE 65536

/* A socket for echoes and what tells our own from those of others. */
struct lsk_ping;

/**
 * lsk_ping_new() - make a socket for echoes
 * @ret_ping: set on success; free with lsk_ping_free()
 * @family: AF_INET or AF_INET6
 *
 * Return: 0; -EPERM where neither socket is allowed; LSK_ERR_FAMILY; or as
 * lsk_socket_new().
 */
int lsk_ping_new(struct lsk_ping **ret_ping, int family);

/**
 * lsk_ping_free() - close it
 * @ping: NULL is allowed
 *
 * Return: NULL.
 */
struct lsk_ping *lsk_ping_free(struct lsk_ping *ping);

/**
 * lsk_ping_socket() - its socket, for its timeout and options
 * @ping: made by lsk_ping_new()
 *
 * Of type SOCK_DGRAM or SOCK_RAW. Do not receive from it.
 *
 * Return: the socket, borrowed; NULL for NULL.
 */
struct lsk_socket *lsk_ping_socket(const struct lsk_ping *ping);

/**
 * lsk_ping_send() - send an echo request
 * @ping: made by lsk_ping_new()
 * @to: whom
 * @sequence: comes back with the answer
 * @data: comes back too; borrowed for the call
 * @len: how much
 *
 * Return: 0; -EHOSTUNREACH, -ENETUNREACH, -EMSGSIZE, LSK_ERR_FAMILY; or as
 * lsk_socket_sendto(). An error that an earlier echo caused may be told by this call
 * too; lsk_ping_receive() has the whole of it.
 */
int lsk_ping_send(struct lsk_ping *ping, const struct lsk_addr *to, uint16_t sequence,
		  const void *data, size_t len);

/**
 * enum lsk_ping_kind - what came
 * @LSK_PING_REPLY: the answer
 * @LSK_PING_ERROR: somebody says why there will be none
 */
enum lsk_ping_kind {
	LSK_PING_REPLY,
	LSK_PING_ERROR,
};

/**
 * struct lsk_ping_answer - what came for an echo of ours
 * @kind: see the enum
 * @from: who answers; the host or a router on the way; a length of 0 for an error of
 *	this host
 * @sequence: of the echo
 * @type: ICMP type
 * @code: ICMP code
 * @info: errors: the MTU of "fragmentation needed" and "packet too big"
 * @error: errors: as an errno, negative
 * @hop_limit: replies: TTL or hop limit that was left; -1 where it is not known
 * @data: replies: what was sent along; borrowed from the buffer
 * @len: bytes
 */
struct lsk_ping_answer {
	enum lsk_ping_kind kind;
	struct lsk_addr from;
	uint16_t sequence;
	unsigned int type;
	unsigned int code;
	uint32_t info;
	int error;
	int hop_limit;
	const void *data;
	size_t len;
};

/**
 * lsk_ping_receive() - wait for an answer to any echo that was sent
 * @ping: made by lsk_ping_new()
 * @buf: gets the bytes
 * @size: bytes in @buf; LSK_PING_BUFFER_SIZE always suffice, fewer cut the data
 * @ret_answer: set on success
 *
 * What is no answer to this object's echoes is passed over. The socket's timeout covers
 * all of the wait.
 *
 * Return: 0; -EAGAIN (timeout 0), -ETIME, -EINTR, or another negative error.
 */
int lsk_ping_receive(struct lsk_ping *ping, void *buf, size_t size,
		     struct lsk_ping_answer *ret_answer);

/**
 * struct lsk_icmp_message - an ICMP message taken apart
 * @type: ICMP_* of linux/icmp.h, ICMPV6_* of linux/icmpv6.h
 * @code: see @type
 * @id: of echoes
 * @sequence: of echoes
 * @info: the second 32 bits of the header as they are: of errors an MTU or a pointer
 * @data: behind the header of 8 bytes: of errors the packet that caused it, with its IP
 *	header; borrowed
 * @len: bytes
 */
struct lsk_icmp_message {
	unsigned int type;
	unsigned int code;
	uint16_t id;
	uint16_t sequence;
	uint32_t info;
	const void *data;
	size_t len;
};

/**
 * lsk_icmp_parse() - take an ICMP or ICMPv6 message apart
 * @data: it, without an IP header
 * @len: bytes
 * @ret_message: set on success
 *
 * Return: 0, -EBADMSG where it is too short, -EINVAL.
 */
int lsk_icmp_parse(const void *data, size_t len, struct lsk_icmp_message *ret_message);

/**
 * lsk_icmp_skip_ip() - find the ICMP message behind an IP header
 * @family: AF_INET or AF_INET6
 * @packet: from the IP header on, as a raw socket of IPv4 gives it
 * @len: bytes
 *
 * Return: offset of the message; -ENOMSG for another protocol, a later fragment, and
 * IPv6 with extension headers; -EBADMSG where it is too short; LSK_ERR_FAMILY.
 */
ssize_t lsk_icmp_skip_ip(int family, const void *packet, size_t len);

/**
 * lsk_icmp_text() - a line for people
 * @family: AF_INET or AF_INET6
 * @type: see struct lsk_icmp_message
 * @code: see @type
 *
 * Return: a constant such as "Destination host unreachable"; NULL where there is none.
 */
const char *lsk_icmp_text(int family, unsigned int type, unsigned int code);

LSK_END_DECLS

#endif
