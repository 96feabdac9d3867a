/* SPDX-License-Identifier: MIT */
/* The line of any packet, of every link type that is known, with room to spare. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/capture.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int linktypes[] = {
		LSK_LINKTYPE_NULL,      LSK_LINKTYPE_ETHERNET,   LSK_LINKTYPE_RAW,
		LSK_LINKTYPE_LINUX_SLL, LSK_LINKTYPE_LINUX_SLL2, 147,
	};
	char line[LSK_PACKET_TEXT_MAX];
	struct lsk_packet packet = {0};
	int len;

	if (size < 2)
		return 0;
	packet.data = data + 2;
	packet.captured = (uint32_t)size - 2;
	packet.length = packet.captured + (data[1] & 0x3f);
	packet.flags = data[1] & 0x40 ? LSK_PACKET_HAS_VLAN : 0;
	packet.protocol = data[1] & 0x80 ? 0x0800 : 0;
	packet.vlan_tci = data[1];
	len = lsk_packet_format(&packet, linktypes[data[0] % 6], line, sizeof(line));
	/* Half of the promised room always suffices, or the promise is a close one. */
	if (len <= 0 || len >= LSK_PACKET_TEXT_MAX / 2 || (int)strlen(line) != len)
		abort();
	return 0;
}
