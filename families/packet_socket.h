/* SPDX-License-Identifier: MIT */
/* What the modules of PACKET share. */
#ifndef LSK_PACKET_SOCKET_H
#define LSK_PACKET_SOCKET_H

#include <linsock/packet.h>

/* TPACKET_ALIGN() without its signed arithmetic. */
#define PACKET_ALIGN(size) (((size_t)(size) + 15u) & ~(size_t)15u)

/*
 * The two halves of lsk_packet_open(): what is set before a packet can come, and the
 * bind(2) that lets them come. A ring is made in between.
 */
int packet_prepare(struct lsk_socket **ret_socket,
		   const struct lsk_packet_config *config, struct lsk_error *ret_error);
int packet_bind(struct lsk_socket *sock, const struct lsk_packet_config *config,
		struct lsk_error *ret_error);

/* TP_STATUS_* as enum lsk_packet_flags. */
uint32_t packet_flags(uint32_t status);

/* Read PACKET_STATISTICS, which sets the kernel's counters to 0. */
int packet_take_stats(int fd, struct lsk_packet_stats *ret_stats);

#endif
