/* SPDX-License-Identifier: MIT */
/*
 * Which algorithms linsock probe asks AF_ALG for. Names of algorithms only: those of
 * drivers come and go with the machine. bind(2) loads algif-TYPE, and crypto-WORD
 * for each word of the name and for what a template is made of besides.
 */
#include <linux/if_alg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>

#include "families/probe.h"
#include "src/probe.h"
#include "uring/util.h"

#define CIPHER   "cbc(aes)"
#define AEAD     "gcm(aes)"
/* What the kernel's code of a template asks for by itself, whatever its name says. */
#define GCM      " ctr ghash"
#define CCM      " ctr cbcmac"
#define RANDOM   "drbg_nopr_sha256"
#define KEY_SIZE 16

/* NOLINTBEGIN(bugprone-macro-parentheses): the strings become one */
#define ALG_NAME(kind, algorithm, text) ALG_TEMPLATE(kind, algorithm, "", text)
#define ALG_TEMPLATE(kind, algorithm, parts, text)                          \
	{                                                                   \
		.name = kind "." algorithm, .summary = text,                \
		.place = kind "/" algorithm, .module_alias = "algif-" kind, \
		.word_alias = "crypto-", .words = algorithm parts,          \
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
	ALG_TEMPLATE("skcipher", "xts(aes)", " ecb", "cipher"),
	ALG_NAME("skcipher", "cts(cbc(aes))", "cipher"),
	ALG_TEMPLATE("skcipher", "lrw(aes)", " ecb", "cipher"),
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
	ALG_TEMPLATE("skcipher", "adiantum(xchacha12,aes)", " nhpoly1305", "cipher"),
	ALG_TEMPLATE("skcipher", "hctr2(aes)", " xctr polyval", "cipher"),
	ALG_NAME("skcipher", "ecb(camellia)", "cipher"),
	ALG_NAME("skcipher", "cbc(camellia)", "cipher"),
	ALG_NAME("skcipher", "cbc(serpent)", "cipher"),
	ALG_NAME("skcipher", "cbc(twofish)", "cipher"),
	ALG_NAME("skcipher", "cbc(blowfish)", "cipher"),
	ALG_NAME("skcipher", "cbc(cast5)", "cipher"),
	ALG_NAME("skcipher", "cbc(sm4)", "cipher"),
	ALG_NAME("skcipher", "ctr(sm4)", "cipher"),
	ALG_TEMPLATE("skcipher", "xts(sm4)", " ecb", "cipher"),
	ALG_NAME("skcipher", "cbc(aria)", "cipher"),
	ALG_TEMPLATE("aead", "gcm(aes)", GCM, "authenticated encryption"),
	ALG_TEMPLATE("aead", "ccm(aes)", CCM, "authenticated encryption"),
	ALG_TEMPLATE("aead", "rfc4106(gcm(aes))", GCM, "authenticated encryption"),
	ALG_TEMPLATE("aead", "rfc4309(ccm(aes))", CCM, "authenticated encryption"),
	ALG_TEMPLATE("aead", "rfc4543(gcm(aes))", GCM, "authenticated encryption"),
	ALG_NAME("aead", "rfc7539(chacha20,poly1305)", "authenticated encryption"),
	ALG_NAME("aead", "rfc7539esp(chacha20,poly1305)", "authenticated encryption"),
	ALG_NAME("aead", "aegis128", "authenticated encryption"),
	ALG_TEMPLATE("aead", "gcm(sm4)", GCM, "authenticated encryption"),
	ALG_TEMPLATE("aead", "ccm(sm4)", CCM, "authenticated encryption"),
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

static int alg_bind(const char *type, const char *name)
{
	struct sockaddr_alg addr = {.salg_family = AF_ALG};
	_cleanup_(closep) int fd =
		syscall_result(socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
	int r;

	snprintf((char *)addr.salg_type, sizeof(addr.salg_type), "%s", type);
	snprintf((char *)addr.salg_name, sizeof(addr.salg_name), "%s", name);
	r = fd < 0 ? fd
		   : syscall_result(bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	return r < 0 ? r : take_fd(&fd);
}

/* An operation with a key of zeros. */
static int operation_open(const char *type, const char *name, int ret_fds[2])
{
	static const char key[KEY_SIZE];
	_cleanup_(closep) int fd = alg_bind(type, name);
	int r = fd < 0 ? fd
		       : syscall_result(setsockopt(fd, SOL_ALG, ALG_SET_KEY, key,
						   sizeof(key)));

	if (r >= 0)
		r = syscall_result(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
	if (r < 0)
		return r;
	ret_fds[0] = ret_fds[1] = r;
	return 0;
}

static int cipher_open(int ret_fds[2])
{
	return operation_open("skcipher", CIPHER, ret_fds);
}

static int aead_open(int ret_fds[2])
{
	return operation_open("aead", AEAD, ret_fds);
}

/* What an option is tried on. */
struct alg_option {
	const char *type;
	const char *module_alias;
	const char *name;
	const char *words;
};

static void option_run(struct lsk_probe *probe, const struct probe_row *row,
		       struct lsk_finding *ret_finding)
{
	const struct family_socket kind = {SOCK_SEQPACKET, 0};
	const struct alg_option *option = row->data;
	_cleanup_(closep) int fd = probe_socket(probe, row->domain, &kind, ret_finding);
	_cleanup_(closep) int bound = -1;
	enum module_state ignored;

	if (fd < 0 ||
	    !probe_may_try(probe, option->module_alias, false, &ignored, ret_finding) ||
	    !probe_may_try_words(probe, "crypto-", option->words, ret_finding))
		return;
	bound = alg_bind(option->type, option->name);
	if (bound < 0)
		probe_judge(bound, "bind", ret_finding);
	else
		probe_try_option(bound, SOL_ALG, row->number, ret_finding);
}

/* clang-format off */
#define WITH_CIPHER \
	.open = cipher_open, .socket = { SOCK_SEQPACKET, 0 }, .module_alias = "algif-skcipher", \
	.word_alias = "crypto-", .words = CIPHER, .sent_level = SOL_ALG
static const struct family_message alg_messages[] = {
	{ .name = "cmsg.op", .summary = "whether one message is encrypted or decrypted", WITH_CIPHER,
	  .sent_type = ALG_SET_OP, .sent_size = 4, .sent_value = ALG_OP_ENCRYPT },
	{ .name = "cmsg.iv", .summary = "the first vector of one message", WITH_CIPHER,
	  .sent_type = ALG_SET_IV, .sent_size = 4 + 16, .sent_value = 16 },
	{ .name = "cmsg.aead_assoclen", .summary = "how many bytes are signed alone",
	  .open = aead_open, .socket = { SOCK_SEQPACKET, 0 }, .module_alias = "algif-aead",
	  .word_alias = "crypto-", .words = AEAD GCM, .sent_level = SOL_ALG,
	  .sent_type = ALG_SET_AEAD_ASSOCLEN, .sent_size = 4, .sent_value = 1 },
	{ .name = NULL },
};

static const struct alg_option on_cipher = { "skcipher", "algif-skcipher", CIPHER, CIPHER };
static const struct alg_option on_aead = { "aead", "algif-aead", AEAD, AEAD GCM };
static const struct alg_option on_rng = { "rng", "algif-rng", RANDOM, RANDOM };
/* NOLINTBEGIN(bugprone-macro-parentheses): the strings become one */
#define OPTION(option, of_number, on, about) \
	{ .name = option ".set", .summary = about, .run = option_run, .domain = AF_ALG, .number = of_number, .data = on }
/* NOLINTEND(bugprone-macro-parentheses) */
static const struct probe_row alg_rows[] = {
	OPTION("alg_set_key", ALG_SET_KEY, &on_cipher, "the key"),
	OPTION("alg_set_aead_authsize", ALG_SET_AEAD_AUTHSIZE, &on_aead, "length of the tag"),
	OPTION("alg_set_drbg_entropy", 6, &on_rng, "what a generator begins with, for tests of it"),
	OPTION("alg_set_key_by_key_serial", 7, &on_cipher, "a key of the kernel's keyring"),
	{ .name = NULL },
};
/* clang-format on */
static const struct probe_row *const alg_tables[] = {alg_rows, NULL};

const struct family_probe alg_probe = {
	.names = alg_names,
	.messages = alg_messages,
	.rows = alg_tables,
};
