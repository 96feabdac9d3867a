/* SPDX-License-Identifier: MIT */
/* TIPC beyond addresses: groups, what a message is, and the topology service. */
#include <linsock/tipc.h>

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/sockios.h>
#include <linux/tipc.h>

#include <linsock/option.h>

#include "uring/util.h"

#define NSEC_PER_MSEC (LSK_NSEC_PER_SEC / 1000)

/* TIPC_WAIT_FOREVER, whose type in the header is a signed one. */
#define WAIT_FOREVER UINT32_MAX

static_assert(LSK_TIPC_CONTROL_SIZE >=
		      LSK_CONTROL_SPACE(8) + LSK_CONTROL_SPACE(1024) +
			      LSK_CONTROL_SPACE(sizeof(struct tipc_service_range)),
	      "the three control messages of a returned message fit");
static_assert(sizeof(struct tipc_event) == LSK_TIPC_EVENT_SIZE,
	      "an event has the size that the header says");
static_assert(LSK_TIPC_NODE_ID_SIZE == TIPC_NODEID_LEN &&
		      LSK_TIPC_LINK_NAME_MAX == TIPC_MAX_LINK_NAME,
	      "the header's sizes are the kernel's");

/* The sender's socket, and in a group its membership (net/tipc/socket.c). */
struct sender {
	struct sockaddr_tipc sock;
	struct sockaddr_tipc member;
};

static int get_tipc(const struct lsk_addr *addr, struct sockaddr_tipc *ret_tipc)
{
	if (lsk_addr_family(addr) != AF_TIPC || addr->len != sizeof(*ret_tipc))
		return -EINVAL;
	memcpy(ret_tipc, &addr->storage, sizeof(*ret_tipc));
	return 0;
}

int lsk_tipc_withdraw(struct lsk_socket *sock, const struct lsk_addr *addr)
{
	struct sockaddr_tipc tipc;
	struct lsk_addr negated;
	int r;

	/* bind(2) without an address withdraws everything. */
	if (!addr)
		return syscall_result(bind(lsk_socket_fd(sock), NULL, 0));
	r = get_tipc(addr, &tipc);
	if (r < 0)
		return r;
	if (tipc.addrtype == TIPC_SOCKET_ADDR)
		return -EINVAL;
	/* The kernel takes a negative scope for "no more"; 0 is the cluster's. */
	if (tipc.scope == 0)
		tipc.scope = TIPC_CLUSTER_SCOPE;
	if (tipc.scope > 0)
		tipc.scope = (signed char)-tipc.scope;
	r = lsk_addr_set(&negated, &tipc, sizeof(tipc));
	return r < 0 ? r : lsk_socket_bind(sock, &negated);
}

int lsk_tipc_set_importance(struct lsk_socket *sock,
			    enum lsk_tipc_importance importance)
{
	return lsk_socket_setsockopt_int(sock, SOL_TIPC, TIPC_IMPORTANCE,
					 (int)importance);
}

/* Milliseconds, rounded up so that a limit never ends too soon. */
static int to_msec(int64_t ns, uint32_t *ret_msec)
{
	int64_t msec;

	if (ns == LSK_BLOCK) {
		*ret_msec = WAIT_FOREVER;
		return 0;
	}
	if (ns <= 0)
		return LSK_ERR_RANGE;
	msec = ns / NSEC_PER_MSEC + (ns % NSEC_PER_MSEC > 0);
	if (msec >= WAIT_FOREVER)
		return LSK_ERR_RANGE;
	*ret_msec = (uint32_t)msec;
	return 0;
}

int lsk_tipc_set_connect_timeout(struct lsk_socket *sock, int64_t timeout_ns)
{
	uint32_t msec;
	int r = to_msec(timeout_ns, &msec);

	/* The kernel keeps it in jiffies of a signed 32 bits. */
	if (r < 0 || msec > INT_MAX)
		return LSK_ERR_RANGE;
	return lsk_socket_setsockopt(sock, SOL_TIPC, TIPC_CONN_TIMEOUT, &msec,
				     sizeof(msec));
}

int lsk_tipc_join(struct lsk_socket *sock, const struct lsk_addr *group,
		  unsigned int flags)
{
	struct tipc_group_req request;
	struct sockaddr_tipc tipc;
	int r = get_tipc(group, &tipc);

	if (r < 0)
		return r;
	if (tipc.addrtype != TIPC_SERVICE_ADDR)
		return -EINVAL;
	request = (struct tipc_group_req){
		.type = tipc.addr.name.name.type,
		.instance = tipc.addr.name.name.instance,
		.scope = tipc.scope > 0 ? (uint32_t)tipc.scope : TIPC_CLUSTER_SCOPE,
		.flags = flags,
	};
	return lsk_socket_setsockopt(sock, SOL_TIPC, TIPC_GROUP_JOIN, &request,
				     sizeof(request));
}

int lsk_tipc_leave(struct lsk_socket *sock)
{
	return lsk_socket_setsockopt(sock, SOL_TIPC, TIPC_GROUP_LEAVE, NULL, 0);
}

/* --- what a message is ------------------------------------------------------ */

static int read_sender(const struct lsk_addr *addr, struct lsk_tipc_info *info)
{
	struct sender sender;
	int r;

	/* On a connection nobody is named. */
	if (addr->len == 0)
		return 0;
	if (lsk_addr_family(addr) != AF_TIPC || addr->len < sizeof(sender.sock) ||
	    addr->len > sizeof(sender))
		return -EBADMSG;
	memset(&sender, 0, sizeof(sender));
	memcpy(&sender, &addr->storage, addr->len);
	r = lsk_addr_set(&info->from, &sender.sock, sizeof(sender.sock));
	if (r == 0 && addr->len == sizeof(sender)) {
		/* The kernel leaves family and scope of the second unset. */
		sender.member.family = AF_TIPC;
		sender.member.scope = TIPC_CLUSTER_SCOPE;
		r = lsk_addr_set(&info->member, &sender.member, sizeof(sender.member));
	}
	return r < 0 ? -EBADMSG : 0;
}

static int read_item(const struct lsk_control_item *item, struct lsk_tipc_info *info)
{
	struct tipc_service_range range;
	uint32_t words[2];

	if (item->level != SOL_TIPC)
		return 0;
	switch (item->type) {
	case TIPC_ERRINFO:
		if (item->len < sizeof(words))
			return -EBADMSG;
		memcpy(words, item->data, sizeof(words));
		info->kind = LSK_TIPC_RETURNED;
		info->error = (int)words[0];
		return 0;
	case TIPC_RETDATA:
		info->returned = item->data;
		info->returned_len = item->len;
		return 0;
	case TIPC_DESTNAME:
		if (item->len < sizeof(range))
			return -EBADMSG;
		memcpy(&range, item->data, sizeof(range));
		if (range.lower == range.upper)
			return lsk_addr_tipc_service(&info->to, range.type, range.lower,
						     TIPC_CLUSTER_SCOPE);
		return lsk_addr_tipc_range(&info->to, range.type, range.lower,
					   range.upper, TIPC_CLUSTER_SCOPE) < 0
			       ? -EBADMSG
			       : 0;
	default:
		return 0;
	}
}

int lsk_tipc_message_info(const struct lsk_message *message,
			  struct lsk_tipc_info *ret_info)
{
	struct lsk_tipc_info info = {.kind = LSK_TIPC_DATA};
	struct lsk_control_item item;
	size_t offset = 0;
	int r = read_sender(&message->addr, &info);

	if (r < 0)
		return r;
	while ((r = lsk_control_next(&message->control, &offset, &item)) > 0) {
		r = read_item(&item, &info);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	/* Membership is told by flags that mean something else everywhere else. */
	if (info.kind == LSK_TIPC_DATA && (message->flags & MSG_OOB))
		info.kind = message->flags & MSG_EOR ? LSK_TIPC_MEMBER_DOWN
						     : LSK_TIPC_MEMBER_UP;
	*ret_info = info;
	return 0;
}

/* --- the topology service --------------------------------------------------- */

int lsk_tipc_topology(struct lsk_socket **ret_socket)
{
	struct lsk_socket *sock = NULL;
	struct lsk_addr service;
	int r;

	r = lsk_addr_tipc_service(&service, TIPC_TOP_SRV, TIPC_TOP_SRV,
				  TIPC_CLUSTER_SCOPE);
	if (r == 0)
		r = lsk_socket_new(&sock, AF_TIPC, SOCK_SEQPACKET, 0);
	if (r < 0)
		return r;
	/* The kernel itself accepts: this does not wait for anybody. */
	r = lsk_socket_connect(sock, &service);
	if (r < 0) {
		lsk_socket_free(sock);
		return r;
	}
	*ret_socket = sock;
	return 0;
}

static int request(struct lsk_socket *topology,
		   const struct lsk_tipc_subscription *subscription, uint32_t filter)
{
	struct tipc_subscr wire = {
		.seq = {.type = subscription->type,
			.lower = subscription->lower,
			.upper = subscription->upper},
		.filter = filter |
			  (subscription->each_port ? TIPC_SUB_PORTS : TIPC_SUB_SERVICE),
	};
	ssize_t sent;
	int r;

	static_assert(sizeof(wire.usr_handle) == sizeof(subscription->context),
		      "the context is the kernel's user handle");
	if (subscription->upper < subscription->lower)
		return LSK_ERR_RANGE;
	r = to_msec(subscription->timeout_ns, &wire.timeout);
	if (r < 0)
		return r;
	memcpy(wire.usr_handle, &subscription->context, sizeof(wire.usr_handle));
	sent = lsk_socket_send(topology, &wire, sizeof(wire), 0);
	return sent < 0 ? (int)sent : 0;
}

int lsk_tipc_subscribe(struct lsk_socket *topology,
		       const struct lsk_tipc_subscription *subscription)
{
	return request(topology, subscription, 0);
}

int lsk_tipc_unsubscribe(struct lsk_socket *topology,
			 const struct lsk_tipc_subscription *subscription)
{
	return request(topology, subscription, TIPC_SUB_CANCEL);
}

int lsk_tipc_event_parse(const void *buf, size_t len, struct lsk_tipc_event *ret_event)
{
	struct tipc_event wire;
	uint64_t context;

	if (len != sizeof(wire))
		return -EBADMSG;
	memcpy(&wire, buf, sizeof(wire));
	if (wire.event < TIPC_PUBLISHED || wire.event > TIPC_SUBSCR_TIMEOUT)
		return -EBADMSG;
	memcpy(&context, wire.s.usr_handle, sizeof(context));
	*ret_event = (struct lsk_tipc_event){
		.change = (enum lsk_tipc_change)wire.event,
		.lower = wire.found_lower,
		.upper = wire.found_upper,
		.node = wire.port.node,
		.reference = wire.port.ref,
		.subscription = {.type = wire.s.seq.type,
				 .lower = wire.s.seq.lower,
				 .upper = wire.s.seq.upper,
				 .timeout_ns = wire.s.timeout == WAIT_FOREVER
						       ? LSK_BLOCK
						       : wire.s.timeout * NSEC_PER_MSEC,
				 .each_port = wire.s.filter & TIPC_SUB_PORTS,
				 .context = context},
	};
	return 0;
}

int lsk_tipc_event_next(struct lsk_socket *topology, struct lsk_tipc_event *ret_event)
{
	uint8_t buf[LSK_TIPC_EVENT_SIZE + 1];
	ssize_t len = lsk_socket_recv(topology, buf, sizeof(buf), 0);

	if (len < 0)
		return (int)len;
	if (len == 0)
		return -ECONNRESET;
	return lsk_tipc_event_parse(buf, (size_t)len, ret_event);
}

/* --- nodes and links -------------------------------------------------------- */

int lsk_tipc_node_id(struct lsk_socket *sock, uint32_t node, uint8_t *ret_id)
{
	struct tipc_sioc_nodeid_req answer = {.peer = node};
	int r = lsk_socket_ioctl(sock, SIOCGETNODEID, &answer);

	if (r < 0)
		return r;
	memcpy(ret_id, answer.node_id, LSK_TIPC_NODE_ID_SIZE);
	return 0;
}

int lsk_tipc_link_name(struct lsk_socket *sock, uint32_t node, uint32_t bearer,
		       char *ret_name)
{
	struct tipc_sioc_ln_req answer = {.peer = node, .bearer_id = bearer};
	int r = lsk_socket_ioctl(sock, SIOCGETLINKNAME, &answer);

	if (r < 0)
		return r;
	memcpy(ret_name, answer.linkname, LSK_TIPC_LINK_NAME_MAX);
	ret_name[LSK_TIPC_LINK_NAME_MAX - 1] = '\0';
	return 0;
}
