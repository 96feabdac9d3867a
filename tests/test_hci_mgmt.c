/* SPDX-License-Identifier: MIT */
/* Messages and events of the management interface: bytes in, bytes out. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/error.h>
#include <linsock/hci.h>
#include <linsock/hci_mgmt.h>

/* Read an event of @code and controller 3 from the @len bytes at @data. */
static int read_event(uint16_t code, const void *data, size_t len,
		      struct lsk_mgmt_event *ret_event)
{
	const struct lsk_mgmt_message message = {code, 3, data, len};

	return lsk_mgmt_event_parse(&message, ret_event);
}

Test(mgmt_message, goes_to_bytes_and_back)
{
	const uint8_t data[] = {1, 0, 2}, wire[] = {6, 0, 3, 1, 3, 0, 1, 0, 2};
	struct lsk_mgmt_message message = {6, 0x103, data, 3}, read;
	uint8_t buf[16];

	cr_assert_eq(lsk_mgmt_build(&message, buf, sizeof(buf)), 9);
	cr_assert_arr_eq(buf, wire, 9);
	cr_assert_eq(lsk_mgmt_build(&message, buf, 8), -ENOSPC);
	cr_assert_eq(lsk_mgmt_parse(wire, 9, &read), 0);
	cr_assert_eq(read.code, 6);
	cr_assert_eq(read.index, 0x103);
	cr_assert_eq(read.len, 3);
	cr_assert_arr_eq(read.data, data, 3);
	cr_assert_eq(lsk_mgmt_parse(wire, 8, &read), -EBADMSG);
	cr_assert_eq(lsk_mgmt_parse(wire, 5, &read), -EBADMSG);
	message.len = 65536;
	cr_assert_eq(lsk_mgmt_build(&message, buf, sizeof(buf)), LSK_ERR_RANGE);
	message.data = NULL;
	cr_assert_eq(lsk_mgmt_build(&message, buf, sizeof(buf)), -EINVAL);
}

Test(mgmt_event, of_a_command_has_its_answer)
{
	struct lsk_mgmt_event event;

	cr_assert_eq(read_event(1, "\5\0\0\x81\0\0\0", 7, &event), 0);
	cr_assert_eq(event.kind, LSK_MGMT_COMPLETE);
	cr_assert_eq(event.index, 3);
	cr_assert_eq(event.command, 5);
	cr_assert_eq(event.status, 0);
	cr_assert_eq(event.len, 4);
	cr_assert_eq(event.data[0], 0x81);
	cr_assert_eq(read_event(2, "\5\0\x11", 3, &event), 0);
	cr_assert_eq(event.kind, LSK_MGMT_STATUS);
	cr_assert_eq(event.status, 0x11);
	cr_assert_eq(event.len, 0);
}

Test(mgmt_event, of_a_device_has_its_address_and_what_it_told)
{
	struct lsk_mgmt_event event;

	cr_assert_eq(read_event(0x0b, "\1\2\3\4\5\6\2\0\0\0\0\2\0AB", 15, &event), 0);
	cr_assert_eq(event.kind, LSK_MGMT_CONNECTED);
	cr_assert_arr_eq(event.bdaddr.bytes, "\1\2\3\4\5\6", 6);
	cr_assert_eq(event.address_type, LSK_BDADDR_LE_RANDOM);
	cr_assert_eq(event.len, 2);
	cr_assert_arr_eq(event.data, "AB", 2);
	cr_assert_eq(read_event(0x0b, "\1\2\3\4\5\6\2\0\0\0\0\3\0AB", 15, &event),
		     -EBADMSG);
	cr_assert_eq(read_event(0x12, "\1\2\3\4\5\6\1\xd0\0\0\0\0\1\0C", 15, &event),
		     0);
	cr_assert_eq(event.kind, LSK_MGMT_FOUND);
	cr_assert_eq(event.rssi, -48);
	cr_assert_eq(event.len, 1);
	cr_assert_eq(read_event(0x0c, "\1\2\3\4\5\6\0\3", 8, &event), 0);
	cr_assert_eq(event.kind, LSK_MGMT_DISCONNECTED);
	cr_assert_eq(event.reason, 3);
	cr_assert_eq(read_event(0x0d, "\1\2\3\4\5\6\0\4", 8, &event), 0);
	cr_assert_eq(event.kind, LSK_MGMT_CONNECT_FAILED);
	cr_assert_eq(event.status, 4);
}

Test(mgmt_event, of_a_controller_has_what_changed)
{
	uint8_t name[260] = "this host";
	struct lsk_mgmt_event event;

	cr_assert_eq(read_event(4, "", 0, &event), 0);
	cr_assert_eq(event.kind, LSK_MGMT_ADDED);
	cr_assert_eq(read_event(5, "", 0, &event), 0);
	cr_assert_eq(event.kind, LSK_MGMT_REMOVED);
	cr_assert_eq(read_event(6, "\x81\2\0\0", 4, &event), 0);
	cr_assert_eq(event.kind, LSK_MGMT_SETTINGS);
	cr_assert_eq(event.settings, LSK_MGMT_POWERED | LSK_MGMT_BREDR | LSK_MGMT_LE);
	cr_assert_eq(read_event(8, name, sizeof(name), &event), 0);
	cr_assert_eq(event.kind, LSK_MGMT_NAMED);
	cr_assert_eq(event.len, 9);
	cr_assert_eq(read_event(0x13, "\7\1", 2, &event), 0);
	cr_assert_eq(event.kind, LSK_MGMT_DISCOVERING);
	cr_assert_eq(event.reason, 1);
}

/* Copied into memory of just that size, so that a sanitizer sees a byte too far. */
Test(mgmt_event, that_is_too_short_is_refused_at_every_length)
{
	static const struct {
		uint16_t code;
		size_t least;
	} events[] = {
		{0x01, 3}, {0x02, 3}, {0x06, 4},  {0x08, 249}, {0x0b, 13},
		{0x0c, 8}, {0x0d, 8}, {0x12, 14}, {0x13, 2},
	};
	struct lsk_mgmt_event event;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		for (size_t len = 0; len <= events[i].least; len++) {
			uint8_t *data = calloc(1, len + 1);
			int r;

			cr_assert(data);
			r = read_event(events[i].code, data, len, &event);
			cr_assert_eq(r, len < events[i].least ? -EBADMSG : 0,
				     "event %u of %zu bytes: %d", events[i].code, len,
				     r);
			free(data);
		}
	/* An unknown one keeps its bytes. */
	cr_assert_eq(read_event(0x77, "abc", 3, &event), 0);
	cr_assert_eq(event.kind, LSK_MGMT_OTHER);
	cr_assert_eq(event.len, 3);
}

Test(mgmt_error, is_an_errno)
{
	cr_assert_eq(lsk_mgmt_error(0), 0);
	cr_assert_eq(lsk_mgmt_error(0x0f), -ENETDOWN);
	cr_assert_eq(lsk_mgmt_error(0x11), -ENODEV);
	cr_assert_eq(lsk_mgmt_error(0x14), -EPERM);
	cr_assert_eq(lsk_mgmt_error(0x15), -EIO);
	cr_assert_eq(lsk_mgmt_error(0xff), -EIO);
}

Test(mgmt_call, without_its_outputs_or_inputs_is_refused)
{
	struct lsk_mgmt_info info;
	uint16_t index;

	cr_assert_eq(lsk_mgmt_info(NULL, 0, &info), -EINVAL);
	cr_assert_eq(lsk_mgmt_info(NULL, 0, NULL), -EINVAL);
	cr_assert_eq(lsk_mgmt_list(NULL, &index, 0), -EINVAL);
	cr_assert_eq(lsk_mgmt_set(NULL, 0, LSK_MGMT_PRIVACY, 1, NULL), -EINVAL);
	cr_assert_eq(lsk_mgmt_set_name(NULL, 0, NULL), -EINVAL);
	cr_assert_eq(lsk_mgmt_disconnect(NULL, 0, NULL), -EINVAL);
	cr_assert_eq(lsk_mgmt_parse(NULL, 0, NULL), -EINVAL);
}
