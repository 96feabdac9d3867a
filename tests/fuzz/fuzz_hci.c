/* SPDX-License-Identifier: MIT */
/* Packets of HCI as a controller sends them; what is read is written back the same.
 * Messages of a monitor, which hold such packets. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/hci.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte that an event points to is looked at. */
static unsigned int sum_of(const struct lsk_hci_event *event)
{
	unsigned int sum = event->status;

	for (size_t i = 0; i < event->len; i++)
		sum += event->data[i];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lsk_hci_packet packet;
	struct lsk_hci_monitored monitored;
	struct lsk_hci_event event;
	volatile unsigned int sum = 0;
	uint8_t *copy = malloc(size + 1), *back = malloc(size + 1);

	if (copy && back && size > 0) {
		memcpy(copy, data, size);
		if (lsk_hci_packet_parse(copy, size, &packet) == 0) {
			ssize_t len = lsk_hci_packet_build(&packet, back, size + 1);

			/* The bits above an ISO packet's length are not kept. */
			assert(len == (ssize_t)size);
			assert(packet.kind == LSK_HCI_ISO ||
			       memcmp(back, copy, size) == 0);
			if (lsk_hci_event_parse(&packet, &event) == 0)
				sum += sum_of(&event);
		}
		if (lsk_hci_monitor_parse(copy, size, &monitored) == 0) {
			assert(monitored.len == size - 6);
			for (size_t i = 0; i < monitored.len; i++)
				sum += monitored.data[i];
			for (size_t i = 0; i < monitored.packet.len; i++)
				sum += monitored.packet.data[i];
		}
	}
	free(copy);
	free(back);
	(void)sum;
	return 0;
}
