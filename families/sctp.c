/* SPDX-License-Identifier: MIT */
/* SCTP: associations, their addresses and streams. See sctp(7), RFC 6458. */
#include <linsock/sctp.h>

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <linux/sctp.h>

#include <linsock/error.h>
#include <linsock/option.h>

#include "src/socket.h"
#include "uring/util.h"

/* Linux 4.13 */
#define OPTION_PEELOFF_FLAGS 122

/* Addresses one behind the other, each as long as its family has it. */
struct packed {
	size_t len;
	uint8_t bytes[LSK_SCTP_ADDRS_MAX * sizeof(struct sockaddr_in6)];
};

static size_t size_of(sa_family_t family)
{
	return family == AF_INET    ? sizeof(struct sockaddr_in)
	       : family == AF_INET6 ? sizeof(struct sockaddr_in6)
				    : 0;
}

static int pack(struct packed *packed, const struct lsk_addr *addrs, size_t count)
{
	if (!addrs)
		return -EINVAL;
	if (count == 0 || count > LSK_SCTP_ADDRS_MAX)
		return LSK_ERR_RANGE;
	packed->len = 0;
	for (size_t i = 0; i < count; i++) {
		size_t len = size_of((sa_family_t)lsk_addr_family(&addrs[i]));

		if (len == 0)
			return LSK_ERR_FAMILY;
		memcpy(packed->bytes + packed->len, &addrs[i].storage, len);
		packed->len += len;
	}
	return 0;
}

static int change_bound(struct lsk_socket *sock, int option,
			const struct lsk_addr *addrs, size_t count)
{
	struct packed packed;
	int r = pack(&packed, addrs, count);

	if (r < 0)
		return r;
	return lsk_socket_setsockopt(sock, IPPROTO_SCTP, option, packed.bytes,
				     (socklen_t)packed.len);
}

int lsk_sctp_bind_add(struct lsk_socket *sock, const struct lsk_addr *addrs,
		      size_t count)
{
	return change_bound(sock, SCTP_SOCKOPT_BINDX_ADD, addrs, count);
}

int lsk_sctp_bind_remove(struct lsk_socket *sock, const struct lsk_addr *addrs,
			 size_t count)
{
	return change_bound(sock, SCTP_SOCKOPT_BINDX_REM, addrs, count);
}

int lsk_sctp_connect(struct lsk_socket *sock, const struct lsk_addr *addrs,
		     size_t count, int32_t *ret_association)
{
	/* struct sctp_getaddrs_old: the kernel writes the number back. */
	struct {
		int32_t association;
		int32_t len;
		void *bytes;
	} request = {.association = 0};
	socklen_t len = sizeof(request);
	struct packed packed;
	int64_t deadline_ns;
	int r = pack(&packed, addrs, count);

	if (r < 0)
		return r;
	if (!sock)
		return -EINVAL;
	request.len = (int32_t)packed.len;
	request.bytes = packed.bytes;
	deadline_ns = socket_deadline(sock);
	r = lsk_socket_getsockopt(sock, IPPROTO_SCTP, SCTP_SOCKOPT_CONNECTX3, &request,
				  &len);
	if (r == -EINPROGRESS && lsk_socket_type(sock) == SOCK_SEQPACKET)
		r = 0;
	if (r == -EINPROGRESS && socket_timeout(sock) != 0) {
		r = socket_poll(sock, POLLOUT, deadline_ns);
		if (r >= 0)
			r = lsk_socket_error(sock);
	}
	if (r == 0 && ret_association)
		*ret_association = request.association;
	return r;
}

static int get_addrs(const struct lsk_socket *sock, int option, int32_t association,
		     struct lsk_addr *ret_addrs, size_t max)
{
	uint8_t answer[sizeof(struct sctp_getaddrs) +
		       LSK_SCTP_ADDRS_MAX * sizeof(struct sockaddr_in6)];
	struct sctp_getaddrs head = {.assoc_id = association};
	socklen_t len = sizeof(answer);
	size_t offset = sizeof(head);
	int r;

	if (!ret_addrs || max == 0 || max > LSK_SCTP_ADDRS_MAX)
		return -EINVAL;
	memset(answer, 0, sizeof(answer));
	memcpy(answer, &head, sizeof(head));
	r = lsk_socket_getsockopt(sock, IPPROTO_SCTP, option, answer, &len);
	if (r < 0)
		return r;
	memcpy(&head, answer, sizeof(head));
	if (head.addr_num > max)
		return -ENOMEM;
	for (uint32_t i = 0; i < head.addr_num; i++) {
		sa_family_t family;
		size_t size;

		memcpy(&family, answer + offset, sizeof(family));
		size = size_of(family);
		if (size == 0 || lsk_addr_set(&ret_addrs[i], answer + offset, size) < 0)
			return -EBADMSG;
		offset += size;
	}
	return (int)head.addr_num;
}

int lsk_sctp_peer_addrs(const struct lsk_socket *sock, int32_t association,
			struct lsk_addr *ret_addrs, size_t max)
{
	return get_addrs(sock, SCTP_GET_PEER_ADDRS, association, ret_addrs, max);
}

int lsk_sctp_local_addrs(const struct lsk_socket *sock, int32_t association,
			 struct lsk_addr *ret_addrs, size_t max)
{
	return get_addrs(sock, SCTP_GET_LOCAL_ADDRS, association, ret_addrs, max);
}

int lsk_sctp_set_primary(struct lsk_socket *sock, int32_t association,
			 const struct lsk_addr *addr)
{
	struct sctp_prim request = {.ssp_assoc_id = association};

	if (!addr)
		return -EINVAL;
	memcpy(&request.ssp_addr, &addr->storage, addr->len);
	return lsk_socket_setsockopt(sock, IPPROTO_SCTP, SCTP_PRIMARY_ADDR, &request,
				     sizeof(request));
}

int lsk_sctp_set_streams(struct lsk_socket *sock, uint16_t outbound, uint16_t inbound)
{
	const struct sctp_initmsg request = {
		.sinit_num_ostreams = outbound,
		.sinit_max_instreams = inbound,
	};

	return lsk_socket_setsockopt(sock, IPPROTO_SCTP, SCTP_INITMSG, &request,
				     sizeof(request));
}

int lsk_sctp_status(const struct lsk_socket *sock, int32_t association,
		    struct lsk_sctp_status *ret_status)
{
	struct sctp_status status = {.sstat_assoc_id = association};
	struct sockaddr_storage primary;
	socklen_t len = sizeof(status);
	size_t size;
	int r;

	if (!ret_status)
		return -EINVAL;
	r = lsk_socket_getsockopt(sock, IPPROTO_SCTP, SCTP_STATUS, &status, &len);
	if (r < 0)
		return r;
	*ret_status = (struct lsk_sctp_status){
		.association = status.sstat_assoc_id,
		.state = status.sstat_state,
		.window = status.sstat_rwnd,
		.unacknowledged = status.sstat_unackdata,
		.pending = status.sstat_penddata,
		.inbound = status.sstat_instrms,
		.outbound = status.sstat_outstrms,
	};
	memcpy(&primary, &status.sstat_primary.spinfo_address, sizeof(primary));
	size = size_of(primary.ss_family);
	if (size > 0)
		(void)lsk_addr_set(&ret_status->primary, &primary, size);
	return 0;
}

int lsk_sctp_peel_off(struct lsk_socket *sock, int32_t association,
		      struct lsk_socket **ret_socket)
{
	/* sctp_peeloff_flags_arg_t */
	struct {
		int32_t association;
		int fd;
		unsigned int flags;
	} request = {.association = association, .fd = -1, .flags = SOCK_CLOEXEC};
	socklen_t len = sizeof(request);
	int r;

	if (!ret_socket)
		return -EINVAL;
	r = lsk_socket_getsockopt(sock, IPPROTO_SCTP, OPTION_PEELOFF_FLAGS, &request,
				  &len);
	if (r < 0)
		return r;
	r = lsk_socket_adopt(ret_socket, request.fd, lsk_socket_domain(sock),
			     SOCK_STREAM, IPPROTO_SCTP);
	if (r < 0)
		close(request.fd);
	return r;
}

ssize_t lsk_sctp_send(struct lsk_socket *sock, const void *buf, size_t len,
		      const struct lsk_sctp_send *how)
{
	_Alignas(struct cmsghdr) char
		space[LSK_CONTROL_SPACE(sizeof(struct sctp_sndinfo))];
	struct iovec part = {(void *)(uintptr_t)buf, len};
	struct lsk_message message = {
		.buffers = &part,
		.buffers_count = 1,
		.control = {.data = space, .size = sizeof(space)},
	};
	static const struct lsk_sctp_send plain;
	struct sctp_sndinfo info;

	if (!buf && len > 0)
		return -EINVAL;
	if (!how)
		how = &plain;
	if (how->flags & ~(unsigned int)UINT16_MAX)
		return LSK_ERR_RANGE;
	info = (struct sctp_sndinfo){
		.snd_sid = how->stream,
		.snd_flags = (uint16_t)how->flags,
		.snd_ppid = htonl(how->protocol_id),
		.snd_context = how->context,
		.snd_assoc_id = how->association,
	};
	if (how->to)
		message.addr = *how->to;
	(void)lsk_control_add(&message.control, IPPROTO_SCTP, SCTP_SNDINFO, &info,
			      sizeof(info));
	return lsk_socket_sendmsg(sock, &message, 0);
}
