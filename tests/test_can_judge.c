/* SPDX-License-Identifier: MIT */
/*
 * The judge of more filters than the kernel takes, and the socket filter that it hands
 * to the kernel, both against lsk_can_filter_match(), filter by filter. A datagram
 * socket of AF_UNIX has socket filters as one of CAN has, and needs no module.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/can.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "families/can_judge.h"
#include "uring/util.h"

#define FILTERS 1500
#define FRAMES  400

/* A generator of numbers that are the same on every run. */
static uint32_t next_number(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 32);
}

static bool passes_one_by_one(const struct lsk_can_config *config,
			      const struct lsk_can_frame *frame)
{
	size_t passed = 0;

	for (size_t i = 0; i < config->filter_count; i++)
		passed += lsk_can_filter_match(&config->filters[i], frame);
	return config->join_filters ? passed == config->filter_count : passed > 0;
}

/* What a set of filters is made of. */
struct shape {
	const char *name;
	size_t count;
	uint32_t masks[5];
	size_t mask_count;
	unsigned int inverted_of_100;
	bool join;
};

static const struct shape shapes[] = {
	{"exact", FILTERS, {0xFFFFFFFF, 0xC00007FF}, 2, 0, false},
	{"plain", FILTERS, {0x1FFFFFFF, 0x7FF, 0x80000000 | 0x1FFFFFFF}, 3, 0, false},
	{"by group",
	 FILTERS,
	 {0x00FFFF00, 0x9FFF0000, 0xC00007F0, 0xFFFFFFFF, 0x60000000},
	 4,
	 0,
	 false},
	{"one inverted", 1, {0x9FFFFFFF}, 1, 100, false},
	{"two inverted", 2, {0x9FFFFFFF}, 1, 100, false},
	{"inverted, by masks", 3, {0x80000400, 0x1FFFFFFF, 0x7FF}, 3, 100, false},
	{"joined and inverted", FILTERS, {0x9FFFFFFF, 0x7FF, 0xDFFFFFF0}, 3, 100, true},
	{"joined", 2, {0x00000001, 0x00000100}, 2, 0, true},
	{"joined, of 29 bits", 2, {0x80000001}, 1, 50, true},
	{"joined, in contradiction", FILTERS, {0x9FFFFFFF}, 1, 0, true},
	{"everything", FILTERS, {0, 0xFFFFFFFF}, 2, 0, false},
};

static void make_filters(const struct shape *shape, uint64_t *state,
			 struct lsk_can_filter *filters)
{
	for (size_t i = 0; i < shape->count; i++) {
		uint32_t id = next_number(state);

		/* Many of 11 bits, and many that differ in little. */
		id &= next_number(state) % 2 ? 0xC00007FF : 0xDFFF00FF;
		id &= ~CAN_INV_FILTER;
		if (next_number(state) % 100 < shape->inverted_of_100)
			id |= CAN_INV_FILTER;
		filters[i] = (struct lsk_can_filter){
			id, shape->masks[next_number(state) % shape->mask_count]};
	}
}

/* A frame that some filter might mean, or any. */
static void make_frame(const struct shape *shape, uint64_t *state,
		       const struct lsk_can_filter *filters,
		       struct lsk_can_frame *frame)
{
	uint32_t id = filters[next_number(state) % shape->count].id;

	memset(frame, 0, sizeof(*frame));
	if (next_number(state) % 4 == 0)
		id = next_number(state);
	if (next_number(state) % 4 == 0)
		id ^= 1u << next_number(state) % 29;
	frame->is_extended = id & CAN_EFF_FLAG;
	frame->is_remote = id & CAN_RTR_FLAG;
	frame->id = id & (frame->is_extended ? CAN_EFF_MASK : CAN_SFF_MASK);
	frame->len = next_number(state) % 9;
	if (!frame->is_remote && next_number(state) % 4 == 0)
		frame->kind = LSK_CAN_FD;
	if (next_number(state) % 16 == 0)
		*frame = (struct lsk_can_frame){
			.id = id & LSK_CAN_ID_MAX,
			.kind = LSK_CAN_XL,
			.flags = LSK_CANXL_XLF,
			.vcid = (uint8_t)(id >> 16),
			.len = 1 + next_number(state) % 90,
		};
}

/* A pair of sockets of which the second has the judge's program. */
static void open_pair(int *pair, const struct can_judge *judge, bool with_extended)
{
	static struct sock_filter instructions[CAN_PROGRAM_MAX];
	struct sock_fprog program = {.filter = instructions};
	int length = can_program_write(judge, with_extended, instructions);

	cr_assert_gt(length, 0, "%d", length);
	program.len = (unsigned short)length;
	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	if (setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0)
		cr_skip_test("no socket filter of %d instructions here: %m", length);
}

static void close_pair(const int *pair)
{
	close(pair[0]);
	close(pair[1]);
}

/* Whether the kernel's filter lets the frame through. */
static bool gets_through(const int *pair, const struct lsk_can_frame *frame)
{
	static unsigned char bytes[LSK_CANXL_MTU];
	int size = lsk_can_frame_to_kernel(frame, bytes, sizeof(bytes));
	ssize_t got;

	cr_assert_gt(size, 0);
	cr_assert_eq(send(pair[0], bytes, (size_t)size, 0), size);
	got = recv(pair[1], bytes, sizeof(bytes), MSG_DONTWAIT);
	cr_assert(got == size || got < 0, "%zd of %d", got, size);
	return got == size;
}

static void compare(const struct shape *shape, bool with_extended)
{
	static struct lsk_can_filter filters[FILTERS];
	static struct lsk_can_frame frame;
	struct lsk_can_config config = {.filters = filters,
					.filter_count = shape->count,
					.join_filters = shape->join};
	struct can_judge judge = {0};
	uint64_t state = 1;
	int pair[2];

	make_filters(shape, &state, filters);
	cr_assert_eq(can_judge_init(&judge, &config), 0);
	open_pair(pair, &judge, with_extended);
	for (size_t i = 0; i < FRAMES; i++) {
		bool expected, by_kernel;

		make_frame(shape, &state, filters, &frame);
		expected = passes_one_by_one(&config, &frame);
		cr_assert_eq(can_judge_passes(&judge, &frame), expected,
			     "%s: judge, frame %zu: %X", shape->name, i, frame.id);
		by_kernel = gets_through(pair, &frame);
		/* What is not the program's to judge gets through. */
		if (frame.kind == LSK_CAN_XL || (frame.is_extended && !with_extended))
			expected = true;
		cr_assert_eq(by_kernel, expected, "%s: program, frame %zu: %X",
			     shape->name, i, frame.id);
	}
	close_pair(pair);
	can_judge_done(&judge);
}

Test(can_judge, judge_and_program_pass_what_the_filters_pass, .timeout = 120)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		compare(&shapes[i], true);
}

Test(can_judge, a_program_of_11_bits_leaves_the_rest_to_the_judge, .timeout = 120)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		compare(&shapes[i], false);
}

/* Every other identifier of 11 bits, remote or not: 128 words, all of them mixed. */
Test(can_judge, every_identifier_of_11_bits_is_judged, .timeout = 120)
{
	static struct lsk_can_filter filters[LSK_CAN_ID_MAX + 1];
	struct lsk_can_config config = {.filters = filters,
					.filter_count = ARRAY_SIZE(filters)};
	struct lsk_can_frame frame = {0};
	struct can_judge judge = {0};
	int pair[2];

	for (uint32_t i = 0; i < ARRAY_SIZE(filters); i++)
		filters[i] = (struct lsk_can_filter){
			(i * 7 & LSK_CAN_ID_MAX & ~1u) | (i & 1 ? CAN_RTR_FLAG : 0),
			CAN_EFF_FLAG | CAN_RTR_FLAG | CAN_SFF_MASK};
	cr_assert_eq(can_judge_init(&judge, &config), 0);
	open_pair(pair, &judge, true);
	for (uint32_t i = 0; i <= 2 * LSK_CAN_ID_MAX + 1; i++) {
		bool expected;

		frame.id = i & LSK_CAN_ID_MAX;
		frame.is_remote = i > LSK_CAN_ID_MAX;
		expected = passes_one_by_one(&config, &frame);
		cr_assert_eq(gets_through(pair, &frame), expected, "%X", i);
		cr_assert_eq(can_judge_passes(&judge, &frame), expected, "%X", i);
	}
	close_pair(pair);
	can_judge_done(&judge);
}

Test(can_judge, an_error_frame_passes_whatever_the_filters_say)
{
	struct lsk_can_filter nothing = {0x123, 0xFFFFFFFF};
	struct lsk_can_config config = {.filters = &nothing, .filter_count = 1};
	struct lsk_can_frame frame = {.id = 0x40, .kind = LSK_CAN_ERROR, .len = 8};
	struct can_judge judge = {0};
	int pair[2];

	cr_assert_eq(can_judge_init(&judge, &config), 0);
	open_pair(pair, &judge, true);
	cr_assert(gets_through(pair, &frame));
	cr_assert(can_judge_passes(&judge, &frame));
	frame.kind = LSK_CAN_CLASSIC;
	cr_assert(!gets_through(pair, &frame));
	cr_assert(!can_judge_passes(&judge, &frame));
	close_pair(pair);
	can_judge_done(&judge);
}

Test(can_judge, more_than_a_program_holds_is_told)
{
	static struct sock_filter instructions[CAN_PROGRAM_MAX];
	enum { COUNT = 5000 };
	static struct lsk_can_filter filters[COUNT];
	struct lsk_can_config config = {.filters = filters, .filter_count = COUNT};
	struct can_judge judge = {0};

	for (uint32_t i = 0; i < COUNT; i++)
		filters[i] = (struct lsk_can_filter){CAN_EFF_FLAG | i * 7919,
						     CAN_EFF_FLAG | CAN_EFF_MASK};
	cr_assert_eq(can_judge_init(&judge, &config), 0);
	cr_assert_eq(can_program_write(&judge, true, instructions), -ENOSPC);
	cr_assert_gt(can_program_write(&judge, false, instructions), 0);
	can_judge_done(&judge);
}
