/* SPDX-License-Identifier: MIT */
/*
 * AF_RDS: reliable datagrams, addressed by IP. The addresses are those of inet and
 * inet6, so that is how they print.
 */
#include <stddef.h>
#include <sys/socket.h>

#include "families/ip_place.h"
#include "families/probe.h"
#include "families/table.h"

static const struct family_type rds_types[] = {
	{"seqpacket", SOCK_SEQPACKET, 0},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_rds = {
	.domain = AF_RDS,
	.name = "rds",
	.summary = "reliable datagrams between IP addresses",
	.parse = ip_place_parse,
	/* There is no sockaddr_rds: bytes of AF_RDS were never an address. */
	.format = ip_place_format,
	.types = rds_types,
	.probe = &rds_probe,
	/* Every flag but MSG_DONTWAIT is refused, and a ring adds MSG_NOSIGNAL. */
	.send = FAMILY_SEND_SYSCALL,
	.ring = FAMILY_RING_RECV_MULTISHOT,
};
