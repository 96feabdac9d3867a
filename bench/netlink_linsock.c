/* SPDX-License-Identifier: MIT */
/*
 * linsock's part of the netlink benchmarks: one piece of work per run, in the network
 * namespace of the caller. Prints one line of JSON. bench/harness/netlink.py drives it.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linsock.h>

#include "bench/netlink_work.h"

struct failures {
	uint64_t told;
	uint64_t failed;
};

static struct lsk_nl *open_route(void)
{
	struct lsk_nl *nl;

	check(lsk_nl_open(&nl, NETLINK_ROUTE, NULL), "lsk_nl_open");
	return nl;
}

static struct lsk_rtnl_route route_of(uint32_t number, uint32_t table)
{
	return (struct lsk_rtnl_route){
		.info = {.rtm_family = AF_INET,
			 .rtm_dst_len = 32,
			 .rtm_protocol = RTPROT_STATIC,
			 .rtm_scope = RT_SCOPE_LINK,
			 .rtm_type = RTN_UNICAST},
		.has = LSK_SET(LSK_ROUTE_DST) | LSK_SET(LSK_ROUTE_OIF) |
		       LSK_SET(LSK_ROUTE_TABLE),
		.oif = 1,
		.table = table,
		.dst = {4,
			{10, (uint8_t)(number >> 16), (uint8_t)(number >> 8),
			 (uint8_t)number}},
	};
}

static void count_result(void *context, uint64_t index,
			 const struct lsk_nl_error *error)
{
	struct failures *failures = context;

	(void)index;
	failures->told++;
	failures->failed += error->code < 0;
}

/* Add or remove routes 0 … @count - 1 by a batch. */
static struct failures batch_routes(struct lsk_nl *nl, unsigned int type,
				    uint32_t count, uint32_t table)
{
	struct failures failures = {0, 0};
	struct lsk_nl_batch *batch;
	bool is_new = type == RTM_NEWROUTE;
	LSK_NL_MSG(msg, 256);

	check(lsk_nl_batch_new(nl, count_result, &failures, &batch), "batch");
	for (uint32_t i = 0; i < count; i++) {
		struct lsk_rtnl_route route = route_of(i, table);

		/* Whoever made it. */
		if (!is_new)
			route.info.rtm_protocol = 0;
		lsk_nl_build(&msg, type, is_new ? NLM_F_CREATE | NLM_F_EXCL : 0,
			     lsk_rtnl_table(LSK_RTNL_ROUTE), &route);
		check(lsk_nl_batch_add(batch, &msg), "batch_add");
	}
	check(lsk_nl_batch_flush(batch, NULL), "batch_flush");
	lsk_nl_batch_free(batch);
	return failures;
}

static int work_fill(char **args)
{
	struct lsk_nl *nl = open_route();
	struct failures failures;

	failures = batch_routes(nl, RTM_NEWROUTE, number(args[0]), number(args[1]));
	printf("{\"failed\":%" PRIu64 "}\n", failures.failed);
	lsk_nl_close(nl);
	return 0;
}

static int work_clear(char **args)
{
	struct lsk_nl *nl = open_route();

	batch_routes(nl, RTM_DELROUTE, number(args[0]), number(args[1]));
	puts("{}");
	lsk_nl_close(nl);
	return 0;
}

static uint64_t dump_routes(struct lsk_nl *nl, const struct lsk_rtnl_route *filter,
			    uint64_t *ret_sum)
{
	struct lsk_nl_dump *dump;
	struct lsk_rtnl_route route;
	uint64_t count = 0, sum = 0;
	int r;

	check(lsk_rtnl_dump(nl, RTM_GETROUTE, filter, &dump), "dump");
	while ((r = lsk_rtnl_route_next(dump, &route)) > 0) {
		count++;
		sum += route_sum(route.dst.bytes, route.info.rtm_dst_len, route.oif,
				 route.table);
	}
	check(r, "dump_next");
	check(lsk_nl_dump_end(dump, NULL), "dump_end");
	*ret_sum = sum;
	return count;
}

static int work_dump(char **args)
{
	const struct lsk_rtnl_route inet = {.info = {.rtm_family = AF_INET}};
	struct lsk_nl *nl = open_route();
	struct span span;
	uint64_t count, sum;

	(void)args;
	span_start(&span);
	count = dump_routes(nl, &inet, &sum);
	span_print(&span, "\"count\":%" PRIu64 ",\"sum\":%" PRIu64, count, sum);
	lsk_nl_close(nl);
	return 0;
}

/* One table of many, each time anew; the median. */
static int work_filter(char **args)
{
	const struct lsk_rtnl_route filter = {
		.info = {.rtm_family = AF_INET},
		.has = LSK_SET(LSK_ROUTE_TABLE),
		.table = number(args[0]),
	};
	struct lsk_nl *nl = open_route();
	uint64_t times[201];
	uint64_t count = 0, sum;

	for (size_t i = 0; i < 201; i++) {
		struct span span;

		span_start(&span);
		count = dump_routes(nl, &filter, &sum);
		times[i] = span_wall_ns(&span);
	}
	printf("{\"wall_ns\":%" PRIu64 ",\"count\":%" PRIu64 "}\n",
	       quantile(times, 201, 0.5), count);
	lsk_nl_close(nl);
	return 0;
}

/* Every tenth route is there already: its failure must be told. */
static int work_install(char **args)
{
	struct lsk_nl *nl = open_route();
	struct failures failures;
	struct span span;

	span_start(&span);
	failures = batch_routes(nl, RTM_NEWROUTE, number(args[0]), number(args[1]));
	span_print(&span, "\"told\":%" PRIu64 ",\"failed\":%" PRIu64, failures.told,
		   failures.failed);
	lsk_nl_close(nl);
	return 0;
}

static int work_install_single(char **args)
{
	struct lsk_nl *nl = open_route();
	uint32_t count = number(args[0]);
	uint64_t failed = 0;
	struct span span;

	span_start(&span);
	for (uint32_t i = 0; i < count; i++) {
		struct lsk_rtnl_route route = route_of(i, number(args[1]));

		failed += lsk_rtnl_change(nl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
					  &route, NULL) < 0;
	}
	span_print(&span, "\"failed\":%" PRIu64, failed);
	lsk_nl_close(nl);
	return 0;
}

/* A link without its statistics, most of which the kernel counts together anew for each
 * request: what is measured is the way of a request, not that. */
static void put_link_request(struct lsk_nl_msg *msg)
{
	const struct ifinfomsg info = {.ifi_index = 1};

	lsk_nl_msg_start(msg, RTM_GETLINK, 0, &info, sizeof(info));
	lsk_nl_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

static void on_link(struct lsk_nl *nl, const struct lsk_nl_answer *answer)
{
	uint64_t *sum = answer->context;
	struct lsk_rtnl_link link;

	(void)nl;
	check(answer->result, "call");
	check(lsk_rtnl_link_parse(answer->msg, &link), "link");
	*sum += (uint64_t)link.info.ifi_index;
}

static int work_pipeline(char **args)
{
	uint32_t count = number(args[0]);
	struct lsk_nl *nl = open_route();
	struct lsk_loop *loop;
	struct span span;
	uint64_t sum = 0;

	check(lsk_loop_new(&loop, NULL), "lsk_loop_new");
	check(lsk_nl_attach(nl, loop), "lsk_nl_attach");
	span_start(&span);
	for (uint32_t i = 0; i < count; i++) {
		const struct lsk_nl_then then = {.done = on_link, .context = &sum};
		LSK_NL_MSG(msg, 64);

		put_link_request(&msg);
		check(lsk_nl_call_start(nl, &msg, &then), "call_start");
	}
	check(lsk_loop_run(loop, LSK_RUN_FOREVER), "run");
	span_print(&span, "\"sum\":%" PRIu64, sum);
	lsk_nl_close(nl);
	lsk_loop_free(loop);
	return 0;
}

static int work_single(char **args)
{
	uint32_t count = number(args[0]);
	struct lsk_nl *nl = open_route();
	struct lsk_rtnl_link link;
	struct span span;
	uint64_t sum = 0;

	span_start(&span);
	for (uint32_t i = 0; i < count; i++) {
		const struct nlmsghdr *reply;
		LSK_NL_MSG(msg, 64);

		put_link_request(&msg);
		check(lsk_nl_query(nl, &msg, &reply, NULL), "query");
		check(lsk_rtnl_link_parse(reply, &link), "link");
		sum += (uint64_t)link.info.ifi_index;
	}
	span_print(&span, "\"sum\":%" PRIu64, sum);
	lsk_nl_close(nl);
	return 0;
}

/* Half of the routes stay, and all were there for a while. */
static void churn(uint32_t count)
{
	struct lsk_nl *nl = open_route();
	const uint32_t step = 1000;

	for (uint32_t i = 0; i < count / 2; i++) {
		struct lsk_rtnl_route route = route_of(i, RT_TABLE_MAIN);

		check(lsk_rtnl_change(nl, RTM_NEWROUTE, NLM_F_CREATE, &route, NULL),
		      "add");
		if (i < step)
			continue;
		route = route_of(i - step, RT_TABLE_MAIN);
		check(lsk_rtnl_change(nl, RTM_DELROUTE, 0, &route, NULL), "delete");
	}
	lsk_nl_close(nl);
	_exit(0);
}

static uint64_t mirror_sum(const struct lsk_nl_watch *watch)
{
	const void *position = NULL;
	const struct nlmsghdr *msg;
	struct lsk_rtnl_route route;
	uint64_t sum = 0;

	while ((msg = lsk_nl_watch_object(watch, &position))) {
		check(lsk_rtnl_route_parse(msg, &route), "route");
		if (route.info.rtm_family == AF_INET)
			sum += route_sum(route.dst.bytes, route.info.rtm_dst_len,
					 route.oif, route.table);
	}
	return sum;
}

struct mirror {
	struct lsk_loop *loop;
	uint64_t events;
	uint64_t losses;
};

static void on_watch(struct lsk_nl_watch *watch, int result,
		     const struct lsk_nl_watch_event *event, void *context)
{
	struct mirror *mirror = context;

	(void)watch;
	check(result, "watch");
	mirror->events++;
	mirror->losses += event->kind == LSK_NL_LOST;
}

/* So that the end of the producer is seen, of which the loop knows nothing. */
static void on_tick(struct lsk_loop *loop, const struct lsk_event *event)
{
	const struct lsk_then then = {.done = on_tick};

	if (event->result == 0)
		check(lsk_loop_timer(loop, LSK_NSEC_PER_SEC / 100, &then), "timer");
}

static bool has_events(struct lsk_nl *nl)
{
	struct pollfd fd = {lsk_socket_fd(lsk_nl_event_socket(nl)), POLLIN, 0};

	return poll(&fd, 1, 0) > 0;
}

/* A watcher with the receive buffer that a socket has by default. */
static int work_mirror(char **args)
{
	/* The kernel doubles it to net.core.rmem_default. */
	struct lsk_nl_options options = {.event_buffer = 212992 / 2};
	const struct lsk_rtnl_route inet = {.info = {.rtm_family = AF_INET}};
	const struct lsk_then tick = {.done = on_tick};
	struct mirror mirror = {.events = 0};
	struct lsk_nl_watch *watch;
	uint64_t sum, drops;
	struct lsk_nl *nl;
	struct span span;
	int status = -1;
	pid_t producer;

	check(lsk_nl_open(&nl, NETLINK_ROUTE, &options), "open");
	check(lsk_loop_new(&mirror.loop, NULL), "lsk_loop_new");
	check(lsk_nl_watch_new(nl, lsk_rtnl_watched(RTM_GETROUTE), &watch), "watch");
	check(lsk_nl_watch_start(watch, mirror.loop, on_watch, &mirror), "start");
	check(lsk_loop_timer(mirror.loop, LSK_NSEC_PER_SEC / 100, &tick), "timer");
	producer = fork();
	if (producer == 0)
		churn(number(args[0]));
	span_start(&span);
	while (waitpid(producer, &status, WNOHANG) == 0 ||
	       !lsk_nl_watch_is_synced(watch))
		check(lsk_loop_run(mirror.loop, LSK_RUN_ONCE), "run");
	/* What was queued at the end of the producer. */
	while (has_events(nl) || !lsk_nl_watch_is_synced(watch))
		check(lsk_loop_run(mirror.loop, LSK_RUN_ONCE), "run");
	check(status == 0 ? 0 : -EIO, "the producer");
	dump_routes(nl, &inet, &sum);
	drops = lsk_nl_event_drops(nl);
	span_print(&span,
		   "\"equal\":%s,\"events\":%" PRIu64 ",\"losses\":%" PRIu64
		   ",\"drops\":%" PRIu64,
		   mirror_sum(watch) == sum ? "true" : "false", mirror.events,
		   mirror.losses, drops);
	lsk_nl_watch_free(watch);
	lsk_nl_close(nl);
	lsk_loop_free(mirror.loop);
	return 0;
}

static int work_sockets(char **args)
{
	const struct lsk_diag_request requests[] = {
		{.family = AF_INET, .protocol = IPPROTO_TCP},
		{.family = AF_INET6, .protocol = IPPROTO_TCP},
	};
	struct lsk_diag_socket sock;
	struct lsk_nl_dump *dump;
	uint64_t count = 0, sum = 0;
	struct lsk_nl *nl;
	struct span span;
	int r;

	(void)args;
	check(lsk_nl_open(&nl, NETLINK_SOCK_DIAG, NULL), "open");
	span_start(&span);
	for (size_t i = 0; i < 2; i++) {
		check(lsk_diag_dump(nl, &requests[i], &dump), "dump");
		while ((r = lsk_diag_next(dump, &sock)) > 0) {
			count++;
			sum += sock.inode;
		}
		check(r, "next");
		check(lsk_nl_dump_end(dump, NULL), "end");
	}
	span_print(&span, "\"count\":%" PRIu64 ",\"sum\":%" PRIu64, count, sum);
	lsk_nl_close(nl);
	return 0;
}

static const struct work works[] = {
	{"fill", 2, work_fill},
	{"clear", 2, work_clear},
	{"dump", 0, work_dump},
	{"filter", 1, work_filter},
	{"install", 2, work_install},
	{"install-single", 2, work_install_single},
	{"pipeline", 1, work_pipeline},
	{"single", 1, work_single},
	{"mirror", 1, work_mirror},
	{"sockets", 0, work_sockets},
	{NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return work_main(works, argc, argv);
}
