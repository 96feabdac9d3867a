/* SPDX-License-Identifier: MIT */
/*
 * PACKET rings: memory that the kernel and the program share.
 *
 * A receive ring brings packets without a system call for each: 10 to 30 ns of CPU per
 * packet where recv(2), recvmmsg(2) and io_uring need more than 1000. What is waited
 * for is a block of packets, or the end of the block's time. A transmit ring sends many
 * frames by one system call.
 *
 *	lsk_packet_ring_open(&ring, &config, NULL, NULL);
 *	while ((r = lsk_packet_ring_wait(ring, LSK_BLOCK)) == 0)
 *		while ((r = lsk_packet_ring_next(ring, packets, 64)) > 0)
 *			…
 *
 * On a loop lsk_packet_ring_watch() does the waiting. A ring belongs to one thread at a
 * time; several rings share the traffic by lsk_packet_join_fanout().
 */
#ifndef LINSOCK_PACKET_RING_H
#define LINSOCK_PACKET_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/error.h>
#include <linsock/loop.h>
#include <linsock/packet.h>

LSK_BEGIN_DECLS

struct lsk_packet_ring;
struct lsk_packet_sender;

/**
 * struct lsk_packet - a packet, as a ring or a file brings it
 * @data: its bytes; borrowed
 * @time_ns: CLOCK_REALTIME in nanoseconds, or the device's clock
 * @captured: bytes at @data
 * @length: bytes that the packet had; never less than @captured
 * @flags: enum lsk_packet_flags
 * @interface: index of the device; of a file: number of its interface, from 0 on
 * @protocol: ETH_P_*, host byte order; 0 in a file of frames
 * @hardware_type: ARPHRD_* of the device; 0 in a file
 * @kind: PACKET_HOST, _BROADCAST, _MULTICAST, _OTHERHOST or _OUTGOING
 * @hardware_len: bytes of @hardware
 * @vlan_tci: where @flags have LSK_PACKET_HAS_VLAN
 * @vlan_tpid: ETH_P_8021Q or ETH_P_8021AD
 * @hardware: the sender's address
 */
struct lsk_packet {
	const uint8_t *data;
	int64_t time_ns;
	uint32_t captured;
	uint32_t length;
	uint32_t flags;
	int32_t interface;
	uint16_t protocol;
	uint16_t hardware_type;
	uint8_t kind;
	uint8_t hardware_len;
	uint16_t vlan_tci;
	uint16_t vlan_tpid;
	uint8_t hardware[8];
};

/**
 * struct lsk_packet_ring_options - zero members have defaults
 * @buffer_size: bytes of the whole ring; 8 MiB
 * @block_size: bytes that are handed over at one time, a multiple of the page; an
 *	eighth of the ring, less with a @block_timeout_ms below 64, between 256 KiB and
 *	1 MiB
 * @block_timeout_ms: after which a block is handed over that is not full; 64. Kernels
 *	before 7.2 round it up to their tick, 4 ms and more with some; 1 is a compromise
 *	between latency and cost. A ring whose reader stalls is full after this time for
 *	each of its blocks, however few the packets: 32 ms with 1 and the default sizes
 * @is_immediate: every packet is handed over at once (TPACKET_V2), at the cost of a
 *	wake-up for each when they are few
 * @snap_len: bytes of a packet that are kept; 262144, or 65535 with @is_immediate,
 *	where every packet takes a slot of this size
 * @keeps_vlan_apart: a tag that the device took off stays beside the frame; else it is
 *	put back where it was on the wire, as capture files have it
 */
struct lsk_packet_ring_options {
	size_t buffer_size;
	size_t block_size;
	unsigned int block_timeout_ms;
	bool is_immediate;
	uint32_t snap_len;
	bool keeps_vlan_apart;
};

/**
 * lsk_packet_ring_open() - make a packet socket with a receive ring
 * @ret_ring: set on success; free with lsk_packet_ring_free()
 * @config: as for lsk_packet_open()
 * @options: copied; NULL for the defaults
 * @ret_error: which step failed; may be NULL
 *
 * Return: as lsk_packet_open(); -ENOMEM where there is no memory for the ring; -EINVAL
 * for sizes that cannot be.
 */
int lsk_packet_ring_open(struct lsk_packet_ring **ret_ring,
			 const struct lsk_packet_config *config,
			 const struct lsk_packet_ring_options *options,
			 struct lsk_error *ret_error);

/** lsk_packet_ring_free() - close the socket and unmap; NULL is allowed; NULL */
struct lsk_packet_ring *lsk_packet_ring_free(struct lsk_packet_ring *ring);

/**
 * lsk_packet_ring_socket() - the ring's socket, for memberships, filters and fanout
 * @ring: the ring
 *
 * Receiving on it brings nothing: the packets are in the ring.
 *
 * Return: the socket, borrowed from @ring.
 */
struct lsk_socket *lsk_packet_ring_socket(struct lsk_packet_ring *ring);

/**
 * lsk_packet_ring_next() - take packets, without a system call
 * @ring: the ring
 * @ret_packets: gets them; @data is valid until the next call of this function
 * @count: room in @ret_packets
 *
 * Return: how many; 0 where none is there now; -EINVAL.
 */
int lsk_packet_ring_next(struct lsk_packet_ring *ring, struct lsk_packet *ret_packets,
			 unsigned int count);

/**
 * lsk_packet_ring_wait() - wait until packets are there
 * @ring: the ring
 * @timeout_ns: LSK_BLOCK for no limit; 0 looks only
 *
 * A ring with blocks may say so for a block without packets.
 *
 * Return: 0; -ETIME; -ENETDOWN once when the device goes down (packets come again when
 * it is up); -EINTR from the interrupt hook.
 */
int lsk_packet_ring_wait(struct lsk_packet_ring *ring, int64_t timeout_ns);

/**
 * lsk_packet_ring_stop() - receive no more
 * @ring: the ring
 *
 * What came before is still in the ring or in a block that has not been handed over:
 * take packets until their number is that of lsk_packet_ring_stats(). The number does
 * not change any more when this returns (it waits for the kernel's other CPUs). The
 * filter is replaced by one that drops everything.
 *
 * Return: 0; -EPERM where the filter is locked.
 */
int lsk_packet_ring_stop(struct lsk_packet_ring *ring);

/**
 * lsk_packet_ring_stats() - counters since the ring was made
 * @ring: the ring
 * @ret_stats: set on success; received and dropped together are all that passed the
 *	filter
 *
 * Call it at least once in 4 thousand million packets: the kernel's counters have 32
 * bits.
 *
 * Return: 0 or the negated errno of getsockopt(2).
 */
int lsk_packet_ring_stats(struct lsk_packet_ring *ring,
			  struct lsk_packet_stats *ret_stats);

/**
 * lsk_packet_ring_offload() - the virtio-net header of a packet
 * @ring: a ring whose config had vnet_header
 * @packet: from the last lsk_packet_ring_next()
 * @ret_offload: set on success
 *
 * Return: 0; -ENODATA without vnet_header; -EINVAL.
 */
int lsk_packet_ring_offload(const struct lsk_packet_ring *ring,
			    const struct lsk_packet *packet,
			    struct lsk_packet_offload *ret_offload);

/**
 * typedef lsk_packet_fn - told of packets, and of the end
 * @ring: the ring
 * @packets: borrowed for the call; NULL at the end
 * @count: how many; negative at the end, which comes once: -ECANCELED, or an error
 * @context: as given to lsk_packet_ring_watch()
 *
 * May call anything but lsk_packet_ring_next() and lsk_packet_ring_free(); the latter
 * it may at the end.
 */
typedef void (*lsk_packet_fn)(struct lsk_packet_ring *ring,
			      const struct lsk_packet *packets, int count,
			      void *context);

/**
 * lsk_packet_ring_watch() - have packets delivered by a loop
 * @loop: the loop
 * @ring: the ring; outlives the watch
 * @deliver: called with up to 64 packets at a time
 * @context: handed on
 *
 * One poll of the ring's socket is under way; a turn of the loop takes at most four
 * blocks or 256 packets of an immediate ring, so that other sockets get theirs.
 *
 * Return: 0; -EBUSY for a ring that is watched; as lsk_loop_poll().
 */
int lsk_packet_ring_watch(struct lsk_loop *loop, struct lsk_packet_ring *ring,
			  lsk_packet_fn deliver, void *context);

/** lsk_packet_ring_unwatch() - end the watch: its last call follows; 0, -ENOENT */
int lsk_packet_ring_unwatch(struct lsk_packet_ring *ring);

/**
 * struct lsk_packet_sender_options - zero members have defaults
 * @frame_max: bytes of the longest frame; 1522
 * @count: frames that the ring holds; 512
 * @skips_refused: a frame that the kernel refuses is counted, and the next one sent;
 *	else it is where sending stops
 */
struct lsk_packet_sender_options {
	unsigned int frame_max;
	unsigned int count;
	bool skips_refused;
};

/**
 * lsk_packet_sender_new() - make a transmit ring
 * @ret_sender: set on success; free with lsk_packet_sender_free()
 * @interface: device to send on
 * @options: copied; NULL for the defaults
 * @config: of the socket: @bypasses_qdisc and @vnet_header count; NULL for neither
 * @ret_error: which step failed; may be NULL
 *
 * Return: as lsk_packet_ring_open().
 */
int lsk_packet_sender_new(struct lsk_packet_sender **ret_sender, const char *interface,
			  const struct lsk_packet_sender_options *options,
			  const struct lsk_packet_config *config,
			  struct lsk_error *ret_error);

/** lsk_packet_sender_free() - close it; frames not flushed are gone; NULL is allowed */
struct lsk_packet_sender *lsk_packet_sender_free(struct lsk_packet_sender *sender);

/** lsk_packet_sender_socket() - the ring's socket, borrowed; NULL for NULL; Return: it
 */
struct lsk_socket *lsk_packet_sender_socket(struct lsk_packet_sender *sender);

/**
 * lsk_packet_sender_reserve() - room for the next frame
 * @sender: the sender
 *
 * Write the frame there, then lsk_packet_sender_commit().
 *
 * Return: where frame_max bytes fit; NULL while the ring is full: flush, or wait.
 */
void *lsk_packet_sender_reserve(struct lsk_packet_sender *sender);

/**
 * lsk_packet_sender_commit() - the reserved frame is complete
 * @sender: the sender
 * @len: its bytes
 *
 * Return: 0; -EMSGSIZE above frame_max; -EINVAL where nothing was reserved.
 */
int lsk_packet_sender_commit(struct lsk_packet_sender *sender, size_t len);

/**
 * lsk_packet_sender_flush() - send what was committed
 * @sender: the sender
 * @timeout_ns: how long to wait for room in the device's queue; LSK_BLOCK, 0
 *
 * Return: frames that have left the ring since the last call; -ETIME; -ENETDOWN; -ENXIO
 * for a device that is gone; -EMSGSIZE and the like for a frame that the kernel refused
 * (it is thrown away, those behind it stay).
 */
int lsk_packet_sender_flush(struct lsk_packet_sender *sender, int64_t timeout_ns);

/**
 * struct lsk_packet_sender_stats - what became of the frames
 * @committed: handed to the ring
 * @sent: left it
 * @refused: the kernel would not send them
 */
struct lsk_packet_sender_stats {
	uint64_t committed;
	uint64_t sent;
	uint64_t refused;
};

/** lsk_packet_sender_stats() - counters since the sender was made; Return: 0, -EINVAL
 */
int lsk_packet_sender_stats(const struct lsk_packet_sender *sender,
			    struct lsk_packet_sender_stats *ret_stats);

LSK_END_DECLS

#endif
