/* SPDX-License-Identifier: MIT */
/* Control packets of QIPCRTR, on any bytes: what is read is written as it was. */
#include <linux/qrtr.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/qipcrtr.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lsk_qipcrtr_event event, again;
	unsigned char packet[LSK_QIPCRTR_CONTROL_SIZE];
	struct lsk_addr from;
	int r = lsk_qipcrtr_parse(data, size, &event);

	if ((r == 0) != (size >= sizeof(packet)))
		abort();
	lsk_addr_qipcrtr(&from, 1, QRTR_PORT_CTRL);
	if (lsk_qipcrtr_event(&from, data, size, &again) != r)
		abort();
	if (r < 0)
		return 0;
	if (lsk_qipcrtr_build(&event, packet) < 0)
		abort();
	if (lsk_qipcrtr_parse(packet, sizeof(packet), &again) < 0 ||
	    memcmp(&event.service.service, &again.service.service, 4) != 0 ||
	    event.service.version != again.service.version ||
	    event.service.instance != again.service.instance ||
	    event.type != again.type || event.node != again.node ||
	    event.port != again.port || event.is_end != again.is_end)
		abort();
	/* The bytes that have a meaning are the same. */
	if (memcmp(packet, data, 12) != 0)
		abort();
	return 0;
}
