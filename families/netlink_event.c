/* SPDX-License-Identifier: MIT */
/* Events: the groups that a handle has joined, on a socket of their own. */
#include <linsock/netlink.h>

#include <errno.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "families/netlink_handle.h"
#include "uring/util.h"

static int open_events(struct lsk_nl *nl)
{
	int size = nl->options.event_buffer;
	int r;

	if (nl->events.sock)
		return 0;
	r = netlink_open_channel(nl, &nl->events);
	if (r < 0)
		return r;
	/* One receive per event: a cut one is told as a loss. */
	nl->events.is_exact = false;
	/* What is lost depends on the buffer, not on how it is read; without the right
	 * to force it, the limit of net.core.rmem_max holds. */
	if (lsk_socket_setsockopt_int(nl->events.sock, SOL_SOCKET, SO_RCVBUFFORCE,
				      size) < 0)
		(void)lsk_socket_setsockopt_int(nl->events.sock, SOL_SOCKET, SO_RCVBUF,
						size);
	if (!nl->options.all_nsid)
		return 0;
	r = lsk_socket_setsockopt_int(nl->events.sock, SOL_NETLINK,
				      NETLINK_LISTEN_ALL_NSID, 1);
	if (r < 0)
		netlink_channel_close(&nl->events);
	return r;
}

int lsk_nl_join(struct lsk_nl *nl, uint32_t group)
{
	int r = open_events(nl);

	if (r < 0)
		return r;
	return lsk_socket_setsockopt(nl->events.sock, SOL_NETLINK,
				     NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

int lsk_nl_leave(struct lsk_nl *nl, uint32_t group)
{
	if (!nl->events.sock)
		return -ENOTCONN;
	return lsk_socket_setsockopt(nl->events.sock, SOL_NETLINK,
				     NETLINK_DROP_MEMBERSHIP, &group, sizeof(group));
}

struct lsk_socket *lsk_nl_event_socket(struct lsk_nl *nl)
{
	return nl->events.sock;
}

int lsk_nl_event_next(struct lsk_nl *nl, int64_t timeout_ns,
		      struct lsk_nl_event *ret_event)
{
	const struct nlmsghdr *msg;
	int64_t deadline_ns;
	int r;

	if (!nl->events.sock)
		return -ENOTCONN;
	msg = netlink_channel_message(&nl->events);
	if (!msg) {
		deadline_ns = timeout_ns == 0 ? 0 : netlink_deadline(timeout_ns);
		do {
			r = netlink_channel_receive(&nl->events, deadline_ns);
			if (r < 0)
				return r;
			msg = netlink_channel_message(&nl->events);
		} while (!msg);
	}
	*ret_event = (struct lsk_nl_event){
		.msg = msg,
		.group = nl->events.group,
		.nsid = nl->events.nsid,
		.port_id = msg->nlmsg_pid,
	};
	return 0;
}

uint64_t lsk_nl_event_drops(struct lsk_nl *nl)
{
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(memory);

	if (!nl->events.sock || lsk_socket_getsockopt(nl->events.sock, SOL_SOCKET,
						      SO_MEMINFO, memory, &len) < 0)
		return 0;
	return memory[SK_MEMINFO_DROPS];
}
