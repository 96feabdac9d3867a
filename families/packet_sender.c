/* SPDX-License-Identifier: MIT */
/*
 * Transmit rings (TPACKET_V2): frames are written into slots of shared memory, and one
 * system call sends all that are complete. Indices count for ever; a slot is its
 * index modulo the number of slots.
 */
#include <linsock/packet_ring.h>

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/mman.h>

#include "families/packet_socket.h"
#include "src/error.h"
#include "src/interrupt.h"
#include "uring/engine.h"
#include "uring/util.h"

#define FRAME_MAX       1522u
#define FRAME_MAX_MAX   (1u << 18)
#define FRAME_COUNT     512u
#define FRAME_COUNT_MAX (1u << 16)
#define BLOCK_SIZE      ((size_t)64 << 10)

/* Where the kernel looks for a frame in its slot. */
#define FRAME_OFFSET PACKET_ALIGN(sizeof(struct tpacket2_hdr))

struct lsk_packet_sender {
	struct lsk_socket *sock;
	uint8_t *map;
	size_t map_size;
	size_t block_size;
	size_t slot_size;
	unsigned int slots_per_block;
	unsigned int count;
	unsigned int frame_max;
	bool skips_refused;
	bool is_reserved;
	uint64_t head; /* the next slot to fill */
	uint64_t tail; /* the oldest that has not left */
	struct lsk_packet_sender_stats stats;
};

static struct tpacket2_hdr *slot_at(const struct lsk_packet_sender *sender,
				    uint64_t index)
{
	size_t slot = index % sender->count;
	size_t offset = slot / sender->slots_per_block * sender->block_size +
			slot % sender->slots_per_block * sender->slot_size;

	return (struct tpacket2_hdr *)(void *)(sender->map + offset);
}

static uint32_t slot_status(const struct lsk_packet_sender *sender, uint64_t index)
{
	return __atomic_load_n(&slot_at(sender, index)->tp_status, __ATOMIC_ACQUIRE);
}

static void slot_set_status(const struct lsk_packet_sender *sender, uint64_t index,
			    uint32_t status)
{
	__atomic_store_n(&slot_at(sender, index)->tp_status, status, __ATOMIC_RELEASE);
}

/* Count what has left. */
static void reap(struct lsk_packet_sender *sender)
{
	/* The upper bits say whose time stamp the slot has. */
	const uint32_t mask =
		TP_STATUS_SEND_REQUEST | TP_STATUS_SENDING | TP_STATUS_WRONG_FORMAT;

	while (sender->tail < sender->head &&
	       (slot_status(sender, sender->tail) & mask) == TP_STATUS_AVAILABLE) {
		sender->tail++;
		sender->stats.sent++;
	}
}

void *lsk_packet_sender_reserve(struct lsk_packet_sender *sender)
{
	if (!sender)
		return NULL;
	if (sender->head - sender->tail == sender->count)
		reap(sender);
	if (sender->head - sender->tail == sender->count)
		return NULL;
	sender->is_reserved = true;
	return (uint8_t *)slot_at(sender, sender->head) + FRAME_OFFSET;
}

int lsk_packet_sender_commit(struct lsk_packet_sender *sender, size_t len)
{
	if (!sender || !sender->is_reserved)
		return -EINVAL;
	if (len > sender->frame_max)
		return -EMSGSIZE;
	slot_at(sender, sender->head)->tp_len = (uint32_t)len;
	slot_set_status(sender, sender->head, TP_STATUS_SEND_REQUEST);
	sender->head++;
	sender->is_reserved = false;
	sender->stats.committed++;
	return 0;
}

/*
 * The kernel stays at a frame that it refuses until the slot has a better one: those
 * behind it move up. The kernel has begun with none of them. Return: whether there was
 * such a frame.
 */
static bool throw_refused(struct lsk_packet_sender *sender)
{
	uint64_t index = sender->tail;

	while (index < sender->head &&
	       !(slot_status(sender, index) & TP_STATUS_WRONG_FORMAT))
		index++;
	if (index == sender->head)
		return false;
	for (; index + 1 < sender->head; index++) {
		struct tpacket2_hdr *to = slot_at(sender, index);
		const struct tpacket2_hdr *from = slot_at(sender, index + 1);

		memcpy((uint8_t *)to + FRAME_OFFSET,
		       (const uint8_t *)from + FRAME_OFFSET, from->tp_len);
		to->tp_len = from->tp_len;
		slot_set_status(sender, index, TP_STATUS_SEND_REQUEST);
	}
	sender->head--;
	slot_set_status(sender, sender->head, TP_STATUS_AVAILABLE);
	/* A slot that was reserved is another one now. */
	sender->is_reserved = false;
	sender->stats.refused++;
	return true;
}

/* Let send(2) itself wait no longer than until @deadline_ns; negative: for ever. */
static int set_wait(int fd, int64_t deadline_ns)
{
	struct timeval time = {0};
	int64_t left_ns = deadline_ns < 0 ? 0 : deadline_ns - engine_now_ns();

	if (deadline_ns >= 0 && left_ns <= 0)
		return -ETIME;
	time.tv_sec = left_ns / LSK_NSEC_PER_SEC;
	time.tv_usec = left_ns % LSK_NSEC_PER_SEC / 1000;
	/* 0 would be for ever. */
	if (deadline_ns >= 0 && time.tv_sec == 0 && time.tv_usec == 0)
		time.tv_usec = 1;
	return syscall_result(
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)));
}

/*
 * One system call for what was committed. Waiting is the kernel's business here: a
 * poll(2) of the socket speaks of the next slot, not of those that are on their way.
 */
static int flush_once(struct lsk_packet_sender *sender, int flags)
{
	ssize_t r = syscall_count(
		send(lsk_socket_fd(sender->sock), NULL, 0, flags | MSG_NOSIGNAL));

	reap(sender);
	return r < 0 ? (int)r : 0;
}

int lsk_packet_sender_flush(struct lsk_packet_sender *sender, int64_t timeout_ns)
{
	uint64_t sent;
	int64_t deadline = -1;
	int fd, r;

	if (!sender || (timeout_ns < 0 && timeout_ns != LSK_BLOCK))
		return -EINVAL;
	fd = lsk_socket_fd(sender->sock);
	if (fd < 0)
		return fd;
	sent = sender->stats.sent;
	if (timeout_ns > 0)
		deadline = engine_now_ns() + timeout_ns;
	for (;;) {
		r = flush_once(sender, MSG_DONTWAIT);
		if (throw_refused(sender)) {
			if (sender->skips_refused)
				continue;
			return r < 0 ? r : -EINVAL;
		}
		if (sender->tail == sender->head)
			break;
		if (r < 0 && r != -EAGAIN && r != -ENOBUFS && r != -EINTR)
			return r;
		if (timeout_ns == 0)
			break;
		r = set_wait(fd, deadline);
		if (r == 0)
			r = flush_once(sender, 0);
		if (r == -EINTR)
			r = interrupt_ask(NULL);
		if (r == -ETIME || r == -EINTR)
			return r;
	}
	sent = sender->stats.sent - sent;
	return sent > INT32_MAX ? INT32_MAX : (int)sent;
}

int lsk_packet_sender_stats(const struct lsk_packet_sender *sender,
			    struct lsk_packet_sender_stats *ret_stats)
{
	if (!sender || !ret_stats)
		return -EINVAL;
	*ret_stats = sender->stats;
	return 0;
}

struct lsk_socket *lsk_packet_sender_socket(struct lsk_packet_sender *sender)
{
	return sender ? sender->sock : NULL;
}

struct lsk_packet_sender *lsk_packet_sender_free(struct lsk_packet_sender *sender)
{
	if (!sender)
		return NULL;
	if (sender->map)
		munmap(sender->map, sender->map_size);
	lsk_socket_free(sender->sock);
	free(sender);
	return NULL;
}

static void sender_freep(struct lsk_packet_sender **sender)
{
	lsk_packet_sender_free(*sender);
}

static int make_ring(struct lsk_packet_sender *sender, unsigned int count,
		     struct lsk_error *ret_error)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct tpacket_req request;
	size_t blocks;
	void *map;
	int r;

	sender->slot_size = PACKET_ALIGN(FRAME_OFFSET + sizeof(struct sockaddr_ll) +
					 sender->frame_max);
	sender->block_size = BLOCK_SIZE;
	if (sender->slot_size > BLOCK_SIZE)
		sender->block_size = (sender->slot_size + page - 1) / page * page;
	sender->slots_per_block =
		(unsigned int)(sender->block_size / sender->slot_size);
	blocks = (count + sender->slots_per_block - 1) / sender->slots_per_block;
	sender->count = (unsigned int)blocks * sender->slots_per_block;
	sender->map_size = blocks * sender->block_size;
	request = (struct tpacket_req){
		.tp_block_size = (unsigned int)sender->block_size,
		.tp_block_nr = (unsigned int)blocks,
		.tp_frame_size = (unsigned int)sender->slot_size,
		.tp_frame_nr = sender->count,
	};
	r = lsk_socket_setsockopt_int(sender->sock, SOL_PACKET, PACKET_VERSION,
				      TPACKET_V2);
	if (r == 0)
		r = lsk_socket_setsockopt(sender->sock, SOL_PACKET, PACKET_TX_RING,
					  &request, sizeof(request));
	if (r < 0)
		return error_set_code(ret_error, r, 0, "PACKET_TX_RING");
	map = mmap(NULL, sender->map_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   lsk_socket_fd(sender->sock), 0);
	if (map == MAP_FAILED)
		return error_set_code(ret_error, neg_errno(), 0, "mmap");
	sender->map = map;
	return 0;
}

/* Bound to the device, and to no protocol: nothing is received. */
static int bind_device(struct lsk_socket *sock, const char *interface,
		       struct lsk_error *ret_error)
{
	struct lsk_addr addr;
	int r = lsk_addr_packet(&addr, interface, 0, NULL, 0);

	if (r == 0)
		r = lsk_socket_bind(sock, &addr);
	return r < 0 ? error_set_code(ret_error, r, 0, interface) : 0;
}

int lsk_packet_sender_new(struct lsk_packet_sender **ret_sender, const char *interface,
			  const struct lsk_packet_sender_options *options,
			  const struct lsk_packet_config *config,
			  struct lsk_error *ret_error)
{
	static const struct lsk_packet_sender_options defaults;
	const struct lsk_packet_config own = {
		.bypasses_qdisc = config && config->bypasses_qdisc,
		.vnet_header = config ? config->vnet_header : 0,
	};
	_cleanup_(sender_freep) struct lsk_packet_sender *sender = NULL;
	unsigned int count;
	int r;

	if (!ret_sender || !interface)
		return -EINVAL;
	if (!options)
		options = &defaults;
	count = options->count ? options->count : FRAME_COUNT;
	if (options->frame_max > FRAME_MAX_MAX || count > FRAME_COUNT_MAX)
		return error_set_code(ret_error, -EINVAL, 0, "sizes of the ring");
	sender = calloc(1, sizeof(*sender));
	if (!sender)
		return error_set_code(ret_error, -ENOMEM, 0, NULL);
	sender->frame_max = options->frame_max ? options->frame_max : FRAME_MAX;
	sender->skips_refused = options->skips_refused;
	r = packet_prepare(&sender->sock, &own, ret_error);
	if (r == 0)
		r = lsk_socket_set_timeout(sender->sock, LSK_BLOCK);
	if (r == 0)
		r = make_ring(sender, count, ret_error);
	if (r == 0)
		r = bind_device(sender->sock, interface, ret_error);
	if (r < 0)
		return r;
	*ret_sender = sender;
	sender = NULL;
	return 0;
}
