/* SPDX-License-Identifier: MIT */
/*
 * The machine of classic BPF: any program that passes the check ends, and stays inside
 * of its frame. The input is a number of instructions, they, and the frame.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/packet.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INSTRUCTIONS_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sock_filter code[INSTRUCTIONS_MAX];
	struct lsk_packet_filter filter = {code, 0};
	uint8_t *frame;
	uint32_t len;

	if (size < 1)
		return 0;
	filter.count = data[0] % INSTRUCTIONS_MAX;
	data++;
	size--;
	if (filter.count > size / sizeof(code[0]))
		filter.count = size / sizeof(code[0]);
	memcpy(code, data, filter.count * sizeof(code[0]));
	data += filter.count * sizeof(code[0]);
	size -= filter.count * sizeof(code[0]);
	if (lsk_packet_filter_check(&filter) < 0)
		return 0;
	/* A block of exactly this size: the sanitizer sees a byte too many. */
	frame = malloc(size + 1);
	if (!frame)
		return 0;
	memcpy(frame, data, size);
	frame = realloc(frame, size ? size : 1);
	len = (uint32_t)size;
	lsk_packet_filter_run(&filter, frame, len, len);
	free(frame);
	return 0;
}
