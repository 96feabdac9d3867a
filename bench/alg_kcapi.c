/* SPDX-License-Identifier: MIT */
/*
 * The peer of "linsock alg speed": libkcapi doing the same request again and again, as
 * its own speed test does, but with any size, and without a look at the clock after
 * each.
 *
 *	alg_kcapi hash|skcipher ALGORITHM SIZE SECONDS [DEPTH]
 *
 * With DEPTH, which only ciphers have, so many are handed to the kernel's AIO at once.
 */
#include <kcapi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEPTH_MAX 64

struct work {
	struct kcapi_handle *handle;
	struct iovec parts[DEPTH_MAX];
	uint32_t depth; /* 0: one by one */
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
	if (kcapi_cipher_init(&work->handle, name, work->depth ? KCAPI_INIT_AIO : 0) !=
	    0)
		return -1;
	return kcapi_cipher_setkey(work->handle, key, sizeof(key));
}

static int64_t once(struct work *work)
{
	static const uint8_t iv[16];
	uint8_t digest[64];

	if (work->is_hash)
		return kcapi_md_digest(work->handle, work->memory, work->size, digest,
				       sizeof(digest));
	if (work->depth)
		return kcapi_cipher_encrypt_aio(work->handle, work->parts, work->parts,
						work->depth, iv, KCAPI_ACCESS_SENDMSG);
	return kcapi_cipher_encrypt(work->handle, work->memory, work->size, iv,
				    work->memory, work->size, KCAPI_ACCESS_HEURISTIC);
}

int main(int argc, char **argv)
{
	struct work work = {0};
	double begin, seconds;
	uint64_t done = 0;
	uint32_t stride;
	int64_t r = 0;

	if (argc != 5 && argc != 6) {
		fprintf(stderr,
			"usage: %s hash|skcipher ALGORITHM SIZE SECONDS [DEPTH]\n",
			argv[0]);
		return 2;
	}
	work.is_hash = strcmp(argv[1], "hash") == 0;
	work.size = (uint32_t)strtoul(argv[3], NULL, 10);
	stride = (work.size + 4095) / 4096 * 4096;
	work.depth = argc == 6 ? (uint32_t)strtoul(argv[5], NULL, 10) : 0;
	if (work.depth > DEPTH_MAX || (work.depth && work.is_hash))
		return 2;
	work.memory = aligned_alloc(4096, (size_t)stride * (work.depth + 1));
	if (!work.memory || work_init(&work, argv[2]) != 0) {
		fprintf(stderr, "%s: not to be had\n", argv[2]);
		return 1;
	}
	memset(work.memory, 'x', (size_t)stride * (work.depth + 1));
	for (uint32_t i = 0; i < work.depth; i++)
		work.parts[i] =
			(struct iovec){work.memory + (size_t)i * stride, work.size};
	begin = now();
	do {
		for (int i = 0; i < 16 && r >= 0;
		     i++, done += work.depth ? work.depth : 1)
			r = once(&work);
		seconds = now() - begin;
	} while (seconds < strtod(argv[4], NULL) && r >= 0);
	if (r < 0) {
		fprintf(stderr, "%s: error %d\n", argv[2], (int)r);
		return 1;
	}
	printf("%s %s size=%u libkcapi%s %.0f op/s\n", argv[1], argv[2], work.size,
	       work.depth ? "-aio" : "", (double)done / seconds);
	return 0;
}
