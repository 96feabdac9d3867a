/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include <linsock/endpoint.h>
#include <linsock/option.h>

#include "tests/support/names.h"
#include "tests/support/sockets.h"

TestSuite(endpoint, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);
TestSuite(endpoint_open, .init = descriptors_remember, .fini = descriptors_check,
	  .timeout = 60);

static struct lsk_endpoint *endpoint_make(const char *text)
{
	struct lsk_endpoint *endpoint;
	struct lsk_error error;

	cr_assert_eq(lsk_endpoint_new(&endpoint, text, &error), 0, "%s: %s", text,
		     error.text);
	cr_assert_str_eq(lsk_endpoint_text(endpoint), text);
	return endpoint;
}

static void assert_kind(const char *text, int domain, int type, int protocol)
{
	struct lsk_endpoint *endpoint = endpoint_make(text);

	cr_assert_eq(lsk_endpoint_domain(endpoint), domain, "%s", text);
	cr_assert_eq(lsk_endpoint_type(endpoint), type, "%s", text);
	cr_assert_eq(lsk_endpoint_protocol(endpoint), protocol, "%s", text);
	cr_assert_null(lsk_endpoint_free(endpoint));
}

static void assert_refused(const char *text, int code, unsigned int offset)
{
	struct lsk_endpoint *endpoint = NULL;
	struct lsk_error error = {.offset = 999};
	int r = lsk_endpoint_new(&endpoint, text, &error);

	cr_assert_eq(r, code, "%s: %d %s", text, r, error.text);
	cr_assert_eq(error.code, code);
	cr_assert_eq(error.offset, offset, "%s: %u %s", text, error.offset, error.text);
	cr_assert_gt(strlen(error.text), 0);
	cr_assert_null(endpoint);
	cr_assert_eq(lsk_endpoint_new(&endpoint, text, NULL), code);
}

Test(endpoint, scheme_fixes_family_type_and_protocol)
{
	assert_kind("tcp://127.0.0.1:80", AF_INET, SOCK_STREAM, IPPROTO_TCP);
	assert_kind("tcp://[::1]:80", AF_INET6, SOCK_STREAM, IPPROTO_TCP);
	assert_kind("tcp6://[::1]:80", AF_INET6, SOCK_STREAM, IPPROTO_TCP);
	assert_kind("tcp://:80", AF_INET, SOCK_STREAM, IPPROTO_TCP);
	assert_kind("tcp6://:80", AF_INET6, SOCK_STREAM, IPPROTO_TCP);
	assert_kind("udp://[fe80::1%lo]:53", AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
	assert_kind("udplite://127.0.0.1:53", AF_INET, SOCK_DGRAM, 136);
	assert_kind("mptcp://127.0.0.1:53", AF_INET, SOCK_STREAM, 262);
	assert_kind("icmp://127.0.0.1:0", AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	assert_kind("icmp://[::1]:0", AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6);
	assert_kind("tcp://localhost:80", AF_UNSPEC, SOCK_STREAM, IPPROTO_TCP);
	assert_kind("unix:///run/x", AF_UNIX, SOCK_STREAM, 0);
	assert_kind("unix://@x", AF_UNIX, SOCK_STREAM, 0);
	assert_kind("inet://127.0.0.1:1", AF_INET, SOCK_STREAM, 0);
}

Test(endpoint, place_chooses_among_the_familys_protocols)
{
	assert_kind("bluetooth://l2cap/any/25", AF_BLUETOOTH, SOCK_SEQPACKET, 0);
	assert_kind("bluetooth://l2cap/any/25?type=l2cap/stream", AF_BLUETOOTH,
		    SOCK_STREAM, 0);
	assert_kind("bluetooth://rfcomm/any/1", AF_BLUETOOTH, SOCK_STREAM, 3);
	assert_kind("bluetooth://rfcomm/any/1?type=l2cap/dgram", AF_BLUETOOTH,
		    SOCK_STREAM, 3);
	assert_kind("bluetooth://sco/any", AF_BLUETOOTH, SOCK_SEQPACKET, 2);
	assert_kind("bluetooth://hci/0", AF_BLUETOOTH, SOCK_RAW, 1);
}

Test(endpoint, type_chooses_among_the_familys_own)
{
	assert_kind("unix:///run/x?type=seqpacket", AF_UNIX, SOCK_SEQPACKET, 0);
	assert_kind("unix:///run/x?type=dgram&passcred", AF_UNIX, SOCK_DGRAM, 0);
	assert_kind("inet://127.0.0.1:1?type=dgram", AF_INET, SOCK_DGRAM, 0);
	assert_kind("inet6://[::1]:1?type=stream/mptcp", AF_INET6, SOCK_STREAM, 262);
	assert_refused("unix:///run/x?type=nonsense", LSK_ERR_VALUE, 19);
	assert_refused("unix:///run/x?type", LSK_ERR_VALUE, 18);
	assert_refused("tcp://127.0.0.1:80?type=dgram", LSK_ERR_OPTION, 19);
}

Test(endpoint, faults_tell_their_place)
{
	assert_refused("", LSK_ERR_SCHEME, 0);
	assert_refused("127.0.0.1:80", LSK_ERR_SCHEME, 0);
	assert_refused("nonsense://x", LSK_ERR_SCHEME, 0);
	assert_refused("tcp://127.0.0.1:70000", LSK_ERR_PORT, 16);
	assert_refused("tcp://[::1]:70000", LSK_ERR_PORT, 12);
	assert_refused("tcp://localhost:70000", LSK_ERR_PORT, 16);
	assert_refused("tcp://localhost", LSK_ERR_PORT, 15);
	assert_refused("tcp://127.1:80", LSK_ERR_HOST, 6);
	assert_refused("tcp://1.2.3.400:80", LSK_ERR_HOST, 6);
	assert_refused("unix://%zz", LSK_ERR_SYNTAX, 7);
}

Test(endpoint, option_faults_tell_their_place)
{
	assert_refused("tcp://127.0.0.1:80?", LSK_ERR_OPTION, 19);
	assert_refused("tcp://127.0.0.1:80?nodely", LSK_ERR_OPTION, 19);
	assert_refused("tcp://127.0.0.1:80?nodelay=2", LSK_ERR_VALUE, 27);
	assert_refused("tcp://127.0.0.1:80?nodelay=", LSK_ERR_VALUE, 27);
	assert_refused("tcp://127.0.0.1:80?rcvbuf", LSK_ERR_VALUE, 25);
	assert_refused("tcp://127.0.0.1:80?rcvbuf=x", LSK_ERR_VALUE, 26);
	assert_refused("tcp://127.0.0.1:80?rcvbuf=3000000000", LSK_ERR_VALUE, 26);
	assert_refused("tcp://127.0.0.1:80?nodelay&congestion", LSK_ERR_VALUE, 37);
	assert_refused("tcp://127.0.0.1:80?nodelay&%zz=1", LSK_ERR_SYNTAX, 27);
	assert_refused("tcp://127.0.0.1:80?v6only", LSK_ERR_OPTION, 19);
	assert_refused("unix:///x?nodelay", LSK_ERR_OPTION, 10);
}

Test(endpoint, more_options_than_anybody_means_are_refused)
{
	char text[2000] = "unix://@x?passcred";

	for (int i = 0; i < 64; i++)
		strcat(text, "&passcred");
	assert_refused(text, LSK_ERR_LENGTH, 10 + 64 * 9);
}

Test(endpoint, null_is_refused)
{
	struct lsk_endpoint *endpoint = NULL;
	struct lsk_error error;

	cr_assert_eq(lsk_endpoint_new(NULL, "tcp://127.0.0.1:1", NULL), -EINVAL);
	cr_assert_eq(lsk_endpoint_new(&endpoint, NULL, &error), -EINVAL);
	cr_assert_null(lsk_endpoint_free(NULL));
	cr_assert_null(lsk_endpoint_text(NULL));
	cr_assert_eq(lsk_endpoint_domain(NULL), -EINVAL);
	cr_assert_eq(lsk_endpoint_type(NULL), -EINVAL);
	cr_assert_eq(lsk_endpoint_protocol(NULL), -EINVAL);
}

/* Listen at @text, connect to where that is, move a byte. */
static void assert_reaches(const char *text, const char *expected_start)
{
	struct lsk_endpoint *endpoint = endpoint_make(text);
	char bound[LSK_ADDR_TEXT_MAX];
	struct lsk_error error = {0};
	struct lsk_socket *listener;
	struct lsk_socket *client;
	struct lsk_socket *server;
	char byte = 0;
	int r;

	r = lsk_endpoint_listen(endpoint, &listener, &error);
	cr_assert_eq(r, 0, "%s: %s", text, error.text);
	lsk_endpoint_free(endpoint);
	cr_assert_gt(lsk_endpoint_format_socket(listener, bound, sizeof(bound)), 0);
	cr_assert_eq(strncmp(bound, expected_start, strlen(expected_start)), 0, "%s",
		     bound);

	endpoint = endpoint_make(bound);
	r = lsk_endpoint_connect(endpoint, 60000 * MSEC, &client, &error);
	cr_assert_eq(r, 0, "%s: %s", bound, error.text);
	cr_assert_eq(lsk_socket_timeout(client), LSK_BLOCK);
	lsk_endpoint_free(endpoint);
	if (lsk_socket_type(listener) == SOCK_DGRAM)
		server = lsk_socket_ref(listener);
	else
		cr_assert_eq(lsk_socket_accept(listener, &server, NULL), 0);
	cr_assert_eq(lsk_socket_send(client, "x", 1, 0), 1);
	cr_assert_eq(lsk_socket_recv(server, &byte, 1, 0), 1);
	cr_assert_eq(byte, 'x');
	lsk_socket_free(server);
	lsk_socket_free(client);
	lsk_socket_free(listener);
}

Test(endpoint_open, listen_and_connect_meet)
{
	assert_reaches("tcp://127.0.0.1:0?nodelay&rcvbuf=65536", "tcp://127.0.0.1:");
	assert_reaches("tcp://[::1]:0", "tcp://[::1]:");
	assert_reaches("udp://127.0.0.1:0", "udp://127.0.0.1:");
	assert_reaches("unix://", "unix://@");
	assert_reaches("unix://?type=seqpacket", "unix://@");
	assert_reaches("unix://?type=dgram", "unix://@");
	assert_reaches("inet://127.0.0.1:0", "tcp://127.0.0.1:");
}

Test(endpoint_open, names_are_resolved)
{
	struct lsk_addr addr;
	struct lsk_socket *listener;
	struct lsk_endpoint *endpoint;
	struct lsk_socket *client;
	struct lsk_error error = {0};
	char text[LSK_ADDR_TEXT_MAX];
	char named[LSK_ADDR_TEXT_MAX];

	/* The machine's own name server may take its time. */
	names_enter();
	listener = listener_make(&addr);
	lsk_addr_format(&addr, text, sizeof(text));
	snprintf(named, sizeof(named), "tcp://localhost%s?nodelay", strrchr(text, ':'));
	endpoint = endpoint_make(named);
	cr_assert_eq(lsk_endpoint_connect(endpoint, 60000 * MSEC, &client, &error), 0,
		     "%s", error.text);
	cr_assert_eq(lsk_socket_domain(client), AF_INET);
	lsk_socket_free(client);
	lsk_endpoint_free(endpoint);
	lsk_socket_free(listener);
}

Test(endpoint_open, options_are_set_before_the_connection)
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listener_make(&addr);
	struct lsk_endpoint *endpoint;
	struct lsk_socket *client;
	char text[LSK_ADDR_TEXT_MAX];
	char full[LSK_ADDR_TEXT_MAX + 50];
	int value = 0;

	lsk_addr_format(&addr, text, sizeof(text));
	snprintf(full, sizeof(full), "%s?nodelay&ttl=7&keepalive=1&priority=0x3", text);
	endpoint = endpoint_make(full);
	cr_assert_eq(lsk_endpoint_connect(endpoint, LSK_BLOCK, &client, NULL), 0);
	lsk_socket_getsockopt_int(client, IPPROTO_TCP, TCP_NODELAY, &value);
	cr_assert_eq(value, 1);
	lsk_socket_getsockopt_int(client, IPPROTO_IP, IP_TTL, &value);
	cr_assert_eq(value, 7);
	lsk_socket_getsockopt_int(client, SOL_SOCKET, SO_PRIORITY, &value);
	cr_assert_eq(value, 3);
	lsk_socket_free(client);
	lsk_endpoint_free(endpoint);
	lsk_socket_free(listener);
}

/* What <linsock/option.h> has by name an endpoint's text may say. */
Test(endpoint_open, every_option_goes_by_its_full_or_short_name)
{
	struct lsk_endpoint *endpoint =
		endpoint_make("tcp://127.0.0.1:0?TCP_USER_TIMEOUT=700&IP_TOS=16&"
			      "linger=3&rcvtimeo=1.5&no_delay=on");
	struct lsk_socket *sock;
	char text[64];

	cr_assert_eq(lsk_endpoint_listen(endpoint, &sock, NULL), 0);
	cr_assert_gt(lsk_option_get(sock, "user_timeout", text, sizeof(text)), 0);
	cr_assert_str_eq(text, "700");
	cr_assert_gt(lsk_option_get(sock, "linger", text, sizeof(text)), 0);
	cr_assert_str_eq(text, "3");
	cr_assert_gt(lsk_option_get(sock, "rcvtimeo", text, sizeof(text)), 0);
	cr_assert_str_eq(text, "1.5");
	lsk_socket_free(sock);
	lsk_endpoint_free(endpoint);
	assert_refused("udp://127.0.0.1:80?nodelay", LSK_ERR_OPTION, 19);
	assert_refused("tcp://127.0.0.1:80?acceptconn", LSK_ERR_OPTION, 19);
	assert_refused("tcp://127.0.0.1:80?rcvtimeo=x", LSK_ERR_VALUE, 28);
}

static void assert_connect_fails(const char *text, int code)
{
	struct lsk_endpoint *endpoint = endpoint_make(text);
	struct lsk_socket *sock = NULL;
	struct lsk_error error = {0};
	int r = lsk_endpoint_connect(endpoint, 60000 * MSEC, &sock, &error);

	cr_assert_eq(r, code, "%s: %d %s", text, r, error.text);
	cr_assert_eq(error.code, code);
	cr_assert_gt(strlen(error.text), 0);
	cr_assert_null(sock);
	cr_assert_eq(lsk_endpoint_connect(endpoint, 60000 * MSEC, &sock, NULL), code);
	lsk_endpoint_free(endpoint);
}

Test(endpoint_open, connect_tells_what_failed)
{
	assert_connect_fails("unix:///nowhere/to/be/found", -ENOENT);
	assert_connect_fails("unix://@nobody-listens-here", -ECONNREFUSED);
	assert_connect_fails("tcp://127.0.0.1:1", -ECONNREFUSED);
	assert_connect_fails("tcp://127.0.0.1:1?congestion=nonsense", -ENOENT);
}

Test(endpoint_open, connect_needs_time)
{
	struct lsk_endpoint *endpoint = endpoint_make("unix://@x");
	struct lsk_socket *sock = NULL;
	struct lsk_error error;

	cr_assert_eq(lsk_endpoint_connect(endpoint, 0, &sock, &error), -EINVAL);
	cr_assert_eq(lsk_endpoint_connect(endpoint, -2, &sock, NULL), -EINVAL);
	cr_assert_eq(lsk_endpoint_connect(NULL, LSK_BLOCK, &sock, &error), -EINVAL);
	cr_assert_eq(lsk_endpoint_connect(endpoint, LSK_BLOCK, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_endpoint_listen(endpoint, NULL, NULL), -EINVAL);
	cr_assert_eq(lsk_endpoint_listen(NULL, &sock, NULL), -EINVAL);
	lsk_endpoint_free(endpoint);
}

Test(endpoint_open, listen_at_a_place_in_use_is_told)
{
	struct lsk_addr addr;
	struct lsk_socket *listener = listener_make(&addr);
	struct lsk_endpoint *endpoint;
	struct lsk_socket *second = NULL;
	struct lsk_error error = {0};
	char text[LSK_ADDR_TEXT_MAX];

	lsk_addr_format(&addr, text, sizeof(text));
	endpoint = endpoint_make(text);
	cr_assert_eq(lsk_endpoint_listen(endpoint, &second, &error), -EADDRINUSE);
	cr_assert_not_null(strstr(error.text, text), "%s", error.text);
	lsk_endpoint_free(endpoint);
	lsk_socket_free(listener);
}

Test(endpoint_open, format_says_the_type_where_the_scheme_does_not)
{
	struct lsk_endpoint *endpoint = endpoint_make("unix://?type=seqpacket");
	char text[LSK_ADDR_TEXT_MAX];
	struct lsk_socket *sock;
	int len;

	cr_assert_eq(lsk_endpoint_listen(endpoint, &sock, NULL), 0);
	len = lsk_endpoint_format_socket(sock, text, sizeof(text));
	cr_assert_eq(len, (int)strlen(text));
	cr_assert_not_null(strstr(text, "?type=seqpacket"), "%s", text);
	cr_assert_eq(lsk_endpoint_format_socket(sock, text, (size_t)len), -ENOSPC);
	cr_assert_eq(lsk_endpoint_format_socket(sock, NULL, 1), -EINVAL);
	cr_assert_eq(lsk_endpoint_format_socket(NULL, text, sizeof(text)), -EINVAL);
	lsk_socket_close(sock);
	cr_assert_eq(lsk_endpoint_format_socket(sock, text, sizeof(text)), -EBADF);
	lsk_socket_free(sock);
	lsk_endpoint_free(endpoint);
}
