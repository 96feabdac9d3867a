/* SPDX-License-Identifier: MIT */
/*
 * What one says all others hear: chat inet://127.0.0.1:7777
 *
 * A message is copied once, whatever the number of listeners, and freed when the last
 * send of it has ended. Somebody who does not listen holds up nobody: beyond QUEUED_MAX
 * bytes that wait for him he misses messages, and is told how many.
 */
#include <string.h>

#include "common.h"

#define QUEUED_MAX (64U << 10)
#define NOTICE_MAX 64

struct member {
	struct room *room;
	struct member *next;
	struct lsk_socket *sock;
	unsigned int missed;
};

struct room {
	struct lsk_socket *listener;
	struct lsk_pool *pool;
	struct member *members;
};

struct message {
	unsigned int sends; /* and one while it is being given out */
	size_t len;
	char text[];
};

static struct message *message_new(const void *text, size_t len)
{
	struct message *message = malloc(sizeof(*message) + len);

	must("memory", message ? 0 : -1);
	message->sends = 1;
	message->len = len;
	memcpy(message->text, text, len);
	return message;
}

static void message_drop(struct message *message)
{
	if (--message->sends == 0)
		free(message);
}

static void sent(struct lsk_loop *loop, const struct lsk_event *event)
{
	(void)loop;
	message_drop(event->context);
}

static void member_send(struct lsk_loop *loop, struct member *member,
			struct message *message)
{
	const struct lsk_then then = {.done = sent, .context = message};

	if (lsk_loop_send(loop, member->sock, message->text, message->len, 0, &then) ==
	    0)
		message->sends++;
}

static void member_tell(struct lsk_loop *loop, struct member *member,
			struct message *message)
{
	if (lsk_loop_queued(loop, member->sock) > QUEUED_MAX) {
		member->missed++;
		return;
	}
	if (member->missed > 0) {
		char text[NOTICE_MAX];
		const int len = snprintf(text, sizeof(text), "(%u messages missed)\n",
					 member->missed);
		struct message *notice = message_new(text, (size_t)len);

		member->missed = 0;
		member_send(loop, member, notice);
		message_drop(notice);
	}
	member_send(loop, member, message);
}

static void left(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct member *member = event->context;

	(void)loop;
	lsk_socket_free(member->sock);
	free(member);
}

/* What waits for him still has its time to leave. */
static void member_leave(struct lsk_loop *loop, struct member *member)
{
	const struct lsk_then then = {
		.done = left,
		.context = member,
		.timeout_ns = 10 * LSK_NSEC_PER_SEC,
	};
	struct member **place = &member->room->members;

	while (*place != member)
		place = &(*place)->next;
	*place = member->next;
	lsk_loop_close(loop, member->sock, &then);
}

static void heard(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct member *speaker = event->context;
	struct message *message;

	if (!(event->flags & LSK_EVENT_MORE)) {
		member_leave(loop, speaker);
		return;
	}
	message = message_new(event->data, (size_t)event->result);
	lsk_lease_free(event->pool, event->lease);
	for (struct member *member = speaker->room->members; member;
	     member = member->next)
		if (member != speaker)
			member_tell(loop, member, message);
	message_drop(message);
}

static void accepted(struct lsk_loop *loop, const struct lsk_event *event)
{
	struct room *room = event->context;
	struct member *member;
	struct lsk_then then = {.done = heard};

	must("accept", event->result);
	member = calloc(1, sizeof(*member));
	must("memory", member ? 0 : -1);
	must("adopt",
	     lsk_loop_adopt(loop, room->listener, event->result, &member->sock));
	member->room = room;
	member->next = room->members;
	room->members = member;
	then.context = member;
	must("receive", lsk_loop_recv_stream(loop, member->sock, room->pool, &then));
}

int main(int argc, char **argv)
{
	struct room room = {0};
	const struct lsk_then then = {.done = accepted, .context = &room};
	struct lsk_loop *loop;
	struct lsk_addr addr;

	must("address", lsk_addr_parse(&addr, argc > 1 ? argv[1] : "", NULL));
	must("socket",
	     lsk_socket_new(&room.listener, addr.storage.ss_family, SOCK_STREAM, 0));
	must("bind", lsk_socket_bind(room.listener, &addr));
	must("listen", lsk_socket_listen(room.listener, LSK_BACKLOG_DEFAULT));
	must("loop", lsk_loop_new(&loop, NULL));
	must("pool", lsk_pool_new(loop, &room.pool, NULL));
	must("accept", lsk_loop_accept_stream(loop, room.listener, &then));
	print_place(room.listener);
	must("run", lsk_loop_run(loop, LSK_RUN_FOREVER));
}
