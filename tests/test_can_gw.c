/* SPDX-License-Identifier: MIT */
/*
 * Rules of the kernel's gateway: what is added is listed, and does to frames what it
 * says. Each test has a network of its own; where the kernel has no CAN or no gateway
 * it is skipped and says so, and scenario can_gw.sh runs it in a virtual machine.
 *
 *	sender ---- vcan0 ---- gateway ---- vcan1 ---- receiver
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <linsock.h>

#include "tests/support/can.h"
#include "uring/util.h"

/* A namespace with two buses and what is on them. */
static struct {
	struct lsk_nl *nl;
	int from, to;
	struct lsk_can *sender, *receiver;
} world;

static void setup(void)
{
	struct lsk_nl_error error;
	int r;

	make_buses();
	cr_assert_eq(lsk_nl_open(&world.nl, NETLINK_ROUTE, NULL), 0);
	r = lsk_can_gw_flush(world.nl, &error);
	if (r == -EOPNOTSUPP)
		cr_skip_test("no gateway in this kernel: scenario can_gw.sh");
	cr_assert_eq(r, 0, "%d %s", r, error.message);
	world.to = lsk_rtnl_link_add(world.nl, "vcan", "vcan1", &error);
	cr_assert_gt(world.to, 0, "%s", error.message);
	world.from = lsk_rtnl_link_index(world.nl, "vcan0");
	run("ip link set vcan1 up");
	world.sender = open_on("vcan0");
	world.receiver = open_on("vcan1");
}

static void teardown(void)
{
	lsk_can_free(world.sender);
	lsk_can_free(world.receiver);
	lsk_nl_close(world.nl);
}

TestSuite(can_gw, .init = setup, .fini = teardown, .timeout = 100);

/* A rule from bus to bus whose frames programs see. */
static struct lsk_can_gw_rule rule_of(uint64_t has)
{
	return (struct lsk_can_gw_rule){
		.info = {.flags = CGW_FLAGS_CAN_ECHO},
		.has = has | LSK_SET(LSK_CAN_GW_SOURCE) |
		       LSK_SET(LSK_CAN_GW_DESTINATION),
		.source = (uint32_t)world.from,
		.destination = (uint32_t)world.to,
	};
}

static void add(const struct lsk_can_gw_rule *rule)
{
	struct lsk_nl_error error;
	int r = lsk_can_gw_add(world.nl, rule, &error);

	cr_assert_eq(r, 0, "%d %s", r, error.message);
}

/* The only rule that there is. */
static struct lsk_can_gw_rule listed(void)
{
	struct lsk_nl_dump *dump = NULL;
	struct lsk_can_gw_rule rule, none;

	cr_assert_eq(lsk_can_gw_dump(world.nl, &dump), 0);
	cr_assert_eq(lsk_can_gw_next(dump, &rule), 1);
	cr_assert_eq(lsk_can_gw_next(dump, &none), 0);
	lsk_nl_dump_end(dump, NULL);
	return rule;
}

/* What comes out of the gateway when @text goes in. */
static void expect(const char *text, const char *wanted)
{
	struct lsk_can_frame frame, expected;
	static struct lsk_can_record record;
	char seen[LSK_CAN_TEXT_MAX];

	cr_assert_eq(lsk_can_frame_parse(&frame, text, NULL), 0, "%s", text);
	cr_assert_eq(lsk_can_frame_parse(&expected, wanted, NULL), 0, "%s", wanted);
	cr_assert_eq(lsk_can_send(world.sender, &frame, 1, NULL), 0);
	cr_assert_eq(lsk_can_receive(world.receiver, &record, 1), 1);
	lsk_can_frame_format(&record.frame, LSK_CAN_FORMAT_PLAIN, seen, sizeof(seen));
	cr_assert(lsk_can_frame_equal(&record.frame, &expected), "%s, not %s", seen,
		  wanted);
}

static void remove_rule(const struct lsk_can_gw_rule *rule)
{
	struct lsk_nl_error error;
	int r = lsk_can_gw_delete(world.nl, rule, &error);

	cr_assert_eq(r, 0, "%d %s", r, error.message);
}

/* What a mask of 30F and of 0F in every byte makes of a frame. */
struct change {
	enum lsk_can_gw_bit bit;
	const char *in;
	const char *out;
};

static struct cgw_frame_mod *change_of(struct lsk_can_gw_rule *rule, int bit)
{
	struct cgw_frame_mod *const changes[] = {
		[LSK_CAN_GW_AND] = &rule->and_mask,
		[LSK_CAN_GW_OR] = &rule->or_mask,
		[LSK_CAN_GW_XOR] = &rule->xor_mask,
		[LSK_CAN_GW_SET] = &rule->set,
	};

	return changes[bit];
}

Test(can_gw, identifier_and_data_are_changed_in_four_ways)
{
	static const struct change changes[] = {
		{LSK_CAN_GW_AND, "7F1#1122334455667788", "301#0102030405060708"},
		{LSK_CAN_GW_OR, "011#1122334455667788", "31F#1F2F3F4F5F6F7F8F"},
		{LSK_CAN_GW_XOR, "7F1#1122334455667788", "4FE#1E2D3C4B5A697887"},
		{LSK_CAN_GW_SET, "7F1#1122334455667788", "30F#0F0F0F0F0F0F0F0F"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct lsk_can_gw_rule rule = rule_of(LSK_SET(changes[i].bit));
		struct cgw_frame_mod *change = change_of(&rule, changes[i].bit);
		struct lsk_can_gw_rule seen;

		change->cf.can_id = 0x30F;
		change->modtype = CGW_MOD_ID | CGW_MOD_DATA;
		memset(change->cf.data, 0x0F, sizeof(change->cf.data));
		add(&rule);
		expect(changes[i].in, changes[i].out);
		seen = listed();
		cr_assert(LSK_HAS(&seen, changes[i].bit));
		cr_assert_eq(memcmp(change_of(&seen, changes[i].bit), change,
				    sizeof(*change)),
			     0);
		cr_assert_eq(seen.handled, 1, "%u", seen.handled);
		cr_assert_eq(seen.dropped, 0);
		remove_rule(&rule);
	}
}

Test(can_gw, a_length_is_changed_in_four_ways)
{
	static const struct change changes[] = {
		{LSK_CAN_GW_AND, "123#11223344556677", "123#112233"},
		{LSK_CAN_GW_OR, "123#1122334455", "123#11223344550000"},
		{LSK_CAN_GW_XOR, "123#112233445566", "123#1122334455"},
		{LSK_CAN_GW_SET, "123#1122334455667788", "123#112233"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct lsk_can_gw_rule rule = rule_of(LSK_SET(changes[i].bit));

		change_of(&rule, changes[i].bit)->cf.len = 3;
		change_of(&rule, changes[i].bit)->modtype = CGW_MOD_DLC;
		add(&rule);
		expect(changes[i].in, changes[i].out);
		remove_rule(&rule);
	}
}

/* The kernel looks at them only where something is changed. */
static struct lsk_can_gw_rule rule_with_checksum(enum lsk_can_gw_bit bit)
{
	struct lsk_can_gw_rule rule = rule_of(LSK_SET(bit) | LSK_SET(LSK_CAN_GW_SET));

	rule.set.modtype = CGW_MOD_ID;
	rule.set.cf.can_id = 0x124;
	return rule;
}

Test(can_gw, checksums_are_written_behind_a_change)
{
	struct lsk_can_gw_rule rule = rule_with_checksum(LSK_CAN_GW_CHECKSUM_XOR);

	rule.checksum_xor = (struct cgw_csum_xor){0, 2, 3, 0};
	add(&rule);
	expect("123#01020400", "124#01020407");
	remove_rule(&rule);
	rule.checksum_xor = (struct cgw_csum_xor){-4, -2, -1, 0x10};
	add(&rule);
	expect("123#AA01020400", "124#AA01020417");
	cr_assert_eq(listed().checksum_xor.result_idx, -1);
	remove_rule(&rule);

	/* With this table it is an exclusive or, too. */
	rule = rule_with_checksum(LSK_CAN_GW_CHECKSUM_CRC8);
	rule.checksum_crc8 = (struct cgw_csum_crc8){
		.from_idx = 0, .to_idx = 2, .result_idx = 3, .final_xor_val = 0xFF};
	for (unsigned int i = 0; i < 256; i++)
		rule.checksum_crc8.crctab[i] = (__u8)i;
	add(&rule);
	expect("123#01020400", "124#010204F8");
	cr_assert_eq(listed().checksum_crc8.crctab[255], 255);
}

Test(can_gw, fd_frames_have_changes_of_their_own)
{
	struct lsk_can_gw_rule rule =
		rule_of(LSK_SET(LSK_CAN_GW_FD_XOR) | LSK_SET(LSK_CAN_GW_FD_SET));
	struct lsk_can_gw_rule seen;

	rule.info.flags |= CGW_FLAGS_CAN_FD;
	rule.fd_xor_mask.modtype = CGW_MOD_DATA;
	memset(rule.fd_xor_mask.cf.data, 0xFF, sizeof(rule.fd_xor_mask.cf.data));
	rule.fd_set.modtype = CGW_MOD_ID | CGW_MOD_FLAGS;
	rule.fd_set.cf.can_id = 0x456;
	rule.fd_set.cf.flags = CANFD_ESI;
	add(&rule);
	expect("123##1112233445566778899AABBCC", "456##2EEDDCCBBAA99887766554433");
	seen = listed();
	cr_assert(LSK_HAS(&seen, LSK_CAN_GW_FD_XOR));
	cr_assert_eq(seen.fd_set.cf.can_id, 0x456);
	cr_assert(seen.info.flags & CGW_FLAGS_CAN_FD);
}

static struct cgw_fdframe_mod *fd_change_of(struct lsk_can_gw_rule *rule, int bit)
{
	struct cgw_fdframe_mod *const changes[] = {
		[LSK_CAN_GW_FD_AND] = &rule->fd_and_mask,
		[LSK_CAN_GW_FD_OR] = &rule->fd_or_mask,
		[LSK_CAN_GW_FD_XOR] = &rule->fd_xor_mask,
		[LSK_CAN_GW_FD_SET] = &rule->fd_set,
	};

	return changes[bit];
}

Test(can_gw, fd_frames_are_changed_in_four_ways)
{
	static const struct change changes[] = {
		{LSK_CAN_GW_FD_AND, "7F1##3112233445566778899AABBCC",
		 "301##10102030405060708090A0B0C"},
		{LSK_CAN_GW_FD_OR, "011##0112233445566778899AA",
		 "31F##11F2F3F4F5F6F7F8F9FAF0F0F"},
		{LSK_CAN_GW_FD_XOR, "7F1##31122", "4FE##21E2D"},
		{LSK_CAN_GW_FD_SET, "7F1##01122", "30F##10F0F"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct lsk_can_gw_rule rule = rule_of(LSK_SET(changes[i].bit));
		struct cgw_fdframe_mod *change = fd_change_of(&rule, changes[i].bit);
		struct lsk_can_gw_rule seen;

		rule.info.flags |= CGW_FLAGS_CAN_FD;
		change->cf.can_id = 0x30F;
		change->cf.flags = CANFD_BRS;
		change->modtype = CGW_MOD_ID | CGW_MOD_DATA | CGW_MOD_FLAGS;
		memset(change->cf.data, 0x0F, sizeof(change->cf.data));
		add(&rule);
		expect(changes[i].in, changes[i].out);
		seen = listed();
		cr_assert_eq(memcmp(fd_change_of(&seen, changes[i].bit), change,
				    sizeof(*change)),
			     0);
		remove_rule(&rule);
	}
}

Test(can_gw, a_checksum_takes_more_bytes_by_its_profile)
{
	static const struct {
		uint8_t profile;
		uint8_t data[20];
		const char *out;
	} profiles[] = {
		{CGW_CRC8PRF_1U8, {0x2B}, "124#010204D3"},
		{CGW_CRC8PRF_16U8, {0x00, 0x11, 0x22, 0x33}, "124#010204DA"},
		{CGW_CRC8PRF_SFFID_XOR, {0}, "124#010204DD"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		struct lsk_can_gw_rule rule =
			rule_with_checksum(LSK_CAN_GW_CHECKSUM_CRC8);

		rule.checksum_crc8 = (struct cgw_csum_crc8){
			.to_idx = 2, .result_idx = 3, .final_xor_val = 0xFF};
		rule.checksum_crc8.profile = profiles[i].profile;
		memcpy(rule.checksum_crc8.profile_data, profiles[i].data,
		       sizeof(profiles[i].data));
		for (unsigned int j = 0; j < 256; j++)
			rule.checksum_crc8.crctab[j] = (__u8)j;
		add(&rule);
		expect("123#01020400", profiles[i].out);
		cr_assert_eq(listed().checksum_crc8.profile, profiles[i].profile);
		remove_rule(&rule);
	}
}

/* A frame that goes back to its bus is one that the rule takes again, once. */
Test(can_gw, frames_go_back_where_allowed_and_so_often)
{
	struct lsk_can_gw_rule rule = rule_of(LSK_SET(LSK_CAN_GW_SET));
	struct lsk_can *back = open_on("vcan0");
	struct lsk_can_record record;
	struct lsk_can_frame frame;
	int r;

	rule.destination = rule.source;
	rule.set.modtype = CGW_MOD_ID;
	rule.set.cf.can_id = 0x555;
	cr_assert_eq(lsk_can_frame_parse(&frame, "123#01", NULL), 0);
	r = lsk_can_gw_add(world.nl, &rule, NULL);
	cr_assert(r == 0 || r == -EINVAL, "%d", r);
	/* Linux 6.1 takes such a rule, and does nothing by it. */
	if (r == 0) {
		cr_assert_eq(lsk_can_send(world.sender, &frame, 1, NULL), 0);
		cr_assert_eq(listed().handled, 0);
		remove_rule(&rule);
	}
	rule.info.flags |= CGW_FLAGS_CAN_IIF_TX_OK | CGW_FLAGS_CAN_SRC_TSTAMP;
	add(&rule);
	cr_assert_eq(lsk_can_send(world.sender, &frame, 1, NULL), 0);
	cr_assert_eq(lsk_can_receive(back, &record, 1), 1);
	cr_assert_eq(record.frame.id, 0x123);
	do {
		cr_assert_eq(lsk_can_receive(back, &record, 1), 1);
	} while (record.frame.id == 0x123);
	cr_assert_eq(record.frame.id, 0x555, "%X", record.frame.id);
	while (listed().deleted == 0)
		poll(NULL, 0, 1);
	cr_assert(listed().info.flags & CGW_FLAGS_CAN_IIF_TX_OK);
	cr_assert(listed().info.flags & CGW_FLAGS_CAN_SRC_TSTAMP);
	lsk_can_free(back);
}

Test(can_gw, of_several_rules_each_is_listed_and_one_is_deleted)
{
	struct lsk_can_gw_rule rules[3], seen;
	struct lsk_nl_dump *dump = NULL;
	unsigned int left = 0;

	for (unsigned int i = 0; i < 3; i++) {
		rules[i] = rule_of(LSK_SET(LSK_CAN_GW_FILTER));
		rules[i].filter = (struct can_filter){0x100 * (i + 1), 0x700};
		add(&rules[i]);
	}
	remove_rule(&rules[1]);
	cr_assert_eq(lsk_can_gw_dump(world.nl, &dump), 0);
	while (lsk_can_gw_next(dump, &seen) == 1)
		left |= 1u << (seen.filter.can_id >> 8);
	lsk_nl_dump_end(dump, NULL);
	cr_assert_eq(left, 1u << 1 | 1u << 3, "%X", left);
	expect("323#01", "323#01");
}

Test(can_gw, a_filter_takes_what_it_names_and_a_uid_changes_in_place)
{
	struct lsk_can_gw_rule rule =
		rule_of(LSK_SET(LSK_CAN_GW_FILTER) | LSK_SET(LSK_CAN_GW_UID) |
			LSK_SET(LSK_CAN_GW_HOPS) | LSK_SET(LSK_CAN_GW_SET));
	struct lsk_can_gw_rule seen;
	struct lsk_can_frame other;

	rule.filter = (struct can_filter){0x200, 0x700};
	rule.uid = 7;
	rule.hops = 1;
	rule.set.modtype = CGW_MOD_ID;
	rule.set.cf.can_id = 0x555;
	add(&rule);
	cr_assert_eq(lsk_can_frame_parse(&other, "123#01", NULL), 0);
	cr_assert_eq(lsk_can_send(world.sender, &other, 1, NULL), 0);
	expect("212#02", "555#02");
	rule.set.cf.can_id = 0x444;
	add(&rule);
	expect("212#03", "444#03");
	seen = listed();
	cr_assert_eq(seen.uid, 7);
	cr_assert_eq(seen.hops, 1);
	cr_assert_eq(seen.filter.can_id, 0x200);
	cr_assert_eq(seen.filter.can_mask, 0x700);
	cr_assert_eq(seen.source, (uint32_t)world.from);
	cr_assert_eq(seen.destination, (uint32_t)world.to);
}

Test(can_gw, what_cannot_be_is_refused)
{
	struct lsk_can_gw_rule rule = rule_with_checksum(LSK_CAN_GW_CHECKSUM_XOR);
	struct lsk_nl_dump *dump = NULL;
	struct lsk_nl_error error;

	/* A checksum at a byte that no frame has; a bus that is none. */
	rule.checksum_xor.result_idx = 9;
	cr_assert_eq(lsk_can_gw_add(world.nl, &rule, &error), -EINVAL);
	rule = rule_of(0);
	rule.source = 1;
	cr_assert_eq(lsk_can_gw_add(world.nl, &rule, &error), -ENODEV);
	rule = rule_of(0);
	cr_assert_eq(lsk_can_gw_delete(world.nl, &rule, &error), -EINVAL);
	add(&rule);
	cr_assert_eq(lsk_can_gw_flush(world.nl, &error), 0);
	cr_assert_eq(lsk_can_gw_dump(world.nl, &dump), 0);
	cr_assert_eq(lsk_can_gw_next(dump, &rule), 0);
	lsk_nl_dump_end(dump, NULL);
}
