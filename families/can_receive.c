/* SPDX-License-Identifier: MIT */
/* Receiving: many frames per system call, each with its time and the drop counter. */
#include <time.h> /* before errqueue.h, which needs it and does not say so */

#include <assert.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>

#include "families/can_channel.h"
#include "src/socket.h"
#include "uring/util.h"

static int64_t time_to_ns(const struct timespec *time)
{
	return time->tv_sec * LSK_NSEC_PER_SEC + time->tv_nsec;
}

/* The controller's time where it gave one, else the system's. */
static void take_timestamping(struct lsk_can_record *record, const void *data)
{
	struct scm_timestamping stamps;
	struct timespec system, hardware;

	memcpy(&stamps, data, sizeof(stamps));
	memcpy(&system, &stamps.ts[0], sizeof(system));
	memcpy(&hardware, &stamps.ts[2], sizeof(hardware));
	record->time_ns = time_to_ns(&hardware);
	if (record->time_ns != 0)
		record->flags |= LSK_CAN_HARDWARE_TIME;
	else
		record->time_ns = time_to_ns(&system);
}

/* CMSG_NXTHDR() is a call for each of two; what the kernel wrote needs no check of its
 * lengths. */
static struct cmsghdr *next_control(const struct msghdr *message,
				    struct cmsghdr *control)
{
	char *next = (char *)control + CMSG_ALIGN(control->cmsg_len);
	char *end = (char *)message->msg_control + message->msg_controllen;

	return end - next >= (ptrdiff_t)sizeof(*control) ? (void *)next : NULL;
}

/* The time, and no drop counter: what there is as long as nothing was dropped. */
static inline bool take_time_alone(const struct msghdr *message,
				   struct lsk_can_record *record)
{
	const struct cmsghdr *control = message->msg_control;
	struct timespec time;

	if (message->msg_controllen != CMSG_SPACE(sizeof(time)) ||
	    control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS)
		return false;
	memcpy(&time, CMSG_DATA(control), sizeof(time));
	record->time_ns = time_to_ns(&time);
	return true;
}

/*
 * A classic frame with 11 bits and nothing special, as most are: no call, and few
 * instructions, which count where a bus is full.
 */
static inline bool take_plain(struct lsk_can_frame *frame, const void *bytes,
			      size_t size)
{
	struct can_frame wire;

	static_assert(LSK_CAN_CLASSIC == 0, "a frame of zeros is a classic one");
	if (size != sizeof(wire))
		return false;
	memcpy(&wire, bytes, sizeof(wire));
	if (wire.can_id > LSK_CAN_ID_MAX || wire.len > LSK_CAN_DATA_MAX ||
	    wire.len8_dlc != 0)
		return false;
	memset(frame, 0, offsetof(struct lsk_can_frame, data));
	frame->id = wire.can_id;
	frame->len = wire.len;
	memcpy(frame->data, wire.data, sizeof(wire.data));
	return true;
}

static void take_controls(struct lsk_can *can, struct msghdr *message,
			  struct lsk_can_record *record)
{
	struct cmsghdr *control;

	record->time_ns = 0;
	for (control = CMSG_FIRSTHDR(message); control;
	     control = next_control(message, control)) {
		if (control->cmsg_level != SOL_SOCKET)
			continue;
		if (control->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec time;

			memcpy(&time, CMSG_DATA(control), sizeof(time));
			record->time_ns = time_to_ns(&time);
		} else if (control->cmsg_type == SO_RXQ_OVFL) {
			uint32_t drops;

			memcpy(&drops, CMSG_DATA(control), sizeof(drops));
			can->dropped += (uint32_t)(drops - can->drops_seen);
			can->drops_seen = drops;
		} else if (control->cmsg_type == SCM_TIMESTAMPING) {
			take_timestamping(record, CMSG_DATA(control));
		}
	}
}

/* Read message @i. Return: whether it is a frame that the channel wants. */
static bool take_message(struct lsk_can *can, size_t i, struct lsk_can_record *record)
{
	struct mmsghdr *entry = &can->rx.messages[i];
	struct msghdr *message = &entry->msg_hdr;
	const void *bytes = can->rx.iovs[i].iov_base;
	int r = 0;

	record->flags = (message->msg_flags & MSG_DONTROUTE ? LSK_CAN_LOCAL : 0) |
			(message->msg_flags & MSG_CONFIRM ? LSK_CAN_OWN : 0);
	record->interface = (unsigned int)can->rx.addrs[i].can_ifindex;
	if (!take_time_alone(message, record))
		take_controls(can, message, record);
	record->dropped = can->dropped;
	if (!take_plain(&record->frame, bytes, entry->msg_len))
		r = lsk_can_frame_from_kernel(&record->frame, bytes, entry->msg_len);
	/* The kernel wrote how much of these it used. */
	message->msg_namelen = sizeof(can->rx.addrs[i]);
	message->msg_controllen = sizeof(can->rx.controls[i]);
	return r == 0 &&
	       (!can->judge.groups || can_judge_passes(&can->judge, &record->frame));
}

/* What is there now. Return: frames taken, which may be none; or a negative errno. */
static int take_ready(struct lsk_can *can, int fd, struct lsk_can_record *records,
		      size_t count)
{
	size_t room = count < can->rx.count ? count : can->rx.count;
	size_t taken = 0;
	int got = syscall_result(
		recvmmsg(fd, can->rx.messages, (unsigned int)room, MSG_DONTWAIT, NULL));

	for (int i = 0; i < got; i++)
		if (take_message(can, (size_t)i, &records[taken]))
			taken++;
	return got < 0 ? got : (int)taken;
}

int can_receive_ready(struct lsk_can *can, struct lsk_can_record *records, size_t count)
{
	int r;

	do {
		int fd = socket_fd(can->sock);

		r = fd < 0 ? fd : take_ready(can, fd, records, count);
	} while (r == 0); /* all of them were judged away */
	if (r > 0)
		can->received += (uint64_t)r;
	return r;
}

int lsk_can_receive(struct lsk_can *can, struct lsk_can_record *ret_records,
		    size_t count)
{
	int64_t deadline_ns = 0;
	bool is_waiting = false;

	if (!can || !ret_records || count == 0)
		return -EINVAL;
	for (;;) {
		int r = can_receive_ready(can, ret_records, count);

		if (r != -EAGAIN || socket_timeout(can->sock) == 0)
			return r;
		if (!is_waiting)
			deadline_ns = socket_deadline(can->sock);
		is_waiting = true;
		r = socket_poll(can->sock, POLLIN, deadline_ns);
		if (r < 0)
			return r;
	}
}
