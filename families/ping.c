/* SPDX-License-Identifier: MIT */
/*
 * Echoes over a datagram or a raw socket. The datagram socket has our number as its
 * port, shows ours alone and no IP header, and errors come by its error queue; of the
 * raw one all of this is done here.
 */
#include <linsock/ping.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/inet.h>
#include <linsock/message.h>
#include <linsock/option.h>

#include "src/socket.h"
#include "uring/util.h"

#define HEADER_SIZE   8
#define IPV6_SIZE     40
#define LEVEL_RAW     255
#define FILTER_OPTION 1

struct lsk_ping {
	struct lsk_socket *sock;
	int family;
	uint16_t id;
};

/* --- messages ---------------------------------------------------------------- */

static uint16_t read_16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void write_16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

int lsk_icmp_parse(const void *data, size_t len, struct lsk_icmp_message *ret_message)
{
	const uint8_t *bytes = data;

	if (!data || !ret_message)
		return -EINVAL;
	if (len < HEADER_SIZE)
		return -EBADMSG;
	*ret_message = (struct lsk_icmp_message){
		.type = bytes[0],
		.code = bytes[1],
		.id = read_16(bytes + 4),
		.sequence = read_16(bytes + 6),
		.info = (uint32_t)read_16(bytes + 4) << 16 | read_16(bytes + 6),
		.data = bytes + HEADER_SIZE,
		.len = len - HEADER_SIZE,
	};
	return 0;
}

ssize_t lsk_icmp_skip_ip(int family, const void *packet, size_t len)
{
	const uint8_t *bytes = packet;
	size_t header;

	if (!packet)
		return -EINVAL;
	if (family == AF_INET6) {
		if (len < IPV6_SIZE)
			return -EBADMSG;
		return bytes[6] == IPPROTO_ICMPV6 ? IPV6_SIZE : -ENOMSG;
	}
	if (family != AF_INET)
		return LSK_ERR_FAMILY;
	if (len < 20)
		return -EBADMSG;
	header = (size_t)(bytes[0] & 15u) * 4;
	if (header < 20 || header > len)
		return -EBADMSG;
	if (bytes[9] != IPPROTO_ICMP || (read_16(bytes + 6) & 0x1fff) != 0)
		return -ENOMSG;
	return (ssize_t)header;
}

/* One line for each code, and one for all others, of a code of ANY. */
#define ANY 256

struct icmp_text {
	unsigned int type;
	unsigned int code;
	const char *text;
};

static const struct icmp_text inet_texts[] = {
	{ICMP_ECHOREPLY, ANY, "Echo reply"},
	{ICMP_DEST_UNREACH, ICMP_NET_UNREACH, "Destination net unreachable"},
	{ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, "Destination host unreachable"},
	{ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, "Destination protocol unreachable"},
	{ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, "Destination port unreachable"},
	{ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, "Fragmentation needed"},
	{ICMP_DEST_UNREACH, ICMP_SR_FAILED, "Source route failed"},
	{ICMP_DEST_UNREACH, ICMP_NET_UNKNOWN, "Destination net unknown"},
	{ICMP_DEST_UNREACH, ICMP_HOST_UNKNOWN, "Destination host unknown"},
	{ICMP_DEST_UNREACH, ICMP_NET_ANO, "Destination net prohibited"},
	{ICMP_DEST_UNREACH, ICMP_HOST_ANO, "Destination host prohibited"},
	{ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, "Packet filtered"},
	{ICMP_DEST_UNREACH, ANY, "Destination unreachable"},
	{ICMP_SOURCE_QUENCH, ANY, "Source quench"},
	{ICMP_REDIRECT, ANY, "Redirect"},
	{ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, "Time to live exceeded"},
	{ICMP_TIME_EXCEEDED, ANY, "Fragment reassembly time exceeded"},
	{ICMP_PARAMETERPROB, ANY, "Parameter problem"},
};

static const struct icmp_text inet6_texts[] = {
	{ICMPV6_ECHO_REPLY, ANY, "Echo reply"},
	{ICMPV6_DEST_UNREACH, ICMPV6_NOROUTE, "No route to destination"},
	{ICMPV6_DEST_UNREACH, ICMPV6_ADM_PROHIBITED, "Destination prohibited"},
	{ICMPV6_DEST_UNREACH, ICMPV6_NOT_NEIGHBOUR, "Beyond scope of source address"},
	{ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, "Destination address unreachable"},
	{ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, "Destination port unreachable"},
	{ICMPV6_DEST_UNREACH, ANY, "Destination unreachable"},
	{ICMPV6_PKT_TOOBIG, ANY, "Packet too big"},
	{ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, "Hop limit exceeded"},
	{ICMPV6_TIME_EXCEED, ANY, "Fragment reassembly time exceeded"},
	{ICMPV6_PARAMPROB, ANY, "Parameter problem"},
};

const char *lsk_icmp_text(int family, unsigned int type, unsigned int code)
{
	const struct icmp_text *texts = family == AF_INET ? inet_texts : inet6_texts;
	size_t count =
		family == AF_INET ? ARRAY_SIZE(inet_texts) : ARRAY_SIZE(inet6_texts);

	if (family != AF_INET && family != AF_INET6)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (texts[i].type == type &&
		    (texts[i].code == code || texts[i].code == ANY))
			return texts[i].text;
	return NULL;
}

/* What an error means to a program, as the kernel has it for other protocols. */
static int error_of(int family, const struct lsk_icmp_message *message)
{
	if (family == AF_INET6)
		return message->type == ICMPV6_PKT_TOOBIG ? -EMSGSIZE
		       : message->type == ICMPV6_PARAMPROB
			       ? -EPROTO
			       : (message->code == ICMPV6_ADM_PROHIBITED &&
						  message->type == ICMPV6_DEST_UNREACH
					  ? -EACCES
					  : -EHOSTUNREACH);
	if (message->type == ICMP_PARAMETERPROB)
		return -EPROTO;
	if (message->type == ICMP_DEST_UNREACH)
		switch (message->code) {
		case ICMP_NET_UNREACH:
		case ICMP_NET_UNKNOWN:
		case ICMP_NET_ANO:
			return -ENETUNREACH;
		case ICMP_FRAG_NEEDED:
			return -EMSGSIZE;
		case ICMP_PROT_UNREACH:
			return -ENOPROTOOPT;
		case ICMP_PORT_UNREACH:
			return -ECONNREFUSED;
		default:
			break;
		}
	return -EHOSTUNREACH;
}

/* --- the socket -------------------------------------------------------------- */

static int set_own(struct lsk_ping *ping, int option, int option6)
{
	bool is_inet = ping->family == AF_INET;

	return lsk_socket_setsockopt_int(ping->sock,
					 is_inet ? IPPROTO_IP : IPPROTO_IPV6,
					 is_inet ? option : option6, 1);
}

/* A datagram socket gets its number by being bound. */
static int prepare_datagram(struct lsk_ping *ping)
{
	struct lsk_addr any;
	int r = ping->family == AF_INET ? lsk_addr_inet(&any, NULL, 0)
					: lsk_addr_inet6(&any, NULL, 0, 0, 0);

	if (r == 0)
		r = lsk_socket_bind(ping->sock, &any);
	if (r == 0)
		r = lsk_socket_getsockname(ping->sock, &any);
	if (r < 0)
		return r;
	/* Both families have their port at the same place. */
	ping->id = ntohs(((const struct sockaddr_in *)&any.storage)->sin_port);
	return set_own(ping, IP_RECVERR, IPV6_RECVERR);
}

/* A raw socket sees all of the host's: errors and replies are let through. */
static int prepare_raw(struct lsk_ping *ping)
{
	static const unsigned int wanted[] = {
		ICMP_ECHOREPLY,
		ICMP_DEST_UNREACH,
		ICMP_TIME_EXCEEDED,
		ICMP_PARAMETERPROB,
	};
	static const unsigned int wanted6[] = {
		ICMPV6_ECHO_REPLY,  ICMPV6_DEST_UNREACH, ICMPV6_PKT_TOOBIG,
		ICMPV6_TIME_EXCEED, ICMPV6_PARAMPROB,
	};
	uint32_t filter = UINT32_MAX, filter6[8];
	uint64_t cookie = 0;
	int r = lsk_socket_cookie(ping->sock, &cookie);

	if (r < 0)
		return r;
	ping->id = (uint16_t)cookie;
	memset(filter6, 0xff, sizeof(filter6));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		filter &= ~(UINT32_C(1) << wanted[i]);
	for (size_t i = 0; i < ARRAY_SIZE(wanted6); i++)
		filter6[wanted6[i] / 32] &= ~(UINT32_C(1) << wanted6[i] % 32);
	if (ping->family == AF_INET)
		return lsk_socket_setsockopt(ping->sock, LEVEL_RAW, FILTER_OPTION,
					     &filter, sizeof(filter));
	return lsk_socket_setsockopt(ping->sock, IPPROTO_ICMPV6, FILTER_OPTION, filter6,
				     sizeof(filter6));
}

int lsk_ping_new(struct lsk_ping **ret_ping, int family)
{
	int protocol = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	struct lsk_ping *ping;
	int r;

	if (!ret_ping)
		return -EINVAL;
	if (family != AF_INET && family != AF_INET6)
		return LSK_ERR_FAMILY;
	ping = calloc(1, sizeof(*ping));
	if (!ping)
		return -ENOMEM;
	ping->family = family;
	r = lsk_socket_new(&ping->sock, family, SOCK_DGRAM, protocol);
	if (r == -EACCES || r == -EPROTONOSUPPORT)
		r = lsk_socket_new(&ping->sock, family, SOCK_RAW, protocol);
	if (r == 0)
		r = set_own(ping, IP_RECVTTL, IPV6_RECVHOPLIMIT);
	if (r == 0)
		r = lsk_socket_type(ping->sock) == SOCK_RAW ? prepare_raw(ping)
							    : prepare_datagram(ping);
	if (r < 0) {
		lsk_ping_free(ping);
		return r;
	}
	*ret_ping = ping;
	return 0;
}

struct lsk_ping *lsk_ping_free(struct lsk_ping *ping)
{
	if (ping)
		lsk_socket_free(ping->sock);
	free(ping);
	return NULL;
}

struct lsk_socket *lsk_ping_socket(const struct lsk_ping *ping)
{
	return ping ? ping->sock : NULL;
}

/* --- sending ----------------------------------------------------------------- */

/* The sum of RFC 1071; of IPv6 and of datagram sockets the kernel makes its own. */
static uint16_t checksum(const uint8_t *header, const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < HEADER_SIZE; i += 2)
		sum += read_16(header + i);
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

int lsk_ping_send(struct lsk_ping *ping, const struct lsk_addr *to, uint16_t sequence,
		  const void *data, size_t len)
{
	uint8_t header[HEADER_SIZE] = {0};
	struct iovec parts[] = {
		{header, sizeof(header)},
		{(void *)(uintptr_t)data, len},
	};
	struct lsk_message message = {.buffers = parts, .buffers_count = 2};
	ssize_t r;

	if (!ping || !to || (!data && len > 0))
		return -EINVAL;
	if (lsk_addr_family(to) != ping->family)
		return LSK_ERR_FAMILY;
	if (len > LSK_PING_DATA_MAX)
		return -EMSGSIZE;
	message.addr = *to;
	/* A raw socket would take it for a protocol's number. */
	((struct sockaddr_in *)&message.addr.storage)->sin_port = 0;
	header[0] = ping->family == AF_INET ? ICMP_ECHO : ICMPV6_ECHO_REQUEST;
	write_16(header + 4, ping->id);
	write_16(header + 6, sequence);
	write_16(header + 2, checksum(header, data, len));
	r = lsk_socket_sendmsg(ping->sock, &message, 0);
	return r < 0 ? (int)r : 0;
}

/* --- receiving --------------------------------------------------------------- */

struct received {
	_Alignas(struct cmsghdr) char space[512];
	struct iovec part;
	struct lsk_message message;
};

static ssize_t receive(struct lsk_ping *ping, struct received *received, int flags)
{
	received->message = (struct lsk_message){
		.buffers = &received->part,
		.buffers_count = 1,
		.control = {.data = received->space, .size = sizeof(received->space)},
	};
	return lsk_socket_recvmsg(ping->sock, &received->message, MSG_DONTWAIT | flags);
}

/* What the error queue has; its bytes are the echo that caused it. Return: 0, -ENOMSG
 * for what is none of ours. */
static int read_error(const struct received *received,
		      struct lsk_ping_answer *ret_answer)
{
	struct lsk_icmp_message echo = {.sequence = 0};
	struct lsk_control_item item;
	struct lsk_inet_error error;
	size_t offset = 0;

	while (lsk_control_next(&received->message.control, &offset, &item) > 0) {
		if (lsk_inet_get_error(&item, &error) < 0)
			continue;
		(void)lsk_icmp_parse(received->part.iov_base, received->message.len,
				     &echo);
		*ret_answer = (struct lsk_ping_answer){
			.kind = LSK_PING_ERROR,
			.from = error.offender,
			.sequence = echo.sequence,
			.type = error.type,
			.code = error.code,
			.info = error.info,
			.error = error.error,
			.hop_limit = -1,
		};
		return 0;
	}
	return -ENOMSG;
}

/* An error of a raw socket: a message with the packet that caused it. */
static int read_raw_error(const struct lsk_ping *ping,
			  const struct lsk_icmp_message *message,
			  struct lsk_ping_answer *ret_answer)
{
	unsigned int request =
		ping->family == AF_INET ? ICMP_ECHO : ICMPV6_ECHO_REQUEST;
	ssize_t at = lsk_icmp_skip_ip(ping->family, message->data, message->len);
	struct lsk_icmp_message echo;

	if (at < 0 || lsk_icmp_parse((const uint8_t *)message->data + at,
				     message->len - (size_t)at, &echo) < 0)
		return -ENOMSG;
	if (echo.type != request || echo.id != ping->id)
		return -ENOMSG;
	ret_answer->kind = LSK_PING_ERROR;
	ret_answer->sequence = echo.sequence;
	ret_answer->error = error_of(ping->family, message);
	/* Of IPv4 the MTU is the lower half, and of others there is none. */
	if (ret_answer->error == -EMSGSIZE)
		ret_answer->info =
			ping->family == AF_INET ? message->sequence : message->info;
	ret_answer->data = NULL;
	ret_answer->len = 0;
	return 0;
}

/* Return: 0, -ENOMSG for what is none of ours. */
static int read_answer(const struct lsk_ping *ping, const struct received *received,
		       struct lsk_ping_answer *ret_answer)
{
	unsigned int reply =
		ping->family == AF_INET ? ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY;
	bool is_raw = lsk_socket_type(ping->sock) == SOCK_RAW;
	const uint8_t *bytes = received->part.iov_base;
	size_t len = received->message.len;
	struct lsk_icmp_message message;
	struct lsk_control_item item;
	size_t offset = 0;
	ssize_t at = 0;

	if (is_raw && ping->family == AF_INET)
		at = lsk_icmp_skip_ip(AF_INET, bytes, len);
	if (at < 0 || lsk_icmp_parse(bytes + at, len - (size_t)at, &message) < 0)
		return -ENOMSG;
	*ret_answer = (struct lsk_ping_answer){
		.kind = LSK_PING_REPLY,
		.from = received->message.addr,
		.sequence = message.sequence,
		.type = message.type,
		.code = message.code,
		.hop_limit = -1,
		.data = message.data,
		.len = message.len,
	};
	while (lsk_control_next(&received->message.control, &offset, &item) > 0)
		if (lsk_inet_get_hop_limit(&item) >= 0)
			ret_answer->hop_limit = lsk_inet_get_hop_limit(&item);
	if (message.type == reply)
		return message.id == ping->id ? 0 : -ENOMSG;
	return is_raw ? read_raw_error(ping, &message, ret_answer) : -ENOMSG;
}

/* What is there now. Return: 0, -ENOMSG for what is none of ours, -EAGAIN. */
static int take(struct lsk_ping *ping, struct received *received,
		struct lsk_ping_answer *ret_answer)
{
	ssize_t r = receive(ping, received, MSG_ERRQUEUE);

	if (r >= 0)
		return read_error(received, ret_answer);
	if (r != -EAGAIN)
		return (int)r;
	r = receive(ping, received, 0);
	if (r >= 0)
		return read_answer(ping, received, ret_answer);
	if (r == -EAGAIN)
		return -EAGAIN;
	/* The errno alone: what belongs to it has come to the queue meanwhile. */
	if (receive(ping, received, MSG_ERRQUEUE) >= 0)
		return read_error(received, ret_answer);
	return (int)r;
}

int lsk_ping_receive(struct lsk_ping *ping, void *buf, size_t size,
		     struct lsk_ping_answer *ret_answer)
{
	struct received received = {.part = {buf, size}};
	int64_t deadline_ns;
	int r;

	if (!ping || !buf || !ret_answer)
		return -EINVAL;
	deadline_ns = socket_deadline(ping->sock);
	for (;;) {
		r = take(ping, &received, ret_answer);
		if (r == -EAGAIN && socket_timeout(ping->sock) == 0)
			return r;
		if (r != -ENOMSG && r != -EAGAIN)
			return r;
		r = socket_poll(ping->sock, POLLIN, deadline_ns);
		if (r < 0)
			return r == -ETIME && socket_timeout(ping->sock) == 0 ? -EAGAIN
									      : r;
	}
}
