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
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linsock/packet_ring.h>

#include "tests/support/netns.h"

#define WIRE_PROTOCOL 0x88B5 /* IEEE: for local experiments */
#define WIRE_MARKER   0x88B6 /* its sibling: the frame behind all others */

static inline void wire_run(const char *command)
{
	int r = system(command); /* NOLINT(cert-env33-c): a constant, in a test */

	cr_assert_eq(r, 0, "%s: %d", command, r);
}

/* One processor for the whole test: its frames are delivered in their order. */
static inline void wire_pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	(void)sched_setaffinity(0, sizeof(one), &one);
}

static inline int wire_marker_socket(const char *interface)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(WIRE_MARKER),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(WIRE_MARKER));

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&ll, sizeof(ll)), 0);
	return fd;
}

/*
 * Send markers out of @from until @to has the last of them. A link's carrier goes on
 * in a worker of the kernel's own time; what is sent before it is lost in silence.
 */
static inline void wire_mark(int from, int to)
{
	struct pollfd poll_to = {.fd = to, .events = POLLIN};
	uint8_t frame[ETH_ZLEN] = {[12] = WIRE_MARKER >> 8, [13] = WIRE_MARKER & 0xff};
	uint8_t got[ETH_ZLEN] = {0};

	memset(frame, 0xff, 2 * (size_t)ETH_ALEN);
	for (uint16_t number = 1; number < 3000; number++) {
		memcpy(frame + ETH_HLEN, &number, sizeof(number));
		cr_assert_eq(send(from, frame, sizeof(frame), 0), sizeof(frame));
		while (poll(&poll_to, 1, 10) > 0) {
			cr_assert_eq(recv(to, got, sizeof(got), 0), sizeof(got));
			if (memcmp(got + ETH_HLEN, &number, sizeof(number)) == 0)
				return;
		}
	}
	cr_assert_fail("no frame passes the cable");
}

/*
 * Wait until what went out of @interface has been delivered: on a busy machine the
 * kernel does so later, in a thread of its own.
 */
static inline void wire_settle(const char *interface)
{
	int to = wire_marker_socket(strcmp(interface, "va") == 0 ? "vb" : "va");
	int from = wire_marker_socket(interface);

	wire_mark(from, to);
	close(from);
	close(to);
}

static inline void wire_make(void)
{
	netns_enter();
	wire_pin();
	wire_run("ip link add va type veth peer name vb");
	wire_run("ip link set va up");
	wire_run("ip link set vb up");
	wire_settle("va");
	wire_settle("vb");
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
	wire_settle(interface);
}

#endif
