/* SPDX-License-Identifier: MIT */
/* The management interface: commands that wait, one function each. */
#include <linsock/hci_mgmt.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock/error.h>
#include <linsock/hci.h>

#include "families/hci.h"
#include "src/socket.h"
#include "uring/util.h"

/* include/net/bluetooth/mgmt.h */
enum {
	READ_VERSION = 0x0001,
	READ_INDEX_LIST = 0x0003,
	READ_INFO = 0x0004,
	SET_POWERED = 0x0005,
	SET_DISCOVERABLE = 0x0006,
	SET_CONNECTABLE = 0x0007,
	SET_FAST_CONNECTABLE = 0x0008,
	SET_BONDABLE = 0x0009,
	SET_LINK_SECURITY = 0x000a,
	SET_SSP = 0x000b,
	SET_LE = 0x000d,
	SET_LOCAL_NAME = 0x000f,
	DISCONNECT = 0x0014,
	GET_CONNECTIONS = 0x0015,
	START_DISCOVERY = 0x0023,
	STOP_DISCOVERY = 0x0024,
	SET_ADVERTISING = 0x0029,
	SET_BREDR = 0x002a,
	SET_SECURE_CONN = 0x002d,
	SET_DEBUG_KEYS = 0x002e,
	SET_EXPERIMENTAL = 0x004a,

	PEER_SIZE = 7,
	SHORT_NAME_SIZE = 11,
	INFO_SIZE = 20 + LSK_MGMT_NAME_MAX + SHORT_NAME_SIZE,
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
	return get16(at) | (uint32_t)get16(at + 2) << 16;
}

int lsk_mgmt_open(struct lsk_socket **ret_socket)
{
	return lsk_hci_open(ret_socket, LSK_HCI_DEV_NONE, LSK_HCI_CHANNEL_CONTROL);
}

int lsk_mgmt_event_next(struct lsk_socket *sock, void *buf, size_t size,
			struct lsk_mgmt_event *ret_event)
{
	ssize_t len = lsk_socket_recv(sock, buf, size, 0);
	struct lsk_mgmt_message message;
	int r;

	if (len < 0)
		return (int)len;
	r = lsk_mgmt_parse(buf, (size_t)len, &message);
	return r < 0 ? r : lsk_mgmt_event_parse(&message, ret_event);
}

static bool is_answer(const void *buf, size_t len,
		      const struct lsk_mgmt_message *command,
		      struct lsk_mgmt_event *ret_event)
{
	struct lsk_mgmt_message message;

	return lsk_mgmt_parse(buf, len, &message) == 0 &&
	       lsk_mgmt_event_parse(&message, ret_event) == 0 &&
	       (ret_event->kind == LSK_MGMT_COMPLETE ||
		ret_event->kind == LSK_MGMT_STATUS) &&
	       ret_event->command == command->code &&
	       ret_event->index == command->index;
}

ssize_t lsk_mgmt_command(struct lsk_socket *sock,
			 const struct lsk_mgmt_message *command, void *ret_answer,
			 size_t size)
{
	uint8_t buf[LSK_MGMT_MESSAGE_MAX];
	struct lsk_mgmt_event event;
	int64_t deadline_ns;
	ssize_t len, r;

	if (!sock || !command)
		return -EINVAL;
	deadline_ns = socket_deadline(sock);
	len = lsk_mgmt_build(command, buf, sizeof(buf));
	if (len < 0)
		return len;
	r = hci_drain(sock);
	if (r == 0)
		r = lsk_socket_send(sock, buf, (size_t)len, 0);
	if (r < 0)
		return r;
	do {
		len = hci_receive(sock, buf, sizeof(buf), deadline_ns);
		if (len < 0)
			return len;
	} while (!is_answer(buf, (size_t)len, command, &event));
	if (event.status != 0)
		return lsk_mgmt_error(event.status);
	if (ret_answer && event.len > 0)
		memcpy(ret_answer, event.data, event.len < size ? event.len : size);
	return (ssize_t)event.len;
}

/* A command whose answer has at least @least bytes. */
static ssize_t ask(struct lsk_socket *sock, const struct lsk_mgmt_message *command,
		   void *ret_answer, size_t size, size_t least)
{
	ssize_t len = lsk_mgmt_command(sock, command, ret_answer, size);

	if (len < 0)
		return len;
	return (size_t)len < least ? -EBADMSG : len;
}

int lsk_mgmt_version(struct lsk_socket *sock, uint8_t *ret_version,
		     uint16_t *ret_revision)
{
	const struct lsk_mgmt_message command = {READ_VERSION, LSK_HCI_DEV_NONE, NULL,
						 0};
	uint8_t answer[3];
	ssize_t r;

	if (!ret_version || !ret_revision)
		return -EINVAL;
	r = ask(sock, &command, answer, sizeof(answer), sizeof(answer));
	if (r < 0)
		return (int)r;
	*ret_version = answer[0];
	*ret_revision = get16(answer + 1);
	return 0;
}

int lsk_mgmt_list(struct lsk_socket *sock, uint16_t *ret_indexes, size_t max)
{
	const struct lsk_mgmt_message command = {READ_INDEX_LIST, LSK_HCI_DEV_NONE,
						 NULL, 0};
	uint8_t answer[2 + 2 * LSK_HCI_DEVICES_MAX];
	size_t count, held;
	ssize_t r;

	if (!ret_indexes || max == 0)
		return -EINVAL;
	r = ask(sock, &command, answer, sizeof(answer), 2);
	if (r < 0)
		return (int)r;
	count = get16(answer);
	held = ((size_t)r < sizeof(answer) ? (size_t)r : sizeof(answer)) / 2 - 1;
	if (count > held)
		count = held;
	if (count > max)
		count = max;
	for (size_t i = 0; i < count; i++)
		ret_indexes[i] = get16(answer + 2 + 2 * i);
	return (int)count;
}

int lsk_mgmt_info(struct lsk_socket *sock, uint16_t index,
		  struct lsk_mgmt_info *ret_info)
{
	const struct lsk_mgmt_message command = {READ_INFO, index, NULL, 0};
	uint8_t answer[INFO_SIZE];
	ssize_t r;

	if (!ret_info)
		return -EINVAL;
	r = ask(sock, &command, answer, sizeof(answer), sizeof(answer));
	if (r < 0)
		return (int)r;
	*ret_info = (struct lsk_mgmt_info){
		.version = answer[6],
		.manufacturer = get16(answer + 7),
		.supported = get32(answer + 9),
		.current = get32(answer + 13),
		.device_class = get16(answer + 17) | (uint32_t)answer[19] << 16,
	};
	memcpy(ret_info->bdaddr.bytes, answer, sizeof(ret_info->bdaddr.bytes));
	memcpy(ret_info->name, answer + 20, LSK_MGMT_NAME_MAX - 1);
	return 0;
}

int lsk_mgmt_set(struct lsk_socket *sock, uint16_t index, uint32_t setting,
		 uint8_t value, uint32_t *ret_settings)
{
	static const struct {
		uint32_t setting;
		uint16_t code;
	} codes[] = {
		{LSK_MGMT_POWERED, SET_POWERED},
		{LSK_MGMT_CONNECTABLE, SET_CONNECTABLE},
		{LSK_MGMT_FAST_CONNECTABLE, SET_FAST_CONNECTABLE},
		{LSK_MGMT_DISCOVERABLE, SET_DISCOVERABLE},
		{LSK_MGMT_BONDABLE, SET_BONDABLE},
		{LSK_MGMT_LINK_SECURITY, SET_LINK_SECURITY},
		{LSK_MGMT_SIMPLE_PAIRING, SET_SSP},
		{LSK_MGMT_BREDR, SET_BREDR},
		{LSK_MGMT_LE, SET_LE},
		{LSK_MGMT_ADVERTISING, SET_ADVERTISING},
		{LSK_MGMT_SECURE_CONNECTIONS, SET_SECURE_CONN},
		{LSK_MGMT_DEBUG_KEYS, SET_DEBUG_KEYS},
	};
	/* Of DISCOVERABLE alone a time follows: 0, for ever. */
	const uint8_t parameters[3] = {value};
	struct lsk_mgmt_message command = {0, index, parameters, 1};
	uint8_t answer[4];
	ssize_t r;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].setting == setting)
			command.code = codes[i].code;
	if (command.code == 0)
		return -EINVAL;
	if (command.code == SET_DISCOVERABLE)
		command.len = sizeof(parameters);
	r = ask(sock, &command, answer, sizeof(answer), sizeof(answer));
	if (r < 0)
		return (int)r;
	if (ret_settings)
		*ret_settings = get32(answer);
	return 0;
}

int lsk_mgmt_set_name(struct lsk_socket *sock, uint16_t index, const char *name)
{
	uint8_t parameters[LSK_MGMT_NAME_MAX + SHORT_NAME_SIZE] = {0};
	const struct lsk_mgmt_message command = {SET_LOCAL_NAME, index, parameters,
						 sizeof(parameters)};
	size_t len;
	ssize_t r;

	if (!name)
		return -EINVAL;
	len = strlen(name);
	if (len >= LSK_MGMT_NAME_MAX)
		return LSK_ERR_LENGTH;
	memcpy(parameters, name, len);
	r = lsk_mgmt_command(sock, &command, NULL, 0);
	return r < 0 ? (int)r : 0;
}

int lsk_mgmt_set_iso(struct lsk_socket *sock, bool on)
{
	/* 6fbaf188-05e0-496a-9885-d6ddfdb4e03e, the last byte first; then on or off. */
	const uint8_t parameters[17] = {0x3e, 0xe0, 0xb4, 0xfd, 0xdd, 0xd6,
					0x85, 0x98, 0x6a, 0x49, 0xe0, 0x05,
					0x88, 0xf1, 0xba, 0x6f, on};
	const struct lsk_mgmt_message command = {SET_EXPERIMENTAL, LSK_HCI_DEV_NONE,
						 parameters, sizeof(parameters)};
	ssize_t r = lsk_mgmt_command(sock, &command, NULL, 0);

	return r < 0 ? (int)r : 0;
}

static void put_peer(uint8_t *at, const struct lsk_mgmt_peer *peer)
{
	memcpy(at, peer->bdaddr.bytes, sizeof(peer->bdaddr.bytes));
	at[6] = peer->address_type;
}

int lsk_mgmt_peers(struct lsk_socket *sock, uint16_t index,
		   struct lsk_mgmt_peer *ret_peers, size_t max)
{
	const struct lsk_mgmt_message command = {GET_CONNECTIONS, index, NULL, 0};
	uint8_t answer[LSK_MGMT_MESSAGE_MAX];
	size_t count, held;
	ssize_t r;

	if (!ret_peers || max == 0)
		return -EINVAL;
	r = ask(sock, &command, answer, sizeof(answer), 2);
	if (r < 0)
		return (int)r;
	count = get16(answer);
	held = ((size_t)r - 2) / PEER_SIZE;
	if (count > held)
		count = held;
	if (count > max)
		count = max;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *at = answer + 2 + i * PEER_SIZE;

		memcpy(ret_peers[i].bdaddr.bytes, at, 6);
		ret_peers[i].address_type = at[6];
	}
	return (int)count;
}

int lsk_mgmt_disconnect(struct lsk_socket *sock, uint16_t index,
			const struct lsk_mgmt_peer *peer)
{
	uint8_t parameters[PEER_SIZE];
	const struct lsk_mgmt_message command = {DISCONNECT, index, parameters,
						 sizeof(parameters)};
	ssize_t r;

	if (!peer)
		return -EINVAL;
	put_peer(parameters, peer);
	r = lsk_mgmt_command(sock, &command, NULL, 0);
	return r < 0 ? (int)r : 0;
}

int lsk_mgmt_discover(struct lsk_socket *sock, uint16_t index, uint8_t types, bool on)
{
	const struct lsk_mgmt_message command = {on ? START_DISCOVERY : STOP_DISCOVERY,
						 index, &types, 1};
	ssize_t r = lsk_mgmt_command(sock, &command, NULL, 0);

	return r < 0 ? (int)r : 0;
}
