/* SPDX-License-Identifier: MIT */
/* Places by IP address, read and written by the families that they belong to. */
#include "families/ip_place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "src/error.h"

int ip_place_parse(const char *text, struct lsk_addr *ret_addr,
		   struct lsk_error *ret_error)
{
	const char *scheme = ip_place_is_inet6(text) ? "inet6://" : "inet://";
	char whole[LSK_ADDR_TEXT_MAX];
	int r;

	if ((size_t)snprintf(whole, sizeof(whole), "%s%s", scheme, text) >=
	    sizeof(whole))
		return error_set(ret_error, LSK_ERR_LENGTH, 0,
				 "this is too long for an IP address");
	r = lsk_addr_parse(ret_addr, whole, ret_error);
	if (r < 0)
		ret_error->offset -= (unsigned int)strlen(scheme);
	return r;
}

int ip_place_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	int family = lsk_addr_family(addr);
	char whole[LSK_ADDR_TEXT_MAX];
	const char *place;
	int r;

	if (family != AF_INET && family != AF_INET6)
		return -EINVAL;
	r = lsk_addr_format(addr, whole, sizeof(whole));
	if (r < 0)
		return r;
	place = strstr(whole, "://") + 3;
	if (size <= strlen(place)) {
		if (size > 0)
			buf[0] = '\0';
		return -ENOSPC;
	}
	memcpy(buf, place, strlen(place) + 1);
	return (int)strlen(place);
}
