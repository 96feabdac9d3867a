/* SPDX-License-Identifier: MIT */
/* Error frames: the structure and candump's words. */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can/error.h>
#include <string.h>

#include <linsock/can.h>

static struct lsk_can_frame frame_of(const char *text)
{
	struct lsk_can_frame frame;

	cr_assert_eq(lsk_can_frame_parse(&frame, text, NULL), 0);
	return frame;
}

Test(can_error, the_words_are_candump_s)
{
	struct lsk_can_frame frame = frame_of("20000226#0B20000000008000");
	char buf[512];

	cr_assert_gt(lsk_can_error_format(&frame, "\n\t", buf, sizeof(buf)), 0);
	cr_assert_str_eq(buf, "lost-arbitration{at bit 11}\n\t"
			      "controller-problem{tx-error-passive}\n\t"
			      "no-acknowledgement-on-tx\n\t"
			      "error-counter-tx-rx{{128}{0}}");
	frame = frame_of("2000008C#00000203");
	frame.data[1] = 0x05;
	lsk_can_error_format(&frame, NULL, buf, sizeof(buf));
	cr_assert_str_eq(buf,
			 "controller-problem{rx-overflow,rx-error-warning},"
			 "protocol-violation{{frame-format-error}{start-of-frame}},"
			 "bus-error");
}

Test(can_error, the_structure_says_what_the_frame_says)
{
	struct lsk_can_frame frame = frame_of("20000226#0B20000000008000");
	struct lsk_can_error_report report;

	cr_assert_eq(lsk_can_error_decode(&frame, &report), 0);
	cr_assert_eq(report.classes, 0x226);
	cr_assert_eq(report.arbitration_bit, 11);
	cr_assert_eq(report.controller, CAN_ERR_CRTL_TX_PASSIVE);
	cr_assert_eq(report.state, LSK_CAN_STATE_PASSIVE);
	cr_assert(report.has_counters);
	cr_assert_eq(report.tx_errors, 128);
	cr_assert_eq(report.rx_errors, 0);

	frame = frame_of("20000040#0000000000000000");
	cr_assert_eq(lsk_can_error_decode(&frame, &report), 0);
	cr_assert_eq(report.state, LSK_CAN_STATE_BUS_OFF);
	cr_assert_eq(report.arbitration_bit, -1);
	cr_assert(!report.has_counters);

	frame = frame_of("20000004#0008000000000000");
	lsk_can_error_decode(&frame, &report);
	cr_assert_eq(report.state, LSK_CAN_STATE_WARNING);
	frame = frame_of("20000004#0040000000000000");
	lsk_can_error_decode(&frame, &report);
	cr_assert_eq(report.state, LSK_CAN_STATE_ACTIVE);
	frame = frame_of("20000008#00000104AA000000");
	lsk_can_error_decode(&frame, &report);
	cr_assert_eq(report.protocol, CAN_ERR_PROT_BIT);
	cr_assert_eq(report.location, 4);
	cr_assert_eq(report.transceiver, 0, "its class is not set");
	cr_assert_eq(report.state, LSK_CAN_STATE_UNKNOWN);
}

Test(can_error, other_frames_and_unknown_classes_are_refused)
{
	struct lsk_can_frame frame = frame_of("123#11");
	struct lsk_can_error_report report;
	char buf[512];

	cr_assert_eq(lsk_can_error_decode(&frame, &report), -EINVAL);
	cr_assert_eq(lsk_can_error_format(&frame, NULL, buf, sizeof(buf)), -EINVAL);
	cr_assert_eq(lsk_can_error_decode(NULL, &report), -EINVAL);
	frame = frame_of("20000400#");
	cr_assert_eq(lsk_can_error_format(&frame, NULL, buf, sizeof(buf)),
		     LSK_ERR_RANGE);
	frame = frame_of("20000040#");
	cr_assert_eq(lsk_can_error_format(&frame, NULL, buf, strlen("bus-off")),
		     -ENOSPC);
	cr_assert_str_eq(buf, "");
	cr_assert_eq(lsk_can_error_format(&frame, NULL, buf, strlen("bus-off") + 1),
		     (int)strlen("bus-off"));
}
