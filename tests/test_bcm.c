/* SPDX-License-Identifier: MIT */
/*
 * The broadcast manager on a real kernel. It wants vcan0; where there is none, every
 * test is skipped and says so, and scenario bcm_socket.sh runs them in a virtual
 * machine.
 *
 *	jobs of BCM ---- vcan0 ---- a channel
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <net/if.h>
#include <string.h>

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
	lsk_socket_set_timeout(lsk_bcm_socket(bcm), 60000 * MSEC);
	lsk_socket_set_timeout(lsk_can_socket(can), 60000 * MSEC);
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
	static struct lsk_can_record record;

	cr_assert_eq(lsk_bcm_update(bcm, &one, 1, true), -EINVAL,
		     "there is no such job");
	cr_assert_eq(lsk_bcm_send_cycle(bcm, &cycle), 0);
	expect_frame("123#01");
	cr_assert_eq(lsk_bcm_update(bcm, &two, 1, true), 0);
	/* The first one may have come round before. */
	do {
		cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	} while (lsk_can_frame_equal(&record.frame, &one));
	cr_assert(lsk_can_frame_equal(&record.frame, &two));
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

Test(bcm, a_job_is_read_back_and_events_wait, .init = setup, .fini = teardown)
{
	struct lsk_can_frame frames[2], answer[2];
	struct lsk_bcm_cycle cycle = {.frames = frames,
				      .frame_count = 2,
				      .first_count = 7,
				      .first_ns = 400000000,
				      .then_ns = 500000000};
	struct lsk_bcm_watch watch = {.can_id = 0x321, .flags = LSK_BCM_WATCH_ID};
	struct lsk_bcm_job job = {.can_id = 0x123};
	struct lsk_bcm_event event;

	cr_assert_eq(lsk_can_frame_parse(&frames[0], "123#0102", NULL), 0);
	cr_assert_eq(lsk_can_frame_parse(&frames[1], "123#0304", NULL), 0);
	cr_assert_eq(lsk_bcm_read(bcm, &job, NULL, 0), -EINVAL, "there is none yet");
	cr_assert_eq(lsk_bcm_send_cycle(bcm, &cycle), 0);
	cr_assert_eq(lsk_bcm_watch(bcm, &watch), 0);
	cr_assert_eq(lsk_can_frame_parse(&frames[0], "321#55", NULL), 0);
	cr_assert_eq(lsk_can_send(can, &frames[0], 1, NULL), 0);

	cr_assert_eq(lsk_bcm_read(bcm, &job, answer, 2), 0);
	cr_assert_leq(job.remaining, 7);
	cr_assert_eq(job.first_ns, 400000000);
	cr_assert_eq(job.then_ns, 500000000);
	cr_assert_eq(job.frame_count, 2);
	cr_assert_eq(answer[1].data[0], 0x03);
	/* The frame came before the answer, and is not lost. */
	cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
	cr_assert_eq(event.kind, LSK_BCM_CHANGED);
	cr_assert_eq(event.can_id, 0x321);
	job = (struct lsk_bcm_job){.can_id = 0x321, .is_watch = true};
	cr_assert_eq(lsk_bcm_read(bcm, &job, NULL, 0), 0);
	cr_assert_eq(job.frame_count, 0);
}

Test(bcm, a_multiplexer_keeps_its_messages_apart, .init = setup, .fini = teardown)
{
	static const char *const mask_texts[] = {
		"200#FF00000000000000", "200#01FF000000000000", "200#0200FF0000000000"};
	static const char *const sent[] = {
		"200#0111000000000000", /* first of 1: told */
		"200#0200220000000000", /* first of 2: told */
		"200#0111FF0000000000", /* of 1 only byte 1 counts */
		"200#0299220000000000", /* of 2 only byte 2 counts */
		"200#0133000000000000", /* told */
	};
	static const uint8_t told[][3] = {
		{0x01, 0x11, 0x00}, {0x02, 0x00, 0x22}, {0x01, 0x33, 0x00}};
	struct lsk_can_frame masks[3], frame;
	struct lsk_bcm_watch watch = {.masks = masks, .mask_count = 3};
	struct lsk_bcm_event event;

	for (int i = 0; i < 3; i++)
		cr_assert_eq(lsk_can_frame_parse(&masks[i], mask_texts[i], NULL), 0);
	cr_assert_eq(lsk_bcm_watch(bcm, &watch), 0);
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(lsk_can_frame_parse(&frame, sent[i], NULL), 0);
		cr_assert_eq(lsk_can_send(can, &frame, 1, NULL), 0);
	}
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
		cr_assert_eq(memcmp(event.frame.data, told[i], 3), 0, "%d", i);
	}
	lsk_socket_set_timeout(lsk_bcm_socket(bcm), 0);
	cr_assert_eq(lsk_bcm_next(bcm, &event), -EAGAIN);
}

Test(bcm, throttling_tells_the_last_of_many, .init = setup, .fini = teardown)
{
	struct lsk_can_frame frame;
	struct lsk_bcm_watch watch = {
		.masks = &frame, .mask_count = 1, .throttle_ns = 300000000};
	struct lsk_bcm_event event;
	unsigned int events = 0;

	cr_assert_eq(lsk_can_frame_parse(&frame, "201#FF", NULL), 0);
	cr_assert_eq(lsk_bcm_watch(bcm, &watch), 0);
	for (int i = 1; i <= 50; i++) {
		frame.data[0] = (uint8_t)i;
		cr_assert_eq(lsk_can_send(can, &frame, 1, NULL), 0);
	}
	do {
		cr_assert_eq(lsk_bcm_next(bcm, &event), 0);
		events++;
	} while (event.frame.data[0] != 50);
	cr_assert_lt(events, 50);
}
