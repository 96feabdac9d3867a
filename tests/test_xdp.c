/* SPDX-License-Identifier: MIT */
/*
 * AF_XDP by copying, over a pair of virtual cables in a namespace of the test's own:
 *
 *	v0, queue 0: sends ======== v1, queue 0: a program hands frames to its socket
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include <linsock/message.h>
#include <linsock/xdp.h>

#include "tests/support/netns.h"

#define SECOND  LSK_NSEC_PER_SEC
#define BATCH   64
#define ENDLESS 1000000

struct world {
	unsigned int interfaces[2];
	struct lsk_xdp *sender, *receiver;
	struct lsk_xdp_program *program;
};

/* An Ethernet frame of an experimental protocol, which only the test sends. */
struct frame {
	uint8_t to[6], from[6];
	uint8_t protocol[2];
	uint32_t number;
	uint8_t bytes[82];
};

static struct frame frame_of(uint32_t number)
{
	struct frame frame = {.protocol = {0x88, 0xb5}, .number = number};

	memset(frame.to, 0xff, sizeof(frame.to));
	memset(frame.bytes, (int)number, sizeof(frame.bytes));
	return frame;
}

static void make_cable(struct world *world)
{
	struct lsk_rtnl_link link = {
		.has = LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_KIND),
		.name = "v0",
		.kind = "veth",
	};
	struct lsk_rtnl_link peer = {.has = LSK_SET(LSK_LINK_NAME), .name = "v1"};
	struct lsk_nl *nl = netns_handle();
	int r = lsk_rtnl_link_create(nl, &link, NULL, &peer, NULL);

	if (r == -EOPNOTSUPP)
		cr_skip_test("no veth in this kernel");
	cr_assert_eq(r, 0, "%d", r);
	for (int i = 0; i < 2; i++) {
		int index = lsk_rtnl_link_index(nl, i == 0 ? "v0" : "v1");

		cr_assert_gt(index, 0);
		cr_assert_eq(lsk_rtnl_link_set_up(nl, index, true, NULL), 0);
		world->interfaces[i] = (unsigned int)index;
	}
	lsk_nl_close(nl);
}

static struct lsk_xdp *open_xdp(unsigned int interface, uint32_t frames)
{
	const struct lsk_xdp_options options = {
		.interface = interface, .flags = LSK_XDP_COPY, .frames = frames};
	struct lsk_xdp *xdp;
	int r = lsk_xdp_new(&xdp, &options);

	if (r == -EAFNOSUPPORT || r == -EPERM)
		cr_skip_test("no AF_XDP here: %s", lsk_error_name(r));
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_socket_set_timeout(lsk_xdp_socket(xdp), 60 * SECOND), 0);
	return xdp;
}

/* The number of a frame of ours, or -1: the kernel sends some of its own. */
static int64_t number_of(const struct lsk_xdp_frame *frame)
{
	struct frame found, wanted;

	if (frame->len != sizeof(found))
		return -1;
	memcpy(&found, frame->data, sizeof(found));
	wanted = frame_of(found.number);
	return memcmp(&found, &wanted, sizeof(found)) == 0 ? (int64_t)found.number : -1;
}

static void send_numbers(struct lsk_xdp *xdp, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++) {
		struct frame frame = frame_of(i);
		const struct iovec part = {&frame, sizeof(frame)};

		cr_assert_eq(lsk_xdp_send(xdp, &part, 1), 1);
	}
}

/* Until the cable carries, frames are lost in silence: the first that comes says that
 * it does. Those of this kind that follow are told by their number. */
static void make_world(struct world *world, uint32_t frames)
{
	int r, heard = 0;

	make_cable(world);
	world->sender = open_xdp(world->interfaces[0], 64);
	world->receiver = open_xdp(world->interfaces[1], frames);
	r = lsk_xdp_program_new(&world->program, world->interfaces[1], 0);
	if (r == -EPERM || r == -ENOSYS)
		cr_skip_test("no programs here: %s", lsk_error_name(r));
	cr_assert_eq(r, 0, "%d", r);
	cr_assert_eq(lsk_xdp_program_add(world->program, world->receiver), 0);
	cr_assert_eq(
		lsk_socket_set_timeout(lsk_xdp_socket(world->receiver), SECOND / 10),
		0);
	for (int i = 0; i < 200 && !heard; i++) {
		struct lsk_xdp_frame frame;
		ssize_t count;

		send_numbers(world->sender, ENDLESS, 1);
		count = lsk_xdp_receive(world->receiver, &frame, 1);
		if (count == 1) {
			heard = number_of(&frame) == ENDLESS;
			lsk_xdp_release(world->receiver, &frame, 1);
		}
	}
	cr_assert(heard, "the cable does not carry");
	cr_assert_eq(
		lsk_socket_set_timeout(lsk_xdp_socket(world->receiver), 60 * SECOND),
		0);
}

static void free_world(struct world *world)
{
	lsk_xdp_program_free(world->program);
	lsk_xdp_free(world->sender);
	lsk_xdp_free(world->receiver);
}

Test(xdp, frames_are_sent_and_received_in_order, .timeout = 60)
{
	struct lsk_xdp_frame frames[BATCH];
	struct lsk_xdp_statistics statistics;
	uint32_t next = 0, sent = 0;
	struct world world;

	make_world(&world, 256);
	/* More than there are frames of either side, so that all come round. */
	while (next < 1000) {
		ssize_t count;

		if (sent - next < 32 && sent < 1000) {
			send_numbers(world.sender, sent, 16);
			sent += 16;
		}
		count = lsk_xdp_receive(world.receiver, frames, BATCH);
		cr_assert_gt(count, 0, "%zd", count);
		for (ssize_t i = 0; i < count; i++) {
			int64_t number = number_of(&frames[i]);

			if (number < 0 || number == ENDLESS)
				continue;
			cr_assert_eq(number, next, "%lld", (long long)number);
			next++;
		}
		lsk_xdp_release(world.receiver, frames, (size_t)count);
	}
	cr_assert_eq(lsk_xdp_flush(world.sender), 0);
	cr_assert_eq(lsk_xdp_statistics(world.receiver, &statistics), 0);
	cr_assert_eq(statistics.bad_receive, 0);
	cr_assert_eq(statistics.ring_full, 0);
	cr_assert_eq(lsk_xdp_statistics(world.sender, &statistics), 0);
	cr_assert_eq(statistics.bad_send, 0);
	cr_assert_eq(lsk_xdp_is_zero_copy(world.receiver), 0);
	free_world(&world);
}

Test(xdp, frames_that_are_held_are_missing_and_counted, .timeout = 60)
{
	struct lsk_xdp_frame frames[16];
	struct lsk_xdp_statistics statistics;
	struct world world;
	size_t held = 0;

	make_world(&world, 16);
	/* Eight receive; none is given back. */
	while (held < 8) {
		ssize_t count;

		send_numbers(world.sender, (uint32_t)held, 1);
		count = lsk_xdp_receive(world.receiver, frames + held, 16 - held);
		cr_assert_gt(count, 0);
		held += (size_t)count;
	}
	do {
		send_numbers(world.sender, 77, 8);
		cr_assert_eq(lsk_xdp_flush(world.sender), 0);
		cr_assert_eq(lsk_xdp_statistics(world.receiver, &statistics), 0);
	} while (statistics.no_frame + statistics.dropped == 0);
	/* Given back, they receive again. */
	lsk_xdp_release(world.receiver, frames, held);
	do {
		send_numbers(world.sender, 99, 1);
		cr_assert_eq(lsk_xdp_receive(world.receiver, frames, 1), 1);
		lsk_xdp_release(world.receiver, frames, 1);
	} while (number_of(&frames[0]) != 99);
	free_world(&world);
}

Test(xdp, timeouts_and_nonsense_are_told, .timeout = 60)
{
	struct lsk_xdp_options options = {.frames = 3};
	struct lsk_xdp_program *program;
	struct lsk_xdp_frame frame;
	uint8_t bytes[4097] = "";
	const struct iovec large = {bytes, sizeof(bytes)};
	struct world world = {.sender = NULL};
	struct lsk_xdp *other;

	make_cable(&world);
	world.sender = open_xdp(world.interfaces[0], 64);
	cr_assert_eq(lsk_xdp_queue(world.sender), 0);
	cr_assert_eq(lsk_xdp_send(world.sender, &large, 1), -EMSGSIZE);
	cr_assert_eq(lsk_xdp_send(world.sender, NULL, 0), 0);
	cr_assert_eq(lsk_socket_set_timeout(lsk_xdp_socket(world.sender), SECOND / 50),
		     0);
	cr_assert_eq(lsk_xdp_receive(world.sender, &frame, 1), -ETIME);
	cr_assert_eq(lsk_socket_set_timeout(lsk_xdp_socket(world.sender), 0), 0);
	cr_assert_eq(lsk_xdp_receive(world.sender, &frame, 1), -EAGAIN);
	cr_assert_eq(lsk_xdp_receive(world.sender, &frame, 0), -EINVAL);
	cr_assert_eq(lsk_xdp_new(&other, &options), -EINVAL);
	options = (struct lsk_xdp_options){.frame_size = 1000};
	cr_assert_eq(lsk_xdp_new(&other, &options), -EINVAL);
	options = (struct lsk_xdp_options){.interface = 999999};
	cr_assert_eq(lsk_xdp_new(&other, &options), -ENODEV);
	options = (struct lsk_xdp_options){.interface = world.interfaces[0]};
	cr_assert_eq(lsk_xdp_new(&other, &options), -EBUSY);
	cr_assert_eq(lsk_xdp_program_new(&program, world.interfaces[0], 1), -EINVAL);
	cr_assert_eq(lsk_xdp_program_add(NULL, world.sender), -EINVAL);
	cr_assert_null(lsk_xdp_program_free(NULL));
	cr_assert_null(lsk_xdp_free(NULL));
	cr_assert_null(lsk_xdp_socket(NULL));
	cr_assert_eq(lsk_xdp_queue(NULL), -EINVAL);
	lsk_xdp_free(world.sender);
}

Test(xdp_addr, is_read_and_written)
{
	char text[LSK_ADDR_TEXT_MAX];
	struct lsk_addr addr, same;
	unsigned int interface, queue;
	struct lsk_error error;

	cr_assert_eq(lsk_addr_xdp(&addr, 1, 3), 0);
	cr_assert_gt(lsk_addr_format(&addr, text, sizeof(text)), 0);
	cr_assert_str_eq(text, "xdp://lo/3");
	cr_assert_eq(lsk_addr_parse(&same, text, NULL), 0);
	cr_assert(lsk_addr_equal(&addr, &same));
	cr_assert_eq(lsk_addr_xdp_read(&same, &interface, &queue), 0);
	cr_assert_eq(interface, 1);
	cr_assert_eq(queue, 3);
	cr_assert_eq(lsk_addr_xdp_read(NULL, &interface, &queue), -EINVAL);
	cr_assert_eq(lsk_addr_unix(&addr, "/x", 2), 0);
	cr_assert_eq(lsk_addr_xdp_read(&addr, NULL, NULL), LSK_ERR_FAMILY);
	cr_assert_eq(lsk_addr_parse(&same, "xdp://lo", NULL), 0);
	cr_assert_eq(lsk_addr_parse(&same, "xdp://lo/3/4", &error), LSK_ERR_SYNTAX);
	cr_assert_eq(error.offset, 9);
	cr_assert_eq(lsk_addr_parse(&same, "xdp://lo/x", &error), LSK_ERR_SYNTAX);
	cr_assert_eq(lsk_addr_parse(&same, "xdp://none0/0", &error), -ENODEV);
}
