/* SPDX-License-Identifier: MIT */
/*
 * A table of the kernel, mirrored: subscribe, list, apply what changes, and list again
 * whenever something was lost or a list may be torn.
 *
 *	lsk_nl_watch_new(nl, lsk_rtnl_watched(RTM_GETROUTE), &watch);
 *	while (lsk_nl_watch_next(watch, LSK_BLOCK, &event) == 0)
 *		if (event.kind == LSK_NL_ADD)
 *			lsk_rtnl_route_parse(event.msg, &route);
 *
 * The mirror is right whenever LSK_NL_SYNCED was the last event: also after the receive
 * buffer ran over, after dumps that the kernel does not mark as torn (routes, rules,
 * neighbours), and after changes of which the kernel does not tell (IPv4 routes that go
 * with a link).
 */
#ifndef LINSOCK_NETLINK_WATCH_H
#define LINSOCK_NETLINK_WATCH_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/netlink.h>

LSK_BEGIN_DECLS

/** LSK_NL_KEY_MAX - bytes that the identity of an object may have */
#define LSK_NL_KEY_MAX 512

/**
 * struct lsk_nl_key - the identity of an object
 * @len: bytes of @bytes that count
 * @base_len: how many of them are the same for objects that replace each other
 * @bytes: the identity
 */
struct lsk_nl_key {
	uint16_t len;
	uint16_t base_len;
	uint8_t bytes[LSK_NL_KEY_MAX];
};

/**
 * struct lsk_nl_watched - a table that can be mirrored
 * @dump_type: RTM_GETROUTE …
 * @add_type: RTM_NEWROUTE …, also of a dump's messages
 * @remove_type: RTM_DELROUTE …
 * @header_len: of the family's header in these messages
 * @groups: what tells of changes; ended by 0
 * @passing: bits of attribute types (below 64) that change by themselves, such as
 *	counters and ages, and are no change of the object
 * @is_torn: the kernel does not mark dumps of this table that were torn
 * @key: writes the identity of a message's object; false: it is none of this table
 * @is_doubt: whether a message of another type may have changed the table in silence;
 *	NULL: none does
 */
struct lsk_nl_watched {
	uint16_t dump_type;
	uint16_t add_type;
	uint16_t remove_type;
	uint16_t header_len;
	const uint32_t *groups;
	uint64_t passing;
	bool is_torn;
	bool (*key)(const struct nlmsghdr *msg, struct lsk_nl_key *ret_key);
	bool (*is_doubt)(const struct nlmsghdr *msg);
};

/**
 * lsk_rtnl_watched() - the tables of rtnetlink that can be mirrored
 * @dump_type: RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE (both families), RTM_GETRULE,
 *	RTM_GETNEIGH
 *
 * Neighbours become incomplete without a word of the kernel; such entries are right as
 * of the last SYNCED only.
 *
 * Return: a constant, or NULL.
 */
const struct lsk_nl_watched *lsk_rtnl_watched(unsigned int dump_type);

/**
 * enum lsk_nl_change - what a watch tells
 * @LSK_NL_ADD: an object is new
 * @LSK_NL_CHANGE: an object is another
 * @LSK_NL_DELETE: an object is gone
 * @LSK_NL_LOST: events were lost; the table is listed again
 * @LSK_NL_SYNCED: the mirror is right
 */
enum lsk_nl_change {
	LSK_NL_ADD,
	LSK_NL_CHANGE,
	LSK_NL_DELETE,
	LSK_NL_LOST,
	LSK_NL_SYNCED,
	LSK_NL_CHANGE__COUNT
};

/**
 * struct lsk_nl_watch_event - one step of a mirror
 * @kind: what happened
 * @msg: the object as it is, or was last (LSK_NL_DELETE); NULL: of no object
 * @old: the object before (LSK_NL_CHANGE), else NULL
 * @group: multicast group; 0: found by listing
 *
 * Borrowed until the next call on the watch.
 */
struct lsk_nl_watch_event {
	enum lsk_nl_change kind;
	const struct nlmsghdr *msg;
	const struct nlmsghdr *old;
	uint32_t group;
};

struct lsk_nl_watch;

/**
 * lsk_nl_watch_new() - begin to mirror a table
 * @nl: a handle without joined groups, whose events are the watch's from now on
 * @watched: what; borrowed while the watch lives
 * @ret_watch: set on success; free with lsk_nl_watch_free()
 *
 * How much is lost before a new listing is needed depends on options.event_buffer.
 *
 * Return: 0, -ENOMEM, or as lsk_nl_join().
 */
int lsk_nl_watch_new(struct lsk_nl *nl, const struct lsk_nl_watched *watched,
		     struct lsk_nl_watch **ret_watch);

/**
 * lsk_nl_watch_free() - end a watch; its handle stays open
 * @watch: NULL is allowed
 *
 * Return: NULL.
 */
struct lsk_nl_watch *lsk_nl_watch_free(struct lsk_nl_watch *watch);

/**
 * lsk_nl_watch_next() - wait for the next step
 * @watch: the watch
 * @timeout_ns: 0: do not wait; LSK_BLOCK: without limit
 * @ret_event: set on success
 *
 * First come the objects that are there, as LSK_NL_ADD, and LSK_NL_SYNCED. A program
 * that polls lsk_nl_event_socket() calls this until it says -EAGAIN, and again after at
 * most 100 ms unless lsk_nl_watch_is_synced().
 *
 * Return: 0; -EAGAIN or -ETIME when nothing happened; what a listing failed with, which
 * the next call tries again.
 */
int lsk_nl_watch_next(struct lsk_nl_watch *watch, int64_t timeout_ns,
		      struct lsk_nl_watch_event *ret_event);

/**
 * lsk_nl_watch_is_synced() - whether the mirror is right
 * @watch: the watch
 *
 * Return: true where LSK_NL_SYNCED was told and nothing speaks against it since.
 */
bool lsk_nl_watch_is_synced(const struct lsk_nl_watch *watch);

/**
 * lsk_nl_watch_count() - objects in the mirror
 * @watch: the watch
 *
 * Return: how many.
 */
size_t lsk_nl_watch_count(const struct lsk_nl_watch *watch);

/**
 * lsk_nl_watch_object() - walk the mirror
 * @watch: the watch
 * @position: NULL at the start; moved. Void after lsk_nl_watch_next()
 *
 * Return: the next object's message, borrowed until it changes; NULL at the end.
 */
const struct nlmsghdr *lsk_nl_watch_object(const struct lsk_nl_watch *watch,
					   const void **position);

LSK_END_DECLS

#endif
