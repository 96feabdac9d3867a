/* SPDX-License-Identifier: MIT */
/*
 * Bluetooth: L2CAP, RFCOMM, SCO and HCI. libbluetooth is not needed: the structures
 * here are the kernel's (include/net/bluetooth/).
 *
 *	bluetooth://l2cap/00:11:22:33:44:55/25          PSM
 *	bluetooth://l2cap/00:11:22:33:44:55/0/64/le-public     PSM, CID, address type
 *	bluetooth://rfcomm/00:11:22:33:44:55/1          channel
 *	bluetooth://sco/00:11:22:33:44:55
 *	bluetooth://hci/0/user                          device, channel
 */
#ifndef LINSOCK_BLUETOOTH_H
#define LINSOCK_BLUETOOTH_H

#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

/* Protocols of AF_BLUETOOTH. */
#define LSK_BTPROTO_L2CAP  0
#define LSK_BTPROTO_HCI    1
#define LSK_BTPROTO_SCO    2
#define LSK_BTPROTO_RFCOMM 3

/* Types of a Bluetooth device address. */
#define LSK_BDADDR_BREDR     0
#define LSK_BDADDR_LE_PUBLIC 1
#define LSK_BDADDR_LE_RANDOM 2

/* Device addresses as text: any device, and this one. */
#define LSK_BDADDR_ANY   "00:00:00:00:00:00"
#define LSK_BDADDR_LOCAL "00:00:00:FF:FF:FF"

/* Channels of an HCI socket, and the device that is none. */
#define LSK_HCI_CHANNEL_RAW     0
#define LSK_HCI_CHANNEL_USER    1
#define LSK_HCI_CHANNEL_MONITOR 2
#define LSK_HCI_CHANNEL_CONTROL 3
#define LSK_HCI_CHANNEL_LOGGING 4
#define LSK_HCI_DEV_NONE        0xffff

/**
 * struct lsk_bdaddr - a Bluetooth device address
 * @bytes: least significant first, as on the air: 00:11:22:33:44:55 has 0x55 at index 0
 */
struct lsk_bdaddr {
	uint8_t bytes[6];
};

/**
 * lsk_bdaddr_parse() - read "00:11:22:33:44:55"
 * @ret_bdaddr: set on success
 * @text: six hexadecimal numbers of one or two digits; "any" for all zero, "local" for
 *	00:00:00:ff:ff:ff
 *
 * Return: 0, LSK_ERR_SYNTAX, -EINVAL for NULL.
 */
int lsk_bdaddr_parse(struct lsk_bdaddr *ret_bdaddr, const char *text);

/**
 * lsk_addr_l2cap() - an L2CAP address from its parts
 * @ret_addr: set on success
 * @bdaddr: the device
 * @psm: protocol/service multiplexer, host byte order; 0 where @cid is given
 * @cid: fixed channel, host byte order, or 0
 * @type: LSK_BDADDR_BREDR, _LE_PUBLIC or _LE_RANDOM
 *
 * Return: 0, LSK_ERR_RANGE (type), -EINVAL for NULL.
 */
int lsk_addr_l2cap(struct lsk_addr *ret_addr, const struct lsk_bdaddr *bdaddr,
		   uint16_t psm, uint16_t cid, uint8_t type);

/**
 * lsk_addr_rfcomm() - an RFCOMM address from its parts
 * @ret_addr: set on success
 * @bdaddr: the device
 * @channel: 1 … 30; 0 lets listen(2) choose
 *
 * Return: 0, LSK_ERR_RANGE, -EINVAL for NULL.
 */
int lsk_addr_rfcomm(struct lsk_addr *ret_addr, const struct lsk_bdaddr *bdaddr,
		    uint8_t channel);

/**
 * lsk_addr_sco() - a SCO address
 * @ret_addr: set on success
 * @bdaddr: the device
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_sco(struct lsk_addr *ret_addr, const struct lsk_bdaddr *bdaddr);

/**
 * lsk_addr_hci() - an HCI address from its parts
 * @ret_addr: set on success
 * @device: number of the controller, or LSK_HCI_DEV_NONE
 * @channel: LSK_HCI_CHANNEL_*
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_hci(struct lsk_addr *ret_addr, uint16_t device, uint16_t channel);

LSK_END_DECLS

#endif
