/* SPDX-License-Identifier: MIT */
/*
 * A message of megabytes by J1939's extended transport protocol, in and out, to its
 * end. It wants vcan0, up; where there is none it is skipped and says so, and the
 * scenarios j1939_long_*.sh run it in virtual machines.
 *
 *	unit 20 ---- vcan0 ---- unit 30
 */
#include <criterion/criterion.h>

#include <linux/can.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/j1939.h>

#define PGN 0x12300u

/* 214,286 frames; the kernel receives them in one piece of memory. */
#define LEN 1500000

/* Only a hang takes so long. */
#define LIMIT_NS (900 * INT64_C(1000000000))

static void need_vcan(void)
{
	struct lsk_socket *sock = NULL;

	if (if_nametoindex("vcan0") == 0)
		cr_skip_test("no vcan0 here: scenarios j1939_long_*.sh");
	if (lsk_socket_new(&sock, AF_CAN, SOCK_DGRAM, CAN_J1939) < 0)
		cr_skip_test("no J1939 in this kernel");
	lsk_socket_free(sock);
}

/* What a side was told on the way. */
struct steps {
	unsigned int count;
	unsigned int backwards;
	struct lsk_j1939_progress last;
};

static void note_step(void *context, const struct lsk_j1939_progress *progress)
{
	struct steps *steps = context;

	steps->backwards += progress->done < steps->last.done;
	steps->count++;
	steps->last = *progress;
}

struct side {
	struct lsk_j1939 *unit;
	struct steps steps;
	uint8_t *bytes;
	ssize_t result;
	struct lsk_j1939_message message;
};

static void side_init(struct side *side, uint8_t address)
{
	struct lsk_j1939_config config = {
		.interface = "vcan0",
		.local = {.pgn = LSK_J1939_NO_PGN, .address = address},
	};
	struct lsk_error error = {0};
	int r = lsk_j1939_open(&side->unit, &config, &error);

	cr_assert_eq(r, 0, "%d %s", r, error.text);
	lsk_socket_set_timeout(lsk_j1939_socket(side->unit), LIMIT_NS);
	lsk_socket_setsockopt_int(lsk_j1939_socket(side->unit), SOL_SOCKET,
				  SO_RCVBUFFORCE, 16 << 20);
	cr_assert_eq(lsk_j1939_set_progress(side->unit, note_step, &side->steps), 0);
	side->bytes = calloc(1, LEN + 1);
	cr_assert(side->bytes);
}

static void side_done(struct side *side)
{
	lsk_j1939_free(side->unit);
	free(side->bytes);
}

static void *receive_thread(void *context)
{
	struct side *side = context;

	side->result =
		lsk_j1939_receive(side->unit, side->bytes, LEN + 1, &side->message);
	return NULL;
}

Test(j1939_long, megabytes_go_in_and_out_to_their_end_and_progress_is_told,
     .init = need_vcan, .timeout = 1000)
{
	static const struct lsk_j1939_place to = {.pgn = PGN, .address = 0x30};
	struct side out = {0}, in = {0};
	pthread_t thread;
	int r;

	side_init(&out, 0x20);
	side_init(&in, 0x30);
	for (size_t i = 0; i < LEN; i++)
		out.bytes[i] = (uint8_t)((i * 31 >> 3) ^ (i >> 11));
	cr_assert_eq(pthread_create(&thread, NULL, receive_thread, &in), 0);
	r = lsk_j1939_send(out.unit, &to, out.bytes, LEN);
	cr_assert_eq(r, 0, "%d after %llu bytes", r,
		     (unsigned long long)out.steps.last.done);
	pthread_join(thread, NULL);
	cr_assert_eq(in.result, LEN, "%zd", in.result);
	cr_assert_eq(memcmp(in.bytes, out.bytes, LEN), 0);
	cr_assert_eq(in.message.from.address, 0x20);
	cr_assert_eq(in.message.from.pgn, PGN);

	/* The peer acknowledges 255 frames at a time at most. */
	cr_assert_gt(out.steps.count, LEN / 1785 / 2, "%u", out.steps.count);
	cr_assert_eq(out.steps.backwards, 0);
	cr_assert_eq(out.steps.last.done, LEN);
	cr_assert_eq(out.steps.last.total, LEN);
	cr_assert(!out.steps.last.is_receiving);

	/* A receiver that is late finds no room for some of its words. */
	cr_assert_gt(in.steps.count, 1, "%u", in.steps.count);
	cr_assert_eq(in.steps.backwards, 0);
	cr_assert(in.steps.last.is_receiving);
	cr_assert_gt(in.steps.last.done, 0);
	cr_assert_leq(in.steps.last.done, LEN);
	side_done(&out);
	side_done(&in);
}
