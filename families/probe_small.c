/* SPDX-License-Identifier: MIT */
/* What linsock probe tries of the families that have little to try. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/tipc.h>
#include <stddef.h>
#include <sys/socket.h>

#include "families/probe.h"
#include "src/probe.h"
#include "uring/util.h"

/* A service that nobody else names. */
#define TIPC_SERVICE  (TIPC_RESERVED_TYPES + 4711)
#define TIPC_INSTANCE 17
/* An Ethernet type for experiments, IEEE Std 802. */
#define EXPERIMENT    0x88b5

/* clang-format off */
static const struct family_option_group unix_groups[] = {
	{ .group = "SO", .level = SOL_SOCKET, .sockets = { { SOCK_STREAM, 0 }, { SOCK_DGRAM, 0 } } },
	{ .group = NULL },
};

/* clang-format on */
static int stream_open(int ret_fds[2])
{
	return syscall_result(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_fds));
}

static const struct family_message unix_messages[] = {
	{.name = "cmsg.rights",
	 .summary = "descriptors, passed",
	 .expected_level = SOL_SOCKET,
	 .expected_type = 1,
	 .sent_level = SOL_SOCKET,
	 .sent_type = SCM_RIGHTS,
	 .sent_size = 4,
	 .sent_value = 0},
	{.name = "cmsg.credentials",
	 .summary = "the sender's process and user",
	 .level = SOL_SOCKET,
	 .option = 16,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 2},
	{.name = "cmsg.pidfd",
	 .summary = "the sender's process as a descriptor",
	 .level = SOL_SOCKET,
	 .option = 76,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 4},
	{.name = "cmsg.security",
	 .summary = "the sender's security label",
	 .level = SOL_SOCKET,
	 .option = 34,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 3},
	{.name = "cmsg.timestamp",
	 .summary = "time of receipt, microseconds",
	 .level = SOL_SOCKET,
	 .option = 29,
	 .value = 1,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 29},
	{.name = "cmsg.inq",
	 .summary = "bytes that are still to be read",
	 .level = SOL_SOCKET,
	 .option = 84,
	 .value = 1,
	 .open = stream_open,
	 .expected_level = SOL_SOCKET,
	 .expected_type = 84},
	{.name = NULL},
};

/* clang-format off */

static const struct family_ioctl unix_ioctls[] = {
	{ .name = "ioctl.siocinq", .summary = "bytes that can be read", .number = 0x541b, .socket = { SOCK_STREAM, 0 } },
	{ .name = "ioctl.siocoutq", .summary = "bytes that the peer has not read", .number = 0x5411, .socket = { SOCK_STREAM, 0 } },
	{ .name = "ioctl.siocunixfile", .summary = "the file that a path names", .number = 0x89e0, .socket = { SOCK_STREAM, 0 } },
	{ .name = "ioctl.siocatmark", .summary = "whether urgent data is next", .number = 0x8905, .socket = { SOCK_STREAM, 0 } },
	{ .name = NULL },
};

/* Levels are numbers where their headers cannot be included together. */
static const struct family_option_group vsock_groups[] = {
	{ .group = "SO_VM_SOCKETS", .level = 40, .sockets = { { SOCK_STREAM, 0 } } },
	{ .group = NULL },
};

static const struct family_ioctl vsock_ioctls[] = {
	{ .name = "ioctl.local_cid", .summary = "the machine's own address", .number = 0x7b9, .device = "/dev/vsock" },
	{ .name = "ioctl.siocinq", .summary = "bytes that can be read", .number = 0x541b, .socket = { SOCK_STREAM, 0 } },
	{ .name = "ioctl.siocoutq", .summary = "bytes not yet read by the peer", .number = 0x5411, .socket = { SOCK_STREAM, 0 } },
	{ .name = NULL },
};

static const struct family_option_group packet_groups[] = {
	{ .group = "PACKET", .level = 263, .sockets = { { SOCK_RAW, 0 } } },
	{ .group = NULL },
};

static const struct family_ioctl packet_ioctls[] = {
	{ .name = "ioctl.siocinq", .summary = "bytes of the next frame", .number = 0x541b, .socket = { SOCK_RAW, 0 } },
	{ .name = "ioctl.siocoutq", .summary = "bytes not yet sent", .number = 0x5411, .socket = { SOCK_RAW, 0 } },
	{ .name = "ioctl.siocgstamp", .summary = "time of the last frame", .number = 0x8906, .socket = { SOCK_RAW, 0 } },
	{ .name = "ioctl.siocgstampns", .summary = "time of the last frame, in nanoseconds", .number = 0x8907, .socket = { SOCK_RAW, 0 } },
	{ .name = "ioctl.siocgifindex", .summary = "index of an interface", .number = 0x8933, .socket = { SOCK_RAW, 0 } },
	{ .name = NULL },
};

/* clang-format on */
/* A frame of an experiment's own type, over loopback. */
static int packet_open(int ret_fds[2])
{
	const struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(EXPERIMENT),
		.sll_ifindex = 1,
	};
	_cleanup_(closep) int fd =
		syscall_result(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
	int r = fd < 0 ? fd
		       : syscall_result(bind(fd, (const struct sockaddr *)&addr,
					     sizeof(addr)));

	if (r < 0)
		return r;
	ret_fds[0] = ret_fds[1] = take_fd(&fd);
	return 0;
}

/* clang-format off */
#define ON_LOOPBACK \
	.open = packet_open, .socket = { SOCK_RAW, 0 }, \
	.datagram_size = 64, .datagram = packet_frame
/* Addresses of loopback, and the type that the receiver is bound to. */
static const char packet_frame[14] = {
	[12] = (char)(EXPERIMENT >> 8),
	[13] = (char)(EXPERIMENT & 0xff),
};
static const struct family_message packet_messages[] = {
	{ .name = "cmsg.auxdata", .summary = "lengths, status and VLAN of the frame", ON_LOOPBACK,
	  .level = 263, .option = 8, .value = 1,
	  .expected_level = 263, .expected_type = 8 },
	{ .name = "cmsg.timestamp", .summary = "time of receipt, microseconds", ON_LOOPBACK,
	  .level = SOL_SOCKET, .option = 29, .value = 1,
	  .expected_level = SOL_SOCKET, .expected_type = 29 },
	{ .name = "cmsg.timestampns", .summary = "time of receipt, nanoseconds", ON_LOOPBACK,
	  .level = SOL_SOCKET, .option = 35, .value = 1,
	  .expected_level = SOL_SOCKET, .expected_type = 35 },
	{ .name = "cmsg.mark", .summary = "a mark for one frame", ON_LOOPBACK,
	  .sent_level = SOL_SOCKET, .sent_type = 36, .sent_size = 4, .sent_value = 1 },
	{ .name = NULL },
};

static const struct probe_row packet_rows[] = {
	{ .name = "packet", .summary = "SOCK_PACKET, as before Linux 2.2", .run = probe_type_run, .domain = AF_PACKET, .type = SOCK_PACKET, .text = "packet" },
	{ .name = NULL },
};
static const struct probe_row *const packet_tables[] = { packet_rows, NULL };

static const struct family_option_group tipc_groups[] = {
	{ .group = "TIPC_OPTION", .level = 271, .sockets = { { SOCK_DGRAM, 0 }, { SOCK_STREAM, 0 } } },
	{ .group = NULL },
};

static const struct family_ioctl tipc_ioctls[] = {
	{ .name = "ioctl.siocgetlinkname", .summary = "name of the link to a peer", .number = 0x89e0, .socket = { SOCK_RDM, 0 } },
	{ .name = "ioctl.siocgetnodeid", .summary = "identity of a node", .number = 0x89e1, .socket = { SOCK_RDM, 0 } },
	{ .name = NULL },
};

/* clang-format on */
/* A service of this node alone, which one socket offers and asks for. */
static int tipc_open(int ret_fds[2])
{
	struct sockaddr_tipc addr = {
		.family = AF_TIPC,
		.addrtype = TIPC_ADDR_NAME,
		.scope = TIPC_NODE_SCOPE,
		.addr.name.name = {.type = TIPC_SERVICE, .instance = TIPC_INSTANCE},
	};
	_cleanup_(closep) int fd =
		syscall_result(socket(AF_TIPC, SOCK_RDM | SOCK_CLOEXEC, 0));
	int r = fd < 0 ? fd
		       : syscall_result(
				 bind(fd, (struct sockaddr *)&addr, sizeof(addr)));

	if (r == 0)
		r = syscall_result(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	if (r < 0)
		return r;
	ret_fds[0] = ret_fds[1] = take_fd(&fd);
	return 0;
}

/* clang-format off */
static const struct family_message tipc_messages[] = {
	{ .name = "cmsg.destname", .summary = "the service that was asked for",
	  .open = tipc_open, .socket = { SOCK_RDM, 0 },
	  .expected_level = 271, .expected_type = TIPC_DESTNAME },
	{ .name = NULL },
};

static const struct family_option_group rds_groups[] = {
	{ .group = "RDS_OPTION", .level = 276, .sockets = { { SOCK_SEQPACKET, 0 } } },
	{ .group = NULL },
};

static const struct family_ioctl rds_ioctls[] = {
	{ .name = "ioctl.siocrdssettos", .summary = "type of service of a socket, set", .number = 0x89e0, .socket = { SOCK_SEQPACKET, 0 } },
	{ .name = "ioctl.siocrdsgettos", .summary = "type of service of a socket", .number = 0x89e1, .socket = { SOCK_SEQPACKET, 0 } },
	{ .name = NULL },
};

static const struct family_option_group xdp_groups[] = {
	{ .group = "XDP_OPTION", .level = 283, .sockets = { { SOCK_RAW, 0 } } },
	{ .group = NULL },
};

static const struct family_option_group bluetooth_groups[] = {
	{ .group = "BT_OPTION", .level = 274, .sockets = { { SOCK_SEQPACKET, 0 }, { SOCK_SEQPACKET, 2 }, { SOCK_STREAM, 3 } } },
	{ .group = "L2CAP_OPTION", .level = 6, .sockets = { { SOCK_SEQPACKET, 0 } } },
	{ .group = "SCO_OPTION", .level = 17, .sockets = { { SOCK_SEQPACKET, 2 } } },
	{ .group = "RFCOMM_OPTION", .level = 18, .sockets = { { SOCK_STREAM, 3 } } },
	{ .group = "HCI_OPTION", .level = 0, .sockets = { { SOCK_RAW, 1 } } },
	{ .group = NULL },
};

/* Those that read: what starts or changes a controller is not tried. */
static const struct family_ioctl bluetooth_ioctls[] = {
	{ .name = "ioctl.hcigetdevlist", .summary = "controllers", .number = 0x800448d2, .socket = { SOCK_RAW, 1 } },
	{ .name = "ioctl.hcigetdevinfo", .summary = "settings of a controller", .number = 0x800448d3, .socket = { SOCK_RAW, 1 } },
	{ .name = "ioctl.hcigetconnlist", .summary = "links of a controller", .number = 0x800448d4, .socket = { SOCK_RAW, 1 } },
	{ .name = "ioctl.hcigetconninfo", .summary = "one link", .number = 0x800448d5, .socket = { SOCK_RAW, 1 } },
	{ .name = "ioctl.hcigetauthinfo", .summary = "how a link is secured", .number = 0x800448d7, .socket = { SOCK_RAW, 1 } },
	{ .name = "ioctl.rfcommgetdevlist", .summary = "serial lines", .number = 0x800452d2, .socket = { SOCK_STREAM, 3 } },
	{ .name = "ioctl.rfcommgetdevinfo", .summary = "one serial line", .number = 0x800452d3, .socket = { SOCK_STREAM, 3 } },
	{ .name = "ioctl.siocinq", .summary = "bytes that can be read", .number = 0x541b, .socket = { SOCK_SEQPACKET, 0 } },
	{ .name = "ioctl.siocoutq", .summary = "bytes not yet sent", .number = 0x5411, .socket = { SOCK_SEQPACKET, 0 } },
	{ .name = NULL },
};

/* Protocols that the library has no addresses for. */
static const struct probe_row bluetooth_rows[] = {
	{ .name = "bnep.raw", .summary = "networks over Bluetooth", .run = probe_type_run, .domain = AF_BLUETOOTH, .type = SOCK_RAW, .protocol = 4, .text = "bnep" },
	{ .name = "cmtp.raw", .summary = "ISDN over Bluetooth", .run = probe_type_run, .domain = AF_BLUETOOTH, .type = SOCK_RAW, .protocol = 5, .text = "cmtp" },
	{ .name = "hidp.raw", .summary = "keyboards and the like", .run = probe_type_run, .domain = AF_BLUETOOTH, .type = SOCK_RAW, .protocol = 6, .text = "hidp" },
	{ .name = NULL },
};
static const struct probe_row *const bluetooth_tables[] = { bluetooth_rows, NULL };

static const struct family_ioctl qipcrtr_ioctls[] = {
	{ .name = "ioctl.siocinq", .summary = "bytes of the next message", .number = 0x541b, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocoutq", .summary = "room to send", .number = 0x5411, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifaddr", .summary = "the socket's own address", .number = 0x8915, .socket = { SOCK_DGRAM, 0 } },
	{ .name = NULL },
};

/* A channel of user needs a controller that is down, and would take it away. */
static const struct family_name bluetooth_names[] = {
	{ .name = "hci.monitor", .summary = "all that passes, of all controllers", .place = "hci/none/monitor", .socket = { SOCK_RAW, 1 } },
	{ .name = "hci.control", .summary = "the management interface", .place = "hci/none/control", .socket = { SOCK_RAW, 1 } },
	{ .name = "hci.logging", .summary = "lines for those who monitor", .place = "hci/none/logging", .socket = { SOCK_RAW, 1 } },
	{ .name = NULL },
};
/* clang-format on */

const struct family_probe unix_probe = {
	.option_groups = unix_groups,
	.messages = unix_messages,
	.ioctls = unix_ioctls,
};

const struct family_probe vsock_probe = {
	.option_groups = vsock_groups,
	.ioctls = vsock_ioctls,
};

const struct family_probe packet_probe = {
	.option_groups = packet_groups,
	.messages = packet_messages,
	.ioctls = packet_ioctls,
	.rows = packet_tables,
};

const struct family_probe tipc_probe = {
	.option_groups = tipc_groups,
	.messages = tipc_messages,
	.ioctls = tipc_ioctls,
};

const struct family_probe rds_probe = {
	.option_groups = rds_groups,
	.ioctls = rds_ioctls,
};

const struct family_probe bluetooth_probe = {
	.protocol_alias = "bt-proto-",
	.option_groups = bluetooth_groups,
	.ioctls = bluetooth_ioctls,
	.rows = bluetooth_tables,
	.names = bluetooth_names,
};

const struct family_probe xdp_probe = {
	.option_groups = xdp_groups,
};

const struct family_probe qipcrtr_probe = {
	.ioctls = qipcrtr_ioctls,
};
