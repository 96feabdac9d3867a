/* SPDX-License-Identifier: MIT */
/*
 * ISO-TP on a real kernel. It wants vcan0; where there is none, every test is skipped
 * and says so, and scenario isotp_socket.sh runs them in a virtual machine.
 *
 *	tester 7E0 ----> vcan0 ----> unit 7E8
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <net/if.h>
#include <pthread.h>
#include <string.h>

#include <linsock/can.h>
#include <linsock/isotp.h>

#define MSEC INT64_C(1000000)

static void need_vcan(void)
{
	struct lsk_socket *sock = NULL;

	if (if_nametoindex("vcan0") == 0)
		cr_skip_test("no vcan0 here: scenario isotp_socket.sh");
	if (lsk_socket_new(&sock, AF_CAN, SOCK_DGRAM, CAN_ISOTP) < 0)
		cr_skip_test("no ISO-TP in this kernel");
	lsk_socket_free(sock);
}

static struct lsk_isotp *open_isotp(uint32_t tx, uint32_t rx, unsigned int flags)
{
	struct lsk_isotp_config config = {.interface = "vcan0",
					  .tx_id = tx,
					  .rx_id = rx,
					  .flags = flags,
					  .frame_time_ns = LSK_ISOTP_TXTIME_ZERO};
	struct lsk_isotp *isotp = NULL;
	struct lsk_error error = {0};
	int r = lsk_isotp_open(&isotp, &config, &error);

	cr_assert(r == 0, "%d %s", r, error.text);
	lsk_socket_set_timeout(lsk_isotp_socket(isotp), 60000 * MSEC);
	return isotp;
}

Test(isotp, messages_of_one_and_of_many_frames_arrive, .init = need_vcan, .timeout = 60)
{
	static const size_t sizes[] = {1, 7, 8, 62, 4095, 8000};
	struct lsk_isotp *tester = open_isotp(0x7E0, 0x7E8, 0);
	struct lsk_isotp *unit = open_isotp(0x7E8, 0x7E0, 0);
	uint8_t sent[8000], seen[8000];

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		cr_assert_eq(lsk_isotp_send(tester, sent, sizes[i]), 0);
		cr_assert_eq(lsk_isotp_receive(unit, seen, sizeof(seen)),
			     (ssize_t)sizes[i]);
		cr_assert_eq(memcmp(sent, seen, sizes[i]), 0);
	}
	cr_assert_eq(lsk_isotp_send(tester, sent, 20), 0);
	cr_assert_eq(lsk_isotp_receive(unit, seen, 10), -EMSGSIZE);
	lsk_isotp_free(tester);
	lsk_isotp_free(unit);
}

/* Facts 5 and 6: without a peer the failure comes a second later, on any call. */
Test(isotp, fact_6_a_send_that_nobody_hears_fails_itself_and_leaks_nothing,
     .init = need_vcan, .timeout = 60)
{
	struct lsk_isotp *tester = open_isotp(0x700, 0x708, 0);
	uint8_t message[100] = {0};

	cr_assert_eq(lsk_isotp_send(tester, message, sizeof(message)), -ECOMM);
	lsk_socket_set_timeout(lsk_isotp_socket(tester), 100 * MSEC);
	cr_assert_eq(lsk_isotp_receive(tester, message, sizeof(message)), -ETIME);
	cr_assert_eq(lsk_isotp_send(tester, message, 3), 0, "one frame needs no peer");
	lsk_isotp_free(tester);
}

Test(isotp, fact_5_a_send_ends_at_its_deadline_and_can_be_finished, .init = need_vcan,
     .timeout = 60)
{
	struct lsk_isotp *tester = open_isotp(0x700, 0x708, 0);
	uint8_t message[100] = {0};

	lsk_socket_set_timeout(lsk_isotp_socket(tester), 50 * MSEC);
	cr_assert_eq(lsk_isotp_send(tester, message, sizeof(message)), -ETIME);
	lsk_socket_set_timeout(lsk_isotp_socket(tester), 0);
	cr_assert_eq(lsk_isotp_send(tester, message, sizeof(message)), -EAGAIN);
	cr_assert_eq(lsk_isotp_finish(tester), -EAGAIN);
	lsk_socket_set_timeout(lsk_isotp_socket(tester), 60000 * MSEC);
	cr_assert_eq(lsk_isotp_finish(tester), -ECOMM);
	cr_assert_eq(lsk_isotp_finish(tester), 0);
	lsk_isotp_free(tester);
}

/* A unit that answers one request: pending first, then the answer. */
static void *answer(void *context)
{
	static const uint8_t pending[] = {0x7F, 0x22, 0x78};
	struct lsk_isotp *unit = context;
	uint8_t request[16], long_answer[40] = {0x62, 0xF1, 0x90};

	if (lsk_isotp_receive(unit, request, sizeof(request)) != 3)
		return NULL;
	lsk_isotp_send(unit, pending, sizeof(pending));
	lsk_isotp_send(unit, long_answer, sizeof(long_answer));
	return NULL;
}

Test(isotp, a_request_waits_past_response_pending, .init = need_vcan, .timeout = 60)
{
	static const uint8_t request[] = {0x22, 0xF1, 0x90};
	struct lsk_isotp *tester = open_isotp(0x7E0, 0x7E8, 0);
	struct lsk_isotp *unit = open_isotp(0x7E8, 0x7E0, 0);
	uint8_t seen[100];
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, answer, unit), 0);
	cr_assert_eq(lsk_isotp_request(tester, request, 3, seen, sizeof(seen)), 40);
	cr_assert_eq(seen[0], 0x62);
	pthread_join(thread, NULL);
	lsk_isotp_free(tester);
	lsk_isotp_free(unit);
}

/* A unit hears requests to all at 7DF, and answers at its own identifier. */
struct unit {
	struct lsk_isotp *functional;
	struct lsk_isotp *physical;
	pthread_t thread;
};

static void *answer_all(void *context)
{
	struct unit *unit = context;
	uint8_t request[8];

	if (lsk_isotp_receive(unit->functional, request, sizeof(request)) == 2)
		lsk_isotp_send(unit->physical, "\x7E\x00 of a unit, in several frames",
			       34);
	return NULL;
}

Test(isotp, a_request_to_all_brings_every_answer_with_who_it_is, .init = need_vcan,
     .timeout = 60)
{
	struct lsk_isotp *all = open_isotp(0x7DF, 0, LSK_ISOTP_SF_BROADCAST);
	struct lsk_isotp *each[3], *units[3];
	struct lsk_isotp_group group = {.all = all, .each = each, .count = 3};
	struct lsk_isotp_answer answers[3];
	uint8_t request[] = {0x3E, 0x00};
	struct unit answering[2];
	unsigned int seen = 0;
	int r;

	for (uint32_t i = 0; i < 3; i++) {
		each[i] = open_isotp(0x7E0 + i, 0x7E8 + i, 0);
		units[i] = open_isotp(0x7E8 + i, 0x7E0 + i, 0);
	}
	/* Nobody answers, in the time that is given; nor does what came before count.
	 */
	lsk_isotp_send(units[0], "old", 3);
	r = lsk_isotp_request_all(&group, request, 2, 50 * MSEC, answers, 3);
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_isotp_request_all(&group, NULL, 2, 1, answers, 3), -EINVAL);
	for (uint32_t i = 0; i < 2; i++) {
		answering[i].physical = units[2 * i];
		answering[i].functional =
			open_isotp(0x6F0 + i, 0x7DF, LSK_ISOTP_LISTEN);
		cr_assert_eq(pthread_create(&answering[i].thread, NULL, answer_all,
					    &answering[i]),
			     0);
	}
	r = lsk_isotp_request_all(&group, request, 2, 60000 * MSEC, answers, 2);
	cr_assert_eq(r, 2, "%d", r);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(answers[i].len, 34, "%d", answers[i].len);
		cr_assert_eq(answers[i].data[0], 0x7E);
		seen |= 1u << answers[i].from;
	}
	cr_assert_eq(seen, 5, "the first and the third answered");
	for (size_t i = 0; i < 2; i++) {
		pthread_join(answering[i].thread, NULL);
		lsk_isotp_free(answering[i].functional);
	}
	for (size_t i = 0; i < 3; i++) {
		lsk_isotp_free(each[i]);
		lsk_isotp_free(units[i]);
	}
	lsk_isotp_free(all);
}

Test(isotp, every_option_is_taken_and_nonsense_refused, .init = need_vcan)
{
	struct lsk_isotp_config config = {
		.interface = "vcan0",
		.tx_id = 0x18DA10F1 | CAN_EFF_FLAG,
		.rx_id = 0x18DAF110 | CAN_EFF_FLAG,
		.flags = LSK_ISOTP_EXTENDED | LSK_ISOTP_RX_EXTENDED |
			 LSK_ISOTP_TX_PADDING | LSK_ISOTP_RX_PADDING |
			 LSK_ISOTP_CHECK_LENGTH | LSK_ISOTP_CHECK_DATA |
			 LSK_ISOTP_FORCE_TX_STMIN | LSK_ISOTP_FORCE_RX_STMIN,
		.tx_address = 1,
		.rx_address = 2,
		.block_size = 8,
		.stmin = 5,
		.tx_stmin_ns = 1000,
		.rx_stmin_ns = 1000,
		.is_fd = true,
		.fd_flags = LSK_CANFD_BRS,
	};
	struct lsk_isotp *isotp = NULL;
	struct lsk_error error;

	cr_assert_eq(lsk_isotp_open(&isotp, &config, &error), 0);
	lsk_isotp_free(isotp);
	config.rx_id = config.tx_id;
	cr_assert_eq(lsk_isotp_open(&isotp, &config, &error), -EADDRNOTAVAIL);
	config.rx_id = 0x1;
	config.tx_len = 9;
	cr_assert_eq(lsk_isotp_open(&isotp, &config, &error), -EINVAL);
	config.tx_len = 0;
	config.interface = "no-such-if";
	cr_assert_eq(lsk_isotp_open(&isotp, &config, &error), -ENODEV);
	config.interface = NULL;
	cr_assert_eq(lsk_isotp_open(&isotp, &config, NULL), -ENODEV);
	cr_assert_eq(lsk_isotp_open(NULL, &config, NULL), -EINVAL);
	cr_assert_eq(lsk_isotp_send(NULL, "", 1), -EINVAL);
	cr_assert_eq(lsk_isotp_receive(NULL, &config, 1), -EINVAL);
	cr_assert_eq(lsk_isotp_finish(NULL), -EINVAL);
	cr_assert_null(lsk_isotp_free(NULL));
}
