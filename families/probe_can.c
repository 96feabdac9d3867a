/* SPDX-License-Identifier: MIT */
/*
 * What linsock probe tries of CAN. Frames are sent over a virtual bus in a network
 * namespace of their own, which ends with the last socket in it.
 */
#include <endian.h>
#include <errno.h>
#include <linux/can.h>
#include <linux/can/gw.h>
#include <linux/can/j1939.h>
#include <linux/can/raw.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linsock/netlink.h>
#include <linsock/netlink_msg.h>
#include <linsock/netns.h>

#include "families/probe.h"
#include "src/probe.h"
#include "uring/util.h"

#define BUS            "lskprobe0"
#define MESSAGE_SIZE   512
#define CAN_TP16       3
#define CAN_TP20       4
#define CAN_MCNET      5
/* An address for each end, and a group that both speak. */
#define J1939_SENDER   0x50
#define J1939_RECEIVER 0x40
#define J1939_GROUP    0x12300
/* The name of the receiver, and the group in which names claim their addresses. */
#define J1939_NAME     0x4711
#define J1939_CLAIM    0xee00
/* SOF_TIMESTAMPING_SOFTWARE, _TX_SCHED, _TX_ACK, _OPT_CMSG, _OPT_ID */
#define SENT_STAMPS    (1 << 4 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 7)

/* What a pair of sockets on a bus of its own is to be. */
struct bus_pair {
	int (*open)(int index, int ret_fds[2]);
	int fds[2];
};

static int bus_make(struct lsk_nl *nl)
{
	const struct ifinfomsg header = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	LSK_NL_MSG(msg, MESSAGE_SIZE);

	lsk_nl_msg_start(&msg, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header,
			 sizeof(header));
	lsk_nl_put_string(&msg, IFLA_IFNAME, BUS);
	LSK_NL_NEST(&msg, IFLA_LINKINFO)
	lsk_nl_put_string(&msg, IFLA_INFO_KIND, "vcan");
	return lsk_nl_request(nl, &msg, NULL);
}

/* Runs in the namespace. */
static int bus_pair_open(void *context)
{
	struct bus_pair *pair = context;
	struct lsk_nl *nl;
	int index;
	int r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);

	if (r < 0)
		return r;
	r = bus_make(nl);
	lsk_nl_close(nl);
	if (r < 0)
		return r;
	index = (int)if_nametoindex(BUS);
	return index > 0 ? pair->open(index, pair->fds) : -ENODEV;
}

static int open_on_bus(int (*open)(int index, int ret_fds[2]), int ret_fds[2])
{
	struct bus_pair pair = {.open = open, .fds = {-1, -1}};
	_cleanup_(closep) int netns_fd = lsk_netns_new();
	int r = netns_fd < 0 ? netns_fd
			     : lsk_netns_call(netns_fd, bus_pair_open, &pair);

	if (r < 0) {
		closep(&pair.fds[0]);
		closep(&pair.fds[1]);
		return r;
	}
	ret_fds[0] = pair.fds[0];
	ret_fds[1] = pair.fds[1];
	return 0;
}

static int open_bound(int type, int protocol, const struct sockaddr_can *addr)
{
	_cleanup_(closep) int fd =
		syscall_result(socket(AF_CAN, type | SOCK_CLOEXEC, protocol));
	int r = fd < 0 ? fd
		       : syscall_result(bind(fd, (const struct sockaddr *)addr,
					     sizeof(*addr)));

	return r < 0 ? r : take_fd(&fd);
}

/* Return: 0 if both are descriptors; what a failed open left is the caller's. */
static int both(const int fds[2])
{
	if (fds[0] < 0)
		return fds[0];
	return fds[1] < 0 ? fds[1] : 0;
}

static int raw_on_bus(int index, int ret_fds[2])
{
	const struct sockaddr_can addr = {.can_family = AF_CAN, .can_ifindex = index};

	for (int i = 0; i < 2; i++)
		ret_fds[i] = open_bound(SOCK_RAW, CAN_RAW, &addr);
	return both(ret_fds);
}

static int raw_open(int ret_fds[2])
{
	return open_on_bus(raw_on_bus, ret_fds);
}

static int j1939_on_bus(int index, int ret_fds[2])
{
	struct sockaddr_can addr = {
		.can_family = AF_CAN,
		.can_ifindex = index,
		.can_addr.j1939 = {.pgn = J1939_NO_PGN, .addr = J1939_SENDER},
	};
	int r;

	ret_fds[0] = open_bound(SOCK_DGRAM, CAN_J1939, &addr);
	addr.can_addr.j1939.addr = J1939_RECEIVER;
	ret_fds[1] = open_bound(SOCK_DGRAM, CAN_J1939, &addr);
	r = both(ret_fds);
	addr.can_addr.j1939.pgn = J1939_GROUP;
	return r < 0 ? r
		     : syscall_result(connect(ret_fds[0], (struct sockaddr *)&addr,
					      sizeof(addr)));
}

static int j1939_open(int ret_fds[2])
{
	return open_on_bus(j1939_on_bus, ret_fds);
}

/* The address is the name's own some time after it was claimed. */
static int j1939_claim(int fd)
{
	const uint64_t name = htole64(J1939_NAME);
	const int on = 1;
	const struct sockaddr_can all = {
		.can_family = AF_CAN,
		.can_addr.j1939 = {.pgn = J1939_CLAIM, .addr = J1939_NO_ADDR},
	};
	int r = syscall_result(
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)));

	if (r == 0)
		r = syscall_result((int)sendto(fd, &name, sizeof(name), 0,
					       (const struct sockaddr *)&all,
					       sizeof(all)));
	return r < 0 ? r : 0;
}

static int j1939_name_on_bus(int index, int ret_fds[2])
{
	const struct sockaddr_can addr = {
		.can_family = AF_CAN,
		.can_ifindex = index,
		.can_addr.j1939 = {.name = J1939_NAME,
				   .pgn = J1939_NO_PGN,
				   .addr = J1939_RECEIVER},
	};
	int r = j1939_on_bus(index, ret_fds);

	if (r < 0)
		return r;
	closep(&ret_fds[1]);
	ret_fds[1] = open_bound(SOCK_DGRAM, CAN_J1939, &addr);
	return ret_fds[1] < 0 ? ret_fds[1] : j1939_claim(ret_fds[1]);
}

static int j1939_name_open(int ret_fds[2])
{
	return open_on_bus(j1939_name_on_bus, ret_fds);
}

/* What became of a message is told its sender; both ends are that one here. */
static int j1939_report_open(int ret_fds[2])
{
	const int on = 1;
	int fds[2];
	int r = j1939_open(fds);

	if (r < 0)
		return r;
	closep(&fds[1]);
	r = syscall_result(
		setsockopt(fds[0], SOL_CAN_J1939, SO_J1939_ERRQUEUE, &on, sizeof(on)));
	if (r < 0) {
		closep(&fds[0]);
		return r;
	}
	ret_fds[0] = ret_fds[1] = fds[0];
	return 0;
}

/*
 * A job of no kind is refused by the gateway, and without the gateway nobody has
 * routes of this family to make. A dump would not tell: that asks all families then.
 */
static void gateway_run(struct lsk_probe *probe, const struct probe_row *row,
			struct lsk_finding *ret_finding)
{
	const struct family_socket kind = {SOCK_RAW, CAN_RAW};
	const struct rtcanmsg header = {.can_family = AF_CAN};
	_cleanup_(closep) int fd = -1;
	struct lsk_nl *nl;
	LSK_NL_MSG(msg, MESSAGE_SIZE);
	int r;

	if (!probe_may_try_module(probe, "can-gw", ret_finding))
		return;
	fd = probe_socket(probe, row->domain, &kind, ret_finding);
	if (fd < 0)
		return;
	r = lsk_nl_open(&nl, NETLINK_ROUTE, NULL);
	if (r == 0) {
		lsk_nl_msg_start(&msg, RTM_NEWROUTE, 0, &header, sizeof(header));
		r = lsk_nl_request(nl, &msg, NULL);
		lsk_nl_close(nl);
	}
	if (r == -EINVAL)
		probe_find(ret_finding, LSK_VERDICT_YES, 0,
			   "RTM_NEWROUTE of AF_CAN: EINVAL for a job of no kind");
	else
		probe_judge(r, "RTM_NEWROUTE of AF_CAN", ret_finding);
}

/* Levels are numbers where their headers cannot be included together. */
/* clang-format off */
static const struct family_option_group can_groups[] = {
	{ .group = "CAN_RAW_OPTION", .level = SOL_CAN_RAW, .sockets = { { SOCK_RAW, CAN_RAW } } },
	{ .group = "CAN_ISOTP_OPTION", .level = SOL_CAN_BASE + CAN_ISOTP, .sockets = { { SOCK_DGRAM, CAN_ISOTP } } },
	{ .group = "SO_J1939", .level = SOL_CAN_BASE + CAN_J1939, .sockets = { { SOCK_DGRAM, CAN_J1939 } } },
	{ .group = NULL },
};

static const struct family_ioctl can_ioctls[] = {
	{ .name = "ioctl.siocgstamp", .summary = "time of the last frame", .number = 0x8906, .socket = { SOCK_RAW, CAN_RAW } },
	{ .name = "ioctl.siocgstampns", .summary = "time of the last frame, in nanoseconds", .number = 0x8907, .socket = { SOCK_RAW, CAN_RAW } },
	{ .name = "ioctl.siocgifindex", .summary = "index of an interface", .number = 0x8933, .socket = { SOCK_RAW, CAN_RAW } },
	{ .name = "ioctl.siocinq", .summary = "bytes that can be read", .number = 0x541b, .socket = { SOCK_RAW, CAN_RAW } },
	{ .name = "ioctl.siocoutq", .summary = "bytes not yet sent", .number = 0x5411, .socket = { SOCK_RAW, CAN_RAW } },
	{ .name = "isotp.ioctl.siocgstamp", .summary = "time of the last message", .number = 0x8906, .socket = { SOCK_DGRAM, CAN_ISOTP } },
	{ .name = "j1939.ioctl.siocgstamp", .summary = "time of the last message", .number = 0x8906, .socket = { SOCK_DGRAM, CAN_J1939 } },
	{ .name = NULL },
};

#define ON_BUS \
	.open = raw_open, .socket = { SOCK_RAW, CAN_RAW }, \
	.module_alias = "rtnl-link-vcan", .datagram_size = sizeof(struct can_frame)
#define BETWEEN_NODES .open = j1939_open, .socket = { SOCK_DGRAM, CAN_J1939 }, .module_alias = "rtnl-link-vcan"
static const struct family_message can_messages[] = {
	{ .name = "cmsg.timestamp", .summary = "time of receipt, microseconds", ON_BUS,
	  .level = SOL_SOCKET, .option = 29, .value = 1,
	  .expected_level = SOL_SOCKET, .expected_type = 29 },
	{ .name = "cmsg.timestampns", .summary = "time of receipt, nanoseconds", ON_BUS,
	  .level = SOL_SOCKET, .option = 35, .value = 1,
	  .expected_level = SOL_SOCKET, .expected_type = 35 },
	{ .name = "cmsg.timestamping", .summary = "software time stamp of receipt", ON_BUS,
	  .level = SOL_SOCKET, .option = 37, .value = 24, .is_late = true,
	  .expected_level = SOL_SOCKET, .expected_type = 37 },
	{ .name = "cmsg.mark", .summary = "a mark for one frame", ON_BUS,
	  .sent_level = SOL_SOCKET, .sent_type = 36, .sent_size = 4, .sent_value = 1 },
	{ .name = "cmsg.rxq_ovfl", .summary = "how many frames were lost before", ON_BUS,
	  .level = SOL_SOCKET, .option = 40, .value = 1, .sends = 64,
	  .is_narrow = true, .is_late = true,
	  .expected_level = SOL_SOCKET, .expected_type = 40 },
	{ .name = "j1939.cmsg.errqueue", .summary = "that a message was sent, or why not",
	  .open = j1939_report_open, .socket = { SOCK_DGRAM, CAN_J1939 }, .module_alias = "rtnl-link-vcan",
	  .level = SOL_SOCKET, .option = 37, .value = SENT_STAMPS, .is_error = true,
	  .expected_level = SOL_CAN_J1939, .expected_type = SCM_J1939_ERRQUEUE },
	{ .name = "j1939.cmsg.dest_addr", .summary = "the address that a message was sent to", BETWEEN_NODES,
	  .expected_level = SOL_CAN_J1939, .expected_type = SCM_J1939_DEST_ADDR },
	{ .name = "j1939.cmsg.dest_name", .summary = "the name that a message was sent to",
	  .open = j1939_name_open, .socket = { SOCK_DGRAM, CAN_J1939 }, .module_alias = "rtnl-link-vcan", .is_late = true,
	  .expected_level = SOL_CAN_J1939, .expected_type = SCM_J1939_DEST_NAME },
	{ .name = "j1939.cmsg.prio", .summary = "the priority of a message", BETWEEN_NODES,
	  .expected_level = SOL_CAN_J1939, .expected_type = SCM_J1939_PRIO },
	{ .name = NULL },
};

/* Numbers that linux/can.h has, which no kernel ever had a protocol for. */
static const struct probe_row can_rows[] = {
	{ .name = "tp16", .summary = "VAG transport protocol 1.6", .run = probe_type_run, .domain = AF_CAN, .type = SOCK_SEQPACKET, .protocol = CAN_TP16, .text = "tp16" },
	{ .name = "tp20", .summary = "VAG transport protocol 2.0", .run = probe_type_run, .domain = AF_CAN, .type = SOCK_SEQPACKET, .protocol = CAN_TP20, .text = "tp20" },
	{ .name = "mcnet", .summary = "Bosch MCNet", .run = probe_type_run, .domain = AF_CAN, .type = SOCK_SEQPACKET, .protocol = CAN_MCNET, .text = "mcnet" },
	{ .name = "gw", .summary = "gateway between buses, in the kernel", .run = gateway_run, .domain = AF_CAN },
	{ .name = NULL },
};
/* clang-format on */
static const struct probe_row *const can_tables[] = {can_rows, NULL};

const struct family_probe can_probe = {
	.protocol_alias = "can-proto-",
	.option_groups = can_groups,
	.messages = can_messages,
	.ioctls = can_ioctls,
	.rows = can_tables,
};
