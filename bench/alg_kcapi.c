/* SPDX-License-Identifier: MIT */
/*
 * The peer of "linsock alg speed": libkcapi doing the same request again and again, as
 * its own speed test does, but with any size, and without a look at the clock after
 * each.
 *
 *	alg_kcapi hash|skcipher ALGORITHM SIZE SECONDS
 */
#include <kcapi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct work {
	struct kcapi_handle *handle;
	uint8_t *memory;
	uint32_t size;
	int is_hash;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int work_init(struct work *work, const char *name)
{
	static const uint8_t key[16];

	if (work->is_hash)
		return kcapi_md_init(&work->handle, name, 0);
	if (kcapi_cipher_init(&work->handle, name, 0) != 0)
		return -1;
	return kcapi_cipher_setkey(work->handle, key, sizeof(key));
}

static int64_t once(const struct work *work)
{
	static const uint8_t iv[16];
	uint8_t digest[64];

	if (work->is_hash)
		return kcapi_md_digest(work->handle, work->memory, work->size, digest,
				       sizeof(digest));
	return kcapi_cipher_encrypt(work->handle, work->memory, work->size, iv,
				    work->memory, work->size, KCAPI_ACCESS_HEURISTIC);
}

int main(int argc, char **argv)
{
	struct work work = {0};
	double begin, seconds;
	uint64_t done = 0;
	int64_t r = 0;

	if (argc != 5) {
		fprintf(stderr, "usage: %s hash|skcipher ALGORITHM SIZE SECONDS\n",
			argv[0]);
		return 2;
	}
	work.is_hash = strcmp(argv[1], "hash") == 0;
	work.size = (uint32_t)strtoul(argv[3], NULL, 10);
	work.memory = aligned_alloc(4096, (work.size + 4095) / 4096 * 4096);
	if (!work.memory || work_init(&work, argv[2]) != 0) {
		fprintf(stderr, "%s: not to be had\n", argv[2]);
		return 1;
	}
	memset(work.memory, 'x', work.size);
	begin = now();
	do {
		for (int i = 0; i < 16 && r >= 0; i++, done++)
			r = once(&work);
		seconds = now() - begin;
	} while (seconds < strtod(argv[4], NULL) && r >= 0);
	if (r < 0) {
		fprintf(stderr, "%s: error %d\n", argv[2], (int)r);
		return 1;
	}
	printf("%s %s size=%u libkcapi %.0f op/s\n", argv[1], argv[2], work.size,
	       (double)done / seconds);
	return 0;
}
