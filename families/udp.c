/* SPDX-License-Identifier: MIT */
/* UDP's segments both ways, and what UDP-Lite's checksums cover. See udp(7). */
#include <linsock/udp.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linsock/inet.h>

#include "uring/util.h"

/* Numbers that older headers lack, and those of UDP-Lite that newer ones have lost. */
enum {
	OPTION_SEGMENT = 103,
	OPTION_GRO = 104,
	PROTOCOL_UDPLITE = 136,
	OPTION_SEND_COVERAGE = 10,
	OPTION_RECEIVE_COVERAGE = 11,
};

/* UDP_MAX_SEGMENTS was 64 before Linux 6.10. */
#define SEGMENTS_MAX 64

/* What fits into the largest packet behind the longer of the two headers. */
#define PAYLOAD_MAX (65535 - 40 - 8)

int lsk_udp_set_segment_size(struct lsk_socket *sock, int size)
{
	if (size < 0 || size > UINT16_MAX)
		return LSK_ERR_RANGE;
	return lsk_socket_setsockopt_int(sock, IPPROTO_UDP, OPTION_SEGMENT, size);
}

int lsk_udp_segment_size(const struct lsk_socket *sock)
{
	int size = 0;
	int r = lsk_socket_getsockopt_int(sock, IPPROTO_UDP, OPTION_SEGMENT, &size);

	return r < 0 ? r : size;
}

/* Whether a send that was to be cut failed by the cutting. */
static bool cannot_cut(ssize_t r)
{
	return r == -EINVAL || r == -EMSGSIZE || r == -EIO || r == -EOPNOTSUPP;
}

static ssize_t send_cut(struct lsk_socket *sock, const void *buf, size_t len,
			size_t size, const struct lsk_addr *to)
{
	_Alignas(struct cmsghdr) char space[LSK_CONTROL_SPACE(sizeof(uint16_t))];
	struct iovec part = {(void *)(uintptr_t)buf, len};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};

	if (to)
		message.addr = *to;
	(void)lsk_inet_add_segment_size(&message.control, (int)size);
	return lsk_socket_sendmsg(sock, &message, 0);
}

ssize_t lsk_udp_send_segments(struct lsk_socket *sock, const void *buf, size_t len,
			      size_t size, const struct lsk_addr *to)
{
	const char *bytes = buf;
	bool can_cut = true;
	size_t sent = 0;

	if (!buf && len > 0)
		return -EINVAL;
	if (size == 0 || size > UINT16_MAX)
		return LSK_ERR_RANGE;
	do {
		size_t at_once = PAYLOAD_MAX / size;
		size_t chunk;
		ssize_t r;

		if (at_once > SEGMENTS_MAX)
			at_once = SEGMENTS_MAX;
		if (!can_cut || at_once == 0)
			at_once = 1;
		chunk = len - sent < at_once * size ? len - sent : at_once * size;
		if (chunk > size)
			r = send_cut(sock, bytes + sent, chunk, size, to);
		else
			r = lsk_socket_sendto(sock, bytes + sent, chunk, 0, to);
		if (chunk > size && cannot_cut(r)) {
			can_cut = false;
			continue;
		}
		if (r < 0)
			return sent > 0 ? (ssize_t)sent : r;
		sent += (size_t)r;
	} while (sent < len);
	return (ssize_t)sent;
}

int lsk_udp_set_receive_segments(struct lsk_socket *sock, bool enabled)
{
	return lsk_socket_setsockopt_int(sock, IPPROTO_UDP, OPTION_GRO, enabled);
}

ssize_t lsk_udp_message_segments(const struct lsk_message *message,
				 struct lsk_udp_segments *ret_segments)
{
	struct lsk_udp_segments segments;
	struct lsk_control_item item;
	size_t offset = 0;

	if (!message || !ret_segments || message->buffers_count != 1)
		return -EINVAL;
	segments = (struct lsk_udp_segments){
		.data = message->buffers[0].iov_base,
		.len = message->len < message->buffers[0].iov_len
			       ? message->len
			       : message->buffers[0].iov_len,
		.from = message->addr,
		.flags = message->flags,
	};
	segments.size = segments.len;
	while (lsk_control_next(&message->control, &offset, &item) > 0) {
		int size = lsk_inet_get_segment_size(&item);

		if (size > 0 && (size_t)size < segments.len)
			segments.size = (size_t)size;
	}
	*ret_segments = segments;
	if (segments.len == 0)
		return 1;
	return (ssize_t)((segments.len + segments.size - 1) / segments.size);
}

ssize_t lsk_udp_recv_segments(struct lsk_socket *sock, void *buf, size_t size,
			      struct lsk_udp_segments *ret_segments)
{
	/* The kernel's number is an int; there may be others that the caller asked for,
	 * but they have no place here. */
	_Alignas(struct cmsghdr) char space[256];
	struct iovec part = {buf, size};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};
	ssize_t r;

	if (!buf || !ret_segments)
		return -EINVAL;
	r = lsk_socket_recvmsg(sock, &message, 0);
	if (r < 0)
		return r;
	return lsk_udp_message_segments(&message, ret_segments);
}

int lsk_udp_next_segment(struct lsk_udp_segments *segments, const void **ret_data,
			 size_t *ret_len)
{
	size_t left;

	if (!segments || !ret_data || !ret_len)
		return -EINVAL;
	if (segments->offset >= segments->len || segments->size == 0)
		return 0;
	left = segments->len - segments->offset;
	*ret_data = segments->data + segments->offset;
	*ret_len = left < segments->size ? left : segments->size;
	segments->offset += *ret_len;
	return 1;
}

int lsk_udplite_open(struct lsk_socket **ret_socket, int family)
{
	if (family != AF_INET && family != AF_INET6)
		return LSK_ERR_FAMILY;
	return lsk_socket_new(ret_socket, family, SOCK_DGRAM, PROTOCOL_UDPLITE);
}

int lsk_udplite_set_coverage(struct lsk_socket *sock, int send, int receive)
{
	int r;

	if (send < 0 || send > UINT16_MAX || receive < 0 || receive > UINT16_MAX)
		return LSK_ERR_RANGE;
	if (lsk_socket_protocol(sock) != PROTOCOL_UDPLITE)
		return -ENOPROTOOPT;
	r = lsk_socket_setsockopt_int(sock, PROTOCOL_UDPLITE, OPTION_SEND_COVERAGE,
				      send);
	if (r < 0)
		return r;
	return lsk_socket_setsockopt_int(sock, PROTOCOL_UDPLITE,
					 OPTION_RECEIVE_COVERAGE, receive);
}

int lsk_udplite_coverage(const struct lsk_socket *sock, int *ret_send, int *ret_receive)
{
	int send = 0, receive = 0, r;

	if (!ret_send || !ret_receive)
		return -EINVAL;
	/* Of a UDP socket the kernel would answer 0 here. */
	if (lsk_socket_protocol(sock) != PROTOCOL_UDPLITE)
		return -ENOPROTOOPT;
	r = lsk_socket_getsockopt_int(sock, PROTOCOL_UDPLITE, OPTION_SEND_COVERAGE,
				      &send);
	if (r == 0)
		r = lsk_socket_getsockopt_int(sock, PROTOCOL_UDPLITE,
					      OPTION_RECEIVE_COVERAGE, &receive);
	if (r < 0)
		return r;
	*ret_send = send;
	*ret_receive = receive;
	return 0;
}
