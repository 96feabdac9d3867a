/* SPDX-License-Identifier: MIT */
/*
 * AF_INET and AF_INET6, which differ in how an address reads and share the rest.
 *
 *	inet://127.0.0.1:80     inet6://[fe80::1%eth0]:80     inet6://[::1]:80;flow=0x12
 *
 * An empty host is every local address. The port is never left out: it is a part of
 * the address, and 0 says so where it does not matter.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>

#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"
#include "src/text.h"

/* The headers of some systems lack one or the other. */
#define PROTOCOL_UDPLITE 136
#define PROTOCOL_MPTCP   262

#define PORT_MAX      65535
#define FLOWLABEL_MAX 0xfffff

int lsk_addr_inet(struct lsk_addr *ret_addr, const char *host, unsigned int port)
{
	struct lsk_addr addr = {.len = sizeof(struct sockaddr_in)};
	struct sockaddr_in *sin = (struct sockaddr_in *)&addr.storage;

	if (!ret_addr)
		return -EINVAL;
	if (port > PORT_MAX)
		return LSK_ERR_PORT;
	sin->sin_family = AF_INET;
	sin->sin_port = htons((uint16_t)port);
	if (!host || !*host)
		sin->sin_addr.s_addr = htonl(INADDR_ANY);
	else if (strcmp(host, "<broadcast>") == 0)
		sin->sin_addr.s_addr = htonl(INADDR_BROADCAST);
	else if (inet_pton(AF_INET, host, &sin->sin_addr) != 1)
		return LSK_ERR_HOST;
	*ret_addr = addr;
	return 0;
}

/* A number needs no interface of that index; a name must be one's. */
static int zone_to_index(const char *zone, uint32_t *ret_index)
{
	uint64_t number;
	unsigned int found;

	if (text_to_uint(zone, strlen(zone), UINT32_MAX, &number) == 0) {
		*ret_index = (uint32_t)number;
		return 0;
	}
	found = if_nametoindex(zone);
	if (found == 0)
		return *zone ? -ENODEV : LSK_ERR_HOST;
	*ret_index = found;
	return 0;
}

int lsk_addr_inet6(struct lsk_addr *ret_addr, const char *host, unsigned int port,
		   uint32_t flowinfo, uint32_t scope_id)
{
	struct lsk_addr addr = {.len = sizeof(struct sockaddr_in6)};
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&addr.storage;
	char number[INET6_ADDRSTRLEN];
	uint32_t zone_id = 0;
	size_t len;
	int r;

	if (!ret_addr)
		return -EINVAL;
	if (port > PORT_MAX)
		return LSK_ERR_PORT;
	if (flowinfo > FLOWLABEL_MAX)
		return LSK_ERR_RANGE;
	if (!host || !*host)
		host = "::";
	len = strcspn(host, "%");
	if (len >= sizeof(number))
		return LSK_ERR_HOST;
	memcpy(number, host, len);
	number[len] = '\0';
	if (inet_pton(AF_INET6, number, &sin6->sin6_addr) != 1)
		return LSK_ERR_HOST;
	if (host[len] == '%') {
		r = zone_to_index(host + len + 1, &zone_id);
		if (r < 0)
			return r;
	}
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons((uint16_t)port);
	sin6->sin6_flowinfo = htonl(flowinfo);
	sin6->sin6_scope_id = scope_id ? scope_id : zone_id;
	*ret_addr = addr;
	return 0;
}

/* Read the port that ends @text at @offset; one line tells of every fault in it. */
static int parse_port(const char *text, size_t offset, size_t len, uint64_t *ret_port,
		      struct lsk_error *ret_error)
{
	if (text_to_uint(text + offset, len, PORT_MAX, ret_port) < 0)
		return error_set(ret_error, LSK_ERR_PORT, offset,
				 "expected a port from 0 to %d", PORT_MAX);
	return 0;
}

/* Where the port of "host:port" starts; 0 where @text has no colon. */
static size_t port_offset(const char *text)
{
	const char *colon = strrchr(text, ':');

	return colon ? (size_t)(colon - text) + 1 : 0;
}

static int no_port(const char *text, struct lsk_error *ret_error)
{
	return error_set(ret_error, LSK_ERR_PORT, strlen(text),
			 "expected \":\" and a port after the host");
}

static int inet_parse(const char *text, struct lsk_addr *ret_addr,
		      struct lsk_error *ret_error)
{
	size_t offset = port_offset(text);
	char host[INET_ADDRSTRLEN];
	uint64_t port;
	int r;

	if (text[0] == '[')
		return error_set(ret_error, LSK_ERR_HOST, 0,
				 "expected an IPv4 address such as 127.0.0.1");
	if (offset == 0)
		return no_port(text, ret_error);
	r = parse_port(text, offset, strlen(text + offset), &port, ret_error);
	if (r < 0)
		return r;
	/* Too long is no number either; what fits is a prefix of it and fails too. */
	snprintf(host, sizeof(host), "%.*s", (int)offset - 1, text);
	r = offset <= sizeof(host) ? lsk_addr_inet(ret_addr, host, (unsigned int)port)
				   : LSK_ERR_HOST;
	if (r < 0)
		return error_set(ret_error, r, 0,
				 "expected an IPv4 address such as 127.0.0.1");
	return 0;
}

static int inet_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&addr->storage;
	struct text_writer writer = {.buf = buf, .size = size};
	char host[INET_ADDRSTRLEN];

	if (addr->len != sizeof(*sin))
		return -EINVAL;
	inet_ntop(AF_INET, &sin->sin_addr, host, sizeof(host));
	text_put_format(&writer, "%s:%u", host, ntohs(sin->sin_port));
	return text_end(&writer);
}

static bool inet_equal(const struct lsk_addr *a, const struct lsk_addr *b)
{
	const struct sockaddr_in *left = (const struct sockaddr_in *)&a->storage;
	const struct sockaddr_in *right = (const struct sockaddr_in *)&b->storage;

	if (a->len < sizeof(*left) || b->len < sizeof(*right))
		return a->len == b->len && memcmp(left, right, a->len) == 0;
	return left->sin_port == right->sin_port &&
	       left->sin_addr.s_addr == right->sin_addr.s_addr;
}

/* "]:80" or "]:80;flow=0x12" at @offset, which is the bracket's. */
static int inet6_parse_tail(const char *text, size_t offset, struct sockaddr_in6 *sin6,
			    struct lsk_error *ret_error)
{
	static const char flow_name[] = ";flow=";
	size_t port_len;
	uint64_t flow = 0;
	uint64_t port;
	int r;

	if (text[offset] != ']')
		return error_set(ret_error, LSK_ERR_SYNTAX, offset,
				 "expected \"]\" after the address");
	if (text[offset + 1] != ':')
		return no_port(text, ret_error);
	offset += 2;
	port_len = strcspn(text + offset, ";");
	r = parse_port(text, offset, port_len, &port, ret_error);
	if (r < 0)
		return r;
	offset += port_len;
	if (text[offset]) {
		const char *value = text + offset + strlen(flow_name);

		if (strncmp(text + offset, flow_name, strlen(flow_name)) != 0)
			return error_set(ret_error, LSK_ERR_SYNTAX, offset,
					 "expected nothing or \"%s\"", flow_name);
		r = text_to_uint(value, strlen(value), UINT32_MAX, &flow);
		if (r < 0)
			return error_set(ret_error, r, (size_t)(value - text),
					 "expected flow information of 32 bits");
	}
	sin6->sin6_port = htons((uint16_t)port);
	sin6->sin6_flowinfo = htonl((uint32_t)flow);
	return 0;
}

static int inet6_parse(const char *text, struct lsk_addr *ret_addr,
		       struct lsk_error *ret_error)
{
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
	struct lsk_addr addr;
	size_t len;
	int r;

	if (text[0] != '[' && text[0] != ':')
		return error_set(ret_error, LSK_ERR_HOST, 0,
				 "expected an IPv6 address in brackets such as [::1]");
	/* ":80" alone is every local address, as it is for IPv4. */
	len = text[0] == '[' ? strcspn(text + 1, "]") : 0;
	if (len >= sizeof(host))
		return error_set(ret_error, LSK_ERR_HOST, 1,
				 "expected an IPv6 address such as ::1");
	memcpy(host, text + 1, len);
	host[len] = '\0';
	r = lsk_addr_inet6(&addr, host, 0, 0, 0);
	if (r == -ENODEV)
		return error_set(ret_error, r, 2 + strcspn(host, "%"),
				 "no such interface");
	if (r < 0)
		return error_set(ret_error, r, 1,
				 "expected an IPv6 address such as ::1");
	if (text[0] == ':') {
		uint64_t port;

		r = parse_port(text, 1, strlen(text + 1), &port, ret_error);
		if (r < 0)
			return r;
		((struct sockaddr_in6 *)&addr.storage)->sin6_port =
			htons((uint16_t)port);
	} else {
		r = inet6_parse_tail(text, len + 1,
				     (struct sockaddr_in6 *)&addr.storage, ret_error);
		if (r < 0)
			return r;
	}
	*ret_addr = addr;
	return 0;
}

static int inet6_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&addr->storage;
	struct text_writer writer = {.buf = buf, .size = size};
	char host[INET6_ADDRSTRLEN];
	char zone[IF_NAMESIZE];
	uint64_t number;

	if (addr->len != sizeof(*sin6))
		return -EINVAL;
	inet_ntop(AF_INET6, &sin6->sin6_addr, host, sizeof(host));
	text_put_format(&writer, "[%s", host);
	if (sin6->sin6_scope_id) {
		/* A name that reads as a number or ends the bracket would not return.
		 */
		if (if_indextoname(sin6->sin6_scope_id, zone) &&
		    text_to_uint(zone, strlen(zone), UINT64_MAX, &number) < 0 &&
		    !strpbrk(zone, "]?%"))
			text_put_format(&writer, "%%%s", zone);
		else
			text_put_format(&writer, "%%%u", sin6->sin6_scope_id);
	}
	text_put_format(&writer, "]:%u", ntohs(sin6->sin6_port));
	if (sin6->sin6_flowinfo)
		text_put_format(&writer, ";flow=0x%x", ntohl(sin6->sin6_flowinfo));
	return text_end(&writer);
}

static bool inet6_equal(const struct lsk_addr *a, const struct lsk_addr *b)
{
	return a->len == b->len && memcmp(&a->storage, &b->storage, a->len) == 0;
}

/* A name: no number, no bracket, and no last label of digits, which DNS cannot have. */
static bool inet_has_host(const char *text)
{
	size_t offset = port_offset(text);
	size_t len = offset ? offset - 1 : 0;
	size_t label = len;

	if (len == 0 || memchr(text, '[', len) || memchr(text, ':', len) ||
	    memchr(text, '/', len))
		return false;
	/* The port is read by number here, so that it is judged before a look-up. */
	if (text_to_uint(text + offset, strlen(text + offset), PORT_MAX,
			 &(uint64_t){0}) < 0)
		return false;
	if (text[label - 1] == '.')
		label--;
	while (label > 0 && text[label - 1] >= '0' && text[label - 1] <= '9')
		label--;
	return label > 0 && (label == len || text[label - 1] != '.');
}

static const struct family_scheme inet_schemes[] = {
	{"tcp", SOCK_STREAM, IPPROTO_TCP, FAMILY_ATTACH_CONNECT},
	{"tcp4", SOCK_STREAM, IPPROTO_TCP, FAMILY_ATTACH_CONNECT},
	{"udp", SOCK_DGRAM, IPPROTO_UDP, FAMILY_ATTACH_CONNECT},
	{"udp4", SOCK_DGRAM, IPPROTO_UDP, FAMILY_ATTACH_CONNECT},
	{"udplite", SOCK_DGRAM, PROTOCOL_UDPLITE, FAMILY_ATTACH_CONNECT},
	{"mptcp", SOCK_STREAM, PROTOCOL_MPTCP, FAMILY_ATTACH_CONNECT},
	{"sctp", SOCK_STREAM, IPPROTO_SCTP, FAMILY_ATTACH_CONNECT},
	{"icmp", SOCK_DGRAM, IPPROTO_ICMP, FAMILY_ATTACH_CONNECT},
	{0},
};

static const struct family_scheme inet6_schemes[] = {
	{"tcp", SOCK_STREAM, IPPROTO_TCP, FAMILY_ATTACH_CONNECT},
	{"tcp6", SOCK_STREAM, IPPROTO_TCP, FAMILY_ATTACH_CONNECT},
	{"udp", SOCK_DGRAM, IPPROTO_UDP, FAMILY_ATTACH_CONNECT},
	{"udp6", SOCK_DGRAM, IPPROTO_UDP, FAMILY_ATTACH_CONNECT},
	{"udplite", SOCK_DGRAM, PROTOCOL_UDPLITE, FAMILY_ATTACH_CONNECT},
	{"mptcp", SOCK_STREAM, PROTOCOL_MPTCP, FAMILY_ATTACH_CONNECT},
	{"sctp", SOCK_STREAM, IPPROTO_SCTP, FAMILY_ATTACH_CONNECT},
	{"icmp", SOCK_DGRAM, IPPROTO_ICMPV6, FAMILY_ATTACH_CONNECT},
	{0},
};

/* Words that mean the same for both; every option goes by its own name too. */
static const struct family_option inet6_options[] = {
	{"ttl", FAMILY_VALUE_INT, IPPROTO_IPV6, IPV6_UNICAST_HOPS, NULL},
	{"tos", FAMILY_VALUE_INT, IPPROTO_IPV6, IPV6_TCLASS, NULL},
	{0},
};

/* To a peer without MPTCP its kernel speaks TCP; ours without it does so here. */
static int inet_fallback(int protocol)
{
	return protocol == PROTOCOL_MPTCP ? IPPROTO_TCP : -1;
}

/* RFC 9260: an association has no half-open state. */
static bool inet_has_half_close(int protocol)
{
	return protocol != IPPROTO_SCTP;
}

static const struct family_type inet_types[] = {
	{"stream", SOCK_STREAM, 0},
	{"dgram", SOCK_DGRAM, 0},
	{"stream/mptcp", SOCK_STREAM, PROTOCOL_MPTCP},
	{"stream/sctp", SOCK_STREAM, IPPROTO_SCTP},
	{"seqpacket/sctp", SOCK_SEQPACKET, IPPROTO_SCTP},
	{"dgram/udplite", SOCK_DGRAM, PROTOCOL_UDPLITE},
	{"dgram/icmp", SOCK_DGRAM, IPPROTO_ICMP},
	{"raw/icmp", SOCK_RAW, IPPROTO_ICMP},
	{"raw", SOCK_RAW, IPPROTO_RAW},
	{0},
};

static const struct family_type inet6_types[] = {
	{"stream", SOCK_STREAM, 0},
	{"dgram", SOCK_DGRAM, 0},
	{"stream/mptcp", SOCK_STREAM, PROTOCOL_MPTCP},
	{"stream/sctp", SOCK_STREAM, IPPROTO_SCTP},
	{"seqpacket/sctp", SOCK_SEQPACKET, IPPROTO_SCTP},
	{"dgram/udplite", SOCK_DGRAM, PROTOCOL_UDPLITE},
	{"dgram/icmp", SOCK_DGRAM, IPPROTO_ICMPV6},
	{"raw/icmp", SOCK_RAW, IPPROTO_ICMPV6},
	{"raw", SOCK_RAW, IPPROTO_RAW},
	{0},
};

#define INET_RING                                             \
	(FAMILY_RING_ZERO_COPY | FAMILY_RING_RECV_MULTISHOT | \
	 FAMILY_RING_ACCEPT_MULTISHOT)

const struct lsk_family lsk_family_inet = {
	.domain = AF_INET,
	.name = "inet",
	.summary = "IPv4: TCP, UDP, MPTCP, SCTP, UDP-Lite, ICMP and raw",
	.parse = inet_parse,
	.format = inet_format,
	.equal = inet_equal,
	.has_host = inet_has_host,
	.loopback = "127.0.0.1:0",
	.fallback_protocol = inet_fallback,
	.has_half_close = inet_has_half_close,
	.schemes = inet_schemes,
	.types = inet_types,
	.probe = &inet_probe,
	.send = FAMILY_SEND_RING,
	.ring = INET_RING,
};

const struct lsk_family lsk_family_inet6 = {
	.domain = AF_INET6,
	.name = "inet6",
	.summary = "IPv6: TCP, UDP, MPTCP, SCTP, UDP-Lite, ICMP and raw",
	.parse = inet6_parse,
	.format = inet6_format,
	.equal = inet6_equal,
	.has_host = inet_has_host,
	.loopback = "[::1]:0",
	.fallback_protocol = inet_fallback,
	.has_half_close = inet_has_half_close,
	.schemes = inet6_schemes,
	.options = inet6_options,
	.types = inet6_types,
	.probe = &inet6_probe,
	.send = FAMILY_SEND_RING,
	.ring = INET_RING,
};
