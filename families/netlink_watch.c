/* SPDX-License-Identifier: MIT */
/*
 * The watch: a mirror that is right in the end.
 *
 *	 list ──► sweep ──► live ──► live … ──► (lost or in doubt, queue empty) ──► list
 *
 * Groups are joined before the first listing, so that every change is either in the
 * list or in the queue behind it. An event that is older than the list may undo it
 * for a moment, and the events behind it set that right again, as they come in order.
 */
#include <linsock/netlink_loop.h>
#include <linsock/netlink_watch.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "families/netlink_handle.h"
#include "families/netlink_mirror.h"
#include "families/netlink_watch.h"
#include "src/socket.h"
#include "uring/engine.h"
#include "uring/util.h"

/* Between two listings that only a doubt asks for: at least this, and so many times as
 * long as a listing takes, so that a busy table does not take all time. */
#define PAUSE_MIN_NS INT64_C(5000000)
#define PAUSE_MAX_NS INT64_C(100000000)
#define PAUSE_FACTOR 4

enum state {
	STATE_LIST,
	STATE_SWEEP,
	STATE_LIVE,
};

struct lsk_nl_watch {
	struct lsk_nl *nl;
	const struct lsk_nl_watched *watched;
	struct mirror mirror;
	uint32_t generation;

	enum state state;
	struct lsk_nl_dump *dump;   /* STATE_LIST, once started */
	struct mirror_entry *sweep; /* STATE_SWEEP: next to look at */
	int64_t list_start_ns;
	int64_t list_end_ns;

	bool is_synced;   /* SYNCED was told */
	bool is_lost;     /* list again as soon as the queue is empty */
	bool is_doubtful; /* the same, after a pause */
	bool lost_told;

	struct mirror_entry *gone; /* what the last event showed and is no more */
	struct nlmsghdr *old;
	struct lsk_nl_key key;
	struct netlink_watch_run *run; /* NULL: not on a loop */
};

int lsk_nl_watch_new(struct lsk_nl *nl, const struct lsk_nl_watched *watched,
		     struct lsk_nl_watch **ret_watch)
{
	struct lsk_nl_watch *watch;
	int r;

	if (!watched)
		return -EINVAL;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	watch->nl = nl;
	watch->watched = watched;
	for (const uint32_t *group = watched->groups; *group; group++) {
		r = lsk_nl_join(nl, *group);
		if (r < 0) {
			free(watch);
			return r;
		}
	}
	*ret_watch = watch;
	return 0;
}

static void forget_event(struct lsk_nl_watch *watch)
{
	mirror_entry_free(watch->gone);
	watch->gone = NULL;
	free(watch->old);
	watch->old = NULL;
}

struct lsk_nl_watch *lsk_nl_watch_free(struct lsk_nl_watch *watch)
{
	if (!watch)
		return NULL;
	(void)lsk_nl_watch_stop(watch);
	forget_event(watch);
	lsk_nl_dump_end(watch->dump, NULL);
	mirror_done(&watch->mirror);
	for (const uint32_t *group = watch->watched->groups; *group; group++)
		(void)lsk_nl_leave(watch->nl, *group);
	free(watch);
	return NULL;
}

struct netlink_watch_run **netlink_watch_run(struct lsk_nl_watch *watch)
{
	return &watch->run;
}

struct lsk_socket *netlink_watch_socket(const struct lsk_nl_watch *watch)
{
	return watch->nl->events.sock;
}

bool lsk_nl_watch_is_synced(const struct lsk_nl_watch *watch)
{
	return watch->is_synced && !watch->is_lost && !watch->is_doubtful;
}

size_t lsk_nl_watch_count(const struct lsk_nl_watch *watch)
{
	return watch->mirror.count;
}

const struct nlmsghdr *lsk_nl_watch_object(const struct lsk_nl_watch *watch,
					   const void **position)
{
	const struct mirror_entry *entry = *position;

	entry = entry ? entry->next : watch->mirror.first;
	if (!entry)
		return NULL;
	*position = entry;
	return entry->msg;
}

/* The next attribute that counts. Return: as lsk_nl_attr_next(). */
static int next_lasting(const struct lsk_nl_watched *watched, struct lsk_nl_bytes *rest,
			struct lsk_nl_attr *attr)
{
	int r;

	do
		r = lsk_nl_attr_next(rest, attr);
	while (r > 0 && attr->type < 64 && watched->passing >> attr->type & 1);
	return r;
}

/* Whether two messages say the same of an object, apart from what passes. */
static bool is_same(const struct lsk_nl_watched *watched, const struct nlmsghdr *a,
		    const struct nlmsghdr *b)
{
	struct lsk_nl_bytes left = lsk_nl_attributes(a, watched->header_len);
	struct lsk_nl_bytes right = lsk_nl_attributes(b, watched->header_len);
	struct lsk_nl_attr x, y;
	int r, s;

	if (memcmp(NLMSG_DATA(a), NLMSG_DATA(b), watched->header_len) != 0)
		return false;
	do {
		r = next_lasting(watched, &left, &x);
		s = next_lasting(watched, &right, &y);
		if (r != s)
			return false;
		if (r > 0 && (x.type != y.type || x.len != y.len ||
			      memcmp(x.data, y.data, x.len) != 0))
			return false;
	} while (r > 0);
	return true;
}

static void tell(struct lsk_nl_watch_event *event, enum lsk_nl_change kind,
		 const struct nlmsghdr *msg, const struct nlmsghdr *old)
{
	event->kind = kind;
	event->msg = msg;
	event->old = old;
}

/* Put another message in an entry's place. Return: 1 with an event, 0 without. */
static int mirror_change(struct lsk_nl_watch *watch, struct mirror_entry *entry,
			 const struct nlmsghdr *msg, struct lsk_nl_watch_event *event)
{
	struct nlmsghdr *copy = mirror_copy(msg);

	if (!copy)
		return -ENOMEM;
	watch->old = entry->msg;
	entry->msg = copy;
	if (is_same(watch->watched, copy, watch->old)) {
		forget_event(watch);
		return 0;
	}
	tell(event, LSK_NL_CHANGE, copy, watch->old);
	return 1;
}

static int apply_add(struct lsk_nl_watch *watch, const struct nlmsghdr *msg,
		     struct lsk_nl_watch_event *event)
{
	struct mirror_entry *entry = mirror_find(&watch->mirror, &watch->key);
	bool replaces = msg->nlmsg_flags & NLM_F_REPLACE && watch->state == STATE_LIVE;
	struct mirror_entry *rival = NULL;
	size_t rivals = 0;
	int r;

	if (entry) {
		entry->generation = watch->generation;
		r = mirror_change(watch, entry, msg, event);
		return r;
	}
	if (watch->state == STATE_LIVE)
		rivals = mirror_find_base(&watch->mirror, &watch->key, &rival);
	/* What came into the place of something tells of that by a flag alone; with
	 * several that could be meant, only the kernel knows. */
	if (rivals > 1 || (rivals == 1 && !replaces))
		watch->is_doubtful = true;
	r = mirror_add(&watch->mirror, &watch->key, msg, &entry);
	if (r < 0)
		return r;
	entry->generation = watch->generation;
	if (rivals == 1 && replaces) {
		mirror_take(&watch->mirror, rival);
		watch->gone = rival;
		tell(event, LSK_NL_CHANGE, entry->msg, rival->msg);
	} else {
		tell(event, LSK_NL_ADD, entry->msg, NULL);
	}
	return 1;
}

static int apply_remove(struct lsk_nl_watch *watch, struct lsk_nl_watch_event *event)
{
	struct mirror_entry *entry = mirror_find(&watch->mirror, &watch->key);

	if (!entry) {
		/* Of an event that is older than the list, or a part of an object. */
		watch->is_doubtful |= watch->is_synced;
		return 0;
	}
	mirror_take(&watch->mirror, entry);
	watch->gone = entry;
	tell(event, LSK_NL_DELETE, entry->msg, NULL);
	return 1;
}

static int apply(struct lsk_nl_watch *watch, const struct nlmsghdr *msg,
		 struct lsk_nl_watch_event *event)
{
	const struct lsk_nl_watched *watched = watch->watched;
	bool is_ours = msg->nlmsg_type == watched->add_type ||
		       msg->nlmsg_type == watched->remove_type;

	if (!is_ours) {
		if (watch->state == STATE_LIVE && watched->is_doubt &&
		    watched->is_doubt(msg))
			watch->is_doubtful = true;
		return 0;
	}
	if (msg->nlmsg_len < NLMSG_HDRLEN + (size_t)watched->header_len ||
	    !watched->key(msg, &watch->key))
		return 0;
	/* The list was made while the table changed, and may lack anything. */
	if (watch->state == STATE_LIVE && !watch->is_synced && watched->is_torn)
		watch->is_doubtful = true;
	return msg->nlmsg_type == watched->add_type ? apply_add(watch, msg, event)
						    : apply_remove(watch, event);
}

static int list_start(struct lsk_nl_watch *watch)
{
	LSK_NL_MSG(msg, 64);
	static const char nothing[32];
	int r;

	lsk_nl_msg_start(&msg, watch->watched->dump_type, 0, nothing,
			 watch->watched->header_len);
	r = lsk_nl_dump_start(watch->nl, &msg, &watch->dump);
	if (r < 0)
		return r;
	watch->generation++;
	watch->is_lost = false;
	watch->is_doubtful = false;
	watch->lost_told = false;
	watch->is_synced = false;
	watch->list_start_ns = engine_now_ns();
	return 0;
}

/* Return: 1 with an event, 0 to go on. */
static int list_step(struct lsk_nl_watch *watch, struct lsk_nl_watch_event *event)
{
	const struct nlmsghdr *msg;
	int r = 0;

	if (!watch->dump)
		r = list_start(watch);
	if (r < 0)
		return r;
	r = lsk_nl_dump_next(watch->dump, &msg);
	if (r > 0) {
		/* What was seen before the restart may be gone. */
		if (lsk_nl_dump_is_restarted(watch->dump))
			watch->generation++;
		return apply(watch, msg, event);
	}
	lsk_nl_dump_end(watch->dump, NULL);
	watch->dump = NULL;
	watch->list_end_ns = engine_now_ns();
	if (r < 0 && r != -ESTALE)
		return r;
	/* A list that never was whole says nothing of what is missing in it. */
	watch->is_doubtful = r == -ESTALE;
	watch->sweep = r == -ESTALE ? NULL : watch->mirror.first;
	watch->state = STATE_SWEEP;
	return 0;
}

/* Drop what the list did not show. */
static int sweep_step(struct lsk_nl_watch *watch, struct lsk_nl_watch_event *event)
{
	struct mirror_entry *entry = watch->sweep;

	while (entry && entry->generation == watch->generation)
		entry = entry->next;
	if (!entry) {
		watch->state = STATE_LIVE;
		return 0;
	}
	watch->sweep = entry->next;
	mirror_take(&watch->mirror, entry);
	watch->gone = entry;
	tell(event, LSK_NL_DELETE, entry->msg, NULL);
	return 1;
}

/* Nanoseconds until a doubt may be settled; 0: now. */
static int64_t pause_left(const struct lsk_nl_watch *watch)
{
	int64_t pause_ns = (watch->list_end_ns - watch->list_start_ns) * PAUSE_FACTOR;
	int64_t left_ns;

	if (pause_ns < PAUSE_MIN_NS)
		pause_ns = PAUSE_MIN_NS;
	if (pause_ns > PAUSE_MAX_NS)
		pause_ns = PAUSE_MAX_NS;
	left_ns = watch->list_end_ns + pause_ns - engine_now_ns();
	return left_ns > 0 ? left_ns : 0;
}

/* The queue is empty. Return: 1 with an event, 0 to go on, negative to end the call. */
static int live_idle(struct lsk_nl_watch *watch, int64_t deadline_ns,
		     struct lsk_nl_watch_event *event)
{
	int64_t wait_ns;
	int r;

	if (watch->is_lost || (watch->is_doubtful && pause_left(watch) == 0)) {
		watch->state = STATE_LIST;
		return 0;
	}
	if (!watch->is_synced && !watch->is_doubtful) {
		watch->is_synced = true;
		tell(event, LSK_NL_SYNCED, NULL, NULL);
		return 1;
	}
	if (deadline_ns == 0)
		return -EAGAIN;
	wait_ns = deadline_ns < 0 ? LSK_BLOCK : deadline_ns - engine_now_ns();
	if (deadline_ns > 0 && wait_ns <= 0)
		return -ETIME;
	if (watch->is_doubtful && (wait_ns < 0 || wait_ns > pause_left(watch)))
		wait_ns = pause_left(watch) + 1;
	r = socket_poll(watch->nl->events.sock, POLLIN, netlink_deadline(wait_ns));
	return r > 0 || r == -ETIME ? 0 : r;
}

/* Return: 1 with an event, 0 to go on, negative to end the call. */
static int live_step(struct lsk_nl_watch *watch, int64_t deadline_ns,
		     struct lsk_nl_watch_event *event)
{
	struct lsk_nl_event received;
	int r = lsk_nl_event_next(watch->nl, 0, &received);

	switch (r) {
	case 0:
		/* Other namespaces' tables are not listed. */
		if (received.nsid != LSK_NL_NSID_NONE)
			return 0;
		event->group = received.group;
		return apply(watch, received.msg, event);
	case -EAGAIN:
		return live_idle(watch, deadline_ns, event);
	case -ENOBUFS:
	case -EMSGSIZE:
		watch->is_lost = true;
		if (watch->lost_told)
			return 0;
		watch->lost_told = true;
		tell(event, LSK_NL_LOST, NULL, NULL);
		return 1;
	default:
		return r;
	}
}

int lsk_nl_watch_next(struct lsk_nl_watch *watch, int64_t timeout_ns,
		      struct lsk_nl_watch_event *ret_event)
{
	int64_t deadline_ns = timeout_ns == 0 ? 0 : netlink_deadline(timeout_ns);
	struct lsk_nl_watch_event event = {.group = 0};
	int r = 0;

	forget_event(watch);
	while (r == 0) {
		event.group = 0;
		switch (watch->state) {
		case STATE_LIST:
			r = list_step(watch, &event);
			break;
		case STATE_SWEEP:
			r = sweep_step(watch, &event);
			break;
		case STATE_LIVE:
			r = live_step(watch, deadline_ns, &event);
			break;
		}
	}
	if (r < 0)
		return r;
	*ret_event = event;
	return 0;
}
