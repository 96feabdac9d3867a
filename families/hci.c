/* SPDX-License-Identifier: MIT */
/* HCI sockets: controllers, filters, commands. */
#include <linsock/hci.h>

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linsock/option.h>

#include "families/hci.h"
#include "src/socket.h"
#include "uring/util.h"

/* include/net/bluetooth/hci_sock.h, which no header of the UAPI has. */
enum {
	LEVEL_HCI = 0,
	OPTION_DATA_DIR = 1,
	OPTION_FILTER = 2,
	OPTION_TIME_STAMP = 3,
	CMSG_DIR = 1,
	CMSG_TSTAMP = 2,

	SCAN_INQUIRY = 1,
	SCAN_PAGE = 2,

	EVENT_COMPLETE = 0x0e,
	EVENT_STATUS = 0x0f,
	PARAMETERS_MAX = 255,
	/* A controller has few connections at a time. */
	LINKS_MAX = 64,
};

#define HCIDEVUP       _IOW('H', 201, int)
#define HCIDEVDOWN     _IOW('H', 202, int)
#define HCIGETDEVLIST  _IOR('H', 210, int)
#define HCIGETDEVINFO  _IOR('H', 211, int)
#define HCIGETCONNLIST _IOR('H', 212, int)
#define HCISETSCAN     _IOW('H', 221, int)

struct hci_dev_req {
	uint16_t dev_id;
	uint32_t dev_opt;
};

struct hci_dev_list_req {
	uint16_t dev_num;
	struct hci_dev_req dev_req[LSK_HCI_DEVICES_MAX];
};

struct hci_dev_info {
	uint16_t dev_id;
	char name[8];
	struct lsk_bdaddr bdaddr;
	uint32_t flags;
	uint8_t type;
	uint8_t features[8];
	uint32_t pkt_type;
	uint32_t link_policy;
	uint32_t link_mode;
	uint16_t acl_mtu;
	uint16_t acl_pkts;
	uint16_t sco_mtu;
	uint16_t sco_pkts;
	uint32_t err_rx;
	uint32_t err_tx;
	uint32_t cmd_tx;
	uint32_t evt_rx;
	uint32_t acl_tx;
	uint32_t acl_rx;
	uint32_t sco_tx;
	uint32_t sco_rx;
	uint32_t byte_rx;
	uint32_t byte_tx;
};

struct hci_conn_info {
	uint16_t handle;
	struct lsk_bdaddr bdaddr;
	uint8_t type;
	uint8_t out;
	uint16_t state;
	uint32_t link_mode;
};

struct hci_conn_list_req {
	uint16_t dev_id;
	uint16_t conn_num;
	struct hci_conn_info conn_info[LINKS_MAX];
};

struct hci_ufilter {
	uint32_t type_mask;
	uint32_t event_mask[2];
	uint16_t opcode;
};

static_assert(sizeof(struct hci_dev_info) == 92, "as the kernel has it");
static_assert(sizeof(struct hci_conn_info) == 16, "as the kernel has it");
static_assert(sizeof(struct hci_dev_req) == 8, "as the kernel has it");
static_assert(sizeof(struct hci_ufilter) == 16, "as the kernel has it");

int lsk_hci_open(struct lsk_socket **ret_socket, uint16_t device, uint16_t channel)
{
	struct lsk_socket *sock = NULL;
	struct lsk_addr addr;
	int r = lsk_addr_hci(&addr, device, channel);

	if (!ret_socket)
		return -EINVAL;
	if (r == 0)
		r = lsk_socket_new(&sock, AF_BLUETOOTH, SOCK_RAW, LSK_BTPROTO_HCI);
	if (r < 0)
		return r;
	r = lsk_socket_bind(sock, &addr);
	if (r < 0) {
		lsk_socket_free(sock);
		return r;
	}
	*ret_socket = sock;
	return 0;
}

/* The ioctls of controllers name theirs in the argument: any socket of HCI serves. */
static int device_ioctl(unsigned long request, uintptr_t argument)
{
	_cleanup_(closep) int fd = syscall_result(
		socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, LSK_BTPROTO_HCI));

	return fd < 0 ? fd : syscall_result(ioctl(fd, request, argument));
}

int lsk_hci_list(uint16_t *ret_ids, size_t max)
{
	struct hci_dev_list_req list;
	int r;

	if (!ret_ids || max == 0)
		return -EINVAL;
	memset(&list, 0, sizeof(list));
	list.dev_num = max < LSK_HCI_DEVICES_MAX ? (uint16_t)max : LSK_HCI_DEVICES_MAX;
	r = device_ioctl(HCIGETDEVLIST, (uintptr_t)&list);
	if (r < 0)
		return r;
	for (uint16_t i = 0; i < list.dev_num; i++)
		ret_ids[i] = list.dev_req[i].dev_id;
	return list.dev_num;
}

int lsk_hci_device(uint16_t device, struct lsk_hci_device *ret_device)
{
	struct hci_dev_info info = {.dev_id = device};
	int r;

	if (!ret_device)
		return -EINVAL;
	r = device_ioctl(HCIGETDEVINFO, (uintptr_t)&info);
	if (r < 0)
		return r;
	*ret_device = (struct lsk_hci_device){
		.id = info.dev_id,
		.bus = info.type & 0x0f,
		.bdaddr = info.bdaddr,
		.flags = info.flags,
		.packet_types = info.pkt_type,
		.link_policy = info.link_policy,
		.link_mode = info.link_mode,
		.acl_mtu = info.acl_mtu,
		.acl_packets = info.acl_pkts,
		.sco_mtu = info.sco_mtu,
		.sco_packets = info.sco_pkts,
		.errors_received = info.err_rx,
		.errors_sent = info.err_tx,
		.commands = info.cmd_tx,
		.events = info.evt_rx,
		.acl_sent = info.acl_tx,
		.acl_received = info.acl_rx,
		.sco_sent = info.sco_tx,
		.sco_received = info.sco_rx,
		.bytes_received = info.byte_rx,
		.bytes_sent = info.byte_tx,
	};
	memcpy(ret_device->name, info.name, sizeof(info.name));
	memcpy(ret_device->features, info.features, sizeof(info.features));
	return 0;
}

int lsk_hci_links(uint16_t device, struct lsk_hci_link *ret_links, size_t max)
{
	struct hci_conn_list_req list;
	int r;

	if (!ret_links || max == 0)
		return -EINVAL;
	memset(&list, 0, sizeof(list));
	list.dev_id = device;
	list.conn_num = max < LINKS_MAX ? (uint16_t)max : LINKS_MAX;
	r = device_ioctl(HCIGETCONNLIST, (uintptr_t)&list);
	if (r < 0)
		return r;
	for (uint16_t i = 0; i < list.conn_num; i++)
		ret_links[i] = (struct lsk_hci_link){
			.handle = list.conn_info[i].handle,
			.type = list.conn_info[i].type,
			.is_outgoing = list.conn_info[i].out,
			.state = list.conn_info[i].state,
			.mode = list.conn_info[i].link_mode,
			.peer = list.conn_info[i].bdaddr,
		};
	return list.conn_num;
}

int lsk_hci_up(uint16_t device)
{
	int r = device_ioctl(HCIDEVUP, device);

	return r == -EALREADY ? 0 : r;
}

int lsk_hci_down(uint16_t device)
{
	return device_ioctl(HCIDEVDOWN, device);
}

int lsk_hci_set_scan(uint16_t device, unsigned int scan)
{
	struct hci_dev_req request = {.dev_id = device};

	if (scan & ~(unsigned int)(LSK_HCI_PAGE_SCAN | LSK_HCI_INQUIRY_SCAN))
		return -EINVAL;
	if (scan & LSK_HCI_PAGE_SCAN)
		request.dev_opt |= SCAN_PAGE;
	if (scan & LSK_HCI_INQUIRY_SCAN)
		request.dev_opt |= SCAN_INQUIRY;
	return device_ioctl(HCISETSCAN, (uintptr_t)&request);
}

int lsk_hci_set_filter(struct lsk_socket *sock, const struct lsk_hci_filter *filter)
{
	struct hci_ufilter wire;

	if (!filter)
		return -EINVAL;
	memset(&wire, 0, sizeof(wire));
	wire.type_mask = filter->packets;
	wire.event_mask[0] = (uint32_t)filter->events;
	wire.event_mask[1] = (uint32_t)(filter->events >> 32);
	wire.opcode = filter->opcode;
	return lsk_socket_setsockopt(sock, LEVEL_HCI, OPTION_FILTER, &wire,
				     sizeof(wire));
}

int lsk_hci_get_filter(const struct lsk_socket *sock, struct lsk_hci_filter *ret_filter)
{
	struct hci_ufilter wire;
	socklen_t len = sizeof(wire);
	int r;

	if (!ret_filter)
		return -EINVAL;
	memset(&wire, 0, sizeof(wire));
	r = lsk_socket_getsockopt(sock, LEVEL_HCI, OPTION_FILTER, &wire, &len);
	if (r < 0)
		return r;
	*ret_filter = (struct lsk_hci_filter){
		.packets = wire.type_mask,
		.events = wire.event_mask[0] | (uint64_t)wire.event_mask[1] << 32,
		.opcode = wire.opcode,
	};
	return 0;
}

int lsk_hci_set_details(struct lsk_socket *sock, bool on)
{
	int r = lsk_socket_setsockopt_int(sock, LEVEL_HCI, OPTION_DATA_DIR, on);

	return r < 0 ? r
		     : lsk_socket_setsockopt_int(sock, LEVEL_HCI, OPTION_TIME_STAMP,
						 on);
}

int lsk_hci_get_details(const struct lsk_control *control,
			struct lsk_hci_details *ret_details)
{
	struct lsk_hci_details details = {.time_ns = 0};
	struct lsk_control_item item;
	size_t offset = 0;
	int r;

	if (!control || !ret_details)
		return -EINVAL;
	while ((r = lsk_control_next(control, &offset, &item)) > 0) {
		struct timeval time;
		int direction;

		if (item.level != LEVEL_HCI)
			continue;
		if (item.type == CMSG_DIR) {
			if (item.len < sizeof(direction))
				return -EBADMSG;
			memcpy(&direction, item.data, sizeof(direction));
			details.has_direction = true;
			details.is_incoming = direction != 0;
		} else if (item.type == CMSG_TSTAMP) {
			if (item.len < sizeof(time))
				return -EBADMSG;
			memcpy(&time, item.data, sizeof(time));
			if (time.tv_sec < 0 || time.tv_sec > INT32_MAX * INT64_C(4))
				return -EBADMSG;
			details.time_ns = time.tv_sec * LSK_NSEC_PER_SEC +
					  time.tv_usec % 1000000 * 1000;
		}
	}
	if (r < 0)
		return -EBADMSG;
	*ret_details = details;
	return 0;
}

/* --- commands ------------------------------------------------------------------ */

int hci_drain(struct lsk_socket *sock)
{
	uint8_t byte;
	ssize_t len;

	do {
		len = lsk_socket_recv(sock, &byte, 1, MSG_DONTWAIT);
	} while (len >= 0);
	return len == -EAGAIN ? 0 : (int)len;
}

ssize_t hci_receive(struct lsk_socket *sock, void *buf, size_t size,
		    int64_t deadline_ns)
{
	for (;;) {
		ssize_t len = lsk_socket_recv(sock, buf, size, MSG_DONTWAIT);
		int r;

		if (len != -EAGAIN || socket_timeout(sock) == 0)
			return len;
		r = socket_poll(sock, POLLIN, deadline_ns);
		if (r < 0)
			return r;
	}
}

static ssize_t answer_of(struct lsk_socket *sock, uint16_t opcode, void *ret_answer,
			 size_t size, int64_t deadline_ns)
{
	uint8_t buf[LSK_HCI_EVENT_MAX];
	struct lsk_hci_packet packet;
	struct lsk_hci_event event;

	do {
		ssize_t len = hci_receive(sock, buf, sizeof(buf), deadline_ns);

		if (len < 0)
			return len;
		/* A longer packet of data was cut off: it is not ours either. */
		if (lsk_hci_packet_parse(buf, (size_t)len, &packet) < 0 ||
		    lsk_hci_event_parse(&packet, &event) < 0)
			event.kind = LSK_HCI_OTHER;
	} while ((event.kind != LSK_HCI_COMPLETE && event.kind != LSK_HCI_STATUS) ||
		 event.opcode != opcode);
	if (event.kind == LSK_HCI_STATUS) {
		event.data = &event.status;
		event.len = 1;
	}
	if (ret_answer)
		memcpy(ret_answer, event.data, event.len < size ? event.len : size);
	if (event.status != 0)
		return lsk_hci_error(event.status);
	return (ssize_t)event.len;
}

ssize_t lsk_hci_command(struct lsk_socket *sock, const struct lsk_hci_command *command,
			void *ret_answer, size_t size)
{
	struct lsk_hci_filter before, during;
	uint8_t packet[4 + PARAMETERS_MAX];
	int64_t deadline_ns;
	bool has_filter;
	ssize_t len, r;

	if (!sock || !command || (!command->parameters && command->len > 0))
		return -EINVAL;
	deadline_ns = socket_deadline(sock);
	len = lsk_hci_packet_build(&(struct lsk_hci_packet){.kind = LSK_HCI_COMMAND,
							    .code = command->opcode,
							    .data = command->parameters,
							    .len = command->len},
				   packet, sizeof(packet));
	if (len < 0)
		return len;
	has_filter = lsk_hci_get_filter(sock, &before) == 0;
	during = (struct lsk_hci_filter){
		.packets = 1u << LSK_HCI_EVENT,
		.events = UINT64_C(1) << EVENT_COMPLETE | UINT64_C(1) << EVENT_STATUS,
		.opcode = command->opcode,
	};
	r = has_filter ? lsk_hci_set_filter(sock, &during) : 0;
	if (r < 0)
		return r;
	r = hci_drain(sock);
	if (r == 0)
		r = lsk_socket_send(sock, packet, (size_t)len, 0);
	if (r >= 0)
		r = answer_of(sock, command->opcode, ret_answer, size, deadline_ns);
	if (has_filter)
		(void)lsk_hci_set_filter(sock, &before);
	return r;
}

/* --- lines for those who monitor --------------------------------------------- */

/* Kind, controller and length, 16 bits each, little endian; of kind 0 the kernel makes
 * 13. Priority, length of the program's name and the name follow, and the line, both
 * with their NUL. */
int lsk_hci_log(struct lsk_socket *sock, int priority, const char *program,
		const char *line)
{
	uint8_t message[6 + 2 + UINT8_MAX + LSK_HCI_LOG_MAX + 1] = {0};
	size_t name_size, line_size, len;
	ssize_t r;

	if (!sock || !program || !line)
		return -EINVAL;
	if (priority < 0 || priority > 7)
		return LSK_ERR_RANGE;
	name_size = strlen(program) + 1;
	line_size = strlen(line) + 1;
	if (name_size > UINT8_MAX || line_size > LSK_HCI_LOG_MAX + 1)
		return LSK_ERR_LENGTH;
	len = 2 + name_size + line_size;
	message[2] = LSK_HCI_DEV_NONE & 0xff;
	message[3] = LSK_HCI_DEV_NONE >> 8;
	message[4] = (uint8_t)len;
	message[5] = (uint8_t)(len >> 8);
	message[6] = (uint8_t)priority;
	message[7] = (uint8_t)name_size;
	memcpy(message + 8, program, name_size);
	memcpy(message + 8 + name_size, line, line_size);
	r = lsk_socket_send(sock, message, 6 + len, 0);
	return r < 0 ? (int)r : 0;
}
