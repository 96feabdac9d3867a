/* SPDX-License-Identifier: MIT */
/*
 * Addresses are values: a length and a sockaddr_storage, copied as an int is copied.
 *
 * Text has one form everywhere, in the library, in the command and in messages:
 * "family://...", for example
 *
 *	inet://127.0.0.1:80         inet6://[fe80::1%eth0]:80
 *	unix:///run/x               unix://@abstract        can://vcan0
 *	raw://44/0102ff             (family 44 has no row: its bytes after sa_family)
 *
 * Every family of the library parses and prints, and parse(print(a)) equals a.
 * No call here touches a resolver: a host is a number, and a name is LSK_ERR_HOST.
 */
#ifndef LINSOCK_ADDR_H
#define LINSOCK_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linsock/base.h>
#include <linsock/error.h>

LSK_BEGIN_DECLS

/** LSK_ADDR_TEXT_MAX - bytes that hold every address's text and its NUL */
#define LSK_ADDR_TEXT_MAX 512

/**
 * struct lsk_addr - an address of any family
 * @len: bytes of @storage that count, as bind(2) takes them; 0 means "no address"
 * @sa: the generic view
 * @storage: the bytes
 *
 * The length is part of the address: abstract UNIX names have no terminator.
 */
struct lsk_addr {
	socklen_t len;
	union {
		struct sockaddr sa;
		struct sockaddr_storage storage;
	};
};

/**
 * lsk_addr_parse() - read an address from its text
 * @ret_addr: set on success
 * @text: "family://…", ended by a NUL
 * @ret_error: where and what the fault is; may be NULL
 *
 * An interface name in the text must exist, since addresses hold its index.
 *
 * Return: 0; LSK_ERR_SCHEME, LSK_ERR_SYNTAX, LSK_ERR_HOST, LSK_ERR_PORT,
 * LSK_ERR_RANGE, LSK_ERR_LENGTH; -ENODEV for an interface that does not exist;
 * -EINVAL for NULL.
 */
int lsk_addr_parse(struct lsk_addr *ret_addr, const char *text,
		   struct lsk_error *ret_error);

/**
 * lsk_addr_format() - write an address as text
 * @addr: any address; one whose family has no row prints as raw://
 * @buf: gets the text and a NUL; LSK_ADDR_TEXT_MAX bytes always suffice
 * @size: bytes in @buf
 *
 * Return: length of the text without its NUL; -ENOSPC where @size is too small (@buf
 * is then an empty string, if it has room for one); -EINVAL for NULL or for a length
 * that cannot be.
 */
int lsk_addr_format(const struct lsk_addr *addr, char *buf, size_t size);

/**
 * lsk_addr_set() - make an address from raw bytes
 * @ret_addr: set on success
 * @sockaddr: the bytes, starting with sa_family; copied
 * @len: how many, at least 2 and at most sizeof(struct sockaddr_storage)
 *
 * The way in for families that the library does not know.
 *
 * Return: 0 or -EINVAL.
 */
int lsk_addr_set(struct lsk_addr *ret_addr, const void *sockaddr, size_t len);

/**
 * lsk_addr_family() - the address family
 * @addr: any address
 *
 * Return: AF_*, or AF_UNSPEC where @addr is NULL or empty.
 */
int lsk_addr_family(const struct lsk_addr *addr);

/**
 * lsk_addr_equal() - whether two addresses name the same place
 * @a: any address
 * @b: any address
 *
 * Bytes that the family ignores (padding, sin_zero) do not count.
 *
 * Return: true when they are equal; two empty addresses are.
 */
bool lsk_addr_equal(const struct lsk_addr *a, const struct lsk_addr *b);

/**
 * lsk_addr_inet() - an IPv4 address from its parts
 * @ret_addr: set on success
 * @host: numeric text ("127.0.0.1"); NULL or "" for INADDR_ANY, "<broadcast>" for
 *	INADDR_BROADCAST
 * @port: 0 … 65535, host byte order
 *
 * Return: 0, LSK_ERR_HOST, LSK_ERR_PORT.
 */
int lsk_addr_inet(struct lsk_addr *ret_addr, const char *host, unsigned int port);

/**
 * lsk_addr_inet6() - an IPv6 address from its parts
 * @ret_addr: set on success
 * @host: numeric text with an optional %zone ("fe80::1%eth0"); NULL or "" for "::"
 * @port: 0 … 65535, host byte order
 * @flowinfo: flow label, 0 … 0xfffff, host byte order
 * @scope_id: interface index; 0 keeps the zone that @host names
 *
 * Return: 0, LSK_ERR_HOST, LSK_ERR_PORT, LSK_ERR_RANGE (flow label), -ENODEV (zone).
 */
int lsk_addr_inet6(struct lsk_addr *ret_addr, const char *host, unsigned int port,
		   uint32_t flowinfo, uint32_t scope_id);

/**
 * lsk_addr_unix() - a UNIX address from a path or an abstract name
 * @ret_addr: set on success
 * @name: a path, or an abstract name whose first byte is NUL; copied
 * @len: bytes of @name, without a terminator; 0 asks bind(2) to pick a name
 *
 * A path may have 107 bytes and no NUL inside; an abstract name 108 with its first.
 * See unix(7).
 *
 * Return: 0, LSK_ERR_LENGTH, LSK_ERR_SYNTAX (a NUL inside a path), -EINVAL.
 */
int lsk_addr_unix(struct lsk_addr *ret_addr, const char *name, size_t len);

LSK_END_DECLS

#endif
