/* SPDX-License-Identifier: MIT */
/*
 * Device events of the kernel: what udev is told.
 *
 *	lsk_uevent_open(&sock, NULL);
 *	while (lsk_uevent_next(sock, buf, sizeof(buf), LSK_BLOCK, &event) == 0)
 *		puts(lsk_uevent_get(&event, "DEVPATH"));
 *
 * They come on netlink, but are no netlink messages: "ACTION@PATH", then KEY=VALUE,
 * each ended by a NUL. What a process other than the kernel sends is ignored: the
 * sender's port id and its user, which the kernel attests, must both be 0. Events of
 * network interfaces come in the interface's namespace; those of other devices in the
 * first one.
 */
#ifndef LINSOCK_UEVENT_H
#define LINSOCK_UEVENT_H

#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>
#include <linsock/netlink_msg.h>
#include <linsock/socket.h>

LSK_BEGIN_DECLS

/** LSK_UEVENT_SIZE - bytes that hold any event */
#define LSK_UEVENT_SIZE 8192

/**
 * struct lsk_uevent - what happened to a device
 * @action: "add", "remove", "change", "move", "online", "offline", "bind", "unbind"
 * @path: of the device, below /sys
 * @subsystem: "net", "block" …; empty: none was told
 * @sequence: SEQNUM, counted over the whole system
 * @properties: KEY=VALUE, each with its NUL
 *
 * All point into the bytes that were parsed.
 */
struct lsk_uevent {
	const char *action;
	const char *path;
	const char *subsystem;
	uint64_t sequence;
	struct lsk_nl_bytes properties;
};

/**
 * struct lsk_uevent_options - zero is the default everywhere
 * @netns_fd: namespace in which the socket lives; borrowed for the call
 * @buffer_size: SO_RCVBUF, forced where the process may; 0: 8 MiB
 */
struct lsk_uevent_options {
	int netns_fd;
	int buffer_size;
};

/**
 * lsk_uevent_open() - be told of events from now on
 * @ret_socket: set on success; free with lsk_socket_free()
 * @options: NULL for the defaults
 *
 * Return: 0, -ENOMEM, -EMFILE, or what setns(2) and bind(2) say.
 */
int lsk_uevent_open(struct lsk_socket **ret_socket,
		    const struct lsk_uevent_options *options);

/**
 * lsk_uevent_next() - wait for an event
 * @sock: made by lsk_uevent_open()
 * @buf: gets the event
 * @size: bytes at @buf; LSK_UEVENT_SIZE is enough
 * @timeout_ns: 0: do not wait; LSK_BLOCK: without limit
 * @ret_event: points into @buf
 *
 * Return: 0; -EAGAIN or -ETIME when there is none; -ENOBUFS where events were lost;
 * -EMSGSIZE where one was cut.
 */
int lsk_uevent_next(struct lsk_socket *sock, char *buf, size_t size, int64_t timeout_ns,
		    struct lsk_uevent *ret_event);

/**
 * lsk_uevent_parse() - read an event
 * @data: the datagram; its last byte must be a NUL
 * @len: bytes at @data
 * @ret_event: points into @data
 *
 * Return: 0; -EBADMSG where it is none (udev's own form, which starts with "libudev",
 * is none either).
 */
int lsk_uevent_parse(const char *data, size_t len, struct lsk_uevent *ret_event);

/**
 * lsk_uevent_get() - a property's value
 * @event: the event
 * @key: such as "DEVNAME"
 *
 * Return: the value, which points into the event's bytes, or NULL.
 */
const char *lsk_uevent_get(const struct lsk_uevent *event, const char *key);

LSK_END_DECLS

#endif
