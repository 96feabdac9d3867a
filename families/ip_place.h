/* SPDX-License-Identifier: MIT */
/* Places of families whose addresses are, or have in them, those of inet and inet6. */
#ifndef LSK_IP_PLACE_H
#define LSK_IP_PLACE_H

#include <stddef.h>

#include <linsock/addr.h>
#include <linsock/error.h>

/* Whether the place is one of IPv6: "[::1]:80". */
static inline bool ip_place_is_inet6(const char *text)
{
	return text[0] == '[';
}

/*
 * Read "10.0.0.1:4000" or "[::1]:4000" by the family that it belongs to. Return: as its
 * parse().
 */
int ip_place_parse(const char *text, struct lsk_addr *ret_addr,
		   struct lsk_error *ret_error);

/*
 * Write the place of @addr, which is of inet or inet6. Return: its length, -ENOSPC, or
 * -EINVAL for what is of another family.
 */
int ip_place_format(const struct lsk_addr *addr, char *buf, size_t size);

#endif
