/* SPDX-License-Identifier: MIT */
/* Packets and events of HCI: bytes in, bytes out. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include <linsock/error.h>
#include <linsock/hci.h>

/* Read @len bytes as a packet that holds an event. */
static struct lsk_hci_event event_of(const uint8_t *bytes, size_t len)
{
	struct lsk_hci_packet packet;
	struct lsk_hci_event event;

	cr_assert_eq(lsk_hci_packet_parse(bytes, len, &packet), 0);
	cr_assert_eq(packet.kind, LSK_HCI_EVENT);
	cr_assert_eq(lsk_hci_event_parse(&packet, &event), 0);
	return event;
}

#define EVENT_OF(...) \
	event_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void check_round_trip(const struct lsk_hci_packet *packet, const uint8_t *bytes,
			     size_t len)
{
	struct lsk_hci_packet read;
	uint8_t buf[32];

	cr_assert_eq(lsk_hci_packet_build(packet, buf, sizeof(buf)), (ssize_t)len);
	cr_assert_arr_eq(buf, bytes, len);
	cr_assert_eq(lsk_hci_packet_build(packet, buf, len - 1), -ENOSPC);
	cr_assert_eq(lsk_hci_packet_parse(bytes, len, &read), 0);
	cr_assert_eq(read.kind, packet->kind);
	cr_assert_eq(read.code, packet->code);
	cr_assert_eq(read.flags, packet->flags);
	cr_assert_eq(read.len, packet->len);
	cr_assert_arr_eq(read.data, packet->data, packet->len);
	/* With a byte more or less it is torn. */
	cr_assert_eq(lsk_hci_packet_parse(bytes, len - 1, &read), -EBADMSG);
	memcpy(buf, bytes, len);
	cr_assert_eq(lsk_hci_packet_parse(buf, len + 1, &read), -EBADMSG);
}

Test(hci_packet, of_each_kind_goes_to_bytes_and_back)
{
	const uint8_t data[] = {7, 8, 9};
	struct lsk_hci_packet packet = {.data = data, .len = 3};

	packet.kind = LSK_HCI_COMMAND;
	packet.code = 0x1009;
	check_round_trip(&packet, (uint8_t[]){1, 0x09, 0x10, 3, 7, 8, 9}, 7);
	packet.kind = LSK_HCI_EVENT;
	packet.code = 0x0e;
	check_round_trip(&packet, (uint8_t[]){4, 0x0e, 3, 7, 8, 9}, 6);
	packet.code = 0x123;
	packet.flags = 2;
	packet.kind = LSK_HCI_ACL;
	check_round_trip(&packet, (uint8_t[]){2, 0x23, 0x21, 3, 0, 7, 8, 9}, 8);
	packet.kind = LSK_HCI_SCO;
	check_round_trip(&packet, (uint8_t[]){3, 0x23, 0x21, 3, 7, 8, 9}, 7);
	packet.kind = LSK_HCI_ISO;
	check_round_trip(&packet, (uint8_t[]){5, 0x23, 0x21, 3, 0, 7, 8, 9}, 8);
}

Test(hci_monitored, of_a_packet_says_whose_and_which_way)
{
	const uint8_t event[] = {3, 0, 2, 0, 4, 0, 0x0f, 2, 7, 8};
	const uint8_t iso[] = {18, 0, 1, 0, 5, 0, 0x60, 0x20, 1, 0, 9};
	struct lsk_hci_monitored monitored;

	cr_assert_eq(lsk_hci_monitor_parse(event, sizeof(event), &monitored), 0);
	cr_assert_eq(monitored.kind, LSK_HCI_MONITOR_EVENT);
	cr_assert_eq(monitored.device, 2);
	cr_assert(monitored.has_packet && monitored.is_incoming);
	cr_assert_eq(monitored.packet.kind, LSK_HCI_EVENT);
	cr_assert_eq(monitored.packet.code, 0x0f);
	cr_assert_eq(monitored.packet.data, event + 8);
	cr_assert_eq(monitored.packet.len, 2);
	cr_assert_eq(lsk_hci_monitor_parse(iso, sizeof(iso), &monitored), 0);
	cr_assert(monitored.has_packet && !monitored.is_incoming);
	cr_assert_eq(monitored.packet.kind, LSK_HCI_ISO);
	cr_assert_eq(monitored.packet.code, 0x60);
	cr_assert_eq(monitored.packet.flags, 2);
	cr_assert_eq(monitored.packet.len, 1);
}

Test(hci_monitored, of_no_packet_has_its_data_alone)
{
	const uint8_t log[] = {13, 0, 0xff, 0xff, 6, 0, 6, 2, 'a', 0, 'b', 0};
	const uint8_t newer[] = {77, 0, 1, 0, 0, 0};
	struct lsk_hci_monitored monitored;

	cr_assert_eq(lsk_hci_monitor_parse(log, sizeof(log), &monitored), 0);
	cr_assert_eq(monitored.kind, LSK_HCI_MONITOR_LOG);
	cr_assert_eq(monitored.device, LSK_HCI_DEV_NONE);
	cr_assert_not(monitored.has_packet || monitored.is_incoming);
	cr_assert_eq(monitored.data, log + 6);
	cr_assert_eq(monitored.len, 6);
	cr_assert_eq(lsk_hci_monitor_parse(newer, sizeof(newer), &monitored), 0);
	cr_assert_eq(monitored.kind, 77);
	cr_assert_not(monitored.has_packet);
}

Test(hci_monitored, that_is_torn_is_refused)
{
	const uint8_t event[] = {3, 0, 2, 0, 4, 0, 0x0f, 2, 7, 8, 9};
	const uint8_t torn[] = {3, 0, 2, 0, 4, 0, 0x0f, 3, 7, 8};
	struct lsk_hci_monitored monitored;

	for (size_t len = 0; len < sizeof(event); len++)
		cr_assert_eq(lsk_hci_monitor_parse(event, len, &monitored),
			     len == 10 ? 0 : -EBADMSG);
	cr_assert_eq(lsk_hci_monitor_parse(event, sizeof(event), &monitored), -EBADMSG);
	cr_assert_eq(lsk_hci_monitor_parse(torn, sizeof(torn), &monitored), -EBADMSG);
	cr_assert_eq(lsk_hci_monitor_parse(NULL, 6, &monitored), -EINVAL);
	cr_assert_eq(lsk_hci_monitor_parse(event, 10, NULL), -EINVAL);
}

Test(hci_packet, that_does_not_fit_its_fields_is_refused)
{
	static const uint8_t data[70000];
	struct lsk_hci_packet packet = {LSK_HCI_COMMAND, 1, 0, data, 256};
	static uint8_t buf[70000];

	cr_assert_eq(lsk_hci_packet_build(&packet, buf, sizeof(buf)), LSK_ERR_RANGE);
	packet = (struct lsk_hci_packet){LSK_HCI_EVENT, 256, 0, data, 1};
	cr_assert_eq(lsk_hci_packet_build(&packet, buf, sizeof(buf)), LSK_ERR_RANGE);
	packet = (struct lsk_hci_packet){LSK_HCI_ACL, 0x1000, 0, data, 1};
	cr_assert_eq(lsk_hci_packet_build(&packet, buf, sizeof(buf)), LSK_ERR_RANGE);
	packet = (struct lsk_hci_packet){LSK_HCI_ACL, 1, 16, data, 1};
	cr_assert_eq(lsk_hci_packet_build(&packet, buf, sizeof(buf)), LSK_ERR_RANGE);
	packet = (struct lsk_hci_packet){LSK_HCI_ISO, 1, 0, data, 0x4000};
	cr_assert_eq(lsk_hci_packet_build(&packet, buf, sizeof(buf)), LSK_ERR_RANGE);
	packet = (struct lsk_hci_packet){LSK_HCI_ACL, 1, 0, data, 65535};
	cr_assert_eq(lsk_hci_packet_build(&packet, buf, sizeof(buf)), 65540);
	packet = (struct lsk_hci_packet){LSK_HCI_ACL, 1, 0, NULL, 1};
	cr_assert_eq(lsk_hci_packet_build(&packet, buf, sizeof(buf)), -EINVAL);
	packet = (struct lsk_hci_packet){(enum lsk_hci_kind)6, 1, 0, data, 1};
	cr_assert_eq(lsk_hci_packet_build(&packet, buf, sizeof(buf)), -EINVAL);
}

Test(hci_packet, of_an_unknown_kind_or_without_a_header_is_refused)
{
	struct lsk_hci_packet packet;

	cr_assert_eq(lsk_hci_packet_parse("", 0, &packet), -EBADMSG);
	cr_assert_eq(lsk_hci_packet_parse("\6\1\0\0\0", 5, &packet), -EBADMSG);
	cr_assert_eq(lsk_hci_packet_parse("\4\1", 2, &packet), -EBADMSG);
	cr_assert_eq(lsk_hci_packet_parse(NULL, 0, &packet), -EINVAL);
}

Test(hci_event, of_a_command_names_it)
{
	struct lsk_hci_event event = EVENT_OF(4, 0x0e, 6, 1, 0x03, 0x0c, 0, 0xaa, 0xbb);

	cr_assert_eq(event.kind, LSK_HCI_COMPLETE);
	cr_assert_eq(event.opcode, 0x0c03);
	cr_assert_eq(event.status, 0);
	cr_assert_eq(event.len, 3);
	cr_assert_arr_eq(event.data, "\0\xaa\xbb", 3);
	event = EVENT_OF(4, 0x0f, 4, 0x0c, 1, 0x05, 0x04);
	cr_assert_eq(event.kind, LSK_HCI_STATUS);
	cr_assert_eq(event.opcode, 0x0405);
	cr_assert_eq(event.status, 0x0c);
	/* Only how many commands it takes. */
	event = EVENT_OF(4, 0x0e, 3, 1, 0, 0);
	cr_assert_eq(event.kind, LSK_HCI_COMPLETE);
	cr_assert_eq(event.opcode, 0);
	cr_assert_eq(event.len, 0);
}

Test(hci_event, of_a_link_has_its_handle_and_peer)
{
	struct lsk_hci_event event =
		EVENT_OF(4, 0x03, 11, 0, 0x23, 0x01, 1, 2, 3, 4, 5, 6, 1, 0);

	cr_assert_eq(event.kind, LSK_HCI_CONNECTED);
	cr_assert_eq(event.handle, 0x123);
	cr_assert_eq(event.type, 1);
	cr_assert_arr_eq(event.bdaddr.bytes, "\1\2\3\4\5\6", 6);
	event = EVENT_OF(4, 0x05, 4, 0, 0x23, 0x01, 0x13);
	cr_assert_eq(event.kind, LSK_HCI_DISCONNECTED);
	cr_assert_eq(event.handle, 0x123);
	cr_assert_eq(event.reason, 0x13);
	event = EVENT_OF(4, 0x04, 10, 1, 2, 3, 4, 5, 6, 0, 0, 0, 2);
	cr_assert_eq(event.kind, LSK_HCI_REQUESTED);
	cr_assert_eq(event.type, 2);
	event = EVENT_OF(4, 0x3e, 19, 1, 0, 0x40, 0, 0, 1, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0,
			 0, 0, 0);
	cr_assert_eq(event.kind, LSK_HCI_CONNECTED);
	cr_assert_eq(event.code, 0x3e01);
	cr_assert_eq(event.handle, 0x40);
	cr_assert_eq(event.type, 0x80);
	cr_assert_eq(event.address_type, LSK_BDADDR_LE_RANDOM);
}

Test(hci_event, of_an_advertisement_has_its_data)
{
	struct lsk_hci_event event = EVENT_OF(4, 0x3e, 14, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6,
					      2, 0x41, 0x42, 0xd0);

	cr_assert_eq(event.kind, LSK_HCI_ADVERTISED);
	cr_assert_eq(event.rssi, -48);
	cr_assert_eq(event.len, 2);
	cr_assert_arr_eq(event.data, "AB", 2);
	/* More data than there is: not read. */
	event = EVENT_OF(4, 0x3e, 13, 2, 1, 0, 0, 1, 2, 3, 4, 5, 6, 2, 0x41, 0x42);
	cr_assert_eq(event.kind, LSK_HCI_OTHER);
}

Test(hci_event, of_a_name_ends_at_its_first_zero)
{
	struct lsk_hci_event event =
		EVENT_OF(4, 0x07, 12, 0, 1, 2, 3, 4, 5, 6, 'h', 'c', 'i', 0, 'x');

	cr_assert_eq(event.kind, LSK_HCI_NAMED);
	cr_assert_eq(event.len, 3);
	cr_assert_arr_eq(event.data, "hci", 3);
}

Test(hci_event, that_is_unknown_keeps_its_bytes_and_one_too_short_is_refused)
{
	const uint8_t short_one[] = {4, 0x05, 3, 0, 1, 0}, le[] = {4, 0x3e, 0};
	struct lsk_hci_event event = EVENT_OF(4, 0x13, 2, 1, 2);
	struct lsk_hci_packet packet;

	cr_assert_eq(event.kind, LSK_HCI_OTHER);
	cr_assert_eq(event.code, 0x13);
	cr_assert_eq(event.len, 2);
	cr_assert_eq(lsk_hci_packet_parse(short_one, sizeof(short_one), &packet), 0);
	cr_assert_eq(lsk_hci_event_parse(&packet, &event), -EBADMSG);
	cr_assert_eq(lsk_hci_packet_parse(le, sizeof(le), &packet), 0);
	cr_assert_eq(lsk_hci_event_parse(&packet, &event), -EBADMSG);
	packet.kind = LSK_HCI_ACL;
	cr_assert_eq(lsk_hci_event_parse(&packet, &event), -EINVAL);
}

Test(hci_error, is_the_kernels_word_for_it)
{
	cr_assert_eq(lsk_hci_error(0), 0);
	cr_assert_eq(lsk_hci_error(0x04), -EHOSTDOWN);
	cr_assert_eq(lsk_hci_error(0x0d), -ECONNREFUSED);
	cr_assert_eq(lsk_hci_error(0x16), -ECONNABORTED);
	cr_assert_eq(lsk_hci_error(0x1c), -ENOSYS);
	cr_assert_eq(lsk_hci_error(0xff), -ENOSYS);
}

Test(hci_details, are_read_from_control_messages)
{
	_Alignas(struct cmsghdr) char room[128];
	struct lsk_control control = {.data = room, .size = sizeof(room)};
	const struct timeval time = {.tv_sec = 5, .tv_usec = 7};
	struct lsk_hci_details details;
	const int incoming = 1;

	cr_assert_eq(lsk_hci_get_details(&control, &details), 0);
	cr_assert_not(details.has_direction);
	cr_assert_eq(lsk_control_add(&control, 0, 1, &incoming, sizeof(incoming)), 0);
	cr_assert_eq(lsk_control_add(&control, 0, 2, &time, sizeof(time)), 0);
	cr_assert_eq(lsk_hci_get_details(&control, &details), 0);
	cr_assert(details.has_direction && details.is_incoming);
	cr_assert_eq(details.time_ns, 5 * LSK_NSEC_PER_SEC + 7000);
	cr_assert_eq(lsk_control_add(&control, 0, 2, &time, 3), 0);
	cr_assert_eq(lsk_hci_get_details(&control, &details), -EBADMSG);
}
