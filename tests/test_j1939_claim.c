/* SPDX-License-Identifier: MIT */
/* The machine that claims addresses, without a bus; and the numbers of groups. */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include <linsock/j1939.h>

#define MSEC INT64_C(1000000)

static struct lsk_j1939_claim started(uint64_t name)
{
	struct lsk_j1939_claim claim;

	cr_assert_eq(lsk_j1939_claim_init(&claim, name, 0x80, 0x80, 0x82), 0);
	cr_assert_eq(lsk_j1939_claim_start(&claim, 0), LSK_J1939_CLAIM_SEND);
	cr_assert_eq(claim.address, 0x80);
	return claim;
}

Test(j1939_claim, an_address_is_held_when_nobody_objects)
{
	struct lsk_j1939_claim claim = started(100);

	cr_assert_eq(claim.state, LSK_J1939_CLAIM_WAITING);
	cr_assert_eq(lsk_j1939_claim_expired(&claim, 299 * MSEC),
		     LSK_J1939_CLAIM_NOTHING);
	cr_assert_eq(lsk_j1939_claim_expired(&claim, 300 * MSEC),
		     LSK_J1939_CLAIM_READY);
	cr_assert_eq(claim.state, LSK_J1939_CLAIM_HELD);
	cr_assert_eq(lsk_j1939_claim_requested(&claim), LSK_J1939_CLAIM_SEND);
}

Test(j1939_claim, a_larger_name_is_told_off)
{
	struct lsk_j1939_claim claim = started(100);

	cr_assert_eq(lsk_j1939_claim_heard(&claim, 200, 0x80, 0), LSK_J1939_CLAIM_SEND);
	cr_assert_eq(claim.address, 0x80);
	cr_assert_eq(lsk_j1939_claim_heard(&claim, 200, 0x81, 0),
		     LSK_J1939_CLAIM_NOTHING);
	cr_assert_eq(lsk_j1939_claim_heard(&claim, 100, 0x80, 0),
		     LSK_J1939_CLAIM_NOTHING, "our own");
}

Test(j1939_claim, a_smaller_name_makes_us_move_until_nothing_is_left)
{
	struct lsk_j1939_claim claim = started(100);

	cr_assert_eq(lsk_j1939_claim_heard(&claim, 1, 0x80, MSEC),
		     LSK_J1939_CLAIM_SEND);
	cr_assert_eq(claim.address, 0x81);
	cr_assert_eq(claim.deadline_ns, 301 * MSEC);
	cr_assert_eq(lsk_j1939_claim_heard(&claim, 2, 0x82, MSEC),
		     LSK_J1939_CLAIM_NOTHING);
	cr_assert_eq(lsk_j1939_claim_heard(&claim, 3, 0x81, MSEC),
		     LSK_J1939_CLAIM_SEND_LOST);
	cr_assert_eq(claim.state, LSK_J1939_CLAIM_LOST);
	cr_assert_eq(claim.address, LSK_J1939_IDLE_ADDRESS);
	cr_assert_eq(lsk_j1939_claim_requested(&claim), LSK_J1939_CLAIM_SEND_LOST);
	/* One of them moves away; after an interruption its address is to be had. */
	cr_assert_eq(lsk_j1939_claim_heard(&claim, 1, 0x10, MSEC),
		     LSK_J1939_CLAIM_NOTHING);
	cr_assert_eq(lsk_j1939_claim_start(&claim, MSEC), LSK_J1939_CLAIM_SEND);
	cr_assert_eq(claim.address, 0x80);
}

Test(j1939_claim, misuse_is_refused)
{
	struct lsk_j1939_claim claim;

	cr_assert_eq(lsk_j1939_claim_init(NULL, 1, 1, 1, 1), -EINVAL);
	cr_assert_eq(lsk_j1939_claim_init(&claim, 0, 1, 1, 1), -EINVAL);
	cr_assert_eq(lsk_j1939_claim_init(&claim, 1, 1, 2, 1), LSK_ERR_RANGE);
	cr_assert_eq(lsk_j1939_claim_init(&claim, 1, 1, 1, 0xFE), LSK_ERR_RANGE);
	cr_assert_eq(lsk_j1939_claim_init(&claim, 1, 0xFF, 1, 1), LSK_ERR_RANGE);
	cr_assert_eq(lsk_j1939_claim_start(NULL, 0), -EINVAL);
	cr_assert_eq(lsk_j1939_claim_heard(NULL, 1, 1, 0), -EINVAL);
	cr_assert_eq(lsk_j1939_claim_expired(NULL, 0), -EINVAL);
	cr_assert_eq(lsk_j1939_claim_requested(NULL), -EINVAL);
	cr_assert_eq(lsk_j1939_claim_run(NULL, NULL, NULL), -EINVAL);
}

Test(j1939_claim, groups_are_checked)
{
	cr_assert_eq(lsk_j1939_pgn_check(0xEE00), 0);
	cr_assert_eq(lsk_j1939_pgn_check(0xEE01), LSK_ERR_RANGE);
	cr_assert_eq(lsk_j1939_pgn_check(0xFECA), 0);
	cr_assert_eq(lsk_j1939_pgn_check(0x3FFFF), 0);
	cr_assert_eq(lsk_j1939_pgn_check(0x40000), LSK_ERR_RANGE);
	cr_assert(lsk_j1939_pgn_is_addressed(0xEF00));
	cr_assert(!lsk_j1939_pgn_is_addressed(0xF004));
}

Test(j1939_name, fields_are_packed_as_the_standard_has_them)
{
	static const struct lsk_j1939_name fields = {
		.identity = 0x12345,
		.manufacturer = 0x321,
		.ecu_instance = 5,
		.function_instance = 0x11,
		.function = 0xAB,
		.vehicle_system = 0x55,
		.vehicle_system_instance = 0xC,
		.industry_group = 2,
		.may_move = true,
	};
	struct lsk_j1939_name seen = fields;
	uint64_t name = 0;

	cr_assert_eq(lsk_j1939_name_pack(&fields, &name), 0);
	cr_assert_eq(name, UINT64_C(0xACAAAB8D64212345), "%llx",
		     (unsigned long long)name);
	memset(&seen, 0xFF, sizeof(seen));
	cr_assert_eq(lsk_j1939_name_unpack(name, &seen), 0);
	cr_assert_eq(seen.identity, fields.identity);
	cr_assert_eq(seen.manufacturer, fields.manufacturer);
	cr_assert_eq(seen.ecu_instance, fields.ecu_instance);
	cr_assert_eq(seen.function_instance, fields.function_instance);
	cr_assert_eq(seen.function, fields.function);
	cr_assert_eq(seen.vehicle_system, fields.vehicle_system);
	cr_assert_eq(seen.vehicle_system_instance, fields.vehicle_system_instance);
	cr_assert_eq(seen.industry_group, fields.industry_group);
	cr_assert(seen.may_move);
	seen.industry_group = 8;
	cr_assert_eq(lsk_j1939_name_pack(&seen, &name), LSK_ERR_RANGE);
	cr_assert_eq(lsk_j1939_name_pack(NULL, &name), -EINVAL);
	cr_assert_eq(lsk_j1939_name_unpack(name, NULL), -EINVAL);
}
