/* SPDX-License-Identifier: MIT */
/* What linsock probe tries of the families that have little to try. */
#include <linux/can.h>
#include <linux/can/raw.h>
#include <stddef.h>
#include <sys/socket.h>

#include "families/probe.h"

/* clang-format off */
static const struct family_option_group unix_groups[] = {
	{ .group = "SO", .level = SOL_SOCKET, .sockets = { { SOCK_STREAM, 0 }, { SOCK_DGRAM, 0 } } },
	{ .group = NULL },
};

/* clang-format on */
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
	 .expected_level = SOL_SOCKET,
	 .expected_type = 84},
	{.name = NULL},
};

/* clang-format off */

static const struct family_ioctl unix_ioctls[] = {
	{ "ioctl.siocinq", "bytes that can be read", 0x541b, { SOCK_STREAM, 0 } },
	{ "ioctl.siocoutq", "bytes that the peer has not read", 0x5411, { SOCK_STREAM, 0 } },
	{ "ioctl.siocunixfile", "the file that a path names", 0x89e0, { SOCK_STREAM, 0 } },
	{ "ioctl.siocatmark", "whether urgent data is next", 0x8905, { SOCK_STREAM, 0 } },
	{ .name = NULL },
};

/* Levels are numbers where their headers cannot be included together. */
static const struct family_option_group can_groups[] = {
	{ .group = "CAN_RAW_OPTION", .level = SOL_CAN_RAW, .sockets = { { SOCK_RAW, CAN_RAW } } },
	{ .group = "CAN_ISOTP_OPTION", .level = SOL_CAN_BASE + CAN_ISOTP, .sockets = { { SOCK_DGRAM, CAN_ISOTP } } },
	{ .group = "SO_J1939", .level = SOL_CAN_BASE + CAN_J1939, .sockets = { { SOCK_DGRAM, CAN_J1939 } } },
	{ .group = NULL },
};

static const struct family_option_group vsock_groups[] = {
	{ .group = "SO_VM_SOCKETS", .level = 40, .sockets = { { SOCK_STREAM, 0 } } },
	{ .group = NULL },
};

static const struct family_ioctl vsock_ioctls[] = {
	{ "ioctl.local_cid", "the machine's own address", 0x7b9, { SOCK_STREAM, 0 } },
	{ "ioctl.siocinq", "bytes that can be read", 0x541b, { SOCK_STREAM, 0 } },
	{ "ioctl.siocoutq", "bytes not yet read by the peer", 0x5411, { SOCK_STREAM, 0 } },
	{ .name = NULL },
};

static const struct family_option_group packet_groups[] = {
	{ .group = "PACKET", .level = 263, .sockets = { { SOCK_RAW, 0 } } },
	{ .group = NULL },
};

static const struct family_option_group tipc_groups[] = {
	{ .group = "TIPC_OPTION", .level = 271, .sockets = { { SOCK_DGRAM, 0 }, { SOCK_STREAM, 0 } } },
	{ .group = NULL },
};

static const struct family_option_group rds_groups[] = {
	{ .group = "RDS_OPTION", .level = 276, .sockets = { { SOCK_SEQPACKET, 0 } } },
	{ .group = NULL },
};

static const struct family_option_group xdp_groups[] = {
	{ .group = "XDP_OPTION", .level = 283, .sockets = { { SOCK_RAW, 0 } } },
	{ .group = NULL },
};

static const struct family_option_group bluetooth_groups[] = {
	{ .group = "BT_OPTION", .level = 274, .sockets = { { SOCK_SEQPACKET, 0 }, { SOCK_SEQPACKET, 2 } } },
	{ .group = "L2CAP_OPTION", .level = 6, .sockets = { { SOCK_SEQPACKET, 0 } } },
	{ .group = NULL },
};
/* clang-format on */

const struct family_probe unix_probe = {
	.option_groups = unix_groups,
	.messages = unix_messages,
	.ioctls = unix_ioctls,
};

const struct family_probe can_probe = {
	.protocol_alias = "can-proto-",
	.option_groups = can_groups,
};

const struct family_probe vsock_probe = {
	.option_groups = vsock_groups,
	.ioctls = vsock_ioctls,
};

const struct family_probe packet_probe = {
	.option_groups = packet_groups,
};

const struct family_probe tipc_probe = {
	.option_groups = tipc_groups,
};

const struct family_probe rds_probe = {
	.option_groups = rds_groups,
};

const struct family_probe bluetooth_probe = {
	.protocol_alias = "bt-proto-",
	.option_groups = bluetooth_groups,
};

const struct family_probe xdp_probe = {
	.option_groups = xdp_groups,
};
