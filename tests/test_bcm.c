/* SPDX-License-Identifier: MIT */
/*
 * The broadcast manager on a real kernel. It wants vcan0; where there is none, every
 * test is skipped and says so, and scenario bcm_socket.sh runs them in a virtual
 *machine.
 *
 *	jobs of BCM ---- vcan0 ---- a channel
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <net/if.h>

#include <linsock/bcm.h>

#define MSEC INT64_C(1000000)

static struct lsk_bcm *bcm;
static struct lsk_can *can;

static void setup(void)
{
	struct lsk_can_config config = {.interface = "vcan0"};

	if (if_nametoindex("vcan0") == 0)
		cr_skip_test("no vcan0 here: scenario bcm_socket.sh");
	if (lsk_bcm_open(&bcm, "vcan0", NULL) == -EPROTONOSUPPORT)
		cr_skip_test("no BCM in this kernel");
	cr_assert_not_null(bcm);
	cr_assert_eq(lsk_can_open(&can, &config, NULL), 0);
	lsk_socket_set_timeout(lsk_bcm_socket(bcm), 5000 * MSEC);
	lsk_socket_set_timeout(lsk_can_socket(can), 5000 * MSEC);
}

static void teardown(void)
{
	bcm = lsk_bcm_free(bcm);
	can = lsk_can_free(can);
}

static struct lsk_can_frame frame_of(const char *text)
{
	struct lsk_can_frame frame;

	cr_assert_eq(lsk_can_frame_parse(&frame, text, NULL), 0);
	return frame;
}

static void expect_frame(const char *text)
{
	static struct lsk_can_record record;
	struct lsk_can_frame wanted = frame_of(text);

	cr_assert_eq(lsk_can_receive(can, &record, 1), 1, "%s", text);
	cr_assert(lsk_can_frame_equal(&record.frame, &wanted), "%s", text);
}

static void send_frame(const char *text)
{
	struct lsk_can_frame frame = frame_of(text);

	cr_assert_eq(lsk_can_send(can, &frame, 1, NULL), 0);
}

Test(bcm, frames_are_sent_in_turn_and_the_end_is_told, .init = setup, .fini = teardown)
{
	struct lsk_can_frame frames[2] = {frame_of("123#01"), frame_of("124#02")};
	struct lsk_bcm_cycle cycle = {.frames = frames,
				      .frame_count = 2,
				      .first_count = 4,
				      .first_ns = 10 * MSEC,
				      .tells_end = true};
	struct lsk_bcm_event event;

	cr_assert_eq(lsk_bcm_send_cycle(bcm, &cycle), 0);
	expect_frame("123#01");
	expect_frame("124#02");
	expect_frame("123#01");
	cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	cr_assert_eq(event.kind, LSK_BCM_SENT);
	cr_assert_eq(event.can_id, 0x123);
}

Test(bcm, a_cycle_changes_in_place_grows_and_ends, .init = setup, .fini = teardown)
{
	struct lsk_can_frame one = frame_of("123#01"), two = frame_of("123#02");
	struct lsk_can_frame three[3] = {frame_of("123#0A"), frame_of("124#0B"),
					 frame_of("125#0C")};
	struct lsk_bcm_cycle cycle = {
		.frames = &one, .frame_count = 1, .then_ns = 500 * MSEC};

	cr_assert_eq(lsk_bcm_update(bcm, &one, 1, true), -EINVAL,
		     "there is no such job");
	cr_assert_eq(lsk_bcm_send_cycle(bcm, &cycle), 0);
	expect_frame("123#01");
	cr_assert_eq(lsk_bcm_update(bcm, &two, 1, true), 0);
	expect_frame("123#02");
	expect_frame("123#02");
	cr_assert_eq(lsk_bcm_update(bcm, three, 3, false), -E2BIG);
	cycle.frames = three;
	cycle.frame_count = 3;
	cr_assert_eq(lsk_bcm_send_cycle(bcm, &cycle), 0);
	cr_assert_eq(lsk_bcm_stop_cycle(bcm, &three[0]), 0);
	cr_assert_eq(lsk_bcm_stop_cycle(bcm, &three[0]), -EINVAL);
}

/* Facts 2.3: a job of FD frames is found with its flag alone. */
Test(bcm, a_cycle_of_fd_frames_can_be_ended, .init = setup, .fini = teardown)
{
	struct lsk_can_frame fd = frame_of("123##1112233");
	struct lsk_bcm_cycle cycle = {
		.frames = &fd, .frame_count = 1, .then_ns = 1000 * MSEC};

	cr_assert_eq(lsk_bcm_send_cycle(bcm, &cycle), 0);
	expect_frame("123##1112233");
	cr_assert_eq(lsk_bcm_stop_cycle(bcm, &fd), 0);
}

Test(bcm, only_a_change_of_the_bits_that_count_is_told, .init = setup, .fini = teardown)
{
	struct lsk_can_frame mask = frame_of("123#FF00");
	struct lsk_bcm_watch watch = {.masks = &mask, .mask_count = 1};
	struct lsk_bcm_event event;

	cr_assert_eq(lsk_bcm_watch(bcm, &watch), 0);
	send_frame("123#0100");
	cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	cr_assert_eq(event.kind, LSK_BCM_CHANGED);
	cr_assert_eq(event.frame.data[0], 1);
	cr_assert_eq(event.interface, if_nametoindex("vcan0"));
	send_frame("123#0155");
	send_frame("123#0255");
	cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	cr_assert_eq(event.frame.data[0], 2);
	cr_assert_eq(lsk_bcm_unwatch(bcm, 0x123, false), 0);
	cr_assert_eq(lsk_bcm_unwatch(bcm, 0x123, false), -EINVAL);
	lsk_socket_set_timeout(lsk_bcm_socket(bcm), 20 * MSEC);
	cr_assert_eq(lsk_bcm_next(bcm, &event), -ETIME);
}

Test(bcm, silence_is_told, .init = setup, .fini = teardown)
{
	struct lsk_bcm_watch watch = {.can_id = 0x123, .timeout_ns = 50 * MSEC};
	struct lsk_bcm_event event;

	cr_assert_eq(lsk_bcm_watch(bcm, &watch), 0);
	cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	cr_assert_eq(event.kind, LSK_BCM_SILENT);
	cr_assert_eq(event.can_id, 0x123);
	send_frame("123#01");
	cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	cr_assert_eq(event.kind, LSK_BCM_CHANGED);
}

Test(bcm, nonsense_is_refused, .init = setup, .fini = teardown)
{
	struct lsk_can_frame mixed[2] = {frame_of("123#01"), frame_of("124##101")};
	struct lsk_bcm_cycle cycle = {
		.frames = mixed, .frame_count = 2, .then_ns = MSEC};
	struct lsk_bcm *other = NULL;

	cr_assert_eq(lsk_bcm_send_cycle(bcm, &cycle), LSK_ERR_RANGE);
	cycle.frame_count = 0;
	cr_assert_eq(lsk_bcm_send_cycle(bcm, &cycle), -EINVAL);
	cr_assert_eq(lsk_bcm_watch(bcm, NULL), -EINVAL);
	cr_assert_eq(lsk_bcm_next(bcm, NULL), -EINVAL);
	cr_assert_eq(lsk_bcm_open(&other, "no-such-if", NULL), -ENODEV);
	cr_assert_eq(lsk_bcm_open(NULL, NULL, NULL), -EINVAL);
	cr_assert_null(lsk_bcm_free(NULL));
}
