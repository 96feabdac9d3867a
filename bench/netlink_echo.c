/* SPDX-License-Identifier: MIT */
/*
 * An echo on a loop on which links are removed: how long it takes while the kernel is
 * at it. "inline" sends the removals from the loop's thread, as one would without
 * linsock's writer; "hold" keeps TCP connections open for those who list them.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linsock.h>

#include "bench/netlink_work.h"

#define TIMES_MAX 4000000

struct echo {
	struct lsk_nl *nl;
	struct lsk_loop *loop;
	struct lsk_socket *server;
	struct lsk_pool *pool;
	struct sockaddr_in address;
	unsigned int flags;
	int links;
	int left;
	_Atomic bool is_deleting;
	_Atomic bool is_over;
	uint64_t *times;
	size_t count;
};

static struct lsk_rtnl_link veth(int i)
{
	struct lsk_rtnl_link link = {
		.has = LSK_SET(LSK_LINK_NAME) | LSK_SET(LSK_LINK_KIND),
		.kind = "veth",
	};

	snprintf(link.name, sizeof(link.name), "v%d", i);
	return link;
}

static void delete_next(struct echo *echo);

static void on_deleted(struct lsk_nl *nl, const struct lsk_nl_answer *answer)
{
	struct echo *echo = answer->context;

	(void)nl;
	check(answer->result, "delete");
	if (--echo->left > 0) {
		delete_next(echo);
		return;
	}
	atomic_store(&echo->is_deleting, false);
	atomic_store(&echo->is_over, true);
	check(lsk_loop_close(echo->loop, echo->server, NULL), "close");
}

static void delete_next(struct echo *echo)
{
	struct lsk_rtnl_link link = veth(echo->left - 1);
	const struct lsk_nl_then then = {
		.done = on_deleted,
		.context = echo,
		.flags = echo->flags,
	};
	LSK_NL_MSG(msg, 128);

	link.has = LSK_SET(LSK_LINK_NAME);
	lsk_nl_build(&msg, RTM_DELLINK, 0, lsk_rtnl_table(LSK_RTNL_LINK), &link);
	check(lsk_nl_call_start(echo->nl, &msg, &then), "call_start");
}

/* The server: what comes goes back. */
static void on_datagram(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct echo *echo = event->context;
	struct msghdr message;

	(void)loop;
	if (!(event->flags & LSK_EVENT_LEASE))
		return;
	check(lsk_lease_message(event->pool, event->lease, &message), "lease");
	/* After the last removal the socket is closing, and nobody asks any more. */
	if (sendto(lsk_socket_fd(echo->server), event->data, (size_t)event->result, 0,
		   message.msg_name, message.msg_namelen) < 0 &&
	    !atomic_load(&echo->is_over))
		check(-errno, "sendto");
	lsk_lease_free(event->pool, event->lease);
}

/* The client: a thread that asks and waits, over and over. */
static void *client(void *context)
{
	struct echo *echo = context;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct timeval patience = {.tv_sec = 1};
	char byte = 'x';

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&echo->address, sizeof(echo->address)) < 0)
		check(-errno, "connect");
	while (!atomic_load(&echo->is_over) && echo->count < TIMES_MAX) {
		struct span span;

		span_start(&span);
		if (send(fd, &byte, 1, 0) != 1 || recv(fd, &byte, 1, 0) != 1)
			continue;
		if (atomic_load(&echo->is_deleting))
			echo->times[echo->count++] = span_wall_ns(&span);
	}
	close(fd);
	return NULL;
}

static void echo_open(struct echo *echo)
{
	const struct lsk_pool_options pool = {.flags = LSK_POOL_MESSAGES};
	const struct lsk_then then = {.done = on_datagram, .context = echo};
	socklen_t len = sizeof(echo->address);
	struct lsk_addr addr;

	check(lsk_nl_open(&echo->nl, NETLINK_ROUTE, NULL), "open");
	for (int i = 0; i < echo->links; i++) {
		struct lsk_rtnl_link link = veth(i);

		check(lsk_rtnl_link_create(echo->nl, &link, NULL, NULL, NULL), "veth");
	}
	check(lsk_loop_new(&echo->loop, NULL), "lsk_loop_new");
	check(lsk_nl_attach(echo->nl, echo->loop), "attach");
	check(lsk_socket_new(&echo->server, AF_INET, SOCK_DGRAM, 0), "socket");
	check(lsk_addr_parse(&addr, "inet://127.0.0.1:0", NULL), "address");
	check(lsk_socket_bind(echo->server, &addr), "bind");
	if (getsockname(lsk_socket_fd(echo->server), (struct sockaddr *)&echo->address,
			&len) < 0)
		check(-errno, "getsockname");
	check(lsk_pool_new(echo->loop, &echo->pool, &pool), "pool");
	check(lsk_loop_recvmsg_stream(echo->loop, echo->server, echo->pool, &then),
	      "stream");
}

static int echo_run(char **args, unsigned int flags)
{
	struct echo echo = {
		.flags = flags,
		.links = (int)number(args[0]),
		.left = (int)number(args[0]),
		.times = calloc(TIMES_MAX, sizeof(uint64_t)),
	};
	pthread_t thread;
	struct span span;

	echo_open(&echo);
	atomic_store(&echo.is_deleting, true);
	check(-pthread_create(&thread, NULL, client, &echo), "thread");
	span_start(&span);
	delete_next(&echo);
	check(lsk_loop_run(echo.loop, LSK_RUN_FOREVER), "run");
	pthread_join(thread, NULL);
	span_print(&span,
		   "\"echoes\":%zu,\"p50_ns\":%" PRIu64 ",\"p99_ns\":%" PRIu64
		   ",\"max_ns\":%" PRIu64,
		   echo.count, quantile(echo.times, echo.count, 0.5),
		   quantile(echo.times, echo.count, 0.99),
		   quantile(echo.times, echo.count, 1));
	lsk_nl_close(echo.nl);
	lsk_loop_free(echo.loop);
	lsk_socket_free(echo.server);
	free(echo.times);
	return 0;
}

static int work_echo(char **args)
{
	return echo_run(args, 0);
}

static int work_inline(char **args)
{
	return echo_run(args, LSK_NL_INLINE);
}

/* Half of @count are accepted ones; end of input ends it. */
static int work_hold(char **args)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr = {htonl(INADDR_LOOPBACK)},
	};
	struct rlimit limit = {.rlim_cur = 0};
	socklen_t len = sizeof(address);
	uint32_t count = number(args[0]);
	uint32_t held = 1;
	char byte;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	getrlimit(RLIMIT_NOFILE, &limit);
	/* Raised where we may, else as much as there is. */
	if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){count + 64, count + 64}) < 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 1024) < 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &len) < 0)
		check(-errno, "listen");
	while (held + 2 <= count) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 ||
		    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		    accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0)
			break;
		held += 2;
	}
	printf("{\"count\":%u}\n", held);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

static const struct work works[] = {
	{"echo", 1, work_echo},
	{"echo-inline", 1, work_inline},
	{"hold", 1, work_hold},
	{NULL, 0, NULL},
};

int main(int argc, char **argv)
{
	return work_main(works, argc, argv);
}
