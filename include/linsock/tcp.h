/* SPDX-License-Identifier: MIT */
/*
 * TCP beyond the stream: data in the first packet, signed segments, and receiving by
 * mapped pages. What a connection measures is lsk_socket_tcp_info(); TLS by the kernel
 * is <linsock/tls.h>.
 */
#ifndef LINSOCK_TCP_H
#define LINSOCK_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * lsk_tcp_set_fastopen() - take data in the first packet of a connection (TCP_FASTOPEN)
 * @listener: listening, or before it listens
 * @queue: connections that may wait before their peer has proved its address; 0 ends it
 *
 * Bit 1 of net.ipv4.tcp_fastopen allows it; without it the option is set and nothing
 * happens.
 *
 * Return: 0, -EOPNOTSUPP, -EINVAL.
 */
int lsk_tcp_set_fastopen(struct lsk_socket *listener, int queue);

/**
 * lsk_tcp_connect_sending() - connect with data in the first packet (MSG_FASTOPEN)
 * @sock: not connected
 * @to: the server
 * @buf: the first bytes; they should be fit to arrive twice
 * @len: how many
 *
 * The first connection to a host asks for a cookie and sends the bytes after the
 * handshake; later ones send them with it. lsk_tcp_was_fastopen() tells. With a timeout
 * of 0 and no cookie the answer is -EINPROGRESS, and no byte is taken.
 *
 * Return: bytes taken, which may be fewer than @len; -EOPNOTSUPP where bit 0 of
 * net.ipv4.tcp_fastopen is not set; or as lsk_socket_connect() and lsk_socket_send().
 */
ssize_t lsk_tcp_connect_sending(struct lsk_socket *sock, const struct lsk_addr *to,
				const void *buf, size_t len);

/**
 * lsk_tcp_was_fastopen() - whether data in the first packet was taken
 * @sock: connected, of either side
 *
 * Return: 1, 0, or a negative error.
 */
int lsk_tcp_was_fastopen(const struct lsk_socket *sock);

/** LSK_TCP_KEY_MAX - bytes of the longest key for signatures */
#define LSK_TCP_KEY_MAX 80

/**
 * lsk_tcp_set_md5_key() - sign segments of a peer by MD5 (RFC 2385, TCP_MD5SIG_EXT)
 * @sock: before it connects, or a listener
 * @peer: whose segments; its port does not matter
 * @prefix: bits of @peer that count: the whole network shares the key; negative: all
 * @key: 1 … LSK_TCP_KEY_MAX bytes; NULL removes the peer's
 * @len: bytes in @key
 *
 * Segments without the right signature are dropped in silence: a connect runs into its
 * deadline. RFC 5925 (lsk_tcp_ao_add()) is what came after it.
 *
 * Linux 2.6.20; prefixes 4.13.
 *
 * Return: 0; LSK_ERR_RANGE (length, prefix); LSK_ERR_FAMILY; -ENOENT where there is
 * none to remove; -ENOPROTOOPT where the kernel was built without.
 */
int lsk_tcp_set_md5_key(struct lsk_socket *sock, const struct lsk_addr *peer,
			int prefix, const void *key, size_t len);

/**
 * struct lsk_tcp_ao_key - a key of TCP-AO (RFC 5925)
 * @peer: whose segments; its port must be 0
 * @prefix: bits of @peer that count; negative: all
 * @algorithm: as the kernel's crypto names it: "hmac(sha1)", "cmac(aes128)",
 *	"hmac(sha256)"
 * @send_id: number of the key in our segments, the peer's receive_id
 * @receive_id: number of the key in the peer's segments, its send_id
 * @mac_len: bytes of the signature; 0: 12, as the RFC wants it
 * @key: the secret; borrowed for the call
 * @key_len: 1 … LSK_TCP_KEY_MAX
 * @interface: only there; 0: everywhere
 * @is_current: sign with it from now on (a connected socket)
 * @is_next: ask the peer to sign with it (a connected socket)
 */
struct lsk_tcp_ao_key {
	struct lsk_addr peer;
	int prefix;
	const char *algorithm;
	uint8_t send_id;
	uint8_t receive_id;
	uint8_t mac_len;
	const void *key;
	size_t key_len;
	unsigned int interface;
	bool is_current;
	bool is_next;
};

/**
 * lsk_tcp_ao_add() - sign and check segments with a key (TCP_AO_ADD_KEY)
 * @sock: before it connects, a listener, or a connection that has keys already
 * @key: copied
 *
 * Linux 6.7.
 *
 * Return: 0; -EEXIST; -ENOENT (no such algorithm); LSK_ERR_RANGE; LSK_ERR_FAMILY;
 * -ENOPROTOOPT where the kernel was built without.
 */
int lsk_tcp_ao_add(struct lsk_socket *sock, const struct lsk_tcp_ao_key *key);

/**
 * lsk_tcp_ao_delete() - forget a key (TCP_AO_DEL_KEY)
 * @sock: the socket
 * @key: its peer, prefix, interface and both ids are looked at
 *
 * Return: 0; -ENOENT; -EBUSY for the current or the next key; or as lsk_tcp_ao_add().
 */
int lsk_tcp_ao_delete(struct lsk_socket *sock, const struct lsk_tcp_ao_key *key);

/**
 * struct lsk_tcp_ao_info - what became of a socket's keys
 * @current_id: send_id of the key that signs; -1 for none
 * @next_id: receive_id of the key that the peer is asked to use; -1 for none
 * @good: segments whose signature was right
 * @bad: whose was wrong
 * @key_not_found: of a key that is not there
 * @required: without one, where one is wanted
 */
struct lsk_tcp_ao_info {
	int current_id;
	int next_id;
	uint64_t good;
	uint64_t bad;
	uint64_t key_not_found;
	uint64_t required;
};

/**
 * lsk_tcp_ao_info() - what became of a socket's keys (TCP_AO_INFO)
 * @sock: the socket
 * @ret_info: set on success
 *
 * Return: 0; -ENOENT where it has none; -ENOPROTOOPT.
 */
int lsk_tcp_ao_info(const struct lsk_socket *sock, struct lsk_tcp_ao_info *ret_info);

/* Pages of the kernel's receive queue, seen without a copy. */
struct lsk_tcp_map;

/**
 * lsk_tcp_map_new() - prepare to receive without a copy (TCP_ZEROCOPY_RECEIVE)
 * @ret_map: set on success; free with lsk_tcp_map_free(), before the socket
 * @sock: a connected TCP socket; borrowed until lsk_tcp_map_free()
 * @size: bytes that one receive may bring, a multiple of the page size; address space
 *	alone, until something comes
 *
 * Pays where whole pages arrive: an MTU of a page and the headers, or a network card
 * that splits them off. What is no whole page is copied; never is anything lost.
 *
 * Linux 4.18; the copied part by the same call 5.11, without which it is received by
 * recv(2).
 *
 * Return: 0; -EINVAL (size); -EOPNOTSUPP, -ENODEV for a socket of another kind;
 * -ENOMEM.
 */
int lsk_tcp_map_new(struct lsk_tcp_map **ret_map, struct lsk_socket *sock, size_t size);

/**
 * lsk_tcp_map_free() - give the pages and the address space back
 * @map: NULL is allowed
 *
 * Return: NULL.
 */
struct lsk_tcp_map *lsk_tcp_map_free(struct lsk_tcp_map *map);

/**
 * struct lsk_tcp_mapped - what one receive brought: first the pages, then the rest
 * @pages: mapped, read only; valid until the next call on the map; NULL for none
 * @pages_len: bytes there
 * @rest: copied; valid until the next call on the map; NULL for none
 * @rest_len: bytes there
 */
struct lsk_tcp_mapped {
	const void *pages;
	size_t pages_len;
	const void *rest;
	size_t rest_len;
};

/**
 * lsk_tcp_map_receive() - receive what is there
 * @map: made by lsk_tcp_map_new()
 * @ret_mapped: set on success
 *
 * Waits as lsk_socket_recv() does. The pages of the call before are given back.
 *
 * Return: bytes received, 0 at the end of the stream; or as lsk_socket_recv().
 */
ssize_t lsk_tcp_map_receive(struct lsk_tcp_map *map, struct lsk_tcp_mapped *ret_mapped);

LSK_END_DECLS

#endif
