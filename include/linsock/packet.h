/* SPDX-License-Identifier: MIT */
/*
 * PACKET: frames of a network device. See packet(7).
 *
 *	packet://eth0/0x0800     packet://any/all
 *	packet://eth0/0x0800/otherhost/1/00:11:22:33:44:55
 *
 * That is interface, protocol, packet type, hardware type (ARPHRD_*) and hardware
 * address; what is left out is 0, and the interface "any" stands for all.
 *
 * Here stands what a packet socket can do: opening it without a gap in its filter,
 * memberships, filters, fanout, counters and control messages. It is a plain
 * struct lsk_socket, so lsk_socket_recvmsg(), lsk_loop_recvmsg_stream() and the rest
 * work on it; for protocols of a low rate that is all one needs. Capture goes through a
 * ring in shared memory, <linsock/packet_ring.h>, for a hundredth of the cost.
 *
 * All calls need CAP_NET_RAW in the network namespace of the socket.
 */
#ifndef LINSOCK_PACKET_H
#define LINSOCK_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

#include <linsock/addr.h>
#include <linsock/base.h>
#include <linsock/control.h>
#include <linsock/error.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/**
 * lsk_addr_packet() - a link-layer address from its parts
 * @ret_addr: set on success
 * @interface: name of the device; NULL or "" for all
 * @protocol: ETH_P_*, host byte order; 0 receives nothing until bind(2) says more
 * @hardware: hardware address of a frame's destination; NULL for none; copied
 * @hardware_len: bytes at @hardware, at most 8
 *
 * Return: 0, -ENODEV, LSK_ERR_LENGTH (name or hardware address), -EINVAL for NULL.
 */
int lsk_addr_packet(struct lsk_addr *ret_addr, const char *interface, uint16_t protocol,
		    const void *hardware, size_t hardware_len);

/**
 * enum lsk_linktype - what a packet begins with, in the numbers of capture files
 * @LSK_LINKTYPE_NULL: 4 bytes of address family in the writer's order (BSD loopback)
 * @LSK_LINKTYPE_ETHERNET: an Ethernet header
 * @LSK_LINKTYPE_RAW: an IPv4 or IPv6 header
 * @LSK_LINKTYPE_LINUX_SLL: 16 bytes that stand for any header ("cooked")
 * @LSK_LINKTYPE_CAN: a CAN frame of SocketCAN
 * @LSK_LINKTYPE_IPV4: an IPv4 header
 * @LSK_LINKTYPE_IPV6: an IPv6 header
 * @LSK_LINKTYPE_LINUX_SLL2: 20 bytes that stand for any header, with the interface
 */
enum lsk_linktype {
	LSK_LINKTYPE_NULL = 0,
	LSK_LINKTYPE_ETHERNET = 1,
	LSK_LINKTYPE_RAW = 101,
	LSK_LINKTYPE_LINUX_SLL = 113,
	LSK_LINKTYPE_CAN = 227,
	LSK_LINKTYPE_IPV4 = 228,
	LSK_LINKTYPE_IPV6 = 229,
	LSK_LINKTYPE_LINUX_SLL2 = 276,
};

/**
 * lsk_packet_linktype() - what frames of a device begin with
 * @interface: name of the device; NULL, "" or "any": LSK_LINKTYPE_LINUX_SLL2, which
 *	cooked packets are written as
 *
 * Return: LSK_LINKTYPE_*; -ENODEV; -EOPNOTSUPP for a device whose frames have no number
 * here: open it with is_cooked and write LSK_LINKTYPE_LINUX_SLL2.
 */
int lsk_packet_linktype(const char *interface);

/**
 * struct lsk_packet_filter - a program of classic BPF
 * @instructions: what setsockopt(2) SO_ATTACH_FILTER takes; owned by whoever made it
 * @count: how many; 0: no filter, everything passes
 */
struct lsk_packet_filter {
	struct sock_filter *instructions;
	size_t count;
};

/**
 * struct lsk_packet_config - how a packet socket is opened; zero members have defaults
 * @interface: NULL, "" or "any": all of them
 * @protocol: ETH_P_*, host byte order; 0: all (ETH_P_ALL)
 * @is_cooked: SOCK_DGRAM: without the link-layer header
 * @is_promiscuous: take what is for others too; needs an @interface
 * @ignores_outgoing: do not show what this machine sends
 * @has_auxdata: every message comes with struct lsk_packet_auxdata
 * @vnet_header: bytes of the virtio-net header before each frame: 0, 10 (any kernel) or
 *	another size that the kernel takes (12; Linux 6.4)
 * @bypasses_qdisc: what is sent goes to the driver's queue directly
 * @filter: attached before the first packet can come; NULL for none
 */
struct lsk_packet_config {
	const char *interface;
	uint16_t protocol;
	bool is_cooked;
	bool is_promiscuous;
	bool ignores_outgoing;
	bool has_auxdata;
	unsigned int vnet_header;
	bool bypasses_qdisc;
	const struct lsk_packet_filter *filter;
};

/**
 * lsk_packet_open() - make a packet socket and bind it
 * @ret_socket: set on success; free with lsk_socket_free()
 * @config: copied; NULL for the defaults
 * @ret_error: which step failed; may be NULL
 *
 * The socket receives nothing before all of @config is in force: no packet passes that
 * the filter would not have let through.
 *
 * Return: 0, -EPERM, -ENODEV, -ENOPROTOOPT (@vnet_header on an old kernel), or what the
 * step that failed says.
 */
int lsk_packet_open(struct lsk_socket **ret_socket,
		    const struct lsk_packet_config *config,
		    struct lsk_error *ret_error);

/**
 * enum lsk_packet_membership - what a socket asks a device to receive
 * @LSK_PACKET_MULTICAST: one group's hardware address
 * @LSK_PACKET_PROMISCUOUS: everything
 * @LSK_PACKET_ALL_MULTICAST: every group
 * @LSK_PACKET_UNICAST: one more hardware address of its own
 */
enum lsk_packet_membership {
	LSK_PACKET_MULTICAST,
	LSK_PACKET_PROMISCUOUS,
	LSK_PACKET_ALL_MULTICAST,
	LSK_PACKET_UNICAST,
};

/**
 * lsk_packet_add_membership() - ask a device to receive more
 * @sock: a packet socket
 * @interface: name of the device
 * @kind: enum lsk_packet_membership
 * @hardware: address of the group; NULL where @kind has none
 * @hardware_len: bytes at @hardware, at most 8
 *
 * Memberships are counted, and end with the socket.
 *
 * Return: 0, -ENODEV, LSK_ERR_LENGTH; -EINVAL for an address of another length than
 * those of the device.
 */
int lsk_packet_add_membership(struct lsk_socket *sock, const char *interface,
			      enum lsk_packet_membership kind, const void *hardware,
			      size_t hardware_len);

/**
 * lsk_packet_remove_membership() - take one such request back
 * @sock: a packet socket
 * @interface: as it was added
 * @kind: as it was added
 * @hardware: as it was added
 * @hardware_len: as it was added
 *
 * Return: 0, -ENODEV, LSK_ERR_LENGTH; 0 too where there was none.
 */
int lsk_packet_remove_membership(struct lsk_socket *sock, const char *interface,
				 enum lsk_packet_membership kind, const void *hardware,
				 size_t hardware_len);

/**
 * lsk_packet_filter_compile() - a program from tcpdump's filter words
 * @ret_filter: set on success; free with lsk_packet_filter_done()
 * @words: as in pcap-filter(7): "udp port 53"; "" matches everything
 * @linktype: of the frames: LSK_LINKTYPE_*
 * @interface: device that the program will run on in the kernel, where tags of VLANs
 *	stand beside the frame, and "inbound" has a meaning; NULL for frames of a file
 * @ret_error: what is wrong with @words; may be NULL
 *
 * libpcap does it, which is looked for when this is called first (libpcap.so.1 or
 * .so.0.8) and never unloaded. For LSK_LINKTYPE_LINUX_SLL2 with an @interface ("any")
 * the program is one for a cooked socket. Thread-safe where libpcap is.
 *
 * Return: 0; -EOPNOTSUPP where there is no libpcap; LSK_ERR_SYNTAX; -ENOMEM.
 */
int lsk_packet_filter_compile(struct lsk_packet_filter *ret_filter, const char *words,
			      int linktype, const char *interface,
			      struct lsk_error *ret_error);

/** lsk_packet_filter_done() - free the instructions; NULL and empty are allowed */
void lsk_packet_filter_done(struct lsk_packet_filter *filter);

/**
 * lsk_packet_filter_check() - whether a program is one that cannot do harm
 * @filter: the program
 *
 * The kernel's rules: known instructions, jumps forward and inside, a return at the
 * end, no division by a constant 0.
 *
 * Return: 0 or -EINVAL.
 */
int lsk_packet_filter_check(const struct lsk_packet_filter *filter);

/**
 * lsk_packet_filter_run() - run a program on a frame in this process
 * @filter: a program that lsk_packet_filter_check() passed
 * @data: bytes of the frame
 * @captured: how many there are
 * @length: how many the frame had
 *
 * A load past the end, or of what only the kernel knows (SKF_AD_*), ends the program
 * with 0.
 *
 * Return: bytes of the frame that are wanted; 0: it does not match.
 */
uint32_t lsk_packet_filter_run(const struct lsk_packet_filter *filter, const void *data,
			       uint32_t captured, uint32_t length);

/**
 * lsk_packet_attach_filter() - let the kernel drop what a program does not want
 * @sock: any socket
 * @filter: copied by the kernel; replaces the one before
 *
 * Return: 0; -EINVAL; -EPERM where the filter is locked; -ENOMEM (optmem_max).
 */
int lsk_packet_attach_filter(struct lsk_socket *sock,
			     const struct lsk_packet_filter *filter);

/**
 * lsk_packet_attach_bpf() - the same with a program of eBPF
 * @sock: any socket
 * @program_fd: a BPF_PROG_TYPE_SOCKET_FILTER; borrowed
 *
 * Return: 0, -EBADF, -EINVAL, -EPERM.
 */
int lsk_packet_attach_bpf(struct lsk_socket *sock, int program_fd);

/** lsk_packet_detach_filter() - no filter any more; 0, -ENOENT, -EPERM (locked) */
int lsk_packet_detach_filter(struct lsk_socket *sock);

/**
 * lsk_packet_lock_filter() - nobody changes the filter any more
 * @sock: any socket
 *
 * For programs that give the socket, or their privileges, away. It cannot be undone.
 *
 * Return: 0 or the negated errno of setsockopt(2).
 */
int lsk_packet_lock_filter(struct lsk_socket *sock);

/**
 * enum lsk_packet_fanout_mode - which socket of a group gets a packet
 * @LSK_PACKET_FANOUT_HASH: by flow
 * @LSK_PACKET_FANOUT_LOAD_BALANCE: in turn
 * @LSK_PACKET_FANOUT_CPU: by the CPU that it came in on
 * @LSK_PACKET_FANOUT_ROLLOVER: the first, and the next when that is full
 * @LSK_PACKET_FANOUT_RANDOM: by chance
 * @LSK_PACKET_FANOUT_QUEUE: by the device's receive queue
 * @LSK_PACKET_FANOUT_CBPF: as a classic program says
 * @LSK_PACKET_FANOUT_EBPF: as an eBPF program says
 */
enum lsk_packet_fanout_mode {
	LSK_PACKET_FANOUT_HASH,
	LSK_PACKET_FANOUT_LOAD_BALANCE,
	LSK_PACKET_FANOUT_CPU,
	LSK_PACKET_FANOUT_ROLLOVER,
	LSK_PACKET_FANOUT_RANDOM,
	LSK_PACKET_FANOUT_QUEUE,
	LSK_PACKET_FANOUT_CBPF,
	LSK_PACKET_FANOUT_EBPF,
};

/**
 * struct lsk_packet_fanout - a group of sockets that share the packets
 * @mode: how
 * @joins: the group @id; else a new group is made, with a number that nobody has, which
 *	numbers made of process ids do not guarantee
 * @id: number of a group in the network namespace
 * @rolls_over: to another member where the chosen one is full
 * @defragments: IPv4 fragments are put together first, so that a flow stays together
 * @ignores_outgoing: the whole group does (Linux 6.0); -EINVAL before
 */
struct lsk_packet_fanout {
	enum lsk_packet_fanout_mode mode;
	bool joins;
	uint16_t id;
	bool rolls_over;
	bool defragments;
	bool ignores_outgoing;
};

/**
 * lsk_packet_join_fanout() - make a group or join one
 * @sock: a bound packet socket whose device is up
 * @fanout: the same in all members, but for @joins and @id of the first
 *
 * Return: the group's number; -EALREADY for a socket in a group; -EINVAL for another
 * mode, device or protocol than the group's; -ENETDOWN; -ENOSPC for a group that is
 * full (256 members).
 */
int lsk_packet_join_fanout(struct lsk_socket *sock,
			   const struct lsk_packet_fanout *fanout);

/**
 * lsk_packet_set_fanout_filter() - the program of LSK_PACKET_FANOUT_CBPF
 * @sock: a member
 * @filter: returns a number whose rest by the number of members is the member
 *
 * Return: 0, -EINVAL, -EPERM (locked).
 */
int lsk_packet_set_fanout_filter(struct lsk_socket *sock,
				 const struct lsk_packet_filter *filter);

/**
 * lsk_packet_set_fanout_bpf() - the program of LSK_PACKET_FANOUT_EBPF
 * @sock: a member
 * @program_fd: a BPF_PROG_TYPE_SOCKET_FILTER; borrowed
 *
 * Return: 0, -EINVAL, -EPERM (locked).
 */
int lsk_packet_set_fanout_bpf(struct lsk_socket *sock, int program_fd);

/**
 * struct lsk_packet_rollover - how often packets went to another member
 * @all: packets that did
 * @huge: because one flow was most of the traffic
 * @failed: because there was room nowhere
 */
struct lsk_packet_rollover {
	uint64_t all;
	uint64_t huge;
	uint64_t failed;
};

/**
 * lsk_packet_rollover_stats() - read those counters
 * @sock: a member of a group that rolls over
 * @ret_stats: set on success
 *
 * Return: 0 or -EINVAL where the socket does not roll over.
 */
int lsk_packet_rollover_stats(struct lsk_socket *sock,
			      struct lsk_packet_rollover *ret_stats);

/**
 * struct lsk_packet_stats - what became of the packets that passed the filter
 * @received: are in the socket's queue or ring, or were taken from there
 * @dropped: found no room
 * @freezes: times that a ring of blocks was full; 0 without one
 */
struct lsk_packet_stats {
	uint64_t received;
	uint64_t dropped;
	uint64_t freezes;
};

/**
 * lsk_packet_take_stats() - counters since the last such call
 * @sock: a packet socket without a ring; lsk_packet_ring_stats() adds up a ring's
 * @ret_stats: set on success
 *
 * Reading sets the kernel's counters to 0: one reader per socket.
 *
 * Return: 0 or the negated errno of getsockopt(2).
 */
int lsk_packet_take_stats(struct lsk_socket *sock, struct lsk_packet_stats *ret_stats);

/**
 * enum lsk_packet_flags - what is known of a packet besides its bytes
 * @LSK_PACKET_HAS_VLAN: vlan_tci and vlan_tpid say the tag that the device took off
 * @LSK_PACKET_CHECKSUM_MISSING: sent here, its checksum is left to the device
 * @LSK_PACKET_CHECKSUM_VALID: the device or the kernel has checked it
 * @LSK_PACKET_GSO_TCP: many TCP segments in one (Linux 6.7)
 * @LSK_PACKET_LOSING: packets were dropped since the counters were read
 * @LSK_PACKET_HARDWARE_TIME: the time is the device's
 * @LSK_PACKET_OUTGOING: sent by this machine; of a file, where it says so
 */
enum lsk_packet_flags {
	LSK_PACKET_HAS_VLAN = 1 << 0,
	LSK_PACKET_CHECKSUM_MISSING = 1 << 1,
	LSK_PACKET_CHECKSUM_VALID = 1 << 2,
	LSK_PACKET_GSO_TCP = 1 << 3,
	LSK_PACKET_LOSING = 1 << 4,
	LSK_PACKET_HARDWARE_TIME = 1 << 5,
	LSK_PACKET_OUTGOING = 1 << 6,
};

/**
 * struct lsk_packet_auxdata - what comes beside a message (PACKET_AUXDATA)
 * @flags: enum lsk_packet_flags
 * @length: bytes that the frame had
 * @captured: bytes that the filter left
 * @vlan_tci: priority and VLAN, where @flags have LSK_PACKET_HAS_VLAN
 * @vlan_tpid: ETH_P_8021Q or ETH_P_8021AD
 */
struct lsk_packet_auxdata {
	uint32_t flags;
	uint32_t length;
	uint32_t captured;
	uint16_t vlan_tci;
	uint16_t vlan_tpid;
};

/**
 * lsk_packet_get_auxdata() - read it out of a control message
 * @item: the item
 * @ret_auxdata: set on success
 *
 * Return: 0, -ENOMSG, -EBADMSG.
 */
int lsk_packet_get_auxdata(const struct lsk_control_item *item,
			   struct lsk_packet_auxdata *ret_auxdata);

/**
 * struct lsk_packet_offload - the virtio-net header before a frame
 * @needs_checksum: from @checksum_start on a checksum is to be put at @checksum_offset
 * @is_checked: the checksum was found right
 * @gso_type: VIRTIO_NET_HDR_GSO_*
 * @header_len: bytes of headers in a frame of several segments
 * @gso_size: bytes of payload in each segment
 * @checksum_start: from the frame's start
 * @checksum_offset: from @checksum_start
 */
struct lsk_packet_offload {
	bool needs_checksum;
	bool is_checked;
	uint8_t gso_type;
	uint16_t header_len;
	uint16_t gso_size;
	uint16_t checksum_start;
	uint16_t checksum_offset;
};

/** LSK_PACKET_OFFLOAD_SIZE - bytes of the header that are read and written here */
#define LSK_PACKET_OFFLOAD_SIZE 10

/**
 * lsk_packet_get_offload() - read the header
 * @data: a message of a socket with vnet_header
 * @len: bytes at @data
 * @ret_offload: set on success
 *
 * Return: 0 or -EBADMSG.
 */
int lsk_packet_get_offload(const void *data, size_t len,
			   struct lsk_packet_offload *ret_offload);

/**
 * lsk_packet_put_offload() - write the header
 * @data: gets LSK_PACKET_OFFLOAD_SIZE bytes; set what follows to 0 where the socket's
 *	header is longer
 * @offload: the values
 */
void lsk_packet_put_offload(void *data, const struct lsk_packet_offload *offload);

/**
 * lsk_packet_set_clock() - whose times a ring brings
 * @sock: a packet socket
 * @hardware: the device's, where it has one and was told to (SIOCSHWTSTAMP), instead of
 *	the kernel's
 *
 * Messages carry times as other sockets' do: lsk_control_get_timestamps().
 *
 * Return: 0 or the negated errno of setsockopt(2).
 */
int lsk_packet_set_clock(struct lsk_socket *sock, bool hardware);

LSK_END_DECLS

#endif
