/* SPDX-License-Identifier: MIT */
/*
 * The netlink engine on a kernel, in a namespace of its own. A test named fact_N_…
 * holds one of the kernel's traps that docs/netlink.md counts.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <sys/socket.h>

#include <linsock/netns.h>

#include "families/netlink_handle.h"
#include "tests/support/netns.h"
#include "uring/engine.h"

static int count_links(struct lsk_nl *nl)
{
	struct lsk_nl_dump *dump;
	struct lsk_rtnl_link link;
	int count = 0;
	int r;

	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETLINK, NULL, &dump), 0);
	while ((r = lsk_rtnl_link_next(dump, &link)) > 0) {
		if (lsk_nl_dump_is_restarted(dump))
			count = 0;
		count++;
	}
	cr_assert_eq(r, 0);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	return count;
}

static int count_routes(struct lsk_nl *nl, const struct lsk_rtnl_route *filter)
{
	struct lsk_nl_dump *dump;
	struct lsk_rtnl_route route;
	int count = 0;
	int r;

	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETROUTE, filter, &dump), 0);
	while ((r = lsk_rtnl_route_next(dump, &route)) > 0)
		count += !filter || route.table == filter->table;
	cr_assert_eq(r, 0);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	return count;
}

/* Nothing is queued on the socket of requests. */
static void check_nothing_queued(struct lsk_nl *nl)
{
	char byte;

	cr_assert_eq(recv(lsk_socket_fd(lsk_nl_socket(nl)), &byte, 1,
			  MSG_DONTWAIT | MSG_PEEK),
		     -1);
}

Test(request, performs_and_tells_the_kernels_words)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_error error;
	struct lsk_rtnl_link link = {
		.has = LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_KIND),
		.name = "x0",
		.kind = "nonsense",
	};

	cr_assert_eq(lsk_rtnl_link_create(nl, &link, NULL, NULL, &error), -EOPNOTSUPP);
	cr_assert_eq(error.code, -EOPNOTSUPP);
	cr_assert_str_eq(error.message, "Unknown device type");
	lsk_nl_close(nl);
}

Test(request, tells_the_path_of_the_attribute_at_fault)
{
	struct lsk_nl *nl = netns_handle();
	struct ifinfomsg info = {.ifi_index = 0};
	struct lsk_nl_error error;
	LSK_NL_MSG(msg, 256);

	lsk_nl_msg_start(&msg, RTM_NEWLINK, NLM_F_CREATE, &info, sizeof(info));
	LSK_NL_NEST(&msg, IFLA_LINKINFO)
	{
		lsk_nl_put_string(&msg, IFLA_INFO_KIND, "bridge");
		LSK_NL_NEST(&msg, IFLA_INFO_DATA)
		lsk_nl_put_u8(&msg, IFLA_BR_STP_STATE, 1); /* has 32 bits */
	}
	cr_assert_eq(lsk_nl_request(nl, &msg, &error), -ERANGE);
	cr_assert_str_eq(error.path, ".linkinfo.data.stp-state");
	lsk_nl_close(nl);
}

Test(request, of_a_faulty_message_is_its_fault_and_sends_nothing)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_error error;
	uint32_t before = nl->sequence;
	LSK_NL_MSG(msg, 16);

	lsk_nl_msg_start(&msg, RTM_GETLINK, 0, NULL, 0);
	lsk_nl_put_u32(&msg, 1, 1);
	cr_assert_eq(lsk_nl_request(nl, &msg, &error), -ENOBUFS);
	cr_assert_eq(error.code, -ENOBUFS);
	cr_assert_eq(nl->sequence, before);
	lsk_nl_close(nl);
}

Test(query, finds_link_by_name_and_by_index)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link link;

	cr_assert_eq(lsk_rtnl_link_get(nl, "lo", 0, &link), 0);
	cr_assert_eq(link.info.ifi_index, 1);
	cr_assert_eq(link.mtu, 65536);
	cr_assert_eq(lsk_rtnl_link_get(nl, NULL, 1, &link), 0);
	cr_assert_str_eq(link.name, "lo");
	cr_assert_eq(lsk_rtnl_link_index(nl, "none"), -ENODEV);
	lsk_nl_close(nl);
}

Test(query, of_a_request_without_data_is_enodata)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link link = {.info = {.ifi_index = 1}};
	const struct nlmsghdr *reply;
	LSK_NL_MSG(msg, 64);

	lsk_nl_build(&msg, RTM_NEWLINK, 0, lsk_rtnl_table(LSK_RTNL_LINK), &link);
	cr_assert_eq(lsk_nl_query(nl, &msg, &reply, NULL), -ENODATA);
	lsk_nl_close(nl);
}

Test(dump, fact_1_two_dumps_and_requests_interleave)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_dump *routes, *links;
	struct lsk_rtnl_route route;
	struct lsk_rtnl_link link;
	int route_count = 0, link_count = 0;
	int r, s;

	netns_bridges(nl, 60);
	netns_routes(nl, 0, 3000, RT_TABLE_MAIN);
	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETROUTE, NULL, &routes), 0);
	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETLINK, NULL, &links), 0);
	do {
		r = lsk_rtnl_route_next(routes, &route);
		route_count += r > 0 && route.table == RT_TABLE_MAIN;
		s = lsk_rtnl_link_next(links, &link);
		link_count += s > 0;
		cr_assert_eq(lsk_rtnl_link_index(nl, "br7"), 2 + 7);
	} while (r > 0 || s > 0);
	cr_assert_eq(r, 0);
	cr_assert_eq(s, 0);
	cr_assert_geq(route_count, 3000);
	cr_assert_eq(link_count, 61);
	cr_assert_eq(lsk_nl_dump_end(routes, NULL), 0);
	cr_assert_eq(lsk_nl_dump_end(links, NULL), 0);
	lsk_nl_close(nl);
}

/* The kernel's side of the same fact, which makes the sockets needed. */
Test(dump, fact_1_second_dump_on_one_socket_is_busy)
{
	struct lsk_nl *nl = netns_handle();
	struct rtmsg header = {.rtm_family = AF_INET};
	struct lsk_nl_error error;
	LSK_NL_MSG(msg, 64);

	netns_routes(nl, 0, 3000, RT_TABLE_MAIN);
	lsk_nl_msg_start(&msg, RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, &header,
			 sizeof(header));
	msg.header->nlmsg_seq = 1;
	cr_assert_eq(netlink_channel_send(&nl->requests, msg.header, 28), 0);
	msg.header->nlmsg_seq = 2;
	cr_assert_eq(netlink_channel_send(&nl->requests, msg.header, 28), 0);
	cr_assert_eq(netlink_finish(nl, msg.header, false, NULL, &error), -EBUSY);
	lsk_nl_close(nl);
}

Test(dump, beyond_the_bound_of_sockets_is_busy)
{
	struct lsk_nl_options options = {.dump_sockets = 1};
	struct lsk_nl_dump *first, *second;
	struct lsk_nl *nl;

	netns_enter();
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, &options), 0);
	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETLINK, NULL, &first), 0);
	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETLINK, NULL, &second), -EBUSY);
	cr_assert_eq(lsk_nl_dump_end(first, NULL), 0);
	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETLINK, NULL, &second), 0);
	lsk_nl_dump_end(second, NULL);
	lsk_nl_close(nl);
}

Test(dump, fact_1_left_early_leaves_a_socket_that_can_dump)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_dump *dump;
	struct lsk_rtnl_route route;

	netns_routes(nl, 0, 20000, RT_TABLE_MAIN);
	for (int taken = 0; taken < 40; taken++) {
		cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETROUTE, NULL, &dump), 0);
		for (int i = 0; i < taken * taken * 20; i++)
			cr_assert_geq(lsk_rtnl_route_next(dump, &route), 0);
		cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	}
	cr_assert_eq(nl->dumps_busy, 0);
	cr_assert_geq(count_routes(nl, NULL), 20000);
	lsk_nl_close(nl);
}

Test(dump, fact_2_starts_over_when_links_change_and_says_so)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_dump *dump;
	struct lsk_rtnl_link link;
	bool has_restarted = false;
	int count = 0;
	int r;

	netns_bridges(nl, 150);
	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETLINK, NULL, &dump), 0);
	cr_assert_eq(lsk_rtnl_link_next(dump, &link), 1);
	/* The dump is under way; what it has listed changes. */
	cr_assert_eq(lsk_rtnl_link_delete(nl, lsk_rtnl_link_index(nl, "br0"), NULL), 0);
	while ((r = lsk_rtnl_link_next(dump, &link)) > 0) {
		if (lsk_nl_dump_is_restarted(dump)) {
			has_restarted = true;
			count = 0;
		}
		count++;
		cr_assert(count == 1 || strcmp(link.name, "br0") != 0);
	}
	cr_assert_eq(r, 0);
	cr_assert(has_restarted);
	cr_assert_eq(count, 150);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	lsk_nl_close(nl);
}

Test(dump, fact_2_that_changes_under_every_attempt_is_estale)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_dump *dump;
	struct lsk_rtnl_link link;
	int next = 0;
	int r;

	netns_bridges(nl, 150);
	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETLINK, NULL, &dump), 0);
	r = lsk_rtnl_link_next(dump, &link);
	while (r > 0) {
		char name[16];

		snprintf(name, sizeof(name), "br%d", next++);
		r = lsk_rtnl_link_delete(nl, lsk_rtnl_link_index(nl, name), NULL);
		cr_assert_eq(r, 0);
		while ((r = lsk_rtnl_link_next(dump, &link)) > 0)
			if (lsk_nl_dump_is_restarted(dump))
				break;
	}
	cr_assert_eq(r, -ESTALE);
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), -ESTALE);
	cr_assert_eq(count_links(nl), 151 - next);
	lsk_nl_close(nl);
}

Test(dump, fact_3_refused_by_strict_checking_tells_code_and_words)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link filter = {.info = {.ifi_change = IFF_UP}};
	struct lsk_nl_dump *dump;
	struct lsk_nl_error error;
	struct lsk_rtnl_link link;

	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETLINK, &filter, &dump), 0);
	cr_assert_eq(lsk_rtnl_link_next(dump, &link), -EINVAL);
	cr_assert_eq(lsk_rtnl_link_next(dump, &link), -EINVAL);
	cr_assert_eq(lsk_nl_dump_end(dump, &error), -EINVAL);
	cr_assert_eq(error.code, -EINVAL);
	cr_assert_neq(error.message[0], '\0');
	cr_assert_eq(count_links(nl), 1);
	lsk_nl_close(nl);
}

/* Rules end with DONE in the datagram of the last data since 6.9, links and routes in
 * one of its own; neighbours without any data. */
Test(dump, fact_4_ends_where_done_comes_alone_and_where_it_is_merged)
{
	const unsigned int types[] = {RTM_GETLINK,   RTM_GETADDR,  RTM_GETROUTE,
				      RTM_GETRULE,   RTM_GETNEIGH, RTM_GETQDISC,
				      RTM_GETNEXTHOP};
	struct lsk_nl *nl = netns_handle();

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct lsk_nl_dump *dump;
		const struct nlmsghdr *msg;
		int r;

		cr_assert_eq(lsk_rtnl_dump(nl, types[i], NULL, &dump), 0);
		while ((r = lsk_nl_dump_next(dump, &msg)) > 0)
			;
		cr_expect_eq(r, 0, "type %u: %d", types[i], r);
		cr_expect_eq(lsk_nl_dump_end(dump, NULL), 0);
	}
	cr_assert_eq(nl->dumps_spare, 1, "one socket was enough for all in turn");
	lsk_nl_close(nl);
}

Test(dump, fact_5_with_acknowledgement_asked_for_ends_all_the_same)
{
	struct lsk_nl *nl = netns_handle();
	struct ifinfomsg header = {.ifi_index = 0};
	struct lsk_nl_dump *dump;
	const struct nlmsghdr *reply;
	LSK_NL_MSG(msg, 64);

	lsk_nl_msg_start(&msg, RTM_GETLINK, NLM_F_ACK, &header, sizeof(header));
	cr_assert_eq(lsk_nl_dump_start(nl, &msg, &dump), 0);
	cr_assert_eq(lsk_nl_dump_next(dump, &reply), 1);
	cr_assert_eq(lsk_nl_dump_next(dump, &reply), 0);
	lsk_nl_dump_end(dump, NULL);
	lsk_nl_close(nl);
}

/* Fact 8: what completes at the first data leaves an acknowledgement behind. */
Test(query, fact_8_completes_on_its_acknowledgement)
{
	struct lsk_nl *nl = netns_handle();

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(lsk_rtnl_link_index(nl, "lo"), 1);
		check_nothing_queued(nl);
	}
	lsk_nl_close(nl);
}

Test(request, fact_9_without_any_answer_ends_at_once)
{
	struct lsk_nl *nl = netns_handle();
	struct ifinfomsg header = {.ifi_index = 1};
	struct lsk_nl_error error;
	LSK_NL_MSG(msg, 64);

	/* Longer than its datagram: send(2) says success, the kernel says nothing. */
	lsk_nl_msg_start(&msg, RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, &header,
			 sizeof(header));
	msg.header->nlmsg_seq = 77;
	msg.header->nlmsg_len = 64;
	cr_assert_eq(netlink_channel_send(&nl->requests, msg.header, 32), 0);
	cr_assert_eq(netlink_finish(nl, msg.header, false, NULL, &error), -ENOMSG);
	/* Without NLM_F_REQUEST it is no request. */
	lsk_nl_msg_start(&msg, RTM_GETLINK, 0, &header, sizeof(header));
	msg.header->nlmsg_seq = 78;
	cr_assert_eq(netlink_channel_send(&nl->requests, msg.header, 32), 0);
	cr_assert_eq(netlink_finish(nl, msg.header, false, NULL, &error), -ENOMSG);
	cr_assert_eq(lsk_rtnl_link_index(nl, "lo"), 1);
	lsk_nl_close(nl);
}

Test(request, fact_9_where_the_kernel_may_answer_late_ends_by_its_deadline)
{
	struct lsk_nl_options options = {.timeout_ns = LSK_NSEC_PER_SEC / 20};
	struct lsk_nl_error error;
	struct lsk_nl *nl;
	int64_t start_ns;
	LSK_NL_MSG(msg, 64);

	netns_enter();
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, &options), 0);
	nl->protocol = NETLINK_USERSOCK; /* a protocol of which nothing is known */
	lsk_nl_msg_start(&msg, RTM_GETLINK, 0, NULL, 0);
	msg.header->nlmsg_seq = 79;
	start_ns = engine_now_ns();
	cr_assert_eq(netlink_finish(nl, msg.header, false, NULL, &error), -ETIME);
	cr_assert_geq(engine_now_ns() - start_ns, LSK_NSEC_PER_SEC / 20);
	lsk_nl_close(nl);
}

Test(sequence, fact_13_wraps_past_zero)
{
	struct lsk_nl *nl = netns_handle();

	nl->sequence = UINT32_MAX - 2;
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(lsk_rtnl_link_index(nl, "lo"), 1);
		cr_assert_neq(nl->sequence, 0);
	}
	cr_assert_eq(nl->sequence, 3);
	nl->sequence = UINT32_MAX - 100;
	netns_routes(nl, 0, 300, 77);
	lsk_nl_close(nl);
}

Test(handle, fact_13_many_in_one_process_have_port_ids_of_their_own)
{
	struct lsk_nl *nl[8];

	netns_enter();
	for (int i = 0; i < 8; i++) {
		cr_assert_eq(lsk_nl_open(&nl[i], NETLINK_ROUTE, NULL), 0);
		cr_assert_neq(nl[i]->requests.port_id, 0);
		for (int j = 0; j < i; j++)
			cr_assert_neq(nl[i]->requests.port_id, nl[j]->requests.port_id);
	}
	for (int i = 0; i < 8; i++)
		cr_assert_eq(lsk_rtnl_link_index(nl[i], "lo"), 1);
	for (int i = 0; i < 8; i++)
		lsk_nl_close(nl[i]);
}

Test(dump, fact_14_filters_in_the_kernel_and_says_so)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_route filter = {
		.info = {.rtm_family = AF_INET},
		.has = LSK_SET(LSK_ROUTE_TABLE),
		.table = 100,
	};
	struct lsk_nl_dump *dump;
	struct lsk_rtnl_route route;
	int count = 0;

	netns_routes(nl, 0, 1000, RT_TABLE_MAIN);
	netns_routes(nl, 5000, 10, 100);
	cr_assert_eq(lsk_rtnl_dump(nl, RTM_GETROUTE, &filter, &dump), 0);
	while (lsk_rtnl_route_next(dump, &route) > 0) {
		cr_assert_eq(route.table, 100);
		count++;
	}
	cr_assert_eq(count, 10);
	cr_assert(lsk_nl_dump_is_filtered(dump));
	cr_assert_eq(lsk_nl_dump_end(dump, NULL), 0);
	lsk_nl_close(nl);
}

Test(link_set_up, fact_15_leaves_the_other_flags_alone)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_rtnl_link link = {
		.info = {.ifi_index = 1,
			 .ifi_flags = IFF_ALLMULTI,
			 .ifi_change = IFF_ALLMULTI},
	};

	cr_assert_eq(lsk_rtnl_change(nl, RTM_NEWLINK, 0, &link, NULL), 0);
	cr_assert_eq(lsk_rtnl_link_set_up(nl, 1, false, NULL), 0);
	cr_assert_eq(lsk_rtnl_link_get(nl, "lo", 0, &link), 0);
	cr_assert_eq(link.info.ifi_flags & (IFF_ALLMULTI | IFF_UP), IFF_ALLMULTI);
	lsk_nl_close(nl);
}

/* Facts 16 to 18: a buffer that is too small costs time, never a message. */
Test(receive, fact_18_grows_a_small_buffer_without_loss)
{
	struct lsk_nl_options options = {.buffer_size = 20};
	struct lsk_rtnl_link link;
	struct lsk_nl *nl;

	netns_enter();
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, &options), 0);
	cr_assert_eq(lsk_rtnl_link_get(nl, "lo", 0, &link), 0);
	cr_assert_str_eq(link.name, "lo");
	netns_bridges(nl, 30);
	cr_assert_eq(count_links(nl), 31);
	lsk_nl_close(nl);
}

struct results {
	uint64_t next;
	uint64_t failed;
	int code;
};

static void remember(void *context, uint64_t index, const struct lsk_nl_error *error)
{
	struct results *results = context;

	cr_assert_eq(index, results->next);
	results->next++;
	results->failed += error->code < 0;
	if (error->code < 0)
		results->code = error->code;
}

Test(batch, fact_21_reports_every_one_of_thousands_of_failures)
{
	struct lsk_nl *nl = netns_handle();
	struct results results = {0};
	struct lsk_nl_batch *batch;
	uint64_t failed;
	LSK_NL_MSG(msg, 512);

	cr_assert_eq(lsk_nl_batch_new(nl, remember, &results, &batch), 0);
	for (uint32_t i = 0; i < 5000; i++) {
		struct lsk_rtnl_route route = netns_route(i, RT_TABLE_MAIN);

		lsk_nl_build(&msg, RTM_DELROUTE, 0, lsk_rtnl_table(LSK_RTNL_ROUTE),
			     &route);
		cr_assert_eq(lsk_nl_batch_add(batch, &msg), 0);
	}
	cr_assert_eq(lsk_nl_batch_flush(batch, &failed), 0);
	cr_assert_eq(results.next, 5000);
	cr_assert_eq(results.failed, 5000);
	cr_assert_eq(failed, 5000);
	cr_assert_eq(results.code, -ESRCH);
	lsk_nl_batch_free(batch);
	check_nothing_queued(nl);
	lsk_nl_close(nl);
}

/* Fact 36: what follows a failure is performed. */
Test(batch, fact_36_goes_on_after_a_failure_and_tells_which_failed)
{
	struct lsk_nl *nl = netns_handle();
	struct results results = {0};
	struct lsk_rtnl_route filter = {.info = {.rtm_family = AF_INET},
					.has = LSK_SET(LSK_ROUTE_TABLE),
					.table = 50};
	struct lsk_nl_batch *batch;
	LSK_NL_MSG(msg, 512);

	cr_assert_eq(lsk_nl_batch_new(nl, remember, &results, &batch), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		/* Every third is there already when it comes. */
		struct lsk_rtnl_route route = netns_route(i % 3 ? i : 0, 50);

		lsk_nl_build(&msg, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
			     lsk_rtnl_table(LSK_RTNL_ROUTE), &route);
		cr_assert_eq(lsk_nl_batch_add(batch, &msg), 0);
	}
	cr_assert_eq(lsk_nl_batch_flush(batch, NULL), 0);
	cr_assert_eq(results.next, 1000);
	cr_assert_eq(results.failed, 333);
	cr_assert_eq(results.code, -EEXIST);
	cr_assert_eq(count_routes(nl, &filter), 667);
	lsk_nl_batch_free(batch);
	lsk_nl_close(nl);
}

Test(batch, fact_23_refuses_a_message_longer_than_the_kernel_takes)
{
	struct lsk_nl *nl = netns_handle();
	static const char payload[60000];
	char *memory = malloc(400000);
	struct lsk_nl_msg msg;
	struct lsk_nl_batch *batch;

	lsk_nl_msg_init(&msg, memory, 400000);
	lsk_nl_msg_start(&msg, RTM_NEWLINK, 0, NULL, 0);
	for (int i = 0; i < 5; i++)
		lsk_nl_put(&msg, 1, payload, sizeof(payload));
	cr_assert_eq(lsk_nl_msg_error(&msg), 0);
	cr_assert_eq(lsk_nl_batch_new(nl, NULL, NULL, &batch), 0);
	cr_assert_eq(lsk_nl_batch_add(batch, &msg), -EMSGSIZE);
	cr_assert_eq(lsk_nl_request(nl, &msg, NULL), -EMSGSIZE);
	lsk_nl_batch_free(batch);
	lsk_nl_close(nl);
	free(memory);
}

Test(batch, of_nothing_sends_nothing)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_batch *batch;
	uint64_t failed = 1;

	cr_assert_eq(lsk_nl_batch_new(nl, NULL, NULL, &batch), 0);
	cr_assert_eq(lsk_nl_batch_flush(batch, &failed), 0);
	cr_assert_eq(failed, 0);
	cr_assert_null(lsk_nl_batch_free(batch));
	cr_assert_null(lsk_nl_batch_free(NULL));
	lsk_nl_close(nl);
}

/* Fact 29: a socket that is not connected takes messages of anybody with the rights. */
Test(receive, fact_29_ignores_foreign_senders)
{
	struct lsk_nl *nl = netns_handle();
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} forged = {
		.header = {.nlmsg_len = sizeof(forged),
			   .nlmsg_type = NLMSG_ERROR,
			   .nlmsg_seq = nl->sequence + 1},
		.error = {.error = -EPERM},
	};
	struct lsk_addr victim;
	struct lsk_socket *liar;

	cr_assert_eq(lsk_socket_getsockname(lsk_nl_socket(nl), &victim), 0);
	cr_assert_eq(lsk_socket_new(&liar, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(
			lsk_socket_sendto(liar, &forged, sizeof(forged), 0, &victim),
			(ssize_t)sizeof(forged));
	cr_assert_eq(lsk_rtnl_link_index(nl, "lo"), 1);
	check_nothing_queued(nl);
	lsk_socket_free(liar);
	lsk_nl_close(nl);
}

Test(handle, fact_30_lives_in_the_namespace_that_it_was_told)
{
	struct lsk_nl *nl = netns_handle();
	int fd = lsk_netns_new();
	struct lsk_nl_options options = {.netns_fd = fd};
	struct lsk_nl *other;

	cr_assert_geq(fd, 0);
	cr_assert_eq(lsk_nl_open(&other, NETLINK_ROUTE, &options), 0);
	netns_bridges(other, 2);
	cr_assert_eq(count_links(nl), 1);
	cr_assert_eq(count_links(other), 3);
	cr_assert_eq(lsk_rtnl_link_index(nl, "br0"), -ENODEV);
	close(fd);
	lsk_nl_close(other);
	lsk_nl_close(nl);
}

Test(handle, of_an_unknown_protocol_is_refused)
{
	struct lsk_nl *nl = NULL;

	cr_assert_eq(lsk_nl_open(&nl, 99, NULL), -EPROTONOSUPPORT);
	cr_assert_null(nl);
	cr_assert_null(lsk_nl_close(NULL));
}

struct traced {
	int sent;
	int received;
};

static void count_traced(void *context, bool is_sent, int protocol,
			 const struct nlmsghdr *msg)
{
	struct traced *traced = context;
	char text[4096];

	cr_assert_gt(lsk_nl_format(protocol, msg, text, sizeof(text)), 0);
	if (is_sent)
		traced->sent++;
	else
		traced->received++;
}

Test(trace, sees_requests_answers_dumps_and_events)
{
	struct lsk_nl *nl = netns_handle();
	struct traced traced = {0};

	lsk_nl_set_trace(nl, count_traced, &traced);
	cr_assert_eq(lsk_rtnl_link_index(nl, "lo"), 1);
	cr_assert_eq(traced.sent, 1);
	cr_assert_eq(traced.received, 2);
	cr_assert_eq(count_links(nl), 1);
	cr_assert_eq(traced.sent, 2);
	cr_assert_eq(traced.received, 4);
	lsk_nl_close(nl);
}

Test(event, tells_group_and_message)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_event event;
	struct lsk_rtnl_link link;

	cr_assert_eq(lsk_nl_event_next(nl, 0, &event), -ENOTCONN);
	cr_assert_eq(lsk_nl_join(nl, RTNLGRP_LINK), 0);
	cr_assert_eq(lsk_nl_event_next(nl, 0, &event), -EAGAIN);
	cr_assert_eq(lsk_nl_event_next(nl, 1000000, &event), -ETIME);
	netns_bridges(nl, 1);
	cr_assert_eq(lsk_nl_event_next(nl, LSK_NSEC_PER_SEC, &event), 0);
	cr_assert_eq(event.group, RTNLGRP_LINK);
	cr_assert_eq(event.nsid, LSK_NL_NSID_NONE);
	cr_assert_eq(event.msg->nlmsg_type, RTM_NEWLINK);
	cr_assert_eq(lsk_rtnl_link_parse(event.msg, &link), 0);
	cr_assert_str_eq(link.name, "br0");
	cr_assert_eq(lsk_nl_leave(nl, RTNLGRP_LINK), 0);
	lsk_nl_close(nl);
}

/* Fact 13 again: what we cause carries our numbers, and is an event all the same. */
Test(event, fact_13_that_we_caused_disturbs_no_request)
{
	struct lsk_nl *nl = netns_handle();
	struct lsk_nl_event event;
	int events = 0;

	cr_assert_eq(lsk_nl_join(nl, RTNLGRP_LINK), 0);
	netns_bridges(nl, 20);
	while (lsk_nl_event_next(nl, 0, &event) == 0)
		events += event.msg->nlmsg_type == RTM_NEWLINK;
	cr_assert_eq(events, 20);
	lsk_nl_close(nl);
}

/* Facts 19, 20, 22: the loss is told, what was queued still comes, drops are counted.
 */
Test(event, fact_19_loss_is_enobufs_and_then_the_queue)
{
	struct lsk_nl_options options = {.event_buffer = 4096};
	struct lsk_nl_event event;
	struct lsk_nl *nl;
	int events = 0, losses = 0;
	int r;

	netns_enter();
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, &options), 0);
	cr_assert_eq(lsk_nl_join(nl, RTNLGRP_IPV4_ROUTE), 0);
	netns_routes(nl, 0, 500, 60);
	while ((r = lsk_nl_event_next(nl, 0, &event)) != -EAGAIN) {
		if (r == -ENOBUFS)
			losses++;
		else
			events++;
		cr_assert(r == 0 || r == -ENOBUFS, "%d", r);
	}
	cr_assert_geq(losses, 1);
	cr_assert_gt(events, 0);
	cr_assert_eq((uint64_t)events + lsk_nl_event_drops(nl), 500);
	/* The socket is sound again. */
	netns_routes(nl, 1000, 1, 60);
	cr_assert_eq(lsk_nl_event_next(nl, 0, &event), 0);
	lsk_nl_close(nl);
}

Test(event, that_was_cut_is_told_and_the_next_fits)
{
	struct lsk_nl_options options = {.buffer_size = 64};
	struct lsk_nl_event event;
	struct lsk_nl *nl;

	netns_enter();
	cr_assert_eq(lsk_nl_open(&nl, NETLINK_ROUTE, &options), 0);
	cr_assert_eq(lsk_nl_join(nl, RTNLGRP_LINK), 0);
	netns_bridges(nl, 2);
	cr_assert_eq(lsk_nl_event_next(nl, 0, &event), -EMSGSIZE);
	cr_assert_eq(lsk_nl_event_next(nl, 0, &event), 0);
	lsk_nl_close(nl);
}
