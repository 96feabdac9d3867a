/* SPDX-License-Identifier: MIT */
/* Packets and events of HCI, from bytes and to bytes. All numbers are little endian. */
#include <linsock/hci.h>

#include <errno.h>
#include <string.h>

#include <linsock/error.h>

#include "uring/util.h"

enum {
	HEADER_COMMAND = 4, /* kind, opcode, length */
	HEADER_EVENT = 3,   /* kind, code, length */
	HEADER_SCO = 4,     /* kind, handle, length */
	HEADER_DATA = 5,    /* kind, handle, length of two bytes */
	HEADER_MONITOR = 6, /* kind, controller, length of two bytes */
	HANDLE_MASK = 0x0fff,
	ISO_LENGTH_MASK = 0x3fff,

	EVENT_CONNECTED = 0x03,
	EVENT_REQUESTED = 0x04,
	EVENT_DISCONNECTED = 0x05,
	EVENT_NAMED = 0x07,
	EVENT_COMPLETE = 0x0e,
	EVENT_STATUS = 0x0f,
	EVENT_VOICE_CONNECTED = 0x2c,
	EVENT_LE = 0x3e,
	EVENT_LE_CONNECTED = 0x01,
	EVENT_LE_ADVERTISED = 0x02,
	EVENT_LE_CONNECTED_ENHANCED = 0x0a,

	LINK_LE = 0x80, /* as in struct hci_conn */
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

/* Bytes before the data; 0 for an unknown kind. */
static size_t header_of(unsigned int kind)
{
	switch (kind) {
	case LSK_HCI_COMMAND:
		return HEADER_COMMAND;
	case LSK_HCI_EVENT:
		return HEADER_EVENT;
	case LSK_HCI_SCO:
		return HEADER_SCO;
	case LSK_HCI_ACL:
	case LSK_HCI_ISO:
		return HEADER_DATA;
	default:
		return 0;
	}
}

/* What follows the kind of a packet, @len bytes. */
static int packet_read(uint8_t kind, const uint8_t *bytes, size_t len,
		       struct lsk_hci_packet *ret_packet)
{
	struct lsk_hci_packet packet = {.kind = (enum lsk_hci_kind)kind};
	size_t header = header_of(kind), told;

	if (header-- == 0 || len < header)
		return -EBADMSG;
	packet.code = packet.kind == LSK_HCI_EVENT ? bytes[0] : get16(bytes);
	told = bytes[header - 1];
	if (header == HEADER_DATA - 1)
		told = get16(bytes + 2);
	if (packet.kind == LSK_HCI_ISO)
		told &= ISO_LENGTH_MASK;
	if (told != len - header)
		return -EBADMSG;
	if (packet.kind != LSK_HCI_EVENT && packet.kind != LSK_HCI_COMMAND) {
		packet.flags = (uint8_t)(packet.code >> 12);
		packet.code &= HANDLE_MASK;
	}
	packet.data = bytes + header;
	packet.len = told;
	*ret_packet = packet;
	return 0;
}

int lsk_hci_packet_parse(const void *buf, size_t len, struct lsk_hci_packet *ret_packet)
{
	const uint8_t *bytes = buf;

	if (!buf || !ret_packet)
		return -EINVAL;
	if (len == 0)
		return -EBADMSG;
	return packet_read(bytes[0], bytes + 1, len - 1, ret_packet);
}

/* What packet a kind of message brings, and whether it is on its way to the host. */
static uint8_t packet_of(uint16_t kind, bool *ret_is_incoming)
{
	static const uint8_t packets[] = {
		[LSK_HCI_MONITOR_COMMAND] = LSK_HCI_COMMAND,
		[LSK_HCI_MONITOR_EVENT] = LSK_HCI_EVENT,
		[LSK_HCI_MONITOR_ACL_SENT] = LSK_HCI_ACL,
		[LSK_HCI_MONITOR_ACL_RECEIVED] = LSK_HCI_ACL,
		[LSK_HCI_MONITOR_SCO_SENT] = LSK_HCI_SCO,
		[LSK_HCI_MONITOR_SCO_RECEIVED] = LSK_HCI_SCO,
		[LSK_HCI_MONITOR_ISO_SENT] = LSK_HCI_ISO,
		[LSK_HCI_MONITOR_ISO_RECEIVED] = LSK_HCI_ISO,
	};

	/* Of each pair the second is the incoming one. */
	*ret_is_incoming = kind & 1;
	return kind < ARRAY_SIZE(packets) ? packets[kind] : 0;
}

int lsk_hci_monitor_parse(const void *buf, size_t len,
			  struct lsk_hci_monitored *ret_monitored)
{
	struct lsk_hci_monitored monitored = {.has_packet = false};
	const uint8_t *bytes = buf;
	uint8_t kind;

	if (!buf || !ret_monitored)
		return -EINVAL;
	if (len < HEADER_MONITOR || get16(bytes + 4) != len - HEADER_MONITOR)
		return -EBADMSG;
	monitored.kind = get16(bytes);
	monitored.device = get16(bytes + 2);
	monitored.data = bytes + HEADER_MONITOR;
	monitored.len = len - HEADER_MONITOR;
	kind = packet_of(monitored.kind, &monitored.is_incoming);
	if (kind) {
		int r = packet_read(kind, monitored.data, monitored.len,
				    &monitored.packet);

		if (r < 0)
			return r;
		monitored.has_packet = true;
	} else {
		monitored.is_incoming = false;
	}
	*ret_monitored = monitored;
	return 0;
}

/* Whether code, flags and length fit the fields of their kind. */
static bool packet_fits(const struct lsk_hci_packet *packet)
{
	switch (packet->kind) {
	case LSK_HCI_COMMAND:
		return packet->len <= UINT8_MAX && packet->flags == 0;
	case LSK_HCI_EVENT:
		return packet->len <= UINT8_MAX && packet->flags == 0 &&
		       packet->code <= UINT8_MAX;
	case LSK_HCI_SCO:
		return packet->len <= UINT8_MAX && packet->flags <= 0xf &&
		       packet->code <= HANDLE_MASK;
	case LSK_HCI_ACL:
		return packet->len <= UINT16_MAX && packet->flags <= 0xf &&
		       packet->code <= HANDLE_MASK;
	case LSK_HCI_ISO:
		return packet->len <= ISO_LENGTH_MASK && packet->flags <= 0xf &&
		       packet->code <= HANDLE_MASK;
	default:
		return false;
	}
}

ssize_t lsk_hci_packet_build(const struct lsk_hci_packet *packet, void *buf,
			     size_t size)
{
	uint8_t *bytes = buf;
	size_t header;

	if (!packet || !buf || (!packet->data && packet->len > 0))
		return -EINVAL;
	header = header_of(packet->kind);
	if (header == 0)
		return -EINVAL;
	if (!packet_fits(packet))
		return LSK_ERR_RANGE;
	if (size < header + packet->len)
		return -ENOSPC;
	bytes[0] = (uint8_t)packet->kind;
	if (packet->kind == LSK_HCI_EVENT)
		bytes[1] = (uint8_t)packet->code;
	else
		put16(bytes + 1, (uint16_t)(packet->code | packet->flags << 12));
	if (header == HEADER_DATA)
		put16(bytes + 3, (uint16_t)packet->len);
	else
		bytes[header - 1] = (uint8_t)packet->len;
	if (packet->len > 0)
		memcpy(bytes + header, packet->data, packet->len);
	return (ssize_t)(header + packet->len);
}

/* --- events -------------------------------------------------------------------- */

static void get_bdaddr(struct lsk_hci_event *event, const uint8_t *at)
{
	memcpy(event->bdaddr.bytes, at, sizeof(event->bdaddr.bytes));
}

static void read_complete(struct lsk_hci_event *event, const uint8_t *data, size_t len)
{
	event->kind = LSK_HCI_COMPLETE;
	event->opcode = get16(data + 1);
	event->data = data + 3;
	event->len = len - 3;
	/* A controller that only says how many commands it takes names none. */
	event->status = event->len > 0 ? data[3] : 0;
}

static void read_status(struct lsk_hci_event *event, const uint8_t *data, size_t len)
{
	(void)len;
	event->kind = LSK_HCI_STATUS;
	event->status = data[0];
	event->opcode = get16(data + 2);
}

static void read_requested(struct lsk_hci_event *event, const uint8_t *data, size_t len)
{
	(void)len;
	event->kind = LSK_HCI_REQUESTED;
	get_bdaddr(event, data);
	event->type = data[9];
}

static void read_connected(struct lsk_hci_event *event, const uint8_t *data, size_t len)
{
	(void)len;
	event->kind = LSK_HCI_CONNECTED;
	event->status = data[0];
	event->handle = get16(data + 1) & HANDLE_MASK;
	get_bdaddr(event, data + 3);
	event->type = data[9];
}

static void read_disconnected(struct lsk_hci_event *event, const uint8_t *data,
			      size_t len)
{
	(void)len;
	event->kind = LSK_HCI_DISCONNECTED;
	event->status = data[0];
	event->handle = get16(data + 1) & HANDLE_MASK;
	event->reason = data[3];
}

static void read_named(struct lsk_hci_event *event, const uint8_t *data, size_t len)
{
	event->kind = LSK_HCI_NAMED;
	event->status = data[0];
	get_bdaddr(event, data + 1);
	event->data = data + 7;
	event->len = strnlen((const char *)event->data, len - 7);
}

/* LE's say the address' type as 0 public, 1 random; 2 and 3 are the same, resolved. */
static uint8_t le_type(uint8_t type)
{
	return type & 1 ? LSK_BDADDR_LE_RANDOM : LSK_BDADDR_LE_PUBLIC;
}

static void read_le_connected(struct lsk_hci_event *event, const uint8_t *data,
			      size_t len)
{
	(void)len;
	event->kind = LSK_HCI_CONNECTED;
	event->status = data[1];
	event->handle = get16(data + 2) & HANDLE_MASK;
	event->address_type = le_type(data[5]);
	get_bdaddr(event, data + 6);
	event->type = LINK_LE;
}

static void read_le_advertised(struct lsk_hci_event *event, const uint8_t *data,
			       size_t len)
{
	size_t told = data[10];

	/* Subcode, count, kind, type, address, length; after the data the strength. */
	if (data[1] == 0 || len < 12 + told)
		return;
	event->kind = LSK_HCI_ADVERTISED;
	event->address_type = le_type(data[3]);
	get_bdaddr(event, data + 4);
	event->data = data + 11;
	event->len = told;
	/* Of several reports the strengths stand behind all data: of one alone here. */
	event->rssi = INT8_MAX;
	if (data[1] == 1)
		event->rssi = (int8_t)data[11 + told];
}

static const struct {
	uint16_t code;
	size_t len; /* at least */
	void (*read)(struct lsk_hci_event *event, const uint8_t *data, size_t len);
} readers[] = {
	{EVENT_CONNECTED, 11, read_connected},
	{EVENT_REQUESTED, 10, read_requested},
	{EVENT_DISCONNECTED, 4, read_disconnected},
	{EVENT_NAMED, 7, read_named},
	{EVENT_COMPLETE, 3, read_complete},
	{EVENT_STATUS, 4, read_status},
	{EVENT_VOICE_CONNECTED, 17, read_connected},
	{EVENT_LE << 8 | EVENT_LE_CONNECTED, 19, read_le_connected},
	{EVENT_LE << 8 | EVENT_LE_CONNECTED_ENHANCED, 31, read_le_connected},
	{EVENT_LE << 8 | EVENT_LE_ADVERTISED, 12, read_le_advertised},
};

int lsk_hci_event_parse(const struct lsk_hci_packet *packet,
			struct lsk_hci_event *ret_event)
{
	struct lsk_hci_event event = {.kind = LSK_HCI_OTHER};

	if (!packet || !ret_event || packet->kind != LSK_HCI_EVENT)
		return -EINVAL;
	event.code = packet->code;
	event.data = packet->data;
	event.len = packet->len;
	if (packet->code == EVENT_LE) {
		if (packet->len == 0)
			return -EBADMSG;
		event.code = (uint16_t)(EVENT_LE << 8 | packet->data[0]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		if (readers[i].code != event.code)
			continue;
		if (packet->len < readers[i].len)
			return -EBADMSG;
		readers[i].read(&event, packet->data, packet->len);
		break;
	}
	*ret_event = event;
	return 0;
}

/* bt_to_errno() of net/bluetooth/lib.c. */
int lsk_hci_error(uint8_t status)
{
	static const uint8_t numbers[] = {
		[0x01] = EBADRQC,      [0x02] = ENOTCONN,        [0x03] = EIO,
		[0x04] = EHOSTDOWN,    [0x05] = EACCES,          [0x06] = EBADE,
		[0x07] = ENOMEM,       [0x08] = ETIMEDOUT,       [0x09] = EMLINK,
		[0x0a] = EMLINK,       [0x0b] = EALREADY,        [0x0c] = EBUSY,
		[0x0d] = ECONNREFUSED, [0x0e] = ECONNREFUSED,    [0x0f] = ECONNREFUSED,
		[0x10] = ETIMEDOUT,    [0x11] = EOPNOTSUPP,      [0x12] = EINVAL,
		[0x13] = ECONNRESET,   [0x14] = ECONNRESET,      [0x15] = ECONNRESET,
		[0x16] = ECONNABORTED, [0x17] = ELOOP,           [0x18] = EACCES,
		[0x19] = EPROTO,       [0x1a] = EPROTONOSUPPORT, [0x1b] = ECONNREFUSED,
		[0x1e] = EPROTO,       [0x20] = EOPNOTSUPP,      [0x23] = EPROTO,
		[0x24] = EPROTO,       [0x25] = EPROTO,          [0x27] = EOPNOTSUPP,
		[0x29] = EOPNOTSUPP,   [0x3c] = EHOSTDOWN,
	};

	if (status == 0)
		return 0;
	if (status >= ARRAY_SIZE(numbers) || numbers[status] == 0)
		return -ENOSYS;
	return -numbers[status];
}
