/* SPDX-License-Identifier: MIT */
/*
 * LLC: IEEE 802.2 between the hosts of one network, by MAC address and service access
 * point (SAP).
 *
 *	llc://00:11:22:33:44:55/0x42           what a SAP sends is data
 *	llc://00:11:22:33:44:55/0x42/test      or a TEST, XID or UI frame of a stream
 *	llc://any/0x42                         for binding: the first device
 *
 * Datagrams (SOCK_DGRAM) are UI frames; streams (SOCK_STREAM) are connections that
 * LLC itself makes and repeats. A SAP is even; 0 lets bind(2) choose. CAP_NET_RAW, and
 * the first network namespace alone, else -EAFNOSUPPORT.
 *
 * A socket that connects unbound goes by the first Ethernet device of the kernel: bind
 * it, or set SO_BINDTODEVICE. A connection that nobody answers is -ECONNABORTED after
 * three seconds; in non-blocking mode connect is -EINPROGRESS, and a receive that says
 * -ENOTCONN once poll(2) says POLLOUT tells that it failed.
 *
 * Module llc2. Source: linux/llc.h, net/llc/.
 */
#ifndef LINSOCK_LLC_H
#define LINSOCK_LLC_H

#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * enum lsk_llc_kind - what a frame is
 * @LSK_LLC_DATA: what the type of the socket says
 * @LSK_LLC_TEST: a TEST frame, which the other side returns
 * @LSK_LLC_XID: an XID frame, which asks what the other side can do
 * @LSK_LLC_UI: a datagram; what a datagram was received from has this kind
 */
enum lsk_llc_kind {
	LSK_LLC_DATA,
	LSK_LLC_TEST,
	LSK_LLC_XID,
	LSK_LLC_UI,
};

/**
 * lsk_addr_llc() - an LLC address on Ethernet from its parts
 * @ret_addr: set on success
 * @mac: six bytes; NULL for none, which lets bind(2) choose a device
 * @sap: service access point
 * @kind: of the frames that are sent there
 *
 * Return: 0; -EINVAL for NULL and an unknown kind.
 */
int lsk_addr_llc(struct lsk_addr *ret_addr, const uint8_t *mac, uint8_t sap,
		 enum lsk_llc_kind kind);

LSK_END_DECLS

#endif
