/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <linux/errqueue.h>

#include <linsock/inet.h>
#include <linsock/message.h>

#include "tests/support/names.h"
#include "tests/support/sockets.h"

TestSuite(connect_host, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(create_server, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(inet_control, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);

/* A world of our own in which "many" has these addresses. */
static void hosts_enter(const char *hosts)
{
	char name[] = "/tmp/linsock-hosts-XXXXXX";
	int fd;

	names_enter();
	fd = mkstemp(name);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, hosts, strlen(hosts)), (ssize_t)strlen(hosts));
	close(fd);
	/* Over a file that has no name any more nothing can be laid. */
	cr_assert_eq(umount("/etc/hosts"), 0);
	cr_assert_eq(mount(name, "/etc/hosts", "none", MS_BIND, NULL), 0);
	unlink(name);
	/* What the namespace took. */
	descriptors_remember();
}

static struct lsk_socket *listen_at(const char *host, unsigned int port, int backlog)
{
	struct lsk_server_options options = {.backlog = backlog};
	struct lsk_socket *sock;
	struct lsk_error error;
	struct lsk_addr addr;

	if (strchr(host, ':'))
		lsk_addr_inet6(&addr, host, port, 0, 0);
	else
		lsk_addr_inet(&addr, host, port);
	cr_assert_eq(lsk_create_server(&sock, &addr, &options, &error), 0, "%s",
		     error.text);
	return sock;
}

/* A listener that answers nobody any more: its queue is full, SYNs are dropped. */
struct deaf {
	struct lsk_socket *listener;
	struct lsk_socket *clients[2];
};

static void deaf_make(struct deaf *deaf, const char *host, unsigned int port)
{
	struct lsk_addr addr;

	deaf->listener = listen_at(host, port, -2);
	lsk_socket_getsockname(deaf->listener, &addr);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(lsk_socket_new(&deaf->clients[i], lsk_addr_family(&addr),
					    SOCK_STREAM, 0),
			     0);
		lsk_socket_set_timeout(deaf->clients[i], i == 0 ? 1000 * MSEC : 0);
		lsk_socket_connect(deaf->clients[i], &addr);
	}
}

static void deaf_free(struct deaf *deaf)
{
	pair_free(deaf->clients);
	lsk_socket_free(deaf->listener);
}

/* The row create_connection(). */
Test(connect_host, finds_a_number)
{
	struct lsk_socket *listener = listen_at("127.0.0.1", 0, 0);
	struct lsk_socket *sock;
	struct lsk_addr addr;
	char port[8];

	lsk_socket_getsockname(listener, &addr);
	snprintf(port, sizeof(port), "%d",
		 ntohs(((struct sockaddr_in *)&addr.storage)->sin_port));
	cr_assert_eq(lsk_connect_host(&sock, "127.0.0.1", port, NULL, NULL, NULL), 0);
	cr_assert_eq(lsk_socket_timeout(sock), LSK_BLOCK);
	cr_assert_eq(lsk_socket_send(sock, "x", 1, 0), 1);
	lsk_socket_free(sock);
	lsk_socket_free(listener);
}

Test(connect_host, addresses_are_tried_in_turn_and_every_error_is_told)
{
	struct lsk_connect_attempt attempts[8];
	struct lsk_connect_report report = {.attempts = attempts, .max = 8};
	struct lsk_socket *listener;
	struct lsk_socket *sock;

	hosts_enter("127.0.0.2 many\n127.0.0.3 many\n127.0.0.4 many\n");
	listener = listen_at("127.0.0.4", 4000, 0);
	cr_assert_eq(lsk_connect_host(&sock, "many", "4000", NULL, &report, NULL), 0);
	cr_assert_eq(report.count, 3);
	cr_assert_eq(attempts[0].error, -ECONNREFUSED);
	cr_assert_eq(attempts[1].error, -ECONNREFUSED);
	cr_assert_eq(attempts[2].error, 0);
	lsk_socket_free(sock);
	lsk_socket_free(listener);
}

Test(connect_host, failure_of_all_tells_the_last_error_and_each)
{
	struct lsk_connect_attempt attempts[1];
	struct lsk_connect_report report = {.attempts = attempts, .max = 1};
	struct lsk_socket *sock = NULL;
	struct lsk_error error = {0};

	hosts_enter("127.0.0.2 many\n127.0.0.3 many\n");
	cr_assert_eq(lsk_connect_host(&sock, "many", "4000", NULL, &report, &error),
		     -ECONNREFUSED);
	cr_assert_eq(report.count, 2, "more than there is room for");
	cr_assert_eq(attempts[0].error, -ECONNREFUSED);
	cr_assert_eq(error.code, -ECONNREFUSED);
	cr_assert_not_null(strstr(error.text, "127.0.0.3"), "%s", error.text);
	cr_assert_null(sock);
}

Test(connect_host, happy_eyeballs_overtake_a_silent_address)
{
	struct lsk_connect_attempt attempts[8];
	struct lsk_connect_report report = {.attempts = attempts, .max = 8};
	struct lsk_connect_options options = {.stagger_ns = 10 * MSEC,
					      .timeout_ns = 10000 * MSEC};
	struct lsk_socket *listener;
	struct lsk_socket *sock;
	struct lsk_addr peer;
	struct deaf deaf;

	hosts_enter("::1 many\n127.0.0.2 many\n");
	deaf_make(&deaf, "::1", 4000);
	listener = listen_at("127.0.0.2", 4000, 0);
	cr_assert_eq(lsk_connect_host(&sock, "many", "4000", &options, &report, NULL),
		     0);
	cr_assert_eq(lsk_socket_getpeername(sock, &peer), 0);
	cr_assert_eq(lsk_addr_family(&peer), AF_INET);
	cr_assert_eq(report.count, 2);
	cr_assert_eq(attempts[0].error, -EINPROGRESS);
	cr_assert_eq(lsk_addr_family(&attempts[0].addr), AF_INET6);
	lsk_socket_free(sock);
	lsk_socket_free(listener);
	deaf_free(&deaf);
}

Test(connect_host, families_take_turns_when_staggered)
{
	struct lsk_connect_attempt attempts[8];
	struct lsk_connect_report report = {.attempts = attempts, .max = 8};
	struct lsk_connect_options options = {.stagger_ns = LSK_STAGGER_DEFAULT};
	struct lsk_socket *sock;
	int first;

	hosts_enter("127.0.0.2 many\n127.0.0.3 many\n::1 many\n");
	cr_assert_eq(lsk_connect_host(&sock, "many", "4000", &options, &report, NULL),
		     -ECONNREFUSED);
	cr_assert_eq(report.count, 3);
	first = lsk_addr_family(&attempts[0].addr);
	cr_assert_neq(lsk_addr_family(&attempts[1].addr), first);
}

Test(connect_host, time_for_one_attempt_is_kept)
{
	struct lsk_connect_attempt attempts[8];
	struct lsk_connect_report report = {.attempts = attempts, .max = 8};
	struct lsk_connect_options options = {.attempt_timeout_ns = 1000 * MSEC};
	struct lsk_socket *listener;
	struct lsk_socket *sock;
	struct deaf deaf;

	hosts_enter("127.0.0.2 many\n127.0.0.3 many\n");
	deaf_make(&deaf, "127.0.0.2", 4000);
	listener = listen_at("127.0.0.3", 4000, 0);
	cr_assert_eq(lsk_connect_host(&sock, "many", "4000", &options, &report, NULL),
		     0);
	cr_assert_eq(report.count, 2);
	cr_assert_eq(attempts[0].error, -ETIME);
	lsk_socket_free(sock);
	lsk_socket_free(listener);
	deaf_free(&deaf);
}

/* CPython multiplies the timeout by the number of addresses: gh-123793. */
Test(connect_host, total_deadline_holds_over_all_addresses)
{
	/* Enough for the lookup, but on a busy machine, and not for a deaf peer. */
	struct lsk_connect_options options = {.timeout_ns = 500 * MSEC};
	struct lsk_connect_report report = {.count = 0};
	const int threads = threads_count();
	struct lsk_socket *sock = NULL;
	struct lsk_error error;
	struct deaf deaf[2];

	hosts_enter("127.0.0.2 many\n127.0.0.3 many\n");
	deaf_make(&deaf[0], "127.0.0.2", 4000);
	deaf_make(&deaf[1], "127.0.0.3", 4000);
	cr_assert_eq(lsk_connect_host(&sock, "many", "4000", &options, &report, &error),
		     -ETIME);
	cr_assert_eq(error.code, -ETIME);
	cr_assert_leq(report.count, 1, "the first one had all the time");
	cr_assert_null(sock);
	deaf_free(&deaf[0]);
	deaf_free(&deaf[1]);
	/* A lookup that was late goes on, and opens and closes files. */
	threads_await(threads);
}

Test(connect_host, source_address_is_bound_and_chooses_the_family)
{
	struct lsk_connect_options options = {0};
	struct lsk_addr source;
	struct lsk_addr name;
	struct lsk_socket *listener;
	struct lsk_socket *sock;

	hosts_enter("::1 many\n127.0.0.2 many\n");
	listener = listen_at("127.0.0.2", 4000, 0);
	lsk_addr_inet(&source, "127.0.0.9", 0);
	options.source = &source;
	cr_assert_eq(lsk_connect_host(&sock, "many", "4000", &options, NULL, NULL), 0);
	cr_assert_eq(lsk_socket_getsockname(sock, &name), 0);
	((struct sockaddr_in *)&name.storage)->sin_port = 0;
	cr_assert(lsk_addr_equal(&name, &source));
	lsk_socket_free(sock);
	lsk_socket_free(listener);
	lsk_addr_inet6(&source, "::1", 0, 0, 0);
	options.family = AF_INET;
	cr_assert_eq(lsk_connect_host(&sock, "many", "4000", &options, NULL, NULL),
		     LSK_ERR_EMPTY);
}

Test(connect_host, nonsense_is_refused)
{
	struct lsk_connect_options options = {.timeout_ns = -1};
	struct lsk_connect_report report = {.max = 1};
	struct lsk_socket *sock = NULL;
	struct lsk_error error;

	cr_assert_eq(lsk_connect_host(NULL, "::1", "1", NULL, NULL, &error), -EINVAL);
	cr_assert_eq(lsk_connect_host(&sock, NULL, "1", NULL, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_connect_host(&sock, "::1", NULL, NULL, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_connect_host(&sock, "::1", "1", &options, NULL, NULL),
		     -EINVAL);
	cr_assert_eq(lsk_connect_host(&sock, "::1", "1", NULL, &report, NULL), -EINVAL);
	cr_assert_lt(lsk_connect_host(&sock, "127.0.0.1", "70000", NULL, NULL, &error),
		     -4352);
	cr_assert_null(sock);
}

/* The row create_server(). */
Test(create_server, v6only_is_always_set_explicitly)
{
	for (int dual = 0; dual < 2; dual++) {
		struct lsk_server_options options = {.dual_stack = dual};
		struct lsk_socket *sock;
		struct lsk_addr addr;
		int value = 9;

		lsk_addr_inet6(&addr, NULL, 0, 0, 0);
		cr_assert_eq(lsk_create_server(&sock, &addr, &options, NULL), 0);
		lsk_socket_getsockopt_int(sock, IPPROTO_IPV6, IPV6_V6ONLY, &value);
		cr_assert_eq(value, !dual);
		lsk_socket_getsockopt_int(sock, SOL_SOCKET, SO_REUSEADDR, &value);
		cr_assert_eq(value, 1);
		lsk_socket_getsockopt_int(sock, SOL_SOCKET, SO_ACCEPTCONN, &value);
		cr_assert_eq(value, 1);
		lsk_socket_free(sock);
	}
}

Test(create_server, dual_stack_takes_ipv4_as_mapped_addresses)
{
	struct lsk_server_options options = {.dual_stack = true};
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_socket *server;
	struct lsk_addr addr;
	struct lsk_addr peer;
	char text[LSK_ADDR_TEXT_MAX];
	unsigned int port;

	if (!lsk_has_dual_stack())
		cr_skip_test("no IPv6 that takes IPv4");
	lsk_addr_inet6(&addr, NULL, 0, 0, 0);
	cr_assert_eq(lsk_create_server(&listener, &addr, &options, NULL), 0);
	lsk_socket_getsockname(listener, &addr);
	port = ntohs(((struct sockaddr_in6 *)&addr.storage)->sin6_port);
	lsk_addr_inet(&addr, "127.0.0.1", port);
	cr_assert_eq(lsk_socket_new(&client, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_socket_connect(client, &addr), 0);
	cr_assert_eq(lsk_socket_accept(listener, &server, &peer), 0);
	lsk_addr_format(&peer, text, sizeof(text));
	cr_assert_eq(strncmp(text, "inet6://[::ffff:127.0.0.1]:", 27), 0, "%s", text);
	lsk_socket_free(server);
	lsk_socket_free(client);
	lsk_socket_free(listener);
}

Test(create_server, port_can_be_shared)
{
	struct lsk_server_options options = {.reuse_port = true, .backlog = 7};
	struct lsk_socket *first;
	struct lsk_socket *second;
	struct lsk_addr addr;

	lsk_addr_inet(&addr, "127.0.0.1", 0);
	cr_assert_eq(lsk_create_server(&first, &addr, &options, NULL), 0);
	lsk_socket_getsockname(first, &addr);
	cr_assert_eq(lsk_create_server(&second, &addr, &options, NULL), 0);
	lsk_socket_free(second);
	cr_assert_eq(lsk_create_server(&second, &addr, NULL, NULL), -EADDRINUSE);
	lsk_socket_free(first);
}

Test(create_server, failure_names_the_address)
{
	struct lsk_server_options options = {.dual_stack = true};
	struct lsk_socket *sock = NULL;
	struct lsk_error error = {0};
	struct lsk_addr addr;

	lsk_addr_inet(&addr, "192.0.2.1", 80);
	cr_assert_eq(lsk_create_server(&sock, &addr, NULL, &error), -EADDRNOTAVAIL);
	cr_assert_str_eq(error.text, "bind to inet://192.0.2.1:80: Cannot assign "
				     "requested address");
	cr_assert_eq(lsk_create_server(&sock, &addr, &options, &error), LSK_ERR_FAMILY);
	lsk_addr_unix(&addr, NULL, 0);
	cr_assert_eq(lsk_create_server(&sock, &addr, NULL, &error), LSK_ERR_FAMILY);
	cr_assert_eq(lsk_create_server(&sock, NULL, NULL, &error), -EINVAL);
	cr_assert_eq(lsk_create_server(NULL, &addr, NULL, NULL), -EINVAL);
	cr_assert_null(sock);
}

/* The rows has_ipv6 and has_dualstack_ipv6(). */
Test(create_server, kernel_is_asked_what_it_has)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(lsk_has_ipv6(), fd >= 0);
	if (!lsk_has_ipv6())
		cr_assert_not(lsk_has_dual_stack());
	close(fd);
}

struct received {
	_Alignas(struct cmsghdr) char space[512];
	char buf[70000];
	struct iovec in;
	struct lsk_message message;
};

static void receive(struct lsk_socket *sock, struct received *received, int flags)
{
	received->in = (struct iovec){received->buf, sizeof(received->buf)};
	received->message = (struct lsk_message){
		.buffers = &received->in,
		.buffers_count = 1,
		.control = {.data = received->space, .size = sizeof(received->space)},
	};
	if (flags & MSG_ERRQUEUE)
		cr_assert_gt(lsk_socket_wait(sock, POLLERR, 60000 * MSEC), 0);
	cr_assert_geq(lsk_socket_recvmsg(sock, &received->message, flags), 0);
}

/* The first item that @get knows. */
static int find_number(const struct received *received,
		       int (*get)(const struct lsk_control_item *))
{
	struct lsk_control_item item;
	size_t offset = 0;

	while (lsk_control_next(&received->message.control, &offset, &item) > 0)
		if (get(&item) >= 0)
			return get(&item);
	return -ENOMSG;
}

static struct lsk_socket *datagram_at(const char *host, struct lsk_addr *ret_addr)
{
	struct lsk_socket *sock;

	if (strchr(host, ':'))
		lsk_addr_inet6(ret_addr, host, 0, 0, 0);
	else
		lsk_addr_inet(ret_addr, host, 0);
	cr_assert_eq(lsk_socket_new(&sock, lsk_addr_family(ret_addr), SOCK_DGRAM, 0),
		     0);
	cr_assert_eq(lsk_socket_bind(sock, ret_addr), 0);
	cr_assert_eq(lsk_socket_getsockname(sock, ret_addr), 0);
	return sock;
}

static void assert_ip_control(const char *host, const int options[3][2])
{
	static struct received received;
	_Alignas(struct cmsghdr) char space[256];
	struct iovec out = {(char[]){"x"}, 1};
	struct lsk_message sent = {
		.buffers = &out,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};
	struct lsk_inet_packet_info info = {0};
	struct lsk_control_item item;
	struct lsk_addr addr;
	struct lsk_socket *sock = datagram_at(host, &addr);
	int family = lsk_addr_family(&addr);
	bool has_info = false;
	size_t offset = 0;

	for (int i = 0; i < 3; i++)
		cr_assert_eq(lsk_socket_setsockopt_int(sock, options[i][0],
						       options[i][1], 1),
			     0);
	sent.addr = addr;
	cr_assert_eq(lsk_inet_add_hop_limit(&sent.control, family, 7), 0);
	cr_assert_eq(lsk_inet_add_traffic_class(&sent.control, family, 0x20), 0);
	cr_assert_eq(lsk_inet_add_packet_info(&sent.control, family, &info), 0);
	cr_assert_eq(lsk_socket_sendmsg(sock, &sent, 0), 1);
	receive(sock, &received, 0);
	cr_assert_eq(find_number(&received, lsk_inet_get_hop_limit), 7);
	cr_assert_eq(find_number(&received, lsk_inet_get_traffic_class), 0x20);
	while (lsk_control_next(&received.message.control, &offset, &item) > 0)
		has_info |= lsk_inet_get_packet_info(&item, &info) == 0;
	cr_assert(has_info);
	cr_assert_eq(info.interface, if_nametoindex("lo"));
	cr_assert_eq(lsk_addr_family(&info.local), family);
	lsk_socket_free(sock);
}

Test(inet_control, packet_info_hop_limit_and_traffic_class_of_ipv4)
{
	static const int options[3][2] = {{IPPROTO_IP, IP_PKTINFO},
					  {IPPROTO_IP, IP_RECVTTL},
					  {IPPROTO_IP, IP_RECVTOS}};

	assert_ip_control("127.0.0.1", options);
}

Test(inet_control, packet_info_hop_limit_and_traffic_class_of_ipv6)
{
	static const int options[3][2] = {{IPPROTO_IPV6, IPV6_RECVPKTINFO},
					  {IPPROTO_IPV6, IPV6_RECVHOPLIMIT},
					  {IPPROTO_IPV6, IPV6_RECVTCLASS}};

	assert_ip_control("::1", options);
}

Test(inet_control, source_address_can_be_chosen_per_datagram)
{
	static struct received received;
	_Alignas(struct cmsghdr) char space[256];
	struct iovec out = {(char[]){"x"}, 1};
	struct lsk_message sent = {
		.buffers = &out,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};
	struct lsk_inet_packet_info info = {0};
	struct lsk_addr addr;
	struct lsk_socket *a = datagram_at("127.0.0.1", &addr);
	struct lsk_addr any;
	struct lsk_socket *b = datagram_at("0.0.0.0", &any);
	char text[LSK_ADDR_TEXT_MAX];

	sent.addr = addr;
	lsk_addr_inet(&info.local, "127.0.0.5", 0);
	cr_assert_eq(lsk_inet_add_packet_info(&sent.control, AF_INET, &info), 0);
	cr_assert_eq(lsk_socket_sendmsg(b, &sent, 0), 1);
	receive(a, &received, 0);
	lsk_addr_format(&received.message.addr, text, sizeof(text));
	cr_assert_eq(strncmp(text, "inet://127.0.0.5:", 17), 0, "%s", text);
	lsk_socket_free(a);
	lsk_socket_free(b);
}

static void assert_refused_is_queued(const char *host, int level, int option)
{
	static struct received received;
	struct lsk_inet_error error = {0};
	struct lsk_control_item item;
	struct lsk_addr nobody;
	struct lsk_addr addr;
	struct lsk_socket *gone = datagram_at(host, &nobody);
	struct lsk_socket *sock;
	bool has_error = false;
	size_t offset = 0;

	lsk_socket_free(gone);
	sock = datagram_at(host, &addr);
	cr_assert_eq(lsk_socket_setsockopt_int(sock, level, option, 1), 0);
	cr_assert_eq(lsk_socket_sendto(sock, "lost", 4, 0, &nobody), 4);
	receive(sock, &received, MSG_ERRQUEUE);
	cr_assert(received.message.flags & MSG_ERRQUEUE);
	cr_assert(lsk_addr_equal(&received.message.addr, &nobody),
		  "where it was sent to");
	while (lsk_control_next(&received.message.control, &offset, &item) > 0)
		has_error |= lsk_inet_get_error(&item, &error) == 0;
	cr_assert(has_error);
	cr_assert_eq(error.error, -ECONNREFUSED);
	cr_assert_eq(error.origin,
		     level == IPPROTO_IP ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6);
	cr_assert_eq(lsk_addr_family(&error.offender), lsk_addr_family(&addr));
	cr_assert_eq(lsk_socket_recvmsg(sock, &received.message, MSG_ERRQUEUE),
		     -EAGAIN);
	lsk_socket_free(sock);
}

Test(inet_control, error_queue_tells_who_refused)
{
	assert_refused_is_queued("127.0.0.1", IPPROTO_IP, IP_RECVERR);
	assert_refused_is_queued("::1", IPPROTO_IPV6, IPV6_RECVERR);
}

Test(inet_control, transmit_timestamps_come_with_the_number_of_the_packet)
{
	static struct received received;
	/* SOF_TIMESTAMPING_TX_SOFTWARE, _SOFTWARE, _OPT_ID, _OPT_TSONLY */
	const int flags = 1 << 1 | 1 << 4 | 1 << 7 | 1 << 11;
	struct lsk_addr addr;
	struct lsk_socket *sock = datagram_at("127.0.0.1", &addr);

	cr_assert_eq(
		lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_TIMESTAMPING, flags), 0);
	for (uint32_t i = 0; i < 3; i++) {
		struct lsk_timestamps timestamps = {0};
		struct lsk_inet_error error = {.data = 99};
		struct lsk_control_item item;
		size_t offset = 0;

		cr_assert_eq(lsk_socket_sendto(sock, "x", 1, 0, &addr), 1);
		receive(sock, &received, MSG_ERRQUEUE);
		while (lsk_control_next(&received.message.control, &offset, &item) >
		       0) {
			lsk_control_get_timestamps(&item, &timestamps);
			lsk_inet_get_error(&item, &error);
		}
		cr_assert_gt(timestamps.software_ns, 0);
		cr_assert_eq(error.origin, SO_EE_ORIGIN_TIMESTAMPING);
		cr_assert_eq(error.data, i);
		cr_assert_eq(error.error, 0);
	}
	lsk_socket_free(sock);
}

Test(inet_control, segments_are_cut_and_put_together)
{
	static struct received received;
	static char bytes[3000];
	_Alignas(struct cmsghdr) char space[64];
	struct iovec out = {bytes, sizeof(bytes)};
	struct lsk_message sent = {
		.buffers = &out,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};
	struct lsk_addr addr;
	struct lsk_socket *sock = datagram_at("127.0.0.1", &addr);
	int r;

	r = lsk_socket_setsockopt_int(sock, IPPROTO_UDP, UDP_GRO, 1);
	if (r < 0) {
		lsk_socket_free(sock);
		cr_skip_test("no UDP_GRO: %d", r);
	}
	sent.addr = addr;
	cr_assert_eq(lsk_inet_add_segment_size(&sent.control, 1000), 0);
	cr_assert_eq(lsk_socket_sendmsg(sock, &sent, 0), 3000);
	receive(sock, &received, 0);
	cr_assert_eq(received.message.len, 3000);
	cr_assert_eq(find_number(&received, lsk_inet_get_segment_size), 1000);
	lsk_socket_free(sock);
}

Test(inet_control, numbers_out_of_range_and_other_families_are_refused)
{
	_Alignas(struct cmsghdr) char space[64];
	struct lsk_control control = {.data = space, .size = sizeof(space)};
	struct lsk_inet_packet_info info = {0};
	struct lsk_control_item other = {.level = 77};
	struct lsk_control_item cut = {
		.level = IPPROTO_IP, .type = IP_PKTINFO, .data = space, .len = 3};
	struct lsk_inet_error error;

	cr_assert_eq(lsk_inet_add_hop_limit(&control, AF_INET, 256), LSK_ERR_RANGE);
	cr_assert_eq(lsk_inet_add_hop_limit(&control, AF_INET, -1), LSK_ERR_RANGE);
	cr_assert_eq(lsk_inet_add_hop_limit(&control, AF_UNIX, 1), LSK_ERR_FAMILY);
	cr_assert_eq(lsk_inet_add_traffic_class(&control, AF_INET6, 256),
		     LSK_ERR_RANGE);
	cr_assert_eq(lsk_inet_add_segment_size(&control, 65536), LSK_ERR_RANGE);
	cr_assert_eq(lsk_inet_add_packet_info(&control, AF_UNIX, &info),
		     LSK_ERR_FAMILY);
	cr_assert_eq(lsk_inet_add_packet_info(&control, AF_INET, NULL), -EINVAL);
	lsk_addr_inet(&info.local, "127.0.0.1", 0);
	cr_assert_eq(lsk_inet_add_packet_info(&control, AF_INET6, &info),
		     LSK_ERR_FAMILY);
	cr_assert_eq(control.len, 0);
	cr_assert_eq(lsk_inet_get_packet_info(&other, &info), -ENOMSG);
	cr_assert_eq(lsk_inet_get_hop_limit(&other), -ENOMSG);
	cr_assert_eq(lsk_inet_get_traffic_class(&other), -ENOMSG);
	cr_assert_eq(lsk_inet_get_segment_size(&other), -ENOMSG);
	cr_assert_eq(lsk_inet_get_error(&other, &error), -ENOMSG);
	cr_assert_eq(lsk_inet_get_packet_info(&cut, &info), -EBADMSG);
	cut.level = IPPROTO_IPV6;
	cut.type = IPV6_PKTINFO;
	cr_assert_eq(lsk_inet_get_packet_info(&cut, &info), -EBADMSG);
	cut.type = IPV6_RECVERR;
	cr_assert_eq(lsk_inet_get_error(&cut, &error), -EBADMSG);
	cut.type = IPV6_HOPLIMIT;
	cut.len = 0;
	cr_assert_eq(lsk_inet_get_hop_limit(&cut), -EBADMSG);
	cr_assert_eq(lsk_inet_get_hop_limit(NULL), -EINVAL);
	cr_assert_eq(lsk_inet_get_error(NULL, &error), -EINVAL);
}
