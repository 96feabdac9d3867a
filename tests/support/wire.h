/* SPDX-License-Identifier: MIT */
/*
 * A cable in a network namespace of its own:
 *
 *	va ======= vb
 *
 * Frames of the tests have an Ethernet type that nothing else sends, so that every
 * count is exact whatever the kernel says on the cable.
 */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/packet_ring.h>

#include "tests/support/netns.h"

#define WIRE_PROTOCOL 0x88B5 /* IEEE: for local experiments */

static inline void wire_run(const char *command)
{
	int r = system(command); /* NOLINT(cert-env33-c): a constant, in a test */

	cr_assert_eq(r, 0, "%s: %d", command, r);
}

static inline void wire_make(void)
{
	netns_enter();
	wire_run("ip link add va type veth peer name vb");
	wire_run("ip link set va up");
	wire_run("ip link set vb up");
}

/* A frame of 60 bytes whose payload begins with @number. Return: its length. */
static inline size_t wire_frame(void *buf, uint32_t number)
{
	static const uint8_t header[ETH_HLEN] = {2,
						 0,
						 0,
						 0,
						 0,
						 2,
						 2,
						 0,
						 0,
						 0,
						 0,
						 1,
						 WIRE_PROTOCOL >> 8,
						 WIRE_PROTOCOL & 0xff};

	memset(buf, 0x5a, ETH_ZLEN);
	memcpy(buf, header, sizeof(header));
	memcpy((uint8_t *)buf + ETH_HLEN, &number, sizeof(number));
	return ETH_ZLEN;
}

static inline uint32_t wire_number(const struct lsk_packet *packet)
{
	uint32_t number;

	cr_assert_geq(packet->captured, ETH_HLEN + sizeof(number));
	memcpy(&number, packet->data + ETH_HLEN, sizeof(number));
	return number;
}

static inline const struct lsk_packet_config *wire_config(const char *interface)
{
	static struct lsk_packet_config config;

	config = (struct lsk_packet_config){
		.interface = interface,
		.protocol = WIRE_PROTOCOL,
	};
	return &config;
}

static inline struct lsk_packet_ring *
wire_ring(const char *interface, const struct lsk_packet_ring_options *options)
{
	struct lsk_packet_ring *ring = NULL;
	struct lsk_error error = {0};
	int r = lsk_packet_ring_open(&ring, wire_config(interface), options, &error);

	cr_assert_eq(r, 0, "ring: %d %s", r, error.text);
	return ring;
}

/* Send frames @first … @first + @count - 1 out of @interface. */
static inline void wire_send(const char *interface, uint32_t first, uint32_t count)
{
	struct lsk_packet_sender *sender = NULL;
	struct lsk_packet_sender_stats stats;
	struct lsk_error error = {0};
	uint32_t sent = 0;
	int r = lsk_packet_sender_new(&sender, interface, NULL, NULL, &error);

	cr_assert_eq(r, 0, "sender: %d %s", r, error.text);
	while (sent < count) {
		void *room = lsk_packet_sender_reserve(sender);

		if (room) {
			size_t len = wire_frame(room, first + sent++);

			cr_assert_eq(lsk_packet_sender_commit(sender, len), 0);
		} else {
			cr_assert_geq(lsk_packet_sender_flush(sender, LSK_BLOCK), 0);
		}
	}
	cr_assert_geq(lsk_packet_sender_flush(sender, LSK_BLOCK), 0);
	cr_assert_eq(lsk_packet_sender_stats(sender, &stats), 0);
	cr_assert_eq(stats.committed, count);
	cr_assert_eq(stats.sent, count);
	lsk_packet_sender_free(sender);
}

#endif
