/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linsock/loop.h>
#include <linsock/message.h>
#include <linsock/name.h>
#include <linsock/socket.h>
#include <linsock/trace.h>

#include "tests/support/sockets.h"

TestSuite(trace, .init = descriptors_remember, .fini = descriptors_check);

/* What the hook saw, the newest last. */
static struct {
	struct lsk_trace_event events[64];
	int count;
	int refuse; /* operation to refuse, or -1 */
} seen;

static int record(void *context, const struct lsk_trace_event *event)
{
	cr_assert_eq(context, &seen);
	seen.events[seen.count++ % 64] = *event;
	return (int)event->operation == seen.refuse && !event->is_done ? -EPERM : 0;
}

static void start(int refuse)
{
	seen.count = 0;
	seen.refuse = refuse;
	lsk_set_trace_hook(record, &seen);
}

static void assert_seen(enum lsk_trace_operation operation, int64_t result)
{
	cr_assert_geq(seen.count, 2, "%s", lsk_trace_operation_name(operation));
	cr_assert_eq(seen.events[seen.count - 2].operation, operation);
	cr_assert_not(seen.events[seen.count - 2].is_done);
	cr_assert_eq(seen.events[seen.count - 1].operation, operation, "%s",
		     lsk_trace_operation_name(operation));
	cr_assert(seen.events[seen.count - 1].is_done);
	cr_assert_eq(seen.events[seen.count - 1].result, result);
	seen.count = 0;
}

Test(trace, every_operation_is_shown_before_and_after)
{
	struct lsk_socket *sock;
	struct lsk_socket *copy;
	struct lsk_message message = {.buffers_count = 0};
	struct lsk_addr addr;
	char byte = 'x';
	int value = 0;
	int fd;

	lsk_addr_inet(&addr, "127.0.0.1", 0);
	start(-1);
	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_DGRAM, IPPROTO_UDP), 0);
	cr_assert_eq(seen.events[0].domain, AF_INET);
	cr_assert_eq(seen.events[0].protocol, IPPROTO_UDP);
	assert_seen(LSK_TRACE_SOCKET, 0);
	lsk_socket_bind(sock, &addr);
	cr_assert(lsk_addr_equal(seen.events[0].addr, &addr));
	cr_assert_eq(seen.events[0].sock, sock);
	cr_assert_eq(seen.events[0].type, SOCK_DGRAM);
	assert_seen(LSK_TRACE_BIND, 0);
	lsk_socket_getsockname(sock, &addr);
	assert_seen(LSK_TRACE_GETSOCKNAME, 0);
	lsk_socket_connect(sock, &addr);
	assert_seen(LSK_TRACE_CONNECT, 0);
	lsk_socket_listen(sock, 7);
	cr_assert_eq(seen.events[0].number, 7);
	assert_seen(LSK_TRACE_LISTEN, -EOPNOTSUPP);
	lsk_socket_accept(sock, &copy, NULL);
	assert_seen(LSK_TRACE_ACCEPT, -EOPNOTSUPP);
	lsk_socket_send(sock, &byte, 1, MSG_DONTWAIT);
	cr_assert_eq(seen.events[0].data, &byte);
	cr_assert_eq(seen.events[0].len, 1);
	cr_assert_eq(seen.events[0].flags, MSG_DONTWAIT);
	assert_seen(LSK_TRACE_SEND, 1);
	lsk_socket_sendall(sock, &byte, 1, 0, NULL);
	assert_seen(LSK_TRACE_SEND, 0);
	lsk_socket_sendto(sock, &byte, 1, 0, &addr);
	assert_seen(LSK_TRACE_SEND, 1);
	lsk_socket_sendmsg(sock, &message, 0);
	assert_seen(LSK_TRACE_SEND, 0);
	lsk_socket_sendmmsg(sock, &message, 1, 0);
	assert_seen(LSK_TRACE_SEND, 1);
	lsk_socket_recv(sock, &byte, 1, 0);
	assert_seen(LSK_TRACE_RECV, 1);
	lsk_socket_recvfrom(sock, &byte, 1, 0, NULL);
	assert_seen(LSK_TRACE_RECV, 1);
	lsk_socket_recvmsg(sock, &message, 0);
	assert_seen(LSK_TRACE_RECV, 0);
	lsk_socket_recvmmsg(sock, &message, 1, 0);
	assert_seen(LSK_TRACE_RECV, 1);
	lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_PRIORITY, 3);
	cr_assert_eq(seen.events[0].level, SOL_SOCKET);
	cr_assert_eq(seen.events[0].number, SO_PRIORITY);
	assert_seen(LSK_TRACE_SETSOCKOPT, 0);
	lsk_socket_getsockopt_int(sock, SOL_SOCKET, SO_PRIORITY, &value);
	assert_seen(LSK_TRACE_GETSOCKOPT, 0);
	lsk_socket_getpeername(sock, &addr);
	assert_seen(LSK_TRACE_GETPEERNAME, 0);
	lsk_socket_ioctl(sock, FIONREAD, &value);
	cr_assert_eq(seen.events[0].number, FIONREAD);
	assert_seen(LSK_TRACE_IOCTL, 0);
	lsk_socket_wait(sock, POLLOUT, 0);
	cr_assert_eq(seen.events[0].number, POLLOUT);
	assert_seen(LSK_TRACE_WAIT, POLLOUT);
	lsk_socket_shutdown(sock, SHUT_RD);
	cr_assert_eq(seen.events[0].number, SHUT_RD);
	assert_seen(LSK_TRACE_SHUTDOWN, 0);
	lsk_socket_dup(sock, &copy);
	assert_seen(LSK_TRACE_DUP, 0);
	lsk_socket_close(sock);
	assert_seen(LSK_TRACE_CLOSE, 0);
	fd = lsk_socket_detach(copy);
	assert_seen(LSK_TRACE_DETACH, fd);
	lsk_socket_free(sock);
	lsk_socket_free(copy);
	cr_assert_eq(lsk_socket_adopt(&sock, fd, -1, -1, -1), 0);
	cr_assert_eq(seen.events[0].number, fd);
	assert_seen(LSK_TRACE_ADOPT, 0);
	lsk_socket_free(sock);
}

/* The rows of audit events that concern names. */
Test(trace, lookups_are_shown)
{
	struct lsk_addrinfo *list = NULL;
	struct lsk_interface *interfaces;
	struct lsk_lookup *lookup;
	char name[LSK_HOST_MAX];
	size_t count;
	int index;

	start(-1);
	cr_assert_eq(lsk_getaddrinfo("127.0.0.1", "80", NULL, LSK_BLOCK, &list, NULL),
		     0);
	cr_assert_str_eq(seen.events[0].name, "127.0.0.1");
	cr_assert_str_eq(seen.events[0].service, "80");
	assert_seen(LSK_TRACE_LOOKUP, 0);
	lsk_addrinfo_free(list);
	cr_assert_geq(lsk_gethostname(name, sizeof(name)), 0);
	cr_assert_eq(seen.events[0].operation, LSK_TRACE_LOOKUP);
	start(-1);
	cr_assert_eq(lsk_lookup_new(&lookup, "127.0.0.1", "80", NULL), 0);
	cr_assert_str_eq(seen.events[0].name, "127.0.0.1");
	assert_seen(LSK_TRACE_LOOKUP, 0);
	lsk_lookup_free(lookup);
	cr_assert_eq(lsk_getprotobyname("tcp", LSK_BLOCK), IPPROTO_TCP);
	cr_assert_str_eq(seen.events[0].name, "tcp");
	assert_seen(LSK_TRACE_LOOKUP, IPPROTO_TCP);
	index = lsk_if_nametoindex("lo");
	cr_assert_str_eq(seen.events[0].name, "lo");
	assert_seen(LSK_TRACE_LOOKUP, index);
	cr_assert_eq(lsk_if_indextoname((unsigned int)index, name), 0);
	cr_assert_eq(seen.events[0].number, index);
	assert_seen(LSK_TRACE_LOOKUP, 0);
	cr_assert_eq(lsk_if_nameindex(&interfaces, &count), 0);
	assert_seen(LSK_TRACE_LOOKUP, 0);
	lsk_if_freenameindex(interfaces);
}

Test(trace, lookups_can_be_refused)
{
	struct lsk_addrinfo *list = NULL;
	struct lsk_lookup *lookup;
	struct in_addr addr;
	char name[LSK_HOST_MAX];

	start(LSK_TRACE_LOOKUP);
	cr_assert_eq(lsk_getfqdn("localhost", LSK_BLOCK, name, sizeof(name)), -EPERM);
	cr_assert_eq(lsk_getprotobyname("tcp", LSK_BLOCK), -EPERM);
	cr_assert_eq(lsk_if_nametoindex("lo"), -EPERM);
	cr_assert_eq(lsk_lookup_new(&lookup, "127.0.0.1", "80", NULL), -EPERM);
	cr_assert_eq(lsk_getaddrinfo("127.0.0.1", "80", NULL, LSK_BLOCK, &list, NULL),
		     -EPERM);
	cr_assert_eq(lsk_gethostbyname("127.0.0.1", LSK_BLOCK, &addr, NULL), -EPERM);
	cr_assert_eq(lsk_sethostname("never"), -EPERM);
	cr_assert_eq(lsk_getservbyname("http", "tcp", LSK_BLOCK), -EPERM);
}

static void assert_started(enum lsk_trace_operation operation,
			   const struct lsk_socket *sock)
{
	cr_assert_eq(seen.count, 1, "%s: %d", lsk_trace_operation_name(operation),
		     seen.count);
	cr_assert_eq(seen.events[0].operation, operation);
	cr_assert_eq(seen.events[0].sock, sock);
	cr_assert(seen.events[0].is_event && !seen.events[0].is_done);
	seen.count = 0;
}

/* The next event of the loop, which is shown first. */
static struct lsk_event assert_ended(struct lsk_loop *loop,
				     enum lsk_trace_operation operation,
				     const struct lsk_socket *sock, int64_t result)
{
	struct lsk_event event;

	cr_assert_eq(lsk_loop_next(loop, &event, 1, 60 * LSK_NSEC_PER_SEC), 1);
	cr_assert_eq(seen.count, 1, "%s: %d", lsk_trace_operation_name(operation),
		     seen.count);
	cr_assert_eq(seen.events[0].operation, operation);
	cr_assert_eq(seen.events[0].sock, sock);
	cr_assert_eq(seen.events[0].domain, AF_UNIX);
	cr_assert_eq(seen.events[0].type, SOCK_STREAM);
	cr_assert(seen.events[0].is_event && seen.events[0].is_done);
	cr_assert_eq(seen.events[0].result, result);
	cr_assert_eq(event.result, result);
	seen.count = 0;
	return event;
}

Test(trace, operations_of_a_loop_are_shown_with_their_events)
{
	const struct lsk_pool_options room = {.buffer_size = 64, .count = 4};
	const struct lsk_then keep = {0};
	struct lsk_loop *loop;
	struct lsk_pool *pool;
	struct lsk_socket *pair[2];
	struct lsk_event event;
	char buf[8] = "x";

	pair_make(pair);
	cr_assert_eq(lsk_loop_new(&loop, NULL), 0);
	cr_assert_eq(lsk_pool_new(loop, &pool, &room), 0);
	start(-1);
	cr_assert_eq(lsk_loop_send(loop, pair[0], buf, 2, 0, &keep), 0);
	cr_assert_eq(seen.events[0].data, buf);
	cr_assert_eq(seen.events[0].len, 2);
	assert_started(LSK_TRACE_SEND, pair[0]);
	assert_ended(loop, LSK_TRACE_SEND, pair[0], 2);
	cr_assert_eq(lsk_loop_recv(loop, pair[1], buf, sizeof(buf), 0, &keep), 0);
	assert_started(LSK_TRACE_RECV, pair[1]);
	assert_ended(loop, LSK_TRACE_RECV, pair[1], 2);
	cr_assert_eq(seen.events[0].data, buf);
	cr_assert_eq(seen.events[0].len, 2);
	cr_assert_eq(lsk_loop_poll(loop, pair[0], POLLOUT, &keep), 0);
	cr_assert_eq(seen.events[0].number, POLLOUT);
	assert_started(LSK_TRACE_WAIT, pair[0]);
	assert_ended(loop, LSK_TRACE_WAIT, pair[0], POLLOUT);
	cr_assert_eq(lsk_loop_recv_stream(loop, pair[0], pool, &keep), 0);
	assert_started(LSK_TRACE_RECV, pair[0]);
	cr_assert_eq(lsk_socket_send(pair[1], buf, 2, 0), 2);
	assert_seen(LSK_TRACE_SEND, 2);
	event = assert_ended(loop, LSK_TRACE_RECV, pair[0], 2);
	cr_assert_eq(lsk_loop_send_lease(loop, pair[0], &event, &keep), 0);
	assert_started(LSK_TRACE_SEND, pair[0]);
	assert_ended(loop, LSK_TRACE_SEND, pair[0], 2);
	cr_assert_eq(lsk_loop_cancel_socket(loop, pair[0]), 0);
	assert_ended(loop, LSK_TRACE_RECV, pair[0], -ECANCELED);
	cr_assert_eq(lsk_loop_close(loop, pair[0], &keep), 0);
	assert_started(LSK_TRACE_CLOSE, pair[0]);
	assert_ended(loop, LSK_TRACE_CLOSE, pair[0], 0);
	lsk_set_trace_hook(NULL, NULL);
	lsk_loop_free(loop);
	pair_free(pair);
}

Test(trace, operations_of_a_loop_can_be_refused)
{
	struct lsk_loop *loop;
	struct lsk_socket *pair[2];
	char byte = 'x';

	pair_make(pair);
	cr_assert_eq(lsk_loop_new(&loop, NULL), 0);
	start(LSK_TRACE_RECV);
	cr_assert_eq(lsk_loop_recv(loop, pair[1], &byte, 1, 0, NULL), -EPERM);
	start(LSK_TRACE_CLOSE);
	cr_assert_eq(lsk_loop_close(loop, pair[0], NULL), -EPERM);
	cr_assert_geq(lsk_socket_fd(pair[0]), 0);
	/* What does not start has its end at once. */
	start(-1);
	cr_assert_eq(lsk_loop_recvmsg_stream(NULL, pair[0], NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_loop_poll(NULL, pair[0], POLLIN, NULL), -EINVAL);
	assert_seen(LSK_TRACE_WAIT, -EINVAL);
	lsk_set_trace_hook(NULL, NULL);
	lsk_loop_free(loop);
	pair_free(pair);
}

Test(trace, refused_operations_reach_no_system_call)
{
	struct lsk_socket *pair[2];
	char byte = 'x';

	pair_make(pair);
	start(LSK_TRACE_SEND);
	cr_assert_eq(lsk_socket_send(pair[0], &byte, 1, 0), -EPERM);
	cr_assert_eq(seen.count, 1, "there is no \"after\" for what did not happen");
	cr_assert_eq(lsk_socket_sendall(pair[0], &byte, 1, 0, NULL), -EPERM);
	start(LSK_TRACE_CLOSE);
	cr_assert_eq(lsk_socket_close(pair[0]), -EPERM);
	cr_assert_geq(lsk_socket_fd(pair[0]), 0);
	lsk_set_trace_hook(NULL, NULL);
	cr_assert_eq(lsk_socket_recv(pair[1], &byte, 1, MSG_DONTWAIT), -EAGAIN);
	pair_free(pair);
}

static int call_back(void *context, const struct lsk_trace_event *event)
{
	int *depth = context;
	struct lsk_socket *sock;

	(void)event;
	(*depth)++;
	cr_assert_eq(lsk_socket_new(&sock, AF_UNIX, SOCK_STREAM, 0), 0);
	lsk_socket_free(sock);
	return 0;
}

Test(trace, operations_of_the_hook_are_not_shown_to_it)
{
	struct lsk_socket *sock;
	int depth = 0;

	lsk_set_trace_hook(call_back, &depth);
	cr_assert_eq(lsk_socket_new(&sock, AF_UNIX, SOCK_STREAM, 0), 0);
	cr_assert_eq(depth, 2);
	lsk_set_trace_hook(NULL, NULL);
	lsk_socket_free(sock);
}

Test(trace, operations_have_names)
{
	for (int i = 0; i < LSK_TRACE__COUNT; i++)
		cr_assert_not_null(
			lsk_trace_operation_name((enum lsk_trace_operation)i));
	cr_assert_null(lsk_trace_operation_name(LSK_TRACE__COUNT));
	cr_assert_str_eq(lsk_trace_operation_name(LSK_TRACE_CONNECT), "connect");
}
