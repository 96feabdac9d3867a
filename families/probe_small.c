/* SPDX-License-Identifier: MIT */
/* What linsock probe tries of the families that have little to try. */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/rds.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
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

/* clang-format on */
static int vsock_open(int ret_fds[2])
{
	struct sockaddr_vm addr = {.svm_family = AF_VSOCK,
				   .svm_port = VMADDR_PORT_ANY,
				   .svm_cid = VMADDR_CID_LOCAL};

	return probe_connection(SOCK_STREAM, 0, (struct sockaddr *)&addr, sizeof(addr),
				ret_fds);
}

/* clang-format off */
/* Levels are numbers where their headers cannot be included together. */
static const struct family_option_group vsock_groups[] = {
	{ .group = "SO_VM_SOCKETS", .level = 40, .sockets = { { SOCK_STREAM, 0 } } },
	{ .group = NULL },
};

static const struct family_ioctl vsock_ioctls[] = {
	{ .name = "ioctl.local_cid", .summary = "the machine's own address", .number = 0x7b9, .device = "/dev/vsock" },
	{ .name = "ioctl.siocinq", .summary = "bytes that can be read", .number = 0x541b, .socket = { SOCK_STREAM, 0 }, .open = vsock_open },
	{ .name = "ioctl.siocoutq", .summary = "bytes not yet read by the peer", .number = 0x5411, .socket = { SOCK_STREAM, 0 }, .open = vsock_open },
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
	{ .name = "cmsg.rxq_ovfl", .summary = "how many frames were lost before", ON_LOOPBACK,
	  .level = SOL_SOCKET, .option = 40, .value = 1, .sends = 64,
	  .is_narrow = true, .is_late = true,
	  .expected_level = SOL_SOCKET, .expected_type = 40 },
	{ .name = "cmsg.tx_timestamp", .summary = "software time stamp of sending", ON_LOOPBACK,
	  .level = SOL_SOCKET, .option = 37, .value = 2 | 16, .is_error = true,
	  .expected_level = 263, .expected_type = 16 },
	{ .name = "cmsg.mark", .summary = "a mark for one frame", ON_LOOPBACK,
	  .sent_level = SOL_SOCKET, .sent_type = 36, .sent_size = 4, .sent_value = 1 },
	{ .name = NULL },
};

static const struct probe_row packet_rows[] = {
	{ .name = "packet", .summary = "SOCK_PACKET, as before Linux 2.2", .run = probe_type_run, .domain = AF_PACKET, .type = SOCK_PACKET, .text = "packet" },
	{ .name = NULL },
};
static const struct probe_row *const packet_tables[] = { packet_rows, NULL };

/* clang-format on */
static const struct tipc_group_req tipc_group = {
	.type = TIPC_SERVICE,
	.instance = TIPC_INSTANCE,
	.scope = TIPC_NODE_SCOPE,
};

static int tipc_join(int fd)
{
	return syscall_result(setsockopt(fd, SOL_TIPC, TIPC_GROUP_JOIN, &tipc_group,
					 sizeof(tipc_group)));
}

static const struct family_option_value tipc_values[] = {
	{.name = "TIPC_MCAST_BROADCAST"},
	{.name = "TIPC_MCAST_REPLICAST"},
	{.name = "TIPC_GROUP_JOIN", .value = &tipc_group, .size = sizeof(tipc_group)},
	{.name = "TIPC_GROUP_LEAVE", .prepare = tipc_join},
	{.name = NULL},
};

/* clang-format off */
static const struct family_option_group tipc_groups[] = {
	{ .group = "TIPC_OPTION", .level = 271, .sockets = { { SOCK_DGRAM, 0 }, { SOCK_STREAM, 0 } }, .values = tipc_values },
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

/* A socket that is gone cannot take what it is sent: it comes back. */
static int tipc_gone_open(int ret_fds[2])
{
	const int keep = 0;
	struct sockaddr_tipc addr;
	socklen_t len = sizeof(addr);
	_cleanup_(closep) int fd =
		syscall_result(socket(AF_TIPC, SOCK_RDM | SOCK_CLOEXEC, 0));
	_cleanup_(closep) int gone =
		syscall_result(socket(AF_TIPC, SOCK_RDM | SOCK_CLOEXEC, 0));
	int r = fd < 0 ? fd : gone;

	if (r >= 0)
		r = syscall_result(setsockopt(fd, SOL_TIPC, TIPC_DEST_DROPPABLE, &keep,
					      sizeof(keep)));
	if (r >= 0)
		r = syscall_result(getsockname(gone, (struct sockaddr *)&addr, &len));
	if (r < 0)
		return r;
	addr.addrtype = TIPC_SOCKET_ADDR;
	r = syscall_result(connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	if (r < 0)
		return r;
	ret_fds[0] = ret_fds[1] = take_fd(&fd);
	return 0;
}

/* Bind and connect a socket of RDS to itself. Return: as the system calls. */
static int rds_connect(int fd, int ret_fds[2])
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(addr);
	int r = syscall_result(bind(fd, (struct sockaddr *)&addr, len));

	if (r >= 0)
		r = syscall_result(getsockname(fd, (struct sockaddr *)&addr, &len));
	if (r >= 0)
		r = syscall_result(connect(fd, (struct sockaddr *)&addr, len));
	ret_fds[0] = ret_fds[1] = fd;
	return r;
}

static int rds_open(int ret_fds[2])
{
	_cleanup_(closep) int fd =
		syscall_result(socket(AF_RDS, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
	int r = fd < 0 ? fd : rds_connect(fd, ret_fds);

	if (r >= 0)
		take_fd(&fd);
	return r;
}

static const int rds_transport = RDS_TRANS_TCP;

/* One whose transport has types of service, though those of TCP are all one. */
static int rds_tcp_open(int ret_fds[2])
{
	_cleanup_(closep) int fd =
		syscall_result(socket(AF_RDS, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
	int r = fd < 0 ? fd
		       : syscall_result(setsockopt(fd, SOL_RDS, SO_RDS_TRANSPORT,
						   &rds_transport,
						   sizeof(rds_transport)));

	if (r < 0)
		return r;
	ret_fds[0] = ret_fds[1] = take_fd(&fd);
	return 0;
}

/*
 * Only TCP pins the bytes of a sender; over loopback they are given back as soon as the
 * message was read, which the message after it tells.
 */
static int rds_zero_copy_open(int ret_fds[2])
{
	const int on = 1;
	_cleanup_(closep) int fd = -1;
	int r = rds_tcp_open(ret_fds);

	if (r >= 0) {
		fd = ret_fds[0];
		r = syscall_result(
			setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)));
	}
	if (r >= 0)
		r = rds_connect(fd, ret_fds);
	if (r >= 0)
		take_fd(&fd);
	return r;
}

/* clang-format off */
/* The sender is told when its bytes are needed no more: it is the first of the ends. */
static const struct family_message vsock_messages[] = {
	{ .name = "cmsg.recverr", .summary = "that the kernel needs the bytes no more",
	  .open = vsock_open, .socket = { SOCK_STREAM, 0 }, .level = SOL_SOCKET,
	  .option = SO_ZEROCOPY, .value = 1,
	  .is_of_sender = true, .send_flags = MSG_ZEROCOPY, .is_error = true,
	  .expected_level = 287, .expected_type = 1 },
	{ .name = NULL },
};

static const struct family_message rds_messages[] = {
	{ .name = "cmsg.timestamp", .summary = "time of receipt, microseconds",
	  .open = rds_open, .socket = { SOCK_SEQPACKET, 0 }, .level = SOL_SOCKET,
	  .option = 29, .value = 1,
	  .expected_level = SOL_SOCKET, .expected_type = 29 },
	{ .name = "cmsg.rxpath_latency", .summary = "how long the message took within the host",
	  .open = rds_open, .socket = { SOCK_SEQPACKET, 0 }, .level = SOL_RDS,
	  .option = SO_RDS_MSG_RXPATH_LATENCY, .value = 1,
	  .expected_level = SOL_RDS, .expected_type = RDS_CMSG_RXPATH_LATENCY },
	{ .name = "cmsg.rdma_map", .summary = "memory that the peer may reach, for one message",
	  .open = rds_open, .socket = { SOCK_SEQPACKET, 0 },
	  .sent_level = SOL_RDS, .sent_type = RDS_CMSG_RDMA_MAP,
	  .sent_size = sizeof(struct rds_get_mr_args) },
	{ .name = "cmsg.zcopy_cookie", .summary = "which bytes the kernel needs no more",
	  .open = rds_zero_copy_open, .socket = { SOCK_SEQPACKET, 0 }, .module = "rds_tcp", .send_flags = MSG_ZEROCOPY,
	  .sent_level = SOL_RDS, .sent_type = RDS_CMSG_ZCOPY_COOKIE, .sent_size = 4,
	  .sent_value = 4711, .is_late = true,
	  .expected_level = SOL_RDS, .expected_type = RDS_CMSG_ZCOPY_COMPLETION },
	{ .name = NULL },
};

static const struct family_message tipc_messages[] = {
	{ .name = "cmsg.errinfo", .summary = "why a message came back",
	  .open = tipc_gone_open, .socket = { SOCK_RDM, 0 },
	  .expected_level = 271, .expected_type = TIPC_ERRINFO },
	{ .name = "cmsg.retdata", .summary = "the bytes of a message that came back",
	  .open = tipc_gone_open, .socket = { SOCK_RDM, 0 },
	  .expected_level = 271, .expected_type = TIPC_RETDATA },
	{ .name = "cmsg.destname", .summary = "the service that was asked for",
	  .open = tipc_open, .socket = { SOCK_RDM, 0 },
	  .expected_level = 271, .expected_type = TIPC_DESTNAME },
	{ .name = NULL },
};

/* The kernel loads the transport that is asked for: zero would be that of RDMA. */
static const struct family_option_value rds_values[] = {
	{ .name = "SO_RDS_TRANSPORT", .value = &rds_transport, .size = sizeof(rds_transport), .module = "rds_tcp" },
	{ .name = NULL },
};

static const struct family_option_group rds_groups[] = {
	{ .group = "RDS_OPTION", .level = 276, .sockets = { { SOCK_SEQPACKET, 0 } }, .values = rds_values },
	{ .group = NULL },
};

static const struct family_ioctl rds_ioctls[] = {
	{ .name = "ioctl.siocrdssettos", .summary = "type of service of a socket, set", .number = 0x89e0, .socket = { SOCK_SEQPACKET, 0 }, .module = "rds_tcp", .open = rds_tcp_open },
	{ .name = "ioctl.siocrdsgettos", .summary = "type of service of a socket", .number = 0x89e1, .socket = { SOCK_SEQPACKET, 0 } },
	{ .name = NULL },
};

static const struct family_option_group xdp_groups[] = {
	{ .group = "XDP_OPTION", .level = 283, .sockets = { { SOCK_RAW, 0 } } },
	{ .group = NULL },
};

static const struct family_ioctl qipcrtr_ioctls[] = {
	{ .name = "ioctl.siocinq", .summary = "bytes of the next message", .number = 0x541b, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocoutq", .summary = "room to send", .number = 0x5411, .socket = { SOCK_DGRAM, 0 } },
	{ .name = "ioctl.siocgifaddr", .summary = "the socket's own address", .number = 0x8915, .socket = { SOCK_DGRAM, 0 } },
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
	.messages = vsock_messages,
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
	.messages = rds_messages,
	.ioctls = rds_ioctls,
};

const struct family_probe xdp_probe = {
	.option_groups = xdp_groups,
};

const struct family_probe qipcrtr_probe = {
	.ioctls = qipcrtr_ioctls,
};
