/* SPDX-License-Identifier: MIT */
/*
 * What J1939 sockets hear and how they send, on a real kernel. Each test has a network
 * of its own; where the kernel has no CAN it is skipped and says so, and scenario
 * j1939_modes.sh runs it in a virtual machine.
 *
 *	units 20, 30, 40 ---- vcan0 ---- a channel
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/socket.h>

#include <linsock.h>

#include "tests/support/can.h"

#define PGN       0x12300u
#define UNIT_NAME UINT64_C(0x1222334455667788)

static void need_j1939(void)
{
	struct lsk_socket *sock = NULL;

	make_buses();
	if (lsk_socket_new(&sock, AF_CAN, SOCK_DGRAM, CAN_J1939) < 0)
		cr_skip_test("no J1939 in this kernel");
	lsk_socket_free(sock);
}

TestSuite(j1939_modes, .init = need_j1939, .timeout = 100);

static struct lsk_j1939 *open_as(struct lsk_j1939_config config)
{
	struct lsk_j1939 *unit = NULL;
	struct lsk_error error = {0};
	int r;

	config.interface = "vcan0";
	config.local.pgn = LSK_J1939_NO_PGN;
	r = lsk_j1939_open(&unit, &config, &error);
	cr_assert_eq(r, 0, "%d %s", r, error.text);
	lsk_socket_set_timeout(lsk_j1939_socket(unit), 60000 * MSEC);
	return unit;
}

static struct lsk_j1939 *open_unit(uint8_t address)
{
	return open_as((struct lsk_j1939_config){.local = {.address = address},
						 .broadcast = true});
}

static void send_text(struct lsk_j1939 *unit, uint32_t pgn, uint8_t address,
		      const char *text)
{
	const struct lsk_j1939_place to = {.pgn = pgn, .address = address};
	int r = lsk_j1939_send(unit, &to, text, strlen(text));

	cr_assert_eq(r, 0, "%s: %d", text, r);
}

/* The next message that is received. */
static const char *next_text(struct lsk_j1939 *unit)
{
	static char text[200];
	ssize_t len = lsk_j1939_receive(unit, text, sizeof(text) - 1, NULL);

	cr_assert_geq(len, 0, "%zd", len);
	text[len] = '\0';
	return text;
}

Test(j1939_modes, a_connected_unit_hears_its_peer_alone_and_sends_to_it)
{
	static const struct lsk_j1939_place peer = {.pgn = PGN, .address = 0x30};
	struct lsk_j1939 *a = open_unit(0x20), *b = open_unit(0x30);
	struct lsk_j1939 *other = open_unit(0x40);

	cr_assert_eq(lsk_j1939_send(a, NULL, "early", 5), -EDESTADDRREQ);
	cr_assert_eq(lsk_j1939_connect(a, &peer), 0);
	cr_assert_eq(lsk_j1939_send(a, NULL, "hello", 5), 0);
	cr_assert_str_eq(next_text(b), "hello");
	send_text(other, PGN, 0x20, "foreign");
	send_text(b, PGN, 0x20, "answer");
	cr_assert_str_eq(next_text(a), "answer");
	/* Several frames go the same way. */
	cr_assert_eq(lsk_j1939_send(a, NULL, "a message of several frames", 27), 0);
	cr_assert_str_eq(next_text(b), "a message of several frames");
	cr_assert_eq(lsk_j1939_connect(a, NULL), -EINVAL);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
	lsk_j1939_free(other);
}

Test(j1939_modes, filters_take_groups_and_senders)
{
	static const struct lsk_j1939_filter filters[] = {
		{.pgn = 0xFECA, .pgn_mask = LSK_J1939_PGN_MAX},
		{.address = 0x40, .address_mask = 0xFF},
	};
	struct lsk_j1939 *all = open_unit(0x30);
	struct lsk_j1939 *some =
		open_as((struct lsk_j1939_config){.local = {.address = 0x31},
						  .filters = filters,
						  .filter_count = 2,
						  .broadcast = true});
	struct lsk_j1939 *a = open_unit(0x20), *b = open_unit(0x40);

	send_text(a, 0xFECB, 0xFF, "neither");
	send_text(a, 0xFECA, 0xFF, "group");
	send_text(b, 0xFECB, 0xFF, "sender");
	cr_assert_str_eq(next_text(all), "neither");
	cr_assert_str_eq(next_text(all), "group");
	cr_assert_str_eq(next_text(some), "group");
	cr_assert_str_eq(next_text(some), "sender");
	lsk_j1939_free(all);
	lsk_j1939_free(some);
	lsk_j1939_free(a);
	lsk_j1939_free(b);
}

Test(j1939_modes, who_is_promiscuous_hears_what_goes_to_others)
{
	struct lsk_j1939 *a = open_unit(0x20), *b = open_unit(0x30);
	struct lsk_j1939 *honest = open_unit(0x40);
	struct lsk_j1939 *curious = open_as((struct lsk_j1939_config){
		.local = {.address = 0x41}, .broadcast = true, .promiscuous = true});

	send_text(a, PGN, 0x30, "secret");
	send_text(a, 0xFECA, 0xFF, "public");
	cr_assert_str_eq(next_text(b), "secret");
	cr_assert_str_eq(next_text(curious), "secret");
	cr_assert_str_eq(next_text(curious), "public");
	cr_assert_str_eq(next_text(honest), "public");
	lsk_j1939_free(a);
	lsk_j1939_free(b);
	lsk_j1939_free(honest);
	lsk_j1939_free(curious);
}

static unsigned int next_priority(struct lsk_can *can)
{
	struct lsk_can_record record;

	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	return record.frame.id >> 26;
}

Test(j1939_modes, priorities_are_seen_on_the_bus)
{
	struct lsk_can *can = open_on("vcan0");
	struct lsk_j1939 *usual = open_unit(0x20);
	struct lsk_j1939 *urgent =
		open_as((struct lsk_j1939_config){.local = {.address = 0x21},
						  .broadcast = true,
						  .priority = 0,
						  .has_priority = true});

	send_text(usual, 0xFECA, 0xFF, "usual");
	cr_assert_eq(next_priority(can), 6);
	send_text(urgent, 0xFECA, 0xFF, "urgent");
	cr_assert_eq(next_priority(can), 0);
	cr_assert_eq(lsk_j1939_set_priority(urgent, 7), 0);
	send_text(urgent, 0xFECA, 0xFF, "idle");
	cr_assert_eq(next_priority(can), 7);
	cr_assert_eq(lsk_j1939_set_priority(urgent, 8), -EDOM);
	cr_assert_eq(lsk_j1939_set_priority(NULL, 3), -EINVAL);
	lsk_j1939_free(usual);
	lsk_j1939_free(urgent);
	lsk_can_free(can);
}

/*
 * Left alone, a close waits until the kernel's timer ends the message, 1.25 s later, by
 * an abort with reason 3. After ours, of reason 2, nothing is left to wait for.
 */
Test(j1939_modes, fact_7_a_close_after_an_abort_waits_for_no_timer)
{
	static const struct lsk_j1939_place nobody = {.pgn = PGN, .address = 0x77};
	struct lsk_can *can = open_on("vcan0"), *marker = open_on("vcan0");
	const struct lsk_can_frame last = {.id = 0x123, .len = 1};
	struct lsk_j1939 *unit = open_unit(0x20);
	struct lsk_can_record record;
	uint8_t message[100] = {0};

	lsk_socket_set_timeout(lsk_j1939_socket(unit), 0);
	cr_assert_eq(lsk_j1939_send(unit, &nobody, message, sizeof(message)), 0);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.data[0], 16, "a request to send");
	cr_assert_eq(lsk_j1939_abort(unit, &nobody, sizeof(message)), 0);
	lsk_j1939_free(unit);
	cr_assert_eq(lsk_can_send(marker, &last, 1, NULL), 0);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(memcmp(record.frame.data, "\xFF\x02", 2), 0);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x123, "%X %02X %02X", record.frame.id,
		     record.frame.data[0], record.frame.data[1]);
	lsk_can_free(can);
	lsk_can_free(marker);
}

struct holder {
	struct lsk_j1939 *unit;
	sem_t held;
	_Atomic unsigned int address;
	int result;
};

static void note_claim(void *context, const struct lsk_j1939_claim *claim)
{
	struct holder *holder = context;

	if (claim->state != LSK_J1939_CLAIM_HELD)
		return;
	holder->address = claim->address;
	sem_post(&holder->held);
}

static void *hold_claim(void *context)
{
	struct holder *holder = context;
	const struct lsk_j1939_claim_options options = {
		.timeout_ns = LSK_BLOCK, .changed = note_claim, .context = holder};
	struct lsk_j1939_claim claim;

	holder->result = lsk_j1939_claim_init(&claim, UNIT_NAME, 0x40, 0x40, 0x50);
	if (holder->result == 0)
		holder->result = lsk_j1939_claim_run(&claim, holder->unit, &options);
	return NULL;
}

/* "Address claimed" of another unit. */
static void claim_by_hand(struct lsk_can *can, uint64_t name, uint8_t address)
{
	struct lsk_can_frame frame = {
		.id = 0x18EEFF00u | address, .is_extended = true, .len = 8};

	memcpy(frame.data, &name, sizeof(name)); /* as little endian as we are */
	cr_assert_eq(lsk_can_send(can, &frame, 1, NULL), 0);
}

Test(j1939_modes, a_claim_moves_when_a_smaller_name_wins_and_stays_for_a_greater)
{
	struct holder holder = {
		.unit = open_as((struct lsk_j1939_config){
			.local = {.name = UNIT_NAME, .address = LSK_J1939_IDLE_ADDRESS},
			.broadcast = true})};
	struct lsk_can *can = open_on("vcan0"), *other = open_on("vcan0");
	struct lsk_can_record record;
	pthread_t thread;
	uint64_t name;

	cr_assert_eq(sem_init(&holder.held, 0, 0), 0);
	cr_assert_eq(pthread_create(&thread, NULL, hold_claim, &holder), 0);
	cr_assert_eq(sem_wait(&holder.held), 0);
	cr_assert_eq(holder.address, 0x40, "%X", holder.address);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x18EEFF40, "%X", record.frame.id);
	/* The greater one is told off. */
	claim_by_hand(other, UNIT_NAME + 1, 0x40);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	memcpy(&name, record.frame.data, sizeof(name));
	cr_assert_eq(name, UNIT_NAME);
	cr_assert_eq(record.frame.id, 0x18EEFF40, "%X", record.frame.id);
	/* The smaller one wins. */
	claim_by_hand(other, UNIT_NAME - 1, 0x40);
	cr_assert_eq(sem_wait(&holder.held), 0);
	cr_assert_eq(holder.address, 0x41, "%X", holder.address);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(lsk_can_receive(can, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x18EEFF41, "%X", record.frame.id);
	lsk_socket_close(lsk_j1939_socket(holder.unit));
	pthread_join(thread, NULL);
	cr_assert_eq(holder.result, -EBADF, "%d", holder.result);
	lsk_j1939_free(holder.unit);
	lsk_can_free(can);
	lsk_can_free(other);
}
