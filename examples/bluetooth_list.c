/* SPDX-License-Identifier: MIT */
/*
 * The Bluetooth controllers of this host, and whom they are connected to:
 *
 *	hci0 00:aa:c0:ff:ee:01 up
 *	  00:aa:c0:ff:ee:02 handle 1
 */
#include "common.h"

#define LINKS_MAX 16

static void print_address(const struct lsk_bdaddr *bdaddr)
{
	for (int i = 5; i >= 0; i--)
		printf("%02x%s", bdaddr->bytes[i], i > 0 ? ":" : "");
}

int main(void)
{
	uint16_t ids[LSK_HCI_DEVICES_MAX];
	int64_t count = must("list", lsk_hci_list(ids, LSK_HCI_DEVICES_MAX));

	for (int64_t i = 0; i < count; i++) {
		struct lsk_hci_link links[LINKS_MAX];
		struct lsk_hci_device device;
		int64_t links_count;

		must("device", lsk_hci_device(ids[i], &device));
		printf("%s ", device.name);
		print_address(&device.bdaddr);
		printf(" %s\n", device.flags & LSK_HCI_UP ? "up" : "down");
		links_count = must("links", lsk_hci_links(ids[i], links, LINKS_MAX));
		for (int64_t j = 0; j < links_count; j++) {
			printf("  ");
			print_address(&links[j].peer);
			printf(" handle %u\n", links[j].handle);
		}
	}
	return 0;
}
