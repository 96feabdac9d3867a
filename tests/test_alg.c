/* SPDX-License-Identifier: MIT */
/*
 * AF_ALG: requests here and on a loop, streams, clones, files, and each error by its
 * own name. A kernel without AF_ALG is a skip; the scenarios of vm-tests run this where
 * there is one, and fail on a skip.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_alg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linsock.h>

#include "tests/support/alg.h"
#include "tests/support/loops.h"
#include "uring/util.h"

#define SHA256_ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA256_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static ssize_t crypt_bytes(struct lsk_alg *alg, bool is_encryption, const void *iv,
			   const void *in, void *out, size_t len)
{
	const struct iovec in_part = {(void *)(uintptr_t)in, len};
	const struct iovec out_part = {out, len + 64};
	const struct lsk_alg_request request = {
		.is_encryption = is_encryption,
		.iv = iv,
		.iv_len = iv ? 16 : 0,
		.in = &in_part,
		.in_count = 1,
		.out = &out_part,
		.out_count = 1,
	};

	return lsk_alg_run(alg, &request);
}

Test(alg_hash, of_abc_and_of_nothing)
{
	struct lsk_alg *alg = alg_for_test("hash", "sha256");
	unsigned char digest[32];

	cr_assert_eq(lsk_alg_digest_size(alg), 32);
	cr_assert_eq(lsk_alg_digest(alg, "abc", 3, digest, sizeof(digest)), 32);
	assert_hex(digest, 32, SHA256_ABC);
	cr_assert_eq(lsk_alg_digest(alg, NULL, 0, digest, sizeof(digest)), 32);
	assert_hex(digest, 32, SHA256_EMPTY);
	cr_assert_eq(lsk_alg_digest(alg, "abc", 3, digest, sizeof(digest)), 32);
	assert_hex(digest, 32, SHA256_ABC);
	lsk_alg_free(alg);
}

Test(alg_hash, takes_and_gives_scattered_parts)
{
	struct lsk_alg *alg = alg_for_test("hash", "sha256");
	unsigned char first[5], second[27], digest[32];
	char a[] = "a", bc[] = "bc";
	const struct iovec in[] = {{a, 1}, {NULL, 0}, {bc, 2}};
	const struct iovec out[] = {{first, 5}, {second, 27}};
	const struct lsk_alg_request request = {
		.in = in, .in_count = 3, .out = out, .out_count = 2};

	cr_assert_eq(lsk_alg_run(alg, &request), 32);
	memcpy(digest, first, 5);
	memcpy(digest + 5, second, 27);
	assert_hex(digest, 32, SHA256_ABC);
	lsk_alg_free(alg);
}

Test(alg_hash, room_that_is_too_small_is_told)
{
	struct lsk_alg *alg = alg_for_test("hash", "sha256");
	unsigned char digest[32];

	cr_assert_eq(lsk_alg_digest(alg, "abc", 3, digest, 31), -ENOSPC);
	lsk_alg_free(alg);
}

Test(alg_hmac, wants_its_key_first)
{
	/* RFC 4231, test case 2. */
	static const char text[] = "what do ya want for nothing?";
	struct lsk_alg *alg = alg_for_test("hash", "hmac(sha256)");
	unsigned char digest[32];

	cr_assert_eq(lsk_alg_digest(alg, text, 28, digest, 32), -ENOKEY);
	cr_assert_eq(lsk_alg_set_key(alg, "Jefe", 4), 0);
	cr_assert_eq(lsk_alg_digest(alg, text, 28, digest, 32), 32);
	assert_hex(digest, 32,
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	lsk_alg_free(alg);
}

Test(alg_cipher, both_ways_and_in_place)
{
	/* NIST SP 800-38A, F.2.1: CBC-AES128, the first block. */
	struct lsk_alg *alg = alg_for_test("skcipher", "cbc(aes)");
	unsigned char key[16], iv[16], text[16 + 64];

	from_hex("2b7e151628aed2a6abf7158809cf4f3c", key);
	from_hex("000102030405060708090a0b0c0d0e0f", iv);
	from_hex("6bc1bee22e409f96e93d7e117393172a", text);
	cr_assert_eq(lsk_alg_set_key(alg, key, 16), 0);
	cr_assert_eq(crypt_bytes(alg, true, iv, text, text, 16), 16);
	assert_hex(text, 16, "7649abac8119b246cee98e9b12e9197d");
	cr_assert_eq(crypt_bytes(alg, false, iv, text, text, 16), 16);
	assert_hex(text, 16, "6bc1bee22e409f96e93d7e117393172a");
	lsk_alg_free(alg);
}

/* More than the socket's buffers take: the same text as in small pieces. */
Test(alg_cipher, of_any_length_where_the_mode_chains)
{
	enum { LEN = 3 * 1024 * 1024 + 16 };
	struct lsk_alg *alg = alg_for_test("skcipher", "cbc(aes)");
	unsigned char *text = calloc(1, LEN + 64), *other = calloc(1, LEN + 64);
	unsigned char iv[16] = {1};

	cr_assert(text && other);
	for (size_t i = 0; i < LEN; i++)
		text[i] = (unsigned char)(i * 31 >> 3);
	cr_assert_eq(lsk_alg_set_key(alg, "0123456789abcdef", 16), 0);
	cr_assert_eq(crypt_bytes(alg, true, iv, text, other, LEN), LEN);
	cr_assert_neq(memcmp(text, other, LEN), 0);
	for (size_t at = 0; at < LEN; at += 4096) {
		size_t len = LEN - at < 4096 ? LEN - at : 4096;
		unsigned char small[4096 + 64];

		cr_assert_eq(crypt_bytes(alg, true, at ? other + at - 16 : iv,
					 text + at, small, len),
			     (ssize_t)len);
		cr_assert_eq(memcmp(small, other + at, len), 0, "at %zu", at);
	}
	cr_assert_eq(crypt_bytes(alg, false, iv, other, other, LEN), LEN);
	cr_assert_eq(memcmp(text, other, LEN), 0);
	free(text);
	free(other);
	lsk_alg_free(alg);
}

Test(alg_cipher, of_a_mode_that_does_not_chain_is_bounded)
{
	enum { LEN = 12 * 1024 * 1024 };
	struct lsk_alg *alg = alg_for_test("skcipher", "xts(aes)");
	unsigned char *text = calloc(1, LEN + 64), iv[16] = {1};
	const struct lsk_alg_request start = {.iv = iv, .iv_len = 16};
	struct lsk_alg_stream *stream = NULL;
	unsigned char key[32];

	for (int i = 0; i < 32; i++)
		key[i] = (unsigned char)i;
	cr_assert_eq(lsk_alg_set_key(alg, key, 32), 0);
	cr_assert_eq(crypt_bytes(alg, true, iv, text, text, LEN), -EMSGSIZE);
	cr_assert_eq(lsk_alg_stream_new(alg, &stream, &start), -EOPNOTSUPP);
	/* What the buffers take is one piece, up to their end. */
	cr_assert_eq(crypt_bytes(alg, true, iv, text, text, 400000), 400000);
	cr_assert_eq(crypt_bytes(alg, false, iv, text, text, 400000), 400000);
	for (size_t i = 0; i < 400000; i++)
		cr_assert_eq(text[i], 0, "byte %zu", i);
	free(text);
	lsk_alg_free(alg);
}

Test(alg_error, each_has_its_own_name)
{
	struct lsk_alg *alg = alg_for_test("skcipher", "cbc(aes)");
	unsigned char text[80] = {0}, iv[16] = {0};
	struct lsk_alg *other = NULL;
	struct lsk_error error = {0};
	struct lsk_addr addr;

	cr_assert_eq(lsk_alg_set_key(alg, "0123456789abcdef", 15), -EKEYREJECTED);
	cr_assert_eq(crypt_bytes(alg, true, iv, text, text, 16), -ENOKEY);
	cr_assert_eq(lsk_alg_set_key(alg, "0123456789abcdef", 16), 0);
	cr_assert_eq(crypt_bytes(alg, true, NULL, text, text, 15), -EINVAL);
	cr_assert_eq(crypt_bytes(alg, true, iv, text, text, 16), 16);
	cr_assert_eq(lsk_alg_set_tag_size(alg, 8), -EOPNOTSUPP);
	cr_assert_eq(lsk_alg_digest_size(alg), -EOPNOTSUPP);
	lsk_alg_free(alg);

	lsk_addr_alg(&addr, "skcipher", "nothing(such)", 0, 0);
	cr_assert_eq(lsk_alg_open(&other, &addr, &error), -ENOENT);
	cr_assert_not_null(strstr(error.text, "nothing(such)"));
	lsk_addr_alg(&addr, "akcipher", "rsa", 0, 0);
	cr_assert_eq(lsk_alg_open(&other, &addr, &error), -EPROTONOSUPPORT);
	cr_assert_not_null(strstr(error.text, "akcipher"));
	lsk_addr_alg(&addr, "hash", "sha256", 0x10, 0x10);
	cr_assert_eq(lsk_alg_open(&other, &addr, &error), -EINVAL);
	cr_assert_not_null(strstr(error.text, "0x10"));
	alg = alg_for_test("hash", "sha256");
	cr_assert_eq(lsk_alg_set_key(alg, "k", 1), -EOPNOTSUPP);
	lsk_alg_free(alg);
	cr_assert_null(other);
}

/* Seal and open with AES-GCM. Return: as lsk_alg_run(). */
static ssize_t gcm(struct lsk_alg *alg, bool is_encryption, const char *assoc,
		   struct iovec in, struct iovec out)
{
	const struct lsk_alg_request request = {
		.is_encryption = is_encryption,
		.iv = "abcdefghijkl",
		.iv_len = 12,
		.assoc = assoc,
		.assoc_len = strlen(assoc),
		.in = &in,
		.in_count = 1,
		.out = &out,
		.out_count = 1,
	};

	return lsk_alg_run(alg, &request);
}

Test(alg_aead, tells_a_forged_text_from_a_short_one)
{
	struct lsk_alg *alg = alg_for_test("aead", "gcm(aes)");
	char plain[] = "attack at dawn", text[64], back[64];

	cr_assert_eq(lsk_alg_set_key(alg, "0123456789abcdef", 16), 0);
	cr_assert_eq(lsk_alg_tag_size(alg), 16);
	cr_assert_eq(gcm(alg, true, "to: all", (struct iovec){plain, 14},
			 (struct iovec){text, 64}),
		     30);
	cr_assert_eq(gcm(alg, false, "to: all", (struct iovec){text, 30},
			 (struct iovec){back, 14}),
		     14);
	cr_assert_eq(memcmp(plain, back, 14), 0);
	cr_assert_eq(gcm(alg, false, "to: you", (struct iovec){text, 30},
			 (struct iovec){back, 14}),
		     -EBADMSG);
	text[29] ^= 1;
	cr_assert_eq(gcm(alg, false, "to: all", (struct iovec){text, 30},
			 (struct iovec){back, 14}),
		     -EBADMSG);
	text[29] ^= 1;
	cr_assert_eq(gcm(alg, false, "to: all", (struct iovec){text, 15},
			 (struct iovec){back, 14}),
		     -ENODATA);
	cr_assert_eq(gcm(alg, false, "to: all", (struct iovec){text, 30},
			 (struct iovec){back, 13}),
		     -ENOSPC);
	/* And after all that it works as before. */
	cr_assert_eq(gcm(alg, false, "to: all", (struct iovec){text, 30},
			 (struct iovec){text, 64}),
		     14);
	cr_assert_eq(memcmp(plain, text, 14), 0);
	lsk_alg_free(alg);
}

/* Nothing comes back that a receive could wait for; the tag is looked at all the same.
 */
Test(alg_aead, of_no_text_is_authenticated_too)
{
	struct lsk_alg *alg = alg_for_test("aead", "gcm(aes)");
	char tag[16], none[1];

	cr_assert_eq(lsk_alg_set_key(alg, "0123456789abcdef", 16), 0);
	for (int i = 0; i < 2; i++) {
		const char *assoc = i ? "assoc" : "";

		cr_assert_eq(gcm(alg, true, assoc, (struct iovec){NULL, 0},
				 (struct iovec){tag, 16}),
			     16);
		cr_assert_eq(gcm(alg, false, assoc, (struct iovec){tag, 16},
				 (struct iovec){none, 0}),
			     0);
		tag[3] ^= 4;
		cr_assert_eq(gcm(alg, false, assoc, (struct iovec){tag, 16},
				 (struct iovec){none, 0}),
			     -EBADMSG, "with %s", assoc);
	}
	lsk_alg_free(alg);
}

Test(alg_aead, has_tags_of_the_lengths_of_its_algorithm)
{
	struct lsk_alg *alg = alg_for_test("aead", "gcm(aes)");
	char text[64], back[64];

	cr_assert_eq(lsk_alg_set_tag_size(alg, 17), -ERANGE);
	cr_assert_eq(lsk_alg_set_tag_size(alg, 3), -ERANGE);
	cr_assert_eq(lsk_alg_set_tag_size(alg, 12), 0);
	cr_assert_eq(lsk_alg_set_key(alg, "0123456789abcdef", 16), 0);
	cr_assert_eq(
		gcm(alg, true, "", (struct iovec){text, 5}, (struct iovec){text, 64}),
		17);
	cr_assert_eq(
		gcm(alg, false, "", (struct iovec){text, 17}, (struct iovec){back, 64}),
		5);
	lsk_alg_free(alg);
}

Test(alg_stream, hashes_bit_by_bit_and_is_cloned)
{
	struct lsk_alg *alg = alg_for_test("hash", "sha256");
	struct lsk_alg_stream *stream = NULL, *clone = NULL;
	unsigned char digest[32], whole[32];

	cr_assert_eq(lsk_alg_stream_new(alg, &stream, NULL), 0);
	cr_assert_eq(lsk_alg_stream_update(stream, "a", 1, NULL, 0), 0);
	cr_assert_eq(lsk_alg_stream_clone(stream, &clone), 0);
	cr_assert_eq(lsk_alg_set_key(alg, "k", 1), -EBUSY);
	cr_assert_eq(lsk_alg_stream_update(stream, "bc", 2, NULL, 0), 0);
	cr_assert_eq(lsk_alg_stream_update(clone, "xy", 2, NULL, 0), 0);
	cr_assert_eq(lsk_alg_stream_finish(stream, digest, 31), -ENOSPC);
	cr_assert_eq(lsk_alg_stream_finish(stream, digest, 32), 32);
	assert_hex(digest, 32, SHA256_ABC);
	cr_assert_eq(lsk_alg_stream_finish(clone, digest, 32), 32);
	lsk_alg_digest(alg, "axy", 3, whole, 32);
	cr_assert_eq(memcmp(digest, whole, 32), 0);
	lsk_alg_stream_free(stream);
	lsk_alg_stream_free(clone);
	lsk_alg_free(alg);
}

/* Pieces of odd lengths, through blocks that never fit. */
Test(alg_stream, ciphers_pieces_of_every_length)
{
	enum { LEN = 4096 };
	static const char *const modes[] = {"cbc(aes)", "ctr(aes)", "ecb(aes)"};
	unsigned char text[LEN], whole[LEN + 64], pieces[LEN + LSK_ALG_BLOCK_MAX];
	unsigned char iv[16] = {7};

	for (size_t i = 0; i < LEN; i++)
		text[i] = (unsigned char)(i * 7);
	for (size_t mode = 0; mode < ARRAY_SIZE(modes); mode++) {
		struct lsk_alg *alg = alg_for_test("skcipher", modes[mode]);
		const unsigned char *use = mode == 2 ? NULL : iv;
		const size_t len = mode == 1 ? LEN - 3 : LEN;
		const struct lsk_alg_request start = {
			.is_encryption = true, .iv = use, .iv_len = use ? 16 : 0};
		struct lsk_alg_stream *stream = NULL;
		size_t at = 0, done = 0, piece = 1;
		ssize_t r;

		lsk_alg_set_key(alg, "0123456789abcdef", 16);
		cr_assert_eq(crypt_bytes(alg, true, use, text, whole, len),
			     (ssize_t)len);
		cr_assert_eq(lsk_alg_stream_new(alg, &stream, &start), 0);
		for (; at < len; at += piece, piece = piece % 97 + 5) {
			if (piece > len - at)
				piece = len - at;
			r = lsk_alg_stream_update(stream, text + at, piece,
						  pieces + done, sizeof(pieces) - done);
			cr_assert_geq(r, 0, "%s: %zd at %zu", modes[mode], r, at);
			done += (size_t)r;
			cr_assert_geq(done + 16, at + piece);
		}
		r = lsk_alg_stream_finish(stream, pieces + done, sizeof(pieces) - done);
		cr_assert_eq(done + (size_t)r, len, "%s: %zd", modes[mode], r);
		cr_assert_eq(memcmp(pieces, whole, len), 0, "%s", modes[mode]);
		lsk_alg_stream_free(stream);
		lsk_alg_free(alg);
	}
}

Test(alg_stream, part_of_a_block_is_no_end)
{
	struct lsk_alg *alg = alg_for_test("skcipher", "cbc(aes)");
	unsigned char iv[16] = {0}, out[64];
	const struct lsk_alg_request start = {.iv = iv, .iv_len = 16};
	struct lsk_alg_stream *stream = NULL;

	lsk_alg_set_key(alg, "0123456789abcdef", 16);
	cr_assert_eq(lsk_alg_stream_new(alg, &stream, &start), 0);
	cr_assert_eq(lsk_alg_stream_update(stream, "short", 5, out, 64), 0);
	cr_assert_eq(lsk_alg_stream_finish(stream, out, 64), -EINVAL);
	lsk_alg_stream_free(stream);
	lsk_alg_free(alg);
}

static int file_of(size_t len)
{
	char path[] = "/tmp/linsock-alg-XXXXXX";
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	unlink(path);
	for (size_t at = 0; at < len; at += 1000) {
		char block[1000];

		memset(block, (int)(at / 1000), sizeof(block));
		cr_assert_gt(write(fd, block, len - at < 1000 ? len - at : 1000), 0);
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

Test(alg_stream, hashes_files_without_reading_them)
{
	static const size_t lengths[] = {0, 1, 4095, 4096, 65536, 65537, 1000003};
	struct lsk_alg *alg = alg_for_test("hash", "sha256");

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct lsk_alg_stream *stream = NULL;
		unsigned char spliced[32], whole[32];
		int fd = file_of(lengths[i]);
		char *all = malloc(lengths[i] + 1);

		cr_assert_eq(lsk_alg_stream_new(alg, &stream, NULL), 0);
		cr_assert_eq(lsk_alg_stream_file(stream, fd, INT64_MAX),
			     (int64_t)lengths[i]);
		cr_assert_eq(lsk_alg_stream_finish(stream, spliced, 32), 32);
		lsk_alg_stream_free(stream);
		cr_assert_eq(pread(fd, all, lengths[i], 0), (ssize_t)lengths[i]);
		cr_assert_eq(lsk_alg_digest(alg, all, lengths[i], whole, 32), 32);
		cr_assert_eq(memcmp(spliced, whole, 32), 0, "%zu bytes", lengths[i]);
		free(all);
		close(fd);
	}
	lsk_alg_free(alg);
}

Test(alg_rng, gives_more_than_the_kernel_gives_at_once)
{
	struct lsk_alg *alg = alg_for_test("rng", "jitterentropy_rng");
	unsigned char bytes[300] = {0};
	int zeros = 0;

	cr_assert_eq(lsk_alg_random(alg, bytes, sizeof(bytes)), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		zeros += bytes[i] == 0;
	cr_assert_lt(zeros, 30);
	lsk_alg_free(alg);
}

/* Entropy and additional data are for tests of generators: kernels are seldom built
 * with CRYPTO_USER_API_RNG_CAVP, and then say so. */
Test(alg_rng, says_where_it_takes_no_entropy_and_no_data)
{
	struct lsk_alg *alg = alg_for_test("rng", "jitterentropy_rng");
	unsigned char bytes[32], zeros[32] = {0};
	const struct iovec in = {zeros, sizeof(zeros)}, out = {bytes, sizeof(bytes)};
	const struct lsk_alg_request request = {
		.in = &in, .in_count = 1, .out = &out, .out_count = 1};
	int r = lsk_alg_set_entropy(alg, zeros, sizeof(zeros));
	ssize_t len = lsk_alg_run(alg, &request);

	if (r == -ENOPROTOOPT) {
		cr_assert_eq(len, -EOPNOTSUPP, "%zd", len);
	} else {
		/* A generator without a state to set; for root alone. */
		cr_assert(r == -EACCES || r == -EOPNOTSUPP || r == -EINVAL || r == 0,
			  "%d", r);
		cr_assert_eq(len, sizeof(bytes), "%zd", len);
	}
	/* What was refused has spoiled nothing. */
	cr_assert_eq(lsk_alg_random(alg, bytes, sizeof(bytes)), 0);
	cr_assert_neq(memcmp(bytes, zeros, sizeof(bytes)), 0);
	lsk_alg_free(alg);
	alg = alg_for_test("hash", "sha256");
	cr_assert_eq(lsk_alg_set_entropy(alg, zeros, sizeof(zeros)), -ENOPROTOOPT);
	lsk_alg_free(alg);
}

Test(alg_afalg, sends_what_python_sends)
{
	struct lsk_socket *sock = NULL, *op = NULL;
	struct lsk_alg *alg = alg_for_test("skcipher", "cbc(aes)");
	unsigned char key[16], text[16];
	const struct iovec part = {text, 16};
	struct lsk_afalg what = {.op = ALG_OP_ENCRYPT, .iv_len = 16, .assoc_len = -1};
	unsigned char iv[16];

	from_hex("2b7e151628aed2a6abf7158809cf4f3c", key);
	from_hex("000102030405060708090a0b0c0d0e0f", iv);
	from_hex("6bc1bee22e409f96e93d7e117393172a", text);
	what.iv = iv;
	lsk_alg_set_key(alg, key, 16);
	cr_assert_eq(lsk_socket_accept(lsk_alg_socket(alg), &op, NULL), 0);
	cr_assert_eq(lsk_sendmsg_afalg(op, &part, 1, &what), 16);
	cr_assert_eq(lsk_socket_recv(op, text, 16, 0), 16);
	assert_hex(text, 16, "7649abac8119b246cee98e9b12e9197d");
	what.op = -1;
	cr_assert_eq(lsk_sendmsg_afalg(op, &part, 1, &what), -EINVAL);
	cr_assert_eq(lsk_socket_new(&sock, AF_UNIX, SOCK_DGRAM, 0), 0);
	cr_assert_eq(lsk_sendmsg_afalg(sock, &part, 1, &what), LSK_ERR_FAMILY);
	lsk_socket_free(sock);
	lsk_socket_free(op);
	lsk_alg_free(alg);
}

static int see_key(void *context, const struct lsk_trace_event *event)
{
	int *seen = context;

	if (event->operation == LSK_TRACE_SETSOCKOPT) {
		seen[0]++;
		seen[1] += event->data != NULL;
	}
	return 0;
}

Test(alg_key, is_shown_to_no_trace_hook)
{
	struct lsk_alg *alg = alg_for_test("skcipher", "cbc(aes)");
	int seen[2] = {0, 0};

	lsk_set_trace_hook(see_key, seen);
	cr_assert_eq(lsk_alg_set_key(alg, "0123456789abcdef", 16), 0);
	lsk_set_trace_hook(NULL, NULL);
	cr_assert_eq(seen[0], 2, "before and after");
	cr_assert_eq(seen[1], 0);
	lsk_alg_free(alg);
}

Test(alg_key, by_serial_is_the_kernels_secret)
{
	struct lsk_alg *alg = alg_for_test("hash", "hmac(sha256)");
	long serial = add_user_key("linsock-test", "Jefe", 4);
	unsigned char digest[32];
	int r;

	if (serial < 0)
		cr_skip_test("no key rings here");
	r = lsk_alg_set_key_serial(alg, (int32_t)serial);
	if (r == -ENOPROTOOPT) {
		cr_assert(kernel_before(6, 2), "the kernel has had this since 6.2");
		return;
	}
	cr_assert_eq(r, 0);
	cr_assert_eq(
		lsk_alg_digest(alg, "what do ya want for nothing?", 28, digest, 32),
		32);
	assert_hex(digest, 32,
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	cr_assert_eq(lsk_alg_set_key_serial(alg, 0x7ffffffe), -ENOKEY);
	lsk_alg_free(alg);
}
