/* SPDX-License-Identifier: MIT */
/* Messages of the management interface, from bytes and to bytes; little endian. */
#include <linsock/hci_mgmt.h>

#include <errno.h>
#include <string.h>

#include <linsock/error.h>

#include "uring/util.h"

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

int lsk_mgmt_parse(const void *buf, size_t len, struct lsk_mgmt_message *ret_message)
{
	const uint8_t *bytes = buf;

	if (!buf || !ret_message)
		return -EINVAL;
	if (len < LSK_MGMT_HEADER || get16(bytes + 4) != len - LSK_MGMT_HEADER)
		return -EBADMSG;
	*ret_message = (struct lsk_mgmt_message){
		.code = get16(bytes),
		.index = get16(bytes + 2),
		.data = bytes + LSK_MGMT_HEADER,
		.len = len - LSK_MGMT_HEADER,
	};
	return 0;
}

ssize_t lsk_mgmt_build(const struct lsk_mgmt_message *message, void *buf, size_t size)
{
	uint8_t *bytes = buf;

	if (!message || !buf || (!message->data && message->len > 0))
		return -EINVAL;
	if (message->len > UINT16_MAX)
		return LSK_ERR_RANGE;
	if (size < LSK_MGMT_HEADER + message->len)
		return -ENOSPC;
	bytes[0] = (uint8_t)message->code;
	bytes[1] = (uint8_t)(message->code >> 8);
	bytes[2] = (uint8_t)message->index;
	bytes[3] = (uint8_t)(message->index >> 8);
	bytes[4] = (uint8_t)message->len;
	bytes[5] = (uint8_t)(message->len >> 8);
	if (message->len > 0)
		memcpy(bytes + LSK_MGMT_HEADER, message->data, message->len);
	return (ssize_t)(LSK_MGMT_HEADER + message->len);
}

/* --- events -------------------------------------------------------------------- */

/* What all of a device begin with: its address and the address' kind. */
static void get_peer(struct lsk_mgmt_event *event, const uint8_t *data)
{
	memcpy(event->bdaddr.bytes, data, sizeof(event->bdaddr.bytes));
	event->address_type = data[6];
}

/* What a device tells of itself: its length stands at @at, two bytes. */
static int get_told(struct lsk_mgmt_event *event, size_t at)
{
	size_t told = get16(event->data + at);

	if (told > event->len - at - 2)
		return -EBADMSG;
	event->data += at + 2;
	event->len = told;
	return 0;
}

static int read_answer(struct lsk_mgmt_event *event)
{
	event->command = get16(event->data);
	event->status = event->data[2];
	event->data += 3;
	event->len -= 3;
	return 0;
}

static int read_nothing(struct lsk_mgmt_event *event)
{
	(void)event;
	return 0;
}

static int read_settings(struct lsk_mgmt_event *event)
{
	event->settings = get16(event->data) | (uint32_t)get16(event->data + 2) << 16;
	return 0;
}

static int read_name(struct lsk_mgmt_event *event)
{
	event->len = strnlen((const char *)event->data, LSK_MGMT_NAME_MAX);
	return 0;
}

static int read_connected(struct lsk_mgmt_event *event)
{
	get_peer(event, event->data);
	return get_told(event, 11);
}

/* A reason, or a status. */
static int read_disconnected(struct lsk_mgmt_event *event)
{
	get_peer(event, event->data);
	event->reason = event->data[7];
	return 0;
}

static int read_failed(struct lsk_mgmt_event *event)
{
	get_peer(event, event->data);
	event->status = event->data[7];
	return 0;
}

static int read_found(struct lsk_mgmt_event *event)
{
	get_peer(event, event->data);
	event->rssi = (int8_t)event->data[7];
	return get_told(event, 12);
}

static int read_discovering(struct lsk_mgmt_event *event)
{
	event->reason = event->data[1];
	return 0;
}

static const struct {
	uint16_t code;
	uint16_t len; /* at least */
	enum lsk_mgmt_event_kind kind;
	int (*read)(struct lsk_mgmt_event *event);
} readers[] = {
	{0x0001, 3, LSK_MGMT_COMPLETE, read_answer},
	{0x0002, 3, LSK_MGMT_STATUS, read_answer},
	{0x0004, 0, LSK_MGMT_ADDED, read_nothing},
	{0x0005, 0, LSK_MGMT_REMOVED, read_nothing},
	{0x0006, 4, LSK_MGMT_SETTINGS, read_settings},
	{0x0008, LSK_MGMT_NAME_MAX, LSK_MGMT_NAMED, read_name},
	{0x000b, 13, LSK_MGMT_CONNECTED, read_connected},
	{0x000c, 8, LSK_MGMT_DISCONNECTED, read_disconnected},
	{0x000d, 8, LSK_MGMT_CONNECT_FAILED, read_failed},
	{0x0012, 14, LSK_MGMT_FOUND, read_found},
	{0x0013, 2, LSK_MGMT_DISCOVERING, read_discovering},
};

int lsk_mgmt_event_parse(const struct lsk_mgmt_message *message,
			 struct lsk_mgmt_event *ret_event)
{
	struct lsk_mgmt_event event = {.kind = LSK_MGMT_OTHER};

	if (!message || !ret_event)
		return -EINVAL;
	event.code = message->code;
	event.index = message->index;
	event.data = message->data;
	event.len = message->len;
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		int r;

		if (readers[i].code != message->code)
			continue;
		if (message->len < readers[i].len)
			return -EBADMSG;
		event.kind = readers[i].kind;
		r = readers[i].read(&event);
		if (r < 0)
			return r;
		break;
	}
	*ret_event = event;
	return 0;
}

int lsk_mgmt_error(uint8_t status)
{
	static const uint8_t numbers[] = {
		[0x01] = EOPNOTSUPP,   /* unknown command */
		[0x02] = ENOTCONN,     /* not connected */
		[0x03] = EIO,          /* failed */
		[0x04] = ECONNREFUSED, /* connect failed */
		[0x05] = EACCES,       /* authentication failed */
		[0x06] = ENOENT,       /* not paired */
		[0x07] = ENOMEM,       /* no resources */
		[0x08] = ETIMEDOUT,    /* timeout */
		[0x09] = EALREADY,     /* already connected */
		[0x0a] = EBUSY,        /* busy */
		[0x0b] = ECONNREFUSED, /* rejected */
		[0x0c] = EOPNOTSUPP,   /* not supported */
		[0x0d] = EINVAL,       /* invalid parameters */
		[0x0e] = ECONNRESET,   /* disconnected */
		[0x0f] = ENETDOWN,     /* not powered */
		[0x10] = ECANCELED,    /* cancelled */
		[0x11] = ENODEV,       /* invalid index */
		[0x12] = ERFKILL,      /* blocked by rfkill */
		[0x13] = EEXIST,       /* already paired */
		[0x14] = EPERM,        /* permission denied */
	};

	if (status == 0)
		return 0;
	if (status >= ARRAY_SIZE(numbers))
		return -EIO;
	return -numbers[status];
}
