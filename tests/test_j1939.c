/* SPDX-License-Identifier: MIT */
/*
 * J1939 on a real kernel. It wants vcan0; where there is none, every test is skipped
 * and says so, and scenario j1939_socket.sh runs them in a virtual machine.
 *
 *	unit 20 ---- vcan0 ---- unit 30
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linsock/can.h>
#include <linsock/j1939.h>

#include "tests/support/can.h"

#define PGN 0x12300u

/* Ten minutes on a slow bus: whoever breaks it off comes in time. */
#define LONG 1000000

static void need_vcan(void)
{
	struct lsk_socket *sock = NULL;

	if (if_nametoindex("vcan0") == 0)
		cr_skip_test("no vcan0 here: scenario j1939_socket.sh");
	if (lsk_socket_new(&sock, AF_CAN, SOCK_DGRAM, CAN_J1939) < 0)
		cr_skip_test("no J1939 in this kernel");
	lsk_socket_free(sock);
}

static struct lsk_j1939 *open_unit(uint8_t address, uint64_t name)
{
	struct lsk_j1939_config config = {
		.interface = "vcan0",
		.local = {.name = name, .pgn = LSK_J1939_NO_PGN, .address = address},
		.broadcast = true,
	};
	struct lsk_j1939 *unit = NULL;
	struct lsk_error error = {0};
	int r = lsk_j1939_open(&unit, &config, &error);

	cr_assert(r == 0, "%d %s", r, error.text);
	lsk_socket_set_timeout(lsk_j1939_socket(unit), 60000 * MSEC);
	return unit;
}

Test(j1939, short_messages_arrive_with_all_that_is_known, .init = need_vcan,
     .timeout = 60)
{
	static const struct lsk_j1939_place to_unit = {.pgn = PGN, .address = 0x30};
	static const struct lsk_j1939_place to_all = {.pgn = 0xFECA, .address = 0xFF};
	struct lsk_j1939 *a = open_unit(0x20, 0), *b = open_unit(0x30, 0);
	struct lsk_j1939_message message;
	char buf[16];

	cr_assert_eq(lsk_j1939_send(a, &to_unit, "12345678", 8), 0);
	cr_assert_eq(lsk_j1939_receive(b, buf, sizeof(buf), &message), 8);
	cr_assert_eq(memcmp(buf, "12345678", 8), 0);
	cr_assert_eq(message.from.address, 0x20);
	cr_assert_eq(message.from.pgn, PGN);
	cr_assert_eq(message.to_address, 0x30);
	cr_assert_eq(message.priority, 6);
	cr_assert_gt(message.time_ns, 0);
	cr_assert_eq(lsk_j1939_send(a, &to_all, "abc", 3), 0);
	cr_assert_eq(lsk_j1939_receive(b, buf, sizeof(buf), &message), 3);
	cr_assert_eq(message.to_address, LSK_J1939_NO_ADDRESS);
	cr_assert_eq(lsk_j1939_send(a, &to_unit, "12345678", 8), 0);
	cr_assert_eq(lsk_j1939_receive(b, buf, 4, &message), -EMSGSIZE);
	lsk_socket_set_timeout(lsk_j1939_socket(b), 20 * MSEC);
	cr_assert_eq(lsk_j1939_receive(b, buf, 4, &message), -ETIME);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
}

struct transfer {
	struct lsk_j1939 *unit;
	size_t len;
	uint8_t *bytes;
	int result;
};

static void *send_thread(void *context)
{
	static const struct lsk_j1939_place to = {.pgn = PGN, .address = 0x30};
	struct transfer *transfer = context;

	transfer->result =
		lsk_j1939_send(transfer->unit, &to, transfer->bytes, transfer->len);
	return NULL;
}

/* Facts 2.5: the kernel takes a long message piece by piece. */
Test(j1939, messages_by_tp_and_etp_arrive_whole, .init = need_vcan, .timeout = 100)
{
	static const size_t sizes[] = {9, 1785, 1786, 200000};
	struct lsk_j1939 *a = open_unit(0x20, 0), *b = open_unit(0x30, 0);
	uint8_t *sent = malloc(200000), *seen = malloc(200000);

	lsk_socket_set_timeout(lsk_j1939_socket(a), 90000 * MSEC);
	lsk_socket_set_timeout(lsk_j1939_socket(b), 90000 * MSEC);
	lsk_socket_setsockopt_int(lsk_j1939_socket(b), SOL_SOCKET, SO_RCVBUFFORCE,
				  8 << 20);
	for (size_t i = 0; i < 200000; i++)
		sent[i] = (uint8_t)(i * 31 >> 3);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct transfer transfer = {.unit = a, .len = sizes[i], .bytes = sent};
		pthread_t thread;

		cr_assert_eq(pthread_create(&thread, NULL, send_thread, &transfer), 0);
		cr_assert_eq(lsk_j1939_receive(b, seen, 200000, NULL),
			     (ssize_t)sizes[i]);
		pthread_join(thread, NULL);
		cr_assert_eq(transfer.result, 0, "%zu: %d", sizes[i], transfer.result);
		cr_assert_eq(memcmp(sent, seen, sizes[i]), 0);
	}
	free(sent);
	free(seen);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
}

/* Fact 7: to a unit that is not there the send succeeds, and fails 1.25 s later. */
Test(j1939, fact_7_a_send_that_nobody_answers_fails_itself_and_leaks_nothing,
     .init = need_vcan, .timeout = 60)
{
	static const struct lsk_j1939_place nobody = {.pgn = PGN, .address = 0x77};
	struct lsk_j1939 *a = open_unit(0x20, 0);
	uint8_t message[100] = {0};
	int r = lsk_j1939_send(a, &nobody, message, sizeof(message));

	cr_assert_eq(r, -EHOSTUNREACH, "%d", r);
	lsk_socket_set_timeout(lsk_j1939_socket(a), 50 * MSEC);
	cr_assert_eq(lsk_j1939_receive(a, message, sizeof(message), NULL), -ETIME);
	lsk_j1939_free(a);
}

Test(j1939, an_address_is_claimed_and_used_by_name, .init = need_vcan, .timeout = 60)
{
	const struct lsk_j1939_claim_options until_held = {.timeout_ns = 60000 * MSEC,
							   .until_held = true};
	struct lsk_j1939 *a = open_unit(LSK_J1939_IDLE_ADDRESS, 0x1111);
	struct lsk_j1939 *b = open_unit(0x30, 0);
	struct lsk_j1939_place to = {.pgn = PGN, .address = 0x30};
	struct lsk_j1939_claim claim;
	struct lsk_j1939_message message;
	char buf[16];
	int r;

	cr_assert_eq(lsk_j1939_claim_init(&claim, 0x1111, 0x40, 0x40, 0x50), 0);
	r = lsk_j1939_claim_run(&claim, a, &until_held);
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(claim.address, 0x40);
	cr_assert_eq(lsk_j1939_receive(b, buf, sizeof(buf), &message), 8);
	cr_assert_eq(message.from.pgn, LSK_J1939_PGN_CLAIMED);
	cr_assert_eq(lsk_j1939_send(a, &to, "hello", 5), 0);
	cr_assert_eq(lsk_j1939_receive(b, buf, sizeof(buf), &message), 5);
	cr_assert_eq(message.from.name, 0x1111);
	cr_assert_eq(message.from.address, 0x40);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
}

Test(j1939, nonsense_is_refused, .init = need_vcan)
{
	static const struct lsk_j1939_place bad = {.pgn = 0x12301, .address = 0x30};
	struct lsk_j1939_config config = {.interface = "no-such-if"};
	struct lsk_j1939 *a = open_unit(0x20, 0), *b = NULL;

	cr_assert_eq(lsk_j1939_send(a, &bad, "", 0), LSK_ERR_RANGE);
	cr_assert_eq(lsk_j1939_send(a, NULL, "", 0), -EDESTADDRREQ);
	cr_assert_eq(lsk_j1939_receive(a, NULL, 1, NULL), -EINVAL);
	cr_assert_eq(lsk_j1939_open(&b, &config, NULL), -ENODEV);
	cr_assert_eq(lsk_j1939_open(NULL, &config, NULL), -EINVAL);
	lsk_j1939_free(a);
	cr_assert_null(lsk_j1939_free(NULL));
}

struct steps {
	unsigned int count;
	uint64_t done;
	uint64_t total;
	bool goes_back;
	bool is_receiving;
};

static void note_step(void *context, const struct lsk_j1939_progress *progress)
{
	struct steps *steps = context;

	steps->goes_back |= progress->done < steps->done;
	steps->count++;
	steps->done = progress->done;
	steps->total = progress->total;
	steps->is_receiving |= progress->is_receiving;
}

static void *receive_long(void *context)
{
	struct lsk_j1939 *unit = context;
	size_t size = 20000;
	char *buf = malloc(size);

	cr_assert_eq(lsk_j1939_receive(unit, buf, size, NULL), 20000);
	free(buf);
	return NULL;
}

Test(j1939, progress_of_a_long_message_is_told, .init = need_vcan, .timeout = 60)
{
	static const struct lsk_j1939_place to_unit = {.pgn = PGN, .address = 0x30};
	struct lsk_j1939 *a = open_unit(0x20, 0), *b = open_unit(0x30, 0);
	char *data = calloc(1, 20000);
	struct steps steps = {0};
	pthread_t receiver;

	cr_assert_eq(lsk_j1939_set_progress(a, note_step, &steps), 0);
	cr_assert_eq(pthread_create(&receiver, NULL, receive_long, b), 0);
	cr_assert_eq(lsk_j1939_send(a, &to_unit, data, 20000), 0);
	pthread_join(receiver, NULL);
	cr_assert_gt(steps.count, 2);
	cr_assert(!steps.goes_back);
	cr_assert(!steps.is_receiving);
	cr_assert_eq(steps.total, 20000);
	cr_assert_eq(steps.done, 20000);
	free(data);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
}

Test(j1939, fact_11_promiscuous_and_error_queue_answer_with_their_value,
     .init = need_vcan, .timeout = 60)
{
	struct lsk_j1939_config config = {
		.interface = "vcan0",
		.local = {.pgn = LSK_J1939_NO_PGN, .address = 0x20},
		.promiscuous = true,
	};
	struct lsk_socket *sock = NULL;
	struct lsk_j1939 *unit = NULL;
	int on = 1;

	cr_assert_eq(lsk_socket_new(&sock, AF_CAN, SOCK_DGRAM, CAN_J1939), 0);
	cr_assert_gt(setsockopt(lsk_socket_fd(sock), SOL_CAN_BASE + CAN_J1939,
				2 /* SO_J1939_PROMISC */, &on, sizeof(on)),
		     0, "the kernel's own answer is not 0");
	lsk_socket_free(sock);
	cr_assert_eq(lsk_j1939_open(&unit, &config, NULL), 0);
	lsk_j1939_free(unit);
}

/*
 * A bus of the test's own, of 250 frames a second. The kernel hands 255 frames to the
 * device in a row, and gives the message up (ENETUNREACH) where a hundred tries, 10 to
 * 25 ms apart, meet a full queue: at 125 frames a second that happens, when no timer is
 * late. Here they take 60.
 */
static void make_slow_bus(void)
{
	struct lsk_socket *sock = NULL;

	make_buses();
	if (lsk_socket_new(&sock, AF_CAN, SOCK_DGRAM, CAN_J1939) < 0)
		cr_skip_test("no J1939 in this kernel");
	lsk_socket_free(sock);
	run("tc qdisc add dev vcan0 root tbf rate 32kbit burst 16 limit 160");
}

/* Breaks off what it is told of, the third time. */
struct breaker {
	struct lsk_j1939 *unit;
	struct lsk_j1939_place peer;
	bool is_receiving;
	int seen;
	int result;
};

static void break_off(void *context, const struct lsk_j1939_progress *progress)
{
	struct breaker *breaker = context;

	if (progress->is_receiving != breaker->is_receiving ||
	    ++breaker->seen != 3 - breaker->is_receiving)
		return;
	if (progress->is_receiving)
		breaker->peer = progress->from;
	breaker->result =
		lsk_j1939_abort(breaker->unit, &breaker->peer, progress->total);
}

struct waiter {
	struct lsk_j1939 *unit;
	char *buf;
	ssize_t got;
};

static void *receive_any(void *context)
{
	struct waiter *waiter = context;

	waiter->got = lsk_j1939_receive(waiter->unit, waiter->buf, LONG, NULL);
	return NULL;
}

/* Whoever breaks off: the send says so, nothing is received, and the next one goes. */
static void break_off_by(bool is_receiver, int expected)
{
	static const struct lsk_j1939_place to = {.pgn = PGN, .address = 0x30};
	struct lsk_j1939 *a = open_unit(0x20, 0), *b = open_unit(0x30, 0);
	struct breaker breaker = {.unit = is_receiver ? b : a,
				  .peer = to,
				  .is_receiving = is_receiver,
				  .result = 1};
	struct waiter waiter = {.unit = b, .buf = calloc(1, LONG)};
	char *data = calloc(1, LONG);
	pthread_t thread;
	int r;

	cr_assert_eq(lsk_j1939_set_progress(breaker.unit, break_off, &breaker), 0);
	cr_assert_eq(pthread_create(&thread, NULL, receive_any, &waiter), 0);
	r = lsk_j1939_send(a, &to, data, LONG);
	cr_assert_eq(r, expected, "%d", r);
	cr_assert_eq(lsk_j1939_send(a, &to, "next", 4), 0);
	pthread_join(thread, NULL);
	/* It may be its thread that wrote this. */
	cr_assert_eq(breaker.result, 0, "%d after %d", breaker.result, breaker.seen);
	cr_assert_eq(waiter.got, 4, "%zd", waiter.got);
	cr_assert_eq(memcmp(waiter.buf, "next", 4), 0);
	free(waiter.buf);
	free(data);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
}

Test(j1939, a_message_is_broken_off_by_its_sender, .init = make_slow_bus,
     .timeout = 100)
{
	break_off_by(false, -ECONNABORTED);
}

Test(j1939, a_message_is_broken_off_by_its_receiver, .init = make_slow_bus,
     .timeout = 100)
{
	break_off_by(true, -EMSGSIZE);
}

/* What happens right before the library gives the rest of a message. */
static struct {
	struct lsk_j1939 *sender;
	struct lsk_j1939 *receiver;
	int result;
	unsigned int rests;
} moment;

/* Break the message off, and come back when its sender was told. */
static void break_off_at_the_moment(void)
{
	static const struct lsk_j1939_place from = {.pgn = PGN, .address = 0x20};
	struct pollfd word = {.fd = lsk_socket_fd(lsk_j1939_socket(moment.sender))};

	moment.result = lsk_j1939_abort(moment.receiver, &from, LONG);
	while (!(word.revents & POLLERR))
		poll(&word, 1, -1);
}

/* In the place of the C library's: the library is linked to this one. */
ssize_t sendto(int fd, const void *buf, size_t len, int flags,
	       const struct sockaddr *addr, socklen_t addr_len)
{
	if (moment.sender && len > 8 && len < LONG && moment.rests++ == 0)
		break_off_at_the_moment();
	return syscall(SYS_sendto, fd, buf, len, flags, addr, addr_len);
}

/* Between the reading of its words and the giving of the rest. */
Test(j1939, the_rest_of_a_broken_message_never_goes_as_a_new_one, .init = make_slow_bus,
     .timeout = 240)
{
	static const struct lsk_j1939_place to = {.pgn = PGN, .address = 0x30};
	struct lsk_j1939 *a = open_unit(0x20, 0), *b = open_unit(0x30, 0);
	uint8_t *data = calloc(1, LONG);
	uint8_t *seen = malloc(LONG);
	int r;

	moment.receiver = b;
	moment.sender = a;
	r = lsk_j1939_send(a, &to, data, LONG);
	moment.sender = NULL;
	cr_assert_eq(moment.rests, 1, "%u", moment.rests);
	cr_assert_eq(moment.result, 0, "%d", moment.result);
	cr_assert_eq(r, -EMSGSIZE, "%d", r);
	cr_assert_eq(lsk_j1939_send(a, &to, "next", 4), 0);
	cr_assert_eq(lsk_j1939_receive(b, seen, LONG, NULL), 4);
	cr_assert_eq(memcmp(seen, "next", 4), 0);
	free(seen);
	free(data);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
}

Test(j1939, a_message_whose_time_is_over_is_broken_off, .init = make_slow_bus,
     .timeout = 60)
{
	static const struct lsk_j1939_place nobody = {.pgn = PGN, .address = 0x77};
	static const struct lsk_j1939_place to = {.pgn = PGN, .address = 0x30};
	struct lsk_j1939 *a = open_unit(0x20, 0), *b = open_unit(0x30, 0);
	uint8_t message[100] = {0};
	struct lsk_can_record record;
	struct lsk_can *can = open_on("vcan0");

	lsk_socket_set_timeout(lsk_j1939_socket(a), 20 * MSEC);
	cr_assert_eq(lsk_j1939_send(a, &nobody, message, sizeof(message)), -ETIME);
	/* The request to send, and the word that it is over: timeout, of our group. */
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id & 0x3FFFFFF, 0xEC7720, "%X", record.frame.id);
	cr_assert_eq(record.frame.data[0], 16);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x1CEC7720);
	cr_assert_eq(memcmp(record.frame.data, "\xFF\x03\xFF\xFF\xFF\x00\x23\x01", 8),
		     0);
	lsk_socket_set_timeout(lsk_j1939_socket(a), 60000 * MSEC);
	cr_assert_eq(lsk_j1939_send(a, &to, message, sizeof(message)), 0);
	cr_assert_eq(lsk_j1939_receive(b, message, sizeof(message), NULL), 100);
	lsk_can_free(can);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
}

Test(j1939, what_cannot_be_broken_off_is_refused, .init = need_vcan)
{
	static const struct lsk_j1939_place all = {.pgn = PGN, .address = 0xFF};
	static const struct lsk_j1939_place bad = {.pgn = 0x12301, .address = 0x30};
	struct lsk_j1939 *a = open_unit(0x20, 0);
	struct lsk_j1939 *idle = open_unit(LSK_J1939_IDLE_ADDRESS, 0x1111);

	cr_assert_eq(lsk_j1939_abort(a, &all, 100), -EDESTADDRREQ);
	cr_assert_eq(lsk_j1939_abort(a, &bad, 100), LSK_ERR_RANGE);
	cr_assert_eq(lsk_j1939_abort(a, &all, 8), -EINVAL);
	cr_assert_eq(lsk_j1939_abort(a, NULL, 100), -EINVAL);
	cr_assert_eq(lsk_j1939_abort(NULL, &all, 100), -EINVAL);
	cr_assert_eq(lsk_j1939_abort(idle, &all, 100), -EADDRNOTAVAIL);
	lsk_j1939_free(a);
	lsk_j1939_free(idle);
}
