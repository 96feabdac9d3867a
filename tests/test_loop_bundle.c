/* SPDX-License-Identifier: MIT */
/* Several buffers of a stream with one completion, on a scripted kernel and a real one.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include <linsock.h>

#include "tests/support/paper.h"

enum { SIZE = 64, COUNT = 16 };

/* What is to come, at every place another byte. */
static char pattern(size_t at)
{
	return (char)(at * 7 + (at >> 8) + 1);
}

static struct lsk_pool *whole_pool(struct lsk_loop *loop)
{
	const struct lsk_pool_options options = {
		.buffer_size = SIZE, .count = COUNT, .flags = LSK_POOL_WHOLE};
	struct lsk_pool *pool;

	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	return pool;
}

struct receiver {
	struct lsk_socket *pair[2];
	struct lsk_pool *pool;
	struct lsk_op op;
	size_t sent;
	size_t received;
	int events;
	int ends;
	int result;
	struct lsk_event kept[COUNT];
	int kept_count;
	int keep; /* so many leases, for now */
	void (*deed)(struct lsk_loop *loop,
		     struct receiver *receiver); /* at an event */
};

static void received(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct receiver *receiver = event->context;
	const char *data = event->data;

	receiver->events++;
	receiver->result = event->result;
	receiver->ends += !(event->flags & LSK_EVENT_MORE);
	if (!(event->flags & LSK_EVENT_LEASE))
		return;
	cr_assert_leq(event->result, SIZE);
	for (int i = 0; i < event->result; i++)
		cr_assert_eq(data[i], pattern(receiver->received + (size_t)i),
			     "byte %zu", receiver->received + (size_t)i);
	receiver->received += (size_t)event->result;
	if (receiver->kept_count < receiver->keep)
		receiver->kept[receiver->kept_count++] = *event;
	else
		lsk_lease_free(event->pool, event->lease);
	if (receiver->deed)
		receiver->deed(loop, receiver);
}

static void start(struct lsk_loop *loop, struct receiver *receiver)
{
	const struct lsk_then then = {
		.done = received, .context = receiver, .ret_op = &receiver->op};

	memset(receiver, 0, sizeof(*receiver));
	pair_new(receiver->pair);
	receiver->pool = whole_pool(loop);
	cr_assert_eq(
		lsk_loop_recv_stream(loop, receiver->pair[0], receiver->pool, &then),
		0);
	run_idle(loop);
}

static void send_more(struct receiver *receiver, size_t len)
{
	char bytes[SIZE * COUNT];

	for (size_t i = 0; i < len; i++)
		bytes[i] = pattern(receiver->sent + i);
	cr_assert_eq(lsk_socket_send(receiver->pair[1], bytes, len, 0), len);
	receiver->sent += len;
}

/* All that was sent comes. */
static void catch_up(struct lsk_loop *loop, struct receiver *receiver)
{
	while (receiver->received < receiver->sent)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
}

static void give_back(struct receiver *receiver, int index)
{
	struct lsk_event *event = &receiver->kept[index];

	lsk_lease_free(event->pool, event->lease);
	*event = receiver->kept[--receiver->kept_count];
}

static uint64_t bundles(struct lsk_loop *loop)
{
	struct lsk_loop_stats stats;

	cr_assert_eq(lsk_loop_stats(loop, &stats), 0);
	return stats.bundles;
}

/* Buffers that come back in another order are taken in that. */
static void order_of_the_ring(struct lsk_loop *loop)
{
	struct receiver receiver;

	start(loop, &receiver);
	receiver.keep = COUNT / 2;
	for (int i = 0; i < COUNT / 2; i++) {
		send_more(&receiver, 1);
		catch_up(loop, &receiver);
	}
	receiver.keep = 0;
	for (int i = 0; receiver.kept_count > 0; i++)
		give_back(&receiver, i * 5 % receiver.kept_count);
	for (int i = 0; i < 100; i++) {
		send_more(&receiver, (size_t)(i * 37 % (SIZE * 10) + 1));
		if (i % 3 == 0)
			send_more(&receiver, (size_t)(i % 70 + 1));
		catch_up(loop, &receiver);
		run_idle(loop);
		cr_assert_eq(receiver.pool->available, COUNT);
	}
	if (lsk_loop_features(loop) & LSK_LOOP_BUNDLES)
		cr_assert_gt(bundles(loop), 0);
	cr_assert_eq(lsk_loop_close(loop, receiver.pair[0], NULL), 0);
	run_until(loop, &receiver.ends, 1);
	pair_free(receiver.pair);
}

Test_on_each_loop(recv_bundle, comes_in_the_order_of_the_ring_and_not_of_the_numbers)
{
	order_of_the_ring(loop);
}

Test(recv_bundle, comes_in_the_order_of_the_ring_on_a_scripted_kernel)
{
	struct lsk_loop *loop = scripted_loop(NULL);

	cr_assert(lsk_loop_features(loop) & LSK_LOOP_BUNDLES);
	/* Short ones, and a multishot that ends with its data, now and then. */
	plan_answer(SCRIPT_AMOUNT, SCRIPT_HALF, 30);
	plan_answer(SCRIPT_MORE, 1, 20);
	order_of_the_ring(loop);
	scripted_end(loop);
}

static void pause_now(struct lsk_loop *loop, struct receiver *receiver)
{
	cr_assert_eq(lsk_loop_pause(loop, receiver->op), 0);
}

Test(recv_bundle, is_held_back_in_its_middle)
{
	struct lsk_loop *loop = scripted_loop(NULL);
	struct receiver receiver;

	start(loop, &receiver);
	receiver.deed = pause_now;
	send_more(&receiver, SIZE * 5 + 3);
	for (int i = 1; i <= 6; i++) {
		run_until(loop, &receiver.events, i);
		run_idle(loop);
		cr_assert_eq(receiver.events, i, "one at a time");
		cr_assert_eq(lsk_loop_resume(loop, receiver.op), 0);
	}
	cr_assert_eq(receiver.received, receiver.sent);
	cr_assert_eq(bundles(loop), 1);
	cr_assert_eq(receiver.pool->available, COUNT);
	pair_free(receiver.pair);
	scripted_end(loop);
}

static void close_now(struct lsk_loop *loop, struct receiver *receiver)
{
	lsk_loop_close(loop, receiver->pair[0], NULL);
}

Test(recv_bundle, loses_no_buffer_when_its_stream_is_closed_in_the_middle)
{
	struct lsk_loop *loop = scripted_loop(NULL);
	struct receiver receiver;

	start(loop, &receiver);
	receiver.deed = close_now;
	send_more(&receiver, SIZE * 5 + 3);
	run_until(loop, &receiver.ends, 1);
	run_idle(loop);
	cr_assert_eq(bundles(loop), 1);
	cr_assert_eq(receiver.pool->available, COUNT);
	pair_free(receiver.pair);
	scripted_end(loop);
}

/* -ENOBUFS may not come, or come late: what counts is what has been given and taken. */
Test_on_each_loop(recv_bundle, goes_on_by_account_when_leases_come_back)
{
	struct receiver receiver;

	start(loop, &receiver);
	receiver.keep = COUNT;
	send_more(&receiver, SIZE * COUNT);
	send_more(&receiver, SIZE * COUNT);
	while (receiver.kept_count < COUNT)
		cr_assert_geq(lsk_loop_run(loop, LSK_RUN_ONCE), 0);
	run_idle(loop);
	cr_assert_eq(receiver.received, SIZE * COUNT);
	cr_assert_eq(receiver.pool->available, 0);
	receiver.keep = 0;
	while (receiver.kept_count > 0)
		give_back(&receiver, receiver.kept_count / 2);
	catch_up(loop, &receiver);
	cr_assert_eq(lsk_loop_close(loop, receiver.pair[0], NULL), 0);
	run_until(loop, &receiver.ends, 1);
	cr_assert_eq(receiver.pool->available, COUNT);
	pair_free(receiver.pair);
}

/* A limit of leases is kept to the buffer, and one bundle could pass it by far. */
Test(recv_bundle, is_not_asked_for_where_leases_are_limited)
{
	const struct lsk_pool_options options = {.buffer_size = SIZE,
						 .count = COUNT,
						 .lease_max = 3,
						 .flags = LSK_POOL_WHOLE};
	struct lsk_loop *loop = scripted_loop(NULL);
	struct lsk_pool *pool;

	cr_assert_eq(lsk_pool_new(loop, &pool, &options), 0);
	cr_assert_null(pool->places);
	cr_assert_not_null(whole_pool(loop)->places);
	scripted_end(loop);
}
