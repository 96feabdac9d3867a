/* SPDX-License-Identifier: MIT */
/*
 * CAN in a namespace of the test's own: vcan0, and a pair of vxcan whose far end sees
 * what went over the wire.
 *
 *	vcan0		near (tbf) ==== far
 */
#ifndef TESTS_CAN_H
#define TESTS_CAN_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include <linsock/can.h>
#include <linsock/can_transmit.h>

#include "tests/support/netns.h"

#define MSEC INT64_C(1000000)

/* For tbf, with frames of 16 bytes: 125 a second, or one in 16 seconds. */
#define RATE       "rate 16kbit burst 16"
#define RATE_NEVER "rate 8bit burst 16"

static inline void run(const char *command)
{
	int r = system(command); /* NOLINT(cert-env33-c): a constant, in a test */

	cr_assert_eq(r, 0, "%s: %d", command, r);
}

static inline struct lsk_can *open_channel(const struct lsk_can_config *config)
{
	struct lsk_can *can = NULL;
	struct lsk_error error = {0};
	int r = lsk_can_open(&can, config, &error);

	cr_assert_eq(r, 0, "%d %s", r, error.text);
	lsk_socket_set_timeout(lsk_can_socket(can), 60000 * MSEC);
	return can;
}

static inline struct lsk_can *open_on(const char *interface)
{
	return open_channel(&(struct lsk_can_config){.interface = interface});
}

/*
 * A pair's carrier goes on in a worker of the kernel, and what is sent before is lost
 * in silence: send until something arrives.
 */
static inline void wait_for_carrier(const char *near, const char *far)
{
	struct lsk_can *sender = open_on(near), *receiver = open_on(far);
	const struct lsk_can_frame marker = {.id = 0x7FF};
	struct lsk_can_record record;
	int r;

	lsk_socket_set_timeout(lsk_can_socket(receiver), 10 * MSEC);
	do {
		cr_assert_eq(lsk_can_send(sender, &marker, 1, NULL), 0);
		r = lsk_can_receive(receiver, &record, 1);
		cr_assert(r == 1 || r == -ETIME, "%d", r);
	} while (r != 1);
	lsk_can_free(sender);
	lsk_can_free(receiver);
}

/* All were on the wire, about now. */
static inline void expect_confirmed(const struct lsk_can_transmission *job)
{
	cr_assert_eq(job->queued, job->count);
	cr_assert_eq(job->confirmed, job->count);
	for (size_t i = 0; i < job->count; i++) {
		int64_t age_s = job->confirmations[i].time_ns / LSK_NSEC_PER_SEC -
				(int64_t)time(NULL);

		cr_assert_eq(job->confirmations[i].flags, LSK_CAN_OWN, "%zu", i);
		cr_assert_leq(llabs(age_s), 100, "%zu: %lld", i, (long long)age_s);
	}
}

static inline void make_buses(void)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_error error;
	int index = lsk_rtnl_link_add(nl, "vcan", "vcan0", &error);

	if (index == -EOPNOTSUPP)
		cr_skip_test(
			"no vcan in this kernel: the scenario of this test's name");
	cr_assert_gt(index, 0, "%d %s", index, error.message);
	run("ip link add near mtu 72 type vxcan peer name far mtu 72");
	run("ip link set near up && ip link set far up");
	wait_for_carrier("near", "far");
	wait_for_carrier("far", "near");
	lsk_nl_close(nl);
}

#endif
