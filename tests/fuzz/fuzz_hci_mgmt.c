/* SPDX-License-Identifier: MIT */
/* Messages of the management interface; what is read is written back the same. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/hci_mgmt.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte that an event points to is looked at. */
static unsigned int sum_of(const struct lsk_mgmt_event *event)
{
	unsigned int sum = event->status;

	for (size_t i = 0; i < event->len; i++)
		sum += event->data[i];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1), *back = malloc(size + 1);
	struct lsk_mgmt_message message;
	struct lsk_mgmt_event event;
	volatile unsigned int sum = 0;

	if (copy && back && size > 0) {
		memcpy(copy, data, size);
		if (lsk_mgmt_parse(copy, size, &message) == 0) {
			ssize_t len = lsk_mgmt_build(&message, back, size);

			assert(len == (ssize_t)size && memcmp(back, copy, size) == 0);
			if (lsk_mgmt_event_parse(&message, &event) == 0)
				sum += sum_of(&event);
		}
	}
	free(copy);
	free(back);
	(void)sum;
	return 0;
}
