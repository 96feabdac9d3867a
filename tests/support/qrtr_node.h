/* SPDX-License-Identifier: MIT */
/*
 * A remote node of QIPCRTR, played by a test over /dev/qrtr-tun: each read and write is
 * one packet, a header of eight little-endian words and its payload.
 */
#ifndef TESTS_QRTR_NODE_H
#define TESTS_QRTR_NODE_H

#include <criterion/criterion.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/qrtr.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linsock/qipcrtr.h>

#define NODE_LOCAL  1
#define NODE_REMOTE 5

/* net/qrtr/af_qrtr.c: struct qrtr_hdr_v1 */
struct qrtr_packet {
	uint32_t version;
	uint32_t type;
	uint32_t src_node;
	uint32_t src_port;
	uint32_t confirm_rx;
	uint32_t size;
	uint32_t dst_node;
	uint32_t dst_port;
	unsigned char payload[4096];
};

#define QRTR_HEADER 32

/* Without udev nobody has made the file. */
static inline int tun_open(void)
{
	char line[80], name[40];
	unsigned int minor_number;
	FILE *misc = fopen("/proc/misc", "re");
	int fd = open("/dev/qrtr-tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	while (fd < 0 && misc && fgets(line, sizeof(line), misc))
		if (sscanf(line, "%u %39s", &minor_number, name) == 2 &&
		    strcmp(name, "qrtr-tun") == 0) {
			mknod("/dev/qrtr-tun", S_IFCHR | 0600,
			      makedev(10, minor_number));
			fd = open("/dev/qrtr-tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
		}
	if (misc)
		fclose(misc);
	return fd;
}

static inline int packet_write(int tun, const struct qrtr_packet *packet)
{
	struct qrtr_packet wire = *packet;
	const size_t len = QRTR_HEADER + (packet->size + 3) / 4 * 4;
	uint32_t *word = &wire.version;

	for (int i = 0; i < 8; i++)
		word[i] = htole32(word[i]);
	return write(tun, &wire, len) == (ssize_t)len ? 0 : -errno;
}

/* The next packet that the kernel sends, within a minute. */
static inline void packet_read(int tun, struct qrtr_packet *ret_packet)
{
	struct pollfd watched = {.fd = tun, .events = POLLIN};
	uint32_t *word = &ret_packet->version;
	ssize_t len;

	cr_assert_eq(poll(&watched, 1, 60000), 1, "the kernel sends nothing");
	len = read(tun, ret_packet, sizeof(*ret_packet));
	cr_assert_geq(len, QRTR_HEADER);
	for (int i = 0; i < 8; i++)
		word[i] = le32toh(word[i]);
	cr_assert_eq(ret_packet->version, 1);
	cr_assert_eq((size_t)len, QRTR_HEADER + (ret_packet->size + 3) / 4 * 4);
}

static inline bool packet_waits(int tun)
{
	struct pollfd watched = {.fd = tun, .events = POLLIN};

	return poll(&watched, 1, 0) == 1;
}

/* A packet of the remote node's control port. */
static inline void control_write(int tun, const struct lsk_qipcrtr_event *event)
{
	struct qrtr_packet packet = {
		.version = 1,
		.type = event->type,
		.src_node = NODE_REMOTE,
		.src_port = QRTR_PORT_CTRL,
		.size = LSK_QIPCRTR_CONTROL_SIZE,
		.dst_node = NODE_LOCAL,
		.dst_port = QRTR_PORT_CTRL,
	};

	cr_assert_eq(lsk_qipcrtr_build(event, packet.payload), 0);
	cr_assert_eq(packet_write(tun, &packet), 0);
}

/* Read up to the packet of @type. */
static inline void packet_await(int tun, uint32_t type, struct qrtr_packet *ret_packet)
{
	do {
		packet_read(tun, ret_packet);
	} while (ret_packet->type != type);
}

/* A remote node that has said hello and offers service 77, instance 3, at port 4242. */
static inline int node_start(void)
{
	const struct lsk_qipcrtr_event hello = {.type = LSK_QIPCRTR_HELLO,
						.node = NODE_REMOTE};
	const struct lsk_qipcrtr_event server = {
		.type = LSK_QIPCRTR_NEW_SERVER,
		.service = {.service = 77, .version = 1, .instance = 3},
		.node = NODE_REMOTE,
		.port = 4242,
	};
	struct qrtr_packet packet;
	int tun = tun_open();

	if (tun < 0 && !getenv("LINSOCK_TEST_QRTR"))
		cr_skip_test("no /dev/qrtr-tun here");
	cr_assert_geq(tun, 0, "no /dev/qrtr-tun: %s", strerror(errno));
	control_write(tun, &hello);
	packet_await(tun, LSK_QIPCRTR_HELLO, &packet);
	control_write(tun, &server);
	return tun;
}

#endif
