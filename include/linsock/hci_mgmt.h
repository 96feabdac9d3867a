/* SPDX-License-Identifier: MIT */
/*
 * The management interface: the kernel's Bluetooth stack is told what to do, and tells
 * what happens.
 *
 *	lsk_mgmt_open(&sock)
 *	lsk_mgmt_set(sock, 0, LSK_MGMT_POWERED, 1, NULL)
 *
 * It is channel LSK_HCI_CHANNEL_CONTROL of HCI, without a controller. Each message
 * names its controller by index, as in "hci0"; LSK_HCI_DEV_NONE is none of them. Most
 * commands, and events beyond those of settings, take CAP_NET_ADMIN. Source:
 * doc/mgmt-api.txt of BlueZ, include/net/bluetooth/mgmt.h of Linux.
 *
 * A socket that gives commands by these calls loses the events that come while they
 * wait: watch events on another. On a loop: lsk_mgmt_build(), lsk_loop_send(),
 * lsk_loop_recv(), lsk_mgmt_parse(). The functions are as free of threads as the socket
 * that they are given.
 */
#ifndef LINSOCK_HCI_MGMT_H
#define LINSOCK_HCI_MGMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/base.h>
#include <linsock/bluetooth.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_MGMT_HEADER - bytes before the data of a message */
#define LSK_MGMT_HEADER 6

/** LSK_MGMT_MESSAGE_MAX - room enough for every message of today's kernels */
#define LSK_MGMT_MESSAGE_MAX 4096

/**
 * lsk_mgmt_open() - a socket of the management interface
 * @ret_socket: set on success; free with lsk_socket_free()
 *
 * Return: as lsk_hci_open().
 */
int lsk_mgmt_open(struct lsk_socket **ret_socket);

/**
 * struct lsk_mgmt_message - a command, or an event
 * @code: which
 * @index: of the controller, or LSK_HCI_DEV_NONE
 * @data: what follows the header, borrowed
 * @len: how much
 */
struct lsk_mgmt_message {
	uint16_t code;
	uint16_t index;
	const uint8_t *data;
	size_t len;
};

/**
 * lsk_mgmt_parse() - read a message
 * @buf: as it was received
 * @len: how many bytes
 * @ret_message: set on success; borrows from @buf
 *
 * Return: 0; -EBADMSG where the length that it tells is not the one that it has.
 */
int lsk_mgmt_parse(const void *buf, size_t len, struct lsk_mgmt_message *ret_message);

/**
 * lsk_mgmt_build() - write a message
 * @message: what to write
 * @buf: gets it
 * @size: how much fits
 *
 * Return: bytes written; LSK_ERR_RANGE for more than 65535 bytes of data; -ENOSPC.
 */
ssize_t lsk_mgmt_build(const struct lsk_mgmt_message *message, void *buf, size_t size);

/**
 * enum lsk_mgmt_event_kind - events that are read into their fields
 * @LSK_MGMT_OTHER: all the rest: @code and @data of struct lsk_mgmt_event
 * @LSK_MGMT_COMPLETE: of a command: @command, @status, @data what it gives back
 * @LSK_MGMT_STATUS: the same without data
 * @LSK_MGMT_ADDED: a controller is there
 * @LSK_MGMT_REMOVED: a controller is gone
 * @LSK_MGMT_SETTINGS: of a controller changed: @settings
 * @LSK_MGMT_NAMED: its name changed: @data
 * @LSK_MGMT_CONNECTED: a link is up: @bdaddr, @address_type, @data what the peer told
 * @LSK_MGMT_DISCONNECTED: a link is down: @bdaddr, @address_type, @reason
 * @LSK_MGMT_CONNECT_FAILED: no link came up: @bdaddr, @address_type, @status
 * @LSK_MGMT_FOUND: by a discovery: @bdaddr, @address_type, @rssi, @data what it told
 * @LSK_MGMT_DISCOVERING: a discovery began (@reason 1) or ended (0)
 */
enum lsk_mgmt_event_kind {
	LSK_MGMT_OTHER,
	LSK_MGMT_COMPLETE,
	LSK_MGMT_STATUS,
	LSK_MGMT_ADDED,
	LSK_MGMT_REMOVED,
	LSK_MGMT_SETTINGS,
	LSK_MGMT_NAMED,
	LSK_MGMT_CONNECTED,
	LSK_MGMT_DISCONNECTED,
	LSK_MGMT_CONNECT_FAILED,
	LSK_MGMT_FOUND,
	LSK_MGMT_DISCOVERING,
};

/**
 * struct lsk_mgmt_event - an event
 * @kind: see the enum, which says what else is set; the rest is 0
 * @code: of the event
 * @index: of the controller
 * @command: that it answers
 * @status: 0, or why not: lsk_mgmt_error()
 * @reason: of a disconnection: 0 unknown, 1 timeout, 2 this host, 3 the peer, 4
 *	authentication failed, 5 this host sleeps
 * @address_type: LSK_BDADDR_*
 * @rssi: dBm; 127 unknown
 * @settings: enum lsk_mgmt_settings
 * @bdaddr: of the peer
 * @data: borrowed from the message
 * @len: how much
 */
struct lsk_mgmt_event {
	enum lsk_mgmt_event_kind kind;
	uint16_t code;
	uint16_t index;
	uint16_t command;
	uint8_t status;
	uint8_t reason;
	uint8_t address_type;
	int8_t rssi;
	uint32_t settings;
	struct lsk_bdaddr bdaddr;
	const uint8_t *data;
	size_t len;
};

/**
 * lsk_mgmt_event_parse() - read an event
 * @message: as it was received
 * @ret_event: set on success; borrows what @message borrows
 *
 * Return: 0; -EBADMSG where it is too short for its code.
 */
int lsk_mgmt_event_parse(const struct lsk_mgmt_message *message,
			 struct lsk_mgmt_event *ret_event);

/**
 * lsk_mgmt_event_next() - wait for an event, by the socket's timeout
 * @sock: made by lsk_mgmt_open()
 * @buf: gets the message, from which @ret_event borrows
 * @size: how much fits; LSK_MGMT_MESSAGE_MAX is enough
 * @ret_event: set on success
 *
 * Return: 0; -EBADMSG for what does not fit or is none; or as lsk_socket_recv().
 */
int lsk_mgmt_event_next(struct lsk_socket *sock, void *buf, size_t size,
			struct lsk_mgmt_event *ret_event);

/**
 * lsk_mgmt_error() - a status as an errno
 * @status: of an answer
 *
 * Return: 0 for 0, else a negative errno; -EIO for one that is not known.
 */
int lsk_mgmt_error(uint8_t status);

/**
 * lsk_mgmt_command() - give a command and wait for its answer
 * @sock: made by lsk_mgmt_open()
 * @command: see the struct
 * @ret_answer: gets what the command gives back, without the status; may be NULL
 * @size: how much fits; the rest is cut off
 *
 * Waits within the socket's timeout. After -ETIME the command goes on; its answer, if
 * it comes, is dropped by the next call unless that gives the same command to the same
 * controller.
 *
 * Return: how many bytes the answer has; lsk_mgmt_error() of its status; -ETIME;
 * -EAGAIN with a timeout of 0; LSK_ERR_RANGE.
 */
ssize_t lsk_mgmt_command(struct lsk_socket *sock,
			 const struct lsk_mgmt_message *command, void *ret_answer,
			 size_t size);

/**
 * lsk_mgmt_version() - of the kernel's interface
 * @sock: made by lsk_mgmt_open()
 * @ret_version: set on success
 * @ret_revision: set on success
 *
 * Return: 0; or as lsk_mgmt_command().
 */
int lsk_mgmt_version(struct lsk_socket *sock, uint8_t *ret_version,
		     uint16_t *ret_revision);

/**
 * lsk_mgmt_list() - the controllers that can be managed
 * @sock: made by lsk_mgmt_open()
 * @ret_indexes: gets them
 * @max: how many fit
 *
 * One on which a USER channel is bound, or that is not ready yet, is not among them.
 *
 * Return: how many; or as lsk_mgmt_command().
 */
int lsk_mgmt_list(struct lsk_socket *sock, uint16_t *ret_indexes, size_t max);

/**
 * enum lsk_mgmt_settings - of a controller; bits
 * @LSK_MGMT_POWERED: it is on
 * @LSK_MGMT_CONNECTABLE: it answers those who know its address
 * @LSK_MGMT_FAST_CONNECTABLE: the same, sooner
 * @LSK_MGMT_DISCOVERABLE: it answers those who look for anybody
 * @LSK_MGMT_BONDABLE: it may pair
 * @LSK_MGMT_LINK_SECURITY: it asks for authentication, as before version 2.1
 * @LSK_MGMT_SIMPLE_PAIRING: secure simple pairing
 * @LSK_MGMT_BREDR: the classic radio
 * @LSK_MGMT_HIGH_SPEED: by another radio; gone from Linux 6.8
 * @LSK_MGMT_LE: Low Energy
 * @LSK_MGMT_ADVERTISING: it advertises
 * @LSK_MGMT_SECURE_CONNECTIONS: pairing of version 4.1
 * @LSK_MGMT_DEBUG_KEYS: debugging keys are kept
 * @LSK_MGMT_PRIVACY: it changes its address
 * @LSK_MGMT_CONFIGURATION: it can be configured
 * @LSK_MGMT_STATIC_ADDRESS: it has a random address that stays
 */
enum lsk_mgmt_settings {
	LSK_MGMT_POWERED = 1 << 0,
	LSK_MGMT_CONNECTABLE = 1 << 1,
	LSK_MGMT_FAST_CONNECTABLE = 1 << 2,
	LSK_MGMT_DISCOVERABLE = 1 << 3,
	LSK_MGMT_BONDABLE = 1 << 4,
	LSK_MGMT_LINK_SECURITY = 1 << 5,
	LSK_MGMT_SIMPLE_PAIRING = 1 << 6,
	LSK_MGMT_BREDR = 1 << 7,
	LSK_MGMT_HIGH_SPEED = 1 << 8,
	LSK_MGMT_LE = 1 << 9,
	LSK_MGMT_ADVERTISING = 1 << 10,
	LSK_MGMT_SECURE_CONNECTIONS = 1 << 11,
	LSK_MGMT_DEBUG_KEYS = 1 << 12,
	LSK_MGMT_PRIVACY = 1 << 13,
	LSK_MGMT_CONFIGURATION = 1 << 14,
	LSK_MGMT_STATIC_ADDRESS = 1 << 15,
};

/** LSK_MGMT_NAME_MAX - bytes of a controller's name, its NUL counted */
#define LSK_MGMT_NAME_MAX 249

/**
 * struct lsk_mgmt_info - what a controller is
 * @bdaddr: its address
 * @version: of Bluetooth: 8 is 4.2, 9 is 5.0
 * @manufacturer: by the Bluetooth SIG's numbers
 * @supported: enum lsk_mgmt_settings that it can have
 * @current: those that it has
 * @device_class: what kind of device this host claims to be; 24 bits
 * @name: of this host, ended by a NUL
 */
struct lsk_mgmt_info {
	struct lsk_bdaddr bdaddr;
	uint8_t version;
	uint16_t manufacturer;
	uint32_t supported;
	uint32_t current;
	uint32_t device_class;
	char name[LSK_MGMT_NAME_MAX];
};

/**
 * lsk_mgmt_info() - what a controller is
 * @sock: made by lsk_mgmt_open()
 * @index: of the controller
 * @ret_info: set on success
 *
 * Return: 0; -ENODEV; or as lsk_mgmt_command().
 */
int lsk_mgmt_info(struct lsk_socket *sock, uint16_t index,
		  struct lsk_mgmt_info *ret_info);

/**
 * lsk_mgmt_set() - change a setting of a controller
 * @sock: made by lsk_mgmt_open()
 * @index: of the controller
 * @setting: one of enum lsk_mgmt_settings that can be set: not HIGH_SPEED, PRIVACY,
 *	CONFIGURATION, STATIC_ADDRESS
 * @value: 0 or 1; a few settings know 2 (LSK_MGMT_ADVERTISING: to be connected to,
 *	whatever LSK_MGMT_CONNECTABLE says)
 * @ret_settings: gets all that hold now; may be NULL
 *
 * LSK_MGMT_DISCOVERABLE is set until it is cleared. CAP_NET_ADMIN.
 *
 * Return: 0; -EINVAL for what cannot be set; -EPERM; -ENODEV; -ENETDOWN where it has to
 * be powered; -EOPNOTSUPP where the controller cannot; -EBUSY; or as
 * lsk_mgmt_command().
 */
int lsk_mgmt_set(struct lsk_socket *sock, uint16_t index, uint32_t setting,
		 uint8_t value, uint32_t *ret_settings);

/**
 * lsk_mgmt_set_name() - name this host
 * @sock: made by lsk_mgmt_open()
 * @index: of the controller
 * @name: at most LSK_MGMT_NAME_MAX bytes, its NUL counted
 *
 * Return: 0; LSK_ERR_LENGTH; or as lsk_mgmt_set().
 */
int lsk_mgmt_set_name(struct lsk_socket *sock, uint16_t index, const char *name);

/**
 * lsk_mgmt_set_iso() - let the kernel make ISO sockets, or no longer
 * @sock: made by lsk_mgmt_open()
 * @on: whether
 *
 * An experimental feature of the kernel's, off until then; for all programs. Linux 6.0.
 * CAP_NET_ADMIN.
 *
 * Return: 0; -EOPNOTSUPP or -EINVAL where the kernel does not have it; -EPERM; or as
 * lsk_mgmt_command().
 */
int lsk_mgmt_set_iso(struct lsk_socket *sock, bool on);

/**
 * struct lsk_mgmt_peer - a device
 * @bdaddr: its address
 * @address_type: LSK_BDADDR_*
 */
struct lsk_mgmt_peer {
	struct lsk_bdaddr bdaddr;
	uint8_t address_type;
};

/**
 * lsk_mgmt_peers() - the devices that are connected
 * @sock: made by lsk_mgmt_open()
 * @index: of the controller
 * @ret_peers: gets them
 * @max: how many fit
 *
 * Return: how many; -ENETDOWN where it is not powered; or as lsk_mgmt_command().
 */
int lsk_mgmt_peers(struct lsk_socket *sock, uint16_t index,
		   struct lsk_mgmt_peer *ret_peers, size_t max);

/**
 * lsk_mgmt_disconnect() - end the link to a device
 * @sock: made by lsk_mgmt_open()
 * @index: of the controller
 * @peer: the device
 *
 * Return: 0 when it is down; -ENOTCONN or (Linux 6.12) -ECONNRESET where there is no
 * link; or as lsk_mgmt_set().
 */
int lsk_mgmt_disconnect(struct lsk_socket *sock, uint16_t index,
			const struct lsk_mgmt_peer *peer);

/**
 * lsk_mgmt_discover() - begin or end to look for devices
 * @sock: made by lsk_mgmt_open()
 * @index: of the controller
 * @types: bits by LSK_BDADDR_*: 1 BR/EDR, 6 both kinds of LE, 7 all; the same to end
 * @on: begin, or end
 *
 * What is found comes as LSK_MGMT_FOUND; LSK_MGMT_DISCOVERING tells the end, which
 * comes by itself after some ten seconds.
 *
 * Return: 0; -EBUSY while another goes on; or as lsk_mgmt_set().
 */
int lsk_mgmt_discover(struct lsk_socket *sock, uint16_t index, uint8_t types, bool on);

LSK_END_DECLS

#endif
