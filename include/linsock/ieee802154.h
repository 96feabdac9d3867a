/* SPDX-License-Identifier: MIT */
/*
 * IEEE 802.15.4: radios of low power, below Zigbee, Thread and 6LoWPAN.
 *
 *	ieee802154://0xbeef/0x0001                   PAN, short address
 *	ieee802154://0xbeef/00:11:22:33:44:55:66:77  PAN, extended address
 *	ieee802154://none
 *
 * SOCK_DGRAM sends what follows the header that the kernel makes, from the device whose
 * address the socket is bound to; SOCK_RAW sends and receives whole frames
 * (CAP_NET_RAW).
 * Options are those of level SOL_IEEE802154: WPAN_WANTACK and others.
 *
 * Module ieee802154_socket. Source: net/ieee802154/socket.c,
 * include/net/af_ieee802154.h.
 */
#ifndef LINSOCK_IEEE802154_H
#define LINSOCK_IEEE802154_H

#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

/** LSK_IEEE802154_BROADCAST - the PAN, and the short address, of everybody */
#define LSK_IEEE802154_BROADCAST 0xffff

/**
 * lsk_addr_ieee802154_short() - an address of two bytes
 * @ret_addr: set on success
 * @pan: the network
 * @address: in it
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_ieee802154_short(struct lsk_addr *ret_addr, uint16_t pan,
			      uint16_t address);

/**
 * lsk_addr_ieee802154_extended() - an address of eight bytes
 * @ret_addr: set on success
 * @pan: the network
 * @address: eight bytes, as they are written: the first is 00 of 00:11:22:33:…
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_ieee802154_extended(struct lsk_addr *ret_addr, uint16_t pan,
				 const uint8_t *address);

LSK_END_DECLS

#endif
