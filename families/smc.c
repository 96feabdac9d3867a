/* SPDX-License-Identifier: MIT */
/*
 * AF_SMC: streams through the memory of both hosts, agreed on by a TCP handshake. The
 * addresses are those of inet and inet6; the protocol of the socket says which.
 */
#include <stddef.h>
#include <sys/socket.h>

#include "families/ip_place.h"
#include "families/probe.h"
#include "families/table.h"

/* Of net/smc.h, which no header of the UAPI has. */
#define SMCPROTO_SMC  0
#define SMCPROTO_SMC6 1

static int smc_place_protocol(const char *text)
{
	return ip_place_is_inet6(text) ? SMCPROTO_SMC6 : SMCPROTO_SMC;
}

static const struct family_type smc_types[] = {
	{"stream", SOCK_STREAM, SMCPROTO_SMC},
	{"stream6", SOCK_STREAM, SMCPROTO_SMC6},
	{NULL, 0, 0},
};

const struct lsk_family lsk_family_smc = {
	.domain = AF_SMC,
	.name = "smc",
	.summary = "streams through memory shared between hosts",
	.parse = ip_place_parse,
	/* There is no sockaddr_smc: bytes of AF_SMC were never an address. */
	.format = ip_place_format,
	.loopback = "127.0.0.1:0",
	.place_protocol = smc_place_protocol,
	.types = smc_types,
	.probe = &smc_probe,
	.send = FAMILY_SEND_RING,
	.ring = FAMILY_RING_RECV_MULTISHOT | FAMILY_RING_ACCEPT_MULTISHOT,
};
