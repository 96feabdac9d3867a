/* SPDX-License-Identifier: MIT */
/*
 * TLS records by the kernel (kTLS), with keys that a handshake has agreed on: what is
 * sent is encrypted, what is received decrypted, and lsk_socket_sendfile() stays in the
 * kernel. The handshake itself is a library's (OpenSSL, GnuTLS, rustls).
 *
 *	lsk_tls_attach(sock);
 *	lsk_tls_set_keys(sock, LSK_TLS_SEND, &ours);
 *	lsk_tls_set_keys(sock, LSK_TLS_RECEIVE, &theirs);
 *
 * Linux 4.13 (sending), 4.17 (receiving), 5.1 (TLS 1.3); module tls. Source:
 * linux/tls.h, Documentation/networking/tls.rst.
 */
#ifndef LINSOCK_TLS_H
#define LINSOCK_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/base.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * lsk_tls_attach() - make a connected TCP socket one of TLS (TCP_ULP)
 * @sock: connected
 *
 * Cannot be undone. Without keys it still sends and receives plain bytes.
 *
 * Return: 0; -ENOENT where the kernel has no TLS; -ENOTCONN; -EEXIST the second time.
 */
int lsk_tls_attach(struct lsk_socket *sock);

/**
 * enum lsk_tls_cipher - how records are encrypted
 * @LSK_TLS_AES_128_GCM: key 16, iv 8, salt 4 bytes
 * @LSK_TLS_AES_256_GCM: key 32, iv 8, salt 4
 * @LSK_TLS_CHACHA20_POLY1305: key 32, iv 12, no salt; Linux 5.11
 * @LSK_TLS_AES_128_CCM: key 16, iv 8, salt 4
 * @LSK_TLS_CIPHER__COUNT: how many
 */
enum lsk_tls_cipher {
	LSK_TLS_AES_128_GCM,
	LSK_TLS_AES_256_GCM,
	LSK_TLS_CHACHA20_POLY1305,
	LSK_TLS_AES_128_CCM,
	LSK_TLS_CIPHER__COUNT,
};

/**
 * enum lsk_tls_direction - whose keys
 * @LSK_TLS_SEND: ours
 * @LSK_TLS_RECEIVE: the peer's
 */
enum lsk_tls_direction {
	LSK_TLS_SEND = 1,
	LSK_TLS_RECEIVE = 2,
};

/**
 * struct lsk_tls_keys - what a handshake has agreed on for one direction
 * @version: 0x0303 for TLS 1.2, 0x0304 for TLS 1.3
 * @cipher: see the enum
 * @key: as many bytes as the cipher has
 * @iv: TLS 1.2: the explicit part; TLS 1.3: the write IV behind the salt
 * @salt: the first 4 bytes of the write IV, where the cipher has a salt
 * @sequence: number of the next record, the highest byte first
 */
struct lsk_tls_keys {
	uint16_t version;
	enum lsk_tls_cipher cipher;
	uint8_t key[32];
	uint8_t iv[12];
	uint8_t salt[4];
	uint8_t sequence[8];
};

/**
 * lsk_tls_set_keys() - encrypt or decrypt from now on (TLS_TX, TLS_RX)
 * @sock: after lsk_tls_attach()
 * @direction: see the enum
 * @keys: copied, and wiped here; wipe yours too
 *
 * Keys of TLS 1.3 can be set again after a KeyUpdate since Linux 6.14.
 *
 * Return: 0; -EINVAL (version, cipher); -EBUSY where there are keys already;
 * -ENOPROTOOPT without lsk_tls_attach(); -ENOENT where the kernel lacks the cipher.
 */
int lsk_tls_set_keys(struct lsk_socket *sock, enum lsk_tls_direction direction,
		     const struct lsk_tls_keys *keys);

/* Types of records (RFC 8446, 5.1). */
#define LSK_TLS_RECORD_CHANGE_CIPHER 20
#define LSK_TLS_RECORD_ALERT         21
#define LSK_TLS_RECORD_HANDSHAKE     22
#define LSK_TLS_RECORD_DATA          23

/** LSK_TLS_RECORD_MAX - bytes of the longest record */
#define LSK_TLS_RECORD_MAX 16384

/**
 * lsk_tls_send_record() - send a record that is no data: an alert, a handshake message
 * @sock: with keys for sending
 * @type: LSK_TLS_RECORD_*
 * @buf: its bytes
 * @len: how many, at most LSK_TLS_RECORD_MAX
 *
 * Data goes by lsk_socket_send() and all the others.
 *
 * Return: bytes taken, or as lsk_socket_send(); LSK_ERR_RANGE.
 */
ssize_t lsk_tls_send_record(struct lsk_socket *sock, unsigned int type, const void *buf,
			    size_t len);

/**
 * lsk_tls_recv_record() - receive a record, or a part of one, with its type
 * @sock: with keys for receiving
 * @buf: gets its bytes
 * @len: room in @buf
 * @ret_type: set on success: LSK_TLS_RECORD_*
 *
 * Bytes of one type alone come in one call. lsk_socket_recv() says -EIO where the next
 * record is no data: this call takes it.
 *
 * Return: bytes received, 0 at the end of the stream; -EBADMSG for a record that was
 * not made with the keys; -EMSGSIZE for one that is too long; or as lsk_socket_recv().
 */
ssize_t lsk_tls_recv_record(struct lsk_socket *sock, void *buf, size_t len,
			    unsigned int *ret_type);

LSK_END_DECLS

#endif
