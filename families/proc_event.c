/* SPDX-License-Identifier: MIT */
/*
 * Process events. The connector knows no acknowledgement, and sends data as NLMSG_DONE.
 */
#include <linsock/proc_event.h>

#include <assert.h>
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <stddef.h>
#include <string.h>

#include "families/netlink_handle.h"
#include "uring/util.h"

/* The kernel's numbers of our events, which are single bits. */
static const uint32_t kernel_events[] = {
	[LSK_PROC_NONE] = 0,
	[LSK_PROC_FORK] = 0x00000001,
	[LSK_PROC_EXEC] = 0x00000002,
	[LSK_PROC_UID] = 0x00000004,
	[LSK_PROC_GID] = 0x00000040,
	[LSK_PROC_SID] = 0x00000080,
	[LSK_PROC_PTRACE] = 0x00000100,
	[LSK_PROC_COMM] = 0x00000200,
	[LSK_PROC_COREDUMP] = 0x40000000,
	[LSK_PROC_EXIT] = 0x80000000,
};

static_assert(ARRAY_SIZE(kernel_events) == LSK_PROC_WHAT__COUNT,
	      "every event has its number");

/* What is asked of the kernel. Without the mask, kernels of any age take it. */
struct listen_request {
	struct nlmsghdr header;
	struct cn_msg connector;
	uint32_t operation;
	uint32_t mask;
} __attribute__((packed, aligned(4)));

static int ask(struct lsk_nl *nl, uint32_t operation, uint32_t mask)
{
	size_t len = mask ? 8 : 4;
	struct listen_request request = {
		.header =
			{
				.nlmsg_len = (uint32_t)(NLMSG_HDRLEN +
							sizeof(struct cn_msg) + len),
				.nlmsg_type = NLMSG_DONE,
				.nlmsg_seq = netlink_next_sequence(nl),
			},
		.connector = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = (uint16_t)len},
		.operation = operation,
		.mask = mask,
	};

	/* Since 6.6 the listener is the socket that asks. */
	return netlink_channel_send(&nl->events, &request, request.header.nlmsg_len);
}

int lsk_proc_listen(struct lsk_nl *nl, uint32_t mask)
{
	uint32_t bits = 0;
	int r;

	if (nl->protocol != NETLINK_CONNECTOR)
		return -EINVAL;
	for (unsigned int i = 0; i < LSK_PROC_WHAT__COUNT; i++)
		if (mask >> i & 1)
			bits |= kernel_events[i];
	r = lsk_nl_join(nl, CN_IDX_PROC);
	return r < 0 ? r : ask(nl, PROC_CN_MCAST_LISTEN, bits);
}

int lsk_proc_ignore(struct lsk_nl *nl)
{
	int r;

	if (!nl->events.sock)
		return -ENOTCONN;
	r = ask(nl, PROC_CN_MCAST_IGNORE, 0);
	return r < 0 ? r : lsk_nl_leave(nl, CN_IDX_PROC);
}

/* The parts that differ, after the times and the CPU. */
static void read_data(const struct proc_event *from, struct lsk_proc_event *ret)
{
	/* All kinds but NONE begin with the thread and the process. */
	ret->pid = from->event_data.exec.process_pid;
	ret->tgid = from->event_data.exec.process_tgid;
	switch (ret->what) {
	case LSK_PROC_NONE:
		ret->pid = 0;
		ret->tgid = 0;
		ret->code = from->event_data.ack.err;
		break;
	case LSK_PROC_FORK:
		ret->pid = from->event_data.fork.child_pid;
		ret->tgid = from->event_data.fork.child_tgid;
		ret->other_pid = from->event_data.fork.parent_pid;
		ret->other_tgid = from->event_data.fork.parent_tgid;
		break;
	case LSK_PROC_UID:
	case LSK_PROC_GID:
		ret->code = from->event_data.id.r.ruid;
		ret->code2 = from->event_data.id.e.euid;
		break;
	case LSK_PROC_PTRACE:
		ret->other_pid = from->event_data.ptrace.tracer_pid;
		ret->other_tgid = from->event_data.ptrace.tracer_tgid;
		break;
	case LSK_PROC_COMM:
		memcpy(ret->name, from->event_data.comm.comm, sizeof(ret->name));
		ret->name[sizeof(ret->name) - 1] = '\0';
		break;
	case LSK_PROC_COREDUMP:
		ret->other_pid = from->event_data.coredump.parent_pid;
		ret->other_tgid = from->event_data.coredump.parent_tgid;
		break;
	case LSK_PROC_EXIT:
		ret->code = from->event_data.exit.exit_code;
		ret->code2 = from->event_data.exit.exit_signal;
		ret->other_pid = from->event_data.exit.parent_pid;
		ret->other_tgid = from->event_data.exit.parent_tgid;
		break;
	case LSK_PROC_EXEC:
	case LSK_PROC_SID:
	case LSK_PROC_WHAT__COUNT:
		break;
	}
}

int lsk_proc_parse(const struct nlmsghdr *msg, struct lsk_proc_event *ret_event)
{
	struct lsk_proc_event event = {.what = LSK_PROC_WHAT__COUNT};
	struct proc_event from;
	struct cn_msg connector;
	size_t len;

	if (msg->nlmsg_len < NLMSG_HDRLEN + sizeof(connector))
		return -EBADMSG;
	memcpy(&connector, NLMSG_DATA(msg), sizeof(connector));
	if (connector.id.idx != CN_IDX_PROC || connector.id.val != CN_VAL_PROC)
		return -ENOMSG;
	len = msg->nlmsg_len - NLMSG_HDRLEN - sizeof(connector);
	if (connector.len > len ||
	    connector.len < offsetof(struct proc_event, event_data))
		return -EBADMSG;
	/* Older kernels' events are shorter. */
	memset(&from, 0, sizeof(from));
	memcpy(&from, (const char *)NLMSG_DATA(msg) + sizeof(connector),
	       connector.len < sizeof(from) ? connector.len : sizeof(from));
	for (unsigned int i = 0; i < LSK_PROC_WHAT__COUNT; i++)
		if (kernel_events[i] == (uint32_t)from.what)
			event.what = (enum lsk_proc_what)i;
	if (event.what == LSK_PROC_WHAT__COUNT)
		return -ENOMSG;
	event.cpu = from.cpu;
	event.sequence = connector.seq;
	event.time_ns = from.timestamp_ns;
	read_data(&from, &event);
	*ret_event = event;
	return 0;
}
