/* SPDX-License-Identifier: MIT */
/*
 * Receive rings. Two layouts of the shared memory, behind one struct:
 *
 *	blocks (TPACKET_V3)	the kernel fills a block and hands it over when it is
 *				full or its time is over; packets lie in it one after
 *				the other
 *	slots (TPACKET_V2)	every packet has a slot of fixed size, handed over at
 *				once
 *
 * A word in the memory says whose the block or slot is. What was given out is handed
 * back at the start of the next call, when the caller is done with it.
 */
#include <linsock/packet_ring.h>

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "families/packet_ring.h"
#include "families/packet_socket.h"
#include "src/error.h"
#include "src/socket.h"
#include "uring/util.h"

#define BUFFER_SIZE     ((size_t)8 << 20)
#define BLOCK_SIZE_MIN  ((size_t)256 << 10)
#define BLOCK_SIZE_MAX  ((size_t)1 << 20)
#define BLOCKS_MIN      8u
#define BLOCK_TIMEOUT   64u
#define STALL_MS        512u
#define SNAP_BLOCKS     262144u
#define SNAP_SLOTS      65535u
#define BUFFER_SIZE_MAX ((size_t)1 << 31)

/* The kernel checks it and, with blocks, does not use it. */
#define NOMINAL_FRAME 2048u
/* Header, address, and the gap that aligns the network header; generously. */
#define SLOT_OVERHEAD 160u
/* Where a tag of a VLAN goes back to: after two hardware addresses. */
#define VLAN_OFFSET   12u
#define VLAN_LEN      4u

static void fill_addr(struct lsk_packet *packet, const struct sockaddr_ll *ll)
{
	packet->interface = ll->sll_ifindex;
	packet->protocol = be16toh(ll->sll_protocol);
	packet->hardware_type = ll->sll_hatype;
	packet->kind = ll->sll_pkttype;
	packet->hardware_len = ll->sll_halen;
	memcpy(packet->hardware, ll->sll_addr, sizeof(packet->hardware));
}

/*
 * Put the tag back: the two addresses move down into the room that PACKET_RESERVE has
 * kept before the frame.
 */
static void restore_vlan(struct lsk_packet *packet, uint8_t *data)
{
	uint8_t tag[VLAN_LEN] = {
		(uint8_t)(packet->vlan_tpid >> 8),
		(uint8_t)packet->vlan_tpid,
		(uint8_t)(packet->vlan_tci >> 8),
		(uint8_t)packet->vlan_tci,
	};

	memmove(data - VLAN_LEN, data, VLAN_OFFSET);
	memcpy(data - VLAN_LEN + VLAN_OFFSET, tag, VLAN_LEN);
	packet->data = data - VLAN_LEN;
	packet->captured += VLAN_LEN;
	packet->length += VLAN_LEN;
	packet->flags &= ~(uint32_t)LSK_PACKET_HAS_VLAN;
}

static void fill_flags(const struct lsk_packet_ring *ring, struct lsk_packet *packet,
		       uint32_t status, uint8_t *data)
{
	packet->flags = packet_flags(status);
	if (packet->kind == PACKET_OUTGOING)
		packet->flags |= LSK_PACKET_OUTGOING;
	if (!(packet->flags & LSK_PACKET_HAS_VLAN)) {
		packet->vlan_tci = 0;
		packet->vlan_tpid = 0;
		return;
	}
	/* Before 3.14 the kernel did not say which kind of tag. */
	if (!(status & TP_STATUS_VLAN_TPID_VALID))
		packet->vlan_tpid = ETH_P_8021Q;
	if (ring->restores_vlan && packet->captured >= VLAN_OFFSET)
		restore_vlan(packet, data);
}

static void fill_from_block(const struct lsk_packet_ring *ring,
			    struct lsk_packet *packet, struct tpacket3_hdr *header)
{
	uint8_t *start = (uint8_t *)header;

	packet->data = start + header->tp_mac;
	packet->time_ns = (int64_t)header->tp_sec * LSK_NSEC_PER_SEC + header->tp_nsec;
	packet->captured = header->tp_snaplen;
	packet->length = header->tp_len;
	packet->vlan_tci = (uint16_t)header->hv1.tp_vlan_tci;
	packet->vlan_tpid = header->hv1.tp_vlan_tpid;
	fill_addr(packet,
		  (const struct sockaddr_ll *)(const void *)(start +
							     PACKET_ALIGN(
								     sizeof(*header))));
	fill_flags(ring, packet, header->tp_status, start + header->tp_mac);
}

static void fill_from_slot(const struct lsk_packet_ring *ring,
			   struct lsk_packet *packet, struct tpacket2_hdr *header,
			   uint32_t status)
{
	uint8_t *start = (uint8_t *)header;

	packet->data = start + header->tp_mac;
	packet->time_ns = (int64_t)header->tp_sec * LSK_NSEC_PER_SEC + header->tp_nsec;
	packet->captured = header->tp_snaplen;
	packet->length = header->tp_len;
	packet->vlan_tci = header->tp_vlan_tci;
	packet->vlan_tpid = header->tp_vlan_tpid;
	fill_addr(packet,
		  (const struct sockaddr_ll *)(const void *)(start +
							     PACKET_ALIGN(
								     sizeof(*header))));
	fill_flags(ring, packet, status, start + header->tp_mac);
}

static struct tpacket_block_desc *block_at(const struct lsk_packet_ring *ring)
{
	return (struct tpacket_block_desc *)(void *)(ring->map +
						     ring->index * ring->block_size);
}

static void release_block(struct lsk_packet_ring *ring)
{
	__atomic_store_n(&block_at(ring)->hdr.bh1.block_status, TP_STATUS_KERNEL,
			 __ATOMIC_RELEASE);
	ring->index = ring->index + 1 == ring->count ? 0 : ring->index + 1;
	ring->holds_block = false;
}

/* Go to the next block that is ours and has packets. Return: whether there is one. */
static bool take_block(struct lsk_packet_ring *ring)
{
	for (unsigned int i = 0; i < ring->count; i++) {
		struct tpacket_block_desc *block = block_at(ring);

		if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
		      TP_STATUS_USER))
			return false;
		ring->holds_block = true;
		ring->left = block->hdr.bh1.num_pkts;
		ring->next =
			(struct tpacket3_hdr *)(void *)((uint8_t *)block +
							block->hdr.bh1
								.offset_to_first_pkt);
		if (ring->left > 0)
			return true;
		/* Its time was over before a packet came. */
		release_block(ring);
	}
	return false;
}

static unsigned int next_from_blocks(struct lsk_packet_ring *ring,
				     struct lsk_packet *packets, unsigned int count)
{
	unsigned int taken;

	if (ring->holds_block && ring->left == 0)
		release_block(ring);
	if (!ring->holds_block && !take_block(ring))
		return 0;
	if (count > ring->left)
		count = ring->left;
	for (taken = 0; taken < count; taken++) {
		struct tpacket3_hdr *header = ring->next;

		fill_from_block(ring, &packets[taken], header);
		ring->next = (struct tpacket3_hdr *)(void *)((uint8_t *)header +
							     header->tp_next_offset);
		/* Another CPU wrote it. Packets are often of one size; where they are
		 * not, a line was fetched that nobody needs. */
		__builtin_prefetch((uint8_t *)ring->next + header->tp_next_offset);
	}
	ring->left -= taken;
	return taken;
}

static struct tpacket2_hdr *slot_at(const struct lsk_packet_ring *ring,
				    unsigned int index)
{
	size_t block = index / ring->slots_per_block,
	       slot = index % ring->slots_per_block;

	return (struct tpacket2_hdr *)(void *)(ring->map + block * ring->block_size +
					       slot * ring->slot_size);
}

static unsigned int next_from_slots(struct lsk_packet_ring *ring,
				    struct lsk_packet *packets, unsigned int count)
{
	unsigned int taken;

	for (; ring->held > 0; ring->held--) {
		__atomic_store_n(&slot_at(ring, ring->index)->tp_status,
				 TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		ring->index = ring->index + 1 == ring->count ? 0 : ring->index + 1;
	}
	if (count > ring->count)
		count = ring->count;
	for (taken = 0; taken < count; taken++) {
		struct tpacket2_hdr *header =
			slot_at(ring, (ring->index + taken) % ring->count);
		uint32_t status = __atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE);

		if (!(status & TP_STATUS_USER))
			break;
		fill_from_slot(ring, &packets[taken], header, status);
	}
	ring->held = taken;
	return taken;
}

int lsk_packet_ring_next(struct lsk_packet_ring *ring, struct lsk_packet *ret_packets,
			 unsigned int count)
{
	if (!ring || !ret_packets || count == 0)
		return -EINVAL;
	if (count > INT32_MAX)
		count = INT32_MAX;
	return (int)(ring->is_immediate ? next_from_slots(ring, ret_packets, count)
					: next_from_blocks(ring, ret_packets, count));
}

bool packet_ring_is_ready(const struct lsk_packet_ring *ring)
{
	unsigned int index = ring->index;
	const struct tpacket_block_desc *block;

	if (ring->is_immediate)
		return __atomic_load_n(
			       &slot_at(ring, (index + ring->held) % ring->count)
					->tp_status,
			       __ATOMIC_ACQUIRE) &
		       TP_STATUS_USER;
	if (ring->holds_block && ring->left > 0)
		return true;
	if (ring->holds_block)
		index = index + 1 == ring->count ? 0 : index + 1;
	/* A ring of one block: what is held is not news. */
	if (ring->holds_block && index == ring->index)
		return false;
	block = (const struct tpacket_block_desc
			 *)(const void *)(ring->map + index * ring->block_size);
	return __atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
	       TP_STATUS_USER;
}

int packet_ring_error(const struct lsk_packet_ring *ring)
{
	int error = 0;
	int r = lsk_socket_getsockopt_int(ring->sock, SOL_SOCKET, SO_ERROR, &error);

	return r < 0 ? r : -error;
}

/* Hand back what the caller has seen the last of, or the kernel might wait for it. */
static void release_seen(struct lsk_packet_ring *ring)
{
	struct lsk_packet none;

	if (ring->is_immediate)
		next_from_slots(ring, &none, 0);
	else if (ring->holds_block && ring->left == 0)
		release_block(ring);
}

int lsk_packet_ring_wait(struct lsk_packet_ring *ring, int64_t timeout_ns)
{
	int64_t deadline = -1;
	int r;

	if (!ring || (timeout_ns < 0 && timeout_ns != LSK_BLOCK))
		return -EINVAL;
	if (packet_ring_is_ready(ring))
		return 0;
	if (timeout_ns == 0)
		return -ETIME;
	release_seen(ring);
	if (timeout_ns != LSK_BLOCK)
		deadline = engine_now_ns() + timeout_ns;
	r = socket_poll(ring->sock, POLLIN, deadline);
	if (r < 0)
		return r;
	return r & POLLERR ? packet_ring_error(ring) : 0;
}

int lsk_packet_ring_stop(struct lsk_packet_ring *ring)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct lsk_packet_filter filter = {&nothing, 1};
	int r;

	if (!ring)
		return -EINVAL;
	r = lsk_packet_attach_filter(ring->sock, &filter);
	if (r < 0)
		return r;
	/* A packet on another CPU may have passed the old filter already. This waits
	 * for an RCU grace period, after which there is none; where the kernel will not
	 * (nohz_full), the numbers may still change for an instant. */
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	return 0;
}

int lsk_packet_ring_stats(struct lsk_packet_ring *ring,
			  struct lsk_packet_stats *ret_stats)
{
	struct lsk_packet_stats news;
	int fd = ring ? lsk_socket_fd(ring->sock) : -EINVAL;
	int r;

	if (fd < 0 || !ret_stats)
		return fd < 0 ? fd : -EINVAL;
	r = packet_take_stats(fd, &news);
	if (r < 0)
		return r;
	ring->stats.received += news.received;
	ring->stats.dropped += news.dropped;
	ring->stats.freezes += news.freezes;
	*ret_stats = ring->stats;
	return 0;
}

int lsk_packet_ring_offload(const struct lsk_packet_ring *ring,
			    const struct lsk_packet *packet,
			    struct lsk_packet_offload *ret_offload)
{
	if (!ring || !packet || !ret_offload)
		return -EINVAL;
	if (ring->vnet_header == 0)
		return -ENODATA;
	return lsk_packet_get_offload(packet->data - ring->vnet_header,
				      ring->vnet_header, ret_offload);
}

struct lsk_socket *lsk_packet_ring_socket(struct lsk_packet_ring *ring)
{
	return ring ? ring->sock : NULL;
}

struct lsk_packet_ring *lsk_packet_ring_free(struct lsk_packet_ring *ring)
{
	if (!ring)
		return NULL;
	if (ring->map)
		munmap(ring->map, ring->map_size);
	lsk_socket_free(ring->sock);
	free(ring);
	return NULL;
}

static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

/*
 * The larger the blocks, the fewer the wake-ups. But a block is used up when its time
 * is over, however little is in it: a ring of few blocks with a short time is full
 * after a short stall of its reader. So there are enough of them for STALL_MS, as far
 * as that goes with blocks that hold the longest packet.
 */
static size_t choose_block(size_t buffer, unsigned int timeout_ms)
{
	const unsigned int wanted = STALL_MS / timeout_ms;
	const size_t block = buffer / (wanted > BLOCKS_MIN ? wanted : BLOCKS_MIN) /
			     BLOCK_SIZE_MIN * BLOCK_SIZE_MIN;

	if (block < BLOCK_SIZE_MIN)
		return BLOCK_SIZE_MIN;
	return block < BLOCK_SIZE_MAX ? block : BLOCK_SIZE_MAX;
}

/* The sizes that the kernel is asked for. Return: 0 or -EINVAL. */
static int choose_sizes(struct lsk_packet_ring *ring,
			const struct lsk_packet_ring_options *options,
			uint32_t snap_len, struct tpacket_req3 *ret_request)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t buffer = options->buffer_size ? options->buffer_size : BUFFER_SIZE;
	const unsigned int timeout_ms =
		options->block_timeout_ms ? options->block_timeout_ms : BLOCK_TIMEOUT;
	size_t block = options->block_size ? options->block_size
					   : choose_block(buffer, timeout_ms);
	size_t frame = NOMINAL_FRAME, blocks;

	if (block % page || buffer > BUFFER_SIZE_MAX || block > BUFFER_SIZE_MAX)
		return -EINVAL;
	if (ring->is_immediate) {
		frame = PACKET_ALIGN((size_t)snap_len + SLOT_OVERHEAD +
				     ring->vnet_header);
		if (block < frame)
			block = round_up(frame, page);
	} else if (!options->block_size && buffer < 4 * block) {
		/* One block being read, one being filled, and some to spare. */
		block = round_up(buffer / 4 + 1, page);
	}
	blocks = buffer / block > 0 ? buffer / block : 1;
	*ret_request = (struct tpacket_req3){
		.tp_block_size = (unsigned int)block,
		.tp_block_nr = (unsigned int)blocks,
		.tp_frame_size = (unsigned int)frame,
		.tp_frame_nr = (unsigned int)(blocks * (block / frame)),
		.tp_retire_blk_tov = timeout_ms,
	};
	ring->block_size = block;
	ring->map_size = block * blocks;
	ring->slot_size = frame;
	ring->slots_per_block = (unsigned int)(block / frame);
	ring->count = ring->is_immediate ? ret_request->tp_frame_nr
					 : ret_request->tp_block_nr;
	return 0;
}

static int make_ring(struct lsk_packet_ring *ring,
		     const struct lsk_packet_ring_options *options, uint32_t snap_len,
		     struct lsk_error *ret_error)
{
	struct tpacket_req3 request;
	void *map;
	int r = choose_sizes(ring, options, snap_len, &request);

	if (r < 0)
		return error_set_code(ret_error, r, 0, "sizes of the ring");
	r = lsk_socket_setsockopt_int(ring->sock, SOL_PACKET, PACKET_VERSION,
				      ring->is_immediate ? TPACKET_V2 : TPACKET_V3);
	if (r == 0 && ring->restores_vlan)
		r = lsk_socket_setsockopt_int(ring->sock, SOL_PACKET, PACKET_RESERVE,
					      VLAN_LEN);
	if (r == 0)
		r = lsk_socket_setsockopt(
			ring->sock, SOL_PACKET, PACKET_RX_RING, &request,
			ring->is_immediate ? sizeof(struct tpacket_req)
					   : sizeof(struct tpacket_req3));
	if (r < 0)
		return error_set_code(ret_error, r, 0, "PACKET_RX_RING");
	map = mmap(NULL, ring->map_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   lsk_socket_fd(ring->sock), 0);
	if (map == MAP_FAILED)
		return error_set_code(ret_error, neg_errno(), 0, "mmap");
	ring->map = map;
	return 0;
}

/*
 * The filter also says how much of a packet is kept. Return: 0 and a copy that keeps no
 * more than @snap_len, or -ENOMEM.
 */
static int cut_filter(const struct lsk_packet_filter *filter, uint32_t snap_len,
		      struct lsk_packet_filter *ret_filter)
{
	static const struct sock_filter everything =
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	const struct lsk_packet_filter none = {NULL, 0};
	struct sock_filter *copy;
	size_t count = filter && filter->count > 0 ? filter->count : 1;

	if (count == 1 && !(filter && filter->count > 0) && snap_len >= SNAP_BLOCKS) {
		*ret_filter = none;
		return 0;
	}
	copy = calloc(count, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, filter && filter->count > 0 ? filter->instructions : &everything,
	       count * sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		if (copy[i].code == (BPF_RET | BPF_K) && copy[i].k > snap_len)
			copy[i].k = snap_len;
	*ret_filter = (struct lsk_packet_filter){copy, count};
	return 0;
}

/* Fill a ring that was made empty; what fails half-way is freed with it. */
static int open_ring(struct lsk_packet_ring *ring,
		     const struct lsk_packet_config *config,
		     const struct lsk_packet_ring_options *options,
		     struct lsk_error *ret_error)
{
	_cleanup_(lsk_packet_filter_done) struct lsk_packet_filter filter = {NULL, 0};
	struct lsk_packet_config copy = *config;
	uint32_t snap_len = options->is_immediate ? SNAP_SLOTS : SNAP_BLOCKS;
	int r;

	ring->is_immediate = options->is_immediate;
	ring->vnet_header = copy.vnet_header;
	/* The virtio-net header stands where the tag would go. */
	ring->restores_vlan =
		!options->keeps_vlan_apart && !copy.is_cooked && copy.vnet_header == 0;
	if (options->snap_len > 0 && options->snap_len < snap_len)
		snap_len = options->snap_len;
	r = cut_filter(copy.filter, snap_len, &filter);
	if (r < 0)
		return error_set_code(ret_error, r, 0, NULL);
	copy.filter = &filter;
	r = packet_prepare(&ring->sock, &copy, ret_error);
	if (r == 0)
		r = make_ring(ring, options, snap_len, ret_error);
	if (r == 0)
		r = packet_bind(ring->sock, &copy, ret_error);
	return r;
}

int lsk_packet_ring_open(struct lsk_packet_ring **ret_ring,
			 const struct lsk_packet_config *config,
			 const struct lsk_packet_ring_options *options,
			 struct lsk_error *ret_error)
{
	static const struct lsk_packet_ring_options default_options;
	static const struct lsk_packet_config default_config;
	struct lsk_packet_ring *ring;
	int r;

	if (!ret_ring)
		return -EINVAL;
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return error_set_code(ret_error, -ENOMEM, 0, NULL);
	r = open_ring(ring, config ? config : &default_config,
		      options ? options : &default_options, ret_error);
	if (r < 0) {
		lsk_packet_ring_free(ring);
		return r;
	}
	*ret_ring = ring;
	return 0;
}
