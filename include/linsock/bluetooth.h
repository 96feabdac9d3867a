/* SPDX-License-Identifier: MIT */
/*
 * Bluetooth: L2CAP, RFCOMM, SCO, ISO and HCI. libbluetooth is not needed: the
 * structures here are the kernel's (include/net/bluetooth/).
 *
 *	bluetooth://l2cap/00:11:22:33:44:55/25          PSM
 *	bluetooth://l2cap/00:11:22:33:44:55/0/64/le-public     PSM, CID, address type
 *	bluetooth://rfcomm/00:11:22:33:44:55/1          channel
 *	bluetooth://sco/00:11:22:33:44:55
 *	bluetooth://iso/00:11:22:33:44:55/le-public     address type
 *	bluetooth://hci/0/user                          device, channel
 */
#ifndef LINSOCK_BLUETOOTH_H
#define LINSOCK_BLUETOOTH_H

#include <stdbool.h>
#include <stdint.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/control.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/* Protocols of AF_BLUETOOTH. */
#define LSK_BTPROTO_L2CAP  0
#define LSK_BTPROTO_HCI    1
#define LSK_BTPROTO_SCO    2
#define LSK_BTPROTO_RFCOMM 3
#define LSK_BTPROTO_ISO    8

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
 * lsk_addr_iso() - the address of an isochronous channel
 * @ret_addr: set on success
 * @bdaddr: the device
 * @type: LSK_BDADDR_LE_PUBLIC or _LE_RANDOM; -EINVAL for others from bind(2)
 *
 * Its bytes are those of an RFCOMM address whose channel is @type, and that is how it
 * prints: nothing in them tells the two apart.
 *
 * The kernel makes ISO sockets, else -EPROTONOSUPPORT, once lsk_mgmt_set_iso() has
 * switched them on. Linux 6.0.
 *
 * Return: 0; LSK_ERR_RANGE (type); -EINVAL for NULL.
 */
int lsk_addr_iso(struct lsk_addr *ret_addr, const struct lsk_bdaddr *bdaddr,
		 uint8_t type);

/**
 * lsk_addr_hci() - an HCI address from its parts
 * @ret_addr: set on success
 * @device: number of the controller, or LSK_HCI_DEV_NONE
 * @channel: LSK_HCI_CHANNEL_*
 *
 * Return: 0 or -EINVAL for NULL.
 */
int lsk_addr_hci(struct lsk_addr *ret_addr, uint16_t device, uint16_t channel);

/**
 * enum lsk_bt_security - what a link has to have before data passes
 * @LSK_BT_SECURITY_SDP: nothing; for service discovery alone
 * @LSK_BT_SECURITY_LOW: nothing, of devices before version 2.1 (the default)
 * @LSK_BT_SECURITY_MEDIUM: encryption
 * @LSK_BT_SECURITY_HIGH: encryption with a key that nobody in between can know
 * @LSK_BT_SECURITY_FIPS: the same by algorithms of FIPS; keys of 128 bits
 */
enum lsk_bt_security {
	LSK_BT_SECURITY_SDP,
	LSK_BT_SECURITY_LOW,
	LSK_BT_SECURITY_MEDIUM,
	LSK_BT_SECURITY_HIGH,
	LSK_BT_SECURITY_FIPS,
};

/**
 * lsk_bt_set_security() - ask for security (BT_SECURITY)
 * @sock: of L2CAP or RFCOMM, before it connects or listens
 * @level: see the enum
 *
 * On an L2CAP connection of LE it raises the link's level, and data waits meanwhile.
 *
 * Return: 0; -EINVAL, for SCO too on kernels that have no such option of it.
 */
int lsk_bt_set_security(struct lsk_socket *sock, enum lsk_bt_security level);

/**
 * lsk_bt_security() - what was asked for, and what the link has
 * @sock: of L2CAP or RFCOMM
 * @ret_level: set on success
 * @ret_key_size: gets the bytes of the link's key, 0 without; may be NULL
 *
 * Return: 0 or a negative error.
 */
int lsk_bt_security(const struct lsk_socket *sock, enum lsk_bt_security *ret_level,
		    uint8_t *ret_key_size);

/**
 * lsk_bt_set_deferred() - accept connections before they are admitted (BT_DEFER_SETUP)
 * @listener: of L2CAP, RFCOMM or SCO, before it listens
 * @on: whether
 *
 * The peer's connect waits until the accepted socket is admitted by lsk_bt_admit(), or
 * refused by closing it.
 *
 * Return: 0; -EINVAL once it listens.
 */
int lsk_bt_set_deferred(struct lsk_socket *listener, bool on);

/**
 * lsk_bt_admit() - let a deferred connection come about
 * @sock: accepted of a deferred listener
 *
 * Does not wait; the socket is writable when the connection is there.
 *
 * Return: 0; or why there is nothing to admit: -EAGAIN for one that is admitted.
 */
int lsk_bt_admit(struct lsk_socket *sock);

/**
 * lsk_bt_mtu() - the longest messages of a connection
 * @sock: connected, of L2CAP or SCO
 * @ret_send: set on success: bytes that one send may have
 * @ret_receive: set on success: bytes that one receive may bring
 *
 * Return: 0; -ENOTCONN; -EOPNOTSUPP for RFCOMM, which is a stream.
 */
int lsk_bt_mtu(const struct lsk_socket *sock, uint16_t *ret_send,
	       uint16_t *ret_receive);

/**
 * lsk_bt_set_receive_mtu() - the longest message that the peer may send
 * @sock: of L2CAP, bound, not yet connected or listening; whether it is bound to an
 *	address of LE decides which option is the right one
 * @bytes: 48 and more; 23 and more for LE
 *
 * Return: 0; -EINVAL.
 */
int lsk_bt_set_receive_mtu(struct lsk_socket *sock, uint16_t bytes);

/**
 * lsk_bt_link() - the link below a connection
 * @sock: connected, of L2CAP, RFCOMM or SCO
 * @ret_handle: set on success: its number at the controller
 * @ret_class: gets the peer's class of device, 24 bits; may be NULL
 *
 * Return: 0; -ENOTCONN; -EOPNOTSUPP for HCI.
 */
int lsk_bt_link(const struct lsk_socket *sock, uint16_t *ret_handle,
		uint32_t *ret_class);

/**
 * enum lsk_l2cap_mode - how an L2CAP channel of BR/EDR treats losses
 * @LSK_L2CAP_BASIC: what does not fit the receiver's buffer is dropped (the default)
 * @LSK_L2CAP_RETRANSMIT: enhanced retransmission: nothing is lost
 * @LSK_L2CAP_STREAMING: what comes late is dropped, the rest comes in order
 */
enum lsk_l2cap_mode {
	LSK_L2CAP_BASIC = 0,
	LSK_L2CAP_RETRANSMIT = 3,
	LSK_L2CAP_STREAMING = 4,
};

/**
 * lsk_l2cap_set_mode() - how losses are treated (L2CAP_OPTIONS)
 * @sock: of L2CAP, before it connects or listens; both sides have to ask for the same.
 *	Channels of LE have credits and no modes
 * @mode: see the enum
 *
 * Return: 0; -EINVAL.
 */
int lsk_l2cap_set_mode(struct lsk_socket *sock, enum lsk_l2cap_mode mode);

/**
 * lsk_l2cap_mode() - how losses are treated
 * @sock: of L2CAP
 *
 * Return: enum lsk_l2cap_mode, or a negative error: -EINVAL for a channel of LE.
 */
int lsk_l2cap_mode(const struct lsk_socket *sock);

/** LSK_SCO_CVSD - lsk_sco_set_voice(): 16 bits at 8 kHz, coded by the controller */
#define LSK_SCO_CVSD 0x0060

/** LSK_SCO_TRANSPARENT - lsk_sco_set_voice(): bytes as they are, coded by the program
 */
#define LSK_SCO_TRANSPARENT 0x0003

/**
 * lsk_sco_set_voice() - how speech is coded on the air (BT_VOICE)
 * @sock: of SCO, before it connects, or accepted and not yet admitted
 * @setting: LSK_SCO_CVSD (the default) or LSK_SCO_TRANSPARENT. Others are refused by
 *	older kernels, and by connect(2) on newer ones
 *
 * Return: 0; -EINVAL.
 */
int lsk_sco_set_voice(struct lsk_socket *sock, uint16_t setting);

/**
 * lsk_sco_set_status() - have told with each packet whether it came whole
 * (BT_PKT_STATUS)
 * @sock: of SCO; Linux 6.1 tells nothing on one that was accepted
 * @on: whether
 *
 * Return: 0. Linux 5.9.
 */
int lsk_sco_set_status(struct lsk_socket *sock, bool on);

/**
 * lsk_sco_get_status() - read that control message
 * @item: given out by lsk_control_next()
 * @ret_status: 0 whole; 1 perhaps not; 2 nothing came; 3 a part is missing
 *
 * Return: 0; -ENOMSG for another control message; -EBADMSG.
 */
int lsk_sco_get_status(const struct lsk_control_item *item, uint8_t *ret_status);

LSK_END_DECLS

#endif
