/* SPDX-License-Identifier: MIT */
/*
 * The life of CAN interfaces: rtnetlink's table of links is mirrored, and what changes
 * in it becomes events of the interfaces that are followed.
 */
#include <linsock/can_life.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linsock/netlink_watch.h>
#include <linsock/rtnl.h>

#include "families/can_channel.h"
#include "src/socket.h"
#include "uring/util.h"

/* ARPHRD_CAN; the kernel's header of it collides with <net/if.h>. */
#define LINK_TYPE_CAN 280

/* Of one link's news: it is down, and gone, and another one of our name is there, up.
 */
#define EVENTS_MAX 4

/* While the mirror is in doubt, lsk_nl_watch_next() wants to be called this often. */
#define DOUBT_NS INT64_C(100000000)

struct life_link {
	unsigned int interface;
	bool is_up;
	char name[LSK_CAN_LIFE_NAME_MAX];
};

struct lsk_can_life {
	struct lsk_nl *nl;
	struct lsk_nl_watch *watch;
	char wanted[LSK_CAN_LIFE_NAME_MAX]; /* empty: all */
	struct life_link *links;            /* those that are followed */
	size_t count;
	size_t room;
	struct lsk_can_life_event events[EVENTS_MAX];
	size_t event_count;
	bool is_turn_of_frames;
};

const char *lsk_can_life_text(enum lsk_can_life_kind kind)
{
	static const char *const texts[] = {
		[LSK_CAN_LIFE_CAME] = "came",       [LSK_CAN_LIFE_UP] = "up",
		[LSK_CAN_LIFE_DOWN] = "down",       [LSK_CAN_LIFE_GONE] = "gone",
		[LSK_CAN_LIFE_RENAMED] = "renamed",
	};

	return (unsigned int)kind < LSK_CAN_LIFE__COUNT ? texts[kind] : "?";
}

int lsk_can_life_new(struct lsk_can_life **ret_life, const char *interface)
{
	struct lsk_can_life *life;
	int r;

	if (!ret_life || (interface && strlen(interface) >= LSK_CAN_LIFE_NAME_MAX))
		return -EINVAL;
	life = calloc(1, sizeof(*life));
	if (!life)
		return -ENOMEM;
	if (interface && strcmp(interface, LSK_CAN_ANY) != 0)
		memcpy(life->wanted, interface, strlen(interface));
	r = lsk_nl_open(&life->nl, NETLINK_ROUTE, NULL);
	if (r == 0)
		r = lsk_nl_watch_new(life->nl, lsk_rtnl_watched(RTM_GETLINK),
				     &life->watch);
	if (r < 0) {
		lsk_can_life_free(life);
		return r;
	}
	*ret_life = life;
	return 0;
}

struct lsk_can_life *lsk_can_life_free(struct lsk_can_life *life)
{
	if (!life)
		return NULL;
	lsk_nl_watch_free(life->watch);
	lsk_nl_close(life->nl);
	free(life->links);
	free(life);
	return NULL;
}

struct lsk_socket *lsk_can_life_socket(struct lsk_can_life *life)
{
	return life ? lsk_nl_event_socket(life->nl) : NULL;
}

static void tell(struct lsk_can_life *life, enum lsk_can_life_kind kind,
		 const struct life_link *link, const char *old_name)
{
	struct lsk_can_life_event *event = &life->events[life->event_count++];

	*event =
		(struct lsk_can_life_event){.kind = kind, .interface = link->interface};
	memcpy(event->name, link->name, sizeof(event->name));
	snprintf(event->old_name, sizeof(event->old_name), "%s", old_name);
}

static struct life_link *find_link(struct lsk_can_life *life, unsigned int interface)
{
	for (size_t i = 0; i < life->count; i++)
		if (life->links[i].interface == interface)
			return &life->links[i];
	return NULL;
}

/* Read a link of CAN. Return: false where it is none. */
static bool read_link(const struct nlmsghdr *msg, struct life_link *link)
{
	struct lsk_rtnl_link parsed;

	if (!msg || lsk_rtnl_link_parse(msg, &parsed) < 0 ||
	    parsed.info.ifi_type != LINK_TYPE_CAN)
		return false;
	link->interface = (unsigned int)parsed.info.ifi_index;
	link->is_up = parsed.info.ifi_flags & IFF_UP;
	memcpy(link->name, parsed.name, sizeof(link->name));
	return true;
}

/* Follow a link, if it is one that is waited for. Return: 0 or -ENOMEM. */
static int link_came(struct lsk_can_life *life, const struct life_link *link)
{
	if (life->wanted[0] &&
	    (life->count > 0 || strcmp(life->wanted, link->name) != 0))
		return 0;
	if (life->count == life->room) {
		size_t room = life->room ? 2 * life->room : 4;
		struct life_link *links =
			realloc(life->links, room * sizeof(*life->links));

		if (!links)
			return -ENOMEM;
		life->links = links;
		life->room = room;
	}
	life->links[life->count++] = *link;
	tell(life, LSK_CAN_LIFE_CAME, link, "");
	if (link->is_up)
		tell(life, LSK_CAN_LIFE_UP, link, "");
	return 0;
}

static int link_changed(struct lsk_can_life *life, const struct life_link *link)
{
	struct life_link *known = find_link(life, link->interface);
	struct life_link old;

	if (!known)
		return link_came(life, link);
	old = *known;
	*known = *link;
	if (strcmp(old.name, link->name) != 0)
		tell(life, LSK_CAN_LIFE_RENAMED, link, old.name);
	if (old.is_up != link->is_up)
		tell(life, link->is_up ? LSK_CAN_LIFE_UP : LSK_CAN_LIFE_DOWN, link, "");
	return 0;
}

/* Stop to follow a link; where one was meant by name, another may have that now. */
static int link_gone(struct lsk_can_life *life, const struct life_link *link)
{
	struct life_link *known = find_link(life, link->interface);
	const struct nlmsghdr *msg;
	const void *position = NULL;
	struct life_link other;

	if (!known)
		return 0;
	if (known->is_up)
		tell(life, LSK_CAN_LIFE_DOWN, known, "");
	tell(life, LSK_CAN_LIFE_GONE, known, "");
	*known = life->links[--life->count];
	while (life->wanted[0] &&
	       (msg = lsk_nl_watch_object(life->watch, &position)) != NULL)
		if (read_link(msg, &other) && other.interface != link->interface &&
		    strcmp(other.name, life->wanted) == 0)
			return link_came(life, &other);
	return 0;
}

/* One step of the mirror. Return: 0 or -ENOMEM. */
static int take_news(struct lsk_can_life *life, const struct lsk_nl_watch_event *news)
{
	struct life_link link = {0};

	switch (news->kind) {
	case LSK_NL_ADD:
	case LSK_NL_CHANGE:
		return read_link(news->msg, &link) ? link_changed(life, &link) : 0;
	case LSK_NL_DELETE:
		return read_link(news->msg, &link) ? link_gone(life, &link) : 0;
	case LSK_NL_LOST:
	case LSK_NL_SYNCED:
	case LSK_NL_CHANGE__COUNT:
		break;
	}
	return 0;
}

static int next_until(struct lsk_can_life *life, int64_t deadline_ns,
		      struct lsk_can_life_event *event)
{
	while (life->event_count == 0) {
		struct lsk_nl_watch_event news;
		int64_t rest_ns = deadline_ns;
		int r;

		if (deadline_ns > 0) {
			rest_ns = deadline_ns - engine_now_ns();
			rest_ns = rest_ns < 0 ? 0 : rest_ns;
		}
		r = lsk_nl_watch_next(life->watch, rest_ns, &news);
		if (r == 0)
			r = take_news(life, &news);
		if (r < 0)
			return r == -EAGAIN && deadline_ns > 0 ? -ETIME : r;
	}
	*event = life->events[0];
	life->event_count--;
	memmove(life->events, life->events + 1,
		life->event_count * sizeof(life->events[0]));
	return 0;
}

int lsk_can_life_next(struct lsk_can_life *life, int64_t timeout_ns,
		      struct lsk_can_life_event *ret_event)
{
	if (!life || !ret_event || timeout_ns < LSK_BLOCK)
		return -EINVAL;
	return next_until(life,
			  timeout_ns > 0 ? engine_now_ns() + timeout_ns : timeout_ns,
			  ret_event);
}

/* Wait for frames or news. Return: 0, -ETIME, -EINTR. */
static int wait_either(struct lsk_can_life *life, struct lsk_can *can,
		       int64_t deadline_ns)
{
	struct pollfd fds[] = {
		{.fd = socket_fd(can->sock), .events = POLLIN},
		{.fd = socket_fd(lsk_can_life_socket(life)), .events = POLLIN},
	};
	int64_t rest_ns = deadline_ns < 0 ? LSK_BLOCK : deadline_ns - engine_now_ns();
	bool is_short = !lsk_nl_watch_is_synced(life->watch) &&
			(rest_ns < 0 || rest_ns > DOUBT_NS);
	struct timespec rest;
	int r;

	if (deadline_ns >= 0 && rest_ns <= 0)
		return -ETIME;
	if (is_short)
		rest_ns = DOUBT_NS;
	rest = (struct timespec){.tv_sec = rest_ns / LSK_NSEC_PER_SEC,
				 .tv_nsec = rest_ns % LSK_NSEC_PER_SEC};
	r = syscall_result(
		ppoll(fds, ARRAY_SIZE(fds), rest_ns < 0 ? NULL : &rest, NULL));
	return r == 0 && !is_short ? -ETIME : r < 0 ? r : 0;
}

/* An event, and the channel put back where that makes sense. */
static int take_event(struct lsk_can_life *life, struct lsk_can *can,
		      struct lsk_can_life_event *event)
{
	int r = next_until(life, 0, event);

	if (r < 0)
		return r;
	if (event->kind == LSK_CAN_LIFE_CAME || event->kind == LSK_CAN_LIFE_UP)
		event->restored = lsk_can_restore(can);
	lsk_can_forget_names(can);
	return 0;
}

int lsk_can_life_receive(struct lsk_can_life *life, struct lsk_can *can,
			 struct lsk_can_record *ret_records, size_t count,
			 struct lsk_can_life_event *ret_event)
{
	int64_t deadline_ns;
	int r;

	if (!life || !can || !ret_records || count == 0 || !ret_event)
		return -EINVAL;
	deadline_ns = socket_deadline(can->sock);
	for (;;) {
		/* In turn, so that a full bus does not hide what becomes of it. */
		life->is_turn_of_frames = !life->is_turn_of_frames;
		r = life->is_turn_of_frames ? can_receive_ready(can, ret_records, count)
					    : take_event(life, can, ret_event);
		if (r > 0 || (r == 0 && !life->is_turn_of_frames))
			return r;
		if (r == -ENETDOWN || r == -ENODEV)
			continue; /* told by the event */
		if (r != -EAGAIN)
			return r;
		if (life->is_turn_of_frames)
			continue; /* events were not asked yet */
		if (socket_timeout(can->sock) == 0) {
			r = can_receive_ready(can, ret_records, count);
			if (r != -ENETDOWN && r != -ENODEV)
				return r;
			continue;
		}
		r = wait_either(life, can, deadline_ns);
		if (r < 0)
			return r;
	}
}
