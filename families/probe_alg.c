/* SPDX-License-Identifier: MIT */
/*
 * Which algorithms linsock probe asks AF_ALG for. Names of algorithms only: those of
 * drivers come and go with the machine. bind(2) loads algif-TYPE and crypto-NAME.
 */
#include <stddef.h>
#include <sys/socket.h>

#include "families/probe.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): the strings become one */
#define ALG_NAME(kind, algorithm, alias, text)                              \
	{                                                                   \
		.name = kind "." algorithm, .summary = text,                \
		.place = kind "/" algorithm, .module_alias = "algif-" kind, \
		.other_alias = "crypto-" alias, .listed = algorithm,        \
		.socket = {SOCK_SEQPACKET, 0},                              \
	}

/* NOLINTEND(bugprone-macro-parentheses) */

/* clang-format off */
static const struct family_name alg_names[] = {
	ALG_NAME("hash", "md5", "md5", "digest"),
	ALG_NAME("hash", "sha1", "sha1", "digest"),
	ALG_NAME("hash", "sha224", "sha224", "digest"),
	ALG_NAME("hash", "sha256", "sha256", "digest"),
	ALG_NAME("hash", "sha384", "sha384", "digest"),
	ALG_NAME("hash", "sha512", "sha512", "digest"),
	ALG_NAME("hash", "sha3-224", "sha3-224", "digest"),
	ALG_NAME("hash", "sha3-256", "sha3-256", "digest"),
	ALG_NAME("hash", "sha3-384", "sha3-384", "digest"),
	ALG_NAME("hash", "sha3-512", "sha3-512", "digest"),
	ALG_NAME("hash", "sm3", "sm3", "digest"),
	ALG_NAME("hash", "blake2b-256", "blake2b-256", "digest"),
	ALG_NAME("hash", "blake2b-512", "blake2b-512", "digest"),
	ALG_NAME("hash", "rmd160", "rmd160", "digest"),
	ALG_NAME("hash", "wp512", "wp512", "digest"),
	ALG_NAME("hash", "streebog256", "streebog256", "digest"),
	ALG_NAME("hash", "streebog512", "streebog512", "digest"),
	ALG_NAME("hash", "crc32", "crc32", "digest"),
	ALG_NAME("hash", "crc32c", "crc32c", "digest"),
	ALG_NAME("hash", "xxhash64", "xxhash64", "digest"),
	ALG_NAME("hash", "ghash", "ghash", "digest"),
	ALG_NAME("hash", "michael_mic", "michael_mic", "digest"),
	ALG_NAME("hash", "md4", "md4", "digest"),
	ALG_NAME("hash", "cmac(aes)", "cmac", "digest"),
	ALG_NAME("hash", "xcbc(aes)", "xcbc", "digest"),
	ALG_NAME("hash", "hmac(md5)", "hmac", "digest"),
	ALG_NAME("hash", "hmac(sha1)", "hmac", "digest"),
	ALG_NAME("hash", "hmac(sha256)", "hmac", "digest"),
	ALG_NAME("hash", "hmac(sha384)", "hmac", "digest"),
	ALG_NAME("hash", "hmac(sha512)", "hmac", "digest"),
	ALG_NAME("hash", "hmac(sha3-256)", "hmac", "digest"),
	ALG_NAME("hash", "hmac(sm3)", "hmac", "digest"),
	ALG_NAME("skcipher", "ecb(aes)", "ecb", "cipher"),
	ALG_NAME("skcipher", "cbc(aes)", "cbc", "cipher"),
	ALG_NAME("skcipher", "ctr(aes)", "ctr", "cipher"),
	ALG_NAME("skcipher", "xts(aes)", "xts", "cipher"),
	ALG_NAME("skcipher", "cts(cbc(aes))", "cts", "cipher"),
	ALG_NAME("skcipher", "lrw(aes)", "lrw", "cipher"),
	ALG_NAME("skcipher", "cfb(aes)", "cfb", "cipher"),
	ALG_NAME("skcipher", "ofb(aes)", "ofb", "cipher"),
	ALG_NAME("skcipher", "rfc3686(ctr(aes))", "rfc3686", "cipher"),
	ALG_NAME("skcipher", "kw(aes)", "kw", "cipher"),
	ALG_NAME("skcipher", "ecb(des3_ede)", "ecb", "cipher"),
	ALG_NAME("skcipher", "cbc(des3_ede)", "cbc", "cipher"),
	ALG_NAME("skcipher", "ecb(arc4)", "ecb", "cipher"),
	ALG_NAME("skcipher", "chacha20", "chacha20", "cipher"),
	ALG_NAME("skcipher", "xchacha20", "xchacha20", "cipher"),
	ALG_NAME("skcipher", "xchacha12", "xchacha12", "cipher"),
	ALG_NAME("skcipher", "adiantum(xchacha12,aes)", "adiantum", "cipher"),
	ALG_NAME("skcipher", "hctr2(aes)", "hctr2", "cipher"),
	ALG_NAME("skcipher", "ecb(camellia)", "ecb", "cipher"),
	ALG_NAME("skcipher", "cbc(camellia)", "cbc", "cipher"),
	ALG_NAME("skcipher", "cbc(serpent)", "cbc", "cipher"),
	ALG_NAME("skcipher", "cbc(twofish)", "cbc", "cipher"),
	ALG_NAME("skcipher", "cbc(blowfish)", "cbc", "cipher"),
	ALG_NAME("skcipher", "cbc(cast5)", "cbc", "cipher"),
	ALG_NAME("skcipher", "cbc(sm4)", "cbc", "cipher"),
	ALG_NAME("skcipher", "ctr(sm4)", "ctr", "cipher"),
	ALG_NAME("skcipher", "xts(sm4)", "xts", "cipher"),
	ALG_NAME("skcipher", "cbc(aria)", "cbc", "cipher"),
	ALG_NAME("aead", "gcm(aes)", "gcm", "authenticated encryption"),
	ALG_NAME("aead", "ccm(aes)", "ccm", "authenticated encryption"),
	ALG_NAME("aead", "rfc4106(gcm(aes))", "rfc4106", "authenticated encryption"),
	ALG_NAME("aead", "rfc4309(ccm(aes))", "rfc4309", "authenticated encryption"),
	ALG_NAME("aead", "rfc4543(gcm(aes))", "rfc4543", "authenticated encryption"),
	ALG_NAME("aead", "rfc7539(chacha20,poly1305)", "rfc7539", "authenticated encryption"),
	ALG_NAME("aead", "rfc7539esp(chacha20,poly1305)", "rfc7539esp", "authenticated encryption"),
	ALG_NAME("aead", "aegis128", "aegis128", "authenticated encryption"),
	ALG_NAME("aead", "gcm(sm4)", "gcm", "authenticated encryption"),
	ALG_NAME("aead", "ccm(sm4)", "ccm", "authenticated encryption"),
	ALG_NAME("aead", "authenc(hmac(sha1),cbc(aes))", "authenc", "authenticated encryption"),
	ALG_NAME("aead", "authenc(hmac(sha256),cbc(aes))", "authenc", "authenticated encryption"),
	ALG_NAME("aead", "authenc(hmac(sha256),ctr(aes))", "authenc", "authenticated encryption"),
	ALG_NAME("aead", "authenc(hmac(sha512),cbc(aes))", "authenc", "authenticated encryption"),
	ALG_NAME("rng", "stdrng", "stdrng", "random numbers"),
	ALG_NAME("rng", "jitterentropy_rng", "jitterentropy_rng", "random numbers"),
	ALG_NAME("rng", "ansi_cprng", "ansi_cprng", "random numbers"),
	ALG_NAME("rng", "drbg_nopr_hmac_sha256", "drbg_nopr_hmac_sha256", "random numbers"),
	ALG_NAME("rng", "drbg_nopr_sha256", "drbg_nopr_sha256", "random numbers"),
	ALG_NAME("rng", "drbg_nopr_ctr_aes256", "drbg_nopr_ctr_aes256", "random numbers"),
	ALG_NAME("rng", "drbg_pr_hmac_sha512", "drbg_pr_hmac_sha512", "random numbers"),
	{ .name = NULL },
};
/* clang-format on */

const struct family_probe alg_probe = {
	.names = alg_names,
};
