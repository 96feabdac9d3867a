/* SPDX-License-Identifier: MIT */
/*
 * Controllers, their channels and what the kernel tells of them, on the emulated ones
 * of tests/support/bluetooth_pair.h; scenarios bluetooth_link*.sh run this.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linsock/bluetooth.h>
#include <linsock/hci.h>
#include <linsock/message.h>

#include "tests/support/bluetooth_ends.h"

Test(hci_device, is_listed_with_its_state, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const struct lsk_bdaddr own = bluetooth_pair_address(pair, 1);
	const uint16_t id = bluetooth_pair_id(pair, 1);
	uint16_t ids[LSK_HCI_DEVICES_MAX];
	struct lsk_hci_device device;
	int count = lsk_hci_list(ids, LSK_HCI_DEVICES_MAX), found = 0;

	cr_assert_geq(count, 2);
	for (int i = 0; i < count; i++)
		found += ids[i] == id;
	cr_assert_eq(found, 1);
	cr_assert_eq(lsk_hci_list(ids, 1), 1);
	cr_assert_eq(lsk_hci_device(id, &device), 0);
	cr_assert_arr_eq(device.bdaddr.bytes, own.bytes, 6);
	cr_assert_eq(device.flags & (LSK_HCI_UP | LSK_HCI_PAGE_SCAN),
		     LSK_HCI_UP | LSK_HCI_PAGE_SCAN);
	cr_assert_gt(device.acl_mtu, 0);
	cr_assert_eq(strncmp(device.name, "hci", 3), 0);
	cr_assert_gt(device.commands, 5);
	cr_assert_eq(lsk_hci_down(id), 0);
	cr_assert_eq(lsk_hci_device(id, &device), 0);
	cr_assert_eq(device.flags & LSK_HCI_UP, 0);
	cr_assert_eq(lsk_hci_up(id), 0);
	cr_assert_eq(lsk_hci_up(id), 0, "it is up already");
	cr_assert_eq(lsk_hci_device(0xfff0, &device), -ENODEV);
	bluetooth_pair_free(pair);
}

Test(hci_device, lists_its_links, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const struct lsk_bdaddr peer = bluetooth_pair_address(pair, 1);
	struct ends ends = connect_ends(pair, &l2cap_messages);
	struct lsk_hci_link links[4];

	cr_assert_eq(lsk_hci_links(bluetooth_pair_id(pair, 0), links, 4), 1);
	cr_assert_arr_eq(links[0].peer.bytes, peer.bytes, 6);
	cr_assert_eq(links[0].type, 1);
	cr_assert(links[0].is_outgoing);
	cr_assert_eq(lsk_hci_links(bluetooth_pair_id(pair, 1), links, 4), 1);
	cr_assert_not(links[0].is_outgoing);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

/* " 00:11:22:33:44:55 @more" */
static void describe(char *text, size_t size, const struct lsk_bdaddr *bdaddr,
		     const char *more)
{
	const uint8_t *bytes = bdaddr->bytes;

	snprintf(text, size, " %02x:%02x:%02x:%02x:%02x:%02x %s", bytes[5], bytes[4],
		 bytes[3], bytes[2], bytes[1], bytes[0], more);
}

Test(hci_device, is_shown_by_the_example_with_its_links, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	struct ends ends = connect_ends(pair, &l2cap_messages);
	const struct lsk_bdaddr near = bluetooth_pair_address(pair, 0);
	const struct lsk_bdaddr far = bluetooth_pair_address(pair, 1);
	bool has_device = false, has_link = false;
	char line[128], device[64], link[64];
	FILE *output = popen("\"$LINSOCK_BUILD/examples/bluetooth_list\"", "r");

	cr_assert(output);
	describe(device, sizeof(device), &near, "up\n");
	describe(link, sizeof(link), &far, "handle ");
	while (fgets(line, sizeof(line), output)) {
		has_device |= strstr(line, device) != NULL;
		has_link |= strstr(line, link) && strncmp(line, "  ", 2) == 0;
	}
	cr_assert_eq(pclose(output), 0);
	cr_assert(has_device && has_link);
	free_ends(&ends);
	bluetooth_pair_free(pair);
}

Test(hci_command, is_answered, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const struct lsk_bdaddr own = bluetooth_pair_address(pair, 0);
	struct lsk_hci_command command = {.opcode = 0x1009};
	struct lsk_hci_filter filter = {.packets = 1 << LSK_HCI_ACL, .events = 77};
	struct lsk_hci_filter after;
	struct lsk_socket *sock;
	uint8_t answer[16];
	ssize_t len;

	cr_assert_eq(
		lsk_hci_open(&sock, bluetooth_pair_id(pair, 0), LSK_HCI_CHANNEL_RAW),
		0);
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	cr_assert_eq(lsk_hci_set_filter(sock, &filter), 0);
	cr_assert_eq(lsk_hci_command(sock, &command, answer, sizeof(answer)), 7);
	cr_assert_eq(answer[0], 0);
	cr_assert_arr_eq(answer + 1, own.bytes, 6);
	/* One byte is room enough for the status. */
	cr_assert_eq(lsk_hci_command(sock, &command, answer, 1), 7);
	/* A command that the controller does not know. */
	command.opcode = 0x1ffe;
	cr_assert_eq(lsk_hci_command(sock, &command, answer, sizeof(answer)), -EBADRQC);
	cr_assert_eq(answer[0], 0x01);
	/* One that is only begun: a link that is not there. btvirt begins it. */
	command = (struct lsk_hci_command){0x0406, "\x23\x01\x13", 3};
	len = lsk_hci_command(sock, &command, answer, sizeof(answer));
	if (bluetooth_pair_is_ours(pair)) {
		cr_assert_eq(len, -ENOTCONN);
		cr_assert_eq(answer[0], 0x02);
	}
	cr_assert_eq(lsk_hci_get_filter(sock, &after), 0);
	cr_assert_eq(after.packets, filter.packets);
	cr_assert_eq(after.events, filter.events);
	command.len = 256;
	cr_assert_eq(lsk_hci_command(sock, &command, NULL, 0), LSK_ERR_RANGE);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

Test(hci_monitor, sees_what_passes_and_raw_sockets_tell_its_direction, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const struct lsk_hci_filter filter = {.packets = 1 << LSK_HCI_EVENT,
					      .events = ~UINT64_C(0)};
	struct lsk_socket *watch, *sock, *monitor;
	_Alignas(struct cmsghdr) char room[128];
	uint8_t buf[LSK_HCI_EVENT_MAX];
	struct iovec part = {buf, sizeof(buf)};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = room, .size = sizeof(room)},
	};
	struct lsk_hci_monitored monitored;
	struct lsk_hci_details details;
	struct lsk_hci_packet packet;
	const uint16_t id = bluetooth_pair_id(pair, 0);
	ssize_t len;

	cr_assert_eq(lsk_hci_open(&watch, id, LSK_HCI_CHANNEL_RAW), 0);
	cr_assert_eq(lsk_hci_open(&sock, id, LSK_HCI_CHANNEL_RAW), 0);
	cr_assert_eq(lsk_hci_open(&monitor, LSK_HCI_DEV_NONE, LSK_HCI_CHANNEL_MONITOR),
		     0);
	cr_assert_eq(lsk_socket_set_timeout(watch, LIMIT), 0);
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	cr_assert_eq(lsk_socket_set_timeout(monitor, LIMIT), 0);
	cr_assert_eq(lsk_hci_set_filter(watch, &filter), 0);
	cr_assert_eq(lsk_hci_set_details(watch, true), 0);
	cr_assert_eq(lsk_hci_set_filter(monitor, &filter), -EBADFD);
	cr_assert_eq(lsk_hci_command(sock, &(struct lsk_hci_command){.opcode = 0x1009},
				     NULL, 0),
		     7);
	len = lsk_socket_recvmsg(watch, &message, 0);
	cr_assert_gt(len, 0);
	cr_assert_eq(lsk_hci_packet_parse(buf, (size_t)len, &packet), 0);
	cr_assert_eq(packet.kind, LSK_HCI_EVENT);
	cr_assert_eq(lsk_hci_get_details(&message.control, &details), 0);
	cr_assert(details.has_direction && details.is_incoming);
	cr_assert_gt(details.time_ns, 0);
	/* The command passes by, after what tells of the controllers that are there. */
	do {
		len = lsk_socket_recv(monitor, buf, sizeof(buf), 0);
		cr_assert_gt(len, 0, "%zd", len);
		cr_assert_eq(lsk_hci_monitor_parse(buf, (size_t)len, &monitored), 0);
	} while (monitored.kind != LSK_HCI_MONITOR_COMMAND || monitored.device != id ||
		 monitored.packet.code != 0x1009);
	cr_assert_not(monitored.is_incoming);
	lsk_socket_free(monitor);
	lsk_socket_free(watch);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

Test(hci_log, comes_between_what_a_monitor_sees, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	/* Kind, no controller, length; priority, length of the name. */
	static const uint8_t head[] = {13, 0, 0xff, 0xff, 14, 0, 6, 5};
	struct lsk_socket *monitor, *sock;
	uint8_t buf[1024];
	ssize_t len;

	cr_assert_eq(lsk_hci_open(&sock, LSK_HCI_DEV_NONE, LSK_HCI_CHANNEL_LOGGING), 0);
	cr_assert_eq(lsk_hci_open(&monitor, LSK_HCI_DEV_NONE, LSK_HCI_CHANNEL_MONITOR),
		     0);
	cr_assert_eq(lsk_socket_set_timeout(monitor, LIMIT), 0);
	cr_assert_eq(lsk_hci_log(sock, 6, "test", "a line"), 0);
	/* Before it stands what the controllers do. */
	do {
		len = lsk_socket_recv(monitor, buf, sizeof(buf), 0);
		cr_assert_geq(len, 6, "%zd", len);
	} while (buf[0] != 13);
	cr_assert_eq(len, (ssize_t)sizeof(head) + 12);
	cr_assert_arr_eq(buf, head, sizeof(head));
	cr_assert_arr_eq(buf + sizeof(head), "test\0a line", 12);
	cr_assert_eq(lsk_hci_log(sock, 8, "test", "a line"), LSK_ERR_RANGE);
	memset(buf, 'x', sizeof(buf));
	buf[sizeof(buf) - 1] = '\0';
	cr_assert_eq(lsk_hci_log(sock, 0, (const char *)buf, ""), LSK_ERR_LENGTH);
	cr_assert_eq(lsk_hci_log(NULL, 0, "test", ""), -EINVAL);
	lsk_socket_free(monitor);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}

Test(hci_user_channel, has_the_controller_to_itself, .timeout = 120)
{
	struct bluetooth_pair *pair = bluetooth_pair_new(0);
	const uint16_t id = bluetooth_pair_id(pair, 0);
	struct lsk_hci_command reset = {.opcode = 0x0c03}, address = {.opcode = 0x1009};
	struct lsk_socket *sock, *other;
	uint8_t answer[16];

	cr_assert_eq(lsk_hci_open(&sock, id, LSK_HCI_CHANNEL_USER), -EBUSY);
	cr_assert_eq(lsk_hci_down(id), 0);
	cr_assert_eq(lsk_hci_open(&sock, id, LSK_HCI_CHANNEL_USER), 0);
	cr_assert_eq(lsk_hci_open(&other, id, LSK_HCI_CHANNEL_USER), -EBUSY);
	cr_assert_eq(lsk_socket_set_timeout(sock, LIMIT), 0);
	cr_assert_eq(lsk_hci_command(sock, &reset, NULL, 0), 1);
	cr_assert_eq(lsk_hci_command(sock, &address, answer, sizeof(answer)), 7);
	lsk_socket_free(sock);
	bluetooth_pair_free(pair);
}
