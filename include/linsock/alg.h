/* SPDX-License-Identifier: MIT */
/*
 * ALG: the kernel's cryptography for user space.
 *
 *	alg://hash/sha256     alg://skcipher/cbc(aes)     alg://rng/stdrng
 *
 * The interface is deprecated since Linux 7.2, distributions forbid parts of it, and
 * OpenSSL is faster on every machine that it was measured on. It stays useful for
 * testing kernels, for keys that never leave the kernel, and for hardware that has a
 * driver before 7.2; docs/alg.md says more.
 *
 * A transform (struct lsk_alg) is an algorithm with its key. What it shall do is a
 * request, which lsk_alg_run() waits for and lsk_alg_start() hands to a loop, many at a
 * time; what does not fit into memory goes through a stream.
 *
 * Errors that mean more here than elsewhere:
 *
 *	-EAFNOSUPPORT    this kernel has no AF_ALG, or it is forbidden
 *	-EPROTONOSUPPORT the type (algif_hash …) is not there, or it is forbidden
 *	-ENOENT          the type is there, and has no such algorithm
 *	-ELIBBAD         the algorithm failed its self-test
 *	-EKEYREJECTED    a weak key, or of a length that the algorithm does not have
 *	-ENOKEY          the algorithm wants a key first
 *	-ERANGE          a tag of a length that the algorithm does not have
 *	-ENODATA         what is to be decrypted is shorter than its tag
 *	-EBADMSG         the tag is wrong: nobody may look at the output
 *	-EINVAL          an IV of the wrong length, or part of a block
 *	-EMSGSIZE        more than the kernel takes in one piece
 *	-ENOSPC          the room for the output is too small
 *
 * Threads: a transform, its streams and its requests belong to one thread at a time.
 *
 * Keys go to the kernel and are kept nowhere else; no trace hook sees them.
 *
 * Source: Documentation/crypto/userspace-if.rst, linux/if_alg.h, crypto/algif_*.c.
 */
#ifndef LINSOCK_ALG_H
#define LINSOCK_ALG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/error.h>
#include <linsock/loop.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_ALG_BLOCK_MAX - no algorithm of the kernel has larger blocks */
#define LSK_ALG_BLOCK_MAX 256

/** LSK_ALG_IV_MAX - no algorithm of the kernel has a longer IV */
#define LSK_ALG_IV_MAX 64

/** LSK_ALG_DIGEST_MAX - no hash of the kernel has more bytes */
#define LSK_ALG_DIGEST_MAX 64

/** LSK_ALG_RNG_MAX - random bytes that the kernel gives in one piece */
#define LSK_ALG_RNG_MAX 128

/**
 * lsk_addr_alg() - an ALG address from its parts
 * @ret_addr: set on success
 * @type: "hash", "skcipher", "aead" or "rng"; at most 13 bytes; copied
 * @name: the algorithm as /proc/crypto names it; at most 63 bytes; copied
 * @feature: feature bits, 0 for none (ignored since Linux 7.2)
 * @mask: mask bits, 0 for none (ignored since Linux 7.2)
 *
 * Return: 0, LSK_ERR_LENGTH, LSK_ERR_SYNTAX (an empty type or name), -EINVAL for NULL.
 */
int lsk_addr_alg(struct lsk_addr *ret_addr, const char *type, const char *name,
		 uint32_t feature, uint32_t mask);

/**
 * struct lsk_afalg - what goes along with the bytes of lsk_sendmsg_afalg()
 * @op: ALG_OP_ENCRYPT or ALG_OP_DECRYPT
 * @iv: @iv_len bytes; NULL for none
 * @iv_len: at most LSK_ALG_IV_MAX
 * @assoc_len: how many of the bytes are associated data; negative for "not told"
 * @flags: MSG_*: MSG_MORE where more is to come
 */
struct lsk_afalg {
	int op;
	const void *iv;
	size_t iv_len;
	int64_t assoc_len;
	int flags;
};

/**
 * lsk_sendmsg_afalg() - send bytes to an operation's socket (Python's sendmsg_afalg())
 * @sock: what lsk_socket_accept() gave of a bound ALG socket
 * @buffers: the bytes; borrowed for the call
 * @count: of @buffers
 * @what: operation, IV and length of the associated data
 *
 * For programs that know AF_ALG itself; lsk_alg_run() does the rest as well.
 *
 * Return: bytes taken; LSK_ERR_FAMILY for a socket of another family; -EINVAL for a
 * negative operation or more than 2^31 - 1 associated bytes; or as
 * lsk_socket_sendmsg().
 */
ssize_t lsk_sendmsg_afalg(struct lsk_socket *sock, const struct iovec *buffers,
			  size_t count, const struct lsk_afalg *what);

struct lsk_alg;

/**
 * lsk_alg_open() - make a transform
 * @ret_alg: set on success; free with lsk_alg_free()
 * @addr: type and name of the algorithm; copied
 * @ret_error: what is missing, in words; may be NULL
 *
 * The kernel may load modules for it. The tag of an AEAD is as long as can be.
 *
 * Return: 0, or one of the errors above.
 */
int lsk_alg_open(struct lsk_alg **ret_alg, const struct lsk_addr *addr,
		 struct lsk_error *ret_error);

/**
 * lsk_alg_free() - end a transform
 * @alg: NULL is allowed; no request of it is under way, and its streams are freed
 *
 * Return: NULL.
 */
struct lsk_alg *lsk_alg_free(struct lsk_alg *alg);

/**
 * lsk_alg_freep() - lsk_alg_free() for __attribute__((cleanup))
 * @alg: address of the variable; NULL in it is allowed
 */
void lsk_alg_freep(struct lsk_alg **alg);

/**
 * lsk_alg_socket() - the bound socket
 * @alg: keeps owning it
 *
 * Return: the socket, borrowed; NULL for NULL.
 */
struct lsk_socket *lsk_alg_socket(const struct lsk_alg *alg);

/**
 * lsk_alg_set_key() - set the key; of a generator of random numbers: its seed
 * @alg: the transform
 * @key: the bytes; copied into the kernel, and nowhere else
 * @len: how many
 *
 * Return: 0; -EKEYREJECTED; -EBUSY while requests or streams are under way;
 * -EOPNOTSUPP for an algorithm without keys.
 */
int lsk_alg_set_key(struct lsk_alg *alg, const void *key, size_t len);

/**
 * lsk_alg_set_key_serial() - use a key of the kernel's key rings (Linux 6.2)
 * @alg: the transform
 * @serial: number of a key of type "user", "logon", "encrypted" or "trusted", which
 *	the process may search
 *
 * Return: as lsk_alg_set_key(); -ENOPROTOOPT where the kernel cannot, or the key is of
 * another type; -ENOKEY where there is none of that number.
 */
int lsk_alg_set_key_serial(struct lsk_alg *alg, int32_t serial);

/**
 * lsk_alg_set_tag_size() - how long the tags of an AEAD are
 * @alg: the transform
 * @size: bytes
 *
 * Return: 0; -ERANGE; -EBUSY as lsk_alg_set_key(); -EOPNOTSUPP for other types.
 */
int lsk_alg_set_tag_size(struct lsk_alg *alg, size_t size);

/**
 * lsk_alg_set_entropy() - a generator's entropy, for tests of a DRBG (Linux 5.10)
 * @alg: a generator that has not been seeded
 * @entropy: the bytes; copied
 * @len: how many
 *
 * Return: 0; -ENOPROTOOPT where the kernel was built without CRYPTO_USER_API_RNG_CAVP;
 * -EACCES without CAP_SYS_ADMIN; -EBUSY as lsk_alg_set_key().
 */
int lsk_alg_set_entropy(struct lsk_alg *alg, const void *entropy, size_t len);

/**
 * lsk_alg_digest_size() - bytes of the digest
 * @alg: a hash; a keyed one has its key
 *
 * Return: bytes; -ENOKEY; -EOPNOTSUPP for other types.
 */
int lsk_alg_digest_size(struct lsk_alg *alg);

/** lsk_alg_tag_size() - bytes of the tag of an AEAD; -EOPNOTSUPP for other types */
int lsk_alg_tag_size(const struct lsk_alg *alg);

/**
 * struct lsk_alg_request - one piece of work; members that a type has no use for are 0
 * @is_encryption: skcipher, aead: which way
 * @iv: skcipher, aead: @iv_len bytes; the length is the algorithm's own
 * @iv_len: 0 for an algorithm without IV
 * @assoc: aead: associated data
 * @assoc_len: bytes in @assoc
 * @in: what is hashed, encrypted, decrypted; a tag stands at the end; rng: additional
 *	data, for kernels with CRYPTO_USER_API_RNG_CAVP
 * @in_count: parts of @in
 * @out: gets the digest, the other text, the random bytes; a tag stands at the end. May
 *	be the memory of @in
 * @out_count: parts of @out
 *
 * Everything is borrowed until the request has ended; the struct itself is copied.
 */
struct lsk_alg_request {
	bool is_encryption;
	const void *iv;
	size_t iv_len;
	const void *assoc;
	size_t assoc_len;
	const struct iovec *in;
	size_t in_count;
	const struct iovec *out;
	size_t out_count;
};

/**
 * lsk_alg_run() - do one piece of work now
 * @alg: the transform
 * @request: what
 *
 * Waits for the kernel's own work and for nothing else. Text of a mode that chains
 * (cbc, ctr, ecb …) may be of any length, in place too; that of others and of an AEAD
 * is bounded by the socket's buffers: twice net.core.wmem_max, 400 KiB before Linux 7.
 *
 * Return: bytes of the output; or one of the errors above.
 */
ssize_t lsk_alg_run(struct lsk_alg *alg, const struct lsk_alg_request *request);

/**
 * lsk_alg_start() - do one piece of work on a loop
 * @alg: the transform, which belongs to this loop until it is freed
 * @loop: the loop
 * @request: what
 * @then: result: as lsk_alg_run(), at most LSK_ALG_RNG_MAX random bytes; its done is
 *	needed. -EMSGSIZE for what does not go to the kernel in one piece
 *
 * Any number may be under way; each has a socket of its own, which the next ones use
 * again. On a ring, what is started in one pass costs one system call together.
 *
 * Return: 0; -EINVAL for a missing callback; -EBUSY for another loop; as lsk_alg_run()
 * for what can be seen at once; -EMFILE.
 */
int lsk_alg_start(struct lsk_alg *alg, struct lsk_loop *loop,
		  const struct lsk_alg_request *request, const struct lsk_then *then);

/**
 * lsk_alg_digest() - hash bytes
 * @alg: a hash
 * @data: the bytes
 * @len: how many
 * @ret_digest: gets the digest
 * @size: room in @ret_digest
 *
 * Return: as lsk_alg_run().
 */
ssize_t lsk_alg_digest(struct lsk_alg *alg, const void *data, size_t len,
		       void *ret_digest, size_t size);

/**
 * lsk_alg_random() - random bytes
 * @alg: a generator
 * @ret_bytes: gets them
 * @len: how many
 *
 * Return: 0; or as lsk_alg_run().
 */
int lsk_alg_random(struct lsk_alg *alg, void *ret_bytes, size_t len);

struct lsk_alg_stream;

/**
 * lsk_alg_stream_new() - begin work whose bytes come bit by bit
 * @alg: a hash, or a cipher of a mode that chains
 * @ret_stream: set on success; free with lsk_alg_stream_free()
 * @start: direction and IV of a cipher; NULL for a hash; its buffers play no part
 *
 * Memory is bounded, however much goes through.
 *
 * Return: 0; -EOPNOTSUPP for an AEAD, a generator, or a mode such as xts, where the
 * kernel would begin anew with each piece and give wrong text.
 */
int lsk_alg_stream_new(struct lsk_alg *alg, struct lsk_alg_stream **ret_stream,
		       const struct lsk_alg_request *start);

/**
 * lsk_alg_stream_free() - give a stream up, or back
 * @stream: NULL is allowed
 *
 * Return: NULL.
 */
struct lsk_alg_stream *lsk_alg_stream_free(struct lsk_alg_stream *stream);

/**
 * lsk_alg_stream_clone() - a second stream with the same state
 * @stream: of a hash; goes on
 * @ret_stream: set on success; free with lsk_alg_stream_free()
 *
 * For digests of many texts with one beginning. The kernel copies the state.
 *
 * Return: 0; -EOPNOTSUPP for a cipher.
 */
int lsk_alg_stream_clone(struct lsk_alg_stream *stream,
			 struct lsk_alg_stream **ret_stream);

/**
 * lsk_alg_stream_update() - the next bytes
 * @stream: the stream
 * @in: the bytes; borrowed for the call
 * @len: how many
 * @out: a cipher's: gets what is done; may be @in. NULL for a hash
 * @size: room in @out: @len + LSK_ALG_BLOCK_MAX always suffices
 *
 * Return: bytes in @out, whole blocks; 0 for a hash.
 */
ssize_t lsk_alg_stream_update(struct lsk_alg_stream *stream, const void *in, size_t len,
			      void *out, size_t size);

/**
 * lsk_alg_stream_file() - hash what a file or pipe has, without reading it
 * @stream: of a hash
 * @fd: read from its present place; borrowed
 * @len: at most so many bytes
 *
 * By splice(2), and by read(2) where the file cannot be spliced.
 *
 * Return: bytes hashed, fewer than @len only at the end of the file; or what splice(2)
 * and read(2) say.
 */
int64_t lsk_alg_stream_file(struct lsk_alg_stream *stream, int fd, int64_t len);

/**
 * lsk_alg_stream_finish() - the end: the digest, or the rest of the text
 * @stream: still to be freed
 * @out: gets it
 * @size: room in @out
 *
 * Return: bytes; -EINVAL where a cipher that has blocks is left with part of one.
 */
ssize_t lsk_alg_stream_finish(struct lsk_alg_stream *stream, void *out, size_t size);

/**
 * struct lsk_alg_entry - an algorithm as /proc/crypto lists it; 0 and "" where it does
 * not say
 * @name: "cbc(aes)"
 * @driver: which implementation: "cbc-aes-aesni"
 * @module: where it is from; "kernel" for built in
 * @kind: "skcipher", "ahash", "shash", "aead", "rng" …
 * @type: as lsk_addr_alg() wants it: "hash" …; "" for a kind that AF_ALG does not offer
 * @priority: the highest of a name is taken
 * @is_tested: passed its self-test
 * @is_internal: for other algorithms of the kernel only
 * @is_async: works in the background
 * @block_size: bytes
 * @digest_size: bytes
 * @iv_size: bytes
 * @tag_size_max: bytes
 * @key_min: bytes
 * @key_max: bytes
 * @seed_size: bytes
 */
struct lsk_alg_entry {
	char name[128];
	char driver[128];
	char module[64];
	char kind[24];
	char type[14];
	int priority;
	bool is_tested;
	bool is_internal;
	bool is_async;
	unsigned int block_size;
	unsigned int digest_size;
	unsigned int iv_size;
	unsigned int tag_size_max;
	unsigned int key_min;
	unsigned int key_max;
	unsigned int seed_size;
};

/**
 * lsk_alg_entry_parse() - read one paragraph of /proc/crypto
 * @text: where to read; moved on behind the paragraph
 * @end: end of the text, which needs no NUL
 * @ret_entry: set when there is one
 *
 * Lines that are not known are passed over.
 *
 * Return: 1; 0 at the end; -EBADMSG for a paragraph without a name, a number that is
 * none, or a name that does not fit: *@text is behind it, so the next call goes on.
 */
int lsk_alg_entry_parse(const char **text, const char *end,
			struct lsk_alg_entry *ret_entry);

/**
 * lsk_alg_list() - what the kernel has loaded
 * @ret_entries: set on success; owned by the caller; free(3)
 * @ret_count: set on success
 *
 * Only what was used since the kernel began: lsk_alg_open() loads what more there is.
 * Paragraphs that cannot be read are left out.
 *
 * Return: 0; -ENOENT where there is no /proc/crypto; -ENOMEM.
 */
int lsk_alg_list(struct lsk_alg_entry **ret_entries, size_t *ret_count);

LSK_END_DECLS

#endif
