/* SPDX-License-Identifier: MIT */
/*
 * Which algorithms linsock probe asks AF_ALG for. Names of algorithms only: those of
 * drivers come and go with the machine. bind(2) loads algif-TYPE, and crypto-WORD
 * for each word of the name.
 */
#include <stddef.h>
#include <sys/socket.h>

#include "families/probe.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): the strings become one */
#define ALG_NAME(kind, algorithm, text)                                     \
	{                                                                   \
		.name = kind "." algorithm, .summary = text,                \
		.place = kind "/" algorithm, .module_alias = "algif-" kind, \
		.word_alias = "crypto-", .words = algorithm,                \
		.socket = {SOCK_SEQPACKET, 0},                              \
	}

/* NOLINTEND(bugprone-macro-parentheses) */

/* clang-format off */
static const struct family_name alg_names[] = {
	ALG_NAME("hash", "md5", "digest"),
	ALG_NAME("hash", "sha1", "digest"),
	ALG_NAME("hash", "sha224", "digest"),
	ALG_NAME("hash", "sha256", "digest"),
	ALG_NAME("hash", "sha384", "digest"),
	ALG_NAME("hash", "sha512", "digest"),
	ALG_NAME("hash", "sha3-224", "digest"),
	ALG_NAME("hash", "sha3-256", "digest"),
	ALG_NAME("hash", "sha3-384", "digest"),
	ALG_NAME("hash", "sha3-512", "digest"),
	ALG_NAME("hash", "sm3", "digest"),
	ALG_NAME("hash", "blake2b-256", "digest"),
	ALG_NAME("hash", "blake2b-512", "digest"),
	ALG_NAME("hash", "rmd160", "digest"),
	ALG_NAME("hash", "wp512", "digest"),
	ALG_NAME("hash", "streebog256", "digest"),
	ALG_NAME("hash", "streebog512", "digest"),
	ALG_NAME("hash", "crc32", "digest"),
	ALG_NAME("hash", "crc32c", "digest"),
	ALG_NAME("hash", "xxhash64", "digest"),
	ALG_NAME("hash", "ghash", "digest"),
	ALG_NAME("hash", "michael_mic", "digest"),
	ALG_NAME("hash", "md4", "digest"),
	ALG_NAME("hash", "cmac(aes)", "digest"),
	ALG_NAME("hash", "xcbc(aes)", "digest"),
	ALG_NAME("hash", "hmac(md5)", "digest"),
	ALG_NAME("hash", "hmac(sha1)", "digest"),
	ALG_NAME("hash", "hmac(sha256)", "digest"),
	ALG_NAME("hash", "hmac(sha384)", "digest"),
	ALG_NAME("hash", "hmac(sha512)", "digest"),
	ALG_NAME("hash", "hmac(sha3-256)", "digest"),
	ALG_NAME("hash", "hmac(sm3)", "digest"),
	ALG_NAME("skcipher", "ecb(aes)", "cipher"),
	ALG_NAME("skcipher", "cbc(aes)", "cipher"),
	ALG_NAME("skcipher", "ctr(aes)", "cipher"),
	ALG_NAME("skcipher", "xts(aes)", "cipher"),
	ALG_NAME("skcipher", "cts(cbc(aes))", "cipher"),
	ALG_NAME("skcipher", "lrw(aes)", "cipher"),
	ALG_NAME("skcipher", "cfb(aes)", "cipher"),
	ALG_NAME("skcipher", "ofb(aes)", "cipher"),
	ALG_NAME("skcipher", "rfc3686(ctr(aes))", "cipher"),
	ALG_NAME("skcipher", "kw(aes)", "cipher"),
	ALG_NAME("skcipher", "ecb(des3_ede)", "cipher"),
	ALG_NAME("skcipher", "cbc(des3_ede)", "cipher"),
	ALG_NAME("skcipher", "ecb(arc4)", "cipher"),
	ALG_NAME("skcipher", "chacha20", "cipher"),
	ALG_NAME("skcipher", "xchacha20", "cipher"),
	ALG_NAME("skcipher", "xchacha12", "cipher"),
	ALG_NAME("skcipher", "adiantum(xchacha12,aes)", "cipher"),
	ALG_NAME("skcipher", "hctr2(aes)", "cipher"),
	ALG_NAME("skcipher", "ecb(camellia)", "cipher"),
	ALG_NAME("skcipher", "cbc(camellia)", "cipher"),
	ALG_NAME("skcipher", "cbc(serpent)", "cipher"),
	ALG_NAME("skcipher", "cbc(twofish)", "cipher"),
	ALG_NAME("skcipher", "cbc(blowfish)", "cipher"),
	ALG_NAME("skcipher", "cbc(cast5)", "cipher"),
	ALG_NAME("skcipher", "cbc(sm4)", "cipher"),
	ALG_NAME("skcipher", "ctr(sm4)", "cipher"),
	ALG_NAME("skcipher", "xts(sm4)", "cipher"),
	ALG_NAME("skcipher", "cbc(aria)", "cipher"),
	ALG_NAME("aead", "gcm(aes)", "authenticated encryption"),
	ALG_NAME("aead", "ccm(aes)", "authenticated encryption"),
	ALG_NAME("aead", "rfc4106(gcm(aes))", "authenticated encryption"),
	ALG_NAME("aead", "rfc4309(ccm(aes))", "authenticated encryption"),
	ALG_NAME("aead", "rfc4543(gcm(aes))", "authenticated encryption"),
	ALG_NAME("aead", "rfc7539(chacha20,poly1305)", "authenticated encryption"),
	ALG_NAME("aead", "rfc7539esp(chacha20,poly1305)", "authenticated encryption"),
	ALG_NAME("aead", "aegis128", "authenticated encryption"),
	ALG_NAME("aead", "gcm(sm4)", "authenticated encryption"),
	ALG_NAME("aead", "ccm(sm4)", "authenticated encryption"),
	ALG_NAME("aead", "authenc(hmac(sha1),cbc(aes))", "authenticated encryption"),
	ALG_NAME("aead", "authenc(hmac(sha256),cbc(aes))", "authenticated encryption"),
	ALG_NAME("aead", "authenc(hmac(sha256),ctr(aes))", "authenticated encryption"),
	ALG_NAME("aead", "authenc(hmac(sha512),cbc(aes))", "authenticated encryption"),
	ALG_NAME("rng", "stdrng", "random numbers"),
	ALG_NAME("rng", "jitterentropy_rng", "random numbers"),
	ALG_NAME("rng", "ansi_cprng", "random numbers"),
	ALG_NAME("rng", "drbg_nopr_hmac_sha256", "random numbers"),
	ALG_NAME("rng", "drbg_nopr_sha256", "random numbers"),
	ALG_NAME("rng", "drbg_nopr_ctr_aes256", "random numbers"),
	ALG_NAME("rng", "drbg_pr_hmac_sha512", "random numbers"),
	{ .name = NULL },
};
/* clang-format on */

const struct family_probe alg_probe = {
	.names = alg_names,
};
