/* SPDX-License-Identifier: MIT */
/*
 * What becomes of sockets when their interface goes down, is deleted, made again,
 * renamed or moved. Each test has a network of its own; where the kernel has no CAN it
 * is skipped and says so, and scenario can_life.sh runs it in a virtual machine.
 *
 *	the test's namespace: vcan0, vcan1 ...        another one, to move to
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>

#include "tests/support/can_life.h"

Test(can_life, an_interface_is_told_from_coming_to_going, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow("vcan0");

	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	set_up("vcan0", false);
	expect(life, LSK_CAN_LIFE_DOWN, "vcan0");
	change_link("vcan0", "kitchen", -1);
	expect(life, LSK_CAN_LIFE_RENAMED, "kitchen");
	set_up("kitchen", true);
	expect(life, LSK_CAN_LIFE_UP, "kitchen");
	delete_link("kitchen");
	expect(life, LSK_CAN_LIFE_DOWN, "kitchen");
	expect(life, LSK_CAN_LIFE_GONE, "kitchen");
	make_vcan("vcan9"); /* of no concern */
	make_vcan("vcan0");
	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life, moving_away_and_back_is_going_and_coming, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow("vcan0");
	struct journey journey;

	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	move_away(&journey);
	expect(life, LSK_CAN_LIFE_DOWN, "vcan0");
	expect(life, LSK_CAN_LIFE_GONE, "vcan0");
	move_back(&journey);
	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life, another_of_the_name_takes_the_place_at_once, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow("vcan0");

	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	set_up("vcan0", false); /* Linux 6.1 renames no interface that is up */
	expect(life, LSK_CAN_LIFE_DOWN, "vcan0");
	change_link("vcan0", "old", -1);
	expect(life, LSK_CAN_LIFE_RENAMED, "old");
	make_vcan("vcan0");
	delete_link("old");
	expect(life, LSK_CAN_LIFE_GONE, "old");
	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life, fact_10_a_socket_on_any_hears_of_its_interfaces_here, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow(LSK_CAN_ANY);
	struct lsk_can *can = open_channel(LSK_CAN_ANY, NULL);
	struct lsk_can_life_event event;
	struct lsk_can_record record;

	expect(life, LSK_CAN_LIFE_CAME, "vcan0");
	expect(life, LSK_CAN_LIFE_UP, "vcan0");
	set_up("vcan0", false);
	/* The kernel says nothing to the socket. */
	lsk_socket_set_timeout(lsk_can_socket(can), 0);
	cr_assert_eq(lsk_can_receive(can, &record, 1), -EAGAIN);
	lsk_socket_set_timeout(lsk_can_socket(can), LONG);
	cr_assert_eq(lsk_can_life_receive(life, can, &record, 1, &event), 0);
	cr_assert_eq(event.kind, LSK_CAN_LIFE_DOWN);
	make_vcan("vcan1");
	cr_assert_eq(lsk_can_life_receive(life, can, &record, 1, &event), 0);
	cr_assert_eq(event.kind, LSK_CAN_LIFE_CAME);
	cr_assert_str_eq(event.name, "vcan1");
	lsk_can_free(can);
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life, fact_9_down_and_up_needs_no_new_bind, .init = need_can, .timeout = 60)
{
	static const char *const texts[] = {"123#01"};
	struct lsk_can *can = open_channel("vcan0", NULL);
	struct lsk_can_record record;

	set_up("vcan0", false);
	cr_assert_eq(lsk_can_receive(can, &record, 1), -ENETDOWN);
	set_up("vcan0", true);
	cr_assert_eq(lsk_can_restore(can), 0);
	send_ids("vcan0", texts, 1);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x123);
	lsk_can_free(can);
	lsk_nl_close(nl);
}

Test(can_life, fact_9_a_new_interface_gets_the_old_filters, .init = need_can,
     .timeout = 60)
{
	static const struct lsk_can_filter only_300 = {0x300, 0x700};
	static const char *const texts[] = {"123#01", "312#02", "7FF#03", "3FF#04"};
	struct lsk_can_life *life = follow("vcan0");
	struct lsk_can *can = open_channel("vcan0", &only_300);
	struct lsk_can_life_event event;
	struct lsk_can_record record;
	int restored = 0;

	delete_link("vcan0");
	cr_assert_eq(lsk_can_restore(can), -ENODEV);
	make_vcan("vcan0");
	/* Until the channel is where it was. */
	while (restored == 0) {
		cr_assert_eq(lsk_can_life_receive(life, can, &record, 1, &event), 0);
		restored = event.restored;
	}
	cr_assert_eq(restored, 1);
	send_ids("vcan0", texts, 4);
	for (unsigned int id = 0x312; id != 0;) {
		int r = lsk_can_life_receive(life, can, &record, 1, &event);

		if (r == 0)
			continue;
		cr_assert_eq(r, 1, "%d", r);
		cr_assert_eq(record.frame.id, id);
		id = id == 0x312 ? 0x3FF : 0;
	}
	lsk_can_free(can);
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

/* Past the kernel's own filters: what it was given stays with the socket. */
Test(can_life, fact_9_a_new_interface_gets_many_old_filters, .init = need_can,
     .timeout = 240)
{
	static const char *const texts[] = {"00010001#01", "00010002#02", "124#03",
					    "00010004#04"};
	enum { COUNT = 600 };
	struct lsk_can_filter filters[COUNT];
	struct lsk_can_config config = {
		.interface = "vcan0", .filters = filters, .filter_count = COUNT};
	struct lsk_can_record record;
	struct lsk_can *can = NULL;

	for (uint32_t i = 0; i < COUNT; i++)
		filters[i] = (struct lsk_can_filter){CAN_EFF_FLAG | (0x10000 + 2 * i),
						     CAN_EFF_FLAG | CAN_EFF_MASK};
	cr_assert_eq(lsk_can_open(&can, &config, NULL), 0);
	lsk_socket_set_timeout(lsk_can_socket(can), LONG);
	delete_link("vcan0");
	cr_assert_eq(lsk_can_restore(can), -ENODEV);
	make_vcan("vcan0");
	cr_assert_eq(lsk_can_restore(can), 1);
	send_ids("vcan0", texts, 4);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x10002);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x10004);
	lsk_can_free(can);
	lsk_nl_close(nl);
}

Test(can_life, a_renamed_interface_keeps_its_channel, .init = need_can, .timeout = 240)
{
	static const struct lsk_can_filter only_300 = {0x300, 0x700};
	static const char *const texts[] = {"123#01", "312#02"};
	struct lsk_can *can = open_channel("vcan0", &only_300);
	struct lsk_can_record record;

	set_up("vcan0", false);
	change_link("vcan0", "kitchen", -1);
	set_up("kitchen", true);
	cr_assert_eq(lsk_can_receive(can, &record, 1), -ENETDOWN);
	cr_assert_eq(lsk_can_restore(can), 0);
	send_ids("kitchen", texts, 2);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x312);
	cr_assert_str_eq(lsk_can_interface_name(can, record.interface), "kitchen");
	lsk_can_free(can);
	lsk_nl_close(nl);
}

/* To another namespace and back: gone, and there again. */
Test(can_life, an_interface_that_was_away_gets_its_channel_back, .init = need_can,
     .timeout = 240)
{
	static const struct lsk_can_filter only_300 = {0x300, 0x700};
	static const char *const texts[] = {"123#01", "312#02"};
	struct lsk_can *can = open_channel("vcan0", &only_300);
	struct lsk_can_record record;
	struct journey journey;

	move_away(&journey);
	cr_assert_eq(lsk_can_restore(can), -ENODEV);
	move_back(&journey);
	set_up("vcan0", true);
	cr_assert_eq(lsk_can_restore(can), 1);
	send_ids("vcan0", texts, 2);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x312);
	lsk_can_free(can);
	lsk_nl_close(nl);
}

Test(can_life, frames_and_events_both_come_on_a_full_bus, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow("vcan0");
	struct lsk_can *can = open_channel("vcan0", NULL);
	struct lsk_can *sender = open_channel("vcan0", NULL);
	struct lsk_can_life_event event;
	struct lsk_can_record record;
	struct lsk_can_frame frame;
	unsigned int frames = 0, events = 0;

	cr_assert_eq(lsk_can_frame_parse(&frame, "111#22", NULL), 0);
	while (frames < 20 || events < 2) {
		int r;

		cr_assert_eq(lsk_can_send(sender, &frame, 1, NULL), 0);
		r = lsk_can_life_receive(life, can, &record, 1, &event);
		cr_assert_geq(r, 0, "%d", r);
		frames += r == 1;
		events += r == 0;
	}
	lsk_can_free(sender);
	lsk_can_free(can);
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}

Test(can_life, without_an_interface_there_is_nothing_to_tell, .init = need_can,
     .timeout = 60)
{
	struct lsk_can_life *life = follow("nowhere");
	struct lsk_can_life_event event;

	cr_assert_eq(lsk_can_life_next(life, 0, &event), -EAGAIN);
	cr_assert_eq(lsk_can_life_next(life, 20 * MSEC, &event), -ETIME);
	cr_assert_eq(lsk_can_life_new(&life, "a_name_of_sixteen"), -EINVAL);
	lsk_can_life_free(life);
	lsk_nl_close(nl);
}
