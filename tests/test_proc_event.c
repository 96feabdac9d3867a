/* SPDX-License-Identifier: MIT */
/* Process events, of the first namespace: the connector is in no other. */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linsock/proc_event.h>

#include "tests/support/netns.h"

static struct lsk_nl *listen_or_skip(void)
{
	struct lsk_proc_event event;
	struct lsk_nl_event received;
	struct lsk_nl *nl;
	int r = lsk_nl_open(&nl, NETLINK_CONNECTOR, NULL);

	if (r == 0)
		r = lsk_proc_listen(nl, 0);
	if (r < 0)
		cr_skip_test("no process events: %d", r);
	/* In another pid or user namespace than the first the kernel keeps silent. */
	do {
		r = lsk_nl_event_next(nl, 2 * LSK_NSEC_PER_SEC, &received);
		if (r < 0)
			cr_skip_test("no answer of the connector: %d", r);
		cr_assert_eq(lsk_proc_parse(received.msg, &event), 0);
	} while (event.what != LSK_PROC_NONE);
	if (event.code != 0)
		cr_skip_test("the connector refuses: %u", event.code);
	return nl;
}

Test(proc_event, fact_6_data_come_as_done_and_are_no_end)
{
	struct lsk_nl *nl = listen_or_skip();
	bool has_forked = false, has_ended = false;
	struct lsk_proc_event event;
	struct lsk_nl_event received;
	pid_t child = fork();

	if (child == 0)
		_exit(7);
	cr_assert_eq(waitpid(child, NULL, 0), child);
	while (!has_forked || !has_ended) {
		cr_assert_eq(lsk_nl_event_next(nl, 60 * LSK_NSEC_PER_SEC, &received),
			     0);
		cr_assert_eq(received.msg->nlmsg_type, NLMSG_DONE);
		if (lsk_proc_parse(received.msg, &event) < 0)
			continue;
		if (event.what == LSK_PROC_FORK && event.pid == child) {
			has_forked = true;
			cr_assert_eq(event.other_tgid, getpid());
		}
		if (event.what == LSK_PROC_EXIT && event.pid == child) {
			has_ended = true;
			cr_assert_eq(WEXITSTATUS(event.code), 7);
		}
	}
	cr_assert_eq(lsk_proc_ignore(nl), 0);
	lsk_nl_close(nl);
}

/* Kernels before 6.6 tell all the same. */
Test(proc_event, of_a_mask_come_and_the_kernel_may_keep_the_others)
{
	struct lsk_nl *all = listen_or_skip();
	struct lsk_proc_event event = {.pid = 0};
	struct lsk_nl_event received;
	struct lsk_nl *nl;
	pid_t child;

	cr_assert_eq(lsk_nl_open(&nl, NETLINK_CONNECTOR, NULL), 0);
	cr_assert_eq(lsk_proc_listen(nl, 1U << LSK_PROC_EXIT), 0);
	child = fork();
	if (child == 0)
		_exit(3);
	waitpid(child, NULL, 0);
	while (event.what != LSK_PROC_EXIT || event.pid != child) {
		cr_assert_eq(lsk_nl_event_next(nl, 60 * LSK_NSEC_PER_SEC, &received),
			     0);
		if (lsk_proc_parse(received.msg, &event) < 0)
			event.pid = 0;
	}
	cr_assert_eq(WEXITSTATUS(event.code), 3);
	lsk_nl_close(nl);
	lsk_nl_close(all);
}

/* Of each CPU the kernel counts events; what it dropped is a gap. */
Test(proc_event, fact_40_sequence_counts_per_cpu_without_a_gap)
{
	struct lsk_nl *nl = listen_or_skip();
	uint32_t last[1024] = {0};
	bool seen[1024] = {false};
	struct lsk_proc_event event;
	struct lsk_nl_event received;
	int counted = 0;

	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	while (counted < 40) {
		cr_assert_eq(lsk_nl_event_next(nl, 60 * LSK_NSEC_PER_SEC, &received),
			     0);
		if (lsk_proc_parse(received.msg, &event) < 0 || event.cpu >= 1024 ||
		    event.what == LSK_PROC_NONE)
			continue;
		if (seen[event.cpu])
			cr_assert_gt(event.sequence, last[event.cpu]);
		seen[event.cpu] = true;
		last[event.cpu] = event.sequence;
		counted++;
	}
	cr_assert_eq(lsk_nl_event_drops(nl), 0);
	lsk_nl_close(nl);
}

Test(proc_parse, of_what_is_cut_or_of_another_connector_is_refused)
{
	struct {
		struct nlmsghdr header;
		struct cn_msg connector;
		char data[64];
	} msg = {
		.header = {.nlmsg_len = sizeof(msg), .nlmsg_type = NLMSG_DONE},
		.connector = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = 64},
	};
	struct lsk_proc_event event;

	cr_assert_eq(lsk_proc_parse(&msg.header, &event), 0);
	cr_assert_eq(event.what, LSK_PROC_NONE);
	for (uint32_t len = 16; len < sizeof(msg); len++) {
		msg.header.nlmsg_len = len;
		cr_assert_eq(lsk_proc_parse(&msg.header, &event), -EBADMSG);
	}
	msg.header.nlmsg_len = sizeof(msg);
	msg.connector.len = 8;
	cr_assert_eq(lsk_proc_parse(&msg.header, &event), -EBADMSG);
	msg.connector.id.idx = 3;
	cr_assert_eq(lsk_proc_parse(&msg.header, &event), -ENOMSG);
}
