/* SPDX-License-Identifier: MIT */
/* Receive and transmit rings on a cable in a namespace, also on a loop. */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <time.h>

#include "families/packet_ring.h"
#include "tests/support/loops.h"
#include "tests/support/wire.h"

#define MSEC INT64_C(1000000)

/*
 * The two layouts; what holds for one holds for the other. A block may be handed over
 * with one frame in it: there are more blocks than frames that a test leaves unread, so
 * that none is dropped however slow the machine is.
 */
static const struct lsk_packet_ring_options blocks = {
	.buffer_size = 16 << 20,
	.block_size = 16 << 10,
	.block_timeout_ms = 1,
};
static const struct lsk_packet_ring_options slots = {
	.is_immediate = true,
	.snap_len = 2048,
};

/* Take packets until their number is @goal; they are @first, @first + 1, … */
static void expect_numbers(struct lsk_packet_ring *ring, uint32_t first, uint32_t goal)
{
	struct lsk_packet packets[7];
	uint32_t taken = 0;

	while (taken < goal) {
		uint32_t left = goal - taken;
		int count = lsk_packet_ring_next(ring, packets, left < 7 ? left : 7);

		cr_assert_geq(count, 0);
		for (int i = 0; i < count; i++) {
			cr_assert_eq(wire_number(&packets[i]), first + taken);
			cr_assert_eq(packets[i].length, ETH_ZLEN);
			taken++;
		}
		if (count == 0)
			cr_assert_eq(lsk_packet_ring_wait(ring, 60000 * MSEC), 0,
				     "%u of %u came", taken, goal);
	}
}

/* All that was sent since @ring was opened is in it, or was. */
static void expect_received(struct lsk_packet_ring *ring, uint64_t sent)
{
	struct lsk_packet_stats stats;

	cr_assert_eq(lsk_packet_ring_stats(ring, &stats), 0);
	cr_assert(stats.received == sent && stats.dropped == 0,
		  "of %lu: %lu received, %lu dropped", (unsigned long)sent,
		  (unsigned long)stats.received, (unsigned long)stats.dropped);
}

static void test_order(const struct lsk_packet_ring_options *options)
{
	struct lsk_packet_ring *ring = wire_ring("vb", options);
	struct lsk_packet none;

	for (uint32_t round = 0; round < 20; round++) {
		wire_send("va", round * 400, 400);
		expect_received(ring, (uint64_t)(round + 1) * 400);
		expect_numbers(ring, round * 400, 400);
	}
	cr_assert_eq(lsk_packet_ring_next(ring, &none, 1), 0);
	lsk_packet_ring_free(ring);
}

Test(packet_ring, blocks_bring_everything_in_order, .init = wire_make)
{
	test_order(&blocks);
}

Test(packet_ring, slots_bring_everything_in_order, .init = wire_make)
{
	test_order(&slots);
}

static void test_description(const struct lsk_packet_ring_options *options)
{
	struct lsk_packet_ring *ring = wire_ring("vb", options);
	struct lsk_packet packet;
	struct timespec now;

	wire_send("va", 1, 1);
	cr_assert_eq(lsk_packet_ring_wait(ring, 60000 * MSEC), 0);
	cr_assert_eq(lsk_packet_ring_next(ring, &packet, 1), 1);
	clock_gettime(CLOCK_REALTIME, &now);
	cr_assert_eq(packet.captured, ETH_ZLEN);
	cr_assert_eq(packet.interface, (int)if_nametoindex("vb"));
	cr_assert_eq(packet.protocol, WIRE_PROTOCOL);
	cr_assert_eq(packet.hardware_type, 1);
	cr_assert_eq(packet.kind, PACKET_OTHERHOST);
	cr_assert_eq(packet.hardware_len, ETH_ALEN);
	cr_assert_eq(packet.hardware[5], 1);
	cr_assert_lt(now.tv_sec - packet.time_ns / LSK_NSEC_PER_SEC, 60);
	cr_assert_geq(now.tv_sec, packet.time_ns / LSK_NSEC_PER_SEC);
	lsk_packet_ring_free(ring);
}

Test(packet_ring, a_packet_is_described_with_blocks, .init = wire_make)
{
	test_description(&blocks);
}

Test(packet_ring, a_packet_is_described_with_slots, .init = wire_make)
{
	test_description(&slots);
}

/* Nobody reads while frames come: what there is no room for is counted. */
static void test_drops(const struct lsk_packet_ring_options *options)
{
	struct lsk_packet_ring_options small = *options;
	struct lsk_packet_stats stats;
	struct lsk_packet_ring *ring;
	struct lsk_packet packets[64];
	uint64_t taken = 0;
	int count;

	small.buffer_size = 64 << 10;
	small.block_size = 16 << 10;
	ring = wire_ring("vb", &small);
	wire_send("va", 0, 3000);
	cr_assert_eq(lsk_packet_ring_stop(ring), 0);
	wire_send("va", 0, 100);
	cr_assert_eq(lsk_packet_ring_stats(ring, &stats), 0);
	cr_assert_gt(stats.dropped, 0);
	cr_assert_gt(stats.received, 0);
	cr_assert_eq(stats.received + stats.dropped, 3000, "%lu + %lu",
		     (unsigned long)stats.received, (unsigned long)stats.dropped);
	while (taken < stats.received) {
		count = lsk_packet_ring_next(ring, packets, 64);
		taken += (uint64_t)count;
		if (count == 0)
			cr_assert_eq(lsk_packet_ring_wait(ring, 60000 * MSEC), 0,
				     "%lu of %lu came", (unsigned long)taken,
				     (unsigned long)stats.received);
	}
	cr_assert_eq(taken, stats.received);
	lsk_packet_ring_free(ring);
}

Test(packet_ring, received_and_dropped_are_what_was_sent_with_blocks, .init = wire_make)
{
	test_drops(&blocks);
}

Test(packet_ring, received_and_dropped_are_what_was_sent_with_slots, .init = wire_make)
{
	test_drops(&slots);
}

/* Until the kernel hands over block @index; a poll would end for those before it. */
static void wait_for_block(const struct lsk_packet_ring *ring, size_t index)
{
	const struct tpacket_block_desc *block =
		(const struct tpacket_block_desc
			 *)(const void *)(ring->map + index * ring->block_size);

	for (int i = 0; i < 60000; i++) {
		if (__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
		    TP_STATUS_USER)
			return;
		poll(NULL, 0, 1);
	}
	cr_assert_fail("block %zu is not handed over", index);
}

/* A block that has one frame when its time is over is used up by it. */
Test(packet_ring, a_ring_of_short_times_has_many_blocks, .init = wire_make)
{
	const struct lsk_packet_ring_options hasty = {.block_timeout_ms = 1};
	struct lsk_packet_ring *ring = wire_ring("vb", &hasty);
	struct lsk_packet_stats stats;

	cr_assert_eq(ring->count, 32);
	for (uint32_t number = 0; number < 32; number++) {
		wire_send("va", number, 1);
		wait_for_block(ring, number);
	}
	expect_received(ring, 32);
	wire_send("va", 32, 1);
	cr_assert_eq(lsk_packet_ring_stats(ring, &stats), 0);
	cr_assert_eq(stats.received, 32);
	cr_assert_eq(stats.dropped, 1);
	expect_numbers(ring, 0, 32);
	lsk_packet_ring_free(ring);
	ring = wire_ring("vb", NULL);
	cr_assert_eq(ring->count, 8);
	lsk_packet_ring_free(ring);
}

/* Send one frame with a tag of VLAN 5, priority 3. */
static void send_tagged(uint32_t number)
{
	struct lsk_packet_sender *sender = NULL;
	uint8_t *frame;

	cr_assert_eq(lsk_packet_sender_new(&sender, "va", NULL, NULL, NULL), 0);
	frame = lsk_packet_sender_reserve(sender);
	wire_frame(frame, number);
	memmove(frame + 16, frame + 12, ETH_ZLEN - 12);
	memcpy(frame + 12, (const uint8_t[]){0x81, 0x00, 0x60, 0x05}, 4);
	cr_assert_eq(lsk_packet_sender_commit(sender, ETH_ZLEN + 4), 0);
	cr_assert_eq(lsk_packet_sender_flush(sender, LSK_BLOCK), 1);
	lsk_packet_sender_free(sender);
}

/* The first packet with our frame in it: the kernel's own may come before. */
static void take_ours(struct lsk_packet_ring *ring, struct lsk_packet *ret_packet)
{
	int r;

	do {
		r = lsk_packet_ring_next(ring, ret_packet, 1);
		if (r == 0)
			cr_assert_eq(lsk_packet_ring_wait(ring, 60000 * MSEC), 0);
	} while (r == 0 || memcmp(ret_packet->data, "\2\0\0\0\0\2", 6) != 0);
}

static void test_vlan(const struct lsk_packet_ring_options *options)
{
	struct lsk_packet_ring_options apart = *options;
	const struct lsk_packet_config config = {.interface = "vb"};
	struct lsk_packet_ring *ring;
	struct lsk_packet packet;

	cr_assert_eq(lsk_packet_ring_open(&ring, &config, options, NULL), 0);
	send_tagged(7);
	take_ours(ring, &packet);
	cr_assert_eq(packet.captured, ETH_ZLEN + 4);
	cr_assert_eq(packet.length, ETH_ZLEN + 4);
	cr_assert_eq(memcmp(packet.data + 12, "\x81\x00\x60\x05\x88\xb5\x07", 7), 0);
	cr_assert_eq(packet.flags & LSK_PACKET_HAS_VLAN, 0);
	cr_assert_eq(packet.vlan_tci, 0x6005);
	lsk_packet_ring_free(ring);

	apart.keeps_vlan_apart = true;
	cr_assert_eq(lsk_packet_ring_open(&ring, &config, &apart, NULL), 0);
	send_tagged(8);
	take_ours(ring, &packet);
	cr_assert_eq(packet.captured, ETH_ZLEN);
	cr_assert_eq(memcmp(packet.data + 12, "\x88\xb5\x08", 3), 0);
	cr_assert_eq(packet.flags & LSK_PACKET_HAS_VLAN, LSK_PACKET_HAS_VLAN);
	cr_assert_eq(packet.vlan_tci, 0x6005);
	cr_assert_eq(packet.vlan_tpid, ETH_P_8021Q);
	lsk_packet_ring_free(ring);
}

Test(packet_ring, a_tag_goes_back_into_its_frame_with_blocks, .init = wire_make)
{
	test_vlan(&blocks);
}

Test(packet_ring, a_tag_goes_back_into_its_frame_with_slots, .init = wire_make)
{
	test_vlan(&slots);
}

Test(packet_ring, no_more_is_kept_than_asked_for, .init = wire_make)
{
	struct lsk_packet_ring_options options = blocks;
	struct lsk_packet_ring *ring;
	struct lsk_packet packet;

	options.snap_len = 20;
	ring = wire_ring("vb", &options);
	wire_send("va", 5, 1);
	cr_assert_eq(lsk_packet_ring_wait(ring, 60000 * MSEC), 0);
	cr_assert_eq(lsk_packet_ring_next(ring, &packet, 1), 1);
	cr_assert_eq(packet.captured, 20);
	cr_assert_eq(packet.length, ETH_ZLEN);
	lsk_packet_ring_free(ring);
}

Test(packet_ring, the_virtio_net_header_precedes_a_packet, .init = wire_make)
{
	struct lsk_packet_config config = *wire_config("vb");
	const struct lsk_packet_config sending = {
		.vnet_header = LSK_PACKET_OFFLOAD_SIZE,
	};
	struct lsk_packet_sender *sender = NULL;
	struct lsk_packet_ring *ring, *plain = wire_ring("vb", &blocks);
	struct lsk_packet_offload offload = {
		.needs_checksum = true,
		.checksum_start = 34,
		.checksum_offset = 6,
	};
	struct lsk_packet packet;
	uint8_t *room;

	config.vnet_header = LSK_PACKET_OFFLOAD_SIZE;
	cr_assert_eq(lsk_packet_ring_open(&ring, &config, &blocks, NULL), 0);
	cr_assert_eq(lsk_packet_sender_new(&sender, "va", NULL, &sending, NULL), 0);
	room = lsk_packet_sender_reserve(sender);
	lsk_packet_put_offload(room, &offload);
	wire_frame(room + LSK_PACKET_OFFLOAD_SIZE, 5);
	cr_assert_eq(
		lsk_packet_sender_commit(sender, LSK_PACKET_OFFLOAD_SIZE + ETH_ZLEN),
		0);
	cr_assert_eq(lsk_packet_sender_flush(sender, LSK_BLOCK), 1);
	cr_assert_eq(lsk_packet_ring_wait(ring, 60000 * MSEC), 0);
	cr_assert_eq(lsk_packet_ring_next(ring, &packet, 1), 1);
	cr_assert_eq(wire_number(&packet), 5);
	cr_assert_eq(packet.flags & LSK_PACKET_CHECKSUM_MISSING,
		     LSK_PACKET_CHECKSUM_MISSING);
	memset(&offload, 0, sizeof(offload));
	cr_assert_eq(lsk_packet_ring_offload(ring, &packet, &offload), 0);
	cr_assert(offload.needs_checksum);
	cr_assert_eq(offload.checksum_start, 34);
	cr_assert_eq(lsk_packet_ring_offload(plain, &packet, &offload), -ENODATA);
	lsk_packet_sender_free(sender);
	lsk_packet_ring_free(plain);
	lsk_packet_ring_free(ring);
}

Test(packet_ring, waiting_has_a_deadline_and_ends_when_the_device_goes_down,
     .init = wire_make)
{
	struct lsk_packet_ring *ring = wire_ring("vb", &blocks);

	cr_assert_eq(lsk_packet_ring_wait(ring, 0), -ETIME);
	cr_assert_eq(lsk_packet_ring_wait(ring, -5), -EINVAL);
	wire_run("ip link set vb down");
	cr_assert_eq(lsk_packet_ring_wait(ring, 60000 * MSEC), -ENETDOWN);
	wire_run("ip link set vb up");
	/* Its carrier and its peer's go on later. */
	wire_settle("va");
	wire_send("va", 3, 1);
	expect_numbers(ring, 3, 1);
	lsk_packet_ring_free(ring);
}

Test(packet_ring, sizes_that_cannot_be_are_refused, .init = wire_make)
{
	struct lsk_packet_ring_options options = {.block_size = 4097};
	struct lsk_packet_ring *ring = NULL;
	struct lsk_error error = {0};

	cr_assert_eq(lsk_packet_ring_open(&ring, wire_config("vb"), &options, &error),
		     -EINVAL);
	cr_assert(error.text[0]);
	options = (struct lsk_packet_ring_options){.buffer_size = SIZE_MAX};
	cr_assert_eq(lsk_packet_ring_open(&ring, wire_config("vb"), &options, NULL),
		     -EINVAL);
	cr_assert_null(ring);
	cr_assert_null(lsk_packet_ring_free(NULL));
	cr_assert_null(lsk_packet_ring_socket(NULL));
}

Test(packet_ring, two_rings_share_what_comes, .init = wire_make)
{
	struct lsk_packet_fanout fanout = {.mode = LSK_PACKET_FANOUT_LOAD_BALANCE};
	struct lsk_packet_ring *rings[2];
	struct lsk_packet packets[64];
	int taken[2] = {0, 0};

	for (int i = 0; i < 2; i++) {
		int r;

		rings[i] = wire_ring("vb", &slots);
		r = lsk_packet_join_fanout(lsk_packet_ring_socket(rings[i]), &fanout);
		cr_assert_geq(r, 0);
		fanout.id = (uint16_t)r;
		fanout.joins = true;
	}
	wire_send("va", 0, 64);
	for (int i = 0; i < 2; i++)
		taken[i] = lsk_packet_ring_next(rings[i], packets, 64);
	cr_assert_eq(taken[0], 32);
	cr_assert_eq(taken[1], 32);
	lsk_packet_ring_free(rings[0]);
	lsk_packet_ring_free(rings[1]);
}

struct watched {
	uint32_t next;
	int packets;
	int ends;
	int result;
	int unwatch_at; /* 0: never */
};

static void watched_deliver(struct lsk_packet_ring *ring,
			    const struct lsk_packet *packets, int count, void *context)
{
	struct watched *watched = context;

	if (count < 0) {
		watched->ends++;
		watched->result = count;
		return;
	}
	for (int i = 0; i < count; i++)
		cr_assert_eq(wire_number(&packets[i]), watched->next++);
	watched->packets += count;
	if (watched->unwatch_at && watched->packets >= watched->unwatch_at) {
		watched->unwatch_at = 0;
		cr_assert_eq(lsk_packet_ring_unwatch(ring), 0);
		cr_assert_eq(lsk_packet_ring_unwatch(ring), -ENOENT);
	}
}

static void watch_on(struct lsk_loop *loop,
		     const struct lsk_packet_ring_options *options)
{
	struct lsk_packet_ring *ring = wire_ring("vb", options);
	struct watched watched = {0};

	cr_assert_eq(lsk_packet_ring_watch(loop, ring, watched_deliver, &watched), 0);
	cr_assert_eq(lsk_packet_ring_watch(loop, ring, watched_deliver, &watched),
		     -EBUSY);
	wire_send("va", 0, 900);
	expect_received(ring, 900);
	run_until(loop, &watched.packets, 900);
	wire_send("va", 900, 1);
	run_until(loop, &watched.packets, 901);
	cr_assert_eq(watched.ends, 0);
	/* From outside of a delivery, and again from inside of one. */
	cr_assert_eq(lsk_packet_ring_unwatch(ring), 0);
	run_until(loop, &watched.ends, 1);
	cr_assert_eq(watched.result, -ECANCELED);
	cr_assert_eq(lsk_packet_ring_unwatch(ring), -ENOENT);
	watched.unwatch_at = watched.packets + 1;
	cr_assert_eq(lsk_packet_ring_watch(loop, ring, watched_deliver, &watched), 0);
	wire_send("va", 901, 1);
	run_until(loop, &watched.ends, 2);
	cr_assert_eq(watched.packets, 902);
	cr_assert_eq(watched.result, -ECANCELED);
	lsk_packet_ring_free(ring);
}

Test_on_each_loop(packet_ring, a_loop_delivers_blocks)
{
	wire_make();
	watch_on(loop, &blocks);
}

Test_on_each_loop(packet_ring, a_loop_delivers_slots)
{
	wire_make();
	watch_on(loop, &slots);
}

Test_on_each_loop(packet_ring, a_stream_of_messages_does_for_low_rates)
{
	struct lsk_socket *sock = NULL;
	struct lsk_pool *pool = NULL;
	static struct outcome outcome; /* the loop's end tells it, too */
	const struct lsk_then then = then_tell(&outcome);
	const struct lsk_pool_options options = {.flags = LSK_POOL_MESSAGES};

	wire_make();
	cr_assert_eq(lsk_packet_open(&sock, wire_config("vb"), NULL), 0);
	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	cr_assert_eq(lsk_loop_recvmsg_stream(loop, sock, pool, &then), 0);
	wire_send("va", 0, 20);
	run_until(loop, &outcome.events, 20);
	cr_assert_eq(outcome.bytes, 20 * ETH_ZLEN);
	cr_assert_eq(outcome.ends, 0);
	lsk_socket_free(sock);
}

Test(packet_sender, a_frame_that_is_refused_does_not_stop_the_others, .init = wire_make)
{
	const struct lsk_packet_sender_options options = {.frame_max = 4000,
							  .count = 16};
	struct lsk_packet_ring *ring = wire_ring("vb", &blocks);
	struct lsk_packet_sender *sender = NULL;
	struct lsk_packet_sender_stats stats;
	uint8_t *room;

	cr_assert_eq(lsk_packet_sender_new(&sender, "va", &options, NULL, NULL), 0);
	for (uint32_t number = 0; number < 5; number++) {
		room = lsk_packet_sender_reserve(sender);
		cr_assert_not_null(room);
		wire_frame(room, number);
		/* Number 2 is longer than the device can send. */
		cr_assert_eq(
			lsk_packet_sender_commit(sender, number == 2 ? 3000 : ETH_ZLEN),
			0);
	}
	cr_assert_eq(lsk_packet_sender_flush(sender, LSK_BLOCK), -EMSGSIZE);
	cr_assert_eq(lsk_packet_sender_flush(sender, LSK_BLOCK), 2);
	expect_numbers(ring, 0, 2);
	expect_numbers(ring, 3, 2);
	cr_assert_eq(lsk_packet_sender_stats(sender, &stats), 0);
	cr_assert_eq(stats.committed, 5);
	cr_assert_eq(stats.sent, 4);
	cr_assert_eq(stats.refused, 1);
	lsk_packet_sender_free(sender);
	lsk_packet_ring_free(ring);
}

Test(packet_sender, a_ring_is_full_until_it_is_flushed, .init = wire_make)
{
	const struct lsk_packet_sender_options options = {.count = 1,
							  .skips_refused = true};
	struct lsk_packet_sender *sender = NULL;
	int count = 0, sent;

	cr_assert_eq(lsk_packet_sender_new(&sender, "va", &options, NULL, NULL), 0);
	cr_assert_eq(lsk_packet_sender_commit(sender, ETH_ZLEN), -EINVAL);
	for (uint8_t *room; (room = lsk_packet_sender_reserve(sender)); count++) {
		cr_assert_eq(lsk_packet_sender_commit(sender, 1523), -EMSGSIZE);
		cr_assert_eq(lsk_packet_sender_commit(
				     sender, wire_frame(room, (uint32_t)count)),
			     0);
	}
	cr_assert_gt(count, 0);
	sent = lsk_packet_sender_flush(sender, LSK_BLOCK);
	cr_assert_eq(sent, count);
	cr_assert_not_null(lsk_packet_sender_reserve(sender));
	lsk_packet_sender_free(sender);
}

Test(packet_sender, a_device_that_is_down_is_told, .init = wire_make)
{
	const struct lsk_packet_config config = {.bypasses_qdisc = true};
	struct lsk_packet_sender *sender = NULL;
	uint8_t *room;

	cr_assert_eq(lsk_packet_sender_new(&sender, "va", NULL, &config, NULL), 0);
	wire_run("ip link set va down");
	room = lsk_packet_sender_reserve(sender);
	cr_assert_eq(lsk_packet_sender_commit(sender, wire_frame(room, 0)), 0);
	cr_assert_eq(lsk_packet_sender_flush(sender, LSK_BLOCK), -ENETDOWN);
	lsk_packet_sender_free(sender);
	cr_assert_eq(lsk_packet_sender_new(&sender, "nosuch0", NULL, NULL, NULL),
		     -ENODEV);
}

/* The device's queue loses whatever it gets. */
Test(packet_sender, what_goes_past_the_queue_is_not_lost_in_it, .init = wire_make)
{
	const struct lsk_packet_config bypassing = {.bypasses_qdisc = true};
	struct lsk_packet_ring *ring = wire_ring("vb", &slots);
	struct lsk_packet_sender *queued = NULL, *direct = NULL;
	struct lsk_packet_sender *senders[2];
	int value = 0;
	socklen_t len = sizeof(value);

	if (system("tc qdisc add dev va root blackhole")) /* NOLINT(cert-env33-c) */
		cr_skip_test("no queue discipline \"blackhole\" here");
	cr_assert_eq(lsk_packet_sender_new(&queued, "va", NULL, NULL, NULL), 0);
	cr_assert_eq(lsk_packet_sender_new(&direct, "va", NULL, &bypassing, NULL), 0);
	cr_assert_eq(lsk_socket_getsockopt(lsk_packet_sender_socket(direct), SOL_PACKET,
					   PACKET_QDISC_BYPASS, &value, &len),
		     0);
	cr_assert_eq(value, 1);
	senders[0] = queued;
	senders[1] = direct;
	for (uint32_t i = 0; i < 2; i++) {
		uint8_t *room = lsk_packet_sender_reserve(senders[i]);

		cr_assert_eq(lsk_packet_sender_commit(senders[i], wire_frame(room, i)),
			     0);
		cr_assert_eq(lsk_packet_sender_flush(senders[i], LSK_BLOCK), 1);
	}
	expect_numbers(ring, 1, 1);
	expect_received(ring, 1);
	lsk_packet_sender_free(queued);
	lsk_packet_sender_free(direct);
	lsk_packet_ring_free(ring);
	cr_assert_null(lsk_packet_sender_socket(NULL));
}

/* A cable stamps nothing: the kernel's times stay. */
Test(packet_ring, a_clock_that_is_not_there_leaves_the_kernel_s, .init = wire_make)
{
	struct lsk_packet_ring *ring = wire_ring("vb", &slots);
	struct lsk_socket *sock = lsk_packet_ring_socket(ring);
	struct lsk_packet packet;
	struct timespec begin;
	int value = 0;
	socklen_t len = sizeof(value);

	cr_assert_eq(lsk_packet_set_clock(sock, true), 0);
	cr_assert_eq(
		lsk_socket_getsockopt(sock, SOL_PACKET, PACKET_TIMESTAMP, &value, &len),
		0);
	cr_assert_eq(value, SOF_TIMESTAMPING_RAW_HARDWARE);
	clock_gettime(CLOCK_REALTIME, &begin);
	wire_send("va", 9, 1);
	cr_assert_eq(lsk_packet_ring_wait(ring, 60000 * MSEC), 0);
	cr_assert_eq(lsk_packet_ring_next(ring, &packet, 1), 1);
	cr_assert_eq(wire_number(&packet), 9);
	cr_assert_geq(packet.time_ns, begin.tv_sec * LSK_NSEC_PER_SEC + begin.tv_nsec);
	cr_assert_eq(lsk_packet_set_clock(sock, false), 0);
	cr_assert_eq(
		lsk_socket_getsockopt(sock, SOL_PACKET, PACKET_TIMESTAMP, &value, &len),
		0);
	cr_assert_eq(value, 0);
	lsk_packet_ring_free(ring);
}
