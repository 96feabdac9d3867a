/* SPDX-License-Identifier: MIT */
/* What the loop knows of a descriptor: from the first operation to the close. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "uring/loop.h"
#include "uring/loop_hot.h"
#include "uring/util.h"

static struct channel *channel_take(struct lsk_loop *loop)
{
	struct channel *channel;

	if (loop->channels_free != OP_NONE) {
		channel = &loop->channels[loop->channels_free];
		loop->channels_free = channel->ready_next;
		return channel;
	}
	if (loop->channels_used == LOOP_OPS_MAX)
		return NULL;
	return &loop->channels[loop->channels_used++];
}

static void channel_give(struct lsk_loop *loop, struct channel *channel)
{
	channel->state = CHANNEL_FREE;
	channel->ready_next = loop->channels_free;
	loop->channels_free = (uint32_t)(channel - loop->channels);
}

int channel_new(struct lsk_loop *loop, struct channel **ret_channel, int fd,
		unsigned int caps, void *owner)
{
	struct channel *channel = channel_take(loop);
	int r = 0;

	if (!channel)
		return -ENOMEM;
	*channel = (struct channel){
		.loop = loop,
		.owner = owner,
		.fd = fd,
		.send_head = OP_NONE,
		.send_tail = OP_NONE,
		.others = OP_NONE,
		.close_op = OP_NONE,
		.caps = (uint8_t)caps,
	};
	/* What is connected at once, and closed, has nothing to wait for. */
	if (caps & CHANNEL_CONNECTS)
		channel->state = CHANNEL_LATE;
	else
		r = loop->backend->bind(loop, channel);
	if (r < 0) {
		channel_give(loop, channel);
		return r;
	}
	loop->stats.sockets++;
	*ret_channel = channel;
	return 0;
}

/* Make known to the back end what channel_new() has not. Return: 0, or why not: it can
 * be tried again. */
int channel_bind_late(struct channel *channel)
{
	struct lsk_loop *loop = channel->loop;
	int r;

	channel->state &= (uint16_t)~CHANNEL_LATE;
	r = loop->backend->bind(loop, channel);
	if (r < 0)
		channel->state |= CHANNEL_LATE;
	return r;
}

/* Its memory stays as it is until the pass has ended: events may name it still. */
void channel_free(struct channel *channel, bool is_closed)
{
	struct lsk_loop *loop = channel->loop;
	void *owner = channel->owner;
	const int fd = channel->fd;

	loop->backend->unbind(loop, channel);
	if (is_closed)
		loop_close_fd(loop, fd);
	else if (channel->state & CHANNEL_WAS_BLOCKING)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	channel->state |= CHANNEL_FREE;
	channel->fd = -1;
	loop->stats.sockets--;
	/* The lists of channels that are to be sent from, or tried, let go of it in
	 * channel_reclaim(). */
	channel->leaving_next = loop->channels_leaving;
	loop->channels_leaving = channel_index(channel);
	if (owner && loop->release)
		loop->release(owner, fd, is_closed);
}

void channel_reclaim(struct lsk_loop *loop)
{
	uint32_t *place = &loop->channels_leaving;

	while (*place != OP_NONE) {
		struct channel *channel = &loop->channels[*place];

		if (channel->state & (CHANNEL_FLUSHING | CHANNEL_READY)) {
			place = &channel->leaving_next;
			continue;
		}
		*place = channel->leaving_next;
		channel_give(loop, channel);
	}
}

void channel_cancel(struct channel *channel, unsigned int reason)
{
	struct lsk_loop *loop = channel->loop;
	uint32_t slot = channel->others;

	/* Stopping does not finish, so the list stays as it is. */
	for (; slot != OP_NONE; slot = loop->ops[slot].next)
		op_stop(loop, &loop->ops[slot], reason);
}

int channel_close(struct channel *channel, const struct lsk_then *then)
{
	struct lsk_loop *loop = channel->loop;
	struct loop_op *op;
	int r;

	if (channel->state & CHANNEL_CLOSING)
		return -EBADF;
	r = op_new(loop, channel, OP_CLOSE, then, &op);
	if (r < 0)
		return r;
	channel->state |= CHANNEL_CLOSING;
	channel->close_op = op_slot(loop, op);
	channel_cancel(channel, OP_CANCELLED);
	/* The close itself is for the next pass: starting never calls back. */
	op_list(loop, op);
	return 0;
}

/*
 * How far a closing channel has come. The number of a descriptor is given back only
 * when nothing refers to it any more: a pending receive would outlive close(2), keep
 * the connection open without a FIN, and take data that comes later.
 */
void channel_check_close(struct channel *channel)
{
	struct lsk_loop *loop = channel->loop;
	struct loop_op *op;

	if (channel->state & (CHANNEL_FREE | CHANNEL_SENDING))
		return;
	if (channel->send_head != OP_NONE || channel->state & CHANNEL_BUSY)
		return;
	if (channel->others != OP_NONE) {
		if (!(channel->state & CHANNEL_SHUT) &&
		    channel->caps & CHANNEL_STREAM && !fd_is_direct(channel->fd))
			shutdown(channel->fd, SHUT_RDWR);
		channel->state |= CHANNEL_SHUT;
		return;
	}
	op = &loop->ops[channel->close_op];
	/* The owner may be gone with the channel. */
	event_show(loop, op,
		   &(const struct lsk_event){
			   .op = {channel->close_op, op->generation},
			   .context = op->context,
		   });
	op->channel = NULL;
	channel_free(channel, true);
	op_finish(loop, op, 0, 0);
}
