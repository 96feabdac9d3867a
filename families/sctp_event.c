/* SPDX-License-Identifier: MIT */
/* What SCTP sockets receive between and with messages: events, and where data came. */
#include <linsock/sctp.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/sctp.h>

#include "uring/util.h"

#define FLAG_NOTIFICATION 0x8000 /* MSG_NOTIFICATION */

int lsk_sctp_set_events(struct lsk_socket *sock, bool enabled)
{
	/* Those that every kernel has; authentication and streams that change are left
	 * to the options themselves. */
	const struct sctp_event_subscribe events = {
		.sctp_association_event = enabled,
		.sctp_address_event = enabled,
		.sctp_send_failure_event = enabled,
		.sctp_peer_error_event = enabled,
		.sctp_shutdown_event = enabled,
	};
	int r = lsk_socket_setsockopt(sock, IPPROTO_SCTP, SCTP_EVENTS, &events,
				      sizeof(events));

	if (r < 0)
		return r;
	return lsk_socket_setsockopt_int(sock, IPPROTO_SCTP, SCTP_RECVRCVINFO, enabled);
}

/* An event's struct, as long as it must be. */
static int get(const void *bytes, size_t len, void *ret, size_t wanted)
{
	if (len < wanted)
		return -EBADMSG;
	memcpy(ret, bytes, wanted);
	return 0;
}

static int read_change(const void *bytes, size_t len,
		       struct lsk_sctp_received *received)
{
	static const enum lsk_sctp_kind kinds[] = {
		[SCTP_COMM_UP] = LSK_SCTP_UP,
		[SCTP_COMM_LOST] = LSK_SCTP_LOST,
		[SCTP_RESTART] = LSK_SCTP_RESTARTED,
		[SCTP_SHUTDOWN_COMP] = LSK_SCTP_ENDED,
		[SCTP_CANT_STR_ASSOC] = LSK_SCTP_FAILED,
	};
	struct sctp_assoc_change change;
	int r = get(bytes, len, &change, sizeof(change));

	if (r < 0)
		return r;
	received->kind = change.sac_state < ARRAY_SIZE(kinds) ? kinds[change.sac_state]
							      : LSK_SCTP_OTHER;
	received->association = change.sac_assoc_id;
	received->error = change.sac_error;
	received->inbound = change.sac_inbound_streams;
	received->outbound = change.sac_outbound_streams;
	return 0;
}

static int read_address(const void *bytes, size_t len,
			struct lsk_sctp_received *received)
{
	struct sctp_paddr_change change;
	struct sockaddr_storage addr;
	int r = get(bytes, len, &change, sizeof(change));
	size_t size;

	if (r < 0)
		return r;
	memcpy(&addr, &change.spc_aaddr, sizeof(addr));
	size = addr.ss_family == AF_INET ? sizeof(struct sockaddr_in)
					 : sizeof(struct sockaddr_in6);
	(void)lsk_addr_set(&received->from, &addr, size);
	received->kind = LSK_SCTP_ADDRESS;
	received->association = change.spc_assoc_id;
	received->address_state = change.spc_state;
	received->error = (unsigned int)change.spc_error;
	return 0;
}

static int read_failure(const void *bytes, size_t len,
			struct lsk_sctp_received *received)
{
	struct sctp_send_failed failure;
	int r = get(bytes, len, &failure, sizeof(failure));

	if (r < 0)
		return r;
	received->kind = LSK_SCTP_SEND_FAILED;
	received->association = failure.ssf_assoc_id;
	received->error = failure.ssf_error;
	received->context = failure.ssf_info.sinfo_context;
	received->stream = failure.ssf_info.sinfo_stream;
	return 0;
}

static int read_complaint(const void *bytes, size_t len,
			  struct lsk_sctp_received *received)
{
	struct sctp_remote_error error;
	int r = get(bytes, len, &error, sizeof(error));

	if (r < 0)
		return r;
	received->kind = LSK_SCTP_PEER_ERROR;
	received->association = error.sre_assoc_id;
	received->error = ntohs(error.sre_error);
	return 0;
}

static int read_shutdown(const void *bytes, size_t len,
			 struct lsk_sctp_received *received)
{
	struct sctp_shutdown_event event;
	int r = get(bytes, len, &event, sizeof(event));

	if (r < 0)
		return r;
	received->kind = LSK_SCTP_SHUTDOWN;
	received->association = event.sse_assoc_id;
	return 0;
}

static int read_event(const void *bytes, size_t len, struct lsk_sctp_received *received)
{
	uint16_t type;
	int r = get(bytes, len, &type, sizeof(type));

	received->from.len = 0;
	if (r < 0)
		return r;
	switch (type) {
	case SCTP_ASSOC_CHANGE:
		return read_change(bytes, len, received);
	case SCTP_PEER_ADDR_CHANGE:
		return read_address(bytes, len, received);
	case SCTP_SEND_FAILED:
		return read_failure(bytes, len, received);
	case SCTP_REMOTE_ERROR:
		return read_complaint(bytes, len, received);
	case SCTP_SHUTDOWN_EVENT:
		return read_shutdown(bytes, len, received);
	default:
		received->kind = LSK_SCTP_OTHER;
		return 0;
	}
}

int lsk_sctp_message_parse(const struct lsk_message *message,
			   struct lsk_sctp_received *ret_received)
{
	struct lsk_sctp_received received = {.kind = LSK_SCTP_DATA};
	struct lsk_control_item item;
	struct sctp_rcvinfo info;
	size_t offset = 0, len;
	int r = 0;

	if (!message || !ret_received || message->buffers_count != 1)
		return -EINVAL;
	received.from = message->addr;
	received.is_end = (message->flags & MSG_EOR) != 0;
	while (lsk_control_next(&message->control, &offset, &item) > 0) {
		if (item.level != IPPROTO_SCTP || item.type != SCTP_RCVINFO ||
		    get(item.data, item.len, &info, sizeof(info)) < 0)
			continue;
		received.association = info.rcv_assoc_id;
		received.stream = info.rcv_sid;
		received.flags = info.rcv_flags & LSK_SCTP_UNORDERED;
		received.protocol_id = ntohl(info.rcv_ppid);
	}
	len = message->len < message->buffers[0].iov_len ? message->len
							 : message->buffers[0].iov_len;
	if (message->flags & FLAG_NOTIFICATION)
		r = read_event(message->buffers[0].iov_base, len, &received);
	if (r == 0)
		*ret_received = received;
	return r;
}

ssize_t lsk_sctp_recv(struct lsk_socket *sock, void *buf, size_t len,
		      struct lsk_sctp_received *ret_received)
{
	_Alignas(struct cmsghdr) char space[LSK_SCTP_CONTROL_SIZE];
	struct iovec part = {buf, len};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};
	ssize_t count;
	int r;

	if (!buf || !ret_received)
		return -EINVAL;
	count = lsk_socket_recvmsg(sock, &message, 0);
	if (count < 0)
		return count;
	r = lsk_sctp_message_parse(&message, ret_received);
	if (r < 0)
		return r;
	return message.flags & FLAG_NOTIFICATION ? 0 : count;
}
