/* SPDX-License-Identifier: MIT */
/* What a channel holds. */
#ifndef LSK_CAN_CHANNEL_H
#define LSK_CAN_CHANNEL_H

#include <linux/can.h>
#include <net/if.h>
#include <stdbool.h>
#include <sys/socket.h>

#include <linsock/can.h>

#include "families/can_judge.h"

/* Names that a channel remembers; a host with more interfaces asks more often. */
#define CAN_NAMES_MAX 32

/* Room for the control messages of one frame: three timespecs and the drop counter. */
#define CAN_CONTROL_SIZE \
	(CMSG_SPACE(3 * sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t)))

/* One direction's messages, laid out once: a call resets only what the kernel wrote. */
struct can_batch {
	size_t count;
	size_t stride; /* bytes per frame in @bytes */
	struct mmsghdr *messages;
	struct iovec *iovs;
	struct sockaddr_can *addrs;
	unsigned char (*controls)[CAN_CONTROL_SIZE]; /* receiving only */
	unsigned char *bytes;
};

struct can_name {
	unsigned int interface; /* 0: free */
	char name[IF_NAMESIZE + 2];
};

struct can_transmit;

struct lsk_can {
	struct lsk_socket *sock;
	char interface[IF_NAMESIZE]; /* empty: all */
	/* What the kernel judges by; it forgets them when the interface goes. */
	struct lsk_can_filter *filters;
	size_t filter_count;
	enum lsk_can_on_full on_full;
	bool confirms;
	struct can_transmit *transmit; /* under way on a loop, or NULL */
	struct can_batch rx;
	struct can_batch tx;
	struct can_judge judge;
	uint32_t drops_seen; /* the kernel's counter, which wraps */
	uint64_t dropped;
	uint64_t received;
	uint64_t sent;
	uint64_t refused;
	struct can_name names[CAN_NAMES_MAX];
	unsigned int name_next; /* the one to forget when all are taken */
};

/*
 * Take what is there, without waiting. Return: how many frames; -EAGAIN for none; what
 * the kernel says of the interface.
 */
int can_receive_ready(struct lsk_can *can, struct lsk_can_record *records,
		      size_t count);

/*
 * Send what there is room for, without waiting. Return: 0 when all is sent (or dropped,
 * where the channel says so); -EAGAIN where poll(2) knows when there is room; -ENOBUFS
 * where it does not; or why the next frame cannot be sent.
 */
int can_send_ready(struct lsk_can *can, unsigned int interface,
		   const struct lsk_can_frame *frames, size_t count, size_t *ret_sent);

/* Receive by other filters, up to the kernel's 512, from now on. Return: 0, -ENOMEM. */
int can_change_filters(struct lsk_can *can, const struct lsk_can_filter *filters,
		       size_t count);

/* Most filters of one socket. */
#define CAN_KERNEL_FILTERS_MAX 512

/* How long to wait where the device's queue is full, at first and at most: a queue of
 * ten frames drains in this time at 1 Mbit/s, and at 10 kbit/s. */
#define CAN_BACK_OFF_MIN_NS INT64_C(500000)
#define CAN_BACK_OFF_MAX_NS INT64_C(20000000)

/* Lay out @count messages of @stride bytes. Return: 0 or -ENOMEM. */
int can_batch_init(struct can_batch *batch, size_t count, size_t stride,
		   bool has_controls);
void can_batch_done(struct can_batch *batch);

#endif
