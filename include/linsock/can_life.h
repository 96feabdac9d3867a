/* SPDX-License-Identifier: MIT */
/*
 * The life of CAN interfaces: they go down and up, are deleted and made again, renamed,
 * moved between namespaces. One state machine tells it as events, from rtnetlink: a
 * socket on all interfaces hears none of it from the kernel, and the others only once.
 *
 *	lsk_can_life_new(&life, "can0");
 *	while ((count = lsk_can_life_receive(life, can, records, 64, &event)) >= 0)
 *		if (count == 0)
 *			puts(lsk_can_life_text(event.kind));
 *
 *	       CAME --> down --UP--> up
 *	                  ^           |         RENAMED in any of them
 *	                  +---DOWN----+
 *	       GONE <-+
 */
#ifndef LINSOCK_CAN_LIFE_H
#define LINSOCK_CAN_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/can.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_CAN_LIFE_NAME_MAX - bytes of an interface's name and its NUL */
#define LSK_CAN_LIFE_NAME_MAX 16

/**
 * enum lsk_can_life_kind - what became of an interface
 * @LSK_CAN_LIFE_CAME: it is there: made, moved here, or found by listing
 * @LSK_CAN_LIFE_UP: it is up
 * @LSK_CAN_LIFE_DOWN: it is down; J1939 addresses are forgotten
 * @LSK_CAN_LIFE_RENAMED: it has another name, and sockets stay on it
 * @LSK_CAN_LIFE_GONE: it was deleted or moved away, and sockets are on nothing; DOWN
 *	was told before
 * @LSK_CAN_LIFE__COUNT: number of kinds
 */
enum lsk_can_life_kind {
	LSK_CAN_LIFE_CAME,
	LSK_CAN_LIFE_UP,
	LSK_CAN_LIFE_DOWN,
	LSK_CAN_LIFE_RENAMED,
	LSK_CAN_LIFE_GONE,
	LSK_CAN_LIFE__COUNT
};

/**
 * struct lsk_can_life_event - a change of one interface
 * @kind: enum lsk_can_life_kind
 * @interface: its index
 * @restored: of lsk_can_life_receive(): what lsk_can_restore() said, else 0
 * @name: its name now, or last
 * @old_name: the name before (LSK_CAN_LIFE_RENAMED), else empty
 */
struct lsk_can_life_event {
	enum lsk_can_life_kind kind;
	unsigned int interface;
	int restored;
	char name[LSK_CAN_LIFE_NAME_MAX];
	char old_name[LSK_CAN_LIFE_NAME_MAX];
};

struct lsk_can_life;

/**
 * lsk_can_life_new() - begin to follow an interface
 * @ret_life: set on success; free with lsk_can_life_free()
 * @interface: its name, which need not exist yet; NULL or LSK_CAN_ANY for all of CAN;
 *	copied
 *
 * An interface is followed by its index, through new names. When it is gone, the next
 * one of the name given here takes its place.
 *
 * Return: 0, -ENOMEM, -EINVAL (a name that is too long), or as lsk_nl_open().
 */
int lsk_can_life_new(struct lsk_can_life **ret_life, const char *interface);

/** lsk_can_life_free() - end it; NULL is allowed; returns NULL */
struct lsk_can_life *lsk_can_life_free(struct lsk_can_life *life);

/**
 * lsk_can_life_socket() - what to poll for news
 * @life: keeps owning it
 *
 * When it is readable, call lsk_can_life_next() until that says -EAGAIN.
 *
 * Return: the socket, borrowed; NULL for NULL.
 */
struct lsk_socket *lsk_can_life_socket(struct lsk_can_life *life);

/**
 * lsk_can_life_next() - wait for an event
 * @life: the follower
 * @timeout_ns: 0: do not wait; LSK_BLOCK: without limit
 * @ret_event: set on success
 *
 * First come the interfaces that are there. Changes that the kernel had no room to tell
 * are found by listing: states in between may be missing then, never the last one.
 *
 * Call lsk_can_restore(), lsk_bcm_restore(), lsk_isotp_restore() or lsk_j1939_restore()
 * on LSK_CAN_LIFE_CAME and LSK_CAN_LIFE_UP.
 *
 * Return: 0; -EAGAIN or -ETIME; or as lsk_nl_watch_next().
 */
int lsk_can_life_next(struct lsk_can_life *life, int64_t timeout_ns,
		      struct lsk_can_life_event *ret_event);

/**
 * lsk_can_life_receive() - wait for frames of a channel, or for an event
 * @life: of the channel's interface
 * @can: the channel; its timeout counts, and it is put back by itself
 * @ret_records: as for lsk_can_receive()
 * @count: as for lsk_can_receive()
 * @ret_event: set where 0 is returned
 *
 * What lsk_can_receive() tells as -ENETDOWN and -ENODEV comes as an event here.
 *
 * Return: frames received; 0 for an event; or as lsk_can_receive().
 */
int lsk_can_life_receive(struct lsk_can_life *life, struct lsk_can *can,
			 struct lsk_can_record *ret_records, size_t count,
			 struct lsk_can_life_event *ret_event);

/** lsk_can_life_text() - "came", "up" …; "?" for no kind; a constant */
const char *lsk_can_life_text(enum lsk_can_life_kind kind);

LSK_END_DECLS

#endif
