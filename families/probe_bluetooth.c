/* SPDX-License-Identifier: MIT */
/*
 * What linsock probe tries of Bluetooth. A packet is heard from a controller that is
 * made for it: it refuses the first command that it gets, and so never becomes one that
 * others are told of.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "families/probe.h"
#include "src/probe.h"
#include "uring/util.h"

/* <bluetooth/hci.h> is not among the kernel's headers. */
#define PROTOCOL_HCI     1
#define LEVEL_HCI        0
#define LEVEL_L2CAP      6
#define L2CAP_OPTIONS    1
#define MODE_ERTM        3
#define HCI_DATA_DIR     1
#define HCI_FILTER       2
#define HCI_TIME_STAMP   3
#define HCI_CMSG_DIR     1
#define HCI_CMSG_TSTAMP  2
#define PACKET_COMMAND   0x01
#define PACKET_EVENT     0x04
#define PACKET_VENDOR    0xff
#define COMMAND_COMPLETE 0x0e
#define STATUS_UNKNOWN   0x01
#define CONTROLLER       "/dev/vhci"
#define WAIT_MS          1000

struct hci_place {
	uint16_t family;
	uint16_t device;
	uint16_t channel;
};

struct l2cap_options {
	uint16_t omtu;
	uint16_t imtu;
	uint16_t flush_timeout;
	uint8_t mode;
	uint8_t fcs;
	uint8_t transmit_max;
	uint16_t window;
};

struct hci_filter {
	uint32_t types;
	uint32_t events[2];
	uint16_t command;
};

/* Return: its length, or -ETIME: nothing came of this type. */
static int packet_wait(int fd, uint8_t type, uint8_t *buf, size_t size)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	int r;

	do {
		if (poll(&readable, 1, WAIT_MS) != 1)
			return -ETIME;
		r = syscall_result((int)read(fd, buf, size));
		if (r < 0)
			return r;
	} while (r < 4 || buf[0] != type);
	return r;
}

/* A controller whose kernel asks it something already; @ret_command gets what. */
static int controller_make(int *ret_fd, uint8_t ret_command[2], uint16_t *ret_index)
{
	static const uint8_t make[] = {PACKET_VENDOR, 0};
	_cleanup_(closep) int fd =
		syscall_result(open(CONTROLLER, O_RDWR | O_CLOEXEC | O_NONBLOCK));
	uint8_t packet[64];
	int r = fd < 0 ? fd : syscall_result((int)write(fd, make, sizeof(make)));

	if (r >= 0)
		r = packet_wait(fd, PACKET_VENDOR, packet, sizeof(packet));
	if (r < 0)
		return r;
	*ret_index = (uint16_t)(packet[2] | packet[3] << 8);
	r = packet_wait(fd, PACKET_COMMAND, packet, sizeof(packet));
	if (r < 0)
		return r;
	memcpy(ret_command, packet + 1, 2);
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Have a socket hear all of a controller, with the message that an option brings. */
static int listen_to(int fd, uint16_t index, int option)
{
	const struct hci_place place = {.family = AF_BLUETOOTH, .device = index};
	const struct hci_filter all = {.types = UINT32_MAX,
				       .events = {UINT32_MAX, UINT32_MAX}};
	const int on = 1;
	int r = syscall_result(
		bind(fd, (const struct sockaddr *)&place, sizeof(place)));

	if (r == 0)
		r = syscall_result(
			setsockopt(fd, LEVEL_HCI, HCI_FILTER, &all, sizeof(all)));
	return r < 0 ? r
		     : syscall_result(
			       setsockopt(fd, LEVEL_HCI, option, &on, sizeof(on)));
}

/* Return: 0 if the next packet brings the message, -ENOMSG if it comes without. */
static int message_wait(int fd, int type)
{
	_Alignas(struct cmsghdr) char control[128];
	uint8_t bytes[64];
	struct iovec iov = {bytes, sizeof(bytes)};
	struct msghdr header = {.msg_iov = &iov,
				.msg_iovlen = 1,
				.msg_control = control,
				.msg_controllen = sizeof(control)};
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	int r;

	if (poll(&readable, 1, WAIT_MS) != 1)
		return -ETIME;
	r = syscall_result((int)recvmsg(fd, &header, MSG_DONTWAIT));
	if (r < 0)
		return r;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&header); at;
	     at = CMSG_NXTHDR(&header, at))
		if (at->cmsg_level == LEVEL_HCI && at->cmsg_type == type)
			return 0;
	return -ENOMSG;
}

static void controller_run(struct lsk_probe *probe, const struct probe_row *row,
			   struct lsk_finding *ret_finding)
{
	const struct family_socket kind = {SOCK_RAW, PROTOCOL_HCI};
	_cleanup_(closep) int fd = -1;
	_cleanup_(closep) int controller = -1;
	uint8_t refusal[] = {PACKET_EVENT,  COMMAND_COMPLETE, 4, 1, 0, 0,
			     STATUS_UNKNOWN};
	const char *tried = CONTROLLER;
	uint16_t index = 0;
	int r;

	fd = probe_socket(probe, row->domain, &kind, ret_finding);
	if (fd < 0 || !probe_may_try_module(probe, "hci_vhci", ret_finding))
		return;
	r = controller_make(&controller, refusal + 4, &index);
	if (r < 0 && r != -EPERM && r != -EACCES) {
		probe_find(ret_finding, LSK_VERDICT_UNKNOWN, r,
			   "no controller can be made to hear of (" CONTROLLER ")");
		return;
	}
	if (r == 0) {
		tried = "setsockopt";
		r = listen_to(fd, index, row->level);
	}
	if (r == 0) {
		tried = "recvmsg";
		r = syscall_result((int)write(controller, refusal, sizeof(refusal)));
	}
	if (r >= 0)
		r = message_wait(fd, row->number);
	probe_judge(r, tried, ret_finding);
}

/* A channel of a mode that may move between controllers, as long as there was one. */
static int reliable_mode(int fd)
{
	struct l2cap_options options = {0};
	socklen_t len = sizeof(options);
	int r = syscall_result(
		getsockopt(fd, LEVEL_L2CAP, L2CAP_OPTIONS, &options, &len));

	options.mode = MODE_ERTM;
	return r < 0 ? r
		     : syscall_result(setsockopt(fd, LEVEL_L2CAP, L2CAP_OPTIONS,
						 &options, sizeof(options)));
}

static const uint32_t channel_policy;
static const struct family_option_value bluetooth_values[] = {
	{.name = "BT_CHANNEL_POLICY",
	 .value = &channel_policy,
	 .size = sizeof(channel_policy),
	 .prepare = reliable_mode},
	{.name = NULL},
};

/* clang-format off */
static const struct family_option_group bluetooth_groups[] = {
	{ .group = "BT_OPTION", .level = 274, .sockets = { { SOCK_SEQPACKET, 0 }, { SOCK_SEQPACKET, 2 }, { SOCK_STREAM, 3 } }, .values = bluetooth_values },
	{ .group = "L2CAP_OPTION", .level = 6, .sockets = { { SOCK_SEQPACKET, 0 } } },
	{ .group = "SCO_OPTION", .level = 17, .sockets = { { SOCK_SEQPACKET, 2 } } },
	{ .group = "RFCOMM_OPTION", .level = 18, .sockets = { { SOCK_STREAM, 3 } } },
	{ .group = "HCI_OPTION", .level = 0, .sockets = { { SOCK_RAW, 1 } } },
	{ .group = NULL },
};

/* Room for one, which these lists begin with. */
static const uint16_t one_line = 1;

/* Those that read: what starts or changes a controller is not tried. */
static const struct family_ioctl bluetooth_ioctls[] = {
	{ .name = "ioctl.hcigetdevlist", .summary = "controllers", .number = 0x800448d2, .socket = { SOCK_RAW, 1 }, .argument = &one_line, .argument_size = sizeof(one_line) },
	{ .name = "ioctl.hcigetdevinfo", .summary = "settings of a controller", .number = 0x800448d3, .socket = { SOCK_RAW, 1 } },
	{ .name = "ioctl.hcigetconnlist", .summary = "links of a controller", .number = 0x800448d4, .socket = { SOCK_RAW, 1 } },
	{ .name = "ioctl.hcigetconninfo", .summary = "one link", .number = 0x800448d5, .socket = { SOCK_RAW, 1 } },
	{ .name = "ioctl.hcigetauthinfo", .summary = "how a link is secured", .number = 0x800448d7, .socket = { SOCK_RAW, 1 } },
	{ .name = "ioctl.rfcommgetdevlist", .summary = "serial lines", .number = 0x800452d2, .socket = { SOCK_STREAM, 3 }, .argument = &one_line, .argument_size = sizeof(one_line) },
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
	{ .name = "hci.cmsg.direction", .summary = "whether the controller sent a packet, or got it", .run = controller_run, .domain = AF_BLUETOOTH, .level = HCI_DATA_DIR, .number = HCI_CMSG_DIR },
	{ .name = "hci.cmsg.timestamp", .summary = "when a packet passed", .run = controller_run, .domain = AF_BLUETOOTH, .level = HCI_TIME_STAMP, .number = HCI_CMSG_TSTAMP },
	{ .name = NULL },
};
static const struct probe_row *const bluetooth_tables[] = { bluetooth_rows, NULL };

/* A channel of user needs a controller that is down, and would take it away. */
static const struct family_name bluetooth_names[] = {
	{ .name = "hci.monitor", .summary = "all that passes, of all controllers", .place = "hci/none/monitor", .socket = { SOCK_RAW, 1 } },
	{ .name = "hci.control", .summary = "the management interface", .place = "hci/none/control", .socket = { SOCK_RAW, 1 } },
	{ .name = "hci.logging", .summary = "lines for those who monitor", .place = "hci/none/logging", .socket = { SOCK_RAW, 1 } },
	{ .name = NULL },
};
/* clang-format on */

const struct family_probe bluetooth_probe = {
	.protocol_alias = "bt-proto-",
	.option_groups = bluetooth_groups,
	.ioctls = bluetooth_ioctls,
	.rows = bluetooth_tables,
	.names = bluetooth_names,
};
