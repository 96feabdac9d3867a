/* SPDX-License-Identifier: MIT */
/* The text of /proc/crypto, on any bytes: every paragraph is read, or passed over. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/alg.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy without a NUL behind it: one byte too many is seen. */
	char *copy = malloc(size ? size : 1);
	const char *text = copy;
	struct lsk_alg_entry entry;

	if (!copy)
		return 0;
	if (size > 0)
		memcpy(copy, data, size);
	for (;;) {
		const char *before = text;
		int r = lsk_alg_entry_parse(&text, copy + size, &entry);

		if (text < before || text > copy + size)
			abort();
		if (r == 0)
			break;
		if (text == before)
			abort(); /* it would never end */
		if (r == 1 && (!memchr(entry.name, '\0', sizeof(entry.name)) ||
			       entry.name[0] == '\0' ||
			       !memchr(entry.type, '\0', sizeof(entry.type))))
			abort();
	}
	free(copy);
	return 0;
}
