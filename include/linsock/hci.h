/* SPDX-License-Identifier: MIT */
/*
 * HCI: what passes between the kernel and a Bluetooth controller.
 *
 *	lsk_hci_open(&sock, 0, LSK_HCI_CHANNEL_RAW)
 *	lsk_hci_command(sock, &(struct lsk_hci_command){.opcode = 0x1009}, buf, size)
 *
 * Its channels are LSK_HCI_CHANNEL_*: RAW sees the packets of one controller and
 * sends commands beside the kernel's; USER has a controller, which must be down, to
 * itself; MONITOR sees all controllers, see lsk_hci_monitor_parse(); CONTROL is
 * <linsock/hci_mgmt.h>; LOGGING writes lines to those who monitor. Source:
 * include/net/bluetooth/hci.h, hci_sock.h and hci_mon.h of Linux, and the Bluetooth
 * Core Specification, volume 4, part E.
 *
 * A packet is one message of the socket, so that all sends and receives of sockets and
 * loops serve; lsk_hci_packet_parse() reads what comes. The functions here are as free
 * of threads as the socket that they are given.
 */
#ifndef LINSOCK_HCI_H
#define LINSOCK_HCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linsock/base.h>
#include <linsock/bluetooth.h>
#include <linsock/control.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_HCI_PACKET_MAX - bytes of the longest packet, its kind counted */
#define LSK_HCI_PACKET_MAX 65541

/** LSK_HCI_EVENT_MAX - bytes of the longest event packet, its kind counted */
#define LSK_HCI_EVENT_MAX 258

/** LSK_HCI_DEVICES_MAX - more controllers than this no kernel lists */
#define LSK_HCI_DEVICES_MAX 64

/**
 * lsk_hci_open() - a socket of one channel
 * @ret_socket: set on success; free with lsk_socket_free()
 * @device: number of the controller; LSK_HCI_DEV_NONE for all of them, and for the
 *	channels that have none
 * @channel: LSK_HCI_CHANNEL_*
 *
 * USER takes CAP_NET_ADMIN and keeps the kernel from the controller until the socket is
 * closed. MONITOR takes CAP_NET_RAW.
 *
 * Return: 0; -EAFNOSUPPORT or -EPROTONOSUPPORT without Bluetooth; -ENODEV; -EBUSY for
 * USER where the controller is up; -EPERM.
 */
int lsk_hci_open(struct lsk_socket **ret_socket, uint16_t device, uint16_t channel);

/**
 * enum lsk_hci_device_flags - the state of a controller
 * @LSK_HCI_UP: initialised, and in use
 * @LSK_HCI_INIT: being initialised
 * @LSK_HCI_RUNNING: its driver works
 * @LSK_HCI_PAGE_SCAN: it answers those who know its address
 * @LSK_HCI_INQUIRY_SCAN: it answers those who look for anybody
 * @LSK_HCI_INQUIRY: it looks for others
 */
enum lsk_hci_device_flags {
	LSK_HCI_UP = 1 << 0,
	LSK_HCI_INIT = 1 << 1,
	LSK_HCI_RUNNING = 1 << 2,
	LSK_HCI_PAGE_SCAN = 1 << 3,
	LSK_HCI_INQUIRY_SCAN = 1 << 4,
	LSK_HCI_INQUIRY = 1 << 7,
};

/**
 * struct lsk_hci_device - a controller
 * @id: its number
 * @bus: how it is attached: 0 virtual, 1 USB, 3 UART, …
 * @name: "hci0"
 * @bdaddr: its address; all zero before it is initialised, or without a public one
 * @flags: enum lsk_hci_device_flags
 * @features: LMP features, page 0, as the controller says them
 * @packet_types: of ACL links, HCI_DM1 …
 * @link_policy: of new links
 * @link_mode: what this host asks of new links
 * @acl_mtu: bytes of the longest packet of data
 * @acl_packets: how many of them the controller holds
 * @sco_mtu: bytes of the longest packet of speech
 * @sco_packets: how many of them the controller holds
 * @errors_received: packets that were damaged
 * @errors_sent: packets that the driver did not take
 * @commands: sent
 * @events: received
 * @acl_sent: packets
 * @acl_received: packets
 * @sco_sent: packets
 * @sco_received: packets
 * @bytes_received: of all packets
 * @bytes_sent: of all packets
 */
struct lsk_hci_device {
	uint16_t id;
	uint8_t bus;
	char name[9];
	struct lsk_bdaddr bdaddr;
	uint32_t flags;
	uint8_t features[8];
	uint32_t packet_types;
	uint32_t link_policy;
	uint32_t link_mode;
	uint16_t acl_mtu;
	uint16_t acl_packets;
	uint16_t sco_mtu;
	uint16_t sco_packets;
	uint32_t errors_received;
	uint32_t errors_sent;
	uint32_t commands;
	uint32_t events;
	uint32_t acl_sent;
	uint32_t acl_received;
	uint32_t sco_sent;
	uint32_t sco_received;
	uint32_t bytes_received;
	uint32_t bytes_sent;
};

/**
 * lsk_hci_list() - the numbers of all controllers
 * @ret_ids: gets them, in the order in which they came
 * @max: how many fit; no more than LSK_HCI_DEVICES_MAX are asked for
 *
 * To look ends the kernel's habit of switching off what nobody uses.
 *
 * Return: how many; -EAFNOSUPPORT without Bluetooth.
 */
int lsk_hci_list(uint16_t *ret_ids, size_t max);

/**
 * lsk_hci_device() - what is known of a controller
 * @device: its number
 * @ret_device: set on success
 *
 * Return: 0; -ENODEV; -EAFNOSUPPORT without Bluetooth.
 */
int lsk_hci_device(uint16_t device, struct lsk_hci_device *ret_device);

/**
 * struct lsk_hci_link - a connection of a controller
 * @mode: L2CAP_LM_* that hold for it
 * @handle: its number at the controller
 * @state: BT_CONNECTED and others (<linsock/constant.h>, group BT_STATE)
 * @type: 0 SCO, 1 ACL, 2 eSCO, 0x80 LE, 0x82 and more isochronous
 * @is_outgoing: this host asked for it
 * @peer: at its other end
 */
struct lsk_hci_link {
	uint32_t mode;
	uint16_t handle;
	uint16_t state;
	uint8_t type;
	bool is_outgoing;
	struct lsk_bdaddr peer;
};

/**
 * lsk_hci_links() - the connections of a controller
 * @device: its number
 * @ret_links: gets them
 * @max: how many fit
 *
 * Return: how many; -ENODEV; -EAFNOSUPPORT without Bluetooth.
 */
int lsk_hci_links(uint16_t device, struct lsk_hci_link *ret_links, size_t max);

/**
 * lsk_hci_up() - initialise a controller and leave it in use
 * @device: its number
 *
 * Waits for the controller, which the kernel bounds by some ten seconds;
 * lsk_mgmt_set() is the way with a deadline. CAP_NET_ADMIN.
 *
 * Return: 0, also where it was up; -ENODEV; -EPERM; -ERFKILL; -ETIMEDOUT.
 */
int lsk_hci_up(uint16_t device);

/** lsk_hci_down() - end its connections and switch it off; as lsk_hci_up() */
int lsk_hci_down(uint16_t device);

/**
 * lsk_hci_set_scan() - whom a controller answers
 * @device: its number
 * @scan: LSK_HCI_PAGE_SCAN, LSK_HCI_INQUIRY_SCAN, both or 0
 *
 * Return: 0; -EINVAL for another bit; -ENETDOWN where it is down; or as lsk_hci_up().
 */
int lsk_hci_set_scan(uint16_t device, unsigned int scan);

/**
 * struct lsk_hci_filter - which packets a RAW socket receives
 * @packets: bits by enum lsk_hci_kind; 0 for none, the state of a new socket
 * @events: bits by the code of an event; codes from 64 on share those from 0 on
 * @opcode: of Command Complete and Command Status, only those of this command; 0: all
 */
struct lsk_hci_filter {
	uint32_t packets;
	uint64_t events;
	uint16_t opcode;
};

/**
 * lsk_hci_set_filter() - choose what is received (HCI_FILTER)
 * @sock: of channel RAW
 * @filter: copied
 *
 * Return: 0; -EBADFD for another channel.
 */
int lsk_hci_set_filter(struct lsk_socket *sock, const struct lsk_hci_filter *filter);

/**
 * lsk_hci_get_filter() - what is received
 * @sock: of channel RAW
 * @ret_filter: set on success
 *
 * Return: as lsk_hci_set_filter().
 */
int lsk_hci_get_filter(const struct lsk_socket *sock,
		       struct lsk_hci_filter *ret_filter);

/**
 * lsk_hci_set_details() - have direction and time told with each packet
 * @sock: of channel RAW
 * @on: whether
 *
 * They come as control messages of level SOL_HCI; see lsk_hci_get_details().
 *
 * Return: 0; -EBADFD for another channel.
 */
int lsk_hci_set_details(struct lsk_socket *sock, bool on);

/**
 * struct lsk_hci_details - what came with a packet
 * @has_direction: whether it is known
 * @is_incoming: from the controller
 * @time_ns: when it passed, since 1970; 0 where it was not told
 */
struct lsk_hci_details {
	bool has_direction;
	bool is_incoming;
	int64_t time_ns;
};

/**
 * lsk_hci_get_details() - read the control messages of a packet
 * @control: received with it
 * @ret_details: set on success
 *
 * Return: 0; -EBADMSG where one of them is torn.
 */
int lsk_hci_get_details(const struct lsk_control *control,
			struct lsk_hci_details *ret_details);

/**
 * enum lsk_hci_kind - what a packet is (its first byte)
 * @LSK_HCI_COMMAND: of the host's
 * @LSK_HCI_ACL: data
 * @LSK_HCI_SCO: speech
 * @LSK_HCI_EVENT: of the controller's
 * @LSK_HCI_ISO: isochronous data
 */
enum lsk_hci_kind {
	LSK_HCI_COMMAND = 1,
	LSK_HCI_ACL = 2,
	LSK_HCI_SCO = 3,
	LSK_HCI_EVENT = 4,
	LSK_HCI_ISO = 5,
};

/**
 * struct lsk_hci_packet - a packet
 * @kind: see the enum
 * @code: of a command its opcode, of an event its code, of data its handle
 * @flags: of data the bits above the handle; else 0
 * @data: what follows the header, borrowed
 * @len: how much
 */
struct lsk_hci_packet {
	enum lsk_hci_kind kind;
	uint16_t code;
	uint8_t flags;
	const uint8_t *data;
	size_t len;
};

/**
 * lsk_hci_packet_parse() - read a packet
 * @buf: as it was received
 * @len: how many bytes
 * @ret_packet: set on success; borrows from @buf
 *
 * Return: 0; -EBADMSG for an unknown kind, or where the length that the packet tells is
 * not the one that it has.
 */
int lsk_hci_packet_parse(const void *buf, size_t len,
			 struct lsk_hci_packet *ret_packet);

/**
 * lsk_hci_packet_build() - write a packet
 * @packet: what to write
 * @buf: gets it
 * @size: how much fits
 *
 * Return: bytes written; LSK_ERR_RANGE where a field does not hold what is in it;
 * -ENOSPC; -EINVAL for an unknown kind.
 */
ssize_t lsk_hci_packet_build(const struct lsk_hci_packet *packet, void *buf,
			     size_t size);

/**
 * enum lsk_hci_monitor_kind - what a MONITOR channel tells
 * @LSK_HCI_MONITOR_NEW: a controller has come: type, bus, address, name
 * @LSK_HCI_MONITOR_GONE: it has gone
 * @LSK_HCI_MONITOR_COMMAND: a command to the controller
 * @LSK_HCI_MONITOR_EVENT: an event of the controller's
 * @LSK_HCI_MONITOR_ACL_SENT: data
 * @LSK_HCI_MONITOR_ACL_RECEIVED: data
 * @LSK_HCI_MONITOR_SCO_SENT: speech
 * @LSK_HCI_MONITOR_SCO_RECEIVED: speech
 * @LSK_HCI_MONITOR_OPEN: the controller is in use
 * @LSK_HCI_MONITOR_CLOSED: it is not
 * @LSK_HCI_MONITOR_INFO: address and manufacturer
 * @LSK_HCI_MONITOR_NOTE: a line of the kernel's, with a zero at its end
 * @LSK_HCI_MONITOR_LOG: a line of lsk_hci_log(): priority, length of the program's
 *	name, the name and the line, each with a zero at its end
 * @LSK_HCI_MONITOR_ISO_SENT: isochronous data
 * @LSK_HCI_MONITOR_ISO_RECEIVED: isochronous data
 */
enum lsk_hci_monitor_kind {
	LSK_HCI_MONITOR_NEW = 0,
	LSK_HCI_MONITOR_GONE = 1,
	LSK_HCI_MONITOR_COMMAND = 2,
	LSK_HCI_MONITOR_EVENT = 3,
	LSK_HCI_MONITOR_ACL_SENT = 4,
	LSK_HCI_MONITOR_ACL_RECEIVED = 5,
	LSK_HCI_MONITOR_SCO_SENT = 6,
	LSK_HCI_MONITOR_SCO_RECEIVED = 7,
	LSK_HCI_MONITOR_OPEN = 8,
	LSK_HCI_MONITOR_CLOSED = 9,
	LSK_HCI_MONITOR_INFO = 10,
	LSK_HCI_MONITOR_NOTE = 12,
	LSK_HCI_MONITOR_LOG = 13,
	LSK_HCI_MONITOR_ISO_SENT = 18,
	LSK_HCI_MONITOR_ISO_RECEIVED = 19,
};

/**
 * struct lsk_hci_monitored - a message of a MONITOR channel
 * @kind: enum lsk_hci_monitor_kind, or another number of a newer kernel
 * @device: number of the controller, or LSK_HCI_DEV_NONE
 * @has_packet: it is a packet: @packet
 * @is_incoming: the packet comes from the controller
 * @packet: borrows from the message
 * @data: what follows the header, borrowed
 * @len: how much
 */
struct lsk_hci_monitored {
	uint16_t kind;
	uint16_t device;
	bool has_packet;
	bool is_incoming;
	struct lsk_hci_packet packet;
	const uint8_t *data;
	size_t len;
};

/**
 * lsk_hci_monitor_parse() - read what a MONITOR channel tells
 * @buf: as it was received
 * @len: how many bytes
 * @ret_monitored: set on success; borrows from @buf
 *
 * Return: 0; -EBADMSG where a length that is told is not the one that is there; -EINVAL
 * for NULL.
 */
int lsk_hci_monitor_parse(const void *buf, size_t len,
			  struct lsk_hci_monitored *ret_monitored);

/**
 * enum lsk_hci_event_kind - events that are read into their fields
 * @LSK_HCI_OTHER: all the rest: @code and @data of struct lsk_hci_event
 * @LSK_HCI_COMPLETE: Command Complete: @opcode, @status, @data from the status on
 * @LSK_HCI_STATUS: Command Status: @opcode, @status
 * @LSK_HCI_REQUESTED: Connection Request: @bdaddr, @type
 * @LSK_HCI_CONNECTED: Connection Complete, of LE too, and of SCO: @status, @handle,
 *	@bdaddr, @type
 * @LSK_HCI_DISCONNECTED: Disconnection Complete: @status, @handle, @reason
 * @LSK_HCI_NAMED: Remote Name Request Complete: @status, @bdaddr, @data the name
 *	without the zeros after it
 * @LSK_HCI_ADVERTISED: LE Advertising Report, its first one: @bdaddr, @address_type,
 *	@rssi, @data what is advertised
 */
enum lsk_hci_event_kind {
	LSK_HCI_OTHER,
	LSK_HCI_COMPLETE,
	LSK_HCI_STATUS,
	LSK_HCI_REQUESTED,
	LSK_HCI_CONNECTED,
	LSK_HCI_DISCONNECTED,
	LSK_HCI_NAMED,
	LSK_HCI_ADVERTISED,
};

/**
 * struct lsk_hci_event - an event
 * @kind: see the enum, which says what else is set; the rest is 0
 * @code: of the event; of LE's 0x3e00 and the code below it
 * @status: 0, or a code of error: lsk_hci_error()
 * @reason: a code of error
 * @type: of a link: as in struct lsk_hci_link
 * @address_type: LSK_BDADDR_*
 * @rssi: dBm; 127 unknown
 * @opcode: of the command
 * @handle: of the link
 * @bdaddr: of the peer
 * @data: borrowed from the packet
 * @len: how much
 */
struct lsk_hci_event {
	enum lsk_hci_event_kind kind;
	uint16_t code;
	uint8_t status;
	uint8_t reason;
	uint8_t type;
	uint8_t address_type;
	int8_t rssi;
	uint16_t opcode;
	uint16_t handle;
	struct lsk_bdaddr bdaddr;
	const uint8_t *data;
	size_t len;
};

/**
 * lsk_hci_event_parse() - read an event
 * @packet: of kind LSK_HCI_EVENT
 * @ret_event: set on success; borrows what @packet borrows
 *
 * Return: 0; -EINVAL for another kind; -EBADMSG where it is too short for its code.
 */
int lsk_hci_event_parse(const struct lsk_hci_packet *packet,
			struct lsk_hci_event *ret_event);

/**
 * lsk_hci_error() - a code of error as an errno
 * @status: 0x00 … 0xff
 *
 * The kernel's own translation, which connect(2) and SO_ERROR have gone through.
 *
 * Return: 0 for 0, else a negative errno; -ENOSYS for what the kernel has no word for.
 */
int lsk_hci_error(uint8_t status);

/**
 * struct lsk_hci_command - what the controller is to do
 * @opcode: group in the upper 6 bits, command in the lower 10
 * @parameters: borrowed; NULL for none
 * @len: how many bytes, at most 255
 */
struct lsk_hci_command {
	uint16_t opcode;
	const void *parameters;
	size_t len;
};

/**
 * lsk_hci_command() - send a command and wait for Command Complete or Command Status
 * @sock: bound to one controller, of channel RAW or USER; best one of its own, since
 *	whatever else waits there or arrives meanwhile is dropped
 * @command: see the struct
 * @ret_answer: gets the return parameters, of which the first byte is the status; of
 *	Command Status that byte alone. Set for a status other than 0 too. NULL: nobody
 *	wants them
 * @size: how much fits; the rest is cut off
 *
 * Waits within the socket's timeout. A socket of channel RAW has its filter changed
 * while the call lasts. What a Command Status has begun ends with an event, for which
 * the program waits on another socket. On a loop: lsk_hci_set_filter() with the
 * command's @opcode and lsk_loop_send() and lsk_loop_recv().
 *
 * Return: how many bytes the answer has; lsk_hci_error() of a status that is not 0;
 * -ETIME; -EAGAIN with a timeout of 0; LSK_ERR_RANGE; -ENETDOWN where it is down.
 */
ssize_t lsk_hci_command(struct lsk_socket *sock, const struct lsk_hci_command *command,
			void *ret_answer, size_t size);

/** LSK_HCI_LOG_MAX - bytes of a line of lsk_hci_log() */
#define LSK_HCI_LOG_MAX 1024

/**
 * lsk_hci_log() - write a line to those who monitor
 * @sock: of lsk_hci_open(&sock, LSK_HCI_DEV_NONE, LSK_HCI_CHANNEL_LOGGING)
 * @priority: as of syslog(3): 0, an emergency, to 7, for debugging
 * @program: whose line it is; at most 254 bytes
 * @line: at most LSK_HCI_LOG_MAX bytes
 *
 * It comes between the packets that a MONITOR channel receives, as a message of kind
 * 13. Linux 4.9.
 *
 * Return: 0; LSK_ERR_RANGE (priority); LSK_ERR_LENGTH; -EINVAL for NULL; or as
 * lsk_socket_send().
 */
int lsk_hci_log(struct lsk_socket *sock, int priority, const char *program,
		const char *line);

LSK_END_DECLS

#endif
