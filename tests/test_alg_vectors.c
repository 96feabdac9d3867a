/* SPDX-License-Identifier: MIT */
/*
 * Official vectors (NIST CAVP, RFCs, Wycheproof) and OpenSSL's answers through AF_ALG:
 * whole, and where the type allows it as a stream. Algorithms that a kernel does not
 * have are counted and told; which ones may be missing is alg_table.sh's business.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock.h>

#include "alg_vectors.h"
#include "tests/support/alg.h"
#include "uring/util.h"

#define BYTES_MAX 131072

struct bytes {
	unsigned char *data;
	size_t len;
};

struct vector {
	char kind[8];
	char name[48];
	struct bytes key, iv, assoc, text, result;
	size_t tag;
	bool is_good;
	char source[64];
};

/* One hexadecimal field. Return: what is behind it. */
static const char *read_bytes(const char *at, struct bytes *ret_bytes)
{
	size_t len = strcspn(at, " ");
	char *copy = strndup(at, len);

	*ret_bytes = (struct bytes){.data = calloc(1, len / 2 + 64)};
	if (copy[0] != '-')
		ret_bytes->len = from_hex(copy, ret_bytes->data);
	free(copy);
	return at + len + (at[len] == ' ');
}

static void read_vector(const char *line, struct vector *ret)
{
	char good[8];
	int skip = 0;

	cr_assert_eq(sscanf(line, "%7s %47s %n", ret->kind, ret->name, &skip), 2);
	line += skip;
	line = read_bytes(line, &ret->key);
	line = read_bytes(line, &ret->iv);
	line = read_bytes(line, &ret->assoc);
	line = read_bytes(line, &ret->text);
	line = read_bytes(line, &ret->result);
	cr_assert_eq(sscanf(line, "%zu %7s %63s", &ret->tag, good, ret->source), 3);
	ret->is_good = strcmp(good, "good") == 0;
}

static void free_vector(struct vector *vector)
{
	free(vector->key.data);
	free(vector->iv.data);
	free(vector->assoc.data);
	free(vector->text.data);
	free(vector->result.data);
}

static ssize_t run(struct lsk_alg *alg, const struct vector *vector, bool is_encryption,
		   struct bytes in, struct bytes out)
{
	const struct iovec in_part = {in.data, in.len}, out_part = {out.data, out.len};
	const struct lsk_alg_request request = {
		.is_encryption = is_encryption,
		.iv = vector->iv.len ? vector->iv.data : NULL,
		.iv_len = vector->iv.len,
		.assoc = vector->assoc.data,
		.assoc_len = vector->assoc.len,
		.in = &in_part,
		.in_count = 1,
		.out = &out_part,
		.out_count = 1,
	};

	return lsk_alg_run(alg, &request);
}

/* A truncated tag is compared as far as it goes. */
static void check_hash(struct lsk_alg *alg, const struct vector *vector)
{
	unsigned char digest[LSK_ALG_DIGEST_MAX], pieces[LSK_ALG_DIGEST_MAX];
	struct lsk_alg_stream *stream = NULL;
	const size_t half = vector->text.len / 2;
	ssize_t r = lsk_alg_digest(alg, vector->text.data, vector->text.len, digest,
				   sizeof(digest));

	cr_assert_geq(r, (ssize_t)vector->result.len, "%s %s: %zd", vector->name,
		      vector->source, r);
	cr_assert_eq(memcmp(digest, vector->result.data, vector->result.len) == 0,
		     vector->is_good, "%s %s", vector->name, vector->source);
	cr_assert_eq(lsk_alg_stream_new(alg, &stream, NULL), 0);
	lsk_alg_stream_update(stream, vector->text.data, half, NULL, 0);
	lsk_alg_stream_update(stream, vector->text.data + half, vector->text.len - half,
			      NULL, 0);
	cr_assert_eq(lsk_alg_stream_finish(stream, pieces, sizeof(pieces)), r);
	lsk_alg_stream_free(stream);
	cr_assert_eq(memcmp(digest, pieces, (size_t)r), 0, "%s %s in pieces",
		     vector->name, vector->source);
}

static void check_cipher(struct lsk_alg *alg, const struct vector *vector)
{
	static unsigned char out[BYTES_MAX];
	const size_t len = vector->text.len;

	cr_assert_eq(
		run(alg, vector, true, vector->text, (struct bytes){out, BYTES_MAX}),
		(ssize_t)len, "%s %s", vector->name, vector->source);
	cr_assert_eq(memcmp(out, vector->result.data, len), 0, "%s %s", vector->name,
		     vector->source);
	/* Back again, in place. */
	cr_assert_eq(run(alg, vector, false, (struct bytes){out, len},
			 (struct bytes){out, len}),
		     (ssize_t)len);
	cr_assert_eq(memcmp(out, vector->text.data, len), 0, "%s %s back", vector->name,
		     vector->source);
}

static void check_aead(struct lsk_alg *alg, const struct vector *vector)
{
	static unsigned char out[BYTES_MAX];
	const size_t len = vector->result.len - vector->tag;
	ssize_t r;

	r = lsk_alg_set_tag_size(alg, vector->tag);
	if (r == -ERANGE && !vector->is_good)
		return; /* a length that nobody should have */
	cr_assert_eq(r, 0, "%s %s: tag of %zu", vector->name, vector->source,
		     vector->tag);
	r = run(alg, vector, false, vector->result, (struct bytes){out, BYTES_MAX});
	if (!vector->is_good) {
		cr_assert_eq(r, -EBADMSG, "%s %s: %zd", vector->name, vector->source,
			     r);
		return;
	}
	cr_assert_eq(r, (ssize_t)len, "%s %s: %zd", vector->name, vector->source, r);
	cr_assert_eq(memcmp(out, vector->text.data, len), 0, "%s %s", vector->name,
		     vector->source);
	r = run(alg, vector, true, vector->text, (struct bytes){out, BYTES_MAX});
	cr_assert_eq(r, (ssize_t)vector->result.len, "%s %s: %zd", vector->name,
		     vector->source, r);
	cr_assert_eq(memcmp(out, vector->result.data, vector->result.len), 0, "%s %s",
		     vector->name, vector->source);
}

/* The transform of the vector before, where it is the same. */
static struct lsk_alg *transform(struct lsk_alg *alg, char name[48],
				 const struct vector *vector)
{
	const char *type =
		strcmp(vector->kind, "cipher") == 0 ? "skcipher" : vector->kind;
	struct lsk_addr addr;
	int r;

	if (strcmp(name, vector->name) == 0)
		return alg;
	lsk_alg_free(alg);
	alg = NULL;
	memcpy(name, vector->name, 48);
	lsk_addr_alg(&addr, type, vector->name, 0, 0);
	r = lsk_alg_open(&alg, &addr, NULL);
	cr_assert(r == 0 || r == -ENOENT, "%s: %d", vector->name, r);
	if (r < 0)
		fprintf(stderr, "# %s is not in this kernel\n", vector->name);
	return alg;
}

/* Vectors of @kind. */
static void check_all(const char *kind)
{
	struct lsk_alg *alg = alg_for_test("hash", "sha256");
	char name[48] = "sha256";
	size_t checked = 0;

	if (!vectors[0])
		cr_skip_test("no vectors: scripts/setup vm fetches them");
	for (size_t i = 0; vectors[i]; i++) {
		struct vector vector;
		int r = 0;

		if (strncmp(vectors[i], kind, strlen(kind)) != 0)
			continue;
		read_vector(vectors[i], &vector);
		alg = transform(alg, name, &vector);
		if (alg && strchr(vector.name, '('))
			r = lsk_alg_set_key(alg, vector.key.data, vector.key.len);
		if (r == -EKEYREJECTED && !vector.is_good) {
			free_vector(&vector);
			continue;
		}
		cr_assert_eq(r, 0, "%s %s: key of %zu bytes: %d", vector.name,
			     vector.source, vector.key.len, r);
		if (alg && strcmp(kind, "hash") == 0)
			check_hash(alg, &vector);
		else if (alg && strcmp(kind, "cipher") == 0)
			check_cipher(alg, &vector);
		else if (alg)
			check_aead(alg, &vector);
		checked += alg != NULL;
		free_vector(&vector);
	}
	lsk_alg_free(alg);
	cr_assert_gt(checked, 200, "only %zu vectors", checked);
	fprintf(stderr, "# %zu vectors\n", checked);
}

Test(alg_vectors, of_hashes_and_macs)
{
	check_all("hash");
}

Test(alg_vectors, of_ciphers)
{
	check_all("cipher");
}

Test(alg_vectors, of_authenticated_encryption)
{
	check_all("aead");
}
