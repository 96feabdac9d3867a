/* SPDX-License-Identifier: MIT */
/*
 * AF_RDS: reliable datagrams, addressed by IP. The addresses are those of inet and
 * inet6, so that is how they print.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "families/probe.h"
#include "families/table.h"
#include "src/error.h"

/* "10.0.0.1:4000" or "[::1]:4000", read by the family that it belongs to. */
static int rds_parse(const char *text, struct lsk_addr *ret_addr,
		     struct lsk_error *ret_error)
{
	const char *scheme = text[0] == '[' ? "inet6://" : "inet://";
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

static int rds_format(const struct lsk_addr *addr, char *buf, size_t size)
{
	char whole[LSK_ADDR_TEXT_MAX];
	const char *place;
	int r;

	/* There is no sockaddr_rds, so such bytes are nothing that was ever an address.
	 */
	if (addr->storage.ss_family == AF_RDS)
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

static const struct family_type rds_types[] = {
	{"seqpacket", SOCK_SEQPACKET, 0},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_rds = {
	.domain = AF_RDS,
	.name = "rds",
	.summary = "reliable datagrams between IP addresses",
	.parse = rds_parse,
	.format = rds_format,
	.types = rds_types,
	.probe = &rds_probe,
	/* Every flag but MSG_DONTWAIT is refused, and a ring adds MSG_NOSIGNAL. */
	.send = FAMILY_SEND_SYSCALL,
	.ring = FAMILY_RING_RECV_MULTISHOT,
};
