/* SPDX-License-Identifier: MIT */
/*
 * What strangers send to sockets of IP: the first byte chooses whether the rest is a
 * packet with ICMP inside, datagrams that were put together, or what SCTP brings, both
 * with their control messages.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/ping.h>
#include <linsock/sctp.h>
#include <linsock/udp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_icmp(const uint8_t *data, size_t size)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (int i = 0; i < 2; i++) {
		ssize_t at = lsk_icmp_skip_ip(families[i], data, size);
		struct lsk_icmp_message message;

		if (at < 0)
			at = 0;
		if (lsk_icmp_parse(data + at, size - (size_t)at, &message) < 0)
			continue;
		(void)lsk_icmp_text(families[i], message.type, message.code);
		(void)lsk_icmp_skip_ip(families[i], message.data, message.len);
	}
}

static void read_segments(const uint8_t *data, size_t size)
{
	size_t len = size > 0 ? data[0] : 0;
	struct lsk_udp_segments segments;
	struct lsk_message message = {.buffers_count = 1};
	struct iovec part = {.iov_len = len};
	size_t taken, total = 0;
	const void *segment;

	if (size < 1 + len)
		return;
	part.iov_base = (void *)(uintptr_t)(data + 1);
	message.buffers = &part;
	message.len = len;
	message.control.len = message.control.size = size - 1 - len;
	/* Aligned, as the kernel's are. */
	message.control.data = malloc(message.control.size + 1);
	if (!message.control.data)
		return;
	memcpy(message.control.data, data + 1 + len, message.control.size);
	if (lsk_udp_message_segments(&message, &segments) < 1)
		abort();
	while (lsk_udp_next_segment(&segments, &segment, &taken) > 0)
		total += taken;
	if (total != len)
		abort();
	free(message.control.data);
}

/* An event, or data with control messages behind it. */
static void read_sctp(const uint8_t *data, size_t size)
{
	struct lsk_message message = {.buffers_count = 1};
	size_t len = size > 1 ? data[1] : 0;
	struct lsk_sctp_received received;
	struct iovec part;

	if (size < 2 + len)
		return;
	part = (struct iovec){(void *)(uintptr_t)(data + 2), len};
	message.buffers = &part;
	message.len = len;
	message.flags = data[0] % 2 ? 0x8000 : MSG_EOR;
	message.control.len = message.control.size = size - 2 - len;
	message.control.data = malloc(message.control.size + 1);
	if (!message.control.data)
		return;
	memcpy(message.control.data, data + 2 + len, message.control.size);
	(void)lsk_sctp_message_parse(&message, &received);
	free(message.control.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0] % 3) {
	case 0:
		read_icmp(data + 1, size - 1);
		break;
	case 1:
		read_segments(data + 1, size - 1);
		break;
	default:
		read_sctp(data + 1, size - 1);
		break;
	}
	return 0;
}
