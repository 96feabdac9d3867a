/* SPDX-License-Identifier: MIT */
/* Packet sockets: opened without a gap, their memberships, filters and counters. */
#include "families/packet_socket.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "src/error.h"
#include "uring/util.h"

/* Younger than the headers that this is compiled with at the least (Linux 6.4, 6.7). */
#ifndef PACKET_VNET_HDR_SZ
#define PACKET_VNET_HDR_SZ 24
#endif
#ifndef TP_STATUS_GSO_TCP
#define TP_STATUS_GSO_TCP (1 << 8)
#endif
#ifndef PACKET_FANOUT_FLAG_IGNORE_OUTGOING
#define PACKET_FANOUT_FLAG_IGNORE_OUTGOING 0x4000
#endif

static_assert(sizeof(struct virtio_net_hdr) == LSK_PACKET_OFFLOAD_SIZE,
	      "the header that is read and written here");
static_assert(LSK_PACKET_FANOUT_EBPF == PACKET_FANOUT_EBPF,
	      "modes have the kernel's numbers");
static_assert(LSK_PACKET_UNICAST == PACKET_MR_UNICAST,
	      "memberships have the kernel's numbers");

/* Index of a device. Return: it, 0 for all, or -ENODEV. */
static int interface_index(const char *interface)
{
	unsigned int index;

	if (!interface || !*interface || strcmp(interface, "any") == 0)
		return 0;
	index = if_nametoindex(interface);
	return index > 0 ? (int)index : -ENODEV;
}

static int linktype_of(unsigned short hardware_type)
{
	switch (hardware_type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		return LSK_LINKTYPE_ETHERNET;
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_PPP:
		return LSK_LINKTYPE_RAW;
	case ARPHRD_CAN:
		return LSK_LINKTYPE_CAN;
	default:
		return -EOPNOTSUPP;
	}
}

int lsk_packet_linktype(const char *interface)
{
	_cleanup_(closep) int fd = -1;
	struct ifreq request = {0};
	int r = interface_index(interface);

	if (r <= 0)
		return r < 0 ? r : LSK_LINKTYPE_LINUX_SLL2;
	fd = syscall_result(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	memcpy(request.ifr_name, interface, strlen(interface));
	r = syscall_result(ioctl(fd, SIOCGIFHWADDR, &request));
	return r < 0 ? r : linktype_of(request.ifr_hwaddr.sa_family);
}

static int set_option(struct lsk_socket *sock, int option, int value, const char *what,
		      struct lsk_error *ret_error)
{
	int r = lsk_socket_setsockopt_int(sock, SOL_PACKET, option, value);

	return r < 0 ? error_set_code(ret_error, r, 0, what) : 0;
}

static int apply_config(struct lsk_socket *sock, const struct lsk_packet_config *config,
			struct lsk_error *ret_error)
{
	int r = 0;

	if (config->filter && config->filter->count > 0) {
		r = lsk_packet_attach_filter(sock, config->filter);
		if (r < 0)
			return error_set_code(ret_error, r, 0, "filter");
	}
	if (config->ignores_outgoing)
		r = set_option(sock, PACKET_IGNORE_OUTGOING, 1,
			       "PACKET_IGNORE_OUTGOING", ret_error);
	if (r == 0 && config->has_auxdata)
		r = set_option(sock, PACKET_AUXDATA, 1, "PACKET_AUXDATA", ret_error);
	if (r == 0 && config->vnet_header == sizeof(struct virtio_net_hdr))
		r = set_option(sock, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR", ret_error);
	else if (r == 0 && config->vnet_header > 0)
		r = set_option(sock, PACKET_VNET_HDR_SZ, (int)config->vnet_header,
			       "PACKET_VNET_HDR_SZ", ret_error);
	if (r == 0 && config->bypasses_qdisc)
		r = set_option(sock, PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS",
			       ret_error);
	if (r == 0 && config->is_promiscuous) {
		r = lsk_packet_add_membership(sock, config->interface,
					      LSK_PACKET_PROMISCUOUS, NULL, 0);
		if (r < 0)
			return error_set_code(ret_error, r, 0, "promiscuous");
	}
	return r;
}

int packet_prepare(struct lsk_socket **ret_socket,
		   const struct lsk_packet_config *config, struct lsk_error *ret_error)
{
	_cleanup_(lsk_socket_freep) struct lsk_socket *sock = NULL;
	/* Protocol 0 receives nothing; bind(2) will name the one that is wanted. */
	int r = lsk_socket_new(&sock, AF_PACKET,
			       config->is_cooked ? SOCK_DGRAM : SOCK_RAW, 0);

	if (r < 0)
		return error_set_code(ret_error, r, 0, "socket");
	r = interface_index(config->interface);
	if (r < 0)
		return error_set(ret_error, r, 0, "no interface is called \"%s\"",
				 config->interface);
	r = apply_config(sock, config, ret_error);
	if (r < 0)
		return r;
	*ret_socket = sock;
	sock = NULL;
	return 0;
}

int packet_bind(struct lsk_socket *sock, const struct lsk_packet_config *config,
		struct lsk_error *ret_error)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(config->protocol ? config->protocol : ETH_P_ALL),
		.sll_ifindex = interface_index(config->interface),
	};
	struct lsk_addr addr;
	int r;

	if (ll.sll_ifindex < 0)
		return error_set_code(ret_error, ll.sll_ifindex, 0, "bind");
	r = lsk_addr_set(&addr, &ll, sizeof(ll));
	if (r == 0)
		r = lsk_socket_bind(sock, &addr);
	return r < 0 ? error_set_code(ret_error, r, 0, "bind") : 0;
}

int lsk_packet_open(struct lsk_socket **ret_socket,
		    const struct lsk_packet_config *config, struct lsk_error *ret_error)
{
	static const struct lsk_packet_config defaults;
	_cleanup_(lsk_socket_freep) struct lsk_socket *sock = NULL;
	int r;

	if (!ret_socket)
		return -EINVAL;
	if (!config)
		config = &defaults;
	r = packet_prepare(&sock, config, ret_error);
	if (r == 0)
		r = packet_bind(sock, config, ret_error);
	if (r < 0)
		return r;
	*ret_socket = sock;
	sock = NULL;
	return 0;
}

static int change_membership(struct lsk_socket *sock, int option, const char *interface,
			     struct packet_mreq *request, const void *hardware)
{
	if (request->mr_alen > sizeof(request->mr_address))
		return LSK_ERR_LENGTH;
	if (request->mr_alen > 0 && !hardware)
		return -EINVAL;
	request->mr_ifindex = interface_index(interface);
	/* A membership is one device's. */
	if (request->mr_ifindex <= 0)
		return -ENODEV;
	if (hardware)
		memcpy(request->mr_address, hardware, request->mr_alen);
	return lsk_socket_setsockopt(sock, SOL_PACKET, option, request,
				     sizeof(*request));
}

static unsigned short clamp_len(size_t len)
{
	return len > UINT8_MAX ? UINT8_MAX : (unsigned short)len;
}

int lsk_packet_add_membership(struct lsk_socket *sock, const char *interface,
			      enum lsk_packet_membership kind, const void *hardware,
			      size_t hardware_len)
{
	struct packet_mreq request = {
		.mr_type = (unsigned short)kind,
		.mr_alen = clamp_len(hardware_len),
	};

	return change_membership(sock, PACKET_ADD_MEMBERSHIP, interface, &request,
				 hardware);
}

int lsk_packet_remove_membership(struct lsk_socket *sock, const char *interface,
				 enum lsk_packet_membership kind, const void *hardware,
				 size_t hardware_len)
{
	struct packet_mreq request = {
		.mr_type = (unsigned short)kind,
		.mr_alen = clamp_len(hardware_len),
	};

	return change_membership(sock, PACKET_DROP_MEMBERSHIP, interface, &request,
				 hardware);
}

/* Return: 0 and the kernel's form of @filter, or -EINVAL. */
static int filter_program(const struct lsk_packet_filter *filter,
			  struct sock_fprog *ret_program)
{
	if (!filter || !filter->instructions || filter->count == 0 ||
	    filter->count > BPF_MAXINSNS)
		return -EINVAL;
	*ret_program = (struct sock_fprog){
		.len = (unsigned short)filter->count,
		.filter = filter->instructions,
	};
	return 0;
}

int lsk_packet_attach_filter(struct lsk_socket *sock,
			     const struct lsk_packet_filter *filter)
{
	struct sock_fprog program;
	int r = filter_program(filter, &program);

	if (r < 0)
		return r;
	return lsk_socket_setsockopt(sock, SOL_SOCKET, SO_ATTACH_FILTER, &program,
				     sizeof(program));
}

int lsk_packet_attach_bpf(struct lsk_socket *sock, int program_fd)
{
	return lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_ATTACH_BPF, program_fd);
}

int lsk_packet_detach_filter(struct lsk_socket *sock)
{
	return lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_DETACH_FILTER, 0);
}

int lsk_packet_lock_filter(struct lsk_socket *sock)
{
	return lsk_socket_setsockopt_int(sock, SOL_SOCKET, SO_LOCK_FILTER, 1);
}

int lsk_packet_join_fanout(struct lsk_socket *sock,
			   const struct lsk_packet_fanout *fanout)
{
	unsigned int flags = 0;
	int value = 0;
	int r;

	if (!fanout || fanout->mode > LSK_PACKET_FANOUT_EBPF)
		return -EINVAL;
	if (fanout->rolls_over)
		flags |= PACKET_FANOUT_FLAG_ROLLOVER;
	if (fanout->defragments)
		flags |= PACKET_FANOUT_FLAG_DEFRAG;
	if (fanout->ignores_outgoing)
		flags |= PACKET_FANOUT_FLAG_IGNORE_OUTGOING;
	if (!fanout->joins)
		flags |= PACKET_FANOUT_FLAG_UNIQUEID;
	r = lsk_socket_setsockopt_int(
		sock, SOL_PACKET, PACKET_FANOUT,
		(int)((fanout->joins ? fanout->id : 0u) |
		      ((unsigned int)fanout->mode | flags) << 16));
	if (r == 0)
		r = lsk_socket_getsockopt_int(sock, SOL_PACKET, PACKET_FANOUT, &value);
	return r < 0 ? r : value & UINT16_MAX;
}

int lsk_packet_set_fanout_filter(struct lsk_socket *sock,
				 const struct lsk_packet_filter *filter)
{
	struct sock_fprog program;
	int r = filter_program(filter, &program);

	if (r < 0)
		return r;
	return lsk_socket_setsockopt(sock, SOL_PACKET, PACKET_FANOUT_DATA, &program,
				     sizeof(program));
}

int lsk_packet_set_fanout_bpf(struct lsk_socket *sock, int program_fd)
{
	return lsk_socket_setsockopt_int(sock, SOL_PACKET, PACKET_FANOUT_DATA,
					 program_fd);
}

int lsk_packet_rollover_stats(struct lsk_socket *sock,
			      struct lsk_packet_rollover *ret_stats)
{
	struct tpacket_rollover_stats stats = {0};
	socklen_t len = sizeof(stats);
	int r;

	if (!ret_stats)
		return -EINVAL;
	r = lsk_socket_getsockopt(sock, SOL_PACKET, PACKET_ROLLOVER_STATS, &stats,
				  &len);
	if (r < 0)
		return r;
	*ret_stats = (struct lsk_packet_rollover){
		.all = stats.tp_all,
		.huge = stats.tp_huge,
		.failed = stats.tp_failed,
	};
	return 0;
}

int packet_take_stats(int fd, struct lsk_packet_stats *ret_stats)
{
	struct tpacket_stats_v3 stats = {0};
	socklen_t len = sizeof(stats);
	int r = syscall_result(
		getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len));

	if (r < 0)
		return r;
	/* The kernel's first number has the second in it. */
	*ret_stats = (struct lsk_packet_stats){
		.received = stats.tp_packets - stats.tp_drops,
		.dropped = stats.tp_drops,
		.freezes = len == sizeof(stats) ? stats.tp_freeze_q_cnt : 0,
	};
	return 0;
}

int lsk_packet_take_stats(struct lsk_socket *sock, struct lsk_packet_stats *ret_stats)
{
	int fd = sock ? lsk_socket_fd(sock) : -EINVAL;

	if (fd < 0 || !ret_stats)
		return fd < 0 ? fd : -EINVAL;
	return packet_take_stats(fd, ret_stats);
}

uint32_t packet_flags(uint32_t status)
{
	uint32_t flags = 0;

	if (status & TP_STATUS_VLAN_VALID)
		flags |= LSK_PACKET_HAS_VLAN;
	if (status & TP_STATUS_CSUMNOTREADY)
		flags |= LSK_PACKET_CHECKSUM_MISSING;
	if (status & TP_STATUS_CSUM_VALID)
		flags |= LSK_PACKET_CHECKSUM_VALID;
	if (status & TP_STATUS_GSO_TCP)
		flags |= LSK_PACKET_GSO_TCP;
	if (status & TP_STATUS_LOSING)
		flags |= LSK_PACKET_LOSING;
	if (status & TP_STATUS_TS_RAW_HARDWARE)
		flags |= LSK_PACKET_HARDWARE_TIME;
	return flags;
}

int lsk_packet_get_auxdata(const struct lsk_control_item *item,
			   struct lsk_packet_auxdata *ret_auxdata)
{
	struct tpacket_auxdata auxdata;

	if (!item || !ret_auxdata)
		return -EINVAL;
	if (item->level != SOL_PACKET || item->type != PACKET_AUXDATA)
		return -ENOMSG;
	if (item->len < sizeof(auxdata))
		return -EBADMSG;
	memcpy(&auxdata, item->data, sizeof(auxdata));
	*ret_auxdata = (struct lsk_packet_auxdata){
		.flags = packet_flags(auxdata.tp_status),
		.length = auxdata.tp_len,
		.captured = auxdata.tp_snaplen,
		.vlan_tci = auxdata.tp_vlan_tci,
		.vlan_tpid = auxdata.tp_status & TP_STATUS_VLAN_TPID_VALID
				     ? auxdata.tp_vlan_tpid
				     : ETH_P_8021Q,
	};
	return 0;
}

int lsk_packet_get_offload(const void *data, size_t len,
			   struct lsk_packet_offload *ret_offload)
{
	struct virtio_net_hdr header;

	if (!data || !ret_offload)
		return -EINVAL;
	if (len < sizeof(header))
		return -EBADMSG;
	memcpy(&header, data, sizeof(header));
	*ret_offload = (struct lsk_packet_offload){
		.needs_checksum = header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.is_checked = header.flags & VIRTIO_NET_HDR_F_DATA_VALID,
		.gso_type = header.gso_type,
		.header_len = header.hdr_len,
		.gso_size = header.gso_size,
		.checksum_start = header.csum_start,
		.checksum_offset = header.csum_offset,
	};
	return 0;
}

void lsk_packet_put_offload(void *data, const struct lsk_packet_offload *offload)
{
	struct virtio_net_hdr header = {
		.flags = (offload->needs_checksum ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0) |
			 (offload->is_checked ? VIRTIO_NET_HDR_F_DATA_VALID : 0),
		.gso_type = offload->gso_type,
		.hdr_len = offload->header_len,
		.gso_size = offload->gso_size,
		.csum_start = offload->checksum_start,
		.csum_offset = offload->checksum_offset,
	};

	memcpy(data, &header, sizeof(header));
}

int lsk_packet_set_clock(struct lsk_socket *sock, bool hardware)
{
	return lsk_socket_setsockopt_int(sock, SOL_PACKET, PACKET_TIMESTAMP,
					 hardware ? SOF_TIMESTAMPING_RAW_HARDWARE : 0);
}
