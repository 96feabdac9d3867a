/* SPDX-License-Identifier: MIT */
/* What a receive ring holds. */
#ifndef LSK_PACKET_RING_H
#define LSK_PACKET_RING_H

#include <stdbool.h>

#include <linsock/packet_ring.h>

struct tpacket3_hdr;

struct lsk_packet_ring {
	struct lsk_socket *sock;
	uint8_t *map;
	size_t map_size;
	size_t block_size;
	unsigned int count; /* blocks, or slots of an immediate ring */
	unsigned int index; /* whose turn it is */
	unsigned int vnet_header;
	bool is_immediate;
	bool restores_vlan;

	/* Blocks: what is left of the one that is held. */
	bool holds_block;
	unsigned int left;
	struct tpacket3_hdr *next;

	/* Slots: how many from @index on are given out. */
	size_t slot_size;
	unsigned int slots_per_block;
	unsigned int held;

	struct lsk_packet_stats stats;

	/* The watch; no loop: none. */
	struct lsk_loop *loop;
	struct lsk_op op;
	lsk_packet_fn deliver;
	void *context;
	bool is_delivering;
	bool is_ending;
};

/* Whether lsk_packet_ring_next() would bring something, or step over something. */
bool packet_ring_is_ready(const struct lsk_packet_ring *ring);

/* The error that the socket has for us, negated; 0 for none. Reading it clears it. */
int packet_ring_error(const struct lsk_packet_ring *ring);

#endif
