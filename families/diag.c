/* SPDX-License-Identifier: MIT */
/* Sockets of every family that sock_diag knows, read into one struct. */
#include "families/diag.h"

#include <assert.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <linux/vm_sockets.h>
#include <linux/vm_sockets_diag.h>
#include <linux/xdp_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "families/netlink_table.h"
#include "uring/util.h"

static_assert(LSK_DIAG_MEMORY_MAX == SK_MEMINFO_VARS, "all of SK_MEMINFO_* fits");

#define DIAG(text, what, member, number) \
	LSK_NL_FIELD(text, what, struct lsk_diag_socket, member, LSK_DIAG_##number)

static const struct lsk_nl_field inet_fields[] = {
	[INET_DIAG_MEMINFO] = LSK_NL_NAMED("meminfo", LSK_NL_VIEW),
	[INET_DIAG_INFO] = DIAG("info", LSK_NL_VIEW, info, INFO),
	[INET_DIAG_CONG] = DIAG("cong", LSK_NL_STRING, congestion, CONGESTION),
	[INET_DIAG_VEGASINFO] =
		DIAG("vegasinfo", LSK_NL_VIEW, congestion_info, CONGESTION_INFO),
	[INET_DIAG_DCTCPINFO] =
		DIAG("dctcpinfo", LSK_NL_VIEW, congestion_info, CONGESTION_INFO),
	[INET_DIAG_BBRINFO] =
		DIAG("bbrinfo", LSK_NL_VIEW, congestion_info, CONGESTION_INFO),
	[INET_DIAG_TOS] = DIAG("tos", LSK_NL_UINT, tos, TOS),
	[INET_DIAG_TCLASS] = DIAG("tclass", LSK_NL_UINT, tclass, TCLASS),
	[INET_DIAG_SKMEMINFO] = DIAG("skmeminfo", LSK_NL_BYTES, memory, MEMORY),
	[INET_DIAG_SHUTDOWN] = DIAG("shutdown", LSK_NL_UINT, shutdown, SHUTDOWN),
	[INET_DIAG_PROTOCOL] = DIAG("protocol", LSK_NL_UINT, protocol, PROTOCOL),
	[INET_DIAG_SKV6ONLY] = DIAG("skv6only", LSK_NL_UINT, v6only, V6ONLY),
	[INET_DIAG_MARK] = DIAG("mark", LSK_NL_UINT, mark, MARK),
	[INET_DIAG_ULP_INFO] = LSK_NL_NAMED("ulp-info", LSK_NL_NESTED),
	[INET_DIAG_CGROUP_ID] = DIAG("cgroup-id", LSK_NL_UINT, cgroup, CGROUP),
	[INET_DIAG_SOCKOPT] = LSK_NL_NAMED("sockopt", LSK_NL_VIEW),
};

static const struct lsk_nl_field unix_fields[] = {
	[UNIX_DIAG_NAME] = LSK_NL_NAMED("name", LSK_NL_VIEW),
	[UNIX_DIAG_VFS] = LSK_NL_NAMED("vfs", LSK_NL_VIEW),
	[UNIX_DIAG_PEER] = DIAG("peer", LSK_NL_UINT, peer_inode, PEER_INODE),
	[UNIX_DIAG_ICONS] = DIAG("icons", LSK_NL_VIEW, pending, PENDING),
	[UNIX_DIAG_RQLEN] = LSK_NL_NAMED("rqlen", LSK_NL_VIEW),
	[UNIX_DIAG_MEMINFO] = DIAG("meminfo", LSK_NL_BYTES, memory, MEMORY),
	[UNIX_DIAG_SHUTDOWN] = DIAG("shutdown", LSK_NL_UINT, shutdown, SHUTDOWN),
	[UNIX_DIAG_UID] = DIAG("uid", LSK_NL_UINT, uid, UID),
};

static const struct lsk_nl_field netlink_fields[] = {
	[NETLINK_DIAG_MEMINFO] = DIAG("meminfo", LSK_NL_BYTES, memory, MEMORY),
	[NETLINK_DIAG_GROUPS] = DIAG("groups", LSK_NL_VIEW, groups, GROUPS),
	[NETLINK_DIAG_FLAGS] = LSK_NL_NAMED("flags", LSK_NL_UINT),
};

static const struct lsk_nl_field packet_fields[] = {
	[PACKET_DIAG_INFO] = DIAG("info", LSK_NL_VIEW, info, INFO),
	[PACKET_DIAG_FANOUT] = LSK_NL_NAMED("fanout", LSK_NL_UINT),
	[PACKET_DIAG_UID] = DIAG("uid", LSK_NL_UINT, uid, UID),
	[PACKET_DIAG_MEMINFO] = DIAG("meminfo", LSK_NL_BYTES, memory, MEMORY),
};

static const struct lsk_nl_field vsock_fields[] = {{.name = NULL}};

static const struct lsk_nl_field xdp_fields[] = {
	[XDP_DIAG_INFO] = DIAG("info", LSK_NL_VIEW, info, INFO),
	[XDP_DIAG_UID] = DIAG("uid", LSK_NL_UINT, uid, UID),
	[XDP_DIAG_MEMINFO] = DIAG("meminfo", LSK_NL_BYTES, memory, MEMORY),
	[XDP_DIAG_STATS] = LSK_NL_NAMED("stats", LSK_NL_VIEW),
};

#define TABLE(fields_, header)                                       \
	{                                                            \
		.fields = (fields_), .count = ARRAY_SIZE(fields_),   \
		.header_len = sizeof(struct header),                 \
		.has_offset = offsetof(struct lsk_diag_socket, has), \
	}

/* An inet address from its parts; @family decides how much of @host counts. */
static void set_inet(struct lsk_addr *addr, uint8_t family, const uint32_t host[4],
		     uint16_t port, uint32_t scope_id)
{
	struct sockaddr_in inet = {.sin_family = AF_INET, .sin_port = port};
	struct sockaddr_in6 inet6 = {.sin6_family = AF_INET6, .sin6_port = port};

	if (family == AF_INET) {
		memcpy(&inet.sin_addr, host, sizeof(inet.sin_addr));
		memcpy(&addr->storage, &inet, sizeof(inet));
		addr->len = sizeof(inet);
		return;
	}
	memcpy(&inet6.sin6_addr, host, sizeof(inet6.sin6_addr));
	if (IN6_IS_ADDR_LINKLOCAL(&inet6.sin6_addr))
		inet6.sin6_scope_id = scope_id;
	memcpy(&addr->storage, &inet6, sizeof(inet6));
	addr->len = sizeof(inet6);
}

static uint64_t cookie(const uint32_t parts[2])
{
	return parts[0] | (uint64_t)parts[1] << 32;
}

static void inet_read(const void *header, struct lsk_diag_socket *ret)
{
	const struct inet_diag_msg *msg = header;

	ret->state = msg->idiag_state;
	ret->timer = msg->idiag_timer;
	ret->retransmits = msg->idiag_retrans;
	ret->timer_ms = msg->idiag_expires;
	ret->receive_queue = msg->idiag_rqueue;
	ret->send_queue = msg->idiag_wqueue;
	ret->uid = msg->idiag_uid;
	ret->inode = msg->idiag_inode;
	ret->interface = msg->id.idiag_if;
	ret->cookie = cookie(msg->id.idiag_cookie);
	ret->has |= 1U << LSK_DIAG_QUEUES | 1U << LSK_DIAG_UID;
	set_inet(&ret->local, msg->idiag_family, msg->id.idiag_src, msg->id.idiag_sport,
		 msg->id.idiag_if);
	set_inet(&ret->peer, msg->idiag_family, msg->id.idiag_dst, msg->id.idiag_dport,
		 msg->id.idiag_if);
}

static void unix_read(const void *header, struct lsk_diag_socket *ret)
{
	const struct unix_diag_msg *msg = header;

	ret->type = msg->udiag_type;
	ret->state = msg->udiag_state;
	ret->inode = msg->udiag_ino;
	ret->cookie = cookie(msg->udiag_cookie);
}

static void netlink_read(const void *header, struct lsk_diag_socket *ret)
{
	const struct netlink_diag_msg *msg = header;

	ret->type = msg->ndiag_type;
	ret->protocol = msg->ndiag_protocol;
	ret->state = msg->ndiag_state;
	ret->inode = msg->ndiag_ino;
	ret->cookie = cookie(msg->ndiag_cookie);
	(void)lsk_addr_netlink(&ret->local, msg->ndiag_portid, 0);
	(void)lsk_addr_netlink(
		&ret->peer, msg->ndiag_dst_portid,
		msg->ndiag_dst_group ? 1U << ((msg->ndiag_dst_group - 1) & 31) : 0);
}

static void packet_read(const void *header, struct lsk_diag_socket *ret)
{
	const struct packet_diag_msg *msg = header;

	ret->type = msg->pdiag_type;
	ret->protocol = msg->pdiag_num;
	ret->inode = msg->pdiag_ino;
	ret->cookie = cookie(msg->pdiag_cookie);
}

static void set_vsock(struct lsk_addr *addr, uint32_t cid, uint32_t port)
{
	const struct sockaddr_vm vsock = {
		.svm_family = AF_VSOCK,
		.svm_cid = cid,
		.svm_port = port,
	};

	memcpy(&addr->storage, &vsock, sizeof(vsock));
	addr->len = sizeof(vsock);
}

static void vsock_read(const void *header, struct lsk_diag_socket *ret)
{
	const struct vsock_diag_msg *msg = header;

	ret->type = msg->vdiag_type;
	ret->state = msg->vdiag_state;
	ret->shutdown = msg->vdiag_shutdown;
	ret->inode = msg->vdiag_ino;
	ret->cookie = cookie(msg->vdiag_cookie);
	ret->has |= 1U << LSK_DIAG_SHUTDOWN;
	set_vsock(&ret->local, msg->vdiag_src_cid, msg->vdiag_src_port);
	set_vsock(&ret->peer, msg->vdiag_dst_cid, msg->vdiag_dst_port);
}

static void xdp_read(const void *header, struct lsk_diag_socket *ret)
{
	const struct xdp_diag_msg *msg = header;

	ret->type = msg->xdiag_type;
	ret->inode = msg->xdiag_ino;
	ret->cookie = cookie(msg->xdiag_cookie);
}

/* A path comes as it was bound: with its terminator where bind(2) was given it. */
static int unix_name(struct lsk_addr *ret_addr, const char *name, size_t len)
{
	if (len > 1 && name[0] && !name[len - 1])
		len--;
	return lsk_addr_unix(ret_addr, name, len);
}

/* What only whole attributes of unix tell: a name with its length, pairs of numbers. */
static void unix_attribute(const struct lsk_nl_attr *attr, struct lsk_diag_socket *ret)
{
	struct unix_diag_rqlen queues;
	struct unix_diag_vfs file;

	if (attr->type == UNIX_DIAG_NAME) {
		if (unix_name(&ret->local, attr->data, attr->len) == 0)
			ret->has |= 1U << LSK_DIAG_NAME;
	} else if (attr->type == UNIX_DIAG_VFS && attr->len >= sizeof(file)) {
		memcpy(&file, attr->data, sizeof(file));
		ret->file_inode = file.udiag_vfs_ino;
		ret->file_device = file.udiag_vfs_dev;
		ret->has |= 1U << LSK_DIAG_FILE;
	} else if (attr->type == UNIX_DIAG_RQLEN && attr->len >= sizeof(queues)) {
		memcpy(&queues, attr->data, sizeof(queues));
		ret->receive_queue = queues.udiag_rqueue;
		ret->send_queue = queues.udiag_wqueue;
		ret->has |= 1U << LSK_DIAG_QUEUES;
	}
}

/* Of packet and netlink sockets the memory tells the queues. */
static void memory_queues(struct lsk_diag_socket *ret)
{
	if (ret->has & 1U << LSK_DIAG_QUEUES || !(ret->has & 1U << LSK_DIAG_MEMORY))
		return;
	ret->receive_queue = ret->memory[SK_MEMINFO_RMEM_ALLOC];
	ret->send_queue = ret->memory[SK_MEMINFO_WMEM_ALLOC];
	ret->has |= 1U << LSK_DIAG_QUEUES;
}

static void unix_finish(struct lsk_nl_bytes attributes, struct lsk_diag_socket *ret)
{
	struct lsk_nl_attr attr;

	while (lsk_nl_attr_next(&attributes, &attr) > 0)
		unix_attribute(&attr, ret);
}

static void packet_finish(struct lsk_nl_bytes attributes, struct lsk_diag_socket *ret)
{
	struct packet_diag_info info;

	(void)attributes;
	if (ret->info.len >= sizeof(info)) {
		memcpy(&info, ret->info.data, sizeof(info));
		ret->interface = info.pdi_index;
	}
	memory_queues(ret);
}

static void xdp_finish(struct lsk_nl_bytes attributes, struct lsk_diag_socket *ret)
{
	struct xdp_diag_info info;

	(void)attributes;
	if (ret->info.len >= sizeof(info)) {
		memcpy(&info, ret->info.data, sizeof(info));
		ret->interface = info.ifindex;
		ret->queue = info.queue_id;
	}
	memory_queues(ret);
}

static void netlink_finish(struct lsk_nl_bytes attributes, struct lsk_diag_socket *ret)
{
	(void)attributes;
	memory_queues(ret);
}

static const struct diag_family {
	uint8_t family;
	struct lsk_nl_table table;
	void (*read)(const void *header, struct lsk_diag_socket *ret);
	/* Optional; NULL: the table has said it all. */
	void (*finish)(struct lsk_nl_bytes attributes, struct lsk_diag_socket *ret);
} families[] = {
	{AF_INET, TABLE(inet_fields, inet_diag_msg), inet_read, NULL},
	{AF_INET6, TABLE(inet_fields, inet_diag_msg), inet_read, NULL},
	{AF_UNIX, TABLE(unix_fields, unix_diag_msg), unix_read, unix_finish},
	{AF_NETLINK, TABLE(netlink_fields, netlink_diag_msg), netlink_read,
	 netlink_finish},
	{AF_PACKET, TABLE(packet_fields, packet_diag_msg), packet_read, packet_finish},
	{AF_VSOCK, TABLE(vsock_fields, vsock_diag_msg), vsock_read, NULL},
	{AF_XDP, TABLE(xdp_fields, xdp_diag_msg), xdp_read, xdp_finish},
};

static const struct diag_family *family_find(uint8_t family)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (families[i].family == family)
			return &families[i];
	return NULL;
}

int lsk_diag_parse(const struct nlmsghdr *msg, struct lsk_diag_socket *ret_socket)
{
	const struct diag_family *row;
	struct lsk_nl_bytes attributes;
	int r;

	memset(ret_socket, 0, sizeof(*ret_socket));
	if (msg->nlmsg_len < NLMSG_HDRLEN + 1U)
		return -EBADMSG;
	row = family_find(*(const uint8_t *)NLMSG_DATA(msg));
	if (!row)
		return -EAFNOSUPPORT;
	if (msg->nlmsg_len < NLMSG_HDRLEN + (size_t)row->table.header_len)
		return -EBADMSG;
	ret_socket->family = row->family;
	row->read(NLMSG_DATA(msg), ret_socket);
	attributes = lsk_nl_attributes(msg, row->table.header_len);
	ret_socket->attributes = attributes;
	r = lsk_nl_parse_attributes(attributes, &row->table, ret_socket);
	if (r == 0 && row->finish)
		row->finish(attributes, ret_socket);
	return r;
}

static uint8_t inet_extensions(uint32_t show)
{
	unsigned int bits = 0;

	if (show & LSK_DIAG_SHOW_MEMORY)
		bits |= 1U << (INET_DIAG_SKMEMINFO - 1);
	/* The bit of Vegas asks every algorithm for its own. */
	if (show & LSK_DIAG_SHOW_INFO)
		bits |= 1U << (INET_DIAG_INFO - 1) | 1U << (INET_DIAG_VEGASINFO - 1);
	if (show & LSK_DIAG_SHOW_CONGESTION)
		bits |= 1U << (INET_DIAG_CONG - 1);
	if (show & LSK_DIAG_SHOW_TOS)
		bits |= 1U << (INET_DIAG_TOS - 1) | 1U << (INET_DIAG_TCLASS - 1);
	return (uint8_t)bits;
}

static void inet_request(struct lsk_nl_msg *msg, const struct lsk_diag_request *request)
{
	struct inet_diag_req_v2 body = {
		.sdiag_family = request->family,
		.sdiag_protocol = (uint8_t)request->protocol,
		.idiag_ext = inet_extensions(request->show),
		.idiag_states = request->states ? request->states : UINT32_MAX,
	};

	lsk_nl_msg_start(msg, SOCK_DIAG_BY_FAMILY, 0, &body, sizeof(body));
	/* MPTCP's number has more bits than the field. */
	if (request->protocol > UINT8_MAX)
		lsk_nl_put_u32(msg, INET_DIAG_REQ_PROTOCOL, request->protocol);
	if (request->filter && request->filter->len > 0)
		diag_filter_put(msg, request->filter);
}

static void other_request(struct lsk_nl_msg *msg,
			  const struct lsk_diag_request *request)
{
	bool rings = request->show & LSK_DIAG_SHOW_RINGS;
	uint32_t states = request->states ? request->states : UINT32_MAX;
	const struct unix_diag_req unix_body = {
		.sdiag_family = AF_UNIX,
		.udiag_states = states,
		.udiag_show = diag_unix_show(request->show),
	};
	const struct netlink_diag_req netlink_body = {
		.sdiag_family = AF_NETLINK,
		.sdiag_protocol = request->protocol ? (uint8_t)(request->protocol - 1)
						    : NDIAG_PROTO_ALL,
		.ndiag_show =
			NDIAG_SHOW_MEMINFO |
			(request->show & LSK_DIAG_SHOW_GROUPS ? NDIAG_SHOW_GROUPS : 0U),
	};
	const struct packet_diag_req packet_body = {
		.sdiag_family = AF_PACKET,
		.pdiag_show = PACKET_SHOW_INFO | PACKET_SHOW_MEMINFO |
			      (rings ? PACKET_SHOW_RING_CFG | PACKET_SHOW_FANOUT : 0U),
	};
	const struct vsock_diag_req vsock_body = {
		.sdiag_family = AF_VSOCK,
		.vdiag_states = states,
	};
	const struct xdp_diag_req xdp_body = {
		.sdiag_family = AF_XDP,
		.xdiag_show =
			XDP_SHOW_INFO | XDP_SHOW_MEMINFO |
			(rings ? XDP_SHOW_RING_CFG | XDP_SHOW_UMEM | XDP_SHOW_STATS
			       : 0U),
	};

	switch (request->family) {
	case AF_UNIX:
		lsk_nl_msg_start(msg, SOCK_DIAG_BY_FAMILY, 0, &unix_body,
				 sizeof(unix_body));
		break;
	case AF_NETLINK:
		lsk_nl_msg_start(msg, SOCK_DIAG_BY_FAMILY, 0, &netlink_body,
				 sizeof(netlink_body));
		break;
	case AF_PACKET:
		lsk_nl_msg_start(msg, SOCK_DIAG_BY_FAMILY, 0, &packet_body,
				 sizeof(packet_body));
		break;
	case AF_VSOCK:
		lsk_nl_msg_start(msg, SOCK_DIAG_BY_FAMILY, 0, &vsock_body,
				 sizeof(vsock_body));
		break;
	default:
		lsk_nl_msg_start(msg, SOCK_DIAG_BY_FAMILY, 0, &xdp_body,
				 sizeof(xdp_body));
		break;
	}
}

int lsk_diag_dump(struct lsk_nl *nl, const struct lsk_diag_request *request,
		  struct lsk_nl_dump **ret_dump)
{
	LSK_NL_MSG(msg, 1024);

	if (!family_find(request->family))
		return -EAFNOSUPPORT;
	if (request->filter && request->filter->error != 0)
		return request->filter->error;
	if (request->family == AF_INET || request->family == AF_INET6)
		inet_request(&msg, request);
	else
		other_request(&msg, request);
	return lsk_nl_dump_start(nl, &msg, ret_dump);
}

int lsk_diag_next(struct lsk_nl_dump *dump, struct lsk_diag_socket *ret_socket)
{
	const struct nlmsghdr *msg;
	int r = lsk_nl_dump_next(dump, &msg);

	if (r <= 0)
		return r;
	r = lsk_diag_parse(msg, ret_socket);
	return r < 0 ? r : 1;
}

static void get_inet(const struct lsk_addr *addr, __be32 host[4], __be16 *port)
{
	struct sockaddr_in6 inet6;
	struct sockaddr_in inet;

	if (lsk_addr_family(addr) == AF_INET) {
		memcpy(&inet, &addr->storage, sizeof(inet));
		memcpy(host, &inet.sin_addr, sizeof(inet.sin_addr));
		*port = inet.sin_port;
	} else if (lsk_addr_family(addr) == AF_INET6) {
		memcpy(&inet6, &addr->storage, sizeof(inet6));
		memcpy(host, &inet6.sin6_addr, sizeof(inet6.sin6_addr));
		*port = inet6.sin6_port;
	}
}

int lsk_diag_destroy(struct lsk_nl *nl, const struct lsk_diag_socket *sock,
		     uint8_t protocol, struct lsk_nl_error *ret_error)
{
	struct inet_diag_req_v2 body = {
		.sdiag_family = sock->family,
		.sdiag_protocol = protocol,
		.idiag_states = UINT32_MAX,
		.id =
			{
				.idiag_if = sock->interface,
				.idiag_cookie = {(uint32_t)sock->cookie,
						 (uint32_t)(sock->cookie >> 32)},
			},
	};
	LSK_NL_MSG(msg, 256);

	if (sock->family != AF_INET && sock->family != AF_INET6)
		return -EAFNOSUPPORT;
	get_inet(&sock->local, body.id.idiag_src, &body.id.idiag_sport);
	get_inet(&sock->peer, body.id.idiag_dst, &body.id.idiag_dport);
	lsk_nl_msg_start(&msg, SOCK_DESTROY, 0, &body, sizeof(body));
	return lsk_nl_request(nl, &msg, ret_error);
}
