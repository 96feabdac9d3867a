/* SPDX-License-Identifier: MIT */
/*
 * Constants by name, and names of numbers: what the headers of the kernel and of the C
 * library define for sockets, also where the headers that a program is compiled with
 * are older or lack the family.
 *
 * Names fall into groups, in which a number has one meaning: "SO" holds SO_RCVBUF,
 * "IP" the options of level IPPROTO_IP, "NETLINK" the protocols and "NETLINK_OPTION"
 * the options of that family. lsk_constant_at() tells the group of each.
 *
 * The numbers are those of the architectures that share asm-generic/socket.h. All
 * calls are thread-safe, and the strings are constant.
 */
#ifndef LINSOCK_CONSTANT_H
#define LINSOCK_CONSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linsock/base.h>

LSK_BEGIN_DECLS

/**
 * struct lsk_constant - one constant
 * @name: "SO_RCVBUF"
 * @group: "SO"
 * @value: its number; numbers that the headers have as unsigned are positive
 * @is_alias: the number prints as another name of the group (AF_LOCAL is AF_UNIX)
 */
struct lsk_constant {
	const char *name;
	const char *group;
	int64_t value;
	bool is_alias;
};

/**
 * lsk_constant_value() - the number of a name
 * @name: "SO_RCVBUF"; upper and lower case differ
 * @ret_value: set on success
 *
 * Return: 0; -ENOENT for an unknown name; -EINVAL for NULL.
 */
int lsk_constant_value(const char *name, int64_t *ret_value);

/**
 * lsk_constant_name() - the name of a number
 * @group: "SO"; NULL and unknown groups have no names
 * @value: the number
 *
 * Return: "SO_RCVBUF", or NULL where the group has no such number.
 */
const char *lsk_constant_name(const char *group, int64_t value);

/**
 * lsk_constant_at() - walk all constants, in the order of their names
 * @index: 0 for the first
 * @ret_constant: set on success
 *
 * Return: 0; -ENOENT past the last; -EINVAL for NULL.
 */
int lsk_constant_at(size_t index, struct lsk_constant *ret_constant);

/**
 * lsk_constant_format() - write a number as a name, or flags as names
 * @group: as for lsk_constant_name()
 * @value: the number
 * @buf: gets the text and a NUL
 * @size: bytes in @buf
 *
 * "MSG_DONTWAIT|MSG_NOSIGNAL" where the number itself has no name but its bits have;
 * bits without a name, and numbers of which no bit has one, are hexadecimal: "0x80".
 *
 * Return: length of the text; -ENOSPC; -EINVAL for NULL.
 */
int lsk_constant_format(const char *group, int64_t value, char *buf, size_t size);

/**
 * lsk_constant_parse() - read a number, a name, or names joined by "|"
 * @text: "8", "0x80", "SO_RCVBUF", "MSG_DONTWAIT|MSG_NOSIGNAL|0x80"
 * @ret_value: set on success
 *
 * Names of any group are taken.
 *
 * Return: 0; -ENOENT for a name that is unknown; LSK_ERR_RANGE; -EINVAL for NULL.
 */
int lsk_constant_parse(const char *text, int64_t *ret_value);

LSK_END_DECLS

#endif
