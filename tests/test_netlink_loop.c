/* SPDX-License-Identifier: MIT */
/*
 * Netlink on a loop, in a namespace of its own. Run on both back ends. A test named
 * fact_N_… holds one of the kernel's traps that docs/netlink.md counts.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/socket.h>

#include <linsock/netlink_loop.h>
#include <linsock/netns.h>

#include "families/netlink_loop.h"
#include "tests/support/netns.h"
#include "uring/engine.h"

/* What a test was told. */
struct told {
	unsigned int ends;
	unsigned int failures;
	unsigned int messages;
	unsigned int restarts;
	unsigned int wrong; /* out of order, or not what was asked for */
	int last_result;
	uint64_t last_id;
	char words[160];
	char path[128];
	bool has_msg;
};

struct fixture {
	struct lsk_nl *nl;
	struct lsk_loop *loop;
	struct told told;
};

static void fixture_init(struct fixture *fixture)
{
	struct lsk_loop_options options = {.entries = 0};

	*fixture = (struct fixture){.nl = netns_handle()};
	cr_assert_eq(lsk_loop_new(&fixture->loop, &options), 0);
	cr_assert_eq(lsk_nl_attach(fixture->nl, fixture->loop), 0);
}

static void fixture_done(struct fixture *fixture)
{
	lsk_nl_close(fixture->nl);
	lsk_loop_free(fixture->loop);
}

static void run(struct fixture *fixture)
{
	cr_assert_geq(lsk_loop_run(fixture->loop, LSK_RUN_FOREVER), 0);
	cr_assert_eq(lsk_nl_calls(fixture->nl), 0);
}

static void on_done(struct lsk_nl *nl, const struct lsk_nl_answer *answer)
{
	struct told *told = answer->context;

	(void)nl;
	if (answer->result == 1) {
		told->messages++;
		told->restarts += answer->is_restarted;
		if (answer->is_restarted)
			told->messages = 1;
		return;
	}
	told->ends++;
	told->failures += answer->result < 0;
	told->wrong += answer->call.id <= told->last_id;
	told->last_id = answer->call.id;
	told->last_result = answer->result;
	told->has_msg = answer->msg != NULL;
	snprintf(told->words, sizeof(told->words), "%s", answer->error->message);
	snprintf(told->path, sizeof(told->path), "%s", answer->error->path);
}

/* Start a request for the link @index. */
static int start_get(struct fixture *fixture, int index, struct lsk_nl_call *ret_call)
{
	const struct ifinfomsg info = {.ifi_index = index};
	const struct lsk_nl_then then = {
		.done = on_done,
		.context = &fixture->told,
		.ret_call = ret_call,
		.timeout_ns = LSK_BLOCK, /* the wait behind thousands counts, too */
	};
	LSK_NL_MSG(msg, 64);

	lsk_nl_msg_start(&msg, RTM_GETLINK, 0, &info, sizeof(info));
	return lsk_nl_call_start(fixture->nl, &msg, &then);
}

static int start_change(struct fixture *fixture, unsigned int type, unsigned int flags,
			const struct lsk_nl_table *table, const void *object,
			unsigned int then_flags)
{
	const struct lsk_nl_then then = {
		.done = on_done,
		.context = &fixture->told,
		.flags = then_flags,
		.timeout_ns = LSK_BLOCK,
	};
	LSK_NL_MSG(msg, 512);

	lsk_nl_build(&msg, type, flags, table, object);
	return lsk_nl_call_start(fixture->nl, &msg, &then);
}

static int start_route(struct fixture *fixture, unsigned int type, uint32_t number,
		       unsigned int then_flags)
{
	const struct lsk_rtnl_route route = netns_route(number, RT_TABLE_MAIN);

	return start_change(fixture, type,
			    type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0,
			    lsk_rtnl_table(LSK_RTNL_ROUTE), &route, then_flags);
}

static int start_list(struct fixture *fixture, unsigned int type, struct told *told,
		      struct lsk_nl_call *ret_call)
{
	const struct lsk_nl_then then = {
		.done = on_done,
		.context = told,
		.ret_call = ret_call,
	};
	static const char nothing[16];
	LSK_NL_MSG(msg, 64);

	lsk_nl_msg_start(&msg, type, 0, nothing,
			 type == RTM_GETROUTE ? sizeof(struct rtmsg) : 16);
	return lsk_nl_list_start(fixture->nl, &msg, &then);
}

Test(call, is_answered_with_its_data_and_never_from_inside_the_start)
{
	struct fixture f;

	fixture_init(&f);
	cr_assert_eq(start_get(&f, 1, NULL), 0);
	cr_assert_eq(f.told.ends, 0);
	cr_assert_eq(lsk_nl_calls(f.nl), 1);
	run(&f);
	cr_assert_eq(f.told.ends, 1);
	cr_assert_eq(f.told.last_result, 0);
	cr_assert(f.told.has_msg);
	fixture_done(&f);
}

Test(call, tells_the_kernels_words_and_the_path)
{
	struct fixture f;
	struct ifinfomsg info = {.ifi_index = 0};
	struct lsk_nl_then then = {.done = on_done, .context = &f.told};
	LSK_NL_MSG(msg, 256);

	fixture_init(&f);
	lsk_nl_msg_start(&msg, RTM_NEWLINK, NLM_F_CREATE, &info, sizeof(info));
	LSK_NL_NEST(&msg, IFLA_LINKINFO)
	{
		lsk_nl_put_string(&msg, IFLA_INFO_KIND, "bridge");
		LSK_NL_NEST(&msg, IFLA_INFO_DATA)
		lsk_nl_put_u8(&msg, IFLA_BR_STP_STATE, 1); /* has 32 bits */
	}
	cr_assert_eq(lsk_nl_call_start(f.nl, &msg, &then), 0);
	run(&f);
	cr_assert_eq(f.told.last_result, -ERANGE);
	cr_assert_str_eq(f.told.path, ".linkinfo.data.stp-state");
	fixture_done(&f);
}

Test(call, fact_8_many_in_flight_complete_in_order_each_with_its_own_answer)
{
	struct fixture f;

	fixture_init(&f);
	netns_bridges(f.nl, 20);
	for (int i = 0; i < 4096; i++)
		cr_assert_eq(start_get(&f, 1 + i % 25, NULL), 0);
	run(&f);
	cr_assert_eq(f.told.ends, 4096);
	cr_assert_eq(f.told.wrong, 0);
	/* Index 22 … 25 are of no link. */
	cr_assert_eq(f.told.failures, 4096 / 25 * 4);
	fixture_done(&f);
}

Test(call, fact_21_thousands_of_changes_are_each_acknowledged)
{
	struct fixture f;

	fixture_init(&f);
	for (uint32_t i = 0; i < 3000; i++)
		cr_assert_eq(start_route(&f, RTM_NEWROUTE, i, 0), 0);
	for (uint32_t i = 0; i < 3000; i += 3)
		cr_assert_eq(start_route(&f, RTM_NEWROUTE, i, 0), 0);
	run(&f);
	cr_assert_eq(f.told.ends, 4000);
	cr_assert_eq(f.told.failures, 1000);
	cr_assert_eq(f.told.last_result, -EEXIST);
	cr_assert_eq(f.told.wrong, 0);
	fixture_done(&f);
}

Test(call, fact_36_quiet_changes_tell_every_failure)
{
	struct fixture f;

	fixture_init(&f);
	for (uint32_t i = 0; i < 3000; i++)
		cr_assert_eq(start_route(&f, RTM_NEWROUTE, i / 2, LSK_NL_QUIET), 0);
	run(&f);
	cr_assert_eq(f.told.ends, 3000);
	cr_assert_eq(f.told.failures, 1500);
	cr_assert_eq(f.told.wrong, 0);
	fixture_done(&f);
}

Test(call, reads_behind_a_change_see_what_it_did)
{
	struct fixture f;
	struct lsk_rtnl_link link = {
		.has = LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_KIND),
		.name = "br0",
		.kind = "bridge",
	};
	int lo_index = 1;

	fixture_init(&f);
	netns_bridges(f.nl, 1);
	link.info.ifi_index = lsk_rtnl_link_index(f.nl, "br0");
	link.has = 0;
	cr_assert_eq(start_change(&f, RTM_DELLINK, 0, lsk_rtnl_table(LSK_RTNL_LINK),
				  &link, 0),
		     0);
	cr_assert_eq(start_get(&f, link.info.ifi_index, NULL), 0);
	run(&f);
	cr_assert_eq(f.told.ends, 2);
	cr_assert_eq(f.told.last_result, -ENODEV);
	cr_assert_eq(f.told.failures, 1);
	cr_assert_eq(start_get(&f, lo_index, NULL), 0);
	run(&f);
	cr_assert_eq(f.told.last_result, 0);
	fixture_done(&f);
}

/* The kernel takes a request without a byte of payload for nothing to do; where it asks
 * for no acknowledgement, nothing is answered. */
Test(call, fact_9_without_any_answer_ends_with_what_comes_behind)
{
	struct fixture f;
	struct told silent = {.ends = 0};
	const struct lsk_nl_then then = {
		.done = on_done,
		.context = &silent,
		.timeout_ns = LSK_BLOCK,
	};
	LSK_NL_MSG(msg, 64);

	fixture_init(&f);
	lsk_nl_msg_start(&msg, RTM_GETLINK, 0, NULL, 0);
	cr_assert_eq(lsk_nl_call_start(f.nl, &msg, &then), 0);
	cr_assert_eq(start_get(&f, 1, NULL), 0);
	run(&f);
	cr_assert_eq(silent.ends, 1);
	cr_assert_eq(silent.last_result, -ENOMSG);
	cr_assert_eq(f.told.last_result, 0);
	fixture_done(&f);
}

Test(call, fact_9_where_the_kernel_may_never_answer_ends_by_its_deadline)
{
	struct told told = {.ends = 0};
	const struct lsk_nl_then then = {
		.done = on_done,
		.context = &told,
		.timeout_ns = LSK_NSEC_PER_SEC / 50,
	};
	struct lsk_loop *loop;
	struct lsk_nl *nl;
	int64_t start_ns;
	LSK_NL_MSG(msg, 64);

	netns_enter();
	/* Nobody is behind this protocol. */
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_USERSOCK, NULL), 0);
	cr_assert_eq(lsk_loop_new(&loop, NULL), 0);
	cr_assert_eq(lsk_nl_attach(nl, loop), 0);
	lsk_nl_msg_start(&msg, NLMSG_MIN_TYPE, 0, NULL, 0);
	start_ns = engine_now_ns();
	cr_assert_eq(lsk_nl_call_start(nl, &msg, &then), 0);
	cr_assert_eq(lsk_loop_run(loop, LSK_RUN_FOREVER), 0);
	cr_assert_eq(told.ends, 1);
	/* The kernel refuses it at once, where it has no socket of that protocol. */
	cr_assert(told.last_result == -ETIME || told.last_result == -ECONNREFUSED);
	cr_assert_lt(engine_now_ns() - start_ns, 30 * LSK_NSEC_PER_SEC);
	lsk_nl_close(nl);
	lsk_loop_free(loop);
}

Test(call, cancelled_before_it_was_sent_is_never_performed)
{
	struct fixture f;
	struct lsk_nl_call call;
	const struct lsk_rtnl_route route = netns_route(7, RT_TABLE_MAIN);
	const struct lsk_nl_then then = {
		.done = on_done,
		.context = &f.told,
		.ret_call = &call,
	};
	LSK_NL_MSG(msg, 512);

	fixture_init(&f);
	lsk_nl_build(&msg, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
		     lsk_rtnl_table(LSK_RTNL_ROUTE), &route);
	cr_assert_eq(lsk_nl_call_start(f.nl, &msg, &then), 0);
	cr_assert_eq(lsk_nl_call_cancel(f.nl, call), 0);
	cr_assert_eq(lsk_nl_call_cancel(f.nl, call), -ENOENT);
	run(&f);
	cr_assert_eq(f.told.ends, 1);
	cr_assert_eq(f.told.last_result, -ECANCELED);
	cr_assert_null(f.nl->loop->writer, "nothing was to be sent");
	cr_assert_eq(lsk_nl_request(f.nl, &msg, NULL), 0, "the route was not there");
	fixture_done(&f);
}

struct chain {
	struct fixture *fixture;
	unsigned int left;
	struct lsk_nl_call other;
	int detach_result;
};

static void on_chain(struct lsk_nl *nl, const struct lsk_nl_answer *answer)
{
	struct chain *chain = answer->context;
	const struct ifinfomsg info = {.ifi_index = 1};
	const struct lsk_nl_then then = {.done = on_chain, .context = chain};
	LSK_NL_MSG(msg, 64);

	cr_assert_eq(answer->result, 0);
	if (chain->left-- == 0) {
		chain->left = 0;
		chain->detach_result = lsk_nl_detach(nl);
		return;
	}
	lsk_nl_msg_start(&msg, RTM_GETLINK, 0, &info, sizeof(info));
	cr_assert_eq(lsk_nl_call_start(nl, &msg, &then), 0);
}

Test(call, may_start_the_next_from_inside_of_its_callback)
{
	struct fixture f;
	struct chain chain = {.fixture = &f, .left = 500};
	const struct ifinfomsg info = {.ifi_index = 1};
	const struct lsk_nl_then then = {.done = on_chain, .context = &chain};
	LSK_NL_MSG(msg, 64);

	fixture_init(&f);
	lsk_nl_msg_start(&msg, RTM_GETLINK, 0, &info, sizeof(info));
	cr_assert_eq(lsk_nl_call_start(f.nl, &msg, &then), 0);
	run(&f);
	cr_assert_eq(chain.left, 0);
	cr_assert_eq(chain.detach_result, -EBUSY);
	fixture_done(&f);
}

Test(call, of_a_handle_that_is_not_attached_is_enotconn)
{
	struct fixture f;

	fixture_init(&f);
	cr_assert_eq(lsk_nl_attach(f.nl, f.loop), -EALREADY);
	cr_assert_eq(lsk_nl_detach(f.nl), 0);
	cr_assert_eq(lsk_nl_detach(f.nl), -ENOTCONN);
	cr_assert_eq(start_get(&f, 1, NULL), -ENOTCONN);
	cr_assert_eq(start_list(&f, RTM_GETLINK, &f.told, NULL), -ENOTCONN);
	cr_assert_eq(lsk_nl_attach(f.nl, f.loop), 0);
	cr_assert_eq(start_get(&f, 1, NULL), 0);
	run(&f);
	cr_assert_eq(f.told.ends, 1);
	fixture_done(&f);
}

Test(detach, ends_every_call_exactly_once)
{
	struct fixture f;
	struct told listed = {.ends = 0};

	fixture_init(&f);
	for (uint32_t i = 0; i < 300; i++)
		cr_assert_eq(start_route(&f, RTM_NEWROUTE, i, 0), 0);
	cr_assert_eq(start_get(&f, 1, NULL), 0);
	cr_assert_eq(start_list(&f, RTM_GETROUTE, &listed, NULL), 0);
	/* Some have been sent, or none: both are right. */
	cr_assert_geq(lsk_loop_run(f.loop, LSK_RUN_ONCE), 0);
	cr_assert_eq(lsk_nl_detach(f.nl), 0);
	cr_assert_eq(f.told.ends, 301);
	cr_assert_eq(f.told.wrong, 0);
	cr_assert_eq(listed.ends, 1);
	cr_assert_eq(lsk_loop_run(f.loop, LSK_RUN_FOREVER), 0);
	cr_assert_eq(f.told.ends, 301);
	fixture_done(&f);
}

Test(list, fact_1_more_than_there_are_sockets_wait_in_line)
{
	struct fixture f;
	struct told told[12] = {{.ends = 0}};

	fixture_init(&f);
	netns_bridges(f.nl, 40);
	netns_routes(f.nl, 0, 3000, RT_TABLE_MAIN);
	for (int i = 0; i < 12; i++)
		cr_assert_eq(start_list(&f, i % 2 ? RTM_GETROUTE : RTM_GETLINK,
					&told[i], NULL),
			     0);
	/* Requests are answered in between. */
	for (int i = 0; i < 100; i++)
		cr_assert_eq(start_get(&f, 1, NULL), 0);
	run(&f);
	for (int i = 0; i < 12; i++) {
		cr_assert_eq(told[i].ends, 1);
		cr_assert_eq(told[i].last_result, 0);
		cr_assert_geq(told[i].messages, i % 2 ? 3000 : 41);
	}
	cr_assert_eq(f.told.ends, 100);
	cr_assert_eq(f.told.failures, 0);
	cr_assert_leq(f.nl->dumps_spare, 4);
	fixture_done(&f);
}

Test(list, cancelled_ends_once_and_leaves_a_socket_that_can_list)
{
	struct fixture f;
	struct told first = {.ends = 0}, second = {.ends = 0};
	struct lsk_nl_call call;

	fixture_init(&f);
	netns_routes(f.nl, 0, 20000, RT_TABLE_MAIN);
	cr_assert_eq(start_list(&f, RTM_GETROUTE, &first, &call), 0);
	while (first.messages == 0)
		cr_assert_geq(lsk_loop_run(f.loop, LSK_RUN_ONCE), 0);
	cr_assert_eq(lsk_nl_call_cancel(f.nl, call), 0);
	cr_assert_eq(lsk_nl_call_cancel(f.nl, call), -ENOENT);
	cr_assert_eq(start_list(&f, RTM_GETROUTE, &second, NULL), 0);
	run(&f);
	cr_assert_eq(first.ends, 1);
	cr_assert_eq(first.last_result, -ECANCELED);
	cr_assert_lt(first.messages, 20000);
	cr_assert_eq(second.last_result, 0);
	cr_assert_geq(second.messages, 20000);
	fixture_done(&f);
}

Test(list, fact_2_starts_over_when_links_change_and_says_so)
{
	struct fixture f;
	struct told told = {.ends = 0};

	fixture_init(&f);
	netns_bridges(f.nl, 150);
	cr_assert_eq(start_list(&f, RTM_GETLINK, &told, NULL), 0);
	while (told.messages == 0)
		cr_assert_geq(lsk_loop_run(f.loop, LSK_RUN_ONCE), 0);
	cr_assert_eq(lsk_rtnl_link_delete(f.nl, lsk_rtnl_link_index(f.nl, "br0"), NULL),
		     0);
	run(&f);
	cr_assert_eq(told.last_result, 0);
	cr_assert_geq(told.restarts, 1);
	cr_assert_eq(told.messages, 150);
	fixture_done(&f);
}

Test(list, that_the_kernel_refuses_tells_its_words)
{
	struct fixture f;
	const struct ifinfomsg info = {.ifi_change = IFF_UP};
	const struct lsk_nl_then then = {.done = on_done, .context = &f.told};
	LSK_NL_MSG(msg, 64);

	fixture_init(&f);
	lsk_nl_msg_start(&msg, RTM_GETLINK, 0, &info, sizeof(info));
	cr_assert_eq(lsk_nl_list_start(f.nl, &msg, &then), 0);
	run(&f);
	cr_assert_eq(f.told.last_result, -EINVAL);
	cr_assert_neq(f.told.words[0], '\0');
	fixture_done(&f);
}

/* Whatever changes something is sent by the handle's own thread, reads are not; how
 * long the loop stands still meanwhile is measured by scripts/bench netlink. */
Test(call, fact_25_a_change_is_sent_by_a_thread_of_its_own)
{
	struct fixture f;

	fixture_init(&f);
	cr_assert_eq(start_get(&f, 1, NULL), 0);
	cr_assert_eq(start_route(&f, RTM_NEWROUTE, 1, LSK_NL_INLINE), 0);
	run(&f);
	cr_assert_null(f.nl->loop->writer);
	cr_assert_eq(start_route(&f, RTM_NEWROUTE, 2, 0), 0);
	run(&f);
	cr_assert_not_null(f.nl->loop->writer);
	cr_assert_eq(f.told.ends, 3);
	cr_assert_eq(f.told.failures, 0);
	fixture_done(&f);
}

static void on_trace(void *context, bool is_sent, int protocol,
		     const struct nlmsghdr *msg)
{
	unsigned int *counts = context;

	cr_assert_eq(protocol, NETLINK_ROUTE);
	if (is_sent && msg->nlmsg_type == RTM_GETLINK)
		counts[0]++;
	if (!is_sent && msg->nlmsg_type == RTM_NEWLINK)
		counts[1]++;
}

Test(call, trace_sees_what_is_sent_and_what_is_answered)
{
	struct fixture f;
	unsigned int counts[2] = {0, 0};

	fixture_init(&f);
	lsk_nl_set_trace(f.nl, on_trace, counts);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(start_get(&f, 1, NULL), 0);
	run(&f);
	cr_assert_eq(counts[0], 10);
	cr_assert_eq(counts[1], 10);
	fixture_done(&f);
}

Test(call, with_a_small_buffer_asks_again_for_what_was_lost)
{
	struct fixture f;
	fixture_init(&f);
	netns_bridges(f.nl, 20);
	/* Room for one or two answers; the chunk has 32. */
	cr_assert_eq(lsk_socket_setsockopt_int(f.nl->loop->channel.sock, SOL_SOCKET,
					       SO_RCVBUF, 1),
		     0);
	for (int i = 0; i < 200; i++)
		cr_assert_eq(start_get(&f, 1 + i % 20, NULL), 0);
	run(&f);
	cr_assert_eq(f.told.ends, 200);
	cr_assert_eq(f.told.failures, 0);
	fixture_done(&f);
}

/* A link with many names is longer than what is received at first. */
Test(call, fact_18_an_answer_that_was_cut_is_asked_for_again)
{
	struct fixture f;
	const struct ifinfomsg info = {.ifi_index = 1};
	struct lsk_nl_error error;
	char name[128];
	LSK_NL_MSG(msg, 1024);

	fixture_init(&f);
	for (int i = 0; i < 120; i++) {
		snprintf(name, sizeof(name), "%0100d", i);
		lsk_nl_msg_start(&msg, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL,
				 &info, sizeof(info));
		LSK_NL_NEST(&msg, IFLA_PROP_LIST)
		lsk_nl_put_string(&msg, IFLA_ALT_IFNAME, name);
		cr_assert_eq(lsk_nl_request(f.nl, &msg, &error), 0, "%s",
			     error.message);
	}
	for (int i = 0; i < 40; i++)
		cr_assert_eq(start_get(&f, 1, NULL), 0);
	run(&f);
	cr_assert_eq(f.told.ends, 40);
	cr_assert_eq(f.told.failures, 0);
	fixture_done(&f);
}

Test(call, fact_29_ignores_foreign_senders)
{
	struct fixture f;
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr body;
	} forged = {
		.header = {.nlmsg_len = sizeof(forged), .nlmsg_type = NLMSG_ERROR},
		.body = {.error = -EPERM},
	};
	int fd;

	fixture_init(&f);
	to.nl_pid = f.nl->loop->channel.port_id;
	cr_assert_eq(start_get(&f, 1, NULL), 0);
	forged.header.nlmsg_seq = (uint32_t)f.nl->loop->first;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	/* The kernel refuses it, as the socket is connected to the kernel. */
	cr_assert_eq(sendto(fd, &forged, sizeof(forged), 0, (struct sockaddr *)&to,
			    sizeof(to)),
		     -1);
	cr_assert_eq(errno, ECONNREFUSED);
	run(&f);
	cr_assert_eq(f.told.last_result, 0);
	close(fd);
	fixture_done(&f);
}

Test(call, wraps_past_zero)
{
	struct fixture f;

	fixture_init(&f);
	f.nl->loop->first = UINT32_MAX - 2;
	f.nl->loop->settled = f.nl->loop->first;
	f.nl->loop->sent = f.nl->loop->first;
	f.nl->loop->stamped = f.nl->loop->first;
	f.nl->loop->next = f.nl->loop->first;
	for (int i = 0; i < 10; i++)
		cr_assert_eq(start_get(&f, 1, NULL), 0);
	run(&f);
	cr_assert_eq(f.told.ends, 10);
	cr_assert_eq(f.told.failures, 0);
	cr_assert_eq(f.told.wrong, 0);
	fixture_done(&f);
}

struct events {
	struct lsk_loop *loop;
	unsigned int links;
	unsigned int lost;
	unsigned int until;
};

static void on_event(struct lsk_nl *nl, int result, const struct lsk_nl_event *event,
		     void *context)
{
	struct events *events = context;

	if (result < 0) {
		events->lost++;
		return;
	}
	events->links +=
		event->msg->nlmsg_type == RTM_NEWLINK && event->group == RTNLGRP_LINK;
	if (events->links >= events->until)
		cr_assert_eq(lsk_nl_events_stop(nl), 0);
}

Test(events, come_until_they_are_stopped)
{
	struct fixture f;
	struct events events = {.until = 5};

	fixture_init(&f);
	cr_assert_eq(lsk_nl_events_start(f.nl, f.loop, on_event, &events), -ENOTCONN);
	cr_assert_eq(lsk_nl_join(f.nl, RTNLGRP_LINK), 0);
	cr_assert_eq(lsk_nl_events_start(f.nl, f.loop, on_event, &events), 0);
	cr_assert_eq(lsk_nl_events_start(f.nl, f.loop, on_event, &events), -EALREADY);
	netns_bridges(f.nl, 5);
	run(&f);
	cr_assert_geq(events.links, 5);
	cr_assert_eq(events.lost, 0);
	cr_assert_eq(lsk_nl_events_stop(f.nl), -ENOTCONN);
	fixture_done(&f);
}

struct mirror_told {
	struct fixture *fixture;
	unsigned int added, removed, synced, lost;
	unsigned int stop_at; /* SYNCED after which the watch is stopped */
};

static void on_watch(struct lsk_nl_watch *watch, int result,
		     const struct lsk_nl_watch_event *event, void *context)
{
	struct mirror_told *told = context;

	cr_assert_eq(result, 0);
	switch (event->kind) {
	case LSK_NL_ADD:
		told->added++;
		break;
	case LSK_NL_DELETE:
		told->removed++;
		break;
	case LSK_NL_LOST:
		told->lost++;
		break;
	case LSK_NL_SYNCED:
		if (++told->synced >= told->stop_at)
			cr_assert_eq(lsk_nl_watch_stop(watch), 0);
		break;
	case LSK_NL_CHANGE:
	case LSK_NL_CHANGE__COUNT:
		break;
	}
}

Test(watch, on_the_loop_mirrors_what_is_there)
{
	struct fixture f;
	struct mirror_told told = {.fixture = &f, .stop_at = 1};
	struct lsk_nl_watch *watch;

	fixture_init(&f);
	netns_bridges(f.nl, 30);
	cr_assert_eq(lsk_nl_watch_new(f.nl, lsk_rtnl_watched(RTM_GETLINK), &watch), 0);
	cr_assert_eq(lsk_nl_watch_start(watch, f.loop, on_watch, &told), 0);
	cr_assert_eq(lsk_nl_watch_start(watch, f.loop, on_watch, &told), -EALREADY);
	run(&f);
	cr_assert_eq(told.added, 31);
	cr_assert_eq(lsk_nl_watch_count(watch), 31);
	cr_assert_eq(lsk_nl_watch_stop(watch), -ENOTCONN);
	lsk_nl_watch_free(watch);
	fixture_done(&f);
}

/* Changes are made on the same loop while the watch runs with a tiny buffer. */
Test(watch, fact_19_on_the_loop_is_right_after_loss, .timeout = 60)
{
	struct fixture f;
	struct mirror_told told = {.fixture = &f, .stop_at = UINT32_MAX};
	struct lsk_nl_options options = {.event_buffer = 4096};
	struct lsk_nl_watch *watch;
	struct lsk_nl *watcher;

	fixture_init(&f);
	cr_assert_eq(lsk_nl_open(&watcher, NETLINK_ROUTE, &options), 0);
	cr_assert_eq(lsk_nl_watch_new(watcher, lsk_rtnl_watched(RTM_GETROUTE), &watch),
		     0);
	cr_assert_eq(lsk_nl_watch_start(watch, f.loop, on_watch, &told), 0);
	for (uint32_t i = 0; i < 3000; i++)
		cr_assert_eq(start_route(&f, RTM_NEWROUTE, i, LSK_NL_QUIET), 0);
	for (uint32_t i = 0; i < 3000; i += 2)
		cr_assert_eq(start_route(&f, RTM_DELROUTE, i, LSK_NL_QUIET), 0);
	while (lsk_nl_calls(f.nl) > 0 || !lsk_nl_watch_is_synced(watch))
		cr_assert_geq(lsk_loop_run(f.loop, LSK_RUN_ONCE), 0);
	cr_assert_eq(f.told.ends, 4500);
	cr_assert_eq(f.told.failures, 0);
	cr_assert_geq(lsk_nl_watch_count(watch), 1500);
	cr_assert_leq(lsk_nl_watch_count(watch), 1520);
	lsk_nl_watch_free(watch);
	lsk_nl_close(watcher);
	fixture_done(&f);
}

/* Two lists, reads and changes at once: the torture of the issue. */
Test(loop, lists_reads_and_changes_interleave, .timeout = 60)
{
	struct fixture f;
	struct told links = {.ends = 0}, routes = {.ends = 0};

	fixture_init(&f);
	netns_bridges(f.nl, 60);
	netns_routes(f.nl, 10000, 5000, 100);
	for (int round = 0; round < 20; round++) {
		cr_assert_eq(start_list(&f, RTM_GETLINK, &links, NULL), 0);
		cr_assert_eq(start_list(&f, RTM_GETROUTE, &routes, NULL), 0);
		for (uint32_t i = 0; i < 100; i++) {
			cr_assert_eq(start_get(&f, 1 + (int)i % 61, NULL), 0);
			cr_assert_eq(
				start_route(&f, round % 2 ? RTM_DELROUTE : RTM_NEWROUTE,
					    i, i % 2 ? LSK_NL_QUIET : 0),
				0);
		}
	}
	run(&f);
	cr_assert_eq(links.ends, 20);
	cr_assert_eq(links.failures, 0);
	cr_assert_eq(routes.ends, 20);
	cr_assert_eq(routes.failures, 0);
	cr_assert_eq(f.told.ends, 4000);
	cr_assert_eq(f.told.failures, 0);
	cr_assert_eq(f.told.wrong, 0);
	fixture_done(&f);
}
