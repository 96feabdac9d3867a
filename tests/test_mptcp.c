/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include <linsock/endpoint.h>
#include <linsock/inet.h>

#include "tests/support/netns.h"
#include "tests/support/sockets.h"

#define PROTOCOL_MPTCP 262

TestSuite(mptcp, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);

/* A network in which MPTCP is as @is_on says. Skips where the kernel has none. */
static void mptcp_enter(bool is_on)
{
	int fd;

	netns_enter();
	fd = open("/proc/sys/net/mptcp/enabled", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		cr_skip_test("this kernel has no MPTCP");
	cr_assert_eq(write(fd, is_on ? "1" : "0", 1), 1);
	close(fd);
	descriptors_remember();
}

static struct lsk_socket *serve(const char *host, int protocol)
{
	struct lsk_server_options options = {.protocol = protocol};
	struct lsk_socket *server;
	struct lsk_error error;
	struct lsk_addr addr;

	if (strchr(host, ':'))
		lsk_addr_inet6(&addr, host, 0, 0, 0);
	else
		lsk_addr_inet(&addr, host, 0);
	cr_assert_eq(lsk_create_server(&server, &addr, &options, &error), 0, "%s",
		     error.text);
	return server;
}

static struct lsk_socket *reach(const struct lsk_socket *server, const char *host,
				int protocol)
{
	struct lsk_connect_options options = {.protocol = protocol};
	struct lsk_socket *client;
	struct lsk_error error;
	struct lsk_addr addr;
	char port[8];

	lsk_socket_getsockname(server, &addr);
	snprintf(port, sizeof(port), "%u",
		 ntohs(((struct sockaddr_in *)&addr.storage)->sin_port));
	cr_assert_eq(lsk_connect_host(&client, host, port, &options, NULL, &error), 0,
		     "%s", error.text);
	return client;
}

/* Connect as @client_protocol to a server of @server_protocol. What both ends say. */
static void assert_multipath(const char *host, int server_protocol, int client_protocol,
			     int is_multipath)
{
	struct lsk_socket *server = serve(host, server_protocol);
	struct lsk_socket *client = reach(server, host, client_protocol);
	struct lsk_socket *peer;
	char byte = 0;

	cr_assert_eq(lsk_socket_accept(server, &peer, NULL), 0);
	cr_assert_eq(lsk_socket_send(client, "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(peer, &byte, 1, 0), 1);
	cr_assert_eq(byte, 'x');
	cr_assert_eq(lsk_inet_is_multipath(client), is_multipath, "%s %d %d: %d", host,
		     server_protocol, client_protocol, lsk_inet_is_multipath(client));
	cr_assert_eq(lsk_inet_is_multipath(peer), is_multipath, "%s %d %d: %d", host,
		     server_protocol, client_protocol, lsk_inet_is_multipath(peer));
	lsk_socket_free(peer);
	lsk_socket_free(client);
	lsk_socket_free(server);
}

Test(mptcp, is_told_where_both_ends_speak_it)
{
	mptcp_enter(true);
	assert_multipath("127.0.0.1", PROTOCOL_MPTCP, PROTOCOL_MPTCP, 1);
	assert_multipath("::1", PROTOCOL_MPTCP, PROTOCOL_MPTCP, 1);
}

Test(mptcp, falls_back_where_one_end_speaks_tcp)
{
	mptcp_enter(true);
	assert_multipath("127.0.0.1", PROTOCOL_MPTCP, 0, 0);
	assert_multipath("127.0.0.1", 0, PROTOCOL_MPTCP, 0);
	assert_multipath("::1", PROTOCOL_MPTCP, 0, 0);
	assert_multipath("::1", 0, PROTOCOL_MPTCP, 0);
	assert_multipath("127.0.0.1", 0, 0, 0);
}

/* What a kernel without MPTCP says too, by another number. */
Test(mptcp, becomes_tcp_where_the_kernel_has_none)
{
	struct lsk_socket *server;
	struct lsk_socket *client;

	mptcp_enter(false);
	cr_assert_eq(lsk_socket_new(&server, AF_INET, SOCK_STREAM, PROTOCOL_MPTCP),
		     -ENOPROTOOPT, "a socket is what was asked for, or none");
	assert_multipath("127.0.0.1", PROTOCOL_MPTCP, PROTOCOL_MPTCP, 0);
	assert_multipath("::1", PROTOCOL_MPTCP, PROTOCOL_MPTCP, 0);
	server = serve("127.0.0.1", PROTOCOL_MPTCP);
	cr_assert_eq(lsk_socket_protocol(server), IPPROTO_TCP);
	client = reach(server, "127.0.0.1", PROTOCOL_MPTCP);
	cr_assert_eq(lsk_socket_protocol(client), IPPROTO_TCP);
	lsk_socket_free(client);
	lsk_socket_free(server);
}

static void assert_endpoint_protocol(int protocol)
{
	struct lsk_endpoint *endpoint;
	struct lsk_socket *server;
	struct lsk_socket *client;
	char text[LSK_ADDR_TEXT_MAX];

	cr_assert_eq(lsk_endpoint_new(&endpoint, "mptcp://127.0.0.1:0", NULL), 0);
	cr_assert_eq(lsk_endpoint_listen(endpoint, &server, NULL), 0);
	lsk_endpoint_free(endpoint);
	cr_assert_eq(lsk_socket_protocol(server), protocol);
	cr_assert_gt(lsk_endpoint_format_socket(server, text, sizeof(text)), 0);
	cr_assert_eq(lsk_endpoint_new(&endpoint, text, NULL), 0);
	cr_assert_eq(lsk_endpoint_connect(endpoint, LSK_BLOCK, &client, NULL), 0);
	lsk_endpoint_free(endpoint);
	cr_assert_eq(lsk_socket_protocol(client), protocol);
	lsk_socket_free(client);
	lsk_socket_free(server);
}

Test(mptcp, endpoints_take_what_there_is)
{
	mptcp_enter(true);
	assert_endpoint_protocol(PROTOCOL_MPTCP);
	mptcp_enter(false);
	assert_endpoint_protocol(IPPROTO_TCP);
}

Test(mptcp, of_no_connection_is_told)
{
	struct lsk_socket *sock;

	cr_assert_eq(lsk_socket_new(&sock, AF_INET, SOCK_STREAM, 0), 0);
	cr_assert_eq(lsk_inet_is_multipath(sock), -ENOTCONN);
	cr_assert_eq(lsk_inet_is_multipath(NULL), -EINVAL);
	lsk_socket_free(sock);
}
