/* SPDX-License-Identifier: MIT */
/*
 * Netlink where a call of its own fails, in every position: the error is told or made
 * good, nothing leaks, nothing hangs, and each request ends exactly once.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <linsock/netlink_loop.h>
#include <linsock/netlink_watch.h>

#include "tests/support/fault.h"
#include "tests/support/netns.h"
#include "tests/support/sockets.h"

/* The links are lo and the bridges. */
enum { BRIDGES = 2, LINKS = 1 + BRIDGES, CALLS = 40 };

static void world_make(void)
{
	struct lsk_nl *nl = netns_handle();

	netns_bridges(nl, BRIDGES);
	lsk_nl_close(nl);
	descriptors_remember();
}

TestSuite(netlink_fault, .init = world_make, .fini = descriptors_check, .timeout = 100);

/* Everything that a handle's step calls, each with an error that it may have. */
static void fail_everything(int (*step)(void))
{
	static const struct {
		enum fault_call call;
		int error;
	} faults[] = {
		{FAULT_malloc, ENOMEM},
		{FAULT_calloc, ENOMEM},
		{FAULT_realloc, ENOMEM},
		{FAULT_socket, EMFILE},
		{FAULT_bind, ENOMEM},
		{FAULT_getsockname, ENOBUFS},
		{FAULT_setsockopt, ENOPROTOOPT},
		{FAULT_sendto, ENOMEM},
		{FAULT_sendmsg, ENOMEM},
		{FAULT_recvmsg, ENOMEM},
		{FAULT_recvmmsg, ENOMEM},
		{FAULT_recv, ENOMEM},
		{FAULT_connect, ENOMEM},
		{FAULT_pthread_create, -EAGAIN},
	};

	unsigned int positions = 0;

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		positions += fault_each(faults[i].call, faults[i].error, EAGAIN, step);
	/* To open a handle takes eight by itself. */
	cr_assert_gt(positions, 10);
}

/* A wait that a signal ends goes on, wherever it stands. */
static void interrupt_everything(int (*step)(void))
{
	fault_each(FAULT_sendto, EINTR, 0, step);
	fault_each(FAULT_sendmsg, EINTR, 0, step);
	fault_each(FAULT_recvmsg, EINTR, 0, step);
	fault_each(FAULT_recvmmsg, EINTR, 0, step);
	fault_each(FAULT_recv, EINTR, 0, step);
}

/* The kernel says that it dropped something, at every receive. */
static void overrun_everything(int (*step)(void))
{
	unsigned int positions = fault_each(FAULT_recvmsg, ENOBUFS, 0, step);

	positions += fault_each(FAULT_recvmmsg, ENOBUFS, 0, step);
	positions += fault_each(FAULT_recv, ENOBUFS, 0, step);
	cr_assert_gt(positions, 0);
}

static int step_request(void)
{
	struct lsk_rtnl_link link;
	struct lsk_nl *nl;
	int r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);

	if (r < 0)
		return r;
	r = lsk_rtnl_link_set_up(nl, 1, true, NULL);
	if (r == 0)
		r = lsk_rtnl_link_get(nl, "lo", 0, &link);
	if (r == 0)
		cr_assert_eq(link.info.ifi_index, 1);
	lsk_nl_close(nl);
	return r;
}

/* All of the links, and then one of them with the rest left. */
static int step_dump(void)
{
	struct lsk_nl_dump *dump;
	struct lsk_rtnl_link link;
	struct lsk_nl *nl;
	int count = 0;
	int r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);

	if (r < 0)
		return r;
	r = lsk_rtnl_dump(nl, RTM_GETLINK, NULL, &dump);
	if (r == 0) {
		while ((r = lsk_rtnl_link_next(dump, &link)) > 0)
			count++;
		cr_assert_eq(lsk_nl_dump_end(dump, NULL), r);
	}
	if (r == 0) {
		cr_assert_eq(count, LINKS);
		r = lsk_rtnl_dump(nl, RTM_GETLINK, NULL, &dump);
	}
	if (r == 0) {
		r = lsk_rtnl_link_next(dump, &link);
		lsk_nl_dump_end(dump, NULL);
	}
	lsk_nl_close(nl);
	return r > 0 ? 0 : r;
}

struct verdicts {
	uint64_t count;
	uint64_t failed;
};

static void on_verdict(void *context, uint64_t index, const struct lsk_nl_error *error)
{
	struct verdicts *verdicts = context;

	cr_assert_eq(index, verdicts->count, "in order, each once");
	verdicts->count++;
	/* Every third is the same again, or its verdict was lost. */
	verdicts->failed += error->code == -EEXIST;
}

static int step_batch(void)
{
	struct verdicts verdicts = {.count = 0};
	struct lsk_nl_batch *batch = NULL;
	struct lsk_rtnl_route route;
	struct lsk_nl *nl;
	int r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);
	LSK_NL_MSG(msg, 512);

	if (r < 0)
		return r;
	r = lsk_nl_batch_new(nl, on_verdict, &verdicts, &batch);
	for (uint32_t i = 0; r == 0 && i < CALLS; i++) {
		route = netns_route(i, RT_TABLE_MAIN);
		lsk_nl_build(&msg, i % 2 ? RTM_DELROUTE : RTM_NEWROUTE,
			     i % 2 ? 0 : NLM_F_CREATE | NLM_F_REPLACE,
			     lsk_rtnl_table(LSK_RTNL_ROUTE), &route);
		r = lsk_nl_batch_add(batch, &msg);
	}
	if (r == 0)
		r = lsk_nl_batch_flush(batch, NULL);
	if (r == 0)
		cr_assert_eq(verdicts.count, CALLS);
	lsk_nl_batch_free(batch);
	lsk_nl_close(nl);
	return r;
}

/* Until what is mirrored is known to be right. */
static int step_watch(void)
{
	struct lsk_nl_watch_event event = {.kind = LSK_NL_ADD};
	struct lsk_nl_watch *watch = NULL;
	struct lsk_nl *nl;
	int r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);

	if (r < 0)
		return r;
	r = lsk_nl_watch_new(nl, lsk_rtnl_watched(RTM_GETLINK), &watch);
	while (r == 0 && event.kind != LSK_NL_SYNCED)
		r = lsk_nl_watch_next(watch, 20 * LSK_NSEC_PER_SEC, &event);
	if (r == 0)
		cr_assert_eq(lsk_nl_watch_count(watch), LINKS);
	lsk_nl_watch_free(watch);
	lsk_nl_close(nl);
	return r;
}

struct ends {
	unsigned int count;
	int worst; /* 0, or what one of them said */
};

static void on_end(struct lsk_nl *nl, const struct lsk_nl_answer *answer)
{
	struct ends *ends = answer->context;

	(void)nl;
	if (answer->result == 1)
		return;
	ends->count++;
	if (answer->result < 0)
		ends->worst = answer->result;
}

/* Reads, changes and a list on a loop; each that was started ends once. */
static int start_calls(struct lsk_nl *nl, struct ends *ends, unsigned int *ret_started)
{
	const struct lsk_nl_then then = {.done = on_end, .context = ends};
	const struct ifinfomsg info = {.ifi_index = 1};
	LSK_NL_MSG(msg, 512);
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < CALLS; i++) {
		struct lsk_rtnl_route route = netns_route(i, RT_TABLE_MAIN);

		if (i % 2)
			lsk_nl_msg_start(&msg, RTM_GETLINK, 0, &info, sizeof(info));
		else
			lsk_nl_build(&msg, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
				     lsk_rtnl_table(LSK_RTNL_ROUTE), &route);
		r = lsk_nl_call_start(nl, &msg, &then);
		*ret_started += r == 0;
	}
	if (r < 0)
		return r;
	lsk_nl_msg_start(&msg, RTM_GETLINK, 0, &(struct ifinfomsg){.ifi_index = 0},
			 sizeof(info));
	r = lsk_nl_list_start(nl, &msg, &then);
	*ret_started += r == 0;
	return r;
}

static int step_loop(void)
{
	struct lsk_loop *loop = NULL;
	struct ends ends = {.count = 0};
	unsigned int started = 0;
	struct lsk_nl *nl;
	int r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);

	if (r < 0)
		return r;
	r = lsk_loop_new(&loop, NULL);
	if (r == 0)
		r = lsk_nl_attach(nl, loop);
	if (r == 0)
		r = start_calls(nl, &ends, &started);
	while (r >= 0 && ends.count < started)
		r = lsk_loop_run(loop, LSK_RUN_ONCE);
	lsk_nl_close(nl);
	cr_assert_eq(ends.count, started, "%u of %u ended", ends.count, started);
	lsk_loop_free(loop);
	return r < 0 ? r : ends.worst;
}

Test(netlink_fault, request_tells_what_failed)
{
	fail_everything(step_request);
	interrupt_everything(step_request);
}

/* What was queued is received all the same. */
Test(netlink_fault, request_survives_an_overrun_at_every_receive)
{
	overrun_everything(step_request);
}

Test(netlink_fault, dump_tells_what_failed)
{
	fail_everything(step_dump);
	interrupt_everything(step_dump);
}

Test(netlink_fault, dump_tells_an_overrun_at_every_receive)
{
	overrun_everything(step_dump);
}

Test(netlink_fault, batch_tells_what_failed)
{
	fail_everything(step_batch);
	interrupt_everything(step_batch);
}

Test(netlink_fault, batch_survives_an_overrun_at_every_receive)
{
	overrun_everything(step_batch);
}

Test(netlink_fault, watch_tells_what_failed)
{
	fail_everything(step_watch);
	interrupt_everything(step_watch);
}

Test(netlink_fault, watch_is_right_after_an_overrun_at_every_receive)
{
	overrun_everything(step_watch);
}

Test(netlink_fault, calls_on_a_loop_end_once_whatever_failed)
{
	fail_everything(step_loop);
	interrupt_everything(step_loop);
}

Test(netlink_fault, calls_on_a_loop_end_once_after_an_overrun_at_every_receive)
{
	overrun_everything(step_loop);
}
