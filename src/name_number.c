/* SPDX-License-Identifier: MIT */
/* Numbers: addresses as text, byte order, sizes of control messages. */
#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "src/name.h"
#include "uring/util.h"

static int text_give(const char *text, char *buf, size_t size)
{
	size_t len = strlen(text);

	if (len >= size)
		return -ENOSPC;
	memcpy(buf, text, len + 1);
	return (int)len;
}

int lsk_inet_aton(const char *text, bool strict, struct in_addr *ret_addr)
{
	struct in_addr addr;
	int r;

	if (!text || !ret_addr)
		return -EINVAL;
	r = strict ? inet_pton(AF_INET, text, &addr) : inet_aton(text, &addr);
	if (r != 1)
		return LSK_ERR_HOST;
	*ret_addr = addr;
	return 0;
}

int lsk_inet_ntoa(struct in_addr addr, char *buf, size_t size)
{
	return lsk_inet_ntop(AF_INET, &addr, 0, buf, size);
}

/* The index of interface @zone, given by name or by number. */
static int zone_parse(const char *zone, uint32_t *ret_scope)
{
	unsigned long number;
	char *end;
	int index;

	index = lsk_if_nametoindex(zone);
	if (index > 0) {
		*ret_scope = (uint32_t)index;
		return 0;
	}
	if (zone[0] < '0' || zone[0] > '9')
		return -ENODEV;
	number = strtoul(zone, &end, 10);
	if (*end != '\0' || number > UINT32_MAX)
		return -ENODEV;
	*ret_scope = (uint32_t)number;
	return 0;
}

int lsk_inet_pton(int family, const char *text, void *ret_bytes, uint32_t *ret_scope)
{
	char host[INET6_ADDRSTRLEN];
	struct in6_addr addr; /* room for either family */
	uint32_t scope = 0;
	const char *zone;
	size_t len;
	int r;

	if (!text || !ret_bytes)
		return -EINVAL;
	if (family != AF_INET && family != AF_INET6)
		return -EAFNOSUPPORT;
	zone = family == AF_INET6 && ret_scope ? strchr(text, '%') : NULL;
	len = zone ? (size_t)(zone - text) : strlen(text);
	if (len >= sizeof(host))
		return LSK_ERR_HOST;
	memcpy(host, text, len);
	host[len] = '\0';
	if (inet_pton(family, host, &addr) != 1)
		return LSK_ERR_HOST;
	if (zone) {
		r = zone_parse(zone + 1, &scope);
		if (r < 0)
			return r;
	}
	r = family == AF_INET ? 4 : 16;
	memcpy(ret_bytes, &addr, (size_t)r);
	if (ret_scope)
		*ret_scope = scope;
	return r;
}

int lsk_inet_ntop(int family, const void *bytes, uint32_t scope, char *buf, size_t size)
{
	char text[LSK_INET_TEXT_MAX], name[LSK_IF_NAME_MAX];
	size_t len;

	if (!bytes || !buf || (scope != 0 && family == AF_INET))
		return -EINVAL;
	if (family != AF_INET && family != AF_INET6)
		return -EAFNOSUPPORT;
	/* Cannot fail: the family is known and the room is there. */
	inet_ntop(family, bytes, text, sizeof(text));
	len = strlen(text);
	if (scope != 0 && lsk_if_indextoname(scope, name) == 0)
		snprintf(text + len, sizeof(text) - len, "%%%s", name);
	else if (scope != 0)
		snprintf(text + len, sizeof(text) - len, "%%%u", scope);
	return text_give(text, buf, size);
}

static int check_range(int64_t value, uint32_t max, const void *ret_value)
{
	if (!ret_value)
		return -EINVAL;
	return value < 0 || value > max ? LSK_ERR_RANGE : 0;
}

int lsk_htons(int64_t host, uint16_t *ret_net)
{
	int r = check_range(host, UINT16_MAX, ret_net);

	if (r == 0)
		*ret_net = htons((uint16_t)host);
	return r;
}

int lsk_ntohs(int64_t net, uint16_t *ret_host)
{
	return lsk_htons(net, ret_host);
}

int lsk_htonl(int64_t host, uint32_t *ret_net)
{
	int r = check_range(host, UINT32_MAX, ret_net);

	if (r == 0)
		*ret_net = htonl((uint32_t)host);
	return r;
}

int lsk_ntohl(int64_t net, uint32_t *ret_host)
{
	return lsk_htonl(net, ret_host);
}

int64_t lsk_cmsg_len(size_t length)
{
	if (length > INT_MAX - CMSG_LEN(0))
		return LSK_ERR_RANGE;
	return (int64_t)CMSG_LEN(length);
}

int64_t lsk_cmsg_space(size_t length)
{
	/* The padding after the data must fit as well. */
	if (length > INT_MAX - CMSG_SPACE(1))
		return LSK_ERR_RANGE;
	return (int64_t)CMSG_SPACE(length);
}
