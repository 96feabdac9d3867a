/* SPDX-License-Identifier: MIT */
/*
 * A socket from loop to loop: released here, and posted there. The post is not by
 * MSG_RING: a wake by it costs both sides together what one by the eventfd does (6.18:
 * 3.7 us), and asks for a ring on either side. A direct descriptor goes by it into the
 * other ring's table, which nothing else reaches; where there is no such table, it
 * becomes an ordinary one.
 */
#include <stdlib.h>

#include <linsock/loop.h>
#include <linsock/loop_feature.h>

#include "src/loop_socket.h"
#include "src/socket.h"
#include "uring/util.h"

struct handed {
	struct lsk_socket *sock;
	struct lsk_loop *to;
	lsk_handed_fn call;
	void *context;
	struct loop_post *post;
};

static void arrive(struct lsk_loop *loop, void *context)
{
	const struct handed handed = *(struct handed *)context;
	const int fd = socket_fd(handed.sock);
	struct channel *channel;

	free(context);
	/* What is in the loop's table only the loop can close. */
	if (fd_is_direct(fd) && !handed.sock->channel &&
	    loop_socket_bind(loop, handed.sock, 0, &channel) < 0) {
		atomic_store(&handed.sock->fd, SOCKET_CLOSED);
		loop_close_fd(loop, fd);
	}
	handed.call(loop, handed.sock, handed.context);
}

/* The other loop has it, or it is an ordinary descriptor now, or closed. */
static void leave(struct handed *handed, int fd)
{
	channel_free(handed->sock->channel, true);
	atomic_store(&handed->sock->fd, fd < 0 ? SOCKET_CLOSED : fd);
	loop_post_put(handed->to, handed->post);
}

static void installed(struct lsk_loop *loop, const struct lsk_event *event)
{
	(void)loop;
	leave(event->context, event->result);
}

static int start_install(struct lsk_loop *loop, struct handed *handed)
{
	const struct lsk_then then = {.done = installed, .context = handed};
	const struct loop_op what = {0};

	return loop_start(loop, handed->sock->channel, OP_INSTALL, &what, &then);
}

static void passed_on(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct handed *handed = event->context;

	if (event->result >= 0)
		leave(handed, DIRECT_FIRST + event->result);
	else if (start_install(loop, handed) < 0)
		leave(handed, -1);
}

static int start_passing(struct lsk_loop *loop, struct handed *handed)
{
	const struct lsk_then then = {.done = passed_on, .context = handed};
	const struct lsk_loop *to = handed->to;
	struct loop_op what = {0};

	if (!(loop->features & LSK_LOOP_MSG_RING) || !(to->features & LSK_LOOP_DIRECT))
		return start_install(loop, handed);
	what.flags = to->backend->ring_fd(to);
	return loop_start(loop, handed->sock->channel, OP_PASS_ON, &what, &then);
}

/* Out of its table; what arrives here again stays where it is. */
static int hand_over_direct(struct lsk_loop *loop, struct handed *handed)
{
	const struct channel *channel = handed->sock->channel;
	int r = 0;

	if (loop_is_foreign(loop))
		return -ECHILD;
	if (!channel || channel->loop != loop || !channel_is_idle(channel))
		return -EBUSY;
	if (handed->to == loop)
		loop_post_put(loop, handed->post);
	else
		r = start_passing(loop, handed);
	if (r == 0 && handed->to != loop)
		atomic_store(&handed->sock->fd, SOCKET_CLOSED);
	return r;
}

static int hand_over(struct lsk_loop *loop, struct handed *handed)
{
	int r;

	if (fd_is_direct(socket_fd(handed->sock)))
		return hand_over_direct(loop, handed);
	r = lsk_loop_release(loop, handed->sock);
	if (r == 0)
		loop_post_put(handed->to, handed->post);
	return r;
}

int lsk_loop_hand_over(struct lsk_loop *loop, struct lsk_socket *sock,
		       struct lsk_loop *to, lsk_handed_fn call, void *context)
{
	struct handed *handed;
	int r = -ENOMEM;

	if (!loop || !sock || !to || !call)
		return -EINVAL;
	if (socket_fd(sock) < 0)
		return socket_fd(sock);
	handed = malloc(sizeof(*handed));
	if (!handed)
		return -ENOMEM;
	*handed =
		(struct handed){sock, to, call, context, loop_post_new(arrive, handed)};
	if (handed->post)
		r = hand_over(loop, handed);
	/* From there on arrive() has it. */
	if (r != 0) {
		free(handed->post);
		free(handed);
	}
	return r;
}
