/* SPDX-License-Identifier: MIT */
/*
 * Replays the corpus of a fuzzer: every file, its cuts, and mutations of it that are
 * the same in every run. usage: fuzz_NAME CORPUS-DIRECTORY. What the target must not
 * do, the sanitizers see; a crash names its file, since that line is printed before.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CUTS_MAX = 512,
	MUTATIONS = 400,
	FLIPS_MAX = 4,
	GROWTH = 64,
	SIZE_MAX_READ = 1 << 20,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Memory that ends where the input ends: the sanitizer sees one byte too far. */
static void feed(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size > 0 ? size : 1);

	if (!exact)
		abort();
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static void feed_cuts(const uint8_t *data, size_t size)
{
	size_t step = size / CUTS_MAX + 1;

	for (size_t cut = 0; cut < size; cut += step)
		feed(data, cut);
}

/* Change one place of @bytes, which have room for GROWTH more; returns the new size. */
static size_t mutate(uint8_t *bytes, size_t size, size_t room, uint32_t *random)
{
	static const uint8_t edges[] = {0,    1,   0x7f, 0x80, 0xff,
					'\n', ' ', '"',  '-',  '9'};
	size_t at = size > 0 ? next_random(random) % size : 0;
	size_t len = 1 + next_random(random) % 8;

	switch (next_random(random) % 4) {
	case 0:
		if (size > 0)
			bytes[at] ^= (uint8_t)(1U << next_random(random) % 8);
		return size;
	case 1:
		if (size > 0)
			bytes[at] = edges[next_random(random) % sizeof(edges)];
		return size;
	case 2: /* Take some bytes out. */
		if (len > size - at)
			len = size - at;
		memmove(bytes + at, bytes + at + len, size - at - len);
		return size - len;
	default: /* Say some bytes twice. */
		if (len > size - at)
			len = size - at;
		if (size + len > room)
			return size;
		memmove(bytes + at + len, bytes + at, size - at);
		return size + len;
	}
}

static void feed_mutations(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + GROWTH);
	uint32_t random = 4711;

	if (!bytes)
		abort();
	for (int i = 0; i < MUTATIONS; i++) {
		unsigned int changes = 1 + next_random(&random) % FLIPS_MAX;
		size_t changed = size;

		memcpy(bytes, data, size);
		while (changes-- > 0)
			changed = mutate(bytes, changed, size + GROWTH, &random);
		feed(bytes, changed);
	}
	free(bytes);
}

static uint8_t *read_file(const char *path, size_t *ret_size)
{
	uint8_t *bytes = malloc(SIZE_MAX_READ);
	FILE *file = fopen(path, "rbe");

	if (!file || !bytes) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	*ret_size = fread(bytes, 1, SIZE_MAX_READ, file);
	fclose(file);
	return bytes;
}

static void replay(const char *directory, const char *name)
{
	char path[4096];
	uint8_t *bytes;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	printf("# %s\n", name);
	fflush(stdout);
	bytes = read_file(path, &size);
	feed(bytes, size);
	feed_cuts(bytes, size);
	feed_mutations(bytes, size);
	free(bytes);
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	int count = 0;
	DIR *corpus;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	corpus = opendir(argv[1]);
	if (!corpus) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
		return EXIT_FAILURE;
	}
	while ((entry = readdir(corpus)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		replay(argv[1], entry->d_name);
		printf("ok %d - %s\n", ++count, entry->d_name);
	}
	closedir(corpus);
	if (count == 0)
		printf("not ok 1 - the corpus %s is not empty\n", argv[1]);
	printf("1..%d\n", count > 0 ? count : 1);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
