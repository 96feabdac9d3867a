/* SPDX-License-Identifier: MIT */
/* AF_ALG through libkcapi, and through this library: the same bytes of the same data.
 */
#include "tests/support/alg.h"

#if HAVE_KCAPI
#include <kcapi.h>

#define TAG_SIZE 16
#define DATA_MAX 65536

static const size_t lengths[] = {1, 16, 63, 64, 65, 1000, 4096, 16384, 65536};
static const unsigned char key[32] = "the key of these tests, 32 bytes";
static const unsigned char iv[16] = "the iv of them..";

/* Bytes that differ from length to length. */
static void fill(unsigned char *data, size_t len)
{
	uint32_t state = (uint32_t)len;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		data[i] = (unsigned char)(state >> 24);
	}
}

static void compare_hash(const char *name, size_t key_len)
{
	static unsigned char data[DATA_MAX];
	struct lsk_alg *alg = alg_for_test("hash", name);
	struct kcapi_handle *theirs = NULL;

	cr_assert_eq(kcapi_md_init(&theirs, name, 0), 0);
	if (key_len > 0) {
		cr_assert_eq(lsk_alg_set_key(alg, key, key_len), 0);
		cr_assert_eq(kcapi_md_setkey(theirs, key, (uint32_t)key_len), 0);
	}
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		unsigned char mine[LSK_ALG_DIGEST_MAX], other[LSK_ALG_DIGEST_MAX];
		ssize_t len;

		fill(data, lengths[i]);
		len = lsk_alg_digest(alg, data, lengths[i], mine, sizeof(mine));
		cr_assert_gt(len, 0, "%s of %zu: %zd", name, lengths[i], len);
		cr_assert_eq(
			kcapi_md_digest(theirs, data, lengths[i], other, sizeof(other)),
			len);
		cr_assert_eq(memcmp(mine, other, (size_t)len), 0, "%s of %zu bytes",
			     name, lengths[i]);
	}
	kcapi_md_destroy(theirs);
	lsk_alg_free(alg);
}

Test(alg_kcapi, digests_are_the_same)
{
	compare_hash("sha256", 0);
	compare_hash("sha512", 0);
	compare_hash("hmac(sha256)", 32);
	compare_hash("cmac(aes)", 16);
}

static void compare_cipher(const char *name, size_t key_len, size_t block)
{
	static unsigned char data[DATA_MAX], mine[DATA_MAX], other[DATA_MAX];
	struct lsk_alg *alg = alg_for_test("skcipher", name);
	struct kcapi_handle *theirs = NULL;

	cr_assert_eq(lsk_alg_set_key(alg, key, key_len), 0);
	cr_assert_eq(kcapi_cipher_init(&theirs, name, 0), 0);
	cr_assert_eq(kcapi_cipher_setkey(theirs, key, (uint32_t)key_len), 0);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const size_t len = lengths[i];
		const struct iovec in = {data, len}, out = {mine, len};
		const struct lsk_alg_request request = {
			.is_encryption = true,
			.iv = iv,
			.iv_len = sizeof(iv),
			.in = &in,
			.in_count = 1,
			.out = &out,
			.out_count = 1,
		};

		if (len % block != 0)
			continue;
		fill(data, len);
		cr_assert_eq(lsk_alg_run(alg, &request), (ssize_t)len);
		cr_assert_eq(kcapi_cipher_encrypt(theirs, data, len, iv, other, len,
						  KCAPI_ACCESS_SENDMSG),
			     (ssize_t)len);
		cr_assert_eq(memcmp(mine, other, len), 0, "%s of %zu bytes", name, len);
	}
	kcapi_cipher_destroy(theirs);
	lsk_alg_free(alg);
}

Test(alg_kcapi, texts_are_the_same)
{
	compare_cipher("ctr(aes)", 16, 1);
	compare_cipher("cbc(aes)", 32, 16);
	compare_cipher("xts(aes)", 32, 16);
}

/* Text and tag as libkcapi makes them. */
static void seal_theirs(struct kcapi_handle *theirs, const unsigned char *data,
			size_t len, size_t assoc_len, unsigned char *ret_sealed)
{
	size_t in_len = kcapi_aead_inbuflen_enc(theirs, len, assoc_len, TAG_SIZE);
	size_t out_len = kcapi_aead_outbuflen_enc(theirs, len, assoc_len, TAG_SIZE);
	unsigned char *in = calloc(1, in_len), *out = calloc(1, out_len);
	unsigned char *text = NULL, *tag = NULL;
	size_t text_len = 0, tag_len = 0;

	cr_assert(in && out);
	kcapi_aead_setassoclen(theirs, assoc_len);
	memcpy(in, data, assoc_len);
	memcpy(in + assoc_len, data, len);
	cr_assert_geq(kcapi_aead_encrypt(theirs, in, in_len, iv, out, out_len,
					 KCAPI_ACCESS_SENDMSG),
		      0);
	kcapi_aead_getdata_output(theirs, out, out_len, 1, NULL, NULL, &text, &text_len,
				  &tag, &tag_len);
	cr_assert_eq(text_len, len);
	cr_assert_eq(tag_len, TAG_SIZE);
	memcpy(ret_sealed, text, text_len);
	memcpy(ret_sealed + text_len, tag, tag_len);
	free(in);
	free(out);
}

Test(alg_kcapi, sealed_texts_are_the_same)
{
	static unsigned char data[DATA_MAX], mine[DATA_MAX + TAG_SIZE],
		other[DATA_MAX + TAG_SIZE];
	struct lsk_alg *alg = alg_for_test("aead", "gcm(aes)");
	struct kcapi_handle *theirs = NULL;

	cr_assert_eq(lsk_alg_set_key(alg, key, 16), 0);
	cr_assert_eq(lsk_alg_set_tag_size(alg, TAG_SIZE), 0);
	cr_assert_eq(kcapi_aead_init(&theirs, "gcm(aes)", 0), 0);
	cr_assert_eq(kcapi_aead_setkey(theirs, key, 16), 0);
	cr_assert_eq(kcapi_aead_settaglen(theirs, TAG_SIZE), 0);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const size_t len = lengths[i], assoc_len = len < 20 ? len : 20;
		const struct iovec in = {data, len}, out = {mine, len + TAG_SIZE};
		const struct lsk_alg_request request = {
			.is_encryption = true,
			.iv = iv,
			.iv_len = 12,
			.assoc = data,
			.assoc_len = assoc_len,
			.in = &in,
			.in_count = 1,
			.out = &out,
			.out_count = 1,
		};

		fill(data, len);
		cr_assert_eq(lsk_alg_run(alg, &request), (ssize_t)(len + TAG_SIZE));
		seal_theirs(theirs, data, len, assoc_len, other);
		cr_assert_eq(memcmp(mine, other, len + TAG_SIZE), 0, "%zu bytes", len);
	}
	kcapi_aead_destroy(theirs);
	lsk_alg_free(alg);
}
#else
Test(alg_kcapi, sealed_texts_are_the_same)
{
	cr_skip_test("built without libkcapi (libkcapi-dev)");
}
#endif
