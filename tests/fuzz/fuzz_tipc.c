/* SPDX-License-Identifier: MIT */
/*
 * What TIPC's peers and kernel say: the first byte chooses whether the rest is an
 * event, a message of generic netlink, or a received message's address and control
 * messages.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/tipc.h>
#include <linsock/tipc_config.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_config(const uint8_t *data, size_t size)
{
	union {
		struct lsk_tipc_bearer bearer;
		struct lsk_tipc_link link;
		struct lsk_tipc_socket sock;
	} row;
	struct nlmsghdr *msg;

	if (size < sizeof(*msg))
		return;
	msg = malloc(size);
	if (!msg)
		return;
	memcpy(msg, data, size);
	msg->nlmsg_len = (uint32_t)size;
	for (int table = 0; table <= LSK_TIPC_TABLE__COUNT; table++)
		(void)lsk_tipc_parse(msg, (enum lsk_tipc_table)table, &row);
	free(msg);
}

static void read_message(const uint8_t *data, size_t size)
{
	struct lsk_message message = {.flags = 0};
	struct lsk_tipc_info info;
	size_t addr_len = size > 0 ? data[0] % 40 : 0;

	if (size < 2 + addr_len)
		return;
	message.flags = data[1];
	(void)lsk_addr_set(&message.addr, data + 2, addr_len);
	message.control.len = message.control.size = size - 2 - addr_len;
	message.control.data = malloc(message.control.size + 1);
	if (!message.control.data)
		return;
	memcpy(message.control.data, data + 2 + addr_len, message.control.size);
	(void)lsk_tipc_message_info(&message, &info);
	free(message.control.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lsk_tipc_event event;

	if (size == 0)
		return 0;
	switch (data[0] % 3) {
	case 0:
		(void)lsk_tipc_event_parse(data + 1, size - 1, &event);
		break;
	case 1:
		read_config(data + 1, size - 1);
		break;
	default:
		read_message(data + 1, size - 1);
		break;
	}
	return 0;
}
