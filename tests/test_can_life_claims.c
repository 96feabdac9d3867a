/* SPDX-License-Identifier: MIT */
/*
 * Claimed addresses of J1939 whose interface goes down, is deleted, made again, renamed
 * or moved. Each test has a network of its own; where the kernel has no J1939 it is
 * skipped and says so, and scenario can_life_sockets.sh runs it in a virtual machine.
 *
 *	the test's namespace: vcan0 ...        another one, to move to
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>

#include "tests/support/can_life.h"

#define UNIT_NAME 0x1111

struct claimer {
	struct lsk_j1939 *unit;
	sem_t held;
	int result;
};

static void note_claim(void *context, const struct lsk_j1939_claim *claim)
{
	struct claimer *claimer = context;

	if (claim->state == LSK_J1939_CLAIM_HELD)
		sem_post(&claimer->held);
}

static void *hold_claim(void *context)
{
	struct claimer *claimer = context;
	const struct lsk_j1939_claim_options options = {
		.timeout_ns = LSK_BLOCK,
		.changed = note_claim,
		.context = claimer,
	};
	struct lsk_j1939_claim claim;

	claimer->result = lsk_j1939_claim_init(&claim, UNIT_NAME, 0x40, 0x40, 0x50);
	if (claimer->result == 0)
		claimer->result = lsk_j1939_claim_run(&claim, claimer->unit, &options);
	return NULL;
}

/* Whether the kernel knows the name: it refuses to send for one that it does not. */
static void expect_claimed(struct claimer *claimer, const char *interface)
{
	static const struct lsk_j1939_place to = {.pgn = 0x12300, .address = 0x30};
	struct lsk_j1939_config config = {
		.interface = interface,
		.local = {.name = UNIT_NAME,
			  .pgn = LSK_J1939_NO_PGN,
			  .address = LSK_J1939_NO_ADDRESS},
	};
	struct lsk_j1939_message message;
	struct lsk_j1939 *peer, *named = NULL;
	char buf[8];
	int r;

	cr_assert_eq(sem_wait(&claimer->held), 0);
	peer = open_j1939_on(interface, 0x30);
	cr_assert_eq(lsk_j1939_open(&named, &config, NULL), 0);
	lsk_socket_set_timeout(lsk_j1939_socket(named), LONG);
	/*
	 * The kernel's quarter of a second began with the claim's echo, and the kernel
	 * tells nobody when its own timer is late: ask now and then. Asking without a
	 * pause would fill the kernel's log, which costs more time than there is.
	 */
	while ((r = lsk_j1939_send(named, &to, "hello", 5)) == -EADDRNOTAVAIL)
		poll(NULL, 0, 20);
	cr_assert_eq(r, 0, "%d", r);
	do {
		cr_assert_geq(lsk_j1939_receive(peer, buf, sizeof(buf), &message), 5);
	} while (message.from.pgn != to.pgn);
	cr_assert_eq(message.from.address, 0x40);
	cr_assert_eq(message.from.name, UNIT_NAME);
	lsk_j1939_free(named);
	lsk_j1939_free(peer);
}

struct claim_run {
	struct claimer claimer;
	pthread_t thread;
};

/* A thread claims an address on vcan0, and holds it. */
static void start_claim(struct claim_run *run)
{
	struct lsk_j1939_config config = {
		.interface = "vcan0",
		.local = {.name = UNIT_NAME,
			  .pgn = LSK_J1939_NO_PGN,
			  .address = LSK_J1939_IDLE_ADDRESS},
		.broadcast = true,
	};
	struct claimer *claimer = &run->claimer;
	int r = lsk_j1939_open(&claimer->unit, &config, NULL);

	if (r == -EPROTONOSUPPORT)
		cr_skip_test("no J1939 in this kernel");
	cr_assert_eq(r, 0, "%d", r);
	lsk_socket_set_timeout(lsk_j1939_socket(claimer->unit), LONG);
	cr_assert_eq(sem_init(&claimer->held, 0, 0), 0);
	cr_assert_eq(pthread_create(&run->thread, NULL, hold_claim, claimer), 0);
	expect_claimed(claimer, "vcan0");
}

static void end_claim(struct claim_run *run)
{
	lsk_socket_close(lsk_j1939_socket(run->claimer.unit));
	pthread_join(run->thread, NULL);
	cr_assert_eq(run->claimer.result, -EBADF, "%d", run->claimer.result);
	lsk_j1939_free(run->claimer.unit);
}

Test(can_life_claims, a_claim_survives_down_and_up_and_another_interface,
     .init = need_can, .timeout = 60)
{
	_cleanup_(closep) int here = open("/proc/thread-self/ns/net", O_RDONLY);
	struct claim_run run = {0};
	pthread_t deleter;

	start_claim(&run);
	set_up("vcan0", false);
	set_up("vcan0", true);
	expect_claimed(&run.claimer, "vcan0");
	cr_assert_eq(pthread_create(&deleter, NULL, delete_vcan0, &here), 0);
	pthread_join(deleter, NULL);
	make_vcan("vcan0");
	expect_claimed(&run.claimer, "vcan0");
	end_claim(&run);
	lsk_nl_close(nl);
}

Test(can_life_claims, a_claim_survives_a_new_name, .init = need_can, .timeout = 60)
{
	struct claim_run run = {0};

	start_claim(&run);
	set_up("vcan0", false);
	change_link("vcan0", "kitchen", -1);
	set_up("kitchen", true);
	expect_claimed(&run.claimer, "kitchen");
	/* And it is followed by this name from then on. */
	set_up("kitchen", false);
	set_up("kitchen", true);
	expect_claimed(&run.claimer, "kitchen");
	end_claim(&run);
	lsk_nl_close(nl);
}

Test(can_life_claims, a_claim_comes_back_with_its_interface, .init = need_can,
     .timeout = 60)
{
	struct journey journey = {
		.here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC),
		.there = lsk_netns_new(),
	};
	struct claim_run run = {0};
	pthread_t mover;

	start_claim(&run);
	cr_assert_eq(pthread_create(&mover, NULL, move_vcan0_away, &journey), 0);
	pthread_join(mover, NULL);
	cr_assert_eq(lsk_rtnl_link_index(nl, "vcan0"), -ENODEV);
	move_back(&journey);
	set_up("vcan0", true);
	expect_claimed(&run.claimer, "vcan0");
	end_claim(&run);
	lsk_nl_close(nl);
}
