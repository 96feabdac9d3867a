/* SPDX-License-Identifier: MIT */
/*
 * Two emulated Bluetooth controllers within reach of each other, over /dev/vhci:
 *
 *	hci A ---- vhci ---- a thread that plays both ---- vhci ---- hci B
 *
 * The kernel sends commands and data to each, as to a controller of USB; the thread
 * answers the commands and carries the data across, one link of each kind at a time,
 * and on the link of LE a few isochronous streams.
 */
#ifndef TESTS_BLUETOOTH_PAIR_H
#define TESTS_BLUETOOTH_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include <linsock/bluetooth.h>

enum {
	PAIR_LE = 1,        /* the controllers speak LE too */
	PAIR_DOWN = 2,      /* leave them down: for user channels and mgmt */
	PAIR_ISO = 4,       /* with LE: they have isochronous channels */
	PAIR_STRANGERS = 8, /* neither can prove to the other who it is */
};

struct bluetooth_pair;

/*
 * Make them, up and answering pages, or skip the test where LINSOCK_TEST_BLUETOOTH does
 * not say that this machine is ours.
 */
struct bluetooth_pair *bluetooth_pair_new(unsigned int flags);
void bluetooth_pair_free(struct bluetooth_pair *pair);

/* Number of controller 0 or 1, as in hci0, and its address. */
uint16_t bluetooth_pair_id(const struct bluetooth_pair *pair, int which);
struct lsk_bdaddr bluetooth_pair_address(const struct bluetooth_pair *pair, int which);

/* Whether our emulator plays them, and not btvirt (LINSOCK_TEST_BTVIRT). */
bool bluetooth_pair_is_ours(const struct bluetooth_pair *pair);

/* Skip the test where it is not, since btvirt is not @what. */
void bluetooth_pair_must_be(const struct bluetooth_pair *pair, const char *what);

/* How often a link has been encrypted. */
int bluetooth_pair_encryptions(const struct bluetooth_pair *pair);

/* From now on data is swallowed, and acknowledged to who sent it. */
void bluetooth_pair_drop(struct bluetooth_pair *pair);

/* End every link as if its peer had gone out of reach. */
void bluetooth_pair_cut(struct bluetooth_pair *pair);

#endif
