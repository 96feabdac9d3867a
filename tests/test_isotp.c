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
#include <linux/can/isotp.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
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

/* Start a message that nobody hears, and come back when the kernel has its error. */
static void start_in_vain(struct lsk_isotp *tester)
{
	struct pollfd error = {.fd = lsk_socket_fd(lsk_isotp_socket(tester))};
	uint8_t message[100] = {0};

	lsk_socket_set_timeout(lsk_isotp_socket(tester), 0);
	cr_assert_eq(lsk_isotp_send(tester, message, sizeof(message)), 0);
	while (!(error.revents & POLLERR))
		poll(&error, 1, -1);
}

Test(isotp, fact_6_the_error_of_a_send_waits_for_its_finish_and_no_receive_gets_it,
     .init = need_vcan, .timeout = 60)
{
	struct lsk_isotp *tester = open_isotp(0x700, 0x708, 0);
	uint8_t message[100];

	start_in_vain(tester);
	cr_assert_eq(lsk_isotp_receive(tester, message, sizeof(message)), -EAGAIN);
	cr_assert_eq(lsk_isotp_finish(tester), -ECOMM);
	cr_assert_eq(lsk_isotp_finish(tester), 0);
	lsk_isotp_free(tester);
}

Test(isotp, fact_6_the_error_of_a_send_is_not_that_of_the_next, .init = need_vcan,
     .timeout = 60)
{
	struct lsk_isotp *tester = open_isotp(0x700, 0x708, 0);

	start_in_vain(tester);
	cr_assert_eq(lsk_isotp_send(tester, "one", 3), 0);
	lsk_socket_set_timeout(lsk_isotp_socket(tester), 60000 * MSEC);
	cr_assert_eq(lsk_isotp_finish(tester), 0);
	start_in_vain(tester);
	lsk_socket_set_timeout(lsk_isotp_socket(tester), 60000 * MSEC);
	cr_assert_eq(lsk_isotp_send(tester, "two", 3), 0);
	cr_assert_eq(lsk_isotp_finish(tester), 0);
	lsk_isotp_free(tester);
}

static void send_raw(struct lsk_can *can, const char *text)
{
	struct lsk_can_frame frame;

	cr_assert_eq(lsk_can_frame_parse(&frame, text, NULL), 0, "%s", text);
	cr_assert_eq(lsk_can_send(can, &frame, 1, NULL), 0);
}

static struct lsk_can *open_raw(void)
{
	struct lsk_can_config config = {.interface = "vcan0"};
	struct lsk_can *can = NULL;

	cr_assert_eq(lsk_can_open(&can, &config, NULL), 0);
	lsk_socket_set_timeout(lsk_can_socket(can), 60000 * MSEC);
	return can;
}

/* The first frame of twenty bytes, and nothing after it. */
Test(isotp, fact_6_the_error_of_a_receive_is_not_that_of_a_send, .init = need_vcan,
     .timeout = 60)
{
	struct lsk_isotp *unit = open_isotp(0x7E8, 0x7E0, 0);
	struct pollfd error = {.fd = lsk_socket_fd(lsk_isotp_socket(unit))};
	struct lsk_can *can = open_raw();
	uint8_t message[100];

	send_raw(can, "7E0#1014010203040506");
	while (!(error.revents & POLLERR))
		poll(&error, 1, -1);
	cr_assert_eq(lsk_isotp_send(unit, "one", 3), 0);
	lsk_socket_set_timeout(lsk_isotp_socket(unit), 0);
	cr_assert_eq(lsk_isotp_receive(unit, message, sizeof(message)), -ETIMEDOUT);
	cr_assert_eq(lsk_isotp_receive(unit, message, sizeof(message)), -EAGAIN);
	lsk_can_free(can);
	lsk_isotp_free(unit);
}

/* What broke off stands before an old answer, which is not the new request's. */
Test(isotp, fact_6_a_request_forgets_what_broke_off_before_it, .init = need_vcan,
     .timeout = 60)
{
	struct lsk_isotp *tester = open_isotp(0x7E8, 0x7E0, 0);
	struct pollfd error = {.fd = lsk_socket_fd(lsk_isotp_socket(tester))};
	struct lsk_can *can = open_raw();
	uint8_t message[100];

	send_raw(can, "7E0#02AAAA");
	send_raw(can, "7E0#1014010203040506");
	while (!(error.revents & POLLERR))
		poll(&error, 1, -1);
	lsk_socket_set_timeout(lsk_isotp_socket(tester), 50 * MSEC);
	cr_assert_eq(lsk_isotp_request(tester, "\x3E", 1, message, sizeof(message)),
		     -ETIME);
	lsk_can_free(can);
	lsk_isotp_free(tester);
}

Test(isotp, fact_5_nobody_can_ask_for_a_send_that_stalls_its_ring, .init = need_vcan)
{
	struct lsk_isotp_config config = {.interface = "vcan0",
					  .tx_id = 0x7E0,
					  .rx_id = 0x7E8,
					  .flags = CAN_ISOTP_WAIT_TX_DONE};
	struct lsk_isotp *isotp = NULL;

	cr_assert_eq(lsk_isotp_open(&isotp, &config, NULL), -EINVAL);
	config.flags = 0x4000;
	cr_assert_eq(lsk_isotp_open(&isotp, &config, NULL), -EINVAL);
}

Test(isotp, the_longest_message_is_told_and_one_byte_more_refused, .init = need_vcan,
     .timeout = 60)
{
	struct lsk_isotp *tester = open_isotp(0x7E0, 0x7E8, 0);
	struct lsk_isotp *unit = open_isotp(0x7E8, 0x7E0, 0);
	size_t told = lsk_isotp_max_message();
	/* What those took that do not say. */
	size_t len = told ? told : 8200;
	uint8_t *sent = calloc(1, len + 1), *seen = calloc(1, len + 1);

	for (size_t i = 0; i < len; i++)
		sent[i] = (uint8_t)(i * 13 >> 2);
	if (told)
		cr_assert_eq(lsk_isotp_send(tester, sent, told + 1), -EINVAL);
	cr_assert_eq(lsk_isotp_send(tester, sent, len), 0);
	cr_assert_eq(lsk_isotp_receive(unit, seen, len + 1), (ssize_t)len);
	cr_assert_eq(memcmp(sent, seen, len), 0);
	free(sent);
	free(seen);
	lsk_isotp_free(tester);
	lsk_isotp_free(unit);
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

/* The next frame of the bus, as text; FD frames without the flag that some set. */
static const char *next_frame(struct lsk_can *can)
{
	static char text[LSK_CAN_TEXT_MAX];
	static struct lsk_can_record record;

	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	record.frame.flags &= (uint8_t)~LSK_CANFD_FDF;
	lsk_can_frame_format(&record.frame, LSK_CAN_FORMAT_PLAIN, text, sizeof(text));
	return text;
}

static struct lsk_isotp *open_as(const struct lsk_isotp_config *config)
{
	struct lsk_isotp *isotp = NULL;
	struct lsk_error error = {0};
	int r = lsk_isotp_open(&isotp, config, &error);

	cr_assert_eq(r, 0, "%d %s", r, error.text);
	lsk_socket_set_timeout(lsk_isotp_socket(isotp), 60000 * MSEC);
	return isotp;
}

/* What goes over the wire when three bytes are sent. */
struct wire {
	const char *what;
	const char *frame;
	struct lsk_isotp_config config;
};

Test(isotp, options_of_a_sender_are_seen_on_the_wire, .init = need_vcan, .timeout = 60)
{
	static const struct wire wires[] = {
		{"normal", "7E0#03010203", {.flags = 0}},
		{"padding",
		 "7E0#03010203AAAAAAAA",
		 {.flags = LSK_ISOTP_TX_PADDING, .tx_padding = 0xAA}},
		{"extended or mixed",
		 "7E0#5503010203",
		 {.flags = LSK_ISOTP_EXTENDED, .tx_address = 0x55}},
		{"FD", "7E0##003010203", {.is_fd = true}},
		{"FD, 12 bytes, at the higher rate",
		 "7E0##103010203",
		 {.is_fd = true, .tx_len = 12, .fd_flags = LSK_CANFD_BRS}},
		{"functional", "7E0#03010203", {.flags = LSK_ISOTP_SF_BROADCAST}},
	};
	struct lsk_can *can = open_raw();

	for (size_t i = 0; i < sizeof(wires) / sizeof(wires[0]); i++) {
		struct lsk_isotp_config config = wires[i].config;
		struct lsk_isotp *isotp;
		const char *seen;

		config.interface = "vcan0";
		config.tx_id = 0x7E0;
		config.rx_id = 0x7E8;
		isotp = open_as(&config);
		cr_assert_eq(lsk_isotp_send(isotp, "\1\2\3", 3), 0);
		seen = next_frame(can);
		cr_assert_str_eq(seen, wires[i].frame, "%s: %s", wires[i].what, seen);
		lsk_isotp_free(isotp);
	}
	lsk_can_free(can);
}

Test(isotp, block_size_and_stmin_are_asked_of_the_peer, .init = need_vcan,
     .timeout = 60)
{
	struct lsk_isotp_config config = {.interface = "vcan0",
					  .tx_id = 0x7E8,
					  .rx_id = 0x7E0,
					  .block_size = 8,
					  .stmin = 0xF1};
	struct lsk_isotp *unit = open_as(&config);
	struct lsk_can *can = open_raw();
	struct lsk_can *peer = open_raw();

	send_raw(peer, "7E0#1014010203040506");
	cr_assert_str_eq(next_frame(can), "7E0#1014010203040506");
	cr_assert_str_eq(next_frame(can), "7E8#3008F1");
	lsk_isotp_free(unit);
	/* One that listens asks for nothing: the marker is next. */
	config.flags = LSK_ISOTP_LISTEN;
	unit = open_as(&config);
	send_raw(peer, "7E0#1014010203040506");
	send_raw(peer, "123#");
	cr_assert_str_eq(next_frame(can), "7E0#1014010203040506");
	cr_assert_str_eq(next_frame(can), "123#");
	lsk_isotp_free(unit);
	lsk_can_free(peer);
	lsk_can_free(can);
}

Test(isotp, a_long_message_to_all_needs_no_flow_control, .init = need_vcan,
     .timeout = 60)
{
	struct lsk_isotp *all = open_isotp(0x7DF, 0, LSK_ISOTP_CF_BROADCAST);
	struct lsk_can *can = open_raw();

	cr_assert_eq(lsk_isotp_send(all, "\1\2\3\4\5\6\7\10\11\12", 10), 0);
	cr_assert_str_eq(next_frame(can), "7DF#100A010203040506");
	cr_assert_str_eq(next_frame(can), "7DF#210708090A");
	lsk_can_free(can);
	lsk_isotp_free(all);
}

Test(isotp, padding_is_checked_where_asked_for, .init = need_vcan, .timeout = 60)
{
	struct lsk_isotp_config config = {
		.interface = "vcan0",
		.tx_id = 0x7E8,
		.rx_id = 0x7E0,
		.flags = LSK_ISOTP_RX_PADDING | LSK_ISOTP_CHECK_LENGTH |
			 LSK_ISOTP_CHECK_DATA,
		.rx_padding = 0xCC,
	};
	struct lsk_isotp *unit = open_as(&config);
	struct lsk_can *peer = open_raw();
	uint8_t seen[8];

	send_raw(peer, "7E0#03010203");
	cr_assert_eq(lsk_isotp_receive(unit, seen, sizeof(seen)), -EBADMSG, "short");
	send_raw(peer, "7E0#03010203AAAAAAAA");
	cr_assert_eq(lsk_isotp_receive(unit, seen, sizeof(seen)), -EBADMSG, "other");
	send_raw(peer, "7E0#03010203CCCCCCCC");
	cr_assert_eq(lsk_isotp_receive(unit, seen, sizeof(seen)), 3);
	lsk_isotp_free(unit);
	lsk_can_free(peer);
}

Test(isotp, extended_addresses_of_both_sides_are_kept_apart, .init = need_vcan,
     .timeout = 60)
{
	struct lsk_isotp_config config = {.interface = "vcan0",
					  .tx_id = 0x7E8,
					  .rx_id = 0x7E0,
					  .flags = LSK_ISOTP_EXTENDED |
						   LSK_ISOTP_RX_EXTENDED,
					  .tx_address = 0xF1,
					  .rx_address = 0x10};
	struct lsk_isotp *unit = open_as(&config);
	struct lsk_can *can = open_raw();
	struct lsk_can *peer = open_raw();
	uint8_t seen[8];

	send_raw(peer, "7E0#F10201AA");
	send_raw(peer, "7E0#100201BB");
	cr_assert_eq(lsk_isotp_receive(unit, seen, sizeof(seen)), 2);
	cr_assert_eq(seen[1], 0xBB);
	cr_assert_eq(lsk_isotp_send(unit, "\1\2", 2), 0);
	next_frame(can);
	next_frame(can);
	cr_assert_str_eq(next_frame(can), "7E8#F1020102");
	lsk_isotp_free(unit);
	lsk_can_free(peer);
	lsk_can_free(can);
}

/* A peer by hand allows one frame at first, then all: frames 2 and 3 come at once only
 * where the later word counts. Return: those that came before the peer's third word. */
static unsigned int frames_after_second_word(unsigned int flags)
{
	struct lsk_isotp *tester = open_isotp(0x7E0, 0x7E8, flags);
	struct lsk_can *can = open_raw();
	struct lsk_can *peer = open_raw();
	uint8_t message[34] = {0};
	unsigned int count = 0;
	int r;

	lsk_socket_set_timeout(lsk_isotp_socket(tester), 0);
	cr_assert_eq(lsk_isotp_send(tester, message, sizeof(message)), 0);
	cr_assert_eq(strncmp(next_frame(can), "7E0#10", 6), 0);
	send_raw(peer, "7E8#300100");
	cr_assert_eq(strncmp(next_frame(can), "7E8#30", 6), 0);
	cr_assert_eq(strncmp(next_frame(can), "7E0#21", 6), 0);
	send_raw(peer, "7E8#300000");
	cr_assert_eq(strncmp(next_frame(can), "7E8#30", 6), 0);
	lsk_socket_set_timeout(lsk_isotp_socket(tester), 60000 * MSEC);
	/* All three; or one, and the wait for a third word ends after a second. */
	r = lsk_isotp_finish(tester);
	lsk_socket_set_timeout(lsk_can_socket(can), 0);
	for (struct lsk_can_record record; lsk_can_receive(can, &record, 1) == 1;)
		count++;
	cr_assert_eq(r, count == 3 ? 0 : -ECOMM, "%d after %u", r, count);
	lsk_can_free(peer);
	lsk_can_free(can);
	lsk_isotp_free(tester);
	return count;
}

Test(isotp, each_flow_control_counts_where_asked_for, .init = need_vcan, .timeout = 60)
{
	unsigned int count;

	cr_assert_eq(frames_after_second_word(0), 1);
	count = frames_after_second_word(LSK_ISOTP_DYNAMIC_FC);
	if (count == 1)
		cr_skip_test("this kernel takes the first flow control's word only");
	cr_assert_eq(count, 3, "%u", count);
}

/* Sooner than four seconds after the one before it: ignored, and what is missing is
 * told. */
Test(isotp, frames_that_come_too_soon_are_ignored_where_asked_for, .init = need_vcan,
     .timeout = 60)
{
	struct lsk_isotp_config config = {.interface = "vcan0",
					  .tx_id = 0x7E8,
					  .rx_id = 0x7E0,
					  .flags = LSK_ISOTP_FORCE_RX_STMIN,
					  .rx_stmin_ns = 4000000000u};
	struct lsk_isotp *unit = open_as(&config);
	struct lsk_isotp *tester = open_isotp(0x7E0, 0x7E8, 0);
	uint8_t message[20] = {0};

	cr_assert_eq(lsk_isotp_send(tester, message, sizeof(message)), 0);
	cr_assert_eq(lsk_isotp_receive(unit, message, sizeof(message)), -ETIMEDOUT);
	lsk_isotp_free(tester);
	lsk_isotp_free(unit);
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
