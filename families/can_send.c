/* SPDX-License-Identifier: MIT */
/*
 * Sending in order. Back-pressure comes from the socket's own small buffer: -EAGAIN,
 * which poll(2) knows to wait for. -ENOBUFS means that the device's queue is full of
 * other sockets' frames; poll(2) does not know of that, so here the wait is a clock's.
 */
#include <poll.h>
#include <string.h>

#include "families/can_channel.h"
#include "src/socket.h"
#include "uring/util.h"

struct can_sending {
	struct lsk_can *can;
	int64_t deadline_ns;
	bool has_deadline;
	int64_t back_off_ns;
	bool never_waits;
};

/* Lay out up to a batch of frames. Return: how many, or why the first one cannot be. */
static int fill_batch(struct lsk_can *can, unsigned int interface,
		      const struct lsk_can_frame *frames, size_t count)
{
	size_t room = count < can->tx.count ? count : can->tx.count;

	for (size_t i = 0; i < room; i++) {
		struct msghdr *message = &can->tx.messages[i].msg_hdr;
		int size = lsk_can_frame_to_kernel(&frames[i], can->tx.iovs[i].iov_base,
						   can->tx.stride);

		if (size < 0)
			return i > 0 ? (int)i : size;
		can->tx.iovs[i].iov_len = (size_t)size;
		message->msg_name = NULL;
		message->msg_namelen = 0;
		if (interface == 0)
			continue;
		message->msg_name = &can->tx.addrs[i];
		message->msg_namelen = sizeof(can->tx.addrs[i]);
		can->tx.addrs[i].can_family = AF_CAN;
		can->tx.addrs[i].can_ifindex = (int)interface;
	}
	return (int)room;
}

/* Wait until another attempt makes sense. Return: 0, or why there is none. */
static int wait_for_room(struct can_sending *sending, int why)
{
	struct lsk_socket *sock = sending->can->sock;
	int64_t until_ns;
	int r;

	if (sending->never_waits)
		return why;
	if (socket_timeout(sock) == 0)
		return -EAGAIN;
	if (!sending->has_deadline)
		sending->deadline_ns = socket_deadline(sock);
	sending->has_deadline = true;
	if (why == -EAGAIN) {
		r = socket_poll(sock, POLLOUT, sending->deadline_ns);
		return r < 0 ? r : 0;
	}
	until_ns = engine_now_ns() + sending->back_off_ns;
	if (sending->deadline_ns >= 0 && until_ns > sending->deadline_ns)
		until_ns = sending->deadline_ns;
	sending->back_off_ns *= 2;
	if (sending->back_off_ns > CAN_BACK_OFF_MAX_NS)
		sending->back_off_ns = CAN_BACK_OFF_MAX_NS;
	r = socket_poll(sock, 0, until_ns);
	if (r == -ETIME && until_ns != sending->deadline_ns)
		return 0;
	/* An error of the socket is told by the next attempt. */
	return r > 0 ? 0 : r;
}

/* What comes after the kernel refused a frame. Return: frames to step over, or why to
 * end. */
static int after_refusal(struct can_sending *sending, int why)
{
	if (why == -EAGAIN)
		return wait_for_room(sending, why);
	if (why != -ENOBUFS)
		return why;
	switch (sending->can->on_full) {
	case LSK_CAN_ON_FULL_WAIT:
		return wait_for_room(sending, why);
	case LSK_CAN_ON_FULL_DROP:
		sending->can->refused++;
		return 1;
	case LSK_CAN_ON_FULL_FAIL:
		return why;
	}
	return why;
}

/* Send the @count messages that are laid out. @ret_done counts those that are done. */
static int send_batch(struct can_sending *sending, size_t count, size_t *ret_done)
{
	struct lsk_can *can = sending->can;
	size_t done = 0;
	int r = 0;

	while (done < count) {
		int fd = socket_fd(can->sock);

		r = fd < 0 ? fd
			   : syscall_result(sendmmsg(fd, can->tx.messages + done,
						     (unsigned int)(count - done),
						     MSG_DONTWAIT | MSG_NOSIGNAL));
		if (r > 0) {
			can->sent += (uint64_t)r;
			sending->back_off_ns = CAN_BACK_OFF_MIN_NS;
		} else {
			r = after_refusal(sending, r);
		}
		if (r < 0)
			break;
		done += (size_t)r;
	}
	*ret_done = done;
	return r < 0 ? r : 0;
}

static int send_all(struct can_sending *sending, unsigned int interface,
		    const struct lsk_can_frame *frames, size_t count, size_t *ret_sent)
{
	size_t done = 0;
	int r = 0;

	while (r == 0 && done < count) {
		size_t sent = 0;
		int filled = fill_batch(sending->can, interface, frames + done,
					count - done);

		r = filled < 0 ? filled : send_batch(sending, (size_t)filled, &sent);
		done += sent;
	}
	*ret_sent = done;
	return r;
}

int can_send_ready(struct lsk_can *can, unsigned int interface,
		   const struct lsk_can_frame *frames, size_t count, size_t *ret_sent)
{
	struct can_sending sending = {.can = can, .never_waits = true};

	return send_all(&sending, interface, frames, count, ret_sent);
}

int lsk_can_send_to(struct lsk_can *can, unsigned int interface,
		    const struct lsk_can_frame *frames, size_t count, size_t *ret_sent)
{
	struct can_sending sending = {.can = can, .back_off_ns = CAN_BACK_OFF_MIN_NS};
	size_t done = 0;
	int r = -EINVAL;

	if (can && (frames || count == 0))
		r = send_all(&sending, interface, frames, count, &done);
	if (ret_sent)
		*ret_sent = done;
	return r;
}

int lsk_can_send(struct lsk_can *can, const struct lsk_can_frame *frames, size_t count,
		 size_t *ret_sent)
{
	return lsk_can_send_to(can, 0, frames, count, ret_sent);
}
