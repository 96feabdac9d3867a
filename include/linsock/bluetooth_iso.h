/* SPDX-License-Identifier: MIT */
/*
 * Isochronous channels of Bluetooth LE: data that is worth something at its time alone,
 * as sound is. A stream (CIS) connects two devices; several of one central make a group
 * (CIG) and keep time together.
 *
 *	lsk_mgmt_set_iso(mgmt, true)
 *	lsk_socket_new(&sock, AF_BLUETOOTH, SOCK_SEQPACKET, LSK_BTPROTO_ISO)
 *	lsk_iso_set_qos(sock, &qos)
 *	lsk_socket_connect(sock, &peer)        lsk_addr_iso()
 *
 * Each send is one SDU, and the receiver's one message; what comes too late or finds no
 * room is lost in silence. The listener's side advertises (LSK_MGMT_ADVERTISING), and
 * the kernel makes the link of LE below by itself. Source: include/net/bluetooth/
 * bluetooth.h and net/bluetooth/iso.c of Linux, 6.0 and later.
 */
#ifndef LINSOCK_BLUETOOTH_ISO_H
#define LINSOCK_BLUETOOTH_ISO_H

#include <stdbool.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_ISO_ANY - number of a group or a stream that the kernel is to choose */
#define LSK_ISO_ANY 0xff

/**
 * enum lsk_iso_phy - how the radio modulates; bits
 * @LSK_ISO_PHY_1M: one megabit in a second
 * @LSK_ISO_PHY_2M: two
 * @LSK_ISO_PHY_CODED: one, with redundancy for a longer reach
 */
enum lsk_iso_phy {
	LSK_ISO_PHY_1M = 1 << 0,
	LSK_ISO_PHY_2M = 1 << 1,
	LSK_ISO_PHY_CODED = 1 << 2,
};

/**
 * struct lsk_iso_way - what passes in one direction
 * @interval_us: between two SDUs: 255 … 1048575
 * @latency_ms: until one has arrived: 5 … 4000
 * @sdu_max: bytes of the longest; 0: nothing passes this way
 * @phys: enum lsk_iso_phy; 0 together with @sdu_max alone
 * @retransmissions: how often a packet is tried again
 */
struct lsk_iso_way {
	uint32_t interval_us;
	uint16_t latency_ms;
	uint16_t sdu_max;
	uint8_t phys;
	uint8_t retransmissions;
};

/**
 * struct lsk_iso_qos - the terms of a stream
 * @group: its group, 0 … 0xef, or LSK_ISO_ANY
 * @stream: its number in the group, 0 … 0xef, or LSK_ISO_ANY
 * @clock_accuracy: the worst of the peripherals': 0, 251 to 500 ppm, … 7, up to 20 ppm
 * @is_interleaved: the streams of the group take turns in each interval
 * @is_framed: SDUs are cut to fit an interval that is not theirs
 * @receive: what comes to this socket
 * @send: what leaves it
 */
struct lsk_iso_qos {
	uint8_t group;
	uint8_t stream;
	uint8_t clock_accuracy;
	bool is_interleaved;
	bool is_framed;
	struct lsk_iso_way receive;
	struct lsk_iso_way send;
};

/**
 * lsk_iso_set_qos() - say on what terms to connect (BT_ISO_QOS)
 * @sock: of ISO, not connected; those of one group have the same terms but for
 *	@stream and the SDUs
 * @qos: copied
 *
 * The central's terms hold: a listener needs none. Without them the kernel takes 40
 * bytes each 10 ms, both ways, on the 2M PHY.
 *
 * A group is set up once. For several streams, lsk_bt_set_deferred() each socket after
 * it is bound, lsk_socket_connect() them all, which then only tells the kernel of them,
 * and lsk_bt_admit() each. Linux 6.1 has one stream with each peer: -EBUSY for the
 * second.
 *
 * Return: 0; -EINVAL once it is connected, and for a value out of its range, which
 * newer kernels say from connect(2).
 */
int lsk_iso_set_qos(struct lsk_socket *sock, const struct lsk_iso_qos *qos);

/**
 * lsk_iso_qos() - the terms of a stream
 * @sock: of ISO; once it is connected, those that hold
 * @ret_qos: set on success
 *
 * Return: 0; -EINVAL for NULL; -ENOPROTOOPT for another protocol.
 */
int lsk_iso_qos(const struct lsk_socket *sock, struct lsk_iso_qos *ret_qos);

LSK_END_DECLS

#endif
